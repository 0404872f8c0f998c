/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The allow-lists of duckdb_tree.c, and of nothing else. They are kept apart from the firewall's
 * on purpose: a name that slips into one list by mistake is still refused by the other.
 *
 * Functions are named as DuckDB's tree names them: operators are functions there, and so are what
 * EXTRACT, LIKE, INTERVAL, AT TIME ZONE and POSITION turn into.
 */
#ifndef QUERENT_SQL_DUCKDB_TREE_LISTS_H
#define QUERENT_SQL_DUCKDB_TREE_LISTS_H

#include <stddef.h>

/* Not here, because their results or their time have no bound: repeat, list and array builders,
 * range, format, printf, bar, text distances. lpad and rpad are here; the firewall bounds them. */
static const char *const tree_functions[] = {
    /* operators */
    "+", "-", "*", "/", "//", "%", "^", "**", "||", "~~", "!~~", "~~*", "!~~*", "~~~",
    "like_escape", "not_like_escape", "ilike_escape", "not_ilike_escape", "row", "overlaps",
    /* what INTERVAL and AT TIME ZONE become */
    "to_years", "to_quarters", "to_months", "to_weeks", "to_days", "to_hours", "to_minutes",
    "to_seconds", "to_milliseconds", "to_microseconds", "to_decades", "to_centuries",
    "to_millennia", "timezone",
    /* aggregates */
    "count", "count_star", "sum", "avg", "mean", "min", "max", "median", "mode", "quantile",
    "quantile_cont", "quantile_disc", "approx_quantile", "approx_count_distinct", "stddev",
    "stddev_samp", "stddev_pop", "variance", "var_samp", "var_pop", "corr", "covar_pop",
    "covar_samp", "regr_slope", "regr_intercept", "regr_r2", "regr_count", "regr_avgx", "regr_avgy",
    "regr_sxx", "regr_syy", "regr_sxy", "skewness", "kurtosis", "entropy", "mad", "product",
    "geomean", "geometric_mean", "string_agg", "group_concat", "listagg", "bool_and", "bool_or",
    "any_value", "arbitrary", "first", "last", "arg_min", "arg_max", "argmin", "argmax", "min_by",
    "max_by", "count_if", "countif", "fsum", "kahan_sum", "sumkahan", "favg", "sem", "wavg",
    "weighted_avg", "grouping", "grouping_id",
    /* windows */
    "row_number", "rank", "dense_rank", "rank_dense", "percent_rank", "cume_dist", "ntile", "lag",
    "lead", "first_value", "last_value", "nth_value",
    /* numbers */
    "abs", "sign", "ceil", "ceiling", "floor", "round", "round_even", "roundbankers", "trunc",
    "even", "mod", "fmod", "fdiv", "divide", "multiply", "add", "subtract", "pow", "power", "sqrt",
    "cbrt", "exp", "ln", "log", "log2", "log10", "pi", "degrees", "radians", "sin", "cos", "tan",
    "cot", "asin", "acos", "atan", "atan2", "gcd", "lcm", "isnan", "isinf", "isfinite", "greatest",
    "least",
    /* conditions and types */
    "coalesce", "nullif", "ifnull", "if", "isnull", "constant_or_null", "typeof",
    /* text */
    "lower", "lcase", "upper", "ucase", "length", "len", "strlen", "char_length",
    "character_length", "octet_length", "bit_length", "trim", "ltrim", "rtrim", "substr",
    "substring", "left", "right", "replace", "translate", "reverse", "concat", "concat_ws", "lpad",
    "rpad", "instr", "strpos", "position", "contains", "starts_with", "ends_with", "prefix",
    "suffix", "split_part", "strip_accents", "nfc_normalize", "ascii", "ord", "unicode", "chr",
    "regexp_matches", "regexp_full_match", "regexp_replace", "regexp_extract", "regexp_escape",
    /* dates and times */
    "now", "today", "current_date", "current_timestamp", "current_time", "get_current_time",
    "get_current_timestamp", "current_localtime", "current_localtimestamp", "transaction_timestamp",
    "date", "date_part", "datepart", "date_trunc", "datetrunc", "date_diff", "datediff", "date_sub",
    "datesub", "date_add", "age", "last_day", "days_in_month", "dayname", "monthname", "year",
    "quarter", "month", "week", "weekofyear", "yearweek", "isoyear", "day", "dayofmonth",
    "dayofweek", "dayofyear", "weekday", "isodow", "hour", "minute", "second", "millisecond",
    "microsecond", "decade", "century", "millennium", "era", "epoch", "epoch_ms", "epoch_us",
    "epoch_ns", "julian", "strftime", "strptime", "try_strptime", "make_date", "make_time",
    "make_timestamp", "make_timestamptz", "to_timestamp", "time_bucket",
    /* values kept as JSON */
    "json_extract", "json_extract_path", "json_extract_string", "json_extract_path_text",
    "json_array_length", "json_type", "json_valid", "json_value", "json_exists"};

/* Not here: more arguments than these. */
static const struct {
    const char *name;
    size_t most;
} tree_argument_limits[] = {
    {"min", 1},    {"max", 1},    {"arg_min", 2}, {"arg_max", 2},
    {"argmin", 2}, {"argmax", 2}, {"min_by", 2},  {"max_by", 2},
};

/* Their second argument must be a constant of at most TREE_PAD_MAX. */
static const char *const tree_padders[] = {"lpad", "rpad"};
#define TREE_PAD_MAX 100

/* Of casts and of constants. UNBOUND is a name that DuckDB looks up later: never. */
static const char *const tree_types[] = {"NULL",
                                         "BOOLEAN",
                                         "TINYINT",
                                         "SMALLINT",
                                         "INTEGER",
                                         "BIGINT",
                                         "HUGEINT",
                                         "UTINYINT",
                                         "USMALLINT",
                                         "UINTEGER",
                                         "UBIGINT",
                                         "UHUGEINT",
                                         "FLOAT",
                                         "DOUBLE",
                                         "DECIMAL",
                                         "VARCHAR",
                                         "DATE",
                                         "TIME",
                                         "TIME WITH TIME ZONE",
                                         "TIMESTAMP",
                                         "TIMESTAMP_S",
                                         "TIMESTAMP_MS",
                                         "TIMESTAMP_NS",
                                         "TIMESTAMP WITH TIME ZONE",
                                         "INTERVAL",
                                         "UUID",
                                         "INTEGER_LITERAL",
                                         "STRING_LITERAL"};

static const char *const tree_collations[] = {
    "binary", "c", "posix", "nocase", "noaccent", "nfc", "nocase.noaccent", "noaccent.nocase"};

/* Names without parentheses that DuckDB takes as functions when no column has the name. */
static const char *const tree_hidden_functions[] = {
    "current_user", "current_role", "current_catalog",  "current_schema",
    "session_user", "user",         "current_database", "system_user"};

#endif
