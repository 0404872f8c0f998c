/* SPDX-License-Identifier: Apache-2.0 */
#include "planner/rank/ranking_features.h"

#include <math.h>
#include <string.h>

#define UNKNOWN_PART_LOG (-9.2F)
#define STRONGEST_CONDITIONS 12

/* What is the same for all candidates of a question. */
struct context {
    const struct delexed_question *question;
    const struct links *links;
    const struct dataset_index *index;
    const struct local_scores *scores;
    const struct reading_list *conditions;
    size_t tokens, columns;
    double best_score;
    float left_out[COLUMN_USES];        /* sum over all columns of log(1 - p) */
    float *left_out_any;                /* log(1 - the highest p) of each column */
    float left_out_any_sum;
    int strongest[STRONGEST_CONDITIONS]; /* likeliest conditions */
    size_t strongest_count;
    uint64_t cues;      /* all cue classes of the question */
    uint64_t open_cues; /* without those inside a column's name */
    bool or_said;
};

/* What one candidate uses. */
struct usage {
    const struct candidate *candidate;
    float *out; /* its features */
    bool *covered; /* tokens that it explains */
    unsigned *uses; /* bits of enum column_use for each column */
    int columns[CANDIDATE_COLUMNS_MAX * 4];
    size_t column_count;
    int conditions[CANDIDATE_CONDITIONS_MAX + 2]; /* with those of HAVING and LIMIT */
    size_t condition_count;
};

const char *ranking_feature_name(size_t feature)
{
    static const char *const names[] = {
#define X(name) #name,
        RANKING_FEATURES(X)
#undef X
    };
    return names[feature];
}

static const struct reading *condition_at(const struct context *q, int condition)
{
    return &q->conditions->items[condition];
}

static void use_column(struct usage *u, int column, enum column_use use)
{
    if (column < 0)
        return;
    if (u->uses[column] == 0 && u->column_count < sizeof(u->columns) / sizeof(u->columns[0]))
        u->columns[u->column_count++] = column;
    u->uses[column] |= 1U << use;
}

static void collect_usage(const struct context *q, struct usage *u)
{
    const struct candidate *c = u->candidate;
    for (size_t i = 0; i < c->plain_count; i++)
        use_column(u, c->plain[i], USE_SELECT);
    for (size_t i = 0; i < c->group_count; i++)
        use_column(u, c->group[i], USE_GROUP);
    for (size_t i = 0; i < c->sketch->aggregate_count; i++)
        use_column(u, c->aggregate_columns[i], USE_AGGREGATE);
    if (c->having_condition >= 0) {
        use_column(u, c->having_column, USE_AGGREGATE);
        u->conditions[u->condition_count++] = c->having_condition;
    }
    use_column(u, c->order_column, USE_ORDER);
    use_column(u, c->nested_column, USE_NESTED);
    for (size_t i = 0; i < c->condition_count; i++) {
        use_column(u, condition_at(q, c->conditions[i])->column, USE_WHERE);
        u->conditions[u->condition_count++] = c->conditions[i];
    }
    if (c->limit_condition >= 0)
        u->conditions[u->condition_count++] = c->limit_condition;
}

static void clear_usage(struct usage *u)
{
    for (size_t i = 0; i < u->column_count; i++)
        u->uses[u->columns[i]] = 0;
    u->column_count = u->condition_count = 0;
}

static bool uses_condition(const struct usage *u, int condition)
{
    for (size_t i = 0; i < u->condition_count; i++)
        if (u->conditions[i] == condition)
            return true;
    return false;
}

static float log_of(float p)
{
    return logf(p);
}

static void add_scores(const struct context *q, struct usage *u)
{
    const struct candidate *c = u->candidate;
    u->out[RANKING_score] = (float)c->score;
    u->out[RANKING_score_below_best] = (float)(c->score - q->best_score);
    u->out[RANKING_sketch_log] = c->sketch_score;
    for (int part = 0; part < SKETCH_PARTS; part++) {
        size_t class = c->sketch->part_class[part];
        u->out[RANKING_part_select + part] =
            class == SIZE_MAX ? UNKNOWN_PART_LOG : q->scores->part[class];
    }
}

/* Conditions taken, and likely ones over other words that were left. */
static void add_conditions(const struct context *q, struct usage *u)
{
    float least = 0, sum = 0, left = 0, most = 0;
    for (size_t i = 0; i < u->condition_count; i++) {
        float p = log_of(q->scores->condition[u->conditions[i]]);
        sum += p;
        least = fminf(least, p);
    }
    for (size_t k = 0; k < q->strongest_count; k++) {
        int i = q->strongest[k];
        const struct reading *reading = condition_at(q, i);
        bool taken = uses_condition(u, i);
        for (size_t n = 0; n < u->condition_count; n++) {
            const struct reading *other = condition_at(q, u->conditions[n]);
            taken |= reading->begin < other->end && other->begin < reading->end;
        }
        if (taken || (reading->kind == READING_LIMIT && q->scores->condition[i] < 0.5F))
            continue;
        float p = log_of(1 - q->scores->condition[i]);
        left += p;
        most = fminf(most, p);
    }
    u->out[RANKING_conditions_log] = sum;
    u->out[RANKING_condition_least] = least;
    u->out[RANKING_conditions_left_log] = left;
    u->out[RANKING_condition_left_most] = most;
    u->out[RANKING_condition_count] = (float)u->candidate->condition_count;
}

static void add_uses(const struct context *q, struct usage *u)
{
    float out_any = q->left_out_any_sum, out_most = 0;
    for (int use = 0; use < COLUMN_USES; use++) {
        float in = 0, least = 0, out = q->left_out[use];
        for (size_t i = 0; i < u->column_count; i++) {
            int c = u->columns[i];
            float p = q->scores->use[c][use];
            if (!(u->uses[c] & (1U << use)))
                continue;
            in += log_of(p);
            least = fminf(least, log_of(p));
            out -= log_of(1 - p);
        }
        u->out[RANKING_log_in_select + 3 * use] = in;
        u->out[RANKING_log_out_select + 3 * use] = out;
        u->out[RANKING_log_least_select + 3 * use] = least;
    }
    for (size_t c = 0; c < q->columns; c++)
        if (u->uses[c] == 0)
            out_most = fminf(out_most, q->left_out_any[c]);
        else
            out_any -= q->left_out_any[c];
    u->out[RANKING_log_out_any] = out_any;
    u->out[RANKING_log_out_any_most] = out_most;
}

static void count_both(struct usage *u, enum ranking_feature feature, enum column_use a,
                       enum column_use b)
{
    unsigned both = 1U << a | 1U << b;
    for (size_t i = 0; i < u->column_count; i++)
        u->out[feature] += (u->uses[u->columns[i]] & both) == both;
}

/* Which tokens the candidate's columns and conditions explain, and what is left unread. */
static void add_coverage(const struct context *q, struct usage *u)
{
    memset(u->covered, 0, q->tokens);
    for (size_t i = 0; i < u->column_count; i++) {
        const struct column_links *links = &q->links->columns[u->columns[i]];
        for (size_t k = 0; k < links->count; k++)
            if (k == 0 || links->items[k].score > 0.5F)
                memset(u->covered + links->items[k].begin, 1,
                       (size_t)(links->items[k].end - links->items[k].begin));
    }
    for (size_t i = 0; i < u->condition_count; i++) {
        const struct reading *reading = condition_at(q, u->conditions[i]);
        memset(u->covered + reading->begin, 1, (size_t)(reading->end - reading->begin));
    }
    int last_quote = 0;
    for (size_t i = 0; i < q->tokens; i++) {
        const struct token *token = &q->links->tokens->items[i];
        const struct delexed *item = &q->question->words.items[i];
        if (u->covered[i] || token->stop || !token->is_word || q->links->table_word[i])
            continue;
        bool column = item->kind == DELEXED_COLUMN;
        u->out[RANKING_unread_words]++;
        u->out[RANKING_unread_unknown] += item->kind == DELEXED_UNKNOWN;
        u->out[RANKING_unread_columns] += column;
        u->out[RANKING_unread_strong_columns] += column && q->links->own[i] > 0.8F;
        u->out[RANKING_unread_numbers] += token->has_number && token->digits;
        u->out[RANKING_unread_values] += item->kind == DELEXED_VALUE;
        u->out[RANKING_unread_capitals] += token->capital;
        u->out[RANKING_unread_quotes] += token->quote > 0 && token->quote != last_quote;
        last_quote = token->quote > 0 ? token->quote : last_quote;
    }
}

static void add_links(const struct context *q, struct usage *u)
{
    unsigned structural = 1U << USE_SELECT | 1U << USE_AGGREGATE | 1U << USE_GROUP |
                          1U << USE_ORDER | 1U << USE_NESTED;
    float least = 1;
    for (size_t i = 0; i < u->column_count; i++) {
        const struct column_links *links = &q->links->columns[u->columns[i]];
        float score = links->count > 0 ? links->items[0].score : 0;
        u->out[RANKING_link_sum] += score;
        if (!(u->uses[u->columns[i]] & structural))
            continue;
        least = fminf(least, score);
        u->out[RANKING_unmentioned_columns] += links->count == 0;
        u->out[RANKING_weak_columns] += links->count > 0 && score < 0.6F;
    }
    u->out[RANKING_link_least] = least;
}

static void add_selected(const struct context *q, struct usage *u)
{
    const struct candidate *c = u->candidate;
    bool grouped_all = true, unique = c->plain_count > 0;
    size_t unsaid = 0;
    for (size_t i = 0; i < c->plain_count; i++) {
        const struct column_info *info = &q->index->columns[c->plain[i]];
        if ((size_t)c->plain[i] == q->index->name_column)
            u->out[RANKING_selects_name] = 1;
        if (info->key)
            u->out[RANKING_selects_key] = 1;
        if (info->distinct <= 1)
            u->out[RANKING_selects_constant] = 1;
        unique &= info->unique;
        if (q->links->columns[c->plain[i]].count > 0)
            continue;
        unsaid++;
        if ((size_t)c->plain[i] == q->index->name_column)
            u->out[RANKING_selects_unsaid_name] = 1;
        else
            u->out[RANKING_selects_unsaid_other]++;
    }
    u->out[RANKING_selects_only_unsaid] = unsaid > 0 && unsaid == c->plain_count;
    for (size_t i = 0; i < c->group_count; i++) {
        const struct column_info *info = &q->index->columns[c->group[i]];
        if (info->key || info->unique)
            u->out[RANKING_groups_by_unique] = 1;
        grouped_all &= (u->uses[c->group[i]] & (1U << USE_SELECT)) != 0;
    }
    u->out[RANKING_plain_count] = (float)c->plain_count;
    u->out[RANKING_group_not_selected] = c->group_count > 0 && !grouped_all;
    u->out[RANKING_distinct_of_unique] = c->sketch->distinct && unique;
}

static void add_aggregates(const struct context *q, struct usage *u)
{
    const struct candidate *c = u->candidate;
    size_t columns = 0;
    for (size_t i = 0; i < c->sketch->aggregate_count; i++) {
        if (c->aggregate_columns[i] < 0)
            continue;
        const struct column_info *info = &q->index->columns[c->aggregate_columns[i]];
        enum aggregate aggregate = c->sketch->aggregates[i];
        bool sums = aggregate == AGGREGATE_AVG || aggregate == AGGREGATE_SUM;
        bool extreme = aggregate == AGGREGATE_MIN || aggregate == AGGREGATE_MAX;
        columns++;
        if (aggregate == AGGREGATE_COUNT_DISTINCT && info->unique)
            u->out[RANKING_counts_distinct_unique] = 1;
        if (sums && !info->number)
            u->out[RANKING_averages_text] = 1;
        if (extreme && !info->number)
            u->out[RANKING_extreme_of_text] = 1;
        if ((sums || extreme) && (info->key || info->foreign))
            u->out[RANKING_aggregates_key] = 1;
    }
    u->out[RANKING_aggregate_count] = (float)c->sketch->aggregate_count;
    u->out[RANKING_aggregates_columns] = columns > 1;
    if (c->order_column >= 0 && !q->index->columns[c->order_column].number) {
        u->out[RANKING_orders_text] = 1;
        u->out[RANKING_orders_text_limited] = c->sketch->limit != LIMIT_NONE;
    }
}

static enum ranking_feature reading_feature(const struct reading *reading)
{
    static const enum ranking_feature by_link[VALUE_LINK_KINDS] = {
        [VALUE_LINK_EXACT] = RANKING_by_exact,   [VALUE_LINK_STEM] = RANKING_by_stem,
        [VALUE_LINK_PART] = RANKING_by_part,     [VALUE_LINK_PARTS] = RANKING_by_parts,
        [VALUE_LINK_NUMBER] = RANKING_by_number, [VALUE_LINK_INITIAL] = RANKING_by_initial,
        [VALUE_LINK_SHORT] = RANKING_by_short,   [VALUE_LINK_ALIKE] = RANKING_by_alike,
        [VALUE_LINK_SPELLED] = RANKING_by_spelling,
    };
    static const enum ranking_feature by_kind[READING_KINDS] = {
        [READING_PART] = RANKING_by_like_part, [READING_NUMBER] = RANKING_by_number,
        [READING_DATE] = RANKING_by_date,      [READING_YEAR] = RANKING_by_year,
        [READING_NULL] = RANKING_by_null,      [READING_BETWEEN] = RANKING_by_between,
        [READING_PATTERN] = RANKING_by_pattern, [READING_UNMATCHED] = RANKING_by_unmatched,
        [READING_HAVING] = RANKING_by_number,  [READING_LIMIT] = RANKING_by_number,
    };
    return reading->kind == READING_VALUE ? by_link[reading->link] : by_kind[reading->kind];
}

static void add_condition_kinds(const struct context *q, struct usage *u)
{
    const struct candidate *c = u->candidate;
    bool shared = false, equal = true;
    for (size_t i = 0; i < c->condition_count; i++) {
        const struct reading *reading = condition_at(q, c->conditions[i]);
        u->out[reading_feature(reading)]++;
        u->out[RANKING_other_case] += reading->other_case;
        equal &= reading->comparison == COMPARE_EQUAL;
        if (reading->comparison == COMPARE_EQUAL && reading->column >= 0 &&
            (u->uses[reading->column] & (1U << USE_SELECT)))
            u->out[RANKING_selects_fixed]++;
        for (size_t k = 0; k < i; k++)
            shared |= condition_at(q, c->conditions[k])->column == reading->column;
    }
    bool plain = c->sketch->where == WHERE_PLAIN || c->sketch->where == WHERE_ALL_EXCEPT;
    bool joined_or = plain && c->condition_count > 1 && c->joining == JOINED_OR;
    u->out[RANKING_joined_or] = joined_or;
    u->out[RANKING_joined_or_said] = joined_or ? (q->or_said ? 1 : -1) : 0;
    u->out[RANKING_conditions_share_column] = shared;
    u->out[RANKING_contradiction] =
        shared && plain && c->condition_count > 1 && c->joining == JOINED_AND && equal;
    u->out[RANKING_set_operation] = c->sketch->where >= WHERE_INTERSECT &&
                                    c->sketch->where <= WHERE_ALL_EXCEPT;
    u->out[RANKING_size] = (float)(u->column_count + u->condition_count);
    for (size_t i = 0; i < u->column_count; i++)
        if (q->index->columns[u->columns[i]].empty)
            u->out[RANKING_uses_empty] = 1;
}

static bool computes(const struct candidate *c, enum aggregate aggregate)
{
    for (size_t i = 0; i < c->sketch->aggregate_count; i++)
        if (c->sketch->aggregates[i] == aggregate)
            return true;
    bool nested = c->sketch->where >= WHERE_NESTED && c->sketch->nested_aggregate == aggregate;
    return nested || (c->having_condition >= 0 && c->sketch->having == aggregate) ||
           (c->sketch->ordered && c->sketch->order == aggregate);
}

static bool compares(const struct context *q, const struct candidate *c,
                     enum comparison comparison)
{
    for (size_t i = 0; i < c->condition_count; i++)
        if (condition_at(q, c->conditions[i])->comparison == comparison)
            return true;
    return false;
}

static bool limited(const struct candidate *c, bool descending)
{
    return c->sketch->limit != LIMIT_NONE && c->sketch->ordered &&
           c->sketch->descending == descending;
}

/* Does the candidate do what each cue asks for, and was each thing that it does asked for? */
static void add_cues(const struct context *q, struct usage *u)
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

#define CUES_UP                                                                                    \
    (CUE_BIT(HIGHEST) | CUE_BIT(MOST) | CUE_BIT(OLDEST) | CUE_BIT(LATEST) | CUE_BIT(MAXIMUM))
#define CUES_DOWN                                                                                  \
    (CUE_BIT(LOWEST) | CUE_BIT(LEAST) | CUE_BIT(YOUNGEST) | CUE_BIT(EARLIEST) | CUE_BIT(MINIMUM))

static void add_direction(const struct context *q, struct usage *u)
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
    u->out[RANKING_extreme_contradicts] =
        (maximum && down && !up) || (minimum && up && !down);
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

static void add_operators(const struct context *q, struct usage *u)
{
    for (size_t i = 0; i < u->condition_count; i++) {
        const struct reading *reading = condition_at(q, u->conditions[i]);
        if (reading->kind != READING_NUMBER && reading->kind != READING_HAVING &&
            reading->kind != READING_DATE)
            continue;
        enum cue cue = governing_cue(q, reading);
        bool older_is_less = reading->column >= 0 && (q->index->columns[reading->column].flags &
                                                      COLUMN_IS_OLDER_LESS);
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

static const struct mention *best_mention(const struct context *q, size_t column)
{
    const struct column_links *links = &q->links->columns[column];
    return links->count > 0 ? &links->items[0] : NULL;
}

/* Columns that rest on the same words, or on words that fit an unused column better. */
static void add_rivals(const struct context *q, struct usage *u)
{
    for (size_t i = 0; i < u->column_count; i++) {
        const struct mention *a = best_mention(q, (size_t)u->columns[i]);
        bool weaker = false, dominated = false;
        for (size_t k = 0; a && k < u->column_count; k++) {
            const struct mention *b = best_mention(q, (size_t)u->columns[k]);
            if (k == i || !b)
                continue;
            if (k > i && a->begin < b->end && b->begin < a->end)
                u->out[RANKING_shared_words]++;
            weaker |= b->begin <= a->begin && b->end >= a->end && b->score > a->score + 0.05F;
        }
        for (size_t c = 0; a && c < q->columns; c++) {
            const struct mention *b = u->uses[c] == 0 ? best_mention(q, c) : NULL;
            dominated |= b && b->score > a->score + 0.05F && b->begin < a->end && b->end > a->begin;
        }
        u->out[RANKING_shared_weaker] += weaker;
        u->out[RANKING_dominated] += dominated;
    }
}

static const struct {
    enum aggregate aggregate;
    uint64_t cue;       /* the plain word for it */
    uint64_t cues;      /* all that speak of it */
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

static void add_aggregate_words(const struct context *q, struct usage *u)
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
        const struct mention *m = best_mention(q, (size_t)c->group[g]);
        bool each = false;
        for (size_t i = m && m->begin > 3 ? m->begin - 3U : 0; m && i < m->begin; i++) {
            const struct delexed *item = &q->question->classes.items[i];
            each |= item->cue == CUE_EACH || strcmp(item->word.text, "by") == 0;
        }
        u->out[RANKING_group_after_each] += each;
    }
}

static void prepare_columns(struct context *q, struct arena *arena)
{
    q->left_out_any = arena_array(arena, q->columns + 1, sizeof(float));
    for (size_t c = 0; c < q->columns; c++) {
        float most = 0;
        for (int use = 0; use < COLUMN_USES; use++) {
            float p = q->scores->use[c][use];
            q->left_out[use] += log_of(1 - p);
            most = fmaxf(most, p);
        }
        q->left_out_any[c] = log_of(1 - most);
        q->left_out_any_sum += q->left_out_any[c];
    }
}

static void prepare_conditions(struct context *q)
{
    const float *p = q->scores->condition;
    for (size_t i = 0; i < q->conditions->count; i++) {
        size_t at = q->strongest_count;
        if (at == STRONGEST_CONDITIONS) {
            if (p[i] <= p[q->strongest[at - 1]])
                continue;
            at--;
        } else {
            q->strongest_count++;
        }
        while (at > 0 && p[q->strongest[at - 1]] < p[i]) {
            q->strongest[at] = q->strongest[at - 1];
            at--;
        }
        q->strongest[at] = (int)i;
    }
}

static void prepare_cues(struct context *q)
{
    for (size_t i = 0; i < q->tokens; i++) {
        uint64_t bit = (uint64_t)1 << q->links->cues.cue[i];
        bool named = q->question->words.items[i].kind == DELEXED_COLUMN &&
                     q->links->own[i] > 0.9F;
        q->cues |= bit;
        q->open_cues |= named ? 0 : bit;
        q->or_said |= strcmp(q->links->tokens->items[i].lower.text, "or") == 0;
    }
}

void ranking_features(const struct delexed_question *question,
                      const struct local_scores *scores, const struct reading_list *conditions,
                      const struct candidate_list *candidates, struct arena *arena,
                      struct ranking_features *out)
{
    struct context q = {.question = question,
                        .links = question->links,
                        .index = question->links->index,
                        .scores = scores,
                        .conditions = conditions,
                        .tokens = question->links->tokens->count,
                        .columns = question->links->index->column_count,
                        .best_score = candidates->count > 0 ? candidates->items[0].score : 0};
    prepare_columns(&q, arena);
    prepare_conditions(&q);
    prepare_cues(&q);
    struct usage u = {.covered = arena_array(arena, q.tokens + 1, sizeof(bool)),
                      .uses = arena_array(arena, q.columns + 1, sizeof(unsigned))};
    for (size_t i = 0; i < candidates->count; i++) {
        u.candidate = &candidates->items[i];
        u.out = out[i].values;
        memset(&out[i], 0, sizeof(out[i]));
        collect_usage(&q, &u);
        add_scores(&q, &u);
        add_conditions(&q, &u);
        add_uses(&q, &u);
        count_both(&u, RANKING_selected_and_filtered, USE_SELECT, USE_WHERE);
        count_both(&u, RANKING_selected_and_ordered, USE_SELECT, USE_ORDER);
        count_both(&u, RANKING_aggregated_and_filtered, USE_AGGREGATE, USE_WHERE);
        add_coverage(&q, &u);
        add_links(&q, &u);
        add_selected(&q, &u);
        add_aggregates(&q, &u);
        add_condition_kinds(&q, &u);
        add_cues(&q, &u);
        add_direction(&q, &u);
        add_operators(&q, &u);
        add_rivals(&q, &u);
        add_aggregate_words(&q, &u);
        clear_usage(&u);
    }
}
