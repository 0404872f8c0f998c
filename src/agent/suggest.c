/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/suggest.h"

#include <string.h>

#define GROUPS_MIN 2 /* distinct values that make a column worth grouping by */
#define GROUPS_MAX 60
#define GROUPS_SHARE_MAX 0.9 /* of the rows */
#define TOP_ROWS_MIN 8 /* more rows than this: "top 5" helps */

struct ideas {
    struct str asked; /* what was asked, without its end */
    const char **items;
    size_t count;
    struct arena *arena;
};

/* Without blanks around it, question mark or full stop. */
static struct str question_words(const char *text)
{
    struct str words = str_trim(str_from(text));
    while (words.length > 0 && strchr("?.! ", words.bytes[words.length - 1]))
        words.length--;
    return words;
}

static void add_idea(struct ideas *ideas, const char *text)
{
    if (str_equal_nocase(question_words(text), ideas->asked))
        return;
    if (ideas->count < SUGGESTION_IDEAS_MAX)
        ideas->items[ideas->count++] = text;
}

/* "order_date" -> "order date" */
static const char *column_words(const struct column *column, struct arena *arena)
{
    if (column->label)
        return column->label;
    char *words = arena_strdup(arena, column->name);
    for (char *p = words; *p; p++)
        if (*p == '_')
            *p = ' ';
    return words;
}

static bool mentions(const struct expression *e, const struct column *column)
{
    return e && (e->column == column || mentions(e->left, column) || mentions(e->right, column));
}

static bool used(const struct query *query, const struct column *column)
{
    for (size_t i = 0; i < query->group_count; i++)
        if (mentions(query->group[i], column))
            return true;
    for (size_t i = 0; i < query->select_count; i++)
        if (mentions(query->select[i].expression, column))
            return true;
    return false;
}

static bool has_measure(const struct query *query)
{
    for (size_t i = 0; i < query->select_count; i++)
        if (expression_aggregates(query->select[i].expression))
            return true;
    return false;
}

static bool has_share(const struct query *query)
{
    for (size_t i = 0; i < query->select_count; i++)
        if (query->select[i].expression->kind == EXPRESSION_SHARE)
            return true;
    return false;
}

/* Shares of averages mean nothing. */
static bool adds_up(const struct query *query)
{
    for (size_t i = 0; i < query->select_count; i++) {
        const struct expression *e = query->select[i].expression;
        bool sum = e->kind == EXPRESSION_AGGREGATE &&
                   (e->aggregate == AGGREGATE_SUM || e->aggregate == AGGREGATE_COUNT);
        if (sum || e->kind == EXPRESSION_METRIC)
            return true;
    }
    return false;
}

static bool has_bucket(const struct query *query)
{
    for (size_t i = 0; i < query->group_count; i++)
        if (query->group[i]->kind == EXPRESSION_BUCKET)
            return true;
    return false;
}

/* Not where next to every row would be a group of its own. */
static bool worth_grouping(const struct column *column)
{
    const struct column_profile *profile = &column->profile;
    return column->role == ROLE_DIMENSION && profile->known &&
           profile->distinct_count >= GROUPS_MIN && profile->distinct_count <= GROUPS_MAX &&
           (double)profile->distinct_count <= GROUPS_SHARE_MAX * (double)profile->row_count;
}

static const struct column *time_column(const struct dataset *dataset)
{
    for (size_t i = 0; i < dataset->column_count; i++)
        if (dataset->columns[i].role == ROLE_TIME && value_kind_is_time(dataset->columns[i].kind))
            return &dataset->columns[i];
    return NULL;
}

static void add_groupings(struct ideas *ideas, const struct query *query,
                          const struct dataset *dataset, size_t limit)
{
    size_t added = 0;
    for (size_t i = 0; i < dataset->column_count && added < limit; i++) {
        const struct column *column = &dataset->columns[i];
        if (!worth_grouping(column) || used(query, column))
            continue;
        const char *words = column_words(column, ideas->arena);
        add_idea(ideas,
                 arena_printf(ideas->arena,
                              query->group_count > 0 ? "by %s instead?" : "and by %s?", words));
        added++;
    }
}

/* Whether the question says the column's name. */
static bool is_asked(const struct ideas *ideas, const struct column *column)
{
    const char *asked = arena_strndup(ideas->arena, ideas->asked.bytes, ideas->asked.length);
    return strcasestr(asked, column_words(column, ideas->arena)) != NULL;
}

/* Goes on with the measure that was asked about, if any, by what was not. */
static void first_questions(struct ideas *ideas, const struct dataset *dataset)
{
    const struct column *measure = NULL, *dimension = NULL, *other = NULL;
    for (size_t i = 0; i < dataset->column_count; i++) {
        const struct column *column = &dataset->columns[i];
        if (column->role == ROLE_MEASURE &&
            (!measure || (!is_asked(ideas, measure) && is_asked(ideas, column))))
            measure = column;
        if (!worth_grouping(column) || is_asked(ideas, column))
            continue;
        if (!dimension)
            dimension = column;
        else if (!other)
            other = column;
    }
    const char *words = measure ? column_words(measure, ideas->arena) : NULL;
    if (words && dimension)
        add_idea(ideas, arena_printf(ideas->arena, "%s by %s", words,
                                     column_words(dimension, ideas->arena)));
    if (words && time_column(dataset))
        add_idea(ideas, arena_printf(ideas->arena, "%s by month", words));
    if (words && other)
        add_idea(ideas, arena_printf(ideas->arena, "%s by %s", words,
                                     column_words(other, ideas->arena)));
    if (words)
        add_idea(ideas, arena_printf(ideas->arena, "average %s", words));
    add_idea(ideas, "how many rows are there?");
    add_idea(ideas, "show me the first 5 rows");
    add_idea(ideas, "what columns are there?");
}

size_t suggest_ideas(const char *asked, const struct query *query, const struct dataset *dataset,
                     const struct rows *rows, struct arena *arena,
                     const char *ideas[SUGGESTION_IDEAS_MAX])
{
    struct ideas list = {question_words(asked), ideas, 0, arena};
    if (!query || !dataset || !has_measure(query) || query->set_operation != SET_NONE) {
        if (dataset)
            first_questions(&list, dataset);
        return list.count;
    }
    bool ranked = query->group_count > 0 && !has_bucket(query);
    if (ranked && rows && rows->row_count > TOP_ROWS_MIN && query->limit == 0)
        add_idea(&list, "only the top 5");
    if (!has_bucket(query) && time_column(dataset))
        add_idea(&list, query->group_count > 0 ? "by month instead?" : "and by month?");
    add_groupings(&list, query, dataset, 3);
    if (has_bucket(query))
        add_idea(&list, "by quarter instead?");
    if (ranked && adds_up(query) && !has_share(query))
        add_idea(&list, "as a share of the total");
    return list.count;
}
