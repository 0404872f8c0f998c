/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Heap memory that never returns NULL: out of memory prints one line and ends the process, here
 * and nowhere else. For objects that outlive an arena; the rest belongs in one (core/arena.h).
 */
#ifndef QUERENT_CORE_ALLOC_H
#define QUERENT_CORE_ALLOC_H

#include <stdbool.h>
#include <stddef.h>

/* Zeroed memory; the caller frees it with free(). */
void *xcalloc(size_t count, size_t size);
void *xrealloc(void *memory, size_t size);
char *xstrdup(const char *text);
char *xstrndup(const char *bytes, size_t length);

/* Sums and products of sizes; false on overflow, and then *out is unchanged. */
bool size_add(size_t a, size_t b, size_t *out);
bool size_mul(size_t a, size_t b, size_t *out);

#endif
