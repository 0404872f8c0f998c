/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Removing conversations for good. A victim is looked for by a reader, which holds nobody up; what
 * belongs to it is removed in bites of a few milliseconds each, so that a change that shares the
 * writer's transaction with a bite hardly notices. The first bite marks the conversation as
 * deleted: nobody sees it with half of its messages.
 */
#include "store/sqlite.h"

#include "core/clock.h"

#define BITE_US 4000
#define SEARCH_ROWS 10000 /* conversations looked at by one search */

/* The conversation that holds the place of the highest sequence; its id is none that is asked for.
 */
#define PLACEHOLDER "sequence"

bool sqlite_sweep_find(struct sqlite_connection *connection, void *arg, struct error *err)
{
    struct call_sweep *call = arg;
    int64_t until = call->sweep->place + SEARCH_ROWS;
    bool row;
    sqlite3_stmt *statement = sqlite_start(connection, STATEMENT_SWEEP_FIND, err, "iitt",
                                           call->sweep->place, until, call->deleted, call->quiet);
    if (!statement || !sqlite_step(connection, statement, &row, err))
        return false;
    if (row) {
        call->id = sqlite_column(statement, 0, call->arena);
        call->sweep->place = sqlite3_column_int64(statement, 1);
        return true;
    }
    statement = sqlite_start(connection, STATEMENT_CONVERSATION_NEWEST, err, "");
    if (!statement || !sqlite_step(connection, statement, &row, err))
        return false;
    call->sweep->ended = !row || sqlite3_column_int64(statement, 0) <= until;
    call->sweep->place = until;
    return true;
}

/* The next message's sequence is one above the highest, and must never have been there before:
 * lists and cursors go by it. So the message that has it stays, empty, in a conversation of nobody's. */
static bool keep_place(struct sqlite_connection *connection, int64_t sequence, struct error *err)
{
    return sqlite_execute(connection, STATEMENT_SWEEP_PLACEHOLDER, NULL, err, "t", PLACEHOLDER) &&
           sqlite_execute(connection, STATEMENT_SWEEP_KEEP_PLACE, NULL, err, "it", sequence,
                          PLACEHOLDER);
}

struct victim {
    int64_t sequence, highest;
    const char *id, *run_id;
};

/* *found: false when the conversation has no message any more. */
static bool next_message(struct sqlite_connection *connection, const struct call_sweep *call,
                         struct victim *out, bool *found, struct error *err)
{
    sqlite3_stmt *statement = sqlite_start(connection, STATEMENT_SWEEP_MESSAGE, err, "t", call->id);
    if (!statement || !sqlite_step(connection, statement, found, err))
        return false;
    if (*found) {
        out->sequence = sqlite3_column_int64(statement, 0);
        out->id = sqlite_column(statement, 1, call->arena);
        out->run_id = sqlite_column(statement, 2, call->arena);
        out->highest = sqlite3_column_int64(statement, 3);
        sqlite3_reset(statement);
    }
    return true;
}

static bool remove_message(struct sqlite_connection *connection, const struct victim *victim,
                           struct error *err)
{
    if (!sqlite_execute(connection, STATEMENT_SWEEP_FEEDBACK, NULL, err, "t", victim->id) ||
        !sqlite_execute(connection, STATEMENT_SWEEP_EVENTS, NULL, err, "t", victim->run_id) ||
        !sqlite_execute(connection, STATEMENT_SWEEP_END, NULL, err, "t", victim->run_id) ||
        !sqlite_execute(connection, STATEMENT_SWEEP_RUN, NULL, err, "t", victim->run_id))
        return false;
    return victim->sequence == victim->highest
               ? keep_place(connection, victim->sequence, err)
               : sqlite_execute(connection, STATEMENT_SWEEP_REMOVE_MESSAGE, NULL, err, "i",
                                victim->sequence);
}

static bool bite(struct sqlite_connection *connection, struct call_sweep *call, struct error *err)
{
    uint64_t end_us = clock_monotonic_us() + BITE_US;
    int64_t changes;
    bool found = true;
    call->messages = 0;
    call->gone = call->skipped = false;
    if (!sqlite_execute(connection, STATEMENT_SWEEP_MARK, &changes, err, "ttt", call->id,
                        call->deleted, call->quiet))
        return false;
    call->skipped = changes == 0; /* a question came meanwhile, or another has removed it */
    while (!call->skipped && found && clock_monotonic_us() < end_us) {
        struct victim victim;
        if (!next_message(connection, call, &victim, &found, err) ||
            (found && !remove_message(connection, &victim, err)))
            return false;
        call->messages += found;
    }
    call->gone = !call->skipped && !found;
    return !call->gone ||
           (sqlite_execute(connection, STATEMENT_SWEEP_REMOVE_CONVERSATION, NULL, err, "t",
                           call->id) &&
            sqlite_execute(connection, STATEMENT_SWEEP_OLD_PLACES, NULL, err, "t", PLACEHOLDER));
}

/* To remove a conversation, SQLite would look through all runs for one that refers to it: an index
 * for that would cost each question a page. What refers to it has just been removed. */
bool sqlite_sweep_bite(struct sqlite_connection *connection, void *call, struct error *err)
{
    sqlite3_db_config(connection->db, SQLITE_DBCONFIG_ENABLE_FKEY, 0, NULL);
    bool ok = bite(connection, call, err);
    sqlite_connection_reset(connection);
    sqlite3_db_config(connection->db, SQLITE_DBCONFIG_ENABLE_FKEY, 1, NULL);
    return ok;
}
