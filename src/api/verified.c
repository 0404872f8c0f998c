/* SPDX-License-Identifier: Apache-2.0 */
/* Verified queries for administrators: the queue of candidates, what answers, what is parked. */
#include <stdlib.h>
#include <string.h>

#include "agent/verified_admin.h"
#include "api/admin.h"
#include "api/verified_models.h"
#include "core/json.h"

#define LIST_SIZE_MAX (256 * 1024 * 1024)

static struct arena *arena_of(const struct api_request *request)
{
    return request->exchange->arena;
}

static const char *text_of(const struct api_request *request, const char *key)
{
    return json_string_value(json_object_get(request->body, key));
}

static void reply_record(struct api_request *request, int status,
                         const struct verified_record *record, bool from_document)
{
    struct strbuf json = strbuf_init(LIST_SIZE_MAX);
    verified_record_json(record, from_document, &json);
    api_reply_json(request, status, strbuf_str(&json));
    strbuf_clear(&json);
}

/* After a change: into the audit trail, then the reply. */
TASK_WAITS static void reply_changed(struct api_request *request, const char *action,
                                     const struct verified_record *record, int status)
{
    struct error err = {0};
    if (admin_audit(request, action, record->id, NULL, &err))
        reply_record(request, status, record, false);
    else
        api_reply_error(request, &err);
}

/* ------------------------------------------------------------------ reading */

enum { LIST_STATE, LIST_LIMIT, LIST_CURSOR };

static void add_records(struct strbuf *json, const struct verified_record *records, size_t count,
                        const enum verified_state *state, bool from_document)
{
    for (size_t i = 0; i < count; i++) {
        if (state && records[i].state != *state)
            continue;
        json_add_separator(json);
        verified_record_json(&records[i], from_document, json);
    }
}

TASK_WAITS static void list(struct api_request *request)
{
    struct agent *agent = request->api->agent;
    const char *name = api_parameter_text(request, LIST_STATE), *next;
    enum verified_state state;
    struct verified_record *records, *documents = NULL;
    size_t count, document_count = 0;
    struct error err = {0};
    const enum verified_state *only = name && verified_state_from(name, &state) ? &state : NULL;
    if (!store_verified_list(agent->store, only,
                             (size_t)api_parameter_integer(request, LIST_LIMIT, 100),
                             api_parameter_text(request, LIST_CURSOR), arena_of(request), &records,
                             &count, &next, &err) ||
        (!next && !verified_admin_documents(agent, arena_of(request), &documents, &document_count,
                                            &err))) {
        api_reply_error(request, &err);
        return;
    }
    struct strbuf json = strbuf_init(LIST_SIZE_MAX);
    strbuf_add(&json, "{\"verified_queries\":[");
    add_records(&json, records, count, NULL, false);
    add_records(&json, documents, document_count, only, true);
    strbuf_add_char(&json, ']');
    json_add_key(&json, "next_cursor");
    json_add_text(&json, next);
    strbuf_add_char(&json, '}');
    api_reply_json(request, 200, strbuf_str(&json));
    strbuf_clear(&json);
}

TASK_WAITS static void get(struct api_request *request)
{
    struct verified_record record;
    bool from_document;
    struct error err = {0};
    if (verified_admin_get(request->api->agent, api_parameter_text(request, 0), arena_of(request),
                           &record, &from_document, &err))
        reply_record(request, 200, &record, from_document);
    else
        api_reply_error(request, &err);
}

/* ------------------------------------------------------------------ changing */

/* A list of the body as JSON text; NULL: it is not given. */
static const char *list_text(const struct api_request *request, const char *key)
{
    const json_t *value = json_object_get(request->body, key);
    char *text = json_is_array(value) ? json_dumps(value, JSON_COMPACT) : NULL;
    const char *copy = text ? arena_strdup(arena_of(request), text) : NULL;
    free(text);
    return copy;
}

static struct verified_change change_of(const struct api_request *request)
{
    return (struct verified_change){
        .question = text_of(request, "question"),
        .variants = list_text(request, "variants"),
        .dataset_id = text_of(request, "dataset_id"),
        .sql = text_of(request, "sql"),
        .slots = list_text(request, "slots"),
        .owner = text_of(request, "owner"),
    };
}

TASK_WAITS static void add(struct api_request *request)
{
    struct verified_change change = change_of(request);
    struct verified_record record;
    struct error err = {0};
    if (verified_admin_add(request->api->agent, &change, arena_of(request), &record, &err))
        reply_changed(request, "verified.add", &record, 201);
    else
        api_reply_error(request, &err);
}

TASK_WAITS static void edit(struct api_request *request)
{
    struct verified_change change = change_of(request);
    struct verified_record record;
    struct error err = {0};
    if (verified_admin_edit(request->api->agent, api_parameter_text(request, 0), &change,
                            arena_of(request), &record, &err))
        reply_changed(request, "verified.edit", &record, 200);
    else
        api_reply_error(request, &err);
}

TASK_WAITS static void approve(struct api_request *request)
{
    struct verified_record record;
    struct error err = {0};
    if (verified_admin_approve(request->api->agent, api_parameter_text(request, 0),
                               text_of(request, "owner"), arena_of(request), &record, &err))
        reply_changed(request, "verified.approve", &record, 200);
    else
        api_reply_error(request, &err);
}

TASK_WAITS static void retire(struct api_request *request)
{
    struct verified_record record;
    struct error err = {0};
    if (verified_admin_retire(request->api->agent, api_parameter_text(request, 0),
                              arena_of(request), &record, &err))
        reply_changed(request, "verified.retire", &record, 200);
    else
        api_reply_error(request, &err);
}

TASK_WAITS static void check(struct api_request *request)
{
    struct verified_outcome *outcomes;
    size_t count;
    struct error err = {0};
    if (!verified_admin_check(request->api->agent, arena_of(request), &outcomes, &count, &err)) {
        api_reply_error(request, &err);
        return;
    }
    struct strbuf json = strbuf_init(LIST_SIZE_MAX);
    strbuf_add(&json, "{\"checked\":[");
    for (size_t i = 0; i < count; i++) {
        json_add_separator(&json);
        verified_outcome_json(&outcomes[i], &json);
    }
    strbuf_add(&json, "]}");
    api_reply_json(request, 200, strbuf_str(&json));
    strbuf_clear(&json);
}

/* ------------------------------------------------------------------ routes */

static const char *const states[] = {"candidate", "approved", "parked", "retired", NULL};

static const struct field list_parameters[] = {
    {.name = "state", .kind = FIELD_STRING, .nullable = true, .choices = states,
     .description = "Only those"},
    {.name = "limit", .kind = FIELD_INTEGER, .fallback = "100", .bounded = true, .minimum = 1,
     .maximum = STORE_PAGE_MAX, .description = "How many at most"},
    {.name = "cursor", .kind = FIELD_STRING, .nullable = true,
     .description = "next_cursor of the page before"},
};

static const struct field id_parameters[] = {
    {.name = "verified_id", .kind = FIELD_STRING, .required = true,
     .description = "As in the list; those of documents are DATASET:NUMBER"},
};

const struct route verified_list_route = {
    .method = "GET", .path = "/api/v1/admin/verified", .name = "list_verified", .tag = "admin",
    .summary = "Candidates and verified queries, newest first", .mode = ROUTE_IN_TASK,
    .handle = list, .parameters = list_parameters, .parameter_count = 3,
    .reply = &model_verified_list, .admin = true, .errors = {422},
};

const struct route verified_add_route = {
    .method = "POST", .path = "/api/v1/admin/verified", .name = "add_verified", .tag = "admin",
    .summary = "Add a candidate", .mode = ROUTE_IN_TASK, .handle = add,
    .body = &model_verified_add_request, .reply = &model_verified_query, .status = 201,
    .admin = true, .errors = {404, 413, 422},
    .links = {{&verified_get_route, 0, "id"},
              {&verified_approve_route, 0, "id"},
              {&verified_retire_route, 0, "id"}},
};

const struct route verified_get_route = {
    .method = "GET", .path = "/api/v1/admin/verified/{verified_id}", .name = "get_verified",
    .tag = "admin", .summary = "One candidate or verified query", .mode = ROUTE_IN_TASK,
    .handle = get, .parameters = id_parameters, .path_parameter_count = 1, .parameter_count = 1,
    .reply = &model_verified_query, .admin = true, .errors = {404},
};

const struct route verified_edit_route = {
    .method = "PATCH", .path = "/api/v1/admin/verified/{verified_id}", .name = "edit_verified",
    .tag = "admin", .summary = "Change a candidate or verified query",
    .description = "One that is approved stays so if it still works; if not, it is left as it was and "
                   "the reply says why.",
    .mode = ROUTE_IN_TASK, .handle = edit, .parameters = id_parameters, .path_parameter_count = 1,
    .parameter_count = 1, .body = &model_verified_edit_request, .reply = &model_verified_query,
    .admin = true, .errors = {404, 409, 413, 422, 502},
};

const struct route verified_approve_route = {
    .method = "POST", .path = "/api/v1/admin/verified/{verified_id}/approve",
    .name = "approve_verified", .tag = "admin", .summary = "Check it, and let it answer",
    .description = "Its slots are filled with sample values; the SQL must pass the firewall and run "
                   "within the limits. A parked or retired one can be approved again.",
    .mode = ROUTE_IN_TASK, .handle = approve, .parameters = id_parameters,
    .path_parameter_count = 1, .parameter_count = 1, .body = &model_verified_approve_request,
    .reply = &model_verified_query, .admin = true, .errors = {404, 409, 413, 422, 502},
};

const struct route verified_retire_route = {
    .method = "POST", .path = "/api/v1/admin/verified/{verified_id}/retire",
    .name = "retire_verified", .tag = "admin", .summary = "Turn a candidate down; take one out of use",
    .mode = ROUTE_IN_TASK, .handle = retire, .parameters = id_parameters,
    .path_parameter_count = 1, .parameter_count = 1, .reply = &model_verified_query,
    .admin = true, .errors = {404, 409},
};

const struct route verified_check_route = {
    .method = "POST", .path = "/api/v1/admin/verified/check", .name = "check_verified",
    .tag = "admin", .summary = "Try all that answer; park what is broken", .mode = ROUTE_IN_TASK,
    .handle = check, .reply = &model_verified_check, .admin = true,
};
