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

static bool explain_by(struct editor *e, size_t nth)
{
    const struct dataset *dataset = e->ask->scope[0].dataset;
    for (size_t i = 0; i < dataset->column_count; i++) {
        if (!explains(e, &dataset->columns[i]) || nth-- > 0)
            continue;
        e->parts.group_count = 0;
        e->parts.groups[e->parts.group_count++] =
            expression_column(e->arena, 0, &dataset->columns[i]);
        reading_assume(e->r, arena_printf(e->arena,
                                          "\"why\" is answered by where the change comes from, by "
                                          "%s; the data does not say what caused it",
                                          column_words(&dataset->columns[i], e->arena)));
        return true;
    }
    return false;
}

void edit_why(struct editor *e, size_t nth)
{
    struct parts *p = &e->parts;
    if (!ask_has(e->ask, CUE_WHY, NULL) || p->rows || p->value_count == 0 || !e->r->time.column)
        return;
    const struct period *own = period_of_condition(e, p->period);
    if (!p->now) {
        struct period before;
        if (!own || !period_previous(own, e->arena, &before)) {
            e->edits = 0;
            return;
        }
        set_comparison(e, *own, before);
    }
    if (!explain_by(e, nth)) {
        e->edits = 0;
        return;
    }
    p->value_count = 1;
    p->limit = 0;
    e->r->change = CUE_DROP; /* the biggest losses first; gains end the list */
    edit_done(e, "why");
}
