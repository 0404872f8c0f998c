/* SPDX-License-Identifier: Apache-2.0 */
/* The scripted engine that tests of the layers above stand on: rows, failures, delays, limits. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "core/clock.h"
#include "core/settings.h"
#include "engine/fake.h"

#define DELAY_MS 50
#define TASKS 20

struct bench {
    struct engine *engine;
    struct arena *arena;
};

static struct result_column columns[] = {{"n", "BIGINT", VALUE_INTEGER}};
static struct cell cells[] = {{.type = CELL_INTEGER, .integer = 1},
                              {.type = CELL_INTEGER, .integer = 2}};
static const struct rows two_rows = {columns, 1, cells, 2, false};

static bool query(struct bench *bench, const char *sql, struct engine_limits limits,
                  struct rows *out, struct error *err)
{
    struct engine_statement statement = {.sql = sql, .limits = limits};
    return engine_query(bench->engine, &statement, bench->arena, out, err);
}

static void statements_get_their_own_answer(struct bench *bench)
{
    struct rows rows;
    struct error err = {0};
    assert_null(engine_fake_last(bench->arena));
    assert_false(query(bench, "SELECT 1", (struct engine_limits){0}, &rows, &err));
    assert_int_equal(err.code, ERROR_SQL_FAILED);
    engine_fake_answer(&(struct engine_fake_answer){.rows = &two_rows});
    engine_fake_answer(&(struct engine_fake_answer){
        .sql = "SELECT 2", .error = ERROR_ENGINE, .message = "it has gone"});
    assert_true(query(bench, "SELECT 1", (struct engine_limits){0}, &rows, &err));
    assert_int_equal(rows.row_count, 2);
    assert_false(rows.truncated);
    assert_false(query(bench, "SELECT 2", (struct engine_limits){0}, &rows, &err));
    assert_int_equal(err.code, ERROR_ENGINE);
    assert_string_equal(err.message, "it has gone");
    engine_fake_answer(&(struct engine_fake_answer){.sql = "SELECT 2", .rows = &two_rows});
    assert_true(query(bench, "SELECT 2", (struct engine_limits){.row_max = 1}, &rows, &err));
    assert_int_equal(rows.row_count, 1);
    assert_true(rows.truncated);
    assert_int_equal(engine_fake_count(), 4);
    assert_string_equal(engine_fake_last(bench->arena), "SELECT 2");
}

static void query_in_task(void *arg)
{
    struct rows rows;
    struct error err = {0};
    assert_true(query(arg, "SELECT 1", (struct engine_limits){0}, &rows, &err));
}

static void waiting_statements_run_side_by_side(struct bench *bench)
{
    struct error err = {0};
    struct loop *loop = task_loop(task_current());
    struct task *tasks[TASKS];
    engine_fake_answer(&(struct engine_fake_answer){.rows = &two_rows, .delay_ms = DELAY_MS});
    uint64_t start_us = clock_monotonic_us();
    for (size_t i = 0; i < TASKS; i++)
        tasks[i] = task_ref(
            task_start(loop, &(struct task_options){.name = "query"}, query_in_task, bench, &err));
    for (size_t i = 0; i < TASKS; i++) {
        assert_true(task_join(tasks[i], &err));
        task_unref(tasks[i]);
    }
    uint64_t took_ms = (clock_monotonic_us() - start_us) / 1000;
    assert_true(took_ms + 2 >= DELAY_MS && took_ms < TASKS * DELAY_MS);
    assert_int_equal(engine_fake_most_at_once(), TASKS);
}

static void a_delay_ends_at_the_limit(struct bench *bench)
{
    struct rows rows;
    struct error err = {0};
    engine_fake_answer(&(struct engine_fake_answer){.rows = &two_rows, .delay_ms = 60 * 1000});
    assert_false(query(bench, "SELECT 1", (struct engine_limits){.timeout_ms = 10}, &rows, &err));
    assert_int_equal(err.code, ERROR_DEADLINE);
}

static void wait_for_ever(void *arg)
{
    struct rows rows;
    struct error err = {0};
    assert_false(query(arg, "SELECT 1", (struct engine_limits){0}, &rows, &err));
    assert_int_equal(err.code, ERROR_CANCELLED);
}

static void a_delay_ends_with_a_cancel(struct bench *bench)
{
    struct error err = {0};
    engine_fake_answer(&(struct engine_fake_answer){.rows = &two_rows, .delay_ms = 60 * 1000});
    struct task *task =
        task_ref(task_start(task_loop(task_current()), &(struct task_options){.name = "query"},
                            wait_for_ever, bench, &err));
    assert_true(task_sleep(5, &err));
    task_cancel(task);
    assert_true(task_join(task, &err));
    task_unref(task);
}

static void (*current)(struct bench *bench);

static bool in_task(void *arg, struct error *err)
{
    struct bench bench = {.arena = arena_new()};
    engine_fake_start("duckdb");
    bench.engine = engine_open(task_loop(task_current()), "duckdb", 1, err);
    assert_non_null(bench.engine);
    assert_string_equal(engine_name(bench.engine), "duckdb");
    current(&bench);
    engine_close(bench.engine);
    engine_fake_stop();
    arena_free(bench.arena);
    return true;
}

static void run_one(void **state)
{
    struct error err = {0};
    current = *state;
    assert_true(task_run_main(NULL, in_task, NULL, &err));
}

static bool open_by_name(void *arg, struct error *err)
{
    return engine_open(task_loop(task_current()), "fake", 1, err) != NULL;
}

static void nobody_can_choose_it_by_name(void **state)
{
    struct error err = {0};
    assert_false(task_run_main(NULL, open_by_name, NULL, &err));
    assert_int_equal(err.code, ERROR_CONFIG);
    assert_non_null(strstr(err.message, "there are: duckdb"));
    assert_null(strstr(strstr(err.message, "there are:"), "fake"));
}

static int set_up(void **state)
{
    struct error err = {0};
    return settings_load(&err) ? 0 : -1;
}

#define TEST(function) cmocka_unit_test_prestate(run_one, (void *)(function))

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(statements_get_their_own_answer),
        TEST(waiting_statements_run_side_by_side),
        TEST(a_delay_ends_at_the_limit),
        TEST(a_delay_ends_with_a_cancel),
        cmocka_unit_test(nobody_can_choose_it_by_name),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
