/* SPDX-License-Identifier: Apache-2.0 */
#include "planner/doubts.h"

#include <string.h>

#include "planner/rules/namesakes.h"
#include "planner/rules/unheard.h"
#include "planner/rules/unknown_subject.h"

#define COUNTS_SURELY 0.9 /* the prior of a reading that counts what the question names */
#define NAMES_LIKELY 0.8  /* the same for one that shows names for keys */
#define SUMS_LIKELY 0.85  /* the same for one that adds amounts up by group */
#define ROWS_PER_GROUP_MIN 3
#define FIRST_YEAR 1000 /* of a column of years */
#define LONGEST_AGE 200
#define UNITS_LIKELY 0.6  /* the same for one that adds up quantities */

/* Each candidate by itself. */
static void find_unheard_words(struct plan_state *state, const struct plan_request *request)
{
    struct telling_words telling = telling_words_find(request->question);
    bool counted, ranked;
    subjects_asked_for(request->question, state->arena, &counted, &ranked);
    for (size_t i = 0; i < state->plan.candidate_count; i++) {
        const struct query *query = state->plan.candidates[i].query;
        struct plan_item *item = &state->items[i];
        item->unheard = unheard_word(&telling, query);
        if (!item->unheard && counted && counts_another_table(request, query, state->arena))
            item->unheard = "how many";
        if (!item->unheard && ranked && ranks_something_else(request, query, state->arena))
            item->unheard = "top";
    }
}

/* "How many meters" counts meters where rules found what they are, not the rows. */
static void doubt_counted_rows(struct plan_state *state)
{
    const struct dataset *counted = NULL;
    for (size_t i = 0; i < state->plan.candidate_count; i++) {
        const struct plan_item *item = &state->items[i];
        const struct expression *e = state->plan.candidates[i].query->select[0].expression;
        if (item->prior >= COUNTS_SURELY && item->unread_count == 0 && !item->follow_up &&
            e->kind == EXPRESSION_AGGREGATE && e->aggregate == AGGREGATE_COUNT_DISTINCT)
            counted = state->plan.candidates[i].dataset;
    }
    for (size_t i = 0; counted && i < state->plan.candidate_count; i++) {
        const struct expression *e = state->plan.candidates[i].query->select[0].expression;
        if (state->items[i].prior < 0 && e->kind == EXPRESSION_AGGREGATE &&
            e->aggregate == AGGREGATE_COUNT && e->left->kind == EXPRESSION_STAR &&
            state->plan.candidates[i].dataset == counted && !state->items[i].unheard)
            state->items[i].unheard = "how many";
    }
}

/* "How many drills" adds up quantities where there are some: a number of rows is none of drills. */
static void doubt_counts_for_units(struct plan_state *state, const struct business_candidate *list,
                                   size_t count)
{
    bool units = false;
    for (size_t i = 0; i < count; i++)
        units |= list[i].counts_units && list[i].score >= UNITS_LIKELY;
    for (size_t i = 0; units && i < state->plan.candidate_count; i++) {
        const struct query *query = state->plan.candidates[i].query;
        for (size_t k = 0; k < query->select_count; k++)
            if (query->select[k].expression->kind == EXPRESSION_AGGREGATE &&
                query->select[k].expression->aggregate == AGGREGATE_COUNT)
                state->items[i].unheard = "how many";
    }
}

static bool says_identifier(struct str question, struct arena *arena)
{
    static const char *const words[] = {" id", " key", " number", " code", " no"};
    const char *text = arena_strndup(arena, question.bytes, question.length);
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (strcasestr(text, words[i]))
            return true;
    return false;
}

/* Is it the query's only column, and the key that `named` shows the names for? */
static bool groups_by_key_of(const struct query *query, const struct query *named)
{
    const struct expression *e = query->select[0].expression;
    if (query->table_count != 1 || query->group_count != 1 || e->kind != EXPRESSION_COLUMN)
        return false;
    for (size_t i = 1; i < named->table_count; i++)
        if (named->tables[0].dataset == query->tables[0].dataset &&
            strcmp(named->tables[i].joined_column, e->column->name) == 0)
            return true;
    return false;
}

/* "Guests with more than 10 bookings" are wanted by name where rules found their names. */
static void doubt_bare_keys(struct plan_state *state, const struct plan_request *request)
{
    if (says_identifier(request->question, state->arena))
        return;
    for (size_t i = 0; i < state->plan.candidate_count; i++) {
        const struct plan_item *named = &state->items[i];
        const struct query *query = state->plan.candidates[i].query;
        if (named->prior < NAMES_LIKELY || named->unread_count > 0 || query->group_count != 1)
            continue;
        for (size_t k = 0; k < state->plan.candidate_count; k++)
            if (state->items[k].prior < 0 && !state->items[k].unheard &&
                groups_by_key_of(state->plan.candidates[k].query, query))
                state->items[k].unheard = "names";
    }
}

static bool is_one_of(struct str word, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (str_equal_nocase(word, str_from(words[i])))
            return true;
    return false;
}

/* "Revenue by region", "for each region"; not "sorted by region". */
static bool says_per(struct str question)
{
    static const char *const per[] = {"by", "per", "each", "every"};
    static const char *const sorts[] = {"sort",    "sorted", "order",  "ordered",
                                        "arranged", "ranked", "listed"};
    struct str rest = question, word, before = {0};
    while (str_split(&rest, ' ', &word)) {
        if (is_one_of(word, per, sizeof(per) / sizeof(per[0])) &&
            !is_one_of(before, sorts, sizeof(sorts) / sizeof(sorts[0])))
            return true;
        before = word;
    }
    return false;
}

static bool adds_up(const struct query *query)
{
    for (size_t i = 0; i < query->select_count; i++) {
        const struct expression *e = query->select[i].expression;
        if (e->kind == EXPRESSION_METRIC ||
            (e->kind == EXPRESSION_AGGREGATE && e->aggregate == AGGREGATE_SUM))
            return true;
    }
    return false;
}

/* Of a ranking the word after "by" says what by, "the top 3 regions by revenue", and no group. */
static bool adds_up_by_group(const struct query *query)
{
    return adds_up(query) && query->group_count > 0 && query->limit == 0;
}

static bool lists_rows(const struct query *query)
{
    for (size_t i = 0; i < query->select_count; i++)
        if (expression_aggregates(query->select[i].expression))
            return false;
    return true;
}

/* "Show me revenue by region" wants sums where rules read every word so: neither the amounts of all
 * rows in the order of regions, nor those of one region. With or without opening words, it is a
 * phrase and no sentence. */
static void doubt_lists_of_amounts(struct plan_state *state, const struct plan_request *request)
{
    bool sums = false;
    for (size_t i = 0; i < state->plan.candidate_count; i++) {
        const struct plan_item *item = &state->items[i];
        sums |= item->prior >= SUMS_LIKELY && item->unread_count == 0 && !item->unheard &&
                !item->follow_up && adds_up_by_group(state->plan.candidates[i].query);
    }
    if (!sums || !says_per(request->question))
        return;
    state->terse = true;
    for (size_t i = 0; i < state->plan.candidate_count; i++)
        if (state->items[i].prior < 0 && !state->items[i].unheard &&
            lists_rows(state->plan.candidates[i].query))
            state->items[i].unheard = "by";
}

/* The column that one row names in a ranking of rows by an amount, such as the region of the biggest
 * order; NULL when the query is no such ranking. */
static const struct column *ranked_rows_name(const struct query *query)
{
    if (query->select_count != 1 || query->order_count != 1 || query->limit == 0 ||
        query->group_count > 0)
        return NULL;
    const struct expression *name = query->select[0].expression;
    const struct expression *key = query->order[0].expression;
    bool amounts = key->kind == EXPRESSION_COLUMN && key->column &&
                   column_aggregate(key->column) == AGGREGATE_SUM;
    return name->kind == EXPRESSION_COLUMN && amounts ? name->column : NULL;
}

/* Is it many rows that have the same one? */
static bool names_groups(const struct column *column)
{
    return column->profile.known &&
           column->profile.distinct_count <= column->profile.row_count / ROWS_PER_GROUP_MIN;
}

static bool ranks_sums_of(const struct query *query, const struct column *column)
{
    return adds_up(query) && query->limit > 0 && query->group_count == 1 &&
           query->group[0]->kind == EXPRESSION_COLUMN && query->group[0]->column == column;
}

/* "The best selling region" has the highest sum; that the biggest order is of a region says little
 * about it, where each has many orders. As above, such words are a phrase. */
static void doubt_ranked_rows(struct plan_state *state)
{
    for (size_t i = 0; i < state->plan.candidate_count; i++) {
        const struct plan_item *sums = &state->items[i];
        if (sums->prior < SUMS_LIKELY || sums->unread_count > 0 || sums->unheard)
            continue;
        for (size_t k = 0; k < state->plan.candidate_count; k++) {
            const struct column *name = ranked_rows_name(state->plan.candidates[k].query);
            if (state->items[k].prior < 0 && !state->items[k].unheard && name &&
                names_groups(name) && ranks_sums_of(state->plan.candidates[i].query, name)) {
                state->items[k].unheard = "top";
                state->terse = true;
            }
        }
    }
}

/* "The customer with the most customers": what is asked for, orders perhaps, was left out. Of names
 * themselves it may be asked which is the most common. */
static void doubt_counts_of_names(struct plan_state *state, const struct plan_request *request)
{
    static const char *const words[] = {"common", "frequent", "popular", "name", "often", "same"};
    const char *text =
        arena_strndup(state->arena, request->question.bytes, request->question.length);
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (strcasestr(text, words[i]))
            return;
    for (size_t i = 0; i < state->plan.candidate_count; i++) {
        const struct query *query = state->plan.candidates[i].query;
        const struct expression *key = query->order_count > 0 ? query->order[0].expression : NULL;
        bool ranks = query->table_count == 1 && query->group_count == 1 && key &&
                     key->kind == EXPRESSION_AGGREGATE && key->aggregate == AGGREGATE_COUNT;
        if (ranks && query->group[0]->kind == EXPRESSION_COLUMN && !state->items[i].unheard &&
            column_calls_rows(query->group[0]->column, query->tables[0].dataset))
            state->items[i].unheard = "most";
    }
}

/* Does a column of years have to be above 20, or be 65? Those are ages. */
static bool takes_ages_for_years(const struct condition *c)
{
    int64_t least, number;
    if (!c)
        return false;
    for (size_t i = 0; i < c->part_count; i++)
        if (takes_ages_for_years(c->parts[i]))
            return true;
    const struct column *column =
        c->left && c->left->kind == EXPRESSION_COLUMN ? c->left->column : NULL;
    if (!column || column->kind != VALUE_INTEGER || !column_name_has(column, STR("year")) ||
        !column->profile.min || !str_to_i64(str_from(column->profile.min), &least) ||
        least < FIRST_YEAR)
        return false;
    for (size_t i = 0; i < c->value_count; i++)
        if (c->values[i].literal && str_to_i64(str_from(c->values[i].literal), &number) &&
            number < LONGEST_AGE)
            return true;
    return false;
}

static void doubt_ages_of_years(struct plan_state *state)
{
    for (size_t i = 0; i < state->plan.candidate_count; i++)
        if (!state->items[i].unheard &&
            takes_ages_for_years(state->plan.candidates[i].query->where))
            state->items[i].unheard = "years";
}

void plan_doubt_candidates(struct plan_state *state, const struct plan_request *request,
                           const struct business_candidate *readings, size_t count)
{
    find_unheard_words(state, request);
    doubt_counted_rows(state);
    doubt_counts_for_units(state, readings, count);
    doubt_bare_keys(state, request);
    doubt_counts_of_names(state, request);
    doubt_ages_of_years(state);
    doubt_lists_of_amounts(state, request);
    doubt_ranked_rows(state);
}
