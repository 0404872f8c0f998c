/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/arena.h"
#include "core/arena_pool.h"
#include "core/error.h"
#include "core/strbuf.h"

static void memory_is_zeroed_and_aligned(void **state)
{
    struct arena *arena = arena_new();
    for (size_t size = 0; size < 3000; size += 7) {
        unsigned char *memory = arena_alloc(arena, size);
        assert_int_equal((uintptr_t)memory % 16, 0);
        for (size_t i = 0; i < size; i++)
            assert_int_equal(memory[i], 0);
        memset(memory, 0xFF, size);
    }
    arena_free(arena);
}

static void rollback_gives_back_and_zeroes(void **state)
{
    struct arena *arena = arena_new();
    char *kept = arena_strdup(arena, "kept");
    struct arena_mark mark = arena_mark(arena);
    size_t size = arena_size(arena);
    for (int i = 0; i < 1000; i++)
        memset(arena_alloc(arena, 1000), 0xFF, 1000);
    assert_true(arena_size(arena) > size);
    arena_rollback(arena, mark);
    assert_int_equal(arena_size(arena), size);
    const unsigned char *again = arena_alloc(arena, 1000);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(again[i], 0);
    assert_string_equal(kept, "kept");
    arena_free(arena);
}

static int order[4];
static int calls;

static void note(void *object)
{
    order[calls++] = *(int *)object;
}

static void defers_run_newest_first(void **state)
{
    static int numbers[] = {1, 2, 3};
    calls = 0;
    struct arena *arena = arena_new();
    arena_defer(arena, note, &numbers[0]);
    struct arena_mark mark = arena_mark(arena);
    arena_defer(arena, note, &numbers[1]);
    arena_defer(arena, note, &numbers[2]);
    arena_rollback(arena, mark);
    assert_int_equal(calls, 2);
    assert_int_equal(order[0], 3);
    assert_int_equal(order[1], 2);
    arena_free(arena);
    assert_int_equal(calls, 3);
    assert_int_equal(order[2], 1);
    arena_free(NULL);
}

static void rollback_to_the_empty_arena(void **state)
{
    struct arena *arena = arena_new();
    struct arena_mark mark = arena_mark(arena);
    arena_alloc(arena, 100);
    arena_rollback(arena, mark);
    assert_int_equal(arena_size(arena), 0);
    arena_free(arena);
}

static void reset_keeps_what_it_may_in_one_piece(void **state)
{
    struct arena *arena = arena_new();
    calls = 0;
    static int number = 4;
    arena_defer(arena, note, &number);
    for (int i = 0; i < 100; i++)
        memset(arena_alloc(arena, 1000), 0xFF, 1000);
    size_t size = arena_size(arena);
    arena_reset(arena, size);
    assert_int_equal(calls, 1);
    assert_int_equal(arena_size(arena), size);
    const unsigned char *first = arena_alloc(arena, 1000);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(first[i], 0);
    for (int i = 0; i < 99; i++)
        arena_alloc(arena, 1000);
    assert_int_equal(arena_size(arena), size); /* there was room for all */
    arena_reset(arena, size);
    assert_ptr_equal(arena_alloc(arena, 1), first);
    arena_reset(arena, size - 1);
    assert_int_equal(arena_size(arena), 0);
    arena_reset(arena, size); /* an empty one */
    assert_int_equal(arena_size(arena), 0);
    arena_free(arena);
}

static void knows_what_it_holds(void **state)
{
    struct arena *arena = arena_new();
    const char *text = arena_strdup(arena, "text");
    assert_true(arena_holds(arena, text));
    assert_true(arena_holds(arena, text + 4));
    assert_false(arena_holds(arena, text + 4096)); /* not handed out, or no memory of it */
    const char *far = arena_alloc(arena, 10000);
    assert_true(arena_holds(arena, text));
    assert_true(arena_holds(arena, far + 9999));
    assert_false(arena_holds(arena, far + 10000));
    assert_false(arena_holds(arena, "elsewhere"));
    assert_false(arena_holds(arena, NULL));
    arena_free(arena);
}

static void pool_hands_out_again_what_it_got_back(void **state)
{
    struct arena_pool *pool = arena_pool_new();
    struct arena *arenas[ARENA_POOL_SPARE_MAX + 1];
    for (size_t i = 0; i < ARENA_POOL_SPARE_MAX + 1; i++) {
        arenas[i] = arena_pool_take(pool);
        arena_strdup(arenas[i], "used");
    }
    for (size_t i = 0; i < ARENA_POOL_SPARE_MAX + 1; i++)
        arena_pool_give(pool, arenas[i]); /* one too many: it is freed */
    for (size_t i = ARENA_POOL_SPARE_MAX; i > 0; i--)
        assert_ptr_equal(arena_pool_take(pool), arenas[i - 1]);
    struct arena *other = arena_pool_take(pool);
    assert_int_equal(arena_size(other), 0);
    arena_alloc(other, ARENA_POOL_KEEP_MAX + 1);
    arena_pool_give(pool, other);
    other = arena_pool_take(pool);
    assert_int_equal(arena_size(other), 0);
    arena_free(other);
    for (size_t i = 0; i < ARENA_POOL_SPARE_MAX; i++)
        arena_pool_give(pool, arenas[i]);
    arena_pool_free(pool);
    arena_pool_free(NULL);
}

static void grows_arrays(void **state)
{
    struct arena *arena = arena_new();
    int *items = NULL;
    size_t capacity = 0;
    for (int i = 0; i < 10000; i++) {
        items = arena_grow(arena, items, (size_t)i, &capacity, sizeof(*items));
        items[i] = i;
    }
    for (int i = 0; i < 10000; i++)
        assert_int_equal(items[i], i);
    arena_free(arena);
}

static void sizes_report_overflow(void **state)
{
    size_t out = 5;
    assert_false(size_add(SIZE_MAX, 1, &out));
    assert_false(size_mul(SIZE_MAX / 2, 3, &out));
    assert_int_equal(out, 5);
    assert_true(size_mul(3, 4, &out));
    assert_int_equal(out, 12);
}

static void strbuf_with_room_and_no_text_is_empty(void **state)
{
    struct strbuf buf = strbuf_init(1000);
    strbuf_add_repeat(&buf, 'x', 200);
    strbuf_clear(&buf); /* what the room is likely made of */
    strbuf_reserve(&buf, 200);
    assert_string_equal(strbuf_text(&buf), "");
    strbuf_clear(&buf);
}

static void strbuf_stops_at_its_maximum(void **state)
{
    struct strbuf buf = strbuf_init(5);
    assert_string_equal(strbuf_text(&buf), "");
    strbuf_add(&buf, "12345");
    assert_true(strbuf_ok(&buf));
    strbuf_add_char(&buf, '6');
    assert_false(strbuf_ok(&buf));
    assert_string_equal(strbuf_text(&buf), "12345");
    strbuf_add(&buf, "");
    assert_false(strbuf_ok(&buf));
    strbuf_reset(&buf);
    strbuf_printf(&buf, "%d-%s", 12, "ab");
    assert_true(strbuf_ok(&buf));
    assert_string_equal(strbuf_text(&buf), "12-ab");
    strbuf_truncate(&buf, 2);
    assert_string_equal(strbuf_text(&buf), "12");
    strbuf_clear(&buf);
    strbuf_clear(NULL);
}

/* Where a text just fits into the room that is there, and where it just does not. */
static void prints_of_any_length_are_whole(void **state)
{
    struct arena *arena = arena_new();
    char text[601];
    for (int length = 0; length <= 600; length++) {
        memset(text, 'x', (size_t)length);
        text[length] = '\0';
        struct strbuf buf = strbuf_init(1202);
        strbuf_printf(&buf, "<%s", text);
        strbuf_printf(&buf, "%s>", text);
        assert_true(strbuf_ok(&buf));
        assert_int_equal(buf.length, 2 * length + 2);
        assert_int_equal(strlen(strbuf_text(&buf)), buf.length);
        assert_string_equal(arena_printf(arena, "%s", text), text);
        strbuf_clear(&buf);
    }
    arena_free(arena);
}

static void what_does_not_fit_is_not_printed(void **state)
{
    struct strbuf buf = strbuf_init(70);
    strbuf_add_repeat(&buf, 'a', 60);
    strbuf_printf(&buf, "%s", "12345678901");
    assert_false(strbuf_ok(&buf));
    assert_int_equal(strlen(strbuf_text(&buf)), 60);
    strbuf_clear(&buf);
}

static void errors_keep_code_and_wrap(void **state)
{
    struct error err = {0};
    assert_false(error_set(&err, ERROR_NOT_FOUND, "dataset '%s' does not exist", "x"));
    assert_false(error_wrap(&err, "file '%s'", "y"));
    assert_int_equal(err.code, ERROR_NOT_FOUND);
    assert_string_equal(err.message, "file 'y': dataset 'x' does not exist");
    assert_string_equal(error_name(err.code), "not_found");
    assert_int_equal(error_http_status(err.code), 404);
    assert_false(error_set(NULL, ERROR_IO, "nobody listens"));
}

static void long_error_messages_end_at_a_character(void **state)
{
    char text[3000];
    for (size_t i = 0; i + 3 < sizeof(text); i += 3)
        memcpy(text + i, "\xE2\x82\xAC", 4);
    for (int shift = 0; shift < 3; shift++) {
        struct error err = {0};
        error_set(&err, ERROR_INVALID, "%.*s%s", shift, "ab", text);
        assert_true(str_is_utf8(str_from(err.message)));
        assert_true(strlen(err.message) >= ERROR_MESSAGE_MAX - 4);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_zeroed_and_aligned),
        cmocka_unit_test(rollback_gives_back_and_zeroes),
        cmocka_unit_test(defers_run_newest_first),
        cmocka_unit_test(rollback_to_the_empty_arena),
        cmocka_unit_test(reset_keeps_what_it_may_in_one_piece),
        cmocka_unit_test(knows_what_it_holds),
        cmocka_unit_test(pool_hands_out_again_what_it_got_back),
        cmocka_unit_test(grows_arrays),
        cmocka_unit_test(sizes_report_overflow),
        cmocka_unit_test(strbuf_with_room_and_no_text_is_empty),
        cmocka_unit_test(strbuf_stops_at_its_maximum),
        cmocka_unit_test(prints_of_any_length_are_whole),
        cmocka_unit_test(what_does_not_fit_is_not_printed),
        cmocka_unit_test(errors_keep_code_and_wrap),
        cmocka_unit_test(long_error_messages_end_at_a_character),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
