/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of task/ share.
 *
 *     task_start ──► READY ──► RUNNING ──► ENDED (memory goes with the last reference)
 *                      ▲          │
 *                      └─ WAITING ◄┘   woken by an event, its timer, or task_cancel()
 *
 * Every wait is a loop of "is it there? may I go on waiting? park": a wake-up without reason is
 * harmless, so wakers need not agree on who was first.
 */
#ifndef QUERENT_TASK_TASK_PRIV_H
#define QUERENT_TASK_TASK_PRIV_H

#include <pthread.h>
#include <uv.h>

#include "core/log.h"
#include "task/context.h"
#include "task/stack.h"
#include "task/task.h"

#define LOOP_MAGIC 0x6c6f6f70u
#define TASK_MAGIC 0x7461736bu
#define TIME_NEVER UINT64_MAX
/* A task that runs longer without waiting delays all others of its loop. */
#define TASK_SLICE_MAX_MS 20

/* A call to make on a loop's thread, made by any thread. */
struct loop_message {
    void (*fn)(void *arg);
    void *arg;
    struct loop_message *next;
};

/* What a driver has hung on a loop. */
struct loop_attachment {
    void (*release)(void *object);
    void *object;
    struct loop_attachment *next;
};

struct loop {
    uint32_t magic;
    pthread_t thread;
    uv_loop_t uv;
    uv_idle_t turn;    /* active while tasks are ready: runs them, keeps the poll from waiting */
    uv_async_t wakeup; /* messages came; referenced while tasks exist, so that the loop waits */
    struct task *ready_first;
    struct task *ready_last;
    size_t tasks;
    struct stacks stacks;
    bool stopped;
    struct loop_attachment *attachments;
    pthread_mutex_t lock; /* of the messages only */
    struct loop_message *message_first;
    struct loop_message *message_last;
};

enum task_state { TASK_READY, TASK_RUNNING, TASK_WAITING, TASK_ENDED };

struct task {
    uint32_t magic;
    enum task_state state;
    struct loop *loop;
    struct task *ready_next;
    unsigned references;
    const char *name;
    void (*fn)(void *arg);
    void *arg;
    struct context context;
    void *stack;
    uv_timer_t timer;
    uint64_t deadline_ms; /* absolute, TIME_NEVER: none */
    uint64_t shield_ms;   /* absolute end of the shield; 0: no shield */
    bool cancelled;
    bool slow_logged;
    uint64_t caller; /* a hash; 0: nobody's */
    struct log_context log;
    struct joiner *joiners;
};

/* Queues the message; it is borrowed until fn was called. From any thread. */
void loop_send(struct loop *loop, struct loop_message *message);
/* Puts a ready task at the end of the line. */
void loop_make_ready(struct loop *loop, struct task *task);

/* The log context of the running task, or NULL. */
struct log_context *task_log_context(void);
/* Runs the task until it waits or ends. */
void task_resume(struct task *task);
/* Puts the running task aside until task_wake() or the absolute time; may return early. */
void task_park(struct task *task, uint64_t until_ms);
/* Only from the loop's thread; does nothing unless the task waits. */
void task_wake(struct task *task);

/* The pool lives from the first loop to the last. */
void offload_pool_ref(void);
void offload_pool_unref(void);

#endif
