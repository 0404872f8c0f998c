/* SPDX-License-Identifier: Apache-2.0 */
/* Live runs: events in their order on every loop, limits at their edges, cancels, what is forgotten. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "api/live_runs.h"
#include "core/clock.h"

#define FIRST "query_0000000000000001"
#define SECOND "query_0000000000000002"
#define THIRD "query_0000000000000003"

static const struct live_runs_limits roomy = {
    .keep_ms = 60000,
    .ended_max = 100,
    .ended_bytes_max = 1 << 20,
    .readers_max = 100,
    .run_readers_max = 100,
    .distant_max = 10,
};

/* Test bodies run in a task, as a run's listener does. */
static struct live_runs *runs;
static struct loop *here;

static struct live_run *begin(const char *id)
{
    return live_run_begin(runs, id, here, task_current());
}

static void begin_and_end(const char *id, const char *json)
{
    struct live_run *run = begin(id);
    live_run_tell(run, "complete", json, true);
    live_run_leave(run);
}

static bool is_here(const char *id)
{
    struct live_run *run = live_runs_find(runs, id);
    if (run)
        live_run_unref(run);
    return run != NULL;
}

struct noted {
    struct live_reader reader;
    char text[2048];
    bool ended;
    int told;
};

static void note(struct live_reader *reader)
{
    struct noted *noted = (struct noted *)reader;
    struct http_chunk *chunks[2];
    size_t count;
    noted->told++;
    do {
        count = live_reader_take(reader, chunks, 2, &noted->ended);
        for (size_t i = 0; i < count; i++) {
            struct str text = http_chunk_content(chunks[i]);
            size_t used = strlen(noted->text);
            snprintf(noted->text + used, sizeof(noted->text) - used, "%.*s", (int)text.length,
                     text.bytes);
            http_chunk_unref(chunks[i]);
        }
    } while (count == 2);
}

static void open_reader(struct noted *noted, struct live_run *run, uint64_t after)
{
    *noted = (struct noted){.reader = {.after = after, .tell = note}};
    assert_true(live_reader_open(&noted->reader, run, here, false, NULL));
}

static void events_are_numbered_and_come_as_they_happen(void)
{
    struct live_run *run = begin(FIRST);
    live_run_tell(run, "run_start", "{}", false);
    struct noted whole, rest, ahead;
    open_reader(&whole, run, 0);
    open_reader(&rest, run, 1);
    open_reader(&ahead, run, 2);
    note(&whole.reader);
    assert_string_equal(whole.text, "id: 1\ndata: {\"event\":\"run_start\",\"data\":{}}\n\n");
    live_run_tell(run, "step_update", "{\"a\":\n1}", false);
    assert_string_equal(rest.text,
                        "id: 2\ndata: {\"event\":\"step_update\",\"data\":{\"a\":1}}\n\n");
    assert_true(live_run_has_more(run, 2));
    assert_false(whole.ended);
    live_run_tell(run, "complete", "{}", true);
    assert_string_equal(ahead.text, "id: 3\ndata: {\"event\":\"complete\",\"data\":{}}\n\n");
    assert_true(whole.ended && rest.ended && ahead.ended);
    assert_true(live_run_has_more(run, 2));
    assert_false(live_run_has_more(run, 3));

    struct arena *arena = arena_new();
    struct stored_event *events;
    assert_int_equal(live_run_events(run, arena, &events), 3);
    assert_string_equal(events[1].json, "{\"event\":\"step_update\",\"data\":{\"a\":1}}");
    arena_free(arena);
    live_reader_close(&whole.reader);
    live_reader_close(&rest.reader);
    live_reader_close(&ahead.reader);
    live_run_leave(run);
    assert_int_equal(live_runs_count(runs).readers, 0);
    assert_int_equal(live_runs_count(runs).active, 0);
    assert_int_equal(live_runs_count(runs).ended, 1);
}

static void readers_are_bounded(void)
{
    struct live_run *first = begin(FIRST), *second = begin(SECOND);
    struct noted readers[4], own = {.reader = {.tell = note}};
    struct error err = {0};
    open_reader(&readers[0], first, 0);
    open_reader(&readers[1], first, 0);
    assert_false(live_reader_open(&readers[2].reader, first, here, false, &err)); /* 2 a run */
    assert_int_equal(err.code, ERROR_FULL);
    open_reader(&readers[2], second, 0);
    assert_false(live_reader_open(&readers[3].reader, second, here, false, &err)); /* 3 in all */
    assert_true(live_reader_open(&own.reader, second, here, true, &err));
    live_reader_close(&own.reader);
    live_reader_close(&readers[0].reader);
    open_reader(&readers[0], second, 0);
    for (int i = 0; i < 3; i++)
        live_reader_close(&readers[i].reader);
    live_run_tell(first, "error", "{}", true);
    live_run_tell(second, "error", "{}", true);
    live_run_leave(first);
    live_run_leave(second);
}

static void ended_runs_are_bounded_by_count(void)
{
    begin_and_end(FIRST, "{}");
    begin_and_end(SECOND, "{}");
    assert_true(is_here(FIRST));
    begin_and_end(THIRD, "{}");
    assert_false(is_here(FIRST)); /* the oldest of three where two may stay */
    assert_true(is_here(SECOND) && is_here(THIRD));
}

static void ended_runs_are_bounded_by_bytes(void)
{
    static char large[4096] = "\"", fits[2048] = "\"";
    memset(large + 1, 'x', 3900);
    strcpy(large + 3901, "\"");
    memset(fits + 1, 'x', 1800);
    strcpy(fits + 1801, "\"");
    begin_and_end(FIRST, large); /* more than a quarter of 12,000: not kept */
    assert_false(is_here(FIRST));
    for (int i = 0; i < 20; i++) {
        char id[STORE_ID_SIZE];
        snprintf(id, sizeof(id), "query_%016d", i);
        begin_and_end(id, fits);
        assert_true(is_here(id));
        assert_true(live_runs_count(runs).ended_bytes <= 12000);
    }
    assert_true(live_runs_count(runs).ended >= 4);
}

static void ended_runs_are_forgotten_in_time(void)
{
    struct noted reader;
    begin_and_end(FIRST, "{}");
    struct live_run *run = live_runs_find(runs, FIRST);
    open_reader(&reader, run, 0);
    assert_true(task_sleep(1550, NULL));
    assert_false(is_here(FIRST));
    note(&reader.reader); /* who reads it has it to the end */
    assert_true(reader.ended);
    live_reader_close(&reader.reader);
    live_run_unref(run);
    begin_and_end(SECOND, "{}");
    assert_true(task_sleep(1550, NULL));
    live_runs_expire(runs);
    assert_int_equal(live_runs_count(runs).ended, 0);
    assert_int_equal(live_runs_count(runs).ended_bytes, 0);
}

static void runs_go_with_their_conversation(void)
{
    static const char one[] = "{\"conversation_id\":\"conv_1\"}", two[] = "{\"id\":\"conv_2\"}";
    struct live_run *active = begin(FIRST);
    live_run_tell(active, "run_start", one, false);
    begin_and_end(SECOND, one);
    begin_and_end(THIRD, two);
    live_runs_forget(runs, "conv_1");
    assert_true(is_here(FIRST)); /* it can be cancelled */
    assert_false(is_here(SECOND));
    assert_true(is_here(THIRD));
    live_run_tell(active, "complete", "{}", true);
    live_run_leave(active);
    assert_false(is_here(FIRST));
}

static void work(void *arg)
{
    struct live_run *run = begin(arg);
    live_run_tell(run, "run_start", "{}", false);
    struct error err = {0};
    (void)task_sleep(60000, &err);
    live_run_tell(run, err.code == ERROR_CANCELLED ? "error" : "complete", "{}", true);
    live_run_leave(run);
}

static void a_cancel_reaches_the_task_once(void)
{
    struct task *task = task_ref(task_start(here, NULL, work, FIRST, NULL));
    assert_true(task_yield(NULL));
    struct live_run *run = live_runs_find(runs, FIRST);
    assert_true(live_run_cancel(run));
    assert_true(live_run_cancel(run)); /* it is going on */
    assert_true(task_join(task, NULL));
    task_unref(task);
    assert_false(live_run_cancel(run));
    struct arena *arena = arena_new();
    struct stored_event *events;
    assert_int_equal(live_run_events(run, arena, &events), 2);
    assert_string_equal(events[1].json, "{\"event\":\"error\",\"data\":{}}");
    arena_free(arena);
    live_run_unref(run);
}

static void what_the_store_knows_is_recalled(void)
{
    struct error err = {0};
    bool is_new;
    struct live_run *first = live_runs_recall(runs, FIRST, true, 0, &is_new, &err);
    assert_true(is_new && live_run_is_distant(first));
    assert_ptr_equal(live_runs_recall(runs, FIRST, true, 0, &is_new, &err), first);
    assert_false(is_new);
    live_run_unref(first);
    assert_null(live_runs_recall(runs, SECOND, true, 0, &is_new, &err)); /* one may be followed */
    assert_int_equal(err.code, ERROR_FULL);
    assert_false(live_run_cancel(first));

    struct noted reader;
    struct live_run *list[4];
    open_reader(&reader, first, 7); /* it knows more than the store does yet */
    live_run_add_stored(first, here, 1, "{\"n\":1}", false);
    assert_string_equal(reader.text, "");
    assert_int_equal(live_run_last(first), 1);
    assert_int_equal(live_runs_list(runs, LIVE_DISTANT, 0, list, 4), 1);
    live_run_unref(first);
    live_run_add_stored(first, here, 10000, "{\"n\":2}", true);
    assert_string_equal(reader.text, "id: 10000\ndata: {\"n\":2}\n\n");
    assert_true(reader.ended);
    live_reader_close(&reader.reader);
    live_run_unref(first);

    /* One that ended just before its time is over; one that nobody reads. */
    struct live_run *second = live_runs_recall(runs, SECOND, false, 59000, &is_new, &err);
    live_run_add_stored(second, here, 1, "{}", true);
    assert_true(is_here(SECOND));
    live_run_unref(second);
    assert_true(task_sleep(1050, NULL));
    assert_false(is_here(SECOND));
    live_run_unref(live_runs_recall(runs, THIRD, true, 0, &is_new, &err));
    assert_int_equal(live_runs_list(runs, LIVE_DISTANT, 0, list, 4), 0);
    assert_false(is_here(THIRD));
}

/* By who has recalled the run and by the keeper, which looks at it at the same time. */
static void what_is_brought_twice_counts_once(void)
{
    struct error err = {0};
    struct noted reader;
    bool is_new;
    struct live_run *run = live_runs_recall(runs, FIRST, true, 0, &is_new, &err);
    for (int turn = 0; turn < 2; turn++)
        for (uint64_t number = 1; number <= 3; number++)
            live_run_add_stored(run, here, number, "{}", number == 3);
    live_run_add_stored(run, here, 4, "{}", true);
    open_reader(&reader, run, 0);
    note(&reader.reader);
    assert_string_equal(reader.text, "id: 1\ndata: {}\n\nid: 2\ndata: {}\n\nid: 3\ndata: {}\n\n");
    assert_true(reader.ended);
    live_reader_close(&reader.reader);
    live_run_unref(run);
    struct live_runs_counts counts = live_runs_count(runs);
    assert_int_equal(counts.ended, 1);
    assert_int_equal(counts.distant, 0);
    assert_int_equal(counts.active, 0);
}

static void unsaved_events_are_those_of_runs_that_last(void)
{
    struct live_run *run = begin(FIRST), *list[4];
    struct arena *arena = arena_new();
    struct stored_event *events;
    live_run_tell(run, "run_start", "{}", false);
    assert_int_equal(live_runs_list(runs, LIVE_UNSAVED, 0, list, 4), 0); /* it waits for its turn */
    live_run_tell(run, "step_start", "{}", false);
    assert_int_equal(live_runs_list(runs, LIVE_UNSAVED, 60000, list, 4), 0);
    assert_int_equal(live_runs_list(runs, LIVE_UNSAVED, 0, list, 4), 1);
    live_run_unref(run);
    assert_int_equal(live_run_unsaved(run, arena, &events), 2);
    live_run_saved(run, 2);
    assert_int_equal(live_runs_list(runs, LIVE_UNSAVED, 0, list, 4), 0);
    live_run_tell(run, "step_update", "{}", false);
    assert_int_equal(live_run_unsaved(run, arena, &events), 1);
    assert_int_equal(events[0].sequence, 3);
    live_run_tell(run, "complete", "{}", true);
    assert_int_equal(live_runs_list(runs, LIVE_UNSAVED, 0, list, 4), 0); /* it saves them itself */
    live_run_leave(run);
    arena_free(arena);
}

/* ---- two loops ---- */

#define EVENTS 500
#define READERS 20

struct other {
    pthread_t thread;
    struct loop *loop;
    struct live_run *run;
    struct listener {
        struct live_reader reader;
        struct task_event done;
        uint64_t last;
        bool gap;
    } listeners[READERS];
    bool ok;
};

static void check(struct live_reader *reader)
{
    struct listener *listener = (struct listener *)reader;
    struct http_chunk *chunks[8];
    bool ended;
    size_t count;
    do {
        count = live_reader_take(reader, chunks, 8, &ended);
        for (size_t i = 0; i < count; i++) {
            char head[32];
            snprintf(head, sizeof(head), "id: %llu\n", (unsigned long long)++listener->last);
            listener->gap |= !str_starts(http_chunk_content(chunks[i]), str_from(head));
            http_chunk_unref(chunks[i]);
        }
    } while (count == 8);
    if (ended) {
        live_reader_close(reader);
        task_event_signal(&listener->done);
    }
}

static void listen_in_task(void *arg)
{
    struct other *other = arg;
    for (int i = 0; i < READERS; i++) {
        struct listener *listener = &other->listeners[i];
        listener->reader.tell = check;
        if (!live_reader_open(&listener->reader, other->run, other->loop, false, NULL))
            return;
        check(&listener->reader);
        (void)task_yield(NULL);
    }
    other->ok = true;
    for (int i = 0; i < READERS; i++) {
        task_event_wait_always(&other->listeners[i].done);
        other->ok &= other->listeners[i].last == EVENTS && !other->listeners[i].gap;
    }
}

static void *run_other_loop(void *arg)
{
    struct other *other = arg;
    other->loop = loop_new(NULL);
    if (task_start(other->loop, NULL, listen_in_task, other, NULL))
        loop_run(other->loop);
    return NULL;
}

static void readers_on_other_loops_get_all_in_order(void)
{
    struct other others[2] = {0};
    struct live_run *run = begin(FIRST);
    for (int i = 0; i < 2; i++) {
        others[i].run = run;
        assert_int_equal(pthread_create(&others[i].thread, NULL, run_other_loop, &others[i]), 0);
    }
    for (int i = 1; i <= EVENTS; i++) {
        live_run_tell(run, "step_update", "{}", i == EVENTS);
        if (i % 20 == 0)
            (void)task_sleep(1, NULL);
    }
    live_run_leave(run);
    for (int i = 0; i < 2; i++) {
        pthread_join(others[i].thread, NULL);
        assert_true(others[i].ok);
        loop_free(others[i].loop);
    }
    assert_int_equal(live_runs_count(runs).readers, 0);
}

/* ---- all ---- */

struct body {
    void (*run)(void);
};

static bool run_body(void *arg, struct error *err)
{
    const struct body *body = arg;
    here = task_loop(task_current());
    body->run();
    return true;
}

static void with_limits(struct live_runs_limits limits, void (*run)(void))
{
    struct error err = {0};
    struct body body = {run};
    runs = live_runs_new(&limits);
    assert_true(task_run_main(NULL, run_body, &body, &err));
    live_runs_free(runs);
}

#define BODY(name, changes)                     \
    static void test_##name(void **state)       \
    {                                           \
        struct live_runs_limits limits = roomy; \
        changes;                                \
        with_limits(limits, name);              \
    }

BODY(events_are_numbered_and_come_as_they_happen, )
BODY(readers_are_bounded, limits.readers_max = 3; limits.run_readers_max = 2)
BODY(ended_runs_are_bounded_by_count, limits.ended_max = 2)
BODY(ended_runs_are_bounded_by_bytes, limits.ended_bytes_max = 12000)
BODY(ended_runs_are_forgotten_in_time, limits.keep_ms = 1500)
BODY(runs_go_with_their_conversation, )
BODY(a_cancel_reaches_the_task_once, )
BODY(what_the_store_knows_is_recalled, limits.distant_max = 1)
BODY(what_is_brought_twice_counts_once, )
BODY(unsaved_events_are_those_of_runs_that_last, )
BODY(readers_on_other_loops_get_all_in_order, )

int main(void)
{
#define TEST(name) {#name, test_##name, NULL, NULL, NULL}
    const struct CMUnitTest tests[] = {
        TEST(events_are_numbered_and_come_as_they_happen),
        TEST(readers_are_bounded),
        TEST(ended_runs_are_bounded_by_count),
        TEST(ended_runs_are_bounded_by_bytes),
        TEST(ended_runs_are_forgotten_in_time),
        TEST(runs_go_with_their_conversation),
        TEST(a_cancel_reaches_the_task_once),
        TEST(what_the_store_knows_is_recalled),
        TEST(what_is_brought_twice_counts_once),
        TEST(unsaved_events_are_those_of_runs_that_last),
        TEST(readers_on_other_loops_get_all_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
