/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Migrations: all that are missing are applied in one transaction, so a database has either the
 * old schema or the new one. The file is ours when its application id says so; a database of
 * another program, or of a newer version of this one, is refused untouched.
 */
#include "store/sqlite.h"

#include <stdio.h>

#define TEXT(number) #number
#define APPLICATION_ID_TEXT(number) TEXT(number)

static bool pragma_number(struct sqlite_connection *connection, const char *sql, int64_t *number,
                          struct error *err)
{
    sqlite3_stmt *statement = NULL;
    int result = sqlite3_prepare_v2(connection->db, sql, -1, &statement, NULL);
    if (result == SQLITE_OK)
        result = sqlite3_step(statement);
    if (result == SQLITE_ROW)
        *number = sqlite3_column_int64(statement, 0);
    bool done = result == SQLITE_ROW || sqlite_fail(connection, result, err);
    sqlite3_finalize(statement);
    return done;
}

static bool apply(struct sqlite_connection *connection, const struct store_migration *migration,
                  struct error *err)
{
    char now[TIMESTAMP_SIZE], record[256];
    clock_print_utc(clock_now_ms(), now);
    snprintf(record, sizeof(record),
             "INSERT INTO schema_migrations (version, name, applied_at) VALUES (%d, '%s', '%s')",
             migration->version, migration->name, now);
    if (sqlite_script(connection, migration->sql, err) && sqlite_script(connection, record, err))
        return true;
    return error_wrap(err, "migration %04d_%s", migration->version, migration->name);
}

static bool apply_missing(struct sqlite_connection *connection,
                          const struct store_migration *migrations, size_t count, int *version,
                          struct error *err)
{
    int64_t known;
    if (!sqlite_script(connection,
                       "CREATE TABLE IF NOT EXISTS schema_migrations (version INTEGER PRIMARY KEY,"
                       " name TEXT NOT NULL, applied_at TEXT NOT NULL) STRICT;"
                       "PRAGMA application_id = " APPLICATION_ID_TEXT(STORE_APPLICATION_ID),
                       err) ||
        !pragma_number(connection, "SELECT coalesce(max(version), 0) FROM schema_migrations",
                       &known, err))
        return false;
    if (known > (int64_t)count)
        return error_set(err, ERROR_CONFIG,
                         "store '%s' has schema version %lld, and this program knows versions up "
                         "to %zu; use the newer program that wrote it, or another store",
                         connection->store->path, (long long)known, count);
    for (size_t i = known > 0 ? (size_t)known : 0; i < count; i++)
        if (!apply(connection, &migrations[i], err))
            return false;
    *version = (int)count;
    return true;
}

static bool is_ours(struct sqlite_connection *connection, struct error *err)
{
    int64_t id, tables;
    if (!pragma_number(connection, "PRAGMA application_id", &id, err) ||
        !pragma_number(connection, "SELECT count(*) FROM sqlite_schema", &tables, err))
        return false;
    if (id == STORE_APPLICATION_ID || (id == 0 && tables == 0))
        return true;
    return error_set(err, ERROR_CONFIG,
                     "store '%s' is a database of another program, not a Querent store; set "
                     "DATABASE_URL to another file",
                     connection->store->path);
}

bool sqlite_migrate(struct sqlite_connection *connection, const struct store_migration *migrations,
                    size_t count, int *version, struct error *err)
{
    if (!sqlite_script(connection, "BEGIN IMMEDIATE", err))
        return false;
    if (is_ours(connection, err) && apply_missing(connection, migrations, count, version, err) &&
        sqlite_script(connection, "COMMIT", err))
        return true;
    (void)sqlite_script(connection, "ROLLBACK", NULL);
    return false;
}
