/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <pthread.h>
#include <cmocka.h>

#include "sql/firewall_priv.h"
#include "sql_corpus.h"

static struct arena *arena;
static struct firewall_policy policy;
static struct firewall_verdict verdict;
static struct error err;

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

static bool check(const char *sql)
{
    error_clear(&err);
    return firewall_check(&policy, str_from(sql), arena, &verdict, &err);
}

/* The statement is allowed and reads these tables, in the policy's order. */
static void assert_reads(const char *sql, const char *tables)
{
    if (!check(sql))
        fail_msg("%s: %s", sql, err.message);
    struct strbuf read = strbuf_init(4096);
    for (size_t i = 0; i < verdict.datasets_read_count; i++)
        strbuf_printf(&read, "%s%s", i > 0 ? " " : "",
                      policy.datasets[verdict.datasets_read[i]]->table_name);
    assert_string_equal(strbuf_text(&read), tables);
    strbuf_clear(&read);
}

static void reports_what_is_read(void **state)
{
    assert_reads("SELECT 1", "");
    assert_reads("SELECT * FROM Staff", "staff");
    assert_reads("SELECT * FROM orders, \"CUSTOMERS\" c, orders o2", "customers orders");
    assert_reads("WITH x AS (SELECT * FROM staff) SELECT * FROM x, x y", "staff");
    assert_reads("SELECT (SELECT max(price) FROM products) WHERE 1 IN (SELECT 1 FROM events)",
                 "products events");
    assert_reads("SELECT * FROM \"monthly targets\"", "Monthly Targets");
    /* The name of WITH hides the table, inside of its own query it does not. */
    assert_reads("WITH staff AS (SELECT 1 AS a) SELECT * FROM staff", "");
    assert_reads("WITH staff AS (SELECT * FROM staff) SELECT * FROM staff", "staff");
    assert_reads("SELECT * FROM (WITH staff AS (SELECT 1) SELECT * FROM staff) x, staff", "staff");
}

static void assert_refused(const char *sql, const char *code, const char *nearest,
                           const char *sentence)
{
    assert_false(check(sql));
    assert_false(verdict.allowed);
    assert_int_equal(err.code, ERROR_SQL_REFUSED);
    assert_string_equal(verdict.code, code);
    assert_string_equal(err.message, sentence);
    if (nearest)
        assert_string_equal(verdict.nearest, nearest);
    else
        assert_null(verdict.nearest);
}

static void says_what_where_and_what_else(void **state)
{
    assert_refused("SELECT * FROM read_csv('x')", "function_reads_files", NULL,
                   "function 'read_csv' at line 1, column 15 is not allowed; functions that read "
                   "files are never available");
    assert_refused("SELECT *\nFROM custmers", "table_not_allowed", "customers",
                   "table 'custmers' at line 2, column 6 is not one of the tables that may be "
                   "read; did you mean 'customers'?");
    assert_refused("SELECT * FROM hr.\"Staff\"", "schema_not_allowed", "staff",
                   "qualified table 'hr.\"Staff\"' at line 1, column 15 is not allowed; name the "
                   "table without a schema; did you mean 'staff'?");
    assert_refused("SELECT SUMM(price) FROM products", "function_not_allowed", "sum",
                   "function 'SUMM' at line 1, column 8 is not allowed; did you mean 'sum'?");
    assert_refused("SELECT NVL(price, 0) FROM products", "function_not_allowed", "coalesce",
                   "function 'NVL' at line 1, column 8 is not allowed; did you mean 'coalesce'?");
    assert_refused("SELECT 1::INTEGR", "type_not_allowed", "integer",
                   "type 'INTEGR' at line 1, column 11 is not allowed; did you mean 'integer'?");
    assert_refused("SELECT payload -> 'a' FROM events", "operator_not_allowed",
                   "json_extract_string",
                   "operator '->' at line 1, column 16 is not allowed; did you mean "
                   "'json_extract_string'?");
    assert_refused("SELECT 1 WHERE", "syntax", NULL,
                   "the statement at line 1, column 15 ends too early");
    assert_refused("SELECT \"a\xE2\x80\xAE\"", "look_alike", NULL,
                   "character \"aU+202E\" at line 1, column 8 is not allowed outside of strings; "
                   "it looks like or hides another one");
    assert_refused("", "empty", NULL,
                   "the statement at line 1, column 1 is empty; one SELECT is expected");
}

static void qualified_names_as_the_metadata_has_them(void **state)
{
    struct dataset dataset = {.table_name = "staff", .source = {.table = "hr.staff"}};
    const struct dataset *datasets[] = {&dataset};
    struct firewall_policy own = {datasets, 1};
    struct firewall_policy saved = policy;
    policy = own;
    assert_reads("SELECT * FROM hr.staff", "staff");
    assert_reads("SELECT * FROM HR.\"Staff\" s", "staff");
    assert_reads("SELECT * FROM staff", "staff");
    assert_false(check("SELECT * FROM \"hr.staff\""));
    assert_false(check("SELECT * FROM db.hr.staff"));
    assert_false(check("SELECT * FROM public.staff"));
    policy = (struct firewall_policy){NULL, 0};
    assert_false(check("SELECT * FROM staff"));
    assert_true(check("SELECT 1"));
    policy = saved;
}

static void odd_names_only_when_known(void **state)
{
    struct column column = {.name = "area\xC2\xA0m²"};
    struct dataset dataset = {.table_name = "rooms", .columns = &column, .column_count = 1};
    const struct dataset *datasets[] = {&dataset};
    struct firewall_policy saved = policy;
    policy = (struct firewall_policy){datasets, 1};
    assert_reads("SELECT \"area\xC2\xA0m²\" FROM rooms", "rooms");
    assert_false(check("SELECT \"area\xC2\xA0m\" FROM rooms"));
    policy = saved;
}

static void reserved_columns_want_quotes(void **state)
{
    struct column column = {.name = "show"};
    struct dataset dataset = {.table_name = "tv", .columns = &column, .column_count = 1};
    const struct dataset *datasets[] = {&dataset};
    struct firewall_policy saved = policy;
    policy = (struct firewall_policy){datasets, 1};
    assert_reads("SELECT \"show\", t.show AS show FROM tv t", "tv");
    assert_refused("SELECT show FROM tv", "reserved_name", "\"show\"",
                   "name 'show' at line 1, column 8 is a reserved word; put double quotes around "
                   "it; did you mean '\"show\"'?");
    policy = saved;
}

/* text, then `count` times `part`, then `end` and `count` times `close`. */
static bool check_repeated(const char *text, const char *part, const char *end, const char *close,
                           int count)
{
    struct strbuf sql = strbuf_init(64 * 1024);
    strbuf_add(&sql, text);
    for (int i = 0; i < count; i++)
        strbuf_add(&sql, part);
    strbuf_add(&sql, end);
    for (int i = 0; i < count; i++)
        strbuf_add(&sql, close);
    bool allowed = check(strbuf_text(&sql));
    strbuf_clear(&sql);
    return allowed;
}

static void limits_at_their_edges(void **state)
{
    assert_true(check_repeated("SELECT 1", " + 1", "", "", SQL_CHAIN_MAX));
    assert_false(check_repeated("SELECT 1", " + 1", "", "", SQL_CHAIN_MAX + 1));
    assert_true(check_repeated("SELECT 1", " OR 1", "", "", SQL_TERMS_MAX - 1));
    assert_false(check_repeated("SELECT 1", " OR 1", "", "", SQL_TERMS_MAX));
    assert_true(check_repeated("SELECT * FROM staff", ", staff", "", "", SQL_TABLES_MAX - 1));
    assert_false(check_repeated("SELECT * FROM staff", ", staff", "", "", SQL_TABLES_MAX));
    assert_true(check_repeated("SELECT 1", " UNION SELECT 1", "", "", SQL_SELECTS_MAX - 1));
    assert_false(check_repeated("SELECT 1", " UNION SELECT 1", "", "", SQL_SELECTS_MAX));
    assert_true(
        check_repeated("SELECT * FROM (VALUES (1)", ", (1)", ") v(x)", "", SQL_VALUES_MAX - 1));
    assert_false(
        check_repeated("SELECT * FROM (VALUES (1)", ", (1)", ") v(x)", "", SQL_VALUES_MAX));
    assert_true(check_repeated("SELECT CASE", " WHEN 1 THEN 2", " END", "", SQL_TERMS_MAX));
    assert_false(check_repeated("SELECT CASE", " WHEN 1 THEN 2", " END", "", SQL_TERMS_MAX + 1));
    /* The query and the item take two levels. */
    assert_true(check_repeated("SELECT ", "(", "1", ")", SQL_DEPTH_MAX - 2));
    assert_false(check_repeated("SELECT ", "(", "1", ")", SQL_DEPTH_MAX - 1));
    assert_true(check("SELECT lpad('x', 100, ' ')"));
    assert_false(check("SELECT lpad('x', 101, ' ')"));
}

/* The deepest statement that is allowed, on a stack like that of a task. */
static void *check_deep(void *arg)
{
    bool *all = arg;
    static const char *const parts[][2] = {
        {"(", ")"},
        {"abs(", ")"},
        {"CASE WHEN ", " THEN 1 END"},
        {"(1 IN (1, ", "))"},
        {"count(*) OVER (ORDER BY ", ")"},
    };
    *all = true;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        for (int depth = 1; depth < 2 * SQL_DEPTH_MAX; depth++) {
            bool allowed = check_repeated("SELECT ", parts[i][0], "1", parts[i][1], depth);
            *all = *all && (allowed || depth > SQL_DEPTH_MAX / 4);
        }
    }
    return NULL;
}

static void needs_little_stack(void **state)
{
    pthread_attr_t attributes;
    pthread_t thread;
    bool ok = false;
    size_t size = 64 * 1024;
#ifdef __SANITIZE_ADDRESS__
    size *= 8;
#endif
    assert_int_equal(pthread_attr_init(&attributes), 0);
    assert_int_equal(pthread_attr_setstacksize(&attributes, size), 0);
    assert_int_equal(pthread_create(&thread, &attributes, check_deep, &ok), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_true(ok);
    pthread_attr_destroy(&attributes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reports_what_is_read),
        cmocka_unit_test(says_what_where_and_what_else),
        cmocka_unit_test(qualified_names_as_the_metadata_has_them),
        cmocka_unit_test(odd_names_only_when_known),
        cmocka_unit_test(reserved_columns_want_quotes),
        cmocka_unit_test(limits_at_their_edges),
        cmocka_unit_test(needs_little_stack),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
