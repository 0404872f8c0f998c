/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/load_sqlite.h"

#include <sqlite3.h>

#include "engine/load.h"

bool sqlite_open_file(const char *path, sqlite3 **database, struct error *err)
{
    if (sqlite3_open_v2(path, database, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK) {
        error_set(err, ERROR_DATA, "SQLite can't open it: %s", sqlite3_errmsg(*database));
        sqlite3_close(*database);
        return false;
    }
    sqlite3_db_config(*database, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(*database, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    return true;
}

bool sqlite_table_names(sqlite3 *database, struct arena *arena, const char *const **names,
                        size_t *count, struct error *err)
{
    static const char sql[] = "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') "
                              "AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name";
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v2(database, sql, -1, &statement, NULL) != SQLITE_OK)
        return error_set(err, ERROR_DATA, "SQLite can't read it: %s", sqlite3_errmsg(database));
    const char **items = NULL;
    size_t capacity = 0;
    int status = SQLITE_DONE;
    *count = 0;
    while (*count < SQLITE_TABLES_MAX && (status = sqlite3_step(statement)) == SQLITE_ROW) {
        struct str name = str_from((const char *)sqlite3_column_text(statement, 0));
        if (name.length == 0 || !str_is_utf8(name))
            continue;
        items = arena_grow(arena, items, *count, &capacity, sizeof(*items));
        items[(*count)++] = arena_strndup(arena, name.bytes, name.length);
    }
    bool ok = status == SQLITE_DONE || status == SQLITE_ROW ||
              error_set(err, ERROR_DATA, "SQLite can't read it: %s", sqlite3_errmsg(database));
    sqlite3_finalize(statement);
    *names = items;
    return ok;
}

struct names_job {
    const char *path;
    struct arena *arena;
    const char *const **names;
    size_t *count;
    bool ok;
    struct error err;
};

static void list_names(void *arg)
{
    struct names_job *job = arg;
    sqlite3 *database;
    job->ok = sqlite_open_file(job->path, &database, &job->err);
    if (!job->ok)
        return;
    job->ok = sqlite_table_names(database, job->arena, job->names, job->count, &job->err);
    sqlite3_close(database);
}

bool load_sqlite_tables(const char *path, struct arena *arena, const char *const **names,
                        size_t *count, struct error *err)
{
    struct names_job job = {path, arena, names, count};
    if (!task_offload(list_names, &job, err))
        return false;
    if (!job.ok && err) {
        *err = job.err;
        error_wrap(err, "file '%s'", path);
    }
    return job.ok;
}
