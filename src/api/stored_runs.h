/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs as the store has them, with all their events: those that it keeps, and those that follow
 * from the run's row. The end is the run's result; an answer that was cached kept no events, they
 * are the steps of its result.
 */
#ifndef QUERENT_API_STORED_RUNS_H
#define QUERENT_API_STORED_RUNS_H

#include "store/store.h"

/* The number of the last event of a run that was cut: how many came before it, nobody knows. */
#define CUT_EVENT_NUMBER STORE_EVENTS_MAX

struct loaded_run {
    struct stored_run run;
    struct stored_event *events; /* {"event": ..., "data": ...}; the end is the last */
    size_t count;
    const char *error; /* what `error` tells: JSON; NULL unless it failed, was cancelled or cut */
};

/* The run and its events after that number. ERROR_NOT_FOUND. All in the arena. */
TASK_WAITS bool stored_run_load(struct store *store, const char *id, int64_t after,
                                struct arena *arena, struct loaded_run *out, struct error *err);

#endif
