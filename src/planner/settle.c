/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When to stop trying candidates: what the rest could give is supposed, at its extremes, and where
 * none of that would change the decision there is nothing to be learned from executing them.
 */
#include <math.h>
#include <string.h>

#include "planner/alike.h"

#define LIKELY_ROWS 12

/* What the candidates that were not executed might give. */
enum rest {
    REST_UNKNOWN, /* as if they never were */
    REST_FAILS,
    REST_DIFFERS, /* each something else */
    REST_GANGS,   /* all the same, and nothing that was seen */
    REST_AGREES,  /* all what one gave that was seen, if they can */
    REST_TELLS,   /* those that differ from one in their order only: something; the others: never */
};

#define NOT_SEEN SIZE_MAX

struct supposition {
    enum rest rest;
    bool one_row, zero, empty;
    size_t seen;   /* which one is agreed with */
    size_t agrees; /* this one agrees with it, whatever the others do; NOT_SEEN: none */
    size_t told;   /* for REST_TELLS */
};

static void suppose_item(struct plan_state *state, size_t place, const struct supposition *s,
                         const struct plan_item *seen)
{
    struct plan_item *item = &state->items[place];
    bool agrees = place == s->agrees ||
                  (s->rest == REST_AGREES && plan_may_agree(state, place, s->seen));
    if (s->rest == REST_UNKNOWN ||
        (s->rest == REST_TELLS && !plan_differ_in_order_only(state, s->told, place)))
        return;
    item->observed = true;
    item->compared_count = 0;
    if (agrees) {
        item->result = seen->result;
        memcpy(item->facts, seen->facts, sizeof(item->facts));
        return;
    }
    item->result = s->rest == REST_GANGS || s->rest == REST_TELLS ? 1 : 1 + place;
    item->facts[RESULT_failed] = s->rest == REST_FAILS;
    item->facts[RESULT_one_row] = s->one_row;
    item->facts[RESULT_zero] = s->zero;
    item->facts[RESULT_empty] = s->empty;
    if (!s->empty)
        item->facts[RESULT_log_rows] = logf(1 + (s->one_row ? 1.0F : (float)LIKELY_ROWS));
}

static void decide_supposing(struct plan_state *state, double threshold,
                             const struct supposition *s, struct plan_decision *out)
{
    struct plan_item *seen = state->items;
    struct arena_mark mark = arena_mark(state->arena);
    state->items = arena_memdup(state->arena, seen, state->plan.candidate_count * sizeof(*seen));
    for (size_t i = 0; i < state->plan.candidate_count; i++)
        state->items[i].scored = false;
    for (size_t i = 0; i < state->plan.execute_max; i++)
        if (!seen[i].observed)
            suppose_item(state, i, s, &seen[s->seen]);
    plan_decide(&state->plan, threshold, state->arena, out);
    arena_rollback(state->arena, mark);
    state->items = seen;
}

static bool is_same(const struct plan_decision *a, const struct plan_decision *b)
{
    if (a->outcome != b->outcome || a->winner != b->winner || a->reading_count != b->reading_count)
        return false;
    for (size_t i = 0; i < a->reading_count; i++)
        if (a->readings[i] != b->readings[i])
            return false;
    return true;
}

static bool stays(struct plan_state *state, double threshold, const struct plan_decision *now,
                  struct supposition s)
{
    struct plan_decision then;
    decide_supposing(state, threshold, &s, &then);
    return is_same(now, &then);
}

/* Whatever they all do. */
static bool stays_with_all(struct plan_state *state, double threshold,
                           const struct plan_decision *now)
{
    static const struct supposition rest[] = {
        {.rest = REST_GANGS},   {.rest = REST_GANGS, .one_row = true},
        {.rest = REST_DIFFERS}, {.rest = REST_DIFFERS, .one_row = true},
        {.rest = REST_FAILS},   {.rest = REST_DIFFERS, .one_row = true, .zero = true},
        {.rest = REST_GANGS, .empty = true},
    };
    for (size_t i = 0; i < sizeof(rest) / sizeof(rest[0]); i++) {
        struct supposition s = rest[i];
        s.agrees = NOT_SEEN;
        if (!stays(state, threshold, now, s))
            return false;
    }
    return true;
}

/* Whichever of them, or all, agree with what was seen: the winner's rows or others. */
static bool stays_with_each(struct plan_state *state, double threshold,
                            const struct plan_decision *now)
{
    for (size_t seen = 0; seen < state->plan.execute_max; seen++) {
        if (!state->items[seen].observed || state->items[seen].facts[RESULT_failed] != 0)
            continue;
        struct supposition s = {.rest = REST_AGREES, .seen = seen, .agrees = NOT_SEEN};
        if (!stays(state, threshold, now, s))
            return false;
        for (size_t i = 0; i < state->plan.execute_max; i++) {
            s = (struct supposition){.rest = REST_DIFFERS, .seen = seen, .agrees = i};
            if (!state->items[i].observed && plan_may_agree(state, i, seen) &&
                !stays(state, threshold, now, s))
                return false;
        }
    }
    return true;
}

static bool has_seen_all(const struct plan_state *state)
{
    for (size_t i = 0; i < state->plan.execute_max; i++)
        if (!state->items[i].observed)
            return false;
    return true;
}

bool plan_decision_is_settled(struct plan_state *state, double threshold)
{
    struct plan_decision now;
    if (has_seen_all(state))
        return true;
    decide_supposing(state, threshold, &(struct supposition){.rest = REST_UNKNOWN}, &now);
    const struct plan_item *winner = &state->items[now.winner];
    if (now.outcome != PLAN_ANSWER || !winner->observed || winner->facts[RESULT_failed] != 0 ||
        winner->facts[RESULT_empty] != 0 || winner->facts[RESULT_all_null] != 0)
        return false;
    return stays_with_all(state, threshold, &now) && stays_with_each(state, threshold, &now);
}

size_t plan_next(struct plan *plan, double threshold)
{
    struct plan_state *state = (struct plan_state *)plan;
    struct plan_decision then;
    size_t first = 0, alike = 0;
    while (first < plan->execute_max && state->items[first].observed)
        first++;
    if (first == plan->execute_max)
        return SIZE_MAX;
    for (size_t i = first + 1; i < plan->execute_max; i++)
        alike += plan_differ_in_order_only(state, first, i);
    if (alike == 0)
        return first;
    struct supposition s = {.rest = REST_TELLS, .told = first, .agrees = NOT_SEEN};
    decide_supposing(state, threshold, &s, &then);
    bool tells = then.outcome == PLAN_ANSWER && then.winner < plan->execute_max &&
                 !state->items[then.winner].observed &&
                 plan_differ_in_order_only(state, first, then.winner);
    return tells ? then.winner : first;
}
