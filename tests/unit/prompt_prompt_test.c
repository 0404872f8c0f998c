/* SPDX-License-Identifier: Apache-2.0 */
/* That each prompt takes the values that the code gives it, and how it is put together. */
#include "arena_support.h"

#include "core/hash.h"
#include "prompt/prompt.h"

#include <stdio.h>
#include <string.h>

#define PROMPT_FILE_MAX 65536

static size_t count_values(struct str text)
{
    size_t count = 0;
    for (ptrdiff_t at; (at = str_find(text, STR("{{"))) >= 0; count++)
        text = str_slice(text, (size_t)at + 2, text.length);
    return count;
}

static void each_prompt_takes_the_values_that_it_is_said_to(void **state)
{
    for (enum prompt prompt = 0; prompt < PROMPTS; prompt++) {
        struct str text = prompt_text(prompt);
        const char *const *names = prompt_value_names(prompt);
        size_t count = 0;
        assert_true(text.length > 0);
        assert_non_null(prompt_name(prompt));
        for (; names[count]; count++) {
            struct str place = str_from(arena_printf(arena, "{{%s}}", names[count]));
            ptrdiff_t at = str_find(text, place);
            assert_true(at >= 0);
            /* once: a value may be long */
            assert_true(str_find(str_slice(text, (size_t)at + 1, text.length), place) < 0);
        }
        assert_int_equal(count_values(text), count);
    }
}

static struct str render_all(enum prompt prompt, const char *text)
{
    struct prompt_value values[PROMPT_VALUES_MAX];
    const char *const *names = prompt_value_names(prompt);
    size_t count = 0;
    for (; names[count]; count++)
        values[count] = (struct prompt_value){names[count], str_from(text)};
    return prompt_render(prompt, values, count, arena);
}

static void values_are_put_in_as_they_are(void **state)
{
    for (enum prompt prompt = 0; prompt < PROMPTS; prompt++) {
        struct str text = render_all(prompt, "{{question}} # x\n\n# y");
        size_t values = count_values(prompt_text(prompt));
        assert_int_equal(count_values(text), values); /* none is read again */
        assert_true(text.length > 0 && !char_is_space(text.bytes[text.length - 1]));
    }
}

static void what_is_empty_is_left_out_with_its_heading(void **state)
{
    const struct prompt_value values[] = {
        {"examples", STR("")}, {"conversation", STR("")}, {"today", STR("2026-11-23")},
        {"periods", STR("")},  {"links", STR("a link")},  {"question", STR("how many?")},
    };
    struct str text = prompt_render(PROMPT_DECIDE_QUESTION, values, 6, arena);
    assert_true(str_find(text, STR("Examples")) < 0);
    assert_true(str_find(text, STR("conversation")) < 0);
    assert_true(str_find(text, STR("Periods")) < 0);
    assert_true(str_find(text, STR("2026-11-23")) >= 0);
    assert_true(str_find(text, STR(":\na link\n\n# Question\n\nhow many?")) >= 0);
    assert_true(str_find(text, STR("\n\n\n")) < 0);
    assert_string_equal(render_all(PROMPT_DECIDE_CONTEXT, "").bytes, "");
}

static void each_dialect_has_a_card_of_its_own(void **state)
{
    static const char *const begins[SQL_DIALECTS] = {
        [DIALECT_DUCKDB] = "The SQL is DuckDB's",         [DIALECT_SQLITE] = "The SQL is SQLite's",
        [DIALECT_POSTGRES] = "The SQL is PostgreSQL's",   [DIALECT_TRINO] = "The SQL is Trino's",
        [DIALECT_DOMO] = "The SQL is Domo's",
    };
    for (enum sql_dialect dialect = 0; dialect < SQL_DIALECTS; dialect++) {
        struct str card = prompt_dialect_card(dialect);
        assert_true(str_starts(card, str_from(begins[dialect])));
        assert_in_range(card.length, 200, 2000); /* it is paid for with every question */
    }
}

/* The file of prompts/ as it is in the source tree, in which tests run. */
static struct str file_of(enum prompt prompt)
{
    char *bytes = arena_alloc(arena, PROMPT_FILE_MAX);
    FILE *file = fopen(arena_printf(arena, "prompts/%s.md", prompt_name(prompt)), "r");
    assert_non_null(file);
    size_t length = fread(bytes, 1, PROMPT_FILE_MAX, file);
    assert_true(length < PROMPT_FILE_MAX);
    fclose(file);
    return (struct str){bytes, length};
}

static void the_version_is_one_of_all_texts(void **state)
{
    char hex[SHA256_HEX_SIZE];
    struct sha256 *sha = sha256_new();
    for (enum prompt prompt = 0; prompt < PROMPTS; prompt++) {
        struct str text = file_of(prompt);
        assert_true(str_equal(prompt_text(prompt), text));
        sha256_add_field(sha, str_from(prompt_name(prompt)));
        sha256_add_field(sha, text);
    }
    sha256_end(sha, hex);
    assert_int_equal(strlen(prompt_version()), 16);
    assert_memory_equal(prompt_version(), hex, 16);
    assert_ptr_equal(prompt_version(), prompt_version());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_prompt_takes_the_values_that_it_is_said_to),
        cmocka_unit_test(values_are_put_in_as_they_are),
        cmocka_unit_test(what_is_empty_is_left_out_with_its_heading),
        cmocka_unit_test(each_dialect_has_a_card_of_its_own),
        cmocka_unit_test(the_version_is_one_of_all_texts),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
