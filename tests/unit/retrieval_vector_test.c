/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>

#include "core/alloc.h"
#include "retrieval/vector.h"

static unsigned random_state = 7;

static float random_number(void)
{
    random_state = random_state * 1103515245 + 12345;
    return (float)((int)(random_state >> 8 & 0xFFFF) - 0x8000) / 0x8000;
}

static void random_unit(float *vector, size_t dimensions)
{
    double square = 0;
    for (size_t i = 0; i < dimensions; i++) {
        vector[i] = random_number();
        square += (double)vector[i] * vector[i];
    }
    for (size_t i = 0; i < dimensions; i++)
        vector[i] = (float)(vector[i] / sqrt(square));
}

/* Every finite half survives the way there and back. */
static void halves_survive(void **state)
{
    for (unsigned half = 0; half < 0x10000; half++) {
        if ((half & 0x7C00) == 0x7C00)
            continue; /* infinities and NaN */
        assert_int_equal(half_from_float(half_to_float((uint16_t)half)), half);
    }
    assert_float_equal(half_to_float(0x3C00), 1, 0);
    assert_float_equal(half_to_float(0x0001), ldexp(1, -24), 0);
    assert_float_equal(half_to_float(0xC000), -2, 0);
}

/* The nearest half is taken, of two equally near the even one. */
static void floats_are_rounded_to_the_nearest(void **state)
{
    for (unsigned half = 0; half < 0x7BFF; half++) {
        float low = half_to_float((uint16_t)half), high = half_to_float((uint16_t)(half + 1));
        float middle = low + (high - low) / 2;
        assert_int_equal(half_from_float(middle), half % 2 == 0 ? half : half + 1);
        assert_int_equal(half_from_float(nextafterf(middle, 0)), half);
        assert_int_equal(half_from_float(nextafterf(middle, 1e9f)), half + 1);
    }
    assert_int_equal(half_from_float(65504), 0x7BFF);
    assert_int_equal(half_from_float(65520), 0x7C00);
    assert_int_equal(half_from_float(INFINITY), 0x7C00);
    assert_int_equal(half_from_float(-INFINITY), 0xFC00);
    assert_int_equal(half_from_float(NAN) & 0x7E00, 0x7E00);
    assert_int_equal(half_from_float(-1e-9f), 0x8000);
}

static void all_kernels_agree(void **state)
{
    static const size_t sizes[] = {1, 7, 31, 32, 33, 64, 100, 256, 384, 1536};
    enum { COUNT = 50 };
    for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
        size_t dimensions = sizes[s];
        struct vector_set *set = vector_set_new(COUNT, dimensions);
        float *vectors = xcalloc(COUNT * dimensions, sizeof(*vectors));
        float *query = xcalloc(dimensions, sizeof(*query));
        float cosines[COUNT];
        random_unit(query, dimensions);
        for (size_t i = 1; i < COUNT; i++) {
            random_unit(vectors + i * dimensions, dimensions);
            vector_set_put(set, i, vectors + i * dimensions);
        }
        for (size_t k = 0; vector_kernels[k]; k++) {
            if (!vector_kernels[k]->is_supported())
                continue;
            vector_set_scan_by(set, vector_kernels[k], query, cosines);
            for (size_t i = 0; i < COUNT; i++) {
                double exact = 0;
                for (size_t d = 0; d < dimensions; d++)
                    exact += (double)vectors[i * dimensions + d] * query[d];
                assert_float_equal(cosines[i], exact, 1e-3);
            }
        }
        vector_set_scan(set, query, cosines);
        assert_true(cosines[0] == 0);
        free(query);
        free(vectors);
        vector_set_free(set);
    }
}

/* The same sums in another order: kernels differ by rounding only. */
static void kernels_differ_by_rounding_only(void **state)
{
    enum { COUNT = 200, DIMENSIONS = 256 };
    struct vector_set *set = vector_set_new(COUNT, DIMENSIONS);
    float vector[DIMENSIONS], plain[COUNT], other[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        random_unit(vector, DIMENSIONS);
        vector_set_put(set, i, vector);
    }
    random_unit(vector, DIMENSIONS);
    vector_set_scan_by(set, &vector_kernel_plain, vector, plain);
    for (size_t k = 0; vector_kernels[k]; k++) {
        if (!vector_kernels[k]->is_supported())
            continue;
        vector_set_scan_by(set, vector_kernels[k], vector, other);
        for (size_t i = 0; i < COUNT; i++)
            assert_float_equal(plain[i], other[i], 1e-6);
    }
    vector_set_free(set);
}

static void a_sets_spread_is_that_of_its_pairs(void **state)
{
    struct vector_set *none = vector_set_new(0, 2), *one = vector_set_new(1, 2);
    struct vector_set *three = vector_set_new(3, 2), *many = vector_set_new(VECTOR_SPREAD_ROWS + 3, 2);
    static const float rows[][2] = {{1, 0}, {0, 1}, {0.6f, 0.8f}};
    for (size_t i = 0; i < 3; i++)
        vector_set_put(three, i, rows[i]);
    for (size_t i = 0; i < VECTOR_SPREAD_ROWS + 3; i++)
        vector_set_put(many, i, rows[0]);
    for (int round = 0; round < 2; round++) {
        assert_float_equal(vector_set_spread(three), 1 - (0 + 0.6 + 0.8) / 3, 1e-3);
        assert_float_equal(vector_set_spread(many), 0, 1e-9);
        assert_true(vector_set_spread(none) == 1 && vector_set_spread(one) == 1);
    }
    vector_set_free(none);
    vector_set_free(one);
    vector_set_free(three);
    vector_set_free(many);
}

static void an_empty_set_is_fine(void **state)
{
    struct vector_set *set = vector_set_new(0, 256);
    float query[256] = {1}, nothing = 5;
    vector_set_scan(set, query, &nothing);
    assert_true(nothing == 5);
    vector_set_free(set);
    vector_set_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(halves_survive),       cmocka_unit_test(floats_are_rounded_to_the_nearest),
        cmocka_unit_test(all_kernels_agree),    cmocka_unit_test(kernels_differ_by_rounding_only),
        cmocka_unit_test(a_sets_spread_is_that_of_its_pairs),
        cmocka_unit_test(an_empty_set_is_fine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
