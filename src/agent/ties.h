/* SPDX-License-Identifier: Apache-2.0 */
/* Ties: rows that a "top N" leaves out though they are as good as the last one that it shows. */
#ifndef QUERENT_AGENT_TIES_H
#define QUERENT_AGENT_TIES_H

#include "agent/run.h"

#define TIES_NAMED_MAX 3
#define TIES_COUNTED_MAX 20 /* then there are at least as many */

struct ties {
    const char *named[TIES_NAMED_MAX]; /* what the first of them are called; fewer where nameless */
    size_t named_count;
    size_t count;
};

/*
 * Asks the engine once more where rows ended at the query's limit, with a longer one. Nothing is
 * found for a query that ranks nothing, and nothing is said of a failure: the answer stands
 * without.
 */
TASK_WAITS void ties_find(struct run *run, struct ties *out);

#endif
