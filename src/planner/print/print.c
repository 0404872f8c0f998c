/* SPDX-License-Identifier: Apache-2.0 */
#include "planner/print/print.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "core/clock.h"
#include "core/strbuf.h"
#include "planner/print/fragment.h"
#include "planner/print/label.h"
#include "sql/firewall.h"

#define NAME_LENGTH_MAX 256
#define LITERAL_LENGTH_MAX 1000

/* How the engines differ. A NULL word: it can't be said there. */
struct dialect {
    char quote;
    bool joins;
    bool date_types;      /* DATE '...'; else dates are texts that compare as texts */
    bool divides_exactly; /* 1 / 2 is 0.5 */
    bool filter;          /* FILTER (WHERE ...) after an aggregate */
    const char *like;     /* a LIKE that ignores case */
    const char *not_like;
    const char *text_type, *number_type;
    const char *safe_cast; /* a cast that gives null where the text is no such value */
    const char *zone_type, *zone_suffix; /* of an instant at the start of a UTC day */
    bool (*bucket)(struct strbuf *out, const struct expression *bucket, const char *value);
};

static bool bucket_standard(struct strbuf *out, const struct expression *bucket, const char *value);
static bool bucket_sqlite(struct strbuf *out, const struct expression *bucket, const char *value);

static const struct dialect dialects[SQL_DIALECTS] = {
    [DIALECT_DUCKDB] = {'"', true, true, true, true, "ILIKE", "NOT ILIKE", "VARCHAR", "DOUBLE",
                        "TRY_CAST", "TIMESTAMPTZ", "+00", bucket_standard},
    [DIALECT_SQLITE] = {'"', true, false, false, true, "LIKE", "NOT LIKE", "TEXT", "REAL", "CAST",
                        "", "", bucket_sqlite},
    [DIALECT_POSTGRES] = {'"', true, true, false, true, "ILIKE", "NOT ILIKE", "VARCHAR",
                          "DOUBLE PRECISION", "CAST", "TIMESTAMPTZ", "+00", bucket_standard},
    [DIALECT_TRINO] = {'"', true, true, false, true, NULL, NULL, "VARCHAR", "DOUBLE", "TRY_CAST",
                       "TIMESTAMP", " UTC", bucket_standard},
    [DIALECT_DOMO] = {'`', false, false, true, false, "LIKE", "NOT LIKE", "CHAR", "DECIMAL", "CAST",
                      "", "", NULL},
};

struct printer {
    const struct dialect *dialect;
    const struct query *query;
    struct arena *arena;
    struct strbuf *out;
    struct error *err;
    int depth;
    bool aliases; /* columns carry their table's alias */
};

static bool print_query(struct printer *outer, const struct query *query);
static bool print_expression(struct printer *printer, const struct expression *expression);
static bool print_condition(struct printer *printer, const struct condition *condition);

static bool wrong(struct printer *printer, const char *what)
{
    return error_set(printer->err, ERROR_INVALID, "query: %s", what);
}

static bool enter(struct printer *printer)
{
    if (++printer->depth > QUERY_DEPTH_MAX)
        return wrong(printer, "it is nested too deeply");
    return true;
}

/* Text in quotes, the quote doubled. Control characters have no place in a name or value. */
static bool print_quoted(struct printer *printer, const char *text, char quote, size_t length_max)
{
    size_t length = text ? strlen(text) : 0;
    if (!text || length > length_max || !str_is_utf8((struct str){text, length}))
        return wrong(printer, "a name or value is missing, too long or not UTF-8");
    strbuf_add_char(printer->out, quote);
    for (size_t i = 0; i < length; i++) {
        if (text[i] == quote)
            strbuf_add_char(printer->out, quote);
        strbuf_add_char(printer->out, text[i]);
    }
    strbuf_add_char(printer->out, quote);
    return true;
}

static bool print_name(struct printer *printer, const char *name)
{
    if (!name || !*name)
        return wrong(printer, "a name is empty");
    return print_quoted(printer, name, printer->dialect->quote, NAME_LENGTH_MAX);
}

static bool print_alias(struct printer *printer, int table)
{
    if (table < 0 || (size_t)table >= printer->query->table_count)
        return wrong(printer, "a column belongs to no table of the query");
    if (printer->aliases)
        strbuf_printf(printer->out, "t%d.", table);
    return true;
}

static bool print_column(struct printer *printer, int table, const char *name)
{
    return print_alias(printer, table) && print_name(printer, name);
}

static bool is_number(const char *text)
{
    double number;
    struct str s = str_from(text);
    return s.length > 0 && s.length <= 60 && (char_is_digit(text[0]) || text[0] == '-') &&
           char_is_digit(text[s.length - 1]) && str_to_double(s, &number);
}

static bool is_date(const char *text)
{
    struct date date;
    return text && date_parse(str_from(text), &date);
}

/* "2024-02-29 13:00" with seconds and fraction or without, 'T' or a blank between. */
static bool is_timestamp(const char *text)
{
    size_t length = text ? strlen(text) : 0;
    if (length == 10)
        return is_date(text);
    struct date date;
    if (length < 16 || length > 26 || !date_parse((struct str){text, 10}, &date) ||
        (text[10] != 'T' && text[10] != ' '))
        return false;
    static const char shape[] = "00:00:00.000000";
    for (size_t i = 11; i < length; i++)
        if (shape[i - 11] == '0' ? !char_is_digit(text[i]) : text[i] != shape[i - 11])
            return false;
    return length == 16 || length == 19 || length > 20;
}

static bool print_date(struct printer *printer, const char *keyword, const char *text)
{
    if (printer->dialect->date_types)
        strbuf_printf(printer->out, "%s ", keyword);
    return print_quoted(printer, text, '\'', LITERAL_LENGTH_MAX);
}

static bool print_literal(struct printer *printer, enum value_kind kind, const char *text)
{
    switch (kind) {
    case VALUE_INTEGER:
    case VALUE_DECIMAL:
    case VALUE_FLOAT:
        if (!text || !is_number(text))
            return wrong(printer, "a number is no number");
        strbuf_add(printer->out, text);
        return true;
    case VALUE_BOOLEAN:
        if (!text || (strcasecmp(text, "true") != 0 && strcasecmp(text, "false") != 0))
            return wrong(printer, "a truth value is neither true nor false");
        strbuf_add(printer->out, char_lower(text[0]) == 't' ? "TRUE" : "FALSE");
        return true;
    case VALUE_DATE:
        return is_date(text) ? print_date(printer, "DATE", text)
                             : wrong(printer, "a date is not a valid ISO date");
    case VALUE_TIMESTAMP:
        return is_timestamp(text) ? print_date(printer, "TIMESTAMP", text)
                                  : wrong(printer, "a time is not a valid ISO time");
    case VALUE_TEXT:
    case VALUE_UNKNOWN:
        return print_quoted(printer, text, '\'', LITERAL_LENGTH_MAX);
    default:
        return wrong(printer, "a value of this kind can't be written");
    }
}

/* A value beside a column: written so that the engine never has to guess a conversion, which
 * would fail the whole statement at the first odd cell. */
static bool print_literal_for(struct printer *printer, const struct expression *literal,
                              const struct column *column)
{
    const char *text = literal->literal;
    if (!column || !text)
        return print_literal(printer, literal->literal_kind, text);
    if (column->kind == VALUE_TEXT)
        return print_quoted(printer, text, '\'', LITERAL_LENGTH_MAX);
    if (value_kind_is_number(column->kind) && !is_number(text))
        return wrong(printer, "a number column is compared with something that is no number");
    if (value_kind_is_number(column->kind))
        return print_literal(printer, VALUE_DECIMAL, text);
    if (value_kind_is_time(column->kind) && literal->literal_kind != VALUE_DATE)
        return print_literal(printer, is_date(text) ? VALUE_DATE : VALUE_TIMESTAMP, text);
    return print_literal(printer, literal->literal_kind, text);
}

/* The expression on its own, as text, for the places where SQL wants it twice or inside. */
static char *printed(struct printer *printer, const struct expression *expression)
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

static bool print_aggregate(struct printer *printer, const struct expression *expression)
{
    static const char *const functions[AGGREGATES] = {
        [AGGREGATE_COUNT] = "count", [AGGREGATE_COUNT_DISTINCT] = "count",
        [AGGREGATE_SUM] = "sum",     [AGGREGATE_AVG] = "avg",
        [AGGREGATE_MIN] = "min",     [AGGREGATE_MAX] = "max",
    };
    const char *function =
        expression->aggregate < AGGREGATES ? functions[expression->aggregate] : NULL;
    const struct expression *of = expression->left;
    bool star = of && of->kind == EXPRESSION_STAR;
    if (!function || !of || (star && expression->aggregate != AGGREGATE_COUNT) ||
        expression_aggregates(of))
        return wrong(printer, "an aggregate is of something that can't be aggregated");
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

static bool print_fragment(struct printer *printer, int table, const char *text, const char *filter)
{
    if (table < 0 || (size_t)table >= printer->query->table_count)
        return wrong(printer, "a metric or filter belongs to no table of the query");
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
        return wrong(printer, "a metric is missing");
    return print_fragment(printer, expression->table, expression->metric->expression, filter);
}

static bool print_filtered(struct printer *printer, const struct expression *expression)
{
    const struct expression *of = expression->left;
    if (!printer->dialect->filter || !of || !expression->condition)
        return wrong(printer, "an aggregate can't be limited to a part of the rows here");
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
            return wrong(printer, "only an aggregate can be limited to a part of the rows");
        strbuf_printf(printer->out, " FILTER (WHERE %s)", filter);
    }
    strbuf_add(printer->out, sum ? ", 0)" : "");
    return true;
}

/* Calls and names stand as they are; everything else gets parentheses. */
static bool print_operand(struct printer *printer, const struct expression *expression)
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
        return wrong(printer, "an arithmetic sign is unknown");
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

static int bucket_shift(const struct expression *bucket)
{
    int start = bucket->fiscal_year_start;
    int months = bucket->unit == UNIT_QUARTER ? 3 : 12;
    return start >= 1 && start <= 12 ? (start - 1) % months : 0;
}

static int bucket_week_start(const struct expression *bucket)
{
    return bucket->week_start >= 1 && bucket->week_start <= 7 ? bucket->week_start : 1;
}

/* A week that starts on another day than Monday, or a fiscal quarter, is the standard one of a
 * shifted date, shifted back. A fiscal year is named after the year in which it ends. */
static bool bucket_standard(struct strbuf *out, const struct expression *bucket, const char *value)
{
    int days = bucket_week_start(bucket) - 1, months = bucket_shift(bucket);
    switch (bucket->unit) {
    case UNIT_DAY:
        strbuf_printf(out, "CAST(%s AS DATE)", value);
        return true;
    case UNIT_WEEK:
        if (days == 0)
            break;
        strbuf_printf(out,
                      "CAST(date_trunc('week', CAST(%s AS DATE) - INTERVAL '%d' DAY) + "
                      "INTERVAL '%d' DAY AS DATE)",
                      value, days, days);
        return true;
    case UNIT_QUARTER:
        if (months == 0)
            break;
        strbuf_printf(out,
                      "CAST(date_trunc('quarter', CAST(%s AS DATE) - INTERVAL '%d' MONTH) + "
                      "INTERVAL '%d' MONTH AS DATE)",
                      value, months, months);
        return true;
    case UNIT_YEAR:
        if (months == 0)
            strbuf_printf(out, "extract(year FROM %s)", value);
        else
            strbuf_printf(out, "extract(year FROM CAST(%s AS DATE) + INTERVAL '%d' MONTH)", value,
                          12 - months);
        return true;
    default:
        break;
    }
    strbuf_printf(out, "CAST(date_trunc('%s', %s) AS DATE)", time_unit_name(bucket->unit), value);
    return true;
}

static bool bucket_sqlite(struct strbuf *out, const struct expression *bucket, const char *value)
{
    int months = bucket_shift(bucket);
    switch (bucket->unit) {
    case UNIT_DAY:
        strbuf_printf(out, "date(%s)", value);
        return true;
    case UNIT_WEEK:
        strbuf_printf(out, "date(%s, '-6 days', 'weekday %d')", value,
                      bucket_week_start(bucket) % 7);
        return true;
    case UNIT_MONTH:
        strbuf_printf(out, "strftime('%%Y-%%m-01', %s)", value);
        return true;
    case UNIT_QUARTER:
        strbuf_printf(out,
                      "date(%s, 'start of month', '-' || ((CAST(strftime('%%m', %s) AS INTEGER) + "
                      "%d) %% 3) || ' months')",
                      value, value, 11 - months);
        return true;
    default:
        if (months == 0)
            strbuf_printf(out, "CAST(strftime('%%Y', %s) AS INTEGER)", value);
        else
            strbuf_printf(out,
                          "CAST(strftime('%%Y', %s, 'start of month', '+%d months') AS INTEGER)",
                          value, 12 - months);
        return true;
    }
}

static const struct column *column_of(const struct expression *expression)
{
    return expression && expression->kind == EXPRESSION_COLUMN ? expression->column : NULL;
}

static bool print_bucket(struct printer *printer, const struct expression *expression)
{
    const struct column *column = column_of(expression->left);
    if (column && column->kind == VALUE_INTEGER) /* a column of years */
        return expression->unit == UNIT_YEAR
                   ? print_expression(printer, expression->left)
                   : wrong(printer, "a column of years has no shorter units of time");
    if (!printer->dialect->bucket || expression->unit <= UNIT_NONE ||
        expression->unit >= TIME_UNITS || !expression->left)
        return wrong(printer, "time can't be cut to this unit here");
    const char *value = printed(printer, expression->left);
    if (!value)
        return false;
    if (column && column->kind == VALUE_TEXT && printer->dialect->date_types)
        value = arena_printf(printer->arena, "%s(%s AS DATE)", printer->dialect->safe_cast, value);
    return printer->dialect->bucket(printer->out, expression, value);
}

static bool print_subquery(struct printer *printer, const struct query *query)
{
    if (!query || query->select_count != 1)
        return wrong(printer, "a sub-query must select one column");
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
                   : wrong(printer, "a column is missing");
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
        return wrong(printer, "an expression is of unknown kind");
    }
}

static bool print_expression(struct printer *printer, const struct expression *expression)
{
    if (!expression)
        return wrong(printer, "an expression is missing");
    if (!enter(printer))
        return false;
    bool ok = print_expression_kind(printer, expression);
    printer->depth--;
    return ok;
}

static bool print_value(struct printer *printer, const struct condition *condition, size_t i)
{
    const struct expression *value = &condition->values[i];
    if (value->kind == EXPRESSION_LITERAL)
        return print_literal_for(printer, value, column_of(condition->left));
    return print_expression(printer, value);
}

/* LIKE without regard to case, of anything: numbers and dates are matched as their text. */
static bool print_like(struct printer *printer, const struct condition *condition)
{
    const struct dialect *dialect = printer->dialect;
    const struct column *column = column_of(condition->left);
    bool negated = condition->comparison == COMPARE_NOT_LIKE;
    const char *pattern = condition->values[0].literal;
    if (condition->values[0].kind != EXPRESSION_LITERAL || !pattern)
        return wrong(printer, "a pattern must be a text");
    char *value = printed(printer, condition->left);
    if (!value)
        return false;
    if (column && column->kind != VALUE_TEXT && column->kind != VALUE_UNKNOWN)
        value = arena_printf(printer->arena, "CAST(%s AS %s)", value, dialect->text_type);
    const char *word = negated ? dialect->not_like : dialect->like;
    if (word)
        strbuf_printf(printer->out, "%s %s ", value, word);
    else
        strbuf_printf(printer->out, "lower(%s) %sLIKE lower(", value, negated ? "NOT " : "");
    if (!print_quoted(printer, pattern, '\'', LITERAL_LENGTH_MAX))
        return false;
    if (!word)
        strbuf_add_char(printer->out, ')');
    if (strchr(pattern, '\\'))
        strbuf_add(printer->out, " ESCAPE '\\'");
    return true;
}

static bool print_in(struct printer *printer, const struct condition *condition)
{
    if (!print_operand(printer, condition->left))
        return false;
    strbuf_add(printer->out, condition->comparison == COMPARE_IN ? " IN " : " NOT IN ");
    if (condition->value_count == 1 && condition->values[0].kind == EXPRESSION_SUBQUERY)
        return print_value(printer, condition, 0);
    strbuf_add_char(printer->out, '(');
    for (size_t i = 0; i < condition->value_count; i++) {
        if (i > 0)
            strbuf_add(printer->out, ", ");
        if (!print_value(printer, condition, i))
            return false;
    }
    strbuf_add_char(printer->out, ')');
    return true;
}

/* The left side; a text column beside a number is read as one, cell by cell, where it can be. */
static bool print_compared(struct printer *printer, const struct condition *condition)
{
    const struct column *column = column_of(condition->left);
    bool ordered =
        condition->comparison != COMPARE_EQUAL && condition->comparison != COMPARE_NOT_EQUAL;
    bool number = condition->values[0].kind == EXPRESSION_LITERAL &&
                  value_kind_is_number(condition->values[0].literal_kind);
    if (!column || column->kind != VALUE_TEXT || !ordered || !number)
        return print_operand(printer, condition->left);
    strbuf_printf(printer->out, "%s(", printer->dialect->safe_cast);
    if (!print_expression(printer, condition->left))
        return false;
    strbuf_printf(printer->out, " AS %s)", printer->dialect->number_type);
    return true;
}

static bool print_ordered_value(struct printer *printer, const struct condition *condition,
                                size_t i)
{
    const struct expression *value = &condition->values[i];
    const struct column *column = column_of(condition->left);
    if (column && column->kind == VALUE_TEXT && value->kind == EXPRESSION_LITERAL &&
        value_kind_is_number(value->literal_kind))
        return print_literal(printer, value->literal_kind, value->literal);
    return print_value(printer, condition, i);
}

static bool print_simple_compare(struct printer *printer, const struct condition *condition)
{
    static const char *const signs[COMPARISONS] = {
        [COMPARE_EQUAL] = " = ",         [COMPARE_NOT_EQUAL] = " <> ",
        [COMPARE_LESS] = " < ",          [COMPARE_LESS_EQUAL] = " <= ",
        [COMPARE_GREATER] = " > ",       [COMPARE_GREATER_EQUAL] = " >= ",
        [COMPARE_BETWEEN] = " BETWEEN ",
    };
    bool between = condition->comparison == COMPARE_BETWEEN;
    bool ordered = condition->comparison > COMPARE_NOT_EQUAL;
    if (condition->value_count != (between ? 2 : 1))
        return wrong(printer, "a comparison has the wrong number of values");
    if (!print_compared(printer, condition))
        return false;
    strbuf_add(printer->out, signs[condition->comparison]);
    for (size_t i = 0; i < condition->value_count; i++) {
        if (i > 0)
            strbuf_add(printer->out, " AND ");
        if (!(ordered ? print_ordered_value(printer, condition, i)
                      : print_value(printer, condition, i)))
            return false;
    }
    return true;
}

static bool print_compare(struct printer *printer, const struct condition *condition)
{
    if (condition->value_count > QUERY_PARTS_MAX)
        return wrong(printer, "a condition has too many values");
    switch (condition->comparison) {
    case COMPARE_NULL:
    case COMPARE_NOT_NULL:
        if (!print_operand(printer, condition->left))
            return false;
        strbuf_add(printer->out,
                   condition->comparison == COMPARE_NULL ? " IS NULL" : " IS NOT NULL");
        return true;
    case COMPARE_LIKE:
    case COMPARE_NOT_LIKE:
        return condition->value_count == 1 ? print_like(printer, condition)
                                           : wrong(printer, "a pattern is missing");
    case COMPARE_IN:
    case COMPARE_NOT_IN:
        return condition->value_count > 0 ? print_in(printer, condition)
                                          : wrong(printer, "a list of values is empty");
    default:
        return condition->comparison < COMPARISONS ? print_simple_compare(printer, condition)
                                                   : wrong(printer, "a comparison is unknown");
    }
}

static bool print_bound(struct printer *printer, const struct column *column, const char *date)
{
    if (!is_date(date))
        return wrong(printer, "a bound of a period is not a valid ISO date");
    enum value_kind kind = column ? column->kind : VALUE_DATE;
    if (kind == VALUE_INTEGER) {
        if (strcmp(date + 4, "-01-01") != 0)
            return wrong(printer, "a column of years can only be limited to whole years");
        strbuf_printf(printer->out, "%d",
                      (int)((date[0] - '0') * 1000 + (date[1] - '0') * 100 + (date[2] - '0') * 10 +
                            (date[3] - '0')));
        return true;
    }
    if (kind == VALUE_TEXT || !printer->dialect->date_types)
        return print_quoted(printer, date, '\'', LITERAL_LENGTH_MAX);
    if (kind == VALUE_TIMESTAMP)
        strbuf_printf(printer->out, "TIMESTAMP '%s 00:00:00'", date);
    else if (kind == VALUE_TIMESTAMP_TZ)
        strbuf_printf(printer->out, "%s '%s 00:00:00%s'", printer->dialect->zone_type, date,
                      printer->dialect->zone_suffix);
    else
        strbuf_printf(printer->out, "DATE '%s'", date);
    return true;
}

static bool print_period(struct printer *printer, const struct condition *condition)
{
    const struct column *column = column_of(condition->left);
    if (!condition->from && !condition->to)
        return wrong(printer, "a period has no bound");
    char *value = printed(printer, condition->left);
    if (!value)
        return false;
    bool both = condition->from && condition->to;
    if (condition->from) {
        strbuf_printf(printer->out, "%s >= ", value);
        if (!print_bound(printer, column, condition->from))
            return false;
    }
    if (condition->to) {
        strbuf_printf(printer->out, "%s%s < ", both ? " AND " : "", value);
        if (!print_bound(printer, column, condition->to))
            return false;
    }
    return true;
}

static bool print_parts(struct printer *printer, const struct condition *condition)
{
    bool is_or = condition->kind == CONDITION_OR;
    if (condition->part_count == 0 || condition->part_count > QUERY_PARTS_MAX)
        return wrong(printer, "a list of conditions is empty or too long");
    for (size_t i = 0; i < condition->part_count; i++) {
        const struct condition *part = condition->parts[i];
        bool group = part && (part->kind == CONDITION_OR || part->kind == CONDITION_AND ||
                              (is_or && part->kind == CONDITION_PERIOD && part->from && part->to));
        if (i > 0)
            strbuf_add(printer->out, is_or ? " OR " : " AND ");
        strbuf_add(printer->out, group ? "(" : "");
        if (!print_condition(printer, part))
            return false;
        strbuf_add(printer->out, group ? ")" : "");
    }
    return true;
}

static bool print_negation(struct printer *printer, const struct condition *part)
{
    bool bare = part && part->kind == CONDITION_FILTER; /* has parentheses of its own */
    strbuf_add(printer->out, bare ? "NOT " : "NOT (");
    if (!print_condition(printer, part))
        return false;
    strbuf_add(printer->out, bare ? "" : ")");
    return true;
}

static bool print_condition_kind(struct printer *printer, const struct condition *condition)
{
    switch (condition->kind) {
    case CONDITION_COMPARE:
        return print_compare(printer, condition);
    case CONDITION_AND:
    case CONDITION_OR:
        return print_parts(printer, condition);
    case CONDITION_NOT:
        if (condition->part_count != 1)
            return wrong(printer, "a negation needs one condition");
        return print_negation(printer, condition->parts[0]);
    case CONDITION_PERIOD:
        return print_period(printer, condition);
    case CONDITION_FILTER:
        if (!condition->filter)
            return wrong(printer, "a named filter is missing");
        strbuf_add_char(printer->out, '(');
        if (!print_fragment(printer, condition->table, condition->filter->expression, NULL))
            return false;
        strbuf_add_char(printer->out, ')');
        return true;
    default:
        return wrong(printer, "a condition is of unknown kind");
    }
}

static bool print_condition(struct printer *printer, const struct condition *condition)
{
    if (!condition)
        return wrong(printer, "a condition is missing");
    if (!enter(printer))
        return false;
    bool ok = print_condition_kind(printer, condition);
    printer->depth--;
    return ok;
}

static bool print_select(struct printer *printer, char **labels)
{
    const struct query *query = printer->query;
    strbuf_add(printer->out, query->distinct ? "SELECT DISTINCT " : "SELECT ");
    for (size_t i = 0; i < query->select_count; i++) {
        const struct expression *expression = query->select[i].expression;
        if (i > 0)
            strbuf_add(printer->out, ", ");
        if (!print_expression(printer, expression))
            return false;
        const struct column *column = column_of(expression);
        if (!labels[i] || (column && strcmp(column->name, labels[i]) == 0))
            continue;
        strbuf_add(printer->out, " AS ");
        if (!print_name(printer, labels[i]))
            return false;
    }
    return true;
}

static bool print_table(struct printer *printer, size_t i)
{
    const struct query_table *table = &printer->query->tables[i];
    if (!table->dataset)
        return wrong(printer, "a table is missing");
    if (i > 0) {
        if (table->joined_to < 0 || (size_t)table->joined_to >= i)
            return wrong(printer, "a table is joined to nothing");
        strbuf_add(printer->out, table->left_join ? " LEFT JOIN " : " JOIN ");
    }
    if (!print_name(printer, table->dataset->table_name))
        return false;
    if (printer->aliases)
        strbuf_printf(printer->out, " AS t%zu", i);
    if (i == 0)
        return true;
    strbuf_add(printer->out, " ON ");
    if (!print_column(printer, table->joined_to, table->joined_column))
        return false;
    strbuf_add(printer->out, " = ");
    return print_column(printer, (int)i, table->own_column);
}

static bool print_from(struct printer *printer)
{
    strbuf_add(printer->out, " FROM ");
    for (size_t i = 0; i < printer->query->table_count; i++)
        if (!print_table(printer, i))
            return false;
    return true;
}

static bool print_group(struct printer *printer)
{
    const struct query *query = printer->query;
    for (size_t i = 0; i < query->group_count; i++) {
        strbuf_add(printer->out, i == 0 ? " GROUP BY " : ", ");
        if (!print_expression(printer, query->group[i]))
            return false;
    }
    return true;
}

/* A selected key is named by its label: shorter, and the only form that a set operation takes. */
static bool print_order_key(struct printer *printer, const struct order_key *key, char **labels)
{
    const struct query *query = printer->query;
    for (size_t i = 0; i < query->select_count; i++)
        if (labels[i] && key->expression &&
            expression_equal(query->select[i].expression, key->expression))
            return column_of(key->expression) && query->set_operation == SET_NONE
                       ? print_expression(printer, key->expression)
                       : print_name(printer, labels[i]);
    if (query->set_operation != SET_NONE)
        return wrong(printer, "a set operation can only be ordered by what it selects");
    return print_expression(printer, key->expression);
}

static bool print_order(struct printer *printer, char **labels)
{
    const struct query *query = printer->query;
    for (size_t i = 0; i < query->order_count; i++) {
        strbuf_add(printer->out, i == 0 ? " ORDER BY " : ", ");
        if (!print_order_key(printer, &query->order[i], labels))
            return false;
        if (query->order[i].descending)
            strbuf_add(printer->out, printer->dialect->date_types ? " DESC NULLS LAST" : " DESC");
    }
    if (query->limit < 0)
        return wrong(printer, "a limit is below zero");
    if (query->limit > 0)
        strbuf_printf(printer->out, " LIMIT %lld", (long long)query->limit);
    return true;
}

static bool print_set(struct printer *printer)
{
    static const char *const words[SET_OPERATIONS] = {
        [SET_UNION] = " UNION ", [SET_INTERSECT] = " INTERSECT ", [SET_EXCEPT] = " EXCEPT "};
    const struct query *query = printer->query, *right = query->set_right;
    if (query->set_operation == SET_NONE)
        return true;
    if (query->set_operation >= SET_OPERATIONS || !right || right->order_count > 0 ||
        right->limit != 0 || right->set_operation != SET_NONE ||
        right->select_count != query->select_count)
        return wrong(printer, "the right side of a set operation has the wrong form");
    strbuf_add(printer->out, words[query->set_operation]);
    return print_query(printer, right);
}

static bool query_fits(struct printer *printer, const struct query *query)
{
    if (query->table_count == 0 || query->table_count > QUERY_TABLES_MAX ||
        query->select_count == 0 || query->select_count > QUERY_PARTS_MAX ||
        query->group_count > QUERY_PARTS_MAX || query->order_count > QUERY_PARTS_MAX)
        return wrong(printer, "it has no table, selects nothing, or has too many parts");
    for (size_t i = 0; i < query->table_count; i++)
        if (!query->tables[i].dataset)
            return wrong(printer, "a table is missing");
    if (query->table_count > 1 && !printer->dialect->joins)
        return wrong(printer, "this engine reads one table at a time");
    return true;
}

static bool print_clauses(struct printer *printer)
{
    const struct query *query = printer->query;
    char **labels = query_labels(query, printer->arena);
    if (!print_select(printer, labels) || !print_from(printer))
        return false;
    if (query->where) {
        strbuf_add(printer->out, " WHERE ");
        if (!print_condition(printer, query->where))
            return false;
    }
    if (!print_group(printer))
        return false;
    if (query->having) {
        strbuf_add(printer->out, " HAVING ");
        if (!print_condition(printer, query->having))
            return false;
    }
    return print_set(printer) && print_order(printer, labels);
}

static bool print_query(struct printer *outer, const struct query *query)
{
    struct printer printer = *outer;
    printer.query = query;
    printer.aliases = query->table_count > 1;
    return enter(&printer) && query_fits(&printer, query) && print_clauses(&printer);
}

const char *query_print(const struct query *query, enum sql_dialect dialect, struct arena *arena,
                        struct error *err)
{
    struct strbuf out = strbuf_init(SQL_SIZE_MAX);
    struct printer printer = {.arena = arena, .out = &out, .err = err};
    const char *sql = NULL;
    if (!query || dialect >= SQL_DIALECTS) {
        error_set(err, ERROR_INVALID, "query: there is none");
    } else {
        printer.dialect = &dialects[dialect];
        if (print_query(&printer, query)) {
            if (strbuf_ok(&out))
                sql = arena_strdup(arena, strbuf_text(&out));
            else
                error_set(err, ERROR_INVALID, "query: its SQL is too long");
        }
    }
    strbuf_clear(&out);
    return sql;
}
