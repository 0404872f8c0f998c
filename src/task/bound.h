/* SPDX-License-Identifier: Apache-2.0 */
/* A part of the running task's time for a part of its work. */
#ifndef QUERENT_TASK_BOUND_H
#define QUERENT_TASK_BOUND_H

#include <stdint.h>

struct task_bound {
    uint64_t left_ms, share_ms; /* left: UINT64_MAX where the task had no deadline */
};

/* From here on the task has at most that time. Outside of a task nothing is bounded. */
struct task_bound task_bound_begin(uint64_t time_max_ms);
/* What was left before, less what has passed. */
void task_bound_end(const struct task_bound *bound);

#endif
