/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What names and profiles suggest about a dataset that nobody described, or not fully: roles,
 * plain names, units. What a document says is never changed.
 */
#ifndef QUERENT_CATALOG_INFER_H
#define QUERENT_CATALOG_INFER_H

#include "core/arena.h"
#include "metadata/dataset.h"

/* Fills role, label and unit of the columns that have none. */
void infer_columns(struct dataset *dataset, struct arena *arena);

/* A table name and a title from a file's path: "data/2024 Shop-Orders.csv.gz" gives
 * "t_2024_shop_orders" and "2024 Shop Orders". */
const char *infer_table_name(const char *path, struct arena *arena);
const char *infer_title(const char *path, struct arena *arena);

/* The words of an identifier in lower case, with one blank between: "lifeExp" -> "life exp",
 * "Cost Total $" -> "cost total". May be empty. */
const char *infer_words(struct str name, struct arena *arena);

#endif
