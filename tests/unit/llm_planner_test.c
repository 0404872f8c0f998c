/* SPDX-License-Identifier: Apache-2.0 */
/* The planner as a driver: what it proposes for two readings of the same words was executed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "engine/engine.h"
#include "llm/llm.h"
#include "planner/read/dataset_index.h"
#include "planner_shop.h"
#include "task/task.h"

#define TRIED_MAX 64

void __wrap_plan_decide(struct plan *plan, double threshold, struct arena *arena,
                        struct plan_decision *out);

static const char *tried[TRIED_MAX];
static size_t tried_count;
static const char *last_sql; /* of the candidate that is asked about */
static bool last_fails;
static bool is_too_large; /* it fails for its size alone */
static enum error_code fails_with = ERROR_SQL_FAILED;
static const char *fails_because = "it fails";

static bool was_tried(const char *sql)
{
    for (size_t i = 0; i < tried_count; i++)
        if (strcmp(tried[i], sql) == 0)
            return true;
    return false;
}

/* The last candidate and the first, in the same words; once the last has failed, the first is the answer. */
void __wrap_plan_decide(struct plan *plan, double threshold, struct arena *arena,
                        struct plan_decision *out)
{
    size_t last = plan->candidate_count - 1;
    assert_true(last > 0);
    last_sql = plan->candidates[last].sql;
    plan->candidates[last].reading = plan->candidates[0].reading;
    assert_ptr_equal(plan->candidates[last].dataset, plan->candidates[0].dataset);
    *out = (struct plan_decision){
        .outcome = PLAN_ASK, .readings = {last, 0}, .reading_count = 2, .sureness = 0.3, .sentence = "which?"};
    if (last_fails && was_tried(plan->candidates[last].sql)) {
        out->outcome = PLAN_ANSWER;
        out->winner = is_too_large ? last : 0;
    }
}

static bool try_statement(void *context, const char *sql, const struct rows **rows, struct error *err)
{
    struct rows *out = context;
    assert_true(tried_count < TRIED_MAX);
    tried[tried_count++] = sql;
    *rows = out;
    return !last_fails || !last_sql || strcmp(sql, last_sql) != 0 ||
           error_set(err, fails_with, "%s", fails_because);
}

struct job {
    struct llm *llm;
    struct llm_request request;
    struct llm_proposal proposal;
};

static bool generate(void *arg, struct error *err)
{
    struct job *job = arg;
    struct llm_selection selection;
    return llm_select(job->llm, &job->request, &selection, err) &&
           llm_generate(job->llm, &job->request, &job->proposal, err);
}

/* Whether the last candidate is proposed; or, where it takes too much, that it is said so. */
static bool propose(void)
{
    struct error err = {0};
    struct arena *arena = arena_new();
    struct planner *planner = planner_open(NULL, NULL, &err);
    assert_non_null(planner);
    struct dataset_index *index = dataset_index_new(planner, &shop_orders);
    struct plan_dataset datasets[] = {{&shop_orders, index, 0.9}};
    struct result_column column = {"n", "BIGINT", VALUE_INTEGER};
    struct cell cell = {.type = CELL_INTEGER, .integer = 7};
    struct rows rows = {&column, 1, &cell, 1, false};
    struct job job = {
        .llm = llm_open("planner", planner, &err),
        .request = {.arena = arena,
                    .plan = {.question = STR("revenue of returned web orders by region"),
                             .datasets = datasets,
                             .dataset_count = 1,
                             .calendar = {"2026-11-22", 1, 1},
                             .dialect = DIALECT_DUCKDB},
                    .sureness_min = 0.99,
                    .explained = 1,
                    .try_statement = try_statement,
                    .try_context = &rows},
    };
    tried_count = 0;
    last_sql = NULL;
    assert_true(task_run_main(NULL, generate, &job, &err));
    bool is_last = false;
    if (is_too_large) {
        assert_int_equal(job.proposal.outcome, LLM_NO_ANSWER);
        assert_non_null(strstr(job.proposal.sentence, "I read that as: "));
        assert_non_null(strstr(job.proposal.sentence, fails_because));
        assert_true(job.proposal.passing);
    } else {
        assert_int_equal(job.proposal.outcome, LLM_QUERY);
        assert_true(was_tried(job.proposal.sql));
        is_last = strcmp(job.proposal.sql, last_sql) == 0;
    }
    llm_close(job.llm);
    dataset_index_free(index);
    planner_close(planner);
    arena_free(arena);
    return is_last;
}

static void of_two_readings_in_the_same_words_one_that_ran_is_proposed(void **state)
{
    last_fails = false;
    assert_true(propose());
}

static void where_it_fails_it_is_not_proposed(void **state)
{
    last_fails = true;
    assert_false(propose());
}

/* What the best reading would take more memory for is said; no other is answered in its place. */
static void where_it_takes_too_much_that_is_said(void **state)
{
    static const struct {
        enum error_code code;
        const char *why;
    } rows[] = {{ERROR_SQL_FAILED, ENGINE_MEMORY_TEXT}, {ERROR_RESULT_TOO_LARGE, "the result is larger"}};
    last_fails = is_too_large = true;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        fails_with = rows[i].code;
        fails_because = rows[i].why;
        (void)propose();
    }
    is_too_large = false;
    fails_with = ERROR_SQL_FAILED;
    fails_because = "it fails";
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_two_readings_in_the_same_words_one_that_ran_is_proposed),
        cmocka_unit_test(where_it_fails_it_is_not_proposed),
        cmocka_unit_test(where_it_takes_too_much_that_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
