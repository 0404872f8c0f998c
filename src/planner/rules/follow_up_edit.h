/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of follow-ups share: the previous query's parts, and the editor that goes through
 * them. Each edit looks whether the question speaks of its part, changes that, and says so with
 * edit_done().
 */
#ifndef QUERENT_PLANNER_RULES_FOLLOW_UP_EDIT_H
#define QUERENT_PLANNER_RULES_FOLLOW_UP_EDIT_H

#include "planner/rules/business_reading.h"

#define PARTS_MAX 16

/* A query taken apart. Rows: nothing is aggregated, the selection is kept as it is. */
struct parts {
    bool rows;
    const struct expression *groups[PARTS_MAX];
    size_t group_count;
    const struct expression *values[PARTS_MAX];
    size_t value_count;
    const struct condition *filters[PARTS_MAX];
    size_t filter_count;
    const struct condition *period;       /* one, or several joined by OR */
    const struct condition *now, *before; /* of a comparison */
    bool share;
    const struct condition *having;
    const struct expression *order;
    bool descending;
    int64_t limit;
    const struct expression *limit_per;
};

struct editor {
    const struct plan_request *request;
    struct arena *arena;
    struct ask *ask;
    struct reading *r;
    struct builder b;
    struct parts parts;
    size_t edits;
    bool also, instead;
};

/* ---- parts (follow_up_parts.c) */

struct parts parts_take_apart(const struct query *query);

/* The column that a filter is about; NULL when that is no plain column. */
const struct column *parts_filtered_column(const struct condition *filter);

/* Drops the filters of a column, of a named filter (either may be NULL). False: there were none. */
bool parts_drop_filters(struct parts *parts, const struct column *column,
                        const struct named_filter *named);

/* The changed query, in the place of the builder's; NULL when nothing is left to select. */
const struct query *parts_put_together(struct editor *editor);

/* ---- for all edits (follow_up_edits.c) */

/* Counts an edit, and notes it for --explain. */
void edit_done(struct editor *editor, const char *what);

/* Does the question have that phrase, anywhere and in any case? */
bool edit_says(const struct editor *editor, const char *phrase);

/* Rows become their number, for the groups and measures that follow. */
void edit_aggregate_rows(struct editor *editor);

/* ---- which rows, and in which groups (follow_up_edits.c) */

void edit_groups(struct editor *editor);
void edit_filters(struct editor *editor);
void edit_all(struct editor *editor);
void edit_period(struct editor *editor);
void edit_numbers(struct editor *editor);

/* ---- what is told of them (follow_up_values.c) */

void edit_measures(struct editor *editor);
void edit_share(struct editor *editor);
void edit_rank(struct editor *editor);
void edit_order(struct editor *editor);

/* ---- which columns of rows are shown (follow_up_rows.c) */

/* "their", "them": does the question speak of what was shown or counted? */
bool edit_speaks_of_rows(const struct editor *editor);
/* True: it did; names of columns are used up by it. */
bool edit_rows(struct editor *editor);

/* ---- two periods side by side (follow_up_change.c) */

void edit_comparison(struct editor *editor);
/* By the nth dimension that could explain the change; no edit when there is none. */
void edit_why(struct editor *editor, size_t nth);

#endif
