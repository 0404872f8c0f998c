/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The DuckDB driver: the server's side of one statement. The worker looks at DuckDB's own parse of it before
 * it runs it (engine/worker_judge.c).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/clock.h"
#include "core/settings.h"
#include "engine/engine_message.h"
#include "engine/engine_priv.h"
#include "engine/pool.h"
#include "engine/worker_sandbox.h"

#define WORKERS_DEFAULT_MAX 4
#define BATCHES_MAX 100000
#define DECODE_OFFLOAD_MIN (64u << 10) /* bytes; less is read quicker than handed over */

struct duckdb_state {
    struct pool *pool;
};

struct conversation {
    const struct engine_statement *statement;
    struct process *process;
    uint32_t number;
    uint64_t end_ms;
    bool check_only;
    struct arena *arena; /* of the result */
    struct rows *rows;
    struct str *batches;
    size_t batch_count, batch_capacity, batch_bytes;
    bool over;     /* it said END or ERROR: it is free */
    bool broken;   /* it must not be used again */
};

/* -- frames -- */

static bool out_of_form(struct conversation *talk, struct error *err)
{
    talk->broken = true;
    return error_set(err, ERROR_ENGINE, "DuckDB's worker answered out of form");
}

/* The worker's complaint in our words and codes. */
static bool take_error(struct conversation *talk, struct str payload, struct error *err)
{
    enum wire_error kind;
    const char *message;
    char cleaned[ERROR_MESSAGE_MAX];
    if (!wire_read_error(payload, &kind, &message))
        return out_of_form(talk, err);
    engine_message_clean(message, cleaned);
    const struct engine_limits *limits = &talk->statement->limits;
    switch (kind) {
    case WIRE_ERROR_SQL:
        return error_set(err, ERROR_SQL_FAILED, "%s", cleaned);
    case WIRE_ERROR_FORBIDDEN:
        return error_set(err, ERROR_SQL_REFUSED, "%s", cleaned);
    case WIRE_ERROR_REFUSED:
        return error_set(err, ERROR_SQL_REFUSED, "DuckDB takes one SELECT only: %s", cleaned);
    case WIRE_ERROR_MEMORY:
        talk->broken = true;
        return error_set(err, ERROR_SQL_FAILED, "%s", ENGINE_MEMORY_TEXT);
    case WIRE_ERROR_TOO_LARGE:
        return error_set(err, ERROR_RESULT_TOO_LARGE,
                         "the result is larger than the limit of %zu bytes; ask for fewer rows "
                         "or columns",
                         limits->byte_max);
    case WIRE_ERROR_INTERRUPTED:
        return error_set(err, ERROR_ENGINE, "the statement was interrupted");
    default:
        talk->broken = true;
        return error_set(err, ERROR_ENGINE, "DuckDB failed: %s", cleaned);
    }
}

static bool receive(struct conversation *talk, struct arena *arena, struct frame *frame,
                    struct error *err)
{
    uint64_t now_ms = clock_monotonic_ms();
    if (!process_receive(talk->process, talk->end_ms > now_ms ? talk->end_ms - now_ms : 1, arena,
                         frame, err)) {
        if (err && err->code == ERROR_DEADLINE)
            error_set(err, ERROR_DEADLINE,
                      "the statement took longer than its limit and was stopped; narrow it, or "
                      "raise the limit");
        return false;
    }
    talk->over = frame->type == FRAME_END || frame->type == FRAME_ERROR;
    if (frame->type == FRAME_ERROR)
        return take_error(talk, frame->payload, err);
    return true;
}

static bool add_batch(struct conversation *talk, struct str payload, struct error *err)
{
    size_t row_count;
    if (!wire_read_row_count(payload, talk->rows->column_count, &row_count) || row_count == 0 ||
        talk->rows->row_count + row_count > talk->statement->limits.row_max ||
        talk->batch_count == BATCHES_MAX)
        return out_of_form(talk, err);
    talk->batch_bytes += payload.length;
    /* Per cell at most a tag, a count and a NUL beside what the worker counted. */
    if (talk->batch_bytes / 2 > talk->statement->limits.byte_max)
        return out_of_form(talk, err);
    talk->batches = arena_grow(talk->arena, talk->batches, talk->batch_count, &talk->batch_capacity,
                               sizeof(*talk->batches));
    talk->batches[talk->batch_count++] = payload;
    talk->rows->row_count += row_count;
    return true;
}

struct decode_job {
    struct conversation *talk;
    bool ok;
};

static void decode(void *arg)
{
    struct decode_job *job = arg;
    struct rows *rows = job->talk->rows;
    size_t row = 0;
    job->ok = true;
    for (size_t i = 0; i < job->talk->batch_count && job->ok; i++) {
        size_t count = 0;
        job->ok = wire_read_row_count(job->talk->batches[i], rows->column_count, &count) &&
                  wire_read_rows(job->talk->batches[i], rows->column_count,
                                 rows->cells + row * rows->column_count);
        row += count;
    }
}

static bool decode_rows(struct conversation *talk, struct error *err)
{
    struct rows *rows = talk->rows;
    rows->cells =
        arena_array(talk->arena, rows->row_count * rows->column_count, sizeof(*rows->cells));
    struct decode_job job = {.talk = talk};
    if (talk->batch_bytes < DECODE_OFFLOAD_MIN)
        decode(&job);
    else if (!task_offload(decode, &job, err))
        return false;
    return job.ok || out_of_form(talk, err);
}

/* -- the conversation -- */

static void ask(struct conversation *talk)
{
    const struct engine_limits *limits = &talk->statement->limits;
    struct wire_query query = {
        .number = talk->number,
        .sql = talk->statement->sql,
        .row_max = limits->row_max,
        .byte_max = limits->byte_max,
        .timeout_ms = limits->timeout_ms < UINT32_MAX ? (uint32_t)limits->timeout_ms : UINT32_MAX,
        .check_only = talk->check_only,
        .datasets = talk->statement->datasets,
        .dataset_count = talk->statement->dataset_count,
    };
    struct strbuf payload = strbuf_init(FRAME_SIZE_MAX);
    wire_add_query(&payload, &query);
    process_send(talk->process, FRAME_QUERY, strbuf_str(&payload));
    strbuf_clear(&payload);
}

static bool take_end(struct conversation *talk, const struct frame *frame, struct error *err)
{
    struct wire_reader in = wire_reader_init(frame->payload);
    uint8_t more = wire_u8(&in);
    if (!wire_done(&in) || more > 1)
        return out_of_form(talk, err);
    talk->rows->truncated = more;
    return true;
}

static bool take_columns(struct conversation *talk, struct error *err)
{
    struct frame frame;
    if (!receive(talk, talk->arena, &frame, err))
        return false;
    if (frame.type != FRAME_COLUMNS ||
        !wire_read_columns(frame.payload, talk->arena, &talk->rows->columns,
                           &talk->rows->column_count) ||
        talk->rows->column_count == 0)
        return out_of_form(talk, err);
    return true;
}

static bool converse(struct conversation *talk, struct error *err)
{
    ask(talk);
    if (!talk->check_only && !take_columns(talk, err))
        return false;
    struct frame frame;
    for (;;) {
        if (!receive(talk, talk->arena, &frame, err))
            return false;
        if (frame.type == FRAME_END)
            return take_end(talk, &frame, err) && (talk->check_only || decode_rows(talk, err));
        if (talk->check_only || frame.type != FRAME_ROWS)
            return out_of_form(talk, err);
        if (!add_batch(talk, frame.payload, err))
            return false;
    }
}

static void give_back(struct pool_worker *worker, const struct conversation *talk)
{
    if (talk->broken || !process_is_usable(talk->process))
        pool_drop(worker);
    else if (talk->over)
        pool_give(worker);
    else
        pool_interrupt(worker, talk->number);
}

static bool run(struct engine *engine, const struct engine_statement *statement, bool check_only,
                struct arena *arena, struct rows *out, struct error *err)
{
    struct duckdb_state *state = engine->state;
    uint64_t end_ms = clock_monotonic_ms() + statement->limits.timeout_ms;
    for (;;) {
        struct pool_worker *worker = pool_take(state->pool, statement, end_ms, err);
        if (!worker)
            return false;
        *out = (struct rows){0};
        struct conversation talk = {
            .statement = statement,
            .process = pool_process(worker),
            .number = pool_next_number(worker),
            .end_ms = end_ms,
            .check_only = check_only,
            .arena = arena,
            .rows = out,
        };
        bool ok = converse(&talk, err);
        /* A worker that died while it was idle is not this statement's fault. */
        bool again = !ok && process_is_unheard(talk.process) && pool_is_used(worker) &&
                     !process_is_usable(talk.process) && task_check(NULL);
        give_back(worker, &talk);
        if (!again) {
            if (!ok)
                *out = (struct rows){0};
            return ok;
        }
    }
}

/* -- the driver -- */

/* Of one loop; there are never more loops than the setting has workers. At least two where the
 * processors decide: one slow statement must not keep the others of its loop waiting. */
static size_t worker_max(unsigned loop_count)
{
    size_t wanted = (size_t)settings_integer("QUERENT_WORKERS");
    if (wanted > 0)
        return wanted > loop_count ? wanted / loop_count : 1;
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    size_t share = processors < 1                     ? 1
                   : processors > WORKERS_DEFAULT_MAX ? WORKERS_DEFAULT_MAX
                                                      : (size_t)processors;
    return share / loop_count > 2 ? share / loop_count : 2;
}

static bool duckdb_open(struct engine *engine, struct error *err)
{
    struct pool_options options = {
        .memory_mb = (uint32_t)settings_integer("QUERENT_WORKER_MEMORY_MB"),
        .threads = (uint32_t)settings_integer("QUERENT_WORKER_THREADS"),
        .worker_max = worker_max(engine->loop_count),
    };
    struct duckdb_state *state = xcalloc(1, sizeof(*state));
    state->pool = pool_new(engine->loop, &options);
    engine->state = state;
    return true;
}

static void duckdb_close(struct engine *engine)
{
    struct duckdb_state *state = engine->state;
    pool_free(state->pool);
    free(state);
}

static bool duckdb_query(struct engine *engine, const struct engine_statement *statement,
                         struct arena *arena, struct rows *out, struct error *err)
{
    return run(engine, statement, false, arena, out, err);
}

static bool duckdb_check(struct engine *engine, const struct engine_statement *statement,
                         struct error *err)
{
    struct arena *arena = arena_new();
    struct rows none;
    bool ok = run(engine, statement, true, arena, &none, err);
    arena_free(arena);
    return ok;
}

static void describe_worker(const struct pool_worker *worker, const char *state,
                            struct engine_health *out)
{
    out->ok = true;
    memcpy(out->version, pool_version(worker), sizeof(out->version));
    struct strbuf words = strbuf_init(sizeof(out->message) - 1);
    strbuf_printf(&words, "a worker %s, locked down: ", state);
    sandbox_describe(pool_layers(worker), &words);
    snprintf(out->message, sizeof(out->message), "%s", strbuf_text(&words));
    strbuf_clear(&words);
}

/* Where a worker runs there is no need to wait for one, which takes long when all are busy. */
TASK_WAITS static void duckdb_health(struct engine *engine, struct engine_health *out)
{
    struct duckdb_state *state = engine->state;
    struct engine_statement nothing = {.sql = "SELECT 1"};
    struct error err;
    const struct pool_worker *running = pool_any(state->pool);
    if (running) {
        describe_worker(running, "runs", out);
        return;
    }
    struct pool_worker *worker =
        pool_take(state->pool, &nothing, clock_monotonic_ms() + 10000, &err);
    if (worker) {
        describe_worker(worker, "starts", out);
        pool_give(worker);
        return;
    }
    struct strbuf message = strbuf_init(sizeof(out->message) - 1);
    strbuf_add_str(&message, str_cut_utf8(str_from(err.message), sizeof(out->message) - 1));
    memcpy(out->message, strbuf_text(&message), message.length + 1);
    strbuf_clear(&message);
}

const struct engine_driver duckdb_driver = {
    .name = "duckdb",
    .dialect = DIALECT_DUCKDB,
    .open = duckdb_open,
    .close = duckdb_close,
    .query = duckdb_query,
    .check = duckdb_check,
    .health = duckdb_health,
};
