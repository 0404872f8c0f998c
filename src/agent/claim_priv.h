/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of claim.h share: characters, words and digits of prose, and the numbers in them. */
#ifndef QUERENT_AGENT_CLAIM_PRIV_H
#define QUERENT_AGENT_CLAIM_PRIV_H

#include "agent/claim.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct number {
    double value, unit; /* unit: of the last digit written */
    size_t end;
};

/* ---- characters (claim_characters.c) */

/* The character at a place and its length; bytes that are not UTF-8 are characters of their own. */
unsigned claim_character_at(struct str text, size_t at, size_t *length);
/* Numbers that are single characters of scripts and styles without ten digits in a row: Roman, ringed,
 * Chinese. Nothing holds them. */
bool claim_is_strange(unsigned character);
/* "½" and the like; 0: it is none. */
double claim_fraction_of(unsigned character);

static inline bool is_digit_at(struct str text, size_t at)
{
    return at < text.length && char_is_digit(text.bytes[at]);
}

static inline bool is_alpha_at(struct str text, size_t at)
{
    return at < text.length && (char_is_alpha(text.bytes[at]) || (unsigned char)text.bytes[at] >= 0x80);
}

/* ---- number words (claim_words.c) */

enum word_kind {
    WORD_UNIT,    /* one to nineteen */
    WORD_TEN,     /* twenty to ninety */
    WORD_SCALE,   /* hundred, thousand */
    WORD_PLURAL,  /* hundreds, thousands */
    WORD_ORDINAL, /* second, third */
    WORD_PART,    /* half, third, quarter: behind "a", "one", "two" */
    WORD_TIMES,   /* twice, double */
    WORD_GROWTH,  /* doubled */
    WORD_STRANGE, /* of other languages, and what no reading is known for */
};

struct number_word {
    const char *word;
    enum word_kind kind;
    double value;
};

/* The letters that begin there; may be none. */
struct str claim_word_at(struct str text, size_t at);
/* NULL: it is no number word. */
const struct number_word *claim_find_word(struct str word);
size_t claim_skip_blanks(struct str text, size_t at);
/* The word at or behind blanks and one hyphen. */
struct str claim_next_word(struct str text, size_t at, size_t *begin);
/* The word that ends right before a place, blanks and a hyphen between. */
struct str claim_word_before(struct str text, size_t at);
/* "one hundred and five", "twenty-five", "two thousand", "one point five". */
bool claim_read_words(struct str text, size_t at, struct number *out);

static inline bool word_is(struct str word, const char *text)
{
    return str_equal_nocase(word, str_from(text));
}

/* ---- digits (claim_digits.c) */

/* Nothing but digits; none: its end is `at`. */
struct number claim_read_plain(struct str text, size_t at);
/* All ways to read the digits at a place; how many. */
size_t claim_read_digits(struct str text, size_t at, struct number out[CLAIM_READINGS_MAX]);

#endif
