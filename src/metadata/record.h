/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads maps of a YAML tree into C structs by tables: one row for each key says its type, where it
 * goes and what its limits are. metadata.c has the tables of the metadata document.
 */
#ifndef QUERENT_METADATA_RECORD_H
#define QUERENT_METADATA_RECORD_H

#include <stdbool.h>
#include <stddef.h>

#include "core/arena.h"
#include "metadata/problem.h"
#include "metadata/yaml.h"

/* What a key's value must be, and the C type at its offset. */
enum field_type {
    FIELD_NAME,     /* const char *: kept exactly, one line, not empty */
    FIELD_LINE,     /* const char *: one line, blanks at the ends removed */
    FIELD_TEXT,     /* const char *: may have several lines */
    FIELD_DATE,     /* const char *: an ISO date */
    FIELD_WORD,     /* const char *: one of `choices`, its first spelling is kept */
    FIELD_CHOICE,   /* int or enum: one of `choices` */
    FIELD_INTEGER,  /* int: min..max */
    FIELD_LINES,    /* struct text_list: a list of lines, or one line */
    FIELD_VALUES,   /* struct text_list: a list of scalars, kept exactly */
    FIELD_JSON_MAP, /* const char *: a map of scalars, as JSON */
    FIELD_RECORD,   /* a struct, by `record` */
    FIELD_RECORDS,  /* pointer to structs, by `record`; their number at count_offset */
    FIELD_TYPES
};

struct choice {
    const char *name; /* the first name of a value is the one that messages offer */
    int value;
};

struct record;

struct field {
    const char *name;
    enum field_type type;
    bool required;
    size_t offset;
    size_t max;          /* bytes of a text or of each item, the largest integer, or records */
    size_t item_max;     /* items of a list */
    size_t count_offset; /* FIELD_RECORDS */
    const struct choice *choices; /* ends with a NULL name */
    const struct record *record;
};

enum unknown_key_rule {
    UNKNOWN_KEYS_KEPT,    /* as JSON in the record's `extra` */
    UNKNOWN_KEYS_WARNED,  /* have no effect, and a warning says so */
    UNKNOWN_KEYS_REFUSED, /* where a misspelled key would be dangerous */
};

#define NO_OFFSET ((size_t)-1)

struct record {
    const char *what; /* "column", for messages */
    const struct field *fields;
    size_t field_count;
    size_t size;
    enum unknown_key_rule unknown_keys;
    size_t extra_offset;  /* const char *, with UNKNOWN_KEYS_KEPT */
    size_t line_offset;   /* int: the line of the record; NO_OFFSET: not kept */
    size_t unique_offset; /* const char * that two records of a list must not share; NO_OFFSET */
};

struct record_reader {
    struct arena *arena;
    const char *path;
    struct problem_list *problems;
};

/* Fills the zeroed struct at `out`. Everything wrong is added to the problems; compare their
 * error_count to know whether the record is good. */
void record_read(struct record_reader *reader, const struct record *record,
                 const struct yaml_node *node, void *out);

#endif
