/* SPDX-License-Identifier: Apache-2.0 */
#include "task/context.h"

#include <stddef.h>

/* Boost.Context's C interface, which its headers don't show. */
typedef void *fcontext_t;
typedef struct {
    fcontext_t from;
    void *data;
} transfer_t;
fcontext_t make_fcontext(void *stack_top, size_t size, void (*fn)(transfer_t));
transfer_t jump_fcontext(fcontext_t to, void *data);

/* The first frame on every stack. It must not return: there is nothing to return to. */
static void start(transfer_t transfer)
{
    struct context *context = transfer.data;
    fiber_arrive(&context->fiber);
    context->loop_at = transfer.from;
    context->fn(context->arg);
    fiber_leave(&context->fiber, true);
    jump_fcontext(context->loop_at, NULL);
    __builtin_unreachable();
}

void context_init(struct context *context, void *stack, void (*fn)(void *arg), void *arg)
{
    *context = (struct context){.fn = fn, .arg = arg};
    fiber_init(&context->fiber, stack, STACK_SIZE);
    context->task_at = make_fcontext((char *)stack + STACK_SIZE, STACK_SIZE, start);
}

void context_clear(struct context *context)
{
    fiber_clear(&context->fiber);
}

void context_enter(struct context *context)
{
    fiber_enter(&context->fiber);
    transfer_t transfer = jump_fcontext(context->task_at, context);
    context->task_at = transfer.from;
    fiber_back(&context->fiber);
}

void context_leave(struct context *context)
{
    fiber_leave(&context->fiber, false);
    transfer_t transfer = jump_fcontext(context->loop_at, NULL);
    context->loop_at = transfer.from;
    fiber_arrive(&context->fiber);
}
