/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

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
    char id[32];
    random_id(id, sizeof(id), "conv_");
    assert_int_equal(strlen(id), 21);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strings_are_escaped),
        cmocka_unit_test(separators_come_where_needed),
        cmocka_unit_test(doubles_read_back),
        cmocka_unit_test(hashes_are_stable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
