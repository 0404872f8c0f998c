/* SPDX-License-Identifier: Apache-2.0 */
/* Stretches counted from today: "last month", "past 30 days", "2 years ago", "year to date". */
#include "planner/read/period_readers.h"

size_t span_read_count(const struct span_reader *r, size_t i, int *count)
{
    const struct period_word *word = span_word(r, i);
    *count = 1;
    if (word->value >= 1 && word->value <= PERIOD_UNITS_MAX && !word->ordinal) {
        *count = word->value;
        return 1;
    }
    if (IS(i, "couple")) {
        *count = 2;
        return IS(i + 1, "of") ? 2 : 1;
    }
    if (IS(i, "few")) {
        *count = 3;
        return 1;
    }
    return 0;
}

/* The last days up to today, today included. */
static void span_rolling(const struct span_reader *r, enum time_unit unit, int count,
                         struct span *out)
{
    int64_t to = r->today + 1;
    *out = (struct span){.from = span_shift(to, unit, -count),
                         .to = to,
                         .unit = unit,
                         .year_given = true,
                         .counted = true};
}

static void span_back(const struct span_reader *r, enum time_unit unit, int count, bool fiscal,
                      struct span *out)
{
    struct span now = span_unit(r, r->today, unit, fiscal);
    *out = now;
    out->from = span_shift(now.from, unit, -count);
    out->to = now.from;
    out->counted = count > 1;
}

static void span_ahead(const struct span_reader *r, enum time_unit unit, int count, bool fiscal,
                       struct span *out)
{
    struct span now = span_unit(r, r->today, unit, fiscal);
    *out = now;
    out->from = now.to;
    out->to = span_shift(now.to, unit, count);
    out->counted = count > 1;
}

/* "last month", "the past 30 days", "previous two quarters", "this year", "next 7 days",
 * "last full month", "last fiscal year", "trailing 12 months" */
size_t span_read_relative_unit(const struct span_reader *r, size_t i, struct span *out)
{
    if (!IN(i, "last past previous prior preceding this current next coming upcoming latest "
               "trailing rolling ongoing following"))
        return 0;
    size_t at = i + 1;
    int count = 1;
    size_t counted = span_read_count(r, at, &count);
    at += counted;
    bool whole = false, fiscal = false;
    for (; IN(at, "full complete completed whole calendar fiscal financial business"); at++) {
        whole |= IN(at, "full complete completed whole");
        fiscal |= IN(at, "fiscal financial");
    }
    bool plural = false;
    enum time_unit unit = unit_of_word(r->text, at, &plural);
    if (unit == UNIT_NONE || (plural && counted == 0))
        return 0;
    bool rolling = (IN(i, "past trailing rolling") && unit != UNIT_QUARTER && !whole) ||
                   (unit == UNIT_DAY && counted > 0);
    if (IN(i, "this current ongoing"))
        *out = span_unit(r, r->today, unit, fiscal);
    else if (IN(i, "next coming upcoming following"))
        span_ahead(r, unit, count, fiscal, out);
    else if (rolling)
        span_rolling(r, unit, count, out);
    else
        span_back(r, unit, count, fiscal, out);
    out->relative = IN(i, "previous prior preceding following") && counted == 0;
    if (IS(i + 1, "few"))
        out->assumption = "a few are three";
    else if (IN(i, "last previous prior") && counted > 0 && unit != UNIT_DAY && count > 1)
        out->assumption = "whole ones before the current one";
    return at + 1 - i;
}

/* "3 months ago", "a year ago", "two weeks earlier" */
size_t span_read_ago(const struct span_reader *r, size_t i, struct span *out)
{
    int count = 1;
    size_t used = IN(i, "a an") ? 1 : span_read_count(r, i, &count);
    enum time_unit unit = unit_of_word(r->text, i + used, NULL);
    if (used == 0 || unit == UNIT_NONE || !IS(i + used + 1, "ago"))
        return 0;
    int64_t moment = span_shift(r->today, unit, -count);
    *out = span_unit(r, moment, unit, false);
    out->moment = moment;
    return used + 2;
}

static size_t to_date(const struct span_reader *r, enum time_unit unit, bool fiscal, size_t used,
                      struct span *out)
{
    *out = span_unit(r, r->today, unit, fiscal);
    out->to = r->today + 1;
    return used;
}

/* "year to date", "YTD", "this month so far", "so far this year" */
size_t span_read_to_date(const struct span_reader *r, size_t i, struct span *out)
{
    static const struct {
        const char *word;
        enum time_unit unit;
    } rows[] = {{"ytd", UNIT_YEAR}, {"qtd", UNIT_QUARTER}, {"mtd", UNIT_MONTH}, {"wtd", UNIT_WEEK}};
    for (size_t k = 0; k < sizeof(rows) / sizeof(rows[0]); k++)
        if (IS(i, rows[k].word))
            return to_date(r, rows[k].unit, false, 1, out);
    size_t at = i;
    bool so_far = IS(at, "so") && IS(at + 1, "far");
    at += so_far ? 2 : 0;
    bool this = IN(at, "this current");
    at += this;
    bool fiscal = IN(at, "fiscal financial");
    at += fiscal;
    enum time_unit unit = unit_of_word(r->text, at, NULL);
    if (unit == UNIT_NONE)
        return 0;
    at++;
    if (so_far && this)
        return to_date(r, unit, fiscal, at - i, out);
    if (IS(at, "-") && IS(at + 1, "to") && IS(at + 2, "-") && IS(at + 3, "date"))
        return to_date(r, unit, fiscal, at + 4 - i, out);
    if ((IS(at, "to") && IS(at + 1, "date")) || (this && IS(at, "so") && IS(at + 1, "far")))
        return to_date(r, unit, fiscal, at + 2 - i, out);
    return 0;
}
