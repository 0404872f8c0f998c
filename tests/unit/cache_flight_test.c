/* SPDX-License-Identifier: Apache-2.0 */
/* Single flight over two loops: tasks write down what they saw, the test looks at it at the end. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <string.h>

#include "cache/cache.h"
#include "core/clock.h"

#define LOOPS 2
#define TASKS 50 /* a loop */
#define ROUNDS 20

struct shared {
    struct cache *cache;
    struct cache_key key;
    int led, found, failed, cancelled; /* atomic */
    bool leader_fails;
    pthread_barrier_t start;
};

static void count(int *counter)
{
    __atomic_add_fetch(counter, 1, __ATOMIC_SEQ_CST);
}

static bool look(struct shared *shared)
{
    struct arena *arena = arena_new();
    struct str value = {0};
    bool found =
        cache_get(shared->cache, CACHE_RESPONSE, &shared->key, arena, &value) == CACHE_HIT_MEMORY &&
        str_equal_text(value, "the answer");
    arena_free(arena);
    return found;
}

static void ask(void *arg)
{
    struct shared *shared = arg;
    struct cache_flight *flight;
    struct error err = {0};
    if (look(shared)) {
        count(&shared->found);
    } else if (cache_flight_join(shared->cache, CACHE_RESPONSE, &shared->key, NULL, &flight, &err)) {
        if (look(shared)) { /* landed between the look and the join */
            cache_flight_land(flight);
            count(&shared->found);
            return;
        }
        count(&shared->led);
        (void)task_sleep(2, &err);
        if (!shared->leader_fails)
            cache_put(shared->cache, CACHE_RESPONSE, &shared->key, STR("the answer"), NULL);
        cache_flight_land(flight);
    } else if (err.code != ERROR_NONE) {
        count(&shared->cancelled);
    } else {
        count(look(shared) ? &shared->found : &shared->failed);
    }
}

static void *run_loop(void *arg)
{
    struct shared *shared = arg;
    struct loop *loop = loop_new(NULL);
    if (!loop)
        return NULL;
    for (int i = 0; i < TASKS; i++)
        if (!task_start(loop, NULL, ask, shared, NULL))
            break;
    pthread_barrier_wait(&shared->start);
    loop_run(loop);
    loop_free(loop);
    return arg;
}

static void shared_init(struct shared *shared)
{
    struct str part = STR("question");
    *shared = (struct shared){
        .cache = cache_open(NULL, 1 << 20),
        .key = cache_key_make(CACHE_RESPONSE, &part, 1),
    };
    pthread_barrier_init(&shared->start, NULL, LOOPS);
}

static void shared_clear(struct shared *shared)
{
    pthread_barrier_destroy(&shared->start);
    cache_close(shared->cache);
}

static void run_loops(struct shared *shared)
{
    pthread_t threads[LOOPS];
    for (int i = 0; i < LOOPS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, run_loop, shared), 0);
    for (int i = 0; i < LOOPS; i++) {
        void *result = NULL;
        pthread_join(threads[i], &result);
        assert_non_null(result);
    }
}

static void a_hundred_on_two_loops_do_the_work_once(void **state)
{
    for (int round = 0; round < ROUNDS; round++) {
        struct shared shared;
        shared_init(&shared);
        run_loops(&shared);
        assert_int_equal(shared.led, 1);
        assert_int_equal(shared.found, LOOPS * TASKS - 1);
        shared_clear(&shared);
    }
}

static void a_leader_that_fails_lets_all_go(void **state)
{
    struct shared shared;
    shared_init(&shared);
    shared.leader_fails = true;
    run_loops(&shared);
    assert_int_equal(shared.led + shared.failed, LOOPS * TASKS);
    assert_true(shared.led >= 1);
    assert_int_equal(shared.found + shared.cancelled, 0);
    shared_clear(&shared);
}

/* ------------------------------------------------------------------ on one loop */

struct story {
    struct shared shared;
    struct task *waiter, *leader;
    bool led, landed_while_waiting;
};

static void lead_until_cancelled(void *arg)
{
    struct story *story = arg;
    struct cache_flight *flight;
    struct error err = {0};
    story->led =
        cache_flight_join(story->shared.cache, CACHE_RESPONSE, &story->shared.key, NULL, &flight, &err);
    if (!story->led)
        return;
    (void)task_sleep(60000, &err);
    cache_flight_land(flight);
}

static void cancel_waiter(void *arg)
{
    struct story *story = arg;
    struct error err = {0};
    (void)task_sleep(5, &err);
    task_cancel(story->waiter);
    (void)task_sleep(5, &err);
    story->landed_while_waiting = story->shared.cancelled == 0;
    task_cancel(story->leader);
}

static void a_cancelled_waiter_leaves_and_a_cancelled_leader_lands(void **state)
{
    struct story story = {0};
    shared_init(&story.shared);
    struct loop *loop = loop_new(NULL);
    assert_non_null(loop);
    story.leader = task_start(loop, NULL, lead_until_cancelled, &story, NULL);
    story.waiter = task_start(loop, NULL, ask, &story.shared, NULL);
    assert_non_null(task_start(loop, NULL, ask, &story.shared, NULL));
    assert_non_null(task_start(loop, NULL, cancel_waiter, &story, NULL));
    uint64_t start_ms = clock_monotonic_ms();
    loop_run(loop);
    assert_true(clock_monotonic_ms() - start_ms < 30000);
    assert_true(story.led);
    assert_false(story.landed_while_waiting);
    assert_int_equal(story.shared.cancelled, 1);
    assert_int_equal(story.shared.failed, 1); /* the other one: landed, with nothing there */
    loop_free(loop);
    shared_clear(&story.shared);
}

static void a_late_waiter_is_told_so(void **state)
{
    struct story story = {0};
    shared_init(&story.shared);
    struct loop *loop = loop_new(NULL);
    assert_non_null(loop);
    struct task_options short_time = {.deadline_ms = 10}, longer = {.deadline_ms = 50};
    assert_non_null(task_start(loop, &longer, lead_until_cancelled, &story, NULL));
    assert_non_null(task_start(loop, &short_time, ask, &story.shared, NULL));
    loop_run(loop);
    assert_int_equal(story.shared.cancelled, 1);
    loop_free(loop);
    shared_clear(&story.shared);
}

static void *join_in_thread(void *arg)
{
    struct shared *shared = arg;
    struct cache_flight *flight;
    struct error err = {0};
    pthread_barrier_wait(&shared->start);
    if (!cache_flight_join(shared->cache, CACHE_RESPONSE, &shared->key, NULL, &flight, &err))
        count(look(shared) ? &shared->found : &shared->failed);
    else
        cache_flight_land(flight);
    return NULL;
}

static void a_thread_without_a_task_waits_too(void **state)
{
    struct shared shared;
    struct cache_flight *flight;
    struct error err = {0};
    pthread_t thread;
    shared_init(&shared);
    assert_true(cache_flight_join(shared.cache, CACHE_RESPONSE, &shared.key, NULL, &flight, &err));
    assert_int_equal(pthread_create(&thread, NULL, join_in_thread, &shared), 0);
    pthread_barrier_wait(&shared.start);
    (void)task_sleep(20, &err);
    cache_put(shared.cache, CACHE_RESPONSE, &shared.key, STR("the answer"), NULL);
    cache_flight_land(flight);
    pthread_join(thread, NULL);
    assert_int_equal(shared.failed, 0);
    cache_flight_land(NULL);
    shared_clear(&shared);
}

static void other_keys_and_types_fly_alone(void **state)
{
    struct cache *cache = cache_open(NULL, 1 << 20);
    struct cache_flight *flights[3];
    struct error err = {0};
    struct str one = STR("1"), two = STR("2");
    struct cache_key first = cache_key_make(CACHE_RESPONSE, &one, 1);
    struct cache_key second = cache_key_make(CACHE_RESPONSE, &two, 1);
    assert_true(cache_flight_join(cache, CACHE_RESPONSE, &first, NULL, &flights[0], &err));
    assert_true(cache_flight_join(cache, CACHE_RESPONSE, &second, NULL, &flights[1], &err));
    assert_true(cache_flight_join(cache, CACHE_SQL_RESULT, &first, NULL, &flights[2], &err));
    for (int i = 0; i < 3; i++)
        cache_flight_land(flights[i]);
    assert_true(cache_flight_join(cache, CACHE_RESPONSE, &first, NULL, &flights[0], &err));
    cache_flight_land(flights[0]);
    cache_close(cache);
}

/* ------------------------------------------------------------------ news */

#define PIECES 200
#define LISTENERS 10 /* a loop */

struct talk {
    struct shared shared;
    int heard, listening, took_over; /* atomic */
};

struct hearing {
    char text[PIECES + 2];
    size_t length;
};

static void hear(void *context, struct str news)
{
    struct hearing *hearing = context;
    if (hearing->length + news.length < sizeof(hearing->text))
        memcpy(hearing->text + hearing->length, news.bytes, news.length);
    hearing->length += news.length;
}

static bool heard_all(const struct hearing *hearing)
{
    for (size_t i = 0; i < PIECES; i++)
        if (hearing->text[i] != (char)('a' + i % 26))
            return false;
    return hearing->length == PIECES;
}

/* The first one leads and tells; the others hear all of it, whenever they come. */
static void talk_or_listen(void *arg)
{
    struct talk *talk = arg;
    struct shared *shared = &talk->shared;
    struct hearing hearing = {.length = 0};
    struct cache_flight_listener listener = {hear, &hearing};
    struct cache_flight *flight;
    struct error err = {0};
    if (look(shared))
        return; /* after all was over */
    if (!cache_flight_join(shared->cache, CACHE_RESPONSE, &shared->key, &listener, &flight, &err)) {
        count(&talk->listening);
        if (heard_all(&hearing))
            count(&talk->heard);
        return;
    }
    for (size_t i = 0; i < PIECES && !look(shared); i++) {
        cache_flight_tell(flight, (struct str){&"abcdefghijklmnopqrstuvwxyz"[i % 26], 1});
        if (i % 10 == 0)
            (void)task_sleep(1, &err);
    }
    cache_put(shared->cache, CACHE_RESPONSE, &shared->key, STR("the answer"), NULL);
    cache_flight_land(flight);
}

static void come_one_by_one(void *arg)
{
    for (int i = 0; i < LISTENERS; i++) {
        (void)task_start(task_loop(task_current()), NULL, talk_or_listen, arg, NULL);
        (void)task_sleep(2, NULL);
    }
}

static void *run_talk(void *arg)
{
    struct talk *talk = arg;
    struct loop *loop = loop_new(NULL);
    if (!loop || !task_start(loop, NULL, come_one_by_one, talk, NULL))
        return NULL;
    pthread_barrier_wait(&talk->shared.start);
    loop_run(loop);
    loop_free(loop);
    return arg;
}

static void all_who_wait_hear_all_that_is_told(void **state)
{
    struct talk talk = {0};
    pthread_t threads[LOOPS];
    shared_init(&talk.shared);
    for (int i = 0; i < LOOPS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, run_talk, &talk), 0);
    for (int i = 0; i < LOOPS; i++)
        pthread_join(threads[i], NULL);
    assert_true(talk.listening > LISTENERS / 2);
    assert_int_equal(talk.heard, talk.listening);
    shared_clear(&talk.shared);
}

static void too_much_news_is_not_told(void **state)
{
    struct shared shared;
    struct cache_flight *flight;
    struct error err = {0};
    static char large[CACHE_NEWS_MAX];
    memset(large, 'x', sizeof(large));
    shared_init(&shared);
    assert_true(cache_flight_join(shared.cache, CACHE_RESPONSE, &shared.key, NULL, &flight, &err));
    cache_flight_tell(flight, (struct str){large, sizeof(large) - 1}); /* fits */
    cache_flight_tell(flight, STR("xx"));                              /* one byte too many */
    cache_flight_tell(flight, STR("x"));                               /* nor what comes then */
    cache_flight_land(flight);
    shared_clear(&shared);
}

/* One after the other gets the lead from one that was cancelled; the last one finds nobody. */
static void take_the_lead(void *arg)
{
    struct talk *talk = arg;
    struct hearing hearing = {.length = 0};
    struct cache_flight_listener listener = {hear, &hearing};
    struct cache_flight *flight;
    struct error err = {0};
    if (!cache_flight_join(talk->shared.cache, CACHE_RESPONSE, &talk->shared.key, &listener,
                           &flight, &err))
        return;
    /* Who takes over has heard those before; who comes later begins with the last leader. */
    if (hearing.length == (size_t)talk->took_over)
        count(&talk->heard);
    count(&talk->took_over);
    cache_flight_tell(flight, STR("a"));
    (void)task_sleep(2, &err);
    cache_flight_pass(flight);
}

static void a_leader_that_gives_up_passes_the_lead_on(void **state)
{
    struct talk talk = {0};
    shared_init(&talk.shared);
    struct loop *loop = loop_new(NULL);
    assert_non_null(loop);
    for (int i = 0; i < 5; i++)
        assert_non_null(task_start(loop, NULL, take_the_lead, &talk, NULL));
    loop_run(loop);
    assert_int_equal(talk.took_over, 5);
    assert_int_equal(talk.heard, 5);
    loop_free(loop);
    shared_clear(&talk.shared);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hundred_on_two_loops_do_the_work_once),
        cmocka_unit_test(a_leader_that_fails_lets_all_go),
        cmocka_unit_test(a_cancelled_waiter_leaves_and_a_cancelled_leader_lands),
        cmocka_unit_test(a_late_waiter_is_told_so),
        cmocka_unit_test(a_thread_without_a_task_waits_too),
        cmocka_unit_test(other_keys_and_types_fly_alone),
        cmocka_unit_test(all_who_wait_hear_all_that_is_told),
        cmocka_unit_test(too_much_news_is_not_told),
        cmocka_unit_test(a_leader_that_gives_up_passes_the_lead_on),
    };
    return cmocka_run_group_tests_name("flight", tests, NULL, NULL);
}
