/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A look at a CSV file before DuckDB reads it: are all records equally long, what does the header
 * really say? DuckDB's reader answers neither well: it renames columns in silence and takes a
 * ragged file for one with a single column.
 */
#ifndef QUERENT_ENGINE_LOAD_CSV_H
#define QUERENT_ENGINE_LOAD_CSV_H

#include <stdint.h>

#include "core/arena.h"
#include "core/error.h"
#include "core/str.h"

#define LOAD_COLUMNS_MAX 1600
#define LOAD_NAME_MAX 200 /* bytes of a column's name; longer ones are cut */

struct csv_dialect {
    char delimiter;
    uint64_t skip; /* lines before the header */
    bool header;
    char comment; /* lines that start with it are none; 0: there are no such lines */
};

struct csv_survey {
    struct str *first; /* the fields of the first record after the skipped lines, unquoted */
    size_t first_count;
    uint64_t records;         /* with the first; empty lines are none */
    uint64_t short_records;   /* those with fewer fields than the first */
    uint64_t short_line;      /* line of the first such, from 1 */
    uint64_t long_records;    /* those with more fields than the first */
    uint64_t long_line;       /* line of the first record with more fields; 0: none */
    size_t long_fields;       /* how many it has */
    uint64_t several_records; /* those with more than one field */
    uint64_t open_quote_line; /* a quoted field that starts here never ends; 0: none */
};

/* Counts fields in the whole text. Any bytes are allowed. */
void csv_look(struct str text, const struct csv_dialect *dialect, struct arena *arena,
              struct csv_survey *out);

/* Whether that is rather prose or a log without columns than a table: most records are not as
 * long as the first, or there is one column and most lines of it are sentences. */
bool csv_is_prose(struct str text, const struct csv_survey *survey);

/* The delimiter that splits most of the records, or 0 when none does. */
char csv_guess_delimiter(struct str text, struct arena *arena);

/* Names for SQL: trimmed, valid UTF-8, not empty ("column_2"), and no two alike but for case
 * ("name_2"). *renamed counts those that people would notice. */
const char **csv_name_columns(const struct str *fields, size_t count, struct arena *arena,
                              size_t *renamed);

#endif
