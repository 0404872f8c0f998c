/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The trainer's view of the planner: what tools/planner/train.py learns from is made by the very
 * code that reads questions in the program.
 *
 *     planner_features words QUESTIONS CUES           words that are neither linked nor values
 *     planner_features features QUESTIONS CUES OUT    features of the local models
 *     planner_features names QUESTIONS CUES           the same by name, with their hashes
 *     planner_features candidates QUESTIONS WEIGHTS OUT   candidates, executed
 *     planner_features plans QUESTIONS WEIGHTS OUT        whole plans, executed and decided
 *     planner_features datasets QUESTIONS WEIGHTS OUT TABLES  plans for each dataset that retrieval
 *                                                     finds among TABLES (lines as QUESTIONS')
 *
 * QUESTIONS is made by prepare.py. OUT.bin holds 64-bit numbers, one question after the other:
 * its number of features and they, its number of columns and for each its features likewise, its
 * number of conditions and they. OUT.jsonl says what the conditions are. For candidates, OUT.bin
 * holds for each of them the ranker's features, eight facts about its result, and 1 when the
 * result is the gold one (all float); OUT.hash the hashes of the results; OUT.jsonl the SQL. For
 * plans, OUT.bin holds the features of the sureness and whether the winner is right (all float),
 * OUT.jsonl the winner and its sureness. For datasets, OUT.bin holds for each of up to three hits:
 * retrieval's score, its margin, the ranker's score, the features of the sureness, right or not.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench_data.h"
#include "core/alloc.h"
#include "core/strbuf.h"
#include "planner/plan.h"
#include "planner/print/print.h"
#include "planner/rank/condition.h"
#include "planner/rank/ranking_features.h"
#include "results.h"
#include "retrieval/retrieval.h"

/* All tables of a set, found by retrieval. */
struct library {
    struct dataset *datasets;
    const struct dataset_index **indexes;
    size_t count;
    struct retrieval_index *retrieval;
};

struct output {
    FILE *numbers, *lines, *hashes;
};

struct models {
    struct weights *weights;
    struct sketch_table *sketches;
    struct planner *planner;
    char *text; /* of the lexicon */
};

static char *read_file(const char *path, size_t *length)
{
    FILE *file = fopen(path, "rb");
    if (!file) {
        perror(path);
        exit(1);
    }
    fseek(file, 0, SEEK_END);
    *length = (size_t)ftell(file);
    rewind(file);
    char *text = xcalloc(*length + 1, 1);
    if (fread(text, 1, *length, file) != *length)
        perror(path);
    fclose(file);
    return text;
}

static void write_features(const struct output *out, const struct feature_set *features)
{
    uint64_t count = features->count;
    fwrite(&count, 8, 1, out->numbers);
    for (size_t i = 0; i < features->count; i++)
        fwrite(&features->items[i].hash, 8, 1, out->numbers);
}

static json_t *text(const char *value)
{
    return value ? json_stringn_nocheck(value, strlen(value)) : json_null();
}

static void write_conditions(const struct output *out, const struct reading_list *conditions)
{
    uint64_t count = conditions->count;
    json_t *list = json_array();
    fwrite(&count, 8, 1, out->numbers);
    for (size_t i = 0; i < conditions->count; i++) {
        const struct reading *reading = &conditions->items[i];
        write_features(out, &reading->features);
        json_array_append_new(list, json_pack("[s,i,i,o,o]", reading_symbol(reading).text,
                                              reading->column, (int)reading->comparison,
                                              text(reading->value), text(reading->value_to)));
    }
    json_dumpf(list, out->lines, JSON_COMPACT);
    fputc('\n', out->lines);
    json_decref(list);
}

struct reading_context {
    struct arena *arena;
    struct token_list tokens;
    struct links *links;
    struct delexed_question *question;
};

static void read_question(struct bench *bench, const json_t *line, struct reading_context *out)
{
    const struct bench_table *table = bench_table(bench, line);
    struct stemmer *stemmer = stemmer_new();
    struct cue_marks cues;
    token_read(bench->lexicon, stemmer,
               str_from(json_string_value(json_object_get(line, "question"))), out->arena,
               &out->tokens);
    cue_mark(bench->lexicon, &out->tokens, out->arena, &cues);
    out->links = link_question(bench->lexicon, table->index, &out->tokens, &cues, out->arena);
    out->question = delexicalise(bench->lexicon, out->links, out->arena);
    stemmer_free(stemmer);
}

static void dump_features(const struct reading_context *context, const struct output *out)
{
    struct feature_set features = feature_set_init(context->arena, false);
    question_features(context->question, &features);
    write_features(out, &features);
    uint64_t columns = context->links->index->column_count;
    fwrite(&columns, 8, 1, out->numbers);
    for (size_t c = 0; c < columns; c++) {
        features = feature_set_init(context->arena, false);
        column_features(context->question, c, &features);
        write_features(out, &features);
    }
    struct reading_list conditions;
    read_conditions(context->question, false, context->arena, &conditions);
    write_conditions(out, &conditions);
}

static void dump_words(const struct reading_context *context, const char *group)
{
    for (size_t i = 0; i < context->tokens.count; i++) {
        const struct token *token = &context->tokens.items[i];
        bool letters = token->is_word && !token->digits && !token->date;
        if (letters && context->links->own[i] < 0.55F && !context->links->table_word[i] &&
            context->links->value_score[i] < 0.8F)
            printf("%s\t%s\t%s\n", group, token->lower.text, token->stem.text);
    }
}

static void print_names(const struct feature_set *features)
{
    for (size_t i = 0; i < features->count; i++)
        printf("%016llx\t%s\n", (unsigned long long)features->items[i].hash,
               features->items[i].name);
}

static void dump_names(const struct reading_context *context)
{
    struct feature_set features = feature_set_init(context->arena, true);
    question_features(context->question, &features);
    print_names(&features);
    for (size_t c = 0; c < context->links->index->column_count; c++) {
        features = feature_set_init(context->arena, true);
        column_features(context->question, c, &features);
        print_names(&features);
    }
    struct reading_list conditions;
    read_conditions(context->question, true, context->arena, &conditions);
    for (size_t i = 0; i < conditions.count; i++)
        print_names(&conditions.items[i].features);
}

static bool matches_gold(const struct result *got, const struct result *golds, size_t count,
                         bool ordered)
{
    for (size_t i = 0; i < count; i++)
        if (result_equal(&golds[i], got, ordered))
            return true;
    return false;
}

static size_t gold_results(const struct bench *bench, const json_t *line, struct result *out)
{
    size_t count = 0, i;
    json_t *item;
    json_array_foreach (json_object_get(line, "gold"), i, item)
        if (count < 8)
            result_run(bench->database, json_string_value(item), &out[count++]);
    json_array_foreach (json_object_get(line, "rows"), i, item)
        if (count < 8)
            result_from_json(item, &out[count++]);
    return count;
}

static void write_candidate(const struct output *out, const struct ranking_features *features,
                            const struct result *result, int64_t table_rows, bool right)
{
    size_t cells = result->cells_read;
    float facts[9] = {
        result->failed,
        result->rows == 0,
        result->rows == 1,
        (int64_t)result->rows == table_rows,
        logf(1 + (float)result->rows),
        cells > 0 && result->nulls == cells,
        result->nulls > 0,
        result->zero,
        right,
    };
    fwrite(features->values, sizeof(features->values), 1, out->numbers);
    fwrite(facts, sizeof(facts), 1, out->numbers);
    fwrite(&result->hash, sizeof(result->hash), 1, out->hashes);
}

static void dump_candidates(struct bench *bench, const struct models *models, const json_t *line,
                            const struct reading_context *context, const struct output *out)
{
    struct arena *arena = context->arena;
    const struct dataset *dataset = context->links->index->dataset;
    struct reading_list conditions;
    struct local_scores scores;
    struct candidate_list list;
    read_conditions(context->question, false, arena, &conditions);
    local_models_apply(models->weights, models->sketches, context->question, &conditions, arena,
                       &scores);
    find_candidates(context->question, models->sketches, &scores, &conditions, arena, &list);
    struct ranking_features *features =
        arena_array(arena, list.count + 1, sizeof(struct ranking_features));
    ranking_features(context->question, &scores, &conditions, &list, arena, features);
    struct result golds[8];
    bool ordered = json_is_true(json_object_get(line, "ordered"));
    size_t gold_count = gold_results(bench, line, golds);
    json_t *statements = json_array();
    for (size_t i = 0; i < list.count; i++) {
        struct error err = {0};
        const struct query *query = 
            candidate_query(&list.items[i], dataset, &conditions, false, arena);
        const char *sql = query_print(query, DIALECT_SQLITE, arena, &err);
        struct result result;
        result_run(bench->database, sql, &result);
        write_candidate(out, &features[i], &result, dataset->row_count,
                        matches_gold(&result, golds, gold_count, ordered));
        json_array_append_new(statements, text(sql));
        result_clear(&result);
    }
    json_dumpf(statements, out->lines, JSON_COMPACT);
    fputc('\n', out->lines);
    json_decref(statements);
    for (size_t i = 0; i < gold_count; i++)
        result_clear(&golds[i]);
}

static bool winner_is_right(const struct bench *bench, const json_t *line, const char *sql)
{
    struct result golds[8], result;
    size_t gold_count = gold_results(bench, line, golds);
    result_run(bench->database, sql, &result);
    bool right = matches_gold(&result, golds, gold_count,
                              json_is_true(json_object_get(line, "ordered")));
    result_clear(&result);
    for (size_t i = 0; i < gold_count; i++)
        result_clear(&golds[i]);
    return right;
}

static void dump_plan(struct bench *bench, const struct models *models, const json_t *line,
                      struct arena *arena, const struct output *out)
{
    const struct bench_table *table = bench_table(bench, line);
    struct plan_dataset dataset = {table->dataset, table->index, 1};
    struct plan_request request = {
        .question = str_from(json_string_value(json_object_get(line, "question"))),
        .datasets = &dataset,
        .dataset_count = 1,
        .calendar = {.today = "2026-11-22", .week_start = 1, .fiscal_year_start = 1},
        .dialect = DIALECT_SQLITE,
    };
    struct error err = {0};
    struct plan *plan = planner_read(models->planner, &request, arena, &err);
    float facts[SURENESS_FEATURE_COUNT + 1] = {0};
    struct plan_decision decision = {0};
    const char *sql = NULL;
    for (size_t i = 0; plan && i < plan->execute_max; i++)
        plan_observe(plan, i, bench_rows(bench->database, plan->candidates[i].sql, arena));
    if (plan)
        plan_decide(plan, 0, arena, &decision);
    const struct plan_state *state = (struct plan_state *)plan;
    size_t learned = plan ? plan_best_learned(state) : SIZE_MAX;
    if (learned != SIZE_MAX) {
        sql = plan->candidates[learned].sql;
        plan_sureness_features(state, learned, facts);
        facts[SURENESS_FEATURE_COUNT] = winner_is_right(bench, line, sql);
    }
    fwrite(facts, sizeof(facts), 1, out->numbers);
    json_t *object = json_pack("{s:O,s:o}", "id", json_object_get(line, "id"), "sql", text(sql));
    if (plan && plan->candidate_count > 0 && decision.outcome == PLAN_ANSWER) {
        json_object_set_new(object, "final", text(plan->candidates[decision.winner].sql));
        json_object_set_new(object, "sure", json_real(decision.sureness));
        json_object_set_new(object, "final_right",
                            json_boolean(winner_is_right(
                                bench, line, plan->candidates[decision.winner].sql)));
    }
    for (size_t i = 0; plan && i < plan->candidate_count; i++)
        if (state->items[i].prior >= 0) {
            json_object_set_new(object, "rules", text(plan->candidates[i].sql));
            json_object_set_new(object, "rules_guess", json_real(state->items[i].prior));
            json_object_set_new(object, "rules_beyond",
                                json_boolean(state->items[i].beyond_sketches));
            json_object_set_new(object, "rules_right",
                                json_boolean(winner_is_right(bench, line,
                                                             plan->candidates[i].sql)));
            if (learned != SIZE_MAX)
                json_object_set_new(object, "learned_sure",
                                    json_real(plan_chance(state, learned)));
            break;
        }
    json_dumpf(object, out->lines, JSON_COMPACT);
    fputc('\n', out->lines);
    json_decref(object);
}

#define LIBRARY_MAX 4000

static void open_library(struct bench *bench, const char *path, struct library *out)
{
    FILE *file = fopen(path, "r");
    char *line = NULL;
    size_t capacity = 0;
    struct error err = {0};
    out->datasets = xcalloc(LIBRARY_MAX, sizeof(*out->datasets));
    out->indexes = xcalloc(LIBRARY_MAX, sizeof(*out->indexes));
    while (file && out->count < LIBRARY_MAX && getline(&line, &capacity, file) > 0) {
        json_t *table = json_loads(line, 0, NULL);
        const struct bench_table *made = bench_table(bench, table);
        out->datasets[out->count] = *made->dataset;
        out->datasets[out->count].id = made->key;
        out->indexes[out->count++] = made->index;
        json_decref(table);
    }
    free(line);
    struct embedder *embedder = embedder_open("builtin", &err);
    out->retrieval = embedder ? retrieval_index_new(out->datasets, out->count, embedder, NULL, &err)
                              : NULL;
    if (!out->retrieval) {
        fprintf(stderr, "%s\n", err.message);
        exit(1);
    }
}

/* One hit: what the planner makes of the question there. */
static void dump_hit(struct bench *bench, const struct models *models, const json_t *line,
                     const struct plan_dataset *dataset, double margin, struct arena *arena,
                     const struct output *out)
{
    float facts[SURENESS_FEATURE_COUNT + 4] = {(float)dataset->score, (float)margin};
    struct plan_request request = {
        .question = str_from(json_string_value(json_object_get(line, "question"))),
        .datasets = dataset,
        .dataset_count = 1,
        .calendar = {.today = "2026-11-22", .week_start = 1, .fiscal_year_start = 1},
        .dialect = DIALECT_SQLITE,
    };
    struct error err = {0};
    struct plan *plan = planner_read(models->planner, &request, arena, &err);
    const struct plan_state *state = (struct plan_state *)plan;
    size_t learned = plan ? plan_best_learned(state) : SIZE_MAX;
    if (learned != SIZE_MAX) {
        facts[2] = (float)state->items[learned].rank;
        plan_sureness_features(state, learned, facts + 3);
        facts[SURENESS_FEATURE_COUNT + 3] =
            winner_is_right(bench, line, plan->candidates[learned].sql);
    }
    fwrite(facts, sizeof(facts), 1, out->numbers);
}

static void dump_datasets(struct bench *bench, const struct models *models,
                          const struct library *library, const json_t *line, struct arena *arena,
                          const struct output *out)
{
    struct retrieval_request request = {
        .question = str_from(json_string_value(json_object_get(line, "question")))};
    struct retrieval_result result;
    struct error err = {0};
    size_t count = 0;
    const char *gold = json_string_value(json_object_get(line, "key"));
    bench_open(bench, json_string_value(json_object_get(line, "db")));
    if (retrieval_search(library->retrieval, &request, arena, &result, &err))
        for (size_t i = 0; i < result.hit_count && i < 3; i++) {
            size_t at = (size_t)(result.hits[i].dataset - library->datasets);
            struct plan_dataset dataset = {result.hits[i].dataset, library->indexes[at],
                                           result.hits[i].score};
            dump_hit(bench, models, line, &dataset, result.margin, arena, out);
            count++;
        }
    json_t *object = json_pack("{s:i,s:b}", "hits", (int)count, "first",
                               count > 0 && strcmp(result.hits[0].dataset->id, gold) == 0);
    json_dumpf(object, out->lines, JSON_COMPACT);
    fputc('\n', out->lines);
    json_decref(object);
}

static FILE *open_output(const char *base, const char *end, const char *mode)
{
    struct strbuf path = strbuf_init(4096);
    strbuf_printf(&path, "%s.%s", base, end);
    FILE *file = fopen(strbuf_text(&path), mode);
    if (!file) {
        perror(strbuf_text(&path));
        exit(1);
    }
    strbuf_clear(&path);
    return file;
}

/* The lexicon from a file of its own, or with everything learned from a weights file. */
static struct lexicon *open_lexicon(const char *command, const char *path, struct models *models)
{
    struct error err = {0};
    struct str cues;
    if (strcmp(command, "plans") == 0 || strcmp(command, "datasets") == 0) {
        models->planner = planner_open(path, NULL, &err);
        if (!models->planner) {
            fprintf(stderr, "%s\n", err.message);
            exit(1);
        }
        return models->planner->lexicon;
    }
    if (strcmp(command, "candidates") == 0) {
        models->weights = weights_open(path, &err);
        models->sketches = xcalloc(1, sizeof(*models->sketches));
        if (!models->weights || !sketch_table_read(models->weights, models->sketches, &err)) {
            fprintf(stderr, "%s\n", err.message);
            exit(1);
        }
        cues = models->weights->cues;
    } else {
        cues.bytes = models->text = read_file(path, &cues.length);
    }
    struct lexicon *lexicon = lexicon_parse(cues, &err);
    if (!lexicon) {
        fprintf(stderr, "%s: %s\n", path, err.message);
        exit(1);
    }
    return lexicon;
}

static void handle_line(const char *command, struct bench *bench, const struct models *models,
                        const struct library *library, const json_t *line,
                        const struct output *out)
{
    struct reading_context context = {.arena = arena_new()};
    if (strcmp(command, "plans") == 0 || strcmp(command, "datasets") == 0) {
        if (library->count > 0)
            dump_datasets(bench, models, library, line, context.arena, out);
        else
            dump_plan(bench, models, line, context.arena, out);
        arena_free(context.arena);
        return;
    }
    read_question(bench, line, &context);
    if (strcmp(command, "words") == 0)
        dump_words(&context, json_string_value(json_object_get(line, "group")));
    else if (strcmp(command, "names") == 0)
        dump_names(&context);
    else if (strcmp(command, "candidates") == 0)
        dump_candidates(bench, models, line, &context, out);
    else
        dump_features(&context, out);
    arena_free(context.arena);
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        fprintf(stderr, "usage: planner_features COMMAND QUESTIONS CUES|WEIGHTS [OUT [TABLES]]\n");
        return 2;
    }
    struct error err = {0};
    struct models models = {0};
    struct bench bench = {.lexicon = open_lexicon(argv[1], argv[3], &models)};
    bench.words = word_table_open(&err);
    if (!bench.words) {
        fprintf(stderr, "%s\n", err.message);
        return 1;
    }
    struct output out = {0};
    struct library library = {0};
    if (argc > 5)
        open_library(&bench, argv[5], &library);
    if (argc > 4) {
        out.numbers = open_output(argv[4], "bin", "wb");
        out.hashes = open_output(argv[4], "hash", "wb");
        out.lines = open_output(argv[4], "jsonl", "w");
    }
    FILE *file = fopen(argv[2], "r");
    char *line = NULL;
    size_t capacity = 0;
    while (file && getline(&line, &capacity, file) > 0) {
        json_t *question = json_loads(line, 0, NULL);
        if (question)
            handle_line(argv[1], &bench, &models, &library, question, &out);
        json_decref(question);
    }
    if (argc > 4) {
        fclose(out.numbers);
        fclose(out.hashes);
        fclose(out.lines);
    }
    for (size_t i = 0; strcmp(argv[1], "candidates") == 0 && i < RANKING_FEATURE_COUNT; i++)
        puts(ranking_feature_name(i));
    for (size_t i = 0; strcmp(argv[1], "plans") == 0 && i < SURENESS_FEATURE_COUNT; i++)
        puts(sureness_feature_name(i));
    free(line);
    if (file)
        fclose(file);
    bench_close(&bench);
    lexicon_free(bench.lexicon);
    word_table_close(bench.words);
    free(models.text);
    return 0;
}
