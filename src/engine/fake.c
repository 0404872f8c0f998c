/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/fake.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "engine/engine_priv.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of all below; never held in a wait */
static struct arena *arena;                              /* of the script; NULL: not started */
static struct engine_fake_answer *answers;
static size_t answer_count, answer_capacity;
static size_t statements, running, most_at_once;
static char *last;

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static struct engine_fake_answer *find_answer(const char *sql)
{
    for (size_t i = 0; i < answer_count; i++)
        if (same_text(answers[i].sql, sql))
            return &answers[i];
    return NULL;
}

void engine_fake_answer(const struct engine_fake_answer *answer)
{
    pthread_mutex_lock(&lock);
    assert(arena);
    struct engine_fake_answer *place = find_answer(answer->sql);
    if (!place) {
        answers = arena_grow(arena, answers, answer_count, &answer_capacity, sizeof(*answers));
        place = &answers[answer_count++];
    }
    *place = *answer;
    place->sql = answer->sql ? arena_strdup(arena, answer->sql) : NULL;
    place->message = arena_strdup(arena, answer->message ? answer->message : "it failed");
    pthread_mutex_unlock(&lock);
}

size_t engine_fake_count(void)
{
    pthread_mutex_lock(&lock);
    size_t count = statements;
    pthread_mutex_unlock(&lock);
    return count;
}

size_t engine_fake_most_at_once(void)
{
    pthread_mutex_lock(&lock);
    size_t most = most_at_once;
    pthread_mutex_unlock(&lock);
    return most;
}

const char *engine_fake_last(struct arena *target)
{
    pthread_mutex_lock(&lock);
    const char *text = last ? arena_strdup(target, last) : NULL;
    pthread_mutex_unlock(&lock);
    return text;
}

static bool fake_open(struct engine *engine, struct error *err)
{
    return true;
}

static void fake_close(struct engine *engine)
{
}

/* Counts the statement as running and copies its answer, because the script may change meanwhile.
 */
static bool begin(const char *sql, struct engine_fake_answer *out)
{
    pthread_mutex_lock(&lock);
    statements++;
    running++;
    if (running > most_at_once)
        most_at_once = running;
    free(last);
    last = xstrdup(sql);
    const struct engine_fake_answer *answer = find_answer(sql);
    if (!answer)
        answer = find_answer(NULL);
    if (answer)
        *out = *answer;
    pthread_mutex_unlock(&lock);
    return answer != NULL;
}

static void end(void)
{
    pthread_mutex_lock(&lock);
    running--;
    pthread_mutex_unlock(&lock);
}

TASK_WAITS static bool wait_for_answer(uint64_t delay_ms, uint64_t limit_ms, struct error *err)
{
    if (delay_ms == 0)
        return true;
    bool late = delay_ms > limit_ms;
    if (!task_sleep(late ? limit_ms : delay_ms, err))
        return false;
    return !late || error_set(err, ERROR_DEADLINE, "the statement took longer than its limit");
}

static bool fake_query(struct engine *engine, const struct engine_statement *statement,
                       struct arena *target, struct rows *out, struct error *err)
{
    struct engine_fake_answer answer = {0};
    bool known = begin(statement->sql, &answer);
    bool ok =
        known ? wait_for_answer(answer.delay_ms, statement->limits.timeout_ms, err)
              : error_set(err, ERROR_SQL_FAILED, "the script has no answer to: %s", statement->sql);
    end();
    if (!ok)
        return false;
    if (!answer.rows)
        return error_set(err, answer.error ? answer.error : ERROR_SQL_FAILED, "%s", answer.message);
    *out = *answer.rows;
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

static struct engine_driver fake_driver = {
    .dialect = DIALECT_DUCKDB,
    .open = fake_open,
    .close = fake_close,
    .query = fake_query,
    .health = fake_health,
};

void engine_fake_start(const char *name)
{
    pthread_mutex_lock(&lock);
    assert(!arena);
    arena = arena_new();
    fake_driver.name = arena_strdup(arena, name);
    pthread_mutex_unlock(&lock);
    engine_stand_in(&fake_driver);
}

void engine_fake_stop(void)
{
    engine_stand_in(NULL);
    pthread_mutex_lock(&lock);
    assert(arena && running == 0);
    arena_free(arena);
    arena = NULL;
    answers = NULL;
    answer_count = answer_capacity = statements = most_at_once = 0;
    free(last);
    last = NULL;
    pthread_mutex_unlock(&lock);
}
