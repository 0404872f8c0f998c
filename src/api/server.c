/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Starting and stopping: the loops, their threads, signals, and the order in which all ends.
 *
 *     SIGTERM ──► stopping ──► each loop: no new connections or runs, streams are told
 *                                  │ runs end by themselves, or are cancelled when the grace is over
 *                                  ▼
 *                              server closed, engines closed, thread ended ──► api_serve() returns
 */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "agent/embedding.h"
#include "api/cut_runs.h"
#include "api/event_stream.h"
#include "api/indexer.h"
#include "api/openapi.h"
#include "api/page.h"
#include "api/routes.h"
#include "api/run_keeper.h"
#include "api/sweeper.h"
#include "api/traffic.h"
#include "core/alloc.h"
#include "core/clock.h"
#include "core/json.h"
#include "core/log.h"
#include "core/settings.h"
#include "version.h"

#define BEAT_INTERVAL_MS 1000
#define LOOPS_DEFAULT_MAX 4
#define CANCEL_TIME_MAX_MS 15000 /* for cancelled runs to save how they ended */
#define LOG_BUFFER_BYTES ((size_t)1024 * 1024)
#define LOG_TIME_MAX_MS 1000 /* for the last lines, when the server has stopped */
#define READERS_TIME_MAX_MS 5000 /* after the grace, for readers of runs of other loops */

/* Ended runs in memory: enough for clients that come back at once; the store has the others. */
#define ENDED_RUNS_MAX 2000
#define ENDED_BYTES_MAX ((size_t)64 << 20)
#define READERS_MAX 10000    /* clients that come back; of the process, */
#define RUN_READERS_MAX 2000 /* and of one run */
#define DISTANT_RUNS_MAX 500

struct serving;

/* One loop and the thread that it runs on. */
struct api_thread {
    struct api api;
    struct serving *serving;
    unsigned number; /* 0: the agent's own */
    pthread_t thread;
    bool started; /* accepts connections */
    struct error error;
};

struct serving {
    struct api_shared shared;
    const struct api_options *options;
    struct loop *loop; /* of the agent */
    int port;
    struct api_thread threads[API_LOOPS_MAX];
    unsigned running; /* loops whose end is still to come */
    struct task_event changed; /* a loop has started or ended, or a signal came */
    bool stop_asked;
    uv_signal_t signals[3];
    size_t signal_count, handles_closing;
    struct catalog_watch *watch;
    struct cut_runs *cut_runs;
    struct sweeper *sweeper;
    struct run_keeper *keeper;
};

/* -- tasks of requests -- */

/* Under way on its loop: to be waited for, or cancelled, when the server stops. */
struct api_task {
    struct api *api;
    struct task *task;
    void (*fn)(void *arg);
    void *arg;
    struct api_task *next, **link;
};

static void run_task(void *arg)
{
    struct api_task *task = arg;
    struct api *api = task->api;
    task->fn(task->arg);
    *task->link = task->next;
    if (task->next)
        task->next->link = task->link;
    free(task);
    if (!api->tasks && atomic_load(&api->shared->stopping))
        task_event_signal(&api->idle);
}

bool api_start_task(struct api *api, const struct task_options *options, void (*fn)(void *arg),
                    void *arg, struct error *err)
{
    if (api->closing)
        return error_set(err, ERROR_FULL, "the server is stopping; ask again in a moment");
    struct api_task *task = xcalloc(1, sizeof(*task));
    *task = (struct api_task){.api = api, .fn = fn, .arg = arg};
    task->task = task_start(api->loop, options, run_task, task, err);
    if (!task->task) {
        free(task);
        return false;
    }
    task->next = api->tasks;
    task->link = &api->tasks;
    if (task->next)
        task->next->link = &task->next;
    api->tasks = task;
    return true;
}

/* -- one loop -- */

static void handle(void *context, struct http_exchange *exchange)
{
    struct api *api = context;
    routes_dispatch(api, api_routes, api_route_count, exchange);
}

static const char *refusal(void *context, int status, const char *message, struct strbuf *body)
{
    strbuf_add(body, "{\"detail\":");
    json_add_text(body, message);
    strbuf_add_char(body, '}');
    return "application/json";
}

static void beat(uv_timer_t *timer)
{
    event_streams_beat(timer->data);
}

/* On the loop's thread. */
static bool api_start(struct api_thread *thread, struct error *err)
{
    struct api *api = &thread->api;
    struct serving *serving = thread->serving;
    const struct api_options *options = serving->options;
    struct http_options http = {
        .host = options->host,
        .port = thread->number == 0 ? options->port : serving->port,
        .limits = options->http_limits,
        .handle = handle,
        .context = api,
        .refusal = refusal,
        .replied = traffic_replied,
        .stream_opened = traffic_stream_opened,
        .stream_ended = traffic_stream_ended,
    };
    api->server = http_server_new(api->loop, &http, err);
    if (!api->server)
        return false;
    uv_timer_init(loop_uv(api->loop), &api->heartbeat);
    api->heartbeat.data = api;
    uv_timer_start(&api->heartbeat, beat, BEAT_INTERVAL_MS, BEAT_INTERVAL_MS);
    return true;
}

static void signal_event(void *event)
{
    task_event_signal(event);
}

static void hurry_up(void *arg)
{
    struct api *api = arg;
    api->hurry = true;
    task_event_signal(&api->idle);
}

static void heartbeat_closed(uv_handle_t *handle)
{
    task_event_signal(handle->data);
}

/* Until no task is left or the time is over. */
TASK_WAITS static void wait_for_tasks(struct api *api, uint64_t until_ms, bool may_hurry)
{
    struct error ignored = {0};
    uint64_t now_ms;
    while (api->tasks && !(may_hurry && api->hurry) && (now_ms = clock_monotonic_ms()) < until_ms)
        (void)task_event_wait(&api->idle, until_ms - now_ms, &ignored);
}

/* Ends when no task of a request is left: by itself within the grace, else by being cancelled. */
TASK_WAITS static void end_tasks(struct api *api, uint64_t grace_end_ms)
{
    wait_for_tasks(api, grace_end_ms, true);
    if (api->questions > 0)
        log_warn("%zu questions were not answered in the time to stop and are cancelled",
                 api->questions);
    for (struct api_task *task = api->tasks; task; task = task->next)
        task_cancel(task->task);
    wait_for_tasks(api, clock_monotonic_ms() + CANCEL_TIME_MAX_MS, false);
    if (!api->tasks)
        return;
    /* Nothing that they use may be closed. What was acknowledged is on disk, and the next start
     * marks their runs. */
    log_error("%zu questions can't be ended; they are left as after a crash", api->questions);
    log_writer_stop(LOG_TIME_MAX_MS);
    _exit(EXIT_FAILURE);
}

/* Those who follow runs of other loops, until these have ended. */
TASK_WAITS static void wait_for_readers(struct api *api, uint64_t until_ms)
{
    struct error ignored = {0};
    uint64_t now_ms;
    while (api->readers > 0 && !api->hurry && (now_ms = clock_monotonic_ms()) < until_ms)
        (void)task_event_wait(&api->idle, until_ms - now_ms, &ignored);
}

/* In a task of the loop. */
TASK_WAITS static void api_stop(struct api *api)
{
    struct task_event drained = {0}, closed = {0};
    http_server_drain(api->server, signal_event, &drained);
    event_streams_end_distant(api, "the server is stopping; this question goes on at another one");
    event_streams_comment(api, "the server is stopping; this answer is still finished");
    uint64_t grace_end_ms = clock_monotonic_ms() + api->shared->stop_grace_ms;
    end_tasks(api, grace_end_ms);
    wait_for_readers(api, grace_end_ms + READERS_TIME_MAX_MS);
    /* What is written now still goes out; then all connections are closed. */
    struct error err = {0};
    (void)task_event_wait(&drained, 1000, &err);
    /* A request whose last byte came meanwhile has a task again. */
    api->closing = true;
    end_tasks(api, grace_end_ms);
    http_server_close(api->server, signal_event, &closed);
    task_event_wait_always(&closed);
    uv_timer_stop(&api->heartbeat);
    closed = (struct task_event){0};
    api->heartbeat.data = &closed;
    uv_close((uv_handle_t *)&api->heartbeat, heartbeat_closed);
    task_event_wait_always(&closed);
}

/* -- the threads of the other loops -- */

/* These two on the main thread. */
static void thread_started(void *arg)
{
    struct api_thread *thread = arg;
    thread->started = true;
    task_event_signal(&thread->serving->changed);
}

static void thread_ended(void *arg)
{
    struct api_thread *thread = arg;
    thread->serving->running--;
    task_event_signal(&thread->serving->changed);
}

static void *thread_main(void *arg)
{
    struct api_thread *thread = arg;
    struct serving *serving = thread->serving;
    struct api *api = &thread->api;
    api->loop = loop_new(&thread->error);
    if (api->loop) {
        api->agent = agent_share(serving->shared.agent, api->loop, serving->shared.loop_count);
        if (api_start(thread, &thread->error)) {
            loop_post(serving->loop, thread_started, thread);
            loop_run(api->loop); /* until stop_thread() has closed all */
        } else {
            agent_close(api->agent);
        }
    }
    loop_post(serving->loop, thread_ended, thread);
    return NULL;
}

static void stop_thread_in_task(void *arg)
{
    struct api_thread *thread = arg;
    api_stop(&thread->api);
    agent_close(thread->api.agent);
}

static void stop_thread(void *arg)
{
    struct api_thread *thread = arg;
    struct error err = {0};
    if (!task_start(thread->api.loop, &(struct task_options){.name = "stop"}, stop_thread_in_task,
                    thread, &err))
        log_error("stopping: %s", err.message);
}

static bool start_thread(struct api_thread *thread, struct error *err)
{
    sigset_t all, before;
    sigfillset(&all); /* signals are the main thread's */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int status = pthread_create(&thread->thread, NULL, thread_main, thread);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (status != 0)
        return error_set(err, ERROR_FULL, "a thread can't be started: %s", strerror(status));
    thread->serving->running++;
    return true;
}

/* Its loop is freed only here: until then a signal may be sent to it. */
static void join_thread(struct api_thread *thread)
{
    pthread_join(thread->thread, NULL);
    loop_free(thread->api.loop);
}

/* Waits until the thread accepts connections, or has failed and ended. */
TASK_WAITS static bool thread_is_up(struct api_thread *thread, struct error *err)
{
    struct serving *serving = thread->serving;
    unsigned before = serving->running - 1;
    struct error ignored = {0};
    while (!thread->started && serving->running > before)
        (void)task_event_wait(&serving->changed, 0, &ignored);
    if (!thread->started) {
        *err = thread->error;
        join_thread(thread);
    }
    return thread->started;
}

/* -- changes of the data -- */

static void data_changed(void *arg)
{
    struct serving *serving = arg;
    indexer_wake(serving->shared.indexer, INDEX_CHANGE);
}

/* -- signals -- */

static void signalled(uv_signal_t *handle, int number)
{
    struct serving *serving = handle->data;
    if (number == SIGHUP) {
        if (serving->shared.indexer)
            indexer_wake(serving->shared.indexer, INDEX_SIGNAL);
        return;
    }
    if (serving->stop_asked) { /* somebody is in a hurry */
        for (unsigned i = 0; i < serving->shared.loop_count; i++)
            if (serving->threads[i].started)
                loop_post(serving->threads[i].api.loop, hurry_up, &serving->threads[i].api);
        return;
    }
    serving->stop_asked = true;
    task_event_signal(&serving->changed);
}

static void watch_signals(struct serving *serving)
{
    static const int numbers[] = {SIGTERM, SIGINT, SIGHUP};
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        uv_signal_t *handle = &serving->signals[serving->signal_count++];
        uv_signal_init(loop_uv(serving->loop), handle);
        handle->data = serving;
        uv_signal_start(handle, signalled, numbers[i]);
    }
}

static void signal_closed(uv_handle_t *handle)
{
    struct serving *serving = handle->data;
    if (--serving->handles_closing == 0)
        task_event_signal(&serving->changed);
}

TASK_WAITS static void unwatch_signals(struct serving *serving)
{
    serving->handles_closing = serving->signal_count;
    for (size_t i = 0; i < serving->signal_count; i++)
        uv_close((uv_handle_t *)&serving->signals[i], signal_closed);
    while (serving->handles_closing > 0)
        task_event_wait_always(&serving->changed);
}

/* -- all together -- */

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

unsigned api_loop_count(const struct api_options *options, long processors)
{
    size_t count = options->loops;
    if (count == 0)
        count = processors < 1 ? 1 : least((size_t)processors, LOOPS_DEFAULT_MAX);
    if (options->workers_max > 0)
        count = least(count, options->workers_max);
    return (unsigned)least(count, least(options->runs_max, API_LOOPS_MAX));
}

static struct live_runs *new_live_runs(const struct api_options *options)
{
    const struct live_runs_limits limits = {
        .keep_ms = options->reattach_ms,
        .ended_max = ENDED_RUNS_MAX,
        .ended_bytes_max = ENDED_BYTES_MAX,
        .readers_max = READERS_MAX,
        .run_readers_max = RUN_READERS_MAX,
        .distant_max = DISTANT_RUNS_MAX,
    };
    return live_runs_new(&limits);
}

TASK_WAITS static bool start_all(struct serving *serving, struct error *err)
{
    struct api_thread *first = &serving->threads[0];
    first->api.loop = serving->loop;
    first->api.agent = serving->shared.agent;
    first->api.agent->loop_count = serving->shared.loop_count;
    if (!api_start(first, err))
        return false;
    first->started = true;
    serving->port = http_server_port(first->api.server);
    for (unsigned i = 1; i < serving->shared.loop_count; i++)
        if (!start_thread(&serving->threads[i], err) || !thread_is_up(&serving->threads[i], err))
            return false;
    return true;
}

TASK_WAITS static void stop_all(struct serving *serving)
{
    atomic_store(&serving->shared.stopping, true);
    catalog_watch_stop(serving->watch);
    indexer_stop(serving->shared.indexer);
    cut_runs_stop(serving->cut_runs);
    sweeper_stop(serving->sweeper);
    for (unsigned i = 1; i < serving->shared.loop_count; i++)
        if (serving->threads[i].started)
            loop_post(serving->threads[i].api.loop, stop_thread, &serving->threads[i]);
    if (serving->threads[0].started)
        api_stop(&serving->threads[0].api);
    while (serving->running > 0)
        task_event_wait_always(&serving->changed);
    run_keeper_stop(serving->keeper);
    for (unsigned i = 1; i < serving->shared.loop_count; i++)
        if (serving->threads[i].started)
            join_thread(&serving->threads[i]);
}

/* Of the clock on the wall, also when QUERENT_NOW fixes the time that questions are about. */
static int64_t real_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

TASK_WAITS bool api_serve(struct agent *agent, const struct api_options *options,
                          struct error *err)
{
    struct serving *serving = xcalloc(1, sizeof(*serving));
    serving->options = options;
    serving->loop = agent->loop;
    serving->shared.agent = agent;
    agent->serves = true; /* before the first question, and until after the last */
    serving->shared.environment = settings_text("ENVIRONMENT");
    serving->shared.stop_grace_ms = options->stop_grace_ms;
    serving->shared.access_log = settings_flag("QUERENT_ACCESS_LOG");
    serving->shared.started_us = real_us();
    serving->shared.loop_count = api_loop_count(options, sysconf(_SC_NPROCESSORS_ONLN));
    for (unsigned i = 0; i < serving->shared.loop_count; i++) {
        serving->threads[i].serving = serving;
        serving->threads[i].number = i;
        serving->threads[i].api.shared = &serving->shared;
    }
    char *document = openapi_document(api_routes, api_route_count, QUERENT_VERSION);
    struct page *openapi = page_new("/openapi.json", "application/json", str_from(document));
    free(document);
    serving->shared.openapi = openapi;
    serving->shared.queue = run_queue_new(options->runs_max, options->queue_max);
    serving->shared.runs = new_live_runs(options);
    watch_signals(serving);
    serving->shared.indexer = indexer_start(agent, options->index_every_s, err);
    bool ok = serving->shared.indexer && log_writer_start(LOG_BUFFER_BYTES, err) &&
              start_all(serving, err);
    if (ok) {
        struct error watch_error = {0}, ignored = {0};
        serving->cut_runs = cut_runs_start(serving->loop, agent->store, &ignored);
        serving->sweeper = sweeper_start(serving->loop, agent->store, &ignored);
        serving->keeper =
            run_keeper_start(serving->loop, agent->store, serving->shared.runs, &ignored);
        serving->watch =
            catalog_watch_start(&agent->catalog_options, data_changed, serving, &watch_error);
        if (!embedding_keeper_start(agent, &ignored))
            log_warn("embeddings are not made in the background: %s", ignored.message);
        if (!serving->watch)
            log_warn("changes of the data are not watched (SIGHUP reads it again): %s",
                     watch_error.message);
        if (options->ready)
            options->ready(options->ready_context, options->host, serving->port);
        while (!serving->stop_asked)
            (void)task_event_wait(&serving->changed, 0, &ignored);
    }
    embedding_keeper_stop(agent);
    stop_all(serving);
    unwatch_signals(serving);
    indexer_free(serving->shared.indexer);
    run_queue_free(serving->shared.queue);
    live_runs_free(serving->shared.runs);
    page_free(openapi);
    log_writer_stop(LOG_TIME_MAX_MS);
    agent->serves = false;
    free(serving);
    return ok;
}
