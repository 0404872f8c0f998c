/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the drivers of the store bring, and what they get.
 *
 * The front of the store (conversations.c, runs.c, ...) checks every argument, makes ids and times,
 * puts them into the call structs below and hands them to the driver: one function for all
 * operations, so that a driver is a table of them (sqlite.c). What the front has checked, a driver
 * need not check again.
 */
#ifndef QUERENT_STORE_STORE_PRIV_H
#define QUERENT_STORE_STORE_PRIV_H

#include <pthread.h>
#include <stdatomic.h>

#include "core/clock.h"
#include "core/hash.h"
#include "store/admin.h"
#include "store/store.h"
#include "store/usage.h"
#include "store/verified.h"

enum store_operation {
    STORE_HEALTH, /* no call struct */
    STORE_CONVERSATION_CREATE,
    STORE_CONVERSATION_GET,
    STORE_CONVERSATION_LIST,
    STORE_CONVERSATION_DELETE,
    STORE_MESSAGES_LAST,
    STORE_MESSAGES_PAGE,
    STORE_RUN_BEGIN,
    STORE_RUN_END,
    STORE_RUN_RECORD,
    STORE_RUN_EVENT,
    STORE_RUN_EVENTS_ADD,
    STORE_RUN_ASK_CANCEL, /* takes the run's id */
    STORE_RUNS_TO_CANCEL,
    STORE_RUN_GET,
    STORE_RUN_EVENTS,
    STORE_MARK_CUT_RUNS,
    STORE_SWEEP_FIND,
    STORE_SWEEP_BITE,
    STORE_CACHE_GET,
    STORE_CACHE_PUT,
    STORE_CACHE_STATS,
    STORE_CACHE_HITS,
    STORE_CACHE_CLEAR,
    STORE_CACHE_CLEARINGS,
    STORE_EMBEDDING_GET,
    STORE_EMBEDDING_PUT,
    STORE_JOB_BEGIN,
    STORE_JOB_UPDATE,
    STORE_JOB_GET,
    STORE_JOB_LIST,
    STORE_JOBS_MARK_INTERRUPTED,
    STORE_INDEX_LOCK,   /* takes a bool: whether it is locked now */
    STORE_INDEX_UNLOCK, /* no call struct */
    STORE_KEY_CREATE,
    STORE_KEY_LIST,
    STORE_KEY_REVOKE,
    STORE_KEY_FIND,
    STORE_KEY_USED,
    STORE_AUDIT_ADD,
    STORE_AUDIT_LIST,
    STORE_USAGE_ADD,
    STORE_USAGE_LIST,
    STORE_ANSWER_FIND,
    STORE_FEEDBACK_PUT,
    STORE_VERIFIED_ADD, /* takes a struct verified_record, as the update does */
    STORE_VERIFIED_GET,
    STORE_VERIFIED_UPDATE,
    STORE_VERIFIED_LIST,
    STORE_VERIFIED_LOAD,
    STORE_VERIFIED_VERSION, /* takes an int64_t */
    STORE_OPERATIONS
};

struct store_driver {
    const char *scheme; /* before the ':' of a url */
    const char *form;   /* for messages: what a url looks like */
    /* Blocks; the result's first member is a struct store, which store_open() completes. */
    struct store *(*open)(const char *location, struct error *err);
    void (*close)(struct store *store);
    /* Waits the way its kind of database needs: a pool thread, a writer, a socket. */
    TASK_WAITS bool (*call)(struct store *store, enum store_operation operation, void *call,
                            struct error *err);
};

/* Completed by store_open(); what is below the version is the front's own. */
struct store {
    const struct store_driver *driver;
    int schema_version;
    atomic_size_t runs_under_way; /* begun here, and neither ended nor abandoned */
    pthread_mutex_t mutex; /* guards what follows */
    char (*abandoned)[STORE_ID_SIZE];
    size_t abandoned_count, abandoned_capacity;
};

extern const struct store_driver sqlite_driver;

/* A numbered SQL file, embedded by tools/store/embed_migrations.py. */
struct store_migration {
    int version;
    const char *name;
    const char *sql;
};
extern const struct store_migration sqlite_migrations[];
extern const size_t sqlite_migrations_count;

/* The calls, one struct an operation. Times and ids are made by the front. */

struct call_conversation { /* get, delete; STORE_CONVERSATION_CREATE takes a struct conversation */
    const char *user_id, *id;
    char now[TIMESTAMP_SIZE];
    struct arena *arena;
    struct conversation *out;
};

/* Where a list goes on: its order is (activity, sequence), both falling, as things stood when
 * the newest activity was `snapshot`. */
struct list_place {
    int64_t snapshot, activity, sequence;
};

struct call_conversation_list {
    const char *user_id;
    size_t limit;
    struct list_place after; /* INT64_MAX in all: from the start */
    struct arena *arena;
    struct conversation *out;
    size_t count;
    bool more;
    struct list_place next; /* when more */
};

struct call_messages { /* last, page */
    const char *conversation_id;
    size_t limit;
    struct arena *arena;
    struct message *out;
    size_t count;
    /* Of a page only: it ends before this sequence (INT64_MAX: at the end), and begins at that. */
    int64_t before, first;
    bool more; /* are before it */
};

struct call_run_begin {
    const char *run_id, *conversation_id, *message_id, *user_id, *question, *title;
    bool create; /* the conversation */
    char now[TIMESTAMP_SIZE];
};

/* Before each event where several are one text, as in RFC 7464; no JSON has it in it. */
#define STORE_EVENT_MARK '\x1e'

struct call_run_end {
    const struct run_end *end;
    const char *message_id; /* NULL: no message */
    char now[TIMESTAMP_SIZE];
};

struct call_run_record {
    struct call_run_begin begin;
    struct call_run_end end;
};

struct call_run_event {
    const char *run_id;
    struct stored_event event;
};

struct call_run_events_add {
    const char *run_id;
    const struct stored_event *events;
    size_t count;
};

struct call_runs_to_cancel {
    struct arena *arena;
    const char **out;
    size_t count;
};

struct call_run_get {
    const char *run_id;
    struct arena *arena;
    struct stored_run *out;
};

struct call_run_events {
    const char *run_id;
    int64_t after;
    struct arena *arena;
    struct stored_event *out;
    size_t count;
};

struct call_mark_cut_runs {
    char now[TIMESTAMP_SIZE];
    const char *const *abandoned; /* ids of own runs to be marked as well */
    size_t abandoned_count;
    struct arena *arena;
    struct stored_run *out;
    size_t count;
};

/* find: the next conversation that is to go, after sweep->place; id stays NULL when there is none
 * among those looked at. bite: removes a part of it. */
struct call_sweep {
    struct store_sweep *sweep;
    char deleted[TIMESTAMP_SIZE], quiet[TIMESTAMP_SIZE]; /* what is before these; "": none is */
    struct arena *arena;
    const char *id;
    int64_t messages; /* removed by this bite */
    bool gone;        /* all of it */
    bool skipped;     /* it is to stay: it is in use again, or has a run under way */
};

struct call_cache { /* get, put */
    const char *type;
    struct str key, value;
    int64_t now_ms, expires_ms;
    const char *dataset_id;
    struct arena *arena;
    bool found;
};

struct call_cache_stats {
    int64_t now_ms;
    struct arena *arena;
    struct cache_type_stats *out;
    size_t count;
};

struct call_cache_hits {
    const struct cache_hits *hits;
    size_t count;
};

/* What is up to here was looked at: entries of a dataset by id, expired ones by their time. */
struct clear_place {
    int64_t id, expires_ms;
};

struct call_cache_clear { /* one bite */
    const char *type, *dataset_id;
    bool expired_only;
    int64_t now_ms;
    bool begun;     /* this is not the first bite */
    int64_t newest; /* the newest entry's id at the first: later ones stay */
    int64_t clearing; /* what it is told by to others; 0: it is not */
    struct clear_place after, reached; /* by the bites before; by this one */
    int64_t count;  /* of this bite */
    bool ended;
};

struct call_cache_clearings {
    int64_t after;
    struct arena *arena;
    struct cache_clearing *out;
    size_t count;
};

struct call_embedding {
    const char *dataset_id, *version, *model_id;
    struct str vector; /* put: little-endian floats */
    void *out;         /* get: vector.length bytes */
    bool found;
};

struct call_job_begin {
    const struct job_begin *begin;
    const char *id;
    char now[TIMESTAMP_SIZE];
    struct arena *arena;
    struct job out;
    bool joined;
};

struct call_job_update {
    const struct job *job;
    char now[TIMESTAMP_SIZE];
};

struct call_job { /* get, list */
    const char *id;
    size_t limit;
    struct arena *arena;
    struct job *out;
    size_t count;
};

struct call_jobs_mark {
    char now[TIMESTAMP_SIZE];
    int64_t count;
};

struct call_key_create {
    const struct api_key *key;
    struct str hash;
    const struct audit_act *act;
};

struct call_key_list {
    struct arena *arena;
    struct api_key *out;
    size_t count;
};

struct call_key_revoke {
    const char *id;
    const struct audit_act *act;
    char now[TIMESTAMP_SIZE];
};

#define KEY_PREFIX_SIZE 16 /* with the NUL */
struct call_key_find {
    const char *prefix;
    struct arena *arena;
    struct api_key key;
    unsigned char hash[SHA256_SIZE];
    bool found;
};

struct call_key_used {
    const char *id, *day;
};

struct call_audit_add {
    const struct audit_act *act;
    const char *target; /* in place of the act's */
    char now[TIMESTAMP_SIZE];
};
bool audit_act_check(const struct audit_act *act, struct error *err);

/* Where a page goes on: below these places of runs and of acts. */
struct audit_place {
    int64_t run, act;
};

struct call_audit_list {
    struct audit_filter filter;
    size_t limit;
    struct audit_place place; /* in and out */
    struct arena *arena;
    struct audit_record *out;
    size_t count;
    bool more;
};

struct call_usage_add {
    const char *user_id;
    const struct usage *usage;
    char now[TIMESTAMP_SIZE];
};

struct call_usage_list {
    struct usage_filter filter;
    size_t limit;
    struct arena *arena;
    struct usage_sum *out;
    size_t count;
};
/* NULL is allowed. */
bool usage_check(const struct usage *usage, struct error *err);

struct call_answer_find {
    const char *user_id, *run_id, *message_id, *conversation_id;
    struct arena *arena;
    struct answered *out;
};

struct call_feedback {
    const struct feedback *feedback;
    const struct verified_record *candidate;
    char now[TIMESTAMP_SIZE];
    struct arena *arena;
    const char *candidate_id;
};

struct call_verified_get {
    const char *id;
    struct arena *arena;
    struct verified_record *out;
};

struct call_verified_list { /* list, load */
    const char *state;      /* NULL: all */
    int64_t before;         /* its place in the list; then the last one's */
    size_t limit;
    struct arena *arena;
    struct verified_record *out;
    size_t count;
    bool more;
    int64_t version;
};

/* A conversation's title: the first STORE_TITLE_LENGTH_MAX characters of a text, blanks and line
 * breaks joined to single spaces; what people see as one character is not split. */
void title_make(const char *text, char *title, size_t size);
#define STORE_TITLE_SIZE (STORE_TITLE_LENGTH_MAX * 4 + 1)

#endif
