/* SPDX-License-Identifier: Apache-2.0 */
/* Vectors by a server: one text a dataset, since such models weigh a long text's parts by themselves. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/alloc.h"
#include "core/hash.h"
#include "retrieval/document.h"
#include "retrieval/retrieval_priv.h"

#define BATCH_DATASETS 64
#define VERSION_SEED 1 /* the same in all processes */
/* Part of the name that vectors are kept under: raised when the texts change. */
#define VECTOR_FORM "dataset-text-1"

struct making {
    struct retrieval_index *index;
    const struct server_vectors_request *request;
    char *model; /* names the model and how a dataset's vector is made with it */
    size_t dimensions;
    struct arena *arena; /* of the batch's texts */
    struct str texts[BATCH_DATASETS];
    uint32_t documents[BATCH_DATASETS];
    size_t count;
    float *vectors;
};

static void put(struct making *making, uint32_t document, const float *vector)
{
    struct server_vectors *server = &making->index->server;
    vector_set_put(server->filling, document, vector);
    server->has[document] = true;
    atomic_fetch_sub(&server->missing, 1);
}

static bool is_unit(const float *vector, size_t dimensions)
{
    double square = 0;
    for (size_t i = 0; i < dimensions; i++)
        square += (double)vector[i] * vector[i];
    return isfinite(square) && fabs(square - 1) < 0.02;
}

struct version {
    char text[32];
};

static struct version version_of(struct str text)
{
    struct version version;
    snprintf(version.text, sizeof(version.text), "text-%016" PRIx64, hash64_str(text, VERSION_SEED));
    return version;
}

/* Also just before it would be made: another process may have made it meanwhile. */
static bool load(struct making *making, uint32_t document, struct str text)
{
    const struct server_vector_cache *cache = making->request->cache;
    struct version version = version_of(text);
    if (!cache || !cache->load ||
        !cache->load(cache->context, &making->index->datasets[document], version.text,
                     making->model, making->vectors, making->dimensions) ||
        !is_unit(making->vectors, making->dimensions))
        return false;
    put(making, document, making->vectors);
    return true;
}

TASK_WAITS static bool make_batch(struct making *making, struct error *err)
{
    const struct server_vectors_request *request = making->request;
    struct retrieval_index *index = making->index;
    if (making->count == 0)
        return true;
    if (!embedder_embed_counted(request->embedder, making->texts, making->count, making->vectors,
                                request->usage, err))
        return false;
    for (size_t i = 0; i < making->count; i++) {
        uint32_t document = making->documents[i];
        const float *vector = making->vectors + i * making->dimensions;
        put(making, document, vector);
        struct version version = version_of(making->texts[i]);
        if (request->cache && request->cache->save)
            request->cache->save(request->cache->context, &index->datasets[document], version.text,
                                 making->model, vector, making->dimensions);
    }
    atomic_fetch_add(&index->server.made, making->count);
    making->count = 0;
    arena_reset(making->arena, SIZE_MAX);
    if (request->progress)
        request->progress(request->progress_context,
                          index->count - atomic_load(&index->server.missing), index->count);
    return true;
}

TASK_WAITS static bool make_missing(struct making *making, struct error *err)
{
    struct retrieval_index *index = making->index;
    for (uint32_t i = 0; i < index->count; i++) {
        if (index->server.has[i])
            continue;
        struct arena_mark mark = arena_mark(making->arena);
        struct str text = document_shown(&index->datasets[i], making->arena);
        if (load(making, i, text) || making->request->load_only) {
            arena_rollback(making->arena, mark);
            continue;
        }
        making->texts[making->count] = text;
        making->documents[making->count++] = i;
        if (making->count == BATCH_DATASETS && !make_batch(making, err))
            return false;
    }
    return make_batch(making, err);
}

static void put_in_place(struct server_vectors *server)
{
    if (atomic_load(&server->missing) > 0)
        return;
    atomic_store(&server->set, server->filling);
    server->filling = NULL;
}

TASK_WAITS static bool make_all(struct retrieval_index *index,
                                const struct server_vectors_request *request, struct error *err)
{
    struct server_vectors *server = &index->server;
    if (atomic_load(&server->set))
        return true;
    size_t dimensions = embedder_dimensions(request->embedder);
    struct making *making = xcalloc(1, sizeof(*making));
    *making = (struct making){
        .index = index,
        .request = request,
        .dimensions = dimensions,
        .arena = arena_new(),
        .vectors = xcalloc(BATCH_DATASETS * dimensions, sizeof(float)),
    };
    if (asprintf(&making->model, "%s/%s", embedder_model_id(request->embedder), VECTOR_FORM) < 0)
        abort(); /* out of memory */
    if (!server->filling) {
        server->filling = vector_set_new(index->count, dimensions);
        server->has = xcalloc(index->count + 1, sizeof(*server->has));
    }
    bool ok = make_missing(making, err);
    put_in_place(server);
    free(making->model);
    free(making->vectors);
    arena_free(making->arena);
    free(making);
    return ok;
}

TASK_WAITS bool retrieval_make_server_vectors(struct retrieval_index *index,
                                              const struct server_vectors_request *request,
                                              struct error *err)
{
    if (atomic_exchange(&index->server.busy, true))
        return error_set(err, ERROR_CONFLICT, "they are being made already");
    bool ok = make_all(index, request, err);
    atomic_store(&index->server.busy, false);
    return ok;
}

size_t retrieval_server_vectors_missing(const struct retrieval_index *index)
{
    size_t missing = atomic_load(&index->server.missing);
    if (atomic_load(&index->server.set))
        return 0;
    return missing > 0 ? missing : 1; /* made, and about to be put in place */
}

size_t retrieval_server_vectors_made(const struct retrieval_index *index)
{
    return atomic_load(&index->server.made);
}

size_t retrieval_dataset_count(const struct retrieval_index *index)
{
    return index->count;
}
