/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/strbuf.h"
#include "planner/read/period.h"

#define CASES "tests/cases/periods.txt"

/* "from to" of every period, a comparison with "~" before it; "-" for an open or missing bound. */
static void show(const struct period_list *list, struct strbuf *from, struct strbuf *to)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct period *period = &list->items[i];
        strbuf_printf(from, "%s%s%s", i > 0 ? " " : "", period->comparison ? "~" : "",
                      period->from ? period->from : "-");
        strbuf_printf(to, "%s%s", i > 0 ? " " : "", period->to ? period->to : "-");
    }
    if (list->count == 0) {
        strbuf_add(from, "none");
        strbuf_add(to, "none");
    }
}

static const char *show_group(const struct period_list *list)
{
    if (list->group_unspecified)
        return "time";
    return list->group_by == UNIT_NONE ? "-" : time_unit_name(list->group_by);
}

/* "2026-11-22" or "2026-11-22 week 7 fiscal 4" */
static struct period_calendar read_calendar(struct str text)
{
    struct period_calendar calendar = {.week_start = 1, .fiscal_year_start = 1};
    char copy[64];
    snprintf(copy, sizeof(copy), "%.*s", STR_ARGS(text));
    snprintf(calendar.today, sizeof(calendar.today), "%.10s", copy);
    const char *week = strstr(copy, "week "), *fiscal = strstr(copy, "fiscal ");
    if (week)
        calendar.week_start = atoi(week + 5);
    if (fiscal)
        calendar.fiscal_year_start = atoi(fiscal + 7);
    return calendar;
}

static bool check_line(struct str line, int number)
{
    struct str part[5] = {0}, rest = line;
    for (int i = 0; i < 5; i++) {
        if (!str_split(&rest, '|', &part[i]))
            fail_msg(CASES ":%d: fewer than five fields", number);
        part[i] = str_trim(part[i]);
    }
    struct arena *arena = arena_new();
    struct period_calendar calendar = read_calendar(part[1]);
    struct period_list list;
    period_find(part[0], &calendar, arena, &list);
    struct strbuf from = strbuf_init(1000), to = strbuf_init(1000);
    show(&list, &from, &to);
    bool same = str_equal(strbuf_str(&from), part[2]) && str_equal(strbuf_str(&to), part[3]) &&
                str_equal_text(part[4], show_group(&list));
    if (!same)
        print_message("# %d: %.*s | %.*s | %s | %s | %s\n", number, STR_ARGS(part[0]),
                      STR_ARGS(part[1]), strbuf_text(&from), strbuf_text(&to), show_group(&list));
    strbuf_clear(&from);
    strbuf_clear(&to);
    arena_free(arena);
    return same;
}

static void cases_are_read_as_written(void **state)
{
    FILE *file = fopen(CASES, "r");
    assert_non_null(file);
    char line[1000];
    int number = 0, cases = 0, wrong = 0;
    while (fgets(line, sizeof(line), file)) {
        number++;
        struct str text = str_trim(str_from(line));
        if (text.length == 0 || text.bytes[0] == '#')
            continue;
        cases++;
        wrong += !check_line(text, number);
    }
    fclose(file);
    assert_int_equal(wrong, 0);
    assert_true(cases >= 120);
}

static const struct period_calendar calendar = {"2026-11-22", 1, 1};

static struct period first_of(const char *question, struct arena *arena)
{
    struct period_list list;
    period_find(str_from(question), &calendar, arena, &list);
    assert_true(list.count > 0);
    return list.items[0];
}

static void assumptions_are_said(void **state)
{
    static const struct {
        const char *question, *assumption;
    } rows[] = {
        {"revenue in March", "\"March\" was read as March 2026"},
        {"revenue in December", "\"December\" was read as December 2025"},
        {"revenue in Q2", "\"Q2\" was read as Q2 2026"},
        {"orders on 3/4/2024", "\"3/4/2024\" was read as 3 April 2024 (day before month)"},
        {"orders in the last 3 months", "\"last 3 months\" was read as 1 August to 31 October 2026 "
                                        "(whole ones before the current one)"},
        {"revenue in March 2024", NULL},
        {"revenue last month", NULL},
        {"orders on 13/4/2024", NULL},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct arena *arena = arena_new();
        struct period period = first_of(rows[i].question, arena);
        if (rows[i].assumption)
            assert_string_equal(period.assumption, rows[i].assumption);
        else
            assert_null(period.assumption);
        arena_free(arena);
    }
}

static void words_and_places_are_kept(void **state)
{
    struct arena *arena = arena_new();
    struct period period = first_of("Revenue by region Last Month?", arena);
    assert_string_equal(period.words, "Last Month");
    assert_int_equal(period.begin, 18);
    assert_int_equal(period.end, 28);
    assert_int_equal(period.unit, UNIT_MONTH);
    assert_true(first_of("orders between 1990 and 2000", arena).ambiguous);
    assert_false(first_of("orders in 2020", arena).ambiguous);
    struct period_list list;
    period_find(STR("sales per month in 2024"), &calendar, arena, &list);
    assert_int_equal(list.group_begin, 6);
    assert_int_equal(list.group_end, 15);
    arena_free(arena);
}

static void neighbours(void **state)
{
    static const struct {
        const char *from, *to, *previous_from, *year_from, *year_to;
    } rows[] = {
        {"2024-03-01", "2024-04-01", "2024-02-01", "2023-03-01", "2023-04-01"},
        {"2024-01-01", "2025-01-01", "2023-01-01", "2023-01-01", "2024-01-01"},
        {"2024-02-01", "2024-03-01", "2024-01-01", "2023-02-01", "2023-03-01"},
        {"2024-02-29", "2024-03-01", "2024-02-28", "2023-02-28", "2023-03-01"},
        {"2024-06-03", "2024-06-10", "2024-05-27", "2023-06-03", "2023-06-10"},
        {"2024-04-01", "2024-07-01", "2024-01-01", "2023-04-01", "2023-07-01"},
    };
    struct arena *arena = arena_new();
    struct period other;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct period period = {.from = rows[i].from, .to = rows[i].to};
        assert_true(period_previous(&period, arena, &other));
        assert_string_equal(other.from, rows[i].previous_from);
        assert_string_equal(other.to, rows[i].from);
        assert_true(period_year_before(&period, arena, &other));
        assert_string_equal(other.from, rows[i].year_from);
        assert_string_equal(other.to, rows[i].year_to);
    }
    struct period open = {.from = "2024-01-01"};
    assert_false(period_previous(&open, arena, &other));
    assert_false(period_year_before(&open, arena, &other));
    arena_free(arena);
}

static void bounds_in_words(void **state)
{
    static const struct {
        const char *from, *to, *bounds, *name;
    } rows[] = {
        {"2026-10-01", "2026-11-01", "1 to 31 October 2026", "October 2026"},
        {"2026-10-01", "2026-10-02", "1 October 2026", "1 October 2026"},
        {"2026-04-01", "2026-07-01", "1 April to 30 June 2026", "Q2 2026"},
        {"2026-05-01", "2026-08-01", "1 May to 31 July 2026", NULL},
        {"2026-01-01", "2027-01-01", "1 January to 31 December 2026", "2026"},
        {"2020-01-01", "2030-01-01", "1 January 2020 to 31 December 2029", "2020 to 2029"},
        {"2026-03-01", NULL, "since 1 March 2026", NULL},
        {NULL, "2026-03-01", "before 1 March 2026", NULL},
    };
    struct arena *arena = arena_new();
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_string_equal(period_bounds(rows[i].from, rows[i].to, arena), rows[i].bounds);
        const char *name = period_name(rows[i].from, rows[i].to, arena);
        if (rows[i].name)
            assert_string_equal(name, rows[i].name);
        else
            assert_null(name);
    }
    arena_free(arena);
}

static void any_bytes_are_survived(void **state)
{
    static const char *const pieces[] = {
        "last ", "month ", "2024",   "-",    "/",       "to ",       "from ", "Q",
        "1",     "of ",    "start ", "the ", "\xff",    "march ",    "31 ",   "ago ",
        "week ", "' ",     "\"",     "vs ",  "fiscal ", "999999999 "};
    uint64_t seed = 7;
    for (int round = 0; round < 3000; round++) {
        struct arena *arena = arena_new();
        struct strbuf text = strbuf_init(10000);
        for (int i = 0; i < 40; i++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            strbuf_add(&text, pieces[(seed >> 33) % (sizeof(pieces) / sizeof(pieces[0]))]);
        }
        struct period_list list;
        period_find(strbuf_str(&text), &calendar, arena, &list);
        assert_true(list.count <= 8);
        for (size_t i = 0; i < list.count; i++)
            assert_true(list.items[i].end <= text.length &&
                        list.items[i].begin < list.items[i].end);
        strbuf_clear(&text);
        arena_free(arena);
    }
    struct arena *arena = arena_new();
    struct strbuf nested = strbuf_init(20000);
    for (int i = 0; i < 900; i++)
        strbuf_add(&nested, "start of the ");
    struct period_list list;
    period_find(strbuf_str(&nested), &calendar, arena, &list);
    assert_int_equal(list.count, 0);
    period_find(STR("last month"), &(struct period_calendar){.today = "nonsense"}, arena, &list);
    assert_int_equal(list.count, 0);
    strbuf_clear(&nested);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cases_are_read_as_written), cmocka_unit_test(assumptions_are_said),
        cmocka_unit_test(words_and_places_are_kept), cmocka_unit_test(neighbours),
        cmocka_unit_test(bounds_in_words),           cmocka_unit_test(any_bytes_are_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
