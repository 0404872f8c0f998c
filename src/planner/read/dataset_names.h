/* SPDX-License-Identifier: Apache-2.0 */
/* What a dataset's index keeps for the readings by rules, whose words are not those of read/. */
#ifndef QUERENT_PLANNER_READ_DATASET_NAMES_H
#define QUERENT_PLANNER_READ_DATASET_NAMES_H

struct dataset;
struct dataset_index;
struct name_table; /* planner/rules/name_table.h */

/* NULL: none were made, or the index (which may be NULL) is not of this very dataset. */
const struct name_table *dataset_index_names(const struct dataset_index *index,
                                             const struct dataset *dataset);

#endif
