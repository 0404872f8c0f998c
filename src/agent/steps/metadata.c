/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Everything known about the candidates, and about what can be joined to them, put together for
 * whoever writes the SQL.
 */
#include <string.h>

#include "agent/calendar.h"
#include "agent/model_input.h"
#include "agent/steps/steps.h"
#include "core/json.h"
#include "core/settings.h"

#define JOINABLE_MAX 32

static bool holds(const struct plan_dataset *list, size_t count, const struct dataset *dataset)
{
    for (size_t i = 0; i < count; i++)
        if (list[i].dataset == dataset)
            return true;
    return false;
}

static bool filtered_out(const struct run *run, const struct dataset *dataset)
{
    if (run->question.dataset_filter_count == 0)
        return false;
    for (size_t i = 0; i < run->question.dataset_filter_count; i++)
        if (strcmp(run->question.dataset_filter[i], dataset->id) == 0)
            return false;
    return true;
}

struct joinable {
    struct plan_dataset *items;
    size_t count;
};

static void add_joinable(struct run *run, struct joinable *list, const struct dataset *dataset)
{
    const struct plan_request *plan = &run->request.plan;
    if (!dataset || list->count >= JOINABLE_MAX || filtered_out(run, dataset) ||
        holds(plan->datasets, plan->dataset_count, dataset) ||
        holds(list->items, list->count, dataset))
        return;
    list->items[list->count++] = (struct plan_dataset){
        .dataset = dataset,
        .index = knowledge_index(run->knowledge, dataset),
    };
}

static void add_neighbours(struct run *run, struct joinable *list, const struct dataset *dataset)
{
    for (size_t i = 0; i < dataset->relationship_count; i++)
        add_joinable(run, list,
                     catalog_find(run->knowledge->catalog, dataset->relationships[i].dataset_id));
}

/* Two tables may have two days that stand for today: each is asked by its own. */
static void find_calendars(struct run *run, struct plan_dataset *datasets, size_t count)
{
    const struct plan_request *plan = &run->request.plan;
    bool first_is_own = plan->dataset_count > 0 && calendar_is_own(plan->datasets[0].dataset);
    for (size_t i = 0; i < count; i++) {
        if (!first_is_own && !calendar_is_own(datasets[i].dataset))
            continue;
        struct period_calendar *own = arena_alloc(run->arena, sizeof(*own));
        calendar_of(datasets[i].dataset, own);
        bool same = strcmp(own->today, plan->calendar.today) == 0 &&
                    own->week_start == plan->calendar.week_start &&
                    own->fiscal_year_start == plan->calendar.fiscal_year_start;
        datasets[i].calendar = same ? NULL : own;
    }
}

/* Two steps along the relationships reach what a question about the candidates may need. */
static void find_joinable(struct run *run)
{
    struct plan_request *plan = &run->request.plan;
    struct joinable list = {arena_array(run->arena, JOINABLE_MAX, sizeof(*list.items)), 0};
    for (size_t i = 0; i < plan->dataset_count; i++)
        add_neighbours(run, &list, plan->datasets[i].dataset);
    size_t first_ring = list.count;
    for (size_t i = 0; i < first_ring; i++)
        add_neighbours(run, &list, list.items[i].dataset);
    for (size_t i = 0; run->previous && i < run->previous->table_count; i++)
        add_joinable(run, &list, run->previous->tables[i].dataset);
    if (llm_writes_answers(run->agent->llm))
        add_joinable(run, &list, run->previous_dataset);
    for (size_t i = 0; run->verified && i < run->verified->dataset_count; i++)
        add_joinable(run, &list, run->verified->datasets[i]);
    plan->joinable = list.items;
    plan->joinable_count = list.count;
    find_calendars(run, list.items, list.count);
}

TASK_WAITS static bool try_statement(void *context, const char *sql, const struct rows **rows,
                                     struct error *err)
{
    const struct statement *statement = run_statement(context, sql);
    if (!statement->rows) {
        *err = statement->error;
        return false;
    }
    *rows = statement->rows;
    return true;
}

TASK_WAITS bool step_metadata(struct run *run, struct step_record *record, struct error *err)
{
    size_t count = run->retrieved.hit_count;
    struct plan_dataset *datasets = arena_array(run->arena, count, sizeof(*datasets));
    size_t column_count = 0;
    for (size_t i = 0; i < count; i++) {
        const struct retrieval_hit *hit = &run->retrieved.hits[i];
        datasets[i] = (struct plan_dataset){
            .dataset = hit->dataset,
            .index = knowledge_index(run->knowledge, hit->dataset),
            .score = hit->score,
        };
        column_count += hit->dataset->column_count;
    }
    struct engine *engine = agent_engine(
        run->agent, count > 0 ? datasets[0].dataset->source.engine : NULL, err);
    if (!engine)
        return false;
    run->request = (struct llm_request){
        .arena = run->arena,
        .plan = {
            .question = str_from(run->question.text),
            .datasets = datasets,
            .dataset_count = count,
            .previous = run->previous,
            .previous_question = str_from(run->previous_question),
            .previous_lost = run->previous_lost,
            .dialect = engine_dialect(engine),
            .explain = run->question.explain,
        },
        .sureness_min = settings_double("QUERENT_SURENESS"),
        .explained = run->retrieved.best_possible,
        .try_statement = try_statement,
        .try_context = run,
    };
    calendar_of(count > 0 ? datasets[0].dataset : NULL, &run->request.plan.calendar);
    find_calendars(run, datasets, count);
    find_joinable(run);
    model_input_fill(run);
    record->words = arena_printf(run->arena, "%zu %s with %zu %s, %zu more to join", count,
                                 plural(count, "dataset", "datasets"), column_count,
                                 plural(column_count, "column", "columns"),
                                 run->request.plan.joinable_count);
    record->detail = arena_printf(run->arena, "{\"datasets\":%zu,\"columns\":%zu}", count,
                                  column_count);
    return true;
}
