/* SPDX-License-Identifier: Apache-2.0 */
#include "store/admin_json.h"

#include "core/json.h"

static void add_text(struct strbuf *json, const char *key, const char *text)
{
    json_add_key(json, key);
    json_add_text(json, text);
}

/* Kept as JSON: told as it is. */
static void add_object(struct strbuf *json, const char *key, const char *object)
{
    json_add_key(json, key);
    strbuf_add(json, object ? object : "null");
}

void api_key_json(const struct api_key *row, const char *key, struct strbuf *json)
{
    strbuf_add_char(json, '{');
    add_text(json, "id", row->id);
    if (key)
        add_text(json, "key", key);
    add_text(json, "prefix", row->prefix);
    add_text(json, "user_id", row->user_id);
    add_text(json, "role", row->role);
    add_object(json, "attributes", row->attributes);
    json_add_key(json, "acts_for_others");
    strbuf_add(json, row->acts_for_others ? "true" : "false");
    add_text(json, "created_at", row->created_at);
    add_text(json, "expires_at", row->expires_at);
    add_text(json, "revoked_at", row->revoked_at);
    add_text(json, "last_used_on", row->last_used_on);
    strbuf_add_char(json, '}');
}

void audit_record_json(const struct audit_record *record, struct strbuf *json)
{
    strbuf_add_char(json, '{');
    add_text(json, "at", record->at);
    add_text(json, "action", record->action);
    add_text(json, "user_id", record->user_id);
    add_text(json, "via", record->via);
    add_text(json, "address", record->address);
    add_text(json, "target", record->target);
    add_text(json, "outcome", record->outcome);
    add_object(json, "detail", record->detail);
    add_text(json, "conversation_id", record->conversation_id);
    add_text(json, "question", record->question);
    json_add_key(json, "datasets");
    strbuf_add_char(json, '[');
    if (record->dataset_id)
        json_add_text(json, record->dataset_id);
    strbuf_add_char(json, ']');
    add_text(json, "sql_query", record->sql);
    json_add_key(json, "cost");
    if (record->has_cost)
        json_add_double(json, record->cost);
    else
        strbuf_add(json, "null");
    add_text(json, "ended_at", record->ended_at);
    strbuf_add_char(json, '}');
}

void job_json(const struct job *job, struct strbuf *json)
{
    strbuf_add_char(json, '{');
    add_text(json, "job_id", job->id);
    add_text(json, "kind", job->kind);
    add_text(json, "state", job->state);
    add_text(json, "trigger", job->trigger);
    json_add_key(json, "done");
    json_add_integer(json, job->done);
    json_add_key(json, "total");
    json_add_integer(json, job->total);
    add_text(json, "created_at", job->created_at);
    add_text(json, "started_at", job->started_at);
    add_text(json, "updated_at", job->updated_at);
    add_text(json, "ended_at", job->ended_at);
    add_object(json, "request", job->request);
    add_object(json, "result", job->detail);
    add_text(json, "error", job->error);
    strbuf_add_char(json, '}');
}
