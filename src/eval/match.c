/* SPDX-License-Identifier: Apache-2.0 */
#include "eval/match.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#define RELATIVE 1e-6
#define ABSOLUTE 1e-9
#define PAIRING_ROWS_MAX 1500 /* rows that are paired one by one when sorting did not do it */
#define TRIES_MAX 2000        /* orders of columns that are tried */

/* ---- values ---- */

static bool numbers_agree(double a, double b)
{
    if (a == b)
        return true;
    if (isinf(a) || isinf(b))
        return false;
    double larger = fmax(fabs(a), fabs(b));
    return fabs(a - b) <= fmax(RELATIVE * larger, ABSOLUTE);
}

static bool values_agree(const struct eval_value *a, const struct eval_value *b)
{
    if (a->type != b->type)
        return false;
    if (a->type == EVAL_NUMBER)
        return numbers_agree(a->number, b->number);
    return a->type == EVAL_NULL || str_equal(a->text, b->text);
}

static int compare_text(struct str a, struct str b)
{
    size_t shorter = a.length < b.length ? a.length : b.length;
    int order = memcmp(a.bytes, b.bytes, shorter);
    return order != 0 ? order : (a.length > b.length) - (a.length < b.length);
}

/* To six digits, so that almost equal numbers sort alike. */
static double rounded(double number)
{
    char text[40];
    if (number == 0 || isinf(number))
        return number;
    snprintf(text, sizeof(text), "%.5e", number);
    return strtod(text, NULL);
}

static int compare_values(const struct eval_value *a, const struct eval_value *b, bool round)
{
    if (a->type != b->type)
        return (int)a->type - (int)b->type;
    if (a->type == EVAL_TEXT)
        return compare_text(a->text, b->text);
    if (a->type == EVAL_NULL)
        return 0;
    double x = round ? rounded(a->number) : a->number, y = round ? rounded(b->number) : b->number;
    return (x > y) - (x < y);
}

/* ---- rows ---- */

/* Some columns of a result, in an order: what is compared with another. */
struct view {
    const struct eval_result *result;
    const size_t *columns;
    size_t column_count;
};

struct place {
    const struct view *view;
    size_t row;
};

static const struct eval_value *view_value(const struct view *view, size_t row, size_t column)
{
    return &view->result->rows[row].values[view->columns[column]];
}

static int compare_places(const void *one, const void *other)
{
    const struct place *a = one, *b = other;
    for (size_t i = 0; i < a->view->column_count; i++) {
        int order =
            compare_values(view_value(a->view, a->row, i), view_value(b->view, b->row, i), true);
        if (order != 0)
            return order;
    }
    return (a->row > b->row) - (a->row < b->row);
}

static bool rows_agree(const struct place *a, const struct place *b)
{
    for (size_t i = 0; i < a->view->column_count; i++)
        if (!values_agree(view_value(a->view, a->row, i), view_value(b->view, b->row, i)))
            return false;
    return true;
}

static struct place *places_of(const struct view *view, struct arena *arena)
{
    struct place *places = arena_array(arena, view->result->row_count, sizeof(*places));
    for (size_t i = 0; i < view->result->row_count; i++)
        places[i] = (struct place){view, i};
    return places;
}

/* Each of one side takes the first that agrees with it of the other. */
static bool can_pair(const struct place *a, struct place *b, size_t count)
{
    size_t left = count;
    if (count > PAIRING_ROWS_MAX)
        return false;
    for (size_t i = 0; i < count; i++) {
        size_t j = 0;
        while (j < left && !rows_agree(&a[i], &b[j]))
            j++;
        if (j == left)
            return false;
        memmove(&b[j], &b[j + 1], (--left - j) * sizeof(*b));
    }
    return true;
}

/* Both have as many rows and columns. */
static bool views_agree(const struct view *a, const struct view *b, bool ordered,
                        struct arena *arena)
{
    size_t count = a->result->row_count, same = 0;
    struct place *first = places_of(a, arena), *second = places_of(b, arena);
    if (!ordered) {
        qsort(first, count, sizeof(*first), compare_places);
        qsort(second, count, sizeof(*second), compare_places);
    }
    while (same < count && rows_agree(&first[same], &second[same]))
        same++;
    return same == count || (!ordered && can_pair(places_of(a, arena), places_of(b, arena), count));
}

/* ---- columns ---- */

struct matching {
    const struct eval_result *gold, *result;
    bool ordered;
    struct arena *arena;
    size_t gold_count, count;
    bool *fits;     /* gold_count times count: the columns hold the same values */
    size_t *order;  /* gold columns, those with fewest candidates first */
    size_t *picked; /* for each gold column, one of the result's */
    size_t *all;    /* 0, 1, 2, ... */
    bool *used;
    unsigned tries;
};

static int compare_pointed(const void *a, const void *b)
{
    return compare_values(*(const struct eval_value *const *)a,
                          *(const struct eval_value *const *)b, false);
}

static const struct eval_value **sorted_column(const struct eval_result *result, size_t column,
                                               struct arena *arena)
{
    const struct eval_value **values = arena_array(arena, result->row_count, sizeof(*values));
    for (size_t i = 0; i < result->row_count; i++)
        values[i] = &result->rows[i].values[column];
    qsort(values, result->row_count, sizeof(*values), compare_pointed);
    return values;
}

static size_t candidates(const struct matching *matching, size_t column)
{
    size_t count = 0;
    for (size_t i = 0; i < matching->count; i++)
        count += matching->fits[column * matching->count + i];
    return count;
}

/* False when some gold column has no candidate. */
static bool find_candidates(struct matching *matching)
{
    const struct eval_value ***columns =
        arena_array(matching->arena, matching->count, sizeof(*columns));
    for (size_t i = 0; i < matching->count; i++)
        columns[i] = sorted_column(matching->result, i, matching->arena);
    for (size_t j = 0; j < matching->gold_count; j++) {
        const struct eval_value **gold = sorted_column(matching->gold, j, matching->arena);
        for (size_t i = 0; i < matching->count; i++) {
            size_t row = 0;
            while (row < matching->gold->row_count && values_agree(gold[row], columns[i][row]))
                row++;
            matching->fits[j * matching->count + i] = row == matching->gold->row_count;
        }
        if (candidates(matching, j) == 0)
            return false;
    }
    return true;
}

/* A stable order by the number of candidates. */
static void order_columns(struct matching *matching)
{
    for (size_t i = 0; i < matching->gold_count; i++) {
        size_t at = i, count = candidates(matching, i);
        while (at > 0 && candidates(matching, matching->order[at - 1]) > count) {
            matching->order[at] = matching->order[at - 1];
            at--;
        }
        matching->order[at] = i;
    }
}

static bool try_columns(struct matching *matching, size_t depth)
{
    if (depth == matching->gold_count) {
        struct view gold = {matching->gold, matching->all, matching->gold_count};
        struct view result = {matching->result, matching->picked, matching->gold_count};
        struct arena *scratch = arena_new();
        bool agree = views_agree(&gold, &result, matching->ordered, scratch);
        arena_free(scratch);
        matching->tries++;
        return agree;
    }
    size_t column = matching->order[depth];
    for (size_t i = 0; i < matching->count; i++) {
        if (!matching->fits[column * matching->count + i] || matching->used[i])
            continue;
        matching->picked[column] = i;
        matching->used[i] = true;
        if (try_columns(matching, depth + 1))
            return true;
        matching->used[i] = false;
        if (matching->tries > TRIES_MAX)
            return false;
    }
    return false;
}

static bool match_any_order(struct matching *matching)
{
    struct arena *arena = matching->arena;
    if (matching->count > EVAL_COLUMNS_MAX)
        return false;
    matching->fits =
        arena_array(arena, matching->gold_count * matching->count, sizeof(*matching->fits));
    matching->order = arena_array(arena, matching->gold_count, sizeof(size_t));
    matching->picked = arena_array(arena, matching->gold_count, sizeof(size_t));
    matching->used = arena_array(arena, matching->count, sizeof(*matching->used));
    if (!find_candidates(matching))
        return false;
    order_columns(matching);
    return try_columns(matching, 0);
}

static bool is_even(const struct eval_result *result)
{
    for (size_t i = 1; i < result->row_count; i++)
        if (result->rows[i].count != result->rows[0].count)
            return false;
    return true;
}

bool eval_match(const struct eval_result *gold, const struct eval_result *result, bool ordered,
                bool extra_columns, struct arena *arena)
{
    if (gold->row_count != result->row_count)
        return false;
    if (gold->row_count == 0)
        return true;
    struct matching matching = {.gold = gold,
                                .result = result,
                                .ordered = ordered,
                                .arena = arena,
                                .gold_count = gold->rows[0].count,
                                .count = result->rows[0].count};
    if (!is_even(gold) || !is_even(result) || matching.count < matching.gold_count ||
        (matching.count != matching.gold_count && !extra_columns))
        return false;
    matching.all = arena_array(arena, matching.gold_count, sizeof(size_t));
    for (size_t i = 0; i < matching.gold_count; i++)
        matching.all[i] = i;
    struct view first = {gold, matching.all, matching.gold_count};
    struct view second = {result, matching.all, matching.gold_count};
    if (matching.count == matching.gold_count && views_agree(&first, &second, ordered, arena))
        return true;
    return (matching.gold_count > 1 || matching.count > 1) && match_any_order(&matching);
}

/* ---- lenient values ---- */

bool eval_is_number(struct str text)
{
    size_t at = 0, digits = 0;
    if (at < text.length && (text.bytes[at] == '+' || text.bytes[at] == '-'))
        at++;
    for (; at < text.length && char_is_digit(text.bytes[at]); at++)
        digits++;
    if (at < text.length && text.bytes[at] == '.')
        for (at++; at < text.length && char_is_digit(text.bytes[at]); at++)
            digits++;
    if (digits == 0)
        return false;
    if (at < text.length && (text.bytes[at] == 'e' || text.bytes[at] == 'E')) {
        at++;
        if (at < text.length && (text.bytes[at] == '+' || text.bytes[at] == '-'))
            at++;
        size_t exponent = at;
        while (at < text.length && char_is_digit(text.bytes[at]))
            at++;
        if (at == exponent)
            return false;
    }
    return at == text.length;
}

static bool is_blank(utf8proc_int32_t code)
{
    utf8proc_category_t category = utf8proc_category(code);
    return (code >= 9 && code <= 13) || (code >= 0x1c && code <= 0x20) || code == 0x85 ||
           category == UTF8PROC_CATEGORY_ZS || category == UTF8PROC_CATEGORY_ZL ||
           category == UTF8PROC_CATEGORY_ZP;
}

/* Blanks at the ends are left out, and those between words are one. */
static struct str single_blanks(struct str text, struct arena *arena)
{
    char *out = arena_alloc(arena, text.length + 1);
    size_t length = 0;
    bool blank = false;
    while (text.length > 0) {
        utf8proc_int32_t code;
        utf8proc_ssize_t size = utf8proc_iterate((const utf8proc_uint8_t *)text.bytes,
                                                 (utf8proc_ssize_t)text.length, &code);
        size_t bytes = size > 0 ? (size_t)size : 1;
        if (size > 0 && is_blank(code)) {
            blank = length > 0;
        } else {
            if (blank)
                out[length++] = ' ';
            blank = false;
            memcpy(out + length, text.bytes, bytes);
            length += bytes;
        }
        text = str_slice(text, bytes, text.length);
    }
    return (struct str){out, length};
}

static struct str folded(struct str text, struct arena *arena)
{
    utf8proc_uint8_t *out = NULL;
    utf8proc_ssize_t length = utf8proc_map((const utf8proc_uint8_t *)text.bytes,
                                           (utf8proc_ssize_t)text.length, &out, UTF8PROC_CASEFOLD);
    if (length < 0)
        return text; /* no UTF-8 */
    struct str copy = arena_str(arena, (struct str){(const char *)out, (size_t)length});
    free(out);
    return copy;
}

/* "1,234,567.8" without its commas; other texts as they are. */
static struct str without_commas(struct str text, struct arena *arena)
{
    char *out = arena_alloc(arena, text.length + 1);
    size_t length = 0, group = 0, groups = 0, i = 0;
    if (text.length > 0 && (text.bytes[0] == '+' || text.bytes[0] == '-'))
        out[length++] = text.bytes[i++];
    for (; i < text.length && text.bytes[i] != '.'; i++) {
        if (text.bytes[i] == ',') {
            if (group == 0 || group > 3 || (groups > 0 && group != 3))
                return text;
            groups++;
            group = 0;
        } else if (char_is_digit(text.bytes[i])) {
            group++;
            out[length++] = text.bytes[i];
        } else {
            return text;
        }
    }
    if (groups == 0 || group != 3)
        return text;
    memcpy(out + length, text.bytes + i, text.length - i);
    return (struct str){out, length + text.length - i};
}

static double number_of(struct str text, struct arena *arena)
{
    return strtod(arena_strndup(arena, text.bytes, text.length), NULL);
}

static struct eval_value lenient_value(const struct eval_value *value, struct arena *arena)
{
    if (value->type != EVAL_TEXT)
        return *value;
    struct str text = single_blanks(value->text, arena);
    struct str digits = without_commas(text, arena);
    if (eval_is_number(digits))
        return eval_number(number_of(digits, arena));
    return (struct eval_value){.type = EVAL_TEXT, .text = folded(text, arena)};
}

struct eval_result eval_lenient(const struct eval_result *result, struct arena *arena)
{
    struct eval_result out = {0};
    for (size_t i = 0; i < result->row_count; i++) {
        const struct eval_row *from = &result->rows[i];
        struct eval_row *row = eval_result_add(&out, from->count, arena);
        for (size_t j = 0; j < from->count; j++)
            row->values[j] = lenient_value(&from->values[j], arena);
    }
    return out;
}
