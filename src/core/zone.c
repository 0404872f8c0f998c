/* SPDX-License-Identifier: Apache-2.0 */
#include "core/zone.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/clock.h"

#define ZONE_MINUTES_MAX (14 * 60) /* Kiribati's; a time may have any offset of RFC 3339 */
#define HEADER_SIZE 44
#define DAY_S 86400
#define OFFSET_MAX_S (26 * 3600) /* RFC 8536: less than 26 hours */

/* The parts of one block of a zone file, as offsets into it. */
struct block {
    size_t time_size; /* 4 in version 1, 8 later */
    size_t time_count, type_count;
    size_t times, kinds, types, end;
};

static uint64_t big_endian(const char *bytes, size_t size)
{
    uint64_t number = 0;
    for (size_t i = 0; i < size; i++)
        number = number << 8 | (unsigned char)bytes[i];
    return number;
}

/* The order of the counts in the header, of 4 bytes each, after 20 bytes. */
enum count { COUNT_UT, COUNT_STANDARD, COUNT_LEAPS, COUNT_TIMES, COUNT_TYPES, COUNT_CHARS };

static size_t count_at(struct str file, size_t header, enum count count)
{
    return (size_t)big_endian(file.bytes + header + 20 + 4 * (size_t)count, 4);
}

/* Counts are 32 bits, so sums of a few products of them can't overflow 64. */
static bool read_block(struct str file, size_t header, size_t time_size, struct block *out)
{
    if (file.length < HEADER_SIZE || header > file.length - HEADER_SIZE ||
        memcmp(file.bytes + header, "TZif", 4) != 0)
        return false;
    struct block block = {.time_size = time_size,
                          .time_count = count_at(file, header, COUNT_TIMES),
                          .type_count = count_at(file, header, COUNT_TYPES)};
    block.times = header + HEADER_SIZE;
    block.kinds = block.times + block.time_count * time_size;
    block.types = block.kinds + block.time_count;
    block.end = block.types + 6 * block.type_count + count_at(file, header, COUNT_CHARS) +
                count_at(file, header, COUNT_LEAPS) * (time_size + 4) +
                count_at(file, header, COUNT_STANDARD) + count_at(file, header, COUNT_UT);
    if (block.type_count == 0 || block.end > file.length)
        return false;
    *out = block;
    return true;
}

static int64_t time_of(struct str file, const struct block *block, size_t i)
{
    uint64_t bits = big_endian(file.bytes + block->times + i * block->time_size, block->time_size);
    return block->time_size == 4 ? (int32_t)(uint32_t)bits : (int64_t)bits;
}

/* How many transitions are not after the time. */
static size_t transitions_before(struct str file, const struct block *block, int64_t time_s)
{
    size_t low = 0, high = block->time_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (time_of(file, block, middle) <= time_s)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool type_offset(struct str file, const struct block *block, size_t type, int *out_seconds)
{
    if (type >= block->type_count)
        return false;
    *out_seconds = (int32_t)(uint32_t)big_endian(file.bytes + block->types + 6 * type, 4);
    return abs(*out_seconds) < OFFSET_MAX_S;
}

/* What follows reads the rule for the time after the last transition, as in POSIX's TZ:
 * "WET0WEST,M3.5.0/1,M10.5.0". Each function takes its part off the front of *rest. */

static bool take_char(struct str *rest, char c)
{
    if (rest->length == 0 || rest->bytes[0] != c)
        return false;
    *rest = str_slice(*rest, 1, rest->length);
    return true;
}

static bool take_number(struct str *rest, int max, int *out)
{
    size_t length = 0;
    int number = 0;
    while (length < rest->length && length < 4 && char_is_digit(rest->bytes[length]))
        number = number * 10 + (rest->bytes[length++] - '0');
    if (length == 0 || number > max)
        return false;
    *rest = str_slice(*rest, length, rest->length);
    *out = number;
    return true;
}

/* "WEST" or "<+03>" */
static bool take_name(struct str *rest)
{
    size_t length = 0;
    bool quoted = take_char(rest, '<');
    while (length < rest->length &&
           (quoted ? rest->bytes[length] != '>' : char_is_alpha(rest->bytes[length])))
        length++;
    *rest = str_slice(*rest, length, rest->length);
    return length > 0 && (!quoted || take_char(rest, '>'));
}

/* "-3", "+5:30", "167:59:59" */
static bool take_duration(struct str *rest, int *out_seconds)
{
    bool negative = take_char(rest, '-');
    if (!negative)
        (void)take_char(rest, '+');
    int hours, minutes = 0, seconds = 0;
    if (!take_number(rest, 167, &hours) ||
        (take_char(rest, ':') && (!take_number(rest, 59, &minutes) ||
                                  (take_char(rest, ':') && !take_number(rest, 59, &seconds)))))
        return false;
    *out_seconds = (negative ? -1 : 1) * (hours * 3600 + minutes * 60 + seconds);
    return true;
}

/* A day of each year and the seconds from its midnight. */
struct change {
    char form;            /* 'M': month, week, day; 'J': 1 to 365, no 29 February; 'N': 0 to 365 */
    int month, week, day; /* day of the week from 0, Sunday, or of the year */
    int time_s;
};

static bool take_change(struct str *rest, struct change *out)
{
    struct change change = {.form = 'N', .time_s = 2 * 3600};
    if (take_char(rest, 'M')) {
        change.form = 'M';
        if (!take_number(rest, 12, &change.month) || change.month == 0 || !take_char(rest, '.') ||
            !take_number(rest, 5, &change.week) || change.week == 0 || !take_char(rest, '.') ||
            !take_number(rest, 6, &change.day))
            return false;
    } else {
        if (take_char(rest, 'J'))
            change.form = 'J';
        if (!take_number(rest, 365, &change.day) || (change.form == 'J' && change.day == 0))
            return false;
    }
    if (take_char(rest, '/') && !take_duration(rest, &change.time_s))
        return false;
    *out = change;
    return true;
}

/* Seconds since 1970 in local time. */
static int64_t time_of_change(const struct change *change, int year)
{
    int64_t day = date_to_days((struct date){year, 1, 1});
    if (change->form == 'N') {
        day += change->day;
    } else if (change->form == 'J') {
        bool leap = date_month_length(year, 2) == 29;
        day += change->day - 1 + (leap && change->day >= 60);
    } else {
        int64_t first = date_to_days((struct date){year, change->month, 1});
        int to_day = (change->day - date_weekday(first) % 7 + 7) % 7;
        int in_month = to_day + 7 * (change->week - 1);
        while (in_month >= date_month_length(year, change->month))
            in_month -= 7; /* week 5 is the last */
        day = first + in_month;
    }
    return day * DAY_S + change->time_s;
}

static bool rule_offset(struct str rule, int64_t time_s, int *out_seconds)
{
    int standard, summer;
    if (!take_name(&rule) || !take_duration(&rule, &standard))
        return false;
    *out_seconds = standard = -standard; /* POSIX counts to the west */
    if (rule.length == 0)
        return true;
    if (!take_name(&rule))
        return false;
    summer = standard + 3600;
    if (rule.length > 0 && rule.bytes[0] != ',') {
        if (!take_duration(&rule, &summer))
            return false;
        summer = -summer;
    }
    struct change begin, end;
    if (!take_char(&rule, ',') || !take_change(&rule, &begin) || !take_char(&rule, ',') ||
        !take_change(&rule, &end) || rule.length > 0)
        return false;
    int64_t local = time_s + standard;
    int year = date_from_days(local / DAY_S - (local % DAY_S < 0)).year;
    int64_t begin_s = time_of_change(&begin, year) - standard;
    int64_t end_s = time_of_change(&end, year) - summer;
    bool is_summer =
        begin_s < end_s ? time_s >= begin_s && time_s < end_s : time_s >= begin_s || time_s < end_s;
    *out_seconds = is_summer ? summer : standard;
    return true;
}

/* The rule stands between two line feeds behind the last block. */
static struct str rule_of(struct str file, const struct block *block)
{
    struct str rest = str_slice(file, block->end, file.length), rule;
    if (block->time_size == 4 || !take_char(&rest, '\n') || !str_split(&rest, '\n', &rule))
        return STR("");
    return rule;
}

bool zone_file_offset(struct str file, int64_t time_s, int *out_seconds)
{
    /* Years 1 to 9999, for which dates are exact. */
    if (time_s < -62135510400 || time_s > 253402214400)
        return false;
    struct block block;
    if (!read_block(file, 0, 4, &block))
        return false;
    if (file.bytes[4] >= '2' && !read_block(file, block.end, 8, &block))
        return false;
    size_t before = transitions_before(file, &block, time_s);
    struct str rule = rule_of(file, &block);
    int seconds;
    if (before == block.time_count && rule.length > 0 && rule_offset(rule, time_s, &seconds) &&
        abs(seconds) < OFFSET_MAX_S) {
        *out_seconds = seconds;
        return true;
    }
    size_t type = before == 0 ? 0 : (unsigned char)file.bytes[block.kinds + before - 1];
    return type_offset(file, &block, type, out_seconds);
}

/* Letters, digits, "_+-/" and no dots: the name becomes part of a path. */
static bool name_is_clean(struct str name)
{
    for (size_t i = 0; i < name.length; i++)
        if (!char_is_alnum(name.bytes[i]) && !memchr("_+-/", name.bytes[i], 4))
            return false;
    return name.length > 0 && name.length <= 64 && char_is_alpha(name.bytes[0]);
}

static bool read_zone(const char *name, char *bytes, struct str *out)
{
    const char *folder = getenv("TZDIR");
    char path[1024];
    int length = snprintf(path, sizeof(path), "%s/%s",
                          folder && folder[0] ? folder : "/usr/share/zoneinfo", name);
    if (length < 0 || (size_t)length >= sizeof(path))
        return false;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return false;
    ssize_t got = read(fd, bytes, ZONE_FILE_SIZE_MAX); /* a folder fails here */
    close(fd);
    *out = (struct str){bytes, got > 0 ? (size_t)got : 0};
    return got > 0;
}

bool zone_offset(const char *name, int64_t time_ms, int *out_minutes, struct error *err)
{
    struct str text = str_from(name);
    if (str_equal_nocase(text, STR("UTC"))) {
        *out_minutes = 0;
        return true;
    }
    if (text.length > 0 && clock_parse_offset(text, out_minutes) &&
        abs(*out_minutes) <= ZONE_MINUTES_MAX)
        return true;
    char *bytes = xcalloc(1, ZONE_FILE_SIZE_MAX);
    struct str file;
    int seconds = 0;
    int64_t time_s = time_ms / 1000 - (time_ms % 1000 < 0);
    bool ok = name_is_clean(text) && read_zone(name, bytes, &file) &&
              zone_file_offset(file, time_s, &seconds);
    free(bytes);
    if (!ok)
        return error_set(err, ERROR_INVALID, "time zone '%.*s' is not known",
                         STR_ARGS(str_cut_utf8(text, 64)));
    *out_minutes = seconds / 60;
    return true;
}
