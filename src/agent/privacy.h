/* SPDX-License-Identifier: Apache-2.0 */
/* What of a result may be shown to a language model. */
#ifndef QUERENT_AGENT_PRIVACY_H
#define QUERENT_AGENT_PRIVACY_H

#include "agent/run.h"

#define PRIVACY_GROUP_MIN 5 /* rows of the data behind each total of a result */

/* Of the statement that gave the answer: by QUERENT_MODEL_SEES, and never where it reads a dataset that keeps
 * columns from models (access.mask_model): a star, another name or a whole row may bring them. With `aggregates` the rows behind each total are counted, by one
 * more statement. */
TASK_WAITS bool privacy_may_show_rows(struct run *run);

#endif
