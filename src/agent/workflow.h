/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The workflow: save the question, retrieve, metadata, select, generate, execute, answer,
 * save. Straight-line code in one task; every mode takes this path with other parts plugged in.
 */
#ifndef QUERENT_AGENT_WORKFLOW_H
#define QUERENT_AGENT_WORKFLOW_H

#include "agent/run.h"

/*
 * Takes a new run to its end, in a task. When it returns true, the outcome (run->status and
 * run->answer) is on disk and EVENT_COMPLETE was sent. When false, run->error says why, the
 * failure is on disk if the question was, and EVENT_ERROR was sent. Exactly one of both is sent.
 */
TASK_WAITS bool workflow_run(struct run *run, struct error *err);

#endif
