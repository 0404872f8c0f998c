/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arenas for passing work, used again and again: what it makes on its way stays out of longer lived
 * arenas, and costs no memory from the system. For any thread.
 */
#ifndef QUERENT_CORE_ARENA_POOL_H
#define QUERENT_CORE_ARENA_POOL_H

#include "core/arena.h"

#define ARENA_POOL_SPARE_MAX 8            /* arenas that wait for the next use */
#define ARENA_POOL_KEEP_MAX (1024 * 1024) /* bytes that each of them may hold */

struct arena_pool;

struct arena_pool *arena_pool_new(void);
/* Every arena has been given back. NULL is allowed. */
void arena_pool_free(struct arena_pool *pool);

/* An empty arena. */
struct arena *arena_pool_take(struct arena_pool *pool);
/* All that was made in it is gone. */
void arena_pool_give(struct arena_pool *pool, struct arena *arena);

#endif
