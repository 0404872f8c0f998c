/* SPDX-License-Identifier: Apache-2.0 */
/* Answers over small results, read aloud: what is written, and what must not be. */
#include "arena_support.h"
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "agent/answer.h"

static struct column columns[] = {
    {.name = "region", .kind = VALUE_TEXT, .role = ROLE_DIMENSION},
    {.name = "revenue", .kind = VALUE_DECIMAL, .role = ROLE_MEASURE, .unit = "EUR"},
    {.name = "day",
     .kind = VALUE_DATE,
     .role = ROLE_TIME,
     .profile = {.known = true, .min = "2023-01-05", .max = "2024-03-31"}},
};
static struct dataset dataset = {
    .id = "sales", .table_name = "sales", .title = "Sales", .columns = columns, .column_count = 3};

static struct cell text(const char *value)
{
    return (struct cell){.type = CELL_TEXT, .text = str_from(value)};
}

static struct cell number(double value)
{
    return (struct cell){.type = CELL_DOUBLE, .number = value};
}

static const struct expression *column(size_t i)
{
    return expression_column(arena, 0, &columns[i]);
}

static const struct expression *total(void)
{
    return expression_aggregate(arena, AGGREGATE_SUM, column(1));
}

static struct answer write(struct query *query, struct rows *rows, struct llm_proposal *proposal)
{
    proposal->query = query;
    proposal->dataset = &dataset;
    struct answer_input input = {
        .question = "what was asked", .proposal = proposal, .rows = rows};
    struct answer answer;
    answer_write(&input, arena, &answer);
    return answer;
}

static void groups_have_ranks_shares_and_total(void **state)
{
    struct query *query = query_new(arena, &dataset);
    query_select(arena, query, column(0), NULL);
    query_select(arena, query, total(), NULL);
    query_group(arena, query, column(0));
    struct result_column names[] = {{"region", "VARCHAR", VALUE_TEXT},
                                    {"total_revenue", "DOUBLE", VALUE_FLOAT}};
    struct cell cells[] = {text("East"), number(250),  text("West"), number(500),
                           text("North"), number(200), text("South"), number(50)};
    struct rows rows = {names, 2, cells, 4, false};
    struct llm_proposal proposal = {.reading = "total revenue by region"};
    struct answer answer = write(query, &rows, &proposal);
    assert_string_equal(answer.prose,
                        "Total revenue by region: West with 500 EUR (50 %), then East 250 EUR "
                        "(25 %), then North 200 EUR (20 %). All 4 together: 1,000 EUR.");
    json_t *chart = json_loads(answer.chart, 0, NULL);
    assert_non_null(chart);
    assert_int_equal(json_array_size(json_object_get(json_object_get(chart, "data"), "values")), 4);
    json_decref(chart);
}

/* In words and in the picture, where they would lie on one bar. */
static void namesakes_are_told_apart(void **state)
{
    static struct column key = {.name = "customer_id", .kind = VALUE_INTEGER, .role = ROLE_KEY};
    struct query *query = query_new(arena, &dataset);
    query_select(arena, query, column(0), NULL);
    query_select(arena, query, expression_column(arena, 0, &key), NULL);
    query_select(arena, query, total(), NULL);
    query_group(arena, query, column(0));
    query_group(arena, query, expression_column(arena, 0, &key));
    query_order(arena, query, total(), true);
    struct result_column names[] = {{"customer_name", "VARCHAR", VALUE_TEXT},
                                    {"customer_id", "INTEGER", VALUE_INTEGER},
                                    {"total_revenue", "DOUBLE", VALUE_FLOAT}};
    struct cell cells[] = {text("Ann Lee"), {.type = CELL_INTEGER, .integer = 1017}, number(75),
                           text("Ann Lee"), {.type = CELL_INTEGER, .integer = 31},   number(25)};
    struct rows rows = {names, 3, cells, 2, false};
    struct llm_proposal proposal = {.reading = "total revenue by customer, highest first"};
    struct answer answer = write(query, &rows, &proposal);
    assert_string_equal(answer.prose,
                        "Total revenue by customer, highest first: Ann Lee (1017) with 75 EUR (75 %), "
                        "then Ann Lee (31) 25 EUR (25 %). Both together: 100 EUR.");
    json_t *chart = json_loads(answer.chart, 0, NULL);
    json_t *transform = json_array_get(json_object_get(chart, "transform"), 0);
    assert_string_equal(json_string_value(json_object_get(transform, "as")), "customer_name");
    assert_string_equal(json_string_value(json_object_get(transform, "calculate")),
                        "datum[\"customer_name\"] + ' (' + datum[\"customer_id\"] + ')'");
    json_decref(chart);
}

static void a_change_is_said_once(void **state)
{
    struct query *query = query_new(arena, &dataset);
    query_select(arena, query, total(), NULL);
    struct result_column names[] = {{"before", "DOUBLE", VALUE_FLOAT},
                                    {"now", "DOUBLE", VALUE_FLOAT},
                                    {"change", "DOUBLE", VALUE_FLOAT},
                                    {"change_percent", "DOUBLE", VALUE_FLOAT}};
    struct cell cells[] = {number(200), number(150), number(-50), number(-25)};
    struct rows rows = {names, 4, cells, 1, false};
    struct llm_proposal proposal = {.reading = "change in revenue"};
    const char *prose = write(query, &rows, &proposal).prose;
    assert_non_null(strstr(prose, "change -50 (-25"));
    assert_null(strstr(prose, "percent"));
}

static void lines_of_namesakes_are_told_apart(void **state)
{
    static struct column key = {.name = "customer_id", .kind = VALUE_INTEGER, .role = ROLE_KEY};
    struct query *query = query_new(arena, &dataset);
    const struct expression *month = expression_bucket(arena, UNIT_MONTH, column(2));
    const struct expression *parts[] = {month, column(0), expression_column(arena, 0, &key)};
    for (size_t i = 0; i < 3; i++) {
        query_select(arena, query, parts[i], NULL);
        query_group(arena, query, parts[i]);
    }
    query_select(arena, query, total(), NULL);
    struct result_column names[] = {{"month", "DATE", VALUE_DATE},
                                    {"customer_name", "VARCHAR", VALUE_TEXT},
                                    {"customer_id", "INTEGER", VALUE_INTEGER},
                                    {"total_revenue", "DOUBLE", VALUE_FLOAT}};
    const struct cell first = {.type = CELL_INTEGER, .integer = 17};
    struct cell cells[] = {text("2024-01-01"), text("Ann Lee"), first, number(75),
                           text("2024-01-01"), text("Ann Lee"), first, number(25),
                           text("2024-02-01"), text("Ann Lee"), first, number(30)};
    struct rows rows = {names, 4, cells, 3, false};
    struct llm_proposal proposal = {.reading = "total revenue by month and customer"};
    const char *chart = write(query, &rows, &proposal).chart;
    assert_non_null(strstr(chart, "\"line\""));
    assert_null(strstr(chart, "transform")); /* one person in two months */
    cells[6].integer = 31;
    chart = write(query, &rows, &proposal).chart;
    assert_non_null(strstr(chart, "\"as\":\"customer_name\""));
    json_t *document = json_loads(chart, 0, NULL);
    assert_non_null(document);
    json_decref(document);
}

static void one_and_two_rows_are_said_as_people_do(void **state)
{
    struct query *query = query_new(arena, &dataset);
    query_select(arena, query, column(0), NULL);
    query_select(arena, query, total(), NULL);
    query_group(arena, query, column(0));
    struct result_column names[] = {{"region", "VARCHAR", VALUE_TEXT},
                                    {"total_revenue", "DOUBLE", VALUE_FLOAT}};
    struct cell cells[] = {text("East"), number(30), text("West"), number(70)};
    struct rows rows = {names, 2, cells, 2, false};
    struct llm_proposal proposal = {.reading = "total revenue by region"};
    assert_non_null(strstr(write(query, &rows, &proposal).prose, "Both together: 100 EUR."));
    rows.row_count = 1;
    rows.truncated = true;
    assert_non_null(strstr(write(query, &rows, &proposal).prose, "Only the first 1 row was read"));
}

static void groups_of_two_columns_are_named_by_both(void **state)
{
    struct query *query = query_new(arena, &dataset);
    query_select(arena, query, column(0), NULL);
    query_select(arena, query, column(0), "plan");
    query_select(arena, query, total(), NULL);
    query_group(arena, query, column(0));
    struct result_column names[] = {{"plan", "VARCHAR", VALUE_TEXT},
                                    {"region", "VARCHAR", VALUE_TEXT},
                                    {"total_revenue", "DOUBLE", VALUE_FLOAT}};
    struct cell cells[] = {text("Basic"), text("East"), number(60),
                           text("Basic"), text("West"), number(40)};
    struct rows rows = {names, 3, cells, 2, false};
    struct llm_proposal proposal = {.reading = "total revenue by plan and region"};
    struct answer answer = write(query, &rows, &proposal);
    assert_non_null(strstr(answer.prose, "Basic / East with 60 EUR (60 %), then Basic / West 40 EUR"));
}

static void a_list_with_repeats_names_each_once(void **state)
{
    struct query *query = query_new(arena, &dataset);
    query_select(arena, query, column(0), NULL);
    struct result_column names[] = {{"region", "VARCHAR", VALUE_TEXT}};
    struct cell cells[12];
    for (size_t i = 0; i < 12; i++)
        cells[i] = text(i % 3 == 0 ? "East" : "West");
    struct rows rows = {names, 1, cells, 12, false};
    struct llm_proposal proposal = {.reading = "region"};
    assert_string_equal(write(query, &rows, &proposal).prose,
                        "Region: 12 in all, 2 different: East, West.");
    rows.truncated = true;
    assert_null(strstr(write(query, &rows, &proposal).prose, "different"));
    struct rows first = {names, 1, cells, 2, false};
    query->limit = 2;
    proposal.reading = "region, top 2";
    assert_string_equal(write(query, &first, &proposal).prose, "Region, top 2: East, West.");
}

static void a_cut_result_has_no_total(void **state)
{
    struct query *query = query_new(arena, &dataset);
    query_select(arena, query, column(0), NULL);
    query_select(arena, query, total(), NULL);
    query_group(arena, query, column(0));
    struct result_column names[] = {{"region", "VARCHAR", VALUE_TEXT},
                                    {"total_revenue", "DOUBLE", VALUE_FLOAT}};
    struct cell cells[] = {text("East"), number(250), text("West"), number(500)};
    struct rows rows = {names, 2, cells, 2, true};
    struct llm_proposal proposal = {.reading = "total revenue by region"};
    struct answer answer = write(query, &rows, &proposal);
    assert_null(strstr(answer.prose, "together"));
    assert_null(strstr(answer.prose, "%"));
    assert_non_null(strstr(answer.prose, "Only the first 2 rows were read; there are more."));
    rows.truncated = false;
    query->limit = 2;
    answer = write(query, &rows, &proposal);
    assert_null(strstr(answer.prose, "together"));
}

static void a_series_says_change_and_extremes(void **state)
{
    struct query *query = query_new(arena, &dataset);
    const struct expression *month = expression_bucket(arena, UNIT_MONTH, column(2));
    query_select(arena, query, month, NULL);
    query_select(arena, query, total(), NULL);
    query_group(arena, query, month);
    struct result_column names[] = {{"month", "DATE", VALUE_DATE},
                                    {"total_revenue", "DOUBLE", VALUE_FLOAT}};
    struct cell cells[] = {text("2024-01-01"), number(100), text("2024-02-01"), number(300),
                           text("2024-03-01"), number(150)};
    struct rows rows = {names, 2, cells, 3, false};
    struct llm_proposal proposal = {.reading = "total revenue by month"};
    struct answer answer = write(query, &rows, &proposal);
    assert_string_equal(answer.prose,
                        "Total revenue by month: from 100 EUR in January 2024 to 150 EUR in March "
                        "2024, up 50 %. The highest was 300 EUR in February 2024, the lowest 100 "
                        "EUR in January 2024. Together: 550 EUR.");
    assert_non_null(strstr(answer.chart, "\"line\""));
}

/* A series of sums by the unit, its rows at these dates. */
static const char *series_prose(enum time_unit unit, const char *const *dates, size_t count,
                                struct period *asked)
{
    struct query *query = query_new(arena, &dataset);
    const struct expression *time = expression_bucket(arena, unit, column(2));
    query_select(arena, query, time, NULL);
    query_select(arena, query, total(), NULL);
    query_group(arena, query, time);
    struct result_column names[] = {{"time", "DATE", VALUE_DATE},
                                    {"total_revenue", "DOUBLE", VALUE_FLOAT}};
    struct cell *cells = arena_array(arena, 2 * count, sizeof(*cells));
    for (size_t i = 0; i < count; i++) {
        cells[2 * i] = text(dates[i]);
        cells[2 * i + 1] = number(100);
    }
    struct rows rows = {names, 2, cells, count, false};
    struct llm_proposal proposal = {.reading = "total revenue",
                                    .query = query,
                                    .dataset = &dataset,
                                    .periods = asked,
                                    .period_count = asked != NULL};
    struct answer_input input = {.question = "q",
                                 .proposal = &proposal,
                                 .rows = &rows,
                                 .calendar = {.today = "2024-03-15"}};
    struct answer answer;
    answer_write(&input, arena, &answer);
    return answer.prose;
}

static void months_without_rows_are_said(void **state)
{
    static const char *const months[] = {"2023-10-01", "2023-12-01", "2024-01-01"};
    const char *prose = series_prose(UNIT_MONTH, months, 3, NULL);
    assert_non_null(strstr(prose, " There are no rows for November 2023."));
    static const char *const backwards[] = {"2024-01-01", "2023-12-01", "2023-10-01"};
    prose = series_prose(UNIT_MONTH, backwards, 3, NULL);
    assert_non_null(strstr(prose, " There are no rows for November 2023."));
    static const char *const whole[] = {"2023-11-01", "2023-12-01", "2024-01-01"};
    assert_null(strstr(series_prose(UNIT_MONTH, whole, 3, NULL), "no rows"));
}

static void gaps_at_the_ends_count_where_a_period_was_asked_for(void **state)
{
    static const char *const months[] = {"2023-11-01", "2023-12-01"};
    struct period period = {.words = "since October", .from = "2023-10-01", .to = "2024-12-01"};
    const char *prose = series_prose(UNIT_MONTH, months, 2, &period);
    assert_non_null(strstr(prose, " There are no rows for October 2023, January 2024, February "
                                  "2024 and March 2024."));
}

static void many_gaps_are_counted(void **state)
{
    static const char *const days[] = {"2024-03-01", "2024-03-08"};
    const char *prose = series_prose(UNIT_DAY, days, 2, NULL);
    assert_non_null(strstr(prose, " There are no rows for 6 of the 8 days."));
    static const char *const named[] = {"2024-03-01", "2024-03-06"};
    prose = series_prose(UNIT_DAY, named, 2, NULL);
    assert_non_null(strstr(prose, "2 March 2024, 3 March 2024, 4 March 2024 and 5 March 2024."));
    static const char *const weeks[] = {"2024-02-26", "2024-03-11"};
    prose = series_prose(UNIT_WEEK, weeks, 2, NULL);
    assert_non_null(strstr(prose, "There are no rows for "));
}

static void nothing_found_says_where_data_is(void **state)
{
    struct query *query = query_new(arena, &dataset);
    query_select(arena, query, total(), NULL);
    struct result_column names[] = {{"total_revenue", "DOUBLE", VALUE_FLOAT}};
    struct cell cells[] = {{.type = CELL_NULL}};
    struct rows rows = {names, 1, cells, 1, false};
    struct period period = {.words = "in 2030", .from = "2030-01-01", .to = "2031-01-01"};
    struct llm_proposal proposal = {
        .reading = "total revenue, in 2030", .periods = &period, .period_count = 1};
    struct answer answer = write(query, &rows, &proposal);
    assert_string_equal(answer.prose, "No data matches: total revenue, in 2030. The data of Sales runs "
                                      "from 5 January 2023 to 31 March 2024.");
}

static void a_value_and_its_assumption(void **state)
{
    static const char *const assumptions[] = {"you mean the sum of revenue"};
    struct query *query = query_new(arena, &dataset);
    query_select(arena, query, total(), NULL);
    struct result_column names[] = {{"total_revenue", "DECIMAL(12,2)", VALUE_DECIMAL}};
    struct cell cells[] = {text("1234567.80")};
    struct rows rows = {names, 1, cells, 1, false};
    struct llm_proposal proposal = {
        .reading = "total revenue", .assumptions = assumptions, .assumption_count = 1};
    struct answer answer = write(query, &rows, &proposal);
    assert_string_equal(answer.prose, "Total revenue: 1,234,567.80 EUR. I took it that you "
                                      "mean the sum of revenue.");
    proposal.passing = true; /* in a model's place; the notice is the run's to add */
    assert_string_equal(write(query, &rows, &proposal).prose, answer.prose);
}

static void a_list_is_counted_and_read_out(void **state)
{
    struct query *query = query_new(arena, &dataset);
    query_select(arena, query, column(0), NULL);
    struct result_column names[] = {{"region", "VARCHAR", VALUE_TEXT}};
    struct cell cells[] = {text("East"), text("West")};
    struct rows rows = {names, 1, cells, 2, false};
    struct llm_proposal proposal = {.reading = "regions"};
    struct answer answer = write(query, &rows, &proposal);
    assert_string_equal(answer.prose, "Regions: 2 in all: East, West.");
    assert_null(answer.chart);
}

static void without_rows_the_sentence_is_the_answer(void **state)
{
    static const char *const options[] = {"total revenue by region", "revenue by region"};
    struct llm_proposal proposal = {.outcome = LLM_ASK,
                                    .sentence = "Do you mean one or the other?",
                                    .options = options,
                                    .option_count = 2};
    struct answer answer = write(NULL, NULL, &proposal);
    assert_string_equal(answer.prose, "Do you mean one or the other?");
    assert_int_equal(answer.suggestion_count, 2);
}

/* Of a model's statement: sums in whatever brackets, and amounts of records, where all of them are there. */
static void totals_are_facts_of_models_statements(void **state)
{
    static const struct {
        const char *sql;
        bool truncated, told;
    } cases[] = {
        {"SELECT region, sum(revenue) AS total FROM sales GROUP BY region", false, true},
        {"SELECT region, (sum(\"revenue\")) AS total FROM sales GROUP BY region", false, true},
        {"SELECT region, round(sum(revenue), 2) AS total FROM sales GROUP BY region", false, true},
        {"SELECT region, coalesce(sum(revenue) FILTER (WHERE day > '2024-01-01'), 0) AS total FROM sales GROUP BY region", false, true},
        {"SELECT region, sum(revenue) AS total FROM sales GROUP BY region", true, false},
        {"SELECT region, sum(revenue) AS total FROM sales GROUP BY region LIMIT 2", false, false},
        {"SELECT region, avg(revenue) AS total FROM sales GROUP BY region", false, false},
        {"SELECT region, revenue AS total FROM sales WHERE revenue > 0", false, true},
        {"SELECT region, revenue AS total FROM sales WHERE revenue > 0", true, false},
        {"SELECT region, revenue AS total FROM sales LIMIT 2", false, false},
        {"SELECT DISTINCT region, revenue AS total FROM sales", false, false},
        {"SELECT s.region, revenue AS total FROM sales AS s JOIN other AS o ON s.id = o.id", false, false},
        {"SELECT region, max(revenue) AS total FROM sales GROUP BY region", false, false},
    };
    struct result_column names[] = {{"region", "VARCHAR", VALUE_TEXT}, {"total", "DOUBLE", VALUE_FLOAT}};
    struct cell cells[] = {text("East"), number(250), text("West"), number(500)};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct rows rows = {names, 2, cells, 2, cases[i].truncated};
        struct llm_proposal proposal = {.sql = cases[i].sql, .dataset = &dataset};
        struct answer_input input = {.question = "what was asked", .proposal = &proposal, .rows = &rows,
                                     .by_model = true, .for_model = true};
        struct answer answer;
        answer_write(&input, arena, &answer);
        bool told = strstr(answer.parts.fact_lines, "total of total over all rows: 750 EUR");
        if (told != cases[i].told)
            fail_msg("%s: %s", cases[i].sql, answer.parts.fact_lines);
    }
}

static struct answer write_of(const char *sql, struct rows *rows)
{
    struct llm_proposal proposal = {.sql = sql, .dataset = &dataset};
    struct answer_input input = {.question = "what was asked", .proposal = &proposal, .rows = rows,
                                 .by_model = true, .for_model = true};
    struct answer answer;
    answer_write(&input, arena, &answer);
    return answer;
}

static bool has_fact(const struct answer *answer, enum fact_kind kind, double value)
{
    for (size_t i = 0; i < answer->parts.fact_count; i++)
        if (answer->parts.facts[i].kind == kind && fabs(answer->parts.facts[i].value - value) < 0.01)
            return true;
    return false;
}

/* "There was 1 order": one row of the result, which holds another number. */
static void one_row_of_numbers_is_no_number(void **state)
{
    struct result_column names[] = {{"region", "VARCHAR", VALUE_TEXT}, {"orders", "BIGINT", VALUE_INTEGER}};
    struct cell cells[] = {text("East"), number(27)};
    for (size_t width = 1; width <= 2; width++) {
        struct rows rows = {names + 2 - width, width, cells + 2 - width, 1, false};
        struct llm_proposal proposal = {.sql = width == 1 ? "SELECT count(*) AS orders FROM sales" :
                                        "SELECT region, count(*) AS orders FROM sales GROUP BY region",
                                        .dataset = &dataset};
        struct answer_input input = {.question = "what was asked", .proposal = &proposal, .rows = &rows,
                                     .by_model = true, .for_model = true};
        struct answer answer;
        answer_write(&input, arena, &answer);
        assert_int_equal(answer.parts.fact_count > 0, width == 2);
        assert_int_equal(strstr(answer.parts.fact_lines, "rows of the result: 1") != NULL, width == 2);
    }
}

/* Two rows are always in some order; only where one was asked for it is told. */
static void groups_in_no_order_are_told_biggest_first(void **state)
{
    struct result_column names[] = {{"region", "VARCHAR", VALUE_TEXT}, {"total", "DOUBLE", VALUE_FLOAT}};
    struct cell cells[] = {text("East"), number(250), text("West"), number(500)};
    struct rows rows = {names, 2, cells, 2, false};
    struct answer answer = write_of("SELECT region, sum(revenue) AS total FROM sales GROUP BY region", &rows);
    assert_true(strstr(answer.prose, "West") < strstr(answer.prose, "East"));
    answer = write_of("SELECT region, sum(revenue) AS total FROM sales GROUP BY region ORDER BY total", &rows);
    assert_true(strstr(answer.prose, "East") < strstr(answer.prose, "West"));
    assert_true(has_fact(&answer, FACT_CHANGE, 100) && has_fact(&answer, FACT_CHANGE, -50));
    assert_non_null(strstr(answer.parts.fact_lines, "(2.00 times as much, 100 % more)"));
}

static void days_in_their_order_are_a_series(void **state)
{
    struct result_column names[] = {{"day", "DATE", VALUE_DATE}, {"total", "DOUBLE", VALUE_FLOAT}};
    struct cell cells[] = {text("2024-01-02"), number(250), text("2024-01-03"), number(500)};
    struct cell mixed[] = {text("2024-01-03"), number(500), text("2024-01-02"), number(250)};
    struct rows rows = {names, 2, cells, 2, false};
    static const char sql[] = "SELECT day, sum(revenue) AS total FROM sales GROUP BY day";
    struct answer answer = write_of(sql, &rows);
    assert_non_null(strstr(answer.parts.fact_lines, "change of total from 2 January 2024 to 3 January 2024: 250"));
    rows.cells = mixed;
    answer = write_of(sql, &rows);
    assert_null(strstr(answer.parts.fact_lines, "change of"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(groups_have_ranks_shares_and_total),
        cmocka_unit_test(namesakes_are_told_apart),
        cmocka_unit_test(lines_of_namesakes_are_told_apart),
        cmocka_unit_test(a_change_is_said_once),
        cmocka_unit_test(one_and_two_rows_are_said_as_people_do),
        cmocka_unit_test(groups_of_two_columns_are_named_by_both),
        cmocka_unit_test(a_list_with_repeats_names_each_once),
        cmocka_unit_test(a_cut_result_has_no_total),
        cmocka_unit_test(a_series_says_change_and_extremes),
        cmocka_unit_test(totals_are_facts_of_models_statements),
        cmocka_unit_test(one_row_of_numbers_is_no_number),
        cmocka_unit_test(groups_in_no_order_are_told_biggest_first),
        cmocka_unit_test(days_in_their_order_are_a_series),
        cmocka_unit_test(months_without_rows_are_said),
        cmocka_unit_test(gaps_at_the_ends_count_where_a_period_was_asked_for),
        cmocka_unit_test(many_gaps_are_counted),
        cmocka_unit_test(nothing_found_says_where_data_is),
        cmocka_unit_test(a_value_and_its_assumption),
        cmocka_unit_test(a_list_is_counted_and_read_out),
        cmocka_unit_test(without_rows_the_sentence_is_the_answer),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
