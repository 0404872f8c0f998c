/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A query tree as JSON, to keep with a conversation's message so that a follow-up can go on from
 * it in another process. Reading is strict: a tree that names a dataset, column, metric or filter
 * that is no longer there is refused, and the follow-up then starts afresh.
 */
#ifndef QUERENT_PLANNER_PRINT_QUERY_JSON_H
#define QUERENT_PLANNER_PRINT_QUERY_JSON_H

#include "core/arena.h"
#include "core/error.h"
#include "core/strbuf.h"
#include "planner/query.h"

void query_to_json(const struct query *query, struct strbuf *out);

/* Finds datasets by id: returns NULL when there is none, or the caller may not see it. */
typedef const struct dataset *(*query_dataset_fn)(void *context, const char *id);

/* NULL and ERROR_INVALID when the text is no query tree, is too deep (over 32 levels) or too big,
 * or names what is not there. */
const struct query *query_from_json(struct str text, query_dataset_fn find, void *context,
                                    struct arena *arena, struct error *err);

#endif
