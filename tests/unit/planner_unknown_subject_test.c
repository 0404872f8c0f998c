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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unknown_things_are_named),
        cmocka_unit_test(known_things_are_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
