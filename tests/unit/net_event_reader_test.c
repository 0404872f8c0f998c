/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "net/event_reader.h"

static bool note(void *context, const struct server_event *event, struct error *err)
{
    strbuf_printf(context, "[%.*s|%.*s|%.*s]", STR_ARGS(event->name), STR_ARGS(event->data),
                  STR_ARGS(event->id));
    return true;
}

/* All events, read in pieces of so many bytes. */
static void assert_events_by(struct str stream, size_t step, const char *expected)
{
    struct event_reader reader = event_reader_init(0);
    struct strbuf seen = strbuf_init(65536);
    struct error err = {0};
    for (size_t at = 0; at < stream.length; at += step)
        assert_true(event_reader_add(&reader, str_slice(stream, at, at + step), note, &seen, &err));
    assert_string_equal(strbuf_text(&seen), expected);
    strbuf_clear(&seen);
    event_reader_clear(&reader);
}

static void assert_events(struct str stream, const char *expected)
{
    for (size_t step = 1; step <= stream.length; step++)
        assert_events_by(stream, step, expected);
}

static void reads_the_forms_of_the_standard(void **state)
{
    assert_events(STR("data: one\n\n"), "[|one|]");
    assert_events(STR("event: add\ndata: 73857293\n\nevent:remove\ndata:2153\n\n"),
                  "[add|73857293|][remove|2153|]");
    assert_events(STR("data: YHOO\ndata: +2\ndata: 10\n\n"), "[|YHOO\n+2\n10|]");
    assert_events(STR(": test\n\ndata: first\nid: 1\n\ndata:second\nid\n\ndata:  third\n\n"),
                  "[|first|1][|second|][| third|]");
    assert_events(STR("data\n\ndata\ndata\n\ndata:"), "[||][|\n|]");
    assert_events(STR("data:test\n\ndata: test\n\n"), "[|test|][|test|]");
    assert_events(STR("id: 7\ndata: a\n\ndata: b\n\n"), "[|a|7][|b|7]"); /* an id holds on */
    assert_events(STR("id: 7\ndata: a\n\nid: \0x\ndata: b\n\n"), "[|a|7][|b|7]");
    assert_events(STR("retry: 10\nfoo: bar\nevent: x\n\ndata: a\n\n"), "[|a|]");
    assert_events(STR("data: cut by the end"), "");
    assert_events(STR("data: cut by the end\n"), "");
}

static void reads_all_line_breaks(void **state)
{
    assert_events(STR("data: a\r\n\r\ndata: b\r\rdata: c\n\n"), "[|a|][|b|][|c|]");
    assert_events(STR("data: a\r\ndata: b\r\n\r\n"), "[|a\nb|]");
    assert_events(STR("data: a\n\rdata: b\n\r\n"), "[|a|][|b|]");
}

static void passes_over_a_byte_order_mark(void **state)
{
    assert_events(STR("\xef\xbb\xbf"
                      "data: a\n\n"),
                  "[|a|]");
    assert_events(STR("\xef\xbb\xbf\ndata: a\n\n"), "[|a|]");
    assert_events(STR("data: a\n\n\xef\xbb\xbf"
                      "data: b\n\n"),
                  "[|a|]"); /* only at the start */
}

static bool read_sized(size_t data_bytes, size_t limit, size_t step, enum error_code *code)
{
    struct event_reader reader = event_reader_init(limit);
    struct strbuf stream = strbuf_init(65536), seen = strbuf_init(65536);
    struct error err = {0};
    strbuf_add(&stream, "data: ");
    strbuf_add_repeat(&stream, 'x', data_bytes);
    strbuf_add(&stream, "\n\n");
    bool ok = true;
    for (size_t at = 0; ok && at < stream.length; at += step)
        ok = event_reader_add(&reader, str_slice(strbuf_str(&stream), at, at + step), note, &seen,
                              &err);
    assert_int_equal(seen.length, ok ? data_bytes + 4 : 0);
    *code = err.code;
    strbuf_clear(&stream);
    strbuf_clear(&seen);
    event_reader_clear(&reader);
    return ok;
}

static void bounds_an_event(void **state)
{
    enum error_code code;
    for (size_t step = 1; step < 2000; step = step * 3 + 1) {
        assert_true(read_sized(1000, 1000, step, &code));
        assert_false(read_sized(1001, 1000, step, &code));
        assert_int_equal(code, ERROR_TOO_LARGE);
        assert_false(read_sized(20000, 1000, step, &code));
        assert_int_equal(code, ERROR_TOO_LARGE);
    }
}

static bool refuse(void *context, const struct server_event *event, struct error *err)
{
    return error_set(err, ERROR_MODEL, "not that one");
}

static void hands_on_an_error(void **state)
{
    struct event_reader reader = event_reader_init(0);
    struct error err = {0};
    assert_false(event_reader_add(&reader, STR("data: a\n\ndata: b\n\n"), refuse, NULL, &err));
    assert_string_equal(err.message, "not that one");
    event_reader_clear(&reader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_the_forms_of_the_standard),
        cmocka_unit_test(reads_all_line_breaks),
        cmocka_unit_test(passes_over_a_byte_order_mark),
        cmocka_unit_test(bounds_an_event),
        cmocka_unit_test(hands_on_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
