/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a question counts or asks the number of ("how many unicorns ..."), when nothing in the data
 * goes by that name: no dataset, column, metric, filter or stored value, and none is near it in
 * meaning. To count something else instead would be an invention.
 */
#ifndef QUERENT_PLANNER_RULES_UNKNOWN_SUBJECT_H
#define QUERENT_PLANNER_RULES_UNKNOWN_SUBJECT_H

#include "core/arena.h"
#include "planner/planner.h"

/* The word as asked, in the arena, or NULL when there is no such subject or it is known. */
const char *unknown_subject(const struct plan_request *request, struct arena *arena);

/* Whether something is counted, and something ranked: where not, the next two have nothing to say. */
void subjects_asked_for(struct str question, struct arena *arena, bool *counted, bool *ranked);

/* Does the query count rows of other tables than the one that is asked for by its name: members,
 * where the question is how many loans a member has? */
bool counts_another_table(const struct plan_request *request, const struct query *query,
                          struct arena *arena);

/* Is a table's thing asked for as the top or best, and does the query show something else of it:
 * countries, where the question is for the top customers? */
bool ranks_something_else(const struct plan_request *request, const struct query *query,
                          struct arena *arena);

#endif
