/* SPDX-License-Identifier: Apache-2.0 */
/*
 * In the loader's worker: brings a data file into a form that DuckDB reads: unpacked, in UTF-8,
 * under a name of our own in the current folder (a path from outside never gets into SQL).
 */
#ifndef QUERENT_ENGINE_LOAD_INPUT_H
#define QUERENT_ENGINE_LOAD_INPUT_H

#include "core/arena.h"
#include "core/error.h"

enum load_format { LOAD_CSV, LOAD_JSON, LOAD_PARQUET, LOAD_SQLITE, LOAD_FORMATS };

struct load_input {
    enum load_format format;
    const char *path; /* in the current folder */
    const char *note; /* how it was converted; NULL: it was not */
    bool unnamed;     /* nothing in the file's name says that it is a table */
    uint64_t size;    /* unpacked */
};

/* What the file's name says it is: "csv", "json", or "any" when it says nothing. */
const char *load_input_hint(const char *path);

/* Whether the file begins as a SQLite database does. */
bool load_input_is_sqlite(const char *path);

/* Looks at the content first and at the name's ending second. ERROR_DATA with a sentence that
 * starts with "it" ("it is empty", "it is larger than ..." unpacked), ERROR_IO. */
bool load_input_prepare(const char *path, uint32_t size_max_mb, struct arena *arena,
                        struct load_input *out, struct error *err);

#endif
