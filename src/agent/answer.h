/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers: from rows to prose, by template, in the asker's words where possible.
 *
 * Every number written comes from a cell or from a computed fact (agent/facts.h), and
 * grounding_find_unsupported() proves that before the answer leaves. What a language model may say
 * instead passes a gate of its own (agent/answer_gate.h), and the parts made here go with it.
 */
#ifndef QUERENT_AGENT_ANSWER_H
#define QUERENT_AGENT_ANSWER_H

#include "agent/evidence.h"
#include "core/arena.h"
#include "engine/rows.h"
#include "llm/llm.h"
#include "retrieval/retrieval.h"

struct ties;

struct answer_input {
    const char *question;
    const struct llm_proposal *proposal; /* query tree, reading, periods, assumptions, dataset */
    const struct rows *rows; /* NULL unless the proposal's outcome is LLM_QUERY */
    const struct ties *ties; /* NULL: nobody looked */
    struct period_calendar calendar;
    const struct retrieval_result *retrieved; /* to name what could be asked instead */
    bool by_model;  /* the statement is a language model's */
    bool for_model; /* the parts are wanted from which a language model's answer is made */
};

/* An answer from rows in parts, for one that a language model writes. */
struct answer_parts {
    bool empty;          /* no rows, or nothing in them: nothing for a model to say */
    const char *main;    /* what the rows say, by template */
    const char *remarks; /* what is always said by code: ties, gaps, periods, assumptions, a cut; "" */
    const struct fact *facts; /* numbers that may be said, beside those of the rows */
    size_t fact_count;
    const char *fact_lines; /* the same for a model to read */
    struct rows shown;      /* the rows that a model is shown */
};

struct answer {
    const char *prose;
    const char *chart; /* a Vega-Lite 5 specification with the data inline; NULL: no picture fits */
    const char *const *suggestions; /* follow-up questions that work when asked next; at most 3 */
    size_t suggestion_count;
    struct answer_parts parts; /* where the input is for a model, and has rows */
};

/* Never fails: the plainest answer is the number of rows. */
void answer_write(const struct answer_input *input, struct arena *arena, struct answer *out);

#endif
