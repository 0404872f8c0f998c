/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The runs of the process that can be found again: those that are worked on, and for a while those
 * that have ended. Each keeps its events, encoded once, for all who read them, on whatever loop.
 *
 *     the run's task ─► live_run_tell() ─► events ─┬─► readers on the same loop, at once
 *                                                  └─► other loops are told by loop_post()
 *
 * Memory is bounded: of ended runs it keeps the latest ones, by count and bytes; what it has not,
 * the store has (api/run_keeper.h). One lock guards all of it; nothing is written or waited for
 * under it. A run whose answer was cached is never here: it has ended before anybody can ask for
 * it.
 */
#ifndef QUERENT_API_LIVE_RUNS_H
#define QUERENT_API_LIVE_RUNS_H

#include "core/error.h"
#include "http/server.h"
#include "store/store.h"
#include "task/task.h"

struct live_runs;
struct live_run;
struct live_group;

struct live_runs_limits {
    uint64_t keep_ms;       /* after a run's end it can be re-attached to */
    size_t ended_max;       /* ended runs in memory, */
    size_t ended_bytes_max; /* and what their events hold */
    size_t readers_max;     /* of the process, besides each run's first one */
    size_t run_readers_max; /* of one run, likewise */
    size_t distant_max;     /* runs of other processes that are followed */
};

struct live_runs *live_runs_new(const struct live_runs_limits *limits);
/* All loops that used it must have ended, or be the caller's. NULL is allowed. */
void live_runs_free(struct live_runs *runs);
const struct live_runs_limits *live_runs_limits(const struct live_runs *runs);

/* ---- by the run's task, on its loop ---- */

/* A run begins; the task is the one that a cancel is for. One reference, for live_run_leave(). */
struct live_run *live_run_begin(struct live_runs *runs, const char *id, struct loop *loop,
                                struct task *task);
/* Its next event; `last`: and no more will come. */
void live_run_tell(struct live_run *run, const char *event, const char *json, bool last);
/* The task goes. */
void live_run_leave(struct live_run *run);

/* ---- by whoever asks for a run, on any loop ---- */

/* With a reference; NULL when it is not here, or has ended too long ago. */
struct live_run *live_runs_find(struct live_runs *runs, const char *id);
struct live_run *live_run_ref(struct live_run *run);
void live_run_unref(struct live_run *run);
const char *live_run_id(const struct live_run *run);
/* Whether events after that number are here or may still come. */
bool live_run_has_more(struct live_run *run, uint64_t after);
/* Asks its task to stop. False when it has ended, or is another process's. */
bool live_run_cancel(struct live_run *run);
/* The events so far as {"event": ..., "data": ...}, copied to the arena. */
size_t live_run_events(struct live_run *run, struct arena *arena, struct stored_event **out);

/*
 * Who is told of a run's events: part of a stream, used on its loop only. tell() is called on that
 * loop when there may be something to take; it may close the reader.
 */
struct live_reader {
    struct live_run *run; /* NULL: closed */
    struct live_group *group;
    struct live_reader *next, **link;
    uint64_t after; /* number of the last event that it has */
    void (*tell)(struct live_reader *reader);
};

/* `own`: the run's first reader, which no limit stops. ERROR_FULL when there are too many others.
 */
bool live_reader_open(struct live_reader *reader, struct live_run *run, struct loop *loop, bool own,
                      struct error *err);
void live_reader_close(struct live_reader *reader);
/* The next events, at most `max`, each with a reference. *ended: these are the last ones. */
size_t live_reader_take(struct live_reader *reader, struct http_chunk **out, size_t max,
                        bool *ended);

/* ---- runs that the store knows (api/run_keeper.c) ---- */

/* A run of another process, or one that has ended `age_ms` ago and is not here any more; if it is
 * here after all, that one. With a reference. Its events are told by live_run_add_stored(). NULL
 * with ERROR_FULL when too many others are followed. */
struct live_run *live_runs_recall(struct live_runs *runs, const char *id, bool active,
                                  uint64_t age_ms, bool *is_new, struct error *err);
/* Adds an event as the store has it, from that loop; nothing, when it is here or the run has ended.
 */
void live_run_add_stored(struct live_run *run, struct loop *here, uint64_t number,
                         const char *envelope, bool last);

enum live_kind {
    LIVE_UNSAVED, /* of this process, active for `age_ms`, with events that the store has not */
    LIVE_LONG,    /* of this process, active for `age_ms` */
    LIVE_DISTANT, /* active ones of other processes; those that nobody reads are forgotten */
};
/* At most `max` of them, with references; the next call goes on behind them. */
size_t live_runs_list(struct live_runs *runs, enum live_kind kind, uint64_t age_ms,
                      struct live_run **out, size_t max);
/* The events that the store has not; live_run_saved() says that it has them up to that number. */
size_t live_run_unsaved(struct live_run *run, struct arena *arena, struct stored_event **out);
void live_run_saved(struct live_run *run, uint64_t number);
/* How many events are here. */
uint64_t live_run_last(struct live_run *run);
bool live_run_is_distant(const struct live_run *run);
/* The conversation was deleted: its ended runs are forgotten, and those that go on are when they end. */
void live_runs_forget(struct live_runs *runs, const char *conversation_id);
/* Forgets ended runs whose time is over. */
void live_runs_expire(struct live_runs *runs);

/* For tests and /metrics. */
struct live_runs_counts {
    size_t active, distant, ended, ended_bytes, readers;
};
struct live_runs_counts live_runs_count(struct live_runs *runs);

/* The Server-Sent Event of one event: "id: N", "data: {...}". The caller has one reference. */
struct http_chunk *live_event_chunk(uint64_t number, const char *event, const char *json);

#endif
