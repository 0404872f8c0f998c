/* SPDX-License-Identifier: Apache-2.0 */
/* In the loader's worker: what the data itself says about each column. */
#include <math.h>
#include <string.h>

#include "engine/worker_load.h"

#define COLUMNS_AT_ONCE 50
/* approx_count_distinct() may be this far off. */
#define DISTINCT_SLACK 1.3
#define VALUES_SIZE_MAX (32u << 20) /* bytes of all kept values of a file */

enum { STAT_COUNT, STAT_DISTINCT, STAT_MIN, STAT_MAX, STAT_MEAN, STAT_LONG, STATS };

static bool is_ordered(enum value_kind kind)
{
    return kind != VALUE_NESTED && kind != VALUE_BLOB && kind != VALUE_UNKNOWN;
}

static bool has_mean(enum value_kind kind)
{
    return value_kind_is_number(kind);
}

static void add_stats(struct strbuf *sql, const struct column *column)
{
    struct strbuf name = strbuf_init(WIRE_NAME_MAX);
    sql_add_name(&name, column->name);
    const char *c = strbuf_text(&name);
    strbuf_printf(sql, ", count(%s)", c);
    if (is_ordered(column->kind))
        strbuf_printf(sql,
                      ", approx_count_distinct(%s), left(min(%s)::VARCHAR, %d), "
                      "left(max(%s)::VARCHAR, %d)",
                      c, c, PROFILE_VALUE_LENGTH_MAX, c, PROFILE_VALUE_LENGTH_MAX);
    else
        strbuf_add(sql, ", 0, NULL, NULL");
    if (has_mean(column->kind))
        strbuf_printf(sql, ", avg(%s::DOUBLE)", c);
    else
        strbuf_add(sql, ", NULL");
    if (column->kind == VALUE_TEXT)
        strbuf_printf(sql, ", count_if(strlen(%s) > %d)", c, PROFILE_VALUE_LENGTH_MAX);
    else
        strbuf_add(sql, ", 0");
    strbuf_clear(&name);
}

static int64_t integer_of(const struct cell *cell)
{
    return cell->type == CELL_INTEGER ? cell->integer : 0;
}

static const char *text_of(struct arena *arena, const struct cell *cell)
{
    return cell->type == CELL_TEXT ? arena_strndup(arena, cell->text.bytes, cell->text.length)
                                   : NULL;
}

/* A text with U+0000 inside is no C string: such values are not kept. */
static const char *bound_of(struct arena *arena, const struct cell *cell)
{
    const char *text = text_of(arena, cell);
    return text && strlen(text) == cell->text.length ? text : NULL;
}

static void take_stats(struct loading *loading, struct column *column, int64_t row_count,
                       const struct cell *cells, int64_t *long_values)
{
    struct column_profile *profile = &column->profile;
    *profile = (struct column_profile){.known = true, .row_count = row_count};
    profile->null_count = row_count - integer_of(&cells[STAT_COUNT]);
    int64_t distinct = integer_of(&cells[STAT_DISTINCT]), count = row_count - profile->null_count;
    profile->distinct_count = distinct < count ? distinct : count;
    profile->min = bound_of(loading->arena, &cells[STAT_MIN]);
    profile->max = bound_of(loading->arena, &cells[STAT_MAX]);
    if (cells[STAT_MEAN].type == CELL_DOUBLE && isfinite(cells[STAT_MEAN].number))
        profile->mean = cells[STAT_MEAN].number;
    *long_values = integer_of(&cells[STAT_LONG]);
}

static bool find_stats(struct loading *loading, size_t from, size_t to, int64_t *long_values,
                       struct error *err)
{
    struct strbuf sql = strbuf_init(LOAD_SQL_MAX);
    strbuf_add(&sql, "SELECT count(*)");
    for (size_t i = from; i < to; i++)
        add_stats(&sql, &loading->result.columns[i]);
    strbuf_add(&sql, " FROM output.main.data");
    struct rows rows;
    bool ok = loading_select(loading, strbuf_text(&sql), &rows, err);
    strbuf_clear(&sql);
    if (!ok)
        return false;
    loading->result.row_count = integer_of(&rows.cells[0]);
    for (size_t i = from; i < to; i++)
        take_stats(loading, &loading->result.columns[i], loading->result.row_count,
                   &rows.cells[1 + (i - from) * STATS], &long_values[i]);
    return true;
}

/* Values of texts are worth keeping however many there are; of numbers only when few. */
static bool wants_values(const struct column *column)
{
    if (!is_ordered(column->kind))
        return false;
    return column->kind == VALUE_TEXT ||
           (double)column->profile.distinct_count <= PROFILE_VALUES_MAX * DISTINCT_SLACK;
}

static void keep_values(struct loading *loading, struct column *column, const struct rows *rows,
                        int64_t long_values, size_t *size_left)
{
    struct column_profile *profile = &column->profile;
    int64_t distinct = rows->row_count > 0 ? integer_of(&rows->cells[2]) : 0;
    if (long_values == 0 && distinct <= profile->row_count - profile->null_count)
        profile->distinct_count = distinct;
    profile->values = arena_array(loading->arena, rows->row_count, sizeof(*profile->values));
    for (size_t row = 0; row < rows->row_count; row++) {
        const struct cell *cells = &rows->cells[row * rows->column_count];
        const char *text = bound_of(loading->arena, &cells[0]);
        if (!text || strlen(text) + 16 > *size_left)
            continue;
        *size_left -= strlen(text) + 16;
        profile->values[profile->value_count++] =
            (struct stored_value){text, integer_of(&cells[1])};
    }
    profile->values_complete = long_values == 0 && (int64_t)profile->value_count == distinct;
}

static bool find_values(struct loading *loading, struct column *column, int64_t long_values,
                        size_t *size_left, struct error *err)
{
    struct strbuf name = strbuf_init(WIRE_NAME_MAX), sql = strbuf_init(LOAD_SQL_MAX);
    sql_add_name(&name, column->name);
    const char *c = strbuf_text(&name);
    strbuf_printf(&sql,
                  "SELECT v::VARCHAR, n, d FROM (SELECT %s AS v, count(*) AS n, "
                  "count(*) OVER () AS d FROM output.main.data WHERE %s IS NOT NULL",
                  c, c);
    if (column->kind == VALUE_TEXT)
        strbuf_printf(&sql, " AND strlen(%s) <= %d", c, PROFILE_VALUE_LENGTH_MAX);
    strbuf_printf(&sql, " GROUP BY %s) ORDER BY n DESC, v LIMIT %d", c, PROFILE_VALUES_MAX);
    struct rows rows;
    bool ok = loading_select(loading, strbuf_text(&sql), &rows, err);
    strbuf_clear(&sql);
    strbuf_clear(&name);
    if (ok)
        keep_values(loading, column, &rows, long_values, size_left);
    return ok;
}

/* Exact where the estimate leaves it open; false when counting failed. */
static bool find_unique(struct loading *loading, struct column *column, struct error *err)
{
    struct column_profile *profile = &column->profile;
    bool exact = profile->values_complete;
    column->unique =
        exact && profile->row_count > 0 && profile->distinct_count == profile->row_count;
    if (exact || profile->null_count > 0 || !is_ordered(column->kind) ||
        (double)profile->distinct_count * DISTINCT_SLACK < (double)profile->row_count)
        return true;
    struct strbuf sql = strbuf_init(LOAD_SQL_MAX);
    strbuf_add(&sql, "SELECT count(DISTINCT ");
    sql_add_name(&sql, column->name);
    strbuf_add(&sql, ") FROM output.main.data");
    struct rows rows;
    bool ok = loading_select(loading, strbuf_text(&sql), &rows, err);
    strbuf_clear(&sql);
    if (!ok)
        return false;
    profile->distinct_count = integer_of(&rows.cells[0]);
    column->unique = profile->row_count > 0 && profile->distinct_count == profile->row_count;
    return true;
}

static bool find_columns(struct loading *loading, struct error *err)
{
    struct rows rows;
    if (!loading_select(loading, "SELECT * FROM output.main.data LIMIT 0", &rows, err))
        return false;
    struct load_result *result = &loading->result;
    result->column_count = rows.column_count;
    result->columns = arena_array(loading->arena, rows.column_count, sizeof(*result->columns));
    for (size_t i = 0; i < rows.column_count; i++) {
        result->columns[i].name = rows.columns[i].name;
        result->columns[i].type = rows.columns[i].type;
        result->columns[i].kind = rows.columns[i].kind;
    }
    return true;
}

bool load_profile(struct loading *loading, struct error *err)
{
    if (!find_columns(loading, err))
        return false;
    struct load_result *result = &loading->result;
    int64_t *long_values = arena_array(loading->arena, result->column_count, sizeof(*long_values));
    for (size_t from = 0; from < result->column_count; from += COLUMNS_AT_ONCE) {
        size_t to = from + COLUMNS_AT_ONCE;
        if (!find_stats(loading, from, to < result->column_count ? to : result->column_count,
                        long_values, err))
            return false;
    }
    size_t size_left = VALUES_SIZE_MAX;
    for (size_t i = 0; i < result->column_count; i++) {
        struct column *column = &result->columns[i];
        if (wants_values(column) && !find_values(loading, column, long_values[i], &size_left, err))
            return false;
        if (!find_unique(loading, column, err))
            return false;
    }
    return true;
}
