/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One worker process, spoken to directly: exact values of all types, and the lock-down without
 * the firewall and the check of the parse tree above it.
 */
#include "home_support.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/clock.h"
#include "engine/duckdb_api.h"
#include "engine/load.h"
#include "engine/process.h"
#include "engine/worker.h"
#include "engine/worker_priv.h"
#include "engine/worker_sandbox.h"

#define WAIT_MS 20000

struct talk {
    struct process *process;
    struct arena *arena;
    uint32_t number;
    enum wire_error error;
    uint32_t layers;
    char message[ERROR_MESSAGE_MAX];
};

static struct frame next_frame(struct talk *talk)
{
    struct frame frame;
    struct error err = {0};
    if (!process_receive(talk->process, WAIT_MS, talk->arena, &frame, &err))
        fail_msg("%s", err.message);
    return frame;
}

static const char *make_database(struct talk *talk)
{
    char path[128];
    struct load_result result;
    struct error err = {0};
    snprintf(path, sizeof(path), "%s/t.csv", home);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fprintf(file, "n,word\n1,a\n2,b\n");
    assert_int_equal(fclose(file), 0);
    if (!load_file(task_loop(task_current()), path, talk->arena, &result, &err))
        fail_msg("%s", err.message);
    return result.database;
}

static void open_worker(struct talk *talk)
{
    struct error err = {0};
    struct wire_database databases[] = {
        {.path = make_database(talk), .table_name = "t \"x\"", .needed = true},
        {.path = "/nonexistent.duckdb", .table_name = "gone"},
    };
    struct wire_open open = {
        .library = duckdb_library_find(talk->arena, &err),
        .memory_mb = 256,
        .threads = 2,
        .databases = databases,
        .database_count = 2,
    };
    assert_non_null(open.library);
    talk->process = process_start(task_loop(task_current()), home, &err);
    assert_non_null(talk->process);
    struct strbuf payload = strbuf_init(FRAME_SIZE_MAX);
    wire_add_open(&payload, &open);
    process_send(talk->process, FRAME_OPEN, strbuf_str(&payload));
    strbuf_clear(&payload);
    struct frame frame = next_frame(talk);
    struct wire_ready ready;
    assert_int_equal(frame.type, FRAME_READY);
    assert_true(wire_read_ready(frame.payload, talk->arena, &ready));
    assert_string_equal(ready.version, DUCKDB_VERSION);
    assert_int_equal(ready.attached_count, 2);
    assert_true(ready.attached[0]);
    assert_false(ready.attached[1]);
    talk->layers = ready.layers;
}

bool __real_worker_judge(struct worker *worker, const struct wire_query *query, struct arena *arena,
                         enum wire_error *kind, struct error *err);
bool __wrap_worker_judge(struct worker *worker, const struct wire_query *query, struct arena *arena,
                         enum wire_error *kind, struct error *err);

/* In the worker, which is this program too: statements over no dataset get no second opinion, so that the layers
 * below it are alone. The product has no way to ask for that. */
bool __wrap_worker_judge(struct worker *worker, const struct wire_query *query, struct arena *arena,
                         enum wire_error *kind, struct error *err)
{
    return query->dataset_count == 0 || __real_worker_judge(worker, query, arena, kind, err);
}

static void ask_about(struct talk *talk, const char *sql, const struct dataset *const *datasets,
                      size_t dataset_count)
{
    struct wire_query query = {.number = ++talk->number,
                               .sql = sql,
                               .row_max = 1000,
                               .byte_max = 1u << 20,
                               .timeout_ms = WAIT_MS,
                               .datasets = datasets,
                               .dataset_count = dataset_count};
    struct strbuf payload = strbuf_init(FRAME_SIZE_MAX);
    wire_add_query(&payload, &query);
    process_send(talk->process, FRAME_QUERY, strbuf_str(&payload));
    strbuf_clear(&payload);
}

static void ask(struct talk *talk, const char *sql)
{
    ask_about(talk, sql, NULL, 0);
}

/* False with talk->error. */
static bool read_reply(struct talk *talk, struct rows *rows)
{
    *rows = (struct rows){0};
    for (;;) {
        struct frame frame = next_frame(talk);
        const char *message;
        switch (frame.type) {
        case FRAME_COLUMNS:
            assert_true(
                wire_read_columns(frame.payload, talk->arena, &rows->columns, &rows->column_count));
            break;
        case FRAME_ROWS:
            assert_int_equal(rows->row_count, 0); /* one batch is enough here */
            assert_true(wire_read_row_count(frame.payload, rows->column_count, &rows->row_count));
            rows->cells = arena_array(talk->arena, rows->row_count * rows->column_count,
                                      sizeof(*rows->cells));
            assert_true(wire_read_rows(frame.payload, rows->column_count, rows->cells));
            break;
        case FRAME_END:
            return true;
        case FRAME_ERROR:
            assert_true(wire_read_error(frame.payload, &talk->error, &message));
            snprintf(talk->message, sizeof(talk->message), "%s", message);
            return false;
        default:
            fail_msg("frame of type %d", frame.type);
        }
    }
}

/* Runs a statement whatever its tree looks like; false with talk->error. */
static bool query(struct talk *talk, const char *sql, struct rows *rows)
{
    ask(talk, sql);
    return read_reply(talk, rows);
}

/* An expression, its type and its exact text. */
struct value {
    const char *sql, *type;
    enum value_kind kind;
    const char *text;
};

static const struct value values[] = {
    {"true", "BOOLEAN", VALUE_BOOLEAN, "true"},
    {"(-128)::TINYINT", "TINYINT", VALUE_INTEGER, "-128"},
    {"255::UTINYINT", "UTINYINT", VALUE_INTEGER, "255"},
    {"(-32768)::SMALLINT", "SMALLINT", VALUE_INTEGER, "-32768"},
    {"65535::USMALLINT", "USMALLINT", VALUE_INTEGER, "65535"},
    {"4294967295::UINTEGER", "UINTEGER", VALUE_INTEGER, "4294967295"},
    {"9223372036854775807", "BIGINT", VALUE_INTEGER, "9223372036854775807"},
    {"(-9223372036854775808)::BIGINT", "BIGINT", VALUE_INTEGER, "-9223372036854775808"},
    {"18446744073709551615::UBIGINT", "UBIGINT", VALUE_INTEGER, "18446744073709551615"},
    {"170141183460469231731687303715884105727::HUGEINT", "HUGEINT", VALUE_INTEGER,
     "170141183460469231731687303715884105727"},
    {"(-170141183460469231731687303715884105728)::HUGEINT", "HUGEINT", VALUE_INTEGER,
     "-170141183460469231731687303715884105728"},
    {"'340282366920938463463374607431768211455'::UHUGEINT", "UHUGEINT", VALUE_INTEGER,
     "340282366920938463463374607431768211455"},
    {"0.1::FLOAT", "FLOAT", VALUE_FLOAT, "0.1"},
    {"0.1::DOUBLE", "DOUBLE", VALUE_FLOAT, "0.1"},
    {"'nan'::DOUBLE", "DOUBLE", VALUE_FLOAT, "NaN"},
    {"'-inf'::DOUBLE", "DOUBLE", VALUE_FLOAT, "-Infinity"},
    {"12.30", "DECIMAL(4,2)", VALUE_DECIMAL, "12.30"},
    {"(-0.05)::DECIMAL(4,2)", "DECIMAL(4,2)", VALUE_DECIMAL, "-0.05"},
    {"123456.789::DECIMAL(9,3)", "DECIMAL(9,3)", VALUE_DECIMAL, "123456.789"},
    {"(-123456789012.345678)::DECIMAL(18,6)", "DECIMAL(18,6)", VALUE_DECIMAL,
     "-123456789012.345678"},
    {"99999999999999999999999999999999999999::DECIMAL(38,0)", "DECIMAL(38,0)", VALUE_DECIMAL,
     "99999999999999999999999999999999999999"},
    {"'0.00000000000000000000000000000000000001'::DECIMAL(38,38)", "DECIMAL(38,38)", VALUE_DECIMAL,
     "0.00000000000000000000000000000000000001"},
    {"'twelve bytes'", "VARCHAR", VALUE_TEXT, "twelve bytes"},
    {"'thirteen byte'", "VARCHAR", VALUE_TEXT, "thirteen byte"},
    {"''", "VARCHAR", VALUE_TEXT, ""},
    {"'\\x00\\xFF'::BLOB", "BLOB", VALUE_BLOB, "00ff"},
    {"DATE '2024-02-29'", "DATE", VALUE_DATE, "2024-02-29"},
    {"DATE '0044-03-15 (BC)'", "DATE", VALUE_DATE, "0044-03-15 (BC)"},
    {"DATE '5877642-06-25 (BC)'", "DATE", VALUE_DATE, "5877642-06-25 (BC)"},
    {"DATE '5881580-07-10'", "DATE", VALUE_DATE, "5881580-07-10"},
    {"DATE 'infinity'", "DATE", VALUE_DATE, "infinity"},
    {"TIME '23:59:59.000001'", "TIME", VALUE_TIME, "23:59:59.000001"},
    {"TIMESTAMP '2024-02-29 13:00:00'", "TIMESTAMP", VALUE_TIMESTAMP, "2024-02-29T13:00:00"},
    {"TIMESTAMP '1969-12-31 23:59:59.5'", "TIMESTAMP", VALUE_TIMESTAMP, "1969-12-31T23:59:59.5"},
    {"TIMESTAMP_S '2024-02-29 13:00:00'", "TIMESTAMP_S", VALUE_TIMESTAMP, "2024-02-29T13:00:00"},
    {"TIMESTAMP_MS '2024-02-29 13:00:00.120'", "TIMESTAMP_MS", VALUE_TIMESTAMP,
     "2024-02-29T13:00:00.12"},
    {"TIMESTAMP_NS '2024-02-29 13:00:00.123456789'", "TIMESTAMP_NS", VALUE_TIMESTAMP,
     "2024-02-29T13:00:00.123456789"},
    {"TIMESTAMPTZ '2024-02-29 13:00:00+02'", "TIMESTAMP WITH TIME ZONE", VALUE_TIMESTAMP_TZ,
     "2024-02-29T11:00:00Z"},
    {"TIMESTAMP 'infinity'", "TIMESTAMP", VALUE_TIMESTAMP, "infinity"},
    {"INTERVAL '14 months 3 days 4 seconds'", "INTERVAL", VALUE_INTERVAL,
     "1 year 2 months 3 days 00:00:04"},
    {"INTERVAL '-90 minutes'", "INTERVAL", VALUE_INTERVAL, "-01:30:00"},
    {"INTERVAL '0 days'", "INTERVAL", VALUE_INTERVAL, "00:00:00"},
    {"'550e8400-e29b-41d4-a716-446655440000'::UUID", "UUID", VALUE_TEXT,
     "550e8400-e29b-41d4-a716-446655440000"},
    {"'b'::ENUM('a', 'b')", "ENUM", VALUE_TEXT, "b"},
    {"[1, NULL, 3]", "INTEGER[]", VALUE_NESTED, "[1,null,3]"},
    {"[[1.50], []]", "DECIMAL(3,2)[][]", VALUE_NESTED, "[[\"1.50\"],[]]"},
    {"{'a': 1, 'b\"': 'x'}", "STRUCT(\"a\" INTEGER, \"b\"\" VARCHAR)", VALUE_NESTED,
     "{\"a\":1,\"b\\\"\":\"x\"}"},
    {"MAP {'k': 9007199254740993}", "MAP(VARCHAR, BIGINT)", VALUE_NESTED,
     "{\"k\":\"9007199254740993\"}"},
    {"[1, 2]::INTEGER[2]", "INTEGER[2]", VALUE_NESTED, "[1,2]"},
    {"'{\"a\": [1]}'::JSON", "JSON", VALUE_NESTED, "{\"a\": [1]}"},
    {"'101'::BIT", "VARCHAR", VALUE_TEXT, "101"},
    {"TIMETZ '12:00:00+02'", "VARCHAR", VALUE_TEXT, "12:00:00+02"},
    {"union_value(a := 1)", "VARCHAR", VALUE_TEXT, "1"},
    {"['101'::BIT]", "BIT[]", VALUE_NESTED, "[101]"},
    {"NULL::INTEGER", "INTEGER", VALUE_INTEGER, ""},
    {"NULL", NULL, VALUE_UNKNOWN, ""},
};

static void exact_values_body(struct talk *talk)
{
    struct strbuf sql = strbuf_init(1000), text = strbuf_init(1000);
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        struct rows rows;
        strbuf_reset(&sql);
        strbuf_reset(&text);
        strbuf_printf(&sql, "SELECT %s AS v", values[i].sql);
        if (!query(talk, strbuf_text(&sql), &rows))
            fail_msg("%s: %s", values[i].sql, talk->message);
        assert_int_equal(rows.row_count, 1);
        cell_print(rows_cell(&rows, 0, 0), &text);
        assert_string_equal(strbuf_text(&text), values[i].text);
        if (values[i].type && values[i].kind != VALUE_NESTED)
            assert_string_equal(rows.columns[0].type, values[i].type);
        if (values[i].type)
            assert_int_equal(rows.columns[0].kind, values[i].kind);
    }
    strbuf_clear(&sql);
    strbuf_clear(&text);
}

/* Each must fail, with nothing but DuckDB's lock-down and the worker's own check in the way. */
static const char *const forbidden[] = {
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM read_text('/etc/passwd')",
    "SELECT * FROM read_blob('/proc/self/environ')",
    "SELECT * FROM '/etc/passwd'",
    "SELECT * FROM glob('/*')",
    "SELECT * FROM read_json('http://127.0.0.1:1/x')",
    "SELECT * FROM read_parquet('s3://bucket/x')",
    "SELECT * FROM sniff_csv('/etc/passwd')",
    "COPY (SELECT 1) TO 'out.csv'",
    "COPY \"t \"\"x\"\"\" TO '/tmp/querent-out.csv'",
    "ATTACH '/tmp/querent-other.duckdb' AS other",
    "DETACH d0",
    "EXPORT DATABASE '/tmp/querent-export'",
    "IMPORT DATABASE '/tmp/querent-export'",
    "INSTALL httpfs",
    "LOAD httpfs",
    "SET memory_limit='10GB'",
    "SET lock_configuration=false",
    "SET enable_external_access=true",
    "RESET lock_configuration",
    "PRAGMA enable_profiling",
    "CREATE TABLE x (a INTEGER)",
    "CREATE TEMP TABLE x AS SELECT 1",
    "CREATE MACRO m(a) AS a",
    "CREATE OR REPLACE VIEW v AS SELECT 1",
    "INSERT INTO d0.main.data VALUES (1, 'x')",
    "UPDATE d0.main.data SET n = 1",
    "DELETE FROM d0.main.data",
    "DROP VIEW \"t \"\"x\"\"\"",
    "BEGIN",
    "CHECKPOINT",
    "VACUUM",
    "EXPLAIN SELECT 1",
    "EXPLAIN ANALYZE SELECT 1",
    "PREPARE p AS SELECT 1",
    "EXECUTE p",
    "SET VARIABLE v = 1",
    "USE d0",
    "SELECT 1; SELECT 2",
    "SELECT ?",
    "SELECT $name",
    "",
    "-- nothing",
    "SELECT getenv('PATH')",
};

static void lock_down_body(struct talk *talk)
{
    struct rows rows;
    for (size_t i = 0; i < sizeof(forbidden) / sizeof(forbidden[0]); i++)
        if (query(talk, forbidden[i], &rows))
            fail_msg("it ran: %s", forbidden[i]);
    if (!query(talk, "SELECT sum(n) AS s FROM \"t \"\"x\"\"\"", &rows))
        fail_msg("%s", talk->message);
    assert_int_equal(rows_cell(&rows, 0, 0)->integer, 3);
    assert_int_equal(access("/tmp/querent-out.csv", F_OK), -1);
    /* It has no folder to write in, no environment, and no descriptors but its socket's. */
    assert_int_equal(access(process_folder(talk->process), F_OK), -1);
}

/* What DuckDB reads is looked at before it runs: one SELECT over the tables that this statement may read. */
static void second_opinion_body(struct talk *talk)
{
    static const struct {
        const char *sql;
        enum wire_error error; /* 0: it runs */
        const char *word;      /* in the message */
    } cases[] = {
        {"SELECT sum(n) FROM \"t \"\"x\"\"\"", 0, NULL},
        {"SELECT \"user\" FROM \"t \"\"x\"\"\"", 0, NULL}, /* it has such a column, it says */
        {"SELECT \"system_user\" FROM \"t \"\"x\"\"\"", WIRE_ERROR_FORBIDDEN, "system_user"},
        {"SELECT * FROM gone", WIRE_ERROR_FORBIDDEN, "table 'gone'"},
        {"SELECT * FROM d0.main.data", WIRE_ERROR_FORBIDDEN, "not allowed"},
        {"SELECT getenv('PATH')", WIRE_ERROR_FORBIDDEN, "function 'getenv'"},
        {"SELECT * FROM range(3)", WIRE_ERROR_FORBIDDEN, "range"},
        {"SELECT 1; SELECT 2", WIRE_ERROR_FORBIDDEN, "2 statements"},
        {"DROP VIEW \"t \"\"x\"\"\"", WIRE_ERROR_FORBIDDEN, "SELECT"},
        {"SELECT FROM WHERE", WIRE_ERROR_SQL, "syntax"},
    };
    struct column columns[] = {{.name = "n"}, {.name = "User"}};
    struct dataset other = {.table_name = "other"};
    struct dataset ours = {.table_name = "t \"x\"", .columns = columns, .column_count = 2};
    const struct dataset *datasets[] = {&other, &ours};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct rows rows;
        ask_about(talk, cases[i].sql, datasets, 2);
        bool ran = read_reply(talk, &rows);
        if (ran ? cases[i].error != 0
                : talk->error != cases[i].error || !strstr(talk->message, cases[i].word))
            fail_msg("%s: %s", cases[i].sql, ran ? "it ran" : talk->message);
    }
}

/* More memory than it may have is an error, not the end of the worker. */
/* The number after a name in the kernel's account of a thread. */
static long status_of(const char *task, const char *name)
{
    char line[256];
    long number = -1;
    FILE *file = fopen(task, "r");
    while (file && fgets(line, sizeof(line), file))
        if (strncmp(line, name, strlen(name)) == 0)
            number = strtol(line + strlen(name), NULL, 10);
    if (file)
        fclose(file);
    return number;
}

/* What the worker says of its layers is true of each of its threads, also of those of DuckDB. */
/* The next statement is not interrupted by what was meant for another one. */
static void expect_works(struct talk *talk)
{
    struct rows rows;
    if (!query(talk, "SELECT 1 AS v", &rows))
        fail_msg("%s", talk->message);
    assert_int_equal(rows.row_count, 1);
}

static void send_interrupt(struct talk *talk, uint32_t number)
{
    struct strbuf payload = strbuf_init(16);
    wire_add_u32(&payload, number);
    process_send(talk->process, FRAME_INTERRUPT, strbuf_str(&payload));
    strbuf_clear(&payload);
}

/* Until the statement's end, which must be that of an interrupted one, soon. */
static void expect_interrupted(struct talk *talk)
{
    uint64_t start_ms = clock_monotonic_ms();
    struct frame frame = next_frame(talk);
    const char *message;
    while (frame.type == FRAME_COLUMNS || frame.type == FRAME_ROWS)
        frame = next_frame(talk);
    assert_int_equal(frame.type, FRAME_ERROR);
    assert_true(wire_read_error(frame.payload, &talk->error, &message));
    assert_int_equal(talk->error, WIRE_ERROR_INTERRUPTED);
    assert_true(clock_monotonic_ms() - start_ms < 30000); /* it would run for hours */
}

/* While it runs, for a moment or for long: on either thread that reads. */
static void interrupt_body(struct talk *talk)
{
    static const uint64_t pauses_ms[] = {0, 5, 10, 15, 200};
    struct error err = {0};
    for (size_t i = 0; i < sizeof(pauses_ms) / sizeof(pauses_ms[0]); i++) {
        ask(talk, "SELECT count(*) FROM range(10000000) a, range(10000000) b");
        assert_true(task_sleep(pauses_ms[i], &err));
        send_interrupt(talk, talk->number);
        expect_interrupted(talk);
        expect_works(talk);
    }
    send_interrupt(talk, talk->number); /* too late */
    expect_works(talk);
    send_interrupt(talk, talk->number + 1); /* too early */
    expect_works(talk);
}

static void sandbox_body(struct talk *talk)
{
    char folder[64], path[512];
    long threads = 0;
    snprintf(folder, sizeof(folder), "/proc/%d/task", process_id(talk->process));
    DIR *tasks = opendir(folder);
    assert_non_null(tasks);
    assert_true(talk->layers & SANDBOX_NO_PRIVILEGES);
    long filters = !!(talk->layers & SANDBOX_SYSTEM_CALLS) + !!(talk->layers & SANDBOX_NO_OPENING);
    for (struct dirent *task; (task = readdir(tasks));) {
        if (task->d_name[0] == '.')
            continue;
        snprintf(path, sizeof(path), "%s/%s/status", folder, task->d_name);
        assert_int_equal(status_of(path, "NoNewPrivs:"), 1);
        if (filters > 0) {
            assert_int_equal(status_of(path, "Seccomp:"), 2);
            assert_true(status_of(path, "Seccomp_filters:") >= filters);
        }
        threads++;
    }
    closedir(tasks);
    assert_true(threads >= 2);
}

static void memory_body(struct talk *talk)
{
    struct rows rows;
    assert_false(query(talk,
                       "SELECT count(*) FROM (SELECT DISTINCT a.range * 7919 + b.range "
                       "FROM range(100000) a, range(2000) b)",
                       &rows));
    assert_int_equal(talk->error, WIRE_ERROR_MEMORY);
    assert_true(query(talk, "SELECT 1 AS a", &rows));
}

static void bytes_body(struct talk *talk)
{
    struct rows rows;
    assert_true(query(talk, "SELECT repeat('x', 1048560) AS text", &rows)); /* 2^20 - 16 */
    assert_int_equal(rows_cell(&rows, 0, 0)->text.length, 1048560);
    assert_false(query(talk, "SELECT repeat('x', 1048561) AS text", &rows));
    assert_int_equal(talk->error, WIRE_ERROR_TOO_LARGE);
}

static void (*current)(struct talk *talk);

static bool run_current(void *arg, struct error *err)
{
    struct talk talk = {.arena = arena_new()};
    open_worker(&talk);
    current(&talk);
    process_stop(talk.process);
    arena_free(talk.arena);
    return true;
}

static void run(void (*body)(struct talk *talk))
{
    struct error err = {0};
    current = body;
    if (!task_run_main(NULL, run_current, NULL, &err))
        fail_msg("%s", err.message);
}

static void exact_values(void **state)
{
    run(exact_values_body);
}

static void lock_down(void **state)
{
    run(lock_down_body);
}

static void second_opinion(void **state)
{
    run(second_opinion_body);
}

static void sandbox(void **state)
{
    run(sandbox_body);
}

static void interrupt(void **state)
{
    run(interrupt_body);
}

static void memory(void **state)
{
    run(memory_body);
}

static void bytes(void **state)
{
    run(bytes_body);
}

int main(int argc, char **argv)
{
    if (engine_worker_requested(argc, argv))
        return engine_worker_main(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exact_values), cmocka_unit_test(lock_down), cmocka_unit_test(sandbox),
        cmocka_unit_test(second_opinion),
        cmocka_unit_test(interrupt),    cmocka_unit_test(memory),    cmocka_unit_test(bytes),
    };
    return cmocka_run_group_tests(tests, make_home, remove_home);
}
