/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Copies go from the leaves up, and equal bytes are kept once: candidates differ in a few nodes, so
 * most of their trees is one tree.
 */
#include "planner/keep.h"

#include <string.h>

#define SLOTS 128 /* a power of two; what falls on a taken slot pushes out what was there */

struct kept {
    void *bytes;
    size_t size;
};

struct keeper {
    struct arena *scratch, *arena;
    struct kept slots[SLOTS];
};

static bool must_keep(const struct keeper *keeper, const void *memory)
{
    return memory && arena_holds(keeper->scratch, memory);
}

/* A word at a time: it only chooses a slot. */
static size_t slot_of(const void *bytes, size_t size)
{
    const char *at = bytes;
    uint64_t hash = size, word = 0;
    for (; size > 0; at += sizeof(word), size -= size < sizeof(word) ? size : sizeof(word)) {
        if (size < sizeof(word))
            word = 0;
        memcpy(&word, at, size < sizeof(word) ? size : sizeof(word));
        hash = (hash ^ word) * 0x9E3779B97F4A7C15u;
        hash ^= hash >> 32;
    }
    return (size_t)hash & (SLOTS - 1);
}

static void *keep_bytes(struct keeper *keeper, const void *bytes, size_t size)
{
    struct kept *slot = &keeper->slots[slot_of(bytes, size)];
    if (!slot->bytes || slot->size != size || memcmp(slot->bytes, bytes, size) != 0)
        *slot = (struct kept){arena_memdup(keeper->arena, bytes, size), size};
    return slot->bytes;
}

static const char *keep_text(struct keeper *keeper, const char *text)
{
    return must_keep(keeper, text) ? keep_bytes(keeper, text, strlen(text) + 1) : text;
}

/* An array whose items may be changed before it is kept. */
static void *copy_items(struct keeper *keeper, const void *items, size_t count, size_t size)
{
    return arena_memdup(keeper->scratch, items, count * size);
}

static const char *const *keep_texts(struct keeper *keeper, const char *const *texts, size_t count)
{
    if (!must_keep(keeper, texts))
        return texts;
    const char **copies = copy_items(keeper, texts, count, sizeof(*copies));
    for (size_t i = 0; i < count; i++)
        copies[i] = keep_text(keeper, texts[i]);
    return keep_bytes(keeper, copies, count * sizeof(*copies));
}

static const struct condition *keep_condition(struct keeper *keeper, const struct condition *from);
static const struct query *keep_query(struct keeper *keeper, const struct query *from);
static const struct expression *keep_expression(struct keeper *keeper,
                                                const struct expression *from);

static void keep_operands(struct keeper *keeper, struct expression *expression)
{
    expression->literal = keep_text(keeper, expression->literal);
    expression->left = keep_expression(keeper, expression->left);
    expression->right = keep_expression(keeper, expression->right);
    expression->subquery = keep_query(keeper, expression->subquery);
    expression->condition = keep_condition(keeper, expression->condition);
}

static const struct expression *keep_expression(struct keeper *keeper,
                                                const struct expression *from)
{
    if (!must_keep(keeper, from))
        return from;
    struct expression copy;
    memcpy(&copy, from, sizeof(copy)); /* with what is between its members */
    keep_operands(keeper, &copy);
    return keep_bytes(keeper, &copy, sizeof(copy));
}

static const struct condition *keep_condition(struct keeper *keeper, const struct condition *from)
{
    if (!must_keep(keeper, from))
        return from;
    struct condition copy;
    memcpy(&copy, from, sizeof(copy));
    copy.left = keep_expression(keeper, from->left);
    copy.from = keep_text(keeper, from->from);
    copy.to = keep_text(keeper, from->to);
    copy.words = keep_text(keeper, from->words);
    if (must_keep(keeper, from->values)) {
        size_t count = from->value_count;
        struct expression *values = copy_items(keeper, from->values, count, sizeof(*values));
        for (size_t i = 0; i < count; i++)
            keep_operands(keeper, &values[i]);
        copy.values = keep_bytes(keeper, values, count * sizeof(*values));
    }
    if (must_keep(keeper, from->parts)) {
        size_t count = from->part_count;
        const struct condition **parts = copy_items(keeper, from->parts, count, sizeof(*parts));
        for (size_t i = 0; i < count; i++)
            parts[i] = keep_condition(keeper, parts[i]);
        copy.parts = keep_bytes(keeper, parts, count * sizeof(*parts));
    }
    return keep_bytes(keeper, &copy, sizeof(copy));
}

static struct query_table *keep_tables(struct keeper *keeper, const struct query *query)
{
    struct query_table *tables =
        copy_items(keeper, query->tables, query->table_count, sizeof(*tables));
    for (size_t i = 0; i < query->table_count; i++) {
        tables[i].joined_column = keep_text(keeper, tables[i].joined_column);
        tables[i].own_column = keep_text(keeper, tables[i].own_column);
    }
    return keep_bytes(keeper, tables, query->table_count * sizeof(*tables));
}

static struct select_item *keep_selected(struct keeper *keeper, const struct query *query)
{
    struct select_item *items =
        copy_items(keeper, query->select, query->select_count, sizeof(*items));
    for (size_t i = 0; i < query->select_count; i++) {
        items[i].expression = keep_expression(keeper, items[i].expression);
        items[i].label = keep_text(keeper, items[i].label);
    }
    return keep_bytes(keeper, items, query->select_count * sizeof(*items));
}

static const struct expression *const *keep_groups(struct keeper *keeper, const struct query *query)
{
    const struct expression **groups =
        copy_items(keeper, query->group, query->group_count, sizeof(*groups));
    for (size_t i = 0; i < query->group_count; i++)
        groups[i] = keep_expression(keeper, groups[i]);
    return keep_bytes(keeper, groups, query->group_count * sizeof(*groups));
}

static struct order_key *keep_order(struct keeper *keeper, const struct query *query)
{
    struct order_key *keys = copy_items(keeper, query->order, query->order_count, sizeof(*keys));
    for (size_t i = 0; i < query->order_count; i++)
        keys[i].expression = keep_expression(keeper, keys[i].expression);
    return keep_bytes(keeper, keys, query->order_count * sizeof(*keys));
}

static const struct query *keep_query(struct keeper *keeper, const struct query *from)
{
    if (!must_keep(keeper, from))
        return from;
    struct query copy;
    memcpy(&copy, from, sizeof(copy));
    if (must_keep(keeper, from->tables))
        copy.tables = keep_tables(keeper, from);
    if (must_keep(keeper, from->select))
        copy.select = keep_selected(keeper, from);
    if (must_keep(keeper, from->group))
        copy.group = keep_groups(keeper, from);
    if (must_keep(keeper, from->order))
        copy.order = keep_order(keeper, from);
    copy.where = keep_condition(keeper, from->where);
    copy.having = keep_condition(keeper, from->having);
    copy.limit_per = keep_expression(keeper, from->limit_per);
    copy.set_right = keep_query(keeper, from->set_right);
    return keep_bytes(keeper, &copy, sizeof(copy));
}

static const struct period *keep_periods(struct keeper *keeper, const struct period *from,
                                         size_t count)
{
    if (!must_keep(keeper, from))
        return from;
    struct period *periods = copy_items(keeper, from, count, sizeof(*periods));
    for (size_t i = 0; i < count; i++) {
        periods[i].words = keep_text(keeper, periods[i].words);
        periods[i].from = keep_text(keeper, periods[i].from);
        periods[i].to = keep_text(keeper, periods[i].to);
        periods[i].assumption = keep_text(keeper, periods[i].assumption);
    }
    return keep_bytes(keeper, periods, count * sizeof(*periods));
}

static void keep_candidate(struct keeper *keeper, struct plan_candidate *candidate)
{
    candidate->query = keep_query(keeper, candidate->query);
    candidate->sql = keep_text(keeper, candidate->sql);
    candidate->reading = keep_text(keeper, candidate->reading);
    candidate->periods = keep_periods(keeper, candidate->periods, candidate->period_count);
    candidate->assumptions =
        keep_texts(keeper, candidate->assumptions, candidate->assumption_count);
    candidate->explanation = keep_text(keeper, candidate->explanation);
}

static void keep_item(struct keeper *keeper, struct plan_item *item)
{
    if (item->learned)
        item->learned = keep_bytes(keeper, item->learned, sizeof(*item->learned));
    item->unread = keep_texts(keeper, item->unread, item->unread_count);
    item->unheard = keep_text(keeper, item->unheard);
}

static void keep_candidates(struct keeper *keeper, struct plan_state *state)
{
    struct plan *plan = &state->plan;
    size_t count = plan->candidate_count;
    plan->candidates =
        arena_memdup(keeper->arena, plan->candidates, count * sizeof(*plan->candidates));
    state->items = arena_memdup(keeper->arena, state->items, count * sizeof(*state->items));
    for (size_t i = 0; i < count; i++) {
        keep_candidate(keeper, &plan->candidates[i]);
        keep_item(keeper, &state->items[i]);
    }
    plan->unknown = keep_texts(keeper, plan->unknown, plan->unknown_count);
}

struct plan_state *plan_keep(const struct plan_state *from, struct arena *scratch,
                             struct arena *arena)
{
    struct keeper keeper = {.scratch = scratch, .arena = arena};
    struct plan_state *state = arena_memdup(arena, from, sizeof(*from));
    state->arena = arena;
    keep_candidates(&keeper, state);
    state->plan.meta.sentence = keep_text(&keeper, from->plan.meta.sentence);
    state->plan.no_answer = keep_text(&keeper, from->plan.no_answer);
    if (must_keep(&keeper, from->words.linked)) {
        state->words.linked = keep_bytes(&keeper, from->words.linked, from->words.count);
        state->words.named = keep_bytes(&keeper, from->words.named, from->words.count);
    }
    state->unknown_subject = keep_text(&keeper, from->unknown_subject);
    state->missing.word = keep_text(&keeper, from->missing.word);
    state->missing.sentence = keep_text(&keeper, from->missing.sentence);
    return state;
}
