/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "catalog/catalog.h"
#include "core/hash.h"
#include "metadata/folder.h"

struct fixture {
    char folder[64];
    struct arena *arena;
    struct catalog_options options;
    const char *data[4];
    const char *places[4];
    size_t progress_calls;
    char progress_last[200];
    struct error err;
};

static size_t loads, loads_now, loads_most; /* of the loader below */
static uint64_t load_sleep_ms;
static enum error_code load_failure;

/* ---- A loader of its own: plain CSV without quotes; digits are integers, the rest is text ---- */

static void add_value(struct column *column, const char *text)
{
    struct column_profile *profile = &column->profile;
    for (size_t i = 0; i < profile->value_count; i++)
        if (strcmp(profile->values[i].text, text) == 0) {
            profile->values[i].count++;
            column->unique = false;
            return;
        }
    profile->values[profile->value_count++] = (struct stored_value){text, 1};
    profile->distinct_count++;
    int64_t number;
    if (!str_to_i64(str_from(text), &number))
        column->kind = VALUE_TEXT;
    if (!profile->min || strcmp(text, profile->min) < 0)
        profile->min = text;
    if (!profile->max || strcmp(text, profile->max) > 0)
        profile->max = text;
}

static void read_csv(struct str text, struct arena *arena, struct load_result *out)
{
    struct str line, cell;
    bool header = true;
    out->columns = arena_array(arena, 20, sizeof(*out->columns));
    while (str_split(&text, '\n', &line)) {
        if (line.length == 0)
            continue;
        for (size_t i = 0; str_split(&line, ',', &cell); i++) {
            char *value = arena_strndup(arena, cell.bytes, cell.length);
            struct column *column = &out->columns[i];
            if (header) {
                *column = (struct column){.name = value,
                                          .type = "BIGINT",
                                          .kind = VALUE_INTEGER,
                                          .unique = true,
                                          .profile = {.known = true}};
                column->profile.values = arena_array(arena, 100, sizeof(struct stored_value));
                column->profile.values_complete = true;
                out->column_count++;
            } else {
                add_value(column, value);
                column->profile.row_count++;
            }
        }
        out->row_count += !header;
        header = false;
    }
}

static bool load_csv(struct loop *loop, const struct load_request *request, struct arena *arena,
                     struct load_result *out, struct error *err)
{
    const char *path = request->path;
    static char hash[SHA256_HEX_SIZE];
    struct str text;
    loads++;
    if (++loads_now > loads_most)
        loads_most = loads_now;
    bool slept = load_sleep_ms == 0 || task_sleep(load_sleep_ms, err);
    loads_now--;
    if (!slept)
        return false;
    if (load_failure != ERROR_NONE)
        return error_set(err, load_failure, "made to fail");
    if (!folder_read_file(path, request->root, 100000, arena, &text, err))
        return error_wrap(err, "file '%s'", path);
    if (str_find(text, STR("BROKEN")) >= 0)
        return error_set(err, ERROR_DATA, "it is no table");
    read_csv(text, arena, out);
    sha256_hex(text, hash);
    out->content_hash = arena_strdup(arena, hash);
    out->database = arena_printf(arena, "/home/data/%s.duckdb", hash);
    return true;
}

/* ---- Fixture ---- */

static void progress(void *context, size_t done, size_t total, const char *name)
{
    struct fixture *f = context;
    f->progress_calls++;
    snprintf(f->progress_last, sizeof(f->progress_last), "%zu/%zu %s", done, total, name);
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    strcpy(f->folder, "/tmp/querent-catalog-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    f->arena = arena_new();
    f->data[0] = f->folder;
    f->options = (struct catalog_options){.data_paths = f->data,
                                          .data_path_count = 1,
                                          .metadata_places = f->places,
                                          .load = load_csv,
                                          .progress = progress,
                                          .progress_context = f};
    loads = loads_now = loads_most = 0;
    load_sleep_ms = 0;
    load_failure = ERROR_NONE;
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    char command[100];
    snprintf(command, sizeof(command), "rm -rf '%s'", f->folder);
    assert_int_equal(system(command), 0);
    arena_free(f->arena);
    free(f);
    return 0;
}

static const char *path_of(struct fixture *f, const char *name)
{
    return arena_printf(f->arena, "%s/%s", f->folder, name);
}

/* Writes beside and renames, so that the inode changes even within one tick of the clock. */
static void put(struct fixture *f, const char *name, const char *text)
{
    const char *path = path_of(f, name), *beside = path_of(f, "beside.tmp");
    FILE *file = fopen(beside, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    assert_int_equal(rename(beside, path), 0);
}

static struct catalog *open_catalog(struct fixture *f)
{
    struct catalog *catalog = catalog_open(&f->options, &f->err);
    if (!catalog)
        fail_msg("%s", f->err.message);
    return catalog;
}

static const struct problem *problem_with(const struct catalog *catalog, const char *words)
{
    for (size_t i = 0; i < catalog->problem_count; i++)
        if (strstr(catalog->problems[i].message, words))
            return &catalog->problems[i];
    for (size_t i = 0; i < catalog->problem_count; i++)
        print_message("# %s: %s\n", catalog->problems[i].path, catalog->problems[i].message);
    fail_msg("no problem says '%s'", words);
    return NULL;
}

#define ORDERS "order_id,customer_id,region,amount\n1,1,North,5\n2,1,South,7\n3,2,North,5\n"
#define CUSTOMERS "id,name\n1,Ana\n2,Ben\n3,Cid\n"

/* ---- Tests ---- */

static void files_become_datasets(void **state)
{
    struct fixture *f = *state;
    put(f, "orders.csv", ORDERS);
    put(f, "customers.csv", CUSTOMERS);
    put(f, "notes.txt", "hello");
    struct catalog *catalog = open_catalog(f);
    assert_int_equal(catalog->dataset_count, 2);
    assert_int_equal(catalog->problem_count, 0);
    const struct dataset *orders = catalog_find(catalog, "orders");
    assert_string_equal(orders->title, "Orders");
    assert_string_equal(orders->source.engine, "duckdb");
    assert_string_equal(orders->source.file, path_of(f, "orders.csv"));
    assert_non_null(strstr(orders->source.database, ".duckdb"));
    assert_int_equal(orders->row_count, 3);
    assert_int_equal(orders->column_count, 4);
    assert_int_equal(dataset_column(orders, "amount")->role, ROLE_MEASURE);
    assert_int_equal(dataset_column(orders, "customer_id")->role, ROLE_KEY);
    assert_int_equal(strlen(orders->version), 64);
    assert_null(catalog_find(catalog, "none"));
    assert_true(catalog_require_datasets(catalog, &f->err));
    /* customer_id = customers.id */
    assert_int_equal(orders->relationship_count, 1);
    assert_string_equal(orders->relationships[0].dataset_id, "customers");
    assert_true(orders->relationships[0].found);
    assert_string_equal(f->progress_last, "2/2 orders.csv");
    catalog_unref(catalog);
}

static void names_of_files_are_made_unique(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(mkdir(path_of(f, "a"), 0700), 0);
    put(f, "a/orders.csv", ORDERS);
    put(f, "orders.csv", ORDERS);
    put(f, "Orders!.csv", ORDERS);
    put(f, "m.yaml",
        "dataset_id: x\ntable_name: orders_2\nsource: {table: o}\n"
        "columns: [{name: a, type: int}]\n");
    struct catalog *catalog = open_catalog(f);
    assert_int_equal(catalog->dataset_count, 4);
    assert_non_null(catalog_find(catalog, "orders"));
    assert_null(catalog_find(catalog, "orders_2"));
    assert_non_null(catalog_find(catalog, "orders_3"));
    assert_string_equal(catalog_find(catalog, "orders_4")->table_name, "orders_4");
    catalog_unref(catalog);
}

#define ORDERS_YAML                                                               \
    "table_name: sales\ndescription: what was sold\nsource: {file: orders.csv}\n" \
    "columns:\n  - {name: Region, type: text, synonyms: [area]}\n"                \
    "  - {name: amount, unit: EUR}\n"

static void documents_are_completed_by_their_file(void **state)
{
    struct fixture *f = *state;
    put(f, "orders.csv", ORDERS);
    put(f, "orders.yaml",
        ORDERS_YAML "  - {name: amuont}\n  - {name: order_id, type: date}\n"
                    "relationships: [{column: amount, dataset: nowhere}]\n");
    struct catalog *catalog = open_catalog(f);
    assert_int_equal(catalog->dataset_count, 1); /* the file is not a second one */
    const struct dataset *sales = catalog_find(catalog, "sales");
    assert_string_equal(sales->description, "what was sold");
    assert_int_equal(sales->row_count, 3);
    assert_int_equal(sales->column_count, 3);
    const struct column *region = &sales->columns[0];
    assert_string_equal(region->name, "region"); /* as the file spells it */
    assert_string_equal(region->synonyms.items[0], "area");
    assert_int_equal(region->profile.value_count, 2);
    assert_int_equal(region->role, ROLE_DIMENSION);
    assert_string_equal(sales->columns[1].unit, "EUR");
    assert_int_equal(sales->columns[1].kind, VALUE_INTEGER);
    const struct problem *problem = problem_with(catalog, "'amuont' is left out");
    assert_non_null(strstr(problem->message, "did you mean 'amount'?"));
    assert_int_equal(problem->line, 7);
    assert_int_equal(problem->severity, PROBLEM_WARNING);
    problem = problem_with(catalog, "described as date, but the file holds integer");
    assert_int_equal(problem->line, 8);
    assert_int_equal(sales->columns[2].kind, VALUE_INTEGER);
    problem = problem_with(catalog, "1 of the file's 4 columns is not listed");
    assert_int_equal(problem->severity, PROBLEM_NOTE);
    problem = problem_with(catalog, "relationship to 'nowhere' is left out: there is no such");
    assert_int_equal(problem->line, 9);
    assert_int_equal(sales->relationship_count, 0);
    catalog_unref(catalog);
}

static void a_document_without_columns_takes_those_of_the_file(void **state)
{
    struct fixture *f = *state;
    put(f, "orders.csv", ORDERS);
    put(f, "o.yaml", "table_name: o\nsource: {file: orders.csv}\naccess: {hidden: [amount]}\n");
    put(f, "p.yaml", "table_name: p\nsource: {file: orders.csv}\naccess: {hidden: [amout]}\n");
    struct catalog *catalog = open_catalog(f);
    assert_int_equal(catalog->dataset_count, 1);
    assert_int_equal(catalog_find(catalog, "o")->column_count, 4);
    problem_with(catalog, "names the column 'amout', which does not exist");
    catalog_unref(catalog);
}

/* A document that lies with the data reaches nothing outside of the folder, however it says it; one
 * of the operator's own folder does by an absolute path. */
static void documents_stay_in_their_folder(void **state)
{
    struct fixture *f = *state;
    const char *name = strrchr(f->folder, '/') + 1;
    const char *outside = arena_printf(f->arena, "%s-outside.csv", f->folder);
    FILE *file = fopen(outside, "w");
    assert_non_null(file);
    fputs(ORDERS, file);
    fclose(file);
    put(f, "orders.csv", ORDERS);
    put(f, "up.yaml",
        arena_printf(f->arena, "table_name: up\nsource: {file: ../%s-outside.csv}\n", name));
    put(f, "named.yaml",
        arena_printf(f->arena, "table_name: named\nsource: {file: %s}\n", outside));
    put(f, "linked.yaml", "table_name: linked\nsource: {file: .link}\n");
    put(f, "fine.yaml",
        arena_printf(f->arena, "table_name: fine\nsource: {file: ../%s/orders.csv}\n", name));
    assert_int_equal(symlink(outside, path_of(f, ".link")), 0);
    struct catalog *catalog = open_catalog(f);
    assert_int_equal(catalog->dataset_count, 1);
    assert_non_null(catalog_find(catalog, "fine"));
    assert_int_equal(catalog->error_count, 3);
    for (size_t i = 0; i < catalog->problem_count; i++)
        if (catalog->problems[i].severity == PROBLEM_ERROR)
            assert_non_null(strstr(catalog->problems[i].message, "leads out of the folder"));
    catalog_unref(catalog);
    f->options.data_path_count = 0;
    f->places[0] = f->folder;
    f->options.metadata_place_count = 1;
    catalog = open_catalog(f);
    assert_non_null(catalog_find(catalog, "named"));
    assert_int_equal(catalog->error_count, 2);
    catalog_unref(catalog);
    assert_int_equal(unlink(outside), 0);
}

static void one_bad_document_spoils_no_other(void **state)
{
    struct fixture *f = *state;
    put(f, "orders.csv", ORDERS);
    put(f, "broken.csv", "BROKEN");
    put(f, "a.yaml", "a: [\n");
    put(f, "b.yaml", "table_name: b\ncolumns: [{name: x, type: int}]\n");
    put(f, "c.yaml", "dataset_id: b\ntable_name: c\ncolumns: [{name: x, type: int}]\n");
    put(f, "d.yaml", "table_name: d\nsource: {file: none.csv}\n");
    put(f, "e.yaml", "table_name: e\nsource: {engine: trino, file: orders.csv}\n");
    struct catalog *catalog = open_catalog(f);
    assert_int_equal(catalog->error_count, 5);
    assert_int_equal(problem_with(catalog, "did not find")->line, 2);
    problem_with(catalog, "the dataset_id 'b' is taken by");
    problem_with(catalog, "No such file");
    assert_int_equal(problem_with(catalog, "the engine 'trino' reads no files")->line, 2);
    assert_string_equal(problem_with(catalog, "it is no table")->path, path_of(f, "broken.csv"));
    assert_int_equal(catalog->dataset_count, 1);
    assert_string_equal(catalog_find(catalog, "b")->table_name, "b");
    catalog_unref(catalog);
}

static void places_that_are_not_there(void **state)
{
    struct fixture *f = *state;
    f->places[0] = path_of(f, "none");
    f->options.metadata_place_count = 1;
    struct catalog *catalog = open_catalog(f);
    assert_int_equal(catalog->dataset_count, 0);
    assert_int_equal(catalog->error_count, 0);
    assert_int_equal(catalog->problems[0].severity, PROBLEM_NOTE);
    assert_false(catalog_require_datasets(catalog, &f->err));
    assert_int_equal(f->err.code, ERROR_CONFIG);
    assert_non_null(strstr(f->err.message, "--data FILE"));
    catalog_unref(catalog);
    f->data[0] = path_of(f, "none.csv");
    assert_null(catalog_open(&f->options, &f->err));
    assert_int_equal(f->err.code, ERROR_NOT_FOUND);
    assert_non_null(strstr(f->err.message, "none.csv"));
    f->options.data_path_count = 0;
    f->options.metadata_driver = "cloud";
    assert_null(catalog_open(&f->options, &f->err));
    assert_int_equal(f->err.code, ERROR_CONFIG);
}

static void nothing_is_listed_twice(void **state)
{
    struct fixture *f = *state;
    put(f, "orders.csv", ORDERS);
    put(f, "b.yaml", "table_name: b\ncolumns: [{name: x, type: int}]\n");
    f->places[0] = f->folder;
    f->options.metadata_place_count = 1;
    f->data[1] = path_of(f, "orders.csv");
    f->options.data_path_count = 2;
    struct catalog *catalog = open_catalog(f);
    assert_int_equal(catalog->dataset_count, 2);
    assert_int_equal(catalog->problem_count, 0);
    assert_int_equal(loads, 1);
    catalog_unref(catalog);
}

static void files_without_a_document_have_a_limit(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < CATALOG_DATA_FILES_MAX; i++)
        put(f, arena_printf(f->arena, "f%d.csv", i), "a\n1\n");
    struct catalog *catalog = open_catalog(f);
    assert_int_equal(catalog->dataset_count, CATALOG_DATA_FILES_MAX);
    assert_int_equal(catalog->problem_count, 0);
    put(f, "one_more.csv", "a\n1\n");
    put(f, "zz.yaml", "table_name: b\ncolumns: [{name: x, type: int}]\n");
    catalog_unref(catalog);
    catalog = open_catalog(f);
    assert_int_equal(catalog->dataset_count, CATALOG_DATA_FILES_MAX + 1); /* the document */
    assert_int_equal(problem_with(catalog, "1 document or data file is left out")->severity,
                     PROBLEM_WARNING);
    catalog_unref(catalog);
}

static struct catalog *refresh(struct fixture *f, struct catalog *old)
{
    struct catalog *catalog = catalog_refresh(old, &f->options, &f->err);
    if (!catalog)
        fail_msg("%s", f->err.message);
    catalog_unref(old);
    return catalog;
}

static void refresh_reads_only_what_changed(void **state)
{
    struct fixture *f = *state;
    put(f, "orders.csv", ORDERS);
    put(f, "customers.csv", CUSTOMERS);
    put(f, "orders.yaml", ORDERS_YAML);
    struct catalog *first = open_catalog(f);
    assert_int_equal(loads, 2);
    struct catalog *same = refresh(f, catalog_ref(first));
    assert_ptr_equal(same, first);
    assert_int_equal(loads, 2);
    catalog_unref(same);

    put(f, "customers.csv", CUSTOMERS "4,Dee\n");
    struct catalog *second = refresh(f, catalog_ref(first));
    assert_ptr_not_equal(second, first);
    assert_int_equal(loads, 3);
    assert_string_equal(catalog_find(first, "sales")->version,
                        catalog_find(second, "sales")->version);
    assert_string_not_equal(catalog_find(first, "customers")->version,
                            catalog_find(second, "customers")->version);
    assert_int_equal(catalog_find(first, "customers")->row_count, 3); /* the old one stays */
    assert_int_equal(catalog_find(second, "customers")->row_count, 4);
    assert_string_not_equal(first->version, second->version);
    catalog_unref(first);

    put(f, "orders.yaml", ORDERS_YAML "title: Sold things\n");
    second = refresh(f, second);
    assert_string_equal(catalog_find(second, "sales")->title, "Sold things");
    put(f, "orders.csv", ORDERS "4,2,East,1\n"); /* the file that a document describes */
    second = refresh(f, second);
    assert_int_equal(catalog_find(second, "sales")->row_count, 4);
    assert_int_equal(unlink(path_of(f, "orders.yaml")), 0);
    second = refresh(f, second);
    assert_non_null(catalog_find(second, "orders"));
    assert_int_equal(unlink(path_of(f, "orders.csv")), 0);
    second = refresh(f, second);
    assert_int_equal(second->dataset_count, 1);
    catalog_unref(second);
}

static void failures_that_may_pass_are_tried_again(void **state)
{
    struct fixture *f = *state;
    put(f, "orders.csv", ORDERS);
    load_failure = ERROR_IO;
    struct catalog *catalog = open_catalog(f);
    assert_int_equal(catalog->error_count, 1);
    load_failure = ERROR_NONE;
    catalog = refresh(f, catalog);
    assert_int_equal(catalog->dataset_count, 1);
    assert_int_equal(loads, 2);
    catalog_unref(catalog);
    load_failure = ERROR_DATA; /* bad data stays bad until the file changes */
    catalog = open_catalog(f);
    load_failure = ERROR_NONE;
    catalog = refresh(f, catalog);
    assert_int_equal(catalog->dataset_count, 0);
    assert_int_equal(loads, 3);
    catalog_unref(catalog);
}

/* ---- In tasks ---- */

static struct catalog *opened;

static bool open_in_task(void *arg, struct error *err)
{
    struct fixture *f = arg;
    f->options.loop = task_loop(task_current());
    opened = catalog_open(&f->options, err);
    return opened != NULL;
}

static void put_many(struct fixture *f, int count)
{
    for (int i = 0; i < count; i++)
        put(f, arena_printf(f->arena, "t%d.csv", i), ORDERS);
}

static void files_are_loaded_a_few_at_a_time(void **state)
{
    struct fixture *f = *state;
    put_many(f, 10);
    load_sleep_ms = 5;
    f->options.load_max = 3;
    assert_true(task_run_main(NULL, open_in_task, f, &f->err));
    assert_int_equal(opened->dataset_count, 10);
    assert_int_equal(loads, 10);
    assert_int_equal(loads_most, 3);
    assert_non_null(strstr(f->progress_last, "10/10"));
    catalog_unref(opened);
}

static void a_deadline_ends_the_loading(void **state)
{
    struct fixture *f = *state;
    put_many(f, 10);
    load_sleep_ms = 2000;
    const struct task_options options = {.name = "open", .deadline_ms = 50};
    assert_false(task_run_main(&options, open_in_task, f, &f->err));
    assert_null(opened);
    assert_int_equal(f->err.code, ERROR_DEADLINE);
    assert_int_equal(loads_now, 0);
}

static void cancel_opener(void *arg)
{
    struct task *task = arg;
    for (int i = 0; i < 10000 && loads < 2; i++)
        (void)task_sleep(1, NULL);
    task_cancel(task);
    task_unref(task);
}

static bool open_and_be_cancelled(void *arg, struct error *err)
{
    struct task *self = task_ref(task_current());
    assert_non_null(task_start(task_loop(self), NULL, cancel_opener, self, err));
    return open_in_task(arg, err);
}

static void a_cancel_ends_the_loading(void **state)
{
    struct fixture *f = *state;
    put_many(f, 10);
    load_sleep_ms = 30000;
    assert_false(task_run_main(NULL, open_and_be_cancelled, f, &f->err));
    assert_int_equal(f->err.code, ERROR_CANCELLED);
    assert_int_equal(loads_now, 0);
    assert_int_equal(loads, 2);
}

static size_t changes;

static void count_change(void *context)
{
    changes++;
}

static bool watch(void *arg, struct error *err)
{
    struct fixture *f = arg;
    f->options.loop = task_loop(task_current());
    changes = 0;
    struct catalog_watch *watcher = catalog_watch_start(&f->options, count_change, NULL, err);
    if (!watcher)
        return false;
    put(f, "orders.csv", ORDERS);
    put(f, "customers.csv", CUSTOMERS);
    for (int i = 0; i < 100 && changes == 0; i++)
        (void)task_sleep(50, err);
    assert_int_equal(changes, 1);
    put(f, "sub/x.csv", CUSTOMERS);
    for (int i = 0; i < 100 && changes == 1; i++)
        (void)task_sleep(50, err);
    assert_int_equal(changes, 2);
    catalog_watch_stop(watcher);
    (void)task_sleep(20, err);
    f->data[0] = path_of(f, "none");
    assert_null(catalog_watch_start(&f->options, count_change, NULL, err));
    return true;
}

static void changes_are_noticed(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(mkdir(path_of(f, "sub"), 0700), 0);
    assert_true(task_run_main(NULL, watch, f, &f->err));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(files_become_datasets),
        TEST(names_of_files_are_made_unique),
        TEST(documents_are_completed_by_their_file),
        TEST(a_document_without_columns_takes_those_of_the_file),
        TEST(documents_stay_in_their_folder),
        TEST(one_bad_document_spoils_no_other),
        TEST(places_that_are_not_there),
        TEST(nothing_is_listed_twice),
        TEST(files_without_a_document_have_a_limit),
        TEST(refresh_reads_only_what_changed),
        TEST(failures_that_may_pass_are_tried_again),
        TEST(files_are_loaded_a_few_at_a_time),
        TEST(a_deadline_ends_the_loading),
        TEST(a_cancel_ends_the_loading),
        TEST(changes_are_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
