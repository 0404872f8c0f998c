/* SPDX-License-Identifier: Apache-2.0 */
#include "metadata/dataset.h"

#include <strings.h>

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
