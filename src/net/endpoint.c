/* SPDX-License-Identifier: Apache-2.0 */
#include "net/endpoint.h"

#include <string.h>

#include "core/log.h"
#include "core/strbuf.h"

#define CLEAN_SIZE_MAX 300       /* of what is told */
#define CLEAN_READ_MAX 65536     /* of what is looked at */
#define ESCAPED_SIZE_MAX (4 * 1024)
#define OWN_HEADERS_MAX (ENDPOINT_HEADERS_MAX - 4) /* the rest is for the caller's */

static struct str without_slashes(struct str url)
{
    while (str_ends(url, STR("/")))
        url.length--;
    return url;
}

/* With its port; '?' and '#' end it as a '/' does. */
static struct str host_of(struct str url)
{
    ptrdiff_t scheme = str_find(url, STR("://"));
    struct str host = str_slice(url, scheme < 0 ? 0 : (size_t)scheme + 3, url.length);
    for (size_t i = 0; i < host.length; i++)
        if (strchr("/?#", host.bytes[i]))
            host.length = i;
    for (ptrdiff_t at; (at = str_find(host, STR("@"))) >= 0;)
        host = str_slice(host, (size_t)at + 1, host.length);
    return host;
}

bool endpoint_is_openai(struct str url)
{
    struct str host = host_of(url), port = STR(":443");
    if (str_ends(host, port))
        host.length -= port.length;
    return str_equal_nocase(host, STR("api.openai.com"));
}

bool endpoint_set_url(struct endpoint *endpoint, const char *setting, struct str url,
                      struct str suffix, struct error *err)
{
    if (memchr(url.bytes, '?', url.length) || memchr(url.bytes, '#', url.length))
        return error_set(err, ERROR_CONFIG, "%s has a '?' or '#'; it must end with a path",
                         setting);
    url = without_slashes(url);
    if (str_ends(url, suffix))
        url.length -= suffix.length;
    url = without_slashes(url);
    endpoint->base_url = arena_strndup(endpoint->arena, url.bytes, url.length);
    struct str host = host_of(url);
    if (host.length == 0)
        return error_set(err, ERROR_CONFIG, "%s has no host", setting);
    endpoint->host = arena_strndup(endpoint->arena, host.bytes, host.length);
    return true;
}

const char *endpoint_path(const struct endpoint *endpoint)
{
    const char *scheme = strstr(endpoint->base_url, "://");
    const char *path = strchr(scheme ? scheme + 3 : endpoint->base_url, '/');
    return path ? path : "";
}

bool endpoint_is_bare(const struct endpoint *endpoint)
{
    return *endpoint_path(endpoint) == '\0';
}

void endpoint_add_header(struct endpoint *endpoint, const char *name, const char *value)
{
    if (endpoint->header_count < ENDPOINT_HEADERS_MAX)
        endpoint->headers[endpoint->header_count++] = (struct fetch_header){name, value};
}

static void add_secret(struct endpoint *endpoint, const char *value)
{
    if (strlen(value) >= LOG_SECRET_MIN && endpoint->secret_count < ENDPOINT_SECRETS_MAX)
        endpoint->secrets[endpoint->secret_count++] = value;
}

void endpoint_add_secret_header(struct endpoint *endpoint, const char *name, const char *prefix,
                                const char *secret)
{
    const char *value = arena_printf(endpoint->arena, "%s%s", prefix, secret);
    log_add_secret(secret);
    add_secret(endpoint, value);
    if (*prefix)
        add_secret(endpoint, arena_strdup(endpoint->arena, secret));
    endpoint_add_header(endpoint, arena_strdup(endpoint->arena, name), value);
}

static bool is_token(struct str name)
{
    for (size_t i = 0; i < name.length; i++)
        if (!char_is_alnum(name.bytes[i]) && name.bytes[i] != '-' && name.bytes[i] != '_')
            return false;
    return name.length > 0;
}

bool endpoint_add_secret_headers(struct endpoint *endpoint, const char *setting, const char *lines,
                                 struct error *err)
{
    struct str rest = str_from(lines), line;
    while (str_split(&rest, ',', &line)) {
        ptrdiff_t colon = str_find(line, STR(":"));
        struct str name = str_trim(str_slice(line, 0, colon < 0 ? 0 : (size_t)colon));
        struct str value = str_trim(str_slice(line, (size_t)(colon + 1), line.length));
        if (colon < 0 || !is_token(name) || endpoint->header_count >= OWN_HEADERS_MAX)
            return error_set(err, ERROR_CONFIG,
                             "%s has an item that is no header, or too many; allowed is NAME: VALUE, "
                             "several with commas between them",
                             setting);
        endpoint_add_secret_header(endpoint,
                                   arena_strndup(endpoint->arena, name.bytes, name.length), "",
                                   arena_strndup(endpoint->arena, value.bytes, value.length));
    }
    return true;
}

const char *endpoint_escape(const char *text, struct arena *arena)
{
    struct strbuf out = strbuf_init(ESCAPED_SIZE_MAX);
    for (const char *c = text; *c; c++)
        if (char_is_alnum(*c) || strchr("-_.~", *c))
            strbuf_add_char(&out, *c);
        else
            strbuf_printf(&out, "%%%02X", (unsigned char)*c);
    const char *escaped = arena_strdup(arena, strbuf_text(&out));
    strbuf_clear(&out);
    return escaped;
}

/* Where `word` begins, or the end. */
static size_t find_from(struct str text, size_t from, const char *word)
{
    ptrdiff_t at = str_find(str_slice(text, from, text.length), str_from(word));
    return at < 0 ? text.length : from + (size_t)at;
}

static struct str hide(struct str text, const char *secret, struct arena *arena)
{
    struct strbuf out = strbuf_init(CLEAN_READ_MAX + 8);
    size_t from = 0, at;
    while ((at = find_from(text, from, secret)) < text.length) {
        strbuf_add_str(&out, str_slice(text, from, at));
        strbuf_add(&out, "***");
        from = at + strlen(secret);
    }
    strbuf_add_str(&out, str_slice(text, from, text.length));
    struct str hidden = arena_str(arena, strbuf_str(&out));
    strbuf_clear(&out);
    return hidden;
}

const char *endpoint_clean(const struct endpoint *endpoint, struct str text, struct arena *arena)
{
    /* Hidden before it is cut, so that no half of a key is left at the end. */
    text = str_cut_utf8(text, CLEAN_READ_MAX);
    for (size_t i = 0; i < endpoint->secret_count; i++)
        text = hide(text, endpoint->secrets[i], arena);
    bool cut = text.length > CLEAN_SIZE_MAX;
    char *clean = arena_printf(arena, "%.*s%s", STR_ARGS(str_cut_utf8(text, CLEAN_SIZE_MAX)),
                               cut ? "..." : "");
    for (char *c = clean; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = ' ';
    return clean;
}

void endpoint_wipe(struct endpoint *endpoint)
{
    for (size_t i = 0; i < endpoint->secret_count; i++)
        explicit_bzero((void *)(uintptr_t)endpoint->secrets[i], strlen(endpoint->secrets[i]));
}
