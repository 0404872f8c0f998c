/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "retrieval/text.h"

/* The stems of a text, with blanks between; words in brackets are stop words. */
static void assert_terms(const char *text, enum term_flags flags, const char *wanted)
{
    struct term_reader *reader = term_reader_new();
    struct strbuf got = strbuf_init(10000);
    term_reader_start(reader, str_from(text), flags);
    for (struct term term; term_reader_next(reader, &term);)
        strbuf_printf(&got, term.stop ? "%s(%.*s)" : "%s%.*s", got.length > 0 ? " " : "",
                      STR_ARGS(term.stem));
    assert_string_equal(strbuf_text(&got), wanted);
    strbuf_clear(&got);
    term_reader_free(reader);
}

static void identifiers_are_split(void **state)
{
    assert_terms("order_id unitPrice2 XMLFile a1B __x__", TERM_SPLIT_IDENTIFIERS,
                 "order id unit price 2 xmlfile (a) 1 b x");
    assert_terms("unitPrice2", TERM_PLAIN, "unitprice2");
    assert_terms("snake_case", TERM_PLAIN, "snake case");
}

static void words_are_stemmed(void **state)
{
    assert_terms("Which cities have the highest revenues?", TERM_PLAIN,
                 "(which) citi (have) (the) highest revenu");
    assert_terms("running flights, cancelled; categories", TERM_PLAIN,
                 "run flight cancel categori");
}

static void letters_are_folded(void **state)
{
    assert_terms("Caf\xC3\xA9 CAFE\xCC\x81 \xC3\x85ngstr\xC3\xB6m", TERM_PLAIN,
                 "cafe cafe angstrom");
    assert_terms("\xCE\xA3\xCE\x9F\xCE\xA6 \xD0\x96", TERM_PLAIN,
                 "\xCF\x83\xCE\xBF\xCF\x86 \xD0\xB6");
    /* A soft hyphen is within a word, a no-break space is not. */
    assert_terms("co\xC2\xADop new\xC2\xA0york", TERM_PLAIN, "coop new york");
}

static void ideographs_are_words(void **state)
{
    assert_terms("\xE6\x9D\xB1\xE4\xBA\xAC"
                 "2024 ab\xE6\x9D\xB1",
                 TERM_PLAIN, "\xE6\x9D\xB1 \xE4\xBA\xAC 2024 ab \xE6\x9D\xB1");
}

static void stop_and_asking_words_are_marked(void **state)
{
    static const char stops[] =
        "a about all also an and any are as at be been by can could did do does each every find "
        "for from get give had has have her his how i in into is it its list many me much my no "
        "not of on or our per please return should show tell than that the their then there these "
        "this those to was we were what when where which who whom whose why will with would you "
        "your";
    static const char askings[] =
        "average between biggest bottom change column count data dataset day describe different "
        "fewest first greatest group "
        "highest largest last latest least lowest max maximum mean median minimum month most "
        "number only quarter rows share smallest sum top total trend week year years yesterday";
    struct term_reader *reader = term_reader_new();
    struct term term;
    term_reader_start(reader, str_from(stops), TERM_PLAIN);
    while (term_reader_next(reader, &term))
        assert_true(term.stop);
    term_reader_start(reader, str_from(askings), TERM_PLAIN);
    while (term_reader_next(reader, &term))
        assert_true(term.asking && !term.stop);
    term_reader_start(reader, STR("revenue totals zebra abouts"), TERM_PLAIN);
    while (term_reader_next(reader, &term))
        assert_false(term.asking || term.stop);
    term_reader_free(reader);
}

static void nothing_gives_no_terms(void **state)
{
    assert_terms("", TERM_PLAIN, "");
    assert_terms(" \t\n.,;!?()_-", TERM_SPLIT_IDENTIFIERS, "");
    assert_terms("\x80\xFF\xC3", TERM_PLAIN, "");
    assert_terms("a\xFF"
                 "bc",
                 TERM_PLAIN, "(a) bc");
    assert_terms("\xCC\x81\xCC\x81", TERM_PLAIN, "");
}

static void long_words_are_cut(void **state)
{
    const size_t size = 1 << 20;
    char *text = xcalloc(1, size);
    struct term_reader *reader = term_reader_new();
    struct term term;
    memset(text, 'x', size);
    for (size_t length = TERM_SIZE_MAX; length <= TERM_SIZE_MAX + 1; length++) {
        term_reader_start(reader, (struct str){text, length}, TERM_PLAIN);
        assert_true(term_reader_next(reader, &term));
        assert_int_equal(term.word.length, TERM_SIZE_MAX);
        assert_false(term_reader_next(reader, &term));
    }
    /* A character that no longer fits whole is left out. */
    memset(text, 'x', TERM_SIZE_MAX - 1);
    memcpy(text + TERM_SIZE_MAX - 1, "\xC3\xB8", 2);
    term_reader_start(reader, (struct str){text, TERM_SIZE_MAX + 1}, TERM_PLAIN);
    assert_true(term_reader_next(reader, &term));
    assert_int_equal(term.word.length, TERM_SIZE_MAX - 1);
    static const char *const fills[] = {"x", "\xCC\x81", "\xFF", "aB", "\xE6\x9D\xB1", "\xF0\x9F"};
    for (size_t i = 0; i < sizeof(fills) / sizeof(fills[0]); i++) {
        for (size_t at = 0; at < size; at++)
            text[at] = fills[i][at % strlen(fills[i])];
        term_reader_start(reader, (struct str){text, size / 8}, TERM_SPLIT_IDENTIFIERS);
        while (term_reader_next(reader, &term))
            assert_true(term.word.length <= TERM_SIZE_MAX);
    }
    term_reader_free(reader);
    free(text);
}

static void names_are_written_plainly(void **state)
{
    struct strbuf out = strbuf_init(100);
    text_add_plain_name(&out, STR("unitPrice2_EUR"));
    assert_string_equal(strbuf_text(&out), "unit Price 2 EUR");
    strbuf_reset(&out);
    text_add_plain_name(&out, STR(""));
    assert_string_equal(strbuf_text(&out), "");
    strbuf_clear(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(identifiers_are_split),
        cmocka_unit_test(words_are_stemmed),
        cmocka_unit_test(letters_are_folded),
        cmocka_unit_test(ideographs_are_words),
        cmocka_unit_test(stop_and_asking_words_are_marked),
        cmocka_unit_test(nothing_gives_no_terms),
        cmocka_unit_test(long_words_are_cut),
        cmocka_unit_test(names_are_written_plainly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
