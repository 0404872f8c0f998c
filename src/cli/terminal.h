/* SPDX-License-Identifier: Apache-2.0 */
/* What the terminal can do: width, colour; and drawing for people. */
#ifndef QUERENT_CLI_TERMINAL_H
#define QUERENT_CLI_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "core/str.h"
#include "core/strbuf.h"
#include "engine/rows.h"

enum style { STYLE_NONE, STYLE_DIM, STYLE_BOLD, STYLE_GOOD, STYLE_BAD, STYLE_ASK, STYLES };

/* The escape sequence for a style, or "" where the stream is no terminal, NO_COLOR is set or TERM
 * is "dumb". */
const char *terminal_style(FILE *stream, enum style style);
bool terminal_is(FILE *stream);
/* A terminal of known size on which the cursor can go up and lines be wiped: TERM is set, not "dumb". */
bool terminal_can_redraw(FILE *stream);
/* Columns: of the terminal, else COLUMNS, else 100. */
size_t terminal_width(FILE *stream);
/* Lines: of the terminal, else LINES, else 24. */
size_t terminal_height(FILE *stream);
/* Columns that a text takes: wide characters count two, combining ones none. */
size_t text_width(struct str text);
/* Appends the text with control characters and broken bytes made visible, so that data can't
 * steer the terminal, cut to `width_max` columns with an ellipsis. Returns the columns used. */
size_t text_add_cut(struct strbuf *out, struct str text, size_t width_max);
/* Appends prose, made safe as above, wrapped at blanks to the width; newlines stay, and one is put at the
 * end; `indent` columns from the second line. */
void text_add_wrapped(struct strbuf *out, struct str text, size_t width, size_t indent);
/* Rows of a screen of that width that a text takes; a line feed at its end begins one more. */
size_t text_rows(struct str text, size_t width);
/* Prints one line, made safe as above: for whatever holds names, cells or errors. The format has no
 * line feed of its own; one is added. */
void terminal_print_line(FILE *stream, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The same without the line feed, for a part of a line. */
void terminal_print_text(FILE *stream, const char *text);
/* text_add_wrapped() to the width of the stream. */
void terminal_print_wrapped(FILE *stream, const char *text, size_t indent);

/* Draws rows as a table that fits the width: numbers to the right, nulls as an empty cell; columns
 * that don't fit are named below; one row with many columns is drawn upright. */
void terminal_print_rows(FILE *stream, const struct rows *rows, size_t row_max);

/* Prints a statement, made safe, with each clause on a line of its own. */
void terminal_print_sql(FILE *stream, const char *sql);

/* One line that is drawn over and over: "reading 3 of 12: shop_orders". Nothing where the stream
 * is no terminal. terminal_progress_end() wipes it. */
void terminal_progress(FILE *stream, const char *doing, size_t done, size_t total, const char *what);
void terminal_progress_end(FILE *stream);

#endif
