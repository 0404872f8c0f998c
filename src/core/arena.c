/* SPDX-License-Identifier: Apache-2.0 */
#include "core/arena.h"

#include <assert.h>
#include <sanitizer/asan_interface.h> /* its macros do nothing without AddressSanitizer */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"

#define BLOCK_MIN 4096
#define BLOCK_MAX (64 * 1024) /* blocks double up to this; bigger requests get their own */
#define ALIGNMENT 16
#define PRINTED_SHORT 256

struct block {
    struct block *previous;
    size_t capacity;
    size_t used;
    _Alignas(ALIGNMENT) unsigned char bytes[];
};

struct defer {
    struct defer *previous;
    void (*release)(void *);
    void *object;
};

struct arena {
    struct block *block; /* the newest; older ones hang on `previous` */
    struct defer *defers;
    size_t size;
};

struct arena *arena_new(void)
{
    return xcalloc(1, sizeof(struct arena));
}

static void run_defers(struct arena *arena, const struct defer *until)
{
    while (arena->defers != until) {
        struct defer *defer = arena->defers;
        assert(defer);
        arena->defers = defer->previous; /* first, so that a call may defer again */
        defer->release(defer->object);
    }
}

static void free_blocks(struct arena *arena, const struct block *until)
{
    while (arena->block != until) {
        struct block *block = arena->block;
        assert(block);
        arena->block = block->previous;
        arena->size -= sizeof(*block) + block->capacity;
        free(block);
    }
}

void arena_free(struct arena *arena)
{
    if (!arena)
        return;
    run_defers(arena, NULL);
    free_blocks(arena, NULL);
    free(arena);
}

static void add_block(struct arena *arena, size_t size)
{
    size_t capacity = arena->block ? arena->block->capacity * 2 : BLOCK_MIN;
    if (capacity > BLOCK_MAX)
        capacity = BLOCK_MAX;
    if (capacity < size)
        capacity = size;
    struct block *block = xrealloc(NULL, sizeof(*block) + capacity);
    block->used = 0;
    block->previous = arena->block;
    block->capacity = capacity;
    ASAN_POISON_MEMORY_REGION(block->bytes, capacity);
    arena->block = block;
    arena->size += sizeof(*block) + capacity;
}

/* Not zeroed: what a block has left over is never touched. */
static void *take(struct arena *arena, size_t size)
{
    assert(size <= SIZE_MAX / 2);
    size_t rounded = (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
    if (rounded == 0)
        rounded = ALIGNMENT;
    if (!arena->block || arena->block->capacity - arena->block->used < rounded)
        add_block(arena, rounded);
    void *memory = arena->block->bytes + arena->block->used;
    arena->block->used += rounded;
    ASAN_UNPOISON_MEMORY_REGION(memory, size);
    return memory;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    return memset(take(arena, size), 0, size);
}

void *arena_array(struct arena *arena, size_t count, size_t size)
{
    size_t total;
    bool fits = size_mul(count, size, &total);
    assert(fits);
    return arena_alloc(arena, fits ? total : SIZE_MAX / 4);
}

char *arena_strndup(struct arena *arena, const char *bytes, size_t length)
{
    char *copy = take(arena, length + 1);
    if (length > 0)
        memcpy(copy, bytes, length);
    copy[length] = '\0';
    return copy;
}

char *arena_strdup(struct arena *arena, const char *text)
{
    return arena_strndup(arena, text, strlen(text));
}

struct str arena_str(struct arena *arena, struct str text)
{
    return (struct str){arena_strndup(arena, text.bytes, text.length), text.length};
}

void *arena_memdup(struct arena *arena, const void *bytes, size_t size)
{
    void *copy = take(arena, size);
    if (size > 0)
        memcpy(copy, bytes, size);
    return copy;
}

/* Printed once where it is short: into a buffer first, because its length is not known before. */
char *arena_vprintf(struct arena *arena, const char *format, va_list args)
{
    char buffer[PRINTED_SHORT];
    va_list again;
    va_copy(again, args);
    int length = vsnprintf(buffer, sizeof(buffer), format, args);
    assert(length >= 0);
    char *text = take(arena, (size_t)length + 1);
    if ((size_t)length < sizeof(buffer))
        memcpy(text, buffer, (size_t)length + 1);
    else
        vsnprintf(text, (size_t)length + 1, format, again);
    va_end(again);
    return text;
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = arena_vprintf(arena, format, args);
    va_end(args);
    return text;
}

void arena_defer(struct arena *arena, void (*release)(void *), void *object)
{
    struct defer *defer = arena_alloc(arena, sizeof(*defer));
    defer->previous = arena->defers;
    defer->release = release;
    defer->object = object;
    arena->defers = defer;
}

struct arena_mark arena_mark(struct arena *arena)
{
    return (struct arena_mark){
        .block = arena->block,
        .used = arena->block ? arena->block->used : 0,
        .defers = arena->defers,
    };
}

void arena_rollback(struct arena *arena, struct arena_mark mark)
{
    run_defers(arena, mark.defers);
    free_blocks(arena, mark.block);
    if (!arena->block)
        return;
    arena->block->used = mark.used;
    ASAN_POISON_MEMORY_REGION(arena->block->bytes + mark.used,
                              arena->block->capacity - mark.used);
}

void arena_reset(struct arena *arena, size_t keep_max)
{
    run_defers(arena, NULL);
    size_t size = arena->size;
    bool fits = arena->block && size <= keep_max;
    if (!fits || arena->block->previous) {
        free_blocks(arena, NULL);
        if (fits)
            add_block(arena, size - sizeof(struct block));
        return;
    }
    arena_rollback(arena, (struct arena_mark){.block = arena->block});
}

bool arena_holds(const struct arena *arena, const void *address)
{
    uintptr_t place = (uintptr_t)address;
    for (const struct block *block = arena->block; block; block = block->previous)
        if (place - (uintptr_t)block->bytes < block->used)
            return true;
    return false;
}

size_t arena_size(const struct arena *arena)
{
    return arena->size;
}

void *arena_grow(struct arena *arena, void *items, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity)
        return items;
    size_t wanted = *capacity > 0 ? *capacity * 2 : 8;
    void *grown = arena_array(arena, wanted, size);
    if (count > 0)
        memcpy(grown, items, count * size);
    *capacity = wanted;
    return grown;
}
