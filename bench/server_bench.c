/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `querent serve` as it is used: CPU of a question from the cache and of one that is worked out,
 * start and idle memory; beside it the stack that Querent takes the place of (peers/plan-stack),
 * asked by the same load generator in the same run.
 */
#include <ftw.h>
#include <math.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <fcntl.h>

#include "bench.h"
#include "core/clock.h"
#include "load.h"
#include "plan_stack.h"

#define ROUNDS 5
#define ROWS 1000
#define CONNECTIONS 32
#define CACHED_QUESTIONS 8000
#define UNCACHED_QUESTIONS 300
#define PEER_CACHED 400
#define PEER_UNCACHED 60
#define START_TIME_MAX_MS 20000

#define QUERY_PATH "/api/v1/query"

static const char *const questions[] = {
    "What is the total revenue by region?", "top 3 products by revenue this year",
    "How many orders were there in 2025?",  "average quantity by region",
    "revenue by month this year",           "Which region had the highest revenue in Q2 2026?",
    "share of revenue by product",          "orders with revenue over 90",
};
#define QUESTIONS (sizeof(questions) / sizeof(questions[0]))

static char folder[] = P_tmpdir "/querent-bench-XXXXXX", table[64], log_file[64];

/* ---- the server ---- */

struct served {
    pid_t process;
    int port;
    double start_us; /* from exec to the first 200 of /health */
};

static void write_table(void)
{
    static const char *const regions[] = {"North", "South", "East", "West"};
    static const char *const products[] = {"Lamp", "Chair", "Desk", "Shelf", "Clock"};
    FILE *file = fopen(table, "w");
    if (!file)
        bench_fail(table, "can't be written");
    fputs("order_date,region,product,quantity,revenue\n", file);
    for (int i = 0; i < ROWS; i++)
        fprintf(file, "%d-%02d-%02d,%s,%s,%d,%d.%02d\n", 2025 + i % 2, i % 10 + 1, i * 7 % 28 + 1,
                regions[i % 4], products[i / 4 % 5], i % 9 + 1, i * 37 % 100, i % 100);
    fclose(file);
}

/* The port that the server says on its standard error. */
static int port_of(const char *path)
{
    char line[512];
    int port = 0;
    FILE *file = fopen(path, "r");
    while (file && port == 0 && fgets(line, sizeof(line), file)) {
        const char *place = strstr(line, "http://127.0.0.1:");
        if (place)
            port = atoi(place + strlen("http://127.0.0.1:"));
    }
    if (file)
        fclose(file);
    return port;
}

static struct served serve(const char *program)
{
    struct served served = {0};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, log_file,
                                     O_WRONLY | O_CREAT | O_TRUNC, 0600);
    char *arguments[] = {strdup(program), "serve", "--port", "0", "--data", table, NULL};
    uint64_t start_us = clock_monotonic_us();
    if (posix_spawnp(&served.process, program, &actions, NULL, arguments, environ) != 0)
        bench_fail(program, "does not start");
    posix_spawn_file_actions_destroy(&actions);
    free(arguments[0]);
    while (served.port == 0 || load_once(served.port, "GET", "/health", "") != 200) {
        if (clock_monotonic_us() - start_us > START_TIME_MAX_MS * 1000)
            bench_fail(program, "does not answer on /health");
        usleep(500);
        served.port = port_of(log_file);
    }
    served.start_us = (double)(clock_monotonic_us() - start_us);
    return served;
}

static void stop(const struct served *served)
{
    kill(served->process, SIGTERM);
    waitpid(served->process, NULL, 0);
}

/* ---- questions ---- */

static size_t cached_body(size_t number, char *out, size_t size)
{
    return (size_t)snprintf(out, size, "{\"query\":\"%s\",\"user_id\":\"bench\"}", questions[0]);
}

static size_t uncached_body(size_t number, char *out, size_t size)
{
    return (size_t)snprintf(out, size,
                            "{\"query\":\"%s\",\"user_id\":\"bench\","
                            "\"agent_config\":{\"use_cache\":false}}",
                            questions[number % QUESTIONS]);
}

static struct load load_of(int port, bool cached, size_t requests)
{
    return (struct load){
        .port = port,
        .method = "POST",
        .path = QUERY_PATH,
        .body = cached ? cached_body : uncached_body,
        .connections = CONNECTIONS,
        .requests = requests,
    };
}

/* Of the plan's stack, with its database. */
static double peer_cost(const struct plan_stack *stack, bool cached)
{
    struct load load = load_of(stack->port, cached, cached ? PEER_CACHED : PEER_UNCACHED);
    return plan_stack_cost(stack, &load);
}

/* ---- measuring ---- */

static struct {
    double cached[ROUNDS], cached_peer[ROUNDS];
    double uncached[ROUNDS], uncached_alone[ROUNDS], uncached_peer[ROUNDS];
    double start[ROUNDS], start_peer[ROUNDS], idle[ROUNDS], idle_peer[ROUNDS];
} figures;

/* The store and the data are there, and nobody asks. */
static void measure_start(const char *program, size_t round)
{
    struct served served = serve(program);
    figures.start[round] = served.start_us;
    usleep(300 * 1000);
    figures.idle[round] = load_memory_mb(served.process);
    stop(&served);
}

static void measure_questions(const struct served *served, const struct plan_stack *stack,
                              size_t round)
{
    struct load cached = load_of(served->port, true, CACHED_QUESTIONS);
    struct load uncached = load_of(served->port, false, UNCACHED_QUESTIONS);
    figures.cached[round] = load_cost(served->process, &cached).all;
    figures.cached_peer[round] = peer_cost(stack, true);
    struct load_cost cost = load_cost(served->process, &uncached);
    figures.uncached[round] = cost.all;
    figures.uncached_alone[round] = cost.alone;
    figures.uncached_peer[round] = peer_cost(stack, false);
}

static void warm_up(const struct served *served, const struct plan_stack *stack)
{
    struct load cached = load_of(served->port, true, CACHED_QUESTIONS / 2);
    struct load uncached = load_of(served->port, false, UNCACHED_QUESTIONS);
    (void)load_cost(served->process, &uncached);
    (void)load_cost(served->process, &cached);
    for (size_t i = 0; i < 2; i++) {
        (void)peer_cost(stack, true);
        (void)peer_cost(stack, false);
    }
}

static void print(bool with_peer)
{
    const char *peer = "the plan's stack, with PostgreSQL";
    const struct bench_row rows[] = {
        {"a question from the cache, saved: CPU", BENCH_MICROSECONDS, figures.cached, peer,
         with_peer ? figures.cached_peer : NULL, ROUNDS, 100},
        {"an uncached question: CPU, all", BENCH_MICROSECONDS, figures.uncached, peer,
         with_peer ? figures.uncached_peer : NULL, ROUNDS, 3000},
        {"  in the server", BENCH_MICROSECONDS, figures.uncached_alone, NULL, NULL, ROUNDS, 1000},
        {"start of the server, store present", BENCH_MICROSECONDS, figures.start,
         "the plan's server", with_peer ? figures.start_peer : NULL, ROUNDS, 50000},
        {"memory of the idle server", BENCH_MEGABYTES, figures.idle, "the plan's server",
         with_peer ? figures.idle_peer : NULL, ROUNDS, 40},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        bench_print(&rows[i]);
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *place)
{
    return remove(path);
}

static void remove_folder(void)
{
    nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

int main(int argc, char **argv)
{
    if (argc != 2)
        bench_fail("usage", "server_bench PROGRAM");
    if (!mkdtemp(folder))
        bench_fail(folder, "can't be made");
    atexit(remove_folder);
    snprintf(table, sizeof(table), "%s/orders.csv", folder);
    snprintf(log_file, sizeof(log_file), "%s/log", folder);
    write_table();
    setenv("QUERENT_HOME", folder, 1);
    setenv("QUERENT_NOW", "2026-11-15", 1);
    struct bench_peer *peer = bench_peer_start("plan-stack/peer.py", folder, NULL);
    struct plan_stack stack = plan_stack_of(peer);
    struct served served = serve(argv[1]); /* its start is not measured: the store is new */
    warm_up(&served, &stack);
    for (size_t round = 0; round < ROUNDS; round++)
        measure_questions(&served, &stack, round);
    stop(&served);
    for (size_t round = 0; round < ROUNDS; round++) {
        measure_start(argv[1], round);
        figures.start_peer[round] = stack.start_us;
        figures.idle_peer[round] = stack.memory_mb;
    }
    bench_peer_end(peer);
    print(stack.runs);
    return 0;
}
