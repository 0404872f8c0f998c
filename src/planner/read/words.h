/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Words: folding (case, accents), Porter2 stems, splitting identifiers, one-letter spelling. What
 * a question and a dataset have in common is found by comparing words made here.
 */
#ifndef QUERENT_PLANNER_READ_WORDS_H
#define QUERENT_PLANNER_READ_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/arena.h"
#include "core/str.h"

/* A stemmer belongs to one thread; cheap to make. */
struct stemmer;
struct stemmer *stemmer_new(void);
void stemmer_free(struct stemmer *stemmer); /* NULL is allowed */
/* The stem of a folded word; borrowed until the next call. */
struct str stemmer_stem(struct stemmer *stemmer, struct str word);

/* Lower case without accents, in the arena. Bytes that are no valid UTF-8 become '?'. */
const char *word_fold(struct arena *arena, struct str word);

/* The words of an identifier or label, folded: "CustomerID2" -> customer, id, 2. "%" is a word. */
struct word_list {
    const char *items[16];
    size_t count;
};
void words_split(struct arena *arena, struct str text, struct word_list *out);

/* The key of a value or a span: its runs of letters and digits, folded, with one blank between.
 * Writes at most `size` bytes with the NUL; returns the length, or 0 when there is nothing or too
 * much. */
size_t words_key(struct str text, char *out, size_t size);

/* True when one letter added, dropped, changed, or two neighbours swapped make a into b. */
bool word_near(const char *a, size_t a_length, const char *b, size_t b_length);

/* Is it written as people name columns, not as words are: with '_', or letters beside digits? */
bool is_identifier(struct str text);
/* The same letters and digits, in any case, with '_' or other marks anywhere. */
bool same_identifier(struct str a, struct str b);

/* "US", "IT": in capitals among other letters a pronoun is none. */
bool word_is_no_pronoun(struct str word, struct str question);

#endif
