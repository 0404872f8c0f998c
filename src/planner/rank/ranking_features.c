/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scores of a candidate, what it covers and leaves out of the question, its links and its parts;
 * what the cue words say of it is in ranking_cues.c.
 */
#include "planner/rank/ranking_features.h"

#include <math.h>
#include <string.h>

#include "planner/rank/ranking_context.h"

#define UNKNOWN_PART_LOG (-9.2F)

const char *ranking_feature_name(size_t feature)
{
    static const char *const names[] = {
#define X(name) #name,
        RANKING_FEATURES(X)
#undef X
    };
    return names[feature];
}

const struct reading *context_condition(const struct context *q, int condition)
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
        use_column(u, context_condition(q, c->conditions[i])->column, USE_WHERE);
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
        const struct reading *reading = context_condition(q, i);
        bool taken = uses_condition(u, i);
        for (size_t n = 0; n < u->condition_count; n++) {
            const struct reading *other = context_condition(q, u->conditions[n]);
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
        const struct reading *reading = context_condition(q, u->conditions[i]);
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
        [VALUE_LINK_EXACT] = RANKING_by_exact,      [VALUE_LINK_STEM] = RANKING_by_stem,
        [VALUE_LINK_PART] = RANKING_by_part,        [VALUE_LINK_PARTS] = RANKING_by_parts,
        [VALUE_LINK_NUMBER] = RANKING_by_number,    [VALUE_LINK_INITIAL] = RANKING_by_initial,
        [VALUE_LINK_SHORT] = RANKING_by_short,      [VALUE_LINK_ALIKE] = RANKING_by_alike,
        [VALUE_LINK_SPELLED] = RANKING_by_spelling,
    };
    static const enum ranking_feature by_kind[READING_KINDS] = {
        [READING_PART] = RANKING_by_like_part,  [READING_NUMBER] = RANKING_by_number,
        [READING_DATE] = RANKING_by_date,       [READING_YEAR] = RANKING_by_year,
        [READING_NULL] = RANKING_by_null,       [READING_BETWEEN] = RANKING_by_between,
        [READING_PATTERN] = RANKING_by_pattern, [READING_UNMATCHED] = RANKING_by_unmatched,
        [READING_HAVING] = RANKING_by_number,   [READING_LIMIT] = RANKING_by_number,
    };
    return reading->kind == READING_VALUE ? by_link[reading->link] : by_kind[reading->kind];
}

static void add_condition_kinds(const struct context *q, struct usage *u)
{
    const struct candidate *c = u->candidate;
    bool shared = false, equal = true;
    for (size_t i = 0; i < c->condition_count; i++) {
        const struct reading *reading = context_condition(q, c->conditions[i]);
        u->out[reading_feature(reading)]++;
        u->out[RANKING_other_case] += reading->other_case;
        equal &= reading->comparison == COMPARE_EQUAL;
        if (reading->comparison == COMPARE_EQUAL && reading->column >= 0 &&
            (u->uses[reading->column] & (1U << USE_SELECT)))
            u->out[RANKING_selects_fixed]++;
        for (size_t k = 0; k < i; k++)
            shared |= context_condition(q, c->conditions[k])->column == reading->column;
    }
    bool plain = c->sketch->where == WHERE_PLAIN || c->sketch->where == WHERE_ALL_EXCEPT;
    bool joined_or = plain && c->condition_count > 1 && c->joining == JOINED_OR;
    u->out[RANKING_joined_or] = joined_or;
    u->out[RANKING_joined_or_said] = joined_or ? (q->or_said ? 1 : -1) : 0;
    u->out[RANKING_conditions_share_column] = shared;
    u->out[RANKING_contradiction] =
        shared && plain && c->condition_count > 1 && c->joining == JOINED_AND && equal;
    u->out[RANKING_set_operation] =
        c->sketch->where >= WHERE_INTERSECT && c->sketch->where <= WHERE_ALL_EXCEPT;
    u->out[RANKING_size] = (float)(u->column_count + u->condition_count);
    for (size_t i = 0; i < u->column_count; i++)
        if (q->index->columns[u->columns[i]].empty)
            u->out[RANKING_uses_empty] = 1;
}

const struct mention *context_best_mention(const struct context *q, size_t column)
{
    const struct column_links *links = &q->links->columns[column];
    return links->count > 0 ? &links->items[0] : NULL;
}

/* Columns that rest on the same words, or on words that fit an unused column better. */
static void add_rivals(const struct context *q, struct usage *u)
{
    for (size_t i = 0; i < u->column_count; i++) {
        const struct mention *a = context_best_mention(q, (size_t)u->columns[i]);
        bool weaker = false, dominated = false;
        for (size_t k = 0; a && k < u->column_count; k++) {
            const struct mention *b = context_best_mention(q, (size_t)u->columns[k]);
            if (k == i || !b)
                continue;
            if (k > i && a->begin < b->end && b->begin < a->end)
                u->out[RANKING_shared_words]++;
            weaker |= b->begin <= a->begin && b->end >= a->end && b->score > a->score + 0.05F;
        }
        for (size_t c = 0; a && c < q->columns; c++) {
            const struct mention *b = u->uses[c] == 0 ? context_best_mention(q, c) : NULL;
            dominated |= b && b->score > a->score + 0.05F && b->begin < a->end && b->end > a->begin;
        }
        u->out[RANKING_shared_weaker] += weaker;
        u->out[RANKING_dominated] += dominated;
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
        bool named = q->question->words.items[i].kind == DELEXED_COLUMN && q->links->own[i] > 0.9F;
        q->cues |= bit;
        q->open_cues |= named ? 0 : bit;
        q->or_said |= strcmp(q->links->tokens->items[i].lower.text, "or") == 0;
    }
}

void ranking_features(const struct delexed_question *question, const struct local_scores *scores,
                      const struct reading_list *conditions,
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
        usage_add_cues(&q, &u);
        usage_add_direction(&q, &u);
        usage_add_operators(&q, &u);
        add_rivals(&q, &u);
        usage_add_aggregate_words(&q, &u);
        clear_usage(&u);
    }
}
