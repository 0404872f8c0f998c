/* SPDX-License-Identifier: Apache-2.0 */
#include "api/openapi_schema.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "core/strbuf.h"

/* What a text of a request may be where its field does not say: validation refuses NUL, and a part
 * of a path has something in it and no slash. */
static const char *const PATTERNS[] = {
    [OPENAPI_REPLY] = NULL,
    [OPENAPI_BODY] = "^[^\\x00]*$",
    [OPENAPI_QUERY] = "^[^\\x00]*$",
    [OPENAPI_PATH] = "^[^/\\x00]+$",
};

static void set(json_t *object, const char *key, json_t *value)
{
    json_object_set_new(object, key, value);
}

static void set_text(json_t *object, const char *key, const char *text)
{
    if (text)
        set(object, key, json_string(text));
}

static void set_limit(json_t *object, const char *key, size_t limit)
{
    if (limit > 0)
        set(object, key, json_integer((json_int_t)limit));
}

json_t *openapi_title(const char *name)
{
    char title[128];
    size_t length = 0;
    bool first = true;
    for (const char *at = name; *at && length + 1 < sizeof(title); at++) {
        char c = *at == '_' ? ' ' : *at;
        title[length++] = first ? char_upper(c) : c;
        first = c == ' ';
    }
    return json_stringn(title, length);
}

/* Models are few, so that a list in order does. */
static void add_model(struct openapi_models *models, const struct model *model,
                      enum openapi_use use)
{
    size_t at = 0;
    while (at < models->count && strcmp(models->models[at]->name, model->name) < 0)
        at++;
    if (at < models->count && models->models[at] == model)
        return;
    assert(models->count < OPENAPI_MODELS_MAX);
    /* Two models of one name would be one component. */
    assert(at == models->count || strcmp(models->models[at]->name, model->name) != 0);
    memmove(&models->models[at + 1], &models->models[at],
            (models->count - at) * sizeof(models->models[0]));
    memmove(&models->uses[at + 1], &models->uses[at],
            (models->count - at) * sizeof(models->uses[0]));
    models->models[at] = model;
    models->uses[at] = use;
    models->count++;
    for (size_t i = 0; i < model->field_count; i++)
        if (model->fields[i].model)
            add_model(models, model->fields[i].model, use);
}

json_t *openapi_reference(struct openapi_models *models, const struct model *model,
                          enum openapi_use use)
{
    char path[256];
    snprintf(path, sizeof(path), "#/components/schemas/%s", model->name);
    add_model(models, model, use);
    return json_pack("{s:s}", "$ref", path);
}

static json_t *string_schema(const struct field *field, enum openapi_use use)
{
    json_t *schema = json_pack("{s:s}", "type", "string");
    if (field->choices) {
        json_t *choices = json_array();
        for (size_t i = 0; field->choices[i]; i++)
            json_array_append_new(choices, json_string(field->choices[i]));
        set(schema, "enum", choices);
        return schema;
    }
    set_limit(schema, "minLength", field->length_min);
    set_limit(schema, "maxLength", field->length_max);
    set_text(schema, "format", field->format);
    if (field->pattern || !field->format)
        set_text(schema, "pattern", field->pattern ? field->pattern : PATTERNS[use]);
    return schema;
}

static json_t *number_schema(const struct field *field, const char *type)
{
    json_t *schema = json_pack("{s:s}", "type", type);
    if (field->bounded && field->minimum != INT64_MIN)
        set(schema, "minimum", json_integer(field->minimum));
    if (field->bounded && field->maximum != INT64_MAX)
        set(schema, "maximum", json_integer(field->maximum));
    return schema;
}

static json_t *kind_schema(struct openapi_models *models, const struct field *field,
                           enum openapi_use use);

static json_t *list_schema(struct openapi_models *models, const struct field *field,
                           enum openapi_use use)
{
    const struct field item = {
        .kind = field->item, .model = field->model, .choices = field->choices};
    json_t *schema = json_pack("{s:s}", "type", "array");
    set(schema, "items", kind_schema(models, &item, use));
    set_limit(schema, "minItems", field->length_min);
    set_limit(schema, "maxItems", field->length_max);
    return schema;
}

static json_t *texts_schema(const struct field *field, enum openapi_use use)
{
    json_t *value = json_pack("{s:s}", "type", "string");
    set_text(value, "pattern", PATTERNS[use]);
    json_t *schema = json_pack("{s:o,s:s}", "additionalProperties", value, "type", "object");
    if (field->pattern)
        set(schema, "propertyNames", json_pack("{s:s}", "pattern", field->pattern));
    return schema;
}

static json_t *kind_schema(struct openapi_models *models, const struct field *field,
                           enum openapi_use use)
{
    switch (field->kind) {
    case FIELD_STRING:
        return string_schema(field, use);
    case FIELD_INTEGER:
        return number_schema(field, "integer");
    case FIELD_NUMBER:
        return number_schema(field, "number");
    case FIELD_BOOLEAN:
        return json_pack("{s:s}", "type", "boolean");
    case FIELD_LIST:
        return list_schema(models, field, use);
    case FIELD_MODEL:
        return openapi_reference(models, field->model, use);
    case FIELD_OBJECT:
        return json_pack("{s:b,s:s}", "additionalProperties", 1, "type", "object");
    case FIELD_TEXTS:
        return texts_schema(field, use);
    case FIELD_ANY:
        break;
    }
    return json_object();
}

json_t *openapi_field(struct openapi_models *models, const struct field *field,
                      enum openapi_use use)
{
    json_t *schema = kind_schema(models, field, use);
    if (field->nullable && field->kind != FIELD_ANY)
        schema = json_pack("{s:[o,{s:s}]}", "anyOf", schema, "type", "null");
    if (field->kind != FIELD_MODEL)
        set(schema, "title", openapi_title(field->name));
    set_text(schema, "description", field->description);
    if (field->fallback && strcmp(field->fallback, "null") != 0)
        set(schema, "default", json_loads(field->fallback, JSON_DECODE_ANY, NULL));
    if (field->example)
        set(schema, "examples",
            json_pack("[o]", json_loads(field->example, JSON_DECODE_ANY, NULL)));
    return schema;
}

static json_t *model_schema(struct openapi_models *models, const struct model *model,
                            enum openapi_use use)
{
    json_t *schema = json_object(), *properties = json_object(), *required = json_array();
    set(schema, "properties", properties);
    set(schema, "type", json_string("object"));
    for (size_t i = 0; i < model->field_count; i++) {
        set(properties, model->fields[i].name, openapi_field(models, &model->fields[i], use));
        if (model->fields[i].required)
            json_array_append_new(required, json_string(model->fields[i].name));
    }
    if (json_array_size(required) > 0)
        json_object_set(schema, "required", required);
    json_decref(required);
    set(schema, "title", json_string(model->name));
    set_text(schema, "description", model->description);
    if (model->example)
        set(schema, "examples", json_pack("[o]", json_loads(model->example, 0, NULL)));
    return schema;
}

json_t *openapi_components(struct openapi_models *models)
{
    json_t *components = json_object();
    for (size_t i = 0; i < models->count; i++)
        set(components, models->models[i]->name,
            model_schema(models, models->models[i], models->uses[i]));
    return components;
}
