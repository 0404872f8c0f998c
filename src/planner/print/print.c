/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The clauses of a SELECT. What stands in them is print_to_text by print_expression.c and
 * print_condition.c; how engines differ is in dialect.c.
 */
#include "planner/print/print.h"

#include <string.h>

#include "core/strbuf.h"
#include "planner/print/label.h"
#include "planner/print/printer.h"
#include "sql/firewall.h"

#define PLACE_LABEL "place_in_group"

/* ---- for all files of the printer */

bool print_wrong(struct printer *printer, const char *what)
{
    return error_set(printer->err, ERROR_INVALID, "query: %s", what);
}

bool print_enter(struct printer *printer)
{
    if (++printer->depth > QUERY_DEPTH_MAX)
        return print_wrong(printer, "it is nested too deeply");
    return true;
}

/* ---- clauses */

static bool print_select(struct printer *printer, char **labels)
{
    const struct query *query = printer->query;
    strbuf_add(printer->out, query->distinct ? "SELECT DISTINCT " : "SELECT ");
    for (size_t i = 0; i < query->select_count; i++) {
        const struct expression *expression = query->select[i].expression;
        if (i > 0)
            strbuf_add(printer->out, ", ");
        if (!print_expression(printer, expression))
            return false;
        const struct column *column = expression_column_of(expression);
        if (!labels[i] || (column && strcmp(column->name, labels[i]) == 0))
            continue;
        strbuf_add(printer->out, " AS ");
        if (!print_name(printer, labels[i]))
            return false;
    }
    return true;
}

static bool print_table(struct printer *printer, size_t i)
{
    const struct query_table *table = &printer->query->tables[i];
    if (!table->dataset)
        return print_wrong(printer, "a table is missing");
    if (i > 0) {
        if (table->joined_to < 0 || (size_t)table->joined_to >= i)
            return print_wrong(printer, "a table is joined to nothing");
        strbuf_add(printer->out, table->left_join ? " LEFT JOIN " : " JOIN ");
    }
    if (!print_name(printer, table->dataset->table_name))
        return false;
    if (printer->aliases)
        strbuf_printf(printer->out, " AS t%zu", i);
    if (i == 0)
        return true;
    strbuf_add(printer->out, " ON ");
    if (!print_column(printer, table->joined_to, table->joined_column))
        return false;
    strbuf_add(printer->out, " = ");
    return print_column(printer, (int)i, table->own_column);
}

static bool print_from(struct printer *printer)
{
    strbuf_add(printer->out, " FROM ");
    for (size_t i = 0; i < printer->query->table_count; i++)
        if (!print_table(printer, i))
            return false;
    return true;
}

static bool print_group(struct printer *printer)
{
    const struct query *query = printer->query;
    for (size_t i = 0; i < query->group_count; i++) {
        strbuf_add(printer->out, i == 0 ? " GROUP BY " : ", ");
        if (!print_expression(printer, query->group[i]))
            return false;
    }
    return true;
}

/* A selected key is named by its label: shorter, and the only form that a set operation takes. */
static bool print_order_key(struct printer *printer, const struct order_key *key, char **labels)
{
    const struct query *query = printer->query;
    if (key->expression && key->expression->kind == EXPRESSION_BUCKET &&
        key->expression->unit == UNIT_WEEKDAY && query->group_count > 0)
        return print_weekday_order(printer, key->expression);
    for (size_t i = 0; i < query->select_count; i++)
        if (labels[i] && key->expression &&
            expression_equal(query->select[i].expression, key->expression))
            return expression_column_of(key->expression) && query->set_operation == SET_NONE
                       ? print_expression(printer, key->expression)
                       : print_name(printer, labels[i]);
    if (query->set_operation != SET_NONE)
        return print_wrong(printer, "a set operation can only be ordered by what it selects");
    return print_expression(printer, key->expression);
}

static bool print_order(struct printer *printer, char **labels)
{
    const struct query *query = printer->query;
    for (size_t i = 0; i < query->order_count; i++) {
        strbuf_add(printer->out, i == 0 ? " ORDER BY " : ", ");
        if (!print_order_key(printer, &query->order[i], labels))
            return false;
        if (query->order[i].descending)
            strbuf_add(printer->out, printer->dialect->date_types ? " DESC NULLS LAST" : " DESC");
    }
    if (query->limit < 0)
        return print_wrong(printer, "a limit is below zero");
    if (query->limit > 0)
        strbuf_printf(printer->out, " LIMIT %lld", (long long)query->limit);
    return true;
}

static bool print_set(struct printer *printer)
{
    static const char *const words[SET_OPERATIONS] = {
        [SET_UNION] = " UNION ", [SET_INTERSECT] = " INTERSECT ", [SET_EXCEPT] = " EXCEPT "};
    const struct query *query = printer->query, *right = query->set_right;
    if (query->set_operation == SET_NONE)
        return true;
    if (query->set_operation >= SET_OPERATIONS || !right || right->order_count > 0 ||
        right->limit != 0 || right->set_operation != SET_NONE ||
        right->select_count != query->select_count)
        return print_wrong(printer, "the right side of a set operation has the print_wrong form");
    strbuf_add(printer->out, words[query->set_operation]);
    return print_query(printer, right);
}

/* ---- the whole */

static bool query_fits(struct printer *printer, const struct query *query)
{
    if (query->table_count == 0 || query->table_count > QUERY_TABLES_MAX ||
        query->select_count == 0 || query->select_count > QUERY_PARTS_MAX ||
        query->group_count > QUERY_PARTS_MAX || query->order_count > QUERY_PARTS_MAX)
        return print_wrong(printer, "it has no table, selects nothing, or has too many parts");
    for (size_t i = 0; i < query->table_count; i++)
        if (!query->tables[i].dataset)
            return print_wrong(printer, "a table is missing");
    if (query->table_count > 1 && !printer->dialect->joins)
        return print_wrong(printer, "this engine reads one table at a time");
    return true;
}

/* The place of a row among those of its kind; equals share a place, so that none is dropped. */
static bool print_place(struct printer *printer)
{
    const struct query *query = printer->query;
    strbuf_add(printer->out, ", rank() OVER (PARTITION BY ");
    if (!print_expression(printer, query->limit_per))
        return false;
    strbuf_add(printer->out, " ORDER BY ");
    if (!print_expression(printer, query->order[0].expression))
        return false;
    if (query->order[0].descending)
        strbuf_add(printer->out, printer->dialect->date_types ? " DESC NULLS LAST" : " DESC");
    strbuf_add(printer->out, ") AS \"" PLACE_LABEL "\"");
    return true;
}

/* WHERE, GROUP BY and HAVING. */
static bool print_grouped(struct printer *printer)
{
    const struct query *query = printer->query;
    if (query->where) {
        strbuf_add(printer->out, " WHERE ");
        if (!print_condition(printer, query->where))
            return false;
    }
    if (!print_group(printer))
        return false;
    if (query->having) {
        strbuf_add(printer->out, " HAVING ");
        if (!print_condition(printer, query->having))
            return false;
    }
    return true;
}

/* The first rows for each: ranked inside, cut and put in order outside. */
static bool print_first_of_each(struct printer *printer, char **labels)
{
    const struct query *query = printer->query;
    size_t per = query->select_count;
    for (size_t i = 0; i < query->select_count; i++) {
        if (!labels[i])
            return print_wrong(printer, "the first rows for each must be of named columns");
        if (expression_equal(query->select[i].expression, query->limit_per))
            per = i;
    }
    if (!printer->dialect->windows || per == query->select_count || query->order_count == 0 ||
        query->limit <= 0 || query->distinct || query->set_operation != SET_NONE)
        return print_wrong(printer, "the first rows for each can't be said here");
    strbuf_add(printer->out, "SELECT ");
    for (size_t i = 0; i < query->select_count; i++) {
        strbuf_add(printer->out, i > 0 ? ", " : "");
        if (!print_name(printer, labels[i]))
            return false;
    }
    strbuf_add(printer->out, " FROM (");
    if (!print_select(printer, labels) || !print_place(printer) || !print_from(printer) ||
        !print_grouped(printer))
        return false;
    strbuf_printf(printer->out, ") AS ranked WHERE \"" PLACE_LABEL "\" <= %lld ORDER BY ",
                  (long long)query->limit);
    if (!print_name(printer, labels[per]))
        return false;
    strbuf_add(printer->out, ", \"" PLACE_LABEL "\"");
    return true;
}

static bool print_clauses(struct printer *printer)
{
    char **labels = query_labels(printer->query, printer->arena);
    if (printer->query->limit_per)
        return print_first_of_each(printer, labels);
    return print_select(printer, labels) && print_from(printer) && print_grouped(printer) &&
           print_set(printer) && print_order(printer, labels);
}

bool print_query(struct printer *outer, const struct query *query)
{
    struct printer printer = *outer;
    printer.query = query;
    printer.aliases = query->table_count > 1;
    return print_enter(&printer) && query_fits(&printer, query) && print_clauses(&printer);
}

const char *query_print(const struct query *query, enum sql_dialect dialect, struct arena *arena,
                        struct error *err)
{
    struct strbuf out = strbuf_init(SQL_SIZE_MAX);
    struct printer printer = {.arena = arena, .out = &out, .err = err};
    const char *sql = NULL;
    if (!query || dialect >= SQL_DIALECTS) {
        error_set(err, ERROR_INVALID, "query: there is none");
    } else {
        printer.dialect = &dialects[dialect];
        if (print_query(&printer, query)) {
            if (strbuf_ok(&out))
                sql = arena_strdup(arena, strbuf_text(&out));
            else
                error_set(err, ERROR_INVALID, "query: its SQL is too long");
        }
    }
    strbuf_clear(&out);
    return sql;
}
