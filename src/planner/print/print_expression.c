/* SPDX-License-Identifier: Apache-2.0 */
/* Expressions in SQL: columns, aggregates, metrics, arithmetic, shares, units of time. */
#include "planner/print/printer.h"

#include <string.h>

#include "planner/print/fragment.h"
#include "sql/firewall.h"

/* ---- texts in the making */

char *print_to_text(struct printer *printer, const struct expression *expression)
{
    struct strbuf text = strbuf_init(SQL_SIZE_MAX);
    struct strbuf *out = printer->out;
    printer->out = &text;
    bool ok = print_expression(printer, expression);
    printer->out = out;
    char *copy = ok ? arena_strdup(printer->arena, strbuf_text(&text)) : NULL;
    strbuf_clear(&text);
    return copy;
}

static const char *printed_condition(struct printer *printer, const struct condition *condition)
{
    struct strbuf text = strbuf_init(SQL_SIZE_MAX);
    struct strbuf *out = printer->out;
    printer->out = &text;
    bool ok = print_condition(printer, condition);
    printer->out = out;
    char *copy = ok ? arena_strdup(printer->arena, strbuf_text(&text)) : NULL;
    strbuf_clear(&text);
    return copy;
}

/* ---- aggregates */

/* A dialect's way to say something of a value. */
static bool print_pattern(struct printer *printer, const char *pattern, const char *value)
{
    if (!pattern || !value)
        return print_wrong(printer, "a median or weekday can't be said here");
    for (const char *c = pattern; *c; c++) {
        bool place = c[0] == '%' && c[1] == 's';
        if (place)
            strbuf_add(printer->out, value);
        else
            strbuf_add_char(printer->out, *c);
        c += *c == '%';
    }
    return true;
}

static bool print_aggregate(struct printer *printer, const struct expression *expression)
{
    static const char *const functions[AGGREGATES] = {
        [AGGREGATE_COUNT] = "count", [AGGREGATE_COUNT_DISTINCT] = "count",
        [AGGREGATE_SUM] = "sum",     [AGGREGATE_AVG] = "avg",
        [AGGREGATE_MIN] = "min",     [AGGREGATE_MAX] = "max",
        [AGGREGATE_MEDIAN] = "median",
    };
    const char *function =
        expression->aggregate < AGGREGATES ? functions[expression->aggregate] : NULL;
    const struct expression *of = expression->left;
    bool star = of && of->kind == EXPRESSION_STAR;
    if (!function || !of || (star && expression->aggregate != AGGREGATE_COUNT) ||
        expression_aggregates(of))
        return print_wrong(printer, "an aggregate is of something that can't be aggregated");
    if (expression->aggregate == AGGREGATE_MEDIAN)
        return print_pattern(printer, printer->dialect->median, print_to_text(printer, of));
    strbuf_printf(printer->out, "%s(", function);
    if (expression->aggregate == AGGREGATE_COUNT_DISTINCT)
        strbuf_add(printer->out, "DISTINCT ");
    if (star)
        strbuf_add_char(printer->out, '*');
    else if (!print_expression(printer, of))
        return false;
    strbuf_add_char(printer->out, ')');
    return true;
}

bool print_fragment(struct printer *printer, int table, const char *text, const char *filter)
{
    if (table < 0 || (size_t)table >= printer->query->table_count)
        return print_wrong(printer, "a metric or filter belongs to no table of the query");
    struct fragment fragment = {
        .text = str_from(text),
        .dataset = printer->query->tables[table].dataset,
        .alias = printer->aliases ? arena_printf(printer->arena, "t%d", table) : "",
        .quote = printer->dialect->quote,
        .filter = filter,
    };
    return fragment_compile(&fragment, printer->out, printer->err);
}

static bool print_metric(struct printer *printer, const struct expression *expression,
                         const char *filter)
{
    if (!expression->metric)
        return print_wrong(printer, "a metric is missing");
    return print_fragment(printer, expression->table, expression->metric->expression, filter);
}

static bool print_filtered(struct printer *printer, const struct expression *expression)
{
    const struct expression *of = expression->left;
    if (!printer->dialect->filter || !of || !expression->condition)
        return print_wrong(printer, "an aggregate can't be limited to a part of the rows here");
    const char *filter = printed_condition(printer, expression->condition);
    if (!filter)
        return false;
    /* No rows sum up to nothing: a customer who stopped buying has lost all, not an unknown part.
     */
    bool sum = of->kind == EXPRESSION_METRIC
                   ? fragment_adds_up(of->metric ? of->metric->expression : "")
                   : of->aggregate == AGGREGATE_SUM;
    strbuf_add(printer->out, sum ? "coalesce(" : "");
    if (of->kind == EXPRESSION_METRIC) {
        if (!print_metric(printer, of, filter))
            return false;
    } else {
        if (of->kind != EXPRESSION_AGGREGATE || !print_aggregate(printer, of))
            return print_wrong(printer, "only an aggregate can be limited to a part of the rows");
        strbuf_printf(printer->out, " FILTER (WHERE %s)", filter);
    }
    strbuf_add(printer->out, sum ? ", 0)" : "");
    return true;
}

/* ---- arithmetic */

bool print_operand(struct printer *printer, const struct expression *expression)
{
    bool bare =
        expression &&
        (expression->kind == EXPRESSION_COLUMN || expression->kind == EXPRESSION_LITERAL ||
         expression->kind == EXPRESSION_AGGREGATE || expression->kind == EXPRESSION_FILTERED ||
         expression->kind == EXPRESSION_SUBQUERY);
    if (expression && expression->kind == EXPRESSION_FILTERED && expression->left &&
        expression->left->kind == EXPRESSION_METRIC)
        bare = false;
    if (!bare)
        strbuf_add_char(printer->out, '(');
    if (!print_expression(printer, expression))
        return false;
    if (!bare)
        strbuf_add_char(printer->out, ')');
    return true;
}

static bool print_arithmetic(struct printer *printer, const struct expression *expression)
{
    if (!strchr("+-*/", expression->op) || !expression->op)
        return print_wrong(printer, "an arithmetic sign is unknown");
    bool divides = expression->op == '/';
    if (divides && !printer->dialect->divides_exactly)
        strbuf_add(printer->out, "1.0 * ");
    if (!print_operand(printer, expression->left))
        return false;
    strbuf_printf(printer->out, divides ? " %c nullif(" : " %c ", expression->op);
    bool ok = divides ? print_expression(printer, expression->right)
                      : print_operand(printer, expression->right);
    if (divides)
        strbuf_add(printer->out, ", 0)");
    return ok;
}

static bool print_share(struct printer *printer, const struct expression *expression)
{
    strbuf_add(printer->out, "100.0 * ");
    if (!print_operand(printer, expression->left))
        return false;
    strbuf_add(printer->out, " / nullif(sum(");
    if (!print_expression(printer, expression->left))
        return false;
    strbuf_add(printer->out, ") OVER (), 0)");
    return true;
}

/* ---- units of time */

const struct column *expression_column_of(const struct expression *expression)
{
    return expression && expression->kind == EXPRESSION_COLUMN ? expression->column : NULL;
}

/* The time as text of a statement; a text column is read as dates where it can be. */
static const char *time_to_text(struct printer *printer, const struct expression *time)
{
    const struct column *column = expression_column_of(time);
    const char *value = print_to_text(printer, time);
    if (value && column && column->kind == VALUE_TEXT && printer->dialect->date_types)
        value = arena_printf(printer->arena, "%s(%s AS DATE)", printer->dialect->safe_cast, value);
    return value;
}

bool print_weekday_order(struct printer *printer, const struct expression *bucket)
{
    const char *value = time_to_text(printer, bucket->left);
    strbuf_add(printer->out, "min(");
    bool ok = print_pattern(printer, printer->dialect->weekday_number, value);
    strbuf_add_char(printer->out, ')');
    return ok;
}

static bool print_bucket(struct printer *printer, const struct expression *expression)
{
    const struct column *column = expression_column_of(expression->left);
    if (column && column->kind == VALUE_INTEGER) /* a column of years */
        return expression->unit == UNIT_YEAR
                   ? print_expression(printer, expression->left)
                   : print_wrong(printer, "a column of years has no shorter units of time");
    if (!printer->dialect->bucket || expression->unit <= UNIT_NONE ||
        expression->unit >= TIME_UNITS || !expression->left)
        return print_wrong(printer, "time can't be cut to this unit here");
    const char *value = time_to_text(printer, expression->left);
    if (!value)
        return false;
    if (expression->unit == UNIT_WEEKDAY)
        return print_pattern(printer, printer->dialect->weekday, value);
    return printer->dialect->bucket(printer->out, expression, value);
}

/* ---- any expression */

static bool print_subquery(struct printer *printer, const struct query *query)
{
    if (!query || query->select_count != 1)
        return print_wrong(printer, "a sub-query must select one column");
    strbuf_add_char(printer->out, '(');
    if (!print_query(printer, query))
        return false;
    strbuf_add_char(printer->out, ')');
    return true;
}

static bool print_expression_kind(struct printer *printer, const struct expression *expression)
{
    switch (expression->kind) {
    case EXPRESSION_STAR:
        if (printer->aliases)
            strbuf_add(printer->out, "t0.");
        strbuf_add_char(printer->out, '*');
        return true;
    case EXPRESSION_COLUMN:
        return expression->column
                   ? print_column(printer, expression->table, expression->column->name)
                   : print_wrong(printer, "a column is missing");
    case EXPRESSION_LITERAL:
        return print_literal(printer, expression->literal_kind, expression->literal);
    case EXPRESSION_AGGREGATE:
        return print_aggregate(printer, expression);
    case EXPRESSION_BUCKET:
        return print_bucket(printer, expression);
    case EXPRESSION_ARITHMETIC:
        return print_arithmetic(printer, expression);
    case EXPRESSION_METRIC:
        return print_metric(printer, expression, NULL);
    case EXPRESSION_SHARE:
        return print_share(printer, expression);
    case EXPRESSION_SUBQUERY:
        return print_subquery(printer, expression->subquery);
    case EXPRESSION_FILTERED:
        return print_filtered(printer, expression);
    default:
        return print_wrong(printer, "an expression is of unknown kind");
    }
}

bool print_expression(struct printer *printer, const struct expression *expression)
{
    if (!expression)
        return print_wrong(printer, "an expression is missing");
    if (!print_enter(printer))
        return false;
    bool ok = print_expression_kind(printer, expression);
    printer->depth--;
    return ok;
}
