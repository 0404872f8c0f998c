/* SPDX-License-Identifier: Apache-2.0 */
/* What is computed from a result for a language model, which is not to compute: as lines to read, and as
 * numbers that it may say. */
#ifndef QUERENT_AGENT_ANSWER_FACTS_H
#define QUERENT_AGENT_ANSWER_FACTS_H

#include "agent/answer.h"
#include "agent/facts.h"

#define ANSWER_ROWS_SHOWN 50 /* of a result, to a model */

/* Fills out->facts and out->fact_lines; out->shown is there. `said`: what code says of the rows anyway. */
void answer_facts_find(const struct facts *facts, const struct rows *rows, struct str said,
                       struct arena *arena, struct answer_parts *out);

#endif
