/* SPDX-License-Identifier: Apache-2.0 */
/* Paths and query strings of requests: percent-decoding, templates, parameters. */
#ifndef QUERENT_API_TARGET_H
#define QUERENT_API_TARGET_H

#include "core/arena.h"
#include "core/str.h"
#include "core/strbuf.h"

/* "%41" becomes "A"; what is no escape stays; bytes that are no UTF-8 become U+FFFD. With
 * `plus_is_blank`, as in query strings, '+' becomes a blank. The result ends with a NUL. */
struct str target_decode(struct arena *arena, struct str text, bool plus_is_blank);

/* Whether a decoded path fits "/a/{name}/b": a name takes one part that is not empty. `values` gets
 * as many as the template has names; at most `values_max`. */
bool target_match(const char *template, struct str path, struct str *values, size_t values_max);

/* The last value of a parameter in a query string, decoded; NULL bytes when it is not there. */
struct str target_parameter(struct arena *arena, struct str query, const char *name);

/* Escapes what may not stand in a URL: in a query that is escaped already, or in a decoded path. */
void target_quote(struct strbuf *out, struct str text, bool is_query);

#endif
