/* SPDX-License-Identifier: Apache-2.0 */
#include "eval/result.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/json.h"

struct eval_row *eval_result_add(struct eval_result *result, size_t count, struct arena *arena)
{
    result->rows = arena_grow(arena, result->rows, result->row_count, &result->capacity,
                              sizeof(*result->rows));
    struct eval_row *row = &result->rows[result->row_count++];
    *row = (struct eval_row){arena_array(arena, count, sizeof(*row->values)), count};
    return row;
}

struct eval_value eval_number(double number)
{
    if (isnan(number))
        return (struct eval_value){.type = EVAL_NULL};
    return (struct eval_value){.type = EVAL_NUMBER, .number = number};
}

static struct eval_value text_value(struct str text)
{
    return (struct eval_value){.type = EVAL_TEXT, .text = text};
}

/* "2024-02-29T13:00:00" */
static struct str with_blank(struct str text, struct arena *arena)
{
    struct str copy = arena_str(arena, text);
    if (copy.length > 10 && copy.bytes[10] == 'T')
        ((char *)(uintptr_t)copy.bytes)[10] = ' ';
    return copy;
}

static struct eval_value value_of_cell(const struct cell *cell, enum value_kind kind,
                                       struct arena *arena)
{
    double number;
    switch (cell->type) {
    case CELL_NULL:
        return (struct eval_value){.type = EVAL_NULL};
    case CELL_TEXT:
        if (value_kind_is_number(kind) && cell_to_double(cell, &number))
            return eval_number(number);
        if (kind == VALUE_TIMESTAMP || kind == VALUE_TIMESTAMP_TZ)
            return text_value(with_blank(cell->text, arena));
        return text_value(cell->text);
    case CELL_BOOLEAN:
        return eval_number(cell->boolean);
    case CELL_INTEGER:
        return eval_number((double)cell->integer);
    default:
        return eval_number(cell->number);
    }
}

struct eval_result eval_result_of_rows(const struct rows *rows, struct arena *arena)
{
    struct eval_result result = {0};
    for (size_t i = 0; i < rows->row_count && i < EVAL_ROWS_MAX; i++) {
        struct eval_row *row = eval_result_add(&result, rows->column_count, arena);
        for (size_t j = 0; j < rows->column_count; j++)
            row->values[j] = value_of_cell(rows_cell(rows, i, j), rows->columns[j].kind, arena);
    }
    return result;
}

static struct eval_value value_of_json(const json_t *json, struct arena *arena)
{
    if (json_is_null(json))
        return (struct eval_value){.type = EVAL_NULL};
    if (json_is_boolean(json))
        return eval_number(json_is_true(json));
    if (json_is_number(json))
        return eval_number(json_number_value(json));
    if (json_is_string(json))
        return text_value(
            arena_str(arena, (struct str){json_string_value(json), json_string_length(json)}));
    char *text = json_dumps(json, JSON_SORT_KEYS);
    struct eval_value value = text_value(arena_str(arena, str_from(text ? text : "")));
    free(text);
    return value;
}

bool eval_result_of_json(const json_t *json, struct arena *arena, struct eval_result *out)
{
    *out = (struct eval_result){0};
    size_t i, j;
    json_t *line, *item;
    if (!json_is_array(json))
        return false;
    json_array_foreach(json, i, line)
    {
        if (i >= EVAL_ROWS_MAX)
            break;
        bool list = json_is_array(line);
        struct eval_row *row = eval_result_add(out, list ? json_array_size(line) : 1, arena);
        if (!list)
            row->values[0] = value_of_json(line, arena);
        json_array_foreach(list ? line : NULL, j, item) row->values[j] = value_of_json(item, arena);
    }
    return true;
}

static void add_value(struct strbuf *out, const struct eval_value *value)
{
    if (value->type == EVAL_NULL)
        strbuf_add(out, "null");
    else if (value->type == EVAL_NUMBER)
        json_add_double(out, value->number);
    else
        json_add_string(out, value->text);
}

void eval_result_json(const struct eval_result *result, struct strbuf *out)
{
    strbuf_add_char(out, '[');
    for (size_t i = 0; i < result->row_count; i++) {
        strbuf_add(out, i > 0 ? ",[" : "[");
        for (size_t j = 0; j < result->rows[i].count; j++) {
            strbuf_add(out, j > 0 ? "," : "");
            add_value(out, &result->rows[i].values[j]);
        }
        strbuf_add_char(out, ']');
    }
    strbuf_add_char(out, ']');
}
