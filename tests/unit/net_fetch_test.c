/* SPDX-License-Identifier: Apache-2.0 */
#include "net_support.h"
#include "net/upstream.h"

#define WARM_CALLS 1000
#define AT_ONCE 200

static void tells_status_headers_and_body(void **state)
{
    struct peer *peer =
        PEER_START({"HTTP/1.1 404 Not Found\r\nX-Thing:  one \r\nContent-Length: 4\r\n\r\nnone"});
    struct asked asked = {0};
    asked_url(&asked, peer->port, "/a?b=c");
    call(&asked);
    assert_replied(&asked, 404, "none");
    assert_string_equal(fetch_response_header(&asked.response, "x-thing"), "one");
    assert_string_equal(fetch_response_header(&asked.response, "absent"), "");
    assert_int_equal(asked.response.tries, 1);
    assert_true(asked.response.first_byte_us > 0);
    assert_true(strncmp(peer->seen, "GET /a?b=c HTTP/1.1\r\n", 21) == 0);
    assert_non_null(strstr(peer->seen, "User-Agent: querent/"));
    assert_null(strcasestr(peer->seen, "accept-encoding"));
    asked_clear(&asked);
    peer_stop(peer);
}

static void sends_headers_and_body(void **state)
{
    struct peer *peer = PEER_START({REPLY_OK});
    const struct fetch_header headers[] = {{"content-type", "application/json"}, {"x-empty", ""}};
    struct asked asked = {
        .request = {
            .method = "POST", .headers = headers, .header_count = 2, .body = STR("{\"a\":1}")}};
    asked_url(&asked, peer->port, "/");
    call(&asked);
    assert_replied(&asked, 200, "ok");
    assert_true(strncmp(peer->seen, "POST / HTTP/1.1\r\n", 17) == 0);
    assert_non_null(strstr(peer->seen, "\r\ncontent-type: application/json\r\n"));
    assert_non_null(strcasestr(peer->seen, "\r\nx-empty:\r\n"));
    assert_non_null(strstr(peer->seen, "\r\nContent-Length: 7\r\n"));
    assert_null(strstr(peer->seen, "urlencoded"));
    assert_null(strstr(peer->seen, "Expect"));
    assert_non_null(strstr(peer->seen, "\r\n\r\n{\"a\":1}"));
    asked_clear(&asked);
    peer_stop(peer);
}

static void call_often(void *arg)
{
    struct asked *asked = arg;
    for (int i = 0; i < WARM_CALLS; i++) {
        asked_call(asked);
        if (!asked->ok || asked->response.status != 200)
            return;
    }
}

static void connections_are_reused(void **state)
{
    struct peer *peer = PEER_START({REPLY_OK});
    struct asked asked = {0};
    asked_url(&asked, peer->port, "/");
    asked_init(&asked);
    struct loop *loop = new_loop();
    assert_non_null(task_start(loop, NULL, call_often, &asked, &asked.err));
    loop_run(loop);
    loop_free(loop);
    assert_replied(&asked, 200, "ok");
    assert_int_equal(atomic_load(&peer->requests), WARM_CALLS);
    assert_int_equal(atomic_load(&peer->connections), 1);
    asked_clear(&asked);
    peer_stop(peer);
}

/* More than one curl_multi takes; the second round finds the connections of the first. */
static void many_calls_at_once(void **state)
{
    struct peer *peer = PEER_START({REPLY_OK, .delay_ms = 10});
    struct upstream *upstream = upstream_open(&(struct upstream_options){.name = "Peer"});
    struct loop *loop = new_loop();
    struct asked *asked = xcalloc(AT_ONCE, sizeof(*asked));
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < AT_ONCE; i++) {
            asked[i] = (struct asked){.upstream = upstream};
            asked_url(&asked[i], peer->port, "/");
            start_call(loop, &asked[i]);
        }
        loop_run(loop);
        for (int i = 0; i < AT_ONCE; i++) {
            assert_replied(&asked[i], 200, "ok");
            asked_clear(&asked[i]);
        }
    }
    loop_free(loop);
    assert_int_equal(atomic_load(&peer->requests), 2 * AT_ONCE);
    assert_true(atomic_load(&peer->connections) <= AT_ONCE);
    upstream_close(upstream);
    peer_stop(peer);
    free(asked);
}

#define PAUSE(ms) "HTTP/1.1 429 Slow\r\nretry-after-ms: " ms "\r\ncontent-length: 0\r\n\r\n"

/* What one call was told holds for the others, until then or until they have no time for it. */
static void a_pause_is_kept_by_all_calls(void **state)
{
    struct peer *peer = PEER_START({.bytes = PAUSE("300")}, {.bytes = REPLY_OK}, {.bytes = REPLY_OK},
                                   {.bytes = PAUSE("60000")}, {.bytes = REPLY_OK});
    struct upstream *upstream = upstream_open(&(struct upstream_options){.name = "Peer"});
    struct asked told = {.upstream = upstream, .request = {.tries_max = 1}}, waits = {.upstream = upstream};
    struct asked again = {.upstream = upstream, .request = {.tries_max = 1}};
    struct asked late = {.upstream = upstream, .deadline_ms = 2000};
    struct asked *all[] = {&told, &waits, &again, &late};
    for (size_t i = 0; i < 4; i++)
        asked_url(all[i], peer->port, "/");
    call(&told);
    assert_replied(&told, 429, NULL);
    call(&waits);
    assert_replied(&waits, 200, "ok");
    assert_true(clock_monotonic_ms() - told.start_ms >= 300);
    call(&again); /* nothing holds it any more */
    assert_replied(&again, 200, "ok");
    asked_clear(&again);
    again = (struct asked){.upstream = upstream, .request = {.tries_max = 1}};
    asked_url(&again, peer->port, "/");
    call(&again);
    assert_replied(&again, 429, NULL);
    call(&late);
    assert_failed(&late, ERROR_MODEL, "asks for a pause of another");
    assert_int_equal(atomic_load(&peer->requests), 4);
    for (size_t i = 0; i < 4; i++)
        asked_clear(all[i]);
    upstream_close(upstream);
    peer_stop(peer);
}

/* As libcurl does: by http_proxy, unless no_proxy has the host. */
static void a_proxy_of_the_environment_is_used(void **state)
{
    struct peer *peer = PEER_START({REPLY_OK});
    char proxy[64];
    snprintf(proxy, sizeof(proxy), "http://user:secret@127.0.0.1:%d", peer->port);
    setenv("http_proxy", proxy, 1);
    struct asked asked = {.request = {.url = "http://model.test/v1?x=1"}};
    call(&asked);
    assert_replied(&asked, 200, "ok");
    assert_true(strncmp(peer->seen, "GET http://model.test/v1?x=1 HTTP/1.1\r\n", 39) == 0);
    asked_clear(&asked);
    setenv("no_proxy", "127.0.0.1", 1);
    struct asked direct = {0};
    asked_url(&direct, peer->port, "/direct");
    call(&direct);
    assert_replied(&direct, 200, "ok");
    assert_true(strncmp(peer->seen, "GET /direct HTTP/1.1\r\n", 22) == 0);
    asked_clear(&direct);
    peer_stop(peer);
    struct asked refused = {.request = {.url = "http://model.test/"}};
    call(&refused);
    assert_failed(&refused, ERROR_MODEL, "Peer at model.test: no connection");
    assert_null(strstr(refused.err.message, "secret"));
    asked_clear(&refused);
    unsetenv("http_proxy");
    unsetenv("no_proxy");
}

static void works_outside_of_a_task(void **state)
{
    struct peer *peer = PEER_START({REPLY_OK});
    struct asked asked = {0};
    asked_url(&asked, peer->port, "/");
    asked_init(&asked);
    asked_call(&asked);
    assert_replied(&asked, 200, "ok");
    asked_clear(&asked);
    peer_stop(peer);
}

static void a_refused_connection_is_said(void **state)
{
    int port, fd = peer_bind(&port); /* bound and not listening */
    struct asked asked = {0};
    asked_url(&asked, port, "/secret?key=1");
    call(&asked);
    char words[128];
    snprintf(words, sizeof(words), "Peer at 127.0.0.1:%d: no connection: connection refused", port);
    assert_failed(&asked, ERROR_MODEL, words);
    assert_null(strstr(asked.err.message, "secret"));
    asked_clear(&asked);
    close(fd);
}

/* Vendors count by model: who asks another one need not wait. */
static void a_pause_holds_for_one_limit(void **state)
{
    struct peer *peer = PEER_START({.bytes = PAUSE("60000")}, {.bytes = REPLY_OK});
    struct upstream *upstream = upstream_open(&(struct upstream_options){.name = "Peer"});
    struct asked told = {.upstream = upstream, .request = {.tries_max = 1, .limit = "large"}};
    struct asked other = {.upstream = upstream, .request = {.limit = "small"}};
    struct asked same = {.upstream = upstream, .request = {.limit = "large"}, .deadline_ms = 2000};
    struct asked *all[] = {&told, &other, &same};
    for (size_t i = 0; i < 3; i++)
        asked_url(all[i], peer->port, "/");
    call(&told);
    assert_replied(&told, 429, NULL);
    call(&other);
    assert_replied(&other, 200, "ok");
    call(&same);
    assert_failed(&same, ERROR_MODEL, "asks for a pause of another");
    for (size_t i = 0; i < 3; i++)
        asked_clear(all[i]);
    upstream_close(upstream);
    peer_stop(peer);
}

/* A seventeenth takes the place of the one that ends first. */
static void so_many_pauses_are_kept(void **state)
{
    struct upstream *upstream = upstream_open(&(struct upstream_options){.name = "Peer"});
    char name[8];
    for (int i = 0; i < 17; i++) {
        snprintf(name, sizeof(name), "m%d", i);
        upstream_hold(upstream, name, 60000 + 1000 * (uint64_t)i);
    }
    assert_int_equal(upstream_held_ms(upstream, "m0"), 0);
    assert_true(upstream_held_ms(upstream, "m1") > 55000);
    assert_true(upstream_held_ms(upstream, "m16") > 70000);
    assert_int_equal(upstream_held_ms(upstream, NULL), 0);
    upstream_close(upstream);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_status_headers_and_body),
        cmocka_unit_test(sends_headers_and_body),
        cmocka_unit_test(connections_are_reused),
        cmocka_unit_test(many_calls_at_once),
        cmocka_unit_test(a_pause_is_kept_by_all_calls),
        cmocka_unit_test(a_pause_holds_for_one_limit),
        cmocka_unit_test(so_many_pauses_are_kept),
        cmocka_unit_test(a_proxy_of_the_environment_is_used),
        cmocka_unit_test(works_outside_of_a_task),
        cmocka_unit_test(a_refused_connection_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
