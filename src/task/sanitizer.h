/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the sanitizers want to know about switches between stacks. ASan must learn which stack is
 * in use (else it takes a task's frames for wild memory), TSan takes every task for a thread of
 * its own. Without a sanitizer all of this is empty. Each switch is two calls: one before the
 * jump and one on the other side:
 *
 *     loop:  fiber_enter() jump ... fiber_back()
 *     task:  fiber_arrive() ... fiber_leave() jump ... fiber_arrive() ... fiber_leave(last)
 */
#ifndef QUERENT_TASK_SANITIZER_H
#define QUERENT_TASK_SANITIZER_H

#include <stdbool.h>
#include <stddef.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define FIBERS_ASAN 1
#endif
#if __has_feature(thread_sanitizer)
#define FIBERS_TSAN 1
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#define FIBERS_ASAN 1
#endif
#ifdef __SANITIZE_THREAD__
#define FIBERS_TSAN 1
#endif

#if defined(FIBERS_ASAN)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>

/* Redzones make frames several times bigger. */
#define STACK_SIZE ((size_t)256 * 1024)

struct fiber {
    const void *stack;
    size_t size;
    void *task_frames; /* ASan's bookkeeping of the side that does not run */
    void *loop_frames;
    const void *loop_stack;
    size_t loop_size;
};

/* A stack that is used again may still be marked by the frames of its last user. */
static inline void fiber_init(struct fiber *fiber, void *stack, size_t size)
{
    *fiber = (struct fiber){.stack = stack, .size = size};
    __asan_unpoison_memory_region(stack, size);
}

static inline void fiber_clear(struct fiber *fiber)
{
    __asan_unpoison_memory_region(fiber->stack, fiber->size);
}

static inline void fiber_enter(struct fiber *fiber)
{
    __sanitizer_start_switch_fiber(&fiber->loop_frames, fiber->stack, fiber->size);
}

static inline void fiber_back(struct fiber *fiber)
{
    __sanitizer_finish_switch_fiber(fiber->loop_frames, NULL, NULL);
}

static inline void fiber_arrive(struct fiber *fiber)
{
    __sanitizer_finish_switch_fiber(fiber->task_frames, &fiber->loop_stack, &fiber->loop_size);
}

static inline void fiber_leave(struct fiber *fiber, bool last)
{
    __sanitizer_start_switch_fiber(last ? NULL : &fiber->task_frames, fiber->loop_stack,
                                   fiber->loop_size);
}

#elif defined(FIBERS_TSAN)
#include <sanitizer/tsan_interface.h>

#define STACK_SIZE ((size_t)256 * 1024)

struct fiber {
    void *task;
    void *loop;
};

static inline void fiber_init(struct fiber *fiber, void *stack, size_t size)
{
    *fiber = (struct fiber){.task = __tsan_create_fiber(0)};
}

static inline void fiber_clear(struct fiber *fiber)
{
    __tsan_destroy_fiber(fiber->task);
}

static inline void fiber_enter(struct fiber *fiber)
{
    fiber->loop = __tsan_get_current_fiber();
    __tsan_switch_to_fiber(fiber->task, 0);
}

static inline void fiber_back(struct fiber *fiber)
{
}

static inline void fiber_arrive(struct fiber *fiber)
{
}

static inline void fiber_leave(struct fiber *fiber, bool last)
{
    __tsan_switch_to_fiber(fiber->loop, 0);
}

#else

#define STACK_SIZE ((size_t)64 * 1024)

struct fiber {
    char unused;
};

static inline void fiber_init(struct fiber *fiber, void *stack, size_t size)
{
}

static inline void fiber_clear(struct fiber *fiber)
{
}

static inline void fiber_enter(struct fiber *fiber)
{
}

static inline void fiber_back(struct fiber *fiber)
{
}

static inline void fiber_arrive(struct fiber *fiber)
{
}

static inline void fiber_leave(struct fiber *fiber, bool last)
{
}

#endif
#endif
