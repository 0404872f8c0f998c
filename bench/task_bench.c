/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tasks: what a switch to another one and back costs beside ucontext in the same program, what
 * starting one costs beside a thread, and the memory of 10,000 that wait.
 */
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>
#include <unistd.h>

#include "bench.h"
#include "task/context.h"
#include "task/stack.h"
#include "task/task.h"

#define ROUNDS 9
#define SWITCHES 200000
#define STARTS 5000
#define WAITING 10000
#define WAITING_MEMORY_AIM 300 /* MB; that of whole runs: tasks alone must be far below */

/* ---- switches ---- */

static struct context ours;

static void leave_always(void *arg)
{
    for (;;)
        context_leave(&ours);
}

static double switch_ours(void)
{
    double start = bench_cpu_us();
    for (int i = 0; i < SWITCHES; i++)
        context_enter(&ours);
    return (bench_cpu_us() - start) / SWITCHES;
}

static ucontext_t here, there;

static void swap_always(void)
{
    for (;;)
        swapcontext(&there, &here);
}

static double switch_ucontext(void)
{
    double start = bench_cpu_us();
    for (int i = 0; i < SWITCHES; i++)
        swapcontext(&here, &there);
    return (bench_cpu_us() - start) / SWITCHES;
}

static void compare_switches(void)
{
    static char stacks[2][STACK_SIZE] __attribute__((aligned(4096)));
    double mine[ROUNDS], theirs[ROUNDS];
    context_init(&ours, stacks[0], leave_always, NULL);
    getcontext(&there);
    there.uc_stack.ss_sp = stacks[1];
    there.uc_stack.ss_size = sizeof(stacks[1]);
    makecontext(&there, swap_always, 0);
    for (size_t i = 0; i < ROUNDS; i++) {
        mine[i] = switch_ours();
        theirs[i] = switch_ucontext();
    }
    bench_print(&(struct bench_row){"switching to a task and back", BENCH_MICROSECONDS, mine,
                                    "ucontext", theirs, ROUNDS, 0});
}

/* ---- starts ---- */

static void do_nothing(void *arg)
{
}

static bool start_tasks(void *arg, struct error *err)
{
    for (int i = 0; i < STARTS; i++)
        if (!task_start(task_loop(task_current()), NULL, do_nothing, NULL, err) || !task_yield(err))
            return false;
    return true;
}

static void *thread_of_nothing(void *arg)
{
    return NULL;
}

static double start_threads(void)
{
    double start = bench_cpu_us();
    for (int i = 0; i < STARTS; i++) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, thread_of_nothing, NULL) != 0)
            bench_fail("pthread_create", "no thread");
        pthread_join(thread, NULL);
    }
    return (bench_cpu_us() - start) / STARTS;
}

static void compare_starts(void)
{
    double mine[ROUNDS], theirs[ROUNDS];
    struct error err;
    for (size_t i = 0; i < ROUNDS; i++) {
        double start = bench_cpu_us();
        if (!task_run_main(NULL, start_tasks, NULL, &err))
            bench_fail("tasks", err.message);
        mine[i] = (bench_cpu_us() - start) / STARTS;
        theirs[i] = start_threads();
    }
    bench_print(&(struct bench_row){"a task from start to end", BENCH_MICROSECONDS, mine,
                                    "a thread", theirs, ROUNDS, 0});
}

/* ---- memory ---- */

static double memory_mb(void)
{
    char line[128];
    FILE *file = fopen("/proc/self/smaps_rollup", "r");
    double kilobytes = 0;
    while (file && fgets(line, sizeof(line), file))
        if (sscanf(line, "Pss: %lf kB", &kilobytes) == 1)
            break;
    if (file)
        fclose(file);
    return kilobytes / 1024;
}

static void sleep_long(void *arg)
{
    struct error ignored; /* cancelled at the end */
    (void)task_sleep(600000, &ignored);
}

static bool hold_many(void *arg, struct error *err)
{
    double *used = arg, before = memory_mb();
    struct loop *loop = task_loop(task_current());
    struct task **tasks = calloc(WAITING, sizeof(*tasks));
    for (size_t i = 0; i < WAITING; i++) {
        tasks[i] = task_start(loop, NULL, sleep_long, NULL, err);
        if (!tasks[i])
            return false;
    }
    bool ok = task_sleep(50, err);
    *used = memory_mb() - before;
    for (size_t i = 0; i < WAITING; i++)
        task_cancel(tasks[i]);
    free(tasks);
    return ok;
}

int main(void)
{
    double used;
    struct error err;
    if (!task_run_main(NULL, hold_many, &used, &err))
        bench_fail("waiting tasks", err.message);
    bench_print(&(struct bench_row){"memory of 10,000 waiting tasks", BENCH_MEGABYTES, &used, NULL,
                                    NULL, 1, WAITING_MEMORY_AIM});
    compare_switches();
    compare_starts();
    return 0;
}
