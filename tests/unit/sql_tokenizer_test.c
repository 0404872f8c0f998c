/* SPDX-License-Identifier: Apache-2.0 */
#include "arena_support.h"

#include <string.h>

#include "core/strbuf.h"
#include "sql/firewall.h"
#include "sql/tokenizer.h"

static struct token_list tokens_of(struct str sql)
{
    struct token_list list;
    struct token fault;
    enum refusal refusal;
    if (!tokenize(sql, arena, &list, &refusal, &fault))
        fail_msg("%.*s: %s", STR_ARGS(sql), refusal_code(refusal));
    assert_int_equal(list.items[list.count].kind, TOKEN_END);
    return list;
}

static enum refusal refusal_of(struct str sql, struct token *fault)
{
    struct token_list list;
    enum refusal refusal;
    assert_false(tokenize(sql, arena, &list, &refusal, fault));
    return refusal;
}

static void cuts_tokens(void **state)
{
    static const struct {
        enum token_kind kind;
        const char *value;
    } expected[] = {
        {TOKEN_WORD, "SELECT"},   {TOKEN_QUOTED, "a \"b\""}, {TOKEN_OPERATOR, "."},
        {TOKEN_WORD, "x_1"},      {TOKEN_OPERATOR, "::"},    {TOKEN_WORD, "int"},
        {TOKEN_OPERATOR, ","},    {TOKEN_STRING, "it's"},    {TOKEN_OPERATOR, "||"},
        {TOKEN_NUMBER, "1.5e-3"}, {TOKEN_OPERATOR, "<="},    {TOKEN_NUMBER, ".5"},
        {TOKEN_OPERATOR, "<>"},   {TOKEN_OPERATOR, "-"},     {TOKEN_NUMBER, "7."},
        {TOKEN_OPERATOR, ")"},    {TOKEN_OPERATOR, ";"},
    };
    struct token_list list =
        tokens_of(STR("SELECT \"a \"\"b\"\"\".x_1::int,'it''s'||1.5e-3<=.5<>-7.);"));
    assert_int_equal(list.count, sizeof expected / sizeof *expected);
    for (size_t i = 0; i < list.count; i++) {
        assert_int_equal(list.items[i].kind, expected[i].kind);
        assert_true(str_equal_text(list.items[i].value, expected[i].value));
    }
}

static void knows_line_and_column(void **state)
{
    struct token_list list = tokens_of(STR("SELECT 'é€😀',\n\t\"ü\" x\r\n  y"));
    static const int places[][2] = {{1, 1}, {1, 8}, {1, 13}, {2, 2}, {2, 6}, {3, 3}};
    assert_int_equal(list.count, 6);
    for (size_t i = 0; i < list.count; i++) {
        assert_int_equal(list.items[i].line, places[i][0]);
        assert_int_equal(list.items[i].column, places[i][1]);
    }
    struct token fault;
    assert_int_equal(refusal_of(STR("SELECT 'é'\n, ?"), &fault), REFUSAL_PARAMETER);
    assert_int_equal(fault.line, 2);
    assert_int_equal(fault.column, 3);
}

static void names_of_other_scripts(void **state)
{
    assert_int_equal(tokens_of(STR("año straße 数量 сумма größe_2")).count, 5);
    assert_false(tokens_of(STR("\"Target €\"")).items[0].odd);
    assert_false(tokens_of(STR("\"Größe (m)\"")).items[0].odd);
    assert_true(tokens_of(STR("\"a\xE2\x80\x8B\"")).items[0].odd);
    assert_true(tokens_of(STR("\"m²\"")).items[0].odd);
    struct token fault;
    assert_int_equal(refusal_of(STR("s\xD0\xB0lary"), &fault), REFUSAL_LOOK_ALIKE);
    assert_int_equal(refusal_of(STR("x\xEF\xBC\x91"), &fault), REFUSAL_LOOK_ALIKE);
}

static void limits_at_their_edges(void **state)
{
    struct token fault;
    struct strbuf sql = strbuf_init(64 * 1024);
    strbuf_add_char(&sql, '\'');
    strbuf_add_repeat(&sql, 'x', SQL_SIZE_MAX - 2);
    strbuf_add_char(&sql, '\'');
    assert_int_equal(tokens_of(strbuf_str(&sql)).count, 1);
    strbuf_add_char(&sql, ' ');
    assert_int_equal(refusal_of(strbuf_str(&sql), &fault), REFUSAL_TOO_LONG);

    strbuf_reset(&sql);
    strbuf_add_repeat(&sql, ',', SQL_TOKENS_MAX);
    assert_int_equal(tokens_of(strbuf_str(&sql)).count, SQL_TOKENS_MAX);
    strbuf_add_char(&sql, ',');
    assert_int_equal(refusal_of(strbuf_str(&sql), &fault), REFUSAL_TOO_MANY_TOKENS);

    strbuf_reset(&sql);
    strbuf_add_repeat(&sql, 'n', SQL_NAME_MAX);
    assert_int_equal(tokens_of(strbuf_str(&sql)).count, 1);
    strbuf_add_char(&sql, 'n');
    assert_int_equal(refusal_of(strbuf_str(&sql), &fault), REFUSAL_IDENTIFIER_WRONG);

    strbuf_reset(&sql);
    strbuf_add_repeat(&sql, '9', SQL_DIGITS_MAX);
    assert_int_equal(tokens_of(strbuf_str(&sql)).count, 1);
    strbuf_add_char(&sql, '9');
    assert_int_equal(refusal_of(strbuf_str(&sql), &fault), REFUSAL_NUMBER_WRONG);
    strbuf_clear(&sql);
    assert_int_equal(tokens_of(STR("")).count, 0);
}

static void shows_tokens_safely(void **state)
{
    char out[32];
    token_show(STR("a\xE2\x80\xAE\nb"), out, sizeof out);
    assert_string_equal(out, "aU+202E b");
    token_show(STR("\xFF"), out, sizeof out);
    assert_string_equal(out, "");
    token_show(STR("ééééééééééééééééééééééééééééééééé"), out, sizeof out);
    assert_true(strlen(out) < sizeof out && str_is_utf8(str_from(out)) && strlen(out) > 15);
}

static void every_refusal_has_words(void **state)
{
    for (int i = REFUSAL_NONE + 1; i < REFUSALS; i++) {
        assert_true(strlen(refusal_code(i)) > 3);
        assert_true(strlen(refusal_what(i)) > 3);
        assert_true(strlen(refusal_said(i)) > 3);
        for (int j = REFUSAL_NONE + 1; j < i; j++)
            assert_string_not_equal(refusal_code(i), refusal_code(j));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cuts_tokens),
        cmocka_unit_test(knows_line_and_column),
        cmocka_unit_test(names_of_other_scripts),
        cmocka_unit_test(limits_at_their_edges),
        cmocka_unit_test(shows_tokens_safely),
        cmocka_unit_test(every_refusal_has_words),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
