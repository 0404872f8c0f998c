/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls to a server outside: what a warm one costs beside libcurl alone in the same program, and
 * the memory of 10,000 that wait for their reply. The server is a process of its own: each call has
 * a descriptor on both sides.
 */
#include <curl/curl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"
#include "core/alloc.h"
#include "http/server.h"
#include "load.h"
#include "net/fetch.h"

#define ROUNDS 9
#define CALLS 2000
#define CALL_AIM_US 100
#define WAITING 10000
#define WAITING_MEMORY_AIM 300 /* MB; that of whole runs: their calls must be a part of it */
#define REQUEST_BYTES 2048

static int port;
static char request_body[REQUEST_BYTES];
static const char *const media_type = "application/json";

/* ---- the server's process ---- */

static void reply(void *context, struct http_exchange *exchange)
{
    static const struct http_header type = {{"content-type", 12}, {"application/json", 16}};
    if (str_equal(exchange->path, STR("/wait")))
        return; /* for ever: the process is killed */
    http_reply(exchange, 200, &type, 1,
               STR("{\"id\":\"msg_1\",\"content\":[{\"type\":\"text\",\"text\":\"Yes.\"}]}"));
}

static _Noreturn void serve(int port_fd)
{
    struct error err = {0};
    struct loop *loop = loop_new(&err);
    struct http_options options = {.host = "127.0.0.1", .handle = reply};
    struct http_server *server = loop ? http_server_new(loop, &options, &err) : NULL;
    if (!server)
        bench_fail("the server", err.message);
    int bound = http_server_port(server);
    if (write(port_fd, &bound, sizeof(bound)) != sizeof(bound))
        bench_fail("the server", "its parent has gone");
    loop_run(loop);
    exit(0);
}

static pid_t start_server(void)
{
    int pipe_fds[2];
    if (pipe(pipe_fds) != 0)
        bench_fail("pipe", "none could be had");
    pid_t child = fork();
    if (child == 0)
        serve(pipe_fds[1]);
    if (child < 0 || read(pipe_fds[0], &port, sizeof(port)) != sizeof(port))
        bench_fail("the server", "it did not start");
    return child;
}

/* ---- ours ---- */

static struct upstream *upstream;

static bool fetch(const char *path, struct error *err)
{
    static const struct fetch_header headers[] = {{"content-type", "application/json"},
                                                  {"x-api-key", "sk-0123456789abcdef"}};
    char url[64];
    snprintf(url, sizeof(url), "http://127.0.0.1:%d%s", port, path);
    struct arena *arena = arena_new();
    struct fetch_request request = {.upstream = upstream,
                                    .method = "POST",
                                    .url = url,
                                    .headers = headers,
                                    .header_count = 2,
                                    .body = {request_body, sizeof(request_body)},
                                    .idle_ms = 600000,
                                    .failure = ERROR_MODEL};
    struct fetch_response response;
    bool ok = http_fetch(&request, arena, &response, err) && response.status == 200;
    arena_free(arena);
    return ok;
}

static size_t take_nothing(char *bytes, size_t size, size_t count, void *context)
{
    return size * count;
}

/* What libcurl itself takes for the same, blocking, with one handle that is set up once. */
static double call_curl(CURL *easy)
{
    double start = bench_cpu_us();
    for (int i = 0; i < CALLS; i++)
        if (curl_easy_perform(easy) != CURLE_OK)
            bench_fail("libcurl", "a call failed");
    return (bench_cpu_us() - start) / CALLS;
}

static bool compare_calls(void *arg, struct error *err)
{
    double mine[ROUNDS], theirs[ROUNDS];
    char url[64], type[64];
    snprintf(url, sizeof(url), "http://127.0.0.1:%d/", port);
    snprintf(type, sizeof(type), "content-type: %s", media_type);
    struct curl_slist *headers = curl_slist_append(NULL, type);
    headers = curl_slist_append(headers, "x-api-key: sk-0123456789abcdef");
    headers = curl_slist_append(headers, "Expect:");
    CURL *easy = curl_easy_init();
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request_body);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)sizeof(request_body));
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_nothing);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    for (size_t round = 0; round < ROUNDS; round++) {
        double start = bench_cpu_us();
        for (int i = 0; i < CALLS; i++)
            if (!fetch("/", err))
                bench_fail("http_fetch", err->message);
        mine[round] = (bench_cpu_us() - start) / CALLS;
        theirs[round] = call_curl(easy);
    }
    curl_easy_cleanup(easy);
    curl_slist_free_all(headers);
    bench_print(&(struct bench_row){"warm call to a server outside", BENCH_MICROSECONDS, mine,
                                    "curl_easy_perform", theirs, ROUNDS, CALL_AIM_US});
    return true;
}

/* ---- memory ---- */

static void wait_for_reply(void *arg)
{
    struct error err = {0};
    (void)fetch("/wait", &err); /* it is cancelled */
}

static bool measure_waiting(void *arg, struct error *err)
{
    struct task **tasks = xcalloc(WAITING, sizeof(*tasks));
    double before = load_memory_mb(getpid());
    for (int i = 0; i < WAITING; i++) {
        tasks[i] = task_start(task_loop(task_current()), NULL, wait_for_reply, NULL, err);
        if (!tasks[i])
            bench_fail("task_start", err->message);
        if (i % 64 == 0 && !task_sleep(5, err))
            return false;
    }
    if (!task_sleep(2000, err))
        return false;
    double used = load_memory_mb(getpid()) - before;
    bench_print(&(struct bench_row){"10,000 calls that wait for a reply", BENCH_MEGABYTES, &used,
                                    NULL, NULL, 1, WAITING_MEMORY_AIM});
    for (int i = 0; i < WAITING; i++)
        task_cancel(tasks[i]);
    free(tasks);
    return true;
}

int main(void)
{
    struct error err = {0};
    memset(request_body, 'x', sizeof(request_body));
    signal(SIGPIPE, SIG_IGN);
    pid_t server = start_server();
    upstream =
        upstream_open(&(struct upstream_options){.name = "Bench", .concurrent_max = WAITING});
    bool ok = task_run_main(NULL, compare_calls, NULL, &err) &&
              task_run_main(NULL, measure_waiting, NULL, &err);
    kill(server, SIGKILL);
    upstream_close(upstream);
    if (!ok)
        bench_fail("fetch_bench", err.message);
    return 0;
}
