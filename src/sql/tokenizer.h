/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cuts SQL text into tokens, strictly. Any bytes may come in; what a SELECT of ours never needs is
 * refused here, before any grammar: comments of every form, string forms other than 'text', NUL
 * and control characters, `$ @ # ? \ ` { } [ ]`, and outside of strings every character that looks
 * like another one or hides (full-width forms, zero-width and non-breaking spaces, bidirectional
 * marks, foreign quotes).
 *
 * A comment would be harmless to skip if every reader agreed on where it ends; they do not (nested
 * comments, MySQL's executable ones, "--" without a blank), so there are none.
 */
#ifndef QUERENT_SQL_TOKENIZER_H
#define QUERENT_SQL_TOKENIZER_H

#include <stdbool.h>
#include <stddef.h>

#include "core/arena.h"
#include "core/str.h"

#define SQL_TOKENS_MAX 4096
#define SQL_NAME_MAX 255  /* bytes of an identifier */
#define SQL_DIGITS_MAX 64 /* bytes of a number */

enum refusal {
    REFUSAL_NONE,
#define REFUSAL(symbol, code, what, said) REFUSAL_##symbol,
#include "sql/refusals.h"
#undef REFUSAL
    REFUSALS
};

/* The code for clients, the noun and the sentence; see sql/refusals.h. */
const char *refusal_code(enum refusal refusal);
const char *refusal_what(enum refusal refusal);
const char *refusal_said(enum refusal refusal);

enum token_kind {
    TOKEN_END,
    TOKEN_WORD,     /* a keyword or an unquoted name */
    TOKEN_QUOTED,   /* "a name" */
    TOKEN_STRING,   /* 'text' */
    TOKEN_NUMBER,   /* 12, 1.5, .5, 1e3 */
    TOKEN_OPERATOR, /* also ( ) , . ; and :: */
};

struct token {
    enum token_kind kind;
    struct str text;  /* as written */
    struct str value; /* names and strings without quotes and doubled quotes; else as written */
    int line, column; /* from 1; column counts characters */
    /* QUOTED with characters that are refused elsewhere: only fit for a name that is known. */
    bool odd;
};

/* Writes the text so that it can be shown: cut to fit, characters that hide or steer as U+202E,
 * blanks for line breaks. Bytes that are not UTF-8 give "". */
void token_show(struct str text, char *out, size_t size);

struct token_list {
    struct token *items; /* ended by one of TOKEN_END */
    size_t count;        /* without the end */
};

/* False with *refusal and the token at fault when the text is refused. The tokens live in the
 * arena and point into `sql`. */
bool tokenize(struct str sql, struct arena *arena, struct token_list *out, enum refusal *refusal,
              struct token *fault);

#endif
