/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the planner keeps of a dataset (struct dataset_index of planner.h): the words of its
 * columns, what each column is like, and where each stored value is. Made once per dataset
 * version, then read-only and shared by all threads.
 */
#ifndef QUERENT_PLANNER_READ_DATASET_INDEX_H
#define QUERENT_PLANNER_READ_DATASET_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/arena.h"
#include "embed/word_table.h"
#include "metadata/dataset.h"
#include "planner/read/cue.h"
#include "planner/read/hash_index.h"

#define PLANNER_COLUMNS_MAX 2000    /* further columns are not read */
#define INDEX_VALUES_MAX 400000     /* stored values of one dataset that are indexed */
#define VALUE_KEY_SIZE 96           /* longer values are found only by LIKE */
#define COLUMN_WORDS_MAX 8
#define COLUMN_NAMES_MAX 6          /* name, label, synonyms */
#define INDEX_VECTORS_MAX 3000      /* values of small columns with a vector */
#define SMALL_COLUMN_VALUES 12      /* columns with so few values are compared by likeness */

/* One way to call a column: indexes of distinct words, and what each is worth. */
struct column_name {
    uint32_t words[COLUMN_WORDS_MAX];
    float weights[COLUMN_WORDS_MAX];
    float weight_sum;
    uint8_t count;
    bool has_joining_word; /* "and", "or" is part of the name */
};

enum column_word_flags {
    COLUMN_HAS_NAME = 1 << 0,
    COLUMN_HAS_DATE = 1 << 1,    /* date, time */
    COLUMN_HAS_YEAR = 1 << 2,
    COLUMN_IS_OLDER_LESS = 1 << 3, /* birth, founded, year: older means less */
    COLUMN_HAS_MOMENT = 1 << 4,  /* date, day, start, end, ... : compared with dates */
    COLUMN_HAS_PERSON_PART = 1 << 5, /* first, last, given, family */
    COLUMN_LAST_ID = 1 << 6,
    COLUMN_HAS_TITLE = 1 << 7,
};

struct column_info {
    struct column_name names[COLUMN_NAMES_MAX];
    size_t name_count;
    unsigned flags;             /* enum column_word_flags */
    struct symbol last_word;    /* "id", "name", ... when it is a telling one, else text NULL */
    bool number;                /* else text */
    bool unique, key, foreign, empty;
    int64_t distinct;
    bool has_range;
    double low, high;
    bool wordy; /* text, and no stored value begins with a digit: never compared with numbers */
    bool small; /* all its values are known, and few */
    const float *value_vectors; /* of a small text column's values; NULL: none made */
};

/* A distinct word of the columns' names. */
struct index_word {
    struct symbol lower, stem;
    uint16_t lower_length, stem_length;
};

struct dataset_index {
    struct arena *arena;
    const struct dataset *dataset; /* borrowed */
    struct column_info *columns;
    size_t column_count;
    size_t name_column; /* the column that names a row */
    struct index_word *words;
    size_t word_count, word_capacity;
    const float *vectors;   /* word_count unit vectors; NULL without a word table */
    const struct word_table *table;
    struct index_word *table_words; /* of the table's name */
    size_t table_word_count;
    const float *table_vectors; /* table_word_count of them; NULL without a word table */
    struct hash_index exact, stems, parts; /* first: column, second: value */
    const struct name_table *names;        /* planner/rules/name_table.h; NULL: not made */
};

struct dataset_index *dataset_index_build(const struct lexicon *lexicon,
                                      const struct word_table *table,
                                      const struct dataset *dataset);
void dataset_index_free(struct dataset_index *index); /* NULL is allowed */

/* The text of a stored value. */
const char *dataset_index_value(const struct dataset_index *index, uint32_t column, uint32_t value);

/* Likeness of two words by their letters alone: 1 same stem, less for a common beginning or one
 * letter of difference; 0 none. */
float word_likeness(const struct symbol *lower, size_t lower_length, const struct symbol *stem,
                    size_t stem_length, const struct index_word *word);

#endif
