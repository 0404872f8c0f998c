/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every mention of a question is used for: a measure, a group, a filter, a shown column. The
 * words before it decide, above all the nearest cue.
 */
#include <string.h>
#include <strings.h>

#include "planner/print/describe.h"
#include "planner/print/fragment.h"
#include "planner/rules/business_reading.h"

#define THINGS_MAX 30
#define ROWS_A_THING 2

/* ---- values, named filters */

static bool has_value(const struct column *column, const char *value)
{
    for (size_t i = 0; i < column->profile.value_count; i++)
        if (strcasecmp(column->profile.values[i].text, value) == 0)
            return true;
    return false;
}

/* A word that is a value of two columns: says which of them was taken. */
static void say_which_column(struct reading *r, const struct mention *m)
{
    for (size_t s = 0; s < r->ask->scope_count; s++) {
        const struct dataset *dataset = r->ask->scope[s].dataset;
        for (size_t i = 0; i < dataset->column_count; i++) {
            const struct column *other = &dataset->columns[i];
            bool same = other == m->column || strcasecmp(other->name, m->column->name) == 0;
            if (same || other->kind != VALUE_TEXT || !column_is_group(other) ||
                other->role == ROLE_KEY || !has_value(other, m->value))
                continue;
            const char *name = column_words(m->column, r->ask->arena);
            reading_assume(r, arena_printf(r->ask->arena, "%s is meant as a value of %s, not of %s",
                                           m->value, name, column_words(other, r->ask->arena)));
            return;
        }
    }
}

/* "the home team Wolves": the column is said, and needs no saying again. */
static bool column_is_said(const struct reading *r, const struct column *column)
{
    for (size_t i = 0; i < r->ask->mention_count; i++)
        if (r->ask->mentions[i].kind == MENTION_COLUMN && r->ask->mentions[i].column == column)
            return true;
    return false;
}

static void use_value(struct reading *r, const struct mention *m)
{
    size_t at;
    if (!column_is_said(r, m->column))
        say_which_column(r, m);
    bool negated = ask_cue_before(r->ask, m->first, &at) == CUE_NOT;
    int before = ask_list_before(r->ask, m->first);
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
    reading_add_filter(r, filter);
}

static void use_filter(struct reading *r, const struct mention *m)
{
    size_t at;
    reading_add_filter(
        r, (struct filter){.ref = {.scope = m->scope},
                           .named = m->filter,
                           .negated = ask_cue_before(r->ask, m->first, &at) == CUE_NOT});
}

/* ---- measures */

static enum aggregate aggregate_of_cue(enum cue cue)
{
    switch (cue) {
    case CUE_SUM:
    case CUE_MUCH:
        return AGGREGATE_SUM;
    case CUE_AVERAGE:
        return AGGREGATE_AVG;
    case CUE_MEDIAN:
        return AGGREGATE_MEDIAN;
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

/* The first word of the phrase whose cue word `at` carries. */
static size_t phrase_begin(const struct ask *ask, size_t at)
{
    while (at > 0 && ask->words[at - 1].cue == ask->words[at].cue)
        at--;
    return at;
}

/* The aggregates of "lowest and highest" and "minimum, average and maximum" before the one at word
 * `at`, in the order of the question. */
static size_t aggregates_before(const struct ask *ask, size_t at, enum aggregate *list, size_t max)
{
    size_t count = 0;
    while (count < max) {
        bool glue = false;
        size_t i = phrase_begin(ask, at);
        while (i > 0 && ask->words[i - 1].mention < 0 && !ask->words[i - 1].in_period &&
               (ask->words[i - 1].cue == CUE_AND || strcmp(ask->words[i - 1].text, ",") == 0 ||
                ask_word_in(ask, i - 1, "the as well")))
            glue |= !ask_word_in(ask, --i, "the as well");
        enum aggregate aggregate =
            glue && i > 0 ? aggregate_of_cue(ask->words[i - 1].cue) : AGGREGATE_NONE;
        if (aggregate == AGGREGATE_NONE)
            break;
        memmove(list + 1, list, count * sizeof(*list));
        list[0] = aggregate;
        count++;
        at = i - 1;
    }
    return count;
}

/* "Delay" where there are two: says which of them was taken. */
static void say_which_measure(struct reading *r, const struct mention *m)
{
    if (!m->column || m->last - m->first != 1)
        return;
    const struct dataset *dataset = r->ask->scope[m->scope].dataset;
    const struct ask_word *word = ask_word_at(r->ask, m->first);
    const struct str text = str_from(word->text);
    if (strcasecmp(m->column->name, word->text) == 0 || !column_name_has(m->column, text))
        return;
    for (size_t i = 0; i < dataset->column_count; i++) {
        const struct column *other = &dataset->columns[i];
        if (other == m->column || !column_is_measure(other) || !column_name_has(other, text))
            continue;
        const char *name = column_words(m->column, r->ask->arena);
        reading_assume(r, arena_printf(r->ask->arena, "%s is meant as %s, not %s", word->text, name,
                                       column_words(other, r->ask->arena)));
        return;
    }
}

/* "Average revenue", "maximum revenue": no sums, though revenue is declared as one. The "highest
 * revenue" may be that of a region. */
static bool asks_of_single_rows(const struct reading *r, enum aggregate aggregate, size_t at)
{
    return aggregate == AGGREGATE_AVG || aggregate == AGGREGATE_MEDIAN ||
           ((aggregate == AGGREGATE_MAX || aggregate == AGGREGATE_MIN) &&
            ask_word_in(r->ask, at, "maximum max minimum min"));
}

static struct ref rows_of_metric(struct reading *r, const struct mention *m)
{
    const struct column *summed =
        metric_summed_column(m->metric, r->ask->scope[m->scope].dataset);
    if (summed)
        return (struct ref){.scope = m->scope, .column = summed};
    if (fragment_adds_up(m->metric->expression))
        reading_doubt(r, "an average of sums", 0.4);
    return (struct ref){.scope = m->scope, .metric = m->metric};
}

/* "by revenue" after a ranking is what it ranks by. */
static void use_measure(struct reading *r, const struct mention *m)
{
    size_t at = m->first;
    enum cue cue = ask_cue_before(r->ask, m->first, &at);
    enum aggregate several[READING_MEASURES_MAX - 1];
    if (cue == CUE_COUNT) { /* "the average number of pages" */
        size_t before_count = phrase_begin(r->ask, at);
        enum cue stated = ask_cue_before(r->ask, before_count, &before_count);
        if (aggregate_of_cue(stated) != AGGREGATE_NONE) {
            cue = stated;
            at = before_count;
        }
    }
    enum aggregate aggregate = aggregate_of_cue(cue);
    int before = ask_list_before(r->ask, m->first);
    if (cue == CUE_NONE && before >= 0 && r->measure_count > 0 &&
        r->ask->mentions[before].kind == MENTION_COLUMN)
        aggregate = r->measures[r->measure_count - 1].stated
                        ? r->measures[r->measure_count - 1].aggregate
                        : AGGREGATE_NONE;
    if (cue == CUE_COUNT)
        aggregate = AGGREGATE_SUM;
    if (cue_is_superlative(cue) || cue == CUE_LATEST || cue == CUE_EARLIEST) {
        r->extreme = cue;
        if (aggregate == AGGREGATE_NONE)
            r->ranked = true;
    }
    say_which_measure(r, m);
    size_t outer_at = at;
    enum cue outer = cue != CUE_NONE ? ask_cue_before(r->ask, at, &outer_at) : CUE_NONE;
    if (cue == CUE_SORT || outer == CUE_SORT)
        r->sort_said = true;
    struct ref ref = {.scope = m->scope, .column = m->column, .metric = m->metric};
    if (m->metric && asks_of_single_rows(r, aggregate, at))
        ref = rows_of_metric(r, m);
    bool stated = aggregate != AGGREGATE_NONE;
    size_t more = stated && ref.column
                      ? aggregates_before(r->ask, at, several, READING_MEASURES_MAX - 1)
                      : 0;
    for (size_t i = 0; i < more; i++)
        reading_add_measure(r, ref, several[i], true);
    r->several |= more > 0;
    reading_add_measure(r, ref, stated || ref.metric ? aggregate : column_aggregate(ref.column),
                        stated);
}

/* ---- tables and groups */

/* "how many customers": of the main table its rows, of another its different keys. */
static void count_table(struct reading *r, const struct mention *m)
{
    const struct ask_scope *scope = &r->ask->scope[m->scope];
    struct ref ref = {0};
    if (m->scope == 0) {
        reading_add_measure(r, ref, AGGREGATE_COUNT, true);
        return;
    }
    r->loose_table = m;
    ref.scope = scope->parent;
    ref.column = dataset_column(r->ask->scope[scope->parent].dataset, scope->parent_column);
    reading_add_measure(r, ref, AGGREGATE_COUNT_DISTINCT, true);
    reading_doubt(r, "counted by key", 0.94);
}

static bool starts_group(enum cue cue)
{
    return cue == CUE_BY || cue == CUE_WHICH || cue_is_superlative(cue);
}

/* A group that is asked for by "which" or a cue_is_superlative is what the ranking lists. */
static void use_group(struct reading *r, const struct mention *m, const struct column *column,
                      enum cue cue)
{
    if (!reading_add_group(r, m->scope, column))
        return;
    if (cue != CUE_BY && cue != CUE_NONE) {
        r->entity = m;
        if (cue_is_superlative(cue)) {
            r->extreme = cue;
            r->ranked = true;
        }
    }
}

static bool group_list(const struct reading *r, const struct mention *m)
{
    int before = ask_list_before(r->ask, m->first);
    return before == ASK_LIST_OF_PERIOD || (before >= 0 && r->uses[before] == USE_GROUP);
}

/* "the most borrowed book", "least visited towns": what happens to them is what the rows of the
 * main table tell, as far as anybody can see. Gives the cue, and its place in *at. */
static enum cue cue_before_participle(struct reading *r, size_t first, size_t *at)
{
    struct ask_word *word = first > 1 ? &r->ask->words[first - 1] : NULL;
    size_t length = word ? strlen(word->text) : 0;
    bool participle = length > 4 && word->mention < 0 && word->cue == CUE_NONE &&
                      (strcmp(word->text + length - 2, "ed") == 0 ||
                       ask_word_in(r->ask, first - 1, "chosen taken driven eaten given seen worn "
                                                      "written sold bought drawn"));
    if (!participle)
        return CUE_NONE;
    enum cue cue = ask_cue_before(r->ask, first - 1, at);
    if (cue != CUE_MOST && cue != CUE_LEAST)
        return CUE_NONE;
    word->explained = true;
    return cue;
}

/* What the rows are called by, where it is a number that comes more than once: flights by flight. */
static const struct column *rows_number(const struct ask *ask)
{
    const struct dataset *dataset = ask->scope[0].dataset;
    for (size_t i = 0; i < dataset->column_count; i++)
        if (column_names_rows(&dataset->columns[i], dataset) && !dataset->columns[i].unique)
            return &dataset->columns[i];
    return NULL;
}

static bool says_what_for(const struct column *measure)
{
    static const char *const names[] = {"revenue", "sales", "amount", "total", "turnover"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcasestr(measure->name, names[i]))
            return true;
    return false;
}

/* "Sales by shop" are money where the rows of "sales" say how much; "how many sales", "list the
 * sales" and "the biggest sale" are rows. */
static const struct column *sold_for(const struct reading *r, const struct mention *m, enum cue cue)
{
    const struct column *measure = dataset_main_measure(r->ask->scope[0].dataset);
    bool rows = cue == CUE_COUNT || cue == CUE_LIST || cue == CUE_FIRST || cue == CUE_LAST ||
                cue == CUE_LATEST || cue == CUE_EARLIEST || cue == CUE_WHICH || cue == CUE_NOT ||
                cue == CUE_MOST || cue == CUE_LEAST ||
                (cue != CUE_SUM && ask_word_in(r->ask, 0, "list show display"));
    if (m->scope != 0 || rows || !measure || !ask_word_in(r->ask, m->first, "sales") ||
        m->last - m->first != 1)
        return NULL;
    return says_what_for(measure) ? measure : NULL;
}

static enum use use_table(struct reading *r, const struct mention *m)
{
    size_t at = m->first;
    enum cue cue = ask_cue_before(r->ask, m->first, &at);
    const struct column *sold = sold_for(r, m, cue);
    if (sold) {
        struct mention amount = *m;
        amount.kind = MENTION_COLUMN;
        amount.column = sold;
        use_measure(r, &amount);
        reading_assume(r, arena_printf(r->ask->arena, "sales are meant as %s",
                                       column_words(sold, r->ask->arena)));
        return USE_MEASURE;
    }
    if (cue == CUE_NONE && m->scope > 0 && r->measure_count == 0 &&
        (cue = cue_before_participle(r, m->first, &at)) != CUE_NONE) {
        use_group(r, m, dataset_name_column(r->ask->scope[m->scope].dataset), cue);
        reading_add_measure(r, (struct ref){0}, AGGREGATE_COUNT, true);
        reading_doubt(r, "rows are taken for what was done", 0.9);
        return USE_GROUP;
    }
    if (cue == CUE_DISTINCT && m->scope == 0 && rows_number(r->ask) &&
        ask_cue_before(r->ask, at, &at) == CUE_COUNT) { /* "how many different flights" */
        reading_add_measure(r, (struct ref){.column = rows_number(r->ask)},
                            AGGREGATE_COUNT_DISTINCT, true);
        return USE_MEASURE;
    }
    if (cue == CUE_DISTINCT && ask_cue_before(r->ask, at, &at) == CUE_COUNT)
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
    bool sized = ask_word_in(r->ask, m->last, "value size amount total");
    bool one = m->last - m->first == 1 &&
               ask_word_in(r->ask, m->first, "sale order purchase transaction invoice expense");
    double score = r->score;
    if (cue == CUE_AVERAGE && m->scope == 0 && (sized || one) && reading_assume_measure(r)) {
        struct measure *value = &r->measures[r->measure_count - 1];
        value->aggregate = AGGREGATE_AVG; /* "average order value" */
        if (sized && says_what_for(value->ref.column))
            r->score = score; /* hardly an assumption */
        if (sized)
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
            r->row_by_row = cue == CUE_BY && ask_word_in(r->ask, m->first - 1, "each every");
            if (cue_is_superlative(cue)) {
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

/* ---- columns */

static void add_equal(struct reading *r, const struct mention *m, const char *value)
{
    struct filter filter = {.ref = {.scope = m->scope, .column = m->column},
                            .comparison = COMPARE_EQUAL,
                            .value_count = 1};
    filter.values[0] = value;
    reading_add_filter(r, filter);
}

static enum use use_time_column(struct reading *r, const struct mention *m, enum cue cue)
{
    if (cue == CUE_NOT) { /* "orders not shipped" */
        reading_add_filter(r, (struct filter){.ref = {.scope = m->scope, .column = m->column},
                                              .comparison = COMPARE_NULL});
        return USE_FILTER;
    }
    r->time = (struct ref){.scope = m->scope, .column = m->column};
    bool low = cue == CUE_EARLIEST || cue == CUE_FIRST || cue == CUE_LOW;
    if (low || cue == CUE_LATEST || cue == CUE_LAST || cue == CUE_HIGH) {
        reading_add_measure(r, r->time, low ? AGGREGATE_MIN : AGGREGATE_MAX, true);
        return USE_MEASURE;
    }
    if (cue == CUE_BY && r->bucket == UNIT_NONE) {
        r->bucket = UNIT_DAY;
        return USE_GROUP;
    }
    return r->ask->periods.count > 0 ? USE_NONE : USE_SHOW; /* "shipped last week" */
}

/* How "no insurance" is stored: as a word that says so, or as an empty cell. */
static bool add_missing(struct reading *r, const struct mention *m)
{
    static const char *const words[] = {"none", "no", "n/a", "na", "-", "nothing", "not applicable"};
    const struct column_profile *profile = &m->column->profile;
    for (size_t i = 0; m->column->kind == VALUE_TEXT && i < profile->value_count; i++)
        for (size_t k = 0; k < sizeof(words) / sizeof(words[0]); k++)
            if (strcasecmp(profile->values[i].text, words[k]) == 0) {
                add_equal(r, m, profile->values[i].text);
                return true;
            }
    if (!profile->known || profile->null_count == 0)
        return false;
    reading_add_filter(r, (struct filter){.ref = {.scope = m->scope, .column = m->column},
                                  .comparison = COMPARE_NULL});
    return true;
}

static enum use use_measure_column(struct reading *r, const struct mention *m, enum cue cue)
{
    if (cue != CUE_NOT) {
        use_measure(r, m);
        return USE_MEASURE;
    }
    if (add_missing(r, m))
        return USE_FILTER;
    add_equal(r, m, "0"); /* "orders without a discount" */
    reading_assume(r, arena_printf(r->ask->arena, "no %s means that it is 0",
                                   column_words(m->column, r->ask->arena)));
    return USE_FILTER;
}

/* "Number of rooms", "visits by room": where a column called "room" holds a few whole numbers, they
 * are the rooms' own. What is counted is called "rooms". */
static bool names_things(const struct reading *r, const struct mention *m, enum cue cue)
{
    const struct column_profile *profile = &m->column->profile;
    const char *said = ask_word_at(r->ask, m->last - 1)->text;
    size_t length = strlen(said), own = strlen(m->column->name);
    bool few = m->column->kind == VALUE_INTEGER && profile->values_complete &&
               profile->value_count <= THINGS_MAX &&
               (int64_t)profile->value_count * ROWS_A_THING <= profile->row_count &&
               m->column->name[own - 1] != 's' && !m->column->unit &&
               !m->column->default_aggregation;
    if (cue == CUE_COUNT)
        return few && length > 2 && said[length - 1] == 's' && m->last - m->first == 1;
    return cue == CUE_BY && few && !ask_has(r->ask, CUE_TOP, NULL) &&
           !ask_has(r->ask, CUE_SORT, NULL) && !ask_has(r->ask, CUE_HIGH, NULL) &&
           !ask_has(r->ask, CUE_LOW, NULL) && !ask_has(r->ask, CUE_MOST, NULL);
}

/* "Visits by patients over 65" are those of them, not one number for each. */
static bool number_follows(const struct reading *r, const struct mention *m)
{
    enum cue cue = ask_word_at(r->ask, m->last)->cue;
    return cue == CUE_MORE || cue == CUE_LESS || cue == CUE_AT_LEAST || cue == CUE_AT_MOST;
}

static enum use use_column(struct reading *r, const struct mention *m)
{
    size_t at = m->first;
    const struct column *column = m->column;
    const char *yes = NULL, *no = NULL;
    enum cue cue = ask_cue_before(r->ask, m->first, &at);
    bool groups = (starts_group(cue) && !(cue == CUE_BY && number_follows(r, m))) ||
                  group_list(r, m);
    if (value_kind_is_time(column->kind) || column->role == ROLE_TIME)
        return use_time_column(r, m, cue);
    if (!groups && column_is_flag(column, &yes, &no)) {
        add_equal(r, m, cue == CUE_NOT ? no : yes);
        return USE_FILTER;
    }
    bool averages = cue == CUE_AVERAGE || cue == CUE_MEDIAN; /* "the average grade" */
    if (averages && value_kind_is_number(column->kind) && column_is_averaged(column)) {
        use_measure(r, m);
        return USE_MEASURE;
    }
    if (column_is_measure(column) && !names_things(r, m, cue))
        return use_measure_column(r, m, cue);
    if (cue == CUE_COUNT || (cue == CUE_DISTINCT && ask_cue_before(r->ask, at, &at) == CUE_COUNT)) {
        reading_add_measure(r, (struct ref){.scope = m->scope, .column = column},
                            AGGREGATE_COUNT_DISTINCT, true);
        return USE_MEASURE;
    }
    if (groups) {
        use_group(r, m, column, cue);
        return USE_GROUP;
    }
    return cue == CUE_NOT && add_missing(r, m) ? USE_FILTER : USE_SHOW;
}

/* ---- the whole */

/* "First visits" says that visits are meant, though it is all a stored value. */
static void names_rows_too(struct reading *r, const struct mention *m)
{
    const char *table = r->ask->scope[0].dataset->table_name;
    const char *word = ask_word_at(r->ask, m->last - 1)->text;
    size_t length = strlen(word);
    if (m->last - m->first > 1 && m->scope == 0 && !r->rows_entity && length > 3 &&
        word[length - 1] == 's' && strcasecmp(table, word) == 0)
        r->rows_entity = m;
}

/* "Never", "did not", "haven't": something that did not happen, where "not" may be a value that is
 * not meant. Gives the word, or the number of words. */
static size_t never_said(const struct ask *ask)
{
    size_t i = 0;
    for (; i < ask->word_count; i++)
        if (ask->words[i].cue == CUE_NOT &&
            (ask_word_in(ask, i, "never didn't haven't hasn't") ||
             (ask_word_in(ask, i, "did have has had") && ask_word_in(ask, i + 1, "not"))))
            break;
    return i;
}

/* What the main table's rows are of: customers of orders. */
static bool has_rows(const struct reading *r, const struct mention *m)
{
    const struct ask_scope *scope = &r->ask->scope[m->scope];
    return m->scope > 0 && scope->parent == 0 &&
           (m->kind == MENTION_TABLE || (m->kind == MENTION_COLUMN &&
                                         m->column == dataset_name_column(scope->dataset)));
}

/* "Amount by customer that has not been cancelled", "customers who never ordered, by region": a list
 * would leave out the amount, or the region. Before the "not" any measure or group is in the way of
 * one, after it those with a word of their own. */
static bool is_left_out(const struct reading *r, size_t index, size_t not_at)
{
    const struct mention *m = &r->ask->mentions[index];
    size_t at = m->first;
    enum cue cue = ask_cue_before(r->ask, m->first, &at);
    bool used = r->uses[index] == USE_MEASURE || r->uses[index] == USE_GROUP;
    return cue == CUE_BY || (used && m->first < not_at && cue != CUE_COUNT && cue != CUE_WHICH) ||
           (used && aggregate_of_cue(cue) != AGGREGATE_NONE);
}

/* "Customers who never ordered a desk" have no order of a desk: that they have one of something else
 * says nothing. "Customers without orders": so, too, where a column is called like them. */
static void use_absence(struct reading *r)
{
    const struct ask *ask = r->ask;
    size_t never = never_said(ask), not_at = 0;
    if (!ask_has(ask, CUE_NOT, &not_at))
        not_at = ask->word_count;
    const struct mention *listed = NULL;
    for (size_t i = 0; i < ask->mention_count; i++) {
        const struct mention *m = &ask->mentions[i];
        bool main_table = m->kind == MENTION_TABLE && m->scope == 0;
        if (main_table && (!listed || m->first < not_at))
            return; /* orders of customers who did not pay */
        if (is_left_out(r, i, not_at))
            return;
        if (listed && m->kind == MENTION_TABLE && m->scope > 0 &&
            ask->scope[m->scope].parent == listed->scope) { /* "orders without a customer" */
            r->absent = false;
            reading_doubt(r, "without what they belong to", 0.3);
            return;
        }
        if (!listed && has_rows(r, m) && m->first < never)
            listed = m;
    }
    if (!listed || r->number_count > 0 || (never == ask->word_count && !r->absent))
        return;
    r->absent = true;
    r->loose_table = listed;
    r->entity = NULL;
    r->group_count = r->measure_count = 0;
    for (size_t i = 0; i < r->filter_count; i++)
        if (r->filters[i].comparison == COMPARE_EQUAL && r->filters[i].ref.scope != listed->scope)
            r->filters[i].negated = false;
}

void reading_use_mentions(struct reading *r)
{
    struct ask *ask = r->ask;
    reading_read_numbers(r);
    for (size_t i = 0; i < ask->mention_count; i++) {
        const struct mention *m = &ask->mentions[i];
        if (reading_number_takes(r, (int)i) && m->kind != MENTION_VALUE) {
            r->uses[i] = USE_FILTER;
            continue;
        }
        switch (m->kind) {
        case MENTION_VALUE:
            use_value(r, m);
            names_rows_too(r, m);
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
    use_absence(r);
}
