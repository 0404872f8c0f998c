/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many readers at once. 10,000 streams: 256 runs wait for an engine that waits, the others for
 * their turn; and all 10,000 for the engine. Do all end well, and what do they hold meanwhile? An
 * event to 1,000 open streams: what does it cost? 1,000 clients that lost their connections and come
 * back, each to a run of its own: what do these cost? And is the server there for others while
 * questions wait?
 *
 * The server runs in a process of its own (served.h).
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "api/event_stream.h"
#include "api/routes.h"
#include "audience.h"
#include "bench.h"
#include "core/clock.h"
#include "load.h"
#include "served.h"

#define STREAMS 10000
#define RUNS 256 /* at once; the others wait for their turn */
#define MEMORY_AIM_MB 300 /* with the queue's bound raised */
#define READERS 1000
#define ROUNDS 5
#define EVENTS 50            /* to each reader, in a round */
#define WAIT_MS 25000        /* the engine's; until all streams are open */
#define WAIT_MS_ALL 60000    /* the same, when all are planned before they wait for it */
#define HEALTH_REQUESTS 3000 /* in a round */
#define QUESTIONS_WAITING 8

/* ---- the server's process: events ---- */

static struct event_stream *readers[READERS];
static size_t reader_count;

static const char event_json[] =
    "{\"step\":\"execute_query\",\"status\":\"completed\",\"started_at\":"
    "\"2026-11-15T12:00:00.000Z\",\"duration_ms\":12.34,\"cache_hit\":false,\"message\":\"4 rows "
    "in 12 ms\",\"detail\":{\"sql\":\"SELECT region, sum(revenue) FROM orders GROUP BY region\","
    "\"rows\":4}}";

static void open_reader(struct api_request *request)
{
    struct event_stream *stream = event_stream_open(request, "run_start", "{}");
    if (reader_count < READERS)
        readers[reader_count++] = stream;
}

static void send_events(struct api_request *request)
{
    for (size_t i = 0; i < EVENTS; i++)
        for (size_t k = 0; k < reader_count; k++)
            event_stream_send(readers[k], "step_update", event_json);
    api_reply_json(request, 200, STR("{}"));
}

static const struct route reader_route = {
    .method = "POST", .path = "/readers", .name = "readers", .handle = open_reader};
static const struct route send_route = {
    .method = "POST", .path = "/send", .name = "send", .handle = send_events};
static const struct route *const event_routes[] = {&reader_route, &send_route};

static void dispatch_events(void *context, struct http_exchange *exchange)
{
    exchange->context = context;
    routes_dispatch(context, event_routes, 2, exchange);
}

/* Until it is killed. */
static bool serve_events(void *arg, struct error *err)
{
    static struct api_shared shared = {.environment = "production", .loop_count = 1};
    static struct api api = {.shared = &shared};
    api.loop = task_loop(task_current());
    struct http_options http = {.host = "127.0.0.1", .handle = dispatch_events, .context = &api};
    api.server = http_server_new(api.loop, &http, err);
    if (!api.server)
        return false;
    served_tell_port(NULL, NULL, http_server_port(api.server));
    struct task_event never = {0};
    return task_event_wait(&never, 0, err);
}

/* ---- what is measured ---- */

/* The run's start; three steps begun and done, the fourth begun: it waits for the engine. */
#define EVENTS_WHEN_QUEUED 1
#define EVENTS_WHEN_WAITING 8

static void measure_waiting(const char *name, size_t runs, unsigned wait_ms, double aim_mb)
{
    char runs_max[16];
    snprintf(runs_max, sizeof(runs_max), "%zu", runs);
    setenv("QUERENT_RUNS_MAX", runs_max, 1);
    struct served served = served_start("questions");
    struct audience audience = {0};
    served_set_delay(&served, wait_ms);
    double cpu = load_cpu_alone_us(served.process);
    audience_open(&audience, served.port, "/api/v1/query/stream", STREAMS);
    audience_wait_for_events(&audience, runs * EVENTS_WHEN_WAITING + (STREAMS - runs) * EVENTS_WHEN_QUEUED);
    size_t ended_early = audience.complete;
    double memory = load_memory_mb(served.process);
    double opening = (load_cpu_alone_us(served.process) - cpu) / STREAMS;
    served_set_delay(&served, 0);
    /* A stream's connection stays open for the next request: its `complete` is its end. */
    while (audience.complete + audience.ended < STREAMS && audience_listen(&audience))
        ;
    double dropped = (double)(STREAMS - audience.complete);
    double whole = (load_cpu_alone_us(served.process) - cpu) / STREAMS;
    audience_close(&audience);
    served_stop(&served);
    bench_print(&(struct bench_row){name, BENCH_MEGABYTES, &memory, NULL, NULL, 1, aim_mb});
    printf("  %zu of %d completed, %.0f dropped; %zu ended before all were open; CPU of the "
           "server a stream %.2f ms until it waits, %.2f ms to its end\n",
           audience.complete, STREAMS, dropped, ended_early, opening / 1e3, whole / 1e3);
    if (dropped > 0)
        bench_fail("streams_bench", "streams were dropped");
}

/* All lose their connections, then come back to where they were: after the first event. */
static void come_back(struct audience *audience, int port)
{
    for (size_t i = 0; i < audience->count; i++) {
        struct reader *reader = &audience->readers[i];
        close(reader->fd);
        reader->fd = load_connect(port);
        reader->open = false;
        audience->open--;
        dprintf(reader->fd,
                "GET /api/v1/query/%s/events HTTP/1.1\r\nHost: localhost\r\nLast-Event-ID: 1\r\n\r\n",
                reader->run);
        audience_watch(audience, reader);
        while (i > audience->open + audience->ended + AUDIENCE_OPENING)
            if (!audience_listen(audience))
                bench_fail("streams_bench", "the server is silent");
    }
    while (audience->open < audience->count)
        if (!audience_listen(audience))
            bench_fail("streams_bench", "the server is silent");
}

static void measure_return(void)
{
    double costs[ROUNDS];
    char runs_max[16];
    snprintf(runs_max, sizeof(runs_max), "%d", READERS);
    setenv("QUERENT_RUNS_MAX", runs_max, 1);
    struct served served = served_start("questions");
    unsetenv("QUERENT_RUNS_MAX");
    struct audience audience = {0};
    served_set_delay(&served, WAIT_MS);
    audience_open(&audience, served.port, "/api/v1/query/stream", READERS);
    audience_wait_for_events(&audience, (size_t)READERS * EVENTS_WHEN_WAITING);
    for (size_t i = 0; i < ROUNDS; i++) {
        usleep(300 * 1000); /* what the closed connections leave to do is not counted */
        double cpu = load_cpu_alone_us(served.process);
        come_back(&audience, served.port);
        costs[i] = (load_cpu_alone_us(served.process) - cpu) / READERS;
    }
    served_set_delay(&served, 0);
    while (audience.complete + audience.ended < READERS && audience_listen(&audience))
        ;
    if (audience.complete < READERS)
        bench_fail("streams_bench", "not all who came back were served to the end");
    audience_close(&audience);
    served_stop(&served);
    bench_print(&(struct bench_row){"1,000 clients come back to their runs: CPU of each",
                                    BENCH_MICROSECONDS, costs, NULL, NULL, ROUNDS, 50});
}

static double event_cost(pid_t process, int port, struct audience *audience)
{
    double cpu = load_cpu_us(process);
    size_t expected = audience->events + (size_t)READERS * EVENTS;
    if (load_once(port, "POST", "/send", "") != 200)
        bench_fail("streams_bench", "events are not sent");
    audience_wait_for_events(audience, expected);
    return (load_cpu_us(process) - cpu) / ((double)READERS * EVENTS);
}

static void measure_events(void)
{
    double ours[ROUNDS], theirs[ROUNDS], numbers[2] = {0};
    struct served served = served_start("events");
    struct bench_peer *peer = bench_peer_start("plan-stack/events_peer.py", "", NULL);
    bool peer_runs = bench_peer_round(peer, numbers, 2);
    struct audience audience = {0}, peers = {0};
    audience_open(&audience, served.port, "/readers", READERS);
    audience_wait_for_events(&audience, READERS);
    if (peer_runs) {
        audience_open(&peers, (int)numbers[0], "/readers", READERS);
        audience_wait_for_events(&peers, READERS);
    }
    for (size_t i = 0; i < ROUNDS; i++) {
        ours[i] = event_cost(served.process, served.port, &audience);
        if (peer_runs)
            theirs[i] = event_cost((pid_t)numbers[1], (int)numbers[0], &peers);
    }
    audience_close(&audience);
    if (peer_runs)
        audience_close(&peers);
    bench_peer_end(peer);
    served_stop(&served);
    bench_print(&(struct bench_row){"an event to 1,000 streams: CPU of each", BENCH_MICROSECONDS,
                                    ours, "uvicorn, FastAPI, a queue a reader",
                                    peer_runs ? theirs : NULL, ROUNDS, 25});
}

/* Microseconds until /health of the plan's own listing answers while questions wait for a model
 * that takes a second. */
static bool peer_health(double *took_us)
{
    double numbers[6];
    struct bench_peer *peer = bench_peer_start("plan-stack/peer.py", served_folder(), "plan");
    bool runs = bench_peer_round(peer, numbers, 6);
    if (runs) {
        struct audience audience = {0};
        load_once((int)numbers[5], "POST", "/_ctl?delay_ms=1000", "");
        audience_open(&audience, (int)numbers[0], "/api/v1/query/stream", QUESTIONS_WAITING);
        usleep(500 * 1000);
        uint64_t asked_us = clock_monotonic_us();
        runs = load_once((int)numbers[0], "GET", "/health", "") == 200;
        *took_us = (double)(clock_monotonic_us() - asked_us);
        audience_close(&audience);
    }
    bench_peer_end(peer);
    return runs;
}

static void measure_health(void)
{
    double p50[ROUNDS], p99[ROUNDS], peer[ROUNDS] = {0};
    struct served served = served_start("questions");
    struct audience audience = {0};
    served_set_delay(&served, WAIT_MS);
    audience_open(&audience, served.port, "/api/v1/query/stream", QUESTIONS_WAITING);
    audience_wait_for_events(&audience, (size_t)QUESTIONS_WAITING * EVENTS_WHEN_WAITING);
    struct load load = {.port = served.port,
                        .method = "GET",
                        .path = "/health",
                        .connections = 1,
                        .requests = HEALTH_REQUESTS};
    for (size_t i = 0; i < ROUNDS; i++) {
        struct load_figures result = load_run(&load);
        if (result.other > 0)
            bench_fail("/health", "did not answer 200");
        p50[i] = result.p50_us;
        p99[i] = result.p99_us;
    }
    audience_close(&audience);
    served_stop(&served);
    bool peer_runs = peer_health(&peer[0]);
    for (size_t i = 1; i < ROUNDS; i++)
        peer[i] = peer[0]; /* it takes long, so it is asked once */
    bench_print(&(struct bench_row){"/health while 8 questions wait: p99", BENCH_MICROSECONDS, p99,
                                    "the plan's listing, once", peer_runs ? peer : NULL, ROUNDS,
                                    1000});
    bench_print(&(struct bench_row){"  median", BENCH_MICROSECONDS, p50, NULL, NULL, ROUNDS, 0});
}

int main(int argc, char **argv)
{
    static const struct served_mode events = {"events", serve_events};
    int served = served_begin(argc, argv, &events, 1);
    if (served >= 0)
        return served;
    audience_raise_limit();
    measure_waiting("10,000 waiting streams: memory", RUNS, WAIT_MS, MEMORY_AIM_MB);
    measure_waiting("  all of them in the engine", STREAMS, WAIT_MS_ALL, 0);
    unsetenv("QUERENT_RUNS_MAX");
    measure_events();
    measure_return();
    measure_health();
    return 0;
}
