/* SPDX-License-Identifier: Apache-2.0 */
/* API keys: their rows, and the acts on them in the same transaction. */
#include "store/sqlite.h"

#include <string.h>

static struct api_key key_read(sqlite3_stmt *row, struct arena *arena)
{
    return (struct api_key){
        .id = sqlite_column(row, 0, arena),
        .prefix = sqlite_column(row, 1, arena),
        .user_id = sqlite_column(row, 2, arena),
        .role = sqlite_column(row, 3, arena),
        .attributes = sqlite_column(row, 4, arena),
        .acts_for_others = sqlite3_column_int(row, 5) != 0,
        .created_at = sqlite_column(row, 6, arena),
        .expires_at = sqlite_column(row, 7, arena),
        .revoked_at = sqlite_column(row, 8, arena),
        .last_used_on = sqlite_column(row, 9, arena),
    };
}

static bool record_act(struct sqlite_connection *connection, const struct audit_act *act,
                       const char *id, const char *now, struct error *err)
{
    struct call_audit_add add = {.act = act, .target = id};
    memcpy(add.now, now, sizeof(add.now));
    return !act || sqlite_audit_add(connection, &add, err);
}

static bool check_count(struct sqlite_connection *connection, struct error *err)
{
    bool row;
    sqlite3_stmt *statement = sqlite_start(connection, STATEMENT_KEY_COUNT, err, "");
    if (!statement || !sqlite_step(connection, statement, &row, err))
        return false;
    bool room = !row || sqlite3_column_int64(statement, 0) < STORE_KEYS_MAX;
    sqlite3_reset(statement);
    return room || error_set(err, ERROR_CONFLICT, "there are %d keys already, which is the most",
                             STORE_KEYS_MAX);
}

bool sqlite_key_create(struct sqlite_connection *connection, void *arg, struct error *err)
{
    const struct call_key_create *call = arg;
    const struct api_key *key = call->key;
    char now[TIMESTAMP_SIZE];
    memcpy(now, key->created_at, sizeof(now));
    return check_count(connection, err) &&
           sqlite_execute(connection, STATEMENT_KEY_INSERT, NULL, err, "ttbtttitt", key->id,
                          key->prefix, &call->hash, key->user_id, key->role, key->attributes,
                          (int64_t)key->acts_for_others, key->created_at, key->expires_at) &&
           record_act(connection, call->act, key->id, now, err);
}

bool sqlite_key_list(struct sqlite_connection *connection, void *arg, struct error *err)
{
    struct call_key_list *call = arg;
    size_t capacity = 0;
    bool row;
    sqlite3_stmt *statement = sqlite_start(connection, STATEMENT_KEY_LIST, err, "");
    if (!statement || !sqlite_step(connection, statement, &row, err))
        return false;
    while (row) {
        call->out =
            arena_grow(call->arena, call->out, call->count, &capacity, sizeof(*call->out));
        call->out[call->count++] = key_read(statement, call->arena);
        if (!sqlite_step(connection, statement, &row, err))
            return false;
    }
    return true;
}

bool sqlite_key_revoke(struct sqlite_connection *connection, void *arg, struct error *err)
{
    const struct call_key_revoke *call = arg;
    int64_t changes;
    bool exists;
    if (!sqlite_execute(connection, STATEMENT_KEY_REVOKE, &changes, err, "tt", call->id, call->now))
        return false;
    if (changes > 0)
        return record_act(connection, call->act, call->id, call->now, err);
    if (!sqlite_exists(connection, STATEMENT_KEY_EXISTS, call->id, &exists, err))
        return false;
    return exists ? error_set(err, ERROR_CONFLICT, "key '%s' is revoked already", call->id)
                  : error_set(err, ERROR_NOT_FOUND, "key '%s' does not exist", call->id);
}

bool sqlite_key_find(struct sqlite_connection *connection, void *arg, struct error *err)
{
    struct call_key_find *call = arg;
    sqlite3_stmt *statement = sqlite_start(connection, STATEMENT_KEY_FIND, err, "t", call->prefix);
    if (!statement || !sqlite_step(connection, statement, &call->found, err))
        return false;
    if (!call->found)
        return true;
    call->key = key_read(statement, call->arena);
    call->found = sqlite3_column_bytes(statement, 10) == SHA256_SIZE;
    if (call->found)
        memcpy(call->hash, sqlite3_column_blob(statement, 10), SHA256_SIZE);
    return true;
}

bool sqlite_key_used(struct sqlite_connection *connection, void *arg, struct error *err)
{
    const struct call_key_used *call = arg;
    return sqlite_execute(connection, STATEMENT_KEY_USED, NULL, err, "tt", call->id, call->day);
}
