/* SPDX-License-Identifier: Apache-2.0 */
#include "api/run_keeper.h"

#include <stdlib.h>

#include "api/stored_runs.h"
#include "core/alloc.h"
#include "core/clock.h"
#include "core/log.h"

#define MOMENT_MS 250  /* a run that lasts longer can be seen by others */
#define RUNS_A_TURN 64 /* of each kind */
#define CANCEL_TURNS 2 /* looks for requests to cancel every so many turns */

struct run_keeper {
    struct live_runs *runs;
    struct store *store;
    struct loop *loop;
    struct task *task;
    struct task_event ended;
    unsigned turn;
    bool failing; /* said once, until it works again */
};

static void note(struct run_keeper *keeper, bool ok, const char *what, const struct error *err)
{
    if (!ok && !keeper->failing && err->code != ERROR_CANCELLED)
        log_warn("%s: %s", what, err->message);
    keeper->failing = !ok;
}

TASK_WAITS static void save_events(struct run_keeper *keeper, struct live_run *run)
{
    struct arena *arena = arena_new();
    struct stored_event *events;
    struct error err = {0};
    size_t count = live_run_unsaved(run, arena, &events);
    bool ok = store_run_events_add(keeper->store, live_run_id(run), events, count, &err);
    if (ok && count > 0)
        live_run_saved(run, (uint64_t)events[count - 1].sequence);
    note(keeper, ok, "saving the events of a question", &err);
    arena_free(arena);
}

/* The end comes last: whoever reads on finds the run ended then. */
static void add_loaded(struct live_run *run, struct loop *here, const struct loaded_run *loaded)
{
    bool ended = loaded->run.state != RUN_ACTIVE;
    for (size_t i = 0; i < loaded->count; i++)
        live_run_add_stored(run, here, (uint64_t)loaded->events[i].sequence, loaded->events[i].json,
                            ended && i + 1 == loaded->count);
}

TASK_WAITS static void follow(struct run_keeper *keeper, struct live_run *run)
{
    struct arena *arena = arena_new();
    struct loaded_run loaded;
    struct error err = {0};
    bool ok = stored_run_load(keeper->store, live_run_id(run), (int64_t)live_run_last(run), arena,
                              &loaded, &err);
    if (ok) {
        add_loaded(run, keeper->loop, &loaded);
    } else if (err.code == ERROR_NOT_FOUND) { /* its conversation was deleted */
        live_run_add_stored(run, keeper->loop, live_run_last(run) + 1,
                            "{\"event\":\"error\",\"data\":{\"error\":\"the question was deleted\","
                            "\"code\":\"not_found\"}}",
                            true);
        ok = true;
    }
    note(keeper, ok, "following a question of another process", &err);
    arena_free(arena);
}

TASK_WAITS static void for_each(struct run_keeper *keeper, enum live_kind kind,
                                TASK_WAITS void (*work)(struct run_keeper *, struct live_run *))
{
    struct live_run *runs[RUNS_A_TURN];
    size_t count = live_runs_list(keeper->runs, kind, MOMENT_MS, runs, RUNS_A_TURN);
    for (size_t i = 0; i < count; i++) {
        work(keeper, runs[i]);
        live_run_unref(runs[i]);
    }
}

/* Those that were asked for at another process; of a quick run nobody can. */
TASK_WAITS static void cancel_asked(struct run_keeper *keeper)
{
    struct live_run *one;
    if (live_runs_list(keeper->runs, LIVE_LONG, MOMENT_MS, &one, 1) == 0)
        return;
    live_run_unref(one);
    struct arena *arena = arena_new();
    const char *const *ids;
    size_t count = 0;
    struct error err = {0};
    bool ok = store_runs_to_cancel(keeper->store, arena, &ids, &count, &err);
    for (size_t i = 0; i < count; i++) {
        struct live_run *run = live_runs_find(keeper->runs, ids[i]);
        if (run) {
            (void)live_run_cancel(run);
            live_run_unref(run);
        }
    }
    note(keeper, ok, "looking for questions to cancel", &err);
    arena_free(arena);
}

static void keep_until_cancelled(void *arg)
{
    struct run_keeper *keeper = arg;
    while (task_sleep(KEEP_INTERVAL_MS, NULL)) {
        for_each(keeper, LIVE_UNSAVED, save_events);
        for_each(keeper, LIVE_DISTANT, follow);
        if (++keeper->turn % CANCEL_TURNS == 0)
            cancel_asked(keeper);
        live_runs_expire(keeper->runs);
    }
    task_event_signal(&keeper->ended);
}

struct run_keeper *run_keeper_start(struct loop *loop, struct store *store, struct live_runs *runs,
                                    struct error *err)
{
    static const struct task_options options = {.name = "run keeper"};
    struct run_keeper *keeper = xcalloc(1, sizeof(*keeper));
    keeper->runs = runs;
    keeper->store = store;
    keeper->loop = loop;
    keeper->task = task_start(loop, &options, keep_until_cancelled, keeper, err);
    if (keeper->task) {
        task_ref(keeper->task);
        return keeper;
    }
    free(keeper);
    return NULL;
}

TASK_WAITS void run_keeper_stop(struct run_keeper *keeper)
{
    if (!keeper)
        return;
    task_cancel(keeper->task);
    task_event_wait_always(&keeper->ended);
    task_unref(keeper->task);
    free(keeper);
}

/* How long ago it ended; clocks of two machines may differ. */
static uint64_t age_of(const struct stored_run *run)
{
    int64_t ended_ms, now_ms = clock_now_ms();
    if (!run->ended_at || !clock_parse(run->ended_at, &ended_ms) || ended_ms > now_ms)
        return 0;
    return (uint64_t)(now_ms - ended_ms);
}

TASK_WAITS struct live_run *run_keeper_recall(struct live_runs *runs, struct store *store,
                                              struct loop *here, const char *id, bool *gone,
                                              struct error *err)
{
    struct arena *arena = arena_new();
    struct loaded_run loaded;
    struct live_run *run = NULL;
    *gone = false;
    if (stored_run_load(store, id, 0, arena, &loaded, err)) {
        uint64_t age_ms = age_of(&loaded.run);
        bool is_new;
        *gone = loaded.run.state != RUN_ACTIVE && age_ms >= live_runs_limits(runs)->keep_ms;
        if (*gone)
            (void)error_set(err, ERROR_NOT_FOUND,
                            "the events of question '%s' are gone: it ended at %s", loaded.run.id,
                            loaded.run.ended_at);
        else
            run = live_runs_recall(runs, loaded.run.id, loaded.run.state == RUN_ACTIVE, age_ms,
                                   &is_new, err);
        if (run && is_new)
            add_loaded(run, here, &loaded);
    }
    arena_free(arena);
    return run;
}
