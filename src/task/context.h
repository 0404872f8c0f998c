/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One coroutine: a stack and a place to go on from. The loop enters it, it leaves when it waits,
 * and the next context_enter() goes on behind that leave. The jumps are Boost.Context's (19 ns
 * there and back; ucontext's signal mask calls cost 550 ns).
 */
#ifndef QUERENT_TASK_CONTEXT_H
#define QUERENT_TASK_CONTEXT_H

#include "task/sanitizer.h"

struct context {
    void *task_at; /* where the task goes on; valid while it does not run */
    void *loop_at; /* where the loop goes on; valid while the task runs */
    void (*fn)(void *arg);
    void *arg;
    struct fiber fiber;
};

/* `stack` is STACK_SIZE bytes, borrowed. The first context_enter() calls fn(arg). */
void context_init(struct context *context, void *stack, void (*fn)(void *arg), void *arg);
/* After fn returned; not from inside. */
void context_clear(struct context *context);
/* Runs the coroutine until it leaves or fn returns. */
void context_enter(struct context *context);
/* Called inside: back to who entered. Returns at the next context_enter(). */
void context_leave(struct context *context);

#endif
