/* SPDX-License-Identifier: Apache-2.0 */
/* Clearing the cache as an administrator does it: recorded in the audit trail. */
#ifndef QUERENT_AGENT_CLEAR_CACHE_H
#define QUERENT_AGENT_CLEAR_CACHE_H

#include "cache/cache.h"
#include "store/admin.h"

struct clear_cache {
    const char *type, *dataset_id; /* NULL: any */
    bool expired_only;
    struct audit_act act; /* for the audit trail; its detail is made here */
};

/* False with ERROR_INVALID for a type that there is not. *removed: how many entries. */
TASK_WAITS bool clear_cache(struct store *store, struct cache *cache,
                            const struct clear_cache *what, int64_t *removed, struct error *err);

#endif
