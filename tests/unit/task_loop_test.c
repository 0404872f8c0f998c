/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "task/stack.h"
#include "task/task.h"

#define POSTS 1000
#define THREADS 4

struct posts {
    struct loop *loop;
    struct task_event all;
    pthread_t loop_thread;
    unsigned count;
    unsigned elsewhere;
    bool ok;
};

static struct loop *new_loop(void)
{
    struct error err = {0};
    struct loop *loop = loop_new(&err);
    assert_non_null(loop);
    return loop;
}

static void count_post(void *arg)
{
    struct posts *posts = arg;
    if (!pthread_equal(posts->loop_thread, pthread_self()))
        posts->elsewhere++;
    if (++posts->count == POSTS * THREADS)
        task_event_signal(&posts->all);
}

static void *post_many(void *arg)
{
    struct posts *posts = arg;
    for (int i = 0; i < POSTS; i++)
        loop_post(posts->loop, count_post, posts);
    return NULL;
}

static void wait_for_posts(void *arg)
{
    struct posts *posts = arg;
    posts->ok = task_event_wait(&posts->all, 30000, NULL);
}

static void other_threads_post_to_a_loop(void **state)
{
    struct posts posts = {.loop = new_loop(), .loop_thread = pthread_self()};
    pthread_t threads[THREADS];
    assert_non_null(task_start(posts.loop, NULL, wait_for_posts, &posts, NULL));
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, post_many, &posts), 0);
    loop_run(posts.loop);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_true(posts.ok);
    assert_int_equal(posts.count, POSTS * THREADS);
    assert_int_equal(posts.elsewhere, 0);
    loop_free(posts.loop);
}

static void posts_without_tasks_are_not_lost(void **state)
{
    struct posts posts = {.loop = new_loop(), .loop_thread = pthread_self()};
    loop_post(posts.loop, count_post, &posts);
    loop_run(posts.loop);
    assert_int_equal(posts.count, 1);
    loop_post(posts.loop, count_post, &posts); /* never run, only freed */
    loop_free(posts.loop);
    assert_int_equal(posts.count, 2);
    loop_free(NULL);
}

static void stop_early(void *arg)
{
    struct posts *posts = arg;
    loop_stop(posts->loop);
    posts->ok = task_sleep(20, NULL);
}

static void a_stopped_loop_can_go_on(void **state)
{
    struct posts posts = {.loop = new_loop()};
    assert_non_null(task_start(posts.loop, NULL, stop_early, &posts, NULL));
    loop_run(posts.loop);
    assert_false(posts.ok);
    loop_run(posts.loop);
    assert_true(posts.ok);
    loop_free(posts.loop);
}

static void timer_signals(uv_timer_t *timer)
{
    task_event_signal(timer->data);
    uv_close((uv_handle_t *)timer, NULL);
}

static void callbacks_of_drivers_signal(void **state)
{
    struct posts posts = {.loop = new_loop()};
    uv_timer_t timer;
    uv_timer_init(loop_uv(posts.loop), &timer);
    timer.data = &posts.all;
    uv_timer_start(&timer, timer_signals, 5, 0);
    assert_non_null(task_start(posts.loop, NULL, wait_for_posts, &posts, NULL));
    loop_run(posts.loop);
    assert_true(posts.ok);
    loop_free(posts.loop);
}

static bool sleep_and_offload(void *arg, struct error *err)
{
    for (int i = 0; i < 20; i++)
        if (!task_yield(err) || !task_offload(count_post, arg, err) || !task_sleep(1, err))
            return false;
    return true;
}

static void *run_loop_on_thread(void *arg)
{
    struct posts *posts = arg;
    posts->ok = task_run_main(NULL, sleep_and_offload, posts, NULL);
    return NULL;
}

static void loops_on_four_threads_do_not_meet(void **state)
{
    struct posts posts[THREADS] = {0};
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, run_loop_on_thread, &posts[i]), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < THREADS; i++) {
        assert_true(posts[i].ok);
        assert_int_equal(posts[i].count, 20);
        assert_int_equal(posts[i].elsewhere, 20);
    }
}

/* The kernel says whether memory can be read, without a crash. */
static bool readable(const char *address)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    bool ok = write(ends[1], address, 1) == 1;
    assert_true(ok || errno == EFAULT);
    close(ends[0]);
    close(ends[1]);
    return ok;
}

static void stacks_have_a_guard_page(void **state)
{
    struct stacks stacks = {0};
    char *stack = stack_take(&stacks);
    assert_non_null(stack);
    memset(stack, 1, STACK_SIZE);
    assert_true(readable(stack));
    assert_true(readable(stack + STACK_SIZE - 1));
    assert_false(readable(stack - 1));
    assert_false(readable(stack - stack_guard_size()));
    stack_give(&stacks, stack);
    stacks_clear(&stacks);
}

static void free_stacks_are_used_again_and_bounded(void **state)
{
    struct stacks stacks = {0};
    void *taken[STACKS_KEPT_MAX + 1];
    for (int i = 0; i <= STACKS_KEPT_MAX; i++)
        assert_non_null(taken[i] = stack_take(&stacks));
    for (int i = 0; i <= STACKS_KEPT_MAX; i++)
        stack_give(&stacks, taken[i]);
    assert_int_equal(stacks.count, STACKS_KEPT_MAX);
    assert_ptr_equal(stack_take(&stacks), taken[STACKS_KEPT_MAX - 1]);
    stack_give(&stacks, taken[STACKS_KEPT_MAX - 1]);
    stacks_clear(&stacks);
    assert_int_equal(stacks.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(other_threads_post_to_a_loop),
        cmocka_unit_test(posts_without_tasks_are_not_lost),
        cmocka_unit_test(a_stopped_loop_can_go_on),
        cmocka_unit_test(callbacks_of_drivers_signal),
        cmocka_unit_test(loops_on_four_threads_do_not_meet),
        cmocka_unit_test(stacks_have_a_guard_page),
        cmocka_unit_test(free_stacks_are_used_again_and_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
