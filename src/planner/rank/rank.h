/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Three weighted sums of named numbers, learned by tools/planner/train.py: the ranker (which
 * candidate), the results (the same once the best few have been executed), and the sureness (the
 * chance that the winner is right).
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

#define WEIGHTED_MAX 256

/* sum of weight * clip((value - mean) / scale) */
struct weighted_sum {
    size_t count;
    float mean[WEIGHTED_MAX], inverse[WEIGHTED_MAX], weight[WEIGHTED_MAX];
};

struct rankers {
    struct weighted_sum ranker, results, sureness;
};

/* ERROR_INVALID when a name is not known or a number is wrong. */
bool rankers_read(const struct weights *weights, struct rankers *out, struct error *err);
double weighted_sum_score(const struct weighted_sum *sum, const float *values);
/* What one value adds to the sum. */
double weighted_sum_part(const struct weighted_sum *sum, const float *values, size_t i);

const char *result_feature_name(size_t feature);
const char *sureness_feature_name(size_t feature);

#endif
