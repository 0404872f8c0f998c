/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading a question: the learned readings (planner/learned.c) and those by rules make the plan,
 * and are set against each other (planner/doubts.c). planner/decide.c does the rest.
 */
#include "planner/planner.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/datafile.h"
#include "planner/doubts.h"
#include "planner/keep.h"
#include "planner/learned.h"
#include "planner/plan.h"
#include "planner/print/print.h"
#include "planner/rules/business.h"
#include "planner/rules/cue_spelling.h"
#include "planner/rules/follow_up.h"
#include "planner/rules/namesakes.h"
#include "planner/rules/unknown_subject.h"

#define LEANS 0.5 /* from here on a question goes on from the one before */

static bool open_weights(struct planner *planner, const char *path, struct error *err)
{
    struct arena *arena = arena_new();
    const char *found = datafile_find(arena, DATAFILE_DATA, "planner/weights.bin", path, err);
    planner->weights = found ? weights_open(found, err) : NULL;
    arena_free(arena);
    if (!planner->weights)
        return false;
    planner->lexicon = lexicon_parse(planner->weights->cues, err);
    return planner->lexicon && sketch_table_read(planner->weights, &planner->sketches, err) &&
           rankers_read(planner->weights, &planner->rankers, err);
}

struct planner *planner_open(const char *weights_path, const char *embedding_path,
                             struct error *err)
{
    struct planner *planner = xcalloc(1, sizeof(*planner));
    planner->scratch = arena_pool_new();
    if (open_weights(planner, weights_path, err)) {
        planner->words = embedding_path && *embedding_path
                             ? word_table_open_file(embedding_path, err)
                             : word_table_open(err);
        if (planner->words) {
            snprintf(planner->version, sizeof(planner->version), "planner-%s",
                     planner->weights->version);
            return planner;
        }
    }
    planner_close(planner);
    return NULL;
}

void planner_close(struct planner *planner)
{
    if (!planner)
        return;
    word_table_close(planner->words);
    lexicon_free(planner->lexicon);
    weights_close(planner->weights);
    arena_pool_free(planner->scratch);
    free(planner);
}

const char *planner_version(const struct planner *planner)
{
    return planner->version;
}

const char *planner_words_id(const struct planner *planner)
{
    return word_table_id(planner->words);
}

struct dataset_index *dataset_index_new(const struct planner *planner,
                                        const struct dataset *dataset)
{
    struct dataset_index *index = dataset_index_build(planner->lexicon, planner->words, dataset);
    index->names = name_table_build(dataset, index->arena);
    return index;
}

size_t plan_find_statement(const struct plan *plan, const char *sql)
{
    size_t i = 0;
    while (i < plan->candidate_count && strcmp(plan->candidates[i].sql, sql) != 0)
        i++;
    return i;
}

static bool plain_expression(const struct expression *expression)
{
    return !expression || expression->kind == EXPRESSION_STAR ||
           expression->kind == EXPRESSION_COLUMN ||
           (expression->kind == EXPRESSION_AGGREGATE &&
            expression->aggregate != AGGREGATE_MEDIAN && plain_expression(expression->left));
}

/* "Customers who never ordered": what another table holds. */
static bool plain_values(const struct condition *condition)
{
    for (size_t i = 0; i < condition->value_count; i++)
        if (condition->values[i].subquery && condition->comparison == COMPARE_NOT_IN)
            return false;
    return true;
}

static bool plain_condition(const struct condition *condition)
{
    if (!condition)
        return true;
    if (condition->kind == CONDITION_COMPARE)
        return plain_expression(condition->left) && plain_values(condition);
    for (size_t i = 0; i < condition->part_count; i++)
        if (!plain_condition(condition->parts[i]))
            return false;
    return condition->kind == CONDITION_AND || condition->kind == CONDITION_OR;
}

/* Does the query hold what no sketch can: a join, a period, a metric, a share, first rows? */
static bool beyond_sketches(const struct query *query)
{
    bool plain = query->table_count == 1 && !query->limit_per && plain_condition(query->where) &&
                 plain_condition(query->having) && (query->limit == 0 || query->order_count > 0);
    for (size_t i = 0; i < query->select_count; i++)
        plain &= plain_expression(query->select[i].expression);
    for (size_t i = 0; i < query->group_count; i++)
        plain &= plain_expression(query->group[i]);
    return !plain;
}

/* A reading by rules. When the learned ones hold the same statement, it lends them its words. */
static void add_business(struct plan_state *state, const struct plan_request *request,
                         const struct business_candidate *from)
{
    struct plan *plan = &state->plan;
    struct error ignored = {0}; /* what this dialect can't say is no candidate */
    const char *sql = query_print(from->query, request->dialect, state->arena, &ignored);
    if (!sql)
        return;
    size_t i = plan_find_statement(plan, sql);
    if (i == PLAN_CANDIDATES_MAX)
        return;
    bool known = i < plan->candidate_count;
    const char *explanation = known ? plan->candidates[i].explanation : from->explanation;
    plan->candidate_count += !known;
    plan->candidates[i] = (struct plan_candidate){
        .query = from->query,
        .sql = sql,
        .dataset = from->dataset,
        .score = from->score,
        .reading = from->reading,
        .periods = from->periods,
        .period_count = from->period_count,
        .assumptions = from->assumptions,
        .assumption_count = from->assumption_count,
        .explanation = explanation,
    };
    if (!known)
        state->items[i] =
            (struct plan_item){.unread = from->unknown, .unread_count = from->unknown_count};
    state->items[i].prior = fmax(state->items[i].prior, from->score);
    state->items[i].follow_up = from->follow_up;
    state->items[i].beyond_sketches = from->follow_up || beyond_sketches(from->query);
}

/* From here on: the readings were compared by what they say. */
static void tell_namesakes_apart(struct plan_state *state, const struct plan_request *request)
{
    struct error ignored = {0};
    for (size_t i = 0; i < state->plan.candidate_count; i++) {
        struct plan_candidate *candidate = &state->plan.candidates[i];
        const struct query *told = namesakes_tell_apart(candidate->query, state->arena);
        const char *sql = told != candidate->query
                              ? query_print(told, request->dialect, state->arena, &ignored)
                              : NULL;
        if (!sql)
            continue;
        state->items[i].keys_shown = (uint8_t)(told->select_count - candidate->query->select_count);
        candidate->query = told;
        candidate->sql = sql;
    }
}

/* Brings the candidates that are worth executing to the front, likeliest first. */
static void order_candidates(struct plan_state *state)
{
    struct plan *plan = &state->plan;
    for (size_t i = 0; i < plan->candidate_count; i++) {
        double chance = plan_chance(state, i);
        struct plan_candidate candidate = plan->candidates[i];
        struct plan_item item = state->items[i];
        candidate.score = chance;
        size_t at = i;
        while (at > 0 && plan->candidates[at - 1].score < chance) {
            plan->candidates[at] = plan->candidates[at - 1];
            state->items[at] = state->items[at - 1];
            at--;
        }
        plan->candidates[at] = candidate;
        state->items[at] = item;
    }
}

static struct plan_state *new_state(const struct planner *planner, struct arena *arena)
{
    struct plan_state *state = arena_alloc(arena, sizeof(*state));
    state->planner = planner;
    state->arena = arena;
    state->plan.candidates =
        arena_array(arena, PLAN_CANDIDATES_MAX, sizeof(*state->plan.candidates));
    state->items = arena_array(arena, PLAN_CANDIDATES_MAX, sizeof(*state->items));
    return state;
}

static bool check_request(const struct plan_request *request, struct error *err)
{
    if (!str_is_utf8(request->question) || str_trim(request->question).length == 0)
        return error_set(err, ERROR_INVALID, "question is empty or not UTF-8");
    if (request->question.length > QUESTION_SIZE_MAX)
        return error_set(err, ERROR_INVALID, "question is longer than %d bytes",
                         QUESTION_SIZE_MAX);
    return true;
}

/* The question as the rules read it: what is misspelled mended, the one before without the keys that
 * were only shown. */
static struct plan_request spell(const struct plan_request *asked, struct arena *arena)
{
    struct plan_request spelled = *asked;
    spelled.question = cue_spelling_restore(asked, arena);
    spelled.asks = ask_memo_new(arena);
    if (asked->previous)
        spelled.previous = namesakes_by_name(asked->previous, arena);
    return spelled;
}

/* All that it makes lies in the arena. */
static struct plan_state *read_question(const struct planner *planner,
                                        const struct plan_request *asked, struct arena *arena)
{
    const struct plan_request spelled = spell(asked, arena), *request = &spelled;
    struct plan_state *state = new_state(planner, arena);
    struct plan *plan = &state->plan;
    plan->meta = business_meta(request, arena);
    if (plan->meta.kind != PLAN_META_NONE)
        return state;
    state->explain = request->explain;
    state->later_turn = request->previous != NULL;
    state->lean = request->previous ? (float)follow_up_lean(request->question) : 0;
    struct missing_value_words heard = {0};
    learned_readings_add(state, request, &heard);
    struct business_candidate *list = NULL;
    size_t count = 0;
    business_candidates(request, arena, &list, &count);
    for (size_t i = 0; i < count; i++)
        add_business(state, request, &list[i]);
    plan_doubt_candidates(state, request, list, count);
    tell_namesakes_apart(state, request);
    if (plan->candidate_count == 0) {
        plan->no_answer = request->dataset_count > 0
                              ? "nothing in the data matches the words of the question"
                              : "there is no data to ask about";
        return state;
    }
    for (size_t i = 0; i < plan->candidate_count; i++)
        state->items[i].in_its_words =
            str_equal_nocase(str_trim(request->question), str_from(plan->candidates[i].reading));
    order_candidates(state);
    state->dataset = plan->candidates[0].dataset;
    plan->follow_up = state->items[0].follow_up;
    if (!plan->follow_up)
        state->unknown_subject = unknown_subject(request, arena);
    bool leans = request->previous && state->lean >= LEANS && request->previous->table_count > 0;
    const struct dataset *about =
        leans ? request->previous->tables[0].dataset : state->dataset;
    if (!missing_value(request, about, &heard, arena, &state->missing))
        state->missing = (struct missing_value){0};
    plan->unknown = state->items[0].unread;
    plan->unknown_count = state->items[0].unread_count;
    plan->execute_max =
        plan->candidate_count < PLAN_EXECUTE_MAX ? plan->candidate_count : PLAN_EXECUTE_MAX;
    return state;
}

struct plan *planner_read(const struct planner *planner, const struct plan_request *request,
                          struct arena *arena, struct error *err)
{
    if (!check_request(request, err))
        return NULL;
    struct arena *scratch = arena_pool_take(planner->scratch);
    struct plan_state *state = plan_keep(read_question(planner, request, scratch), scratch, arena);
    arena_pool_give(planner->scratch, scratch);
    return &state->plan;
}

static bool any_reads_all(const struct business_candidate *list, size_t count, double chance,
                          const struct plan_request *request, struct arena *arena)
{
    struct error ignored = {0};
    for (size_t i = 0; i < count; i++)
        if (list[i].score >= chance && list[i].unknown_count == 0 &&
            query_print(list[i].query, request->dialect, arena, &ignored))
            return true;
    return false;
}

/* As a change of the query before, if it can be: the reading on its own is the longer way. */
bool planner_reads_by_rules(const struct plan_request *asked, double chance, struct arena *arena)
{
    struct business_candidate edits[FOLLOW_UPS_MAX], *list = NULL;
    size_t count = 0;
    struct error ignored = {0};
    if (!check_request(asked, &ignored))
        return false;
    const struct plan_request spelled = spell(asked, arena), *request = &spelled;
    follow_up_candidates(request, arena, edits, &count);
    if (any_reads_all(edits, count, chance, request, arena))
        return true;
    business_candidates(request, arena, &list, &count);
    return any_reads_all(list, count, chance, request, arena);
}

struct plan_meta_answer planner_read_meta(const struct plan_request *request, struct arena *arena)
{
    struct error ignored = {0};
    return check_request(request, &ignored) ? business_meta(request, arena)
                                            : (struct plan_meta_answer){0};
}
