/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a candidate does what the cue words of the question ask for. */
#include "planner/rank/ranking_context.h"

#include <math.h>
#include <string.h>

static bool computes(const struct candidate *c, enum aggregate aggregate)
{
    for (size_t i = 0; i < c->sketch->aggregate_count; i++)
        if (c->sketch->aggregates[i] == aggregate)
            return true;
    bool nested = c->sketch->where >= WHERE_NESTED && c->sketch->nested_aggregate == aggregate;
    return nested || (c->having_condition >= 0 && c->sketch->having == aggregate) ||
           (c->sketch->ordered && c->sketch->order == aggregate);
}

static bool compares(const struct context *q, const struct candidate *c, enum comparison comparison)
{
    for (size_t i = 0; i < c->condition_count; i++)
        if (context_condition(q, c->conditions[i])->comparison == comparison)
            return true;
    return false;
}

static bool limited(const struct candidate *c, bool descending)
{
    return c->sketch->limit != LIMIT_NONE && c->sketch->ordered &&
           c->sketch->descending == descending;
}

/* Does the candidate do what each cue asks for, and was each thing that it does asked for? */
void usage_add_cues(const struct context *q, struct usage *u)
{
    const struct candidate *c = u->candidate;
    bool count = computes(c, AGGREGATE_COUNT) || computes(c, AGGREGATE_COUNT_DISTINCT);
    const struct {
        enum ranking_feature lacks;
        uint64_t cue;
        bool done;
    } checks[] = {
        {RANKING_lacks_average, CUE_BIT(AVERAGE), computes(c, AGGREGATE_AVG)},
        {RANKING_lacks_sum, CUE_BIT(SUM), computes(c, AGGREGATE_SUM)},
        {RANKING_lacks_maximum, CUE_BIT(MAXIMUM), computes(c, AGGREGATE_MAX) || limited(c, true)},
        {RANKING_lacks_minimum, CUE_BIT(MINIMUM), computes(c, AGGREGATE_MIN) || limited(c, false)},
        {RANKING_lacks_count, CUE_BIT(COUNT), count},
        {RANKING_lacks_distinct, CUE_BIT(DISTINCT),
         c->sketch->distinct || computes(c, AGGREGATE_COUNT_DISTINCT) || c->group_count > 0},
        {RANKING_lacks_each, CUE_BIT(EACH), c->group_count > 0},
        {RANKING_lacks_negation, CUE_BIT(NEGATION),
         compares(q, c, COMPARE_NOT_EQUAL) || c->sketch->where == WHERE_EXCEPT ||
             c->sketch->where == WHERE_ALL_EXCEPT},
        {RANKING_lacks_everything, CUE_BIT(EVERYTHING), c->sketch->star},
        {RANKING_lacks_between, CUE_BIT(BETWEEN), compares(q, c, COMPARE_BETWEEN)},
        {RANKING_lacks_alphabetic, CUE_BIT(ALPHABETIC),
         c->order_column >= 0 && !q->index->columns[c->order_column].number},
        {RANKING_lacks_order, CUE_BIT(ORDER), c->sketch->ordered},
        {RANKING_lacks_both, CUE_BIT(BOTH), c->sketch->where == WHERE_INTERSECT},
    };
    for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
        if (!checks[i].done)
            u->out[checks[i].lacks] = (q->open_cues & checks[i].cue) != 0;
        else
            u->out[checks[i].lacks + (q->cues & checks[i].cue ? 2 : 1)] = 1;
}

/* +1: the highest come first; -1: the lowest; 0: it says nothing. On dates, older is less. */
static int superlative_direction(enum cue cue, bool older_is_less)
{
    switch (cue) {
    case CUE_HIGHEST:
    case CUE_MOST:
    case CUE_LATEST:
    case CUE_MAXIMUM:
        return 1;
    case CUE_LOWEST:
    case CUE_LEAST:
    case CUE_EARLIEST:
    case CUE_MINIMUM:
        return -1;
    case CUE_OLDEST:
        return older_is_less ? -1 : 1;
    case CUE_YOUNGEST:
        return older_is_less ? 1 : -1;
    default:
        return 0;
    }
}

#define CUES_UP \
    (CUE_BIT(HIGHEST) | CUE_BIT(MOST) | CUE_BIT(OLDEST) | CUE_BIT(LATEST) | CUE_BIT(MAXIMUM))
#define CUES_DOWN \
    (CUE_BIT(LOWEST) | CUE_BIT(LEAST) | CUE_BIT(YOUNGEST) | CUE_BIT(EARLIEST) | CUE_BIT(MINIMUM))

void usage_add_direction(const struct context *q, struct usage *u)
{
    const struct candidate *c = u->candidate;
    int sign = c->sketch->descending ? 1 : -1;
    bool older_is_less =
        c->order_column >= 0 && (q->index->columns[c->order_column].flags & COLUMN_IS_OLDER_LESS);
    if (c->sketch->limit != LIMIT_NONE && c->sketch->ordered) {
        int direction = 0;
        for (size_t i = 0; i < q->tokens; i++) {
            int said = superlative_direction((enum cue)q->links->cues.cue[i], older_is_less);
            direction = said != 0 ? said : direction;
        }
        u->out[RANKING_superlative_agrees] = (float)(direction * sign);
        u->out[RANKING_superlative_uncalled] = direction == 0;
        u->out[RANKING_latest_without_date] =
            (q->cues & (CUE_BIT(LATEST) | CUE_BIT(EARLIEST))) && !older_is_less;
    } else if (c->sketch->ordered) {
        int direction = q->cues & CUE_BIT(DESCENDING)                          ? 1
                        : q->cues & (CUE_BIT(ASCENDING) | CUE_BIT(ALPHABETIC)) ? -1
                                                                               : 0;
        u->out[RANKING_direction_agrees] = (float)(direction * sign);
        u->out[RANKING_direction_default] = (float)(direction == 0 ? sign : 0);
    }
    bool up = q->cues & CUES_UP, down = q->cues & CUES_DOWN;
    bool maximum = computes(c, AGGREGATE_MAX), minimum = computes(c, AGGREGATE_MIN);
    bool nested = c->sketch->where >= WHERE_NESTED;
    u->out[RANKING_superlative_unused] =
        (up || down) && c->sketch->limit == LIMIT_NONE && !maximum && !minimum && !nested;
    u->out[RANKING_maximum_uncued] = maximum && !up;
    u->out[RANKING_minimum_uncued] = minimum && !down;
    u->out[RANKING_extreme_contradicts] = (maximum && down && !up) || (minimum && up && !down);
}

/* The comparison word that governs a number, or CUE_NONE. */
static enum cue governing_cue(const struct context *q, const struct reading *reading)
{
    uint64_t words = CUE_BIT(GREATER) | CUE_BIT(LESS) | CUE_BIT(AT_LEAST) | CUE_BIT(AT_MOST) |
                     CUE_BIT(AFTER) | CUE_BIT(BEFORE) | CUE_BIT(OLDER) | CUE_BIT(YOUNGER) |
                     CUE_BIT(EQUAL) | CUE_BIT(BETWEEN);
    enum cue found = CUE_NONE;
    const uint8_t *cues = q->links->cues.cue;
    for (size_t i = reading->begin; i-- > 0 && i + 6 >= reading->begin;) {
        if (words & ((uint64_t)1 << cues[i])) {
            found = (enum cue)cues[i];
            break;
        }
        if (q->links->tokens->items[i].has_number && i + 1 < reading->begin)
            break;
    }
    for (size_t i = reading->end; i < q->tokens && i < reading->end + 2U; i++)
        if (cues[i] == CUE_AT_LEAST || cues[i] == CUE_AT_MOST)
            found = (enum cue)cues[i];
    return found;
}

static bool means(enum cue cue, bool older_is_less, enum comparison comparison)
{
    switch (cue) {
    case CUE_GREATER:
    case CUE_AFTER:
        return comparison == COMPARE_GREATER;
    case CUE_LESS:
    case CUE_BEFORE:
        return comparison == COMPARE_LESS;
    case CUE_AT_LEAST:
        return comparison == COMPARE_GREATER_EQUAL;
    case CUE_AT_MOST:
        return comparison == COMPARE_LESS_EQUAL;
    case CUE_OLDER:
        return comparison == (older_is_less ? COMPARE_LESS : COMPARE_GREATER);
    case CUE_YOUNGER:
        return comparison == (older_is_less ? COMPARE_GREATER : COMPARE_LESS);
    case CUE_EQUAL:
        return comparison == COMPARE_EQUAL;
    default:
        return false;
    }
}

void usage_add_operators(const struct context *q, struct usage *u)
{
    for (size_t i = 0; i < u->condition_count; i++) {
        const struct reading *reading = context_condition(q, u->conditions[i]);
        if (reading->kind != READING_NUMBER && reading->kind != READING_HAVING &&
            reading->kind != READING_DATE)
            continue;
        enum cue cue = governing_cue(q, reading);
        bool older_is_less = reading->column >= 0 &&
                             (q->index->columns[reading->column].flags & COLUMN_IS_OLDER_LESS);
        if (cue == CUE_NONE) {
            u->out[RANKING_operator_uncued] += reading->comparison != COMPARE_EQUAL;
            u->out[RANKING_equals_uncued] += reading->comparison == COMPARE_EQUAL;
        } else if (means(cue, older_is_less, reading->comparison)) {
            u->out[RANKING_operator_agrees]++;
        } else {
            u->out[RANKING_operator_differs]++;
        }
    }
}

/* ---- aggregates that are spoken of */

static const struct {
    enum aggregate aggregate;
    uint64_t cue;  /* the plain word for it */
    uint64_t cues; /* all that speak of it */
} spoken[] = {
    {AGGREGATE_AVG, CUE_BIT(AVERAGE), CUE_BIT(AVERAGE)},
    {AGGREGATE_SUM, CUE_BIT(SUM), CUE_BIT(SUM)},
    {AGGREGATE_MAX, CUE_BIT(MAXIMUM), CUES_UP},
    {AGGREGATE_MIN, CUE_BIT(MINIMUM), CUES_DOWN},
};

/* How far the nearest word for the aggregate is from the column's mentions. */
static float aggregate_distance(const struct context *q, size_t column, uint64_t cues)
{
    float nearest = 6;
    bool said = false;
    for (size_t i = 0; i < q->tokens; i++) {
        if (!(cues & ((uint64_t)1 << q->links->cues.cue[i])))
            continue;
        said = true;
        for (size_t k = 0; k < q->links->columns[column].count; k++) {
            const struct mention *m = &q->links->columns[column].items[k];
            float a = fabsf((float)m->begin - (float)i);
            float b = fabsf((float)m->end - 1 - (float)i);
            nearest = fminf(nearest, fminf(a, b));
        }
    }
    return said ? nearest : 0;
}

void usage_add_aggregate_words(const struct context *q, struct usage *u)
{
    const struct candidate *c = u->candidate;
    for (size_t s = 0; s < sizeof(spoken) / sizeof(spoken[0]); s++) {
        bool selected = false;
        for (size_t i = 0; i < c->sketch->aggregate_count; i++) {
            if (c->sketch->aggregates[i] != spoken[s].aggregate)
                continue;
            selected = true;
            int column = c->aggregate_columns[i];
            if (column >= 0 && q->links->columns[column].count > 0)
                u->out[RANKING_aggregate_distance] +=
                    aggregate_distance(q, (size_t)column, spoken[s].cues);
        }
        u->out[RANKING_aggregates_differ] += selected != ((q->open_cues & spoken[s].cue) != 0);
    }
    for (size_t g = 0; g < c->group_count; g++) {
        const struct mention *m = context_best_mention(q, (size_t)c->group[g]);
        bool each = false;
        for (size_t i = m && m->begin > 3 ? m->begin - 3U : 0; m && i < m->begin; i++) {
            const struct delexed *item = &q->question->classes.items[i];
            each |= item->cue == CUE_EACH || strcmp(item->word.text, "by") == 0;
        }
        u->out[RANKING_group_after_each] += each;
    }
}
