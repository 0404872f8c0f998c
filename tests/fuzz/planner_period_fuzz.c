/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a question, with any calendar: periods lie inside it, and bounds are real dates in
 * order. The first three bytes choose today, the first day of weeks and the fiscal year. */
#include <stdint.h>
#include <stdlib.h>

#include "core/clock.h"
#include "planner/read/period.h"

static void check(bool right)
{
    if (!right)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const days[] = {"2026-11-22", "2024-02-29", "2024-12-31", "1999-01-01"};
    if (size < 3 || size > 4000)
        return 0;
    struct period_calendar calendar = {.week_start = data[1] % 9,
                                       .fiscal_year_start = data[2] % 14};
    for (size_t i = 0; i < sizeof(calendar.today); i++)
        calendar.today[i] = days[data[0] % 4][i];
    struct arena *arena = arena_new();
    struct str question = {(const char *)data + 3, size - 3};
    struct period_list list;
    period_find(question, &calendar, arena, &list);
    for (size_t i = 0; i < list.count; i++) {
        const struct period *period = &list.items[i];
        struct date from, to;
        check(period->begin < period->end && period->end <= question.length);
        check(!period->from || date_parse(str_from(period->from), &from));
        check(!period->to || date_parse(str_from(period->to), &to));
        if (period->from && period->to)
            check(date_to_days(from) < date_to_days(to));
        struct period other;
        (void)period_previous(period, arena, &other);
        (void)period_year_before(period, arena, &other);
        (void)period_bounds(period->from, period->to, arena);
    }
    arena_free(arena);
    return 0;
}
