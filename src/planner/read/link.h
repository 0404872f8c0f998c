/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Links from the words of a question to a dataset: where each column is mentioned, and which spans
 * are stored values. Everything scored, nothing decided: the local models and the ranker decide.
 */
#ifndef QUERENT_PLANNER_READ_LINK_H
#define QUERENT_PLANNER_READ_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/arena.h"
#include "planner/read/cue.h"
#include "planner/read/dataset_index.h"
#include "planner/read/token.h"

#define MENTIONS_MAX 3      /* of one column */
#define VALUE_LINKS_MAX 200 /* of one question */

struct mention {
    float score;   /* 0..1 and a little: how well the words fit the column's name */
    float raw;     /* the same without weights */
    float weakest; /* the name's word that fits worst */
    uint16_t begin, end; /* tokens */
};

struct column_links {
    struct mention items[MENTIONS_MAX]; /* best first, not overlapping */
    size_t count;
};

enum value_link_kind {
    VALUE_LINK_EXACT,
    VALUE_LINK_STEM,
    VALUE_LINK_PART,    /* one word of a longer value */
    VALUE_LINK_PARTS,   /* several words of a longer value */
    VALUE_LINK_NUMBER,  /* a number that a numeric column holds */
    VALUE_LINK_INITIAL, /* female -> F */
    VALUE_LINK_SHORT,   /* Boston -> BOS */
    VALUE_LINK_ALIKE,   /* near in meaning, in a column of few values */
    VALUE_LINK_SPELLED, /* one letter off */
    VALUE_LINK_KINDS
};

struct value_link {
    uint16_t begin, end;
    uint32_t column, value;
    enum value_link_kind kind;
    float score;
};

struct links {
    const struct dataset_index *index;
    const struct token_list *tokens;
    struct cue_marks cues;
    bool *table_word;             /* the token names the table */
    float *own;                   /* best column mention over the token, longer ones a bit more */
    float *value_score;           /* best sure value link over the token */
    struct column_links *columns; /* index->column_count of them */
    struct value_link *values;
    size_t value_count;
};

struct symbol value_link_symbol(enum value_link_kind kind);

/* `cues` are the marks of the same tokens. */
struct links *link_question(const struct lexicon *lexicon, const struct dataset_index *index,
                            const struct token_list *tokens, const struct cue_marks *cues,
                            struct arena *arena);

/* "Salaries in IT", "sales in the US": a word that mostly says nothing names what is stored in the
 * same capitals. Before links are made. */
void link_keep_abbreviations(const struct dataset_index *index, struct token_list *tokens);

#endif
