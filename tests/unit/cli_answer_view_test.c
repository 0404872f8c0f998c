/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "cli/answer_view.h"

struct screen {
    struct answer_view view;
    char written[4096];
};

static struct screen screen_of(const char *columns, const char *lines)
{
    setenv("COLUMNS", columns, 1);
    setenv("LINES", lines, 1);
    struct screen screen = {.view = {.stream = tmpfile(), .style = STYLE_BOLD}};
    assert_non_null(screen.view.stream);
    return screen;
}

/* What was written since the last time. */
static const char *written(struct screen *screen)
{
    FILE *stream = screen->view.stream;
    long end = ftell(stream);
    rewind(stream);
    assert_true(end < (long)sizeof(screen->written));
    assert_int_equal(fread(screen->written, 1, (size_t)end, stream), end);
    screen->written[end] = '\0';
    rewind(stream);
    return screen->written;
}

static const char *tell(struct screen *screen, const char *text, bool replaces)
{
    answer_view_tell(&screen->view, str_from(text), replaces);
    return written(screen);
}

static const char *end(struct screen *screen, const char *answer)
{
    answer_view_end(&screen->view, answer);
    const char *text = written(screen);
    fclose(screen->view.stream);
    return text;
}

static void words_are_put_behind_words(void **state)
{
    struct screen screen = screen_of("20", "10");
    assert_string_equal(tell(&screen, "Revenue ", false), "Revenue");
    assert_string_equal(tell(&screen, "was", false), " was");
    assert_string_equal(tell(&screen, "", false), "");
    assert_string_equal(end(&screen, "Revenue was 5."), " 5.\n");
}

static void a_word_that_grows_goes_to_the_next_line(void **state)
{
    struct screen screen = screen_of("20", "10");
    assert_string_equal(tell(&screen, "All of the revenue", false), "All of the revenue");
    assert_string_equal(tell(&screen, " i", false), " i");
    assert_string_equal(tell(&screen, "s in", false), "\r\033[JAll of the revenue\nis in");
    assert_string_equal(end(&screen, "All of the revenue is in"), "\n");
}

static void what_is_taken_back_is_wiped(void **state)
{
    struct screen screen = screen_of("20", "10");
    tell(&screen, "First line.\nThe second line is of two rows", false);
    assert_string_equal(tell(&screen, "First line.\nNo.", true), "\r\033[1A\033[JNo.");
    assert_string_equal(tell(&screen, "Another.", true), "\r\033[1A\033[JAnother.");
    assert_string_equal(tell(&screen, "Another.", true), "");
    assert_string_equal(end(&screen, "Yet another."), "\r\033[JYet another.\n");
}

static void nothing_is_left_where_there_is_no_answer(void **state)
{
    struct screen screen = screen_of("20", "10");
    tell(&screen, "Something\nthat is\nwithdrawn", false);
    assert_string_equal(end(&screen, NULL), "\r\033[2A\033[J");
    assert_false(screen.view.open);
}

static void what_was_not_told_needs_no_end(void **state)
{
    struct screen screen = screen_of("20", "10");
    assert_string_equal(end(&screen, "An answer."), "");
}

/* Else its first lines could not be wiped any more. */
static void an_answer_fills_one_screen_at_most_before_its_end(void **state)
{
    struct screen screen = screen_of("20", "4");
    assert_string_equal(tell(&screen, "1\n2\n3", false), "1\n2\n3");
    assert_string_equal(tell(&screen, "\n4\n5", false), "");
    assert_string_equal(tell(&screen, "1\n2\n3\n4\n6", true), "");
    assert_string_equal(end(&screen, "1\n2\n3\n4\n6"), "\n4\n6\n");
    screen = screen_of("20", "4");
    assert_string_equal(tell(&screen, "1\n2\nthisisawordoftwentyonec", false), "1\n2");
    assert_string_equal(end(&screen, "3"), "\r\033[1A\033[J3\n");
}

static void words_wider_than_the_screen_are_counted_as_they_break(void **state)
{
    struct screen screen = screen_of("21", "10");
    /* Ten of double width in a row, and one more. */
    const char *wide = "日本語日本語日本語日本語";
    assert_string_equal(tell(&screen, wide, false), wide);
    assert_string_equal(end(&screen, "x"), "\r\033[1A\033[Jx\n");
}

static void answers_cannot_steer_the_terminal(void **state)
{
    struct screen screen = screen_of("40", "10");
    assert_string_equal(tell(&screen, "a\033[2Jb", false), "a\xEF\xBF\xBD[2Jb");
    end(&screen, NULL);
}

static void rows_are_counted_as_a_terminal_breaks(void **state)
{
    assert_int_equal(text_rows(STR(""), 20), 1);
    assert_int_equal(text_rows(STR("12345678901234567890"), 20), 1);
    assert_int_equal(text_rows(STR("123456789012345678901"), 20), 2);
    assert_int_equal(text_rows(STR("a\nb\n"), 20), 3);
    assert_int_equal(text_rows(STR("1234567890123456789\xE6\x97\xA5"), 20), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_put_behind_words),
        cmocka_unit_test(a_word_that_grows_goes_to_the_next_line),
        cmocka_unit_test(what_is_taken_back_is_wiped),
        cmocka_unit_test(nothing_is_left_where_there_is_no_answer),
        cmocka_unit_test(what_was_not_told_needs_no_end),
        cmocka_unit_test(an_answer_fills_one_screen_at_most_before_its_end),
        cmocka_unit_test(words_wider_than_the_screen_are_counted_as_they_break),
        cmocka_unit_test(answers_cannot_steer_the_terminal),
        cmocka_unit_test(rows_are_counted_as_a_terminal_breaks),
    };
    return cmocka_run_group_tests_name("cli/answer_view", tests, NULL, NULL);
}
