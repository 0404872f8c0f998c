/* SPDX-License-Identifier: Apache-2.0 */
/* Firewall and engine: from the statement to its rows. */
#include "agent/cached.h"
#include "agent/own_numbers.h"
#include "agent/steps/steps.h"

static void add_expressions(const struct dataset *dataset, const char **texts, size_t *count)
{
    for (size_t i = 0; i < dataset->metric_count; i++)
        texts[(*count)++] = dataset->metrics[i].expression;
    for (size_t i = 0; i < dataset->filter_count; i++)
        texts[(*count)++] = dataset->filters[i].expression;
}

/* What a model's statement may have numbers from. */
static const char **given_texts(const struct run *run, size_t *count)
{
    const struct llm_request *request = &run->request;
    const struct plan_request *plan = &request->plan;
    size_t most = 2 + request->example_count;
    for (size_t i = 0; i < plan->dataset_count; i++)
        most += plan->datasets[i].dataset->metric_count + plan->datasets[i].dataset->filter_count;
    for (size_t i = 0; i < plan->joinable_count; i++)
        most += plan->joinable[i].dataset->metric_count + plan->joinable[i].dataset->filter_count;
    const char **texts = arena_array(run->arena, most, sizeof(*texts));
    *count = 0;
    texts[(*count)++] = run->question.text;
    texts[(*count)++] = run->previous_question;
    for (size_t i = 0; i < plan->dataset_count; i++)
        add_expressions(plan->datasets[i].dataset, texts, count);
    for (size_t i = 0; i < plan->joinable_count; i++)
        add_expressions(plan->joinable[i].dataset, texts, count);
    for (size_t i = 0; i < request->example_count; i++)
        texts[(*count)++] = request->examples[i].sql;
    return texts;
}

static bool check_numbers(const struct run *run, struct error *err)
{
    size_t count;
    if (!run_is_models(run) || !run->proposal.sql)
        return true;
    const char **texts = given_texts(run, &count);
    return own_numbers_check(str_from(run->proposal.sql), texts, count, run->arena, err);
}

TASK_WAITS bool step_execute(struct run *run, struct step_record *record, struct error *err)
{
    if (!check_numbers(run, err))
        return false;
    const struct statement *statement = run_statement(run, run->proposal.sql);
    record->detail =
        arena_printf(run->arena, "{\"allowed\":%s,\"rows\":%zu,\"truncated\":%s}",
                     statement->allowed ? "true" : "false",
                     statement->rows ? statement->rows->row_count : 0,
                     statement->rows && statement->rows->truncated ? "true" : "false");
    if (!statement->rows) {
        *err = statement->error;
        return false;
    }
    run->statement = statement;
    run->cache_hits[CACHE_SQL_RESULT] = statement->cached;
    record->cache_hit = statement->cached != CACHE_MISS;
    cached_rows_put(run, statement);
    if (run->cache_hits[CACHE_SQL_GENERATION] == CACHE_MISS && !run->verified)
        cached_proposal_put(run);
    record->words = arena_printf(
        run->arena, "checked as read-only; %zu %s%s in %.1f ms", statement->rows->row_count,
        plural(statement->rows->row_count, "row", "rows"),
        statement->rows->truncated ? " (there are more)" : "",
        (double)statement->duration_us / 1000);
    return true;
}
