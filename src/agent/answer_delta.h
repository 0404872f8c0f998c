/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The events that tell an answer as it is written: {"text": more} is put behind what was told before,
 * {"replace": true, "text": all} takes its place. The store keeps one for many, which replaces.
 */
#ifndef QUERENT_AGENT_ANSWER_DELTA_H
#define QUERENT_AGENT_ANSWER_DELTA_H

#include "core/arena.h"
#include "store/store.h"

#define ANSWER_DELTA_NAME "answer_delta"

const char *answer_delta_json(struct str text, bool replaces, struct arena *arena);
/* What such an event says; false when it is none. */
bool answer_delta_read(const char *json, struct arena *arena, struct str *text, bool *replaces);

/* Of events in their order (as {"event": ..., "data": ...}), all since the run's first: of deltas that follow
 * one another the last stays, with its number and all text so far. The new number of events. */
size_t answer_deltas_join(struct stored_event *events, size_t count, struct arena *arena);

#endif
