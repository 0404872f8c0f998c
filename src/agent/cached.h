/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a run takes from the cache, and gives to it: the choice of a dataset, the decision on a
 * statement, a statement's rows, and the whole reply. With `use_cache: false` nothing is read and nothing kept.
 *
 * A key is made of what the steps before have found, so it holds their inputs too: a decision
 * depends on retrieval only through the candidates and their scores. What a driver of language
 * models is given more than today (struct llm_request) must go into decision_key() or add_model_input() as well.
 */
#ifndef QUERENT_AGENT_CACHED_H
#define QUERENT_AGENT_CACHED_H

#include "agent/run.h"

/* True when run->selection was filled. */
TASK_WAITS bool cached_selection_get(struct run *run);
void cached_selection_put(struct run *run);

/* True when run->proposal was filled, with datasets and columns of the run's own knowledge. Only
 * for the first proposal: a repair goes on from what just happened. */
TASK_WAITS bool cached_proposal_get(struct run *run);
/* Of a statement only once it has run well: one that fails would fail again for whoever asks next. What a
 * repair has brought takes the place of what failed. */
void cached_proposal_put(struct run *run);

/* Prepares the statement's key, for it and for cached_rows_put(); then looks. Statements that are
 * tried to decide ask only the memory: the disk would cost about what the engine does. */
TASK_WAITS bool cached_rows_get(struct run *run, struct statement *statement,
                                const struct engine *engine, const struct dataset *const *read,
                                size_t read_count);
void cached_rows_put(struct run *run, const struct statement *statement);

/* The whole reply, for questions whose `reply_suffices`: the first look. True when run->status,
 * answer, reply and steps were filled. */
TASK_WAITS bool cached_reply_get(struct run *run);
/* A second look, after a wait: what an equal question has brought meanwhile, in memory. */
bool cached_reply_get_shared(struct run *run);
/* After a miss: true when this run is to do the work, and to call cached_reply_land() when it is done. False
 * when an equal question's run has ended meanwhile, whose steps are among this one's events then, or with an
 * error. */
TASK_WAITS bool cached_reply_lead(struct run *run, struct error *err);
/* Tells those who wait for this run's reply of a step; nothing to do when none may. */
void cached_reply_tell(struct run *run, enum run_event_kind kind, const char *json);
/* The work is done, or has failed with that error: when it is this run alone that was stopped, another one
 * of them takes the lead. */
void cached_reply_land(struct run *run, bool ok, const struct error *err);
void cached_reply_put(struct run *run);

#endif
