/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The built-in static embeddings: a table with one vector for each piece of a WordPiece
 * vocabulary; a text's vector is the sum of its pieces' rows, made unit. A row's direction is its
 * word's meaning, so single words compare as well as sentences do.
 *
 * The file (little-endian; tools/embeddings/ makes it, tools/embeddings/README.md says how):
 *      0  char[4] "QEM1"
 *      4  u32 rows n     8  u32 dimensions d     12  u32 bytes of the vocabulary v
 *     16  f32 scale[n]   row i as floats is scale[i] * row[i]
 *      .  i8 row[n][d]   the rarity weight is already in it
 *      .  vocabulary: n pieces, each NUL-ended, ascending bytewise; "##x" continues a word
 *
 * A table is mapped, read-only and may be used by many threads.
 */
#ifndef QUERENT_EMBED_WORD_TABLE_H
#define QUERENT_EMBED_WORD_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/error.h"
#include "core/str.h"

#define WORD_TABLE_ROWS_MAX 1000000u
#define WORD_TABLE_DIMENSIONS_MAX 4096u
#define WORD_TABLE_VOCABULARY_MAX (64u << 20)
#define WORD_TABLE_TEXT_MAX (64u << 10) /* bytes of one text that are read; the rest is not */

struct word_table;

/* The table that comes with the program, or the one that the setting QUERENT_EMBEDDINGS names.
 * NULL with an error when it is missing or damaged. */
struct word_table *word_table_open(struct error *err);
/* That of the given file. */
struct word_table *word_table_open_file(const char *path, struct error *err);
void word_table_close(struct word_table *table); /* NULL is allowed */

size_t word_table_dimensions(const struct word_table *table);
/* Names this very table ("builtin-256-0123456789abcdef"): another one has another name. */
const char *word_table_id(const struct word_table *table);
/* Writes word_table_dimensions() floats: the unit vector of a word, a name or a text; or all zeros
 * and false when no piece of it is known. */
bool word_table_vector(const struct word_table *table, struct str text, float *out);
/* The cosine of two unit vectors of this table (or of zeros: then 0). */
double word_table_cosine(const struct word_table *table, const float *a, const float *b);

#endif
