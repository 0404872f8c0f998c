/* SPDX-License-Identifier: Apache-2.0 */
#include "metadata/metadata.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "metadata/folder.h"
#include "metadata/metadata_priv.h"
#include "metadata/yaml.h"

/* Limits of texts in bytes and of lists in items. */
enum {
    NAME_MAX_BYTES = 255,
    LINE_MAX_BYTES = 500,
    TEXT_MAX_BYTES = 20000,
    EXPRESSION_MAX_BYTES = 4000,
    SQL_MAX_BYTES = 20000,
    PATH_MAX_BYTES = 4000,
    SYNONYMS_MAX = 200,
    VALUES_MAX = 500,
    METRICS_MAX = 500,
    RELATIONSHIPS_MAX = 200,
    VERIFIED_MAX = 5000,
    VARIANTS_MAX = 100,
    ACCESS_NAMES_MAX = 1000,
};

static const struct choice roles[] = {
    {"time", ROLE_TIME},       {"dimension", ROLE_DIMENSION},
    {"measure", ROLE_MEASURE}, {"metric", ROLE_MEASURE},
    {"key", ROLE_KEY},         {NULL, 0},
};

static const struct choice aggregations[] = {
    {"sum", 1}, {"avg", 2},   {"average", 2},        {"mean", 2}, {"min", 3},
    {"max", 4}, {"count", 5}, {"count_distinct", 6}, {NULL, 0},
};

static const struct choice relationship_kinds[] = {
    {"many_to_one", RELATIONSHIP_MANY_TO_ONE},
    {"many-to-one", RELATIONSHIP_MANY_TO_ONE},
    {"one_to_many", RELATIONSHIP_ONE_TO_MANY},
    {"one-to-many", RELATIONSHIP_ONE_TO_MANY},
    {"one_to_one", RELATIONSHIP_ONE_TO_ONE},
    {"one-to-one", RELATIONSHIP_ONE_TO_ONE},
    {NULL, 0},
};

static const struct choice weekdays[] = {
    {"monday", 1},    {"mon", 1}, {"1", 1}, {"tuesday", 2},  {"tue", 2}, {"2", 2},
    {"wednesday", 3}, {"wed", 3}, {"3", 3}, {"thursday", 4}, {"thu", 4}, {"4", 4},
    {"friday", 5},    {"fri", 5}, {"5", 5}, {"saturday", 6}, {"sat", 6}, {"6", 6},
    {"sunday", 7},    {"sun", 7}, {"7", 7}, {NULL, 0},
};

static const struct choice months[] = {
    {"january", 1}, {"jan", 1}, {"1", 1},         {"february", 2}, {"feb", 2}, {"2", 2},
    {"march", 3},   {"mar", 3}, {"3", 3},         {"april", 4},    {"apr", 4}, {"4", 4},
    {"may", 5},     {"5", 5},   {"june", 6},      {"jun", 6},      {"6", 6},   {"july", 7},
    {"jul", 7},     {"7", 7},   {"august", 8},    {"aug", 8},      {"8", 8},   {"september", 9},
    {"sep", 9},     {"9", 9},   {"october", 10},  {"oct", 10},     {"10", 10}, {"november", 11},
    {"nov", 11},    {"11", 11}, {"december", 12}, {"dec", 12},     {"12", 12}, {NULL, 0},
};

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static const struct field column_fields[] = {
    {"name", FIELD_NAME, true, offsetof(struct column, name), NAME_MAX_BYTES},
    {"type", FIELD_LINE, false, offsetof(struct column, type), LINE_MAX_BYTES},
    {"label", FIELD_LINE, false, offsetof(struct column, label), NAME_MAX_BYTES},
    {"description", FIELD_TEXT, false, offsetof(struct column, description), TEXT_MAX_BYTES},
    {"synonyms", FIELD_LINES, false, offsetof(struct column, synonyms), NAME_MAX_BYTES,
     SYNONYMS_MAX},
    {"role", FIELD_CHOICE, false, offsetof(struct column, role), .choices = roles},
    {"unit", FIELD_LINE, false, offsetof(struct column, unit), NAME_MAX_BYTES},
    {"sample_values", FIELD_VALUES, false, offsetof(struct column, sample_values), LINE_MAX_BYTES,
     VALUES_MAX},
    {"default_aggregation", FIELD_WORD, false, offsetof(struct column, default_aggregation),
     .choices = aggregations},
};
const struct record metadata_column_record = {
    "column",
    column_fields,
    COUNT_OF(column_fields),
    sizeof(struct column),
    .extra_offset = offsetof(struct column, extra),
    .line_offset = offsetof(struct column, line),
    .unique_offset = offsetof(struct column, name),
};

static const struct field metric_fields[] = {
    {"name", FIELD_LINE, true, offsetof(struct metric, name), NAME_MAX_BYTES},
    {"expression", FIELD_TEXT, true, offsetof(struct metric, expression), EXPRESSION_MAX_BYTES},
    {"description", FIELD_TEXT, false, offsetof(struct metric, description), TEXT_MAX_BYTES},
    {"unit", FIELD_LINE, false, offsetof(struct metric, unit), NAME_MAX_BYTES},
    {"synonyms", FIELD_LINES, false, offsetof(struct metric, synonyms), NAME_MAX_BYTES,
     SYNONYMS_MAX},
};
static const struct record metric_record = {
    "metric",
    metric_fields,
    COUNT_OF(metric_fields),
    sizeof(struct metric),
    .extra_offset = offsetof(struct metric, extra),
    .line_offset = offsetof(struct metric, line),
    .unique_offset = offsetof(struct metric, name),
};

static const struct field filter_fields[] = {
    {"name", FIELD_LINE, true, offsetof(struct named_filter, name), NAME_MAX_BYTES},
    {"expression", FIELD_TEXT, true, offsetof(struct named_filter, expression),
     EXPRESSION_MAX_BYTES},
    {"description", FIELD_TEXT, false, offsetof(struct named_filter, description), TEXT_MAX_BYTES},
    {"synonyms", FIELD_LINES, false, offsetof(struct named_filter, synonyms), NAME_MAX_BYTES,
     SYNONYMS_MAX},
};
static const struct record filter_record = {
    "filter",
    filter_fields,
    COUNT_OF(filter_fields),
    sizeof(struct named_filter),
    .extra_offset = offsetof(struct named_filter, extra),
    .line_offset = offsetof(struct named_filter, line),
    .unique_offset = offsetof(struct named_filter, name),
};

static const struct field relationship_fields[] = {
    {"name", FIELD_LINE, false, offsetof(struct relationship, name), NAME_MAX_BYTES},
    {"column", FIELD_NAME, true, offsetof(struct relationship, column), NAME_MAX_BYTES},
    {"dataset", FIELD_LINE, true, offsetof(struct relationship, dataset_id), NAME_MAX_BYTES},
    {"other_column", FIELD_NAME, false, offsetof(struct relationship, other_column),
     NAME_MAX_BYTES},
    {"kind", FIELD_CHOICE, false, offsetof(struct relationship, kind),
     .choices = relationship_kinds},
};
static const struct record relationship_record = {
    "relationship",
    relationship_fields,
    COUNT_OF(relationship_fields),
    sizeof(struct relationship),
    .extra_offset = offsetof(struct relationship, extra),
    .line_offset = offsetof(struct relationship, line),
    .unique_offset = NO_OFFSET,
};

static const struct field verified_fields[] = {
    {"question", FIELD_TEXT, true, offsetof(struct verified_query, question), EXPRESSION_MAX_BYTES},
    {"variants", FIELD_LINES, false, offsetof(struct verified_query, variants),
     EXPRESSION_MAX_BYTES, VARIANTS_MAX},
    {"sql", FIELD_TEXT, true, offsetof(struct verified_query, sql), SQL_MAX_BYTES},
    {"slots", FIELD_JSON_MAP, false, offsetof(struct verified_query, slots)},
    {"owner", FIELD_LINE, false, offsetof(struct verified_query, owner), NAME_MAX_BYTES},
    {"date", FIELD_DATE, false, offsetof(struct verified_query, date), NAME_MAX_BYTES},
};
static const struct record verified_record = {
    "verified query",
    verified_fields,
    COUNT_OF(verified_fields),
    sizeof(struct verified_query),
    .extra_offset = offsetof(struct verified_query, extra),
    .line_offset = offsetof(struct verified_query, line),
    .unique_offset = NO_OFFSET,
};

static const struct field source_fields[] = {
    {"engine", FIELD_LINE, false, offsetof(struct data_source, engine), NAME_MAX_BYTES},
    {"table", FIELD_LINE, false, offsetof(struct data_source, table), NAME_MAX_BYTES},
    {"file", FIELD_NAME, false, offsetof(struct data_source, file), PATH_MAX_BYTES},
};
static const struct record source_record = {
    "source",
    source_fields,
    COUNT_OF(source_fields),
    sizeof(struct data_source),
    .unknown_keys = UNKNOWN_KEYS_WARNED,
    .line_offset = offsetof(struct data_source, line),
    .unique_offset = NO_OFFSET,
};

static const struct field calendar_fields[] = {
    {"time_zone", FIELD_LINE, false, offsetof(struct calendar, time_zone), NAME_MAX_BYTES},
    {"week_start", FIELD_CHOICE, false, offsetof(struct calendar, week_start), .choices = weekdays},
    {"fiscal_year_start", FIELD_CHOICE, false, offsetof(struct calendar, fiscal_year_start),
     .choices = months},
    {"reference_date", FIELD_DATE, false, offsetof(struct calendar, reference_date),
     NAME_MAX_BYTES},
};
static const struct record calendar_record = {
    "calendar",
    calendar_fields,
    COUNT_OF(calendar_fields),
    sizeof(struct calendar),
    .unknown_keys = UNKNOWN_KEYS_WARNED,
    .line_offset = NO_OFFSET,
    .unique_offset = NO_OFFSET,
};

static const struct field access_fields[] = {
    {"roles", FIELD_LINES, false, offsetof(struct access_rules, roles), NAME_MAX_BYTES,
     ACCESS_NAMES_MAX},
    {"users", FIELD_LINES, false, offsetof(struct access_rules, users), NAME_MAX_BYTES,
     ACCESS_NAMES_MAX},
    {"rows", FIELD_TEXT, false, offsetof(struct access_rules, rows), EXPRESSION_MAX_BYTES},
    {"hidden", FIELD_VALUES, false, offsetof(struct access_rules, hidden), NAME_MAX_BYTES,
     DATASET_COLUMNS_MAX},
    {"mask", FIELD_JSON_MAP, false, offsetof(struct access_rules, mask)},
    {"mask_model", FIELD_VALUES, false, offsetof(struct access_rules, mask_model), NAME_MAX_BYTES,
     DATASET_COLUMNS_MAX},
    {"min_group", FIELD_INTEGER, false, offsetof(struct access_rules, min_group), INT_MAX},
};
static const struct record access_record = {
    "set of access rules",
    access_fields,
    COUNT_OF(access_fields),
    sizeof(struct access_rules),
    .unknown_keys = UNKNOWN_KEYS_REFUSED,
    .line_offset = NO_OFFSET,
    .unique_offset = NO_OFFSET,
};

static const struct field dataset_fields[] = {
    {"dataset_id", FIELD_LINE, false, offsetof(struct dataset, id), NAME_MAX_BYTES},
    {"table_name", FIELD_LINE, true, offsetof(struct dataset, table_name), NAME_MAX_BYTES},
    {"title", FIELD_LINE, false, offsetof(struct dataset, title), LINE_MAX_BYTES},
    {"description", FIELD_TEXT, false, offsetof(struct dataset, description), TEXT_MAX_BYTES},
    {"grain", FIELD_LINE, false, offsetof(struct dataset, grain), LINE_MAX_BYTES},
    {"synonyms", FIELD_LINES, false, offsetof(struct dataset, synonyms), NAME_MAX_BYTES,
     SYNONYMS_MAX},
    {"source", FIELD_RECORD, false, offsetof(struct dataset, source), .record = &source_record},
    {"columns", FIELD_RECORDS, false, offsetof(struct dataset, columns), DATASET_COLUMNS_MAX,
     .count_offset = offsetof(struct dataset, column_count), .record = &metadata_column_record},
    {"metrics", FIELD_RECORDS, false, offsetof(struct dataset, metrics), METRICS_MAX,
     .count_offset = offsetof(struct dataset, metric_count), .record = &metric_record},
    {"filters", FIELD_RECORDS, false, offsetof(struct dataset, filters), METRICS_MAX,
     .count_offset = offsetof(struct dataset, filter_count), .record = &filter_record},
    {"relationships", FIELD_RECORDS, false, offsetof(struct dataset, relationships),
     RELATIONSHIPS_MAX, .count_offset = offsetof(struct dataset, relationship_count),
     .record = &relationship_record},
    {"verified_queries", FIELD_RECORDS, false, offsetof(struct dataset, verified_queries),
     VERIFIED_MAX, .count_offset = offsetof(struct dataset, verified_query_count),
     .record = &verified_record},
    {"instructions", FIELD_TEXT, false, offsetof(struct dataset, instructions), TEXT_MAX_BYTES},
    {"calendar", FIELD_RECORD, false, offsetof(struct dataset, calendar),
     .record = &calendar_record},
    {"access", FIELD_RECORD, false, offsetof(struct dataset, access), .record = &access_record},
};
const struct record metadata_dataset_record = {
    "dataset",
    dataset_fields,
    COUNT_OF(dataset_fields),
    sizeof(struct dataset),
    .extra_offset = offsetof(struct dataset, extra),
    .line_offset = NO_OFFSET,
    .unique_offset = NO_OFFSET,
};

/* The path of source.file: relative ones start at the document's folder. Where it may lead is
 * checked when the file is opened. */
static const char *resolve_file(struct arena *arena, const char *document, const char *file)
{
    if (file[0] == '/')
        return file;
    const char *slash = strrchr(document, '/');
    const char *folder = slash ? arena_strndup(arena, document, (size_t)(slash - document)) : ".";
    char *absolute = realpath(slash == document ? "/" : folder, NULL);
    const char *start = absolute ? absolute : folder;
    const char *path = arena_printf(arena, "%s/%s", strcmp(start, "/") == 0 ? "" : start, file);
    free(absolute);
    return path;
}

static void problem_at(struct problem_list *problems, const struct dataset *dataset,
                       enum problem_severity severity, int line, const char *message)
{
    struct problem place = {
        .path = dataset->document, .line = line, .column = line > 0 ? 1 : 0, .severity = severity};
    problem_add(problems, &place, "%s", message);
}

/* Zone names become file names below the system's zone folder: nothing may lead out of it. */
static bool is_zone_name(const char *zone)
{
    if (!char_is_alpha(zone[0]))
        return false;
    for (const char *c = zone; *c; c++)
        if (!char_is_alnum(*c) && !strchr("_+-/", *c))
            return false;
    return true;
}

/* What the fields need of each other. */
static void complete(struct dataset *dataset, const struct yaml_node *root, struct arena *arena,
                     struct problem_list *problems)
{
    if (!dataset->id)
        dataset->id = dataset->table_name;
    if (dataset->source.file) {
        dataset->source.file_is_absolute = dataset->source.file[0] == '/';
        dataset->source.file = resolve_file(arena, dataset->document, dataset->source.file);
    }
    if (dataset->source.file && dataset->source.table) {
        dataset->source.file_table = dataset->source.table;
        dataset->source.table = NULL;
    }
    if (dataset->column_count == 0 && !dataset->source.file)
        problem_at(problems, dataset, PROBLEM_ERROR, root->line,
                   "a dataset needs 'columns', unless its source is a file");
    for (size_t i = 0; i < dataset->column_count; i++) {
        struct column *column = &dataset->columns[i];
        if (column->type)
            column->kind = value_kind_from_type(column->type);
        else if (!dataset->source.file && column->name)
            problem_at(problems, dataset, PROBLEM_ERROR, column->line,
                       arena_printf(arena, "column '%s' needs a 'type'", column->name));
    }
    for (size_t i = 0; i < dataset->relationship_count; i++)
        if (!dataset->relationships[i].other_column)
            dataset->relationships[i].other_column = dataset->relationships[i].column;
    const char *zone = dataset->calendar.time_zone;
    if (zone && !is_zone_name(zone))
        problem_at(problems, dataset, PROBLEM_ERROR, 0,
                   arena_printf(arena,
                                "'time_zone' of a calendar is '%s'; it must be a name such "
                                "as Europe/Berlin",
                                zone));
}

/* The first error, as one sentence. */
static bool first_error(const struct problem_list *problems, size_t from, struct error *err)
{
    for (size_t i = from; i < problems->count; i++) {
        const struct problem *problem = &problems->items[i];
        if (problem->severity != PROBLEM_ERROR)
            continue;
        if (problem->line > 0)
            return error_set(err, ERROR_METADATA, "%s:%d:%d: %s", problem->path, problem->line,
                             problem->column, problem->message);
        return error_set(err, ERROR_METADATA, "%s: %s", problem->path, problem->message);
    }
    return error_set(err, ERROR_METADATA, "the document has errors");
}

/* Reads into *tree what is only needed while the document is parsed. */
static bool parse_tree(struct str bytes, struct arena *tree, struct record_reader *reader,
                       struct dataset *dataset)
{
    struct yaml_node *root;
    struct yaml_fault fault;
    struct error reason = {0};
    size_t errors = reader->problems->error_count;
    if (!yaml_read(bytes, tree, &root, &fault, &reason)) {
        struct problem place = {.path = reader->path, .line = fault.line, .column = fault.column};
        problem_add(reader->problems, &place, "%s", reason.message);
        return false;
    }
    if (root->kind != YAML_MAP) {
        struct problem place = {.path = reader->path, .line = root->line, .column = root->column};
        problem_add(reader->problems, &place,
                    "a document must be a map with 'table_name' and 'columns', not %s",
                    yaml_kind_name(root));
        return false;
    }
    record_read(reader, &metadata_dataset_record, root, dataset);
    if (reader->problems->error_count == errors)
        complete(dataset, root, reader->arena, reader->problems);
    return reader->problems->error_count == errors;
}

bool metadata_parse(struct str bytes, const char *path, struct arena *arena, struct dataset *out,
                    struct problem_list *problems, struct error *err)
{
    size_t first = problems->count;
    struct dataset dataset = {.document = arena_strdup(arena, path), .row_count = -1};
    struct record_reader reader = {arena, dataset.document, problems};
    struct arena *tree = arena_new();
    bool parsed = parse_tree(bytes, tree, &reader, &dataset);
    arena_free(tree);
    if (!parsed)
        return first_error(problems, first, err);
    *out = dataset;
    return true;
}

static bool check_access_name(const struct dataset *dataset, const char *key, const char *name,
                              struct problem_list *problems)
{
    if (dataset_column(dataset, name))
        return true;
    problem_at(problems, dataset, PROBLEM_ERROR, 0,
               arena_printf(problems->arena,
                            "access: '%s' names the column '%s', which does not "
                            "exist",
                            key, name));
    return false;
}

static bool check_access(const struct dataset *dataset, struct problem_list *problems)
{
    const struct access_rules *access = &dataset->access;
    bool good = true;
    for (size_t i = 0; i < access->hidden.count; i++)
        good &= check_access_name(dataset, "hidden", access->hidden.items[i], problems);
    for (size_t i = 0; i < access->mask_model.count; i++)
        good &= check_access_name(dataset, "mask_model", access->mask_model.items[i], problems);
    json_t *mask = access->mask ? json_loads(access->mask, 0, NULL) : NULL;
    const char *name;
    json_t *kind;
    json_object_foreach(mask, name, kind) good &=
        check_access_name(dataset, "mask", name, problems);
    json_decref(mask);
    return good;
}

bool metadata_check_columns(struct dataset *dataset, struct problem_list *problems)
{
    size_t kept = 0;
    for (size_t i = 0; i < dataset->relationship_count; i++) {
        struct relationship *relationship = &dataset->relationships[i];
        const struct column *column = dataset_column(dataset, relationship->column);
        if (!column) {
            problem_at(problems, dataset, PROBLEM_WARNING, relationship->line,
                       arena_printf(problems->arena,
                                    "the relationship to '%s' is left out: there is no column "
                                    "'%s'",
                                    relationship->dataset_id, relationship->column));
            continue;
        }
        relationship->column = column->name;
        dataset->relationships[kept++] = *relationship;
    }
    dataset->relationship_count = kept;
    return check_access(dataset, problems);
}

static const struct metadata_driver *const drivers[] = {&folder_driver};

const struct metadata_driver *metadata_driver_find(const char *name, struct error *err)
{
    for (size_t i = 0; i < COUNT_OF(drivers); i++)
        if (strcmp(drivers[i]->name, name) == 0)
            return drivers[i];
    error_set(err, ERROR_CONFIG, "metadata source '%s' is not known; known: %s", name,
              folder_driver.name);
    return NULL;
}

bool metadata_list(const struct metadata_driver *driver, const char *place, struct arena *arena,
                   struct metadata_entries *out, struct problem_list *problems, struct error *err)
{
    if (!driver->list(place, arena, out, problems, err))
        return error_wrap(err, "metadata in '%s'", place);
    return true;
}

bool metadata_read(const struct metadata_driver *driver, const struct metadata_entry *entry,
                   struct arena *arena, struct str *out, struct error *err)
{
    return driver->read(entry, arena, out, err);
}
