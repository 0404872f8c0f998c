/* SPDX-License-Identifier: Apache-2.0 */
#include "planner/print/dialect.h"

/* ---- units of time */

static int bucket_shift(const struct expression *bucket)
{
    int start = bucket->fiscal_year_start;
    int months = bucket->unit == UNIT_QUARTER ? 3 : 12;
    return start >= 1 && start <= 12 ? (start - 1) % months : 0;
}

static int bucket_week_start(const struct expression *bucket)
{
    return bucket->week_start >= 1 && bucket->week_start <= 7 ? bucket->week_start : 1;
}

/* A week that starts on another day than Monday, or a fiscal quarter, is the standard one of a
 * shifted date, shifted back. A fiscal year is named after the year in which it ends. */
static bool bucket_standard(struct strbuf *out, const struct expression *bucket, const char *value)
{
    int days = bucket_week_start(bucket) - 1, months = bucket_shift(bucket);
    switch (bucket->unit) {
    case UNIT_DAY:
        strbuf_printf(out, "CAST(%s AS DATE)", value);
        return true;
    case UNIT_WEEK:
        if (days == 0)
            break;
        strbuf_printf(out,
                      "CAST(date_trunc('week', CAST(%s AS DATE) - INTERVAL '%d' DAY) + "
                      "INTERVAL '%d' DAY AS DATE)",
                      value, days, days);
        return true;
    case UNIT_QUARTER:
        if (months == 0)
            break;
        strbuf_printf(out,
                      "CAST(date_trunc('quarter', CAST(%s AS DATE) - INTERVAL '%d' MONTH) + "
                      "INTERVAL '%d' MONTH AS DATE)",
                      value, months, months);
        return true;
    case UNIT_YEAR:
        if (months == 0)
            strbuf_printf(out, "extract(year FROM %s)", value);
        else
            strbuf_printf(out, "extract(year FROM CAST(%s AS DATE) + INTERVAL '%d' MONTH)", value,
                          12 - months);
        return true;
    default:
        break;
    }
    strbuf_printf(out, "CAST(date_trunc('%s', %s) AS DATE)", time_unit_name(bucket->unit), value);
    return true;
}

static bool bucket_sqlite(struct strbuf *out, const struct expression *bucket, const char *value)
{
    int months = bucket_shift(bucket);
    switch (bucket->unit) {
    case UNIT_DAY:
        strbuf_printf(out, "date(%s)", value);
        return true;
    case UNIT_WEEK:
        strbuf_printf(out, "date(%s, '-6 days', 'weekday %d')", value,
                      bucket_week_start(bucket) % 7);
        return true;
    case UNIT_MONTH:
        strbuf_printf(out, "strftime('%%Y-%%m-01', %s)", value);
        return true;
    case UNIT_QUARTER:
        strbuf_printf(out,
                      "date(%s, 'start of month', '-' || ((CAST(strftime('%%m', %s) AS INTEGER) + "
                      "%d) %% 3) || ' months')",
                      value, value, 11 - months);
        return true;
    default:
        if (months == 0)
            strbuf_printf(out, "CAST(strftime('%%Y', %s) AS INTEGER)", value);
        else
            strbuf_printf(out,
                          "CAST(strftime('%%Y', %s, 'start of month', '+%d months') AS INTEGER)",
                          value, 12 - months);
        return true;
    }
}

/* ---- the table */

const struct dialect dialects[SQL_DIALECTS] = {
    [DIALECT_DUCKDB] = {'"', true, true, true, true, true, "median(%s)", "dayname(%s)", "isodow(%s)",
                        "ILIKE", "NOT ILIKE", "VARCHAR", "DOUBLE",
                        "TRY_CAST", "TIMESTAMPTZ", "+00", bucket_standard},
    [DIALECT_SQLITE] = {'"', true, true, false, false, true, NULL,
                        "CASE strftime('%%w', %s) WHEN '0' THEN 'Sunday' WHEN '1' THEN 'Monday' "
                        "WHEN '2' THEN 'Tuesday' WHEN '3' THEN 'Wednesday' WHEN '4' THEN "
                        "'Thursday' WHEN '5' THEN 'Friday' WHEN '6' THEN 'Saturday' END",
                        "(strftime('%%w', %s) + 6) %% 7", "LIKE", "NOT LIKE", "TEXT", "REAL", "CAST",
                        "", "", bucket_sqlite},
    [DIALECT_POSTGRES] = {'"', true, true, true, false, true,
                          "percentile_cont(0.5) WITHIN GROUP (ORDER BY %s)",
                          "to_char(%s, 'FMDay')", "extract(isodow FROM %s)", "ILIKE", "NOT ILIKE", "VARCHAR",
                          "DOUBLE PRECISION", "CAST", "TIMESTAMPTZ", "+00", bucket_standard},
    [DIALECT_TRINO] = {'"', true, true, true, false, true, "approx_percentile(%s, 0.5)",
                       "format_datetime(%s, 'EEEE')", "day_of_week(%s)", NULL, NULL, "VARCHAR", "DOUBLE", "TRY_CAST",
                       "TIMESTAMP", " UTC", bucket_standard},
    [DIALECT_DOMO] = {'`', false, false, false, true, false, NULL, NULL, NULL, "LIKE", "NOT LIKE", "CHAR", "DECIMAL", "CAST",
                      "", "", NULL},
};
