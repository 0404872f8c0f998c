/* SPDX-License-Identifier: Apache-2.0 */
#include "metadata/dataset.h"

#include <strings.h>

#include "core/str.h"

const char *value_kind_name(enum value_kind kind)
{
    static const char *const names[VALUE_KINDS] = {
        [VALUE_UNKNOWN] = "unknown",     [VALUE_BOOLEAN] = "boolean",
        [VALUE_INTEGER] = "integer",     [VALUE_DECIMAL] = "decimal",
        [VALUE_FLOAT] = "float",         [VALUE_TEXT] = "text",
        [VALUE_DATE] = "date",           [VALUE_TIME] = "time",
        [VALUE_TIMESTAMP] = "timestamp", [VALUE_TIMESTAMP_TZ] = "timestamp with time zone",
        [VALUE_INTERVAL] = "interval",   [VALUE_BLOB] = "blob",
        [VALUE_NESTED] = "nested",
    };
    return names[kind];
}

/* Type names as DuckDB, PostgreSQL, Trino, Domo and people write them, without parameters. */
static const struct {
    const char *name;
    enum value_kind kind;
} type_names[] = {
    {"boolean", VALUE_BOOLEAN},
    {"bool", VALUE_BOOLEAN},
    {"integer", VALUE_INTEGER},
    {"int", VALUE_INTEGER},
    {"bigint", VALUE_INTEGER},
    {"smallint", VALUE_INTEGER},
    {"tinyint", VALUE_INTEGER},
    {"hugeint", VALUE_INTEGER},
    {"int2", VALUE_INTEGER},
    {"int4", VALUE_INTEGER},
    {"int8", VALUE_INTEGER},
    {"int16", VALUE_INTEGER},
    {"int32", VALUE_INTEGER},
    {"int64", VALUE_INTEGER},
    {"uint8", VALUE_INTEGER},
    {"uint16", VALUE_INTEGER},
    {"uint32", VALUE_INTEGER},
    {"uint64", VALUE_INTEGER},
    {"utinyint", VALUE_INTEGER},
    {"usmallint", VALUE_INTEGER},
    {"uinteger", VALUE_INTEGER},
    {"ubigint", VALUE_INTEGER},
    {"uhugeint", VALUE_INTEGER},
    {"long", VALUE_INTEGER},
    {"serial", VALUE_INTEGER},
    {"bigserial", VALUE_INTEGER},
    {"decimal", VALUE_DECIMAL},
    {"numeric", VALUE_DECIMAL},
    {"dec", VALUE_DECIMAL},
    {"money", VALUE_DECIMAL},
    {"float", VALUE_FLOAT},
    {"double", VALUE_FLOAT},
    {"double precision", VALUE_FLOAT},
    {"real", VALUE_FLOAT},
    {"float4", VALUE_FLOAT},
    {"float8", VALUE_FLOAT},
    {"number", VALUE_FLOAT},
    {"text", VALUE_TEXT},
    {"string", VALUE_TEXT},
    {"varchar", VALUE_TEXT},
    {"character varying", VALUE_TEXT},
    {"character", VALUE_TEXT},
    {"char", VALUE_TEXT},
    {"bpchar", VALUE_TEXT},
    {"nvarchar", VALUE_TEXT},
    {"uuid", VALUE_TEXT},
    {"enum", VALUE_TEXT},
    {"date", VALUE_DATE},
    {"time", VALUE_TIME},
    {"time without time zone", VALUE_TIME},
    {"timestamp", VALUE_TIMESTAMP},
    {"datetime", VALUE_TIMESTAMP},
    {"timestamp without time zone", VALUE_TIMESTAMP},
    {"timestamp_s", VALUE_TIMESTAMP},
    {"timestamp_ms", VALUE_TIMESTAMP},
    {"timestamp_ns", VALUE_TIMESTAMP},
    {"timestamptz", VALUE_TIMESTAMP_TZ},
    {"timestamp with time zone", VALUE_TIMESTAMP_TZ},
    {"interval", VALUE_INTERVAL},
    {"blob", VALUE_BLOB},
    {"bytea", VALUE_BLOB},
    {"binary", VALUE_BLOB},
    {"varbinary", VALUE_BLOB},
    {"json", VALUE_NESTED},
    {"jsonb", VALUE_NESTED},
    {"list", VALUE_NESTED},
    {"array", VALUE_NESTED},
    {"struct", VALUE_NESTED},
    {"row", VALUE_NESTED},
    {"map", VALUE_NESTED},
    {"union", VALUE_NESTED},
};

enum value_kind value_kind_from_type(const char *type)
{
    struct str whole = str_trim(str_from(type));
    if (str_ends(whole, STR("]")))
        return VALUE_NESTED; /* integer[], text[3] */
    ptrdiff_t open = str_find(whole, STR("("));
    struct str name = open < 0 ? whole : str_trim(str_slice(whole, 0, (size_t)open));
    ptrdiff_t close = str_find(whole, STR(")"));
    /* "timestamp(3) with time zone": the words after the parameters belong to the name. */
    struct str rest = close < 0 ? STR("") : str_slice(whole, (size_t)close + 1, whole.length);
    bool zoned = str_equal_nocase(str_trim(rest), STR("with time zone"));
    for (size_t i = 0; i < sizeof(type_names) / sizeof(type_names[0]); i++)
        if (str_equal_nocase(name, str_from(type_names[i].name))) {
            bool instant = zoned && type_names[i].kind == VALUE_TIMESTAMP;
            return instant ? VALUE_TIMESTAMP_TZ : type_names[i].kind;
        }
    return VALUE_UNKNOWN;
}

bool value_kind_is_number(enum value_kind kind)
{
    return kind == VALUE_INTEGER || kind == VALUE_DECIMAL || kind == VALUE_FLOAT;
}

bool value_kind_is_time(enum value_kind kind)
{
    return kind == VALUE_DATE || kind == VALUE_TIMESTAMP || kind == VALUE_TIMESTAMP_TZ;
}

const char *column_role_name(enum column_role role)
{
    static const char *const names[COLUMN_ROLES] = {
        [ROLE_UNKNOWN] = "unknown", [ROLE_TIME] = "time", [ROLE_DIMENSION] = "dimension",
        [ROLE_MEASURE] = "measure", [ROLE_KEY] = "key",
    };
    return names[role];
}

bool metric_counts_rows(const char *expression)
{
    static const char text[] = "count(*)";
    size_t at = 0;
    for (const char *c = expression; *c; c++) {
        if (*c == ' ')
            continue;
        if (at == sizeof(text) - 1 || char_lower(*c) != text[at])
            return false;
        at++;
    }
    return at == sizeof(text) - 1;
}

const struct column *dataset_column(const struct dataset *dataset, const char *name)
{
    for (size_t i = 0; i < dataset->column_count; i++)
        if (strcasecmp(dataset->columns[i].name, name) == 0)
            return &dataset->columns[i];
    return NULL;
}

const char *dataset_title(const struct dataset *dataset)
{
    return dataset->title ? dataset->title : dataset->table_name;
}
