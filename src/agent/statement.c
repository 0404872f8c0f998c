/* SPDX-License-Identifier: Apache-2.0 */
/*
 * run_statement(): the one way from SQL text to rows. Whoever wrote the text (planner, model,
 * verified query), it passes the firewall first; what was tried is remembered, so that a statement
 * that helped to decide is not executed again to answer.
 */
#include <string.h>

#include "agent/cached.h"
#include "core/clock.h"
#include "core/settings.h"

static const struct statement *find_statement(const struct run *run, const char *sql)
{
    for (size_t i = 0; i < run->statement_count; i++)
        if (strcmp(run->statements[i]->sql, sql) == 0)
            return run->statements[i];
    return NULL;
}

/* What this run may read: the candidates and what can be joined to them. */
static const struct dataset **readable_datasets(const struct run *run, size_t *count)
{
    const struct plan_request *plan = &run->request.plan;
    *count = plan->dataset_count + plan->joinable_count;
    const struct dataset **datasets = arena_array(run->arena, *count, sizeof(*datasets));
    for (size_t i = 0; i < plan->dataset_count; i++)
        datasets[i] = plan->datasets[i].dataset;
    for (size_t i = 0; i < plan->joinable_count; i++)
        datasets[plan->dataset_count + i] = plan->joinable[i].dataset;
    return datasets;
}

/* The engine that all datasets of the statement are on. */
static struct engine *common_engine(struct run *run, const struct dataset *const *datasets,
                                    size_t count, struct error *err)
{
    const char *name = count > 0 ? datasets[0]->source.engine : NULL;
    for (size_t i = 1; i < count; i++) {
        const char *other = datasets[i]->source.engine;
        if ((name == NULL) != (other == NULL) || (name && strcmp(name, other) != 0)) {
            error_set(err, ERROR_SQL_REFUSED,
                      "'%s' and '%s' are on different engines and can't be joined",
                      datasets[0]->id, datasets[i]->id);
            return NULL;
        }
    }
    return agent_engine(run->agent, name, err);
}

/* The engine offers names that are alike, those of hidden columns too. */
static void cut_offers(const struct dataset *const *datasets, size_t count, struct error *err)
{
    static const char *const offers[] = {"Candidate", "Did you mean"};
    bool hides = false;
    for (size_t i = 0; i < count; i++)
        hides |= datasets[i]->access.hidden.count > 0;
    for (size_t i = 0; hides && i < sizeof(offers) / sizeof(offers[0]); i++) {
        ptrdiff_t at = str_find(str_from(err->message), str_from(offers[i]));
        if (at >= 0)
            err->message[str_trim(str_slice(str_from(err->message), 0, (size_t)at)).length] = '\0';
    }
}

TASK_WAITS static bool execute(struct run *run, struct statement *statement, struct error *err)
{
    size_t readable_count;
    const struct dataset **readable = readable_datasets(run, &readable_count);
    struct firewall_policy policy = {readable, readable_count};
    struct firewall_verdict verdict = {0};
    if (!firewall_check(&policy, str_from(statement->sql), run->arena, &verdict, err))
        return false;
    statement->allowed = true;
    const struct dataset **read =
        arena_array(run->arena, verdict.datasets_read_count, sizeof(*read));
    for (size_t i = 0; i < verdict.datasets_read_count; i++)
        read[i] = readable[verdict.datasets_read[i]];
    struct engine *engine = common_engine(run, read, verdict.datasets_read_count, err);
    if (!engine)
        return false;
    if (cached_rows_get(run, statement, engine, read, verdict.datasets_read_count))
        return true;
    struct engine_statement job = {
        .sql = statement->sql,
        .caller = run->question.user_id,
        .datasets = read,
        .dataset_count = verdict.datasets_read_count,
        .limits = {.row_max = (size_t)settings_integer("QUERENT_ROW_LIMIT")},
    };
    struct rows *rows = arena_alloc(run->arena, sizeof(*rows));
    statement->executed = true;
    if (!engine_query(engine, &job, run->arena, rows, err)) {
        cut_offers(readable, readable_count, err);
        return false;
    }
    statement->rows = rows;
    return true;
}

/* Not one of those before: its rows would answer another question. */
static const struct statement *refuse_another(struct run *run, const char *sql)
{
    struct statement *statement = arena_alloc(run->arena, sizeof(*statement));
    statement->sql = arena_strdup(run->arena, sql);
    (void)error_set(&statement->error, ERROR_TOO_LARGE,
                    "%d statements were tried for this question; ask a simpler one",
                    RUN_STATEMENTS_MAX);
    return statement;
}

TASK_WAITS const struct statement *run_statement(struct run *run, const char *sql)
{
    const struct statement *known = find_statement(run, sql);
    if (known)
        return known;
    if (run->statement_count >= RUN_STATEMENTS_MAX)
        return refuse_another(run, sql);
    if (!run->statements)
        run->statements = arena_array(run->arena, RUN_STATEMENTS_MAX, sizeof(*run->statements));
    struct statement *statement = arena_alloc(run->arena, sizeof(*statement));
    run->statements[run->statement_count++] = statement;
    uint64_t started = clock_monotonic_us();
    statement->sql = arena_strdup(run->arena, sql);
    (void)execute(run, statement, &statement->error); /* the outcome is in the statement */
    statement->duration_us = clock_monotonic_us() - started;
    return statement;
}
