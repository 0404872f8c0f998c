/* SPDX-License-Identifier: Apache-2.0 */
/* Loading awkward files, with real worker processes. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/settings.h"
#include "engine/engine.h"
#include "engine/load.h"
#include "engine/process.h"
#include "engine/worker.h"

static char home[64];

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
    {"bom.csv", "\xef\xbb\xbf" "a,b\n1,2\n", 0, "a BIGINT, b BIGINT", 1, NULL, NULL},
    {"semicolon.csv", "name;price\napple;1,50\npear;2\nplum;1.234,5\n", 0,
     "name VARCHAR, price DOUBLE", 3, "decimal commas", NULL},
    {"tabs.tsv", "a\tb\n1\tx\n2\ty\n", 0, "a BIGINT, b VARCHAR", 2, "tabs", NULL},
    {"quoted.csv", "a,b\n1,\"line\nbreak, \"\"q\"\"\"\n2,plain\n", 0, "a BIGINT, b VARCHAR", 2,
     NULL, NULL},
    {"crlf.csv", "a,b\r\n1,2\r\n3,4\r\n", 0, "a BIGINT, b BIGINT", 2, NULL, NULL},
    {"duplicates.csv", "a,A,,b\n1,2,3,4\n", 0,
     "a BIGINT, A_2 BIGINT, column_3 BIGINT, b BIGINT", 1, "new one", NULL},
    {"headless.csv", "1,2.5,x\n2,3.5,y\n3,4.5,z\n", 0,
     "column_1 BIGINT, column_2 DOUBLE, column_3 VARCHAR", 3, "no header", NULL},
    {"short.csv", "a,b,c\n1,2,3\n4,5\n8,9,10\n", 0, "a BIGINT, b BIGINT, c BIGINT", 3,
     "line 3", NULL},
    {"long.csv", "a,b,c\n1,2,3\n4,5,6,7\n8,9,10\n", 0, NULL, 0, NULL,
     "line 3 has 4 values, but the first line has 3"},
    {"header_only.csv", "a,b\n", 0, "a VARCHAR, b VARCHAR", 0, NULL, NULL},
    {"nothing.csv", "", 0, NULL, 0, NULL, "it is empty"},
    {"blank.csv", "\n \n\n", 0, NULL, 0, NULL, "it is empty"},
    {"latin1.csv", "stadt,n\nM\xfcnchen,1\n\x80,2\n", 0, "stadt VARCHAR, n BIGINT", 2,
     "Windows-1252", NULL},
    {"utf16.csv", "\xff\xfe" "a\0,\0b\0\n\0" "1\0,\0\xe9\0\n\0", 18, "a BIGINT, b VARCHAR", 1,
     "UTF-16", NULL},
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
    {"late.csv", "a,b\n1,x\n2,y\n3.5,z\n", 0, "a DOUBLE, b VARCHAR", 3, NULL, NULL},
    {"huge.csv", "a,b\n170141183460469231731687303715884105727,x\n1,y\n", 0,
     "a HUGEINT, b VARCHAR", 2, NULL, NULL},
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
    struct engine *engine = ok ? engine_open(loop, "duckdb", err) : NULL;
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

static int make_home(void **state)
{
    strcpy(home, "/tmp/querent-test-XXXXXX");
    return mkdtemp(home) ? settings_set("QUERENT_HOME", home, NULL) ? 0 : -1 : -1;
}

static int remove_home(void **state)
{
    process_remove_folder(home);
    return 0;
}

int main(int argc, char **argv)
{
    if (engine_worker_requested(argc, argv))
        return engine_worker_main(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(awkward_files),
        cmocka_unit_test(load_and_query),
        cmocka_unit_test(profile_is_kept),
    };
    return cmocka_run_group_tests(tests, make_home, remove_home);
}
