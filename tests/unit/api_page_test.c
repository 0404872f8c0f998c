/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include <zlib.h>

#include "api/page.h"

static void encodings_are_chosen(void **state)
{
    (void)state;
    static const struct {
        const char *header;
        bool taken;
    } cases[] = {
        {"gzip", true},
        {"deflate, GZIP;q=0.5, br", true},
        {"*", true},
        {"*;q=0.1", true},
        {"br , gzip ; q=1", true},
        {"", false},
        {"identity", false},
        {"gzip;q=0", false},
        {"gzip; q=0.000, *", false},
        {"*;q=0", false},
        {"xgzip, gzipx", false},
        {"gzip;q=", true},
        {";,,;q", false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (page_takes_gzip(str_from(cases[i].header)) != cases[i].taken)
            fail_msg("'%s'", cases[i].header);
    assert_false(page_takes_gzip((struct str){NULL, 0}));
}

static void known_tags_are_found(void **state)
{
    (void)state;
    static const struct {
        const char *header;
        bool known;
    } cases[] = {
        {"\"abc\"", true},   {"W/\"abc\"", true}, {"\"x\", \"abc-gzip\" ,\"y\"", true},
        {"*", true},         {"abc", false},      {"\"ab\"", false},
        {"\"abcd\"", false}, {"\"abc", false},    {"\"", false},
        {"W/", false},       {"", false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (page_is_known(str_from(cases[i].header), "abc") != cases[i].known)
            fail_msg("'%s'", cases[i].header);
    assert_false(page_is_known((struct str){NULL, 0}, "abc"));
}

static void expect_plain(const struct page *page, const char *start)
{
    char plain[256] = "";
    z_stream stream = {.next_in = (Bytef *)(uintptr_t)page->gzip.bytes,
                       .avail_in = (uInt)page->gzip.length,
                       .next_out = (Bytef *)plain,
                       .avail_out = sizeof(plain) - 1};
    assert_int_equal(inflateInit2(&stream, 15 + 16), Z_OK);
    inflate(&stream, Z_SYNC_FLUSH);
    inflateEnd(&stream);
    assert_memory_equal(plain, start, strlen(start));
}

static void pages_are_compressed(void **state)
{
    (void)state;
    struct page *page = page_new("/x", "text/plain", STR("what it says"));
    assert_int_equal(page->size, 12);
    assert_int_equal(strlen(page->tag), PAGE_TAG_LENGTH_MAX);
    expect_plain(page, "what it says");
    page_free(page);
    page_free(NULL);
    assert_null(page_find(STR("/docs/")));
    assert_null(page_find(STR("/docs/nothing")));
    page = NULL;
    expect_plain(page_find(STR("/docs")), "<!DOCTYPE html>");
    for (size_t i = 0; i < page_count; i++)
        assert_true(strlen(pages[i].tag) <= PAGE_TAG_LENGTH_MAX && pages[i].size > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(encodings_are_chosen),
        cmocka_unit_test(known_tags_are_found),
        cmocka_unit_test(pages_are_compressed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
