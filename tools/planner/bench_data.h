/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Questions with SQLite databases, as tools/planner/prepare.py writes them (one JSON object a
 * line), read as the planner sees data: a struct dataset with its profile for each table. For the
 * trainer only; not part of the program.
 */
#ifndef QUERENT_TOOLS_PLANNER_BENCH_DATA_H
#define QUERENT_TOOLS_PLANNER_BENCH_DATA_H

#include <jansson.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>

#include "engine/rows.h"
#include "planner/read/cue.h"
#include "planner/read/dataset_index.h"

struct bench_table {
    char *key;               /* database and tables */
    struct arena *arena;
    struct dataset *dataset;
    struct dataset_index *index;
};

struct bench {
    struct lexicon *lexicon;
    struct word_table *words;
    struct bench_table *tables; /* made so far */
    size_t table_count, table_capacity;
    sqlite3 *database; /* the one of the last question */
    char *database_path;
};

/* Opens the database at `path` unless it is open already. */
sqlite3 *bench_open(struct bench *bench, const char *path);
/* The dataset of a question's tables (several are seen as one), made on first use. */
struct bench_table *bench_table(struct bench *bench, const json_t *question);
/* Frees what was opened and made; lexicon and words are the caller's. */
void bench_close(struct bench *bench);
/* The first rows of a statement, as the planner sees them from an engine; NULL when it fails. */
const struct rows *bench_rows(sqlite3 *database, const char *sql, struct arena *arena);
void bench_clear(struct bench *bench);

#endif
