/* SPDX-License-Identifier: Apache-2.0 */
/* What indexing keeps: dataset embeddings. The jobs that make them: sqlite_jobs.c. */
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
