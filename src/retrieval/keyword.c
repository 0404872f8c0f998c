/* SPDX-License-Identifier: Apache-2.0 */
#include "retrieval/keyword.h"

#include <assert.h>
#include <stdlib.h>

#include "core/alloc.h"
#include "retrieval/postings.h"

/* The usual constants: how soon repetition stops counting, and how much length is held against a
 * document. Tried on the public sets; nearby values do as well. */
#define BM25_K1 1.2
#define BM25_B 0.75
#define NAME_WEIGHT 2
#define DETAIL_WEIGHT 1

struct keyword_builder {
    struct postings_builder *postings;
    float *sizes; /* of each document: the sum of its weights */
    size_t document_count;
    size_t added;
    uint64_t seed;
};

struct keyword_index {
    struct postings *postings; /* weight: the term's whole part of BM25 */
};

struct keyword_builder *keyword_builder_new(size_t document_count, uint64_t seed)
{
    struct keyword_builder *builder = xcalloc(1, sizeof(*builder));
    builder->postings = postings_builder_new();
    builder->sizes = xcalloc(document_count + 1, sizeof(*builder->sizes));
    builder->document_count = document_count;
    builder->seed = seed;
    return builder;
}

static void add_text(struct keyword_builder *builder, const char *text, float weight,
                     struct term_reader *reader)
{
    struct term term;
    term_reader_start(reader, str_from(text), TERM_SPLIT_IDENTIFIERS);
    while (term_reader_next(reader, &term)) {
        if (term.stop)
            continue;
        postings_add_weight(builder->postings, (uint32_t)builder->added,
                            term_key(&term, builder->seed), weight);
        builder->sizes[builder->added] += weight;
    }
}

void keyword_builder_add(struct keyword_builder *builder, const struct document *document,
                         struct term_reader *reader)
{
    assert(builder->added < builder->document_count);
    for (size_t i = 0; i < document->name_count; i++)
        add_text(builder, document->names[i], NAME_WEIGHT, reader);
    for (size_t i = 0; i < document->detail_count; i++)
        add_text(builder, document->details[i], DETAIL_WEIGHT, reader);
    if (document->description)
        add_text(builder, document->description, DETAIL_WEIGHT, reader);
    builder->added++;
}

static double average_size(const struct keyword_builder *builder)
{
    double sum = 0;
    for (size_t i = 0; i < builder->document_count; i++)
        sum += builder->sizes[i];
    return sum > 0 ? sum / (double)builder->document_count : 1;
}

struct keyword_index *keyword_finish_take(struct keyword_builder *builder)
{
    assert(builder->added == builder->document_count);
    struct keyword_index *index = xcalloc(1, sizeof(*index));
    index->postings = postings_finish_take(builder->postings);
    double average = average_size(builder);
    for (size_t key = 0; key < postings_key_count(index->postings); key++) {
        size_t count;
        struct posting *list = postings_list_at(index->postings, key, &count);
        double rarity = postings_rarity(builder->document_count, count);
        for (size_t i = 0; i < count; i++) {
            double size = builder->sizes[list[i].document] / average;
            double weight = list[i].weight;
            list[i].weight = (float)(rarity * weight * (BM25_K1 + 1) /
                                     (weight + BM25_K1 * (1 - BM25_B + BM25_B * size)));
        }
    }
    free(builder->sizes);
    free(builder);
    return index;
}

void keyword_index_free(struct keyword_index *index)
{
    if (!index)
        return;
    postings_free(index->postings);
    free(index);
}

size_t keyword_index_size(const struct keyword_index *index)
{
    return postings_size(index->postings);
}

void keyword_score(const struct keyword_index *index, const struct question *question,
                   float *scores)
{
    for (size_t i = 0; i < question->count; i++) {
        if (question->terms[i].stop || question->terms[i].repeated)
            continue;
        struct posting_list list = postings_find(index->postings, question->terms[i].key);
        for (size_t k = 0; k < list.count; k++)
            scores[list.items[k].document] += list.items[k].weight;
    }
}

bool keyword_knows(const struct keyword_index *index, uint64_t key)
{
    return postings_find(index->postings, key).count > 0;
}

bool keyword_holds(const struct keyword_index *index, uint64_t key, uint32_t document)
{
    return posting_list_find(postings_find(index->postings, key), document) != NULL;
}
