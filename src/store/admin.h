/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What administrators need of the store: jobs, API keys, the audit trail. The rules of
 * store/store.h hold: what returned true is on disk, texts in results live in the given arena.
 *
 * To record an administrative act (clearing a cache, approving a query, deleting what is somebody
 * else's), call store_audit_add() when it was done, or api/admin.h's admin_audit() in a handler.
 */
#ifndef QUERENT_STORE_ADMIN_H
#define QUERENT_STORE_ADMIN_H

#include "store/store.h"

/* ---- the audit trail ---- */

/*
 * One act. Nothing changes or removes it later. Questions are not written here: a run's own row
 * says who asked what and what came of it, and store_audit_list() shows both as one.
 */
struct audit_act {
    const char *user_id; /* who; NULL: nobody was identified */
    const char *via;     /* "http", "cli", or "server" (by itself, or a signal) */
    const char *address; /* of the caller; NULL: none */
    const char *action;  /* a noun and a verb: "key.create", "cache.clear", "index.start" */
    const char *target;  /* id of what it was done to; NULL */
    const char *detail;  /* a JSON object without secrets; NULL */
};
TASK_WAITS bool store_audit_add(struct store *store, const struct audit_act *act,
                                struct error *err);

#define AUDIT_QUESTION "question" /* the action of runs */

/* An act or a question. What it does not have is NULL. */
struct audit_record {
    const char *at; /* of a question: when it was asked */
    const char *user_id, *via, *address, *action;
    const char *target;  /* of a question: the run's id */
    const char *outcome; /* of a question: "answered", ..., "failed", "cancelled", "interrupted", "active" */
    const char *detail;  /* JSON */
    const char *conversation_id, *question, *dataset_id, *sql, *ended_at;
    double cost;
    bool has_cost;
};

/* NULL: any. Times as clock_print_utc() prints them, from <= at < to. */
struct audit_filter {
    const char *user_id, *action, *from, *to;
};
#define AUDIT_SCAN_MAX 100000 /* runs looked at for one page */

/*
 * The newest first. `cursor` is NULL or what *next was; *next is NULL at the end. What is added
 * meanwhile makes nothing appear twice or be missed. A page may have fewer records than `limit`
 * (1 to STORE_PAGE_MAX), even none, and still not be the last: a filter that fits little looks at
 * AUDIT_SCAN_MAX runs at once. The trail of questions goes as far back as runs are kept.
 */
TASK_WAITS bool store_audit_list(struct store *store, const struct audit_filter *filter,
                                 size_t limit, const char *cursor, struct arena *arena,
                                 struct audit_record **out, size_t *count, const char **next,
                                 struct error *err);

/* ---- jobs ---- */

/* Jobs (indexing): state and progress survive a restart. */
struct job {
    const char *id, *kind;
    const char *state;   /* queued running done failed */
    const char *trigger; /* what started it: "request", "timer", "signal", "change" */
    const char *request; /* JSON: what was asked for; NULL: everything */
    const char *created_at, *updated_at, *started_at, *ended_at; /* the last two may be NULL */
    int64_t done, total;
    const char *detail; /* JSON: what came of it */
    const char *error;  /* of a failed one: a sentence */
};

#define STORE_JOBS_KEPT 100 /* of those that ended; older ones go */

struct job_begin {
    const char *kind, *trigger, *request; /* request: NULL for everything */
    const struct audit_act *act; /* recorded with it, its target being the job; NULL: none */
};
/* A new job that is queued; or the one of this kind that is queued or running, in whatever
 * process: then *joined. One that a dead process left is marked as failed first. */
TASK_WAITS bool store_job_begin(struct store *store, const struct job_begin *begin,
                                struct arena *arena, struct job *out, bool *joined,
                                struct error *err);
/* Saves state, done, total, detail and error of a job that this process began. ERROR_CONFLICT when
 * it has ended. */
TASK_WAITS bool store_job_update(struct store *store, const struct job *job, struct error *err);
TASK_WAITS bool store_job_get(struct store *store, const char *id, struct arena *arena,
                              struct job *out, struct error *err);
/* The newest `limit` (1 to STORE_PAGE_MAX). */
TASK_WAITS bool store_job_list(struct store *store, size_t limit, struct arena *arena,
                               struct job **out, size_t *count, struct error *err);
/* Marks jobs that a dead process left queued or running as failed. */
TASK_WAITS bool store_jobs_mark_interrupted(struct store *store, int64_t *count,
                                            struct error *err);

/* One process on a store indexes at a time. Takes the lock if it is free; it is given back with
 * store_index_unlock(), or by the system when the process ends, however it ends. */
TASK_WAITS bool store_index_lock(struct store *store, bool *locked, struct error *err);
TASK_WAITS void store_index_unlock(struct store *store);

/* ---- API keys ---- */

/*
 * A key is "qk_", 12 hex digits that find its row, "_", 64 hex digits: 256 random bits. What is
 * stored is its SHA-256. A slow hash (bcrypt, Argon2) would be for passwords, which people choose
 * and others can guess; nobody guesses 256 random bits, however quick the hash.
 */
#define STORE_KEY_SIZE (3 + 12 + 1 + 64 + 1) /* with the NUL */
#define STORE_KEYS_MAX 10000                 /* revoked and expired ones too */
#define STORE_KEY_ATTRIBUTES_MAX 50
#define STORE_KEY_LIFETIME_MAX_S (INT64_C(3660) * 24 * 3600)

struct api_key {
    const char *id;     /* "key_..." */
    const char *prefix; /* "qk_" and the digits that find it: no secret */
    const char *user_id, *role;
    const char *attributes; /* a JSON object of texts: what `access` of metadata asks for */
    bool acts_for_others;   /* may name other users in its requests */
    const char *created_at;
    const char *expires_at, *revoked_at; /* NULL: never, not */
    const char *last_used_on;            /* a date; NULL: never */
};

struct key_attribute {
    const char *name, *value;
};
struct key_create {
    const char *user_id, *role; /* role: letters, digits, '-', '_' */
    const struct key_attribute *attributes;
    size_t attribute_count;
    bool acts_for_others;
    int64_t lifetime_s;          /* 0: for ever */
    const struct audit_act *act; /* recorded with it, its target being the key; NULL: none */
};
/* Makes a key. `key` is the only place that ever holds it: show it once and wipe it. */
TASK_WAITS bool store_key_create(struct store *store, const struct key_create *create,
                                 struct arena *arena, struct api_key *out,
                                 char key[STORE_KEY_SIZE], struct error *err);
/* The newest first, revoked and expired ones too. */
TASK_WAITS bool store_key_list(struct store *store, struct arena *arena, struct api_key **out,
                               size_t *count, struct error *err);
/* ERROR_NOT_FOUND when there is none, ERROR_CONFLICT when it is revoked already. */
TASK_WAITS bool store_key_revoke(struct store *store, const char *id, const struct audit_act *act,
                                 struct error *err);
/* Whose key it is, when it is one that may be used now: else *found is false, and nobody learns
 * why. The hash is compared in constant time. Notes the day of use, once a day. */
TASK_WAITS bool store_key_find(struct store *store, struct str key, struct arena *arena,
                               struct api_key *out, bool *found, struct error *err);

#endif
