/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/calendar.h"

#include "core/clock.h"
#include "core/settings.h"
#include "core/zone.h"

static int64_t today_of(const struct dataset *dataset)
{
    struct date date;
    if (dataset && dataset->calendar.reference_date &&
        date_parse(str_slice(str_from(dataset->calendar.reference_date), 0, 10), &date))
        return date_to_days(date);
    int minutes = settings_utc_offset_minutes(clock_now_ms());
    if (dataset && dataset->calendar.time_zone)
        (void)zone_offset(dataset->calendar.time_zone, clock_now_ms(), &minutes, NULL);
    return clock_today(minutes); /* an unknown zone: the configured one */
}

static int first_set(int own, int64_t configured)
{
    return own > 0 ? own : (int)configured;
}

void calendar_of(const struct dataset *dataset, struct period_calendar *out)
{
    const struct calendar none = {0};
    const struct calendar *own = dataset ? &dataset->calendar : &none;
    date_print(date_from_days(today_of(dataset)), out->today);
    out->week_start = first_set(own->week_start, settings_integer("QUERENT_WEEK_START"));
    out->fiscal_year_start =
        first_set(own->fiscal_year_start, settings_integer("QUERENT_FISCAL_YEAR_START"));
}

bool calendar_is_own(const struct dataset *dataset)
{
    const struct calendar *own = &dataset->calendar;
    return own->reference_date || own->time_zone || own->week_start > 0 ||
           own->fiscal_year_start > 0;
}
