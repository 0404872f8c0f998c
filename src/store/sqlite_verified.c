/* SPDX-License-Identifier: Apache-2.0 */
/* Votes on answers, candidates and verified queries. */
#include "store/sqlite.h"

#include <string.h>

static bool not_found(const char *what, struct error *err)
{
    return error_set(err, ERROR_NOT_FOUND, "the %s does not exist", what);
}

/* ---- votes ---- */

bool sqlite_answer_find(struct sqlite_connection *connection, void *arg, struct error *err)
{
    const struct call_answer_find *call = arg;
    bool row;
    /* A run names its conversation; a message is looked for in the conversations of its user. */
    sqlite3_stmt *statement =
        call->run_id
            ? sqlite_start(connection, STATEMENT_ANSWER_OF_RUN, err, "tttt", call->user_id,
                           call->run_id, call->message_id, call->conversation_id)
            : sqlite_start(connection, STATEMENT_ANSWER_OF_MESSAGE, err, "ttt", call->user_id,
                           call->message_id, call->conversation_id);
    if (!statement || !sqlite_step(connection, statement, &row, err))
        return false;
    if (!row)
        return not_found(call->message_id ? "message" : "run", err);
    *call->out = (struct answered){
        .message_id = sqlite_column(statement, 0, call->arena),
        .run_id = sqlite_column(statement, 1, call->arena),
        .conversation_id = sqlite_column(statement, 2, call->arena),
        .question = sqlite_column(statement, 3, call->arena),
        .sql = sqlite_column(statement, 4, call->arena),
        .metadata = sqlite_column(statement, 5, call->arena),
        .turn = sqlite3_column_int64(statement, 6),
    };
    return true;
}

static bool verified_insert(struct sqlite_connection *connection,
                            const struct verified_record *record, struct error *err)
{
    return sqlite_execute(connection, STATEMENT_VERIFIED_INSERT, NULL, err, "tttttttttttittt",
                          record->id, verified_state_name(record->state), record->question,
                          record->variants, record->dataset_id, record->sql, record->slots,
                          record->owner, record->proposed_by, record->run_id, record->message_id,
                          record->turn, record->schema, record->created_at, record->approved_at);
}

/* Those in that state, without the one of that id. */
static bool count_others(struct sqlite_connection *connection, enum verified_state state,
                         const char *id, int64_t *count, struct error *err)
{
    bool row;
    sqlite3_stmt *statement = sqlite_start(connection, STATEMENT_VERIFIED_COUNT, err, "tt",
                                           verified_state_name(state), id);
    if (!statement || !sqlite_step(connection, statement, &row, err))
        return false;
    *count = sqlite3_column_int64(statement, 0);
    sqlite3_reset(statement); /* a read that is not over would keep the writer's snapshot */
    return true;
}

/* Proposes what nobody has proposed yet; finds it when somebody has. */
static bool propose(struct sqlite_connection *connection, struct call_feedback *call,
                    struct error *err)
{
    const struct verified_record *candidate = call->candidate;
    int64_t waiting;
    bool row;
    sqlite3_stmt *statement =
        sqlite_start(connection, STATEMENT_VERIFIED_SAME, err, "ttt", candidate->question,
                     candidate->sql, candidate->dataset_id);
    if (!statement || !sqlite_step(connection, statement, &row, err))
        return false;
    call->candidate_id = row ? sqlite_column(statement, 0, call->arena) : NULL;
    sqlite3_reset(statement);
    if (row)
        return true;
    if (!count_others(connection, VERIFIED_CANDIDATE, candidate->id, &waiting, err))
        return false;
    if (waiting >= STORE_CANDIDATES_MAX)
        return true;
    call->candidate_id = candidate->id;
    return verified_insert(connection, candidate, err);
}

bool sqlite_feedback_put(struct sqlite_connection *connection, void *arg, struct error *err)
{
    struct call_feedback *call = arg;
    const struct feedback *feedback = call->feedback;
    const struct answered *answer = feedback->answer;
    call->candidate_id = NULL;
    if (!sqlite_execute(connection, STATEMENT_FEEDBACK_PUT, NULL, err, "tttttttt",
                        answer->message_id, feedback->user_id, answer->run_id,
                        answer->conversation_id, feedback->up ? "up" : "down",
                        feedback->corrected_sql, feedback->comment, call->now) ||
        (call->candidate && !propose(connection, call, err)))
        return false;
    return sqlite_execute(connection, STATEMENT_VERIFIED_WITHDRAW, NULL, err, "ttt",
                          answer->message_id, feedback->user_id, call->candidate_id);
}

/* ---- verified queries ---- */

static struct verified_record record_read(sqlite3_stmt *row, struct arena *arena)
{
    struct verified_record record = {
        .id = sqlite_column(row, 0, arena),
        .revision = sqlite3_column_int64(row, 2),
        .question = sqlite_column(row, 3, arena),
        .variants = sqlite_column(row, 4, arena),
        .dataset_id = sqlite_column(row, 5, arena),
        .sql = sqlite_column(row, 6, arena),
        .slots = sqlite_column(row, 7, arena),
        .owner = sqlite_column(row, 8, arena),
        .proposed_by = sqlite_column(row, 9, arena),
        .run_id = sqlite_column(row, 10, arena),
        .message_id = sqlite_column(row, 11, arena),
        .turn = sqlite3_column_int64(row, 12),
        .reason = sqlite_column(row, 13, arena),
        .schema = sqlite_column(row, 14, arena),
        .created_at = sqlite_column(row, 15, arena),
        .updated_at = sqlite_column(row, 16, arena),
        .approved_at = sqlite_column(row, 17, arena),
    };
    const char *state = sqlite_column(row, 1, arena);
    (void)verified_state_from(state ? state : "", &record.state); /* the table checks it */
    return record;
}

bool sqlite_verified_version(struct sqlite_connection *connection, void *arg, struct error *err)
{
    bool row;
    sqlite3_stmt *statement = sqlite_start(connection, STATEMENT_VERIFIED_VERSION, err, "");
    if (!statement || !sqlite_step(connection, statement, &row, err))
        return false;
    *(int64_t *)arg = row ? sqlite3_column_int64(statement, 0) : 0;
    sqlite3_reset(statement); /* a read that is not over would keep the writer's snapshot */
    return true;
}

/* Before a change of what is approved: is it still what was looked at, is there room, and everybody
 * shall look again. */
static bool begin_change(struct sqlite_connection *connection,
                         const struct verified_record *record, struct error *err)
{
    int64_t approved = 0, version;
    if (!sqlite_execute(connection, STATEMENT_VERIFIED_CHANGED, NULL, err, "") ||
        !sqlite_verified_version(connection, &version, err))
        return false;
    if (record->compared_at > 0 && record->compared_at + 1 != version)
        return error_set(err, ERROR_CONFLICT,
                         "another verified query was changed meanwhile; try again");
    if (record->state == VERIFIED_APPROVED &&
        !count_others(connection, VERIFIED_APPROVED, record->id, &approved, err))
        return false;
    return approved < STORE_APPROVED_MAX ||
           error_set(err, ERROR_TOO_LARGE, "%d queries are approved already; retire some first",
                     STORE_APPROVED_MAX);
}

bool sqlite_verified_add(struct sqlite_connection *connection, void *arg, struct error *err)
{
    const struct verified_record *record = arg;
    return begin_change(connection, record, err) && verified_insert(connection, record, err);
}

bool sqlite_verified_get(struct sqlite_connection *connection, void *arg, struct error *err)
{
    const struct call_verified_get *call = arg;
    bool row;
    sqlite3_stmt *statement =
        sqlite_start(connection, STATEMENT_VERIFIED_GET, err, "t", call->id);
    if (!statement || !sqlite_step(connection, statement, &row, err))
        return false;
    if (!row)
        return not_found("verified query", err);
    *call->out = record_read(statement, call->arena);
    return true;
}

bool sqlite_verified_update(struct sqlite_connection *connection, void *arg, struct error *err)
{
    const struct verified_record *record = arg;
    int64_t changes;
    bool exists;
    if (!begin_change(connection, record, err) ||
        !sqlite_execute(connection, STATEMENT_VERIFIED_UPDATE, &changes, err, "tittttttttttti",
                        record->id, record->revision, verified_state_name(record->state),
                        record->question, record->variants, record->dataset_id, record->sql,
                        record->slots, record->owner, record->reason, record->schema,
                        record->updated_at, record->approved_at, record->turn))
        return false;
    if (changes > 0)
        return true;
    if (!sqlite_exists(connection, STATEMENT_VERIFIED_EXISTS, record->id, &exists, err))
        return false;
    return exists ? error_set(err, ERROR_CONFLICT,
                              "the verified query was changed meanwhile; look at it again")
                  : not_found("verified query", err);
}

bool sqlite_verified_list(struct sqlite_connection *connection, void *arg, struct error *err)
{
    struct call_verified_list *call = arg;
    bool row;
    sqlite3_stmt *statement = sqlite_start(connection, STATEMENT_VERIFIED_LIST, err, "tii",
                                           call->state, call->before, (int64_t)call->limit + 1);
    if (!statement || !sqlite_step(connection, statement, &row, err))
        return false;
    call->out = arena_array(call->arena, call->limit, sizeof(*call->out));
    for (call->count = 0; row && call->count < call->limit;) {
        call->out[call->count++] = record_read(statement, call->arena);
        call->before = sqlite3_column_int64(statement, 18);
        if (!sqlite_step(connection, statement, &row, err))
            return false;
    }
    call->more = row;
    return true;
}

/* The version first: what changes between the two reads is read again at the next look. */
bool sqlite_verified_load(struct sqlite_connection *connection, void *arg, struct error *err)
{
    struct call_verified_list *call = arg;
    size_t capacity = 0;
    bool row;
    if (!sqlite_verified_version(connection, &call->version, err))
        return false;
    sqlite3_stmt *statement = sqlite_start(connection, STATEMENT_VERIFIED_LIST, err, "tii",
                                           verified_state_name(VERIFIED_APPROVED), INT64_MAX,
                                           (int64_t)STORE_APPROVED_MAX);
    if (!statement || !sqlite_step(connection, statement, &row, err))
        return false;
    while (row) {
        call->out = arena_grow(call->arena, call->out, call->count, &capacity, sizeof(*call->out));
        call->out[call->count++] = record_read(statement, call->arena);
        if (!sqlite_step(connection, statement, &row, err))
            return false;
    }
    return true;
}
