/* SPDX-License-Identifier: Apache-2.0 */
/* What indexing keeps: dataset embeddings, and the jobs that make them. */
#include "store/sqlite.h"

#include <string.h>

bool sqlite_embedding_get(struct sqlite_connection *connection, void *arg, struct error *err)
{
    struct call_embedding *call = arg;
    bool row;
    sqlite3_stmt *statement = sqlite_start(connection, STATEMENT_EMBEDDING_GET, err, "ttt",
                                           call->dataset_id, call->model_id, call->version);
    if (!statement || !sqlite_step(connection, statement, &row, err))
        return false;
    /* Other dimensions: made by another build of the model, so made again. */
    call->found = row && (size_t)sqlite3_column_bytes(statement, 0) == call->vector.length;
    if (call->found)
        memcpy(call->out, sqlite3_column_blob(statement, 0), call->vector.length);
    return true;
}

bool sqlite_embedding_put(struct sqlite_connection *connection, void *arg, struct error *err)
{
    const struct call_embedding *call = arg;
    return sqlite_execute(connection, STATEMENT_EMBEDDING_PUT, NULL, err, "tttb", call->dataset_id,
                          call->model_id, call->version, &call->vector);
}

bool sqlite_job_create(struct sqlite_connection *connection, void *arg, struct error *err)
{
    const struct job *job = arg;
    return sqlite_execute(connection, STATEMENT_JOB_INSERT, NULL, err, "tttt", job->id, job->kind,
                          job->state, job->created_at);
}

static bool not_found(const char *id, struct error *err)
{
    return error_set(err, ERROR_NOT_FOUND, "job '%s' does not exist", id);
}

bool sqlite_job_update(struct sqlite_connection *connection, void *arg, struct error *err)
{
    const struct job *job = arg;
    int64_t changes;
    if (!sqlite_execute(connection, STATEMENT_JOB_UPDATE, &changes, err, "ttiitt", job->id,
                        job->state, job->done, job->total, job->detail, job->updated_at))
        return false;
    return changes > 0 || not_found(job->id, err);
}

bool sqlite_job_get(struct sqlite_connection *connection, void *arg, struct error *err)
{
    struct call_job *call = arg;
    bool row;
    sqlite3_stmt *statement = sqlite_start(connection, STATEMENT_JOB_GET, err, "t", call->id);
    if (!statement || !sqlite_step(connection, statement, &row, err))
        return false;
    if (!row)
        return not_found(call->id, err);
    *call->out = (struct job){
        .id = sqlite_column(statement, 0, call->arena),
        .kind = sqlite_column(statement, 1, call->arena),
        .state = sqlite_column(statement, 2, call->arena),
        .created_at = sqlite_column(statement, 3, call->arena),
        .updated_at = sqlite_column(statement, 4, call->arena),
        .done = sqlite3_column_int64(statement, 5),
        .total = sqlite3_column_int64(statement, 6),
        .detail = sqlite_column(statement, 7, call->arena),
    };
    return true;
}
