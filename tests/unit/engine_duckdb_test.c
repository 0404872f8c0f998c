/* SPDX-License-Identifier: Apache-2.0 */
/* The DuckDB engine with real worker processes. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "engine/engine.h"
#include "engine/worker.h"

struct trial {
    void (*body)(struct engine *engine, struct arena *arena);
};

static bool run_trial(void *arg, struct error *err)
{
    struct trial *trial = arg;
    struct engine *engine = engine_open(task_loop(task_current()), "duckdb", err);
    if (!engine)
        return false;
    struct arena *arena = arena_new();
    trial->body(engine, arena);
    arena_free(arena);
    engine_close(engine);
    return true;
}

static void with_engine(void (*body)(struct engine *engine, struct arena *arena))
{
    struct trial trial = {body};
    struct error err;
    if (!task_run_main(NULL, run_trial, &trial, &err))
        fail_msg("%s", err.message);
}

static void selects_body(struct engine *engine, struct arena *arena)
{
    struct rows rows;
    struct error err;
    struct engine_statement statement = {.sql = "SELECT 1 AS a, 'x' AS b, 12.30 AS a"};
    if (!engine_query(engine, &statement, arena, &rows, &err))
        fail_msg("%s", err.message);
    struct strbuf text = strbuf_init(1000);
    rows_print_json(&rows, 10, &text);
    assert_string_equal(strbuf_text(&text), "[{\"a\":1,\"b\":\"x\",\"a_2\":\"12.30\"}]");
    strbuf_clear(&text);
}

static void selects(void **state)
{
    with_engine(selects_body);
}

int main(int argc, char **argv)
{
    if (engine_worker_requested(argc, argv))
        return engine_worker_main(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(selects),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
