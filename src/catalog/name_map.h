/* SPDX-License-Identifier: Apache-2.0 */
/* A map from names to pointers, in an arena. Keys are borrowed, compared exactly, never removed. */
#ifndef QUERENT_CATALOG_NAME_MAP_H
#define QUERENT_CATALOG_NAME_MAP_H

#include <stdbool.h>
#include <stddef.h>

#include "core/arena.h"

struct name_map_slot {
    const char *name;
    void *value;
};

/* Start with {.arena = arena}. */
struct name_map {
    struct arena *arena;
    struct name_map_slot *slots;
    size_t count, capacity;
};

/* The value of that name, or NULL. */
void *name_map_get(const struct name_map *map, const char *name);
/* Adds a name with a value that is not NULL; false when the name is there already. */
bool name_map_add(struct name_map *map, const char *name, void *value);

#endif
