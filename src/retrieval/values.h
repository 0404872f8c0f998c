/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stored values: which datasets hold the words of a question, or whole phrases of it, among their
 * values. They say as much about where an answer is as names do ("sales in Lisbon").
 */
#ifndef QUERENT_RETRIEVAL_VALUES_H
#define QUERENT_RETRIEVAL_VALUES_H

#include <stddef.h>
#include <stdint.h>

#include "metadata/dataset.h"
#include "retrieval/question.h"

#define VALUE_PHRASE_WORDS_MAX 8 /* longer values count by their words only */

struct value_builder;
struct value_builder *value_builder_new(size_t document_count, uint64_t seed);
/* Documents are added in order; all of them must be. */
void value_builder_add(struct value_builder *builder, const struct dataset *dataset,
                       struct term_reader *reader);

struct value_index;
/* Frees the builder. The caller frees the result. */
struct value_index *value_finish_take(struct value_builder *builder);
void value_index_free(struct value_index *index);         /* NULL is allowed */
size_t value_index_size(const struct value_index *index); /* bytes held */

/* Adds to scores[document] what the question's words and phrases weigh there. The question is
 * read with TERM_PLAIN. */
void value_score(const struct value_index *index, const struct question *question, float *scores);

/* A run of question terms that is found among the values of one dataset. */
struct value_match {
    size_t first_term, term_count;
    bool whole;        /* the run is a whole stored value, not words of one */
    size_t column;     /* where it was found first */
    const char *value; /* that value, borrowed from the dataset */
};

/* At most match_max matches in the order of the question, each value once; returns how many. */
size_t value_matches(const struct value_index *index, const struct question *question,
                     uint32_t document, const struct dataset *dataset, struct value_match *out,
                     size_t match_max);

#endif
