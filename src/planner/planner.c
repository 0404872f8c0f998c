/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading a question: for each dataset that it may be about, the words are linked, candidates are
 * found and ranked; the best of all datasets make the plan. planner/decide.c does the rest.
 */
#include "planner/planner.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/datafile.h"
#include "core/strbuf.h"
#include "planner/keep.h"
#include "planner/plan.h"
#include "planner/print/describe.h"
#include "planner/print/print.h"
#include "planner/rules/business.h"
#include "planner/rules/cue_spelling.h"
#include "planner/rules/follow_up.h"
#include "planner/rules/unheard.h"
#include "planner/rules/unknown_subject.h"

#define COUNTS_SURELY 0.9 /* the prior of a reading that counts what the question names */
#define NAMES_LIKELY 0.8  /* the same for one that shows names for keys */
#define UNITS_LIKELY 0.6 /* the same for one that adds up quantities */
#define NEAR_SHARE 0.7 /* of the best hit's score: what is below is hardly meant */
#define EXPLAINED_MAX 12
#define LEANS 0.5 /* from here on a question goes on from the one before */
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

static bool open_weights(struct planner *planner, const char *path, struct error *err)
{
    struct arena *arena = arena_new();
    const char *found = datafile_find(arena, DATAFILE_DATA, "planner/weights.bin", path, err);
    planner->weights = found ? weights_open(found, err) : NULL;
    arena_free(arena);
    if (!planner->weights)
        return false;
    planner->lexicon = lexicon_parse(planner->weights->cues, err);
    return planner->lexicon && sketch_table_read(planner->weights, &planner->sketches, err) &&
           rankers_read(planner->weights, &planner->rankers, err);
}

struct planner *planner_open(const char *weights_path, const char *embedding_path,
                             struct error *err)
{
    struct planner *planner = xcalloc(1, sizeof(*planner));
    planner->scratch = arena_pool_new();
    if (open_weights(planner, weights_path, err)) {
        planner->words = embedding_path && *embedding_path
                             ? word_table_open_file(embedding_path, err)
                             : word_table_open(err);
        if (planner->words) {
            snprintf(planner->version, sizeof(planner->version), "planner-%s",
                     planner->weights->version);
            return planner;
        }
    }
    planner_close(planner);
    return NULL;
}

void planner_close(struct planner *planner)
{
    if (!planner)
        return;
    word_table_close(planner->words);
    lexicon_free(planner->lexicon);
    weights_close(planner->weights);
    arena_pool_free(planner->scratch);
    free(planner);
}

const char *planner_version(const struct planner *planner)
{
    return planner->version;
}

const char *planner_words_id(const struct planner *planner)
{
    return word_table_id(planner->words);
}

struct dataset_index *dataset_index_new(const struct planner *planner,
                                        const struct dataset *dataset)
{
    struct dataset_index *index = dataset_index_build(planner->lexicon, planner->words, dataset);
    index->names = name_table_build(dataset, index->arena);
    return index;
}

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

/* Where the plan has that statement, or its candidate_count. */
static size_t find_statement(const struct plan *plan, const char *sql)
{
    size_t i = 0;
    while (i < plan->candidate_count && strcmp(plan->candidates[i].sql, sql) != 0)
        i++;
    return i;
}

/* Nobody adds up or averages numbers that tell things apart; averages of grades and levels are
 * asked for as such. */
static bool adds_up_codes(const struct query *query, const struct cue_marks *cues, size_t count)
{
    bool averages = false;
    for (size_t i = 0; i < count; i++)
        averages |= cues->cue[i] == CUE_AVERAGE;
    for (size_t i = 0; i < query->select_count; i++) {
        const struct expression *e = query->select[i].expression;
        const struct column *column = e->left ? e->left->column : NULL;
        if (e->kind != EXPRESSION_AGGREGATE || !column || !value_kind_is_number(column->kind))
            continue;
        bool sum = e->aggregate == AGGREGATE_SUM, mean = e->aggregate == AGGREGATE_AVG;
        bool code = column->role == ROLE_KEY || column->role == ROLE_DIMENSION;
        if (code && (sum || (mean && !(averages && column_is_averaged(column)))))
            return true;
    }
    return false;
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
    if (!sql || find_statement(&state->plan, sql) < state->plan.candidate_count)
        return;
    size_t i = state->plan.candidate_count++;
    state->plan.candidates[i] = (struct plan_candidate){
        .query = query,
        .sql = sql,
        .dataset = dataset,
        .score = ranked->score,
        .reading = query_describe(query, arena),
        .explanation = state->explain ? explain(state->planner, &reading->features[ranked->candidate], arena) : NULL,
    };
    state->items[i].rank = ranked->score;
    state->items[i].prior = -1;
    struct learned_facts *facts = arena_alloc(arena, sizeof(*facts));
    plan_learned_facts(&reading->features[ranked->candidate], facts);
    state->items[i].learned = facts;
    state->items[i].misses_time = misses_time(reading, candidate);
    find_unread(state->planner->lexicon, reading, candidate, arena, &state->items[i]);
}

static bool plain_expression(const struct expression *expression)
{
    return !expression || expression->kind == EXPRESSION_STAR ||
           expression->kind == EXPRESSION_COLUMN ||
           (expression->kind == EXPRESSION_AGGREGATE &&
            expression->aggregate != AGGREGATE_MEDIAN && plain_expression(expression->left));
}

static bool plain_condition(const struct condition *condition)
{
    if (!condition)
        return true;
    if (condition->kind == CONDITION_COMPARE)
        return plain_expression(condition->left);
    for (size_t i = 0; i < condition->part_count; i++)
        if (!plain_condition(condition->parts[i]))
            return false;
    return condition->kind == CONDITION_AND || condition->kind == CONDITION_OR;
}

/* Does the query hold what no sketch can: a join, a period, a metric, a share, first rows? */
static bool beyond_sketches(const struct query *query)
{
    bool plain = query->table_count == 1 && !query->limit_per && plain_condition(query->where) &&
                 plain_condition(query->having) && (query->limit == 0 || query->order_count > 0);
    for (size_t i = 0; i < query->select_count; i++)
        plain &= plain_expression(query->select[i].expression);
    for (size_t i = 0; i < query->group_count; i++)
        plain &= plain_expression(query->group[i]);
    return !plain;
}

/* A reading by rules. When the learned ones hold the same statement, it lends them its words. */
static void add_business(struct plan_state *state, const struct plan_request *request,
                         const struct business_candidate *from)
{
    struct plan *plan = &state->plan;
    struct error ignored = {0}; /* what this dialect can't say is no candidate */
    const char *sql = query_print(from->query, request->dialect, state->arena, &ignored);
    if (!sql)
        return;
    size_t i = find_statement(plan, sql);
    if (i == PLAN_CANDIDATES_MAX)
        return;
    bool known = i < plan->candidate_count;
    const char *explanation = known ? plan->candidates[i].explanation : from->explanation;
    plan->candidate_count += !known;
    plan->candidates[i] = (struct plan_candidate){
        .query = from->query,
        .sql = sql,
        .dataset = from->dataset,
        .score = from->score,
        .reading = from->reading,
        .periods = from->periods,
        .period_count = from->period_count,
        .assumptions = from->assumptions,
        .assumption_count = from->assumption_count,
        .explanation = explanation,
    };
    if (!known)
        state->items[i] =
            (struct plan_item){.unread = from->unknown, .unread_count = from->unknown_count};
    state->items[i].prior = fmax(state->items[i].prior, from->score);
    state->items[i].follow_up = from->follow_up;
    state->items[i].beyond_sketches = from->follow_up || beyond_sketches(from->query);
}

/* Brings the candidates that are worth executing to the front, likeliest first. */
static void order_candidates(struct plan_state *state)
{
    struct plan *plan = &state->plan;
    for (size_t i = 0; i < plan->candidate_count; i++) {
        double chance = plan_chance(state, i);
        struct plan_candidate candidate = plan->candidates[i];
        struct plan_item item = state->items[i];
        candidate.score = chance;
        size_t at = i;
        while (at > 0 && plan->candidates[at - 1].score < chance) {
            plan->candidates[at] = plan->candidates[at - 1];
            state->items[at] = state->items[at - 1];
            at--;
        }
        plan->candidates[at] = candidate;
        state->items[at] = item;
    }
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

static struct plan_state *new_state(const struct planner *planner, struct arena *arena)
{
    struct plan_state *state = arena_alloc(arena, sizeof(*state));
    state->planner = planner;
    state->arena = arena;
    state->plan.candidates =
        arena_array(arena, PLAN_CANDIDATES_MAX, sizeof(*state->plan.candidates));
    state->items = arena_array(arena, PLAN_CANDIDATES_MAX, sizeof(*state->items));
    return state;
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

/* The learned reading: every dataset's candidates, ranked together; the best come into the plan.
 * `heard` gets which words of the question are in the data. */
static void read_learned(struct plan_state *state, const struct plan_request *request,
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

static bool check_request(const struct plan_request *request, struct error *err)
{
    if (!str_is_utf8(request->question) || str_trim(request->question).length == 0)
        return error_set(err, ERROR_INVALID, "question is empty or not UTF-8");
    if (request->question.length > QUESTION_SIZE_MAX)
        return error_set(err, ERROR_INVALID, "question is longer than %d bytes",
                         QUESTION_SIZE_MAX);
    return true;
}

/* "How many meters" counts meters where rules found what they are, not the rows. */
static void doubt_counted_rows(struct plan_state *state)
{
    const struct dataset *counted = NULL;
    for (size_t i = 0; i < state->plan.candidate_count; i++) {
        const struct plan_item *item = &state->items[i];
        const struct expression *e = state->plan.candidates[i].query->select[0].expression;
        if (item->prior >= COUNTS_SURELY && item->unread_count == 0 && !item->follow_up &&
            e->kind == EXPRESSION_AGGREGATE && e->aggregate == AGGREGATE_COUNT_DISTINCT)
            counted = state->plan.candidates[i].dataset;
    }
    for (size_t i = 0; counted && i < state->plan.candidate_count; i++) {
        const struct expression *e = state->plan.candidates[i].query->select[0].expression;
        if (state->items[i].prior < 0 && e->kind == EXPRESSION_AGGREGATE &&
            e->aggregate == AGGREGATE_COUNT && e->left->kind == EXPRESSION_STAR &&
            state->plan.candidates[i].dataset == counted && !state->items[i].unheard)
            state->items[i].unheard = "how many";
    }
}

/* "How many drills" adds up quantities where there are some: a number of rows is none of drills. */
static void doubt_counts_for_units(struct plan_state *state, const struct business_candidate *list,
                                   size_t count)
{
    bool units = false;
    for (size_t i = 0; i < count; i++)
        units |= list[i].counts_units && list[i].score >= UNITS_LIKELY;
    for (size_t i = 0; units && i < state->plan.candidate_count; i++) {
        const struct query *query = state->plan.candidates[i].query;
        for (size_t k = 0; k < query->select_count; k++)
            if (query->select[k].expression->kind == EXPRESSION_AGGREGATE &&
                query->select[k].expression->aggregate == AGGREGATE_COUNT)
                state->items[i].unheard = "how many";
    }
}

static bool says_identifier(struct str question, struct arena *arena)
{
    static const char *const words[] = {" id", " key", " number", " code", " no"};
    const char *text = arena_strndup(arena, question.bytes, question.length);
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (strcasestr(text, words[i]))
            return true;
    return false;
}

/* Is it the query's only column, and the key that `named` shows the names for? */
static bool groups_by_key_of(const struct query *query, const struct query *named)
{
    const struct expression *e = query->select[0].expression;
    if (query->table_count != 1 || query->group_count != 1 || e->kind != EXPRESSION_COLUMN)
        return false;
    for (size_t i = 1; i < named->table_count; i++)
        if (named->tables[0].dataset == query->tables[0].dataset &&
            strcmp(named->tables[i].joined_column, e->column->name) == 0)
            return true;
    return false;
}

/* "Guests with more than 10 bookings" are wanted by name where rules found their names. */
static void doubt_bare_keys(struct plan_state *state, const struct plan_request *request)
{
    if (says_identifier(request->question, state->arena))
        return;
    for (size_t i = 0; i < state->plan.candidate_count; i++) {
        const struct plan_item *named = &state->items[i];
        const struct query *query = state->plan.candidates[i].query;
        if (named->prior < NAMES_LIKELY || named->unread_count > 0 || query->group_count != 1)
            continue;
        for (size_t k = 0; k < state->plan.candidate_count; k++)
            if (state->items[k].prior < 0 && !state->items[k].unheard &&
                groups_by_key_of(state->plan.candidates[k].query, query))
                state->items[k].unheard = "names";
    }
}

/* All that it makes lies in the arena. */
static struct plan_state *read_question(const struct planner *planner,
                                        const struct plan_request *asked, struct arena *arena)
{
    struct plan_request spelled = *asked;
    const struct plan_request *request = &spelled;
    spelled.question = cue_spelling_restore(asked, arena);
    spelled.asks = ask_memo_new(arena);
    struct plan_state *state = new_state(planner, arena);
    struct plan *plan = &state->plan;
    plan->meta = business_meta(request, arena);
    if (plan->meta.kind != PLAN_META_NONE)
        return state;
    state->explain = request->explain;
    state->later_turn = request->previous != NULL;
    state->lean = request->previous ? (float)follow_up_lean(request->question) : 0;
    struct missing_value_words heard = {0};
    read_learned(state, request, &heard);
    struct business_candidate *list = NULL;
    size_t count = 0;
    business_candidates(request, arena, &list, &count);
    for (size_t i = 0; i < count; i++)
        add_business(state, request, &list[i]);
    struct telling_words telling = telling_words_find(request->question);
    bool counted, ranked;
    subjects_asked_for(request->question, arena, &counted, &ranked);
    for (size_t i = 0; i < plan->candidate_count; i++) {
        const struct query *query = plan->candidates[i].query;
        state->items[i].unheard = unheard_word(&telling, query);
        if (!state->items[i].unheard && counted && counts_another_table(request, query, arena))
            state->items[i].unheard = "how many";
        if (!state->items[i].unheard && ranked && ranks_something_else(request, query, arena))
            state->items[i].unheard = "top";
    }
    doubt_counted_rows(state);
    doubt_counts_for_units(state, list, count);
    doubt_bare_keys(state, request);
    if (plan->candidate_count == 0) {
        plan->no_answer = request->dataset_count > 0
                              ? "nothing in the data matches the words of the question"
                              : "there is no data to ask about";
        return state;
    }
    for (size_t i = 0; i < plan->candidate_count; i++)
        state->items[i].in_its_words =
            str_equal_nocase(str_trim(request->question), str_from(plan->candidates[i].reading));
    order_candidates(state);
    state->dataset = plan->candidates[0].dataset;
    plan->follow_up = state->items[0].follow_up;
    if (!plan->follow_up)
        state->unknown_subject = unknown_subject(request, arena);
    bool leans = request->previous && state->lean >= LEANS && request->previous->table_count > 0;
    const struct dataset *about =
        leans ? request->previous->tables[0].dataset : state->dataset;
    if (!missing_value(request, about, &heard, arena, &state->missing))
        state->missing = (struct missing_value){0};
    plan->unknown = state->items[0].unread;
    plan->unknown_count = state->items[0].unread_count;
    plan->execute_max =
        plan->candidate_count < PLAN_EXECUTE_MAX ? plan->candidate_count : PLAN_EXECUTE_MAX;
    return state;
}

struct plan *planner_read(const struct planner *planner, const struct plan_request *request,
                          struct arena *arena, struct error *err)
{
    if (!check_request(request, err))
        return NULL;
    struct arena *scratch = arena_pool_take(planner->scratch);
    struct plan_state *state = plan_keep(read_question(planner, request, scratch), scratch, arena);
    arena_pool_give(planner->scratch, scratch);
    return &state->plan;
}

static bool any_reads_all(const struct business_candidate *list, size_t count, double chance,
                          const struct plan_request *request, struct arena *arena)
{
    struct error ignored = {0};
    for (size_t i = 0; i < count; i++)
        if (list[i].score >= chance && list[i].unknown_count == 0 &&
            query_print(list[i].query, request->dialect, arena, &ignored))
            return true;
    return false;
}

/* As a change of the query before, if it can be: the reading on its own is the longer way. */
bool planner_reads_by_rules(const struct plan_request *asked, double chance, struct arena *arena)
{
    struct business_candidate edits[FOLLOW_UPS_MAX], *list = NULL;
    size_t count = 0;
    struct error ignored = {0};
    if (!check_request(asked, &ignored))
        return false;
    struct plan_request spelled = *asked;
    const struct plan_request *request = &spelled;
    spelled.question = cue_spelling_restore(asked, arena);
    spelled.asks = ask_memo_new(arena);
    follow_up_candidates(request, arena, edits, &count);
    if (any_reads_all(edits, count, chance, request, arena))
        return true;
    business_candidates(request, arena, &list, &count);
    return any_reads_all(list, count, chance, request, arena);
}

struct plan_meta_answer planner_read_meta(const struct plan_request *request, struct arena *arena)
{
    struct error ignored = {0};
    return check_request(request, &ignored) ? business_meta(request, arena)
                                            : (struct plan_meta_answer){0};
}
