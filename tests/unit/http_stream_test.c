/* SPDX-License-Identifier: Apache-2.0 */
/* Streamed replies: shared chunks, readers that are slow or leave, many readers. */
#include "http_support.h"

#include <malloc.h>

#define STREAM "GET /stream HTTP/1.1\r\nHost: x\r\n\r\n"
#define GET "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
#define STREAM_BYTES 50000

struct order {
    size_t size; /* of a chunk of 'e' */
    int count;   /* of those chunks */
    int stream;  /* -1: all */
    bool end;    /* after them */
};

static void write_order(struct served *served, void *arg)
{
    const struct order *order = arg;
    char *bytes = xcalloc(1, order->size + 1);
    memset(bytes, 'e', order->size);
    struct http_chunk *chunk = http_chunk_new((struct str){bytes, order->size});
    for (int i = 0; i < atomic_load(&served->stream_count); i++) {
        if (!served->streams[i] || (order->stream >= 0 && order->stream != i))
            continue;
        for (int j = 0; j < order->count; j++)
            http_stream_write(served->streams[i], chunk);
        if (order->end)
            http_stream_end(served->streams[i]);
    }
    http_chunk_unref(chunk);
    free(bytes);
}

static void write_chunks(struct served *served, size_t size, int count, int stream, bool end)
{
    struct order order = {size, count, stream, end};
    on_loop(served, write_order, &order);
}

static int open_stream(struct served *served)
{
    int before = atomic_load(&served->stream_count), fd = dial(served);
    say_text(fd, STREAM);
    WAIT_FOR(atomic_load(&served->stream_count) == before + 1);
    return fd;
}

static void hear_exactly(int fd, const char *expected)
{
    struct strbuf text = strbuf_init(1 << 20);
    assert_true(hear_until(fd, &text, expected));
    assert_string_equal(strbuf_text(&text), expected);
    strbuf_clear(&text);
}

/* Reads until the end of the body or of the input: how many bytes. */
static size_t hear_all(int fd)
{
    static __thread char part[1 << 16];
    char last[5] = {0};
    size_t total = 0;
    ssize_t got;
    while ((got = recv(fd, part, sizeof(part), 0)) > 0) {
        total += (size_t)got;
        for (ssize_t i = got < 5 ? 0 : got - 5; i < got; i++) {
            memmove(last, last + 1, 4);
            last[4] = part[i];
        }
        if (memcmp(last, "0\r\n\r\n", 5) == 0)
            break;
    }
    return total;
}

static void events_are_chunks_and_the_connection_goes_on(void **state)
{
    struct served *served = serve(NULL);
    struct strbuf head = strbuf_init(4096);
    int fd = open_stream(served);
    say_text(fd, GET); /* ahead of the stream's end */
    assert_true(hear_until(fd, &head, "\r\n\r\n"));
    assert_non_null(strstr(head.bytes, "transfer-encoding: chunked\r\n"));
    assert_non_null(strstr(head.bytes, "content-type: text/event-stream\r\n"));
    assert_null(strstr(head.bytes, "content-length"));
    hear_exactly(fd, "6\r\nfirst\n\r\n");
    write_chunks(served, 17, 1, -1, false);
    hear_exactly(fd, "11\r\neeeeeeeeeeeeeeeee\r\n");
    write_chunks(served, 0, 1, -1, false); /* would be the end */
    write_chunks(served, 1, 2, -1, true);
    hear_exactly(fd, "1\r\ne\r\n1\r\ne\r\n0\r\n\r\n");
    WAIT_FOR(atomic_load(&served->ended[STREAM_FINISHED]) == 1);
    assert_int_equal(hear_reply(fd, NULL), 200);
    close(fd);
    strbuf_clear(&head);
    serve_stop(served);
}

static void old_readers_get_bytes_and_a_close(void **state)
{
    struct served *served = serve(NULL);
    struct strbuf head = strbuf_init(4096);
    int fd = dial(served);
    say_text(fd, "GET /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    assert_true(hear_until(fd, &head, "\r\n\r\n"));
    assert_null(strstr(head.bytes, "chunked"));
    assert_non_null(strstr(head.bytes, "connection: close\r\n"));
    hear_exactly(fd, "first\n");
    write_chunks(served, 3, 2, -1, true);
    hear_exactly(fd, "eeeeee");
    assert_true(is_closed(fd));
    close(fd);
    strbuf_clear(&head);
    serve_stop(served);
}

static void a_head_request_gets_no_events(void **state)
{
    struct served *served = serve(NULL);
    int fd = dial(served);
    say_text(fd, "HEAD /stream HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_int_equal(hear_reply_full(fd, NULL, NULL, false), 200);
    write_chunks(served, 3, 2, -1, true);
    say_text(fd, GET);
    assert_int_equal(hear_reply(fd, NULL), 200);
    close(fd);
    serve_stop(served);
}

static void a_reader_that_leaves_is_noticed(void **state)
{
    struct served *served = serve(NULL);
    struct linger at_once = {.l_onoff = 1};
    int fd = open_stream(served);
    close(fd);
    WAIT_FOR(atomic_load(&served->ended[STREAM_READER_GONE]) == 1);
    fd = open_stream(served);
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    close(fd);
    write_chunks(served, 100, 2, -1, true);
    WAIT_FOR(atomic_load(&served->ended[STREAM_READER_GONE]) +
                 atomic_load(&served->ended[STREAM_FINISHED]) ==
             2);
    WAIT_FOR(served_connections(served) == 0);
    serve_stop(served);
}

static void open_held(struct served *served, void *arg)
{
    struct http_exchange *exchange = served->held;
    served->held = NULL;
    serve_stream(served, exchange);
}

static void a_reader_that_left_before_the_stream_is_noticed(void **state)
{
    struct served *served = serve(NULL);
    struct linger at_once = {.l_onoff = 1};
    for (int reset = 0; reset < 2; reset++) {
        int fd = dial(served);
        say_text(fd, "GET /hold HTTP/1.1\r\nHost: x\r\n\r\n");
        WAIT_FOR(atomic_load(&served->requests) == reset + 1);
        if (reset)
            setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
        close(fd);
        let_it_read(served);
        on_loop(served, open_held, NULL);
        WAIT_FOR(atomic_load(&served->ended[STREAM_READER_GONE]) == reset + 1);
    }
    write_chunks(served, 100, 2, -1, true);
    WAIT_FOR(served_connections(served) == 0);
    serve_stop(served);
}

#define READERS 8

static atomic_size_t heard; /* by all threads, after the first event */

static void *hear_all_in_thread(void *arg)
{
    char bytes[16384];
    size_t total = 0;
    ssize_t got;
    while ((got = recv(*(int *)arg, bytes, sizeof(bytes), 0)) > 0) {
        total += (size_t)got;
        atomic_fetch_add(&heard, (size_t)got);
    }
    return (void *)(uintptr_t)total;
}

static void a_slow_reader_is_dropped_and_the_others_get_all(void **state)
{
    struct http_limits limits = {.stream_bytes = STREAM_BYTES};
    struct served *served = serve(&limits);
    pthread_t threads[READERS];
    int fds[READERS];
    int slow = open_stream(served);
    atomic_store(&heard, 0);
    for (int i = 0; i < READERS; i++) {
        struct strbuf head = strbuf_init(4096);
        fds[i] = open_stream(served);
        assert_true(hear_until(fds[i], &head, "first\n\r\n"));
        strbuf_clear(&head);
        assert_int_equal(pthread_create(&threads[i], NULL, hear_all_in_thread, &fds[i]), 0);
    }
    /* In steps: the readers have heard one before the next is written, however busy the machine. */
    for (size_t i = 1; i < 2000 && atomic_load(&served->ended[STREAM_READER_SLOW]) == 0; i++) {
        write_chunks(served, 20000, 1, -1, false);
        WAIT_FOR(atomic_load(&heard) >= READERS * 20000 * i);
    }
    write_chunks(served, 1, 1, -1, true);
    size_t first = 0;
    for (int i = 0; i < READERS; i++) {
        void *total;
        pthread_join(threads[i], &total);
        if (i == 0)
            first = (size_t)(uintptr_t)total;
        assert_int_equal((size_t)(uintptr_t)total, first);
        close(fds[i]);
    }
    assert_true(first > 20000);
    WAIT_FOR(atomic_load(&served->ended[STREAM_FINISHED]) == READERS);
    assert_int_equal(atomic_load(&served->ended[STREAM_READER_SLOW]), 1);
    close(slow);
    serve_stop(served);
}

/* The queue is exactly full, or a byte more. */
static bool is_dropped_with(size_t queued)
{
    struct http_limits limits = {.stream_bytes = STREAM_BYTES};
    struct served *served = serve(&limits);
    int fd = open_stream(served);
    write_chunks(served, 40 << 20, 1, 0, false); /* more than kernels keep; on its way */
    for (size_t left = queued; left > 0;) {
        size_t now = left <= 1000 ? left : 1000;
        /* "3e8\r\n" and "\r\n" count too */
        size_t frame = now > 261 ? 7 : now > 20 ? 6 : 5;
        write_chunks(served, now - frame, 1, 0, false);
        left -= now;
    }
    (void)served_connections(served); /* a turn of the loop later */
    bool dropped = atomic_load(&served->ended[STREAM_READER_SLOW]) == 1;
    if (!dropped) { /* and who reads on gets all */
        struct strbuf head = strbuf_init(4096);
        assert_true(hear_until(fd, &head, "first\n\r\n"));
        write_chunks(served, 0, 0, 0, true);
        assert_true(hear_all(fd) > (size_t)(40 << 20) + queued);
        WAIT_FOR(atomic_load(&served->ended[STREAM_FINISHED]) == 1);
        strbuf_clear(&head);
    }
    close(fd);
    serve_stop(served);
    return dropped;
}

static void the_queue_of_a_reader_has_its_limit(void **state)
{
    assert_false(is_dropped_with(STREAM_BYTES));
    assert_true(is_dropped_with(STREAM_BYTES + 10));
}

static void a_reader_that_takes_nothing_is_dropped_in_time(void **state)
{
    struct http_limits limits = {.write_time_ms = 100};
    struct served *served = serve(&limits);
    int fd = open_stream(served);
    write_chunks(served, 40 << 20, 1, 0, true);
    WAIT_FOR(atomic_load(&served->ended[STREAM_READER_SLOW]) == 1);
    WAIT_FOR(served_connections(served) == 0);
    close(fd);
    serve_stop(served);
}

static size_t allocated(void)
{
    return mallinfo2().uordblks;
}

static void idle_streams_and_connections_are_small(void **state)
{
    enum { COUNT = 1000 };
    struct served *served = serve(NULL);
    static int fds[COUNT];
    close(open_stream(served));
    WAIT_FOR(served_connections(served) == 0);
    size_t before = allocated();
    for (int i = 0; i < COUNT; i++)
        fds[i] = open_stream(served);
    size_t streams = allocated() - before;
    for (int i = 0; i < COUNT; i++)
        close(fds[i]);
    WAIT_FOR(served_connections(served) == 0);
    before = allocated();
    for (int i = 0; i < COUNT; i++) {
        fds[i] = dial(served);
        say_text(fds[i], GET);
        assert_int_equal(hear_reply(fds[i], NULL), 200);
    }
    size_t connections = allocated() - before;
    /* Sanitizers count nothing here. */
    print_message("%zu bytes a stream, %zu a connection\n", streams / COUNT, connections / COUNT);
    assert_true(before == 0 || (streams / COUNT < 1024 && connections / COUNT < 768));
    for (int i = 0; i < COUNT; i++)
        close(fds[i]);
    WAIT_FOR(served_connections(served) == 0);
    assert_true(allocated() <= before + 4096);
    serve_stop(served);
}

static void note_drained(void *context)
{
    struct served *served = context;
    atomic_fetch_add(&served->drained, 1);
    http_server_close(served->server, NULL, NULL);
}

static void drain(struct served *served, void *arg)
{
    http_server_drain(served->server, note_drained, served);
}

static void draining_leaves_streams_to_their_owner(void **state)
{
    struct served *served = serve(NULL);
    int fd = open_stream(served);
    on_loop(served, drain, NULL);
    write_chunks(served, 3, 1, -1, false);
    struct strbuf text = strbuf_init(4096);
    assert_true(hear_until(fd, &text, "3\r\neee\r\n"));
    assert_int_equal(atomic_load(&served->drained), 0);
    write_chunks(served, 1, 1, -1, true);
    hear_exactly(fd, "1\r\ne\r\n0\r\n\r\n");
    assert_true(is_closed(fd));
    close(fd);
    WAIT_FOR(atomic_load(&served->drained) == 1);
    strbuf_clear(&text);
    serve_join(served);
}

static void closing_ends_streams(void **state)
{
    struct served *served = serve(NULL);
    int fd = open_stream(served), full = open_stream(served);
    write_chunks(served, 40 << 20, 1, 1, false); /* it is being written */
    on_loop(served, serve_close, NULL);
    pthread_join(served->thread, NULL);
    assert_int_equal(atomic_load(&served->ended[STREAM_READER_GONE]), 2);
    close(fd);
    close(full);
    free(served);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_are_chunks_and_the_connection_goes_on),
        cmocka_unit_test(old_readers_get_bytes_and_a_close),
        cmocka_unit_test(a_head_request_gets_no_events),
        cmocka_unit_test(a_reader_that_leaves_is_noticed),
        cmocka_unit_test(a_reader_that_left_before_the_stream_is_noticed),
        cmocka_unit_test(a_slow_reader_is_dropped_and_the_others_get_all),
        cmocka_unit_test(the_queue_of_a_reader_has_its_limit),
        cmocka_unit_test(a_reader_that_takes_nothing_is_dropped_in_time),
        cmocka_unit_test(idle_streams_and_connections_are_small),
        cmocka_unit_test(draining_leaves_streams_to_their_owner),
        cmocka_unit_test(closing_ends_streams),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
