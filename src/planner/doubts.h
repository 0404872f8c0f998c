/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What speaks against a candidate in the light of the others: a word of the question that changes
 * the meaning and that it takes no notice of, or a reading by rules that shows what a word means.
 */
#ifndef QUERENT_PLANNER_DOUBTS_H
#define QUERENT_PLANNER_DOUBTS_H

#include "planner/plan.h"
#include "planner/rules/business.h"

/* Sets `unheard` of the plan's candidates; the `count` readings by rules are in the plan already. */
void plan_doubt_candidates(struct plan_state *state, const struct plan_request *request,
                           const struct business_candidate *readings, size_t count);

#endif
