/* SPDX-License-Identifier: Apache-2.0 */
/* What is counted must be something in the data. Without word vectors: names and values only. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>

#include "planner/rules/unknown_subject.h"
#include "planner_shop.h"

static const char *subject(const char *question)
{
    static char copy[64];
    struct arena *arena = arena_new();
    struct plan_dataset orders = {.dataset = &shop_orders};
    struct plan_dataset customers = {.dataset = &shop_customers};
    struct plan_request request = {
        .question = str_from(question),
        .datasets = &orders,
        .dataset_count = 1,
        .joinable = &customers,
        .joinable_count = 1,
    };
    const char *found = unknown_subject(&request, arena);
    snprintf(copy, sizeof(copy), "%s", found ? found : "");
    arena_free(arena);
    return copy;
}

static void unknown_things_are_named(void **state)
{
    assert_string_equal(subject("How many unicorns are there?"), "unicorns");
    assert_string_equal(subject("number of unicorns per region"), "unicorns");
    assert_string_equal(subject("count of different volcanoes by channel"), "volcanoes");
}

static void known_things_are_not(void **state)
{
    static const char *const questions[] = {
        "how many orders are there",           /* the dataset */
        "how many customers do we have",       /* one that can be joined */
        "number of territories",               /* a synonym, stemmed */
        "how many returned orders",            /* a filter, and a value */
        "how many different channels",         /* a column */
        "how many Web orders were there",      /* a value */
        "how many people bought something",    /* fits any data */
        "how many",                            /* nothing is counted */
        "how many are there",
        "total revenue by unicorn",            /* not counted: for others to see */
        "somehow many unicorns",
        "",
        "how many \xFF\xFE",
    };
    for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++)
        if (*subject(questions[i]))
            fail_msg("\"%s\": '%s' is said to be unknown", questions[i], subject(questions[i]));
}

/* Of a query over customers that selects `column`, or counts rows when there is none. */
static bool misses(const char *question, const char *column,
                   bool (*check)(const struct plan_request *, const struct query *,
                                 struct arena *))
{
    struct arena *arena = arena_new();
    struct plan_dataset datasets[] = {{.dataset = &shop_customers}, {.dataset = &shop_orders}};
    struct plan_request request = {
        .question = str_from(question), .datasets = datasets, .dataset_count = 2};
    struct query *query = query_new(arena, &shop_customers);
    const struct expression *selected =
        column ? expression_column(arena, 0, dataset_column(&shop_customers, column))
               : expression_count(arena);
    query_select(arena, query, selected, NULL);
    bool missed = check(&request, query, arena);
    arena_free(arena);
    return missed;
}

static void what_is_counted_is_in_the_query(void **state)
{
    assert_true(misses("how many orders does Ana Sousa have", NULL, counts_another_table));
    assert_true(misses("number of late orders of Bo Lind", NULL, counts_another_table));
    assert_false(misses("how many customers have orders", NULL, counts_another_table));
    assert_false(misses("how many people are there", NULL, counts_another_table));
    assert_false(misses("orders of Ana Sousa", NULL, counts_another_table)); /* counts nothing */
    assert_false(misses("how many", NULL, counts_another_table));
}

static void what_is_ranked_is_shown(void **state)
{
    assert_true(misses("top customers by country", "country", ranks_something_else));
    assert_true(misses("the 5 best customers", "segment", ranks_something_else));
    assert_true(misses("best 5 customers", "segment", ranks_something_else));
    assert_false(misses("top 3 customers", "name", ranks_something_else));
    assert_false(misses("top customers", "customer_id", ranks_something_else));
    assert_false(misses("top countries", "country", ranks_something_else));
    assert_false(misses("stop customers", "country", ranks_something_else));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unknown_things_are_named),
        cmocka_unit_test(known_things_are_not),
        cmocka_unit_test(what_is_counted_is_in_the_query),
        cmocka_unit_test(what_is_ranked_is_shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
