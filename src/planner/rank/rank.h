/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Weighted sums of named numbers, learned by tools/planner: the ranker (which candidate), the
 * results (the same once the best few have been executed), the sureness (the chance that a learned
 * reading is right), and the trust (the chance that the decision is, whatever made it).
 */
#ifndef QUERENT_PLANNER_RANK_RANK_H
#define QUERENT_PLANNER_RANK_RANK_H

#include "core/error.h"
#include "planner/rank/ranking_features.h"
#include "planner/rank/weights.h"

/* What is known of a candidate once it has been executed. */
#define RESULT_FEATURES(X)                                                                         \
    X(rank) X(failed) X(empty) X(one_row) X(all_rows) X(log_rows) X(all_null) X(some_null) X(zero) \
    X(vote) /* share of the ranker's probability that has the same result */

/* What tells how far the winner is to be trusted. */
#define SURENESS_FEATURES(X)                                                                       \
    X(same_result) X(margin) X(sketch_log) X(condition_least) X(unread_words) X(unread_unknown)    \
    X(unread_values) X(unread_names) X(winner_empty) X(log_out_any) X(log_in_select) X(log_least_select)           \
    X(link_least) X(unknown_share) X(top_probability) X(unread_columns) X(condition_count)         \
    X(word_count) X(linked_share) X(rules_agree) X(rules_differ) X(score) X(one)

/* What tells how far the decision is to be trusted, readings by rules and follow-ups included. */
#define TRUST_FEATURES(X)                                                                          \
    X(chance) X(margin) X(learned) X(prior) X(rules) X(beyond) X(learned_agrees)                   \
    X(learned_differs) X(rules_agree) X(rules_differ) X(vote) X(unread) X(unheard) X(misses_time)  \
    X(repeats) X(empty) X(one_row) X(all_rows) X(log_rows) X(all_null) X(some_null) X(zero)        \
    X(words) X(unknown_share) X(linked_share) X(terse) X(assumptions) X(periods) X(follow_up)      \
    X(later_turn) X(lean) X(joined) X(joined_more) X(columns) X(aggregates) X(other_items)         \
    X(groups) X(conditions) X(having) X(ordered) X(limited) X(distinct) X(nested) X(elsewhere)       \
    X(left_out) X(left_out_plainly) X(unlinked) X(pronoun) X(refers_alone)          \
    X(short_words) X(short_edit) X(unasked) X(key_sum) X(one)

enum result_feature {
#define X(name) RESULT_##name,
    RESULT_FEATURES(X)
#undef X
    RESULT_FEATURE_COUNT
};

enum sureness_feature {
#define X(name) SURENESS_##name,
    SURENESS_FEATURES(X)
#undef X
    SURENESS_FEATURE_COUNT
};

enum trust_feature {
#define X(name) TRUST_##name,
    TRUST_FEATURES(X)
#undef X
    TRUST_FEATURE_COUNT
};

#define WEIGHTED_MAX 256

/* sum of weight * clip((value - mean) / scale) */
struct weighted_sum {
    size_t count;
    bool learned; /* it has any weight */
    float mean[WEIGHTED_MAX], inverse[WEIGHTED_MAX], weight[WEIGHTED_MAX];
};

/* What the decision's sureness is learned for, each apart (planner/trust.h). */
enum trust_situation { SITUATION_LEARNED, SITUATION_RULES, SITUATION_LATER };

struct rankers {
    struct weighted_sum ranker, results, sureness, trust[TRUST_SITUATIONS];
};

/* ERROR_INVALID when a name is not known or a number is wrong. */
bool rankers_read(const struct weights *weights, struct rankers *out, struct error *err);
double weighted_sum_score(const struct weighted_sum *sum, const float *values);
/* What one value adds to the sum. */
double weighted_sum_part(const struct weighted_sum *sum, const float *values, size_t i);

const char *result_feature_name(size_t feature);
const char *sureness_feature_name(size_t feature);
const char *trust_feature_name(size_t feature);

#endif
