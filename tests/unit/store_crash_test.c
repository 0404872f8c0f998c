/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Processes that share a store, and processes that are killed: what was acknowledged is there,
 * what was not is there whole or not at all, and cut runs are found.
 */
#include "store_support.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/wait.h>

#include "core/clock.h"

#define KILLS 60
#define KILL_THREADS 3
#define ANSWER_SIZE 3000
#define PROCESSES 6

/* Runs fn in a child and returns its pid; `fd` is the child's end of a pipe that is read at *from.
 */
static pid_t child_start(int (*fn)(struct home *home, int fd), struct home *home, int *from)
{
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        close(ends[0]);
        _exit(fn(home, ends[1]));
    }
    close(ends[1]);
    *from = ends[0];
    return pid;
}

static int child_wait(pid_t pid)
{
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void store_reopen(struct home *home)
{
    store_close(home->store);
    home->store = store_open(home->path, &home->err);
    assert_ok(home->store, home->err);
}

static struct stored_run *mark_cut(struct home *home, size_t *count)
{
    struct stored_run *runs;
    assert_ok(store_mark_cut_runs(home->store, home->arena, &runs, count, &home->err), home->err);
    return runs;
}

/* ---- two processes ---- */

static int open_and_ask(struct home *home, int fd)
{
    struct store *store = store_open(home->path, &home->err);
    if (!store) {
        dprintf(fd, "%s", home->err.message);
        return 1;
    }
    for (int i = 0; i < 10; i++) {
        struct run_begin begin = {.user_id = "ana", .question = "q"};
        if (!store_run_begin(store, &begin, &home->err)) {
            dprintf(fd, "%s", home->err.message);
            return 2;
        }
    }
    store_close(store);
    return 0;
}

static void processes_that_start_at_once_migrate_once(void **state)
{
    struct home *home = *state;
    pid_t pids[PROCESSES];
    int from[PROCESSES];
    for (int i = 0; i < PROCESSES; i++)
        pids[i] = child_start(open_and_ask, home, &from[i]);
    for (int i = 0; i < PROCESSES; i++) {
        char message[ERROR_MESSAGE_MAX] = "";
        assert_true(read(from[i], message, sizeof(message) - 1) >= 0);
        close(from[i]);
        assert_string_equal(message, "");
        assert_int_equal(child_wait(pids[i]), 0);
    }
    store_reopen(home);
    struct conversation *list;
    size_t count;
    const char *next;
    assert_ok(store_conversation_list(home->store, "ana", 1000, NULL, home->arena, &list, &count,
                                      &next, &home->err),
              home->err);
    assert_int_equal(count, PROCESSES * 10);
    /* All have ended without ending their runs. */
    mark_cut(home, &count);
    assert_int_equal(count, PROCESSES * 10);
}

/* Begins a run, says so, and lives until it is killed. */
static int begin_and_stay(struct home *home, int fd)
{
    struct run_begin begin = {.user_id = "ana", .question = "Will it end?"};
    struct store *store = store_open(home->path, &home->err);
    if (!store || !store_run_begin(store, &begin, &home->err) ||
        !store_run_event(store, begin.run_id, 1, "{}", &home->err))
        return 1;
    dprintf(fd, "%s", begin.run_id);
    for (;;)
        pause();
}

static void runs_of_the_living_are_left_alone(void **state)
{
    struct home *home = *state;
    char run_id[STORE_ID_SIZE] = "";
    int from;
    size_t count;
    struct stored_run run;
    pid_t pid = child_start(begin_and_stay, home, &from);
    assert_true(read(from, run_id, sizeof(run_id) - 1) > 0);
    store_reopen(home);
    struct run_begin own = home_ask(home, "ana", "own", NULL);
    mark_cut(home, &count);
    assert_int_equal(count, 0);
    /* A second store of this process does not take the first for dead either. */
    struct store *second = store_open(home->path, &home->err), *first = home->store;
    assert_ok(second, home->err);
    home->store = second;
    mark_cut(home, &count);
    assert_int_equal(count, 0);
    home->store = first;
    store_close(second);

    kill(pid, SIGKILL);
    assert_int_equal(child_wait(pid), -SIGKILL);
    close(from);
    struct stored_run *runs = mark_cut(home, &count);
    assert_int_equal(count, 1);
    assert_string_equal(runs[0].id, run_id);
    assert_string_equal(runs[0].question, "Will it end?");
    assert_ok(store_run_get(home->store, run_id, home->arena, &run, &home->err), home->err);
    assert_int_equal(run.state, RUN_CUT);
    assert_string_equal(run.result, runs[0].result);
    assert_non_null(run.ended_at);

    struct message *messages;
    assert_ok(store_messages_last(home->store, run.conversation_id, 10, home->arena, &messages,
                                  &count, &home->err),
              home->err);
    assert_int_equal(count, 2);
    assert_int_equal(messages[1].role, MESSAGE_ASSISTANT);
    assert_non_null(strstr(messages[1].content, "interrupted"));
    assert_non_null(strstr(messages[1].content, "ask it again"));
    struct stored_event *events;
    assert_ok(store_run_events(home->store, run_id, 1, home->arena, &events, &count, &home->err),
              home->err);
    assert_int_equal(count, 1);
    assert_int_equal(events[0].sequence, 2);
    mark_cut(home, &count);
    assert_int_equal(count, 0);
    assert_ok(store_run_get(home->store, own.run_id, home->arena, &run, &home->err), home->err);
    assert_int_equal(run.state, RUN_ACTIVE);
}

/* The process lives on, but the end of a run could not be saved. */
static void runs_that_were_given_up_are_marked(void **state)
{
    struct home *home = *state;
    store_reopen(home);
    struct run_begin lost = home_ask(home, "ana", "lost", NULL);
    struct run_begin ended = home_ask(home, "ana", "ended", NULL);
    struct run_begin active = home_ask(home, "ana", "active", NULL);
    struct run_end end = {
        .run_id = ended.run_id,
        .conversation_id = ended.conversation_id_out,
        .state = RUN_COMPLETE,
        .result = "{}",
        .content = "an answer",
    };
    assert_ok(store_run_end(home->store, &end, &home->err), home->err);
    store_run_abandon(home->store, "no id");
    store_run_abandon(home->store, ended.run_id);
    for (int i = 0; i < 5000; i++) /* more often than is kept */
        store_run_abandon(home->store, lost.run_id);

    size_t count;
    struct stored_run *runs = mark_cut(home, &count), run;
    assert_true(count > 0);
    assert_string_equal(runs[0].id, lost.run_id);
    assert_ok(store_run_get(home->store, lost.run_id, home->arena, &run, &home->err), home->err);
    assert_int_equal(run.state, RUN_CUT);
    struct message *messages;
    assert_ok(store_messages_last(home->store, lost.conversation_id_out, 10, home->arena, &messages,
                                  &count, &home->err),
              home->err);
    assert_int_equal(count, 2); /* marked once */
    assert_ok(store_run_get(home->store, ended.run_id, home->arena, &run, &home->err), home->err);
    assert_int_equal(run.state, RUN_COMPLETE);
    assert_ok(store_run_get(home->store, active.run_id, home->arena, &run, &home->err), home->err);
    assert_int_equal(run.state, RUN_ACTIVE);
    mark_cut(home, &count);
    assert_int_equal(count, 0);
}

/* ---- kill -9 ---- */

/* What a child has acknowledged is one line per commit: "B conversation run" and "E run". */

static void answer_fill(char answer[ANSWER_SIZE + 1], const char *run_id)
{
    size_t length = strlen(run_id);
    for (size_t i = 0; i < ANSWER_SIZE; i++)
        answer[i] = run_id[i % length];
    answer[ANSWER_SIZE] = '\0';
}

struct worker {
    struct store *store;
    int fd;
};

static void *ask_until_killed(void *arg)
{
    struct worker *worker = arg;
    char answer[ANSWER_SIZE + 1], conversation_id[STORE_ID_SIZE] = "";
    struct error err;
    for (int i = 0;; i++) {
        struct run_begin begin = {
            .user_id = "ana",
            .question = "How many orders came in?",
            .conversation_id = i % 4 == 0 ? NULL : conversation_id,
        };
        if (!store_run_begin(worker->store, &begin, &err))
            break;
        memcpy(conversation_id, begin.conversation_id_out, sizeof(conversation_id));
        dprintf(worker->fd, "B %s %s\n", conversation_id, begin.run_id);
        answer_fill(answer, begin.run_id);
        struct stored_event event = {.sequence = 1, .json = answer};
        struct run_end end = {
            .run_id = begin.run_id,
            .conversation_id = conversation_id,
            .state = RUN_COMPLETE,
            .result = answer,
            .content = answer,
            .sql = answer,
            .events = &event,
            .event_count = 1,
        };
        if (!store_run_end(worker->store, &end, &err))
            break;
        dprintf(worker->fd, "E %s\n", begin.run_id);
    }
    dprintf(worker->fd, "F %s\n", err.message);
    return NULL;
}

static int work_until_killed(struct home *home, int fd)
{
    struct worker worker = {store_open(home->path, &home->err), fd};
    pthread_t threads[KILL_THREADS];
    struct stored_run *runs;
    size_t count;
    if (!worker.store)
        return 1;
    if (!store_mark_cut_runs(worker.store, home->arena, &runs, &count, &home->err))
        return 2;
    for (int i = 0; i < KILL_THREADS; i++)
        if (pthread_create(&threads[i], NULL, ask_until_killed, &worker) != 0)
            return 3;
    for (;;)
        pause();
}

static char *read_all(struct home *home, int fd)
{
    size_t size = 1 << 20, used = 0;
    char *text = arena_alloc(home->arena, size);
    ssize_t got;
    while (used < size - 1 && (got = read(fd, text + used, size - 1 - used)) > 0)
        used += (size_t)got;
    return text;
}

static void run_is_whole(struct home *home, const char *run_id, bool ended)
{
    struct stored_run run;
    char answer[ANSWER_SIZE + 1];
    struct stored_event *events;
    size_t count;
    answer_fill(answer, run_id);
    assert_ok(store_run_get(home->store, run_id, home->arena, &run, &home->err), home->err);
    assert_ok(store_run_events(home->store, run_id, 0, home->arena, &events, &count, &home->err),
              home->err);
    assert_int_equal(count, 1);
    if (ended)
        assert_int_equal(run.state, RUN_COMPLETE);
    if (run.state == RUN_COMPLETE) {
        assert_string_equal(run.result, answer);
        assert_string_equal(events[0].json, answer);
    } else {
        assert_int_equal(run.state, RUN_CUT);
        assert_non_null(strstr(events[0].json, "interrupted"));
    }
}

/* Questions and answers take turns when every run has ended, in each conversation. */
static void conversation_is_whole(struct home *home, const char *id)
{
    struct conversation conversation;
    struct message *messages;
    size_t count;
    assert_ok(
        store_conversation_get(home->store, "ana", id, home->arena, &conversation, &home->err),
        home->err);
    assert_ok(
        store_messages_last(home->store, id, 1000, home->arena, &messages, &count, &home->err),
        home->err);
    assert_int_equal(conversation.message_count, count);
    assert_int_equal(count % 2, 0);
    for (size_t i = 0; i < count; i++) {
        char answer[ANSWER_SIZE + 1];
        assert_int_equal(messages[i].role, i % 2 ? MESSAGE_ASSISTANT : MESSAGE_USER);
        assert_string_equal(messages[i].run_id, messages[i - i % 2].run_id);
        answer_fill(answer, messages[i].run_id);
        if (i % 2 == 0)
            assert_string_equal(messages[i].content, "How many orders came in?");
        else if (messages[i].sql)
            assert_string_equal(messages[i].content, answer);
        else
            assert_non_null(strstr(messages[i].content, "interrupted"));
    }
}

static bool text_has_end(const char *text, const char *run_id)
{
    char line[STORE_ID_SIZE + 4];
    snprintf(line, sizeof(line), "E %s\n", run_id);
    return strstr(text, line) != NULL;
}

/* Returns how many commits the child had acknowledged. */
static size_t check_acknowledged(struct home *home, const char *text)
{
    size_t acknowledged = 0;
    for (const char *line = text; *line; line = strchr(line, '\n') + 1) {
        char conversation_id[STORE_ID_SIZE], run_id[STORE_ID_SIZE];
        assert_non_null(strchr(line, '\n'));
        acknowledged++;
        if (line[0] == 'E')
            continue;
        assert_int_equal(sscanf(line, "B %31s %31s\n", conversation_id, run_id), 2);
        run_is_whole(home, run_id, text_has_end(line, run_id));
        conversation_is_whole(home, conversation_id);
    }
    return acknowledged;
}

static void database_is_sound(struct home *home)
{
    sqlite3 *db;
    sqlite3_stmt *statement;
    assert_int_equal(sqlite3_open(home->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, "PRAGMA integrity_check", -1, &statement, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    assert_string_equal(sqlite3_column_text(statement, 0), "ok");
    sqlite3_finalize(statement);
    assert_int_equal(sqlite3_prepare_v2(db, "PRAGMA foreign_key_check", -1, &statement, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_DONE);
    sqlite3_finalize(statement);
    sqlite3_close(db);
}

static void kill_loses_nothing_acknowledged(void **state)
{
    struct home *home = *state;
    size_t acknowledged = 0, cut = 0, count;
    unsigned seed = (unsigned)clock_monotonic_us();
    print_message("# seed %u\n", seed);
    srand(seed);
    for (int i = 0; i < KILLS; i++) {
        int from;
        pid_t pid = child_start(work_until_killed, home, &from);
        /* Every second child has at least begun to work; the others may still be opening. */
        if (i % 2)
            poll(&(struct pollfd){.fd = from, .events = POLLIN}, 1, 10000);
        usleep((useconds_t)(rand() % 20000));
        kill(pid, SIGKILL);
        assert_int_equal(child_wait(pid), -SIGKILL);
        char *text = read_all(home, from);
        close(from);
        store_reopen(home);
        mark_cut(home, &count);
        cut += count;
        assert_true(count <= KILL_THREADS);
        acknowledged += check_acknowledged(home, text);
        store_close(home->store);
        home->store = NULL;
        arena_free(home->arena);
        home->arena = arena_new();
    }
    database_is_sound(home);
    print_message("# %zu commits acknowledged, %zu runs cut\n", acknowledged, cut);
    /* A slow disk leaves little: one commit of every second child. */
    assert_true(acknowledged >= KILLS / 2 && cut > 0);
}

#define TEST_CLOSED(name) cmocka_unit_test_setup_teardown(name, home_setup_closed, home_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_CLOSED(processes_that_start_at_once_migrate_once),
        TEST_CLOSED(runs_of_the_living_are_left_alone),
        TEST_CLOSED(runs_that_were_given_up_are_marked),
        TEST_CLOSED(kill_loses_nothing_acknowledged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
