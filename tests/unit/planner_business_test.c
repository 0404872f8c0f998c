/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "core/strbuf.h"
#include "planner/print/print.h"
#include "planner/rules/business.h"
#include "planner_shop.h"
#include "sql/firewall.h"

#define CASES "tests/cases/business.txt"
#define FOLLOW_UP_CASES "tests/cases/follow_ups.txt"

static const struct plan_dataset all[] = {{.dataset = &shop_orders, .score = 0.9},
                                          {.dataset = &shop_customers, .score = 0.6},
                                          {.dataset = &shop_products, .score = 0.5}};

static struct plan_request ask(const char *question)
{
    return (struct plan_request){
        .question = str_from(question),
        .datasets = all,
        .dataset_count = 3,
        .calendar = {"2026-11-22", 1, 1},
        .dialect = DIALECT_DUCKDB,
    };
}

/* The SQL for the last of several questions in a row, "first >> second >> third". */
static const char *sql_of(const char *questions, struct arena *arena,
                          struct business_candidate *out)
{
    const struct query *previous = NULL;
    struct error err = {0};
    const char *sql = "nothing";
    char *rest = arena_strdup(arena, questions);
    while (rest) {
        char *next = strstr(rest, " >> ");
        if (next)
            *next = '\0';
        struct plan_request request = ask(rest);
        request.previous = previous;
        struct business_candidate *list;
        size_t count;
        if (!business_candidates(&request, arena, &list, &count))
            return "nothing";
        *out = list[0];
        previous = list[0].query;
        sql = query_print(previous, DIALECT_DUCKDB, arena, &err);
        if (!sql)
            return arena_strdup(arena, err.message);
        rest = next ? next + 4 : NULL;
    }
    return sql;
}

/* Reads three lines that are neither blank nor comments; false at the end. */
static bool read_case(FILE *file, char line[3][4000])
{
    int lines = 0;
    while (lines < 3) {
        if (!fgets(line[lines], 4000, file))
            return false;
        line[lines][strcspn(line[lines], "\n")] = '\0';
        if (line[lines][0] && line[lines][0] != '#')
            lines++;
    }
    return true;
}

/* Every statement must pass the firewall. */
static bool passes_firewall(const char *sql, struct arena *arena)
{
    const struct dataset *const datasets[] = {&shop_orders, &shop_customers, &shop_products};
    struct firewall_policy policy = {.datasets = datasets, .dataset_count = 3};
    struct firewall_verdict verdict;
    struct error err = {0};
    if (firewall_check(&policy, str_from(sql), arena, &verdict, &err))
        return true;
    fprintf(stderr, "%s: %s\n", sql, err.message);
    return false;
}

/* Question, SQL and reading on three lines each. */
static int check_cases(const char *path)
{
    static char line[3][4000];
    int cases = 0, wrong = 0;
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    while (read_case(file, line)) {
        cases++;
        struct arena *arena = arena_new();
        struct business_candidate best = {0};
        const char *sql = sql_of(line[0], arena, &best);
        const char *reading = best.reading ? best.reading : "nothing";
        wrong += !passes_firewall(sql, arena);
        if (strcmp(sql, line[1]) != 0 || strcmp(reading, line[2]) != 0) {
            wrong++;
            fprintf(stderr, "%s\n%s\n%s\n(%.2f: %s)\n\n", line[0], sql, reading, best.score,
                    best.explanation ? best.explanation : "");
        }
        arena_free(arena);
    }
    fclose(file);
    assert_int_equal(wrong, 0);
    return cases;
}

static void cases_are_read_as_written(void **state)
{
    assert_true(check_cases(CASES) >= 70);
}

static void follow_ups_are_read_as_written(void **state)
{
    assert_true(check_cases(FOLLOW_UP_CASES) >= 40);
}

static bool assumes(const struct business_candidate *c, const char *text)
{
    for (size_t i = 0; i < c->assumption_count; i++)
        if (strcmp(c->assumptions[i], text) == 0)
            return true;
    return false;
}

static void assumptions_are_stated(void **state)
{
    static const struct {
        const char *question, *assumption;
    } rows[] = {
        {"revenue by region", "you mean the sum of revenue"},
        {"discount by region", "you mean the average discount"},
        {"revenue last month", "\"last month\" is 1 to 31 October 2026"},
        {"revenue in March", "\"March\" was read as March 2026"},
        {"revenue over time", "over time was read as by month"},
        {"which products sold the most units", "the list is cut after 10"},
        {"revenue this year vs last year", "2026 is not over yet"},
        {"revenue compared with last year",
         "1 January to 22 November 2026 is compared with 1 January to 22 November 2025"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct arena *arena = arena_new();
        struct business_candidate best = {0};
        sql_of(rows[i].question, arena, &best);
        if (!assumes(&best, rows[i].assumption))
            fail_msg("%s: not assumed: %s (first: %s)", rows[i].question, rows[i].assumption,
                     best.assumption_count > 0 ? best.assumptions[0] : "none");
        arena_free(arena);
    }
    struct arena *arena = arena_new();
    struct business_candidate best = {0};
    sql_of("total revenue in 2025", arena, &best);
    assert_int_equal(best.assumption_count, 0);
    arena_free(arena);
}

static void unknown_words_are_told(void **state)
{
    struct arena *arena = arena_new();
    struct business_candidate best = {0};
    sql_of("revenue by wibble last month", arena, &best);
    assert_int_equal(best.unknown_count, 1);
    assert_string_equal(best.unknown[0], "wibble");
    assert_true(best.score < 0.5);
    sql_of("revenue by region last month please", arena, &best);
    assert_int_equal(best.unknown_count, 0);
    assert_true(best.score > 0.9);
    arena_free(arena);
}

static void questions_about_the_data(void **state)
{
    static const struct {
        const char *question;
        enum plan_meta_kind kind;
        const char *part;
    } rows[] = {
        {"What columns are in the dataset?", PLAN_META_COLUMNS, "- revenue (decimal, EUR)"},
        {"which fields does customers have", PLAN_META_COLUMNS, "Customers has 6 columns"},
        {"what is this data about?", PLAN_META_ABOUT,
         "It has 5000 rows and 13 columns; one row is "
         "one order."},
        {"describe the dataset", PLAN_META_ABOUT, "Order date runs from 2024-01-02 to 2026-11-20"},
        {"what data do you have?", PLAN_META_DATASETS, "- Products"},
        {"What can I ask?", PLAN_META_DATASETS, "- Orders: Orders of the shop"},
        {"revenue by region", PLAN_META_NONE, NULL},
        {"what is the total revenue in the data", PLAN_META_NONE, NULL},
        {"what is the average discount", PLAN_META_NONE, NULL},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct arena *arena = arena_new();
        struct plan_request request = ask(rows[i].question);
        struct plan_meta_answer answer = business_meta(&request, arena);
        assert_int_equal(answer.kind, rows[i].kind);
        if (rows[i].part && !strstr(answer.sentence, rows[i].part))
            fail_msg("'%s' is not in: %s", rows[i].part, answer.sentence);
        arena_free(arena);
    }
}

static void any_question_is_survived(void **state)
{
    static const char *const pieces[] = {
        "revenue ", "by ",     "region ",  "top ",       "5 ",         "last month ",
        "North ",   "not ",    "and ",     "more than ", "customers ", "each ",
        "share ",   "\"x\" ",  "vs ",      "2024 ",      "\xff",       "which ",
        "highest ", "profit ", "returns ", "between ",   "'",          "99999999999999 "};
    uint64_t seed = 11;
    for (int round = 0; round < 1500; round++) {
        struct arena *arena = arena_new();
        struct strbuf text = strbuf_init(4000);
        for (int i = 0; i < 14; i++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            strbuf_add(&text, pieces[(seed >> 33) % (sizeof(pieces) / sizeof(pieces[0]))]);
        }
        struct plan_request request = ask(strbuf_text(&text));
        struct business_candidate *list;
        size_t count;
        struct error err = {0};
        if (business_candidates(&request, arena, &list, &count))
            for (size_t i = 0; i < count; i++) {
                assert_true(list[i].score >= 0 && list[i].score <= 1);
                assert_non_null(list[i].reading);
                if (!query_print(list[i].query, DIALECT_DUCKDB, arena, &err))
                    fail_msg("%s: %s", strbuf_text(&text), err.message);
            }
        strbuf_clear(&text);
        arena_free(arena);
    }
}

/* A word's text is cut after 100 bytes, its number is not looked for behind that; and one with more
 * digits than any engine stores is none, and above all no other. */
static void numbers_without_end(void **state)
{
    static const size_t lengths[] = {30, 38, 40, 41, 99, 100, 101, 4000};
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        struct arena *arena = arena_new();
        char *text = arena_alloc(arena, lengths[i] + 32);
        memcpy(text, "orders above ", 13);
        memset(text + 13, '7', lengths[i]);
        struct plan_request request = ask(text);
        struct business_candidate *list;
        struct error err = {0};
        size_t count, whole = 0;
        bool found = business_candidates(&request, arena, &list, &count);
        for (size_t k = 0; found && k < count; k++) {
            const char *sql = query_print(list[k].query, DIALECT_DUCKDB, arena, &err);
            const char *digits = sql ? strstr(sql, "777") : NULL;
            size_t length = digits ? strspn(digits, "7") : 0;
            assert_true(length == 0 || length == lengths[i]);
            whole += length > 0;
        }
        assert_int_equal(whole > 0, lengths[i] <= 40);
        arena_free(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cases_are_read_as_written),
        cmocka_unit_test(follow_ups_are_read_as_written),
        cmocka_unit_test(assumptions_are_stated),
        cmocka_unit_test(unknown_words_are_told),
        cmocka_unit_test(questions_about_the_data),
        cmocka_unit_test(any_question_is_survived),
        cmocka_unit_test(numbers_without_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
