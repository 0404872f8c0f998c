/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the driver for language models (llm/model*.c) share: one question on its way to a model
 * and back. The parts of a prompt that are the same from call to call are made first, and of the data alone.
 */
#ifndef QUERENT_LLM_MODEL_PRIV_H
#define QUERENT_LLM_MODEL_PRIV_H

#include "core/strbuf.h"
#include "llm/llm_priv.h"
#include "net/fetch.h"
#include "prompt/prompt.h"

#define MODEL_TABLES_MAX 8      /* that one prompt shows, beside the candidates */
#define MODEL_COLUMNS_MAX 160   /* of those; and of each candidate */
#define MODEL_MESSAGES_MAX 24   /* question, reply, repair, reply, ... */
#define MODEL_OUTPUT_TOKENS_MAX 2000
#define MODEL_BRIEF_TOKENS_MAX 300 /* a small model that writes more has lost itself in a loop */
#define MODEL_LIST_MAX 20       /* assumptions, periods of a reply */
#define MODEL_SENTENCE_MAX 1000 /* bytes of a sentence of a reply that are kept */

/* What the model said, checked for its form alone. Missing texts are NULL. */
struct model_reply {
    const char *dataset, *reason, *sql, *question_back, *no_answer;
    const char **assumptions;
    size_t assumption_count;
    struct period *periods;
    size_t period_count;
};

/* One question; lives in the run's arena. */
struct decision {
    struct llm *llm;
    struct llm_request *request;
    struct arena *arena; /* the run's */
    bool brief;          /* short instructions, and of the reply the statement alone */
    /* What the planner makes of the question, where it is asked first (model_planner.c): no outcome but a query
     * is kept. */
    bool planned, by_planner; /* there is one; it is what is proposed */
    const struct llm_proposal *plan;
    struct plan_meta_answer meta;
    struct period_list periods;
    struct plan_link *links;
    size_t link_count;
    const struct dataset **tables; /* that are shown, by id */
    size_t table_count;
    struct upstream_pass place;    /* for the first call */
    const struct error *no_place; /* why there is none; NULL */
    struct str system, context, question;
    struct chat_message messages[MODEL_MESSAGES_MAX];
    size_t message_count;
    bool answered; /* the model has said something of use: what is below */
    struct model_reply reply;
    const char *sql;      /* of the reply, with what is put in; NULL */
    struct error refused; /* why something could not be put in */
    const char *declined; /* the model or its provider won't: a sentence */
    const char *model;    /* what answered, as the provider names it */
    const char **tried;   /* statements that came to nothing */
    size_t tried_count;
    bool repaired;
    bool mended; /* by code */
    struct error down;            /* why the model did not answer */
    enum chat_cause cause;        /* and of which class that is */
    struct llm_request *stand_in; /* the planner's own request, when it answers in the model's place */
};

/* ---- the planner beside the model (model_planner.c) */

/* By setting, or because the model is not known: a small one on a server of one's own, most likely. */
bool model_is_asked_briefly(const struct llm *llm, const struct llm_request *request);
/* Has the planner read the question, where the settings want that; its statements are tried. False only where
 * the run can't go on. */
TASK_WAITS bool model_ask_planner(struct decision *decision, struct error *err);

/* ---- what is shown (model_context.c) */

void model_choose_tables(struct decision *decision);
struct str model_context(const struct decision *decision);
/* The table's name as SQL needs it, and a column's. */
void model_add_name(struct strbuf *out, const char *name);
/* In one line, cut, without control characters. */
void model_add_line(struct strbuf *out, const char *text, size_t length_max);
/* 'quoted' */
void model_add_value(struct strbuf *out, const char *text, size_t length_max);
bool model_is_hidden(const struct dataset *dataset, const struct column *column);
/* May values of the column be shown to a model? */
bool model_shows_values(enum llm_sees sees, const struct dataset *dataset, const struct column *column);
/* Of those shown, by table name or id; NULL. */
const struct dataset *model_find_table(const struct decision *decision, struct str name);

/* ---- the question and what was found for it (model_question.c) */

struct str model_question(const struct decision *decision);
/* "last month": from '2026-10-01' up to, not including, '2026-11-01'; a line each. */
void model_add_periods(struct strbuf *out, const struct period *periods, size_t count);
/* Without quoted texts and numbers that are neither in the asker's own words, as whole words, nor in the names of
 * the data. In an engine's words about a failure (`engines`) a cell may be quoted that the asker only guessed. */
struct str model_without_values(const struct decision *decision, struct str text, bool engines);

/* ---- the reply (model_reply.c) */

extern const char model_reply_schema[], model_brief_schema[];
/* Tolerant: prose around, code fences, SQL alone. ERROR_MODEL with what is wrong. JSON nests: needs a normal
 * stack. */
bool model_read_reply(struct str text, struct arena *arena, struct model_reply *out,
                      struct error *err);

/* ---- what is put into the SQL (model_sql.c) */

/* metric('x'), condition('x') and join_of(a, b) become what the metadata says. ERROR_SQL_REFUSED with what
 * there is. */
bool model_complete_sql(const struct decision *decision, const char *sql, const char **out,
                        struct error *err);

/* ---- the answer's words (model_answer.c) */

TASK_WAITS bool model_write_answer(struct llm *llm, const struct llm_answer_request *request,
                                   struct error *err);

/* ---- calls (model.c) */

/* chat_complete() in most of the time that is left: what stands in for a model needs some, too. Adds to
 * *usage. */
TASK_WAITS bool model_call(struct llm *llm, struct chat_request *request, struct chat_usage *usage,
                           struct chat_reply *out, struct error *err);

/* ---- what code can mend (model_mend.c) */

/* The statement with what the engine's words speak of put right, where there is one way to do so; else NULL. */
const char *model_mend_sql(const struct decision *decision, const char *sql, const char *failure);

/* ---- bounds of periods (model_periods.c) */

/* The statement with BETWEEN and <= of the question's periods as they are meant: up to their end, and without it. */
const char *model_bound_periods(const struct decision *decision, const char *sql);

/* ---- repairs (model_repair.c) */

/* Texts in the statement that no row holds in their column, with those that do; "" when there are none. */
struct str model_missing_values(const struct decision *decision, const char *sql);

/* The statement with such texts as the one value that differs in case alone, and LIKE without wildcards, where it is a
 * part of a value, with them; NULL: there are none, or the model is shown no values. */
const char *model_mend_values(const struct decision *decision, const char *sql);
/* What of a statement's failure may be told. */
const char *model_failure_text(const struct decision *decision, const struct error *failure);
/* What to tell the model about its last reply. */
struct str model_repair_text(const struct decision *decision, const char *sql, const char *failure,
                             struct str values);

#endif
