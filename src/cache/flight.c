/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Single flight. A waiter lives on its task's stack, so who waits may leave only when nobody will
 * signal it any more: it has taken itself out of the list, or the signal has come. A landing takes
 * the whole list under the mutex and wakes each waiter by a message to its own loop.
 */
#include "cache/cache_priv.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/metrics.h"

struct waiter {
    struct waiter *next;
    struct loop *loop; /* NULL: a thread without a task */
    struct task_event event;
    bool landed; /* under the mutex: the signal is on its way */
};

struct cache_flight {
    struct cache *cache;
    enum cache_type type;
    struct cache_key key;
    struct waiter *waiters;
    struct cache_flight *next;
};

/* Keys are hashes; who makes some of them meet slows down only equal work of his own. */
static struct cache_flight **place_of(struct cache *cache, enum cache_type type,
                                      const struct cache_key *key)
{
    struct cache_flight **link = &cache->flights[key->bytes[0] % FLIGHT_BUCKETS];
    while (*link && ((*link)->type != type ||
                     memcmp((*link)->key.bytes, key->bytes, sizeof(key->bytes)) != 0))
        link = &(*link)->next;
    return link;
}

static void signal_waiter(void *arg)
{
    struct waiter *waiter = arg;
    task_event_signal(&waiter->event);
}

/* With the mutex held. */
static void take_out(struct cache_flight *flight, struct waiter *waiter)
{
    struct waiter **link = &flight->waiters;
    while (*link != waiter)
        link = &(*link)->next;
    *link = waiter->next;
}

/* False with an error when the task was cancelled or is late. */
TASK_WAITS static bool wait_in_task(struct cache *cache, struct cache_flight *flight,
                                    struct waiter *waiter, struct error *err)
{
    if (task_event_wait(&waiter->event, 0, err))
        return true;
    pthread_mutex_lock(&cache->mutex);
    bool landed = waiter->landed; /* if so, the flight is gone */
    if (!landed)
        take_out(flight, waiter);
    pthread_mutex_unlock(&cache->mutex);
    if (landed)
        task_event_wait_always(&waiter->event);
    return false;
}

static void wait_in_thread(struct cache *cache, struct waiter *waiter)
{
    pthread_mutex_lock(&cache->mutex);
    while (!waiter->landed)
        pthread_cond_wait(&cache->landed, &cache->mutex);
    pthread_mutex_unlock(&cache->mutex);
}

TASK_WAITS bool cache_flight_join(struct cache *cache, enum cache_type type,
                                  const struct cache_key *key, struct cache_flight **flight,
                                  struct error *err)
{
    assert(type < CACHE_TYPES);
    error_clear(err);
    pthread_mutex_lock(&cache->mutex);
    struct cache_flight **link = place_of(cache, type, key);
    if (!*link) {
        *link = xcalloc(1, sizeof(**link));
        **link = (struct cache_flight){.cache = cache, .type = type, .key = *key};
        *flight = *link;
        pthread_mutex_unlock(&cache->mutex);
        return true;
    }
    struct cache_flight *other = *link;
    struct waiter waiter = {.next = other->waiters};
    if (task_current())
        waiter.loop = task_loop(task_current());
    other->waiters = &waiter;
    pthread_mutex_unlock(&cache->mutex);
    *flight = NULL;
    if (waiter.loop)
        (void)wait_in_task(cache, other, &waiter, err);
    else
        wait_in_thread(cache, &waiter);
    metrics_add(METRIC_CACHE_LOOKUPS, type, CACHE_HIT_SHARED, 1);
    return false;
}

void cache_flight_land(struct cache_flight *flight)
{
    if (!flight)
        return;
    struct cache *cache = flight->cache;
    pthread_mutex_lock(&cache->mutex);
    struct cache_flight **link = place_of(cache, flight->type, &flight->key);
    assert(*link == flight);
    *link = flight->next;
    for (struct waiter *waiter = flight->waiters, *next; waiter; waiter = next) {
        next = waiter->next; /* once it is told, its stack may be gone */
        waiter->landed = true;
        if (waiter->loop)
            loop_post(waiter->loop, signal_waiter, waiter);
    }
    pthread_cond_broadcast(&cache->landed);
    pthread_mutex_unlock(&cache->mutex);
    free(flight);
}
