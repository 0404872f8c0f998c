/* SPDX-License-Identifier: Apache-2.0 */
#include "sql/allow_lists.h"

#define LENGTH(array) (sizeof(array) / sizeof *(array))

#define S FUNCTION_SCALAR
#define A FUNCTION_AGGREGATE
#define W FUNCTION_WINDOW

/*
 * Not here, and never to be added without a bound: repeat, list and array builders, range,
 * generate_series, text distances, format, printf, bar, hashes (facts: one call of these can take
 * gigabytes or minutes, and can't be interrupted). random and uuid: the same question would get
 * another answer.
 */
static const struct allowed_function functions[] = {
    /* aggregates */
    {"count", A | FUNCTION_STAR},
    {"sum", A},
    {"avg", A},
    {"mean", A},
    {"min", A | FUNCTION_ONE},
    {"max", A | FUNCTION_ONE},
    {"median", A},
    {"mode", A},
    {"quantile", A},
    {"quantile_cont", A},
    {"quantile_disc", A},
    {"percentile_cont", A},
    {"percentile_disc", A},
    {"approx_quantile", A},
    {"approx_count_distinct", A},
    {"stddev", A},
    {"stddev_samp", A},
    {"stddev_pop", A},
    {"variance", A},
    {"var_samp", A},
    {"var_pop", A},
    {"corr", A},
    {"covar_pop", A},
    {"covar_samp", A},
    {"regr_slope", A},
    {"regr_intercept", A},
    {"regr_r2", A},
    {"regr_count", A},
    {"regr_avgx", A},
    {"regr_avgy", A},
    {"regr_sxx", A},
    {"regr_syy", A},
    {"regr_sxy", A},
    {"skewness", A},
    {"kurtosis", A},
    {"entropy", A},
    {"mad", A},
    {"product", A},
    {"geomean", A},
    {"string_agg", A},
    {"group_concat", A},
    {"listagg", A},
    {"bool_and", A},
    {"bool_or", A},
    {"any_value", A},
    {"arbitrary", A},
    {"first", A},
    {"last", A},
    {"arg_min", A | FUNCTION_TWO},
    {"arg_max", A | FUNCTION_TWO},
    {"argmin", A | FUNCTION_TWO},
    {"argmax", A | FUNCTION_TWO},
    {"min_by", A | FUNCTION_TWO},
    {"max_by", A | FUNCTION_TWO},
    {"count_if", A},
    {"countif", A},
    {"fsum", A},
    {"favg", A},
    {"sem", A},
    {"grouping", S},
    {"grouping_id", S},
    /* windows */
    {"row_number", W},
    {"rank", W},
    {"dense_rank", W},
    {"percent_rank", W},
    {"cume_dist", W},
    {"ntile", W},
    {"lag", W},
    {"lead", W},
    {"first_value", W},
    {"last_value", W},
    {"nth_value", W},
    /* numbers */
    {"abs", S},
    {"sign", S},
    {"ceil", S},
    {"ceiling", S},
    {"floor", S},
    {"round", S},
    {"round_even", S},
    {"trunc", S},
    {"mod", S},
    {"fmod", S},
    {"pow", S},
    {"power", S},
    {"sqrt", S},
    {"cbrt", S},
    {"exp", S},
    {"ln", S},
    {"log", S},
    {"log2", S},
    {"log10", S},
    {"pi", S},
    {"degrees", S},
    {"radians", S},
    {"sin", S},
    {"cos", S},
    {"tan", S},
    {"cot", S},
    {"asin", S},
    {"acos", S},
    {"atan", S},
    {"atan2", S},
    {"gcd", S},
    {"lcm", S},
    {"isnan", S},
    {"isinf", S},
    {"isfinite", S},
    {"greatest", S},
    {"least", S},
    /* conditions and types */
    {"coalesce", S},
    {"nullif", S},
    {"ifnull", S},
    {"if", S},
    {"typeof", S},
    /* text */
    {"lower", S},
    {"lcase", S},
    {"upper", S},
    {"ucase", S},
    {"length", S},
    {"len", S},
    {"strlen", S},
    {"char_length", S},
    {"character_length", S},
    {"octet_length", S},
    {"trim", S},
    {"ltrim", S},
    {"rtrim", S},
    {"substr", S},
    {"substring", S},
    {"left", S},
    {"right", S},
    {"replace", S},
    {"translate", S},
    {"reverse", S},
    {"concat", S},
    {"concat_ws", S},
    {"lpad", S | FUNCTION_LENGTH},
    {"rpad", S | FUNCTION_LENGTH},
    {"instr", S},
    {"strpos", S},
    {"position", S},
    {"contains", S},
    {"starts_with", S},
    {"ends_with", S},
    {"prefix", S},
    {"suffix", S},
    {"split_part", S},
    {"strip_accents", S},
    {"ascii", S},
    {"ord", S},
    {"unicode", S},
    {"chr", S},
    {"regexp_matches", S},
    {"regexp_full_match", S},
    {"regexp_replace", S},
    {"regexp_extract", S},
    /* dates and times */
    {"now", S},
    {"today", S},
    {"current_date", S},
    {"current_timestamp", S},
    {"date", S},
    {"date_part", S},
    {"datepart", S},
    {"date_trunc", S},
    {"datetrunc", S},
    {"date_diff", S},
    {"datediff", S},
    {"date_sub", S},
    {"datesub", S},
    {"date_add", S},
    {"age", S},
    {"last_day", S},
    {"dayname", S},
    {"monthname", S},
    {"year", S},
    {"quarter", S},
    {"month", S},
    {"week", S},
    {"weekofyear", S},
    {"yearweek", S},
    {"isoyear", S},
    {"day", S},
    {"dayofmonth", S},
    {"dayofweek", S},
    {"dayofyear", S},
    {"weekday", S},
    {"isodow", S},
    {"hour", S},
    {"minute", S},
    {"second", S},
    {"millisecond", S},
    {"microsecond", S},
    {"decade", S},
    {"century", S},
    {"epoch", S},
    {"epoch_ms", S},
    {"epoch_us", S},
    {"julian", S},
    {"strftime", S},
    {"strptime", S},
    {"try_strptime", S},
    {"make_date", S},
    {"make_time", S},
    {"make_timestamp", S},
    {"to_timestamp", S},
    {"time_bucket", S},
    {"to_years", S},
    {"to_months", S},
    {"to_weeks", S},
    {"to_days", S},
    {"to_hours", S},
    {"to_minutes", S},
    {"to_seconds", S},
    /* values kept as JSON */
    {"json_extract", S},
    {"json_extract_string", S},
    {"json_array_length", S},
    {"json_type", S},
    {"json_valid", S},
    {"json_value", S},
    {"json_exists", S},
};

#undef S
#undef A
#undef W

/* What other dialects call it, and what it is here. */
static const struct {
    const char *name, *ours;
} synonyms[] = {
    {"nvl", "coalesce"},
    {"isnull", "coalesce"},
    {"zeroifnull", "coalesce"},
    {"iff", "if"},
    {"decode", "if"},
    {"getdate", "current_date"},
    {"sysdate", "current_date"},
    {"curdate", "current_date"},
    {"to_char", "strftime"},
    {"date_format", "strftime"},
    {"to_date", "strptime"},
    {"str_to_date", "strptime"},
    {"parse_date", "strptime"},
    {"charindex", "strpos"},
    {"locate", "strpos"},
    {"timestampdiff", "date_diff"},
    {"dateadd", "date_add"},
    {"adddate", "date_add"},
    {"date_sub_interval", "date_sub"},
    {"eomonth", "last_day"},
    {"julianday", "julian"},
    {"datetime", "strptime"},
    {"unix_timestamp", "epoch"},
    {"from_unixtime", "to_timestamp"},
    {"array_agg", "string_agg"},
    {"list", "string_agg"},
    {"stdev", "stddev"},
    {"std", "stddev"},
    {"var", "variance"},
    {"stdevp", "stddev_pop"},
    {"regexp_like", "regexp_matches"},
    {"regexp_substr", "regexp_extract"},
    {"substring_index", "split_part"},
    {"total", "sum"},
    {"average", "avg"},
    {"percentile", "quantile_cont"},
    {"approx_distinct", "approx_count_distinct"},
    {"truncate", "trunc"},
    {"convert", "cast"},
    {"json_extract_scalar", "json_extract_string"},
    {"day_of_week", "dayofweek"},
    {"day_of_year", "dayofyear"},
    {"week_of_year", "weekofyear"},
    {"formatdatetime", "strftime"},
    {"safe_divide", "nullif"},
    {"logical_or", "bool_or"},
    {"logical_and", "bool_and"},
    {"every", "bool_and"},
};

/* Known bad ones, for the sentence only: what is in no list is refused as well. A trailing '*'
 * stands for any ending. */
static const struct {
    const char *pattern;
    enum refusal refusal;
} bad_functions[] = {
    {"read_*", REFUSAL_FUNCTION_FILES},
    {"parquet_*", REFUSAL_FUNCTION_FILES},
    {"glob", REFUSAL_FUNCTION_FILES},
    {"sniff_csv", REFUSAL_FUNCTION_FILES},
    {"scan_*", REFUSAL_FUNCTION_FILES},
    {"*_scan", REFUSAL_FUNCTION_FILES},
    {"csv_*", REFUSAL_FUNCTION_FILES},
    {"pg_read_*", REFUSAL_FUNCTION_FILES},
    {"pg_ls_*", REFUSAL_FUNCTION_FILES},
    {"pg_stat_file", REFUSAL_FUNCTION_FILES},
    {"lo_*", REFUSAL_FUNCTION_FILES},
    {"load_file", REFUSAL_FUNCTION_FILES},
    {"load_extension", REFUSAL_FUNCTION_SYSTEM},
    {"readfile", REFUSAL_FUNCTION_FILES},
    {"writefile", REFUSAL_FUNCTION_FILES},
    {"edit", REFUSAL_FUNCTION_FILES},
    {"fileio*", REFUSAL_FUNCTION_FILES},
    {"utl_*", REFUSAL_FUNCTION_FILES},
    {"openrowset", REFUSAL_FUNCTION_FILES},
    {"opendatasource", REFUSAL_FUNCTION_FILES},
    {"getenv", REFUSAL_FUNCTION_SYSTEM},
    {"getvariable", REFUSAL_FUNCTION_SYSTEM},
    {"query", REFUSAL_FUNCTION_SYSTEM},
    {"query_*", REFUSAL_FUNCTION_SYSTEM},
    {"current_setting", REFUSAL_FUNCTION_SYSTEM},
    {"current_*", REFUSAL_FUNCTION_SYSTEM},
    {"set_config", REFUSAL_FUNCTION_SYSTEM},
    {"duckdb_*", REFUSAL_FUNCTION_SYSTEM},
    {"pragma_*", REFUSAL_FUNCTION_SYSTEM},
    {"pg_*", REFUSAL_FUNCTION_SYSTEM},
    {"inet_*", REFUSAL_FUNCTION_SYSTEM},
    {"has_*", REFUSAL_FUNCTION_SYSTEM},
    {"txid_*", REFUSAL_FUNCTION_SYSTEM},
    {"dblink*", REFUSAL_FUNCTION_SYSTEM},
    {"xp_*", REFUSAL_FUNCTION_SYSTEM},
    {"sp_*", REFUSAL_FUNCTION_SYSTEM},
    {"sys_*", REFUSAL_FUNCTION_SYSTEM},
    {"sqlite_*", REFUSAL_FUNCTION_SYSTEM},
    {"sleep*", REFUSAL_FUNCTION_SYSTEM},
    {"benchmark", REFUSAL_FUNCTION_UNBOUNDED},
    {"version", REFUSAL_FUNCTION_SYSTEM},
    {"user", REFUSAL_FUNCTION_SYSTEM},
    {"database", REFUSAL_FUNCTION_SYSTEM},
    {"session_user", REFUSAL_FUNCTION_SYSTEM},
    {"system_user", REFUSAL_FUNCTION_SYSTEM},
    {"nextval", REFUSAL_FUNCTION_SYSTEM},
    {"currval", REFUSAL_FUNCTION_SYSTEM},
    {"setseed", REFUSAL_FUNCTION_SYSTEM},
    {"write_log", REFUSAL_FUNCTION_SYSTEM},
    {"which_secret", REFUSAL_FUNCTION_SYSTEM},
    {"json_execute_*", REFUSAL_FUNCTION_SYSTEM},
    {"json_serialize_*", REFUSAL_FUNCTION_SYSTEM},
    {"json_deserialize_*", REFUSAL_FUNCTION_SYSTEM},
    {"repeat", REFUSAL_FUNCTION_UNBOUNDED},
    {"range", REFUSAL_FUNCTION_UNBOUNDED},
    {"generate_*", REFUSAL_FUNCTION_UNBOUNDED},
    {"list*", REFUSAL_FUNCTION_UNBOUNDED},
    {"array_*", REFUSAL_FUNCTION_UNBOUNDED},
    {"unnest", REFUSAL_FUNCTION_UNBOUNDED},
    {"bitstring", REFUSAL_FUNCTION_UNBOUNDED},
    {"bar", REFUSAL_FUNCTION_UNBOUNDED},
    {"format", REFUSAL_FUNCTION_UNBOUNDED},
    {"printf", REFUSAL_FUNCTION_UNBOUNDED},
    {"levenshtein", REFUSAL_FUNCTION_UNBOUNDED},
    {"damerau_levenshtein", REFUSAL_FUNCTION_UNBOUNDED},
    {"editdist3", REFUSAL_FUNCTION_UNBOUNDED},
    {"jaccard", REFUSAL_FUNCTION_UNBOUNDED},
    {"jaro_*", REFUSAL_FUNCTION_UNBOUNDED},
    {"hamming", REFUSAL_FUNCTION_UNBOUNDED},
    {"histogram*", REFUSAL_FUNCTION_UNBOUNDED},
    {"randomblob", REFUSAL_FUNCTION_UNBOUNDED},
    {"zeroblob", REFUSAL_FUNCTION_UNBOUNDED},
};

static const char *const types[] = {
    "boolean",     "bool",         "logical",      "tinyint",      "int1",     "smallint",
    "int2",        "short",        "integer",      "int",          "int4",     "signed",
    "bigint",      "int8",         "long",         "hugeint",      "int128",   "utinyint",
    "usmallint",   "uinteger",     "ubigint",      "uhugeint",     "decimal",  "dec",
    "numeric",     "real",         "float",        "float4",       "double",   "float8",
    "varchar",     "char",         "character",    "bpchar",       "nvarchar", "text",
    "string",      "date",         "time",         "timestamp",    "datetime", "timestamptz",
    "timestamp_s", "timestamp_ms", "timestamp_us", "timestamp_ns", "interval"};

static const char *const interval_units[] = {
    "year",        "years",        "quarter", "quarters", "month",       "months",
    "week",        "weeks",        "day",     "days",     "hour",        "hours",
    "minute",      "minutes",      "second",  "seconds",  "millisecond", "milliseconds",
    "microsecond", "microseconds", "decade",  "decades",  "century",     "centuries"};

static const char *const extract_fields[] = {
    "year",         "years",   "quarter", "month",       "months",       "week",
    "weeks",        "day",     "days",    "hour",        "hours",        "minute",
    "minutes",      "second",  "seconds", "millisecond", "milliseconds", "microsecond",
    "microseconds", "decade",  "century", "millennium",  "dow",          "isodow",
    "dayofweek",    "weekday", "doy",     "dayofyear",   "isoyear",      "yearweek",
    "weekofyear",   "epoch",   "julian"};

static const char *const collations[] = {"nocase", "noaccent", "nfc"};

/* DuckDB's reserved words, and those that it keeps for types and functions. */
static const char *const reserved_words[] = {"all",
                                             "analyse",
                                             "analyze",
                                             "and",
                                             "anti",
                                             "any",
                                             "array",
                                             "as",
                                             "asc",
                                             "asof",
                                             "asymmetric",
                                             "at",
                                             "authorization",
                                             "binary",
                                             "both",
                                             "by",
                                             "case",
                                             "cast",
                                             "check",
                                             "collate",
                                             "collation",
                                             "column",
                                             "columns",
                                             "concurrently",
                                             "constraint",
                                             "create",
                                             "cross",
                                             "default",
                                             "deferrable",
                                             "desc",
                                             "describe",
                                             "distinct",
                                             "do",
                                             "else",
                                             "end",
                                             "except",
                                             "false",
                                             "fetch",
                                             "for",
                                             "foreign",
                                             "freeze",
                                             "from",
                                             "full",
                                             "generated",
                                             "glob",
                                             "grant",
                                             "group",
                                             "having",
                                             "ilike",
                                             "in",
                                             "initially",
                                             "inner",
                                             "intersect",
                                             "into",
                                             "is",
                                             "isnull",
                                             "join",
                                             "lambda",
                                             "lateral",
                                             "leading",
                                             "left",
                                             "like",
                                             "limit",
                                             "map",
                                             "natural",
                                             "not",
                                             "notnull",
                                             "null",
                                             "offset",
                                             "on",
                                             "only",
                                             "or",
                                             "order",
                                             "outer",
                                             "overlaps",
                                             "pivot",
                                             "pivot_longer",
                                             "pivot_wider",
                                             "placing",
                                             "positional",
                                             "primary",
                                             "qualify",
                                             "references",
                                             "returning",
                                             "right",
                                             "select",
                                             "semi",
                                             "show",
                                             "similar",
                                             "some",
                                             "struct",
                                             "summarize",
                                             "symmetric",
                                             "table",
                                             "tablesample",
                                             "then",
                                             "to",
                                             "trailing",
                                             "true",
                                             "try_cast",
                                             "union",
                                             "unique",
                                             "unpack",
                                             "unpivot",
                                             "using",
                                             "variadic",
                                             "verbose",
                                             "when",
                                             "where",
                                             "window",
                                             "with"};

static const char *const statement_words[] = {
    "alter",    "analyze",    "attach",  "begin",   "call",     "checkpoint", "commit", "copy",
    "create",   "deallocate", "declare", "delete",  "describe", "detach",     "do",     "drop",
    "exec",     "execute",    "explain", "export",  "force",    "from",       "grant",  "handler",
    "import",   "insert",     "install", "listen",  "load",     "lock",       "merge",  "notify",
    "pivot",    "pragma",     "prepare", "reindex", "rename",   "replace",    "reset",  "revoke",
    "rollback", "savepoint",  "set",     "show",    "start",    "summarize",  "table",  "truncate",
    "unload",   "unpivot",    "update",  "use",     "vacuum"};

static const char *const refused_constructs[] = {
    "array",       "authorization", "columns",     "default",    "describe",   "do",
    "fetch",       "for",           "into",        "lambda",     "map",        "only",
    "pivot",       "pivot_longer",  "pivot_wider", "positional", "recursive",  "rename",
    "replace",     "returning",     "show",        "struct",     "summarize",  "table",
    "tablesample", "unpivot",       "using",       "variadic",   "ordinality", "lateral",
    "at",          "outfile",       "dumpfile",    "procedure",  "lock",       "rlike",
    "regexp",      "div",           "xor",         "grant",      "create",     "with",
    "values",      "match",         "against",     "connect",    "start",      "model",
    "option"};

static const char *const hidden_functions[] = {
    "current_user",     "current_role", "current_catalog", "current_schema",
    "current_database", "session_user", "system_user",     "user"};

static const char *const system_prefixes[] = {"duckdb_", "pg_", "sqlite_", "pragma_",
                                              "information_schema"};

static bool is_listed(const char *const *list, size_t count, struct str name)
{
    for (size_t i = 0; i < count; i++) {
        if (str_equal_nocase(str_from(list[i]), name))
            return true;
    }
    return false;
}

const struct allowed_function *allow_function(struct str name)
{
    for (size_t i = 0; i < LENGTH(functions); i++) {
        if (str_equal_nocase(str_from(functions[i].name), name))
            return &functions[i];
    }
    return NULL;
}

/* A '*' at either end of the pattern. */
static bool matches(const char *pattern, struct str name)
{
    struct str fixed = str_from(pattern);
    if (fixed.bytes[0] == '*') {
        fixed = str_slice(fixed, 1, fixed.length);
        return name.length >= fixed.length &&
               str_equal_nocase(fixed, str_slice(name, name.length - fixed.length, name.length));
    }
    if (fixed.bytes[fixed.length - 1] != '*')
        return str_equal_nocase(fixed, name);
    fixed.length--;
    return str_equal_nocase(fixed, str_slice(name, 0, fixed.length));
}

enum refusal function_refusal(struct str name)
{
    for (size_t i = 0; i < LENGTH(bad_functions); i++) {
        if (matches(bad_functions[i].pattern, name))
            return bad_functions[i].refusal;
    }
    return REFUSAL_FUNCTION;
}

/* How many edits still look like a misspelling. */
static unsigned distance_allowed(struct str name)
{
    return name.length < 4 ? 1 : 2;
}

/* Keeps `candidate` if it is nearer to `name` than what was found so far. */
static void keep_nearest(struct str name, const char *candidate, unsigned *best,
                         const char **nearest)
{
    unsigned distance = str_distance(str_from(candidate), name, *best);
    if (distance < *best) {
        *best = distance;
        *nearest = candidate;
    }
}

static struct str lower(struct str name, char out[SQL_NAME_MAX])
{
    struct str cut = str_slice(name, 0, SQL_NAME_MAX);
    for (size_t i = 0; i < cut.length; i++)
        out[i] = char_lower(cut.bytes[i]);
    return (struct str){out, cut.length};
}

const char *nearest_function(struct str name)
{
    for (size_t i = 0; i < LENGTH(synonyms); i++) {
        if (str_equal_nocase(str_from(synonyms[i].name), name))
            return synonyms[i].ours;
    }
    if (function_refusal(name) != REFUSAL_FUNCTION)
        return NULL;
    char lowered[SQL_NAME_MAX];
    const char *nearest = NULL;
    unsigned best = distance_allowed(name) + 1;
    for (size_t i = 0; i < LENGTH(functions); i++)
        keep_nearest(lower(name, lowered), functions[i].name, &best, &nearest);
    return nearest;
}

bool allow_type(struct str name)
{
    return is_listed(types, LENGTH(types), name);
}

const char *nearest_type(struct str name)
{
    char lowered[SQL_NAME_MAX];
    const char *nearest = NULL;
    unsigned best = distance_allowed(name) + 1;
    for (size_t i = 0; i < LENGTH(types); i++)
        keep_nearest(lower(name, lowered), types[i], &best, &nearest);
    return nearest;
}

bool allow_interval_unit(struct str name)
{
    return is_listed(interval_units, LENGTH(interval_units), name);
}

bool allow_extract_field(struct str name)
{
    return is_listed(extract_fields, LENGTH(extract_fields), name);
}

bool allow_collation(struct str name)
{
    return is_listed(collations, LENGTH(collations), name);
}

bool is_reserved_word(struct str word)
{
    return is_listed(reserved_words, LENGTH(reserved_words), word);
}

bool is_statement_word(struct str word)
{
    return is_listed(statement_words, LENGTH(statement_words), word);
}

bool is_refused_construct(struct str word)
{
    return is_listed(refused_constructs, LENGTH(refused_constructs), word);
}

bool is_hidden_function(struct str word)
{
    return is_listed(hidden_functions, LENGTH(hidden_functions), word);
}

bool is_system_name(struct str name)
{
    for (size_t i = 0; i < LENGTH(system_prefixes); i++) {
        struct str prefix = str_from(system_prefixes[i]);
        if (str_equal_nocase(prefix, str_slice(name, 0, prefix.length)))
            return true;
    }
    return false;
}
