/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Business questions: what the mentions and cues of a question add up to.
 *
 * For each dataset that could be the main table: every mention gets a use (measure, group,
 * filter, shown column), cues give ranking, share, comparison; then one of a few shapes of query is
 * built. Doubts lower the score; every doubt has a name for --explain.
 */
#include "planner/rules/business.h"

#include <stdlib.h>
#include <string.h>

#include "core/strbuf.h"
#include "planner/print/describe.h"
#include "planner/rules/business_priv.h"
#include "planner/rules/business_reading.h"
#include "planner/rules/follow_up.h"

#define MAIN_TABLES_MAX 12
#define MAIN_TABLES_TRIED_MAX 24
#define RANK_DEFAULT 10
#define SAMPLE_DEFAULT 10

/* ---- doubts and assumptions */

void reading_doubt(struct reading *r, const char *name, double factor)
{
    r->score *= factor;
    strbuf_printf(&r->explanation, "%s%s x%.2f", r->explanation.length > 0 ? ", " : "", name,
                  factor);
}

void reading_assume(struct reading *r, const char *sentence)
{
    for (size_t i = 0; i < r->assumption_count; i++)
        if (strcmp(r->assumptions[i], sentence) == 0)
            return;
    if (r->assumption_count < READING_ASSUMPTIONS_MAX)
        r->assumptions[r->assumption_count++] = sentence;
}

/* ---- looking around in the question */

static const struct ask_word *word_of(const struct ask *ask, size_t i)
{
    static const struct ask_word none = {.text = "", .stem = "", .mention = -1};
    return i < ask->word_count ? &ask->words[i] : &none;
}

/* The nearest cue before word i, over words that say nothing and over numbers; never over a
 * mention or a period. */
static enum cue cue_before(const struct ask *ask, size_t i, size_t *at)
{
    for (size_t steps = 0; i > 0 && steps < 5; steps++) {
        const struct ask_word *word = word_of(ask, --i);
        if (word->mention >= 0 || word->in_period)
            return CUE_NONE;
        if (word->cue == CUE_STOP && word->mark && word->text[0] != '$')
            return CUE_NONE;
        if (word->cue != CUE_STOP && word->cue != CUE_NONE) {
            *at = i;
            return word->cue;
        }
        if (word->cue == CUE_NONE && !word->number)
            return CUE_NONE;
    }
    return CUE_NONE;
}

#define PERIOD_GROUP (-2) /* "by month and region" */

/* The mention that a list goes on from: "region and channel", "region, channel". -1: none. */
static int list_before(const struct ask *ask, size_t i)
{
    bool glue = false;
    while (i > 0) {
        const struct ask_word *word = word_of(ask, --i);
        if (word->mention >= 0)
            return glue ? word->mention : -1;
        if (word->in_period && glue && word->end == ask->periods.group_end)
            return PERIOD_GROUP;
        if (word->cue == CUE_AND || word->cue == CUE_OR || strcmp(word->text, ",") == 0)
            glue = true;
        else if (word->cue != CUE_STOP || word->mark)
            return -1;
    }
    return -1;
}

static bool is_plural(const struct ask *ask, const struct mention *mention)
{
    const struct ask_word *word = word_of(ask, mention->last - 1);
    size_t length = strlen(word->text);
    return length > 2 && word->text[length - 1] == 's' && word->text[length - 2] != 's';
}

static bool superlative(enum cue cue)
{
    return cue == CUE_HIGH || cue == CUE_LOW || cue == CUE_MOST || cue == CUE_LEAST ||
           cue == CUE_TOP || cue == CUE_BOTTOM;
}

/* ---- giving every mention its use */

static bool add_measure(struct reading *r, struct ref ref, enum aggregate aggregate, bool stated)
{
    for (size_t i = 0; i < r->measure_count; i++)
        if (r->measures[i].ref.column == ref.column && r->measures[i].ref.metric == ref.metric &&
            r->measures[i].aggregate == aggregate)
            return true;
    if (r->measure_count == READING_MEASURES_MAX)
        return false;
    r->measures[r->measure_count++] =
        (struct measure){.ref = ref, .aggregate = aggregate, .stated = stated};
    return true;
}

static bool add_group(struct reading *r, int scope, const struct column *column)
{
    if (!column || r->group_count == READING_GROUPS_MAX)
        return false;
    for (size_t i = 0; i < r->group_count; i++)
        if (r->groups[i].column == column)
            return true;
    r->groups[r->group_count++] = (struct ref){.scope = scope, .column = column};
    return true;
}

static struct filter *add_filter(struct reading *r, struct filter filter)
{
    if (r->filter_count == READING_FILTERS_MAX)
        return NULL;
    r->filters[r->filter_count] = filter;
    return &r->filters[r->filter_count++];
}

static void use_value(struct reading *r, const struct mention *m)
{
    size_t at;
    bool negated = cue_before(r->ask, m->first, &at) == CUE_NOT;
    int before = list_before(r->ask, m->first);
    for (size_t i = 0; i < r->filter_count; i++) {
        struct filter *f = &r->filters[i];
        if (f->ref.column != m->column || f->comparison != COMPARE_EQUAL)
            continue;
        if (before >= 0 && r->ask->mentions[before].column == m->column)
            negated = f->negated;
        if (f->negated == negated && f->value_count < READING_VALUES_MAX) {
            f->values[f->value_count++] = m->value;
            return;
        }
    }
    struct filter filter = {.ref = {.scope = m->scope, .column = m->column},
                            .comparison = COMPARE_EQUAL,
                            .negated = negated,
                            .value_count = 1};
    filter.values[0] = m->value;
    add_filter(r, filter);
}

static void use_filter(struct reading *r, const struct mention *m)
{
    size_t at;
    add_filter(r, (struct filter){.ref = {.scope = m->scope},
                                  .named = m->filter,
                                  .negated = cue_before(r->ask, m->first, &at) == CUE_NOT});
}

static enum aggregate aggregate_of_cue(enum cue cue)
{
    switch (cue) {
    case CUE_SUM:
    case CUE_MUCH:
        return AGGREGATE_SUM;
    case CUE_AVERAGE:
        return AGGREGATE_AVG;
    case CUE_HIGH:
    case CUE_LATEST:
        return AGGREGATE_MAX;
    case CUE_LOW:
    case CUE_EARLIEST:
        return AGGREGATE_MIN;
    default:
        return AGGREGATE_NONE;
    }
}

/* The measure that "best", "top" and "growth" are about when none is named. */
static const struct column *main_measure_column(const struct dataset *dataset)
{
    static const char *const usual[] = {"revenue", "sales", "amount", "total", "turnover", "value"};
    for (size_t k = 0; k < sizeof(usual) / sizeof(usual[0]); k++)
        for (size_t i = 0; i < dataset->column_count; i++)
            if (column_is_measure(&dataset->columns[i]) &&
                strcasestr(dataset->columns[i].name, usual[k]))
                return &dataset->columns[i];
    for (size_t i = 0; i < dataset->column_count; i++)
        if (dataset->columns[i].role == ROLE_MEASURE)
            return &dataset->columns[i];
    return NULL;
}

/* "by revenue" after a ranking is what it ranks by. */
static void use_measure(struct reading *r, const struct mention *m)
{
    size_t at = m->first;
    enum cue cue = cue_before(r->ask, m->first, &at);
    enum aggregate aggregate = aggregate_of_cue(cue);
    int before = list_before(r->ask, m->first);
    if (cue == CUE_NONE && before >= 0 && r->measure_count > 0 &&
        r->ask->mentions[before].kind == MENTION_COLUMN)
        aggregate = r->measures[r->measure_count - 1].stated
                        ? r->measures[r->measure_count - 1].aggregate
                        : AGGREGATE_NONE;
    if (cue == CUE_COUNT)
        aggregate = AGGREGATE_SUM;
    if (superlative(cue) || cue == CUE_LATEST || cue == CUE_EARLIEST) {
        r->extreme = cue;
        if (aggregate == AGGREGATE_NONE)
            r->ranked = true;
    }
    enum cue outer = cue != CUE_NONE ? cue_before(r->ask, at, &at) : CUE_NONE;
    if (cue == CUE_SORT || outer == CUE_SORT)
        r->sort_said = true;
    struct ref ref = {.scope = m->scope, .column = m->column, .metric = m->metric};
    bool stated = aggregate != AGGREGATE_NONE;
    add_measure(r, ref, stated || m->metric ? aggregate : column_aggregate(m->column), stated);
}

/* "how many customers": of the main table its rows, of another its different keys. */
static void count_table(struct reading *r, const struct mention *m)
{
    const struct ask_scope *scope = &r->ask->scope[m->scope];
    struct ref ref = {0};
    if (m->scope == 0) {
        add_measure(r, ref, AGGREGATE_COUNT, true);
        return;
    }
    r->loose_table = m;
    ref.scope = scope->parent;
    ref.column = dataset_column(r->ask->scope[scope->parent].dataset, scope->parent_column);
    add_measure(r, ref, AGGREGATE_COUNT_DISTINCT, true);
    reading_doubt(r, "counted by key", 0.94);
}

static bool starts_group(enum cue cue)
{
    return cue == CUE_BY || cue == CUE_WHICH || superlative(cue);
}

/* A group that is asked for by "which" or a superlative is what the ranking lists. */
static void use_group(struct reading *r, const struct mention *m, const struct column *column,
                      enum cue cue)
{
    if (!add_group(r, m->scope, column))
        return;
    if (cue != CUE_BY && cue != CUE_NONE) {
        r->entity = m;
        if (superlative(cue)) {
            r->extreme = cue;
            r->ranked = true;
        }
    }
}

static bool group_list(const struct reading *r, const struct mention *m)
{
    int before = list_before(r->ask, m->first);
    return before == PERIOD_GROUP || (before >= 0 && r->uses[before] == USE_GROUP);
}

static bool main_measure(struct reading *r);

static enum use use_table(struct reading *r, const struct mention *m)
{
    size_t at = m->first;
    enum cue cue = cue_before(r->ask, m->first, &at);
    if (cue == CUE_DISTINCT && cue_before(r->ask, at, &at) == CUE_COUNT)
        cue = CUE_COUNT;
    if (cue == CUE_COUNT) {
        count_table(r, m);
        return USE_MEASURE;
    }
    bool counted = (cue == CUE_MOST || cue == CUE_LEAST) && (r->group_count > 0 || r->loose_table);
    if (counted) { /* "which customers have the most orders" */
        count_table(r, m);
        r->extreme = cue;
        r->ranked = true;
        return USE_MEASURE;
    }
    if (cue == CUE_AVERAGE && m->scope == 0 &&
        ask_word_in(r->ask, m->last, "value size amount total") && main_measure(r)) {
        r->measures[r->measure_count - 1].aggregate = AGGREGATE_AVG; /* "average order value" */
        r->ask->words[m->last].explained = true;
        return USE_MEASURE;
    }
    if (cue == CUE_NOT) {
        r->absent = true;
        r->rows_entity = m->scope == 0 ? m : r->rows_entity;
        return USE_NONE;
    }
    const struct column *name = dataset_name_column(r->ask->scope[m->scope].dataset);
    if (starts_group(cue) || group_list(r, m)) {
        if (m->scope == 0) {
            r->rows_entity = m;
            if (superlative(cue)) {
                r->extreme = cue;
                r->ranked = true;
            }
            return USE_SHOW;
        }
        use_group(r, m, name, cue);
        return name ? USE_GROUP : USE_NONE;
    }
    if (m->scope == 0)
        r->rows_entity = m;
    else
        r->loose_table = m;
    return USE_SHOW;
}

static bool number_comparison(enum cue cue)
{
    return cue == CUE_MORE || cue == CUE_LESS || cue == CUE_AT_LEAST || cue == CUE_AT_MOST ||
           cue == CUE_BETWEEN;
}

static void add_equal(struct reading *r, const struct mention *m, const char *value)
{
    struct filter filter = {.ref = {.scope = m->scope, .column = m->column},
                            .comparison = COMPARE_EQUAL,
                            .value_count = 1};
    filter.values[0] = value;
    add_filter(r, filter);
}

static enum use use_time_column(struct reading *r, const struct mention *m, enum cue cue)
{
    if (cue == CUE_NOT) { /* "orders not shipped" */
        add_filter(r, (struct filter){.ref = {.scope = m->scope, .column = m->column},
                                      .comparison = COMPARE_NULL});
        return USE_FILTER;
    }
    r->time = (struct ref){.scope = m->scope, .column = m->column};
    bool low = cue == CUE_EARLIEST || cue == CUE_FIRST || cue == CUE_LOW;
    if (low || cue == CUE_LATEST || cue == CUE_LAST || cue == CUE_HIGH) {
        add_measure(r, r->time, low ? AGGREGATE_MIN : AGGREGATE_MAX, true);
        return USE_MEASURE;
    }
    if (cue == CUE_BY && r->bucket == UNIT_NONE) {
        r->bucket = UNIT_DAY;
        return USE_GROUP;
    }
    return r->ask->periods.count > 0 ? USE_NONE : USE_SHOW; /* "shipped last week" */
}

static enum use use_measure_column(struct reading *r, const struct mention *m, enum cue cue)
{
    if (cue != CUE_NOT) {
        use_measure(r, m);
        return USE_MEASURE;
    }
    add_equal(r, m, "0"); /* "orders without a discount" */
    reading_assume(r, arena_printf(r->ask->arena, "no %s means that it is 0",
                                   column_words(m->column, r->ask->arena)));
    return USE_FILTER;
}

static enum use use_column(struct reading *r, const struct mention *m)
{
    size_t at = m->first;
    const struct column *column = m->column;
    const char *yes = NULL, *no = NULL;
    enum cue cue = cue_before(r->ask, m->first, &at);
    bool groups = starts_group(cue) || group_list(r, m);
    if (value_kind_is_time(column->kind) || column->role == ROLE_TIME)
        return use_time_column(r, m, cue);
    if (!groups && column_is_flag(column, &yes, &no)) {
        add_equal(r, m, cue == CUE_NOT ? no : yes);
        return USE_FILTER;
    }
    if (column_is_measure(column))
        return use_measure_column(r, m, cue);
    if (cue == CUE_COUNT || (cue == CUE_DISTINCT && cue_before(r->ask, at, &at) == CUE_COUNT)) {
        add_measure(r, (struct ref){.scope = m->scope, .column = column}, AGGREGATE_COUNT_DISTINCT,
                    true);
        return USE_MEASURE;
    }
    if (groups) {
        use_group(r, m, column, cue);
        return USE_GROUP;
    }
    return USE_SHOW;
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

/* "more than 100", "at least 5 units", "between 10 and 20": with the number column named just
 * before or just after; else with what the groups are measured by. */
static void read_numbers(struct reading *r)
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
        if (!word_of(ask, n)->number || word_of(ask, n)->in_period)
            continue;
        struct number *number = &r->numbers[r->number_count];
        *number = (struct number){.from = word_of(ask, n)->number, .mention = -1};
        for (size_t k = 0; k < sizeof(rows) / sizeof(rows[0]); k++)
            if (rows[k].cue == cue)
                number->comparison = rows[k].comparison;
        size_t end = n + 1;
        if (cue == CUE_BETWEEN) {
            if (!word_of(ask, n + 2)->number)
                continue;
            number->to = word_of(ask, n + 2)->number;
            end = n + 3;
        }
        for (size_t k = n; k < end; k++)
            ask->words[k].explained = true;
        for (size_t k = end; k < end + 2 && number->mention < 0 && word_of(ask, k)->cue != CUE_BY;
             k++)
            number->mention = countable(ask, word_of(ask, k)->mention);
        number->after = number->mention >= 0;
        for (size_t k = i; k > 0 && k + 3 > i && number->mention < 0; k--)
            number->mention = countable(ask, word_of(ask, k - 1)->mention);
        if (++r->number_count == READING_NUMBERS_MAX)
            break;
    }
}

/* Numbers that were compared take their column with them: it is not shown or summed. */
static bool taken_by_number(const struct reading *r, int mention)
{
    for (size_t i = 0; i < r->number_count; i++)
        if (r->numbers[i].mention == mention &&
            (r->numbers[i].after || r->ask->mentions[mention].kind != MENTION_TABLE))
            return true;
    return false;
}

static const struct column *adjective_column(const struct reading *r, struct ref *ref,
                                             enum cue *extreme);

/* A number compares groups, not rows: "customers with more than 10 orders", "regions with revenue
 * above 1000". The groups are then what is listed. */
static void group_for_number(struct reading *r, const struct mention *m)
{
    if (!m || r->group_count > 0)
        return;
    bool rows = m->kind == MENTION_TABLE && m->scope == 0;
    if (rows && r->loose_table) {
        const struct ask_scope *scope = &r->ask->scope[r->loose_table->scope];
        add_group(r, r->loose_table->scope, dataset_name_column(scope->dataset));
        add_measure(r, (struct ref){0}, AGGREGATE_COUNT, true);
        return;
    }
    bool amount = rows || (m->kind == MENTION_COLUMN && column_is_measure(m->column)) ||
                  m->kind == MENTION_METRIC;
    for (size_t i = 0; amount && !r->rows_entity && i < r->ask->mention_count; i++) {
        const struct mention *shown = &r->ask->mentions[i];
        bool listed = r->uses[i] == USE_SHOW && shown->first < m->first &&
                      shown->kind == MENTION_COLUMN && column_is_group(shown->column) &&
                      !shown->column->unique;
        if (!listed || !add_group(r, shown->scope, shown->column))
            continue;
        r->uses[i] = USE_GROUP;
        enum aggregate aggregate = rows        ? AGGREGATE_COUNT
                                   : m->metric ? AGGREGATE_NONE
                                               : column_aggregate(m->column);
        add_measure(r, (struct ref){.scope = m->scope, .column = m->column, .metric = m->metric},
                    aggregate, false);
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

static void apply_numbers(struct reading *r)
{
    for (size_t i = 0; i < r->number_count; i++) {
        const struct number *n = &r->numbers[i];
        const struct mention *m = n->mention >= 0 ? &r->ask->mentions[n->mention] : NULL;
        struct filter filter = {.comparison = n->comparison, .value_count = n->to ? 2 : 1};
        filter.values[0] = n->from;
        filter.values[1] = n->to;
        enum cue turned = CUE_NONE; /* "older than 60" */
        if ((!m || (m->kind == MENTION_TABLE && !n->after)) &&
            adjective_column(r, &filter.ref, &turned)) {
            add_filter(r, filter);
            continue;
        }
        if (m && m->kind == MENTION_TABLE && !n->after) { /* "orders above 200" */
            const struct column *usual = main_measure_column(r->ask->scope[0].dataset);
            if (m->scope == 0 && usual) {
                filter.ref = (struct ref){.column = usual};
                add_filter(r, filter);
                reading_doubt(r, "measure of a number assumed", 0.85);
                continue;
            }
        }
        group_for_number(r, m);
        if (m && m->kind == MENTION_COLUMN && value_kind_is_number(m->column->kind) &&
            !measures_column(r, m->column)) {
            filter.ref = (struct ref){.scope = m->scope, .column = m->column};
            add_filter(r, filter);
        } else if (having_measure(r, m, &filter.having)) {
            filter.is_having = true;
            add_filter(r, filter);
        } else {
            reading_doubt(r, "a number with nothing to compare", 0.5);
        }
    }
}

static void use_mentions(struct reading *r)
{
    struct ask *ask = r->ask;
    read_numbers(r);
    for (size_t i = 0; i < ask->mention_count; i++) {
        const struct mention *m = &ask->mentions[i];
        if (taken_by_number(r, (int)i) && m->kind != MENTION_VALUE) {
            r->uses[i] = USE_FILTER;
            continue;
        }
        switch (m->kind) {
        case MENTION_VALUE:
            use_value(r, m);
            r->uses[i] = USE_FILTER;
            break;
        case MENTION_FILTER:
            use_filter(r, m);
            r->uses[i] = USE_FILTER;
            break;
        case MENTION_METRIC:
            use_measure(r, m);
            r->uses[i] = USE_MEASURE;
            break;
        case MENTION_TABLE:
            r->uses[i] = use_table(r, m);
            break;
        default:
            r->uses[i] = use_column(r, m);
        }
        reading_doubt(r, "name", m->score > 1 ? 1 : 0.4 + 0.6 * m->score);
    }
}

/* ---- what the cues ask for as a whole */

/* "top 5", "5 best", "first 10 rows": the number beside the word, not one of a period. */
static int64_t number_beside(struct reading *r, size_t at)
{
    for (int side = 1; side >= -1; side -= 2) {
        if (side < 0 && at == 0)
            break;
        struct ask_word *word = side > 0
                                    ? (at + 1 < r->ask->word_count ? &r->ask->words[at + 1] : NULL)
                                    : &r->ask->words[at - 1];
        int64_t number;
        if (!word || !word->number || word->in_period || word->explained ||
            !str_to_i64(str_from(word->number), &number) || number < 1 || number > 10000)
            continue;
        word->explained = true;
        return number;
    }
    return 0;
}

static void read_limit(struct reading *r)
{
    static const enum cue cues[] = {CUE_TOP,   CUE_BOTTOM, CUE_HIGH,   CUE_LOW,
                                    CUE_MOST,  CUE_LEAST,  CUE_LATEST, CUE_EARLIEST,
                                    CUE_FIRST, CUE_LAST,   CUE_SAMPLE, CUE_ROWS};
    for (size_t i = 0; i < sizeof(cues) / sizeof(cues[0]) && r->limit == 0; i++) {
        size_t at;
        if (!ask_has(r->ask, cues[i], &at))
            continue;
        r->limit = number_beside(r, at);
        if (r->limit > 0 && superlative(cues[i]) && r->extreme == CUE_NONE)
            r->extreme = cues[i];
        if (r->limit > 0 && superlative(cues[i]))
            r->ranked = true;
    }
}

static void read_cues(struct reading *r)
{
    struct ask *ask = r->ask;
    size_t at;
    r->share = ask_has(ask, CUE_SHARE, &at);
    r->distinct = ask_has(ask, CUE_DISTINCT, NULL);
    read_limit(r);
    for (size_t i = 0; i < ask->word_count; i++) {
        enum cue cue = ask->words[i].cue;
        if (r->extreme == CUE_NONE && superlative(cue))
            r->extreme = cue;
        if (cue == CUE_GROWTH || cue == CUE_DROP || cue == CUE_CHANGE)
            r->change = cue;
    }
    for (size_t i = 0; i < ask->word_count; i++)
        r->who |= ask->words[i].mention < 0 && ask_word_in(ask, i, "who");
    if (ask_has(ask, CUE_COUNT, &at) && r->measure_count == 0) {
        add_measure(r, (struct ref){0}, AGGREGATE_COUNT, true);
        r->counts_rows = true;
    }
}

/* ---- time */

/* "the best month for revenue" ranks months. */
static void read_best_unit(struct reading *r)
{
    struct ask *ask = r->ask;
    size_t at;
    for (size_t i = 1; i < ask->word_count; i++) {
        struct ask_word *word = &ask->words[i];
        if (word->mention >= 0 || word->in_period || !superlative(cue_before(ask, i, &at)))
            continue;
        for (enum time_unit unit = UNIT_DAY; unit < TIME_UNITS; unit++) {
            size_t length = strlen(time_unit_name(unit));
            if (strncmp(word->text, time_unit_name(unit), length) != 0 ||
                (word->text[length] && strcmp(word->text + length, "s") != 0))
                continue;
            r->bucket = unit;
            r->extreme = ask->words[at].cue;
            r->ranked = true;
            word->explained = true;
        }
    }
}

static void read_time(struct reading *r)
{
    struct ask *ask = r->ask;
    bool wanted = ask->periods.count > 0 || ask->periods.group_by != UNIT_NONE ||
                  ask->periods.group_unspecified || ask_has(ask, CUE_WHEN, NULL) ||
                  ask_has(ask, CUE_LATEST, NULL) || ask_has(ask, CUE_EARLIEST, NULL) ||
                  ask_has(ask, CUE_LAST, NULL) || r->extreme != CUE_NONE;
    for (size_t s = 0; s < ask->scope_count && !r->time.column && wanted; s++) {
        r->time.scope = (int)s;
        r->time.column = dataset_time_column(ask->scope[s].dataset);
    }
    for (size_t i = 0; i < ask->periods.count; i++) {
        const struct period *period = &ask->periods.items[i];
        if (period->comparison && !r->compared)
            r->compared = period;
        else if (!period->comparison && r->period_count < READING_PERIODS_MAX)
            r->periods[r->period_count++] = period;
        if (period->ambiguous)
            reading_doubt(r, "an unclear period", 0.93);
    }
    if (ask->periods.group_by != UNIT_NONE)
        r->bucket = ask->periods.group_by;
    r->bucket_open = ask->periods.group_unspecified && r->bucket == UNIT_NONE;
    read_best_unit(r);
    if (!r->time.column && (ask->periods.count > 0 || r->bucket != UNIT_NONE || r->bucket_open)) {
        reading_doubt(r, "a period but no time column", 0.25);
        r->period_count = 0;
        r->compared = NULL;
        r->bucket = UNIT_NONE;
        r->bucket_open = false;
    }
}

/* A series over a span of days: short spans by day, long ones by year. */
static enum time_unit unit_for(int64_t days)
{
    return days <= 45        ? UNIT_DAY
           : days <= 150     ? UNIT_WEEK
           : days <= 5 * 366 ? UNIT_MONTH
                             : UNIT_YEAR;
}

static void choose_bucket(struct reading *r)
{
    if (!r->bucket_open)
        return;
    struct date a, b;
    const char *from = r->period_count > 0 ? r->periods[0]->from : NULL;
    const char *to = r->period_count > 0 ? r->periods[0]->to : NULL;
    if (!from)
        from = r->time.column->profile.min;
    if (!to)
        to = r->time.column->profile.max;
    r->bucket = UNIT_MONTH;
    if (from && to && strlen(from) >= 10 && strlen(to) >= 10 &&
        date_parse((struct str){from, 10}, &a) && date_parse((struct str){to, 10}, &b))
        r->bucket = unit_for(date_to_days(b) - date_to_days(a));
    if (r->time.column->kind == VALUE_INTEGER)
        r->bucket = UNIT_YEAR;
    reading_assume(
        r, arena_printf(r->ask->arena, "over time was read as by %s", time_unit_name(r->bucket)));
}

/* ---- what is left open */

static bool main_measure(struct reading *r)
{
    const struct column *chosen = main_measure_column(r->ask->scope[0].dataset);
    if (!chosen)
        return false;
    add_measure(r, (struct ref){.column = chosen}, column_aggregate(chosen), false);
    reading_assume(r, arena_printf(r->ask->arena, "no measure was named, so %s is used",
                                   column_words(chosen, r->ask->arena)));
    reading_doubt(r, "measure assumed", 0.85);
    return true;
}

/* Adjectives that name the column they compare: the first that exists is meant. */
static const struct {
    const char *words;
    const char *column;
    enum cue extreme; /* what the superlative means for the column; CUE_NONE: as it says */
} adjectives[] = {
    {"expensive cheapest cheap priciest costly cheaper", "price", CUE_NONE},
    {"oldest older eldest", "age", CUE_HIGH},
    {"youngest younger", "age", CUE_LOW},
    {"oldest older eldest", "birth", CUE_LOW},
    {"youngest younger", "birth", CUE_HIGH},
    {"tallest taller", "height", CUE_HIGH},
    {"heaviest heavier", "weight", CUE_HIGH},
    {"lightest lighter", "weight", CUE_LOW},
    {"longest longer", "length", CUE_HIGH},
    {"longest longer", "duration", CUE_HIGH},
};

static const struct column *number_column(const struct dataset *dataset, const char *part)
{
    for (size_t i = 0; i < dataset->column_count; i++) {
        const char *at = strcasestr(dataset->columns[i].name, part);
        bool starts = at && (at == dataset->columns[i].name || at[-1] == '_');
        if (starts && value_kind_is_number(dataset->columns[i].kind))
            return &dataset->columns[i];
    }
    return NULL;
}

/* The column that an adjective of the question names; *extreme is changed where it is the other
 * way round. NULL: there is no such adjective or column. */
static const struct column *adjective_column(const struct reading *r, struct ref *ref,
                                             enum cue *extreme)
{
    for (size_t k = 0; k < sizeof(adjectives) / sizeof(adjectives[0]); k++) {
        bool said = false;
        for (size_t i = 0; i < r->ask->word_count; i++)
            said |= r->ask->words[i].mention < 0 && ask_word_in(r->ask, i, adjectives[k].words);
        for (size_t s = 0; said && s < r->ask->scope_count; s++) {
            const struct column *column =
                number_column(r->ask->scope[s].dataset, adjectives[k].column);
            if (!column)
                continue;
            *ref = (struct ref){.scope = (int)s, .column = column};
            if (adjectives[k].extreme != CUE_NONE)
                *extreme = adjectives[k].extreme;
            return column;
        }
    }
    return NULL;
}

/* "the most expensive product", "the oldest employee" */
static bool adjective_measure(struct reading *r)
{
    struct ref ref;
    enum cue extreme = r->extreme;
    if (!adjective_column(r, &ref, &extreme) || (extreme == CUE_NONE && !r->ranked))
        return false;
    r->extreme = extreme;
    r->ranked = true;
    return add_measure(r, ref, column_aggregate(ref.column), false);
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

static void fill_measure(struct reading *r)
{
    size_t at;
    if (r->measure_count > 0 || (r->number_count == 0 && adjective_measure(r)))
        return;
    bool grouped = (r->group_count > 0 && !r->entity) || r->bucket != UNIT_NONE;
    if (grouped && r->filter_count > 0 && !r->ranked && !r->share && !r->change) {
        add_measure(r, (struct ref){0}, AGGREGATE_COUNT, true); /* "returns by region" */
        return;
    }
    bool asks = r->ranked || r->change != CUE_NONE || r->compared || r->share ||
                r->bucket != UNIT_NONE || ask_has(r->ask, CUE_SUM, NULL) ||
                ask_has(r->ask, CUE_MUCH, NULL);
    bool frequency = ask_has(r->ask, CUE_MOST, &at) && r->group_count > 0 && !r->limit &&
                     !ask_word_in(r->ask, at + 1, "valuable important profitable");
    if (r->rows_entity && r->share) {
        add_measure(r, (struct ref){0}, AGGREGATE_COUNT, true);
        return;
    }
    if (frequency && !r->change && !r->compared) {
        add_measure(r, (struct ref){0}, AGGREGATE_COUNT, true);
        return;
    }
    if (r->rows_entity && (r->group_count > 0 || r->bucket != UNIT_NONE)) {
        add_measure(r, (struct ref){0}, AGGREGATE_COUNT, true); /* "orders by region" */
        return;
    }
    bool events = r->bucket != UNIT_NONE && !r->ranked && names_time(r) &&
                  !ask_has(r->ask, CUE_SUM, NULL) && !ask_has(r->ask, CUE_MUCH, NULL);
    if (events) { /* "hires by month" */
        add_measure(r, (struct ref){0}, AGGREGATE_COUNT, true);
        return;
    }
    bool sized = r->rows_entity && r->ranked && says_size(r->ask);
    if ((asks && !r->rows_entity) || sized) /* "the largest order" */
        main_measure(r);
}

/* Columns that are only named beside a measure group it: "revenue region". */
static void group_loose(struct reading *r)
{
    bool by_table = r->measure_count > 0 && r->loose_table && r->group_count == 0 && r->ranked;
    if (by_table) {
        const struct column *name =
            dataset_name_column(r->ask->scope[r->loose_table->scope].dataset);
        if (name && add_group(r, r->loose_table->scope, name))
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
        add_group(r, m->scope, m->column);
        if (!r->entity)
            r->entity = m;
        if (!r->ranked)
            reading_doubt(r, "group not said", 0.85);
    }
}

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
    if (r->extreme == CUE_NONE || !listed)
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
                add_group(r, (int)s, dataset_name_column(ask->scope[s].dataset))) {
                r->ranked |= r->extreme != CUE_NONE;
                r->limit = r->ranked && r->limit == 0 ? 1 : r->limit;
                return;
            }
    reading_doubt(r, "nobody to name", 0.5);
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

static void assume_measures(struct reading *r)
{
    for (size_t i = 0; i < r->measure_count; i++) {
        const struct measure *m = &r->measures[i];
        if (m->stated || !m->ref.column || m->ref.metric)
            continue;
        const char *words = column_words(m->ref.column, r->ask->arena);
        const char *how = m->aggregate == AGGREGATE_SUM   ? "sum"
                          : m->aggregate == AGGREGATE_AVG ? "average"
                          : m->aggregate == AGGREGATE_MIN ? "minimum"
                          : m->aggregate == AGGREGATE_MAX ? "maximum"
                                                          : "number";
        reading_assume(r, arena_printf(r->ask->arena, "%s means the %s of %s", words, how, words));
    }
}

static void assume_periods(struct reading *r)
{
    for (size_t i = 0; i < r->ask->periods.count; i++) {
        const struct period *p = &r->ask->periods.items[i];
        if (p->assumption)
            reading_assume(r, p->assumption);
        bool shifted = p == r->compared && r->period_count == 0; /* said with the comparison */
        if (p->assumption || shifted || (!p->from && !p->to))
            continue;
        const char *bounds = period_bounds(p->from, p->to, r->ask->arena);
        const char *name = period_name(p->from, p->to, r->ask->arena);
        if (!name || !strcasestr(p->words, name))
            reading_assume(r, arena_printf(r->ask->arena, "\"%s\" is %s", p->words, bounds));
    }
}

/* ---- words that nothing explains */

static bool known_from_description(const struct ask *ask, const char *stem)
{
    const struct dataset *dataset = ask->scope[0].dataset;
    const char *const texts[] = {dataset->title, dataset->description, dataset->table_name,
                                 dataset->grain};
    if (strlen(stem) < 4)
        return false;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        if (texts[i] && strcasestr(texts[i], stem))
            return true;
    return false;
}

void reading_find_unknown(struct reading *r)
{
    struct ask *ask = r->ask;
    size_t content = 0;
    r->unknown = arena_array(ask->arena, ask->word_count + 1, sizeof(*r->unknown));
    for (size_t i = 0; i < ask->word_count; i++) {
        const struct ask_word *word = &ask->words[i];
        if (word->mark || word->cue == CUE_STOP)
            continue;
        content++;
        bool explained = word->mention >= 0 || word->in_period || word->cue != CUE_NONE ||
                         word->explained || known_from_description(ask, word->stem);
        if (!explained)
            r->unknown[r->unknown_count++] = word->text;
    }
    if (content > 0 && r->unknown_count > 0)
        reading_doubt(r, "unknown words",
                      1.0 / (1.0 + 1.2 * (double)r->unknown_count +
                             2.0 * (double)r->unknown_count / (double)content));
}

/* ---- one reading */

static struct reading *reading_new(struct ask *ask)
{
    struct reading *r = arena_alloc(ask->arena, sizeof(*r));
    r->ask = ask;
    r->score = 0.97;
    r->explanation = strbuf_init(1000);
    r->uses = arena_array(ask->arena, ask->mention_count + 1, sizeof(*r->uses));
    return r;
}

struct reading *reading_slots(struct ask *ask)
{
    struct reading *r = reading_new(ask);
    use_mentions(r);
    read_cues(r);
    read_time(r);
    return r;
}

/* "compare web and store revenue" wants them side by side. */
static void group_compared_values(struct reading *r)
{
    bool compares = ask_has(r->ask, CUE_COMPARE, NULL);
    for (size_t i = 0; compares && i < r->filter_count; i++)
        if (r->filters[i].value_count > 1 && !r->filters[i].negated)
            add_group(r, r->filters[i].ref.scope, r->filters[i].ref.column);
}

/* "revenue minus cost", "difference between revenue and cost", "revenue per unit" */
static void read_arithmetic(struct reading *r)
{
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

/* Does anything that is asked for belong to the main table? */
static bool uses_main(const struct reading *r)
{
    bool uses = r->period_count > 0 || r->bucket != UNIT_NONE || r->compared;
    for (size_t i = 0; i < r->ask->mention_count; i++)
        uses |= r->ask->mentions[i].scope == 0;
    for (size_t i = 0; i < r->measure_count; i++)
        uses |= r->measures[i].ref.scope == 0;
    return uses;
}

static struct reading *read_business(struct ask *ask)
{
    struct reading *r = reading_slots(ask);
    read_arithmetic(r);
    group_compared_values(r);
    choose_bucket(r);
    fill_measure(r);
    group_loose(r);
    settle_extremes(r);
    settle_rows(r);
    fill_measure(r);
    group_people(r);
    settle_limit(r);
    apply_numbers(r);
    if (ask->mention_count > 0 && !uses_main(r)) /* rows would come once per row of this table */
        reading_doubt(r, "nothing of the main table", 0.6);
    return r;
}

void reading_finish(struct reading *r, const struct query *query, struct business_candidate *out)
{
    struct arena *arena = r->ask->arena;
    assume_measures(r);
    assume_periods(r);
    reading_find_unknown(r);
    *out = (struct business_candidate){
        .query = query,
        .dataset = query->tables[0].dataset,
        .score = r->score,
        .reading = query_describe(query, arena),
        .periods = r->ask->periods.items,
        .period_count = r->ask->periods.count,
        .assumptions = r->assumptions,
        .assumption_count = r->assumption_count,
        .unknown = r->unknown,
        .unknown_count = r->unknown_count,
        .explanation = arena_strdup(arena, strbuf_text(&r->explanation)),
    };
}

static int compare_candidates(const void *a, const void *b)
{
    double x = ((const struct business_candidate *)a)->score;
    double y = ((const struct business_candidate *)b)->score;
    return (x < y) - (x > y);
}

/* The more the words lean on the question before, the less likely they stand alone. */
static size_t add_follow_ups(const struct plan_request *request, struct arena *arena,
                             struct business_candidate *list, size_t made)
{
    size_t added = 0;
    follow_up_candidates(request, arena, list + made, &added);
    double alone = 1 - 0.5 * follow_up_lean(request->question);
    for (size_t i = 0; i < made && added > 0; i++)
        list[i].score *= alone;
    return made + added;
}

/* Only what hangs on a dataset that was found can be the main table instead of it. */
static bool points_to_candidate(const struct plan_request *request, const struct dataset *dataset)
{
    for (size_t i = 0; i < dataset->relationship_count; i++)
        for (size_t k = 0; k < request->dataset_count; k++)
            if (dataset->relationships[i].dataset_id &&
                strcmp(dataset->relationships[i].dataset_id, request->datasets[k].dataset->id) == 0)
                return true;
    return false;
}

bool business_candidates(const struct plan_request *request, struct arena *arena,
                         struct business_candidate **out, size_t *count)
{
    struct business_candidate *list =
        arena_array(arena, MAIN_TABLES_MAX + FOLLOW_UPS_MAX, sizeof(*list));
    size_t made = 0, tried = 0;
    for (size_t i = 0; i < request->dataset_count + request->joinable_count; i++) {
        bool own = i < request->dataset_count;
        const struct plan_dataset *main =
            own ? &request->datasets[i] : &request->joinable[i - request->dataset_count];
        if (made == MAIN_TABLES_MAX || tried == MAIN_TABLES_TRIED_MAX)
            break;
        if (!own && !points_to_candidate(request, main->dataset))
            continue;
        tried++;
        struct ask *ask =
            ask_read(request->question, &request->calendar, main->dataset, request, arena);
        if (ask->mention_count == 0 && !own)
            continue;
        struct reading *r = read_business(ask);
        if (!own)
            reading_doubt(r, "not among the nearest datasets", 0.9);
        const struct query *query = reading_query(r);
        if (query) {
            reading_finish(r, query, &list[made]);
            list[made].score *= own ? 0.9 + 0.1 * main->score : 1.0;
            made++;
        }
        strbuf_clear(&r->explanation);
    }
    if (request->previous)
        made = add_follow_ups(request, arena, list, made);
    qsort(list, made, sizeof(*list), compare_candidates);
    *out = list;
    *count = made < BUSINESS_CANDIDATES_MAX ? made : BUSINESS_CANDIDATES_MAX;
    return made > 0;
}
