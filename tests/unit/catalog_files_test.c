/* SPDX-License-Identifier: Apache-2.0 */
/* Real files through the engine's loader: what profiles say, and what the catalog makes of it. */
#include "home_support.h"
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "catalog/catalog.h"
#include "engine/process.h"
#include "engine/worker.h"
#include "metadata/yaml_write.h"

static char home[64], data[80];

static void put(const char *name, const char *text)
{
    char path[200];
    snprintf(path, sizeof(path), "%s/%s", data, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void put_sqlite(const char *name, const char *sql)
{
    char path[200];
    sqlite3 *database;
    snprintf(path, sizeof(path), "%s/%s", data, name);
    assert_int_equal(sqlite3_open(path, &database), SQLITE_OK);
    assert_int_equal(sqlite3_exec(database, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(database);
}

static struct catalog *catalog;

static bool open_data(void *arg, struct error *err)
{
    const char *paths[] = {arg};
    struct catalog_options options = {
        .loop = task_loop(task_current()), .data_paths = paths, .data_path_count = 1};
    catalog = catalog_open(&options, err);
    if (!catalog)
        return false;
    struct catalog *same = catalog_refresh(catalog, &options, err);
    assert_ptr_equal(same, catalog);
    catalog_unref(same);
    return true;
}

static void open_all(char *path)
{
    struct error err = {0};
    if (!task_run_main(NULL, open_data, path, &err))
        fail_msg("%s", err.message);
    for (size_t i = 0; i < catalog->problem_count; i++)
        print_message("# %s: %s\n", catalog->problems[i].path, catalog->problems[i].message);
}

static int set_up(void **state)
{
    strcpy(data, home);
    strcat(data, "/files");
    return mkdir(data, 0700);
}

static int tear_down(void **state)
{
    catalog_unref(catalog);
    catalog = NULL;
    process_remove_folder(data);
    return 0;
}

static void files_and_documents_together(void **state)
{
    put("orders.csv", "order_id,order_date,customer_id,dest,revenue_eur\n"
                      "1,2024-01-02,2,AAA,10.5\n2,2024-01-03,1,BBB,7\n3,2024-02-03,2,CCC,1\n"
                      "4,2024-02-04,2,DDD,2\n5,2024-02-05,3,EEE,3\n");
    put("customers.csv", "id,full_name\n1,Ana\n2,Ben\n3,Cid\n");
    put("places.csv", "code,place\nAAA,a\nBBB,b\nCCC,c\nDDD,d\nEEE,e\nFFF,f\n");
    put("places.yaml", "table_name: cities\nsource: {file: places.csv}\n");
    open_all(data);
    assert_int_equal(catalog->dataset_count, 3);
    assert_int_equal(catalog->problem_count, 0);
    const struct dataset *orders = catalog_find(catalog, "orders");
    assert_int_equal(orders->row_count, 5);
    assert_int_equal(dataset_column(orders, "order_date")->role, ROLE_TIME);
    const struct column *revenue = dataset_column(orders, "revenue_eur");
    assert_int_equal(revenue->role, ROLE_MEASURE);
    assert_string_equal(revenue->unit, "EUR");
    assert_true(revenue->profile.known);
    assert_int_equal(orders->relationship_count, 2);
    assert_string_equal(orders->relationships[0].name, "customer");
    assert_string_equal(orders->relationships[0].other_column, "id");
    assert_string_equal(orders->relationships[1].column, "dest");
    assert_string_equal(orders->relationships[1].dataset_id, "cities");
    assert_int_equal(catalog_find(catalog, "cities")->column_count, 2);

    struct strbuf text = strbuf_init(100000);
    profile_print(orders, &text);
    assert_non_null(strstr(strbuf_text(&text), "# What the data says: 5 rows, 5 columns"));
    assert_non_null(strstr(strbuf_text(&text), "relationships:\n  - name: customer\n"));
    strbuf_clear(&text);
}

static void tables_of_sqlite_are_datasets(void **state)
{
    put_sqlite("shop.sqlite", "CREATE TABLE Singer(Singer_ID int PRIMARY KEY, Name text);"
                              "INSERT INTO Singer VALUES (1, 'Ana'), (2, 'Ben'), (3, 'Cid');"
                              "CREATE TABLE Song(Song_ID int, Singer_ID int, Title text);"
                              "INSERT INTO Song VALUES (1, 1, 'x'), (2, 1, 'y'), (3, 3, 'z');");
    put("song.yaml", "table_name: hits\nsource: {file: shop.sqlite, table: Song}\n");
    put("Thumbs.db", "this is no database");
    open_all(data);
    assert_int_equal(catalog->problem_count, 0);
    assert_int_equal(catalog->dataset_count, 2);
    const struct dataset *hits = catalog_find(catalog, "hits");
    assert_int_equal(hits->row_count, 3);
    assert_string_equal(hits->source.file_table, "Song");
    assert_int_equal(hits->relationship_count, 1);
    assert_string_equal(hits->relationships[0].dataset_id, "singer");
    assert_string_equal(catalog_find(catalog, "singer")->title, "Singer");
}

static void a_named_file_says_what_is_wrong_with_it(void **state)
{
    char path[100];
    put("broken.db", "this is no database");
    snprintf(path, sizeof(path), "%s/broken.db", data);
    open_all(path);
    assert_int_equal(catalog->error_count, 1);
    assert_non_null(strstr(catalog->problems[0].message, "file is not a database"));
}

static void the_home_is_no_data(void **state)
{
    char path[200];
    snprintf(path, sizeof(path), "%s/inner", home);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_true(settings_set("QUERENT_HOME", path, NULL));
    put("a.csv", "a,b\n1,2\n");
    put("../inner/own.csv", "a,b\n1,2\n");
    open_all(home);
    assert_true(settings_set("QUERENT_HOME", home, NULL));
    assert_int_equal(catalog->dataset_count, 1);
    assert_non_null(catalog_find(catalog, "a"));
}

int main(int argc, char **argv)
{
    if (engine_worker_requested(argc, argv))
        return engine_worker_main(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(files_and_documents_together, set_up, tear_down),
        cmocka_unit_test_setup_teardown(tables_of_sqlite_are_datasets, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_named_file_says_what_is_wrong_with_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_home_is_no_data, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, make_home, remove_home);
}
