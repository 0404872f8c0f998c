/* SPDX-License-Identifier: Apache-2.0 */
#include "planner/trust.h"

#include <math.h>
#include <string.h>

#include "core/strbuf.h"
#include "planner/read/cue.h"

#define ALONE_MARGIN 4 /* nothing else comes into question */
#define SHORT_WORDS 4
#define STANDS_ALONE_PRIOR 0.85 /* what rules read whole has 0.9 and more; guesses have less */
#define LOGIT_LEAST 0.02

static double logit(double chance)
{
    double p = fmin(fmax(chance, LOGIT_LEAST), 1 - LOGIT_LEAST);
    return log(p / (1 - p));
}

static size_t count_conditions(const struct condition *condition)
{
    size_t count = 0;
    if (!condition)
        return 0;
    if (condition->part_count == 0)
        return 1;
    for (size_t i = 0; i < condition->part_count; i++)
        count += count_conditions(condition->parts[i]);
    return count;
}

static bool has_subquery(const struct condition *condition)
{
    if (!condition)
        return false;
    for (size_t i = 0; i < condition->value_count; i++)
        if (condition->values[i].kind == EXPRESSION_SUBQUERY)
            return true;
    for (size_t i = 0; i < condition->part_count; i++)
        if (has_subquery(condition->parts[i]))
            return true;
    return false;
}

static void query_facts(const struct query *query, float out[TRUST_FEATURE_COUNT])
{
    size_t aggregates = 0, columns = 0, others = 0;
    for (size_t i = 0; i < query->select_count; i++) {
        const struct expression *item = query->select[i].expression;
        if (item->kind == EXPRESSION_COLUMN)
            columns++;
        else if (item->kind == EXPRESSION_AGGREGATE)
            aggregates++;
        else
            others++;
    }
    out[TRUST_joined] = query->table_count > 1;
    out[TRUST_joined_more] = query->table_count > 2;
    out[TRUST_columns] = (float)columns;
    out[TRUST_aggregates] = (float)aggregates;
    out[TRUST_other_items] = (float)others;
    out[TRUST_groups] = (float)query->group_count;
    out[TRUST_conditions] = (float)count_conditions(query->where);
    out[TRUST_having] = query->having != NULL;
    out[TRUST_ordered] = query->order_count > 0;
    out[TRUST_limited] = query->limit > 0;
    out[TRUST_distinct] = query->distinct;
    out[TRUST_nested] = query->set_operation != SET_NONE || has_subquery(query->where) ||
                        has_subquery(query->having);
}

static bool uses(const struct query *query, const struct dataset *dataset)
{
    for (size_t i = 0; i < query->table_count; i++)
        if (query->tables[i].dataset == dataset)
            return true;
    return false;
}

/* Cues of which one goes with every aggregate that was asked for. */
#define ASKED                                                                                      \
    (CUE_BIT(AVERAGE) | CUE_BIT(SUM) | CUE_BIT(MAXIMUM) | CUE_BIT(MINIMUM) | CUE_BIT(COUNT) |      \
     CUE_BIT(MOST) | CUE_BIT(LEAST) | CUE_BIT(HIGHEST) | CUE_BIT(LOWEST))

static void word_facts(const struct plan_state *state, const struct query *query,
                       float out[TRUST_FEATURE_COUNT])
{
    const struct plan_words *words = &state->words;
    unsigned own = 0, named = 0, only_named = 0;
    for (size_t i = 0; i < words->dataset_count; i++)
        own |= (unsigned)uses(query, words->datasets[i]) << i;
    for (size_t i = 0; i < words->count; i++) {
        bool is_own = (words->linked[i] & own) != 0;
        out[TRUST_elsewhere] += !is_own && (words->linked[i] & words->near) != 0;
        out[TRUST_unlinked] += !is_own;
        named |= words->named[i] & own ? 0 : words->named[i] & words->near;
        only_named |= is_own ? 0 : words->named[i] & words->near;
    }
    out[TRUST_left_out] = (float)__builtin_popcount(named);
    out[TRUST_left_out_plainly] = (float)__builtin_popcount(only_named);
    out[TRUST_unasked] = out[TRUST_aggregates] > 0 && (words->cues & ASKED) == 0;
    out[TRUST_pronoun] = words->pronoun;
    out[TRUST_words] = state->word_count;
    out[TRUST_short_words] = state->word_count <= SHORT_WORDS;
    out[TRUST_unknown_share] = state->unknown_share;
    out[TRUST_linked_share] = state->linked_share;
    out[TRUST_terse] = state->terse;
}

static bool ends_in_id(const char *name)
{
    size_t length = strlen(name);
    return length > 2 && (strcmp(name + length - 2, "id") == 0 ||
                          strcmp(name + length - 2, "Id") == 0 ||
                          strcmp(name + length - 2, "ID") == 0);
}

/* Nobody adds up numbers that only tell rows apart. */
static bool sums_key(const struct query *query)
{
    for (size_t i = 0; i < query->select_count; i++) {
        const struct expression *item = query->select[i].expression;
        if (item->kind == EXPRESSION_AGGREGATE &&
            (item->aggregate == AGGREGATE_SUM || item->aggregate == AGGREGATE_AVG) && item->left &&
            item->left->column && ends_in_id(item->left->column->name))
            return true;
    }
    return false;
}

/* How the other readings stand to the winner's rows. */
static void vote_facts(const struct plan_state *state, size_t winner,
                       float out[TRUST_FEATURE_COUNT])
{
    for (size_t i = 0; i < state->plan.candidate_count; i++) {
        const struct plan_item *other = &state->items[i];
        bool same = plan_same_rows(&state->items[winner], other);
        size_t learned = same ? TRUST_learned_agrees : TRUST_learned_differs;
        size_t rules = same ? TRUST_rules_agree : TRUST_rules_differ;
        if (other->learned)
            out[learned] = fmaxf(out[learned], (float)plan_learned_chance(state, i));
        if (other->prior >= 0)
            out[rules] = fmaxf(out[rules], (float)other->prior);
        if (same)
            out[TRUST_vote] += (float)other->probability;
    }
}

static void row_facts(const struct plan_item *item, float out[TRUST_FEATURE_COUNT])
{
    out[TRUST_empty] = item->facts[RESULT_empty];
    out[TRUST_one_row] = item->facts[RESULT_one_row];
    out[TRUST_all_rows] = item->facts[RESULT_all_rows];
    out[TRUST_log_rows] = item->facts[RESULT_log_rows];
    out[TRUST_all_null] = item->facts[RESULT_all_null];
    out[TRUST_some_null] = item->facts[RESULT_some_null];
    out[TRUST_zero] = item->facts[RESULT_zero];
    out[TRUST_repeats] = item->repeats;
}

static void reading_facts(const struct plan_candidate *candidate, const struct plan_item *item,
                          float out[TRUST_FEATURE_COUNT])
{
    out[TRUST_learned] = item->learned != NULL;
    out[TRUST_prior] = (float)fmax(item->prior, 0);
    out[TRUST_rules] = item->prior >= 0;
    out[TRUST_beyond] = item->beyond_sketches;
    out[TRUST_unread] = item->unread_count > 0;
    out[TRUST_unheard] = item->unheard != NULL;
    out[TRUST_misses_time] = item->misses_time;
    out[TRUST_follow_up] = item->follow_up;
    out[TRUST_assumptions] = (float)candidate->assumption_count;
    out[TRUST_periods] = (float)candidate->period_count;
}

/* A later question that rules read whole and that leans on nothing said before is like a first one:
 * "revenue by region" means the same whenever it is asked. */
static bool stands_alone(const struct plan_state *state, const struct plan_item *item,
                         const float *facts)
{
    return !item->follow_up && item->prior >= STANDS_ALONE_PRIOR && !state->words.refers_back &&
           facts[TRUST_unread] == 0 && facts[TRUST_unheard] == 0 && facts[TRUST_linked_share] == 1;
}

enum trust_situation plan_trust_features(const struct plan_state *state,
                                         const struct plan_choice *choice,
                                         float out[TRUST_FEATURE_COUNT])
{
    const struct plan_item *item = &state->items[choice->winner];
    const struct plan_candidate *candidate = &state->plan.candidates[choice->winner];
    for (size_t i = 0; i < TRUST_FEATURE_COUNT; i++)
        out[i] = 0;
    query_facts(candidate->query, out);
    vote_facts(state, choice->winner, out);
    out[TRUST_columns] -= (float)item->keys_shown;
    out[TRUST_groups] -= candidate->query->group_count > 0 ? (float)item->keys_shown : 0;
    reading_facts(candidate, item, out);
    row_facts(item, out);
    word_facts(state, candidate->query, out);
    out[TRUST_chance] = (float)logit(choice->chance);
    out[TRUST_margin] =
        choice->second == SIZE_MAX
            ? ALONE_MARGIN
            : (float)(logit(choice->chance) - logit(choice->second_chance));
    bool later = state->later_turn && !stands_alone(state, item, out);
    out[TRUST_later_turn] = later;
    out[TRUST_lean] = state->lean;
    out[TRUST_refers_alone] = later && !item->follow_up && out[TRUST_pronoun] != 0;
    out[TRUST_short_edit] =
        item->follow_up && out[TRUST_short_words] != 0 && out[TRUST_pronoun] == 0;
    out[TRUST_key_sum] = sums_key(candidate->query);
    out[TRUST_one] = 1;
    return later                           ? SITUATION_LATER
           : out[TRUST_learned_agrees] > 0 ? SITUATION_LEARNED
                                           : SITUATION_RULES;
}

static const char *facts_text(const float *facts, struct arena *arena)
{
    struct strbuf text = strbuf_init(4096);
    for (size_t i = 0; i < TRUST_FEATURE_COUNT; i++)
        if (facts[i] != 0)
            strbuf_printf(&text, " %s=%.4g", trust_feature_name(i), (double)facts[i]);
    const char *copy = arena_strdup(arena, strbuf_text(&text));
    strbuf_clear(&text);
    return copy;
}

double plan_sureness(const struct plan_state *state, const struct plan_choice *choice,
                     struct arena *arena, const char **explanation)
{
    float facts[TRUST_FEATURE_COUNT];
    enum trust_situation situation = plan_trust_features(state, choice, facts);
    const struct weighted_sum *weights = &state->planner->rankers.trust[situation];
    if (explanation)
        *explanation = facts_text(facts, arena);
    if (!weights->learned)
        return choice->chance;
    double sureness = 1 / (1 + exp(-weighted_sum_score(weights, facts)));
    bool doubted = facts[TRUST_unread] != 0 || facts[TRUST_unheard] != 0 ||
                   facts[TRUST_misses_time] != 0;
    return doubted ? fmin(sureness, choice->chance) : sureness;
}
