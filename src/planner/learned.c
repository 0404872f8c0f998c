/* SPDX-License-Identifier: Apache-2.0 */
#include "planner/learned.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/strbuf.h"
#include "planner/print/describe.h"
#include "planner/print/print.h"
#include "planner/rules/business.h"

#define NEAR_SHARE 0.7 /* of the best hit's score: what is below is hardly meant */
#define EXPLAINED_MAX 12
#define TERSE_WORDS_MAX 8
/* How much a dataset that retrieval holds for less likely must be better in the ranker's eyes. */
#define RETRIEVAL_WEIGHT 6.0
#define UNRELATED_PENALTY 4.0 /* no word of the question is linked to the dataset */

/* One dataset's reading of the question. */
struct dataset_reading {
    const struct plan_dataset *choice;
    struct links *links;
    struct delexed_question *question;
    struct reading_list conditions;
    struct local_scores scores;
    struct candidate_list candidates;
    struct ranking_features *features;
    const struct period_list *periods; /* of the question */
    bool related;                      /* something of the question is in the dataset */
};

/* A candidate of one of the readings, on its way into the plan. */
struct ranked {
    const struct dataset_reading *reading;
    size_t candidate;
    double score;
};

/* Is any word of the question linked to the dataset? */
static bool is_related(const struct links *links)
{
    for (size_t i = 0; i < links->tokens->count; i++)
        if (links->table_word[i] || links->own[i] >= 0.5F || links->value_score[i] > 0)
            return true;
    return links->value_count > 0;
}

static void read_dataset(const struct planner *planner, const struct plan_dataset *choice,
                         const struct token_list *tokens, const struct cue_marks *cues,
                         struct arena *arena, struct dataset_reading *out)
{
    out->choice = choice;
    out->links = link_question(planner->lexicon, choice->index, tokens, cues, arena);
    out->related = is_related(out->links);
    out->question = delexicalise(planner->lexicon, out->links, arena);
    read_conditions(out->question, false, arena, &out->conditions);
    local_models_apply(planner->weights, &planner->sketches, out->question, &out->conditions, arena,
                       &out->scores);
    find_candidates(out->question, &planner->sketches, &out->scores, &out->conditions, arena,
                    &out->candidates);
    out->features = arena_array(arena, out->candidates.count + 1, sizeof(*out->features));
    ranking_features(out->question, &out->scores, &out->conditions, &out->candidates, arena,
                     out->features);
}

static int compare_ranked(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    return x->score > y->score ? -1 : x->score < y->score;
}

/* The strongest reasons for and against a candidate, "name +1.23". */
static const char *explain(const struct planner *planner, const struct ranking_features *features,
                           struct arena *arena)
{
    bool told[RANKING_FEATURE_COUNT] = {false};
    struct strbuf text = strbuf_init(4096);
    for (int n = 0; n < EXPLAINED_MAX; n++) {
        size_t best = RANKING_FEATURE_COUNT;
        double most = 0.01;
        for (size_t i = 0; i < RANKING_FEATURE_COUNT; i++) {
            double part = weighted_sum_part(&planner->rankers.ranker, features->values, i);
            if (!told[i] && fabs(part) > most && features->values[i] != 0) {
                most = fabs(part);
                best = i;
            }
        }
        if (best == RANKING_FEATURE_COUNT)
            break;
        told[best] = true;
        strbuf_printf(&text, "%s%s %+.2f", n > 0 ? ", " : "", ranking_feature_name(best),
                      weighted_sum_part(&planner->rankers.ranker, features->values, best));
    }
    const char *copy = arena_strdup(arena, strbuf_text(&text));
    strbuf_clear(&text);
    return copy;
}

/* Ranks the candidates of all readings together. */
static size_t rank_all(const struct planner *planner, const struct dataset_reading *readings,
                       size_t count, struct arena *arena, struct ranked **out)
{
    size_t total = 0;
    double best_score = 0;
    for (size_t r = 0; r < count; r++) {
        total += readings[r].candidates.count;
        best_score = fmax(best_score, readings[r].choice->score);
    }
    struct ranked *ranked = arena_array(arena, total + 1, sizeof(*ranked));
    total = 0;
    for (size_t r = 0; r < count; r++)
        for (size_t i = 0; i < readings[r].candidates.count; i++) {
            double score =
                weighted_sum_score(&planner->rankers.ranker, readings[r].features[i].values);
            score -= RETRIEVAL_WEIGHT * (best_score - readings[r].choice->score);
            score -= readings[r].related ? 0 : UNRELATED_PENALTY;
            ranked[total++] = (struct ranked){&readings[r], i, score};
        }
    if (total > 1)
        qsort(ranked, total, sizeof(*ranked), compare_ranked);
    *out = ranked;
    return total;
}

/* "by galaxy" asks for groups: to leave it out would answer another question. */
static bool is_group_word(const struct token_list *tokens, size_t i)
{
    while (i > 0 && tokens->items[i - 1].is_word && tokens->items[i - 1].stop) {
        struct str before = tokens->items[--i].word;
        if (str_equal_text(before, "by") || str_equal_text(before, "per"))
            return true;
    }
    return false;
}

/* Words that the candidate leaves unread and that look like a name, a number, a quotation or
 * groups. */
static void find_unread(const struct lexicon *lexicon, const struct dataset_reading *reading,
                        const struct candidate *candidate, struct arena *arena,
                        struct plan_item *out)
{
    const struct links *links = reading->links;
    const char **words = arena_array(arena, links->tokens->count + 1, sizeof(*words));
    for (size_t i = 0; i < links->tokens->count; i++) {
        const struct token *token = &links->tokens->items[i];
        bool telling =
            token->quote > 0 || token->digits || token->capital ||
            (is_group_word(links->tokens, i) && !lexicon_is_frequent(lexicon, token->lower.hash));
        bool linked = links->own[i] >= 0.5F || links->table_word[i] ||
                      links->cues.cue[i] != CUE_NONE || links->value_score[i] > 0;
        if (!token->is_word || token->stop || !telling || linked)
            continue;
        bool read = false;
        for (size_t k = 0; k < candidate->condition_count; k++) {
            const struct reading *used = &reading->conditions.items[candidate->conditions[k]];
            read |= used->begin <= i && i < used->end;
        }
        const int others[] = {candidate->having_condition, candidate->limit_condition};
        for (size_t k = 0; k < 2; k++)
            read |= others[k] >= 0 && reading->conditions.items[others[k]].begin == i;
        if (!read)
            words[out->unread_count++] =
                arena_strndup(arena, token->word.bytes, token->word.length);
    }
    out->unread = words;
}

/* Are bytes begin .. end of the question read by a condition or a group column? */
static bool reads_bytes(const struct dataset_reading *reading, const struct candidate *candidate,
                        size_t begin, size_t end)
{
    const struct links *links = reading->links;
    for (size_t i = 0; i < links->tokens->count; i++) {
        const struct token *token = &links->tokens->items[i];
        if (token->begin >= end || token->end <= begin)
            continue;
        for (size_t k = 0; k < candidate->condition_count; k++) {
            const struct reading *used = &reading->conditions.items[candidate->conditions[k]];
            if (used->begin <= i && i < used->end)
                return true;
        }
        for (size_t g = 0; g < candidate->group_count; g++) {
            const struct column_links *column = &links->columns[candidate->group[g]];
            for (size_t k = 0; k < column->count; k++)
                if (column->items[k].begin <= i && i < column->items[k].end)
                    return true;
        }
    }
    return false;
}

static bool misses_time(const struct dataset_reading *reading, const struct candidate *candidate)
{
    const struct period_list *periods = reading->periods;
    for (size_t i = 0; i < periods->count; i++)
        if (!periods->items[i].ambiguous &&
            !reads_bytes(reading, candidate, periods->items[i].begin, periods->items[i].end))
            return true;
    return periods->group_by != UNIT_NONE &&
           !reads_bytes(reading, candidate, periods->group_begin, periods->group_end);
}

/* Nobody adds up or averages numbers that tell things apart; averages of grades and levels are
 * asked for as such. */
static bool adds_up_code(const struct expression *e, bool asks_average)
{
    const struct column *column = e->left ? e->left->column : NULL;
    if (e->kind != EXPRESSION_AGGREGATE || !column || !value_kind_is_number(column->kind))
        return false;
    bool sum = e->aggregate == AGGREGATE_SUM, mean = e->aggregate == AGGREGATE_AVG;
    bool code = column->role == ROLE_KEY || column->role == ROLE_DIMENSION;
    return code && (sum || (mean && !(asks_average && column_is_averaged(column))));
}

static bool adds_up_codes(const struct query *query, const struct cue_marks *cues, size_t count)
{
    bool averages = false, any = false;
    for (size_t i = 0; i < count; i++)
        averages |= cues->cue[i] == CUE_AVERAGE;
    for (size_t i = 0; i < query->select_count; i++)
        any |= adds_up_code(query->select[i].expression, averages);
    for (size_t i = 0; i < query->order_count; i++)
        any |= adds_up_code(query->order[i].expression, averages);
    return any;
}

static void add_candidate(struct plan_state *state, const struct plan_request *request,
                          const struct ranked *ranked)
{
    struct arena *arena = state->arena;
    const struct dataset_reading *reading = ranked->reading;
    const struct candidate *candidate = &reading->candidates.items[ranked->candidate];
    const struct dataset *dataset = reading->choice->dataset;
    struct error err = {0};
    const struct query *query = candidate_query(candidate, dataset, &reading->conditions,
                                                request->dialect != DIALECT_SQLITE, arena);
    if (adds_up_codes(query, &reading->links->cues, reading->links->tokens->count))
        return;
    const char *sql = query_print(query, request->dialect, arena, &err);
    if (!sql || plan_find_statement(&state->plan, sql) < state->plan.candidate_count)
        return;
    size_t i = state->plan.candidate_count++;
    state->plan.candidates[i] = (struct plan_candidate){
        .query = query,
        .sql = sql,
        .dataset = dataset,
        .score = ranked->score,
        .reading = query_describe(query, arena),
        .explanation =
            state->explain
                ? explain(state->planner, &reading->features[ranked->candidate], arena)
                : NULL,
    };
    state->items[i].rank = ranked->score;
    state->items[i].prior = -1;
    struct learned_facts *facts = arena_alloc(arena, sizeof(*facts));
    plan_learned_facts(&reading->features[ranked->candidate], facts);
    state->items[i].learned = facts;
    state->items[i].misses_time = misses_time(reading, candidate);
    find_unread(state->planner->lexicon, reading, candidate, arena, &state->items[i]);
}

static void set_probabilities(struct plan_state *state, const struct ranked *ranked, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += exp(ranked[i].score - ranked[0].score);
    for (size_t i = 0; i < state->plan.candidate_count; i++)
        state->items[i].probability = exp(state->items[i].rank - ranked[0].score) / sum;
}

/* Rows go by these names in any data. */
static bool names_rows(const struct token *token)
{
    static const char *const names[] = {"row", "rows", "record", "records", "entry", "entries"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(token->lower.text, names[i]) == 0)
            return true;
    return false;
}

static void set_words(struct plan_state *state, const struct dataset_reading *reading)
{
    const struct links *links = reading->links;
    size_t unknown = 0, words = 0, telling = 0, linked = 0;
    for (size_t i = 0; i < reading->question->words.count; i++) {
        const struct token *token = &links->tokens->items[i];
        bool link = links->table_word[i] || links->own[i] >= 0.5F || links->value_score[i] > 0 ||
                    names_rows(token);
        words += token->is_word;
        unknown += reading->question->words.items[i].kind == DELEXED_UNKNOWN;
        telling += token->is_word && !token->stop && (link || links->cues.cue[i] == CUE_NONE);
        linked += token->is_word && !token->stop && link;
    }
    enum cue first = (enum cue)links->cues.cue[0];
    state->terse = words <= TERSE_WORDS_MAX && !links->tokens->items[0].stop &&
                   first != CUE_INTRODUCTION && (first != CUE_COUNT || words <= 4);
    state->word_count = (float)words;
    state->unknown_share = words > 0 ? (float)unknown / (float)words : 1;
    state->linked_share = telling > 0 ? (float)linked / (float)telling : 0;
}

/* "their names", "of those": speaks of what was shown before. */
static bool is_pronoun(const struct token *token)
{
    static const char *const words[] = {"their", "them",  "they", "those", "these", "that", "it",
                                        "its",   "he",    "she",  "his",   "her",   "this", "there",
                                        "one",   "list",  "him",  "result", "results"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (strcmp(token->lower.text, words[i]) == 0)
            return true;
    return false;
}

/* "are there", "there was": says that something exists, and points to nothing. */
static bool is_existence(const struct token_list *tokens, size_t i)
{
    static const char *const verbs[] = {"is", "are", "was", "were", "be", "been"};
    if (strcmp(tokens->items[i].lower.text, "there") != 0)
        return false;
    for (size_t k = 0; k < sizeof(verbs) / sizeof(verbs[0]); k++)
        if ((i > 0 && strcmp(tokens->items[i - 1].lower.text, verbs[k]) == 0) ||
            (i + 1 < tokens->count && strcmp(tokens->items[i + 1].lower.text, verbs[k]) == 0))
            return true;
    return false;
}

/* Which of the tables that were read each telling word is linked to. */
static void set_links(struct plan_state *state, const struct dataset_reading *readings,
                      size_t count, struct missing_value_words *out)
{
    const struct token_list *tokens = readings[0].links->tokens;
    struct plan_words *words = &state->words;
    words->linked = arena_array(state->arena, tokens->count + 1, 1);
    words->named = arena_array(state->arena, tokens->count + 1, 1);
    words->dataset_count = count;
    bool *heard = arena_array(state->arena, tokens->count + 1, sizeof(*heard));
    *out = (struct missing_value_words){tokens, heard};
    for (size_t r = 0; r < count; r++) {
        words->datasets[r] = readings[r].choice->dataset;
        if (readings[r].choice->score >= NEAR_SHARE * readings[0].choice->score)
            words->near |= (uint8_t)(1u << r);
    }
    for (size_t i = 0; i < tokens->count; i++) {
        const struct token *token = &tokens->items[i];
        uint8_t linked = 0, named = 0;
        for (size_t r = 0; r < count; r++) {
            const struct links *links = readings[r].links;
            bool table = links->table_word[i];
            bool link = table || links->own[i] >= 0.5F || links->value_score[i] > 0;
            linked |= (uint8_t)(link << r);
            named |= (uint8_t)(table << r);
        }
        enum cue cue = (enum cue)readings[0].links->cues.cue[i];
        words->cues |= (uint64_t)1 << cue;
        words->pronoun |= is_pronoun(token);
        words->refers_back |= is_pronoun(token) && !is_existence(tokens, i);
        heard[i] = linked != 0 || cue != CUE_NONE ||
                   lexicon_is_frequent(state->planner->lexicon, token->lower.hash);
        if (!token->is_word || token->stop || (!linked && cue != CUE_NONE))
            continue;
        words->linked[words->count] = linked;
        words->named[words->count++] = named;
    }
}

/* What only the data can tell of the words: identifiers stay whole ("temp_2" is a column, and its 2
 * no number), and stored abbreviations are told from little words. */
static void settle_tokens(const struct plan_request *request, size_t datasets,
                             struct token_list *tokens, struct arena *arena)
{
    size_t count = 0;
    for (size_t d = 0; d < datasets; d++)
        count += request->datasets[d].dataset->column_count;
    struct str *names = arena_array(arena, count + 1, sizeof(*names));
    count = 0;
    for (size_t d = 0; d < datasets; d++) {
        const struct dataset *dataset = request->datasets[d].dataset;
        for (size_t c = 0; c < dataset->column_count; c++)
            if (is_identifier(str_from(dataset->columns[c].name)))
                names[count++] = str_from(dataset->columns[c].name);
    }
    token_join_identifiers(tokens, request->question, names, count, arena);
    for (size_t d = 0; d < datasets; d++)
        if (request->datasets[d].index)
            link_keep_abbreviations(request->datasets[d].index, tokens);
    for (size_t i = 0; i < tokens->count; i++)
        if (word_is_no_pronoun(tokens->items[i].word, request->question))
            tokens->items[i].stop = false;
}

void learned_readings_add(struct plan_state *state, const struct plan_request *request,
                          struct missing_value_words *heard)
{
    const struct planner *planner = state->planner;
    struct arena *arena = state->arena;
    struct stemmer *stemmer = stemmer_new();
    struct token_list *tokens = arena_alloc(arena, sizeof(*tokens));
    struct cue_marks cues;
    struct period_list periods;
    token_read(planner->lexicon, stemmer, request->question, arena, tokens);
    stemmer_free(stemmer);
    size_t count =
        request->dataset_count < PLAN_READ_MAX ? request->dataset_count : PLAN_READ_MAX;
    settle_tokens(request, count, tokens, arena);
    cue_mark(planner->lexicon, tokens, arena, &cues);
    period_find(request->question, &request->calendar, arena, &periods);
    struct dataset_reading *readings = arena_array(arena, count + 1, sizeof(*readings));
    for (size_t r = 0; r < count; r++) {
        readings[r].periods = &periods;
        read_dataset(planner, &request->datasets[r], tokens, &cues, arena, &readings[r]);
    }
    if (count > 0)
        set_links(state, readings, count, heard);
    struct ranked *ranked;
    size_t total = rank_all(planner, readings, count, arena, &ranked);
    for (size_t i = 0; i < total && state->plan.candidate_count < PLAN_LEARNED_MAX; i++)
        add_candidate(state, request, &ranked[i]);
    if (total == 0)
        return;
    set_probabilities(state, ranked, total);
    set_words(state, ranked[0].reading);
    state->dataset = ranked[0].reading->choice->dataset;
}
