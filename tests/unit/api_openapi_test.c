/* SPDX-License-Identifier: Apache-2.0 */
/* The document of a small table, to the letter; that of the real one hangs together. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "api/openapi.h"
#include "api/openapi_schema.h"
#include "api/routes.h"

static const char *const colours[] = {"red", "green", NULL};
static const struct field part_fields[] = {
    {"n", FIELD_INTEGER, .required = true, .bounded = true, .minimum = 0, .maximum = INT64_MAX},
};
static const struct model part = {"Part", "A part.", part_fields, 1};
static const struct field whole_fields[] = {
    {"text", FIELD_STRING, .required = true, .length_min = 1, .length_max = 9, .example = "\"a\""},
    {"colour_name", FIELD_STRING, .choices = colours, .fallback = "\"red\""},
    {"maybe", FIELD_NUMBER, .nullable = true, .bounded = true, .minimum = -1, .maximum = 2},
    {"part", FIELD_MODEL, .nullable = true, .model = &part, .description = "One."},
    {"parts", FIELD_LIST, .item = FIELD_MODEL, .model = &part, .length_max = 3},
    {"any", FIELD_ANY, .nullable = true},
    {"object", FIELD_OBJECT},
    {"truth", FIELD_BOOLEAN, .fallback = "true"},
    {"texts", FIELD_TEXTS, .pattern = "^[a-z]$"},
};
static const struct model whole = {"Whole", NULL, whole_fields,
                                   sizeof(whole_fields) / sizeof(whole_fields[0])};

static void expect_schema(enum openapi_use use, size_t i, const char *expected)
{
    struct openapi_models models = {0};
    json_t *schema = openapi_field(&models, &whole_fields[i], use);
    char *text = json_dumps(schema, JSON_COMPACT);
    assert_string_equal(text, expected);
    free(text);
    json_decref(schema);
}

static void fields_are_those_of_pydantic(void **state)
{
    (void)state;
    expect_schema(OPENAPI_REPLY, 0,
                  "{\"type\":\"string\",\"minLength\":1,\"maxLength\":9,\"title\":\"Text\","
                  "\"examples\":[\"a\"]}");
    expect_schema(OPENAPI_BODY, 0,
                  "{\"type\":\"string\",\"minLength\":1,\"maxLength\":9,"
                  "\"pattern\":\"^[^\\\\x00]*$\",\"title\":\"Text\",\"examples\":[\"a\"]}");
    expect_schema(OPENAPI_BODY, 1,
                  "{\"type\":\"string\",\"enum\":[\"red\",\"green\"],\"title\":\"Colour Name\","
                  "\"default\":\"red\"}");
    expect_schema(OPENAPI_REPLY, 2,
                  "{\"anyOf\":[{\"type\":\"number\",\"minimum\":-1,\"maximum\":2},"
                  "{\"type\":\"null\"}],\"title\":\"Maybe\"}");
    expect_schema(OPENAPI_REPLY, 3,
                  "{\"anyOf\":[{\"$ref\":\"#/components/schemas/Part\"},{\"type\":\"null\"}],"
                  "\"description\":\"One.\"}");
    expect_schema(OPENAPI_REPLY, 4,
                  "{\"type\":\"array\",\"items\":{\"$ref\":\"#/components/schemas/Part\"},"
                  "\"maxItems\":3,\"title\":\"Parts\"}");
    expect_schema(OPENAPI_REPLY, 5, "{\"title\":\"Any\"}");
    expect_schema(OPENAPI_REPLY, 6,
                  "{\"additionalProperties\":true,\"type\":\"object\",\"title\":\"Object\"}");
    expect_schema(OPENAPI_REPLY, 7, "{\"type\":\"boolean\",\"title\":\"Truth\",\"default\":true}");
    expect_schema(OPENAPI_BODY, 8,
                  "{\"additionalProperties\":{\"type\":\"string\",\"pattern\":\"^[^\\\\x00]*$\"},"
                  "\"type\":\"object\",\"propertyNames\":{\"pattern\":\"^[a-z]$\"},"
                  "\"title\":\"Texts\"}");
}

static void models_are_components(void **state)
{
    (void)state;
    struct openapi_models models = {0};
    json_decref(openapi_reference(&models, &whole, OPENAPI_REPLY));
    json_decref(openapi_reference(&models, &part, OPENAPI_REPLY)); /* again: once */
    assert_int_equal(models.count, 2);
    json_t *components = openapi_components(&models);
    json_t *required = json_object_get(json_object_get(components, "Whole"), "required");
    assert_int_equal(json_array_size(required), 1);
    char *text = json_dumps(json_object_get(components, "Part"), JSON_COMPACT);
    assert_string_equal(text, "{\"properties\":{\"n\":{\"type\":\"integer\",\"minimum\":0,"
                              "\"title\":\"N\"}},\"type\":\"object\",\"required\":[\"n\"],"
                              "\"title\":\"Part\",\"description\":\"A part.\"}");
    free(text);
    json_decref(components);
}

/* Routes. */

static const struct field user_fields[] = {{"user_id", FIELD_STRING, .required = true},
                                           {"limit", FIELD_INTEGER, .fallback = "5"}};
static const struct field thing_fields[] = {{"thing_id", FIELD_STRING, .required = true}};
static const struct route of_user, of_thing, hidden;
static const struct route_response gone[] = {
    {404, "No such user", &part},
    {503, NULL, NULL, "text/plain"},
    {204, "Nothing", NULL, NULL},
};
static const struct route of_user = {.method = "GET",
                                     .path = "/v1/{user_id}",
                                     .name = "of_user",
                                     .parameters = user_fields,
                                     .path_parameter_count = 1,
                                     .parameter_count = 2,
                                     .responses = gone,
                                     .response_count = 3,
                                     .errors = {404, 409},
                                     .links = {{&of_thing, 0, "thing_id"}}};
static const struct route of_thing = {.method = "DELETE",
                                      .path = "/v1/{thing_id}",
                                      .name = "of_thing",
                                      .parameters = thing_fields,
                                      .path_parameter_count = 1,
                                      .parameter_count = 1,
                                      .mode = ROUTE_IN_TASK,
                                      .status = 204,
                                      .admin = true};
static const struct route make = {.method = "POST",
                                  .path = "/v1/{user_id}/things",
                                  .name = "make",
                                  .parameters = user_fields,
                                  .path_parameter_count = 1,
                                  .parameter_count = 1,
                                  .body = &whole,
                                  .reply_type = "text/event-stream"};
static const struct route hidden = {
    .method = "GET", .path = "/hidden", .name = "hidden", .undocumented = true};
static const struct route *const table[] = {&of_user, &of_thing, &make, &hidden};

static json_t *at(json_t *document, const char *const *keys)
{
    for (; *keys; keys++) {
        document = json_object_get(document, *keys);
        if (!document)
            fail_msg("no '%s'", *keys);
    }
    return document;
}
#define AT(document, ...) at(document, (const char *const[]){__VA_ARGS__, NULL})

static void expect_keys(json_t *object, const char *expected)
{
    char found[256] = "";
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value)
    {
        strncat(found, key, sizeof(found) - strlen(found) - 1);
        strncat(found, " ", sizeof(found) - strlen(found) - 1);
    }
    assert_string_equal(found, expected);
}

static void operations_are_described(void **state)
{
    (void)state;
    char *text = openapi_document(table, 4, "1.2.3");
    json_t *document = json_loads(text, 0, NULL);
    assert_non_null(document);
    expect_keys(json_object_get(document, "paths"), "/v1/{id} /v1/{user_id}/things ");
    expect_keys(AT(document, "paths", "/v1/{id}"), "get delete ");
    json_t *get = AT(document, "paths", "/v1/{id}", "get");
    assert_string_equal(json_string_value(AT(get, "operationId")), "of_user_v1__user_id__get");
    assert_string_equal(json_string_value(AT(get, "summary")), "Of User");
    json_t *first = json_array_get(AT(get, "parameters"), 0);
    assert_string_equal(json_string_value(AT(first, "name")), "id");
    assert_true(json_is_true(AT(first, "required")));
    expect_keys(AT(get, "responses"), "200 204 404 409 422 500 503 ");
    char *anyof = json_dumps(AT(get, "responses", "404"), JSON_COMPACT);
    assert_string_equal(anyof,
                        "{\"description\":\"No such user\",\"content\":{\"application/json\":"
                        "{\"schema\":{\"anyOf\":[{\"$ref\":\"#/components/schemas/Part\"},"
                        "{\"$ref\":\"#/components/schemas/ErrorDetail\"}]}}}}");
    free(anyof);
    expect_keys(AT(get, "responses", "204"), "description ");
    expect_keys(AT(get, "responses", "503", "content"), "text/plain application/json ");
    assert_string_equal(
        json_string_value(AT(get, "responses", "200", "links", "of_thing", "parameters", "id")),
        "$response.body#/thing_id");
    json_t *delete = AT(document, "paths", "/v1/{id}", "delete");
    expect_keys(AT(delete, "responses"), "204 403 422 500 503 504 ");
    expect_keys(AT(delete, "responses", "204"), "description ");
    json_t *post = AT(document, "paths", "/v1/{user_id}/things", "post");
    expect_keys(AT(post, "responses"), "200 400 413 422 500 503 ");
    expect_keys(AT(post, "responses", "200", "content"), "text/event-stream ");
    json_decref(document);
    free(text);
}

static void check_references(json_t *value, json_t *components)
{
    const char *key;
    json_t *item;
    size_t i;
    json_array_foreach(value, i, item) check_references(item, components);
    json_object_foreach(value, key, item)
    {
        const char *reference = strcmp(key, "$ref") == 0 ? json_string_value(item) : NULL;
        if (reference)
            assert_non_null(json_object_get(components, strrchr(reference, '/') + 1));
        check_references(item, components);
    }
}

static void the_server_is_described(void **state)
{
    (void)state;
    char *text = openapi_document(api_routes, api_route_count, "1.2.3");
    json_t *document = json_loads(text, 0, NULL);
    assert_non_null(document);
    check_references(document, AT(document, "components", "schemas"));
    static const char *const names[] = {"AgentConfig",          "QueryRequest",
                                        "QueryResponse",        "CreateConversationRequest",
                                        "ConversationResponse", "HTTPValidationError",
                                        "ValidationError"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        AT(document, "components", "schemas", names[i]);
    for (size_t i = 0; i < api_route_count; i++)
        assert_true(api_routes[i]->undocumented || (api_routes[i]->summary && api_routes[i]->tag));
    json_decref(document);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_are_those_of_pydantic),
        cmocka_unit_test(models_are_components),
        cmocka_unit_test(operations_are_described),
        cmocka_unit_test(the_server_is_described),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
