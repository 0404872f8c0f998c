/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/clock.h"

static void days_and_dates_agree(void **state)
{
    assert_int_equal(date_to_days((struct date){1970, 1, 1}), 0);
    assert_int_equal(date_to_days((struct date){2000, 3, 1}), 11017);
    int64_t days = date_to_days((struct date){1, 1, 1});
    for (int year = 1; year <= 9999; year++)
        for (int month = 1; month <= 12; month++)
            for (int day = 1; day <= date_month_length(year, month); day++, days++) {
                struct date date = date_from_days(days);
                assert_true(date.year == year && date.month == month && date.day == day);
                assert_true(date_to_days(date) == days);
            }
}

static void weekdays(void **state)
{
    assert_int_equal(date_weekday(0), 4);
    assert_int_equal(date_weekday(-1), 3);
    assert_int_equal(date_weekday(-4), 7);
    assert_int_equal(date_weekday(date_to_days((struct date){2026, 11, 22})), 7);
}

static void months_keep_the_day_or_take_the_last(void **state)
{
    struct date date = date_add_months((struct date){2024, 1, 31}, 1);
    assert_true(date.year == 2024 && date.month == 2 && date.day == 29);
    date = date_add_months((struct date){2024, 3, 15}, -15);
    assert_true(date.year == 2022 && date.month == 12 && date.day == 15);
}

static void dates_are_read_strictly(void **state)
{
    struct date date;
    char text[DATE_SIZE];
    assert_true(date_parse(STR("2024-02-29"), &date));
    date_print(date, text);
    assert_string_equal(text, "2024-02-29");
    assert_false(date_parse(STR("2023-02-29"), &date));
    assert_false(date_parse(STR("2024-2-29"), &date));
    assert_false(date_parse(STR("0000-01-01"), &date));
    assert_false(date_parse(STR("2024-13-01"), &date));
}

static void parts_of_a_second_are_read(void **state)
{
    static const char *const texts[][2] = {
        {"2024-02-29T23:59:00.123456789+23:59", "2024-02-29T00:00:00.123Z"},
        {"2024-02-29T23:59:59.999Z", "2024-02-29T23:59:59.999Z"},
        {"2024-02-29T23:59:59.9999Z", "2024-02-29T23:59:59.999Z"},
        {"2024-02-29T23:59:59.05", "2024-02-29T23:59:59.050Z"},
        {"2024-02-29T23:59:59Z", "2024-02-29T23:59:59.000Z"},
        {"1969-12-31T23:59:59.999Z", "1969-12-31T23:59:59.999Z"},
    };
    char text[TIMESTAMP_SIZE];
    int64_t time_ms;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_true(clock_parse(texts[i][0], &time_ms));
        clock_print_utc(time_ms, text);
        assert_string_equal(text, texts[i][1]);
    }
}

static void now_can_be_fixed(void **state)
{
    char text[TIMESTAMP_SIZE];
    assert_true(clock_set_now("2024-02-29T23:30:00-01:00"));
    clock_print_utc(clock_now_ms(), text);
    assert_string_equal(text, "2024-03-01T00:30:00.000Z");
    assert_int_equal(clock_today(0), date_to_days((struct date){2024, 3, 1}));
    assert_int_equal(clock_today(-60), date_to_days((struct date){2024, 2, 29}));
    assert_true(clock_set_now("2024-02-29"));
    assert_false(clock_set_now("yesterday"));
    assert_false(clock_set_now("2024-02-29T25:00"));
    assert_false(clock_set_now("2024-02-29T10:00:00+99:00"));
    int64_t time_ms;
    assert_false(clock_parse("2024-02-29T23:59:00+24:00", &time_ms));
    clock_print_utc(-1, text);
    assert_string_equal(text, "1969-12-31T23:59:59.999Z");
    clock_print_utc(INT64_MAX, text);
    assert_string_equal(text, "9999-12-31T23:59:59.999Z");
    clock_print_utc(INT64_MIN, text);
    assert_string_equal(text, "0001-01-01T00:00:00.000Z");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(days_and_dates_agree), cmocka_unit_test(weekdays),
        cmocka_unit_test(months_keep_the_day_or_take_the_last),
        cmocka_unit_test(dates_are_read_strictly), cmocka_unit_test(now_can_be_fixed),
        cmocka_unit_test(parts_of_a_second_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
