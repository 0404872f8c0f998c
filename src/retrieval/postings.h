/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Postings: an inverted index from keys (64-bit hashes of terms or phrases) to the documents that
 * hold them, each with a number. Built document by document, then read-only.
 *
 * Keys instead of words keep the index small. Two words with one key would share their postings;
 * with a seeded hash (core/hash.h) nobody can bring that about, and by chance it does not happen.
 */
#ifndef QUERENT_RETRIEVAL_POSTINGS_H
#define QUERENT_RETRIEVAL_POSTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct posting {
    uint32_t document;
    union {
        float weight;
        uint32_t place; /* what the user of the index makes of it */
    };
};

/* Ascending by document. */
struct posting_list {
    const struct posting *items;
    size_t count;
};

struct postings_builder;
struct postings_builder *postings_builder_new(void);
void postings_builder_free(struct postings_builder *builder); /* NULL is allowed */

/* Documents come in ascending order, each key of a document once or more: weights of one key in
 * one document add up, of places the first stays. */
void postings_add_weight(struct postings_builder *builder, uint32_t document, uint64_t key,
                         float weight);
void postings_add_place(struct postings_builder *builder, uint32_t document, uint64_t key,
                        uint32_t place);

struct postings;
/* Frees the builder. The caller frees the result. */
struct postings *postings_finish_take(struct postings_builder *builder);
void postings_free(struct postings *postings); /* NULL is allowed */

/* The documents with that key; count 0 when there is none. */
struct posting_list postings_find(const struct postings *postings, uint64_t key);
/* The posting of one document in a list, or NULL. */
const struct posting *posting_list_find(struct posting_list list, uint32_t document);

/* Walks all lists, for weights that depend on how many documents share a key. */
size_t postings_key_count(const struct postings *postings);
struct posting *postings_list_at(struct postings *postings, size_t key_index, size_t *count);
/* Bytes held. */
size_t postings_size(const struct postings *postings);

/* How rare a key is that `holders` of `documents` documents have; always above 0. */
double postings_rarity(size_t documents, size_t holders);

#endif
