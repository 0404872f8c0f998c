/* SPDX-License-Identifier: Apache-2.0 */
#include "planner/read/token.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "planner/read/cue.h"

static const char lexicon_text[] = "# comment\n"
                                   "[cues]\n"
                                   "AVG: average, mean\n"
                                   "GT: more than, over,\n"
                                   "    in excess of\n"
                                   "GE: at least\n"
                                   "[numbers]\n"
                                   "three: 3\n"
                                   "[stop]\n"
                                   "words: the, of\n"
                                   "[dimensions]\n"
                                   "old, older: age, birth\n"
                                   "[abbreviations]\n"
                                   "qty: quantity\n";

struct fixture {
    struct lexicon *lexicon;
    struct stemmer *stemmer;
    struct arena *arena;
    struct token_list tokens;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    struct error err = {0};
    f->lexicon = lexicon_parse(str_from(lexicon_text), &err);
    f->stemmer = stemmer_new();
    f->arena = arena_new();
    *state = f;
    return f->lexicon ? 0 : -1;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    lexicon_free(f->lexicon);
    stemmer_free(f->stemmer);
    arena_free(f->arena);
    free(f);
    return 0;
}

static const struct token *read_tokens(struct fixture *f, const char *question)
{
    token_read(f->lexicon, f->stemmer, str_from(question), f->arena, &f->tokens);
    return f->tokens.items;
}

/* The folded tokens with a bar between. */
static const char *joined(struct fixture *f, const char *question)
{
    read_tokens(f, question);
    const char *text = "";
    for (size_t i = 0; i < f->tokens.count; i++)
        text = arena_printf(f->arena, "%s%s%s", text, i > 0 ? "|" : "",
                            f->tokens.items[i].lower.text);
    return text;
}

static void splits_words_numbers_and_marks(void **state)
{
    struct fixture *f = *state;
    assert_string_equal(joined(f, "What's Peter's age, please?"), "what|peter|age|,|please|?");
    assert_string_equal(joined(f, "don't show 1,234.5 or -7"), "don't|show|1,234.5|or|-7");
    assert_string_equal(joined(f, "a-7 x 3rd"), "a|-|7|x|3|rd");
    assert_string_equal(joined(f, "since 2024-02-29T13:00 or 29/2/2024"),
                        "since|2024-02-29t13:00|or|29/2/2024");
    assert_string_equal(joined(f, "Zürich CAFÉ"), "zurich|cafe");
    assert_string_equal(joined(f, ""), "");
    assert_string_equal(joined(f, "\xff\xfe"), "??");
}

static void reads_numbers(void **state)
{
    struct fixture *f = *state;
    const struct token *tokens = read_tokens(f, "over 1,234.5 and three");
    assert_true(tokens[1].has_number && tokens[1].digits);
    assert_true(tokens[1].number == 1234.5);
    assert_true(tokens[3].has_number && !tokens[3].digits);
    assert_true(tokens[3].number == 3);
    assert_false(tokens[0].has_number);
}

static void knows_places_in_the_question(void **state)
{
    struct fixture *f = *state;
    const char *question = "say \xE2\x80\x9Cnew york\xE2\x80\x9D now";
    const struct token *tokens = read_tokens(f, question);
    assert_int_equal(f->tokens.count, 6);
    assert_int_equal(tokens[2].begin, 7);
    assert_int_equal(tokens[2].end, 10);
    assert_int_equal(tokens[2].quote, 1);
    assert_int_equal(tokens[5].quote, 0);
    assert_int_equal(tokens[5].end, strlen(question));
    assert_true(str_equal_text(f->tokens.quotes[0], "new york"));
}

static void an_apostrophe_opens_no_quote(void **state)
{
    struct fixture *f = *state;
    read_tokens(f, "the customers' orders and the shops' sales");
    assert_int_equal(f->tokens.quote_count, 0);
    read_tokens(f, "status is 'in transit'");
    assert_int_equal(f->tokens.quote_count, 1);
    read_tokens(f, "'' \"\"");
    assert_int_equal(f->tokens.quote_count, 0);
}

static void too_many_tokens_are_cut(void **state)
{
    struct fixture *f = *state;
    char question[2 * TOKENS_MAX + 3];
    for (size_t i = 0; i < sizeof(question) - 1; i++)
        question[i] = i % 2 ? ' ' : 'x';
    question[2 * TOKENS_MAX] = '\0';
    read_tokens(f, question);
    assert_int_equal(f->tokens.count, TOKENS_MAX);
    assert_false(f->tokens.truncated);
    question[2 * TOKENS_MAX] = 'x';
    question[2 * TOKENS_MAX + 1] = '\0';
    read_tokens(f, question);
    assert_int_equal(f->tokens.count, TOKENS_MAX);
    assert_true(f->tokens.truncated);
}

static void the_longest_cue_wins(void **state)
{
    struct fixture *f = *state;
    struct cue_marks cues;
    read_tokens(f, "average over in excess of 5 in excess");
    cue_mark(f->lexicon, &f->tokens, f->arena, &cues);
    assert_int_equal(cues.cue[0], CUE_AVERAGE);
    assert_int_equal(cues.cue[1], CUE_GREATER);
    assert_int_equal(cues.cue[2], CUE_GREATER);
    assert_int_equal(cues.id[2], cues.id[4]);
    assert_int_not_equal(cues.id[1], cues.id[2]);
    assert_int_equal(cues.cue[6], CUE_NONE);
    read_tokens(f, "\"at least\"");
    cue_mark(f->lexicon, &f->tokens, f->arena, &cues);
    assert_int_equal(cues.cue[1], CUE_NONE);
}

static void the_lexicon_answers(void **state)
{
    struct fixture *f = *state;
    const uint64_t *concepts;
    assert_int_equal(lexicon_dimension(f->lexicon, symbol_from("older").hash, &concepts), 2);
    assert_true(concepts[0] == symbol_from("age").hash);
    assert_int_equal(lexicon_dimension(f->lexicon, symbol_from("age").hash, &concepts), 0);
    assert_string_equal(lexicon_long_form(f->lexicon, symbol_from("qty").hash), "quantity");
    assert_true(lexicon_is_stop(f->lexicon, symbol_from("of").hash));
    assert_false(lexicon_is_stop(f->lexicon, symbol_from("age").hash));
}

static void wrong_lexicons_are_refused(void **state)
{
    static const char *const wrong[] = {"[cues]\nNO-SUCH: word\n", "[colours]\nred: 1\n",
                                        "[cues]\nAVG average\n", "[numbers]\none: many\n",
                                        "[cues]\nAVG: a b c d e f g h i\n", "word: before\n",
                                        "[cues]\nAVG: ,\n"};
    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct error err = {0};
        assert_null(lexicon_parse(str_from(wrong[i]), &err));
        assert_int_equal(err.code, ERROR_INVALID);
    }
}

static void identifiers_are_split(void **state)
{
    struct fixture *f = *state;
    struct word_list words;
    words_split(f->arena, STR("CustomerID2_totalHTTPCost %"), &words);
    static const char *const want[] = {"customer", "id", "2", "total", "http", "cost", "%"};
    assert_int_equal(words.count, 7);
    for (size_t i = 0; i < words.count; i++)
        assert_string_equal(words.items[i], want[i]);
    words_split(f->arena, STR("a b c d e f g h i j k l m n o p q r"), &words);
    assert_int_equal(words.count, 16);
}

static void keys_fold_and_have_limits(void **state)
{
    char key[8];
    (void)state;
    assert_int_equal(words_key(STR("  A--B!"), key, sizeof(key)), 3);
    assert_string_equal(key, "a b");
    assert_int_equal(words_key(STR("\xC3\x89t\xC3\xA9"), key, sizeof(key)), 3);
    assert_string_equal(key, "ete");
    assert_int_equal(words_key(STR("abcdefghij"), key, sizeof(key)), 0);
    assert_int_equal(words_key(STR("..."), key, sizeof(key)), 0);
}

static void one_letter_off_is_near(void **state)
{
    (void)state;
    assert_true(word_near("revenue", 7, "revenu", 6));
    assert_true(word_near("revnue", 6, "revenue", 7));
    assert_true(word_near("reveneu", 7, "revenue", 7));
    assert_true(word_near("revenue", 7, "rebenue", 7));
    assert_false(word_near("revenue", 7, "revenue", 7));
    assert_false(word_near("revenue", 7, "rebbnue", 7));
    assert_false(word_near("revenue", 7, "reven", 5));
}

static void identifiers_as_typed_are_joined(void **state)
{
    struct fixture *f = *state;
    const struct str names[] = {str_from("temp_2"), str_from("PM2_5"), str_from("day")};
    const char *question = "temp_2, TEMP2 of pm2_5 over 2 in temp_3 day";
    read_tokens(f, question);
    token_join_identifiers(&f->tokens, str_from(question), names, 3, f->arena);
    const struct token *tokens = f->tokens.items;
    assert_string_equal(tokens[0].lower.text, "temp_2");
    assert_true(tokens[0].identifier && !tokens[0].has_number);
    assert_int_equal(tokens[0].end, 6);
    assert_string_equal(tokens[2].lower.text, "temp2");
    assert_string_equal(tokens[4].lower.text, "pm2_5");
    assert_true(tokens[6].has_number && !tokens[6].identifier);
    assert_string_equal(tokens[8].lower.text, "temp"); /* no such column */
    assert_int_equal(f->tokens.count, 12);
    assert_false(tokens[11].identifier); /* an ordinary word */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(splits_words_numbers_and_marks, set_up, tear_down),
        cmocka_unit_test_setup_teardown(reads_numbers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(knows_places_in_the_question, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_apostrophe_opens_no_quote, set_up, tear_down),
        cmocka_unit_test_setup_teardown(too_many_tokens_are_cut, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_longest_cue_wins, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_lexicon_answers, set_up, tear_down),
        cmocka_unit_test(wrong_lexicons_are_refused),
        cmocka_unit_test_setup_teardown(identifiers_are_split, set_up, tear_down),
        cmocka_unit_test_setup_teardown(identifiers_as_typed_are_joined, set_up, tear_down),
        cmocka_unit_test(keys_fold_and_have_limits),
        cmocka_unit_test(one_letter_off_is_near),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
