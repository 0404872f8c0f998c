/* SPDX-License-Identifier: Apache-2.0 */
/* The SQLite store from inside: group commit, cancel, migrations, files that are wrong. */
#include "store_support.h"

#include <fcntl.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "core/clock.h"
#include "store/sqlite.h"

#define SAVERS 50

static struct sqlite_store *inner(struct home *home)
{
    return (struct sqlite_store *)home->store;
}

/* ---- group commit ---- */

/* Keeps the writer busy until it is let go, so that others gather behind it. */
struct blocker {
    struct sqlite_store *store;
    sem_t begun, let_go;
    pthread_t thread;
};

static bool block(struct sqlite_connection *connection, void *call, struct error *err)
{
    struct blocker *blocker = call;
    sem_post(&blocker->begun);
    sem_wait(&blocker->let_go);
    return true;
}

static void *block_thread(void *arg)
{
    struct blocker *blocker = arg;
    struct error err;
    return sqlite_write(blocker->store, block, blocker, &err) ? blocker : NULL;
}

static void blocker_start(struct blocker *blocker, struct sqlite_store *store)
{
    blocker->store = store;
    sem_init(&blocker->begun, 0, 0);
    sem_init(&blocker->let_go, 0, 0);
    assert_int_equal(pthread_create(&blocker->thread, NULL, block_thread, blocker), 0);
    sem_wait(&blocker->begun);
}

static void blocker_end(struct blocker *blocker)
{
    void *ok;
    sem_post(&blocker->let_go);
    pthread_join(blocker->thread, &ok);
    assert_non_null(ok);
    sem_destroy(&blocker->begun);
    sem_destroy(&blocker->let_go);
}

static void wait_until_waiting(struct sqlite_store *store, size_t count)
{
    size_t waiting;
    do {
        usleep(1000);
        pthread_mutex_lock(&store->writer.mutex);
        waiting = store->writer.waiting;
        pthread_mutex_unlock(&store->writer.mutex);
    } while (waiting < count);
}

static int commits;

static int count_commit(void *unused)
{
    commits++;
    return 0;
}

static bool watch_commits(struct sqlite_connection *connection, void *call, struct error *err)
{
    sqlite3_commit_hook(connection->db, count_commit, NULL);
    return true;
}

struct saver {
    struct store *store;
    const char *conversation_id;
    sqlite_operation_fn instead; /* of beginning a run */
    int rounds;
    bool ok;
    struct error err;
    pthread_t thread;
};

static void *save(void *arg)
{
    struct saver *saver = arg;
    saver->ok = true;
    if (saver->instead)
        saver->ok =
            sqlite_write((struct sqlite_store *)saver->store, saver->instead, saver, &saver->err);
    for (int i = 0; i < saver->rounds && saver->ok; i++) {
        struct run_begin begin = {
            .user_id = "ana",
            .question = "How many orders?",
            .conversation_id = saver->conversation_id,
        };
        saver->ok = store_run_begin(saver->store, &begin, &saver->err);
    }
    return NULL;
}

static void savers_start(struct saver *savers, size_t count, struct saver pattern)
{
    for (size_t i = 0; i < count; i++) {
        savers[i] = pattern;
        assert_int_equal(pthread_create(&savers[i].thread, NULL, save, &savers[i]), 0);
    }
}

static void savers_join(struct saver *savers, size_t count)
{
    for (size_t i = 0; i < count; i++)
        pthread_join(savers[i].thread, NULL);
}

static int64_t message_count(struct home *home, const char *conversation_id)
{
    struct conversation conversation;
    assert_ok(store_conversation_get(home->store, "ana", conversation_id, home->arena,
                                     &conversation, &home->err),
              home->err);
    return conversation.message_count;
}

static void those_that_wait_share_one_commit(void **state)
{
    struct home *home = *state;
    struct run_begin begin = home_ask(home, "ana", "first", NULL);
    struct blocker blocker;
    struct saver savers[20];
    assert_ok(sqlite_write(inner(home), watch_commits, NULL, &home->err), home->err);
    blocker_start(&blocker, inner(home));
    savers_start(savers, 20,
                 (struct saver){.store = home->store,
                                .conversation_id = begin.conversation_id_out,
                                .rounds = 1});
    wait_until_waiting(inner(home), 20);
    commits = 0;
    blocker_end(&blocker);
    savers_join(savers, 20);
    for (int i = 0; i < 20; i++)
        assert_ok(savers[i].ok, savers[i].err);
    assert_in_range(commits, 1, 2); /* the blocker changed nothing; its commit may not count */
    assert_int_equal(message_count(home, begin.conversation_id_out), 21);
}

/* ---- commits that keep their distance ---- */

static size_t runs_under_way(struct home *home)
{
    return atomic_load(&home->store->runs_under_way);
}

static bool end_run(struct home *home, const struct run_begin *begin)
{
    struct run_end end = {
        .run_id = begin->run_id,
        .conversation_id = begin->conversation_id_out,
        .state = RUN_COMPLETE,
        .content = "3",
        .result = "{}",
    };
    error_clear(&home->err);
    return store_run_end(home->store, &end, &home->err);
}

/* The first of them may come at once, if it is long enough after the commit before. */
static void commits_keep_their_distance_in_company(void **state)
{
    struct home *home = *state;
    const int count = 10;
    for (int i = 0; i < SQLITE_COMPANY_MIN; i++)
        home_ask(home, "ana", "How many orders?", NULL);
    uint64_t start_us = clock_monotonic_us();
    for (int i = 0; i < count; i++)
        home_ask(home, "ana", "How many orders?", NULL);
    assert_true(clock_monotonic_us() - start_us >= (count - 1) * SQLITE_COMMIT_DISTANCE_US);
}

static void runs_are_company_until_they_end(void **state)
{
    struct home *home = *state;
    struct run_begin begins[SQLITE_COMPANY_MIN];
    for (size_t i = 0; i < SQLITE_COMPANY_MIN; i++)
        begins[i] = home_ask(home, "ana", "How many orders?", NULL);
    assert_int_equal(runs_under_way(home), SQLITE_COMPANY_MIN);
    assert_ok(end_run(home, &begins[0]), home->err);
    assert_int_equal(runs_under_way(home), SQLITE_COMPANY_MIN - 1);
    assert_false(end_run(home, &begins[0])); /* it has ended already */
    assert_int_equal(runs_under_way(home), SQLITE_COMPANY_MIN - 1);
    store_run_abandon(home->store, begins[1].run_id); /* its end could not be stored */
    assert_int_equal(runs_under_way(home), SQLITE_COMPANY_MIN - 2);
    for (size_t i = 2; i < SQLITE_COMPANY_MIN; i++)
        assert_ok(end_run(home, &begins[i]), home->err);
    assert_int_equal(runs_under_way(home), 0);
}

static bool write_and_fail(struct sqlite_connection *connection, void *call, struct error *err)
{
    return sqlite_execute(connection, STATEMENT_JOB_INSERT, NULL, err, "ttittt", "job_x", "kind",
                          INT64_C(1), "request", (const char *)NULL, "now") &&
           error_set(err, ERROR_CONFLICT, "changed its mind");
}

/* As SQLite does by itself after some failures of the disk. */
static bool lose_the_transaction(struct sqlite_connection *connection, void *call,
                                 struct error *err)
{
    return sqlite_script(connection, "ROLLBACK", err) && error_set(err, ERROR_STORE, "lost it");
}

static void one_fails_and_the_others_dont(void **state)
{
    static const sqlite_operation_fn failures[] = {write_and_fail, lose_the_transaction};
    static const char *const sentences[] = {"changed its mind", "lost it"};
    struct home *home = *state;
    struct run_begin begin = home_ask(home, "ana", "first", NULL);
    for (size_t i = 0; i < 2; i++) {
        struct blocker blocker;
        struct saver savers[10], failing;
        struct saver pattern = {
            .store = home->store, .conversation_id = begin.conversation_id_out, .rounds = 1};
        blocker_start(&blocker, inner(home));
        savers_start(savers, 5, pattern);
        wait_until_waiting(inner(home), 5);
        savers_start(&failing, 1, (struct saver){.store = home->store, .instead = failures[i]});
        wait_until_waiting(inner(home), 6);
        savers_start(savers + 5, 5, pattern);
        wait_until_waiting(inner(home), 11);
        blocker_end(&blocker);
        savers_join(savers, 10);
        savers_join(&failing, 1);
        for (int saver = 0; saver < 10; saver++)
            assert_ok(savers[saver].ok, savers[saver].err);
        assert_false(failing.ok);
        assert_says(failing.err, sentences[i]);
        assert_int_equal(message_count(home, begin.conversation_id_out), 11 + 10 * i);
    }
    struct sqlite_connection *connection = inner(home)->writer.connection;
    assert_ok(sqlite_read(inner(home), sqlite_health, NULL, &home->err), home->err);
    assert_int_equal(sqlite3_get_autocommit(connection->db), 1);
}

/* A killed process loses nothing either way; only a machine without power would show the lack. */
static bool read_synchronous(struct sqlite_connection *connection, void *call, struct error *err)
{
    sqlite3_stmt *statement;
    int *level = call;
    if (sqlite3_prepare_v2(connection->db, "PRAGMA synchronous", -1, &statement, NULL) != SQLITE_OK)
        return false;
    if (sqlite3_step(statement) == SQLITE_ROW)
        *level = sqlite3_column_int(statement, 0);
    sqlite3_finalize(statement);
    return true;
}

static void a_commit_waits_for_the_disk(void **state)
{
    struct home *home = *state;
    int level = 0;
    assert_ok(sqlite_write(inner(home), read_synchronous, &level, &home->err), home->err);
    assert_int_equal(level, 2); /* FULL */
}

/* A batch fails as a whole, after one wait for the lock and not one for each change. */
static void a_lock_of_another_holds_a_batch_up_once(void **state)
{
    struct home *home = *state;
    struct saver first, savers[10];
    struct saver pattern = {.store = home->store, .rounds = 1};
    sqlite3 *other;
    sqlite3_busy_timeout(inner(home)->writer.connection->db, 300);
    assert_int_equal(sqlite3_open(home->path, &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    uint64_t begun_ms = clock_monotonic_ms();
    savers_start(&first, 1, pattern);
    usleep(50000); /* it is being tried, and the others gather behind it */
    savers_start(savers, 10, pattern);
    savers_join(&first, 1);
    savers_join(savers, 10);
    assert_in_range(clock_monotonic_ms() - begun_ms, 300, 2400);
    assert_false(first.ok);
    for (int i = 0; i < 10; i++) {
        assert_false(savers[i].ok);
        assert_says(savers[i].err, "another process has kept it locked");
    }
    assert_int_equal(sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(other);
    home_ask(home, "ana", "again", NULL);
}

/* They are tried once, and a server that stops would wait for ever. */
static void counted_hits_hold_up_no_stop(void **state)
{
    struct home *home = *state;
    sqlite3 *other;
    sqlite3_busy_timeout(inner(home)->writer.connection->db, 50);
    assert_int_equal(sqlite3_open(home->path, &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    sqlite_writer_count_hit(&inner(home)->writer, 1);
    store_close(home->store);
    home->store = NULL;
    assert_int_equal(sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(other);
}

static void a_full_queue_refuses_at_once(void **state)
{
    struct home *home = *state;
    struct blocker blocker;
    struct saver savers[20];
    struct saver pattern = {.store = home->store, .rounds = 1};
    struct run_begin begin = {.user_id = "ana", .question = "one too many"};
    assert_int_equal(inner(home)->writer.waiting_max, SQLITE_WAITING_MAX);
    inner(home)->writer.waiting_max = 20;
    blocker_start(&blocker, inner(home));
    savers_start(savers, 20, pattern);
    wait_until_waiting(inner(home), 20);
    assert_fails(store_run_begin(home->store, &begin, &home->err), home->err, ERROR_FULL);
    assert_says(home->err, "20 changes wait");
    blocker_end(&blocker);
    savers_join(savers, 20);
    for (int i = 0; i < 20; i++)
        assert_ok(savers[i].ok, savers[i].err);
    assert_ok(store_run_begin(home->store, &begin, &home->err), home->err);
}

/* Readers that are always there don't keep the log from being folded into the database. */
struct reading_on {
    struct home *home;
    const char *conversation_id;
    atomic_bool stop;
};

static void *read_on(void *arg)
{
    struct reading_on *reading = arg;
    while (!atomic_load(&reading->stop)) {
        struct arena *arena = arena_new();
        struct message *messages;
        struct error err;
        size_t count;
        if (!store_messages_last(reading->home->store, reading->conversation_id, 10, arena,
                                 &messages, &count, &err))
            return NULL;
        arena_free(arena);
    }
    return reading;
}

static void the_log_stays_small_under_load(void **state)
{
    struct home *home = *state;
    struct run_begin begin = home_ask(home, "ana", "first", NULL);
    struct reading_on reading = {.home = home, .conversation_id = begin.conversation_id_out};
    pthread_t readers[3];
    for (int i = 0; i < 3; i++)
        assert_int_equal(pthread_create(&readers[i], NULL, read_on, &reading), 0);
    static char bytes[400000];
    memset(bytes, 'x', sizeof(bytes) - 1);
    char path[sizeof(home->path) + 8];
    snprintf(path, sizeof(path), "%s-wal", home->path);
    struct stat status = {0};
    off_t largest = 0;
    for (int i = 0; i < 300; i++) { /* 120 MB */
        struct run_begin next = {.user_id = "ana", .question = "more"};
        struct run_end end = {.state = RUN_COMPLETE, .result = bytes, .content = "answer"};
        assert_ok(store_run_record(home->store, &next, &end, &home->err), home->err);
        assert_int_equal(stat(path, &status), 0);
        largest = status.st_size > largest ? status.st_size : largest;
    }
    atomic_store(&reading.stop, true);
    for (int i = 0; i < 3; i++) {
        void *ok;
        pthread_join(readers[i], &ok);
        assert_non_null(ok);
    }
    assert_in_range(largest, 1 << 20, 48 << 20);
}

static void many_threads_keep_the_counter_right(void **state)
{
    struct home *home = *state;
    struct run_begin begin = home_ask(home, "ana", "first", NULL);
    struct saver savers[SAVERS];
    savers_start(savers, SAVERS,
                 (struct saver){.store = home->store,
                                .conversation_id = begin.conversation_id_out,
                                .rounds = 5});
    for (int i = 0; i < 50; i++) /* and reads get their turn */
        assert_in_range(message_count(home, begin.conversation_id_out), 1, 1 + SAVERS * 5);
    savers_join(savers, SAVERS);
    for (int i = 0; i < SAVERS; i++)
        assert_ok(savers[i].ok, savers[i].err);
    assert_int_equal(message_count(home, begin.conversation_id_out), 1 + SAVERS * 5);
    struct message *messages;
    size_t count;
    assert_ok(store_messages_last(home->store, begin.conversation_id_out, 1000, home->arena,
                                  &messages, &count, &home->err),
              home->err);
    assert_int_equal(count, 1 + SAVERS * 5);
}

/* ---- in tasks ---- */

struct asking {
    struct home *home;
    char conversation_id[STORE_ID_SIZE];
    struct blocker blocker;
    struct task *tasks[SAVERS];
    int done;
    struct error err;
};

static void ask_in_task(void *arg)
{
    struct asking *asking = arg;
    struct conversation conversation;
    struct run_begin begin = {
        .user_id = "ana",
        .question = "How many orders?",
        .conversation_id = asking->conversation_id,
    };
    struct arena *arena = arena_new();
    if (store_run_begin(asking->home->store, &begin, &asking->err) &&
        store_conversation_get(asking->home->store, "ana", asking->conversation_id, arena,
                               &conversation, &asking->err) &&
        conversation.message_count > 1)
        asking->done++;
    arena_free(arena);
}

static bool start_tasks(struct asking *asking, int count, void (*fn)(void *), struct error *err)
{
    for (int i = 0; i < count; i++) {
        struct task *task = task_start(task_loop(task_current()), NULL, fn, asking, err);
        if (!task)
            return false;
        asking->tasks[i] = task_ref(task);
    }
    return true;
}

static bool join_tasks(struct asking *asking, int count, struct error *err)
{
    bool ok = true;
    for (int i = 0; i < count; i++) {
        ok = task_join(asking->tasks[i], err) && ok;
        task_unref(asking->tasks[i]);
    }
    return ok;
}

static bool ask_in_tasks(void *arg, struct error *err)
{
    return start_tasks(arg, SAVERS, ask_in_task, err) && join_tasks(arg, SAVERS, err);
}

static void many_tasks_keep_the_counter_right(void **state)
{
    struct home *home = *state;
    struct run_begin begin = home_ask(home, "ana", "first", NULL);
    struct asking asking = {.home = home};
    memcpy(asking.conversation_id, begin.conversation_id_out, STORE_ID_SIZE);
    assert_ok(task_run_main(NULL, ask_in_tasks, &asking, &home->err), home->err);
    assert_ok(asking.done == SAVERS, asking.err);
    assert_int_equal(message_count(home, begin.conversation_id_out), 1 + SAVERS);
}

/* A task that is cancelled while its change waits: the change is taken back. */
static bool cancel_waiting(void *arg, struct error *err)
{
    struct asking *asking = arg;
    blocker_start(&asking->blocker, inner(asking->home));
    if (!start_tasks(asking, 3, ask_in_task, err) || !task_sleep(20, err))
        return false;
    task_cancel(asking->tasks[1]);
    bool ok = task_sleep(20, err);
    blocker_end(&asking->blocker);
    return join_tasks(asking, 3, err) && ok;
}

static void a_cancelled_task_takes_its_change_back(void **state)
{
    struct home *home = *state;
    struct run_begin begin = home_ask(home, "ana", "first", NULL);
    struct asking asking = {.home = home};
    memcpy(asking.conversation_id, begin.conversation_id_out, STORE_ID_SIZE);
    assert_ok(task_run_main(NULL, cancel_waiting, &asking, &home->err), home->err);
    assert_int_equal(asking.done, 2);
    assert_int_equal(asking.err.code, ERROR_CANCELLED);
    assert_int_equal(message_count(home, begin.conversation_id_out), 3);
}

/* A change right behind a commit waits, and is taken back meanwhile. The thread finds nothing to do
 * then, and must not end for it. */
static bool withdraw_again_and_again(void *arg, struct error *err)
{
    struct asking *asking = arg;
    asking->err = (struct error){0};
    for (int i = 0; i < 200 && asking->err.code == ERROR_NONE; i++) {
        ask_in_task(asking);
        if (!start_tasks(asking, 1, ask_in_task, err) || !task_sleep(1, err))
            return false;
        task_cancel(asking->tasks[0]);
        if (!join_tasks(asking, 1, err) || !task_sleep(SQLITE_COMMIT_DISTANCE_US / 1000 + 1, err))
            return false;
    }
    return true;
}

static void withdrawn_while_it_waits_for_company(void **state)
{
    struct home *home = *state;
    struct run_begin begin;
    for (int i = 0; i < SQLITE_COMPANY_MIN; i++)
        begin = home_ask(home, "ana", "How many orders?", NULL);
    struct asking asking = {.home = home};
    memcpy(asking.conversation_id, begin.conversation_id_out, STORE_ID_SIZE);
    assert_ok(task_run_main(NULL, withdraw_again_and_again, &asking, &home->err), home->err);
    assert_int_equal(asking.err.code, ERROR_CANCELLED); /* one was taken back indeed */
    home_ask(home, "ana", "How many orders?", NULL);
}

static bool block_then_insert(struct sqlite_connection *connection, void *call, struct error *err)
{
    return block(connection, call, err) &&
           sqlite_execute(connection, STATEMENT_JOB_INSERT, NULL, err, "ttittt",
                          "job_0123456789abcdef", "kind", INT64_C(1), "request",
                          (const char *)NULL, "now");
}

static void write_in_task(void *arg)
{
    struct asking *asking = arg;
    if (sqlite_write(inner(asking->home), block_then_insert, &asking->blocker, &asking->err))
        asking->done++;
}

static bool cancel_running(void *arg, struct error *err)
{
    struct asking *asking = arg;
    sem_init(&asking->blocker.begun, 0, 0);
    sem_init(&asking->blocker.let_go, 0, 0);
    if (!start_tasks(asking, 1, write_in_task, err) || !task_yield(err))
        return false;
    sem_wait(&asking->blocker.begun);
    task_cancel(asking->tasks[0]);
    bool ok = task_sleep(20, err);
    sem_post(&asking->blocker.let_go);
    ok = join_tasks(asking, 1, err) && ok;
    sem_destroy(&asking->blocker.begun);
    sem_destroy(&asking->blocker.let_go);
    return ok;
}

static void a_change_that_was_begun_is_told_as_it_ended(void **state)
{
    struct home *home = *state;
    struct asking asking = {.home = home};
    assert_ok(task_run_main(NULL, cancel_running, &asking, &home->err), home->err);
    assert_int_equal(asking.done, 1);
    struct job job;
    assert_ok(store_job_get(home->store, "job_0123456789abcdef", home->arena, &job, &home->err),
              home->err);
}

/* ---- cache ---- */

static void the_oldest_cache_entries_make_room(void **state)
{
    struct home *home = *state;
    char value[1000] = "";
    struct cache_type_stats *stats;
    size_t count;
    inner(home)->cache_size_max = 100 * 1000;
    for (int i = 0; i < 500; i++) {
        const char *key = arena_printf(home->arena, "%d", i);
        assert_ok(store_cache_put(home->store, "response", str_from(key),
                                  (struct str){value, sizeof(value)}, 60, NULL, &home->err),
                  home->err);
    }
    assert_ok(store_cache_stats(home->store, home->arena, &stats, &count, &home->err), home->err);
    assert_in_range(stats[0].bytes, 70 * 1000, 106 * 1000);
    struct str found_value;
    bool found[2];
    assert_ok(store_cache_get(home->store, "response", STR("0"), home->arena, &found_value,
                              &found[0], &home->err),
              home->err);
    assert_ok(store_cache_get(home->store, "response", STR("499"), home->arena, &found_value,
                              &found[1], &home->err),
              home->err);
    assert_true(!found[0] && found[1]);
}

/* ---- opening ---- */

static void urls_are_understood(void **state)
{
    struct home *home = *state;
    struct error *err = &home->err;
    assert_fails(store_open("postgresql://ana:secret@host/db", err) != NULL, home->err,
                 ERROR_CONFIG);
    assert_says(home->err, "sqlite:PATH");
    assert_null(strstr(home->err.message, "secret"));
    assert_fails(store_open("", err) != NULL, home->err, ERROR_CONFIG);
    assert_fails(store_open("sqlite:", err) != NULL, home->err, ERROR_CONFIG);

    /* A folder with a colon, several missing folders, and the scheme. */
    char *url = arena_printf(home->arena, "sqlite:%s/a/b:c/x.db", home->folder);
    home->store = store_open(url, err);
    assert_ok(home->store, home->err);
    assert_int_equal(store_schema_version(home->store), sqlite_migrations_count);
    assert_ok(store_health(home->store, err), home->err);
    struct stat status;
    assert_int_equal(stat(url + strlen("sqlite:"), &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
}

static void a_link_and_its_file_are_one_store(void **state)
{
    struct home *home = *state;
    char *folder = arena_printf(home->arena, "%s/links", home->folder);
    char *link = arena_printf(home->arena, "%s/link.db", folder);
    home->store = store_open(home->path, &home->err);
    assert_ok(home->store, home->err);
    assert_int_equal(mkdir(folder, 0700), 0);
    assert_int_equal(symlink(home->path, link), 0);
    struct store *linked = store_open(link, &home->err);
    assert_ok(linked, home->err);
    home_ask(home, "ana", "q", NULL);
    struct stored_run *runs;
    size_t count;
    assert_ok(store_mark_cut_runs(linked, home->arena, &runs, &count, &home->err), home->err);
    store_close(linked);
    assert_int_equal(count, 0);
    assert_int_equal(unlink(link), 0);
    assert_int_equal(rmdir(folder), 0); /* nothing was left beside the link */
}

static void special_names_of_sqlite_are_plain_files(void **state)
{
    struct home *home = *state;
    char before[4096];
    assert_non_null(getcwd(before, sizeof(before)));
    assert_int_equal(chdir(home->folder), 0);
    home->store = store_open("sqlite::memory:", &home->err);
    assert_int_equal(access(":memory:", F_OK), 0);
    store_close(home->store);
    home->store = store_open("sqlite:file:x?mode=memory", &home->err);
    assert_int_equal(access("file:x?mode=memory", F_OK), 0);
    assert_int_equal(chdir(before), 0);
    assert_non_null(home->store);
}

static int64_t cleared(struct home *home, const char *type, const char *dataset, bool expired)
{
    int64_t count, clearing;
    assert_ok(store_cache_clear(home->store, type, dataset, expired, &count, &clearing, &home->err),
              home->err);
    assert_true((clearing > 0) == !expired);
    return count;
}

static int64_t steps_of(struct home *home, enum sqlite_statement which)
{
    sqlite3_stmt *statement = inner(home)->writer.connection->statements[which];
    return sqlite3_stmt_status(statement, SQLITE_STMTSTATUS_VM_STEP, 0);
}

/* A part of the cache is cleared in small bites: what does not match is looked at once, not by each bite. */
static void what_is_not_cleared_is_looked_at_once(void **state)
{
    struct home *home = *state;
    sqlite3 *other;
    assert_int_equal(sqlite3_open(home->path, &other), SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(other,
                     "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)"
                     " INSERT INTO cache_entries (type, key, value, dataset_id, expires_ms)"
                     " SELECT iif(i <= 8000, 'response', 'metadata'), CAST(i AS BLOB), x'00', 'sales',"
                     " iif(i % 2 = 0, 4102444800000, i - 20000) FROM n",
                     NULL, NULL, NULL),
        SQLITE_OK);
    sqlite3_close(other);
    assert_int_equal(cleared(home, "metadata", NULL, true), 1000);
    assert_in_range(steps_of(home, STATEMENT_CACHE_CLEAR_EXPIRED), 1, 1000000);
    assert_int_equal(cleared(home, "metadata", "sales", false), 1000);
    assert_in_range(steps_of(home, STATEMENT_CACHE_CLEAR_DATASET), 1, 1000000);
    assert_int_equal(cleared(home, NULL, "sales", true), 4000);
    assert_int_equal(cleared(home, NULL, NULL, false), 4000);
}

static void write_file(const char *path, const char *bytes, size_t length)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, length, file), length);
    fclose(file);
}

static void open_fails(struct home *home, const char *path, enum error_code code, const char *says)
{
    assert_fails(store_open(path, &home->err) != NULL, home->err, code);
    assert_says(home->err, says);
    assert_says(home->err, path);
}

static void wrong_files_are_refused_in_a_sentence(void **state)
{
    struct home *home = *state;
    char text[5000];
    memset(text, 'a', sizeof(text));
    write_file(home->path, text, sizeof(text));
    open_fails(home, home->path, ERROR_CONFIG, "not a database");
    write_file(home->path, "short", 5);
    open_fails(home, home->path, ERROR_CONFIG, "not a database");
    open_fails(home, home->folder, ERROR_CONFIG, "DATABASE_URL");
    open_fails(home, arena_printf(home->arena, "%s/x.db", home->path), ERROR_CONFIG,
               "Not a directory");
    open_fails(home, "/proc/querent/x.db", ERROR_CONFIG, "can't be opened for writing");

    char *fifo = arena_printf(home->arena, "%s/fifo", home->folder);
    assert_int_equal(mkfifo(fifo, 0600), 0);
    open_fails(home, fifo, ERROR_CONFIG, "not a regular file");

    char *other = arena_printf(home->arena, "%s/other.db", home->folder);
    sqlite3 *db;
    assert_int_equal(sqlite3_open(other, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "CREATE TABLE t (x)", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    open_fails(home, other, ERROR_CONFIG, "another program");
}

static void a_newer_schema_is_refused(void **state)
{
    struct home *home = *state;
    home_ask(home, "ana", "q", NULL);
    struct sqlite_connection *other = sqlite_connection_new(inner(home), SQLITE_WRITES, &home->err);
    assert_ok(other, home->err);
    assert_ok(sqlite_script(other, "INSERT INTO schema_migrations VALUES (999, 'future', 'now')",
                            &home->err),
              home->err);
    sqlite_connection_free(other);
    assert_fails(store_health(home->store, &home->err), home->err, ERROR_STORE);
    assert_says(home->err, "schema version 999");
    store_close(home->store);
    home->store = NULL;
    open_fails(home, home->path, ERROR_CONFIG, "newer program");
}

static void later_migrations_are_applied_once_or_not_at_all(void **state)
{
    struct home *home = *state;
    struct sqlite_connection *connection = inner(home)->writer.connection;
    const int known = (int)sqlite_migrations_count;
    struct store_migration *list =
        arena_array(home->arena, sqlite_migrations_count + 2, sizeof(*list));
    memcpy(list, sqlite_migrations, sqlite_migrations_count * sizeof(*list));
    list[known] = (struct store_migration){known + 1, "add_notes",
                                           "CREATE TABLE notes (text TEXT) STRICT;"
                                           "INSERT INTO notes VALUES ('made')"};
    list[known + 1] = (struct store_migration){
        known + 2, "broken", "CREATE TABLE more (x); INSERT INTO missing VALUES (1)"};
    int version = 0;
    assert_fails(sqlite_migrate(connection, list, (size_t)known + 2, &version, &home->err),
                 home->err, ERROR_STORE);
    assert_says(home->err, "_broken");
    assert_int_equal(version, 0);
    assert_false(sqlite_script(connection, "SELECT * FROM notes", NULL));
    for (int i = 0; i < 2; i++) {
        assert_ok(sqlite_migrate(connection, list, (size_t)known + 1, &version, &home->err),
                  home->err);
        assert_int_equal(version, known + 1);
    }
    sqlite3_stmt *count;
    assert_int_equal(
        sqlite3_prepare_v2(connection->db, "SELECT count(*) FROM notes", -1, &count, NULL),
        SQLITE_OK);
    assert_int_equal(sqlite3_step(count), SQLITE_ROW);
    assert_int_equal(sqlite3_column_int(count, 0), 1);
    sqlite3_finalize(count);
}

/* What the first version wrote is there after all later migrations. */
static void a_store_of_the_first_version_is_kept(void **state)
{
    static const char rows[] =
        "PRAGMA application_id = 0x51524e54;"
        "CREATE TABLE schema_migrations (version INTEGER PRIMARY KEY, name TEXT NOT NULL,"
        " applied_at TEXT NOT NULL) STRICT;"
        "INSERT INTO schema_migrations VALUES (1, 'initial', 'then');"
        "INSERT INTO conversations VALUES"
        " (1, 'conv_0123456789abcdef', 'ana', 'Title', 'then', 'then', NULL, 0, 0, 0);"
        "INSERT INTO runs VALUES ('query_0123456789abcdef', 'conv_0123456789abcdef', 'ana', 7,"
        " 'how many?', 'complete', 'then', 'then', '{\"n\":1}');"
        "INSERT INTO run_events VALUES ('query_0123456789abcdef', 1, '{}')";
    struct home *home = *state;
    char *old = arena_printf(home->arena, "%s/old.db", home->folder);
    sqlite3 *db;
    assert_int_equal(sqlite3_open(old, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sqlite_migrations[0].sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, rows, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    struct store *store = store_open(old, &home->err);
    assert_ok(store, home->err);
    struct stored_run run;
    struct stored_event *events;
    size_t count;
    assert_ok(store_run_get(store, "query_0123456789abcdef", home->arena, &run, &home->err),
              home->err);
    assert_string_equal(run.question, "how many?");
    assert_string_equal(run.result, "{\"n\":1}");
    assert_ok(store_run_events(store, run.id, 0, home->arena, &events, &count, &home->err),
              home->err);
    assert_int_equal(count, 1);
    store_close(store);
}

static void a_removed_file_is_noticed(void **state)
{
    struct home *home = *state;
    assert_int_equal(unlink(home->path), 0);
    assert_fails(store_health(home->store, &home->err), home->err, ERROR_STORE);
    assert_says(home->err, "moved or removed");
}

/* Overwrites pages after the first: opening works, reading does not, and says so. */
static void a_damaged_database_is_said_to_be_damaged(void **state)
{
    struct home *home = *state;
    struct run_begin begin = home_ask(home, "ana", "q", NULL);
    store_close(home->store);
    home->store = NULL;
    char noise[4096];
    memset(noise, 0xa5, sizeof(noise));
    int fd = open(home->path, O_WRONLY);
    off_t size = lseek(fd, 0, SEEK_END);
    for (off_t at = 4096; at < size; at += 4096)
        assert_int_equal(pwrite(fd, noise, sizeof(noise), at), sizeof(noise));
    close(fd);
    home->store = store_open(home->path, &home->err);
    if (home->store) {
        struct run_begin again = {.user_id = "ana", .question = "q"};
        struct stored_run run;
        assert_fails(store_run_get(home->store, begin.run_id, home->arena, &run, &home->err),
                     home->err, ERROR_STORE);
        assert_says(home->err, "damaged");
        assert_fails(store_run_begin(home->store, &again, &home->err), home->err, ERROR_STORE);
    }
    assert_says(home->err, "damaged");
}

/* ---- a full disk ---- */

static bool limit_pages(struct sqlite_connection *connection, void *call, struct error *err)
{
    return sqlite_script(connection, call, err);
}

static void a_full_database_says_so_and_recovers(void **state)
{
    struct home *home = *state;
    struct run_begin begin = home_ask(home, "ana", "first", NULL);
    char *large = arena_alloc(home->arena, 1 << 20);
    memset(large, 'x', (1 << 20) - 1);
    struct run_end end = {
        .run_id = begin.run_id,
        .conversation_id = begin.conversation_id_out,
        .state = RUN_COMPLETE,
        .result = large,
        .content = "answer",
    };
    char smaller[] = "PRAGMA max_page_count = 60", larger[] = "PRAGMA max_page_count = 100000";
    assert_ok(sqlite_write(inner(home), limit_pages, smaller, &home->err), home->err);
    assert_fails(store_run_end(home->store, &end, &home->err), home->err, ERROR_STORE);
    assert_says(home->err, "full; free some space");
    struct stored_run run;
    assert_ok(store_run_get(home->store, begin.run_id, home->arena, &run, &home->err), home->err);
    assert_int_equal(run.state, RUN_ACTIVE);
    assert_int_equal(message_count(home, begin.conversation_id_out), 1);
    assert_ok(sqlite_write(inner(home), limit_pages, larger, &home->err), home->err);
    assert_ok(store_run_end(home->store, &end, &home->err), home->err);
    assert_int_equal(message_count(home, begin.conversation_id_out), 2);
}

/* In a batch with a change that has no room, those that have room are stored. */
static bool insert_large(struct sqlite_connection *connection, void *call, struct error *err)
{
    static char bytes[1 << 20];
    struct str key = STR("k"), value = {bytes, sizeof(bytes)};
    return sqlite_execute(connection, STATEMENT_CACHE_PUT, NULL, err, "tbbti", "response", &key,
                          &value, NULL, INT64_MAX);
}

static void what_has_room_is_stored(void **state)
{
    struct home *home = *state;
    struct run_begin begin = home_ask(home, "ana", "first", NULL);
    char smaller[] = "PRAGMA max_page_count = 80";
    assert_ok(sqlite_write(inner(home), limit_pages, smaller, &home->err), home->err);
    struct blocker blocker;
    struct saver savers[4], large;
    blocker_start(&blocker, inner(home));
    savers_start(&large, 1, (struct saver){.store = home->store, .instead = insert_large});
    savers_start(savers, 4,
                 (struct saver){.store = home->store,
                                .conversation_id = begin.conversation_id_out,
                                .rounds = 1});
    wait_until_waiting(inner(home), 5);
    blocker_end(&blocker);
    savers_join(savers, 4);
    savers_join(&large, 1);
    assert_false(large.ok);
    assert_says(large.err, "full");
    for (int i = 0; i < 4; i++)
        assert_ok(savers[i].ok, savers[i].err);
    assert_int_equal(message_count(home, begin.conversation_id_out), 5);
}

/* Runs fn in a child; its result is the exit status. */
static int in_child(int (*fn)(struct home *home), struct home *home)
{
    fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        _exit(fn(home));
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static int fill_the_disk(struct home *home)
{
    static char large[1 << 16];
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &(struct rlimit){1 << 20, 1 << 20});
    struct store *store = store_open(home->path, &home->err);
    if (!store)
        return 2;
    memset(large, 'x', sizeof(large) - 2);
    for (int i = 0; i < 1000; i++) {
        struct run_begin begin = {.user_id = "ana", .question = large};
        if (!store_run_begin(store, &begin, &home->err)) {
            struct conversation *list;
            size_t count;
            const char *next;
            bool says = strstr(home->err.message, "full; free some space") != NULL;
            bool reads = store_conversation_list(store, "ana", STORE_PAGE_MAX, NULL, home->arena,
                                                 &list, &count, &next, &home->err);
            store_close(store);
            return says && reads && count == (size_t)i ? i : 255;
        }
    }
    return 254;
}

static void a_full_disk_says_so(void **state)
{
    struct home *home = *state;
    int stored = in_child(fill_the_disk, home);
    assert_in_range(stored, 3, 250);
    /* With room again, all that was acknowledged is there. */
    home->store = store_open(home->path, &home->err);
    assert_ok(home->store, home->err);
    struct conversation *list;
    size_t count;
    const char *next;
    assert_ok(store_conversation_list(home->store, "ana", STORE_PAGE_MAX, NULL, home->arena, &list,
                                      &count, &next, &home->err),
              home->err);
    assert_int_equal(count, stored);
    home_ask(home, "ana", "q", NULL);
}

static int open_without_rights(struct home *home)
{
    if (getuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
        return 3;
    struct store *store = store_open(home->path, &home->err);
    if (store || home->err.code != ERROR_CONFIG)
        return 1;
    return strstr(home->err.message, "give this user write access") ||
                   strstr(home->err.message, "this user can write")
               ? 0
               : 2;
}

static void files_and_folders_without_rights_are_refused(void **state)
{
    struct home *home = *state;
    /* A folder that can't be written, without and with a database in it. */
    assert_int_equal(chmod(home->folder, 0555), 0);
    assert_int_equal(in_child(open_without_rights, home), 0);
    assert_int_equal(chmod(home->folder, 0777), 0);
    home->store = store_open(home->path, &home->err);
    assert_ok(home->store, home->err);
    store_close(home->store);
    home->store = NULL;
    assert_int_equal(chmod(home->path, 0444), 0);
    assert_int_equal(in_child(open_without_rights, home), 0);
    assert_int_equal(chmod(home->path, 0666), 0);
    assert_int_equal(chmod(home->folder, 0555), 0);
    assert_int_equal(in_child(open_without_rights, home), 0);
    assert_int_equal(chmod(home->folder, 0777), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, home_setup, home_teardown)
#define TEST_CLOSED(name) cmocka_unit_test_setup_teardown(name, home_setup_closed, home_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(those_that_wait_share_one_commit),
        TEST(commits_keep_their_distance_in_company),
        TEST(runs_are_company_until_they_end),
        TEST(withdrawn_while_it_waits_for_company),
        TEST(one_fails_and_the_others_dont),
        TEST(a_commit_waits_for_the_disk),
        TEST(a_lock_of_another_holds_a_batch_up_once),
        TEST(counted_hits_hold_up_no_stop),
        TEST(a_full_queue_refuses_at_once),
        TEST(the_log_stays_small_under_load),
        TEST(many_threads_keep_the_counter_right),
        TEST(many_tasks_keep_the_counter_right),
        TEST(a_cancelled_task_takes_its_change_back),
        TEST(a_change_that_was_begun_is_told_as_it_ended),
        TEST(the_oldest_cache_entries_make_room),
        TEST(what_is_not_cleared_is_looked_at_once),
        TEST_CLOSED(urls_are_understood),
        TEST_CLOSED(a_link_and_its_file_are_one_store),
        TEST_CLOSED(special_names_of_sqlite_are_plain_files),
        TEST_CLOSED(wrong_files_are_refused_in_a_sentence),
        TEST(a_newer_schema_is_refused),
        TEST(later_migrations_are_applied_once_or_not_at_all),
        TEST(a_store_of_the_first_version_is_kept),
        TEST(a_removed_file_is_noticed),
        TEST(a_damaged_database_is_said_to_be_damaged),
        TEST(a_full_database_says_so_and_recovers),
        TEST(what_has_room_is_stored),
        TEST_CLOSED(a_full_disk_says_so),
        TEST_CLOSED(files_and_folders_without_rights_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
