/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers that a statement brings along, and those that it may have. */
#include "arena_support.h"

#include "core/error.h"
#include "sql/own_numbers.h"

static const struct {
    const char *sql;
    bool fine;
} statements[] = {
    {"SELECT sum(revenue) AS total FROM sales", true},
    {"SELECT region, round(100.0 * sum(a) / sum(b), 2) AS share FROM sales GROUP BY region", true},
    {"SELECT count(*) FROM sales WHERE revenue > 987654", true},
    {"SELECT count(*) FILTER (WHERE revenue > 987654) FROM sales", true},
    {"SELECT CASE WHEN age < 18 THEN 'young' WHEN age < 65 THEN 'middle' ELSE 'old' END, count(*) FROM t GROUP BY 1", true},
    {"SELECT sum(CASE WHEN code IN (4711, 4712) THEN 1 ELSE 0 END) FROM t", true},
    {"SELECT 'this year 2024' AS period, sum(a) FROM t UNION ALL SELECT 'last year', sum(a) FROM t", true},
    {"SELECT sum(price) * 1.19 AS gross FROM t", true}, /* the metadata's metric has it */
    {"SELECT sum(price) * 4321 FROM t", true},          /* the question has it */
    {"SELECT quantile_cont(price, 0.95) FROM t", true},
    {"SELECT a FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.id = t.id)", true},
    {"SELECT count(1), sum(1) FROM t", true},
    {"SELECT substr(name, 1, 3), count(*) FROM t GROUP BY 1", true},
    {"SELECT price / 1000 AS thousands FROM t", true},
    {"SELECT date_trunc('month', day), sum(a) FROM t WHERE day >= DATE '2024-01-01' GROUP BY 1 LIMIT 777", true},
    {"SELECT 987654 AS revenue FROM sales", false},
    {"SELECT 100 AS revenue FROM sales LIMIT 1", false},
    {"SELECT max(100) FROM sales", false},
    {"SELECT region, 987654 AS revenue FROM sales", false},
    {"SELECT sum(revenue) + 987654 FROM sales", false},
    {"SELECT 987654 + 0 * sum(revenue) FROM sales", false},
    {"SELECT 9 * 100 FROM sales", false},
    {"SELECT coalesce(987654, revenue) FROM sales", false},
    {"SELECT CASE WHEN revenue > 0 THEN 987654 ELSE 0 END FROM sales", false},
    {"SELECT '987654' AS revenue FROM sales", false},
    {"SELECT CAST('987654' AS INTEGER) AS revenue FROM sales", false},
    {"WITH x AS (SELECT 987654 AS revenue FROM sales) SELECT revenue FROM x", false},
    {"SELECT revenue FROM (SELECT 987654 AS revenue FROM sales) AS x", false},
    {"SELECT sum(revenue) FROM sales UNION ALL SELECT 987654 FROM sales", false},
    {"SELECT revenue FROM (VALUES (987654)) AS x(revenue)", false},
    {"SELECT (SELECT 987654) FROM sales", false},
    {"SELECT 1.5e6 FROM sales", false},
    {"SELECT CAST(sum(a) AS DECIMAL(18, 2)) FROM t", true},
    {"SELECT sum(a)::NUMERIC(38, 4), CAST(b AS VARCHAR(255)) FROM t", true},
    {"SELECT sum(minutes) / 60 / 24 FROM t", true},
    {"SELECT a || ' ' || '-' || b FROM t", true},
    {"SELECT max(day) + INTERVAL 30 DAY FROM t", true},
    {"SELECT '98' || '76' || '54' AS revenue, count(*) FROM sales", false},
    {"SELECT count(*) * 0 + 1000 * 1000 FROM sales", false},
    {"SELECT count(*) * 0 + 1000 + 90 FROM sales", false},
    {"SELECT count(*), INTERVAL 987654 DAY FROM sales", false},
    {"SELECT count(*), DECIMAL(987654) FROM sales", false},
};

static void numbers_come_from_the_data(void **state)
{
    static const char *const texts[] = {"times 4,321, please", NULL, "sum(price) * 1.19"};
    for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]); i++) {
        struct error err = {0};
        bool fine = own_numbers_check(str_from(statements[i].sql), texts, 3, arena, &err);
        if (fine != statements[i].fine)
            fail_msg("%s: %s", statements[i].sql, fine ? "not refused" : err.message);
        if (!fine)
            assert_int_equal(err.code, ERROR_SQL_REFUSED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_come_from_the_data),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
