/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing JSON into a strbuf. Reading is jansson's work (strict, exact integers); rows and events
 * are written with these, because building a tree first would cost more than the rest.
 */
#ifndef QUERENT_CORE_JSON_H
#define QUERENT_CORE_JSON_H

#include <stdint.h>

#include "core/str.h"
#include "core/strbuf.h"

/* A quoted string; bytes that are not UTF-8 become U+FFFD. */
void json_add_string(struct strbuf *out, struct str text);
/* The text as a string, or null for NULL. */
void json_add_text(struct strbuf *out, const char *text);
/* The shortest spelling that reads back the same; infinities and NaN become null. */
void json_add_double(struct strbuf *out, double number);
void json_add_integer(struct strbuf *out, int64_t number);
/* `"key":`, with a comma before it unless the object or array was just opened. Then add a value. */
void json_add_key(struct strbuf *out, const char *key);
/* A comma unless the object or array was just opened: before an item of an array. */
void json_add_separator(struct strbuf *out);

/* The shortest decimal spelling that reads back as the same double, without an exponent where
 * people would write none. Writes at most 32 bytes with the NUL. */
void double_print(double number, char out[32]);

#endif
