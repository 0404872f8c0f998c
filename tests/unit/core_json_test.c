/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/hash.h"
#include "core/json.h"
#include "core/random.h"

static void strings_are_escaped(void **state)
{
    struct strbuf out = strbuf_init(1000);
    json_add_string(&out, STR("a\"b\\c\n\x01\x7F\xC3\xA9\xFF\xE2\x82"));
    assert_string_equal(strbuf_text(&out), "\"a\\\"b\\\\c\\n\\u0001\\u007f\xC3\xA9"
                                           "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");
    strbuf_clear(&out);
}

static void separators_come_where_needed(void **state)
{
    struct strbuf out = strbuf_init(1000);
    strbuf_add_char(&out, '{');
    json_add_key(&out, "a");
    json_add_integer(&out, INT64_MIN);
    json_add_key(&out, "b");
    strbuf_add_char(&out, '[');
    json_add_separator(&out);
    json_add_text(&out, NULL);
    json_add_separator(&out);
    json_add_double(&out, NAN);
    strbuf_add(&out, "]}");
    assert_string_equal(strbuf_text(&out), "{\"a\":-9223372036854775808,\"b\":[null,null]}");
    strbuf_clear(&out);
}

static void doubles_read_back(void **state)
{
    static const struct {
        double number;
        const char *text;
    } rows[] = {
        {0.1, "0.1"}, {-0.0, "0"}, {1e20, "100000000000000000000"}, {1.0 / 3, "0.3333333333333333"},
        {123456789.25, "123456789.25"}, {1e-7, "1e-07"}, {0.00002, "0.00002"}, {1e300, "1e+300"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[32];
        double_print(rows[i].number, text);
        assert_string_equal(text, rows[i].text);
    }
    for (int i = 0; i < 20000; i++) {
        double number;
        random_bytes(&number, sizeof(number));
        if (!isfinite(number))
            continue;
        char text[32];
        double_print(number, text);
        assert_true(strtod(text, NULL) == number);
    }
}

static void hashes_are_stable(void **state)
{
    char hex[SHA256_HEX_SIZE];
    sha256_hex(STR("abc"), hex);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_true(hash64_str(STR("a"), 0) != hash64_str(STR("b"), 0));
    assert_true(hash64_str(STR("a"), 0) != hash64_str(STR("a"), 1));
    assert_true(hash_seed() == hash_seed());
}

static void random_ids_have_their_form(void **state)
{
    char id[22], other[22];
    random_id(id, sizeof(id), "conv_");
    random_id(other, sizeof(other), "conv_");
    assert_int_equal(strlen(id), 21);
    assert_int_equal(strspn(id + 5, "0123456789abcdef"), 16);
    assert_string_not_equal(id, other);
}

static uint64_t number_of_next_id(void)
{
    char id[17];
    ordered_id(id, sizeof(id), "");
    assert_int_equal(strspn(id, "0123456789abcdef"), 16);
    return strtoull(id, NULL, 16);
}

static void ordered_ids_rise_by_random_steps(void **state)
{
    uint64_t before = number_of_next_id(), largest = 0;
    for (int i = 0; i < 10000; i++) {
        uint64_t id = number_of_next_id(), step = id - before; /* they may go round */
        assert_true(step >= 1 && step <= UINT64_C(1) << 40);
        largest = step > largest ? step : largest;
        before = id;
    }
    assert_true(largest > UINT64_C(1) << 39);
}

/* Otherwise parent and child would make the same ids. */
static void ordered_ids_start_anew_in_a_forked_process(void **state)
{
    int ends[2];
    uint64_t of_child = 0;
    (void)number_of_next_id();
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        uint64_t id = number_of_next_id();
        _exit(write(ends[1], &id, sizeof(id)) == sizeof(id) ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(read(ends[0], &of_child, sizeof(of_child)), sizeof(of_child));
    assert_true(of_child != number_of_next_id());
    close(ends[0]);
    close(ends[1]);
}

#define THREADS 4
#define IDS_EACH 20000
static uint64_t numbers[THREADS * IDS_EACH];

static void *make_ids(void *part)
{
    for (size_t i = 0; i < IDS_EACH; i++)
        ((uint64_t *)part)[i] = number_of_next_id();
    return NULL;
}

static int compare_numbers(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return (left > right) - (left < right);
}

static void threads_make_no_id_twice(void **state)
{
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, make_ids, numbers + i * IDS_EACH), 0);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    qsort(numbers, THREADS * IDS_EACH, sizeof(numbers[0]), compare_numbers);
    for (size_t i = 1; i < THREADS * IDS_EACH; i++)
        assert_true(numbers[i - 1] != numbers[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strings_are_escaped),
        cmocka_unit_test(separators_come_where_needed),
        cmocka_unit_test(doubles_read_back),
        cmocka_unit_test(hashes_are_stable),
        cmocka_unit_test(random_ids_have_their_form),
        cmocka_unit_test(ordered_ids_rise_by_random_steps),
        cmocka_unit_test(ordered_ids_start_anew_in_a_forked_process),
        cmocka_unit_test(threads_make_no_id_twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
