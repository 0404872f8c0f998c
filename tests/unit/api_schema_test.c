/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "agent/run.h"
#include "api/models.h"
#include "api/schema.h"
#include "core/arena.h"

static const struct field part_fields[] = {
    {"n", FIELD_INTEGER, .required = true},
};
static const struct model part = {"Part", NULL, part_fields, 1};

static const struct field all_fields[] = {
    {"text", FIELD_STRING, .length_min = 2, .length_max = 3},
    {"one", FIELD_STRING, .length_min = 1, .length_max = 1},
    {"whole", FIELD_INTEGER},
    {"bounded", FIELD_INTEGER, .bounded = true, .minimum = 1, .maximum = 1000},
    {"least", FIELD_INTEGER, .bounded = true, .minimum = 0, .maximum = INT64_MAX},
    {"number", FIELD_NUMBER, .bounded = true, .minimum = 0, .maximum = 2, .fallback = "0.5"},
    {"truth", FIELD_BOOLEAN, .fallback = "true"},
    {"texts", FIELD_LIST, .item = FIELD_STRING, .length_min = 1, .length_max = 2},
    {"parts", FIELD_LIST, .item = FIELD_MODEL, .model = &part},
    {"part", FIELD_MODEL, .nullable = true, .model = &part, .fallback = "null"},
    {"object", FIELD_OBJECT},
    {"any", FIELD_ANY},
    {"maybe", FIELD_STRING, .nullable = true},
};
static const struct model all = {"All", NULL, all_fields,
                                 sizeof(all_fields) / sizeof(all_fields[0])};

/* The detail of a body's errors, or "400"; of a good body, what was read. The caller frees it. */
static char *read_as_text(const struct model *model, const char *type, struct str body)
{
    struct schema_errors errors = schema_errors_init();
    int status = 0;
    json_t *json = schema_read_body(model, false, type ? str_from(type) : (struct str){NULL, 0},
                                    body, &errors, &status);
    char *text;
    if (json) {
        assert_int_equal(errors.count, 0);
        text = json_dumps(json, JSON_COMPACT);
    } else {
        assert_true((status == 400) == (errors.count == 0));
        text = strdup(status == 400 ? "400" : strbuf_text(&errors.detail));
    }
    json_decref(json);
    schema_errors_clear(&errors);
    return text;
}

static void expect_typed(const struct model *model, const char *type, const char *body,
                         const char *expected)
{
    char *text = read_as_text(model, type, str_from(body));
    assert_string_equal(text, expected);
    free(text);
}

static void expect(const char *body, const char *expected)
{
    expect_typed(&all, "application/json", body, expected);
}

#define ITEM(type, loc, message, input) \
    "{\"type\":\"" type "\",\"loc\":[\"body\"" loc "],\"msg\":\"" message "\",\"input\":" input "}"
#define ITEM_CONTEXT(type, loc, message, input, context)                                        \
    "{\"type\":\"" type "\",\"loc\":[\"body\"" loc "],\"msg\":\"" message "\",\"input\":" input \
    ",\"ctx\":" context "}"
#define BAD_JSON(at, message)                                                              \
    "{\"type\":\"json_invalid\",\"loc\":[\"body\"," #at "],\"msg\":\"JSON decode error\"," \
    "\"input\":{},\"ctx\":{\"error\":\"" message "\"}}"
#define NO_OBJECT(input)              \
    ITEM("model_attributes_type", "", \
         "Input should be a valid dictionary or object to extract fields from", input)

static void errors_are_those_of_pydantic(void **state)
{
    static const struct {
        const char *body, *expected;
    } rows[] = {
        {"", ITEM("missing", "", "Field required", "null")},
        {"null", NO_OBJECT("null")},
        {"[1, 2.50]", NO_OBJECT("[1,2.5]")},
        {"\"x\"", NO_OBJECT("\"x\"")},
        {"17", NO_OBJECT("17")},
        {"true", NO_OBJECT("true")},
        {"{\"parts\":[{\"n\":1},{\"m\":2}]}",
         ITEM("missing", ",\"parts\",1,\"n\"", "Field required", "{\"m\":2}")},
        {"{\"part\":{}}", ITEM("missing", ",\"part\",\"n\"", "Field required", "{}")},
        {"{\"part\":[]}",
         ITEM("model_attributes_type", ",\"part\"",
              "Input should be a valid dictionary or object to extract fields from", "[]")},
        {"{\"text\":1}", ITEM("string_type", ",\"text\"", "Input should be a valid string", "1")},
        {"{\"text\":null}",
         ITEM("string_type", ",\"text\"", "Input should be a valid string", "null")},
        {"{\"text\":\"\\ud800\\u0041\"}",
         ITEM("string_unicode", ",\"text\"",
              "Input should be a valid string, unable to parse raw data as a unicode string",
              "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"
              "A\"")},
        {"{\"text\":\"a\\u0000\"}",
         ITEM_CONTEXT("value_error", ",\"text\"",
                      "Value error, text must not contain NUL characters", "\"a\\u0000\"",
                      "{\"error\":{}}")},
        {"{\"one\":\"\"}",
         ITEM_CONTEXT("string_too_short", ",\"one\"", "String should have at least 1 character",
                      "\"\"", "{\"min_length\":1}")},
        {"{\"one\":\"ab\"}",
         ITEM_CONTEXT("string_too_long", ",\"one\"", "String should have at most 1 character",
                      "\"ab\"", "{\"max_length\":1}")},
        {"{\"text\":\"\xC3\xA9\"}",
         ITEM_CONTEXT("string_too_short", ",\"text\"", "String should have at least 2 characters",
                      "\"\xC3\xA9\"", "{\"min_length\":2}")},
        {"{\"text\":\"abcd\"}",
         ITEM_CONTEXT("string_too_long", ",\"text\"", "String should have at most 3 characters",
                      "\"abcd\"", "{\"max_length\":3}")},
        {"{\"whole\":\"abc\"}",
         ITEM("int_parsing", ",\"whole\"",
              "Input should be a valid integer, unable to parse string as an integer", "\"abc\"")},
        {"{\"whole\":null}",
         ITEM("int_type", ",\"whole\"", "Input should be a valid integer", "null")},
        {"{\"whole\":[]}", ITEM("int_type", ",\"whole\"", "Input should be a valid integer", "[]")},
        {"{\"whole\":1.5}",
         ITEM("int_from_float", ",\"whole\"",
              "Input should be a valid integer, got a number with a fractional part", "1.5")},
        {"{\"whole\":1e300}",
         ITEM("int_parsing_size", ",\"whole\"",
              "Unable to parse input string as an integer, exceeded maximum size", "1e+300")},
        {"{\"whole\":NaN}",
         ITEM("finite_number", ",\"whole\"", "Input should be a finite number", "null")},
        {"{\"bounded\":0}",
         ITEM_CONTEXT("greater_than_equal", ",\"bounded\"",
                      "Input should be greater than or equal to 1", "0", "{\"ge\":1}")},
        {"{\"bounded\":\"1001\"}",
         ITEM_CONTEXT("less_than_equal", ",\"bounded\"",
                      "Input should be less than or equal to 1000", "\"1001\"", "{\"le\":1000}")},
        {"{\"bounded\":123456789012345678901234567890}",
         ITEM_CONTEXT("less_than_equal", ",\"bounded\"",
                      "Input should be less than or equal to 1000",
                      "123456789012345678901234567890", "{\"le\":1000}")},
        {"{\"least\":-99999999999999999999}",
         ITEM_CONTEXT("greater_than_equal", ",\"least\"",
                      "Input should be greater than or equal to 0", "-99999999999999999999",
                      "{\"ge\":0}")},
        {"{\"number\":\"x\"}",
         ITEM("float_parsing", ",\"number\"",
              "Input should be a valid number, unable to parse string as a number", "\"x\"")},
        {"{\"number\":{}}",
         ITEM("float_type", ",\"number\"", "Input should be a valid number", "{}")},
        {"{\"number\":2.0000001}",
         ITEM_CONTEXT("less_than_equal", ",\"number\"", "Input should be less than or equal to 2",
                      "2.0000001", "{\"le\":2}")},
        {"{\"number\":-1}",
         ITEM_CONTEXT("greater_than_equal", ",\"number\"",
                      "Input should be greater than or equal to 0", "-1", "{\"ge\":0}")},
        {"{\"number\":Infinity}",
         ITEM("finite_number", ",\"number\"", "Input should be a finite number", "null")},
        {"{\"truth\":\"maybe\"}",
         ITEM("bool_parsing", ",\"truth\"",
              "Input should be a valid boolean, unable to interpret input", "\"maybe\"")},
        {"{\"truth\":2}", ITEM("bool_parsing", ",\"truth\"",
                               "Input should be a valid boolean, unable to interpret input", "2")},
        {"{\"truth\":0.5}",
         ITEM("bool_type", ",\"truth\"", "Input should be a valid boolean", "0.5")},
        {"{\"truth\":null}",
         ITEM("bool_type", ",\"truth\"", "Input should be a valid boolean", "null")},
        {"{\"texts\":\"a\"}",
         ITEM("list_type", ",\"texts\"", "Input should be a valid list", "\"a\"")},
        {"{\"texts\":{}}", ITEM("list_type", ",\"texts\"", "Input should be a valid list", "{}")},
        {"{\"texts\":[\"a\",7]}",
         ITEM("string_type", ",\"texts\",1", "Input should be a valid string", "7")},
        {"{\"texts\":[]}",
         ITEM_CONTEXT("too_short", ",\"texts\"",
                      "List should have at least 1 item after validation, not 0", "[]",
                      "{\"field_type\":\"List\",\"min_length\":1,\"actual_length\":0}")},
        {"{\"texts\":[1,2,3]}",
         ITEM_CONTEXT("too_long", ",\"texts\"",
                      "List should have at most 2 items after validation, not 3", "[1,2,3]",
                      "{\"field_type\":\"List\",\"max_length\":2,\"actual_length\":3}")},
        {"{\"object\":[]}",
         ITEM("dict_type", ",\"object\"", "Input should be a valid dictionary", "[]")},
        {"{\"truth\":7,\"text\":\"a\"}",
         ITEM_CONTEXT("string_too_short", ",\"text\"", "String should have at least 2 characters",
                      "\"a\"", "{\"min_length\":2}") "," ITEM("bool_parsing", ",\"truth\"",
                                                              "Input should be a valid boolean, "
                                                              "unable to interpret input",
                                                              "7")},
        {"{", BAD_JSON(1, "Expecting property name enclosed in double quotes")},
        {"{\"text\": }", BAD_JSON(9, "Expecting value")},
        {"\xEF\xBB\xBF{\"\xC3\xA9\":}", BAD_JSON(5, "Expecting value")},
        {"{\"text\":\"\\x\"}", BAD_JSON(9, "Invalid \\\\escape")},
        {"{\"\xFF\":1}", "400"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        expect(rows[i].body, rows[i].expected);
}

static void values_are_coerced(void **state)
{
    static const struct {
        const char *member, *expected;
    } rows[] = {
        {"\"text\":\"\xF0\x9F\x98\x80\xC3\xA9x\"", "\"text\":\"\xF0\x9F\x98\x80\xC3\xA9x\""},
        {"\"whole\":\" +1_000.00 \"", "\"whole\":1000"},
        {"\"whole\":7.0", "\"whole\":7"},
        {"\"whole\":true", "\"whole\":1"},
        {"\"whole\":-0", "\"whole\":0"},
        {"\"whole\":9223372036854775807", "\"whole\":9223372036854775807"},
        {"\"whole\":\"-9223372036854775808\"", "\"whole\":-9223372036854775808"},
        {"\"whole\":\"\xC2\xA0"
         "7\xE2\x80\x83\"",
         "\"whole\":7"},
        {"\"bounded\":1", "\"bounded\":1"},
        {"\"bounded\":1000", "\"bounded\":1000"},
        {"\"number\":2", "\"number\":2.0"},
        {"\"number\":\"1_0e-1\"", "\"number\":1.0"},
        {"\"number\":true", "\"number\":1.0"},
        {"\"truth\":\"oFf\"", "\"truth\":false"},
        {"\"truth\":1.0", "\"truth\":true"},
        {"\"truth\":0", "\"truth\":false"},
        {"\"maybe\":null", "\"maybe\":null"},
        {"\"part\":{\"n\":1,\"x\":2}", "\"part\":{\"n\":1}"},
        {"\"any\":[null,true,1.5,\"a\",{\"k\":12345678901234567890}]",
         "\"any\":[null,true,1.5,\"a\",{\"k\":1.2345678901234567e19}]"},
        {"\"one\":\"a\",\"one\":\"b\"", "\"one\":\"b\""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char body[256];
        snprintf(body, sizeof(body), "{%s}", rows[i].member);
        char *text = read_as_text(&all, "application/json", str_from(body));
        if (!strstr(text, rows[i].expected))
            fail_msg("%s became %s", body, text);
        free(text);
    }
}

static void all_fields_are_there(void **state)
{
    expect_typed(&model_query_request, "application/json",
                 "{\"query\":\"q\",\"user_id\":\"u\",\"x\":1}",
                 "{\"query\":\"q\",\"user_id\":\"u\",\"conversation_id\":null,\"agent_config\":{"
                 "\"dataset_filter\":null,\"model\":null,\"temperature\":0.0,\"use_cache\":true,"
                 "\"sample_rows\":10}}");
    expect_typed(
        &model_query_request, "application/json",
        "{\"query\":\"q\",\"user_id\":\"u\",\"agent_config\":null}",
        "{\"query\":\"q\",\"user_id\":\"u\",\"conversation_id\":null,\"agent_config\":null}");
    expect("{}", "{\"text\":null,\"one\":null,\"whole\":null,\"bounded\":null,\"least\":null,"
                 "\"number\":0.5,\"truth\":true,\"texts\":null,\"parts\":null,\"part\":null,"
                 "\"object\":null,\"any\":null,\"maybe\":null}");
}

/* An optional body may be left out or null; what else is no object is wrong all the same. */
static void an_optional_body_may_be_null(void **state)
{
    static const char *const bodies[] = {"", "null", " null\n", "[]", "false", "{}"};
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        struct schema_errors errors = schema_errors_init();
        int status = 0;
        json_t *json = schema_read_body(&part, true, STR("application/json"), str_from(bodies[i]),
                                        &errors, &status);
        assert_int_equal(status, 422);
        assert_int_equal(errors.count, i < 3 ? 0 : 1);
        assert_true(i < 3 ? json_is_null(json) : !json);
        json_decref(json);
        schema_errors_clear(&errors);
    }
}

static void lengths_are_in_characters(void **state)
{
    struct strbuf body = strbuf_init(100000);
    for (size_t length = QUESTION_LENGTH_MAX; length <= QUESTION_LENGTH_MAX + 1; length++) {
        strbuf_reset(&body);
        strbuf_add(&body, "{\"user_id\":\"u\",\"query\":\"");
        for (size_t i = 0; i < length; i++)
            strbuf_add(&body, "\xC3\xA9");
        strbuf_add(&body, "\"}");
        char *text = read_as_text(&model_query_request, "application/json", strbuf_str(&body));
        assert_true((strstr(text, "string_too_long") != NULL) == (length > QUESTION_LENGTH_MAX));
        free(text);
    }
    strbuf_clear(&body);
}

static void content_types_decide(void **state)
{
    static const struct {
        const char *type;
        bool is_json;
    } rows[] = {
        {"application/json", true},
        {"Application/JSON; charset=latin-1", true},
        {" application/json ;x", true},
        {"application/problem+json", true},
        {"application/x+JSON", true},
        {"application/not-json", false},
        {"text/json", false},
        {"application/json/x", false},
        {"application/", false},
        {"", false},
        {NULL, false},
        {"application/x-www-form-urlencoded", false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        expect_typed(&part, rows[i].type, "{\"n\":1}",
                     rows[i].is_json ? "{\"n\":1}" : NO_OBJECT("\"{\\\"n\\\":1}\""));
}

static void long_inputs_and_many_errors_are_cut(void **state)
{
    struct strbuf body = strbuf_init((size_t)1024 * 1024);
    for (size_t over = 0; over <= 1; over++) {
        strbuf_reset(&body);
        strbuf_add_char(&body, '"');
        strbuf_add_repeat(&body, 'x', SCHEMA_INPUT_MAX - 2 + over);
        strbuf_add_char(&body, '"');
        char *text = read_as_text(&all, "application/json", strbuf_str(&body));
        assert_true((strstr(text, "\"input\"") == NULL) == (over > 0));
        assert_non_null(strstr(text, "extract fields from\""));
        free(text);
    }
    for (size_t count = SCHEMA_ERRORS_MAX - 1; count <= SCHEMA_ERRORS_MAX + 1; count++) {
        strbuf_reset(&body);
        strbuf_add(&body, "{\"parts\":[{}");
        for (size_t i = 1; i < count; i++)
            strbuf_add(&body, ",{}");
        strbuf_add(&body, "]}");
        char *text = read_as_text(&all, "application/json", strbuf_str(&body));
        size_t found = 0;
        for (const char *at = text; (at = strstr(at, "\"missing\"")); at++)
            found++;
        assert_int_equal(found, count < SCHEMA_ERRORS_MAX ? count : SCHEMA_ERRORS_MAX);
        free(text);
    }
    strbuf_clear(&body);
}

static void parameters_are_read_as_texts(void **state)
{
    static const struct field limit = {"limit",         FIELD_INTEGER, .fallback = "50",
                                       .bounded = true, .minimum = 1,  .maximum = 100};
    static const struct field id = {"id", FIELD_STRING, .required = true};
    struct schema_errors errors = schema_errors_init();
    json_t *value = schema_read_parameter(&limit, "query", (struct str){NULL, 0}, &errors);
    assert_int_equal(json_integer_value(value), 50);
    json_decref(value);
    value = schema_read_parameter(&limit, "query", STR("7"), &errors);
    assert_int_equal(json_integer_value(value), 7);
    json_decref(value);
    value = schema_read_parameter(&id, "path", STR("conv_1"), &errors);
    assert_string_equal(json_string_value(value), "conv_1");
    json_decref(value);
    assert_int_equal(errors.count, 0);
    assert_null(schema_read_parameter(&limit, "query", STR("0"), &errors));
    assert_null(schema_read_parameter(&id, "query", (struct str){NULL, 0}, &errors));
    assert_null(schema_read_parameter(&id, "path", (struct str){"a\0b", 3}, &errors));
    assert_int_equal(errors.count, 3);
    assert_string_equal(
        strbuf_text(&errors.detail),
        "{\"type\":\"greater_than_equal\",\"loc\":[\"query\",\"limit\"],\"msg\":\"Input should be "
        "greater than or equal to 1\",\"input\":\"0\",\"ctx\":{\"ge\":1}},"
        "{\"type\":\"missing\",\"loc\":[\"query\",\"id\"],\"msg\":\"Field required\","
        "\"input\":null},"
        "{\"type\":\"value_error\",\"loc\":[\"path\",\"id\"],\"msg\":\"Value error, text must not "
        "contain NUL characters\",\"input\":\"a\\u0000b\",\"ctx\":{\"error\":{}}}");
    schema_errors_clear(&errors);
}

static void choices_are_literals(void **state)
{
    (void)state;
    static const char *const ratings[] = {"up", "down", NULL};
    static const char *const kinds[] = {"a", "b", "c", NULL};
    static const struct field fields[] = {
        {"rating", FIELD_STRING, .choices = ratings, .fallback = "\"up\""},
        {"kinds", FIELD_LIST, .item = FIELD_STRING, .choices = kinds, .length_max = 3},
    };
    static const struct model model = {"Choices", NULL, fields, 2};
    const char *type = "application/json";
    expect_typed(&model, type, "{\"kinds\":[\"c\",\"a\"]}",
                 "{\"rating\":\"up\",\"kinds\":[\"c\",\"a\"]}");
    expect_typed(&model, type, "{\"rating\":\"Up\",\"kinds\":[\"a\",1]}",
                 ITEM_CONTEXT("literal_error", ",\"rating\"", "Input should be 'up' or 'down'",
                              "\"Up\"", "{\"expected\":\"'up' or 'down'\"}") "," //
                 ITEM_CONTEXT("literal_error", ",\"kinds\",1", "Input should be 'a', 'b' or 'c'",
                              "1", "{\"expected\":\"'a', 'b' or 'c'\"}"));
    expect_typed(&model, type, "{\"rating\":null,\"kinds\":[]}",
                 ITEM_CONTEXT("literal_error", ",\"rating\"", "Input should be 'up' or 'down'",
                              "null", "{\"expected\":\"'up' or 'down'\"}"));
}

static void values_of_texts_are_texts(void **state)
{
    (void)state;
    static const struct field fields[] = {{"texts", FIELD_TEXTS, .required = true}};
    static const struct model model = {"Texts", NULL, fields, 1};
    const char *type = "application/json";
    expect_typed(&model, type, "{\"texts\":{\"a\":\"1\",\"\":\"2\",\"a\":\"3\"}}",
                 "{\"texts\":{\"a\":\"3\",\"\":\"2\"}}");
    expect_typed(&model, type, "{\"texts\":[]}",
                 ITEM("dict_type", ",\"texts\"", "Input should be a valid dictionary", "[]"));
    expect_typed(
        &model, type, "{\"texts\":{\"a\":1,\"b\":\"\",\"c\":null}}",
        ITEM("string_type", ",\"texts\",\"a\"", "Input should be a valid string", "1") "," //
        ITEM("string_type", ",\"texts\",\"c\"", "Input should be a valid string", "null"));
    expect_typed(&model, type, "{\"texts\":{\"a\\u0000b\":\"\"}}",
                 ITEM_CONTEXT("value_error", ",\"texts\",\"a\",\"[key]\"",
                              "Value error, text must not contain NUL characters", "\"a\\u0000b\"",
                              "{\"error\":{}}"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(errors_are_those_of_pydantic),
        cmocka_unit_test(values_are_coerced),
        cmocka_unit_test(all_fields_are_there),
        cmocka_unit_test(an_optional_body_may_be_null),
        cmocka_unit_test(lengths_are_in_characters),
        cmocka_unit_test(content_types_decide),
        cmocka_unit_test(long_inputs_and_many_errors_are_cut),
        cmocka_unit_test(choices_are_literals),
        cmocka_unit_test(values_of_texts_are_texts),
        cmocka_unit_test(parameters_are_read_as_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
