/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many readers at once. 10,000 streams: 256 runs wait for an engine that waits, the others for
 * their turn; and all 10,000 for the engine. Do all end well, and what do they hold meanwhile? An
 * event to 1,000 open streams: what does it cost? 1,000 clients that lost their connections and come
 * back, each to a run of its own: what do these cost? And is the server there for others while
 * questions wait?
 *
 * The server runs in a process of its own, this program started again, with a fake engine in
 * DuckDB's place; it is told over a pipe when the engine shall wait no longer. A reader and the
 * server's side of it are a descriptor each, and one process may have as few as 20,000.
 */
#include <errno.h>
#include <ftw.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "api/event_stream.h"
#include "api/routes.h"
#include "bench.h"
#include "core/alloc.h"
#include "core/clock.h"
#include "core/settings.h"
#include "engine/fake.h"
#include "engine/worker.h"
#include "load.h"

#define STREAMS 10000
#define RUNS 256 /* at once; the others wait for their turn */
#define READERS 1000
#define ROUNDS 5
#define EVENTS 50            /* to each reader, in a round */
#define OPENING 64           /* streams that may have no first byte yet */
#define WAIT_MS 25000        /* the engine's; until all streams are open */
#define WAIT_MS_ALL 60000    /* the same, when all are planned before they wait for it */
#define SILENCE_MS 300000    /* then something is wrong */
#define HEALTH_REQUESTS 3000 /* in a round */
#define QUESTIONS_WAITING 8

static char folder[64], table[96];

/* ---- the server's process: questions ---- */

static struct cell cells[] = {{.type = CELL_TEXT, .text = {"North", 5}},
                              {.type = CELL_INTEGER, .integer = 410},
                              {.type = CELL_TEXT, .text = {"South", 5}},
                              {.type = CELL_INTEGER, .integer = 320}};
static struct result_column columns[] = {{"region", "VARCHAR", VALUE_TEXT},
                                         {"revenue", "BIGINT", VALUE_INTEGER}};
static const struct rows rows = {
    .columns = columns, .column_count = 2, .row_count = 2, .cells = cells};

static void tell_port(void *context, const char *host, int port)
{
    printf("%d\n", port);
    fflush(stdout);
}

/* A line with the milliseconds that statements take from now on. */
static void *listen_to_parent(void *unused)
{
    char line[32];
    while (fgets(line, sizeof(line), stdin))
        engine_fake_answer(
            &(struct engine_fake_answer){.rows = &rows, .delay_ms = strtoul(line, NULL, 10)});
    return NULL;
}

static bool serve_questions(void *arg, struct error *err)
{
    const char *data = table;
    struct agent_options options = {.data_paths = &data, .data_path_count = 1};
    struct agent *agent = agent_open(task_loop(task_current()), &options, err);
    if (!agent)
        return false;
    pthread_t thread;
    pthread_create(&thread, NULL, listen_to_parent, NULL);
    struct api_options api = {
        .host = "127.0.0.1",
        .runs_max = (size_t)settings_integer("QUERENT_RUNS_MAX"),
        .queue_max = (size_t)2 * STREAMS,
        .stop_grace_ms = 1000,
        .reattach_ms = 600000,
        .ready = tell_port,
    };
    bool ok = api_serve(agent, &api, err);
    agent_close(agent);
    return ok;
}

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
    tell_port(NULL, NULL, http_server_port(api.server));
    struct task_event never = {0};
    return task_event_wait(&never, 0, err);
}

static int serve(const char *what)
{
    struct error err = {0};
    bool ok = settings_load(&err) && settings_set("QUERENT_HOME", folder, &err) &&
              settings_set("QUERENT_NOW", "2026-11-15", &err) &&
              settings_set("QUERENT_STATEMENT_TIMEOUT_S", "600", &err) &&
              settings_set("QUERENT_ACCESS_LOG", "false", &err) &&
              settings_set("QUERENT_DEADLINE_S", "3600", &err);
    if (ok)
        engine_fake_start("duckdb");
    ok = ok && task_run_main(NULL, strcmp(what, "events") == 0 ? serve_events : serve_questions,
                             NULL, &err);
    if (!ok)
        fprintf(stderr, "streams_bench: %s\n", err.message);
    return !ok;
}

/* ---- this process: starting and asking ---- */

struct served {
    pid_t process;
    int port;
    FILE *to;
};

static struct served start(const char *what)
{
    int to[2], from[2];
    struct served served = {0};
    if (pipe2(to, O_CLOEXEC) != 0 || pipe2(from, O_CLOEXEC) != 0)
        bench_fail("pipe", strerror(errno));
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, to[0], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, from[1], STDOUT_FILENO);
    char program[] = "/proc/self/exe", mode[] = "serve", *name = xstrdup(what);
    char *arguments[] = {program, mode, name, folder, NULL};
    if (posix_spawn(&served.process, program, &actions, NULL, arguments, environ) != 0)
        bench_fail("streams_bench", "can't start itself");
    posix_spawn_file_actions_destroy(&actions);
    free(name);
    close(to[0]);
    close(from[1]);
    served.to = fdopen(to[1], "w");
    FILE *answers = fdopen(from[0], "r");
    if (fscanf(answers, "%d", &served.port) != 1)
        bench_fail("streams_bench", "its server does not start");
    fclose(answers);
    return served;
}

static void stop(struct served *served)
{
    kill(served->process, SIGKILL);
    waitpid(served->process, NULL, 0);
    fclose(served->to);
}

static void set_delay(const struct served *served, unsigned delay_ms)
{
    fprintf(served->to, "%u\n", delay_ms);
    fflush(served->to);
    usleep(100 * 1000);
}

/* ---- this process: readers ---- */

struct reader {
    int fd;
    bool open;     /* had its first byte */
    bool complete; /* had its `complete` */
    bool ended;
    size_t events;
    char run[32];  /* its id, once told */
    char tail[32]; /* the last bytes that came, because an event may come in pieces */
};

struct audience {
    struct reader *readers;
    size_t count, open, ended, complete, events;
    int epoll;
};

static void count_in(struct audience *audience, struct reader *reader, const char *text)
{
    static const char event[] = "\ndata: {\"event\":\"", last[] = "complete\"";
    for (const char *at = text; (at = strstr(at, event)); at++) {
        reader->events++;
        audience->events++;
        if (strncmp(at + strlen(event), last, strlen(last)) == 0 && !reader->complete) {
            reader->complete = true;
            audience->complete++;
        }
    }
}

static void note_run(struct reader *reader, const char *text)
{
    static const char key[] = "\"query_id\":\"";
    const char *id = reader->run[0] == '\0' ? strstr(text, key) : NULL;
    if (id && strlen(id) > strlen(key) + 22)
        snprintf(reader->run, sizeof(reader->run), "%.22s", id + strlen(key));
}

/* Only whole lines are looked at. */
static void take(struct audience *audience, struct reader *reader, const char *bytes, size_t length)
{
    static char text[80 * 1024];
    size_t kept = strlen(reader->tail);
    memcpy(text, reader->tail, kept);
    memcpy(text + kept, bytes, length);
    text[kept + length] = '\0';
    note_run(reader, text);
    /* An event's name ends within 30 bytes of its line's begin: what may be cut is kept. */
    char *begin = strrchr(text, '\n');
    reader->tail[0] = '\0';
    if (begin && strlen(begin) < sizeof(reader->tail)) {
        snprintf(reader->tail, sizeof(reader->tail), "%s", begin);
        *begin = '\0';
    }
    count_in(audience, reader, text);
}

static void read_one(struct audience *audience, struct reader *reader)
{
    static char buffer[64 * 1024];
    ssize_t got = read(reader->fd, buffer, sizeof(buffer));
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got <= 0) {
        reader->ended = true;
        audience->ended++;
        close(reader->fd);
        return;
    }
    if (!reader->open) {
        reader->open = true;
        audience->open++;
    }
    take(audience, reader, buffer, (size_t)got);
}

/* Reads what is there, or waits for something; false when nothing came for long. */
static bool listen_once(struct audience *audience)
{
    struct epoll_event events[256];
    int count = epoll_wait(audience->epoll, events, 256, SILENCE_MS);
    for (int i = 0; i < count; i++)
        read_one(audience, events[i].data.ptr);
    return count > 0;
}

static void open_readers(struct audience *audience, int port, const char *path, size_t count)
{
    audience->readers = xcalloc(count, sizeof(*audience->readers));
    audience->epoll = epoll_create1(EPOLL_CLOEXEC);
    for (; audience->count < count; audience->count++) {
        char body[256];
        struct reader *reader = &audience->readers[audience->count];
        snprintf(body, sizeof(body),
                 "{\"query\":\"revenue by region\",\"user_id\":\"reader %zu\","
                 "\"agent_config\":{\"use_cache\":false}}",
                 audience->count);
        reader->fd = load_connect(port);
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = reader};
        if (reader->fd < 0 || !load_send(reader->fd, "POST", path, body) ||
            epoll_ctl(audience->epoll, EPOLL_CTL_ADD, reader->fd, &event) != 0)
            bench_fail("a stream can't be opened", strerror(errno));
        while (audience->count > audience->open + audience->ended + OPENING)
            if (!listen_once(audience))
                bench_fail("streams_bench", "the server is silent");
    }
}

static void close_readers(struct audience *audience)
{
    for (size_t i = 0; i < audience->count; i++)
        if (!audience->readers[i].ended)
            close(audience->readers[i].fd);
    close(audience->epoll);
    free(audience->readers);
}

/* ---- what is measured ---- */

/* The run's start; three steps begun and done, the fourth begun: it waits for the engine. */
#define EVENTS_WHEN_QUEUED 1
#define EVENTS_WHEN_WAITING 8

static void wait_for_events(struct audience *audience, size_t events)
{
    while (audience->events < events)
        if (!listen_once(audience))
            bench_fail("streams_bench", "the server is silent");
}

static void measure_waiting(const char *name, size_t runs, unsigned wait_ms)
{
    char runs_max[16];
    snprintf(runs_max, sizeof(runs_max), "%zu", runs);
    setenv("QUERENT_RUNS_MAX", runs_max, 1);
    struct served served = start("questions");
    struct audience audience = {0};
    set_delay(&served, wait_ms);
    double cpu = load_cpu_alone_us(served.process);
    open_readers(&audience, served.port, "/api/v1/query/stream", STREAMS);
    wait_for_events(&audience, runs * EVENTS_WHEN_WAITING + (STREAMS - runs) * EVENTS_WHEN_QUEUED);
    size_t ended_early = audience.complete;
    double memory = load_memory_mb(served.process);
    double opening = (load_cpu_alone_us(served.process) - cpu) / STREAMS;
    set_delay(&served, 0);
    /* A stream's connection stays open for the next request: its `complete` is its end. */
    while (audience.complete + audience.ended < STREAMS && listen_once(&audience))
        ;
    double dropped = (double)(STREAMS - audience.complete);
    double whole = (load_cpu_alone_us(served.process) - cpu) / STREAMS;
    close_readers(&audience);
    stop(&served);
    bench_print(&(struct bench_row){name, BENCH_MEGABYTES, &memory, NULL, NULL, 1, 300});
    printf("  %zu of %d completed, %.0f dropped; %zu ended before all were open; CPU of the "
           "server a stream %.2f ms until it waits, %.2f ms to its end\n",
           audience.complete, STREAMS, dropped, ended_early, opening / 1e3, whole / 1e3);
    if (dropped > 0)
        bench_fail("streams_bench", "streams were dropped");
}

static void watch_reader(struct audience *audience, struct reader *reader)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = reader};
    if (reader->fd < 0 || epoll_ctl(audience->epoll, EPOLL_CTL_ADD, reader->fd, &event) != 0)
        bench_fail("a stream can't be opened", strerror(errno));
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
        watch_reader(audience, reader);
        while (i > audience->open + audience->ended + OPENING)
            if (!listen_once(audience))
                bench_fail("streams_bench", "the server is silent");
    }
    while (audience->open < audience->count)
        if (!listen_once(audience))
            bench_fail("streams_bench", "the server is silent");
}

static void measure_return(void)
{
    double costs[ROUNDS];
    char runs_max[16];
    snprintf(runs_max, sizeof(runs_max), "%d", READERS);
    setenv("QUERENT_RUNS_MAX", runs_max, 1);
    struct served served = start("questions");
    unsetenv("QUERENT_RUNS_MAX");
    struct audience audience = {0};
    set_delay(&served, WAIT_MS);
    open_readers(&audience, served.port, "/api/v1/query/stream", READERS);
    wait_for_events(&audience, (size_t)READERS * EVENTS_WHEN_WAITING);
    for (size_t i = 0; i < ROUNDS; i++) {
        usleep(300 * 1000); /* what the closed connections leave to do is not counted */
        double cpu = load_cpu_alone_us(served.process);
        come_back(&audience, served.port);
        costs[i] = (load_cpu_alone_us(served.process) - cpu) / READERS;
    }
    set_delay(&served, 0);
    while (audience.complete + audience.ended < READERS && listen_once(&audience))
        ;
    if (audience.complete < READERS)
        bench_fail("streams_bench", "not all who came back were served to the end");
    close_readers(&audience);
    stop(&served);
    bench_print(&(struct bench_row){"1,000 clients come back to their runs: CPU of each",
                                    BENCH_MICROSECONDS, costs, NULL, NULL, ROUNDS, 50});
}

static double event_cost(pid_t process, int port, struct audience *audience)
{
    double cpu = load_cpu_us(process);
    size_t expected = audience->events + (size_t)READERS * EVENTS;
    if (load_once(port, "POST", "/send", "") != 200)
        bench_fail("streams_bench", "events are not sent");
    wait_for_events(audience, expected);
    return (load_cpu_us(process) - cpu) / ((double)READERS * EVENTS);
}

static void measure_events(void)
{
    double ours[ROUNDS], theirs[ROUNDS], numbers[2] = {0};
    struct served served = start("events");
    struct bench_peer *peer = bench_peer_start("plan-stack/events_peer.py", "", NULL);
    bool peer_runs = bench_peer_round(peer, numbers, 2);
    struct audience audience = {0}, peers = {0};
    open_readers(&audience, served.port, "/readers", READERS);
    wait_for_events(&audience, READERS);
    if (peer_runs) {
        open_readers(&peers, (int)numbers[0], "/readers", READERS);
        wait_for_events(&peers, READERS);
    }
    for (size_t i = 0; i < ROUNDS; i++) {
        ours[i] = event_cost(served.process, served.port, &audience);
        if (peer_runs)
            theirs[i] = event_cost((pid_t)numbers[1], (int)numbers[0], &peers);
    }
    close_readers(&audience);
    if (peer_runs)
        close_readers(&peers);
    bench_peer_end(peer);
    stop(&served);
    bench_print(&(struct bench_row){"an event to 1,000 streams: CPU of each", BENCH_MICROSECONDS,
                                    ours, "uvicorn, FastAPI, a queue a reader",
                                    peer_runs ? theirs : NULL, ROUNDS, 25});
}

/* Microseconds until /health of the plan's own listing answers while questions wait for a model
 * that takes a second. */
static bool peer_health(double *took_us)
{
    double numbers[6];
    struct bench_peer *peer = bench_peer_start("plan-stack/peer.py", folder, "plan");
    bool runs = bench_peer_round(peer, numbers, 6);
    if (runs) {
        struct audience audience = {0};
        load_once((int)numbers[5], "POST", "/_ctl?delay_ms=1000", "");
        open_readers(&audience, (int)numbers[0], "/api/v1/query/stream", QUESTIONS_WAITING);
        usleep(500 * 1000);
        uint64_t asked_us = clock_monotonic_us();
        runs = load_once((int)numbers[0], "GET", "/health", "") == 200;
        *took_us = (double)(clock_monotonic_us() - asked_us);
        close_readers(&audience);
    }
    bench_peer_end(peer);
    return runs;
}

static void measure_health(void)
{
    double p50[ROUNDS], p99[ROUNDS], peer[ROUNDS] = {0};
    struct served served = start("questions");
    struct audience audience = {0};
    set_delay(&served, WAIT_MS);
    open_readers(&audience, served.port, "/api/v1/query/stream", QUESTIONS_WAITING);
    wait_for_events(&audience, (size_t)QUESTIONS_WAITING * EVENTS_WHEN_WAITING);
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
    close_readers(&audience);
    stop(&served);
    bool peer_runs = peer_health(&peer[0]);
    for (size_t i = 1; i < ROUNDS; i++)
        peer[i] = peer[0]; /* it takes long, so it is asked once */
    bench_print(&(struct bench_row){"/health while 8 questions wait: p99", BENCH_MICROSECONDS, p99,
                                    "the plan's listing, once", peer_runs ? peer : NULL, ROUNDS,
                                    1000});
    bench_print(&(struct bench_row){"  median", BENCH_MICROSECONDS, p50, NULL, NULL, ROUNDS, 0});
}

/* ---- all ---- */

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *place)
{
    return remove(path);
}

static void remove_folder(void)
{
    nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void write_table(void)
{
    FILE *file = fopen(table, "w");
    if (!file)
        bench_fail(table, "can't be written");
    fputs("order_date,region,revenue\n", file);
    for (int i = 0; i < 400; i++)
        fprintf(file, "2026-%02d-%02d,%s,%d\n", i % 10 + 1, i % 28 + 1, i % 2 ? "North" : "South",
                i * 37 % 100);
    fclose(file);
}

int main(int argc, char **argv)
{
    if (engine_worker_requested(argc, argv))
        return engine_worker_main(argc, argv);
    bool serves = argc == 4 && strcmp(argv[1], "serve") == 0;
    snprintf(folder, sizeof(folder), "%s", serves ? argv[3] : P_tmpdir "/querent-bench-XXXXXX");
    if (!serves && !mkdtemp(folder))
        bench_fail(folder, "can't be made");
    snprintf(table, sizeof(table), "%s/orders.csv", folder);
    if (serves)
        return serve(argv[2]);
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    atexit(remove_folder);
    write_table();
    measure_waiting("10,000 waiting streams: memory", RUNS, WAIT_MS);
    measure_waiting("  all of them in the engine", STREAMS, WAIT_MS_ALL);
    unsetenv("QUERENT_RUNS_MAX");
    measure_events();
    measure_return();
    measure_health();
    return 0;
}
