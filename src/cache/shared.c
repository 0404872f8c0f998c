/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What processes on one store tell each other, by the thread that writes to it: hits in memory,
 * now and then, so that whoever asks the store for its statistics learns of them; and what was
 * cleared, so that the others forget it too.
 */
#include "cache/cache_priv.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/clock.h"

#define HITS_AGE_MS 30000
#define HITS_MAX 4096 /* entries whose hits are saved at once; the others' are with a later time \
                       */
#define HITS_PER_WRITE 256
#define POLL_MS 2000
#define POLL_AGAIN_MS 100

/* ------------------------------------------------------------------ hits */

/* With the mutex held. */
static bool has_hits(const struct cache *cache)
{
    for (size_t i = 0; i < CACHE_TYPES; i++)
        if (cache->memory.types[i].hits > 0)
            return true;
    return false;
}

/* What was hit is at the front of the list: a hit brings it there. */
static struct cache_hits *take_hits(struct cache *cache, size_t *count)
{
    struct cache_hits *hits = xcalloc(HITS_MAX, sizeof(*hits));
    size_t looked_at = 0;
    *count = 0;
    pthread_mutex_lock(&cache->mutex);
    for (struct cache_entry *entry = cache->memory.newest; entry && looked_at < HITS_MAX;
         entry = entry->older, looked_at++) {
        if (entry->hits == 0 || !atomic_load(&entry->stored))
            continue;
        hits[*count] = (struct cache_hits){cache_type_name(entry->type), {0}, entry->hits};
        memcpy(hits[*count].key, entry->key.bytes, sizeof(entry->key.bytes));
        cache->memory.types[entry->type].hits -= entry->hits;
        entry->hits = 0;
        ++*count;
    }
    cache->hits_saved_ms = clock_monotonic_ms();
    pthread_mutex_unlock(&cache->mutex);
    return hits;
}

TASK_WAITS void cache_save_hits(struct cache *cache)
{
    pthread_mutex_lock(&cache->mutex);
    bool wanted = has_hits(cache);
    pthread_mutex_unlock(&cache->mutex);
    if (!wanted)
        return;
    size_t count;
    struct error err = {0};
    struct cache_hits *hits = take_hits(cache, &count);
    bool ok = true;
    for (size_t done = 0; done < count && ok; done += HITS_PER_WRITE) {
        size_t part = count - done < HITS_PER_WRITE ? count - done : HITS_PER_WRITE;
        ok = store_cache_hits(cache->store, hits + done, part,
                              &err); /* a loss of them is no error */
    }
    free(hits);
}

/* ------------------------------------------------------------------ clearings of others */

static void forget(struct cache *cache, const struct cache_clearing *clearing)
{
    enum cache_type type = clearing->type ? cache_type_find(clearing->type) : CACHE_TYPES;
    if (clearing->type && type == CACHE_TYPES)
        return; /* of another version of the program */
    pthread_mutex_lock(&cache->mutex);
    cache->clears++;
    (void)memory_remove(&cache->memory, type, clearing->dataset_id, UINT64_MAX);
    pthread_mutex_unlock(&cache->mutex);
}

/* While this process clears, or has begun to since: its own clearing may be among those that were
 * read, and would take along what has come after it. It is looked again soon. */
static bool is_clearing(struct cache *cache, uint64_t clears)
{
    pthread_mutex_lock(&cache->mutex);
    bool is = cache->clearing > 0 || cache->clears != clears;
    if (is)
        cache->poll_ms = clock_monotonic_ms() + POLL_AGAIN_MS;
    pthread_mutex_unlock(&cache->mutex);
    return is;
}

void cache_poll_clearings(struct cache *cache)
{
    struct arena *arena = arena_new();
    struct cache_clearing *clearings = NULL;
    size_t count = 0;
    struct error err = {0};
    pthread_mutex_lock(&cache->mutex);
    int64_t after = cache->last_clearing;
    uint64_t clears = cache->clears;
    pthread_mutex_unlock(&cache->mutex);
    bool ok = store_cache_clearings(cache->store, after, arena, &clearings, &count, &err);
    if (is_clearing(cache, clears)) {
        arena_free(arena);
        return;
    }
    /* Of those before the start there is nothing in memory. Only the latest are kept: where some
     * are missing, they may have been anything. */
    if (ok && after >= 0 && count > 0 && clearings[0].id != after + 1)
        forget(cache, &(struct cache_clearing){0});
    for (size_t i = 0; ok && after >= 0 && i < count; i++)
        forget(cache, &clearings[i]);
    pthread_mutex_lock(&cache->mutex);
    /* A clearing of our own may have moved on meanwhile. */
    if (ok && cache->last_clearing == after && (count > 0 || after < 0))
        cache->last_clearing = count > 0 ? clearings[count - 1].id : 0;
    cache->poll_ms = clock_monotonic_ms() + POLL_MS;
    pthread_mutex_unlock(&cache->mutex);
    arena_free(arena);
}

/* ------------------------------------------------------------------ when */

/* With the mutex held: when the thread has something to do here, in monotonic milliseconds. */
uint64_t cache_shared_due_ms(const struct cache *cache)
{
    uint64_t hits_ms = has_hits(cache) ? cache->hits_saved_ms + HITS_AGE_MS : UINT64_MAX;
    return hits_ms < cache->poll_ms ? hits_ms : cache->poll_ms;
}

void cache_shared_work(struct cache *cache)
{
    pthread_mutex_lock(&cache->mutex);
    uint64_t now_ms = clock_monotonic_ms();
    bool hits_due = has_hits(cache) && now_ms >= cache->hits_saved_ms + HITS_AGE_MS;
    bool poll_due = now_ms >= cache->poll_ms;
    pthread_mutex_unlock(&cache->mutex);
    if (hits_due)
        cache_save_hits(cache);
    if (poll_due)
        cache_poll_clearings(cache);
}
