/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A read-only multimap from a 64-bit hash to two small numbers: an array sorted by hash. The
 * lexicon and the value index are looked up this way. Hashes are spread evenly, so
 * interpolation finds one in two or three steps.
 */
#ifndef QUERENT_PLANNER_READ_HASH_INDEX_H
#define QUERENT_PLANNER_READ_HASH_INDEX_H

#include <stddef.h>
#include <stdint.h>

/* A word with its hash, made once so that features never hash text again. */
struct symbol {
    const char *text;
    uint64_t hash;
};

struct symbol symbol_from(const char *text);
/* The same, for literals in the code. */
#define SYMBOL(literal) symbol_from("" literal)

struct hash_entry {
    uint64_t hash;
    uint32_t first, second;
};

struct hash_index {
    struct hash_entry *entries; /* owned by whoever built it (heap) */
    size_t count;
    size_t capacity;
};

/* Adds an entry; hash_index_sort() must follow before the first look-up. */
void hash_index_add(struct hash_index *index, uint64_t hash, uint32_t first, uint32_t second);
void hash_index_sort(struct hash_index *index);
void hash_index_clear(struct hash_index *index);
/* The entries of that hash, *count of them, in the order of `first`, `second`; NULL when none. */
const struct hash_entry *hash_index_find(const struct hash_index *index, uint64_t hash,
                                         size_t *count);

#endif
