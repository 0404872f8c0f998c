/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Periods: finds words for time in a question ("last month", "Q2 2024", "past 30 days", "since
 * March", "in 2023", "year to date", "compared with last year") and resolves them in code against
 * a reference date, week start and fiscal year. Bounds are half open: from <= t < to.
 */
#ifndef QUERENT_PLANNER_READ_PERIOD_H
#define QUERENT_PLANNER_READ_PERIOD_H

#include <stdbool.h>
#include <stddef.h>

#include "core/arena.h"
#include "core/str.h"
#include "planner/query.h"

struct period_calendar {
    char today[11];        /* ISO date */
    int week_start;        /* 1 Monday .. 7 Sunday */
    int fiscal_year_start; /* month 1..12 */
};

struct period {
    size_t begin, end;      /* bytes of the question that it was read from */
    const char *words;      /* those, as asked */
    const char *from;       /* ISO date, or NULL: open */
    const char *to;         /* ISO date, exclusive, or NULL: open */
    enum time_unit unit;    /* its natural unit: month for "last month" */
    bool comparison;        /* "compared with last year": what to compare to, not a filter */
    bool ambiguous;         /* "May" the month or the verb, "spring" */
    const char *assumption; /* how an unclear one was read ("March: the last one, 2024"); NULL */
};

struct period_list {
    struct period *items;
    size_t count;
    enum time_unit group_by; /* "by month", "per week", "daily", "over time": else UNIT_NONE */
    size_t group_begin, group_end;
    bool group_unspecified; /* "over time", "trend": the unit is left to the data */
    size_t trend_begin, trend_end; /* such words, also where a unit is said besides: else 0 */
};

/* Never fails: a question without periods gives an empty list. */
void period_find(struct str question, const struct period_calendar *calendar, struct arena *arena,
                 struct period_list *out);

/* The period just before, of the same length (calendar-wise: the month before a month), and the
 * same period a year before. False when it is open or unknown. */
bool period_previous(const struct period *period, struct arena *arena, struct period *out);
bool period_year_before(const struct period *period, struct arena *arena, struct period *out);

/* The bounds in words, as people read them aloud: "1 to 31 October 2026", "4 March 2024", "since
 * 1 March 2026", "before 1 March 2026". `to` is exclusive; either may be NULL. */
const char *period_bounds(const char *from, const char *to, struct arena *arena);
/* The calendar's own name, "October 2026", "Q2 2026", "2026", "2021 to 2023"; NULL if it has none.
 */
const char *period_name(const char *from, const char *to, struct arena *arena);

#endif
