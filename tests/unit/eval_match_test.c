/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>
#include <string.h>

#include "eval/database.h"
#include "eval/match.h"

static struct eval_result result_of(struct arena *arena, const char *text)
{
    struct eval_result result;
    json_t *json = json_loads(text, JSON_DECODE_INT_AS_REAL, NULL);
    assert_true(eval_result_of_json(json, arena, &result));
    json_decref(json);
    return result;
}

static bool agree(const char *gold, const char *other, bool ordered, bool extra)
{
    struct arena *arena = arena_new();
    struct eval_result a = result_of(arena, gold), b = result_of(arena, other);
    bool agrees = eval_match(&a, &b, ordered, extra, arena);
    arena_free(arena);
    return agrees;
}

static void test_numbers(void **state)
{
    assert_true(agree("[[1000000]]", "[[1000000.9999]]", false, false));
    assert_false(agree("[[1000000]]", "[[1000001.1]]", false, false));
    assert_true(agree("[[0]]", "[[1e-9]]", false, false));
    assert_false(agree("[[0]]", "[[2e-9]]", false, false));
    assert_true(agree("[[-0.0]]", "[[0]]", false, false));
    assert_true(agree("[[1e308]]", "[[1e308]]", false, false));
    assert_false(agree("[[1e308]]", "[[-1e308]]", false, false));
}

static void test_order_of_rows_and_columns(void **state)
{
    assert_true(agree("[[1,\"x\"],[2,\"y\"]]", "[[\"y\",2],[\"x\",1]]", false, false));
    assert_false(agree("[[1,\"x\"],[2,\"y\"]]", "[[\"y\",2],[\"x\",1]]", true, false));
    assert_true(agree("[[1,\"x\"],[2,\"y\"]]", "[[\"x\",1],[\"y\",2]]", true, false));
    /* The same values column by column, but other pairs. */
    assert_false(agree("[[1,2],[3,4]]", "[[1,4],[3,2]]", false, false));
    assert_true(agree("[[1,2]]", "[[9,2,8,1]]", false, true));
    assert_false(agree("[[1,2]]", "[[9,2,8,1]]", false, false));
    assert_false(agree("[[1],[2,3]]", "[[1],[2,3]]", false, false)); /* no table */
    assert_true(agree("[]", "[]", true, false));
    assert_true(agree("[[]]", "[[]]", false, false));
}

/* As many columns as may be put into another order, and one more. */
static void test_column_limit(void **state)
{
    struct arena *arena = arena_new();
    for (size_t count = EVAL_COLUMNS_MAX; count <= EVAL_COLUMNS_MAX + 1; count++) {
        struct eval_result gold = {0}, other = {0};
        struct eval_row *a = eval_result_add(&gold, count, arena);
        struct eval_row *b = eval_result_add(&other, count, arena);
        for (size_t i = 0; i < count; i++) {
            a->values[i] = eval_number((double)i);
            b->values[count - 1 - i] = eval_number((double)i);
        }
        assert_int_equal(eval_match(&gold, &other, false, false, arena), count <= EVAL_COLUMNS_MAX);
        assert_true(eval_match(&gold, &gold, false, false, arena));
    }
    arena_free(arena);
}

/* Equal columns in all orders would take for ever; it ends. */
static void test_many_equal_columns(void **state)
{
    struct arena *arena = arena_new();
    struct eval_result gold = {0}, other = {0};
    for (size_t row = 0; row < 3; row++) {
        struct eval_row *a = eval_result_add(&gold, 40, arena);
        struct eval_row *b = eval_result_add(&other, 40, arena);
        for (size_t i = 0; i < 40; i++) {
            a->values[i] = eval_number((double)((row + i) % 3));
            b->values[i] = eval_number((double)((row * 2 + i) % 3));
        }
    }
    (void)eval_match(&gold, &other, true, false, arena);
    arena_free(arena);
}

static void test_numbers_as_text(void **state)
{
    static const char *const numbers[] = {"0", "-1", "+1.5", ".5", "2.", "1e3", "1E-3"};
    static const char *const others[] = {"",   "-",   ".",   "1e",  "1e+",
                                         "1 ", "0x1", "inf", "1,0", "1.2.3"};
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        assert_true(eval_is_number(str_from(numbers[i])));
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        assert_false(eval_is_number(str_from(others[i])));
}

static void test_freeze(void **state)
{
    struct arena *arena = arena_new();
    assert_string_equal(
        eval_freeze(
            STR("select date('now','-1 day'), 'it''s now', current_date, Current_Timestamp, "
                "current_dates, my_current_date, 'NOW'"),
            "2025-06-30 12:00:00", arena),
        "select date('2025-06-30 12:00:00','-1 day'), 'it''s now', '2025-06-30', "
        "'2025-06-30 12:00:00', current_dates, my_current_date, '2025-06-30 12:00:00'");
    assert_string_equal(eval_freeze(STR("select 'now"), "2025-06-30", arena), "select 'now");
    assert_string_equal(eval_freeze(STR("select 'now'"), NULL, arena), "select 'now'");
    arena_free(arena);
}

static void test_names_of_databases(void **state)
{
    assert_true(eval_database_id_is_fit("town"));
    assert_true(eval_database_id_is_fit("a.b"));
    assert_false(eval_database_id_is_fit(""));
    assert_false(eval_database_id_is_fit("../town"));
    assert_false(eval_database_id_is_fit("a/b"));
}

/* Texts that are no UTF-8, and one that is all brackets. */
static void test_odd_answers(void **state)
{
    static const char *const texts[] = {"\xff\xfe", "[[[[", "]]]]", "((a)(b",  "\"",
                                        ".",        "-",    "--",   "xx-xx-xx"};
    struct arena *arena = arena_new();
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct eval_result one = {0};
        struct eval_row *row = eval_result_add(&one, 1, arena);
        row->values[0] = (struct eval_value){.type = EVAL_TEXT, .text = str_from(texts[i])};
        bool exact, lenient;
        eval_match_answers(&one, &one, -1, arena, &exact, &lenient);
        assert_true(exact);
        (void)eval_lenient(&one, arena);
    }
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_order_of_rows_and_columns),
        cmocka_unit_test(test_column_limit),
        cmocka_unit_test(test_many_equal_columns),
        cmocka_unit_test(test_numbers_as_text),
        cmocka_unit_test(test_freeze),
        cmocka_unit_test(test_names_of_databases),
        cmocka_unit_test(test_odd_answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
