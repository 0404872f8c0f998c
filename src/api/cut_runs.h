/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Questions that got no end: another process on the same store died with them, or the disk was full
 * when the outcome should have been saved. While the server runs it marks them every few seconds,
 * so that their conversations say so without waiting for the next start.
 */
#ifndef QUERENT_API_CUT_RUNS_H
#define QUERENT_API_CUT_RUNS_H

#include "store/store.h"
#include "task/task.h"

#define CUT_RUNS_INTERVAL_MS 5000

struct cut_runs;

/* Starts a task on the loop that looks now and then; NULL with an error when there is no memory for
 * it. The store must stay open until cut_runs_stop(). */
struct cut_runs *cut_runs_start(struct loop *loop, struct store *store, struct error *err);
/* Returns when the task has ended. NULL is allowed. */
TASK_WAITS void cut_runs_stop(struct cut_runs *cut_runs);

#endif
