/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The second opinion on a statement: DuckDB's own parse of it, as its json_serialize_sql() gives
 * it, walked with allow-lists of our own that share nothing with the firewall's.
 *
 *     select json_serialize_sql(?)      -- the statement as a bound parameter; it is not run
 *
 * Where the firewall (sql/firewall.h) reads tokens, this reads what DuckDB will really execute: a
 * construct that the two understand differently is refused by one of them. A kind of node, or a
 * part of one, that is not in the tables of duckdb_tree.c is refused, so a newer DuckDB that adds
 * syntax fails closed.
 */
#ifndef QUERENT_SQL_DUCKDB_TREE_H
#define QUERENT_SQL_DUCKDB_TREE_H

#include <stdbool.h>

#include "core/arena.h"
#include "core/error.h"
#include "core/str.h"
#include "sql/firewall.h"

#define DUCKDB_TREE_SIZE_MAX (8 * 1024 * 1024) /* bytes of JSON */
#define DUCKDB_TREE_DEPTH_MAX 200              /* nodes inside one another */

/* True when `json` is the tree of exactly one SELECT that reads only the policy's tables and uses
 * only known nodes, functions and types. Else ERROR_SQL_REFUSED and a sentence that names what was
 * found, or ERROR_SQL_FAILED when DuckDB could not parse the statement at all.
 * Needs a normal stack: the walk recurses (not for a task's small stack). */
bool duckdb_tree_check(struct str json, const struct firewall_policy *policy, struct arena *arena,
                       struct error *err);

/* Whether duckdb_tree_check() must know that a table has a column of this name. All that it looks at of a
 * policy's datasets is these and the tables' names. */
bool duckdb_tree_needs_column(const char *name);

#endif
