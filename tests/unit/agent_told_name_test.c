/* SPDX-License-Identifier: Apache-2.0 */
/* What the columns of a language model's statement are called: labels are told, claims are not. */
#include "arena_support.h"
#include <string.h>

#include "agent/answer.h"
#include "agent/told_name.h"

static struct column columns[] = {
    {.name = "region", .kind = VALUE_TEXT, .role = ROLE_DIMENSION},
    {.name = "net_2", .label = "net revenue", .kind = VALUE_DECIMAL, .role = ROLE_MEASURE, .unit = "EUR"},
    {.name = "The rate is 19 %", .kind = VALUE_DECIMAL, .role = ROLE_MEASURE},
    {.name = "vat_rate", .kind = VALUE_DECIMAL, .role = ROLE_MEASURE},
    {.name = "flag", .kind = VALUE_INTEGER, .role = ROLE_MEASURE, .profile = {.min = "0", .max = "1"}},
    {.name = "late", .kind = VALUE_BOOLEAN, .role = ROLE_DIMENSION},
};
static struct dataset dataset = {
    .id = "sales", .table_name = "sales", .title = "Sales", .columns = columns, .column_count = 6};

/* Of a statement of one column, as DuckDB names it. */
static const char *told(const char *question, const char *sql, const char *name, enum value_kind kind)
{
    struct told_names names = {.question = question, .dataset = &dataset, .arena = arena};
    struct select_list list;
    struct token fault;
    enum refusal refusal;
    assert_true(tokenize(str_from(sql), arena, &names.tokens, &refusal, &fault));
    bool read = select_list_read(str_from(sql), arena, &list);
    struct result_column column = {.name = name, .type = "", .kind = kind};
    return told_name(&names, &column, read ? &list.items[0] : NULL);
}

static const struct {
    const char *question, *sql, *name, *told;
} numbers[] = {
    /* labels */
    {"q", "SELECT sum(net_2) AS total_revenue FROM sales", "total_revenue", NULL},
    {"q", "SELECT count(*) AS \"Umsatz (Stück)\" FROM sales", "Umsatz (Stück)", NULL},
    {"q", "SELECT avg(net_2) AS is_late FROM sales", "is_late", NULL},
    {"q", "SELECT avg(net_2) AS p95_latency FROM sales", "p95_latency", NULL},
    {"q", "SELECT \"The rate is 19 %\" FROM sales", "The rate is 19 %", NULL},
    {"orders over 5000", "SELECT count(*) AS orders_over_5000 FROM sales WHERE net_2 > 5000", "orders_over_5000", NULL},
    {"this year", "SELECT sum(net_2) AS revenue_2024 FROM sales WHERE day >= DATE '2024-01-01'", "revenue_2024", NULL},
    {"the second highest", "SELECT net_2 AS second_highest FROM sales LIMIT 1 OFFSET 1", "second_highest", NULL},
    {"q", "SELECT sum(net_2) / 1000 AS \"revenue in thousands\" FROM sales", "revenue in thousands", NULL},
    /* claims */
    {"q", "SELECT sum(net_2) AS \"the revenue is 987654\" FROM sales", "the revenue is 987654", "total net revenue"},
    {"q", "SELECT sum(net_2) \"the revenue is 987654\" FROM sales", "the revenue is 987654", "total net revenue"},
    {"q", "SELECT sum(t.net_2) AS \"987654\" FROM sales AS t", "987654", "total net revenue"},
    {"q", "SELECT count(*) AS \"987_654\" FROM sales", "987_654", "number of rows"},
    {"q", "SELECT count(1) AS \"revenue nine hundred\" FROM sales", "revenue nine hundred", "number of rows"},
    {"q", "SELECT count(DISTINCT region) AS \"9 million\" FROM sales", "9 million", "number of different region"},
    {"q", "SELECT avg(net_2) AS \"revenue ９８７６５４\" FROM sales", "revenue ９８７６５４", "average net revenue"},
    {"q", "SELECT avg(net_2) AS \"revenue ٩٨٧\" FROM sales", "revenue ٩٨٧", "average net revenue"},
    {"q", "SELECT sum(net_2) AS revenue_2024 FROM sales", "revenue_2024", "total net revenue"},
    {"is it 987654", "SELECT sum(net_2) AS revenue_987654 FROM sales", "revenue_987654", "total net revenue"},
    {"q", "SELECT sum(net_2) AS revenue_987654 FROM sales WHERE net_2 <> 987654", "revenue_987654", "total net revenue"},
    {"q", "SELECT sum(net_2) AS q98_r76_s54 FROM sales", "q98_r76_s54", "total net revenue"},
    {"q", "SELECT sum(net_2) AS \"North is best of all\" FROM sales", "North is best of all", "total net revenue"},
    {"q", "SELECT sum(net_2) AS \"see https://evil.test/x\" FROM sales", "see https://evil.test/x", "total net revenue"},
    {"q", "SELECT sum(net_2) AS \"a b c d e f g\" FROM sales", "a b c d e f g", "total net revenue"},
    {"q", "SELECT sum(net_2) AS \"**bold**\" FROM sales", "**bold**", "total net revenue"},
    {"q", "SELECT sum(net_2) FROM sales", "sum(net_2)", "total net revenue"},
    {"q", "SELECT count(*) AS percent FROM sales", "percent", "number of rows"},
    {"q", "SELECT sum(net_2) AS \"revenue %\" FROM sales", "revenue %", "total net revenue"},
    {"q", "SELECT 100.0 * sum(net_2) / sum(cost) AS percent FROM sales", "percent", NULL},
    {"q", "SELECT max(net_2) AS revenue_decline_percent FROM sales", "revenue_decline_percent", "highest net revenue"},
    {"q", "SELECT avg(net_2) AS growth_percent FROM sales", "growth_percent", "average net revenue"},
    {"q", "SELECT net_2 + 0 AS growth_percent FROM sales", "growth_percent", "value"},
    {"q", "SELECT avg(CASE WHEN won THEN 1 ELSE 0 END) AS win_rate FROM sales", "win_rate", NULL},
    {"q", "SELECT avg(vat_rate) AS average_rate FROM sales", "average_rate", NULL},
    {"q", "SELECT avg(net_2) AS average_duration FROM sales", "average_duration", NULL},
    {"q", "SELECT avg(net_2) AS growthrate FROM sales", "growthrate", "average net revenue"},
    {"q", "SELECT avg(flag) AS flag_share FROM sales", "flag_share", NULL},
    {"q", "SELECT avg(late) AS late_share FROM sales", "late_share", NULL},
    {"q", "WITH x AS (SELECT sum(a) / sum(b) AS win_rate FROM sales) SELECT win_rate FROM x", "win_rate", NULL},
    {"q", "SELECT count(*) FROM sales", "count_star()", "number of rows"},
    {"q", "SELECT sum(net_2) / 12 AS \"987654\" FROM sales", "987654", "value"},
    {"q", "SELECT 987654 UNION ALL SELECT 2", "987654", "value"},
    {"q", "WITH x AS (SELECT sum(net_2) AS \"the revenue is 987654\" FROM sales) SELECT \"the revenue is 987654\" FROM x",
     "the revenue is 987654", "value"},
};

static void only_labels_are_told(void **state)
{
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        const char *name = told(numbers[i].question, numbers[i].sql, numbers[i].name, VALUE_DECIMAL);
        const char *wanted = numbers[i].told ? numbers[i].told : numbers[i].name;
        if (strcmp(name, wanted) != 0)
            fail_msg("%s: '%s', not '%s'", numbers[i].sql, name, wanted);
    }
    assert_string_equal(told("q", "SELECT upper(region) AS \"it is 5\" FROM sales", "it is 5", VALUE_TEXT), "name");
    assert_string_equal(told("q", "SELECT day + 1 AS \"it is 5\" FROM sales", "it is 5", VALUE_DATE), "time");
}

static void labels_have_a_longest(void **state)
{
    char name[TOLD_NAME_LENGTH_MAX + 2] = "abcdefghij";
    for (size_t i = 10; i < TOLD_NAME_LENGTH_MAX; i++)
        name[i] = i % 20 == 10 ? ' ' : 'x';
    name[TOLD_NAME_LENGTH_MAX] = '\0';
    assert_string_equal(told("q", "SELECT sum(net_2) FROM sales", name, VALUE_DECIMAL), name);
    name[TOLD_NAME_LENGTH_MAX] = 'x';
    name[TOLD_NAME_LENGTH_MAX + 1] = '\0';
    assert_string_equal(told("q", "SELECT sum(net_2) FROM sales", name, VALUE_DECIMAL), "total net revenue");
}

/* The whole answer: prose, picture, and what a model is shown. */
static struct answer answer_of(const char *sql, struct rows *rows)
{
    struct llm_proposal proposal = {.sql = sql, .dataset = &dataset};
    struct answer_input input = {
        .question = "revenue by region", .proposal = &proposal, .rows = rows, .by_model = true, .for_model = true};
    struct answer answer;
    answer_write(&input, arena, &answer);
    return answer;
}

static void no_answer_has_a_made_up_name(void **state)
{
    struct result_column names[] = {{"they are 987654", "VARCHAR", VALUE_TEXT},
                                    {"the revenue is 987654", "DOUBLE", VALUE_FLOAT}};
    struct cell cells[] = {{.type = CELL_TEXT, .text = str_from("East")}, {.type = CELL_DOUBLE, .number = 250},
                           {.type = CELL_TEXT, .text = str_from("West")}, {.type = CELL_DOUBLE, .number = 500}};
    const char *sql = "SELECT region AS \"they are 987654\", sum(net_2) AS \"the revenue is 987654\" FROM sales "
                      "GROUP BY region";
    struct rows groups = {names, 2, cells, 2, false}, record = {names, 2, cells, 1, false};
    struct rows value = {names + 1, 1, cells + 1, 1, false};
    struct answer answers[] = {
        answer_of(sql, &groups), answer_of(sql, &record),
        answer_of("SELECT sum(net_2) AS \"the revenue is 987654\" FROM sales", &value)};
    for (size_t i = 0; i < 3; i++) {
        const struct answer *answer = &answers[i];
        assert_null(strstr(answer->prose, "987"));
        assert_non_null(strstr(answer->prose, "otal net revenue"));
        assert_null(strstr(answer->parts.main, "987"));
        assert_null(strstr(answer->parts.fact_lines, "987"));
        for (size_t c = 0; c < answer->parts.shown.column_count; c++)
            assert_null(strstr(answer->parts.shown.columns[c].name, "987"));
    }
    assert_non_null(strstr(answers[0].chart, "\"title\":\"total net revenue (EUR)\""));
    assert_string_equal(answers[2].prose, "Total net revenue: 250 EUR.");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_labels_are_told),
        cmocka_unit_test(labels_have_a_longest),
        cmocka_unit_test(no_answer_has_a_made_up_name),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
