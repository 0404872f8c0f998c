/* SPDX-License-Identifier: Apache-2.0 */
/* Gaps: the months (days, weeks, ...) of a series that have no rows, which GROUP BY passes over. */
#ifndef QUERENT_AGENT_GAPS_H
#define QUERENT_AGENT_GAPS_H

#include "agent/facts.h"
#include "core/clock.h"
#include "planner/read/period.h"

#define GAPS_NAMED_MAX 4

struct gaps {
    struct date named[GAPS_NAMED_MAX]; /* the first ones */
    size_t count;
    size_t of; /* how many there are in all, with those that have rows */
};

/* Those between the first and the last of the series; and, where a period was asked for (may be
 * NULL), those of its ends too, as far as today. None when the series shows only some of its rows,
 * or is no series by dates. */
void gaps_find(const struct facts *facts, const struct rows *rows, const struct period *asked,
               const char *today, struct gaps *out);

#endif
