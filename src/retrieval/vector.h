/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Vectors of datasets, and how near a question's is to each: an exact scan over 16-bit floats.
 * Up to some 100,000 vectors it takes a few milliseconds, less than keeping an approximate index
 * would cost in recall and in time to build.
 *
 * How the scan is done depends on the processor and is chosen when the program runs.
 */
#ifndef QUERENT_RETRIEVAL_VECTOR_H
#define QUERENT_RETRIEVAL_VECTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VECTOR_PADDING 32 /* rows are filled up with zeros to a multiple of it */

struct vector_set;
/* All zeros at first: the cosine with anything is 0. The caller frees it. */
struct vector_set *vector_set_new(size_t count, size_t dimensions);
void vector_set_free(struct vector_set *set); /* NULL is allowed */
/* `vector` is a unit vector of the set's dimensions. */
void vector_set_put(struct vector_set *set, size_t index, const float *vector);
size_t vector_set_size(const struct vector_set *set); /* bytes held */

/* Writes the cosine of `query` (a unit vector) with every vector of the set. */
void vector_set_scan(const struct vector_set *set, const float *query, float *cosines);

/* How far apart the set's vectors lie: 1 - the mean cosine of two of them (1 where there are no two), by at
 * most VECTOR_SPREAD_ROWS of them. Worked out once, when all have been put. From any thread. */
#define VECTOR_SPREAD_ROWS 256
double vector_set_spread(struct vector_set *set);

/* One way to do it; best first, the last is plain C and works everywhere. */
struct vector_kernel {
    const char *name;
    bool (*is_supported)(void); /* by this processor */
    float query_scale;          /* the query is multiplied by it before */
    /* Dot products of `count` rows of `width` (padded) numbers with the scaled query. */
    void (*scan)(const uint16_t *rows, size_t count, size_t width, const float *query, float *out);
};
extern const struct vector_kernel *const vector_kernels[]; /* ends with NULL */
extern const struct vector_kernel vector_kernel_plain;
/* As vector_set_scan() by the given kernel: for tests and measurements. */
void vector_set_scan_by(const struct vector_set *set, const struct vector_kernel *kernel,
                        const float *query, float *cosines);

/* IEEE 754 binary16, rounded to the nearest, ties to even. */
uint16_t half_from_float(float number);
float half_to_float(uint16_t half); /* finite numbers only */

#endif
