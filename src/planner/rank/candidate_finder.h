/* SPDX-License-Identifier: Apache-2.0 */
/* What the files that look for candidates share: options for the slots of a sketch. */
#ifndef QUERENT_PLANNER_RANK_CANDIDATE_FINDER_H
#define QUERENT_PLANNER_RANK_CANDIDATE_FINDER_H

#include "planner/rank/candidate.h"

#define OPTIONS_MAX 16 /* of one kind of slot */
#define TOP_COLUMNS 7
#define PLAIN_SETS_MAX 10

/* A few columns or conditions with the sum of their log-odds. */
struct subset {
    double score;
    int items[CANDIDATE_COLUMNS_MAX];
    size_t count;
};

enum slot { SLOT_COLUMNS, SLOT_AGGREGATES, SLOT_HAVING, SLOT_ORDER, SLOT_LIMIT, SLOT_WHERE, SLOTS };

/* One way to fill one kind of slot. */
struct option {
    double score;
    struct subset plain;
    int group[2];
    int aggregates[SKETCH_AGGREGATES_MAX];
    int column;    /* HAVING, ORDER, nested */
    int condition; /* HAVING, LIMIT */
    struct subset conditions;
    enum joining joining;
};

struct option_list {
    struct option items[OPTIONS_MAX];
    size_t count;
};

struct combination {
    double score;
    uint8_t option[SLOTS];
};

struct finder {
    const struct delexed_question *question;
    const struct sketch_table *sketches;
    const struct local_scores *scores;
    const struct reading_list *conditions;
    struct arena *arena;
    size_t columns;
    double (*use)[COLUMN_USES]; /* log-odds */
    double *condition;          /* log-odds */
    int top[COLUMN_USES][TOP_COLUMNS];
    size_t top_count;
    struct subset plain[PLAIN_SETS_MAX]; /* best sets of selected columns */
    size_t plain_count;
    struct subset *sets; /* best sets of conditions */
    size_t set_count;
    int having[3], limits[2];
    size_t having_count, limit_count;
    struct option_list *options; /* SLOTS of them, for the sketch at hand */
    struct candidate *found;
    uint64_t *seen; /* hashes of what was found */
    size_t found_count, found_capacity, seen_capacity;
    double best[CANDIDATES_MAX]; /* scores of the best found, highest first */
    size_t best_count;
};

static inline size_t at_most(size_t count, size_t max)
{
    return count < max ? count : max;
}

/* ---- what is likely (candidate_sets.c) */

/* The places of the `max` highest of `count` scores, highest first. */
size_t places_of_highest(const double *scores, size_t stride, size_t count, size_t max, int *out);
/* Fills in `use`, `top` and `plain`. */
void finder_rank_columns(struct finder *finder);
/* Fills in `condition`, `sets`, `having` and `limits`. */
void finder_rank_conditions(struct finder *finder);

/* ---- options for a sketch (candidate_options.c); none: it can't be filled */

void option_fill_columns(struct finder *finder, const struct sketch *sketch,
                         struct option_list *out);
void option_fill_aggregates(struct finder *finder, const struct sketch *sketch,
                            struct option_list *out);
void option_fill_having(struct finder *finder, const struct sketch *sketch,
                        struct option_list *out);
void option_fill_order(struct finder *finder, const struct sketch *sketch, struct option_list *out);
void option_fill_limit(struct finder *finder, const struct sketch *sketch, struct option_list *out);
void option_fill_where(struct finder *finder, const struct sketch *sketch, struct option_list *out);

#endif
