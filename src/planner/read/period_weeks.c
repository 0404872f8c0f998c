/* SPDX-License-Identifier: Apache-2.0 */
/* Weeks, weekdays, weekends, seasons: "week of 3 June", "last Monday", "summer 2024". */
#include "planner/read/period_readers.h"

#include <string.h>

/* "week of 3 June", "week 23 of 2024", "calendar week 23" */
size_t span_read_week(const struct span_reader *r, size_t i, struct span *out)
{
    size_t at = i + IS(i, "calendar");
    if (!IS(at, "week"))
        return 0;
    if (IN(at + 1, "of starting beginning")) {
        size_t day = at + 2 + IS(at + 2, "the");
        struct span inner;
        size_t used = span_read_numeric_date(r, day, &inner);
        if (used == 0)
            used = span_read_day_of_month(r, day, &inner);
        if (used == 0)
            return 0;
        *out = span_unit(r, inner.from, UNIT_WEEK, false);
        out->year_given = inner.year_given;
        out->named = UNIT_WEEK; /* to be said with its dates when the year was assumed */
        return day + used - i;
    }
    const struct period_word *number = span_word(r, at + 1);
    if (!number->number || number->value < 1 || number->value > 53)
        return 0;
    int year = span_year_now(r);
    bool fiscal;
    size_t used = span_read_year_after(r, at + 2, &year, &fiscal);
    int64_t fourth = days_of_date(year, 1, 4); /* ISO 8601: week 1 holds 4 January */
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
    const char *text = span_word(r, i)->text;
    for (int day = 1; day <= 7; day++) {
        if (text[0] != days[day - 1][0])
            continue;
        if (strcmp(text, days[day - 1]) == 0 ||
            (strlen(text) >= 3 && strlen(text) <= 5 && strcmp(text, "sun") != 0 &&
             strcmp(text, "sat") != 0 && strncmp(text, days[day - 1], strlen(text)) == 0))
            return day;
    }
    return 0;
}

/* "last Monday", "next Friday", "on Tuesday": the nearest one on that side of today. */
size_t span_read_weekday(const struct span_reader *r, size_t i, struct span *out)
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

size_t span_read_weekend(const struct span_reader *r, size_t i, struct span *out)
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
size_t span_read_season(const struct span_reader *r, size_t i, struct span *out)
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
    size_t used = month > 0 && at == i ? span_read_year_after(r, at + 1, &year, &fiscal) : 0;
    if (month == 0 || fiscal || (at == i && used == 0))
        return 0;
    int64_t from = days_of_date(year, month, 1);
    if (IS(i, "last") && days_add_months(from, 3) > r->today)
        from = days_of_date(year - 1, month, 1);
    *out = (struct span){.from = from,
                         .to = days_add_months(from, 3),
                         .unit = UNIT_MONTH,
                         .year_given = true,
                         .counted = true,
                         .ambiguous = true,
                         .assumption = "seasons as in the northern hemisphere, by whole months"};
    return at + 1 + used - i;
}
