/* SPDX-License-Identifier: Apache-2.0 */
/* Who may run: limits at their edges, callers in turn, and a place that is left unused. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "api/run_queue.h"

static bool granted(const struct run_place *place)
{
    return place->event.signalled;
}

static void limits(void **state)
{
    struct run_queue *queue = run_queue_new(4, 2);
    struct run_place places[7];
    struct error err = {0};
    const char *const callers[] = {"a", "b", "c", "d", "e", "f", "g"};
    for (size_t i = 0; i < 6; i++)
        assert_true(run_queue_join(queue, &places[i], NULL, callers[i], &err));
    assert_int_equal(run_queue_running(queue), 4);
    assert_int_equal(run_queue_waiting(queue), 2);
    assert_false(run_queue_join(queue, &places[6], NULL, callers[6], &err));
    assert_int_equal(err.code, ERROR_FULL);
    run_queue_leave(&places[6]); /* it never was in */
    assert_false(granted(&places[4]));
    run_queue_leave(&places[0]);
    assert_true(granted(&places[4]));
    assert_true(run_queue_join(queue, &places[6], NULL, callers[6], &err));
    for (size_t i = 1; i < 7; i++)
        run_queue_leave(&places[i]);
    assert_int_equal(run_queue_running(queue), 0);
    run_queue_free(queue);
}

/* Nobody holds all places: the last quarter is for others. */
static void one_caller_leaves_room(void **state)
{
    struct run_queue *queue = run_queue_new(4, 100);
    struct run_place many[10], quick;
    struct error err = {0};
    for (size_t i = 0; i < 10; i++)
        assert_true(run_queue_join(queue, &many[i], NULL, "many", &err));
    assert_int_equal(run_queue_running(queue), 3);
    assert_true(run_queue_join(queue, &quick, NULL, "one", &err));
    assert_true(granted(&quick));
    run_queue_leave(&quick);
    assert_int_equal(run_queue_running(queue), 3);
    for (size_t i = 10; i-- > 0;) /* also from the middle of those who wait */
        run_queue_leave(&many[i]);
    run_queue_free(queue);
}

/* Nor all places to wait in: there, too, the last quarter is for others. */
static void one_caller_leaves_room_to_wait(void **state)
{
    struct run_queue *queue = run_queue_new(1, 4);
    struct run_place many[4], other, refused;
    struct error err = {0};
    for (size_t i = 0; i < 4; i++) /* one runs, three wait */
        assert_true(run_queue_join(queue, &many[i], NULL, "many", &err));
    assert_false(run_queue_join(queue, &refused, NULL, "many", &err));
    assert_int_equal(err.code, ERROR_FULL);
    assert_true(run_queue_join(queue, &other, NULL, "one", &err));
    error_clear(&err);
    assert_false(run_queue_join(queue, &refused, NULL, "two", &err));
    assert_int_equal(err.code, ERROR_FULL);
    run_queue_leave(&other);
    for (size_t i = 0; i < 4; i++)
        run_queue_leave(&many[i]);
    run_queue_free(queue);
}

/* A place that is kept for others is theirs also where nobody may wait. */
static void a_kept_place_needs_no_waiting(void **state)
{
    struct run_queue *queue = run_queue_new(4, 0);
    struct run_place many[3], one, refused;
    struct error err = {0};
    for (size_t i = 0; i < 3; i++)
        assert_true(run_queue_join(queue, &many[i], NULL, "many", &err));
    assert_false(run_queue_join(queue, &refused, NULL, "many", &err));
    assert_int_equal(run_queue_waiting(queue), 0);
    assert_true(run_queue_join(queue, &one, NULL, "one", &err));
    assert_true(granted(&one));
    run_queue_leave(&one);
    for (size_t i = 0; i < 3; i++)
        run_queue_leave(&many[i]);
    run_queue_free(queue);
}

static void callers_take_turns(void **state)
{
    struct run_queue *queue = run_queue_new(1, 100);
    struct run_place first, a[3], b[3], c;
    struct error err = {0};
    assert_true(run_queue_join(queue, &first, NULL, "a", &err));
    for (size_t i = 0; i < 3; i++)
        assert_true(run_queue_join(queue, &a[i], NULL, "a", &err));
    for (size_t i = 0; i < 3; i++)
        assert_true(run_queue_join(queue, &b[i], NULL, "b", &err));
    assert_true(run_queue_join(queue, &c, NULL, "c", &err));
    struct run_place *const order[] = {&first, &a[0], &b[0], &c, &a[1], &b[1], &a[2], &b[2]};
    for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
        assert_true(granted(order[i]));
        assert_int_equal(run_queue_running(queue), 1);
        run_queue_leave(order[i]);
    }
    run_queue_free(queue);
}

static void nobody_may_wait(void **state)
{
    struct run_queue *queue = run_queue_new(1, 0);
    struct run_place one, two;
    struct error err = {0};
    assert_true(run_queue_join(queue, &one, NULL, "a", &err));
    assert_false(run_queue_join(queue, &two, NULL, "b", &err));
    run_queue_leave(&one);
    assert_true(run_queue_join(queue, &two, NULL, "b", &err));
    run_queue_leave(&two);
    run_queue_free(queue);
}

/* Tasks of several loops over one queue: never more at once than may, everybody gets a place, and
 * who is late takes none along. */
enum { LOOPS = 3, TASKS = 300, TOGETHER = 2 };

static struct run_queue *common;
static atomic_int at_once, most, served, late;

static void serve_one(void *arg)
{
    struct run_place place;
    struct error err = {0};
    char caller[8];
    snprintf(caller, sizeof(caller), "%td", (ptrdiff_t)arg % 7);
    assert_true(run_queue_join(common, &place, task_loop(task_current()), caller, &err));
    if (run_queue_wait(&place, &err)) {
        int now = atomic_fetch_add(&at_once, 1) + 1, before = atomic_load(&most);
        while (now > before && !atomic_compare_exchange_weak(&most, &before, now))
            continue;
        (void)task_sleep(1, &err);
        atomic_fetch_sub(&at_once, 1);
        atomic_fetch_add(&served, 1);
    } else {
        atomic_fetch_add(&late, 1);
    }
    run_queue_leave(&place);
}

static bool serve_some(void *arg, struct error *err)
{
    for (ptrdiff_t i = 0; i < TASKS; i++) {
        const struct task_options options = {.deadline_ms = i % 3 == 0 ? 50 : 0};
        if (!task_start(task_loop(task_current()), &options, serve_one, (void *)i, err))
            return false;
    }
    return true;
}

static void *serve_loop(void *arg)
{
    struct error err = {0};
    return task_run_main(NULL, serve_some, NULL, &err) ? arg : NULL;
}

static void loops_share_places(void **state)
{
    static int done;
    pthread_t threads[LOOPS];
    common = run_queue_new(TOGETHER, (size_t)LOOPS * TASKS);
    for (size_t i = 0; i < LOOPS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, serve_loop, &done), 0);
    for (size_t i = 0; i < LOOPS; i++) {
        void *ok;
        assert_int_equal(pthread_join(threads[i], &ok), 0);
        assert_non_null(ok);
    }
    print_message("# %d served, %d late\n", atomic_load(&served), atomic_load(&late));
    assert_in_range(atomic_load(&most), 1, TOGETHER);
    assert_in_range(atomic_load(&served), LOOPS * TASKS * 2 / 3, LOOPS * TASKS);
    assert_int_equal(atomic_load(&served) + atomic_load(&late), LOOPS * TASKS);
    assert_int_equal(run_queue_running(common) + run_queue_waiting(common), 0);
    run_queue_free(common);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(limits),
        cmocka_unit_test(one_caller_leaves_room),
        cmocka_unit_test(one_caller_leaves_room_to_wait),
        cmocka_unit_test(a_kept_place_needs_no_waiting),
        cmocka_unit_test(callers_take_turns),
        cmocka_unit_test(nobody_may_wait),
        cmocka_unit_test(loops_share_places),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
