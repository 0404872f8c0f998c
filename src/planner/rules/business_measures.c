/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is measured when no column or metric was named: an adjective names it ("the oldest"), rows
 * are counted, or the table's main measure is assumed. And sums of two measures.
 */
#include "planner/rules/business_reading.h"

#include <string.h>

#include "planner/print/describe.h"

/* ---- adjectives */

/* "the most expensive product", "the oldest employee" */
static bool adjective_measure(struct reading *r)
{
    struct ref ref;
    enum cue extreme = r->extreme;
    if (!reading_adjective_column(r, &ref, &extreme) || (extreme == CUE_NONE && !r->ranked))
        return false;
    r->extreme = extreme;
    r->ranked = true;
    bool time = value_kind_is_time(ref.column->kind) || ref.column->role == ROLE_TIME;
    bool alone = r->group_count == 0 && r->bucket == UNIT_NONE && !r->rows_entity;
    enum aggregate usual = column_aggregate(ref.column);
    enum aggregate end = extreme == CUE_LOW || extreme == CUE_LEAST ? AGGREGATE_MIN : AGGREGATE_MAX;
    /* The most expensive item is the one with the highest price anywhere. */
    bool single = time || alone || usual == AGGREGATE_AVG || !column_is_measure(ref.column);
    return reading_add_measure(r, ref, single ? end : usual, false);
}

/* ---- counted, or assumed */

/* "How many drills": where the rows say how many of them each stands for, those are added up, and
 * not the rows. Where the rows are named, "how many orders of drills", they are counted. */
static const struct column *units_counted(const struct reading *r, size_t at)
{
    const struct ask *ask = r->ask;
    const struct dataset *dataset = ask->scope[0].dataset;
    while (ask_word_at(ask, at)->cue == CUE_COUNT || ask_word_at(ask, at)->cue == CUE_STOP ||
           ask_word_at(ask, at)->cue == CUE_MOST)
        at++;
    int counted = ask_word_at(ask, at)->mention;
    if (counted < 0 || ask->mentions[counted].kind != MENTION_VALUE)
        return NULL;
    for (size_t i = 0; i < ask->mention_count; i++)
        if (ask->mentions[i].kind == MENTION_TABLE && ask->mentions[i].scope == 0)
            return NULL;
    static const char *const units[] = {"quantity", "qty", "units", "pieces", "copies"};
    for (size_t k = 0; k < sizeof(units) / sizeof(units[0]); k++)
        for (size_t i = 0; i < dataset->column_count; i++)
            if (column_is_measure(&dataset->columns[i]) &&
                column_name_has(&dataset->columns[i], str_from(units[k])))
                return &dataset->columns[i];
    return NULL;
}

void reading_count(struct reading *r, size_t at)
{
    const struct column *units = units_counted(r, at);
    if (units) {
        reading_add_measure(r, (struct ref){.column = units}, AGGREGATE_SUM, false);
        r->counts_units = true;
        return;
    }
    reading_add_measure(r, (struct ref){0}, AGGREGATE_COUNT, true);
    r->counts_rows = true;
}

bool reading_assume_measure(struct reading *r)
{
    const struct column *chosen = dataset_main_measure(r->ask->scope[0].dataset);
    if (!chosen)
        return false;
    reading_add_measure(r, (struct ref){.column = chosen}, column_aggregate(chosen), false);
    reading_assume(r, arena_printf(r->ask->arena, "no measure was named, so %s is used",
                                   column_words(chosen, r->ask->arena)));
    reading_doubt(r, "measure assumed", 0.85);
    return true;
}

/* The "largest" order is one row; the "best" product is not. */
static bool says_size(const struct ask *ask)
{
    for (size_t i = 0; i < ask->word_count; i++)
        if (ask->words[i].mention < 0 &&
            ask_word_in(ask, i, "largest biggest greatest smallest highest lowest"))
            return true;
    return false;
}

static bool names_time(const struct reading *r)
{
    for (size_t i = 0; i < r->ask->mention_count; i++) {
        const struct mention *m = &r->ask->mentions[i];
        if (m->kind == MENTION_COLUMN && m->column == r->time.column)
            return true;
    }
    return false;
}

/* Who spent the most need not have come the most often. */
static bool says_money(const struct reading *r)
{
    const struct ask *ask = r->ask;
    for (size_t i = 0; i < ask->word_count && r->entity; i++)
        if (ask->words[i].mention < 0 && ask_word_in(ask, i, "spent spend spends spending paid pay pays"))
            return ask->words[i].explained = true;
    return false;
}

/* "The last order of each customer": when that was. */
static bool first_or_last(struct reading *r)
{
    size_t at;
    enum cue cue = ask_cue_before(r->ask, r->rows_entity->first, &at);
    bool last = cue == CUE_LAST || cue == CUE_LATEST;
    if (!last && cue != CUE_FIRST && cue != CUE_EARLIEST)
        last = ask_has(r->ask, CUE_WHEN, NULL) && ask_has(r->ask, CUE_LAST, NULL);
    struct ref time = {.column = dataset_time_column(r->ask->scope[0].dataset)};
    bool said = last || cue == CUE_FIRST || cue == CUE_EARLIEST ||
                (ask_has(r->ask, CUE_WHEN, NULL) && ask_has(r->ask, CUE_FIRST, NULL));
    if (!said || !time.column || r->bucket != UNIT_NONE)
        return false;
    if (r->limit > 0)
        reading_doubt(r, "several first or last ones", 0.4);
    const char *noun = dataset_noun(r->ask->scope[0].dataset, r->ask->arena);
    reading_assume(r, arena_printf(r->ask->arena, "of the %s the day is wanted", noun));
    r->limit = 0;
    return reading_add_measure(r, time, last ? AGGREGATE_MAX : AGGREGATE_MIN, true);
}

void reading_fill_measure(struct reading *r)
{
    size_t at;
    if (r->measure_count > 0 || (r->number_count == 0 && adjective_measure(r)))
        return;
    bool grouped = (r->group_count > 0 && !r->entity) || r->bucket != UNIT_NONE;
    if (grouped && r->filter_count > 0 && !r->ranked && !r->share && !r->change) {
        reading_add_measure(r, (struct ref){0}, AGGREGATE_COUNT, true); /* "returns by region" */
        return;
    }
    bool asks = r->ranked || r->change != CUE_NONE || r->compared || r->share ||
                r->bucket != UNIT_NONE || ask_has(r->ask, CUE_SUM, NULL) ||
                ask_has(r->ask, CUE_MUCH, NULL);
    bool frequency = ask_has(r->ask, CUE_MOST, &at) && r->group_count > 0 && !r->limit &&
                     !ask_word_in(r->ask, at + 1, "valuable important profitable") &&
                     !says_money(r);
    if (r->rows_entity && r->share) {
        reading_add_measure(r, (struct ref){0}, AGGREGATE_COUNT, true);
        return;
    }
    if (frequency && !r->change && !r->compared) { /* "bought the most oak desks" */
        const struct column *units = units_counted(r, at);
        if (units)
            reading_add_measure(r, (struct ref){.column = units}, AGGREGATE_SUM, false);
        else
            reading_add_measure(r, (struct ref){0}, AGGREGATE_COUNT, true);
        r->counts_units |= units != NULL;
        return;
    }
    if (r->rows_entity && r->group_count > 0 && first_or_last(r)) /* "last order of each customer" */
        return;
    if (r->rows_entity && (r->group_count > 0 || r->bucket != UNIT_NONE)) {
        reading_add_measure(r, (struct ref){0}, AGGREGATE_COUNT, true); /* "orders by region" */
        return;
    }
    bool events = r->bucket != UNIT_NONE && !r->ranked && names_time(r) &&
                  !ask_has(r->ask, CUE_SUM, NULL) && !ask_has(r->ask, CUE_MUCH, NULL);
    if (events) { /* "hires by month" */
        reading_add_measure(r, (struct ref){0}, AGGREGATE_COUNT, true);
        return;
    }
    bool sized = r->rows_entity && r->ranked && says_size(r->ask);
    if ((asks && !r->rows_entity) || sized) /* "the largest order" */
        reading_assume_measure(r);
}

/* ---- two measures */

/* "The difference between the highest and the lowest salary": the two, and what lies between. */
static void subtract_ends(struct reading *r)
{
    struct measure *a = &r->measures[0], *b = &r->measures[1];
    bool ends = r->several && r->measure_count == 2 && a->ref.column == b->ref.column &&
                ((a->aggregate == AGGREGATE_MAX && b->aggregate == AGGREGATE_MIN) ||
                 (a->aggregate == AGGREGATE_MIN && b->aggregate == AGGREGATE_MAX));
    for (size_t i = 0; ends && i < r->ask->word_count; i++) {
        if (r->ask->words[i].mention >= 0 || !ask_word_in(r->ask, i, "difference gap spread range"))
            continue;
        r->ask->words[i].explained = true;
        r->arithmetic = '-';
        r->change = CUE_NONE;
        if (a->aggregate == AGGREGATE_MIN) {
            struct measure low = *a;
            *a = *b;
            *b = low;
        }
    }
}

void reading_arithmetic(struct reading *r)
{
    subtract_ends(r);
    static const struct {
        const char *words;
        char sign;
    } rows[] = {{"minus difference", '-'}, {"plus", '+'}, {"divided ratio per", '/'}};
    struct ask *ask = r->ask;
    const struct mention *first = NULL, *second = NULL;
    for (size_t i = 0; i < ask->mention_count; i++) {
        if (r->uses[i] != USE_MEASURE)
            continue;
        if (!first)
            first = &ask->mentions[i];
        else if (!second)
            second = &ask->mentions[i];
    }
    if (!second || r->measure_count != 2)
        return;
    for (size_t i = 0; i < ask->word_count && i < second->first; i++) {
        bool before = ask_word_in(ask, i, "difference ratio") && i < first->first;
        if (!before && i < first->last)
            continue;
        for (size_t k = 0; k < sizeof(rows) / sizeof(rows[0]); k++)
            if (ask->words[i].mention < 0 && ask_word_in(ask, i, rows[k].words)) {
                r->arithmetic = rows[k].sign;
                r->change = CUE_NONE;
                ask->words[i].explained = true;
            }
    }
}
