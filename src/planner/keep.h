/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a plan keeps of its reading: the rest is ten times as much, and a run may wait long for the
 * engine.
 */
#ifndef QUERENT_PLANNER_KEEP_H
#define QUERENT_PLANNER_KEEP_H

#include "planner/plan.h"

/* A copy of the plan of which nothing lies in `scratch`; what lies elsewhere (catalog, previous query)
 * is borrowed as before. What is the same in several candidates is there once. */
struct plan_state *plan_keep(const struct plan_state *state, struct arena *scratch,
                             struct arena *arena);

#endif
