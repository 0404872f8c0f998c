/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/strbuf.h"
#include "http/parser.h"
#include "http_corpus.h"

static const struct http_limits limits = {
    .header_bytes = 16384, .header_count = 100, .target_bytes = 8192, .body_bytes = 1 << 20};

/* The body's verdict: 200, 0 when it is not whole, or the refusal. */
static int judge_chunks(struct str bytes, size_t step, struct strbuf *body)
{
    struct chunked chunked = {0};
    struct refusal why = {0};
    for (size_t at = 0; at < bytes.length && !chunked.done;) {
        struct str part = str_slice(bytes, at, at + step), data;
        size_t before = part.length;
        if (!chunked_next(&chunked, limits.body_bytes, &part, &data, &why))
            return why.status;
        strbuf_add_str(body, data);
        at += before - part.length;
    }
    return chunked.done ? 200 : 0;
}

/* What becomes of a request that comes `step` bytes at a time. */
static int judge(const char *bytes, size_t length, size_t step, struct strbuf *body)
{
    struct head_scan scan = {0};
    struct refusal why = {0};
    struct head head = {0};
    size_t at = 0, used;
    enum scan_result result = SCAN_MORE;
    for (; at < length && result == SCAN_MORE; at += used) {
        size_t size = length - at < step ? length - at : step;
        result = head_scan(&scan, &limits, (struct str){bytes + at, size}, &used, &why);
        if (result == SCAN_REFUSED)
            return why.status;
    }
    if (result != SCAN_WHOLE)
        return 0;
    struct arena *arena = arena_new();
    struct str block = arena_str(arena, (struct str){bytes, at});
    int status = head_parse(block, &scan, &limits, arena, &head, &why) ? 200 : why.status;
    if (status == 200 && head.chunked)
        status = judge_chunks((struct str){bytes + at, length - at}, step, body);
    arena_free(arena);
    return status;
}

static void every_case_has_its_verdict_however_it_is_cut(void **state)
{
    static const size_t steps[] = {1 << 20, 1, 2, 3, 7, 16};
    for (size_t i = 0; i < sizeof(http_cases) / sizeof(http_cases[0]); i++) {
        const struct http_case *one = &http_cases[i];
        for (size_t j = 0; j < sizeof(steps) / sizeof(steps[0]); j++) {
            struct strbuf body = strbuf_init(1 << 20);
            int status = judge(one->bytes, one->length, steps[j], &body);
            if (status != one->status)
                print_message("%d instead of %d, in steps of %zu: %s\n", status, one->status,
                              steps[j], one->bytes);
            assert_int_equal(status, one->status);
            strbuf_clear(&body);
        }
    }
}

static void what_is_cut_short_is_not_whole(void **state)
{
    static const char request[] = CHUNKED "5;a\r\nhello\r\n0\r\nA: b\r\n\r\n";
    for (size_t length = 0; length < sizeof(request) - 1; length++) {
        struct strbuf body = strbuf_init(1 << 20);
        /* The head alone is whole when it is: then there is no byte of the body yet. */
        int status = judge(request, length, 1 << 20, &body);
        assert_int_equal(status, 0);
        strbuf_clear(&body);
    }
}

static void heads_are_understood(void **state)
{
    static const char request[] = "\r\nPUT /a/b?c=d?e HTTP/1.0\r\nConnection: x , keep-Alive\r\n"
                                  "Two:  b c \r\nContent-Length: 12\r\n\r\n";
    struct head_scan scan = {0};
    struct refusal why;
    struct head head = {0};
    size_t used;
    struct arena *arena = arena_new();
    struct str block = {request, sizeof(request) - 1};
    assert_int_equal(head_scan(&scan, &limits, block, &used, &why), SCAN_WHOLE);
    assert_int_equal(used, block.length);
    assert_true(head_parse(block, &scan, &limits, arena, &head, &why));
    assert_true(str_equal(head.method, STR("PUT")));
    assert_true(str_equal(head.target, STR("/a/b?c=d?e")));
    assert_true(str_equal(head.path, STR("/a/b")));
    assert_true(str_equal(head.query, STR("c=d?e")));
    assert_int_equal(head.version_minor, 0);
    assert_int_equal(head.header_count, 3);
    assert_true(str_equal(head.headers[1].name, STR("Two")));
    assert_true(str_equal(head.headers[1].value, STR("b c")));
    assert_int_equal(head.content_length, 12);
    assert_true(head.keep_alive);
    assert_false(head.chunked);
    arena_free(arena);
}

static struct head parse(struct arena *arena, const char *request)
{
    struct head_scan scan = {0};
    struct refusal why = {0};
    struct head head = {0};
    size_t used;
    struct str block = str_from(request);
    assert_int_equal(head_scan(&scan, &limits, block, &used, &why), SCAN_WHOLE);
    if (!head_parse(block, &scan, &limits, arena, &head, &why))
        fail_msg("%s", why.message);
    return head;
}

/* As the last of the fields that there may be, too: it may have to be added. */
static void the_host_of_the_target_counts(void **state)
{
    static const struct {
        const char *request, *host, *path, *query;
    } cases[] = {
        {"GET http://y:8/a?b HTTP/1.1\r\nA: b\r\nhost: x\r\nC: d\r\n\r\n", "y:8", "/a", "b"},
        {"GET http://y/a HTTP/1.0\r\nA: b\r\n\r\n", "y", "/a", ""},
        {"GET http://y/a HTTP/1.0\r\n\r\n", "y", "/a", ""},
        {"GET http://[::1] HTTP/1.1\r\nHost:\r\n\r\n", "[::1]", "/", ""},
        {"GET hTTps://y?b/c HTTP/1.1\r\nHost: x\r\n\r\n", "y", "/", "b/c"},
        {"OPTIONS http://y HTTP/1.1\r\nHost: x\r\n\r\n", "y", "*", ""},
        {"GET /http://y HTTP/1.1\r\nHost: x\r\n\r\n", "x", "/http://y", ""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct arena *arena = arena_new();
        struct head head = parse(arena, cases[i].request);
        const struct http_exchange exchange = {.headers = head.headers,
                                               .header_count = head.header_count};
        assert_true(str_equal_text(http_header_find(&exchange, "Host"), cases[i].host));
        assert_true(str_equal_text(head.path, cases[i].path));
        assert_true(str_equal_text(head.query, cases[i].query));
        arena_free(arena);
    }
}

static void fields_are_found_by_name(void **state)
{
    const struct http_header headers[] = {
        {STR("a"), STR("1")}, {STR("Two"), STR("")}, {STR("A"), STR("3")}};
    const struct http_exchange exchange = {.headers = headers, .header_count = 3};
    assert_true(str_equal(http_header_find(&exchange, "A"), STR("1")));
    assert_non_null(http_header_find(&exchange, "two").bytes);
    assert_int_equal(http_header_find(&exchange, "two").length, 0);
    assert_null(http_header_find(&exchange, "tw").bytes);
}

static bool keeps_alive(const char *version, const char *connection)
{
    char request[256];
    struct head_scan scan = {0};
    struct refusal why;
    struct head head = {0};
    size_t used;
    struct arena *arena = arena_new();
    int length = snprintf(request, sizeof(request), "GET / HTTP/1.%s\r\nHost: x\r\n%s\r\n", version,
                          connection);
    struct str block = {request, (size_t)length};
    assert_int_equal(head_scan(&scan, &limits, block, &used, &why), SCAN_WHOLE);
    assert_true(head_parse(block, &scan, &limits, arena, &head, &why));
    arena_free(arena);
    return head.keep_alive;
}

static void connections_are_kept_as_asked(void **state)
{
    assert_true(keeps_alive("1", ""));
    assert_true(keeps_alive("1", "Connection: keep-alive\r\n"));
    assert_false(keeps_alive("1", "Connection: close\r\n"));
    assert_false(keeps_alive("1", "Connection: a, CLOSE ,b\r\n"));
    assert_false(keeps_alive("1", "Connection: keep-alive\r\nConnection: close\r\n"));
    assert_false(keeps_alive("0", ""));
    assert_true(keeps_alive("0", "Connection: keep-alive\r\n"));
    assert_false(keeps_alive("0", "Connection: keep-alive, close\r\n"));
}

/* A body of many small chunks with extensions of so many bytes in all, or trailers. */
static int judge_extras(size_t extension_bytes, size_t trailer_bytes)
{
    struct strbuf bytes = strbuf_init(1 << 20), body = strbuf_init(1 << 20);
    for (size_t left = extension_bytes; left > 0;) {
        size_t now = left < 100 ? left : 100;
        strbuf_add(&bytes, "1;");
        strbuf_add_repeat(&bytes, 'e', now);
        strbuf_add(&bytes, "\r\nx\r\n");
        left -= now;
    }
    strbuf_add(&bytes, "0\r\n");
    if (trailer_bytes > 0) {
        strbuf_add_repeat(&bytes, 't', trailer_bytes);
        strbuf_add(&bytes, "\r\n");
    }
    strbuf_add(&bytes, "\r\n");
    int status = judge_chunks(strbuf_str(&bytes), 1 << 20, &body);
    strbuf_clear(&bytes);
    strbuf_clear(&body);
    return status;
}

static void extensions_and_trailers_are_bounded(void **state)
{
    assert_int_equal(judge_extras(CHUNK_EXTENSIONS_MAX, CHUNK_TRAILERS_MAX), 200);
    assert_int_equal(judge_extras(CHUNK_EXTENSIONS_MAX + 1, 0), 413);
    assert_int_equal(judge_extras(0, CHUNK_TRAILERS_MAX + 1), 431);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_case_has_its_verdict_however_it_is_cut),
        cmocka_unit_test(what_is_cut_short_is_not_whole),
        cmocka_unit_test(heads_are_understood),
        cmocka_unit_test(the_host_of_the_target_counts),
        cmocka_unit_test(fields_are_found_by_name),
        cmocka_unit_test(connections_are_kept_as_asked),
        cmocka_unit_test(extensions_and_trailers_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
