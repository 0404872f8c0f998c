/* SPDX-License-Identifier: Apache-2.0 */
/* A question as the keys that the indexes are asked for. */
#ifndef QUERENT_RETRIEVAL_QUESTION_H
#define QUERENT_RETRIEVAL_QUESTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/arena.h"
#include "retrieval/text.h"

#define QUESTION_TERMS_MAX 512 /* further words of a question do not count */

struct question_term {
    uint64_t key;    /* of the stem */
    struct str word; /* folded, in the arena */
    bool stop;
    bool asking;
    bool repeated; /* the same key came before */
    bool is_name;  /* some dataset's names or details hold it: set by who knows (search.c) */
};

struct question {
    struct question_term *terms;
    size_t count;
};

/* The key of a stem; `seed` is the index's. */
uint64_t term_key(const struct term *term, uint64_t seed);
/* The key of a phrase: start with 0 and go through its terms. */
uint64_t phrase_key(uint64_t phrase, uint64_t term);

struct question question_read(struct arena *arena, struct term_reader *reader, struct str text,
                              enum term_flags flags, uint64_t seed);

#endif
