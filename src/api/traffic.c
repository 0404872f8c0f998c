/* SPDX-License-Identifier: Apache-2.0 */
#include "api/traffic.h"

#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "core/alloc.h"
#include "core/clock.h"
#include "core/log.h"
#include "core/metrics.h"

#define PATH_SHOWN_MAX 512 /* bytes of a path in the log */
#define NAME_SHOWN_MAX 128 /* of a user id, of a forwarded address */

/* ---- endpoints: a route and its method; or a method alone, where no route took the request ----
 */

static const char *const methods[] = {"GET",   "HEAD",   "POST",    "PUT",
                                      "PATCH", "DELETE", "OPTIONS", "other"};
#define METHOD_COUNT (sizeof(methods) / sizeof(methods[0]))

static unsigned method_number(struct str method)
{
    unsigned number = 0;
    while (number + 1 < METHOD_COUNT && !str_equal_text(method, methods[number]))
        number++;
    return number;
}

/* The connection layer may have replied before there was a request for the routes. */
static const struct api_request *request_of(const struct http_exchange *exchange)
{
    return exchange->context;
}

static unsigned endpoint_of(const struct http_exchange *exchange)
{
    const struct api_request *request = request_of(exchange);
    if (!request || !request->route)
        return method_number(exchange->method);
    bool head = str_equal(exchange->method, STR("HEAD"));
    return (unsigned)METHOD_COUNT + 2 * request->route_number + head;
}

unsigned traffic_endpoint_count(void)
{
    return (unsigned)(METHOD_COUNT + 2 * api_route_count);
}

void traffic_print_endpoint(unsigned endpoint, struct strbuf *out)
{
    const char *path = "none", *method = methods[endpoint % METHOD_COUNT];
    if (endpoint >= METHOD_COUNT) {
        const struct route *route = api_routes[(endpoint - METHOD_COUNT) / 2];
        path = route->path;
        method = (endpoint - METHOD_COUNT) % 2 ? "HEAD" : route->method;
    }
    metrics_add_label(out, "route", path);
    metrics_add_label(out, "method", method);
}

static void count(unsigned endpoint, int status, uint64_t duration_us, uint64_t bytes)
{
    metrics_add(METRIC_HTTP_REQUESTS, endpoint, status < 600 ? (unsigned)status / 100 : 0, 1);
    metrics_observe(METRIC_HTTP_DURATION, endpoint, duration_us);
    metrics_add(METRIC_HTTP_BYTES_OUT, 0, 0, (int64_t)bytes);
}

static uint64_t time_since(uint64_t started_us)
{
    return clock_monotonic_us() - started_us;
}

/* ---- the access log ---- */

/* What a line says besides how the reply ended. Texts may be NULL. */
struct access {
    struct str method, path;
    const char *route;
    const char *request_id, *run_id, *caller, *peer;
    struct str forwarded;
    int status;
    bool quiet;
};

static const char *text_member(const struct api_request *request, const char *name)
{
    for (size_t i = 0; i < request->route->parameter_count; i++)
        if (strcmp(request->route->parameters[i].name, name) == 0)
            return json_string_value(request->parameters[i]);
    return json_string_value(json_object_get(request->body, name));
}

static struct access access_of(const struct http_exchange *exchange, int status)
{
    const struct api_request *request = request_of(exchange);
    struct access access = {
        .method = exchange->method,
        .path = exchange->path,
        .peer = exchange->peer,
        .status = status,
    };
    if (!request)
        return access;
    access.request_id = request->id;
    access.run_id = request->run_id;
    access.forwarded = http_header_find(exchange, "X-Forwarded-For");
    if (request->route) {
        access.route = request->route->path;
        access.caller = text_member(request, "user_id");
        if (!access.run_id)
            access.run_id = text_member(request, "query_id");
        access.quiet = request->route->quiet && status < 400;
    }
    return access;
}

/* A request whose line was wrong has no method and no path, not even empty ones. */
static const char *cut(char *out, size_t size, struct str text)
{
    bool whole = text.length < size - 3;
    size_t length = whole ? text.length : size - 4;
    if (length > 0)
        memcpy(out, text.bytes, length);
    memcpy(out + length, "...", whole ? 0 : 3);
    out[whole ? length : length + 3] = '\0';
    return out;
}

static void write_access(const struct access *access, uint64_t duration_us, uint64_t bytes,
                         const char *ended)
{
    char method[24], path[PATH_SHOWN_MAX], caller[NAME_SHOWN_MAX], forwarded[NAME_SHOWN_MAX];
    struct log_field fields[12];
    size_t count = 0;
    fields[count++] = log_text("method", cut(method, sizeof(method), access->method));
    fields[count++] = log_text("path", cut(path, sizeof(path), access->path));
    fields[count++] = log_text("route", access->route ? access->route : "none");
    fields[count++] = log_integer("status", access->status);
    fields[count++] = log_integer("bytes", (int64_t)bytes);
    fields[count++] = log_integer("duration_us", (int64_t)duration_us);
    if (access->request_id)
        fields[count++] = log_text("request", access->request_id);
    if (access->run_id && !log_context()->run[0])
        fields[count++] = log_text("run", access->run_id);
    if (access->caller)
        fields[count++] = log_text("user", cut(caller, sizeof(caller), str_from(access->caller)));
    fields[count++] = log_text("peer", access->peer);
    if (access->forwarded.bytes)
        fields[count++] =
            log_text("forwarded_for", cut(forwarded, sizeof(forwarded), access->forwarded));
    if (ended)
        fields[count++] = log_text("stream", ended);
    log_record(access->quiet ? LOG_DEBUG : LOG_INFO, "request", fields, count);
}

static bool is_logged(const struct api *api, const struct access *access)
{
    return api->shared->access_log && (!access->quiet || log_enabled(LOG_DEBUG));
}

void traffic_replied(void *context, const struct http_exchange *exchange, int status,
                     size_t body_bytes)
{
    const struct api *api = context;
    uint64_t duration_us = time_since(exchange->started_us);
    count(endpoint_of(exchange), status, duration_us, body_bytes);
    if (exchange->body.length > 0)
        metrics_add(METRIC_HTTP_BYTES_IN, 0, 0, (int64_t)exchange->body.length);
    if (!api->shared->access_log)
        return;
    struct access access = access_of(exchange, status);
    if (is_logged(api, &access))
        write_access(&access, duration_us, body_bytes, NULL);
}

/* ---- streams ---- */

/* What is kept of a request whose reply is a stream; the texts are its own. */
struct stream_note {
    uint64_t started_us;
    unsigned endpoint;
    int status;
    bool logged;
    struct access access;
};

static struct str keep(struct str text)
{
    size_t length = text.length < PATH_SHOWN_MAX ? text.length : PATH_SHOWN_MAX;
    return text.bytes ? (struct str){xstrndup(text.bytes, length), length} : text;
}

static void let_go(const void *text)
{
    free((void *)(uintptr_t)text);
}

static void keep_access(struct access *access)
{
    access->method = keep(access->method);
    access->path = keep(access->path);
    access->forwarded = keep(access->forwarded);
    access->request_id = xstrdup(access->request_id);
    access->run_id = access->run_id ? xstrdup(access->run_id) : NULL;
    access->caller = access->caller ? xstrdup(access->caller) : NULL;
    access->peer = xstrdup(access->peer);
}

static void let_go_of_access(struct access *access)
{
    let_go(access->method.bytes);
    let_go(access->path.bytes);
    let_go(access->forwarded.bytes);
    let_go(access->request_id);
    let_go(access->run_id);
    let_go(access->caller);
    let_go(access->peer);
}

void *traffic_stream_opened(void *context, const struct http_exchange *exchange, int status)
{
    const struct api *api = context;
    struct stream_note *note = xcalloc(1, sizeof(*note));
    note->started_us = exchange->started_us;
    note->endpoint = endpoint_of(exchange);
    note->status = status;
    metrics_add(METRIC_HTTP_BYTES_IN, 0, 0, (int64_t)exchange->body.length);
    note->access = access_of(exchange, status);
    note->logged = is_logged(api, &note->access);
    if (note->logged)
        keep_access(&note->access);
    return note;
}

void traffic_stream_ended(void *context, void *note_given, enum http_stream_end how, uint64_t bytes)
{
    static const char *const ends[] = {[STREAM_FINISHED] = "finished",
                                       [STREAM_READER_GONE] = "reader gone",
                                       [STREAM_READER_SLOW] = "reader too slow"};
    struct stream_note *note = note_given;
    uint64_t duration_us = time_since(note->started_us);
    count(note->endpoint, note->status, duration_us, bytes);
    if (note->logged) {
        write_access(&note->access, duration_us, bytes, ends[how]);
        let_go_of_access(&note->access);
    }
    free(note);
}
