/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside the worker process. Two threads: the main one reads the socket and works; while it works
 * for more than a moment, a control thread reads the socket in its place, so that an interrupt
 * arrives while a statement runs and the server's end is noticed. If each frame went through both,
 * a short statement would cost two more switches.
 */
#ifndef QUERENT_ENGINE_WORKER_PRIV_H
#define QUERENT_ENGINE_WORKER_PRIV_H

#include <pthread.h>

#include "core/arena.h"
#include "engine/duckdb_api.h"
#include "engine/protocol.h"
#include "engine/worker_sandbox.h"

struct worker_frame {
    struct worker_frame *next;
    enum frame_type type;
    struct str payload;
    bool interrupted; /* before it was begun */
    char bytes[];
};

struct worker {
    int socket;
    struct strbuf out; /* frames that are still to be written */
    struct duckdb_api api;
    uint32_t layers; /* engine/worker_sandbox.h */
    duckdb_database database;
    duckdb_connection connection;
    duckdb_prepared serialize; /* a statement to DuckDB's parse tree of it */
    int timer;                 /* wakes the control thread */
    pthread_mutex_t lock;      /* of what follows */
    bool working;              /* the main thread is at work, and does not read the socket */
    uint64_t piece;            /* counts what it worked on */
    struct worker_frame *first, **last; /* came meanwhile */
    uint32_t running;                   /* number of the query that may be interrupted; 0: none */
    bool interrupted;
};

/* The next frame but INTERRUPT; the caller frees it. */
struct worker_frame *worker_next(struct worker *worker);
/* Sends a frame; ends the process when the server is gone. */
void worker_send(struct worker *worker, enum frame_type type, struct str payload);
void worker_send_error(struct worker *worker, enum wire_error kind, const char *message);
/* What a worker does first, in this order: it loads the library, opens an empty database in memory
 * (which looks at the machine's files), gives up all files but its own, listens for further frames
 * and takes as many threads as it may have. From here on hostile bytes are read. */
struct worker_start {
    const char *library;
    uint32_t memory_mb;
    uint32_t threads;
    const struct sandbox_path *paths;
    size_t path_count;
};
bool worker_begin(struct worker *worker, const struct worker_start *start, struct error *err);

/* From here on the query that worker_next() gave is not interrupted any more. */
void worker_end_query(struct worker *worker);
bool worker_interrupted(struct worker *worker);

/* Bounds what the process may use beyond DuckDB's own limit. */
void worker_limit_memory(uint32_t memory_mb);
void worker_limit_cpu(uint64_t seconds);
/* The size that each written file may have; 0: none can be written. */
void worker_limit_files(uint64_t bytes);

/* "name" with quotes doubled, appended. */
void sql_add_name(struct strbuf *sql, const char *name);
/* 'text' with quotes doubled, appended. */
void sql_add_text(struct strbuf *sql, const char *text);

/* Runs trusted SQL to its end; false with DuckDB's words in *err (code ERROR_ENGINE). */
bool worker_run(struct worker *worker, const char *sql, struct error *err);
/* What a DuckDB error text is about. */
enum wire_error worker_error_kind(const char *message);

/* engine/worker_judge.c: whether DuckDB's own parse of a statement is one that sql/duckdb_tree.h lets through.
 * It runs nothing. False with the kind of error and a sentence. */
bool worker_judge(struct worker *worker, const struct wire_query *query, struct arena *arena,
                  enum wire_error *kind, struct error *err);

/* engine/worker_query.c: the frames OPEN and QUERY. */
void worker_open(struct worker *worker, struct str payload);
void worker_query(struct worker *worker, struct str payload);

/* engine/worker_load.c: the frame LOAD. */
void worker_load(struct worker *worker, struct str payload);

#endif
