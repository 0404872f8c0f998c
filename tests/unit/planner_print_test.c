/* SPDX-License-Identifier: Apache-2.0 */
#include "arena_support.h"

#include <stdlib.h>

#include "planner/print/print.h"
#include "planner_shop.h"

/* Short words for building trees: columns are of orders, "customers.name" of a joined table. */
typedef const struct expression *E;
typedef const struct condition *C;

static E in_table(int table, const struct dataset *dataset, const char *name)
{
    const struct column *column = dataset_column(dataset, name);
    assert_non_null(column);
    return expression_column(arena, table, column);
}

static E col(const char *name)
{
    return in_table(0, &shop_orders, name);
}

static E agg(enum aggregate aggregate, const char *name)
{
    return expression_aggregate(arena, aggregate, col(name));
}

static E text(const char *value)
{
    return expression_literal(arena, VALUE_TEXT, value);
}

static E number(const char *value)
{
    return expression_literal(arena, VALUE_DECIMAL, value);
}

static E bucket(enum time_unit unit, const char *name, int fiscal, int week)
{
    struct expression *e =
        arena_memdup(arena, expression_bucket(arena, unit, col(name)), sizeof(*e));
    e->fiscal_year_start = fiscal;
    e->week_start = week;
    return e;
}

static C is(const char *name, enum comparison comparison, E value)
{
    return condition_compare(arena, col(name), comparison, value);
}

static C during(const char *name, const char *from, const char *to)
{
    return condition_period(arena, col(name), from, to, NULL);
}

static struct query *orders(E select)
{
    struct query *q = query_new(arena, &shop_orders);
    if (select)
        query_select(arena, q, select, NULL);
    return q;
}

static struct query *where(C condition)
{
    struct query *q = orders(expression_count(arena));
    query_where(arena, q, condition);
    return q;
}

static struct query *by(E key, E value)
{
    struct query *q = orders(key);
    query_select(arena, q, value, NULL);
    query_group(arena, q, key);
    return q;
}

static void expect(const struct query *query, enum sql_dialect dialect, const char *expected)
{
    struct error err = {0};
    const char *sql = query_print(query, dialect, arena, &err);
    if (!sql)
        fail_msg("expected %s\n      got error %s", expected, err.message);
    if (strcmp(sql, expected) != 0 && getenv("SHOW"))
        print_message("expected %s\n     got %s\n", expected, sql);
    else
        assert_string_equal(sql, expected);
}

static void duck(const struct query *query, const char *expected)
{
    expect(query, DIALECT_DUCKDB, expected);
}

static void lite(const struct query *query, const char *expected)
{
    expect(query, DIALECT_SQLITE, expected);
}

static void both(const struct query *query, const char *expected)
{
    duck(query, expected);
    lite(query, expected);
}

static void refused(const struct query *query, const char *message)
{
    for (int dialect = 0; dialect < SQL_DIALECTS; dialect++) {
        struct error err = {0};
        const char *sql = query_print(query, dialect, arena, &err);
        if (sql)
            fail_msg("printed, not refused: %s", sql);
        if (!strstr(err.message, message))
            fail_msg("'%s' is not in '%s'", message, err.message);
    }
}

static void plain_selections(void **state)
{
    both(orders(expression_star(arena)), "SELECT * FROM \"orders\"");
    both(orders(col("region")), "SELECT \"region\" FROM \"orders\"");
    struct query *q = orders(col("region"));
    q->distinct = true;
    query_order(arena, q, col("region"), false);
    both(q, "SELECT DISTINCT \"region\" FROM \"orders\" ORDER BY \"region\"");
    q = orders(expression_star(arena));
    q->limit = 5;
    both(q, "SELECT * FROM \"orders\" LIMIT 5");
    q = orders(col("revenue"));
    query_order(arena, q, col("revenue"), true);
    q->limit = 1;
    duck(q, "SELECT \"revenue\" FROM \"orders\" ORDER BY \"revenue\" DESC NULLS LAST LIMIT 1");
    lite(q, "SELECT \"revenue\" FROM \"orders\" ORDER BY \"revenue\" DESC LIMIT 1");
}

static void aggregates_and_labels(void **state)
{
    both(orders(expression_count(arena)), "SELECT count(*) AS \"count\" FROM \"orders\"");
    both(orders(agg(AGGREGATE_SUM, "revenue")),
         "SELECT sum(\"revenue\") AS \"total_revenue\" FROM \"orders\"");
    both(orders(agg(AGGREGATE_AVG, "discount")),
         "SELECT avg(\"discount\") AS \"average_discount\" FROM \"orders\"");
    both(orders(agg(AGGREGATE_COUNT_DISTINCT, "customer_id")),
         "SELECT count(DISTINCT \"customer_id\") AS \"distinct_customers\" FROM \"orders\"");
    both(orders(agg(AGGREGATE_MAX, "order_date")),
         "SELECT max(\"order_date\") AS \"last_order_date\" FROM \"orders\"");
    both(orders(agg(AGGREGATE_MIN, "revenue")),
         "SELECT min(\"revenue\") AS \"lowest_revenue\" FROM \"orders\"");
    struct query *q = orders(agg(AGGREGATE_SUM, "revenue"));
    query_select(arena, q, agg(AGGREGATE_SUM, "revenue"), NULL);
    query_select(arena, q, agg(AGGREGATE_SUM, "cost"), "spent \"here\"");
    both(q, "SELECT sum(\"revenue\") AS \"total_revenue\", sum(\"revenue\") AS "
            "\"total_revenue_2\", sum(\"cost\") AS \"spent \"\"here\"\"\" FROM \"orders\"");
}

static void medians(void **state)
{
    duck(orders(agg(AGGREGATE_MEDIAN, "revenue")),
         "SELECT median(\"revenue\") AS \"median_revenue\" FROM \"orders\"");
    struct error err = {0};
    assert_null(query_print(orders(agg(AGGREGATE_MEDIAN, "revenue")), DIALECT_SQLITE, arena, &err));
    assert_int_equal(err.code, ERROR_INVALID);
}

static void weekdays_go_by_the_week(void **state)
{
    E day = expression_bucket(arena, UNIT_WEEKDAY, col("order_date"));
    struct query *q = by(day, expression_count(arena));
    query_order(arena, q, day, false);
    duck(q, "SELECT dayname(\"order_date\") AS \"order_weekday\", count(*) AS \"count\" FROM "
            "\"orders\" GROUP BY dayname(\"order_date\") ORDER BY min(isodow(\"order_date\"))");
}

static void first_of_each(void **state)
{
    struct query *q = by(col("region"), agg(AGGREGATE_SUM, "revenue"));
    query_select(arena, q, col("channel"), NULL);
    query_group(arena, q, col("channel"));
    q->limit = 2;
    q->limit_per = col("region");
    struct error err = {0};
    assert_null(query_print(q, DIALECT_DUCKDB, arena, &err)); /* by what? */
    query_order(arena, q, agg(AGGREGATE_SUM, "revenue"), true);
    duck(q, "SELECT \"region\", \"total_revenue\", \"channel\" FROM (SELECT \"region\", "
            "sum(\"revenue\") AS \"total_revenue\", \"channel\", rank() OVER (PARTITION BY "
            "\"region\" ORDER BY sum(\"revenue\") DESC NULLS LAST) AS \"place_in_group\" FROM "
            "\"orders\" GROUP BY \"region\", \"channel\") AS ranked WHERE \"place_in_group\" <= 2 "
            "ORDER BY \"region\", \"place_in_group\"");
    q->limit_per = col("status"); /* not selected */
    assert_null(query_print(q, DIALECT_DUCKDB, arena, &err));
}

static void groups(void **state)
{
    struct query *q = by(col("region"), agg(AGGREGATE_SUM, "revenue"));
    query_order(arena, q, agg(AGGREGATE_SUM, "revenue"), true);
    duck(q, "SELECT \"region\", sum(\"revenue\") AS \"total_revenue\" FROM \"orders\" GROUP BY "
            "\"region\" ORDER BY \"total_revenue\" DESC NULLS LAST");
    lite(q, "SELECT \"region\", sum(\"revenue\") AS \"total_revenue\" FROM \"orders\" GROUP BY "
            "\"region\" ORDER BY \"total_revenue\" DESC");
    q = orders(col("region"));
    query_group(arena, q, col("region"));
    q->having = condition_compare(arena, expression_count(arena), COMPARE_GREATER_EQUAL,
                                  expression_integer(arena, 3));
    query_order(arena, q, expression_count(arena), false);
    both(q, "SELECT \"region\" FROM \"orders\" GROUP BY \"region\" HAVING count(*) >= 3 ORDER BY "
            "count(*)");
}

static void shares_arithmetic_and_metrics(void **state)
{
    both(by(col("region"), expression_share(arena, agg(AGGREGATE_SUM, "revenue"))),
         "SELECT \"region\", 100.0 * sum(\"revenue\") / nullif(sum(sum(\"revenue\")) OVER (), 0) "
         "AS \"total_revenue_share\" FROM \"orders\" GROUP BY \"region\"");
    struct query *q = orders(expression_arithmetic(arena, agg(AGGREGATE_SUM, "revenue"), '/',
                                                   agg(AGGREGATE_SUM, "quantity")));
    duck(q, "SELECT sum(\"revenue\") / nullif(sum(\"quantity\"), 0) AS \"result\" FROM \"orders\"");
    lite(q, "SELECT 1.0 * sum(\"revenue\") / nullif(sum(\"quantity\"), 0) AS \"result\" FROM "
            "\"orders\"");
    E margin = expression_arithmetic(arena, col("revenue"), '-', col("cost"));
    both(orders(expression_aggregate(arena, AGGREGATE_SUM,
                                     expression_arithmetic(arena, number("2"), '*', margin))),
         "SELECT sum(2 * (\"revenue\" - \"cost\")) AS \"total_result\" FROM \"orders\"");
    both(orders(expression_metric(arena, 0, &shop_metrics[0])),
         "SELECT sum(\"revenue\" - \"cost\") AS \"profit\" FROM \"orders\"");
    both(orders(expression_metric(arena, 0, &shop_metrics[1])),
         "SELECT sum(\"revenue\") / count(*) AS \"average_order_value\" FROM \"orders\"");
    both(where(condition_filter(arena, 0, &shop_filters[1])),
         "SELECT count(*) AS \"count\" FROM \"orders\" WHERE (\"channel\" = 'Web' OR \"channel\" = "
         "'Phone')");
    C returned = condition_filter(arena, 0, &shop_filters[0]);
    both(orders(expression_filtered(arena, agg(AGGREGATE_SUM, "revenue"), returned)),
         "SELECT coalesce(sum(\"revenue\") FILTER (WHERE (\"status\" = 'returned')), 0) AS "
         "\"total_revenue\" "
         "FROM \"orders\"");
    both(orders(expression_filtered(arena, expression_metric(arena, 0, &shop_metrics[1]),
                                    is("region", COMPARE_EQUAL, text("North")))),
         "SELECT sum(\"revenue\") FILTER (WHERE \"region\" = 'North') / count(*) FILTER (WHERE "
         "\"region\" = 'North') AS \"average_order_value\" FROM \"orders\"");
}

#define COUNT_WHERE "SELECT count(*) AS \"count\" FROM \"orders\" WHERE "

static void comparisons(void **state)
{
    both(where(is("region", COMPARE_EQUAL, text("North"))), COUNT_WHERE "\"region\" = 'North'");
    both(where(is("region", COMPARE_NOT_EQUAL, text("North"))),
         COUNT_WHERE "\"region\" <> 'North'");
    both(where(is("revenue", COMPARE_GREATER, number("100"))), COUNT_WHERE "\"revenue\" > 100");
    both(where(is("revenue", COMPARE_LESS_EQUAL, text("-1.5"))), COUNT_WHERE "\"revenue\" <= -1.5");
    both(where(is("region", COMPARE_NULL, NULL)), COUNT_WHERE "\"region\" IS NULL");
    both(where(is("region", COMPARE_NOT_NULL, NULL)), COUNT_WHERE "\"region\" IS NOT NULL");
    both(where(is("region", COMPARE_EQUAL, number("7"))), COUNT_WHERE "\"region\" = '7'");
    duck(where(is("region", COMPARE_GREATER, number("7"))),
         COUNT_WHERE "TRY_CAST(\"region\" AS DOUBLE) > 7");
    lite(where(is("region", COMPARE_GREATER, number("7"))),
         COUNT_WHERE "CAST(\"region\" AS REAL) > 7");
    both(where(is("gift", COMPARE_EQUAL, expression_literal(arena, VALUE_BOOLEAN, "True"))),
         COUNT_WHERE "\"gift\" = TRUE");
    duck(where(is("order_date", COMPARE_EQUAL, text("2024-02-29"))),
         COUNT_WHERE "\"order_date\" = DATE '2024-02-29'");
    lite(where(is("order_date", COMPARE_EQUAL, text("2024-02-29"))),
         COUNT_WHERE "\"order_date\" = '2024-02-29'");
    struct expression range[] = {*number("1"), *number("2")};
    struct condition between = {.kind = CONDITION_COMPARE,
                                .left = col("revenue"),
                                .comparison = COMPARE_BETWEEN,
                                .values = range,
                                .value_count = 2};
    both(where(&between), COUNT_WHERE "\"revenue\" BETWEEN 1 AND 2");
    struct expression values[] = {*text("North"), *text("South")};
    both(where(condition_in(arena, col("region"), values, 2)),
         COUNT_WHERE "\"region\" IN ('North', 'South')");
}

static void patterns(void **state)
{
    E plain = text(like_pattern(arena, "%", STR("ham"), "%"));
    duck(where(is("region", COMPARE_LIKE, plain)), COUNT_WHERE "\"region\" ILIKE '%ham%'");
    lite(where(is("region", COMPARE_LIKE, plain)), COUNT_WHERE "\"region\" LIKE '%ham%'");
    expect(where(is("region", COMPARE_NOT_LIKE, plain)), DIALECT_TRINO,
           COUNT_WHERE "lower(\"region\") NOT LIKE lower('%ham%')");
    E odd = text(like_pattern(arena, "", STR("50%_\\'"), "%"));
    duck(where(is("region", COMPARE_LIKE, odd)),
         COUNT_WHERE "\"region\" ILIKE '50\\%\\_\\\\''%' ESCAPE '\\'");
    duck(where(is("order_id", COMPARE_NOT_LIKE, plain)),
         COUNT_WHERE "CAST(\"order_id\" AS VARCHAR) NOT ILIKE '%ham%'");
}

static void logic(void **state)
{
    C north = is("region", COMPARE_EQUAL, text("North"));
    C web = is("channel", COMPARE_EQUAL, text("Web"));
    C big = is("revenue", COMPARE_GREATER, number("9"));
    both(where(condition_and(arena, north, web)),
         COUNT_WHERE "\"region\" = 'North' AND \"channel\" = 'Web'");
    both(where(condition_and(arena, condition_or(arena, north, web), big)),
         COUNT_WHERE "(\"region\" = 'North' OR \"channel\" = 'Web') AND \"revenue\" > 9");
    both(where(condition_or(arena, condition_and(arena, north, web), big)),
         COUNT_WHERE "(\"region\" = 'North' AND \"channel\" = 'Web') OR \"revenue\" > 9");
    both(where(condition_not(arena, condition_or(arena, north, web))),
         COUNT_WHERE "NOT (\"region\" = 'North' OR \"channel\" = 'Web')");
}

static void periods(void **state)
{
    C date = during("order_date", "2024-01-01", "2024-02-01");
    duck(where(date),
         COUNT_WHERE "\"order_date\" >= DATE '2024-01-01' AND \"order_date\" < DATE '2024-02-01'");
    lite(where(date),
         COUNT_WHERE "\"order_date\" >= '2024-01-01' AND \"order_date\" < '2024-02-01'");
    duck(where(during("order_date", "2024-01-01", NULL)),
         COUNT_WHERE "\"order_date\" >= DATE '2024-01-01'");
    duck(where(during("shipped_at", NULL, "2024-02-01")),
         COUNT_WHERE "\"shipped_at\" < TIMESTAMP '2024-02-01 00:00:00'");
    struct column zoned = {.name = "seen", .kind = VALUE_TIMESTAMP_TZ};
    C instant =
        condition_period(arena, expression_column(arena, 0, &zoned), "2024-01-01", NULL, NULL);
    duck(where(instant), COUNT_WHERE "\"seen\" >= TIMESTAMPTZ '2024-01-01 00:00:00+00'");
    expect(where(instant), DIALECT_TRINO,
           COUNT_WHERE "\"seen\" >= TIMESTAMP '2024-01-01 00:00:00 UTC'");
    both(where(condition_period(arena, in_table(0, &shop_customers, "joined"), "2024-01-01", NULL,
                                NULL)),
         COUNT_WHERE "\"joined\" >= '2024-01-01'");
    E year = in_table(0, &shop_customers, "birth_year");
    both(where(condition_period(arena, year, "1990-01-01", "2000-01-01", NULL)),
         COUNT_WHERE "\"birth_year\" >= 1990 AND \"birth_year\" < 2000");
    refused(where(condition_period(arena, year, "1990-02-01", NULL, NULL)), "whole years");
    C two = condition_or(arena, date, during("order_date", "2023-01-01", "2023-02-01"));
    lite(where(two),
         COUNT_WHERE "(\"order_date\" >= '2024-01-01' AND \"order_date\" < '2024-02-01') "
                     "OR (\"order_date\" >= '2023-01-01' AND \"order_date\" < "
                     "'2023-02-01')");
}

struct bucket_row {
    enum time_unit unit;
    const char *column;
    int fiscal, week;
    const char *duck, *lite, *label;
};

static void buckets(void **state)
{
    static const struct bucket_row rows[] = {
        {UNIT_DAY, "shipped_at", 0, 0, "CAST(\"shipped_at\" AS DATE)", "date(\"shipped_at\")",
         "shipped_day"},
        {UNIT_WEEK, "order_date", 0, 0, "CAST(date_trunc('week', \"order_date\") AS DATE)",
         "date(\"order_date\", '-6 days', 'weekday 1')", "order_week"},
        {UNIT_WEEK, "order_date", 0, 7,
         "CAST(date_trunc('week', CAST(\"order_date\" AS DATE) - INTERVAL '6' DAY) + INTERVAL '6' "
         "DAY AS DATE)",
         "date(\"order_date\", '-6 days', 'weekday 0')", "order_week"},
        {UNIT_MONTH, "order_date", 0, 0, "CAST(date_trunc('month', \"order_date\") AS DATE)",
         "strftime('%Y-%m-01', \"order_date\")", "order_month"},
        {UNIT_QUARTER, "order_date", 1, 0, "CAST(date_trunc('quarter', \"order_date\") AS DATE)",
         "date(\"order_date\", 'start of month', '-' || ((CAST(strftime('%m', \"order_date\") AS "
         "INTEGER) + 11) % 3) || ' months')",
         "order_quarter"},
        {UNIT_QUARTER, "order_date", 2, 0,
         "CAST(date_trunc('quarter', CAST(\"order_date\" AS DATE) - INTERVAL '1' MONTH) + INTERVAL "
         "'1' MONTH AS DATE)",
         "date(\"order_date\", 'start of month', '-' || ((CAST(strftime('%m', \"order_date\") AS "
         "INTEGER) + 10) % 3) || ' months')",
         "order_quarter"},
        {UNIT_QUARTER, "order_date", 4, 0, "CAST(date_trunc('quarter', \"order_date\") AS DATE)",
         "date(\"order_date\", 'start of month', '-' || ((CAST(strftime('%m', \"order_date\") AS "
         "INTEGER) + 11) % 3) || ' months')",
         "order_quarter"},
        {UNIT_YEAR, "order_date", 0, 0, "extract(year FROM \"order_date\")",
         "CAST(strftime('%Y', \"order_date\") AS INTEGER)", "order_year"},
        {UNIT_YEAR, "order_date", 10, 0,
         "extract(year FROM CAST(\"order_date\" AS DATE) + INTERVAL '3' MONTH)",
         "CAST(strftime('%Y', \"order_date\", 'start of month', '+3 months') AS INTEGER)",
         "order_year"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct bucket_row *row = &rows[i];
        E key = bucket(row->unit, row->column, row->fiscal, row->week);
        struct query *q = by(key, expression_count(arena));
        query_order(arena, q, key, false);
        duck(q, arena_printf(arena,
                             "SELECT %s AS \"%s\", count(*) AS \"count\" FROM \"orders\" "
                             "GROUP BY %s ORDER BY \"%s\"",
                             row->duck, row->label, row->duck, row->label));
        lite(q, arena_printf(arena,
                             "SELECT %s AS \"%s\", count(*) AS \"count\" FROM \"orders\" "
                             "GROUP BY %s ORDER BY \"%s\"",
                             row->lite, row->label, row->lite, row->label));
    }
    E joined = expression_bucket(arena, UNIT_MONTH, in_table(0, &shop_customers, "joined"));
    duck(orders(joined),
         "SELECT CAST(date_trunc('month', TRY_CAST(\"joined\" AS DATE)) AS DATE) AS "
         "\"joined_month\" FROM \"orders\"");
    E year = in_table(0, &shop_customers, "birth_year");
    both(orders(expression_bucket(arena, UNIT_YEAR, year)),
         "SELECT \"birth_year\" AS \"birth_year\" FROM \"orders\"");
}

static void joins(void **state)
{
    struct query *q = orders(NULL);
    int customers = query_join(arena, q, &shop_customers, 0, "customer_id", "customer_id");
    E name = in_table(customers, &shop_customers, "name");
    query_select(arena, q, name, NULL);
    query_select(arena, q, expression_metric(arena, 0, &shop_metrics[0]), NULL);
    query_group(arena, q, name);
    query_where(arena, q, during("order_date", "2024-01-01", NULL));
    both(
        ({
            struct query *plain = query_copy(arena, q);
            plain->where = NULL;
            plain;
        }),
        "SELECT t1.\"name\", sum(t0.\"revenue\" - t0.\"cost\") AS \"profit\" FROM \"orders\" AS t0 "
        "JOIN \"customers\" AS t1 ON t0.\"customer_id\" = t1.\"customer_id\" GROUP BY t1.\"name\"");
    duck(q,
         "SELECT t1.\"name\", sum(t0.\"revenue\" - t0.\"cost\") AS \"profit\" FROM \"orders\" AS "
         "t0 JOIN \"customers\" AS t1 ON t0.\"customer_id\" = t1.\"customer_id\" WHERE "
         "t0.\"order_date\" >= DATE '2024-01-01' GROUP BY t1.\"name\"");
    q = orders(col("customer_id"));
    query_join(arena, q, &shop_customers, 0, "customer_id", "customer_id");
    q->tables[1].left_join = true;
    query_select(arena, q, in_table(1, &shop_customers, "customer_id"), NULL);
    both(q, "SELECT t0.\"customer_id\", t1.\"customer_id\" AS \"customers_customer_id\" FROM "
            "\"orders\" AS t0 LEFT JOIN \"customers\" AS t1 ON t0.\"customer_id\" = "
            "t1.\"customer_id\"");
    struct error err = {0};
    assert_null(query_print(q, DIALECT_DOMO, arena, &err));
    assert_non_null(strstr(err.message, "one table"));
}

static void subqueries_and_sets(void **state)
{
    struct query *inner = orders(agg(AGGREGATE_AVG, "revenue"));
    struct expression cell = {.kind = EXPRESSION_SUBQUERY, .subquery = inner};
    both(where(is("revenue", COMPARE_GREATER, &cell)),
         COUNT_WHERE "\"revenue\" > (SELECT avg(\"revenue\") AS \"average_revenue\" FROM "
                     "\"orders\")");
    struct expression list = {.kind = EXPRESSION_SUBQUERY, .subquery = orders(col("region"))};
    both(where(is("region", COMPARE_NOT_IN, &list)),
         COUNT_WHERE "\"region\" NOT IN (SELECT \"region\" FROM \"orders\")");
    struct query *q = orders(col("region"));
    q->set_operation = SET_EXCEPT;
    struct query *right = orders(col("region"));
    query_where(arena, right, is("status", COMPARE_EQUAL, text("open")));
    q->set_right = right;
    query_order(arena, q, col("region"), false);
    both(q, "SELECT \"region\" FROM \"orders\" EXCEPT SELECT \"region\" FROM \"orders\" WHERE "
            "\"status\" = 'open' ORDER BY \"region\"");
    query_order(arena, q, col("status"), false);
    refused(q, "set operation");
}

static void nothing_becomes_syntax(void **state)
{
    both(where(is("region", COMPARE_EQUAL, text("'; DROP TABLE orders; --"))),
         COUNT_WHERE "\"region\" = '''; DROP TABLE orders; --'");
    struct column odd = {.name = "a\"b'; --", .kind = VALUE_TEXT};
    both(orders(expression_column(arena, 0, &odd)), "SELECT \"a\"\"b'; --\" FROM \"orders\"");
    struct dataset table = {.id = "x", .table_name = "t\" --"};
    struct query *q = query_new(arena, &table);
    query_select(arena, q, expression_star(arena), NULL);
    both(q, "SELECT * FROM \"t\"\" --\"");
    static const char *const numbers[] = {"1; DROP", "",   "1 OR 1=1", "0x10", "nan", "inf",
                                          "--1",     "1e", "1.",       " 1",   "-"};
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        refused(where(is("revenue", COMPARE_EQUAL, number(numbers[i]))), "number");
    static const char *const dates[] = {"2024-02-30", "2024-1-1", "' OR 1", "", "2024-01-01'--"};
    for (size_t i = 0; i < sizeof(dates) / sizeof(dates[0]); i++) {
        refused(
            where(is("order_date", COMPARE_EQUAL, expression_literal(arena, VALUE_DATE, dates[i]))),
            "date");
        refused(where(during("order_date", dates[i], NULL)), "date");
    }
    refused(where(is("shipped_at", COMPARE_EQUAL, text("2024-01-01 1'--3:00:00"))), "time");
    refused(where(is("gift", COMPARE_EQUAL, expression_literal(arena, VALUE_BOOLEAN, "true OR 1"))),
            "true nor false");
    refused(where(is("region", COMPARE_EQUAL, text("\xff"))), "UTF-8");
}

static void fragments_are_checked(void **state)
{
    static const struct {
        const char *expression, *message;
    } rows[] = {
        {"", "empty"},
        {"sum(revenue); DROP TABLE x", "';'"},
        {"sum(revenue) -- x", "'-'"},
        {"sum(revenue) /* x */", "'/'"},
        {"(SELECT 1)", "'SELECT'"},
        {"sum(profit)", "'profit' is not a column"},
        {"sum(\"nothing\")", "not a column"},
        {"sum(revenue", "open parenthesis"},
        {"sum(revenue))", "closes nothing"},
        {"sum('abc", "'''"},
        {"sum(revenue::int)", "':'"},
        {"sum(orders.revenue)", "'orders'"},
        {"$1", "'$'"},
        {"x UNION y", "not a column"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct metric metric = {.name = "m", .expression = rows[i].expression};
        refused(orders(expression_metric(arena, 0, &metric)), rows[i].message);
    }
    struct metric fine = {.name = "late share",
                          .expression = "100.0*count(*) FILTER (WHERE SHIPPED_AT>order_date and "
                                        "\"status\" in ('open','it''s'))/nullif(count(*),0)"};
    both(orders(expression_metric(arena, 0, &fine)),
         "SELECT 100.0 * count(*) FILTER (WHERE \"shipped_at\" > \"order_date\" and \"status\" in "
         "('open', 'it''s')) / nullif(count(*), 0) AS \"late_share\" FROM \"orders\"");
    struct metric years = {.name = "years",
                           .expression = "count(DISTINCT extract(year FROM "
                                         "order_date))"};
    both(orders(expression_metric(arena, 0, &years)),
         "SELECT count(DISTINCT extract(year FROM \"order_date\")) AS \"years\" FROM \"orders\"");
}

static void limits(void **state)
{
    C deep = is("region", COMPARE_EQUAL, text("x"));
    for (int i = 0; i < QUERY_DEPTH_MAX - 3; i++)
        deep = condition_not(arena, deep);
    struct error err = {0};
    assert_non_null(query_print(where(deep), DIALECT_DUCKDB, arena, &err));
    refused(where(condition_not(arena, condition_not(arena, deep))), "too deeply");
    struct expression *values = arena_array(arena, QUERY_PARTS_MAX + 1, sizeof(*values));
    for (int i = 0; i <= QUERY_PARTS_MAX; i++)
        values[i] = *number("1");
    assert_non_null(query_print(where(condition_in(arena, col("revenue"), values, QUERY_PARTS_MAX)),
                                DIALECT_DUCKDB, arena, &err));
    refused(where(condition_in(arena, col("revenue"), values, QUERY_PARTS_MAX + 1)), "too many");
    char *big = arena_alloc(arena, 1002);
    memset(big, 'x', 1001);
    refused(where(is("region", COMPARE_EQUAL, text(big))), "too long");
    big[1000] = '\0';
    assert_non_null(
        query_print(where(is("region", COMPARE_EQUAL, text(big))), DIALECT_DUCKDB, arena, &err));
    for (int i = 0; i < 40; i++)
        values[i] = *text(big);
    refused(where(condition_in(arena, col("region"), values, 40)), "too long");
    refused(orders(NULL), "selects nothing");
    refused(orders(expression_column(arena, 3, &shop_order_columns[0])), "no table");
    refused(orders(expression_aggregate(arena, AGGREGATE_SUM, agg(AGGREGATE_SUM, "cost"))),
            "can't be aggregated");
    struct query *q = orders(NULL);
    for (int i = 1; i < QUERY_TABLES_MAX; i++)
        assert_int_equal(query_join(arena, q, &shop_customers, 0, "customer_id", "customer_id"), i);
    assert_int_equal(query_join(arena, q, &shop_customers, 0, "a", "b"), -1);
}

static void equality_is_by_meaning(void **state)
{
    C north = is("region", COMPARE_EQUAL, text("North"));
    C web = is("channel", COMPARE_EQUAL, text("Web"));
    struct query *a = where(condition_and(arena, north, web));
    struct query *b = where(condition_and(arena, web, north));
    b->select[0].label = "n";
    assert_true(query_equal(a, b));
    assert_true(query_hash(a) == query_hash(b));
    b = where(condition_or(arena, web, north));
    assert_false(query_equal(a, b));
    assert_true(query_hash(a) != query_hash(b));
    struct query *copy = query_copy(arena, a);
    query_select(arena, copy, col("region"), NULL);
    copy->limit = 3;
    assert_int_equal(a->select_count, 1);
    assert_false(query_equal(a, copy));
    assert_false(expression_equal(col("region"), col("channel")));
    assert_true(expression_equal(agg(AGGREGATE_SUM, "cost"), agg(AGGREGATE_SUM, "cost")));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(plain_selections),
        TEST(aggregates_and_labels),
        TEST(medians),
        TEST(weekdays_go_by_the_week),
        TEST(first_of_each),
        TEST(groups),
        TEST(shares_arithmetic_and_metrics),
        TEST(comparisons),
        TEST(patterns),
        TEST(logic),
        TEST(periods),
        TEST(buckets),
        TEST(joins),
        TEST(subqueries_and_sets),
        TEST(nothing_becomes_syntax),
        TEST(fragments_are_checked),
        TEST(limits),
        TEST(equality_is_by_meaning),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
