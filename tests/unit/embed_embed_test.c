/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/settings.h"
#include "embed/embed.h"

static void unknown_models_are_refused(void **state)
{
    struct error err = {0};
    assert_null(embedder_open("no-such-model", &err));
    assert_int_equal(err.code, ERROR_CONFIG);
    assert_non_null(strstr(err.message, "no-such-model"));
    embedder_close(NULL);
}

static void a_missing_table_is_an_error(void **state)
{
    struct error err = {0};
    assert_true(settings_set("QUERENT_EMBEDDINGS", "no/such/table", &err));
    assert_null(embedder_open("builtin", &err));
    assert_int_equal(err.code, ERROR_CONFIG);
    assert_non_null(strstr(err.message, "no/such/table"));
    settings_reset();
}

static void the_builtin_model_embeds(void **state)
{
    struct error err = {0};
    struct embedder *embedder = embedder_open("builtin", &err);
    assert_non_null(embedder);
    assert_int_equal(embedder_dimensions(embedder), 256);
    assert_int_equal(strncmp(embedder_model_id(embedder), "builtin-256-", 12), 0);
    const struct str texts[] = {STR("car"), STR(""), STR("automobile")};
    static float vectors[3][256];
    assert_true(embedder_embed(embedder, texts, 3, vectors[0], &err));
    double dot = 0, empty = 0;
    for (size_t i = 0; i < 256; i++) {
        dot += vectors[0][i] * vectors[2][i];
        empty += vectors[1][i] != 0;
    }
    assert_float_equal(dot, 0.781, 0.001);
    assert_true(empty == 0);
    assert_true(embedder_embed(embedder, texts, 0, vectors[0], &err));
    embedder_close(embedder);
}

static void limits_hold_at_their_edges(void **state)
{
    struct error err = {0};
    struct embedder *embedder = embedder_open("fake", &err);
    size_t dimensions = embedder_dimensions(embedder);
    struct str *texts = xcalloc(EMBED_TEXTS_MAX + 1, sizeof(*texts));
    float *out = xcalloc((EMBED_TEXTS_MAX + 1) * dimensions, sizeof(*out));
    for (size_t i = 0; i <= EMBED_TEXTS_MAX; i++)
        texts[i] = STR("Two words");
    assert_true(embedder_embed(embedder, texts, EMBED_TEXTS_MAX, out, &err));
    assert_false(embedder_embed(embedder, texts, EMBED_TEXTS_MAX + 1, out, &err));
    assert_int_equal(err.code, ERROR_TOO_LARGE);
    char *big = xcalloc(1, EMBED_TEXT_SIZE_MAX + 1);
    memset(big, 'a', EMBED_TEXT_SIZE_MAX + 1);
    texts[0] = (struct str){big, EMBED_TEXT_SIZE_MAX};
    assert_true(embedder_embed(embedder, texts, 1, out, &err));
    texts[0].length++;
    assert_false(embedder_embed(embedder, texts, 1, out, &err));
    assert_int_equal(err.code, ERROR_TOO_LARGE);
    free(big);
    free(out);
    free(texts);
    embedder_close(embedder);
}

static void failures_of_the_model_rise(void **state)
{
    struct error err = {0};
    struct embedder *embedder = embedder_open("fake", &err);
    const struct str text = STR("fail");
    float out[32];
    assert_false(embedder_embed(embedder, &text, 1, out, &err));
    assert_int_equal(err.code, ERROR_MODEL);
    embedder_close(embedder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unknown_models_are_refused), cmocka_unit_test(a_missing_table_is_an_error),
        cmocka_unit_test(the_builtin_model_embeds),   cmocka_unit_test(limits_hold_at_their_edges),
        cmocka_unit_test(failures_of_the_model_rise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
