/* SPDX-License-Identifier: Apache-2.0 */
/* Conditions in SQL: comparisons, patterns, lists, periods, and what joins them. */
#include "planner/print/printer.h"

#include <string.h>

#include "core/clock.h"

/* ---- comparisons */

static bool print_value(struct printer *printer, const struct condition *condition, size_t i)
{
    const struct expression *value = &condition->values[i];
    if (value->kind == EXPRESSION_LITERAL)
        return print_literal_for(printer, value, expression_column_of(condition->left));
    return print_expression(printer, value);
}

/* LIKE without regard to case, of anything: numbers and dates are matched as their text. */
static bool print_like(struct printer *printer, const struct condition *condition)
{
    const struct dialect *dialect = printer->dialect;
    const struct column *column = expression_column_of(condition->left);
    bool negated = condition->comparison == COMPARE_NOT_LIKE;
    const char *pattern = condition->values[0].literal;
    if (condition->values[0].kind != EXPRESSION_LITERAL || !pattern)
        return print_wrong(printer, "a pattern must be a text");
    char *value = print_to_text(printer, condition->left);
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
    const struct column *column = expression_column_of(condition->left);
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
    const struct column *column = expression_column_of(condition->left);
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
        return print_wrong(printer, "a comparison has the print_wrong number of values");
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
        return print_wrong(printer, "a condition has too many values");
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
                                           : print_wrong(printer, "a pattern is missing");
    case COMPARE_IN:
    case COMPARE_NOT_IN:
        return condition->value_count > 0 ? print_in(printer, condition)
                                          : print_wrong(printer, "a list of values is empty");
    default:
        return condition->comparison < COMPARISONS
                   ? print_simple_compare(printer, condition)
                   : print_wrong(printer, "a comparison is unknown");
    }
}

/* ---- periods */

static bool print_bound(struct printer *printer, const struct column *column, const char *date)
{
    if (!literal_is_date(date))
        return print_wrong(printer, "a bound of a period is not a valid ISO date");
    enum value_kind kind = column ? column->kind : VALUE_DATE;
    if (kind == VALUE_INTEGER) {
        if (strcmp(date + 4, "-01-01") != 0)
            return print_wrong(printer, "a column of years can only be limited to whole years");
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
    const struct column *column = expression_column_of(condition->left);
    if (!condition->from && !condition->to)
        return print_wrong(printer, "a period has no bound");
    char *value = print_to_text(printer, condition->left);
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

/* ---- any condition */

static bool print_parts(struct printer *printer, const struct condition *condition)
{
    bool is_or = condition->kind == CONDITION_OR;
    if (condition->part_count == 0 || condition->part_count > QUERY_PARTS_MAX)
        return print_wrong(printer, "a list of conditions is empty or too long");
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
            return print_wrong(printer, "a negation needs one condition");
        return print_negation(printer, condition->parts[0]);
    case CONDITION_PERIOD:
        return print_period(printer, condition);
    case CONDITION_FILTER:
        if (!condition->filter)
            return print_wrong(printer, "a named filter is missing");
        strbuf_add_char(printer->out, '(');
        if (!print_fragment(printer, condition->table, condition->filter->expression, NULL))
            return false;
        strbuf_add_char(printer->out, ')');
        return true;
    default:
        return print_wrong(printer, "a condition is of unknown kind");
    }
}

bool print_condition(struct printer *printer, const struct condition *condition)
{
    if (!condition)
        return print_wrong(printer, "a condition is missing");
    if (!print_enter(printer))
        return false;
    bool ok = print_condition_kind(printer, condition);
    printer->depth--;
    return ok;
}
