/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Single stretches of time: "last month", "Q2 2024", "4 March", "week of 3 June". Each reader of
 * period_readers.h knows one way of saying them and gives the number of words it used; span_read()
 * tries all and keeps the longest. Words around them ("since", "from ... to", "compared with") are
 * period.c's business.
 */
#include "planner/read/period_readers.h"

/* ---- words and days */

const struct period_word *span_word(const struct span_reader *r, size_t i)
{
    static const struct period_word none = {.value = -1};
    return i < r->text->count ? &r->text->words[i] : &none;
}

enum time_unit unit_of_word(const struct period_text *text, size_t i, bool *plural)
{
    static const struct {
        const char *word;
        enum time_unit unit;
        bool plural;
    } units[] = {
        {"day", UNIT_DAY, false},         {"days", UNIT_DAY, true},
        {"week", UNIT_WEEK, false},       {"weeks", UNIT_WEEK, true},
        {"wk", UNIT_WEEK, false},         {"month", UNIT_MONTH, false},
        {"months", UNIT_MONTH, true},     {"quarter", UNIT_QUARTER, false},
        {"quarters", UNIT_QUARTER, true}, {"qtr", UNIT_QUARTER, false},
        {"year", UNIT_YEAR, false},       {"years", UNIT_YEAR, true},
        {"yr", UNIT_YEAR, false},         {"yrs", UNIT_YEAR, true},
    };
    for (size_t k = 0; k < sizeof(units) / sizeof(units[0]); k++)
        if (period_word_is(text, i, units[k].word)) {
            if (plural)
                *plural = units[k].plural;
            return units[k].unit;
        }
    return UNIT_NONE;
}

int64_t days_of_date(int year, int month, int day)
{
    return date_to_days((struct date){year, month, day});
}

int64_t days_add_months(int64_t days, int months)
{
    return date_to_days(date_add_months(date_from_days(days), months));
}

int64_t span_shift(int64_t day, enum time_unit unit, int count)
{
    static const int months[TIME_UNITS] = {[UNIT_MONTH] = 1, [UNIT_QUARTER] = 3, [UNIT_YEAR] = 12};
    if (unit == UNIT_DAY || unit == UNIT_WEEK)
        return day + (int64_t)count * (unit == UNIT_WEEK ? 7 : 1);
    return days_add_months(day, count * months[unit]);
}

struct span span_unit(const struct span_reader *r, int64_t day, enum time_unit unit, bool fiscal)
{
    struct date date = date_from_days(day);
    int start = fiscal ? r->fiscal_start : 1;
    int64_t from = day;
    if (unit == UNIT_WEEK)
        from = day - (date_weekday(day) - r->week_start + 7) % 7;
    else if (unit == UNIT_MONTH)
        from = days_of_date(date.year, date.month, 1);
    else if (unit == UNIT_QUARTER)
        from = days_add_months(days_of_date(date.year, date.month, 1),
                               -((date.month - start + 12) % 3));
    else if (unit == UNIT_YEAR)
        from = days_add_months(days_of_date(date.year, date.month, 1),
                               -((date.month - start + 12) % 12));
    return (struct span){
        .from = from, .to = span_shift(from, unit, 1), .unit = unit, .year_given = true};
}

/* ---- years of spans */

int span_year_now(const struct span_reader *r)
{
    return date_from_days(r->today).year;
}

void span_set_year(struct span *span, int year)
{
    if (span->day > 0) {
        int length = date_month_length(year, span->index);
        span->from = days_of_date(year, span->index, span->day > length ? length : span->day);
        span->to = span->from + 1;
    } else if (span->half) {
        span->from = days_of_date(year, span->index == 1 ? 1 : 7, 1);
        span->to = days_add_months(span->from, 6);
    } else if (span->named == UNIT_QUARTER) {
        span->from = days_of_date(year, 3 * span->index - 2, 1);
        span->to = days_add_months(span->from, 3);
    } else if (span->named == UNIT_MONTH) {
        span->from = days_of_date(year, span->index, 1);
        span->to = days_add_months(span->from, 1);
    }
}

void span_assume_year(const struct span_reader *r, struct span *span)
{
    int year = span_year_now(r);
    span_set_year(span, year);
    if (span->from > r->today)
        span_set_year(span, year - 1);
}

/* ---- parts of a period */

/* "the first week of March", "last month of 2023", "start of the year", "end of 2024" */
static size_t read_part(const struct span_reader *r, size_t i, struct span *out)
{
    bool start = IN(i, "start beginning"), end = IS(i, "end");
    const struct period_word *word = span_word(r, i);
    bool last = IN(i, "last final");
    bool ordinal = word->ordinal && word->value >= 1;
    size_t at = i + 1;
    int count = 1;
    if (!start && !end && !last && !ordinal)
        return 0;
    at += !start && !end ? span_read_count(r, at, &count) : 0;
    enum time_unit unit = start || end ? UNIT_DAY : unit_of_word(r->text, at++, NULL);
    if (unit == UNIT_NONE || !IS(at, "of"))
        return 0;
    at += 1 + IS(at + 1, "the");
    struct span whole;
    struct span_reader inner = *r;
    if (++inner.depth > 3)
        return 0;
    size_t used = span_read(&inner, at, &whole);
    bool this = used == 0 && unit_of_word(r->text, at, NULL) != UNIT_NONE && (start || end);
    if (this) {
        whole = span_unit(r, r->today, unit_of_word(r->text, at, NULL), false);
        used = 1;
    }
    if (used == 0 || whole.unit <= unit || whole.from_open || whole.to_open)
        return 0;
    *out = whole;
    out->unit = unit;
    out->named = UNIT_NONE;
    out->counted = count > 1;
    if (last || end) {
        out->from = span_shift(whole.to, unit, -count);
    } else {
        int skip = ordinal ? word->value - 1 : 0;
        out->from = span_shift(whole.from, unit, skip);
        out->to = span_shift(out->from, unit, count);
    }
    if (unit == UNIT_WEEK)
        out->assumption = "weeks counted in sevens from its first day";
    return out->from >= whole.from && out->to <= whole.to ? at + used - i : 0;
}

/* ---- the whole */

static size_t read_longest(const struct span_reader *r, size_t i, struct span *out)
{
    static size_t (*const readers[])(const struct span_reader *, size_t, struct span *) = {
        span_read_to_date,        read_part,         span_read_relative_unit, span_read_ago,
        span_read_relative_month, span_read_quarter, span_read_fiscal_year,   span_read_year_first,
        span_read_day_of_month,   span_read_month,   span_read_numeric_date,  span_read_near_day,
        span_read_week,           span_read_weekday, span_read_weekend,       span_read_season,
        span_read_decade,         span_read_year,
    };
    size_t best = 0;
    for (size_t k = 0; k < sizeof(readers) / sizeof(readers[0]); k++) {
        struct span span = {0};
        size_t used = readers[k](r, i, &span);
        if (used > best && span.to > span.from) {
            best = used;
            *out = span;
        }
    }
    return best;
}

size_t span_read(const struct span_reader *r, size_t i, struct span *out)
{
    if (r->depth > 0)
        return read_longest(r, i, out);
    struct span_found *found = &r->found[i < r->text->count ? i : r->text->count];
    if (!found->known) {
        found->used = read_longest(r, i, &found->span);
        found->known = true;
    }
    if (found->used > 0)
        *out = found->span;
    return found->used;
}
