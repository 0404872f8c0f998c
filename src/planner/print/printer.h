/* SPDX-License-Identifier: Apache-2.0 */
/* What the files that print SQL share. All print_*() functions return false with the error set. */
#ifndef QUERENT_PLANNER_PRINT_PRINTER_H
#define QUERENT_PLANNER_PRINT_PRINTER_H

#include "core/arena.h"
#include "core/error.h"
#include "planner/print/dialect.h"
#include "planner/query.h"

#define LITERAL_LENGTH_MAX 1000

struct printer {
    const struct dialect *dialect;
    const struct query *query;
    struct arena *arena;
    struct strbuf *out;
    struct error *err;
    int depth;
    bool aliases; /* columns carry their table's alias */
};

/* ---- errors and depth (print.c) */

/* Sets the error; false. */
bool print_wrong(struct printer *printer, const char *what);
/* One level deeper; the caller lowers `depth` when it is done. */
bool print_enter(struct printer *printer);

/* ---- names and values (print_literal.c) */

/* Text in quotes, the quote doubled. Control characters have no place in a name or value. */
bool print_quoted(struct printer *printer, const char *text, char quote, size_t length_max);
bool print_name(struct printer *printer, const char *name);
/* A column by name, with the alias of its table where there are several. */
bool print_column(struct printer *printer, int table, const char *name);
bool literal_is_number(const char *text);
bool literal_is_date(const char *text); /* NULL is none */
bool print_literal(struct printer *printer, enum value_kind kind, const char *text);
/* A value beside a column (NULL: beside no column): written so that the engine never has to guess a
 * conversion, which would fail the whole statement at the first odd cell. */
bool print_literal_for(struct printer *printer, const struct expression *literal,
                       const struct column *column);

/* ---- expressions (print_expression.c) */

bool print_expression(struct printer *printer, const struct expression *expression);
/* The expression on its own, as text, for the places where SQL wants it twice or inside; NULL with
 * the error set. */
char *print_to_text(struct printer *printer, const struct expression *expression);
/* What puts groups by weekday in the order of the week, not of their names. */
bool print_weekday_order(struct printer *printer, const struct expression *bucket);
/* With parentheses, unless it is a call or a name. */
bool print_operand(struct printer *printer, const struct expression *expression);
/* A fragment of the metadata over that table, with an aggregate's filter or NULL. */
bool print_fragment(struct printer *printer, int table, const char *text, const char *filter);
/* The column, when the expression is just that; else NULL. */
const struct column *expression_column_of(const struct expression *expression);

/* ---- conditions (print_condition.c), queries (print.c) */

bool print_condition(struct printer *printer, const struct condition *condition);
bool print_query(struct printer *outer, const struct query *query);

#endif
