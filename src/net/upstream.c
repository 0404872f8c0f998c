/* SPDX-License-Identifier: Apache-2.0 */
#include "net/upstream.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/clock.h"
#include "core/hash.h"
#include "core/log.h"
#include "core/metrics.h"

#define CONCURRENT_DEFAULT 256
#define FAILURES_DEFAULT 5
#define OPEN_MS_DEFAULT 10000
#define WHY_SIZE 160
#define TOGETHER_MS 250 /* failures closer than that may have one cause */

_Static_assert((int)FETCH_OUTCOMES == METRIC_FETCH_MAX, "core/metrics.h says how many");

enum breaker { BREAKER_CLOSED, BREAKER_OPEN, BREAKER_HALF_OPEN };

/* A task that waits for a place, on its stack. */
struct waiter {
    struct loop *loop;
    struct task_event event;
    bool called; /* taken out of the line: a message is on its way */
    bool has_place;
    struct waiter *next, *previous;
};

/* A pause that was asked for, of the calls that one limit is for. */
struct hold {
    uint64_t limit; /* hash of its name */
    uint64_t until_ms;
};

#define HOLDS_MAX 16

struct upstream {
    char *name;
    unsigned label;
    unsigned concurrent_max, failures_max;
    uint64_t open_ms;
    pthread_mutex_t lock;
    unsigned out;
    struct waiter *first, *last;
    enum breaker breaker;
    uint64_t generation;              /* of the breaker's state */
    unsigned failures;                /* in a row */
    uint64_t entries;                 /* passes given out */
    uint64_t failed_entry, failed_ms; /* of the last failure that counts: entries, and when */
    uint64_t open_until_ms;
    char why[WHY_SIZE]; /* the last failure */
    atomic_uint_least64_t held_until_ms; /* the last of the holds; read by each call: without the lock */
    struct hold holds[HOLDS_MAX];
    atomic_bool single_streams;
};

/* ---- labels ---- */

static pthread_mutex_t labels_lock = PTHREAD_MUTEX_INITIALIZER;
static char *labels[METRIC_UPSTREAM_MAX]; /* kept for good; the last one is for all others */
static unsigned label_count;

static unsigned label_of(const char *name)
{
    pthread_mutex_lock(&labels_lock);
    unsigned i = 0;
    while (i < label_count && strcmp(labels[i], name) != 0)
        i++;
    if (i == label_count && label_count < METRIC_UPSTREAM_MAX) {
        labels[i] = xstrdup(i == METRIC_UPSTREAM_MAX - 1 ? "other" : name);
        label_count++;
    }
    pthread_mutex_unlock(&labels_lock);
    return i < METRIC_UPSTREAM_MAX ? i : METRIC_UPSTREAM_MAX - 1;
}

unsigned upstream_label_count(void)
{
    pthread_mutex_lock(&labels_lock);
    unsigned count = label_count;
    pthread_mutex_unlock(&labels_lock);
    return count;
}

const char *upstream_label_name(unsigned label)
{
    pthread_mutex_lock(&labels_lock);
    const char *name = label < label_count ? labels[label] : "";
    pthread_mutex_unlock(&labels_lock);
    return name;
}

const char *fetch_outcome_name(unsigned outcome)
{
    static const char *const names[FETCH_OUTCOMES] = {
        [FETCH_OK] = "ok",
        [FETCH_REFUSED] = "refused",
        [FETCH_OVERLOADED] = "overloaded",
        [FETCH_FAILED] = "failed",
        [FETCH_UNREACHABLE] = "unreachable",
        [FETCH_BROKEN] = "broken",
        [FETCH_STOPPED] = "stopped",
        [FETCH_NOT_ASKED] = "not_asked",
    };
    return outcome < FETCH_OUTCOMES ? names[outcome] : "";
}

/* ---- open and close ---- */

struct upstream *upstream_open(const struct upstream_options *options)
{
    struct upstream *upstream = xcalloc(1, sizeof(*upstream));
    *upstream = (struct upstream){
        .name = xstrdup(options->name),
        .label = label_of(options->name),
        .concurrent_max =
            options->concurrent_max > 0 ? options->concurrent_max : CONCURRENT_DEFAULT,
        .failures_max = options->failures_max > 0 ? options->failures_max : FAILURES_DEFAULT,
        .open_ms = options->open_ms > 0 ? options->open_ms : OPEN_MS_DEFAULT,
    };
    pthread_mutex_init(&upstream->lock, NULL);
    return upstream;
}

void upstream_close(struct upstream *upstream)
{
    if (!upstream)
        return;
    assert(upstream->out == 0);
    assert(!upstream->first);
    if (upstream->breaker != BREAKER_CLOSED)
        metrics_add(METRIC_UPSTREAM_OPEN, upstream->label, 0, -1);
    pthread_mutex_destroy(&upstream->lock);
    free(upstream->name);
    free(upstream);
}

const char *upstream_name(const struct upstream *upstream)
{
    return upstream->name;
}

unsigned upstream_label(const struct upstream *upstream)
{
    return upstream->label;
}

/* ---- the line; all with the lock held ---- */

static void stand_in_line(struct upstream *upstream, struct waiter *waiter)
{
    waiter->previous = upstream->last;
    if (upstream->last)
        upstream->last->next = waiter;
    else
        upstream->first = waiter;
    upstream->last = waiter;
}

static void step_out(struct upstream *upstream, struct waiter *waiter)
{
    if (waiter->previous)
        waiter->previous->next = waiter->next;
    else
        upstream->first = waiter->next;
    if (waiter->next)
        waiter->next->previous = waiter->previous;
    else
        upstream->last = waiter->previous;
}

static void wake(void *arg)
{
    struct waiter *waiter = arg;
    task_event_signal(&waiter->event);
}

/* The waiter's task lives until the message has come. */
static void call_first(struct upstream *upstream, bool has_place)
{
    struct waiter *waiter = upstream->first;
    step_out(upstream, waiter);
    waiter->called = true;
    waiter->has_place = has_place;
    loop_post(waiter->loop, wake, waiter);
}

static void free_place(struct upstream *upstream)
{
    if (upstream->first)
        call_first(upstream, true);
    else
        upstream->out--;
}

/* ---- the breaker; all with the lock held ---- */

static void change(struct upstream *upstream, enum breaker breaker)
{
    int difference = (breaker != BREAKER_CLOSED) - (upstream->breaker != BREAKER_CLOSED);
    if (difference != 0)
        metrics_add(METRIC_UPSTREAM_OPEN, upstream->label, 0, difference);
    upstream->breaker = breaker;
    upstream->generation++;
}

static bool refuses(const struct upstream *upstream)
{
    return upstream->breaker == BREAKER_HALF_OPEN ||
           (upstream->breaker == BREAKER_OPEN && clock_monotonic_ms() < upstream->open_until_ms);
}

static void open_breaker(struct upstream *upstream)
{
    change(upstream, BREAKER_OPEN);
    upstream->open_until_ms = clock_monotonic_ms() + upstream->open_ms;
    while (upstream->first)
        call_first(upstream, false);
}

static void close_breaker(struct upstream *upstream)
{
    upstream->failures = 0;
    if (upstream->breaker != BREAKER_CLOSED)
        change(upstream, BREAKER_CLOSED);
}

/* A call that was out already when the last failure came says nothing new at the same time. */
static bool fails_with_last(const struct upstream *upstream, const struct upstream_pass *pass)
{
    return upstream->failures > 0 && pass->number <= upstream->failed_entry &&
           clock_monotonic_ms() - upstream->failed_ms < TOGETHER_MS;
}

static void count_failure(struct upstream *upstream)
{
    upstream->failures++;
    upstream->failed_entry = upstream->entries;
    upstream->failed_ms = clock_monotonic_ms();
}

static void judge(struct upstream *upstream, const struct upstream_pass *pass,
                  enum upstream_verdict verdict, const char *why)
{
    bool probed = upstream->breaker == BREAKER_HALF_OPEN;
    if (verdict == UPSTREAM_WELL || (verdict == UPSTREAM_BUSY && probed)) {
        close_breaker(upstream);
    } else if (verdict == UPSTREAM_FAILED) {
        snprintf(upstream->why, sizeof(upstream->why), "%s", why);
        if (probed || !fails_with_last(upstream, pass))
            count_failure(upstream);
        if (probed || upstream->failures >= upstream->failures_max)
            open_breaker(upstream);
    } else if (probed) {
        change(upstream, BREAKER_OPEN); /* its time is over: the next call is the probe */
    }
}

/* ---- in and out ---- */

static bool say_refused(struct upstream *upstream, enum error_code failure, struct error *err)
{
    uint64_t now_ms = clock_monotonic_ms();
    uint64_t left_ms = upstream->open_until_ms > now_ms ? upstream->open_until_ms - now_ms : 0;
    const char *times = plural(upstream->failures, "time", "times");
    metrics_add(METRIC_UPSTREAM_REQUESTS, upstream->label, FETCH_NOT_ASKED, 1);
    if (left_ms == 0)
        return error_set(err, failure, "%s failed %u %s in a row and is being tried now; last: %s",
                         upstream->name, upstream->failures, times, upstream->why);
    return error_set(err, failure,
                     "%s failed %u %s in a row and is not asked for another %llu s; last: %s",
                     upstream->name, upstream->failures, times,
                     (unsigned long long)(left_ms + 999) / 1000, upstream->why);
}

/* Until it is called. False with the task's error; then the waiter has no place and no message
 * comes. */
static bool wait_for_call(struct upstream *upstream, struct waiter *waiter, struct error *err)
{
    metrics_add(METRIC_UPSTREAM_WAITING, upstream->label, 0, 1);
    bool ok = task_event_wait(&waiter->event, 0, err);
    metrics_add(METRIC_UPSTREAM_WAITING, upstream->label, 0, -1);
    if (ok)
        return true;
    pthread_mutex_lock(&upstream->lock);
    bool called = waiter->called;
    if (!called)
        step_out(upstream, waiter);
    pthread_mutex_unlock(&upstream->lock);
    if (!called)
        return false;
    task_event_wait_always(&waiter->event);
    pthread_mutex_lock(&upstream->lock);
    if (waiter->has_place)
        free_place(upstream);
    pthread_mutex_unlock(&upstream->lock);
    return false;
}

/* With the lock and a place. The first one after the breaker's time is the probe. */
static bool admit(struct upstream *upstream, struct upstream_pass *pass)
{
    if (refuses(upstream))
        return false;
    if (upstream->breaker == BREAKER_OPEN)
        change(upstream, BREAKER_HALF_OPEN);
    *pass = (struct upstream_pass){upstream, upstream->generation, ++upstream->entries};
    return true;
}

bool upstream_enter(struct upstream *upstream, enum error_code failure, struct upstream_pass *pass,
                    struct error *err)
{
    struct waiter waiter = {.loop = task_loop(task_current())};
    *pass = (struct upstream_pass){0};
    pthread_mutex_lock(&upstream->lock);
    bool waits = false;
    if (!refuses(upstream)) {
        waits = upstream->out >= upstream->concurrent_max;
        waiter.has_place = !waits;
        if (waits)
            stand_in_line(upstream, &waiter);
        else
            upstream->out++;
    }
    if (waits) {
        pthread_mutex_unlock(&upstream->lock);
        if (!wait_for_call(upstream, &waiter, err))
            return false;
        pthread_mutex_lock(&upstream->lock);
    }
    bool ok = waiter.has_place && admit(upstream, pass);
    if (waiter.has_place && !ok)
        free_place(upstream);
    if (!ok)
        say_refused(upstream, failure, err);
    pthread_mutex_unlock(&upstream->lock);
    if (ok)
        metrics_add(METRIC_UPSTREAM_OUT, upstream->label, 0, 1);
    return ok;
}

void upstream_hear(struct upstream_pass *pass)
{
    struct upstream *upstream = pass->upstream;
    pthread_mutex_lock(&upstream->lock);
    bool probes =
        upstream->breaker == BREAKER_HALF_OPEN && pass->generation == upstream->generation;
    if (probes) {
        change(upstream, BREAKER_CLOSED);
        upstream->failures = upstream->failures_max - 1; /* the next failure opens it */
        pass->generation = upstream->generation;
    }
    pthread_mutex_unlock(&upstream->lock);
    if (probes)
        log_info("%s answers again", upstream->name);
}

void upstream_leave(struct upstream_pass *pass, enum upstream_verdict verdict, const char *why)
{
    struct upstream *upstream = pass->upstream;
    metrics_add(METRIC_UPSTREAM_OUT, upstream->label, 0, -1);
    pthread_mutex_lock(&upstream->lock);
    enum breaker before = upstream->breaker;
    if (pass->generation == upstream->generation)
        judge(upstream, pass, verdict, why);
    enum breaker after = upstream->breaker;
    unsigned failures = upstream->failures;
    free_place(upstream);
    pthread_mutex_unlock(&upstream->lock);
    if (before == BREAKER_CLOSED && after == BREAKER_OPEN)
        log_warn("%s failed %u %s in a row and is not asked for %llu ms; last: %s", upstream->name,
                 failures, plural(failures, "time", "times"), (unsigned long long)upstream->open_ms,
                 why);
    if (before != BREAKER_CLOSED && after == BREAKER_CLOSED)
        log_info("%s answers again", upstream->name);
}

void upstream_give_back(struct upstream_pass *pass)
{
    if (pass->upstream)
        upstream_leave(pass, UPSTREAM_UNKNOWN, "");
    *pass = (struct upstream_pass){0};
}

bool upstream_try_enter(struct upstream *upstream, struct upstream_pass *pass)
{
    *pass = (struct upstream_pass){0};
    pthread_mutex_lock(&upstream->lock);
    bool ok = upstream->out < upstream->concurrent_max && admit(upstream, pass);
    upstream->out += ok;
    pthread_mutex_unlock(&upstream->lock);
    if (ok)
        metrics_add(METRIC_UPSTREAM_OUT, upstream->label, 0, 1);
    return ok;
}

bool upstream_is_stale(const struct upstream_pass *pass)
{
    pthread_mutex_lock(&pass->upstream->lock);
    bool stale = pass->generation != pass->upstream->generation;
    pthread_mutex_unlock(&pass->upstream->lock);
    return stale;
}

bool upstream_refuses(struct upstream *upstream)
{
    pthread_mutex_lock(&upstream->lock);
    bool refused = refuses(upstream);
    pthread_mutex_unlock(&upstream->lock);
    return refused;
}

/* ---- a pause that was asked for ---- */

static uint64_t limit_hash(const char *limit)
{
    return hash64_str(str_from(limit ? limit : ""), 0);
}

void upstream_hold(struct upstream *upstream, const char *limit, uint64_t ms)
{
    uint64_t hash = limit_hash(limit), until_ms = clock_monotonic_ms() + ms;
    pthread_mutex_lock(&upstream->lock);
    struct hold *hold = &upstream->holds[0];
    for (size_t i = 0; i < HOLDS_MAX; i++) {
        struct hold *other = &upstream->holds[i];
        if (other->limit == hash) {
            hold = other;
            break;
        }
        if (other->until_ms < hold->until_ms)
            hold = other;
    }
    uint64_t before_ms = hold->limit == hash ? hold->until_ms : 0;
    *hold = (struct hold){hash, until_ms > before_ms ? until_ms : before_ms};
    if (until_ms > atomic_load(&upstream->held_until_ms))
        atomic_store(&upstream->held_until_ms, until_ms);
    pthread_mutex_unlock(&upstream->lock);
}

uint64_t upstream_held_ms(struct upstream *upstream, const char *limit)
{
    uint64_t until_ms = atomic_load(&upstream->held_until_ms);
    uint64_t now_ms = until_ms > 0 ? clock_monotonic_ms() : 0;
    if (until_ms <= now_ms)
        return 0;
    uint64_t hash = limit_hash(limit);
    until_ms = 0;
    pthread_mutex_lock(&upstream->lock);
    for (size_t i = 0; i < HOLDS_MAX; i++)
        if (upstream->holds[i].limit == hash)
            until_ms = upstream->holds[i].until_ms;
    pthread_mutex_unlock(&upstream->lock);
    return until_ms > now_ms ? until_ms - now_ms : 0;
}

/* ---- what it speaks ---- */

void upstream_note_streams(struct upstream *upstream, bool many)
{
    if (atomic_load(&upstream->single_streams) == many)
        atomic_store(&upstream->single_streams, !many);
}

bool upstream_has_single_streams(struct upstream *upstream)
{
    return atomic_load(&upstream->single_streams);
}
