/* SPDX-License-Identifier: Apache-2.0 */
#include "served.h"

#include <errno.h>
#include <ftw.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/agent.h"
#include "api/api.h"
#include "bench.h"
#include "core/alloc.h"
#include "core/settings.h"
#include "engine/fake.h"
#include "engine/worker.h"

#define QUEUE_MAX 20000
#define RUNS_DEFAULT 32 /* as cli/serve.c has it */

static char folder[64], table[96];

/* ---- the server's process ---- */

static struct cell cells[] = {{.type = CELL_TEXT, .text = {"North", 5}},
                              {.type = CELL_INTEGER, .integer = 410},
                              {.type = CELL_TEXT, .text = {"South", 5}},
                              {.type = CELL_INTEGER, .integer = 320}};
static struct result_column columns[] = {{"region", "VARCHAR", VALUE_TEXT},
                                         {"revenue", "BIGINT", VALUE_INTEGER}};
static const struct rows rows = {
    .columns = columns, .column_count = 2, .row_count = 2, .cells = cells};

void served_tell_port(void *context, const char *host, int port)
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
    _exit(0); /* the measuring process is gone */
}

static bool serve_questions(void *arg, struct error *err)
{
    const char *data = table;
    struct agent_options options = {.data_paths = &data, .data_path_count = 1};
    struct agent *agent = agent_open(task_loop(task_current()), &options, err);
    if (!agent)
        return false;
    int64_t runs_max = settings_integer("QUERENT_RUNS_MAX");
    pthread_t thread;
    pthread_create(&thread, NULL, listen_to_parent, NULL);
    struct api_options api = {
        .host = "127.0.0.1",
        .runs_max = runs_max > 0 ? (size_t)runs_max : RUNS_DEFAULT,
        .queue_max = QUEUE_MAX,
        .stop_grace_ms = 1000,
        .reattach_ms = 600000,
        .ready = served_tell_port,
    };
    bool ok = api_serve(agent, &api, err);
    agent_close(agent);
    return ok;
}

static int serve(const char *what, const struct served_mode *modes, size_t mode_count)
{
    struct error err = {0};
    bool ok = settings_load(&err) && settings_set("QUERENT_HOME", folder, &err) &&
              settings_set("QUERENT_NOW", "2026-11-15", &err) &&
              settings_set("QUERENT_STATEMENT_TIMEOUT_S", "600", &err) &&
              settings_set("QUERENT_ACCESS_LOG", "false", &err) &&
              settings_set("QUERENT_DEADLINE_S", "3600", &err);
    if (ok)
        engine_fake_start("duckdb");
    bool (*work)(void *arg, struct error *err) = serve_questions;
    for (size_t i = 0; i < mode_count; i++)
        if (strcmp(what, modes[i].name) == 0)
            work = modes[i].serve;
    ok = ok && task_run_main(NULL, work, NULL, &err);
    if (!ok)
        fprintf(stderr, "the server: %s\n", err.message);
    return !ok;
}

/* ---- the measuring process ---- */

struct served served_start(const char *what)
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
        bench_fail("the server", "can't be started");
    posix_spawn_file_actions_destroy(&actions);
    free(name);
    close(to[0]);
    close(from[1]);
    served.to = fdopen(to[1], "w");
    FILE *answers = fdopen(from[0], "r");
    if (fscanf(answers, "%d", &served.port) != 1)
        bench_fail("the server", "does not start");
    fclose(answers);
    return served;
}

void served_stop(struct served *served)
{
    kill(served->process, SIGKILL);
    waitpid(served->process, NULL, 0);
    fclose(served->to);
}

void served_set_delay(const struct served *served, unsigned delay_ms)
{
    fprintf(served->to, "%u\n", delay_ms);
    fflush(served->to);
    usleep(100 * 1000);
}

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

const char *served_folder(void)
{
    return folder;
}

int served_begin(int argc, char **argv, const struct served_mode *modes, size_t mode_count)
{
    if (engine_worker_requested(argc, argv))
        return engine_worker_main(argc, argv);
    bool serves = argc == 4 && strcmp(argv[1], "serve") == 0;
    snprintf(folder, sizeof(folder), "%s", serves ? argv[3] : P_tmpdir "/querent-bench-XXXXXX");
    if (!serves && !mkdtemp(folder))
        bench_fail(folder, "can't be made");
    snprintf(table, sizeof(table), "%s/orders.csv", folder);
    if (serves)
        return serve(argv[2], modes, mode_count);
    atexit(remove_folder);
    write_table();
    return -1;
}
