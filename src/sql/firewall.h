/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SQL firewall: lets one read-only statement over allowed tables through, refuses all else.
 *
 * Allow-lists only: what is not known is refused, with a stable code, the token, its place, and
 * the nearest allowed name. It reads tokens, not a full grammar: the engine's own parser is the
 * second opinion (sql/duckdb_tree.h), and the engine's lock-down the third.
 */
#ifndef QUERENT_SQL_FIREWALL_H
#define QUERENT_SQL_FIREWALL_H

#include <stdbool.h>
#include <stddef.h>

#include "core/arena.h"
#include "core/error.h"
#include "core/str.h"
#include "metadata/dataset.h"

#define SQL_SIZE_MAX (16 * 1024) /* bytes of a statement */

struct firewall_policy {
    /* Tables that may be read, and their columns, for the nearest name in messages. */
    const struct dataset *const *datasets;
    size_t dataset_count;
};

struct firewall_verdict {
    bool allowed;
    const char *code;    /* stable, "function_not_allowed"; NULL when allowed */
    char token[128];     /* the offending token, cut */
    int line, column;    /* its place, from 1; column counts characters */
    const char *nearest; /* the nearest allowed name, or NULL; in the arena */
    /* Allowed statements: the datasets that it reads, indexes into policy->datasets. */
    size_t *datasets_read;
    size_t datasets_read_count;
};

/* Judges a statement. Returns false with ERROR_SQL_REFUSED and a full sentence when refused;
 * *verdict is filled either way. Any bytes are allowed in `sql`. */
bool firewall_check(const struct firewall_policy *policy, struct str sql, struct arena *arena,
                    struct firewall_verdict *verdict, struct error *err);

#endif
