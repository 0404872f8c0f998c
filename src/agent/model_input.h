/* SPDX-License-Identifier: Apache-2.0 */
/* What a run gives a language model beside what the planner is given: the conversation, verified queries
 * near the question as examples, and how much of the data it may see. */
#ifndef QUERENT_AGENT_MODEL_INPUT_H
#define QUERENT_AGENT_MODEL_INPUT_H

#include "agent/run.h"

#define EXAMPLES_MAX 3

/* Fills those members of run->request. Nothing to do where no language model is in use. */
void model_input_fill(struct run *run);

/* Drivers may mend some things by themselves: before and after what they do, so that their repairs and the
 * run's together are bounded and counted. */
void model_input_allow_repairs(struct run *run);
void model_input_count_repairs(struct run *run);

#endif
