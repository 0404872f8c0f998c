/* SPDX-License-Identifier: Apache-2.0 */
#include "core/arena_pool.h"

#include <pthread.h>
#include <stdlib.h>

#include "core/alloc.h"

struct arena_pool {
    pthread_mutex_t lock;
    struct arena *spare[ARENA_POOL_SPARE_MAX]; /* the last one given is taken first: it is warm */
    size_t count;
};

struct arena_pool *arena_pool_new(void)
{
    struct arena_pool *pool = xcalloc(1, sizeof(*pool));
    pthread_mutex_init(&pool->lock, NULL);
    return pool;
}

void arena_pool_free(struct arena_pool *pool)
{
    if (!pool)
        return;
    for (size_t i = 0; i < pool->count; i++)
        arena_free(pool->spare[i]);
    pthread_mutex_destroy(&pool->lock);
    free(pool);
}

struct arena *arena_pool_take(struct arena_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    struct arena *arena = pool->count > 0 ? pool->spare[--pool->count] : NULL;
    pthread_mutex_unlock(&pool->lock);
    return arena ? arena : arena_new();
}

void arena_pool_give(struct arena_pool *pool, struct arena *arena)
{
    arena_reset(arena, ARENA_POOL_KEEP_MAX);
    pthread_mutex_lock(&pool->lock);
    bool kept = pool->count < ARENA_POOL_SPARE_MAX;
    if (kept)
        pool->spare[pool->count++] = arena;
    pthread_mutex_unlock(&pool->lock);
    if (!kept)
        arena_free(arena);
}
