/* SPDX-License-Identifier: Apache-2.0 */
/* Votes, candidates and verified queries in the store. */
#include "store_support.h"

#include "store/verified.h"

/* A conversation of ana's with one answered question; fills the run's id. */
static void answer(struct home *home, const char *conversation_id, struct run_begin *begin)
{
    *begin = (struct run_begin){
        .user_id = "ana", .conversation_id = conversation_id, .question = "revenue in North"};
    struct run_end end = {
        .state = RUN_COMPLETE,
        .result = "{}",
        .content = "It is 5.",
        .sql = "SELECT 5",
        .metadata = "{\"status\":\"answered\",\"dataset_id\":\"orders\"}",
    };
    assert_ok(store_run_record(home->store, begin, &end, &home->err), home->err);
}

static struct verified_record a_record(const char *question)
{
    return (struct verified_record){
        .question = question,
        .variants = "[]",
        .dataset_id = "orders",
        .sql = "SELECT 5",
        .slots = "[]",
        .proposed_by = "ana",
    };
}

static void an_answer_is_found_by_run_and_by_message(void **state)
{
    struct home *home = *state;
    struct run_begin first, second;
    struct answered found, again;
    answer(home, NULL, &first);
    answer(home, first.conversation_id_out, &second);
    assert_ok(store_answer_find(home->store, "ana", second.run_id, NULL, NULL, home->arena, &found,
                                &home->err),
              home->err);
    assert_string_equal(found.question, "revenue in North");
    assert_string_equal(found.sql, "SELECT 5");
    assert_int_equal(found.turn, 2);
    assert_ok(store_answer_find(home->store, "ana", NULL, found.message_id, NULL, home->arena,
                                &again, &home->err),
              home->err);
    assert_string_equal(again.run_id, second.run_id);
    assert_ok(store_answer_find(home->store, "ana", NULL, found.message_id,
                                second.conversation_id_out, home->arena, &again, &home->err),
              home->err);
    assert_int_equal(again.turn, 2);

    /* Another user's, another conversation's, none at all, or deleted: not there. */
    const char *nobody = "msg_0123456789abcdef";
    assert_fails(store_answer_find(home->store, "bob", second.run_id, NULL, NULL, home->arena,
                                   &found, &home->err),
                 home->err, ERROR_NOT_FOUND);
    assert_fails(store_answer_find(home->store, "bob", NULL, again.message_id, NULL, home->arena,
                                   &found, &home->err),
                 home->err, ERROR_NOT_FOUND);
    assert_fails(store_answer_find(home->store, "ana", second.run_id, nobody, NULL, home->arena,
                                   &found, &home->err),
                 home->err, ERROR_NOT_FOUND);
    assert_fails(store_answer_find(home->store, "ana", NULL, nobody, NULL, home->arena, &found,
                                   &home->err),
                 home->err, ERROR_NOT_FOUND);
    assert_fails(store_answer_find(home->store, "ana", NULL, "' OR 1=1 --", NULL, home->arena,
                                   &found, &home->err),
                 home->err, ERROR_NOT_FOUND);
    assert_fails(store_answer_find(home->store, "ana", NULL, NULL, NULL, home->arena, &found,
                                   &home->err),
                 home->err, ERROR_INVALID);
    assert_ok(
        store_conversation_delete(home->store, "ana", first.conversation_id_out, &home->err),
        home->err);
    assert_fails(store_answer_find(home->store, "ana", second.run_id, NULL, NULL, home->arena,
                                   &found, &home->err),
                 home->err, ERROR_NOT_FOUND);
}

static const char *vote(struct home *home, const struct answered *answered, bool up,
                        const struct verified_record *candidate)
{
    struct feedback feedback = {.user_id = "ana", .answer = answered, .up = up};
    const char *id;
    assert_ok(store_feedback_put(home->store, &feedback, candidate, home->arena, &id, &home->err),
              home->err);
    return id;
}

static size_t count_of(struct home *home, enum verified_state state)
{
    struct verified_record *records;
    size_t count;
    const char *next;
    assert_ok(store_verified_list(home->store, &state, STORE_PAGE_MAX, NULL, home->arena, &records,
                                  &count, &next, &home->err),
              home->err);
    return count;
}

static void a_vote_proposes_once_and_may_be_changed(void **state)
{
    struct home *home = *state;
    struct run_begin begin;
    struct answered answered;
    answer(home, NULL, &begin);
    assert_ok(store_answer_find(home->store, "ana", begin.run_id, NULL, NULL, home->arena,
                                &answered, &home->err),
              home->err);
    struct verified_record candidate = a_record(answered.question);
    candidate.message_id = answered.message_id;
    assert_non_null(vote(home, &answered, true, &candidate));
    const char *second = vote(home, &answered, true, &candidate);
    assert_int_equal(count_of(home, VERIFIED_CANDIDATE), 1);

    /* Turned round: what it proposed goes; but not what somebody has worked on. */
    assert_null(vote(home, &answered, false, NULL));
    assert_int_equal(count_of(home, VERIFIED_CANDIDATE), 0);
    second = vote(home, &answered, true, &candidate);
    struct verified_record kept;
    assert_ok(store_verified_get(home->store, second, home->arena, &kept, &home->err), home->err);
    kept.owner = "bob";
    assert_ok(store_verified_update(home->store, home->arena, &kept, &home->err), home->err);
    assert_null(vote(home, &answered, false, NULL));
    assert_int_equal(count_of(home, VERIFIED_CANDIDATE), 1);

    /* The same proposal again, also after it was turned down, is the same one. */
    kept.state = VERIFIED_RETIRED;
    assert_ok(store_verified_update(home->store, home->arena, &kept, &home->err), home->err);
    assert_string_equal(vote(home, &answered, true, &candidate), second);
    assert_int_equal(count_of(home, VERIFIED_CANDIDATE), 0);
}

static int64_t version_of(struct home *home)
{
    int64_t version;
    assert_ok(store_verified_version(home->store, &version, &home->err), home->err);
    return version;
}

static void a_change_of_an_older_revision_conflicts(void **state)
{
    struct home *home = *state;
    struct verified_record record = a_record("q"), old;
    assert_ok(store_verified_add(home->store, home->arena, &record, &home->err), home->err);
    old = record;
    record.question = "another";
    assert_ok(store_verified_update(home->store, home->arena, &record, &home->err), home->err);
    assert_int_equal(record.revision, 1);
    old.state = VERIFIED_APPROVED;
    assert_fails(store_verified_update(home->store, home->arena, &old, &home->err), home->err,
                 ERROR_CONFLICT);
    old.id = "verified_0123456789abcdef";
    assert_fails(store_verified_update(home->store, home->arena, &old, &home->err), home->err,
                 ERROR_NOT_FOUND);
    /* One that was compared with others as they were before. */
    old = record;
    old.compared_at = version_of(home) - 1;
    assert_fails(store_verified_update(home->store, home->arena, &old, &home->err), home->err,
                 ERROR_CONFLICT);
    struct verified_record read;
    assert_ok(store_verified_get(home->store, record.id, home->arena, &read, &home->err),
              home->err);
    assert_string_equal(read.question, "another");
    assert_int_equal(read.state, VERIFIED_CANDIDATE);
}

static void approving_and_retiring_change_the_version(void **state)
{
    struct home *home = *state;
    struct verified_record record = a_record("q"), *loaded;
    size_t count;
    int64_t version;
    assert_ok(store_verified_add(home->store, home->arena, &record, &home->err), home->err);
    int64_t before = version_of(home);
    record.state = VERIFIED_APPROVED;
    assert_ok(store_verified_update(home->store, home->arena, &record, &home->err), home->err);
    assert_non_null(record.approved_at);
    assert_true(version_of(home) > before);
    assert_ok(store_verified_load(home->store, home->arena, &loaded, &count, &version, &home->err),
              home->err);
    assert_int_equal(count, 1);
    assert_int_equal(version, version_of(home));
    assert_string_equal(loaded[0].id, record.id);
    record.state = VERIFIED_PARKED;
    record.reason = "the column is gone";
    assert_ok(store_verified_update(home->store, home->arena, &record, &home->err), home->err);
    assert_true(version_of(home) > version);
    assert_ok(store_verified_load(home->store, home->arena, &loaded, &count, &version, &home->err),
              home->err);
    assert_int_equal(count, 0);
}

/* Another process can write after each of these: none leaves a read open on the writer's side. */
static void no_change_keeps_a_snapshot(void **state)
{
    struct home *home = *state;
    struct store *other = store_open(home->path, &home->err);
    assert_ok(other, home->err);
    struct run_begin begin;
    struct answered answered;
    answer(home, NULL, &begin);
    assert_ok(store_answer_find(home->store, "ana", begin.run_id, NULL, NULL, home->arena,
                                &answered, &home->err),
              home->err);
    struct verified_record candidate = a_record(answered.question), record;
    for (int i = 0; i < 4; i++) {
        assert_non_null(vote(home, &answered, true, &candidate));
        record = a_record("of the other");
        assert_ok(store_verified_add(other, home->arena, &record, &home->err), home->err);
        record.state = VERIFIED_APPROVED;
        assert_ok(store_verified_update(home->store, home->arena, &record, &home->err), home->err);
        record.state = VERIFIED_RETIRED;
        assert_ok(store_verified_update(other, home->arena, &record, &home->err), home->err);
        assert_fails(store_verified_update(home->store, home->arena,
                                           &(struct verified_record){.id = record.id,
                                                                     .question = "q",
                                                                     .variants = "[]",
                                                                     .sql = "s",
                                                                     .slots = "[]"},
                                           &home->err),
                     home->err, ERROR_CONFLICT);
        error_clear(&home->err);
    }
    store_close(other);
}

static void lists_have_pages(void **state)
{
    struct home *home = *state;
    struct verified_record *page;
    size_t count;
    const char *next;
    for (int i = 0; i < 5; i++) {
        struct verified_record record = a_record(arena_printf(home->arena, "q%d", i));
        assert_ok(store_verified_add(home->store, home->arena, &record, &home->err), home->err);
    }
    assert_ok(store_verified_list(home->store, NULL, 2, NULL, home->arena, &page, &count, &next,
                                  &home->err),
              home->err);
    assert_int_equal(count, 2);
    assert_string_equal(page[0].question, "q4");
    struct verified_record late = a_record("late"); /* comes before the page: not repeated */
    assert_ok(store_verified_add(home->store, home->arena, &late, &home->err), home->err);
    assert_ok(store_verified_list(home->store, NULL, 3, next, home->arena, &page, &count, &next,
                                  &home->err),
              home->err);
    assert_int_equal(count, 3);
    assert_string_equal(page[0].question, "q2");
    assert_null(next);
    assert_fails(store_verified_list(home->store, NULL, 2, "0", home->arena, &page, &count, &next,
                                     &home->err),
                 home->err, ERROR_INVALID);
    assert_fails(store_verified_list(home->store, NULL, 0, NULL, home->arena, &page, &count, &next,
                                     &home->err),
                 home->err, ERROR_INVALID);
}

static char *filled(struct home *home, size_t length)
{
    char *text = arena_alloc(home->arena, length + 1);
    memset(text, 'x', length);
    return text;
}

static void limits_hold_at_their_edges(void **state)
{
    struct home *home = *state;
    struct verified_record record = a_record("q");
    record.sql = filled(home, STORE_VERIFIED_SQL_MAX);
    record.variants = filled(home, STORE_VERIFIED_JSON_MAX);
    record.slots = filled(home, STORE_VERIFIED_JSON_MAX);
    assert_ok(store_verified_add(home->store, home->arena, &record, &home->err), home->err);
    record.sql = filled(home, STORE_VERIFIED_SQL_MAX + 1);
    assert_fails(store_verified_add(home->store, home->arena, &record, &home->err), home->err,
                 ERROR_TOO_LARGE);
    record = a_record("q");
    record.variants = filled(home, STORE_VERIFIED_JSON_MAX + 1);
    assert_fails(store_verified_add(home->store, home->arena, &record, &home->err), home->err,
                 ERROR_TOO_LARGE);
    record = a_record("");
    assert_fails(store_verified_add(home->store, home->arena, &record, &home->err), home->err,
                 ERROR_INVALID);
    record = a_record("\xff");
    assert_fails(store_verified_add(home->store, home->arena, &record, &home->err), home->err,
                 ERROR_INVALID);
    struct verified_record unknown;
    assert_fails(store_verified_get(home->store, "verified_0123456789abcdef", home->arena,
                                    &unknown, &home->err),
                 home->err, ERROR_NOT_FOUND);
    assert_fails(
        store_verified_get(home->store, "'; DROP TABLE runs", home->arena, &unknown, &home->err),
        home->err, ERROR_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_answer_is_found_by_run_and_by_message, home_setup,
                                        home_teardown),
        cmocka_unit_test_setup_teardown(a_vote_proposes_once_and_may_be_changed, home_setup,
                                        home_teardown),
        cmocka_unit_test_setup_teardown(a_change_of_an_older_revision_conflicts, home_setup,
                                        home_teardown),
        cmocka_unit_test_setup_teardown(approving_and_retiring_change_the_version, home_setup,
                                        home_teardown),
        cmocka_unit_test_setup_teardown(no_change_keeps_a_snapshot, home_setup, home_teardown),
        cmocka_unit_test_setup_teardown(lists_have_pages, home_setup, home_teardown),
        cmocka_unit_test_setup_teardown(limits_hold_at_their_edges, home_setup, home_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
