/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time. Dates are proleptic Gregorian days since 1970-01-01; the arithmetic is exact for years 1
 * to 9999. No function here depends on the process's time zone or locale.
 */
#ifndef QUERENT_CORE_CLOCK_H
#define QUERENT_CORE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "core/str.h"

/* Milliseconds that only go forward, from an unknown start. */
uint64_t clock_monotonic_ms(void);
/* Microseconds likewise, for durations. */
uint64_t clock_monotonic_us(void);
/* Milliseconds since 1970-01-01 UTC: the real time, or QUERENT_NOW's when clock_set_now() fixed it. */
int64_t clock_now_ms(void);
/* The real time, whatever was fixed. */
int64_t clock_real_ms(void);
/* Fixes the reference time; text is an ISO date or date-time (UTC unless it has an offset).
 * False when it can't be read. */
bool clock_set_now(const char *text);
/* Reads such a text without fixing anything; what is below a millisecond is cut off. */
bool clock_parse(const char *text, int64_t *out_ms);
/* "Z", "", "+02", "+0200" or "+02:00". */
bool clock_parse_offset(struct str text, int *out_minutes);

#define TIMESTAMP_SIZE 25 /* "2024-02-29T13:00:00.123Z" and a NUL */
/* Times before the year 1 or behind 9999 are told as the first or last there is. */
void clock_print_utc(int64_t now_ms, char out[TIMESTAMP_SIZE]);
/* Today's date in a fixed offset from UTC; days since 1970. */
int64_t clock_today(int offset_minutes);

struct date {
    int year, month, day; /* month 1..12, day 1..31 */
};
int64_t date_to_days(struct date date);
struct date date_from_days(int64_t days);
bool date_is_valid(struct date date);
/* 1 Monday .. 7 Sunday (ISO 8601). */
int date_weekday(int64_t days);
int date_month_length(int year, int month);
/* Adds months, keeping the day where the month has it and taking its last day otherwise. */
struct date date_add_months(struct date date, int months);
/* "2024-02-29", exactly; false otherwise. */
bool date_parse(struct str text, struct date *out);
#define DATE_SIZE 11
void date_print(struct date date, char out[DATE_SIZE]);

#endif
