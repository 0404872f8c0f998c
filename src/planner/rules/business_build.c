/* SPDX-License-Identifier: Apache-2.0 */
/* Builds the query that a reading asks for: one of a few shapes, over the tables it needs. */
#include <string.h>

#include "planner/print/describe.h"
#include "planner/print/fragment.h"
#include "planner/rules/business_reading.h"

#define LIST_DEFAULT 10
#define REPEATED_ROWS 0.3 /* what a reading is worth that adds up what a join repeats */

/* ---- parts */

int build_table(struct builder *b, int scope)
{
    if (b->table_of[scope] >= 0)
        return b->table_of[scope];
    const struct ask_scope *s = &b->r->ask->scope[scope];
    int parent = build_table(b, s->parent);
    b->table_of[scope] =
        query_join(b->arena, b->query, s->dataset, parent, s->parent_column, s->own_column);
    reading_doubt(b->r, "join", 0.97);
    return b->table_of[scope];
}

const struct expression *build_column(struct builder *b, const struct ref *ref)
{
    return expression_column(b->arena, build_table(b, ref->scope), ref->column);
}

static const struct column *key_of(const struct ask_scope *scope)
{
    return dataset_column(scope->dataset, scope->own_column);
}

/* Over orders with their customers, a customer has as many rows as orders: the number of customers
 * is that of different keys, and what a metric adds up there is added up too often. */
static const struct expression *build_joined_metric(struct builder *b, const struct ref *ref)
{
    int table = build_table(b, ref->scope);
    const struct column *key = key_of(&b->r->ask->scope[ref->scope]);
    if (key && metric_counts_rows(ref->metric->expression))
        return expression_aggregate(b->arena, AGGREGATE_COUNT_DISTINCT,
                                    expression_column(b->arena, table, key));
    reading_doubt(b->r, "metric of repeated rows", REPEATED_ROWS);
    return expression_metric(b->arena, table, ref->metric);
}

const struct expression *build_measure(struct builder *b, const struct measure *m)
{
    if (m->ref.metric && m->ref.scope > 0)
        return build_joined_metric(b, &m->ref);
    if (m->ref.metric)
        return expression_metric(b->arena, build_table(b, m->ref.scope), m->ref.metric);
    if (!m->ref.column)
        return expression_count(b->arena);
    return expression_aggregate(b->arena, m->aggregate, build_column(b, &m->ref));
}

static bool says_fiscal(const struct ask *ask)
{
    for (size_t i = 0; i < ask->word_count; i++)
        if (ask_word_in(ask, i, "fiscal financial"))
            return true;
    return false;
}

const struct expression *build_bucket(struct builder *b)
{
    const struct expression *time = build_column(b, &b->r->time);
    enum time_unit unit = b->r->bucket;
    if (b->r->time.column->kind == VALUE_INTEGER)
        unit = UNIT_YEAR;
    struct expression *bucket =
        arena_memdup(b->arena, expression_bucket(b->arena, unit, time), sizeof(*bucket));
    const struct period_calendar *calendar = b->r->ask->calendar;
    bool fiscal = (unit == UNIT_YEAR || unit == UNIT_QUARTER) && says_fiscal(b->r->ask);
    bucket->fiscal_year_start = fiscal ? calendar->fiscal_year_start : 0;
    bucket->week_start = unit == UNIT_WEEK ? calendar->week_start : 0;
    return bucket;
}

static enum value_kind literal_kind(const struct column *column)
{
    switch (column->kind) {
    case VALUE_INTEGER:
    case VALUE_DECIMAL:
    case VALUE_FLOAT:
        return VALUE_DECIMAL;
    case VALUE_BOOLEAN:
        return VALUE_BOOLEAN;
    default:
        return VALUE_TEXT;
    }
}

static const struct condition *compare_of(struct builder *b, const struct filter *f,
                                          const struct expression *left, enum value_kind kind)
{
    struct expression *values = arena_array(b->arena, f->value_count, sizeof(*values));
    for (size_t i = 0; i < f->value_count; i++)
        values[i] = *expression_literal(b->arena, kind, f->values[i]);
    struct condition *condition = arena_memdup(
        b->arena, condition_in(b->arena, left, values, f->value_count), sizeof(*condition));
    bool list = f->comparison == COMPARE_EQUAL && f->value_count > 1;
    if (list)
        condition->comparison = f->negated ? COMPARE_NOT_IN : COMPARE_IN;
    else if (f->comparison == COMPARE_EQUAL && f->negated)
        condition->comparison = COMPARE_NOT_EQUAL;
    else
        condition->comparison = f->comparison;
    return condition;
}

const struct condition *build_filter(struct builder *b, const struct filter *f)
{
    if (f->other.column)
        return condition_compare(b->arena, build_column(b, &f->ref), f->comparison,
                                 build_column(b, &f->other));
    if (!f->named)
        return compare_of(b, f, build_column(b, &f->ref), literal_kind(f->ref.column));
    const struct condition *named =
        condition_filter(b->arena, build_table(b, f->ref.scope), f->named);
    return f->negated ? condition_not(b->arena, named) : named;
}

const struct condition *build_filters(struct builder *b)
{
    const struct condition *all = NULL;
    for (size_t i = 0; i < b->r->filter_count; i++)
        if (!b->r->filters[i].is_having)
            all = condition_and(b->arena, all, build_filter(b, &b->r->filters[i]));
    return all;
}

const struct condition *build_period(struct builder *b, const struct period *period)
{
    return condition_period(b->arena, build_column(b, &b->r->time), period->from, period->to,
                            period->words);
}

static const struct condition *periods_of(struct builder *b)
{
    const struct condition *any = NULL;
    for (size_t i = 0; i < b->r->period_count; i++)
        any = condition_or(b->arena, any, build_period(b, b->r->periods[i]));
    return any;
}

static void add_having(struct builder *b)
{
    for (size_t i = 0; i < b->r->filter_count; i++) {
        const struct filter *f = &b->r->filters[i];
        if (f->is_having)
            b->query->having =
                condition_and(b->arena, b->query->having,
                              compare_of(b, f, build_measure(b, &f->having), VALUE_DECIMAL));
    }
}

static bool falling(enum cue cue)
{
    return cue == CUE_LOW || cue == CUE_LEAST || cue == CUE_BOTTOM || cue == CUE_EARLIEST ||
           cue == CUE_FIRST;
}

static bool descending(const struct reading *r)
{
    if (ask_has(r->ask, CUE_ASCENDING, NULL))
        return false;
    return ask_has(r->ask, CUE_DESCENDING, NULL) || !falling(r->extreme);
}

/* ---- shapes */

static int64_t rows_limit(const struct reading *r)
{
    if (r->limit > 0)
        return r->limit;
    const struct mention *m = r->rows_entity;
    if (!m && r->who)
        return 1;
    return m && !reading_is_plural(r->ask->words[m->last - 1].text) ? 1 : LIST_DEFAULT;
}

/* "show me the first 5 rows", "a sample" */
static struct query *first_rows(struct builder *b)
{
    struct reading *r = b->r;
    bool rows = ask_has(r->ask, CUE_ROWS, NULL), sample = ask_has(r->ask, CUE_SAMPLE, NULL);
    bool first = ask_has(r->ask, CUE_FIRST, NULL);
    bool plain = r->measure_count == 0 && r->group_count == 0 && !r->change;
    if (r->counts_rows || !plain ||
        !(sample || (rows && (first || r->limit > 0)) || (first && r->limit > 0 && r->rows_entity)))
        return NULL;
    query_select(b->arena, b->query, expression_star(b->arena), NULL);
    query_where(b->arena, b->query, condition_and(b->arena, periods_of(b), build_filters(b)));
    b->query->limit = r->limit > 0 ? r->limit : LIST_DEFAULT;
    return b->query;
}

/* "when was the last order" */
static struct query *moment(struct builder *b)
{
    struct reading *r = b->r;
    bool first = ask_has(r->ask, CUE_FIRST, NULL) || ask_has(r->ask, CUE_EARLIEST, NULL);
    bool last = ask_has(r->ask, CUE_LAST, NULL) || ask_has(r->ask, CUE_LATEST, NULL);
    if (!ask_has(r->ask, CUE_WHEN, NULL) || !r->time.column || !(first || last) ||
        r->measure_count > 0 || r->group_count > 0)
        return NULL;
    struct measure m = {.ref = r->time, .aggregate = last ? AGGREGATE_MAX : AGGREGATE_MIN};
    query_select(b->arena, b->query, build_measure(b, &m), NULL);
    query_where(b->arena, b->query, condition_and(b->arena, periods_of(b), build_filters(b)));
    return b->query;
}

/* "the last 5 orders", "most recent order" */
static struct query *latest_rows(struct builder *b)
{
    struct reading *r = b->r;
    bool first = ask_has(r->ask, CUE_EARLIEST, NULL);
    bool last = ask_has(r->ask, CUE_LAST, NULL) || ask_has(r->ask, CUE_LATEST, NULL);
    bool named = r->rows_entity || r->who || ask_has(r->ask, CUE_ROWS, NULL);
    first |= r->who && ask_has(r->ask, CUE_FIRST, NULL);
    if (!(first || last) || !named || !r->time.column || r->measure_count > 0 || r->group_count > 0)
        return NULL;
    query_select(b->arena, b->query, expression_star(b->arena), NULL);
    query_where(b->arena, b->query, condition_and(b->arena, periods_of(b), build_filters(b)));
    query_order(b->arena, b->query, build_column(b, &r->time), last);
    b->query->limit = rows_limit(r);
    return b->query;
}

/* "the 5 most expensive products", "which product has the highest price": single rows by size */
static struct query *ranked_rows(struct builder *b)
{
    struct reading *r = b->r;
    bool asked = (r->rows_entity || r->who) && r->extreme != CUE_NONE && r->group_count == 0 &&
                 r->bucket == UNIT_NONE && !r->compared;
    bool ranked = r->ranked || ask_has(r->ask, CUE_WHICH, NULL);
    if (!asked || !ranked || r->measure_count != 1 || !r->measures[0].ref.column ||
        r->measures[0].ref.scope != 0 || r->measures[0].aggregate == AGGREGATE_COUNT_DISTINCT)
        return NULL;
    const struct dataset *dataset = r->ask->scope[0].dataset;
    const struct column *name = dataset_name_column(dataset);
    if (!name && !r->rows_entity)
        return NULL;
    const struct expression *value = build_column(b, &r->measures[0].ref);
    if (name) {
        query_select(b->arena, b->query, expression_column(b->arena, 0, name), NULL);
        query_select(b->arena, b->query, value, NULL);
    } else {
        query_select(b->arena, b->query, expression_star(b->arena), NULL);
    }
    query_where(b->arena, b->query, condition_and(b->arena, periods_of(b), build_filters(b)));
    query_order(b->arena, b->query, value, !falling(r->extreme));
    b->query->limit = rows_limit(r);
    r->measures[0].stated = true; /* nothing is summed, so nothing is assumed */
    return b->query;
}

/* "the best paid employee in each department": single rows by size, within each group */
static struct query *ranked_rows_of_each(struct builder *b)
{
    struct reading *r = b->r;
    if (!r->each_rows)
        return NULL;
    const struct expression *group = build_column(b, &r->groups[0]);
    const struct expression *value = build_column(b, &r->measures[0].ref);
    const struct column *name = dataset_name_column(r->ask->scope[0].dataset);
    query_select(b->arena, b->query, group, NULL);
    if (name != r->groups[0].column)
        query_select(b->arena, b->query, expression_column(b->arena, 0, name), NULL);
    query_select(b->arena, b->query, value, NULL);
    query_where(b->arena, b->query, condition_and(b->arena, periods_of(b), build_filters(b)));
    query_where(b->arena, b->query, condition_compare(b->arena, value, COMPARE_NOT_NULL, NULL));
    query_order(b->arena, b->query, value, !falling(r->extreme));
    b->query->limit = r->limit;
    b->query->limit_per = group;
    r->measures[0].stated = true; /* nothing is summed, so nothing is assumed */
    return b->query;
}

/* A declared metric that adds a column up is that column, row by row. */
static bool has_stored_measures(struct reading *r)
{
    for (size_t i = 0; i < r->measure_count; i++) {
        struct measure *m = &r->measures[i];
        const struct column *summed =
            r->row_by_row && m->ref.metric && m->ref.scope == 0
                ? metric_summed_column(m->ref.metric, r->ask->scope[0].dataset)
                : NULL;
        if (summed)
            m->ref = (struct ref){.column = summed};
        if (m->stated || !m->ref.column || m->ref.scope != 0)
            return false;
    }
    return r->measure_count > 0;
}

/* What tells the rows apart where nothing names them: "the revenue of each order" */
static const struct column *rows_key(const struct dataset *dataset)
{
    for (size_t i = 0; i < dataset->column_count; i++)
        if (dataset->columns[i].unique && dataset->columns[i].role == ROLE_KEY)
            return &dataset->columns[i];
    return NULL;
}

/* "list the products and their prices": stored numbers, row by row */
static struct query *listed_rows(struct builder *b)
{
    struct reading *r = b->r;
    if (!(ask_has(r->ask, CUE_LIST, NULL) || r->row_by_row) || !r->rows_entity ||
        r->group_count > 0 || r->bucket != UNIT_NONE || r->compared || !has_stored_measures(r))
        return NULL;
    const struct dataset *dataset = r->ask->scope[0].dataset;
    const struct column *name = dataset_name_column(dataset);
    if (r->row_by_row && (!name || !name->unique) && rows_key(dataset))
        name = rows_key(dataset);
    if (name)
        query_select(b->arena, b->query, expression_column(b->arena, 0, name), NULL);
    for (size_t i = 0; i < r->measure_count; i++) {
        query_select(b->arena, b->query, build_column(b, &r->measures[i].ref), NULL);
        r->measures[i].stated = true; /* nothing is summed, so nothing is assumed */
    }
    query_where(b->arena, b->query, condition_and(b->arena, periods_of(b), build_filters(b)));
    b->query->limit = r->limit;
    return b->query;
}

/* ---- aggregates */

/* "what share of orders are returned": a part of the rows over all of them */
static struct query *part_of_whole(struct builder *b)
{
    struct reading *r = b->r;
    const struct condition *part = r->share ? build_filters(b) : NULL;
    if (!part || r->group_count > 0 || r->bucket != UNIT_NONE || r->measure_count == 0)
        return NULL;
    const struct expression *whole = build_measure(b, &r->measures[0]);
    const struct expression *share = expression_arithmetic(
        b->arena,
        expression_arithmetic(b->arena, expression_literal(b->arena, VALUE_DECIMAL, "100.0"), '*',
                              expression_filtered(b->arena, whole, part)),
        '/', whole);
    query_select(b->arena, b->query, share, "share_percent");
    query_where(b->arena, b->query, periods_of(b));
    return b->query;
}

static bool adds_up(const struct measure *m)
{
    if (m->ref.metric)
        return fragment_adds_up(m->ref.metric->expression);
    return m->aggregate == AGGREGATE_SUM || m->aggregate == AGGREGATE_COUNT;
}

static void order_aggregates(struct builder *b, const struct expression *bucket,
                             const struct expression *first)
{
    struct reading *r = b->r;
    bool series = bucket && !r->ranked && !r->sort_said;
    if (series)
        query_order(b->arena, b->query, bucket, false);
    if (ask_has(r->ask, CUE_ALPHABET, NULL) && r->group_count > 0)
        query_order(b->arena, b->query, build_column(b, &r->groups[0]),
                    ask_has(r->ask, CUE_DESCENDING, NULL));
    else if (!series && r->several && r->group_count > 0) /* no value goes before the others */
        query_order(b->arena, b->query, build_column(b, &r->groups[0]), false);
    else if (!series && (bucket || r->group_count > 0))
        query_order(b->arena, b->query, first, descending(r));
    else if (series && r->group_count > 0)
        query_order(b->arena, b->query, first, true);
    if (r->group_count > 0 || bucket)
        b->query->limit = r->limit;
}

/* Several periods without another grouping are shown one by one. */
static void bucket_by_periods(struct reading *r)
{
    if (r->period_count < 2 || r->bucket != UNIT_NONE)
        return;
    enum time_unit unit = r->periods[0]->unit;
    for (size_t i = 1; i < r->period_count; i++)
        if (r->periods[i]->unit != unit)
            return;
    r->bucket = unit;
}

static const struct expression *arithmetic_of(struct builder *b)
{
    return expression_arithmetic(b->arena, build_measure(b, &b->r->measures[0]), b->r->arithmetic,
                                 build_measure(b, &b->r->measures[1]));
}

static const char *measure_name(const struct measure *m)
{
    return m->ref.metric ? m->ref.metric->name : m->ref.column ? m->ref.column->name : "count";
}

static const char *arithmetic_label(struct builder *b)
{
    if (b->r->measures[0].ref.column && b->r->measures[0].ref.column == b->r->measures[1].ref.column)
        return "difference"; /* of its two ends */
    const char *word = b->r->arithmetic == '-' ? "minus" : b->r->arithmetic == '+' ? "plus" : "per";
    char *label = arena_printf(b->arena, "%s_%s_%s", measure_name(&b->r->measures[0]), word,
                               measure_name(&b->r->measures[1]));
    for (char *c = label; *c; c++)
        *c = char_is_alnum(*c) ? char_lower(*c) : '_';
    return label;
}

static const struct column *entity_column(const struct reading *r)
{
    return r->entity->column ? r->entity->column
                             : dataset_name_column(r->ask->scope[r->entity->scope].dataset);
}

/* The group within which the others are ranked. */
static const struct expression *each_of(struct builder *b)
{
    const struct reading *r = b->r;
    for (size_t i = 0; i < r->group_count; i++)
        if (!r->entity || r->groups[i].column != entity_column(r))
            return build_column(b, &r->groups[i]);
    return NULL;
}

/* "The average revenue per customer": the whole of it over the number of those that share it. */
static struct query *shared_out(struct builder *b)
{
    struct reading *r = b->r;
    if (!r->shared_by)
        return NULL;
    for (size_t i = 0; i < r->group_count; i++) {
        const struct expression *group = build_column(b, &r->groups[i]);
        query_select(b->arena, b->query, group, NULL);
        query_group(b->arena, b->query, group);
    }
    const struct measure *m = &r->measures[0];
    const struct expression *things =
        r->sharer.column ? build_column(b, &r->sharer) : build_bucket(b);
    const struct expression *value = expression_arithmetic(
        b->arena, build_measure(b, m), '/',
        expression_aggregate(b->arena, AGGREGATE_COUNT_DISTINCT, things));
    const char *what = m->ref.metric || m->ref.column
                           ? measure_name(m)
                           : arena_printf(b->arena, "number_of_%s",
                                          dataset_noun(r->ask->scope[0].dataset, b->arena));
    query_select(b->arena, b->query, value,
                 arena_printf(b->arena, "average_%s_per_%s", what, r->shared_by));
    query_where(b->arena, b->query, condition_and(b->arena, periods_of(b), build_filters(b)));
    /* What is nobody's is no part of what they share. */
    const struct expression *key = build_column(b, r->sharer.column ? &r->sharer : &r->time);
    query_where(b->arena, b->query, condition_compare(b->arena, key, COMPARE_NOT_NULL, NULL));
    add_having(b);
    if (r->group_count > 0)
        query_order(b->arena, b->query, value, descending(r));
    return b->query;
}

static struct query *aggregates(struct builder *b)
{
    struct reading *r = b->r;
    if (r->measure_count == 0)
        return NULL;
    if (r->row_by_row && !r->measures[0].stated)
        reading_doubt(r, "rows asked for one by one", 0.3);
    bucket_by_periods(r);
    const struct expression *bucket =
        r->bucket != UNIT_NONE && r->time.column ? build_bucket(b) : NULL;
    if (bucket) {
        query_select(b->arena, b->query, bucket, NULL);
        query_group(b->arena, b->query, bucket);
    }
    for (size_t i = 0; i < r->group_count; i++) {
        const struct expression *group = build_column(b, &r->groups[i]);
        query_select(b->arena, b->query, group, NULL);
        query_group(b->arena, b->query, group);
    }
    for (size_t i = 0; i < r->measure_count; i++)
        query_select(b->arena, b->query, build_measure(b, &r->measures[i]), NULL);
    const struct expression *first = build_measure(b, &r->measures[0]);
    if (r->arithmetic != 0) {
        first = arithmetic_of(b);
        query_select(b->arena, b->query, first, arithmetic_label(b));
    }
    if (r->share && (bucket || r->group_count > 0) && adds_up(&r->measures[0]))
        query_select(b->arena, b->query, expression_share(b->arena, first), "share_percent");
    query_where(b->arena, b->query, condition_and(b->arena, periods_of(b), build_filters(b)));
    add_having(b);
    order_aggregates(b, bucket, first);
    if (r->each)
        b->query->limit_per = each_of(b);
    return b->query;
}

/* ---- lists */

/* "Customers in Ghent who never ordered bread": what is said of customers holds for them, the rest for
 * the orders that they don't have. */
static void restrict_both(struct builder *b, struct query *things)
{
    const struct reading *r = b->r;
    int own = r->loose_table->scope;
    for (size_t i = 0; i < r->filter_count; i++) {
        const struct filter *f = &r->filters[i];
        if (f->is_having)
            continue;
        if (f->ref.scope != own || f->other.column) {
            query_where(b->arena, b->query, build_filter(b, f));
            continue;
        }
        struct builder outer = *b;
        outer.query = things;
        outer.table_of[own] = 0;
        query_where(b->arena, things, build_filter(&outer, f));
    }
    if (r->period_count == 0)
        return;
    if (!r->time.column || r->time.scope != own) {
        query_where(b->arena, b->query, periods_of(b));
        return;
    }
    struct builder outer = *b;
    outer.query = things;
    outer.table_of[own] = 0;
    query_where(b->arena, things, periods_of(&outer));
}

/* "Customers who never ordered, by region": the list of them is not that. */
static void doubt_what_a_list_lacks(struct reading *r)
{
    const struct mention *listed = r->loose_table;
    const struct column *name = dataset_name_column(r->ask->scope[listed->scope].dataset);
    bool lacks = false;
    for (size_t i = 0; i < r->group_count; i++)
        lacks |= r->groups[i].column != name && r->groups[i].column != listed->column;
    for (size_t i = 0; i < r->measure_count; i++)
        lacks |= r->measures[i].ref.metric ||
                 (r->measures[i].ref.column && r->measures[i].aggregate != AGGREGATE_COUNT_DISTINCT);
    if (lacks)
        reading_doubt(r, "a group or a measure left out", 0.3);
}

/* "customers without orders", "products never sold": the other table's rows that no row of the
 * main one points to. */
static struct query *without_partner(struct builder *b)
{
    struct reading *r = b->r;
    if (!r->absent)
        return NULL;
    if (!r->loose_table || r->loose_table->scope == 0 ||
        r->ask->scope[r->loose_table->scope].parent != 0) {
        reading_doubt(r, "a table left out", 0.2);
        return NULL;
    }
    doubt_what_a_list_lacks(r);
    const struct ask_scope *other = &r->ask->scope[r->loose_table->scope];
    const struct dataset *main = r->ask->scope[0].dataset;
    struct ref key = {.column = dataset_column(main, other->parent_column)};
    const struct expression *pointer = build_column(b, &key);
    query_select(b->arena, b->query, pointer, NULL);
    struct query *query = query_new(b->arena, other->dataset);
    restrict_both(b, query);
    query_where(b->arena, b->query, condition_compare(b->arena, pointer, COMPARE_NOT_NULL, NULL));
    struct expression *inner = arena_alloc(b->arena, sizeof(*inner));
    *inner = (struct expression){.kind = EXPRESSION_SUBQUERY, .subquery = b->query};
    const struct column *own = dataset_column(other->dataset, other->own_column);
    query_where(
        b->arena, query,
        condition_compare(b->arena, expression_column(b->arena, 0, own), COMPARE_NOT_IN, inner));
    if (ask_has(r->ask, CUE_COUNT, NULL))
        query_select(b->arena, query, expression_count(b->arena), NULL);
    else
        query_select(b->arena, query, expression_star(b->arena), NULL);
    return query;
}

/* "Customers with amounts over 500" may mean single rows or all of a customer's; "without a manager" none of them. */
static bool tests_single_rows(const struct reading *r, int scope)
{
    for (size_t i = 0; i < r->filter_count; i++) {
        const struct filter *filter = &r->filters[i];
        bool names = filter->named || (filter->comparison == COMPARE_EQUAL && !filter->negated);
        if (filter->ref.scope != scope && !names)
            return true;
    }
    return false;
}

static size_t select_shown(struct builder *b)
{
    struct reading *r = b->r;
    size_t shown = 0;
    for (size_t i = 0; i < r->group_count; i++, shown++)
        query_select(b->arena, b->query, build_column(b, &r->groups[i]), NULL);
    for (size_t i = 0; i < r->ask->mention_count; i++) {
        const struct mention *m = &r->ask->mentions[i];
        if (r->uses[i] != USE_SHOW || m->kind != MENTION_COLUMN)
            continue;
        bool filtered = false;
        for (size_t k = 0; k < r->filter_count; k++)
            filtered |= r->filters[k].ref.column == m->column;
        struct ref ref = {.scope = m->scope, .column = m->column};
        if (filtered && shown == 0 && r->rows_entity)
            continue; /* "orders of the North region" */
        query_select(b->arena, b->query, build_column(b, &ref), NULL);
        shown++;
    }
    const struct mention *things = shown == 0 && !r->rows_entity ? r->loose_table : NULL;
    if (things && tests_single_rows(r, things->scope))
        things = NULL;
    struct ref name = {.scope = things ? things->scope : 0};
    name.column = things ? dataset_name_column(r->ask->scope[things->scope].dataset) : NULL;
    if (name.column && r->filter_count + r->period_count > 0) { /* "customers who bought bread" */
        query_select(b->arena, b->query, build_column(b, &name), NULL);
        b->query->distinct = true;
        shown++;
    }
    return shown;
}

static struct query *list(struct builder *b)
{
    struct reading *r = b->r;
    const struct condition *where = condition_and(b->arena, periods_of(b), build_filters(b));
    size_t shown = select_shown(b);
    bool rows = r->rows_entity || ask_has(r->ask, CUE_ROWS, NULL);
    if (shown == 0 && !rows && !where)
        return NULL;
    if (shown == 0) {
        query_select(b->arena, b->query, expression_star(b->arena), NULL);
        if (!rows)
            reading_doubt(r, "rows assumed", 0.6);
        else if (!where && !ask_has(r->ask, CUE_LIST, NULL) && !ask_has(r->ask, CUE_ALL, NULL))
            reading_doubt(r, "plain list", 0.7);
    }
    const struct expression *first = b->query->select[0].expression;
    bool values = shown == 1 && first->column && !first->column->unique;
    if (values || r->distinct)
        b->query->distinct = true;
    query_where(b->arena, b->query, where);
    if (shown > 0 &&
        (values || ask_has(r->ask, CUE_SORT, NULL) || ask_has(r->ask, CUE_ALPHABET, NULL)))
        query_order(b->arena, b->query, first, ask_has(r->ask, CUE_DESCENDING, NULL));
    b->query->limit = r->limit;
    if (r->extreme != CUE_NONE || r->change != CUE_NONE || r->share)
        reading_doubt(r, "a superlative, change or share left out", 0.5);
    if (r->bucket != UNIT_NONE)
        reading_doubt(r, "a series left out", 0.3);
    return b->query;
}

struct query *reading_query(struct reading *r)
{
    static struct query *(*const shapes[])(struct builder *) = {
        without_partner, first_rows, moment,               latest_rows,   ranked_rows, ranked_rows_of_each,
        listed_rows,     shared_out, build_periods_beside, part_of_whole, aggregates,  list,
    };
    static const char *const names[] = {
        "without partner", "first rows",  "moment",     "latest rows",   "ranked rows",
        "ranked rows of each", "listed rows", "shared out", "comparison", "part of whole",
        "aggregates",      "list",
    };
    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
        struct builder b = {.r = r, .arena = r->ask->arena};
        b.query = query_new(b.arena, r->ask->scope[0].dataset);
        for (int s = 1; s < ASK_SCOPE_MAX; s++)
            b.table_of[s] = -1;
        double score = r->score;
        struct query *query = shapes[i](&b);
        if (query) {
            reading_doubt(r, names[i], 1.0);
            return query;
        }
        r->score = score;
    }
    return NULL;
}
