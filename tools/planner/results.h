/* SPDX-License-Identifier: Apache-2.0 */
/* Results of statements on SQLite, reduced to hashes, and whether two agree. For the trainer. */
#ifndef QUERENT_TOOLS_PLANNER_RESULTS_H
#define QUERENT_TOOLS_PLANNER_RESULTS_H

#include <jansson.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct result {
    bool failed;
    size_t rows, columns;
    uint64_t *cells;     /* row by row; numbers that differ in the seventh digit are the same */
    uint64_t hash;       /* of all rows, rows and columns in any order */
    size_t nulls, cells_read;
    bool zero;           /* one cell, and it is 0 */
};

void result_run(sqlite3 *database, const char *sql, struct result *out);
void result_from_json(const json_t *rows, struct result *out);
void result_clear(struct result *result);
/* The same rows (in the same order when `ordered`) for some order of the columns. */
bool result_equal(const struct result *gold, const struct result *got, bool ordered);

#endif
