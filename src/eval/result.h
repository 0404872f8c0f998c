/* SPDX-License-Identifier: Apache-2.0 */
/* Results as they are compared: rows of nulls, numbers and texts, whatever they came from. */
#ifndef QUERENT_EVAL_RESULT_H
#define QUERENT_EVAL_RESULT_H

#include <jansson.h>

#include "core/arena.h"
#include "engine/rows.h"

#define EVAL_ROWS_MAX 200000 /* of a result that is compared; what is over is left out */

enum eval_type { EVAL_NULL, EVAL_NUMBER, EVAL_TEXT };

struct eval_value {
    enum eval_type type;
    double number;
    struct str text;
};

struct eval_row {
    struct eval_value *values;
    size_t count;
};

struct eval_result {
    struct eval_row *rows;
    size_t row_count, capacity;
};

/* Appends a row of that many nulls, to be filled. */
struct eval_row *eval_result_add(struct eval_result *result, size_t count, struct arena *arena);

/* NaN is a null. */
struct eval_value eval_number(double number);

/* An engine's: decimals and booleans are numbers, a blank stands between date and time, as in
 * SQLite's own texts. */
struct eval_result eval_result_of_rows(const struct rows *rows, struct arena *arena);
/* A list of rows; a row that is no list has one value. False when it is no list. */
bool eval_result_of_json(const json_t *json, struct arena *arena, struct eval_result *out);
/* The other way round. */
void eval_result_json(const struct eval_result *result, struct strbuf *out);

#endif
