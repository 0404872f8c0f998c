/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a few words are when they stand for one thing: a stored value, a number, a stretch of time.
 * The readers are those of whole questions; but here all of the words must be read, and in one way
 * only. What is like a value is none.
 */
#ifndef QUERENT_PLANNER_SPAN_LINK_H
#define QUERENT_PLANNER_SPAN_LINK_H

#include "planner/planner.h"

/* The stored value of that column which the words are, but for case, accents and marks; NULL when
 * there is none or several. It is a guess to be compared: "C" is found for "C++", too. */
const char *span_value(const struct dataset_index *index, const struct column *column,
                       struct str words);

/* A number in digits or as one word, as a literal ("1,000" is 1000); NULL when the words are none.
 * Dates are none. */
const char *span_number(const struct planner *planner, struct str words, struct arena *arena);

/* A closed period ("last month", "in Q2 2024", "from 2022 to 2023"), resolved; words that begin it
 * ("in", "during the") are part of it. False when the words are anything more or else: two periods,
 * a comparison, a grouping, an open end, what may be no period. */
bool span_period(struct str words, const struct period_calendar *calendar, struct arena *arena,
                 struct period *out);

#endif
