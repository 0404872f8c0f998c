/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/facts.h"

#include <math.h>
#include <string.h>

#include "agent/told_name.h"
#include "sql/select_list.h"

static const struct expression *selected(const struct query *query, const struct rows *rows,
                                         size_t column)
{
    /* A star stands for many columns: then positions say nothing. */
    if (!query || query->select_count != rows->column_count)
        return NULL;
    return query->select[column].expression;
}

/* The column that an expression is about, through aggregates and buckets; NULL. */
static const struct column *column_of(const struct expression *e)
{
    while (e && e->kind != EXPRESSION_COLUMN)
        e = e->left;
    return e ? e->column : NULL;
}

static bool counts(const struct expression *e)
{
    return e->kind == EXPRESSION_AGGREGATE &&
           (e->aggregate == AGGREGATE_COUNT || e->aggregate == AGGREGATE_COUNT_DISTINCT);
}

static const char *unit_of(const struct expression *e)
{
    if (!e || e->kind == EXPRESSION_SHARE)
        return NULL;
    if (e->kind == EXPRESSION_METRIC)
        return e->metric->unit;
    if (e->kind == EXPRESSION_FILTERED)
        return unit_of(e->left);
    if (e->kind == EXPRESSION_ARITHMETIC && e->op == '/' && counts(e->right))
        return unit_of(e->left); /* of one of them */
    if (counts(e) || e->kind == EXPRESSION_ARITHMETIC)
        return NULL;
    const struct column *column = column_of(e);
    return column ? column->unit : NULL;
}

static bool is_currency(const char *unit)
{
    static const char *const units[] = {"EUR", "USD", "GBP", "CHF", "JPY", "$", "\xE2\x82\xAC",
                                        "\xC2\xA3"};
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
        if (strcmp(unit, units[i]) == 0)
            return true;
    return false;
}

/* A declared metric that is nothing but a sum or a count: "sum(revenue)", "count(*)". */
static bool is_plain_sum(struct str expression)
{
    expression = str_trim(expression);
    bool sums = str_equal_nocase(str_slice(expression, 0, 4), STR("sum(")) ||
                str_equal_nocase(str_slice(expression, 0, 6), STR("count("));
    if (!sums || str_find(expression, STR("distinct")) >= 0 ||
        str_find(expression, STR("DISTINCT")) >= 0)
        return false;
    int depth = 0;
    for (size_t i = 0; i < expression.length; i++) {
        depth += expression.bytes[i] == '(' ? 1 : expression.bytes[i] == ')' ? -1 : 0;
        if (depth == 0 && expression.bytes[i] == ')')
            return i + 1 == expression.length;
    }
    return false;
}

static bool is_additive(const struct expression *e)
{
    if (!e)
        return false;
    if (e->kind == EXPRESSION_METRIC)
        return is_plain_sum(str_from(e->metric->expression));
    if (e->kind == EXPRESSION_FILTERED)
        return is_additive(e->left);
    return e->kind == EXPRESSION_AGGREGATE &&
           (e->aggregate == AGGREGATE_SUM || e->aggregate == AGGREGATE_COUNT);
}

/* Counts, metrics and what the metadata says to sum: a level such as a population or a stock is
 * the same things counted again in each period. */
static bool adds_over_time(const struct expression *e)
{
    if (!is_additive(e))
        return false;
    if (e->kind == EXPRESSION_FILTERED)
        return adds_over_time(e->left);
    const struct column *column = column_of(e);
    return e->kind == EXPRESSION_METRIC || !column ||
           (column->default_aggregation && strcmp(column->default_aggregation, "sum") == 0) ||
           (column->unit && !column->default_aggregation && is_currency(column->unit));
}

/* "total_revenue" -> "total revenue" */
static const char *plain_name(const char *name, struct arena *arena)
{
    char *words = arena_strdup(arena, name);
    for (char *p = words; *p; p++)
        if (*p == '_')
            *p = ' ';
    return words;
}

static bool looks_like_measure(const struct result_column *column)
{
    if (!value_kind_is_number(column->kind))
        return false;
    struct str name = str_from(column->name);
    return !str_equal_nocase(name, STR("year")) && !str_equal_nocase(name, STR("id")) &&
           !str_ends(name, STR("_id")) && !str_ends(name, STR("_year"));
}

static void describe_column(const struct expression *e, const struct result_column *column,
                            struct arena *arena, struct column_facts *out)
{
    out->told = column->name;
    out->name = plain_name(column->name, arena);
    out->bucket = e && e->kind == EXPRESSION_BUCKET ? e->unit : UNIT_NONE;
    bool weekday = out->bucket == UNIT_WEEKDAY; /* a name, not a place in time */
    if (weekday)
        out->bucket = UNIT_NONE;
    out->unit = unit_of(e);
    out->share = e && (e->kind == EXPRESSION_SHARE ||
                       (e->kind == EXPRESSION_ARITHMETIC &&
                        str_ends(str_from(column->name), STR("_percent"))));
    out->additive = is_additive(e);
    out->adds_over_time = adds_over_time(e);
    bool plain_column = !e || e->kind == EXPRESSION_COLUMN;
    const struct column *source = column_of(e);
    out->identifier = plain_column && ((source && source->role == ROLE_KEY) ||
                                       str_ends(str_from(column->name), STR("_id")) ||
                                       str_equal_nocase(str_from(column->name), STR("id")));
    out->measure = !weekday && out->bucket == UNIT_NONE && looks_like_measure(column) &&
                   !(plain_column && source &&
                     (source->role == ROLE_KEY || source->role == ROLE_TIME));
}

static void measure_column(const struct rows *rows, size_t column, struct column_facts *out)
{
    for (size_t row = 0; row < rows->row_count; row++) {
        double number;
        if (!cell_to_double(rows_cell(rows, row, column), &number) || !isfinite(number))
            continue;
        if (!out->has_numbers || number < out->min) {
            out->min = number;
            out->min_row = row;
        }
        if (!out->has_numbers || number > out->max) {
            out->max = number;
            out->max_row = row;
        }
        out->has_numbers = true;
        out->total += number;
        out->number_count++;
    }
}

static bool all_null(const struct rows *rows)
{
    for (size_t i = 0; i < rows->row_count * rows->column_count; i++)
        if (rows->cells[i].type != CELL_NULL)
            return false;
    return true;
}

/* Records as they are stored are no groups, however many numbers they hold. */
static bool is_grouped(const struct query *query, const struct rows *rows)
{
    if (!query)
        return rows->column_count == 2;
    if (query->group_count > 0)
        return true;
    return query->select_count == 2 && query->order_count > 0; /* names by a stored measure */
}

static enum shape find_shape(const struct query *query, const struct rows *rows,
                             const struct facts *facts)
{
    if (rows->row_count == 0 || (rows->row_count == 1 && all_null(rows)))
        return SHAPE_EMPTY;
    if (rows->row_count == 1)
        return rows->column_count == 1 ? SHAPE_VALUE : SHAPE_RECORD;
    if (facts->time_column >= 0 && facts->measure_column >= 0 && facts->name_column < 0)
        return SHAPE_SERIES;
    if (rows->column_count == 1)
        return SHAPE_LIST;
    if (facts->measure_column >= 0 && facts->name_column >= 0 && facts->time_column < 0 &&
        is_grouped(query, rows))
        return SHAPE_GROUPS;
    return SHAPE_TABLE;
}

static bool is_complete(const struct query *query, const struct rows *rows)
{
    if (rows->truncated || !query || query->limit > 0 || query->having || query->distinct ||
        query->set_operation != SET_NONE)
        return false;
    return true;
}

/* "Change by region, lowest first" is about the change, though the two periods stand before it. */
static void find_ordered_measure(const struct query *query, const struct rows *rows,
                                 struct facts *out)
{
    for (size_t i = 0; query && query->order_count > 0 && i < rows->column_count; i++) {
        const struct expression *e = selected(query, rows, i);
        if (!out->columns[i].measure || !e || !expression_equal(e, query->order[0].expression))
            continue;
        out->measure_column = (ptrdiff_t)i;
        out->ordered = true;
        return;
    }
}

static void find_places(const struct rows *rows, struct facts *out)
{
    out->name_column = out->time_column = out->measure_column = -1;
    for (size_t i = 0; i < rows->column_count; i++) {
        const struct column_facts *column = &out->columns[i];
        if (column->measure && out->measure_column < 0)
            out->measure_column = (ptrdiff_t)i;
        else if (column->bucket != UNIT_NONE && out->time_column < 0)
            out->time_column = (ptrdiff_t)i;
        else if (!column->measure && column->bucket == UNIT_NONE && out->name_column < 0)
            out->name_column = (ptrdiff_t)i;
    }
}

void facts_find(const struct query *query, const struct rows *rows, struct arena *arena,
                struct facts *out)
{
    *out = (struct facts){.name_column = -1, .time_column = -1, .measure_column = -1};
    out->columns = arena_array(arena, rows->column_count, sizeof(*out->columns));
    for (size_t i = 0; i < rows->column_count; i++) {
        describe_column(selected(query, rows, i), &rows->columns[i], arena, &out->columns[i]);
        measure_column(rows, i, &out->columns[i]);
    }
    find_places(rows, out);
    find_ordered_measure(query, rows, out);
    out->shape = find_shape(query, rows, out);
    out->complete = is_complete(query, rows);
}

/* ------------------------------------------------------------------ of statements without a tree */

static const struct column *column_named(const struct dataset *dataset, struct str name)
{
    for (size_t i = 0; dataset && i < dataset->column_count; i++)
        if (str_equal_nocase(str_from(dataset->columns[i].name), name))
            return &dataset->columns[i];
    return NULL;
}

static enum time_unit unit_named(struct str name)
{
    for (enum time_unit unit = UNIT_NONE + 1; unit < TIME_UNITS; unit++)
        if (unit != UNIT_WEEKDAY && str_equal_nocase(name, str_from(time_unit_name(unit))))
            return unit;
    return UNIT_NONE;
}

/* What the metadata says to sum, and money of which it says nothing. */
static bool is_summed(const struct column *column)
{
    return (column->default_aggregation && strcmp(column->default_aggregation, "sum") == 0) ||
           (column->unit && !column->default_aggregation && is_currency(column->unit));
}

static void describe_item(const struct select_column *item, const struct dataset *dataset,
                          const struct result_column *result, bool days_rise, struct column_facts *out)
{
    const struct column *column = column_named(dataset, item->column);
    out->additive = item->adds;
    if (item->adds && !item->counts && column)
        out->unit = column->unit;
    out->adds_over_time = item->counts || (item->adds && column && is_summed(column));
    if (item->kind == SELECT_KEY && value_kind_is_time(result->kind) && item->bucket.length > 0)
        out->bucket = unit_named(item->bucket);
    else if (item->kind == SELECT_KEY && days_rise && item->function.length == 0)
        out->bucket = UNIT_DAY;
    if (item->kind == SELECT_KEY)
        out->measure = false;
    const struct column *source = item->function.length == 0 ? column_named(dataset, item->source) : NULL;
    out->amount = source && source->role == ROLE_MEASURE && is_summed(source);
    if (out->amount)
        out->unit = source->unit;
}

/* Whether the rows come in the order of the numbers, either way. */
static bool is_in_order(const struct rows *rows, size_t column)
{
    bool rising = true, falling = true;
    double before = 0;
    for (size_t row = 0; row < rows->row_count; row++) {
        double number;
        if (!cell_to_double(rows_cell(rows, row, column), &number))
            return false;
        rising &= row == 0 || number >= before;
        falling &= row == 0 || number <= before;
        before = number;
    }
    return rising || falling;
}

/* Each day behind the one before: a series, and not what happens to come first. */
static bool do_days_rise(const struct rows *rows, size_t column)
{
    for (size_t row = 0; row < rows->row_count; row++) {
        const struct cell *cell = rows_cell(rows, row, column);
        if (cell->type != CELL_TEXT ||
            (row > 0 && str_compare(rows_cell(rows, row - 1, column)->text, cell->text) >= 0))
            return false;
    }
    return true;
}

/* Whether the outermost SELECT asks for an order: that of its rows is chance else. */
static bool has_order(const char *sql, struct arena *arena)
{
    struct token_list tokens;
    struct token fault;
    enum refusal refusal;
    if (!tokenize(str_from(sql), arena, &tokens, &refusal, &fault))
        return false;
    int depth = 0;
    for (size_t i = 0; i < tokens.count; i++) {
        struct str text = tokens.items[i].text;
        depth += str_equal_text(text, "(") ? 1 : str_equal_text(text, ")") ? -1 : 0;
        if (depth == 0 && tokens.items[i].kind == TOKEN_WORD && str_equal_nocase(text, STR("order")))
            return true;
    }
    return false;
}

/* A name that says nothing but what it is; `list`: NULL where the statement was not understood. */
static void name_columns(const struct facts_source *source, const struct select_list *list,
                         const struct rows *rows, struct arena *arena, struct facts *out)
{
    struct told_names names = {
        .question = source->question, .dataset = source->dataset, .arena = arena};
    struct token fault;
    enum refusal refusal;
    if (!source->sql || !tokenize(str_from(source->sql), arena, &names.tokens, &refusal, &fault))
        names.tokens = (struct token_list){0};
    for (size_t i = 0; i < rows->column_count; i++) {
        struct column_facts *column = &out->columns[i];
        column->told = told_name(&names, &rows->columns[i], list ? &list->items[i] : NULL);
        column->name = plain_name(column->told, arena);
    }
}

void facts_find_of_sql(const struct facts_source *source, const struct rows *rows,
                       struct arena *arena, struct facts *out)
{
    struct select_list list;
    facts_find(NULL, rows, arena, out);
    bool read = source->sql && select_list_read(str_from(source->sql), arena, &list) &&
                list.count == rows->column_count;
    if (source->by_model)
        name_columns(source, read ? &list : NULL, rows, arena, out);
    if (!read)
        return;
    bool grouped = false;
    for (size_t i = 0; i < list.count; i++) {
        bool days_rise = rows->columns[i].kind == VALUE_DATE && do_days_rise(rows, i);
        describe_item(&list.items[i], source->dataset, &rows->columns[i], days_rise, &out->columns[i]);
        grouped |= list.items[i].kind == SELECT_KEY;
    }
    find_places(rows, out);
    out->ordered = out->measure_column >= 0 && has_order(source->sql, arena) &&
                   is_in_order(rows, (size_t)out->measure_column);
    out->shape = find_shape(NULL, rows, out);
    if (out->shape == SHAPE_TABLE && grouped && out->measure_column >= 0 && out->name_column >= 0 &&
        out->time_column < 0)
        out->shape = SHAPE_GROUPS;
    out->complete = list.whole && !rows->truncated && select_list_is_aggregated(&list);
    out->all_records = list.whole && !rows->truncated && list.of_records;
}
