/* SPDX-License-Identifier: Apache-2.0 */
/* Edits of what a query tells: measures, shares, ranking, order. */
#include "planner/rules/follow_up_edit.h"

#include "planner/print/fragment.h"

/* ---- measures */

static void drop_order_of(struct parts *p, const struct expression *old)
{
    if (p->order && expression_equal(p->order, old))
        p->order = NULL;
}

/* "average instead" changes how the same column is put together. */
static void edit_aggregate(struct editor *e)
{
    static const struct {
        enum cue cue;
        enum aggregate aggregate;
    } rows[] = {{CUE_AVERAGE, AGGREGATE_AVG}, {CUE_SUM, AGGREGATE_SUM}};
    struct parts *p = &e->parts;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (!ask_has(e->ask, rows[i].cue, NULL))
            continue;
        for (size_t k = 0; k < p->value_count; k++) {
            const struct expression *v = p->values[k];
            if (v->kind != EXPRESSION_AGGREGATE || v->left->kind != EXPRESSION_COLUMN ||
                v->aggregate == rows[i].aggregate)
                continue;
            drop_order_of(p, v);
            p->values[k] = expression_aggregate(e->arena, rows[i].aggregate, v->left);
            edit_done(e, "aggregate");
        }
    }
}

/* "revenue" after "instead of" is what goes. */
static bool is_replaced(const struct editor *e, const struct measure *m)
{
    size_t at;
    if (!ask_has(e->ask, CUE_INSTEAD, &at) || !ask_word_in(e->ask, at + 1, "of"))
        return false;
    for (size_t i = 0; i < e->ask->mention_count; i++) {
        const struct mention *mention = &e->ask->mentions[i];
        if (mention->first > at && ((m->ref.column && mention->column == m->ref.column) ||
                                    (m->ref.metric && mention->metric == m->ref.metric)))
            return true;
    }
    return false;
}

static bool value_uses(const struct expression *value, const struct measure *m)
{
    if (m->ref.metric)
        return value->kind == EXPRESSION_METRIC && value->metric == m->ref.metric;
    return m->ref.column && value->kind == EXPRESSION_AGGREGATE && value->left &&
           value->left->kind == EXPRESSION_COLUMN && value->left->column == m->ref.column;
}

void edit_measures(struct editor *e)
{
    struct reading *r = e->r;
    struct parts *p = &e->parts;
    if (r->measure_count == 0) {
        edit_aggregate(e);
        return;
    }
    if (r->sort_said && r->measure_count == 1)
        return; /* "sort by revenue" */
    bool first = !e->also, ranks_by = r->ranked && ask_has(e->ask, CUE_BY, NULL);
    for (size_t i = 0; i < r->measure_count; i++) {
        const struct measure *m = &r->measures[i];
        if (is_replaced(e, m))
            continue;
        if (first && !ranks_by)
            for (size_t k = 0; k < p->value_count; k++)
                drop_order_of(p, p->values[k]);
        edit_aggregate_rows(e);
        const struct expression *value = build_measure(&e->b, m);
        bool known = false;
        for (size_t k = 0; k < p->value_count; k++)
            known |= expression_equal(p->values[k], value) ||
                     (!m->stated && value_uses(p->values[k], m));
        if (known && (e->also || ranks_by))
            continue;
        if (first)
            p->value_count = 0;
        first = false;
        if (p->value_count < PARTS_MAX)
            p->values[p->value_count++] = value;
        p->having = NULL;
        edit_done(e, "measure");
    }
}

static bool value_adds_up(const struct expression *v)
{
    if (v->kind == EXPRESSION_METRIC)
        return fragment_adds_up(v->metric->expression);
    return v->kind == EXPRESSION_AGGREGATE &&
           (v->aggregate == AGGREGATE_SUM || v->aggregate == AGGREGATE_COUNT);
}

void edit_share(struct editor *e)
{
    struct parts *p = &e->parts;
    if (!e->r->share || p->group_count == 0 || p->value_count == 0 || !value_adds_up(p->values[0]))
        return;
    p->share = true;
    p->now = NULL;
    p->before = NULL;
    edit_done(e, "share");
}

/* ---- ranking and order */

static bool low_end(enum cue cue)
{
    return cue == CUE_LOW || cue == CUE_LEAST || cue == CUE_BOTTOM || cue == CUE_EARLIEST;
}

/* "return the top one", "just the first", "the last one": of what was listed, and nothing else. */
static enum cue picks_one(const struct editor *e)
{
    static const enum cue cues[] = {CUE_TOP, CUE_FIRST, CUE_BOTTOM, CUE_LAST};
    const struct reading *r = e->r;
    if (r->limit > 0 || e->ask->mention_count > 0 || e->ask->periods.count > 0)
        return CUE_NONE;
    for (size_t i = 0; i < sizeof(cues) / sizeof(cues[0]); i++)
        if (ask_has(e->ask, cues[i], NULL))
            return cues[i];
    return CUE_NONE;
}

static void pick_one(struct editor *e, enum cue cue)
{
    struct parts *p = &e->parts;
    p->limit = 1;
    p->limit_per = NULL;
    if (!p->order && p->group_count > 0 && p->value_count > 0) {
        bool series = p->groups[0]->kind == EXPRESSION_BUCKET;
        p->order = series ? p->groups[0] : p->values[0];
        p->descending = !series;
    }
    if (cue == CUE_BOTTOM || cue == CUE_LAST)
        p->descending = !p->descending;
    for (size_t i = 0; i < e->ask->word_count; i++)
        e->ask->words[i].explained |= ask_word_in(e->ask, i, "return entry result");
    edit_done(e, "one");
}

/* "top 3", "the bottom 5", "which is the highest" */
void edit_rank(struct editor *e)
{
    struct reading *r = e->r;
    struct parts *p = &e->parts;
    bool extreme = r->extreme != CUE_NONE;
    enum cue one = picks_one(e);
    if (r->limit == 0 && !extreme && one == CUE_NONE)
        return;
    if (p->group_count == 0 && !p->rows)
        return;
    if (one != CUE_NONE) {
        if (p->order || p->group_count > 0 || one == CUE_FIRST || one == CUE_TOP)
            pick_one(e, one);
        return;
    }
    if (extreme && p->value_count == 0 && !p->order)
        return; /* nothing says what the most is of */
    if (extreme && p->value_count > 0) {
        p->order = p->values[0];
        p->descending = !low_end(r->extreme);
    } else if (extreme && p->order && low_end(r->extreme)) {
        p->descending = !p->descending;
    }
    if (r->limit > 0)
        p->limit = r->limit;
    else if (ask_has(e->ask, CUE_WHICH, NULL) || r->extreme == CUE_HIGH || r->extreme == CUE_LOW)
        p->limit = 1;
    edit_done(e, "rank");
}

static const struct expression *sort_key(struct editor *e)
{
    struct parts *p = &e->parts;
    size_t at = 0;
    ask_has(e->ask, CUE_SORT, &at);
    for (size_t i = 0; i < e->ask->mention_count; i++) {
        const struct mention *m = &e->ask->mentions[i];
        if (m->first < at)
            continue;
        struct measure measure = {
            .ref = {.scope = m->scope, .column = m->column, .metric = m->metric}};
        for (size_t k = 0; k < p->value_count; k++)
            if (value_uses(p->values[k], &measure))
                return p->values[k];
        for (size_t k = 0; k < p->group_count; k++) {
            const struct expression *g = p->groups[k];
            const struct expression *column = g->kind == EXPRESSION_BUCKET ? g->left : g;
            if (m->column && column->column == m->column)
                return g;
        }
        if (p->rows && m->kind == MENTION_COLUMN) {
            struct ref ref = {.scope = m->scope, .column = m->column};
            return build_column(&e->b, &ref);
        }
    }
    if (ask_has(e->ask, CUE_ALPHABET, NULL) && p->group_count > 0)
        return p->groups[0];
    return p->value_count > 0 ? p->values[0] : p->order;
}

void edit_order(struct editor *e)
{
    bool ascending = ask_has(e->ask, CUE_ASCENDING, NULL);
    bool descending = ask_has(e->ask, CUE_DESCENDING, NULL);
    bool alphabet = ask_has(e->ask, CUE_ALPHABET, NULL);
    bool reverse = edit_says(e, "reverse") || edit_says(e, "other way") ||
                   edit_says(e, "opposite order") || edit_says(e, "the opposite") ||
                   edit_says(e, "flip") || edit_says(e, "upside down") || edit_says(e, "invert");
    bool sort = ask_has(e->ask, CUE_SORT, NULL);
    struct parts *p = &e->parts;
    if (reverse && p->order) {
        p->descending = !p->descending;
        for (size_t i = 0; i < e->ask->word_count; i++)
            e->ask->words[i].explained |=
                ask_word_in(e->ask, i, "opposite flip upside invert order list turn");
        edit_done(e, "order");
        return;
    }
    if (!ascending && !descending && !alphabet && !sort)
        return;
    const struct expression *key = sort_key(e);
    if (!key)
        return;
    p->order = key;
    bool names = key->kind == EXPRESSION_COLUMN || key->kind == EXPRESSION_BUCKET;
    bool amount = key->kind == EXPRESSION_COLUMN && column_is_measure(key->column);
    p->descending = descending || (!ascending && (!names || amount));
    if (p->rows)
        for (size_t i = 0; i < e->r->measure_count; i++)
            e->r->measures[i].stated = true; /* nothing is summed, so nothing is assumed */
    edit_done(e, "order");
}
