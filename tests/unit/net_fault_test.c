/* SPDX-License-Identifier: Apache-2.0 */
/* Servers that do what they should not: each ends in one clear error, in time. */
#include <dlfcn.h>
#include <netdb.h>

#include "net_support.h"

#include "core/log.h"
#include "core/metrics.h"
#include "net/transfer.h"

#define SECRET "sk-test-0123456789"

/* ---- names ---- */

static atomic_bool name_server_answers;
static atomic_int lookups_out;

/* In place of libc's, also for libcurl's threads. */
int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                struct addrinfo **result)
{
    int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **) =
        (__typeof__(real))dlsym(RTLD_NEXT, "getaddrinfo");
    if (node && strcmp(node, "missing.test") == 0)
        return EAI_NONAME;
    if (node && strcmp(node, "slow.test") == 0) {
        atomic_fetch_add(&lookups_out, 1);
        while (!atomic_load(&name_server_answers))
            sleep_ms(5);
        atomic_fetch_sub(&lookups_out, 1);
        return EAI_AGAIN;
    }
    return real(node, service, hints, result);
}

static void a_name_that_nobody_knows(void **state)
{
    struct asked asked = {.request = {.url = "http://missing.test/path?key=" SECRET}};
    call(&asked);
    assert_failed(&asked, ERROR_MODEL, "Peer at missing.test: its name can't be resolved");
    assert_null(strstr(asked.err.message, SECRET));
    asked_clear(&asked);
}

/* The look-up is a thread's, which can't be stopped. It ends after the calls, so they don't wait
 * for it. */
static void a_name_server_that_is_silent(void **state)
{
    atomic_store(&name_server_answers, false);
    struct asked asked = {.request = {.url = "http://slow.test/", .connect_ms = 100}};
    call(&asked);
    assert_failed(&asked, ERROR_MODEL, "slow.test: no connection within 100 ms");
    asked_clear(&asked);
    struct asked late = {.request = {.url = "http://slow.test/"}, .deadline_ms = 100};
    call(&late);
    assert_failed(&late, ERROR_DEADLINE, "Peer at slow.test: the time limit was reached");
    asked_clear(&late);
    for (int i = 0; i < 1000 && atomic_load(&lookups_out) < 2; i++)
        sleep_ms(10); /* the thread begins late on a busy machine */
    atomic_store(&name_server_answers, true);
    for (int i = 0; i < 2000 && atomic_load(&lookups_out) > 0; i++)
        sleep_ms(10);
    sleep_ms(50); /* the threads' own end */
}

/* ---- time ---- */

static void assert_silence(const char *bytes, enum reply_end end)
{
    struct peer *peer = PEER_START({bytes, .end = end});
    struct asked asked = {.request = {.idle_ms = 150}};
    asked_url(&asked, peer->port, "/");
    call(&asked);
    assert_failed(&asked, ERROR_MODEL, ": nothing came for 150 ms");
    assert_true(asked.took_ms >= 150);
    asked_clear(&asked);
    peer_stop(peer);
}

static void a_server_that_is_silent(void **state)
{
    assert_silence("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhal", THEN_HANG);
    assert_silence("HTTP/1.1 200 OK\r\nx: half a head", THEN_HANG);
    assert_silence("H", THEN_HANG);
}

/* Bytes now and then are a sign of life, however long it takes in all. */
static void a_server_that_is_slow(void **state)
{
    struct peer *peer = PEER_START({"HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n"
                                    "                                        ",
                                    .step = 1, .end = THEN_HANG});
    struct asked asked = {.request = {.idle_ms = 5000}, .deadline_ms = 400};
    asked_url(&asked, peer->port, "/");
    call(&asked);
    assert_failed(&asked, ERROR_DEADLINE, "the time limit was reached");
    assert_true(asked.took_ms >= 400);
    asked_clear(&asked);
    peer_stop(peer);
}

static void a_server_that_accepts_nothing(void **state)
{
    int port, fd = peer_bind(&port);
    assert_int_equal(listen(fd, 0), 0);
    int fillers[8]; /* the queue of those to be accepted is full */
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                  .sin_port = htons((uint16_t)port)};
    for (int i = 0; i < 8; i++) {
        fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        (void)connect(fillers[i], (struct sockaddr *)&address, sizeof(address));
    }
    struct asked asked = {.request = {.connect_ms = 200, .idle_ms = 50}};
    asked_url(&asked, port, "/");
    call(&asked);
    assert_failed(&asked, ERROR_MODEL, "no connection within 200 ms");
    assert_true(asked.took_ms >= 190);
    asked_clear(&asked);
    for (int i = 0; i < 8; i++)
        close(fillers[i]);
    close(fd);
}

/* ---- cancel ---- */

struct canceller {
    struct task *task;
    struct peer *peer;
};

static void cancel_when_asked(void *arg)
{
    struct canceller *canceller = arg;
    while (atomic_load(&canceller->peer->requests) == 0)
        (void)task_sleep(5, NULL);
    (void)task_sleep(30, NULL);
    task_cancel(canceller->task);
}

static void a_cancel_ends_it_at_once(void **state)
{
    static const char *const replies[] = {"H", "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nbody"};
    for (int i = 0; i < 2; i++) {
        struct peer *peer = PEER_START({replies[i], .end = THEN_HANG});
        struct asked asked = {.request = {.repeatable = true}};
        asked_url(&asked, peer->port, "/");
        struct loop *loop = new_loop();
        struct canceller canceller = {start_call(loop, &asked), peer};
        assert_non_null(task_start(loop, NULL, cancel_when_asked, &canceller, &asked.err));
        loop_run(loop);
        assert_failed(&asked, ERROR_CANCELLED, "cancelled");
        assert_int_equal(atomic_load(&peer->requests), 1);
        loop_free(loop);
        asked_clear(&asked);
        peer_stop(peer);
    }
}

static void what_was_cancelled_before_is_not_sent(void **state)
{
    struct peer *peer = PEER_START({REPLY_OK});
    struct asked asked = {0};
    asked_url(&asked, peer->port, "/");
    struct loop *loop = new_loop();
    task_cancel(start_call(loop, &asked));
    loop_run(loop);
    loop_free(loop);
    assert_failed(&asked, ERROR_CANCELLED, "cancelled");
    assert_int_equal(atomic_load(&peer->connections), 0);
    asked_clear(&asked);
    peer_stop(peer);
}

/* ---- broken replies ---- */

static char *many_headers(unsigned count, size_t each)
{
    struct strbuf reply = strbuf_init((size_t)1024 * 1024);
    strbuf_add(&reply, "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n");
    for (unsigned i = 0; i < count; i++) {
        strbuf_add(&reply, "x-many: ");
        strbuf_add_repeat(&reply, 'v', each);
        strbuf_add(&reply, "\r\n");
    }
    strbuf_add(&reply, "\r\n");
    assert_true(strbuf_ok(&reply));
    return reply.bytes;
}

static void broken_replies_are_named(void **state)
{
    static const struct {
        struct reply reply;
        const char *words;
    } cases[] = {
        {{"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf", .end = THEN_CLOSE},
         "its reply was cut off"},
        {{"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf", .end = THEN_RESET},
         "the connection broke"},
        {{"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhal", .end = THEN_CLOSE},
         "its reply was cut off"},
        {{"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nhal", .end = THEN_CLOSE}, ""},
        {{NULL, .end = THEN_CLOSE}, "it closed the connection without a reply"},
        {{"H", .end = THEN_RESET}, "the connection broke"},
        {{"\0", .length = 1, .end = THEN_CLOSE}, "its reply is no HTTP"},
        {{"SSH-2.0-OpenSSH_9.2\r\n", .end = THEN_CLOSE}, "its reply is no HTTP"},
        {{"HTTP/1.1 abc\r\n\r\n", .end = THEN_CLOSE}, "its reply is no HTTP"},
        {{"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 4\r\n\r\n\x1f\x8b\x08\xff"},
         "its reply is compressed, which was not asked for"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct peer *peer = peer_start(&cases[i].reply, 1);
        struct asked asked = {0};
        asked_url(&asked, peer->port, "/");
        call(&asked);
        assert_failed(&asked, ERROR_MODEL, cases[i].words);
        asked_clear(&asked);
        peer_stop(peer);
    }
}

/* What comes after a reply's end is no reply to the next request. */
static void more_than_was_said_is_dropped(void **state)
{
    struct peer *peer =
        PEER_START({"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n"
                    "content-length: 4\r\n\r\nevil"},
                   {"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\ngood"});
    struct loop *loop = new_loop();
    struct asked asked[2] = {0};
    for (int i = 0; i < 2; i++) {
        asked_url(&asked[i], peer->port, "/");
        start_call(loop, &asked[i]);
        loop_run(loop);
    }
    loop_free(loop);
    assert_replied(&asked[0], 200, "ok");
    assert_replied(&asked[1], 200, "good");
    assert_int_equal(atomic_load(&peer->connections), 2);
    asked_clear(&asked[0]);
    asked_clear(&asked[1]);
    peer_stop(peer);
}

static void headers_have_limits(void **state)
{
    static const struct {
        unsigned count;
        size_t each;
        bool ok;
    } cases[] = {
        {TRANSFER_HEADERS_MAX - 1, 1, true}, /* and the content's length */
        {TRANSFER_HEADERS_MAX, 1, false},
        {10, 1000, true},
        {80, 1000, false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct reply reply = {.bytes = many_headers(cases[i].count, cases[i].each)};
        struct peer *peer = peer_start(&reply, 1);
        struct asked asked = {0};
        asked_url(&asked, peer->port, "/");
        call(&asked);
        if (cases[i].ok)
            assert_replied(&asked, 200, "");
        else
            assert_failed(&asked, ERROR_MODEL, "its reply has too many headers");
        asked_clear(&asked);
        peer_stop(peer);
        free((char *)(uintptr_t)reply.bytes);
    }
}

static void a_redirect_is_not_followed(void **state)
{
    struct peer *peer = PEER_START({"HTTP/1.1 302 Found\r\nlocation: /elsewhere\r\n"
                                    "content-length: 0\r\n\r\n"});
    struct asked asked = {.request = {.repeatable = true}};
    asked_url(&asked, peer->port, "/");
    call(&asked);
    assert_replied(&asked, 302, "");
    assert_string_equal(fetch_response_header(&asked.response, "location"), "/elsewhere");
    assert_int_equal(atomic_load(&peer->requests), 1);
    asked_clear(&asked);
    peer_stop(peer);
}

/* ---- what we must not send or tell ---- */

static void other_protocols_are_refused(void **state)
{
    static const char *const urls[] = {
        "file:///etc/passwd", "ftp://127.0.0.1/x", "gopher://127.0.0.1/x", "", "http://",
        "http://a b/",        "http://[::1"};
    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
        struct asked asked = {.request = {.url = urls[i], .repeatable = true}};
        call(&asked);
        assert_failed(&asked, ERROR_MODEL, "Peer at ");
        assert_true(asked.took_ms < 10000);
        asked_clear(&asked);
    }
}

static void a_header_is_one_line(void **state)
{
    struct fetch_header header = {"x-api-key", SECRET "\r\nx-other: 1"};
    struct asked asked = {
        .request = {.url = "http://127.0.0.1:1/", .headers = &header, .header_count = 1}};
    call(&asked);
    assert_failed(&asked, ERROR_MODEL, "has a line break in it");
    assert_null(strstr(asked.err.message, SECRET));
    asked_clear(&asked);
    header = (struct fetch_header){"x-api-key: a\nb", "c"};
    struct asked named = {
        .request = {.url = "http://127.0.0.1:1/", .headers = &header, .header_count = 1}};
    call(&named);
    assert_failed(&named, ERROR_MODEL, "has a line break in it");
    asked_clear(&named);
}

static void headers_of_a_request_are_counted(void **state)
{
    struct fetch_header headers[FETCH_HEADERS_MAX + 1];
    for (size_t i = 0; i <= FETCH_HEADERS_MAX; i++)
        headers[i] = (struct fetch_header){"x-many", "1"};
    for (size_t more = 0; more < 2; more++) {
        struct peer *peer = PEER_START({REPLY_OK});
        struct asked asked = {
            .request = {.headers = headers, .header_count = FETCH_HEADERS_MAX + more}};
        asked_url(&asked, peer->port, "/");
        call(&asked);
        if (more)
            assert_failed(&asked, ERROR_MODEL, "the request has too many headers");
        else
            assert_replied(&asked, 200, "ok");
        asked_clear(&asked);
        peer_stop(peer);
    }
}

static void an_error_tells_no_secret(void **state)
{
    struct fetch_header header = {"x-api-key", SECRET};
    int port, fd = peer_bind(&port);
    char url[160];
    snprintf(url, sizeof(url),
             "http://user:" SECRET "@127.0.0.1:%d/" SECRET "?k=" SECRET "#" SECRET, port);
    struct asked asked = {.request = {.url = url,
                                      .method = "POST",
                                      .headers = &header,
                                      .header_count = 1,
                                      .body = STR("{\"key\": \"" SECRET "\"}")}};
    call(&asked);
    char words[64];
    snprintf(words, sizeof(words), "Peer at 127.0.0.1:%d: no connection", port);
    assert_failed(&asked, ERROR_MODEL, words);
    assert_null(strstr(asked.err.message, SECRET));
    asked_clear(&asked);
    close(fd);
}

/* ---- what is counted ---- */

static void outcomes_are_counted(void **state)
{
    struct upstream *upstream = upstream_open(&(struct upstream_options){.name = "Counted"});
    struct peer *peer =
        PEER_START({REPLY_OK}, {"HTTP/1.1 404 No\r\ncontent-length: 0\r\n\r\n"},
                   {"HTTP/1.1 529 Busy\r\ncontent-length: 0\r\n\r\n"},
                   {"HTTP/1.1 500 Bad\r\ncontent-length: 0\r\n\r\n"}, {"H", .end = THEN_RESET});
    unsigned label = 0;
    while (strcmp(upstream_label_name(label), "Counted") != 0)
        label++;
    for (int i = 0; i < 5; i++) {
        struct asked asked = {.upstream = upstream};
        asked_url(&asked, peer->port, "/");
        call(&asked);
        asked_clear(&asked);
    }
    static const char *const outcomes[] = {"ok", "refused", "overloaded", "failed", "broken"};
    for (unsigned outcome = 0; outcome < METRIC_FETCH_MAX; outcome++) {
        int64_t expected = 0;
        for (int i = 0; i < 5; i++)
            expected += strcmp(fetch_outcome_name(outcome), outcomes[i]) == 0;
        assert_int_equal(metrics_read(METRIC_UPSTREAM_REQUESTS, label, outcome), expected);
    }
    assert_int_equal(metrics_read(METRIC_UPSTREAM_DURATION, label, 0), 5);
    assert_int_equal(metrics_read(METRIC_UPSTREAM_CONNECTIONS, label, 0), 5); /* a loop each */
    assert_int_equal(metrics_read(METRIC_UPSTREAM_OUT, label, 0), 0);
    upstream_close(upstream);
    peer_stop(peer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_that_nobody_knows),
        cmocka_unit_test(a_name_server_that_is_silent),
        cmocka_unit_test(a_server_that_is_silent),
        cmocka_unit_test(a_server_that_is_slow),
        cmocka_unit_test(a_server_that_accepts_nothing),
        cmocka_unit_test(a_cancel_ends_it_at_once),
        cmocka_unit_test(what_was_cancelled_before_is_not_sent),
        cmocka_unit_test(broken_replies_are_named),
        cmocka_unit_test(more_than_was_said_is_dropped),
        cmocka_unit_test(headers_have_limits),
        cmocka_unit_test(a_redirect_is_not_followed),
        cmocka_unit_test(other_protocols_are_refused),
        cmocka_unit_test(a_header_is_one_line),
        cmocka_unit_test(headers_of_a_request_are_counted),
        cmocka_unit_test(an_error_tells_no_secret),
        cmocka_unit_test(outcomes_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
