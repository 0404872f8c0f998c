/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "core/alloc.h"
#include "core/clock.h"
#include "http/http_priv.h"

/* Which time runs in which state. */
static const enum timeout state_timeouts[] = {
    [IDLE] = TIMEOUT_IDLE,        [HEAD] = TIMEOUT_HEADER,   [BODY] = TIMEOUT_BODY,
    [HANDLING] = TIMEOUT_NONE,    [WRITING] = TIMEOUT_WRITE, [STREAMING] = TIMEOUT_NONE,
    [LINGERING] = TIMEOUT_LINGER, [CLOSED] = TIMEOUT_NONE,
};

static void alloc_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *buf);
static void have_read(uv_stream_t *stream, ssize_t length, const uv_buf_t *buf);

void connection_set_state(struct connection *connection, enum connection_state state)
{
    connection->state = state;
    connection->queued_before = uv_stream_get_write_queue_size((uv_stream_t *)&connection->tcp);
    timeout_set(connection, state_timeouts[state]);
}

static bool is_receiving(const struct connection *connection)
{
    return connection->state <= BODY;
}

static void make_ready(struct connection *connection)
{
    if (connection->is_ready || connection->state == CLOSED)
        return;
    connection->is_ready = true;
    TAILQ_INSERT_TAIL(&connection->server->ready, connection, ready);
    server_turn_needed(connection->server);
}

/* ---- requests ---- */

void request_free(struct request *request)
{
    if (!request)
        return;
    if (request->exchange.connection)
        request->server->buffered -= request->head_bytes.capacity + request->body_bytes.capacity;
    strbuf_clear(&request->head_bytes);
    strbuf_clear(&request->body_bytes);
    arena_free(request->exchange.arena);
}

static void begin_request(struct connection *connection)
{
    struct http_server *server = connection->server;
    struct arena *arena = arena_new();
    struct request *request = arena_alloc(arena, sizeof(*request));
    request->exchange = (struct http_exchange){.arena = arena,
                                               .peer = arena_strdup(arena, connection->peer),
                                               .started_us = clock_monotonic_us(),
                                               .connection = connection};
    request->server = server;
    request->head_bytes = strbuf_init(server->options.limits.header_bytes);
    request->body_bytes = strbuf_init(server->options.limits.body_bytes);
    connection->request = request;
    connection_set_state(connection, HEAD);
}

/* Keeps bytes of a request that is not whole yet. */
static bool keep(struct connection *connection, struct strbuf *buf, struct str bytes,
                 struct refusal *why)
{
    size_t before = buf->capacity;
    strbuf_add_str(buf, bytes);
    if (!server_hold(connection->server, buf->capacity - before))
        return refuse(why, 503, "the server is full; try again later");
    return true;
}

/* The request is whole: it is the handler's now. */
static void hand_over(struct connection *connection)
{
    struct http_server *server = connection->server;
    connection_set_state(connection, HANDLING);
    connection->request->exchange.gone = connection->ended;
    server->options.handle(server->options.context, &connection->request->exchange);
}

static void say_continue(struct connection *connection)
{
    uv_buf_t line = {(char *)(uintptr_t) "HTTP/1.1 100 Continue\r\n\r\n", 25};
    /* Nothing else is queued now, so that the socket has room for it, or is broken. */
    if (uv_try_write((uv_stream_t *)&connection->tcp, &line, 1) != 25)
        connection_close(connection, false);
}

/* The head is whole; `rest` are the bytes behind it. */
static bool begin_body(struct connection *connection, struct str block, bool rest,
                       struct refusal *why)
{
    struct request *request = connection->request;
    struct http_exchange *exchange = &request->exchange;
    struct head *head = &request->head;
    if (!head_parse(block, &request->scan, &connection->server->options.limits, exchange->arena,
                    head, why))
        return false;
    exchange->method = head->method;
    exchange->target = head->target;
    exchange->path = head->path;
    exchange->query = head->query;
    exchange->headers = head->headers;
    exchange->header_count = head->header_count;
    exchange->version_minor = head->version_minor;
    exchange->body = (struct str){"", 0};
    if (!head->chunked && head->content_length == 0) {
        hand_over(connection);
        return true;
    }
    connection_set_state(connection, BODY);
    if (head->expects_continue && !rest)
        say_continue(connection);
    return true;
}

static bool take_head(struct connection *connection, struct str *bytes, struct refusal *why)
{
    struct request *request = connection->request;
    size_t used = 0;
    enum scan_result result =
        head_scan(&request->scan, &connection->server->options.limits, *bytes, &used, why);
    if (result == SCAN_REFUSED)
        return false;
    struct str part = str_slice(*bytes, 0, used);
    *bytes = str_slice(*bytes, used, bytes->length);
    bool whole = result == SCAN_WHOLE;
    if (whole && request->head_bytes.length == 0)
        return begin_body(connection, arena_str(request->exchange.arena, part), bytes->length > 0,
                          why);
    if (!keep(connection, &request->head_bytes, part, why))
        return false;
    return !whole ||
           begin_body(connection, strbuf_str(&request->head_bytes), bytes->length > 0, why);
}

static bool take_sized_body(struct connection *connection, struct str *bytes, struct refusal *why)
{
    struct request *request = connection->request;
    size_t missing = (size_t)request->head.content_length - request->body_bytes.length;
    struct str part = str_slice(*bytes, 0, missing);
    *bytes = str_slice(*bytes, part.length, bytes->length);
    if (part.length == request->head.content_length) {
        request->exchange.body = arena_str(request->exchange.arena, part);
        hand_over(connection);
        return true;
    }
    if (!keep(connection, &request->body_bytes, part, why))
        return false;
    if (part.length == missing) {
        request->exchange.body = strbuf_str(&request->body_bytes);
        hand_over(connection);
    }
    return true;
}

static bool take_chunked_body(struct connection *connection, struct str *bytes, struct refusal *why)
{
    struct request *request = connection->request;
    struct strbuf *body = &request->body_bytes;
    while (bytes->length > 0 && !request->chunked.done) {
        struct str data;
        if (!chunked_next(&request->chunked, body->length_max, bytes, &data, why) ||
            !keep(connection, body, data, why))
            return false;
    }
    if (request->chunked.done) {
        request->exchange.body = strbuf_str(body);
        hand_over(connection);
    }
    return true;
}

/* Old clients send an empty line behind a body: with nothing after it, it begins no request. */
static struct str skip_empty_lines(struct str bytes)
{
    while (bytes.length >= 2 && bytes.bytes[0] == '\r' && bytes.bytes[1] == '\n')
        bytes = str_slice(bytes, 2, bytes.length);
    return bytes;
}

static void take_some(struct connection *connection, struct str *bytes)
{
    struct refusal why;
    bool ok = true;
    if (connection->state == IDLE) {
        *bytes = skip_empty_lines(*bytes);
        if (bytes->length == 0)
            return;
        begin_request(connection);
    }
    if (connection->state == HEAD)
        ok = take_head(connection, bytes, &why);
    else if (connection->request->head.chunked)
        ok = take_chunked_body(connection, bytes, &why);
    else
        ok = take_sized_body(connection, bytes, &why);
    if (!ok)
        reply_refuse(connection, &why);
}

/* ---- bytes in ---- */

/* Bytes for later. alloc_buffer() sees to it that there are never more than the maximum. */
static void put_aside(struct connection *connection, struct str bytes)
{
    strbuf_add_str(&connection->pending, bytes);
    if (connection->pending.length >= PIPELINE_BYTES_MAX && !connection->paused) {
        connection->paused = true;
        uv_read_stop((uv_stream_t *)&connection->tcp);
    }
}

/* The client has shut its side, and all that it sent was taken. */
static void end_of_input(struct connection *connection)
{
    static const struct refusal incomplete = {400, "the request ended before it was whole"};
    if (connection->state == IDLE)
        connection_close(connection, false);
    else if (is_receiving(connection))
        reply_refuse(connection, &incomplete);
}

/* After bytes were taken or a reply was written: what comes next. */
static void look_further(struct connection *connection)
{
    if (connection->pending.length > 0) {
        if (is_receiving(connection))
            make_ready(connection);
    } else if (connection->ended) {
        end_of_input(connection);
    } else if (connection->paused) {
        connection->paused = false;
        uv_read_start((uv_stream_t *)&connection->tcp, alloc_buffer, have_read);
    }
}

static void take_bytes(struct connection *connection, struct str bytes)
{
    unsigned requests = 0;
    connection->taking = true;
    while (bytes.length > 0 && is_receiving(connection) && requests < PIPELINE_TURN_MAX) {
        requests += connection->state == IDLE;
        take_some(connection, &bytes);
    }
    connection->taking = false;
    if (connection->state == CLOSED || connection->state == LINGERING)
        return;
    if (bytes.length > 0)
        put_aside(connection, bytes);
    look_further(connection);
}

void connection_go_on(struct connection *connection)
{
    struct strbuf pending = connection->pending;
    if (!is_receiving(connection) || pending.length == 0)
        return;
    connection->pending = strbuf_init(PIPELINE_BYTES_MAX);
    take_bytes(connection, strbuf_str(&pending));
    strbuf_clear(&pending);
}

/* How much may be read now, so that what has to be put aside is bounded. */
static size_t read_room(const struct connection *connection)
{
    const struct request *request = connection->request;
    if (connection->state == BODY && !request->head.chunked && connection->pending.length == 0) {
        size_t missing = (size_t)request->head.content_length - request->body_bytes.length;
        return missing < READ_BYTES ? missing : READ_BYTES;
    }
    return PIPELINE_BYTES_MAX - connection->pending.length;
}

static void alloc_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct connection *connection = handle->data;
    *buf = uv_buf_init(connection->server->read_buffer, (unsigned)read_room(connection));
}

static void have_ended(struct connection *connection)
{
    connection->ended = true;
    if (connection->state == HANDLING)
        connection->request->exchange.gone = true;
    else if (connection->state == STREAMING || connection->state == LINGERING)
        connection_close(connection, false);
    else if (connection->pending.length == 0)
        end_of_input(connection);
}

static void have_read(uv_stream_t *stream, ssize_t length, const uv_buf_t *buf)
{
    struct connection *connection = stream->data;
    if (length == UV_EOF) {
        have_ended(connection);
    } else if (length < 0) {
        connection_close(connection, false);
    } else if (length > 0 && connection->state != LINGERING) {
        struct str bytes = {buf->base, (size_t)length};
        if (is_receiving(connection) && connection->pending.length == 0)
            take_bytes(connection, bytes);
        else
            put_aside(connection, bytes);
    }
}

/* ---- begin and end ---- */

static void forgotten(uv_handle_t *handle)
{
    struct connection *connection = handle->data;
    struct http_server *server = connection->server;
    TAILQ_REMOVE(&server->all, connection, all);
    free(connection);
    server_connection_gone(server);
}

static void let_go_of_request(struct connection *connection)
{
    struct request *request = connection->request;
    connection->request = NULL;
    if (connection->state != HANDLING) {
        request_free(request);
        return;
    }
    /* It is the handler's until the reply, which goes nowhere then. */
    connection->server->buffered -= request->head_bytes.capacity + request->body_bytes.capacity;
    request->exchange.gone = true;
    request->exchange.connection = NULL;
}

void connection_close(struct connection *connection, bool reset)
{
    if (connection->state == CLOSED)
        return;
    timeout_set(connection, TIMEOUT_NONE);
    if (connection->is_ready)
        TAILQ_REMOVE(&connection->server->ready, connection, ready);
    connection->is_ready = false;
    if (connection->request)
        let_go_of_request(connection);
    connection->state = CLOSED;
    if (connection->stream)
        stream_detach(connection->stream, STREAM_READER_GONE);
    reply_forget_rest(connection);
    strbuf_clear(&connection->pending);
    if (!reset || uv_tcp_close_reset(&connection->tcp, forgotten) != 0)
        uv_close((uv_handle_t *)&connection->tcp, forgotten);
}

/*
 * Closing a socket with unread bytes in it makes the kernel throw away what the client has not
 * read of the reply. So only our side is shut, and what still comes is dropped for a while.
 */
static void linger(struct connection *connection)
{
    int fd = -1;
    uv_fileno((uv_handle_t *)&connection->tcp, &fd);
    if (connection->ended || shutdown(fd, SHUT_WR) != 0) {
        connection_close(connection, false);
        return;
    }
    connection_set_state(connection, LINGERING);
    strbuf_clear(&connection->pending);
    if (connection->paused)
        uv_read_start((uv_stream_t *)&connection->tcp, alloc_buffer, have_read);
    connection->paused = false;
}

void connection_reply_done(struct connection *connection)
{
    if (connection->finish) {
        linger(connection);
        return;
    }
    connection_set_state(connection, IDLE);
    if (!connection->taking)
        look_further(connection);
}

/* Bytes have come that were not read yet. */
static bool has_unread(const struct connection *connection)
{
    int fd = -1;
    char byte;
    return uv_fileno((const uv_handle_t *)&connection->tcp, &fd) == 0 &&
           recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

void connection_drain(struct connection *connection)
{
    connection->finish = true;
    if (connection->state == IDLE && connection->pending.length == 0 && !has_unread(connection))
        connection_close(connection, false);
}

/* Takes it for progress when less is queued than when the time began: of a reply, which does not
 * grow meanwhile, so much less that nobody keeps its memory for ever. */
static void write_timed_out(struct connection *connection)
{
    size_t queued = uv_stream_get_write_queue_size((uv_stream_t *)&connection->tcp);
    size_t least = connection->stream ? 1 : connection->server->options.limits.write_bytes;
    if (queued < connection->queued_before && connection->queued_before - queued >= least) {
        connection->queued_before = queued;
        timeout_set(connection, TIMEOUT_WRITE);
        return;
    }
    if (connection->stream)
        stream_detach(connection->stream, STREAM_READER_SLOW);
    connection_close(connection, true);
}

void connection_timed_out(struct connection *connection)
{
    static const struct refusal slow = {408, "the request took too long to come"};
    if (connection->state == HEAD || connection->state == BODY)
        reply_refuse(connection, &slow);
    else if (connection->state == WRITING || connection->state == STREAMING)
        write_timed_out(connection);
    else
        connection_close(connection, false);
}

static void print_peer(const struct sockaddr_storage *peer, char *out, size_t size)
{
    const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)peer;
    const struct sockaddr_in *four = (const struct sockaddr_in *)peer;
    if (peer->ss_family == AF_INET)
        inet_ntop(AF_INET, &four->sin_addr, out, (socklen_t)size);
    else if (IN6_IS_ADDR_V4MAPPED(&six->sin6_addr))
        inet_ntop(AF_INET, &six->sin6_addr.s6_addr[12], out, (socklen_t)size);
    else
        inet_ntop(AF_INET6, &six->sin6_addr, out, (socklen_t)size);
}

struct connection *connection_new(struct http_server *server, int fd,
                                  const struct sockaddr_storage *peer)
{
    struct connection *connection = xcalloc(1, sizeof(*connection));
    connection->server = server;
    connection->tcp.data = connection;
    connection->pending = strbuf_init(PIPELINE_BYTES_MAX);
    connection->timeout = TIMEOUT_NONE;
    print_peer(peer, connection->peer, sizeof(connection->peer));
    uv_tcp_init(loop_uv(server->loop), &connection->tcp);
    TAILQ_INSERT_TAIL(&server->all, connection, all);
    if (uv_tcp_open(&connection->tcp, fd) != 0) {
        connection_close(connection, false);
        return NULL;
    }
    connection_set_state(connection, IDLE);
    uv_read_start((uv_stream_t *)&connection->tcp, alloc_buffer, have_read);
    return connection;
}
