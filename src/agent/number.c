/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/number.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "planner/query.h"

#define TEXT_LENGTH_MAX 80 /* bytes of a text cell in prose */

const char *number_print_digits(struct str digits, struct arena *arena)
{
    struct strbuf out = strbuf_init(400);
    size_t i = 0;
    if (digits.length > 0 && (digits.bytes[0] == '-' || digits.bytes[0] == '+')) {
        if (digits.bytes[0] == '-')
            strbuf_add_char(&out, '-');
        i = 1;
    }
    ptrdiff_t point = str_find(digits, STR("."));
    size_t whole_end = point < 0 ? digits.length : (size_t)point;
    for (; i < digits.length; i++) {
        strbuf_add_char(&out, digits.bytes[i]);
        size_t left = i < whole_end ? whole_end - i - 1 : 0;
        if (i < whole_end && left > 0 && left % 3 == 0)
            strbuf_add_char(&out, ',');
    }
    const char *text = arena_strdup(arena, strbuf_text(&out));
    strbuf_clear(&out);
    return text;
}

const char *number_print(double number, struct arena *arena)
{
    char text[400];
    if (!isfinite(number))
        return "not a number";
    double size = fabs(number);
    if (size >= 1e15)
        snprintf(text, sizeof(text), "%.6g", number);
    else if (number == floor(number))
        snprintf(text, sizeof(text), "%.0f", number);
    else if (size >= 1)
        snprintf(text, sizeof(text), "%.2f", number);
    else
        snprintf(text, sizeof(text), "%.3g", number);
    if (strchr(text, 'e'))
        return arena_strdup(arena, text);
    return number_print_digits(str_from(text), arena);
}

const char *percent_print(double percent, struct arena *arena)
{
    double size = fabs(percent);
    if (!isfinite(percent))
        return "not a number";
    if (size > 0 && size < 0.1)
        return percent > 0 ? "under 0.1 %" : "above -0.1 %";
    /* Over 10 a whole number says enough, unless rounding would claim all of it. */
    bool whole = size >= 10 && !(size > 99 && size < 100);
    char text[64];
    snprintf(text, sizeof(text), whole ? "%.0f" : "%.1f", percent);
    return arena_printf(arena, "%s %%", number_print_digits(str_from(text), arena));
}

static const char *const month_names[] = {"January", "February", "March",     "April",
                                          "May",     "June",     "July",      "August",
                                          "September", "October", "November", "December"};

static const char *date_words(struct str text, int bucket, struct arena *arena)
{
    struct date date;
    if (!date_parse(str_slice(text, 0, 10), &date))
        return arena_strndup(arena, text.bytes, text.length);
    switch (bucket) {
    case UNIT_YEAR:
        return arena_printf(arena, "%d", date.year);
    case UNIT_QUARTER:
        return arena_printf(arena, "Q%d %d", (date.month - 1) / 3 + 1, date.year);
    case UNIT_MONTH:
        return arena_printf(arena, "%s %d", month_names[date.month - 1], date.year);
    case UNIT_WEEK:
        return arena_printf(arena, "the week of %d %s %d", date.day, month_names[date.month - 1],
                            date.year);
    default:
        break;
    }
    const char *day = arena_printf(arena, "%d %s %d", date.day, month_names[date.month - 1],
                                   date.year);
    struct str time = str_slice(text, 11, 16);
    if (text.length < 16 || str_equal(time, STR("00:00")))
        return day;
    return arena_printf(arena, "%s %.*s", day, STR_ARGS(time));
}

/* What would be a link, a picture or HTML to who shows prose as such is read out, and is none. */
static const char *without_markup(struct str text, struct arena *arena)
{
    struct strbuf out = strbuf_init(4 * TEXT_LENGTH_MAX);
    for (size_t i = 0; i < text.length; i++) {
        strbuf_add_char(&out, text.bytes[i]);
        bool link = text.bytes[i] == ']' && i + 1 < text.length && text.bytes[i + 1] == '(';
        if (link || text.bytes[i] == '<')
            strbuf_add_char(&out, ' ');
    }
    const char *plain = arena_strdup(arena, strbuf_text(&out));
    strbuf_clear(&out);
    return plain;
}

static const char *text_words(const struct cell *cell, const struct result_column *column,
                              int bucket, struct arena *arena)
{
    if (value_kind_is_time(column->kind) || bucket != UNIT_NONE)
        return date_words(cell->text, bucket, arena);
    if (column->kind == VALUE_INTEGER)
        return number_print_digits(cell->text, arena);
    double number;
    if (column->kind == VALUE_DECIMAL && cell_to_double(cell, &number)) {
        /* Cents stay as they are stored; more decimals are rounded like other numbers. */
        ptrdiff_t point = str_find(cell->text, STR("."));
        bool short_fraction = point < 0 || cell->text.length - (size_t)point <= 3;
        return short_fraction ? number_print_digits(cell->text, arena)
                              : number_print(number, arena);
    }
    struct str kept = str_cut_utf8(cell->text, TEXT_LENGTH_MAX);
    const char *more = kept.length < cell->text.length ? "\xE2\x80\xA6" : "";
    if (str_find(kept, STR("<")) >= 0 || str_find(kept, STR("](")) >= 0)
        return arena_printf(arena, "%s%s", without_markup(kept, arena), more);
    return arena_printf(arena, "%.*s%s", STR_ARGS(kept), more);
}

static const char *with_unit(const char *number, const char *unit, struct arena *arena)
{
    return unit && *unit ? arena_printf(arena, "%s %s", number, unit) : number;
}

const char *cell_print_words(const struct cell *cell, const struct result_column *column,
                             const char *unit, int bucket, struct arena *arena)
{
    switch (cell->type) {
    case CELL_NULL:
        return "none";
    case CELL_BOOLEAN:
        return cell->boolean ? "yes" : "no";
    case CELL_INTEGER:
        /* Years and the like are names, not amounts. */
        if (!unit && cell->integer >= 1000 && cell->integer <= 2999 &&
            (strcasestr(column->name, "year") || bucket == UNIT_YEAR))
            return arena_printf(arena, "%lld", (long long)cell->integer);
        return with_unit(number_print_digits(
                             str_from(arena_printf(arena, "%lld", (long long)cell->integer)), arena),
                         unit, arena);
    case CELL_DOUBLE:
        return with_unit(number_print(cell->number, arena), unit, arena);
    default:
        if (value_kind_is_number(column->kind))
            return with_unit(text_words(cell, column, bucket, arena), unit, arena);
        return text_words(cell, column, bucket, arena);
    }
}
