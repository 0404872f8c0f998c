/* SPDX-License-Identifier: Apache-2.0 */
/* Words that change the meaning of a question, and queries that hear them or don't. */
#include "arena_support.h"

#include "planner/rules/unheard.h"
#include "planner_shop.h"

static const struct expression *column(const char *name)
{
    return expression_column(arena, 0, dataset_column(&shop_orders, name));
}

static struct query *plain(void)
{
    struct query *query = query_new(arena, &shop_orders);
    query_select(arena, query, column("region"), NULL);
    return query;
}

static const struct condition *status_is(enum comparison comparison, const char *value)
{
    return condition_compare(arena, column("status"), comparison,
                             expression_literal(arena, VALUE_TEXT, value));
}

static void hears(const char *question, const struct query *query)
{
    struct telling_words said = telling_words_find(str_from(question));
    const char *word = unheard_word(&said, query);
    if (word)
        fail_msg("\"%s\": '%s' is said to be unheard", question, word);
}

static void misses(const char *question, const struct query *query, const char *word)
{
    struct telling_words said = telling_words_find(str_from(question));
    const char *found = unheard_word(&said, query);
    if (!found || strcmp(found, word) != 0)
        fail_msg("\"%s\": '%s' instead of '%s'", question, found ? found : "nothing", word);
}

static void negations(void **state)
{
    misses("orders that were never shipped", plain(), "never");
    misses("Orders NOT delivered", plain(), "not");
    misses("customers who didn't pay", plain(), "didn't");
    misses("customers with no orders", plain(), "with no");
    hears("notable orders of Nevers, withouten", plain()); /* parts of longer words */
    hears("order no 5", plain());
    struct query *query = plain();
    query_where(arena, query, status_is(COMPARE_EQUAL, "delivered"));
    misses("orders not delivered", query, "not");
    query = plain();
    query_where(arena, query, status_is(COMPARE_NOT_EQUAL, "delivered"));
    hears("orders not delivered", query);
    query = plain();
    query_where(arena, query, condition_not(arena, status_is(COMPARE_EQUAL, "delivered")));
    hears("orders not delivered", query);
    query = plain();
    query_where(arena, query, status_is(COMPARE_EQUAL, "not paid"));
    hears("orders that are not paid", query); /* the value itself says it */
    query = plain();
    query_where(arena, query, status_is(COMPARE_EQUAL, "No"));
    hears("people who don't smoke", query);
}

static void one_row_for_each(void **state)
{
    struct query *query = plain();
    query_group(arena, query, column("region"));
    query_group(arena, query, column("channel"));
    hears("revenue in each region", query);
    query->limit = 1;
    misses("top channel in each region", query, "in each");
}

static void change_needs_time(void **state)
{
    struct query *query = query_new(arena, &shop_orders);
    query_select(arena, query, expression_aggregate(arena, AGGREGATE_SUM, column("revenue")), NULL);
    misses("is revenue growing?", query, "growing");
    query_select(arena, query, expression_bucket(arena, UNIT_MONTH, column("order_date")), NULL);
    hears("is revenue growing?", query);
}

static void restrictions_and_groups(void **state)
{
    struct query *count = query_new(arena, &shop_orders);
    query_select(arena, count, expression_count(arena), NULL);
    misses("how many orders with status shipped", count, "with");
    misses("how many orders by zonk", count, "by");
    misses("orders per zonk", count, "per");
    struct query *grouped = query_copy(arena, count);
    query_group(arena, grouped, column("region"));
    hears("how many orders by region", grouped);
    hears("orders per region", grouped);
    struct query *filtered = query_copy(arena, count);
    query_where(arena, filtered, status_is(COMPARE_EQUAL, "open"));
    hears("how many orders with status open", filtered);
    struct query *average = query_new(arena, &shop_orders);
    query_select(arena, average, expression_aggregate(arena, AGGREGATE_AVG, column("revenue")),
                 NULL);
    hears("revenue per order", average);
    struct query *two = plain();
    query_select(arena, two, column("channel"), NULL);
    hears("regions with their channels", two);
}

static void superlatives_and_averages(void **state)
{
    struct query *query = plain();
    misses("cheapest order", query, "cheapest");
    misses("what is the most expensive order", query, "most expensive");
    hears("the westernmost orders", query);
    query_order(arena, query, column("revenue"), true);
    hears("cheapest order", query);
    query = query_new(arena, &shop_orders);
    query_select(arena, query, expression_aggregate(arena, AGGREGATE_SUM, column("revenue")), NULL);
    misses("average monthly revenue", query, "average");
    misses("largest revenue", query, "largest");
    query->select[0].expression = expression_aggregate(arena, AGGREGATE_MAX, column("revenue"));
    hears("largest revenue", query);
    query->select[0].expression = expression_aggregate(arena, AGGREGATE_AVG, column("revenue"));
    hears("average revenue", query);
    query = plain();
    query_where(arena, query, status_is(COMPARE_EQUAL, "oldest"));
    hears("orders that are oldest", query); /* the value itself says it */
    struct column named = {.name = "highest_bid", .kind = VALUE_DECIMAL};
    query = query_new(arena, &shop_orders);
    query_select(arena, query, expression_column(arena, 0, &named), NULL);
    hears("highest bid", query);
}

static void most_is_compared(void **state)
{
    struct query *query = plain();
    misses("what did we sell most", query, "most");
    struct query *few = plain();
    query_where(arena, few, status_is(COMPARE_EQUAL, "open"));
    misses("open orders of at most 5 items", few, "at most");
    misses("who earns more than open", few, "more than"); /* its own row is no answer */
    hears("how many visits were long", few);
    query_where(arena, few, condition_compare(arena, column("revenue"), COMPARE_LESS_EQUAL,
                                              expression_integer(arena, 5)));
    hears("open orders of at most 5 items", few);
    misses("the visits that were long", query, "long");
    misses("visits on weekends", query, "weekends");
    misses("orders of at most 5 items", query, "at most");
    misses("what percentage of orders is open", query, "percentage");
    misses("products out of stock", query, "out of");
    query_order(arena, query, expression_count(arena), true);
    hears("what did we sell most", query);
    misses("the most expensive region", query, "expensive");
    query->order[0].expression = expression_aggregate(arena, AGGREGATE_SUM, column("revenue"));
    hears("the most expensive region", query);
}

static void never_is_about_all_rows(void **state)
{
    struct query *query = plain();
    query_where(arena, query, status_is(COMPARE_NOT_EQUAL, "returned"));
    hears("orders never returned", query);
    query->distinct = true;
    misses("regions that never returned anything", query, "never");
    misses("regions without anything returned", query, "without");
    misses("regions that have no return", query, "have no");
}

static void days_ago_are_a_day(void **state)
{
    struct query *query = plain();
    misses("orders placed 30 days ago", query, "days ago");
    query_where(arena, query,
                condition_period(arena, column("order_date"), "2026-10-24", "2026-10-25", NULL));
    hears("orders placed 30 days ago", query);
    hears("how many orders were placed 30 days ago", query);
    misses("how many days ago was the last order", query, "how many days ago");
    misses("how many days since the last order", query, "how many days since");
}

static void hostile_questions(void **state)
{
    hears("", plain());
    misses("\xFF never \xFE", plain(), "never");
    hears("n", plain());
}

static void top_is_not_all(void **state)
{
    misses("top regions", plain(), "top");
    struct query *query = plain();
    query->limit = 5;
    hears("top regions", query);
}

static void both_ends(void **state)
{
    struct query *query = query_new(arena, &shop_orders);
    query_select(arena, query, expression_aggregate(arena, AGGREGATE_MIN, column("revenue")), NULL);
    misses("lowest and highest revenue", query, "and");
    hears("lowest revenue", query);
    hears("lowest revenue in North and South", query);
    query_select(arena, query, expression_aggregate(arena, AGGREGATE_MAX, column("revenue")), NULL);
    hears("lowest and highest revenue", query);
}

static void who_is_somebody(void **state)
{
    struct query *query = query_new(arena, &shop_orders);
    query_select(arena, query, column("revenue"), NULL);
    misses("who earns the most?", query, "who");
    hears("orders of people who paid", query);
    hears("who sold it", plain());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(negations),
        cmocka_unit_test(one_row_for_each),
        cmocka_unit_test(change_needs_time),
        cmocka_unit_test(restrictions_and_groups),
        cmocka_unit_test(top_is_not_all),
        cmocka_unit_test(both_ends),
        cmocka_unit_test(who_is_somebody),
        cmocka_unit_test(superlatives_and_averages),
        cmocka_unit_test(most_is_compared),
        cmocka_unit_test(never_is_about_all_rows),
        cmocka_unit_test(days_ago_are_a_day),
        cmocka_unit_test(hostile_questions),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
