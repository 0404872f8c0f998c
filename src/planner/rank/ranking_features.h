/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the ranker sees of a candidate: named numbers. The weights file has a weight for each name;
 * --explain shows them.
 */
#ifndef QUERENT_PLANNER_RANK_RANKING_FEATURES_H
#define QUERENT_PLANNER_RANK_RANKING_FEATURES_H

#include <stddef.h>

#include "planner/rank/candidate.h"

/* log_in: sum of log p of the columns used so; log_out: of log(1 - p) of the others. */
#define RANKING_USE_FEATURES(X, use) X(log_in_##use) X(log_out_##use) X(log_least_##use)
/* lacks: the question has the cue, the candidate not; uncalled: the other way round. */
#define RANKING_CUE_FEATURES(X, cue) X(lacks_##cue) X(uncalled_##cue) X(agrees_##cue)

#define RANKING_FEATURES(X)                                                                        \
    X(score) X(score_below_best) X(sketch_log) X(part_select) X(part_distinct) X(part_where)       \
    X(part_group) X(part_having) X(part_order) X(part_limit)                                       \
    X(conditions_log) X(condition_least) X(conditions_left_log) X(condition_left_most)             \
    X(condition_count)                                                                             \
    RANKING_USE_FEATURES(X, select) RANKING_USE_FEATURES(X, aggregate)                             \
    RANKING_USE_FEATURES(X, where) RANKING_USE_FEATURES(X, group)                                  \
    RANKING_USE_FEATURES(X, order) RANKING_USE_FEATURES(X, nested)                                 \
    X(log_out_any) X(log_out_any_most)                                                             \
    X(plain_count) X(group_not_selected) X(selected_and_filtered) X(selected_and_ordered)          \
    X(aggregated_and_filtered) X(unread_words) X(unread_unknown) X(unread_strong_columns)          \
    X(unread_columns) X(unread_numbers) X(unread_quotes) X(unread_values) X(unread_capitals)       \
    X(unmentioned_columns) X(weak_columns) X(link_sum) X(link_least) X(selects_name)               \
    X(selects_key) X(groups_by_unique) X(counts_distinct_unique) X(averages_text)                  \
    X(extreme_of_text) X(orders_text) X(orders_text_limited) X(aggregates_key)                     \
    X(by_exact) X(by_stem) X(by_part) X(by_parts) X(by_initial) X(by_short) X(by_alike)            \
    X(by_spelling) X(by_like_part) X(by_number) X(by_date) X(by_year) X(by_null) X(by_between)     \
    X(by_pattern) X(by_unmatched)                                                                  \
    X(joined_or) X(joined_or_said) X(other_case) X(selects_constant) X(uses_empty)                 \
    X(selects_fixed) X(distinct_of_unique) X(size) X(set_operation) X(conditions_share_column)     \
    X(contradiction)                                                                               \
    RANKING_CUE_FEATURES(X, average) RANKING_CUE_FEATURES(X, sum)                                  \
    RANKING_CUE_FEATURES(X, maximum) RANKING_CUE_FEATURES(X, minimum)                              \
    RANKING_CUE_FEATURES(X, count) RANKING_CUE_FEATURES(X, distinct)                               \
    RANKING_CUE_FEATURES(X, each) RANKING_CUE_FEATURES(X, negation)                                \
    RANKING_CUE_FEATURES(X, everything) RANKING_CUE_FEATURES(X, between)                           \
    RANKING_CUE_FEATURES(X, alphabetic) RANKING_CUE_FEATURES(X, order)                             \
    RANKING_CUE_FEATURES(X, both)                                                                  \
    X(superlative_agrees) X(superlative_uncalled) X(latest_without_date) X(direction_agrees)       \
    X(direction_default) X(superlative_unused) X(maximum_uncued) X(minimum_uncued)                 \
    X(extreme_contradicts) X(operator_agrees) X(operator_differs) X(operator_uncued)               \
    X(equals_uncued) X(shared_words) X(shared_weaker) X(dominated) X(aggregate_count)              \
    X(aggregates_columns) X(aggregates_differ) X(aggregate_distance) X(group_after_each)                     \
    X(selects_unsaid_name) X(selects_unsaid_other) X(selects_only_unsaid)

enum ranking_feature {
#define X(name) RANKING_##name,
    RANKING_FEATURES(X)
#undef X
    RANKING_FEATURE_COUNT
};

struct ranking_features {
    float values[RANKING_FEATURE_COUNT];
};

const char *ranking_feature_name(size_t feature);

/* The features of every candidate of a question. */
void ranking_features(const struct delexed_question *question,
                      const struct local_scores *scores, const struct reading_list *conditions,
                      const struct candidate_list *candidates, struct arena *arena,
                      struct ranking_features *out);

#endif
