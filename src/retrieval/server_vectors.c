/* SPDX-License-Identifier: Apache-2.0 */
/* Vectors by a server: one text a dataset, since such models weigh a long text's parts by themselves. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/alloc.h"
#include "core/hash.h"
#include "core/log.h"
#include "retrieval/document.h"
#include "retrieval/retrieval_priv.h"
#include "task/bound.h"

#define BATCH_DATASETS 64
#define FAILED_ALONE_MAX 3 /* one after the other: then it is the server */
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
    unsigned alone;       /* datasets that failed alone, since one last worked */
    struct error failure; /* the first of them */
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

TASK_WAITS static void keep_batch(struct making *making)
{
    const struct server_vectors_request *request = making->request;
    struct retrieval_index *index = making->index;
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
    if (request->progress)
        request->progress(request->progress_context,
                          index->count - atomic_load(&index->server.missing), index->count);
}

/* A call has half of what is left at most, so that fewer can be tried when it takes too long. */
TASK_WAITS static bool call_server(struct making *making, struct error *err)
{
    const struct server_vectors_request *request = making->request;
    uint64_t left_ms = task_current() ? task_time_left_ms() : UINT64_MAX;
    struct task_bound bound = {0};
    if (left_ms != UINT64_MAX)
        bound = task_bound_begin(left_ms / 2 + 1);
    bool ok = embedder_embed_counted(request->embedder, making->texts, making->count,
                                     making->vectors, request->usage, err);
    if (left_ms != UINT64_MAX)
        task_bound_end(&bound);
    return ok;
}

static size_t more(size_t count)
{
    return count < BATCH_DATASETS / 2 ? 2 * count : BATCH_DATASETS;
}

/* Of a batch that failed: whether it is worth while to go on. One that has many is begun again with one
 * dataset a call, and with more as they work, until the one is found that fails alone. */
TASK_WAITS static bool after_failure(struct making *making, struct error *err)
{
    struct server_vectors *server = &making->index->server;
    const struct dataset *first = &making->index->datasets[making->documents[0]];
    if (!making->request->usage->by_texts || !task_check(NULL))
        return false;
    server->batch_max = 1;
    if (making->count > 1) {
        log_info("embeddings of %zu datasets at once: %s", making->count, err->message);
        error_clear(err);
        return true;
    }
    server->failed[making->documents[0]] = server->round;
    error_wrap(err, "dataset '%s'", first->id);
    if (making->failure.code == ERROR_NONE)
        making->failure = *err;
    return ++making->alone < FAILED_ALONE_MAX;
}

/* Takes up datasets from `at` on that the cache does not have; returns the first that is not looked at. */
static uint32_t gather(struct making *making, uint32_t at, bool late)
{
    struct retrieval_index *index = making->index;
    const struct server_vectors *server = &index->server;
    size_t most = late ? 1 : server->batch_max;
    for (; at < index->count && making->count < most; at++) {
        if (server->has[at] || server->failed[at] == server->round || (server->failed[at] > 0) != late)
            continue;
        struct arena_mark mark = arena_mark(making->arena);
        struct str text = document_shown(&index->datasets[at], making->arena);
        if (load(making, at, text) || making->request->load_only) {
            arena_rollback(making->arena, mark);
            continue;
        }
        making->texts[making->count] = text;
        making->documents[making->count++] = at;
    }
    return at;
}

/* `late`: those that have failed alone at an earlier time; they come when all others have been tried. */
TASK_WAITS static bool make_missing(struct making *making, bool late, struct error *err)
{
    struct server_vectors *server = &making->index->server;
    bool ok = true;
    for (uint32_t at = 0; ok && at < making->index->count;) {
        uint32_t next = gather(making, at, late);
        if (making->count > 0 && call_server(making, err)) {
            keep_batch(making);
            making->alone = 0;
            server->batch_max = more(server->batch_max);
        } else if (making->count > 0) {
            ok = after_failure(making, err);
            next = making->count > 1 ? at : next;
        }
        at = next;
        making->count = 0;
        arena_reset(making->arena, SIZE_MAX);
    }
    return ok;
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
        server->failed = xcalloc(index->count + 1, sizeof(*server->failed));
        server->batch_max = BATCH_DATASETS;
    }
    server->round++;
    struct error failure = {0};
    bool ok = make_missing(making, false, &failure) && make_missing(making, true, &failure);
    if (making->failure.code != ERROR_NONE) /* it names a dataset */
        failure = making->failure;
    if (!ok || making->failure.code != ERROR_NONE) {
        ok = false;
        if (err)
            *err = failure;
    }
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
