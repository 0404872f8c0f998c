/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Validation as pydantic 2 does it in its lax mode: one reader per kind of field, each of which
 * coerces or appends an error. All errors of a body are reported, in the order of the model's
 * fields.
 */
#include "api/schema.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/body_text.h"
#include "api/coerce.h"
#include "api/json_body.h"
#include "core/json.h"

#define SCHEMA_DETAIL_MAX ((size_t)4 * 1024 * 1024)

/* The way to a value, for "loc": a name, or an index where there is none. */
struct where {
    const struct where *above;
    const char *name;
    size_t index;
};

/* What readers need beside the value. */
struct reading {
    const struct field *field;
    const struct body_value *value;
    const struct where *where;
    struct schema_errors *errors;
};

static json_t *read_field(const struct field *field, const struct body_value *value,
                          const struct where *where, struct schema_errors *errors);

struct schema_errors schema_errors_init(void)
{
    return (struct schema_errors){.detail = strbuf_init(SCHEMA_DETAIL_MAX)};
}

void schema_errors_clear(struct schema_errors *errors)
{
    strbuf_clear(&errors->detail);
    errors->count = 0;
}

/* Errors. */

static void print_where(const struct where *where, struct strbuf *out)
{
    if (where->above) {
        print_where(where->above, out);
        strbuf_add_char(out, ',');
    }
    if (where->name)
        json_add_string(out, str_from(where->name));
    else
        strbuf_printf(out, "%zu", where->index);
}

/* NULL is null. What is too long to be told again is left out. */
static void print_input(const struct body_value *input, struct strbuf *out)
{
    struct strbuf text = strbuf_init(SCHEMA_INPUT_MAX);
    if (input)
        body_print(input, &text);
    else
        strbuf_add(&text, "null");
    if (strbuf_ok(&text)) {
        strbuf_add(out, ",\"input\":");
        strbuf_add_str(out, strbuf_str(&text));
    }
    strbuf_clear(&text);
}

/* `context` is the object of "ctx" as JSON, or NULL. */
static void add_error(struct schema_errors *errors, const struct where *where, const char *type,
                      const char *message, const struct body_value *input, const char *context)
{
    struct strbuf *out = &errors->detail;
    if (errors->count == SCHEMA_ERRORS_MAX)
        return;
    if (errors->count++ > 0)
        strbuf_add_char(out, ',');
    strbuf_printf(out, "{\"type\":\"%s\",\"loc\":[", type);
    print_where(where, out);
    strbuf_add(out, "],\"msg\":");
    json_add_string(out, str_from(message));
    print_input(input, out);
    if (context)
        strbuf_printf(out, ",\"ctx\":%s", context);
    strbuf_add_char(out, '}');
}

static json_t *refuse(const struct reading *r, const char *type, const char *message)
{
    add_error(r->errors, r->where, type, message, r->value, NULL);
    return NULL;
}

/* Texts. */

static json_t *refuse_length(const struct reading *r, bool too_short, size_t limit)
{
    char message[128], context[64];
    snprintf(message, sizeof(message), "String should have at %s %zu character%s",
             too_short ? "least" : "most", limit, limit == 1 ? "" : "s");
    snprintf(context, sizeof(context), "{\"%s_length\":%zu}", too_short ? "min" : "max", limit);
    add_error(r->errors, r->where, too_short ? "string_too_short" : "string_too_long", message,
              r->value, context);
    return NULL;
}

/* A single surrogate is in no encoding; true when the text has one. */
static bool refuse_surrogate(const struct reading *r)
{
    if (r->value->kind != BODY_STRING || !body_text_has_surrogate(r->value->text))
        return false;
    refuse(r, "string_unicode",
           "Input should be a valid string, unable to parse raw data as a unicode string");
    return true;
}

/* "'a', 'b' or 'c'" */
static void print_choices(const char *const *choices, struct strbuf *out)
{
    for (size_t i = 0; choices[i]; i++)
        strbuf_printf(out, "%s'%s'", i == 0 ? "" : choices[i + 1] ? ", " : " or ", choices[i]);
}

static json_t *read_choice(const struct reading *r)
{
    const char *const *choices = r->field->choices;
    struct str text = r->value->text;
    for (size_t i = 0; choices[i] && r->value->kind == BODY_STRING; i++)
        if (str_equal_text(text, choices[i]))
            return json_string_nocheck(choices[i]);
    struct strbuf expected = strbuf_init(1024), message = strbuf_init(2048),
                  context = strbuf_init(2048);
    print_choices(choices, &expected);
    strbuf_printf(&message, "Input should be %s", strbuf_text(&expected));
    strbuf_add(&context, "{\"expected\":");
    json_add_string(&context, strbuf_str(&expected));
    strbuf_add_char(&context, '}');
    add_error(r->errors, r->where, "literal_error", strbuf_text(&message), r->value,
              strbuf_text(&context));
    strbuf_clear(&expected);
    strbuf_clear(&message);
    strbuf_clear(&context);
    return NULL;
}

static json_t *read_string(const struct reading *r)
{
    const struct field *field = r->field;
    struct str text = r->value->text;
    if (field->choices)
        return read_choice(r);
    if (r->value->kind != BODY_STRING)
        return refuse(r, "string_type", "Input should be a valid string");
    if (refuse_surrogate(r))
        return NULL;
    size_t length = str_count_utf8(text);
    if (length < field->length_min)
        return refuse_length(r, true, field->length_min);
    if (field->length_max > 0 && length > field->length_max)
        return refuse_length(r, false, field->length_max);
    /* What reads the text as a C string would see another one. */
    if (text.length > 0 && memchr(text.bytes, '\0', text.length)) {
        add_error(r->errors, r->where, "value_error",
                  "Value error, text must not contain NUL characters", r->value, "{\"error\":{}}");
        return NULL;
    }
    return json_stringn_nocheck(text.bytes, text.length);
}

/* Numbers. */

static json_t *refuse_bound(const struct reading *r, bool too_small, int64_t limit)
{
    char message[128], context[64];
    snprintf(message, sizeof(message), "Input should be %s than or equal to %" PRId64,
             too_small ? "greater" : "less", limit);
    snprintf(context, sizeof(context), "{\"%s\":%" PRId64 "}", too_small ? "ge" : "le", limit);
    add_error(r->errors, r->where, too_small ? "greater_than_equal" : "less_than_equal", message,
              r->value, context);
    return NULL;
}

static const char INTEGER_SIZE[] =
    "Unable to parse input string as an integer, exceeded maximum size";

static const struct {
    const char *type, *message;
} INTEGER_REFUSALS[] = {
    [COERCE_WRONG_KIND] = {"int_type", "Input should be a valid integer"},
    [COERCE_UNPARSABLE] = {"int_parsing",
                           "Input should be a valid integer, unable to parse string as an integer"},
    [COERCE_FRACTION] = {"int_from_float",
                         "Input should be a valid integer, got a number with a fractional part"},
    [COERCE_NOT_FINITE] = {"finite_number", "Input should be a finite number"},
    [COERCE_TOO_BIG] = {"int_parsing_size", INTEGER_SIZE},
};

static json_t *read_integer(const struct reading *r)
{
    const struct field *field = r->field;
    struct whole whole;
    if (refuse_surrogate(r))
        return NULL;
    enum coerce_result result = coerce_integer(r->value, &whole);
    if (result != COERCE_OK)
        return refuse(r, INTEGER_REFUSALS[result].type, INTEGER_REFUSALS[result].message);
    bool above = whole.beyond > 0 || (whole.beyond == 0 && whole.value > field->maximum);
    bool below = whole.beyond < 0 || (whole.beyond == 0 && whole.value < field->minimum);
    if (field->bounded && field->maximum != INT64_MAX && above)
        return refuse_bound(r, false, field->maximum);
    if (field->bounded && field->minimum != INT64_MIN && below)
        return refuse_bound(r, true, field->minimum);
    if (whole.beyond != 0)
        return refuse(r, "int_parsing_size", INTEGER_SIZE);
    return json_integer(whole.value);
}

static json_t *read_number(const struct reading *r)
{
    const struct field *field = r->field;
    double number;
    if (refuse_surrogate(r))
        return NULL;
    switch (coerce_number(r->value, &number)) {
    case COERCE_OK:
        break;
    case COERCE_UNPARSABLE:
        return refuse(r, "float_parsing",
                      "Input should be a valid number, unable to parse string as a number");
    default:
        return refuse(r, "float_type", "Input should be a valid number");
    }
    if (!isfinite(number)) /* JSON has no word for it, so no reply could tell it */
        return refuse(r, "finite_number", "Input should be a finite number");
    if (field->bounded && field->maximum != INT64_MAX && number > (double)field->maximum)
        return refuse_bound(r, false, field->maximum);
    if (field->bounded && field->minimum != INT64_MIN && number < (double)field->minimum)
        return refuse_bound(r, true, field->minimum);
    return json_real(number);
}

static json_t *read_boolean(const struct reading *r)
{
    bool truth;
    if (refuse_surrogate(r))
        return NULL;
    switch (coerce_boolean(r->value, &truth)) {
    case COERCE_OK:
        return json_boolean(truth);
    case COERCE_UNPARSABLE:
        return refuse(r, "bool_parsing",
                      "Input should be a valid boolean, unable to interpret input");
    default:
        return refuse(r, "bool_type", "Input should be a valid boolean");
    }
}

/* Lists. */

static json_t *refuse_count(const struct reading *r, bool too_short, size_t limit)
{
    char message[128], context[128];
    snprintf(message, sizeof(message),
             "List should have at %s %zu item%s after validation, not %zu",
             too_short ? "least" : "most", limit, limit == 1 ? "" : "s", r->value->count);
    snprintf(context, sizeof(context),
             "{\"field_type\":\"List\",\"%s_length\":%zu,\"actual_length\":%zu}",
             too_short ? "min" : "max", limit, r->value->count);
    add_error(r->errors, r->where, too_short ? "too_short" : "too_long", message, r->value,
              context);
    return NULL;
}

static json_t *read_list(const struct reading *r)
{
    const struct field *field = r->field;
    const struct field item_field = {
        .kind = field->item, .model = field->model, .choices = field->choices};
    if (r->value->kind != BODY_LIST)
        return refuse(r, "list_type", "Input should be a valid list");
    if (field->length_max > 0 && r->value->count > field->length_max)
        return refuse_count(r, false, field->length_max);
    json_t *list = json_array();
    bool ok = true;
    struct where where = {.above = r->where};
    for (const struct body_value *item = r->value->first; item; item = item->next) {
        json_t *read = read_field(&item_field, item, &where, r->errors);
        ok = ok && read && json_array_append(list, read) == 0;
        json_decref(read);
        where.index++;
    }
    if (ok && r->value->count < field->length_min) {
        refuse_count(r, true, field->length_min);
        ok = false;
    }
    if (ok)
        return list;
    json_decref(list);
    return NULL;
}

/* Objects. */

static json_t *read_object(const struct reading *r)
{
    if (r->value->kind != BODY_OBJECT)
        return refuse(r, "dict_type", "Input should be a valid dictionary");
    return body_to_json(r->value);
}

/* What is wrong with a key itself is at "[key]" below it. */
static bool check_key(const struct reading *r, const struct body_value *member,
                      const struct where *above)
{
    const struct field field = {.kind = FIELD_STRING};
    const struct body_value key = {.kind = BODY_STRING, .text = member->key};
    const struct where where = {.above = above, .name = "[key]"};
    json_t *read = read_field(&field, &key, &where, r->errors);
    json_decref(read);
    return read != NULL;
}

static json_t *read_texts(const struct reading *r)
{
    const struct field field = {.kind = FIELD_STRING};
    if (r->value->kind != BODY_OBJECT)
        return refuse(r, "dict_type", "Input should be a valid dictionary");
    json_t *object = json_object();
    bool ok = true;
    for (const struct body_value *member = r->value->first; member; member = member->next) {
        char *key = strndup(member->key.bytes, member->key.length);
        const struct where where = {.above = r->where, .name = key};
        bool key_ok = check_key(r, member, &where);
        json_t *read = read_field(&field, member, &where, r->errors);
        ok = ok && key_ok && read && json_object_set_nocheck(object, key, read) == 0;
        json_decref(read);
        free(key);
    }
    if (ok)
        return object;
    json_decref(object);
    return NULL;
}

static json_t *read_any(const struct reading *r)
{
    return body_to_json(r->value);
}

static json_t *model_defaults(const struct model *model);

static json_t *default_value(const struct field *field)
{
    const char *text = field->fallback;
    int64_t integer;
    if (!text)
        return field->kind == FIELD_MODEL && field->model ? model_defaults(field->model)
                                                          : json_null();
    if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)
        return json_boolean(text[0] == 't');
    if (field->kind == FIELD_INTEGER && str_to_i64(str_from(text), &integer))
        return json_integer(integer);
    if (field->kind == FIELD_NUMBER)
        return json_real(strtod(text, NULL));
    json_t *value = json_loads(text, JSON_DECODE_ANY, NULL);
    return value ? value : json_null();
}

static json_t *model_defaults(const struct model *model)
{
    json_t *object = json_object();
    for (size_t i = 0; i < model->field_count; i++)
        json_object_set_new_nocheck(object, model->fields[i].name,
                                    default_value(&model->fields[i]));
    return object;
}

static json_t *read_model(const struct reading *r)
{
    const struct model *model = r->field->model;
    if (r->value->kind != BODY_OBJECT)
        return refuse(r, "model_attributes_type",
                      "Input should be a valid dictionary or object to extract fields from");
    json_t *object = json_object();
    bool ok = true;
    for (size_t i = 0; i < model->field_count; i++) {
        const struct field *field = &model->fields[i];
        const struct body_value *member = body_member(r->value, field->name);
        struct where where = {.above = r->where, .name = field->name};
        json_t *read = NULL;
        if (member)
            read = read_field(field, member, &where, r->errors);
        else if (field->required)
            add_error(r->errors, &where, "missing", "Field required", r->value, NULL);
        else
            read = default_value(field);
        ok = ok && read && json_object_set_nocheck(object, field->name, read) == 0;
        json_decref(read);
    }
    if (ok)
        return object;
    json_decref(object);
    return NULL;
}

static json_t *(*const READERS[])(const struct reading *r) = {
    [FIELD_STRING] = read_string,   [FIELD_INTEGER] = read_integer, [FIELD_NUMBER] = read_number,
    [FIELD_BOOLEAN] = read_boolean, [FIELD_LIST] = read_list,       [FIELD_MODEL] = read_model,
    [FIELD_OBJECT] = read_object,   [FIELD_TEXTS] = read_texts,   [FIELD_ANY] = read_any,
};

static json_t *read_field(const struct field *field, const struct body_value *value,
                          const struct where *where, struct schema_errors *errors)
{
    if (field->nullable && value->kind == BODY_NULL)
        return json_null();
    return READERS[field->kind](&(struct reading){field, value, where, errors});
}

/* "application/json", "application/ANY+json", in any case, with parameters or without. */
static bool is_json_type(struct str content_type)
{
    struct str type, rest = content_type;
    if (!str_split(&rest, ';', &type))
        return false;
    type = str_trim(type);
    if (!str_equal_nocase(str_slice(type, 0, 12), STR("application/")))
        return false;
    struct str subtype = str_slice(type, 12, type.length);
    if (subtype.length > 0 && memchr(subtype.bytes, '/', subtype.length))
        return false;
    size_t suffix = subtype.length < 5 ? 0 : subtype.length - 5;
    return str_equal_nocase(subtype, STR("json")) ||
           str_equal_nocase(str_slice(subtype, suffix, subtype.length), STR("+json"));
}

/* Bad JSON hides all else that may be wrong with the request. */
static void add_bad_json(struct schema_errors *errors, const struct body_problem *problem)
{
    static const struct body_value nothing = {.kind = BODY_OBJECT};
    const struct where body = {.name = "body"};
    const struct where where = {.above = &body, .index = problem->offset};
    struct strbuf context = strbuf_init(256);
    strbuf_add(&context, "{\"error\":");
    json_add_string(&context, str_from(problem->message));
    strbuf_add_char(&context, '}');
    strbuf_reset(&errors->detail);
    errors->count = 0;
    add_error(errors, &where, "json_invalid", "JSON decode error", &nothing, strbuf_text(&context));
    strbuf_clear(&context);
}

static json_t *read_body(struct arena *arena, const struct model *model, bool optional,
                         struct str content_type, struct str body, struct schema_errors *errors,
                         int *status)
{
    const struct field field = {.kind = FIELD_MODEL, .model = model, .nullable = optional};
    const struct where where = {.name = "body"};
    struct body_value raw = {.kind = BODY_STRING, .text = body}, *value = &raw;
    struct body_problem problem;
    *status = 422;
    if (body.length == 0) {
        if (optional)
            return json_null();
        add_error(errors, &where, "missing", "Field required", NULL, NULL);
        return NULL;
    }
    if (is_json_type(content_type) && !(value = body_decode(arena, body, &problem))) {
        if (problem.message)
            add_bad_json(errors, &problem);
        else
            *status = 400;
        return NULL;
    }
    return read_field(&field, value, &where, errors);
}

json_t *schema_read_body(const struct model *model, bool optional, struct str content_type,
                         struct str body, struct schema_errors *errors, int *status)
{
    struct arena *arena = arena_new();
    json_t *object = read_body(arena, model, optional, content_type, body, errors, status);
    arena_free(arena);
    return object;
}

json_t *schema_read_parameter(const struct field *field, const char *place, struct str text,
                              struct schema_errors *errors)
{
    const struct where above = {.name = place};
    const struct where where = {.above = &above, .name = field->name};
    const struct body_value value = {.kind = BODY_STRING, .text = text};
    if (text.bytes)
        return read_field(field, &value, &where, errors);
    if (!field->required)
        return default_value(field);
    add_error(errors, &where, "missing", "Field required", NULL, NULL);
    return NULL;
}
