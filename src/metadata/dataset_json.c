/* SPDX-License-Identifier: Apache-2.0 */
#include "metadata/dataset_json.h"

#include "core/json.h"

static void add_column_json(const struct column *column, struct strbuf *out)
{
    strbuf_add_char(out, '{');
    json_add_key(out, "name");
    json_add_text(out, column->name);
    json_add_key(out, "type");
    json_add_text(out, value_kind_name(column->kind));
    json_add_key(out, "role");
    json_add_text(out, column_role_name(column->role));
    json_add_key(out, "description");
    json_add_text(out, column->description);
    json_add_key(out, "unit");
    json_add_text(out, column->unit);
    if (column->profile.known) {
        json_add_key(out, "distinct");
        json_add_integer(out, column->profile.distinct_count);
        json_add_key(out, "min");
        json_add_text(out, column->profile.min);
        json_add_key(out, "max");
        json_add_text(out, column->profile.max);
    }
    strbuf_add_char(out, '}');
}

static void add_summary(const struct dataset *dataset, struct strbuf *out)
{
    strbuf_add_char(out, '{');
    json_add_key(out, "dataset_id");
    json_add_text(out, dataset->id);
    json_add_key(out, "table_name");
    json_add_text(out, dataset->table_name);
    json_add_key(out, "title");
    json_add_text(out, dataset_title(dataset));
    json_add_key(out, "description");
    json_add_text(out, dataset->description);
    json_add_key(out, "row_count");
    json_add_integer(out, dataset->row_count);
    json_add_key(out, "version");
    json_add_text(out, dataset->version);
}

void dataset_summary_json(const struct dataset *dataset, struct strbuf *out)
{
    add_summary(dataset, out);
    json_add_key(out, "column_count");
    json_add_integer(out, (int64_t)dataset->column_count);
    strbuf_add_char(out, '}');
}

void dataset_json(const struct dataset *dataset, struct strbuf *out)
{
    add_summary(dataset, out);
    json_add_key(out, "columns");
    strbuf_add_char(out, '[');
    for (size_t i = 0; i < dataset->column_count; i++) {
        json_add_separator(out);
        add_column_json(&dataset->columns[i], out);
    }
    strbuf_add(out, "]}");
}
