/* SPDX-License-Identifier: Apache-2.0 */
#include "cache/memory.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/hash.h"

#define BUCKETS_MIN 64
#define BUCKETS_MAX ((size_t)1 << 18)
#define BYTES_PER_BUCKET 1024
#define ALLOCATION_SIZE 16 /* what the allocator adds, roughly */

/* ------------------------------------------------------------------ entries */

struct packed_head {
    int64_t made_ms;
    uint16_t dataset_length;
} __attribute__((packed));

static struct packed_head head_of(const struct cache_entry *entry)
{
    struct packed_head head;
    memcpy(&head, entry->bytes, sizeof(head));
    return head;
}

static struct cache_entry *entry_alloc(enum cache_type type, const struct cache_key *key,
                                       size_t length)
{
    struct cache_entry *entry = xcalloc(1, sizeof(*entry) + length);
    entry->references = 1;
    entry->type = type;
    entry->key = *key;
    entry->length = length;
    return entry;
}

struct cache_entry *cache_entry_new(enum cache_type type, const struct cache_key *key,
                                    int64_t made_ms, const char *dataset_id, struct str value)
{
    struct str dataset = {dataset_id, dataset_id ? strlen(dataset_id) + 1 : 0};
    assert(dataset.length <= STORE_NAME_SIZE_MAX + 1);
    struct packed_head head = {made_ms, (uint16_t)dataset.length};
    struct cache_entry *entry =
        entry_alloc(type, key, sizeof(head) + dataset.length + value.length);
    char *place = entry->bytes;
    memcpy(place, &head, sizeof(head));
    place += sizeof(head);
    if (dataset.length > 0)
        memcpy(place, dataset.bytes, dataset.length);
    if (value.length > 0)
        memcpy(place + dataset.length, value.bytes, value.length);
    return entry;
}

struct cache_entry *cache_entry_unpack(enum cache_type type, const struct cache_key *key,
                                       struct str packed)
{
    struct packed_head head;
    if (packed.length < sizeof(head))
        return NULL;
    memcpy(&head, packed.bytes, sizeof(head));
    if (packed.length - sizeof(head) < head.dataset_length ||
        (head.dataset_length > 0 && packed.bytes[sizeof(head) + head.dataset_length - 1] != '\0'))
        return NULL;
    struct cache_entry *entry = entry_alloc(type, key, packed.length);
    memcpy(entry->bytes, packed.bytes, packed.length);
    return entry;
}

struct cache_entry *cache_entry_ref(struct cache_entry *entry)
{
    __atomic_add_fetch(&entry->references, 1, __ATOMIC_RELAXED);
    return entry;
}

void cache_entry_unref(struct cache_entry *entry)
{
    if (entry && __atomic_sub_fetch(&entry->references, 1, __ATOMIC_ACQ_REL) == 0)
        free(entry);
}

int64_t cache_entry_made_ms(const struct cache_entry *entry)
{
    return head_of(entry).made_ms;
}

const char *cache_entry_dataset(const struct cache_entry *entry)
{
    return head_of(entry).dataset_length > 0 ? entry->bytes + sizeof(struct packed_head) : NULL;
}

struct str cache_entry_value(const struct cache_entry *entry)
{
    size_t offset = sizeof(struct packed_head) + head_of(entry).dataset_length;
    return (struct str){entry->bytes + offset, entry->length - offset};
}

bool cache_entry_matches(const struct cache_entry *entry, enum cache_type type,
                         const char *dataset_id)
{
    if (type != CACHE_TYPES && entry->type != type)
        return false;
    const char *own = cache_entry_dataset(entry);
    return !dataset_id || (own && strcmp(own, dataset_id) == 0);
}

size_t cache_entry_size(const struct cache_entry *entry)
{
    return sizeof(*entry) + entry->length + ALLOCATION_SIZE;
}

/* ------------------------------------------------------------------ table and list */

void memory_init(struct memory *memory, size_t bytes_max)
{
    *memory = (struct memory){.bytes_max = bytes_max, .seed = hash_seed()};
    size_t wanted = bytes_max / BYTES_PER_BUCKET;
    memory->bucket_count = BUCKETS_MIN;
    while (memory->bucket_count < wanted && memory->bucket_count < BUCKETS_MAX)
        memory->bucket_count *= 2;
    memory->buckets = xcalloc(memory->bucket_count, sizeof(struct cache_entry *));
}

/* Seeded: whoever chooses questions can find keys whose first bits are the same. */
static struct cache_entry **bucket_of(struct memory *memory, const struct cache_key *key)
{
    uint64_t hash = hash64(key->bytes, sizeof(key->bytes), memory->seed);
    return &memory->buckets[hash & (memory->bucket_count - 1)];
}

static void list_add(struct memory *memory, struct cache_entry *entry)
{
    entry->newer = NULL;
    entry->older = memory->newest;
    if (memory->newest)
        memory->newest->newer = entry;
    else
        memory->oldest = entry;
    memory->newest = entry;
}

static void list_remove(struct memory *memory, struct cache_entry *entry)
{
    if (entry->newer)
        entry->newer->older = entry->older;
    else
        memory->newest = entry->older;
    if (entry->older)
        entry->older->newer = entry->newer;
    else
        memory->oldest = entry->newer;
}

static void account(struct memory *memory, const struct cache_entry *entry, int sign)
{
    int64_t size = (int64_t)cache_entry_size(entry) * sign;
    memory->bytes = (size_t)((int64_t)memory->bytes + size);
    memory->types[entry->type].bytes += size;
    memory->types[entry->type].entries += sign;
    memory->types[entry->type].hits += entry->hits * sign;
}

static void drop(struct memory *memory, struct cache_entry *entry)
{
    struct cache_entry **link = bucket_of(memory, &entry->key);
    while (*link != entry)
        link = &(*link)->chain;
    *link = entry->chain;
    list_remove(memory, entry);
    account(memory, entry, -1);
    cache_entry_unref(entry);
}

void memory_free(struct memory *memory)
{
    while (memory->oldest)
        drop(memory, memory->oldest);
    free(memory->buckets);
}

static struct cache_entry *find(struct memory *memory, enum cache_type type,
                                const struct cache_key *key)
{
    struct cache_entry *entry = *bucket_of(memory, key);
    while (entry &&
           (entry->type != type || memcmp(entry->key.bytes, key->bytes, sizeof(key->bytes)) != 0))
        entry = entry->chain;
    return entry;
}

struct cache_entry *memory_find(struct memory *memory, enum cache_type type,
                                const struct cache_key *key, uint64_t now_ms)
{
    struct cache_entry *entry = find(memory, type, key);
    if (!entry)
        return NULL;
    if (entry->expires_ms <= now_ms) {
        drop(memory, entry);
        return NULL;
    }
    list_remove(memory, entry);
    list_add(memory, entry);
    entry->hits++;
    memory->types[type].hits++;
    return entry;
}

void memory_put(struct memory *memory, struct cache_entry *entry)
{
    struct cache_entry *old = find(memory, entry->type, &entry->key);
    if (old) {
        entry->hits += old->hits;
        drop(memory, old);
    }
    size_t size = cache_entry_size(entry);
    if (size > memory->bytes_max / MEMORY_PART_MAX)
        return;
    while (memory->oldest && memory->bytes + size > memory->bytes_max)
        drop(memory, memory->oldest);
    struct cache_entry **bucket = bucket_of(memory, &entry->key);
    entry->chain = *bucket;
    *bucket = entry;
    list_add(memory, cache_entry_ref(entry));
    account(memory, entry, 1);
}

int64_t memory_remove(struct memory *memory, enum cache_type type, const char *dataset_id,
                      uint64_t now_ms)
{
    int64_t count = 0;
    for (struct cache_entry *entry = memory->oldest, *newer; entry; entry = newer) {
        newer = entry->newer;
        if (entry->expires_ms > now_ms || !cache_entry_matches(entry, type, dataset_id))
            continue;
        drop(memory, entry);
        count++;
    }
    return count;
}
