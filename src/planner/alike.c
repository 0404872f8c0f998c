/* SPDX-License-Identifier: Apache-2.0 */
#include "planner/alike.h"

static bool is_one_of(const struct expression *expression, const struct query *query)
{
    for (size_t i = 0; i < query->select_count; i++)
        if (expression_equal(expression, query->select[i].expression))
            return true;
    for (size_t i = 0; i < query->group_count; i++)
        if (expression_equal(expression, query->group[i]))
            return true;
    return false;
}

/* An order by something else may be what fails. */
static bool only_order_counts(const struct query *query)
{
    if (query->limit != 0 || query->limit_per || query->set_operation != SET_NONE)
        return false;
    for (size_t i = 0; i < query->order_count; i++)
        if (!is_one_of(query->order[i].expression, query))
            return false;
    return true;
}

/* Of the query without its order. */
static uint64_t rows_key(struct plan_state *state, size_t i)
{
    struct plan_item *item = &state->items[i];
    if (item->rows_key == 0) {
        struct query query = *state->plan.candidates[i].query;
        query.order_count = 0;
        item->rows_key = query_hash(&query) | 1;
    }
    return item->rows_key;
}

bool plan_differ_in_order_only(struct plan_state *state, size_t i, size_t k)
{
    const struct query *a = state->plan.candidates[i].query, *b = state->plan.candidates[k].query;
    if (i == k)
        return true;
    bool close = a->table_count == b->table_count && a->tables[0].dataset == b->tables[0].dataset &&
                 a->select_count == b->select_count && a->group_count == b->group_count &&
                 a->distinct == b->distinct && !a->where == !b->where && !a->having == !b->having;
    return close && only_order_counts(a) && only_order_counts(b) &&
           rows_key(state, i) == rows_key(state, k);
}

/* 0: nobody knows. */
static size_t columns_of(const struct query *query)
{
    if (query->limit_per || query->set_operation != SET_NONE)
        return 0;
    for (size_t i = 0; i < query->select_count; i++)
        if (query->select[i].expression->kind == EXPRESSION_STAR)
            return 0;
    return query->select_count;
}

static size_t rows_max_of(const struct query *query)
{
    bool adds_up = query->group_count == 0 && query->set_operation == SET_NONE;
    for (size_t i = 0; adds_up && i < query->select_count; i++)
        adds_up = query->select[i].expression->kind == EXPRESSION_AGGREGATE;
    if (adds_up)
        return 1;
    bool cut = query->limit > 0 && !query->limit_per && query->set_operation == SET_NONE;
    return cut ? (size_t)query->limit : SIZE_MAX;
}

bool plan_may_agree(const struct plan_state *state, size_t i, size_t seen)
{
    const struct query *query = state->plan.candidates[i].query;
    const struct plan_item *item = &state->items[seen];
    size_t columns = columns_of(query);
    return (columns == 0 || columns == item->column_count) && item->row_count <= rows_max_of(query);
}
