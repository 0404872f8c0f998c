/* SPDX-License-Identifier: Apache-2.0 */
#include "core/clock.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* Set at start; tests set it again while threads look at it. */
static _Atomic int64_t fixed_now_ms;
static atomic_bool now_is_fixed;

uint64_t clock_monotonic_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

uint64_t clock_monotonic_ms(void)
{
    return clock_monotonic_us() / 1000;
}

int64_t clock_real_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t clock_now_ms(void)
{
    return atomic_load(&now_is_fixed) ? atomic_load(&fixed_now_ms) : clock_real_ms();
}

/* Two digits at text[at], or -1. */
static int two_digits(struct str text, size_t at)
{
    if (at + 2 > text.length || !char_is_digit(text.bytes[at]) ||
        !char_is_digit(text.bytes[at + 1]))
        return -1;
    return (text.bytes[at] - '0') * 10 + (text.bytes[at + 1] - '0');
}

bool clock_parse_offset(struct str text, int *minutes)
{
    *minutes = 0;
    if (text.length == 0 || str_equal_nocase(text, STR("z")))
        return true;
    if (text.bytes[0] != '+' && text.bytes[0] != '-')
        return false;
    int hours = two_digits(text, 1);
    size_t at = text.length > 3 && text.bytes[3] == ':' ? 4 : 3;
    int rest = text.length > 3 ? two_digits(text, at) : 0;
    if (hours < 0 || hours > 23 || rest < 0 || rest > 59 ||
        text.length != (text.length > 3 ? at + 2 : 3))
        return false;
    *minutes = (text.bytes[0] == '-' ? -1 : 1) * (hours * 60 + rest);
    return true;
}

/* The digits at *at, which are of a second, as whole milliseconds; *at is then behind them. */
static int64_t read_fraction(struct str text, size_t *at)
{
    int64_t ms = 0;
    for (int unit = 100; *at < text.length && char_is_digit(text.bytes[*at]); ++*at, unit /= 10)
        ms += (text.bytes[*at] - '0') * unit;
    return ms;
}

bool clock_parse(const char *text, int64_t *out_ms)
{
    struct str all = str_trim(str_from(text));
    struct date date;
    if (!date_parse(str_slice(all, 0, 10), &date))
        return false;
    struct str rest = str_slice(all, 10, all.length);
    int64_t seconds = 0, ms = 0;
    int offset = 0;
    if (rest.length > 0) {
        if (rest.length < 6 || (rest.bytes[0] != 'T' && rest.bytes[0] != 't' && rest.bytes[0] != ' '))
            return false;
        int hour = two_digits(rest, 1), minute = two_digits(rest, 4), second = 0;
        if (rest.bytes[3] != ':' || hour < 0 || hour > 23 || minute < 0 || minute > 59)
            return false;
        size_t at = 6;
        if (rest.length > 6 && rest.bytes[6] == ':') {
            second = two_digits(rest, 7);
            at = 9;
            if (second < 0 || second > 59)
                return false;
            if (rest.length > 9 && rest.bytes[9] == '.') {
                at = 10;
                ms = read_fraction(rest, &at);
            }
        }
        if (!clock_parse_offset(str_slice(rest, at, rest.length), &offset))
            return false;
        seconds = hour * 3600 + minute * 60 + second;
    }
    *out_ms = (date_to_days(date) * 86400 + seconds - offset * 60) * 1000 + ms;
    return true;
}

bool clock_set_now(const char *text)
{
    int64_t now_ms;
    if (!clock_parse(text, &now_ms))
        return false;
    atomic_store(&fixed_now_ms, now_ms);
    atomic_store(&now_is_fixed, true);
    return true;
}

static int64_t floor_divide(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

#define YEAR_1_MS INT64_C(-62135596800000)
#define YEAR_9999_END_MS INT64_C(253402300799999)

/* Without snprintf(): a reply holds a dozen times. */
static void put_digits(char *out, int number, int count)
{
    while (count-- > 0) {
        out[count] = (char)('0' + number % 10);
        number /= 10;
    }
}

void clock_print_utc(int64_t now_ms, char out[TIMESTAMP_SIZE])
{
    now_ms = now_ms < YEAR_1_MS ? YEAR_1_MS : now_ms > YEAR_9999_END_MS ? YEAR_9999_END_MS : now_ms;
    int64_t days = floor_divide(now_ms, 86400000);
    int ms = (int)(now_ms - days * 86400000);
    struct date date = date_from_days(days);
    memcpy(out, "0000-00-00T00:00:00.000Z", TIMESTAMP_SIZE);
    put_digits(out, date.year, 4);
    put_digits(out + 5, date.month, 2);
    put_digits(out + 8, date.day, 2);
    put_digits(out + 11, ms / 3600000, 2);
    put_digits(out + 14, ms / 60000 % 60, 2);
    put_digits(out + 17, ms / 1000 % 60, 2);
    put_digits(out + 20, ms % 1000, 3);
}

int64_t clock_today(int offset_minutes)
{
    return floor_divide(clock_now_ms() + (int64_t)offset_minutes * 60000, 86400000);
}

/* Days from and to civil dates: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms". */
int64_t date_to_days(struct date date)
{
    int64_t year = date.year - (date.month <= 2);
    int64_t era = floor_divide(year, 400);
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (date.month + (date.month > 2 ? -3 : 9)) + 2) / 5 + date.day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

struct date date_from_days(int64_t days)
{
    days += 719468;
    int64_t era = floor_divide(days, 146097);
    int64_t day_of_era = days - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t shifted = (5 * day_of_year + 2) / 153;
    int month = (int)(shifted < 10 ? shifted + 3 : shifted - 9);
    return (struct date){
        .year = (int)(year_of_era + era * 400 + (month <= 2)),
        .month = month,
        .day = (int)(day_of_year - (153 * shifted + 2) / 5 + 1),
    };
}

int date_month_length(int year, int month)
{
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : lengths[month - 1];
}

bool date_is_valid(struct date date)
{
    return date.year >= 1 && date.year <= 9999 && date.month >= 1 && date.month <= 12 &&
           date.day >= 1 && date.day <= date_month_length(date.year, date.month);
}

int date_weekday(int64_t days)
{
    int64_t weekday = (days + 3) % 7; /* 1970-01-01 was a Thursday */
    return (int)(weekday < 0 ? weekday + 8 : weekday + 1);
}

struct date date_add_months(struct date date, int months)
{
    int64_t total = (int64_t)date.year * 12 + date.month - 1 + months;
    date.year = (int)floor_divide(total, 12);
    date.month = (int)(total - (int64_t)date.year * 12) + 1;
    int length = date_month_length(date.year, date.month);
    if (date.day > length)
        date.day = length;
    return date;
}

bool date_parse(struct str text, struct date *out)
{
    if (text.length != 10 || text.bytes[4] != '-' || text.bytes[7] != '-')
        return false;
    int century = two_digits(text, 0), year = two_digits(text, 2);
    struct date date = {century * 100 + year, two_digits(text, 5), two_digits(text, 8)};
    if (century < 0 || year < 0 || !date_is_valid(date))
        return false;
    *out = date;
    return true;
}

void date_print(struct date date, char out[DATE_SIZE])
{
    char text[48];
    snprintf(text, sizeof(text), "%04d-%02d-%02d", date.year, date.month, date.day);
    snprintf(out, DATE_SIZE, "%.10s", text);
}
