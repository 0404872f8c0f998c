/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a statement gives for each column of its result, as far as its text tells: read off the outermost
 * SELECT by its tokens, for whoever has no tree of it. Nothing is allowed or refused by this.
 */
#ifndef QUERENT_SQL_SELECT_LIST_H
#define QUERENT_SQL_SELECT_LIST_H

#include "sql/tokenizer.h"

enum select_kind {
    SELECT_OTHER,  /* a value of a row, or unclear */
    SELECT_KEY,    /* that the result is grouped by */
    SELECT_SUMMED, /* an aggregate of many rows */
    SELECT_PICKED, /* an aggregate that gives single values as they are: max(), string_agg() */
};

struct select_column {
    enum select_kind kind;
    bool adds; /* nothing but a sum or a count, rounded or not: it may be added up over disjoint groups */
    bool counts; /* a count of that kind */
    struct str column; /* that is summed up, where it is one by name; else empty */
    struct str bucket; /* the unit of a date_trunc(): "month"; else empty */
    struct str source;   /* the one column that it is, or that is all a function is called with; else empty */
    struct str function; /* that function: "avg", or "count" of count(*); else empty */
    bool distinct;       /* of its different values */
};

struct select_list {
    struct select_column *items; /* one for each column, unless there is a star */
    size_t count;
    bool whole; /* no HAVING, LIMIT, QUALIFY, OFFSET or DISTINCT: all groups are there */
    bool of_records; /* of one table, neither joined nor grouped */
};

/* False for what is not understood: several selects in a row, stars. */
bool select_list_read(struct str sql, struct arena *arena, struct select_list *out);
/* All columns are keys or sum up many rows, and one does so. */
bool select_list_is_aggregated(const struct select_list *list);

#endif
