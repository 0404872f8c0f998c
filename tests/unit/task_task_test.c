/* SPDX-License-Identifier: Apache-2.0 */
/* A failed assertion jumps out of the test, which must not happen on a task's stack: tasks write
 * down what they saw, and the test looks at it after loop_run(). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "task/sanitizer.h"
#include "task/task.h"

#ifdef FIBERS_TSAN
#define MANY_TASKS 1000 /* each is a thread to TSan */
#else
#define MANY_TASKS 10000
#endif
#if defined(FIBERS_ASAN) || defined(FIBERS_TSAN)
#define SHADOW_MEMORY true
#else
#define SHADOW_MEMORY false
#endif

struct seen {
    struct loop *loop;
    struct task *other;
    struct task_event event;
    bool ok;
    bool second_ok;
    bool ended;
    uint64_t time_left_ms;
    uint64_t took_ms;
    struct error err;
    struct error second_err;
    unsigned count;
};

static struct loop *new_loop(void)
{
    struct error err = {0};
    struct loop *loop = loop_new(&err);
    assert_non_null(loop);
    return loop;
}

static struct task *start(struct loop *loop, uint64_t deadline_ms, void (*fn)(void *), void *arg)
{
    struct error err = {0};
    struct task_options options = {.name = "test", .deadline_ms = deadline_ms};
    struct task *task = task_start(loop, &options, fn, arg, &err);
    assert_non_null(task);
    return task;
}

static void sleep_and_yield(void *arg)
{
    struct seen *seen = arg;
    struct error err = {0};
    if (task_yield(&err) && task_sleep(1 + seen->count % 20, &err) && task_yield(&err))
        seen->count++;
}

static unsigned long resident_kb(void)
{
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%*s %lu", &pages), 1);
    fclose(file);
    return pages * 4;
}

static void ten_thousand_tasks_wait_and_end(void **state)
{
    struct loop *loop = new_loop();
    struct seen seen = {0};
    for (int i = 0; i < MANY_TASKS; i++)
        start(loop, 0, sleep_and_yield, &seen);
    loop_run(loop);
    assert_int_equal(seen.count, MANY_TASKS);
    loop_free(loop);
}

static void measure(void *arg)
{
    struct seen *seen = arg;
    seen->ok = task_sleep(50, &seen->err);
    seen->count = (unsigned)resident_kb();
}

static void wait_long(void *arg)
{
    struct error err = {0};
    (void)task_sleep(100, &err);
}

static void ten_thousand_waiting_tasks_are_small(void **state)
{
    struct loop *loop = new_loop();
    struct seen seen = {0};
    unsigned long before_kb = resident_kb();
    for (int i = 0; i < MANY_TASKS; i++)
        start(loop, 0, wait_long, NULL);
    start(loop, 0, measure, &seen);
    loop_run(loop);
    assert_true(seen.ok);
    assert_true(seen.count > before_kb);
    if (!SHADOW_MEMORY) /* that would be what is measured */
        assert_true(seen.count - before_kb < 200 * 1000);
    loop_free(loop);
}

static void sleep_a_minute(void *arg)
{
    struct seen *seen = arg;
    uint64_t start_ms = clock_monotonic_ms();
    seen->ok = task_sleep(60000, &seen->err);
    seen->took_ms = clock_monotonic_ms() - start_ms;
    seen->second_ok = task_yield(&seen->second_err);
    seen->ended = true;
}

static void cancel_other(void *arg)
{
    struct seen *seen = arg;
    struct error err = {0};
    (void)task_sleep(5, &err);
    task_cancel(seen->other);
    task_cancel(seen->other); /* again is harmless */
}

static void cancel_wakes_a_sleeper_at_once(void **state)
{
    struct loop *loop = new_loop();
    struct seen seen = {0};
    seen.other = start(loop, 0, sleep_a_minute, &seen);
    start(loop, 0, cancel_other, &seen);
    loop_run(loop);
    assert_true(seen.ended);
    assert_false(seen.ok);
    assert_int_equal(seen.err.code, ERROR_CANCELLED);
    assert_false(seen.second_ok);
    assert_int_equal(seen.second_err.code, ERROR_CANCELLED);
    assert_true(seen.took_ms < 10000);
    loop_free(loop);
}

static void a_task_cancelled_before_its_start_still_runs(void **state)
{
    struct loop *loop = new_loop();
    struct seen seen = {0};
    task_cancel(start(loop, 0, sleep_a_minute, &seen));
    loop_run(loop);
    assert_true(seen.ended);
    assert_int_equal(seen.err.code, ERROR_CANCELLED);
    loop_free(loop);
}

static void deadline_ends_the_wait_and_the_next_one(void **state)
{
    struct loop *loop = new_loop();
    struct seen seen = {0};
    uint64_t start_ms = clock_monotonic_ms();
    start(loop, 10, sleep_a_minute, &seen);
    loop_run(loop);
    assert_false(seen.ok);
    assert_int_equal(seen.err.code, ERROR_DEADLINE);
    assert_true(clock_monotonic_ms() - start_ms >= 9 && seen.took_ms < 10000);
    assert_false(seen.second_ok);
    assert_int_equal(seen.second_err.code, ERROR_DEADLINE);
    loop_free(loop);
}

static void work_past_deadline(void *arg)
{
    struct seen *seen = arg;
    seen->time_left_ms = task_time_left_ms();
    uint64_t start_ms = clock_monotonic_ms();
    while (clock_monotonic_ms() < start_ms + 350)
        seen->count++;
    seen->ok = task_check(&seen->err);
    seen->event.signalled = true; /* what has come already does not help a late task */
    seen->second_ok = task_event_wait(&seen->event, 0, &seen->second_err);
    task_set_deadline(0);
    seen->ended = task_time_left_ms() == UINT64_MAX && task_event_wait(&seen->event, 0, NULL);
}

static void late_tasks_next_wait_fails(void **state)
{
    struct loop *loop = new_loop();
    struct seen seen = {0};
    start(loop, 300, work_past_deadline, &seen); /* and it does begin in time */
    loop_run(loop);
    assert_true(seen.time_left_ms <= 300 && seen.time_left_ms > 0);
    assert_false(seen.ok);
    assert_int_equal(seen.err.code, ERROR_DEADLINE);
    assert_false(seen.second_ok);
    assert_int_equal(seen.second_err.code, ERROR_DEADLINE);
    assert_true(seen.ended);
    loop_free(loop);
}

static void join_other(void *arg)
{
    struct seen *seen = arg;
    seen->ok = task_join(seen->other, &seen->err);
    seen->second_ok = task_join(seen->other, &seen->second_err); /* an ended one */
    task_unref(seen->other);
}

static void join_waits_for_the_end(void **state)
{
    struct loop *loop = new_loop();
    struct seen slept = {.count = 10};
    struct seen first = {0}, second = {0};
    first.other = task_ref(start(loop, 0, sleep_and_yield, &slept));
    second.other = task_ref(first.other);
    start(loop, 0, join_other, &first);
    start(loop, 0, join_other, &second);
    loop_run(loop);
    assert_int_equal(slept.count, 11);
    assert_true(first.ok && first.second_ok && second.ok && second.second_ok);
    loop_free(loop);
}

static void cancelled_joiner_leaves_the_other_alone(void **state)
{
    struct loop *loop = new_loop();
    struct seen slept = {.count = 15}, joined = {0}, stayed = {0};
    joined.other = task_ref(start(loop, 0, sleep_and_yield, &slept));
    stayed.other = task_ref(joined.other);
    struct seen canceller = {.other = start(loop, 0, join_other, &joined)};
    start(loop, 0, join_other, &stayed);
    start(loop, 0, cancel_other, &canceller);
    loop_run(loop);
    assert_false(joined.ok);
    assert_int_equal(joined.err.code, ERROR_CANCELLED);
    assert_int_equal(slept.count, 16);
    assert_true(stayed.ok);
    loop_free(loop);
}

static void wait_for_event(void *arg)
{
    struct seen *seen = arg;
    seen->ok = task_event_wait(&seen->event, 0, &seen->err);
    seen->second_ok = task_event_wait(&seen->event, 5, &seen->second_err);
}

static void signal_other(void *arg)
{
    struct seen *seen = arg;
    seen->count++;
    task_event_signal(&seen->event);
}

static void a_signal_before_the_wait_is_kept(void **state)
{
    struct loop *loop = new_loop();
    struct seen seen = {0};
    task_event_signal(&seen.event);
    start(loop, 0, wait_for_event, &seen);
    loop_run(loop);
    assert_true(seen.ok);
    assert_false(seen.second_ok); /* used up by the first wait */
    assert_int_equal(seen.second_err.code, ERROR_DEADLINE);
    assert_non_null(strstr(seen.second_err.message, "5 ms"));
    loop_free(loop);
}

static void a_signal_wakes_the_waiter(void **state)
{
    struct loop *loop = new_loop();
    struct seen seen = {0};
    start(loop, 0, wait_for_event, &seen);
    start(loop, 0, signal_other, &seen);
    loop_run(loop);
    assert_true(seen.ok);
    assert_int_equal(seen.count, 1);
    loop_free(loop);
}

static void save_in_shield(void *arg)
{
    struct seen *seen = arg;
    struct error err = {0};
    seen->ended = !task_sleep(60000, &err) && err.code == ERROR_CANCELLED;
    task_shield_begin(5000);
    seen->time_left_ms = task_time_left_ms();
    task_cancel(task_current());
    seen->ok = task_sleep(5, &seen->err) && task_yield(&seen->err);
    task_shield_end();
    seen->second_ok = task_yield(&seen->second_err);
}

static void shielded_work_may_wait_after_cancel(void **state)
{
    struct loop *loop = new_loop();
    struct seen seen = {0};
    seen.other = start(loop, 0, save_in_shield, &seen);
    start(loop, 0, cancel_other, &seen);
    loop_run(loop);
    assert_true(seen.ended);
    assert_true(seen.ok);
    assert_true(seen.time_left_ms > 4000 && seen.time_left_ms <= 5000);
    assert_false(seen.second_ok);
    assert_int_equal(seen.second_err.code, ERROR_CANCELLED);
    loop_free(loop);
}

static void stay_in_shield(void *arg)
{
    struct seen *seen = arg;
    task_shield_begin(10);
    seen->ok = task_sleep(60000, &seen->err);
    task_shield_end();
}

static void a_shield_has_an_end(void **state)
{
    struct loop *loop = new_loop();
    struct seen seen = {0};
    start(loop, 0, stay_in_shield, &seen);
    loop_run(loop);
    assert_false(seen.ok);
    assert_int_equal(seen.err.code, ERROR_DEADLINE);
    loop_free(loop);
}

static void outside_of_a_task_waits_are_plain(void **state)
{
    struct error err = {0};
    struct task_event event = {.signalled = true};
    assert_null(task_current());
    assert_true(task_check(&err));
    assert_true(task_yield(&err));
    assert_true(task_sleep(1, &err));
    assert_true(task_event_wait(&event, 0, &err));
    assert_false(event.signalled);
    assert_true(task_time_left_ms() == UINT64_MAX);
}

static bool main_task(void *arg, struct error *err)
{
    struct seen *seen = arg;
    struct task *child = task_start(task_loop(task_current()), NULL, signal_other, seen, err);
    seen->ended = strcmp(task_name(task_current()), "main") == 0;
    if (!child || !task_event_wait(&seen->event, 1000, err))
        return false;
    return seen->ok || error_set(err, ERROR_INVALID, "as asked");
}

static void run_main_gives_the_functions_result(void **state)
{
    struct error err = {0};
    struct task_options options = {.name = "main"};
    struct seen good = {.ok = true}, bad = {0};
    assert_true(task_run_main(&options, main_task, &good, &err));
    assert_true(good.ended);
    assert_int_equal(good.count, 1);
    assert_false(task_run_main(&options, main_task, &bad, &err));
    assert_int_equal(err.code, ERROR_INVALID);
}

static bool nothing(void *arg, struct error *err)
{
    return true;
}

static void inner_loop(void *arg)
{
    struct seen *seen = arg;
    seen->ok = task_run_main(NULL, nothing, NULL, &seen->err);
}

static bool offload_inner_loop(void *arg, struct error *err)
{
    return task_offload(inner_loop, arg, err);
}

static void a_pool_thread_may_have_a_loop(void **state)
{
    struct error err = {0};
    struct seen seen = {0};
    assert_true(task_run_main(NULL, offload_inner_loop, &seen, &err));
    assert_true(seen.ok);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ten_thousand_waiting_tasks_are_small),
        cmocka_unit_test(ten_thousand_tasks_wait_and_end),
        cmocka_unit_test(cancel_wakes_a_sleeper_at_once),
        cmocka_unit_test(a_task_cancelled_before_its_start_still_runs),
        cmocka_unit_test(deadline_ends_the_wait_and_the_next_one),
        cmocka_unit_test(late_tasks_next_wait_fails),
        cmocka_unit_test(join_waits_for_the_end),
        cmocka_unit_test(cancelled_joiner_leaves_the_other_alone),
        cmocka_unit_test(a_signal_before_the_wait_is_kept),
        cmocka_unit_test(a_signal_wakes_the_waiter),
        cmocka_unit_test(shielded_work_may_wait_after_cancel),
        cmocka_unit_test(a_shield_has_an_end),
        cmocka_unit_test(outside_of_a_task_waits_are_plain),
        cmocka_unit_test(run_main_gives_the_functions_result),
        cmocka_unit_test(a_pool_thread_may_have_a_loop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
