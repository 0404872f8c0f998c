/* SPDX-License-Identifier: Apache-2.0 */
/*
 * In the worker: reads DuckDB's vectors as exact cells (engine/rows.h).
 */
#ifndef QUERENT_ENGINE_WORKER_VALUE_H
#define QUERENT_ENGINE_WORKER_VALUE_H

#include "core/arena.h"
#include "core/strbuf.h"
#include "engine/duckdb_api.h"
#include "engine/rows.h"

struct value_type;

/* How one column is read. */
struct value_type {
    enum duckdb_type_id id;
    enum value_kind kind;
    const char *name;    /* "DECIMAL(10,2)" */
    bool readable;       /* false: it, or a part of it, must be cast to VARCHAR first */
    bool is_json;        /* text that is JSON already */
    int storage;         /* decimals and enums: the integer type that they lie in */
    unsigned scale;      /* decimals */
    const char **labels; /* enums: values; structs: names of the children */
    size_t label_count;
    struct value_type *children; /* list, array: 1; map: key and value; struct: one each */
    size_t child_count;
    uint64_t array_size;
};

/* Takes the logical type apart, into the arena. */
void value_type_init(const struct duckdb_api *api, duckdb_type type, struct arena *arena,
                     unsigned depth, struct value_type *out);

/* A column of a chunk. */
struct value_vector {
    const struct value_type *type;
    duckdb_vector vector;
    const void *data;
    const uint64_t *validity; /* NULL: no nulls */
};
struct value_vector value_vector_init(const struct duckdb_api *api, const struct value_type *type,
                                      duckdb_vector vector);

/* Reads one value. Its text lies in the vector or in *text, until that is changed. */
void value_read(const struct duckdb_api *api, const struct value_vector *vector, uint64_t row,
                struct strbuf *text, struct cell *out);

#endif
