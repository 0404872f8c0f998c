/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Measures retrieval on question sets: how often the right table is first, or among the first
 * three, of all tables of the set. For development only; not installed.
 *
 *     build/tools/retrieval_eval [--no-values] [--ranks] SET_FOLDER...
 *
 * A set is a folder with tables.jsonl (a table a line: id, db_id, table, header, types, title,
 * column_labels, column_descriptions, database: an SQLite file, relative to the folder),
 * questions.jsonl (id, question, gold_tables) and set.json (databases: the folder of db_id.sqlite,
 * where a table names no file). Stored values are read from the databases.
 * --ranks prints each question's id, the rank of its table (0: not found) and how much of it the
 * best hit explains.
 */
#include <jansson.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/arena.h"
#include "core/clock.h"
#include "core/strbuf.h"
#include "retrieval/retrieval.h"

#define RANK_MAX 100 /* a worse one counts as not found */

struct options {
    bool no_values;
    bool ranks;
};

struct set {
    const char *folder;
    const char *databases; /* from set.json; may be NULL */
    struct arena *arena;
    struct dataset *datasets;
    size_t count, capacity;
    sqlite3 *database; /* the one that was used last */
    const char *database_path;
};

struct tally {
    size_t questions, first, among_three;
    double reciprocal;
};

static const char *text_of(struct arena *arena, const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? arena_strdup(arena, text) : NULL;
}

static const char *item_of(struct arena *arena, const json_t *object, const char *key, size_t i)
{
    const char *text = json_string_value(json_array_get(json_object_get(object, key), i));
    return text && *text ? arena_strdup(arena, text) : NULL;
}

static bool open_database(struct set *set, const char *name)
{
    const char *path = arena_printf(set->arena, "%s/%s", set->folder, name);
    if (set->database && strcmp(path, set->database_path) == 0)
        return true;
    sqlite3_close(set->database);
    set->database = NULL;
    set->database_path = path;
    return sqlite3_open_v2(path, &set->database, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK;
}

/* Distinct texts and integers, as a profile would keep them. */
static void read_values(struct set *set, const char *table, struct column *column)
{
    char *sql =
        sqlite3_mprintf("SELECT DISTINCT \"%w\" FROM \"%w\" WHERE \"%w\" IS NOT NULL LIMIT %d",
                        column->name, table, column->name, PROFILE_VALUES_MAX);
    sqlite3_stmt *statement = NULL;
    struct column_profile *profile = &column->profile;
    if (sqlite3_prepare_v2(set->database, sql, -1, &statement, NULL) == SQLITE_OK) {
        profile->values = arena_array(set->arena, PROFILE_VALUES_MAX, sizeof(*profile->values));
        while (sqlite3_step(statement) == SQLITE_ROW) {
            int type = sqlite3_column_type(statement, 0);
            const char *text = (const char *)sqlite3_column_text(statement, 0);
            if (!text || (type != SQLITE_TEXT && type != SQLITE_INTEGER))
                continue;
            column->kind = type == SQLITE_TEXT ? VALUE_TEXT : column->kind;
            if (strlen(text) <= PROFILE_VALUE_LENGTH_MAX)
                profile->values[profile->value_count++].text = arena_strdup(set->arena, text);
        }
    }
    sqlite3_finalize(statement);
    sqlite3_free(sql);
}

static void add_table(struct set *set, const json_t *line, const struct options *options)
{
    struct arena *arena = set->arena;
    set->datasets =
        arena_grow(arena, set->datasets, set->count, &set->capacity, sizeof(*set->datasets));
    struct dataset *dataset = &set->datasets[set->count++];
    const char *table = text_of(arena, line, "table"), *database = text_of(arena, line, "db_id");
    *dataset = (struct dataset){
        .id = text_of(arena, line, "id"),
        .table_name = table,
        .title = text_of(arena, line, "title"),
        .column_count = json_array_size(json_object_get(line, "header")),
        .row_count = -1,
    };
    /* wtq is one collection of unrelated tables, not the name of what they are about. */
    if (strcmp(database, "wtq") == 0)
        dataset->id += strlen("wtq.");
    dataset->columns = arena_array(arena, dataset->column_count, sizeof(*dataset->columns));
    const char *file = text_of(arena, line, "database");
    if (!file && set->databases)
        file = arena_printf(arena, "%s/%s.sqlite", set->databases, database);
    bool has_values = !options->no_values && file && open_database(set, file);
    for (size_t i = 0; i < dataset->column_count; i++) {
        struct column *column = &dataset->columns[i];
        const char *name = item_of(arena, line, "header", i);
        column->name = name ? name : "";
        column->label = item_of(arena, line, "column_labels", i);
        column->description = item_of(arena, line, "column_descriptions", i);
        column->kind = VALUE_INTEGER;
        if (has_values)
            read_values(set, table, column);
    }
}

/* Calls fn for each line of a JSON-lines file. */
static bool for_each_line(const char *path, bool (*fn)(void *context, const json_t *line),
                          void *context)
{
    FILE *file = fopen(path, "r");
    if (!file) {
        perror(path);
        return false;
    }
    char *line = NULL;
    size_t capacity = 0;
    bool ok = true;
    while (ok && getline(&line, &capacity, file) > 0) {
        json_error_t error;
        json_t *object = json_loads(line, 0, &error);
        ok = object && fn(context, object);
        if (!object)
            fprintf(stderr, "%s: %s\n", path, error.text);
        json_decref(object);
    }
    free(line);
    fclose(file);
    return ok;
}

struct table_reading {
    struct set *set;
    const struct options *options;
};

static bool read_table(void *context, const json_t *line)
{
    struct table_reading *reading = context;
    add_table(reading->set, line, reading->options);
    return true;
}

struct question_reading {
    const struct set *set;
    const struct retrieval_index *index;
    const struct options *options;
    struct tally tally;
    uint64_t search_us;
};

static bool is_gold(const json_t *gold, const char *id)
{
    for (size_t i = 0; i < json_array_size(gold); i++) {
        const char *name = json_string_value(json_array_get(gold, i));
        if (strncmp(name, "wtq.", 4) == 0)
            name += 4;
        if (strcmp(name, id) == 0)
            return true;
    }
    return false;
}

static bool ask(void *context, const json_t *line)
{
    struct question_reading *reading = context;
    const json_t *gold = json_object_get(line, "gold_tables");
    if (json_array_size(gold) == 0)
        return true;
    struct arena *arena = arena_new();
    struct retrieval_request request = {
        .question = str_from(json_string_value(json_object_get(line, "question"))),
        .hit_max = RANK_MAX,
    };
    struct retrieval_result result;
    struct error err = {0};
    uint64_t start = clock_monotonic_us();
    bool ok = retrieval_search(reading->index, &request, arena, &result, &err);
    reading->search_us += clock_monotonic_us() - start;
    size_t rank = 0;
    for (size_t i = 0; ok && i < result.hit_count && rank == 0; i++)
        if (is_gold(gold, result.hits[i].dataset->id))
            rank = i + 1;
    reading->tally.questions++;
    reading->tally.first += rank == 1;
    reading->tally.among_three += rank >= 1 && rank <= 3;
    reading->tally.reciprocal += rank > 0 ? 1.0 / (double)rank : 0;
    if (reading->options->ranks)
        printf("%s\t%zu\t%.3f\n", json_string_value(json_object_get(line, "id")), rank,
               ok ? result.best_possible : 0);
    if (!ok)
        fprintf(stderr, "%s\n", err.message);
    arena_free(arena);
    return ok;
}

static bool measure(struct set *set, struct embedder *embedder, const struct options *options)
{
    struct error err = {0};
    struct table_reading tables = {set, options};
    if (!for_each_line(arena_printf(set->arena, "%s/tables.jsonl", set->folder), read_table,
                       &tables))
        return false;
    uint64_t start = clock_monotonic_us();
    struct retrieval_index *index =
        retrieval_index_new(set->datasets, set->count, embedder, NULL, &err);
    if (!index) {
        fprintf(stderr, "%s\n", err.message);
        return false;
    }
    uint64_t built_us = clock_monotonic_us() - start;
    struct question_reading reading = {.set = set, .index = index, .options = options};
    bool ok =
        for_each_line(arena_printf(set->arena, "%s/questions.jsonl", set->folder), ask, &reading);
    const struct tally *tally = &reading.tally;
    double count = tally->questions > 0 ? (double)tally->questions : 1;
    const char *slash = strrchr(set->folder, '/');
    printf("%-24s %6zu questions %5zu tables  top-1 %5.1f  top-3 %5.1f  MRR %.3f  "
           "(built in %.0f ms, %.2f ms a question)\n",
           slash ? slash + 1 : set->folder, tally->questions, set->count,
           100 * (double)tally->first / count, 100 * (double)tally->among_three / count,
           tally->reciprocal / count, (double)built_us / 1000,
           (double)reading.search_us / 1000 / count);
    retrieval_index_free(index);
    return ok;
}

static bool measure_folder(const char *folder, struct embedder *embedder,
                           const struct options *options)
{
    struct set set = {.folder = folder, .arena = arena_new()};
    json_t *about = json_load_file(arena_printf(set.arena, "%s/set.json", folder), 0, NULL);
    set.databases = text_of(set.arena, about, "databases");
    json_decref(about);
    bool ok = measure(&set, embedder, options);
    sqlite3_close(set.database);
    arena_free(set.arena);
    return ok;
}

int main(int argc, char **argv)
{
    struct options options = {0};
    int first = 1;
    for (; first < argc && argv[first][0] == '-'; first++) {
        options.no_values |= strcmp(argv[first], "--no-values") == 0;
        options.ranks |= strcmp(argv[first], "--ranks") == 0;
    }
    if (first == argc) {
        fprintf(stderr, "usage: retrieval_eval [--no-values] [--ranks] SET_FOLDER...\n");
        return 2;
    }
    struct error err = {0};
    struct embedder *embedder = embedder_open("builtin", &err);
    if (!embedder) {
        fprintf(stderr, "%s\n", err.message);
        return 1;
    }
    bool ok = true;
    for (int i = first; i < argc && ok; i++)
        ok = measure_folder(argv[i], embedder, &options);
    embedder_close(embedder);
    return ok ? 0 : 1;
}
