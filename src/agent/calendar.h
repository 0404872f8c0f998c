/* SPDX-License-Identifier: Apache-2.0 */
/* Which day is today for a dataset, and when its weeks and fiscal years begin. */
#ifndef QUERENT_AGENT_CALENDAR_H
#define QUERENT_AGENT_CALENDAR_H

#include "metadata/dataset.h"
#include "planner/read/period.h"

/* What the dataset's document says, else the settings; NULL: the settings alone. */
void calendar_of(const struct dataset *dataset, struct period_calendar *out);

/* Whether its document says anything of it. */
bool calendar_is_own(const struct dataset *dataset);

#endif
