/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loads a data file (CSV, TSV, Parquet, JSON, JSON lines; .gz too) into a DuckDB database file of
 * its own and profiles its columns, in a worker process that is gone afterwards. Query workers
 * then read the database with no access to any other file.
 *
 * The database is named by the file's content hash and the way it was read, in HOME/data/, and
 * made once: loading the same content again only reads the kept profile. It is written beside and
 * renamed, so a crash leaves no half database, and two processes may load at once.
 */
#ifndef QUERENT_ENGINE_LOAD_H
#define QUERENT_ENGINE_LOAD_H

#include "core/arena.h"
#include "core/error.h"
#include "metadata/dataset.h"
#include "task/task.h"

struct load_result {
    const char *database;   /* path of the DuckDB file; its table is "data" */
    struct column *columns; /* name, type, kind, unique, profile; nothing else */
    size_t column_count;
    int64_t row_count;
    const char *content_hash; /* SHA-256 of the file, hex */
    const char *const *notes; /* what a person should know: "read with strict_mode off" */
    size_t note_count;
    bool kept; /* its database was there already: nothing was loaded or profiled */
};

struct load_request {
    const char *path;
    const char *table; /* one table of a SQLite file; NULL: the file is one table */
    const char *root; /* the folder that the file must lie below (core/beneath.h); NULL: anywhere */
};

/* ERROR_NOT_FOUND, ERROR_DATA with one clear sentence (what is wrong with the file, where),
 * ERROR_IO, ERROR_DEADLINE. */
TASK_WAITS bool load_data(struct loop *loop, const struct load_request *request,
                          struct arena *arena, struct load_result *out, struct error *err);

/* The same for a file that is one table and may lie anywhere. */
TASK_WAITS bool load_file(struct loop *loop, const char *path, struct arena *arena,
                          struct load_result *out, struct error *err);

/* Whether the file is a SQLite database, and the names of its tables (not the system's own), in
 * the arena. False when it is none or can't be read. */
TASK_WAITS bool load_sqlite_tables(const char *path, struct arena *arena, const char *const **names,
                                   size_t *count, struct error *err);

#endif
