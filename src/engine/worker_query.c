/* SPDX-License-Identifier: Apache-2.0 */
/* In the worker: opening the locked-down database, and running one statement in it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/worker_priv.h"
#include "engine/worker_value.h"

#define CPU_SLACK_SECONDS 10
#define SMALL_FILE_SIZE (2u << 20)  /* a database that one thread reads sooner than two share it */
#define COPIED_FILE_SIZE (1u << 20) /* a database whose table is copied into memory */
#define COPY_MEMORY_MB 32           /* what such copies may take; a table that needs more stays */
#define CELL_SIZE 16                /* what a cell counts towards the byte limit, beside its text */
#define UNLOCKED_SQL_SIZE_MAX (64u << 10)

/* -- opening -- */

/* DuckDB shares a table out by blocks of 122,880 rows; below that, handing tasks to a second thread
 * costs more than the work. */
static uint32_t thread_count(const struct wire_open *open)
{
    for (size_t i = 0; i < open->database_count; i++) {
        struct stat file;
        if (stat(open->databases[i].path, &file) == 0 && file.st_size > SMALL_FILE_SIZE)
            return open->threads;
    }
    return 1;
}

/* Makes `what`, a TABLE or a VIEW, of the data under the name that statements use. */
static bool name_data(struct worker *worker, const char *what, const char *table_name, size_t index,
                      struct error *err)
{
    struct strbuf sql = strbuf_init(UNLOCKED_SQL_SIZE_MAX);
    strbuf_printf(&sql, "CREATE %s main.", what);
    sql_add_name(&sql, table_name);
    strbuf_printf(&sql, " AS SELECT * FROM d%zu.main.data", index);
    bool ok = worker_run(worker, strbuf_text(&sql), err);
    strbuf_clear(&sql);
    return ok;
}

/* A small table is copied: reading a view of a file costs each statement a fifth of its time. */
static bool attach(struct worker *worker, const struct wire_database *database, size_t index,
                   struct error *err)
{
    struct strbuf sql = strbuf_init(UNLOCKED_SQL_SIZE_MAX);
    struct error ignored = {0};
    struct stat file;
    strbuf_add(&sql, "ATTACH ");
    sql_add_text(&sql, database->path);
    strbuf_printf(&sql, " AS d%zu (READ_ONLY)", index);
    bool ok = worker_run(worker, strbuf_text(&sql), err);
    strbuf_clear(&sql);
    if (!ok)
        return false;
    bool small = stat(database->path, &file) == 0 && file.st_size <= COPIED_FILE_SIZE;
    return (small && name_data(worker, "TABLE", database->table_name, index, &ignored)) ||
           name_data(worker, "VIEW", database->table_name, index, err);
}

static bool limit_memory(struct worker *worker, uint32_t megabytes, struct error *err)
{
    char sql[64];
    snprintf(sql, sizeof(sql), "SET memory_limit='%uMB'", megabytes);
    return worker_run(worker, sql, err);
}

/* In a folder that is gone no file can be made. It was needed by nobody but the start. */
static void leave_folder(void)
{
    char *folder = getcwd(NULL, 0);
    if (folder)
        (void)rmdir(folder);
    free(folder);
}

static bool lock_down(struct worker *worker, struct error *err)
{
    static const char *const statements[] = {
        "SET TimeZone='UTC'",
        "SET max_expression_depth=100",
        "SET enable_external_access=false",
        "SET lock_configuration=true",
    };
    for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]); i++)
        if (!worker_run(worker, statements[i], err))
            return false;
    worker_limit_files(0);
    worker->layers |= sandbox_forbid_opening();
    return true;
}

/* "The first rows by ...": reading a small table once more for the other columns of these rows costs
 * two thirds of the statement. */
static bool choose_optimizers(struct worker *worker, const struct wire_open *open,
                              struct error *err)
{
    return thread_count(open) > 1 ||
           worker_run(worker, "SET late_materialization_max_rows=0", err);
}

/* Once: preparing it costs as much as a small query. */
static bool prepare_serialize(struct worker *worker, struct error *err)
{
    if (worker->api.prepare(worker->connection, "SELECT json_serialize_sql(CAST(? AS VARCHAR))",
                            &worker->serialize) == DUCKDB_SUCCESS)
        return true;
    const char *message = worker->api.prepare_error(worker->serialize);
    return error_set(err, ERROR_ENGINE, "DuckDB does not show its parse: %s",
                     message ? message : "no reason was given");
}

/* With no files in reach but the databases. */
static bool begin(struct worker *worker, const struct wire_open *open, struct arena *arena,
                  struct error *err)
{
    struct sandbox_path *paths = arena_array(arena, open->database_count + 1, sizeof(*paths));
    struct worker_start start = {.library = open->library,
                                 .memory_mb = open->memory_mb,
                                 .threads = thread_count(open),
                                 .paths = paths,
                                 .path_count = open->database_count};
    for (size_t i = 0; i < open->database_count; i++)
        paths[i] = (struct sandbox_path){.path = open->databases[i].path};
    leave_folder();
    return worker_begin(worker, &start, err);
}

static bool open_all(struct worker *worker, const struct wire_open *open, struct arena *arena,
                     bool *attached, struct error *err)
{
    uint32_t copies = open->memory_mb < COPY_MEMORY_MB ? open->memory_mb : COPY_MEMORY_MB;
    if (!begin(worker, open, arena, err) || !limit_memory(worker, copies, err))
        return false;
    for (size_t i = 0; i < open->database_count; i++) {
        const struct wire_database *database = &open->databases[i];
        attached[i] = attach(worker, database, i, err);
        if (!attached[i] && database->needed)
            return error_wrap(err, "the data of table '%s'", database->table_name);
    }
    return limit_memory(worker, open->memory_mb, err) && choose_optimizers(worker, open, err) &&
           prepare_serialize(worker, err) &&
           lock_down(worker, err);
}

void worker_open(struct worker *worker, struct str payload)
{
    struct arena *arena = arena_new();
    struct wire_open open;
    if (worker->connection || !wire_read_open(payload, arena, &open))
        _exit(1);
    worker_limit_memory(open.memory_mb);
    struct wire_ready ready = {
        .attached = arena_array(arena, open.database_count + 1, sizeof(bool)),
        .attached_count = open.database_count,
    };
    struct error err;
    if (open_all(worker, &open, arena, ready.attached, &err)) {
        ready.version = worker->api.library_version();
        ready.layers = worker->layers;
        struct strbuf out = strbuf_init(FRAME_SIZE_MAX);
        wire_add_ready(&out, &ready);
        worker_send(worker, FRAME_READY, strbuf_str(&out));
        strbuf_clear(&out);
    } else {
        worker_send_error(worker, WIRE_ERROR_BROKEN, err.message);
    }
    arena_free(arena);
}

/* -- a statement -- */

struct query_run {
    struct worker *worker;
    const struct duckdb_api *api;
    struct wire_query query;
    struct arena *arena;
    struct value_type *types;
    size_t column_count;
    struct strbuf batch, text;
    uint32_t batch_rows;
    uint64_t rows, bytes;
    bool more; /* there were more rows than the limit */
    enum wire_error error;
    struct strbuf message;
};

static bool fail(struct query_run *run, enum wire_error error, const char *message)
{
    run->error = error;
    strbuf_reset(&run->message);
    strbuf_add_str(&run->message, str_cut_utf8(str_from(message), ERROR_MESSAGE_MAX - 1));
    return false;
}

static bool fail_sql(struct query_run *run, const char *message)
{
    message = message ? message : "no reason was given";
    return fail(run, worker_error_kind(message), message);
}

/* Constants are computed while a statement is prepared, which no interrupt stops in time. */
static bool not_interrupted(struct query_run *run)
{
    return !worker_interrupted(run->worker) || fail(run, WIRE_ERROR_INTERRUPTED, "interrupted");
}

static bool prepare_only(struct query_run *run, duckdb_extracted extracted, duckdb_index count,
                         duckdb_prepared *prepared)
{
    if (count == 0) {
        const char *message = run->api->extract_statements_error(extracted);
        return message && *message ? fail_sql(run, message)
                                   : fail(run, WIRE_ERROR_REFUSED, "there is no statement");
    }
    if (count != 1)
        return fail(run, WIRE_ERROR_REFUSED, "there is more than one statement");
    if (run->api->prepare_extracted_statement(run->worker->connection, extracted, 0, prepared) !=
        DUCKDB_SUCCESS)
        return fail_sql(run, run->api->prepare_error(*prepared));
    if (run->api->prepared_statement_type(*prepared) != DUCKDB_STATEMENT_SELECT)
        return fail(run, WIRE_ERROR_REFUSED, "it is not a SELECT");
    if (run->api->nparams(*prepared) != 0)
        return fail(run, WIRE_ERROR_REFUSED, "it has parameters without values");
    return not_interrupted(run);
}

/* On success the caller destroys *prepared. */
static bool prepare(struct query_run *run, const char *sql, duckdb_prepared *prepared)
{
    duckdb_extracted extracted = NULL;
    *prepared = NULL;
    duckdb_index count = run->api->extract_statements(run->worker->connection, sql, &extracted);
    bool ok = prepare_only(run, extracted, count, prepared);
    run->api->destroy_extracted(&extracted);
    if (!ok)
        run->api->destroy_prepare(prepared);
    return ok;
}

static void read_types(struct query_run *run, struct duckdb_result *result)
{
    run->column_count = run->api->column_count(result);
    run->types = arena_array(run->arena, run->column_count, sizeof(*run->types));
    for (size_t i = 0; i < run->column_count; i++) {
        duckdb_type type = run->api->column_logical_type(result, i);
        value_type_init(run->api, type, run->arena, 0, &run->types[i]);
        run->api->destroy_logical_type(&type);
    }
}

static bool start_stream(struct query_run *run, const char *sql, struct duckdb_result *result)
{
    duckdb_prepared prepared;
    if (!prepare(run, sql, &prepared))
        return false;
    duckdb_pending pending = NULL;
    bool ok = run->api->pending_prepared_streaming(prepared, &pending) == DUCKDB_SUCCESS ||
              fail_sql(run, run->api->pending_error(pending));
    if (ok && run->api->execute_pending(pending, result) != DUCKDB_SUCCESS) {
        const char *message = run->api->result_error(result);
        ok = fail_sql(run, message ? message : run->api->pending_error(pending));
        run->api->destroy_result(result);
    }
    run->api->destroy_pending(&pending);
    run->api->destroy_prepare(&prepared);
    return ok;
}

/* The statement with each column of a type that is not read here cast to text. */
static const char *wrap(struct query_run *run)
{
    struct strbuf sql = strbuf_init(2 * FRAME_SIZE_MAX);
    strbuf_add(&sql, "SELECT ");
    for (size_t i = 0; i < run->column_count; i++)
        strbuf_printf(&sql, run->types[i].readable ? "%sc%zu" : "%sCAST(c%zu AS VARCHAR)",
                      i > 0 ? ", " : "", i);
    struct str own = str_trim(str_from(run->query.sql));
    while (str_ends(own, STR(";")))
        own = str_trim(str_slice(own, 0, own.length - 1));
    strbuf_add(&sql, " FROM (\n");
    strbuf_add_str(&sql, own);
    strbuf_add(&sql, "\n) AS wrapped(");
    for (size_t i = 0; i < run->column_count; i++)
        strbuf_printf(&sql, "%sc%zu", i > 0 ? ", " : "", i);
    strbuf_add(&sql, ")");
    const char *copy = arena_strndup(run->arena, sql.bytes, sql.length);
    strbuf_clear(&sql);
    return copy;
}

static bool name_is_taken(const struct result_column *columns, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(columns[i].name, name) == 0)
            return true;
    return false;
}

static void name_columns(struct query_run *run, struct duckdb_result *result,
                         struct result_column *columns)
{
    for (size_t i = 0; i < run->column_count; i++) {
        const char *own = run->api->column_name(result, i);
        struct str cut = str_cut_utf8(str_from(own), WIRE_NAME_MAX - 16);
        own = arena_strndup(run->arena, cut.bytes, cut.length);
        columns[i].name = own;
        for (unsigned n = 2; name_is_taken(columns, i, columns[i].name); n++)
            columns[i].name = arena_printf(run->arena, "%s_%u", own, n);
        columns[i].type = run->types[i].name;
        columns[i].kind = run->types[i].kind;
    }
}

static bool all_readable(const struct query_run *run)
{
    for (size_t i = 0; i < run->column_count; i++)
        if (!run->types[i].readable)
            return false;
    return true;
}

/* Starts the statement and sends the columns. On success the caller destroys *result. */
static bool start(struct query_run *run, struct duckdb_result *result)
{
    if (!start_stream(run, run->query.sql, result))
        return false;
    read_types(run, result);
    if (run->column_count > WIRE_COLUMNS_MAX) {
        run->api->destroy_result(result);
        return fail(run, WIRE_ERROR_TOO_LARGE, "the result has too many columns");
    }
    struct result_column *columns = arena_array(run->arena, run->column_count, sizeof(*columns));
    name_columns(run, result, columns);
    if (!all_readable(run)) {
        run->api->destroy_result(result);
        if (!start_stream(run, wrap(run), result))
            return false;
        read_types(run, result);
    }
    struct strbuf payload = strbuf_init(FRAME_SIZE_MAX);
    wire_add_columns(&payload, columns, run->column_count);
    worker_send(run->worker, FRAME_COLUMNS, strbuf_str(&payload));
    strbuf_clear(&payload);
    return true;
}

static void start_batch(struct query_run *run)
{
    strbuf_reset(&run->batch);
    wire_add_u32(&run->batch, 0); /* the number of rows, known when it is sent */
    run->batch_rows = 0;
}

static void send_batch(struct query_run *run)
{
    if (run->batch_rows == 0)
        return;
    for (size_t i = 0; i < 4; i++)
        run->batch.bytes[i] = (char)(run->batch_rows >> (8 * i));
    worker_send(run->worker, FRAME_ROWS, strbuf_str(&run->batch));
    start_batch(run);
}

static bool add_row(struct query_run *run, const struct value_vector *vectors, uint64_t row)
{
    for (size_t i = 0; i < run->column_count; i++) {
        struct cell cell;
        value_read(run->api, &vectors[i], row, &run->text, &cell);
        run->bytes += CELL_SIZE + (cell.type == CELL_TEXT ? cell.text.length : 0);
        if (run->bytes > run->query.byte_max || !strbuf_ok(&run->text))
            return fail(run, WIRE_ERROR_TOO_LARGE, "the result passes the limit on its size");
        wire_add_cell(&run->batch, &cell);
    }
    run->batch_rows++;
    run->rows++;
    if (run->batch.length >= FRAME_ROWS_SIZE)
        send_batch(run);
    return true;
}

/* False at the end of what is wanted; run->error tells whether for a failure. */
static bool add_chunk(struct query_run *run, duckdb_chunk chunk)
{
    struct value_vector *vectors = arena_array(run->arena, run->column_count, sizeof(*vectors));
    for (size_t i = 0; i < run->column_count; i++)
        vectors[i] =
            value_vector_init(run->api, &run->types[i], run->api->data_chunk_get_vector(chunk, i));
    uint64_t size = run->api->data_chunk_get_size(chunk);
    for (uint64_t row = 0; row < size; row++) {
        if (run->rows == run->query.row_max) {
            run->more = true;
            return false;
        }
        if (!add_row(run, vectors, row))
            return false;
    }
    return not_interrupted(run);
}

static bool send_rows(struct query_run *run, struct duckdb_result *result)
{
    start_batch(run);
    bool wanted = true;
    duckdb_chunk chunk;
    while (wanted && (chunk = run->api->fetch_chunk(*result)) != NULL) {
        struct arena_mark mark = arena_mark(run->arena);
        wanted = add_chunk(run, chunk);
        arena_rollback(run->arena, mark);
        run->api->destroy_data_chunk(&chunk);
    }
    if (run->error)
        return false;
    const char *message = wanted ? run->api->result_error(result) : NULL;
    if (message && *message)
        return fail_sql(run, message);
    send_batch(run);
    return true;
}

static bool tree_is_good(struct query_run *run)
{
    struct error err;
    enum wire_error kind;
    return worker_judge(run->worker, &run->query, run->arena, &kind, &err) ||
           fail(run, kind, err.message);
}

static bool execute(struct query_run *run)
{
    struct duckdb_result result = {0};
    if (!tree_is_good(run) || !not_interrupted(run))
        return false;
    if (run->query.check_only) {
        duckdb_prepared prepared;
        bool ok = prepare(run, run->query.sql, &prepared);
        if (ok)
            run->api->destroy_prepare(&prepared);
        return ok;
    }
    if (!start(run, &result))
        return false;
    bool ok = send_rows(run, &result);
    run->api->destroy_result(&result);
    return ok;
}

static void finish(struct query_run *run, bool ok)
{
    if (ok) {
        struct strbuf payload = strbuf_init(64);
        wire_add_u8(&payload, run->more);
        worker_send(run->worker, FRAME_END, strbuf_str(&payload));
        strbuf_clear(&payload);
    } else {
        worker_send_error(run->worker, run->error, strbuf_text(&run->message));
    }
}

void worker_query(struct worker *worker, struct str payload)
{
    struct query_run run = {.worker = worker, .api = &worker->api, .arena = arena_new()};
    if (!worker->connection || !wire_read_query(payload, run.arena, &run.query))
        _exit(1);
    run.batch = strbuf_init(FRAME_SIZE_MAX);
    run.text = strbuf_init(FRAME_SIZE_MAX / 2);
    run.message = strbuf_init(2 * ERROR_MESSAGE_MAX);
    worker_limit_cpu(run.query.timeout_ms / 1000 * 2 + CPU_SLACK_SECONDS);
    bool ok = execute(&run);
    worker_end_query(worker);
    finish(&run, ok);
    strbuf_clear(&run.batch);
    strbuf_clear(&run.text);
    strbuf_clear(&run.message);
    arena_free(run.arena);
}
