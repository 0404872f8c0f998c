/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A query tree in plain English, fit to be read aloud: "total revenue by region, for October 2026
 * (1 to 31 October 2026), highest first, top 5". Used in answers and in "did you mean".
 */
#ifndef QUERENT_PLANNER_PRINT_DESCRIBE_H
#define QUERENT_PLANNER_PRINT_DESCRIBE_H

#include "core/arena.h"
#include "planner/query.h"

#define DESCRIPTION_SIZE_MAX 2000 /* bytes; longer ones are cut at a character */

const char *query_describe(const struct query *query, struct arena *arena);
const char *expression_describe(const struct query *query, const struct expression *expression,
                                struct arena *arena);
const char *condition_describe(const struct query *query, const struct condition *condition,
                               struct arena *arena);

/* A name as words: "order_date" and "orderDate" are "order date"; a label is taken as it is.
 * column_words() is for people and spells "MWh" as the column does, name_words() for comparing. */
const char *column_words(const struct column *column, struct arena *arena);
const char *name_words(const char *name, struct arena *arena);
/* What rows of the dataset are called, in the plural: its grain ("one order line" gives "order
 * lines"), else its table's name. */
const char *dataset_noun(const struct dataset *dataset, struct arena *arena);
/* What the key of its rows is the number of: "ticket" for a first column ticket_no that no two rows
 * share. NULL when there is none. */
const char *dataset_key_noun(const struct dataset *dataset, struct arena *arena);
/* The English plural of the last word: "city" gives "cities", "orders" stays. */
const char *plural_of(const char *words, struct arena *arena);

#endif
