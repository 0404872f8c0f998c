/* SPDX-License-Identifier: Apache-2.0 */
/* JSON read into an arena, beside JSON that is released one by one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

#include "sql/json_arena.h"

static void values_are_the_arenas(void **state)
{
    struct arena *arena = arena_new();
    json_error_t why;
    json_t *own = json_pack("{s:s}", "a", "b");
    json_t *read = json_read_in_arena(STR("{\"list\":[1,2.5,\"x\\u00e9\",null,true],\"o\":{}}"), 0,
                                      arena, &why);
    assert_non_null(read);
    assert_int_equal(json_object_size(read), 2);
    json_t *list = json_object_get(read, "list");
    assert_int_equal(json_array_size(list), 5);
    assert_string_equal(json_string_value(json_array_get(list, 2)), "x\xc3\xa9");
    char *text = json_dumps(own, JSON_COMPACT);
    assert_string_equal(text, "{\"a\":\"b\"}");
    free(text);
    json_decref(own);  /* was not the arena's, and is freed */
    arena_free(arena); /* and nothing of it is lost */
}

static void what_cannot_be_read_leaves_nothing(void **state)
{
    static const char *const texts[] = {"", "{", "[1,2", "{\"a\":1,\"a\":2}", "{\"a\":[{}]}x"};
    struct arena *arena = arena_new();
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        json_error_t why = {0};
        assert_null(json_read_in_arena(str_from(texts[i]), JSON_REJECT_DUPLICATES, arena, &why));
        assert_true(why.text[0] != '\0');
    }
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_the_arenas),
        cmocka_unit_test(what_cannot_be_read_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
