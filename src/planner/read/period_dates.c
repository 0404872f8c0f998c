/* SPDX-License-Identifier: Apache-2.0 */
/* Months and days: "March", "last May", "4 March", "3/4/2024", "yesterday". */
#include "planner/read/period_readers.h"

#include <string.h>

/* ---- months and days */

int span_month(const struct span_reader *r, size_t i, bool *weak)
{
    static const char *const months[] = {"january",   "february", "march",    "april",
                                         "may",       "june",     "july",     "august",
                                         "september", "october",  "november", "december"};
    const char *text = span_word(r, i)->text;
    size_t length = strlen(text);
    for (int month = 1; month <= 12; month++) {
        const char *name = months[month - 1];
        if (name[0] != text[0])
            continue;
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
    if (IN(i + 1, "- to and until through") && span_month(r, i + 2, &weak) > 0)
        return true;
    return i > 0 && IN(i - 1, "in during since until till before after from to of through for "
                              "between and or vs versus than last this next by with compared - ,");
}

size_t span_read_month(const struct span_reader *r, size_t i, struct span *out)
{
    bool weak = false, fiscal = false;
    size_t at = i;
    if (IS(at, "month") && IS(at + 1, "of"))
        at += 2;
    int month = span_month(r, at, &weak), year = 0;
    if (month == 0)
        return 0;
    if (i > 0 && day_number(span_word(r, i - 1)) && !(i > 1 && IN(i - 2, "top first last bottom")))
        return 0; /* 30 February: there is no such day */
    *out = (struct span){.unit = UNIT_MONTH, .named = UNIT_MONTH, .index = month};
    size_t used = span_read_year_after(r, at + 1, &year, &fiscal);
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
size_t span_read_relative_month(const struct span_reader *r, size_t i, struct span *out)
{
    bool weak;
    int month = span_month(r, i + 1, &weak);
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
size_t span_read_day_of_month(const struct span_reader *r, size_t i, struct span *out)
{
    bool weak, fiscal;
    int month = 0, day = 0, year = 0;
    size_t at = i;
    if (i > 0 && IN(i - 1, "top first last bottom"))
        return 0; /* "top 10 March orders" */
    if (day_number(span_word(r, i))) {
        size_t name = i + 1 + (IS(i + 1, "of") || IS(i + 1, "-"));
        month = span_month(r, name, &weak);
        day = span_word(r, i)->value;
        at = name + 1;
    } else if ((month = span_month(r, i, &weak)) > 0) {
        size_t number = i + 1 + IS(i + 1, "the");
        if (!day_number(span_word(r, number)))
            return 0;
        day = span_word(r, number)->value;
        at = number + 1;
    }
    if (month == 0 || day > date_month_length(2024, month))
        return 0;
    *out = (struct span){.unit = UNIT_DAY, .named = UNIT_MONTH, .index = month, .day = day};
    size_t used = span_read_year_after(r, at, &year, &fiscal);
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
    int64_t from = days_of_date(year, month, day);
    *out = (struct span){.from = from, .to = from + 1, .unit = UNIT_DAY, .year_given = true};
    return true;
}

/* 2024-03-04, 2024-03, 3/4/2024. Day or month first is told by a part over 12; where both fit it
 * is the day, said as an assumption. */
size_t span_read_numeric_date(const struct span_reader *r, size_t i, struct span *out)
{
    const struct period_word *word = span_word(r, i);
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
        out->to = days_add_months(out->from, 1);
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

size_t span_read_near_day(const struct span_reader *r, size_t i, struct span *out)
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
