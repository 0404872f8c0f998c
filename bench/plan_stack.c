/* SPDX-License-Identifier: Apache-2.0 */
#include "plan_stack.h"

#include <math.h>

struct plan_stack plan_stack_of(struct bench_peer *peer)
{
    double numbers[6];
    if (!bench_peer_round(peer, numbers, 6))
        return (struct plan_stack){0};
    return (struct plan_stack){true,       (int)numbers[0], (pid_t)numbers[1], (pid_t)numbers[2],
                               numbers[3], numbers[4]};
}

double plan_stack_cost(const struct plan_stack *stack, const struct load *load)
{
    if (!stack->runs)
        return NAN;
    double database = load_cpu_us(stack->database);
    struct load_cost cost = load_cost(stack->server, load);
    return cost.all + (load_cpu_us(stack->database) - database) / (double)load->requests;
}
