/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A word that stands where a value would ("sales in the west", "orders that were shipped", "the
 * marketing department") and that no column holds. To leave it out would answer another question;
 * it is named, with the values that there are.
 */
#ifndef QUERENT_PLANNER_RULES_MISSING_VALUE_H
#define QUERENT_PLANNER_RULES_MISSING_VALUE_H

#include "core/arena.h"
#include "planner/planner.h"
#include "planner/read/token.h"

/* What the learned readings made of the words: `linked[i]` where token i was found in the data, or is
 * no word for something in it. */
struct missing_value_words {
    const struct token_list *tokens; /* NULL: nothing was read */
    const bool *linked;
};

struct missing_value {
    const char *word;     /* as asked */
    const char *sentence; /* that no column holds it, and what there is */
};

/* False: every word that looks like a value is one. `main` is the table that the question is
 * about; what is found lives in the arena. */
bool missing_value(const struct plan_request *request, const struct dataset *main,
                   const struct missing_value_words *words, struct arena *arena,
                   struct missing_value *out);

#endif
