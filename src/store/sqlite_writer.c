/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The writer: one thread, one connection, one fsync for all that waits.
 *
 * A caller puts its change into the queue and waits. The thread takes all that have gathered while
 * it was busy with the batch before, runs them in one transaction, commits once and then wakes each
 * caller with its own outcome. So n savers at once cost about two fsyncs, not n, and a lone change
 * is committed at once.
 *
 * While many runs are under way, more changes are sure to come, and commits keep a distance: it is
 * a few milliseconds at most that a change waits for company, and less than half as many fsyncs
 * and written pages. (PostgreSQL's commit_delay and commit_siblings are the same bargain.)
 *
 *   waiting ──taken──► run ──all went well──► COMMIT ──► acknowledged
 *      │                └─ one fails: ROLLBACK, and all again, each in a savepoint of its own
 *      └─ task cancelled: taken out of the queue, never run
 *
 * Savepoints are for batches with a failure in them, because SQLite copies each page that a change
 * touches while one is open. When the commit itself or the whole transaction fails (a full disk,
 * say), each change of the batch is run again in a transaction of its own, so that only those fail
 * that can't be stored.
 *
 * After that, when nobody waits for it, the write-ahead log is folded into the database once it has
 * FOLD_PAGES. SQLite can start the log anew only at a moment without a reader in it: under a load of
 * reads such a moment may not come by itself, and at twice that length the thread waits for it.
 *
 * A change lives on its caller's stack. That is safe because a caller leaves only when its change
 * is acknowledged, or when it has taken the change out of the queue itself.
 */
#include "store/sqlite.h"

#include <assert.h>
#include <errno.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/alloc.h"
#include "core/clock.h"
#include "core/metrics.h"

#define BATCH_MAX 256
/* 16 MB. Folding at every 4,000 pages rather than SQLite's 1,000 saves a tenth of the CPU of a
 * message: pages that change often are copied less often. */
#define FOLD_PAGES 4000
#define FOLD_PATIENCE_MS 100 /* for readers of the log, when it has grown to twice as much */
#define HITS_AGE_MS 30000

struct sqlite_write {
    sqlite_operation_fn run;
    void *call;
    bool ok;
    struct error error;
    struct sqlite_write *next;
    bool taken; /* by the thread; guarded by the writer's mutex */
    /* How the caller waits: a task for its event, a thread for the semaphore. */
    struct loop *loop;
    struct task_event event;
    sem_t done;
};

static void roll_back(struct sqlite_connection *connection)
{
    sqlite_connection_reset(connection);
    if (!sqlite3_get_autocommit(connection->db))
        (void)sqlite_execute(connection, STATEMENT_ROLLBACK, NULL, NULL, "");
}

static bool run_alone(struct sqlite_connection *connection, sqlite_operation_fn run, void *call,
                      struct error *err)
{
    if (!sqlite_execute(connection, STATEMENT_BEGIN, NULL, err, ""))
        return false;
    if (run(connection, call, err) && sqlite_execute(connection, STATEMENT_COMMIT, NULL, err, ""))
        return true;
    roll_back(connection);
    return false;
}

static void fail_all(struct sqlite_write *batch, const struct error *err)
{
    for (struct sqlite_write *write = batch; write; write = write->next) {
        write->ok = false;
        write->error = *err;
    }
}

static bool run_one(struct sqlite_connection *connection, struct sqlite_write *write)
{
    error_clear(&write->error);
    write->ok = write->run(connection, write->call, &write->error);
    return write->ok;
}

/* False when the transaction as a whole is lost. */
static bool run_in_savepoint(struct sqlite_connection *connection, struct sqlite_write *write)
{
    if (!sqlite_execute(connection, STATEMENT_SAVEPOINT, NULL, NULL, ""))
        return false;
    run_one(connection, write);
    sqlite_connection_reset(connection);
    if (sqlite3_get_autocommit(connection->db)) /* SQLite rolled all of it back */
        return false;
    return (write->ok || sqlite_execute(connection, STATEMENT_SAVEPOINT_UNDO, NULL, NULL, "")) &&
           sqlite_execute(connection, STATEMENT_SAVEPOINT_END, NULL, NULL, "");
}

/* False when nothing of the batch is stored, and it is to be run in another way. */
static bool run_together(struct sqlite_connection *connection, struct sqlite_write *batch,
                         bool (*run)(struct sqlite_connection *, struct sqlite_write *))
{
    struct error err;
    if (!sqlite_execute(connection, STATEMENT_BEGIN, NULL, &err, "")) {
        /* Another process holds the lock: alone, each would wait for it as long again. */
        fail_all(batch, &err);
        return true;
    }
    bool whole = true;
    for (struct sqlite_write *write = batch; write && whole; write = write->next)
        whole = run(connection, write);
    if (whole && sqlite_execute(connection, STATEMENT_COMMIT, NULL, NULL, ""))
        return true;
    roll_back(connection);
    return false;
}

static void run_each_alone(struct sqlite_connection *connection, struct sqlite_write *batch)
{
    for (struct sqlite_write *write = batch; write; write = write->next) {
        error_clear(&write->error);
        write->ok = run_alone(connection, write->run, write->call, &write->error);
    }
}

static void signal_task(void *arg)
{
    struct sqlite_write *write = arg;
    task_event_signal(&write->event);
}

static void count_batch(const struct sqlite_write *batch, uint64_t duration_us)
{
    uint64_t changes = 0, failed = 0;
    for (; batch; batch = batch->next) {
        changes++;
        /* What the store refuses, such as another user's conversation, is no failure of it. */
        failed += !batch->ok && error_http_status(batch->error.code) >= 500;
    }
    metrics_observe(METRIC_STORE_DURATION, 0, duration_us);
    metrics_observe(METRIC_STORE_GROUP, 0, changes);
    if (failed > 0)
        metrics_add(METRIC_STORE_FAILURES, 0, 0, (int64_t)failed);
}

static void run_batch(struct sqlite_writer *writer, struct sqlite_write *batch)
{
    struct sqlite_connection *connection = writer->connection;
    uint64_t start_us = clock_monotonic_us();
    if (!batch->next || (!run_together(connection, batch, run_one) &&
                         !run_together(connection, batch, run_in_savepoint)))
        run_each_alone(connection, batch);
    writer->committed_us = clock_monotonic_us();
    count_batch(batch, writer->committed_us - start_us);
    for (struct sqlite_write *write = batch, *next; write; write = next) {
        next = write->next; /* once woken, the caller's stack is its own again */
        if (write->loop)
            loop_post(write->loop, signal_task, write);
        else
            sem_post(&write->done);
    }
}

static struct timespec time_after(uint64_t duration_ms)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    time.tv_sec += (time_t)(duration_ms / 1000);
    return time;
}

static bool hits_are_due(const struct sqlite_writer *writer)
{
    return writer->hits_used > 0 && (writer->stop || writer->hits_used >= SQLITE_HITS_MAX / 2 ||
                                     clock_monotonic_ms() - writer->hits_since_ms >= HITS_AGE_MS);
}

static void wait_for_work(struct sqlite_writer *writer)
{
    while (!writer->first && !writer->stop && !hits_are_due(writer)) {
        struct timespec until = time_after(HITS_AGE_MS);
        if (writer->hits_used > 0)
            pthread_cond_timedwait(&writer->work, &writer->mutex, &until);
        else
            pthread_cond_wait(&writer->work, &writer->mutex);
    }
}

/* With the mutex held, which is free while it waits. */
static void wait_for_company(struct sqlite_writer *writer)
{
    if (writer->stop || writer->waiting >= BATCH_MAX ||
        atomic_load(&writer->connection->store->store.runs_under_way) < SQLITE_COMPANY_MIN)
        return;
    uint64_t now = clock_monotonic_us(), until = writer->committed_us + SQLITE_COMMIT_DISTANCE_US;
    if (now >= until)
        return;
    struct timespec rest = {.tv_nsec = (long)(until - now) * 1000};
    pthread_mutex_unlock(&writer->mutex);
    nanosleep(&rest, NULL); /* not on the condition: each change would wake it */
    pthread_mutex_lock(&writer->mutex);
}

static struct sqlite_write *take_batch(struct sqlite_writer *writer)
{
    struct sqlite_write *batch = writer->first, *last = NULL;
    size_t count = 0;
    for (struct sqlite_write *write = batch; write && count < BATCH_MAX; write = write->next) {
        write->taken = true;
        last = write;
        count++;
    }
    if (!last)
        return NULL;
    writer->first = last->next;
    if (!writer->first)
        writer->last = NULL;
    writer->waiting -= count;
    last->next = NULL;
    return batch;
}

/* With the mutex held. What can't be written is lost, which is no error; kept, it would be due again at
 * once, and hold up a stop for as long as another process has the database. */
static void forget_hits(struct sqlite_writer *writer)
{
    memset(writer->hits, 0, sizeof(writer->hits));
    writer->hits_used = 0;
}

bool sqlite_writer_flush_hits(struct sqlite_connection *connection, void *unused, struct error *err)
{
    struct sqlite_writer *writer = &connection->store->writer;
    struct sqlite_hits *hits = xcalloc(SQLITE_HITS_MAX, sizeof(*hits));
    pthread_mutex_lock(&writer->mutex);
    memcpy(hits, writer->hits, sizeof(writer->hits));
    forget_hits(writer);
    pthread_mutex_unlock(&writer->mutex);
    bool written = sqlite_cache_add_hits(connection, hits, err);
    free(hits);
    return written;
}

/* Called by SQLite after each commit. */
static int note_log(void *arg, sqlite3 *db, const char *name, int pages)
{
    struct sqlite_writer *writer = arg;
    writer->log_pages = pages;
    if (pages < FOLD_PAGES)
        writer->fold_at = FOLD_PAGES; /* it was started anew */
    return SQLITE_OK;
}

/* What can't be folded now is left for later: a reader may need it, or the disk may be full. */
static void fold_log(struct sqlite_writer *writer)
{
    sqlite3 *db = writer->connection->db;
    if (writer->log_pages < writer->fold_at)
        return;
    bool waits = writer->log_pages >= 2 * FOLD_PAGES;
    sqlite3_busy_timeout(db, FOLD_PATIENCE_MS);
    (void)sqlite3_wal_checkpoint_v2(
        db, "main", waits ? SQLITE_CHECKPOINT_RESTART : SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    sqlite3_busy_timeout(db, SQLITE_BUSY_MS);
    writer->fold_at = writer->log_pages + FOLD_PAGES / 4;
}

static void *write_until_stopped(void *arg)
{
    struct sqlite_writer *writer = arg;
    pthread_mutex_lock(&writer->mutex);
    for (;;) {
        wait_for_work(writer);
        wait_for_company(writer);
        struct sqlite_write *batch = take_batch(writer);
        bool hits_due = hits_are_due(writer);
        if (!batch && !hits_due) {
            if (writer->stop)
                break;
            continue; /* what there was has been withdrawn while it waited for company */
        }
        pthread_mutex_unlock(&writer->mutex);
        if (batch)
            run_batch(writer, batch);
        bool hits_lost =
            hits_due && !run_alone(writer->connection, sqlite_writer_flush_hits, NULL, NULL);
        fold_log(writer);
        pthread_mutex_lock(&writer->mutex);
        if (hits_lost)
            forget_hits(writer);
    }
    pthread_mutex_unlock(&writer->mutex);
    return NULL;
}

bool sqlite_writer_start(struct sqlite_writer *writer, struct sqlite_connection *connection,
                         struct error *err)
{
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&writer->work, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_mutex_init(&writer->mutex, NULL);
    writer->connection = connection;
    writer->waiting_max = SQLITE_WAITING_MAX;
    writer->fold_at = FOLD_PAGES;
    sqlite3_wal_hook(connection->db, note_log, writer);

    /* Signals are the main thread's. */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int result = pthread_create(&writer->thread, NULL, write_until_stopped, writer);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    writer->started = result == 0;
    if (!writer->started) {
        pthread_cond_destroy(&writer->work);
        pthread_mutex_destroy(&writer->mutex);
        return error_set(err, ERROR_FULL, "the store's thread can't be started (%s)",
                         strerror(result));
    }
    return true;
}

void sqlite_writer_stop(struct sqlite_writer *writer)
{
    if (!writer->started)
        return;
    pthread_mutex_lock(&writer->mutex);
    writer->stop = true;
    pthread_cond_signal(&writer->work);
    pthread_mutex_unlock(&writer->mutex);
    pthread_join(writer->thread, NULL);
    pthread_cond_destroy(&writer->work);
    pthread_mutex_destroy(&writer->mutex);
    writer->started = false;
}

static bool enqueue(struct sqlite_writer *writer, struct sqlite_write *write, struct error *err)
{
    pthread_mutex_lock(&writer->mutex);
    bool room = writer->waiting < writer->waiting_max;
    if (room) {
        if (writer->last)
            writer->last->next = write;
        else
            writer->first = write;
        writer->last = write;
        writer->waiting++;
    }
    pthread_mutex_unlock(&writer->mutex);
    if (room)
        pthread_cond_signal(&writer->work); /* who wakes finds the mutex free */
    return room ||
           error_set(err, ERROR_FULL, "%zu changes wait to be stored; try again later",
                     writer->waiting_max);
}

/* False when the thread has it already. */
static bool withdraw(struct sqlite_writer *writer, struct sqlite_write *write)
{
    pthread_mutex_lock(&writer->mutex);
    bool withdrawn = !write->taken;
    if (withdrawn) {
        struct sqlite_write *before = NULL, *other = writer->first;
        for (; other != write; other = other->next)
            before = other;
        if (before)
            before->next = write->next;
        else
            writer->first = write->next;
        if (writer->last == write)
            writer->last = before;
        writer->waiting--;
    }
    pthread_mutex_unlock(&writer->mutex);
    return withdrawn;
}

static bool write_from_thread(struct sqlite_writer *writer, struct sqlite_write *write,
                              struct error *err)
{
    sem_init(&write->done, 0, 0);
    bool queued = enqueue(writer, write, err);
    if (queued)
        while (sem_wait(&write->done) != 0)
            assert(errno == EINTR);
    sem_destroy(&write->done);
    return queued;
}

TASK_WAITS static bool write_from_task(struct sqlite_writer *writer, struct sqlite_write *write,
                                       struct error *err)
{
    write->loop = task_loop(task_current());
    if (!task_check(err) || !enqueue(writer, write, err))
        return false;
    if (task_event_wait(&write->event, 0, err))
        return true;
    if (withdraw(writer, write))
        return false;
    /* Too late to stop it: it is being written, and its outcome is what counts. */
    task_event_wait_always(&write->event);
    return true;
}

TASK_WAITS bool sqlite_write(struct sqlite_store *store, sqlite_operation_fn run, void *call,
                             struct error *err)
{
    struct sqlite_write write = {.run = run, .call = call};
    bool told = task_current() ? write_from_task(&store->writer, &write, err)
                               : write_from_thread(&store->writer, &write, err);
    if (told && !write.ok && err)
        *err = write.error;
    return told && write.ok;
}

/* With the mutex held: the entry's slot, or a free one. */
static struct sqlite_hits *hits_find(struct sqlite_writer *writer, int64_t entry_id)
{
    size_t slot = (size_t)entry_id % SQLITE_HITS_MAX;
    while (writer->hits[slot].id != 0 && writer->hits[slot].id != entry_id)
        slot = (slot + 1) % SQLITE_HITS_MAX;
    return &writer->hits[slot];
}

void sqlite_writer_count_hit(struct sqlite_writer *writer, int64_t entry_id)
{
    pthread_mutex_lock(&writer->mutex);
    struct sqlite_hits *hits = hits_find(writer, entry_id);
    /* One slot stays free, so that a search ends; what finds no room is not counted. */
    if (hits->id == 0 && writer->hits_used < SQLITE_HITS_MAX - 1) {
        if (writer->hits_used == 0)
            writer->hits_since_ms = clock_monotonic_ms();
        writer->hits_used++;
        hits->id = entry_id;
        if (writer->hits_used == 1 || hits_are_due(writer))
            pthread_cond_signal(&writer->work);
    }
    if (hits->id == entry_id)
        hits->count++;
    pthread_mutex_unlock(&writer->mutex);
}

bool sqlite_writer_has_hits(struct sqlite_writer *writer)
{
    pthread_mutex_lock(&writer->mutex);
    bool has_hits = writer->hits_used > 0;
    pthread_mutex_unlock(&writer->mutex);
    return has_hits;
}
