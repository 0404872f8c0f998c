/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The question without its schema: linked words become COLn, COLt, VAL, NUM, TAB, frequent words
 * stay, the rest is UNK; and once more with cue classes in place of words. All learned language
 * features are made of these two, so nothing of a schema can be learned by heart.
 */
#ifndef QUERENT_PLANNER_RANK_DELEXICALISE_H
#define QUERENT_PLANNER_RANK_DELEXICALISE_H

#include <stddef.h>

#include "planner/rank/feature_set.h"
#include "planner/read/link.h"

enum delexed_kind {
    DELEXED_WORD,
    DELEXED_CUE,
    DELEXED_COLUMN, /* COLn, COLt */
    DELEXED_VALUE,
    DELEXED_NUMBER,
    DELEXED_DATE,
    DELEXED_TABLE,
    DELEXED_UNKNOWN,
    DELEXED_EDGE, /* before the first, after the last token */
};

struct delexed {
    struct symbol word;
    enum delexed_kind kind;
    enum cue cue; /* CUE_NONE unless the kind is DELEXED_CUE */
};

struct delexed_list {
    struct delexed *items;
    size_t count;
};

struct delexed_question {
    const struct links *links;
    struct delexed_list words;   /* one for each token */
    struct delexed_list classes; /* one for each token, cues as classes */
    struct delexed_list merged_words, merged_classes; /* repeats made one */
    size_t mentioned_count; /* columns with a good mention */
    bool *sign;             /* the token is one of the lexicon's signs */
};

struct delexed_question *delexicalise(const struct lexicon *lexicon, const struct links *links,
                                      struct arena *arena);

/* The item at `place`; edges beyond both ends. */
struct delexed delexed_at(const struct delexed_list *list, ptrdiff_t place);

/* The features of the whole question, for the sketch models. */
void question_features(const struct delexed_question *question, struct feature_set *out);
/* Of one column in it, for the role models. */
void column_features(const struct delexed_question *question, size_t column,
                     struct feature_set *out);

#endif
