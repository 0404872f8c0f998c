/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loops and tasks.
 *
 * A loop is a libuv loop on one thread. A task is a stackful coroutine on a loop (64 KiB of stack
 * and a guard page; Boost.Context switches) that runs straight-line code and waits without
 * blocking: between two waits nothing else runs on its loop, so tasks of one loop need no locks
 * among themselves. A task stays on its loop for life.
 *
 * Functions that may wait carry TASK_WAITS. Every wait ends with an error when the task was
 * cancelled (ERROR_CANCELLED) or its deadline passed (ERROR_DEADLINE); the code then unwinds as
 * for any other error. No task is killed from outside. Once cancelled or late, every further wait
 * fails at once, except inside task_shielded work (saving the outcome).
 *
 * Rules for code in a task: frames under 4 KB, no deep recursion, no lock, errno, thread-local or
 * static buffer kept across a wait, and nothing that blocks: SQLite, files, hashing, DuckDB, or
 * over 10 ms of CPU go through task_offload(), whose threads have normal stacks.
 */
#ifndef QUERENT_TASK_TASK_H
#define QUERENT_TASK_TASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

#define TASK_WAITS /* marks functions that may switch to another task */

struct loop;
struct task;
typedef struct uv_loop_s uv_loop_t;

/* The loop is owned by the caller and used on the calling thread only. */
struct loop *loop_new(struct error *err);
/* Runs until no task is left and nothing else keeps the libuv loop alive, or loop_stop(). */
void loop_run(struct loop *loop);
void loop_stop(struct loop *loop);
/* All tasks must have ended and all handles on loop_uv() be closed. NULL is allowed. */
void loop_free(struct loop *loop);
/* For drivers that watch descriptors or processes themselves. */
uv_loop_t *loop_uv(struct loop *loop);
/*
 * For drivers with something of their own on each loop: loop_free() calls release(object) first, while
 * libuv handles can still be closed. The release function tells the kinds apart: one object of each.
 */
void loop_attach(struct loop *loop, void (*release)(void *object), void *object);
void *loop_attached(struct loop *loop, void (*release)(void *object)); /* NULL: none yet */
/* The only function here that other threads may call: runs fn(arg) on the loop's thread soon. */
void loop_post(struct loop *loop, void (*fn)(void *arg), void *arg);

struct task_options {
    const char *name;     /* for logs; borrowed for the task's life */
    uint64_t deadline_ms; /* from now; 0 = none */
};

/* Starts fn(arg) at the loop's next turn. The task frees itself when fn returns and the last
 * reference is gone. Returns a borrowed pointer that is valid until fn has returned; take a
 * reference with task_ref() to keep it longer. NULL when no stack could be had (ERROR_FULL). */
struct task *task_start(struct loop *loop, const struct task_options *options,
                        void (*fn)(void *arg), void *arg, struct error *err);
struct task *task_ref(struct task *task);
void task_unref(struct task *task);

/* The running task, or NULL outside of any. */
struct task *task_current(void);
struct loop *task_loop(struct task *task);
const char *task_name(const struct task *task);

/* For whom the running task, and those that it starts from now on, work: a user's id. Callers' work
 * goes through task_offload() in turn. */
void task_set_caller(const char *caller);

/* Asks a task of the same loop to stop: its wait, or its next one, fails with ERROR_CANCELLED.
 * One that has not begun begins all the same. */
void task_cancel(struct task *task);
/* Milliseconds until the deadline of the running task, or until the end of its shield
 * (0 = passed, UINT64_MAX = none, or not in a task). */
uint64_t task_time_left_ms(void);
/* Fails if the running task was cancelled or is late; true outside of a task. For long loops. */
bool task_check(struct error *err);
/* Moves the running task's deadline; 0 = none. */
void task_set_deadline(uint64_t deadline_ms);

/* Outside of a task it blocks the thread. */
TASK_WAITS bool task_sleep(uint64_t duration_ms, struct error *err);
/* Lets others run. */
TASK_WAITS bool task_yield(struct error *err);
/* Waits until `other`, a task of the same loop, has ended. It must be referenced, unless it can't
 * have ended before the call. */
TASK_WAITS bool task_join(struct task *other, struct error *err);

/*
 * Runs fn(arg) on a thread of the bounded pool and waits for it. When the task is cancelled or
 * late before fn began, fn never runs and the error is returned; once begun, the wait lasts until
 * fn returns (it may use the task's stack), so fn must be bounded. True means that fn ran, false
 * that it did not. Callers (task_set_caller()) are served in turn. A full queue gives ERROR_FULL.
 * Outside of a task fn runs directly. The threads have 8 MB of stack.
 */
TASK_WAITS bool task_offload(void (*fn)(void *arg), void *arg, struct error *err);
#define OFFLOAD_THREADS_MAX 64
#define OFFLOAD_THREADS_DEFAULT 4
#define OFFLOAD_QUEUE_DEFAULT 16384
/* Callers whose hashes meet share a lane, and their turns: seldom. Only lanes that are used cost memory. */
#define OFFLOAD_LANES 4096
/* The limits of the pool, for all loops of the process: call it before the first loop. */
void task_offload_limits(unsigned threads_max, unsigned queue_max);
/* How many functions wait for a thread and have one, now. */
void task_offload_counts(unsigned *waiting, unsigned *running);

/* Between begin and end, waits of the running task ignore cancel and deadline, for at most
 * `time_max_ms`: to save how a run ended. Does not nest. */
void task_shield_begin(uint64_t time_max_ms);
void task_shield_end(void);

/*
 * The wait that all others are made of: one task waits until someone on the same loop signals.
 *     struct task_event event = {0};
 *     ... start something whose callback calls task_event_signal(&event) ...
 *     if (!task_event_wait(&event, timeout_ms, err)) ... stop that something ...
 * A signal before the wait is kept, and a wait that succeeds uses it up. timeout_ms 0 means none; a
 * time-out gives ERROR_DEADLINE. After a failed wait the event must not be signalled any more once
 * its memory is gone.
 */
struct task_event {
    struct task *waiter;
    bool signalled;
};
TASK_WAITS bool task_event_wait(struct task_event *event, uint64_t timeout_ms, struct error *err);
/* Waits in a task until the signal, cancelled or late or not: for a signal that is sure to come
 * soon, from someone who still uses the task's stack. */
TASK_WAITS void task_event_wait_always(struct task_event *event);
void task_event_signal(struct task_event *event);

/*
 * For main(), commands and unit tests: makes a loop, runs fn(arg) as its first task and the loop
 * until all tasks have ended. Returns what fn returned.
 */
bool task_run_main(const struct task_options *options, bool (*fn)(void *arg, struct error *err),
                   void *arg, struct error *err);

#endif
