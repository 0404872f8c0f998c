/* SPDX-License-Identifier: Apache-2.0 */
/* How many calls are out at a time, in which order they come, and when a server is not asked any
 * more. */
#include "net_support.h"

#include "core/log.h"
#include "net/upstream.h"

#define BAD "HTTP/1.1 500 Bad\r\ncontent-length: 3\r\n\r\nbad"
#define LOOPS 2
#define CALLS_EACH 12
#define AT_A_TIME 3

/* One call with that upstream on a loop of its own. */
static void call_once(struct asked *asked, struct upstream *upstream, struct peer *peer)
{
    *asked = (struct asked){.upstream = upstream};
    asked_url(asked, peer->port, "/");
    call(asked);
}

static void assert_call(struct upstream *upstream, struct peer *peer, int status)
{
    struct asked asked;
    call_once(&asked, upstream, peer);
    assert_replied(&asked, status, NULL);
    asked_clear(&asked);
}

static void assert_not_asked(struct upstream *upstream, struct peer *peer, const char *words)
{
    struct asked asked;
    int before = atomic_load(&peer->requests);
    call_once(&asked, upstream, peer);
    assert_failed(&asked, ERROR_MODEL, words);
    assert_int_equal(atomic_load(&peer->requests), before);
    asked_clear(&asked);
}

/* ---- the breaker ---- */

static void a_failing_server_is_not_asked_for_a_while(void **state)
{
    struct upstream_options options = {.name = "Claude", .failures_max = 3, .open_ms = 600000};
    struct upstream *upstream = upstream_open(&options);
    struct peer *peer = PEER_START({BAD});
    for (int i = 0; i < 3; i++)
        assert_call(upstream, peer, 500);
    assert_not_asked(upstream, peer,
                     "Claude failed 3 times in a row and is not asked for another ");
    assert_not_asked(upstream, peer, " s; last: status 500");
    upstream_close(upstream);
    peer_stop(peer);
}

static void a_success_or_a_refusal_begins_the_count_anew(void **state)
{
    struct upstream_options options = {.name = "Claude", .failures_max = 3, .open_ms = 600000};
    struct upstream *upstream = upstream_open(&options);
    struct peer *peer = PEER_START({BAD}, {BAD}, {REPLY_OK}, {BAD}, {BAD},
                                   {"HTTP/1.1 401 Who\r\ncontent-length: 0\r\n\r\n"}, {BAD}, {BAD},
                                   {"HTTP/1.1 429 Many\r\ncontent-length: 0\r\n\r\n"}, {BAD});
    static const int statuses[] = {500, 500, 200, 500, 500, 401, 500, 500, 429, 500};
    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
        assert_call(upstream, peer, statuses[i]);
    assert_not_asked(upstream, peer, "3 times in a row"); /* the 429 said nothing */
    upstream_close(upstream);
    peer_stop(peer);
}

/* The server is as well as the script says when its breaker's time is over. */
static void assert_probe(const char *reply, int status, bool closes)
{
    struct upstream_options options = {.name = "Claude", .failures_max = 1, .open_ms = 1};
    struct upstream *upstream = upstream_open(&options);
    struct peer *peer = PEER_START({BAD}, {reply}, {BAD}, {BAD});
    assert_call(upstream, peer, 500);
    sleep_ms(5);
    assert_call(upstream, peer, status);
    if (!closes)
        sleep_ms(5);
    assert_call(upstream, peer, 500); /* closed: a first failure; open: the next probe */
    upstream_close(upstream);
    peer_stop(peer);
}

static void one_call_tries_afterwards(void **state)
{
    assert_probe(REPLY_OK, 200, true);
    assert_probe("HTTP/1.1 429 Many\r\ncontent-length: 0\r\n\r\n", 429, true);
    assert_probe(BAD, 500, false);
}

static void wait_for_request(void *arg)
{
    struct peer *peer = arg;
    while (atomic_load(&peer->requests) < 2)
        (void)task_sleep(2, NULL);
}

struct second {
    struct asked asked;
    struct task *first;
    struct peer *peer;
};

/* While the probe is out. */
static void call_beside_probe(void *arg)
{
    struct second *second = arg;
    wait_for_request(second->peer);
    asked_call(&second->asked);
    task_cancel(second->first);
}

static void others_fail_while_it_tries(void **state)
{
    struct upstream_options options = {.name = "Claude", .failures_max = 1, .open_ms = 1};
    struct upstream *upstream = upstream_open(&options);
    struct peer *peer = PEER_START({BAD}, {"H", .end = THEN_HANG}, {REPLY_OK});
    assert_call(upstream, peer, 500);
    sleep_ms(5);
    struct asked probe = {.upstream = upstream};
    struct second second = {.asked = {.upstream = upstream}, .peer = peer};
    asked_url(&probe, peer->port, "/");
    asked_url(&second.asked, peer->port, "/");
    asked_init(&second.asked);
    struct loop *loop = new_loop();
    second.first = start_call(loop, &probe);
    assert_non_null(task_start(loop, NULL, call_beside_probe, &second, &second.asked.err));
    loop_run(loop);
    loop_free(loop);
    assert_failed(&second.asked, ERROR_MODEL,
                  "Claude failed 1 time in a row and is being tried now");
    assert_failed(&probe, ERROR_CANCELLED, "");
    assert_call(upstream, peer, 200); /* the probe said nothing: this is the next one */
    asked_clear(&probe);
    asked_clear(&second.asked);
    upstream_close(upstream);
    peer_stop(peer);
}

/* Silence until the deadline is the server's fault once it has lasted half of what a server may
 * take. */
static void silence_counts_after_a_while(void **state)
{
    struct upstream_options options = {.name = "Claude", .failures_max = 1, .open_ms = 600000};
    struct upstream *upstream = upstream_open(&options);
    struct peer *peer = PEER_START({"H", .end = THEN_HANG});
    struct asked hurried = {
        .upstream = upstream, .request = {.idle_ms = 60000}, .deadline_ms = 100};
    asked_url(&hurried, peer->port, "/");
    call(&hurried);
    assert_failed(&hurried, ERROR_DEADLINE, "");
    struct asked patient = {
        .upstream = upstream, .request = {.idle_ms = 2000}, .deadline_ms = 1950};
    asked_url(&patient, peer->port, "/");
    call(&patient);
    assert_failed(&patient, ERROR_DEADLINE, "Claude at 127.0.0.1:");
    assert_not_asked(upstream, peer, "Claude failed 1 time in a row");
    asked_clear(&hurried);
    asked_clear(&patient);
    upstream_close(upstream);
    peer_stop(peer);
}

#define TOGETHER 8

/* Those that share a connection that breaks. */
static void fail_together(void *arg)
{
    struct upstream *upstream = arg;
    struct upstream_pass passes[TOGETHER];
    for (int i = 0; i < TOGETHER; i++)
        assert_true(upstream_enter(upstream, ERROR_MODEL, &passes[i], NULL));
    for (int i = 0; i < TOGETHER; i++)
        upstream_leave(&passes[i], UPSTREAM_FAILED, "it broke");
    assert_false(upstream_refuses(upstream));
    for (int i = 1; i < TOGETHER; i++) { /* one more after the other: in a row */
        assert_false(upstream_refuses(upstream));
        assert_true(upstream_enter(upstream, ERROR_MODEL, &passes[i], NULL));
        upstream_leave(&passes[i], UPSTREAM_FAILED, "it broke");
    }
    assert_true(upstream_refuses(upstream));
}

static void calls_that_fail_together_are_one_failure(void **state)
{
    struct upstream_options options = {
        .name = "Claude", .failures_max = TOGETHER, .open_ms = 600000};
    struct upstream *upstream = upstream_open(&options);
    struct loop *loop = new_loop();
    struct error err = {0};
    assert_non_null(task_start(loop, NULL, fail_together, upstream, &err));
    loop_run(loop);
    loop_free(loop);
    upstream_close(upstream);
}

static bool refused_while_it_streamed;

static bool look_at_upstream(void *context, struct str piece, struct error *err)
{
    struct asked *asked = context;
    refused_while_it_streamed = upstream_refuses(asked->upstream);
    return true;
}

static void assert_streaming_probe(const char *reply, enum reply_end end, bool ok)
{
    struct upstream_options options = {.name = "Claude", .failures_max = 3, .open_ms = 1};
    struct upstream *upstream = upstream_open(&options);
    struct peer *peer = PEER_START({BAD}, {BAD}, {BAD}, {reply, .end = end});
    for (int i = 0; i < 3; i++)
        assert_call(upstream, peer, 500);
    sleep_ms(5);
    struct asked probe = {.upstream = upstream, .request = {.on_body = look_at_upstream}};
    asked_url(&probe, peer->port, "/");
    refused_while_it_streamed = true;
    call(&probe);
    assert_int_equal(probe.ok, ok);
    assert_false(refused_while_it_streamed);
    asked_clear(&probe);
    upstream_close(upstream);
    peer_stop(peer);
}

static void a_probe_that_is_heard_lets_others_in(void **state)
{
    assert_streaming_probe(REPLY_OK, THEN_KEEP, true);
    assert_streaming_probe("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nok", THEN_CLOSE, false);
}

static bool reply_is_over;

static bool take_the_whole(void *context, struct str piece, struct error *err)
{
    reply_is_over = true;
    return true;
}

static void a_complete_reply_waits_for_no_end(void **state)
{
    struct upstream_options options = {.name = "Claude", .failures_max = 1, .open_ms = 600000};
    struct upstream *upstream = upstream_open(&options);
    struct peer *peer = PEER_START(
        {"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nok", .end = THEN_HANG}, {REPLY_OK});
    reply_is_over = false;
    struct asked asked = {
        .upstream = upstream,
        .request = {.on_body = take_the_whole, .over = &reply_is_over},
    };
    asked_url(&asked, peer->port, "/");
    call(&asked);
    assert_replied(&asked, 200, NULL);
    assert_true(asked.took_ms >= 400 && asked.took_ms < 30000);
    assert_call(upstream, peer, 200); /* no failure */
    asked_clear(&asked);
    upstream_close(upstream);
    peer_stop(peer);
}

static void retries_end_with_an_open_breaker(void **state)
{
    struct upstream_options options = {.name = "Claude", .failures_max = 2, .open_ms = 600000};
    struct upstream *upstream = upstream_open(&options);
    struct peer *peer =
        PEER_START({"HTTP/1.1 500 Bad\r\nretry-after-ms: 5\r\ncontent-length: 3\r\n\r\nbad"});
    struct asked asked = {.upstream = upstream, .request = {.repeatable = true, .tries_max = 5}};
    asked_url(&asked, peer->port, "/");
    call(&asked);
    assert_replied(&asked, 500, "bad"); /* the last one that there was */
    assert_int_equal(asked.response.tries, 2);
    asked_clear(&asked);
    upstream_close(upstream);
    peer_stop(peer);
}

/* ---- places ---- */

/* A server that counts how many requests it has at a time. */
static atomic_int now_out, most_out;

struct caller {
    struct upstream *upstream;
    int port;
    unsigned ok;
    struct loop *loop;
    struct asked asked[CALLS_EACH];
};

static bool count_out(void *context, struct str piece, struct error *err)
{
    int now = atomic_fetch_add(&now_out, 1) + 1, most = atomic_load(&most_out);
    while (now > most && !atomic_compare_exchange_weak(&most_out, &most, now))
        ;
    bool ok = task_sleep(5, err);
    atomic_fetch_sub(&now_out, 1);
    return ok;
}

static void *run_loop(void *arg)
{
    struct caller *caller = arg;
    struct error err = {0};
    struct loop *loop = loop_new(&err);
    for (int i = 0; loop && i < CALLS_EACH; i++)
        (void)task_start(loop, NULL, asked_call, &caller->asked[i], &err);
    if (loop)
        loop_run(loop);
    loop_free(loop);
    return NULL;
}

static void only_so_many_are_out_on_all_loops(void **state)
{
    struct upstream_options options = {.name = "Claude", .concurrent_max = AT_A_TIME};
    struct upstream *upstream = upstream_open(&options);
    struct peer *peer = PEER_START({REPLY_OK});
    static struct caller callers[LOOPS];
    pthread_t threads[LOOPS];
    for (int i = 0; i < LOOPS; i++) {
        for (int k = 0; k < CALLS_EACH; k++) {
            callers[i].asked[k] =
                (struct asked){.upstream = upstream, .request = {.on_body = count_out}};
            asked_url(&callers[i].asked[k], peer->port, "/");
            asked_init(&callers[i].asked[k]);
        }
        assert_int_equal(pthread_create(&threads[i], NULL, run_loop, &callers[i]), 0);
    }
    for (int i = 0; i < LOOPS; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < LOOPS * CALLS_EACH; i++) {
        assert_replied(&callers[i / CALLS_EACH].asked[i % CALLS_EACH], 200, NULL);
        asked_clear(&callers[i / CALLS_EACH].asked[i % CALLS_EACH]);
    }
    assert_true(atomic_load(&most_out) <= AT_A_TIME);
    assert_int_equal(atomic_load(&peer->requests), LOOPS * CALLS_EACH);
    upstream_close(upstream);
    peer_stop(peer);
}

/* Notes the order in which the calls' replies come. */
struct in_turn {
    struct asked asked;
    int number, *order, *count;
    struct task *task;
};

static void call_in_turn(void *arg)
{
    struct in_turn *one = arg;
    asked_call(&one->asked);
    if (one->asked.ok)
        one->order[(*one->count)++] = one->number;
}

static void cancel_third(void *arg)
{
    struct in_turn *all = arg;
    (void)task_yield(NULL);
    task_cancel(all[2].task);
}

static void who_waits_comes_in_turn_and_may_give_up(void **state)
{
    struct upstream *upstream =
        upstream_open(&(struct upstream_options){.name = "Claude", .concurrent_max = 1});
    struct peer *peer = PEER_START({REPLY_OK, .delay_ms = 20});
    struct loop *loop = new_loop();
    struct in_turn all[5] = {0};
    int order[5] = {0}, count = 0;
    for (int i = 0; i < 5; i++) {
        all[i] = (struct in_turn){
            .asked = {.upstream = upstream}, .number = i, .order = order, .count = &count};
        asked_url(&all[i].asked, peer->port, "/");
        asked_init(&all[i].asked);
        all[i].task = task_start(loop, NULL, call_in_turn, &all[i], &all[i].asked.err);
        assert_non_null(all[i].task);
    }
    assert_non_null(task_start(loop, NULL, cancel_third, all, &all[0].asked.err));
    loop_run(loop);
    loop_free(loop);
    static const int expected[] = {0, 1, 3, 4};
    assert_int_equal(count, 4);
    assert_memory_equal(order, expected, sizeof(expected));
    assert_failed(&all[2].asked, ERROR_CANCELLED, "");
    for (int i = 0; i < 5; i++)
        asked_clear(&all[i].asked);
    upstream_close(upstream);
    assert_int_equal(atomic_load(&peer->requests), 4);
    peer_stop(peer);
}

static void who_waits_fails_when_the_breaker_opens(void **state)
{
    struct upstream_options options = {
        .name = "Claude", .concurrent_max = 1, .failures_max = 1, .open_ms = 600000};
    struct upstream *upstream = upstream_open(&options);
    struct peer *peer = PEER_START({BAD, .delay_ms = 20});
    struct loop *loop = new_loop();
    struct asked asked[4] = {0};
    for (int i = 0; i < 4; i++) {
        asked[i].upstream = upstream;
        asked_url(&asked[i], peer->port, "/");
        start_call(loop, &asked[i]);
    }
    loop_run(loop);
    loop_free(loop);
    assert_replied(&asked[0], 500, "bad");
    for (int i = 1; i < 4; i++)
        assert_failed(&asked[i], ERROR_MODEL, "is not asked for another");
    assert_int_equal(atomic_load(&peer->requests), 1);
    for (int i = 0; i < 4; i++)
        asked_clear(&asked[i]);
    upstream_close(upstream);
    peer_stop(peer);
}

/* ---- a place that is taken before ---- */

struct early {
    struct asked asked;
    struct upstream_pass place;
    bool entered;
};

static void call_with_place(void *arg)
{
    struct early *early = arg;
    struct upstream *upstream = early->asked.upstream;
    early->entered = upstream_enter(upstream, ERROR_MODEL, &early->place, &early->asked.err);
    struct upstream_pass other;
    assert_false(upstream_try_enter(upstream, &other));
    assert_null(other.upstream);
    early->asked.request.place = &early->place;
    asked_call(&early->asked);
}

/* The other one would wait for ever if the call took another place than the one it has, or kept it. */
static void a_place_may_be_taken_before_the_call(void **state)
{
    struct upstream *upstream =
        upstream_open(&(struct upstream_options){.name = "Claude", .concurrent_max = 1});
    struct peer *peer = PEER_START({BAD, .delay_ms = 5}, {REPLY_OK}, {REPLY_OK});
    struct loop *loop = new_loop();
    struct early early[2];
    for (int i = 0; i < 2; i++) {
        early[i] = (struct early){.asked = {.upstream = upstream, .deadline_ms = 20000}};
        asked_url(&early[i].asked, peer->port, "/");
        asked_init(&early[i].asked);
        early[i].asked.request.repeatable = true; /* the second try takes a place of its own */
        struct task_options options = {.deadline_ms = 20000};
        assert_non_null(task_start(loop, &options, call_with_place, &early[i], &early[i].asked.err));
    }
    loop_run(loop);
    loop_free(loop);
    for (int i = 0; i < 2; i++) {
        assert_true(early[i].entered);
        assert_null(early[i].place.upstream);
        assert_replied(&early[i].asked, 200, "ok");
        asked_clear(&early[i].asked);
    }
    upstream_close(upstream); /* asserts that none is out */
    peer_stop(peer);
}

static void enter_and_fail_beside(void *arg)
{
    struct early *early = arg;
    early->entered =
        upstream_enter(early->asked.upstream, ERROR_MODEL, &early->place, &early->asked.err);
    early->asked.request.place = &early->place;
    while (!upstream_refuses(early->asked.upstream)) /* the other call opens the breaker */
        (void)task_sleep(5, NULL);
    asked_call(&early->asked);
}

static void a_place_from_before_the_failure_does_not_count(void **state)
{
    struct upstream_options options = {.name = "Claude", .failures_max = 1, .open_ms = 600000};
    struct upstream *upstream = upstream_open(&options);
    struct peer *peer = PEER_START({BAD}, {REPLY_OK});
    struct loop *loop = new_loop();
    struct early early = {.asked = {.upstream = upstream}};
    struct asked failing = {.upstream = upstream};
    asked_url(&early.asked, peer->port, "/");
    asked_url(&failing, peer->port, "/");
    asked_init(&early.asked);
    assert_non_null(task_start(loop, NULL, enter_and_fail_beside, &early, &early.asked.err));
    start_call(loop, &failing);
    loop_run(loop);
    loop_free(loop);
    assert_true(early.entered);
    assert_replied(&failing, 500, "bad");
    assert_failed(&early.asked, ERROR_MODEL, "is not asked for another");
    assert_int_equal(atomic_load(&peer->requests), 1);
    asked_clear(&early.asked);
    asked_clear(&failing);
    upstream_close(upstream);
    peer_stop(peer);
}

static void give_back(void *arg)
{
    struct early *early = arg;
    struct upstream *upstream = early->asked.upstream;
    early->entered = upstream_enter(upstream, ERROR_MODEL, &early->place, &early->asked.err);
    upstream_give_back(&early->place);
    upstream_give_back(&early->place); /* there is none any more */
}

static void a_place_without_a_call_is_given_back(void **state)
{
    struct upstream *upstream =
        upstream_open(&(struct upstream_options){.name = "Claude", .concurrent_max = 1});
    struct loop *loop = new_loop();
    struct early early[3];
    for (int i = 0; i < 3; i++) {
        early[i] = (struct early){.asked = {.upstream = upstream}};
        assert_non_null(task_start(loop, NULL, give_back, &early[i], &early[i].asked.err));
    }
    loop_run(loop);
    loop_free(loop);
    for (int i = 0; i < 3; i++)
        assert_true(early[i].entered);
    struct upstream_pass pass;
    assert_true(upstream_try_enter(upstream, &pass));
    upstream_give_back(&pass);
    upstream_close(upstream);
}

/* Waiting calls that are cancelled at any moment lose no place. */
static void no_place_is_lost(void **state)
{
    struct upstream *upstream =
        upstream_open(&(struct upstream_options){.name = "Claude", .concurrent_max = 2});
    struct peer *peer = PEER_START({REPLY_OK, .delay_ms = 1});
    struct loop *loop = new_loop();
    struct asked asked[24] = {0};
    for (int i = 0; i < 24; i++) {
        asked[i].upstream = upstream;
        asked[i].deadline_ms = i % 3 ? (uint64_t)i / 2 + 1 : 0;
        asked_url(&asked[i], peer->port, "/");
        start_call(loop, &asked[i]);
    }
    loop_run(loop);
    loop_free(loop);
    for (int i = 0; i < 24; i++) {
        if (!asked[i].ok)
            assert_int_equal(asked[i].err.code, ERROR_DEADLINE);
        if (asked[i].deadline_ms == 0)
            assert_replied(&asked[i], 200, "ok");
        asked_clear(&asked[i]);
    }
    upstream_close(upstream); /* asserts that none is out */
    peer_stop(peer);
}

static void labels_are_bounded(void **state)
{
    struct upstream *upstreams[40];
    char name[32];
    for (int i = 0; i < 40; i++) {
        snprintf(name, sizeof(name), "name %d", i);
        upstreams[i] = upstream_open(&(struct upstream_options){.name = name});
    }
    unsigned count = upstream_label_count();
    assert_true(count > 1 && count <= 8);
    assert_string_equal(upstream_label_name(count - 1), "other");
    for (int i = 0; i < 40; i++)
        upstream_close(upstreams[i]);
}

static int be_quiet(void **state)
{
    log_set_level(LOG_ERROR); /* the breaker warns */
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_failing_server_is_not_asked_for_a_while),
        cmocka_unit_test(a_success_or_a_refusal_begins_the_count_anew),
        cmocka_unit_test(one_call_tries_afterwards),
        cmocka_unit_test(others_fail_while_it_tries),
        cmocka_unit_test(silence_counts_after_a_while),
        cmocka_unit_test(calls_that_fail_together_are_one_failure),
        cmocka_unit_test(a_probe_that_is_heard_lets_others_in),
        cmocka_unit_test(a_complete_reply_waits_for_no_end),
        cmocka_unit_test(retries_end_with_an_open_breaker),
        cmocka_unit_test(only_so_many_are_out_on_all_loops),
        cmocka_unit_test(who_waits_comes_in_turn_and_may_give_up),
        cmocka_unit_test(who_waits_fails_when_the_breaker_opens),
        cmocka_unit_test(a_place_may_be_taken_before_the_call),
        cmocka_unit_test(a_place_from_before_the_failure_does_not_count),
        cmocka_unit_test(a_place_without_a_call_is_given_back),
        cmocka_unit_test(no_place_is_lost),
        cmocka_unit_test(labels_are_bounded),
    };
    return cmocka_run_group_tests(tests, be_quiet, NULL);
}
