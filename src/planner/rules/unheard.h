/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Words that change what a question means, and that a query takes no notice of: a "never" without
 * a negation in the query, "in each" with a single top row, "growing" without any time. Such a
 * query may be right by its other words and still answer another question.
 */
#ifndef QUERENT_PLANNER_RULES_UNHEARD_H
#define QUERENT_PLANNER_RULES_UNHEARD_H

#include "core/str.h"
#include "planner/query.h"

#define TELLING_RULES_MAX 16 /* of one question; what it has more of is left out */

/* Which of those words a question has: found once, for all queries that may answer it. */
struct telling_words {
    uint8_t rules[TELLING_RULES_MAX]; /* rows of unheard.c's table */
    size_t rule_count;
    uint64_t superlatives; /* a bit for each */
    const char *quality;   /* "cheap", of what "is cheap"; NULL */
    bool both_ends, who, most;
};

struct telling_words telling_words_find(struct str question);

/* The first such word, as the table has it, or NULL. A word that is part of a value the query
 * filters by was heard. */
const char *unheard_word(const struct telling_words *said, const struct query *query);

/* Does a condition of the query compare with a text that has these words? */
bool query_looks_for(const struct query *query, struct str words);

#endif
