/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A whole run, from question to stored answer, over a small table: the agent is opened once, a
 * list of questions is asked again and again. CPU time of this process and of its DuckDB workers,
 * by step; beside it DuckDB alone, in a Python process, executing the same statements. Then the
 * parts of a run that are CPU work of ours, for the same questions.
 */
#include <ftw.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "agent/workflow.h"
#include "bench.h"
#include "core/settings.h"
#include "engine/worker.h"
#include "sql/firewall.h"

#define ROUNDS 7
#define ROWS 2000
#define WORKERS_MAX 8
#define PART_TIMES 20 /* of the cheap parts, in a round */

static const char *const questions[] = {
    "What was the total revenue last month?",
    "revenue by region",
    "top 5 products by revenue this year",
    "How many orders were there in 2025?",
    "average quantity by channel",
    "revenue by month this year",
    "What is the revenue in North by channel?",
    "Which region had the highest revenue in Q2 2026?",
    "number of orders by status",
    "share of revenue by channel",
    "orders with revenue over 400",
    "revenue by region and channel since March 2026",
    "show me the first 10 rows",
    "What was the average revenue of web orders?",
    "Which products sold the most units in 2025?",
};
#define QUESTIONS (sizeof(questions) / sizeof(questions[0]))

/* Where the time of a run goes: its steps, and the saving around them. */
#define SAVING RUN_STEPS
#define PARTS (RUN_STEPS + 1)

struct bench {
    struct agent *agent;
    clockid_t workers[WORKERS_MAX];
    size_t worker_count;
    double cpu_at, worker_at;         /* at the last event */
    double cpu[PARTS], worker[PARTS]; /* of this round */
    struct run *runs[QUESTIONS];      /* the last of each question */
    char folder[64], file[96];
};

/* ---- the table ---- */

static void write_table(const char *path)
{
    static const char *const regions[] = {"North", "South", "East", "West"};
    static const char *const channels[] = {"web", "store", "phone"};
    static const char *const products[] = {"Lamp", "Chair", "Desk",   "Shelf", "Clock",
                                           "Rug",  "Vase",  "Mirror", "Bench", "Stool"};
    static const char *const statuses[] = {"delivered", "delivered", "open", "returned"};
    FILE *file = fopen(path, "w");
    if (!file)
        bench_fail(path, "can't be written");
    fputs("order_id,order_date,region,channel,product,status,quantity,revenue\n", file);
    unsigned state = 12345;
    for (int i = 0; i < ROWS; i++) {
        state = state * 1103515245u + 12345u;
        unsigned random = state >> 8;
        fprintf(file, "%d,%d-%02u-%02u,%s,%s,%s,%s,%u,%u.%02u\n", i + 1, 2024 + i * 3 / ROWS,
                random % 10 + 1, random % 28 + 1, regions[random / 3 % 4], channels[random / 7 % 3],
                products[random / 11 % 10], statuses[random / 13 % 4], random % 9 + 1,
                random % 500 + 5, random % 100);
    }
    fclose(file);
}

/* ---- CPU of this process and of its workers ---- */

static void find_workers(struct bench *bench)
{
    char path[64], list[512] = "";
    snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
    FILE *file = fopen(path, "r");
    bench->worker_count = 0;
    if (!file || !fgets(list, sizeof(list), file))
        bench_fail(path, "names no worker process");
    fclose(file);
    for (char *rest = list, *end; bench->worker_count < WORKERS_MAX; rest = end) {
        long process = strtol(rest, &end, 10);
        if (end == rest)
            break;
        if (clock_getcpuclockid((pid_t)process, &bench->workers[bench->worker_count]) == 0)
            bench->worker_count++;
    }
}

static double workers_cpu_us(const struct bench *bench)
{
    double sum = 0;
    for (size_t i = 0; i < bench->worker_count; i++) {
        struct timespec now;
        if (clock_gettime(bench->workers[i], &now) == 0)
            sum += (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
    }
    return sum;
}

/* What was used since the last event belongs to that part. */
static void account(struct bench *bench, size_t part)
{
    double cpu = bench_cpu_us(), worker = workers_cpu_us(bench);
    bench->cpu[part] += cpu - bench->cpu_at;
    bench->worker[part] += worker - bench->worker_at;
    bench->cpu_at = cpu;
    bench->worker_at = worker;
}

static void listen(void *context, const struct run_event *event)
{
    account(context, event->kind == EVENT_STEP_UPDATE ? (size_t)event->step->step : SAVING);
}

static void ask(struct bench *bench, size_t i)
{
    struct error err = {0};
    run_free(bench->runs[i]);
    struct question question = {.text = questions[i], .use_cache = false};
    struct run *run = bench->runs[i] = run_new(bench->agent, &question, &err);
    if (!run)
        bench_fail(questions[i], err.message);
    run->listener = listen;
    run->listener_context = bench;
    if (!workflow_run(run, &err))
        bench_fail(questions[i], err.message);
    account(bench, SAVING);
}

/* ---- whole runs ---- */

static double sum_of(const double *values, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += values[i];
    return sum;
}

struct whole {
    double all[ROUNDS], server[ROUNDS], worker[ROUNDS], wall[ROUNDS];
    double parts[PARTS][ROUNDS];
    double duckdb[ROUNDS], sqlglot[ROUNDS], numpy[ROUNDS]; /* the peer's */
    bool peer;
};

static void run_round(struct bench *bench, struct whole *whole, size_t round)
{
    memset(bench->cpu, 0, sizeof(bench->cpu));
    memset(bench->worker, 0, sizeof(bench->worker));
    bench->cpu_at = bench_cpu_us();
    bench->worker_at = workers_cpu_us(bench);
    struct timespec from, to;
    clock_gettime(CLOCK_MONOTONIC, &from);
    for (size_t i = 0; i < QUESTIONS; i++)
        ask(bench, i);
    clock_gettime(CLOCK_MONOTONIC, &to);
    whole->wall[round] =
        ((double)(to.tv_sec - from.tv_sec) * 1e6 + (double)(to.tv_nsec - from.tv_nsec) / 1e3) /
        (double)QUESTIONS;
    for (size_t part = 0; part < PARTS; part++)
        whole->parts[part][round] = (bench->cpu[part] + bench->worker[part]) / (double)QUESTIONS;
    whole->server[round] = sum_of(bench->cpu, PARTS) / (double)QUESTIONS;
    whole->worker[round] = sum_of(bench->worker, PARTS) / (double)QUESTIONS;
    whole->all[round] = whole->server[round] + whole->worker[round];
}

static void print_whole(const struct whole *whole)
{
    const double *duckdb = whole->peer ? whole->duckdb : NULL;
    struct bench_row rows[] = {
        {"a whole run, small table: CPU", BENCH_MICROSECONDS, whole->all,
         "DuckDB alone, same statements", duckdb, ROUNDS, 10000},
        {"  in the server's process", BENCH_MICROSECONDS, whole->server, NULL, NULL, ROUNDS, 0},
        {"  in the worker's process", BENCH_MICROSECONDS, whole->worker,
         "DuckDB alone, same statements", duckdb, ROUNDS, 0},
        {"  on the clock, nothing else asked", BENCH_MICROSECONDS, whole->wall, NULL, NULL, ROUNDS,
         0},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        bench_print(&rows[i]);
    for (size_t part = 0; part < PARTS; part++) {
        char name[64];
        snprintf(name, sizeof(name), "  %s",
                 part == SAVING ? "saving question and answer"
                                : run_step_name((enum run_step)part));
        struct bench_row row = {name, BENCH_MICROSECONDS, whole->parts[part], NULL, NULL, ROUNDS,
                                0};
        bench_print(&row);
    }
}

/* ---- parts ---- */

static void read_once(struct bench *bench, const struct run *run, struct arena *arena)
{
    struct error err = {0};
    if (!planner_read(bench->agent->planner, &run->request.plan, arena, &err))
        bench_fail("planner_read", err.message);
}

static void find_periods(struct bench *bench, const struct run *run, struct arena *arena)
{
    struct period_list periods;
    period_find(str_from(run->question.text), &run->request.plan.calendar, arena, &periods);
}

static void check_statement(struct bench *bench, const struct run *run, struct arena *arena)
{
    struct error err = {0};
    const struct dataset *dataset = &bench->agent->knowledge->catalog->datasets[0];
    struct firewall_policy policy = {&dataset, 1};
    struct firewall_verdict verdict;
    if (run->statement &&
        !firewall_check(&policy, str_from(run->statement->sql), arena, &verdict, &err))
        bench_fail(run->statement->sql, err.message);
}

static void embed(struct bench *bench, const struct run *run, struct arena *arena)
{
    struct error err = {0};
    struct str text = str_from(run->question.text);
    float *vector =
        arena_array(arena, embedder_dimensions(bench->agent->embedder), sizeof(*vector));
    if (!embedder_embed(bench->agent->embedder, &text, 1, vector, &err))
        bench_fail("embedder_embed", err.message);
}

typedef void (*part_fn)(struct bench *bench, const struct run *run, struct arena *arena);

/* CPU microseconds a question. */
static double time_part(struct bench *bench, part_fn part)
{
    struct arena *arena = arena_new();
    double start = bench_cpu_us();
    for (size_t times = 0; times < PART_TIMES; times++)
        for (size_t i = 0; i < QUESTIONS; i++) {
            arena_free(arena);
            arena = arena_new();
            part(bench, bench->runs[i], arena);
        }
    double used = bench_cpu_us() - start;
    arena_free(arena);
    return used / (PART_TIMES * (double)QUESTIONS);
}

static void print_parts(struct bench *bench, const struct whole *whole, double (*parts)[ROUNDS])
{
    const struct bench_row rows[] = {
        {"reading a question (planner)", BENCH_MICROSECONDS, parts[0], NULL, NULL, ROUNDS, 2000},
        {"  periods alone", BENCH_MICROSECONDS, parts[1], NULL, NULL, ROUNDS, 0},
        {"judging a statement (firewall)", BENCH_MICROSECONDS, parts[2], "parsing it with sqlglot",
         whole->peer ? whole->sqlglot : NULL, ROUNDS, 0},
        {"embedding a question", BENCH_MICROSECONDS, parts[3], "the same table with numpy",
         whole->peer ? whole->numpy : NULL, ROUNDS, 0},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        bench_print(&rows[i]);
}

/* ---- all ---- */

/* A line a statement, an empty line, a line a question: what the peer needs. */
static void write_work(const struct bench *bench, const char *path)
{
    FILE *file = fopen(path, "w");
    if (!file)
        bench_fail(path, "can't be written");
    for (size_t i = 0; i < QUESTIONS; i++) {
        if (!bench->runs[i]->statement) { /* it is measured all the same, but not the peer's */
            fprintf(stderr, "note: \"%s\" is not answered: %s\n", questions[i],
                    bench->runs[i]->answer);
            continue;
        }
        for (const char *p = bench->runs[i]->statement->sql; *p; p++)
            fputc(*p == '\n' ? ' ' : *p, file);
        fputc('\n', file);
    }
    fputc('\n', file);
    for (size_t i = 0; i < QUESTIONS; i++)
        fprintf(file, "%s\n", questions[i]);
    fclose(file);
}

static void measure(struct bench *bench)
{
    static const part_fn part_functions[] = {read_once, find_periods, check_statement, embed};
    enum { PART_COUNT = sizeof(part_functions) / sizeof(part_functions[0]) };
    static struct whole whole;
    static double parts[PART_COUNT][ROUNDS];
    for (size_t i = 0; i < QUESTIONS; i++)
        ask(bench, i); /* starts the workers */
    find_workers(bench);
    char work[128];
    snprintf(work, sizeof(work), "%s/work", bench->folder);
    write_work(bench, work);
    struct bench_peer *peer = bench_peer_start("run_peer.py", bench->file, work);
    whole.peer = true;
    for (size_t round = 0; round < ROUNDS; round++) {
        double numbers[3] = {NAN, NAN, NAN};
        whole.peer &= bench_peer_round(peer, numbers, 3);
        whole.duckdb[round] = numbers[0];
        whole.sqlglot[round] = numbers[1];
        whole.numpy[round] = numbers[2];
        run_round(bench, &whole, round);
        for (size_t part = 0; part < PART_COUNT; part++)
            parts[part][round] = time_part(bench, part_functions[part]);
    }
    bench_peer_end(peer);
    print_whole(&whole);
    print_parts(bench, &whole, parts);
    for (size_t i = 0; i < QUESTIONS; i++)
        run_free(bench->runs[i]);
}

static bool measure_in_task(void *arg, struct error *err)
{
    struct bench *bench = arg;
    const char *data = bench->file;
    struct agent_options options = {.data_paths = &data, .data_path_count = 1};
    bench->agent = agent_open(task_loop(task_current()), &options, err);
    if (!bench->agent)
        return false;
    measure(bench);
    agent_close(bench->agent);
    return true;
}

static struct bench bench;

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *place)
{
    return remove(path);
}

static void remove_folder(void)
{
    nftw(bench.folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

int main(int argc, char **argv)
{
    if (engine_worker_requested(argc, argv))
        return engine_worker_main(argc, argv);
    struct error err = {0};
    snprintf(bench.folder, sizeof(bench.folder), P_tmpdir "/querent-bench-XXXXXX");
    if (!mkdtemp(bench.folder))
        bench_fail(bench.folder, "can't be made");
    atexit(remove_folder);
    snprintf(bench.file, sizeof(bench.file), "%s/orders.csv", bench.folder);
    write_table(bench.file);
    bool ok = settings_load(&err) && settings_set("QUERENT_HOME", bench.folder, &err) &&
              settings_set("QUERENT_NOW", "2026-11-15", &err) &&
              task_run_main(NULL, measure_in_task, &bench, &err);
    if (!ok)
        bench_fail("run_bench", err.message);
    return 0;
}
