/* SPDX-License-Identifier: Apache-2.0 */
#include "arena_support.h"
#include <string.h>

#include "agent/suggest.h"
#include "planner/query.h"

enum { ORDER_DATE, NOTE, REGION, REVENUE };

static struct column columns[] = {
    {.name = "order_date", .kind = VALUE_DATE, .role = ROLE_TIME},
    {.name = "note",
     .kind = VALUE_TEXT,
     .role = ROLE_DIMENSION,
     .profile = {.known = true, .row_count = 40, .distinct_count = 40}},
    {.name = "region",
     .kind = VALUE_TEXT,
     .role = ROLE_DIMENSION,
     .profile = {.known = true, .row_count = 40, .distinct_count = 4}},
    {.name = "revenue", .kind = VALUE_FLOAT, .role = ROLE_MEASURE},
};
static const struct dataset orders = {.id = "orders", .columns = columns, .column_count = 4};

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
    assert_false(suggests("revenue by region in the South", "revenue by region"));
}

static bool goes_on_with(const struct expression *selected, const char *idea)
{
    const char *ideas[SUGGESTION_IDEAS_MAX];
    const struct expression *group = expression_column(arena, 0, &columns[REGION]);
    struct select_item select[] = {{.expression = group}, {.expression = selected}};
    struct query query = {.select = select, .select_count = 2, .group = &group, .group_count = 1};
    size_t count = suggest_ideas("that", &query, &orders, NULL, arena, ideas);
    for (size_t i = 0; i < count; i++)
        if (strcmp(ideas[i], idea) == 0)
            return true;
    return false;
}

static void shares_are_not_shared_again(void **state)
{
    const struct expression *sum = expression_aggregate(
        arena, AGGREGATE_SUM, expression_column(arena, 0, &columns[REVENUE]));
    assert_true(goes_on_with(sum, "as a share of the total"));
    assert_false(goes_on_with(expression_share(arena, sum), "as a share of the total"));
}

/* A note is another on every row: a row each is a list and no grouping. */
static void groups_hold_more_than_a_row(void **state)
{
    const struct expression *count = expression_count(arena);
    columns[NOTE].profile.distinct_count = 36;
    assert_true(goes_on_with(count, "by note instead?"));
    columns[NOTE].profile.distinct_count = 37;
    assert_false(goes_on_with(count, "by note instead?"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_asked_is_no_suggestion),
        cmocka_unit_test(shares_are_not_shared_again),
        cmocka_unit_test(groups_hold_more_than_a_row),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
