/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/verified_admin.h"

#include <string.h>

#include "core/json.h"

TASK_WAITS bool verified_admin_documents(struct agent *agent, struct arena *arena,
                                         struct verified_record **out, size_t *count,
                                         struct error *err)
{
    if (!agent_reload_verified(agent, err))
        return false;
    struct verified_set *set = agent_take_verified(agent);
    struct verified_record *records = arena_array(arena, set->query_count, sizeof(*records));
    *count = 0;
    for (size_t i = 0; i < set->query_count; i++)
        if (set->queries[i].from_document)
            records[(*count)++] = verified_to_record(&set->queries[i], arena);
    *out = records;
    verified_set_unref(set);
    return true;
}

TASK_WAITS bool verified_admin_get(struct agent *agent, const char *id, struct arena *arena,
                                   struct verified_record *out, bool *from_document,
                                   struct error *err)
{
    struct verified_record *documents;
    size_t count;
    *from_document = false;
    if (!strchr(id, ':'))
        return store_verified_get(agent->store, id, arena, out, err);
    if (!verified_admin_documents(agent, arena, &documents, &count, err))
        return false;
    for (size_t i = 0; i < count; i++)
        if (strcmp(documents[i].id, id) == 0) {
            *out = documents[i];
            return *from_document = true;
        }
    return error_set(err, ERROR_NOT_FOUND, "the verified query does not exist");
}

/* One that may be changed here. */
TASK_WAITS static bool get_own(struct agent *agent, const char *id, struct arena *arena,
                               struct verified_record *out, struct error *err)
{
    bool from_document;
    if (!verified_admin_get(agent, id, arena, out, &from_document, err))
        return false;
    return !from_document || error_set(err, ERROR_CONFLICT,
                                       "the verified query is of a metadata document; change it "
                                       "there");
}

static void apply(const struct verified_change *change, struct verified_record *record)
{
    const struct {
        const char *from;
        const char **to;
    } rows[] = {
        {change->question, &record->question},     {change->variants, &record->variants},
        {change->dataset_id, &record->dataset_id}, {change->sql, &record->sql},
        {change->slots, &record->slots},           {change->owner, &record->owner},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (rows[i].from)
            *rows[i].to = rows[i].from;
}

static bool dataset_exists(struct agent *agent, const char *id)
{
    struct knowledge *knowledge = agent_take_knowledge(agent);
    bool exists = catalog_find(knowledge->catalog, id) != NULL;
    knowledge_unref(knowledge);
    return exists;
}

TASK_WAITS bool verified_admin_add(struct agent *agent, const struct verified_change *change,
                                   struct arena *arena, struct verified_record *out,
                                   struct error *err)
{
    *out = (struct verified_record){
        .state = VERIFIED_CANDIDATE, .variants = "[]", .slots = "[]"};
    apply(change, out);
    if (out->dataset_id && !dataset_exists(agent, out->dataset_id))
        return error_set(err, ERROR_NOT_FOUND, "dataset '%s' does not exist", out->dataset_id);
    return verified_save(agent, out, arena, err);
}

TASK_WAITS bool verified_admin_edit(struct agent *agent, const char *id,
                                    const struct verified_change *change, struct arena *arena,
                                    struct verified_record *out, struct error *err)
{
    if (!get_own(agent, id, arena, out, err))
        return false;
    apply(change, out);
    if (change->question)
        out->turn = 1; /* somebody has looked at it: it stands by itself */
    return verified_save(agent, out, arena, err);
}

TASK_WAITS bool verified_admin_approve(struct agent *agent, const char *id, const char *owner,
                                       struct arena *arena, struct verified_record *out,
                                       struct error *err)
{
    if (!get_own(agent, id, arena, out, err))
        return false;
    if (out->turn > 1 && !out->approved_at)
        return error_set(err, ERROR_INVALID,
                         "it was asked as number %lld of a conversation and may lean on what was "
                         "said before; edit the question so that it stands by itself",
                         (long long)out->turn);
    out->state = VERIFIED_APPROVED;
    out->owner = owner ? owner : out->owner;
    return verified_save(agent, out, arena, err);
}

TASK_WAITS bool verified_admin_retire(struct agent *agent, const char *id, struct arena *arena,
                                      struct verified_record *out, struct error *err)
{
    if (!get_own(agent, id, arena, out, err))
        return false;
    out->state = VERIFIED_RETIRED;
    return store_verified_update(agent->store, arena, out, err) &&
           agent_reload_verified(agent, err);
}

TASK_WAITS static bool check_all(struct agent *agent, bool anew, struct arena *arena,
                                 struct verified_outcome **out, size_t *count, struct error *err)
{
    if (!agent_reload_verified(agent, err))
        return false;
    struct verified_set *set = agent_take_verified(agent);
    struct verified_outcome *outcomes = arena_array(arena, set->query_count, sizeof(*outcomes));
    bool ok = true;
    *count = 0;
    for (size_t i = 0; i < set->query_count && ok; i++) {
        struct verified_entry *query = &set->queries[i];
        if (!anew && !query->schema) /* a document's: its first use is the check */
            continue;
        struct verified_outcome *outcome = &outcomes[(*count)++];
        *outcome = (struct verified_outcome){.id = arena_strdup(arena, query->id),
                                             .question = arena_strdup(arena, query->question)};
        outcome->works = verified_recheck(agent, query, anew, arena, &outcome->error);
        ok = outcome->works || verified_is_its_fault(outcome->error.code);
        if (!ok)
            *err = outcome->error;
    }
    verified_set_unref(set);
    *out = outcomes;
    return ok;
}

TASK_WAITS bool verified_admin_check(struct agent *agent, struct arena *arena,
                                     struct verified_outcome **out, size_t *count,
                                     struct error *err)
{
    return check_all(agent, true, arena, out, count, err);
}

TASK_WAITS bool verified_admin_check_changed(struct agent *agent, struct error *err)
{
    struct arena *arena = arena_new();
    struct verified_outcome *outcomes;
    size_t count;
    bool ok = check_all(agent, false, arena, &outcomes, &count, err);
    arena_free(arena);
    return ok;
}

void verified_outcome_json(const struct verified_outcome *outcome, struct strbuf *out)
{
    strbuf_add_char(out, '{');
    json_add_key(out, "id");
    json_add_text(out, outcome->id);
    json_add_key(out, "question");
    json_add_text(out, outcome->question);
    json_add_key(out, "works");
    strbuf_add(out, outcome->works ? "true" : "false");
    json_add_key(out, "code");
    json_add_text(out, outcome->works ? NULL : error_name(outcome->error.code));
    json_add_key(out, "reason");
    json_add_text(out, outcome->works ? NULL : outcome->error.message);
    strbuf_add_char(out, '}');
}
