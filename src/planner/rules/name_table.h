/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All that the words of a question can name in one dataset, taken apart and stemmed once: reading a
 * question then only compares stems. Made with the dataset's index (planner/read/dataset_index.h),
 * read-only afterwards: name_table_build() of business.h.
 */
#ifndef QUERENT_PLANNER_RULES_NAME_TABLE_H
#define QUERENT_PLANNER_RULES_NAME_TABLE_H

#include "planner/rules/business_priv.h"

#define NAME_STEMS_MAX 6      /* words of a name; longer ones are never said */
#define STEMMED_LENGTH_MAX 60 /* bytes; longer words are compared as they are */
#define STEMMED_VALUES_MAX 60 /* columns with more values match them by their letters only */
#define IDENTIFIER_SCORE 1.05 /* before a value or part of a name of the same letters */

enum name_kind {
    NAME_WORDS,         /* the stems, in order and next to each other */
    NAME_IDENTIFIER,    /* the column's name as it is typed: "temp_2" */
    NAME_VALUES,        /* the column's values, by their letters */
    NAME_PART_OF_VALUE, /* a word of one of its values */
};

struct table_name {
    enum name_kind kind;
    struct mention mention; /* but for its place; the score is that in the main table */
    double score_beside;    /* in a table beside the main one */
    bool main_only;         /* "all years" is not about a joined table's birth year */
    const char *const *stems;
    size_t stem_count;
    uint32_t first_stem; /* stem_hash() of the first */
};

/* A name of one word that a misspelled one may mean. */
struct plain_name {
    struct str word;
    struct mention mention;
};

struct name_table {
    struct table_name *names;
    size_t name_count;
    struct plain_name *plain;
    size_t plain_count;
};

struct sb_stemmer;

/* The stem of a word in lower case, or the word itself. */
const char *word_stem(struct sb_stemmer *stemmer, const char *word, struct arena *arena);
uint32_t stem_hash(const char *stem);

#endif
