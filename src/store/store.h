/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store keeps what must not be lost: conversations, messages, runs and their events; and what
 * is dear to make: cache entries, dataset embeddings. Jobs, keys and the audit trail: store/admin.h.
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

/* In the header of a SQLite store ("QRNT"): a store is no data to ask about. */
#define STORE_APPLICATION_ID 0x51524e54
#define STORE_ID_SIZE 32          /* bytes that hold any id and its NUL */
#define STORE_TITLE_LENGTH_MAX 50 /* characters of a conversation's title */

/*
 * Limits, in bytes unless said otherwise. What is larger gets ERROR_TOO_LARGE; a text that is not
 * UTF-8, or a number out of its range, ERROR_INVALID.
 */
#define STORE_NAME_SIZE_MAX 1024 /* user, dataset, version, model, kind, type: 256 characters */
#define STORE_QUESTION_SIZE_MAX (64 * 1024)
#define STORE_TEXT_SIZE_MAX                                                                        \
    (4 * 1024 * 1024)                          /* an answer, its SQL, its metadata, a job's detail \
                                                */
#define STORE_JSON_SIZE_MAX (32 * 1024 * 1024) /* a run's result, an event */
#define STORE_CACHE_KEY_SIZE_MAX 4096
#define STORE_CACHE_HIT_KEY_SIZE 32 /* of entries whose hits are counted elsewhere: a hash */
#define STORE_CLEARINGS_MAX 100
#define STORE_CACHE_VALUE_SIZE_MAX (64 * 1024 * 1024)
#define STORE_CACHE_SIZE_MAX (1024 * 1024 * 1024) /* of all entries; the oldest make room */
#define STORE_DIMENSIONS_MAX 8192                 /* of an embedding */
#define STORE_PAGE_MAX 1000    /* conversations or messages asked for at once; at least 1 */
#define STORE_EVENTS_MAX 10000 /* of one run: its last sequence */

struct store;

/*
 * `url`: "sqlite:PATH" or a path. Makes missing folders and the file (readable by its owner only)
 * and migrates under a lock; blocks meanwhile. The caller closes it.
 * Beside the database lies PATH-owners, which must not be removed while a process uses the store.
 */
struct store *store_open(const char *url, struct error *err);
/* Writes what waits, then blocks until all is closed. No other call may be under way. */
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
    const char *steps;    /* JSON list of its run's steps; NULL, and so in store_messages_last() */
};

enum run_state { RUN_ACTIVE, RUN_COMPLETE, RUN_FAILED, RUN_CUT, RUN_CANCELLED, RUN_STATES };
/* RUN_CUT: it has no end, mostly because the process died; set by store_mark_cut_runs(). */
const char *store_run_state_name(enum run_state state); /* "active", "complete", ... */

struct stored_run {
    const char *id, *conversation_id, *user_id, *question, *started_at, *ended_at;
    enum run_state state;
    const char *result; /* JSON: the QueryResponse, or the error; NULL while active */
};

/* title: NULL for none (the first question gives one); a long one is cut. */
TASK_WAITS bool store_conversation_create(struct store *store, const char *user_id,
                                          const char *title, struct arena *arena,
                                          struct conversation *out, struct error *err);
/* ERROR_NOT_FOUND when it does not exist, is deleted, or is another user's. user_id NULL: whose it
 * is does not matter (here and in deleting). */
TASK_WAITS bool store_conversation_get(struct store *store, const char *user_id, const char *id,
                                       struct arena *arena, struct conversation *out,
                                       struct error *err);
/*
 * Those with the newest message first. `cursor` is NULL or what *next was; *next is NULL at the
 * end. The pages show the order of the time when the first was read: messages that arrive
 * meanwhile make nothing appear twice or be missed. A cursor that no list of this user has given
 * is ERROR_INVALID; one that was given stays good, whatever is deleted meanwhile.
 */
TASK_WAITS bool store_conversation_list(struct store *store, const char *user_id, size_t limit,
                                        const char *cursor, struct arena *arena,
                                        struct conversation **out, size_t *count, const char **next,
                                        struct error *err);
TASK_WAITS bool store_conversation_delete(struct store *store, const char *user_id, const char *id,
                                          struct error *err);
/* The last `limit` messages, oldest first. ERROR_NOT_FOUND when the conversation does not exist
 * or is deleted. Whose it is is not asked: nothing of them is told before store_run_begin() has. */
TASK_WAITS bool store_messages_last(struct store *store, const char *conversation_id, size_t limit,
                                    struct arena *arena, struct message **out, size_t *count,
                                    struct error *err);
/*
 * Pages from the newest to the oldest, each oldest first: the last `limit` messages, then with
 * *next those before them, and so on. Cursors as in store_conversation_list(), those of this
 * conversation. A page of very large messages has fewer of them.
 */
TASK_WAITS bool store_messages_page(struct store *store, const char *conversation_id, size_t limit,
                                    const char *cursor, struct arena *arena, struct message **out,
                                    size_t *count, const char **next, struct error *err);

/*
 * Begins a run: in one transaction makes the conversation when conversation_id is NULL (its title
 * from the question), saves the question as a user message, the run as active, and counts. After
 * this the question can't be lost. Fills the ids.
 */
struct run_begin {
    const char *user_id, *conversation_id, *question;
    char run_id[STORE_ID_SIZE]; /* given by the caller, or empty: made */
    const char *new_conversation_id; /* for a new one, given by the caller, or NULL: made */
    char conversation_id_out[STORE_ID_SIZE];
};
TASK_WAITS bool store_run_begin(struct store *store, struct run_begin *begin, struct error *err);

struct usage; /* store/usage.h */

struct stored_event {
    int64_t sequence;
    const char *json;
};

/*
 * Ends a run: in one transaction the assistant's message (NULL: none), state, result, events.
 * ERROR_CONFLICT when it has ended already.
 */
struct run_end {
    const char *run_id, *conversation_id;
    enum run_state state;                 /* RUN_COMPLETE, RUN_FAILED or RUN_CANCELLED */
    const char *result;                   /* JSON */
    const char *content, *sql, *metadata; /* of the assistant's message */
    /* In order; those that are there already stay, and numbers may be left out. */
    const struct stored_event *events;
    size_t event_count;
    const struct usage *usage; /* of language models, to be summed; NULL: none */
    const struct usage *embedding_usage; /* of embeddings, likewise */
};
TASK_WAITS bool store_run_end(struct store *store, const struct run_end *end, struct error *err);

/*
 * A run that ended as soon as it began (its answer was cached): what store_run_begin() and
 * store_run_end() would save, in one transaction. end->conversation_id is ignored.
 */
TASK_WAITS bool store_run_record(struct store *store, struct run_begin *begin,
                                 const struct run_end *end, struct error *err);

/* Appends an event to a run's log. `sequence` starts at 1 and rises by one: any other gets
 * ERROR_CONFLICT. */
TASK_WAITS bool store_run_event(struct store *store, const char *run_id, int64_t sequence,
                                const char *json, struct error *err);
/* The same for several, of a run that goes on: what is there already stays, numbers may be left out, and a run
 * that has ended meanwhile is left alone. */
TASK_WAITS bool store_run_events_add(struct store *store, const char *run_id,
                                     const struct stored_event *events, size_t count,
                                     struct error *err);
/* ERROR_NOT_FOUND also when its conversation is deleted. */
TASK_WAITS bool store_run_get(struct store *store, const char *run_id, struct arena *arena,
                              struct stored_run *out, struct error *err);
/* The events after sequence `after` (0: all), in order. */
TASK_WAITS bool store_run_events(struct store *store, const char *run_id, int64_t after,
                                 struct arena *arena, struct stored_event **out, size_t *count,
                                 struct error *err);

/* Asks the process that a run belongs to, which may be another one, to cancel it: it finds it among
 * store_runs_to_cancel(). Nothing to do for a run that has ended. */
TASK_WAITS bool store_run_ask_cancel(struct store *store, const char *run_id, struct error *err);
/* The active runs of this store that somebody asked to cancel. */
TASK_WAITS bool store_runs_to_cancel(struct store *store, struct arena *arena,
                                     const char *const **out, size_t *count, struct error *err);

/*
 * Gives up a run of this store whose end could not be saved (a full disk): store_mark_cut_runs()
 * marks it when it can. Of a process that has ended until then, the next one does.
 */
void store_run_abandon(struct store *store, const char *run_id);

/*
 * Marks runs that were given up, and those that a dead process left active: each open store has an
 * owner number and holds a lock on it that ends with the process, so runs of a living process are
 * left alone. Each marked run gets an assistant message saying that it was interrupted and can be
 * asked again, and an error event as its last. Returns how many in *count, and what they were.
 */
TASK_WAITS bool store_mark_cut_runs(struct store *store, struct arena *arena,
                                    struct stored_run **out, size_t *count, struct error *err);

/*
 * Removes conversations for good, with their messages, runs and events: those deleted before a
 * time, and those whose last message is older than another. One with a run under way stays. Each call is
 * a bite that holds others up for some milliseconds; call it again until sweep->ended. Two that
 * sweep at once do no harm. The room is used again by what is stored later.
 */
struct store_sweep {
    int64_t deleted_before_ms, quiet_before_ms; /* STORE_SWEEP_NONE: none of these */
    int64_t place;                              /* 0 at first; then the sweep's own */
    bool ended;
    int64_t conversations, messages; /* removed so far */
};
#define STORE_SWEEP_NONE INT64_MIN
TASK_WAITS bool store_sweep(struct store *store, struct store_sweep *sweep, struct error *err);

/*
 * Cache entries. Keys are made by the caller and hold everything that the value depends on.
 * Hits are counted in memory and written now and then; a crash loses some of them.
 */
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
                                  struct cache_type_stats **out, size_t *count, struct error *err);
/* Adds hits that were counted elsewhere. Those of entries that are no longer there are lost. */
struct cache_hits {
    const char *type;
    unsigned char key[STORE_CACHE_HIT_KEY_SIZE];
    int64_t count;
};
TASK_WAITS bool store_cache_hits(struct store *store, const struct cache_hits *hits, size_t count,
                                 struct error *err);
/* type and dataset_id may be NULL (any); returns how many went in *count, and its id among the
 * clearings below in *clearing (0: of expired ones). In bites, so that others can save meanwhile:
 * what is put after the beginning stays. */
TASK_WAITS bool store_cache_clear(struct store *store, const char *type, const char *dataset_id,
                                  bool expired_only, int64_t *count, int64_t *clearing,
                                  struct error *err);
/* The latest clearings (not those of expired entries) after one: other processes forget them in
 * memory too. At most STORE_CLEARINGS_MAX are kept. */
struct cache_clearing {
    int64_t id;                   /* they rise by one */
    const char *type, *dataset_id; /* NULL: any */
};
TASK_WAITS bool store_cache_clearings(struct store *store, int64_t after, struct arena *arena,
                                      struct cache_clearing **out, size_t *count,
                                      struct error *err);

/* Dataset embeddings, one per dataset and model: a new version replaces the old. */
TASK_WAITS bool store_embedding_get(struct store *store, const char *dataset_id,
                                    const char *version, const char *model_id, float *vector,
                                    size_t dimensions, bool *found, struct error *err);
TASK_WAITS bool store_embedding_put(struct store *store, const char *dataset_id,
                                    const char *version, const char *model_id, const float *vector,
                                    size_t dimensions, struct error *err);

#endif
