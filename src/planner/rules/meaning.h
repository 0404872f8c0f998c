/* SPDX-License-Identifier: Apache-2.0 */
/* How near in meaning a word is to the names and to the stored values of a table: the cosine of
 * their word vectors, 0 where there are none. */
#ifndef QUERENT_PLANNER_RULES_MEANING_H
#define QUERENT_PLANNER_RULES_MEANING_H

#include <stddef.h>

struct dataset_index;

/* To the words of the table's name or of its columns' names; `index` may be NULL. */
double meaning_near_names(const struct dataset_index *index, const char *word);

/* To the values of a text column that has few of them. */
double meaning_near_values(const struct dataset_index *index, size_t column, const char *word);

#endif
