/* SPDX-License-Identifier: Apache-2.0 */
/* The stack that Querent takes the place of (peers/plan-stack), as something to load beside it. */
#ifndef QUERENT_BENCH_PLAN_STACK_H
#define QUERENT_BENCH_PLAN_STACK_H

#include "bench.h"
#include "load.h"

/* What peers/plan-stack/peer.py says of what it has started. */
struct plan_stack {
    bool runs;
    int port;
    pid_t server, database;
    double start_us, memory_mb;
};

struct plan_stack plan_stack_of(struct bench_peer *peer);
/* CPU microseconds a request, with its database. NaN when it does not run. */
double plan_stack_cost(const struct plan_stack *stack, const struct load *load);

#endif
