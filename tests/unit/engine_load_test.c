/* SPDX-License-Identifier: Apache-2.0 */
/* Loading awkward files, with real worker processes. */
#include "home_support.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "core/beneath.h"
#include "engine/duckdb_api.h"
#include "engine/engine.h"
#include "engine/load.h"
#include "engine/worker.h"

static const char *place(const char *name)
{
    static char path[256];
    snprintf(path, sizeof(path), "%s/%s", home, name);
    return path;
}

static void write_file(const char *name, const char *bytes, size_t length)
{
    FILE *file = fopen(place(name), "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
}

struct expectation {
    const char *name;
    const char *content;
    size_t length; /* 0: that of the text */
    const char *columns;
    int64_t rows;
    const char *note;    /* part of one of the notes; NULL: there are none; "" any */
    const char *failure; /* part of the message instead of all that */
};

static const struct expectation expectations[] = {
    {"plain.csv", "id,day,name,price\n1,2024-01-02,x,1.50\n2,2024-01-03,y,2\n", 0,
     "id BIGINT, day DATE, name VARCHAR, price DOUBLE", 2, NULL, NULL},
    {"bom.csv",
     "\xef\xbb\xbf"
     "a,b\n1,2\n",
     0, "a BIGINT, b BIGINT", 1, NULL, NULL},
    {"semicolon.csv", "name;price\napple;1,50\npear;2\nplum;1.234,5\n", 0,
     "name VARCHAR, price DOUBLE", 3, "decimal commas", NULL},
    {"signs.csv", "name;a;b;c;d\nx;€ 26.21;1.234,50 €;$5.123;€ 5\ny;N/A;17,00 €;$6.50;-€1.20\n", 0,
     "name VARCHAR, a DOUBLE, b DOUBLE, c VARCHAR, d DOUBLE", 2, "currency signs", NULL},
    {"tabs.tsv", "a\tb\n1\tx\n2\ty\n", 0, "a BIGINT, b VARCHAR", 2, "tabs", NULL},
    {"quoted.csv", "a,b\n1,\"line\nbreak, \"\"q\"\"\"\n2,plain\n", 0, "a BIGINT, b VARCHAR", 2,
     NULL, NULL},
    {"crlf.csv", "a,b\r\n1,2\r\n3,4\r\n", 0, "a BIGINT, b BIGINT", 2, NULL, NULL},
    {"duplicates.csv", "a,A,,b\n1,2,3,4\n", 0, "a BIGINT, A_2 BIGINT, column_3 BIGINT, b BIGINT", 1,
     "new one", NULL},
    {"headless.csv", "1,2.5,x\n2,3.5,y\n3,4.5,z\n", 0,
     "column_1 BIGINT, column_2 DOUBLE, column_3 VARCHAR", 3, "no header", NULL},
    {"short.csv", "a,b,c\n1,2,3\n4,5\n8,9,10\n", 0, "a BIGINT, b BIGINT, c BIGINT", 3,
     "1 line has fewer values than the first one (it is line 3)", NULL},
    {"shorter.csv", "a,b,c\n1,2,3\n4,5\n8,9\n", 0, "a BIGINT, b BIGINT, c BIGINT", 3,
     "2 lines have fewer values than the first one (the first of them is line 3)", NULL},
    {"long.csv", "a,b,c\n1,2,3\n4,5,6,7\n8,9,10\n", 0, NULL, 0, NULL,
     "line 3 has 4 values, but the first line has 3"},
    {"header_only.csv", "a,b\n", 0, "a VARCHAR, b VARCHAR", 0, NULL, NULL},
    {"nothing.csv", "", 0, NULL, 0, NULL, "it is empty"},
    {"blank.csv", "\n \n\n", 0, NULL, 0, NULL, "it is empty"},
    {"latin1.csv", "stadt,n\nM\xfcnchen,1\n\x80,2\n", 0, "stadt VARCHAR, n BIGINT", 2,
     "Windows-1252", NULL},
    {"utf16.csv",
     "\xff\xfe"
     "a\0,\0b\0\n\0"
     "1\0,\0\xe9\0\n\0",
     18, "a BIGINT, b VARCHAR", 1, "UTF-16", NULL},
    {"binary.csv", "a,b\n\0\1\2,3\n", 10, NULL, 0, NULL, "binary data"},
    {"excel.xlsx", "PK\3\4\0\0\0\0", 8, NULL, 0, NULL, "Excel"},
    {"missing.csv", "n,m\n1,NA\nNA,2.5\n3,-\n", 0, "n BIGINT, m DOUBLE", 3, "words like NA", NULL},
    {"zip.csv", "zip,n\n00501,1\n00502,2\n", 0, "zip VARCHAR, n BIGINT", 2, NULL, NULL},
    {"money.csv", "what,amount\nx,\"$1,234.50\"\ny,$12\n", 0, "what VARCHAR, amount DOUBLE", 2,
     "currency", NULL},
    {"percent.csv", "k,p\na,12%\nb,3.5%\n", 0, "k VARCHAR, p DOUBLE", 2, "percent", NULL},
    {"us_dates.csv", "d,n\n01/31/2024,1\n02/01/2024,2\n", 0, "d DATE, n BIGINT", 2,
     "month/day/year", NULL},
    {"eu_dates.csv", "d,n\n31.01.2024,1\n01.02.2024,2\n", 0, "d DATE, n BIGINT", 2,
     "day.month.year", NULL},
    {"word_dates.csv", "d,n\nJan 1 2000,1\nJun 12 1998,2\n", 0, "d DATE, n BIGINT", 2, NULL, NULL},
    {"times.csv", "t,z\n2024-01-02 03:04:05,2024-01-02T03:04:05Z\n", 0,
     "t TIMESTAMP, z TIMESTAMP WITH TIME ZONE", 1, NULL, NULL},
    {"months.csv", "m,n\n2024-01,1\n2024-02,2\n", 0, "m DATE, n BIGINT", 2, "first days", NULL},
    {"mixed_times.csv", "t,n\n2024-01-02,1\n2024-01-02 10:00,2\n", 0, "t TIMESTAMP, n BIGINT", 2,
     NULL, NULL},
    {"digits.csv", "id,n\n1234567890123456789012345678901234567890123456,1\n1,2\n", 0,
     "id VARCHAR, n BIGINT", 2, NULL, NULL},
    {"backslash.csv", "a,b\n1,\"x \\\"y\\\" z\"\n2,w\n", 0, "a BIGINT, b VARCHAR", 2, "", NULL},
    {"comments.csv", "# made by x\n# on y\na,b\n1,2\n# mid\n3,4\n", 0, "a BIGINT, b BIGINT", 2,
     NULL, NULL},
    {"title.csv", "My report\n\na,b\n1,2\n3,4\n", 0, "a BIGINT, b BIGINT", 2, "before the header",
     NULL},
    {"late.csv", "a,b\n1,x\n2,y\n3.5,z\n", 0, "a DOUBLE, b VARCHAR", 3, NULL, NULL},
    {"huge.csv", "a,b\n170141183460469231731687303715884105727,x\n1,y\n", 0, "a HUGEINT, b VARCHAR",
     2, NULL, NULL},
    {"open_quote.csv", "a,b\n1,\"never ends\n2,x\n", 0, NULL, 0, NULL, "line 2: a quoted value"},
    {"list.json", "[{\"a\":1,\"b\":\"x\"},{\"a\":2,\"b\":null}]", 0, "a BIGINT, b VARCHAR", 2, NULL,
     NULL},
    {"lines.ndjson", "{\"a\":1,\"t\":\"2001/01/01 06:55\"}\n{\"a\":2,\"t\":\"2001/01/02 06:55\"}\n",
     0, "a BIGINT, t TIMESTAMP", 2, NULL, NULL},
    {"nested.json", "[{\"a\":1,\"b\":[1,2]},{\"a\":2,\"b\":[3]}]", 0, "a BIGINT, b BIGINT[]", 2,
     NULL, NULL},
    {"map.geojson",
     "{\"type\":\"FeatureCollection\",\"features\":[{\"type\":\"Feature\",\"geometry\":null}]}", 0,
     NULL, 0, NULL, "not a table"},
    {"broken.json", "[{\"a\":1,", 0, NULL, 0, NULL, "can't be read as a table"},
};

static void describe(const struct load_result *result, struct strbuf *out)
{
    strbuf_reset(out);
    for (size_t i = 0; i < result->column_count; i++)
        strbuf_printf(out, "%s%s %s", i > 0 ? ", " : "", result->columns[i].name,
                      result->columns[i].type);
}

static void check_notes(const struct expectation *expected, const struct load_result *result)
{
    bool found = expected->note && !*expected->note;
    for (size_t i = 0; i < result->note_count; i++) {
        if (!expected->note)
            fail_msg("%s: unexpected note: %s", expected->name, result->notes[i]);
        found |= strstr(result->notes[i], expected->note) != NULL;
    }
    if (expected->note && !found)
        fail_msg("%s: no note on '%s' (%zu others)", expected->name, expected->note,
                 result->note_count);
}

static void check_one(const struct expectation *expected)
{
    struct arena *arena = arena_new();
    struct load_result result;
    struct error err;
    write_file(expected->name, expected->content,
               expected->length ? expected->length : strlen(expected->content));
    bool ok = load_file(task_loop(task_current()), place(expected->name), arena, &result, &err);
    if (expected->failure) {
        if (ok)
            fail_msg("%s was loaded", expected->name);
        assert_int_equal(err.code, ERROR_DATA);
        if (!strstr(err.message, expected->failure))
            fail_msg("%s: %s", expected->name, err.message);
    } else {
        if (!ok)
            fail_msg("%s: %s", expected->name, err.message);
        struct strbuf columns = strbuf_init(10000);
        describe(&result, &columns);
        assert_string_equal(strbuf_text(&columns), expected->columns);
        strbuf_clear(&columns);
        assert_int_equal(result.row_count, expected->rows);
        check_notes(expected, &result);
    }
    arena_free(arena);
}

static bool awkward_files_body(void *arg, struct error *err)
{
    for (size_t i = 0; i < sizeof(expectations) / sizeof(expectations[0]); i++)
        check_one(&expectations[i]);
    return true;
}

static void run(bool (*body)(void *arg, struct error *err))
{
    struct error err = {0};
    if (!task_run_main(NULL, body, NULL, &err))
        fail_msg("%s", err.message);
}

static void awkward_files(void **state)
{
    run(awkward_files_body);
}

static struct dataset dataset_of(const char *table_name, const struct load_result *result)
{
    return (struct dataset){
        .id = table_name,
        .table_name = table_name,
        .source.database = result->database,
        .columns = result->columns,
        .column_count = result->column_count,
        .row_count = result->row_count,
    };
}

static void expect_rows(struct engine *engine, const struct dataset *dataset, const char *sql,
                        const char *json)
{
    const struct dataset *datasets[] = {dataset};
    struct engine_statement statement = {
        .sql = sql, .datasets = datasets, .dataset_count = dataset ? 1 : 0};
    struct arena *arena = arena_new();
    struct rows rows;
    struct error err;
    if (!engine_query(engine, &statement, arena, &rows, &err))
        fail_msg("%s: %s", sql, err.message);
    struct strbuf text = strbuf_init(100000);
    rows_print_json(&rows, 100, &text);
    assert_string_equal(strbuf_text(&text), json);
    strbuf_clear(&text);
    arena_free(arena);
}

static const char sales[] = "region,day,amount,code\n"
                            "north,2024-01-01,10,A1\nsouth,2024-01-02,20,A2\n"
                            "north,2024-02-01,30,A3\n,2024-02-02,,A4\n";

static bool load_and_query_body(void *arg, struct error *err)
{
    struct arena *arena = arena_new();
    struct loop *loop = task_loop(task_current());
    struct load_result result;
    write_file("sales.csv", sales, strlen(sales));
    bool ok = load_file(loop, place("sales.csv"), arena, &result, err);
    struct engine *engine = ok ? engine_open(loop, "duckdb", 1, err) : NULL;
    if (engine) {
        struct dataset dataset = dataset_of("sales", &result);
        expect_rows(engine, &dataset,
                    "SELECT region, sum(amount) AS total FROM sales GROUP BY region "
                    "ORDER BY total DESC NULLS LAST",
                    "[{\"region\":\"north\",\"total\":40},{\"region\":\"south\",\"total\":20},"
                    "{\"region\":null,\"total\":null}]");
        expect_rows(engine, &dataset, "SELECT max(day) AS d FROM sales",
                    "[{\"d\":\"2024-02-02\"}]");
        engine_close(engine);
    }
    arena_free(arena);
    return engine != NULL;
}

static void load_and_query(void **state)
{
    run(load_and_query_body);
}

static void check_profile(const struct load_result *result)
{
    const struct column *region = &result->columns[0], *amount = &result->columns[2];
    assert_true(region->profile.known && region->profile.values_complete);
    assert_int_equal(region->profile.row_count, 4);
    assert_int_equal(region->profile.null_count, 1);
    assert_int_equal(region->profile.distinct_count, 2);
    assert_int_equal(region->profile.value_count, 2);
    assert_string_equal(region->profile.values[0].text, "north");
    assert_int_equal(region->profile.values[0].count, 2);
    assert_false(region->unique);
    assert_true(result->columns[1].unique && result->columns[3].unique);
    assert_string_equal(amount->profile.min, "10");
    assert_string_equal(amount->profile.max, "30");
    assert_true(amount->profile.mean == 20);
    assert_string_equal(result->columns[1].profile.min, "2024-01-01");
}

/* The second load of the same content finds the first one's work, whatever the file is called. */
static bool profile_is_kept_body(void *arg, struct error *err)
{
    struct arena *arena = arena_new();
    struct loop *loop = task_loop(task_current());
    struct load_result first = {0}, second = {0};
    struct stat before, after;
    write_file("sales.csv", sales, strlen(sales));
    write_file("again.csv", sales, strlen(sales));
    bool ok = load_file(loop, place("sales.csv"), arena, &first, err) &&
              stat(first.database, &before) == 0 &&
              load_file(loop, place("again.csv"), arena, &second, err) &&
              stat(second.database, &after) == 0;
    if (ok) {
        check_profile(&first);
        check_profile(&second);
        assert_string_equal(first.database, second.database);
        assert_int_equal(before.st_ino, after.st_ino);
        assert_string_equal(first.content_hash, second.content_hash);
    }
    arena_free(arena);
    return ok;
}

static void profile_is_kept(void **state)
{
    run(profile_is_kept_body);
}

struct same_load {
    struct arena *arena;
    const char *path;
    struct load_result result;
    struct stat kept; /* when it had just been loaded */
    bool ok;
};

static void load_same(void *arg)
{
    struct same_load *same = arg;
    struct error err = {0};
    same->ok = load_file(task_loop(task_current()), same->path, same->arena, &same->result, &err) &&
               stat(same->result.database, &same->kept) == 0;
}

/* Both make a database; the first one's stays, since workers may have been given that very file. */
static bool same_content_at_once_body(void *arg, struct error *err)
{
    struct loop *loop = task_loop(task_current());
    struct same_load both[2] = {0};
    struct task *tasks[2];
    write_file("same.csv", "only,here\n1,2\n", 14);
    for (size_t i = 0; i < 2; i++) {
        both[i].arena = arena_new();
        both[i].path = arena_strdup(both[i].arena, place("same.csv"));
        tasks[i] = task_ref(task_start(loop, NULL, load_same, &both[i], err));
    }
    for (size_t i = 0; i < 2; i++) {
        assert_true(task_join(tasks[i], err));
        task_unref(tasks[i]);
        assert_true(both[i].ok);
        assert_int_equal(both[i].result.column_count, 2);
    }
    assert_string_equal(both[0].result.database, both[1].result.database);
    assert_int_equal(both[0].kept.st_ino, both[1].kept.st_ino);
    for (size_t i = 0; i < 2; i++)
        arena_free(both[i].arena);
    return true;
}

static void same_content_at_once(void **state)
{
    run(same_content_at_once_body);
}

static void write_at(const char *content, time_t when)
{
    struct timespec times[2] = {{.tv_sec = when}, {.tv_sec = when}};
    write_file("dated.csv", content, strlen(content));
    assert_int_equal(utimensat(AT_FDCWD, place("dated.csv"), times, 0), 0);
}

/* The same size and time of modification, as some copying programs leave them. */
static bool time_set_back_body(void *arg, struct error *err)
{
    struct arena *arena = arena_new();
    struct loop *loop = task_loop(task_current());
    struct load_result first = {0}, second = {0};
    struct stat status;
    write_at("a,b\n1,2\n", 1600000000);
    bool ok = load_file(loop, place("dated.csv"), arena, &first, err);
    write_at("a,b\n3,4\n", 1600000000);
    ok = ok && load_file(loop, place("dated.csv"), arena, &second, err);
    if (ok) {
        assert_string_not_equal(first.content_hash, second.content_hash);
        assert_string_equal(second.columns[0].profile.min, "3");
        assert_int_equal(stat(first.database, &status), 0);
        assert_int_equal(status.st_mode & 0777, 0600);
    }
    arena_free(arena);
    return ok;
}

static void a_time_set_back_hides_no_change(void **state)
{
    run(time_set_back_body);
}

static void expect_failure(const char *path, enum error_code code, const char *part)
{
    struct arena *arena = arena_new();
    struct load_result result;
    struct error err = {0};
    if (load_file(task_loop(task_current()), path, arena, &result, &err))
        fail_msg("'%s' was loaded", path);
    assert_int_equal(err.code, code);
    if (!strstr(err.message, part))
        fail_msg("%s", err.message);
    arena_free(arena);
}

static bool special_files_body(void *arg, struct error *err)
{
    expect_failure(place("absent.csv"), ERROR_NOT_FOUND, "absent.csv");
    expect_failure(home, ERROR_DATA, "is a folder");
    expect_failure("/dev/zero", ERROR_DATA, "not a regular file");
    assert_int_equal(mkfifo(place("pipe.csv"), 0600), 0);
    expect_failure(place("pipe.csv"), ERROR_DATA, "not a regular file");
    if (geteuid() != 0) {
        write_file("secret.csv", "a\n1\n", 4);
        assert_int_equal(chmod(place("secret.csv"), 0), 0);
        expect_failure(place("secret.csv"), ERROR_IO, "secret.csv");
    }
    return true;
}

static void special_files(void **state)
{
    run(special_files_body);
}

static void write_wide(const char *name, size_t columns)
{
    struct strbuf text = strbuf_init(1u << 20);
    for (size_t row = 0; row < 3; row++)
        for (size_t i = 0; i < columns; i++)
            strbuf_printf(&text, row == 0 ? "%sc%zu" : "%s%zu",
                          i > 0     ? ","
                          : row > 0 ? "\n"
                                    : "",
                          i);
    write_file(name, text.bytes, text.length);
    strbuf_clear(&text);
}

static bool outside_files_body(void *arg, struct error *err)
{
    struct arena *arena = arena_new();
    struct load_result result;
    assert_int_equal(mkdir(place("yard"), 0700), 0);
    write_file("yard/in.csv", "a,b\n1,2\n", 8);
    write_file("out.csv", "a,b\n1,3\n", 8);
    struct load_request request = {.path = arena_strdup(arena, place("yard/in.csv")),
                                   .root = beneath_root(place("yard"), arena)};
    assert_non_null(request.root);
    bool ok = load_data(task_loop(task_current()), &request, arena, &result, err);
    request.path = arena_strdup(arena, place("yard/../out.csv"));
    assert_false(load_data(task_loop(task_current()), &request, arena, &result, err));
    assert_int_equal(err->code, ERROR_DATA);
    assert_non_null(strstr(err->message, "leads out of the folder"));
    assert_int_equal(symlink("../out.csv", place("yard/link.csv")), 0);
    request.path = arena_strdup(arena, place("yard/link.csv"));
    assert_false(load_data(task_loop(task_current()), &request, arena, &result, err));
    assert_non_null(strstr(err->message, "leads out of the folder"));
    arena_free(arena);
    return ok;
}

static void files_outside_of_the_root_are_refused(void **state)
{
    run(outside_files_body);
}

static bool load_ok(const char *path, const char *table, const char *columns, int64_t rows,
                    struct error *err)
{
    struct arena *arena = arena_new();
    struct load_result result;
    const struct load_request request = {.path = path, .table = table};
    bool ok = load_data(task_loop(task_current()), &request, arena, &result, err);
    if (ok) {
        struct strbuf text = strbuf_init(10000);
        describe(&result, &text);
        assert_string_equal(strbuf_text(&text), columns);
        assert_int_equal(result.row_count, rows);
        strbuf_clear(&text);
    }
    arena_free(arena);
    return ok;
}

/* Writes a Parquet file with the library itself. */
static void write_parquet(const char *name, const char *select)
{
    static struct duckdb_api api;
    struct arena *arena = arena_new();
    struct error err;
    duckdb_database database;
    duckdb_connection connection;
    struct duckdb_result result = {0};
    if (!api.query)
        assert_true(duckdb_api_load(duckdb_library_find(arena, &err), &api, &err));
    assert_int_equal(api.open_ext(":memory:", &database, NULL, NULL), DUCKDB_SUCCESS);
    assert_int_equal(api.connect(database, &connection), DUCKDB_SUCCESS);
    const char *sql =
        arena_printf(arena, "COPY (%s) TO '%s' (ROW_GROUP_SIZE 10000000)", select, place(name));
    if (api.query(connection, sql, &result) != DUCKDB_SUCCESS)
        fail_msg("%s", api.result_error(&result));
    api.destroy_result(&result);
    api.disconnect(&connection);
    api.close(&database);
    arena_free(arena);
}

static void set_limit(const char *name, const char *value)
{
    struct error err = {0};
    if (!settings_set(name, value, &err))
        fail_msg("%s", err.message);
}

#define FEW_ROWS "more than 1000 rows, the limit that QUERENT_FILE_ROWS"

static bool row_limit_body(void *arg, struct error *err)
{
    static const char *const kinds[] = {"rows.parquet", "rows.csv", "rows.ndjson"};
    set_limit("QUERENT_FILE_ROWS", "1000");
    for (int rows = 1000; rows <= 1001; rows++)
        for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
            struct strbuf text = strbuf_init(100000);
            strbuf_add(&text, i == 1 ? "n\n" : "");
            for (int row = 0; row < rows; row++)
                strbuf_add(&text, i == 1 ? "1\n" : "{\"n\":1}\n");
            char select[64];
            snprintf(select, sizeof(select), "SELECT 1 AS n FROM range(%d)", rows);
            if (i == 0)
                write_parquet(kinds[i], select);
            else
                write_file(kinds[i], text.bytes, text.length);
            strbuf_clear(&text);
            if (rows > 1000)
                expect_failure(place(kinds[i]), ERROR_DATA, FEW_ROWS);
            else
                assert_true(
                    load_ok(place(kinds[i]), NULL, i == 0 ? "n INTEGER" : "n BIGINT", rows, err));
        }
    return true;
}

static void rows_have_a_limit(void **state)
{
    run(row_limit_body);
    set_limit("QUERENT_FILE_ROWS", "100000000");
}

/* Small files that stand for far more than they are. */
static bool bombs_body(void *arg, struct error *err)
{
    struct stat status;
    write_parquet("rows_bomb.parquet", "SELECT 7::BIGINT AS n FROM range(100000001)");
    assert_int_equal(stat(place("rows_bomb.parquet"), &status), 0);
    assert_in_range(status.st_size, 1, 100000);
    expect_failure(place("rows_bomb.parquet"), ERROR_DATA, "more than 100000000 rows");
    set_limit("QUERENT_FILE_MB", "16");
    write_parquet("edge.parquet", "SELECT 7::BIGINT AS n FROM range(2097152)");
    assert_true(load_ok(place("edge.parquet"), NULL, "n BIGINT", 2097152, err));
    write_parquet("size_bomb.parquet", "SELECT 7::BIGINT AS n FROM range(2228224)"); /* 17 MB */
    expect_failure(place("size_bomb.parquet"), ERROR_DATA, "larger than 16 MB when unpacked");
    /* One text in the file, written anew for each row: nothing in the file tells its size. */
    write_parquet("text_bomb.parquet", "SELECT repeat('x', 200000) || (range % 2) AS t "
                                       "FROM range(2000)");
    expect_failure(place("text_bomb.parquet"), ERROR_DATA, "the limit that QUERENT_FILE_MB sets");
    return true;
}

static void bombs_are_refused(void **state)
{
    run(bombs_body);
    set_limit("QUERENT_FILE_MB", "16384");
}

static bool wide_files_body(void *arg, struct error *err)
{
    struct arena *arena = arena_new();
    struct load_result result;
    write_wide("wide.csv", 500);
    bool ok = load_file(task_loop(task_current()), place("wide.csv"), arena, &result, err);
    if (ok) {
        assert_int_equal(result.column_count, 500);
        assert_int_equal(result.row_count, 2);
        assert_string_equal(result.columns[499].type, "BIGINT");
    }
    arena_free(arena);
    write_wide("too_wide.csv", 1601);
    expect_failure(place("too_wide.csv"), ERROR_DATA, "1601 columns, more than the limit of 1600");
    return ok;
}

static void wide_files(void **state)
{
    run(wide_files_body);
}

/* Names with what globs, quotes and SQL would make of them. */
static bool odd_names_body(void *arg, struct error *err)
{
    static const char *const names[] = {"a*.csv", "it's [1].csv", "semi;colon.csv", "d\xc3\xa9.csv",
                                        "no_ending"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char text[64];
        int length = snprintf(text, sizeof(text), "a,b\n%zu,x\n", i);
        write_file(names[i], text, (size_t)length);
        if (!load_ok(place(names[i]), "", "a BIGINT, b VARCHAR", 1, err))
            return false;
    }
    return true;
}

static void odd_names(void **state)
{
    run(odd_names_body);
}

static bool packed_files_body(void *arg, struct error *err)
{
    gzFile file = gzopen(place("packed.csv.gz"), "wb");
    assert_non_null(file);
    gzputs(file, "a;b\n1;x\n2;y\n");
    assert_int_equal(gzclose(file), 0);
    if (!load_ok(place("packed.csv.gz"), "", "a BIGINT, b VARCHAR", 2, err))
        return false;
    struct stat status;
    assert_int_equal(stat(place("packed.csv.gz"), &status), 0);
    assert_int_equal(truncate(place("packed.csv.gz"), status.st_size - 6), 0);
    expect_failure(place("packed.csv.gz"), ERROR_DATA, "unpacked");
    return true;
}

static void packed_files(void **state)
{
    run(packed_files_body);
}

static void make_sqlite(const char *name, const char *sql)
{
    sqlite3 *database;
    assert_int_equal(sqlite3_open(place(name), &database), SQLITE_OK);
    assert_int_equal(sqlite3_exec(database, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(database), SQLITE_OK);
}

static bool sqlite_files_body(void *arg, struct error *err)
{
    make_sqlite("movies.db",
                "CREATE TABLE movies (id INTEGER PRIMARY KEY, title TEXT, released TEXT, "
                "rating REAL, votes INTEGER, year TEXT, poster BLOB);"
                "INSERT INTO movies VALUES (1, 'A', '1999-01-02', 7.5, 10, '1999', x'00ff'),"
                "(2, 'B', NULL, 8, 'N/A', '2001', NULL), (3, '', '2001-05-06', NULL, 3, '2001',"
                " x'01');"
                "CREATE TABLE \"odd \"\"name\"\"\" (a);"
                "CREATE TABLE empty (a INTEGER, b);");
    const char *const *names;
    size_t count;
    struct arena *arena = arena_new();
    bool ok = load_sqlite_tables(place("movies.db"), arena, &names, &count, err);
    if (ok) {
        assert_int_equal(count, 3);
        assert_string_equal(names[0], "empty");
        assert_string_equal(names[1], "movies");
        assert_string_equal(names[2], "odd \"name\"");
    }
    arena_free(arena);
    ok = ok &&
         load_ok(place("movies.db"), "movies",
                 "id BIGINT, title VARCHAR, released DATE, rating DOUBLE, votes BIGINT, "
                 "year VARCHAR, poster VARCHAR",
                 3, err) &&
         load_ok(place("movies.db"), "empty", "a VARCHAR, b VARCHAR", 0, err) &&
         load_ok(place("movies.db"), "odd \"name\"", "a VARCHAR", 0, err);
    expect_failure(place("movies.db"), ERROR_DATA, "3 tables");
    make_sqlite("endless.db", "CREATE VIEW v AS WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT "
                              "n + 1 FROM r) SELECT n FROM r");
    expect_failure(place("endless.db"), ERROR_DATA, "may have no end");
    make_sqlite("one.sqlite", "CREATE TABLE t (n INTEGER); INSERT INTO t VALUES (5)");
    return ok && load_ok(place("one.sqlite"), "", "n BIGINT", 1, err);
}

static void sqlite_files(void **state)
{
    run(sqlite_files_body);
}

/* A kept profile that is damaged is made again. */
static bool damage_is_mended_body(void *arg, struct error *err)
{
    struct arena *arena = arena_new();
    struct load_result result;
    write_file("mend.csv", "a,b\n77,x\n", 9);
    bool ok = load_file(task_loop(task_current()), place("mend.csv"), arena, &result, err);
    if (ok) {
        char *profile = arena_printf(arena, "%s    ", result.database);
        memcpy(strstr(profile, ".duckdb"), ".profile", sizeof(".profile"));
        assert_int_equal(truncate(profile, 20), 0);
        ok = load_ok(place("mend.csv"), "", "a BIGINT, b VARCHAR", 1, err);
        assert_int_equal(unlink(result.database), 0);
        ok = ok && load_ok(place("mend.csv"), "", "a BIGINT, b VARCHAR", 1, err);
        assert_int_equal(access(result.database, R_OK), 0);
    }
    arena_free(arena);
    return ok;
}

static void damage_is_mended(void **state)
{
    run(damage_is_mended_body);
}

int main(int argc, char **argv)
{
    if (engine_worker_requested(argc, argv))
        return engine_worker_main(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(awkward_files),
        cmocka_unit_test(load_and_query),
        cmocka_unit_test(profile_is_kept),
        cmocka_unit_test(special_files),
        cmocka_unit_test(files_outside_of_the_root_are_refused),
        cmocka_unit_test(rows_have_a_limit),
        cmocka_unit_test(bombs_are_refused),
        cmocka_unit_test(wide_files),
        cmocka_unit_test(odd_names),
        cmocka_unit_test(packed_files),
        cmocka_unit_test(sqlite_files),
        cmocka_unit_test(damage_is_mended),
        cmocka_unit_test(a_time_set_back_hides_no_change),
        cmocka_unit_test(same_content_at_once),
    };
    return cmocka_run_group_tests(tests, make_home, remove_home);
}
