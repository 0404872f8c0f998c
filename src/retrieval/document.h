/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A dataset as retrieval reads it: its names, what its columns and metrics are called, and what
 * is said about it. Keyword rank and vectors are made from the same parts.
 */
#ifndef QUERENT_RETRIEVAL_DOCUMENT_H
#define QUERENT_RETRIEVAL_DOCUMENT_H

#include <stddef.h>

#include "core/arena.h"
#include "core/str.h"
#include "metadata/dataset.h"

#define DOCUMENT_NAMES_MAX 64 /* further synonyms do not count */

struct document {
    /* Title, table, schema or database, synonyms: each once. */
    const char **names;
    size_t name_count;
    /* One text a column, metric and named filter: its name or label, synonyms, description. */
    const char **details;
    size_t detail_count;
    const char *description; /* with the grain; NULL when there is none */
};

/* Everything in the arena. No value of any cell is in it. */
struct document *document_of(const struct dataset *dataset, struct arena *arena);
/* The same as one text, for a server: without the columns that the metadata hides. */
struct str document_shown(const struct dataset *dataset, struct arena *arena);

#endif
