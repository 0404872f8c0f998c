/* SPDX-License-Identifier: Apache-2.0 */
#include "api/indexer.h"

#include <pthread.h>
#include <stdlib.h>

#include "agent/index_report.h"
#include "agent/verified_admin.h"
#include "core/alloc.h"
#include "core/clock.h"
#include "core/json.h"
#include "core/log.h"

#define LOCK_TRY_MS 100
#define PROGRESS_MS 500
#define SWEEP_MS 5000 /* jobs of processes that died are looked for */
#define SAVE_TIME_MAX_MS 10000

static const char *const trigger_names[INDEX_TRIGGERS] = {
    [INDEX_CHANGE] = "change", [INDEX_TIMER] = "timer", [INDEX_SIGNAL] = "signal"};

/* A job that somebody asked for, until the task takes it; or one that has ended, without its wish. */
struct asked {
    struct arena *arena; /* holds all of it */
    struct job job;
    struct index_wish wish;
};

struct indexer {
    struct agent *agent;
    uint64_t every_ms, due_ms; /* the timer; 0: none */
    struct task *task;
    struct task_event wake, ended;
    bool stopping;
    bool failing; /* looking for jobs of the dead: said once, until it works again */
    struct asked *unsaved; /* ended, and the store could not be told; while it is so there is no other job */
    pthread_mutex_t mutex; /* guards what follows, which other threads set */
    struct asked *asked;
    bool woken[INDEX_TRIGGERS];
};

/* ---- what is asked for, from any thread ---- */

static void signal_task(void *arg)
{
    struct indexer *indexer = arg;
    task_event_signal(&indexer->wake);
}

void indexer_wake(struct indexer *indexer, enum index_trigger trigger)
{
    pthread_mutex_lock(&indexer->mutex);
    indexer->woken[trigger] = true;
    pthread_mutex_unlock(&indexer->mutex);
    loop_post(indexer->agent->loop, signal_task, indexer);
}

static void asked_free(struct asked *asked)
{
    if (asked)
        arena_free(asked->arena);
}

static const char *copy_text(struct arena *arena, const char *text)
{
    return text ? arena_strdup(arena, text) : NULL;
}

static struct asked *ended_new(const struct job *job)
{
    struct arena *arena = arena_new();
    struct asked *asked = arena_alloc(arena, sizeof(*asked));
    *asked = (struct asked){
        .arena = arena,
        .job = {.id = arena_strdup(arena, job->id),
                .state = arena_strdup(arena, job->state),
                .done = job->done,
                .total = job->total,
                .detail = copy_text(arena, job->detail),
                .error = copy_text(arena, job->error)},
    };
    return asked;
}

static struct asked *asked_new(const struct job *job, const struct index_wish *wish)
{
    struct arena *arena = arena_new();
    struct asked *asked = arena_alloc(arena, sizeof(*asked));
    const char **ids = arena_array(arena, wish->dataset_count, sizeof(*ids));
    for (size_t i = 0; i < wish->dataset_count; i++)
        ids[i] = arena_strdup(arena, wish->datasets[i]);
    *asked = (struct asked){
        .arena = arena,
        .job = {.id = arena_strdup(arena, job->id), .state = "queued"},
        .wish = {wish->datasets ? ids : NULL, wish->dataset_count, wish->force},
    };
    return asked;
}

/* {"datasets":[...],"force":true}; NULL for everything. */
static const char *wish_json(const struct index_wish *wish, struct arena *arena)
{
    if (!wish->datasets && !wish->force)
        return NULL;
    struct strbuf json = strbuf_init(STORE_TEXT_SIZE_MAX);
    strbuf_add(&json, "{\"datasets\":");
    strbuf_add(&json, wish->datasets ? "[" : "null");
    for (size_t i = 0; i < wish->dataset_count; i++) {
        json_add_separator(&json);
        json_add_text(&json, wish->datasets[i]);
    }
    strbuf_add(&json, wish->datasets ? "]" : "");
    strbuf_printf(&json, ",\"force\":%s}", wish->force ? "true" : "false");
    const char *copy = arena_strdup(arena, strbuf_text(&json));
    strbuf_clear(&json);
    return copy;
}

TASK_WAITS bool indexer_ask(struct indexer *indexer, const struct index_wish *wish,
                            const struct audit_act *act, struct arena *arena, struct job *out,
                            struct error *err)
{
    const struct job_begin begin = {.kind = INDEX_JOB,
                                    .trigger = "request",
                                    .request = wish_json(wish, arena),
                                    .act = act};
    bool joined;
    if (!store_job_begin(indexer->agent->store, &begin, arena, out, &joined, err))
        return false;
    if (joined) {
        /* Another process's job changes what that one knows; this one looks once it has ended. */
        indexer_wake(indexer, INDEX_CHANGE);
        return true;
    }
    /* There is no other: the store has one job of a kind that is queued or running. */
    pthread_mutex_lock(&indexer->mutex);
    indexer->asked = asked_new(out, wish);
    pthread_mutex_unlock(&indexer->mutex);
    loop_post(indexer->agent->loop, signal_task, indexer);
    return true;
}

/* ---- one reading ---- */

/* A reading that others follow. */
struct progress {
    struct store *store;
    struct job *job;
    struct task *task;
    struct task_event ended;
};

static void note_progress(void *context, size_t done, size_t total, const char *name)
{
    struct progress *progress = context;
    progress->job->done = (int64_t)done;
    progress->job->total = (int64_t)total;
}

static void save_progress(void *arg)
{
    struct progress *progress = arg;
    int64_t saved = 0;
    while (task_sleep(PROGRESS_MS, NULL)) {
        if (progress->job->done == saved)
            continue;
        struct error ignored;
        saved = progress->job->done;
        (void)store_job_update(progress->store, progress->job, &ignored);
    }
    task_event_signal(&progress->ended);
}

static void progress_start(struct progress *progress, struct loop *loop)
{
    struct error ignored;
    progress->task = task_start(loop, &(struct task_options){.name = "index progress"},
                                save_progress, progress, &ignored);
    if (progress->task)
        task_ref(progress->task);
}

TASK_WAITS static void progress_stop(struct progress *progress)
{
    if (!progress->task)
        return;
    task_cancel(progress->task);
    task_event_wait_always(&progress->ended);
    task_unref(progress->task);
}

TASK_WAITS static bool lock(struct indexer *indexer, struct error *err)
{
    bool locked = false;
    while (store_index_lock(indexer->agent->store, &locked, err))
        if (locked || !task_sleep(LOCK_TRY_MS, err))
            return locked;
    return false;
}

struct report_work {
    const struct knowledge *before, *after;
    struct arena *arena;
    struct index_report report;
    const char *json;
};

/* May be long: on a thread. */
static void make_report(void *arg)
{
    struct report_work *work = arg;
    struct strbuf json = strbuf_init(STORE_TEXT_SIZE_MAX);
    work->report = index_report_make(work->before, work->after, work->arena);
    index_report_json(&work->report, &json);
    work->json = strbuf_ok(&json) ? arena_strdup(work->arena, strbuf_text(&json)) : NULL;
    strbuf_clear(&json);
}

/* With the lock held. The report's texts live in the arena. */
TASK_WAITS static bool read_again(struct indexer *indexer, const struct refresh_request *request,
                                  struct arena *arena, struct report_work *out, struct error *err)
{
    struct knowledge *before, *after;
    int64_t removed;
    /* Questions' embeddings of earlier times go as well: the server's model may be another one now. */
    if (request->anew &&
        !cache_clear(indexer->agent->cache, CACHE_EMBEDDING, NULL, false, &removed, err))
        return false;
    if (!agent_refresh_as(indexer->agent, request, &before, &after, err))
        return false;
    *out = (struct report_work){.before = before, .after = after, .arena = arena};
    bool told = task_offload(make_report, out, err);
    knowledge_unref(before);
    knowledge_unref(after);
    return told;
}

/* What is verified and does not work on the data of now is parked, before somebody asks it. */
TASK_WAITS static void check_verified(struct indexer *indexer, const struct report_work *work, bool ok)
{
    struct error err = {0};
    if (!ok || work->report.counts[INDEX_CHANGED] == 0)
        return;
    if (!verified_admin_check_changed(indexer->agent, &err) && err.code != ERROR_CANCELLED)
        log_warn("verified queries are checked before they answer, and not now: %s", err.message);
}

/* ---- jobs ---- */

static void finish_job(struct job *job, const struct report_work *work, bool ok,
                       const struct error *err)
{
    job->state = ok ? "done" : "failed";
    if (!ok) {
        job->error = err->code == ERROR_CANCELLED ? "stopped: the server was asked to stop"
                                                  : err->message;
        return;
    }
    job->done = job->total = (int64_t)work->report.count;
    job->detail = work->json;
}

/* Of a job that has ended. It is kept when that fails (a full disk): whoever asks for another joins
 * it as long as the store believes that it goes on. */
TASK_WAITS static void save_job(struct indexer *indexer, const struct job *job)
{
    struct error err = {0};
    if (store_job_update(indexer->agent->store, job, &err))
        return;
    log_error("job '%s' can't be saved: %s", job->id, err.message);
    asked_free(indexer->unsaved);
    indexer->unsaved = ended_new(job);
}

TASK_WAITS static void save_again(struct indexer *indexer)
{
    struct error err = {0};
    if (!indexer->unsaved || (!store_job_update(indexer->agent->store, &indexer->unsaved->job, &err) &&
                              err.code != ERROR_CONFLICT && err.code != ERROR_NOT_FOUND))
        return;
    asked_free(indexer->unsaved);
    indexer->unsaved = NULL;
}

TASK_WAITS static void run_job(struct indexer *indexer, struct asked *asked)
{
    struct job *job = &asked->job;
    struct progress progress = {.store = indexer->agent->store, .job = job};
    const struct refresh_request request = {
        .only = asked->wish.datasets,
        .only_count = asked->wish.dataset_count,
        .anew = asked->wish.force,
        .progress = note_progress,
        .progress_context = &progress,
    };
    struct report_work work = {0};
    struct error err = {0};
    bool locked = lock(indexer, &err), ok = locked;
    job->state = "running";
    if (ok)
        ok = store_job_update(indexer->agent->store, job, &err);
    if (ok) {
        progress_start(&progress, indexer->agent->loop);
        ok = read_again(indexer, &request, asked->arena, &work, &err);
        progress_stop(&progress);
    }
    finish_job(job, &work, ok, &err);
    if (!ok && err.code != ERROR_CANCELLED)
        log_error("reading documents and files again: %s", err.message);
    task_shield_begin(SAVE_TIME_MAX_MS);
    if (locked)
        store_index_unlock(indexer->agent->store);
    save_job(indexer, job);
    task_shield_end();
    check_verified(indexer, &work, ok);
}

/* What was found by itself, as a job that has ended already. */
TASK_WAITS static void record(struct indexer *indexer, enum index_trigger trigger,
                              const struct report_work *work, bool ok, const struct error *failure)
{
    const struct job_begin begin = {.kind = INDEX_JOB, .trigger = trigger_names[trigger]};
    struct job job;
    bool joined;
    struct error err = {0};
    if (!store_job_begin(indexer->agent->store, &begin, work->arena, &job, &joined, &err)) {
        log_warn("what reading again has found can't be saved: %s", err.message);
        return;
    }
    if (joined)
        return; /* somebody asks for a job at this moment: that one tells */
    finish_job(&job, work, ok, failure);
    save_job(indexer, &job);
}

TASK_WAITS static void run_quietly(struct indexer *indexer, enum index_trigger trigger)
{
    struct arena *arena = arena_new();
    struct report_work work = {0};
    struct error err = {0};
    bool locked = lock(indexer, &err);
    bool ok = locked && read_again(indexer, &(struct refresh_request){0}, arena, &work, &err);
    work.arena = arena;
    if (!ok && err.code != ERROR_CANCELLED)
        log_error("reading documents and files again: %s", err.message);
    task_shield_begin(SAVE_TIME_MAX_MS);
    if (locked)
        store_index_unlock(indexer->agent->store);
    if (trigger == INDEX_SIGNAL || (ok && index_report_has_changes(&work.report)))
        record(indexer, trigger, &work, ok, &err);
    task_shield_end();
    check_verified(indexer, &work, ok);
    arena_free(arena);
}

/* ---- the task ---- */

TASK_WAITS static void fail_jobs_of_the_dead(struct indexer *indexer)
{
    struct error err = {0};
    int64_t count = 0;
    bool ok = store_jobs_mark_interrupted(indexer->agent->store, &count, &err);
    if (count > 0)
        log_warn("%lld index jobs were interrupted", (long long)count);
    if (!ok && !indexer->failing && err.code != ERROR_CANCELLED)
        log_warn("looking for interrupted jobs: %s", err.message);
    indexer->failing = !ok;
}

static struct asked *take_asked(struct indexer *indexer)
{
    pthread_mutex_lock(&indexer->mutex);
    struct asked *asked = indexer->asked;
    indexer->asked = NULL;
    pthread_mutex_unlock(&indexer->mutex);
    return asked;
}

/* The strongest of what has come; the others are done with it. */
static bool take_trigger(struct indexer *indexer, enum index_trigger *out)
{
    bool found = false;
    pthread_mutex_lock(&indexer->mutex);
    for (enum index_trigger trigger = 0; trigger < INDEX_TRIGGERS; trigger++) {
        if (indexer->woken[trigger])
            *out = trigger;
        found |= indexer->woken[trigger];
        indexer->woken[trigger] = false;
    }
    pthread_mutex_unlock(&indexer->mutex);
    return found;
}

static uint64_t time_to_wait_ms(struct indexer *indexer)
{
    uint64_t now_ms = clock_monotonic_ms();
    if (indexer->every_ms == 0 || indexer->due_ms >= now_ms + SWEEP_MS)
        return SWEEP_MS;
    return indexer->due_ms > now_ms ? indexer->due_ms - now_ms : 1;
}

static void note_timer(struct indexer *indexer)
{
    uint64_t now_ms = clock_monotonic_ms();
    if (indexer->every_ms == 0 || now_ms < indexer->due_ms)
        return;
    indexer->due_ms = now_ms + indexer->every_ms;
    pthread_mutex_lock(&indexer->mutex);
    indexer->woken[INDEX_TIMER] = true;
    pthread_mutex_unlock(&indexer->mutex);
}

TASK_WAITS static void work_once(struct indexer *indexer)
{
    enum index_trigger trigger = INDEX_CHANGE;
    struct asked *asked = take_asked(indexer);
    if (asked)
        run_job(indexer, asked);
    asked_free(asked);
    note_timer(indexer);
    if (!indexer->stopping && take_trigger(indexer, &trigger))
        run_quietly(indexer, trigger);
}

static void work_until_stopped(void *arg)
{
    struct indexer *indexer = arg;
    uint64_t swept_ms = 0;
    while (!indexer->stopping) {
        uint64_t now_ms = clock_monotonic_ms();
        if (swept_ms == 0 || now_ms - swept_ms >= SWEEP_MS) {
            fail_jobs_of_the_dead(indexer);
            swept_ms = now_ms;
        }
        save_again(indexer);
        work_once(indexer);
        if (!indexer->stopping)
            (void)task_event_wait(&indexer->wake, time_to_wait_ms(indexer), NULL);
    }
    task_event_signal(&indexer->ended);
}

struct indexer *indexer_start(struct agent *agent, uint64_t every_s, struct error *err)
{
    static const struct task_options options = {.name = "indexer"};
    struct indexer *indexer = xcalloc(1, sizeof(*indexer));
    indexer->agent = agent;
    indexer->every_ms = every_s * 1000;
    indexer->due_ms = clock_monotonic_ms() + indexer->every_ms;
    pthread_mutex_init(&indexer->mutex, NULL);
    indexer->task = task_start(agent->loop, &options, work_until_stopped, indexer, err);
    if (indexer->task) {
        task_ref(indexer->task);
        return indexer;
    }
    pthread_mutex_destroy(&indexer->mutex);
    free(indexer);
    return NULL;
}

void indexer_stop(struct indexer *indexer)
{
    if (!indexer || indexer->stopping)
        return;
    indexer->stopping = true;
    task_cancel(indexer->task);
}

static void signal_event(void *event)
{
    task_event_signal(event);
}

TASK_WAITS void indexer_free(struct indexer *indexer)
{
    if (!indexer)
        return;
    indexer_stop(indexer);
    task_event_wait_always(&indexer->ended);
    task_unref(indexer->task);
    /* What other threads have posted comes before this. */
    struct task_event drained = {0};
    loop_post(indexer->agent->loop, signal_event, &drained);
    task_event_wait_always(&drained);
    struct asked *asked = take_asked(indexer);
    if (asked) { /* too late to be begun */
        const struct error stopped = {.code = ERROR_CANCELLED};
        finish_job(&asked->job, NULL, false, &stopped);
        save_job(indexer, &asked->job);
    }
    asked_free(asked);
    asked_free(indexer->unsaved);
    pthread_mutex_destroy(&indexer->mutex);
    free(indexer);
}
