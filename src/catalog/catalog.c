/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening a catalog, step by step: list documents and files, take over from the old catalog what
 * did not change, read the other documents, load the files that they and --data name, put all
 * together (assemble.c). A document's file is not a dataset of its own.
 */
#include "catalog/catalog.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "catalog/assemble.h"
#include "catalog/load_queue.h"
#include "catalog/name_map.h"
#include "catalog/source.h"
#include "core/alloc.h"
#include "metadata/folder.h"
#include "store/store.h"

/* A catalog with what keeps it alive. The public part comes first. */
struct snapshot {
    struct catalog catalog;
    atomic_int references;
    struct arena *arena;
    struct source **sources;
    size_t source_count;
    struct problem_list problems;
    size_t listing_problem_count; /* the first of them: about places, not about sources */
};

/* A document or file that was listed. */
struct listed {
    struct metadata_entry entry;          /* "x.sqlite#orders" is one table of a file */
    const struct metadata_driver *driver; /* of a document; NULL: a data file */
    const char *file, *table;             /* of data; table: NULL when the file is one */
    struct source *source;                /* taken over or new; NULL: left out */
    bool is_new;
    bool is_trusted; /* see struct source */
};

struct opening {
    const struct catalog_options *options;
    struct catalog_options effective; /* with defaults filled in */
    const struct snapshot *old;       /* NULL: nothing to take over */
    struct arena *arena;              /* for the time of opening */
    struct snapshot *snapshot;
    struct listed *listed;
    size_t count, capacity;
    const struct dataset **asked; /* of the old catalog: those that options->only names */
    size_t asked_count;
    struct name_map seen; /* signatures: a file is listed once, whatever leads to it */
};

static struct snapshot *snapshot_new(void)
{
    struct snapshot *snapshot = xcalloc(1, sizeof(*snapshot));
    atomic_init(&snapshot->references, 1);
    snapshot->arena = arena_new();
    snapshot->problems.arena = snapshot->arena;
    return snapshot;
}

static void snapshot_free(struct snapshot *snapshot)
{
    for (size_t i = 0; i < snapshot->source_count; i++)
        source_unref(snapshot->sources[i]);
    arena_free(snapshot->arena);
    free(snapshot);
}

/* ---- Listing ---- */

static bool ends_with_any(const char *name, const char *const *endings)
{
    struct str text = str_from(name);
    for (; *endings; endings++) {
        size_t length = strlen(*endings);
        if (text.length > length &&
            str_equal_nocase(str_slice(text, text.length - length, text.length),
                             str_from(*endings)))
            return true;
    }
    return false;
}

static bool is_sqlite_file(const char *name)
{
    static const char *const endings[] = {".sqlite", ".sqlite3", ".db", ".db3", NULL};
    return ends_with_any(name, endings);
}

static bool is_data_file(const char *name)
{
    static const char *const endings[] = {
        ".csv",    ".tsv",    ".tab",    ".parquet", ".pq",       ".json",      ".jsonl",
        ".ndjson", ".csv.gz", ".tsv.gz", ".json.gz", ".jsonl.gz", ".ndjson.gz", NULL};
    return ends_with_any(name, endings) || is_sqlite_file(name);
}

static bool is_data_or_document(const char *name)
{
    return is_data_file(name) || folder_is_document(name);
}

static void place_problem(struct opening *o, enum problem_severity severity, const char *place,
                          const char *message)
{
    struct problem problem = {.path = place, .severity = severity};
    problem_add(&o->snapshot->problems, &problem, "%s", message);
}

static struct listed *add_listed(struct opening *o, const struct metadata_entry *entry,
                                 const struct metadata_driver *driver)
{
    if (!name_map_add(&o->seen, entry->signature, o))
        return NULL;
    o->listed = arena_grow(o->arena, o->listed, o->count, &o->capacity, sizeof(*o->listed));
    o->listed[o->count] = (struct listed){.entry = *entry, .driver = driver};
    return &o->listed[o->count++];
}

TASK_WAITS static bool list_places(struct opening *o, struct error *err)
{
    const struct catalog_options *options = &o->effective;
    const struct metadata_driver *driver = metadata_driver_find(options->metadata_driver, err);
    if (!driver)
        return false;
    for (size_t i = 0; i < options->metadata_place_count; i++) {
        struct metadata_entries entries = {0};
        struct error failure = {0};
        const char *place = options->metadata_places[i];
        if (!metadata_list(driver, place, o->arena, &entries, &o->snapshot->problems, &failure)) {
            if (!task_check(err))
                return false;
            place_problem(o, failure.code == ERROR_NOT_FOUND ? PROBLEM_NOTE : PROBLEM_ERROR, place,
                          failure.message);
        }
        for (size_t j = 0; j < entries.count; j++) {
            struct listed *listed = add_listed(o, &entries.items[j], driver);
            if (listed)
                listed->is_trusted = true;
        }
    }
    return true;
}

struct walk_job {
    struct opening *opening;
    struct metadata_entries entries;
    struct error *err;
    bool done;
};

/* Other programs call their files .db as well; and a store of this program, which may lie in a
 * folder of data when QUERENT_HOME was there, holds questions and not data. The header tells
 * (sqlite.org/fileformat.html, section 1.3): the magic, and the application id at byte 68. */
static bool holds_sqlite_data(const char *path)
{
    unsigned char header[72] = {0};
    FILE *file = fopen(path, "rbe");
    bool whole = file && fread(header, 1, sizeof(header), file) == sizeof(header);
    if (file)
        fclose(file);
    uint32_t application = (uint32_t)header[68] << 24 | (uint32_t)header[69] << 16 |
                           (uint32_t)header[70] << 8 | header[71];
    return whole && memcmp(header, "SQLite format 3", 16) == 0 &&
           application != STORE_APPLICATION_ID;
}

/* Takes out files of a folder that only seem to be data; one that somebody named stays, so that
 * it is said what is wrong with it. */
static void drop_foreign_files(struct metadata_entries *entries, size_t first)
{
    size_t kept = first;
    for (size_t i = first; i < entries->count; i++)
        if (!is_sqlite_file(entries->items[i].path) || holds_sqlite_data(entries->items[i].path))
            entries->items[kept++] = entries->items[i];
    entries->count = kept;
}

static void run_walk(void *arg)
{
    struct walk_job *job = arg;
    struct opening *o = job->opening;
    job->done = true;
    for (size_t i = 0; job->done && i < o->options->data_path_count; i++) {
        const char *path = o->options->data_paths[i];
        size_t first = job->entries.count;
        job->done = folder_walk(path, is_data_or_document, o->arena, &job->entries,
                                &o->snapshot->problems, job->err);
        bool folder =
            job->entries.count != first + 1 || strcmp(job->entries.items[first].path, path) != 0;
        if (folder)
            drop_foreign_files(&job->entries, first);
    }
}

static void add_file(struct opening *o, const struct metadata_entry *entry, const char *table)
{
    struct metadata_entry own = *entry;
    if (table) {
        own.path = arena_printf(o->arena, "%s#%s", entry->path, table);
        own.signature = arena_printf(o->arena, "%s/%s", entry->signature, table);
    }
    struct listed *listed = add_listed(o, &own, NULL);
    if (listed) {
        listed->file = entry->path;
        listed->table = table;
    }
}

/* Each table of a SQLite file is data of its own. */
TASK_WAITS static bool add_tables(struct opening *o, const struct metadata_entry *entry,
                                  struct error *err)
{
    const char *const *tables = NULL;
    size_t count = 0;
    struct error failure = {0};
    if (!load_sqlite_tables(entry->path, o->arena, &tables, &count, &failure)) {
        place_problem(o, PROBLEM_ERROR, entry->path, failure.message);
        return task_check(err);
    }
    for (size_t i = 0; i < count; i++)
        add_file(o, entry, tables[i]);
    return true;
}

TASK_WAITS static bool add_data(struct opening *o, const struct metadata_entry *entry,
                                struct error *err)
{
    if (folder_is_document(entry->path))
        (void)add_listed(o, entry, &folder_driver);
    else if (is_sqlite_file(entry->path))
        return add_tables(o, entry, err);
    else
        add_file(o, entry, NULL);
    return true;
}

/* More than can be read are left out, and that is said. */
static void check_limits(struct opening *o)
{
    size_t files = 0, kept = 0;
    for (size_t i = 0; i < o->count; i++) {
        files += !o->listed[i].driver;
        if (kept < CATALOG_DATASETS_MAX && (o->listed[i].driver || files <= CATALOG_DATA_FILES_MAX))
            o->listed[kept++] = o->listed[i];
    }
    if (kept < o->count)
        place_problem(o, PROBLEM_WARNING, NULL,
                      arena_printf(o->arena,
                                   "%zu %s left out: at most %d and %d are read", o->count - kept,
                                   plural(o->count - kept, "document or data file is",
                                          "documents or data files are"),
                                   CATALOG_DATASETS_MAX, CATALOG_DATA_FILES_MAX));
    o->count = kept;
}

TASK_WAITS static bool list_data(struct opening *o, struct error *err)
{
    struct walk_job job = {.opening = o, .err = err};
    if (!task_offload(run_walk, &job, err) || !job.done)
        return false;
    for (size_t i = 0; i < job.entries.count; i++)
        if (!add_data(o, &job.entries.items[i], err))
            return false;
    check_limits(o);
    o->snapshot->listing_problem_count = o->snapshot->problems.count;
    return true;
}

/* ---- Taking over and reading ---- */

/* The datasets that options->only names: a file's id is made up when all is put together, so that the
 * catalog knows it and its source does not. */
static void find_asked(struct opening *o)
{
    const struct catalog_options *options = o->options;
    o->asked = arena_array(o->arena, options->only_count, sizeof(*o->asked));
    for (size_t i = 0; i < options->only_count; i++) {
        const struct dataset *dataset = catalog_find(&o->old->catalog, options->only[i]);
        if (dataset)
            o->asked[o->asked_count++] = dataset;
    }
}

static bool is_of(const struct dataset *dataset, const struct source *source)
{
    const struct data_source *data = &dataset->source, *own = &source->dataset.source;
    if (source->is_document || dataset->document)
        return source->is_document && dataset->document && strcmp(dataset->document, source->path) == 0;
    return strcmp(data->file, own->file) == 0 &&
           (data->file_table && own->file_table ? strcmp(data->file_table, own->file_table) == 0
                                                : data->file_table == own->file_table);
}

static bool is_asked_for(const struct opening *o, const struct source *source)
{
    /* One that failed gave no dataset that could be named. */
    bool asked = !o->options->only || !source->usable;
    for (size_t i = 0; !asked && i < o->asked_count; i++)
        asked = is_of(o->asked[i], source);
    return asked;
}

static bool stays(const struct opening *o, const struct source *source,
                  const struct metadata_entry *entry)
{
    if (!is_asked_for(o, source))
        return true;
    return !o->options->anew && source_is_current(source, entry);
}

static void run_take_over(void *arg)
{
    struct opening *o = arg;
    struct name_map by_path = {.arena = o->arena};
    find_asked(o);
    for (size_t i = 0; i < o->old->source_count; i++)
        (void)name_map_add(&by_path, o->old->sources[i]->path, o->old->sources[i]);
    for (size_t i = 0; i < o->count; i++) {
        struct listed *listed = &o->listed[i];
        struct source *source = name_map_get(&by_path, listed->entry.path);
        if (source && source->is_document == (listed->driver != NULL) &&
            stays(o, source, &listed->entry))
            listed->source = source_ref(source);
    }
}

TASK_WAITS static bool read_documents(struct opening *o, struct error *err)
{
    for (size_t i = 0; i < o->count; i++) {
        struct listed *listed = &o->listed[i];
        if (!listed->driver || listed->source)
            continue;
        listed->source = source_new_document(&listed->entry, listed->is_trusted);
        listed->is_new = true;
        if (!source_read(listed->source, listed->driver, err))
            return false;
    }
    return true;
}

/* Data files become sources unless a document describes them. */
static void add_files(struct opening *o)
{
    struct name_map described = {.arena = o->arena};
    for (size_t i = 0; i < o->count; i++) {
        const struct source *source = o->listed[i].driver ? o->listed[i].source : NULL;
        if (source && source->data_signature)
            (void)name_map_add(&described, source->data_signature, o);
    }
    for (size_t i = 0; i < o->count; i++) {
        struct listed *listed = &o->listed[i];
        if (listed->driver)
            continue;
        if (name_map_get(&described, listed->entry.signature)) {
            source_unref(listed->source);
            listed->source = NULL;
        } else if (!listed->source) {
            listed->source = source_new_file(&listed->entry, listed->file, listed->table);
            listed->is_new = true;
        }
    }
}

TASK_WAITS static bool load_files(struct opening *o, struct error *err)
{
    struct source **sources = arena_array(o->arena, o->count, sizeof(*sources));
    size_t count = 0;
    o->effective.settled = 0;
    for (size_t i = 0; i < o->count; i++) {
        if (o->listed[i].is_new && source_has_file(o->listed[i].source))
            sources[count++] = o->listed[i].source;
        else if (o->listed[i].source)
            o->effective.settled++;
    }
    return count == 0 || load_sources(sources, count, &o->effective, err);
}

/* ---- Putting together ---- */

static void count_work(struct catalog_work *work, const struct source *source)
{
    work->documents_read += source->is_document;
    work->files_loaded += source_has_file(source);
    work->files_profiled += source->profiled;
}

static void run_assemble(void *arg)
{
    struct opening *o = arg;
    struct snapshot *snapshot = o->snapshot;
    for (size_t i = 0; i < o->count; i++)
        if (o->listed[i].source && o->listed[i].is_new) {
            count_work(&snapshot->catalog.work, o->listed[i].source);
            source_finish(o->listed[i].source);
        }
    assemble_catalog(&snapshot->catalog, snapshot->sources, snapshot->source_count, snapshot->arena,
                     &snapshot->problems);
}

/* The snapshot takes the references. */
static void move_sources(struct opening *o)
{
    struct snapshot *snapshot = o->snapshot;
    snapshot->sources = arena_array(snapshot->arena, o->count, sizeof(*snapshot->sources));
    for (size_t i = 0; i < o->count; i++)
        if (o->listed[i].source)
            snapshot->sources[snapshot->source_count++] = o->listed[i].source;
}

static bool is_unchanged(const struct opening *o)
{
    const struct snapshot *old = o->old, *new = o->snapshot;
    if (!old || old->source_count != new->source_count ||
        old->listing_problem_count != new->listing_problem_count)
        return false;
    for (size_t i = 0; i < new->source_count; i++)
        if (old->sources[i] != new->sources[i])
            return false;
    return true;
}

TASK_WAITS static bool gather(struct opening *o, struct error *err)
{
    if (!list_places(o, err) || !list_data(o, err))
        return false;
    if (o->old && !task_offload(run_take_over, o, err))
        return false;
    if (!read_documents(o, err))
        return false;
    add_files(o);
    return load_files(o, err);
}

TASK_WAITS static bool finish(struct opening *o, struct error *err)
{
    struct snapshot *snapshot = o->snapshot;
    if (!task_offload(run_assemble, o, err))
        return false;
    snapshot->catalog.problems = snapshot->problems.items;
    snapshot->catalog.problem_count = snapshot->problems.count;
    snapshot->catalog.error_count = snapshot->problems.error_count;
    return true;
}

TASK_WAITS static struct catalog *
open_snapshot(struct snapshot *old, const struct catalog_options *options, struct error *err)
{
    struct opening o = {.options = options,
                        .effective = *options,
                        .old = old,
                        .arena = arena_new(),
                        .snapshot = snapshot_new()};
    if (!o.effective.metadata_driver)
        o.effective.metadata_driver = "folder";
    if (!o.effective.load)
        o.effective.load = load_data;
    o.seen.arena = o.arena;
    bool gathered = gather(&o, err);
    move_sources(&o);
    bool unchanged = gathered && is_unchanged(&o);
    bool finished = gathered && (unchanged || finish(&o, err));
    arena_free(o.arena);
    if (finished && !unchanged)
        return &o.snapshot->catalog;
    snapshot_free(o.snapshot);
    return finished ? catalog_ref(&old->catalog) : NULL;
}

static struct snapshot *snapshot_of(struct catalog *catalog)
{
    return (struct snapshot *)(void *)catalog; /* its first member */
}

struct catalog *catalog_open(const struct catalog_options *options, struct error *err)
{
    return open_snapshot(NULL, options, err);
}

struct catalog *catalog_refresh(struct catalog *old, const struct catalog_options *options,
                                struct error *err)
{
    return open_snapshot(snapshot_of(old), options, err);
}

struct catalog *catalog_ref(struct catalog *catalog)
{
    atomic_fetch_add(&snapshot_of(catalog)->references, 1);
    return catalog;
}

void catalog_unref(struct catalog *catalog)
{
    if (catalog && atomic_fetch_sub(&snapshot_of(catalog)->references, 1) == 1)
        snapshot_free(snapshot_of(catalog));
}

static int compare_id(const void *id, const void *dataset)
{
    return strcmp(id, ((const struct dataset *)dataset)->id);
}

const struct dataset *catalog_find(const struct catalog *catalog, const char *id)
{
    return catalog->dataset_count == 0 ? NULL
                                       : bsearch(id, catalog->datasets, catalog->dataset_count,
                                                 sizeof(*catalog->datasets), compare_id);
}

bool catalog_require_datasets(const struct catalog *catalog, struct error *err)
{
    if (catalog->dataset_count > 0)
        return true;
    if (catalog->error_count > 0)
        return error_set(err, ERROR_CONFIG,
                         "there is nothing to ask about: each document or data "
                         "file has an error (listed above or by 'querent "
                         "datasets')");
    return error_set(err, ERROR_CONFIG,
                     "there is nothing to ask about; name a data file, or a folder that holds "
                     "some, with --data FILE, or put metadata documents into the folder that "
                     "QUERENT_METADATA_DIR names");
}
