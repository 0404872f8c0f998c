/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/engine.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/clock.h"
#include "core/log.h"
#include "core/metrics.h"
#include "core/settings.h"
#include "engine/engine_priv.h"
#include "sql/firewall.h"

static const struct engine_driver *const drivers[] = {&duckdb_driver};
#define DRIVER_COUNT (sizeof(drivers) / sizeof(drivers[0]))

static const struct engine_driver *stand_in;

void engine_stand_in(const struct engine_driver *driver)
{
    stand_in = driver;
}

static const struct engine_driver *find_driver(const char *name, struct error *err)
{
    if (stand_in && strcmp(stand_in->name, name) == 0)
        return stand_in;
    struct strbuf known = strbuf_init(256);
    for (size_t i = 0; i < DRIVER_COUNT; i++) {
        if (strcmp(drivers[i]->name, name) == 0) {
            strbuf_clear(&known);
            return drivers[i];
        }
        strbuf_printf(&known, "%s%s", i > 0 ? ", " : "", drivers[i]->name);
    }
    error_set(err, ERROR_CONFIG, "there is no engine '%s'; there are: %s", name,
              strbuf_text(&known));
    strbuf_clear(&known);
    return NULL;
}

struct engine *engine_open(struct loop *loop, const char *name, unsigned loop_count,
                           struct error *err)
{
    const struct engine_driver *driver = find_driver(name, err);
    if (!driver)
        return NULL;
    struct engine *engine = xcalloc(1, sizeof(*engine));
    engine->driver = driver;
    engine->loop = loop;
    engine->loop_count = loop_count;
    if (!driver->open(engine, err)) {
        free(engine);
        return NULL;
    }
    return engine;
}

void engine_close(struct engine *engine)
{
    if (!engine)
        return;
    engine->driver->close(engine);
    free(engine);
}

const char *engine_name(const struct engine *engine)
{
    return engine->driver->name;
}

enum sql_dialect engine_dialect(const struct engine *engine)
{
    return engine->driver->dialect;
}

static struct engine_statement with_limits(const struct engine_statement *statement)
{
    struct engine_statement complete = *statement;
    struct engine_limits *limits = &complete.limits;
    if (limits->row_max == 0)
        limits->row_max = (size_t)settings_integer("QUERENT_ROW_LIMIT");
    if (limits->byte_max == 0)
        limits->byte_max = (size_t)settings_integer("QUERENT_RESULT_BYTES_MAX");
    if (limits->timeout_ms == 0)
        limits->timeout_ms = (uint64_t)settings_integer("QUERENT_STATEMENT_TIMEOUT_S") * 1000;
    return complete;
}

static bool accept_statement(const struct engine_statement *statement, struct error *err)
{
    if (strlen(statement->sql) > SQL_SIZE_MAX)
        return error_set(err, ERROR_SQL_REFUSED, "the statement is longer than %d bytes",
                         SQL_SIZE_MAX);
    return task_check(err);
}

bool engine_query(struct engine *engine, const struct engine_statement *statement,
                  struct arena *arena, struct rows *out, struct error *err)
{
    struct engine_statement complete = with_limits(statement);
    uint64_t start_us = clock_monotonic_us();
    *out = (struct rows){0};
    bool ok = accept_statement(&complete, err) &&
              engine->driver->query(engine, &complete, arena, out, err);
    uint64_t duration_us = clock_monotonic_us() - start_us;
    metrics_observe(METRIC_STATEMENT_DURATION, engine->driver->dialect, duration_us);
    metrics_add(METRIC_STATEMENTS, engine->driver->dialect, ok ? ERROR_NONE : err->code, 1);
    log_fields(LOG_DEBUG, "statement ran",
               LOG_FIELDS(log_text("engine", engine->driver->name),
                          log_text("result", ok ? "ok" : error_name(err->code)),
                          log_integer("rows", (int64_t)out->row_count),
                          log_integer("duration_us", (int64_t)duration_us)));
    return ok;
}

bool engine_check(struct engine *engine, const struct engine_statement *statement,
                  struct error *err)
{
    struct engine_statement complete = with_limits(statement);
    if (!accept_statement(&complete, err))
        return false;
    return !engine->driver->check || engine->driver->check(engine, &complete, err);
}

void engine_check_health(struct engine *engine, struct engine_health *out)
{
    *out = (struct engine_health){0};
    engine->driver->health(engine, out);
}
