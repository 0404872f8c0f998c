/* SPDX-License-Identifier: Apache-2.0 */
#include "sql/json_arena.h"

#include <pthread.h>
#include <stdlib.h>

/* Set while this thread reads into one; jansson's functions are the whole process's. */
static _Thread_local struct arena *reads_into;

static void *take(size_t size)
{
    return reads_into ? arena_alloc(reads_into, size) : malloc(size);
}

static void give(void *memory)
{
    if (!reads_into)
        free(memory);
}

static void set_functions(void)
{
    json_set_alloc_funcs(take, give);
}

json_t *json_read_in_arena(struct str text, size_t flags, struct arena *arena, json_error_t *why)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, set_functions);
    reads_into = arena;
    json_t *value = json_loadb(text.bytes, text.length, flags, why);
    reads_into = NULL;
    return value;
}
