/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A number in prose is held when something rounds to it: a cell, a fact, or a number in one of the
 * given texts. The tolerance is half a unit of the last digit written, times what stands behind
 * ("million"). Signs are ignored: "fell by 12 %" is -12.
 */
#include "agent/grounding.h"

#include <math.h>
#include <string.h>

/* A number as it stands in prose. */
struct mention {
    size_t begin, end;
    double value;
    double tolerance;
};

static double scale_after(struct str prose, size_t *at)
{
    static const struct {
        const char *word;
        double factor;
    } rows[] = {{" thousand", 1e3}, {" million", 1e6}, {" billion", 1e9}, {" trillion", 1e12},
                {"k", 1e3},         {"M", 1e6},        {"bn", 1e9}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct str word = str_from(rows[i].word);
        size_t end = *at + word.length;
        if (str_equal(str_slice(prose, *at, end), word) &&
            (end >= prose.length || !char_is_alnum(prose.bytes[end]))) {
            *at = end;
            return rows[i].factor;
        }
    }
    return 1;
}

/* A comma between digits belongs to the number when exactly three digits follow. */
static bool is_separator(struct str prose, size_t at)
{
    if (prose.bytes[at] != ',' || at + 3 >= prose.length)
        return false;
    for (size_t i = 1; i <= 3; i++)
        if (!char_is_digit(prose.bytes[at + i]))
            return false;
    return at + 4 >= prose.length || !char_is_digit(prose.bytes[at + 4]);
}

/* "e+20" after a number: applied to its value and to the unit of its last digit. */
static void read_exponent(struct str prose, size_t *at, double *value, double *unit)
{
    size_t i = *at;
    if (i >= prose.length || (prose.bytes[i] != 'e' && prose.bytes[i] != 'E'))
        return;
    i++;
    bool negative = i < prose.length && prose.bytes[i] == '-';
    if (i < prose.length && (prose.bytes[i] == '-' || prose.bytes[i] == '+'))
        i++;
    if (i >= prose.length || !char_is_digit(prose.bytes[i]))
        return;
    int exponent = 0;
    for (; i < prose.length && char_is_digit(prose.bytes[i]) && exponent < 400; i++)
        exponent = exponent * 10 + (prose.bytes[i] - '0');
    double factor = pow(10, negative ? -exponent : exponent);
    *value *= factor;
    *unit *= factor;
    *at = i;
}

/* The next number at or after *at; false when there is none. Digits within a word ("Q3", "sku12")
 * are part of a name and come as numbers too: names are among the texts. */
static bool next_number(struct str prose, size_t at, struct mention *out)
{
    while (at < prose.length && !char_is_digit(prose.bytes[at]))
        at++;
    if (at >= prose.length)
        return false;
    out->begin = at;
    double value = 0, unit = 1;
    int digits = 0;
    for (; at < prose.length && (char_is_digit(prose.bytes[at]) || is_separator(prose, at)); at++)
        if (prose.bytes[at] != ',') {
            value = value * 10 + (prose.bytes[at] - '0');
            digits++;
        }
    if (at + 1 < prose.length && prose.bytes[at] == '.' && char_is_digit(prose.bytes[at + 1]))
        for (at++; at < prose.length && char_is_digit(prose.bytes[at]); at++) {
            unit /= 10;
            value += (prose.bytes[at] - '0') * unit;
        }
    read_exponent(prose, &at, &value, &unit);
    double factor = scale_after(prose, &at);
    out->end = at;
    out->value = value * factor;
    /* Half a unit of the last digit, and what a double can't tell apart. */
    out->tolerance = 0.5000001 * unit * factor + fabs(out->value) * 1e-12;
    if (unit == 1 && factor == 1 && digits <= 15)
        out->tolerance = 0.5000001;
    return true;
}

static bool near(const struct mention *mention, double number)
{
    return fabs(fabs(number) - mention->value) <= mention->tolerance;
}

static bool in_rows(const struct grounding *grounding, const struct mention *mention)
{
    const struct rows *rows = grounding->rows;
    if (!rows)
        return false;
    for (size_t i = 0; i < rows->row_count * rows->column_count; i++) {
        double number;
        if (cell_to_double(&rows->cells[i], &number) && near(mention, number))
            return true;
    }
    return false;
}

static bool in_text(struct str text, const struct mention *mention)
{
    struct mention other = {0};
    for (size_t at = 0; next_number(text, at, &other); at = other.end)
        if (fabs(other.value - mention->value) <= mention->tolerance)
            return true;
    return false;
}

static bool in_text_cells(const struct grounding *grounding, const struct mention *mention)
{
    const struct rows *rows = grounding->rows;
    for (size_t i = 0; rows && i < rows->row_count * rows->column_count; i++)
        if (rows->cells[i].type == CELL_TEXT && in_text(rows->cells[i].text, mention))
            return true;
    return false;
}

static bool is_held(const struct grounding *grounding, const struct mention *mention)
{
    for (size_t i = 0; i < grounding->fact_count; i++)
        if (near(mention, grounding->facts[i]))
            return true;
    for (size_t i = 0; i < grounding->text_count; i++)
        if (grounding->texts[i] && in_text(str_from(grounding->texts[i]), mention))
            return true;
    return in_rows(grounding, mention) || in_text_cells(grounding, mention);
}

struct str grounding_find_unsupported(const struct grounding *grounding, struct str prose)
{
    struct mention mention = {0};
    for (size_t at = 0; next_number(prose, at, &mention); at = mention.end)
        if (!is_held(grounding, &mention))
            return str_slice(prose, mention.begin, mention.end);
    return (struct str){"", 0};
}
