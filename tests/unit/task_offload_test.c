/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>

#include "core/hash.h"
#include "task/task.h"

struct call {
    struct task *other;
    pthread_t thread;
    sem_t *begun;
    sem_t *go;
    bool in_task;
    bool ran;
    bool ok;
    bool next_ok;
    int result;
    struct error err;
};

static struct loop *new_loop(void)
{
    struct error err = {0};
    struct loop *loop = loop_new(&err);
    assert_non_null(loop);
    return loop;
}

static struct task *start(struct loop *loop, void (*fn)(void *), void *arg)
{
    struct error err = {0};
    struct task *task = task_start(loop, NULL, fn, arg, &err);
    assert_non_null(task);
    return task;
}

static void compute(void *arg)
{
    struct call *call = arg;
    call->thread = pthread_self();
    call->in_task = task_current() != NULL;
    volatile char big[1024 * 1024]; /* far more than a task has */
    big[0] = big[sizeof(big) - 1] = 21;
    call->result = big[0] + big[sizeof(big) - 1];
    call->ran = true;
}

static void offload_compute(void *arg)
{
    struct call *call = arg;
    call->ok = task_offload(compute, call, &call->err);
}

static void runs_on_another_thread_and_keeps_results(void **state)
{
    struct loop *loop = new_loop();
    struct call call = {0};
    start(loop, offload_compute, &call);
    loop_run(loop);
    assert_true(call.ok && call.ran);
    assert_int_equal(call.result, 42);
    assert_false(call.in_task);
    assert_false(pthread_equal(call.thread, pthread_self()));
    loop_free(loop);
}

static void outside_of_a_task_it_runs_directly(void **state)
{
    struct call call = {0};
    struct error err = {0};
    assert_true(task_offload(compute, &call, &err));
    assert_true(pthread_equal(call.thread, pthread_self()));
}

static void many_pieces_all_run(void **state)
{
    static struct call calls[1000];
    struct loop *loop = new_loop();
    for (int i = 0; i < 1000; i++)
        start(loop, offload_compute, &calls[i]);
    loop_run(loop);
    for (int i = 0; i < 1000; i++)
        assert_true(calls[i].ok && calls[i].ran);
    loop_free(loop);
}

static void block(void *arg)
{
    struct call *call = arg;
    sem_post(call->begun);
    sem_wait(call->go);
    call->ran = true;
}

static void offload_block(void *arg)
{
    struct call *call = arg;
    call->ok = task_offload(block, call, &call->err);
    call->next_ok = task_yield(NULL);
}

/* Called when `calls[0]` holds the only thread and the queue of one is empty. */
static void fill_and_cancel(void *arg)
{
    struct call *calls = arg;
    sem_wait(calls[0].begun);
    struct loop *loop = task_loop(task_current());
    struct error err = {0};
    struct task *queued = task_start(loop, NULL, offload_compute, &calls[1], &err);
    struct task *refused = task_start(loop, NULL, offload_compute, &calls[2], &err);
    task_yield(&err); /* both have tried now */
    calls[2].next_ok = refused && calls[2].err.code == ERROR_FULL;
    task_cancel(queued);
    task_cancel(calls[0].other); /* has begun: its wait lasts */
    task_yield(&err);
    task_yield(&err);
    calls[1].next_ok = calls[1].err.code == ERROR_CANCELLED;
    sem_post(calls[0].go);
}

static void full_and_cancelled_work_never_runs(void **state)
{
    task_offload_limits(1, 1);
    struct loop *loop = new_loop();
    sem_t begun, go;
    sem_init(&begun, 0, 0);
    sem_init(&go, 0, 0);
    struct call calls[3] = {{.begun = &begun, .go = &go}};
    calls[0].other = start(loop, offload_block, &calls[0]);
    start(loop, fill_and_cancel, calls);
    loop_run(loop);
    assert_true(calls[0].ok && calls[0].ran);
    assert_false(calls[0].next_ok); /* the wait after it sees the cancel */
    assert_true(calls[1].next_ok);
    assert_false(calls[1].ok || calls[1].ran);
    assert_true(calls[2].next_ok);
    assert_false(calls[2].ok || calls[2].ran);
    loop_free(loop);
    sem_destroy(&begun);
    sem_destroy(&go);
    task_offload_limits(OFFLOAD_THREADS_DEFAULT, OFFLOAD_QUEUE_DEFAULT);
}

static void wait_behind(void *arg)
{
    struct call *calls = arg;
    sem_wait(calls[0].begun);
    task_set_deadline(10);
    calls[1].ok = task_offload(compute, &calls[1], &calls[1].err);
    sem_post(calls[0].go);
}

static void late_work_in_the_queue_never_runs(void **state)
{
    task_offload_limits(1, 10);
    struct loop *loop = new_loop();
    sem_t begun, go;
    sem_init(&begun, 0, 0);
    sem_init(&go, 0, 0);
    struct call calls[2] = {{.begun = &begun, .go = &go}};
    start(loop, offload_block, &calls[0]);
    start(loop, wait_behind, calls);
    loop_run(loop);
    assert_true(calls[0].ok && calls[0].ran);
    assert_false(calls[1].ok || calls[1].ran);
    assert_int_equal(calls[1].err.code, ERROR_DEADLINE);
    loop_free(loop);
    sem_destroy(&begun);
    sem_destroy(&go);
    task_offload_limits(OFFLOAD_THREADS_DEFAULT, OFFLOAD_QUEUE_DEFAULT);
}

/* ---- callers ---- */

#define GREEDY_JOBS 1000

struct turns {
    struct call blocker;
    struct call greedy[GREEDY_JOBS], other, cancelled;
    int lined_up, done, done_before_other;
};
static struct turns turns;

static void take_turn(void *arg)
{
    if (arg == &turns.other)
        turns.done_before_other = turns.done;
    turns.done++; /* one thread: no lock */
}

/* Of another lane than the greedy one's: hashes are seeded anew in each process. */
static const char *other_caller(void)
{
    static char name[16];
    uint64_t lane = hash64_str(STR("greedy"), hash_seed()) % OFFLOAD_LANES;
    for (int i = 0; name[0] == '\0' || hash64_str(str_from(name), hash_seed()) % OFFLOAD_LANES == lane; i++)
        snprintf(name, sizeof(name), "other%d", i);
    return name;
}

static void offload_turn(void *arg)
{
    struct call *call = arg;
    bool greedy = call >= turns.greedy && call < turns.greedy + GREEDY_JOBS;
    task_set_caller(greedy ? "greedy" : other_caller());
    turns.lined_up++; /* in the queue before another task runs */
    call->ok = task_offload(take_turn, call, &call->err);
}

/* However many tasks a turn of the loop takes on. */
static void wait_until_lined_up(int count)
{
    struct error err = {0};
    while (turns.lined_up < count)
        assert_true(task_yield(&err));
}

/* While the only thread is held: a thousand of one caller, then one of another. */
static void line_up(void *unused)
{
    struct error err = {0};
    struct loop *loop = task_loop(task_current());
    sem_wait(turns.blocker.begun);
    for (int i = 0; i < GREEDY_JOBS; i++)
        start(loop, offload_turn, &turns.greedy[i]);
    wait_until_lined_up(GREEDY_JOBS);
    struct task *cancelled = start(loop, offload_turn, &turns.cancelled);
    wait_until_lined_up(GREEDY_JOBS + 1);
    task_cancel(cancelled); /* its lane is empty for a while */
    task_yield(&err);
    task_yield(&err);
    start(loop, offload_turn, &turns.other);
    wait_until_lined_up(GREEDY_JOBS + 2);
    sem_post(turns.blocker.go);
}

static void anothers_job_waits_for_few_of_a_thousand(void **state)
{
    task_offload_limits(1, OFFLOAD_QUEUE_DEFAULT);
    struct loop *loop = new_loop();
    sem_t begun, go;
    sem_init(&begun, 0, 0);
    sem_init(&go, 0, 0);
    turns.blocker = (struct call){.begun = &begun, .go = &go};
    start(loop, offload_block, &turns.blocker);
    start(loop, line_up, NULL);
    loop_run(loop);
    for (int i = 0; i < GREEDY_JOBS; i++)
        assert_true(turns.greedy[i].ok);
    assert_true(turns.other.ok);
    assert_false(turns.cancelled.ok);
    assert_int_equal(turns.done, GREEDY_JOBS + 1);
    assert_in_range(turns.done_before_other, 0, 1);
    loop_free(loop);
    sem_destroy(&begun);
    sem_destroy(&go);
    task_offload_limits(OFFLOAD_THREADS_DEFAULT, OFFLOAD_QUEUE_DEFAULT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs_on_another_thread_and_keeps_results),
        cmocka_unit_test(outside_of_a_task_it_runs_directly),
        cmocka_unit_test(many_pieces_all_run),
        cmocka_unit_test(full_and_cancelled_work_never_runs),
        cmocka_unit_test(late_work_in_the_queue_never_runs),
        cmocka_unit_test(anothers_job_waits_for_few_of_a_thousand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
