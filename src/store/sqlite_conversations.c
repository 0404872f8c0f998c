/* SPDX-License-Identifier: Apache-2.0 */
/* Conversations and their messages. */
#include "store/sqlite.h"

#define PAGE_BYTES_MAX ((size_t)32 << 20) /* of messages; a page is full when it has as much */

static bool not_found(const char *id, struct error *err)
{
    return error_set(err, ERROR_NOT_FOUND, "conversation '%s' does not exist", id);
}

bool sqlite_conversation_create(struct sqlite_connection *connection, void *call, struct error *err)
{
    const struct conversation *conversation = call;
    return sqlite_execute(connection, STATEMENT_CONVERSATION_INSERT, NULL, err, "tttti",
                          conversation->id, conversation->user_id, conversation->title,
                          conversation->created_at, conversation->message_count);
}

static struct conversation conversation_read(sqlite3_stmt *row, struct arena *arena)
{
    return (struct conversation){
        .id = sqlite_column(row, 0, arena),
        .user_id = sqlite_column(row, 1, arena),
        .title = sqlite_column(row, 2, arena),
        .created_at = sqlite_column(row, 3, arena),
        .updated_at = sqlite_column(row, 4, arena),
        .message_count = sqlite3_column_int64(row, 5),
    };
}

bool sqlite_conversation_get(struct sqlite_connection *connection, void *arg, struct error *err)
{
    struct call_conversation *call = arg;
    bool row;
    sqlite3_stmt *statement =
        sqlite_start(connection, STATEMENT_CONVERSATION_GET, err, "tt", call->id, call->user_id);
    if (!statement || !sqlite_step(connection, statement, &row, err))
        return false;
    if (!row)
        return not_found(call->id, err);
    *call->out = conversation_read(statement, call->arena);
    return true;
}

bool sqlite_conversation_list(struct sqlite_connection *connection, void *arg, struct error *err)
{
    struct call_conversation_list *call = arg;
    struct list_place place = call->after;
    bool row;
    sqlite3_stmt *statement =
        sqlite_start(connection, STATEMENT_CONVERSATION_LIST, err, "tiiii", call->user_id,
                     place.snapshot, place.activity, place.sequence, (int64_t)call->limit + 1);
    if (!statement || !sqlite_step(connection, statement, &row, err))
        return false;
    call->out = arena_array(call->arena, call->limit, sizeof(*call->out));
    while (row && call->count < call->limit) {
        call->out[call->count++] = conversation_read(statement, call->arena);
        place.sequence = sqlite3_column_int64(statement, 6);
        place.activity = sqlite3_column_int64(statement, 7);
        if (place.snapshot == INT64_MAX) /* the first page starts with the newest activity */
            place.snapshot = place.activity;
        if (!sqlite_step(connection, statement, &row, err))
            return false;
    }
    call->more = row;
    call->next = place;
    return true;
}

bool sqlite_conversation_delete(struct sqlite_connection *connection, void *arg, struct error *err)
{
    struct call_conversation *call = arg;
    int64_t changes;
    if (!sqlite_execute(connection, STATEMENT_CONVERSATION_DELETE, &changes, err, "ttt", call->id,
                        call->user_id, call->now))
        return false;
    return changes > 0 || not_found(call->id, err);
}

static struct message message_read(sqlite3_stmt *row, struct arena *arena)
{
    return (struct message){
        .id = sqlite_column(row, 0, arena),
        .conversation_id = sqlite_column(row, 1, arena),
        .run_id = sqlite_column(row, 2, arena),
        .created_at = sqlite_column(row, 3, arena),
        .role = sqlite3_column_text(row, 4)[0] == 'u' ? MESSAGE_USER : MESSAGE_ASSISTANT,
        .content = sqlite_column(row, 5, arena),
        .sql = sqlite_column(row, 6, arena),
        .metadata = sqlite_column(row, 7, arena),
    };
}

static bool check_conversation(struct sqlite_connection *connection, const char *id,
                               struct error *err)
{
    bool exists;
    return sqlite_exists(connection, STATEMENT_CONVERSATION_EXISTS, id, &exists, err) &&
           (exists || not_found(id, err));
}

bool sqlite_messages_last(struct sqlite_connection *connection, void *arg, struct error *err)
{
    struct call_messages *call = arg;
    bool row;
    if (!check_conversation(connection, call->conversation_id, err))
        return false;
    sqlite3_stmt *statement = sqlite_start(connection, STATEMENT_MESSAGES_LAST, err, "ti",
                                           call->conversation_id, (int64_t)call->limit);
    if (!statement || !sqlite_step(connection, statement, &row, err))
        return false;
    /* They come newest first: filled from the end. */
    struct message *messages = arena_array(call->arena, call->limit, sizeof(*messages));
    size_t first = call->limit;
    while (row && first > 0) {
        messages[--first] = message_read(statement, call->arena);
        if (!sqlite_step(connection, statement, &row, err))
            return false;
    }
    call->out = messages + first;
    call->count = call->limit - first;
    return true;
}

/* What a message takes, roughly: it is the large ones that count. */
static size_t message_size(sqlite3_stmt *row)
{
    size_t size = 0;
    for (int column = 0; column < sqlite3_column_count(row); column++)
        size += (size_t)sqlite3_column_bytes(row, column);
    return size;
}

bool sqlite_messages_page(struct sqlite_connection *connection, void *arg, struct error *err)
{
    struct call_messages *call = arg;
    size_t bytes = 0, first = call->limit;
    bool row;
    if (!check_conversation(connection, call->conversation_id, err))
        return false;
    sqlite3_stmt *statement =
        sqlite_start(connection, STATEMENT_MESSAGES_PAGE, err, "tii", call->conversation_id,
                     call->before, (int64_t)call->limit + 1);
    if (!statement || !sqlite_step(connection, statement, &row, err))
        return false;
    struct message *messages = arena_array(call->arena, call->limit, sizeof(*messages));
    while (row && first > 0 && bytes < PAGE_BYTES_MAX) {
        bytes += message_size(statement);
        messages[--first] = message_read(statement, call->arena);
        messages[first].steps = sqlite_column(statement, 9, call->arena);
        call->first = sqlite3_column_int64(statement, 8);
        if (!sqlite_step(connection, statement, &row, err))
            return false;
    }
    call->out = messages + first;
    call->count = call->limit - first;
    call->more = row;
    return true;
}
