/* SPDX-License-Identifier: Apache-2.0 */
#include "api/page.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "core/alloc.h"
#include "core/hash.h"

/*
 * Only this server's files, no script in a page, nothing sent elsewhere. Swagger UI draws its icons
 * from data: addresses. Redoc searches in a worker that it makes of a blob, adds its style rules to
 * <style> elements that are empty (the first hash), and has one for its scroll bar (the second).
 */
#define POLICY                                                                                     \
    "default-src 'none'; script-src 'self'; style-src 'self' "                                     \
    "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=' "                                       \
    "'sha256-QMIg+bpjm3JdElJ388KYke01izlUW0UoNOeKjpMxdgc='; img-src 'self' data:; "                \
    "connect-src 'self'; worker-src blob:; base-uri 'none'; form-action 'none'; "                  \
    "frame-ancestors 'none'"

#define GZIP_WINDOW (15 + 16) /* zlib's sign for gzip's frame */

const struct page *page_find(struct str path)
{
    for (size_t i = 0; i < page_count; i++)
        if (str_equal_text(path, pages[i].path))
            return &pages[i];
    return NULL;
}

struct page *page_new(const char *path, const char *type, struct str plain)
{
    struct page *page = xcalloc(1, sizeof(*page));
    z_stream stream = {0};
    char hex[SHA256_HEX_SIZE];
    if (deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, GZIP_WINDOW, 8, Z_DEFAULT_STRATEGY) !=
        Z_OK)
        abort(); /* out of memory */
    size_t size_max = deflateBound(&stream, plain.length);
    char *gzip = xcalloc(1, size_max);
    stream.next_in = (Bytef *)(uintptr_t)plain.bytes;
    stream.avail_in = (uInt)plain.length;
    stream.next_out = (Bytef *)gzip;
    stream.avail_out = (uInt)size_max;
    int status = deflate(&stream, Z_FINISH);
    assert(status == Z_STREAM_END);
    (void)status;
    sha256_hex(plain, hex);
    hex[PAGE_TAG_LENGTH_MAX] = '\0';
    *page = (struct page){.path = path,
                          .type = type,
                          .size = plain.length,
                          .tag = xstrdup(hex),
                          .gzip = {gzip, stream.total_out}};
    deflateEnd(&stream);
    return page;
}

void page_free(struct page *page)
{
    if (!page)
        return;
    free((void *)(uintptr_t)page->tag);
    free((void *)(uintptr_t)page->gzip.bytes);
    free(page);
}

/* Headers. */

/* "gzip;q=0" says that it is not taken. */
static bool is_refused(struct str parameters)
{
    struct str part;
    while (str_split(&parameters, ';', &part)) {
        double quality;
        part = str_trim(part);
        if (part.length > 2 && str_equal_nocase(str_slice(part, 0, 2), STR("q=")) &&
            str_to_double(str_slice(part, 2, part.length), &quality) && quality <= 0)
            return true;
    }
    return false;
}

bool page_takes_gzip(struct str accept_encoding)
{
    struct str item, name;
    bool any = false;
    if (!accept_encoding.bytes)
        return false;
    while (str_split(&accept_encoding, ',', &item)) {
        if (!str_split(&item, ';', &name))
            continue;
        name = str_trim(name);
        bool taken = !is_refused(item);
        if (str_equal_nocase(name, STR("gzip")))
            return taken;
        any |= taken && str_equal(name, STR("*"));
    }
    return any;
}

/* "TAG" and "TAG-gzip" are the same bytes once they are decoded. */
bool page_is_known(struct str if_none_match, const char *tag)
{
    struct str item;
    if (!if_none_match.bytes)
        return false;
    while (str_split(&if_none_match, ',', &item)) {
        item = str_trim(item);
        if (str_equal(item, STR("*")))
            return true;
        if (str_starts(item, STR("W/")))
            item = str_slice(item, 2, item.length);
        if (item.length < 2 || item.bytes[0] != '"' || item.bytes[item.length - 1] != '"')
            continue;
        item = str_slice(item, 1, item.length - 1);
        if (str_ends(item, STR("-gzip")))
            item.length -= 5;
        if (str_equal_text(item, tag))
            return true;
    }
    return false;
}

/* Replies. */

struct inflation {
    const struct page *page;
    char *plain;
};

static void inflate_page(void *arg)
{
    struct inflation *work = arg;
    z_stream stream = {0};
    if (inflateInit2(&stream, GZIP_WINDOW) != Z_OK)
        abort(); /* out of memory */
    work->plain = xcalloc(1, work->page->size + 1);
    stream.next_in = (Bytef *)(uintptr_t)work->page->gzip.bytes;
    stream.avail_in = (uInt)work->page->gzip.length;
    stream.next_out = (Bytef *)work->plain;
    stream.avail_out = (uInt)work->page->size + 1;
    int status = inflate(&stream, Z_FINISH);
    assert(status == Z_STREAM_END && stream.total_out == work->page->size);
    (void)status;
    inflateEnd(&stream);
}

static size_t page_headers(const struct page *page, bool compressed, char *tag, size_t tag_size,
                           struct http_header *headers)
{
    size_t count = 0;
    snprintf(tag, tag_size, "\"%s%s\"", page->tag, compressed ? "-gzip" : "");
    headers[count++] = (struct http_header){STR("ETag"), str_from(tag)};
    /* Asked for again each time, so that a newer program's files are seen; mostly it is a 304. */
    headers[count++] = (struct http_header){STR("Cache-Control"), STR("no-cache")};
    headers[count++] = (struct http_header){STR("Vary"), STR("Accept-Encoding")};
    headers[count++] = (struct http_header){STR("X-Content-Type-Options"), STR("nosniff")};
    if (compressed)
        headers[count++] = (struct http_header){STR("Content-Encoding"), STR("gzip")};
    if (str_starts(str_from(page->type), STR("text/html"))) {
        headers[count++] = (struct http_header){STR("Content-Security-Policy"), STR(POLICY)};
        headers[count++] = (struct http_header){STR("Referrer-Policy"), STR("no-referrer")};
    }
    return count;
}

TASK_WAITS void page_reply(struct api_request *request, const struct page *page)
{
    struct http_header headers[API_HEADERS_MAX];
    char tag[PAGE_TAG_LENGTH_MAX + sizeof("\"-gzip\"")];
    bool compressed = page_takes_gzip(http_header_find(request->exchange, "Accept-Encoding"));
    struct inflation work = {.page = page};
    struct error err = {0};
    size_t count = page_headers(page, compressed, tag, sizeof(tag), headers);
    if (page_is_known(http_header_find(request->exchange, "If-None-Match"), page->tag)) {
        api_reply(request, 304, NULL, headers, count, STR(""));
        return;
    }
    if (compressed) {
        api_reply(request, 200, page->type, headers, count, page->gzip);
        return;
    }
    if (task_offload(inflate_page, &work, &err))
        api_reply(request, 200, page->type, headers, count, (struct str){work.plain, page->size});
    else
        api_reply_error(request, &err);
    free(work.plain);
}
