/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The agent: everything that answering questions needs, opened once and shared by all runs of a
 * process: settings, store, catalog with its indexes, engines, and who writes the SQL.
 *
 *     struct agent *agent = agent_open(loop, &options, err);
 *     struct run *run = run_new(agent, &question, err);       agent/run.h
 *     workflow_run(run, err);                                 agent/workflow.h
 *
 * A server with several loops opens one and shares it with agent_share(): what is immutable or has
 * its own locks is common to all, engines belong to a loop.
 */
#ifndef QUERENT_AGENT_AGENT_H
#define QUERENT_AGENT_AGENT_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "cache/cache.h"
#include "catalog/catalog.h"
#include "core/error.h"
#include "embed/embed.h"
#include "engine/engine.h"
#include "llm/llm.h"
#include "planner/planner.h"
#include "retrieval/retrieval.h"
#include "store/store.h"
#include "task/task.h"
#include "verified/verified.h"

/* What can be asked about at one moment, with its indexes. Immutable, counted: a run keeps the
 * one it began with while a newer one may take its place. Any thread may read, ref and unref it. */
struct knowledge {
    struct catalog *catalog;
    struct retrieval_index *retrieval;
    struct dataset_index **indexes; /* one per dataset of the catalog */
    bool restricted; /* some dataset: what is seen depends on who asks */
    bool own_zones;  /* some dataset names its own time zone */
    size_t embeddings_made; /* when it was made: see embedding_made() */
    struct anew {
        bool all;
        char **ids; /* else of these */
        size_t id_count;
    } anew; /* whose vectors of earlier times don't count */
    atomic_int references;
};
struct knowledge *knowledge_ref(struct knowledge *knowledge);
void knowledge_unref(struct knowledge *knowledge); /* NULL is allowed */
/* The planner's index of that dataset; the dataset must be of this catalog. */
const struct dataset_index *knowledge_index(const struct knowledge *knowledge,
                                            const struct dataset *dataset);

struct agent_options {
    const char *const *data_paths; /* --data, beside the metadata folder; borrowed for its life */
    size_t data_path_count;
    /* Called as datasets are read: for progress on a terminal. NULL: nobody looks. */
    void (*progress)(void *context, size_t done, size_t total, const char *name);
    void *progress_context;
};

struct agent {
    struct loop *loop;
    struct agent *primary; /* whose parts these are; NULL: this one's own */
    unsigned loop_count;   /* that share the processors, and so the workers */
    struct store *store;
    struct cache *cache;
    struct embedder *embedder;        /* the built-in one */
    struct embedder *server_embedder; /* beside it (agent/embedding.h); NULL: none */
    struct embedding_keeper *keeper;  /* of the primary, where one was started */
    bool serves; /* of the primary: a keeper makes what is missing, now or soon, and no question does */
    uint64_t fill_after_ms; /* questions have no vectors of datasets made before */
    atomic_ullong embedding_warned_ms;
    struct planner *planner;
    struct llm *llm;
    struct knowledge *knowledge; /* for the loop's thread; others: agent_take_knowledge() */
    struct verified_set *verified;   /* of the primary; others: agent_take_verified() */
    atomic_ullong verified_looked_ms; /* when the store was last asked whether it has changed */
    pthread_mutex_t knowledge_lock;   /* guards both */
    struct catalog_options catalog_options;
    char *metadata_place; /* NULL: none */
    struct engine *engines[SQL_DIALECTS]; /* opened when first needed */
    size_t engine_count;
};

/* Opens all parts in a task of `loop`; the caller closes it there. Problems of single datasets are
 * in agent->knowledge->catalog and are no failure. */
TASK_WAITS struct agent *agent_open(struct loop *loop, const struct agent_options *options,
                                    struct error *err);
/* The store alone, as the settings say; the caller closes it. Blocks. */
struct store *agent_open_store(struct error *err);
/* NULL is allowed. Those that share its parts must have been closed before. */
TASK_WAITS void agent_close(struct agent *agent);
/* The same agent for another loop of `loop_count`, with engines of its own; to be closed there. From
 * any thread. */
struct agent *agent_share(struct agent *primary, struct loop *loop, unsigned loop_count);
/* The newest knowledge with one more reference, which the caller gives back with
 * knowledge_unref(). From any thread, also while agent_refresh() puts another in its place. */
struct knowledge *agent_take_knowledge(struct agent *agent);
/* The verified queries, with one more reference; NULL only while there is no store to read them from.
 * What another process has changed is seen within VERIFIED_LOOK_MS. From any thread. */
#define VERIFIED_LOOK_MS 1000
TASK_WAITS struct verified_set *agent_take_verified(struct agent *agent);
/* Reads the verified queries again if they have changed, or the catalog has: what follows sees the
 * change that was made before. */
TASK_WAITS bool agent_reload_verified(struct agent *agent, struct error *err);
/* Reads again what has changed, on the primary's loop; runs that are under way keep what they began with. */
TASK_WAITS bool agent_refresh(struct agent *agent, struct error *err);

struct refresh_request {
    const char *const *only; /* ids: other datasets stay as they are; NULL: all */
    size_t only_count;
    bool anew; /* also what has not changed, with its embedding */
    void (*progress)(void *context, size_t done, size_t total, const char *name); /* or NULL */
    void *progress_context;
};
/* The same with a choice, and with what was before and after, which the caller gives back with
 * knowledge_unref(). They are the same when nothing changed. */
TASK_WAITS bool agent_refresh_as(struct agent *agent, const struct refresh_request *request,
                                 struct knowledge **before, struct knowledge **after,
                                 struct error *err);
/* Has the vectors made that a server's embeddings lack, all of them. Nothing to do without a server. On
 * the primary's loop. */
TASK_WAITS bool agent_make_vectors(struct agent *agent, const struct refresh_request *request,
                                   struct error *err);
/* The engine of that name (NULL: the configured one), opened at its first use. */
struct engine *agent_engine(struct agent *agent, const char *name, struct error *err);

#endif
