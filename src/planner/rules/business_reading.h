/* SPDX-License-Identifier: Apache-2.0 */
/* What a question was understood to ask, before it is built as a query (business_build.c). */
#ifndef QUERENT_PLANNER_RULES_BUSINESS_READING_H
#define QUERENT_PLANNER_RULES_BUSINESS_READING_H

#include "core/clock.h"
#include "core/strbuf.h"
#include "planner/rules/business_priv.h"

#define READING_MEASURES_MAX 4
#define READING_GROUPS_MAX 3
#define READING_FILTERS_MAX 8
#define READING_VALUES_MAX 12
#define READING_NUMBERS_MAX 4
#define READING_PERIODS_MAX 4
#define READING_ASSUMPTIONS_MAX 8

enum use { USE_NONE, USE_MEASURE, USE_GROUP, USE_FILTER, USE_SHOW };

/* A column or metric of a table in reach. */
struct ref {
    int scope;
    const struct column *column;
    const struct metric *metric;
};

struct measure {
    struct ref ref; /* no column and no metric: rows are counted */
    enum aggregate aggregate;
    bool stated; /* "total", "average" was said */
};

struct filter {
    struct ref ref;
    struct ref other; /* a column of the same row that it is compared with, in place of values */
    const struct named_filter *named;
    enum comparison comparison;
    bool negated;
    const char *values[READING_VALUES_MAX];
    size_t value_count;
    bool is_having;
    struct measure having;
};

struct number {
    enum comparison comparison;
    const char *from, *to;
    int mention; /* what it compares, or -1 */
    int other;   /* in place of a number: the column "below reorder level", or -1 */
    bool after;  /* the mention follows: "more than 10 orders" */
};

struct reading {
    struct ask *ask;
    enum use *uses; /* of each mention */
    struct measure measures[READING_MEASURES_MAX];
    size_t measure_count;
    struct ref groups[READING_GROUPS_MAX];
    size_t group_count;
    struct filter filters[READING_FILTERS_MAX];
    size_t filter_count;
    struct number numbers[READING_NUMBERS_MAX];
    size_t number_count;
    struct ref time; /* the time column; no column: none needed or none there */
    const struct period *periods[READING_PERIODS_MAX];
    size_t period_count;
    const struct period *compared; /* what the period is compared with */
    enum time_unit bucket;
    bool bucket_open;                  /* "over time" */
    const struct mention *entity;      /* what a ranking lists: "top 5 customers" */
    bool each_rows;              /* ... of single rows, not of sums */
    bool each;                   /* a ranking within every value of the other group */
    const struct mention *rows_entity; /* the main table by name: "orders" */
    const struct mention *loose_table; /* another table by name, with no use yet */
    enum cue extreme;                  /* highest, most, top, ... */
    enum cue change;                   /* growth, drop, change */
    char arithmetic; /* between the first two measures: + - or division; 0: none */
    bool absent;     /* "customers without orders" */
    bool who;        /* people are asked for: rows of the main table by name */
    bool several;    /* "lowest and highest salary": no ranking, both are values */
    bool ranked, share, distinct, counts_rows, sort_said;
    bool counts_units; /* "how many drills": what a column says that there are */
    bool row_by_row;   /* "the revenue of each order" */
    const char *shared_by; /* "the average revenue per customer": over how many it is dealt out; NULL */
    struct ref sharer;     /* their key; no column: the bucket's units of time */
    int64_t limit;
    double score;
    struct strbuf explanation;
    const char *assumptions[READING_ASSUMPTIONS_MAX];
    size_t assumption_count;
    const char **unknown;
    size_t unknown_count;
};

/* ---- filling in (business_slots.c); what is there already stays single, what is too much is left
 * out */

/* By its last letters: "taxis", "menus" are taken for one, as "bus" and "analysis" are. */
bool reading_is_plural(const char *word);
/* Multiplies the score, and notes why. */
void reading_doubt(struct reading *reading, const char *name, double factor);
void reading_assume(struct reading *reading, const char *sentence);
/* False: there was no place left. */
bool reading_add_measure(struct reading *reading, struct ref ref, enum aggregate aggregate,
                         bool stated);
bool reading_add_group(struct reading *reading, int scope, const struct column *column);
/* NULL: there was no place left. */
struct filter *reading_add_filter(struct reading *reading, struct filter filter);

/* ---- the steps of a reading, in their order */

/* What the mentions, cues and periods say, with nothing assumed yet: the first three steps. */
struct reading *reading_slots(struct ask *ask);

/* Gives every mention its use (business_mentions.c). */
void reading_use_mentions(struct reading *reading);
/* Finds the time column, the periods, the unit of a series (business_time.c). */
void reading_read_time(struct reading *reading);
/* "The average revenue per customer", "a month" (business_average.c). */
void reading_share_out(struct reading *reading);
/* "revenue minus cost" (business_measures.c). */
void reading_arithmetic(struct reading *reading);
/* Settles what is left open (business_settle.c). */
void reading_settle(struct reading *reading);
/* Makes filters of the numbers (business_numbers.c). */
void reading_apply_numbers(struct reading *reading);
/* Notes the words that nothing explains, and doubts accordingly (business_finish.c). */
void reading_find_unknown(struct reading *reading);
/* Says the assumptions and fills in the candidate (business_finish.c). */
void reading_finish(struct reading *reading, const struct query *query,
                    struct business_candidate *out);

/* ---- parts of those steps */

/* "more than 100", "at least 5 units", "between 10 and 20": with the number column named just
 * before or just after; else with what the groups are measured by. */
void reading_read_numbers(struct reading *reading);
/* Numbers that were compared take their column with them: it is not shown or summed. */
bool reading_number_takes(const struct reading *reading, int mention);
/* The unit of "over time", by the time that is covered. */
void reading_choose_bucket(struct reading *reading);
/* A measure, where none was named and one is asked for. */
void reading_fill_measure(struct reading *reading);
/* What "how many", at that word, counts where nothing else was found for it. */
void reading_count(struct reading *reading, size_t at);
/* The main table's main measure, with doubt. False: it has none. */
bool reading_assume_measure(struct reading *reading);
/* The column that an adjective of the question compares, and which end of it is meant; *extreme
 * stays where the adjective doesn't say. NULL: there is no such adjective or column; doubted where
 * there is an adjective (business_adjectives.c). */
const struct column *reading_adjective_column(struct reading *reading, struct ref *ref,
                                              enum cue *extreme);

/* ---- building (business_build.c, business_compare.c) */

struct builder {
    struct reading *r;
    struct arena *arena;
    struct query *query;
    int table_of[ASK_SCOPE_MAX]; /* index in the query of each table in reach, or -1 */
};

/* The table's index in the query; joined when it is not there yet. */
int build_table(struct builder *b, int scope);
const struct expression *build_column(struct builder *b, const struct ref *ref);
const struct expression *build_measure(struct builder *b, const struct measure *measure);
const struct expression *build_bucket(struct builder *b);
const struct condition *build_filter(struct builder *b, const struct filter *filter);
/* All of the reading's; NULL: none. */
const struct condition *build_filters(struct builder *b);
const struct condition *build_period(struct builder *b, const struct period *period);
/* Both periods of a comparison, from what was said of them. */
bool build_compared_periods(struct builder *b, struct period *now, struct period *before);
/* Selects the value in both periods, the change and the change in percent; puts the earlier
 * period first. The groups must be there already. */
void build_comparison(struct builder *b, const struct expression *value, struct period *now,
                      struct period *before);
/* The reading's measure in both periods; NULL when it compares none. */
struct query *build_periods_beside(struct builder *b);

/* NULL when the reading adds up to no query. */
struct query *reading_query(struct reading *reading);

#endif
