/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Condition candidates: every reading of a span of the question as a condition on a column (a
 * stored value, a number, a date, a pattern), a bound on a count, or a limit. The condition model
 * says how likely each is.
 */
#ifndef QUERENT_PLANNER_RANK_CONDITION_H
#define QUERENT_PLANNER_RANK_CONDITION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "planner/query.h"
#include "planner/rank/delexicalise.h"

#define CONDITIONS_MAX 600
#define CONDITION_WIDE_COLUMNS 40 /* wider tables: numbers go only to columns that are mentioned */

enum reading_kind {
    READING_VALUE,     /* a stored value */
    READING_PART,      /* LIKE on a word of a stored value */
    READING_NUMBER,
    READING_DATE,
    READING_YEAR,      /* a year in a column of dates */
    READING_NULL,
    READING_BETWEEN,
    READING_PATTERN,   /* LIKE by "starts with", "contains" or quotes */
    READING_UNMATCHED, /* a quoted text that is no stored value */
    READING_HAVING,    /* a bound on the count of a group */
    READING_LIMIT,
    READING_KINDS
};

struct reading {
    enum reading_kind kind;
    enum value_link_kind link; /* READING_VALUE */
    int column;                /* -1: HAVING, LIMIT */
    enum comparison comparison;
    const char *value, *value_to; /* literal text; value_to for BETWEEN */
    bool number;                  /* the literal is a number */
    double amount;                /* of a number */
    uint16_t begin, end;          /* tokens */
    bool other_case;              /* the stored value is spelled with other capitals */
    struct feature_set features;
};

struct reading_list {
    struct reading *items;
    size_t count, capacity;
};

struct symbol reading_symbol(const struct reading *reading);

/* All condition candidates of the question, with their features (named when asked). */
void read_conditions(const struct delexed_question *question, bool named, struct arena *arena,
                     struct reading_list *out);

#endif
