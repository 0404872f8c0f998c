/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Follow-ups: a question that only makes sense after the one before ("and by region?", "only
 * 2024", "what about the South?", "average instead", "top 3", "why?") becomes an edit of that
 * one's query.
 *
 * The previous tree is taken apart (what is measured, groups, filters, period, comparison, order),
 * the parts that the question speaks of are replaced or added to, and a new tree is put together.
 */
#ifndef QUERENT_PLANNER_RULES_FOLLOW_UP_H
#define QUERENT_PLANNER_RULES_FOLLOW_UP_H

#include "planner/rules/business.h"

#define FOLLOW_UPS_MAX 4

/* How clearly the words lean on an earlier question, 0..1: 1 for "and by region?", 0 for a full
 * question. */
double follow_up_lean(struct str question);

/* Edits of request->previous, best first; *count is 0 when the question changes nothing in it, or
 * there is none. `out` has room for FOLLOW_UPS_MAX. */
void follow_up_candidates(const struct plan_request *request, struct arena *arena,
                          struct business_candidate *out, size_t *count);

#endif
