/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The steps of the workflow, one file each. A step reads the run and writes the run; it sets
 * record->words (for people) and record->detail (a JSON object, for programs) before it returns.
 */
#ifndef QUERENT_AGENT_STEPS_STEPS_H
#define QUERENT_AGENT_STEPS_STEPS_H

#include "agent/run.h"

typedef bool (*step_fn)(struct run *run, struct step_record *record, struct error *err);

TASK_WAITS bool step_retrieve(struct run *run, struct step_record *record, struct error *err);
TASK_WAITS bool step_metadata(struct run *run, struct step_record *record, struct error *err);
TASK_WAITS bool step_select(struct run *run, struct step_record *record, struct error *err);
TASK_WAITS bool step_generate(struct run *run, struct step_record *record, struct error *err);
TASK_WAITS bool step_execute(struct run *run, struct step_record *record, struct error *err);
TASK_WAITS bool step_answer(struct run *run, struct step_record *record, struct error *err);

#endif
