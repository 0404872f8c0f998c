/* SPDX-License-Identifier: Apache-2.0 */
#include "api/cut_runs.h"

#include <stdlib.h>

#include "core/alloc.h"
#include "core/log.h"

struct cut_runs {
    struct store *store;
    struct task *task;
    struct task_event ended;
    bool failing; /* said once, until it works again */
};

TASK_WAITS static void mark(struct cut_runs *cut_runs)
{
    struct arena *arena = arena_new();
    struct stored_run *runs;
    size_t count;
    struct error err = {0};
    bool ok = store_mark_cut_runs(cut_runs->store, arena, &runs, &count, &err);
    for (size_t i = 0; ok && i < count; i++)
        log_warn("run '%s' of %s was interrupted and has no answer", runs[i].id,
                 runs[i].started_at);
    if (!ok && !cut_runs->failing && err.code != ERROR_CANCELLED)
        log_warn("looking for interrupted questions: %s", err.message);
    cut_runs->failing = !ok;
    arena_free(arena);
}

static void mark_until_cancelled(void *arg)
{
    struct cut_runs *cut_runs = arg;
    while (task_sleep(CUT_RUNS_INTERVAL_MS, NULL))
        mark(cut_runs);
    task_event_signal(&cut_runs->ended);
}

struct cut_runs *cut_runs_start(struct loop *loop, struct store *store, struct error *err)
{
    static const struct task_options options = {.name = "cut runs"};
    struct cut_runs *cut_runs = xcalloc(1, sizeof(*cut_runs));
    cut_runs->store = store;
    cut_runs->task = task_start(loop, &options, mark_until_cancelled, cut_runs, err);
    if (cut_runs->task) {
        task_ref(cut_runs->task);
        return cut_runs;
    }
    free(cut_runs);
    return NULL;
}

TASK_WAITS void cut_runs_stop(struct cut_runs *cut_runs)
{
    if (!cut_runs)
        return;
    task_cancel(cut_runs->task);
    task_event_wait_always(&cut_runs->ended);
    task_unref(cut_runs->task);
    free(cut_runs);
}
