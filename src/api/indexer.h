/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads documents and data files again: when an administrator asks, every QUERENT_INDEX_EVERY seconds,
 * at SIGHUP, and when their folders change. All go the same way, one at a time in all processes on a
 * store (store_index_lock()).
 *
 * What an administrator asks for is a job that others can follow. What the server does by itself
 * becomes a job only when it found a change; SIGHUP always does.
 */
#ifndef QUERENT_API_INDEXER_H
#define QUERENT_API_INDEXER_H

#include "agent/agent.h"
#include "store/admin.h"

#define INDEX_JOB "index"

enum index_trigger { INDEX_CHANGE, INDEX_TIMER, INDEX_SIGNAL, INDEX_TRIGGERS };

struct indexer;

/* Starts its task on the agent's loop. every_s: 0 for never. NULL with an error when there is no
 * memory for the task. */
struct indexer *indexer_start(struct agent *agent, uint64_t every_s, struct error *err);
/* Begins to end: what is under way stops, and its job says so. */
void indexer_stop(struct indexer *indexer); /* NULL is allowed */
/* Waits until it has ended. No other thread may use it any more. NULL is allowed. */
TASK_WAITS void indexer_free(struct indexer *indexer);

/* Something may have changed. From any thread. */
void indexer_wake(struct indexer *indexer, enum index_trigger trigger);

struct index_wish {
    const char *const *datasets; /* only these; NULL: all */
    size_t dataset_count;
    bool force; /* also what has not changed */
};
/* A job for it, or the one that is under way, in whatever process. In a task of any loop. */
TASK_WAITS bool indexer_ask(struct indexer *indexer, const struct index_wish *wish,
                            const struct audit_act *act, struct arena *arena, struct job *out,
                            struct error *err);

#endif
