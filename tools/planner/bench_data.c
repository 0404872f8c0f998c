/* SPDX-License-Identifier: Apache-2.0 */
#include "bench_data.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/alloc.h"
#include "core/strbuf.h"

#define VALUE_LIMIT 20000

sqlite3 *bench_open(struct bench *bench, const char *path)
{
    if (bench->database_path && strcmp(bench->database_path, path) == 0)
        return bench->database;
    sqlite3_close(bench->database);
    free(bench->database_path);
    bench->database_path = xstrdup(path);
    if (sqlite3_open_v2(path, &bench->database, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK) {
        fprintf(stderr, "%s: %s\n", path, sqlite3_errmsg(bench->database));
        exit(1);
    }
    return bench->database;
}

static sqlite3_stmt *prepare(sqlite3 *database, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(database, sql, -1, &statement, NULL) != SQLITE_OK)
        return NULL;
    return statement;
}

static void set_bounds(struct arena *arena, struct column_profile *profile, double low,
                       double high)
{
    profile->min = arena_printf(arena, "%.15g", low);
    profile->max = arena_printf(arena, "%.15g", high);
}

/* Distinct values with their counts, as the catalog's profile would hold them. */
static void profile_column(struct arena *arena, sqlite3 *database, const char *table,
                           const char *name, struct column *column)
{
    struct column_profile *profile = &column->profile;
    char *sql = sqlite3_mprintf("SELECT \"%w\", count(*) AS n FROM \"%w\" GROUP BY 1 "
                                "ORDER BY n DESC, 1 LIMIT %d",
                                name, table, VALUE_LIMIT);
    sqlite3_stmt *statement = prepare(database, sql);
    sqlite3_free(sql);
    profile->known = true;
    profile->values = arena_array(arena, PROFILE_VALUES_MAX, sizeof(struct stored_value));
    double low = 0, high = 0;
    size_t numbers = 0, texts = 0;
    while (statement && sqlite3_step(statement) == SQLITE_ROW) {
        int type = sqlite3_column_type(statement, 0);
        const char *text = (const char *)sqlite3_column_text(statement, 0);
        int64_t count = sqlite3_column_int64(statement, 1);
        profile->row_count += count;
        if (type == SQLITE_NULL || !text || !*text) {
            profile->null_count += count;
            continue;
        }
        profile->distinct_count++;
        if (type == SQLITE_INTEGER || type == SQLITE_FLOAT) {
            double value = sqlite3_column_double(statement, 0);
            low = numbers == 0 || value < low ? value : low;
            high = numbers == 0 || value > high ? value : high;
            numbers++;
            if (type == SQLITE_FLOAT && value == (double)(int64_t)value)
                text = arena_printf(arena, "%lld", (long long)value);
        } else {
            texts++;
        }
        if (profile->value_count < PROFILE_VALUES_MAX && strlen(text) <= PROFILE_VALUE_LENGTH_MAX)
            profile->values[profile->value_count++] =
                (struct stored_value){arena_strdup(arena, text), count};
    }
    sqlite3_finalize(statement);
    profile->values_complete = (size_t)profile->distinct_count == profile->value_count;
    if (numbers > 0)
        set_bounds(arena, profile, low, high);
    if (numbers + texts > 0)
        column->kind = (double)numbers >= 0.9 * (double)(numbers + texts) ? VALUE_FLOAT
                                                                          : VALUE_TEXT;
}

static bool named_in(const json_t *list, const char *name)
{
    size_t i;
    json_t *item;
    json_array_foreach (list, i, item)
        if (json_is_string(item) && strcasecmp(json_string_value(item), name) == 0)
            return true;
    return false;
}

static const char *text_at(const json_t *list, size_t i)
{
    return json_string_value(json_array_get(list, i));
}

static void add_table(struct bench *bench, struct arena *arena, const json_t *table,
                      struct dataset *dataset)
{
    const char *name = json_string_value(json_object_get(table, "table"));
    json_t *header = json_object_get(table, "header");
    json_t *labels = json_object_get(table, "column_labels");
    json_t *types = json_object_get(table, "types");
    for (size_t i = 0; i < json_array_size(header); i++) {
        struct column *column = &dataset->columns[dataset->column_count++];
        const char *type = text_at(types, i);
        column->name = arena_strdup(arena, text_at(header, i));
        column->label = labels && text_at(labels, i) ? arena_strdup(arena, text_at(labels, i))
                                                     : NULL;
        column->kind = type && (strcmp(type, "integer") == 0 || strcmp(type, "real") == 0 ||
                                strcmp(type, "number") == 0)
                           ? VALUE_FLOAT
                           : VALUE_TEXT;
        profile_column(arena, bench->database, name, column->name, column);
        if (column->profile.row_count > dataset->row_count)
            dataset->row_count = column->profile.row_count;
        if (named_in(json_object_get(table, "primary_key"), column->name)) {
            column->role = ROLE_KEY;
            column->unique = json_array_size(json_object_get(table, "primary_key")) == 1;
        }
        if (named_in(json_object_get(table, "foreign"), column->name))
            dataset->relationships[dataset->relationship_count++].column = column->name;
    }
}

static struct dataset *make_dataset(struct bench *bench, struct arena *arena,
                                    const json_t *question)
{
    json_t *tables = json_object_get(question, "tables"), *table;
    struct dataset *dataset = arena_alloc(arena, sizeof(*dataset));
    struct strbuf names = strbuf_init(4096);
    size_t i, columns = 0;
    json_array_foreach (tables, i, table) {
        columns += json_array_size(json_object_get(table, "header"));
        if (i > 0)
            strbuf_add_char(&names, ' ');
        strbuf_add(&names, json_string_value(json_object_get(table, "table")));
    }
    dataset->columns = arena_array(arena, columns + 1, sizeof(struct column));
    dataset->relationships = arena_array(arena, columns + 1, sizeof(struct relationship));
    dataset->table_name = arena_strdup(arena, strbuf_text(&names));
    dataset->id = dataset->table_name;
    const char *title = json_string_value(json_object_get(json_array_get(tables, 0), "title"));
    dataset->title = title && json_array_size(tables) == 1 ? arena_strdup(arena, title) : NULL;
    strbuf_clear(&names);
    json_array_foreach (tables, i, table)
        add_table(bench, arena, table, dataset);
    return dataset;
}

struct bench_table *bench_table(struct bench *bench, const json_t *question)
{
    const char *key = json_string_value(json_object_get(question, "key"));
    bench_open(bench, json_string_value(json_object_get(question, "db")));
    for (size_t i = 0; i < bench->table_count; i++)
        if (strcmp(bench->tables[i].key, key) == 0)
            return &bench->tables[i];
    if (bench->table_count == bench->table_capacity) {
        bench->table_capacity = bench->table_capacity == 0 ? 64 : bench->table_capacity * 2;
        bench->tables =
            xrealloc(bench->tables, bench->table_capacity * sizeof(*bench->tables));
    }
    struct bench_table *table = &bench->tables[bench->table_count++];
    table->key = xstrdup(key);
    table->arena = arena_new();
    table->dataset = make_dataset(bench, table->arena, question);
    table->index = dataset_index_build(bench->lexicon, bench->words, table->dataset);
    return table;
}

void bench_close(struct bench *bench)
{
    for (size_t i = 0; i < bench->table_count; i++) {
        dataset_index_free(bench->tables[i].index);
        arena_free(bench->tables[i].arena);
        free(bench->tables[i].key);
    }
    free(bench->tables);
    sqlite3_close(bench->database);
    free(bench->database_path);
}

const struct rows *bench_rows(sqlite3 *database, const char *sql, struct arena *arena)
{
    sqlite3_stmt *statement = NULL;
    struct rows *rows = arena_alloc(arena, sizeof(*rows));
    size_t count = 0, capacity = 0;
    if (sqlite3_prepare_v2(database, sql, -1, &statement, NULL) != SQLITE_OK)
        return NULL;
    rows->column_count = (size_t)sqlite3_column_count(statement);
    while (sqlite3_step(statement) == SQLITE_ROW && rows->row_count < 10000) {
        rows->row_count++;
        for (int c = 0; c < (int)rows->column_count; c++) {
            rows->cells = arena_grow(arena, rows->cells, count, &capacity, sizeof(struct cell));
            struct cell *cell = &rows->cells[count++];
            int type = sqlite3_column_type(statement, c);
            *cell = (struct cell){.type = CELL_NULL};
            if (type == SQLITE_INTEGER || type == SQLITE_FLOAT) {
                cell->type = CELL_DOUBLE;
                cell->number = sqlite3_column_double(statement, c);
            } else if (type != SQLITE_NULL) {
                cell->type = CELL_TEXT;
                cell->text = arena_str(
                    arena, (struct str){(const char *)sqlite3_column_text(statement, c),
                                        (size_t)sqlite3_column_bytes(statement, c)});
            }
        }
    }
    sqlite3_finalize(statement);
    return rows;
}

void bench_clear(struct bench *bench)
{
    for (size_t i = 0; i < bench->table_count; i++) {
        dataset_index_free(bench->tables[i].index);
        arena_free(bench->tables[i].arena);
        free(bench->tables[i].key);
    }
    free(bench->tables);
    sqlite3_close(bench->database);
    free(bench->database_path);
}
