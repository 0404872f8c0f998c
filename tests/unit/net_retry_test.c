/* SPDX-License-Identifier: Apache-2.0 */
#include "net_support.h"

#include "net/retry.h"

#define NOW_MS 784111777250 /* Sun, 06 Nov 1994 08:49:37.250 GMT */

static struct fetch_response response_with(struct fetch_header *header, int status)
{
    return (struct fetch_response){.status = status, .headers = header, .header_count = 1};
}

static uint64_t wait_asked(const char *name, const char *value)
{
    struct fetch_header header = {name, value};
    struct fetch_response response = response_with(&header, 429);
    return retry_wait_ms(&response, 1, NOW_MS, 1);
}

static void waits_as_asked(void **state)
{
    assert_int_equal(wait_asked("retry-after-ms", "250"), 250);
    assert_int_equal(wait_asked("retry-after-ms", "59999.9"), 59999);
    assert_int_equal(wait_asked("retry-after-ms", "60000"), 60000);
    assert_int_equal(wait_asked("retry-after-ms", "60001"), 60000);
    assert_int_equal(wait_asked("retry-after", "7"), 7000);
    assert_int_equal(wait_asked("retry-after", "1.5"), 1500);
    assert_int_equal(wait_asked("retry-after", "60"), 60000);
    assert_int_equal(wait_asked("retry-after", "61"), 60000);
    assert_int_equal(wait_asked("retry-after", "99999999999999999999"), 60000);
}

static void waits_until_a_date(void **state)
{
    assert_int_equal(wait_asked("retry-after", "Sun, 06 Nov 1994 08:49:40 GMT"), 2750);
    assert_int_equal(wait_asked("retry-after", "Sunday, 06-Nov-94 08:49:40 GMT"), 2750);
    assert_int_equal(wait_asked("retry-after", "Sun Nov  6 08:49:40 1994"), 2750);
    assert_int_equal(wait_asked("retry-after", "Sun, 06 Nov 1994 08:50:37 GMT"), 59750);
    assert_int_equal(wait_asked("retry-after", "Mon, 07 Nov 1994 08:49:40 GMT"), 60000);
    assert_int_equal(wait_asked("retry-after", "Fri, 31 Dec 9999 23:59:59 GMT"), 60000);
}

/* Doubled for each try, with the greatest chance; 3/4 of it with the least. */
static void waits_longer_each_time(void **state)
{
    static const uint64_t most[] = {500, 1000, 2000, 4000, 8000, 8000, 8000};
    for (unsigned i = 0; i < sizeof(most) / sizeof(most[0]); i++) {
        assert_int_equal(retry_wait_ms(NULL, i + 1, NOW_MS, 1), most[i]);
        assert_int_equal(retry_wait_ms(NULL, i + 1, NOW_MS, 0), most[i] * 3 / 4);
    }
    assert_int_equal(retry_wait_ms(NULL, UINT32_MAX, NOW_MS, 1), 8000);
}

static void what_is_no_wait_is_passed_over(void **state)
{
    static const char *const values[] = {"",
                                         "0",
                                         "-5",
                                         "soon",
                                         "nan",
                                         "inf",
                                         "1e999",
                                         "0x10",
                                         "Sun, 06 Nov 1994 08:49:37 GMT",
                                         "Sat, 05 Nov 1994 08:49:37 GMT",
                                         "Sun, 99 Foo 1994"};
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        assert_int_equal(wait_asked("retry-after", values[i]), 500);
        assert_int_equal(wait_asked("retry-after-ms", values[i]), 500);
    }
}

static void statuses_that_invite_a_repeat(void **state)
{
    for (int status = 100; status < 600; status++) {
        struct fetch_header none = {"x", ""}, yes = {"x-should-retry", "true"},
                            no = {"x-should-retry", "false"};
        bool invited = status == 408 || status == 409 || status == 429 || status >= 500;
        bool is_good = status >= 200 && status < 300;
        struct fetch_response response = response_with(&none, status);
        assert_int_equal(retry_is_invited(&response), invited);
        response = response_with(&yes, status);
        assert_int_equal(retry_is_invited(&response), !is_good);
        response = response_with(&no, status);
        assert_false(retry_is_invited(&response));
    }
}

/* ---- with a server ---- */

#define BUSY "HTTP/1.1 503 Busy\r\nretry-after-ms: 20\r\ncontent-length: 4\r\n\r\nbusy"
#define LIMITED "HTTP/1.1 429 Too Many\r\nretry-after-ms: 20\r\ncontent-length: 4\r\n\r\nmany"

static void call_peer(struct asked *asked, struct peer *peer)
{
    asked_url(asked, peer->port, "/");
    call(asked);
}

static void repeats_after_what_passes(void **state)
{
    struct peer *peer = PEER_START({BUSY}, {LIMITED}, {REPLY_OK});
    struct asked asked = {.request = {.repeatable = true}};
    call_peer(&asked, peer);
    assert_replied(&asked, 200, "ok");
    assert_int_equal(asked.response.tries, 3);
    assert_int_equal(atomic_load(&peer->requests), 3);
    assert_true(asked.took_ms >= 40);
    asked_clear(&asked);
    peer_stop(peer);
}

static void gives_the_last_reply_after_all_tries(void **state)
{
    struct peer *peer = PEER_START({BUSY});
    struct asked asked = {.request = {.repeatable = true, .tries_max = 4}};
    call_peer(&asked, peer);
    assert_replied(&asked, 503, "busy");
    assert_int_equal(asked.response.tries, 4);
    assert_int_equal(atomic_load(&peer->requests), 4);
    asked_clear(&asked);
    peer_stop(peer);
}

static void repeats_only_what_may_be_repeated(void **state)
{
    struct peer *peer = PEER_START({BUSY}, {REPLY_OK});
    struct asked asked = {0};
    call_peer(&asked, peer);
    assert_replied(&asked, 503, "busy");
    assert_int_equal(atomic_load(&peer->requests), 1);
    asked_clear(&asked);
    peer_stop(peer);
}

static void does_not_repeat_what_was_refused(void **state)
{
    struct peer *peer =
        PEER_START({"HTTP/1.1 400 Bad\r\ncontent-length: 3\r\n\r\nbad"}, {REPLY_OK});
    struct asked asked = {.request = {.repeatable = true}};
    call_peer(&asked, peer);
    assert_replied(&asked, 400, "bad");
    asked_clear(&asked);
    peer_stop(peer);
}

static bool no_money(const struct fetch_response *response)
{
    return response->status == 429 && str_equal(response->body, STR("many"));
}

static void the_caller_may_say_that_it_is_final(void **state)
{
    struct peer *peer = PEER_START({BUSY}, {LIMITED}, {REPLY_OK});
    struct asked asked = {.request = {.repeatable = true, .is_final = no_money}};
    call_peer(&asked, peer);
    assert_replied(&asked, 429, "many");
    assert_int_equal(asked.response.tries, 2);
    asked_clear(&asked);
    peer_stop(peer);
}

static void repeats_after_a_broken_connection(void **state)
{
    struct peer *peer =
        PEER_START({"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\ncut", .end = THEN_CLOSE},
                   {"HTTP/1.1 2", .end = THEN_RESET}, {REPLY_OK});
    struct asked asked = {.request = {.repeatable = true}};
    call_peer(&asked, peer);
    assert_replied(&asked, 200, "ok");
    assert_int_equal(asked.response.tries, 3);
    assert_true(asked.took_ms >= 375 + 750); /* the waits without a word of the server */
    asked_clear(&asked);
    peer_stop(peer);
}

static void does_not_wait_past_the_deadline(void **state)
{
    struct peer *peer =
        PEER_START({"HTTP/1.1 429 Too Many\r\nretry-after: 30\r\ncontent-length: 0\r\n\r\n"});
    struct asked asked = {.request = {.repeatable = true}, .deadline_ms = 20000};
    call_peer(&asked, peer);
    assert_replied(&asked, 429, "");
    assert_int_equal(asked.response.retry_after_ms, 30000);
    assert_true(asked.took_ms < 10000);
    asked_clear(&asked);
    peer_stop(peer);
}

static void does_not_wait_past_the_deadline_for_a_connection(void **state)
{
    int port, fd = peer_bind(&port);
    struct asked asked;
    unsigned rounds = 0;
    do { /* on a busy machine the first try may take all the time that there is */
        if (rounds > 0)
            asked_clear(&asked);
        asked = (struct asked){.request = {.repeatable = true}, .deadline_ms = 300};
        asked_url(&asked, port, "/");
        call(&asked);
    } while (asked.err.code == ERROR_DEADLINE && ++rounds < 20);
    assert_failed(&asked, ERROR_MODEL, "connection refused; no time is left to try again");
    asked_clear(&asked);
    close(fd);
}

struct canceller {
    struct task *task;
    struct peer *peer;
};

/* Once the peer has had a request, and then a moment. */
static void cancel_later(void *arg)
{
    struct canceller *canceller = arg;
    while (atomic_load(&canceller->peer->requests) == 0)
        (void)task_sleep(5, NULL);
    (void)task_sleep(50, NULL);
    task_cancel(canceller->task);
}

static void a_wait_can_be_cancelled(void **state)
{
    struct peer *peer =
        PEER_START({"HTTP/1.1 429 Too Many\r\nretry-after: 30\r\ncontent-length: 0\r\n\r\n"});
    struct asked asked = {.request = {.repeatable = true}};
    asked_url(&asked, peer->port, "/");
    struct loop *loop = new_loop();
    struct canceller canceller = {start_call(loop, &asked), peer};
    assert_non_null(task_start(loop, NULL, cancel_later, &canceller, &asked.err));
    loop_run(loop);
    loop_free(loop);
    assert_failed(&asked, ERROR_CANCELLED, "cancelled");
    assert_true(asked.took_ms < 20000);
    assert_int_equal(atomic_load(&peer->requests), 1);
    asked_clear(&asked);
    peer_stop(peer);
}

/* Nothing is left of a reply that was not the last one. */
static void a_failure_leaves_no_response(void **state)
{
    struct peer *peer = PEER_START({BUSY, .end = THEN_CLOSE}, {"H", .end = THEN_RESET});
    struct asked asked = {.request = {.repeatable = true, .tries_max = 2}};
    call_peer(&asked, peer);
    assert_failed(&asked, ERROR_MODEL, ": the connection broke");
    assert_failed(&asked, ERROR_MODEL, "; tried 2 times");
    assert_int_equal(asked.response.status, 0);
    assert_int_equal(asked.response.header_count, 0);
    assert_int_equal(asked.response.body.length, 0);
    assert_int_equal(asked.response.tries, 2);
    asked_clear(&asked);
    peer_stop(peer);
}

static void does_not_repeat_once_a_byte_was_taken(void **state)
{
    struct peer *peer = PEER_START(
        {BUSY}, {"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\ncut", .end = THEN_CLOSE}, {REPLY_OK});
    struct asked asked = {.request = {.repeatable = true, .on_body = keep_piece}};
    call_peer(&asked, peer);
    assert_failed(&asked, ERROR_MODEL, "its reply was cut off");
    assert_int_equal(asked.response.tries, 2);
    assert_string_equal(strbuf_text(&asked.streamed), "cut");
    assert_int_equal(atomic_load(&peer->requests), 2);
    asked_clear(&asked);
    peer_stop(peer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(waits_as_asked),
        cmocka_unit_test(waits_until_a_date),
        cmocka_unit_test(waits_longer_each_time),
        cmocka_unit_test(what_is_no_wait_is_passed_over),
        cmocka_unit_test(statuses_that_invite_a_repeat),
        cmocka_unit_test(repeats_after_what_passes),
        cmocka_unit_test(gives_the_last_reply_after_all_tries),
        cmocka_unit_test(repeats_only_what_may_be_repeated),
        cmocka_unit_test(does_not_repeat_what_was_refused),
        cmocka_unit_test(the_caller_may_say_that_it_is_final),
        cmocka_unit_test(repeats_after_a_broken_connection),
        cmocka_unit_test(does_not_wait_past_the_deadline),
        cmocka_unit_test(does_not_wait_past_the_deadline_for_a_connection),
        cmocka_unit_test(a_wait_can_be_cancelled),
        cmocka_unit_test(a_failure_leaves_no_response),
        cmocka_unit_test(does_not_repeat_once_a_byte_was_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
