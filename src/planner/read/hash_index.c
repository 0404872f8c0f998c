/* SPDX-License-Identifier: Apache-2.0 */
#include "planner/read/hash_index.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/hash.h"

struct symbol symbol_from(const char *text)
{
    return (struct symbol){text, hash64(text, strlen(text), 0)};
}

void hash_index_add(struct hash_index *index, uint64_t hash, uint32_t first, uint32_t second)
{
    if (index->count == index->capacity) {
        index->capacity = index->capacity == 0 ? 64 : 2 * index->capacity;
        index->entries = xrealloc(index->entries, index->capacity * sizeof(*index->entries));
    }
    index->entries[index->count++] = (struct hash_entry){hash, first, second};
}

static int compare_entries(const void *a, const void *b)
{
    const struct hash_entry *x = a, *y = b;
    if (x->hash != y->hash)
        return x->hash < y->hash ? -1 : 1;
    if (x->first != y->first)
        return x->first < y->first ? -1 : 1;
    return x->second < y->second ? -1 : x->second > y->second;
}

void hash_index_sort(struct hash_index *index)
{
    if (index->count > 1)
        qsort(index->entries, index->count, sizeof(*index->entries), compare_entries);
}

void hash_index_clear(struct hash_index *index)
{
    if (!index)
        return;
    free(index->entries);
    *index = (struct hash_index){0};
}

/* The first place whose hash is not below `hash`: a few interpolation steps, then halving, so
 * that hashes chosen to be uneven cost no more than a binary search. */
static size_t lower_bound(const struct hash_entry *items, size_t count, uint64_t hash)
{
    size_t low = 0, high = count;
    for (int step = 0; high - low > 8 && step < 4; step++) {
        uint64_t a = items[low].hash, b = items[high - 1].hash;
        if (hash <= a)
            return low;
        if (hash > b)
            return high;
        double share = (double)(hash - a) / ((double)(b - a) + 1);
        size_t guess = low + (size_t)(share * (double)(high - low - 1));
        if (items[guess].hash < hash)
            low = guess + 1;
        else
            high = guess + 1;
    }
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (items[middle].hash < hash)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const struct hash_entry *hash_index_find(const struct hash_index *index, uint64_t hash,
                                         size_t *count)
{
    *count = 0;
    if (index->count == 0)
        return NULL;
    size_t place = lower_bound(index->entries, index->count, hash);
    size_t end = place;
    while (end < index->count && index->entries[end].hash == hash)
        end++;
    *count = end - place;
    return *count > 0 ? &index->entries[place] : NULL;
}
