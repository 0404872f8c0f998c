/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tokens of a question: words, numbers in digits and in words, ISO dates, quoted spans and single
 * marks, each with its fold, stem and place. Everything later speaks of tokens by index.
 */
#ifndef QUERENT_PLANNER_READ_TOKEN_H
#define QUERENT_PLANNER_READ_TOKEN_H

#include <stdbool.h>
#include <stddef.h>

#include "core/arena.h"
#include "core/str.h"
#include "planner/read/hash_index.h"
#include "planner/read/words.h"

#define QUESTION_SIZE_MAX 16000 /* bytes: 4,000 characters of any kind */
#define TOKENS_MAX 160          /* further ones are not read */

struct lexicon;

struct token {
    struct str word;      /* as written, without a possessive 's; in the arena */
    struct symbol lower;  /* folded */
    struct symbol stem;
    size_t begin, end;    /* bytes of the question */
    double number;        /* when has_number */
    bool has_number;
    bool digits;          /* the number is written in digits */
    bool is_word;         /* begins with a letter or digit */
    bool date;            /* 2024-02-29, 29/2/2024 */
    bool capital;         /* begins with a capital and is not the first token */
    bool stop;            /* says nothing of columns or values alone */
    bool identifier;      /* "temp_2", joined as a column is named */
    int quote;            /* 1 + index of the quoted span that it is in; 0 outside */
};

struct token_list {
    struct token *items;
    size_t count;
    struct str *quotes; /* texts of the quoted spans */
    size_t quote_count;
    bool truncated; /* the question had more */
};

/* Never fails; the text need not be valid UTF-8. */
void token_read(const struct lexicon *lexicon, struct stemmer *stemmer, struct str question,
                struct arena *arena, struct token_list *out);

/* Joins what the question types as one of the names ("temp_2", "PM25") to one token each. */
void token_join_identifiers(struct token_list *tokens, struct str question,
                            const struct str *names, size_t count, struct arena *arena);

/* The words as written from token `begin` to before `end`, with one blank between. */
const char *token_text(const struct token_list *tokens, size_t begin, size_t end,
                       struct arena *arena);

#endif
