/* SPDX-License-Identifier: Apache-2.0 */
/* Jobs: one of a kind at a time in all processes, by a unique index; those of the dead fail. */
#include "store/sqlite.h"

#include <string.h>

static const char interrupted[] =
    "interrupted: the process that worked on it has ended; start it again";

static struct job job_read(sqlite3_stmt *row, struct arena *arena)
{
    return (struct job){
        .id = sqlite_column(row, 0, arena),
        .kind = sqlite_column(row, 1, arena),
        .state = sqlite_column(row, 2, arena),
        .trigger = sqlite_column(row, 3, arena),
        .request = sqlite_column(row, 4, arena),
        .created_at = sqlite_column(row, 5, arena),
        .updated_at = sqlite_column(row, 6, arena),
        .started_at = sqlite_column(row, 7, arena),
        .ended_at = sqlite_column(row, 8, arena),
        .done = sqlite3_column_int64(row, 9),
        .total = sqlite3_column_int64(row, 10),
        .detail = sqlite_column(row, 11, arena),
        .error = sqlite_column(row, 12, arena),
    };
}

static bool not_found(const char *id, struct error *err)
{
    return error_set(err, ERROR_NOT_FOUND, "job '%s' does not exist", id);
}

static bool find_one(struct sqlite_connection *connection, enum sqlite_statement which,
                     const char *name, struct arena *arena, struct job *out, bool *found,
                     struct error *err)
{
    sqlite3_stmt *statement = sqlite_start(connection, which, err, "t", name);
    if (!statement || !sqlite_step(connection, statement, found, err))
        return false;
    if (*found)
        *out = job_read(statement, arena);
    sqlite3_reset(statement);
    return true;
}

/* There is one active job a kind, so these are few. */
static bool fail_those_of_the_dead(struct sqlite_connection *connection, const char *now,
                                   struct arena *arena, int64_t *count, struct error *err)
{
    const struct sqlite_owner *owner = &connection->store->owner;
    bool row;
    *count = 0;
    sqlite3_stmt *statement = sqlite_start(connection, STATEMENT_JOBS_ACTIVE, err, "");
    if (!statement || !sqlite_step(connection, statement, &row, err))
        return false;
    while (row) {
        int64_t number = sqlite3_column_int64(statement, 1);
        const char *id = sqlite_column(statement, 0, arena);
        if (number != owner->number && !sqlite_owner_is_alive(owner, number)) {
            if (!sqlite_execute(connection, STATEMENT_JOB_INTERRUPT, NULL, err, "ttt", id,
                                interrupted, now))
                return false;
            ++*count;
        }
        if (!sqlite_step(connection, statement, &row, err))
            return false;
    }
    return true;
}

static bool record_act(struct sqlite_connection *connection, const struct call_job_begin *call,
                       struct error *err)
{
    struct call_audit_add add = {.act = call->begin->act, .target = call->out.id};
    memcpy(add.now, call->now, sizeof(add.now));
    return !add.act || sqlite_audit_add(connection, &add, err);
}

bool sqlite_job_begin(struct sqlite_connection *connection, void *arg, struct error *err)
{
    struct call_job_begin *call = arg;
    const struct job_begin *begin = call->begin;
    int64_t failed;
    bool found;
    if (!fail_those_of_the_dead(connection, call->now, call->arena, &failed, err) ||
        !find_one(connection, STATEMENT_JOB_ACTIVE, begin->kind, call->arena, &call->out,
                  &call->joined, err))
        return false;
    if (call->joined)
        return record_act(connection, call, err);
    return sqlite_execute(connection, STATEMENT_JOB_INSERT, NULL, err, "ttittt", call->id,
                          begin->kind, connection->store->owner.number, begin->trigger,
                          begin->request, call->now) &&
           sqlite_execute(connection, STATEMENT_JOBS_PRUNE, NULL, err, "i",
                          (int64_t)STORE_JOBS_KEPT) &&
           find_one(connection, STATEMENT_JOB_GET, call->id, call->arena, &call->out, &found,
                    err) &&
           record_act(connection, call, err);
}

bool sqlite_job_update(struct sqlite_connection *connection, void *arg, struct error *err)
{
    const struct call_job_update *call = arg;
    const struct job *job = call->job;
    int64_t changes;
    bool exists;
    if (!sqlite_execute(connection, STATEMENT_JOB_UPDATE, &changes, err, "ttiittti", job->id,
                        job->state, job->done, job->total, job->detail, job->error, call->now,
                        connection->store->owner.number))
        return false;
    if (changes > 0)
        return true;
    if (!sqlite_exists(connection, STATEMENT_JOB_EXISTS, job->id, &exists, err))
        return false;
    return exists ? error_set(err, ERROR_CONFLICT, "job '%s' has ended, or is another process's",
                              job->id)
                  : not_found(job->id, err);
}

bool sqlite_job_get(struct sqlite_connection *connection, void *arg, struct error *err)
{
    struct call_job *call = arg;
    bool found;
    return find_one(connection, STATEMENT_JOB_GET, call->id, call->arena, call->out, &found, err) &&
           (found || not_found(call->id, err));
}

bool sqlite_job_list(struct sqlite_connection *connection, void *arg, struct error *err)
{
    struct call_job *call = arg;
    size_t capacity = 0;
    bool row;
    sqlite3_stmt *statement =
        sqlite_start(connection, STATEMENT_JOB_LIST, err, "i", (int64_t)call->limit);
    if (!statement || !sqlite_step(connection, statement, &row, err))
        return false;
    while (row) {
        call->out =
            arena_grow(call->arena, call->out, call->count, &capacity, sizeof(*call->out));
        call->out[call->count++] = job_read(statement, call->arena);
        if (!sqlite_step(connection, statement, &row, err))
            return false;
    }
    return true;
}

bool sqlite_jobs_mark_interrupted(struct sqlite_connection *connection, void *arg,
                                  struct error *err)
{
    struct call_jobs_mark *call = arg;
    struct arena *arena = arena_new();
    bool done = fail_those_of_the_dead(connection, call->now, arena, &call->count, err);
    arena_free(arena);
    return done;
}

bool sqlite_index_lock(struct sqlite_connection *connection, void *arg, struct error *err)
{
    return sqlite_owner_lock_index(&connection->store->owner, arg, err);
}

bool sqlite_index_unlock(struct sqlite_connection *connection, void *unused, struct error *err)
{
    sqlite_owner_unlock_index(&connection->store->owner);
    return true;
}
