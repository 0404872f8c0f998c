/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "sql/duckdb_tree.h"
#include "sql_corpus.h"

static struct arena *arena;
static struct firewall_policy policy;

static int set_up(void **state)
{
    arena = arena_new();
    policy = corpus_policy(arena);
    return 0;
}

static int tear_down(void **state)
{
    arena_free(arena);
    return 0;
}

/* Trees that DuckDB itself made. */
static void judges_real_trees(void **state)
{
    struct str rest = corpus_read_file("tests/unit/data/duckdb_trees.txt", arena);
    struct str line, expected;
    int count = 0;
    while (str_split(&rest, '\n', &line)) {
        if (line.length == 0 || line.bytes[0] == '#')
            continue;
        expected = line;
        struct str sql = {0}, json = {0};
        assert_true(str_split(&rest, '\n', &sql) && str_split(&rest, '\n', &json));
        struct error err = {0};
        bool ok = duckdb_tree_check(json, &policy, arena, &err);
        if (ok != str_equal(expected, STR("ok")) ||
            (!ok && str_find(str_from(err.message), expected) < 0))
            fail_msg("%.*s\nexpected: %.*s\ngot: %s", STR_ARGS(sql), STR_ARGS(expected),
                     ok ? "ok" : err.message);
        count++;
    }
    assert_true(count >= 50);
}

static void refuses(const char *json, const char *part)
{
    struct error err = {0};
    assert_false(duckdb_tree_check(str_from(json), &policy, arena, &err));
    if (!strstr(err.message, part))
        fail_msg("expected '%s' in '%s'", part, err.message);
}

#define TREE(node) "{\"error\":false,\"statements\":[{\"node\":" node ",\"named_param_map\":[]}]}"
#define SELECT_OF(list) \
    TREE("{\"type\":\"SELECT_NODE\",\"cte_map\":{\"map\":[]},\"select_list\":[" list "]}")

static void refuses_what_is_no_tree(void **state)
{
    refuses("", "can't be read");
    refuses("nonsense", "can't be read");
    refuses("[]", "can't parse");
    refuses("{}", "can't parse");
    refuses("{\"error\":false}", "0 statements");
    refuses("{\"error\":false,\"statements\":{}}", "0 statements");
    refuses("{\"error\":false,\"statements\":[null]}", "STATEMENT");
    refuses("{\"error\":false,\"statements\":[{\"node\":{},\"named_param_map\":[]}]}", "query ''");
    refuses("{\"error\":false,\"error\":false,\"statements\":[]}", "can't be read");
    refuses(TREE("{\"type\":\"SELECT_NODE\"}"), "WITH");
}

static void refuses_unknown_nodes_and_parts(void **state)
{
    struct error err = {0};
    assert_true(duckdb_tree_check(
        str_from(SELECT_OF("{\"class\":\"COLUMN_REF\",\"type\":\"COLUMN_REF\",\"alias\":\"\","
                           "\"query_location\":18446744073709551615,\"column_names\":[\"x\"]}")),
        &policy, arena, &err));
    refuses(SELECT_OF("{\"class\":\"TELEPORT\"}"), "expression 'TELEPORT'");
    refuses(SELECT_OF("{\"class\":\"COLUMN_REF\",\"column_names\":[\"x\"],\"new_part\":1}"),
            "'new_part'");
    refuses(SELECT_OF("{\"class\":\"COLUMN_REF\",\"column_names\":[]}"), "without a name");
    refuses(SELECT_OF("{\"class\":\"FUNCTION\",\"function_name\":7}"), "function ''");
    refuses(SELECT_OF("7"), "expression ''");
}

static void depth_is_limited(void **state)
{
    struct strbuf json = strbuf_init(DUCKDB_TREE_SIZE_MAX);
    for (int depth = DUCKDB_TREE_DEPTH_MAX - 3; depth <= DUCKDB_TREE_DEPTH_MAX - 2; depth++) {
        strbuf_reset(&json);
        strbuf_add(&json,
                   "{\"error\":false,\"statements\":[{\"named_param_map\":[],\"node\":{\"type\":"
                   "\"SELECT_NODE\",\"cte_map\":{\"map\":[]},\"select_list\":[");
        for (int i = 0; i < depth; i++)
            strbuf_add(&json, "{\"class\":\"COLLATE\",\"collation\":\"c\",\"child\":");
        strbuf_add(&json, "{\"class\":\"COLUMN_REF\",\"column_names\":[\"x\"]}");
        strbuf_add_repeat(&json, '}', (size_t)depth);
        strbuf_add(&json, "]}}]}");
        struct error err = {0};
        bool fits = depth == DUCKDB_TREE_DEPTH_MAX - 3;
        assert_int_equal(duckdb_tree_check(strbuf_str(&json), &policy, arena, &err), fits);
        assert_true(fits || strstr(err.message, "deeper"));
    }
    strbuf_clear(&json);
}

static void size_is_limited(void **state)
{
    size_t size = DUCKDB_TREE_SIZE_MAX + 1;
    char *json = malloc(size);
    memset(json, ' ', size);
    struct error err = {0};
    assert_false(duckdb_tree_check((struct str){json, size}, &policy, arena, &err));
    assert_non_null(strstr(err.message, "too large"));
    assert_false(duckdb_tree_check((struct str){json, size - 1}, &policy, arena, &err));
    assert_non_null(strstr(err.message, "can't be read"));
    free(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(judges_real_trees),
        cmocka_unit_test(refuses_what_is_no_tree),
        cmocka_unit_test(refuses_unknown_nodes_and_parts),
        cmocka_unit_test(depth_is_limited),
        cmocka_unit_test(size_is_limited),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
