/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a question leaves open, settled once all its words have their use: groups that are only
 * named, what a cue_is_superlative ranks, how long a list is.
 */
#include <string.h>

#include "planner/print/describe.h"
#include "planner/rules/business_reading.h"

#define RANK_DEFAULT 10
#define EACH_DEFAULT 3 /* of many rankings */
#define ROWS_A_CATEGORY 2
#define SEVERAL_CATEGORIES 0.6 /* what was sold most: which product, or in which shop? */

/* ---- groups */

/* "compare web and store revenue" wants them side by side. */
static void group_compared_values(struct reading *r)
{
    bool compares = ask_has(r->ask, CUE_COMPARE, NULL);
    for (size_t i = 0; compares && i < r->filter_count; i++)
        if (r->filters[i].value_count > 1 && !r->filters[i].negated)
            reading_add_group(r, r->filters[i].ref.scope, r->filters[i].ref.column);
}

/* Columns that are only named beside a measure group it: "revenue region". */
static void group_loose(struct reading *r)
{
    bool by_table = r->measure_count > 0 && r->loose_table && r->group_count == 0 && r->ranked;
    if (by_table) {
        const struct column *name =
            dataset_name_column(r->ask->scope[r->loose_table->scope].dataset);
        if (name && reading_add_group(r, r->loose_table->scope, name))
            r->entity = r->loose_table;
    }
    if (r->measure_count == 0)
        return;
    for (size_t i = 0; i < r->ask->mention_count; i++) {
        const struct mention *m = &r->ask->mentions[i];
        if (r->uses[i] != USE_SHOW || m->kind != MENTION_COLUMN || !column_is_group(m->column))
            continue;
        bool filtered = false;
        for (size_t k = 0; k < r->filter_count; k++)
            filtered |= r->filters[k].ref.column == m->column;
        if (filtered)
            continue; /* "the North region" names its column */
        reading_add_group(r, m->scope, m->column);
        if (!r->entity)
            r->entity = m;
        if (!r->ranked)
            reading_doubt(r, "group not said", 0.85);
    }
}

/* "who bought the most": the rows are no people, but those that they belong to may be. */
static void group_people(struct reading *r)
{
    static const char *const people[] = {"customer", "client", "employee", "staff",   "person",
                                         "people",   "user",   "member",   "student", "player"};
    const struct ask *ask = r->ask;
    if (!r->who || r->rows_entity || r->group_count > 0 || r->measure_count == 0 ||
        dataset_name_column(ask->scope[0].dataset))
        return;
    for (size_t s = 1; s < ask->scope_count; s++)
        for (size_t k = 0; k < sizeof(people) / sizeof(people[0]); k++)
            if (strcasestr(ask->scope[s].dataset->table_name, people[k]) &&
                reading_add_group(r, (int)s, dataset_name_column(ask->scope[s].dataset))) {
                r->ranked |= r->extreme != CUE_NONE;
                r->limit = r->ranked && r->limit == 0 ? 1 : r->limit;
                return;
            }
    reading_doubt(r, "nobody to name", 0.5);
}

/* A few words that come again and again: what rows are sorted into. */
static bool is_category(const struct column *column)
{
    const struct column_profile *profile = &column->profile;
    return column->kind == VALUE_TEXT && column_is_group(column) && column->role != ROLE_KEY &&
           profile->values_complete && profile->value_count > 1 &&
           (int64_t)profile->value_count * ROWS_A_CATEGORY <= profile->row_count;
}

/* "What did we spend most on", "where do we sell the least": asks for one of the table's
 * categories, and leaves to us which kind is meant. */
static void group_unnamed(struct reading *r)
{
    const struct ask *ask = r->ask;
    const struct column *category = NULL;
    size_t at, count = 0;
    bool most = ask_has(ask, CUE_MOST, &at) || ask_has(ask, CUE_LEAST, &at);
    if (!most || !ask_word_in(ask, 0, "what where") || r->group_count > 0 ||
        r->bucket != UNIT_NONE || r->rows_entity || r->loose_table || r->measure_count != 1 ||
        r->measures[0].stated || !r->measures[0].ref.column || ask->words[at].explained)
        return;
    const struct dataset *dataset = ask->scope[0].dataset;
    for (size_t i = 0; i < dataset->column_count; i++)
        if (is_category(&dataset->columns[i]) && count++ == 0)
            category = &dataset->columns[i];
    if (!category || !reading_add_group(r, 0, category))
        return;
    r->extreme = ask->words[at].cue;
    r->ranked = true;
    r->limit = 1;
    const char *name = column_words(category, ask->arena);
    reading_assume(r, arena_printf(ask->arena, "the %s is what you want to know", name));
    if (count > 1)
        reading_doubt(r, "several categories it may ask for", SEVERAL_CATEGORIES);
}

/* ---- rankings */

/* "which month had the ...": the words belong to the grouping by time. */
static bool asks_which_unit(const struct ask *ask)
{
    for (size_t i = 0; i < ask->word_count; i++)
        if (ask->periods.group_end > 0 && ask->words[i].begin == ask->periods.group_begin)
            return ask_word_in(ask, i, "which what");
    return false;
}

/* "which region has the highest revenue" ranks the regions' totals; "highest revenue" alone is
 * the largest value. */
static void settle_extremes(struct reading *r)
{
    bool listed = r->entity || (r->bucket != UNIT_NONE && asks_which_unit(r->ask));
    if (r->extreme == CUE_NONE || !listed || r->several)
        return;
    r->ranked = true;
    for (size_t i = 0; i < r->measure_count; i++) {
        struct measure *m = &r->measures[i];
        if (m->ref.column && m->stated &&
            (m->aggregate == AGGREGATE_MAX || m->aggregate == AGGREGATE_MIN) &&
            !value_kind_is_time(m->ref.column->kind)) {
            m->aggregate = column_aggregate(m->ref.column);
            m->stated = false;
        }
    }
}

/* "the highest paid person", "who earns the most": rows of the main table by a number of theirs. */
static void settle_rows(struct reading *r)
{
    const struct ask *ask = r->ask;
    if (r->extreme == CUE_NONE || r->group_count > 0)
        return;
    for (size_t i = 0; i + 1 < ask->mention_count; i++) {
        const struct mention *m = &ask->mentions[i], *next = &ask->mentions[i + 1];
        if (r->uses[i] == USE_MEASURE && next->kind == MENTION_TABLE && next->scope == 0 &&
            m->last == next->first)
            r->ranked = true;
    }
    r->ranked |= r->who;
}

static bool is_plural(const struct ask *ask, const struct mention *mention)
{
    return reading_is_plural(ask_word_at(ask, mention->last - 1)->text);
}

/* "The top product in each category", "the best paid in every team", "best month by region": the
 * group that is not ranked itself makes the rankings. */
static void settle_each(struct reading *r)
{
    size_t at;
    bool ranks_group = r->entity && r->entity->kind != MENTION_VALUE && r->group_count == 2;
    bool ranks_time = r->bucket != UNIT_NONE && r->group_count == 1 && !r->entity;
    bool ranks_rows = (r->rows_entity || r->who) && r->bucket == UNIT_NONE &&
                      r->group_count == 1 && !r->entity && r->measure_count == 1 &&
                      r->measures[0].ref.column && r->measures[0].ref.scope == 0 &&
                      r->extreme != CUE_NONE &&
                      dataset_name_column(r->ask->scope[0].dataset);
    if (!ask_has(r->ask, CUE_BY, &at) || r->several || r->change != CUE_NONE || r->compared ||
        r->share || (r->limit == 0 && r->extreme == CUE_NONE))
        return;
    r->each = (r->ranked && (ranks_group || ranks_time)) || ranks_rows;
    bool counts = r->measure_count == 1 && !r->measures[0].ref.column && !r->measures[0].ref.metric;
    if (!r->each && r->ranked && r->rows_entity && !r->entity && counts)
        reading_doubt(r, "a superlative left out", 0.5); /* rows with no measure to rank them by */
    if (!r->each)
        return;
    r->each_rows = ranks_rows && !ranks_time;
    const struct mention *listed = ranks_rows ? r->rows_entity : r->entity;
    bool many = listed && is_plural(r->ask, listed);
    if (r->limit == 0 && many)
        reading_assume(r, arena_printf(r->ask->arena, "the lists are cut after %d", EACH_DEFAULT));
    r->limit = r->limit > 0 ? r->limit : many ? EACH_DEFAULT : 1;
    if (!ask_word_in(r->ask, at, "each every per") && !ask_word_in(r->ask, at + 1, "each every"))
        reading_doubt(r, "each assumed", 0.9);
}

static void settle_limit(struct reading *r)
{
    if (!r->ranked || r->limit > 0 || (r->group_count == 0 && r->bucket == UNIT_NONE))
        return;
    bool many = r->entity ? is_plural(r->ask, r->entity) : false;
    if (r->group_count > 0 && !r->entity && r->bucket == UNIT_NONE)
        return; /* "highest revenue by region" is a full list */
    r->limit = many ? RANK_DEFAULT : 1;
    if (many)
        reading_assume(r, arena_printf(r->ask->arena, "the list is cut after %d", RANK_DEFAULT));
}

/* ---- the whole */

void reading_settle(struct reading *r)
{
    group_compared_values(r);
    reading_choose_bucket(r);
    reading_fill_measure(r);
    group_loose(r);
    group_unnamed(r);
    settle_extremes(r);
    settle_rows(r);
    reading_fill_measure(r);
    group_people(r);
    settle_each(r);
    settle_limit(r);
    reading_share_out(r);
}
