/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/terminal.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <utf8proc.h>

#include "core/alloc.h"

#define WIDTH_DEFAULT 100
#define WIDTH_MIN 20
#define HEIGHT_DEFAULT 24
#define SIZE_HELD_MAX 1000 /* of what the environment says */
#define TEXT_SIZE_MAX (4 << 20)
#define ELLIPSIS "\xE2\x80\xA6"

bool terminal_is(FILE *stream)
{
    return isatty(fileno(stream)) == 1;
}

static bool takes_sequences(FILE *stream)
{
    const char *term = getenv("TERM");
    return terminal_is(stream) && term && *term && strcmp(term, "dumb") != 0;
}

static bool has_colour(FILE *stream)
{
    const char *no_colour = getenv("NO_COLOR");
    return takes_sequences(stream) && (!no_colour || !*no_colour);
}

const char *terminal_style(FILE *stream, enum style style)
{
    static const char *const sequences[STYLES] = {
        [STYLE_NONE] = "\033[0m",  [STYLE_DIM] = "\033[2m",  [STYLE_BOLD] = "\033[1m",
        [STYLE_GOOD] = "\033[32m", [STYLE_BAD] = "\033[31m", [STYLE_ASK] = "\033[36m",
    };
    return has_colour(stream) ? sequences[style] : "";
}

static size_t size_from(const char *variable, size_t least, size_t fallback)
{
    int64_t size;
    const char *text = getenv(variable);
    bool fits = text && str_to_i64(str_from(text), &size) && size >= (int64_t)least && size <= SIZE_HELD_MAX;
    return fits ? (size_t)size : fallback;
}

static bool has_size(FILE *stream, struct winsize *size)
{
    return ioctl(fileno(stream), TIOCGWINSZ, size) == 0 && size->ws_col >= WIDTH_MIN && size->ws_row > 0;
}

bool terminal_can_redraw(FILE *stream)
{
    struct winsize size;
    return takes_sequences(stream) && has_size(stream, &size);
}

size_t terminal_width(FILE *stream)
{
    struct winsize size;
    if (has_size(stream, &size))
        return size.ws_col;
    return size_from("COLUMNS", WIDTH_MIN, WIDTH_DEFAULT);
}

size_t terminal_height(FILE *stream)
{
    struct winsize size;
    if (has_size(stream, &size))
        return size.ws_row;
    return size_from("LINES", 1, HEIGHT_DEFAULT);
}

/* Takes one character off the front; broken bytes come as U+FFFD, one at a time. */
static utf8proc_int32_t take_character(struct str *text, struct str *bytes)
{
    utf8proc_int32_t code;
    utf8proc_ssize_t length = utf8proc_iterate((const utf8proc_uint8_t *)text->bytes,
                                               (utf8proc_ssize_t)text->length, &code);
    if (length <= 0) {
        *bytes = STR("\xEF\xBF\xBD");
        length = 1;
        code = 0xFFFD;
    } else {
        *bytes = str_slice(*text, 0, (size_t)length);
    }
    *text = str_slice(*text, (size_t)length, text->length);
    return code;
}

static bool is_unsafe(utf8proc_int32_t code)
{
    utf8proc_category_t category = utf8proc_category(code);
    return category == UTF8PROC_CATEGORY_CC || category == UTF8PROC_CATEGORY_CF ||
           category == UTF8PROC_CATEGORY_CS || category == UTF8PROC_CATEGORY_ZL ||
           category == UTF8PROC_CATEGORY_ZP;
}

static size_t character_width(utf8proc_int32_t code)
{
    int width = is_unsafe(code) ? 1 : utf8proc_charwidth(code);
    return width > 0 ? (size_t)width : 0;
}

size_t text_width(struct str text)
{
    size_t width = 0;
    while (text.length > 0) {
        struct str bytes;
        width += character_width(take_character(&text, &bytes));
    }
    return width;
}

size_t text_add_cut(struct strbuf *out, struct str text, size_t width_max)
{
    bool cut = text_width(text) > width_max;
    size_t room = cut && width_max > 0 ? width_max - 1 : width_max;
    size_t width = 0;
    while (text.length > 0) {
        struct str bytes;
        utf8proc_int32_t code = take_character(&text, &bytes);
        size_t own = character_width(code);
        if (width + own > room)
            break;
        if (is_unsafe(code)) /* newlines, escapes, text direction: data must not steer */
            strbuf_add(out, code == '\n' || code == '\t' || code == '\r' ? " " : "\xEF\xBF\xBD");
        else
            strbuf_add_str(out, bytes);
        width += own;
    }
    if (cut && width_max > 0) {
        strbuf_add(out, ELLIPSIS);
        width++;
    }
    return width;
}

void terminal_print_text(FILE *stream, const char *text)
{
    struct strbuf safe = strbuf_init(TEXT_SIZE_MAX);
    text_add_cut(&safe, str_from(text), SIZE_MAX);
    fputs(strbuf_text(&safe), stream);
    strbuf_clear(&safe);
}

void terminal_print_line(FILE *stream, const char *format, ...)
{
    struct strbuf text = strbuf_init(TEXT_SIZE_MAX);
    va_list args;
    va_start(args, format);
    strbuf_vprintf(&text, format, args);
    va_end(args);
    terminal_print_text(stream, strbuf_text(&text));
    fputc('\n', stream);
    strbuf_clear(&text);
}

static void add_line_wrapped(struct strbuf *out, struct str line, size_t width, size_t indent)
{
    size_t column = 0;
    bool first = true;
    struct str word;
    while (str_split(&line, ' ', &word)) {
        size_t own = text_width(word);
        if (!first && column + 1 + own > width) {
            strbuf_add_char(out, '\n');
            strbuf_add_repeat(out, ' ', indent);
            column = indent;
        } else if (!first) {
            strbuf_add_char(out, ' ');
            column++;
        }
        text_add_cut(out, word, SIZE_MAX);
        column += own;
        first = false;
    }
    strbuf_add_char(out, '\n');
}

void text_add_wrapped(struct strbuf *out, struct str text, size_t width, size_t indent)
{
    struct str line;
    while (str_split(&text, '\n', &line))
        add_line_wrapped(out, line, width, indent);
}

size_t text_rows(struct str text, size_t width)
{
    size_t rows = 1, column = 0;
    while (text.length > 0) {
        struct str bytes;
        utf8proc_int32_t code = take_character(&text, &bytes);
        size_t own = code == '\n' ? 0 : character_width(code);
        bool begins = code == '\n' || column + own > width;
        rows += begins;
        column = begins ? own : column + own;
    }
    return rows;
}

void terminal_print_wrapped(FILE *stream, const char *text, size_t indent)
{
    struct strbuf lines = strbuf_init(TEXT_SIZE_MAX);
    text_add_wrapped(&lines, str_from(text), terminal_width(stream), indent);
    fputs(strbuf_text(&lines), stream);
    strbuf_clear(&lines);
}

/* ------------------------------------------------------------------ tables */

#define COLUMN_WIDTH_MIN 12 /* a text column is not squeezed below this */
#define COLUMN_WIDTH_MAX 60 /* nor is it ever wider */
#define GAP 2               /* blanks between columns */
#define UPRIGHT_COLUMNS 6   /* one row with more columns than this is drawn upright */

struct layout {
    char **texts; /* header, then cells, row by row */
    size_t *widths;
    bool *right; /* numbers */
    size_t column_count, row_count;
    size_t shown; /* columns that fit */
};

static bool is_number(const struct rows *rows, size_t column)
{
    return value_kind_is_number(rows->columns[column].kind);
}

/* People read two decimals; all digits are in --json. Numbers of one column get them alike. */
struct column_style {
    bool fractions; /* some number is not whole */
    bool below_one; /* all are */
    bool moments;
};

static bool is_plain_double(const struct cell *cell)
{
    return cell->type == CELL_DOUBLE && isfinite(cell->number) && fabs(cell->number) < 1e15;
}

static struct column_style column_style_of(const struct rows *rows, size_t column)
{
    struct column_style style = {.below_one = true,
                                 .moments = rows->columns[column].kind == VALUE_TIMESTAMP};
    for (size_t row = 0; row < rows->row_count; row++) {
        const struct cell *cell = rows_cell(rows, row, column);
        if (!is_plain_double(cell))
            continue;
        style.fractions |= cell->number != floor(cell->number);
        style.below_one &= fabs(cell->number) < 1;
    }
    return style;
}

static void add_cell(const struct cell *cell, const struct column_style *style, struct strbuf *out)
{
    if (style->fractions && is_plain_double(cell)) {
        strbuf_printf(out, style->below_one ? "%.4g" : "%.2f", cell->number);
        return;
    }
    cell_print(cell, out);
    if (style->moments && out->length > 10 && out->bytes[10] == 'T')
        out->bytes[10] = ' ';
}

static struct layout layout_new(const struct rows *rows, size_t row_max)
{
    struct layout layout = {
        .column_count = rows->column_count,
        .row_count = rows->row_count < row_max ? rows->row_count : row_max,
    };
    layout.texts = xcalloc((layout.row_count + 1) * layout.column_count, sizeof(char *));
    layout.widths = xcalloc(layout.column_count, sizeof(size_t));
    layout.right = xcalloc(layout.column_count, sizeof(bool));
    for (size_t column = 0; column < layout.column_count; column++) {
        struct column_style style = column_style_of(rows, column);
        layout.right[column] = is_number(rows, column);
        for (size_t row = 0; row <= layout.row_count; row++) {
            struct strbuf raw = strbuf_init(1 << 20), safe = strbuf_init(4096);
            if (row == 0)
                strbuf_add(&raw, rows->columns[column].name);
            else
                add_cell(rows_cell(rows, row - 1, column), &style, &raw);
            size_t width = text_add_cut(&safe, strbuf_str(&raw), COLUMN_WIDTH_MAX);
            layout.texts[row * layout.column_count + column] = xstrdup(strbuf_text(&safe));
            if (width > layout.widths[column])
                layout.widths[column] = width;
            strbuf_clear(&raw);
            strbuf_clear(&safe);
        }
    }
    return layout;
}

static void layout_clear(struct layout *layout)
{
    for (size_t i = 0; i < (layout->row_count + 1) * layout->column_count; i++)
        free(layout->texts[i]);
    free(layout->texts);
    free(layout->widths);
    free(layout->right);
}

static size_t total_width(const struct layout *layout, size_t count)
{
    size_t total = 0;
    for (size_t i = 0; i < count; i++)
        total += layout->widths[i] + (i > 0 ? GAP : 0);
    return total;
}

/* Squeezes the widest text columns until all fit; then drops columns from the right. */
static void layout_fit(struct layout *layout, size_t width)
{
    while (total_width(layout, layout->column_count) > width) {
        size_t widest = layout->column_count;
        for (size_t i = 0; i < layout->column_count; i++)
            if (!layout->right[i] && layout->widths[i] > COLUMN_WIDTH_MIN &&
                (widest == layout->column_count || layout->widths[i] > layout->widths[widest]))
                widest = i;
        if (widest == layout->column_count)
            break;
        layout->widths[widest]--;
    }
    layout->shown = layout->column_count;
    while (layout->shown > 1 && total_width(layout, layout->shown) > width)
        layout->shown--;
}

static void print_cell(FILE *stream, const struct layout *layout, size_t row, size_t column)
{
    struct strbuf text = strbuf_init(4096);
    size_t room = layout->widths[column];
    const char *cell = layout->texts[row * layout->column_count + column];
    size_t width = text_add_cut(&text, str_from(cell), room);
    bool last = column + 1 == layout->shown;
    int pad = (int)(room - width);
    if (layout->right[column])
        fprintf(stream, "%*s%s", pad, "", strbuf_text(&text));
    else
        fprintf(stream, "%s%*s", strbuf_text(&text), last ? 0 : pad, "");
    if (!last)
        fprintf(stream, "%*s", GAP, "");
    strbuf_clear(&text);
}

static void print_table(FILE *stream, const struct layout *layout)
{
    for (size_t row = 0; row <= layout->row_count; row++) {
        if (row == 0)
            fputs(terminal_style(stream, STYLE_BOLD), stream);
        for (size_t column = 0; column < layout->shown; column++)
            print_cell(stream, layout, row, column);
        if (row == 0)
            fputs(terminal_style(stream, STYLE_NONE), stream);
        fputc('\n', stream);
        if (row > 0)
            continue;
        for (size_t column = 0; column < layout->shown; column++) {
            for (size_t i = 0; i < layout->widths[column]; i++)
                fputs("\xE2\x94\x80", stream);
            fprintf(stream, "%*s", column + 1 < layout->shown ? GAP : 0, "");
        }
        fputc('\n', stream);
    }
    if (layout->shown == layout->column_count)
        return;
    struct strbuf words = strbuf_init(4 * 1024 * 1024);
    strbuf_add(&words, "(not shown for lack of room:");
    for (size_t column = layout->shown; column < layout->column_count; column++)
        strbuf_printf(&words, "%s %s", column > layout->shown ? "," : "", layout->texts[column]);
    strbuf_add(&words, ")");
    terminal_print_wrapped(stream, strbuf_text(&words), 1);
    strbuf_clear(&words);
}

static void print_upright(FILE *stream, const struct layout *layout)
{
    size_t widest = 0;
    for (size_t column = 0; column < layout->column_count; column++) {
        size_t width = text_width(str_from(layout->texts[column]));
        if (width > widest)
            widest = width;
    }
    for (size_t column = 0; column < layout->column_count; column++) {
        size_t width = text_width(str_from(layout->texts[column]));
        fprintf(stream, "%s%s%s%*s  %s\n", terminal_style(stream, STYLE_BOLD),
                layout->texts[column], terminal_style(stream, STYLE_NONE), (int)(widest - width),
                "", layout->texts[layout->column_count + column]);
    }
}

void terminal_print_rows(FILE *stream, const struct rows *rows, size_t row_max)
{
    if (rows->column_count == 0)
        return;
    struct layout layout = layout_new(rows, row_max);
    layout_fit(&layout, terminal_width(stream));
    if (layout.row_count == 1 && layout.shown < layout.column_count &&
        layout.column_count > UPRIGHT_COLUMNS)
        print_upright(stream, &layout);
    else
        print_table(stream, &layout);
    if (rows->row_count > layout.row_count || rows->truncated)
        fprintf(stream, "%s(the first %zu of %s%zu %s)%s\n", terminal_style(stream, STYLE_DIM),
                layout.row_count, rows->truncated ? "more than " : "", rows->row_count,
                plural(rows->row_count, "row", "rows"),
                terminal_style(stream, STYLE_NONE));
    layout_clear(&layout);
}

/* Clauses begin a line of their own, outside of quotes and brackets. */
static void print_clauses(FILE *stream, const char *sql)
{
    static const char *const clauses[] = {" FROM ",     " JOIN ",   " LEFT JOIN ", " WHERE ",
                                          " GROUP BY ", " HAVING ", " ORDER BY ",  " LIMIT ",
                                          " UNION ",    " EXCEPT ", " INTERSECT "};
    int depth = 0;
    char quote = '\0';
    for (const char *p = sql; *p; p++) {
        if (quote) {
            quote = *p == quote ? '\0' : quote;
        } else if (*p == '\'' || *p == '"') {
            quote = *p;
        } else if (*p == '(' || *p == ')') {
            depth += *p == '(' ? 1 : -1;
        } else if (*p == ' ' && depth == 0) {
            bool clause = false;
            for (size_t i = 0; i < sizeof(clauses) / sizeof(clauses[0]); i++)
                clause |= strncmp(p, clauses[i], strlen(clauses[i])) == 0;
            /* "LEFT" has begun the line that its JOIN belongs to. */
            bool joined = p - sql >= 4 && strncmp(p - 4, "LEFT JOIN ", 10) == 0;
            fputs(clause && !joined ? "\n  " : " ", stream);
            continue;
        }
        fputc(*p, stream);
    }
    fputc('\n', stream);
}

void terminal_print_sql(FILE *stream, const char *sql)
{
    struct strbuf safe = strbuf_init(TEXT_SIZE_MAX);
    text_add_cut(&safe, str_from(sql), SIZE_MAX);
    print_clauses(stream, strbuf_text(&safe));
    strbuf_clear(&safe);
}

void terminal_progress(FILE *stream, const char *doing, size_t done, size_t total,
                       const char *what)
{
    if (!terminal_is(stream))
        return;
    struct strbuf line = strbuf_init(4096);
    struct strbuf text = strbuf_init(4096);
    strbuf_printf(&text, "%s %zu of %zu: %s", doing, done, total, what);
    text_add_cut(&line, strbuf_str(&text), terminal_width(stream) - 1);
    fprintf(stream, "\r\033[K%s", strbuf_text(&line));
    fflush(stream);
    strbuf_clear(&line);
    strbuf_clear(&text);
}

void terminal_progress_end(FILE *stream)
{
    if (terminal_is(stream)) {
        fputs("\r\033[K", stream);
        fflush(stream);
    }
}
