/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is no longer to be kept: conversations that were silent for QUERENT_RETENTION_DAYS, and
 * those that were deleted QUERENT_DELETED_DAYS ago.
 */
#ifndef QUERENT_AGENT_RETENTION_H
#define QUERENT_AGENT_RETENTION_H

#include "store/store.h"

/* Removes all of it, with a pause after each bite when in a task. *out is what was removed, also
 * when it fails half-way. */
TASK_WAITS bool retention_sweep(struct store *store, struct store_sweep *out, struct error *err);

#endif
