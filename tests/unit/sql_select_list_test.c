/* SPDX-License-Identifier: Apache-2.0 */
/* What a statement's columns are, as its text tells. */
#include "arena_support.h"
#include <string.h>

#include "sql/select_list.h"

/* k: key, s: summed up, S: nothing but a sum, p: picked, o: other; a dot: groups may be missing. */
static const char *told(const char *sql)
{
    static const char letters[] = {
        [SELECT_OTHER] = 'o', [SELECT_KEY] = 'k', [SELECT_SUMMED] = 's', [SELECT_PICKED] = 'p'};
    struct select_list list;
    if (!select_list_read(str_from(sql), arena, &list))
        return "-";
    char *text = arena_alloc(arena, list.count + 2);
    for (size_t i = 0; i < list.count; i++)
        text[i] = list.items[i].adds ? 'S' : letters[list.items[i].kind];
    if (!list.whole)
        text[list.count] = '.';
    return text;
}

static const struct {
    const char *sql, *told;
    bool aggregated;
} statements[] = {
    {"SELECT count(*) FROM t", "S", true},
    {"SELECT sum(a) AS total, avg(b) FROM t", "Ss", true},
    {"SELECT region, sum(a) AS total FROM t GROUP BY region ORDER BY total DESC", "kS", true},
    {"SELECT region AS r, sum(a) FROM t GROUP BY r", "kS", true},
    {"SELECT region, sum(a) FROM t GROUP BY 1", "kS", true},
    {"SELECT region, sum(a) FROM t GROUP BY ALL", "kS", true},
    {"SELECT upper(region), sum(a) FROM t GROUP BY upper(region)", "kS", true},
    {"SELECT \"region\", sum(a) FROM t GROUP BY region LIMIT 3", "kS.", true},
    {"SELECT region, sum(a) FROM t GROUP BY region HAVING sum(a) > 3", "kS.", true},
    {"SELECT sum(a) / count(*) FROM t", "s", true},
    {"SELECT (sum(\"a\")) AS a FROM t", "S", true},
    {"SELECT round(sum(a), 2), round((sum(a * b))), coalesce(sum(a), 0) FROM t", "SSS", true},
    {"SELECT CAST(sum(CAST(a AS DOUBLE)) AS INTEGER), sum(a)::BIGINT FROM t", "SS", true},
    {"SELECT sum(a) FILTER (WHERE b > 0) AS n, count(*) FILTER (WHERE b) FROM t", "SS", true},
    {"SELECT round(sum(a) * 2, 1), round(sum(a), b), coalesce(sum(a), sum(b)), round(avg(a), 1) FROM t", "ssss", true},
    {"SELECT sum(a) + sum(b), (sum(a)) + (sum(b)), cast(sum(a) / 2 AS INTEGER) FROM t", "sss", true},
    {"SELECT count(DISTINCT a) FROM t", "s", true},
    {"WITH x AS (SELECT a FROM t) SELECT sum(a) FROM x", "S", true},
    {"SELECT a FROM t", "o", false},
    {"SELECT a, b FROM t GROUP BY a, b", "kk", false},
    {"SELECT DISTINCT a FROM t", "o.", false},
    {"SELECT a, sum(b) OVER (PARTITION BY a) FROM t", "oo", false},
    {"SELECT max(name) FROM t", "p", false},
    {"SELECT string_agg(name, ',') FROM t", "p", false},
    {"SELECT sum(a), max(name) FROM t", "Sp", false},
    {"SELECT arbitrary(name), argmax(name, a), quantile_disc(a, 1) FROM t", "ppp", false},
    {"SELECT sum(a) || min(name) FROM t", "p", false},
    {"SELECT (SELECT name FROM t LIMIT 1), count(*) FROM t", "oS", false},
    {"SELECT sum(a) FROM t UNION ALL SELECT a FROM t", "-", false},
    {"SELECT * FROM t", "-", false},
    {"SELECT t.* FROM t", "-", false},
    {"SELECT 1", "-", false},
    {"FROM t SELECT count(*)", "-", false},
    {"", "-", false},
    {"SELECT count(*) /* hidden */ FROM t", "-", false},
};

static void columns_are_what_they_are(void **state)
{
    for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]); i++) {
        struct select_list list;
        if (strcmp(told(statements[i].sql), statements[i].told) != 0)
            fail_msg("%s: %s", statements[i].sql, told(statements[i].sql));
        bool aggregated = select_list_read(str_from(statements[i].sql), arena, &list) &&
                          select_list_is_aggregated(&list);
        if (aggregated != statements[i].aggregated)
            fail_msg("%s: %d", statements[i].sql, aggregated);
    }
}

static void sums_and_buckets_have_names(void **state)
{
    struct select_list list;
    assert_true(select_list_read(
        STR("SELECT date_trunc('month', t.day) AS m, sum(t.\"net\") FROM t GROUP BY m"), arena,
        &list));
    assert_true(str_equal_text(list.items[0].bucket, "month"));
    assert_true(str_equal_text(list.items[1].column, "net"));
    assert_int_equal(list.items[0].column.length, 0);
    assert_int_equal(list.items[1].bucket.length, 0);
    assert_true(select_list_read(STR("SELECT sum(a * b), round(sum(t.c), 2), count(d), upper(e), f, count(*) FROM t"),
                                 arena, &list));
    assert_int_equal(list.items[0].column.length, 0); /* not that of b alone */
    assert_true(str_equal_text(list.items[1].column, "c"));
    assert_true(list.items[2].counts && list.items[5].counts && !list.items[1].counts);
    assert_true(str_equal_text(list.items[3].source, "e") && str_equal_text(list.items[3].function, "upper"));
    assert_true(str_equal_text(list.items[4].source, "f") && list.items[4].function.length == 0);
}

static void records_are_those_of_one_table(void **state)
{
    static const struct {
        const char *sql;
        bool records;
    } rows[] = {
        {"SELECT a, b FROM t WHERE c > 0 AND d IN (1, 2) ORDER BY a", true},
        {"SELECT x.a FROM t AS x", true},
        {"SELECT a FROM t, u", false},
        {"SELECT a FROM t JOIN u ON t.i = u.i", false},
        {"SELECT a FROM (SELECT a FROM t) AS x", false},
        {"WITH x AS (SELECT a FROM t) SELECT a FROM x", false},
        {"SELECT a FROM t GROUP BY a", false},
    };
    struct select_list list;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_true(select_list_read(str_from(rows[i].sql), arena, &list));
        if (list.of_records != rows[i].records)
            fail_msg("%s", rows[i].sql);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_what_they_are),
        cmocka_unit_test(sums_and_buckets_have_names),
        cmocka_unit_test(records_are_those_of_one_table),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
