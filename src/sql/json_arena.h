/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON read into an arena. jansson takes each value's memory from malloc and gives it back one by
 * one, which costs more than the reading; here it is the arena's, and goes with it.
 */
#ifndef QUERENT_SQL_JSON_ARENA_H
#define QUERENT_SQL_JSON_ARENA_H

#include <jansson.h>

#include "core/arena.h"
#include "core/str.h"

/* json_loadb() with these flags. The value must neither be changed nor released. NULL: *why says
 * what is wrong with the text. */
json_t *json_read_in_arena(struct str text, size_t flags, struct arena *arena, json_error_t *why);

#endif
