/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/planner_shop.h"
#include "planner/planner.h"

/* The first byte chooses the dataset and the dialect; the rest is the question. Whatever it is,
 * the plan's statements print, and a decision comes with its sentence. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static struct planner *planner;
    static struct plan_dataset choice[3];
    struct error err = {0};
    if (!planner) {
        const struct dataset *all[] = {&shop_orders, &shop_customers, &shop_products};
        planner = planner_open(getenv("QUERENT_WEIGHTS"), getenv("QUERENT_EMBEDDINGS"), &err);
        if (!planner) {
            fprintf(stderr, "%s\n", err.message);
            abort();
        }
        for (size_t i = 0; i < 3; i++)
            choice[i] = (struct plan_dataset){all[i], dataset_index_new(planner, all[i]), 0.5};
    }
    if (size == 0)
        return 0;
    struct arena *arena = arena_new();
    struct plan_request request = {
        .question = {(const char *)bytes + 1, size - 1},
        .datasets = choice + bytes[0] % 3,
        .dataset_count = 1,
        .calendar = {"2026-11-22", 1, 1},
        .dialect = bytes[0] & 4 ? DIALECT_DUCKDB : DIALECT_SQLITE,
    };
    struct plan *plan = planner_read(planner, &request, arena, &err);
    if (!plan && err.code == ERROR_NONE)
        abort();
    if (plan && plan->meta.kind == PLAN_META_NONE) {
        struct plan_decision decision;
        struct rows empty = {0};
        for (size_t i = 0; i < plan->candidate_count; i++) {
            if (!plan->candidates[i].sql || !plan->candidates[i].reading)
                abort();
            plan_observe(plan, i, i % 3 == 2 ? NULL : &empty);
        }
        plan_decide(plan, 0.6, arena, &decision);
        if (decision.outcome != PLAN_ANSWER && !decision.sentence)
            abort();
    }
    arena_free(arena);
    return 0;
}
