/* SPDX-License-Identifier: Apache-2.0 */
#include "results.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/alloc.h"
#include "core/hash.h"

#define ROWS_MAX 50000
#define SECONDS_MAX 3.0
#define TRIES_MAX 500
#define COLUMNS_MAX 64

static const uint64_t null_cell = 11;

static uint64_t number_cell(double value)
{
    char text[40];
    if (value == 0)
        value = 0; /* no minus zero */
    int length = snprintf(text, sizeof(text), "#%.6e", value);
    return hash64(text, (size_t)length, 1);
}

static uint64_t text_cell(const void *bytes, size_t length)
{
    return hash64(bytes, length, 2);
}

static void add_cell(struct result *out, size_t *capacity, uint64_t cell)
{
    size_t at = out->cells_read++;
    if (at == *capacity) {
        *capacity = *capacity == 0 ? 256 : 2 * *capacity;
        out->cells = xrealloc(out->cells, *capacity * sizeof(*out->cells));
    }
    out->cells[at] = cell;
    out->nulls += cell == null_cell;
}

static void finish(struct result *out)
{
    out->hash = out->columns * 31 + 7;
    for (size_t r = 0; r < out->rows; r++) {
        uint64_t row = 0;
        for (size_t c = 0; c < out->columns; c++)
            row += hash64_combine(1, out->cells[r * out->columns + c]);
        out->hash += hash64_combine(2, row);
    }
    out->zero = out->cells_read == 1 && out->cells[0] == number_cell(0);
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static int late(void *end)
{
    return now() > *(double *)end;
}

void result_run(sqlite3 *database, const char *sql, struct result *out)
{
    *out = (struct result){0};
    sqlite3_stmt *statement = NULL;
    size_t capacity = 0;
    double end = now() + SECONDS_MAX;
    if (!sql || sqlite3_prepare_v2(database, sql, -1, &statement, NULL) != SQLITE_OK) {
        out->failed = true;
        return;
    }
    sqlite3_progress_handler(database, 20000, late, &end);
    out->columns = (size_t)sqlite3_column_count(statement);
    int status;
    while ((status = sqlite3_step(statement)) == SQLITE_ROW && out->rows < ROWS_MAX) {
        out->rows++;
        for (int c = 0; c < (int)out->columns; c++) {
            int type = sqlite3_column_type(statement, c);
            if (type == SQLITE_NULL)
                add_cell(out, &capacity, null_cell);
            else if (type == SQLITE_INTEGER || type == SQLITE_FLOAT)
                add_cell(out, &capacity, number_cell(sqlite3_column_double(statement, c)));
            else
                add_cell(out, &capacity,
                         text_cell(sqlite3_column_blob(statement, c),
                                   (size_t)sqlite3_column_bytes(statement, c)));
        }
    }
    out->failed = status != SQLITE_DONE && status != SQLITE_ROW;
    sqlite3_finalize(statement);
    sqlite3_progress_handler(database, 0, NULL, NULL);
    finish(out);
}

void result_from_json(const json_t *rows, struct result *out)
{
    *out = (struct result){0};
    size_t capacity = 0, i, k;
    json_t *row, *cell;
    json_array_foreach (rows, i, row) {
        out->rows++;
        out->columns = json_array_size(row);
        json_array_foreach (row, k, cell)
            if (json_is_number(cell))
                add_cell(out, &capacity, number_cell(json_number_value(cell)));
            else if (json_is_string(cell))
                add_cell(out, &capacity,
                         text_cell(json_string_value(cell), json_string_length(cell)));
            else
                add_cell(out, &capacity, null_cell);
    }
    finish(out);
}

void result_clear(struct result *result)
{
    free(result->cells);
    result->cells = NULL;
}

struct matcher {
    const struct result *gold, *got;
    bool ordered;
    int pick[COLUMNS_MAX];
    uint64_t gold_columns[COLUMNS_MAX], got_columns[COLUMNS_MAX];
    int tries;
};

static uint64_t column_hash(const struct result *result, size_t column)
{
    uint64_t sum = 0;
    for (size_t r = 0; r < result->rows; r++)
        sum += hash64_combine(3, result->cells[r * result->columns + column]);
    return sum;
}

static bool rows_agree(const struct matcher *m)
{
    size_t n = m->gold->columns;
    uint64_t left = 0, right = 0;
    for (size_t r = 0; r < m->gold->rows; r++) {
        uint64_t a = 1, b = 1;
        for (size_t c = 0; c < n; c++) {
            a = hash64_combine(a, m->gold->cells[r * n + c]);
            b = hash64_combine(b, m->got->cells[r * n + (size_t)m->pick[c]]);
        }
        if (m->ordered && a != b)
            return false;
        left += a;
        right += b;
    }
    return left == right;
}

static bool assign(struct matcher *m, size_t column, uint64_t used)
{
    if (column == m->gold->columns)
        return rows_agree(m);
    for (size_t k = 0; k < m->got->columns && m->tries < TRIES_MAX; k++) {
        if ((used >> k & 1) || m->gold_columns[column] != m->got_columns[k])
            continue;
        m->tries++;
        m->pick[column] = (int)k;
        if (assign(m, column + 1, used | (uint64_t)1 << k))
            return true;
    }
    return false;
}

bool result_equal(const struct result *gold, const struct result *got, bool ordered)
{
    if (gold->failed || got->failed || gold->rows != got->rows)
        return false;
    if (gold->rows == 0)
        return true;
    if (gold->columns != got->columns || gold->columns > COLUMNS_MAX)
        return false;
    struct matcher m = {.gold = gold, .got = got, .ordered = ordered};
    for (size_t c = 0; c < gold->columns; c++) {
        m.gold_columns[c] = column_hash(gold, c);
        m.got_columns[c] = column_hash(got, c);
    }
    return assign(&m, 0, 0);
}
