/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Averages of what adds up: "the average revenue per customer" is the whole revenue over the number
 * of customers, not the average of the orders' amounts, and no list. Only of what surely adds up:
 * "the average salary per department" is one for each department.
 */
#include "planner/rules/business_reading.h"

#include <string.h>
#include <strings.h>

#include "planner/print/describe.h"
#include "planner/print/fragment.h"

#define FLOWS "revenue revenues sales turnover"
#define LEVELS "salary salaries wage wages pay price prices age ages rate rates level levels balance " \
               "stock height weight score rating"
#define SIZES "value values size sizes amount amounts total totals"

static bool says(const struct ask *ask, const struct mention *m, const char *words)
{
    for (size_t i = m->first; i < m->last; i++)
        if (ask_word_in(ask, i, words))
            return true;
    return false;
}

static bool is_level(const struct column *column)
{
    static const char *const words[] = {"salary", "wage", "pay", "price", "age", "rate", "level",
                                        "balance", "stock", "height", "weight", "score", "rating"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (column_name_has(column, str_from(words[i])))
            return true;
    return false;
}

/* What is declared as a sum, or called like one: a salary, or the value of an order, is of its row,
 * and the average of it is that of the rows. */
static bool is_flow(const struct ask *ask, const struct mention *m, const struct column *column)
{
    if (says(ask, m, LEVELS) || ask_word_in(ask, m->last, SIZES))
        return false;
    if (m->kind == MENTION_METRIC)
        return fragment_adds_up(m->metric->expression);
    if (is_level(column))
        return false;
    bool declared = m->kind == MENTION_COLUMN && column->default_aggregation &&
                    strcasecmp(column->default_aggregation, "sum") == 0;
    return declared || says(ask, m, FLOWS);
}

/* The measure is known to add up, or counts rows. */
static bool adds_up(const struct reading *r)
{
    const struct measure *measure = &r->measures[0];
    if (!measure->ref.metric && !measure->ref.column)
        return true;
    if (measure->ref.scope != 0 ||
        (measure->ref.column && measure->aggregate != AGGREGATE_SUM &&
         measure->aggregate != AGGREGATE_AVG))
        return false;
    for (size_t i = 0; i < r->ask->mention_count; i++)
        if (r->uses[i] == USE_MEASURE)
            return is_flow(r->ask, &r->ask->mentions[i], measure->ref.column);
    return false;
}

/* "... per customer", where customers are rows of a joined table, or their keys: which one. */
static const struct mention *things_shared_by(const struct reading *r, size_t per)
{
    const struct ask *ask = r->ask;
    size_t at = per + 1;
    while (ask_word_at(ask, at)->cue == CUE_STOP && ask_word_at(ask, at)->mention < 0)
        at++;
    int index = ask_word_at(ask, at)->mention;
    const struct mention *m = index >= 0 ? &ask->mentions[index] : NULL;
    if (!m)
        return NULL;
    if (m->scope == 0)
        return m->kind == MENTION_COLUMN && m->column->role == ROLE_KEY && !m->column->unique ? m
                                                                                              : NULL;
    bool names = m->kind == MENTION_COLUMN &&
                 (m->column == dataset_name_column(ask->scope[m->scope].dataset) ||
                  strcmp(m->column->name, ask->scope[m->scope].own_column) == 0);
    return m->kind == MENTION_TABLE || names ? m : NULL;
}

static struct ref key_of(const struct reading *r, const struct mention *m)
{
    if (m->scope == 0)
        return (struct ref){.column = m->column};
    const struct ask_scope *scope = &r->ask->scope[m->scope];
    return (struct ref){
        .scope = scope->parent,
        .column = dataset_column(r->ask->scope[scope->parent].dataset, scope->parent_column)};
}

static void drop_group(struct reading *r, const struct mention *m)
{
    const struct column *name =
        m->column ? m->column : dataset_name_column(r->ask->scope[m->scope].dataset);
    size_t kept = 0;
    for (size_t i = 0; i < r->group_count; i++)
        if (r->groups[i].column != name)
            r->groups[kept++] = r->groups[i];
    r->group_count = kept;
}

/* "Per day", "a month", "monthly": but "the average by month" is one for each. */
static bool shared_by_time(const struct reading *r, size_t average)
{
    const struct ask *ask = r->ask;
    if (r->bucket == UNIT_NONE || r->bucket == UNIT_WEEKDAY || !r->time.column ||
        r->bucket != ask->periods.group_by)
        return false;
    for (size_t i = average + 1; i < ask->word_count; i++)
        if (ask->words[i].begin == ask->periods.group_begin)
            return ask_word_in(ask, i, "per daily weekly monthly quarterly yearly annual");
    return false;
}

/* "Average order revenue per customer", "per order per month": rows are what is averaged. */
static bool averages_rows(const struct reading *r, size_t before)
{
    for (size_t i = 0; i < r->ask->mention_count; i++) {
        const struct mention *m = &r->ask->mentions[i];
        if (m->kind == MENTION_TABLE && m->scope == 0 && r->uses[i] != USE_MEASURE &&
            (m->first < before || ask_word_in(r->ask, m->first - 1, "per each every")))
            return true;
    }
    return false;
}

/* "Per customer and product", "per customer and month": more than one thing is meant. */
static bool shared_by_more(const struct reading *r, const struct mention *things)
{
    const struct ask *ask = r->ask;
    bool more = r->bucket != UNIT_NONE || ask_word_at(ask, things->last)->cue == CUE_AND;
    for (size_t i = things->last; i < ask->word_count; i++)
        more |= ask->words[i].cue == CUE_BY && ask_word_in(ask, i, "per");
    return more;
}

void reading_share_out(struct reading *r)
{
    const struct ask *ask = r->ask;
    size_t average;
    if (!ask_has(ask, CUE_AVERAGE, &average) || r->measure_count != 1 || !adds_up(r) ||
        r->extreme != CUE_NONE || r->ranked || r->share || r->compared || r->change != CUE_NONE)
        return;
    const struct mention *things = NULL;
    for (size_t i = average; i < ask->word_count && !things; i++)
        if (ask->words[i].cue == CUE_BY && ask_word_in(ask, i, "per"))
            things = things_shared_by(r, i);
    if (things) {
        r->sharer = key_of(r, things);
        if (!r->sharer.column || shared_by_more(r, things) || averages_rows(r, things->first)) {
            r->sharer = (struct ref){0};
            return;
        }
        drop_group(r, things);
        r->shared_by = ask_word_at(ask, things->last - 1)->text;
    } else if (shared_by_time(r, average) && !averages_rows(r, 0)) {
        r->shared_by = time_unit_name(r->bucket);
    } else {
        return;
    }
    if (r->measures[0].ref.column)
        r->measures[0].aggregate = AGGREGATE_SUM;
    r->measures[0].stated = true;
    reading_assume(r, arena_printf(ask->arena, "only the %s with %s count",
                                   plural_of(r->shared_by, ask->arena),
                                   dataset_noun(ask->scope[0].dataset, ask->arena)));
}
