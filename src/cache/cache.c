/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two levels together (docs/internals/cache.md). Times: in memory an entry lives by a clock
 * that never jumps; in the store by the wall clock, and one that was made in the future, or longer
 * ago than it may live, counts as expired however the clock was set meanwhile.
 */
#include "cache/cache_priv.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/alloc.h"
#include "core/clock.h"
#include "core/log.h"
#include "core/metrics.h"

#define STORE_PAUSE_MS 1000 /* after a failure, so that not every question waits for the next */
#define STORE_LOG_MS 60000
#define CLEAR_POLL_MS 2

static const struct {
    const char *name;
    int64_t ttl_s;
} types[CACHE_TYPES] = {
    [CACHE_SQL_RESULT] = {"sql_result", 3600},
    [CACHE_DATASET_SELECTION] = {"dataset_selection", 24 * 3600},
    [CACHE_SQL_GENERATION] = {"sql_generation", 6 * 3600},
    [CACHE_METADATA] = {"metadata", 12 * 3600},
    [CACHE_RESPONSE] = {"response", 3600},
    [CACHE_EMBEDDING] = {"embedding", 30 * 24 * 3600},
};

const char *cache_type_name(enum cache_type type)
{
    assert(type < CACHE_TYPES);
    return types[type].name;
}

enum cache_type cache_type_find(const char *name)
{
    for (enum cache_type type = 0; type < CACHE_TYPES; type++)
        if (strcmp(types[type].name, name) == 0)
            return type;
    return CACHE_TYPES;
}

int64_t cache_type_ttl_s(enum cache_type type)
{
    assert(type < CACHE_TYPES);
    return types[type].ttl_s;
}

const char *cache_level_name(enum cache_level level)
{
    static const char *const names[] = {
        [CACHE_HIT_MEMORY] = "memory",
        [CACHE_HIT_STORE] = "store",
        [CACHE_HIT_SHARED] = "shared",
    };
    return names[level];
}

static uint64_t boot_ms(void)
{
    struct timespec time;
    clock_gettime(CLOCK_BOOTTIME, &time);
    return (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_nsec / 1000000;
}

struct cache *cache_open(struct store *store, size_t memory_bytes_max)
{
    struct cache *cache = xcalloc(1, sizeof(*cache));
    cache->store = store;
    cache->clock_ms = boot_ms;
    pthread_mutex_init(&cache->mutex, NULL);
    pthread_cond_init(&cache->flown, NULL);
    memory_init(&cache->memory, memory_bytes_max);
    cache->last_clearing = -1;
    cache->hits_saved_ms = clock_monotonic_ms();
    struct error err = {0};
    if (store && !write_behind_start(cache, &err)) {
        log_warn("cache: %s; it keeps to memory", err.message);
        cache->store = NULL;
    }
    return cache;
}

void cache_close(struct cache *cache)
{
    if (!cache)
        return;
    write_behind_stop(cache);
    for (size_t i = 0; i < FLIGHT_BUCKETS; i++)
        assert(!cache->flights[i]); /* whoever leads lands before the end */
    memory_free(&cache->memory);
    pthread_cond_destroy(&cache->flown);
    pthread_mutex_destroy(&cache->mutex);
    free(cache);
}

void cache_store_failed(struct cache *cache, const char *what, const struct error *err)
{
    pthread_mutex_lock(&cache->mutex);
    uint64_t now_ms = cache->clock_ms();
    cache->store_back_ms = now_ms + STORE_PAUSE_MS;
    bool due = now_ms >= cache->next_log_ms;
    if (due)
        cache->next_log_ms = now_ms + STORE_LOG_MS;
    pthread_mutex_unlock(&cache->mutex);
    if (due)
        log_warn("cache: %s: %s; going on without", what, err->message);
}

/* ------------------------------------------------------------------ reading */

static struct str copy_value(const struct cache_entry *entry, struct arena *arena)
{
    return arena_str(arena, cache_entry_value(entry));
}

/* With a reference, and counted as a hit; NULL. */
static struct cache_entry *find_in_memory(struct cache *cache, enum cache_type type,
                                          const struct cache_key *key, uint64_t *clears,
                                          bool *try_store)
{
    pthread_mutex_lock(&cache->mutex);
    uint64_t now_ms = cache->clock_ms();
    struct cache_entry *entry = memory_find(&cache->memory, type, key, now_ms);
    if (entry) {
        cache_entry_ref(entry);
        cache->counts[type].hits++;
    }
    *clears = cache->clears;
    *try_store = cache->store && now_ms >= cache->store_back_ms;
    pthread_mutex_unlock(&cache->mutex);
    return entry;
}

/* How long an entry from the store may live on; 0: it has expired. */
static int64_t time_left_ms(const struct cache_entry *entry)
{
    int64_t age_ms, limit_ms = types[entry->type].ttl_s * 1000;
    if (__builtin_sub_overflow(clock_now_ms(), cache_entry_made_ms(entry), &age_ms) || age_ms < 0)
        return 0;
    return age_ms < limit_ms ? limit_ms - age_ms : 0;
}

/* A new entry, or NULL; a failure is logged and counts as not found. */
TASK_WAITS static struct cache_entry *read_store(struct cache *cache, enum cache_type type,
                                                 const struct cache_key *key)
{
    struct arena *arena = arena_new();
    struct str name = {(const char *)key->bytes, sizeof(key->bytes)}, packed = {0};
    struct error err = {0};
    bool found = false;
    struct cache_entry *entry = NULL;
    if (!store_cache_get(cache->store, types[type].name, name, arena, &packed, &found, &err)) {
        /* What ends the caller's work says nothing about the store. */
        if (err.code != ERROR_CANCELLED && err.code != ERROR_DEADLINE)
            cache_store_failed(cache, "the store can't be read", &err);
    } else if (found) {
        entry = cache_entry_unpack(type, key, packed);
    }
    arena_free(arena);
    int64_t left_ms = entry ? time_left_ms(entry) : 0;
    if (left_ms == 0) {
        cache_entry_unref(entry);
        return NULL;
    }
    entry->expires_ms = cache->clock_ms() + (uint64_t)left_ms;
    atomic_store(&entry->stored, true);
    return entry;
}

TASK_WAITS enum cache_level cache_get(struct cache *cache, enum cache_type type,
                                      const struct cache_key *key, struct arena *arena,
                                      struct str *value)
{
    assert(type < CACHE_TYPES);
    uint64_t clears;
    bool try_store;
    struct cache_entry *entry = find_in_memory(cache, type, key, &clears, &try_store);
    enum cache_level level = entry ? CACHE_HIT_MEMORY : CACHE_MISS;
    if (!entry) {
        entry = try_store ? read_store(cache, type, key) : NULL;
        pthread_mutex_lock(&cache->mutex);
        /* One that began before or goes on meanwhile may have removed it just after it was read. */
        if (entry && cache->clears == clears && cache->clearing == 0)
            memory_put(&cache->memory, entry);
        if (entry)
            cache->counts[type].hits++;
        else
            cache->counts[type].misses++;
        pthread_mutex_unlock(&cache->mutex);
        level = entry ? CACHE_HIT_STORE : CACHE_MISS;
    }
    metrics_add(METRIC_CACHE_LOOKUPS, type, level, 1);
    if (entry)
        *value = copy_value(entry, arena);
    cache_entry_unref(entry);
    return level;
}

bool cache_peek(struct cache *cache, enum cache_type type, const struct cache_key *key,
                struct arena *arena, struct str *value)
{
    assert(type < CACHE_TYPES);
    uint64_t clears;
    bool try_store;
    struct cache_entry *entry = find_in_memory(cache, type, key, &clears, &try_store);
    if (entry) {
        *value = copy_value(entry, arena);
        metrics_add(METRIC_CACHE_LOOKUPS, type, CACHE_HIT_MEMORY, 1);
    }
    cache_entry_unref(entry);
    return entry != NULL;
}

/* ------------------------------------------------------------------ writing */

void cache_put(struct cache *cache, enum cache_type type, const struct cache_key *key,
               struct str value, const char *dataset_id)
{
    assert(type < CACHE_TYPES);
    if (dataset_id && strlen(dataset_id) > STORE_NAME_SIZE_MAX)
        return; /* no dataset has such an id */
    struct cache_entry *entry = cache_entry_new(type, key, clock_now_ms(), dataset_id, value);
    entry->expires_ms = cache->clock_ms() + (uint64_t)types[type].ttl_s * 1000;
    pthread_mutex_lock(&cache->mutex);
    memory_put(&cache->memory, entry);
    if (cache->store)
        write_behind_add(cache, entry);
    pthread_mutex_unlock(&cache->mutex);
    cache_entry_unref(entry);
}

void cache_stats(struct cache *cache, struct cache_stats *out)
{
    pthread_mutex_lock(&cache->mutex);
    *out = (struct cache_stats){
        .memory_bytes = cache->memory.bytes,
        .memory_bytes_max = cache->memory.bytes_max,
        .dropped = cache->writes.dropped,
    };
    for (size_t i = 0; i < CACHE_TYPES; i++) {
        out->types[i].entries = cache->memory.types[i].entries;
        out->types[i].bytes = cache->memory.types[i].bytes;
        out->types[i].unsaved_hits = cache->memory.types[i].hits;
        out->types[i].hits = cache->counts[i].hits;
        out->types[i].misses = cache->counts[i].misses;
    }
    pthread_mutex_unlock(&cache->mutex);
}

/* Until the batch that is being written is through: else it would come after the clearing. */
TASK_WAITS static bool wait_for_batch(struct cache *cache, struct error *err)
{
    pthread_mutex_lock(&cache->mutex);
    uint64_t batches = cache->writes.batches;
    while (cache->writes.busy && cache->writes.batches == batches) {
        if (!task_current()) {
            pthread_cond_wait(&cache->writes.is_idle, &cache->mutex);
            continue;
        }
        pthread_mutex_unlock(&cache->mutex);
        if (!task_sleep(CLEAR_POLL_MS, err))
            return false;
        pthread_mutex_lock(&cache->mutex);
    }
    pthread_mutex_unlock(&cache->mutex);
    return true;
}

TASK_WAITS bool cache_clear(struct cache *cache, enum cache_type type, const char *dataset_id,
                            bool expired_only, int64_t *count, struct error *err)
{
    pthread_mutex_lock(&cache->mutex);
    cache->clears++;
    cache->clearing++;
    int64_t in_memory = memory_remove(&cache->memory, type, dataset_id,
                                      expired_only ? cache->clock_ms() : UINT64_MAX);
    int64_t waiting = expired_only ? 0 : write_behind_forget(cache, type, dataset_id);
    pthread_mutex_unlock(&cache->mutex);
    int64_t stored = 0, clearing = 0;
    bool ok = !cache->store ||
              (wait_for_batch(cache, err) &&
               store_cache_clear(cache->store, type == CACHE_TYPES ? NULL : types[type].name,
                                 dataset_id, expired_only, &stored, &clearing, err));
    pthread_mutex_lock(&cache->mutex);
    cache->clearing--;
    cache->clears++; /* what was read while it went on may be gone by now */
    if (ok && cache->last_clearing >= 0 && clearing == cache->last_clearing + 1)
        cache->last_clearing = clearing; /* our own: what came after it stays */
    pthread_mutex_unlock(&cache->mutex);
    if (!ok)
        return false;
    /* What is in memory is in the store too, unless it was on its way there or was dropped. */
    *count = stored + waiting > in_memory ? stored + waiting : in_memory;
    return true;
}
