/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/answer_facts.h"

#include <math.h>

#include "agent/number.h"
#include "core/strbuf.h"

#define FACTS_MAX 400
#define LINES_SIZE_MAX (16 * 1024)
#define MEASURES_MAX 4  /* that facts are told of */
#define NAMED_ROWS 10   /* whose share or step is told */

struct finder {
    const struct facts *facts;
    const struct rows *rows;
    struct arena *arena;
    struct strbuf lines;
    struct fact *items;
    size_t count;
};

static void add(struct finder *finder, enum fact_kind kind, double value)
{
    if (finder->count < FACTS_MAX && isfinite(value))
        finder->items[finder->count++] = (struct fact){kind, value};
}

static const char *amount(struct finder *finder, double value, const struct column_facts *column)
{
    add(finder, FACT_AMOUNT, value);
    const char *text = number_print(value, finder->arena);
    const char *unit = column ? (column->share ? "%" : column->unit) : NULL;
    return unit ? arena_printf(finder->arena, "%s %s", text, unit) : text;
}

static const char *percent(struct finder *finder, enum fact_kind kind, double value)
{
    add(finder, kind, value);
    return percent_print(value, finder->arena);
}

/* What a row is called by: its names and its time. */
static const char *row_words(struct finder *finder, size_t row)
{
    const char *text = NULL;
    for (size_t i = 0; i < finder->rows->column_count; i++) {
        const struct column_facts *column = &finder->facts->columns[i];
        if (column->measure || column->share)
            continue;
        const char *words = cell_print_words(rows_cell(finder->rows, row, i),
                                             &finder->rows->columns[i], NULL, (int)column->bucket,
                                             finder->arena);
        text = text ? arena_printf(finder->arena, "%s / %s", text, words) : words;
    }
    return text ? text : arena_printf(finder->arena, "row %zu", row + 1);
}

static bool number_at(const struct finder *finder, size_t row, size_t column, double *out)
{
    return cell_to_double(rows_cell(finder->rows, row, column), out) && isfinite(*out);
}

/* One row of nothing but numbers: that there is one says nothing about the data, but reads so. */
static bool is_one_of_numbers(const struct finder *finder)
{
    for (size_t i = 0; i < finder->rows->column_count; i++)
        if (!finder->facts->columns[i].measure && !finder->facts->columns[i].share)
            return false;
    return finder->rows->row_count == 1;
}

static void find_size(struct finder *finder, size_t shown)
{
    size_t count = finder->rows->row_count;
    if (is_one_of_numbers(finder))
        return;
    add(finder, FACT_AMOUNT, (double)count);
    add(finder, FACT_AMOUNT, (double)shown);
    strbuf_printf(&finder->lines, "rows of the result: %zu%s\n", count,
                  finder->rows->truncated ? " (it was cut: there are more)" : "");
    if (shown < count)
        strbuf_printf(&finder->lines, "only the first %zu rows are shown here\n", shown);
}

static void find_total(struct finder *finder, const struct column_facts *column)
{
    const struct facts *facts = finder->facts;
    bool series = facts->time_column >= 0;
    bool of_groups = facts->complete && (series ? column->adds_over_time : column->additive);
    if (!of_groups && !(facts->all_records && column->amount))
        return;
    strbuf_printf(&finder->lines, "total of %s over all rows: %s\n", column->name,
                  amount(finder, column->total, column));
}

static void find_extremes(struct finder *finder, const struct column_facts *column)
{
    strbuf_printf(&finder->lines, "highest %s: %s (%s)\n", column->name,
                  amount(finder, column->max, column), row_words(finder, column->max_row));
    strbuf_printf(&finder->lines, "lowest %s: %s (%s)\n", column->name,
                  amount(finder, column->min, column), row_words(finder, column->min_row));
    if (!column->share)
        strbuf_printf(&finder->lines, "average of %s over the rows: %s\n", column->name,
                      amount(finder, column->total / (double)column->number_count, column));
}

static void find_shares(struct finder *finder, size_t index)
{
    const struct column_facts *column = &finder->facts->columns[index];
    if (!finder->facts->complete || !column->additive || column->min < 0 || column->total <= 0)
        return;
    for (size_t row = 0; row < finder->rows->row_count && row < NAMED_ROWS; row++) {
        double number;
        if (!number_at(finder, row, index, &number))
            continue;
        strbuf_printf(&finder->lines, "share of %s in %s: %s\n", row_words(finder, row),
                      column->name,
                      percent(finder, FACT_PERCENT, 100 * number / column->total));
    }
}

static void find_step(struct finder *finder, size_t index, size_t from_row, size_t to_row)
{
    const struct column_facts *column = &finder->facts->columns[index];
    double from, to;
    if (from_row == to_row || !number_at(finder, from_row, index, &from) ||
        !number_at(finder, to_row, index, &to))
        return;
    strbuf_printf(&finder->lines, "change of %s from %s to %s: %s", column->name,
                  row_words(finder, from_row), row_words(finder, to_row),
                  amount(finder, to - from, column));
    if (from > 0)
        strbuf_printf(&finder->lines, ", %s",
                      percent(finder, FACT_CHANGE, 100 * (to - from) / from));
    if (from > 0 && to > 0)
        add(finder, FACT_GROWTH, to / from);
    strbuf_add_char(&finder->lines, '\n');
}

static void find_course(struct finder *finder, size_t index)
{
    size_t last = finder->rows->row_count - 1;
    find_step(finder, index, 0, last);
    if (last > 1)
        find_step(finder, index, last - 1, last);
}

/* How far the first is ahead of the second, and the last. */
static void find_lead(struct finder *finder, size_t index)
{
    const struct column_facts *column = &finder->facts->columns[index];
    double first, second, last;
    size_t count = finder->rows->row_count;
    if (!number_at(finder, 0, index, &first) || !number_at(finder, 1, index, &second))
        return;
    strbuf_printf(&finder->lines, "difference of %s between %s and %s: %s", column->name,
                  row_words(finder, 0), row_words(finder, 1),
                  amount(finder, fabs(first - second), column));
    double low = fmin(first, second), high = fmax(first, second);
    if (low > 0) {
        add(finder, FACT_RATIO, high / low);
        strbuf_printf(&finder->lines, " (%.2f times as much, %s more)", high / low,
                      percent(finder, FACT_CHANGE, 100 * (high - low) / low));
        add(finder, FACT_CHANGE, -100 * (high - low) / high); /* "less than the other" */
    }
    strbuf_add_char(&finder->lines, '\n');
    if (count > 2 && number_at(finder, count - 1, index, &last) && fmin(first, last) > 0)
        add(finder, FACT_RATIO, fmax(first, last) / fmin(first, last));
}

static void find_of_measure(struct finder *finder, size_t index)
{
    const struct column_facts *column = &finder->facts->columns[index];
    find_total(finder, column);
    find_extremes(finder, column);
    if (finder->facts->shape == SHAPE_SERIES)
        find_course(finder, index);
    else if (finder->facts->shape == SHAPE_GROUPS) {
        find_shares(finder, index);
        find_lead(finder, index);
    }
}

void answer_facts_find(const struct facts *facts, const struct rows *rows, struct str said,
                       struct arena *arena, struct answer_parts *out)
{
    struct finder finder = {
        .facts = facts,
        .rows = rows,
        .arena = arena,
        .lines = strbuf_init(LINES_SIZE_MAX),
        .items = arena_array(arena, FACTS_MAX, sizeof(*finder.items)),
    };
    find_size(&finder, out->shown.row_count);
    size_t told = 0;
    for (size_t i = 0; i < rows->column_count && told < MEASURES_MAX; i++) {
        const struct column_facts *column = &facts->columns[i];
        if (!(column->measure || column->share) || column->number_count < 2)
            continue;
        find_of_measure(&finder, i);
        told++;
    }
    said = str_trim(said);
    if (said.length > 0)
        strbuf_printf(&finder.lines, "%.*s\n", STR_ARGS(said));
    out->facts = finder.items;
    out->fact_count = finder.count;
    out->fact_lines = strbuf_ok(&finder.lines) ? arena_strdup(arena, strbuf_text(&finder.lines)) : "";
    strbuf_clear(&finder.lines);
}
