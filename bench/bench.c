/* SPDX-License-Identifier: Apache-2.0 */
#include "bench.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/datafile.h"

double bench_cpu_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

void bench_fail(const char *what, const char *why)
{
    fflush(stdout);
    fprintf(stderr, "%s: %s\n", what, why);
    exit(1);
}

/* ---- the table ---- */

static int compare_doubles(const void *a, const void *b)
{
    double first = *(const double *)a, second = *(const double *)b;
    return (first > second) - (first < second);
}

struct spread {
    double low, median, high;
};

static struct spread spread_of(const double *values, size_t count)
{
    double sorted[BENCH_ROUNDS_MAX];
    memcpy(sorted, values, count * sizeof(*values));
    qsort(sorted, count, sizeof(*sorted), compare_doubles);
    return (struct spread){sorted[0], sorted[count / 2], sorted[count - 1]};
}

static void print_amount(char out[32], double value, enum bench_unit unit)
{
    if (unit == BENCH_MEGABYTES)
        snprintf(out, 32, "%.0f MB", value);
    else if (value < 0.1)
        snprintf(out, 32, "%.0f ns", value * 1e3);
    else if (value < 1e3)
        snprintf(out, 32, "%.1f us", value);
    else
        snprintf(out, 32, "%.2f ms", value / 1e3);
}

void bench_print(const struct bench_row *row)
{
    char ours[32], theirs[32] = "", peer[128] = "", ratio[80] = "", aim[64] = "";
    double median = spread_of(row->ours, row->rounds).median;
    print_amount(ours, median, row->unit);
    if (row->peer_name && row->peer) {
        double ratios[BENCH_ROUNDS_MAX];
        for (size_t i = 0; i < row->rounds; i++)
            ratios[i] = row->ours[i] / row->peer[i];
        struct spread spread = spread_of(ratios, row->rounds);
        print_amount(theirs, spread_of(row->peer, row->rounds).median, row->unit);
        snprintf(peer, sizeof(peer), "%s  %s", theirs, row->peer_name);
        snprintf(ratio, sizeof(ratio), "%.3g (%.3g..%.3g)", spread.median, spread.low, spread.high);
    } else {
        struct spread spread = spread_of(row->ours, row->rounds);
        char low[32], high[32];
        print_amount(low, spread.low, row->unit);
        print_amount(high, spread.high, row->unit);
        snprintf(peer, sizeof(peer), "%s%s", row->peer_name ? "did not run: " : "-",
                 row->peer_name ? row->peer_name : "");
        if (row->rounds > 1)
            snprintf(ratio, sizeof(ratio), "(%s..%s)", low, high);
    }
    if (row->aim > 0) {
        char limit[32];
        print_amount(limit, row->aim, row->unit);
        snprintf(aim, sizeof(aim), "< %s%s", limit, median < row->aim ? "" : "  MISSED");
    }
    printf("%-38s | %9s | %-43s | %-24s | %s\n", row->figure, ours, peer, ratio, aim);
    fflush(stdout);
}

/* ---- peers ---- */

struct bench_peer {
    pid_t process;
    FILE *to, *from; /* a line for a round; its numbers */
};

static bool start(struct bench_peer *peer, char *const arguments[])
{
    int to[2], from[2];
    if (pipe2(to, O_CLOEXEC) != 0 || pipe2(from, O_CLOEXEC) != 0)
        bench_fail("pipe", "no descriptors left");
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, to[0], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, from[1], STDOUT_FILENO);
    bool ok = posix_spawnp(&peer->process, arguments[0], &actions, NULL, arguments, environ) == 0;
    posix_spawn_file_actions_destroy(&actions);
    close(to[0]);
    close(from[1]);
    peer->to = fdopen(to[1], "w");
    peer->from = fdopen(from[0], "r");
    return ok;
}

struct bench_peer *bench_peer_start(const char *script, const char *argument,
                                    const char *second_argument)
{
    struct arena *arena = arena_new();
    struct error err = {0};
    const char *name = arena_printf(arena, "../bench/peers/%s", script);
    const char *path = datafile_find(arena, DATAFILE_DATA, name, NULL, &err);
    bool plan_stack = strncmp(script, "plan-stack/", strlen("plan-stack/")) == 0;
    const char *python = getenv(plan_stack ? "QUERENT_PLAN_STACK_PYTHON" : "QUERENT_BENCH_PYTHON");
    struct bench_peer *peer = xcalloc(1, sizeof(*peer));
    signal(SIGPIPE, SIG_IGN); /* a peer that could not start is seen by what it did not answer */
    fflush(stdout);
    char *arguments[] = {arena_strdup(arena, python ? python : "python3"),
                         arena_strdup(arena, path ? path : ""), arena_strdup(arena, argument),
                         second_argument ? arena_strdup(arena, second_argument) : NULL, NULL};
    if (!path || !start(peer, arguments)) {
        fprintf(stderr, "%s did not start: %s\n", script, path ? "no Python" : err.message);
        if (peer->to) {
            fclose(peer->to);
            fclose(peer->from);
        }
        free(peer);
        peer = NULL;
    }
    arena_free(arena);
    return peer;
}

bool bench_peer_round(struct bench_peer *peer, double *numbers, size_t count)
{
    if (!peer || fputs("round\n", peer->to) < 0 || fflush(peer->to) != 0)
        return false;
    for (size_t i = 0; i < count; i++)
        if (fscanf(peer->from, "%lf", &numbers[i]) != 1)
            return false;
    return true;
}

void bench_peer_end(struct bench_peer *peer)
{
    if (!peer)
        return;
    fclose(peer->to);
    fclose(peer->from);
    waitpid(peer->process, NULL, 0);
    free(peer);
}
