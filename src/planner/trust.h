/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sureness: how likely the decision is right, learned by tools/planner/sureness.py from what
 * the program decided on databases that its other weights never saw.
 *
 * Three situations have weights of their own, because the same facts mean different things in them:
 * a learned reading gives the winner's rows; only rules do; there was a question before. What the
 * facts are, rank/rank.h lists (TRUST_FEATURES).
 */
#ifndef QUERENT_PLANNER_TRUST_H
#define QUERENT_PLANNER_TRUST_H

#include "planner/plan.h"

/* The likeliest candidate, and the likeliest one with other rows (SIZE_MAX: none). */
struct plan_choice {
    size_t winner, second;
    double chance, second_chance;
};

enum trust_situation plan_trust_features(const struct plan_state *state,
                                         const struct plan_choice *choice,
                                         float out[TRUST_FEATURE_COUNT]);

/* The chance that the choice is right: its own where the weights hold nothing about the situation.
 * A doubt that no training question tells of (a name that is nowhere in the data, a word or a time
 * that the query takes no notice of) is never talked away. *explanation, when not NULL, gets the
 * facts as "name=value". */
double plan_sureness(const struct plan_state *state, const struct plan_choice *choice,
                     struct arena *arena, const char **explanation);

#endif
