/* SPDX-License-Identifier: Apache-2.0 */
#include "catalog/assemble.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "catalog/name_map.h"
#include "catalog/relate.h"

/* Part of every version: raised when the meaning of a profile or of inferred facts changes, so
 * that nothing cached from an older program is taken. */
#define CATALOG_FORMAT "2"

/* A dataset with where it came from, while the catalog is put together. */
struct member {
    struct dataset dataset;
    const struct source *source;
};

struct assembly {
    struct arena *arena;
    struct problem_list *problems;
    struct member *members;
    size_t count;
    struct name_map ids;    /* -> member */
    struct name_map tables; /* of documents: names that files must not take */
};

static void add_problem(struct assembly *a, const struct source *source,
                        enum problem_severity severity, int line, const char *message)
{
    struct problem place = {
        .path = source->path, .line = line, .column = line > 0 ? 1 : 0, .severity = severity};
    problem_add(a->problems, &place, "%s", message);
}

static void add_document(struct assembly *a, const struct source *source)
{
    struct member *member = &a->members[a->count];
    *member = (struct member){source->dataset, source};
    if (!name_map_add(&a->ids, member->dataset.id, member)) {
        const struct member *first = name_map_get(&a->ids, member->dataset.id);
        add_problem(a, source, PROBLEM_ERROR, 0,
                    arena_printf(a->arena, "the dataset_id '%s' is taken by '%s'",
                                 member->dataset.id, first->source->path));
        return;
    }
    (void)name_map_add(&a->tables, member->dataset.table_name, member);
    a->count++;
}

/* Names of files are made up, so a taken one gets a number. */
static void add_file(struct assembly *a, const struct source *source)
{
    struct member *member = &a->members[a->count++];
    *member = (struct member){source->dataset, source};
    const char *name = source->dataset.table_name;
    for (int i = 2; name_map_get(&a->ids, name) || name_map_get(&a->tables, name); i++)
        name = arena_printf(a->arena, "%s_%d", source->dataset.table_name, i);
    member->dataset.id = member->dataset.table_name = name;
    (void)name_map_add(&a->ids, name, member);
}

static void collect(struct assembly *a, struct source *const *sources, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (sources[i]->is_document && sources[i]->usable)
            add_document(a, sources[i]);
    for (size_t i = 0; i < count; i++)
        if (!sources[i]->is_document && sources[i]->usable)
            add_file(a, sources[i]);
    for (size_t i = 0; i < count; i++)
        problem_list_append(a->problems, &sources[i]->problems);
}

static int compare_members(const void *a, const void *b)
{
    return strcmp(((const struct member *)a)->dataset.id, ((const struct member *)b)->dataset.id);
}

static const char *fault_of(const struct assembly *a, const struct relationship *relationship)
{
    const struct member *other = name_map_get(&a->ids, relationship->dataset_id);
    if (!other)
        return "there is no such dataset";
    if (!dataset_column(&other->dataset, relationship->other_column))
        return arena_printf(a->arena, "it has no column '%s'", relationship->other_column);
    return NULL;
}

/* Relationships to what does not exist are left out; the sources' own arrays stay as they are. */
static void resolve(struct assembly *a, struct member *member)
{
    struct dataset *dataset = &member->dataset;
    const struct relationship *declared = dataset->relationships;
    size_t count = dataset->relationship_count;
    dataset->relationships = arena_array(a->arena, count, sizeof(*dataset->relationships));
    dataset->relationship_count = 0;
    for (size_t i = 0; i < count; i++) {
        struct relationship relationship = declared[i];
        const char *fault = fault_of(a, &relationship);
        if (fault) {
            add_problem(a, member->source, PROBLEM_WARNING, relationship.line,
                        arena_printf(a->arena, "the relationship to '%s' is left out: %s",
                                     relationship.dataset_id, fault));
            continue;
        }
        const struct member *other = name_map_get(&a->ids, relationship.dataset_id);
        relationship.other_column =
            dataset_column(&other->dataset, relationship.other_column)->name;
        dataset->relationships[dataset->relationship_count++] = relationship;
    }
}

static void add_relationship(struct sha256 *sha, const struct relationship *relationship)
{
    sha256_add_field(sha, str_from(relationship->column));
    sha256_add_field(sha, str_from(relationship->dataset_id));
    sha256_add_field(sha, str_from(relationship->other_column));
    sha256_add_field(sha, str_from(relationship->found ? "found" : "declared"));
}

static void set_version(struct member *member)
{
    struct dataset *dataset = &member->dataset;
    struct sha256 *sha = sha256_new();
    sha256_add_field(sha, STR(CATALOG_FORMAT));
    sha256_add_field(sha, str_from(member->source->document_hash));
    sha256_add_field(sha, str_from(member->source->content_hash));
    sha256_add_field(sha, str_from(dataset->id));
    sha256_add_field(sha, str_from(dataset->table_name));
    for (size_t i = 0; i < dataset->relationship_count; i++)
        add_relationship(sha, &dataset->relationships[i]);
    sha256_end(sha, dataset->version);
}

void assemble_catalog(struct catalog *catalog, struct source *const *sources, size_t count,
                      struct arena *arena, struct problem_list *problems)
{
    struct assembly a = {
        .arena = arena, .problems = problems, .ids = {.arena = arena}, .tables = {.arena = arena}};
    a.members = arena_array(arena, count, sizeof(*a.members));
    collect(&a, sources, count);
    for (size_t i = 0; i < a.count; i++)
        resolve(&a, &a.members[i]);
    /* From here on the maps are not used: sorting moves the members. */
    if (a.count > 0)
        qsort(a.members, a.count, sizeof(*a.members), compare_members);
    catalog->datasets = arena_array(arena, a.count, sizeof(*catalog->datasets));
    catalog->dataset_count = a.count;
    for (size_t i = 0; i < a.count; i++)
        catalog->datasets[i] = a.members[i].dataset;
    relate_datasets(catalog->datasets, a.count, arena);
    struct sha256 *sha = sha256_new();
    for (size_t i = 0; i < a.count; i++) {
        a.members[i].dataset = catalog->datasets[i];
        set_version(&a.members[i]);
        catalog->datasets[i] = a.members[i].dataset;
        sha256_add_field(sha, str_from(catalog->datasets[i].version));
    }
    sha256_end(sha, catalog->version);
}
