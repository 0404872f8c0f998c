/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/gaps.h"

#define STEPS_MAX 100000 /* of a series: what is longer has a wrong date in it */

static struct date next_bucket(struct date date, enum time_unit unit, int steps)
{
    static const int months[TIME_UNITS] = {[UNIT_MONTH] = 1, [UNIT_QUARTER] = 3, [UNIT_YEAR] = 12};
    if (months[unit] > 0)
        return date_add_months(date, months[unit] * steps);
    return date_from_days(date_to_days(date) + (unit == UNIT_WEEK ? 7 : 1) * steps);
}

static bool bucket_of(const struct rows *rows, size_t row, size_t column, struct date *out)
{
    const struct cell *cell = rows_cell(rows, row, column);
    if (cell->type == CELL_INTEGER && cell->integer > 0 && cell->integer < 10000) {
        *out = (struct date){.year = (int)cell->integer, .month = 1, .day = 1};
        return true;
    }
    return cell->type == CELL_TEXT && cell->text.length >= 10 &&
           date_parse(str_slice(cell->text, 0, 10), out);
}

static void add_gap(struct gaps *gaps, struct date date)
{
    if (gaps->count < GAPS_NAMED_MAX)
        gaps->named[gaps->count] = date;
    gaps->count++;
}

/* Counts from `from` up to, and without, `to`. */
static bool add_between(struct gaps *gaps, struct date from, struct date to, enum time_unit unit)
{
    for (int step = 0; step < STEPS_MAX; step++) {
        struct date at = next_bucket(from, unit, step);
        if (date_to_days(at) >= date_to_days(to))
            return true;
        add_gap(gaps, at);
    }
    return false;
}

/* The first bucket that is wholly within the period, by steps back from one that has rows. */
static struct date first_asked(struct date bucket, enum time_unit unit, struct date from)
{
    int steps = 0;
    while (steps < STEPS_MAX &&
           date_to_days(next_bucket(bucket, unit, -steps - 1)) >= date_to_days(from))
        steps++;
    return next_bucket(bucket, unit, -steps);
}

static bool asked_bounds(const struct period *asked, const char *today, struct date *from,
                         struct date *to)
{
    struct date now;
    if (!asked || !asked->from || !asked->to || !date_parse(str_from(asked->from), from) ||
        !date_parse(str_from(asked->to), to) || !today || !date_parse(str_from(today), &now))
        return false;
    if (date_to_days(now) < date_to_days(*to))
        *to = now;
    return true;
}

static bool find(const struct facts *facts, const struct rows *rows, const struct period *asked,
                 const char *today, struct gaps *out)
{
    size_t column = (size_t)facts->time_column, count = rows->row_count;
    enum time_unit unit = facts->columns[column].bucket;
    struct date first, last, at, from, to;
    if (!bucket_of(rows, 0, column, &first) || !bucket_of(rows, count - 1, column, &last))
        return false;
    bool backwards = date_to_days(first) > date_to_days(last);
    struct date begin = backwards ? last : first, expected = begin;
    bool bounds = asked_bounds(asked, today, &from, &to);
    if (bounds && !add_between(out, first_asked(begin, unit, from), begin, unit))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (!bucket_of(rows, backwards ? count - 1 - i : i, column, &at) ||
            date_to_days(at) < date_to_days(expected) || !add_between(out, expected, at, unit))
            return false;
        expected = next_bucket(at, unit, 1);
    }
    out->of = count;
    return !bounds || add_between(out, expected, to, unit);
}

void gaps_find(const struct facts *facts, const struct rows *rows, const struct period *asked,
               const char *today, struct gaps *out)
{
    *out = (struct gaps){0};
    if (facts->shape != SHAPE_SERIES || !facts->complete || !find(facts, rows, asked, today, out))
        *out = (struct gaps){0};
    out->of += out->count;
}
