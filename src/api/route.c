/* SPDX-License-Identifier: Apache-2.0 */
#include "api/route.h"

#include <string.h>

#include "api/access.h"
#include "api/cors.h"
#include "api/target.h"
#include "core/json.h"
#include "core/log.h"
#include "core/random.h"
#include "core/settings.h"

struct route_table {
    const struct route *const *routes;
    size_t count;
};

/* Request ids. */

/* Letters, digits and what ids are made of: fit for logs and headers as it is. */
static bool is_fit_id(struct str id)
{
    if (id.length == 0 || id.length > REQUEST_ID_LENGTH_MAX)
        return false;
    for (size_t i = 0; i < id.length; i++)
        if (!char_is_alnum(id.bytes[i]) && !memchr("-_.~:/+=@,", id.bytes[i], 10))
            return false;
    return true;
}

static const char *request_id(struct http_exchange *exchange)
{
    struct str sent = http_header_find(exchange, "X-Request-ID");
    if (is_fit_id(sent))
        return arena_strndup(exchange->arena, sent.bytes, sent.length);
    char id[32];
    ordered_id(id, sizeof(id), "req_");
    return arena_strdup(exchange->arena, id);
}

/* Replies. */

size_t api_common_headers(const struct api_request *request, struct http_header *headers)
{
    headers[0] = (struct http_header){STR("X-Request-ID"), str_from(request->id)};
    return 1 + cors_headers(request->exchange, headers + 1);
}

void api_reply(struct api_request *request, int status, const char *content_type,
               const struct http_header *headers, size_t header_count, struct str body)
{
    struct http_header all[2 * API_HEADERS_MAX + 1];
    size_t count = api_common_headers(request, all);
    if (content_type)
        all[count++] = (struct http_header){STR("Content-Type"), str_from(content_type)};
    for (size_t i = 0; i < header_count && i < API_HEADERS_MAX; i++)
        all[count++] = headers[i];
    http_reply(request->exchange, status, all, count, body);
}

void api_reply_json(struct api_request *request, int status, struct str json)
{
    api_reply(request, status, "application/json", NULL, 0, json);
}

/* {"detail": message}, with a header of its own or NULL, and when to come back. */
static void reply_detail(struct api_request *request, int status, const char *message,
                         const struct http_header *header)
{
    struct http_header headers[2];
    size_t count = 0;
    if (header)
        headers[count++] = *header;
    if (status == 429 || status == 503)
        headers[count++] = (struct http_header){STR("Retry-After"), STR("1")};
    struct strbuf body = strbuf_init((size_t)64 * 1024);
    strbuf_add(&body, "{\"detail\":");
    json_add_string(&body, str_from(message));
    strbuf_add_char(&body, '}');
    api_reply(request, status, "application/json", headers, count, strbuf_str(&body));
    strbuf_clear(&body);
}

void api_reply_detail(struct api_request *request, int status, const char *message)
{
    reply_detail(request, status, message, NULL);
}

static void reply_fault(struct api_request *request, const struct error *err)
{
    const char *environment = settings_text("ENVIRONMENT");
    bool in_development = str_equal_nocase(str_from(environment), STR("development"));
    log_error("request %s failed: %s", request->id, err->message);
    struct strbuf body = strbuf_init((size_t)64 * 1024);
    strbuf_add(&body, "{\"error\":\"Internal server error\",\"detail\":");
    json_add_string(&body, str_from(in_development ? err->message : "An error occurred"));
    strbuf_add_char(&body, '}');
    api_reply_json(request, 500, strbuf_str(&body));
    strbuf_clear(&body);
}

void api_reply_error(struct api_request *request, const struct error *err)
{
    int status = error_http_status(err->code);
    if (status == 500)
        reply_fault(request, err);
    else
        reply_detail(request, status, err->message, NULL);
}

void api_reply_invalid(struct api_request *request, const struct schema_errors *errors)
{
    struct strbuf body = strbuf_init(errors->detail.length + 32);
    strbuf_add(&body, "{\"detail\":[");
    strbuf_add_str(&body, strbuf_str(&errors->detail));
    strbuf_add(&body, "]}");
    api_reply_json(request, 422, strbuf_str(&body));
    strbuf_clear(&body);
}

static void reply_preflight(struct api_request *request)
{
    struct http_header headers[CORS_HEADERS_MAX + 2];
    size_t count;
    struct str body;
    int status = cors_preflight(request->exchange, headers, &count, &body);
    headers[count++] = (struct http_header){STR("Content-Type"), STR("text/plain; charset=utf-8")};
    headers[count++] = (struct http_header){STR("X-Request-ID"), str_from(request->id)};
    http_reply(request->exchange, status, headers, count, body);
}

/* False when the reply was sent. Without identified callers the server is this machine's own, and
 * a request by another name comes from a page that had its name point here. HTTP/1.0 may come
 * without a Host; browsers don't. */
static bool check_host(struct api_request *request)
{
    struct str host = http_header_find(request->exchange, "Host");
    const char *auth = settings_text("QUERENT_AUTH");
    if (!host.bytes || strcmp(auth, "none") != 0 || access_host_is_own(host))
        return true;
    reply_detail(request, 421,
                 "This server answers requests for localhost, an IP address or its API_HOST, and "
                 "the Host header of this one is none of them",
                 NULL);
    return false;
}

/* Finding the route. */

static bool takes_method(const struct route *route, struct str method)
{
    return str_equal_text(method, route->method) ||
           (route->head && str_equal(method, STR("HEAD")) && strcmp(route->method, "GET") == 0);
}

/* Whether a route names the path as it is. Then it is no other's parameter: ".../query/stream" is no id. */
static bool is_named(const struct route_table *table, struct str path)
{
    for (size_t i = 0; i < table->count; i++)
        if (str_equal_text(path, table->routes[i]->path))
            return true;
    return false;
}

static bool matches(const struct route *route, struct str path, bool named, struct str *values)
{
    return named ? str_equal_text(path, route->path)
                 : target_match(route->path, path, values, ROUTE_PARAMETERS_MAX);
}

static bool any_matches(const struct route_table *table, struct str path)
{
    struct str values[ROUTE_PARAMETERS_MAX];
    for (size_t i = 0; i < table->count; i++)
        if (matches(table->routes[i], path, false, values))
            return true;
    return false;
}

/* 405, with all methods of the path (RFC 9110 section 15.5.6); false when there are none. */
static bool reply_wrong_method(struct api_request *request, const struct route_table *table,
                               struct str path)
{
    struct str values[ROUTE_PARAMETERS_MAX];
    bool named = is_named(table, path);
    struct strbuf allowed = strbuf_init(256);
    for (size_t i = 0; i < table->count; i++) {
        const struct route *route = table->routes[i];
        if (!matches(route, path, named, values))
            continue;
        strbuf_printf(&allowed, "%s%s%s", allowed.length > 0 ? ", " : "", route->method,
                      route->head ? ", HEAD" : "");
    }
    bool found = allowed.length > 0;
    if (found)
        reply_detail(request, 405, "Method Not Allowed",
                     &(struct http_header){STR("Allow"), strbuf_str(&allowed)});
    strbuf_clear(&allowed);
    return found;
}

/* A host that can't be anything else in a URL: letters, digits, ".-_:[]". */
static bool is_fit_host(struct str host)
{
    for (size_t i = 0; i < host.length; i++)
        if (!char_is_alnum(host.bytes[i]) && !memchr(".-_:[]", host.bytes[i], 6))
            return false;
    return host.length > 0 && host.length <= 255;
}

/* A proxy on this machine says by which scheme it was called. */
static struct str scheme(const struct http_exchange *exchange)
{
    struct str said = str_trim(http_header_find(exchange, "X-Forwarded-Proto"));
    return str_equal(said, STR("https")) && access_peer_is_own(exchange->peer) ? said : STR("http");
}

/* 307 to the path with a slash less or more, if there is a route; false when there is none. */
static bool reply_other_slash(struct api_request *request, const struct route_table *table,
                              struct str path)
{
    struct http_exchange *exchange = request->exchange;
    struct str host = http_header_find(exchange, "Host"), other = path;
    if (path.length < 2)
        return false;
    while (str_ends(other, STR("/")))
        other.length--;
    if (other.length == path.length)
        other = str_from(arena_printf(exchange->arena, "%.*s/", STR_ARGS(path)));
    if (!any_matches(table, other))
        return false;
    struct strbuf location = strbuf_init((size_t)64 * 1024);
    if (is_fit_host(host))
        strbuf_printf(&location, "%.*s://%.*s", STR_ARGS(scheme(exchange)), STR_ARGS(host));
    target_quote(&location, other, false);
    if (exchange->query.length > 0) {
        strbuf_add_char(&location, '?');
        target_quote(&location, exchange->query, true);
    }
    struct http_header header = {STR("Location"), strbuf_str(&location)};
    api_reply(request, 307, NULL, &header, 1, STR(""));
    strbuf_clear(&location);
    return true;
}

/* Validation and start. */

static void release_json(void *json)
{
    json_decref(json);
}

static json_t *keep_json(struct api_request *request, json_t *json)
{
    if (json)
        arena_defer(request->exchange->arena, release_json, json);
    return json;
}

static void read_parameters(struct api_request *request, const struct str *path_values,
                            struct schema_errors *errors)
{
    const struct route *route = request->route;
    struct http_exchange *exchange = request->exchange;
    for (size_t i = 0; i < route->parameter_count; i++) {
        const struct field *field = &route->parameters[i];
        bool of_path = i < route->path_parameter_count;
        struct str text = of_path ? path_values[i]
                                  : target_parameter(exchange->arena, exchange->query, field->name);
        request->parameters[i] = keep_json(
            request, schema_read_parameter(field, of_path ? "path" : "query", text, errors));
    }
}

/* False when the reply was sent. */
static bool validate(struct api_request *request, const struct str *path_values)
{
    struct http_exchange *exchange = request->exchange;
    struct schema_errors errors = schema_errors_init();
    int status = 422;
    read_parameters(request, path_values, &errors);
    if (request->route->body)
        request->body = keep_json(
            request, schema_read_body(request->route->body, request->route->body_optional,
                                      http_header_find(exchange, "Content-Type"), exchange->body,
                                      &errors, &status));
    bool ok = status == 422 && errors.count == 0;
    if (status != 422)
        reply_detail(request, status, "There was an error parsing the body", NULL);
    else if (!ok)
        api_reply_invalid(request, &errors);
    schema_errors_clear(&errors);
    return ok;
}

static TASK_WAITS void handle_in_task(void *arg)
{
    struct api_request *request = arg;
    request->route->handle(request);
}

static void start(struct api_request *request)
{
    const struct route *route = request->route;
    if (route->mode == ROUTE_AT_ONCE) {
        route->handle(request);
        return;
    }
    const struct task_options options = {
        .name = route->name,
        .deadline_ms = (uint64_t)settings_integer("QUERENT_DEADLINE_S") * 1000,
    };
    struct error err = {0};
    if (!api_start_task(request->api, &options, handle_in_task, request, &err))
        api_reply_error(request, &err);
}

void routes_dispatch(struct api *api, const struct route *const *routes, size_t count,
                     struct http_exchange *exchange)
{
    const struct route_table table = {routes, count};
    struct api_request *request = arena_alloc(exchange->arena, sizeof(*request));
    request->api = api;
    exchange->context = request;
    request->exchange = exchange;
    request->id = request_id(exchange);
    if (!check_host(request))
        return;
    if (cors_is_preflight(exchange)) {
        reply_preflight(request);
        return;
    }
    struct str path = target_decode(exchange->arena, exchange->path, false);
    struct str values[ROUTE_PARAMETERS_MAX];
    bool named = is_named(&table, path);
    for (size_t i = 0; i < count && !request->route; i++)
        if (takes_method(routes[i], exchange->method) && matches(routes[i], path, named, values)) {
            request->route = routes[i];
            request->route_number = (unsigned)i;
        }
    if (!request->route) {
        if (!reply_wrong_method(request, &table, path) && !reply_other_slash(request, &table, path))
            reply_detail(request, 404, "Not Found", NULL);
        return;
    }
    if (request->route->admin && !access_may_administer(exchange))
        reply_detail(request, 403,
                     "Admin routes answer callers on this machine, without a proxy between them "
                     "and the server and not from another site's page",
                     NULL);
    else if (validate(request, values))
        start(request);
}

const char *api_parameter_text(const struct api_request *request, size_t index)
{
    return json_string_value(request->parameters[index]);
}

int64_t api_parameter_integer(const struct api_request *request, size_t index, int64_t fallback)
{
    const json_t *value = request->parameters[index];
    return json_is_integer(value) ? json_integer_value(value) : fallback;
}
