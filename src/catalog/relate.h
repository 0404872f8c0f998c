/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds which columns of one dataset point at rows of another, from their names and values, so
 * that files which nobody described can be joined.
 */
#ifndef QUERENT_CATALOG_RELATE_H
#define QUERENT_CATALOG_RELATE_H

#include <stddef.h>

#include "core/arena.h"
#include "metadata/dataset.h"

#define RELATED_SHARE_MIN                                                   \
    0.95 /* of a column's distinct values that must exist on the other side \
          */
#define RELATIONSHIPS_FOUND_MAX 100 /* of one dataset */

/*
 * Adds what is found to each dataset's relationships (in a new array in *arena; the old one is
 * left as it is), `found` set. What is declared wins: a column that has a declared relationship to
 * a dataset gets no other to the same. The work is bounded; with very many columns only those with
 * matching names are compared.
 */
void relate_datasets(struct dataset *datasets, size_t count, struct arena *arena);

#endif
