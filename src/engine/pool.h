/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The worker processes of one DuckDB engine. Each has a fixed set of databases attached, since a
 * locked-down DuckDB attaches no more; a statement gets an idle worker whose set holds what it
 * reads, or a new one. New workers get what other statements used lately as well, so that a small
 * catalog ends with workers that fit every question.
 *
 * Callers are served in turn: while several wait, each gets one statement through before any gets
 * its next, and nobody holds the last worker who holds all others already. So a caller with a
 * thousand slow statements does not keep another's quick one waiting.
 */
#ifndef QUERENT_ENGINE_POOL_H
#define QUERENT_ENGINE_POOL_H

#include "engine/engine.h"
#include "engine/process.h"

struct pool;
struct pool_worker;

struct pool_options {
    const char *folder; /* where the workers' own folders are made; NULL: the system's */
    uint32_t memory_mb; /* DuckDB's limit for one worker */
    uint32_t threads;
    size_t worker_max;
    /* A worker that was idle for longer than the first is asked whether it lives, and has the second to answer: a
     * frozen one would cost a statement all its time. 0: as below. */
    uint64_t idle_check_ms, ping_ms;
};

#define POOL_IDLE_CHECK_MS 10000
#define POOL_PING_MS 1000

struct pool *pool_new(struct loop *loop, const struct pool_options *options);
/* Ends all workers. No statement may be running. */
void pool_free(struct pool *pool);

/* A worker for those datasets, to be given back with one of the two functions below. Waits for its
 * caller's turn, however many wait: questions are bounded where they come in. ERROR_DEADLINE,
 * ERROR_ENGINE, ERROR_CONFIG. */
TASK_WAITS struct pool_worker *pool_take(struct pool *pool,
                                         const struct engine_statement *statement, uint64_t end_ms,
                                         struct error *err);
/* The worker is ready for another statement. */
void pool_give(struct pool_worker *worker);
/* The worker is dead or not to be trusted. */
void pool_drop(struct pool_worker *worker);
/* The worker is still at work on statement `number`: it is interrupted, and killed a second later.
 */
void pool_interrupt(struct pool_worker *worker, uint32_t number);

struct process *pool_process(struct pool_worker *worker);
const char *pool_version(const struct pool_worker *worker); /* of DuckDB */
uint32_t pool_layers(const struct pool_worker *worker); /* engine/worker_sandbox.h */
uint32_t pool_next_number(struct pool_worker *worker);
/* One that runs, busy or not; NULL: none. To be looked at before the next wait, not to be used. */
const struct pool_worker *pool_any(struct pool *pool);
/* Whether it has run a statement before. */
bool pool_is_used(const struct pool_worker *worker);

#endif
