/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers: from rows to prose, by template, in the asker's words where possible.
 *
 * Every number written comes from a cell or from a computed fact (agent/facts.h), and
 * grounding_check() proves that before the answer leaves.
 */
#ifndef QUERENT_AGENT_ANSWER_H
#define QUERENT_AGENT_ANSWER_H

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
};

struct answer {
    const char *prose;
    const char *chart; /* a Vega-Lite 5 specification with the data inline; NULL: no picture fits */
    const char *const *suggestions; /* follow-up questions that work when asked next; at most 3 */
    size_t suggestion_count;
};

/* Never fails: the plainest answer is the number of rows. */
void answer_write(const struct answer_input *input, struct arena *arena, struct answer *out);

#endif
