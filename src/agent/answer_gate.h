/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The gate between a language model that writes an answer and whoever reads it. Words pass at once; from
 * the first sign of a number on they wait until what the number says is known to be held
 * (agent/evidence.h). A sentence with a number that nothing holds is not told: the first is put right,
 * in the words of our own template, others are left out.
 */
#ifndef QUERENT_AGENT_ANSWER_GATE_H
#define QUERENT_AGENT_ANSWER_GATE_H

#include "agent/evidence.h"
#include "agent/prose_filter.h"

#define ANSWER_PROSE_MAX 4000 /* bytes that a model may say */

struct answer_gate {
    const struct evidence *evidence;
    const char *correction; /* sentences in place of the first that is wrong; NULL: none */
    /* What may be read now: more of it, or all so far, which takes the place of what was told before. */
    void (*tell)(void *context, struct str text, bool replaces);
    void *context;

    struct prose_filter filter;
    struct strbuf text;
    size_t told;    /* bytes of the text */
    size_t checked; /* claims up to here are held */
    unsigned wrong; /* sentences that were not told */
    const char *first_wrong; /* what was not held in the first of them; for the log; NULL */
    char wrong_text[64];
    bool full; /* no more is wanted */
};

/* The caller sets the first four members before. */
void answer_gate_open(struct answer_gate *gate, const struct rows *rows);
/* False when the answer is long enough: what comes is not wanted any more. */
bool answer_gate_add(struct answer_gate *gate, struct str piece);
/* The model has ended; `whole`: and said all, else the last sentence, which was cut, goes. */
void answer_gate_end(struct answer_gate *gate, bool whole);
/* What was told, as a whole. */
struct str answer_gate_text(const struct answer_gate *gate);
void answer_gate_close(struct answer_gate *gate);

#endif
