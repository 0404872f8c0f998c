/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Single flight. A waiter lives on its task's stack, so who waits may leave only when no word is under
 * way to it any more. A flight is there as long as its leader or anybody who reads its news.
 */
#include "cache/cache_priv.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "core/alloc.h"

struct news {
    struct news *next;
    size_t length;
    char bytes[];
};

struct waiter {
    TAILQ_ENTRY(waiter) place;
    struct cache *cache;
    struct loop *loop; /* NULL: a thread without a task */
    struct task_event event;
    /* Under the mutex. */
    const struct news *heard; /* the last piece; NULL: none yet */
    bool posted;              /* a word to its loop is under way */
    bool landed, leads;       /* either: it is in no list any more */
};

struct cache_flight {
    struct cache *cache;
    enum cache_type type;
    struct cache_key key;
    unsigned references;
    TAILQ_HEAD(, waiter) waiters; /* who has waited longest comes first */
    struct news *oldest, *first, *last; /* first: of this leader, where those who come now begin */
    size_t news_bytes;
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

/* ---- with the mutex held ---- */

static struct cache_flight *new_flight(struct cache *cache, enum cache_type type,
                                       const struct cache_key *key)
{
    struct cache_flight *flight = xcalloc(1, sizeof(*flight));
    flight->cache = cache;
    flight->type = type;
    flight->key = *key;
    flight->references = 1;
    TAILQ_INIT(&flight->waiters);
    return flight;
}

static void flight_unref(struct cache_flight *flight)
{
    if (--flight->references > 0)
        return;
    for (struct news *news = flight->oldest, *next; news; news = next) {
        next = news->next;
        free(news);
    }
    free(flight);
}

static void word_came(void *arg)
{
    struct waiter *waiter = arg;
    pthread_mutex_lock(&waiter->cache->mutex);
    waiter->posted = false;
    pthread_mutex_unlock(&waiter->cache->mutex);
    task_event_signal(&waiter->event);
}

static void wake(struct waiter *waiter)
{
    if (waiter->loop && !waiter->posted) {
        waiter->posted = true;
        loop_post(waiter->loop, word_came, waiter);
    }
}

static void land(struct cache_flight *flight)
{
    struct cache *cache = flight->cache;
    struct cache_flight **link = place_of(cache, flight->type, &flight->key);
    struct waiter *waiter;
    assert(*link == flight);
    *link = flight->next;
    while ((waiter = TAILQ_FIRST(&flight->waiters))) {
        TAILQ_REMOVE(&flight->waiters, waiter, place);
        waiter->landed = true;
        wake(waiter);
    }
    pthread_cond_broadcast(&cache->flown);
    flight_unref(flight);
}

static void pass(struct cache_flight *flight)
{
    struct waiter *heir = TAILQ_FIRST(&flight->waiters);
    if (!heir) {
        land(flight);
        return;
    }
    TAILQ_REMOVE(&flight->waiters, heir, place);
    heir->leads = true; /* with the reference that the leader had */
    flight->first = NULL;
    flight->news_bytes = 0;
    wake(heir);
    pthread_cond_broadcast(&flight->cache->flown);
}

/* The next piece for a waiter; NULL: none yet. */
static const struct news *next_news(const struct cache_flight *flight, struct waiter *waiter)
{
    const struct news *next = waiter->heard ? waiter->heard->next : flight->first;
    if (next)
        waiter->heard = next;
    return next;
}

/* ---- waiting ---- */

/* Under the mutex, which is let go meanwhile. False with an error when the task was cancelled or is late. */
TASK_WAITS static bool wait_for_word(struct waiter *waiter, struct error *err)
{
    pthread_mutex_t *mutex = &waiter->cache->mutex;
    if (!waiter->loop) {
        pthread_cond_wait(&waiter->cache->flown, mutex);
        return true;
    }
    pthread_mutex_unlock(mutex);
    bool ok = task_event_wait(&waiter->event, 0, err);
    pthread_mutex_lock(mutex);
    return ok;
}

/* Likewise: hears all there is, to the end of the flight or to the lead. */
TASK_WAITS static bool follow(struct cache_flight *flight, struct waiter *waiter,
                              const struct cache_flight_listener *listener, struct error *err)
{
    pthread_mutex_t *mutex = &flight->cache->mutex;
    for (;;) {
        const struct news *news = next_news(flight, waiter);
        if (news && listener) {
            pthread_mutex_unlock(mutex);
            listener->told(listener->context, (struct str){news->bytes, news->length});
            pthread_mutex_lock(mutex);
        } else if (!news) {
            if (waiter->landed || waiter->leads)
                return true;
            if (!wait_for_word(waiter, err))
                return false;
        }
    }
}

/* Likewise: after this nobody knows the waiter. True when it leads. */
TASK_WAITS static bool leave(struct cache_flight *flight, struct waiter *waiter, bool ok)
{
    pthread_mutex_t *mutex = &flight->cache->mutex;
    while (waiter->posted) {
        pthread_mutex_unlock(mutex);
        task_event_wait_always(&waiter->event);
        pthread_mutex_lock(mutex);
    }
    if (!waiter->landed && !waiter->leads)
        TAILQ_REMOVE(&flight->waiters, waiter, place);
    bool leads = waiter->leads && ok;
    if (waiter->leads && !ok) /* the lead came too late for it */
        pass(flight);
    flight_unref(flight); /* its own; a leader has one besides */
    return leads;
}

TASK_WAITS bool cache_flight_join(struct cache *cache, enum cache_type type,
                                  const struct cache_key *key,
                                  const struct cache_flight_listener *listener,
                                  struct cache_flight **flight, struct error *err)
{
    assert(type < CACHE_TYPES);
    error_clear(err);
    pthread_mutex_lock(&cache->mutex);
    struct cache_flight **link = place_of(cache, type, key);
    if (!*link) {
        *flight = *link = new_flight(cache, type, key);
        pthread_mutex_unlock(&cache->mutex);
        return true;
    }
    struct cache_flight *other = *link;
    struct waiter waiter = {.cache = cache};
    if (task_current())
        waiter.loop = task_loop(task_current());
    TAILQ_INSERT_TAIL(&other->waiters, &waiter, place);
    other->references++;
    bool ok = follow(other, &waiter, listener, err);
    bool leads = leave(other, &waiter, ok);
    pthread_mutex_unlock(&cache->mutex);
    *flight = leads ? other : NULL;
    return leads;
}

/* ---- by the leader ---- */

void cache_flight_tell(struct cache_flight *flight, struct str text)
{
    struct news *news = xcalloc(1, sizeof(*news) + text.length);
    news->length = text.length;
    memcpy(news->bytes, text.bytes, text.length);
    pthread_mutex_lock(&flight->cache->mutex);
    bool fits = text.length <= CACHE_NEWS_MAX - flight->news_bytes;
    if (fits) {
        if (flight->last)
            flight->last->next = news;
        else
            flight->oldest = news;
        if (!flight->first)
            flight->first = news;
        flight->last = news;
        flight->news_bytes += text.length;
        struct waiter *waiter;
        TAILQ_FOREACH(waiter, &flight->waiters, place)
            wake(waiter);
        pthread_cond_broadcast(&flight->cache->flown);
    } else {
        flight->news_bytes = CACHE_NEWS_MAX; /* no gap: nothing after it either */
    }
    pthread_mutex_unlock(&flight->cache->mutex);
    if (!fits)
        free(news);
}

static void end(struct cache_flight *flight, void (*how)(struct cache_flight *flight))
{
    if (!flight)
        return;
    pthread_mutex_t *mutex = &flight->cache->mutex;
    pthread_mutex_lock(mutex);
    how(flight);
    pthread_mutex_unlock(mutex);
}

void cache_flight_land(struct cache_flight *flight)
{
    end(flight, land);
}

void cache_flight_pass(struct cache_flight *flight)
{
    end(flight, pass);
}
