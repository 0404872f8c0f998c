/* SPDX-License-Identifier: Apache-2.0 */
#include "core/alloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static _Noreturn void out_of_memory(size_t size)
{
    fprintf(stderr, "querent: out of memory (asked for %zu bytes)\n", size);
    abort();
}

void *xcalloc(size_t count, size_t size)
{
    void *memory = calloc(count > 0 ? count : 1, size > 0 ? size : 1);
    if (!memory)
        out_of_memory(size);
    return memory;
}

void *xrealloc(void *memory, size_t size)
{
    void *grown = realloc(memory, size > 0 ? size : 1);
    if (!grown)
        out_of_memory(size);
    return grown;
}

char *xstrdup(const char *text)
{
    return xstrndup(text, strlen(text));
}

char *xstrndup(const char *bytes, size_t length)
{
    size_t size;
    if (!size_add(length, 1, &size))
        out_of_memory(length);
    char *copy = xcalloc(1, size);
    if (length > 0)
        memcpy(copy, bytes, length);
    return copy;
}

bool size_add(size_t a, size_t b, size_t *out)
{
    size_t sum;
    if (__builtin_add_overflow(a, b, &sum))
        return false;
    *out = sum;
    return true;
}

bool size_mul(size_t a, size_t b, size_t *out)
{
    size_t product;
    if (__builtin_mul_overflow(a, b, &product))
        return false;
    *out = product;
    return true;
}
