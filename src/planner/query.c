/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Building, copying and comparing query trees.
 *
 * Comparison goes through one canonical spelling (canon_*): both equality and the hash are taken
 * from it, so they can't disagree. It is no SQL and is never shown.
 */
#include "planner/query.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/hash.h"
#include "core/strbuf.h"

#define CANON_SIZE_MAX (64 * 1024)

static struct expression *expression_new(struct arena *arena, enum expression_kind kind)
{
    struct expression *expression = arena_alloc(arena, sizeof(*expression));
    expression->kind = kind;
    return expression;
}

const struct expression *expression_star(struct arena *arena)
{
    return expression_new(arena, EXPRESSION_STAR);
}

const struct expression *expression_column(struct arena *arena, int table,
                                           const struct column *column)
{
    struct expression *expression = expression_new(arena, EXPRESSION_COLUMN);
    expression->table = table;
    expression->column = column;
    return expression;
}

const struct expression *expression_literal(struct arena *arena, enum value_kind kind,
                                            const char *text)
{
    struct expression *expression = expression_new(arena, EXPRESSION_LITERAL);
    expression->literal_kind = kind;
    expression->literal = text;
    return expression;
}

const struct expression *expression_integer(struct arena *arena, int64_t number)
{
    return expression_literal(arena, VALUE_INTEGER, arena_printf(arena, "%lld", (long long)number));
}

const struct expression *expression_aggregate(struct arena *arena, enum aggregate aggregate,
                                              const struct expression *of)
{
    struct expression *expression = expression_new(arena, EXPRESSION_AGGREGATE);
    expression->aggregate = aggregate;
    expression->left = of;
    return expression;
}

const struct expression *expression_count(struct arena *arena)
{
    return expression_aggregate(arena, AGGREGATE_COUNT, expression_star(arena));
}

const struct expression *expression_bucket(struct arena *arena, enum time_unit unit,
                                           const struct expression *of)
{
    struct expression *expression = expression_new(arena, EXPRESSION_BUCKET);
    expression->unit = unit;
    expression->left = of;
    return expression;
}

const struct expression *expression_arithmetic(struct arena *arena, const struct expression *left,
                                               char op, const struct expression *right)
{
    struct expression *expression = expression_new(arena, EXPRESSION_ARITHMETIC);
    expression->op = op;
    expression->left = left;
    expression->right = right;
    return expression;
}

const struct expression *expression_metric(struct arena *arena, int table,
                                           const struct metric *metric)
{
    struct expression *expression = expression_new(arena, EXPRESSION_METRIC);
    expression->table = table;
    expression->metric = metric;
    return expression;
}

const struct expression *expression_share(struct arena *arena, const struct expression *of)
{
    struct expression *expression = expression_new(arena, EXPRESSION_SHARE);
    expression->left = of;
    return expression;
}

const struct expression *expression_filtered(struct arena *arena, const struct expression *of,
                                             const struct condition *condition)
{
    struct expression *expression = expression_new(arena, EXPRESSION_FILTERED);
    expression->left = of;
    expression->condition = condition;
    return expression;
}

static struct condition *condition_new(struct arena *arena, enum condition_kind kind)
{
    struct condition *condition = arena_alloc(arena, sizeof(*condition));
    condition->kind = kind;
    return condition;
}

const struct condition *condition_compare(struct arena *arena, const struct expression *left,
                                          enum comparison comparison,
                                          const struct expression *value)
{
    struct condition *condition = condition_new(arena, CONDITION_COMPARE);
    condition->left = left;
    condition->comparison = comparison;
    condition->values = value;
    condition->value_count = value ? 1 : 0;
    return condition;
}

const struct condition *condition_in(struct arena *arena, const struct expression *left,
                                     const struct expression *values, size_t count)
{
    struct condition *condition = condition_new(arena, CONDITION_COMPARE);
    condition->left = left;
    condition->comparison = COMPARE_IN;
    condition->values = values;
    condition->value_count = count;
    return condition;
}

static const struct condition *condition_list(struct arena *arena, enum condition_kind kind,
                                              const struct condition *a, const struct condition *b)
{
    if (!a || !b)
        return a ? a : b;
    size_t a_count = a->kind == kind ? a->part_count : 1;
    size_t b_count = b->kind == kind ? b->part_count : 1;
    const struct condition **parts = arena_array(arena, a_count + b_count, sizeof(*parts));
    for (size_t i = 0; i < a_count; i++)
        parts[i] = a->kind == kind ? a->parts[i] : a;
    for (size_t i = 0; i < b_count; i++)
        parts[a_count + i] = b->kind == kind ? b->parts[i] : b;
    struct condition *condition = condition_new(arena, kind);
    condition->parts = parts;
    condition->part_count = a_count + b_count;
    return condition;
}

const struct condition *condition_and(struct arena *arena, const struct condition *a,
                                      const struct condition *b)
{
    return condition_list(arena, CONDITION_AND, a, b);
}

const struct condition *condition_or(struct arena *arena, const struct condition *a,
                                     const struct condition *b)
{
    return condition_list(arena, CONDITION_OR, a, b);
}

const struct condition *condition_not(struct arena *arena, const struct condition *part)
{
    struct condition *condition = condition_new(arena, CONDITION_NOT);
    condition->parts = arena_memdup(arena, &part, sizeof(part));
    condition->part_count = 1;
    return condition;
}

const struct condition *condition_period(struct arena *arena, const struct expression *left,
                                         const char *from, const char *to, const char *words)
{
    struct condition *condition = condition_new(arena, CONDITION_PERIOD);
    condition->left = left;
    condition->from = from;
    condition->to = to;
    condition->words = words;
    return condition;
}

const struct condition *condition_filter(struct arena *arena, int table,
                                         const struct named_filter *filter)
{
    struct condition *condition = condition_new(arena, CONDITION_FILTER);
    condition->table = table;
    condition->filter = filter;
    return condition;
}

const char *like_pattern(struct arena *arena, const char *before, struct str text,
                         const char *after)
{
    char *pattern = arena_alloc(arena, strlen(before) + 2 * text.length + strlen(after) + 1);
    char *end = stpcpy(pattern, before);
    for (size_t i = 0; i < text.length; i++) {
        char c = text.bytes[i];
        if (c == '%' || c == '_' || c == '\\')
            *end++ = '\\';
        *end++ = c;
    }
    memcpy(end, after, strlen(after) + 1);
    return pattern;
}

struct query *query_new(struct arena *arena, const struct dataset *dataset)
{
    struct query *query = arena_alloc(arena, sizeof(*query));
    query->tables = arena_array(arena, 1, sizeof(*query->tables));
    query->tables[0] = (struct query_table){.dataset = dataset, .joined_to = -1};
    query->table_count = 1;
    return query;
}

/* Lists are copied with room for one more whenever they grow: trees are small and made once. */
static void *list_with_room(struct arena *arena, const void *items, size_t count, size_t size)
{
    void *copy = arena_array(arena, count + 1, size);
    if (count > 0)
        memcpy(copy, items, count * size);
    return copy;
}

struct query *query_copy(struct arena *arena, const struct query *query)
{
    struct query *copy = arena_memdup(arena, query, sizeof(*query));
    copy->tables = list_with_room(arena, query->tables, query->table_count, sizeof(*copy->tables));
    copy->select = list_with_room(arena, query->select, query->select_count, sizeof(*copy->select));
    copy->group = list_with_room(arena, query->group, query->group_count, sizeof(*copy->group));
    copy->order = list_with_room(arena, query->order, query->order_count, sizeof(*copy->order));
    return copy;
}

void query_select(struct arena *arena, struct query *query, const struct expression *expression,
                  const char *label)
{
    struct select_item *items =
        list_with_room(arena, query->select, query->select_count, sizeof(*items));
    items[query->select_count++] = (struct select_item){.expression = expression, .label = label};
    query->select = items;
}

void query_group(struct arena *arena, struct query *query, const struct expression *expression)
{
    const struct expression **items =
        list_with_room(arena, query->group, query->group_count, sizeof(*items));
    items[query->group_count++] = expression;
    query->group = items;
}

void query_order(struct arena *arena, struct query *query, const struct expression *expression,
                 bool descending)
{
    struct order_key *items =
        list_with_room(arena, query->order, query->order_count, sizeof(*items));
    items[query->order_count++] =
        (struct order_key){.expression = expression, .descending = descending};
    query->order = items;
}

void query_where(struct arena *arena, struct query *query, const struct condition *condition)
{
    query->where = condition_and(arena, query->where, condition);
}

int query_join(struct arena *arena, struct query *query, const struct dataset *dataset, int to,
               const char *joined_column, const char *own_column)
{
    if (query->table_count >= QUERY_TABLES_MAX)
        return -1;
    struct query_table *tables =
        list_with_room(arena, query->tables, query->table_count, sizeof(*tables));
    tables[query->table_count] = (struct query_table){
        .dataset = dataset,
        .joined_to = to,
        .joined_column = joined_column,
        .own_column = own_column,
    };
    query->tables = tables;
    return (int)query->table_count++;
}

bool expression_aggregates(const struct expression *expression)
{
    if (!expression)
        return false;
    switch (expression->kind) {
    case EXPRESSION_AGGREGATE:
    case EXPRESSION_METRIC:
        return true;
    case EXPRESSION_BUCKET:
    case EXPRESSION_ARITHMETIC:
    case EXPRESSION_SHARE:
    case EXPRESSION_FILTERED:
        return expression_aggregates(expression->left) || expression_aggregates(expression->right);
    default:
        return false;
    }
}

const char *time_unit_name(enum time_unit unit)
{
    static const char *const names[TIME_UNITS] = {
        [UNIT_NONE] = "",       [UNIT_DAY] = "day",         [UNIT_WEEK] = "week",
        [UNIT_MONTH] = "month", [UNIT_QUARTER] = "quarter", [UNIT_YEAR] = "year",
        [UNIT_WEEKDAY] = "weekday",
    };
    return names[unit];
}

static void canon_query(struct strbuf *out, const struct query *query, int depth);
static void canon_condition(struct strbuf *out, const struct condition *condition, int depth);

static void canon_number(struct strbuf *out, int64_t number)
{
    char digits[24], *at = digits + sizeof(digits);
    uint64_t rest = number < 0 ? -(uint64_t)number : (uint64_t)number;
    *--at = ' ';
    do
        *--at = (char)('0' + rest % 10);
    while ((rest /= 10) > 0);
    if (number < 0)
        *--at = '-';
    strbuf_add_bytes(out, at, (size_t)(digits + sizeof(digits) - at));
}

/* Lengths before texts: no text can imitate the marks around it. */
static void canon_text(struct strbuf *out, const char *text)
{
    if (!text)
        text = "";
    size_t length = strlen(text);
    canon_number(out, (int64_t)length);
    strbuf_add_bytes(out, text, length);
}

static void canon_expression(struct strbuf *out, const struct expression *expression, int depth)
{
    if (!expression || depth > QUERY_DEPTH_MAX) {
        strbuf_add_char(out, '-');
        return;
    }
    const int numbers[] = {(int)expression->kind,         expression->table,
                           (int)expression->aggregate,    (int)expression->unit,
                           expression->fiscal_year_start, expression->week_start,
                           expression->op};
    strbuf_add_char(out, '(');
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        canon_number(out, numbers[i]);
    if (expression->column)
        canon_text(out, expression->column->name);
    if (expression->metric)
        canon_text(out, expression->metric->name);
    if (expression->literal) {
        canon_number(out, (int64_t)expression->literal_kind);
        canon_text(out, expression->literal);
    }
    if (expression->left)
        canon_expression(out, expression->left, depth + 1);
    if (expression->right)
        canon_expression(out, expression->right, depth + 1);
    if (expression->subquery)
        canon_query(out, expression->subquery, depth + 1);
    if (expression->condition)
        canon_condition(out, expression->condition, depth + 1);
    strbuf_add_char(out, ')');
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The parts of AND and OR in sorted order: "x and y" is "y and x". */
static void canon_parts(struct strbuf *out, const struct condition *condition, int depth)
{
    char *parts[QUERY_PARTS_MAX];
    size_t count =
        condition->part_count < QUERY_PARTS_MAX ? condition->part_count : QUERY_PARTS_MAX;
    for (size_t i = 0; i < count; i++) {
        struct strbuf part = strbuf_init(CANON_SIZE_MAX);
        canon_condition(&part, condition->parts[i], depth + 1);
        parts[i] = xstrdup(strbuf_text(&part));
        strbuf_clear(&part);
    }
    qsort(parts, count, sizeof(*parts), compare_texts);
    for (size_t i = 0; i < count; i++) {
        strbuf_add(out, parts[i]);
        free(parts[i]);
    }
}

static void canon_condition(struct strbuf *out, const struct condition *condition, int depth)
{
    if (!condition || depth > QUERY_DEPTH_MAX) {
        strbuf_add_char(out, '-');
        return;
    }
    strbuf_add_char(out, '[');
    canon_number(out, (int64_t)condition->kind);
    switch (condition->kind) {
    case CONDITION_COMPARE:
        canon_number(out, (int64_t)condition->comparison);
        canon_expression(out, condition->left, depth + 1);
        for (size_t i = 0; i < condition->value_count; i++)
            canon_expression(out, &condition->values[i], depth + 1);
        break;
    case CONDITION_PERIOD:
        canon_expression(out, condition->left, depth + 1);
        canon_text(out, condition->from);
        canon_text(out, condition->to);
        break;
    case CONDITION_FILTER:
        canon_number(out, condition->table);
        canon_text(out, condition->filter ? condition->filter->name : NULL);
        break;
    default:
        canon_parts(out, condition, depth);
    }
    strbuf_add_char(out, ']');
}

static void canon_query(struct strbuf *out, const struct query *query, int depth)
{
    if (!query || depth > QUERY_DEPTH_MAX) {
        strbuf_add_char(out, '-');
        return;
    }
    strbuf_add_char(out, '{');
    for (size_t i = 0; i < query->table_count; i++) {
        const struct query_table *table = &query->tables[i];
        canon_text(out, table->dataset->id ? table->dataset->id : table->dataset->table_name);
        canon_number(out, table->joined_to);
        canon_number(out, table->left_join);
        canon_text(out, table->joined_column);
        canon_text(out, table->own_column);
    }
    strbuf_add(out, "select");
    canon_number(out, query->distinct);
    for (size_t i = 0; i < query->select_count; i++)
        canon_expression(out, query->select[i].expression, depth + 1);
    strbuf_add(out, "where");
    canon_condition(out, query->where, depth + 1);
    strbuf_add(out, "group");
    for (size_t i = 0; i < query->group_count; i++)
        canon_expression(out, query->group[i], depth + 1);
    strbuf_add(out, "having");
    canon_condition(out, query->having, depth + 1);
    for (size_t i = 0; i < query->order_count; i++) {
        strbuf_add(out, "order");
        canon_number(out, query->order[i].descending);
        canon_expression(out, query->order[i].expression, depth + 1);
    }
    if (query->limit_per)
        canon_expression(out, query->limit_per, depth + 1);
    strbuf_add(out, "limit");
    canon_number(out, query->limit);
    canon_number(out, (int64_t)query->set_operation);
    if (query->set_operation != SET_NONE)
        canon_query(out, query->set_right, depth + 1);
    strbuf_add_char(out, '}');
}

uint64_t query_hash(const struct query *query)
{
    struct strbuf text = strbuf_init(CANON_SIZE_MAX);
    canon_query(&text, query, 0);
    uint64_t hash = hash64_str(strbuf_str(&text), 0);
    strbuf_clear(&text);
    return hash;
}

/* Trees too big to spell count as different: safe, for they are only compared to drop repeats. */
static bool canon_same(struct strbuf *a, struct strbuf *b)
{
    bool same = strbuf_ok(a) && strbuf_ok(b) && str_equal(strbuf_str(a), strbuf_str(b));
    strbuf_clear(a);
    strbuf_clear(b);
    return same;
}

bool query_equal(const struct query *a, const struct query *b)
{
    struct strbuf a_text = strbuf_init(CANON_SIZE_MAX), b_text = strbuf_init(CANON_SIZE_MAX);
    canon_query(&a_text, a, 0);
    canon_query(&b_text, b, 0);
    return canon_same(&a_text, &b_text);
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

/* What nearly all expressions are made of, compared in place: this is asked a hundred times for a
 * question, and spelling out both took most of the time of describing a query. */
static bool same_plain(const struct expression *a, const struct expression *b, int depth)
{
    if (a == b)
        return true;
    if (!a || !b || depth > QUERY_DEPTH_MAX)
        return false;
    return a->kind == b->kind && a->table == b->table && a->aggregate == b->aggregate &&
           a->unit == b->unit && a->fiscal_year_start == b->fiscal_year_start &&
           a->week_start == b->week_start && a->op == b->op &&
           same_text(a->column ? a->column->name : NULL, b->column ? b->column->name : NULL) &&
           same_text(a->metric ? a->metric->name : NULL, b->metric ? b->metric->name : NULL) &&
           same_text(a->literal, b->literal) &&
           (!a->literal || a->literal_kind == b->literal_kind) &&
           same_plain(a->left, b->left, depth + 1) && same_plain(a->right, b->right, depth + 1);
}

/* Has it no sub-query and no condition in it, which are compared by their canonical text? */
static bool is_plain(const struct expression *e, int depth)
{
    return !e || (depth <= QUERY_DEPTH_MAX && !e->subquery && !e->condition &&
                  is_plain(e->left, depth + 1) && is_plain(e->right, depth + 1));
}

bool expression_equal(const struct expression *a, const struct expression *b)
{
    if (is_plain(a, 0) && is_plain(b, 0))
        return same_plain(a, b, 0);
    struct strbuf a_text = strbuf_init(CANON_SIZE_MAX), b_text = strbuf_init(CANON_SIZE_MAX);
    canon_expression(&a_text, a, 0);
    canon_expression(&b_text, b, 0);
    return canon_same(&a_text, &b_text);
}

bool condition_equal(const struct condition *a, const struct condition *b)
{
    struct strbuf a_text = strbuf_init(CANON_SIZE_MAX), b_text = strbuf_init(CANON_SIZE_MAX);
    canon_condition(&a_text, a, 0);
    canon_condition(&b_text, b, 0);
    return canon_same(&a_text, &b_text);
}
