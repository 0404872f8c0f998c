/* SPDX-License-Identifier: Apache-2.0 */
#include "api/access.h"

#include <arpa/inet.h>
#include <string.h>

#include "core/settings.h"

#define HOST_LENGTH_MAX 255

/* Takes the port off; false when what follows the host is none. Brackets stay. */
static bool split_port(struct str authority, struct str *host)
{
    ptrdiff_t bracket = str_starts(authority, STR("[")) ? str_find(authority, STR("]")) : 0;
    if (bracket < 0)
        return false;
    struct str rest = str_slice(authority, (size_t)bracket, authority.length);
    ptrdiff_t colon = str_find(rest, STR(":"));
    *host = str_slice(authority, 0, colon < 0 ? authority.length : (size_t)bracket + (size_t)colon);
    struct str port = str_slice(authority, host->length + 1, authority.length);
    for (size_t i = 0; i < port.length; i++)
        if (!char_is_digit(port.bytes[i]))
            return false;
    return host->length > 0 && host->length <= HOST_LENGTH_MAX && port.length <= 5;
}

/* An address as inet_pton() reads it; IPv6 in brackets. */
static bool read_address(struct str host, int family, void *out)
{
    char text[HOST_LENGTH_MAX + 1];
    if (family == AF_INET6) {
        if (!str_starts(host, STR("[")) || !str_ends(host, STR("]")))
            return false;
        host = str_slice(host, 1, host.length - 1);
    }
    memcpy(text, host.bytes, host.length);
    text[host.length] = '\0';
    return strlen(text) == host.length && inet_pton(family, text, out) == 1;
}

static bool is_below_localhost(struct str host)
{
    const struct str suffix = STR(".localhost");
    return host.length > suffix.length &&
           str_equal_nocase(str_slice(host, host.length - suffix.length, host.length), suffix);
}

bool access_host_is_own(struct str host)
{
    struct in6_addr address;
    struct str name;
    if (!split_port(host, &name))
        return false;
    if (read_address(name, AF_INET, &address) || read_address(name, AF_INET6, &address) ||
        str_equal_nocase(name, str_from(settings_text("API_HOST"))))
        return true;
    if (str_ends(name, STR("."))) /* the same name, told to be whole */
        name.length--;
    return str_equal_nocase(name, STR("localhost")) || is_below_localhost(name);
}

bool access_origin_is_loopback(struct str origin)
{
    static const struct str schemes[] = {{"http://", 7}, {"https://", 8}};
    struct in6_addr six;
    struct in_addr four;
    struct str host;
    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
        if (!str_starts(origin, schemes[i]))
            continue;
        if (!split_port(str_slice(origin, schemes[i].length, origin.length), &host))
            return false;
        return str_equal_nocase(host, STR("localhost")) ||
               (read_address(host, AF_INET, &four) && ntohl(four.s_addr) >> 24 == 127) ||
               (read_address(host, AF_INET6, &six) && IN6_IS_ADDR_LOOPBACK(&six));
    }
    return false;
}

bool access_peer_is_own(const char *peer)
{
    return peer && (strncmp(peer, "127.", 4) == 0 || strncmp(peer, "::ffff:127.", 11) == 0 ||
                    strcmp(peer, "::1") == 0);
}

bool access_may_administer(const struct http_exchange *exchange)
{
    static const char *const of_proxies[] = {"Forwarded",       "X-Forwarded-For", "X-Forwarded-Host",
                                             "X-Forwarded-Proto", "X-Real-IP",     "Via"};
    if (!access_peer_is_own(exchange->peer))
        return false;
    for (size_t i = 0; i < sizeof(of_proxies) / sizeof(of_proxies[0]); i++)
        if (http_header_find(exchange, of_proxies[i]).bytes)
            return false;
    struct str origin = http_header_find(exchange, "Origin");
    struct str site = http_header_find(exchange, "Sec-Fetch-Site");
    return (!origin.bytes || access_origin_is_loopback(origin)) &&
           !str_equal_nocase(site, STR("cross-site"));
}
