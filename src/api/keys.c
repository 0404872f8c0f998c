/* SPDX-License-Identifier: Apache-2.0 */
/* API keys: made (shown once), listed, revoked. Nobody is asked for one yet: QUERENT_AUTH=keys comes
 * with a later version. */
#include <string.h>

#include "api/admin.h"
#include "api/admin_models.h"
#include "core/json.h"
#include "store/admin_json.h"

#define DAY_S (24 * 3600)
#define LIST_SIZE_MAX (256 * 1024 * 1024)

static struct arena *arena_of(const struct api_request *request)
{
    return request->exchange->arena;
}

static bool read_attributes(struct api_request *request, struct key_create *create,
                            struct error *err)
{
    json_t *object = json_object_get(request->body, "attributes"), *value;
    const char *name;
    struct key_attribute *attributes =
        arena_array(arena_of(request), json_object_size(object), sizeof(*attributes));
    json_object_foreach(object, name, value) {
        if (!json_is_string(value) || strlen(json_string_value(value)) != json_string_length(value))
            return error_set(err, ERROR_INVALID, "the values of attributes are texts");
        attributes[create->attribute_count++] =
            (struct key_attribute){name, json_string_value(value)};
    }
    create->attributes = attributes;
    return true;
}

/* No cache on the way may keep it. */
static void reply_key(struct api_request *request, const struct api_key *row,
                      char key[STORE_KEY_SIZE])
{
    static const struct http_header no_store = {{"Cache-Control", 13}, {"no-store", 8}};
    struct strbuf json = strbuf_init(LIST_SIZE_MAX);
    api_key_json(row, key, &json);
    explicit_bzero(key, STORE_KEY_SIZE);
    api_reply(request, 201, "application/json", &no_store, 1, strbuf_str(&json));
    if (json.bytes)
        explicit_bzero(json.bytes, json.length);
    strbuf_clear(&json);
}

TASK_WAITS static void create_key(struct api_request *request)
{
    const struct audit_act act = admin_act(request, "key.create");
    struct key_create wanted = {
        .user_id = json_string_value(json_object_get(request->body, "user_id")),
        .role = json_string_value(json_object_get(request->body, "role")),
        .acts_for_others = json_is_true(json_object_get(request->body, "acts_for_others")),
        .lifetime_s = DAY_S * json_integer_value(json_object_get(request->body, "expires_in_days")),
        .act = &act,
    };
    char key[STORE_KEY_SIZE];
    struct api_key row;
    struct error err = {0};
    if (read_attributes(request, &wanted, &err) &&
        store_key_create(request->api->agent->store, &wanted, arena_of(request), &row, key, &err))
        reply_key(request, &row, key);
    else
        api_reply_error(request, &err);
}

TASK_WAITS static void list_keys(struct api_request *request)
{
    struct api_key *keys;
    size_t count;
    struct error err = {0};
    if (!store_key_list(request->api->agent->store, arena_of(request), &keys, &count, &err)) {
        api_reply_error(request, &err);
        return;
    }
    struct strbuf json = strbuf_init(LIST_SIZE_MAX);
    strbuf_add(&json, "{\"keys\":[");
    for (size_t i = 0; i < count; i++) {
        json_add_separator(&json);
        api_key_json(&keys[i], NULL, &json);
    }
    strbuf_add(&json, "]}");
    api_reply_json(request, 200, strbuf_str(&json));
    strbuf_clear(&json);
}

TASK_WAITS static void revoke_key(struct api_request *request)
{
    const char *id = api_parameter_text(request, 0);
    const struct audit_act act = admin_act(request, "key.revoke");
    struct error err = {0};
    if (!store_key_revoke(request->api->agent->store, id, &act, &err)) {
        api_reply_error(request, &err);
        return;
    }
    struct strbuf json = strbuf_init(4096);
    strbuf_add(&json, "{\"status\":\"revoked\"");
    json_add_key(&json, "id");
    json_add_text(&json, id);
    strbuf_add_char(&json, '}');
    api_reply_json(request, 200, strbuf_str(&json));
    strbuf_clear(&json);
}

static const struct field revoke_parameters[] = {
    {.name = "key_id", .kind = FIELD_STRING, .required = true, .description = "As in the list"},
};

const struct route key_create_route = {
    .method = "POST", .path = "/api/v1/admin/keys", .name = "create_key", .tag = "admin",
    .summary = "Make an API key",
    .description = "The key is in this reply and nowhere else: what is stored is its SHA-256. Keys are "
                   "not asked for yet (QUERENT_AUTH is none); they can be prepared.",
    .mode = ROUTE_IN_TASK, .handle = create_key, .body = &model_create_key_request,
    .reply = &model_api_key_created, .status = 201, .admin = true, .errors = {409, 413, 422},
    .links = {{&key_revoke_route, 0, "id"}},
};

const struct route key_list_route = {
    .method = "GET", .path = "/api/v1/admin/keys", .name = "list_keys", .tag = "admin",
    .summary = "API keys, revoked ones too, without what opens the door", .mode = ROUTE_IN_TASK,
    .handle = list_keys, .reply = &model_api_key_list, .admin = true,
};

const struct route key_revoke_route = {
    .method = "DELETE", .path = "/api/v1/admin/keys/{key_id}", .name = "revoke_key", .tag = "admin",
    .summary = "Revoke an API key", .mode = ROUTE_IN_TASK, .handle = revoke_key,
    .parameters = revoke_parameters, .path_parameter_count = 1, .parameter_count = 1,
    .reply = &model_api_key_revoked, .admin = true, .errors = {404, 409},
};
