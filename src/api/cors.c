/* SPDX-License-Identifier: Apache-2.0 */
#include "api/cors.h"

#include "api/access.h"
#include "core/settings.h"

#define METHODS "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT, QUERY"

/* A list of origins, "*" and "loopback", or "none". Without the setting no page of elsewhere: the
 * data is whoever's who can make this machine's browser ask for it. */
static struct str allowed_origins(void)
{
    const char *setting = settings_text("QUERENT_CORS_ORIGINS");
    if (setting)
        return str_from(setting);
    const char *environment = settings_text("ENVIRONMENT");
    return str_equal_nocase(str_from(environment), STR("development")) ? STR("loopback")
                                                                       : STR("none");
}

static bool is_enabled(struct str origins)
{
    return !str_equal_nocase(origins, STR("none"));
}

static bool is_allowed(struct str origins, struct str origin)
{
    struct str item;
    while (str_split(&origins, ',', &item)) {
        item = str_trim(item);
        if (str_equal(item, STR("*")) || str_equal(item, origin) ||
            (str_equal(item, STR("loopback")) && access_origin_is_loopback(origin)))
            return true;
    }
    return false;
}

bool cors_is_preflight(const struct http_exchange *exchange)
{
    return str_equal(exchange->method, STR("OPTIONS")) &&
           http_header_find(exchange, "Origin").bytes &&
           http_header_find(exchange, "Access-Control-Request-Method").bytes &&
           is_enabled(allowed_origins());
}

static bool is_method(struct str wanted)
{
    struct str methods = STR(METHODS), item;
    while (str_split(&methods, ',', &item))
        if (str_equal(str_trim(item), wanted))
            return true;
    return false;
}

int cors_preflight(const struct http_exchange *exchange, struct http_header *headers,
                   size_t *header_count, struct str *body)
{
    static const char *const faults[] = {
        "origin",
        "method",
        "origin, method",
        "private-network",
        "origin, private-network",
        "method, private-network",
        "origin, method, private-network",
    };
    struct str origin = http_header_find(exchange, "Origin");
    struct str asked = http_header_find(exchange, "Access-Control-Request-Headers");
    bool origin_allowed = is_allowed(allowed_origins(), origin);
    unsigned fault = !origin_allowed;
    if (!is_method(http_header_find(exchange, "Access-Control-Request-Method")))
        fault |= 2;
    if (http_header_find(exchange, "Access-Control-Request-Private-Network").bytes)
        fault |= 4;

    size_t count = 0;
    headers[count++] = (struct http_header){
        STR("Vary"), STR("Origin, Access-Control-Request-Method, Access-Control-Request-Headers, "
                         "Access-Control-Request-Private-Network")};
    headers[count++] = (struct http_header){STR("Access-Control-Allow-Methods"), STR(METHODS)};
    headers[count++] = (struct http_header){STR("Access-Control-Max-Age"), STR("600")};
    headers[count++] = (struct http_header){STR("Access-Control-Allow-Credentials"), STR("true")};
    if (origin_allowed)
        headers[count++] = (struct http_header){STR("Access-Control-Allow-Origin"), origin};
    if (asked.bytes)
        headers[count++] = (struct http_header){STR("Access-Control-Allow-Headers"), asked};
    *header_count = count;
    *body = fault == 0
                ? STR("OK")
                : str_from(arena_printf(exchange->arena, "Disallowed CORS %s", faults[fault - 1]));
    return fault == 0 ? 200 : 400;
}

size_t cors_headers(const struct http_exchange *exchange, struct http_header *headers)
{
    struct str origins = allowed_origins(), origin = http_header_find(exchange, "Origin");
    size_t count = 0;
    if (!is_enabled(origins))
        return 0;
    headers[count++] = (struct http_header){STR("Vary"), STR("Origin")};
    if (origin.bytes && is_allowed(origins, origin)) {
        headers[count++] = (struct http_header){STR("Access-Control-Allow-Origin"), origin};
        headers[count++] =
            (struct http_header){STR("Access-Control-Allow-Credentials"), STR("true")};
    }
    return count;
}
