/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Deciding: what executing the best candidates gave re-orders them a little, and says how much of
 * the probability stands behind one and the same result. From that comes the sureness: answer, ask
 * back with the two best readings, or say what is not known.
 */
#include <math.h>
#include <string.h>

#include "core/hash.h"
#include "core/strbuf.h"
#include "planner/alike.h"
#include "planner/plan.h"
#include "planner/rules/business.h"
#include "planner/rules/unheard.h"
#include "planner/trust.h"

#define NO_CANDIDATE SIZE_MAX
#define LARGE_ROWS 1000.0F      /* of a result that was too large to be had */
#define TOO_LARGE_SEED 17
#define UNSEEN_PENALTY 30.0 /* what was not executed comes after what was */
#define MISSED_TIME_FACTOR 0.15
/* A name, number or quotation that is nowhere in the data, or no word that is. */
#define UNREAD_NAME_FACTOR 0.35
#define EMPTY_FACTOR 0.8 /* of a reading by rules that finds no rows */
/* How often rules were right on the training sets where the learned readings differ, over their own
 * guess; a little more where there is nothing else to go by. */
#define RULES_TRUST_TERSE 0.8
#define RULES_TRUST_SHORT 0.64
#define RULES_TRUST_LONG 0.5
#define RULES_TRUST_ALONE 0.7 /* all is explained, and the learned reading is unsure itself */
#define LEARNED_UNSURE 0.5
#define SHORT_WORDS_MAX 8
#define UNREAD_VALUE_FACTOR 0.7 /* leaves out a stored value where rules explain everything */
#define WEAK_LINK 0.5F       /* a column that no word names */
#define WEAK_LINK_FACTOR 0.7 /* against a reading by rules that names everything */
#define UNHEARD_FACTOR 0.2   /* what leaves out a word that changes the meaning */
#define AGREEMENT_BONUS 1e-6
#define SETTLED 0.9           /* the prior of a reading by rules that no other will beat */
#define BARE_AMOUNTS_FACTOR 0.6 /* of a list of amounts that nothing names */
#define BARE_AMOUNTS_MIN 5 /* rows */
#define REPEATS_FACTOR 0.5    /* of a ranking that names one thing more than once */
#define REPEATS_LOOKED_AT 100 /* rows */
#define FEW_WORDS 4           /* of a follow-up that nothing could be made of */
#define CHOSEN_SURENESS 0.97 /* of a reading that the asker gives back word for word */
#define READ_WELL 0.85 /* the prior of a reading by rules that doubts little, where another agrees */
#define HOPELESS 0.15         /* below this a reading is not even worth asking back about */

static uint64_t cell_hash(const struct cell *cell)
{
    double number;
    switch (cell->type) {
    case CELL_NULL:
        return 11;
    case CELL_BOOLEAN:
        return hash64_combine(13, cell->boolean);
    case CELL_TEXT:
        if (!str_to_double(cell->text, &number))
            return hash64_str(cell->text, 2);
        break;
    default:
        if (!cell_to_double(cell, &number))
            return 12;
    }
    /* Numbers that agree to some 30 bits are the same; the order of adding up may differ. */
    int exponent;
    double fraction = frexp(number, &exponent);
    return hash64_combine((uint64_t)(int64_t)exponent, (uint64_t)(int64_t)round(fraction * 1e9));
}

/* Of the rows in any order, with the columns in any order. */
static uint64_t rows_hash(const struct rows *rows)
{
    uint64_t sum = 7 + 31 * rows->column_count;
    for (size_t r = 0; r < rows->row_count; r++) {
        uint64_t row = 0;
        for (size_t c = 0; c < rows->column_count; c++)
            row += hash64_combine(1, cell_hash(rows_cell(rows, r, c)));
        sum += hash64_combine(2, row);
    }
    return sum;
}

/* "The top 3 cities by visits" are three different ones: rows that repeat a name by what adds up
 * were not put together. "The 3 cheapest items" may well repeat one. */
static bool repeats_names(const struct query *query, const struct rows *rows)
{
    const struct expression *key = query->order_count > 0 ? query->order[0].expression : NULL;
    bool adds_up = key && key->kind == EXPRESSION_COLUMN && key->column &&
                   column_aggregate(key->column) == AGGREGATE_SUM;
    if (query->limit == 0 || rows->column_count != 1 || !adds_up)
        return false;
    for (size_t i = 1; i < rows->row_count && i < REPEATS_LOOKED_AT; i++)
        for (size_t k = 0; k < i && rows->cells[i].type == CELL_TEXT; k++)
            if (rows->cells[k].type == CELL_TEXT &&
                str_equal(rows->cells[i].text, rows->cells[k].text))
                return true;
    return false;
}

/* "What did we spend on gas" wants one sum: a column of amounts, with nothing beside them that says
 * what each is of, answers little. */
static bool lists_bare_amounts(const struct query *query, const struct rows *rows)
{
    const struct expression *e = query->select[0].expression;
    return query->select_count == 1 && e->kind == EXPRESSION_COLUMN && e->column &&
           e->column->role == ROLE_MEASURE &&
           column_aggregate(e->column) == AGGREGATE_SUM && query->limit == 0 &&
           query->group_count == 0 && rows->row_count >= BARE_AMOUNTS_MIN;
}

static void note_columns(struct plan_item *item, const struct rows *rows)
{
    item->compared_count = 0;
    if (rows->column_count > PLAN_COLUMNS_COMPARED || rows->truncated)
        return;
    item->compared_count = (uint8_t)rows->column_count;
    for (size_t c = 0; c < rows->column_count; c++) {
        item->columns[c] = 0;
        for (size_t r = 0; r < rows->row_count; r++)
            item->columns[c] += hash64_combine(3, cell_hash(rows_cell(rows, r, c)));
    }
}

/* Does one of them give the other's rows, and more columns of them: the day, and how many orders it
 * had? Whoever asked for the day has it either way. */
static bool tell_the_same(const struct plan_item *a, const struct plan_item *b)
{
    const struct plan_item *wide = a->compared_count >= b->compared_count ? a : b;
    const struct plan_item *narrow = wide == a ? b : a;
    if (!a->observed || !b->observed || plan_has_failed(a) || plan_has_failed(b) ||
        narrow->compared_count == 0 || a->row_count != b->row_count || a->row_count == 0)
        return false;
    for (size_t i = 0; i < narrow->compared_count; i++) {
        bool found = false;
        for (size_t k = 0; k < wide->compared_count; k++)
            found |= narrow->columns[i] == wide->columns[k];
        if (!found)
            return false;
    }
    return true;
}

static void note_rows(struct plan *plan, size_t i, const struct rows *rows)
{
    struct plan_item *item = &((struct plan_state *)plan)->items[i];
    memset(item->facts, 0, sizeof(item->facts));
    item->observed = true;
    item->repeats = false;
    if (!rows) {
        item->facts[RESULT_failed] = 1;
        return;
    }
    item->row_count = rows->row_count;
    item->column_count = rows->column_count;
    size_t cells = rows->row_count * rows->column_count, nulls = 0;
    for (size_t k = 0; k < cells; k++)
        nulls += rows->cells[k].type == CELL_NULL;
    double number;
    bool zero = cells == 1 && cell_to_double(&rows->cells[0], &number) && number == 0;
    item->result = rows_hash(rows);
    note_columns(item, rows);
    item->repeats = repeats_names(plan->candidates[i].query, rows);
    item->bare_amounts = lists_bare_amounts(plan->candidates[i].query, rows);
    item->facts[RESULT_empty] = rows->row_count == 0;
    item->facts[RESULT_one_row] = rows->row_count == 1;
    item->facts[RESULT_all_rows] =
        (int64_t)rows->row_count == plan->candidates[i].dataset->row_count;
    item->facts[RESULT_log_rows] = logf(1 + (float)rows->row_count);
    item->facts[RESULT_all_null] = cells > 0 && nulls == cells;
    item->facts[RESULT_some_null] = nulls > 0;
    item->facts[RESULT_zero] = zero;
}

/* What was cut off differs with the order. */
static void note_same_rows(struct plan *plan, size_t i, const struct rows *rows)
{
    struct plan_state *state = (struct plan_state *)plan;
    for (size_t k = 0; rows && !rows->truncated && k < plan->execute_max; k++)
        if (!state->items[k].executed && plan_differ_in_order_only(state, i, k))
            note_rows(plan, k, rows);
}

void plan_observe(struct plan *plan, size_t i, const struct rows *rows)
{
    struct plan_state *state = (struct plan_state *)plan;
    if (i >= plan->candidate_count)
        return;
    for (size_t k = 0; k < plan->candidate_count; k++)
        state->items[k].scored = false;
    note_rows(plan, i, rows);
    state->items[i].executed = true;
    note_same_rows(plan, i, rows);
}

void plan_observe_too_large(struct plan *plan, size_t i)
{
    struct plan_state *state = (struct plan_state *)plan;
    if (i >= plan->candidate_count)
        return;
    struct plan_item *item = &state->items[i];
    for (size_t k = 0; k < plan->candidate_count; k++)
        state->items[k].scored = false;
    memset(item->facts, 0, sizeof(item->facts));
    item->facts[RESULT_log_rows] = logf(1 + LARGE_ROWS);
    item->result = hash64_combine(TOO_LARGE_SEED, i); /* that of no other */
    item->row_count = 0;
    item->observed = item->executed = true;
}

bool plan_is_foreseen(const struct plan *plan, size_t i)
{
    const struct plan_item *item = &((const struct plan_state *)plan)->items[i];
    return item->observed && !item->executed;
}

bool plan_is_executed(const struct plan *plan, size_t i)
{
    return ((const struct plan_state *)plan)->items[i].executed;
}

/* The share of the learned readings' probability that gives the same result as candidate `i`. */
static double same_result(const struct plan_state *state, size_t i)
{
    double sum = 0;
    for (size_t k = 0; k < state->plan.candidate_count; k++)
        if (plan_same_rows(&state->items[i], &state->items[k]))
            sum += state->items[k].probability;
    return sum;
}

/* The best rank of a learned candidate, to which others are compared. */
static double best_rank(const struct plan_state *state)
{
    double best = -INFINITY;
    for (size_t i = 0; i < state->plan.candidate_count; i++)
        if (state->items[i].learned)
            best = fmax(best, state->items[i].rank);
    return best;
}

static double final_score(const struct plan_state *state, size_t i)
{
    struct plan_item *item = &state->items[i];
    if (item->scored)
        return item->score;
    item->facts[RESULT_rank] = (float)(item->rank - best_rank(state));
    item->facts[RESULT_vote] = (float)log(same_result(state, i) + 1e-6);
    item->scored = true;
    item->score = weighted_sum_score(&state->planner->rankers.results, item->facts);
    return item->score;
}

/* Those that were executed go before those that were not. */
static double learned_score(const struct plan_state *state, size_t i)
{
    const struct plan_item *item = &state->items[i];
    return item->observed ? final_score(state, i) : item->rank - UNSEEN_PENALTY;
}

/* The best learned candidate whose result is not that of `other`. */
static size_t best_learned(const struct plan_state *state, size_t other)
{
    size_t best = NO_CANDIDATE;
    double most = -INFINITY;
    for (size_t i = 0; i < state->plan.candidate_count; i++) {
        const struct plan_item *item = &state->items[i];
        if (!item->learned || plan_has_failed(item) ||
            (other != NO_CANDIDATE && plan_same_rows(item, &state->items[other])))
            continue;
        double score = learned_score(state, i);
        if (score > most) {
            most = score;
            best = i;
        }
    }
    return best;
}

size_t plan_best_learned(const struct plan_state *state)
{
    return best_learned(state, NO_CANDIDATE);
}

void plan_learned_facts(const struct ranking_features *ranking, struct learned_facts *out)
{
    const float *features = ranking->values;
    float *sureness = out->sureness;
    memset(out, 0, sizeof(*out));
    sureness[SURENESS_sketch_log] = features[RANKING_sketch_log];
    sureness[SURENESS_condition_least] = features[RANKING_condition_least];
    sureness[SURENESS_unread_words] = features[RANKING_unread_words];
    sureness[SURENESS_unread_unknown] = features[RANKING_unread_unknown];
    sureness[SURENESS_unread_values] = features[RANKING_unread_values] +
                                       features[RANKING_unread_numbers] +
                                       features[RANKING_unread_quotes];
    sureness[SURENESS_unread_names] = features[RANKING_unread_capitals];
    sureness[SURENESS_log_out_any] = features[RANKING_log_out_any];
    sureness[SURENESS_log_in_select] = features[RANKING_log_in_select];
    sureness[SURENESS_log_least_select] = features[RANKING_log_least_select];
    sureness[SURENESS_link_least] = features[RANKING_link_least];
    sureness[SURENESS_unread_columns] = features[RANKING_unread_columns];
    sureness[SURENESS_condition_count] = features[RANKING_condition_count];
    sureness[SURENESS_score] = features[RANKING_score];
    sureness[SURENESS_one] = 1;
    out->overlooks_value = features[RANKING_unread_values] > 0;
}

/* How a learned candidate stands to the others. */
struct others {
    size_t second;        /* the best learned one with another result */
    double same_result;   /* the share of the probability that gives its result */
    double top;           /* the most that one has */
    double agree, differ; /* the highest prior of readings by rules with its result, and with others */
};

/* In one go: deciding comes here some hundred times a question. */
static struct others look_at_others(const struct plan_state *state, size_t winner)
{
    struct others out = {.second = NO_CANDIDATE};
    double most = -INFINITY;
    for (size_t i = 0; i < state->plan.candidate_count; i++) {
        const struct plan_item *item = &state->items[i];
        bool same = plan_same_rows(&state->items[winner], item);
        double *side = same ? &out.agree : &out.differ;
        *side = item->prior > *side ? item->prior : *side;
        out.top = item->probability > out.top ? item->probability : out.top;
        out.same_result += same ? item->probability : 0;
        if (same || !item->learned || plan_has_failed(item))
            continue;
        double score = learned_score(state, i);
        if (score > most) {
            most = score;
            out.second = i;
        }
    }
    return out;
}

void plan_sureness_features(const struct plan_state *state, size_t winner,
                            float out[SURENESS_FEATURE_COUNT])
{
    const struct plan_item *item = &state->items[winner];
    const struct others others = look_at_others(state, winner);
    double margin =
        others.second == NO_CANDIDATE ? 5 : item->rank - state->items[others.second].rank;
    memcpy(out, item->learned->sureness, sizeof(item->learned->sureness));
    out[SURENESS_same_result] = (float)others.same_result;
    out[SURENESS_margin] = (float)fmin(fmax(margin, -8), 8);
    out[SURENESS_winner_empty] = item->facts[RESULT_empty];
    out[SURENESS_unknown_share] = state->unknown_share;
    out[SURENESS_top_probability] = (float)others.top;
    out[SURENESS_word_count] = state->word_count;
    out[SURENESS_linked_share] = state->linked_share;
    out[SURENESS_rules_agree] = (float)others.agree;
    out[SURENESS_rules_differ] = (float)others.differ;
}

/* Is there a reading by rules that explains every word by what it is called? */
static bool rules_explain_all(const struct plan_state *state)
{
    for (size_t i = 0; i < state->plan.candidate_count; i++) {
        const struct plan_item *item = &state->items[i];
        if (item->prior >= SETTLED && item->unread_count == 0 && !item->unheard && !plan_has_failed(item))
            return true;
    }
    return false;
}

/* A learned reading's chance: calibrated, and little when it overlooks a time that was said. */
double plan_learned_chance(const struct plan_state *state, size_t i)
{
    float features[SURENESS_FEATURE_COUNT];
    if (!state->items[i].learned || plan_has_failed(&state->items[i]))
        return 0;
    plan_sureness_features(state, i, features);
    double score = weighted_sum_score(&state->planner->rankers.sureness, features);
    double chance = 1 / (1 + exp(-score));
    if (state->items[i].unread_count > 0 || state->linked_share <= 0)
        chance *= UNREAD_NAME_FACTOR;
    if (state->items[i].learned->overlooks_value && rules_explain_all(state))
        chance *= UNREAD_VALUE_FACTOR;
    if (state->items[i].bare_amounts)
        chance *= BARE_AMOUNTS_FACTOR;
    if (state->items[i].repeats)
        chance *= REPEATS_FACTOR;
    return state->items[i].misses_time ? chance * MISSED_TIME_FACTOR : chance;
}

/* Does the reading by rules explain every word, where the learned one doubts itself? */
static bool stands_alone(const struct plan_state *state, const struct plan_item *item)
{
    if (item->prior < SETTLED || item->unread_count > 0 || state->word_count > SHORT_WORDS_MAX)
        return false;
    size_t learned = best_learned(state, NO_CANDIDATE);
    return learned == NO_CANDIDATE || plan_learned_chance(state, learned) < LEARNED_UNSURE;
}

/* A reading by rules brings its own guess, to be trusted most where the learned grammar doesn't
 * reach, less in short phrases, least in whole sentences; no rows make it less likely. */
static double business_chance(const struct plan_state *state, const struct plan_item *item)
{
    if (item->prior < 0 || plan_has_failed(item))
        return 0;
    double trust = item->beyond_sketches                  ? 1
                   : state->terse                         ? RULES_TRUST_TERSE
                   : state->word_count <= SHORT_WORDS_MAX ? RULES_TRUST_SHORT
                                                          : RULES_TRUST_LONG;
    if (trust < RULES_TRUST_ALONE && stands_alone(state, item))
        trust = RULES_TRUST_ALONE;
    return item->prior * trust * (item->facts[RESULT_empty] != 0 ? EMPTY_FACTOR : 1);
}

double plan_chance(const struct plan_state *state, size_t i)
{
    double learned = plan_learned_chance(state, i);
    double business = business_chance(state, &state->items[i]);
    return fmax(learned, business) * (state->items[i].unheard ? UNHEARD_FACTOR : 1);
}

bool plan_is_settled(struct plan *plan, double threshold)
{
    struct plan_state *state = (struct plan_state *)plan;
    if (plan->candidate_count == 0)
        return true;
    const struct plan_item *first = &state->items[0];
    if (!first->observed)
        return false;
    bool sure = first->beyond_sketches && first->unread_count == 0 && !first->unheard &&
                business_chance(state, first) >= SETTLED;
    return sure || plan_decision_is_settled(state, threshold);
}

/* The likeliest candidate whose result differs from `other`, among the best learned one and all
 * readings by rules. Where both have the same rows, the learned one's order counts if it has one,
 * else the rules' words. */
static size_t best_candidate(const struct plan_state *state, size_t other, double *chance)
{
    size_t learned = best_learned(state, other), best = learned;
    *chance = learned == NO_CANDIDATE ? 0 : plan_chance(state, learned);
    for (size_t i = 0; i < state->plan.candidate_count; i++) {
        const struct plan_item *item = &state->items[i];
        if (item->prior < 0 || plan_has_failed(item) ||
            (other != NO_CANDIDATE && plan_same_rows(item, &state->items[other])))
            continue;
        double own = plan_chance(state, i);
        bool agrees = learned != NO_CANDIDATE && learned != i && item->observed &&
                      plan_same_rows(item, &state->items[learned]);
        if (agrees && state->plan.candidates[learned].query->order_count > 0) {
            if (best == learned)
                *chance = fmax(*chance, own); /* two ways to the same rows */
            continue;
        }
        if (agrees)
            own = fmax(own, plan_chance(state, learned) + AGREEMENT_BONUS);
        bool weak = learned != NO_CANDIDATE && best == learned && item->beyond_sketches &&
                    state->items[learned].learned->sureness[SURENESS_link_least] < WEAK_LINK;
        if (own > *chance * (weak ? WEAK_LINK_FACTOR : 1)) {
            *chance = own;
            best = i;
        }
    }
    return best;
}

/* "'Atlantis' and 'Lemuria'" */
static const char *quoted_list(const char *const *words, size_t count, struct arena *arena)
{
    const char *text = "";
    for (size_t i = 0; i < count && i < 4; i++)
        text = arena_printf(arena, "%s%s'%s'", text,
                            i == 0           ? ""
                            : i + 1 == count ? " and "
                                             : ", ",
                            words[i]);
    return text;
}

static const char *column_list(const struct dataset *dataset, struct arena *arena)
{
    const char *text = "";
    for (size_t i = 0; i < dataset->column_count && i < 8; i++)
        text = arena_printf(arena, "%s%s%s", text, i > 0 ? ", " : "",
                            dataset->columns[i].label ? dataset->columns[i].label
                                                      : dataset->columns[i].name);
    return text;
}

/* A word that no column holds as a value, and that the reading does not look for in texts. */
static bool misses_value(const struct plan_state *state, const struct plan_item *item)
{
    bool explained = item && item->prior >= 0 && !item->learned && item->unread_count == 0;
    return state->missing.word && item && !explained &&
           !query_looks_for(state->plan.candidates[item - state->items].query,
                            str_from(state->missing.word));
}

static const char *no_answer_sentence(const struct plan_state *state, const struct plan_item *item,
                                      struct arena *arena)
{
    if (!state->dataset)
        return arena_printf(arena, "I can't answer that: %s.", state->plan.no_answer);
    const char *what = dataset_title(state->dataset);
    const char *columns = column_list(state->dataset, arena);
    if (state->unknown_subject)
        return arena_printf(arena, "I find nothing called '%s' in %s. It holds: %s.",
                            state->unknown_subject, what, columns);
    if (misses_value(state, item))
        return state->missing.sentence;
    if (item && item->unread_count > 0)
        return arena_printf(arena, "I find nothing called %s in %s. It holds: %s.",
                            quoted_list(item->unread, item->unread_count, arena), what, columns);
    if (state->later_turn && state->word_count <= FEW_WORDS)
        return arena_printf(arena,
                            "I can't tell what that changes in the answer before. Name a column "
                            "to group by, a value to keep or a time; %s holds: %s.",
                            what, columns);
    return arena_printf(arena, "I could not read that as a question about %s. It holds: %s.", what,
                        columns);
}

/* The reading that the asker repeats word for word, as one does who chooses an option. */
static size_t chosen_candidate(const struct plan_state *state)
{
    for (size_t i = 0; i < state->plan.candidate_count; i++)
        if (state->items[i].in_its_words && !plan_has_failed(&state->items[i]))
            return i;
    return NO_CANDIDATE;
}

void plan_decide(struct plan *plan, double threshold, struct arena *arena,
                 struct plan_decision *out)
{
    struct plan_state *state = (struct plan_state *)plan;
    *out = (struct plan_decision){.outcome = PLAN_NO_ANSWER};
    size_t chosen = chosen_candidate(state);
    if (chosen != NO_CANDIDATE) {
        /* Of two ways to the same rows, the one that would be told otherwise: it may be ordered. */
        double chance;
        size_t best = best_candidate(state, NO_CANDIDATE, &chance);
        if (best != NO_CANDIDATE && plan_same_rows(&state->items[best], &state->items[chosen]))
            chosen = best;
        *out = (struct plan_decision){.outcome = PLAN_ANSWER,
                                      .winner = chosen,
                                      .sureness = CHOSEN_SURENESS,
                                      .explanation = plan->candidates[chosen].explanation};
        return;
    }
    struct plan_choice choice;
    size_t winner = choice.winner = best_candidate(state, NO_CANDIDATE, &choice.chance);
    if (winner == NO_CANDIDATE || state->unknown_subject ||
        misses_value(state, &state->items[winner])) {
        out->sentence =
            no_answer_sentence(state, winner != NO_CANDIDATE ? &state->items[winner] : NULL, arena);
        return;
    }
    out->winner = winner;
    size_t second = choice.second = best_candidate(state, winner, &choice.second_chance);
    const char *facts = NULL;
    out->sureness = plan_sureness(state, &choice, arena, state->explain ? &facts : NULL);
    if (facts)
        out->explanation = arena_printf(arena, "%s; the decision:%s",
                                        plan->candidates[winner].explanation, facts);
    if (out->sureness >= threshold) {
        out->outcome = PLAN_ANSWER;
        return;
    }
    size_t learned = best_learned(state, NO_CANDIDATE);
    bool unread = state->items[winner].unread_count > 0 &&
                  (learned == NO_CANDIDATE || state->items[learned].unread_count > 0);
    if (choice.chance < HOPELESS || unread) {
        out->sentence = no_answer_sentence(state, &state->items[winner], arena);
        return;
    }
    bool read_well = second != NO_CANDIDATE && fmax(state->items[winner].prior,
                                                    state->items[second].prior) >= READ_WELL;
    if (read_well && tell_the_same(&state->items[winner], &state->items[second]) &&
        choice.chance + choice.second_chance >= threshold) {
        out->outcome = PLAN_ANSWER;
        out->sureness = fmin(choice.chance + choice.second_chance, 1);
        if (state->items[second].compared_count > state->items[winner].compared_count)
            out->winner = second;
        return;
    }
    if (second != NO_CANDIDATE && state->items[second].unheard && !state->items[winner].unheard)
        second = NO_CANDIDATE; /* what leaves a word out is no other meaning of the question */
    out->outcome = PLAN_ASK;
    out->readings[out->reading_count++] = winner;
    if (second != NO_CANDIDATE)
        out->readings[out->reading_count++] = second;
    out->sentence =
        second != NO_CANDIDATE
            ? arena_printf(arena, "Did you mean: %s; or %s?", plan->candidates[winner].reading,
                           plan->candidates[second].reading)
            : arena_printf(arena, "Did you mean: %s?", plan->candidates[winner].reading);
}
