/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arena: memory for one piece of work (a run, a parse, a command), freed all at once.
 *
 * Allocation is a pointer bump; nothing is freed singly. Files, handles and other resources
 * hang on the arena too: arena_defer() calls run in reverse order when the arena is freed or
 * rolled back past them. An arena belongs to one task or thread at a time; it has no lock.
 *
 * Out of memory ends the process in one place (core/alloc.h). Sizes that come from outside must
 * have been checked against a limit before they get here.
 *
 * With AddressSanitizer, reading what was not handed out, or is gone, is an error.
 */
#ifndef QUERENT_CORE_ARENA_H
#define QUERENT_CORE_ARENA_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/str.h"

struct arena;

/* A place in an arena to roll back to. Valid until the arena is freed or rolled back before it. */
struct arena_mark {
    void *block;
    size_t used;
    void *defers;
};

/* The caller owns the arena and frees it with arena_free(). */
struct arena *arena_new(void);

/* Runs the deferred calls, newest first, and frees everything. NULL is allowed. */
void arena_free(struct arena *arena);

/* Memory for `size` bytes, aligned for any type, zeroed. Never NULL. */
void *arena_alloc(struct arena *arena, size_t size);

/* Zeroed memory for `count` items of `size` bytes; ends the process when the product overflows. */
void *arena_array(struct arena *arena, size_t count, size_t size);

/* Copies; each result ends with a NUL and lives as long as the arena. */
char *arena_strdup(struct arena *arena, const char *text);
char *arena_strndup(struct arena *arena, const char *bytes, size_t length);
struct str arena_str(struct arena *arena, struct str text);
void *arena_memdup(struct arena *arena, const void *bytes, size_t size);

/* printf into the arena; the result ends with a NUL. */
char *arena_printf(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
char *arena_vprintf(struct arena *arena, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

/* Calls release(object) when the arena is freed or rolled back to a mark older than this call. */
void arena_defer(struct arena *arena, void (*release)(void *), void *object);

struct arena_mark arena_mark(struct arena *arena);
void arena_rollback(struct arena *arena, struct arena_mark mark);

/* Empties the arena for new work: deferred calls run, and what was handed out is gone. Up to
 * `keep_max` bytes stay with it, in one piece, so that the same work needs none from the system. */
void arena_reset(struct arena *arena, size_t keep_max);

/* Does the address lie in the arena's memory? */
bool arena_holds(const struct arena *arena, const void *address);

/* Bytes handed out by the system for this arena, for limits and metrics. */
size_t arena_size(const struct arena *arena);

/*
 * Grows an array that lives in an arena: makes room for one more item and returns the (perhaps
 * moved) array. `*capacity` is kept by the caller, starting at 0; the old copy is left behind in
 * the arena, so total waste is bounded by the final size.
 */
void *arena_grow(struct arena *arena, void *items, size_t count, size_t *capacity, size_t size);

#endif
