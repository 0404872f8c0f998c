/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/rows.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/json.h"
#include "engine/json_check.h"

/* Integers up to here are exact in every JSON reader. */
#define JSON_INTEGER_MAX (INT64_C(1) << 53)

const struct cell *rows_cell(const struct rows *rows, size_t row, size_t column)
{
    assert(row < rows->row_count && column < rows->column_count);
    return &rows->cells[row * rows->column_count + column];
}

bool cell_to_double(const struct cell *cell, double *out)
{
    switch (cell->type) {
    case CELL_INTEGER:
        *out = (double)cell->integer;
        return true;
    case CELL_DOUBLE:
        *out = cell->number;
        return isfinite(cell->number);
    case CELL_TEXT:
        return str_to_double(cell->text, out);
    case CELL_NULL:
    case CELL_BOOLEAN:
        break;
    }
    return false;
}

static void print_double(double number, struct strbuf *out)
{
    char text[32];
    if (isnan(number))
        strbuf_add(out, "NaN");
    else if (isinf(number))
        strbuf_add(out, number > 0 ? "Infinity" : "-Infinity");
    else {
        double_print(number, text);
        strbuf_add(out, text);
    }
}

void cell_print(const struct cell *cell, struct strbuf *out)
{
    switch (cell->type) {
    case CELL_NULL:
        break;
    case CELL_BOOLEAN:
        strbuf_add(out, cell->boolean ? "true" : "false");
        break;
    case CELL_INTEGER:
        strbuf_printf(out, "%" PRId64, cell->integer);
        break;
    case CELL_DOUBLE:
        print_double(cell->number, out);
        break;
    case CELL_TEXT:
        strbuf_add_str(out, cell->text);
        break;
    }
}

static void print_json_integer(int64_t integer, struct strbuf *out)
{
    bool exact = integer >= -JSON_INTEGER_MAX && integer <= JSON_INTEGER_MAX;
    strbuf_printf(out, exact ? "%" PRId64 : "\"%" PRId64 "\"", integer);
}

void cell_print_json(const struct cell *cell, enum value_kind kind, struct strbuf *out)
{
    switch (cell->type) {
    case CELL_NULL:
        strbuf_add(out, "null");
        break;
    case CELL_BOOLEAN:
        strbuf_add(out, cell->boolean ? "true" : "false");
        break;
    case CELL_INTEGER:
        print_json_integer(cell->integer, out);
        break;
    case CELL_DOUBLE:
        json_add_double(out, cell->number);
        break;
    case CELL_TEXT:
        /* Nested values are JSON already; engines are not trusted to have written it well. */
        if (kind == VALUE_NESTED && json_is_valid(cell->text))
            strbuf_add_str(out, cell->text);
        else
            json_add_string(out, cell->text);
        break;
    }
}

void rows_print_json(const struct rows *rows, size_t row_max, struct strbuf *out)
{
    size_t row_count = rows->row_count < row_max ? rows->row_count : row_max;
    strbuf_add_char(out, '[');
    for (size_t row = 0; row < row_count; row++) {
        json_add_separator(out);
        strbuf_add_char(out, '{');
        for (size_t column = 0; column < rows->column_count; column++) {
            json_add_key(out, rows->columns[column].name);
            cell_print_json(rows_cell(rows, row, column), rows->columns[column].kind, out);
        }
        strbuf_add_char(out, '}');
    }
    strbuf_add_char(out, ']');
}
