/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stacks for tasks: STACK_SIZE bytes (64 KiB; more under sanitizers) above a guard page, so that
 * an overflow is a crash and not somebody else's memory. Only touched pages cost memory. Each
 * loop keeps some stacks of ended tasks, because mapping costs more than the rest of a start.
 */
#ifndef QUERENT_TASK_STACK_H
#define QUERENT_TASK_STACK_H

#include <stddef.h>

#include "task/sanitizer.h"

#define STACKS_KEPT_MAX 256

/* The free stacks of a loop; each holds the pointer to the next in its highest bytes. Starts as
 * zeros. */
struct stacks {
    void *first;
    size_t count;
};

/* The lowest usable byte of a stack, or NULL: no memory, or too many mappings. */
void *stack_take(struct stacks *stacks);
void stack_give(struct stacks *stacks, void *stack);
/* Unmaps the free ones. */
void stacks_clear(struct stacks *stacks);
/* Bytes below a stack that can't be touched. */
size_t stack_guard_size(void);

#endif
