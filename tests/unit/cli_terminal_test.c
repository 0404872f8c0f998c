/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "cli/terminal.h"

static const char *cut(const char *text, size_t width)
{
    static char copy[256];
    struct strbuf out = strbuf_init(200);
    size_t used = text_add_cut(&out, str_from(text), width);
    assert_true(used <= width);
    snprintf(copy, sizeof(copy), "%s", strbuf_text(&out));
    strbuf_clear(&out);
    return copy;
}

static void widths_count_columns(void **state)
{
    assert_int_equal(text_width(STR("abc")), 3);
    assert_int_equal(text_width(STR("\xC3\xA9")), 1);
    assert_int_equal(text_width(STR("e\xCC\x81")), 1); /* combining accent */
    assert_int_equal(text_width(STR("\xE6\x97\xA5\xE6\x9C\xAC")), 4);
    assert_int_equal(text_width(STR("\xFF")), 1);
}

static void texts_are_cut_at_characters(void **state)
{
    assert_string_equal(cut("abcdef", 6), "abcdef");
    assert_string_equal(cut("abcdef", 5), "abcd\xE2\x80\xA6");
    assert_string_equal(cut("\xE6\x97\xA5\xE6\x9C\xAC", 3), "\xE6\x97\xA5\xE2\x80\xA6");
    assert_string_equal(cut("abc", 0), "");
}

static void data_cannot_steer_the_terminal(void **state)
{
    assert_string_equal(cut("a\033[31mb", 20), "a\xEF\xBF\xBD[31mb");
    assert_string_equal(cut("a\nb\tc", 20), "a b c");
    assert_string_equal(cut("\xE2\x80\xAE"
                            "abc",
                            20),
                        "\xEF\xBF\xBD"
                        "abc"); /* right-to-left override */
    assert_string_equal(cut("\xC2\x9B"
                            "31m",
                            20),
                        "\xEF\xBF\xBD"
                        "31m"); /* CSI as one character */
}

static void printed_lines_are_safe(void **state)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    terminal_print_line(stream, "file '%s': no", "x\033[31m\ny");
    terminal_print_sql(stream, "SELECT 1 FROM \"\033]0;t\007\"");
    fclose(stream);
    assert_string_equal(text, "file 'x\xEF\xBF\xBD[31m y': no\n"
                              "SELECT 1\n  FROM \"\xEF\xBF\xBD]0;t\xEF\xBF\xBD\"\n");
    free(text);
}

static char *draw(const struct rows *rows, size_t row_max, const char *columns)
{
    char *text = NULL;
    size_t size = 0;
    setenv("COLUMNS", columns, 1);
    FILE *stream = tmpfile();
    assert_non_null(stream);
    terminal_print_rows(stream, rows, row_max);
    size = (size_t)ftell(stream);
    rewind(stream);
    text = calloc(1, size + 1);
    assert_int_equal(fread(text, 1, size, stream), size);
    fclose(stream);
    return text;
}

static struct cell text_cell(const char *text)
{
    return (struct cell){.type = CELL_TEXT, .text = str_from(text)};
}

static void tables_align_numbers_to_the_right(void **state)
{
    struct result_column columns[] = {{"region", "VARCHAR", VALUE_TEXT},
                                      {"total", "BIGINT", VALUE_INTEGER}};
    struct cell cells[] = {text_cell("North"), {.type = CELL_INTEGER, .integer = 5},
                           text_cell("S"),     {.type = CELL_INTEGER, .integer = 12345678}};
    struct rows rows = {columns, 2, cells, 2, false};
    char *text = draw(&rows, 10, "80");
    assert_string_equal(text, "region     total\n"
                              "\xE2\x94\x80\xE2\x94\x80\xE2\x94\x80\xE2\x94\x80\xE2\x94\x80\xE2\x94"
                              "\x80  \xE2\x94\x80\xE2\x94\x80\xE2\x94\x80\xE2\x94\x80\xE2\x94\x80"
                              "\xE2\x94\x80\xE2\x94\x80\xE2\x94\x80\n"
                              "North          5\n"
                              "S       12345678\n");
    free(text);
    rows.truncated = true;
    text = draw(&rows, 1, "80");
    assert_non_null(strstr(text, "(the first 1 of more than 2 rows)"));
    free(text);
}

static void numbers_of_a_column_have_the_same_decimals(void **state)
{
    struct result_column columns[] = {{"at", "TIMESTAMP", VALUE_TIMESTAMP},
                                      {"tonnes", "DOUBLE", VALUE_FLOAT},
                                      {"rate", "DOUBLE", VALUE_FLOAT},
                                      {"whole", "DOUBLE", VALUE_FLOAT}};
    struct cell cells[] = {text_cell("2026-01-02T03:04:05"),
                           {.type = CELL_DOUBLE, .number = 5610},
                           {.type = CELL_DOUBLE, .number = 0.00123},
                           {.type = CELL_DOUBLE, .number = 7},
                           {.type = CELL_NULL},
                           {.type = CELL_DOUBLE, .number = 0.5},
                           {.type = CELL_DOUBLE, .number = 0},
                           {.type = CELL_NULL}};
    struct rows rows = {columns, 4, cells, 2, false};
    char *text = draw(&rows, 10, "80");
    assert_non_null(strstr(text, "2026-01-02 03:04:05  5610.00  0.00123      7\n"));
    assert_non_null(strstr(text, "   0.50        0"));
    free(text);
}

static void wide_tables_fit_the_width(void **state)
{
    enum { COUNT = 30 };
    struct result_column columns[COUNT];
    struct cell cells[2 * COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        columns[i] = (struct result_column){"a_rather_long_name", "VARCHAR", VALUE_TEXT};
        cells[i] = cells[COUNT + i] = text_cell("some text that is too long for a narrow window");
    }
    struct rows rows = {columns, COUNT, cells, 2, false};
    char *text = draw(&rows, 10, "60");
    struct str rest = str_from(text), line;
    size_t lines = 0;
    while (str_split(&rest, '\n', &line)) {
        if (str_starts(line, STR("(not shown")))
            break;
        assert_true(text_width(line) <= 60);
        lines++;
    }
    assert_int_equal(lines, 4);
    free(text);
    rows.row_count = 1; /* one row: upright, nothing is left out */
    text = draw(&rows, 10, "60");
    assert_null(strstr(text, "not shown"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(widths_count_columns),
        cmocka_unit_test(texts_are_cut_at_characters),
        cmocka_unit_test(data_cannot_steer_the_terminal),
        cmocka_unit_test(printed_lines_are_safe),
        cmocka_unit_test(tables_align_numbers_to_the_right),
        cmocka_unit_test(numbers_of_a_column_have_the_same_decimals),
        cmocka_unit_test(wide_tables_fit_the_width),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
