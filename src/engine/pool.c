/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/pool.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/clock.h"
#include "core/log.h"
#include "core/metrics.h"
#include "engine/duckdb_api.h"

#define RECENT_MAX 64
#define START_MAX_MS 30000
#define INTERRUPT_GRACE_MS 700 /* then it is killed: a cancelled statement stops within a second */

/* A database and the name that its table has. */
struct attachment {
    char *path;
    char *table_name;
    uint64_t used; /* the pool's count of uses, for the oldest */
};

struct attachments {
    struct attachment *items;
    size_t count;
};

struct pool_worker {
    struct pool_worker *next;
    struct pool *pool;
    struct process *process;
    struct attachments attached;
    char version[64];
    uint32_t layers;
    bool busy;
    uint64_t caller; /* while busy */
    uint32_t number;
    uint64_t used;
    uint64_t idle_since_ms; /* while not busy */
};

struct pool_waiter {
    struct pool_waiter *next;
    struct task_event event;
    uint64_t caller;
    uint64_t turn; /* the lowest is next */
    bool granted;  /* a worker, or room for one, is reserved */
};

struct pool {
    struct loop *loop;
    char *folder;
    struct pool_options options;
    struct pool_worker *workers;
    size_t worker_count; /* those that are being started too */
    struct pool_waiter *first, **last;
    size_t granted_count; /* of them: reserved and not taken yet */
    uint64_t turn;        /* the last one granted */
    struct attachments recent;
    uint64_t uses;
};

/* -- sets of databases -- */

static void attachments_add(struct attachments *set, const char *path, const char *table_name,
                            uint64_t used)
{
    set->items = xrealloc(set->items, (set->count + 1) * sizeof(*set->items));
    set->items[set->count++] = (struct attachment){xstrdup(path), xstrdup(table_name), used};
}

static void attachments_remove(struct attachments *set, size_t index)
{
    free(set->items[index].path);
    free(set->items[index].table_name);
    set->items[index] = set->items[--set->count];
}

static void attachments_clear(struct attachments *set)
{
    while (set->count > 0)
        attachments_remove(set, 0);
    free(set->items);
    set->items = NULL;
}

static ptrdiff_t attachments_find(const struct attachments *set, const char *table_name)
{
    for (size_t i = 0; i < set->count; i++)
        if (strcmp(set->items[i].table_name, table_name) == 0)
            return (ptrdiff_t)i;
    return -1;
}

static bool attachments_has(const struct attachments *set, const struct dataset *dataset)
{
    ptrdiff_t index = attachments_find(set, dataset->table_name);
    return index >= 0 && strcmp(set->items[index].path, dataset->source.database) == 0;
}

/* Remembers that the dataset was used; its table name may mean another file now. */
static void remember(struct pool *pool, const struct dataset *dataset)
{
    struct attachments *recent = &pool->recent;
    ptrdiff_t index = attachments_find(recent, dataset->table_name);
    if (index >= 0)
        attachments_remove(recent, (size_t)index);
    if (recent->count == RECENT_MAX) {
        size_t oldest = 0;
        for (size_t i = 1; i < recent->count; i++)
            if (recent->items[i].used < recent->items[oldest].used)
                oldest = i;
        attachments_remove(recent, oldest);
    }
    attachments_add(recent, dataset->source.database, dataset->table_name, ++pool->uses);
}

/* -- the pool -- */

struct pool *pool_new(struct loop *loop, const struct pool_options *options)
{
    struct pool *pool = xcalloc(1, sizeof(*pool));
    pool->loop = loop;
    pool->options = *options;
    pool->folder = options->folder ? xstrdup(options->folder) : NULL;
    pool->last = &pool->first;
    return pool;
}

void pool_free(struct pool *pool)
{
    while (pool->workers)
        pool_drop(pool->workers);
    attachments_clear(&pool->recent);
    free(pool->folder);
    free(pool);
}

/* -- turns -- */

/* Callers are told apart by a hash (FNV-1a, 64 bits): two that collide merely share their turn. */
static uint64_t caller_hash(const char *caller)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (; caller && *caller; caller++)
        hash = (hash ^ (unsigned char)*caller) * UINT64_C(0x100000001b3);
    return hash;
}

/* Workers that could be had now, idle or not yet started, and are promised to nobody. */
static size_t free_workers(const struct pool *pool)
{
    size_t idle = 0;
    for (const struct pool_worker *worker = pool->workers; worker; worker = worker->next)
        idle += !worker->busy;
    size_t count = idle + (pool->options.worker_max - pool->worker_count);
    return count > pool->granted_count ? count - pool->granted_count : 0;
}

static size_t held_by(const struct pool *pool, uint64_t caller)
{
    size_t held = 0;
    for (const struct pool_worker *worker = pool->workers; worker; worker = worker->next)
        held += worker->busy && worker->caller == caller;
    for (const struct pool_waiter *waiter = pool->first; waiter; waiter = waiter->next)
        held += waiter->granted && waiter->caller == caller;
    return held;
}

static bool may_hold_another(const struct pool *pool, uint64_t caller)
{
    size_t max = pool->options.worker_max;
    return max == 1 || held_by(pool, caller) + 1 < max;
}

/* Start-time fair queuing, all statements weighing the same: a caller's statement comes one turn
 * after its caller's one before, and never before those that were served already. */
static uint64_t next_turn(const struct pool *pool, uint64_t caller)
{
    uint64_t turn = pool->turn;
    for (const struct pool_waiter *waiter = pool->first; waiter; waiter = waiter->next)
        if (waiter->caller == caller && waiter->turn >= turn)
            turn = waiter->turn + 1;
    return turn;
}

static struct pool_waiter *next_waiter(const struct pool *pool)
{
    struct pool_waiter *next = NULL;
    const struct pool_waiter *refused = NULL; /* its caller is not looked at again: it may have many */
    for (struct pool_waiter *waiter = pool->first; waiter; waiter = waiter->next) {
        if (waiter->granted || (next && waiter->turn >= next->turn) ||
            (refused && waiter->caller == refused->caller))
            continue;
        if (may_hold_another(pool, waiter->caller))
            next = waiter;
        else
            refused = waiter;
    }
    return next;
}

/* Wakes those whose turn it is, as far as there are workers for them. */
static void grant_turns(struct pool *pool)
{
    struct pool_waiter *waiter;
    while (free_workers(pool) > 0 && (waiter = next_waiter(pool))) {
        waiter->granted = true;
        pool->granted_count++;
        pool->turn = waiter->turn;
        task_event_signal(&waiter->event);
    }
}

void pool_give(struct pool_worker *worker)
{
    worker->busy = false;
    worker->used = ++worker->pool->uses;
    worker->idle_since_ms = clock_monotonic_ms();
    process_set_idle(worker->process, true);
    grant_turns(worker->pool);
}

static void count_end(const struct process *process)
{
    enum metric_worker_end how = process_is_usable(process)      ? WORKER_END_STOPPED
                                 : process_broke_off(process) ? WORKER_END_KILLED
                                                                 : WORKER_END_DIED;
    metrics_add(METRIC_WORKERS, 0, 0, -1);
    metrics_add(METRIC_WORKER_ENDS, how, 0, 1);
}

/* What ails one may ail the others: each is asked whether it lives before its next statement. */
static void doubt_idle_workers(struct pool *pool)
{
    for (struct pool_worker *worker = pool->workers; worker; worker = worker->next)
        if (!worker->busy)
            worker->idle_since_ms = 0;
}

void pool_drop(struct pool_worker *worker)
{
    struct pool *pool = worker->pool;
    if (worker->process && !process_is_usable(worker->process))
        doubt_idle_workers(pool);
    struct pool_worker **link = &pool->workers;
    while (*link && *link != worker)
        link = &(*link)->next;
    if (*link)
        *link = worker->next;
    if (worker->process)
        count_end(worker->process);
    process_stop(worker->process);
    attachments_clear(&worker->attached);
    free(worker);
    pool->worker_count--;
    grant_turns(pool);
}

static void interrupted(void *arg, bool usable)
{
    struct pool_worker *worker = arg;
    if (usable)
        pool_give(worker);
    else
        pool_drop(worker);
}

void pool_interrupt(struct pool_worker *worker, uint32_t number)
{
    doubt_idle_workers(worker->pool);
    struct strbuf payload = strbuf_init(64);
    wire_add_u32(&payload, number);
    process_send(worker->process, FRAME_INTERRUPT, strbuf_str(&payload));
    strbuf_clear(&payload);
    process_drain(worker->process, INTERRUPT_GRACE_MS, interrupted, worker);
}

/* -- finding a worker -- */

static bool fits(const struct pool_worker *worker, const struct engine_statement *statement)
{
    for (size_t i = 0; i < statement->dataset_count; i++)
        if (!attachments_has(&worker->attached, statement->datasets[i]))
            return false;
    return true;
}

static void drop_dead(struct pool *pool)
{
    struct pool_worker *next;
    for (struct pool_worker *worker = pool->workers; worker; worker = next) {
        next = worker->next;
        if (!worker->busy && !process_is_usable(worker->process))
            pool_drop(worker);
    }
}

static struct pool_worker *find_idle(struct pool *pool, const struct engine_statement *statement)
{
    struct pool_worker *best = NULL;
    for (struct pool_worker *worker = pool->workers; worker; worker = worker->next)
        if (!worker->busy && fits(worker, statement) && (!best || worker->used > best->used))
            best = worker; /* the one used last has the warmest memory */
    return best;
}

const struct pool_worker *pool_any(struct pool *pool)
{
    drop_dead(pool);
    for (const struct pool_worker *worker = pool->workers; worker; worker = worker->next)
        if (worker->version[0]) /* it has told it when it was up */
            return worker;
    return NULL;
}

/* With a reservation: there is room, or an idle worker to end. */
static void make_room(struct pool *pool)
{
    if (pool->worker_count < pool->options.worker_max)
        return;
    struct pool_worker *oldest = NULL;
    for (struct pool_worker *worker = pool->workers; worker; worker = worker->next)
        if (!worker->busy && (!oldest || worker->used < oldest->used))
            oldest = worker;
    assert(oldest);
    pool_drop(oldest);
}

/* -- starting a worker -- */

static bool is_needed(const struct engine_statement *statement, const char *table_name)
{
    for (size_t i = 0; i < statement->dataset_count; i++)
        if (strcmp(statement->datasets[i]->table_name, table_name) == 0)
            return true;
    return false;
}

/* What the statement needs is among the recent ones, having just been remembered; a statement over
 * more tables than that gets its own alone. */
static void choose_databases(struct pool *pool, const struct engine_statement *statement,
                             struct arena *arena, struct wire_open *open)
{
    size_t count = statement->dataset_count > RECENT_MAX ? 0 : pool->recent.count;
    open->databases =
        arena_array(arena, count + statement->dataset_count, sizeof(*open->databases));
    for (size_t i = 0; i < statement->dataset_count; i++)
        open->databases[open->database_count++] = (struct wire_database){
            .path = statement->datasets[i]->source.database,
            .table_name = statement->datasets[i]->table_name,
            .needed = true,
        };
    for (size_t i = 0; i < count; i++)
        if (!is_needed(statement, pool->recent.items[i].table_name))
            open->databases[open->database_count++] = (struct wire_database){
                .path = arena_strdup(arena, pool->recent.items[i].path),
                .table_name = arena_strdup(arena, pool->recent.items[i].table_name),
            };
}

static bool read_ready(struct pool_worker *worker, const struct wire_open *open,
                       const struct frame *frame, struct arena *arena, struct error *err)
{
    struct wire_ready ready;
    enum wire_error kind;
    const char *message;
    if (frame->type == FRAME_ERROR && wire_read_error(frame->payload, &kind, &message))
        return error_set(err, kind == WIRE_ERROR_CONFIG ? ERROR_CONFIG : ERROR_ENGINE,
                         "DuckDB's worker could not start: %s", message);
    if (frame->type != FRAME_READY || !wire_read_ready(frame->payload, arena, &ready) ||
        ready.attached_count != open->database_count)
        return error_set(err, ERROR_ENGINE, "DuckDB's worker answered out of form");
    for (size_t i = 0; i < open->database_count; i++)
        if (ready.attached[i])
            attachments_add(&worker->attached, open->databases[i].path,
                            open->databases[i].table_name, 0);
    memcpy(worker->version, ready.version, strlen(ready.version) + 1);
    worker->layers = ready.layers;
    return true;
}

static bool open_worker(struct pool_worker *worker, const struct engine_statement *statement,
                        uint64_t time_max_ms, struct arena *arena, struct error *err)
{
    struct pool *pool = worker->pool;
    struct wire_open open = {.memory_mb = pool->options.memory_mb,
                             .threads = pool->options.threads};
    open.library = duckdb_library_find(arena, err);
    if (!open.library)
        return false;
    choose_databases(pool, statement, arena, &open);
    worker->process = process_start(pool->loop, pool->folder, err);
    if (!worker->process)
        return false;
    metrics_add(METRIC_WORKERS, 0, 0, 1);
    metrics_add(METRIC_WORKER_STARTS, 0, 0, 1);
    struct strbuf payload = strbuf_init(FRAME_SIZE_MAX);
    wire_add_open(&payload, &open);
    process_send(worker->process, FRAME_OPEN, strbuf_str(&payload));
    strbuf_clear(&payload);
    struct frame frame;
    return process_receive(worker->process, time_max_ms, arena, &frame, err) &&
           read_ready(worker, &open, &frame, arena, err);
}

static struct pool_worker *start_worker(struct pool *pool, const struct engine_statement *statement,
                                        uint64_t time_max_ms, struct error *err)
{
    struct pool_worker *worker = xcalloc(1, sizeof(*worker));
    worker->pool = pool;
    worker->busy = true;
    worker->caller = caller_hash(statement->caller);
    worker->next = pool->workers;
    pool->workers = worker;
    pool->worker_count++;
    pool->granted_count--;
    struct arena *arena = arena_new();
    bool ok = open_worker(worker, statement, time_max_ms, arena, err);
    arena_free(arena);
    if (!ok) {
        pool_drop(worker);
        return NULL;
    }
    log_debug("DuckDB worker %d started with %zu tables", process_id(worker->process),
              worker->attached.count);
    return worker;
}

/* -- waiting for a turn -- */

static void leave_queue(struct pool *pool, struct pool_waiter *waiter)
{
    struct pool_waiter **link = &pool->first;
    while (*link != waiter)
        link = &(*link)->next;
    *link = waiter->next;
    if (pool->last == &waiter->next)
        pool->last = link;
}

/* As many may wait as there are questions at work, whose number the server bounds before their
 * first change is saved. True: a worker, or room for a new one, is reserved: it counts as granted
 * until it is taken. */
static bool wait_for_turn(struct pool *pool, const char *caller, uint64_t end_ms, struct error *err)
{
    struct pool_waiter waiter = {.caller = caller_hash(caller)};
    waiter.turn = next_turn(pool, waiter.caller);
    *pool->last = &waiter;
    pool->last = &waiter.next;
    grant_turns(pool);
    uint64_t now_ms = clock_monotonic_ms();
    bool ok = task_event_wait(&waiter.event, end_ms > now_ms ? end_ms - now_ms : 1, err);
    leave_queue(pool, &waiter);
    if (!ok && waiter.granted) {
        pool->granted_count--;
        grant_turns(pool);
    }
    return ok;
}

static bool have_data(const struct engine_statement *statement, struct error *err)
{
    if (statement->dataset_count > WIRE_DATABASES_MAX)
        return error_set(err, ERROR_ENGINE, "a statement over more than %d tables",
                         WIRE_DATABASES_MAX);
    for (size_t i = 0; i < statement->dataset_count; i++)
        if (!statement->datasets[i]->source.database)
            return error_set(err, ERROR_ENGINE, "the data of table '%s' is not loaded",
                             statement->datasets[i]->table_name);
    return true;
}

static struct pool_worker *take_idle(struct pool *pool, const struct engine_statement *statement)
{
    struct pool_worker *worker = find_idle(pool, statement);
    if (!worker)
        return NULL;
    worker->busy = true;
    worker->caller = caller_hash(statement->caller);
    process_set_idle(worker->process, false);
    pool->granted_count--;
    return worker;
}

static bool answers_ping(struct pool_worker *worker, uint64_t time_max_ms, struct error *err)
{
    struct arena *arena = arena_new();
    struct frame frame;
    process_send(worker->process, FRAME_PING, STR(""));
    bool ok = process_receive(worker->process, time_max_ms, arena, &frame, err) &&
              frame.type == FRAME_PONG;
    arena_free(arena);
    return ok;
}

/* One that was idle for long may be frozen, which only shows when it is asked. Just used it is taken to live, unless
 * another had to be interrupted or given up since. */
static bool is_alive(struct pool_worker *worker, uint64_t end_ms)
{
    const struct pool_options *options = &worker->pool->options;
    uint64_t now_ms = clock_monotonic_ms(), left_ms = end_ms > now_ms ? end_ms - now_ms : 1;
    uint64_t check_ms = options->idle_check_ms > 0 ? options->idle_check_ms : POOL_IDLE_CHECK_MS;
    uint64_t ping_ms = options->ping_ms > 0 ? options->ping_ms : POOL_PING_MS;
    struct error err = {0};
    if (now_ms - worker->idle_since_ms <= check_ms ||
        answers_ping(worker, left_ms < ping_ms ? left_ms : ping_ms, &err))
        return true;
    if (err.code == ERROR_DEADLINE)
        log_warn("DuckDB worker %d, which was idle, does not answer and is replaced",
                 process_id(worker->process));
    return false;
}

struct pool_worker *pool_take(struct pool *pool, const struct engine_statement *statement,
                              uint64_t end_ms, struct error *err)
{
    if (!have_data(statement, err))
        return NULL;
    for (size_t i = 0; i < statement->dataset_count; i++)
        remember(pool, statement->datasets[i]);
    for (;;) {
        if (!wait_for_turn(pool, statement->caller, end_ms, err))
            return NULL;
        drop_dead(pool);
        struct pool_worker *worker = take_idle(pool, statement);
        if (!worker)
            break;
        if (is_alive(worker, end_ms))
            return worker;
        pool_drop(worker);
        if (!task_check(err))
            return NULL;
    }
    make_room(pool);
    uint64_t now_ms = clock_monotonic_ms(), left_ms = end_ms > now_ms ? end_ms - now_ms : 1;
    return start_worker(pool, statement, left_ms < START_MAX_MS ? left_ms : START_MAX_MS, err);
}

struct process *pool_process(struct pool_worker *worker)
{
    return worker->process;
}

uint32_t pool_layers(const struct pool_worker *worker)
{
    return worker->layers;
}

const char *pool_version(const struct pool_worker *worker)
{
    return worker->version;
}

uint32_t pool_next_number(struct pool_worker *worker)
{
    if (++worker->number == 0)
        worker->number = 1;
    return worker->number;
}

bool pool_is_used(const struct pool_worker *worker)
{
    return worker->number > 1;
}
