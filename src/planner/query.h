/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The typed tree that the planner reasons in: small, engine-free, one shape for every candidate.
 * planner/print/print.h prints it in an engine's dialect, planner/print/describe.h says it in plain
 * English, and follow-ups edit it (planner/rules/follow_up.h).
 *
 * Nodes live in the run's arena and are immutable once built: to change one, copy the struct and
 * point to new parts. Columns and datasets are borrowed from the catalog.
 */
#ifndef QUERENT_PLANNER_QUERY_H
#define QUERENT_PLANNER_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/str.h"
#include "metadata/dataset.h"

enum time_unit {
    UNIT_NONE,
    UNIT_DAY,
    UNIT_WEEK,
    UNIT_MONTH,
    UNIT_QUARTER,
    UNIT_YEAR,
    UNIT_WEEKDAY, /* "Monday": no span of time, what recurs */
    TIME_UNITS
};

enum aggregate {
    AGGREGATE_NONE,
    AGGREGATE_COUNT,
    AGGREGATE_COUNT_DISTINCT,
    AGGREGATE_SUM,
    AGGREGATE_AVG,
    AGGREGATE_MIN,
    AGGREGATE_MAX,
    AGGREGATE_MEDIAN,
    AGGREGATES
};

enum expression_kind {
    EXPRESSION_STAR,       /* all columns; with AGGREGATE_COUNT: count(*) */
    EXPRESSION_COLUMN,     /* table, column */
    EXPRESSION_LITERAL,    /* literal, literal_kind */
    EXPRESSION_AGGREGATE,  /* aggregate of left (STAR or any expression) */
    EXPRESSION_BUCKET,     /* left (a time expression) cut to the unit */
    EXPRESSION_ARITHMETIC, /* left op right; '/' never divides by zero: null instead */
    EXPRESSION_METRIC,     /* a declared metric of `table` */
    EXPRESSION_SHARE,      /* left (an aggregate) in percent of its total over all groups */
    EXPRESSION_SUBQUERY,   /* a query with one cell */
    EXPRESSION_FILTERED,   /* left (an aggregate or metric) over the rows that meet `condition` */
    EXPRESSION_KINDS
};

struct query;
struct condition;

struct expression {
    enum expression_kind kind;
    int table; /* index into query->tables: COLUMN, METRIC */
    const struct column *column;
    const struct metric *metric;
    enum aggregate aggregate;
    enum time_unit unit;
    int fiscal_year_start; /* BUCKET by quarter or year: month 1..12; 0 or 1 = calendar year */
    int week_start;        /* BUCKET by week: 1 Monday .. 7 Sunday; 0 = Monday */
    char op;               /* ARITHMETIC: + - * / */
    const char *literal;   /* exact text */
    enum value_kind literal_kind;
    const struct expression *left, *right;
    const struct query *subquery;
    const struct condition *condition;
};

enum comparison {
    COMPARE_EQUAL,
    COMPARE_NOT_EQUAL,
    COMPARE_LESS,
    COMPARE_LESS_EQUAL,
    COMPARE_GREATER,
    COMPARE_GREATER_EQUAL,
    COMPARE_LIKE, /* values[0] is the pattern, % and _ */
    COMPARE_NOT_LIKE,
    COMPARE_IN, /* values, or a subquery of one column */
    COMPARE_NOT_IN,
    COMPARE_BETWEEN, /* values[0] <= left <= values[1] */
    COMPARE_NULL,
    COMPARE_NOT_NULL,
    COMPARISONS
};

enum condition_kind {
    CONDITION_COMPARE, /* left, comparison, values */
    CONDITION_AND,     /* all of parts */
    CONDITION_OR,      /* any of parts */
    CONDITION_NOT,     /* not parts[0] */
    CONDITION_PERIOD,  /* from <= left < to, half open; from or to may be NULL */
    CONDITION_FILTER,  /* a named filter of `table` */
    CONDITION_KINDS
};

struct condition {
    enum condition_kind kind;
    const struct expression *left;
    enum comparison comparison;
    const struct expression *values; /* LITERAL, SUBQUERY or COLUMN, value_count of them */
    size_t value_count;
    const struct condition *const *parts;
    size_t part_count;
    const char *from, *to; /* PERIOD: ISO dates */
    const char *words;     /* PERIOD: as asked ("last month"); NULL */
    int table;             /* FILTER */
    const struct named_filter *filter;
};

struct select_item {
    const struct expression *expression;
    const char *label; /* the result column's name; NULL: the printer makes one */
};

struct order_key {
    const struct expression *expression;
    bool descending;
};

/* tables[0] is the main one; each further one hangs on an earlier one by one key. */
struct query_table {
    const struct dataset *dataset;
    int joined_to; /* index of an earlier table; -1 for tables[0] */
    const char *joined_column;
    const char *own_column;
    bool left_join; /* keeps rows without a partner */
};

enum set_operation { SET_NONE, SET_UNION, SET_INTERSECT, SET_EXCEPT, SET_OPERATIONS };

#define QUERY_TABLES_MAX 6
#define QUERY_DEPTH_MAX 12  /* of expressions, conditions and sub-queries */
#define QUERY_PARTS_MAX 256 /* items of any one list: select, group, values, parts */
#define QUERY_LABEL_MAX 63  /* bytes of a result column's made-up name */

struct query {
    struct query_table *tables;
    size_t table_count;
    struct select_item *select;
    size_t select_count;
    bool distinct;
    const struct condition *where; /* NULL: none */
    const struct expression *const *group;
    size_t group_count;
    const struct condition *having;
    struct order_key *order;
    size_t order_count;
    int64_t limit; /* 0: none */
    /* What the limit counts anew for, "the top 3 in each category": one of the selected; or NULL. */
    const struct expression *limit_per;
    enum set_operation set_operation;
    const struct query *set_right; /* selects the same columns */
};

/* Building. Everything is made in the arena; what is passed in is borrowed. */
const struct expression *expression_star(struct arena *arena);
const struct expression *expression_column(struct arena *arena, int table,
                                           const struct column *column);
const struct expression *expression_literal(struct arena *arena, enum value_kind kind,
                                            const char *text);
const struct expression *expression_integer(struct arena *arena, int64_t number);
const struct expression *expression_aggregate(struct arena *arena, enum aggregate aggregate,
                                              const struct expression *of);
const struct expression *expression_count(struct arena *arena); /* count of rows */
const struct expression *expression_bucket(struct arena *arena, enum time_unit unit,
                                           const struct expression *of);
const struct expression *expression_arithmetic(struct arena *arena, const struct expression *left,
                                               char op, const struct expression *right);
const struct expression *expression_metric(struct arena *arena, int table,
                                           const struct metric *metric);
const struct expression *expression_share(struct arena *arena, const struct expression *of);
const struct expression *expression_filtered(struct arena *arena, const struct expression *of,
                                             const struct condition *condition);

const struct condition *condition_compare(struct arena *arena, const struct expression *left,
                                          enum comparison comparison,
                                          const struct expression *value);
const struct condition *condition_in(struct arena *arena, const struct expression *left,
                                     const struct expression *values, size_t count);
/* NULL parts are left out; no part gives NULL, one part gives itself, nested ANDs are flattened. */
const struct condition *condition_and(struct arena *arena, const struct condition *a,
                                      const struct condition *b);
const struct condition *condition_or(struct arena *arena, const struct condition *a,
                                     const struct condition *b);
const struct condition *condition_not(struct arena *arena, const struct condition *part);
const struct condition *condition_period(struct arena *arena, const struct expression *left,
                                         const char *from, const char *to, const char *words);
const struct condition *condition_filter(struct arena *arena, int table,
                                         const struct named_filter *filter);
/* A LIKE pattern that finds `text` as it is: before and after are "%" or "". */
const char *like_pattern(struct arena *arena, const char *before, struct str text,
                         const char *after);

/* A query over one table, with nothing selected yet. */
struct query *query_new(struct arena *arena, const struct dataset *dataset);
/* A copy whose own lists may be changed and added to; the nodes below are shared. */
struct query *query_copy(struct arena *arena, const struct query *query);
void query_select(struct arena *arena, struct query *query, const struct expression *expression,
                  const char *label);
void query_group(struct arena *arena, struct query *query, const struct expression *expression);
void query_order(struct arena *arena, struct query *query, const struct expression *expression,
                 bool descending);
void query_where(struct arena *arena, struct query *query, const struct condition *condition);
/* Joins the table `dataset` to tables[to]; -1 when there are QUERY_TABLES_MAX already. */
int query_join(struct arena *arena, struct query *query, const struct dataset *dataset, int to,
               const char *joined_column, const char *own_column);

/* Leaves out the joined tables that nothing speaks of any more. Returns the query itself when there
 * are none. */
const struct query *query_prune(struct arena *arena, const struct query *query);

/* What two trees must share to mean the same: labels, words of periods and the order of AND and
 * OR parts do not count. Equal queries have equal hashes. */
uint64_t query_hash(const struct query *query);
bool query_equal(const struct query *a, const struct query *b);
bool expression_equal(const struct expression *a, const struct expression *b);
bool condition_equal(const struct condition *a, const struct condition *b);

/* Does it hold an aggregate or a metric (outside sub-queries)? */
bool expression_aggregates(const struct expression *expression);

/* The unit's English name, "month"; "" for UNIT_NONE. */
const char *time_unit_name(enum time_unit unit);

#endif
