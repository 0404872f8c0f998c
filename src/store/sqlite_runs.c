/* SPDX-License-Identifier: Apache-2.0 */
/* Runs: begun with the question saved, ended with the answer saved, or found cut off. */
#include "store/sqlite.h"

#include <string.h>

#include "core/random.h"
#include "core/strbuf.h"

#define CUT_RUNS_MAX 10000 /* marked by one call; more wait for the next start */
/* What of a run's events is written as one text, in bytes; longer ones get a row each. */
#define EVENTS_TOGETHER_MAX (256 * 1024)
#define EVENTS_LENGTH_USUAL 4096

static const char cut_text[] =
    "This question was interrupted: the program stopped before it was answered. Nothing else was "
    "lost; ask it again to get the answer.";
static const char cut_metadata[] = "{\"status\":\"interrupted\"}";
static const char cut_result[] =
    "{\"detail\":\"the run was interrupted, because the program stopped; ask again\"}";
static const char cut_event[] =
    "{\"event\":\"error\",\"data\":{\"error\":\"the run was interrupted, because the program "
    "stopped; ask again\"}}";

static bool not_found(const char *run_id, struct error *err)
{
    return error_set(err, ERROR_NOT_FOUND, "run '%s' does not exist", run_id);
}

struct new_message {
    const char *id, *conversation_id, *run_id, *role, *content, *sql, *metadata, *now;
};

static bool message_insert(struct sqlite_connection *connection, const struct new_message *message,
                           struct error *err)
{
    return sqlite_execute(connection, STATEMENT_MESSAGE_INSERT, NULL, err, "tttttttt", message->id,
                          message->conversation_id, message->run_id, message->role,
                          message->content, message->sql, message->metadata, message->now);
}

/* The conversation is counted before its messages are there: this also finds out whether it is. A
 * new one is counted with all that it gets. */
static bool conversation_ask(struct sqlite_connection *connection,
                             const struct call_run_begin *call, int64_t message_count,
                             struct error *err)
{
    int64_t changes;
    if (call->create)
        return sqlite_execute(connection, STATEMENT_CONVERSATION_INSERT, NULL, err, "tttti",
                              call->conversation_id, call->user_id, call->title, call->now,
                              message_count);
    if (!sqlite_execute(connection, STATEMENT_CONVERSATION_ASK, &changes, err, "tttt",
                        call->conversation_id, call->user_id, call->now, call->title))
        return false;
    return changes > 0 || error_set(err, ERROR_NOT_FOUND, "conversation '%s' does not exist",
                                    call->conversation_id);
}

static struct new_message user_message(const struct call_run_begin *call)
{
    return (struct new_message){
        .id = call->message_id,
        .conversation_id = call->conversation_id,
        .run_id = call->run_id,
        .role = "user",
        .content = call->question,
        .now = call->now,
    };
}

bool sqlite_run_begin(struct sqlite_connection *connection, void *arg, struct error *err)
{
    const struct call_run_begin *call = arg;
    struct new_message message = user_message(call);
    int64_t changes;
    if (!conversation_ask(connection, call, 1, err) || !message_insert(connection, &message, err) ||
        !sqlite_execute(connection, STATEMENT_RUN_INSERT, &changes, err, "tttitt", call->run_id,
                        call->conversation_id, call->user_id, connection->store->owner.number,
                        call->question, call->now))
        return false;
    return changes > 0 || error_set(err, ERROR_CONFLICT, "a run '%s' exists already", call->run_id);
}

static bool event_insert(struct sqlite_connection *connection, const char *run_id,
                         const struct stored_event *event, struct error *err)
{
    int64_t changes;
    if (!sqlite_execute(connection, STATEMENT_EVENT_INSERT, &changes, err, "tit", run_id,
                        event->sequence, event->json))
        return false;
    return changes > 0 ||
           error_set(err, ERROR_CONFLICT, "event %lld of run '%s' does not follow its last one",
                     (long long)event->sequence, run_id);
}

static bool event_last(struct sqlite_connection *connection, const char *run_id, int64_t *last,
                       struct error *err)
{
    bool row;
    sqlite3_stmt *statement = sqlite_start(connection, STATEMENT_EVENT_LAST, err, "t", run_id);
    if (!statement || !sqlite_step(connection, statement, &row, err))
        return false;
    *last = row ? sqlite3_column_int64(statement, 0) : 0;
    sqlite3_reset(statement);
    return true;
}

/* Those that are there already stay; numbers may be left out. */
static bool events_insert(struct sqlite_connection *connection, const char *run_id,
                          const struct stored_event *events, size_t count, struct error *err)
{
    int64_t last = 0;
    if (count > 0 && !event_last(connection, run_id, &last, err))
        return false;
    for (size_t i = 0; i < count; i++)
        if (events[i].sequence > last &&
            !sqlite_execute(connection, STATEMENT_EVENT_INSERT_LATER, NULL, err, "tit", run_id,
                            events[i].sequence, events[i].json))
            return false;
    return true;
}

/* A number that was left out has nothing behind its mark. False when they are too long for it. */
static bool events_join(struct strbuf *out, const struct stored_event *events, size_t count,
                        int64_t first)
{
    for (size_t i = 0; i < count && strbuf_ok(out); i++) {
        strbuf_add_repeat(out, STORE_EVENT_MARK, (size_t)(events[i].sequence - first) + 1);
        strbuf_add(out, events[i].json);
        first = events[i].sequence + 1;
    }
    return strbuf_ok(out);
}

/*
 * What a run leaves, to be followed by the statement that ends it. Events that are there already stay; those
 * after `last` are in its end, or, where they can't be, get rows of their own (*apart).
 */
static bool run_leave(struct sqlite_connection *connection, const struct run_end *end, int64_t last,
                      bool *apart, struct error *err)
{
    size_t count = end->event_count, kept = 0;
    while (kept < count && end->events[kept].sequence <= last)
        kept++;
    struct strbuf joined = strbuf_init(EVENTS_TOGETHER_MAX);
    const struct stored_event *events = end->events + kept;
    strbuf_reserve(&joined, EVENTS_LENGTH_USUAL);
    *apart = kept < count && !events_join(&joined, events, count - kept, last + 1);
    if (*apart)
        strbuf_clear(&joined);
    bool ok = sqlite_execute(connection, STATEMENT_RUN_LEAVE, NULL, err, "itt", last + 1,
                             strbuf_text(&joined), end->result);
    strbuf_clear(&joined);
    return ok;
}

/* Why no active run was ended. */
static bool run_not_active(struct sqlite_connection *connection, const struct run_end *end,
                           struct error *err)
{
    bool exists;
    if (!sqlite_exists(connection, STATEMENT_RUN_EXISTS, end->run_id, &exists, err))
        return false;
    if (!exists)
        return not_found(end->run_id, err);
    return error_set(err, ERROR_CONFLICT,
                     "run '%s' has ended already, or is not in conversation '%s'", end->run_id,
                     end->conversation_id);
}

static struct new_message assistant_message(const struct call_run_end *call)
{
    return (struct new_message){
        .id = call->message_id,
        .conversation_id = call->end->conversation_id,
        .run_id = call->end->run_id,
        .role = "assistant",
        .content = call->end->content,
        .sql = call->end->sql,
        .metadata = call->end->metadata,
        .now = call->now,
    };
}

static bool answer_save(struct sqlite_connection *connection, const struct new_message *message,
                        struct error *err)
{
    return sqlite_execute(connection, STATEMENT_CONVERSATION_ANSWER, NULL, err, "tt",
                          message->conversation_id, message->now) &&
           message_insert(connection, message, err);
}

static bool usage_insert(struct sqlite_connection *connection, const struct call_run_end *call,
                         const struct usage *usage, struct error *err)
{
    return !usage || sqlite_usage_insert(connection, STATEMENT_USAGE_ADD_RUN, call->end->run_id,
                                         call->now, usage, err);
}

bool sqlite_run_end(struct sqlite_connection *connection, void *arg, struct error *err)
{
    const struct call_run_end *call = arg;
    const struct run_end *end = call->end;
    int64_t changes, last;
    bool apart;
    if (!event_last(connection, end->run_id, &last, err) ||
        !run_leave(connection, end, last, &apart, err) ||
        !sqlite_execute(connection, STATEMENT_RUN_END, &changes, err, "tttt", end->run_id,
                        end->conversation_id, store_run_state_name(end->state), call->now))
        return false;
    if (changes == 0)
        return run_not_active(connection, end, err);
    if (apart && !events_insert(connection, end->run_id, end->events, end->event_count, err))
        return false;
    if (!usage_insert(connection, call, end->usage, err) ||
        !usage_insert(connection, call, end->embedding_usage, err))
        return false;
    if (!call->message_id)
        return true;
    struct new_message message = assistant_message(call);
    return answer_save(connection, &message, err);
}

/* Five rows in one transaction where begin and end would take eight statements and two. */
bool sqlite_run_record(struct sqlite_connection *connection, void *arg, struct error *err)
{
    const struct call_run_record *call = arg;
    const struct call_run_begin *begin = &call->begin;
    const struct run_end *end = call->end.end;
    struct new_message asked = user_message(begin), answered = assistant_message(&call->end);
    bool has_answer = call->end.message_id != NULL, leaves = end->event_count > 0, apart = false;
    int64_t changes;
    if (!conversation_ask(connection, begin, has_answer ? 2 : 1, err) ||
        !message_insert(connection, &asked, err) ||
        (leaves && !run_leave(connection, end, 0, &apart, err)) ||
        !sqlite_execute(connection, STATEMENT_RUN_INSERT_ENDED, &changes, err, "tttitttt",
                        begin->run_id, begin->conversation_id, begin->user_id,
                        connection->store->owner.number, begin->question,
                        store_run_state_name(end->state), begin->now,
                        leaves ? NULL : end->result))
        return false;
    if (changes == 0)
        return error_set(err, ERROR_CONFLICT, "a run '%s' exists already", begin->run_id);
    if (apart && !events_insert(connection, begin->run_id, end->events, end->event_count, err))
        return false;
    if (!has_answer)
        return true;
    return begin->create ? message_insert(connection, &answered, err)
                         : answer_save(connection, &answered, err);
}

bool sqlite_run_event(struct sqlite_connection *connection, void *arg, struct error *err)
{
    const struct call_run_event *call = arg;
    bool exists, active;
    if (!sqlite_exists(connection, STATEMENT_RUN_EXISTS, call->run_id, &exists, err) ||
        !sqlite_exists(connection, STATEMENT_RUN_IS_ACTIVE, call->run_id, &active, err))
        return false;
    if (!exists)
        return not_found(call->run_id, err);
    if (!active)
        return error_set(err, ERROR_CONFLICT, "run '%s' has ended already", call->run_id);
    return event_insert(connection, call->run_id, &call->event, err);
}

bool sqlite_run_events_add(struct sqlite_connection *connection, void *arg, struct error *err)
{
    const struct call_run_events_add *call = arg;
    bool active;
    if (!sqlite_exists(connection, STATEMENT_RUN_IS_ACTIVE, call->run_id, &active, err))
        return false;
    return !active || events_insert(connection, call->run_id, call->events, call->count, err);
}

bool sqlite_run_ask_cancel(struct sqlite_connection *connection, void *run_id, struct error *err)
{
    return sqlite_execute(connection, STATEMENT_RUN_ASK_CANCEL, NULL, err, "t", run_id);
}

bool sqlite_runs_to_cancel(struct sqlite_connection *connection, void *arg, struct error *err)
{
    struct call_runs_to_cancel *call = arg;
    size_t capacity = 0;
    bool row;
    sqlite3_stmt *statement = sqlite_start(connection, STATEMENT_RUNS_TO_CANCEL, err, "i",
                                           connection->store->owner.number);
    if (!statement || !sqlite_step(connection, statement, &row, err))
        return false;
    while (row) {
        call->out = arena_grow(call->arena, call->out, call->count, &capacity, sizeof(*call->out));
        call->out[call->count++] = sqlite_column(statement, 0, call->arena);
        if (!sqlite_step(connection, statement, &row, err))
            return false;
    }
    return true;
}

static enum run_state state_read(const char *name)
{
    for (int state = 0; state < RUN_STATES; state++)
        if (name && strcmp(store_run_state_name(state), name) == 0)
            return (enum run_state)state;
    return RUN_FAILED; /* the schema's CHECK allows no other name */
}

bool sqlite_run_get(struct sqlite_connection *connection, void *arg, struct error *err)
{
    struct call_run_get *call = arg;
    bool row;
    sqlite3_stmt *statement = sqlite_start(connection, STATEMENT_RUN_GET, err, "t", call->run_id);
    if (!statement || !sqlite_step(connection, statement, &row, err))
        return false;
    if (!row)
        return not_found(call->run_id, err);
    *call->out = (struct stored_run){
        .id = sqlite_column(statement, 0, call->arena),
        .conversation_id = sqlite_column(statement, 1, call->arena),
        .user_id = sqlite_column(statement, 2, call->arena),
        .question = sqlite_column(statement, 3, call->arena),
        .started_at = sqlite_column(statement, 4, call->arena),
        .ended_at = sqlite_column(statement, 5, call->arena),
        .state = state_read(sqlite_column(statement, 6, call->arena)),
        .result = sqlite_column(statement, 7, call->arena),
    };
    return true;
}

static void add_event(struct call_run_events *call, size_t *capacity, int64_t sequence,
                      const char *json)
{
    call->out = arena_grow(call->arena, call->out, call->count, capacity, sizeof(*call->out));
    call->out[call->count++] = (struct stored_event){sequence, json};
}

/* Takes apart what events_join() has made. */
static void events_split(struct call_run_events *call, size_t *capacity, int64_t sequence,
                         char *joined)
{
    for (char *event = joined, *next; event; event = next, sequence++) {
        next = strchr(event + 1, STORE_EVENT_MARK);
        if (next)
            *next = '\0'; /* over the mark, whose event begins behind it */
        if (sequence > call->after && event[1] != '\0')
            add_event(call, capacity, sequence, event + 1);
    }
}

/* Those that are kept with the run's end; NULL: none, or it has not ended. */
static bool events_left(struct sqlite_connection *connection, const struct call_run_events *call,
                        int64_t *first, char **joined, struct error *err)
{
    bool row;
    sqlite3_stmt *statement =
        sqlite_start(connection, STATEMENT_EVENTS_LEFT, err, "t", call->run_id);
    if (!statement || !sqlite_step(connection, statement, &row, err))
        return false;
    *first = row ? sqlite3_column_int64(statement, 0) : 0;
    bool some = row && sqlite3_column_bytes(statement, 1) > 0;
    *joined = some ? sqlite_column(statement, 1, call->arena) : NULL;
    sqlite3_reset(statement);
    return true;
}

/* The end first: once that is there, no more come before it. */
bool sqlite_run_events(struct sqlite_connection *connection, void *arg, struct error *err)
{
    struct call_run_events *call = arg;
    bool exists, row;
    size_t capacity = 0;
    int64_t first;
    char *joined;
    if (!sqlite_exists(connection, STATEMENT_RUN_EXISTS, call->run_id, &exists, err))
        return false;
    if (!exists)
        return not_found(call->run_id, err);
    if (!events_left(connection, call, &first, &joined, err))
        return false;
    sqlite3_stmt *statement =
        sqlite_start(connection, STATEMENT_EVENTS_AFTER, err, "ti", call->run_id, call->after);
    if (!statement || !sqlite_step(connection, statement, &row, err))
        return false;
    while (row) {
        add_event(call, &capacity, sqlite3_column_int64(statement, 0),
                  sqlite_column(statement, 1, call->arena));
        if (!sqlite_step(connection, statement, &row, err))
            return false;
    }
    events_split(call, &capacity, first, joined);
    return true;
}

/* The columns of RUNS_OF_OTHERS and RUN_ABANDONED. */
static void add_cut_run(struct call_mark_cut_runs *call, size_t *capacity, sqlite3_stmt *statement)
{
    call->out = arena_grow(call->arena, call->out, call->count, capacity, sizeof(*call->out));
    call->out[call->count++] = (struct stored_run){
        .id = sqlite_column(statement, 0, call->arena),
        .conversation_id = sqlite_column(statement, 1, call->arena),
        .user_id = sqlite_column(statement, 2, call->arena),
        .question = sqlite_column(statement, 3, call->arena),
        .started_at = sqlite_column(statement, 4, call->arena),
        .ended_at = arena_strdup(call->arena, call->now),
        .state = RUN_CUT,
        .result = cut_result,
    };
}

/* Active runs whose owner's process has ended. */
static bool find_runs_of_the_dead(struct sqlite_connection *connection,
                                  struct call_mark_cut_runs *call, size_t *capacity,
                                  struct error *err)
{
    const struct sqlite_owner *owner = &connection->store->owner;
    bool row;
    sqlite3_stmt *statement = sqlite_start(connection, STATEMENT_RUNS_OF_OTHERS, err, "ii",
                                           owner->number, (int64_t)CUT_RUNS_MAX);
    if (!statement || !sqlite_step(connection, statement, &row, err))
        return false;
    while (row) {
        if (!sqlite_owner_is_alive(owner, sqlite3_column_int64(statement, 5)))
            add_cut_run(call, capacity, statement);
        if (!sqlite_step(connection, statement, &row, err))
            return false;
    }
    return true;
}

/* Those of them that have no end indeed. */
static bool find_abandoned_runs(struct sqlite_connection *connection,
                                struct call_mark_cut_runs *call, size_t *capacity,
                                struct error *err)
{
    bool row;
    for (size_t i = 0; i < call->abandoned_count; i++) {
        sqlite3_stmt *statement = sqlite_start(connection, STATEMENT_RUN_ABANDONED, err, "ti",
                                               call->abandoned[i], connection->store->owner.number);
        if (!statement || !sqlite_step(connection, statement, &row, err))
            return false;
        if (row)
            add_cut_run(call, capacity, statement);
        sqlite3_reset(statement);
    }
    return true;
}

static bool mark_cut(struct sqlite_connection *connection, const struct stored_run *run,
                     struct error *err)
{
    char message_id[STORE_ID_SIZE];
    int64_t changes;
    ordered_id(message_id, sizeof(message_id), "msg_");
    struct new_message message = {
        .id = message_id,
        .conversation_id = run->conversation_id,
        .run_id = run->id,
        .role = "assistant",
        .content = cut_text,
        .metadata = cut_metadata,
        .now = run->ended_at,
    };
    if (!sqlite_execute(connection, STATEMENT_RUN_CUT, &changes, err, "tttt", run->id,
                        run->conversation_id, run->result, run->ended_at))
        return false;
    /* Given up twice: it is marked once. */
    return changes == 0 || (sqlite_execute(connection, STATEMENT_EVENT_INSERT_LAST, NULL, err, "tt",
                                           run->id, cut_event) &&
                            answer_save(connection, &message, err));
}

bool sqlite_mark_cut_runs(struct sqlite_connection *connection, void *arg, struct error *err)
{
    struct call_mark_cut_runs *call = arg;
    size_t capacity = 0;
    call->count = 0; /* the operation may run twice */
    call->out = NULL;
    if (!find_runs_of_the_dead(connection, call, &capacity, err) ||
        !find_abandoned_runs(connection, call, &capacity, err))
        return false;
    for (size_t i = 0; i < call->count; i++)
        if (!mark_cut(connection, &call->out[i], err))
            return false;
    return true;
}
