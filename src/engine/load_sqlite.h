/* SPDX-License-Identifier: Apache-2.0 */
/* SQLite files as data: opening one that is not trusted, and its tables. */
#ifndef QUERENT_ENGINE_LOAD_SQLITE_H
#define QUERENT_ENGINE_LOAD_SQLITE_H

#include "core/arena.h"
#include "core/error.h"

struct sqlite3;

#define SQLITE_TABLES_MAX 1000

/* Read-only, nothing in its schema is trusted. The caller closes it with sqlite3_close(). */
bool sqlite_open_file(const char *path, struct sqlite3 **database, struct error *err);

/* Tables and views but the system's own, in the order of their names. */
bool sqlite_table_names(struct sqlite3 *database, struct arena *arena, const char *const **names,
                        size_t *count, struct error *err);

#endif
