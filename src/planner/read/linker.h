/* SPDX-License-Identifier: Apache-2.0 */
/* What the files that link a question to a dataset share. */
#ifndef QUERENT_PLANNER_READ_LINKER_H
#define QUERENT_PLANNER_READ_LINKER_H

#include <string.h>

#include "planner/read/link.h"

struct linker {
    const struct lexicon *lexicon;
    const struct dataset_index *index;
    struct arena *arena;
    struct links *links;
    const struct token *tokens;
    size_t count;
    bool *live;     /* may name a column or value */
    float *alike;   /* token x distinct word of the columns */
    float *vectors; /* of the tokens; NULL without a word table */
    size_t dimensions;
    uint64_t small_words[4]; /* when, where, no: stop words that may be whole column names */
};

static inline bool is_mark(const struct token *token, const char *mark)
{
    return strcmp(token->lower.text, mark) == 0;
}

/* Mentions of columns (link_columns.c); wants the table's words linked. */
void linker_link_columns(struct linker *linker);
/* Stored values (link_values.c); wants the columns linked. */
void linker_link_values(struct linker *linker);
/* The last resort for words that nothing explains: the two columns nearest in meaning, as very weak
 * mentions. Wants all else linked. */
void linker_link_alike_columns(struct linker *linker);

#endif
