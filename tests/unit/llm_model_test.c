/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The driver for language models, with a scripted one in the provider's place: what it is sent, how its
 * replies are read and put together, repairs, and who answers when it is down.
 */
#include "chat_double.h"

#include "arena_support.h"

#include <stdlib.h>
#include <string.h>

#include "core/settings.h"
#include "llm/model_priv.h"
#include "planner_shop.h"

static struct planner *planner;
static struct llm *llm;
static struct plan_dataset shop[3];

/* What the statements give: rows for all but those in `failing` and `empty`. */
static const char *failing, *empty, *failing_words;
static size_t statements;
static struct result_column one_column[] = {{"n", "BIGINT", VALUE_INTEGER}};
static struct cell one_cell[] = {{.type = CELL_INTEGER, .integer = 42}};
static const struct rows one_row = {one_column, 1, one_cell, 1, false};
static const struct rows no_rows = {one_column, 1, NULL, 0, false};

static bool try_statement(void *context, const char *sql, const struct rows **rows,
                          struct error *err)
{
    statements++;
    if (failing && strstr(sql, failing))
        return error_set(err, ERROR_SQL_FAILED, "%s",
                         failing_words ? failing_words : "column not found");
    *rows = empty && strstr(sql, empty) ? &no_rows : &one_row;
    return true;
}

static int open_all(void **state)
{
    static const struct dataset *const all[] = {&shop_orders, &shop_customers, &shop_products};
    struct error err = {0};
    planner = planner_open(NULL, NULL, &err);
    if (!planner || !(llm = llm_open("openai", planner, &err)))
        return -1;
    for (size_t i = 0; i < 3; i++)
        shop[i] = (struct plan_dataset){all[i], dataset_index_new(planner, all[i]), 0.8};
    return 0;
}

static int close_all(void **state)
{
    for (size_t i = 0; i < 3; i++)
        dataset_index_free((struct dataset_index *)(uintptr_t)shop[i].index);
    llm_close(llm);
    planner_close(planner);
    strbuf_clear(&chat_double.sent);
    return 0;
}

static struct llm_request ask(const char *question)
{
    failing = empty = NULL;
    statements = 0;
    return (struct llm_request){
        .arena = arena,
        .plan = {.question = str_from(question),
                 .datasets = shop,
                 .dataset_count = 1,
                 .joinable = shop + 1,
                 .joinable_count = 2,
                 .calendar = {"2026-11-23", 1, 1}},
        .sureness_min = 0.6,
        .explained = 1,
        .margin = 1,
        .repairs_left = 2,
        .try_statement = try_statement,
    };
}

#define SCRIPT(...)                                                                \
    chat_double_script((const struct chat_double_reply[]){__VA_ARGS__},            \
                       sizeof((const struct chat_double_reply[]){__VA_ARGS__}) / \
                           sizeof(struct chat_double_reply))
#define DECISION(sql)                                                                    \
    "{\"dataset\":\"orders\",\"reason\":\"it has revenue\",\"assumptions\":[],"          \
    "\"periods\":[],\"sql\":\"" sql "\",\"question_back\":null,\"no_answer\":null}"

static struct llm_proposal decide(struct llm_request *request)
{
    struct llm_selection selection;
    struct llm_proposal proposal;
    struct error err = {0};
    assert_true(llm_select(llm, request, &selection, &err));
    assert_true(llm_generate(llm, request, &proposal, &err));
    return proposal;
}

static bool says(struct str text, const char *what)
{
    return str_find(text, str_from(what)) >= 0;
}

/* ------------------------------------------------------------------ one call */

static void one_call_decides_dataset_and_statement(void **state)
{
    SCRIPT({"{\"dataset\":\"orders\",\"reason\":\"it has revenue\",\"assumptions\":[\"all channels\"],"
            "\"periods\":[],\"sql\":\"SELECT sum(revenue) FROM orders WHERE order_date >= "
            "'2026-10-01' AND order_date < '2026-11-01';\",\"question_back\":null,"
            "\"no_answer\":null}"});
    struct llm_request request = ask("total revenue last month");
    struct llm_selection selection;
    struct llm_proposal proposal;
    struct error err = {0};
    assert_true(llm_select(llm, &request, &selection, &err));
    assert_ptr_equal(selection.dataset, &shop_orders);
    assert_string_equal(selection.reason, "it has revenue");
    assert_true(llm_generate(llm, &request, &proposal, &err));
    assert_int_equal(chat_double.calls, 1);
    assert_int_equal(request.usage.calls, 1);
    assert_int_equal(proposal.outcome, LLM_QUERY);
    assert_string_equal(proposal.sql, "SELECT sum(revenue) FROM orders WHERE order_date >= "
                                      "'2026-10-01' AND order_date < '2026-11-01'");
    assert_int_equal(proposal.period_count, 1);
    assert_string_equal(proposal.periods[0].from, "2026-10-01");
    assert_int_equal(proposal.assumption_count, 1);
    assert_true(proposal.sureness > 0.8);
}

static void what_code_knows_is_in_the_prompt(void **state)
{
    SCRIPT({DECISION("SELECT 1")});
    struct llm_request request = ask("profit of returned orders in the north last month");
    decide(&request);
    struct str context = chat_double.requests[0].context, question = chat_double_message(0);
    assert_true(says(context, "CREATE TABLE orders ("));
    assert_true(says(context, "region text, -- also called area, territory; 'North', 'South'"));
    assert_true(says(context, "metric('profit')"));
    assert_true(says(context, "condition('returns')"));
    assert_true(says(context, "join_of(orders, customers)"));
    assert_true(says(question, "\"last month\": from '2026-10-01', before '2026-11-01'"));
    assert_true(says(question, "\"north\" is stored in orders.region as 'North'"));
    assert_true(says(question, "Today is 2026-11-23."));
    assert_true(says(chat_double.requests[0].system, "DuckDB"));
    assert_non_null(chat_double.requests[0].schema);
}

static void the_stable_part_does_not_change(void **state)
{
    SCRIPT({DECISION("SELECT 1")}, {DECISION("SELECT 1")});
    struct llm_request first = ask("total revenue last month");
    struct llm_request second = ask("how many orders came by phone?");
    decide(&first);
    decide(&second);
    const struct chat_request *a = &chat_double.requests[0], *b = &chat_double.requests[1];
    assert_true(str_equal(a->system, b->system));
    assert_true(str_equal(a->context, b->context));
    size_t same = a->system.length + a->context.length;
    size_t all = same + chat_double_message(1).length;
    print_message("# stable prefix: %zu of %zu bytes, %zu %%\n", same, all, 100 * same / all);
    assert_true(100 * same / all >= 80);
}

static void a_sure_choice_shows_what_it_joins_alone(void **state)
{
    SCRIPT({DECISION("SELECT 1")}, {DECISION("SELECT 1")});
    struct llm_request request = ask("revenue by region");
    request.plan.dataset_count = 3;
    request.plan.joinable_count = 0;
    request.margin = 0.05;
    decide(&request);
    assert_true(says(chat_double.requests[0].context, "CREATE TABLE products"));
    struct llm_request sure = ask("revenue by region");
    sure.plan.joinable_count = 0;
    decide(&sure);
    assert_false(says(chat_double.requests[1].context, "CREATE TABLE products"));
}

/* ------------------------------------------------------------------ what is put in */

static const char *completed_over(const struct dataset **tables, const char *sql)
{
    struct decision *decision = arena_alloc(arena, sizeof(*decision));
    struct llm_request *request = arena_alloc(arena, sizeof(*request));
    *decision = (struct decision){
        .request = request, .arena = arena, .tables = tables, .table_count = 2};
    const char *out;
    struct error err = {0};
    return model_complete_sql(decision, sql, &out, &err) ? out
                                                         : arena_strdup(arena, err.message);
}

static const char *completed(const char *sql)
{
    static const struct dataset *tables[] = {&shop_customers, &shop_orders};
    return completed_over(tables, sql);
}

static void metrics_conditions_and_joins_are_compiled_in(void **state)
{
    static const struct {
        const char *sql, *completed;
    } rows[] = {
        {"SELECT region, metric('profit') FROM orders GROUP BY region",
         "SELECT region, (sum(\"revenue\" - \"cost\")) AS \"profit\" FROM orders GROUP BY region"},
        {"SELECT metric('orders.profit') AS p FROM orders WHERE condition('online')",
         "SELECT (sum(\"revenue\" - \"cost\")) AS p FROM orders WHERE (\"channel\" = 'Web' OR "
         "\"channel\" = 'Phone')"},
        {"SELECT c.country, METRIC(profit) FROM orders o JOIN customers AS c ON join_of(o, c) "
         "WHERE condition('returns') GROUP BY c.country ORDER BY metric('profit') DESC LIMIT 3",
         "SELECT c.country, (sum(o.\"revenue\" - o.\"cost\")) AS \"profit\" FROM orders o JOIN "
         "customers AS c ON o.\"customer_id\" = c.\"customer_id\" WHERE (o.\"status\" = 'returned') "
         "GROUP BY c.country ORDER BY (sum(o.\"revenue\" - o.\"cost\")) DESC LIMIT 3"},
        {"SELECT count(*) FROM customers JOIN orders ON join_of(customers, orders)",
         "SELECT count(*) FROM customers JOIN orders ON orders.\"customer_id\" = "
         "customers.\"customer_id\""},
        {"SELECT max(p) FROM (SELECT region, metric('profit') AS p FROM orders GROUP BY 1) x",
         "SELECT max(p) FROM (SELECT region, (sum(\"revenue\" - \"cost\")) AS p FROM orders GROUP "
         "BY 1) x"},
        {"SELECT metric FROM orders", "SELECT metric FROM orders"},
        {"SELECT metric('loss') FROM orders",
         "there is no metric 'loss' of the tables that this SELECT reads; there are: profit, average "
         "order value"},
        {"SELECT metric('profit') FROM customers",
         "there is no metric 'profit' of the tables that this SELECT reads; there are: profit, "
         "average order value"},
        {"SELECT metric(sum(revenue)) FROM orders", "metric() takes names alone, as they are listed"},
        {"SELECT 1 FROM orders JOIN customers ON join_of(orders, products)",
         "there is no join listed between the tables of join_of(); use the joins that are listed, with "
         "tables of the same FROM"},
        {"SELECT metric('profit' FROM orders -- x", "SELECT metric('profit' FROM orders -- x"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_string_equal(completed(rows[i].sql), rows[i].completed);
}

/* A customer has as many rows as orders where these are joined: neither counted nor added up so. */
static void metrics_of_repeated_rows_are_not_told(void **state)
{
    static struct metric metrics[] = {{.name = "number of customers", .expression = "COUNT( * )"},
                                      {.name = "oldest", .expression = "min(since)"}};
    struct dataset customers = shop_customers;
    customers.metrics = metrics;
    customers.metric_count = 2;
    const struct dataset *tables[] = {&customers, &shop_orders};
    assert_string_equal(
        completed_over(tables, "SELECT metric('number of customers') FROM customers"),
        "SELECT (COUNT(*)) AS \"number of customers\" FROM customers");
    assert_string_equal(
        completed_over(tables, "SELECT metric('number of customers') FROM orders o JOIN customers c "
                               "ON join_of(o, c)"),
        "SELECT count(DISTINCT c.\"customer_id\") AS \"number of customers\" FROM orders o JOIN "
        "customers c ON o.\"customer_id\" = c.\"customer_id\"");
    assert_non_null(strstr(completed_over(tables, "SELECT metric('oldest') FROM customers c JOIN "
                                                  "orders o ON join_of(c, o)"),
                           "which the join repeats"));
}

/* ------------------------------------------------------------------ replies */

static void replies_are_read_with_patience(void **state)
{
    static const struct {
        const char *text, *sql; /* NULL: none can be read */
    } rows[] = {
        {DECISION("SELECT 1"), "SELECT 1"},
        {DECISION("SELECT 'a\\ud83d', \\udc00 b") , "SELECT 'a\xEF\xBF\xBD', \xEF\xBF\xBD b"},
        {DECISION("SELECT '\\u0000'"), "SELECT '\xEF\xBF\xBD'"},
        {"Here it is:\n```json\n" DECISION("SELECT 1 ;") "\n```\nGood luck.", "SELECT 1"},
        {"{\"sql\":\"```sql\\nSELECT 1\\n```\"}", "SELECT 1"},
        {"```sql\nSELECT 1;\n```", "SELECT 1"},
        {"WITH x AS (SELECT 1) SELECT * FROM x", "WITH x AS (SELECT 1) SELECT * FROM x"},
        {"", NULL},
        {"I can't.", NULL},
        {"{\"sql\":null,\"question_back\":null,\"no_answer\":\"null\"}", NULL},
        {"{\"sql\":", NULL},
        {"{\"sql\":12}", NULL},
        {"[1]", NULL},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct model_reply reply;
        struct error err = {0};
        bool ok = model_read_reply(str_from(rows[i].text), arena, &reply, &err);
        assert_int_equal(ok, rows[i].sql != NULL);
        if (ok)
            assert_string_equal(reply.sql, rows[i].sql);
    }
}

static void a_question_back_and_no_answer_are_results(void **state)
{
    SCRIPT({"{\"dataset\":\"orders\",\"sql\":null,\"question_back\":\"Gross or net?\"}"},
           {"{\"dataset\":\"\",\"sql\":null,\"no_answer\":\"There is nothing about weather.\"}"},
           {"It is against my rules.", CHAT_REFUSED});
    struct llm_request request = ask("revenue");
    struct llm_proposal proposal = decide(&request);
    assert_int_equal(proposal.outcome, LLM_ASK);
    assert_string_equal(proposal.sentence, "Gross or net?");
    request = ask("will it rain?");
    proposal = decide(&request);
    assert_int_equal(proposal.outcome, LLM_NO_ANSWER);
    assert_string_equal(proposal.sentence, "There is nothing about weather.");
    request = ask("revenue");
    proposal = decide(&request);
    assert_int_equal(proposal.outcome, LLM_NO_ANSWER);
    assert_non_null(strstr(proposal.sentence, "declined"));
    assert_int_equal(chat_double.calls, 3);
}

static void null_alone_is_no_answer(void **state)
{
    SCRIPT({"{\"sql\":null}"});
    struct llm_request request = ask("will it rain?");
    struct llm_proposal proposal = decide(&request);
    assert_int_equal(proposal.outcome, LLM_NO_ANSWER);
    assert_non_null(strstr(proposal.sentence, "finds no answer"));
    assert_int_equal(chat_double.calls, 1);
}

static void questions_about_the_data_itself_cost_no_call(void **state)
{
    SCRIPT({DECISION("SELECT 1")});
    struct llm_request request = ask("What columns are in the orders dataset?");
    assert_int_equal(decide(&request).outcome, LLM_DESCRIBE);
    assert_int_equal(chat_double.calls, 0);
}

/* ------------------------------------------------------------------ repairs */

static void a_reply_of_another_form_goes_back_once_or_twice(void **state)
{
    SCRIPT({"Sure! I think"}, {DECISION("SELECT metric('profits') FROM orders")},
           {DECISION("SELECT metric('profit') FROM orders")});
    struct llm_request request = ask("profit");
    struct llm_proposal proposal = decide(&request);
    assert_int_equal(chat_double.calls, 3);
    assert_int_equal(request.repairs_left, 0);
    assert_true(says(chat_double_message(1), "not the JSON object"));
    assert_true(says(chat_double_message(2), "there are: profit, average order value"));
    assert_non_null(strstr(proposal.sql, "sum("));
}

static void a_cut_reply_goes_back(void **state)
{
    SCRIPT({"{\"dataset\":\"ord", CHAT_CUT}, {DECISION("SELECT 1")});
    struct llm_request request = ask("profit");
    assert_string_equal(decide(&request).sql, "SELECT 1");
    assert_true(says(chat_double_message(1), "be brief"));
}

static void a_failed_statement_comes_with_nearest_names_and_values(void **state)
{
    SCRIPT({DECISION("SELECT sum(revenu) FROM orders WHERE region = 'nort'")},
           {DECISION("SELECT sum(revenue) FROM orders WHERE region = 'North'")});
    struct llm_request request = ask("how much turnover is from up there");
    struct llm_proposal proposal = decide(&request);
    struct error failure = {0}, err = {0};
    error_set(&failure, ERROR_SQL_FAILED, "column revenu is not there");
    request.failed_sql = proposal.sql;
    request.failure = &failure;
    assert_true(llm_generate(llm, &request, &proposal, &err));
    assert_non_null(strstr(proposal.sql, "'North'"));
    struct str told = chat_double_message(1);
    assert_true(says(told, "column revenu is not there"));
    assert_true(says(told, "revenu: orders.revenue"));
    assert_true(says(told, "no row has 'nort' in region; there is 'North'"));
    assert_int_equal(chat_double.requests[1].message_count, 3);
}

static void the_same_statement_is_never_taken_twice(void **state)
{
    SCRIPT({DECISION("SELECT sum(revenu) FROM orders")});
    struct llm_request request = ask("how much turnover is from up there");
    struct llm_proposal proposal = decide(&request);
    struct error failure = {0}, err = {0};
    error_set(&failure, ERROR_SQL_FAILED, "column revenu is not there");
    request.failed_sql = proposal.sql;
    request.failure = &failure;
    assert_false(llm_generate(llm, &request, &proposal, &err));
    assert_int_equal(err.code, ERROR_SQL_FAILED);
    assert_int_equal(chat_double.calls, 2);
}

static void no_rows_go_back_once_where_a_value_is_not_stored(void **state)
{
    SCRIPT({DECISION("SELECT sum(revenue) FROM orders WHERE status = 'Returnd'")},
           {DECISION("SELECT sum(revenue) FROM orders WHERE status = 'returned'")});
    struct llm_request request = ask("revenue of what came back");
    empty = "'Returnd'";
    assert_non_null(strstr(decide(&request).sql, "'returned'"));
    assert_int_equal(chat_double.calls, 2);
    assert_int_equal(request.repairs_left, 1);
    assert_true(says(chat_double_message(1), "no row has 'Returnd' in status; there is 'returned'"));
    /* A result that is empty for other reasons is one. */
    SCRIPT({DECISION("SELECT sum(revenue) FROM orders WHERE status IN ('open') AND quantity > 999")});
    request = ask("revenue of huge open orders");
    empty = "999";
    decide(&request);
    assert_int_equal(chat_double.calls, 1);
}

static void values_are_put_as_they_are_stored(void **state)
{
    static const struct {
        const char *sql, *mended; /* NULL: is left alone */
    } rows[] = {
        {"SELECT 1 FROM orders WHERE status = 'Returned' AND region = 'NORTH'",
         "SELECT 1 FROM orders WHERE status = 'returned' AND region = 'North'"},
        {"SELECT 1 FROM orders WHERE status IN ('open', ' OPEN ')",
         "SELECT 1 FROM orders WHERE status IN ('open', 'open')"},
        {"SELECT 1 FROM orders WHERE status LIKE 'turn'", "SELECT 1 FROM orders WHERE status LIKE '%turn%'"},
        {"SELECT 1 FROM orders WHERE status LIKE 'OPEN'", "SELECT 1 FROM orders WHERE status LIKE 'open'"},
        {"SELECT 1 FROM orders WHERE status LIKE 'OPEN%'", NULL},
        {"SELECT 1 FROM orders WHERE status LIKE '_urn'", NULL},
        {"SELECT 1 FROM orders WHERE status LIKE ''", NULL},
        {"SELECT 1 FROM orders WHERE status LIKE 'Turn'", NULL}, /* LIKE would not find it */
        {"SELECT 1 FROM orders WHERE status = 'turn'", NULL},
        {"SELECT 1 FROM orders WHERE status = 'open'", NULL},
        {"SELECT 'OPEN' FROM orders WHERE gift = 'OPEN'", NULL},
        {"SELECT 'OPEN", NULL},
    };
    static const struct dataset *tables[] = {&shop_orders};
    struct llm_request request = {.sees = LLM_SEES_ROWS};
    struct decision decision = {
        .arena = arena, .request = &request, .tables = tables, .table_count = 1};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *out = model_mend_values(&decision, rows[i].sql);
        assert_string_equal(out ? out : "-", rows[i].mended ? rows[i].mended : "-");
    }
    request.without = LLM_PART_VALUES;
    assert_null(model_mend_values(&decision, rows[0].sql));
    request = (struct llm_request){.sees = LLM_SEES_AGGREGATES};
    assert_null(model_mend_values(&decision, rows[0].sql));
}

/* No call is made for it, and nothing is done where it brings no rows. */
static void a_value_of_another_case_is_mended_by_code(void **state)
{
    static const char reply[] = DECISION("SELECT sum(revenue) FROM orders WHERE status = 'RETURNED'");
    SCRIPT({reply});
    struct llm_request request = ask("revenue of what came back");
    empty = "'RETURNED'";
    assert_non_null(strstr(decide(&request).sql, "'returned'"));
    assert_int_equal(chat_double.calls, 1);
    SCRIPT({reply}, {reply});
    request = ask("revenue of what came back");
    empty = "sum(";
    assert_non_null(strstr(decide(&request).sql, "'RETURNED'"));
    assert_int_equal(chat_double.calls, 2);
}

/* A second call that fails or is declined takes nothing away. */
static void no_rows_are_an_answer_where_the_second_call_fails(void **state)
{
    static const char first[] = DECISION("SELECT sum(revenue) FROM orders WHERE status = 'Returnd'");
    static const struct chat_double_reply scripts[][2] = {
        {{first}, {.error = ERROR_MODEL}},
        {{first}, {.text = "not that", .stop = CHAT_REFUSED}},
    };
    for (size_t i = 0; i < 2; i++) {
        chat_double_script(scripts[i], 2);
        struct llm_request request = ask("revenue of what came back");
        empty = "'Returnd'";
        struct llm_proposal proposal = decide(&request);
        assert_int_equal(chat_double.calls, 2);
        assert_int_equal(proposal.outcome, LLM_QUERY);
        assert_non_null(strstr(proposal.sql, "'Returnd'"));
        assert_false(proposal.passing);
    }
}

static void a_period_is_told_where_both_its_bounds_are_used(void **state)
{
    static const struct {
        const char *reply;
        size_t count;
    } cases[] = {
        {DECISION("SELECT sum(revenue) FROM orders WHERE order_date >= '2026-10-01' "
                  "AND order_date < '2026-11-01'"), 1},
        {DECISION("SELECT sum(revenue) FROM orders WHERE order_date BETWEEN '2026-10-01' "
                  "AND '2026-10-31'"), 1},
        {DECISION("SELECT sum(revenue) FROM orders WHERE order_date >= '2026-10-01'"), 0},
        {DECISION("SELECT sum(revenue) FROM orders WHERE order_date < '2026-11-01'"), 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        SCRIPT({cases[i].reply});
        struct llm_request request = ask("total revenue last month");
        struct llm_proposal proposal = decide(&request);
        assert_int_equal(proposal.period_count, cases[i].count);
        assert_true((proposal.sureness > 0.6) == (cases[i].count == 1));
    }
}

static void periods_end_where_they_end(void **state)
{
    static const struct {
        const char *sql, *bound; /* NULL: is left alone */
    } rows[] = {
        {"SELECT 1 FROM orders WHERE order_date BETWEEN '2026-10-01' AND '2026-11-01' LIMIT 1",
         "SELECT 1 FROM orders WHERE (order_date >= '2026-10-01' AND order_date < '2026-11-01') LIMIT 1"},
        {"SELECT 1 FROM orders o WHERE o.\"order_date\" BETWEEN DATE '2026-10-01' AND DATE '2026-10-31'",
         "SELECT 1 FROM orders o WHERE (o.\"order_date\" >= DATE '2026-10-01' AND o.\"order_date\" < DATE '2026-11-01')"},
        {"SELECT 1 WHERE d >= '2026-10-01' AND d <= '2026-11-01'",
         "SELECT 1 WHERE d >= '2026-10-01' AND d < '2026-11-01'"},
        {"SELECT 1 WHERE d >= '2026-10-01' AND date(d) <= DATE '2026-10-31' OR d <= '2024-05-05'",
         "SELECT 1 WHERE d >= '2026-10-01' AND date(d) < DATE '2026-11-01' OR d < '2024-05-05'"},
        {"SELECT 1 WHERE d <= '2026-11-01'", NULL}, /* of some other time */
        {"SELECT 1 WHERE d BETWEEN '2026-09-01' AND '2026-11-01'", NULL},
        {"SELECT 1 WHERE d BETWEEN '2026-10-01' AND '2026-11-02'", NULL},
        {"SELECT 1 WHERE d NOT BETWEEN '2026-10-01' AND '2026-11-01'", NULL},
        {"SELECT 1 WHERE date(d) BETWEEN '2026-10-01' AND '2026-11-01'", NULL},
        {"SELECT 1 WHERE d::date BETWEEN '2026-10-01' AND '2026-11-01'", NULL},
        {"SELECT 1 WHERE a - d BETWEEN '2026-10-01' AND '2026-11-01'", NULL},
        {"SELECT 1 WHERE d + INTERVAL 1 DAY BETWEEN '2026-10-01' AND '2026-11-01'", NULL},
        {"SELECT 1 WHERE a.b.d BETWEEN '2026-10-01' AND '2026-11-01'", NULL},
        {"SELECT 1 WHERE d >= '2026-10-01' AND d < '2026-11-01'", NULL},
        {"SELECT 1 WHERE d BETWEEN '2025-01-01' AND '2026-01-01'", NULL}, /* as it was asked? */
        {"SELECT 1 WHERE '2026-10-01' BETWEEN '2026-10-01' AND", NULL},
        {"BETWEEN '2026-10-01' AND '2026-11-01'", NULL},
        {"SELECT 1 WHERE d BETWEEN", NULL},
        {"SELECT '2026-10-01' <=", NULL},
        {"SELECT 'x", NULL},
        {"", NULL},
    };
    struct period periods[] = {{.from = "2026-10-01", .to = "2026-11-01"}, {.to = "2024-05-05"},
                               {.from = "2025-01-01", .to = "2026-01-01", .ambiguous = true},
                               {.from = "2026-12-01"}, {.from = "2026-10-01", .to = "odd"}};
    struct decision decision = {.arena = arena, .periods = {.items = periods, .count = 5}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_string_equal(model_bound_periods(&decision, rows[i].sql),
                            rows[i].bound ? rows[i].bound : rows[i].sql);
    decision.periods.count = 0;
    assert_ptr_equal(model_bound_periods(&decision, rows[0].sql), rows[0].sql);
}

/* And so a reply is taken. */
static void a_reply_is_bound(void **state)
{
    SCRIPT({DECISION("SELECT sum(revenue) FROM orders WHERE order_date BETWEEN '2026-10-01' AND '2026-11-01'")});
    struct llm_request request = ask("total revenue last month");
    assert_non_null(strstr(decide(&request).sql, "order_date < '2026-11-01'"));
}

static const char *mended(const char *sql, const char *failure)
{
    struct decision *decision = arena_alloc(arena, sizeof(*decision));
    static const struct dataset *tables[] = {&shop_customers, &shop_orders};
    *decision = (struct decision){.arena = arena, .tables = tables, .table_count = 2};
    const char *out = model_mend_sql(decision, sql, failure);
    return out ? out : "-";
}

#define NOT_THERE(name) "Binder Error: Referenced column \"" name "\" not found in FROM clause!"
#define NOT_GROUPED(name) \
    "Binder Error: column \"" name "\" must appear in the GROUP BY clause or must be part of an aggregate"

#define NO_TABLE(name) "Binder Error: Referenced table \"" name "\" not found!\nCandidate tables: \"a\""
#define WHOSE(name) \
    "Binder Error: Ambiguous reference to column name \"" name "\" (use: \"o." name "\" or \"c." name "\")"

#define NO_FUNCTION(name) \
    "Binder Error: No function matches the given name and argument types '" name "(VARCHAR)'. You might"

static void what_has_one_way_is_mended_by_code(void **state)
{
    static const struct {
        const char *sql, *failure, *mended; /* "-": is left alone */
    } rows[] = {
        {"SELECT sum(revenu), max(revenu) FROM orders", NOT_THERE("revenu"),
         "SELECT sum(revenue), max(revenue) FROM orders"},
        {"SELECT Quantitty AS q FROM orders WHERE q = 'Quantitty'", NOT_THERE("Quantitty"),
         "SELECT quantity AS q FROM orders WHERE q = 'Quantitty'"},
        {"SELECT turnover FROM orders", NOT_THERE("turnover"), "-"},
        {"SELECT revenu FROM customers", NOT_THERE("revenu"), "-"}, /* none of its tables' */
        {"SELECT o.country FROM orders o JOIN customers AS c ON join_of(o, c) WHERE o.country = 'x'",
         "Binder Error: Table \"o\" does not have a column named \"country\"",
         "SELECT c.country FROM orders o JOIN customers AS c ON join_of(o, c) WHERE c.country = 'x'"},
        {"SELECT o.country FROM orders o JOIN customers a ON 1=1 JOIN customers b ON 1=1",
         "Binder Error: Table \"o\" does not have a column named \"country\"", "-"}, /* whose? */
        {"SELECT o.region, o.country FROM orders o WHERE o.revenue > 5 AND o.country = 'x'",
         "Binder Error: Table \"o\" does not have a column named \"country\"",
         "SELECT o.region, customers.country FROM orders o JOIN customers ON o.customer_id = "
         "customers.customer_id WHERE o.revenue > 5 AND customers.country = 'x'"},
        {"SELECT max(revenue) FROM customers", NOT_THERE("revenue"), "SELECT max(revenue) FROM orders"},
        {"SELECT customers.region, c.revenue FROM customers c WHERE c.customer_id = 3 AND region <> 'name'",
         NOT_THERE("region"),
         "SELECT orders.region, c.revenue FROM orders c WHERE c.customer_id = 3 AND region <> 'name'"},
        {"SELECT count(*) FROM customers WHERE revenue > 5", NOT_THERE("revenue"), "-"}, /* of what? */
        {"SELECT name, max(revenue) FROM customers", NOT_THERE("revenue"),
         "-"}, /* rows would be multiplied */
        {"SELECT revenue FROM customers WHERE revenue > (SELECT avg(revenue) FROM orders)",
         NOT_THERE("revenue"), "-"},
        {"SELECT 1 FROM orders WHERE revenue > (SELECT avg(revenue) FROM customers c LIMIT 1)",
         NOT_THERE("country"), "-"},
        {"SELECT 2 WHERE 2 > (SELECT max(country) FROM orders o LIMIT 1)", NOT_THERE("country"),
         "SELECT 2 WHERE 2 > (SELECT max(country) FROM orders o JOIN customers ON o.customer_id = "
         "customers.customer_id LIMIT 1)"},
        {"SELECT region FROM orders ORDER BY count(*) DESC LIMIT 1", NOT_GROUPED("region"),
         "SELECT region FROM orders GROUP BY region ORDER BY count(*) DESC LIMIT 1"},
        {"SELECT o.region FROM orders o HAVING count(*) > 2", NOT_GROUPED("region"),
         "SELECT o.region FROM orders o GROUP BY o.region HAVING count(*) > 2"},
        {"SELECT region, max(revenue) FROM orders", NOT_GROUPED("region"), "-"}, /* of which row? */
        {"SELECT c.name, count(*) FROM customers c GROUP BY c.customer_id ORDER BY 2", NOT_GROUPED("name"),
         "SELECT c.name, count(*) FROM customers c GROUP BY c.customer_id, c.name ORDER BY 2"},
        {"SELECT name, count(*) FROM customers GROUP BY country", NOT_GROUPED("name"), "-"},
        {"SELECT 1 FROM orders WHERE region IN (SELECT region FROM orders ORDER BY count(*))",
         NOT_GROUPED("region"),
         "SELECT 1 FROM orders WHERE region IN (SELECT region FROM orders GROUP BY region ORDER BY count(*))"},
        {"SELECT \"select\" FROM orders ORDER BY count(*)", NOT_GROUPED("select"),
         "SELECT \"select\" FROM orders GROUP BY \"select\" ORDER BY count(*)"},
        {"SELECT region FROM (((", NOT_GROUPED("region"), "SELECT region FROM ((( GROUP BY region"},
        {"region)) FROM", NOT_GROUPED("region"), "-"},
        {"o.region", NOT_THERE("country"), "-"},
        {"country FROM orders", NOT_THERE("country"), "-"},
        {"SELECT avg(region) FROM orders", NO_FUNCTION("avg"), "-"}, /* no numbers */
        {"SELECT avg(region", NO_FUNCTION("avg"), "-"},
        {"SELECT avg(o.", NO_FUNCTION("avg"), "-"},
        {"SELECT orders.region FROM orders o WHERE orders.revenue > 5", NO_TABLE("orders"),
         "SELECT o.region FROM orders o WHERE o.revenue > 5"},
        {"SELECT orders.region FROM orders a JOIN orders b ON 1=1", NO_TABLE("orders"), "-"}, /* which? */
        {"SELECT region FROM orders WHERE customers.country = 'x' LIMIT 1", NO_TABLE("customers"),
         "SELECT region FROM orders JOIN customers ON orders.customer_id = customers.customer_id "
         "WHERE customers.country = 'x' LIMIT 1"},
        {"SELECT name FROM customers WHERE orders.revenue > 5", NO_TABLE("orders"),
         "-"}, /* rows would be multiplied */
        {"SELECT region FROM orders WHERE shops.city = 'x'", NO_TABLE("shops"), "-"},
        {"customers.country", NO_TABLE("customers"), "-"},
        {"SELECT customer_id, count(*) AS customer_id FROM orders o JOIN customers c "
         "ON o.customer_id = c.customer_id GROUP BY customer_id", WHOSE("customer_id"),
         "SELECT o.customer_id, count(*) AS customer_id FROM orders o JOIN customers c "
         "ON o.customer_id = c.customer_id GROUP BY o.customer_id"},
        {"SELECT name FROM orders o JOIN customers c ON o.customer_id = c.customer_id", WHOSE("name"), "-"},
        {"SELECT customer_id FROM orders o LEFT JOIN customers c ON o.customer_id = c.customer_id",
         WHOSE("customer_id"), "-"},
        {"SELECT customer_id FROM orders o JOIN customers c ON o.customer_id = c.customer_id "
         "WHERE region IN (SELECT region FROM orders)", WHOSE("customer_id"), "-"},
        {"customer_id = o.customer_id", WHOSE("customer_id"), "-"},
        {"SELECT region FROM orders", "Conversion Error: what?", "-"},
        {"SELECT 'x", NOT_THERE("x"), "-"},
        {"", NOT_THERE("x"), "-"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_string_equal(mended(rows[i].sql, rows[i].failure), rows[i].mended);
}

static void numbers_that_are_text_are_averaged(void **state)
{
    struct stored_value values[] = {{.text = "12"}, {.text = " 7.5 "}};
    struct dataset orders = shop_orders;
    struct column columns[] = {shop_order_columns[0], {.name = "speed", .kind = VALUE_TEXT,
        .profile = {.values = values, .value_count = 2, .values_complete = true}}};
    orders.columns = columns;
    orders.column_count = 2;
    const struct dataset *tables[] = {&orders};
    struct decision decision = {.arena = arena, .tables = tables, .table_count = 1};
    static const char sql[] = "SELECT avg(speed), avg(o.\"speed\"), count(speed) FROM orders o";
    assert_string_equal(model_mend_sql(&decision, sql, NO_FUNCTION("avg")),
                        "SELECT avg(TRY_CAST(speed AS DOUBLE)), avg(TRY_CAST(o.\"speed\" AS DOUBLE)), "
                        "count(speed) FROM orders o");
    columns[1].profile.values_complete = false;
    assert_null(model_mend_sql(&decision, sql, NO_FUNCTION("avg")));
    columns[1].profile.values_complete = true;
    values[1].text = "7 or 8";
    assert_null(model_mend_sql(&decision, sql, NO_FUNCTION("avg")));
}

/* No call is made for it. */
static void what_was_mended_by_code_is_proposed(void **state)
{
    SCRIPT({DECISION("SELECT sum(revenu) AS n FROM orders")});
    struct llm_request request = ask("what came in from up there");
    failing = "(revenu)";
    failing_words = NOT_THERE("revenu");
    struct llm_proposal proposal = decide(&request);
    assert_string_equal(proposal.sql, "SELECT sum(revenue) AS n FROM orders");
    assert_true(proposal.sureness < 0.75);
    assert_int_equal(chat_double.calls, 1);
    assert_int_equal(request.repairs_left, 2);
    failing_words = NULL;
}

/* It would write its own statement again. */
static void a_small_model_is_not_shown_its_own_reply(void **state)
{
    SCRIPT({"{\"sql\":\"SELECT sum(turnover) FROM orders\"}"}, {"{\"sql\":\"SELECT 1\"}"});
    assert_true(settings_set("QUERENT_MODEL_BRIEF", "on", &(struct error){0}));
    struct llm_request request = ask("what came in from up there");
    struct llm_proposal proposal = decide(&request);
    struct error failure = {0}, err = {0};
    error_set(&failure, ERROR_SQL_FAILED, NOT_THERE("turnover"));
    request.failed_sql = proposal.sql;
    request.failure = &failure;
    assert_true(llm_generate(llm, &request, &proposal, &err));
    assert_int_equal(chat_double.requests[1].message_count, 1);
    struct str told = chat_double_message(1);
    assert_true(says(told, "up there"));
    assert_true(says(told, "A statement that was tried can't be used: Binder Error"));
    assert_false(says(told, "SELECT sum"));
    settings_reset();
}

/* ------------------------------------------------------------------ a model that is down */

static void the_planner_stands_in_where_it_is_sure(void **state)
{
    SCRIPT({.error = ERROR_MODEL});
    struct llm_request request = ask("total revenue by region");
    struct llm_proposal proposal = decide(&request);
    assert_int_equal(proposal.outcome, LLM_QUERY);
    assert_true(proposal.passing);
    assert_string_equal(proposal.model, planner_version(planner));
    assert_non_null(strstr(proposal.notice, "could not be asked"));
    assert_int_equal(chat_double.calls, 1);
}

/* Whoever asks, over HTTP too, is told the class of the reason, and nothing of the error. */
static void the_reason_is_told_in_its_class(void **state)
{
    static const struct {
        struct chat_double_reply reply;
        const char *notice;
    } rows[] = {
        {{.error = ERROR_MODEL, .cause = CHAT_CAUSE_KEY},
         "The language model could not be asked (its key is refused); the built-in planner has answered."},
        {{.error = ERROR_MODEL, .cause = CHAT_CAUSE_MODEL}, "asked (its server has no model of that name);"},
        {{.error = ERROR_DEADLINE}, "asked (it took too long);"},
        {{.error = ERROR_MODEL}, "The language model could not be asked; the built-in"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        chat_double_script(&rows[i].reply, 1);
        struct llm_request request = ask("total revenue by region");
        assert_non_null(strstr(decide(&request).notice, rows[i].notice));
    }
}

static void where_it_is_not_there_is_one_error(void **state)
{
    SCRIPT({.error = ERROR_MODEL});
    struct llm_request request = ask("zorblax of the frobnicated quux");
    request.explained = 0;
    struct llm_selection selection;
    struct error err = {0};
    assert_false(llm_select(llm, &request, &selection, &err));
    assert_int_equal(err.code, ERROR_MODEL);
    assert_non_null(strstr(err.message, "told to fail"));
    /* and where the setting forbids it */
    assert_true(settings_set("QUERENT_MODEL_FALLBACK", "none", &err));
    request = ask("total revenue by region");
    assert_false(llm_select(llm, &request, &selection, &err));
    assert_true(settings_set("QUERENT_MODEL_FALLBACK", "planner", &err));
}

static bool wait_for_slow_model(void *arg, struct error *err)
{
    struct llm_request *request = arg;
    struct llm_proposal proposal = decide(request);
    assert_true(proposal.passing);
    assert_true(task_check(err));
    return true;
}

static void a_slow_model_leaves_the_planner_time(void **state)
{
    SCRIPT({.text = DECISION("SELECT 1"), .delay_ms = 600 * 1000});
    struct llm_request request = ask("total revenue by region");
    struct task_options options = {.name = "slow", .deadline_ms = 3000};
    struct error err = {0};
    assert_true(task_run_main(&options, wait_for_slow_model, &request, &err));
}

/* ------------------------------------------------------------------ others have all places */

static void while_others_have_all_places_one_is_waited_for(void **state)
{
    SCRIPT({DECISION("SELECT sum(revenue) FROM orders")});
    struct llm_request request = ask("total revenue by region");
    decide(&request);
    assert_int_equal(chat_double.entered, 0);
    chat_double.full = true;
    request = ask("total revenue by region");
    struct llm_proposal proposal = decide(&request);
    assert_int_equal(chat_double.entered, 1);
    assert_int_equal(chat_double.calls, 2);
    assert_string_equal(proposal.sql, "SELECT sum(revenue) FROM orders");
    assert_true(str_equal(chat_double.requests[0].context, chat_double.requests[1].context));
    assert_true(str_equal(chat_double_message(0), chat_double_message(1)));
    chat_double.full = false;
}

static void what_needs_no_call_waits_for_no_place(void **state)
{
    SCRIPT({DECISION("SELECT 1")});
    chat_double.full = true;
    struct llm_request request = ask("what columns are there?");
    assert_int_equal(decide(&request).outcome, LLM_DESCRIBE);
    request = ask("total revenue by region");
    request.dry = true;
    decide(&request);
    assert_int_equal(chat_double.entered, 0);
    assert_int_equal(chat_double.calls, 0);
    chat_double.full = false;
}

static bool decide_twice(void *arg, struct error *err)
{
    for (int i = 0; i < 2; i++) {
        struct llm_request request = ask("total revenue by region");
        assert_null(decide(&request).notice);
        request = ask("what columns are there?");
        assert_int_equal(decide(&request).outcome, LLM_DESCRIBE);
    }
    return true;
}

/* With one place in all: who kept it would keep himself waiting. */
static void a_place_goes_to_the_call_or_back(void **state)
{
    struct task_options options = {.name = "places", .deadline_ms = 20000};
    struct error err = {0};
    for (int leaves = 0; leaves < 2; leaves++)
        for (int full = 0; full < 2; full++) {
            SCRIPT({DECISION("SELECT sum(revenue) FROM orders")});
            chat_double.full = full;
            chat_double.leaves_place = leaves;
            chat_double.upstream =
                upstream_open(&(struct upstream_options){.name = "Double", .concurrent_max = 1});
            assert_true(task_run_main(&options, decide_twice, NULL, &err));
            assert_int_equal(chat_double.calls, 2);
            for (int i = 0; i < 2; i++)
                assert_non_null(chat_double.requests[i].place);
            upstream_close(chat_double.upstream); /* asserts that none is out */
            chat_double.upstream = NULL;
        }
    chat_double.full = chat_double.leaves_place = false;
}

static void no_place_in_time_is_a_model_that_took_too_long(void **state)
{
    SCRIPT({DECISION("SELECT 1")});
    chat_double.full = true;
    chat_double.enter_error = ERROR_DEADLINE;
    struct llm_request request = ask("total revenue by region");
    struct llm_proposal proposal = decide(&request);
    assert_int_equal(proposal.outcome, LLM_QUERY);
    assert_non_null(strstr(proposal.notice, "asked (it took too long);"));
    assert_int_equal(chat_double.calls, 0);
    chat_double.enter_error = ERROR_MODEL;
    request = ask("total revenue by region");
    assert_non_null(strstr(decide(&request).notice, "asked (its server does not answer);"));
    assert_int_equal(chat_double.calls, 0);
    chat_double.enter_error = ERROR_NONE;
    chat_double.full = false;
}

/* ------------------------------------------------------------------ the planner beside the model */

static void set(const char *name, const char *value)
{
    struct error err = {0};
    assert_true(settings_set(name, value, &err));
}

static void what_the_planner_is_sure_of_costs_no_call(void **state)
{
    SCRIPT({DECISION("SELECT 1")});
    set("QUERENT_PLANNER_FIRST", "on");
    struct llm_request request = ask("total revenue by region");
    struct llm_proposal proposal = decide(&request);
    assert_int_equal(chat_double.calls, 0);
    assert_int_equal(proposal.outcome, LLM_QUERY);
    assert_non_null(proposal.query);
    assert_string_equal(proposal.model, planner_version(planner));
    assert_null(proposal.notice);
    assert_false(proposal.passing);
    assert_true(proposal.sureness >= 0.9);
    request = ask("total revenue by region");
    request.dry = true;
    assert_non_null(strstr(decide(&request).sentence, "nothing would be"));
    /* Of what was said before, a model's answer is none that it could go on from. */
    const struct llm_turn turn = {"revenue by region?", "North has 12.", "SELECT 1"};
    set("QUERENT_MODEL_BRIEF", "on");
    request = ask("total revenue by region");
    request.history = &turn;
    request.history_count = 1;
    assert_string_equal(decide(&request).sql, "SELECT 1");
    assert_true(says(chat_double_message(0), "revenue by region?\nSQL: SELECT 1"));
    assert_false(says(chat_double_message(0), "North has"));
    set("QUERENT_MODEL_BRIEF", "off");
    chat_double.calls = 0;
    /* Of no rows it is not sure enough. */
    request = ask("total revenue by region");
    empty = "sum(";
    assert_string_equal(decide(&request).sql, "SELECT 1");
    chat_double.calls = 0;
    /* Should its statement fail after all, the model is next. */
    request = ask("total revenue by region");
    proposal = decide(&request);
    struct error failure = {0}, err = {0};
    error_set(&failure, ERROR_SQL_FAILED, "no memory");
    request.failed_sql = proposal.sql;
    request.failure = &failure;
    assert_true(llm_generate(llm, &request, &proposal, &err));
    assert_int_equal(chat_double.calls, 1);
    assert_string_equal(proposal.sql, "SELECT 1");
    settings_reset();
}

/* In between: not sure enough to answer, and too sure to be kept back. */
static const char half_sure[] = "average quantity of returned orders by channel in march";

static void the_plan_is_the_answer_where_the_model_has_none(void **state)
{
    static const char *const replies[] = {
        "{\"sql\":null,\"no_answer\":\"There is nothing about that.\"}",
        "{\"sql\":null,\"question_back\":\"Which March?\"}",
        DECISION("SELECT sum(revenue) FROM orders WHERE status = 'Returnd'"),
    };
    set("QUERENT_PLANNER_FIRST", "on");
    for (size_t i = 0; i < sizeof(replies) / sizeof(replies[0]); i++) {
        SCRIPT({replies[i]});
        struct llm_request request = ask(half_sure);
        empty = "'Returnd'";
        struct llm_proposal proposal = decide(&request);
        assert_int_equal(chat_double.calls, 1);
        assert_non_null(proposal.query);
    }
    /* One that was mended, and gives no rows, too. */
    SCRIPT({DECISION("SELECT sum(revenu) FROM orders WHERE quantity > 999")});
    struct llm_request mended_one = ask(half_sure);
    failing = "(revenu)";
    failing_words = NOT_THERE("revenu");
    empty = "999";
    assert_non_null(decide(&mended_one).query);
    failing_words = NULL;
    /* A statement that fails, too; and if that happens to both, the model goes on. */
    SCRIPT({DECISION("SELECT nothing")}, {DECISION("SELECT 1")});
    struct llm_request request = ask(half_sure);
    struct llm_proposal proposal = decide(&request);
    struct error failure = {0}, err = {0};
    error_set(&failure, ERROR_SQL_FAILED, "Binder Error: nothing");
    request.failure = &failure;
    request.failed_sql = proposal.sql;
    assert_true(llm_generate(llm, &request, &proposal, &err));
    assert_non_null(proposal.query);
    assert_int_equal(chat_double.calls, 1);
    request.failed_sql = proposal.sql;
    assert_true(llm_generate(llm, &request, &proposal, &err));
    assert_string_equal(proposal.sql, "SELECT 1");
    assert_int_equal(chat_double.calls, 2);
    settings_reset();
}

/* Of a value that the words are a part of, it would ask for the whole. */
static void a_small_model_is_told_of_values_that_are_spelled(void **state)
{
    static char words[] = "north";
    static const struct {
        const char *value;
        bool told;
    } rows[] = {{"North", true}, {"Norths", true}, {"North End", false}, {NULL, false}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        static const struct dataset *tables[] = {&shop_orders};
        struct llm_request request = ask("in the north");
        struct plan_link link = {.words = words, .dataset = &shop_orders,
                                 .column = &shop_order_columns[1], .value = rows[i].value};
        struct decision decision = {.request = &request, .arena = arena, .tables = tables,
                                    .table_count = 1, .links = &link, .link_count = 1, .brief = true};
        assert_int_equal(says(model_question(&decision), "\"north\" is stored in orders."), rows[i].told);
        decision.brief = false;
        assert_true(says(model_question(&decision), "\"north\" "));
    }
}

/* "or" to a small model, which would ask for all at once. */
static void one_value_of_several_columns_is_one_line(void **state)
{
    static char words[] = "north", other[] = "the north";
    static const struct dataset *tables[] = {&shop_orders};
    struct plan_link links[] = {
        {.words = words, .dataset = &shop_orders, .column = &shop_order_columns[1], .value = "North"},
        {.words = words, .dataset = &shop_orders, .column = &shop_order_columns[2], .value = "North"},
        {.words = other, .dataset = &shop_orders, .column = &shop_order_columns[1], .value = "North"},
    };
    struct llm_request request = ask("in the north");
    struct decision decision = {.request = &request, .arena = arena, .tables = tables, .table_count = 1,
                                .links = links, .link_count = 3, .brief = true};
    const char *first = shop_order_columns[1].name, *second = shop_order_columns[2].name;
    struct str told = model_question(&decision);
    assert_true(says(told, arena_printf(arena, "\"north\" is stored in orders.%s or orders.%s as 'North'\n\n#",
                                        first, second)));
    decision.brief = false;
    told = model_question(&decision);
    assert_true(says(told, arena_printf(arena, "\"north\" is stored in orders.%s as 'North'\n", second)));
    assert_false(says(told, "the north\" is stored"));
}

/* Of a name that the asker has said a part of, the rest is nobody's word. */
static void with_aggregates_a_value_is_told_that_was_asked_for(void **state)
{
    static char words[] = "north";
    static const struct {
        enum llm_sees sees;
        const char *value;
        bool told;
    } rows[] = {{LLM_SEES_ROWS, "North End", true}, {LLM_SEES_AGGREGATES, "North End", false},
                {LLM_SEES_AGGREGATES, "North", true}, {LLM_SEES_SCHEMA, "North", false}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        static const struct dataset *tables[] = {&shop_orders};
        struct llm_request request = ask("in the north");
        request.sees = rows[i].sees;
        struct plan_link link = {.words = words, .dataset = &shop_orders,
                                 .column = &shop_order_columns[1], .value = rows[i].value};
        struct plan_link links[] = {link, link};
        struct decision decision = {.request = &request, .arena = arena, .tables = tables,
                                    .table_count = 1, .links = links, .link_count = 2};
        struct str text = model_question(&decision);
        assert_int_equal(says(text, rows[i].value), rows[i].told);
        ptrdiff_t first = str_find(text, STR("\"north\" may be "));
        assert_int_equal(first >= 0, rows[i].sees == LLM_SEES_AGGREGATES && !rows[i].told);
        if (first >= 0) /* once */
            assert_false(says(str_slice(text, (size_t)first + 1, text.length), "\"north\" may be "));
    }
}

/* A small model joins whatever it is shown. */
static void what_the_planner_reads_is_shown_alone(void **state)
{
    SCRIPT({"{\"sql\":\"SELECT 1\"}"});
    set("QUERENT_PLANNER_FIRST", "on");
    for (int brief = 0; brief < 2; brief++) {
        set("QUERENT_MODEL_BRIEF", brief ? "on" : "off");
        struct llm_request request = ask(half_sure);
        decide(&request);
        struct str context = chat_double.requests[chat_double.calls - 1].context;
        assert_true(says(context, "CREATE TABLE orders"));
        assert_int_equal(says(context, "CREATE TABLE products"), !brief);
        assert_int_equal(says(context, "orders.customer_id = customers.customer_id"), false);
    }
    /* Else retrieval's first, and what it can be joined to. */
    set("QUERENT_PLANNER_FIRST", "off");
    struct llm_request request = ask(half_sure);
    request.margin = 0;
    request.plan.dataset_count = 2;
    struct plan_dataset apart[] = {shop[2], shop[1]};
    request.plan.datasets = apart;
    request.plan.joinable_count = 0;
    decide(&request);
    struct str context = chat_double.requests[chat_double.calls - 1].context;
    assert_true(says(context, "CREATE TABLE products"));
    assert_false(says(context, "CREATE TABLE customers"));
    request = ask(half_sure);
    decide(&request);
    context = chat_double.requests[chat_double.calls - 1].context;
    assert_true(says(context, "# Tables are joined by\n\n- orders.customer_id = customers.customer_id"));
    settings_reset();
}

static void small_models_are_asked_briefly(void **state)
{
    static const struct {
        const char *model, *url, *version;
        bool brief;
    } rows[] = {
        {"qwen2.5-coder", "http://127.0.0.1:9/v1", NULL, true},
        {"gpt-4o-mini", "http://127.0.0.1:9/v1", NULL, false},
        {"vendor/claude-sonnet-5", "https://gateway.example/v1", NULL, false},
        {"vendor/some-model", "https://gateway.example/v1", NULL, true},
        {"ours", "https://ours.openai.azure.com/openai/v1", NULL, false},
        {"ours", "https://gateway.example", "2024-10-21", false},
        {"ours", "https://api.openai.com/v1", NULL, false},
        {"ours", "https://api.openai.com.gateway.example/v1", NULL, true},
        {"ours", NULL, NULL, false},
    };
    SCRIPT({"{\"sql\":\"SELECT 1\"}"});
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (rows[i].url)
            set("OPENAI_BASE_URL", rows[i].url);
        if (rows[i].version)
            set("OPENAI_API_VERSION", rows[i].version);
        struct llm_request request = ask("zorblax by region in 2025");
        request.model = rows[i].model;
        assert_string_equal(decide(&request).sql, "SELECT 1");
        const struct chat_request *sent = &chat_double.requests[chat_double.calls - 1];
        if ((strcmp(sent->schema, model_brief_schema) == 0) != rows[i].brief)
            fail_msg("row %zu", i);
        assert_true(says(sent->context, "region text"));
        assert_int_equal(says(sent->context, " to 2"), !rows[i].brief); /* ranges */
        settings_reset();
    }
}

/* ------------------------------------------------------------------ what may be seen */

static void hide_values(struct llm_request *request)
{
    request->sees = LLM_SEES_SCHEMA;
    decide(request);
}

/* Every stored value of the shop that the asker has not written. */
static void with_schema_no_value_is_sent(void **state)
{
    SCRIPT({DECISION("SELECT sum(revenu) FROM orders WHERE region = 'North'")},
           {DECISION("SELECT sum(revenue) FROM orders WHERE region = 'North'")});
    struct llm_request request = ask("revenue in the north last month");
    const struct llm_turn turn = {"revenue by channel?", "Web has 12.", 
                                  "SELECT sum(revenue) FROM orders WHERE channel = 'Phone'"};
    const struct llm_example example = {"sales to {country}",
                                        "SELECT 1 FROM customers WHERE country = 'Sweden'",
                                        &shop_customers};
    request.history = &turn;
    request.history_count = 1;
    request.examples = &example;
    request.example_count = 1;
    hide_values(&request);
    struct error failure = {0}, err = {0};
    struct llm_proposal proposal;
    error_set(&failure, ERROR_SQL_FAILED, "can't convert 'delivered' to a number");
    request.failed_sql = "SELECT sum(revenu) FROM orders WHERE region = 'North'";
    request.failure = &failure;
    assert_true(llm_generate(llm, &request, &proposal, &err));
    struct str sent = strbuf_str(&chat_double.sent);
    assert_true(says(sent, "That can't be used: it fails on the values of the data"));
    assert_false(says(sent, "sales to {country}")); /* the value may be in the question, too */
    for (size_t d = 0; d < 3; d++)
        for (size_t c = 0; c < shop[d].dataset->column_count; c++) {
            const struct column *column = &shop[d].dataset->columns[c];
            for (size_t v = 0; v < column->profile.value_count; v++) {
                const char *value = column->profile.values[v].text;
                bool word = *value >= 'a'; /* "open" is an ordinary word, too */
                if (strcmp(value, "North") != 0) /* the model has written it */
                    assert_false(says(sent, word ? arena_printf(arena, "'%s'", value) : value));
            }
            assert_false(column->profile.min && says(sent, column->profile.min));
        }
    assert_false(says(sent, "Web has"));
    assert_false(says(sent, "'Web'"));
}

/* The values of earlier statements are told as far as the asker has said them, as words of their own. */
static void earlier_statements_keep_their_values(void **state)
{
    static const enum llm_sees all[] = {LLM_SEES_AGGREGATES, LLM_SEES_SCHEMA};
    const struct llm_turn turn = {
        "\xC3\x84PFEL in Canada below 55?", "12.",
        "SELECT sum(cost) FROM orders WHERE cost > 7310.5 AND region = 'Ana' AND channel = 'canada' AND status = "
        "'\xC3\xA4pfel' AND quantity < 55 AND product_id = 5 AND order_id2 <> 0"};
    for (size_t i = 0; i < 2; i++) {
        SCRIPT({DECISION("SELECT sum(revenue) FROM orders")});
        struct llm_request request = ask("and last month");
        request.history = &turn;
        request.history_count = 1;
        request.sees = all[i];
        decide(&request);
        struct str sent = strbuf_str(&chat_double.sent);
        assert_true(says(sent, "WHERE cost > ... AND region = '...' AND channel = 'canada' AND status = "
                               "'\xC3\xA4pfel' AND quantity < 55 AND product_id = ... AND order_id2 <> 0"));
        assert_false(says(sent, "7310"));
    }
}

/* Of names a model is told; of values in no way, quoted or not. */
static void failures_do_not_tell_values(void **state)
{
    static const struct {
        enum llm_sees sees;
        bool masks;
        enum error_code code;
        const char *message, *told;
    } cases[] = {
        {LLM_SEES_ROWS, false, ERROR_SQL_FAILED, "Conversion Error: Ann", "Conversion Error: Ann"},
        {LLM_SEES_ROWS, true, ERROR_SQL_FAILED, "Conversion Error: Ann", "it fails on the values of the data"},
        {LLM_SEES_AGGREGATES, false, ERROR_SQL_FAILED, "Conversion Error: Ann", "it fails on the values of the data"},
        {LLM_SEES_SCHEMA, false, ERROR_SQL_FAILED, "can't convert Ann", "it fails on the values of the data"},
        {LLM_SEES_SCHEMA, false, ERROR_SQL_FAILED, "Binder Error: no town", "Binder Error: no town"},
        {LLM_SEES_SCHEMA, false, ERROR_SQL_REFUSED, "one SELECT only", "one SELECT only"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct llm_request request = ask("revenue by town");
        struct error failure = {0}, err = {0};
        struct llm_proposal proposal;
        SCRIPT({DECISION("SELECT town FROM orders")}, {DECISION("SELECT region FROM orders")});
        request.sees = cases[i].sees;
        request.masks = cases[i].masks;
        decide(&request);
        error_set(&failure, cases[i].code, "%s", cases[i].message);
        request.failed_sql = "SELECT town FROM orders";
        request.failure = &failure;
        assert_true(llm_generate(llm, &request, &proposal, &err));
        if (!says(strbuf_str(&chat_double.sent), arena_printf(arena, "That can't be used: %s", cases[i].told)))
            fail_msg("case %zu", i);
    }
}

static void with_aggregates_missing_values_come_without_stored_ones(void **state)
{
    SCRIPT({DECISION("SELECT sum(revenue) FROM orders WHERE region = 'Nort'")},
           {DECISION("SELECT sum(revenue) FROM orders")});
    struct llm_request request = ask("revenue of the top");
    struct error failure = {0}, err = {0};
    struct llm_proposal proposal;
    request.sees = LLM_SEES_AGGREGATES;
    decide(&request);
    error_set(&failure, ERROR_SQL_REFUSED, "no");
    request.failed_sql = "SELECT sum(revenue) FROM orders WHERE region = 'Nort'";
    request.failure = &failure;
    assert_true(llm_generate(llm, &request, &proposal, &err));
    assert_true(says(strbuf_str(&chat_double.sent), "no row has 'Nort' in region"));
    assert_false(says(strbuf_str(&chat_double.sent), "'North'"));
}

static void masked_columns_keep_their_values(void **state)
{
    struct dataset masked = shop_orders;
    const char *names[] = {"region"};
    masked.access.mask_model = (struct text_list){names, 1};
    struct plan_dataset one = {&masked, NULL, 1};
    SCRIPT({DECISION("SELECT 1")});
    struct llm_request request = ask("revenue in the north");
    request.plan.datasets = &one;
    request.plan.joinable_count = 0;
    decide(&request);
    assert_false(says(strbuf_str(&chat_double.sent), "'North'"));
    assert_true(says(strbuf_str(&chat_double.sent), "region text"));
    const char *more[] = {"region", "cost", "customer_id"};
    masked.access.hidden = (struct text_list){more, 3};
    request = ask("revenue in the north");
    request.plan.datasets = &one;
    request.plan.joinable_count = 0;
    SCRIPT({DECISION("SELECT 1")});
    decide(&request);
    struct str context = chat_double.requests[0].context;
    assert_false(says(context, "region text") || says(context, "cost"));
    assert_true(says(context, "metric('profit')"));
    assert_false(says(context, "customer_id"));
}

/* ------------------------------------------------------------------ the rest of what is sent */

static void conversation_and_examples_are_told(void **state)
{
    SCRIPT({DECISION("SELECT 1")});
    struct llm_request request = ask("and by channel?");
    const struct llm_turn turn = {"revenue by region?", "North leads.",
                                  "SELECT region, sum(revenue) FROM orders GROUP BY 1"};
    const struct llm_example example = {"sales in {region}",
                                        "SELECT sum(revenue) FROM orders WHERE region = {region}",
                                        &shop_orders};
    request.history = &turn;
    request.history_count = 1;
    request.examples = &example;
    request.example_count = 1;
    decide(&request);
    struct str question = chat_double_message(0);
    assert_true(says(question, "revenue by region?\nSQL: SELECT region, sum(revenue)"));
    assert_true(says(question, "North leads."));
    assert_true(says(question, "sales in {region}\nSQL: SELECT sum(revenue)"));
    assert_true(says(question, "# Question\n\nand by channel?"));
}

static void nothing_is_sent_to_explain_alone(void **state)
{
    SCRIPT({DECISION("SELECT 1")});
    struct llm_request request = ask("total revenue");
    request.dry = true;
    struct llm_proposal proposal = decide(&request);
    assert_int_equal(chat_double.calls, 0);
    assert_non_null(strstr(proposal.explanation, "CREATE TABLE orders"));
    assert_non_null(strstr(proposal.explanation, "total revenue"));
    assert_non_null(strstr(proposal.explanation, "tokens, estimated"));
    assert_true(str_starts(str_from(proposal.explanation), STR("Would be sent to ")));
    /* and what was sent is told after the fact */
    request = ask("total revenue");
    request.plan.explain = true;
    proposal = decide(&request);
    assert_true(str_starts(str_from(proposal.explanation), STR("Sent to ")));
    assert_non_null(strstr(proposal.explanation, ": 100 tokens in 1 call, counted by the provider"));
    assert_non_null(strstr(proposal.explanation, "it has revenue"));
}

static bool keep_text(void *context, struct str piece, struct error *err)
{
    strbuf_add_str(context, piece);
    return true;
}

static void the_answer_is_written_from_rows_and_facts(void **state)
{
    SCRIPT({"There are 42."});
    struct strbuf text = strbuf_init(1000);
    struct llm_request request = ask("how many orders?");
    struct llm_proposal proposal = {.sql = "SELECT count(*) AS n FROM orders"};
    struct chat_usage usage = {0};
    struct llm_answer_request answer = {.request = &request, .usage = &usage,
        .proposal = &proposal, .rows = &one_row, .facts = "total: 42\n", .on_text = keep_text,
        .context = &text};
    struct error err = {0};
    assert_true(llm_writes_answers(llm));
    assert_true(llm_write_answer(llm, &answer, &err));
    assert_string_equal(strbuf_text(&text), "There are 42.");
    assert_int_equal(usage.calls, 1);
    assert_true(says(chat_double_message(0), "Result, 1 row:\nn\n42"));
    assert_true(says(chat_double_message(0), "Facts:\ntotal: 42"));
    request.sees = LLM_SEES_SCHEMA;
    assert_false(llm_write_answer(llm, &answer, &err));
    assert_int_equal(chat_double.calls, 1);
    strbuf_clear(&text);
}

/* How many rows a model is shown is the caller's to say, once for all. */
static void every_row_that_is_given_is_shown(void **state)
{
    SCRIPT({"There are some."});
    struct cell cells[80];
    for (size_t i = 0; i < 80; i++)
        cells[i] = (struct cell){.type = CELL_INTEGER, .integer = 1000 + (int64_t)i};
    struct rows rows = one_row;
    rows.cells = cells;
    rows.row_count = 80;
    struct strbuf text = strbuf_init(1000);
    struct llm_request request = ask("which orders?");
    struct llm_proposal proposal = {.sql = "SELECT id FROM orders"};
    struct chat_usage usage = {0};
    struct llm_answer_request answer = {.request = &request, .usage = &usage, .proposal = &proposal,
        .rows = &rows, .facts = "", .on_text = keep_text, .context = &text};
    struct error err = {0};
    assert_true(llm_write_answer(llm, &answer, &err));
    assert_true(says(chat_double_message(0), "Result, 80 rows:\n"));
    assert_true(says(chat_double_message(0), "\n1079"));
    strbuf_clear(&text);
}

static void without_settings_the_planner_is_chosen(void **state)
{
    struct error err = {0};
    settings_reset();
    assert_string_equal(llm_chosen(), "planner");
    assert_true(settings_set("OPENAI_BASE_URL", "http://127.0.0.1:9/v1", &err));
    assert_string_equal(llm_chosen(), "openai");
    setenv("ANTHROPIC_API_KEY", "not-a-key", 1);
    assert_true(settings_load(&err));
    assert_string_equal(llm_chosen(), "anthropic");
    assert_true(settings_set("QUERENT_LLM", "planner", &err));
    assert_string_equal(llm_chosen(), "planner");
    unsetenv("ANTHROPIC_API_KEY");
    settings_reset();
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(one_call_decides_dataset_and_statement),
        TEST(what_code_knows_is_in_the_prompt),
        TEST(the_stable_part_does_not_change),
        TEST(a_sure_choice_shows_what_it_joins_alone),
        TEST(metrics_conditions_and_joins_are_compiled_in),
        TEST(metrics_of_repeated_rows_are_not_told),
        TEST(replies_are_read_with_patience),
        TEST(a_question_back_and_no_answer_are_results),
        TEST(null_alone_is_no_answer),
        TEST(questions_about_the_data_itself_cost_no_call),
        TEST(a_reply_of_another_form_goes_back_once_or_twice),
        TEST(a_cut_reply_goes_back),
        TEST(a_failed_statement_comes_with_nearest_names_and_values),
        TEST(the_same_statement_is_never_taken_twice),
        TEST(values_are_put_as_they_are_stored),
        TEST(a_value_of_another_case_is_mended_by_code),
        TEST(no_rows_go_back_once_where_a_value_is_not_stored),
        TEST(no_rows_are_an_answer_where_the_second_call_fails),
        TEST(periods_end_where_they_end),
        TEST(a_reply_is_bound),
        TEST(what_has_one_way_is_mended_by_code),
        TEST(numbers_that_are_text_are_averaged),
        TEST(what_was_mended_by_code_is_proposed),
        TEST(a_small_model_is_not_shown_its_own_reply),
        TEST(a_period_is_told_where_both_its_bounds_are_used),
        TEST(the_planner_stands_in_where_it_is_sure),
        TEST(the_reason_is_told_in_its_class),
        TEST(where_it_is_not_there_is_one_error),
        TEST(a_slow_model_leaves_the_planner_time),
        TEST(while_others_have_all_places_one_is_waited_for),
        TEST(what_needs_no_call_waits_for_no_place),
        TEST(a_place_goes_to_the_call_or_back),
        TEST(no_place_in_time_is_a_model_that_took_too_long),
        TEST(what_the_planner_is_sure_of_costs_no_call),
        TEST(the_plan_is_the_answer_where_the_model_has_none),
        TEST(a_small_model_is_told_of_values_that_are_spelled),
        TEST(one_value_of_several_columns_is_one_line),
        TEST(with_aggregates_a_value_is_told_that_was_asked_for),
        TEST(what_the_planner_reads_is_shown_alone),
        TEST(small_models_are_asked_briefly),
        TEST(with_schema_no_value_is_sent),
        TEST(earlier_statements_keep_their_values),
        TEST(failures_do_not_tell_values),
        TEST(with_aggregates_missing_values_come_without_stored_ones),
        TEST(masked_columns_keep_their_values),
        TEST(conversation_and_examples_are_told),
        TEST(nothing_is_sent_to_explain_alone),
        TEST(the_answer_is_written_from_rows_and_facts),
        TEST(every_row_that_is_given_is_shown),
        TEST(without_settings_the_planner_is_chosen),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
