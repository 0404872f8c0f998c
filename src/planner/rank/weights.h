/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The weights file: everything learned, and the lexicon it was learned with. Mapped, checked in
 * full when opened, then read-only and shared. tools/planner/train.py writes it.
 *
 *      0  char[4] "QPLN"      4  u32 format        8  u64 bytes of the file
 *     16  u64 hash64 of all bytes from 32 on      24  u32 sections      28  u32 zero
 *     32  sections: { char name[16], u64 offset, u64 size }, offsets are multiples of 8
 *
 * Sections: "cues" (text, planner/read/cue.h), "sketches" (text, one a line: seven parts with tabs),
 * "parts" (text: number of the part, tab, class), models "question", "roles", "conditions", and
 * text lines "name mean scale weight" in "ranker", "results", "sureness", and, where the trainer
 * got that far, "trust.learned", "trust.rules", "trust.later". A model is
 *      u32 features n, u32 classes k, u64 hash[n] ascending, f32 bias[k], f32 scale[k], i8 [n][k]
 * All numbers are little-endian.
 */
#ifndef QUERENT_PLANNER_RANK_WEIGHTS_H
#define QUERENT_PLANNER_RANK_WEIGHTS_H

#include <stddef.h>
#include <stdint.h>

#include "core/error.h"
#include "core/str.h"
#include "planner/rank/feature_set.h"

#define WEIGHTS_FORMAT 1
#define WEIGHTS_SIZE_MAX (64u << 20)
#define WEIGHTS_CLASSES_MAX 512
#define WEIGHTS_FEATURES_MAX 400000
#define TRUST_SITUATIONS 3

struct linear_model {
    size_t feature_count, class_count;
    const uint64_t *hashes;
    uint32_t *starts; /* by the first bits of a hash: its place, or the next one's; owned */
    unsigned bits;    /* how many; at least 1 */
    const float *bias, *scale;
    const int8_t *weights; /* feature by feature */
};

struct weights {
    struct linear_model question; /* classes: the sketches, then the parts */
    struct linear_model roles;    /* enum column_use */
    struct linear_model conditions;
    struct str cues, sketches, parts, ranker, results, sureness; /* borrowed from the file */
    struct str trust[TRUST_SITUATIONS];                          /* empty: not learned */
    char version[32];             /* "1-0123456789abcdef" */
    const void *memory;
    size_t size;
    bool mapped;
};

/* ERROR_CONFIG when the file is missing, ERROR_INVALID when it is damaged or of another format. */
struct weights *weights_open(const char *path, struct error *err);
/* The same from memory that stays valid; for tests and fuzzing. Must be aligned to 8 bytes. */
struct weights *weights_from_memory(const void *memory, size_t size, struct error *err);
void weights_close(struct weights *weights); /* NULL is allowed */

/* Makes `starts` of hashes that are set and ascend; free() it. */
void linear_model_index(struct linear_model *model);
/* out[k] = bias[k] + the sum of the weights of the features there are. */
void linear_model_score(const struct linear_model *model, const struct feature_set *features,
                        float *out);

#endif
