/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/ties.h"

#include "agent/facts.h"
#include "planner/print/print.h"

#define RANKED_MAX 50 /* a longer list is no ranking, and its end interests nobody */

/* Adding what it is ordered by must not change which rows there are. */
static bool may_be_asked(const struct query *query, const struct rows *rows)
{
    return query && rows && query->limit > 0 && query->limit <= RANKED_MAX && !query->limit_per &&
           query->order_count > 0 && !query->distinct && query->set_operation == SET_NONE &&
           rows->row_count == (size_t)query->limit;
}

/* The same with more rows, and with what they are ordered by as its last columns. */
static const struct query *longer(const struct query *query, struct arena *arena)
{
    struct query *copy = query_copy(arena, query);
    for (size_t i = 0; i < query->order_count; i++)
        query_select(arena, copy, query->order[i].expression,
                     arena_printf(arena, "order_key_%zu", i + 1));
    copy->limit = query->limit + TIES_COUNTED_MAX;
    return copy;
}

static bool cells_equal(const struct cell *a, const struct cell *b)
{
    double x, y;
    if (a->type == CELL_NULL || b->type == CELL_NULL)
        return false;
    if (a->type == CELL_TEXT && b->type == CELL_TEXT)
        return str_equal(a->text, b->text);
    return cell_to_double(a, &x) && cell_to_double(b, &y) && x == y;
}

static bool same_place(const struct rows *rows, size_t a, size_t b, size_t key_count)
{
    for (size_t i = rows->column_count - key_count; i < rows->column_count; i++)
        if (!cells_equal(rows_cell(rows, a, i), rows_cell(rows, b, i)))
            return false;
    return true;
}

static void name_tie(struct ties *out, const struct rows *rows, size_t row, ptrdiff_t column,
                     struct arena *arena)
{
    if (column < 0 || out->named_count == TIES_NAMED_MAX)
        return;
    const struct cell *cell = rows_cell(rows, row, (size_t)column);
    if (cell->type == CELL_TEXT && cell->text.length > 0)
        out->named[out->named_count++] = arena_str(arena, cell->text).bytes;
}

TASK_WAITS void ties_find(struct run *run, struct ties *out)
{
    const struct query *query = run->proposal.query;
    const struct rows *shown = run->statement ? run->statement->rows : NULL;
    *out = (struct ties){0};
    if (!may_be_asked(query, shown))
        return;
    struct error ignored = {0};
    const struct query *more = longer(query, run->arena);
    const char *sql = query_print(more, run->request.plan.dialect, run->arena, &ignored);
    const struct statement *statement = sql ? run_statement(run, sql) : NULL;
    const struct rows *rows = statement ? statement->rows : NULL;
    size_t last = (size_t)query->limit - 1;
    if (!rows || rows->row_count <= last + 1 || rows->column_count < query->order_count)
        return;
    struct facts facts;
    facts_find(query, shown, run->arena, &facts);
    for (size_t row = last + 1;
         row < rows->row_count && same_place(rows, last, row, query->order_count); row++) {
        out->count++;
        name_tie(out, rows, row, facts.name_column, run->arena);
    }
}
