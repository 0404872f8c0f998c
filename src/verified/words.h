/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Questions as lists of words that can be compared: two questions are equal when their lists are.
 * Only what means nothing is taken away: case, blanks, quotes, commas between words, marks at the
 * end; and "what's" is "what is". Nothing is stemmed, corrected or left out.
 */
#ifndef QUERENT_VERIFIED_WORDS_H
#define QUERENT_VERIFIED_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/str.h"

#define VERIFIED_WORDS_MAX 200 /* of a question; a longer one is equal to none */
#define SLOT_NAME_MAX 32       /* bytes */

struct verified_word {
    struct str text;   /* normal form; of a slot: its name */
    size_t begin, end; /* bytes of the question */
    bool slot;         /* "{name}" */
};

struct verified_words {
    struct verified_word *items;
    size_t count;
    bool too_many;
    struct str bad_slot; /* of a template: braces that hold no name; else empty */
};

/* `is_template`: "{name}" is a slot; in a question it is what it looks like. The text must be
 * UTF-8. Cheap: no more than a pass over the bytes. */
void verified_words_read(struct str text, bool is_template, struct arena *arena,
                         struct verified_words *out);
bool verified_word_equal(const struct verified_word *a, const struct verified_word *b);

/* Are both texts the same words, of one thing or of the same list? "North, West" is not "North West". */
bool verified_same_words(struct str a, struct str b, struct arena *arena);

#endif
