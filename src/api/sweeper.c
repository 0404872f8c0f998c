/* SPDX-License-Identifier: Apache-2.0 */
#include "api/sweeper.h"

#include <stdlib.h>

#include "agent/retention.h"
#include "core/alloc.h"
#include "core/log.h"

struct sweeper {
    struct store *store;
    struct task *task;
    struct task_event ended;
};

TASK_WAITS static void sweep(struct sweeper *sweeper)
{
    struct store_sweep swept;
    struct error err = {0};
    bool ok = retention_sweep(sweeper->store, &swept, &err);
    if (swept.conversations > 0)
        log_info("removed %lld conversations with %lld messages for good",
                 (long long)swept.conversations, (long long)swept.messages);
    if (!ok && err.code != ERROR_CANCELLED)
        log_warn("removing old conversations: %s", err.message);
}

static void sweep_until_cancelled(void *arg)
{
    struct sweeper *sweeper = arg;
    do
        sweep(sweeper);
    while (task_sleep(SWEEPER_INTERVAL_MS, NULL));
    task_event_signal(&sweeper->ended);
}

struct sweeper *sweeper_start(struct loop *loop, struct store *store, struct error *err)
{
    static const struct task_options options = {.name = "sweeper"};
    struct sweeper *sweeper = xcalloc(1, sizeof(*sweeper));
    sweeper->store = store;
    sweeper->task = task_start(loop, &options, sweep_until_cancelled, sweeper, err);
    if (sweeper->task) {
        task_ref(sweeper->task);
        return sweeper;
    }
    free(sweeper);
    return NULL;
}

TASK_WAITS void sweeper_stop(struct sweeper *sweeper)
{
    if (!sweeper)
        return;
    task_cancel(sweeper->task);
    task_event_wait_always(&sweeper->ended);
    task_unref(sweeper->task);
    free(sweeper);
}
