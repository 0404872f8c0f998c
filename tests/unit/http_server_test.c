/* SPDX-License-Identifier: Apache-2.0 */
/* Requests over real sockets: right ones, wrong ones, slow ones, and how connections end. */
#include "http_support.h"

#include "http_corpus.h"

#define GET LINE HOST "\r\n"
#define BODY_MAX (1024 * 1024)

static void requests_are_served_on_one_connection(void **state)
{
    struct served *served = serve(NULL);
    struct strbuf body = strbuf_init(4096);
    int fd = dial(served);
    say_text(fd, "GET /a?b=c HTTP/1.1\r\nHost: x\r\nAccept: */*\r\n\r\n");
    assert_int_equal(hear_reply(fd, &body), 200);
    assert_string_equal(strbuf_text(&body), "GET /a?b=c 1 2:");
    say_text(fd, POST "Content-Length: 5\r\n\r\nhello");
    assert_int_equal(hear_reply(fd, &body), 200);
    assert_string_equal(strbuf_text(&body), "POST /? 1 2:hello");
    say_text(fd, "ODD /p HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                 "3;a=b\r\nhel\r\n2\r\nlo\r\n0\r\nTrailer: x\r\n\r\n");
    assert_int_equal(hear_reply(fd, &body), 200);
    assert_string_equal(strbuf_text(&body), "ODD /p? 1 2:hello");
    close(fd);
    strbuf_clear(&body);
    serve_stop(served);
}

static void replies_have_the_heads_they_should(void **state)
{
    struct served *served = serve(NULL);
    struct strbuf head = strbuf_init(4096);
    int fd = dial(served);
    say_text(fd, GET);
    assert_int_equal(hear_reply_full(fd, &head, NULL, true), 200);
    assert_ptr_equal(strstr(head.bytes, "HTTP/1.1 200 OK\r\n"), head.bytes);
    assert_non_null(strstr(head.bytes, " GMT\r\n"));
    assert_non_null(strstr(head.bytes, "\r\ncontent-length: 11\r\n"));
    assert_null(strstr(head.bytes, "connection:"));
    strbuf_reset(&head);
    say_text(fd, "HEAD / HTTP/1.1\r\nHost: x\r\n\r\n"
                 "GET /status?204 HTTP/1.1\r\nHost: x\r\n\r\n"
                 "GET /status?304 HTTP/1.1\r\nHost: x\r\n\r\n"
                 "GET /status?299 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
                 "GET /status?404 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    assert_int_equal(hear_reply_full(fd, &head, NULL, false), 200);
    assert_non_null(strstr(head.bytes, "content-length: 12\r\n"));
    strbuf_reset(&head);
    assert_int_equal(hear_reply_full(fd, &head, NULL, false), 204);
    assert_int_equal(hear_reply_full(fd, &head, NULL, false), 304);
    assert_null(strstr(head.bytes, "content-length:"));
    assert_int_equal(hear_reply_full(fd, &head, NULL, true), 299);
    assert_non_null(strstr(head.bytes, "299 Unknown\r\n"));
    assert_non_null(strstr(head.bytes, "connection: keep-alive\r\n"));
    assert_int_equal(hear_reply_full(fd, &head, NULL, true), 404);
    assert_non_null(strstr(head.bytes, "connection: close\r\n"));
    assert_true(is_closed(fd));
    close(fd);
    strbuf_clear(&head);
    serve_stop(served);
}

static void say_bytewise(int fd, const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        say(fd, bytes + i, 1);
}

/* The case, then a request that must be seen only behind a right one. */
static void check_case(struct served *served, const struct http_case *one, bool bytewise)
{
    int fd = dial(served), before = atomic_load(&served->requests);
    (bytewise ? say_bytewise : say)(fd, one->bytes, one->length);
    say_text(fd, "GET /second HTTP/1.1\r\nHost: x\r\n\r\n");
    int status = hear_reply(fd, NULL);
    if (one->status == 200 && status == 100)
        status = hear_reply(fd, NULL);
    if (status != one->status)
        print_message("%d instead of %d: %s\n", status, one->status, one->bytes);
    assert_int_equal(status, one->status);
    if (status != 200)
        assert_true(is_closed(fd));
    else if (!strstr(one->bytes, "HTTP/1.0"))
        assert_int_equal(hear_reply(fd, NULL), 200);
    if (status != 200)
        assert_int_equal(atomic_load(&served->requests), before);
    close(fd);
}

static void what_could_smuggle_is_refused_and_cut_off(void **state)
{
    struct served *served = serve(NULL);
    for (size_t i = 0; i < sizeof(http_cases) / sizeof(http_cases[0]); i++) {
        check_case(served, &http_cases[i], false);
        check_case(served, &http_cases[i], true);
    }
    serve_stop(served);
}

/* ---- sizes ---- */

/* A request whose head has so many bytes. */
static int ask_with_head(const struct served *served, size_t head_bytes)
{
    struct strbuf text = strbuf_init(1 << 20);
    strbuf_add(&text, LINE HOST "A: ");
    strbuf_add_repeat(&text, 'a', head_bytes - text.length - 4);
    strbuf_add(&text, "\r\n\r\n");
    int status = ask(served, text.bytes, text.length);
    strbuf_clear(&text);
    return status;
}

static int ask_with_headers(const struct served *served, size_t count)
{
    struct strbuf text = strbuf_init(1 << 20);
    strbuf_add(&text, LINE HOST);
    for (size_t i = 1; i < count; i++)
        strbuf_add(&text, "A: b\r\n");
    strbuf_add(&text, "\r\n");
    int status = ask(served, text.bytes, text.length);
    strbuf_clear(&text);
    return status;
}

static int ask_with_target(const struct served *served, size_t length)
{
    struct strbuf text = strbuf_init(1 << 20);
    strbuf_add(&text, "GET /");
    strbuf_add_repeat(&text, 't', length - 1);
    strbuf_add(&text, " HTTP/1.1\r\n" HOST "\r\n");
    int status = ask(served, text.bytes, text.length);
    strbuf_clear(&text);
    return status;
}

static int ask_with_body(const struct served *served, size_t length, size_t chunk)
{
    struct strbuf text = strbuf_init(1 << 23);
    strbuf_add(&text, POST);
    if (chunk == 0)
        strbuf_printf(&text, "Content-Length: %zu\r\n\r\n", length);
    else
        strbuf_add(&text, "Transfer-Encoding: chunked\r\n\r\n");
    for (size_t left = length; left > 0;) {
        size_t now = chunk > 0 && chunk < left ? chunk : left;
        if (chunk > 0)
            strbuf_printf(&text, "%zx\r\n", now);
        strbuf_add_repeat(&text, 'b', now);
        if (chunk > 0)
            strbuf_add(&text, "\r\n");
        left -= now;
    }
    if (chunk > 0)
        strbuf_add(&text, "0\r\n\r\n");
    int status = ask(served, text.bytes, text.length);
    strbuf_clear(&text);
    return status;
}

static void every_size_has_its_limit(void **state)
{
    struct served *served = serve(NULL);
    assert_int_equal(ask_with_head(served, 16384), 200);
    assert_int_equal(ask_with_head(served, 16385), 431);
    assert_int_equal(ask_with_headers(served, 100), 200);
    assert_int_equal(ask_with_headers(served, 101), 431);
    assert_int_equal(ask_with_target(served, 8192), 200);
    assert_int_equal(ask_with_target(served, 8193), 414);
    assert_int_equal(ask_with_target(served, 100000), 414);
    assert_int_equal(ask_with_body(served, BODY_MAX, 0), 200);
    assert_int_equal(ask_with_body(served, BODY_MAX + 1, 0), 413);
    assert_int_equal(ask_with_body(served, BODY_MAX, 100000), 200);
    assert_int_equal(ask_with_body(served, BODY_MAX + 1, 100000), 413);
    assert_int_equal(ask_with_body(served, 2000, 1), 200);
    WAIT_FOR(served_connections(served) == 0);
    serve_stop(served);
}

static void bodies_come_whole_however_they_are_cut(void **state)
{
    struct served *served = serve(NULL);
    struct strbuf body = strbuf_init(1 << 20), text = strbuf_init(1 << 20);
    int fd = dial(served);
    strbuf_add(&text, POST "Content-Length: 40000\r\n\r\n");
    strbuf_add_repeat(&text, 'x', 39999);
    strbuf_add(&text, "y");
    for (size_t step = 1; step < 40000; step = step * 3 + 1) {
        for (size_t at = 0; at < text.length; at += step)
            say(fd, text.bytes + at, text.length - at < step ? text.length - at : step);
        assert_int_equal(hear_reply(fd, &body), 200);
        assert_int_equal(body.length, strlen("POST /? 1 2:") + 40000);
        assert_int_equal(body.bytes[body.length - 1], 'y');
    }
    close(fd);
    strbuf_clear(&body);
    strbuf_clear(&text);
    serve_stop(served);
}

static void unfinished_requests_share_a_bound(void **state)
{
    struct http_limits limits = {.buffered_bytes = 300000};
    struct served *served = serve(&limits);
    struct strbuf text = strbuf_init(1 << 20);
    strbuf_add(&text, POST "Content-Length: 200001\r\n\r\n");
    strbuf_add_repeat(&text, 'x', 200000);
    int first = dial(served), second = dial(served);
    say(first, text.bytes, text.length);
    WAIT_FOR(served_connections(served) == 2);
    let_it_read(served);
    say(second, text.bytes, text.length);
    struct strbuf head = strbuf_init(4096);
    assert_int_equal(hear_reply_full(second, &head, NULL, true), 503);
    assert_non_null(strstr(head.bytes, "retry-after: 1\r\n"));
    say_text(first, "y");
    assert_int_equal(hear_reply(first, NULL), 200);
    close(first);
    close(second);
    /* And what they had is given back. */
    for (int i = 0; i < 3; i++)
        assert_int_equal(ask_with_body(served, 200000, 0), 200);
    strbuf_clear(&head);
    strbuf_clear(&text);
    serve_stop(served);
}

/* ---- times ---- */

static void slow_senders_are_cut_off(void **state)
{
    struct http_limits limits = {.header_time_ms = 300, .body_time_ms = 300, .idle_time_ms = 300};
    struct served *served = serve(&limits);
    assert_int_equal(ask_text(served, "GET / HT"), 408);
    assert_int_equal(ask_text(served, POST "Content-Length: 5\r\n\r\nhell"), 408);
    assert_int_equal(ask_text(served, CHUNKED "5\r\nhello\r\n"), 408);
    /* Bytes that come all the time are no progress. */
    int fd = dial(served);
    say_text(fd, LINE "A: ");
    for (int i = 0; i < 60; i++) {
        say_text(fd, "a");
        sleep_ms(10);
    }
    assert_int_equal(hear_reply(fd, NULL), 408);
    close(fd);
    /* Who says nothing hears nothing. */
    fd = dial(served);
    assert_true(is_closed(fd));
    close(fd);
    fd = dial(served);
    say_text(fd, GET);
    assert_int_equal(hear_reply(fd, NULL), 200);
    assert_true(is_closed(fd));
    close(fd);
    WAIT_FOR(served_connections(served) == 0);
    serve_stop(served);
}

static void a_client_that_takes_nothing_is_dropped(void **state)
{
    struct http_limits limits = {.write_time_ms = 100};
    struct served *served = serve(&limits);
    int fd = dial(served);
    say_text(fd, "GET /big?30000000 HTTP/1.1\r\nHost: x\r\n\r\n");
    WAIT_FOR(atomic_load(&served->requests) == 1);
    WAIT_FOR(served_connections(served) == 0);
    close(fd);
    serve_stop(served);
}

static void a_client_that_takes_little_by_little_gets_all(void **state)
{
    struct http_limits limits = {.write_time_ms = 1000};
    struct served *served = serve(&limits);
    static char part[1 << 20];
    size_t got = 0;
    int fd = dial(served);
    struct strbuf head = strbuf_init(4096);
    say_text(fd, "GET /big?30000000 HTTP/1.1\r\nHost: x\r\n\r\n" GET);
    assert_true(hear_until(fd, &head, "\r\n\r\n"));
    while (got < 30000000) {
        size_t left = 30000000 - got;
        ssize_t now = recv(fd, part, left < sizeof(part) ? left : sizeof(part), 0);
        assert_true(now > 0);
        got += (size_t)now;
        sleep_ms(50); /* longer than the limit in all */
    }
    assert_int_equal(hear_reply(fd, NULL), 200);
    close(fd);
    strbuf_clear(&head);
    serve_stop(served);
}

static void a_client_that_takes_too_little_is_dropped(void **state)
{
    struct http_limits limits = {.write_time_ms = 200, .write_bytes = 16 << 20};
    struct served *served = serve(&limits);
    static char part[1 << 16];
    size_t got = 0;
    ssize_t now;
    int fd = dial(served);
    say_text(fd, "GET /big?30000000 HTTP/1.1\r\nHost: x\r\n\r\n");
    while ((now = recv(fd, part, sizeof(part), 0)) > 0) {
        got += (size_t)now;
        sleep_ms(10);
    }
    assert_in_range(got, 1, 29999999);
    close(fd);
    WAIT_FOR(served_connections(served) == 0);
    serve_stop(served);
}

/* Replies that nobody takes are bounded together: the oldest goes, the newest is served. */
static void unsent_replies_are_bounded(void **state)
{
    struct http_limits limits = {.unsent_bytes = 70000000};
    struct served *served = serve(&limits);
    int fds[4];
    for (size_t i = 0; i < 4; i++) {
        fds[i] = dial(served);
        say_text(fds[i], "GET /big?30000000 HTTP/1.1\r\nHost: x\r\n\r\n");
        WAIT_FOR(atomic_load(&served->requests) == (int)i + 1);
        WAIT_FOR(served_connections(served) == (i < 2 ? i + 1 : 2));
    }
    assert_int_equal(hear_reply(fds[0], NULL), 0);
    assert_int_equal(hear_reply(fds[1], NULL), 0);
    assert_int_equal(hear_reply(fds[2], NULL), 200);
    assert_int_equal(hear_reply(fds[3], NULL), 200);
    /* What was taken counts no longer, and one reply may be larger than the limit. */
    say_text(fds[3], "GET /big?80000000 HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_int_equal(hear_reply(fds[3], NULL), 200);
    assert_int_equal(served_connections(served), 2);
    for (size_t i = 0; i < 4; i++)
        close(fds[i]);
    serve_stop(served);
}

/* ---- order ---- */

static void release(struct served *served, void *arg)
{
    bool *gone = arg;
    struct http_exchange *exchange = served->held;
    if (gone)
        *gone = exchange->gone;
    served->held = NULL;
    serve_echo(exchange);
}

static void pipelined_requests_are_answered_in_order(void **state)
{
    struct served *served = serve(NULL);
    struct strbuf text = strbuf_init(1 << 20), body = strbuf_init(4096);
    int fd = dial(served);
    for (int i = 0; i < 300; i++)
        strbuf_printf(&text, "POST /%d HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n%c", i,
                      'a' + i % 26);
    say(fd, text.bytes, text.length);
    for (int i = 0; i < 300; i++) {
        char expected[64];
        snprintf(expected, sizeof(expected), "POST /%d? 1 2:%c", i, 'a' + i % 26);
        assert_int_equal(hear_reply(fd, &body), 200);
        assert_string_equal(strbuf_text(&body), expected);
    }
    close(fd);
    strbuf_clear(&text);
    strbuf_clear(&body);
    serve_stop(served);
}

static void what_is_sent_ahead_waits(void **state)
{
    struct served *served = serve(NULL);
    struct strbuf text = strbuf_init(1 << 20);
    int fd = dial(served);
    strbuf_add(&text, "GET /hold HTTP/1.1\r\nHost: x\r\n\r\n");
    for (int i = 0; i < 3000; i++) /* more than is read ahead */
        strbuf_add(&text, GET);
    say(fd, text.bytes, text.length);
    WAIT_FOR(atomic_load(&served->requests) == 1);
    let_it_read(served);
    assert_int_equal(atomic_load(&served->requests), 1);
    on_loop(served, release, NULL);
    for (int i = 0; i < 3001; i++)
        assert_int_equal(hear_reply(fd, NULL), 200);
    close(fd);
    strbuf_clear(&text);
    serve_stop(served);
}

static void who_expects_to_continue_is_told(void **state)
{
    struct served *served = serve(NULL);
    struct strbuf head = strbuf_init(4096);
    int fd = dial(served);
    say_text(fd, POST "Expect: 100-continue\r\nContent-Length: 5\r\n\r\n");
    assert_int_equal(hear_reply_full(fd, &head, NULL, false), 100);
    assert_string_equal(strbuf_text(&head), "HTTP/1.1 100 Continue\r\n\r\n");
    say_text(fd, "hello");
    assert_int_equal(hear_reply(fd, NULL), 200);
    /* Not when the body came along, there is none, or it is too large. */
    say_text(fd, POST "Expect: 100-continue\r\nContent-Length: 5\r\n\r\nhello");
    assert_int_equal(hear_reply(fd, NULL), 200);
    say_text(fd, POST "Expect: 100-continue\r\n\r\n");
    assert_int_equal(hear_reply(fd, NULL), 200);
    say_text(fd, POST "Expect: 100-continue\r\nContent-Length: 1048577\r\n\r\n");
    assert_int_equal(hear_reply(fd, NULL), 413);
    assert_true(is_closed(fd));
    close(fd);
    strbuf_clear(&head);
    serve_stop(served);
}

/* ---- ends ---- */

static void a_client_that_left_is_noticed(void **state)
{
    struct served *served = serve(NULL);
    struct linger at_once = {.l_onoff = 1};
    for (int reset = 0; reset < 2; reset++) {
        bool gone = false;
        int fd = dial(served);
        say_text(fd, "GET /hold HTTP/1.1\r\nHost: x\r\n\r\n");
        WAIT_FOR(atomic_load(&served->requests) == reset + 1);
        if (reset)
            setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
        close(fd);
        let_it_read(served);
        on_loop(served, release, &gone);
        assert_true(gone);
        WAIT_FOR(served_connections(served) == 0);
    }
    serve_stop(served);
}

static void a_client_may_shut_its_side_and_still_listen(void **state)
{
    struct served *served = serve(NULL);
    int fd = dial(served);
    say_text(fd, "GET /hold HTTP/1.1\r\nHost: x\r\n\r\n" GET);
    shutdown(fd, SHUT_WR);
    WAIT_FOR(atomic_load(&served->requests) == 1);
    on_loop(served, release, NULL);
    assert_int_equal(hear_reply(fd, NULL), 200);
    assert_int_equal(hear_reply(fd, NULL), 200);
    assert_true(is_closed(fd));
    close(fd);
    serve_stop(served);
}

static void half_a_request_is_no_request(void **state)
{
    static const char *const halves[] = {"G", LINE, LINE HOST, POST "Content-Length: 5\r\n\r\nhell",
                                         CHUNKED "5\r\nhello\r\n0\r\n"};
    struct served *served = serve(NULL);
    for (size_t i = 0; i < sizeof(halves) / sizeof(halves[0]); i++) {
        int fd = dial(served);
        say_text(fd, halves[i]);
        shutdown(fd, SHUT_WR);
        assert_int_equal(hear_reply(fd, NULL), 400);
        assert_true(is_closed(fd));
        close(fd);
    }
    assert_int_equal(atomic_load(&served->requests), 0);
    WAIT_FOR(served_connections(served) == 0);
    serve_stop(served);
}

/* A client that sends far more than is read still hears why it was refused. */
static void refusals_are_heard_by_those_who_still_send(void **state)
{
    struct served *served = serve(NULL);
    for (int i = 0; i < 20; i++)
        assert_int_equal(ask_with_body(served, 4 * BODY_MAX, 0), 413);
    serve_stop(served);
}

static const char *refuse_as_json(void *context, int status, const char *message,
                                  struct strbuf *body)
{
    strbuf_printf(body, "{\"detail\":\"%s\"}", message);
    return "application/json";
}

static void refusals_have_the_body_that_is_wanted(void **state)
{
    struct served *served = xcalloc(1, sizeof(*served));
    struct strbuf head = strbuf_init(4096), body = strbuf_init(4096);
    served->options.refusal = refuse_as_json;
    serve_start(served);
    int fd = dial(served);
    say_text(fd, LINE "\r\n");
    assert_int_equal(hear_reply_full(fd, &head, &body, true), 400);
    assert_string_equal(strbuf_text(&body), "{\"detail\":\"no Host\"}");
    assert_non_null(strstr(head.bytes, "content-type: application/json\r\n"));
    close(fd);
    strbuf_clear(&head);
    strbuf_clear(&body);
    serve_stop(served);
}

static void reply_with_bad_headers(struct served *served, void *arg)
{
    const struct http_header headers[] = {{STR("a"), STR("b\r\nc: d")},
                                          {STR("e\r\nf"), STR("g")},
                                          {STR("h"), {"i\0j", 3}},
                                          {STR("good"), STR("kept")}};
    http_reply(served->held, 200, headers, 4, STR(""));
}

static void headers_cannot_break_a_reply(void **state)
{
    struct served *served = serve(NULL);
    struct strbuf head = strbuf_init(4096);
    int fd = dial(served);
    log_set_output(open("/dev/null", O_WRONLY | O_CLOEXEC));
    say_text(fd, "GET /hold HTTP/1.1\r\nHost: x\r\n\r\n");
    WAIT_FOR(atomic_load(&served->requests) == 1);
    on_loop(served, reply_with_bad_headers, NULL);
    assert_int_equal(hear_reply_full(fd, &head, NULL, true), 200);
    assert_null(strstr(head.bytes, "c: d"));
    assert_null(strstr(head.bytes, "f: g"));
    assert_null(strstr(head.bytes, "\nh: "));
    assert_non_null(strstr(head.bytes, "good: kept\r\n"));
    close(fd);
    strbuf_clear(&head);
    serve_stop(served);
}

static void note_drained(void *context)
{
    struct served *served = context;
    atomic_fetch_add(&served->drained, 1);
    http_server_close(served->server, NULL, NULL); /* nothing else keeps the loop running */
}

static void drain(struct served *served, void *arg)
{
    http_server_drain(served->server, note_drained, served);
}

static void draining_ends_what_is_idle_and_waits_for_the_rest(void **state)
{
    struct served *served = serve(NULL);
    struct strbuf head = strbuf_init(4096);
    int idle = dial(served), busy = dial(served), half = dial(served);
    say_text(busy, "GET /hold HTTP/1.1\r\nHost: x\r\n\r\n" GET);
    say_text(half, LINE);
    WAIT_FOR(atomic_load(&served->requests) == 1 && served_connections(served) == 3);
    let_it_read(served);
    on_loop(served, drain, NULL);
    assert_true(is_closed(idle));
    int late = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = address_of(served);
    assert_int_equal(connect(late, (struct sockaddr *)&address, sizeof(address)), -1);
    say_text(half, HOST "\r\n");
    assert_int_equal(hear_reply_full(half, &head, NULL, true), 200);
    assert_non_null(strstr(head.bytes, "connection: close\r\n"));
    close(half);
    assert_int_equal(atomic_load(&served->drained), 0);
    on_loop(served, release, NULL);
    assert_int_equal(hear_reply(busy, NULL), 200);
    assert_true(is_closed(busy)); /* what was sent ahead was promised nothing */
    close(busy);
    WAIT_FOR(atomic_load(&served->drained) == 1);
    close(idle);
    close(late);
    strbuf_clear(&head);
    serve_join(served);
}

/* The kernel has taken this client's connection and request, the server has not. */
static void drain_with_one_in_the_backlog(struct served *served, void *arg)
{
    int *fds = arg;
    say_text(fds[0], GET);
    fds[1] = dial(served);
    say_text(fds[1], GET);
    drain(served, NULL);
}

static void draining_answers_those_who_have_asked_already(void **state)
{
    struct served *served = serve(NULL);
    int fds[2] = {dial(served)};
    WAIT_FOR(served_connections(served) == 1);
    on_loop(served, drain_with_one_in_the_backlog, fds);
    for (int i = 0; i < 2; i++) {
        struct strbuf head = strbuf_init(4096);
        assert_int_equal(hear_reply_full(fds[i], &head, NULL, true), 200);
        assert_non_null(strstr(head.bytes, "connection: close\r\n"));
        assert_true(is_closed(fds[i]));
        close(fds[i]);
        strbuf_clear(&head);
    }
    WAIT_FOR(atomic_load(&served->drained) == 1);
    serve_join(served);
}

static void draining_an_idle_server_ends_at_once(void **state)
{
    struct served *served = serve(NULL);
    on_loop(served, drain, NULL);
    WAIT_FOR(atomic_load(&served->drained) == 1);
    serve_join(served);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_are_served_on_one_connection),
        cmocka_unit_test(replies_have_the_heads_they_should),
        cmocka_unit_test(what_could_smuggle_is_refused_and_cut_off),
        cmocka_unit_test(every_size_has_its_limit),
        cmocka_unit_test(bodies_come_whole_however_they_are_cut),
        cmocka_unit_test(unfinished_requests_share_a_bound),
        cmocka_unit_test(slow_senders_are_cut_off),
        cmocka_unit_test(a_client_that_takes_nothing_is_dropped),
        cmocka_unit_test(a_client_that_takes_little_by_little_gets_all),
        cmocka_unit_test(a_client_that_takes_too_little_is_dropped),
        cmocka_unit_test(unsent_replies_are_bounded),
        cmocka_unit_test(pipelined_requests_are_answered_in_order),
        cmocka_unit_test(what_is_sent_ahead_waits),
        cmocka_unit_test(who_expects_to_continue_is_told),
        cmocka_unit_test(a_client_that_left_is_noticed),
        cmocka_unit_test(a_client_may_shut_its_side_and_still_listen),
        cmocka_unit_test(half_a_request_is_no_request),
        cmocka_unit_test(refusals_are_heard_by_those_who_still_send),
        cmocka_unit_test(refusals_have_the_body_that_is_wanted),
        cmocka_unit_test(headers_cannot_break_a_reply),
        cmocka_unit_test(draining_ends_what_is_idle_and_waits_for_the_rest),
        cmocka_unit_test(draining_answers_those_who_have_asked_already),
        cmocka_unit_test(draining_an_idle_server_ends_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
