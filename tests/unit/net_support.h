/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A scripted HTTP server with plain sockets, a thread for each connection: the n-th request gets
 * the n-th reply of the script, byte by byte as it says; and a call that keeps what came of it,
 * since no assertion may fail inside a task.
 */
#ifndef NET_SUPPORT_H
#define NET_SUPPORT_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/clock.h"
#include "core/strbuf.h"
#include "net/fetch.h"

#define PEER_CONNECTIONS_MAX 512
#define PEER_WAIT_MS 20000
#define SEEN_MAX 65536

enum reply_end { THEN_KEEP, THEN_CLOSE, THEN_RESET, THEN_HANG };

struct reply {
    const char *bytes; /* NULL: none */
    size_t length;     /* 0: of the text */
    size_t step;       /* bytes of a write, a moment apart; 0: all at once */
    unsigned delay_ms; /* before it */
    enum reply_end end;
};

struct peer {
    const struct reply *replies; /* the last one serves all that come after */
    size_t reply_count;
    int fd, port;
    pthread_t thread;
    atomic_int requests, connections;
    atomic_bool stopping;
    pthread_mutex_t lock;
    pthread_t threads[PEER_CONNECTIONS_MAX];
    char seen[SEEN_MAX]; /* the last request */
};

struct peer_connection {
    struct peer *peer;
    int fd;
};

/* Of the machine's environment: before there is a thread. */
__attribute__((constructor)) static void forget_proxies(void)
{
    static const char *const names[] = {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy",
                                        "ALL_PROXY",  "no_proxy",    "NO_PROXY"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        unsetenv(names[i]);
}

static inline void sleep_ms(unsigned ms)
{
    nanosleep(&(struct timespec){ms / 1000, (long)(ms % 1000) * 1000000}, NULL);
}

/* Waits for bytes in small steps so that the end of the test is noticed. */
static inline ssize_t peer_read(struct peer *peer, int fd, char *bytes, size_t size)
{
    while (!atomic_load(&peer->stopping)) {
        struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
        if (poll(&poll_fd, 1, 20) > 0)
            return recv(fd, bytes, size, 0);
    }
    return 0;
}

/* One request into `seen`; false when the client has gone. */
static inline bool peer_hear(struct peer *peer, int fd)
{
    static _Thread_local char bytes[SEEN_MAX];
    size_t length = 0, wanted = 0;
    for (;;) {
        ssize_t got = peer_read(peer, fd, bytes + length, sizeof(bytes) - 1 - length);
        if (got <= 0)
            return false;
        length += (size_t)got;
        bytes[length] = '\0';
        char *end = strstr(bytes, "\r\n\r\n"), *size = strcasestr(bytes, "\r\ncontent-length:");
        if (bytes[0] == 0x16) /* a client that speaks TLS: it gets its reply all the same */
            break;
        if (!end)
            continue;
        wanted =
            (size_t)(end - bytes) + 4 + (size && size < end ? strtoul(size + 17, NULL, 10) : 0);
        if (length >= wanted || length == sizeof(bytes) - 1)
            break;
    }
    pthread_mutex_lock(&peer->lock);
    memcpy(peer->seen, bytes, length + 1);
    pthread_mutex_unlock(&peer->lock);
    return true;
}

static inline bool peer_send(int fd, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t sent = send(fd, bytes, length, MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        bytes += sent;
        length -= (size_t)sent;
    }
    return true;
}

/* False when the connection is over. */
static inline bool peer_say(struct peer *peer, int fd, const struct reply *reply)
{
    size_t length = reply->length > 0 || !reply->bytes ? reply->length : strlen(reply->bytes);
    size_t step = reply->step > 0 ? reply->step : length;
    if (reply->delay_ms > 0)
        sleep_ms(reply->delay_ms);
    for (size_t at = 0; at < length; at += step) {
        if (!peer_send(fd, reply->bytes + at, at + step < length ? step : length - at))
            return false;
        if (step < length)
            sleep_ms(1);
    }
    if (reply->end == THEN_RESET)
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &(struct linger){1, 0}, sizeof(struct linger));
    char rest;
    if (reply->end == THEN_HANG)
        (void)peer_read(peer, fd, &rest, 1);
    return reply->end == THEN_KEEP;
}

static inline void *peer_serve(void *arg)
{
    struct peer_connection connection = *(struct peer_connection *)arg;
    struct peer *peer = connection.peer;
    free(arg);
    while (peer_hear(peer, connection.fd)) {
        size_t number = (size_t)atomic_fetch_add(&peer->requests, 1);
        size_t last = peer->reply_count - 1;
        if (!peer_say(peer, connection.fd, &peer->replies[number < last ? number : last]))
            break;
    }
    close(connection.fd);
    return NULL;
}

static inline void *peer_accept(void *arg)
{
    struct peer *peer = arg;
    while (!atomic_load(&peer->stopping)) {
        struct pollfd poll_fd = {.fd = peer->fd, .events = POLLIN};
        int fd = poll(&poll_fd, 1, 20) > 0 ? accept(peer->fd, NULL, NULL) : -1;
        if (fd < 0)
            continue;
        int number = atomic_fetch_add(&peer->connections, 1);
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
        struct peer_connection *connection = xcalloc(1, sizeof(*connection));
        *connection = (struct peer_connection){peer, fd};
        if (number >= PEER_CONNECTIONS_MAX ||
            pthread_create(&peer->threads[number], NULL, peer_serve, connection) != 0)
            abort();
    }
    return NULL;
}

/* A socket bound to a free port of the loopback; listening or not. */
static inline int peer_bind(int *port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    *port = ntohs(address.sin_port);
    return fd;
}

static inline struct peer *peer_start(const struct reply *replies, size_t count)
{
    struct peer *peer = xcalloc(1, sizeof(*peer));
    peer->replies = replies;
    peer->reply_count = count;
    pthread_mutex_init(&peer->lock, NULL);
    peer->fd = peer_bind(&peer->port);
    assert_int_equal(listen(peer->fd, 128), 0);
    assert_int_equal(pthread_create(&peer->thread, NULL, peer_accept, peer), 0);
    return peer;
}
#define PEER_START(...)                             \
    peer_start((const struct reply[]){__VA_ARGS__}, \
               sizeof((const struct reply[]){__VA_ARGS__}) / sizeof(struct reply))

static inline void peer_stop(struct peer *peer)
{
    atomic_store(&peer->stopping, true);
    pthread_join(peer->thread, NULL);
    for (int i = 0; i < atomic_load(&peer->connections); i++)
        pthread_join(peer->threads[i], NULL);
    close(peer->fd);
    pthread_mutex_destroy(&peer->lock);
    free(peer);
}

/* ---- calls ---- */

#define REPLY_OK "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"

/* One call in a task of its own. What is zero in `request` gets what fits. */
struct asked {
    struct fetch_request request;
    char url[128];
    uint64_t deadline_ms;
    struct upstream *upstream; /* NULL: one of its own */
    struct arena *arena;
    struct fetch_response response;
    struct error err;
    bool ok;
    uint64_t start_ms, took_ms; /* from asked_init() on: the deadline counts from just after */
    struct strbuf streamed;
};

static inline void asked_url(struct asked *asked, int port, const char *path)
{
    snprintf(asked->url, sizeof(asked->url), "http://127.0.0.1:%d%s", port, path);
}

static inline void asked_init(struct asked *asked)
{
    struct fetch_request *request = &asked->request;
    asked->start_ms = clock_monotonic_ms();
    asked->arena = arena_new();
    asked->streamed = strbuf_init((size_t)64 * 1024 * 1024);
    request->url = request->url ? request->url : asked->url;
    request->method = request->method ? request->method : "GET";
    request->failure = request->failure != ERROR_NONE ? request->failure : ERROR_MODEL;
    request->upstream = asked->upstream ? asked->upstream
                                        : upstream_open(&(struct upstream_options){.name = "Peer"});
    if (request->on_body)
        request->context = asked;
}

/* In a task. */
static inline void asked_call(void *arg)
{
    struct asked *asked = arg;
    asked->ok = http_fetch(&asked->request, asked->arena, &asked->response, &asked->err);
    asked->took_ms = clock_monotonic_ms() - asked->start_ms;
}

static inline void asked_clear(struct asked *asked)
{
    if (!asked->upstream)
        upstream_close(asked->request.upstream);
    arena_free(asked->arena);
    strbuf_clear(&asked->streamed);
}

static inline struct loop *new_loop(void)
{
    struct error err = {0};
    struct loop *loop = loop_new(&err);
    assert_non_null(loop);
    return loop;
}

static inline struct task *start_call(struct loop *loop, struct asked *asked)
{
    struct task_options options = {.name = "call", .deadline_ms = asked->deadline_ms};
    asked_init(asked);
    struct task *task = task_start(loop, &options, asked_call, asked, &asked->err);
    assert_non_null(task);
    return task;
}

static inline void call(struct asked *asked)
{
    struct loop *loop = new_loop();
    start_call(loop, asked);
    loop_run(loop);
    loop_free(loop);
}

static inline bool keep_piece(void *context, struct str piece, struct error *err)
{
    struct asked *asked = context;
    strbuf_add_str(&asked->streamed, piece);
    return true;
}

static inline void assert_replied(const struct asked *asked, int status, const char *body)
{
    if (!asked->ok)
        fail_msg("no reply: %s", asked->err.message);
    assert_int_equal(asked->response.status, status);
    if (body) {
        assert_int_equal(asked->response.body.length, strlen(body));
        assert_memory_equal(asked->response.body.bytes, body, strlen(body));
    }
}

static inline void assert_failed(const struct asked *asked, enum error_code code, const char *words)
{
    assert_false(asked->ok);
    assert_int_equal(asked->err.code, code);
    if (!strstr(asked->err.message, words))
        fail_msg("not '%s' in: %s", words, asked->err.message);
}

#endif
