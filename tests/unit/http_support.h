/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An HTTP server on a loop in a thread of its own, and a plain client with blocking sockets. The
 * server's handler knows a few paths, see serve_handle().
 */
#ifndef HTTP_SUPPORT_H
#define HTTP_SUPPORT_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/log.h"
#include "http/server.h"

#define SERVED_MAX 4096
#define CLIENT_WAIT_S 30

struct served {
    struct http_options options;
    pthread_t thread;
    sem_t ready; /* started; and each call of on_loop() */
    struct loop *loop;
    struct http_server *server;
    int port;
    atomic_int requests;                     /* handed over */
    struct http_exchange *held;              /* by "/hold", on the loop only */
    struct http_stream *streams[SERVED_MAX]; /* by "/stream", on the loop only */
    atomic_int stream_count;
    atomic_int ended[3]; /* by enum http_stream_end */
    atomic_int drained;
};

struct served_stream {
    struct served *served;
    int number;
};

static inline void serve_ended(void *context, enum http_stream_end how)
{
    struct served_stream *stream = context;
    stream->served->streams[stream->number] = NULL;
    atomic_fetch_add(&stream->served->ended[how], 1);
    free(stream);
}

static inline void serve_stream(struct served *served, struct http_exchange *exchange)
{
    static const struct http_header type = {{"content-type", 12}, {"text/event-stream", 17}};
    struct served_stream *stream = xcalloc(1, sizeof(*stream));
    struct http_chunk *first = http_chunk_new(STR("first\n"));
    *stream = (struct served_stream){served, atomic_load(&served->stream_count)};
    served->streams[stream->number] =
        http_stream_open(exchange, 200, &type, 1, first, serve_ended, stream);
    http_chunk_unref(first);
    atomic_fetch_add(&served->stream_count, 1);
}

/* Says what the request was. */
static inline void serve_echo(struct http_exchange *exchange)
{
    char head[256];
    int length = snprintf(head, sizeof(head), "%.*s %.*s?%.*s %d %zu:", STR_ARGS(exchange->method),
                          STR_ARGS(exchange->path), STR_ARGS(exchange->query),
                          exchange->version_minor, exchange->header_count);
    char *text = arena_printf(exchange->arena, "%.*s%.*s", length, head, STR_ARGS(exchange->body));
    http_reply(exchange, 200, NULL, 0, str_from(text));
}

static inline void serve_handle(void *context, struct http_exchange *exchange)
{
    struct served *served = context;
    atomic_fetch_add(&served->requests, 1);
    if (str_equal(exchange->path, STR("/stream"))) {
        serve_stream(served, exchange);
    } else if (str_equal(exchange->path, STR("/hold"))) {
        served->held = exchange;
    } else if (str_equal(exchange->path, STR("/big"))) {
        int64_t size = 0;
        (void)str_to_i64(exchange->query, &size);
        char *bytes = arena_alloc(exchange->arena, (size_t)size);
        memset(bytes, 'b', (size_t)size);
        http_reply(exchange, 200, NULL, 0, (struct str){bytes, (size_t)size});
    } else if (str_equal(exchange->path, STR("/status"))) {
        int64_t status = 0;
        (void)str_to_i64(exchange->query, &status);
        http_reply(exchange, (int)status, NULL, 0, STR("body"));
    } else {
        serve_echo(exchange);
    }
}

static inline void *serve_thread(void *arg)
{
    struct served *served = arg;
    struct error err = {0};
    served->loop = loop_new(&err);
    served->server = http_server_new(served->loop, &served->options, &err);
    if (!served->server)
        fprintf(stderr, "# %s\n", err.message);
    served->port = served->server ? http_server_port(served->server) : -1;
    sem_post(&served->ready);
    loop_run(served->loop);
    loop_free(served->loop);
    return NULL;
}

/* served->options may be filled in before. */
static inline void serve_start(struct served *served)
{
    served->options.host = "127.0.0.1";
    served->options.handle = serve_handle;
    served->options.context = served;
    sem_init(&served->ready, 0, 0);
    assert_int_equal(pthread_create(&served->thread, NULL, serve_thread, served), 0);
    sem_wait(&served->ready);
    assert_true(served->port > 0);
}

static inline struct served *serve(const struct http_limits *limits)
{
    struct served *served = xcalloc(1, sizeof(*served));
    if (limits)
        served->options.limits = *limits;
    serve_start(served);
    return served;
}

struct served_call {
    struct served *served;
    void (*fn)(struct served *served, void *arg);
    void *arg;
};

static inline void serve_run_call(void *arg)
{
    struct served_call *call = arg;
    struct served *served = call->served;
    call->fn(served, call->arg);
    sem_post(&served->ready);
}

/* Calls fn on the server's loop and waits for its return. */
static inline void on_loop(struct served *served, void (*fn)(struct served *served, void *arg),
                           void *arg)
{
    struct served_call call = {served, fn, arg};
    loop_post(served->loop, serve_run_call, &call);
    sem_wait(&served->ready);
}

static inline void serve_close(struct served *served, void *arg)
{
    http_server_close(served->server, NULL, NULL);
}

/* When the server closes itself. */
static inline void serve_join(struct served *served)
{
    pthread_join(served->thread, NULL);
    sem_destroy(&served->ready);
    free(served);
}

static inline void serve_stop(struct served *served)
{
    on_loop(served, serve_close, NULL);
    serve_join(served);
}

static inline void serve_count(struct served *served, void *arg)
{
    *(size_t *)arg = http_server_connections(served->server);
}

static inline size_t served_connections(struct served *served)
{
    size_t count = 0;
    on_loop(served, serve_count, &count);
    return count;
}

static inline void sleep_ms(unsigned ms)
{
    struct timespec pause = {ms / 1000, (long)(ms % 1000) * 1000000};
    nanosleep(&pause, NULL);
}

/* Waits until a condition holds, for half a minute at most. */
#define WAIT_FOR(condition)                                         \
    do {                                                            \
        for (int wait_ = 0; wait_ < 30000 && !(condition); wait_++) \
            sleep_ms(1);                                            \
        assert_true(condition);                                     \
    } while (0)

static inline void serve_nothing(struct served *served, void *arg)
{
}

/* Until the server has read what was sent to it, however busy the machine is: its loop turns many
 * times, and looks at all sockets each time. */
static inline void let_it_read(struct served *served)
{
    sleep_ms(20);
    for (int i = 0; i < 50; i++)
        on_loop(served, serve_nothing, NULL);
}

/* ---- the client ---- */

static inline struct sockaddr_in address_of(const struct served *served)
{
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)served->port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static inline int dial(const struct served *served)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = address_of(served);
    struct timeval wait = {.tv_sec = CLIENT_WAIT_S};
    assert_true(fd >= 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

static inline void say(int fd, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t sent = send(fd, bytes, length, MSG_NOSIGNAL);
        if (sent < 0)
            return; /* the server may have closed: the reply is what counts */
        bytes += sent;
        length -= (size_t)sent;
    }
}

static inline void say_text(int fd, const char *text)
{
    say(fd, text, strlen(text));
}

/* The next bytes up to and with `end`, without reading further; false at the end of input or after
 * some seconds. */
static inline bool hear_until(int fd, struct strbuf *out, const char *end)
{
    size_t length = strlen(end);
    char c;
    while (recv(fd, &c, 1, 0) == 1) {
        strbuf_add_char(out, c);
        if (out->length >= length && memcmp(out->bytes + out->length - length, end, length) == 0)
            return true;
    }
    return false;
}

/* A whole reply with a Content-Length; the body is put into *body (NULL: dropped), the head into
 * *head. Returns the status; 0: the connection was closed; -1: time. */
static inline int hear_reply_full(int fd, struct strbuf *head, struct strbuf *body, bool has_body)
{
    struct strbuf text = strbuf_init(1 << 20);
    errno = 0;
    if (!hear_until(fd, &text, "\r\n\r\n")) {
        strbuf_clear(&text);
        return errno == EAGAIN ? -1 : 0;
    }
    int status = atoi(text.bytes + strlen("HTTP/1.1 "));
    char *length_text = strstr(text.bytes, "content-length: ");
    size_t length = length_text && has_body ? strtoul(length_text + 16, NULL, 10) : 0;
    char *bytes = xcalloc(1, length + 1);
    ssize_t got = length > 0 ? recv(fd, bytes, length, MSG_WAITALL) : 0;
    if (body)
        strbuf_add_bytes(body, bytes, got > 0 ? (size_t)got : 0);
    if (head)
        strbuf_add_str(head, strbuf_str(&text));
    free(bytes);
    strbuf_clear(&text);
    return got == (ssize_t)length ? status : 0;
}

static inline int hear_reply(int fd, struct strbuf *body)
{
    if (body)
        strbuf_reset(body);
    return hear_reply_full(fd, NULL, body, true);
}

/* Nothing more comes: the server has closed. */
static inline bool is_closed(int fd)
{
    char c;
    ssize_t got = recv(fd, &c, 1, 0);
    return got == 0 || (got < 0 && errno == ECONNRESET);
}

/* One request on a connection of its own; the status. */
static inline int ask(const struct served *served, const char *bytes, size_t length)
{
    int fd = dial(served);
    say(fd, bytes, length);
    int status = hear_reply(fd, NULL);
    close(fd);
    return status;
}

static inline int ask_text(const struct served *served, const char *text)
{
    return ask(served, text, strlen(text));
}

#endif
