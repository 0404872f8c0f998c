/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the program would answer on question sets, conversations and joins included:
 *
 *     planner_answers QUESTIONS WEIGHTS > ANSWERS
 *
 * QUESTIONS is made by answers.py, one JSON object a line: id, conversation (its lines follow one
 * another; null), question, today, candidates (names of tables, as if retrieval had found them),
 * library (a name for its tables), tables (all of the database, as bench_table() reads them, with
 * their "foreign_keys"). ANSWERS has a line for each: id, sql (null: not answered), sureness (0: not
 * answered), explanation. The planner always answers when it can; where to ask back is the reader's
 * to say.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench_data.h"
#include "catalog/infer.h"
#include "catalog/relate.h"
#include "core/alloc.h"
#include "planner/plan.h"

#define TABLES_MAX 64

/* The tables of the last question, described as the catalog would describe files. */
struct library {
    char *name;
    struct arena *arena;
    struct dataset datasets[TABLES_MAX];
    struct dataset_index *indexes[TABLES_MAX];
    size_t count;
};

/* What the next turn of a conversation leans on. */
struct conversation {
    char *id;
    struct arena *arena;
    const struct query *previous;
    struct str previous_question;
};

static const char *text_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static enum value_kind declared_kind(const char *type, enum value_kind seen)
{
    static const struct {
        const char *type;
        enum value_kind seen, kind;
    } kinds[] = {
        {"date", VALUE_TEXT, VALUE_DATE},
        {"datetime", VALUE_TEXT, VALUE_TIMESTAMP},
        {"integer", VALUE_FLOAT, VALUE_INTEGER},
    };
    for (size_t i = 0; type && i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (strcmp(type, kinds[i].type) == 0 && seen == kinds[i].seen)
            return kinds[i].kind;
    return seen;
}

static void declare_relationships(const json_t *keys, struct dataset *dataset, struct arena *arena)
{
    size_t i;
    json_t *key;
    dataset->relationship_count = 0;
    json_array_foreach (keys, i, key)
        if (dataset->relationship_count < dataset->column_count)
            dataset->relationships[dataset->relationship_count++] = (struct relationship){
                .column = arena_strdup(arena, text_of(key, "column")),
                .dataset_id = arena_strdup(arena, text_of(key, "table")),
                .other_column = arena_strdup(arena, text_of(key, "to")),
            };
}

static void describe(const json_t *table, struct dataset *dataset, struct arena *arena)
{
    const json_t *types = json_object_get(table, "types");
    for (size_t i = 0; i < dataset->column_count; i++) {
        struct column *column = &dataset->columns[i];
        const struct column_profile *profile = &column->profile;
        column->kind =
            declared_kind(json_string_value(json_array_get(types, i)), column->kind);
        column->unique = profile->row_count > 0 && profile->null_count == 0 &&
                         profile->distinct_count == profile->row_count;
    }
    declare_relationships(json_object_get(table, "foreign_keys"), dataset, arena);
    infer_columns(dataset, arena);
}

static void close_library(struct library *library)
{
    for (size_t i = 0; i < library->count; i++)
        dataset_index_free(library->indexes[i]);
    arena_free(library->arena);
    free(library->name);
    *library = (struct library){0};
}

static void open_library(struct bench *bench, const json_t *tables, const char *name,
                         struct library *library)
{
    size_t i;
    json_t *line;
    if (library->name && strcmp(library->name, name) == 0)
        return;
    close_library(library);
    library->name = xstrdup(name);
    library->arena = arena_new();
    json_array_foreach (tables, i, line) {
        if (library->count == TABLES_MAX)
            break;
        const json_t *table = json_array_get(json_object_get(line, "tables"), 0);
        struct dataset *dataset = &library->datasets[library->count++];
        *dataset = *bench_table(bench, line)->dataset;
        describe(table, dataset, library->arena);
    }
    relate_datasets(library->datasets, library->count, library->arena);
    for (i = 0; i < library->count; i++)
        library->indexes[i] =
            dataset_index_build(bench->lexicon, bench->words, &library->datasets[i]);
}

static bool is_candidate(const json_t *candidates, const struct dataset *dataset)
{
    size_t i;
    json_t *name;
    json_array_foreach (candidates, i, name)
        if (strcmp(json_string_value(name), dataset->id) == 0)
            return true;
    return false;
}

static void follow(struct conversation *conversation, const char *id)
{
    if (id && conversation->id && strcmp(conversation->id, id) == 0)
        return;
    free(conversation->id);
    arena_free(conversation->arena);
    *conversation = (struct conversation){.id = id ? xstrdup(id) : NULL, .arena = arena_new()};
}

static struct plan *read_plan(const struct planner *planner, const struct library *library,
                              const json_t *line, struct conversation *conversation)
{
    struct plan_dataset *datasets =
        arena_array(conversation->arena, TABLES_MAX, sizeof(*datasets));
    struct plan_dataset *joinable =
        arena_array(conversation->arena, TABLES_MAX, sizeof(*joinable));
    struct plan_request request = {
        .question = arena_str(conversation->arena, str_from(text_of(line, "question"))),
        .datasets = datasets,
        .joinable = joinable,
        .previous = conversation->previous,
        .previous_question = conversation->previous_question,
        .calendar = {.week_start = 1, .fiscal_year_start = 1},
        .dialect = DIALECT_SQLITE,
        .explain = true,
    };
    struct error err = {0};
    snprintf(request.calendar.today, sizeof(request.calendar.today), "%s", text_of(line, "today"));
    for (size_t i = 0; i < library->count; i++) {
        struct plan_dataset item = {&library->datasets[i], library->indexes[i], 1};
        if (is_candidate(json_object_get(line, "candidates"), item.dataset))
            datasets[request.dataset_count++] = item;
        else
            joinable[request.joinable_count++] = item;
    }
    struct plan *plan = planner_read(planner, &request, conversation->arena, &err);
    conversation->previous_question = request.question;
    return plan;
}

static void answer(struct bench *bench, const struct planner *planner, struct library *library,
                   struct conversation *conversation, const json_t *line)
{
    const json_t *tables = json_object_get(line, "tables");
    const char *database = text_of(json_array_get(tables, 0), "db");
    open_library(bench, tables, text_of(line, "library"), library);
    follow(conversation, text_of(line, "conversation"));
    struct plan *plan = read_plan(planner, library, line, conversation);
    struct plan_decision decision = {.outcome = PLAN_NO_ANSWER};
    sqlite3 *open = bench_open(bench, database);
    for (size_t i = 0; plan && i < plan->execute_max && i < plan->candidate_count; i++)
        plan_observe(plan, i, bench_rows(open, plan->candidates[i].sql, conversation->arena));
    if (plan && plan->candidate_count > 0)
        plan_decide(plan, 0, conversation->arena, &decision);
    const char *sql = NULL;
    if (decision.outcome == PLAN_ANSWER) {
        sql = plan->candidates[decision.winner].sql;
        conversation->previous = plan->candidates[decision.winner].query;
    }
    json_t *out = json_pack("{s:s,s:s?,s:f,s:s?}", "id", text_of(line, "id"), "sql", sql,
                            "sureness", sql ? decision.sureness : 0.0, "explanation",
                            decision.explanation);
    json_dumpf(out, stdout, JSON_COMPACT);
    putchar('\n');
    json_decref(out);
}

int main(int argc, char **argv)
{
    struct error err = {0};
    if (argc != 3) {
        fprintf(stderr, "usage: planner_answers QUESTIONS WEIGHTS > ANSWERS\n");
        return 2;
    }
    struct planner *planner = planner_open(argv[2], NULL, &err);
    FILE *file = fopen(argv[1], "r");
    if (!planner || !file) {
        fprintf(stderr, "%s\n", planner ? argv[1] : err.message);
        return 1;
    }
    struct bench bench = {.lexicon = planner->lexicon, .words = planner->words};
    static struct library library;
    struct conversation conversation = {0};
    char *text = NULL;
    size_t capacity = 0;
    while (getline(&text, &capacity, file) > 0) {
        json_t *line = json_loads(text, 0, NULL);
        if (line)
            answer(&bench, planner, &library, &conversation, line);
        json_decref(line);
    }
    free(text);
    fclose(file);
    close_library(&library);
    free(conversation.id);
    arena_free(conversation.arena);
    bench_clear(&bench);
    planner_close(planner);
    return 0;
}
