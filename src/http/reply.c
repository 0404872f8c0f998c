/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/alloc.h"
#include "core/clock.h"
#include "core/log.h"
#include "http/http_priv.h"

#define REFUSAL_BYTES_MAX 65536

static const struct {
    int status;
    const char *phrase;
} phrases[] = {
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {206, "Partial Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {417, "Expectation Failed"},
    {421, "Misdirected Request"},
    {422, "Unprocessable Content"},
    {428, "Precondition Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {499, "Client Closed Request"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
};

const char *http_status_phrase(int status)
{
    for (size_t i = 0; i < sizeof(phrases) / sizeof(phrases[0]); i++)
        if (phrases[i].status == status)
            return phrases[i].phrase;
    return "Unknown";
}

/* The Date line, made once a second. */
static const char *date_line(struct http_server *server)
{
    static const char days[] = "SunMonTueWedThuFriSat";
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    time_t now = time(NULL);
    if (now == server->date_at)
        return server->date;
    struct tm tm;
    gmtime_r(&now, &tm);
    snprintf(server->date, sizeof(server->date),
             "date: %.3s, %02u %.3s %04u %02u:%02u:%02u GMT\r\n", days + 3 * tm.tm_wday,
             (unsigned)tm.tm_mday % 100u, months + 3 * tm.tm_mon,
             (unsigned)(tm.tm_year + 1900) % 10000u, (unsigned)tm.tm_hour % 100u,
             (unsigned)tm.tm_min % 100u, (unsigned)tm.tm_sec % 100u);
    server->date_at = now;
    return server->date;
}

static bool is_line_safe(struct str text)
{
    for (size_t i = 0; i < text.length; i++)
        if (text.bytes[i] == '\r' || text.bytes[i] == '\n' || text.bytes[i] == '\0')
            return false;
    return true;
}

static void add_header(struct strbuf *out, const struct http_header *header)
{
    if (!is_token(header->name) || !is_line_safe(header->value)) {
        log_error("a reply's header '%.*s' was left out: it would break the reply",
                  (int)(header->name.length < 64 ? header->name.length : 64), header->name.bytes);
        return;
    }
    strbuf_add_str(out, header->name);
    strbuf_add_bytes(out, ": ", 2);
    strbuf_add_str(out, header->value);
    strbuf_add_bytes(out, "\r\n", 2);
}

static void add_number(struct strbuf *out, uint64_t number)
{
    char digits[20];
    size_t at = sizeof(digits);
    do
        digits[--at] = (char)('0' + number % 10);
    while ((number /= 10) > 0);
    strbuf_add_bytes(out, digits + at, sizeof(digits) - at);
}

static void add_status_line(struct strbuf *out, int status)
{
    strbuf_add_bytes(out, "HTTP/1.1 ", 9);
    add_number(out, (uint64_t)status);
    strbuf_add_char(out, ' ');
    strbuf_add(out, http_status_phrase(status));
    strbuf_add_bytes(out, "\r\n", 2);
}

void reply_head(struct connection *connection, int version_minor, int status,
                const struct http_header *headers, size_t header_count)
{
    struct strbuf *out = &connection->server->out;
    strbuf_reset(out);
    add_status_line(out, status);
    strbuf_add(out, date_line(connection->server));
    for (size_t i = 0; i < header_count; i++)
        add_header(out, &headers[i]);
    if (connection->finish)
        strbuf_add(out, "connection: close\r\n");
    else if (version_minor == 0)
        strbuf_add(out, "connection: keep-alive\r\n");
}

/* What the socket did not take at once. */
struct left_over {
    uv_write_t write;
    char bytes[];
};

void reply_forget_rest(struct connection *connection)
{
    connection->server->unsent -= connection->unsent;
    connection->unsent = 0;
}

/* Beyond the limit those go whose replies are going out for longest (they are the first in the list
 * of times), but not the newest: a reply that is large by itself is written. */
static void count_rest(struct connection *connection, size_t length)
{
    struct http_server *server = connection->server;
    struct connection *oldest = TAILQ_FIRST(&server->timeouts[TIMEOUT_WRITE]), *next;
    connection->unsent = length;
    server->unsent += length;
    for (; oldest && server->unsent > server->options.limits.unsent_bytes; oldest = next) {
        next = TAILQ_NEXT(oldest, timed);
        if (oldest->unsent > 0 && oldest != connection)
            connection_close(oldest, true);
    }
}

static void left_over_written(uv_write_t *write, int status)
{
    struct connection *connection = write->handle->data;
    free(write->data);
    if (connection->state == CLOSED)
        return;
    reply_forget_rest(connection);
    if (status < 0)
        connection_close(connection, false);
    else
        connection_reply_done(connection);
}

static void queue_rest(struct connection *connection, struct str head, struct str body, size_t done)
{
    size_t length = head.length + body.length - done;
    struct left_over *left_over = xcalloc(1, sizeof(*left_over) + length);
    struct str head_rest = str_slice(head, done, head.length);
    size_t body_done = done > head.length ? done - head.length : 0;
    struct str body_rest = str_slice(body, body_done, body.length);
    if (head_rest.length > 0)
        memcpy(left_over->bytes, head_rest.bytes, head_rest.length);
    if (body_rest.length > 0)
        memcpy(left_over->bytes + head_rest.length, body_rest.bytes, body_rest.length);
    left_over->write.data = left_over;
    uv_buf_t buf = {left_over->bytes, length};
    int status =
        uv_write(&left_over->write, (uv_stream_t *)&connection->tcp, &buf, 1, left_over_written);
    if (status < 0) {
        free(left_over);
        connection_close(connection, false);
        return;
    }
    connection_set_state(connection, WRITING);
    count_rest(connection, length);
}

void reply_write(struct connection *connection, struct str head, struct str body)
{
    uv_buf_t bufs[2];
    unsigned count = 0;
    bufs[count++] = (uv_buf_t){(char *)(uintptr_t)head.bytes, head.length};
    if (body.length > 0)
        bufs[count++] = (uv_buf_t){(char *)(uintptr_t)body.bytes, body.length};
    int written = uv_try_write((uv_stream_t *)&connection->tcp, bufs, count);
    if (written < 0 && written != UV_EAGAIN) {
        connection_close(connection, false);
        return;
    }
    size_t done = written > 0 ? (size_t)written : 0;
    if (done == head.length + body.length)
        connection_reply_done(connection);
    else
        queue_rest(connection, head, body, done);
}

/* Of a connection that is refused as such there is no request. */
static void tell_replied(struct connection *connection, const struct request *request, int status,
                         size_t body_bytes)
{
    const struct http_options *options = &connection->server->options;
    const struct http_exchange nothing = {
        .method = STR(""), .target = STR(""), .path = STR(""), .query = STR(""),
        .body = STR(""), .peer = connection->peer, .started_us = clock_monotonic_us(),
    };
    if (options->replied)
        options->replied(options->context, request ? &request->exchange : &nothing, status,
                         body_bytes);
}

static bool has_body(int status)
{
    return status >= 200 && status != 204 && status != 304;
}

/* Takes the request away from its connection and writes a whole reply. */
static void reply(struct connection *connection, int status, const struct http_header *headers,
                  size_t header_count, struct str body)
{
    struct request *request = connection->request;
    struct strbuf *out = &connection->server->out;
    connection->request = NULL;
    bool head_only = request && str_equal(request->exchange.method, STR("HEAD"));
    reply_head(connection, request ? request->exchange.version_minor : 1, status, headers,
               header_count);
    if (has_body(status)) {
        strbuf_add_bytes(out, "content-length: ", 16);
        add_number(out, body.length);
        strbuf_add_bytes(out, "\r\n", 2);
    }
    strbuf_add_bytes(out, "\r\n", 2);
    if (head_only || !has_body(status))
        body = (struct str){"", 0};
    tell_replied(connection, request, status, body.length);
    reply_write(connection, strbuf_str(out), body);
    request_free(request); /* the body may live in it */
}

void http_reply(struct http_exchange *exchange, int status, const struct http_header *headers,
                size_t header_count, struct str body)
{
    struct connection *connection = exchange->connection;
    struct request *request = (struct request *)exchange;
    if (!connection) {
        const struct http_options *options = &request->server->options;
        if (options->replied)
            options->replied(options->context, exchange, status, 0);
        request_free(request);
        return;
    }
    assert(connection->state == HANDLING && connection->request == request);
    connection->finish |= !request->head.keep_alive || connection->server->draining;
    reply(connection, status, headers, header_count, body);
}

void reply_refuse(struct connection *connection, const struct refusal *why)
{
    static const struct http_header retry = {{"retry-after", 11}, {"1", 1}};
    const struct http_options *options = &connection->server->options;
    struct strbuf body = strbuf_init(REFUSAL_BYTES_MAX);
    const char *type = "text/plain; charset=utf-8";
    if (options->refusal) {
        type = options->refusal(options->context, why->status, why->message, &body);
    } else {
        strbuf_add(&body, why->message);
        strbuf_add_char(&body, '\n');
    }
    struct http_header headers[] = {{STR("content-type"), str_from(type)}, retry};
    connection->finish = true;
    timeout_set(connection, TIMEOUT_NONE);
    reply(connection, why->status, headers, why->status == 503 ? 2 : 1, strbuf_str(&body));
    strbuf_clear(&body);
}
