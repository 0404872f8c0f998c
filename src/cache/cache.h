/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Caches in two levels: memory, bounded by bytes, the least recently used make room; then the
 * store, which other processes and the next start share. Safe for all loops of a process.
 *
 * A key holds everything that its value depends on; cache_key_*() makes one from parts, so that no
 * two lists of parts give the same key. Values are bytes.
 */
#ifndef QUERENT_CACHE_CACHE_H
#define QUERENT_CACHE_CACHE_H

#include "core/arena.h"
#include "core/error.h"
#include "core/str.h"
#include "core/strbuf.h"
#include "store/store.h"
#include "task/task.h"

/* Names and times to live as in the plan. */
enum cache_type {
    CACHE_SQL_RESULT,        /* "sql_result", 1 hour */
    CACHE_DATASET_SELECTION, /* "dataset_selection", 1 day */
    CACHE_SQL_GENERATION,    /* "sql_generation", 6 hours */
    CACHE_METADATA,          /* "metadata", 12 hours */
    CACHE_RESPONSE,          /* "response", 1 hour */
    CACHE_EMBEDDING,         /* "embedding", 30 days */
    CACHE_TYPES
};
const char *cache_type_name(enum cache_type type);
/* CACHE_TYPES when there is no such name. */
enum cache_type cache_type_find(const char *name);
int64_t cache_type_ttl_s(enum cache_type type);

enum cache_level { CACHE_MISS, CACHE_HIT_MEMORY, CACHE_HIT_STORE, CACHE_HIT_SHARED };
/* "memory", "store", "shared" (waited for an equal piece of work); NULL for a miss. */
const char *cache_level_name(enum cache_level level);

struct cache;

/* `store` may be NULL: memory only. The caller closes it, before the store. */
struct cache *cache_open(struct store *store, size_t memory_bytes_max);
void cache_close(struct cache *cache); /* NULL is allowed */

/* A key from parts: 32 bytes of SHA-256 over the program's build, the type, and each part's length
 * and bytes. */
struct cache_key {
    unsigned char bytes[32];
};
struct cache_key cache_key_make(enum cache_type type, const struct str *parts, size_t count);

/*
 * The value, copied into the arena. A store that fails is a miss (logged once a minute), never an
 * error: a cache only saves time.
 */
TASK_WAITS enum cache_level cache_get(struct cache *cache, enum cache_type type,
                                      const struct cache_key *key, struct arena *arena,
                                      struct str *value);
/* In memory only, for callers that can't wait; counts no miss. */
bool cache_peek(struct cache *cache, enum cache_type type, const struct cache_key *key,
                struct arena *arena, struct str *value);
/* dataset_id: for clearing by dataset; NULL. The store's copy is written behind: the caller does
 * not wait for the disk. A value over a quarter of the memory is kept in the store only, one over
 * STORE_CACHE_VALUE_SIZE_MAX in memory only. */
void cache_put(struct cache *cache, enum cache_type type, const struct cache_key *key,
               struct str value, const char *dataset_id);

/*
 * Single flight: the first to ask for a key leads and does the work; those who ask meanwhile wait
 * for it, on whatever loop they are, and hear what the leader tells.
 *
 *     struct cache_flight *flight;
 *     if (cache_flight_join(cache, type, &key, &listener, &flight, err)) {   I lead
 *         ... work ..., cache_flight_tell() ..., cache_put() ...
 *         cache_flight_land(flight);          always, also after a failure
 *     } else ... it has landed: look again with cache_get(); do the work if it is not there
 *
 * False with an error set (err->code) when the wait was cancelled or late; else *err is cleared.
 * A leader that is cancelled itself passes the lead on: the join of who has waited longest returns true
 * then, and the work begins anew. Join once: a leader that failed leaves nothing behind, and if all who
 * waited joined again, they would try one after the other.
 */
struct cache_flight;
/* Called in the waiting task or thread, with each piece in its order, from the first on; must not wait. */
struct cache_flight_listener {
    void (*told)(void *context, struct str news);
    void *context;
};
/* listener: NULL when nobody listens. */
TASK_WAITS bool cache_flight_join(struct cache *cache, enum cache_type type,
                                  const struct cache_key *key,
                                  const struct cache_flight_listener *listener,
                                  struct cache_flight **flight, struct error *err);
/* By the leader. Copied; past CACHE_NEWS_MAX bytes nothing more is told. */
#define CACHE_NEWS_MAX ((size_t)4 << 20)
void cache_flight_tell(struct cache_flight *flight, struct str news);
/* Both from any thread; NULL is allowed. */
void cache_flight_land(struct cache_flight *flight);
void cache_flight_pass(struct cache_flight *flight);

/* Of this process. */
struct cache_stats {
    struct {
        int64_t entries, hits, misses, bytes; /* in memory; hits of either level */
        int64_t unsaved_hits; /* of entries in memory, which the store does not know of yet */
    } types[CACHE_TYPES];
    size_t memory_bytes, memory_bytes_max;
    int64_t dropped; /* not written to the store, because too much waited for it */
};
void cache_stats(struct cache *cache, struct cache_stats *out);
/* Of the store, and so of all processes on it, hits in their memories included (those of other
 * processes are half a minute late); and of this process. */
struct cache_report {
    struct {
        int64_t entries, hits, bytes;
    } types[CACHE_TYPES];
    int64_t entries, hits; /* of all types */
    struct cache_stats memory;
};
TASK_WAITS bool cache_report(struct cache *cache, struct cache_report *out, struct error *err);
double cache_report_rate(const struct cache_report *report); /* hits an entry; 0 without entries */
/* The plan's get_stats as JSON with more members; those of this process where that says something. */
void cache_report_json(const struct cache_report *report, bool with_process, struct strbuf *json);
/* type CACHE_TYPES: any; dataset_id NULL: any. Both levels; returns how many went in *count. Other
 * processes on the store forget it in memory some seconds later. */
TASK_WAITS bool cache_clear(struct cache *cache, enum cache_type type, const char *dataset_id,
                            bool expired_only, int64_t *count, struct error *err);

#endif
