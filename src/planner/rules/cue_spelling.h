/* SPDX-License-Identifier: Apache-2.0 */
/* Misspelled words of the kind that say what to do: "avrage", "totl", "hihgest". */
#ifndef QUERENT_PLANNER_RULES_CUE_SPELLING_H
#define QUERENT_PLANNER_RULES_CUE_SPELLING_H

#include "core/arena.h"
#include "core/str.h"
#include "planner/planner.h"

/* The question with such words as they are spelled, or the question itself. What is quoted, or
 * stands so in the data, stays. */
struct str cue_spelling_restore(const struct plan_request *request, struct arena *arena);

#endif
