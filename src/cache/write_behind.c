/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From memory to the store, behind the callers' backs. A thread gathers what comes within a tenth
 * of a second and writes it in one go: each entry is a task of the thread's own loop, and the
 * store's group commit makes one transaction of what they hand in together. The queue is bounded:
 * a store that is too slow loses entries, never time.
 */
#include "cache/cache_priv.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/alloc.h"
#include "core/clock.h"

struct writing {
    struct cache *cache;
    struct cache_entry *entry;
    bool *ok;
};

TASK_WAITS static void write_entry(void *arg)
{
    struct writing *writing = arg;
    const struct cache_entry *entry = writing->entry;
    struct error err = {0};
    if (store_cache_put(writing->cache->store, cache_type_name(entry->type),
                        (struct str){(const char *)entry->key.bytes, sizeof(entry->key.bytes)},
                        (struct str){entry->bytes, entry->length}, cache_type_ttl_s(entry->type),
                        cache_entry_dataset(entry), &err)) {
        atomic_store(&writing->entry->stored, true);
        return;
    }
    cache_store_failed(writing->cache, "the store can't be written", &err);
    *writing->ok = false;
}

/* False when any entry could not be stored. */
static bool write_batch(struct cache *cache, struct loop *loop, struct write *batch)
{
    static const struct task_options options = {.name = "cache"};
    struct writing writings[WRITES_BATCH_MAX];
    bool ok = true;
    size_t count = 0;
    for (struct write *write = batch; write; write = write->next) {
        struct writing *writing = &writings[count++];
        *writing = (struct writing){cache, write->entry, &ok};
        if (!loop || !task_start(loop, &options, write_entry, writing, NULL))
            write_entry(writing); /* no memory for tasks: one commit each */
    }
    if (loop)
        loop_run(loop);
    while (batch) {
        struct write *next = batch->next;
        cache_entry_unref(batch->entry);
        free(batch);
        batch = next;
    }
    return ok;
}

static struct timespec monotonic(uint64_t ms)
{
    return (struct timespec){(time_t)(ms / 1000), (long)(ms % 1000) * 1000000L};
}

/* With the mutex held. Returns when there is something to write and others had time to join it, or
 * when other work is due. */
static void wait_for_writes(struct cache *cache)
{
    struct write_behind *writes = &cache->writes;
    int result = 0;
    while (!writes->first && !writes->stop && result == 0) {
        struct timespec due = monotonic(cache_shared_due_ms(cache));
        result = pthread_cond_timedwait(&writes->work, &cache->mutex, &due);
    }
    if (!writes->first)
        return;
    struct timespec until = monotonic(clock_monotonic_ms() + WRITES_GATHER_MS);
    result = 0;
    while (result == 0 && !writes->stop && writes->count < WRITES_BATCH_MAX)
        result = pthread_cond_timedwait(&writes->work, &cache->mutex, &until);
}

/* With the mutex held; NULL when there is none. */
static struct write *take_batch(struct write_behind *writes)
{
    struct write *batch = writes->first, *last = NULL;
    size_t count = 0;
    for (struct write *write = batch; write && count < WRITES_BATCH_MAX; write = write->next) {
        writes->bytes -= cache_entry_size(write->entry);
        last = write;
        count++;
    }
    writes->count -= count;
    if (last) {
        writes->first = last->next;
        last->next = NULL;
    }
    if (!writes->first)
        writes->last = NULL;
    return batch;
}

static void *write_until_stopped(void *arg)
{
    struct cache *cache = arg;
    struct write_behind *writes = &cache->writes;
    struct loop *loop = loop_new(NULL);
    cache_poll_clearings(cache);
    pthread_mutex_lock(&cache->mutex);
    for (;;) {
        wait_for_writes(cache);
        struct write *batch = take_batch(writes);
        if (!batch && writes->stop)
            break;
        writes->busy = true;
        pthread_mutex_unlock(&cache->mutex);
        bool ok = !batch || write_batch(cache, loop, batch);
        cache_shared_work(cache);
        pthread_mutex_lock(&cache->mutex);
        writes->busy = false;
        writes->batches++;
        pthread_cond_broadcast(&writes->is_idle);
        if (!ok && writes->stop)
            writes->dropped += write_behind_forget(cache, CACHE_TYPES, NULL);
    }
    pthread_mutex_unlock(&cache->mutex);
    cache_save_hits(cache);
    loop_free(loop);
    return NULL;
}

bool write_behind_start(struct cache *cache, struct error *err)
{
    struct write_behind *writes = &cache->writes;
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&writes->work, &monotonic);
    pthread_cond_init(&writes->is_idle, NULL);
    pthread_condattr_destroy(&monotonic);

    sigset_t all, before; /* signals are the main thread's */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int result = pthread_create(&writes->thread, NULL, write_until_stopped, cache);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    writes->started = result == 0;
    if (writes->started)
        return true;
    pthread_cond_destroy(&writes->work);
    pthread_cond_destroy(&writes->is_idle);
    return error_set(err, ERROR_FULL, "no thread can be started (%s)", strerror(result));
}

void write_behind_stop(struct cache *cache)
{
    struct write_behind *writes = &cache->writes;
    if (!writes->started)
        return;
    pthread_mutex_lock(&cache->mutex);
    writes->stop = true;
    pthread_cond_signal(&writes->work);
    pthread_mutex_unlock(&cache->mutex);
    pthread_join(writes->thread, NULL);
    pthread_cond_destroy(&writes->work);
    pthread_cond_destroy(&writes->is_idle);
    writes->started = false;
}

void write_behind_add(struct cache *cache, struct cache_entry *entry)
{
    struct write_behind *writes = &cache->writes;
    size_t size = cache_entry_size(entry);
    if (entry->length > STORE_CACHE_VALUE_SIZE_MAX || writes->count >= WRITES_MAX ||
        size > WRITES_BYTES_MAX - writes->bytes) {
        writes->dropped++;
        return;
    }
    struct write *write = xcalloc(1, sizeof(*write));
    write->entry = cache_entry_ref(entry);
    if (writes->last)
        writes->last->next = write;
    else
        writes->first = write;
    writes->last = write;
    writes->bytes += size;
    if (++writes->count == 1 || writes->count == WRITES_BATCH_MAX)
        pthread_cond_signal(&writes->work);
}

int64_t write_behind_forget(struct cache *cache, enum cache_type type, const char *dataset_id)
{
    struct write_behind *writes = &cache->writes;
    struct write **link = &writes->first;
    int64_t count = 0;
    writes->last = NULL;
    while (*link) {
        struct write *write = *link;
        if (!cache_entry_matches(write->entry, type, dataset_id)) {
            writes->last = write;
            link = &write->next;
            continue;
        }
        *link = write->next;
        writes->bytes -= cache_entry_size(write->entry);
        writes->count--;
        cache_entry_unref(write->entry);
        free(write);
        count++;
    }
    return count;
}
