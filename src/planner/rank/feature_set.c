/* SPDX-License-Identifier: Apache-2.0 */
#include "planner/rank/feature_set.h"

#include <stdlib.h>
#include <string.h>

#include "core/hash.h"
#include "core/strbuf.h"

struct feature_set feature_set_init(struct arena *arena, bool named)
{
    return (struct feature_set){.arena = arena, .named = named};
}

static const char *feature_name(struct arena *arena, const char *kind, const struct symbol *words,
                                size_t count)
{
    struct strbuf name = strbuf_init(4096);
    strbuf_add(&name, kind);
    for (size_t i = 0; i < count; i++) {
        strbuf_add_char(&name, '\t');
        strbuf_add(&name, words[i].text);
    }
    const char *copy = arena_strdup(arena, strbuf_text(&name));
    strbuf_clear(&name);
    return copy;
}

void feature_add(struct feature_set *set, const char *kind, const struct symbol *words,
                 size_t count)
{
    uint64_t hash = hash64(kind, strlen(kind), 0);
    for (size_t i = 0; i < count; i++)
        hash = hash64_combine(hash, words[i].hash);
    set->items =
        arena_grow(set->arena, set->items, set->count, &set->capacity, sizeof(*set->items));
    set->items[set->count++] = (struct feature){
        hash, set->named ? feature_name(set->arena, kind, words, count) : NULL};
}

static int compare_features(const void *a, const void *b)
{
    const struct feature *x = a, *y = b;
    return x->hash < y->hash ? -1 : x->hash > y->hash;
}

void feature_set_finish(struct feature_set *set)
{
    if (set->count == 0)
        return;
    qsort(set->items, set->count, sizeof(*set->items), compare_features);
    size_t kept = 1;
    for (size_t i = 1; i < set->count; i++)
        if (set->items[i].hash != set->items[kept - 1].hash)
            set->items[kept++] = set->items[i];
    set->count = kept;
}

struct symbol symbol_number(long number)
{
    static const char *const names[] = {
        "-9", "-8", "-7", "-6", "-5", "-4", "-3", "-2", "-1", "0",  "1",  "2",  "3",
        "4",  "5",  "6",  "7",  "8",  "9",  "10", "11", "12", "13", "14", "15", "16",
        "17", "18", "19", "20", "21", "22", "23", "24", "25", "26", "27", "28", "29",
        "30", "31", "32", "33", "34", "35", "36", "37", "38", "39", "40"};
    if (number < -9)
        number = -9;
    if (number > 40)
        number = 40;
    return symbol_from(names[number + 9]);
}
