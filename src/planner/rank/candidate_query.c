/* SPDX-License-Identifier: Apache-2.0 */
/* From a candidate to its query tree. */
#include "planner/rank/candidate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct maker {
    const struct candidate *candidate;
    const struct dataset *dataset;
    const struct reading_list *conditions;
    struct arena *arena;
};

static const struct expression *column_of(const struct maker *m, int column)
{
    return expression_column(m->arena, 0, &m->dataset->columns[column]);
}

/* A year or a day in a column of real dates is a period; text is compared as text. */
static const struct condition *period_of(const struct maker *m, const struct reading *reading)
{
    const struct expression *left = column_of(m, reading->column);
    const char *text = reading->value;
    while (*text == '%')
        text++;
    char *end;
    long year = strtol(text, &end, 10);
    const char *from = arena_printf(m->arena, "%04ld-01-01", year);
    const char *next = arena_printf(m->arena, "%04ld-01-01", year + 1);
    switch (reading->comparison) {
    case COMPARE_GREATER:
        return condition_period(m->arena, left, next, NULL, NULL);
    case COMPARE_LESS:
        return condition_period(m->arena, left, NULL, from, NULL);
    default:
        return condition_period(m->arena, left, from, next, NULL);
    }
}

static const struct expression *literal_of(const struct maker *m, const struct reading *reading,
                                           const char *text)
{
    enum value_kind kind = !reading->number ? VALUE_TEXT
                           : strpbrk(text, ".eE") ? VALUE_DECIMAL
                                                  : VALUE_INTEGER;
    return expression_literal(m->arena, kind, text);
}

static const struct condition *compare(const struct maker *m, const struct expression *left,
                                       int index)
{
    const struct reading *reading = &m->conditions->items[index];
    if (reading->kind == READING_YEAR &&
        value_kind_is_time(m->dataset->columns[reading->column].kind))
        return period_of(m, reading);
    struct condition *condition = arena_alloc(m->arena, sizeof(*condition));
    struct expression *values = arena_array(m->arena, 2, sizeof(*values));
    condition->kind = CONDITION_COMPARE;
    condition->left = left;
    condition->comparison = reading->comparison;
    condition->values = values;
    if (reading->kind == READING_NULL)
        return condition;
    values[0] = *literal_of(m, reading, reading->value);
    condition->value_count = 1;
    if (reading->value_to) {
        values[1] = *literal_of(m, reading, reading->value_to);
        condition->value_count = 2;
    }
    return condition;
}

static const struct condition *condition_at(const struct maker *m, size_t i)
{
    int index = m->candidate->conditions[i];
    return compare(m, column_of(m, m->conditions->items[index].column), index);
}

/* Conditions on one column are alternatives; those on different ones all hold. */
static const struct condition *mixed(const struct maker *m)
{
    const struct condition *all = NULL;
    bool done[CANDIDATE_CONDITIONS_MAX] = {false};
    for (size_t i = 0; i < m->candidate->condition_count; i++) {
        const struct condition *any = NULL;
        for (size_t k = i; k < m->candidate->condition_count; k++) {
            bool same = m->conditions->items[m->candidate->conditions[k]].column ==
                        m->conditions->items[m->candidate->conditions[i]].column;
            if (done[k] || !same)
                continue;
            any = condition_or(m->arena, any, condition_at(m, k));
            done[k] = true;
        }
        all = condition_and(m->arena, all, any);
    }
    return all;
}

static const struct condition *joined(const struct maker *m)
{
    const struct condition *all = NULL;
    if (m->candidate->joining == JOINED_MIXED)
        return mixed(m);
    for (size_t i = 0; i < m->candidate->condition_count; i++)
        all = m->candidate->joining == JOINED_OR
                  ? condition_or(m->arena, all, condition_at(m, i))
                  : condition_and(m->arena, all, condition_at(m, i));
    return all;
}

static const struct expression *aggregate_of(const struct maker *m, enum aggregate aggregate,
                                             int column)
{
    if (column < 0)
        return expression_count(m->arena);
    return expression_aggregate(m->arena, aggregate, column_of(m, column));
}

/* column > (SELECT avg(column) FROM table [WHERE conditions]) */
static const struct condition *nested(const struct maker *m)
{
    const struct sketch *sketch = m->candidate->sketch;
    const struct expression *left = column_of(m, m->candidate->nested_column);
    struct query *inner = query_new(m->arena, m->dataset);
    query_select(m->arena, inner,
                 expression_aggregate(m->arena, sketch->nested_aggregate, left), NULL);
    inner->where = joined(m);
    struct expression *value = arena_alloc(m->arena, sizeof(*value));
    value->kind = EXPRESSION_SUBQUERY;
    value->subquery = inner;
    return condition_compare(m->arena, left, sketch->nested_comparison, value);
}

static void set_where(const struct maker *m, struct query *query)
{
    static const enum set_operation operations[] = {[WHERE_INTERSECT] = SET_INTERSECT,
                                                    [WHERE_UNION] = SET_UNION,
                                                    [WHERE_EXCEPT] = SET_EXCEPT,
                                                    [WHERE_ALL_EXCEPT] = SET_EXCEPT};
    struct query *right;
    switch (m->candidate->sketch->where) {
    case WHERE_NONE:
        break;
    case WHERE_PLAIN:
        query->where = joined(m);
        break;
    case WHERE_NESTED:
    case WHERE_NESTED_FILTERED:
        query->where = nested(m);
        break;
    default:
        right = query_copy(m->arena, query);
        if (m->candidate->sketch->where == WHERE_ALL_EXCEPT) {
            right->where = joined(m);
        } else {
            query->where = condition_at(m, 0);
            right->where = condition_at(m, 1);
        }
        query->set_operation = operations[m->candidate->sketch->where];
        query->set_right = right;
    }
}

static void set_having(const struct maker *m, struct query *query)
{
    const struct candidate *candidate = m->candidate;
    if (candidate->having_condition >= 0)
        query->having = compare(
            m, aggregate_of(m, candidate->sketch->having, candidate->having_column),
            candidate->having_condition);
}

static bool groups_by(const struct candidate *candidate, int column)
{
    for (size_t i = 0; i < candidate->group_count; i++)
        if (candidate->group[i] == column)
            return true;
    return false;
}

const struct query *candidate_query(const struct candidate *candidate,
                                    const struct dataset *dataset,
                                    const struct reading_list *conditions, bool strict_groups,
                                    struct arena *arena)
{
    struct maker m = {candidate, dataset, conditions, arena};
    const struct sketch *sketch = candidate->sketch;
    struct query *query = query_new(arena, dataset);
    query->distinct = sketch->distinct;
    for (size_t i = 0; i < candidate->plain_count; i++)
        query_select(arena, query, column_of(&m, candidate->plain[i]), NULL);
    if (sketch->star)
        query_select(arena, query, expression_star(arena), NULL);
    for (size_t i = 0; i < sketch->aggregate_count; i++)
        query_select(arena, query,
                     aggregate_of(&m, sketch->aggregates[i], candidate->aggregate_columns[i]),
                     NULL);
    set_where(&m, query);
    for (size_t i = 0; i < candidate->group_count; i++)
        query_group(arena, query, column_of(&m, candidate->group[i]));
    for (size_t i = 0; i < candidate->plain_count; i++)
        if (strict_groups && candidate->group_count > 0 && !groups_by(candidate, candidate->plain[i]))
            query_group(arena, query, column_of(&m, candidate->plain[i]));
    set_having(&m, query);
    if (sketch->ordered) {
        const struct expression *key = sketch->order == AGGREGATE_NONE
                                           ? column_of(&m, candidate->order_column)
                                           : aggregate_of(&m, sketch->order,
                                                          candidate->order_column);
        query_order(arena, query, key, sketch->descending);
    }
    query->limit = candidate->limit;
    return query;
}
