/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between the live runs and the store, a few times a second:
 *
 *  - events of a run that lasts longer than a moment go to the store, where other processes find
 * them; a quick run writes all of its events once, when it ends;
 *  - runs of other processes that somebody here reads are read from the store, each once for all of
 * its readers;
 *  - runs that another process was asked to cancel are cancelled.
 */
#ifndef QUERENT_API_RUN_KEEPER_H
#define QUERENT_API_RUN_KEEPER_H

#include "api/live_runs.h"

#define KEEP_INTERVAL_MS 250

struct run_keeper;

/* Starts a task on the loop; NULL with an error when there is no memory for it. */
struct run_keeper *run_keeper_start(struct loop *loop, struct store *store, struct live_runs *runs,
                                    struct error *err);
/* Returns when the task has ended. NULL is allowed. */
TASK_WAITS void run_keeper_stop(struct run_keeper *keeper);

/* A run that is not among the live ones, read from the store to be one of them. With a reference.
 * NULL with an error; *gone: it has ended too long ago. */
TASK_WAITS struct live_run *run_keeper_recall(struct live_runs *runs, struct store *store,
                                              struct loop *here, const char *id, bool *gone,
                                              struct error *err);

#endif
