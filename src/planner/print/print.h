/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prints a query tree as SQL. Every name is quoted, every literal escaped: nothing that a
 * question or a cell holds can become syntax. The output is one SELECT that the firewall passes.
 */
#ifndef QUERENT_PLANNER_PRINT_PRINT_H
#define QUERENT_PLANNER_PRINT_PRINT_H

#include "core/arena.h"
#include "core/error.h"
#include "engine/engine.h"
#include "planner/query.h"

/* NULL and ERROR_INVALID when the tree is wrong or the dialect can't express it. */
const char *query_print(const struct query *query, enum sql_dialect dialect, struct arena *arena,
                        struct error *err);

/* A value on its own, quoted and typed as the column that it is compared with (NULL: none); NULL and
 * ERROR_INVALID when it is no value of that kind. */
const char *literal_print(const char *text, enum value_kind kind, const struct column *column,
                          enum sql_dialect dialect, struct arena *arena, struct error *err);

#endif
