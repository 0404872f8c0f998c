/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The profile of a loaded file as bytes: what the loader's worker sends, and what is kept beside
 * the database. Kept profiles of another layout are not read but made again.
 */
#ifndef QUERENT_ENGINE_PROFILE_H
#define QUERENT_ENGINE_PROFILE_H

#include "core/arena.h"
#include "core/strbuf.h"
#include "engine/load.h"

#define PROFILE_LAYOUT 2             /* raise it when anything below or the loader's rules change */
#define PROFILE_SIZE_MAX (48u << 20) /* bytes */

/* Appends columns, counts and notes; not the database's path and hash. */
void profile_add(struct strbuf *out, const struct load_result *result);

/* Reads them into the arena (text is borrowed from `bytes`); false when anything is odd. */
bool profile_read(struct str bytes, struct arena *arena, struct load_result *out);

#endif
