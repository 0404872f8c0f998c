/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The server: HTTP on every loop, the same workflow behind it as behind the command line.
 *
 *     main thread: loop 0, the agent, signals        thread i: loop i, agent_share()
 *          │ struct api (one a loop): http server, open streams
 *          └ struct api_shared (one a process): the run queue, and what all loops read
 *
 * A run lives on the loop of the connection that asked for it. Loops share the store, the models,
 * the catalog and the caches, which have their own locks or never change.
 */
#ifndef QUERENT_API_API_H
#define QUERENT_API_API_H

#include <stdatomic.h>
#include <uv.h>

#include "agent/agent.h"
#include "api/live_runs.h"
#include "api/route.h"
#include "api/run_queue.h"
#include "http/server.h"

#define API_LOOPS_MAX 64

struct event_stream;
struct page;
struct api_task;
struct indexer;

/* What all loops of the process read; made before the first and gone after the last. */
struct api_shared {
    struct agent *agent; /* the primary */
    struct run_queue *queue; /* of all loops */
    struct live_runs *runs;  /* likewise */
    struct indexer *indexer; /* on the agent's loop */
    unsigned loop_count;
    const char *environment;
    const struct page *openapi; /* the document, api/openapi.h */
    atomic_bool stopping; /* no new runs; not ready */
    uint64_t stop_grace_ms;
    bool access_log;
    int64_t started_us; /* since 1970 */
};

/* One loop's part. Used on that loop only. */
struct api {
    struct api_shared *shared;
    struct loop *loop;
    struct agent *agent;
    struct http_server *server;
    struct event_stream *streams; /* open ones, for heart-beats */
    size_t readers;               /* those of them that wait for events of a run */
    uv_timer_t heartbeat;
    struct api_task *tasks; /* of requests; cancelled when the time to stop is over */
    struct task_event idle; /* while the server stops: the last task ended, or hurry */
    bool hurry;             /* a second signal came: no grace */
    bool closing;           /* no more tasks */
    size_t questions;       /* that have a place, to run or to wait */
};

struct api_options {
    const char *host; /* as in http/server.h */
    int port;
    unsigned loops;                  /* 0: one for each processor, at most 4 */
    struct http_limits http_limits;  /* zero: the defaults */
    size_t runs_max, queue_max;      /* at once and waiting, of the process */
    size_t workers_max;              /* of the engines, of the process; 0: no matter */
    uint64_t reattach_ms;            /* how long an ended run's events are there */
    uint64_t index_every_s;          /* 0: only when asked, or when something changed */
    uint64_t stop_grace_ms;          /* for runs that are under way when the server stops */
    /* Called once, when all loops accept connections. */
    void (*ready)(void *context, const char *host, int port);
    void *ready_context;
};

/*
 * Serves until SIGTERM or SIGINT, in a task of the agent's loop; SIGHUP reads documents and files
 * again, as a change of their folders does. ERROR_CONFIG when it can't listen. A second signal
 * while it stops ends the runs at once.
 */
TASK_WAITS bool api_serve(struct agent *agent, const struct api_options *options,
                          struct error *err);

/* How many loops it serves with. Each has runs and workers of its own, so that there are never more
 * loops than either may be of the process. */
unsigned api_loop_count(const struct api_options *options, long processors);

/* All routes, for dispatch and for whoever describes them. */
extern const struct route *const api_routes[];
extern const size_t api_route_count;

#endif
