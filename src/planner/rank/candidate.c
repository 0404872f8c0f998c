/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A sketch has six kinds of slots: plain and group columns together, aggregated columns, HAVING,
 * ORDER BY, LIMIT and conditions. Each kind gets its best few options with a score; the options
 * are then combined kind by kind, keeping the best partial sums, which finds the same best
 * combinations as trying all.
 */
#include "planner/rank/candidate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/hash.h"

#define SKETCHES_TRIED 24
#define SKETCHES_COMPOSED_FROM 8
#define COMPOSED_PENALTY 2.0F
#define SECOND_GROUP_MIN (-1.5) /* log-odds of a second group column */
#define PER_SKETCH 32       /* combinations kept of one sketch */
#define OPTIONS_MAX 16      /* of one kind of slot */
#define TOP_COLUMNS 7
#define SUBSETS_MAX 128
#define TOP_CONDITIONS 12
#define TOP_CONDITIONS_LONG 8 /* for three conditions and more */
#define SETS_MAX 256
#define SETS_KEPT 16
#define FOUND_MAX (2 * SKETCHES_TRIED * PER_SKETCH)

/* A few columns or conditions with the sum of their log-odds. */
struct subset {
    double score;
    int items[CANDIDATE_COLUMNS_MAX];
    size_t count;
};

enum slot { SLOT_COLUMNS, SLOT_AGGREGATES, SLOT_HAVING, SLOT_ORDER, SLOT_LIMIT, SLOT_WHERE, SLOTS };

/* One way to fill one kind of slot. */
struct option {
    double score;
    struct subset plain;
    int group[2];
    int aggregates[SKETCH_AGGREGATES_MAX];
    int column;    /* HAVING, ORDER, nested */
    int condition; /* HAVING, LIMIT */
    struct subset conditions;
    enum joining joining;
};

struct option_list {
    struct option items[OPTIONS_MAX];
    size_t count;
};

struct combination {
    double score;
    uint8_t option[SLOTS];
};

struct finder {
    const struct delexed_question *question;
    const struct sketch_table *sketches;
    const struct local_scores *scores;
    const struct reading_list *conditions;
    struct arena *arena;
    size_t columns;
    double (*use)[COLUMN_USES]; /* log-odds */
    double *condition;          /* log-odds */
    int top[COLUMN_USES][TOP_COLUMNS];
    size_t top_count;
    struct subset plain[10]; /* best sets of selected columns */
    size_t plain_count;
    struct subset *sets; /* best sets of conditions */
    size_t set_count;
    int having[3], limits[2];
    size_t having_count, limit_count;
    struct option_list *options; /* SLOTS of them, for the sketch at hand */
    struct combination *all;     /* room for combine() */
    struct candidate *found;
    size_t found_count;
    uint64_t *seen; /* hashes of what was found */
};

static double log_odds(double p)
{
    return log(p / (1 - p));
}

/* The places of the `max` highest of `count` scores, highest first. */
static size_t top_of(const double *scores, size_t stride, size_t count, size_t max, int *out)
{
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        double score = scores[i * stride];
        if (n == max && score <= scores[(size_t)out[n - 1] * stride])
            continue;
        size_t at = n < max ? n++ : n - 1;
        while (at > 0 && scores[(size_t)out[at - 1] * stride] < score) {
            out[at] = out[at - 1];
            at--;
        }
        out[at] = (int)i;
    }
    return n;
}

static int compare_subsets(const void *a, const void *b)
{
    const struct subset *x = a, *y = b;
    return x->score > y->score ? -1 : x->score < y->score;
}

static void find_plain_sets(struct finder *f)
{
    struct subset *all = arena_array(f->arena, SUBSETS_MAX, sizeof(*all));
    size_t count = 0;
    for (unsigned bits = 1; bits < (1U << f->top_count); bits++) {
        if (__builtin_popcount(bits) > 5)
            continue;
        struct subset *set = &all[count++];
        for (size_t k = 0; k < f->top_count; k++)
            if (bits & (1U << k)) {
                set->items[set->count++] = f->top[USE_SELECT][k];
                set->score += f->use[f->top[USE_SELECT][k]][USE_SELECT];
            }
    }
    qsort(all, count, sizeof(*all), compare_subsets);
    f->plain_count = count < 10 ? count : 10;
    memcpy(f->plain, all, f->plain_count * sizeof(*all));
}

static bool overlap(const struct finder *f, const struct subset *set, int condition)
{
    const struct reading *b = &f->conditions->items[condition];
    for (size_t i = 0; i < set->count; i++) {
        const struct reading *a = &f->conditions->items[set->items[i]];
        if (a->begin < b->end && b->begin < a->end)
            return true;
    }
    return false;
}

/* All sets of up to four of the best conditions that read different words. */
static void find_condition_sets(struct finder *f, const int *top, size_t top_count)
{
    f->sets = arena_array(f->arena, SETS_MAX, sizeof(*f->sets));
    size_t from = 0, end = 0;
    f->sets[end++] = (struct subset){0};
    for (size_t size = 1; size <= CANDIDATE_CONDITIONS_MAX; size++) {
        size_t limit = size < 3 ? TOP_CONDITIONS : TOP_CONDITIONS_LONG;
        size_t level_end = end;
        for (size_t s = from; s < level_end; s++)
            for (size_t k = 0; k < top_count && k < limit && end < SETS_MAX; k++) {
                const struct subset *base = &f->sets[s];
                /* Only sets in rising order, so that each comes once. */
                bool rising = true;
                for (size_t i = 0; i < base->count; i++)
                    for (size_t p = k; p < top_count; p++)
                        rising &= base->items[i] != top[p];
                if (!rising || overlap(f, base, top[k]))
                    continue;
                struct subset *set = &f->sets[end++];
                *set = *base;
                set->items[set->count++] = top[k];
                set->score += f->condition[top[k]];
            }
        from = level_end;
    }
    memmove(f->sets, f->sets + 1, (end - 1) * sizeof(*f->sets));
    f->set_count = end - 1;
    qsort(f->sets, f->set_count, sizeof(*f->sets), compare_subsets);
}

static void rank_conditions(struct finder *f)
{
    size_t n = f->conditions->count;
    double *where = arena_array(f->arena, n + 1, sizeof(*where));
    double *having = arena_array(f->arena, n + 1, sizeof(*having));
    double *limit = arena_array(f->arena, n + 1, sizeof(*limit));
    f->condition = arena_array(f->arena, n + 1, sizeof(*f->condition));
    for (size_t i = 0; i < n; i++) {
        enum reading_kind kind = f->conditions->items[i].kind;
        f->condition[i] = log_odds((double)f->scores->condition[i]);
        where[i] = kind == READING_HAVING || kind == READING_LIMIT ? -INFINITY : f->condition[i];
        having[i] = kind == READING_HAVING ? f->condition[i] : -INFINITY;
        limit[i] = kind == READING_LIMIT ? f->condition[i] : -INFINITY;
    }
    int top[TOP_CONDITIONS];
    size_t count = top_of(where, 1, n, TOP_CONDITIONS, top);
    while (count > 0 && isinf(where[top[count - 1]]))
        count--;
    find_condition_sets(f, top, count);
    f->having_count = top_of(having, 1, n, 3, f->having);
    while (f->having_count > 0 && isinf(having[f->having[f->having_count - 1]]))
        f->having_count--;
    f->limit_count = top_of(limit, 1, n, 2, f->limits);
    while (f->limit_count > 0 && isinf(limit[f->limits[f->limit_count - 1]]))
        f->limit_count--;
}

static void rank_columns(struct finder *f)
{
    f->use = arena_array(f->arena, f->columns + 1, sizeof(*f->use));
    for (size_t c = 0; c < f->columns; c++)
        for (int use = 0; use < COLUMN_USES; use++)
            f->use[c][use] = log_odds((double)f->scores->use[c][use]);
    for (int use = 0; use < COLUMN_USES; use++)
        f->top_count =
            top_of(&f->use[0][use], COLUMN_USES, f->columns, TOP_COLUMNS, f->top[use]);
}

/* Keeps the best OPTIONS_MAX. */
static void add_option(struct option_list *list, const struct option *option)
{
    size_t at = list->count;
    if (at == OPTIONS_MAX) {
        if (option->score <= list->items[at - 1].score)
            return;
        at--;
    } else {
        list->count++;
    }
    while (at > 0 && list->items[at - 1].score < option->score) {
        list->items[at] = list->items[at - 1];
        at--;
    }
    list->items[at] = *option;
}

static size_t at_most(size_t count, size_t max)
{
    return count < max ? count : max;
}

static bool in_subset(const struct subset *set, int item)
{
    for (size_t i = 0; i < set->count; i++)
        if (set->items[i] == item)
            return true;
    return false;
}

/* One group column: alone in the select list, or with the likeliest other columns. */
static void add_grouped(struct finder *f, const struct sketch *sketch, int group,
                        struct option_list *out)
{
    double score = f->use[group][USE_GROUP];
    struct option option = {.score = score, .group = {group, -1}};
    if (sketch->plain)
        option.plain = (struct subset){0, {group}, 1};
    add_option(out, &option);
    for (size_t k = 0; sketch->plain && k < at_most(f->plain_count, 4); k++) {
        option.plain = f->plain[k];
        if (option.plain.count == 1 && option.plain.items[0] == group)
            continue;
        bool holds = in_subset(&option.plain, group);
        option.score = score + option.plain.score - (holds ? f->use[group][USE_SELECT] : 0);
        add_option(out, &option);
        if (!holds && option.plain.count < CANDIDATE_COLUMNS_MAX) {
            option.plain.items[option.plain.count++] = group;
            add_option(out, &option);
        }
    }
}

static void fill_columns(struct finder *f, const struct sketch *sketch, struct option_list *out)
{
    const int *groups = f->top[USE_GROUP];
    size_t group_max = at_most(f->top_count, 4);
    struct option option = {.group = {-1, -1}};
    if (sketch->group_count == 0 && !sketch->plain) {
        add_option(out, &option);
    } else if (sketch->group_count == 0) {
        for (size_t k = 0; k < f->plain_count; k++) {
            option.plain = f->plain[k];
            option.score = f->plain[k].score;
            add_option(out, &option);
        }
    } else if (sketch->group_count == 1) {
        for (size_t k = 0; k < group_max; k++)
            add_grouped(f, sketch, groups[k], out);
    } else {
        for (size_t a = 0; a < group_max; a++)
            for (size_t b = a + 1; b < group_max; b++) {
                option.group[0] = groups[a];
                option.group[1] = groups[b];
                option.plain = (struct subset){0, {groups[a], groups[b]}, sketch->plain ? 2 : 0};
                option.score = f->use[groups[a]][USE_GROUP] + f->use[groups[b]][USE_GROUP];
                add_option(out, &option);
            }
    }
    if (out->count > 10)
        out->count = 10;
}

/* Sums and averages are of numbers; text may hold some. */
static bool can_aggregate(const struct finder *f, enum aggregate aggregate, int column)
{
    const struct dataset_index *index = f->question->links->index;
    bool sums = aggregate == AGGREGATE_SUM || aggregate == AGGREGATE_AVG;
    return !sums || !(index->columns[column].wordy ||
                      value_kind_is_time(index->dataset->columns[column].kind));
}

/* Aggregates other than count(*) need a column; the same one, or two different ones. */
static void fill_aggregates(struct finder *f, const struct sketch *sketch,
                            struct option_list *out)
{
    size_t need[SKETCH_AGGREGATES_MAX], needed = 0;
    bool different = true;
    struct option option = {0};
    for (size_t i = 0; i < sketch->aggregate_count; i++) {
        option.aggregates[i] = -1;
        if (sketch->aggregates[i] == AGGREGATE_COUNT)
            continue;
        for (size_t k = 0; k < needed; k++)
            different &= sketch->aggregates[need[k]] != sketch->aggregates[i];
        need[needed++] = i;
    }
    const int *top = f->top[USE_AGGREGATE];
    size_t count = at_most(f->top_count, 4);
    if (needed == 0)
        add_option(out, &option);
    for (size_t k = 0; needed > 0 && (different || needed == 1) && k < count; k++) {
        bool fits = true;
        for (size_t i = 0; i < needed; i++) {
            option.aggregates[need[i]] = top[k];
            fits &= can_aggregate(f, sketch->aggregates[need[i]], top[k]);
        }
        option.score = f->use[top[k]][USE_AGGREGATE];
        if (fits)
            add_option(out, &option);
    }
    for (size_t a = 0; needed == 2 && a < at_most(count, 3); a++)
        for (size_t b = 0; b < at_most(count, 3); b++) {
            if (a == b || (!different && a > b) ||
                !can_aggregate(f, sketch->aggregates[need[0]], top[a]) ||
                !can_aggregate(f, sketch->aggregates[need[1]], top[b]))
                continue;
            option.aggregates[need[0]] = top[a];
            option.aggregates[need[1]] = top[b];
            option.score = f->use[top[a]][USE_AGGREGATE] + f->use[top[b]][USE_AGGREGATE];
            add_option(out, &option);
        }
}

static void fill_having(struct finder *f, const struct sketch *sketch, struct option_list *out)
{
    struct option option = {.column = -1, .condition = -1};
    if (sketch->having == AGGREGATE_NONE)
        add_option(out, &option);
    for (size_t k = 0; sketch->having == AGGREGATE_COUNT && k < f->having_count; k++) {
        option.condition = f->having[k];
        option.score = f->condition[f->having[k]];
        add_option(out, &option);
    }
    if (sketch->having == AGGREGATE_NONE || sketch->having == AGGREGATE_COUNT)
        return;
    for (size_t i = 0; i < f->conditions->count; i++)
        for (size_t k = 0; k < at_most(f->top_count, 2); k++) {
            const struct reading *reading = &f->conditions->items[i];
            int column = f->top[USE_AGGREGATE][k];
            if (reading->kind != READING_HAVING &&
                !(reading->kind == READING_NUMBER && reading->column == column))
                continue;
            option.column = column;
            option.condition = (int)i;
            option.score = f->condition[i] + 0.5 * f->use[column][USE_AGGREGATE];
            add_option(out, &option);
        }
    out->count = at_most(out->count, 3);
}

static void fill_order(struct finder *f, const struct sketch *sketch, struct option_list *out)
{
    struct option option = {.column = -1};
    if (!sketch->ordered || sketch->order == AGGREGATE_COUNT) {
        add_option(out, &option);
        return;
    }
    for (size_t c = 0; c < f->columns; c++) {
        double order = f->use[c][USE_ORDER], aggregate = f->use[c][USE_AGGREGATE];
        option.column = (int)c;
        option.score =
            sketch->order == AGGREGATE_NONE || order > aggregate ? order : aggregate;
        add_option(out, &option);
    }
    out->count = at_most(out->count, sketch->order == AGGREGATE_NONE ? 4 : 3);
}

static void fill_limit(struct finder *f, const struct sketch *sketch, struct option_list *out)
{
    struct option option = {.condition = -1};
    if (sketch->limit != LIMIT_SOME)
        add_option(out, &option);
    for (size_t k = 0; sketch->limit == LIMIT_SOME && k < f->limit_count; k++) {
        option.condition = f->limits[k];
        option.score = f->condition[f->limits[k]];
        add_option(out, &option);
    }
}

/* Is the word "or" said between the conditions? */
static bool or_between(const struct finder *f, const struct subset *set)
{
    size_t low = SIZE_MAX, high = 0;
    for (size_t i = 0; i < set->count; i++) {
        const struct reading *reading = &f->conditions->items[set->items[i]];
        low = reading->end < low ? reading->end : low;
        high = reading->begin > high ? reading->begin : high;
    }
    const struct token_list *tokens = f->question->links->tokens;
    for (size_t i = low; i < high && i < tokens->count; i++)
        if (strcmp(tokens->items[i].lower.text, "or") == 0)
            return true;
    return false;
}

/* The sensible ways to join the conditions of a set. */
static unsigned joinings(const struct finder *f, const struct subset *set)
{
    if (set->count == 1)
        return 1U << JOINED_AND;
    const struct reading *first = &f->conditions->items[set->items[0]];
    int other = -1;
    bool same = true, equal = true, two = true;
    for (size_t i = 0; i < set->count; i++) {
        const struct reading *reading = &f->conditions->items[set->items[i]];
        equal &= reading->comparison == COMPARE_EQUAL || reading->comparison == COMPARE_LIKE;
        if (reading->column == first->column)
            continue;
        same = false;
        two &= other < 0 || other == reading->column;
        other = reading->column;
    }
    bool or = or_between(f, set);
    if (same && equal)
        return first->comparison == COMPARE_LIKE ? 1U << JOINED_OR | 1U << JOINED_AND
                                                 : 1U << JOINED_OR;
    if (set->count == 3 && equal && two)
        return 1U << JOINED_MIXED | 1U << JOINED_AND | (or ? 1U << JOINED_OR : 0);
    return or || same ? 1U << JOINED_AND | 1U << JOINED_OR : 1U << JOINED_AND;
}

static void add_joined(struct finder *f, const struct subset *set, struct option_list *out)
{
    unsigned ways = joinings(f, set);
    for (int way = JOINED_AND; way <= JOINED_MIXED; way++) {
        struct option option = {.score = set->score, .column = -1, .conditions = *set,
                                .joining = (enum joining)way};
        if (ways & (1U << way))
            add_option(out, &option);
    }
}

/* Two conditions, one for each part of a set operation. */
static void fill_pairs(struct finder *f, bool reversed_too, struct option_list *out)
{
    size_t taken = 0;
    for (size_t s = 0; s < f->set_count && taken < 4; s++) {
        if (f->sets[s].count != 2)
            continue;
        struct option option = {.score = f->sets[s].score, .column = -1,
                                .conditions = f->sets[s]};
        add_option(out, &option);
        if (reversed_too && taken < 2) {
            option.conditions.items[0] = f->sets[s].items[1];
            option.conditions.items[1] = f->sets[s].items[0];
            option.score -= 1;
            add_option(out, &option);
        }
        taken++;
    }
}

static void fill_nested(struct finder *f, bool filtered, struct option_list *out)
{
    for (size_t k = 0; k < at_most(f->top_count, 3); k++) {
        int column = f->top[USE_NESTED][k];
        struct option option = {.score = f->use[column][USE_NESTED], .column = column};
        if (!filtered)
            add_option(out, &option);
        for (size_t s = 0; filtered && s < at_most(f->set_count, 3); s++) {
            option.conditions = f->sets[s];
            option.score = f->use[column][USE_NESTED] + f->sets[s].score;
            add_option(out, &option);
        }
    }
}

static void fill_where(struct finder *f, const struct sketch *sketch, struct option_list *out)
{
    struct option none = {.column = -1};
    switch (sketch->where) {
    case WHERE_NONE:
        add_option(out, &none);
        break;
    case WHERE_PLAIN:
        for (size_t s = 0; s < at_most(f->set_count, 8); s++)
            add_joined(f, &f->sets[s], out);
        break;
    case WHERE_ALL_EXCEPT:
        for (size_t s = 0; s < at_most(f->set_count, 4); s++)
            add_joined(f, &f->sets[s], out);
        break;
    case WHERE_INTERSECT:
    case WHERE_UNION:
    case WHERE_EXCEPT:
        fill_pairs(f, sketch->where == WHERE_EXCEPT, out);
        break;
    case WHERE_NESTED:
    case WHERE_NESTED_FILTERED:
        fill_nested(f, sketch->where == WHERE_NESTED_FILTERED, out);
        break;
    }
}

static int compare_combinations(const void *a, const void *b)
{
    const struct combination *x = a, *y = b;
    if (x->score != y->score)
        return x->score > y->score ? -1 : 1;
    return memcmp(x->option, y->option, sizeof(x->option));
}

/* The best combinations of one option of each kind; their number. */
static size_t combine(struct finder *f, struct combination kept[PER_SKETCH])
{
    struct combination *all = f->all;
    size_t count = 1;
    kept[0] = (struct combination){0};
    for (int slot = 0; slot < SLOTS; slot++) {
        const struct option_list *list = &f->options[slot];
        size_t total = 0;
        for (size_t i = 0; i < count; i++)
            for (size_t k = 0; k < list->count; k++) {
                all[total] = kept[i];
                all[total].score += list->items[k].score;
                all[total++].option[slot] = (uint8_t)k;
            }
        if (total > 1)
            qsort(all, total, sizeof(all[0]), compare_combinations);
        count = at_most(total, PER_SKETCH);
        memcpy(kept, all, count * sizeof(all[0]));
    }
    return count;
}

static struct candidate make_candidate(const struct finder *f, const struct sketch *sketch,
                                       float sketch_score, const struct combination *combination)
{
    const struct option *chosen[SLOTS];
    for (int slot = 0; slot < SLOTS; slot++)
        chosen[slot] = &f->options[slot].items[combination->option[slot]];
    struct candidate candidate = {
        .score = (double)sketch_score + combination->score,
        .sketch = sketch,
        .sketch_score = sketch_score,
        .plain_count = chosen[SLOT_COLUMNS]->plain.count,
        .group_count = sketch->group_count,
        .having_column = chosen[SLOT_HAVING]->column,
        .having_condition = chosen[SLOT_HAVING]->condition,
        .order_column = chosen[SLOT_ORDER]->column,
        .limit = sketch->limit == LIMIT_ONE,
        .limit_condition = chosen[SLOT_LIMIT]->condition,
        .condition_count = chosen[SLOT_WHERE]->conditions.count,
        .joining = chosen[SLOT_WHERE]->joining,
        .nested_column = chosen[SLOT_WHERE]->column,
    };
    if (candidate.limit_condition >= 0)
        candidate.limit = (int64_t)f->conditions->items[candidate.limit_condition].amount;
    for (size_t i = 0; i < candidate.plain_count; i++)
        candidate.plain[i] = chosen[SLOT_COLUMNS]->plain.items[i];
    for (size_t i = 0; i < candidate.group_count; i++)
        candidate.group[i] = chosen[SLOT_COLUMNS]->group[i];
    for (size_t i = 0; i < sketch->aggregate_count; i++)
        candidate.aggregate_columns[i] = chosen[SLOT_AGGREGATES]->aggregates[i];
    for (size_t i = 0; i < candidate.condition_count; i++)
        candidate.conditions[i] = chosen[SLOT_WHERE]->conditions.items[i];
    return candidate;
}

static uint64_t mix(uint64_t hash, int64_t number)
{
    return hash64_combine(hash, (uint64_t)number);
}

static uint64_t condition_hash(const struct finder *f, int condition)
{
    if (condition < 0)
        return 1;
    const struct reading *reading = &f->conditions->items[condition];
    uint64_t hash = mix(mix(7, reading->column), reading->comparison);
    if (reading->value)
        hash = hash64_combine(hash, hash64(reading->value, strlen(reading->value), 0));
    if (reading->value_to)
        hash = hash64_combine(hash, hash64(reading->value_to, strlen(reading->value_to), 0));
    return hash;
}

/* Candidates with the same hash are the same statement. */
static uint64_t candidate_hash(const struct finder *f, const struct candidate *candidate)
{
    const struct sketch *sketch = candidate->sketch;
    uint64_t hash = 1;
    for (size_t i = 0; i < candidate->plain_count; i++)
        hash = mix(hash, candidate->plain[i]);
    for (size_t i = 0; i < sketch->aggregate_count; i++)
        hash = mix(mix(hash, sketch->aggregates[i]), candidate->aggregate_columns[i]);
    hash = mix(mix(hash, sketch->star), sketch->distinct);
    for (size_t i = 0; i < candidate->group_count; i++)
        hash = mix(hash, candidate->group[i]);
    hash = mix(mix(hash, sketch->having), candidate->having_column);
    hash = hash64_combine(hash, condition_hash(f, candidate->having_condition));
    hash = mix(mix(mix(hash, sketch->ordered), sketch->order), candidate->order_column);
    hash = mix(mix(hash, sketch->descending), candidate->limit);
    hash = mix(mix(hash, sketch->where), sketch->nested_comparison);
    hash = mix(mix(hash, sketch->nested_aggregate), candidate->nested_column);
    if (candidate->condition_count > 1)
        hash = mix(hash, candidate->joining);
    for (size_t i = 0; i < candidate->condition_count; i++)
        hash = hash64_combine(hash, condition_hash(f, candidate->conditions[i]));
    return hash;
}

static void keep(struct finder *f, const struct candidate *candidate)
{
    uint64_t hash = candidate_hash(f, candidate);
    for (size_t i = 0; i < f->found_count; i++)
        if (f->seen[i] == hash) {
            if (f->found[i].score < candidate->score)
                f->found[i] = *candidate;
            return;
        }
    if (f->found_count == FOUND_MAX)
        return;
    f->seen[f->found_count] = hash;
    f->found[f->found_count++] = *candidate;
}

static void try_sketch(struct finder *f, const struct sketch *sketch, float score)
{
    static void (*const fill[SLOTS])(struct finder *, const struct sketch *,
                                     struct option_list *) = {
        [SLOT_COLUMNS] = fill_columns, [SLOT_AGGREGATES] = fill_aggregates,
        [SLOT_HAVING] = fill_having,   [SLOT_ORDER] = fill_order,
        [SLOT_LIMIT] = fill_limit,     [SLOT_WHERE] = fill_where,
    };
    for (int slot = 0; slot < SLOTS; slot++) {
        f->options[slot].count = 0;
        fill[slot](f, sketch, &f->options[slot]);
        if (f->options[slot].count == 0)
            return;
    }
    struct combination *kept = arena_array(f->arena, PER_SKETCH, sizeof(*kept));
    size_t count = combine(f, kept);
    for (size_t i = 0; i < count; i++) {
        struct candidate candidate = make_candidate(f, sketch, score, &kept[i]);
        if (candidate.plain_count + sketch->aggregate_count > 0 || sketch->star)
            keep(f, &candidate);
    }
}

static bool same_select(const struct sketch *a, const struct sketch *b)
{
    return a->plain == b->plain && a->star == b->star &&
           a->aggregate_count == b->aggregate_count &&
           memcmp(a->aggregates, b->aggregates, a->aggregate_count * sizeof(a->aggregates[0])) ==
               0;
}

static bool is_known(const struct finder *f, const struct sketch *sketch, struct sketch *select)
{
    bool known = false;
    select->part_class[PART_SELECT] = SIZE_MAX;
    for (size_t s = 0; s < f->sketches->count; s++) {
        const struct sketch *other = &f->sketches->items[s];
        if (!same_select(other, sketch))
            continue;
        select->part_class[PART_SELECT] = other->part_class[PART_SELECT];
        bool same = true;
        for (int part = PART_DISTINCT; part < SKETCH_PARTS; part++)
            same &= other->part_class[part] == sketch->part_class[part];
        known |= same;
    }
    return known;
}

/* The aggregates that the question speaks of, in the order of the sketches' names. */
static size_t spoken_aggregates(const struct finder *f, enum aggregate *out)
{
    static const struct {
        enum aggregate aggregate;
        uint64_t cues;
    } speaks[] = {
        {AGGREGATE_AVG, CUE_BIT(AVERAGE)},
        {AGGREGATE_MAX, CUE_BIT(MAXIMUM) | CUE_BIT(HIGHEST) | CUE_BIT(OLDEST) | CUE_BIT(LATEST)},
        {AGGREGATE_MIN, CUE_BIT(MINIMUM) | CUE_BIT(LOWEST) | CUE_BIT(YOUNGEST) | CUE_BIT(EARLIEST)},
        {AGGREGATE_SUM, CUE_BIT(SUM)},
    };
    uint64_t cues = 0;
    for (size_t i = 0; i < f->question->links->tokens->count; i++)
        cues |= (uint64_t)1 << f->question->links->cues.cue[i];
    size_t count = 0;
    for (size_t i = 0; i < sizeof(speaks) / sizeof(speaks[0]); i++)
        if (cues & speaks[i].cues)
            out[count++] = speaks[i].aggregate;
    return count;
}

/* Select lists that no training question had, made of the aggregates that are spoken of. */
static void try_composed(struct finder *f, const int *best, size_t count)
{
    enum aggregate spoken[SKETCH_AGGREGATES_MAX];
    size_t spoken_count = spoken_aggregates(f, spoken);
    if (spoken_count == 0)
        return;
    for (size_t s = 0; s < count && s < SKETCHES_COMPOSED_FROM; s++)
        for (int counted = 0; counted < 2; counted++) {
            const struct sketch *base = &f->sketches->items[best[s]];
            if (base->distinct)
                continue;
            struct sketch *sketch = arena_memdup(f->arena, base, sizeof(*base));
            sketch->star = false;
            sketch->plain = base->group_count > 0;
            sketch->aggregate_count = 0;
            if (counted)
                sketch->aggregates[sketch->aggregate_count++] = AGGREGATE_COUNT;
            for (size_t k = 0; k < spoken_count; k++)
                sketch->aggregates[sketch->aggregate_count++] = spoken[k];
            if (!is_known(f, sketch, sketch))
                try_sketch(f, sketch, f->scores->sketch[best[s]] - COMPOSED_PENALTY);
        }
}

/* "by region and channel": two group columns where the training questions had one. */
static void try_two_groups(struct finder *f, const int *best, size_t count)
{
    if (f->top_count < 2 || f->use[f->top[USE_GROUP][1]][USE_GROUP] < SECOND_GROUP_MIN)
        return;
    size_t class = SIZE_MAX;
    for (size_t s = 0; s < f->sketches->count; s++)
        if (f->sketches->items[s].group_count == 2)
            class = f->sketches->items[s].part_class[PART_GROUP];
    for (size_t s = 0; s < count && s < SKETCHES_COMPOSED_FROM; s++) {
        const struct sketch *base = &f->sketches->items[best[s]];
        if (base->group_count != 1 || !base->plain || base->limit != LIMIT_NONE)
            continue;
        struct sketch *sketch = arena_memdup(f->arena, base, sizeof(*base));
        sketch->group_count = 2;
        sketch->part_class[PART_GROUP] = class;
        try_sketch(f, sketch, f->scores->sketch[best[s]] - COMPOSED_PENALTY);
    }
}

static int compare_candidates(const void *a, const void *b)
{
    const struct candidate *x = a, *y = b;
    return x->score > y->score ? -1 : x->score < y->score;
}

void find_candidates(const struct delexed_question *question,
                     const struct sketch_table *sketches, const struct local_scores *scores,
                     const struct reading_list *conditions, struct arena *arena,
                     struct candidate_list *out)
{
    struct finder f = {.question = question,
                       .sketches = sketches,
                       .scores = scores,
                       .conditions = conditions,
                       .arena = arena,
                       .columns = question->links->index->column_count,
                       .options = arena_array(arena, SLOTS, sizeof(struct option_list)),
                       .all = arena_array(arena, PER_SKETCH * OPTIONS_MAX,
                                          sizeof(struct combination)),
                       .found = arena_array(arena, FOUND_MAX, sizeof(struct candidate)),
                       .seen = arena_array(arena, FOUND_MAX, sizeof(uint64_t))};
    *out = (struct candidate_list){0};
    if (f.columns == 0)
        return;
    rank_columns(&f);
    rank_conditions(&f);
    find_plain_sets(&f);
    int best[SKETCHES_TRIED];
    double *sketch = arena_array(arena, sketches->count, sizeof(*sketch));
    for (size_t s = 0; s < sketches->count; s++)
        sketch[s] = (double)scores->sketch[s];
    size_t count = top_of(sketch, 1, sketches->count, SKETCHES_TRIED, best);
    for (size_t s = 0; s < count; s++)
        try_sketch(&f, &sketches->items[best[s]], scores->sketch[best[s]]);
    try_composed(&f, best, count);
    try_two_groups(&f, best, count);
    if (f.found_count > 1)
        qsort(f.found, f.found_count, sizeof(*f.found), compare_candidates);
    out->items = f.found;
    out->count = at_most(f.found_count, CANDIDATES_MAX);
}
