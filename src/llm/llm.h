/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who turns a question into SQL: the built-in planner, or a language model. All are drivers behind
 * llm_select() and llm_generate(), so that a run takes the same path with any of them.
 *
 * llm_select() decides which dataset the question is about; llm_generate() writes the statement,
 * and is called again with what went wrong when a statement failed. A driver that decides both in
 * one go keeps the second half in request->state.
 */
#ifndef QUERENT_LLM_LLM_H
#define QUERENT_LLM_LLM_H

#include "core/arena.h"
#include "core/error.h"
#include "engine/engine.h"
#include "llm/chat.h"
#include "planner/planner.h"
#include "task/task.h"

struct llm;

/* What of the data may leave for a language model (setting QUERENT_MODEL_SEES). */
enum llm_sees {
    LLM_SEES_ROWS,       /* values that the question speaks of, samples, results */
    LLM_SEES_AGGREGATES, /* no single rows: results only where each is an aggregate; no samples */
    LLM_SEES_SCHEMA,     /* names and types alone: no value of any cell, ever */
    LLM_SEES
};

/* What a language model can be left without, to measure what it brings: bits. */
enum llm_part {
    LLM_PART_VALUES = 1,   /* words of the question that are found in the data, and codes */
    LLM_PART_EXAMPLES = 2, /* verified queries */
    LLM_PART_PERIODS = 4,  /* worked out in code */
};

/* A question of the conversation so far, and what came of it. */
struct llm_turn {
    const char *question;
    const char *answer; /* prose; NULL: none */
    const char *sql;    /* NULL: none */
};

/* A verified query near the question, as an example for a language model. */
struct llm_example {
    const char *question, *sql; /* {name} stands for a value */
    const struct dataset *dataset;
};

/* One question on its way through a driver; lives in the run's arena. */
struct llm_request {
    struct arena *arena;
    struct plan_request plan; /* question, candidates, previous query, calendar, dialect */
    double sureness_min;      /* below: ask back */
    double explained;         /* share of the question that the best dataset explains, 0..1 */
    double margin;            /* of retrieval: by how much the first candidate leads, 0..1 */

    /* For language models alone. */
    const char *model; /* that the caller asked for; NULL: the setting's */
    double temperature;
    const struct llm_turn *history; /* the conversation so far, oldest first */
    size_t history_count;
    const struct dataset *previous_dataset; /* that the last answer was about; NULL */
    const struct llm_example *examples;
    size_t example_count;
    bool dry; /* only say what would be sent */
    unsigned without; /* enum llm_part */
    enum llm_sees sees;
    bool masks; /* some dataset keeps columns from models: no value of unknown origin is sent */
    int repairs_left; /* what may still be mended; a driver that mends by itself takes from it */
    struct chat_usage usage; /* of all calls for this question: drivers add to it */

    /* Runs one statement as the run would (firewall, engine, limits) and remembers what came of
     * it, so that trying costs nothing twice. */
    TASK_WAITS bool (*try_statement)(void *context, const char *sql, const struct rows **rows,
                                     struct error *err);
    void *try_context;

    /* Set by the run for a repair: the statement that failed, and why. NULL at first. */
    const char *failed_sql;
    const struct error *failure;

    void *state; /* the driver's own, NULL at first */
};

struct llm_selection {
    const struct dataset *dataset; /* NULL: none fits */
    const char *reason;            /* a sentence */
    bool passing;                  /* as of a proposal */
};

enum llm_outcome {
    LLM_QUERY,     /* a statement to run */
    LLM_DESCRIBE,  /* answered from the metadata: no statement */
    LLM_ASK,       /* a question back, with options */
    LLM_NO_ANSWER, /* a sentence that says why not */
    LLM_OUTCOMES
};

struct llm_proposal {
    enum llm_outcome outcome;
    const struct dataset *dataset;
    const char *sql;
    const struct query *query; /* NULL when the driver has no tree */
    const char *reading;       /* the question as understood, in plain English */
    const char *reason;        /* why this statement */
    const char *const *assumptions;
    size_t assumption_count;
    const struct period *periods;
    size_t period_count;
    double sureness; /* 0..1 */
    const char *sentence; /* ASK, NO_ANSWER, DESCRIBE: what to say */
    const char *const *options; /* ASK: what may be meant, to ask next as they are */
    size_t option_count;
    const char *explanation; /* for --explain; NULL */
    const char *model;       /* what proposes it, where it is not llm_model_id(); NULL */
    const char *notice;      /* a sentence on who answers, where that must be said; NULL */
    bool passing;            /* made while a model could not be asked, or memory was short: not to be kept */
};

/* To say what the rows say. */
struct llm_answer_request {
    const struct llm_request *request; /* the question's */
    struct chat_usage *usage;          /* added to */
    const struct llm_proposal *proposal;
    const struct rows *rows;
    const char *facts; /* what was computed from the rows, a line each; "" */
    /* Takes the text as it is written, already checked or not: that is the taker's business. False with an
     * error drops the call. */
    TASK_WAITS bool (*on_text)(void *context, struct str piece, struct error *err);
    void *context;
};

struct llm_questions {
    const char **items;
    size_t count, wanted;
};

struct llm_driver {
    const char *name;
    bool (*open)(struct llm *llm, struct error *err);
    void (*close)(struct llm *llm);
    const char *(*model_id)(const struct llm *llm); /* part of cache keys and of the reply */
    /* See llm_last_state(). Optional: NULL means that nothing is called. */
    void (*last_state)(const struct llm *llm, struct server_state *out);
    /* See llm_allowed_model(). Optional: NULL means that it knows none. */
    bool (*knows_model)(const struct llm *llm, const char *id);
    TASK_WAITS bool (*select)(struct llm *llm, struct llm_request *request,
                              struct llm_selection *out, struct error *err);
    TASK_WAITS bool (*generate)(struct llm *llm, struct llm_request *request,
                                struct llm_proposal *out, struct error *err);
    /* See llm_write_answer(). Optional: NULL means that answers are made by template. */
    TASK_WAITS bool (*write_answer)(struct llm *llm, const struct llm_answer_request *request,
                                    struct error *err);
    /* See llm_keep_understood(). Optional: NULL means that nobody can tell. */
    TASK_WAITS size_t (*keep_understood)(struct llm *llm, const struct llm_request *request,
                                         const struct query *previous, struct llm_questions *questions);
};

/* What the settings choose: QUERENT_LLM, or for "auto" what there is a key or server for. */
const char *llm_chosen(void);
/* `planner` is borrowed and must outlive it. ERROR_CONFIG with the known names. */
struct llm *llm_open(const char *name, const struct planner *planner, struct error *err);
void llm_close(struct llm *llm); /* NULL is allowed */
/* The driver's: "planner", "anthropic". */
const char *llm_name(const struct llm *llm);
const char *llm_model_id(const struct llm *llm);
/* How the last call of a language model's provider ended; false where none is ever called. */
bool llm_last_state(const struct llm *llm, struct server_state *out);
/* That model, if callers may choose it (QUERENT_MODELS_ALLOWED); else NULL, which means the setting's. */
const char *llm_allowed_model(const struct llm *llm, const char *id);
TASK_WAITS bool llm_select(struct llm *llm, struct llm_request *request,
                           struct llm_selection *out, struct error *err);
TASK_WAITS bool llm_generate(struct llm *llm, struct llm_request *request,
                             struct llm_proposal *out, struct error *err);
/* Whether it is a language model, which wants the conversation and examples, and writes answers. */
bool llm_writes_answers(const struct llm *llm);
/* QUERENT_MODEL_SEES */
enum llm_sees llm_sees_setting(void);
/* Has the answer written by a language model, which is shown the rows: whether it may be is the caller's to
 * find out. So is checking each number, and what to say when this fails. */
TASK_WAITS bool llm_write_answer(struct llm *llm, const struct llm_answer_request *request,
                                 struct error *err);
/* Which of the questions would be answered rather than asked back, were they asked after `previous`?
 * Moves the first `wanted` of them to the front; their number. None when nobody can tell. */
TASK_WAITS size_t llm_keep_understood(struct llm *llm, const struct llm_request *request,
                                      const struct query *previous, struct llm_questions *questions);

#endif
