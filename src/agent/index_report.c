/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/index_report.h"

#include <stdlib.h>
#include <string.h>

#include "core/json.h"

static const char *const names[INDEX_CHANGES] = {
    [INDEX_FAILED] = "failed",   [INDEX_ADDED] = "added",         [INDEX_CHANGED] = "changed",
    [INDEX_REMOVED] = "removed", [INDEX_UNCHANGED] = "unchanged",
};

const char *index_change_name(enum index_change change)
{
    return names[change];
}

struct making {
    struct index_report *report;
    const struct catalog *before, *after;
    size_t capacity;
    struct arena *arena;
};

static void add(struct making *making, const struct index_item *item)
{
    struct index_report *report = making->report;
    report->items = arena_grow(making->arena, report->items, report->count, &making->capacity,
                               sizeof(*report->items));
    report->items[report->count++] = *item;
    report->counts[item->change]++;
}

static const char *path_of(const struct dataset *dataset)
{
    return dataset->document ? dataset->document : dataset->source.file;
}

/* The dataset that the file gave before, or NULL. */
static const struct dataset *find_by_path(const struct catalog *catalog, const char *path)
{
    for (size_t i = 0; path && i < catalog->dataset_count; i++) {
        const char *other = path_of(&catalog->datasets[i]);
        if (other && strcmp(other, path) == 0)
            return &catalog->datasets[i];
    }
    return NULL;
}

static void add_failed(struct making *making)
{
    for (size_t i = 0; i < making->after->problem_count; i++) {
        const struct problem *problem = &making->after->problems[i];
        if (problem->severity != PROBLEM_ERROR)
            continue;
        const struct dataset *was = find_by_path(making->before, problem->path);
        add(making, &(struct index_item){
                        .change = INDEX_FAILED,
                        .dataset_id = was ? was->id : NULL,
                        .path = problem->path,
                        .line = problem->line,
                        .column = problem->column,
                        .message = problem->message,
                    });
    }
}

/* Of the first that failed; a dataset that is gone because of them was not removed. */
static bool has_failed(const struct making *making, const char *id)
{
    for (size_t i = 0; i < making->report->counts[INDEX_FAILED]; i++) {
        const char *failed = making->report->items[i].dataset_id;
        if (failed && strcmp(failed, id) == 0)
            return true;
    }
    return false;
}

static void add_datasets(struct making *making, const struct catalog *of, enum index_change wanted)
{
    const struct catalog *other = of == making->after ? making->before : making->after;
    for (size_t i = 0; i < of->dataset_count; i++) {
        const struct dataset *dataset = &of->datasets[i];
        const struct dataset *match = catalog_find(other, dataset->id);
        enum index_change change = INDEX_UNCHANGED;
        if (!match)
            change = of == making->after ? INDEX_ADDED : INDEX_REMOVED;
        else if (strcmp(match->version, dataset->version) != 0)
            change = INDEX_CHANGED;
        if (change == wanted && !(change == INDEX_REMOVED && has_failed(making, dataset->id)))
            add(making, &(struct index_item){.change = change,
                                             .dataset_id = dataset->id,
                                             .path = path_of(dataset)});
    }
}

struct index_report index_report_make(const struct knowledge *before, const struct knowledge *after,
                                      struct arena *arena)
{
    struct index_report report = {0};
    struct making making = {&report, before->catalog, after->catalog, 0, arena};
    if (before != after) {
        report.work = after->catalog->work;
        report.embeddings_made = after->embeddings_made;
    }
    add_failed(&making);
    add_datasets(&making, after->catalog, INDEX_ADDED);
    add_datasets(&making, after->catalog, INDEX_CHANGED);
    add_datasets(&making, before->catalog, INDEX_REMOVED);
    add_datasets(&making, after->catalog, INDEX_UNCHANGED);
    return report;
}

bool index_report_has_changes(const struct index_report *report)
{
    return report->counts[INDEX_ADDED] + report->counts[INDEX_CHANGED] +
               report->counts[INDEX_REMOVED] >
           0;
}

static void add_item(const struct index_item *item, struct strbuf *json)
{
    json_add_separator(json);
    strbuf_add_char(json, '{');
    json_add_key(json, "dataset_id");
    json_add_text(json, item->dataset_id);
    json_add_key(json, "outcome");
    json_add_text(json, names[item->change]);
    json_add_key(json, "path");
    json_add_text(json, item->path);
    if (item->change == INDEX_FAILED) {
        json_add_key(json, "line");
        json_add_integer(json, item->line);
        json_add_key(json, "column");
        json_add_integer(json, item->column);
        json_add_key(json, "message");
        json_add_text(json, item->message);
    }
    strbuf_add_char(json, '}');
}

void index_report_json(const struct index_report *report, struct strbuf *json)
{
    const struct {
        const char *name;
        size_t count;
    } costs[] = {{"documents_read", report->work.documents_read},
                 {"files_loaded", report->work.files_loaded},
                 {"files_profiled", report->work.files_profiled},
                 {"embeddings_made", report->embeddings_made}};
    size_t told = report->count < INDEX_ITEMS_MAX ? report->count : INDEX_ITEMS_MAX;
    strbuf_add_char(json, '{');
    for (enum index_change change = 0; change < INDEX_CHANGES; change++) {
        json_add_key(json, names[change]);
        json_add_integer(json, (int64_t)report->counts[change]);
    }
    for (size_t i = 0; i < sizeof(costs) / sizeof(costs[0]); i++) {
        json_add_key(json, costs[i].name);
        json_add_integer(json, (int64_t)costs[i].count);
    }
    json_add_key(json, "datasets");
    strbuf_add_char(json, '[');
    for (size_t i = 0; i < told; i++)
        add_item(&report->items[i], json);
    strbuf_add_char(json, ']');
    json_add_key(json, "datasets_left_out");
    json_add_integer(json, (int64_t)(report->count - told));
    strbuf_add_char(json, '}');
}
