/* SPDX-License-Identifier: Apache-2.0 */
/* Values of a body given back: as text in the form of Python's json.dumps(), or as jansson's. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/body_text.h"
#include "api/json_body.h"
#include "core/alloc.h"
#include "core/json.h"

/*
 * The shortest digits that read back the same, with an exponent below 1e-4 and from 1e16 on, and
 * always with a fraction or an exponent: 1.0, 1e+16, 1e-05.
 */
static void print_number(double number, struct strbuf *out)
{
    char digits[32];
    if (!isfinite(number)) {
        strbuf_add(out, "null");
        return;
    }
    int precision = 0;
    do
        snprintf(digits, sizeof(digits), "%.*e", precision, number);
    while (strtod(digits, NULL) != number && ++precision < 17);
    int exponent = atoi(strchr(digits, 'e') + 1);
    if (exponent >= -4 && exponent < 16)
        strbuf_printf(out, "%.*f", precision > exponent + 1 ? precision - exponent : 1, number);
    else
        strbuf_add(out, digits);
}

static void print_members(const struct body_value *parent, struct strbuf *out)
{
    for (const struct body_value *child = parent->first; child && strbuf_ok(out);
         child = child->next) {
        if (child != parent->first)
            strbuf_add_char(out, ',');
        if (parent->kind == BODY_OBJECT) {
            json_add_string(out, child->key);
            strbuf_add_char(out, ':');
        }
        body_print(child, out);
    }
}

void body_print(const struct body_value *value, struct strbuf *out)
{
    switch (value->kind) {
    case BODY_NULL:
        strbuf_add(out, "null");
        break;
    case BODY_BOOLEAN:
        strbuf_add(out, value->truth ? "true" : "false");
        break;
    case BODY_INTEGER:
        strbuf_add_str(out, str_equal(value->text, STR("-0")) ? STR("0") : value->text);
        break;
    case BODY_NUMBER:
        print_number(value->number, out);
        break;
    case BODY_STRING:
        json_add_string(out, value->text);
        break;
    case BODY_LIST:
    case BODY_OBJECT:
        strbuf_add_char(out, value->kind == BODY_LIST ? '[' : '{');
        print_members(value, out);
        strbuf_add_char(out, value->kind == BODY_LIST ? ']' : '}');
        break;
    }
}

/* U+FFFD is as long as the surrogates that it replaces. */
static char *copy_without_surrogates(struct str text)
{
    char *copy = xstrndup(text.bytes, text.length);
    for (char *at = copy; at + 2 < copy + text.length; at++)
        if (body_text_has_surrogate((struct str){at, 3}))
            memcpy(at, "\xEF\xBF\xBD", 3);
    return copy;
}

static json_t *string_to_json(struct str text)
{
    if (!body_text_has_surrogate(text))
        return json_stringn_nocheck(text.bytes, text.length);
    char *copy = copy_without_surrogates(text);
    json_t *string = json_stringn_nocheck(copy, text.length);
    free(copy);
    return string;
}

static json_t *integer_to_json(struct str text)
{
    int64_t integer;
    if (str_to_i64(text, &integer))
        return json_integer(integer);
    char *copy = xstrndup(text.bytes, text.length);
    double number = strtod(copy, NULL);
    free(copy);
    return isfinite(number) ? json_real(number) : json_null();
}

static json_t *object_to_json(const struct body_value *value)
{
    json_t *object = json_object();
    for (const struct body_value *member = value->first; member; member = member->next) {
        char *key = copy_without_surrogates(member->key);
        json_object_setn_new_nocheck(object, key, member->key.length, body_to_json(member));
        free(key);
    }
    return object;
}

static json_t *list_to_json(const struct body_value *value)
{
    json_t *list = json_array();
    for (const struct body_value *item = value->first; item; item = item->next)
        json_array_append_new(list, body_to_json(item));
    return list;
}

json_t *body_to_json(const struct body_value *value)
{
    switch (value->kind) {
    case BODY_NULL:
        break;
    case BODY_BOOLEAN:
        return json_boolean(value->truth);
    case BODY_INTEGER:
        return integer_to_json(value->text);
    case BODY_NUMBER:
        return isfinite(value->number) ? json_real(value->number) : json_null();
    case BODY_STRING:
        return string_to_json(value->text);
    case BODY_LIST:
        return list_to_json(value);
    case BODY_OBJECT:
        return object_to_json(value);
    }
    return json_null();
}
