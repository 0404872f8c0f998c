/* SPDX-License-Identifier: Apache-2.0 */
/* Whole plans over the made-up shop, with the weights that come with the program. */
#include "planner/alike.h"
#include "planner/planner.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "planner/plan.h"
#include "planner/print/print.h"
#include "planner/read/dataset_index.h"
#include "planner/read/token.h"
#include "planner/trust.h"
#include "planner_shop.h"

static struct planner *planner;
static struct plan_dataset shop[3];
static struct arena *arena;

static int set_up(void **state)
{
    struct error err = {0};
    (void)state;
    planner = planner_open(NULL, NULL, &err);
    if (!planner) {
        print_error("%s\n", err.message);
        return -1;
    }
    const struct dataset *all[] = {&shop_orders, &shop_customers, &shop_products};
    for (size_t i = 0; i < 3; i++)
        shop[i] = (struct plan_dataset){all[i], dataset_index_new(planner, all[i]),
                                        0.9 - 0.2 * (double)i};
    arena = arena_new();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        const void *index = shop[i].index;
        struct dataset_index *own;
        memcpy(&own, &index, sizeof(own)); /* the one owner frees what it lent as const */
        dataset_index_free(own);
    }
    planner_close(planner);
    arena_free(arena);
    return 0;
}

static struct plan_request request_for(struct str question, size_t datasets)
{
    return (struct plan_request){
        .question = question,
        .datasets = shop,
        .dataset_count = datasets,
        .calendar = {"2026-11-22", 1, 1},
        .dialect = DIALECT_DUCKDB,
    };
}

static struct plan *read_plan(const char *question, size_t datasets)
{
    struct error err = {0};
    struct plan_request request = request_for(str_from(question), datasets);
    struct plan *plan = planner_read(planner, &request, arena, &err);
    if (!plan)
        fail_msg("%s: %s", question, err.message);
    return plan;
}

/* A result of one number, so that different numbers are different results. */
static const struct rows *one_number(int64_t number)
{
    struct rows *rows = arena_alloc(arena, sizeof(*rows));
    rows->columns = arena_array(arena, 1, sizeof(*rows->columns));
    rows->columns[0] = (struct result_column){"n", "BIGINT", VALUE_INTEGER};
    rows->cells = arena_array(arena, 1, sizeof(*rows->cells));
    rows->cells[0] = (struct cell){.type = CELL_INTEGER, .integer = number};
    rows->row_count = rows->column_count = 1;
    return rows;
}

/* Every candidate gives a result of its own. */
static struct plan_decision decide(struct plan *plan, double threshold)
{
    struct plan_decision decision;
    for (size_t i = 0; i < plan->execute_max; i++)
        plan_observe(plan, i, one_number((int64_t)i + 1));
    plan_decide(plan, threshold, arena, &decision);
    return decision;
}

static void plain_questions_are_answered(void **state)
{
    static const struct {
        const char *question, *sql;
    } cases[] = {
        {"How many orders are there?", "SELECT count(*) AS \"count\" FROM \"orders\""},
        {"What is the average discount?",
         "SELECT avg(\"discount\") AS \"average_discount\" FROM \"orders\""},
        {"How many orders have the status returned?",
         "SELECT count(*) AS \"count\" FROM \"orders\" WHERE \"status\" = 'returned'"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct plan *plan = read_plan(cases[i].question, 1);
        struct plan_decision decision = decide(plan, 0.5);
        assert_int_equal(decision.outcome, PLAN_ANSWER);
        assert_string_equal(plan->candidates[decision.winner].sql, cases[i].sql);
        assert_true(decision.sureness > 0.5 && decision.sureness <= 1);
        assert_non_null(plan->candidates[decision.winner].reading);
    }
}

static void a_period_is_never_overlooked(void **state)
{
    (void)state;
    struct plan *plan = read_plan("total revenue last month", 3);
    struct plan_decision decision = decide(plan, 0.5);
    assert_int_equal(decision.outcome, PLAN_ANSWER);
    const char *sql = plan->candidates[decision.winner].sql;
    assert_non_null(strstr(sql, "sum(\"revenue\")"));
    assert_non_null(strstr(sql, "2026-10-01"));
    assert_true(plan->candidates[decision.winner].period_count > 0);
}

static void what_is_not_in_the_data_is_said(void **state)
{
    (void)state;
    struct plan *plan = read_plan("How many orders were made in Atlantis?", 3);
    assert_true(plan->unknown_count > 0);
    assert_string_equal(plan->unknown[0], "Atlantis");
    struct plan_decision decision = decide(plan, 0.6);
    assert_int_not_equal(decision.outcome, PLAN_ANSWER);
    assert_non_null(strstr(decision.sentence, "Atlantis"));
}

static void talk_about_something_else_is_no_answer(void **state)
{
    (void)state;
    static const char *const questions[] = {"tell me a joke", "xyzzy", "???", "the of and"};
    for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++) {
        struct plan_decision decision = decide(read_plan(questions[i], 3), 0.6);
        assert_int_not_equal(decision.outcome, PLAN_ANSWER);
        assert_non_null(decision.sentence);
    }
}

static void unsure_asks_back_with_two_readings(void **state)
{
    (void)state;
    struct plan *plan = read_plan("revenue and quantity of each region", 1);
    struct plan_decision decision = decide(plan, 1.01);
    assert_int_equal(decision.outcome, PLAN_ASK);
    assert_int_equal(decision.reading_count, 2);
    assert_int_not_equal(decision.readings[0], decision.readings[1]);
    assert_non_null(
        strstr(decision.sentence, plan->candidates[decision.readings[0]].reading));
    assert_non_null(
        strstr(decision.sentence, plan->candidates[decision.readings[1]].reading));
}

static void failed_candidates_never_win(void **state)
{
    (void)state;
    struct plan *plan = read_plan("How many orders are there?", 1);
    for (size_t i = 0; i < plan->candidate_count; i++)
        plan_observe(plan, i, NULL);
    plan_observe(plan, plan->candidate_count, NULL); /* there is none: nothing happens */
    struct plan_decision decision;
    plan_decide(plan, 0, arena, &decision);
    assert_int_equal(decision.outcome, PLAN_NO_ANSWER);
    assert_non_null(decision.sentence);
}

/* A statement that takes too much is still what was asked: no other takes its place. */
static void what_is_too_large_is_still_the_reading(void **state)
{
    (void)state;
    struct plan *plan = read_plan("revenue by region", 1);
    size_t best = plan_next(plan, 0.6), tries = 0;
    plan_observe_too_large(plan, best);
    plan_observe_too_large(plan, plan->candidate_count); /* there is none: nothing happens */
    for (size_t i; !plan_is_settled(plan, 0.6) && (i = plan_next(plan, 0.6)) != SIZE_MAX; tries++)
        plan_observe(plan, i, one_number((int64_t)i + 1));
    assert_true(plan_is_executed(plan, best));
    struct plan_decision decision;
    plan_decide(plan, 0.6, arena, &decision);
    assert_int_equal(decision.outcome, PLAN_ANSWER);
    assert_int_equal(decision.winner, best);
    assert_true(tries <= 1);
}

/* Readings with the same rows stand together: their shares of probability add up. */
static void readings_with_the_same_rows_stand_together(void **state)
{
    (void)state;
    float apart[SURENESS_FEATURE_COUNT], together[SURENESS_FEATURE_COUNT];
    struct plan *plan = read_plan("channel and status of the orders over 10", 1);
    const struct plan_state *own = (const struct plan_state *)plan;
    (void)decide(plan, 0);
    plan_sureness_features(own, plan_best_learned(own), apart);
    for (size_t i = 0; i < plan->execute_max; i++)
        plan_observe(plan, i, one_number(1));
    plan_sureness_features(own, plan_best_learned(own), together);
    assert_true(together[SURENESS_same_result] > apart[SURENESS_same_result]);
}

static void what_the_rules_are_sure_of_settles_once_it_has_rows(void **state)
{
    (void)state;
    struct plan *plan = read_plan("total revenue by month this year", 1);
    assert_false(plan_is_settled(plan, 0.6));
    plan_observe(plan, 0, one_number(1));
    assert_true(plan_is_settled(plan, 0.6));
    struct rows none = *one_number(1);
    none.row_count = 0;
    plan_observe(plan, 0, &none);
    assert_false(plan_is_settled(plan, 0.6));
    plan_observe(plan, 0, NULL);
    assert_false(plan_is_settled(plan, 0.6));
}

/* One row of as many columns as the candidate selects. */
static struct rows *row_of(const struct plan *plan, size_t i, int64_t number)
{
    const struct query *query = plan->candidates[i].query;
    bool star = query->select[0].expression->kind == EXPRESSION_STAR;
    struct rows *rows = arena_memdup(arena, one_number(number), sizeof(*rows));
    rows->column_count = star ? 9 : query->select_count;
    rows->cells = arena_array(arena, rows->column_count, sizeof(*rows->cells));
    for (size_t c = 0; c < rows->column_count; c++)
        rows->cells[c] = (struct cell){.type = CELL_INTEGER, .integer = number};
    return rows;
}

/* What one more candidate gives: a failure, nothing, the first one's rows, or others. */
static void observe_any(struct plan *plan, size_t i, unsigned chance)
{
    struct rows *rows = row_of(plan, i, chance < 4 ? 1 : chance < 6 ? 2 : (int64_t)i + 3);
    rows->row_count = chance > 1;
    plan_observe(plan, i, chance == 0 ? NULL : rows);
}

static void what_is_settled_stays_whatever_the_rest_gives(void **state)
{
    (void)state;
    static const char *const questions[] = {
        "How many orders are there?", "What is the average discount?",
        "How many orders have the status returned?", "revenue by region",
        "total quantity of each channel", "which region has the most orders",
        "revenue and quantity of each region", "orders over 10", "statuses of orders"};
    unsigned random = 7, settled = 0;
    for (size_t k = 0; k < 30 * sizeof(questions) / sizeof(questions[0]); k++) {
        struct plan *plan = read_plan(questions[k / 30], 1);
        struct plan_decision now, then;
        plan_observe(plan, 0, row_of(plan, 0, 1));
        if (!plan_decision_is_settled((struct plan_state *)plan, 0.6))
            continue;
        settled++;
        plan_decide(plan, 0.6, arena, &now);
        for (size_t i = 1; i < plan->execute_max; i++) {
            if (plan_is_foreseen(plan, i))
                continue; /* it gives what the first one gave */
            random = random * 1103515245u + 12345u;
            observe_any(plan, i, random / 65536 % 9);
        }
        plan_decide(plan, 0.6, arena, &then);
        assert_int_equal(now.outcome, PLAN_ANSWER);
        assert_int_equal(then.outcome, PLAN_ANSWER);
        if (now.winner != then.winner)
            fail_msg("%s: settled as %s, then %s", questions[k / 30],
                     plan->candidates[now.winner].sql, plan->candidates[then.winner].sql);
    }
    assert_true(settled > 0);
}

/* Two candidates of the plan that differ in their order only; false: there are none. */
static bool find_alike(struct plan *plan, size_t *first, size_t *second)
{
    for (*first = 0; *first < plan->execute_max; ++*first)
        for (*second = *first + 1; *second < plan->execute_max; ++*second)
            if (plan_differ_in_order_only((struct plan_state *)plan, *first, *second))
                return true;
    return false;
}

static void what_differs_in_order_only_is_executed_once(void **state)
{
    (void)state;
    size_t a, b;
    struct plan *plan = read_plan("What is the total revenue by region?", 1);
    assert_true(find_alike(plan, &a, &b));
    assert_true(plan->candidates[a].query->order_count != plan->candidates[b].query->order_count);
    size_t next = plan_next(plan, 0.6);
    plan_observe(plan, next, row_of(plan, next, 1));
    assert_false(plan_is_foreseen(plan, next));
    size_t other = next == a ? b : a;
    assert_true(next == a || next == b);
    assert_true(plan_is_foreseen(plan, other));
    struct plan_decision decision;
    plan_decide(plan, 0.6, arena, &decision);
    assert_int_equal(decision.outcome, PLAN_ANSWER);
    assert_int_equal(decision.winner, next);
    plan_observe(plan, other, NULL); /* what was executed counts */
    assert_false(plan_is_foreseen(plan, other));
    for (size_t i; (i = plan_next(plan, 0.6)) != SIZE_MAX;)
        plan_observe(plan, i, row_of(plan, i, (int64_t)i + 2));
    assert_true(plan_is_settled(plan, 0.6));
}

/* Failures may be of the order, and what was cut off depends on it. */
static void not_all_rows_tell_of_others(void **state)
{
    (void)state;
    size_t a, b;
    struct plan *plan = read_plan("What is the total revenue by region?", 1);
    assert_true(find_alike(plan, &a, &b));
    plan_observe(plan, a, NULL);
    assert_false(plan_is_foreseen(plan, b));
    struct rows *rows = row_of(plan, a, 1);
    rows->truncated = true;
    plan_observe(plan, a, rows);
    assert_false(plan_is_foreseen(plan, b));
    rows->truncated = false;
    plan_observe(plan, a, rows);
    assert_true(plan_is_foreseen(plan, b));
    plan = read_plan("top 3 regions by revenue", 1);
    for (size_t i = 0; i < plan->execute_max; i++)
        for (size_t k = 0; k < i; k++)
            if (plan->candidates[i].query->limit > 0)
                assert_false(plan_differ_in_order_only((struct plan_state *)plan, i, k));
}

static void other_shapes_cannot_agree(void **state)
{
    (void)state;
    struct plan *plan = read_plan("revenue and quantity of each region", 1);
    const struct plan_state *own = (const struct plan_state *)plan;
    for (size_t i = 0; i < plan->execute_max; i++)
        plan_observe(plan, i, row_of(plan, i, 1));
    for (size_t i = 0; i < plan->execute_max; i++)
        for (size_t k = 0; k < plan->execute_max; k++)
            if (plan_same_rows(&own->items[i], &own->items[k]))
                assert_true(plan_may_agree(own, i, k));
    plan = read_plan("How many orders are there?", 1);
    own = (const struct plan_state *)plan;
    struct rows *rows = row_of(plan, 0, 1);
    plan_observe(plan, 0, rows);
    assert_true(plan_may_agree(own, 0, 0));
    rows->cells = arena_array(arena, 2, sizeof(*rows->cells));
    rows->row_count = 2;
    plan_observe(plan, 1, rows);
    assert_false(plan_may_agree(own, 0, 1)); /* a count is one row */
    rows->row_count = 1;
    rows->column_count = 2;
    plan_observe(plan, 1, rows);
    assert_false(plan_may_agree(own, 0, 1));
}

/* Without rows, or unsure, the others are wanted. */
static void what_gives_nothing_is_not_settled(void **state)
{
    (void)state;
    struct plan *plan = read_plan("How many orders have the status returned?", 1);
    struct rows none = *one_number(1);
    assert_false(plan_is_settled(plan, 0.6));
    none.row_count = 0;
    plan_observe(plan, 0, &none);
    assert_false(plan_is_settled(plan, 0.6));
    plan_observe(plan, 0, one_number(1));
    assert_false(plan_is_settled(plan, 1.01));
    for (size_t i = 0; i < plan->execute_max; i++)
        plan_observe(plan, i, NULL);
    assert_true(plan_is_settled(plan, 0.6)); /* nothing is left to try */
}

/* "SELECT region ... ORDER BY revenue LIMIT 3", of rows as they are. */
static size_t ranking_of_rows(const struct plan *plan)
{
    size_t i = 0;
    for (; i < plan->candidate_count; i++) {
        const struct query *query = plan->candidates[i].query;
        if (query->group_count == 0 && query->limit == 3 && query->select_count == 1 &&
            query->order[0].expression->kind == EXPRESSION_COLUMN &&
            strcmp(query->order[0].expression->column->name, "revenue") == 0)
            break;
    }
    assert_true(i < plan->candidate_count);
    return i;
}

static void a_ranking_that_repeats_a_name_is_doubted(void **state)
{
    (void)state;
    struct plan *plan = read_plan("top 3 regions by revenue", 1);
    struct plan_state *plan_state = (struct plan_state *)plan;
    size_t i = ranking_of_rows(plan);
    struct cell cells[] = {{.type = CELL_TEXT, .text = STR("East")},
                           {.type = CELL_TEXT, .text = STR("West")},
                           {.type = CELL_TEXT, .text = STR("East")}};
    struct rows rows = {.column_count = 1, .cells = cells, .row_count = 2};
    plan_observe(plan, i, &rows);
    assert_false(plan_state->items[i].repeats);
    rows.row_count = 3;
    plan_observe(plan, i, &rows);
    assert_true(plan_state->items[i].repeats);
}

/* Each region has many orders: the region of the biggest one is not meant. */
static void a_ranking_of_groups_adds_up(void **state)
{
    (void)state;
    struct plan *plan = read_plan("top 3 regions by revenue", 1);
    assert_int_equal(plan->candidates[0].query->group_count, 1);
    assert_string_equal(((struct plan_state *)plan)->items[ranking_of_rows(plan)].unheard, "top");
}

/* An opening makes no sentence of sums by group, and no list of rows. */
static void sums_by_group_are_no_list(void **state)
{
    (void)state;
    struct plan *plan = read_plan("What is the revenue by region?", 1);
    assert_int_equal(plan->candidates[0].query->group_count, 1);
    assert_true(((struct plan_state *)plan)->terse);
    plan = read_plan("revenue sorted by region", 1);
    for (size_t i = 0; i < plan->candidate_count; i++)
        assert_null(((struct plan_state *)plan)->items[i].unheard);
}

static void rules_alone_read_what_they_are_sure_of(void **state)
{
    (void)state;
    struct plan_request request = request_for(STR("total revenue by month this year"), 1);
    assert_true(planner_reads_by_rules(&request, 0.5, arena));
    assert_false(planner_reads_by_rules(&request, 1, arena));
    request.previous = read_plan("total revenue by region", 1)->candidates[0].query;
    request.question = STR("and by month?");
    assert_true(planner_reads_by_rules(&request, 0.5, arena));
    request.question = STR("revenue by region");
    assert_true(planner_reads_by_rules(&request, 0.5, arena));
    request.question = STR("and by zorblax?");
    assert_false(planner_reads_by_rules(&request, 0.5, arena));
    request.question = STR("");
    assert_false(planner_reads_by_rules(&request, 0, arena));
}

/* The same words are one situation at first, and another after a question. */
static void trust_knows_where_it_stands(void **state)
{
    (void)state;
    float facts[TRUST_FEATURE_COUNT];
    struct plan_choice choice = {.second = SIZE_MAX, .chance = 0.5};
    struct plan *plan = read_plan("How many orders are there?", 1);
    assert_int_equal(plan_trust_features((struct plan_state *)plan, &choice, facts),
                     SITUATION_LEARNED);
    assert_true(facts[TRUST_aggregates] == 1 && facts[TRUST_joined] == 0);
    assert_true(facts[TRUST_chance] == 0 && facts[TRUST_later_turn] == 0);
    struct plan_request request = request_for(STR("How many are there of those?"), 1);
    struct error err = {0};
    request.previous = plan->candidates[0].query;
    plan = planner_read(planner, &request, arena, &err);
    assert_int_equal(plan_trust_features((struct plan_state *)plan, &choice, facts),
                     SITUATION_LATER);
    assert_true(facts[TRUST_pronoun] == 1);
}

/* What no weight was learned for: a name that is nowhere, a word that was not heard. */
static void doubts_are_never_talked_away(void **state)
{
    (void)state;
    struct plan *plan = read_plan("How many orders are there?", 1);
    struct plan_state *own = (struct plan_state *)plan;
    struct plan_choice choice = {.second = SIZE_MAX, .chance = 0.1};
    assert_true(plan_sureness(own, &choice, arena, NULL) > 0.1);
    own->items[0].unheard = "never";
    assert_true(plan_sureness(own, &choice, arena, NULL) <= 0.1);
    own->items[0].unheard = NULL;
    own->items[0].unread_count = 1;
    assert_true(plan_sureness(own, &choice, arena, NULL) <= 0.1);
}

static void candidates_differ_and_come_best_first(void **state)
{
    (void)state;
    struct plan *plan = read_plan("orders of each region with more than 10 units", 3);
    assert_true(plan->candidate_count > 4);
    assert_true(plan->execute_max > 0 && plan->execute_max <= plan->candidate_count);
    for (size_t i = 1; i < plan->candidate_count; i++) {
        assert_true(plan->candidates[i - 1].score >= plan->candidates[i].score);
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(plan->candidates[i].sql, plan->candidates[k].sql);
    }
}

static void without_data_there_is_no_answer(void **state)
{
    (void)state;
    struct plan *plan = read_plan("How many orders are there?", 0);
    assert_int_equal(plan->candidate_count, 0);
    assert_non_null(plan->no_answer);
    struct plan_decision decision;
    plan_decide(plan, 0.6, arena, &decision);
    assert_int_equal(decision.outcome, PLAN_NO_ANSWER);
    assert_non_null(decision.sentence);
}

static void wrong_questions_are_refused(void **state)
{
    char *text = malloc(QUESTION_SIZE_MAX + 1);
    struct error err = {0};
    (void)state;
    memset(text, 'a', QUESTION_SIZE_MAX + 1);
    struct plan_request request =
        request_for((struct str){text, QUESTION_SIZE_MAX + 1}, 1);
    assert_null(planner_read(planner, &request, arena, &err));
    assert_int_equal(err.code, ERROR_INVALID);
    request.question.length = QUESTION_SIZE_MAX;
    assert_non_null(planner_read(planner, &request, arena, &err));
    request.question = STR("  \n ");
    assert_null(planner_read(planner, &request, arena, &err));
    request.question = STR("how many \xff");
    assert_null(planner_read(planner, &request, arena, &err));
    free(text);
}

static void long_lists_of_numbers_and_quotes_are_bounded(void **state)
{
    (void)state;
    char *text = arena_alloc(arena, QUESTION_SIZE_MAX + 1);
    static const char part[] = "quantity over 10 or 'x' and \"North\" 2024-01-02 ";
    for (size_t i = 0; i < QUESTION_SIZE_MAX; i++)
        text[i] = part[i % (sizeof(part) - 1)];
    struct plan *plan = read_plan(text, 3);
    for (size_t i = 0; i < plan->candidate_count; i++)
        assert_non_null(plan->candidates[i].sql);
}

static void wide_tables_are_read(void **state)
{
    (void)state;
    size_t count = PLANNER_COLUMNS_MAX + 5;
    struct column *columns = arena_array(arena, count, sizeof(*columns));
    for (size_t i = 0; i < count; i++)
        columns[i] = (struct column){.name = arena_printf(arena, "measure_%zu", i),
                                     .kind = i % 2 ? VALUE_INTEGER : VALUE_TEXT};
    struct dataset wide = {.id = "wide", .table_name = "wide", .columns = columns,
                           .column_count = count, .row_count = 10};
    struct dataset_index *index = dataset_index_new(planner, &wide);
    struct plan_dataset choice = {&wide, index, 1};
    struct plan_request request = request_for(STR("average measure 7 of the wide table"), 0);
    request.datasets = &choice;
    request.dataset_count = 1;
    struct error err = {0};
    assert_int_equal(index->column_count, PLANNER_COLUMNS_MAX);
    assert_non_null(planner_read(planner, &request, arena, &err));
    dataset_index_free(index);
}

static void hostile_names_and_values_stay_data(void **state)
{
    (void)state;
    struct stored_value values[] = {{"x'); DROP TABLE t; --", 2}, {"100%", 1}, {"", 1},
                                    {"\xC3\x89t\xC3\xA9", 1}};
    struct column columns[] = {
        {.name = "a\"; --", .kind = VALUE_TEXT, .label = "",
         .profile = {.known = true, .row_count = 5, .distinct_count = 4, .values = values,
                     .value_count = 4, .values_complete = true}},
        {.name = "", .kind = VALUE_INTEGER}};
    struct dataset odd = {.id = "odd", .table_name = "odd\"table", .columns = columns,
                          .column_count = 2, .row_count = 5};
    struct dataset_index *index = dataset_index_new(planner, &odd);
    struct plan_dataset choice = {&odd, index, 1};
    struct plan_request request =
        request_for(STR("how many odd rows have \"x'); DROP TABLE t; --\" or \xC3\xA9T\xC3\xA9"), 0);
    request.datasets = &choice;
    request.dataset_count = 1;
    struct error err = {0};
    struct plan *plan = planner_read(planner, &request, arena, &err);
    assert_non_null(plan);
    for (size_t i = 0; i < plan->candidate_count; i++) {
        /* The quote in the value is doubled wherever the value stands. */
        assert_null(strstr(plan->candidates[i].sql, "x'); DROP"));
    }
    dataset_index_free(index);
}

/* A run holds its plan while it waits for the engine, not what reading made on its way. */
static void a_plan_keeps_little(void **state)
{
    (void)state;
    struct arena *own = arena_new();
    struct plan_request request = request_for(STR("total discount by status last month"), 3);
    struct error err = {0};
    const struct plan *plan = planner_read(planner, &request, own, &err);
    assert_non_null(plan);
    assert_true(plan->candidate_count > 5);
    assert_in_range(arena_size(own), 1, 40 * 1024);
    arena_free(own);
}

/* All that a plan says; its statements are printed anew from the trees. */
static const char *tell_plan(struct plan *plan)
{
    const char *text = "";
    struct error err = {0};
    for (size_t i = 0; i < plan->candidate_count; i++) {
        const struct plan_candidate *candidate = &plan->candidates[i];
        const char *sql = query_print(candidate->query, DIALECT_DUCKDB, arena, &err);
        assert_string_equal(sql, candidate->sql);
        text = arena_printf(arena, "%s%s\n%s\n", text, sql, candidate->reading);
        for (size_t k = 0; k < candidate->period_count; k++)
            text = arena_printf(arena, "%s%s\n", text, candidate->periods[k].words);
        for (size_t k = 0; k < candidate->assumption_count; k++)
            text = arena_printf(arena, "%s%s\n", text, candidate->assumptions[k]);
    }
    for (size_t i = 0; i < plan->unknown_count; i++)
        text = arena_printf(arena, "%s%s\n", text, plan->unknown[i]);
    struct plan_decision decision;
    plan_decide(plan, 0.9, arena, &decision);
    return arena_printf(arena, "%s%.17g %s%s", text, decision.sureness,
                        decision.sentence ? decision.sentence : "",
                        plan->meta.sentence ? plan->meta.sentence : "");
}

/* Nothing of a plan lies where the next question is read. */
static void a_plan_outlives_the_reading_of_others(void **state)
{
    static const char *const questions[] = {
        "orders with the status returned or shipped in the last 30 days and a discount above 5",
        "total discount by status last month compared with the month before",
        "which customers have more than 3 orders",
        "which orders came from Atlantis",
        "what columns are there?",
    };
    enum { COUNT = sizeof(questions) / sizeof(questions[0]) };
    struct plan *plans[COUNT];
    const char *told[COUNT];
    (void)state;
    for (size_t i = 0; i < COUNT; i++) {
        plans[i] = read_plan(questions[i], 3);
        told[i] = tell_plan(plans[i]);
    }
    for (size_t i = 0; i < COUNT; i++)
        assert_string_equal(tell_plan(plans[i]), told[i]);
}

static void the_version_names_the_weights(void **state)
{
    (void)state;
    assert_memory_equal(planner_version(planner), "planner-1-", 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_questions_are_answered),
        cmocka_unit_test(a_period_is_never_overlooked),
        cmocka_unit_test(what_is_not_in_the_data_is_said),
        cmocka_unit_test(talk_about_something_else_is_no_answer),
        cmocka_unit_test(unsure_asks_back_with_two_readings),
        cmocka_unit_test(failed_candidates_never_win),
        cmocka_unit_test(what_is_too_large_is_still_the_reading),
        cmocka_unit_test(readings_with_the_same_rows_stand_together),
        cmocka_unit_test(what_the_rules_are_sure_of_settles_once_it_has_rows),
        cmocka_unit_test(what_is_settled_stays_whatever_the_rest_gives),
        cmocka_unit_test(what_differs_in_order_only_is_executed_once),
        cmocka_unit_test(not_all_rows_tell_of_others),
        cmocka_unit_test(other_shapes_cannot_agree),
        cmocka_unit_test(what_gives_nothing_is_not_settled),
        cmocka_unit_test(a_ranking_that_repeats_a_name_is_doubted),
        cmocka_unit_test(a_ranking_of_groups_adds_up),
        cmocka_unit_test(sums_by_group_are_no_list),
        cmocka_unit_test(rules_alone_read_what_they_are_sure_of),
        cmocka_unit_test(trust_knows_where_it_stands),
        cmocka_unit_test(doubts_are_never_talked_away),
        cmocka_unit_test(candidates_differ_and_come_best_first),
        cmocka_unit_test(without_data_there_is_no_answer),
        cmocka_unit_test(wrong_questions_are_refused),
        cmocka_unit_test(long_lists_of_numbers_and_quotes_are_bounded),
        cmocka_unit_test(wide_tables_are_read),
        cmocka_unit_test(hostile_names_and_values_stay_data),
        cmocka_unit_test(a_plan_keeps_little),
        cmocka_unit_test(a_plan_outlives_the_reading_of_others),
        cmocka_unit_test(the_version_names_the_weights),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
