/* SPDX-License-Identifier: Apache-2.0 */
#include "retrieval/postings.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"

#define SLOTS_MIN 1024 /* a power of two */
#define RECORDS_MIN 1024

/* Open addressing with linear probing; at most half of the slots are in use. */
struct slot {
    uint64_t key;
    uint32_t index_plus_one; /* of the key, in order of first appearance; 0: empty */
    uint32_t last_record;    /* the newest record of this key */
};

struct table {
    struct slot *slots;
    size_t slot_count;
    size_t key_count;
};

/* One key of one document, in the order they were added: documents ascend. */
struct record {
    uint32_t key_index;
    struct posting posting;
};

struct postings_builder {
    struct table table;
    struct record *records;
    size_t record_count;
    size_t record_capacity;
};

struct postings {
    struct table table;
    size_t *starts; /* key_count + 1 */
    struct posting *items;
};

static struct slot *find_slot(const struct table *table, uint64_t key)
{
    size_t mask = table->slot_count - 1;
    for (size_t i = key & mask;; i = (i + 1) & mask) {
        struct slot *slot = &table->slots[i];
        if (slot->index_plus_one == 0 || slot->key == key)
            return slot;
    }
}

static void grow_table(struct table *table)
{
    struct table bigger = {xcalloc(table->slot_count * 2, sizeof(struct slot)),
                           table->slot_count * 2, table->key_count};
    for (size_t i = 0; i < table->slot_count; i++)
        if (table->slots[i].index_plus_one != 0)
            *find_slot(&bigger, table->slots[i].key) = table->slots[i];
    free(table->slots);
    *table = bigger;
}

struct postings_builder *postings_builder_new(void)
{
    struct postings_builder *builder = xcalloc(1, sizeof(*builder));
    builder->table.slots = xcalloc(SLOTS_MIN, sizeof(struct slot));
    builder->table.slot_count = SLOTS_MIN;
    return builder;
}

void postings_builder_free(struct postings_builder *builder)
{
    if (!builder)
        return;
    free(builder->table.slots);
    free(builder->records);
    free(builder);
}

/* The record of that key in that document, and whether it is new. */
static struct record *record_for(struct postings_builder *builder, uint32_t document, uint64_t key,
                                 bool *is_new)
{
    struct slot *slot = find_slot(&builder->table, key);
    *is_new = true;
    if (slot->index_plus_one == 0) {
        if (builder->table.key_count * 2 >= builder->table.slot_count) {
            grow_table(&builder->table);
            slot = find_slot(&builder->table, key);
        }
        slot->key = key;
        slot->index_plus_one = (uint32_t)++builder->table.key_count;
    } else if (builder->records[slot->last_record].posting.document == document) {
        *is_new = false;
        return &builder->records[slot->last_record];
    }
    if (builder->record_count == builder->record_capacity) {
        size_t wanted = builder->record_capacity > 0 ? builder->record_capacity * 2 : RECORDS_MIN;
        builder->records = xrealloc(builder->records, wanted * sizeof(*builder->records));
        builder->record_capacity = wanted;
    }
    assert(builder->record_count < UINT32_MAX);
    slot->last_record = (uint32_t)builder->record_count++;
    struct record *record = &builder->records[slot->last_record];
    *record = (struct record){slot->index_plus_one - 1, {.document = document}};
    return record;
}

void postings_add_weight(struct postings_builder *builder, uint32_t document, uint64_t key,
                         float weight)
{
    bool is_new;
    struct record *record = record_for(builder, document, key, &is_new);
    record->posting.weight = is_new ? weight : record->posting.weight + weight;
}

void postings_add_place(struct postings_builder *builder, uint32_t document, uint64_t key,
                        uint32_t place)
{
    bool is_new;
    struct record *record = record_for(builder, document, key, &is_new);
    if (is_new)
        record->posting.place = place;
}

struct postings *postings_finish_take(struct postings_builder *builder)
{
    struct postings *postings = xcalloc(1, sizeof(*postings));
    postings->table = builder->table;
    builder->table = (struct table){0};
    size_t key_count = postings->table.key_count;
    /* A counting sort by key keeps the documents of each key ascending. First starts[k + 1] counts
     * key k, then it is where the next posting of k goes, and so ends as the start of k + 1. */
    size_t *starts = xcalloc(key_count + 2, sizeof(*starts));
    for (size_t i = 0; i < builder->record_count; i++)
        starts[builder->records[i].key_index + 2]++;
    for (size_t key = 2; key < key_count + 2; key++)
        starts[key] += starts[key - 1];
    postings->items = xcalloc(builder->record_count + 1, sizeof(*postings->items));
    for (size_t i = 0; i < builder->record_count; i++)
        postings->items[starts[builder->records[i].key_index + 1]++] = builder->records[i].posting;
    postings->starts = starts;
    postings_builder_free(builder);
    return postings;
}

void postings_free(struct postings *postings)
{
    if (!postings)
        return;
    free(postings->table.slots);
    free(postings->starts);
    free(postings->items);
    free(postings);
}

struct posting_list postings_find(const struct postings *postings, uint64_t key)
{
    const struct slot *slot = find_slot(&postings->table, key);
    if (slot->index_plus_one == 0)
        return (struct posting_list){NULL, 0};
    size_t index = slot->index_plus_one - 1;
    return (struct posting_list){postings->items + postings->starts[index],
                                 postings->starts[index + 1] - postings->starts[index]};
}

const struct posting *posting_list_find(struct posting_list list, uint32_t document)
{
    size_t low = 0, high = list.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (list.items[middle].document == document)
            return &list.items[middle];
        if (list.items[middle].document < document)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

size_t postings_key_count(const struct postings *postings)
{
    return postings->table.key_count;
}

struct posting *postings_list_at(struct postings *postings, size_t key_index, size_t *count)
{
    assert(key_index < postings->table.key_count);
    *count = postings->starts[key_index + 1] - postings->starts[key_index];
    return postings->items + postings->starts[key_index];
}

size_t postings_size(const struct postings *postings)
{
    size_t key_count = postings->table.key_count;
    return postings->table.slot_count * sizeof(struct slot) +
           (key_count + 2) * sizeof(*postings->starts) +
           postings->starts[key_count] * sizeof(*postings->items);
}

double postings_rarity(size_t documents, size_t holders)
{
    double n = (double)documents, k = (double)holders;
    return log(1 + (n - k + 0.5) / (k + 0.5));
}
