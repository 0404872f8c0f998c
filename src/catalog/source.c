/* SPDX-License-Identifier: Apache-2.0 */
#include "catalog/source.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "catalog/infer.h"
#include "core/alloc.h"
#include "metadata/folder.h"

static struct source *source_new(const struct metadata_entry *entry)
{
    struct source *source = xcalloc(1, sizeof(*source));
    atomic_init(&source->references, 1);
    source->arena = arena_new();
    source->path = arena_strdup(source->arena, entry->path);
    source->signature = arena_strdup(source->arena, entry->signature);
    source->root = entry->root ? arena_strdup(source->arena, entry->root) : NULL;
    source->problems.arena = source->arena;
    return source;
}

struct source *source_new_document(const struct metadata_entry *entry, bool is_trusted)
{
    struct source *source = source_new(entry);
    source->is_document = true;
    source->is_trusted = is_trusted;
    return source;
}

struct source *source_new_file(const struct metadata_entry *entry, const char *file,
                               const char *table)
{
    struct source *source = source_new(entry);
    struct arena *arena = source->arena;
    char *absolute = realpath(file, NULL);
    source->dataset = (struct dataset){
        .table_name = infer_table_name(table ? table : file, arena),
        .title = infer_title(table ? table : file, arena),
        .source = {.engine = "duckdb",
                   .file = arena_strdup(arena, absolute ? absolute : file),
                   .file_table = table ? arena_strdup(arena, table) : NULL},
        .row_count = -1,
    };
    source->dataset.id = source->dataset.table_name;
    free(absolute);
    return source;
}

const char *source_signature(const char *file, const char *table, struct arena *arena)
{
    const char *signature = folder_signature(file, arena);
    return signature && table ? arena_printf(arena, "%s/%s", signature, table) : signature;
}

struct source *source_ref(struct source *source)
{
    atomic_fetch_add(&source->references, 1);
    return source;
}

void source_unref(struct source *source)
{
    if (!source || atomic_fetch_sub(&source->references, 1) > 1)
        return;
    arena_free(source->arena);
    free(source);
}

bool source_is_current(const struct source *source, const struct metadata_entry *entry)
{
    if (source->again || strcmp(source->signature, entry->signature) != 0)
        return false;
    if (!source->is_document || !source->dataset.source.file)
        return true;
    struct arena *arena = arena_new();
    const struct data_source *data = &source->dataset.source;
    const char *now = source_signature(data->file, data->file_table, arena);
    const char *then = source->data_signature;
    bool same = now && then ? strcmp(now, then) == 0 : !now && !then;
    arena_free(arena);
    return same;
}

static void add_problem(struct source *source, enum problem_severity severity, int line,
                        const char *message)
{
    struct problem place = {
        .path = source->path, .line = line, .column = line > 0 ? 1 : 0, .severity = severity};
    problem_add(&source->problems, &place, "%s", message);
}

/* Keeps a failure as a problem; false when it is the task itself that has to stop. */
static bool keep_failure(struct source *source, int line, const struct error *failure,
                         struct error *err)
{
    if (failure->code == ERROR_CANCELLED || !task_check(err)) {
        if (err && err->code == ERROR_NONE)
            *err = *failure;
        return false;
    }
    source->again = error_may_retry(failure->code);
    add_problem(source, PROBLEM_ERROR, line, failure->message);
    return true;
}

struct parse_job {
    struct source *source;
    struct str bytes;
};

static void run_parse(void *arg)
{
    struct parse_job *job = arg;
    struct source *source = job->source;
    sha256_hex(job->bytes, source->document_hash);
    source->usable = metadata_parse(job->bytes, source->path, source->arena, &source->dataset,
                                    &source->problems, NULL);
    const struct data_source *data = &source->dataset.source;
    if (source->usable && data->file)
        source->data_signature = source_signature(data->file, data->file_table, source->arena);
}

bool source_read(struct source *source, const struct metadata_driver *driver, struct error *err)
{
    struct error failure = {0};
    struct arena *arena = arena_new(); /* the bytes are not needed afterwards */
    struct parse_job job = {.source = source};
    const struct metadata_entry entry = {source->path, source->signature, source->root};
    bool kept = true;
    if (!metadata_read(driver, &entry, arena, &job.bytes, &failure))
        kept = keep_failure(source, 0, &failure, err);
    else
        kept = task_offload(run_parse, &job, err);
    arena_free(arena);
    return kept;
}

bool source_has_file(const struct source *source)
{
    return (source->usable || !source->is_document) && source->dataset.source.file;
}

/* The file's column for a declared one: the same name, or the same but for upper and lower case. */
static const struct column *find_column(const struct load_result *file, const char *name)
{
    const struct column *similar = NULL;
    for (size_t i = 0; i < file->column_count; i++) {
        if (strcmp(file->columns[i].name, name) == 0)
            return &file->columns[i];
        if (!similar && strcasecmp(file->columns[i].name, name) == 0)
            similar = &file->columns[i];
    }
    return similar;
}

static const char *nearest_column(const struct load_result *file, const char *name)
{
    const char *nearest = NULL;
    unsigned best = 4;
    for (size_t i = 0; i < file->column_count; i++) {
        unsigned distance = str_distance(str_from(name), str_from(file->columns[i].name), 3);
        if (distance < best) {
            best = distance;
            nearest = file->columns[i].name;
        }
    }
    return nearest;
}

/* The document's words with the file's facts. The type is a fact: SQL runs over what is there. */
static void complete_column(struct source *source, struct column *column, const struct column *fact)
{
    if (column->type && column->kind != VALUE_UNKNOWN && column->kind != fact->kind &&
        !(value_kind_is_number(column->kind) && value_kind_is_number(fact->kind)))
        add_problem(source, PROBLEM_WARNING, column->line,
                    arena_printf(source->arena,
                                 "column '%s' is described as %s, but the file holds %s there",
                                 column->name, value_kind_name(column->kind),
                                 value_kind_name(fact->kind)));
    column->name = fact->name;
    column->type = fact->type;
    column->kind = fact->kind;
    column->unique = fact->unique;
    column->profile = fact->profile;
}

static void missing_column(struct source *source, const struct load_result *file,
                           const struct column *column)
{
    const char *nearest = nearest_column(file, column->name);
    const char *hint = nearest ? arena_printf(source->arena, "; did you mean '%s'?", nearest) : "";
    add_problem(source, PROBLEM_WARNING, column->line,
                arena_printf(source->arena,
                             "column '%s' is left out: the file has none of that "
                             "name%s",
                             column->name, hint));
}

/* Completes the declared columns; those that the file lacks are taken out. */
static void merge_columns(struct source *source, const struct load_result *file)
{
    struct dataset *dataset = &source->dataset;
    size_t kept = 0;
    for (size_t i = 0; i < dataset->column_count; i++) {
        struct column *column = &dataset->columns[i];
        const struct column *fact = find_column(file, column->name);
        if (!fact) {
            missing_column(source, file, column);
            continue;
        }
        complete_column(source, column, fact);
        dataset->columns[kept++] = *column;
    }
    dataset->column_count = kept;
    if (kept == 0) {
        source->usable = false;
        add_problem(source, PROBLEM_ERROR, 0, "none of the columns exist in the file");
    } else if (kept < file->column_count) {
        add_problem(source, PROBLEM_NOTE, 0,
                    arena_printf(source->arena,
                                 "%zu of the file's %zu columns %s not listed and "
                                 "can't be asked about",
                                 file->column_count - kept, file->column_count,
                                 plural(file->column_count - kept, "is", "are")));
    }
}

static void take_file(struct source *source, const struct load_result *file)
{
    struct dataset *dataset = &source->dataset;
    source->usable = true;
    if (dataset->column_count == 0) {
        dataset->columns = file->columns;
        dataset->column_count = file->column_count;
    } else {
        merge_columns(source, file);
    }
    dataset->row_count = file->row_count;
    dataset->source.database = file->database;
    strncpy(source->content_hash, file->content_hash, sizeof(source->content_hash) - 1);
    for (size_t i = 0; i < file->note_count; i++)
        add_problem(source, PROBLEM_NOTE, 0, file->notes[i]);
}

/* A document of the operator's own folder may name a file anywhere by its absolute path, as a
 * configuration file does. A document that lies with the data is as hostile as the data. */
static const char *data_root(const struct source *source)
{
    bool free =
        source->is_document && source->is_trusted && source->dataset.source.file_is_absolute;
    return free ? NULL : source->root;
}

bool source_load(struct source *source, const struct catalog_options *options, struct error *err)
{
    struct dataset *dataset = &source->dataset;
    struct load_result file = {0};
    struct error failure = {0};
    if (dataset->source.engine && strcasecmp(dataset->source.engine, "duckdb") != 0) {
        add_problem(source, PROBLEM_ERROR, dataset->source.line,
                    arena_printf(source->arena,
                                 "the engine '%s' reads no files; leave 'engine' "
                                 "out or give a 'table'",
                                 dataset->source.engine));
        source->usable = false;
        return true;
    }
    dataset->source.engine = "duckdb";
    const struct load_request request = {.path = dataset->source.file,
                                         .table = dataset->source.file_table,
                                         .root = data_root(source)};
    if (options->load(options->loop, &request, source->arena, &file, &failure)) {
        take_file(source, &file);
        source->profiled = !file.kept;
        return true;
    }
    source->usable = false;
    return keep_failure(source, source->is_document ? dataset->source.line : 0, &failure, err);
}

void source_finish(struct source *source)
{
    if (!source->usable)
        return;
    source->usable = metadata_check_columns(&source->dataset, &source->problems);
    infer_columns(&source->dataset, source->arena);
}
