/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "agent/run.h"

static void one_statement_too_many_has_no_rows(void **state)
{
    struct rows rows = {0};
    struct run run = {.arena = arena_new(), .statement_count = RUN_STATEMENTS_MAX};
    run.statements = arena_array(run.arena, RUN_STATEMENTS_MAX, sizeof(*run.statements));
    for (size_t i = 0; i < RUN_STATEMENTS_MAX; i++)
        run.statements[i] = arena_memdup(
            run.arena,
            &(struct statement){
                .sql = arena_printf(run.arena, "SELECT %zu", i), .allowed = true, .rows = &rows},
            sizeof(struct statement));
    const struct statement *known = run_statement(&run, "SELECT 63");
    assert_ptr_equal(known, run.statements[RUN_STATEMENTS_MAX - 1]);
    const struct statement *other = run_statement(&run, "SELECT 64");
    assert_string_equal(other->sql, "SELECT 64");
    assert_null(other->rows);
    assert_int_equal(other->error.code, ERROR_TOO_LARGE);
    assert_int_equal(run.statement_count, RUN_STATEMENTS_MAX);
    arena_free(run.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_statement_too_many_has_no_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
