/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What askers say about answers, and what becomes of it: votes, candidates for verified queries,
 * and verified queries. How they are read and matched is verified/verified.h's business; here they
 * are texts. Limits, ids and times are as in store/store.h; ids of verified queries begin with
 * "verified_".
 */
#ifndef QUERENT_STORE_VERIFIED_H
#define QUERENT_STORE_VERIFIED_H

#include "store/store.h"

#define STORE_VERIFIED_SQL_MAX (16 * 1024)  /* bytes of its SQL, or of a corrected one */
#define STORE_VERIFIED_JSON_MAX (64 * 1024) /* bytes of its variants, or of its slots */
#define STORE_COMMENT_SIZE_MAX (16 * 1024)
#define STORE_CANDIDATES_MAX 10000 /* that wait; further votes are kept and propose nothing */
#define STORE_APPROVED_MAX 5000

enum verified_state {
    VERIFIED_CANDIDATE, /* waits for an administrator */
    VERIFIED_APPROVED,  /* answers */
    VERIFIED_PARKED,    /* was approved; the data has changed and it no longer works */
    VERIFIED_RETIRED,   /* turned down, or taken out of use */
    VERIFIED_STATES
};
const char *verified_state_name(enum verified_state state); /* "candidate", ... */
/* False when there is none of that name. */
bool verified_state_from(const char *name, enum verified_state *out);

struct verified_record {
    const char *id;
    enum verified_state state;
    int64_t revision; /* one more with each change */
    const char *question;
    const char *variants;   /* JSON list of texts */
    const char *dataset_id; /* NULL: not known yet */
    const char *sql;
    const char *slots; /* JSON list of objects */
    const char *owner; /* who answers for it; NULL: nobody yet */
    const char *proposed_by, *run_id, *message_id; /* of the vote that it comes from; NULL: none */
    int64_t turn;       /* of its conversation in which it was asked, from 1; 0: none */
    const char *reason; /* why it is parked; NULL */
    const char *schema; /* of the data when it was last checked; NULL: never */
    const char *created_at, *updated_at;
    const char *approved_at; /* NULL: never */
    int64_t compared_at; /* the version of all with which a change compared it; 0: with none */
};

/* An answer that somebody got, as a vote needs it. */
struct answered {
    const char *message_id, *run_id, *conversation_id;
    const char *question;
    const char *sql, *metadata; /* as of struct message */
    int64_t turn;
};

/* Finds the answer by its run, or by its message (with the conversation's id, if it is known, it is
 * found sooner); what is not named is NULL. ERROR_NOT_FOUND also when it is another user's. */
TASK_WAITS bool store_answer_find(struct store *store, const char *user_id, const char *run_id,
                                  const char *message_id, const char *conversation_id,
                                  struct arena *arena, struct answered *out, struct error *err);

struct feedback {
    const char *user_id;
    const struct answered *answer;
    bool up;
    const char *corrected_sql, *comment; /* NULL: none */
};

/*
 * Keeps the vote in place of the user's earlier one on this answer. `candidate` (NULL: none) is
 * proposed unless the same question, dataset and SQL were before; *candidate_id is NULL or the
 * id of what was proposed, now or before. What the earlier vote proposed goes, if nobody has
 * touched it.
 */
TASK_WAITS bool store_feedback_put(struct store *store, const struct feedback *feedback,
                                   const struct verified_record *candidate, struct arena *arena,
                                   const char **candidate_id, struct error *err);

/* Adds one; id, revision and times are made. */
TASK_WAITS bool store_verified_add(struct store *store, struct arena *arena,
                                   struct verified_record *record, struct error *err);
TASK_WAITS bool store_verified_get(struct store *store, const char *id, struct arena *arena,
                                   struct verified_record *out, struct error *err);
/* Writes what may change: state, question, variants, dataset, SQL, slots, owner, reason, schema.
 * ERROR_CONFLICT when its revision is another by now. An approved one without a time of approval
 * gets one. */
TASK_WAITS bool store_verified_update(struct store *store, struct arena *arena,
                                      struct verified_record *record, struct error *err);
/* Newest first; `state` NULL: all. Cursor and *next as of store_conversation_list(). */
TASK_WAITS bool store_verified_list(struct store *store, const enum verified_state *state,
                                    size_t limit, const char *cursor, struct arena *arena,
                                    struct verified_record **out, size_t *count, const char **next,
                                    struct error *err);
/* All that are approved, and the version of that set. */
TASK_WAITS bool store_verified_load(struct store *store, struct arena *arena,
                                    struct verified_record **out, size_t *count, int64_t *version,
                                    struct error *err);
/* Changes with every change of what is approved, in whichever process. */
TASK_WAITS bool store_verified_version(struct store *store, int64_t *version, struct error *err);

#endif
