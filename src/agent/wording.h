/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The answer as a language model words it: told as it is written (EVENT_ANSWER_DELTA), through the gate
 * (agent/answer_gate.h), with what code always says behind it. When the model fails, or too much of what it
 * says is wrong, our own template takes over.
 */
#ifndef QUERENT_AGENT_WORDING_H
#define QUERENT_AGENT_WORDING_H

#include "agent/answer.h"
#include "agent/run.h"

/* Whether a model is to word the answer of this run: there is one, it may see the rows, and there is
 * something to say that nobody has verified. */
TASK_WAITS bool wording_wanted(struct run *run);

struct wording {
    const char *prose;   /* NULL: the template's is to be told */
    unsigned wrong;      /* sentences that were put right or left out */
    const char *failure; /* why the template has taken over; NULL */
    bool broke;          /* because a call failed, which the next one may not */
};

/* Fills *out. False only when the run must end (cancelled, late). `whole`: what the template says, with all
 * that code says behind it. */
TASK_WAITS bool wording_write(struct run *run, const struct answer_parts *parts, const char *whole,
                                   struct wording *out, struct error *err);

/* Makes plain what a model has said of its statement, or in place of one: reading, assumptions, sentence,
 * options. What has numbers that are not both in the question and in the statement goes. */
void wording_clean(struct run *run);
/* What is wrong with a statement, without the numbers of one that a model has written: names and literals of it
 * are in what the firewall and the engine say. */
const char *wording_failure(const struct run *run, const struct error *err);
/* Why the dataset was chosen, made plain where a model has written it, or replaced where that has numbers that
 * are not in the question; NULL stays. */
const char *wording_reason(const struct run *run, const char *text);

#endif
