/* SPDX-License-Identifier: Apache-2.0 */
#include "api/openapi.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/openapi_schema.h"
#include "core/alloc.h"

#define REPLIES_MAX 32 /* of one route */

static const char DESCRIPTION[] =
    "Ask about your data in plain language: the answer comes with its SQL and a sample of the "
    "rows, at once or step by step.\n\n"
    "Every reply has an `X-Request-ID`, the caller's own if the request had one. Errors are "
    "`{\"detail\": ...}`. What is no HTTP request that can be served gets 400, 408, 411, 413, 414, "
    "417, 421 (a `Host` that is not this server's), 431, 501 or 505 before any of these routes.";

/* What a status means wherever no route says more. */
static const struct {
    int status;
    const char *description;
} MEANINGS[] = {
    {400, "The request can't be read"},
    {401, "Who calls is not known"},
    {403, "The caller may not do this"},
    {404, "It does not exist"},
    {409, "It was changed or is in use by another"},
    {410, "It is no longer kept"},
    {413, "The request or its result is too large"},
    {415, "The content type is not taken here"},
    {422, "Validation Error"},
    {429, "Too many requests; come back after Retry-After"},
    {499, "The work was cancelled"},
    {500, "Internal Server Error"},
    {502, "The data's engine or a model failed"},
    {503, "The server is full or stopping; come back after Retry-After"},
    {504, "It took longer than the deadline"},
};

static const struct field detail_fields[] = {
    {"detail", FIELD_STRING, .required = true, .description = "What failed, and what to do"},
};
static MODEL(model_detail, "ErrorDetail", detail_fields, "What was wrong.");

static const struct field fault_fields[] = {
    {"error", FIELD_STRING, .required = true},
    {"detail", FIELD_STRING, .required = true,
     .description = "What failed, only where ENVIRONMENT is development"},
};
static MODEL(model_fault, "InternalServerError", fault_fields, "A fault of the server.");

/* As FastAPI has them. Added by hand, for no field of ours is a text or a number. */
static const struct model model_invalid = {.name = "HTTPValidationError"};
static const char INVALID_COMPONENTS[] =
    "{\"HTTPValidationError\":{\"properties\":{\"detail\":{\"items\":"
    "{\"$ref\":\"#/components/schemas/ValidationError\"},\"type\":\"array\",\"title\":\"Detail\"}},"
    "\"type\":\"object\",\"required\":[\"detail\"],\"title\":\"HTTPValidationError\"},"
    "\"ValidationError\":{\"properties\":{\"loc\":{\"items\":{\"anyOf\":[{\"type\":\"string\"},"
    "{\"type\":\"integer\"}]},\"type\":\"array\",\"title\":\"Location\"},\"msg\":{\"type\":"
    "\"string\",\"title\":\"Message\"},\"type\":{\"type\":\"string\",\"title\":\"Error Type\"},"
    "\"input\":{\"title\":\"Input\"},\"ctx\":{\"type\":\"object\",\"title\":\"Context\"}},\"type\":"
    "\"object\",\"required\":[\"loc\",\"msg\",\"type\"],\"title\":\"ValidationError\"}}";

static void set(json_t *object, const char *key, json_t *value)
{
    json_object_set_new(object, key, value);
}

static const char *meaning(int status)
{
    for (size_t i = 0; i < sizeof(MEANINGS) / sizeof(MEANINGS[0]); i++)
        if (MEANINGS[i].status == status)
            return MEANINGS[i].description;
    return "Error";
}

/* "query_data_api_v1_query_post": the function's name, the path, the method. */
static json_t *operation_id(const struct route *route)
{
    char id[256], name[192];
    snprintf(name, sizeof(name), "%s%s", route->name, route->path);
    for (char *at = name; *at; at++)
        if (!char_is_alnum(*at))
            *at = '_';
    snprintf(id, sizeof(id), "%s_%s", name, route->method);
    for (char *at = id + strlen(name); *at; at++)
        *at = char_lower(*at);
    return json_string(id);
}

/* Paths. */

struct table {
    const struct route *const *routes;
    size_t count;
};

/* The next part of a path, up to the next '/'; false at the end. */
static bool next_part(const char **path, struct str *part)
{
    if (!**path)
        return false;
    size_t length = 1 + strcspn(*path + 1, "/");
    *part = str_slice(str_from(*path), 0, length);
    *path += length;
    return true;
}

static bool is_name(struct str part)
{
    return part.length > 1 && part.bytes[1] == '{';
}

/* Whether two templates differ only in their names, which OpenAPI takes for one path. */
static bool same_shape(const char *a, const char *b)
{
    struct str left, right;
    while (next_part(&a, &left)) {
        if (!next_part(&b, &right))
            return false;
        if (!(is_name(left) && is_name(right)) && !str_equal(left, right))
            return false;
    }
    return !*b;
}

/* "{id}" where routes of one path call its parameter by several names. */
static const char *documented_name(const struct table *table, const struct route *route, size_t i)
{
    for (size_t r = 0; r < table->count; r++) {
        const struct route *other = table->routes[r];
        if (!other->undocumented && same_shape(route->path, other->path) &&
            strcmp(route->parameters[i].name, other->parameters[i].name) != 0)
            return "id";
    }
    return route->parameters[i].name;
}

static void documented_path(const struct table *table, const struct route *route,
                            struct strbuf *out)
{
    const char *at = route->path;
    struct str part;
    for (size_t i = 0; next_part(&at, &part);)
        if (is_name(part))
            strbuf_printf(out, "/{%s}", documented_name(table, route, i++));
        else
            strbuf_add_str(out, part);
}

/* Parameters. */

static void add_parameter(json_t *parameters, struct openapi_models *models,
                          const struct field *field, const char *name, const char *place,
                          enum openapi_use use)
{
    json_t *schema = openapi_field(models, field, use), *parameter;
    parameter = json_pack("{s:s,s:s,s:b}", "name", name, "in", place, "required",
                          use == OPENAPI_PATH || field->required);
    set(parameter, "schema", schema);
    if (field->description)
        set(parameter, "description", json_string(field->description));
    json_array_append_new(parameters, parameter);
}

static json_t *parameters_of(const struct table *table, const struct route *route,
                             struct openapi_models *models)
{
    json_t *parameters = json_array();
    for (size_t i = 0; i < route->path_parameter_count; i++)
        add_parameter(parameters, models, &route->parameters[i], documented_name(table, route, i),
                      "path", OPENAPI_PATH);
    for (size_t i = route->path_parameter_count; i < route->parameter_count; i++)
        add_parameter(parameters, models, &route->parameters[i], route->parameters[i].name, "query",
                      OPENAPI_QUERY);
    for (size_t i = 0; i < route->header_count; i++)
        add_parameter(parameters, models, &route->headers[i], route->headers[i].name, "header",
                      OPENAPI_REPLY);
    return parameters;
}

/* Replies. */

struct replies {
    struct route_response rows[REPLIES_MAX];
    size_t count;
};

/* Kept in the order of their statuses. */
static void add_reply(struct replies *replies, struct route_response row)
{
    size_t at = replies->count;
    assert(replies->count < REPLIES_MAX);
    for (; at > 0 && replies->rows[at - 1].status > row.status; at--)
        replies->rows[at] = replies->rows[at - 1];
    replies->rows[at] = row;
    replies->count++;
}

static void add_error(struct replies *replies, int status)
{
    const struct model *model = status == 500 ? &model_fault : &model_detail;
    add_reply(replies, (struct route_response){.status = status, .model = model});
}

/* What happens before and around the handler. */
static void add_common_errors(struct replies *replies, const struct route *route)
{
    add_error(replies, 500);
    add_error(replies, 503);
    if (route->mode == ROUTE_IN_TASK)
        add_error(replies, 504);
    if (route->admin)
        add_error(replies, 403);
    if (route->body) {
        add_error(replies, 400);
        add_error(replies, 413);
    }
    if (route->body || route->parameter_count > 0)
        add_reply(replies, (struct route_response){.status = 422, .model = &model_invalid});
}

static bool has_reply(const struct replies *replies, int status, const struct model *model)
{
    for (size_t i = 0; i < replies->count; i++)
        if (replies->rows[i].status == status && replies->rows[i].model == model)
            return true;
    return false;
}

static void collect_replies(const struct route *route, struct replies *replies)
{
    for (size_t i = 0; i < route->response_count; i++) {
        struct route_response row = route->responses[i];
        if (!row.model && !row.content_type)
            row.model = row.status == 500 ? &model_fault : &model_detail;
        add_reply(replies, row);
    }
    add_common_errors(replies, route);
    for (size_t i = 0; i < ROUTE_ERRORS_MAX && route->errors[i]; i++)
        if (!has_reply(replies, route->errors[i], &model_detail))
            add_error(replies, route->errors[i]);
}

/* One more way that a reply of this type may look. */
static void add_schema(json_t *content, const char *type, json_t *schema)
{
    json_t *media = json_object_get(content, type);
    if (!media) {
        set(content, type, json_pack("{s:o}", "schema", schema));
        return;
    }
    json_t *before = json_object_get(media, "schema"), *any = json_object_get(before, "anyOf");
    if (any) {
        json_array_append_new(any, schema);
    } else {
        json_incref(before);
        set(media, "schema", json_pack("{s:[o,o]}", "anyOf", before, schema));
    }
}

static json_t *row_schema(const struct route_response *row, struct openapi_models *models)
{
    if (row->model == &model_invalid)
        return json_pack("{s:s}", "$ref", "#/components/schemas/HTTPValidationError");
    if (row->model)
        return openapi_reference(models, row->model, OPENAPI_REPLY);
    return row->content_type ? json_pack("{s:s}", "type", "string") : json_object();
}

/* All rows of one status, from `at` on; returns the first of the next. */
static size_t add_response(json_t *responses, const struct replies *replies, size_t at,
                           struct openapi_models *models)
{
    int status = replies->rows[at].status;
    const char *description = NULL;
    json_t *response = json_object(), *content = json_object();
    for (; at < replies->count && replies->rows[at].status == status; at++) {
        const struct route_response *row = &replies->rows[at];
        if (row->description && !description)
            description = row->description;
        add_schema(content, row->content_type ? row->content_type : "application/json",
                   row_schema(row, models));
    }
    set(response, "description", json_string(description ? description : meaning(status)));
    if (status != 204)
        json_object_set(response, "content", content);
    json_decref(content);
    if (status == 429 || status == 503)
        set(response, "headers",
            json_pack("{s:{s:s,s:{s:s}}}", "Retry-After", "description", "Seconds to wait",
                      "schema", "type", "string"));
    char key[16];
    snprintf(key, sizeof(key), "%d", status);
    set(responses, key, response);
    return at;
}

static json_t *links_of(const struct table *table, const struct route *route)
{
    json_t *links = json_object();
    for (size_t i = 0; i < ROUTE_LINKS_MAX && route->links[i].to; i++) {
        const struct route_link *link = &route->links[i];
        char expression[256];
        snprintf(expression, sizeof(expression), "$response.body#/%s", link->member);
        set(links, link->to->name,
            json_pack("{s:o,s:{s:s}}", "operationId", operation_id(link->to), "parameters",
                      documented_name(table, link->to, link->parameter), expression));
    }
    return links;
}

static json_t *success_of(const struct table *table, const struct route *route,
                          struct openapi_models *models)
{
    const char *description = route->reply_description, *type = route->reply_type;
    const struct route_response row = {.model = route->reply, .content_type = type};
    json_t *response = json_object();
    set(response, "description", json_string(description ? description : "Successful Response"));
    if (route->status != 204) {
        json_t *media = json_pack("{s:o}", "schema", row_schema(&row, models));
        if (route->reply_example)
            set(media, "example",
                type ? json_string(route->reply_example)
                     : json_loads(route->reply_example, JSON_DECODE_ANY, NULL));
        set(response, "content", json_pack("{s:o}", type ? type : "application/json", media));
    }
    if (route->links[0].to)
        set(response, "links", links_of(table, route));
    return response;
}

static json_t *responses_of(const struct table *table, const struct route *route,
                            struct openapi_models *models)
{
    struct replies replies = {0};
    json_t *responses = json_object();
    char status[16];
    snprintf(status, sizeof(status), "%d", route->status ? route->status : 200);
    set(responses, status, success_of(table, route, models));
    collect_replies(route, &replies);
    for (size_t at = 0; at < replies.count;)
        at = add_response(responses, &replies, at, models);
    return responses;
}

/* Tags. */

/* In the order of use, which pages that show the document keep; others follow. */
static const struct {
    const char *name, *description;
} TAGS[] = {
    {"query", "Questions about the data, and their runs"},
    {"streaming", "Questions, each step as it ends"},
    {"conversations", "What was asked and answered before"},
    {"datasets", "What can be asked about"},
    {"feedback", "What people say of answers"},
    {"admin", "For administrators: answered on this machine only"},
    {"health", "Whether the server answers"},
};

static bool is_used(const struct table *table, const char *tag)
{
    for (size_t i = 0; i < table->count; i++)
        if (!table->routes[i]->undocumented && table->routes[i]->tag &&
            strcmp(table->routes[i]->tag, tag) == 0)
            return true;
    return false;
}

static json_t *tags_of(const struct table *table)
{
    json_t *tags = json_array();
    for (size_t i = 0; i < sizeof(TAGS) / sizeof(TAGS[0]); i++)
        if (is_used(table, TAGS[i].name))
            json_array_append_new(tags, json_pack("{s:s,s:s}", "name", TAGS[i].name, "description",
                                                  TAGS[i].description));
    return tags;
}

/* All of it. */

/* A body that may be left out may be null as well. */
static json_t *body_schema(const struct route *route, struct openapi_models *models)
{
    json_t *schema = openapi_reference(models, route->body, OPENAPI_BODY);
    return route->body_optional ? json_pack("{s:[o,{s:s}]}", "anyOf", schema, "type", "null")
                                : schema;
}

static json_t *operation_of(const struct table *table, const struct route *route,
                            struct openapi_models *models)
{
    json_t *operation = json_object();
    if (route->tag)
        set(operation, "tags", json_pack("[s]", route->tag));
    set(operation, "summary",
        route->summary ? json_string(route->summary) : openapi_title(route->name));
    if (route->description)
        set(operation, "description", json_string(route->description));
    set(operation, "operationId", operation_id(route));
    if (route->parameter_count + route->header_count > 0)
        set(operation, "parameters", parameters_of(table, route, models));
    if (route->body)
        set(operation, "requestBody",
            json_pack("{s:{s:{s:o}},s:b}", "content", "application/json", "schema",
                      body_schema(route, models), "required", !route->body_optional));
    set(operation, "responses", responses_of(table, route, models));
    return operation;
}

static json_t *paths_of(const struct table *table, struct openapi_models *models)
{
    json_t *paths = json_object();
    for (size_t i = 0; i < table->count; i++) {
        const struct route *route = table->routes[i];
        if (route->undocumented)
            continue;
        char method[16];
        snprintf(method, sizeof(method), "%s", route->method);
        for (char *at = method; *at; at++)
            *at = char_lower(*at);
        struct strbuf name = strbuf_init(1024);
        documented_path(table, route, &name);
        json_t *path = json_object_get(paths, strbuf_text(&name));
        if (!path) {
            path = json_object();
            set(paths, strbuf_text(&name), path);
        }
        set(path, method, operation_of(table, route, models));
        strbuf_clear(&name);
    }
    return paths;
}

char *openapi_document(const struct route *const *routes, size_t count, const char *version)
{
    const struct table table = {routes, count};
    struct openapi_models *models = xcalloc(1, sizeof(*models));
    json_t *document =
        json_pack("{s:s,s:{s:s,s:s,s:s}}", "openapi", "3.1.0", "info", "title", "AI Data Agent API",
                  "description", DESCRIPTION, "version", version);
    set(document, "tags", tags_of(&table));
    set(document, "paths", paths_of(&table, models));
    json_t *schemas = openapi_components(models);
    json_object_update_new(schemas, json_loads(INVALID_COMPONENTS, 0, NULL));
    set(document, "components", json_pack("{s:o}", "schemas", schemas));
    char *text = json_dumps(document, JSON_COMPACT);
    json_decref(document);
    free(models);
    return text;
}
