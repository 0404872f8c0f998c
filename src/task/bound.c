/* SPDX-License-Identifier: Apache-2.0 */
#include "task/bound.h"

#include "task/task.h"

struct task_bound task_bound_begin(uint64_t time_max_ms)
{
    uint64_t left = task_current() ? task_time_left_ms() : 0;
    struct task_bound bound = {left, left < time_max_ms ? left : time_max_ms};
    if (left > 0)
        task_set_deadline(bound.share_ms);
    return bound;
}

void task_bound_end(const struct task_bound *bound)
{
    if (bound->left_ms == 0)
        return;
    if (bound->left_ms == UINT64_MAX) {
        task_set_deadline(0);
        return;
    }
    uint64_t rest = task_time_left_ms() + (bound->left_ms - bound->share_ms);
    task_set_deadline(rest > 0 ? rest : 1);
}
