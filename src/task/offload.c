/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pool: threads of our own rather than libuv's, because its queue has no limit, its size is
 * an environment variable's, and a job that has not begun must be taken back at once when its
 * task is cancelled. A job lives on the stack of its task, which waits until the job has run or
 * was taken back.
 *
 * Callers are served in turn: jobs stand in the lane of their task's caller, and of the lanes with
 * jobs each gives one before any gives its next. A caller's thousand jobs hold up another's one no
 * longer than the jobs that have begun.
 *
 * Threads are started when a job finds none idle, up to the limit, and stay until the last loop
 * is freed.
 */
#include "task/task_priv.h"

#include <assert.h>
#include <limits.h>
#include <stdlib.h>

#include "core/alloc.h"

/* libpg_query recurses deeply; only touched pages cost memory. */
#define OFFLOAD_STACK_SIZE ((size_t)8 * 1024 * 1024)

struct job {
    void (*fn)(void *arg);
    void *arg;
    struct loop *loop;
    struct log_context log;
    struct loop_message done;
    struct task_event ended;
    bool begun; /* under the pool's lock */
    struct lane *lane;
    struct job *next;
    struct job *previous;
};

struct lane {
    struct job *first, *last;
    struct lane *next; /* in the ring */
    bool in_ring;      /* taken out when its turn finds it empty */
};

static struct {
    pthread_mutex_t lock;
    pthread_cond_t work;
    pthread_cond_t stopped;
    unsigned users;
    unsigned threads_max;
    unsigned queue_max;
    unsigned threads;
    unsigned idle;
    unsigned queued;
    unsigned running;
    bool stopping;
    pthread_t ids[OFFLOAD_THREADS_MAX];
    struct lane lanes[OFFLOAD_LANES];
    struct lane *ring_first, *ring_last; /* in the order of their turns */
} pool = {
    .lock = PTHREAD_MUTEX_INITIALIZER,
    .work = PTHREAD_COND_INITIALIZER,
    .stopped = PTHREAD_COND_INITIALIZER,
    .threads_max = OFFLOAD_THREADS_DEFAULT,
    .queue_max = OFFLOAD_QUEUE_DEFAULT,
};

void task_offload_limits(unsigned threads_max, unsigned queue_max)
{
    assert(threads_max > 0 && threads_max <= OFFLOAD_THREADS_MAX);
    pthread_mutex_lock(&pool.lock);
    pool.threads_max = threads_max;
    pool.queue_max = queue_max;
    pthread_mutex_unlock(&pool.lock);
}

static void ring_add(struct lane *lane)
{
    lane->next = NULL;
    lane->in_ring = true;
    if (pool.ring_last)
        pool.ring_last->next = lane;
    else
        pool.ring_first = lane;
    pool.ring_last = lane;
}

static struct lane *ring_take(void)
{
    struct lane *lane = pool.ring_first;
    pool.ring_first = lane->next;
    if (!pool.ring_first)
        pool.ring_last = NULL;
    lane->in_ring = false;
    return lane;
}

static void append(struct job *job)
{
    struct lane *lane = job->lane;
    job->next = NULL;
    job->previous = lane->last;
    if (lane->last)
        lane->last->next = job;
    else
        lane->first = job;
    lane->last = job;
    if (!lane->in_ring)
        ring_add(lane);
    pool.queued++;
}

static void take_out(struct job *job)
{
    struct lane *lane = job->lane;
    if (job->previous)
        job->previous->next = job->next;
    else
        lane->first = job->next;
    if (job->next)
        job->next->previous = job->previous;
    else
        lane->last = job->previous;
    pool.queued--;
}

/* Of the next lane that has one; some has. */
static struct job *take_next(void)
{
    struct lane *lane = ring_take();
    while (!lane->first)
        lane = ring_take();
    struct job *job = lane->first;
    take_out(job);
    if (lane->first)
        ring_add(lane);
    return job;
}

static void *work(void *unused)
{
    pthread_mutex_lock(&pool.lock);
    for (;;) {
        while (pool.queued == 0 && !pool.stopping) {
            pool.idle++;
            pthread_cond_wait(&pool.work, &pool.lock);
            pool.idle--;
        }
        if (pool.queued == 0)
            break;
        struct job *job = take_next();
        job->begun = true;
        pool.running++;
        pthread_mutex_unlock(&pool.lock);
        *log_context() = job->log;
        job->fn(job->arg);
        loop_send(job->loop, &job->done); /* the job is gone after this */
        pthread_mutex_lock(&pool.lock);
        pool.running--;
    }
    pthread_mutex_unlock(&pool.lock);
    return NULL;
}

/* Called with the lock held. False when there is no thread at all. One is started when the idle
 * ones all have a job in the queue already. */
static bool have_thread(void)
{
    if (pool.idle > pool.queued || pool.threads >= pool.threads_max)
        return pool.threads > 0;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, OFFLOAD_STACK_SIZE);
    if (pthread_create(&pool.ids[pool.threads], &attributes, work, NULL) == 0) {
        pthread_setname_np(pool.ids[pool.threads], "offload");
        pool.threads++;
    }
    pthread_attr_destroy(&attributes);
    return pool.threads > 0;
}

static bool submit(struct job *job, struct error *err)
{
    pthread_mutex_lock(&pool.lock);
    bool full = pool.queued + pool.running >= pool.threads_max + pool.queue_max;
    unsigned queued = pool.queued;
    bool ok = !full && have_thread();
    if (ok)
        append(job);
    pthread_mutex_unlock(&pool.lock);
    if (ok) {
        pthread_cond_signal(&pool.work); /* who wakes finds the lock free */
        return true;
    }
    if (full)
        return error_set(err, ERROR_FULL, "%u pieces of work wait already; try again later",
                         queued);
    return error_set(err, ERROR_FULL, "no thread can be started; try again later");
}

/* False when a thread has it already. */
static bool take_back(struct job *job)
{
    pthread_mutex_lock(&pool.lock);
    bool waits = !job->begun;
    if (waits)
        take_out(job);
    pthread_mutex_unlock(&pool.lock);
    return waits;
}

/* On the loop's thread. */
static void job_done(void *arg)
{
    struct job *job = arg;
    task_event_signal(&job->ended);
}

bool task_offload(void (*fn)(void *arg), void *arg, struct error *err)
{
    struct task *task = task_current();
    if (!task) {
        fn(arg);
        return true;
    }
    if (!task_check(err))
        return false;
    struct job job = {.fn = fn, .arg = arg, .loop = task_loop(task), .log = *log_context()};
    job.lane = &pool.lanes[task->caller % OFFLOAD_LANES];
    job.done = (struct loop_message){.fn = job_done, .arg = &job};
    if (!submit(&job, err))
        return false;
    if (task_event_wait(&job.ended, 0, err))
        return true;
    if (take_back(&job))
        return false;
    /* It has begun: its results are on this stack, so nothing but its end ends this wait. */
    task_event_wait_always(&job.ended);
    return true;
}

void task_offload_counts(unsigned *waiting, unsigned *running)
{
    pthread_mutex_lock(&pool.lock);
    *waiting = pool.queued;
    *running = pool.running;
    pthread_mutex_unlock(&pool.lock);
}

void offload_pool_ref(void)
{
    pthread_mutex_lock(&pool.lock);
    while (pool.stopping)
        pthread_cond_wait(&pool.stopped, &pool.lock);
    pool.users++;
    pthread_mutex_unlock(&pool.lock);
}

void offload_pool_unref(void)
{
    pthread_mutex_lock(&pool.lock);
    assert(pool.users > 0);
    unsigned threads = --pool.users == 0 ? pool.threads : 0;
    if (threads > 0) {
        pool.stopping = true;
        pthread_cond_broadcast(&pool.work);
    }
    pthread_mutex_unlock(&pool.lock);
    if (threads == 0)
        return;
    for (unsigned i = 0; i < threads; i++)
        pthread_join(pool.ids[i], NULL);
    pthread_mutex_lock(&pool.lock);
    pool.threads = 0;
    pool.stopping = false;
    pthread_cond_broadcast(&pool.stopped);
    pthread_mutex_unlock(&pool.lock);
}
