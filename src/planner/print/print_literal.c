/* SPDX-License-Identifier: Apache-2.0 */
/* Names and values in SQL: quoted, checked, and typed as the column that they stand beside. */
#include "planner/print/printer.h"

#include <string.h>
#include <strings.h>

#include "core/clock.h"
#include "core/strbuf.h"
#include "planner/print/print.h"

#define NAME_LENGTH_MAX 256

/* ---- names */

bool print_quoted(struct printer *printer, const char *text, char quote, size_t length_max)
{
    size_t length = text ? strlen(text) : 0;
    if (!text || length > length_max || !str_is_utf8((struct str){text, length}))
        return print_wrong(printer, "a name or value is missing, too long or not UTF-8");
    strbuf_add_char(printer->out, quote);
    for (size_t i = 0; i < length; i++) {
        if (text[i] == quote)
            strbuf_add_char(printer->out, quote);
        strbuf_add_char(printer->out, text[i]);
    }
    strbuf_add_char(printer->out, quote);
    return true;
}

bool print_name(struct printer *printer, const char *name)
{
    if (!name || !*name)
        return print_wrong(printer, "a name is empty");
    return print_quoted(printer, name, printer->dialect->quote, NAME_LENGTH_MAX);
}

static bool print_alias(struct printer *printer, int table)
{
    if (table < 0 || (size_t)table >= printer->query->table_count)
        return print_wrong(printer, "a column belongs to no table of the query");
    if (printer->aliases)
        strbuf_printf(printer->out, "t%d.", table);
    return true;
}

bool print_column(struct printer *printer, int table, const char *name)
{
    return print_alias(printer, table) && print_name(printer, name);
}

/* ---- values */

bool literal_is_number(const char *text)
{
    double number;
    struct str s = str_from(text);
    return s.length > 0 && s.length <= 60 && (char_is_digit(text[0]) || text[0] == '-') &&
           char_is_digit(text[s.length - 1]) && str_to_double(s, &number);
}

bool literal_is_date(const char *text)
{
    struct date date;
    return text && date_parse(str_from(text), &date);
}

/* "2024-02-29 13:00" with seconds and fraction or without, 'T' or a blank between. */
static bool is_timestamp(const char *text)
{
    size_t length = text ? strlen(text) : 0;
    if (length == 10)
        return literal_is_date(text);
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

bool print_literal(struct printer *printer, enum value_kind kind, const char *text)
{
    switch (kind) {
    case VALUE_INTEGER:
    case VALUE_DECIMAL:
    case VALUE_FLOAT:
        if (!text || !literal_is_number(text))
            return print_wrong(printer, "a number is no number");
        strbuf_add(printer->out, text);
        return true;
    case VALUE_BOOLEAN:
        if (!text || (strcasecmp(text, "true") != 0 && strcasecmp(text, "false") != 0))
            return print_wrong(printer, "a truth value is neither true nor false");
        strbuf_add(printer->out, char_lower(text[0]) == 't' ? "TRUE" : "FALSE");
        return true;
    case VALUE_DATE:
        return literal_is_date(text) ? print_date(printer, "DATE", text)
                                     : print_wrong(printer, "a date is not a valid ISO date");
    case VALUE_TIMESTAMP:
        return is_timestamp(text) ? print_date(printer, "TIMESTAMP", text)
                                  : print_wrong(printer, "a time is not a valid ISO time");
    case VALUE_TEXT:
    case VALUE_UNKNOWN:
        return print_quoted(printer, text, '\'', LITERAL_LENGTH_MAX);
    default:
        return print_wrong(printer, "a value of this kind can't be written");
    }
}

bool print_literal_for(struct printer *printer, const struct expression *literal,
                       const struct column *column)
{
    const char *text = literal->literal;
    if (!column || !text)
        return print_literal(printer, literal->literal_kind, text);
    if (column->kind == VALUE_TEXT)
        return print_quoted(printer, text, '\'', LITERAL_LENGTH_MAX);
    if (value_kind_is_number(column->kind) && !literal_is_number(text))
        return print_wrong(printer, "a number column is compared with something that is no number");
    if (value_kind_is_number(column->kind))
        return print_literal(printer, VALUE_DECIMAL, text);
    if (value_kind_is_time(column->kind) && literal->literal_kind != VALUE_DATE)
        return print_literal(printer, literal_is_date(text) ? VALUE_DATE : VALUE_TIMESTAMP, text);
    return print_literal(printer, literal->literal_kind, text);
}

const char *literal_print(const char *text, enum value_kind kind, const struct column *column,
                          enum sql_dialect dialect, struct arena *arena, struct error *err)
{
    struct strbuf out = strbuf_init(2 * LITERAL_LENGTH_MAX + 32);
    struct printer printer = {.dialect = &dialects[dialect], .arena = arena, .out = &out, .err = err};
    struct expression literal = {
        .kind = EXPRESSION_LITERAL, .literal = text, .literal_kind = kind};
    const char *sql = NULL;
    if (print_literal_for(&printer, &literal, column))
        sql = strbuf_ok(&out) ? arena_strdup(arena, strbuf_text(&out)) : NULL;
    if (!sql && (!err || err->code == ERROR_NONE))
        error_set(err, ERROR_INVALID, "the value is too long");
    strbuf_clear(&out);
    return sql;
}
