/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The memory level: a hash table with chains, and a list in order of use. Bounded by bytes: what
 * was not used for longest makes room. Not locked: its owner does that. Entries are counted, so
 * that a reader may copy a value after it has let go of the lock.
 */
#ifndef QUERENT_CACHE_MEMORY_H
#define QUERENT_CACHE_MEMORY_H

#include <stdatomic.h>

#include "cache/cache.h"

/* An entry larger than this part of the memory would push out too many others. */
#define MEMORY_PART_MAX 4

/*
 * A value as the store keeps it: when it was made (8 bytes), the length of the dataset's id with
 * its NUL (2), the id, the value. The time, because the store knows only until when an entry lives,
 * by a clock that may have jumped since; the id, to clear by dataset what came back from the store.
 */
struct cache_entry {
    struct cache_entry *chain;         /* in the same bucket */
    struct cache_entry *newer, *older; /* in order of use */
    int references;
    enum cache_type type;
    struct cache_key key;
    uint64_t expires_ms; /* by the cache's clock */
    int64_t hits;        /* in memory, not yet told to the store; guarded by the cache's mutex */
    atomic_bool stored;  /* the store has it */
    size_t length;
    char bytes[];
};

struct memory {
    struct cache_entry **buckets;
    size_t bucket_count; /* a power of two; fixed, so that no put has to move them all */
    uint64_t seed;
    struct cache_entry *newest, *oldest;
    size_t bytes, bytes_max;
    struct {
        int64_t entries, bytes, hits; /* hits: those not yet told to the store */
    } types[CACHE_TYPES];
};

/* A new entry with one reference. dataset_id: at most STORE_NAME_SIZE_MAX bytes, or NULL. */
struct cache_entry *cache_entry_new(enum cache_type type, const struct cache_key *key,
                                    int64_t made_ms, const char *dataset_id, struct str value);
/* From the store's bytes; NULL when they are none of ours. */
struct cache_entry *cache_entry_unpack(enum cache_type type, const struct cache_key *key,
                                       struct str packed);
struct cache_entry *cache_entry_ref(struct cache_entry *entry);
void cache_entry_unref(struct cache_entry *entry); /* NULL is allowed; from any thread */
const char *cache_entry_dataset(const struct cache_entry *entry); /* NULL: none */
int64_t cache_entry_made_ms(const struct cache_entry *entry);
struct str cache_entry_value(const struct cache_entry *entry);
/* Does a clearing of this type (CACHE_TYPES: any) and dataset (NULL: any) mean this entry? */
bool cache_entry_matches(const struct cache_entry *entry, enum cache_type type,
                         const char *dataset_id);
/* What it costs in memory, its place in the table included. */
size_t cache_entry_size(const struct cache_entry *entry);

void memory_init(struct memory *memory, size_t bytes_max);
void memory_free(struct memory *memory);
/* Borrowed, now the newest, and a hit; NULL. An entry that has expired is removed. */
struct cache_entry *memory_find(struct memory *memory, enum cache_type type,
                                const struct cache_key *key, uint64_t now_ms);
/* Takes a reference of its own, in place of an entry with the same key. One that is too large is
 * not kept, and the one in its place goes all the same. */
void memory_put(struct memory *memory, struct cache_entry *entry);
/* Removes what matches (and has expired at now_ms; UINT64_MAX: or not); returns how many. */
int64_t memory_remove(struct memory *memory, enum cache_type type, const char *dataset_id,
                      uint64_t now_ms);

#endif
