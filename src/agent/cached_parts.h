/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of a cache key, gathered in a run's arena. */
#ifndef QUERENT_AGENT_CACHED_PARTS_H
#define QUERENT_AGENT_CACHED_PARTS_H

#include "agent/run.h"

struct cache_parts {
    struct arena *arena;
    struct str *items;
    size_t count, capacity;
};

void cache_parts_add(struct cache_parts *parts, struct str part); /* borrowed */
void cache_parts_add_text(struct cache_parts *parts, const char *text);
void cache_parts_add_integer(struct cache_parts *parts, int64_t number);
void cache_parts_add_double(struct cache_parts *parts, double number);
/* Id and version (document, data, relationships); and who asks, where the document restricts who
 * may see what. */
void cache_parts_add_dataset(struct cache_parts *parts, const struct run *run,
                             const struct dataset *dataset);
/* Whether what is seen depends on who asks. */
bool cache_parts_restricted(const struct access_rules *access);
/* The text with blanks joined: those that nobody meant are no difference; but where there are quotes
 * they may be meant. */
struct str cache_parts_fold_blanks(struct arena *arena, const char *text);
/* How much of a result is read, and what may be used to make it. */
void cache_parts_add_limits(struct cache_parts *parts);
/* Whose language model it is, at which server, and with which prompts. */
void cache_parts_add_llm(struct cache_parts *parts, const struct run *run);
struct cache_key cache_parts_key(const struct cache_parts *parts, enum cache_type type);

#endif
