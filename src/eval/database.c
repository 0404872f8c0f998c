/* SPDX-License-Identifier: Apache-2.0 */
#include "eval/database.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/clock.h"
#include "core/strbuf.h"
#include "engine/load_sqlite.h"

#define STEPS_PER_LOOK 20000 /* of SQLite's machine, between looks at the clock */
#define SQL_BYTES_MAX ((size_t)4 * 1024 * 1024)

bool eval_database_id_is_fit(const char *id)
{
    return *id != '\0' && *id != '.' && !strchr(id, '/');
}

const char *eval_database_path(const struct eval_databases *databases, const char *id,
                               struct arena *arena)
{
    return arena_printf(arena, "%s/%s.sqlite", databases->folder, id);
}

static int is_late(void *arg)
{
    const struct eval_databases *databases = arg;
    return clock_monotonic_ms() >= databases->end_ms;
}

void eval_databases_close(struct eval_databases *databases)
{
    sqlite3_close(databases->open);
    free(databases->open_id);
    databases->open = NULL;
    databases->open_id = NULL;
}

static bool open_database(struct eval_databases *databases, const char *id, struct arena *arena,
                          struct error *err)
{
    if (databases->open_id && strcmp(databases->open_id, id) == 0)
        return true;
    eval_databases_close(databases);
    const char *path = eval_database_path(databases, id, arena);
    if (access(path, R_OK) != 0)
        return error_set(err, ERROR_NOT_FOUND, "there is no database '%s'", path);
    if (!sqlite_open_file(path, &databases->open, err)) {
        databases->open = NULL;
        return false;
    }
    sqlite3_limit(databases->open, SQLITE_LIMIT_ATTACHED, 0);
    sqlite3_progress_handler(databases->open, STEPS_PER_LOOK, is_late, databases);
    databases->open_id = xstrdup(id);
    return true;
}

/* ---- 'now' ---- */

/* The length of the word at the front, if it is `word` in any case and ends there. */
static size_t word_at(struct str text, const char *word)
{
    size_t length = strlen(word);
    bool ends =
        text.length == length ||
        (text.length > length && !char_is_alnum(text.bytes[length]) && text.bytes[length] != '_');
    return ends && str_equal_nocase(str_slice(text, 0, length), str_from(word)) ? length : 0;
}

/* A text in quotes at the front, with them; a quote inside is doubled. */
static size_t quoted_length(struct str text)
{
    size_t at = 1;
    while (at < text.length) {
        if (text.bytes[at] != '\'')
            at++;
        else if (at + 1 < text.length && text.bytes[at + 1] == '\'')
            at += 2;
        else
            return at + 1;
    }
    return 0; /* it has no end */
}

const char *eval_freeze(struct str sql, const char *as_of, struct arena *arena)
{
    if (!as_of)
        return arena_strndup(arena, sql.bytes, sql.length);
    struct strbuf out = strbuf_init(SQL_BYTES_MAX);
    bool in_word = false;
    while (sql.length > 0) {
        size_t taken = sql.bytes[0] == '\'' ? quoted_length(sql) : 0;
        if (taken > 0 && str_equal_nocase(str_slice(sql, 0, taken), STR("'now'"))) {
            strbuf_printf(&out, "'%s'", as_of);
        } else if (taken > 0) {
            strbuf_add_str(&out, str_slice(sql, 0, taken));
        } else if (!in_word && (taken = word_at(sql, "current_timestamp")) > 0) {
            strbuf_printf(&out, "'%s'", as_of);
        } else if (!in_word && (taken = word_at(sql, "current_date")) > 0) {
            strbuf_printf(&out, "'%.10s'", as_of);
        } else {
            taken = 1;
            strbuf_add_char(&out, sql.bytes[0]);
        }
        in_word = taken == 1 && (char_is_alnum(sql.bytes[0]) || sql.bytes[0] == '_');
        sql = str_slice(sql, taken, sql.length);
    }
    const char *text = arena_strdup(arena, strbuf_text(&out));
    strbuf_clear(&out);
    return text;
}

/* ---- running ---- */

static struct str hex(const unsigned char *bytes, size_t length, struct arena *arena)
{
    static const char digits[] = "0123456789abcdef";
    char *out = arena_alloc(arena, 2 * length + 1);
    for (size_t i = 0; i < length; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
    return (struct str){out, 2 * length};
}

static struct eval_value value_of_column(sqlite3_stmt *statement, int column, struct arena *arena)
{
    int type = sqlite3_column_type(statement, column);
    if (type == SQLITE_NULL)
        return (struct eval_value){.type = EVAL_NULL};
    if (type == SQLITE_INTEGER)
        return eval_number((double)sqlite3_column_int64(statement, column));
    if (type == SQLITE_FLOAT)
        return eval_number(sqlite3_column_double(statement, column));
    const void *bytes = sqlite3_column_blob(statement, column);
    size_t length = (size_t)sqlite3_column_bytes(statement, column);
    struct str text = {bytes ? bytes : "", length};
    return (struct eval_value){.type = EVAL_TEXT,
                               .text = type == SQLITE_BLOB
                                           ? hex((const unsigned char *)text.bytes, length, arena)
                                           : arena_str(arena, text)};
}

static bool fail(struct sqlite3 *database, int status, struct error *err)
{
    if (status == SQLITE_INTERRUPT)
        return error_set(err, ERROR_DEADLINE, "the time limit was reached");
    return error_set(err, ERROR_SQL_FAILED, "%s", sqlite3_errmsg(database));
}

static bool fetch(struct sqlite3 *database, sqlite3_stmt *statement, struct arena *arena,
                  struct eval_result *out, struct error *err)
{
    int count = sqlite3_column_count(statement), status = SQLITE_DONE;
    while (out->row_count < EVAL_ROWS_MAX && (status = sqlite3_step(statement)) == SQLITE_ROW) {
        struct eval_row *row = eval_result_add(out, (size_t)count, arena);
        for (int i = 0; i < count; i++)
            row->values[i] = value_of_column(statement, i, arena);
    }
    return status == SQLITE_DONE || status == SQLITE_ROW || fail(database, status, err);
}

static struct str first_statement(struct str sql)
{
    sql = str_trim(sql);
    while (str_ends(sql, STR(";")))
        sql.length--;
    return str_trim(sql);
}

bool eval_database_run(struct eval_databases *databases, const char *id, struct str sql,
                       const char *as_of, struct arena *arena, struct eval_result *out,
                       struct error *err)
{
    *out = (struct eval_result){0};
    if (sql.length > SQL_BYTES_MAX / 4)
        return error_set(err, ERROR_SQL_FAILED, "the statement is too long");
    if (!open_database(databases, id, arena, err))
        return false;
    const char *text = eval_freeze(first_statement(sql), as_of, arena), *rest = NULL;
    sqlite3_stmt *statement = NULL;
    databases->end_ms = clock_monotonic_ms() + EVAL_STATEMENT_MAX_MS;
    int status = sqlite3_prepare_v2(databases->open, text, -1, &statement, &rest);
    bool ok = status == SQLITE_OK || fail(databases->open, status, err);
    if (ok && str_trim(str_from(rest)).length > 0)
        ok = error_set(err, ERROR_SQL_FAILED, "more than one statement");
    ok = ok && (!statement || fetch(databases->open, statement, arena, out, err));
    sqlite3_finalize(statement);
    return ok;
}
