/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keyword rank: BM25 (Robertson and Walker) over the names, details and description of datasets.
 * Names count twice.
 */
#ifndef QUERENT_RETRIEVAL_KEYWORD_H
#define QUERENT_RETRIEVAL_KEYWORD_H

#include <stddef.h>
#include <stdint.h>

#include "retrieval/document.h"
#include "retrieval/question.h"

struct keyword_builder;
struct keyword_builder *keyword_builder_new(size_t document_count, uint64_t seed);
/* Documents are added in order; all of them must be. */
void keyword_builder_add(struct keyword_builder *builder, const struct document *document,
                         struct term_reader *reader);

struct keyword_index;
/* Frees the builder. The caller frees the result. */
struct keyword_index *keyword_finish_take(struct keyword_builder *builder);
void keyword_index_free(struct keyword_index *index);         /* NULL is allowed */
size_t keyword_index_size(const struct keyword_index *index); /* bytes held */

/* Adds each document's BM25 to scores[document]. Stop words don't count. */
void keyword_score(const struct keyword_index *index, const struct question *question,
                   float *scores);
/* Whether any document holds the term. */
bool keyword_knows(const struct keyword_index *index, uint64_t key);
/* Whether that document holds the term. */
bool keyword_holds(const struct keyword_index *index, uint64_t key, uint32_t document);

#endif
