/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What server and worker process say to each other over their socket: frames of a length, a type
 * and a payload. Numbers are little-endian; counts and integers of cells are variable-length
 * (7 bits a byte, low first; signed ones zigzag), so that a row of small numbers is small.
 *
 *     server  OPEN          QUERY
 *     worker        READY         COLUMNS ROWS* END
 *
 * Instead of any reply the worker may send ERROR. INTERRUPT may come at any time and carries the
 * query's number, so that one which arrives late stops nothing else. The server does not trust
 * the worker: every decoder here is bounded and refuses what it does not expect, to the byte.
 */
#ifndef QUERENT_ENGINE_PROTOCOL_H
#define QUERENT_ENGINE_PROTOCOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/error.h"
#include "core/strbuf.h"
#include "engine/rows.h"
#include "metadata/dataset.h"

enum frame_type {
    FRAME_OPEN = 1,  /* wire_open */
    FRAME_QUERY,     /* wire_query */
    FRAME_INTERRUPT, /* u32 number of the query */
    FRAME_LOAD,      /* wire_load */
    FRAME_READY,     /* wire_ready */
    FRAME_COLUMNS,   /* wire_columns */
    FRAME_ROWS,      /* a batch of rows */
    FRAME_END,       /* u8: whether there were more rows */
    FRAME_ERROR,     /* u8 enum wire_error, text */
    FRAME_PROFILE,   /* engine/profile.h */
    FRAME_PING,      /* nothing: whether it still answers */
    FRAME_PONG,      /* nothing: it does */
    FRAME_TYPES
};

/* What the worker may complain of; the server says it in its own words and codes. */
enum wire_error {
    WIRE_ERROR_SQL = 1,     /* the statement is wrong */
    WIRE_ERROR_REFUSED,     /* not exactly one SELECT */
    WIRE_ERROR_FORBIDDEN,   /* its parse has something that no statement may have */
    WIRE_ERROR_INTERRUPTED, /* as asked for */
    WIRE_ERROR_MEMORY,      /* it needs more memory than the worker may have */
    WIRE_ERROR_TOO_LARGE,   /* the result passes the byte limit */
    WIRE_ERROR_DATA,        /* loading: the file is no table */
    WIRE_ERROR_CONFIG,      /* the library */
    WIRE_ERROR_BROKEN,      /* the worker is of no use any more */
    WIRE_ERRORS
};

#define FRAME_HEADER_SIZE 5
#define FRAME_SIZE_MAX (64u << 20)   /* bytes of one payload */
#define FRAME_ROWS_SIZE (128u << 10) /* a batch is sent when it passes this */
#define WIRE_COLUMNS_MAX 4096
#define WIRE_NAME_MAX 4096 /* bytes of a column's or type's name */
#define WIRE_DATABASES_MAX 256
#define WIRE_DATASETS_MAX 256 /* of one statement */

/* -- writing, into any strbuf -- */
void wire_add_u8(struct strbuf *out, uint8_t number);
void wire_add_u32(struct strbuf *out, uint32_t number);
void wire_add_u64(struct strbuf *out, uint64_t number);
void wire_add_double(struct strbuf *out, double number);
void wire_add_count(struct strbuf *out, uint64_t number);
void wire_add_integer(struct strbuf *out, int64_t number);
void wire_add_text(struct strbuf *out, struct str text); /* count, bytes, NUL */

/* -- reading: the first failure sticks, later reads give zeroes; check wire_done() at the end -- */
struct wire_reader {
    const uint8_t *at;
    const uint8_t *end;
    bool failed;
};
struct wire_reader wire_reader_init(struct str payload);
uint8_t wire_u8(struct wire_reader *in);
uint32_t wire_u32(struct wire_reader *in);
uint64_t wire_u64(struct wire_reader *in);
double wire_double(struct wire_reader *in);
uint64_t wire_count(struct wire_reader *in);
int64_t wire_integer(struct wire_reader *in);
/* Borrowed from the payload, NUL-ended, no NUL inside. More than length_max bytes fail. */
struct str wire_text(struct wire_reader *in, size_t length_max);
/* A count of things that take at least `size_min` bytes each, so it can't exceed what is left. */
size_t wire_items(struct wire_reader *in, size_t size_min, size_t count_max);
/* Everything was read, nothing failed. */
bool wire_done(const struct wire_reader *in);

/* -- frames -- */
/* Appends a frame's header for a payload of that length. */
void wire_add_header(struct strbuf *out, enum frame_type type, size_t length);
struct wire_header {
    enum frame_type type;
    size_t length;
};
/* False when the type or length is not allowed. */
bool wire_read_header(const uint8_t bytes[FRAME_HEADER_SIZE], struct wire_header *out);

/* -- messages -- */
struct wire_database {
    const char *path;
    const char *table_name; /* the view over its table "data" */
    bool needed;            /* else a failure to open it is ignored */
};
struct wire_open {
    const char *library;
    uint32_t memory_mb;
    uint32_t threads;
    struct wire_database *databases;
    size_t database_count;
};
void wire_add_open(struct strbuf *out, const struct wire_open *open);
bool wire_read_open(struct str payload, struct arena *arena, struct wire_open *out);

struct wire_ready {
    const char *version;
    bool *attached; /* one for each database asked for */
    size_t attached_count;
    uint32_t layers; /* engine/worker_sandbox.h */
};
void wire_add_ready(struct strbuf *out, const struct wire_ready *ready);
bool wire_read_ready(struct str payload, struct arena *arena, struct wire_ready *out);

struct wire_query {
    uint32_t number;
    const char *sql;
    uint64_t row_max;
    uint64_t byte_max;
    uint32_t timeout_ms;
    bool check_only; /* prepare it, don't run it */
    /* What it may read: what is read of them is what duckdb_tree_check() looks at. */
    const struct dataset *const *datasets;
    size_t dataset_count;
};
void wire_add_query(struct strbuf *out, const struct wire_query *query);
bool wire_read_query(struct str payload, struct arena *arena, struct wire_query *out);

struct wire_load {
    const char *library;
    const char *path;  /* of the data file */
    const char *table; /* of a SQLite file; "" otherwise */
    uint32_t memory_mb;
    uint32_t threads;
    uint64_t row_max;
    uint32_t size_max_mb; /* unpacked, as read, and of each file that is written */
};
void wire_add_load(struct strbuf *out, const struct wire_load *load);
bool wire_read_load(struct str payload, struct wire_load *out);

/* Names and types as in struct result_column; names must be unique already. */
void wire_add_columns(struct strbuf *out, const struct result_column *columns, size_t count);
bool wire_read_columns(struct str payload, struct arena *arena, struct result_column **columns,
                       size_t *count);

/* A batch is u32 rows, then the cells row by row. The writer adds cells and counts the rows. */
void wire_add_cell(struct strbuf *out, const struct cell *cell);
/* Reads the batch's number of rows and checks it against its size. */
bool wire_read_row_count(struct str payload, size_t column_count, size_t *row_count);
/* Reads all cells of a batch into cells[0 .. rows * columns); text is borrowed from the payload. */
bool wire_read_rows(struct str payload, size_t column_count, struct cell *cells);

void wire_add_error(struct strbuf *out, enum wire_error kind, const char *message);
bool wire_read_error(struct str payload, enum wire_error *kind, const char **message);

#endif
