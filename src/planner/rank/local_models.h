/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The local models: how likely each shape of query (sketch) and each of its parts is, what each
 * column is used for, and which condition candidates hold. The ranker weighs these against each
 * other for whole candidates.
 */
#ifndef QUERENT_PLANNER_RANK_LOCAL_MODELS_H
#define QUERENT_PLANNER_RANK_LOCAL_MODELS_H

#include <stdbool.h>
#include <stddef.h>

#include "planner/rank/condition.h"
#include "planner/rank/weights.h"

#define SKETCHES_MAX 200
#define SKETCH_AGGREGATES_MAX 5

enum sketch_part {
    PART_SELECT,
    PART_DISTINCT,
    PART_WHERE,
    PART_GROUP,
    PART_HAVING,
    PART_ORDER,
    PART_LIMIT,
    SKETCH_PARTS
};

enum where_shape {
    WHERE_NONE,
    WHERE_PLAIN,
    WHERE_INTERSECT, /* two conditions, one in each part */
    WHERE_UNION,
    WHERE_EXCEPT,
    WHERE_ALL_EXCEPT, /* all rows except those with the conditions */
    WHERE_NESTED,     /* compared with an aggregate of the same column */
    WHERE_NESTED_FILTERED,
};

enum limit_shape { LIMIT_NONE, LIMIT_ONE, LIMIT_SOME };

struct sketch {
    enum aggregate aggregates[SKETCH_AGGREGATES_MAX]; /* of the select list, COUNT is count(*) */
    size_t aggregate_count;
    bool plain; /* plain columns are selected too */
    bool star;
    bool distinct;
    enum where_shape where;
    enum comparison nested_comparison;
    enum aggregate nested_aggregate;
    size_t group_count;
    enum aggregate having; /* AGGREGATE_NONE: no HAVING */
    bool ordered;
    enum aggregate order; /* AGGREGATE_NONE: by a column */
    bool descending;
    enum limit_shape limit;
    size_t part_class[SKETCH_PARTS]; /* index among the question model's classes */
};

/* The sketches and parts of a weights file, read once. */
struct sketch_table {
    struct sketch items[SKETCHES_MAX];
    size_t count;
    size_t part_first[SKETCH_PARTS + 1]; /* classes of part p: part_first[p] .. part_first[p+1]-1 */
};

/* ERROR_INVALID when the tables and the model don't fit each other. */
bool sketch_table_read(const struct weights *weights, struct sketch_table *out,
                       struct error *err);

enum column_use { USE_SELECT, USE_AGGREGATE, USE_WHERE, USE_GROUP, USE_ORDER, USE_NESTED,
                  COLUMN_USES };

struct local_scores {
    float *sketch;              /* log-probability of each sketch */
    float *part;                /* log-probability of each class of the question model */
    float (*use)[COLUMN_USES];  /* probability per column, away from 0 and 1 */
    float *condition;           /* probability per condition candidate */
};

void local_models_apply(const struct weights *weights, const struct sketch_table *sketches,
                        const struct delexed_question *question,
                        const struct reading_list *conditions, struct arena *arena,
                        struct local_scores *out);

#endif
