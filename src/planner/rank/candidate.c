/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A sketch has six kinds of slots: plain and group columns together, aggregated columns, HAVING,
 * ORDER BY, LIMIT and conditions. Each kind gets its best few options with a score
 * (candidate_options.c); the options are then combined kind by kind, keeping the best partial sums,
 * which finds the same best combinations as trying all. Only what can still be among the best of all
 * sketches becomes a candidate.
 */
#include "planner/rank/candidate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/hash.h"
#include "planner/rank/candidate_finder.h"

#define SKETCHES_TRIED 24
#define SKETCHES_COMPOSED_FROM 8
#define COMPOSED_PENALTY 2.0F
#define SECOND_GROUP_MIN (-1.5) /* log-odds of a second group column */
#define PER_SKETCH 32           /* combinations kept of one sketch */
#define FOUND_MAX (2 * SKETCHES_TRIED * PER_SKETCH)
#define FOUND_LIKELY 128

/* ---- combinations */

static int compare_combinations(const void *a, const void *b)
{
    const struct combination *x = a, *y = b;
    if (x->score != y->score)
        return x->score > y->score ? -1 : 1;
    return memcmp(x->option, y->option, sizeof(x->option));
}

/* Puts one more among the best, which are in order. */
static size_t insert_combination(struct combination best[PER_SKETCH], size_t count,
                                 const struct combination *one)
{
    size_t at = count < PER_SKETCH ? count : PER_SKETCH - 1;
    if (count == PER_SKETCH && compare_combinations(one, &best[at]) >= 0)
        return count;
    while (at > 0 && compare_combinations(one, &best[at - 1]) < 0) {
        best[at] = best[at - 1];
        at--;
    }
    best[at] = *one;
    return at_most(count + 1, PER_SKETCH);
}

/* The best combinations of one option of each kind; their number. Options and what is kept so far
 * are best first: what comes after one that falls short falls short as well. */
static size_t combine(const struct finder *f, struct combination kept[PER_SKETCH])
{
    struct combination best[PER_SKETCH];
    size_t count = 1;
    kept[0] = (struct combination){0};
    for (int slot = 0; slot < SLOTS; slot++) {
        const struct option_list *list = &f->options[slot];
        size_t found = 0;
        if (list->count == 1) { /* the order stays, and the option is number 0 */
            for (size_t i = 0; i < count; i++)
                kept[i].score += list->items[0].score;
            continue;
        }
        for (size_t i = 0; i < count; i++)
            for (size_t k = 0; k < list->count; k++) {
                struct combination one = kept[i];
                one.score += list->items[k].score;
                one.option[slot] = (uint8_t)k;
                if (found == PER_SKETCH && one.score < best[PER_SKETCH - 1].score)
                    break;
                found = insert_combination(best, found, &one);
            }
        count = found;
        memcpy(kept, best, count * sizeof(best[0]));
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

/* ---- each statement once */

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

/* Notes the score of a candidate among the best, in place of what it had before (NAN: nothing). */
static void note_score(struct finder *f, double score, double before)
{
    size_t at = isnan(before) ? f->best_count : 0;
    while (at < f->best_count && f->best[at] != before)
        at++;
    if (at == f->best_count && f->best_count < CANDIDATES_MAX)
        f->best_count++;
    else if (at == f->best_count)
        at--;
    while (at > 0 && f->best[at - 1] < score) {
        f->best[at] = f->best[at - 1];
        at--;
    }
    f->best[at] = score;
}

/* Whether a candidate with that score can't be among those that will be ranked. */
static bool falls_short(const struct finder *f, double score)
{
    return f->best_count == CANDIDATES_MAX && score <= f->best[CANDIDATES_MAX - 1];
}

static void keep(struct finder *f, const struct candidate *candidate)
{
    uint64_t hash = candidate_hash(f, candidate);
    for (size_t i = 0; i < f->found_count; i++)
        if (f->seen[i] == hash) {
            if (f->found[i].score < candidate->score) {
                note_score(f, candidate->score, f->found[i].score);
                f->found[i] = *candidate;
            }
            return;
        }
    if (f->found_count == FOUND_MAX)
        return;
    f->found =
        arena_grow(f->arena, f->found, f->found_count, &f->found_capacity, sizeof(*f->found));
    f->seen = arena_grow(f->arena, f->seen, f->found_count, &f->seen_capacity, sizeof(*f->seen));
    f->seen[f->found_count] = hash;
    f->found[f->found_count++] = *candidate;
    note_score(f, candidate->score, NAN);
}

/* ---- sketches */

/* The best combination's, added up as combine() does. */
static double best_score(const struct finder *f)
{
    double score = 0;
    for (int slot = 0; slot < SLOTS; slot++)
        score += f->options[slot].items[0].score;
    return score;
}

static void try_sketch(struct finder *f, const struct sketch *sketch, float score)
{
    static void (*const fill[SLOTS])(struct finder *, const struct sketch *,
                                     struct option_list *) = {
        [SLOT_COLUMNS] = option_fill_columns, [SLOT_AGGREGATES] = option_fill_aggregates,
        [SLOT_HAVING] = option_fill_having,   [SLOT_ORDER] = option_fill_order,
        [SLOT_LIMIT] = option_fill_limit,     [SLOT_WHERE] = option_fill_where,
    };
    for (int slot = 0; slot < SLOTS; slot++) {
        f->options[slot].count = 0;
        fill[slot](f, sketch, &f->options[slot]);
        if (f->options[slot].count == 0)
            return;
    }
    if (falls_short(f, (double)score + best_score(f)))
        return;
    struct combination kept[PER_SKETCH];
    size_t count = combine(f, kept);
    for (size_t i = 0; i < count && !falls_short(f, (double)score + kept[i].score); i++) {
        struct candidate candidate = make_candidate(f, sketch, score, &kept[i]);
        if (candidate.plain_count + sketch->aggregate_count > 0 || sketch->star)
            keep(f, &candidate);
    }
}

/* ---- sketches that no training question had */

static bool same_select(const struct sketch *a, const struct sketch *b)
{
    return a->plain == b->plain && a->star == b->star && a->aggregate_count == b->aggregate_count &&
           memcmp(a->aggregates, b->aggregates, a->aggregate_count * sizeof(a->aggregates[0])) == 0;
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

/* ---- the whole */

static int compare_candidates(const void *a, const void *b)
{
    const struct candidate *x = a, *y = b;
    return x->score > y->score ? -1 : x->score < y->score;
}

void find_candidates(const struct delexed_question *question, const struct sketch_table *sketches,
                     const struct local_scores *scores, const struct reading_list *conditions,
                     struct arena *arena, struct candidate_list *out)
{
    struct finder f = {
        .question = question,
        .sketches = sketches,
        .scores = scores,
        .conditions = conditions,
        .arena = arena,
        .columns = question->links->index->column_count,
        .options = arena_array(arena, SLOTS, sizeof(struct option_list))};
    *out = (struct candidate_list){0};
    if (f.columns == 0)
        return;
    f.found = arena_array(arena, FOUND_LIKELY, sizeof(*f.found));
    f.seen = arena_array(arena, FOUND_LIKELY, sizeof(*f.seen));
    f.found_capacity = f.seen_capacity = FOUND_LIKELY;
    finder_rank_columns(&f);
    finder_rank_conditions(&f);
    int best[SKETCHES_TRIED];
    double *sketch = arena_array(arena, sketches->count, sizeof(*sketch));
    for (size_t s = 0; s < sketches->count; s++)
        sketch[s] = (double)scores->sketch[s];
    size_t count = places_of_highest(sketch, 1, sketches->count, SKETCHES_TRIED, best);
    for (size_t s = 0; s < count; s++)
        try_sketch(&f, &sketches->items[best[s]], scores->sketch[best[s]]);
    try_composed(&f, best, count);
    try_two_groups(&f, best, count);
    if (f.found_count > 1)
        qsort(f.found, f.found_count, sizeof(*f.found), compare_candidates);
    out->items = f.found;
    out->count = at_most(f.found_count, CANDIDATES_MAX);
}
