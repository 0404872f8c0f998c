/* SPDX-License-Identifier: Apache-2.0 */
/* What the columns of a result are called: "total_revenue", "order_month". The same query always
 * gives the same labels. */
#ifndef QUERENT_PLANNER_PRINT_LABEL_H
#define QUERENT_PLANNER_PRINT_LABEL_H

#include "core/arena.h"
#include "planner/query.h"

/* One label per selected expression, distinct without regard to case; NULL for the star. A column
 * of a joined table whose name is taken gets its table's name in front. */
char **query_labels(const struct query *query, struct arena *arena);

#endif
