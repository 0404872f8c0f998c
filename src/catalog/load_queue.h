/* SPDX-License-Identifier: Apache-2.0 */
/* Loads the files of several sources at the same time, at most so many at once. */
#ifndef QUERENT_CATALOG_LOAD_QUEUE_H
#define QUERENT_CATALOG_LOAD_QUEUE_H

#include "catalog/source.h"

/* Returns when all are done; on cancel or deadline once those under way have ended. */
TASK_WAITS bool load_sources(struct source *const *sources, size_t count,
                             const struct catalog_options *options, struct error *err);

#endif
