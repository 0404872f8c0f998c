/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/zone.h"

static void offsets_need_no_file(void **state)
{
    int minutes;
    struct error err = {0};
    assert_true(zone_offset("utc", 0, &minutes, &err) && minutes == 0);
    assert_true(zone_offset("+05:30", 0, &minutes, &err) && minutes == 330);
    assert_true(zone_offset("-0330", 0, &minutes, &err) && minutes == -210);
    assert_false(zone_offset("", 0, &minutes, &err));
    assert_true(zone_offset("+14:00", 0, &minutes, &err) && minutes == 840);
    assert_false(zone_offset("+14:01", 0, &minutes, &err));
    assert_false(zone_offset("+25:00", 0, &minutes, &err));
    assert_false(zone_offset("Mars/Base", 0, &minutes, &err));
    assert_int_equal(err.code, ERROR_INVALID);
    assert_string_equal(err.message, "time zone 'Mars/Base' is not known");
    assert_false(zone_offset("Europe", 0, &minutes, &err)); /* a folder */
    assert_false(zone_offset("../../../etc/passwd", 0, &minutes, &err));
    assert_false(zone_offset("/etc/localtime", 0, &minutes, &err));
}

/* The C library is the second opinion: every week, and every hour around the changes, to 2200. */
static void agrees_with_the_c_library(void **state)
{
    static const char *const zones[] = {
        "Europe/Lisbon",       "Europe/Dublin",    "America/New_York", "America/Sao_Paulo",
        "Australia/Lord_Howe", "Asia/Kathmandu",   "Asia/Tehran",      "Africa/Casablanca",
        "Pacific/Chatham",     "Pacific/Apia",     "America/Nuuk",     "Asia/Gaza",
        "America/Godthab",     "Antarctica/Troll", "Etc/GMT+5",        "EST5EDT"};
    if (access("/usr/share/zoneinfo/Europe/Lisbon", R_OK) != 0)
        return; /* no time zone database here */
    for (size_t i = 0; i < sizeof(zones) / sizeof(zones[0]); i++) {
        setenv("TZ", zones[i], 1);
        tzset();
        for (int64_t time_s = -2000000000; time_s < 7258118400; time_s += 7 * 86400 + 3600 + 1) {
            time_t seconds = time_s;
            struct tm local;
            int minutes;
            assert_non_null(localtime_r(&seconds, &local));
            if (!zone_offset(zones[i], time_s * 1000, &minutes, NULL))
                break; /* a zone that this system's database lacks */
            if (minutes != (int)(local.tm_gmtoff / 60))
                fail_msg("%s at %lld: %d, not %ld minutes", zones[i], (long long)time_s, minutes,
                         local.tm_gmtoff / 60);
        }
    }
}

#define HEADER_LENGTH 44

/* A version 2 file without transitions: only the rule. */
static bool by_rule(const char *rule, int64_t time_s, int *seconds)
{
    static const char head[HEADER_LENGTH] = "TZif2";
    char file[256] = {0};
    size_t length = 0;
    for (int version = 0; version < 2; version++) {
        memcpy(file + length, head, sizeof(head));
        file[length + 39] = 1; /* one type */
        length += sizeof(head) + 6;
    }
    file[length++] = '\n';
    memcpy(file + length, rule, strlen(rule));
    length += strlen(rule);
    file[length++] = '\n';
    return zone_file_offset((struct str){file, length}, time_s, seconds);
}

static void reads_rules(void **state)
{
    int seconds = 0;
    const int64_t january = 1704067200, july = 1719835200; /* 2024-01-01, 2024-07-01 12:00 */
    assert_true(by_rule("<-03>3", january, &seconds) && seconds == -3 * 3600);
    assert_true(by_rule("WET0WEST,M3.5.0/1,M10.5.0", january, &seconds) && seconds == 0);
    assert_true(by_rule("WET0WEST,M3.5.0/1,M10.5.0", july, &seconds) && seconds == 3600);
    /* The last second of winter and the first of summer time. */
    assert_true(by_rule("WET0WEST,M3.5.0/1,M10.5.0", 1711846799, &seconds) && seconds == 0);
    assert_true(by_rule("WET0WEST,M3.5.0/1,M10.5.0", 1711846800, &seconds) && seconds == 3600);
    /* South of the equator summer goes over the new year. */
    assert_true(by_rule("AEST-10AEDT,M10.1.0,M4.1.0/3", january, &seconds) && seconds == 39600);
    assert_true(by_rule("AEST-10AEDT,M10.1.0,M4.1.0/3", july, &seconds) && seconds == 36000);
    assert_true(by_rule("A0B-2,J60/0,300", 1709251200, &seconds) && seconds == 7200); /* 1 March */
    assert_true(by_rule("A0B-2,J60/0,300", 1709251199, &seconds) && seconds == 0);
    /* What is no rule falls back to the first type: UTC here. */
    assert_true(by_rule("A", july, &seconds) && seconds == 0);
    assert_true(by_rule("WET0WEST,M13.5.0/1,M10.5.0", july, &seconds) && seconds == 0);
    assert_true(by_rule("<A0", july, &seconds) && seconds == 0);
}

static void refuses_what_is_no_zone_file(void **state)
{
    int seconds;
    assert_false(zone_file_offset(STR(""), 0, &seconds));
    char file[50] = "TZif";
    file[39] = 1;
    assert_true(zone_file_offset((struct str){file, 50}, 0, &seconds));
    assert_int_equal(seconds, 0);
    assert_false(zone_file_offset((struct str){file, 49}, 0, &seconds));
    assert_false(zone_file_offset((struct str){file, 50}, INT64_MAX, &seconds));
    file[44] = 0x7f; /* an offset of years */
    assert_false(zone_file_offset((struct str){file, 50}, 0, &seconds));
    memset(file + 20, 0xff, 24); /* counts of 4 billion */
    assert_false(zone_file_offset((struct str){file, 50}, 0, &seconds));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(offsets_need_no_file),
        cmocka_unit_test(agrees_with_the_c_library),
        cmocka_unit_test(reads_rules),
        cmocka_unit_test(refuses_what_is_no_zone_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
