/* SPDX-License-Identifier: Apache-2.0 */
/* JSON as nodes: what is in them, and what is no JSON. jansson is asked for its opinion as well. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/strbuf.h"
#include "sql/json_tree.h"

static const struct json_node *read_text(struct arena *arena, const char *text)
{
    const char *why = NULL;
    const struct json_node *root = json_tree_read(str_from(text), arena, &why);
    assert_true((root == NULL) == (why != NULL));
    return root;
}

static void values_are_found_again(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    const struct json_node *root = read_text(
        arena, " {\"list\": [1, -2.5e1, \"x\\u00e9\\n\", null, true, false], \"o\":{}, \"\":[] } ");
    assert_int_equal(root->count, 3);
    const struct json_node *list = json_node_member(root, "list");
    assert_int_equal(json_node_items(list), 6);
    double number = 0;
    assert_true(json_node_number(json_node_item(list, 1), &number));
    assert_true(number == -25);
    assert_string_equal(json_node_text(json_node_item(list, 2)), "x\xc3\xa9\n");
    assert_true(json_node_is(json_node_item(list, 3), JSON_NODE_NULL));
    assert_true(json_node_is(json_node_item(list, 4), JSON_NODE_TRUE));
    assert_true(json_node_is(json_node_item(list, 5), JSON_NODE_FALSE));
    assert_null(json_node_item(list, 6));
    assert_int_equal(json_node_member(root, "o")->count, 0);
    assert_int_equal(json_node_items(json_node_member(root, "")), 0);
    arena_free(arena);
}

static void what_is_not_there_is_nothing(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    double number;
    const struct json_node *root = read_text(arena, "[\"1\",1e999]");
    assert_null(json_node_member(NULL, "a"));
    assert_null(json_node_member(root, "a"));
    assert_null(json_node_item(NULL, 0));
    assert_null(json_node_text(NULL));
    assert_null(json_node_text(root));
    assert_int_equal(json_node_items(NULL), 0);
    assert_false(json_node_is(NULL, JSON_NODE_NULL));
    assert_false(json_node_number(NULL, &number));
    assert_false(json_node_number(json_node_item(root, 0), &number));
    assert_false(json_node_number(json_node_item(root, 1), &number));
    arena_free(arena);
}

/* Whether both take it or both refuse it. */
static void what_is_no_json_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "", " ", "{", "}", "[", "]", "[}", "{]", "[1,2", "[1,]", "[,1]", "[1 2]", "[1]]", "[1]x",
        "{\"a\":1,\"a\":2}", "{\"a\":[{}]}x", "{\"a\" 1}", "{\"a\":}", "{a:1}", "{\"a\":1,}",
        "{,}", "{1:2}", "{\"a\":1 \"b\":2}", "[01]", "[-]", "[1.]", "[.5]", "[1e]", "[1e+]", "[+1]",
        "[-01]", "[0x1]", "[NaN]", "[nul]", "[truex]", "[\"]", "[\"\\\"]", "[\"\\x\"]",
        "[\"\\u12\"]", "[\"\\u00g0\"]", "[\"\\ud800\"]", "[\"\\ud800\\u0041\"]", "[\"\\udc00\"]",
        "[\"\\ud800x\"]", "[\"\\u0000\"]", "[\"a\nb\"]", "[\"\xff\"]", "[\"\xc0\x80\"]", "['a']",
        "[\"\\ud83d\\ude00\"]", "[0]", "[-0]", "[0.5]", "[1E-2]", "[1e5]", "[[[[]]],{}]", "{}",
        "[null,true,false]", "{\"a\":{\"a\":{\"b\":[]}}}", "\t[\r\n1 , 2 ]\n", "[\"\\/\\b\\f\"]",
        "[\"\x7f\"]", "[18446744073709551615]", "{\"\":1,\"\":2}", "[1]\xef\xbb\xbf",
    };
    struct arena *arena = arena_new();
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        json_error_t why;
        json_t *theirs =
            json_loads(texts[i], JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL, &why);
        if ((read_text(arena, texts[i]) != NULL) != (theirs != NULL))
            fail_msg("%s is %s", texts[i], theirs ? "JSON" : "no JSON");
        json_decref(theirs);
    }
    assert_string_equal(
        json_node_text(json_node_item(read_text(arena, "[\"\\ud83d\\ude00\\u20ac\\\\\"]"), 0)),
        "\xf0\x9f\x98\x80\xe2\x82\xac\\");
    const char *why = NULL;
    assert_null(json_tree_read((struct str){"[\"a\0b\"]", 7}, arena, &why));
    arena_free(arena);
}

static const struct json_node *read_nested(struct arena *arena, size_t depth)
{
    struct strbuf text = strbuf_init(1 << 20);
    strbuf_add_repeat(&text, '[', depth);
    strbuf_add_repeat(&text, ']', depth);
    const struct json_node *root = read_text(arena, strbuf_text(&text));
    strbuf_clear(&text);
    return root;
}

static const struct json_node *read_members(struct arena *arena, size_t count)
{
    struct strbuf text = strbuf_init(1 << 20);
    strbuf_add(&text, "{\"n\":0");
    for (size_t i = 1; i < count; i++)
        strbuf_printf(&text, ",\"n%zu\":%zu", i, i);
    strbuf_add_char(&text, '}');
    const struct json_node *root = read_text(arena, strbuf_text(&text));
    strbuf_clear(&text);
    return root;
}

static const struct json_node *read_items(struct arena *arena, size_t count)
{
    struct strbuf text = strbuf_init(8 << 20);
    strbuf_add(&text, "[0");
    for (size_t i = 1; i < count; i++)
        strbuf_add_bytes(&text, ",0", 2);
    strbuf_add_char(&text, ']');
    const struct json_node *root = read_text(arena, strbuf_text(&text));
    strbuf_clear(&text);
    return root;
}

static void limits_hold_at_their_edges(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    assert_non_null(read_nested(arena, JSON_TREE_DEPTH_MAX));
    assert_null(read_nested(arena, JSON_TREE_DEPTH_MAX + 1));
    assert_non_null(read_members(arena, JSON_TREE_MEMBERS_MAX));
    assert_null(read_members(arena, JSON_TREE_MEMBERS_MAX + 1));
    assert_non_null(read_items(arena, JSON_TREE_NODES_MAX - 1)); /* and the list itself */
    assert_null(read_items(arena, JSON_TREE_NODES_MAX));
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_found_again),
        cmocka_unit_test(what_is_not_there_is_nothing),
        cmocka_unit_test(what_is_no_json_is_refused),
        cmocka_unit_test(limits_hold_at_their_edges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
