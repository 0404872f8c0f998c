/* SPDX-License-Identifier: Apache-2.0 */
/* What the store promises its callers: conversations, runs, cache, embeddings. */
#include "store_support.h"

#include <math.h>

#include "core/clock.h"
#include "store/store_priv.h"

static const char unknown_conversation[] = "conv_0123456789abcdef";
static const char unknown_run[] = "query_0123456789abcdef";

static char *filled(struct home *home, size_t length)
{
    char *text = arena_alloc(home->arena, length + 1);
    memset(text, 'x', length);
    return text;
}

static void title_is(const char *text, const char *expected)
{
    char title[STORE_TITLE_SIZE];
    title_make(text, title, sizeof(title));
    assert_string_equal(title, expected);
}

#define TEN "0123456789"
#define FIFTY TEN TEN TEN TEN TEN

static void titles_are_cut_at_a_character(void **state)
{
    title_is("", "");
    title_is("   \n\t ", "");
    title_is("  What\n\n is   the total? ", "What is the total?");
    title_is("a\x01\x1b[31mb\x7f \xc2\x85" "c", "a [31mb c"); /* control characters are blanks */
    title_is("\u202etotal\u2066 by \u2069region\u202c", "total by region");
    title_is(FIFTY, FIFTY);
    title_is(FIFTY " ", FIFTY);
    title_is(FIFTY "x", FIFTY);
    title_is(TEN TEN TEN TEN "123456789 next", TEN TEN TEN TEN "123456789");
    /* 49 letters and one of two bytes; then one too many. */
    title_is(TEN TEN TEN TEN "123456789ü", TEN TEN TEN TEN "123456789ü");
    title_is(TEN TEN TEN TEN "123456789üü", TEN TEN TEN TEN "123456789ü");
    /* A letter and its accent are two code points that stay together. */
    title_is(TEN TEN TEN TEN "123456789u\u0308", TEN TEN TEN TEN "123456789");
    title_is(TEN TEN TEN TEN "12345678u\u0308", TEN TEN TEN TEN "12345678u\u0308");
    /* A family of four: seven code points. */
    title_is(TEN TEN TEN TEN "12345\U0001F468\u200d\U0001F469\u200d\U0001F467\u200d\U0001F466",
             TEN TEN TEN TEN "12345");
}

static void a_title_of_wide_characters_fits(void **state)
{
    char text[60 * 4 + 1] = "", expected[STORE_TITLE_SIZE] = "", title[STORE_TITLE_SIZE];
    for (int i = 0; i < 60; i++)
        strcat(text, "\U00020000");
    memcpy(expected, text, 50 * 4);
    title_make(text, title, sizeof(title));
    assert_string_equal(title, expected);
    /* One base and 59 accents: no border to cut at, but it ends. */
    strcpy(text, "e");
    for (int i = 0; i < 59; i++)
        strcat(text, "\u0301");
    title_make(text, title, sizeof(title));
    assert_int_equal(strlen(title), 1 + 49 * 2);
}

static void a_conversation_is_made_read_and_deleted(void **state)
{
    struct home *home = *state;
    struct conversation made, read;
    assert_ok(
        store_conversation_create(home->store, "ana", "Sales", home->arena, &made, &home->err),
        home->err);
    assert_ok(store_conversation_get(home->store, "ana", made.id, home->arena, &read, &home->err),
              home->err);
    assert_string_equal(read.id, made.id);
    assert_string_equal(read.title, "Sales");
    assert_string_equal(read.user_id, "ana");
    assert_string_equal(read.created_at, made.created_at);
    assert_int_equal(strlen(read.created_at), TIMESTAMP_SIZE - 1);
    assert_int_equal(read.message_count, 0);

    assert_fails(
        store_conversation_get(home->store, "bob", made.id, home->arena, &read, &home->err),
        home->err, ERROR_NOT_FOUND);
    assert_fails(store_conversation_delete(home->store, "bob", made.id, &home->err), home->err,
                 ERROR_NOT_FOUND);
    assert_ok(store_conversation_delete(home->store, "ana", made.id, &home->err), home->err);
    assert_fails(store_conversation_delete(home->store, "ana", made.id, &home->err), home->err,
                 ERROR_NOT_FOUND);
    assert_fails(
        store_conversation_get(home->store, "ana", made.id, home->arena, &read, &home->err),
        home->err, ERROR_NOT_FOUND);
    struct message *messages;
    size_t count;
    assert_fails(
        store_messages_last(home->store, made.id, 10, home->arena, &messages, &count, &home->err),
        home->err, ERROR_NOT_FOUND);
    struct run_begin begin = {.user_id = "ana", .conversation_id = made.id, .question = "q"};
    assert_fails(store_run_begin(home->store, &begin, &home->err), home->err, ERROR_NOT_FOUND);
    begin.conversation_id = unknown_conversation;
    assert_fails(store_run_begin(home->store, &begin, &home->err), home->err, ERROR_NOT_FOUND);
}

static void ids_that_cant_be_are_not_found(void **state)
{
    static const char *const ids[] = {NULL,
                                      "",
                                      "conv_",
                                      "conv_0123456789abcde",
                                      "conv_0123456789abcdeg",
                                      "conv_0123456789abcdef0",
                                      "conv_0123456789ABCDEF",
                                      "query_0123456789abcdef",
                                      "' OR 1=1 --"};
    struct home *home = *state;
    struct conversation read;
    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
        assert_fails(
            store_conversation_get(home->store, "ana", ids[i], home->arena, &read, &home->err),
            home->err, ERROR_NOT_FOUND);
}

static void a_run_saves_the_question_and_the_answer(void **state)
{
    struct home *home = *state;
    struct run_begin begin = home_ask(home, "ana", "What is the total revenue?", NULL);
    struct conversation conversation;
    assert_ok(store_conversation_get(home->store, "ana", begin.conversation_id_out, home->arena,
                                     &conversation, &home->err),
              home->err);
    assert_string_equal(conversation.title, "What is the total revenue?");
    assert_int_equal(conversation.message_count, 1);

    struct stored_run run;
    assert_ok(store_run_get(home->store, begin.run_id, home->arena, &run, &home->err), home->err);
    assert_int_equal(run.state, RUN_ACTIVE);
    assert_null(run.result);
    assert_null(run.ended_at);
    assert_string_equal(run.question, "What is the total revenue?");

    assert_ok(store_run_event(home->store, begin.run_id, 1, "{\"n\":1}", &home->err), home->err);
    struct stored_event last = {.sequence = 2, .json = "{\"n\":2}"};
    struct run_end end = {
        .run_id = begin.run_id,
        .conversation_id = begin.conversation_id_out,
        .state = RUN_COMPLETE,
        .result = "{\"final_response\":\"It is 5.\"}",
        .content = "It is 5.",
        .sql = "SELECT 5",
        .metadata = "{}",
        .events = &last,
        .event_count = 1,
    };
    assert_ok(store_run_end(home->store, &end, &home->err), home->err);
    assert_ok(store_run_get(home->store, begin.run_id, home->arena, &run, &home->err), home->err);
    assert_int_equal(run.state, RUN_COMPLETE);
    assert_string_equal(run.result, end.result);
    assert_non_null(run.ended_at);
    assert_fails(store_run_end(home->store, &end, &home->err), home->err, ERROR_CONFLICT);

    struct message *messages;
    size_t count;
    assert_ok(store_messages_last(home->store, begin.conversation_id_out, 10, home->arena,
                                  &messages, &count, &home->err),
              home->err);
    assert_int_equal(count, 2);
    assert_int_equal(messages[0].role, MESSAGE_USER);
    assert_string_equal(messages[0].content, "What is the total revenue?");
    assert_string_equal(messages[0].run_id, begin.run_id);
    assert_null(messages[0].sql);
    assert_int_equal(messages[1].role, MESSAGE_ASSISTANT);
    assert_string_equal(messages[1].sql, "SELECT 5");
    assert_string_equal(messages[1].metadata, "{}");

    struct stored_event *events;
    assert_ok(
        store_run_events(home->store, begin.run_id, 0, home->arena, &events, &count, &home->err),
        home->err);
    assert_int_equal(count, 2);
    assert_string_equal(events[1].json, "{\"n\":2}");
    assert_ok(
        store_run_events(home->store, begin.run_id, 1, home->arena, &events, &count, &home->err),
        home->err);
    assert_int_equal(count, 1);
    assert_int_equal(events[0].sequence, 2);
}

static void a_failed_run_without_an_answer_adds_no_message(void **state)
{
    struct home *home = *state;
    struct run_begin begin = home_ask(home, "ana", "q", NULL);
    struct run_end end = {
        .run_id = begin.run_id,
        .conversation_id = begin.conversation_id_out,
        .state = RUN_FAILED,
        .result = "{\"detail\":\"no\"}",
    };
    assert_ok(store_run_end(home->store, &end, &home->err), home->err);
    struct conversation conversation;
    assert_ok(store_conversation_get(home->store, "ana", begin.conversation_id_out, home->arena,
                                     &conversation, &home->err),
              home->err);
    assert_int_equal(conversation.message_count, 1);
}

static void wrong_ends_change_nothing(void **state)
{
    struct home *home = *state;
    struct run_begin begin = home_ask(home, "ana", "q", NULL);
    struct run_begin other = home_ask(home, "ana", "q", NULL);
    struct stored_event twice[] = {{2, "{}"}, {2, "{}"}};
    struct run_end end = {
        .run_id = unknown_run,
        .conversation_id = begin.conversation_id_out,
        .state = RUN_COMPLETE,
        .result = "{}",
        .content = "answer",
    };
    assert_fails(store_run_end(home->store, &end, &home->err), home->err, ERROR_NOT_FOUND);
    end.run_id = begin.run_id;
    end.conversation_id = other.conversation_id_out;
    assert_fails(store_run_end(home->store, &end, &home->err), home->err, ERROR_CONFLICT);
    end.conversation_id = begin.conversation_id_out;
    end.state = RUN_CUT;
    assert_fails(store_run_end(home->store, &end, &home->err), home->err, ERROR_INVALID);
    end.state = RUN_COMPLETE;
    end.result = NULL;
    assert_fails(store_run_end(home->store, &end, &home->err), home->err, ERROR_INVALID);
    end.result = "{}";
    end.events = twice;
    end.event_count = 2;
    assert_fails(store_run_end(home->store, &end, &home->err), home->err, ERROR_CONFLICT);
    struct stored_run run;
    struct conversation conversation;
    assert_ok(store_run_get(home->store, begin.run_id, home->arena, &run, &home->err), home->err);
    assert_int_equal(run.state, RUN_ACTIVE);
    assert_ok(store_conversation_get(home->store, "ana", begin.conversation_id_out, home->arena,
                                     &conversation, &home->err),
              home->err);
    assert_int_equal(conversation.message_count, 1);
}

static void events_rise_by_one(void **state)
{
    struct home *home = *state;
    struct run_begin begin = home_ask(home, "ana", "q", NULL);
    struct store *store = home->store;
    struct error *err = &home->err;
    assert_fails(store_run_event(store, begin.run_id, 0, "{}", err), home->err, ERROR_INVALID);
    assert_fails(store_run_event(store, begin.run_id, 2, "{}", err), home->err, ERROR_CONFLICT);
    assert_ok(store_run_event(store, begin.run_id, 1, "{}", err), home->err);
    assert_fails(store_run_event(store, begin.run_id, 1, "{}", err), home->err, ERROR_CONFLICT);
    assert_fails(store_run_event(store, begin.run_id, STORE_EVENTS_MAX + 1, "{}", err), home->err,
                 ERROR_INVALID);
    assert_fails(store_run_event(store, unknown_run, 1, "{}", err), home->err, ERROR_NOT_FOUND);
    struct stored_event *events;
    size_t count;
    assert_fails(store_run_events(store, unknown_run, 0, home->arena, &events, &count, err),
                 home->err, ERROR_NOT_FOUND);
}

static void events_of_a_run_that_goes_on_are_added_once(void **state)
{
    struct home *home = *state;
    struct store *store = home->store;
    struct error *err = &home->err;
    struct run_begin begin = home_ask(home, "ana", "q", NULL);
    struct stored_event all[4] = {{1, "{}"}, {2, "{}"}, {3, "{}"}, {4, "{\"n\":4}"}}, *events;
    struct run_end end = {.run_id = begin.run_id, .conversation_id = begin.conversation_id_out,
                          .state = RUN_CANCELLED, .result = "{}", .content = "cancelled",
                          .events = all, .event_count = 4};
    size_t count;
    assert_ok(store_run_events_add(store, begin.run_id, all, 2, err), home->err);
    assert_ok(store_run_events_add(store, begin.run_id, all, 3, err), home->err);
    assert_ok(store_run_end(store, &end, err), home->err);
    /* What comes too late is not added. */
    assert_ok(store_run_events_add(store, begin.run_id, &(struct stored_event){5, "{}"}, 1, err),
              home->err);
    assert_ok(store_run_events(store, begin.run_id, 0, home->arena, &events, &count, err),
              home->err);
    assert_int_equal(count, 4);
    assert_string_equal(events[3].json, "{\"n\":4}");
    struct stored_run run;
    assert_ok(store_run_get(store, begin.run_id, home->arena, &run, err), home->err);
    assert_int_equal(run.state, RUN_CANCELLED);
    assert_string_equal(store_run_state_name(run.state), "cancelled");
}

/* Those of an end are kept as one text as long as that has at most 256 KiB with its marks. */
static void events_of_an_end_are_read_back_whatever_their_size(void **state)
{
    struct home *home = *state;
    struct error *err = &home->err;
    for (size_t more = 0; more < 2; more++) {
        size_t length = 256 * 1024 - 5 + more, count;
        char *long_json = arena_alloc(home->arena, length + 1);
        memset(long_json, '7', length);
        long_json[length] = '\0';
        struct stored_event all[] = {{1, "1"}, {2, long_json}, {3, "3"}}, *events;
        struct run_begin begin = home_ask(home, "ana", "q", NULL);
        struct run_end end = {.run_id = begin.run_id, .conversation_id = begin.conversation_id_out,
                              .state = RUN_COMPLETE, .result = "{}", .events = all,
                              .event_count = 3};
        assert_ok(store_run_end(home->store, &end, err), home->err);
        for (int64_t after = 0; after <= 3; after++) {
            assert_ok(store_run_events(home->store, begin.run_id, after, home->arena, &events,
                                       &count, err),
                      home->err);
            assert_int_equal(count, 3 - after);
            for (size_t i = 0; i < count; i++) {
                assert_int_equal(events[i].sequence, after + (int64_t)i + 1);
                assert_string_equal(events[i].json, all[after + (int64_t)i].json);
            }
        }
    }
}

static void a_log_may_leave_numbers_out_until_it_has_ended(void **state)
{
    struct home *home = *state;
    struct store *store = home->store;
    struct error *err = &home->err;
    struct run_begin begin = home_ask(home, "ana", "q", NULL);
    struct stored_event wrong[] = {{3, "{}"}, {1, "{}"}}, some[] = {{2, "2"}, {4, "4"}};
    struct stored_event all[] = {{4, "4"}, {7, "7"}, {8, "8"}};
    struct run_end end = {.run_id = begin.run_id, .conversation_id = begin.conversation_id_out,
                          .state = RUN_COMPLETE, .result = "{}"};
    struct stored_event *events;
    struct stored_run run;
    size_t count;
    end.events = wrong;
    end.event_count = 2;
    assert_fails(store_run_end(store, &end, err), home->err, ERROR_CONFLICT);
    assert_fails(store_run_events_add(store, begin.run_id, wrong, 2, err), home->err,
                 ERROR_CONFLICT);
    assert_ok(store_run_events_add(store, begin.run_id, some, 2, err), home->err);
    assert_ok(store_run_get(store, begin.run_id, home->arena, &run, err), home->err);
    assert_int_equal(run.state, RUN_ACTIVE);
    end.events = all;
    end.event_count = 3;
    assert_ok(store_run_end(store, &end, err), home->err);
    assert_fails(store_run_event(store, begin.run_id, 9, "{}", err), home->err, ERROR_CONFLICT);
    for (int64_t after = 0; after <= 8; after++) {
        static const int64_t numbers[] = {2, 4, 7, 8};
        size_t first = 0;
        while (first < 4 && numbers[first] <= after)
            first++;
        assert_ok(store_run_events(store, begin.run_id, after, home->arena, &events, &count, err),
                  home->err);
        assert_int_equal(count, 4 - first);
        for (size_t i = 0; i < count; i++) {
            assert_int_equal(events[i].sequence, numbers[first + i]);
            assert_int_equal(events[i].json[0] - '0', numbers[first + i]);
        }
    }
    assert_fails(store_run_event(store, begin.run_id, 2, "\"\x1e\"", err), home->err,
                 ERROR_INVALID);
}

static void runs_to_cancel_are_active_ones_that_somebody_asked_for(void **state)
{
    struct home *home = *state;
    struct store *store = home->store;
    struct error *err = &home->err;
    struct run_begin first = home_ask(home, "ana", "q", NULL);
    struct run_begin second = home_ask(home, "ana", "q", NULL);
    const char *const *ids;
    size_t count;
    assert_ok(store_runs_to_cancel(store, home->arena, &ids, &count, err), home->err);
    assert_int_equal(count, 0);
    assert_fails(store_run_ask_cancel(store, "query_1", err), home->err, ERROR_NOT_FOUND);
    assert_ok(store_run_ask_cancel(store, unknown_run, err), home->err);
    assert_ok(store_run_ask_cancel(store, second.run_id, err), home->err);
    assert_ok(store_run_ask_cancel(store, second.run_id, err), home->err);
    assert_ok(store_runs_to_cancel(store, home->arena, &ids, &count, err), home->err);
    assert_int_equal(count, 1);
    assert_string_equal(ids[0], second.run_id);
    struct run_end end = {.run_id = second.run_id, .conversation_id = second.conversation_id_out,
                          .state = RUN_CANCELLED, .result = "{}"};
    assert_ok(store_run_end(store, &end, err), home->err);
    assert_ok(store_runs_to_cancel(store, home->arena, &ids, &count, err), home->err);
    assert_int_equal(count, 0);
    /* A run goes with its conversation. */
    struct stored_run run;
    assert_ok(store_run_get(store, first.run_id, home->arena, &run, err), home->err);
    assert_ok(store_conversation_delete(store, "ana", first.conversation_id_out, err), home->err);
    assert_fails(store_run_get(store, first.run_id, home->arena, &run, err), home->err,
                 ERROR_NOT_FOUND);
}

static void a_given_run_id_is_used_once(void **state)
{
    struct home *home = *state;
    struct run_begin begin = {.user_id = "ana", .question = "q"};
    strcpy(begin.run_id, unknown_run);
    assert_ok(store_run_begin(home->store, &begin, &home->err), home->err);
    assert_string_equal(begin.run_id, unknown_run);
    assert_fails(store_run_begin(home->store, &begin, &home->err), home->err, ERROR_CONFLICT);
    strcpy(begin.run_id, "query_1");
    assert_fails(store_run_begin(home->store, &begin, &home->err), home->err, ERROR_INVALID);
    /* The second try left no conversation behind. */
    struct conversation *list;
    size_t count;
    const char *next;
    assert_ok(store_conversation_list(home->store, "ana", 10, NULL, home->arena, &list, &count,
                                      &next, &home->err),
              home->err);
    assert_int_equal(count, 1);
}

/* One call saves what begin and end would: in a new conversation and in one that exists. */
static void a_run_is_recorded_at_once(void **state)
{
    struct home *home = *state;
    struct store *store = home->store;
    struct error *err = &home->err;
    struct stored_event logged = {.sequence = 1, .json = "{\"event\":\"run_start\"}"}, *events;
    struct run_end end = {.state = RUN_COMPLETE, .result = "{\"n\":1}", .content = "One.",
                          .sql = "SELECT 1", .metadata = "{}", .events = &logged, .event_count = 1};
    struct run_begin first = {.user_id = "ana", .question = "how many?"};
    assert_ok(store_run_record(store, &first, &end, err), home->err);
    struct run_begin second = {.user_id = "ana", .question = "and now?",
                               .conversation_id = first.conversation_id_out};
    assert_ok(store_run_record(store, &second, &end, err), home->err);
    assert_string_equal(second.conversation_id_out, first.conversation_id_out);

    struct conversation conversation;
    struct message *messages;
    struct stored_run run;
    size_t count;
    assert_ok(store_conversation_get(store, "ana", first.conversation_id_out, home->arena,
                                     &conversation, err), home->err);
    assert_string_equal(conversation.title, "how many?");
    assert_int_equal(conversation.message_count, 4);
    assert_ok(store_messages_last(store, conversation.id, 10, home->arena, &messages, &count, err),
              home->err);
    assert_int_equal(count, 4);
    assert_string_equal(messages[1].content, "One.");
    assert_string_equal(messages[2].content, "and now?");
    assert_string_equal(messages[3].run_id, second.run_id);
    assert_ok(store_run_get(store, first.run_id, home->arena, &run, err), home->err);
    assert_int_equal(run.state, RUN_COMPLETE);
    assert_string_equal(run.result, "{\"n\":1}");
    assert_non_null(run.ended_at);
    assert_ok(store_run_events(store, first.run_id, 0, home->arena, &events, &count, err),
              home->err);
    assert_int_equal(count, 1);

    /* One without events keeps its result elsewhere. */
    struct run_begin bare = {.user_id = "ana", .question = "again?"};
    struct run_end no_events = end;
    no_events.events = NULL;
    no_events.event_count = 0;
    assert_ok(store_run_record(store, &bare, &no_events, err), home->err);
    assert_ok(store_run_get(store, bare.run_id, home->arena, &run, err), home->err);
    assert_string_equal(run.result, end.result);
    assert_ok(store_run_events(store, bare.run_id, 0, home->arena, &events, &count, err),
              home->err);
    assert_int_equal(count, 0);

    /* Nothing of one that can't be saved stays. */
    struct run_begin other = {.user_id = "ben", .question = "mine?",
                              .conversation_id = first.conversation_id_out};
    assert_fails(store_run_record(store, &other, &end, err), home->err, ERROR_NOT_FOUND);
    assert_fails(store_run_record(store, &second, &end, err), home->err, ERROR_CONFLICT);
    assert_ok(store_messages_last(store, conversation.id, 10, home->arena, &messages, &count, err),
              home->err);
    assert_int_equal(count, 4);
}

static void the_first_question_names_an_unnamed_conversation(void **state)
{
    struct home *home = *state;
    struct conversation made, read;
    assert_ok(store_conversation_create(home->store, "ana", NULL, home->arena, &made, &home->err),
              home->err);
    home_ask(home, "ana", "First question", made.id);
    home_ask(home, "ana", "Second question", made.id);
    assert_ok(store_conversation_get(home->store, "ana", made.id, home->arena, &read, &home->err),
              home->err);
    assert_string_equal(read.title, "First question");
    assert_int_equal(read.message_count, 2);
}

static void texts_have_limits(void **state)
{
    struct home *home = *state;
    struct run_begin begin = {.user_id = "ana"};
    begin.question = filled(home, STORE_QUESTION_SIZE_MAX);
    assert_ok(store_run_begin(home->store, &begin, &home->err), home->err);
    struct run_begin large = {.user_id = "ana"};
    large.question = filled(home, STORE_QUESTION_SIZE_MAX + 1);
    assert_fails(store_run_begin(home->store, &large, &home->err), home->err, ERROR_TOO_LARGE);
    large.question = "caf\xe9";
    assert_fails(store_run_begin(home->store, &large, &home->err), home->err, ERROR_INVALID);
    large.question = NULL;
    assert_fails(store_run_begin(home->store, &large, &home->err), home->err, ERROR_INVALID);
    large.question = "q";
    large.user_id = "";
    assert_fails(store_run_begin(home->store, &large, &home->err), home->err, ERROR_INVALID);
    large.user_id = filled(home, STORE_NAME_SIZE_MAX + 1);
    assert_fails(store_run_begin(home->store, &large, &home->err), home->err, ERROR_TOO_LARGE);
    large.user_id = filled(home, STORE_NAME_SIZE_MAX);
    assert_ok(store_run_begin(home->store, &large, &home->err), home->err);

    struct run_end end = {
        .run_id = begin.run_id,
        .conversation_id = begin.conversation_id_out,
        .state = RUN_COMPLETE,
        .result = "{}",
        .content = filled(home, STORE_TEXT_SIZE_MAX + 1),
    };
    assert_fails(store_run_end(home->store, &end, &home->err), home->err, ERROR_TOO_LARGE);
    end.content = filled(home, STORE_TEXT_SIZE_MAX);
    end.sql = end.content;
    end.metadata = end.content;
    end.result = filled(home, STORE_JSON_SIZE_MAX + 1);
    assert_fails(store_run_end(home->store, &end, &home->err), home->err, ERROR_TOO_LARGE);
    end.result = filled(home, STORE_JSON_SIZE_MAX);
    assert_ok(store_run_end(home->store, &end, &home->err), home->err);
    struct stored_run run;
    assert_ok(store_run_get(home->store, begin.run_id, home->arena, &run, &home->err), home->err);
    assert_int_equal(strlen(run.result), STORE_JSON_SIZE_MAX);
}

static void the_last_messages_come_in_order(void **state)
{
    struct home *home = *state;
    struct run_begin begin = home_ask(home, "ana", "question 0", NULL);
    for (int i = 1; i < 15; i++)
        home_ask(home, "ana", arena_printf(home->arena, "question %d", i),
                 begin.conversation_id_out);
    struct message *messages;
    size_t count;
    assert_ok(store_messages_last(home->store, begin.conversation_id_out, 10, home->arena,
                                  &messages, &count, &home->err),
              home->err);
    assert_int_equal(count, 10);
    assert_string_equal(messages[0].content, "question 5");
    assert_string_equal(messages[9].content, "question 14");
    assert_fails(store_messages_last(home->store, begin.conversation_id_out, 0, home->arena,
                                     &messages, &count, &home->err),
                 home->err, ERROR_INVALID);
    assert_fails(store_messages_last(home->store, begin.conversation_id_out, STORE_PAGE_MAX + 1,
                                     home->arena, &messages, &count, &home->err),
                 home->err, ERROR_INVALID);
    assert_ok(store_messages_last(home->store, begin.conversation_id_out, STORE_PAGE_MAX,
                                  home->arena, &messages, &count, &home->err),
              home->err);
    assert_int_equal(count, 15);
}

static void an_empty_conversation_has_no_messages(void **state)
{
    struct home *home = *state;
    struct conversation made;
    struct message *messages;
    size_t count = 7;
    assert_ok(store_conversation_create(home->store, "ana", "t", home->arena, &made, &home->err),
              home->err);
    assert_ok(
        store_messages_last(home->store, made.id, 10, home->arena, &messages, &count, &home->err),
        home->err);
    assert_int_equal(count, 0);
}

#define LISTED 23

static const char *lister; /* the user whose list is read */

/* Reads all pages of `limit`; between pages something happens. */
static size_t read_pages(struct home *home, size_t limit, void (*between)(struct home *home),
                         const char **ids)
{
    const char *cursor = NULL;
    size_t total = 0;
    do {
        struct conversation *page;
        size_t count;
        assert_ok(store_conversation_list(home->store, lister, limit, cursor, home->arena, &page,
                                          &count, &cursor, &home->err),
                  home->err);
        assert_true(count > 0 && count <= limit && total + count <= LISTED);
        for (size_t i = 0; i < count; i++)
            ids[total++] = page[i].id;
        if (between)
            between(home);
    } while (cursor);
    return total;
}

static const char *listed[LISTED]; /* in the order they were made */

static void messages_arrive_everywhere(struct home *home)
{
    home_ask(home, lister, "again", listed[0]);
    home_ask(home, lister, "again", listed[LISTED / 2]);
    home_ask(home, lister, "again", listed[LISTED - 1]);
    home_ask(home, lister, "a new conversation", NULL);
    home_ask(home, "bob", "another's", NULL);
    struct conversation made;
    assert_ok(store_conversation_create(home->store, lister, NULL, home->arena, &made, &home->err),
              home->err);
}

static void list_prepare(struct home *home)
{
    for (size_t i = 0; i < LISTED; i++) {
        struct conversation made;
        if (i % 3 == 0) { /* without a message */
            assert_ok(
                store_conversation_create(home->store, lister, "t", home->arena, &made, &home->err),
                home->err);
            listed[i] = made.id;
            continue;
        }
        struct run_begin begin = home_ask(home, lister, "q", NULL);
        listed[i] = arena_strdup(home->arena, begin.conversation_id_out);
    }
    home_ask(home, "bob", "not hers", NULL);
}

static struct conversation *list_all(struct home *home)
{
    struct conversation *list;
    size_t count;
    const char *next;
    assert_ok(store_conversation_list(home->store, lister, LISTED, NULL, home->arena, &list, &count,
                                      &next, &home->err),
              home->err);
    assert_int_equal(count, LISTED);
    return list;
}

static void pages_show_the_newest_first(void **state)
{
    struct home *home = *state;
    const char *ids[LISTED];
    lister = "ana";
    list_prepare(home);
    for (size_t limit = 1; limit <= LISTED + 1; limit++) {
        assert_int_equal(read_pages(home, limit, NULL, ids), LISTED);
        for (size_t i = 0; i < LISTED; i++)
            assert_string_equal(ids[i], listed[LISTED - 1 - i]);
    }
    home_ask(home, "ana", "again", listed[4]);
    struct conversation *list = list_all(home);
    assert_string_equal(list[0].id, listed[4]);
    assert_string_equal(list[1].id, listed[LISTED - 1]);
    assert_string_equal(list[LISTED - 1].id, listed[0]);
}

static void pages_stay_stable_while_messages_arrive(void **state)
{
    struct home *home = *state;
    const char *ids[LISTED];
    for (size_t limit = 1; limit <= LISTED; limit += 5) {
        lister = arena_printf(home->arena, "ana %zu", limit);
        list_prepare(home);
        struct conversation *before = list_all(home);
        assert_int_equal(read_pages(home, limit, messages_arrive_everywhere, ids), LISTED);
        for (size_t i = 0; i < LISTED; i++)
            assert_string_equal(ids[i], before[i].id);
    }
}

static void a_list_ends_and_its_limits_are_checked(void **state)
{
    struct home *home = *state;
    struct conversation *page;
    size_t count = 9;
    const char *next = "x";
    assert_ok(store_conversation_list(home->store, "nobody", 10, NULL, home->arena, &page, &count,
                                      &next, &home->err),
              home->err);
    assert_int_equal(count, 0);
    assert_null(next);
    static const char *const cursors[] = {"",
                                          "1.2",
                                          "1.2.3.4",
                                          "1.2.x",
                                          "-1.2.3",
                                          "1.2.3 ",
                                          "99999999999999999999.1.1",
                                          "conv_0123456789abcdef"};
    for (size_t i = 0; i < sizeof(cursors) / sizeof(cursors[0]); i++)
        assert_fails(store_conversation_list(home->store, "ana", 10, cursors[i], home->arena, &page,
                                             &count, &next, &home->err),
                     home->err, ERROR_INVALID);
    assert_fails(store_conversation_list(home->store, "ana", 0, NULL, home->arena, &page, &count,
                                         &next, &home->err),
                 home->err, ERROR_INVALID);
    assert_fails(store_conversation_list(home->store, "ana", STORE_PAGE_MAX + 1, NULL, home->arena,
                                         &page, &count, &next, &home->err),
                 home->err, ERROR_INVALID);
}

static void a_cursor_belongs_to_its_list(void **state)
{
    struct home *home = *state;
    struct conversation *page;
    struct message *messages;
    size_t count;
    const char *anas, *next;
    for (int i = 0; i < 3; i++) {
        home_ask(home, "ana", "q", NULL);
        home_ask(home, "ben", "q", NULL);
    }
    struct run_begin begin = home_ask(home, "ana", "q", NULL), other = home_ask(home, "ana", "q", NULL);
    home_ask(home, "ana", "r", begin.conversation_id_out);
    home_ask(home, "ana", "r", other.conversation_id_out);
    assert_ok(store_conversation_list(home->store, "ana", 2, NULL, home->arena, &page, &count,
                                      &anas, &home->err),
              home->err);
    assert_non_null(anas);
    assert_fails(store_conversation_list(home->store, "ben", 2, anas, home->arena, &page, &count,
                                         &next, &home->err),
                 home->err, ERROR_INVALID);
    assert_fails(store_messages_page(home->store, begin.conversation_id_out, 1, anas, home->arena,
                                     &messages, &count, &next, &home->err),
                 home->err, ERROR_INVALID);
    assert_ok(store_messages_page(home->store, begin.conversation_id_out, 1, NULL, home->arena,
                                  &messages, &count, &next, &home->err),
              home->err);
    assert_fails(store_messages_page(home->store, other.conversation_id_out, 1, next, home->arena,
                                     &messages, &count, &next, &home->err),
                 home->err, ERROR_INVALID);
    /* Each character of a cursor counts. */
    for (size_t i = 0; anas[i]; i++) {
        char *wrong = arena_strdup(home->arena, anas);
        wrong[i] = wrong[i] == '1' ? '2' : '1';
        assert_fails(store_conversation_list(home->store, "ana", 2, wrong, home->arena, &page,
                                             &count, &next, &home->err),
                     home->err, ERROR_INVALID);
    }
    /* One that was given stays good, whatever was deleted since. */
    for (size_t i = 0; i < 2; i++)
        assert_ok(store_conversation_delete(home->store, "ana", page[i].id, &home->err), home->err);
    assert_ok(store_conversation_list(home->store, "ana", 9, anas, home->arena, &page, &count, &next,
                                      &home->err),
              home->err);
    assert_int_equal(count, 3);
}

static void messages_come_in_pages_that_stay(void **state)
{
    enum { ASKED = 12 };
    struct home *home = *state;
    struct run_begin begin = home_ask(home, "ana", "0", NULL);
    for (int i = 1; i < ASKED; i++)
        home_ask(home, "ana", arena_printf(home->arena, "%d", i), begin.conversation_id_out);
    for (size_t limit = 1; limit <= ASKED + 1; limit++) {
        struct message *page;
        size_t count, left = ASKED;
        const char *cursor = NULL;
        do {
            assert_ok(store_messages_page(home->store, begin.conversation_id_out, limit, cursor,
                                          home->arena, &page, &count, &cursor, &home->err),
                      home->err);
            assert_int_equal(count, left < limit ? left : limit);
            left -= count;
            for (size_t i = 0; i < count; i++)
                assert_string_equal(page[i].content,
                                    arena_printf(home->arena, "%zu", left + i));
            if (limit % 4 == 3) { /* what comes meanwhile is later than all of it */
                struct run_begin late = home_ask(home, "ana", "late", NULL);
                assert_non_null(late.run_id);
            }
        } while (cursor);
        assert_int_equal(left, 0);
    }
    struct message *page;
    size_t count;
    const char *cursor;
    assert_ok(store_messages_page(home->store, begin.conversation_id_out, 5, NULL, home->arena,
                                  &page, &count, &cursor, &home->err),
              home->err);
    home_ask(home, "ana", "later", begin.conversation_id_out);
    assert_ok(store_messages_page(home->store, begin.conversation_id_out, 5, cursor, home->arena,
                                  &page, &count, &cursor, &home->err),
              home->err);
    assert_string_equal(page[4].content, "6");
    assert_fails(store_messages_page(home->store, begin.conversation_id_out, 0, NULL, home->arena,
                                     &page, &count, &cursor, &home->err),
                 home->err, ERROR_INVALID);
    assert_fails(store_messages_page(home->store, begin.conversation_id_out, STORE_PAGE_MAX + 1,
                                     NULL, home->arena, &page, &count, &cursor, &home->err),
                 home->err, ERROR_INVALID);
    assert_ok(store_conversation_delete(home->store, NULL, begin.conversation_id_out, &home->err),
              home->err);
    assert_fails(store_messages_page(home->store, begin.conversation_id_out, 5, cursor, home->arena,
                                     &page, &count, &cursor, &home->err),
                 home->err, ERROR_NOT_FOUND);
}

static void a_page_tells_the_steps_of_its_answers(void **state)
{
    static const struct {
        const char *result, *steps;
    } rows[] = {
        {"{\"steps\":[{\"step\":\"execute_query\"}],\"x\":1}", "[{\"step\":\"execute_query\"}]"},
        {"{\"detail\":\"failed\"}", NULL},
        {"{\"steps\":\"],broken\"}", NULL},
        {"not JSON", NULL},
    };
    struct home *home = *state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct run_begin begin = home_ask(home, "ana", "q", NULL);
        struct run_end end = {.run_id = begin.run_id,
                              .conversation_id = begin.conversation_id_out,
                              .state = RUN_COMPLETE,
                              .result = rows[i].result,
                              .content = "a"};
        struct message *page;
        size_t count;
        const char *next;
        assert_ok(store_run_end(home->store, &end, &home->err), home->err);
        assert_ok(store_messages_page(home->store, begin.conversation_id_out, 9, NULL, home->arena,
                                      &page, &count, &next, &home->err),
                  home->err);
        assert_int_equal(count, 2);
        assert_null(page[0].steps);
        if (rows[i].steps)
            assert_string_equal(page[1].steps, rows[i].steps);
        else
            assert_null(page[1].steps);
    }
}

/* Answers of 4 MB: a page is full with the one that brings it to 32 MB. */
static void a_page_of_large_messages_has_fewer(void **state)
{
    struct home *home = *state;
    struct run_begin begin = {0};
    for (int i = 0; i < 10; i++) {
        begin = home_ask(home, "ana", "q", i > 0 ? begin.conversation_id_out : NULL);
        struct run_end end = {.run_id = begin.run_id,
                              .conversation_id = begin.conversation_id_out,
                              .state = RUN_COMPLETE,
                              .result = "{}",
                              .content = filled(home, STORE_TEXT_SIZE_MAX)};
        begin.conversation_id = NULL;
        assert_ok(store_run_end(home->store, &end, &home->err), home->err);
    }
    struct message *page;
    size_t first, second;
    const char *next;
    assert_ok(store_messages_page(home->store, begin.conversation_id_out, 20, NULL, home->arena,
                                  &page, &first, &next, &home->err),
              home->err);
    assert_non_null(next);
    assert_ok(store_messages_page(home->store, begin.conversation_id_out, 20, next, home->arena,
                                  &page, &second, &next, &home->err),
              home->err);
    assert_null(next);
    assert_in_range(first, 14, 16);
    assert_int_equal(first + second, 20);
}

static void cache_put(struct home *home, const char *type, const char *key, const char *value,
                      int64_t ttl_s, const char *dataset)
{
    assert_ok(store_cache_put(home->store, type, str_from(key), str_from(value), ttl_s, dataset,
                              &home->err),
              home->err);
}

static const char *cache_get(struct home *home, const char *type, const char *key)
{
    struct str value;
    bool found;
    assert_ok(
        store_cache_get(home->store, type, str_from(key), home->arena, &value, &found, &home->err),
        home->err);
    return found ? value.bytes : NULL;
}

static int64_t cache_clear(struct home *home, const char *type, const char *dataset, bool expired)
{
    int64_t count, clearing;
    assert_ok(store_cache_clear(home->store, type, dataset, expired, &count, &clearing, &home->err),
              home->err);
    assert_true((clearing > 0) == !expired);
    return count;
}

static void cache_entries_live_and_expire(void **state)
{
    struct home *home = *state;
    assert_true(clock_set_now("2024-05-01T12:00:00Z"));
    cache_put(home, "sql_result", "k", "v1", 60, "sales");
    cache_put(home, "metadata", "k", "other type", 60, NULL);
    assert_string_equal(cache_get(home, "sql_result", "k"), "v1");
    cache_put(home, "sql_result", "k", "v2", 60, "sales");
    assert_string_equal(cache_get(home, "sql_result", "k"), "v2");
    assert_string_equal(cache_get(home, "metadata", "k"), "other type");
    assert_null(cache_get(home, "sql_result", "K"));
    assert_null(cache_get(home, "sql_result", "")); /* an empty key is a key */
    cache_put(home, "sql_result", "", "", 60, NULL);
    assert_string_equal(cache_get(home, "sql_result", ""), "");

    assert_true(clock_set_now("2024-05-01T12:00:59Z"));
    assert_string_equal(cache_get(home, "sql_result", "k"), "v2");
    assert_true(clock_set_now("2024-05-01T12:01:00Z"));
    assert_null(cache_get(home, "sql_result", "k"));
    assert_int_equal(cache_clear(home, NULL, NULL, true), 3);
    assert_int_equal(cache_clear(home, NULL, NULL, false), 0);
}

static void new_cache_entries_clear_old_ones_away(void **state)
{
    struct home *home = *state;
    assert_true(clock_set_now("2024-05-01T12:00:00Z"));
    for (int i = 0; i < 20; i++)
        cache_put(home, "response", arena_printf(home->arena, "%d", i), "v", 1, NULL);
    assert_true(clock_set_now("2024-05-01T12:00:01Z"));
    cache_put(home, "response", "new", "v", 1, NULL);
    assert_int_equal(cache_clear(home, NULL, NULL, true), 4); /* 16 went with the put */
}

static void cache_stats_count_hits(void **state)
{
    struct home *home = *state;
    for (int i = 0; i < 700; i++) /* more than are counted in memory at once */
        cache_put(home, "response", arena_printf(home->arena, "%d", i), "12345", 60, NULL);
    cache_put(home, "metadata", "m", "v", 60, NULL);
    for (int round = 0; round < 3; round++)
        assert_non_null(cache_get(home, "metadata", "m"));
    for (int i = 0; i < 200; i++)
        assert_non_null(cache_get(home, "response", arena_printf(home->arena, "%d", i)));
    struct cache_type_stats *stats;
    size_t count;
    assert_ok(store_cache_stats(home->store, home->arena, &stats, &count, &home->err), home->err);
    assert_int_equal(count, 2);
    assert_string_equal(stats[0].type, "metadata");
    assert_int_equal(stats[0].hits, 3);
    assert_int_equal(stats[0].bytes, 2);
    assert_int_equal(stats[1].entries, 700);
    assert_int_equal(stats[1].hits, 200);
    /* Hits survive a proper end of the program. */
    assert_non_null(cache_get(home, "metadata", "m"));
    store_close(home->store);
    home->store = store_open(home->path, &home->err);
    assert_non_null(home->store);
    assert_ok(store_cache_stats(home->store, home->arena, &stats, &count, &home->err), home->err);
    assert_int_equal(stats[0].hits, 4);
}

static void the_cache_is_cleared_in_part(void **state)
{
    struct home *home = *state;
    cache_put(home, "sql_result", "1", "v", 60, "sales");
    cache_put(home, "sql_result", "2", "v", 60, "staff");
    cache_put(home, "metadata", "3", "v", 60, "sales");
    cache_put(home, "metadata", "4", "v", 60, NULL);
    assert_int_equal(cache_clear(home, "sql_result", "sales", false), 1);
    assert_int_equal(cache_clear(home, NULL, "sales", false), 1);
    assert_int_equal(cache_clear(home, "metadata", NULL, true), 0);
    assert_int_equal(cache_clear(home, "metadata", NULL, false), 1);
    assert_int_equal(cache_clear(home, NULL, NULL, false), 1);
}

/* A large cache is cleared in bites, and told to the others once. */
static void a_large_cache_is_cleared(void **state)
{
    struct home *home = *state;
    struct cache_clearing *clearings;
    size_t count;
    const char *value = filled(home, 100000);
    for (int i = 0; i < 300; i++)
        cache_put(home, i % 3 == 0 ? "response" : "metadata", arena_printf(home->arena, "%d", i),
                  value, 60, i % 2 == 0 ? "sales" : NULL);
    assert_int_equal(cache_clear(home, "metadata", "sales", false), 100);
    assert_int_equal(cache_clear(home, NULL, "sales", false), 50);
    assert_int_equal(cache_clear(home, "response", NULL, false), 50);
    assert_int_equal(cache_clear(home, NULL, NULL, true), 0);
    assert_int_equal(cache_clear(home, NULL, NULL, false), 100);
    assert_ok(store_cache_clearings(home->store, 0, home->arena, &clearings, &count, &home->err),
              home->err);
    assert_int_equal(count, 4);
    assert_string_equal(clearings[0].type, "metadata");
    assert_string_equal(clearings[0].dataset_id, "sales");
    assert_null(clearings[1].type);
    assert_null(clearings[3].dataset_id);
    for (int i = 0; i < STORE_CLEARINGS_MAX; i++)
        cache_clear(home, NULL, NULL, false);
    assert_ok(store_cache_clearings(home->store, 4, home->arena, &clearings, &count, &home->err),
              home->err);
    assert_int_equal(count, STORE_CLEARINGS_MAX);
    assert_ok(store_cache_clearings(home->store, 0, home->arena, &clearings, &count, &home->err),
              home->err);
    assert_int_equal(count, STORE_CLEARINGS_MAX);
    assert_int_equal(clearings[0].id, 5);
}

static void cache_sizes_have_limits(void **state)
{
    struct home *home = *state;
    struct error *err = &home->err;
    struct str value = {filled(home, STORE_CACHE_VALUE_SIZE_MAX + 1),
                        STORE_CACHE_VALUE_SIZE_MAX + 1};
    struct str key = {value.bytes, STORE_CACHE_KEY_SIZE_MAX + 1}, found_value;
    bool found;
    assert_fails(store_cache_put(home->store, "t", key, STR("v"), 1, NULL, err), home->err,
                 ERROR_TOO_LARGE);
    assert_fails(store_cache_get(home->store, "t", key, home->arena, &found_value, &found, err),
                 home->err, ERROR_TOO_LARGE);
    key.length--;
    assert_fails(store_cache_put(home->store, "t", key, value, 1, NULL, err), home->err,
                 ERROR_TOO_LARGE);
    value.length--;
    assert_ok(store_cache_put(home->store, "t", key, value, 60, NULL, err), home->err);
    assert_ok(store_cache_get(home->store, "t", key, home->arena, &found_value, &found, err),
              home->err);
    assert_true(found && str_equal(value, found_value));
    assert_fails(store_cache_put(home->store, "t", key, STR("v"), 0, NULL, err), home->err,
                 ERROR_INVALID);
    assert_fails(store_cache_put(home->store, "t", key, STR("v"), INT64_MAX, NULL, err), home->err,
                 ERROR_INVALID);
    assert_fails(store_cache_put(home->store, "", key, STR("v"), 1, NULL, err), home->err,
                 ERROR_INVALID);
}

static void embeddings_are_kept_by_version(void **state)
{
    struct home *home = *state;
    struct error *err = &home->err;
    float vector[3] = {1.5f, -0.25f, 3e-30f}, read[4] = {0};
    bool found = true;
    assert_ok(store_embedding_get(home->store, "sales", "v1", "m", read, 3, &found, err),
              home->err);
    assert_false(found);
    assert_ok(store_embedding_put(home->store, "sales", "v1", "m", vector, 3, err), home->err);
    assert_ok(store_embedding_get(home->store, "sales", "v1", "m", read, 3, &found, err),
              home->err);
    assert_true(found);
    assert_memory_equal(read, vector, sizeof(vector));
    assert_ok(store_embedding_get(home->store, "sales", "v1", "m", read, 4, &found, err),
              home->err);
    assert_false(found);
    assert_ok(store_embedding_get(home->store, "sales", "v1", "other", read, 3, &found, err),
              home->err);
    assert_false(found);
    vector[0] = 7;
    assert_ok(store_embedding_put(home->store, "sales", "v2", "m", vector, 3, err), home->err);
    assert_ok(store_embedding_get(home->store, "sales", "v1", "m", read, 3, &found, err),
              home->err);
    assert_false(found);
    assert_fails(store_embedding_put(home->store, "sales", "v2", "m", vector, 0, err), home->err,
                 ERROR_INVALID);
    assert_fails(
        store_embedding_put(home->store, "sales", "v2", "m", vector, STORE_DIMENSIONS_MAX + 1, err),
        home->err, ERROR_INVALID);
    float *large = arena_array(home->arena, STORE_DIMENSIONS_MAX, sizeof(float));
    assert_ok(store_embedding_put(home->store, "big", "v", "m", large, STORE_DIMENSIONS_MAX, err),
              home->err);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, home_setup, home_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(titles_are_cut_at_a_character),
        cmocka_unit_test(a_title_of_wide_characters_fits),
        TEST(a_conversation_is_made_read_and_deleted),
        TEST(ids_that_cant_be_are_not_found),
        TEST(a_run_saves_the_question_and_the_answer),
        TEST(a_failed_run_without_an_answer_adds_no_message),
        TEST(wrong_ends_change_nothing),
        TEST(events_rise_by_one),
        TEST(events_of_a_run_that_goes_on_are_added_once),
        TEST(events_of_an_end_are_read_back_whatever_their_size),
        TEST(a_log_may_leave_numbers_out_until_it_has_ended),
        TEST(runs_to_cancel_are_active_ones_that_somebody_asked_for),
        TEST(a_given_run_id_is_used_once),
        TEST(a_run_is_recorded_at_once),
        TEST(the_first_question_names_an_unnamed_conversation),
        TEST(texts_have_limits),
        TEST(the_last_messages_come_in_order),
        TEST(an_empty_conversation_has_no_messages),
        TEST(pages_show_the_newest_first),
        TEST(pages_stay_stable_while_messages_arrive),
        TEST(a_list_ends_and_its_limits_are_checked),
        TEST(a_cursor_belongs_to_its_list),
        TEST(messages_come_in_pages_that_stay),
        TEST(a_page_tells_the_steps_of_its_answers),
        TEST(a_page_of_large_messages_has_fewer),
        TEST(cache_stats_count_hits),
        TEST(the_cache_is_cleared_in_part),
        TEST(a_large_cache_is_cleared),
        TEST(cache_sizes_have_limits),
        TEST(embeddings_are_kept_by_version),
        /* These fix the clock, so they come last. */
        TEST(cache_entries_live_and_expire),
        TEST(new_cache_entries_clear_old_ones_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
