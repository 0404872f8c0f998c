/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Facts: what can be computed from a result in code, so that prose never has to compute. And the
 * roles of a result's columns, which say what prose and picture fit.
 */
#ifndef QUERENT_AGENT_FACTS_H
#define QUERENT_AGENT_FACTS_H

#include "core/arena.h"
#include "engine/rows.h"
#include "planner/query.h"

enum shape {
    SHAPE_EMPTY,     /* no rows, or one row of nulls */
    SHAPE_VALUE,     /* one row, one column */
    SHAPE_RECORD,    /* one row, several columns */
    SHAPE_SERIES,    /* a time bucket and measures, in the order of time */
    SHAPE_GROUPS,    /* names and measures */
    SHAPE_LIST,      /* one column without measures */
    SHAPE_TABLE,     /* anything else */
    SHAPES
};

struct column_facts {
    bool measure;     /* an aggregate, or a number that is not a key, a year or a bucket */
    bool additive;    /* its values may be summed: sums and counts of disjoint groups */
    bool adds_over_time; /* and over periods: revenue does, population does not */
    bool amount;      /* of single records, as it is stored, and such that they may be summed */
    bool share;       /* already in percent */
    bool identifier;  /* numbers that are names: keys, codes; written without separators */
    enum time_unit bucket;
    const char *unit; /* of the metadata; NULL */
    const char *name; /* in plain words: "total revenue" */
    const char *told; /* the same as it was written, or what is told in its place */
    bool has_numbers;
    double total, min, max; /* over the rows; nulls left out */
    size_t min_row, max_row;
    size_t number_count;
};

struct facts {
    enum shape shape;
    struct column_facts *columns; /* one per result column */
    ptrdiff_t name_column;        /* what the rows are called by; -1 */
    ptrdiff_t time_column;        /* the bucket of a series; -1 */
    ptrdiff_t measure_column;     /* what the rows are ordered by, else the first measure; -1 */
    bool ordered;                 /* the rows come in the order of that measure */
    bool complete;                /* all groups are there: no limit, no cut: totals are true */
    bool all_records;             /* all that fit a condition are there, each once: the same for their amounts */
};

/* `query` may be NULL: then the result's types decide. */
void facts_find(const struct query *query, const struct rows *rows, struct arena *arena,
                struct facts *out);

/* A statement that has no tree. */
struct facts_source {
    const char *sql;
    const struct dataset *dataset; /* may be NULL */
    const char *question;
    bool by_model; /* its names are a language model's (agent/told_name.h) */
};

/* The same for one, as far as its text tells. */
void facts_find_of_sql(const struct facts_source *source, const struct rows *rows,
                       struct arena *arena, struct facts *out);

#endif
