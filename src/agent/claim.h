/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Claims: the numbers that prose makes statements with, however they are written: "1,234.5", "1.234,5",
 * "1.2 million", "12 %", "one hundred and five", "a dozen", "half", "twice", "thousands of". Prose of a
 * language model is read with this; what no reading of a claim agrees with is not told
 * (agent/evidence.h).
 */
#ifndef QUERENT_AGENT_CLAIM_H
#define QUERENT_AGENT_CLAIM_H

#include <stdbool.h>
#include <stddef.h>

#include "core/str.h"

enum claim_kind {
    CLAIM_AMOUNT,
    CLAIM_PERCENT,   /* "12 %", "half", "one in five" */
    CLAIM_TIMES,     /* "twice", "2.5 times" */
    CLAIM_GROWTH,    /* "doubled": of the same thing, over time */
    CLAIM_MAGNITUDE, /* "thousands of": from the value to a thousand times as much */
    CLAIM_ORDINAL,   /* "third", in words */
};

/* What the words before it make of a claim. */
enum claim_bound { CLAIM_EXACT, CLAIM_ABOUT, CLAIM_ABOVE, CLAIM_BELOW };

/* One way to read it; "1.234" has two. */
struct claim_reading {
    enum claim_kind kind;
    double value, tolerance; /* of how it is rounded */
    size_t end;
};
#define CLAIM_READINGS_MAX 6

struct claim {
    size_t begin, end; /* the end of its longest reading */
    struct claim_reading readings[CLAIM_READINGS_MAX]; /* none: nothing can hold it */
    size_t reading_count;
    enum claim_bound bound;
    bool negative; /* "-5", "minus 5" */
    bool glued;    /* to letters before it, as in "Q3" */
    bool plain;    /* nothing but digits: it may be a year, or a part of a date */
};

/* The next claim at or after `from`; false when there is none. `prose` is UTF-8. */
bool claim_next(struct str prose, size_t from, struct claim *out);

/* Whether a word may be, or become, a part of a claim as it goes on: "th" may become "three". Letters
 * alone. */
bool claim_may_begin(struct str letters);
/* Whether it is a number word, or a part of one, as a whole. */
bool claim_is_word(struct str word);

/* The value of a digit of any script, -1 for another character. */
int claim_digit_value(unsigned character);

#endif
