/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Building an index: keywords, values, then vectors. The first two are plain work and run on the
 * pool; vectors may wait for a model, so they are made in batches by the calling task.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/hash.h"
#include "core/strbuf.h"
#include "retrieval/document.h"
#include "retrieval/retrieval_priv.h"

#define TEXTS_EACH 3 /* texts that are embedded for one dataset */
#define BATCH_DATASETS 64
/* Part of the name that vectors are kept under: raised when combine() or the texts change. */
#define VECTOR_FORM "dataset-1"
/* Bytes of one text: some models take 8,192 tokens, and a longer one says nothing new. */
#define EMBEDDED_TEXT_MAX (16 * 1024)

static void index_keywords(struct retrieval_index *index, struct term_reader *reader)
{
    struct keyword_builder *builder = keyword_builder_new(index->count, index->seed);
    struct arena *arena = arena_new();
    for (size_t i = 0; i < index->count; i++) {
        struct arena_mark mark = arena_mark(arena);
        keyword_builder_add(builder, document_of(&index->datasets[i], arena), reader);
        arena_rollback(arena, mark);
    }
    arena_free(arena);
    index->keywords = keyword_finish_take(builder);
}

static void index_values(struct retrieval_index *index, struct term_reader *reader)
{
    struct value_builder *builder = value_builder_new(index->count, index->seed);
    for (size_t i = 0; i < index->count; i++)
        value_builder_add(builder, &index->datasets[i], reader);
    index->values = value_finish_take(builder);
}

static int compare_keys(const void *a, const void *b)
{
    const struct dataset_key *first = a, *second = b;
    return (first->hash > second->hash) - (first->hash < second->hash);
}

static void index_ids(struct retrieval_index *index)
{
    index->by_id = xcalloc(index->count + 1, sizeof(*index->by_id));
    for (size_t i = 0; i < index->count; i++)
        index->by_id[i] = (struct dataset_key){
            hash64_str(str_from(index->datasets[i].id), index->seed), (uint32_t)i};
    qsort(index->by_id, index->count, sizeof(*index->by_id), compare_keys);
}

static void index_words(void *arg)
{
    struct retrieval_index *index = arg;
    struct term_reader *reader = term_reader_new();
    index_keywords(index, reader);
    index_values(index, reader);
    index_ids(index);
    term_reader_free(reader);
}

static struct str joined(struct arena *arena, const char *const *parts, size_t count,
                         const char *separator)
{
    struct strbuf text = strbuf_init(EMBEDDED_TEXT_MAX);
    for (size_t i = 0; i < count && strbuf_ok(&text); i++) {
        if (i > 0)
            strbuf_add(&text, separator);
        strbuf_add(&text, parts[i]);
    }
    struct str copy = arena_str(arena, strbuf_str(&text));
    strbuf_clear(&text);
    return copy;
}

/* Everything in one text; the names; the details. One long text alone would drown the names of a
 * dataset whose columns are described at length. */
static void embedded_texts(const struct dataset *dataset, struct arena *arena,
                           struct str texts[TEXTS_EACH])
{
    const struct document *document = document_of(dataset, arena);
    texts[1] = joined(arena, document->names, document->name_count, ". ");
    texts[2] = joined(arena, document->details, document->detail_count, ", ");
    const char *parts[TEXTS_EACH];
    size_t count = 0;
    parts[count++] = texts[1].bytes;
    if (document->description)
        parts[count++] = document->description;
    parts[count++] = texts[2].bytes;
    texts[0] = joined(arena, parts, count, ". ");
}

static void add_scaled(float *sum, const float *vector, size_t dimensions, double factor)
{
    for (size_t i = 0; i < dimensions; i++)
        sum[i] += (float)(vector[i] * factor);
}

static double length_of(const float *vector, size_t dimensions)
{
    double square = 0;
    for (size_t i = 0; i < dimensions; i++)
        square += (double)vector[i] * vector[i];
    return sqrt(square);
}

static void make_unit(float *vector, size_t dimensions)
{
    double length = length_of(vector, dimensions);
    for (size_t i = 0; length > 0 && i < dimensions; i++)
        vector[i] = (float)(vector[i] / length);
}

/* unit(whole + unit(names + details)), in place of the first of the three. */
static void combine(float *vectors, size_t dimensions)
{
    float *whole = vectors, *names = vectors + dimensions, *details = names + dimensions;
    add_scaled(names, details, dimensions, 1);
    make_unit(names, dimensions);
    add_scaled(whole, names, dimensions, 1);
    make_unit(whole, dimensions);
}

struct batch {
    uint32_t documents[BATCH_DATASETS];
    size_t count;
    struct str *texts; /* TEXTS_EACH for each */
    float *vectors;    /* likewise */
    struct arena *arena;
};

static bool embed_batch(struct retrieval_index *index, struct batch *batch,
                        const struct vector_cache *cache, struct error *err)
{
    size_t dimensions = embedder_dimensions(index->embedder);
    if (batch->count == 0)
        return true;
    if (!embedder_embed(index->embedder, batch->texts, batch->count * TEXTS_EACH, batch->vectors,
                        err))
        return false;
    for (size_t i = 0; i < batch->count; i++) {
        float *vector = batch->vectors + i * TEXTS_EACH * dimensions;
        combine(vector, dimensions);
        vector_set_put(index->vectors, batch->documents[i], vector);
        if (cache && cache->save)
            cache->save(cache->context, &index->datasets[batch->documents[i]], index->vector_model,
                        vector, dimensions);
    }
    batch->count = 0;
    return !task_current() || task_yield(err); /* a big index must not hold up the loop */
}

static bool load_vector(struct retrieval_index *index, size_t document,
                        const struct vector_cache *cache, float *vector)
{
    if (!cache || !cache->load)
        return false;
    size_t dimensions = embedder_dimensions(index->embedder);
    if (!cache->load(cache->context, &index->datasets[document], index->vector_model, vector,
                     dimensions))
        return false;
    double length = length_of(vector, dimensions);
    if (!isfinite(length) || length > 1.01)
        return false; /* not what was saved */
    vector_set_put(index->vectors, document, vector);
    return true;
}

static bool embed_all(struct retrieval_index *index, struct batch *batch,
                      const struct vector_cache *cache, struct error *err)
{
    struct arena_mark mark = arena_mark(batch->arena);
    for (size_t i = 0; i < index->count; i++) {
        if (load_vector(index, i, cache, batch->vectors))
            continue;
        embedded_texts(&index->datasets[i], batch->arena, batch->texts + batch->count * TEXTS_EACH);
        batch->documents[batch->count++] = (uint32_t)i;
        if (batch->count < BATCH_DATASETS)
            continue;
        if (!embed_batch(index, batch, cache, err))
            return false;
        arena_rollback(batch->arena, mark);
    }
    return embed_batch(index, batch, cache, err);
}

static bool index_vectors(struct retrieval_index *index, const struct vector_cache *cache,
                          struct error *err)
{
    size_t dimensions = embedder_dimensions(index->embedder);
    index->vectors = vector_set_new(index->count, dimensions);
    struct batch *batch = xcalloc(1, sizeof(*batch));
    batch->texts = xcalloc(BATCH_DATASETS * TEXTS_EACH, sizeof(*batch->texts));
    batch->vectors = xcalloc(BATCH_DATASETS * TEXTS_EACH * dimensions, sizeof(*batch->vectors));
    batch->arena = arena_new();
    bool ok = embed_all(index, batch, cache, err);
    arena_free(batch->arena);
    free(batch->vectors);
    free(batch->texts);
    free(batch);
    return ok;
}

struct retrieval_index *retrieval_index_new(const struct dataset *datasets, size_t count,
                                            struct embedder *embedder,
                                            const struct vector_cache *cache, struct error *err)
{
    if (count > RETRIEVAL_DATASETS_MAX) {
        error_set(err, ERROR_TOO_LARGE, "retrieval: %zu datasets, at most %d", count,
                  RETRIEVAL_DATASETS_MAX);
        return NULL;
    }
    struct retrieval_index *index = xcalloc(1, sizeof(*index));
    index->datasets = datasets;
    index->count = count;
    index->embedder = embedder;
    if (asprintf(&index->vector_model, "%s/%s", embedder_model_id(embedder), VECTOR_FORM) < 0)
        abort(); /* out of memory */
    index->seed = hash_seed();
    atomic_init(&index->server.missing, count);
    if (!task_offload(index_words, index, err) || !index_vectors(index, cache, err)) {
        retrieval_index_free(index);
        return NULL;
    }
    return index;
}

void retrieval_index_free(struct retrieval_index *index)
{
    if (!index)
        return;
    keyword_index_free(index->keywords);
    value_index_free(index->values);
    vector_set_free(index->vectors);
    vector_set_free(index->server.filling);
    vector_set_free(atomic_load(&index->server.set));
    free(index->server.has);
    free(index->server.failed);
    free(index->by_id);
    free(index->vector_model);
    free(index);
}

size_t retrieval_index_size(const struct retrieval_index *index)
{
    const struct vector_set *server = atomic_load(&index->server.set);
    return sizeof(*index) + keyword_index_size(index->keywords) + value_index_size(index->values) +
           vector_set_size(index->vectors) + (server ? vector_set_size(server) : 0) +
           index->count * sizeof(*index->by_id);
}
