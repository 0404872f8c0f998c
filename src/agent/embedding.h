/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Embeddings of a server (QUERENT_EMBED) on behalf of the agent: which server is used, vectors of all
 * datasets, and a question's. Whatever goes wrong with it, questions go on with keywords and the
 * built-in embeddings, and say so.
 */
#ifndef QUERENT_AGENT_EMBEDDING_H
#define QUERENT_AGENT_EMBEDDING_H

#include "agent/run.h"

/* What the settings choose: "openai" or "builtin". */
const char *embedding_chosen(void);
/* Opens agent->embedder, and agent->server_embedder where one is chosen. One that nobody has asked for by
 * QUERENT_EMBED and that can't be opened costs a warning. */
bool embedding_open(struct agent *agent, struct error *err);

/* The store's vectors of datasets, as retrieval asks for them; a store that fails only costs time. */
struct vector_store {
    struct store *store;
    const struct anew *anew; /* those of earlier times that don't count */
    size_t made;
};
struct vector_cache embedding_cache(struct vector_store *vectors);

/* Whether a server's vectors are of use: not for one dataset alone. */
bool embedding_is_wanted(const struct agent *agent, const struct knowledge *knowledge);
/* How many vectors were made because no earlier time had kept them: the server's where one is wanted. */
size_t embedding_made(const struct agent *agent, const struct knowledge *knowledge);
/* Takes what the store has, then has the missing ones made, for at most `time_max_ms` (0: nobody is
 * called). What it uses is added to the store's usage, for EMBEDDING_INDEX_USER. True when all are in
 * place. By one task at a time for one knowledge. */
#define EMBEDDING_INDEX_USER "(index)"
struct embedding_work {
    uint64_t time_max_ms;
    const struct refresh_request *request; /* who sees the progress; NULL */
};
TASK_WAITS bool embedding_fill(struct agent *agent, struct knowledge *knowledge,
                               const struct embedding_work *work, struct error *err);

/* For servers: a task on the agent's loop that has missing vectors made, again and again until all are
 * there, also those of what is read later. */
bool embedding_keeper_start(struct agent *agent, struct error *err);
TASK_WAITS void embedding_keeper_stop(struct agent *agent);
void embedding_keeper_wake(struct agent *agent); /* on its loop; nothing to do where there is none */

/* The question's vector by the server, in the run's arena, within QUERENT_EMBED_WAIT_S. NULL where no
 * server is used or of use; and where none can be had, which run->retrieval_notice tells then. False when
 * the run itself is over. */
TASK_WAITS bool embedding_of_question(struct run *run, struct str text, const float **out,
                                      struct error *err);
/* What questions' embeddings have used in this run; false: nothing. */
bool embedding_usage(const struct run *run, struct usage *out);
/* For /metrics, at the run's end. */
void embedding_count(const struct run *run);

#endif
