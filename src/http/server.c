/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/log.h"
#include "core/metrics.h"
#include "http/http_priv.h"

#define ACCEPT_TURN_MAX 64  /* new connections before others get their turn */
#define ACCEPT_PAUSE_MS 100 /* when there is no descriptor */

/* Of all servers of the process. */
static atomic_size_t open_connections;

static const struct http_limits default_limits = {
    .header_bytes = 16 * 1024,
    .header_count = 100,
    .target_bytes = 8 * 1024,
    .body_bytes = 1024 * 1024,
    .buffered_bytes = 64 * 1024 * 1024,
    .header_time_ms = 10 * 1000,
    .body_time_ms = 30 * 1000,
    .idle_time_ms = 75 * 1000,
    .write_time_ms = 30 * 1000,
    .write_bytes = 16 * 1024,
    .unsent_bytes = 64 * 1024 * 1024,
    .stream_bytes = 256 * 1024,
};

#define DEFAULT(field)  \
    if (!limits->field) \
    limits->field = default_limits.field

static void fill_limits(struct http_server *server)
{
    struct http_limits *limits = &server->options.limits;
    DEFAULT(header_bytes);
    DEFAULT(header_count);
    DEFAULT(target_bytes);
    DEFAULT(body_bytes);
    DEFAULT(buffered_bytes);
    DEFAULT(header_time_ms);
    DEFAULT(body_time_ms);
    DEFAULT(idle_time_ms);
    DEFAULT(write_time_ms);
    DEFAULT(write_bytes);
    DEFAULT(unsent_bytes);
    DEFAULT(stream_bytes);
    size_t descriptors = descriptors_raise();
    /* The kernel gives the lowest free number, so that a high one says that few are left. */
    server->descriptor_max = (int)(descriptors - descriptors_reserved(descriptors));
    if (!limits->connections)
        limits->connections = (size_t)server->descriptor_max;
    server->timeout_ms[TIMEOUT_IDLE] = limits->idle_time_ms;
    server->timeout_ms[TIMEOUT_HEADER] = limits->header_time_ms;
    server->timeout_ms[TIMEOUT_BODY] = limits->body_time_ms;
    server->timeout_ms[TIMEOUT_WRITE] = limits->write_time_ms;
    server->timeout_ms[TIMEOUT_LINGER] = LINGER_MS;
}

bool server_hold(struct http_server *server, size_t bytes)
{
    server->buffered += bytes;
    return server->buffered <= server->options.limits.buffered_bytes;
}

/* ---- the turn ---- */

void server_turn_needed(struct http_server *server)
{
    uv_idle_start(&server->turn, server_take_turn);
}

static void handle_closed(uv_handle_t *handle)
{
    struct http_server *server = handle->data;
    if (--server->open_handles > 0)
        return;
    if (server->closed)
        server->closed(server->closed_context);
    strbuf_clear(&server->out);
    free(server);
}

/* Once nothing is left to wait for. */
static void end(struct http_server *server)
{
    void (*drained)(void *context) = server->drained;
    if (server->connections > 0 || !TAILQ_EMPTY(&server->ended))
        return;
    if (server->draining && drained) {
        server->drained = NULL;
        drained(server->drained_context);
    }
    if (server->closing) {
        uv_close((uv_handle_t *)&server->timer, handle_closed);
        uv_close((uv_handle_t *)&server->turn, handle_closed);
    }
}

/* What callers must not be called back with from within their own call happens here. */
void server_take_turn(uv_idle_t *turn)
{
    struct http_server *server = turn->data;
    struct http_stream *stream;
    struct connection *connection;
    size_t ready = 0;
    while ((stream = TAILQ_FIRST(&server->ended))) {
        TAILQ_REMOVE(&server->ended, stream, next);
        stream_tell_end(stream);
    }
    TAILQ_FOREACH(connection, &server->ready, ready)
    ready++;
    /* Those that become ready meanwhile wait for the next turn. */
    while (ready-- > 0 && (connection = TAILQ_FIRST(&server->ready))) {
        TAILQ_REMOVE(&server->ready, connection, ready);
        connection->is_ready = false;
        connection_go_on(connection);
    }
    if (TAILQ_EMPTY(&server->ready) && TAILQ_EMPTY(&server->ended))
        uv_idle_stop(turn);
    end(server);
}

void server_connection_gone(struct http_server *server)
{
    atomic_fetch_sub(&open_connections, 1);
    metrics_add(METRIC_HTTP_CONNECTIONS, 0, 0, -1);
    server->connections--;
    if (server->connections == 0 && (server->draining || server->closing))
        server_turn_needed(server);
}

/* ---- new connections ---- */

static void accept_some(uv_poll_t *listener, int status, int events);

static void say_full(int fd)
{
    static const char reply[] = "HTTP/1.1 503 Service Unavailable\r\n"
                                "retry-after: 1\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
    (void)!send(fd, reply, sizeof(reply) - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
    close(fd);
}

static void accept_again(uv_timer_t *pause)
{
    struct http_server *server = pause->data;
    if (server->reserve_fd < 0)
        server->reserve_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    uv_poll_start(&server->listener, UV_READABLE, accept_some);
}

/* No descriptor is left: one that was kept for this is given up for a moment. If others were
 * quicker to take it, nothing is accepted for a while: the connections that wait would wake us all
 * the time. */
static bool turn_away(struct http_server *server)
{
    int fd = -1;
    if (server->reserve_fd >= 0) {
        close(server->reserve_fd);
        fd = accept4(server->listener_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0)
            say_full(fd);
        server->reserve_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    }
    if (fd >= 0)
        return true;
    uv_poll_stop(&server->listener);
    uv_timer_start(&server->pause, accept_again, ACCEPT_PAUSE_MS, 0);
    return false;
}

static void admit(struct http_server *server, int fd, const struct sockaddr_storage *peer)
{
    static const struct refusal full = {503,
                                        "the server has too many connections; try again later"};
    size_t limit = server->options.limits.connections;
    size_t count = atomic_load(&open_connections) + 1;
    if (count > limit + LINGERING_MAX || fd >= server->descriptor_max + LINGERING_MAX) {
        say_full(fd);
        return;
    }
    atomic_fetch_add(&open_connections, 1);
    metrics_add(METRIC_HTTP_CONNECTIONS, 0, 0, 1);
    server->connections++;
    struct connection *connection = connection_new(server, fd, peer);
    if (!connection)
        close(fd);
    else if (count > limit || fd >= server->descriptor_max)
        reply_refuse(connection, &full);
}

/* False when there is nothing more to accept now. */
static bool accept_one(struct http_server *server)
{
    struct sockaddr_storage peer = {0};
    socklen_t size = sizeof(peer);
    int fd =
        accept4(server->listener_fd, (struct sockaddr *)&peer, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
        admit(server, fd, &peer);
        return true;
    }
    if (errno == EMFILE || errno == ENFILE)
        return turn_away(server);
    return errno == ECONNABORTED || errno == EINTR;
}

static void accept_some(uv_poll_t *listener, int status, int events)
{
    for (unsigned i = 0; i < ACCEPT_TURN_MAX && accept_one(listener->data); i++)
        ;
}

/* ---- begin and end ---- */

static void init_handles(struct http_server *server)
{
    uv_loop_t *uv = loop_uv(server->loop);
    uv_timer_init(uv, &server->timer);
    uv_unref((uv_handle_t *)&server->timer);
    uv_idle_init(uv, &server->turn);
    uv_poll_init(uv, &server->listener, server->listener_fd);
    uv_timer_init(uv, &server->pause);
    server->timer.data = server->turn.data = server->listener.data = server->pause.data = server;
    server->open_handles = 4;
    uv_poll_start(&server->listener, UV_READABLE, accept_some);
}

/* A client that has gone makes a write fail, not the process end. */
static void ignore_broken_pipes(void)
{
    struct sigaction action;
    if (sigaction(SIGPIPE, NULL, &action) == 0 && action.sa_handler == SIG_DFL)
        signal(SIGPIPE, SIG_IGN);
}

struct http_server *http_server_new(struct loop *loop, const struct http_options *options,
                                    struct error *err)
{
    struct http_server *server = xcalloc(1, sizeof(*server));
    server->loop = loop;
    server->options = *options;
    server->timer_at = UINT64_MAX;
    server->out = strbuf_init(SIZE_MAX / 2);
    for (unsigned i = 0; i < TIMEOUTS; i++)
        TAILQ_INIT(&server->timeouts[i]);
    TAILQ_INIT(&server->all);
    TAILQ_INIT(&server->ready);
    TAILQ_INIT(&server->ended);
    fill_limits(server);
    ignore_broken_pipes();
    if (!listener_open(server, err)) {
        free(server);
        return NULL;
    }
    server->reserve_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    init_handles(server);
    return server;
}

int http_server_port(const struct http_server *server)
{
    return server->port;
}

size_t http_server_connections(const struct http_server *server)
{
    return server->connections;
}

static void stop_listening(struct http_server *server)
{
    if (server->listener_fd < 0)
        return;
    listener_forget(server);
    uv_close((uv_handle_t *)&server->listener, handle_closed);
    uv_close((uv_handle_t *)&server->pause, handle_closed);
    close(server->listener_fd);
    if (server->reserve_fd >= 0)
        close(server->reserve_fd);
    server->listener_fd = server->reserve_fd = -1;
}

void http_server_drain(struct http_server *server, void (*drained)(void *context), void *context)
{
    struct connection *connection;
    /* Clients whose connection the kernel has taken in our name think that they are connected. */
    while (server->listener_fd >= 0 && accept_one(server))
        ;
    stop_listening(server);
    server->draining = true;
    server->drained = drained;
    server->drained_context = context;
    TAILQ_FOREACH(connection, &server->all, all)
    connection_drain(connection);
    server_turn_needed(server);
}

void http_server_close(struct http_server *server, void (*closed)(void *context), void *context)
{
    struct connection *connection;
    stop_listening(server);
    server->closing = true;
    server->closed = closed;
    server->closed_context = context;
    TAILQ_FOREACH(connection, &server->all, all)
    connection_close(connection, false);
    server_turn_needed(server);
}
