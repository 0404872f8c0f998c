/* SPDX-License-Identifier: Apache-2.0 */
#include "api/run_queue.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/metrics.h"

#define BUCKETS 256 /* of callers; a chain each */

/* A caller with places, running or waiting. Those with waiting ones are in the ring. */
struct run_caller {
    struct run_caller *chain_next;
    struct run_caller *ring_next, *ring_previous; /* NULL: nothing waits */
    struct run_place *first, *last;               /* waiting, in their order */
    size_t running, waiting, places;
    char id[];
};

struct run_queue {
    pthread_mutex_t lock; /* over all that follows, and over callers and places */
    size_t running, running_max;
    size_t waiting, waiting_max;
    size_t caller_running_max, caller_waiting_max; /* of one caller */
    struct run_caller *turn; /* in the ring: whose turn is next */
    struct run_caller *buckets[BUCKETS];
};

struct run_queue *run_queue_new(size_t running_max, size_t waiting_max)
{
    struct run_queue *queue = xcalloc(1, sizeof(*queue));
    pthread_mutex_init(&queue->lock, NULL);
    queue->running_max = running_max;
    queue->waiting_max = waiting_max;
    /* A quarter is for the others. */
    queue->caller_running_max = running_max - running_max / 4;
    queue->caller_waiting_max = waiting_max - waiting_max / 4;
    return queue;
}

void run_queue_free(struct run_queue *queue)
{
    if (!queue)
        return;
    assert(queue->running == 0 && queue->waiting == 0);
    pthread_mutex_destroy(&queue->lock);
    free(queue);
}

/* FNV-1a, 32 bits. */
static struct run_caller **bucket_of(struct run_queue *queue, const char *id)
{
    uint32_t hash = UINT32_C(2166136261);
    for (; *id; id++)
        hash = (hash ^ (unsigned char)*id) * UINT32_C(16777619);
    return &queue->buckets[hash % BUCKETS];
}

static struct run_caller *caller_take(struct run_queue *queue, const char *id)
{
    struct run_caller **bucket = bucket_of(queue, id);
    struct run_caller *caller = *bucket;
    while (caller && strcmp(caller->id, id) != 0)
        caller = caller->chain_next;
    if (!caller) {
        size_t size = strlen(id) + 1;
        caller = xcalloc(1, sizeof(*caller) + size);
        memcpy(caller->id, id, size);
        caller->chain_next = *bucket;
        *bucket = caller;
    }
    caller->places++;
    return caller;
}

static void caller_give(struct run_queue *queue, struct run_caller *caller)
{
    if (--caller->places > 0)
        return;
    struct run_caller **link = bucket_of(queue, caller->id);
    while (*link != caller)
        link = &(*link)->chain_next;
    *link = caller->chain_next;
    free(caller);
}

/* Before the one whose turn is next: at the end. */
static void ring_add(struct run_queue *queue, struct run_caller *caller)
{
    if (!queue->turn) {
        queue->turn = caller->ring_next = caller->ring_previous = caller;
        return;
    }
    caller->ring_next = queue->turn;
    caller->ring_previous = queue->turn->ring_previous;
    caller->ring_previous->ring_next = caller;
    queue->turn->ring_previous = caller;
}

static void ring_remove(struct run_queue *queue, struct run_caller *caller)
{
    if (caller->ring_next == caller)
        queue->turn = NULL;
    else if (queue->turn == caller)
        queue->turn = caller->ring_next;
    caller->ring_previous->ring_next = caller->ring_next;
    caller->ring_next->ring_previous = caller->ring_previous;
    caller->ring_next = caller->ring_previous = NULL;
}

static void add_waiting(struct run_queue *queue, struct run_place *place)
{
    struct run_caller *caller = place->caller;
    if (caller->last)
        caller->last->next = place;
    else
        caller->first = place;
    caller->last = place;
    caller->waiting++;
    queue->waiting++;
    if (!caller->ring_next)
        ring_add(queue, caller);
}

static void remove_waiting(struct run_queue *queue, struct run_place *place)
{
    struct run_caller *caller = place->caller;
    struct run_place *before = NULL, *other = caller->first;
    for (; other != place; other = other->next)
        before = other;
    if (before)
        before->next = place->next;
    else
        caller->first = place->next;
    if (caller->last == place)
        caller->last = before;
    place->next = NULL;
    caller->waiting--;
    queue->waiting--;
    if (!caller->first)
        ring_remove(queue, caller);
}

/* The next in the ring who may run one more; NULL: all who wait hold as many as they may. */
static struct run_caller *next_caller(const struct run_queue *queue)
{
    struct run_caller *caller = queue->turn;
    while (caller && caller->running >= queue->caller_running_max) {
        caller = caller->ring_next;
        if (caller == queue->turn)
            return NULL;
    }
    return caller;
}

static void tell(void *arg)
{
    struct run_place *place = arg;
    place->told = true;
    task_event_signal(&place->event);
}

/* From the loop that `here` is; the place lasts until it was told. */
static void grant_place(struct run_place *place, const struct loop *here)
{
    place->granted = true;
    place->caller->running++;
    place->queue->running++;
    place->posted = place->loop != here;
    if (place->posted)
        loop_post(place->loop, tell, place);
    else
        tell(place);
}

static void grant(struct run_queue *queue, const struct loop *here)
{
    struct run_caller *caller;
    while (queue->running < queue->running_max && (caller = next_caller(queue))) {
        struct run_place *place = caller->first;
        queue->turn = caller->ring_next;
        remove_waiting(queue, place);
        grant_place(place, here);
    }
}

/* Whether the caller's next place is granted at once. Where places are free, all who wait hold as
 * many as they may. */
static bool is_free_for(const struct run_queue *queue, const struct run_caller *caller)
{
    return queue->running < queue->running_max && caller->running < queue->caller_running_max;
}

static bool check_room(const struct run_queue *queue, const struct run_caller *caller,
                       struct error *err)
{
    if (is_free_for(queue, caller))
        return true;
    if (queue->waiting >= queue->waiting_max)
        return error_set(err, ERROR_FULL, "%zu questions wait already; try again in a moment",
                         queue->waiting);
    return caller->waiting < queue->caller_waiting_max ||
           error_set(err, ERROR_FULL,
                     "%zu questions of this user wait already; try again in a moment",
                     caller->waiting);
}

bool run_queue_join(struct run_queue *queue, struct run_place *place, struct loop *loop,
                    const char *id, struct error *err)
{
    *place = (struct run_place){.loop = loop};
    pthread_mutex_lock(&queue->lock);
    struct run_caller *caller = caller_take(queue, id);
    bool ok = check_room(queue, caller, err);
    if (ok) {
        place->queue = queue;
        place->caller = caller;
        add_waiting(queue, place);
        grant(queue, loop);
    } else {
        caller_give(queue, caller);
        metrics_add(METRIC_RUNS_REFUSED, 0, 0, 1);
    }
    pthread_mutex_unlock(&queue->lock);
    return ok;
}

TASK_WAITS bool run_queue_wait(struct run_place *place, struct error *err)
{
    return task_event_wait(&place->event, 0, err);
}

/* Under the lock. */
static void give_back(struct run_queue *queue, struct run_place *place)
{
    if (place->granted) {
        place->caller->running--;
        queue->running--;
    } else {
        remove_waiting(queue, place);
    }
    caller_give(queue, place->caller);
    grant(queue, place->loop);
}

TASK_WAITS void run_queue_leave(struct run_place *place)
{
    struct run_queue *queue = place->queue;
    if (!queue)
        return;
    pthread_mutex_lock(&queue->lock);
    while (place->posted && !place->told) {
        pthread_mutex_unlock(&queue->lock);
        task_event_wait_always(&place->event);
        pthread_mutex_lock(&queue->lock);
    }
    give_back(queue, place);
    pthread_mutex_unlock(&queue->lock);
    place->queue = NULL;
}

static size_t read_count(struct run_queue *queue, const size_t *count)
{
    pthread_mutex_lock(&queue->lock);
    size_t value = *count;
    pthread_mutex_unlock(&queue->lock);
    return value;
}

size_t run_queue_running(struct run_queue *queue)
{
    return read_count(queue, &queue->running);
}

size_t run_queue_waiting(struct run_queue *queue)
{
    return read_count(queue, &queue->waiting);
}
