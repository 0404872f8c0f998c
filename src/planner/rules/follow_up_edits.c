/* SPDX-License-Identifier: Apache-2.0 */
/* Edits of what rows a query is about and how they are grouped: groups, filters, periods, numbers.
 */
#include "planner/rules/follow_up_edit.h"

/* ---- for all edits */

void edit_done(struct editor *e, const char *what)
{
    e->edits++;
    reading_doubt(e->r, what, 1.0);
}

bool edit_says(const struct editor *e, const char *phrase)
{
    struct str text = e->ask->question, part = str_from(phrase);
    for (size_t i = 0; i + part.length <= text.length; i++)
        if (str_equal_nocase(str_slice(text, i, i + part.length), part))
            return true;
    return false;
}

void edit_aggregate_rows(struct editor *e)
{
    if (!e->parts.rows)
        return;
    e->parts.rows = false;
    e->parts.order = NULL;
    e->parts.limit = 0;
    if (e->parts.value_count == 0)
        e->parts.values[e->parts.value_count++] = expression_count(e->arena);
}

/* ---- groups */

static void add_group_part(struct editor *e, const struct expression *group, bool keep)
{
    struct parts *p = &e->parts;
    if (!keep)
        p->group_count = 0;
    for (size_t i = 0; i < p->group_count; i++)
        if (expression_equal(p->groups[i], group))
            return;
    if (p->group_count < PARTS_MAX)
        p->groups[p->group_count++] = group;
}

/* A new grouping takes the place of the old one, unless "also", "too" or "broken down" asks for
 * both. */
void edit_groups(struct editor *e)
{
    struct reading *r = e->r;
    bool time = r->bucket != UNIT_NONE && r->time.column;
    if (r->group_count == 0 && !time)
        return;
    bool had = e->parts.group_count > 0;
    bool keep = e->also && !e->instead;
    bool ranking = e->parts.limit > 0 && r->limit == 0;
    edit_aggregate_rows(e);
    if (had && !keep)
        reading_assume(r, "the new grouping takes the place of the one before");
    if (time) {
        add_group_part(e, build_bucket(&e->b), keep);
        keep = true;
    }
    for (size_t i = 0; i < r->group_count; i++) {
        add_group_part(e, build_column(&e->b, &r->groups[i]), keep || i > 0);
        keep = true;
    }
    if (ranking && (time || ask_has(e->ask, CUE_BY, NULL)))
        e->parts.limit = 0;
    e->parts.order = NULL;
    edit_done(e, "group");
}

/* ---- filters and periods */

void edit_filters(struct editor *e)
{
    struct reading *r = e->r;
    for (size_t i = 0; i < r->filter_count; i++) {
        const struct filter *f = &r->filters[i];
        if (f->is_having || e->parts.filter_count >= PARTS_MAX - 1)
            continue;
        const struct condition *old = NULL;
        for (size_t k = 0; k < e->parts.filter_count && f->ref.column; k++)
            if (parts_filtered_column(e->parts.filters[k]) == f->ref.column)
                old = e->parts.filters[k];
        parts_drop_filters(&e->parts, f->ref.column, f->named);
        const struct condition *made = build_filter(&e->b, f);
        if (old && e->also && !f->negated)
            made = condition_or(e->arena, old, made);
        e->parts.filters[e->parts.filter_count++] = made;
        edit_done(e, "filter");
    }
}

/* "all years", "all regions", "without filters", "show all" */
void edit_all(struct editor *e)
{
    static const char *const times[] = {"all time",      "all years",  "all months", "all dates",
                                        "all periods",   "whole time", "every year", "any time",
                                        "all the years", "all data"};
    static const char *const filters[] = {"without filter",     "remove the filter", "no filter",
                                          "remove filter",      "remove all filter", "all rows",
                                          "without the filter", "everything"};
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++)
        if (edit_says(e, times[i]) && e->parts.period) {
            e->parts.period = NULL;
            for (size_t k = 0; k < e->ask->word_count; k++)
                e->ask->words[k].explained |=
                    ask_word_in(e->ask, k, "years year months dates periods whole any everything");
            edit_done(e, "all dates");
        }
    for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++)
        if (edit_says(e, filters[i]) && (e->parts.filter_count > 0 || e->parts.period)) {
            e->parts.filter_count = 0;
            e->parts.period = NULL;
            edit_done(e, "no filters");
        }
    if (!ask_has(e->ask, CUE_ALL, NULL))
        return;
    for (size_t i = 0; i < e->ask->mention_count; i++) {
        const struct mention *m = &e->ask->mentions[i];
        if (m->kind == MENTION_COLUMN && parts_drop_filters(&e->parts, m->column, NULL))
            edit_done(e, "all of a column");
    }
    if (e->ask->mention_count == 0 && e->parts.limit > 0 && e->edits == 0) {
        e->parts.limit = 0;
        edit_done(e, "no limit");
    }
}

void edit_period(struct editor *e)
{
    struct reading *r = e->r;
    const struct condition *any = NULL;
    if (r->period_count == 0 || !r->time.column || r->compared)
        return;
    for (size_t i = 0; i < r->period_count; i++)
        any = condition_or(e->arena, any, build_period(&e->b, r->periods[i]));
    if (e->also && e->parts.period) {
        any = condition_or(e->arena, e->parts.period, any);
        if (e->parts.group_count == 0)
            reading_assume(r, "both periods are taken together");
    }
    e->parts.period = any;
    e->parts.now = NULL;
    e->parts.before = NULL;
    edit_done(e, "period");
}

/* "more than 100": of what is measured. */
void edit_numbers(struct editor *e)
{
    struct reading *r = e->r;
    for (size_t i = 0; i < r->number_count; i++) {
        const struct number *n = &r->numbers[i];
        const struct mention *m = n->mention >= 0 ? &e->ask->mentions[n->mention] : NULL;
        struct expression *values = arena_array(e->arena, 2, sizeof(*values));
        values[0] = *expression_literal(e->arena, VALUE_DECIMAL, n->from);
        values[1] = *expression_literal(e->arena, VALUE_DECIMAL, n->to ? n->to : n->from);
        bool column = m && m->kind == MENTION_COLUMN && value_kind_is_number(m->column->kind);
        bool having = e->parts.group_count > 0 && e->parts.value_count > 0;
        const struct expression *left = NULL;
        if (column && !having) {
            struct ref ref = {.scope = m->scope, .column = m->column};
            left = build_column(&e->b, &ref);
        } else if (having) {
            left = e->parts.values[0];
        }
        if (!left || e->parts.filter_count == PARTS_MAX)
            continue;
        struct condition *c =
            arena_memdup(e->arena, condition_in(e->arena, left, values, n->to ? 2 : 1), sizeof(*c));
        c->comparison = n->comparison;
        if (having)
            e->parts.having = c;
        else
            e->parts.filters[e->parts.filter_count++] = c;
        edit_done(e, "number");
    }
}
