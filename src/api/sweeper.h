/* SPDX-License-Identifier: Apache-2.0 */
/*
 * While the server runs it removes what is no longer to be kept (agent/retention.h): at its start
 * and every hour.
 */
#ifndef QUERENT_API_SWEEPER_H
#define QUERENT_API_SWEEPER_H

#include "store/store.h"
#include "task/task.h"

#define SWEEPER_INTERVAL_MS (3600 * 1000)

struct sweeper;

/* Starts a task on the loop; NULL with an error when there is no memory for it. The store must stay
 * open until sweeper_stop(). */
struct sweeper *sweeper_start(struct loop *loop, struct store *store, struct error *err);
/* Returns when the task has ended, which may be in the midst of a sweep. NULL is allowed. */
TASK_WAITS void sweeper_stop(struct sweeper *sweeper);

#endif
