/* SPDX-License-Identifier: Apache-2.0 */
#include "retrieval/vector.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "core/alloc.h"

#define ROW_ALIGNMENT 64
#define HUGE_PAGE (2u << 20)

struct vector_set {
    void *memory;   /* what was allocated; the rows begin at the next cache line */
    uint16_t *rows; /* count * width */
    size_t count;
    size_t dimensions;
    size_t width;
    const struct vector_kernel *kernel;
    _Atomic(double) spread; /* below 0: not worked out yet */
};

static const struct vector_kernel *best_kernel(void)
{
    for (size_t i = 0; vector_kernels[i]; i++)
        if (vector_kernels[i]->is_supported())
            return vector_kernels[i];
    return &vector_kernel_plain;
}

struct vector_set *vector_set_new(size_t count, size_t dimensions)
{
    struct vector_set *set = xcalloc(1, sizeof(*set));
    set->count = count;
    set->dimensions = dimensions;
    set->width = (dimensions + VECTOR_PADDING - 1) / VECTOR_PADDING * VECTOR_PADDING;
    size_t row_size = set->width * sizeof(*set->rows);
    assert(row_size == 0 || count < SIZE_MAX / 2 / row_size);
    size_t size = count * row_size;
    /* A scan walks through all of it: fewer, bigger pages make it 1.5 times as fast. */
    size_t alignment = size >= HUGE_PAGE ? HUGE_PAGE : ROW_ALIGNMENT;
    set->memory = xcalloc(1, size + alignment);
    set->rows = (void *)(((uintptr_t)set->memory + alignment - 1) & -(uintptr_t)alignment);
    if (alignment == HUGE_PAGE)
        (void)madvise(set->rows, size, MADV_HUGEPAGE); /* it works without, too */
    set->kernel = best_kernel();
    atomic_init(&set->spread, -1);
    return set;
}

void vector_set_free(struct vector_set *set)
{
    if (!set)
        return;
    free(set->memory);
    free(set);
}

void vector_set_put(struct vector_set *set, size_t index, const float *vector)
{
    assert(index < set->count);
    uint16_t *row = set->rows + index * set->width;
    for (size_t i = 0; i < set->dimensions; i++)
        row[i] = half_from_float(vector[i]);
}

size_t vector_set_size(const struct vector_set *set)
{
    return set->count * set->width * sizeof(*set->rows);
}

void vector_set_scan_by(const struct vector_set *set, const struct vector_kernel *kernel,
                        const float *query, float *cosines)
{
    float *padded = xcalloc(set->width, sizeof(*padded));
    for (size_t i = 0; i < set->dimensions; i++)
        padded[i] = query[i] * kernel->query_scale;
    kernel->scan(set->rows, set->count, set->width, padded, cosines);
    free(padded);
}

void vector_set_scan(const struct vector_set *set, const float *query, float *cosines)
{
    vector_set_scan_by(set, set->kernel, query, cosines);
}

/* The square of a sum of unit vectors is the sum of the cosines of all pairs. */
static double work_out_spread(const struct vector_set *set)
{
    size_t count = set->count < VECTOR_SPREAD_ROWS ? set->count : VECTOR_SPREAD_ROWS;
    double *sum = xcalloc(set->width, sizeof(*sum)), pairs = 0;
    for (size_t i = 0; i < count; i++) {
        const uint16_t *row = set->rows + i * set->count / count * set->width;
        for (size_t k = 0; k < set->dimensions; k++) {
            double number = (double)half_to_float(row[k]);
            sum[k] += number;
            pairs -= number * number;
        }
    }
    for (size_t k = 0; k < set->dimensions; k++)
        pairs += sum[k] * sum[k];
    free(sum);
    double spread = count > 1 ? 1 - pairs / ((double)count * (double)(count - 1)) : 1;
    return spread > 0 ? spread : 0;
}

double vector_set_spread(struct vector_set *set)
{
    double spread = atomic_load(&set->spread);
    if (spread < 0)
        atomic_store(&set->spread, spread = work_out_spread(set));
    return spread;
}

uint16_t half_from_float(float number)
{
    uint32_t bits;
    memcpy(&bits, &number, sizeof(bits));
    uint16_t sign = (uint16_t)(bits >> 16 & 0x8000);
    bits &= 0x7FFFFFFF;
    if (bits >= 0x47800000) /* 65536 and more, infinity, NaN */
        return (uint16_t)(sign | (bits > 0x7F800000 ? 0x7E00 : 0x7C00));
    if (bits < 0x38800000) { /* below 2^-14: a multiple of 2^-24, which the FPU rounds to */
        float magnitude;
        memcpy(&magnitude, &bits, sizeof(magnitude));
        magnitude += 0.5f; /* one unit in the last place of 0.5 is 2^-24 */
        memcpy(&bits, &magnitude, sizeof(bits));
        return (uint16_t)(sign | (bits - 0x3F000000));
    }
    bits += 0xFFF + (bits >> 13 & 1);
    return (uint16_t)(sign | ((bits - 0x38000000) >> 13));
}

float half_to_float(uint16_t half)
{
    /* The exponent lands 112 too low, also for subnormal numbers: one product mends both. */
    uint32_t bits = (uint32_t)(half & 0x7FFF) << 13;
    float number;
    memcpy(&number, &bits, sizeof(number));
    number *= 0x1p112f;
    return half & 0x8000 ? -number : number;
}

static bool always(void)
{
    return true;
}

/*
 * Portable vectors of gcc and clang: every target has a way to do four numbers at a time, if only
 * one by one. A half's bits, moved to where a float has them, are that number times 2^-112; the
 * query carries the 2^112 (query_scale), so that nothing is left to do for each number.
 */
typedef uint16_t half_four __attribute__((vector_size(8)));
typedef uint32_t bits_four __attribute__((vector_size(16)));
typedef float float_four __attribute__((vector_size(16)));

static inline float_four four_products(const uint16_t *row, const float *query)
{
    half_four halves;
    float_four numbers, factors;
    memcpy(&halves, row, sizeof(halves));
    memcpy(&factors, query, sizeof(factors));
    bits_four wide = __builtin_convertvector(halves, bits_four);
    bits_four bits = (wide & 0x7FFF) << 13 | (wide & 0x8000) << 16;
    memcpy(&numbers, &bits, sizeof(numbers));
    return numbers * factors;
}

static void scan_plain(const uint16_t *rows, size_t count, size_t width, const float *query,
                       float *out)
{
    for (size_t row = 0; row < count; row++, rows += width) {
        float_four a = {0}, b = {0};
        for (size_t i = 0; i < width; i += 8) {
            a += four_products(rows + i, query + i);
            b += four_products(rows + i + 4, query + i + 4);
        }
        a += b;
        out[row] = (a[0] + a[1]) + (a[2] + a[3]);
    }
}

const struct vector_kernel vector_kernel_plain = {"plain", always, 0x1p112f, scan_plain};
