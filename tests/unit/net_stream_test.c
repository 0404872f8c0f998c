/* SPDX-License-Identifier: Apache-2.0 */
#include "net_support.h"

#include "net/event_reader.h"
#include "net/transfer.h"

#define CHUNKED "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
#define MEGABYTE ((size_t)1024 * 1024)

static void passes_on_what_comes_in_any_pieces(void **state)
{
    static const char reply[] = CHUNKED "5\r\ndata:\r\n3;x=y\r\n a\n\r\nb\r\n\ndata: b\n\n\n\r\n"
                                        "0\r\nx-trailer: ignored\r\n\r\n";
    for (size_t step = 1; step < sizeof(reply); step += step < 8 ? 1 : 13) {
        struct peer *peer = PEER_START({reply, .step = step});
        struct asked asked = {.request = {.on_body = keep_piece}};
        asked_url(&asked, peer->port, "/");
        call(&asked);
        assert_replied(&asked, 200, "");
        assert_string_equal(strbuf_text(&asked.streamed), "data: a\n\ndata: b\n\n\n");
        assert_string_equal(fetch_response_header(&asked.response, "x-trailer"), "");
        assert_true(asked.response.first_byte_us > 0);
        asked_clear(&asked);
        peer_stop(peer);
    }
}

static void gathers_what_is_no_success(void **state)
{
    struct peer *peer = PEER_START({"HTTP/1.1 100 Continue\r\nx-early: 1\r\n\r\n"
                                    "HTTP/1.1 400 Bad\r\ncontent-length: 3\r\n\r\nbad"});
    struct asked asked = {.request = {.on_body = keep_piece}};
    asked_url(&asked, peer->port, "/");
    call(&asked);
    assert_replied(&asked, 400, "bad");
    assert_int_equal(asked.streamed.length, 0);
    assert_string_equal(fetch_response_header(&asked.response, "x-early"), "");
    asked_clear(&asked);
    peer_stop(peer);
}

/* A body of that many bytes with a pattern; the caller frees it. */
static char *big_reply(size_t size, size_t *length)
{
    char head[96];
    size_t head_length = (size_t)snprintf(head, sizeof(head),
                                          "HTTP/1.1 200 OK\r\ncontent-length: %zu\r\n\r\n", size);
    char *bytes = xcalloc(1, head_length + size);
    memcpy(bytes, head, head_length);
    for (size_t i = 0; i < size; i++)
        bytes[head_length + i] = (char)('a' + i % 23);
    *length = head_length + size;
    return bytes;
}

struct slow_reader {
    struct asked asked; /* first: it is the context too */
    size_t largest, pieces;
    unsigned first_wait_ms;
};

static bool read_slowly(void *context, struct str piece, struct error *err)
{
    struct slow_reader *reader = context;
    reader->pieces++;
    if (piece.length > reader->largest)
        reader->largest = piece.length;
    strbuf_add_str(&reader->asked.streamed, piece);
    return task_sleep(reader->pieces == 1 ? reader->first_wait_ms : 1, err);
}

static void a_slow_reader_holds_up_the_server(void **state)
{
    struct reply reply = {0};
    char *bytes = big_reply(4 * MEGABYTE, &reply.length);
    reply.bytes = bytes;
    struct peer *peer = peer_start(&reply, 1);
    struct slow_reader reader = {.first_wait_ms = 1};
    reader.asked.request.on_body = read_slowly;
    asked_url(&reader.asked, peer->port, "/");
    call(&reader.asked);
    assert_replied(&reader.asked, 200, "");
    assert_int_equal(reader.asked.streamed.length, 4 * MEGABYTE);
    assert_memory_equal(reader.asked.streamed.bytes, bytes + reply.length - 4 * MEGABYTE,
                        4 * MEGABYTE);
    assert_true(reader.largest <= TRANSFER_BUFFER_MAX);
    assert_true(reader.pieces >= 4 * MEGABYTE / TRANSFER_BUFFER_MAX);
    asked_clear(&reader.asked);
    peer_stop(peer);
    free(bytes);
}

/* While it is we who read nothing, the server is not idle. */
static void a_reader_may_wait_longer_than_a_server(void **state)
{
    struct reply reply = {0};
    char *bytes = big_reply(MEGABYTE, &reply.length);
    reply.bytes = bytes;
    struct peer *peer = peer_start(&reply, 1);
    struct slow_reader reader = {.first_wait_ms = 2500};
    reader.asked.request.on_body = read_slowly;
    reader.asked.request.idle_ms = 2000;
    asked_url(&reader.asked, peer->port, "/");
    call(&reader.asked);
    assert_replied(&reader.asked, 200, "");
    assert_int_equal(reader.asked.streamed.length, MEGABYTE);
    asked_clear(&reader.asked);
    peer_stop(peer);
    free(bytes);
}

static bool refuse_piece(void *context, struct str piece, struct error *err)
{
    return error_set(err, ERROR_INVALID, "enough of '%.*s'", STR_ARGS(piece));
}

static void a_reader_may_end_it(void **state)
{
    struct peer *peer = PEER_START({CHUNKED "3\r\nabc\r\n", .end = THEN_HANG});
    struct asked asked = {.request = {.on_body = refuse_piece, .repeatable = true}};
    asked_url(&asked, peer->port, "/");
    call(&asked);
    assert_failed(&asked, ERROR_INVALID, "enough of 'abc'");
    assert_int_equal(atomic_load(&peer->requests), 1);
    asked_clear(&asked);
    peer_stop(peer);
}

/* ---- limits ---- */

static void ask_for(size_t size, size_t body_max, bool streamed, bool chunked, bool ok)
{
    struct reply reply = {0};
    char *bytes = big_reply(size, &reply.length);
    if (chunked) { /* nothing says beforehand how much it is */
        char *body = bytes + reply.length - size, *with_head = xcalloc(1, size + 128);
        int head = snprintf(with_head, 128, CHUNKED "%zx\r\n", size);
        memcpy(with_head + head, body, size);
        memcpy(with_head + head + size, "\r\n0\r\n\r\n", 7);
        reply.length = (size_t)head + size + 7;
        free(bytes);
        bytes = with_head;
    }
    reply.bytes = bytes;
    struct peer *peer = peer_start(&reply, 1);
    struct asked asked = {.request = {.body_max = body_max, .repeatable = true}};
    if (streamed)
        asked.request.on_body = keep_piece;
    asked_url(&asked, peer->port, "/");
    call(&asked);
    if (ok) {
        assert_replied(&asked, 200, NULL);
        assert_int_equal(streamed ? asked.streamed.length : asked.response.body.length, size);
    } else {
        assert_failed(&asked, ERROR_MODEL, "its reply is too big");
        assert_int_equal(atomic_load(&peer->requests), 1); /* the next one would be too */
    }
    asked_clear(&asked);
    peer_stop(peer);
    free(bytes);
}

static void a_body_has_a_limit(void **state)
{
    for (int i = 0; i < 4; i++) {
        ask_for(100000, 100000, i & 1, i & 2, true);
        ask_for(100001, 100000, i & 1, i & 2, false);
    }
    ask_for(FETCH_BODY_MAX_DEFAULT, 0, false, false, true);
    ask_for(FETCH_BODY_MAX_DEFAULT + 1, 0, false, false, false);
}

/* ---- events ---- */

struct events {
    struct asked asked;
    struct event_reader reader;
    struct strbuf seen;
};

static bool note_event(void *context, const struct server_event *event, struct error *err)
{
    struct events *events = context;
    strbuf_printf(&events->seen, "%.*s=%.*s;", STR_ARGS(event->name), STR_ARGS(event->data));
    return true;
}

static bool read_events(void *context, struct str piece, struct error *err)
{
    struct events *events = context;
    return event_reader_add(&events->reader, piece, note_event, events, err);
}

static void events_come_through(void **state)
{
    static const char stream[] =
        "event: delta\ndata: {\"t\":\"a\"}\n\nevent: stop\r\ndata: 1\r\n\r\n";
    char reply[256];
    snprintf(reply, sizeof(reply), "HTTP/1.1 200 OK\r\ncontent-length: %zu\r\n\r\n%s",
             sizeof(stream) - 1, stream);
    struct reply replies = {.bytes = reply, .step = 3};
    struct peer *peer = peer_start(&replies, 1);
    struct events events = {.reader = event_reader_init(0), .seen = strbuf_init(1000)};
    events.asked.request.on_body = read_events;
    asked_url(&events.asked, peer->port, "/");
    call(&events.asked);
    assert_replied(&events.asked, 200, "");
    assert_string_equal(strbuf_text(&events.seen), "delta={\"t\":\"a\"};stop=1;");
    event_reader_clear(&events.reader);
    strbuf_clear(&events.seen);
    asked_clear(&events.asked);
    peer_stop(peer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(passes_on_what_comes_in_any_pieces),
        cmocka_unit_test(gathers_what_is_no_success),
        cmocka_unit_test(a_slow_reader_holds_up_the_server),
        cmocka_unit_test(a_reader_may_wait_longer_than_a_server),
        cmocka_unit_test(a_reader_may_end_it),
        cmocka_unit_test(a_body_has_a_limit),
        cmocka_unit_test(events_come_through),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
