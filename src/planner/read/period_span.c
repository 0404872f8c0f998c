/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Single stretches of time: "last month", "Q2 2024", "4 March", "week of 3 June". Each reader
 * below knows one way of saying them and gives the number of words it used; span_read() tries all
 * and keeps the longest. Words around them ("since", "from ... to", "compared with") are
 * period.c's business.
 */
#include "planner/read/period_words.h"

#include <string.h>

#define IS(i, word) period_word_is(r->text, i, word)
#define IN(i, list) period_word_in(r->text, i, list)

static const struct period_word *word_at(const struct span_reader *r, size_t i)
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

static int64_t days_of(int year, int month, int day)
{
    return date_to_days((struct date){year, month, day});
}

static int64_t add_months(int64_t days, int months)
{
    return date_to_days(date_add_months(date_from_days(days), months));
}

int64_t span_shift(int64_t day, enum time_unit unit, int count)
{
    static const int months[TIME_UNITS] = {[UNIT_MONTH] = 1, [UNIT_QUARTER] = 3, [UNIT_YEAR] = 12};
    if (unit == UNIT_DAY || unit == UNIT_WEEK)
        return day + (int64_t)count * (unit == UNIT_WEEK ? 7 : 1);
    return add_months(day, count * months[unit]);
}

struct span span_unit(const struct span_reader *r, int64_t day, enum time_unit unit, bool fiscal)
{
    struct date date = date_from_days(day);
    int start = fiscal ? r->fiscal_start : 1;
    int64_t from = day;
    if (unit == UNIT_WEEK)
        from = day - (date_weekday(day) - r->week_start + 7) % 7;
    else if (unit == UNIT_MONTH)
        from = days_of(date.year, date.month, 1);
    else if (unit == UNIT_QUARTER)
        from = add_months(days_of(date.year, date.month, 1), -((date.month - start + 12) % 3));
    else if (unit == UNIT_YEAR)
        from = add_months(days_of(date.year, date.month, 1), -((date.month - start + 12) % 12));
    return (struct span){
        .from = from, .to = span_shift(from, unit, 1), .unit = unit, .year_given = true};
}

static int span_year_now(const struct span_reader *r)
{
    return date_from_days(r->today).year;
}

void span_set_year(struct span *span, int year)
{
    if (span->day > 0) {
        int length = date_month_length(year, span->index);
        span->from = days_of(year, span->index, span->day > length ? length : span->day);
        span->to = span->from + 1;
    } else if (span->half) {
        span->from = days_of(year, span->index == 1 ? 1 : 7, 1);
        span->to = add_months(span->from, 6);
    } else if (span->named == UNIT_QUARTER) {
        span->from = days_of(year, 3 * span->index - 2, 1);
        span->to = add_months(span->from, 3);
    } else if (span->named == UNIT_MONTH) {
        span->from = days_of(year, span->index, 1);
        span->to = add_months(span->from, 1);
    }
}

void span_assume_year(const struct span_reader *r, struct span *span)
{
    int year = span_year_now(r);
    span_set_year(span, year);
    if (span->from > r->today)
        span_set_year(span, year - 1);
}

static int month_of(const struct span_reader *r, size_t i, bool *weak);

static bool year_number(const struct period_word *word)
{
    return word->number && word->digits == 4 && word->value >= 1900 && word->value <= 2100;
}

/* ---- years */

/* Words before a number that make it a year, and words that make it a plain number. */
static bool year_in_context(const struct span_reader *r, size_t i, bool *ambiguous)
{
    static const char sure[] = "in of during since until till year years only from through "
                               "throughout for calendar vs versus";
    static const char likely[] = "before after between to and or by compared with against show me "
                                 "the our my , - about than compare comparing total";
    static const char never[] = "top first last bottom over above below under least most exceeding "
                                "exceeds equals = > < $ # number id room order limit nearly "
                                "around approximately exactly";
    static const char units[] = "kg km m meters miles dollars euros usd eur gbp units rows percent "
                                "% people orders items products customers times hours days weeks "
                                "months years seats points votes pounds grams cm mm mph kmh "
                                "employees students records";
    if (IN(i + 1, units) || (i > 0 && IN(i - 1, never)))
        return false;
    *ambiguous = false;
    bool beside =
        IN(i + 1, "vs versus") || (year_number(word_at(r, i + 2)) && IN(i + 1, "and or , to -") &&
                                   i > 0 && IN(i - 1, "compare comparing"));
    if (beside || (i > 0 && IN(i - 1, sure)))
        return true;
    if (i > 0 && IN(i - 1, "than") && i > 1 && IN(i - 2, "more less greater fewer higher lower"))
        return false;
    bool end = i + 1 >= r->text->count || word_at(r, i + 1)->mark || IN(i + 1, "vs versus");
    *ambiguous = true;
    return i == 0 || IN(i - 1, likely) || end;
}

static size_t read_year(const struct span_reader *r, size_t i, struct span *out)
{
    const struct period_word *word = word_at(r, i);
    bool ambiguous = false;
    bool weak;
    if (!year_number(word) || !year_in_context(r, i, &ambiguous) ||
        (i > 0 && month_of(r, i - 1, &weak) > 0)) /* 30 February 2023 */
        return 0;
    *out = (struct span){.from = days_of(word->value, 1, 1),
                         .to = days_of(word->value + 1, 1, 1),
                         .unit = UNIT_YEAR,
                         .year_given = true,
                         .ambiguous = ambiguous};
    return 1;
}

/* "the 1990s", "the 90s", "nineties" */
static size_t read_decade(const struct span_reader *r, size_t i, struct span *out)
{
    const char *text = word_at(r, i)->text;
    size_t length = strlen(text);
    int digits = word_at(r, i)->digits;
    if ((digits != 4 && digits != 2) || length != (size_t)digits + 1 || text[digits] != 's' ||
        text[digits - 1] != '0')
        return 0;
    int year = 0;
    for (int k = 0; k < digits; k++)
        year = year * 10 + (text[k] - '0');
    if (digits == 2)
        year += year > span_year_now(r) % 100 ? 1900 : 2000;
    if (year < 1900 || year > 2100)
        return 0;
    *out = (struct span){.from = days_of(year, 1, 1),
                         .to = days_of(year + 10, 1, 1),
                         .unit = UNIT_YEAR,
                         .year_given = true,
                         .counted = true};
    return 1;
}

/* The fiscal year that is named after the calendar year in which it ends. */
static struct span fiscal_year(const struct span_reader *r, int year)
{
    int64_t from = days_of(r->fiscal_start == 1 ? year : year - 1, r->fiscal_start, 1);
    return (struct span){
        .from = from, .to = add_months(from, 12), .unit = UNIT_YEAR, .year_given = true};
}

/* A fiscal year's number: 2024, 24, 2023/24 has two. */
static size_t read_fiscal_number(const struct span_reader *r, size_t i, int *year)
{
    const struct period_word *word = word_at(r, i);
    if (!word->number || (word->digits != 2 && !year_number(word)))
        return 0;
    *year = word->digits == 2 ? 2000 + word->value : word->value;
    const struct period_word *second = word_at(r, i + 2);
    if (word->digits == 4 && IN(i + 1, "/ -") && second->number && second->digits == 2 &&
        second->value == (word->value + 1) % 100) {
        *year = word->value + 1;
        return 3;
    }
    return 1;
}

/* "FY24", "FY 2024", "fiscal 2024", "fiscal year 2024", "financial year 2023/24" */
static size_t read_fiscal_year(const struct span_reader *r, size_t i, struct span *out)
{
    const char *text = word_at(r, i)->text;
    int year = 0;
    size_t used = 0;
    if (text[0] == 'f' && text[1] == 'y' && char_is_digit(text[2])) {
        size_t digits = strspn(text + 2, "0123456789");
        if (text[2 + digits] || (digits != 2 && digits != 4))
            return 0;
        for (size_t k = 0; k < digits; k++)
            year = year * 10 + (text[2 + k] - '0');
        year += digits == 2 ? 2000 : 0;
        used = 1;
    } else if (IN(i, "fy fiscal financial")) {
        size_t at = i + 1 + (IS(i + 1, "year") && !IS(i, "fy"));
        size_t number = read_fiscal_number(r, at, &year);
        used = number ? at + number - i : 0;
    }
    if (used == 0 || year < 1900 || year > 2100)
        return 0;
    *out = fiscal_year(r, year);
    return used;
}

/* ---- the year that follows a month or quarter */

/* "2024", "of 2024", ", 2024", "'24", "last year", "of this year", "FY24" */
static size_t read_year_after(const struct span_reader *r, size_t i, int *year, bool *fiscal)
{
    size_t at = i;
    if (IN(at, "of in ,"))
        at++;
    *fiscal = false;
    if (IS(at, "the") || IS(at, "year"))
        at++;
    if (year_number(word_at(r, at))) {
        *year = word_at(r, at)->value;
        return at + 1 - i;
    }
    if (IS(i, "'") && word_at(r, i + 1)->number && word_at(r, i + 1)->digits == 2) {
        *year = 2000 + word_at(r, i + 1)->value;
        return 2;
    }
    if (IN(at, "last previous prior this current next") && IS(at + 1, "year")) {
        *year = span_year_now(r) + (IS(at, "next") ? 1 : IN(at, "this current") ? 0 : -1);
        return at + 2 - i;
    }
    struct span fiscal_span;
    size_t used = read_fiscal_year(r, at, &fiscal_span);
    if (used == 0)
        return 0;
    *fiscal = true;
    *year = date_from_days(fiscal_span.to - 1).year;
    return at + used - i;
}

/* ---- months and days */

static int month_of(const struct span_reader *r, size_t i, bool *weak)
{
    static const char *const months[] = {"january",   "february", "march",    "april",
                                         "may",       "june",     "july",     "august",
                                         "september", "october",  "november", "december"};
    const char *text = word_at(r, i)->text;
    size_t length = strlen(text);
    for (int month = 1; month <= 12; month++) {
        const char *name = months[month - 1];
        bool whole = strcmp(text, name) == 0;
        bool short_form = (length == 3 && strncmp(text, name, 3) == 0) ||
                          (month == 9 && strcmp(text, "sept") == 0);
        if (!whole && !short_form)
            continue;
        *weak = short_form || month == 3 || month == 5;
        return month;
    }
    return 0;
}

static bool day_number(const struct period_word *word)
{
    return word->value >= 1 && word->value <= 31 && word->digits > 0 &&
           (word->number || word->ordinal);
}

/* Words around "may", "march" or "jan" that make it the month. */
static bool month_in_context(const struct span_reader *r, size_t i)
{
    bool weak;
    if (IN(i + 1, "- to and until through") && month_of(r, i + 2, &weak) > 0)
        return true;
    return i > 0 && IN(i - 1, "in during since until till before after from to of through for "
                              "between and or vs versus than last this next by with compared - ,");
}

static size_t read_month(const struct span_reader *r, size_t i, struct span *out)
{
    bool weak = false, fiscal = false;
    size_t at = i;
    if (IS(at, "month") && IS(at + 1, "of"))
        at += 2;
    int month = month_of(r, at, &weak), year = 0;
    if (month == 0)
        return 0;
    if (i > 0 && day_number(word_at(r, i - 1)) && !(i > 1 && IN(i - 2, "top first last bottom")))
        return 0; /* 30 February: there is no such day */
    *out = (struct span){.unit = UNIT_MONTH, .named = UNIT_MONTH, .index = month};
    size_t used = read_year_after(r, at + 1, &year, &fiscal);
    if (used > 0 && !fiscal) {
        span_set_year(out, year);
        out->year_given = true;
        return at + 1 + used - i;
    }
    bool context = at > i || month_in_context(r, at);
    if (weak && !context)
        return 0;
    /* "may" after a comma or "and" is more likely the verb than a month. */
    if (month == 5 && i > 0 && IN(i - 1, "and or , by with"))
        return 0;
    out->ambiguous = !context;
    span_assume_year(r, out);
    return at + 1 - i;
}

/* "last March", "this May", "next June": by where today is, not by "last year". */
static size_t read_relative_month(const struct span_reader *r, size_t i, struct span *out)
{
    bool weak;
    int month = month_of(r, i + 1, &weak);
    if (month == 0 || !IN(i, "last this next past"))
        return 0;
    *out =
        (struct span){.unit = UNIT_MONTH, .named = UNIT_MONTH, .index = month, .year_given = true};
    int year = span_year_now(r);
    span_set_year(out, year);
    if (IN(i, "last past") && out->to > r->today)
        span_set_year(out, year - 1);
    if (IS(i, "next") && out->from <= r->today)
        span_set_year(out, year + 1);
    return 2;
}

/* "4 March 2024", "4th of March", "March 4th, 2024", "Mar 4" */
static size_t read_day_of_month(const struct span_reader *r, size_t i, struct span *out)
{
    bool weak, fiscal;
    int month = 0, day = 0, year = 0;
    size_t at = i;
    if (i > 0 && IN(i - 1, "top first last bottom"))
        return 0; /* "top 10 March orders" */
    if (day_number(word_at(r, i))) {
        size_t name = i + 1 + (IS(i + 1, "of") || IS(i + 1, "-"));
        month = month_of(r, name, &weak);
        day = word_at(r, i)->value;
        at = name + 1;
    } else if ((month = month_of(r, i, &weak)) > 0) {
        size_t number = i + 1 + IS(i + 1, "the");
        if (!day_number(word_at(r, number)))
            return 0;
        day = word_at(r, number)->value;
        at = number + 1;
    }
    if (month == 0 || day > date_month_length(2024, month))
        return 0;
    *out = (struct span){.unit = UNIT_DAY, .named = UNIT_MONTH, .index = month, .day = day};
    size_t used = read_year_after(r, at, &year, &fiscal);
    if (used > 0 && !fiscal) {
        if (day > date_month_length(year, month))
            return 0;
        span_set_year(out, year);
        out->year_given = true;
        return at + used - i;
    }
    span_assume_year(r, out);
    return at - i;
}

/* ---- numeric dates */

static bool day_span(int year, int month, int day, struct span *out)
{
    if (!date_is_valid((struct date){year, month, day}))
        return false;
    int64_t from = days_of(year, month, day);
    *out = (struct span){.from = from, .to = from + 1, .unit = UNIT_DAY, .year_given = true};
    return true;
}

/* 2024-03-04, 2024-03, 3/4/2024. Day or month first is told by a part over 12; where both fit it
 * is the day, said as an assumption. */
static size_t read_numeric_date(const struct span_reader *r, size_t i, struct span *out)
{
    const struct period_word *word = word_at(r, i);
    if (!word->date)
        return 0;
    int parts[3] = {0};
    int count = 0;
    for (const char *c = word->text; *c; c++) {
        if (char_is_digit(*c))
            parts[count] = parts[count] * 10 + (*c - '0');
        else if (++count > 2)
            return 0;
    }
    if (parts[0] > 31) {
        if (count == 2)
            return day_span(parts[0], parts[1], parts[2], out);
        if (!day_span(parts[0], parts[1], 1, out))
            return 0;
        out->to = add_months(out->from, 1);
        out->unit = UNIT_MONTH;
        return 1;
    }
    bool month_first = parts[1] > 12;
    if (!day_span(parts[2], parts[month_first ? 0 : 1], parts[month_first ? 1 : 0], out))
        return 0;
    if (parts[0] <= 12 && parts[1] <= 12 && parts[0] != parts[1]) {
        out->ambiguous = true;
        out->assumption = "day before month";
    }
    return 1;
}

static size_t read_near_day(const struct span_reader *r, size_t i, struct span *out)
{
    static const struct {
        const char *word;
        int offset;
    } rows[] = {{"today", 0}, {"yesterday", -1}, {"tomorrow", 1}};
    for (size_t k = 0; k < sizeof(rows) / sizeof(rows[0]); k++)
        if (IS(i, rows[k].word)) {
            int64_t from = r->today + rows[k].offset;
            *out =
                (struct span){.from = from, .to = from + 1, .unit = UNIT_DAY, .year_given = true};
            return 1;
        }
    if (!IS(i, "the") && IS(i, "day") && IS(i + 1, "before") && IS(i + 2, "yesterday")) {
        *out = (struct span){
            .from = r->today - 2, .to = r->today - 1, .unit = UNIT_DAY, .year_given = true};
        return 3;
    }
    return 0;
}

/* ---- quarters and halves */

static int quarter_of(const struct span_reader *r, size_t i, size_t *used, bool *half)
{
    const struct period_word *word = word_at(r, i);
    const char *text = word->text;
    *half = false;
    *used = 1;
    if (strlen(text) == 2 && text[0] == 'q' && text[1] >= '1' && text[1] <= '4')
        return text[1] - '0';
    if (strlen(text) == 2 && char_is_digit(text[0]) && text[1] == 'q' && text[0] <= '4')
        return text[0] - '0';
    *half = true;
    if (strlen(text) == 2 && text[0] == 'h' && (text[1] == '1' || text[1] == '2'))
        return text[1] - '0';
    *used = 2;
    if (word->ordinal && word->value >= 1 && word->value <= 2 && IS(i + 1, "half"))
        return word->value;
    if (IS(i, "last") && IS(i + 1, "half") && IN(i + 2, "of"))
        return 2;
    *half = false;
    if (IS(i, "quarter") && word_at(r, i + 1)->number && word_at(r, i + 1)->value >= 1 &&
        word_at(r, i + 1)->value <= 4)
        return word_at(r, i + 1)->value;
    if (word->ordinal && word->value >= 1 && word->value <= 4 && IS(i + 1, "quarter"))
        return word->value;
    if (IN(i, "last final") && IS(i + 1, "quarter") && IS(i + 2, "of"))
        return 4;
    return 0;
}

static size_t read_quarter(const struct span_reader *r, size_t i, struct span *out)
{
    size_t used = 0, year_words;
    bool half = false, fiscal = false;
    int quarter = quarter_of(r, i, &used, &half), year = 0;
    if (quarter == 0 || quarter > 4)
        return 0;
    *out = (struct span){.unit = half ? UNIT_MONTH : UNIT_QUARTER,
                         .named = UNIT_QUARTER,
                         .index = quarter,
                         .half = half,
                         .counted = half};
    year_words = read_year_after(r, i + used, &year, &fiscal);
    if (year_words == 0) {
        if (used == 2 && IS(i, "last"))
            return 0; /* "last quarter" is another thing */
        if (IS(i + used, "of") && IS(i + used + 1, "the") && IS(i + used + 2, "year"))
            used += 3;
        span_assume_year(r, out);
        return used;
    }
    out->year_given = true;
    if (fiscal) {
        struct span whole = fiscal_year(r, year);
        int months = half ? 6 : 3;
        out->from = add_months(whole.from, (quarter - 1) * months);
        out->to = add_months(out->from, months);
    } else {
        span_set_year(out, year);
    }
    return used + year_words;
}

/* "2024 Q1", "FY24 Q1", "2024 March" */
static size_t read_year_first(const struct span_reader *r, size_t i, struct span *out)
{
    size_t used = 0, year_words = 1;
    bool half = false, fiscal = false, weak;
    int year = word_at(r, i)->value;
    struct span whole;
    if (!year_number(word_at(r, i))) {
        year_words = read_fiscal_year(r, i, &whole);
        fiscal = true;
        if (year_words == 0)
            return 0;
    }
    size_t at = i + year_words + IN(i + year_words, "- ,");
    int index = quarter_of(r, at, &used, &half);
    if (index > 0) {
        *out = (struct span){.unit = half ? UNIT_MONTH : UNIT_QUARTER,
                             .named = UNIT_QUARTER,
                             .index = index,
                             .half = half,
                             .year_given = true,
                             .counted = half};
        span_set_year(out, year);
        if (fiscal) {
            out->from = add_months(whole.from, (index - 1) * (half ? 6 : 3));
            out->to = add_months(out->from, half ? 6 : 3);
        }
        return at + used - i;
    }
    index = fiscal ? 0 : month_of(r, at, &weak);
    if (index == 0 || at != i + 1)
        return 0;
    *out =
        (struct span){.unit = UNIT_MONTH, .named = UNIT_MONTH, .index = index, .year_given = true};
    span_set_year(out, year);
    return 2;
}

/* ---- relative units */

/* A number of units: "3", "three", "a", "couple of", "few"; 0 words: none said. */
static size_t read_count(const struct span_reader *r, size_t i, int *count)
{
    const struct period_word *word = word_at(r, i);
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
static size_t read_relative_unit(const struct span_reader *r, size_t i, struct span *out)
{
    if (!IN(i, "last past previous prior preceding this current next coming upcoming latest "
               "trailing rolling ongoing following"))
        return 0;
    size_t at = i + 1;
    int count = 1;
    size_t counted = read_count(r, at, &count);
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
static size_t read_ago(const struct span_reader *r, size_t i, struct span *out)
{
    int count = 1;
    size_t used = IN(i, "a an") ? 1 : read_count(r, i, &count);
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
static size_t read_to_date(const struct span_reader *r, size_t i, struct span *out)
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

/* ---- weeks, weekdays, weekends, seasons */

/* "week of 3 June", "week 23 of 2024", "calendar week 23" */
static size_t read_week(const struct span_reader *r, size_t i, struct span *out)
{
    size_t at = i + IS(i, "calendar");
    if (!IS(at, "week"))
        return 0;
    if (IN(at + 1, "of starting beginning")) {
        size_t day = at + 2 + IS(at + 2, "the");
        struct span inner;
        size_t used = read_numeric_date(r, day, &inner);
        if (used == 0)
            used = read_day_of_month(r, day, &inner);
        if (used == 0)
            return 0;
        *out = span_unit(r, inner.from, UNIT_WEEK, false);
        out->year_given = inner.year_given;
        out->named = UNIT_WEEK; /* to be said with its dates when the year was assumed */
        return day + used - i;
    }
    const struct period_word *number = word_at(r, at + 1);
    if (!number->number || number->value < 1 || number->value > 53)
        return 0;
    int year = span_year_now(r);
    bool fiscal;
    size_t used = read_year_after(r, at + 2, &year, &fiscal);
    int64_t fourth = days_of(year, 1, 4); /* ISO 8601: week 1 holds 4 January */
    int64_t from = fourth - (date_weekday(fourth) - 1) + 7 * (number->value - 1);
    *out = (struct span){.from = from,
                         .to = from + 7,
                         .unit = UNIT_WEEK,
                         .named = UNIT_WEEK,
                         .year_given = used > 0};
    return at + 2 + used - i;
}

static int weekday_of(const struct span_reader *r, size_t i)
{
    static const char *const days[] = {"monday", "tuesday",  "wednesday", "thursday",
                                       "friday", "saturday", "sunday"};
    const char *text = word_at(r, i)->text;
    for (int day = 1; day <= 7; day++)
        if (strcmp(text, days[day - 1]) == 0 ||
            (strlen(text) >= 3 && strlen(text) <= 5 && strcmp(text, "sun") != 0 &&
             strcmp(text, "sat") != 0 && strncmp(text, days[day - 1], strlen(text)) == 0))
            return day;
    return 0;
}

/* "last Monday", "next Friday", "on Tuesday": the nearest one on that side of today. */
static size_t read_weekday(const struct span_reader *r, size_t i, struct span *out)
{
    size_t at = i + IN(i, "last past previous this next");
    int weekday = weekday_of(r, at);
    bool bare = at == i;
    if (weekday == 0 || (bare && !(i > 0 && IN(i - 1, "on since until till before after from"))))
        return 0;
    int back = (date_weekday(r->today) - weekday + 7) % 7;
    int64_t day = r->today - back;
    if (IN(i, "last past previous") && back == 0)
        day -= 7;
    if (IS(i, "next"))
        day += 7;
    if (IS(i, "this"))
        day = span_unit(r, r->today, UNIT_WEEK, false).from + (weekday - r->week_start + 7) % 7;
    *out = (struct span){.from = day,
                         .to = day + 1,
                         .unit = UNIT_DAY,
                         .year_given = !bare,
                         .named = bare ? UNIT_DAY : UNIT_NONE};
    return at + 1 - i;
}

static size_t read_weekend(const struct span_reader *r, size_t i, struct span *out)
{
    if (!IN(i, "last past this next") || !IS(i + 1, "weekend"))
        return 0;
    int64_t saturday = r->today + 6 - date_weekday(r->today);
    if (IN(i, "last past"))
        saturday -= 7;
    if (IS(i, "next"))
        saturday += 7;
    *out = (struct span){.from = saturday,
                         .to = saturday + 2,
                         .unit = UNIT_DAY,
                         .year_given = true,
                         .counted = true};
    return 2;
}

/* "summer 2024", "last spring": seasons of the north, by whole months. */
static size_t read_season(const struct span_reader *r, size_t i, struct span *out)
{
    static const struct {
        const char *word;
        int month;
    } rows[] = {{"spring", 3}, {"summer", 6}, {"autumn", 9}, {"fall", 9}, {"winter", 12}};
    size_t at = i + IN(i, "last this");
    int month = 0, year = span_year_now(r);
    for (size_t k = 0; k < sizeof(rows) / sizeof(rows[0]); k++)
        if (IS(at, rows[k].word))
            month = rows[k].month;
    bool fiscal = false;
    size_t used = month > 0 && at == i ? read_year_after(r, at + 1, &year, &fiscal) : 0;
    if (month == 0 || fiscal || (at == i && used == 0))
        return 0;
    int64_t from = days_of(year, month, 1);
    if (IS(i, "last") && add_months(from, 3) > r->today)
        from = days_of(year - 1, month, 1);
    *out = (struct span){.from = from,
                         .to = add_months(from, 3),
                         .unit = UNIT_MONTH,
                         .year_given = true,
                         .counted = true,
                         .ambiguous = true,
                         .assumption = "seasons as in the northern hemisphere, by whole months"};
    return at + 1 + used - i;
}

/* ---- parts of a period */

/* "the first week of March", "last month of 2023", "start of the year", "end of 2024" */
static size_t read_part(const struct span_reader *r, size_t i, struct span *out)
{
    bool start = IN(i, "start beginning"), end = IS(i, "end");
    const struct period_word *word = word_at(r, i);
    bool last = IN(i, "last final");
    bool ordinal = word->ordinal && word->value >= 1;
    size_t at = i + 1;
    int count = 1;
    if (!start && !end && !last && !ordinal)
        return 0;
    at += !start && !end ? read_count(r, at, &count) : 0;
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

size_t span_read(const struct span_reader *r, size_t i, struct span *out)
{
    static size_t (*const readers[])(const struct span_reader *, size_t, struct span *) = {
        read_to_date,        read_part,    read_relative_unit, read_ago,
        read_relative_month, read_quarter, read_fiscal_year,   read_year_first,
        read_day_of_month,   read_month,   read_numeric_date,  read_near_day,
        read_week,           read_weekday, read_weekend,       read_season,
        read_decade,         read_year,
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
