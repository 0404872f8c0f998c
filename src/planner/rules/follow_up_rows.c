/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Edits of which columns are shown of rows: "what are their names", "also show the city", "show me
 * the rows". A number becomes the rows that it was worked out from.
 */
#include <string.h>

#include "planner/rules/follow_up_edit.h"

/* Any of these asks for something else than rows as they are. */
static const enum cue not_rows[] = {
    CUE_COUNT,   CUE_MUCH,    CUE_SUM,    CUE_AVERAGE,  CUE_MEDIAN,   CUE_HIGH,   CUE_LOW,
    CUE_MOST,    CUE_LEAST,   CUE_TOP,    CUE_BOTTOM,   CUE_BY,       CUE_SHARE,  CUE_SORT,
    CUE_COMPARE, CUE_WHY,     CUE_GROWTH, CUE_DROP,     CUE_CHANGE,   CUE_WHEN,   CUE_MORE,
    CUE_LESS,    CUE_BETWEEN, CUE_LATEST, CUE_EARLIEST, CUE_AT_LEAST, CUE_AT_MOST};

/* Whole rows, by what people say for them. */
static const char *const whole_rows[] = {
    "who are th",   "who were th",   "which ones",    "list them",  "show them",
    "show me them", "show me those", "show me these", "show those", "list those",
    "list these",   "the details",   "more details",  "one by one"};

bool edit_speaks_of_rows(const struct editor *e)
{
    for (size_t i = 0; i < e->ask->word_count; i++)
        if (e->ask->words[i].mention < 0 &&
            ask_word_in(e->ask, i, "their them they its those these"))
            return true;
    return false;
}

static bool asks_something_else(const struct editor *e)
{
    for (size_t i = 0; i < sizeof(not_rows) / sizeof(not_rows[0]); i++)
        if (ask_has(e->ask, not_rows[i], NULL))
            return true;
    return e->r->bucket != UNIT_NONE || e->r->share;
}

static bool asks_for_whole_rows(const struct editor *e)
{
    for (size_t i = 0; i < sizeof(whole_rows) / sizeof(whole_rows[0]); i++)
        if (edit_says(e, whole_rows[i]))
            return true;
    return ask_has(e->ask, CUE_ROWS, NULL);
}

/* "What are their names": of whatever is shown or counted, so no column is meant by its name. */
static size_t names_word(const struct editor *e)
{
    for (size_t i = 0; i < e->ask->word_count; i++) {
        int named = e->ask->words[i].mention;
        const struct mention *m = named >= 0 ? &e->ask->mentions[named] : NULL;
        if (ask_word_in(e->ask, i, "name names") && (!m || m->last - m->first == 1))
            return i;
    }
    return e->ask->word_count;
}

/* The table whose rows were shown or counted. */
static int entity_scope(const struct editor *e)
{
    const struct expression *value = e->parts.value_count > 0 ? e->parts.values[0] : NULL;
    bool keys = value && value->kind == EXPRESSION_AGGREGATE &&
                value->aggregate == AGGREGATE_COUNT_DISTINCT && value->left->column;
    for (size_t s = 1; keys && s < e->ask->scope_count; s++)
        if (strcmp(e->ask->scope[s].parent_column, value->left->column->name) == 0)
            return (int)s;
    return 0;
}

/* Makes it a query of rows with nothing selected yet. */
static void start_rows(struct editor *e)
{
    struct parts *p = &e->parts;
    if (!p->rows) {
        p->limit = 0;
        p->order = NULL;
    }
    p->rows = true;
    p->group_count = p->value_count = 0;
    p->having = NULL;
    p->limit_per = NULL;
    p->share = false;
    if (p->now)
        p->period = p->now;
    p->now = p->before = NULL;
    e->b.query->group_count = 0;
    e->b.query->having = NULL;
    e->b.query->distinct = false;
    e->b.query->select_count = 0;
}

static void show(struct editor *e, const struct expression *expression)
{
    struct query *query = e->b.query;
    for (size_t i = 0; i < query->select_count; i++)
        if (expression_equal(query->select[i].expression, expression))
            return;
    if (query->select_count < PARTS_MAX)
        query_select(e->arena, query, expression, NULL);
}

/* "Also their names": beside what is shown already. */
static bool keeps_columns(const struct editor *e)
{
    bool and = e->ask->word_count > 0 && e->ask->words[0].cue == CUE_AND;
    return e->parts.rows && (e->also || and || edit_says(e, "include")) && !e->instead;
}

static bool show_names(struct editor *e, size_t word)
{
    int scope = entity_scope(e);
    const struct column *name = dataset_name_column(e->ask->scope[scope].dataset);
    if (!name)
        return false;
    if (!keeps_columns(e)) {
        start_rows(e);
        e->b.query->distinct = scope > 0; /* each once, though rows repeat its key */
    }
    show(e, build_column(&e->b, &(struct ref){.scope = scope, .column = name}));
    if (word < e->ask->word_count)
        e->ask->words[word].explained = true;
    edit_done(e, "names");
    return true;
}

/* A column that is to be shown as it is. */
static bool is_shown(const struct editor *e, size_t mention)
{
    enum use use = e->r->uses[mention];
    return e->ask->mentions[mention].kind == MENTION_COLUMN && use != USE_FILTER;
}

static bool show_columns(struct editor *e)
{
    bool any = false, keep = keeps_columns(e);
    bool all =
        e->b.query->select_count == 1 && e->b.query->select[0].expression->kind == EXPRESSION_STAR;
    for (size_t i = 0; i < e->ask->mention_count; i++)
        any |= is_shown(e, i);
    if (!any)
        return false;
    if (!keep || all)
        start_rows(e);
    const struct column *name = dataset_name_column(e->ask->scope[0].dataset);
    if (keep && all && name) /* of whole rows the names are enough to tell them apart */
        show(e, build_column(&e->b, &(struct ref){.scope = 0, .column = name}));
    for (size_t i = 0; i < e->ask->mention_count; i++) {
        const struct mention *m = &e->ask->mentions[i];
        if (is_shown(e, i))
            show(e, build_column(&e->b, &(struct ref){.scope = m->scope, .column = m->column}));
        if (is_shown(e, i))
            e->r->uses[i] = USE_NONE;
    }
    edit_done(e, "columns");
    return true;
}

static bool show_whole_rows(struct editor *e)
{
    bool who = edit_says(e, "who ") || edit_says(e, "which ones");
    if (who && show_names(e, e->ask->word_count))
        return true;
    if (e->parts.rows)
        return false;
    start_rows(e);
    show(e, expression_star(e->arena));
    edit_done(e, "rows");
    return true;
}

bool edit_rows(struct editor *e)
{
    bool one_number = e->parts.group_count == 0 && e->parts.value_count > 0;
    bool of_them = edit_speaks_of_rows(e);
    if (asks_something_else(e) || e->ask->periods.count > 0)
        return false;
    bool done = false;
    size_t names = names_word(e);
    if (names < e->ask->word_count && (one_number || e->parts.rows))
        done = show_names(e, names);
    else if (e->parts.rows || (one_number && of_them))
        done = show_columns(e);
    if (!done && e->r->measure_count == 0 && asks_for_whole_rows(e))
        done = show_whole_rows(e);
    if (done)
        e->r->measure_count = e->r->group_count = 0; /* nothing is summed, so nothing is assumed */
    return done;
}
