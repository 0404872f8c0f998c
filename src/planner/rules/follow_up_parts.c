/* SPDX-License-Identifier: Apache-2.0 */
/* The previous query taken apart into what follow-ups change, and put together again. */
#include "planner/rules/follow_up_edit.h"

/* ---- taking apart */

static bool is_period(const struct condition *c)
{
    if (c->kind == CONDITION_PERIOD)
        return true;
    if (c->kind != CONDITION_OR)
        return false;
    for (size_t i = 0; i < c->part_count; i++)
        if (c->parts[i]->kind != CONDITION_PERIOD)
            return false;
    return c->part_count > 0;
}

static bool is_group(const struct query *query, const struct expression *e)
{
    for (size_t i = 0; i < query->group_count; i++)
        if (expression_equal(query->group[i], e))
            return true;
    return false;
}

static void take_values(struct parts *p, const struct query *query)
{
    for (size_t i = 0; i < query->select_count; i++) {
        const struct expression *e = query->select[i].expression;
        if (is_group(query, e) || p->value_count == PARTS_MAX)
            continue;
        if (e->kind == EXPRESSION_ARITHMETIC && e->op == '-' && e->left && e->right &&
            e->left->kind == EXPRESSION_FILTERED && e->right->kind == EXPRESSION_FILTERED) {
            p->now = e->left->condition;
            p->before = e->right->condition;
            p->values[0] = e->left->left;
            p->value_count = 1;
            return;
        }
        if (e->kind == EXPRESSION_SHARE)
            p->share = true;
        else if (expression_aggregates(e) && e->kind != EXPRESSION_FILTERED)
            p->values[p->value_count++] = e;
    }
}

static void take_conditions(struct parts *p, const struct condition *where)
{
    size_t count = !where ? 0 : where->kind == CONDITION_AND ? where->part_count : 1;
    for (size_t i = 0; i < count; i++) {
        const struct condition *c = where->kind == CONDITION_AND ? where->parts[i] : where;
        if (p->now && is_period(c))
            continue; /* the pair of the comparison */
        if (!p->period && is_period(c))
            p->period = c;
        else if (p->filter_count < PARTS_MAX)
            p->filters[p->filter_count++] = c;
    }
}

struct parts parts_take_apart(const struct query *query)
{
    struct parts p = {.having = query->having,
                      .limit = query->limit,
                      .limit_per = query->limit_per};
    for (size_t i = 0; i < query->group_count && i < PARTS_MAX; i++)
        p.groups[p.group_count++] = query->group[i];
    take_values(&p, query);
    take_conditions(&p, query->where);
    p.rows = p.value_count == 0 && p.group_count == 0;
    if (query->order_count > 0) {
        p.order = query->order[0].expression;
        p.descending = query->order[0].descending;
    }
    return p;
}

/* ---- filters among the parts */

const struct column *parts_filtered_column(const struct condition *c)
{
    if (c->kind == CONDITION_NOT || c->kind == CONDITION_OR)
        return c->part_count > 0 ? parts_filtered_column(c->parts[0]) : NULL;
    return c->left && c->left->kind == EXPRESSION_COLUMN ? c->left->column : NULL;
}

static const struct named_filter *named_filter(const struct condition *c)
{
    if (c->kind == CONDITION_NOT && c->part_count == 1)
        c = c->parts[0];
    return c->kind == CONDITION_FILTER ? c->filter : NULL;
}

bool parts_drop_filters(struct parts *p, const struct column *column,
                        const struct named_filter *named)
{
    size_t kept = 0;
    for (size_t i = 0; i < p->filter_count; i++) {
        const struct condition *c = p->filters[i];
        bool same =
            (column && parts_filtered_column(c) == column) || (named && named_filter(c) == named);
        if (!same)
            p->filters[kept++] = c;
    }
    bool dropped = kept < p->filter_count;
    p->filter_count = kept;
    return dropped;
}

/* ---- putting together */

static bool still_shown(const struct parts *p, const struct expression *order)
{
    for (size_t i = 0; i < p->value_count; i++)
        if (expression_equal(p->values[i], order))
            return true;
    for (size_t i = 0; i < p->group_count; i++)
        if (expression_equal(p->groups[i], order))
            return true;
    return p->rows;
}

static bool groups_by(const struct parts *p, const struct expression *e)
{
    for (size_t i = 0; i < p->group_count; i++)
        if (expression_equal(p->groups[i], e))
            return true;
    return false;
}

static void put_order(struct editor *e, struct query *q)
{
    struct parts *p = &e->parts;
    if (p->order && still_shown(p, p->order))
        query_order(e->arena, q, p->order, p->descending);
    else if (p->group_count > 0 && p->groups[0]->kind == EXPRESSION_BUCKET)
        query_order(e->arena, q, p->groups[0], false);
    else if (p->group_count > 0 && p->value_count > 0)
        query_order(e->arena, q, p->values[0], true);
    if (p->group_count > 0 || p->rows)
        q->limit = p->limit;
    if (q->limit > 0 && p->limit_per && (p->rows || groups_by(p, p->limit_per)))
        q->limit_per = p->limit_per;
}

static const struct condition *filters_together(struct editor *e)
{
    const struct condition *all = NULL;
    for (size_t i = 0; i < e->parts.filter_count; i++)
        all = condition_and(e->arena, all, e->parts.filters[i]);
    return all;
}

static struct period condition_bounds(const struct condition *c)
{
    return (struct period){.from = c->from, .to = c->to, .words = c->words};
}

const struct query *parts_put_together(struct editor *e)
{
    struct parts *p = &e->parts;
    struct query *q = e->b.query;
    q->where = NULL;
    q->order_count = 0;
    q->limit = 0;
    q->limit_per = NULL;
    q->having = p->having;
    if (p->rows) {
        query_where(e->arena, q, condition_and(e->arena, p->period, filters_together(e)));
        put_order(e, q);
        return q;
    }
    q->distinct = false;
    q->select_count = 0;
    q->group_count = 0;
    for (size_t i = 0; i < p->group_count; i++) {
        query_select(e->arena, q, p->groups[i], NULL);
        query_group(e->arena, q, p->groups[i]);
    }
    if (p->now && p->before && p->value_count > 0) {
        struct period now = condition_bounds(p->now), before = condition_bounds(p->before);
        build_comparison(&e->b, p->values[0], &now, &before);
        query_where(e->arena, q, filters_together(e));
        if (p->group_count > 0)
            q->limit = p->limit;
        return q;
    }
    for (size_t i = 0; i < p->value_count; i++)
        query_select(e->arena, q, p->values[i], NULL);
    if (p->share && p->group_count > 0 && p->value_count > 0)
        query_select(e->arena, q, expression_share(e->arena, p->values[0]), "share_percent");
    query_where(e->arena, q, condition_and(e->arena, p->period, filters_together(e)));
    put_order(e, q);
    return q->select_count > 0 ? q : NULL;
}
