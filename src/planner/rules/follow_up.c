/* SPDX-License-Identifier: Apache-2.0 */
#include "planner/rules/follow_up.h"

#include <string.h>
#include <strings.h>

#include "planner/print/describe.h"
#include "planner/print/fragment.h"
#include "planner/rules/business_reading.h"

#define PARTS_MAX 16
#define WHY_VALUES_MAX 20 /* a dimension with more values explains nothing at a glance */

/* A query taken apart. Rows: nothing is aggregated, the selection is kept as it is. */
struct parts {
    bool rows;
    const struct expression *groups[PARTS_MAX];
    size_t group_count;
    const struct expression *values[PARTS_MAX];
    size_t value_count;
    const struct condition *filters[PARTS_MAX];
    size_t filter_count;
    const struct condition *period;       /* one, or several joined by OR */
    const struct condition *now, *before; /* of a comparison */
    bool share;
    const struct condition *having;
    const struct expression *order;
    bool descending;
    int64_t limit;
};

struct editor {
    const struct plan_request *request;
    struct arena *arena;
    struct ask *ask;
    struct reading *r;
    struct builder b;
    struct parts parts;
    size_t edits;
    bool also, instead;
};

/* ---- does it lean on what was before */

/* How a question begins that leans on the one before. */
static const struct {
    const char *start;
    double lean;
} starts[] = {
    {"and ", 1},
    {"what about", 1},
    {"how about", 1},
    {"only ", 1},
    {"just ", 1},
    {"but ", 1},
    {"also ", 1},
    {"now ", 0.9},
    {"instead", 1},
    {"why", 1},
    {"without ", 1},
    {"exclud", 1},
    {"except", 1},
    {"by ", 1},
    {"per ", 1},
    {"in ", 0.9},
    {"for ", 0.9},
    {"as ", 1},
    {"not ", 1},
    {"sort", 1},
    {"order by", 1},
    {"ordered", 1},
    {"group", 1},
    {"break", 1},
    {"broken", 1},
    {"split", 1},
    {"drill", 1},
    {"remove", 1},
    {"leave out", 1},
    {"ignor", 1},
    {"add ", 0.9},
    {"all ", 0.9},
    {"same ", 1},
    {"the same", 1},
    {"compare it", 1},
    {"compared ", 1},
    {"compare with", 1},
    {"compare to", 1},
    {"versus", 1},
    {"vs ", 1},
    {"of these", 1},
    {"of those", 1},
    {"of them", 1},
    {"among th", 1},
    {"then ", 0.9},
    {"make it", 1},
    {"show it", 1},
    {"show them", 1},
    {"show that", 1},
    {"the top", 0.6},
    {"the bottom", 0.8},
    {"bottom ", 0.7},
    {"reverse", 1},
    {"ascending", 1},
    {"descending", 1},
    {"alphabet", 1},
    {"or ", 1},
    {"since ", 0.9},
    {"before ", 0.9},
    {"after ", 0.9},
    {"until ", 0.9},
    {"during ", 0.9},
    {"between ", 0.8},
    {"from ", 0.8},
    {"over time", 0.9},
    {"with ", 0.7},
    {"on ", 0.7},
    {"use ", 0.8},
    {"switch", 0.9},
    {"change to", 0.9},
    {"ok", 0.9},
    {"filter", 0.9},
    {"limit ", 0.9},
    {"excluding", 1},
    {"which one", 1},
    {"which of", 1},
    {"how come", 1},
    {"on average", 1},
    {"year over year", 0.9},
    {"what if", 0.7},
};
static const char *const inside[] = {"instead",  "as well", " too",   "of these",
                                     "of those", "of them", "those ", "for them"};

double follow_up_lean(struct str question)
{
    struct str text = str_trim(question);
    size_t longest = 0;
    double lean = 0;
    for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
        struct str start = str_from(starts[i].start);
        if (text.length < start.length || start.length <= longest ||
            !str_equal_nocase(str_slice(text, 0, start.length), start))
            continue;
        longest = start.length;
        lean = starts[i].lean;
    }
    if (longest > 0)
        return lean;
    for (size_t i = 0; i < sizeof(inside) / sizeof(inside[0]); i++)
        if (str_find(text, str_from(inside[i])) >= 0)
            return 1;
    return 0;
}

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

static struct parts take_apart(const struct query *query)
{
    struct parts p = {.having = query->having, .limit = query->limit};
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

/* ---- finding things in the parts */

static const struct column *left_column(const struct condition *c)
{
    if (c->kind == CONDITION_NOT || c->kind == CONDITION_OR)
        return c->part_count > 0 ? left_column(c->parts[0]) : NULL;
    return c->left && c->left->kind == EXPRESSION_COLUMN ? c->left->column : NULL;
}

static const struct named_filter *named_filter(const struct condition *c)
{
    if (c->kind == CONDITION_NOT && c->part_count == 1)
        c = c->parts[0];
    return c->kind == CONDITION_FILTER ? c->filter : NULL;
}

static bool drop_filters_of(struct parts *p, const struct column *column,
                            const struct named_filter *named)
{
    size_t kept = 0;
    for (size_t i = 0; i < p->filter_count; i++) {
        const struct condition *c = p->filters[i];
        bool same = (column && left_column(c) == column) || (named && named_filter(c) == named);
        if (!same)
            p->filters[kept++] = c;
    }
    bool dropped = kept < p->filter_count;
    p->filter_count = kept;
    return dropped;
}

static void edited(struct editor *e, const char *what)
{
    e->edits++;
    reading_doubt(e->r, what, 1.0);
}

static bool groups_by_time(const struct parts *p)
{
    for (size_t i = 0; i < p->group_count; i++)
        if (p->groups[i]->kind == EXPRESSION_BUCKET)
            return true;
    return false;
}

/* ---- edits */

static void aggregate_rows(struct editor *e)
{
    if (!e->parts.rows)
        return;
    e->parts.rows = false;
    e->parts.order = NULL;
    e->parts.limit = 0;
    if (e->parts.value_count == 0)
        e->parts.values[e->parts.value_count++] = expression_count(e->arena);
}

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
static void edit_groups(struct editor *e)
{
    struct reading *r = e->r;
    bool time = r->bucket != UNIT_NONE && r->time.column;
    if (r->group_count == 0 && !time)
        return;
    bool had = e->parts.group_count > 0;
    bool keep = e->also && !e->instead;
    bool ranking = e->parts.limit > 0 && r->limit == 0;
    aggregate_rows(e);
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
    edited(e, "group");
}

static void edit_filters(struct editor *e)
{
    struct reading *r = e->r;
    for (size_t i = 0; i < r->filter_count; i++) {
        const struct filter *f = &r->filters[i];
        if (f->is_having || e->parts.filter_count >= PARTS_MAX - 1)
            continue;
        const struct condition *old = NULL;
        for (size_t k = 0; k < e->parts.filter_count && f->ref.column; k++)
            if (left_column(e->parts.filters[k]) == f->ref.column)
                old = e->parts.filters[k];
        drop_filters_of(&e->parts, f->ref.column, f->named);
        const struct condition *made = build_filter(&e->b, f);
        if (old && e->also && !f->negated)
            made = condition_or(e->arena, old, made);
        e->parts.filters[e->parts.filter_count++] = made;
        edited(e, "filter");
    }
}

static bool says(const struct editor *e, const char *phrase)
{
    struct str text = e->ask->question, part = str_from(phrase);
    for (size_t i = 0; i + part.length <= text.length; i++)
        if (str_equal_nocase(str_slice(text, i, i + part.length), part))
            return true;
    return false;
}

/* "all years", "all regions", "without filters", "show all" */
static void edit_all(struct editor *e)
{
    static const char *const times[] = {"all time",      "all years",  "all months", "all dates",
                                        "all periods",   "whole time", "every year", "any time",
                                        "all the years", "all data"};
    static const char *const filters[] = {"without filter",     "remove the filter", "no filter",
                                          "remove filter",      "remove all filter", "all rows",
                                          "without the filter", "everything"};
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++)
        if (says(e, times[i]) && e->parts.period) {
            e->parts.period = NULL;
            for (size_t k = 0; k < e->ask->word_count; k++)
                e->ask->words[k].explained |=
                    ask_word_in(e->ask, k, "years year months dates periods whole any everything");
            edited(e, "all dates");
        }
    for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++)
        if (says(e, filters[i]) && (e->parts.filter_count > 0 || e->parts.period)) {
            e->parts.filter_count = 0;
            e->parts.period = NULL;
            edited(e, "no filters");
        }
    if (!ask_has(e->ask, CUE_ALL, NULL))
        return;
    for (size_t i = 0; i < e->ask->mention_count; i++) {
        const struct mention *m = &e->ask->mentions[i];
        if (m->kind == MENTION_COLUMN && drop_filters_of(&e->parts, m->column, NULL))
            edited(e, "all of a column");
    }
    if (e->ask->mention_count == 0 && e->parts.limit > 0 && e->edits == 0) {
        e->parts.limit = 0;
        edited(e, "no limit");
    }
}

static void edit_period(struct editor *e)
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
    edited(e, "period");
}

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
            edited(e, "aggregate");
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

static void edit_measures(struct editor *e)
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
        aggregate_rows(e);
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
        edited(e, "measure");
    }
}

static bool low_end(enum cue cue)
{
    return cue == CUE_LOW || cue == CUE_LEAST || cue == CUE_BOTTOM || cue == CUE_EARLIEST;
}

/* "top 3", "the bottom 5", "which is the highest" */
static void edit_rank(struct editor *e)
{
    struct reading *r = e->r;
    struct parts *p = &e->parts;
    bool extreme = r->extreme != CUE_NONE;
    if (r->limit == 0 && !extreme)
        return;
    if (p->group_count == 0 && !p->rows)
        return;
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
    edited(e, "rank");
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

static void edit_order(struct editor *e)
{
    bool ascending = ask_has(e->ask, CUE_ASCENDING, NULL);
    bool descending = ask_has(e->ask, CUE_DESCENDING, NULL);
    bool alphabet = ask_has(e->ask, CUE_ALPHABET, NULL);
    bool reverse = says(e, "reverse") || says(e, "other way round");
    bool sort = ask_has(e->ask, CUE_SORT, NULL);
    struct parts *p = &e->parts;
    if (reverse && p->order) {
        p->descending = !p->descending;
        edited(e, "order");
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
    edited(e, "order");
}

static bool value_adds_up(const struct expression *v)
{
    if (v->kind == EXPRESSION_METRIC)
        return fragment_adds_up(v->metric->expression);
    return v->kind == EXPRESSION_AGGREGATE &&
           (v->aggregate == AGGREGATE_SUM || v->aggregate == AGGREGATE_COUNT);
}

static void edit_share(struct editor *e)
{
    struct parts *p = &e->parts;
    if (!e->r->share || p->group_count == 0 || p->value_count == 0 || !value_adds_up(p->values[0]))
        return;
    p->share = true;
    p->now = NULL;
    p->before = NULL;
    edited(e, "share");
}

/* ---- comparisons and why */

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
static void edit_comparison(struct editor *e)
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
        bool shifts = !whole || (r->compared->comparison && year_back && says(e, "last year")) ||
                      says(e, "previous") || says(e, "before");
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
    edited(e, "comparison");
}

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
        if (left_column(e->parts.filters[i]) == column)
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

static void edit_why(struct editor *e, size_t nth)
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
    edited(e, "why");
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

/* The query of the builder has grown the tables that the edits needed. */
static const struct query *put_together(struct editor *e)
{
    struct parts *p = &e->parts;
    struct query *q = e->b.query;
    q->where = NULL;
    q->order_count = 0;
    q->limit = 0;
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

/* ---- the whole */

static int scope_of(const struct ask *ask, const struct dataset *dataset)
{
    for (size_t s = 0; s < ask->scope_count; s++)
        if (strcmp(ask->scope[s].dataset->id, dataset->id) == 0)
            return (int)s;
    return -1;
}

/* The tables that the query has already are not joined again. */
static void start_builder(struct editor *e)
{
    const struct query *previous = e->request->previous;
    e->b = (struct builder){.r = e->r, .arena = e->arena};
    e->b.query = query_copy(e->arena, previous);
    for (int s = 0; s < ASK_SCOPE_MAX; s++)
        e->b.table_of[s] = -1;
    for (size_t t = 0; t < previous->table_count; t++) {
        int scope = scope_of(e->ask, previous->tables[t].dataset);
        if (scope >= 0)
            e->b.table_of[scope] = (int)t;
    }
}

/* Periods stay on the time column that the query used before. */
static const struct expression *time_before(const struct parts *p)
{
    for (size_t i = 0; i < p->group_count; i++)
        if (p->groups[i]->kind == EXPRESSION_BUCKET)
            return p->groups[i]->left;
    const struct condition *c = p->period ? p->period : p->now;
    while (c && c->kind == CONDITION_OR && c->part_count > 0)
        c = c->parts[0];
    return c ? c->left : NULL;
}

static void find_time(struct editor *e)
{
    struct reading *r = e->r;
    const struct expression *time = time_before(&e->parts);
    if (time && time->kind == EXPRESSION_COLUMN) {
        int scope = scope_of(e->ask, e->request->previous->tables[time->table].dataset);
        if (scope >= 0)
            r->time = (struct ref){.scope = scope, .column = time->column};
    }
    for (size_t s = 0; s < e->ask->scope_count && !r->time.column; s++)
        r->time =
            (struct ref){.scope = (int)s, .column = dataset_time_column(e->ask->scope[s].dataset)};
}

/* Names without a use: tables and dimensions become groups ("and customers?", "region instead"). */
static void use_loose_names(struct editor *e)
{
    struct reading *r = e->r;
    bool all = ask_has(e->ask, CUE_ALL, NULL) || ask_has(e->ask, CUE_SORT, NULL) ||
               ask_has(e->ask, CUE_ALPHABET, NULL);
    if (all || r->group_count > 0)
        return;
    for (size_t i = 0; i < e->ask->mention_count; i++) {
        const struct mention *m = &e->ask->mentions[i];
        bool filtered = false;
        for (size_t k = 0; k < r->filter_count; k++)
            filtered |= r->filters[k].ref.column == m->column && m->column;
        const struct column *column = m->column;
        bool table = m->kind == MENTION_TABLE && m->scope > 0 && r->filter_count == 0;
        if (table) /* "for business customers" only says whose segment it is */
            column = dataset_name_column(e->ask->scope[m->scope].dataset);
        if (r->uses[i] != USE_SHOW || filtered || !column || !column_is_group(column) ||
            r->group_count == READING_GROUPS_MAX)
            continue;
        r->groups[r->group_count++] = (struct ref){.scope = m->scope, .column = column};
    }
}

/* "more than 100": of what is measured. */
static void edit_numbers(struct editor *e)
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
        edited(e, "number");
    }
}

static void open_bucket(struct editor *e)
{
    struct reading *r = e->r;
    if (r->bucket_open && r->time.column && r->bucket == UNIT_NONE && !groups_by_time(&e->parts))
        r->bucket = UNIT_MONTH;
}

static bool edit(struct editor *e, size_t nth)
{
    struct arena *arena = e->arena;
    const struct query *previous = e->request->previous;
    e->ask = ask_read(e->request->question, &e->request->calendar, previous->tables[0].dataset,
                      e->request, arena);
    e->r = reading_slots(e->ask);
    e->parts = take_apart(previous);
    size_t at = 0;
    e->also = ask_has(e->ask, CUE_ALSO, NULL) || says(e, "broken down") ||
              says(e, "break it down") || says(e, "split") || says(e, "drill") || says(e, "add ") ||
              says(e, "within");
    e->instead = ask_has(e->ask, CUE_INSTEAD, &at);
    start_builder(e);
    find_time(e);
    open_bucket(e);
    use_loose_names(e);
    if (ask_has(e->ask, CUE_WHY, NULL)) {
        edit_why(e, nth);
        return e->edits > 0;
    }
    if (nth > 0)
        return false;
    edit_comparison(e);
    edit_period(e);
    edit_filters(e);
    edit_all(e);
    edit_measures(e);
    edit_groups(e);
    edit_numbers(e);
    edit_share(e);
    edit_rank(e);
    edit_order(e);
    return e->edits > 0;
}

void follow_up_candidates(const struct plan_request *request, struct arena *arena,
                          struct business_candidate *out, size_t *count)
{
    *count = 0;
    if (!request->previous || request->previous->table_count == 0 ||
        request->previous->set_operation != SET_NONE)
        return;
    double lean = follow_up_lean(request->question);
    for (size_t nth = 0; nth < FOLLOW_UPS_MAX; nth++) {
        struct editor e = {.request = request, .arena = arena};
        bool changed = edit(&e, nth);
        bool full = lean < 0.5 && (e.r->measure_count > 0 || e.r->rows_entity) && !e.instead;
        const struct query *query = changed && !full ? put_together(&e) : NULL;
        if (query) {
            reading_doubt(e.r, "follow-up", lean >= 0.5 ? lean : 0.88);
            reading_doubt(e.r, "nth dimension", nth == 0 ? 1.0 : 0.8 - 0.05 * (double)nth);
            reading_finish(e.r, query_prune(arena, query), &out[*count]);
            out[*count].follow_up = true;
            ++*count;
        }
        strbuf_clear(&e.r->explanation);
        if (!changed)
            break;
    }
}
