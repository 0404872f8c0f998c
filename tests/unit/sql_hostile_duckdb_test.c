/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs the corpora of tests/hostile through DuckDB itself: what is allowed must really be SQL,
 * and of what is refused the second opinion alone (sql/duckdb_tree.h) must refuse all that has no
 * excuse in the corpus. Nothing refused is executed, only parsed.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "engine/duckdb_api.h"
#include "sql/duckdb_tree.h"
#include "sql_corpus.h"

static struct arena *arena;
static struct firewall_policy policy;
static struct corpus corpus;
static struct duckdb_api api;
static duckdb_database database;
static duckdb_connection connection;

static void run(const char *sql)
{
    struct duckdb_result result = {0};
    if (api.query(connection, sql, &result) != DUCKDB_SUCCESS)
        fail_msg("%s: %s", sql, api.result_error(&result));
    api.destroy_result(&result);
}

static void create_tables(void)
{
    for (size_t i = 0; i < policy.dataset_count; i++) {
        const struct dataset *dataset = policy.datasets[i];
        struct strbuf sql = strbuf_init(4096);
        strbuf_printf(&sql, "CREATE TABLE \"%s\" (", dataset->table_name);
        for (size_t j = 0; j < dataset->column_count; j++)
            strbuf_printf(&sql, "%s\"%s\" %s", j > 0 ? ", " : "", dataset->columns[j].name,
                          dataset->columns[j].type);
        strbuf_add(&sql, ")");
        run(strbuf_text(&sql));
        strbuf_clear(&sql);
    }
}

static int set_up(void **state)
{
    struct error err;
    arena = arena_new();
    policy = corpus_policy(arena);
    const char *path = duckdb_library_find(arena, &err);
    if (!path || !duckdb_api_load(path, &api, &err))
        return 0;
    duckdb_config config = NULL;
    if (api.create_config(&config) != DUCKDB_SUCCESS ||
        api.set_config(config, "enable_external_access", "false") != DUCKDB_SUCCESS ||
        api.set_config(config, "threads", "1") != DUCKDB_SUCCESS ||
        api.open_ext(":memory:", &database, config, NULL) != DUCKDB_SUCCESS ||
        api.connect(database, &connection) != DUCKDB_SUCCESS)
        return 1;
    api.destroy_config(&config);
    create_tables();
    run("SET max_expression_depth = 100");
    return 0;
}

static int tear_down(void **state)
{
    if (connection) {
        api.disconnect(&connection);
        api.close(&database);
    }
    arena_free(arena);
    return 0;
}

/* DuckDB's tree of the statement, or its refusal to make one, in the arena. */
static struct str tree_of(struct str sql)
{
    duckdb_prepared prepared = NULL;
    struct duckdb_result result = {0};
    struct str json = STR("{\"error\": true, \"error_type\": \"none\"}");
    duckdb_chunk chunk = NULL;
    if (api.prepare(connection, "SELECT json_serialize_sql(CAST(? AS VARCHAR))", &prepared) ==
            DUCKDB_SUCCESS &&
        api.bind_varchar_length(prepared, 1, sql.bytes, sql.length) == DUCKDB_SUCCESS &&
        api.execute_prepared(prepared, &result) == DUCKDB_SUCCESS)
        chunk = api.fetch_chunk(result);
    if (chunk) {
        union duckdb_string *text = api.vector_get_data(api.data_chunk_get_vector(chunk, 0));
        bool near = text->length <= DUCKDB_STRING_INLINE_MAX;
        json =
            arena_str(arena, (struct str){near ? text->near.bytes : text->far.bytes, text->length});
        api.destroy_data_chunk(&chunk);
    }
    api.destroy_result(&result);
    api.destroy_prepare(&prepared);
    return json;
}

static void allowed_statements_run(void **state)
{
    int failures = 0;
    if (!connection)
        skip();
    corpus_read("tests/hostile/allowed.sql", arena, &corpus);
    for (size_t i = 0; i < corpus.count; i++) {
        const struct corpus_case *one = &corpus.cases[i];
        struct duckdb_result result = {0};
        struct error err = {0};
        bool ok = duckdb_tree_check(tree_of(one->sql), &policy, arena, &err);
        if (!ok)
            print_error("allowed.sql:%d: %s\n", one->line, err.message);
        if (api.query(connection, one->sql.bytes, &result) != DUCKDB_SUCCESS) {
            print_error("allowed.sql:%d: %s\n", one->line, api.result_error(&result));
            ok = false;
        }
        api.destroy_result(&result);
        failures += !ok;
    }
    assert_int_equal(failures, 0);
}

static void the_tree_refuses_by_itself(void **state)
{
    int failures = 0, refused = 0;
    if (!connection)
        skip();
    corpus_read("tests/hostile/refused.sql", arena, &corpus);
    for (size_t i = 0; i < corpus.count; i++) {
        const struct corpus_case *one = &corpus.cases[i];
        struct error err = {0};
        bool passed = duckdb_tree_check(tree_of(one->sql), &policy, arena, &err);
        refused += !passed;
        if (passed == (one->excuse != NULL))
            continue;
        failures++;
        print_error("refused.sql:%d: %s: the tree %s: %.60s\n", one->line, one->code,
                    passed ? "lets it pass" : "refuses it as well", one->sql.bytes);
    }
    print_message("# the second opinion alone refuses %d of %zu\n", refused, corpus.count);
    assert_int_equal(failures, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(allowed_statements_run),
        cmocka_unit_test(the_tree_refuses_by_itself),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
