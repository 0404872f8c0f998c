/* SPDX-License-Identifier: Apache-2.0 */
/* The weights file: what comes with the program opens; what is damaged or lies is refused. */
#include "planner/rank/weights.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/hash.h"
#include "planner/rank/local_models.h"
#include "planner/rank/rank.h"

#define PATH "data/planner/weights.bin"

struct copy {
    char *bytes;
    size_t size;
};

static int set_up(void **state)
{
    struct copy *copy = calloc(1, sizeof(*copy));
    FILE *file = fopen(PATH, "rb");
    if (!file)
        return -1;
    fseek(file, 0, SEEK_END);
    copy->size = (size_t)ftell(file);
    rewind(file);
    copy->bytes = malloc(copy->size + 8);
    size_t got = fread(copy->bytes, 1, copy->size, file);
    fclose(file);
    *state = copy;
    return got == copy->size ? 0 : -1;
}

static int tear_down(void **state)
{
    struct copy *copy = *state;
    free(copy->bytes);
    free(copy);
    return 0;
}

/* Makes the checksum right again, so that what lies behind it is checked. */
static void sign(struct copy *copy, size_t size)
{
    uint64_t length = size, hash = hash64(copy->bytes + 32, size - 32, 0);
    memcpy(copy->bytes + 8, &length, 8);
    memcpy(copy->bytes + 16, &hash, 8);
}

static void put_u32(struct copy *copy, size_t at, uint32_t value)
{
    memcpy(copy->bytes + at, &value, sizeof(value));
}

/* Where section `name` stands in the table of sections. */
static size_t section_row(const struct copy *copy, const char *name)
{
    uint32_t count;
    memcpy(&count, copy->bytes + 24, sizeof(count));
    for (size_t i = 0; i < count; i++)
        if (strncmp(copy->bytes + 32 + 32 * i, name, 16) == 0)
            return 32 + 32 * i;
    fail_msg("no section '%s'", name);
    return 0;
}

static size_t section_offset(const struct copy *copy, const char *name)
{
    uint64_t offset;
    memcpy(&offset, copy->bytes + section_row(copy, name) + 16, sizeof(offset));
    return (size_t)offset;
}

static void refused(const struct copy *copy, size_t size, const char *why)
{
    struct error err = {0};
    assert_null(weights_from_memory(copy->bytes, size, &err));
    assert_int_equal(err.code, ERROR_INVALID);
    if (!strstr(err.message, why))
        fail_msg("'%s' says nothing of '%s'", err.message, why);
}

static void what_comes_with_the_program_opens(void **state)
{
    struct error err = {0};
    (void)state;
    struct weights *weights = weights_open(PATH, &err);
    assert_non_null(weights);
    struct sketch_table *sketches = calloc(1, sizeof(*sketches));
    struct rankers *rankers = calloc(1, sizeof(*rankers));
    assert_true(sketch_table_read(weights, sketches, &err));
    assert_true(rankers_read(weights, rankers, &err));
    assert_true(sketches->count > 50);
    assert_true(rankers->ranker.weight[RANKING_unread_unknown] < 0);
    for (size_t i = 0; i < TRUST_SITUATIONS; i++)
        assert_true(rankers->trust[i].learned);
    free(sketches);
    free(rankers);
    weights_close(weights);
}

static void a_missing_file_is_named(void **state)
{
    struct error err = {0};
    (void)state;
    assert_null(weights_open("no/such/weights.bin", &err));
    assert_int_equal(err.code, ERROR_CONFIG);
    assert_non_null(strstr(err.message, "no/such/weights.bin"));
    assert_null(weights_open("data", &err));
}

static void cut_files_are_refused(void **state)
{
    struct copy *copy = *state;
    refused(copy, 0, "size");
    refused(copy, 31, "size");
    refused(copy, 32, "cut off");
    refused(copy, copy->size - 1, "cut off");
    refused(copy, copy->size / 2, "cut off");
    for (size_t size = 32; size < copy->size; size += copy->size / 13) {
        sign(copy, size);
        struct error err = {0};
        assert_null(weights_from_memory(copy->bytes, size, &err));
    }
}

static void damage_is_noticed(void **state)
{
    struct copy *copy = *state;
    copy->bytes[copy->size / 2] ^= 1;
    refused(copy, copy->size, "checksum");
    copy->bytes[0] = 'X';
    refused(copy, copy->size, "no planner weights");
}

static void another_format_is_refused(void **state)
{
    struct copy *copy = *state;
    put_u32(copy, 4, WEIGHTS_FORMAT + 1);
    refused(copy, copy->size, "format");
}

static void sections_must_lie_inside(void **state)
{
    struct copy *copy = *state;
    static const uint64_t wrong[] = {UINT64_MAX, UINT64_MAX - 7, 1, 1ULL << 62};
    size_t row = section_row(copy, "roles");
    uint64_t good;
    memcpy(&good, copy->bytes + row + 16, sizeof(good));
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        memcpy(copy->bytes + row + 16, &wrong[i], sizeof(wrong[i]));
        sign(copy, copy->size);
        refused(copy, copy->size, "outside");
    }
    memcpy(copy->bytes + row + 16, &good, sizeof(good));
    memcpy(copy->bytes + row + 24, &wrong[0], sizeof(wrong[0]));
    sign(copy, copy->size);
    refused(copy, copy->size, "outside");
    copy->bytes[row] = 'X';
    sign(copy, copy->size);
    refused(copy, copy->size, "missing");
}

static void too_many_sections_are_refused(void **state)
{
    struct copy *copy = *state;
    put_u32(copy, 24, UINT32_MAX);
    sign(copy, copy->size);
    refused(copy, copy->size, "cut off");
}

static void models_must_have_the_size_they_say(void **state)
{
    struct copy *copy = *state;
    size_t at = section_offset(copy, "question");
    static const uint32_t wrong[] = {0, 1, WEIGHTS_FEATURES_MAX + 1, UINT32_MAX};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        put_u32(copy, at, wrong[i]);
        sign(copy, copy->size);
        refused(copy, copy->size, "wrong size");
    }
    put_u32(copy, at + 4, 0);
    sign(copy, copy->size);
    refused(copy, copy->size, "wrong size");
}

static void models_must_be_sorted_and_finite(void **state)
{
    struct copy *copy = *state;
    size_t at = section_offset(copy, "conditions");
    uint32_t features;
    memcpy(&features, copy->bytes + at, sizeof(features));
    char saved[8];
    memcpy(saved, copy->bytes + at + 8, 8);
    memset(copy->bytes + at + 8, 0xFF, 8);
    sign(copy, copy->size);
    refused(copy, copy->size, "not sorted");
    memcpy(copy->bytes + at + 8, saved, 8);
    memset(copy->bytes + at + 8 + 8 * (size_t)features, 0xFF, 4); /* NaN */
    sign(copy, copy->size);
    refused(copy, copy->size, "finite");
}

/* The tables are text: a changed byte must never be read past, whatever it makes of them. */
static void wrong_tables_are_refused(void **state)
{
    struct copy *copy = *state;
    struct error err = {0};
    struct sketch_table *sketches = calloc(1, sizeof(*sketches));
    struct rankers *rankers = calloc(1, sizeof(*rankers));
    size_t at = section_offset(copy, "sketches");
    memcpy(copy->bytes + at, "Q+!", 3);
    memcpy(copy->bytes + section_offset(copy, "ranker"), "nosuch", 6);
    sign(copy, copy->size);
    struct weights *weights = weights_from_memory(copy->bytes, copy->size, &err);
    assert_non_null(weights);
    assert_false(sketch_table_read(weights, sketches, &err));
    assert_int_equal(err.code, ERROR_INVALID);
    assert_false(rankers_read(weights, rankers, &err));
    assert_int_equal(err.code, ERROR_INVALID);
    weights_close(weights);
    free(sketches);
    free(rankers);
}

/* train.py leaves files without a learned trust on its way; a wrong one is refused. */
static void trust_may_be_missing_but_not_wrong(void **state)
{
    struct copy *copy = *state;
    struct error err = {0};
    struct rankers *rankers = calloc(1, sizeof(*rankers));
    memcpy(copy->bytes + section_offset(copy, "trust.later"), "nosuch", 6);
    sign(copy, copy->size);
    struct weights *weights = weights_from_memory(copy->bytes, copy->size, &err);
    assert_false(rankers_read(weights, rankers, &err));
    assert_int_equal(err.code, ERROR_INVALID);
    weights_close(weights);
    copy->bytes[section_row(copy, "trust.later")] = 'X';
    sign(copy, copy->size);
    weights = weights_from_memory(copy->bytes, copy->size, &err);
    assert_true(rankers_read(weights, rankers, &err));
    assert_false(rankers->trust[SITUATION_LATER].learned);
    assert_true(rankers->trust[SITUATION_RULES].learned);
    weights_close(weights);
    free(rankers);
}

/* Hashes from the least to the most, some of which begin alike; more classes than are added at once. */
static void scores_add_up(void **state)
{
    (void)state;
    enum { FEATURES = 200, CLASSES = 19 };
    static uint64_t hashes[FEATURES];
    static int8_t rows[FEATURES][CLASSES];
    float bias[CLASSES], scale[CLASSES], out[CLASSES];
    for (size_t i = 1; i < FEATURES; i++)
        hashes[i] = i < 50 ? i : i < 100 ? UINT64_MAX / 2 + i : i * (UINT64_MAX / (FEATURES - 1));
    hashes[FEATURES - 1] = UINT64_MAX;
    struct feature features[2 * FEATURES];
    int32_t sums[CLASSES] = {0};
    for (size_t i = 0; i < FEATURES; i++) {
        features[2 * i].hash = hashes[i];
        features[2 * i + 1].hash = hashes[i] / 2 + 1000; /* of none */
        for (size_t k = 0; k < CLASSES; k++)
            sums[k] += rows[i][k] = (int8_t)(i * 31 + k * 17);
    }
    for (size_t k = 0; k < CLASSES; k++) {
        bias[k] = (float)k;
        scale[k] = 0.5F;
    }
    struct linear_model model = {.feature_count = FEATURES, .class_count = CLASSES,
                                 .hashes = hashes, .bias = bias, .scale = scale,
                                 .weights = rows[0]};
    linear_model_index(&model);
    struct feature_set set = {.items = features, .count = 2 * FEATURES};
    linear_model_score(&model, &set, out);
    for (size_t k = 0; k < CLASSES; k++)
        assert_true(out[k] == bias[k] + scale[k] * (float)sums[k]);
    set.count = 0;
    linear_model_score(&model, &set, out);
    assert_true(out[3] == 3);
    free(model.starts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_comes_with_the_program_opens),
        cmocka_unit_test(a_missing_file_is_named),
        cmocka_unit_test_setup_teardown(cut_files_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(damage_is_noticed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(another_format_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(sections_must_lie_inside, set_up, tear_down),
        cmocka_unit_test_setup_teardown(too_many_sections_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(models_must_have_the_size_they_say, set_up, tear_down),
        cmocka_unit_test_setup_teardown(models_must_be_sorted_and_finite, set_up, tear_down),
        cmocka_unit_test_setup_teardown(wrong_tables_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(trust_may_be_missing_but_not_wrong, set_up, tear_down),
        cmocka_unit_test(scores_add_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
