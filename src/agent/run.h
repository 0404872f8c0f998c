/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A run: one question on its way through the workflow. One arena, one deadline, one event log.
 * Steps (agent/steps/) read the run and write the run; they know nothing of HTTP or terminals.
 * Whoever shows a run's progress listens to its events.
 */
#ifndef QUERENT_AGENT_RUN_H
#define QUERENT_AGENT_RUN_H

#include "agent/agent.h"
#include "core/strbuf.h"
#include "sql/firewall.h"
#include "store/usage.h"
#include "verified/verified.h"

#define QUESTION_LENGTH_MAX 4000 /* characters */
#define SAMPLE_ROWS_DEFAULT 10
#define SAMPLE_ROWS_MAX 1000
#define RUN_EVENTS_MAX 1000
#define RUN_STATEMENTS_MAX 64 /* tried in one run */

enum run_status { RUN_ANSWERED, RUN_NEEDS_CLARIFICATION, RUN_NO_ANSWER, RUN_STATUSES };
const char *run_status_name(enum run_status status); /* "answered", ... */

/* The parts of the workflow that are reported; names as in the API. */
enum run_step {
    STEP_RETRIEVE, /* vector_search */
    STEP_METADATA, /* load_metadata */
    STEP_SELECT,   /* select_dataset */
    STEP_GENERATE, /* generate_sql */
    STEP_EXECUTE,  /* execute_query: firewall and engine */
    STEP_ANSWER,   /* generate_response */
    RUN_STEPS
};
const char *run_step_name(enum run_step step);

enum step_status { STEP_STARTED, STEP_DONE, STEP_FAILED, STEP_STATUSES };
const char *step_status_name(enum step_status status); /* "started", "completed", "failed" */

struct step_record {
    enum run_step step;
    enum step_status status;
    char started_at[32];
    uint64_t duration_us;
    bool cache_hit;
    const char *detail; /* JSON object for programs */
    const char *words;  /* a sentence for people: "chose shop_orders: matches revenue, region" */
    const char *json;   /* NULL until run_step_json() made it */
};

/* A statement that this run tried, and what came of it. */
struct statement {
    const char *sql;
    bool allowed;
    bool executed;
    const struct rows *rows; /* NULL when refused or failed */
    struct error error;
    uint64_t duration_us;
    /* For agent/cached.h. */
    bool may_cache;
    struct cache_key cache_key;
    const char *cache_dataset;
    enum cache_level cached; /* where the rows came from; CACHE_MISS: the engine */
};

struct question {
    const char *text;
    const char *user_id;         /* NULL: "local" */
    const char *conversation_id; /* NULL: a new one */
    const char *const *dataset_filter;
    size_t dataset_filter_count;
    size_t sample_rows; /* 0: the default */
    const char *model; /* id of the language model to ask, if callers may choose it; NULL: the setting's */
    double temperature; /* of a language model that takes one */
    bool explain;
    bool dry; /* ask no language model: only say what it would be sent */
    bool use_cache;
    /* Only run_response_json() is looked at: then the whole reply may come from the cache, without a
     * statement and its rows. */
    bool reply_suffices;
    unsigned without;  /* enum llm_part: not told to a language model */
    bool rows_suffice; /* no language model is asked to word the answer */
};

/* What a response says besides ids, times, steps and cache hits: the same for whoever asks the same
 * (agent/response.c makes it; agent/cached.h keeps it). */
struct reply {
    const char *sql;              /* NULL */
    const char *dataset_id;       /* NULL */
    const char *body;             /* JSON members from final_response to suggestions */
    const char *metadata;         /* JSON members of the response's metadata */
    const char *message_metadata; /* JSON members of the message's: for follow-ups */
};

/* Between reply.message_metadata and the time that the run took, in the metadata of its message. */
#define MESSAGE_DURATION_KEY ",\"execution_time_ms\":"

enum run_event_kind { EVENT_RUN_START, EVENT_STEP_START, EVENT_STEP_UPDATE, EVENT_ANSWER_DELTA,
                      EVENT_COMPLETE, EVENT_ERROR, RUN_EVENT_KINDS };
const char *run_event_name(enum run_event_kind kind); /* "run_start", "step_update", ... */

struct run_event {
    enum run_event_kind kind;
    const struct step_record *step; /* STEP_START, STEP_UPDATE; NULL for an equal question's */
    const char *json;               /* the event's data, as the API sends it */
};

/* The verified query that the question is equal to (agent/verified.h). */
struct run_verified {
    struct verified_match match;
    const char *sql; /* with the values of this question */
    const struct dataset *const *datasets; /* that it reads */
    size_t dataset_count;
};

struct run {
    uint32_t magic;
    struct agent *agent;
    struct knowledge *knowledge;
    struct verified_set *verified_set; /* as it was when the run began its work; NULL: none */
    struct arena *arena;
    struct question question;
    char id[STORE_ID_SIZE];
    char conversation_id[STORE_ID_SIZE];
    char started_at[32];
    uint64_t started_us;
    bool saved; /* the question is on disk: the end must be too */

    /* Who watches; may be NULL. Called on the run's loop; must not wait. */
    void (*listener)(void *context, const struct run_event *event);
    void *listener_context;
    /* Waits until the run may begin its work, its question being saved; NULL: at once. */
    TASK_WAITS bool (*admit)(void *context, struct error *err);
    void *admit_context;
    struct run_event *events;
    size_t event_count, event_capacity;
    bool has_deltas; /* of an answer, among them (agent/answer_delta.h) */

    struct step_record *steps;
    size_t step_count, step_capacity;

    /* What the steps find, in their order. */
    struct message *history; /* the last messages, oldest first */
    size_t history_count;
    const struct query *previous;
    const char *previous_question;
    const struct dataset *previous_dataset; /* of the last answer; NULL */
    /* What was answered last has no tree to go on from: a verified query, a language model's statement. */
    bool previous_lost;
    const struct run_verified *verified; /* NULL: the question is none */
    struct retrieval_result retrieved;
    const char *retrieval_notice; /* a sentence, where it was done with less than it should; NULL */
    struct embed_usage embedded;  /* of a server's embeddings */
    struct llm_request request;
    struct llm_selection selection;
    struct llm_proposal proposal;
    struct statement **statements;
    size_t statement_count;
    const struct statement *statement; /* the one that gave the answer */
    int repairs;
    enum cache_level cache_hits[CACHE_TYPES];

    /* The reply. */
    bool wording_broke; /* the template has worded it because a call failed */
    enum run_status status;
    const char *answer; /* prose */
    const char *chart;  /* Vega-Lite JSON; NULL */
    const char *const *suggestions;
    size_t suggestion_count;
    struct cache_key reply_key;
    struct cache_flight *flight; /* led by this run: equal questions wait for it. NULL: none */
    struct reply reply; /* made once the run is answered, or taken from the cache */
    uint64_t duration_us;
    struct error error; /* code is ERROR_NONE unless the run failed */
};

/* Checks the question (length, UTF-8) and makes a run in a fresh arena; run_free() ends it. */
struct run *run_new(struct agent *agent, const struct question *question, struct error *err);
void run_free(struct run *run); /* NULL is allowed */

/* Whether the whole reply was there already: nothing is left to do, or to cancel. */
bool run_is_recalled(const struct run *run);

/* For steps: begins and ends the record of a step, and tells the listener. */
struct step_record *run_step_begin(struct run *run, enum run_step step);
void run_step_end(struct run *run, struct step_record *record, bool ok);
/* Appends an event; json is in the run's arena. */
void run_emit(struct run *run, enum run_event_kind kind, const struct step_record *step,
              const char *json);

/* Records a step that did not have to be taken again; run_tell_steps() tells of all of them. */
void run_step_cached(struct run *run, enum run_step step, const char *words, const char *detail);
void run_tell_steps(struct run *run);

/* Reads the last messages of the conversation and the query of its last answer
 * (agent/history.c), before the question is saved. Nothing to do for a new conversation. */
TASK_WAITS bool run_load_history(struct run *run, struct error *err);

/* Whether the proposal is a language model's own: what the planner proposes has a tree, what is verified was
 * approved by somebody, and the metadata is described by code. */
bool run_is_models(const struct run *run);

/* Firewall, engine, limits; remembered: the same text is never run twice. The result lives in the
 * run's arena (agent/statement.c). */
TASK_WAITS const struct statement *run_statement(struct run *run, const char *sql);

/* What language models were used for in this run; false when they were not. */
bool run_usage(const struct run *run, struct usage *out);

/* Fills run->reply from what the steps have found. */
void run_make_reply(struct run *run);
/* The QueryResponse of the API as JSON, in the run's arena; needs run->reply. */
const char *run_response_json(struct run *run);
/* One of `steps` in that response, made once. */
const char *run_step_json(struct run *run, struct step_record *record);

#endif
