/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Engines execute SQL. One driver each (DuckDB now; PostgreSQL, Trino, Domo later), all behind
 * engine_query(), which sets limits, deadline and log.
 *
 * The statement given to engine_query() must have passed the firewall (sql/firewall.h); engines
 * add their own lock-down below it.
 */
#ifndef QUERENT_ENGINE_ENGINE_H
#define QUERENT_ENGINE_ENGINE_H

#include "core/arena.h"
#include "core/error.h"
#include "engine/rows.h"
#include "metadata/dataset.h"
#include "task/task.h"

struct engine;

/* How an engine spells SQL: what the planner's printer and the firewall need to know. */
enum sql_dialect {
    DIALECT_DUCKDB,
    DIALECT_SQLITE,
    DIALECT_POSTGRES,
    DIALECT_TRINO,
    DIALECT_DOMO,
    SQL_DIALECTS
};

struct engine_limits {
    size_t row_max;      /* rows returned; one more is asked for, to know of a cut */
    size_t byte_max;     /* bytes of a result */
    uint64_t timeout_ms; /* of one statement; the task's deadline applies too */
};

struct engine_statement {
    const char *sql;
    /* Who asks: while several wait, the engine serves them in turn. NULL: nobody in particular. */
    const char *caller;
    /* The datasets that the statement reads: the engine makes exactly these available, under
     * their table_name. */
    const struct dataset *const *datasets;
    size_t dataset_count;
    struct engine_limits limits; /* zero fields: the configured ones */
};

struct engine_health {
    bool ok;
    char version[64];
    char message[256]; /* what is wrong and what to do, or a word on what works */
};

struct engine_driver {
    const char *name; /* as written in source.engine */
    enum sql_dialect dialect;
    bool (*open)(struct engine *engine, struct error *err);
    void (*close)(struct engine *engine);
    TASK_WAITS bool (*query)(struct engine *engine, const struct engine_statement *statement,
                             struct arena *arena, struct rows *out, struct error *err);
    /* Says whether the engine would accept the statement, without running it; optional. */
    TASK_WAITS bool (*check)(struct engine *engine, const struct engine_statement *statement,
                             struct error *err);
    TASK_WAITS void (*health)(struct engine *engine, struct engine_health *out);
};

/* Opens the engine of that name; the caller closes it on the same loop. What the settings allow
 * (worker processes, connections) is divided among `loop_count` engines, one a loop, at least 1.
 * ERROR_CONFIG with the known names when there is no such engine. */
struct engine *engine_open(struct loop *loop, const char *name, unsigned loop_count,
                           struct error *err);
void engine_close(struct engine *engine); /* NULL is allowed */
const char *engine_name(const struct engine *engine);
enum sql_dialect engine_dialect(const struct engine *engine);

/* Of a statement that is fine but for its size: ERROR_SQL_FAILED with this text. */
#define ENGINE_MEMORY_TEXT \
    "the statement needs more memory than it may have; narrow it or group it more"

/* Runs one statement and waits for its rows, in *arena. ERROR_SQL_FAILED carries the engine's own
 * words (paths taken out), ERROR_DEADLINE, ERROR_CANCELLED, ERROR_RESULT_TOO_LARGE, ERROR_ENGINE.
 */
TASK_WAITS bool engine_query(struct engine *engine, const struct engine_statement *statement,
                             struct arena *arena, struct rows *out, struct error *err);
TASK_WAITS bool engine_check(struct engine *engine, const struct engine_statement *statement,
                             struct error *err);
TASK_WAITS void engine_check_health(struct engine *engine, struct engine_health *out);

#endif
