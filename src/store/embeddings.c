/* SPDX-License-Identifier: Apache-2.0 */
/* The front of the store for vectors of datasets. */
#include "store/store.h"

#include <string.h>

#include "store/check.h"

static bool check_embedding(const struct call_embedding *call, size_t dimensions, struct error *err)
{
    return check_name("the dataset id", call->dataset_id, err) &&
           check_name("the version", call->version, err) &&
           check_name("the model id", call->model_id, err) &&
           check_range("the number of dimensions",
                       dimensions > INT64_MAX ? INT64_MAX : (int64_t)dimensions, 1,
                       STORE_DIMENSIONS_MAX, err);
}

/* Floats lie on disk in little-endian order, the lowest byte first. */
static void floats_swap(void *floats, size_t dimensions)
{
    if (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)
        return;
    uint32_t word;
    for (char *at = floats; dimensions-- > 0; at += sizeof(word)) {
        memcpy(&word, at, sizeof(word));
        word = __builtin_bswap32(word);
        memcpy(at, &word, sizeof(word));
    }
}

TASK_WAITS bool store_embedding_get(struct store *store, const char *dataset_id,
                                    const char *version, const char *model_id, float *vector,
                                    size_t dimensions, bool *found, struct error *err)
{
    struct call_embedding call = {
        .dataset_id = dataset_id,
        .version = version,
        .model_id = model_id,
        .vector = {NULL, dimensions * sizeof(float)},
        .out = vector,
    };
    if (!check_embedding(&call, dimensions, err) ||
        !call_driver(store, STORE_EMBEDDING_GET, &call, err))
        return false;
    *found = call.found;
    if (call.found)
        floats_swap(vector, dimensions);
    return true;
}

TASK_WAITS bool store_embedding_put(struct store *store, const char *dataset_id,
                                    const char *version, const char *model_id, const float *vector,
                                    size_t dimensions, struct error *err)
{
    struct call_embedding call = {
        .dataset_id = dataset_id,
        .version = version,
        .model_id = model_id,
    };
    if (!check_embedding(&call, dimensions, err))
        return false;
    struct arena *arena = arena_new();
    void *floats = arena_memdup(arena, vector, dimensions * sizeof(float));
    floats_swap(floats, dimensions);
    call.vector = (struct str){floats, dimensions * sizeof(float)};
    bool done = call_driver(store, STORE_EMBEDDING_PUT, &call, err);
    arena_free(arena);
    return done;
}
