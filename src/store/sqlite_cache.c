/* SPDX-License-Identifier: Apache-2.0 */
/* Cache entries: dear to make, allowed to be lost. */
#include "store/sqlite.h"

#include "core/clock.h"

#define EXPIRED_PER_PUT 16 /* each new entry clears this many old ones away */
#define ROW_SIZE 256       /* what an entry takes beside its key and value, roughly */
#define BITE_US 4000       /* of a clearing, which shares its transaction with others */
#define CLEARED_AT_ONCE 16
#define TRIMS_PER_SIZE 16 /* the size is summed up whenever this part of it has been put */

bool sqlite_cache_get(struct sqlite_connection *connection, void *arg, struct error *err)
{
    struct call_cache *call = arg;
    bool row;
    sqlite3_stmt *statement = sqlite_start(connection, STATEMENT_CACHE_GET, err, "tbi", call->type,
                                           &call->key, call->now_ms);
    if (!statement || !sqlite_step(connection, statement, &row, err))
        return false;
    call->found = row;
    if (!row)
        return true;
    const char *bytes = sqlite3_column_blob(statement, 1);
    size_t length = (size_t)sqlite3_column_bytes(statement, 1);
    call->value = (struct str){arena_strndup(call->arena, bytes ? bytes : "", length), length};
    sqlite_writer_count_hit(&connection->store->writer, sqlite3_column_int64(statement, 0));
    return true;
}

/* Keeps the cache to its size. To sum up all entries is dear, so it is done now and then. */
static bool trim(struct sqlite_connection *connection, const struct call_cache *call,
                 struct error *err)
{
    struct sqlite_store *store = connection->store;
    store->cache_put += call->key.length + call->value.length + ROW_SIZE;
    if (store->cache_put < store->cache_size_max / TRIMS_PER_SIZE)
        return true;
    store->cache_put = 0;
    return sqlite_execute(connection, STATEMENT_CACHE_TRIM, NULL, err, "ii", (int64_t)ROW_SIZE,
                          (int64_t)store->cache_size_max);
}

bool sqlite_cache_put(struct sqlite_connection *connection, void *arg, struct error *err)
{
    const struct call_cache *call = arg;
    return sqlite_execute(connection, STATEMENT_CACHE_PUT, NULL, err, "tbbti", call->type,
                          &call->key, &call->value, call->dataset_id, call->expires_ms) &&
           sqlite_execute(connection, STATEMENT_CACHE_EXPIRE, NULL, err, "ii", call->now_ms,
                          (int64_t)EXPIRED_PER_PUT) &&
           trim(connection, call, err);
}

bool sqlite_cache_add_hits(struct sqlite_connection *connection, void *arg, struct error *err)
{
    const struct sqlite_hits *hits = arg;
    for (size_t i = 0; i < SQLITE_HITS_MAX; i++)
        if (hits[i].id != 0 && !sqlite_execute(connection, STATEMENT_CACHE_HITS, NULL, err, "ii",
                                               hits[i].id, hits[i].count))
            return false;
    return true;
}

bool sqlite_cache_stats(struct sqlite_connection *connection, void *arg, struct error *err)
{
    struct call_cache_stats *call = arg;
    size_t capacity = 0;
    bool row;
    sqlite3_stmt *statement =
        sqlite_start(connection, STATEMENT_CACHE_STATS, err, "i", call->now_ms);
    if (!statement || !sqlite_step(connection, statement, &row, err))
        return false;
    while (row) {
        call->out = arena_grow(call->arena, call->out, call->count, &capacity, sizeof(*call->out));
        call->out[call->count++] = (struct cache_type_stats){
            .type = sqlite_column(statement, 0, call->arena),
            .entries = sqlite3_column_int64(statement, 1),
            .hits = sqlite3_column_int64(statement, 2),
            .bytes = sqlite3_column_int64(statement, 3),
        };
        if (!sqlite_step(connection, statement, &row, err))
            return false;
    }
    return true;
}

bool sqlite_cache_hits(struct sqlite_connection *connection, void *arg, struct error *err)
{
    const struct call_cache_hits *call = arg;
    for (size_t i = 0; i < call->count; i++) {
        const struct cache_hits *hits = &call->hits[i];
        struct str key = {(const char *)hits->key, sizeof(hits->key)};
        if (!sqlite_execute(connection, STATEMENT_CACHE_HITS_BY_KEY, NULL, err, "tbi", hits->type,
                            &key, hits->count))
            return false;
    }
    return true;
}

/* The first bite: what is cleared is told to other processes, and what is newer stays. */
static bool begin_clearing(struct sqlite_connection *connection, struct call_cache_clear *call,
                           struct error *err)
{
    bool row;
    sqlite3_stmt *statement = sqlite_start(connection, STATEMENT_CACHE_NEWEST, err, "");
    if (!statement || !sqlite_step(connection, statement, &row, err))
        return false;
    call->newest = row ? sqlite3_column_int64(statement, 0) : 0;
    sqlite3_reset(statement);
    if (call->expired_only)
        return true;
    if (!sqlite_execute(connection, STATEMENT_CACHE_CLEARING_PUT, NULL, err, "tt", call->type,
                        call->dataset_id))
        return false;
    call->clearing = sqlite3_last_insert_rowid(connection->db);
    return sqlite_execute(connection, STATEMENT_CACHE_CLEARINGS_TRIM, NULL, err, "i",
                          (int64_t)STORE_CLEARINGS_MAX);
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static bool clear_some(struct sqlite_connection *connection, struct call_cache_clear *call,
                       enum sqlite_statement which, int64_t *removed, struct error *err)
{
    int64_t until_ms = call->expired_only ? call->now_ms : INT64_MAX;
    struct clear_place at = call->reached;
    bool row;
    *removed = 0;
    sqlite3_stmt *statement =
        sqlite_start(connection, which, err, "ttiiiii", call->type, call->dataset_id, until_ms,
                     call->newest, (int64_t)CLEARED_AT_ONCE, at.id, at.expires_ms);
    if (!statement || !sqlite_step(connection, statement, &row, err))
        return false;
    while (row) {
        ++*removed;
        if (which == STATEMENT_CACHE_CLEAR_DATASET)
            call->reached.id = later(call->reached.id, sqlite3_column_int64(statement, 0));
        if (which == STATEMENT_CACHE_CLEAR_EXPIRED)
            call->reached.expires_ms =
                later(call->reached.expires_ms, sqlite3_column_int64(statement, 1));
        if (!sqlite_step(connection, statement, &row, err))
            return false;
    }
    return true;
}

bool sqlite_cache_clear(struct sqlite_connection *connection, void *arg, struct error *err)
{
    struct call_cache_clear *call = arg;
    uint64_t end_us = clock_monotonic_us() + BITE_US;
    enum sqlite_statement statement = call->dataset_id     ? STATEMENT_CACHE_CLEAR_DATASET
                                      : call->expired_only ? STATEMENT_CACHE_CLEAR_EXPIRED
                                      : call->type         ? STATEMENT_CACHE_CLEAR_TYPE
                                                           : STATEMENT_CACHE_CLEAR_ALL;
    int64_t removed = CLEARED_AT_ONCE;
    call->count = 0;
    call->reached = call->after; /* the operation may run twice */
    if (!call->begun && !begin_clearing(connection, call, err))
        return false;
    while (removed == CLEARED_AT_ONCE && clock_monotonic_us() < end_us) {
        if (!clear_some(connection, call, statement, &removed, err))
            return false;
        call->count += removed;
    }
    call->ended = removed < CLEARED_AT_ONCE;
    return true;
}

bool sqlite_cache_clearings(struct sqlite_connection *connection, void *arg, struct error *err)
{
    struct call_cache_clearings *call = arg;
    size_t capacity = 0;
    bool row;
    sqlite3_stmt *statement =
        sqlite_start(connection, STATEMENT_CACHE_CLEARINGS, err, "i", call->after);
    if (!statement || !sqlite_step(connection, statement, &row, err))
        return false;
    while (row) {
        call->out = arena_grow(call->arena, call->out, call->count, &capacity, sizeof(*call->out));
        call->out[call->count++] = (struct cache_clearing){
            .id = sqlite3_column_int64(statement, 0),
            .type = sqlite_column(statement, 1, call->arena),
            .dataset_id = sqlite_column(statement, 2, call->arena),
        };
        if (!sqlite_step(connection, statement, &row, err))
            return false;
    }
    return true;
}
