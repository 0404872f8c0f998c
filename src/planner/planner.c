/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The planner over business readings alone: follow-ups, questions about the data itself, and the
 * candidates of planner/business.h, printed and judged by what executing them gave.
 */
#include "planner/planner.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "planner/business.h"
#include "planner/print.h"

#define EXECUTE_MAX 3
#define EMPTY_FACTOR 0.8 /* a reading that finds no rows is less likely meant */
#define HOPELESS 0.2     /* below this a reading is not even worth asking back about */

struct planner {
    const char *version;
};

struct dataset_index {
    const struct dataset *dataset;
};

/* The public plan, and what became known about its candidates. */
struct judged_plan {
    struct plan plan; /* first: a struct plan * is one of these */
    double *sureness;
    const char *const *datasets; /* titles, for the sentence when nothing fits */
    size_t dataset_count;
};

struct planner *planner_open(const char *weights_path, const char *embedding_path,
                             struct error *err)
{
    struct planner *planner = xcalloc(1, sizeof(*planner));
    planner->version = "planner-business-1";
    return planner;
}

void planner_close(struct planner *planner)
{
    free(planner);
}

const char *planner_version(const struct planner *planner)
{
    return planner->version;
}

struct dataset_index *dataset_index_new(const struct planner *planner,
                                        const struct dataset *dataset)
{
    struct dataset_index *index = xcalloc(1, sizeof(*index));
    index->dataset = dataset;
    return index;
}

void dataset_index_free(struct dataset_index *index)
{
    free(index);
}

static void add_candidate(struct judged_plan *judged, const struct business_candidate *from,
                          const struct plan_request *request, struct arena *arena)
{
    struct plan *plan = &judged->plan;
    struct error ignored = {0}; /* what this dialect can't say is no candidate */
    const char *sql = query_print(from->query, request->dialect, arena, &ignored);
    if (!sql)
        return;
    for (size_t i = 0; i < plan->candidate_count; i++)
        if (strcmp(plan->candidates[i].sql, sql) == 0)
            return;
    judged->sureness[plan->candidate_count] = from->score;
    plan->candidates[plan->candidate_count++] = (struct plan_candidate){
        .query = from->query,
        .sql = sql,
        .dataset = from->dataset,
        .score = from->score,
        .reading = from->reading,
        .periods = from->periods,
        .period_count = from->period_count,
        .assumptions = from->assumptions,
        .assumption_count = from->assumption_count,
        .explanation = from->explanation,
    };
}

static void name_datasets(struct judged_plan *judged, const struct plan_request *request,
                          struct arena *arena)
{
    const char **titles = arena_array(arena, request->dataset_count + 1, sizeof(*titles));
    for (size_t i = 0; i < request->dataset_count; i++)
        titles[i] = dataset_title(request->datasets[i].dataset);
    judged->datasets = titles;
    judged->dataset_count = request->dataset_count;
}

struct plan *planner_read(const struct planner *planner, const struct plan_request *request,
                          struct arena *arena, struct error *err)
{
    if (!str_is_utf8(request->question) || str_trim(request->question).length == 0) {
        error_set(err, ERROR_INVALID, "question is empty or not UTF-8");
        return NULL;
    }
    struct judged_plan *judged = arena_alloc(arena, sizeof(*judged));
    struct plan *plan = &judged->plan;
    name_datasets(judged, request, arena);
    if (!request->previous) {
        plan->meta = business_meta(request, arena);
        if (plan->meta.kind != PLAN_META_NONE)
            return plan;
    }
    struct business_candidate *list = NULL;
    size_t count = 0;
    business_candidates(request, arena, &list, &count);
    plan->candidates = arena_array(arena, count + 1, sizeof(*plan->candidates));
    judged->sureness = arena_array(arena, count + 1, sizeof(*judged->sureness));
    for (size_t i = 0; i < count; i++)
        add_candidate(judged, &list[i], request, arena);
    if (count > 0) {
        plan->unknown = list[0].unknown;
        plan->unknown_count = list[0].unknown_count;
        plan->follow_up = list[0].follow_up;
    }
    plan->execute_max = plan->candidate_count < EXECUTE_MAX ? plan->candidate_count : EXECUTE_MAX;
    return plan;
}

void plan_observe(struct plan *plan, size_t i, const struct rows *rows)
{
    struct judged_plan *judged = (struct judged_plan *)plan;
    if (i >= plan->candidate_count)
        return;
    if (!rows)
        judged->sureness[i] = 0;
    else if (rows->row_count == 0)
        judged->sureness[i] *= EMPTY_FACTOR;
}

static const char *no_answer(const struct judged_plan *judged, struct arena *arena)
{
    const struct plan *plan = &judged->plan;
    const char *what = judged->dataset_count > 0 ? judged->datasets[0] : NULL;
    if (plan->unknown_count > 0)
        return arena_printf(arena, "I don't know what \"%s\" means in this data%s%s.",
                            plan->unknown[0], what ? "; there is " : "", what ? what : "");
    if (what)
        return arena_printf(arena, "I can't read that as a question about the data; there is %s.",
                            what);
    return "There is no data to answer from.";
}

void plan_decide(struct plan *plan, double threshold, struct arena *arena,
                 struct plan_decision *out)
{
    struct judged_plan *judged = (struct judged_plan *)plan;
    size_t best = 0, second = 0;
    *out = (struct plan_decision){.outcome = PLAN_NO_ANSWER};
    for (size_t i = 1; i < plan->candidate_count; i++)
        if (judged->sureness[i] > judged->sureness[best])
            best = i;
    if (plan->candidate_count == 0 || judged->sureness[best] < HOPELESS) {
        out->sentence = plan->no_answer ? plan->no_answer : no_answer(judged, arena);
        return;
    }
    out->winner = best;
    out->sureness = judged->sureness[best];
    if (out->sureness >= threshold) {
        out->outcome = PLAN_ANSWER;
        return;
    }
    second = best;
    for (size_t i = 0; i < plan->candidate_count; i++)
        if (i != best && judged->sureness[i] >= HOPELESS &&
            (second == best || judged->sureness[i] > judged->sureness[second]))
            second = i;
    out->outcome = PLAN_ASK;
    out->readings[out->reading_count++] = best;
    if (second != best)
        out->readings[out->reading_count++] = second;
    out->sentence =
        second != best
            ? arena_printf(arena, "Did you mean: %s; or %s?", plan->candidates[best].reading,
                           plan->candidates[second].reading)
            : arena_printf(arena, "Did you mean: %s?", plan->candidates[best].reading);
}
