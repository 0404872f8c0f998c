/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers that something is compared with: "more than 100", "at least 5 units". They compare rows
 * (a filter), or groups (having), and then say what is listed.
 */
#include "planner/print/describe.h"
#include "planner/rules/business_reading.h"

/* ---- reading them */

static bool number_comparison(enum cue cue)
{
    return cue == CUE_MORE || cue == CUE_LESS || cue == CUE_AT_LEAST || cue == CUE_AT_MOST ||
           cue == CUE_BETWEEN;
}

/* The mention, when a number can be about it; else -1. */
static int countable(const struct ask *ask, int mention)
{
    if (mention < 0)
        return -1;
    const struct mention *m = &ask->mentions[mention];
    bool number = m->kind == MENTION_COLUMN && value_kind_is_number(m->column->kind);
    return number || m->kind == MENTION_METRIC || m->kind == MENTION_TABLE ? mention : -1;
}

static bool is_number_column(const struct ask *ask, int mention)
{
    return mention >= 0 && ask->mentions[mention].kind == MENTION_COLUMN &&
           value_kind_is_number(ask->mentions[mention].column->kind);
}

/* "Budget below cost", "items under their reorder level": two numbers of the same row. */
static bool read_columns(struct reading *r, size_t cue_at, struct number *number)
{
    const struct ask *ask = r->ask;
    size_t after = cue_at + 1;
    while (ask_word_at(ask, after)->cue == ask->words[cue_at].cue ||
           ask_word_in(ask, after, "the its their"))
        after++;
    number->other = ask_word_at(ask, after)->mention;
    if (!is_number_column(ask, number->other))
        return false;
    for (size_t k = cue_at; k > 0 && k + 3 > cue_at && number->mention < 0; k--)
        if (is_number_column(ask, ask->words[k - 1].mention))
            number->mention = ask->words[k - 1].mention;
    return number->mention != number->other;
}

void reading_read_numbers(struct reading *r)
{
    static const struct {
        enum cue cue;
        enum comparison comparison;
    } rows[] = {{CUE_MORE, COMPARE_GREATER},
                {CUE_LESS, COMPARE_LESS},
                {CUE_AT_LEAST, COMPARE_GREATER_EQUAL},
                {CUE_AT_MOST, COMPARE_LESS_EQUAL},
                {CUE_BETWEEN, COMPARE_BETWEEN}};
    struct ask *ask = r->ask;
    for (size_t i = 0; i < ask->word_count; i++) {
        enum cue cue = ask->words[i].cue;
        if (!number_comparison(cue) || (i > 0 && ask->words[i - 1].cue == cue))
            continue;
        size_t n = i + 1;
        while (n < ask->word_count && n < i + 4 && !ask->words[n].number)
            n++;
        struct number *number = &r->numbers[r->number_count];
        *number = (struct number){.from = ask_word_at(ask, n)->number, .mention = -1, .other = -1};
        for (size_t k = 0; k < sizeof(rows) / sizeof(rows[0]); k++)
            if (rows[k].cue == cue)
                number->comparison = rows[k].comparison;
        if (!number->from && cue != CUE_BETWEEN && read_columns(r, i, number) &&
            ++r->number_count == READING_NUMBERS_MAX)
            break;
        if (!number->from || ask_word_at(ask, n)->in_period)
            continue;
        size_t end = n + 1;
        if (cue == CUE_BETWEEN) {
            if (!ask_word_at(ask, n + 2)->number)
                continue;
            number->to = ask_word_at(ask, n + 2)->number;
            end = n + 3;
        }
        for (size_t k = n; k < end; k++)
            ask->words[k].explained = true;
        for (size_t k = end;
             k < end + 2 && number->mention < 0 && ask_word_at(ask, k)->cue != CUE_BY; k++)
            number->mention = countable(ask, ask_word_at(ask, k)->mention);
        number->after = number->mention >= 0;
        for (size_t k = i; k > 0 && k + 3 > i && number->mention < 0; k--)
            number->mention = countable(ask, ask_word_at(ask, k - 1)->mention);
        if (++r->number_count == READING_NUMBERS_MAX)
            break;
    }
}

bool reading_number_takes(const struct reading *r, int mention)
{
    for (size_t i = 0; i < r->number_count; i++)
        if (r->numbers[i].other == mention)
            return true;
        else if (r->numbers[i].mention == mention &&
                 (r->numbers[i].after || r->ask->mentions[mention].kind != MENTION_TABLE))
            return true;
    return false;
}

/* ---- what they compare */

/* A number compares groups, not rows: "customers with more than 10 orders", "regions with revenue
 * above 1000". The groups are then what is listed. */
static void group_for_number(struct reading *r, const struct mention *m)
{
    bool rows = m && m->kind == MENTION_TABLE && m->scope == 0;
    if (rows && r->group_count > 0 &&
        r->measure_count == 0) /* "which customers have more than 3" */
        reading_add_measure(r, (struct ref){0}, AGGREGATE_COUNT, true);
    if (!m || r->group_count > 0)
        return;
    if (rows && r->loose_table) {
        const struct ask_scope *scope = &r->ask->scope[r->loose_table->scope];
        reading_add_group(r, r->loose_table->scope, dataset_name_column(scope->dataset));
        reading_add_measure(r, (struct ref){0}, AGGREGATE_COUNT, true);
        return;
    }
    bool amount = rows || (m->kind == MENTION_COLUMN && column_is_measure(m->column)) ||
                  m->kind == MENTION_METRIC;
    for (size_t i = 0; amount && !r->rows_entity && i < r->ask->mention_count; i++) {
        const struct mention *shown = &r->ask->mentions[i];
        bool listed = r->uses[i] == USE_SHOW && shown->first < m->first &&
                      shown->kind == MENTION_COLUMN && column_is_group(shown->column) &&
                      !shown->column->unique;
        if (!listed || !reading_add_group(r, shown->scope, shown->column))
            continue;
        r->uses[i] = USE_GROUP;
        enum aggregate aggregate = rows        ? AGGREGATE_COUNT
                                   : m->metric ? AGGREGATE_NONE
                                               : column_aggregate(m->column);
        reading_add_measure(
            r, (struct ref){.scope = m->scope, .column = m->column, .metric = m->metric}, aggregate,
            false);
        return;
    }
}

/* What a number is compared with when rows are grouped. */
static bool having_measure(struct reading *r, const struct mention *m, struct measure *out)
{
    bool rows = m && m->kind == MENTION_TABLE && m->scope == 0;
    if (rows)
        *out = (struct measure){.aggregate = AGGREGATE_COUNT, .stated = true};
    else if (m && m->kind == MENTION_COLUMN && value_kind_is_number(m->column->kind))
        *out = (struct measure){.ref = {.scope = m->scope, .column = m->column},
                                .aggregate = column_aggregate(m->column)};
    else if (m && m->kind == MENTION_METRIC)
        *out = (struct measure){.ref = {.scope = m->scope, .metric = m->metric}};
    else if (r->measure_count > 0)
        *out = r->measures[0];
    else
        return false;
    return true;
}

static bool measures_column(const struct reading *r, const struct column *column)
{
    for (size_t i = 0; i < r->measure_count && r->group_count > 0; i++)
        if (r->measures[i].ref.column == column)
            return true;
    return false;
}

/* "Older than 60" compares ages, but no dates of birth: they go the other way round. */
static bool adjective_compares(struct reading *r, enum comparison comparison, struct ref *ref)
{
    enum cue end = CUE_NONE;
    if (!reading_adjective_column(r, ref, &end) || !value_kind_is_number(ref->column->kind) ||
        ref->column->role == ROLE_TIME)
        return false;
    bool more = comparison == COMPARE_GREATER || comparison == COMPARE_GREATER_EQUAL;
    bool less = comparison == COMPARE_LESS || comparison == COMPARE_LESS_EQUAL;
    return !(more && end == CUE_LOW) && !(less && end == CUE_HIGH);
}

/* What there is of something: what a level, a limit or a target is for. */
static const struct column *amount_there_is(const struct dataset *dataset,
                                            const struct column *other)
{
    static const char *const words[] = {"stock", "hand",  "quantity", "qty",   "actual",
                                        "spent", "units", "level",    "amount"};
    for (size_t k = 0; k < sizeof(words) / sizeof(words[0]); k++)
        for (size_t i = 0; i < dataset->column_count; i++) {
            const struct column *column = &dataset->columns[i];
            if (column != other && value_kind_is_number(column->kind) &&
                column_name_has(column, str_from(words[k])))
                return column;
        }
    return NULL;
}

static void compare_columns(struct reading *r, const struct number *n)
{
    const struct mention *own = n->mention >= 0 ? &r->ask->mentions[n->mention] : NULL;
    const struct mention *other = &r->ask->mentions[n->other];
    struct filter filter = {.comparison = n->comparison,
                            .other = {.scope = other->scope, .column = other->column}};
    if (own) {
        filter.ref = (struct ref){.scope = own->scope, .column = own->column};
    } else {
        const struct dataset *dataset = r->ask->scope[other->scope].dataset;
        filter.ref =
            (struct ref){.scope = other->scope, .column = amount_there_is(dataset, other->column)};
        if (!filter.ref.column) {
            reading_doubt(r, "a column with nothing to compare", 0.3);
            return;
        }
        reading_assume(r, arena_printf(r->ask->arena, "%s is what is compared with %s",
                                       column_words(filter.ref.column, r->ask->arena),
                                       column_words(other->column, r->ask->arena)));
    }
    reading_add_filter(r, filter);
}

void reading_apply_numbers(struct reading *r)
{
    for (size_t i = 0; i < r->number_count; i++) {
        const struct number *n = &r->numbers[i];
        if (n->other >= 0) {
            compare_columns(r, n);
            continue;
        }
        const struct mention *m = n->mention >= 0 ? &r->ask->mentions[n->mention] : NULL;
        struct filter filter = {.comparison = n->comparison, .value_count = n->to ? 2 : 1};
        filter.values[0] = n->from;
        filter.values[1] = n->to;
        if ((!m || (m->kind == MENTION_TABLE && !n->after)) &&
            adjective_compares(r, n->comparison, &filter.ref)) {
            reading_add_filter(r, filter);
            continue;
        }
        if (m && m->kind == MENTION_TABLE && !n->after) { /* "orders above 200" */
            const struct column *usual = dataset_main_measure(r->ask->scope[0].dataset);
            if (m->scope == 0 && usual) {
                filter.ref = (struct ref){.column = usual};
                reading_add_filter(r, filter);
                reading_doubt(r, "measure of a number assumed", 0.85);
                continue;
            }
        }
        group_for_number(r, m);
        if (m && m->kind == MENTION_COLUMN && value_kind_is_number(m->column->kind) &&
            !measures_column(r, m->column)) {
            filter.ref = (struct ref){.scope = m->scope, .column = m->column};
            reading_add_filter(r, filter);
        } else if (having_measure(r, m, &filter.having)) {
            bool count =
                r->group_count == 0 && r->bucket == UNIT_NONE &&
                (!filter.having.ref.column || filter.having.aggregate == AGGREGATE_COUNT_DISTINCT);
            if (count) /* one number of all rows is not what "higher than 2000" is about */
                reading_doubt(r, "a number with nothing to compare", 0.4);
            filter.is_having = true;
            reading_add_filter(r, filter);
        } else {
            reading_doubt(r, "a number with nothing to compare", 0.5);
        }
    }
}
