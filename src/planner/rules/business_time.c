/* SPDX-License-Identifier: Apache-2.0 */
/* Time in a reading: the time column, the periods, and the unit that a series goes by. */
#include "planner/rules/business_reading.h"

#include <string.h>

/* "day of the week" */
static bool says_of_week(struct ask *ask, size_t day)
{
    size_t of = day + 1, week = of + 1 + ask_word_in(ask, of + 1, "the");
    bool says = ask_word_in(ask, of, "of") && ask_word_in(ask, week, "week");
    if (says)
        ask->words[week].explained = true;
    return says;
}

/* "the best month for revenue" ranks months. */
static void read_best_unit(struct reading *r)
{
    struct ask *ask = r->ask;
    size_t at;
    for (size_t i = 1; i < ask->word_count; i++) {
        struct ask_word *word = &ask->words[i];
        if (word->mention >= 0 || word->in_period ||
            !cue_is_superlative(ask_cue_before(ask, i, &at)))
            continue;
        for (enum time_unit unit = UNIT_DAY; unit < TIME_UNITS; unit++) {
            size_t length = strlen(time_unit_name(unit));
            if (strncmp(word->text, time_unit_name(unit), length) != 0 ||
                (word->text[length] && strcmp(word->text + length, "s") != 0))
                continue;
            r->bucket = unit;
            r->extreme = ask->words[at].cue;
            r->ranked = true;
            word->explained = true;
            if (unit == UNIT_DAY && says_of_week(ask, i))
                r->bucket = UNIT_WEEKDAY;
        }
    }
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

/* "Q3 2026 (1 July to 30 September 2026)", as readings are offered back, is one period said twice.
 */
static bool is_said(const struct reading *r, const struct period *period)
{
    for (size_t i = 0; i < r->period_count; i++)
        if (same_text(r->periods[i]->from, period->from) &&
            same_text(r->periods[i]->to, period->to))
            return true;
    return false;
}

static const struct column *column_of_unit(const struct dataset *dataset, enum time_unit unit)
{
    for (size_t i = 0; i < dataset->column_count; i++)
        if (str_equal_nocase(str_from(dataset->columns[i].name), str_from(time_unit_name(unit))))
            return &dataset->columns[i];
    return NULL;
}

/* "By month" where the time column only has years: another column may have days, or months. */
static void read_finer_unit(struct reading *r)
{
    bool finer = r->bucket != UNIT_NONE && r->bucket != UNIT_YEAR &&
                 r->bucket == r->ask->periods.group_by;
    if (!finer || !r->time.column || r->time.column->kind != VALUE_INTEGER)
        return;
    const struct dataset *dataset = r->ask->scope[r->time.scope].dataset;
    const struct column_profile *years = &r->time.column->profile;
    const struct column *named = column_of_unit(dataset, r->bucket);
    bool one_year = years->min && years->max && strcmp(years->min, years->max) == 0;
    for (size_t i = 0; i < dataset->column_count && !(named && one_year); i++)
        if (value_kind_is_time(dataset->columns[i].kind)) {
            r->time.column = &dataset->columns[i];
            return;
        }
    if (!named || !reading_add_group(r, r->time.scope, named))
        reading_doubt(r, "no time so fine", 0.2);
    else
        r->bucket = UNIT_NONE;
}

/* "Are sales going up": over all the time that there is. */
static bool asks_whether_it_grows(const struct reading *r)
{
    return (r->change == CUE_GROWTH || r->change == CUE_DROP) && r->ask->periods.count == 0 &&
           r->group_count == 0 &&
           ask_word_in(r->ask, 0, "is are was were has have did do does how");
}

void reading_read_time(struct reading *r)
{
    struct ask *ask = r->ask;
    bool wanted = ask->periods.count > 0 || ask->periods.group_by != UNIT_NONE ||
                  ask->periods.group_unspecified || ask_has(ask, CUE_WHEN, NULL) ||
                  ask_has(ask, CUE_LATEST, NULL) || ask_has(ask, CUE_EARLIEST, NULL) ||
                  ask_has(ask, CUE_LAST, NULL) || r->extreme != CUE_NONE ||
                  asks_whether_it_grows(r);
    for (size_t s = 0; s < ask->scope_count && !r->time.column && wanted; s++) {
        r->time.scope = (int)s;
        r->time.column = dataset_time_column(ask->scope[s].dataset);
    }
    for (size_t i = 0; i < ask->periods.count; i++) {
        const struct period *period = &ask->periods.items[i];
        if (period->comparison && !r->compared)
            r->compared = period;
        else if (!period->comparison && r->period_count < READING_PERIODS_MAX &&
                 !is_said(r, period))
            r->periods[r->period_count++] = period;
        if (period->ambiguous)
            reading_doubt(r, "an unclear period", 0.93);
    }
    if (ask->periods.group_by != UNIT_NONE)
        r->bucket = ask->periods.group_by;
    r->bucket_open = r->bucket == UNIT_NONE &&
                     (ask->periods.group_unspecified || asks_whether_it_grows(r));
    read_best_unit(r);
    read_finer_unit(r);
    if (!r->time.column && (ask->periods.count > 0 || r->bucket != UNIT_NONE || r->bucket_open)) {
        reading_doubt(r, "a period but no time column", 0.25);
        r->period_count = 0;
        r->compared = NULL;
        r->bucket = UNIT_NONE;
        r->bucket_open = false;
    }
}

/* A series over a span of days: short spans by day, long ones by year. */
static enum time_unit unit_for(int64_t days)
{
    return days <= 45        ? UNIT_DAY
           : days <= 150     ? UNIT_WEEK
           : days <= 5 * 366 ? UNIT_MONTH
                             : UNIT_YEAR;
}

void reading_choose_bucket(struct reading *r)
{
    if (!r->bucket_open)
        return;
    struct date a, b;
    const char *from = r->period_count > 0 ? r->periods[0]->from : NULL;
    const char *to = r->period_count > 0 ? r->periods[0]->to : NULL;
    if (!from)
        from = r->time.column->profile.min;
    if (!to)
        to = r->time.column->profile.max;
    r->bucket = UNIT_MONTH;
    if (from && to && strlen(from) >= 10 && strlen(to) >= 10 &&
        date_parse((struct str){from, 10}, &a) && date_parse((struct str){to, 10}, &b))
        r->bucket = unit_for(date_to_days(b) - date_to_days(a));
    if (r->time.column->kind == VALUE_INTEGER)
        r->bucket = UNIT_YEAR;
    reading_assume(
        r, arena_printf(r->ask->arena, "over time was read as by %s", time_unit_name(r->bucket)));
}
