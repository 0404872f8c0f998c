/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/fake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "engine/engine_priv.h"

struct fake_state {
    struct arena *arena;
    struct engine_fake_answer *answers;
    size_t count, capacity;
    size_t statements;
    char *last;
};

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

void engine_fake_answer(struct engine *engine, const struct engine_fake_answer *answer)
{
    struct fake_state *state = engine->state;
    struct engine_fake_answer copy = *answer;
    copy.sql = answer->sql ? arena_strdup(state->arena, answer->sql) : NULL;
    copy.message = arena_strdup(state->arena, answer->message ? answer->message : "it failed");
    for (size_t i = 0; i < state->count; i++) {
        if (same_text(state->answers[i].sql, answer->sql)) {
            state->answers[i] = copy;
            return;
        }
    }
    state->answers = arena_grow(state->arena, state->answers, state->count, &state->capacity,
                                sizeof(*state->answers));
    state->answers[state->count++] = copy;
}

size_t engine_fake_count(const struct engine *engine)
{
    return ((const struct fake_state *)engine->state)->statements;
}

const char *engine_fake_last(const struct engine *engine)
{
    return ((const struct fake_state *)engine->state)->last;
}

static const struct engine_fake_answer *find_answer(const struct fake_state *state, const char *sql)
{
    const struct engine_fake_answer *any = NULL;
    for (size_t i = 0; i < state->count; i++) {
        if (same_text(state->answers[i].sql, sql))
            return &state->answers[i];
        if (!state->answers[i].sql)
            any = &state->answers[i];
    }
    return any;
}

static bool fake_open(struct engine *engine, struct error *err)
{
    struct fake_state *state = xcalloc(1, sizeof(*state));
    state->arena = arena_new();
    engine->state = state;
    return true;
}

static void fake_close(struct engine *engine)
{
    struct fake_state *state = engine->state;
    arena_free(state->arena);
    free(state->last);
    free(state);
}

static bool fake_query(struct engine *engine, const struct engine_statement *statement,
                       struct arena *arena, struct rows *out, struct error *err)
{
    struct fake_state *state = engine->state;
    state->statements++;
    free(state->last);
    state->last = xstrdup(statement->sql);
    const struct engine_fake_answer *answer = find_answer(state, statement->sql);
    if (!answer)
        return error_set(err, ERROR_SQL_FAILED, "the script has no answer to: %s", statement->sql);
    struct engine_fake_answer copy = *answer; /* the script may change during the wait */
    if (copy.delay_ms > 0) {
        bool late = copy.delay_ms > statement->limits.timeout_ms;
        if (!task_sleep(late ? statement->limits.timeout_ms : copy.delay_ms, err))
            return false;
        if (late)
            return error_set(err, ERROR_DEADLINE, "the statement took longer than its limit");
    }
    if (!copy.rows)
        return error_set(err, copy.error ? copy.error : ERROR_SQL_FAILED, "%s", copy.message);
    *out = *copy.rows;
    if (out->row_count > statement->limits.row_max) {
        out->row_count = statement->limits.row_max;
        out->truncated = true;
    }
    return true;
}

static void fake_health(struct engine *engine, struct engine_health *out)
{
    out->ok = true;
    snprintf(out->version, sizeof(out->version), "1");
    snprintf(out->message, sizeof(out->message), "it answers from a script");
}

const struct engine_driver fake_driver = {
    .name = "fake",
    .dialect = DIALECT_DUCKDB,
    .open = fake_open,
    .close = fake_close,
    .query = fake_query,
    .health = fake_health,
};
