/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The learned readings of a question: for each dataset that it may be about, the words are linked,
 * candidates are found and scored by the weights (tools/planner); those of all datasets are ranked
 * together.
 */
#ifndef QUERENT_PLANNER_LEARNED_H
#define QUERENT_PLANNER_LEARNED_H

#include "planner/plan.h"

/* Adds the best PLAN_LEARNED_MAX to the plan, with what the words of the question are found in.
 * `heard` gets which of the words are in the data. Everything lies in the state's arena. */
void learned_readings_add(struct plan_state *state, const struct plan_request *request,
                          struct missing_value_words *heard);

#endif
