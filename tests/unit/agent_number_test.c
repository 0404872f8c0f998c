/* SPDX-License-Identifier: Apache-2.0 */
#include "arena_support.h"
#include <math.h>

#include "agent/grounding.h"
#include "agent/number.h"
#include "planner/query.h"

static void numbers_read_well(void **state)
{
    assert_string_equal(number_print(0, arena), "0");
    assert_string_equal(number_print(1234567, arena), "1,234,567");
    assert_string_equal(number_print(-1234.567, arena), "-1,234.57");
    assert_string_equal(number_print(999, arena), "999");
    assert_string_equal(number_print(0.012345, arena), "0.0123");
    assert_string_equal(number_print(1e20, arena), "1e+20");
    assert_string_equal(number_print(NAN, arena), "not a number");
    assert_string_equal(number_print_digits(STR("-12345678901234567890"), arena),
                        "-12,345,678,901,234,567,890");
    assert_string_equal(number_print_digits(STR("1234.5"), arena), "1,234.5");
    assert_string_equal(percent_print(45.4, arena), "45 %");
    assert_string_equal(percent_print(3.25, arena), "3.2 %");
    assert_string_equal(percent_print(0.04, arena), "under 0.1 %");
    assert_string_equal(percent_print(99.7, arena), "99.7 %");
    assert_string_equal(percent_print(100, arena), "100 %");
}

static const char *words(struct cell cell, enum value_kind kind, const char *unit, int bucket)
{
    struct result_column column = {.name = "x", .kind = kind};
    return cell_print_words(&cell, &column, unit, bucket, arena);
}

static struct cell text(const char *value)
{
    return (struct cell){.type = CELL_TEXT, .text = str_from(value)};
}

static void cells_read_well(void **state)
{
    assert_string_equal(words((struct cell){.type = CELL_NULL}, VALUE_TEXT, NULL, 0), "none");
    assert_string_equal(
        words((struct cell){.type = CELL_INTEGER, .integer = 12345}, VALUE_INTEGER, "EUR", 0),
        "12,345 EUR");
    assert_string_equal(words(text("1234.50"), VALUE_DECIMAL, "EUR", 0), "1,234.50 EUR");
    assert_string_equal(words(text("1234.5678"), VALUE_DECIMAL, NULL, 0), "1,234.57");
    assert_string_equal(words(text("2024-02-29"), VALUE_DATE, NULL, UNIT_NONE), "29 February 2024");
    assert_string_equal(words(text("2024-02-01"), VALUE_DATE, NULL, UNIT_MONTH), "February 2024");
    assert_string_equal(words(text("2024-04-01"), VALUE_DATE, NULL, UNIT_QUARTER), "Q2 2024");
    assert_string_equal(words(text("2024-01-01"), VALUE_DATE, NULL, UNIT_YEAR), "2024");
    assert_string_equal(words(text("2024-02-29T13:45:00"), VALUE_TIMESTAMP, NULL, UNIT_NONE),
                        "29 February 2024 13:45");
    assert_string_equal(words(text("123"), VALUE_TEXT, NULL, 0), "123");
    assert_string_equal(words(text("![x](http://a.test/b) <b>"), VALUE_TEXT, NULL, 0),
                        "![x] (http://a.test/b) < b>");
    struct result_column year = {.name = "year", .kind = VALUE_INTEGER};
    struct cell cell = {.type = CELL_INTEGER, .integer = 2024};
    assert_string_equal(cell_print_words(&cell, &year, NULL, 0, arena), "2024");
}

static struct str unsupported(const char *prose)
{
    static struct cell cells[] = {
        {.type = CELL_INTEGER, .integer = 1234567},
        {.type = CELL_DOUBLE, .number = 0.4567},
        {.type = CELL_TEXT, .text = {"98765.43", 8}},
        {.type = CELL_TEXT, .text = {"Route 66", 8}},
    };
    static struct result_column columns[] = {{"a", "", VALUE_INTEGER},
                                             {"b", "", VALUE_FLOAT},
                                             {"c", "", VALUE_DECIMAL},
                                             {"d", "", VALUE_TEXT}};
    static struct rows rows = {columns, 4, cells, 1, false};
    static const double facts[] = {-12.34, 4e9};
    static const char *const texts[] = {"top 5 in 2024", NULL};
    struct grounding grounding = {&rows, facts, 2, texts, 2};
    return grounding_find_unsupported(&grounding, str_from(prose));
}

static void held_numbers_pass(void **state)
{
    static const char *const good[] = {
        "nothing to see",
        "1,234,567 in all",
        "about 1.2 million",
        "0.46 or 0.457",
        "98,765.43 EUR, that is 98,765",
        "it fell by 12.3 %, or 12 %",
        "the top 5 of 2024",
        "Route 66",
        "4 billion",
    };
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        assert_int_equal(unsupported(good[i]).length, 0);
}

static void invented_numbers_are_found(void **state)
{
    static const struct {
        const char *prose, *number;
    } bad[] = {
        {"1,234,568 in all", "1,234,568"},
        {"about 1.3 million", "1.3 million"},
        {"0.47", "0.47"},
        {"it fell by 13 %", "13"},
        {"the top 6", "6"},
        {"98,765.44", "98,765.44"},
        {"1e9", "1e9"},
        {"1234567 and 7", "7"},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        if (!str_equal_text(unsupported(bad[i].prose), bad[i].number))
            fail_msg("\"%s\": \"%.*s\" was found", bad[i].prose, STR_ARGS(unsupported(bad[i].prose)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_read_well),
        cmocka_unit_test(cells_read_well),
        cmocka_unit_test(held_numbers_pass),
        cmocka_unit_test(invented_numbers_are_found),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
