/* SPDX-License-Identifier: Apache-2.0 */
/* Query trees as JSON: what is written reads back equal; anything else is refused. */
#include "arena_support.h"

#include "planner/print/query_json.h"
#include "planner_shop.h"

static const struct dataset *find(void *context, const char *id)
{
    static const struct dataset *const all[] = {&shop_orders, &shop_customers};
    for (size_t i = 0; i < 2; i++)
        if (strcmp(all[i]->id, id) == 0)
            return all[i];
    return NULL;
}

static const struct expression *column(int table, const struct dataset *dataset, const char *name)
{
    return expression_column(arena, table, dataset_column(dataset, name));
}

/* One of everything. */
static struct query *rich_query(void)
{
    struct query *query = query_new(arena, &shop_orders);
    query_join(arena, query, &shop_customers, 0, "customer_id", "customer_id");
    const struct expression *revenue = column(0, &shop_orders, "revenue");
    const struct expression *month =
        expression_bucket(arena, UNIT_MONTH, column(0, &shop_orders, "order_date"));
    const struct expression *total = expression_aggregate(arena, AGGREGATE_SUM, revenue);
    const struct condition *period = condition_period(
        arena, column(0, &shop_orders, "order_date"), "2026-01-01", "2027-01-01", "this year");
    query_select(arena, query, month, "month");
    query_select(arena, query, total, NULL);
    query_select(arena, query, expression_share(arena, total), "share");
    query_select(arena, query, expression_metric(arena, 0, &shop_metrics[0]), NULL);
    query_select(arena, query, expression_filtered(arena, total, period), "this_year");
    query_group(arena, query, month);
    query_where(arena, query, period);
    query_where(arena, query, condition_filter(arena, 0, &shop_filters[0]));
    query_where(arena, query,
                condition_not(arena, condition_compare(
                                         arena, column(1, &shop_customers, "country"), COMPARE_EQUAL,
                                         expression_literal(arena, VALUE_TEXT, "Spain \"x\""))));
    query->having =
        condition_compare(arena, total, COMPARE_GREATER, expression_integer(arena, 5));
    query_order(arena, query, total, true);
    query->limit = 7;
    query->limit_per = month;
    return query;
}

static const struct query *read(const char *text, struct error *err)
{
    return query_from_json(str_from(text), find, NULL, arena, err);
}

static void what_is_written_reads_back(void **state)
{
    struct query *query = rich_query();
    struct strbuf json = strbuf_init(100000);
    query_to_json(query, &json);
    struct error err = {0};
    const struct query *again = read(strbuf_text(&json), &err);
    if (!again)
        fail_msg("%s", err.message);
    assert_true(query_equal(query, again));
    assert_string_equal(again->select[0].label, "month");
    struct strbuf twice = strbuf_init(100000);
    query_to_json(again, &twice);
    assert_string_equal(strbuf_text(&json), strbuf_text(&twice));
    strbuf_clear(&json);
    strbuf_clear(&twice);
}

static void set_operations_read_back(void **state)
{
    struct query *query = query_new(arena, &shop_customers);
    query_select(arena, query, column(0, &shop_customers, "country"), NULL);
    struct query *right = query_copy(arena, query);
    query->set_operation = SET_INTERSECT;
    query->set_right = right;
    struct strbuf json = strbuf_init(100000);
    query_to_json(query, &json);
    struct error err = {0};
    const struct query *again = read(strbuf_text(&json), &err);
    assert_non_null(again);
    assert_true(query_equal(query, again));
    strbuf_clear(&json);
}

static void every_cut_is_refused(void **state)
{
    struct strbuf json = strbuf_init(100000);
    query_to_json(rich_query(), &json);
    for (size_t length = 0; length < json.length; length++) {
        struct error err = {0};
        assert_null(query_from_json(str_slice(strbuf_str(&json), 0, length), find, NULL, arena,
                                    &err));
        assert_int_equal(err.code, ERROR_INVALID);
    }
    strbuf_clear(&json);
}

#define ORDERS "\"tables\":[{\"dataset\":\"orders\",\"joined_to\":-1}]"
#define REGION "{\"kind\":1,\"column\":\"region\"}"

static void what_is_not_there_is_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "[]",
        "{}",
        "{" ORDERS "}",
        "{" ORDERS ",\"select\":[]}",
        "{" ORDERS ",\"select\":[{}]}",
        "{" ORDERS ",\"select\":[{\"expression\":{\"kind\":1,\"column\":\"nope\"}}]}",
        "{" ORDERS ",\"select\":[{\"expression\":{\"kind\":1}}]}",
        "{" ORDERS ",\"select\":[{\"expression\":{\"kind\":99}}]}",
        "{" ORDERS ",\"select\":[{\"expression\":{\"kind\":-1}}]}",
        "{" ORDERS ",\"select\":[{\"expression\":{\"kind\":3,\"aggregate\":3}}]}",
        "{" ORDERS ",\"select\":[{\"expression\":{\"kind\":1,\"table\":1,\"column\":\"region\"}}]}",
        "{" ORDERS ",\"select\":[{\"expression\":{\"kind\":6,\"metric\":\"nope\"}}]}",
        "{" ORDERS ",\"select\":[{\"expression\":" REGION "}],\"where\":{\"kind\":5}}",
        "{" ORDERS ",\"select\":[{\"expression\":" REGION "}],\"limit\":-1}",
        "{" ORDERS ",\"select\":[{\"expression\":" REGION "}],\"set_operation\":1}",
        "{\"tables\":[{\"dataset\":\"secret\",\"joined_to\":-1}],\"select\":[{\"expression\":" REGION
        "}]}",
        "{\"tables\":[{\"dataset\":\"orders\"}],\"select\":[{\"expression\":" REGION "}]}",
        "{\"tables\":[{\"dataset\":\"orders\",\"joined_to\":-1},{\"dataset\":\"customers\","
        "\"joined_to\":1,\"joined_column\":\"a\",\"own_column\":\"b\"}],\"select\":[{\"expression\":"
        REGION "}]}",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct error err = {0};
        if (read(bad[i], &err))
            fail_msg("was read: %s", bad[i]);
        assert_int_equal(err.code, ERROR_INVALID);
    }
}

static void depth_and_size_have_limits(void **state)
{
    struct strbuf json = strbuf_init(1 << 20);
    strbuf_add(&json, "{" ORDERS ",\"select\":[{\"expression\":");
    for (int i = 0; i < 100; i++)
        strbuf_add(&json, "{\"kind\":8,\"left\":");
    strbuf_add(&json, REGION);
    for (int i = 0; i < 100; i++)
        strbuf_add(&json, "}");
    strbuf_add(&json, "}]}");
    struct error err = {0};
    assert_null(read(strbuf_text(&json), &err));
    assert_int_equal(err.code, ERROR_INVALID);
    strbuf_reset(&json);
    strbuf_add_repeat(&json, ' ', 64 * 1024 + 1);
    err = (struct error){0};
    assert_null(read(strbuf_text(&json), &err));
    assert_int_equal(err.code, ERROR_TOO_LARGE);
    strbuf_clear(&json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_reads_back),
        cmocka_unit_test(set_operations_read_back),
        cmocka_unit_test(every_cut_is_refused),
        cmocka_unit_test(what_is_not_there_is_refused),
        cmocka_unit_test(depth_and_size_have_limits),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
