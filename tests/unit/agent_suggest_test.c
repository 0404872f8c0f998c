/* SPDX-License-Identifier: Apache-2.0 */
#include "arena_support.h"
#include <string.h>

#include "agent/suggest.h"

static struct column columns[] = {
    {.name = "order_date", .kind = VALUE_DATE, .role = ROLE_TIME},
    {.name = "region",
     .kind = VALUE_TEXT,
     .role = ROLE_DIMENSION,
     .profile = {.known = true, .distinct_count = 4}},
    {.name = "revenue", .kind = VALUE_FLOAT, .role = ROLE_MEASURE},
};
static const struct dataset orders = {.id = "orders", .columns = columns, .column_count = 3};

static bool suggests(const char *asked, const char *idea)
{
    const char *ideas[SUGGESTION_IDEAS_MAX];
    size_t count = suggest_ideas(asked, NULL, &orders, NULL, arena, ideas);
    for (size_t i = 0; i < count; i++)
        if (strcmp(ideas[i], idea) == 0)
            return true;
    return false;
}

/* A model's statement has no tree: then the first questions about the data are offered. */
static void what_was_asked_is_no_suggestion(void **state)
{
    assert_true(suggests("total revenue", "revenue by region"));
    assert_true(suggests("total revenue", "what columns are there?"));
    assert_false(suggests("revenue by region", "revenue by region"));
    assert_false(suggests("  Revenue by region ?", "revenue by region"));
    assert_true(suggests("  Revenue by region ?", "revenue by month"));
    assert_false(suggests("What columns are there", "what columns are there?"));
    assert_true(suggests("?", "average revenue"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_asked_is_no_suggestion),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
