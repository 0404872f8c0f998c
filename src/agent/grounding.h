/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Grounding: every number in an answer must be a cell of the rows, a computed fact, or part of
 * the question, of a name or of the period that was asked for.
 */
#ifndef QUERENT_AGENT_GROUNDING_H
#define QUERENT_AGENT_GROUNDING_H

#include <stdbool.h>
#include <stddef.h>

#include "core/arena.h"
#include "core/str.h"
#include "engine/rows.h"

struct grounding {
    const struct rows *rows;
    const double *facts; /* computed in code: totals, shares, changes, counts */
    size_t fact_count;
    const char *const *texts; /* question, reading, period words, names: numbers there are fine */
    size_t text_count;
};

/* The first number of `prose` that nothing holds, as written, or an empty string when all hold.
 * Numbers are compared as rounded to the digits that they are written with; "1.2 million", "45 %",
 * thousands separators, ordinals and ISO dates are understood. */
struct str grounding_find_unsupported(const struct grounding *grounding, struct str prose);

#endif
