/* SPDX-License-Identifier: Apache-2.0 */
/* Conversations removed for good: which, all that belongs to them, and nothing else. */
#include "store_support.h"

#include <sqlite3.h>

#include "core/clock.h"
#include "store/sqlite.h"

#define DAY_MS (INT64_C(24) * 3600 * 1000)

static void now_is(const char *text)
{
    assert_true(clock_set_now(text));
}

static int64_t at(const char *text)
{
    int64_t ms;
    assert_true(clock_parse(text, &ms));
    return ms;
}

/* A question that is answered: two messages, an event. */
static const char *converse(struct home *home, const char *conversation_id)
{
    struct run_begin begin = home_ask(home, "ana", "q", conversation_id);
    struct stored_event event = {1, "{}"};
    struct run_end end = {.run_id = begin.run_id,
                          .conversation_id = begin.conversation_id_out,
                          .state = RUN_COMPLETE,
                          .result = "{}",
                          .content = "a",
                          .events = &event,
                          .event_count = 1};
    assert_ok(store_run_end(home->store, &end, &home->err), home->err);
    return arena_strdup(home->arena, begin.conversation_id_out);
}

static struct store_sweep sweep(struct home *home, int64_t deleted_before_ms,
                                int64_t quiet_before_ms)
{
    struct store_sweep swept = {.deleted_before_ms = deleted_before_ms,
                                .quiet_before_ms = quiet_before_ms};
    for (int calls = 0; !swept.ended; calls++) {
        assert_ok(store_sweep(home->store, &swept, &home->err), home->err);
        assert_in_range(calls, 0, 100000);
    }
    return swept;
}

/* Of a second connection, which sees what is on disk. */
static int64_t number(struct home *home, const char *sql)
{
    sqlite3 *db;
    sqlite3_stmt *statement;
    assert_int_equal(sqlite3_open_v2(home->path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    int64_t result =
        sqlite3_step(statement) == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : -1;
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return result;
}

static void execute(struct home *home, const char *sql)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open_v2(home->path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    sqlite3_close(db);
}

static bool exists(struct home *home, const char *id)
{
    struct conversation conversation;
    error_clear(&home->err);
    return store_conversation_get(home->store, "ana", id, home->arena, &conversation, &home->err);
}

static void nothing_is_left_over(struct home *home)
{
    assert_int_equal(number(home, "SELECT count(*) FROM pragma_foreign_key_check"), 0);
    assert_int_equal(number(home, "SELECT count(*) FROM feedback WHERE message_id NOT IN"
                                  " (SELECT id FROM messages)"),
                     0);
    assert_int_equal(number(home, "SELECT count(*) FROM runs WHERE id NOT IN"
                                  " (SELECT run_id FROM messages WHERE run_id IS NOT NULL)"),
                     0);
    assert_int_equal(number(home, "SELECT count(*) FROM run_ends WHERE sequence NOT IN"
                                  " (SELECT end_sequence FROM runs WHERE end_sequence > 0)"),
                     0);
}

static void the_quiet_ones_go_at_their_time(void **state)
{
    struct home *home = *state;
    now_is("2024-01-01T00:00:00Z");
    const char *old = converse(home, NULL), *woken = converse(home, NULL);
    now_is("2024-01-11T00:00:00Z");
    converse(home, woken);
    const char *young = converse(home, NULL);
    execute(home,
            "INSERT INTO feedback SELECT id, 'ana', run_id, conversation_id, 'up', NULL, NULL,"
            " created_at, created_at FROM messages");
    struct store_sweep swept = sweep(home, STORE_SWEEP_NONE, at("2024-01-01T00:00:00Z"));
    assert_int_equal(swept.conversations, 0); /* not older than that: as old */
    swept = sweep(home, STORE_SWEEP_NONE, at("2024-01-01T00:00:00Z") + 1);
    assert_int_equal(swept.conversations, 1);
    assert_int_equal(swept.messages, 2);
    assert_false(exists(home, old));
    assert_true(exists(home, woken) && exists(home, young));
    assert_int_equal(number(home, "SELECT count(*) FROM messages"), 6);
    assert_int_equal(number(home, "SELECT count(*) FROM runs"), 3);
    assert_int_equal(number(home, "SELECT count(*) FROM run_events"), 0);
    assert_int_equal(number(home, "SELECT count(*) FROM run_ends"), 3);
    assert_int_equal(number(home, "SELECT count(*) FROM feedback"), 6);
    nothing_is_left_over(home);
    swept = sweep(home, STORE_SWEEP_NONE, STORE_SWEEP_NONE);
    assert_int_equal(swept.conversations, 0);
}

static void the_deleted_ones_go_after_their_grace(void **state)
{
    struct home *home = *state;
    now_is("2024-01-01T00:00:00Z");
    const char *deleted = converse(home, NULL), *kept = converse(home, NULL);
    now_is("2024-02-01T00:00:00Z");
    assert_ok(store_conversation_delete(home->store, "ana", deleted, &home->err), home->err);
    assert_int_equal(sweep(home, at("2024-02-01T00:00:00Z"), STORE_SWEEP_NONE).conversations, 0);
    assert_int_equal(number(home, "SELECT count(*) FROM conversations"), 2);
    assert_int_equal(sweep(home, at("2024-02-01T00:00:00Z") + 1, STORE_SWEEP_NONE).conversations,
                     1);
    assert_int_equal(number(home, "SELECT count(*) FROM conversations"), 1);
    assert_true(exists(home, kept));
    nothing_is_left_over(home);
}

static void one_with_a_run_under_way_stays(void **state)
{
    struct home *home = *state;
    now_is("2024-01-01T00:00:00Z");
    struct run_begin begin = home_ask(home, "ana", "q", NULL);
    now_is("2024-03-01T00:00:00Z");
    assert_int_equal(sweep(home, at("2024-02-01"), at("2024-02-01")).conversations, 0);
    assert_ok(store_conversation_delete(home->store, "ana", begin.conversation_id_out, &home->err),
              home->err);
    assert_int_equal(sweep(home, at("2024-04-01"), at("2024-04-01")).conversations, 0);
    struct run_end end = {.run_id = begin.run_id,
                          .conversation_id = begin.conversation_id_out,
                          .state = RUN_COMPLETE,
                          .result = "{}",
                          .content = "a"};
    assert_ok(store_run_end(home->store, &end, &home->err), home->err);
    assert_int_equal(sweep(home, at("2024-04-01"), at("2024-04-01")).conversations, 1);
}

/* What orders messages and lists goes on where it was, also when all messages are gone. */
static void a_place_does_not_come_back(void **state)
{
    struct home *home = *state;
    struct conversation *list;
    size_t count;
    const char *next;
    now_is("2024-01-01T00:00:00Z");
    for (int i = 0; i < 5; i++)
        converse(home, NULL);
    now_is("2024-06-01T00:00:00Z");
    struct conversation empty;
    assert_ok(store_conversation_create(home->store, "ana", "t", home->arena, &empty, &home->err),
              home->err);
    for (int round = 0; round < 3; round++) {
        int64_t highest = number(home, "SELECT max(sequence) FROM messages");
        int64_t expected = round == 0 ? 5 : 1;
        assert_int_equal(sweep(home, at("2024-05-01"), at("2024-05-01")).conversations, expected);
        assert_int_equal(number(home, "SELECT count(*) FROM messages"), 1);
        assert_int_equal(number(home, "SELECT max(sequence) FROM messages"), highest);
        assert_int_equal(number(home, "SELECT length(id || content) FROM messages"), 0);
        nothing_is_left_over(home);
        now_is("2024-01-01T00:00:00Z");
        converse(home, NULL);
        assert_int_equal(number(home, "SELECT max(sequence) FROM messages"), highest + 2);
        /* The later is listed first. */
        assert_ok(store_conversation_list(home->store, "ana", 10, NULL, home->arena, &list, &count,
                                          &next, &home->err),
                  home->err);
        assert_int_equal(count, 2);
        assert_string_equal(list[1].id, empty.id);
    }
    assert_fails(store_messages_last(home->store, "sequence", 1, home->arena,
                                     &(struct message *){NULL}, &count, &home->err),
                 home->err, ERROR_NOT_FOUND);
}

/* A long conversation goes in several bites, none of them long, and is not seen with a part. */
static void a_long_one_goes_in_bites(void **state)
{
    enum { ASKED = 3000 };
    struct home *home = *state;
    now_is("2024-01-01T00:00:00Z");
    const char *id = converse(home, NULL);
    /* Quicker than asking. */
    execute(home, arena_printf(
                      home->arena,
                      "WITH RECURSIVE n(i) AS (SELECT 3 UNION ALL SELECT i + 1 FROM n WHERE i < %d)"
                      " INSERT INTO messages SELECT i, 'msg_' || i, '%s', NULL, 'user', 'q', NULL, "
                      "NULL, '2024' FROM n",
                      ASKED, id));
    now_is("2024-06-01T00:00:00Z");
    const char *kept = converse(home, NULL);
    struct store_sweep swept = {.deleted_before_ms = STORE_SWEEP_NONE,
                                .quiet_before_ms = at("2024-05-01")};
    int calls = 0;
    for (; !swept.ended; calls++) {
        assert_ok(store_sweep(home->store, &swept, &home->err), home->err);
        assert_false(exists(home, id));
    }
    assert_int_equal(swept.messages, ASKED);
    assert_int_equal(swept.conversations, 1);
    assert_true(calls > 1);
    assert_true(exists(home, kept));
    nothing_is_left_over(home);
}

/* What is removed makes room for what comes: the file does not grow on. */
static void room_is_used_again(void **state)
{
    struct home *home = *state;
    int64_t pages = 0;
    for (int round = 0; round < 4; round++) {
        now_is("2024-01-01T00:00:00Z");
        for (int i = 0; i < 100; i++)
            converse(home, NULL);
        if (round == 1)
            pages = number(home, "PRAGMA page_count");
        now_is("2024-06-01T00:00:00Z");
        sweep(home, at("2024-05-01"), at("2024-05-01"));
    }
    assert_in_range(number(home, "PRAGMA page_count"), 1, pages + 4);
}

/* Others save meanwhile; the rules on references hold for them as before. */
static void references_are_checked_after_a_sweep(void **state)
{
    struct home *home = *state;
    now_is("2024-01-01T00:00:00Z");
    converse(home, NULL);
    now_is("2024-06-01T00:00:00Z");
    sweep(home, at("2024-05-01"), at("2024-05-01"));
    struct sqlite_store *store = (struct sqlite_store *)home->store;
    int on = 0;
    sqlite3_db_config(store->writer.connection->db, SQLITE_DBCONFIG_ENABLE_FKEY, -1, &on);
    assert_int_equal(on, 1);
    assert_int_not_equal(
        sqlite3_exec(store->writer.connection->db,
                     "INSERT INTO messages (id, conversation_id, role, content, created_at)"
                     " VALUES ('x', 'none', 'user', '', '')",
                     NULL, NULL, NULL),
        SQLITE_OK);
}

/* Nor does it look through all runs for what refers to a conversation. */
static void the_cost_does_not_rise_with_what_is_kept(void **state)
{
    struct home *home = *state;
    now_is("2024-01-01T00:00:00Z");
    converse(home, NULL);
    now_is("2024-06-01T00:00:00Z");
    for (int i = 0; i < 20; i++)
        converse(home, NULL);
    assert_int_equal(sweep(home, at("2024-05-01"), at("2024-05-01")).conversations, 1);
    struct sqlite_store *store = (struct sqlite_store *)home->store;
    static const enum sqlite_statement statements[] = {STATEMENT_SWEEP_MARK,
                                                       STATEMENT_SWEEP_MESSAGE,
                                                       STATEMENT_SWEEP_FEEDBACK,
                                                       STATEMENT_SWEEP_EVENTS,
                                                       STATEMENT_SWEEP_RUN,
                                                       STATEMENT_SWEEP_REMOVE_MESSAGE,
                                                       STATEMENT_SWEEP_REMOVE_CONVERSATION};
    for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]); i++)
        assert_int_equal(sqlite3_stmt_status(store->writer.connection->statements[statements[i]],
                                             SQLITE_STMTSTATUS_FULLSCAN_STEP, 0),
                         0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, home_setup, home_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_quiet_ones_go_at_their_time),
        TEST(the_deleted_ones_go_after_their_grace),
        TEST(one_with_a_run_under_way_stays),
        TEST(a_place_does_not_come_back),
        TEST(a_long_one_goes_in_bites),
        TEST(room_is_used_again),
        TEST(references_are_checked_after_a_sweep),
        TEST(the_cost_does_not_rise_with_what_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
