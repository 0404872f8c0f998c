/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Leaving out joined tables that nothing speaks of, as follow-ups do ("top customers", then "what
 * about products?"). Tables are numbered, so the parts that stay are copied with new numbers.
 */
#include "planner/query.h"

#include <string.h>

struct pruner {
    struct arena *arena;
    bool used[QUERY_TABLES_MAX];
    int moved[QUERY_TABLES_MAX]; /* the new number of each table */
    int depth;
};

static void mark_condition(struct pruner *p, const struct condition *c);

static void mark(struct pruner *p, int table)
{
    if (table >= 0 && table < QUERY_TABLES_MAX)
        p->used[table] = true;
}

/* Sub-queries have tables of their own. */
static void mark_expression(struct pruner *p, const struct expression *e)
{
    if (!e || p->depth > QUERY_DEPTH_MAX)
        return;
    p->depth++;
    if (e->kind == EXPRESSION_COLUMN || e->kind == EXPRESSION_METRIC)
        mark(p, e->table);
    mark_expression(p, e->left);
    mark_expression(p, e->right);
    mark_condition(p, e->condition);
    p->depth--;
}

static void mark_condition(struct pruner *p, const struct condition *c)
{
    if (!c || p->depth > QUERY_DEPTH_MAX)
        return;
    p->depth++;
    if (c->kind == CONDITION_FILTER)
        mark(p, c->table);
    mark_expression(p, c->left);
    for (size_t i = 0; i < c->value_count; i++)
        mark_expression(p, &c->values[i]);
    for (size_t i = 0; i < c->part_count; i++)
        mark_condition(p, c->parts[i]);
    p->depth--;
}

static const struct condition *move_condition(struct pruner *p, const struct condition *c);

static const struct expression *move_expression(struct pruner *p, const struct expression *e)
{
    if (!e || p->depth > QUERY_DEPTH_MAX)
        return e;
    p->depth++;
    struct expression *copy = arena_memdup(p->arena, e, sizeof(*e));
    if (e->table >= 0 && e->table < QUERY_TABLES_MAX)
        copy->table = p->moved[e->table];
    copy->left = move_expression(p, e->left);
    copy->right = move_expression(p, e->right);
    copy->condition = move_condition(p, e->condition);
    p->depth--;
    return copy;
}

static const struct condition *move_condition(struct pruner *p, const struct condition *c)
{
    if (!c || p->depth > QUERY_DEPTH_MAX)
        return c;
    p->depth++;
    struct condition *copy = arena_memdup(p->arena, c, sizeof(*c));
    if (c->table >= 0 && c->table < QUERY_TABLES_MAX)
        copy->table = p->moved[c->table];
    copy->left = move_expression(p, c->left);
    struct expression *values = arena_array(p->arena, c->value_count, sizeof(*values));
    for (size_t i = 0; i < c->value_count; i++)
        values[i] = *move_expression(p, &c->values[i]);
    copy->values = values;
    const struct condition **parts = arena_array(p->arena, c->part_count, sizeof(*parts));
    for (size_t i = 0; i < c->part_count; i++)
        parts[i] = move_condition(p, c->parts[i]);
    copy->parts = parts;
    p->depth--;
    return copy;
}

static void mark_query(struct pruner *p, const struct query *query)
{
    p->used[0] = true;
    for (size_t i = 0; i < query->select_count; i++)
        mark_expression(p, query->select[i].expression);
    for (size_t i = 0; i < query->group_count; i++)
        mark_expression(p, query->group[i]);
    for (size_t i = 0; i < query->order_count; i++)
        mark_expression(p, query->order[i].expression);
    mark_expression(p, query->limit_per);
    mark_condition(p, query->where);
    mark_condition(p, query->having);
    for (size_t i = query->table_count; i-- > 1;) /* what a used table hangs on is used too */
        if (p->used[i])
            mark(p, query->tables[i].joined_to);
}

static void move_query(struct pruner *p, struct query *q)
{
    for (size_t i = 0; i < q->select_count; i++)
        q->select[i].expression = move_expression(p, q->select[i].expression);
    const struct expression **group = arena_array(p->arena, q->group_count, sizeof(*group));
    for (size_t i = 0; i < q->group_count; i++)
        group[i] = move_expression(p, q->group[i]);
    q->group = group;
    for (size_t i = 0; i < q->order_count; i++)
        q->order[i].expression = move_expression(p, q->order[i].expression);
    q->limit_per = move_expression(p, q->limit_per);
    q->where = move_condition(p, q->where);
    q->having = move_condition(p, q->having);
}

const struct query *query_prune(struct arena *arena, const struct query *query)
{
    struct pruner p = {.arena = arena};
    size_t kept = 0;
    if (query->table_count > QUERY_TABLES_MAX || query->set_operation != SET_NONE)
        return query;
    mark_query(&p, query);
    for (size_t i = 0; i < query->table_count; i++)
        p.moved[i] = p.used[i] ? (int)kept++ : 0;
    if (kept == query->table_count)
        return query;
    struct query *q = query_copy(arena, query);
    for (size_t i = 0; i < query->table_count; i++) {
        if (!p.used[i])
            continue;
        struct query_table *table = &q->tables[p.moved[i]];
        *table = query->tables[i];
        if (table->joined_to >= 0)
            table->joined_to = p.moved[table->joined_to];
    }
    q->table_count = kept;
    move_query(&p, q);
    return q;
}
