/* SPDX-License-Identifier: Apache-2.0 */
#include "arena_support.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/dotenv.h"

static struct dotenv parsed;

static void parse(const char *text)
{
    struct error err = {0};
    assert_true(dotenv_parse(str_from(text), arena, &parsed, &err));
}

static const char *value(const char *name)
{
    return dotenv_find(&parsed, name);
}

static void reads_plain_values(void **state)
{
    parse("\xef\xbb\xbf# comment\n\nA=1\r\n  export B = two words  # why\nC=\nD=a#b\nE= # all\n"
          "A=3\nexport=x");
    assert_string_equal(value("A"), "3"); /* the last one counts */
    assert_string_equal(value("B"), "two words");
    assert_string_equal(value("C"), "");
    assert_string_equal(value("D"), "a#b");
    assert_string_equal(value("E"), "");
    assert_string_equal(value("export"), "x");
    assert_null(value("F"));
    assert_int_equal(parsed.count, 7);
}

static void reads_quoted_values(void **state)
{
    parse("A='it''s'\nB='a # \\n \"b\"' # "
          "yes\nC=\"x\\ny\\t\\\"\\\\\\$\\q\"\nD='two\nlines'\nE=after");
    assert_null(value("A")); /* something follows the quote */
    assert_string_equal(value("B"), "a # \\n \"b\"");
    assert_string_equal(value("C"), "x\ny\t\"\\$\\q");
    assert_string_equal(value("D"), "two\nlines");
    assert_string_equal(value("E"), "after");
    assert_int_equal(parsed.entries[parsed.count - 1].line, 6);
}

static void a_bad_line_spoils_no_other(void **state)
{
    parse("no equals\n=x\n1A=x\nB=\"open\nC=good\n-\nD=\\");
    assert_string_equal(value("C"), "good");
    assert_string_equal(value("D"), "\\");
    unsigned problems = 0;
    for (size_t i = 0; i < parsed.count; i++)
        if (parsed.entries[i].problem) {
            problems++;
            assert_null(parsed.entries[i].value);
        }
    assert_int_equal(problems, 5);
    assert_int_equal(parsed.entries[3].line, 4);
    assert_string_equal(parsed.entries[3].problem, "the closing quote is missing");
}

static void has_limits(void **state)
{
    struct error err = {0};
    char *text = xcalloc(1, DOTENV_SIZE_MAX + 2);
    memset(text, '\n', DOTENV_SIZE_MAX + 1);
    assert_true(dotenv_parse((struct str){text, DOTENV_SIZE_MAX}, arena, &parsed, &err));
    assert_false(dotenv_parse((struct str){text, DOTENV_SIZE_MAX + 1}, arena, &parsed, &err));
    assert_int_equal(err.code, ERROR_TOO_LARGE);
    for (size_t i = 0; i < DOTENV_ENTRIES_MAX; i++)
        memcpy(text + 4 * i, "A=1\n", 4);
    size_t length = (size_t)4 * DOTENV_ENTRIES_MAX;
    assert_true(dotenv_parse((struct str){text, length}, arena, &parsed, &err));
    memcpy(text + length, "A=1\n", 4);
    assert_false(dotenv_parse((struct str){text, length + 4}, arena, &parsed, &err));
    free(text);
    assert_false(dotenv_parse((struct str){"A=\0b", 4}, arena, &parsed, &err));
    assert_int_equal(err.code, ERROR_CONFIG);
    assert_true(dotenv_parse(STR(""), arena, &parsed, &err));
    assert_int_equal(parsed.count, 0);
}

#define DOTENV_TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        DOTENV_TEST(reads_plain_values),
        DOTENV_TEST(reads_quoted_values),
        DOTENV_TEST(a_bad_line_spoils_no_other),
        DOTENV_TEST(has_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
