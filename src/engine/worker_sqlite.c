/* SPDX-License-Identifier: Apache-2.0 */
/*
 * In the loader's worker: a table of a SQLite file becomes raw.main.data. SQLite's columns may
 * hold anything, whatever they were declared as: the type comes from the values.
 */
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "core/json.h"
#include "engine/load_sqlite.h"
#include "engine/worker_load.h"

/* Instructions of SQLite's machine that reading may take: a second's worth, and so many for each
 * byte of the file. A scan takes about one a byte; a view may be a loop without an end. */
#define WORK_STEP 1000000
#define WORK_MIN 20
#define WORK_BYTES_EACH 20000 /* of the file, for one step more */

enum { SEEN_INTEGER = 1, SEEN_REAL = 2, SEEN_TEXT = 4, SEEN_BLOB = 8 };

struct copy {
    struct loading *loading;
    const struct duckdb_api *api;
    sqlite3_stmt *statement;
    duckdb_appender appender;
    const char **names;
    unsigned *seen;
    size_t column_count;
    struct strbuf text;
};

static int take_work(void *arg)
{
    int64_t *left = arg;
    return --*left < 0;
}

static void limit_work(sqlite3 *database, const char *path, int64_t *left)
{
    struct stat status;
    *left = WORK_MIN + (stat(path, &status) == 0 ? (int64_t)status.st_size / WORK_BYTES_EACH : 0);
    sqlite3_progress_handler(database, WORK_STEP, take_work, left);
}

static bool sqlite_failed(sqlite3 *database, struct error *err)
{
    if (sqlite3_errcode(database) == SQLITE_INTERRUPT)
        return error_set(err, ERROR_DATA,
                         "reading it takes far more work than its size explains; a view may have "
                         "no end");
    return error_set(err, ERROR_DATA, "SQLite can't read it: %s", sqlite3_errmsg(database));
}

/* The table to read: the one asked for, or the only one there is. */
static bool choose_table(struct loading *loading, sqlite3 *database, const char **table,
                         struct error *err)
{
    const char *const *names;
    size_t count;
    if (!sqlite_table_names(database, loading->arena, &names, &count, err))
        return false;
    for (size_t i = 0; i < count; i++)
        if (strcmp(names[i], loading->table) == 0 || (count == 1 && !*loading->table)) {
            *table = names[i];
            return true;
        }
    struct strbuf list = strbuf_init(512);
    for (size_t i = 0; i < count && list.length < 300; i++)
        strbuf_printf(&list, "%s%s", i > 0 ? ", " : "", names[i]);
    if (count == 0)
        error_set(err, ERROR_DATA, "it is a SQLite database without tables");
    else if (*loading->table)
        error_set(err, ERROR_DATA, "it has no table '%s'; it has %s", loading->table,
                  strbuf_text(&list));
    else
        error_set(err, ERROR_DATA, "it is a SQLite database of %zu tables (%s): name one", count,
                  strbuf_text(&list));
    strbuf_clear(&list);
    return false;
}

static void append_blob(struct copy *copy, struct str bytes)
{
    for (size_t i = 0; i < bytes.length; i++)
        strbuf_printf(&copy->text, "%02x", (unsigned char)bytes.bytes[i]);
}

static int append_value(struct copy *copy, int column)
{
    struct strbuf *text = &copy->text;
    char number[32];
    strbuf_reset(text);
    struct str bytes = {0};
    switch (sqlite3_column_type(copy->statement, column)) {
    case SQLITE_NULL:
        return copy->api->append_null(copy->appender);
    case SQLITE_INTEGER:
        copy->seen[column] |= SEEN_INTEGER;
        strbuf_printf(text, "%" PRId64, (int64_t)sqlite3_column_int64(copy->statement, column));
        break;
    case SQLITE_FLOAT:
        copy->seen[column] |= SEEN_REAL;
        double_print(sqlite3_column_double(copy->statement, column), number);
        strbuf_add(text, number);
        break;
    default:
        bytes.bytes = sqlite3_column_blob(copy->statement, column);
        bytes.length = (size_t)sqlite3_column_bytes(copy->statement, column);
        if (sqlite3_column_type(copy->statement, column) == SQLITE_TEXT && str_is_utf8(bytes)) {
            copy->seen[column] |= SEEN_TEXT;
            strbuf_add_str(text, bytes);
        } else {
            copy->seen[column] |= SEEN_BLOB;
            append_blob(copy, bytes);
        }
    }
    return copy->api->append_varchar_length(copy->appender, strbuf_text(text), text->length);
}

static bool append_rows(struct copy *copy, sqlite3 *database, struct error *err)
{
    int status;
    uint64_t rows = 0;
    while ((status = sqlite3_step(copy->statement)) == SQLITE_ROW) {
        bool ok = true;
        if (!loading_check_rows(copy->loading, ++rows, err))
            return false;
        for (size_t i = 0; i < copy->column_count && ok; i++)
            ok = append_value(copy, (int)i) == DUCKDB_SUCCESS;
        if (!ok || copy->api->appender_end_row(copy->appender) != DUCKDB_SUCCESS)
            return error_set(err, ERROR_ENGINE, "%s", copy->api->appender_error(copy->appender));
    }
    if (status != SQLITE_DONE)
        return sqlite_failed(database, err);
    if (copy->api->appender_close(copy->appender) != DUCKDB_SUCCESS)
        return error_set(err, ERROR_ENGINE, "%s", copy->api->appender_error(copy->appender));
    return true;
}

static const char *type_of(unsigned seen)
{
    if (seen == SEEN_INTEGER)
        return "BIGINT";
    if (seen != 0 && (seen & ~(unsigned)(SEEN_INTEGER | SEEN_REAL)) == 0)
        return "DOUBLE";
    return "VARCHAR";
}

/* From the table of texts to one of the types that were seen. */
static bool convert_columns(struct copy *copy, struct error *err)
{
    struct strbuf sql = strbuf_init(LOAD_SQL_MAX);
    strbuf_add(&sql, "CREATE TABLE raw.main.data AS SELECT ");
    for (size_t i = 0; i < copy->column_count; i++) {
        strbuf_add(&sql, i > 0 ? ", CAST(" : "CAST(");
        sql_add_name(&sql, copy->names[i]);
        strbuf_printf(&sql, " AS %s) AS ", type_of(copy->seen[i]));
        sql_add_name(&sql, copy->names[i]);
    }
    strbuf_add(&sql, " FROM raw.main.texts");
    bool ok = worker_run(copy->loading->worker, strbuf_text(&sql), err);
    strbuf_clear(&sql);
    return ok;
}

static bool create_texts(struct copy *copy, struct error *err)
{
    struct strbuf sql = strbuf_init(LOAD_SQL_MAX);
    strbuf_add(&sql, "CREATE TABLE raw.main.texts (");
    for (size_t i = 0; i < copy->column_count; i++) {
        strbuf_add(&sql, i > 0 ? ", " : "");
        sql_add_name(&sql, copy->names[i]);
        strbuf_add(&sql, " VARCHAR");
    }
    strbuf_add(&sql, ")");
    bool ok = worker_run(copy->loading->worker, strbuf_text(&sql), err);
    strbuf_clear(&sql);
    if (ok && copy->api->appender_create_ext(copy->loading->worker->connection, "raw", "main",
                                             "texts", &copy->appender) != DUCKDB_SUCCESS)
        ok = error_set(err, ERROR_ENGINE, "DuckDB does not take rows");
    return ok;
}

static bool copy_table(struct copy *copy, sqlite3 *database, struct error *err)
{
    struct arena *arena = copy->loading->arena;
    copy->column_count = (size_t)sqlite3_column_count(copy->statement);
    if (copy->column_count > LOAD_COLUMNS_MAX)
        return error_set(err, ERROR_DATA, "it has %zu columns, more than the limit of %d",
                         copy->column_count, LOAD_COLUMNS_MAX);
    struct str *fields = arena_array(arena, copy->column_count, sizeof(*fields));
    for (size_t i = 0; i < copy->column_count; i++)
        fields[i] = str_from(arena_strdup(arena, sqlite3_column_name(copy->statement, (int)i)));
    size_t renamed;
    copy->names = csv_name_columns(fields, copy->column_count, arena, &renamed);
    copy->seen = arena_array(arena, copy->column_count, sizeof(*copy->seen));
    if (!create_texts(copy, err))
        return false;
    bool ok = append_rows(copy, database, err);
    copy->api->appender_destroy(&copy->appender);
    if (!ok || !convert_columns(copy, err))
        return false;
    /* Where numbers lie among texts, the texts may be words for "missing". */
    copy->loading->numbers_in_text = arena_array(arena, copy->column_count, sizeof(bool));
    for (size_t i = 0; i < copy->column_count; i++)
        copy->loading->numbers_in_text[i] =
            (copy->seen[i] & SEEN_TEXT) && (copy->seen[i] & (SEEN_INTEGER | SEEN_REAL));
    return true;
}

bool load_raw_sqlite(struct loading *loading, struct error *err)
{
    sqlite3 *database;
    const char *table;
    struct copy copy = {.loading = loading, .api = &loading->worker->api};
    int64_t work_left;
    if (!sqlite_open_file(loading->input.path, &database, err))
        return false;
    limit_work(database, loading->input.path, &work_left);
    bool ok = choose_table(loading, database, &table, err);
    if (ok) {
        struct strbuf sql = strbuf_init(LOAD_SQL_MAX);
        strbuf_add(&sql, "SELECT * FROM ");
        sql_add_name(&sql, table);
        if (sqlite3_prepare_v2(database, strbuf_text(&sql), -1, &copy.statement, NULL) != SQLITE_OK)
            ok = sqlite_failed(database, err);
        strbuf_clear(&sql);
    }
    copy.text = strbuf_init(FRAME_SIZE_MAX);
    ok = ok && copy_table(&copy, database, err);
    strbuf_clear(&copy.text);
    sqlite3_finalize(copy.statement);
    sqlite3_close(database);
    return ok;
}
