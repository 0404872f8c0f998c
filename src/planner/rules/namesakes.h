/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two customers may have one name: rows that a join calls by a name are told apart by the key of
 * what has the name. Readings speak of names alone; the key comes last, and is shown beside the name.
 */
#ifndef QUERENT_PLANNER_RULES_NAMESAKES_H
#define QUERENT_PLANNER_RULES_NAMESAKES_H

#include "planner/query.h"

/* Is it what the dataset's rows are called by, "customer_name" of customers, "title" of books? A
 * "line_name" of stations is what they are sorted into. */
bool column_calls_rows(const struct column *column, const struct dataset *dataset);

/* With the key beside each joined name that several have; the query itself where there is none. */
const struct query *namesakes_tell_apart(const struct query *query, struct arena *arena);
/* The same without such keys, as readings and follow-ups know it. */
const struct query *namesakes_by_name(const struct query *query, struct arena *arena);

#endif
