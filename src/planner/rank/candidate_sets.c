/* SPDX-License-Identifier: Apache-2.0 */
/* The likeliest columns and conditions of a question, and the best sets of them. */
#include "planner/rank/candidate_finder.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PLAIN_COLUMNS_MAX 5 /* of a set */
#define SUBSETS_MAX 128
#define TOP_CONDITIONS 12
#define TOP_CONDITIONS_LONG 8 /* for three conditions and more */
#define SETS_MAX 256

static double log_odds(double p)
{
    return log(p / (1 - p));
}

size_t places_of_highest(const double *scores, size_t stride, size_t count, size_t max, int *out)
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

/* ---- columns */

static void find_plain_sets(struct finder *f)
{
    struct subset *all = arena_array(f->arena, SUBSETS_MAX, sizeof(*all));
    size_t count = 0;
    for (unsigned bits = 1; bits < (1U << f->top_count); bits++) {
        if (__builtin_popcount(bits) > PLAIN_COLUMNS_MAX)
            continue;
        struct subset *set = &all[count++];
        for (size_t k = 0; k < f->top_count; k++)
            if (bits & (1U << k)) {
                set->items[set->count++] = f->top[USE_SELECT][k];
                set->score += f->use[f->top[USE_SELECT][k]][USE_SELECT];
            }
    }
    qsort(all, count, sizeof(*all), compare_subsets);
    f->plain_count = at_most(count, PLAIN_SETS_MAX);
    memcpy(f->plain, all, f->plain_count * sizeof(*all));
}

void finder_rank_columns(struct finder *f)
{
    f->use = arena_array(f->arena, f->columns + 1, sizeof(*f->use));
    for (size_t c = 0; c < f->columns; c++)
        for (int use = 0; use < COLUMN_USES; use++)
            f->use[c][use] = log_odds((double)f->scores->use[c][use]);
    for (int use = 0; use < COLUMN_USES; use++)
        f->top_count =
            places_of_highest(&f->use[0][use], COLUMN_USES, f->columns, TOP_COLUMNS, f->top[use]);
    find_plain_sets(f);
}

/* ---- conditions */

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

void finder_rank_conditions(struct finder *f)
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
    size_t count = places_of_highest(where, 1, n, TOP_CONDITIONS, top);
    while (count > 0 && isinf(where[top[count - 1]]))
        count--;
    find_condition_sets(f, top, count);
    f->having_count = places_of_highest(having, 1, n, 3, f->having);
    while (f->having_count > 0 && isinf(having[f->having[f->having_count - 1]]))
        f->having_count--;
    f->limit_count = places_of_highest(limit, 1, n, 2, f->limits);
    while (f->limit_count > 0 && isinf(limit[f->limits[f->limit_count - 1]]))
        f->limit_count--;
}
