/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What could be asked next: ideas made from the query that was just answered. They are only ideas:
 * the answer step keeps those that the planner can really read.
 */
#ifndef QUERENT_AGENT_SUGGEST_H
#define QUERENT_AGENT_SUGGEST_H

#include "core/arena.h"
#include "engine/rows.h"
#include "planner/query.h"

#define SUGGESTIONS_MAX 3
#define SUGGESTION_IDEAS_MAX 8

/* Follow-up questions, best first; at most SUGGESTION_IDEAS_MAX are written to `ideas`. Returns how
 * many. `query` may be NULL: then the ideas are first questions about the dataset. What was just
 * `asked` is none of them. */
size_t suggest_ideas(const char *asked, const struct query *query, const struct dataset *dataset,
                     const struct rows *rows, struct arena *arena,
                     const char *ideas[SUGGESTION_IDEAS_MAX]);

#endif
