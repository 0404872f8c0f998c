/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of cache/ share. One mutex guards the memory level, the queue of writes and the
 * flights; under it nothing is copied, waited for or written.
 */
#ifndef QUERENT_CACHE_CACHE_PRIV_H
#define QUERENT_CACHE_CACHE_PRIV_H

#include <pthread.h>

#include "cache/cache.h"
#include "cache/memory.h"

#define WRITES_MAX 1024                     /* entries that wait for the store */
#define WRITES_BYTES_MAX ((size_t)32 << 20) /* and their size */
#define WRITES_BATCH_MAX 64                 /* that share a commit */
#define WRITES_GATHER_MS 100                /* how long the first waits for others */
#define FLIGHT_BUCKETS 256

struct write {
    struct cache_entry *entry;
    struct write *next;
};

/* Entries on their way to the store; a thread of its own takes them there. */
struct write_behind {
    pthread_t thread;
    pthread_cond_t work;    /* there is something to do, or all shall stop */
    pthread_cond_t is_idle; /* a batch is through; for threads that wait without a task */
    bool started, stop;
    bool busy; /* a batch is being written */
    uint64_t batches;
    struct write *first, *last;
    size_t count, bytes;
    int64_t dropped;
};

struct cache {
    struct store *store; /* NULL: memory only */
    pthread_mutex_t mutex;
    struct memory memory;
    struct write_behind writes;
    struct cache_flight *flights[FLIGHT_BUCKETS];
    pthread_cond_t flown;  /* a flight has gone on; for threads that wait without a task */
    uint64_t clears;       /* what was read from the store before one is not kept after it */
    uint64_t store_back_ms, next_log_ms;
    uint64_t hits_saved_ms;
    int64_t last_clearing; /* of any process; -1: not known yet */
    size_t clearing;       /* by this one, now */
    uint64_t poll_ms;
    struct {
        int64_t hits, misses;
    } counts[CACHE_TYPES];
    /* Milliseconds that pass also while the machine sleeps, and never jump. Tests replace it. */
    uint64_t (*clock_ms)(void);
};

/* Starts the thread. */
bool write_behind_start(struct cache *cache, struct error *err);
/* Writes what waits, then ends the thread; a store that fails is not tried to the end. */
void write_behind_stop(struct cache *cache);
/* With the mutex held. Takes a reference of its own, or counts the entry as dropped. */
void write_behind_add(struct cache *cache, struct cache_entry *entry);
/* With the mutex held: forgets what waits and matches; returns how many. */
int64_t write_behind_forget(struct cache *cache, enum cache_type type, const char *dataset_id);

/* shared.c: tells the store of hits in memory, of entries that it has. */
TASK_WAITS void cache_save_hits(struct cache *cache);
/* Forgets what other processes have cleared. */
void cache_poll_clearings(struct cache *cache);
uint64_t cache_shared_due_ms(const struct cache *cache); /* with the mutex held */
void cache_shared_work(struct cache *cache);

/* Notes that the store failed: it is left alone for a moment, and a line is logged now and then. */
void cache_store_failed(struct cache *cache, const char *what, const struct error *err);

#endif
