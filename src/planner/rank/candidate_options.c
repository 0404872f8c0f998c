/* SPDX-License-Identifier: Apache-2.0 */
/* The best ways to fill each kind of slot of a sketch, with their log-odds. */
#include "planner/rank/candidate_finder.h"

#include <string.h>

/* Keeps the best OPTIONS_MAX. */
static void add_option(struct option_list *list, const struct option *option)
{
    size_t at = list->count;
    if (at == OPTIONS_MAX) {
        if (option->score <= list->items[at - 1].score)
            return;
        at--;
    } else {
        list->count++;
    }
    while (at > 0 && list->items[at - 1].score < option->score) {
        list->items[at] = list->items[at - 1];
        at--;
    }
    list->items[at] = *option;
}

/* ---- selected columns and groups */

static bool in_subset(const struct subset *set, int item)
{
    for (size_t i = 0; i < set->count; i++)
        if (set->items[i] == item)
            return true;
    return false;
}

/* One group column: alone in the select list, or with the likeliest other columns. */
static void add_grouped(struct finder *f, const struct sketch *sketch, int group,
                        struct option_list *out)
{
    double score = f->use[group][USE_GROUP];
    struct option option = {.score = score, .group = {group, -1}};
    if (sketch->plain)
        option.plain = (struct subset){0, {group}, 1};
    add_option(out, &option);
    for (size_t k = 0; sketch->plain && k < at_most(f->plain_count, 4); k++) {
        option.plain = f->plain[k];
        if (option.plain.count == 1 && option.plain.items[0] == group)
            continue;
        bool holds = in_subset(&option.plain, group);
        option.score = score + option.plain.score - (holds ? f->use[group][USE_SELECT] : 0);
        add_option(out, &option);
        if (!holds && option.plain.count < CANDIDATE_COLUMNS_MAX) {
            option.plain.items[option.plain.count++] = group;
            add_option(out, &option);
        }
    }
}

void option_fill_columns(struct finder *f, const struct sketch *sketch, struct option_list *out)
{
    const int *groups = f->top[USE_GROUP];
    size_t group_max = at_most(f->top_count, 4);
    struct option option = {.group = {-1, -1}};
    if (sketch->group_count == 0 && !sketch->plain) {
        add_option(out, &option);
    } else if (sketch->group_count == 0) {
        for (size_t k = 0; k < f->plain_count; k++) {
            option.plain = f->plain[k];
            option.score = f->plain[k].score;
            add_option(out, &option);
        }
    } else if (sketch->group_count == 1) {
        for (size_t k = 0; k < group_max; k++)
            add_grouped(f, sketch, groups[k], out);
    } else {
        for (size_t a = 0; a < group_max; a++)
            for (size_t b = a + 1; b < group_max; b++) {
                option.group[0] = groups[a];
                option.group[1] = groups[b];
                option.plain = (struct subset){0, {groups[a], groups[b]}, sketch->plain ? 2 : 0};
                option.score = f->use[groups[a]][USE_GROUP] + f->use[groups[b]][USE_GROUP];
                add_option(out, &option);
            }
    }
    if (out->count > 10)
        out->count = 10;
}

/* ---- aggregates, bounds, order, limit */

/* Sums and averages are of numbers; text may hold some. */
static bool can_aggregate(const struct finder *f, enum aggregate aggregate, int column)
{
    const struct dataset_index *index = f->question->links->index;
    bool sums = aggregate == AGGREGATE_SUM || aggregate == AGGREGATE_AVG;
    return !sums || !(index->columns[column].wordy ||
                      value_kind_is_time(index->dataset->columns[column].kind));
}

/* Aggregates other than count(*) need a column; the same one, or two different ones. */
void option_fill_aggregates(struct finder *f, const struct sketch *sketch, struct option_list *out)
{
    size_t need[SKETCH_AGGREGATES_MAX], needed = 0;
    bool different = true;
    struct option option = {0};
    for (size_t i = 0; i < sketch->aggregate_count; i++) {
        option.aggregates[i] = -1;
        if (sketch->aggregates[i] == AGGREGATE_COUNT)
            continue;
        for (size_t k = 0; k < needed; k++)
            different &= sketch->aggregates[need[k]] != sketch->aggregates[i];
        need[needed++] = i;
    }
    const int *top = f->top[USE_AGGREGATE];
    size_t count = at_most(f->top_count, 4);
    if (needed == 0)
        add_option(out, &option);
    for (size_t k = 0; needed > 0 && (different || needed == 1) && k < count; k++) {
        bool fits = true;
        for (size_t i = 0; i < needed; i++) {
            option.aggregates[need[i]] = top[k];
            fits &= can_aggregate(f, sketch->aggregates[need[i]], top[k]);
        }
        option.score = f->use[top[k]][USE_AGGREGATE];
        if (fits)
            add_option(out, &option);
    }
    for (size_t a = 0; needed == 2 && a < at_most(count, 3); a++)
        for (size_t b = 0; b < at_most(count, 3); b++) {
            if (a == b || (!different && a > b) ||
                !can_aggregate(f, sketch->aggregates[need[0]], top[a]) ||
                !can_aggregate(f, sketch->aggregates[need[1]], top[b]))
                continue;
            option.aggregates[need[0]] = top[a];
            option.aggregates[need[1]] = top[b];
            option.score = f->use[top[a]][USE_AGGREGATE] + f->use[top[b]][USE_AGGREGATE];
            add_option(out, &option);
        }
}

void option_fill_having(struct finder *f, const struct sketch *sketch, struct option_list *out)
{
    struct option option = {.column = -1, .condition = -1};
    if (sketch->having == AGGREGATE_NONE)
        add_option(out, &option);
    for (size_t k = 0; sketch->having == AGGREGATE_COUNT && k < f->having_count; k++) {
        option.condition = f->having[k];
        option.score = f->condition[f->having[k]];
        add_option(out, &option);
    }
    if (sketch->having == AGGREGATE_NONE || sketch->having == AGGREGATE_COUNT)
        return;
    for (size_t i = 0; i < f->conditions->count; i++)
        for (size_t k = 0; k < at_most(f->top_count, 2); k++) {
            const struct reading *reading = &f->conditions->items[i];
            int column = f->top[USE_AGGREGATE][k];
            if (reading->kind != READING_HAVING &&
                !(reading->kind == READING_NUMBER && reading->column == column))
                continue;
            option.column = column;
            option.condition = (int)i;
            option.score = f->condition[i] + 0.5 * f->use[column][USE_AGGREGATE];
            add_option(out, &option);
        }
    out->count = at_most(out->count, 3);
}

void option_fill_order(struct finder *f, const struct sketch *sketch, struct option_list *out)
{
    struct option option = {.column = -1};
    if (!sketch->ordered || sketch->order == AGGREGATE_COUNT) {
        add_option(out, &option);
        return;
    }
    for (size_t c = 0; c < f->columns; c++) {
        double order = f->use[c][USE_ORDER], aggregate = f->use[c][USE_AGGREGATE];
        option.column = (int)c;
        option.score = sketch->order == AGGREGATE_NONE || order > aggregate ? order : aggregate;
        add_option(out, &option);
    }
    out->count = at_most(out->count, sketch->order == AGGREGATE_NONE ? 4 : 3);
}

void option_fill_limit(struct finder *f, const struct sketch *sketch, struct option_list *out)
{
    struct option option = {.condition = -1};
    if (sketch->limit != LIMIT_SOME)
        add_option(out, &option);
    for (size_t k = 0; sketch->limit == LIMIT_SOME && k < f->limit_count; k++) {
        option.condition = f->limits[k];
        option.score = f->condition[f->limits[k]];
        add_option(out, &option);
    }
}

/* ---- conditions */

/* Is the word "or" said between the conditions? */
static bool or_between(const struct finder *f, const struct subset *set)
{
    size_t low = SIZE_MAX, high = 0;
    for (size_t i = 0; i < set->count; i++) {
        const struct reading *reading = &f->conditions->items[set->items[i]];
        low = reading->end < low ? reading->end : low;
        high = reading->begin > high ? reading->begin : high;
    }
    const struct token_list *tokens = f->question->links->tokens;
    for (size_t i = low; i < high && i < tokens->count; i++)
        if (strcmp(tokens->items[i].lower.text, "or") == 0)
            return true;
    return false;
}

/* The sensible ways to join the conditions of a set. */
static unsigned joinings(const struct finder *f, const struct subset *set)
{
    if (set->count == 1)
        return 1U << JOINED_AND;
    const struct reading *first = &f->conditions->items[set->items[0]];
    int other = -1;
    bool same = true, equal = true, two = true;
    for (size_t i = 0; i < set->count; i++) {
        const struct reading *reading = &f->conditions->items[set->items[i]];
        equal &= reading->comparison == COMPARE_EQUAL || reading->comparison == COMPARE_LIKE;
        if (reading->column == first->column)
            continue;
        same = false;
        two &= other < 0 || other == reading->column;
        other = reading->column;
    }
    bool or = or_between(f, set);
    if (same && equal)
        return first->comparison == COMPARE_LIKE ? 1U << JOINED_OR | 1U << JOINED_AND
                                                 : 1U << JOINED_OR;
    if (set->count == 3 && equal && two)
        return 1U << JOINED_MIXED | 1U << JOINED_AND | (or ? 1U << JOINED_OR : 0);
    return or || same ? 1U << JOINED_AND | 1U << JOINED_OR : 1U << JOINED_AND;
}

static void add_joined(struct finder *f, const struct subset *set, struct option_list *out)
{
    unsigned ways = joinings(f, set);
    for (int way = JOINED_AND; way <= JOINED_MIXED; way++) {
        struct option option = {
            .score = set->score, .column = -1, .conditions = *set, .joining = (enum joining)way};
        if (ways & (1U << way))
            add_option(out, &option);
    }
}

/* Two conditions, one for each part of a set operation. */
static void fill_pairs(struct finder *f, bool reversed_too, struct option_list *out)
{
    size_t taken = 0;
    for (size_t s = 0; s < f->set_count && taken < 4; s++) {
        if (f->sets[s].count != 2)
            continue;
        struct option option = {.score = f->sets[s].score, .column = -1, .conditions = f->sets[s]};
        add_option(out, &option);
        if (reversed_too && taken < 2) {
            option.conditions.items[0] = f->sets[s].items[1];
            option.conditions.items[1] = f->sets[s].items[0];
            option.score -= 1;
            add_option(out, &option);
        }
        taken++;
    }
}

static void fill_nested(struct finder *f, bool filtered, struct option_list *out)
{
    for (size_t k = 0; k < at_most(f->top_count, 3); k++) {
        int column = f->top[USE_NESTED][k];
        struct option option = {.score = f->use[column][USE_NESTED], .column = column};
        if (!filtered)
            add_option(out, &option);
        for (size_t s = 0; filtered && s < at_most(f->set_count, 3); s++) {
            option.conditions = f->sets[s];
            option.score = f->use[column][USE_NESTED] + f->sets[s].score;
            add_option(out, &option);
        }
    }
}

void option_fill_where(struct finder *f, const struct sketch *sketch, struct option_list *out)
{
    struct option none = {.column = -1};
    switch (sketch->where) {
    case WHERE_NONE:
        add_option(out, &none);
        break;
    case WHERE_PLAIN:
        for (size_t s = 0; s < at_most(f->set_count, 8); s++)
            add_joined(f, &f->sets[s], out);
        break;
    case WHERE_ALL_EXCEPT:
        for (size_t s = 0; s < at_most(f->set_count, 4); s++)
            add_joined(f, &f->sets[s], out);
        break;
    case WHERE_INTERSECT:
    case WHERE_UNION:
    case WHERE_EXCEPT:
        fill_pairs(f, sketch->where == WHERE_EXCEPT, out);
        break;
    case WHERE_NESTED:
    case WHERE_NESTED_FILTERED:
        fill_nested(f, sketch->where == WHERE_NESTED_FILTERED, out);
        break;
    }
}
