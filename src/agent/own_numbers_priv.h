/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of own_numbers.h share: a statement's tokens, and how to look at them. */
#ifndef QUERENT_AGENT_OWN_NUMBERS_PRIV_H
#define QUERENT_AGENT_OWN_NUMBERS_PRIV_H

#include "core/error.h"
#include "sql/tokenizer.h"

struct checker {
    const struct token *tokens; /* behind the last one is an end */
    size_t count;
    const char *const *texts; /* whose numbers may be used */
    size_t text_count;
    struct arena *arena;
    struct error *err;
    size_t added; /* numbers that are added to something, in all select lists so far */
};

static inline bool is_word(const struct token *token, const char *word)
{
    return token->kind == TOKEN_WORD && str_equal_nocase(token->text, str_from(word));
}

static inline bool is_one_of(const struct token *token, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (is_word(token, words[i]))
            return true;
    return false;
}

static inline bool is_sign(const struct token *token, const char *sign)
{
    return token->kind == TOKEN_OPERATOR && str_equal_text(token->text, sign);
}

static inline bool is_sign_of(const struct token *token, const char *const *signs, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (is_sign(token, signs[i]))
            return true;
    return false;
}

static inline bool is_literal(const struct token *token)
{
    return token->kind == TOKEN_NUMBER || token->kind == TOKEN_STRING;
}

/* Compared with something, or a bound: it decides which rows, and comes out of none. */
bool own_is_compared(const struct checker *checker, size_t i);
/* Whether a text of the caller's has it. */
bool own_is_given(const struct checker *checker, double value);
/* Whether the token names something of the data. */
bool own_is_reference(const struct checker *checker, size_t i);
bool own_is_year(double value);
/* Given, or what percents of something given make: 1.19 for "19 %". */
bool own_follows_from_given(const struct checker *checker, double value);
/* False, with what is wrong and what would be fine. */
bool own_refuse(const struct checker *checker, const struct token *token);

/* ---- texts of the statement's own (own_texts.c) */

/* A string of a select list that may come out of it: false when it is no label. */
bool own_text_check(const struct checker *checker, size_t i);
/* The function that a literal is called with, and which argument it is, from 0; NULL. */
const struct token *own_function_of(const struct checker *checker, size_t i, size_t *argument);

/* ---- numbers made of parts that are harmless alone (made_numbers.c) */

/* One column of a select list. */
bool made_numbers_check(struct checker *checker, size_t begin, size_t end);
/* All select lists together: digits that are strung together. */
bool made_numbers_check_strings(const struct checker *checker);

/* ---- numbers that the statement's choices make (made_choices.c) */

/* One column of a select list. */
bool made_choices_check(const struct checker *checker, size_t begin, size_t end);
/* The whole statement: rows that are counted out. */
bool made_choices_check_rows(const struct checker *checker);

#endif
