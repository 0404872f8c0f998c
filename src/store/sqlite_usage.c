/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite.h"

#include <string.h>

/* The statement's parameters from the second on; `who` is a run's id or a user's. */
bool sqlite_usage_insert(struct sqlite_connection *connection, enum sqlite_statement statement,
                         const char *who, const char *now, const struct usage *usage,
                         struct error *err)
{
    char day[11];
    memcpy(day, now, 10);
    day[10] = '\0';
    return sqlite_execute(connection, statement, NULL, err, "ttttiiiiiii", who, day, usage->provider,
                          usage->model, usage->calls, usage->input, usage->cached,
                          usage->cache_written, usage->output, usage->cost_nano, usage->unpriced);
}

bool sqlite_usage_add(struct sqlite_connection *connection, void *arg, struct error *err)
{
    const struct call_usage_add *call = arg;
    return sqlite_usage_insert(connection, STATEMENT_USAGE_ADD, call->user_id, call->now, call->usage,
                               err);
}

static struct usage_sum read_sum(sqlite3_stmt *row, struct arena *arena)
{
    return (struct usage_sum){
        .day = sqlite_column(row, 0, arena),
        .user_id = sqlite_column(row, 1, arena),
        .runs = sqlite3_column_int64(row, 4),
        .usage = {
            .provider = sqlite_column(row, 2, arena),
            .model = sqlite_column(row, 3, arena),
            .calls = sqlite3_column_int64(row, 5),
            .input = sqlite3_column_int64(row, 6),
            .cached = sqlite3_column_int64(row, 7),
            .cache_written = sqlite3_column_int64(row, 8),
            .output = sqlite3_column_int64(row, 9),
            .cost_nano = sqlite3_column_int64(row, 10),
            .unpriced = sqlite3_column_int64(row, 11),
        },
    };
}

bool sqlite_usage_list(struct sqlite_connection *connection, void *arg, struct error *err)
{
    struct call_usage_list *call = arg;
    size_t capacity = 0;
    bool row;
    sqlite3_stmt *statement =
        sqlite_start(connection, STATEMENT_USAGE_LIST, err, "tti", call->filter.user_id,
                     call->filter.from_day, (int64_t)call->limit);
    if (!statement || !sqlite_step(connection, statement, &row, err))
        return false;
    while (row) {
        call->out = arena_grow(call->arena, call->out, call->count, &capacity, sizeof(*call->out));
        call->out[call->count++] = read_sum(statement, call->arena);
        if (!sqlite_step(connection, statement, &row, err))
            return false;
    }
    return true;
}
