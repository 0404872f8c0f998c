/* SPDX-License-Identifier: Apache-2.0 */
#include "task/stack.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

size_t stack_guard_size(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

static char *link_of(void *stack)
{
    return (char *)stack + STACK_SIZE - sizeof(void *);
}

void *stack_take(struct stacks *stacks)
{
    if (stacks->first) {
        void *stack = stacks->first;
        memcpy(&stacks->first, link_of(stack), sizeof(void *));
        stacks->count--;
        return stack;
    }
    size_t guard = stack_guard_size();
    char *memory = mmap(NULL, guard + STACK_SIZE, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
    if (memory == MAP_FAILED)
        return NULL;
    if (mprotect(memory, guard, PROT_NONE) != 0) {
        munmap(memory, guard + STACK_SIZE);
        return NULL;
    }
    return memory + guard;
}

static void unmap(void *stack)
{
    size_t guard = stack_guard_size();
    munmap((char *)stack - guard, guard + STACK_SIZE);
}

void stack_give(struct stacks *stacks, void *stack)
{
    if (stacks->count == STACKS_KEPT_MAX) {
        unmap(stack);
        return;
    }
    memcpy(link_of(stack), &stacks->first, sizeof(void *));
    stacks->first = stack;
    stacks->count++;
}

void stacks_clear(struct stacks *stacks)
{
    while (stacks->first)
        unmap(stack_take(stacks));
}
