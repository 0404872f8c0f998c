/* SPDX-License-Identifier: Apache-2.0 */
/*
 * demo_data SCRIPT.sql NAME=VALUE...: runs one of our own SQL scripts with DuckDB, after putting
 * each VALUE where the script says :NAME. For making the demo's tables; never for anybody else's
 * SQL: nothing is locked down here.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/error.h"
#include "core/strbuf.h"
#include "engine/duckdb_api.h"

#define SCRIPT_SIZE_MAX (1024 * 1024)

static bool read_script(const char *path, struct strbuf *out, struct error *err)
{
    FILE *file = fopen(path, "r");
    if (!file)
        return error_set(err, ERROR_IO, "'%s' can't be read", path);
    char bytes[1024];
    size_t count;
    while ((count = fread(bytes, 1, sizeof(bytes), file)) > 0)
        strbuf_add_bytes(out, bytes, count);
    fclose(file);
    return strbuf_ok(out) || error_set(err, ERROR_TOO_LARGE, "'%s' is too large", path);
}

/* The value for the ":name" at the front of the text, or NULL. */
static const char *find_value(struct str text, char **assignments, size_t *name_length)
{
    for (; *assignments; assignments++) {
        const char *equals = strchr(*assignments, '=');
        size_t length = equals ? (size_t)(equals - *assignments) : 0;
        if (length > 0 && text.length > length &&
            memcmp(text.bytes + 1, *assignments, length) == 0) {
            *name_length = length;
            return equals + 1;
        }
    }
    return NULL;
}

static void fill_in(struct str script, char **assignments, struct strbuf *out)
{
    for (size_t i = 0; i < script.length; i++) {
        size_t length = 0;
        const char *value = script.bytes[i] == ':'
                                ? find_value(str_slice(script, i, script.length), assignments, &length)
                                : NULL;
        if (value)
            strbuf_add(out, value);
        else
            strbuf_add_char(out, script.bytes[i]);
        i += length;
    }
}

static bool run(const char *sql, struct error *err)
{
    struct arena *arena = arena_new();
    struct duckdb_api duckdb;
    duckdb_database database = NULL;
    duckdb_connection connection = NULL;
    struct duckdb_result result = {0};
    char *message = NULL;
    const char *library = duckdb_library_find(arena, err);
    bool ok = library && duckdb_api_load(library, &duckdb, err);
    arena_free(arena);
    if (!ok)
        return false;
    ok = duckdb.open_ext(":memory:", &database, NULL, &message) == DUCKDB_SUCCESS &&
         duckdb.connect(database, &connection) == DUCKDB_SUCCESS;
    if (!ok)
        error_set(err, ERROR_ENGINE, "DuckDB did not open: %s", message ? message : "no reason");
    else if (duckdb.query(connection, sql, &result) != DUCKDB_SUCCESS)
        ok = error_set(err, ERROR_SQL_FAILED, "%s", duckdb.result_error(&result));
    duckdb.destroy_result(&result);
    duckdb.disconnect(&connection);
    duckdb.close(&database);
    return ok;
}

int main(int argc, char **argv)
{
    struct error err = {0};
    struct strbuf script = strbuf_init(SCRIPT_SIZE_MAX), sql = strbuf_init(2 * SCRIPT_SIZE_MAX);
    if (argc < 2) {
        fputs("usage: demo_data SCRIPT.sql NAME=VALUE...\n", stderr);
        return 2;
    }
    bool ok = read_script(argv[1], &script, &err);
    if (ok) {
        fill_in(strbuf_str(&script), argv + 2, &sql);
        ok = run(strbuf_text(&sql), &err);
    }
    if (!ok)
        fprintf(stderr, "demo_data: %s: %s\n", argv[1], err.message);
    strbuf_clear(&script);
    strbuf_clear(&sql);
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
