/* SPDX-License-Identifier: Apache-2.0 */
/* Edits that set two periods side by side: "compared with last year", "why?". */
#include "planner/rules/follow_up_edit.h"

#include "planner/print/describe.h"

#define WHY_VALUES_MAX 20 /* a dimension with more values explains nothing at a glance */

/* ---- comparisons */

static const struct period *period_of_condition(struct editor *e, const struct condition *c)
{
    struct period *period = arena_alloc(e->arena, sizeof(*period));
    if (!c || c->kind != CONDITION_PERIOD || !c->from || !c->to)
        return NULL;
    period->from = c->from;
    period->to = c->to;
    period->words = c->words ? c->words : "";
    return period;
}

static void set_comparison(struct editor *e, struct period now, struct period before)
{
    e->parts.now = build_period(&e->b, &now);
    e->parts.before = build_period(&e->b, &before);
    e->parts.period = NULL;
    size_t kept = 0;
    for (size_t i = 0; i < e->parts.group_count; i++)
        if (e->parts.groups[i]->kind != EXPRESSION_BUCKET)
            e->parts.groups[kept++] = e->parts.groups[i];
    e->parts.group_count = kept;
    e->parts.order = NULL;
}

/* "compared with last year": with the period of the question before, a year (or a period) back. */
void edit_comparison(struct editor *e)
{
    struct reading *r = e->r;
    bool asked = r->compared || r->change != CUE_NONE || ask_has(e->ask, CUE_COMPARE, NULL);
    if (!asked || e->parts.rows || !r->time.column || e->parts.value_count == 0)
        return;
    const struct period *own = period_of_condition(e, e->parts.period);
    struct period now, before;
    if (!r->compared && r->period_count == 1) {
        r->compared = r->periods[0]; /* "compare with 2023" */
        r->period_count = 0;
    }
    if (own) {
        now = *own;
        bool year_back = r->compared && r->compared->unit == UNIT_YEAR;
        bool whole = r->compared && r->compared->from && r->compared->to;
        bool shifts = !whole ||
                      (r->compared->comparison && year_back && edit_says(e, "last year")) ||
                      edit_says(e, "previous") || edit_says(e, "before");
        if (shifts ? !(year_back ? period_year_before(own, e->arena, &before)
                                 : period_previous(own, e->arena, &before))
                   : !whole)
            return;
        if (!shifts)
            before = *r->compared;
    } else if (!r->compared || !build_compared_periods(&e->b, &now, &before)) {
        return;
    }
    set_comparison(e, now, before);
    edit_done(e, "comparison");
}

/* ---- why */

/* A dimension that could tell where a change comes from: few values, not used yet. */
static bool explains(const struct editor *e, const struct column *column)
{
    if (!column_is_group(column) || column->unique || column->role == ROLE_KEY)
        return false;
    const struct column_profile *profile = &column->profile;
    if (!profile->known || profile->distinct_count < 2 || profile->distinct_count > WHY_VALUES_MAX)
        return false;
    for (size_t i = 0; i < e->parts.group_count; i++)
        if (e->parts.groups[i]->column == column)
            return false;
    for (size_t i = 0; i < e->parts.filter_count; i++)
        if (parts_filtered_column(e->parts.filters[i]) == column)
            return false;
    return true;
}

/* What is told before the figures: there is no cause in the data. */
static void say_no_cause(struct editor *e, const struct column *column)
{
    const char *words = column_words(column, e->arena);
    const char *what = e->parts.now ? "where the change comes from" : "what is behind it";
    reading_assume(e->r, arena_printf(e->arena,
                                      "you want to see %s, by %s: the data itself does not say why",
                                      what, words));
}

static bool explain_by(struct editor *e, size_t nth)
{
    const struct dataset *dataset = e->ask->scope[0].dataset;
    for (size_t i = 0; i < dataset->column_count; i++) {
        if (!explains(e, &dataset->columns[i]) || nth-- > 0)
            continue;
        e->parts.group_count = 0;
        e->parts.groups[e->parts.group_count++] =
            expression_column(e->arena, 0, &dataset->columns[i]);
        say_no_cause(e, &dataset->columns[i]);
        return true;
    }
    return false;
}

void edit_why(struct editor *e, size_t nth)
{
    struct parts *p = &e->parts;
    if (!ask_has(e->ask, CUE_WHY, NULL) || p->rows || p->value_count == 0)
        return;
    const struct period *own = period_of_condition(e, p->period);
    struct period before;
    /* "Why" after a list of groups asks what is behind them, not what came before. */
    bool changes = own && p->group_count == 0 && e->r->time.column;
    if (!p->now && changes && period_previous(own, e->arena, &before))
        set_comparison(e, *own, before);
    if (!explain_by(e, nth)) {
        e->edits = 0;
        return;
    }
    p->value_count = 1;
    p->limit = 0;
    p->order = NULL;
    p->having = NULL;
    p->share = false;
    if (p->now)
        e->r->change = CUE_DROP; /* the biggest losses first; gains end the list */
    edit_done(e, "why");
}
