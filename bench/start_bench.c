/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program from exec to exit, with its store and data there: CPU time of commands that do
 * little, beside a Python that only imports what it would need for the same.
 */
#include <ftw.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <fcntl.h>

#include "bench.h"

#define ROUNDS 9

/* CPU milliseconds of the command, its children included. */
static double run(const char *const *command)
{
    pid_t process;
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    char *arguments[8] = {0};
    for (size_t i = 0; command[i]; i++)
        arguments[i] = strdup(command[i]);
    int failed = posix_spawnp(&process, arguments[0], &actions, NULL, arguments, environ);
    for (size_t i = 0; arguments[i]; i++)
        free(arguments[i]);
    posix_spawn_file_actions_destroy(&actions);
    int status = 0;
    struct rusage usage;
    if (failed || wait4(process, &status, 0, &usage) < 0 || status != 0)
        return -1;
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

static void compare(const char *figure, const char *const *command, double aim)
{
    const char *chosen = getenv("QUERENT_BENCH_PYTHON");
    const char *const peer[] = {chosen ? chosen : "python3", "-c", "import duckdb, sqlglot, numpy",
                                NULL};
    double mine[ROUNDS], theirs[ROUNDS];
    bool peer_runs = true;
    if (run(command) < 0) /* makes home ready; not measured */
        bench_fail(command[1], "does not run");
    for (size_t i = 0; i < ROUNDS; i++) {
        mine[i] = run(command);
        theirs[i] = run(peer);
        peer_runs &= theirs[i] > 0;
    }
    bench_print(&(struct bench_row){figure, BENCH_MICROSECONDS, mine,
                                    "Python importing DuckDB, sqlglot", peer_runs ? theirs : NULL,
                                    ROUNDS, aim});
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *place)
{
    return remove(path);
}

int main(int argc, char **argv)
{
    if (argc != 2)
        bench_fail("usage", "start_bench PROGRAM");
    char folder[] = P_tmpdir "/querent-bench-XXXXXX", data[64];
    if (!mkdtemp(folder))
        bench_fail(folder, "can't be made");
    snprintf(data, sizeof(data), "%s/orders.csv", folder);
    FILE *file = fopen(data, "w");
    if (!file)
        bench_fail(data, "can't be written");
    fputs("day,region,revenue\n2026-01-01,North,10\n2026-01-02,South,20\n", file);
    fclose(file);
    setenv("QUERENT_HOME", folder, 1);
    compare("start: querent config", (const char *const[]){argv[1], "config", NULL}, 50000);
    compare("start: querent datasets, store present",
            (const char *const[]){argv[1], "datasets", "--data", data, NULL}, 50000);
    nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    return 0;
}
