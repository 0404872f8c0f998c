/* SPDX-License-Identifier: Apache-2.0 */
/* What the files that read conditions share. */
#ifndef QUERENT_PLANNER_RANK_CONDITION_READER_H
#define QUERENT_PLANNER_RANK_CONDITION_READER_H

#include "planner/rank/condition.h"

struct reader {
    const struct delexed_question *q;
    const struct links *links;
    const struct dataset_index *index;
    struct arena *arena;
    struct reading_list *out;
    bool named;
};

/* ---- for all readers (condition.c) */

struct symbol symbol_flag(bool value);
/* "=", "<", "like": the comparison as features call it. */
const char *comparison_symbol_name(enum comparison comparison);
/* The comparison and the class of literal, "=v"; lives in the arena. */
const char *reader_use_of(enum comparison comparison, const char *class, struct arena *arena);
const struct token *reader_token(const struct reader *r, size_t i);
/* Starts a candidate of the words [a, b), to be filled in before the next; NULL when there are too
 * many. */
struct reading *reader_begin(struct reader *r, enum reading_kind kind, int column,
                             enum comparison comparison, size_t a, size_t b);

/* ---- features (condition_features.c) */

/* The words and cues around [a, b). `use` is the comparison and the class of literal, "=v". */
void reader_add_context(const struct reader *r, struct feature_set *out, size_t a, size_t b,
                        const char *use_text);
/* How the column is mentioned near the span, and whether it is the nearest one. */
void reader_add_column(const struct reader *r, struct feature_set *out, size_t column, size_t a,
                       size_t b);
/* Tokens between a mention and [a, b); 0 when they touch. */
int mention_distance(const struct mention *m, size_t a, size_t b);
bool reader_well_mentioned(const struct reader *r, size_t column);

/* ---- numbers and dates (condition_numbers.c) */

void read_number_conditions(struct reader *r);
void read_date_conditions(struct reader *r);
/* Two numbers near each other. */
void read_between_conditions(struct reader *r);

#endif
