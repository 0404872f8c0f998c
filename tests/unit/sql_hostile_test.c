/* SPDX-License-Identifier: Apache-2.0 */
/* Runs the corpora of tests/hostile through the firewall. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "sql_corpus.h"

static struct arena *arena;
static struct firewall_policy policy;
static struct corpus corpus;

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

static void refuses_the_hostile(void **state)
{
    int failures = 0;
    corpus_read("tests/hostile/refused.sql", arena, &corpus);
    for (size_t i = 0; i < corpus.count; i++) {
        const struct corpus_case *one = &corpus.cases[i];
        struct firewall_verdict verdict;
        struct error err = {0};
        bool allowed = firewall_check(&policy, one->sql, arena, &verdict, &err);
        assert_non_null(one->origin);
        assert_non_null(one->code);
        if (!allowed && strcmp(verdict.code, one->code) == 0 && err.code == ERROR_SQL_REFUSED &&
            verdict.line >= 1 && verdict.column >= 1)
            continue;
        failures++;
        print_error("refused.sql:%d: expected %s, got %s: %s\n", one->line, one->code,
                    allowed ? "allowed" : verdict.code, err.message);
    }
    assert_int_equal(failures, 0);
    assert_true(corpus.count >= 220);
}

static void allows_the_legitimate(void **state)
{
    int failures = 0;
    corpus_read("tests/hostile/allowed.sql", arena, &corpus);
    for (size_t i = 0; i < corpus.count; i++) {
        const struct corpus_case *one = &corpus.cases[i];
        struct firewall_verdict verdict;
        struct error err = {0};
        if (firewall_check(&policy, one->sql, arena, &verdict, &err) && verdict.allowed &&
            !verdict.code && err.code == ERROR_NONE)
            continue;
        failures++;
        print_error("allowed.sql:%d: %s\n", one->line, err.message);
    }
    assert_int_equal(failures, 0);
    assert_true(corpus.count >= 170);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_the_hostile),
        cmocka_unit_test(allows_the_legitimate),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
