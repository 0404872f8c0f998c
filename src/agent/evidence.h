/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Evidence: what a claim in the prose of a language model must agree with. It is stricter than
 * agent/grounding.h, which proves our own templates: nothing that somebody else wrote makes a number
 * true. A number of the question counts only where the statement has it too; numbers within a name only
 * where the whole name stands there.
 */
#ifndef QUERENT_AGENT_EVIDENCE_H
#define QUERENT_AGENT_EVIDENCE_H

#include "agent/claim.h"
#include "core/arena.h"
#include "engine/rows.h"
#include "planner/read/period.h"

enum fact_kind {
    FACT_AMOUNT,  /* totals, differences, counts */
    FACT_PERCENT, /* shares */
    FACT_CHANGE,  /* in percent, with its sign */
    FACT_RATIO,   /* how many times as much */
    FACT_GROWTH   /* the same, of one thing over time */
};

struct fact {
    enum fact_kind kind;
    double value;
};

struct evidence_input {
    const struct rows *rows; /* those that the model was shown; may be NULL */
    const struct fact *facts;
    size_t fact_count;
    const char *question, *sql; /* may be NULL */
    const struct period *periods;
    size_t period_count;
    const char *const *texts; /* made by code: their numbers count as they are; NULLs are allowed */
    size_t text_count;
    const char *const *names; /* of the metadata: titles, columns; NULLs are allowed */
    size_t name_count;
};

struct evidence;

/* The input's texts must live as long. */
struct evidence *evidence_new(const struct evidence_input *input, struct arena *arena);

/* Whether something holds the claim; then *end is where the words end that it holds. `prose` has what
 * stands around it: the sentence says whether something fell or rose. */
bool evidence_holds(const struct evidence *evidence, struct str prose, const struct claim *claim,
                    size_t *end);

/* The first claim that nothing holds, as written; empty when all are held. */
struct str evidence_find_unheld(const struct evidence *evidence, struct str prose);

#endif
