/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "metadata/yaml.h"

struct reading {
    struct arena *arena;
    struct yaml_node *root;
    struct yaml_fault fault;
    struct error err;
    bool read;
};

static struct reading read_bytes(struct str bytes)
{
    struct reading r = {.arena = arena_new()};
    r.read = yaml_read(bytes, r.arena, &r.root, &r.fault, &r.err);
    return r;
}

static void as_json(const char *yaml, const char *json)
{
    struct reading r = read_bytes(str_from(yaml));
    struct strbuf out = strbuf_init(100000);
    if (!r.read)
        fail_msg("%s: %s", yaml, r.err.message);
    yaml_add_json(&out, r.root);
    assert_string_equal(strbuf_text(&out), json);
    strbuf_clear(&out);
    arena_free(r.arena);
}

static void documents_become_trees(void **state)
{
    as_json("a: 1\nb: [x, 'y', \"z\"]\nc: {d: null, e: ~}\n",
            "{\"a\":1,\"b\":[\"x\",\"y\",\"z\"],\"c\":{\"d\":null,\"e\":null}}");
    as_json("\xEF\xBB\xBF"
            "a: b\n",
            "{\"a\":\"b\"}");
    as_json("%YAML 1.2\n---\na: |\n  one\n  two\n...\n", "{\"a\":\"one\\ntwo\\n\"}");
    as_json("- true\n- 'true'\n- yes\n- NO\n- False\n", "[true,\"true\",\"yes\",\"NO\",false]");
    as_json("a:\n", "{\"a\":null}");
    as_json("{}", "{}");
    as_json("[]", "[]");
    as_json("<<: x\n", "{\"<<\":\"x\"}");
    as_json("a: Zürich\n\"é\": 东京\n", "{\"a\":\"Zürich\",\"é\":\"东京\"}");
}

static void numbers_stay_numbers_only_where_json_has_them(void **state)
{
    as_json("[0, -0, 12, 1.5, -2.50, 1e3, 1E+9, 9223372036854775807]",
            "[0,-0,12,1.5,-2.50,1e3,1E+9,9223372036854775807]");
    as_json("[007, 1., .5, +1, 0x1F, 1_000, 12:30, 1e, '12', .inf, nan, --1]",
            "[\"007\",\"1.\",\".5\",\"+1\",\"0x1F\",\"1_000\",\"12:30\",\"1e\",\"12\",\".inf\","
            "\"nan\",\"--1\"]");
    as_json("[9223372036854775808, 1e999, -1e999]",
            "[\"9223372036854775808\",\"1e999\",\"-1e999\"]");
}

static void refused(struct str yaml, const char *words, int line, int column)
{
    struct reading r = read_bytes(yaml);
    assert_false(r.read);
    if (!strstr(r.err.message, words))
        fail_msg("'%s' does not say '%s'", r.err.message, words);
    assert_int_equal(r.fault.line, line);
    assert_int_equal(r.fault.column, column);
    arena_free(r.arena);
}

static void what_is_not_needed_is_refused_with_its_place(void **state)
{
    refused(STR(""), "empty", 0, 0);
    refused(STR("# only a comment\n"), "empty", 0, 0);
    refused(STR("a: &x 1\n"), "anchors", 1, 4);
    refused(STR("a: &x [1]\nb: *x\n"), "anchors", 1, 4);
    refused(STR("b: *x\n"), "aliases", 1, 4);
    refused(STR("a: !!python/object/apply:os.system [id]\n"), "tags", 1, 4);
    refused(STR("a: !!str 1\n"), "tags", 1, 4);
    refused(STR("a: !!binary R0lGODlh\n"), "tags", 1, 4);
    refused(STR("a: ! x\n"), "tags", 1, 4);
    refused(STR("%YAML 1.1\n%TAG !x! tag:x\n---\na: 1\n"), "%TAG lines", 2, 1);
    refused(STR("# x\r%TAG !x! tag:x\r---\ra: 1\r"), "%TAG lines", 1, 1);
    refused(STR("# x\xC2\x85%TAG !x! tag:x\n---\na: 1\n"), "%TAG lines", 1, 1);
    refused(STR("a: 1\n---\nb: 2\n"), "more than one document", 2, 1);
    refused(STR("a: 1\nb: 2\na: 3\n"), "'a' is given twice, first in line 1", 3, 1);
    refused(STR("x: {k: 1, \"k\": 2}\n"), "'k' is given twice", 1, 11);
    refused(STR("? [a]\n: b\n"), "key must be text", 1, 3);
    refused(STR("a: \"x\\0y\"\n"), "NUL", 1, 4);
    refused(STR("a: \xFF\n"), "not UTF-8", 1, 4);
    refused(STR("a: 1\nb: \xC3\x28\n"), "not UTF-8", 2, 4);
    refused(STR("a: \xED\xA0\x80\n"), "not UTF-8", 1, 4);
    refused(STR("a: \xC3"), "not UTF-8", 1, 4);
    refused(STR("\xFF\xFE"
                "a\0:\0"),
            "not UTF-8", 1, 1);
    refused(STR("a: [1, 2\nb: 3\n"), "", 2, 2);
    refused(STR("a: b: c\n"), "mapping values are not allowed", 1, 5);
    refused(STR("a:\n\t- b\n"), "", 2, 1);
    refused(STR("a: 'x\n"), "", 2, 1);
}

static void control_characters_are_refused(void **state)
{
    struct reading r = read_bytes(STR("a: 1\nb: x\x01y\n"));
    assert_false(r.read);
    assert_non_null(strstr(r.err.message, "control character"));
    arena_free(r.arena);
    r = read_bytes(STR("a: x\0y\n"));
    assert_false(r.read);
    arena_free(r.arena);
}

/* "[[[...]]]" with that many brackets. */
static struct reading nested(size_t depth, bool close)
{
    struct strbuf text = strbuf_init(4000000);
    strbuf_add_repeat(&text, '[', depth);
    strbuf_add_repeat(&text, ']', close ? depth : 0);
    struct reading r = read_bytes(strbuf_str(&text));
    strbuf_clear(&text);
    return r;
}

static void depth_has_a_limit(void **state)
{
    struct reading r = nested(YAML_DEPTH_MAX, true);
    assert_true(r.read);
    arena_free(r.arena);
    r = nested(YAML_DEPTH_MAX + 1, true);
    assert_false(r.read);
    assert_int_equal(r.err.code, ERROR_TOO_LARGE);
    assert_int_equal(r.fault.column, YAML_DEPTH_MAX + 1);
    arena_free(r.arena);
    r = nested(1000000, false);
    assert_false(r.read);
    assert_int_equal(r.err.code, ERROR_TOO_LARGE);
    arena_free(r.arena);
}

static struct reading many(const char *open, const char *item, size_t count, const char *end)
{
    struct strbuf text = strbuf_init(4000000);
    strbuf_add(&text, open);
    for (size_t i = 0; i < count; i++)
        strbuf_add(&text, item);
    strbuf_add(&text, end);
    struct reading r = read_bytes(strbuf_str(&text));
    strbuf_clear(&text);
    return r;
}

static void nodes_have_a_limit(void **state)
{
    struct reading r = many("[", "x,", YAML_NODES_MAX - 1, "]");
    assert_true(r.read);
    assert_int_equal(r.root->count, YAML_NODES_MAX - 1);
    arena_free(r.arena);
    r = many("[", "x,", YAML_NODES_MAX, "]");
    assert_false(r.read);
    assert_int_equal(r.err.code, ERROR_TOO_LARGE);
    arena_free(r.arena);
}

static void bytes_have_a_limit(void **state)
{
    struct reading r = many("a: ", "x", YAML_BYTES_MAX - 3, "");
    assert_true(r.read);
    assert_int_equal(r.root->first->text.length, YAML_BYTES_MAX - 3);
    arena_free(r.arena);
    r = many("a: ", "x", YAML_BYTES_MAX - 2, "");
    assert_false(r.read);
    assert_int_equal(r.err.code, ERROR_TOO_LARGE);
    arena_free(r.arena);
}

static void many_keys_are_checked_in_time(void **state)
{
    struct strbuf text = strbuf_init(YAML_BYTES_MAX);
    for (int i = 0; i < 49999; i++)
        strbuf_printf(&text, "k%d: 1\n", i);
    struct reading r = read_bytes(strbuf_str(&text));
    assert_true(r.read);
    arena_free(r.arena);
    strbuf_truncate(&text, text.length - 20);
    strbuf_add(&text, "\nk7: 2\n");
    r = read_bytes(strbuf_str(&text));
    assert_false(r.read);
    assert_non_null(strstr(r.err.message, "'k7' is given twice, first in line 8"));
    arena_free(r.arena);
    strbuf_clear(&text);
}

static void every_cut_and_every_byte_is_survived(void **state)
{
    static const char text[] =
        "a: {b: [1, 'x', \"\\u00e9\"], c: |\n  t\n}\n# c\n- \xC3\xA9: !x &y *z\n";
    char copy[sizeof(text)];
    for (size_t length = 0; length < sizeof(text); length++)
        arena_free(read_bytes((struct str){text, length}).arena);
    for (size_t i = 0; i < sizeof(text) - 1; i++)
        for (int byte = 0; byte < 256; byte += 3) {
            memcpy(copy, text, sizeof(text));
            copy[i] = (char)byte;
            arena_free(read_bytes((struct str){copy, sizeof(text) - 1}).arena);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(documents_become_trees),
        cmocka_unit_test(numbers_stay_numbers_only_where_json_has_them),
        cmocka_unit_test(what_is_not_needed_is_refused_with_its_place),
        cmocka_unit_test(control_characters_are_refused),
        cmocka_unit_test(depth_has_a_limit),
        cmocka_unit_test(nodes_have_a_limit),
        cmocka_unit_test(bytes_have_a_limit),
        cmocka_unit_test(many_keys_are_checked_in_time),
        cmocka_unit_test(every_cut_and_every_byte_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
