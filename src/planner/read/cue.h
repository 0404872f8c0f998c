/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lexicon: closed classes of ordinary English, read from data/planner/cues.txt (a section of
 * the weights file), and the marks that it leaves on the tokens of a question.
 */
#ifndef QUERENT_PLANNER_READ_CUE_H
#define QUERENT_PLANNER_READ_CUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"
#include "core/str.h"
#include "planner/read/hash_index.h"
#include "planner/read/token.h"

/* The classes; names as in the file. */
#define CUE_CLASSES(X)                                                                             \
    X(AVERAGE, "AVG") X(SUM, "SUM") X(MAXIMUM, "MAX") X(MINIMUM, "MIN") X(COUNT, "CNT")            \
    X(MOST, "MOST") X(LEAST, "LEAST") X(HIGHEST, "SUP+") X(LOWEST, "SUP-") X(OLDEST, "OLD+")       \
    X(YOUNGEST, "OLD-") X(LATEST, "LATE+") X(EARLIEST, "LATE-") X(GREATER, "GT") X(LESS, "LT")     \
    X(AFTER, "AFT") X(BEFORE, "BEF") X(OLDER, "OGT") X(YOUNGER, "OLT") X(AT_LEAST, "GE")           \
    X(AT_MOST, "LE") X(BETWEEN, "BTW") X(EQUAL, "EQ") X(NEGATION, "NEG") X(DISTINCT, "DST")        \
    X(ASCENDING, "ASC") X(DESCENDING, "DSC") X(ALPHABETIC, "ALP") X(ORDER, "ORD")                  \
    X(EACH, "EACH") X(EVERYTHING, "ALLI") X(CONTAINS, "LIKE") X(STARTS, "PRE") X(ENDS, "SUF")      \
    X(BOTH, "BOTH") X(MISSING, "NULL") X(INTRODUCTION, "INTRO")

enum cue {
    CUE_NONE,
#define X(symbol, name) CUE_##symbol,
    CUE_CLASSES(X)
#undef X
    CUES
};

#define CUE_BIT(class) ((uint64_t)1 << CUE_##class)

struct symbol cue_symbol(enum cue cue);

struct lexicon;

/* Reads the lexicon; ERROR_INVALID with the line when it is wrong. */
struct lexicon *lexicon_parse(struct str text, struct error *err);
void lexicon_free(struct lexicon *lexicon); /* NULL is allowed */

bool lexicon_is_stop(const struct lexicon *lexicon, uint64_t word);
bool lexicon_is_frequent(const struct lexicon *lexicon, uint64_t word);
bool lexicon_is_sign(const struct lexicon *lexicon, uint64_t word);
bool lexicon_number(const struct lexicon *lexicon, uint64_t word, double *out);
/* What an abbreviation in a column's name is short for, or NULL. */
const char *lexicon_long_form(const struct lexicon *lexicon, uint64_t word);
/* Column words that a word of dimension ("old") speaks of, strongest first; 0 for others. */
size_t lexicon_dimension(const struct lexicon *lexicon, uint64_t word,
                         const uint64_t **concepts);

struct cue_marks {
    uint8_t *cue;  /* enum cue of each token */
    uint16_t *id;  /* tokens of one phrase share a number; 0: none */
};

/* Marks the tokens, longest phrase first; quoted tokens are left alone. */
void cue_mark(const struct lexicon *lexicon, const struct token_list *tokens, struct arena *arena,
              struct cue_marks *out);

#endif
