/* SPDX-License-Identifier: Apache-2.0 */
#include "catalog/name_map.h"

#include <string.h>

#include "core/hash.h"

static struct name_map_slot *find_slot(const struct name_map *map, const char *name)
{
    size_t i = hash64_str(str_from(name), hash_seed()) & (map->capacity - 1);
    while (map->slots[i].name && strcmp(map->slots[i].name, name) != 0)
        i = (i + 1) & (map->capacity - 1);
    return &map->slots[i];
}

void *name_map_get(const struct name_map *map, const char *name)
{
    return map->capacity > 0 ? find_slot(map, name)->value : NULL;
}

static void grow(struct name_map *map)
{
    struct name_map old = *map;
    map->capacity = old.capacity > 0 ? old.capacity * 2 : 16;
    map->slots = arena_array(map->arena, map->capacity, sizeof(*map->slots));
    for (size_t i = 0; i < old.capacity; i++)
        if (old.slots[i].name)
            *find_slot(map, old.slots[i].name) = old.slots[i];
}

bool name_map_add(struct name_map *map, const char *name, void *value)
{
    if (map->count * 2 >= map->capacity)
        grow(map);
    struct name_map_slot *slot = find_slot(map, name);
    if (slot->name)
        return false;
    *slot = (struct name_map_slot){name, value};
    map->count++;
    return true;
}
