/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connections, prepared statements and what SQLite's result codes mean to a person.
 *
 * A database file may have been made by anybody: the schema is not trusted (no functions with side
 * effects from it), views and triggers are off because we have none, and SQLite's limits are set
 * to what our statements need.
 */
#include "store/sqlite.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"

static const char *const statement_texts[STATEMENTS] = {
#define STATEMENT(symbol, sql) [STATEMENT_##symbol] = sql,
#include "store/sqlite_statements.h"
#undef STATEMENT
};

static const struct {
    int limit, value;
} limits[] = {
    {SQLITE_LIMIT_LENGTH, STORE_CACHE_VALUE_SIZE_MAX + (1 << 20)},
    {SQLITE_LIMIT_SQL_LENGTH, 64 * 1024},
    {SQLITE_LIMIT_COLUMN, 64},
    {SQLITE_LIMIT_EXPR_DEPTH, 64},
    {SQLITE_LIMIT_COMPOUND_SELECT, 8},
    {SQLITE_LIMIT_VDBE_OP, 10000},
    {SQLITE_LIMIT_FUNCTION_ARG, 8},
    {SQLITE_LIMIT_ATTACHED, 0},
    {SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 64},
    {SQLITE_LIMIT_VARIABLE_NUMBER, 16},
    {SQLITE_LIMIT_TRIGGER_DEPTH, 4},
    {SQLITE_LIMIT_WORKER_THREADS, 0},
};

static const struct {
    int option, on;
} options[] = {
    {SQLITE_DBCONFIG_DEFENSIVE, 1},
    {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
    {SQLITE_DBCONFIG_ENABLE_FKEY, 1},
    {SQLITE_DBCONFIG_ENABLE_TRIGGER, 0},
    {SQLITE_DBCONFIG_ENABLE_VIEW, 0},
    {SQLITE_DBCONFIG_DQS_DML, 0},
    {SQLITE_DBCONFIG_DQS_DDL, 0},
    {SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0},
    {SQLITE_DBCONFIG_ENABLE_FTS3_TOKENIZER, 0},
};

/* FULL: a commit has reached the disk when it returns. The writer folds the log itself. */
static const char *const set_up[] = {
    [SQLITE_READS] = "PRAGMA query_only = ON; PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0;"
                     "PRAGMA cache_size = -2000; PRAGMA temp_store = MEMORY",
    [SQLITE_WRITES] = "PRAGMA synchronous = FULL; PRAGMA cell_size_check = ON;"
                      "PRAGMA mmap_size = 0; PRAGMA cache_size = -16000;"
                      "PRAGMA temp_store = MEMORY; PRAGMA wal_autocheckpoint = 0;"
                      "PRAGMA journal_size_limit = 67108864",
};

static bool disk_is_full(int error_number)
{
    return error_number == ENOSPC || error_number == EDQUOT || error_number == EFBIG;
}

/* The system's reason for an I/O error: SQLite keeps it per file, and it is mostly the WAL. */
static int system_reason(sqlite3 *db)
{
    int reason = sqlite3_system_errno(db);
    if (reason == 0)
        sqlite3_file_control(db, "main", SQLITE_FCNTL_LAST_ERRNO, &reason);
    sqlite3_file *wal = NULL;
    if (reason == 0)
        sqlite3_file_control(db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &wal);
    if (wal && wal->pMethods)
        wal->pMethods->xFileControl(wal, SQLITE_FCNTL_LAST_ERRNO, &reason);
    return reason;
}

static bool fail_input_output(struct sqlite_connection *connection, struct error *err)
{
    const char *path = connection->store->path;
    int error_number = system_reason(connection->db);
    if (disk_is_full(error_number))
        return error_set(err, ERROR_STORE,
                         "store '%s': the disk or its quota is full; free some space, then try "
                         "again",
                         path);
    return error_set(err, ERROR_STORE,
                     "store '%s': reading or writing the file failed (%s: %s); check the disk",
                     path, sqlite3_errmsg(connection->db),
                     error_number ? strerror(error_number) : "no further reason");
}

bool sqlite_fail(struct sqlite_connection *connection, int result, struct error *err)
{
    static const struct {
        int result;
        enum error_code code;
        const char *text;
    } sentences[] = {
        {SQLITE_FULL, ERROR_STORE,
         "the disk or its quota is full; free some space, then try again"},
        {SQLITE_BUSY, ERROR_STORE, "another process has kept it locked for too long; try again"},
        {SQLITE_LOCKED, ERROR_STORE, "a table is locked; try again"},
        {SQLITE_NOTADB, ERROR_CONFIG,
         "the file is not a Querent store (not a database at all); move it away or set "
         "DATABASE_URL to another file"},
        {SQLITE_CORRUPT, ERROR_STORE,
         "the database is damaged; restore it from a backup, or move the file away to start "
         "with an empty one"},
        {SQLITE_READONLY, ERROR_CONFIG,
         "it can't be written; give this user write access to the file and its folder, or set "
         "DATABASE_URL to another file"},
        {SQLITE_CANTOPEN, ERROR_CONFIG,
         "the file, or those that belong beside it, can't be opened; give this user write access "
         "to the file and its folder, or set DATABASE_URL to another file"},
        {SQLITE_TOOBIG, ERROR_TOO_LARGE, "a value is too large"},
        {SQLITE_NOMEM, ERROR_STORE, "out of memory"},
    };
    if ((result & 0xff) == SQLITE_IOERR)
        return fail_input_output(connection, err);
    for (size_t i = 0; i < sizeof(sentences) / sizeof(sentences[0]); i++)
        if ((result & 0xff) == sentences[i].result)
            return error_set(err, sentences[i].code, "store '%s': %s", connection->store->path,
                             sentences[i].text);
    return error_set(err, ERROR_STORE, "store '%s': %s", connection->store->path,
                     connection->db ? sqlite3_errmsg(connection->db) : sqlite3_errstr(result));
}

bool sqlite_script(struct sqlite_connection *connection, const char *sql, struct error *err)
{
    int result = sqlite3_exec(connection->db, sql, NULL, NULL, NULL);
    return result == SQLITE_OK || sqlite_fail(connection, result, err);
}

/* SQLite counts the bytes of all connections under one mutex unless told not to, which nobody
 * looks at. Too late to tell, when somebody else in the process uses it already, does no harm. */
static void configure(void)
{
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

struct sqlite_connection *sqlite_connection_new(struct sqlite_store *store, enum sqlite_mode mode,
                                                struct error *err)
{
    static pthread_once_t configured = PTHREAD_ONCE_INIT;
    pthread_once(&configured, configure);
    struct sqlite_connection *connection = xcalloc(1, sizeof(*connection));
    connection->store = store;
    /* Each connection is used by one thread at a time: SQLite's own mutexes would be in vain. The
     * path never starts with "file:" or ":" (sqlite.c), so it is taken as it is. */
    int result = sqlite3_open_v2(store->path, &connection->db,
                                 SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    if (result != SQLITE_OK) {
        sqlite_fail(connection, result, err);
        goto fail;
    }
    sqlite3_extended_result_codes(connection->db, 1);
    sqlite3_busy_timeout(connection->db, SQLITE_BUSY_MS);
    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
        sqlite3_limit(connection->db, limits[i].limit, limits[i].value);
    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
        sqlite3_db_config(connection->db, options[i].option, options[i].on, NULL);
    if (!sqlite_script(connection, set_up[mode], err))
        goto fail;
    return connection;
fail:
    sqlite_connection_free(connection);
    return NULL;
}

void sqlite_connection_free(struct sqlite_connection *connection)
{
    if (!connection)
        return;
    for (size_t i = 0; i < STATEMENTS; i++)
        sqlite3_finalize(connection->statements[i]);
    sqlite3_close(connection->db);
    free(connection);
}

void sqlite_connection_reset(struct sqlite_connection *connection)
{
    for (size_t i = 0; i < STATEMENTS; i++)
        if (connection->statements[i] && sqlite3_stmt_busy(connection->statements[i]))
            sqlite3_reset(connection->statements[i]);
}

static int bind_one(sqlite3_stmt *statement, int index, char type, va_list *values)
{
    if (type == 'i')
        return sqlite3_bind_int64(statement, index, va_arg(*values, int64_t));
    if (type == 't')
        return sqlite3_bind_text(statement, index, va_arg(*values, const char *), -1,
                                 SQLITE_STATIC);
    const struct str *blob = va_arg(*values, const struct str *);
    /* A NULL pointer would bind null, not the empty blob. */
    return sqlite3_bind_blob64(statement, index, blob->length > 0 ? blob->bytes : "", blob->length,
                               SQLITE_STATIC);
}

static sqlite3_stmt *start(struct sqlite_connection *connection, enum sqlite_statement which,
                           struct error *err, const char *types, va_list *values)
{
    sqlite3_stmt **statement = &connection->statements[which];
    int result = SQLITE_OK;
    if (*statement)
        sqlite3_reset(*statement);
    else
        result = sqlite3_prepare_v3(connection->db, statement_texts[which], -1,
                                    SQLITE_PREPARE_PERSISTENT, statement, NULL);
    for (int i = 0; result == SQLITE_OK && types[i]; i++)
        result = bind_one(*statement, i + 1, types[i], values);
    if (result == SQLITE_OK)
        return *statement;
    sqlite_fail(connection, result, err);
    return NULL;
}

sqlite3_stmt *sqlite_start(struct sqlite_connection *connection, enum sqlite_statement which,
                           struct error *err, const char *types, ...)
{
    va_list values;
    va_start(values, types);
    sqlite3_stmt *statement = start(connection, which, err, types, &values);
    va_end(values);
    return statement;
}

bool sqlite_step(struct sqlite_connection *connection, sqlite3_stmt *statement, bool *row,
                 struct error *err)
{
    int result = sqlite3_step(statement);
    *row = result == SQLITE_ROW;
    if (result == SQLITE_ROW)
        return true;
    /* The sentence first: a reset would forget the reason. */
    bool done = result == SQLITE_DONE || sqlite_fail(connection, result, err);
    sqlite3_reset(statement);
    return done;
}

bool sqlite_execute(struct sqlite_connection *connection, enum sqlite_statement which,
                    int64_t *changes, struct error *err, const char *types, ...)
{
    va_list values;
    va_start(values, types);
    sqlite3_stmt *statement = start(connection, which, err, types, &values);
    va_end(values);
    bool row;
    if (!statement || !sqlite_step(connection, statement, &row, err))
        return false;
    if (row)
        sqlite3_reset(statement);
    if (changes)
        *changes = sqlite3_changes64(connection->db);
    return true;
}

bool sqlite_exists(struct sqlite_connection *connection, enum sqlite_statement which,
                   const char *text, bool *exists, struct error *err)
{
    sqlite3_stmt *statement = sqlite_start(connection, which, err, "t", text);
    if (!statement || !sqlite_step(connection, statement, exists, err))
        return false;
    sqlite3_reset(statement);
    return true;
}

char *sqlite_column(sqlite3_stmt *statement, int column, struct arena *arena)
{
    const unsigned char *text = sqlite3_column_text(statement, column);
    if (!text)
        return NULL;
    return arena_strndup(arena, (const char *)text,
                         (size_t)sqlite3_column_bytes(statement, column));
}
