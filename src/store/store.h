/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store keeps what must not be lost: conversations, messages, runs and their events; and what
 * is dear to make: cache entries, dataset embeddings, jobs.
 *
 * A function that changes something has committed it to disk when it returns true. All functions
 * may wait (they offload the blocking work when called in a task) and work outside of a task too.
 * Texts in results live in the given arena. Times are UTC, ISO 8601 with milliseconds and "Z".
 * Ids: conversation "conv_", message "msg_", run "query_", each with 16 hex digits.
 */
#ifndef QUERENT_STORE_STORE_H
#define QUERENT_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/error.h"
#include "core/str.h"
#include "task/task.h"

#define STORE_ID_SIZE 32 /* bytes that hold any id and its NUL */
#define STORE_TITLE_LENGTH_MAX 50 /* characters of a conversation's title */

struct store;

/* `url`: "sqlite:PATH" or a path; migrates under a lock. The caller closes it. */
struct store *store_open(const char *url, struct error *err);
void store_close(struct store *store); /* NULL is allowed */
TASK_WAITS bool store_health(struct store *store, struct error *err);
int store_schema_version(const struct store *store);

struct conversation {
    const char *id, *user_id, *title, *created_at, *updated_at;
    int64_t message_count;
};

enum message_role { MESSAGE_USER, MESSAGE_ASSISTANT, MESSAGE_ROLES };

struct message {
    const char *id, *conversation_id, *run_id, *created_at;
    enum message_role role;
    const char *content;
    const char *sql;      /* assistant: the statement; NULL */
    const char *metadata; /* JSON object, or NULL; assistant: dataset, query tree, status, ... */
};

enum run_state { RUN_ACTIVE, RUN_COMPLETE, RUN_FAILED, RUN_CUT, RUN_STATES };
/* RUN_CUT: the process died while it ran; set by store_mark_cut_runs() at the next start. */

struct stored_run {
    const char *id, *conversation_id, *user_id, *question, *started_at, *ended_at;
    enum run_state state;
    const char *result; /* JSON: the QueryResponse, or the error; NULL while active */
};

TASK_WAITS bool store_conversation_create(struct store *store, const char *user_id,
                                          const char *title, struct arena *arena,
                                          struct conversation *out, struct error *err);
/* ERROR_NOT_FOUND when it does not exist, is deleted, or is another user's. */
TASK_WAITS bool store_conversation_get(struct store *store, const char *user_id, const char *id,
                                       struct arena *arena, struct conversation *out,
                                       struct error *err);
/* Newest first. `cursor` is NULL or what *next was; *next is NULL at the end. */
TASK_WAITS bool store_conversation_list(struct store *store, const char *user_id, size_t limit,
                                        const char *cursor, struct arena *arena,
                                        struct conversation **out, size_t *count,
                                        const char **next, struct error *err);
TASK_WAITS bool store_conversation_delete(struct store *store, const char *user_id,
                                          const char *id, struct error *err);
/* The last `limit` messages, oldest first. */
TASK_WAITS bool store_messages_last(struct store *store, const char *conversation_id,
                                    size_t limit, struct arena *arena, struct message **out,
                                    size_t *count, struct error *err);

/*
 * Begins a run: in one transaction makes the conversation when conversation_id is NULL (its title
 * from the question), saves the question as a user message, the run as active, and counts. After
 * this the question can't be lost. Fills the ids.
 */
struct run_begin {
    const char *user_id, *conversation_id, *question;
    char run_id[STORE_ID_SIZE]; /* given by the caller, or empty: made */
    char conversation_id_out[STORE_ID_SIZE];
};
TASK_WAITS bool store_run_begin(struct store *store, struct run_begin *begin, struct error *err);

/* Ends a run: in one transaction the assistant's message (NULL: none), state, result, events. */
struct run_end {
    const char *run_id, *conversation_id;
    enum run_state state; /* RUN_COMPLETE or RUN_FAILED */
    const char *result;   /* JSON */
    const char *content, *sql, *metadata; /* of the assistant's message */
};
TASK_WAITS bool store_run_end(struct store *store, const struct run_end *end, struct error *err);

/* Appends an event to a run's log. `sequence` starts at 1 and rises by one. */
TASK_WAITS bool store_run_event(struct store *store, const char *run_id, int64_t sequence,
                                const char *json, struct error *err);
TASK_WAITS bool store_run_get(struct store *store, const char *run_id, struct arena *arena,
                              struct stored_run *out, struct error *err);
struct stored_event {
    int64_t sequence;
    const char *json;
};
TASK_WAITS bool store_run_events(struct store *store, const char *run_id, int64_t after,
                                 struct arena *arena, struct stored_event **out, size_t *count,
                                 struct error *err);

/*
 * Marks runs that a dead process left active: each process that runs questions holds a lock on
 * its own owner row (store_open takes it), so runs of a living process are left alone. Each marked
 * run gets an assistant message saying that it was interrupted. Returns how many in *count, and
 * what they were.
 */
TASK_WAITS bool store_mark_cut_runs(struct store *store, struct arena *arena,
                                    struct stored_run **out, size_t *count, struct error *err);

/* Cache entries. Keys are made by the caller and hold everything that the value depends on. */
TASK_WAITS bool store_cache_get(struct store *store, const char *type, struct str key,
                                struct arena *arena, struct str *value, bool *found,
                                struct error *err);
TASK_WAITS bool store_cache_put(struct store *store, const char *type, struct str key,
                                struct str value, int64_t ttl_s, const char *dataset_id,
                                struct error *err);
struct cache_type_stats {
    const char *type;
    int64_t entries, hits, bytes;
};
TASK_WAITS bool store_cache_stats(struct store *store, struct arena *arena,
                                  struct cache_type_stats **out, size_t *count,
                                  struct error *err);
/* type and dataset_id may be NULL (any); returns how many went in *count. */
TASK_WAITS bool store_cache_clear(struct store *store, const char *type, const char *dataset_id,
                                  bool expired_only, int64_t *count, struct error *err);

/* Dataset embeddings, little-endian floats. */
TASK_WAITS bool store_embedding_get(struct store *store, const char *dataset_id,
                                    const char *version, const char *model_id, float *vector,
                                    size_t dimensions, bool *found, struct error *err);
TASK_WAITS bool store_embedding_put(struct store *store, const char *dataset_id,
                                    const char *version, const char *model_id,
                                    const float *vector, size_t dimensions, struct error *err);

/* Jobs (indexing): state and progress survive a restart. */
struct job {
    const char *id, *kind, *state, *created_at, *updated_at; /* state: queued running done failed */
    int64_t done, total;
    const char *detail; /* JSON */
};
TASK_WAITS bool store_job_create(struct store *store, const char *kind, struct arena *arena,
                                 struct job *out, struct error *err);
TASK_WAITS bool store_job_update(struct store *store, const struct job *job, struct error *err);
TASK_WAITS bool store_job_get(struct store *store, const char *id, struct arena *arena,
                              struct job *out, struct error *err);

#endif
