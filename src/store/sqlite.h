/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between the files of the SQLite store; nothing else includes this.
 *
 * One connection writes: it belongs to the writer thread (sqlite_writer.c), which runs all waiting
 * changes in one transaction and acknowledges them after one commit. A few connections read; each
 * call borrows one. A function of an operation (sqlite_operation_fn) gets the right connection and
 * does plain SQL: transactions, threads, waiting and resetting statements are done around it.
 * A writing operation may be run again from its start after a failure of the whole batch.
 */
#ifndef QUERENT_STORE_SQLITE_H
#define QUERENT_STORE_SQLITE_H

#include <pthread.h>
#include <sqlite3.h>

#include "store/store_priv.h"

#define SQLITE_READERS_MAX 4
#define SQLITE_WAITING_MAX 10000 /* changes in the writer's queue */
#define SQLITE_BUSY_MS 10000     /* how long another process may hold the write lock */
/* Commits keep this distance while so many runs are under way. */
#define SQLITE_COMMIT_DISTANCE_US 3000
#define SQLITE_COMPANY_MIN 8

enum sqlite_statement {
#define STATEMENT(symbol, sql) STATEMENT_##symbol,
#include "store/sqlite_statements.h"
#undef STATEMENT
    STATEMENTS
};

struct sqlite_store;

struct sqlite_connection {
    struct sqlite_store *store;
    sqlite3 *db;
    sqlite3_stmt *statements[STATEMENTS]; /* NULL until first used */
    struct sqlite_connection *next_idle;
};

typedef bool (*sqlite_operation_fn)(struct sqlite_connection *connection, void *call,
                                    struct error *err);

/* sqlite_owner.c: which processes live. */

struct sqlite_owner {
    int fd;         /* PATH-owners; its locks end with the process */
    int64_t number; /* the byte that this store keeps locked */
};
bool sqlite_owner_open(struct sqlite_owner *owner, const char *database, struct error *err);
void sqlite_owner_close(struct sqlite_owner *owner);
/* Keeps other processes out while one opens and migrates. */
bool sqlite_owner_lock_start(struct sqlite_owner *owner, struct error *err);
void sqlite_owner_unlock_start(struct sqlite_owner *owner);
bool sqlite_owner_is_alive(const struct sqlite_owner *owner, int64_t number);
/* Who may index: one process at a time. *locked is false when another has it. */
bool sqlite_owner_lock_index(struct sqlite_owner *owner, bool *locked, struct error *err);
void sqlite_owner_unlock_index(struct sqlite_owner *owner);

/* sqlite_writer.c */

struct sqlite_write;

#define SQLITE_HITS_MAX 512 /* counted in memory before they are written */

struct sqlite_writer {
    struct sqlite_connection *connection;
    pthread_t thread;
    bool started;
    /* The thread's. */
    int log_pages, fold_at; /* of the write-ahead log */
    uint64_t committed_us;  /* when the last batch was */
    pthread_mutex_t mutex;  /* guards what follows */
    pthread_cond_t work;
    struct sqlite_write *first, *last;
    size_t waiting, waiting_max;
    bool stop;
    /* Cache hits by entry id, open addressing; id 0 = free. */
    struct sqlite_hits {
        int64_t id, count;
    } hits[SQLITE_HITS_MAX];
    size_t hits_used;
    uint64_t hits_since_ms;
};
bool sqlite_writer_start(struct sqlite_writer *writer, struct sqlite_connection *connection,
                         struct error *err);
/* Writes what waits and ends the thread. A writer that was not started is allowed. */
void sqlite_writer_stop(struct sqlite_writer *writer);
/* Runs a change in a transaction shared with others and returns when it is on disk. A task that is
 * cancelled before the change was begun gets the error; once begun, the outcome counts. */
TASK_WAITS bool sqlite_write(struct sqlite_store *store, sqlite_operation_fn run, void *call,
                             struct error *err);
/* Counts a hit of a cache entry, to be written later. */
void sqlite_writer_count_hit(struct sqlite_writer *writer, int64_t entry_id);
bool sqlite_writer_has_hits(struct sqlite_writer *writer);
/* An operation that writes what was counted. */
bool sqlite_writer_flush_hits(struct sqlite_connection *connection, void *unused,
                              struct error *err);

/* sqlite.c */

struct sqlite_store {
    struct store store;
    char *path; /* as the user wrote it, for messages */
    struct sqlite_owner owner;
    struct sqlite_writer writer;
    pthread_mutex_t mutex; /* guards the readers */
    pthread_cond_t reader_idle;
    struct sqlite_connection *idle;
    size_t reader_count;
    /* The writer's: when so much was put that the cache's size must be looked at again. */
    size_t cache_size_max, cache_put;
};
/* Runs a function with a reading connection, on a pool thread when in a task. */
TASK_WAITS bool sqlite_read(struct sqlite_store *store, sqlite_operation_fn run, void *call,
                            struct error *err);

/* sqlite_connection.c */

enum sqlite_mode { SQLITE_READS, SQLITE_WRITES };
struct sqlite_connection *sqlite_connection_new(struct sqlite_store *store, enum sqlite_mode mode,
                                                struct error *err);
void sqlite_connection_free(struct sqlite_connection *connection); /* NULL is allowed */
/* Ends what statements still read, so that no snapshot is held. */
void sqlite_connection_reset(struct sqlite_connection *connection);
/* Turns what SQLite last said into a sentence with the path and what to do. */
bool sqlite_fail(struct sqlite_connection *connection, int result, struct error *err);
/* Runs SQL text that gives no rows, for set-up and migrations. */
bool sqlite_script(struct sqlite_connection *connection, const char *sql, struct error *err);

/*
 * Prepared statements. `types` has a letter per parameter: 't' const char * (NULL: null),
 * 'i' int64_t, 'b' const struct str * (a blob). The values are borrowed until the statement is
 * done. sqlite_start() returns NULL on failure.
 */
sqlite3_stmt *sqlite_start(struct sqlite_connection *connection, enum sqlite_statement which,
                           struct error *err, const char *types, ...);
bool sqlite_step(struct sqlite_connection *connection, sqlite3_stmt *statement, bool *row,
                 struct error *err);
/* Start, step to the end, reset; `changes` (NULL: not wanted) is how many rows changed. */
bool sqlite_execute(struct sqlite_connection *connection, enum sqlite_statement which,
                    int64_t *changes, struct error *err, const char *types, ...);
/* *row: whether the statement has a row at all. */
bool sqlite_exists(struct sqlite_connection *connection, enum sqlite_statement which,
                   const char *text, bool *exists, struct error *err);
/* NULL for null. */
char *sqlite_column(sqlite3_stmt *statement, int column, struct arena *arena);

/* sqlite_migrate.c: brings the schema to the newest version; *version is what it is then. */
bool sqlite_migrate(struct sqlite_connection *connection, const struct store_migration *migrations,
                    size_t count, int *version, struct error *err);

/* The operations; `call` is the struct that store_priv.h names. */
bool sqlite_health(struct sqlite_connection *connection, void *call, struct error *err);
bool sqlite_conversation_create(struct sqlite_connection *connection, void *call,
                                struct error *err);
bool sqlite_conversation_get(struct sqlite_connection *connection, void *call, struct error *err);
bool sqlite_conversation_list(struct sqlite_connection *connection, void *call, struct error *err);
bool sqlite_conversation_delete(struct sqlite_connection *connection, void *call,
                                struct error *err);
bool sqlite_messages_last(struct sqlite_connection *connection, void *call, struct error *err);
bool sqlite_messages_page(struct sqlite_connection *connection, void *call, struct error *err);
bool sqlite_run_begin(struct sqlite_connection *connection, void *call, struct error *err);
bool sqlite_run_end(struct sqlite_connection *connection, void *call, struct error *err);
bool sqlite_run_record(struct sqlite_connection *connection, void *call, struct error *err);
bool sqlite_run_event(struct sqlite_connection *connection, void *call, struct error *err);
bool sqlite_run_events_add(struct sqlite_connection *connection, void *call, struct error *err);
bool sqlite_run_ask_cancel(struct sqlite_connection *connection, void *run_id, struct error *err);
bool sqlite_runs_to_cancel(struct sqlite_connection *connection, void *call, struct error *err);
bool sqlite_run_get(struct sqlite_connection *connection, void *call, struct error *err);
bool sqlite_run_events(struct sqlite_connection *connection, void *call, struct error *err);
bool sqlite_mark_cut_runs(struct sqlite_connection *connection, void *call, struct error *err);
bool sqlite_sweep_find(struct sqlite_connection *connection, void *call, struct error *err);
bool sqlite_sweep_bite(struct sqlite_connection *connection, void *call, struct error *err);
bool sqlite_cache_get(struct sqlite_connection *connection, void *call, struct error *err);
bool sqlite_cache_put(struct sqlite_connection *connection, void *call, struct error *err);
bool sqlite_cache_stats(struct sqlite_connection *connection, void *call, struct error *err);
bool sqlite_cache_hits(struct sqlite_connection *connection, void *call, struct error *err);
bool sqlite_cache_clear(struct sqlite_connection *connection, void *call, struct error *err);
bool sqlite_cache_clearings(struct sqlite_connection *connection, void *call, struct error *err);
/* Takes SQLITE_HITS_MAX struct sqlite_hits; those with id 0 are empty. */
bool sqlite_cache_add_hits(struct sqlite_connection *connection, void *hits, struct error *err);
bool sqlite_embedding_get(struct sqlite_connection *connection, void *call, struct error *err);
bool sqlite_embedding_put(struct sqlite_connection *connection, void *call, struct error *err);
bool sqlite_job_begin(struct sqlite_connection *connection, void *call, struct error *err);
bool sqlite_job_update(struct sqlite_connection *connection, void *call, struct error *err);
bool sqlite_job_get(struct sqlite_connection *connection, void *call, struct error *err);
bool sqlite_job_list(struct sqlite_connection *connection, void *call, struct error *err);
bool sqlite_jobs_mark_interrupted(struct sqlite_connection *connection, void *call, struct error *err);
bool sqlite_index_lock(struct sqlite_connection *connection, void *call, struct error *err);
bool sqlite_index_unlock(struct sqlite_connection *connection, void *call, struct error *err);
bool sqlite_key_create(struct sqlite_connection *connection, void *call, struct error *err);
bool sqlite_key_list(struct sqlite_connection *connection, void *call, struct error *err);
bool sqlite_key_revoke(struct sqlite_connection *connection, void *call, struct error *err);
bool sqlite_key_find(struct sqlite_connection *connection, void *call, struct error *err);
bool sqlite_key_used(struct sqlite_connection *connection, void *call, struct error *err);
bool sqlite_audit_add(struct sqlite_connection *connection, void *call, struct error *err);
bool sqlite_audit_list(struct sqlite_connection *connection, void *call, struct error *err);
bool sqlite_usage_add(struct sqlite_connection *connection, void *call, struct error *err);
bool sqlite_usage_list(struct sqlite_connection *connection, void *call, struct error *err);
bool sqlite_answer_find(struct sqlite_connection *connection, void *call, struct error *err);
bool sqlite_feedback_put(struct sqlite_connection *connection, void *call, struct error *err);
bool sqlite_verified_add(struct sqlite_connection *connection, void *call, struct error *err);
bool sqlite_verified_get(struct sqlite_connection *connection, void *call, struct error *err);
bool sqlite_verified_update(struct sqlite_connection *connection, void *call, struct error *err);
bool sqlite_verified_list(struct sqlite_connection *connection, void *call, struct error *err);
bool sqlite_verified_load(struct sqlite_connection *connection, void *call, struct error *err);
bool sqlite_verified_version(struct sqlite_connection *connection, void *call, struct error *err);

/* Sums up: USAGE_ADD_RUN with a run's id, USAGE_ADD with a user's. `now` gives the day. */
bool sqlite_usage_insert(struct sqlite_connection *connection, enum sqlite_statement statement,
                         const char *who, const char *now, const struct usage *usage,
                         struct error *err);

#endif
