/* SPDX-License-Identifier: Apache-2.0 */
/* What the files that make the ranker's features share. */
#ifndef QUERENT_PLANNER_RANK_RANKING_CONTEXT_H
#define QUERENT_PLANNER_RANK_RANKING_CONTEXT_H

#include "planner/rank/ranking_features.h"

#define STRONGEST_CONDITIONS 12

/* What is the same for all candidates of a question. */
struct context {
    const struct delexed_question *question;
    const struct links *links;
    const struct dataset_index *index;
    const struct local_scores *scores;
    const struct reading_list *conditions;
    size_t tokens, columns;
    double best_score;
    float left_out[COLUMN_USES]; /* sum over all columns of log(1 - p) */
    float *left_out_any;         /* log(1 - the highest p) of each column */
    float left_out_any_sum;
    int strongest[STRONGEST_CONDITIONS]; /* likeliest conditions */
    size_t strongest_count;
    uint64_t cues;      /* all cue classes of the question */
    uint64_t open_cues; /* without those inside a column's name */
    bool or_said;
};

/* What one candidate uses. */
struct usage {
    const struct candidate *candidate;
    float *out;     /* its features */
    bool *covered;  /* tokens that it explains */
    unsigned *uses; /* bits of enum column_use for each column */
    int columns[CANDIDATE_COLUMNS_MAX * 4];
    size_t column_count;
    int conditions[CANDIDATE_CONDITIONS_MAX + 2]; /* with those of HAVING and LIMIT */
    size_t condition_count;
};

const struct reading *context_condition(const struct context *q, int condition);
/* The surest mention of a column; NULL when there is none. */
const struct mention *context_best_mention(const struct context *q, size_t column);

/* ---- cue words (ranking_cues.c); each adds its features */

void usage_add_cues(const struct context *q, struct usage *u);
void usage_add_direction(const struct context *q, struct usage *u);
void usage_add_operators(const struct context *q, struct usage *u);
void usage_add_aggregate_words(const struct context *q, struct usage *u);

#endif
