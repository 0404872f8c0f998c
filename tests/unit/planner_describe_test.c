/* SPDX-License-Identifier: Apache-2.0 */
/* Single turns of phrase; whole readings are in tests/cases/business.txt and follow_ups.txt. */
#include "arena_support.h"

#include "planner/print/describe.h"
#include "planner/print/query_json.h"
#include "planner_shop.h"

static const struct expression *col(const char *name)
{
    return expression_column(arena, 0, dataset_column(&shop_orders, name));
}

static const struct expression *text(const char *value)
{
    return expression_literal(arena, VALUE_TEXT, value);
}

static struct query *orders(const struct expression *select)
{
    struct query *q = query_new(arena, &shop_orders);
    query_select(arena, q, select, NULL);
    return q;
}

static void names_become_words(void **state)
{
    static const struct {
        const char *name, *words;
    } rows[] = {{"order_date", "order date"},
                {"orderDate", "order date"},
                {"Revenue", "revenue"},
                {"UNIT_PRICE", "unit price"},
                {"a__b", "a b"},
                {"", ""},
                {"_x_", "x"},
                {"net-weight.kg", "net weight kg"},
                {"energyMWh", "energy mwh"},
                {"kWhPrice", "kwh price"},
                {"CO2Emissions", "co2 emissions"},
                {"USDAmount", "usd amount"},
                {"iOSUsers", "ios users"},
                {"soilPH_pH", "soil ph ph"},
                {"rephrase", "rephrase"},
                {"MWhite", "mwhite"}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_string_equal(name_words(rows[i].name, arena), rows[i].words);
    struct column labelled = {.name = "cst_nm", .label = "customer name"};
    assert_string_equal(column_words(&labelled, arena), "customer name");
    static const struct {
        const char *name, *label, *words;
    } units[] = {{"energyMWh", "energy mwh", "energy MWh"}, {"price_per_kWh", NULL, "price per kWh"},
                 {"pH", NULL, "pH"},                        {"USDAmount", NULL, "USD amount"},
                 {"CO2_g", NULL, "CO2 g"},                  {"energy_mwh", NULL, "energy mwh"}};
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        struct column column = {.name = units[i].name, .label = units[i].label};
        assert_string_equal(column_words(&column, arena), units[i].words);
    }
}

static void plurals(void **state)
{
    static const struct {
        const char *one, *many;
    } rows[] = {{"order", "orders"},
                {"orders", "orders"},
                {"city", "cities"},
                {"day", "days"},
                {"class", "classes"},
                {"branch", "branches"},
                {"box", "boxes"},
                {"person", "people"},
                {"sales person", "sales people"},
                {"order line", "order lines"}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_string_equal(plural_of(rows[i].one, arena), rows[i].many);
    assert_string_equal(dataset_noun(&shop_orders, arena), "orders");
    struct dataset lines = {.table_name = "t1", .grain = "one order line"};
    assert_string_equal(dataset_noun(&lines, arena), "order lines");
    lines.grain = "one row per day of a shop";
    lines.table_name = "daily_visit";
    assert_string_equal(dataset_noun(&lines, arena), "daily visits");
}

static void conditions(void **state)
{
    struct query *q = orders(expression_count(arena));
    const struct {
        const struct condition *condition;
        const char *words;
    } rows[] = {
        {condition_compare(arena, col("region"), COMPARE_NOT_EQUAL, text("North")),
         "region is not North"},
        {condition_compare(arena, col("region"), COMPARE_NULL, NULL), "region is missing"},
        {condition_compare(arena, col("revenue"), COMPARE_LESS_EQUAL, expression_integer(arena, 5)),
         "revenue is at most 5"},
        {condition_compare(arena, col("order_date"), COMPARE_LESS, text("2024-01-01")),
         "order date is before 2024-01-01"},
        {condition_compare(arena, col("region"), COMPARE_LIKE, text("%50\\%%")),
         "region contains \"50%\""},
        {condition_compare(arena, col("region"), COMPARE_NOT_LIKE, text("N%")),
         "region does not start with \"N\""},
        {condition_compare(arena, col("region"), COMPARE_LIKE, text("%h")),
         "region ends with \"h\""},
        {condition_period(arena, col("order_date"), "2026-10-01", "2026-11-01", "last month"),
         "for October 2026 (1 to 31 October 2026)"},
        {condition_period(arena, col("order_date"), NULL, "2026-11-01", NULL),
         "before 1 November 2026"},
        {condition_filter(arena, 0, &shop_filters[0]), "returns"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_string_equal(condition_describe(q, rows[i].condition, arena), rows[i].words);
}

static void sets_and_sub_queries(void **state)
{
    struct query *q = orders(col("region")), *right = orders(col("region"));
    query_where(arena, right, condition_compare(arena, col("status"), COMPARE_EQUAL, text("open")));
    q->set_operation = SET_EXCEPT;
    q->set_right = right;
    assert_string_equal(query_describe(q, arena), "region, but not region, where status is open");
    struct expression cell = {
        .kind = EXPRESSION_SUBQUERY,
        .subquery = orders(expression_aggregate(arena, AGGREGATE_AVG, col("revenue")))};
    q = orders(expression_count(arena));
    query_where(arena, q, condition_compare(arena, col("revenue"), COMPARE_GREATER, &cell));
    assert_string_equal(query_describe(q, arena),
                        "number of orders, where revenue is above the average revenue");
}

static void deep_trees_end(void **state)
{
    const struct condition *deep = condition_compare(arena, col("region"), COMPARE_NULL, NULL);
    for (int i = 0; i < 1000; i++)
        deep = condition_not(arena, deep);
    struct query *q = orders(col("region"));
    query_where(arena, q, deep);
    assert_non_null(query_describe(q, arena));
    assert_non_null(query_prune(arena, q));
    (void)query_hash(q);
}

static const struct dataset *find(void *context, const char *id)
{
    return shop_dataset(id);
}

/* A comparison of two periods comes back from JSON as it was. */
static void part_of_rows_survives_json(void **state)
{
    const struct expression *sum = expression_aggregate(arena, AGGREGATE_SUM, col("revenue"));
    struct query *q = orders(expression_filtered(
        arena, sum, condition_period(arena, col("order_date"), "2026-10-01", "2026-11-01", NULL)));
    struct strbuf json = strbuf_init(10000);
    query_to_json(q, &json);
    struct error err = {0};
    const struct query *back = query_from_json(strbuf_str(&json), find, NULL, arena, &err);
    assert_non_null(back);
    assert_true(query_equal(q, back));
    strbuf_clear(&json);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(names_become_words),   TEST(plurals),        TEST(conditions),
        TEST(sets_and_sub_queries), TEST(deep_trees_end), TEST(part_of_rows_survives_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
