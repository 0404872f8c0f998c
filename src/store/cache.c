/* SPDX-License-Identifier: Apache-2.0 */
/* The front of the store for entries of the cache (src/cache/). */
#include "store/store.h"

#include "store/check.h"

#define TTL_MAX_S (INT64_C(10) * 366 * 24 * 3600)

static bool check_cache(const struct call_cache *call, struct error *err)
{
    if (call->key.length > STORE_CACHE_KEY_SIZE_MAX)
        return error_set(err, ERROR_TOO_LARGE, "the cache key has more than %d bytes",
                         STORE_CACHE_KEY_SIZE_MAX);
    return check_name("the cache type", call->type, err);
}

TASK_WAITS bool store_cache_get(struct store *store, const char *type, struct str key,
                                struct arena *arena, struct str *value, bool *found,
                                struct error *err)
{
    struct call_cache call = {.type = type, .key = key, .arena = arena};
    call.now_ms = clock_now_ms();
    if (!check_cache(&call, err) || !call_driver(store, STORE_CACHE_GET, &call, err))
        return false;
    *found = call.found;
    *value = call.value;
    return true;
}

TASK_WAITS bool store_cache_put(struct store *store, const char *type, struct str key,
                                struct str value, int64_t ttl_s, const char *dataset_id,
                                struct error *err)
{
    struct call_cache call = {.type = type, .key = key, .value = value, .dataset_id = dataset_id};
    call.now_ms = clock_now_ms();
    if (!check_cache(&call, err) || !check_range("the time to live", ttl_s, 1, TTL_MAX_S, err) ||
        (dataset_id && !check_name("the dataset id", dataset_id, err)))
        return false;
    if (value.length > STORE_CACHE_VALUE_SIZE_MAX)
        return error_set(err, ERROR_TOO_LARGE, "the cache value has more than %d bytes",
                         STORE_CACHE_VALUE_SIZE_MAX);
    call.expires_ms = call.now_ms + ttl_s * 1000;
    return call_driver(store, STORE_CACHE_PUT, &call, err);
}

TASK_WAITS bool store_cache_stats(struct store *store, struct arena *arena,
                                  struct cache_type_stats **out, size_t *count, struct error *err)
{
    struct call_cache_stats call = {.now_ms = clock_now_ms(), .arena = arena};
    if (!call_driver(store, STORE_CACHE_STATS, &call, err))
        return false;
    *out = call.out;
    *count = call.count;
    return true;
}

TASK_WAITS bool store_cache_clear(struct store *store, const char *type, const char *dataset_id,
                                  bool expired_only, int64_t *count, int64_t *clearing,
                                  struct error *err)
{
    struct call_cache_clear call = {
        .type = type,
        .dataset_id = dataset_id,
        .expired_only = expired_only,
        .now_ms = clock_now_ms(),
        .after = {0, INT64_MIN},
    };
    if (!check_optional("the cache type", type, STORE_NAME_SIZE_MAX, err) ||
        !check_optional("the dataset id", dataset_id, STORE_NAME_SIZE_MAX, err))
        return false;
    int64_t cleared = 0;
    while (!call.ended) {
        if (!call_driver(store, STORE_CACHE_CLEAR, &call, err))
            return false;
        call.begun = true;
        call.after = call.reached;
        cleared += call.count;
    }
    *count = cleared;
    *clearing = call.clearing;
    return true;
}

TASK_WAITS bool store_cache_hits(struct store *store, const struct cache_hits *hits, size_t count,
                                 struct error *err)
{
    struct call_cache_hits call = {hits, count};
    return call_driver(store, STORE_CACHE_HITS, &call, err);
}

TASK_WAITS bool store_cache_clearings(struct store *store, int64_t after, struct arena *arena,
                                      struct cache_clearing **out, size_t *count,
                                      struct error *err)
{
    struct call_cache_clearings call = {.after = after, .arena = arena};
    if (!call_driver(store, STORE_CACHE_CLEARINGS, &call, err))
        return false;
    *out = call.out;
    *count = call.count;
    return true;
}
