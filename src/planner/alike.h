/* SPDX-License-Identifier: Apache-2.0 */
/* What is known of a candidate's rows without executing it, for decide.c and settle.c. */
#ifndef QUERENT_PLANNER_ALIKE_H
#define QUERENT_PLANNER_ALIKE_H

#include "planner/plan.h"

/* Do both give the same rows, in whatever order? Only where nothing is cut off. True for i == k. */
bool plan_differ_in_order_only(struct plan_state *state, size_t i, size_t k);

/* Whether candidate `i` could give the rows that `seen` gave: as many columns, and not more rows than
 * it can have. */
bool plan_may_agree(const struct plan_state *state, size_t i, size_t seen);

#endif
