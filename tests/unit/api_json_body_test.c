/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "api/json_body.h"

/* A literal that may hold NULs. */
#define BYTES(literal) ((struct str){literal, sizeof(literal) - 1})

static char *decode(struct arena *arena, struct str bytes)
{
    struct body_problem problem;
    const struct body_value *value = body_decode(arena, bytes, &problem);
    if (!value)
        return problem.message ? arena_printf(arena, "%zu: %s", problem.offset, problem.message)
                               : arena_strdup(arena, "unreadable");
    struct strbuf out = strbuf_init((size_t)8 * 1024 * 1024);
    body_print(value, &out);
    assert_true(strbuf_ok(&out));
    char *text = arena_strndup(arena, strbuf_text(&out), out.length);
    strbuf_clear(&out);
    return text;
}

/* What CPython 3.11 says: json.loads() of the same bytes. */
static void problems_are_those_of_python(void **state)
{
#define NAME "Expecting property name enclosed in double quotes"
#define COMMA "Expecting ',' delimiter"
#define OPEN "Unterminated string starting at"
#define HEX "Invalid \\uXXXX escape"
    static const struct {
        const char *body, *expected;
    } rows[] = {
        {" \n ", "3: Expecting value"},
        {"{", "1: " NAME},
        {"{ ", "2: " NAME},
        {"{a", "1: " NAME},
        {"{'a':1}", "1: " NAME},
        {"{,", "1: " NAME},
        {"{\"a\":1,}", "7: " NAME},
        {"{\"a\":1 , ", "9: " NAME},
        {"{\"a\"", "4: Expecting ':' delimiter"},
        {"{\"a\" 1}", "5: Expecting ':' delimiter"},
        {"{\"a\":", "5: Expecting value"},
        {"{\"a\": }", "6: Expecting value"},
        {"{\"a\":1", "6: " COMMA},
        {"{\"a\":1 \"b\"", "7: " COMMA},
        {"{\"a\":1]", "6: " COMMA},
        {"[", "1: Expecting value"},
        {"[1", "2: " COMMA},
        {"[1,", "3: Expecting value"},
        {"[1,]", "3: Expecting value"},
        {"[1 2]", "3: " COMMA},
        {"[1}", "2: " COMMA},
        {"\"abc", "0: " OPEN},
        {" \"abc\\", "1: " OPEN},
        {"\"a\nb\"", "2: Invalid control character at"},
        {"\"a\\x\"", "2: Invalid \\escape"},
        {"\"\\\"", "0: " OPEN},
        {"\"\\u12\"", "2: " HEX},
        {"\"\\u1234", "2: " HEX},
        {"\"\\u12g4\"", "2: " HEX},
        {"\"\\ud800\\u12g4\"", "8: " HEX},
        {"\"\\ud800\\u00\"", "8: " HEX},
        {"-", "0: Expecting value"},
        {"+1", "0: Expecting value"},
        {".5", "0: Expecting value"},
        {"01", "1: Extra data"},
        {"1.", "1: Extra data"},
        {"1e", "1: Extra data"},
        {"1e+", "1: Extra data"},
        {"-Inf", "0: Expecting value"},
        {"nul", "0: Expecting value"},
        {"True", "0: Expecting value"},
        {"{} {}", "3: Extra data"},
        {"null x", "5: Extra data"},
        {"\"\xC3\xA9\xF0\x9F\x98\x80\" x", "5: Extra data"},
        {"\xEF\xBB\xBF[", "1: Expecting value"},
        {"\xEF\xBB\xBF\xEF\xBB\xBF{}", "0: Expecting value"},
        {"/* a */ 1", "0: Expecting value"},
        {"\"\xC3\"", "unreadable"},
        {"\"\xC0\x80\"", "unreadable"},
        {"\"\xF4\x90\x80\x80\"", "unreadable"},
    };
    struct arena *arena = arena_new();
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_string_equal(decode(arena, str_from(rows[i].body)), rows[i].expected);
    arena_free(arena);
}

static void values_are_those_of_python(void **state)
{
    static const struct {
        const char *body, *expected;
    } rows[] = {
        {" [ ] ", "[]"},
        {"\t{\r\n}", "{}"},
        {"[1 , -0, 1.0, 1E2, 1e16, 1e15, 0.0001, 0.00001, -0.0, 123456789012345678901]",
         "[1,0,1.0,100.0,1e+16,1000000000000000.0,0.0001,1e-05,-0.0,123456789012345678901]"},
        {"[0.1, 1.7976931348623157e308, 5e-324, 0.30000000000000004, 123.456]",
         "[0.1,1.7976931348623157e+308,5e-324,0.30000000000000004,123.456]"},
        {"[NaN, Infinity, -Infinity, 1e999, true, false, null]",
         "[null,null,null,null,true,false,null]"},
        {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00\"",
         "\"\\\"\\\\/\\u0008\\u000c\\n\\r\\t\xC3\xA9\xF0\x9F\x98\x80\""},
        {"{\"a\":1,\"b\":2,\"a\":3}", "{\"a\":3,\"b\":2}"},
        {"{\"\\u0061\":1,\"a\":2,\"\":3}", "{\"a\":2,\"\":3}"},
    };
    struct arena *arena = arena_new();
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_string_equal(decode(arena, str_from(rows[i].body)), rows[i].expected);
    arena_free(arena);
}

static void encodings_are_told_apart(void **state)
{
    static const struct {
        struct str body;
        const char *expected;
    } rows[] = {
        {BYTES("\xFF\xFE[\0\xE9\0]\0"), "1: Expecting value"},
        {BYTES("\xFE\xFF\0\"\0\xE9\0\""), "\"\xC3\xA9\""},
        {BYTES("\"\0\x3D\xD8\x00\xDE\"\0"), "\"\xF0\x9F\x98\x80\""},
        {BYTES("\0\"\xD8\x3D\xDE\x00\0\""), "\"\xF0\x9F\x98\x80\""},
        {BYTES("\0001"), "1"},
        {BYTES("1\0"), "1"},
        {BYTES("\xFF\xFE\0\0[\0\0\0]\0\0\0"), "[]"},
        {BYTES("\0\0\xFE\xFF\0\0\0[\0\0\0]"), "[]"},
        {BYTES("\0\0\0[\0\0\0]"), "[]"},
        {BYTES("[\0\0\0]\0\0\0"), "[]"},
        {BYTES("[\0]\0 "), "unreadable"},
        {BYTES("\0\0\0[\0\x11\0\0"), "unreadable"},
        {BYTES("\xFF\xFE"), "0: Expecting value"},
        {BYTES("[1]\0"), "3: Extra data"},
    };
    struct arena *arena = arena_new();
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_string_equal(decode(arena, rows[i].body), rows[i].expected);
    arena_free(arena);
}

static void limits_hold_at_their_edges(void **state)
{
    struct arena *arena = arena_new();
    struct strbuf body = strbuf_init(100000);
    for (size_t depth = BODY_DEPTH_MAX; depth <= BODY_DEPTH_MAX + 1; depth++) {
        strbuf_reset(&body);
        strbuf_add_repeat(&body, '[', depth);
        strbuf_add_repeat(&body, ']', depth);
        const char *text = decode(arena, strbuf_str(&body));
        assert_string_equal(text, depth > BODY_DEPTH_MAX ? "unreadable" : strbuf_text(&body));
    }
    for (size_t digits = BODY_DIGITS_MAX; digits <= BODY_DIGITS_MAX + 1; digits++) {
        strbuf_reset(&body);
        strbuf_add_char(&body, '-');
        strbuf_add_repeat(&body, '7', digits);
        const char *text = decode(arena, strbuf_str(&body));
        assert_string_equal(text, digits > BODY_DIGITS_MAX ? "unreadable" : strbuf_text(&body));
    }
    strbuf_clear(&body);
    arena_free(arena);
}

/* A hundred thousand keys, each twice: the last value of each, in order, in no time. */
static void many_keys_are_no_problem(void **state)
{
    enum { KEYS = 50000 };
    struct arena *arena = arena_new();
    struct strbuf body = strbuf_init((size_t)4 * 1024 * 1024);
    strbuf_add_char(&body, '{');
    for (int i = 0; i < 2 * KEYS; i++)
        strbuf_printf(&body, "%s\"k%d\":%d", i > 0 ? "," : "", i % KEYS, i);
    strbuf_add_char(&body, '}');
    struct body_problem problem;
    const struct body_value *object = body_decode(arena, strbuf_str(&body), &problem);
    assert_non_null(object);
    assert_int_equal(object->count, KEYS);
    int expected = KEYS;
    for (const struct body_value *member = object->first; member; member = member->next) {
        int64_t number = 0;
        assert_true(str_to_i64(member->text, &number));
        assert_int_equal(number, expected++);
    }
    assert_null(body_member(object, "k50000"));
    assert_non_null(body_member(object, "k49999"));
    strbuf_clear(&body);
    arena_free(arena);
}

static void json_is_built(void **state)
{
    struct arena *arena = arena_new();
    struct body_problem problem;
    const struct body_value *value = body_decode(
        arena, STR("{\"a\\ud800\":[\"\\udfff\\u0000b\",NaN,1,2.5,true,null,99999999999999999999]}"),
        &problem);
    assert_non_null(value);
    json_t *json = body_to_json(value);
    char *text = json_dumps(json, JSON_COMPACT);
    assert_string_equal(text, "{\"a\xEF\xBF\xBD\":[\"\xEF\xBF\xBD\\u0000b\",null,1,2.5,true,null,"
                              "1e20]}");
    free(text);
    json_decref(json);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(problems_are_those_of_python),
        cmocka_unit_test(values_are_those_of_python),
        cmocka_unit_test(encodings_are_told_apart),
        cmocka_unit_test(limits_hold_at_their_edges),
        cmocka_unit_test(many_keys_are_no_problem),
        cmocka_unit_test(json_is_built),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
