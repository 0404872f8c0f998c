/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Binary features of the local models: a set of 64-bit hashes, each made of a kind and a few
 * words. No text is built at run time; the trainer and tests may ask for the names as well, and
 * tools/planner/features.py makes the same hashes from them.
 *
 *     hash = hash64(kind); for each word: hash = hash64_combine(hash, hash64(word))
 */
#ifndef QUERENT_PLANNER_RANK_FEATURE_SET_H
#define QUERENT_PLANNER_RANK_FEATURE_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/arena.h"
#include "planner/read/hash_index.h"

#define FEATURE_WORDS_MAX 6

struct feature {
    uint64_t hash;
    const char *name; /* kind and words, with tabs between; NULL unless asked for */
};

struct feature_set {
    struct arena *arena;
    bool named;
    struct feature *items;
    size_t count, capacity;
};

struct feature_set feature_set_init(struct arena *arena, bool named);
void feature_add(struct feature_set *set, const char *kind, const struct symbol *words,
                 size_t count);
/* Sorts by hash and drops repeats. */
void feature_set_finish(struct feature_set *set);

/* FEATURE(set, "p1", before, class) */
#define FEATURE(set, kind, ...)                                                                    \
    feature_add(set, kind, (const struct symbol[]){__VA_ARGS__},                                   \
                sizeof((const struct symbol[]){__VA_ARGS__}) / sizeof(struct symbol))
#define FEATURE_PLAIN(set, kind) feature_add(set, kind, NULL, 0)

/* A small number as a word; cut to -9 .. 40. */
struct symbol symbol_number(long number);

#endif
