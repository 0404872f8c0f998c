/* SPDX-License-Identifier: Apache-2.0 */
/* The DuckDB engine with real worker processes: limits, deadlines, cancel, dying workers. */
#include "home_support.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/clock.h"
#include "engine/engine.h"
#include "engine/load.h"
#include "engine/pool.h"
#include "engine/worker.h"

#define NUMBERS 2000 /* rows of the table: four times joined with itself it takes for ever */
static const char endless[] =
    "SELECT count(*) AS n FROM numbers AS a, numbers AS b, numbers AS c, numbers AS d "
    "WHERE a.n + b.n + c.n + d.n = -1";

struct bench {
    struct engine *engine;
    struct loop *loop;
    struct dataset numbers;
    struct arena *arena;
};

static void (*current)(struct bench *bench);

static void load_numbers(struct bench *bench, struct error *err)
{
    char path[128];
    snprintf(path, sizeof(path), "%s/numbers.csv", home);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fprintf(file, "n,word\n");
    for (int i = 0; i < NUMBERS; i++)
        fprintf(file, "%d,w%d\n", i, i % 7);
    assert_int_equal(fclose(file), 0);
    struct load_result result;
    if (!load_file(bench->loop, path, bench->arena, &result, err))
        fail_msg("%s", err->message);
    bench->numbers = (struct dataset){
        .id = "numbers",
        .table_name = "numbers",
        .source.database = result.database,
        .columns = result.columns,
        .column_count = result.column_count,
    };
}

static bool run_current(void *arg, struct error *err)
{
    struct bench bench = {.loop = task_loop(task_current()), .arena = arena_new()};
    load_numbers(&bench, err);
    bench.engine = engine_open(bench.loop, "duckdb", 1, err);
    if (bench.engine)
        current(&bench);
    engine_close(bench.engine);
    arena_free(bench.arena);
    return bench.engine != NULL;
}

static void run(void (*body)(struct bench *bench))
{
    struct error err = {0};
    current = body;
    if (!task_run_main(NULL, run_current, NULL, &err))
        fail_msg("%s", err.message);
}

static bool query(struct bench *bench, const char *sql, struct engine_limits limits,
                  struct rows *rows, struct error *err)
{
    const struct dataset *datasets[] = {&bench->numbers};
    struct engine_statement statement = {
        .sql = sql, .datasets = datasets, .dataset_count = 1, .limits = limits};
    return engine_query(bench->engine, &statement, bench->arena, rows, err);
}

static void expect(struct bench *bench, const char *sql, const char *json)
{
    struct rows rows;
    struct error err = {0};
    if (!query(bench, sql, (struct engine_limits){0}, &rows, &err))
        fail_msg("%s: %s", sql, err.message);
    struct strbuf text = strbuf_init(100000);
    rows_print_json(&rows, 100, &text);
    assert_string_equal(strbuf_text(&text), json);
    strbuf_clear(&text);
}

static void expect_works(struct bench *bench)
{
    expect(bench, "SELECT count(*) AS n FROM numbers", "[{\"n\":2000}]");
}

static void expect_fails(struct bench *bench, const char *sql, struct engine_limits limits,
                         enum error_code code)
{
    struct rows rows;
    struct error err = {0};
    if (query(bench, sql, limits, &rows, &err))
        fail_msg("it ran: %s", sql);
    if (err.code != code)
        fail_msg("%s: %s", error_name(err.code), err.message);
    assert_int_equal(rows.row_count, 0);
    assert_null(strstr(err.message, "/"));
}

/* Process ids of this process's children; a worker is one. */
static size_t children(pid_t ids[16])
{
    size_t count = 0;
    DIR *directory = opendir("/proc");
    struct dirent *entry;
    while ((entry = readdir(directory)) != NULL && count < 16) {
        char path[300], state;
        int id, parent;
        snprintf(path, sizeof(path), "/proc/%s/stat", entry->d_name);
        FILE *file = fopen(path, "r");
        if (!file)
            continue;
        if (fscanf(file, "%d (%*[^)]) %c %d", &id, &state, &parent) == 3 && parent == getpid() &&
            state != 'Z')
            ids[count++] = id;
        fclose(file);
    }
    closedir(directory);
    return count;
}

static void signal_workers(int number)
{
    pid_t ids[16];
    size_t count = children(ids);
    assert_int_not_equal(count, 0);
    for (size_t i = 0; i < count; i++)
        kill(ids[i], number);
}

/* -- */

static void selects_body(struct bench *bench)
{
    expect(bench, "SELECT 1 AS a, 'x' AS b, 12.30 AS a",
           "[{\"a\":1,\"b\":\"x\",\"a_2\":\"12.30\"}]");
    expect(bench, "SELECT word, count(*) AS n FROM numbers GROUP BY word ORDER BY word LIMIT 2",
           "[{\"word\":\"w0\",\"n\":286},{\"word\":\"w1\",\"n\":286}]");
    expect(bench, "SELECT n FROM numbers WHERE n < 0", "[]");
    pid_t ids[16];
    assert_int_equal(children(ids), 1); /* one worker served all of them */
}

static void selects(void **state)
{
    run(selects_body);
}

static void row_limit_body(struct bench *bench)
{
    struct rows rows;
    struct error err = {0};
    const char *sql = "SELECT n, word FROM numbers ORDER BY n";
    assert_true(query(bench, sql, (struct engine_limits){.row_max = NUMBERS}, &rows, &err));
    assert_int_equal(rows.row_count, NUMBERS);
    assert_false(rows.truncated);
    assert_true(query(bench, sql, (struct engine_limits){.row_max = NUMBERS - 1}, &rows, &err));
    assert_int_equal(rows.row_count, NUMBERS - 1);
    assert_true(rows.truncated);
    assert_int_equal(rows_cell(&rows, NUMBERS - 2, 0)->integer, NUMBERS - 2);
    assert_true(query(bench, sql, (struct engine_limits){.row_max = 1}, &rows, &err));
    assert_int_equal(rows.row_count, 1);
    expect_works(bench);
}

static void row_limit(void **state)
{
    run(row_limit_body);
}

/* A cell counts 16 bytes and its text. */
static void byte_limit_body(struct bench *bench)
{
    const char *sql = "SELECT 'abcdefghij' AS text FROM numbers LIMIT 100";
    struct rows rows;
    struct error err = {0};
    assert_true(query(bench, sql, (struct engine_limits){.byte_max = 2600}, &rows, &err));
    assert_int_equal(rows.row_count, 100);
    expect_fails(bench, sql, (struct engine_limits){.byte_max = 2599}, ERROR_RESULT_TOO_LARGE);
    expect_works(bench);
}

static void byte_limit(void **state)
{
    run(byte_limit_body);
}

static void deadline_body(struct bench *bench)
{
    uint64_t start_ms = clock_monotonic_ms();
    expect_fails(bench, endless, (struct engine_limits){.timeout_ms = 200}, ERROR_DEADLINE);
    assert_true(clock_monotonic_ms() - start_ms < 10000);
    expect_works(bench);
}

static void deadline(void **state)
{
    run(deadline_body);
}

static void run_endless(void *arg)
{
    expect_fails(arg, endless, (struct engine_limits){0}, ERROR_CANCELLED);
}

/* The task is told at once, while its worker has a moment to end what it does; a loaded machine has
 * some attempts. */
static void cancel_body(struct bench *bench)
{
    struct error err = {0};
    uint64_t took_ms = UINT64_MAX;
    for (int attempt = 0; attempt < 10 && took_ms >= 200; attempt++) {
        struct task *task =
            task_ref(task_start(bench->loop, &(struct task_options){0}, run_endless, bench, &err));
        assert_true(task_sleep(300, &err));
        uint64_t start_ms = clock_monotonic_ms();
        task_cancel(task);
        assert_true(task_join(task, &err));
        took_ms = clock_monotonic_ms() - start_ms;
        task_unref(task);
        expect_works(bench);
    }
    assert_true(took_ms < 200);
}

static void cancel(void **state)
{
    run(cancel_body);
}

static bool killed_ended;

static void run_killed(void *arg)
{
    expect_fails(arg, endless, (struct engine_limits){0}, ERROR_ENGINE);
    killed_ended = true;
}

static void dead_workers_are_replaced_body(struct bench *bench)
{
    struct error err = {0};
    expect_works(bench);
    signal_workers(SIGKILL); /* idle */
    expect_works(bench);
    killed_ended = false;
    struct task *task =
        task_ref(task_start(bench->loop, &(struct task_options){0}, run_killed, bench, &err));
    for (int i = 0; i < 100 && task_sleep(300, &err) && !killed_ended; i++)
        signal_workers(SIGKILL); /* at work; one that was not yet has its statement begun again */
    assert_true(task_join(task, &err));
    task_unref(task);
    expect_works(bench);
}

static void dead_workers_are_replaced(void **state)
{
    run(dead_workers_are_replaced_body);
}

static void stopped_workers_are_replaced_body(struct bench *bench)
{
    struct error err = {0};
    pid_t before[16], after[16];
    expect_works(bench);
    assert_int_equal(children(before), 1);
    signal_workers(SIGSTOP);
    expect_fails(bench, "SELECT 1 AS a", (struct engine_limits){.timeout_ms = 200}, ERROR_DEADLINE);
    for (int i = 0; i < 300 && children(after) > 0; i++) /* it gets a grace */
        assert_true(task_sleep(100, &err));
    assert_int_equal(children(after), 0);
    expect_works(bench);
}

static void stopped_workers_are_replaced(void **state)
{
    run(stopped_workers_are_replaced_body);
}

static bool is_stopped(int id)
{
    char path[64], state = 0;
    snprintf(path, sizeof(path), "/proc/%d/stat", id);
    FILE *file = fopen(path, "r");
    bool read = file && fscanf(file, "%*d (%*[^)]) %c", &state) == 1;
    if (file)
        fclose(file);
    return read && state == 'T';
}

/* Once it was idle for long; its statement has a minute, of which it takes the time to answer alone. */
static void a_frozen_worker_is_found_before_its_statement_waits_body(struct bench *bench)
{
    struct error err = {0};
    struct engine_statement statement = {.sql = "SELECT 1"};
    for (int frozen = 0; frozen < 2; frozen++) {
        struct pool_options options = {.memory_mb = 256, .threads = 1, .worker_max = 1, .idle_check_ms = 1,
                                       .ping_ms = frozen ? 100 : 30000};
        struct pool *pool = pool_new(bench->loop, &options);
        struct pool_worker *worker = pool_take(pool, &statement, clock_monotonic_ms() + 60000, &err);
        assert_non_null(worker);
        int id = process_id(pool_process(worker));
        pool_give(worker);
        if (frozen)
            kill(id, SIGSTOP);
        while (frozen && !is_stopped(id))
            assert_true(task_sleep(1, &err));
        for (uint64_t given_ms = clock_monotonic_ms(); clock_monotonic_ms() <= given_ms + 1;)
            assert_true(task_sleep(1, &err));
        uint64_t start_ms = clock_monotonic_ms();
        worker = pool_take(pool, &statement, start_ms + 60000, &err);
        assert_non_null(worker);
        assert_true(clock_monotonic_ms() - start_ms < 30000);
        assert_int_equal(process_id(pool_process(worker)) == id, !frozen);
        pool_give(worker);
        pool_free(pool);
    }
}

static void a_frozen_worker_is_found_before_its_statement_waits(void **state)
{
    run(a_frozen_worker_is_found_before_its_statement_waits_body);
}

/* Whatever froze them, the first that doesn't end its statement makes the others doubtful. */
static void one_that_must_be_interrupted_has_the_others_asked_body(struct bench *bench)
{
    struct error err = {0};
    struct engine_statement statement = {.sql = "SELECT 1"};
    struct pool_options options = {
        .memory_mb = 256, .threads = 1, .worker_max = 3, .idle_check_ms = 600000, .ping_ms = 100};
    struct pool *pool = pool_new(bench->loop, &options);
    uint64_t end_ms = clock_monotonic_ms() + 60000;
    struct pool_worker *one = pool_take(pool, &statement, end_ms, &err);
    struct pool_worker *other = pool_take(pool, &statement, end_ms, &err);
    if (!one || !other)
        fail_msg("%s", err.message);
    int id = process_id(pool_process(other));
    pool_give(other);
    kill(id, SIGSTOP);
    while (!is_stopped(id))
        assert_true(task_sleep(1, &err));
    pool_interrupt(one, 1);
    struct pool_worker *next = pool_take(pool, &statement, end_ms, &err);
    assert_non_null(next);
    assert_int_not_equal(process_id(pool_process(next)), id);
    assert_true(clock_monotonic_ms() < end_ms - 30000);
    pool_give(next);
    pool_free(pool);
}

static void one_that_must_be_interrupted_has_the_others_asked(void **state)
{
    run(one_that_must_be_interrupted_has_the_others_asked_body);
}

static void run_one(void *arg)
{
    expect_works(arg);
}

/* As many as questions may be at work: all get their turn. */
static void many_at_once_body(struct bench *bench)
{
    enum { MANY = 1200 };
    struct task *tasks[MANY];
    struct error err = {0};
    for (size_t i = 0; i < MANY; i++)
        tasks[i] =
            task_ref(task_start(bench->loop, &(struct task_options){0}, run_one, bench, &err));
    for (size_t i = 0; i < MANY; i++) {
        assert_true(task_join(tasks[i], &err));
        task_unref(tasks[i]);
    }
    pid_t ids[16];
    assert_in_range(children(ids), 1, 4);
}

static void many_at_once(void **state)
{
    run(many_at_once_body);
}

struct slow {
    struct bench *bench;
    const char *caller;
    size_t *ended; /* how many have */
};

static void run_slow(void *arg)
{
    const struct slow *slow = arg;
    const struct dataset *datasets[] = {&slow->bench->numbers};
    struct engine_statement statement = {.sql = endless,
                                         .caller = slow->caller,
                                         .datasets = datasets,
                                         .dataset_count = 1,
                                         .limits.timeout_ms = 20000};
    struct rows rows;
    struct error err = {0};
    assert_false(engine_query(slow->bench->engine, &statement, slow->bench->arena, &rows, &err));
    ++*slow->ended;
}

/* Twelve endless statements of one caller run and wait; another's quick one gets through. */
static void callers_take_turns_body(struct bench *bench)
{
    struct task *tasks[12];
    size_t ended = 0;
    struct slow slow = {bench, "many", &ended};
    struct error err = {0};
    expect_works(bench); /* a worker is up */
    for (size_t i = 0; i < 12; i++)
        tasks[i] =
            task_ref(task_start(bench->loop, &(struct task_options){0}, run_slow, &slow, &err));
    assert_true(task_sleep(50, &err));
    const struct dataset *datasets[] = {&bench->numbers};
    struct engine_statement quick = {.sql = "SELECT count(*) AS n FROM numbers",
                                     .caller = "one",
                                     .datasets = datasets,
                                     .dataset_count = 1};
    struct rows rows;
    assert_true(engine_query(bench->engine, &quick, bench->arena, &rows, &err));
    assert_int_equal(ended, 0);
    for (size_t i = 0; i < 12; i++)
        task_cancel(tasks[i]);
    for (size_t i = 0; i < 12; i++) {
        assert_true(task_join(tasks[i], &err));
        task_unref(tasks[i]);
    }
    assert_int_equal(ended, 12);
}

static void callers_take_turns(void **state)
{
    run(callers_take_turns_body);
}

static void bad_statements_body(struct bench *bench)
{
    struct engine_limits limits = {0};
    struct rows rows;
    struct error err = {0};
    assert_false(query(bench, "SELECT m FROM numbers", limits, &rows, &err));
    assert_int_equal(err.code, ERROR_SQL_FAILED);
    assert_non_null(strstr(err.message, "\"m\" not found"));
    assert_non_null(strstr(err.message, "Candidate bindings"));
    expect_fails(bench, "SELECT FROM WHERE", limits, ERROR_SQL_FAILED);
    expect_fails(bench, "SELECT 1; SELECT 2", limits, ERROR_SQL_REFUSED);
    expect_fails(bench, "CREATE TABLE x (a INTEGER)", limits, ERROR_SQL_REFUSED);
    expect_fails(bench, "SELECT * FROM elsewhere", limits, ERROR_SQL_REFUSED);
    expect_works(bench);
}

static void bad_statements(void **state)
{
    run(bad_statements_body);
}

/* What DuckDB's own lock-down lets through, since it is a SELECT, the parse tree's check refuses.
 */
static void looking_around_is_refused_body(struct bench *bench)
{
    static const char *const statements[] = {
        "PRAGMA database_size",
        "PRAGMA show_tables",
        "SHOW TABLES",
        "DESCRIBE numbers",
        "SUMMARIZE numbers",
        "SELECT * FROM duckdb_settings()",
        "SELECT * FROM duckdb_databases()",
        "SELECT * FROM pg_settings",
        "SELECT * FROM information_schema.tables",
        "SELECT * FROM sqlite_master",
        "SELECT * FROM d0.main.data",
        "SELECT current_setting('home_directory')",
        "SELECT * FROM query('SELECT 1')",
        "SELECT * FROM query_table('numbers')",
        "SELECT repeat('x', 1000000000)",
        "SELECT getvariable('x')",
        "SELECT * FROM range(1000000000000)",
        "FROM 'numbers.csv'",
        "SELECT * FROM read_csv('/etc/passwd')",
    };
    for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]); i++)
        expect_fails(bench, statements[i], (struct engine_limits){0}, ERROR_SQL_REFUSED);
    expect_works(bench);
}

static void looking_around_is_refused(void **state)
{
    run(looking_around_is_refused_body);
}

static void check_and_health_body(struct bench *bench)
{
    const struct dataset *datasets[] = {&bench->numbers};
    struct engine_statement good = {
        .sql = "SELECT n FROM numbers", .datasets = datasets, .dataset_count = 1};
    struct engine_statement bad = good;
    struct error err = {0};
    bad.sql = "SELECT m FROM numbers";
    assert_true(engine_check(bench->engine, &good, &err));
    assert_false(engine_check(bench->engine, &bad, &err));
    assert_int_equal(err.code, ERROR_SQL_FAILED);
    struct engine_health health;
    engine_check_health(bench->engine, &health);
    assert_true(health.ok);
    assert_string_equal(health.version, "v1.5.6");
}

static void check_and_health(void **state)
{
    run(check_and_health_body);
}

static void unloaded_data_body(struct bench *bench)
{
    struct rows rows;
    struct error err = {0};
    struct dataset kept = bench->numbers;
    bench->numbers.source.database = NULL;
    assert_false(query(bench, "SELECT 1", (struct engine_limits){0}, &rows, &err));
    assert_int_equal(err.code, ERROR_ENGINE);
    bench->numbers.source.database = "/nonexistent/x.duckdb";
    assert_false(query(bench, "SELECT 1", (struct engine_limits){0}, &rows, &err));
    assert_int_equal(err.code, ERROR_ENGINE);
    /* A table that is gone spoils nothing for the others. */
    bench->numbers = kept;
    expect_works(bench);
}

static void unloaded_data(void **state)
{
    run(unloaded_data_body);
}

int main(int argc, char **argv)
{
    if (engine_worker_requested(argc, argv))
        return engine_worker_main(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(selects),
        cmocka_unit_test(row_limit),
        cmocka_unit_test(byte_limit),
        cmocka_unit_test(deadline),
        cmocka_unit_test(cancel),
        cmocka_unit_test(dead_workers_are_replaced),
        cmocka_unit_test(stopped_workers_are_replaced),
        cmocka_unit_test(a_frozen_worker_is_found_before_its_statement_waits),
        cmocka_unit_test(one_that_must_be_interrupted_has_the_others_asked),
        cmocka_unit_test(many_at_once),
        cmocka_unit_test(callers_take_turns),
        cmocka_unit_test(bad_statements),
        cmocka_unit_test(looking_around_is_refused),
        cmocka_unit_test(check_and_health),
        cmocka_unit_test(unloaded_data),
    };
    return cmocka_run_group_tests(tests, make_home, remove_home);
}
