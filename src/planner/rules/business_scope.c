/* SPDX-License-Identifier: Apache-2.0 */
/* Which tables a question can reach from its main one without counting rows more than once. */
#include <string.h>

#include "planner/read/dataset_names.h"
#include "planner/rules/business_links.h"

static const struct dataset *dataset_by_id(const struct plan_request *request, const char *id)
{
    for (size_t i = 0; id && i < request->dataset_count; i++)
        if (strcmp(request->datasets[i].dataset->id, id) == 0)
            return request->datasets[i].dataset;
    for (size_t i = 0; id && i < request->joinable_count; i++)
        if (strcmp(request->joinable[i].dataset->id, id) == 0)
            return request->joinable[i].dataset;
    return NULL;
}

static void reach(struct ask *ask, int parent, const char *column, const struct dataset *dataset,
                  const char *own_column)
{
    if (!dataset || ask->scope_count >= ASK_SCOPE_MAX)
        return;
    for (size_t i = 0; i < ask->scope_count; i++)
        if (ask->scope[i].dataset == dataset)
            return;
    if (!dataset_column(dataset, own_column) || !dataset_column(ask->scope[parent].dataset, column))
        return;
    ask->scope[ask->scope_count++] = (struct ask_scope){
        .dataset = dataset, .parent = parent, .parent_column = column, .own_column = own_column};
}

/* Only from the many to the one: the other way round rows would be counted more than once. */
static void reach_from(struct ask *ask, int parent, const struct plan_request *request)
{
    const struct dataset *from = ask->scope[parent].dataset;
    for (size_t i = 0; i < from->relationship_count; i++) {
        const struct relationship *r = &from->relationships[i];
        if (r->kind != RELATIONSHIP_ONE_TO_MANY)
            reach(ask, parent, r->column, dataset_by_id(request, r->dataset_id), r->other_column);
    }
    for (size_t k = 0; k < request->dataset_count + request->joinable_count; k++) {
        const struct dataset *other = k < request->dataset_count
                                          ? request->datasets[k].dataset
                                          : request->joinable[k - request->dataset_count].dataset;
        for (size_t i = 0; i < other->relationship_count; i++) {
            const struct relationship *r = &other->relationships[i];
            if (r->kind != RELATIONSHIP_MANY_TO_ONE && r->dataset_id &&
                strcmp(r->dataset_id, from->id) == 0)
                reach(ask, parent, r->other_column, other, r->column);
        }
    }
}

/* Made with the dataset's index; anew where there is none of this very dataset. */
static const struct name_table *names_of(const struct dataset *dataset,
                                         const struct plan_request *request, struct arena *arena)
{
    for (size_t i = 0; request && i < request->dataset_count + request->joinable_count; i++) {
        const struct plan_dataset *item = i < request->dataset_count
                                              ? &request->datasets[i]
                                              : &request->joinable[i - request->dataset_count];
        const struct name_table *names = dataset_index_names(item->index, dataset);
        if (names)
            return names;
    }
    return name_table_build(dataset, arena);
}

void ask_find_scope(struct ask *ask, const struct dataset *main, const struct plan_request *request)
{
    ask->scope[0] = (struct ask_scope){.dataset = main, .parent = -1};
    ask->scope_count = 1;
    for (size_t i = 0; request && i < ask->scope_count; i++)
        reach_from(ask, (int)i, request);
    for (size_t i = 0; i < ask->scope_count; i++)
        ask->scope[i].names = names_of(ask->scope[i].dataset, request, ask->arena);
}
