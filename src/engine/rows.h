/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows: the result of a statement, exact, in one arena.
 *
 * A cell is null, a 64-bit integer, a double, a boolean or text. What a 64-bit integer or a double
 * can't hold exactly is text in its exact spelling and the column's kind says what it means:
 * decimals ("12.30"), 128-bit integers, ISO dates ("2024-02-29"), timestamps
 * ("2024-02-29T13:00:00", with fraction when not zero, and "Z" when the kind has a zone),
 * intervals, nested values (JSON), blobs (hex).
 */
#ifndef QUERENT_ENGINE_ROWS_H
#define QUERENT_ENGINE_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/str.h"
#include "core/strbuf.h"
#include "metadata/dataset.h"

enum cell_type { CELL_NULL, CELL_BOOLEAN, CELL_INTEGER, CELL_DOUBLE, CELL_TEXT };

struct cell {
    enum cell_type type;
    union {
        bool boolean;
        int64_t integer;
        double number;
        struct str text; /* NUL-ended as well */
    };
};

struct result_column {
    const char *name; /* unique within a result: repeats get _2, _3, ... */
    const char *type; /* the engine's type name */
    enum value_kind kind;
};

struct rows {
    struct result_column *columns;
    size_t column_count;
    struct cell *cells; /* row by row */
    size_t row_count;
    bool truncated; /* there were more rows than the limit allowed */
};

/* Row and column must exist. */
const struct cell *rows_cell(const struct rows *rows, size_t row, size_t column);
/* The cell as a number, for charts and computed facts: false for null and for text that is no
 * number (decimals are). May round: never used for what is printed exactly. */
bool cell_to_double(const struct cell *cell, double *out);
/* The exact text of a cell, as JSON readers and people should see it: doubles in the shortest
 * spelling that reads back the same; null gives "". Appends to *out. */
void cell_print(const struct cell *cell, struct strbuf *out);
/* The cell as JSON: integers beyond 2^53 and decimals as strings. Appends to *out. */
void cell_print_json(const struct cell *cell, enum value_kind kind, struct strbuf *out);
/* The rows as a JSON array of objects, at most `row_max` of them. Appends to *out. */
void rows_print_json(const struct rows *rows, size_t row_max, struct strbuf *out);

#endif
