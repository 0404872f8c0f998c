/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the business reader and of follow-ups share: the question as words, what they
 * name in the data (mentions) and what they ask for (cues). */
#ifndef QUERENT_PLANNER_RULES_BUSINESS_PRIV_H
#define QUERENT_PLANNER_RULES_BUSINESS_PRIV_H

#include "planner/rules/business.h"

#define ASK_WORDS_MAX 200
#define ASK_SCOPE_MAX QUERY_TABLES_MAX
#define ASK_MENTIONS_MAX 48

enum cue {
    CUE_NONE,
    CUE_STOP, /* carries no meaning of its own */
    CUE_AND,
    CUE_OR,
    CUE_SUM,
    CUE_AVERAGE,
    CUE_MEDIAN,
    CUE_COUNT, /* how many, number of */
    CUE_MUCH,  /* how much */
    CUE_HIGH,  /* highest, largest; "top" is CUE_TOP */
    CUE_LOW,
    CUE_MOST,
    CUE_LEAST,
    CUE_TOP,
    CUE_BOTTOM,
    CUE_FIRST,
    CUE_LAST,
    CUE_SHARE,
    CUE_DISTINCT,
    CUE_BY,
    CUE_WHICH,
    CUE_NOT,
    CUE_MORE, /* comparisons with a number */
    CUE_LESS,
    CUE_AT_LEAST,
    CUE_AT_MOST,
    CUE_BETWEEN,
    CUE_SORT,
    CUE_ASCENDING,
    CUE_DESCENDING,
    CUE_ALPHABET,
    CUE_GROWTH,
    CUE_DROP,
    CUE_CHANGE,
    CUE_COMPARE,
    CUE_WHEN,
    CUE_LATEST,
    CUE_EARLIEST,
    CUE_ROWS,
    CUE_SAMPLE,
    CUE_LIST,
    CUE_ONLY,
    CUE_INSTEAD,
    CUE_ALL,
    CUE_WHAT_ABOUT,
    CUE_WHY,
    CUE_THESE,
    CUE_ALSO,
    CUES
};

struct ask_word {
    size_t begin, end; /* bytes of the question */
    const char *text;  /* lower case */
    const char *stem;
    uint32_t stem_hash;
    const char *number; /* its exact digits, when it is a number */
    bool quoted, mark, capital;
    bool in_period;
    int mention; /* index of the mention it belongs to, or -1 */
    enum cue cue;
    bool explained;
};

enum mention_kind {
    MENTION_COLUMN,
    MENTION_VALUE,
    MENTION_METRIC,
    MENTION_FILTER,
    MENTION_TABLE,
    MENTION_KINDS
};

struct mention {
    enum mention_kind kind;
    int scope; /* index into ask->scope */
    const struct column *column;
    const struct metric *metric;
    const struct named_filter *filter;
    const char *value;  /* as stored */
    size_t first, last; /* words [first, last) */
    double score;       /* 1: named exactly */
};

/* The tables that a query may reach without multiplying rows: 0 is the main one, the others hang
 * on an earlier one by a key that is unique on their side. */
struct ask_scope {
    const struct dataset *dataset;
    const struct name_table *names;
    int parent;
    const char *parent_column, *own_column;
};

struct ask {
    struct arena *arena;
    struct str question;
    const struct period_calendar *calendar;
    struct ask_word *words;
    size_t word_count;
    struct period_list periods;
    struct ask_scope scope[ASK_SCOPE_MAX];
    size_t scope_count;
    struct mention mentions[ASK_MENTIONS_MAX]; /* in the order of the question, not overlapping */
    size_t mention_count;
};

/* Reads the question with `main` as the main table; the request's other ones may be joined. What was
 * read before is in the request's `asks`, whose arena must be this one. */
struct ask *ask_read(const struct plan_request *request, const struct dataset *main,
                     struct arena *arena);

/* Fills in the words' cues, once the mentions are known. */
void ask_find_cues(struct ask *ask);

/* Is word i one of a blank-separated list? */
bool ask_word_in(const struct ask *ask, size_t i, const char *list);
/* Does the question have that cue outside mentions? Its first word goes to *at (may be NULL). */
bool ask_has(const struct ask *ask, enum cue cue, size_t *at);

/* Word i; beyond the last one that says nothing. */
const struct ask_word *ask_word_at(const struct ask *ask, size_t i);

/* The nearest cue before word i, over words that say nothing and over numbers; never over a
 * mention or a period. Its place goes to *at, which stays as it is for CUE_NONE. */
enum cue ask_cue_before(const struct ask *ask, size_t i, size_t *at);

#define ASK_LIST_OF_PERIOD (-2) /* "by month and region" */

/* The mention that a list goes on from at word i: "region and channel", "region, channel". -1:
 * none. */
int ask_list_before(const struct ask *ask, size_t i);

/* highest, least, top, ... */
bool cue_is_superlative(enum cue cue);

/* Do the rows go by it, "flight" in a table of flights, as a number or as a name of their own? It is
 * not meant where flights are spoken of. */
bool column_names_rows(const struct column *column, const struct dataset *dataset);

/* Do the main table's title, description or grain have a word with this stem? */
bool ask_is_described(const struct ask *ask, const char *stem);

/* Does the table's name or title have one of the blank-separated words, perhaps in a longer one? */
bool dataset_is_about(const struct dataset *dataset, const char *words);
/* Where amounts are no revenue. */
#define ABOUT_SPENDING "expense spending cost purchase bill"

/* Does the column hold amounts that can be summed or averaged? */
bool column_is_measure(const struct column *column);
/* Is it a name, category, flag or key that rows can be grouped by? */
bool column_is_group(const struct column *column);
/* Does it hold just yes and no, in whatever words? They go to *yes and *no as stored. */
bool column_is_flag(const struct column *column, const char **yes, const char **no);
/* The measure that "best", "top" and "growth" are about when none is named; NULL: there is none. */
const struct column *dataset_main_measure(const struct dataset *dataset);

/* The column that a metric is nothing but the sum of, "sum(revenue)"; NULL: it is more, or another. */
const struct column *metric_summed_column(const struct metric *metric,
                                          const struct dataset *dataset);

/* The time column that periods are about; `ask` may name one. NULL: there is none. */
const struct column *dataset_time_column(const struct dataset *dataset);

#endif
