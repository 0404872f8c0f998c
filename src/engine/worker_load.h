/* SPDX-License-Identifier: Apache-2.0 */
/*
 * In the loader's worker: one data file becomes the database LOAD_OUTPUT in the current folder.
 * The steps share a struct loading: the file lands as it is in table raw.main.data, the types of
 * its text columns are found (worker_types.c), the result is written to output.main.data and
 * profiled (worker_profile.c).
 */
#ifndef QUERENT_ENGINE_WORKER_LOAD_H
#define QUERENT_ENGINE_WORKER_LOAD_H

#include "core/strbuf.h"
#include "engine/load.h"
#include "engine/load_csv.h"
#include "engine/load_input.h"
#include "engine/profile.h"
#include "engine/worker_priv.h"

#define LOAD_OUTPUT "output.duckdb"
#define LOAD_RAW "raw.duckdb"
#define LOAD_SQL_MAX (16u << 20)

struct loading {
    struct worker *worker;
    struct arena *arena;
    struct load_input input;
    const char *table; /* of a SQLite file */
    uint64_t row_max;
    uint32_t size_max_mb;
    struct csv_dialect dialect;
    struct load_result result;
    const char **notes;
    size_t note_count, note_capacity;
    bool *numbers_in_text; /* one for each column, or NULL: text columns that hold numbers too */
};

void loading_note(struct loading *loading, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Runs SQL and collects all rows in the arena; for small results. */
bool loading_select(struct loading *loading, const char *sql, struct rows *out, struct error *err);

/* False with one sentence when these are more rows than a file may have. */
bool loading_check_rows(const struct loading *loading, uint64_t rows, struct error *err);

/* worker_sqlite.c: makes raw.main.data from a table of a SQLite file. */
bool load_raw_sqlite(struct loading *loading, struct error *err);
/* worker_types.c: makes output.main.data from raw.main.data. */
bool load_typed(struct loading *loading, struct error *err);
/* worker_profile.c: fills loading->result from output.main.data. */
bool load_profile(struct loading *loading, struct error *err);

#endif
