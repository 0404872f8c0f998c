/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Readings of everyday business questions as query trees, by rules over the metadata: measures
 * with their usual aggregation, metrics, named filters, periods, time series, comparisons of two
 * periods, shares, rankings, first rows, joins along declared or found relationships; and questions
 * about the data itself. Needs no learned weights; the planner ranks these among its own.
 */
#ifndef QUERENT_PLANNER_RULES_BUSINESS_H
#define QUERENT_PLANNER_RULES_BUSINESS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/arena.h"
#include "planner/planner.h"

#define BUSINESS_CANDIDATES_MAX 12

struct business_candidate {
    const struct query *query;
    const struct dataset *dataset; /* the main one */
    double score;                  /* 0..1: a guess at the chance that it is right */
    const char *reading;           /* plain English */
    const struct period *periods;  /* those that it uses */
    size_t period_count;
    const char *const *assumptions; /* sentences without full stop */
    size_t assumption_count;
    const char *const *unknown; /* content words of the question that it does not explain */
    size_t unknown_count;
    const char *explanation; /* named features, for --explain */
    bool counts_units;       /* "how many drills" adds up what a column says that there are */
    bool follow_up;          /* made from the previous query */
};

/* Fills *out with the readings, best first; false when there is none. */
bool business_candidates(const struct plan_request *request, struct arena *arena,
                         struct business_candidate **out, size_t *count);

/* For plan_request.asks: to be made for each question and calendar. */
struct ask_memo *ask_memo_new(struct arena *arena);

/* All that a question can name in the dataset (name_table.h), for the dataset's index to keep; lives in
 * the arena. */
const struct name_table *name_table_build(const struct dataset *dataset, struct arena *arena);

/* The answer to a question about the data itself, from the metadata: kind PLAN_META_NONE when it is
 * not one. */
struct plan_meta_answer business_meta(const struct plan_request *request, struct arena *arena);

/* Is the word, in any case, a word of the column's name: "birth" of "birth_date", "BirthDate"? */
bool column_name_has(const struct column *column, struct str word);

/* The column that names the rows of a table for people; NULL when there is none. */
const struct column *dataset_name_column(const struct dataset *dataset);

/* Can its numbers be averaged: amounts, but also grades, hours and years, which are never summed? */
bool column_is_averaged(const struct column *column);

/* How its amounts are put together when the question does not say. */
enum aggregate column_aggregate(const struct column *column);

#endif
