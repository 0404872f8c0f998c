/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Candidates: the likeliest sketches with their slots filled by the likeliest columns and
 * conditions, best sum of log-odds first. A candidate is a small record; query trees are built
 * only for those that are worth it.
 */
#ifndef QUERENT_PLANNER_RANK_CANDIDATE_H
#define QUERENT_PLANNER_RANK_CANDIDATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "planner/query.h"
#include "planner/rank/local_models.h"

#define CANDIDATES_MAX 60
#define CANDIDATE_COLUMNS_MAX 7
#define CANDIDATE_CONDITIONS_MAX 4

enum joining { JOINED_AND, JOINED_OR, JOINED_MIXED /* OR within a column, AND between */ };

struct candidate {
    double score; /* sum of log-odds of all choices */
    const struct sketch *sketch;
    float sketch_score;
    int plain[CANDIDATE_COLUMNS_MAX];
    size_t plain_count;
    int group[2];
    size_t group_count;
    int aggregate_columns[SKETCH_AGGREGATES_MAX]; /* -1: count(*) */
    int having_column;    /* -1: rows */
    int having_condition; /* -1: none */
    int order_column;     /* -1: rows, or no order */
    int64_t limit;        /* 0: none */
    int limit_condition;  /* -1 */
    int conditions[CANDIDATE_CONDITIONS_MAX];
    size_t condition_count;
    enum joining joining;
    int nested_column; /* -1 */
};

struct candidate_list {
    struct candidate *items; /* best first */
    size_t count;
};

void find_candidates(const struct delexed_question *question,
                     const struct sketch_table *sketches, const struct local_scores *scores,
                     const struct reading_list *conditions, struct arena *arena,
                     struct candidate_list *out);

/* Over one table: that of `dataset`. With `strict_groups` a selected column that is not aggregated
 * is grouped by, as most engines demand; SQLite takes any row's value. */
const struct query *candidate_query(const struct candidate *candidate,
                                    const struct dataset *dataset,
                                    const struct reading_list *conditions, bool strict_groups,
                                    struct arena *arena);

#endif
