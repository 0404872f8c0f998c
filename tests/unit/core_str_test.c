/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/str.h"

static void compares(void **state)
{
    assert_true(str_equal(STR("abc"), str_from("abc")));
    assert_false(str_equal(STR("abc"), STR("abd")));
    assert_true(str_equal_nocase(STR("aBc"), STR("AbC")));
    assert_true(str_compare(STR("a"), STR("ab")) < 0);
    assert_true(str_compare(STR("b"), STR("ab")) > 0);
    assert_int_equal(str_from(NULL).length, 0);
}

static void finds_cuts_and_trims(void **state)
{
    assert_int_equal(str_find(STR("hello"), STR("ll")), 2);
    assert_int_equal(str_find(STR("hello"), STR("x")), -1);
    assert_int_equal(str_find(STR("a"), STR("")), 0);
    assert_true(str_equal(str_trim(STR(" \t a b\n")), STR("a b")));
    assert_true(str_equal(str_slice(STR("abc"), 1, 9), STR("bc")));
    assert_true(str_equal(str_slice(STR("abc"), 5, 9), STR("")));
    assert_true(str_starts(STR("abc"), STR("ab")));
    assert_true(str_ends(STR("abc"), STR("bc")));
    assert_false(str_ends(STR("c"), STR("bc")));
}

static void splits(void **state)
{
    struct str rest = STR("a,,b"), part;
    assert_true(str_split(&rest, ',', &part) && str_equal(part, STR("a")));
    assert_true(str_split(&rest, ',', &part) && str_equal(part, STR("")));
    assert_true(str_split(&rest, ',', &part) && str_equal(part, STR("b")));
    assert_false(str_split(&rest, ',', &part));
    rest = STR("");
    assert_true(str_split(&rest, ',', &part));
    assert_false(str_split(&rest, ',', &part));
}

static void numbers_are_whole_or_refused(void **state)
{
    int64_t i;
    assert_true(str_to_i64(STR("-9223372036854775808"), &i) && i == INT64_MIN);
    assert_true(str_to_i64(STR("9223372036854775807"), &i) && i == INT64_MAX);
    assert_false(str_to_i64(STR("9223372036854775808"), &i));
    assert_false(str_to_i64(STR("12x"), &i));
    assert_false(str_to_i64(STR(""), &i));
    assert_false(str_to_i64(STR("-"), &i));
    double d;
    assert_true(str_to_double(STR("1.5e3"), &d) && d == 1500);
    assert_false(str_to_double(STR("inf"), &d));
    assert_false(str_to_double(STR("nan"), &d));
    assert_false(str_to_double(STR("0x10"), &d));
    assert_false(str_to_double(STR(" 1"), &d));
    assert_false(str_to_double(STR("1e999"), &d));
}

static void utf8_is_strict(void **state)
{
    assert_true(str_is_utf8(STR("a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80")));
    assert_false(str_is_utf8(STR("\xC0\xAF")));         /* overlong */
    assert_false(str_is_utf8(STR("\xE0\x80\xAF")));     /* overlong */
    assert_false(str_is_utf8(STR("\xED\xA0\x80")));     /* surrogate */
    assert_false(str_is_utf8(STR("\xF4\x90\x80\x80"))); /* above U+10FFFF */
    assert_false(str_is_utf8(STR("\xE2\x82")));         /* cut */
    for (size_t at = 0; at < 20; at++) { /* in each place of the words that are read at once */
        char text[] = "twenty characters...";
        assert_true(str_is_utf8((struct str){text, 20}));
        text[at] = (char)0xE9;
        assert_false(str_is_utf8((struct str){text, 20}));
    }
    assert_true(str_equal(str_cut_utf8(STR("a\xE2\x82\xAC"), 3), STR("a")));
    assert_true(str_equal(str_cut_utf8(STR("a\xE2\x82\xAC"), 4), STR("a\xE2\x82\xAC")));
    assert_int_equal(str_count_utf8(STR("a\xE2\x82\xAC")), 2);
}

static void distance_counts_edits(void **state)
{
    assert_int_equal(str_distance(STR("ask"), STR("ask"), 2), 0);
    assert_int_equal(str_distance(STR("aks"), STR("ask"), 2), 1);
    assert_int_equal(str_distance(STR("chta"), STR("chat"), 2), 1);
    assert_int_equal(str_distance(STR("profil"), STR("profile"), 2), 1);
    assert_int_equal(str_distance(STR("abc"), STR("xyz"), 2), 3);
    assert_int_equal(str_distance(STR(""), STR("ab"), 2), 2);
}

static void words_go_with_their_number(void **state)
{
    assert_string_equal(plural(0, "row", "rows"), "rows");
    assert_string_equal(plural(1, "row", "rows"), "row");
    assert_string_equal(plural(2, "line has", "lines have"), "lines have");
}

static void finds_whole_parts_of_a_list(void **state)
{
    assert_true(str_list_has("by per each", ' ', "by"));
    assert_true(str_list_has("by per each", ' ', "per"));
    assert_true(str_list_has("by per each", ' ', "each"));
    assert_true(str_list_has("bypass,by", ',', "by"));
    assert_false(str_list_has("standby bypass byte", ' ', "by"));
    assert_false(str_list_has("by per each", ' ', "by per"));
    assert_false(str_list_has("by  per", ' ', ""));
    assert_false(str_list_has("", ' ', "by"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_go_with_their_number),
        cmocka_unit_test(finds_whole_parts_of_a_list),
        cmocka_unit_test(compares),
        cmocka_unit_test(finds_cuts_and_trims),
        cmocka_unit_test(splits),
        cmocka_unit_test(numbers_are_whole_or_refused),
        cmocka_unit_test(utf8_is_strict),
        cmocka_unit_test(distance_counts_edits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
