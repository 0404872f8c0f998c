/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Outgoing HTTP: http_fetch() reads like a call and waits without blocking the loop. Each loop has
 * one curl_multi, made when it is first needed and freed with the loop; HTTP/2 over TLS where the
 * server has it, connections reused, certificates verified, proxies as the environment names them.
 *
 * A server outside is an upstream: it bounds how many calls are out at a time, remembers how often
 * it failed (a breaker: after so many failures in a row calls fail at once for a while, then one
 * tries), and counts in /metrics. What is retried, and after which wait, is the same for all:
 * struct fetch_request says only whether a repeat is safe.
 */
#ifndef QUERENT_NET_FETCH_H
#define QUERENT_NET_FETCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/error.h"
#include "core/str.h"
#include "task/task.h"

#define FETCH_BODY_MAX_DEFAULT (16 * 1024 * 1024)
#define FETCH_HEADERS_MAX 64  /* of a request */
#define FETCH_TRIES_DEFAULT 3 /* as the vendors' own clients: the first and two more */
#define FETCH_CONNECT_MS_DEFAULT 10000
#define FETCH_IDLE_MS_DEFAULT 60000 /* without a byte from the server */

struct upstream;

struct upstream_options {
    const char *name;        /* for people, logs and metrics: "Claude"; copied */
    unsigned concurrent_max; /* calls at a time, of all loops; the rest waits in turn. 0: 256 */
    unsigned failures_max;   /* in a row, then the breaker opens. 0: 5 */
    uint64_t open_ms;        /* how long it stays open before one call tries. 0: 10,000 */
};

/* May be used by tasks of all loops at once; closed when no call is out any more. */
struct upstream *upstream_open(const struct upstream_options *options);
void upstream_close(struct upstream *upstream); /* NULL is allowed */

/* A place among the calls that are out. http_fetch() takes one for each try. Who needs much memory to make
 * a call may take that of the first try before: then only as many as there are places need it at a time. */
struct upstream_pass {
    struct upstream *upstream; /* NULL: no place */
    uint64_t generation;       /* of the breaker's state */
    uint64_t number;           /* of all passes of that upstream, from 1 */
};
/* Takes a place that is free now, of an upstream that may be asked; false: neither. */
bool upstream_try_enter(struct upstream *upstream, struct upstream_pass *pass);
/* Waits for a place. False with the task's own error, or with `failure` where the upstream is not
 * to be asked; then *pass is none. */
TASK_WAITS bool upstream_enter(struct upstream *upstream, enum error_code failure,
                               struct upstream_pass *pass, struct error *err);
/* Gives back a place that no call has used; none is allowed. */
void upstream_give_back(struct upstream_pass *pass);

struct fetch_header {
    const char *name, *value; /* a value may be a secret: none is ever logged */
};

struct fetch_response {
    int status;
    struct fetch_header *headers; /* of the last response; names in lower case */
    size_t header_count;
    struct str body; /* whole; empty where on_body took it */
    unsigned tries;  /* also when the call failed */
    /* From the call to the body's first byte of the last try; 0: it had none. */
    uint64_t first_byte_us;
    /* What was to be waited before a repeat, where there was none because the task's deadline comes
     * first; else 0. */
    uint64_t retry_after_ms;
};

struct fetch_request {
    struct upstream *upstream;
    const char *method; /* "GET", "POST", ... */
    const char *url;    /* http or https; redirects are not followed: a key could go elsewhere */
    const struct fetch_header *headers;
    size_t header_count;
    struct str body; /* borrowed until the call returns */
    /* 0: the default, for both. The whole call ends with the task's deadline. */
    uint64_t connect_ms, idle_ms;
    size_t body_max; /* of the response, streamed or not; more is a failure. 0: the default */
    /* Whether the same request may be sent again: after no or a broken reply, 408, 409, 429 and
     * 5xx, unless `x-should-retry` says otherwise; after `retry-after-ms` or `retry-after` (seconds
     * or a date) where given. Never after on_body has taken a byte. */
    bool repeatable;
    struct upstream_pass *place; /* for the first try, which uses it up; NULL, or none: it takes one */
    unsigned tries_max; /* 0: the default */
    /* What the server counts this call by, such as its model: the pause that a 429 asks for holds
     * for all calls of that name. NULL: one for all that have none. */
    const char *limit;
    /* A 429 may mean "no money left", which waiting does not mend: asked before each repeat; NULL:
     * none is final. */
    bool (*is_final)(const struct fetch_response *response);
    /* Takes a 2xx body as it comes, in the calling task, which may wait in it; the transfer is
     * paused meanwhile. False with an error drops the call. NULL: the body is gathered. */
    TASK_WAITS bool (*on_body)(void *context, struct str piece, struct error *err);
    void *context;
    /* Set by on_body once the reply is complete, whether or not the server ends it: what comes then
     * is waited for shortly, and the response is whole without it. NULL: it ends as HTTP says. */
    const bool *over;
    enum error_code
        failure; /* the code of the upstream's failures: ERROR_MODEL, ERROR_ENGINE, ... */
};

/* True when there was a response, whatever its status; `out` lives in the arena. False: no server,
 * a broken or too big reply after all tries, an open breaker (`failure`), ERROR_DEADLINE,
 * ERROR_CANCELLED, or on_body's own error; the sentence names the upstream and the host, never the
 * path, a header or a body. Outside of a task it blocks, on a loop of its own (no connection is
 * kept), in which on_body is called. */
TASK_WAITS bool http_fetch(const struct fetch_request *request, struct arena *arena,
                           struct fetch_response *out, struct error *err);

/* A response's header, "" when it has none; the name in lower case. */
const char *fetch_response_header(const struct fetch_response *response, const char *name);

/* For /metrics (METRIC_LABEL_UPSTREAM, METRIC_LABEL_FETCH): upstreams of one name share a label,
 * and those for whom none is left are "other". */
unsigned upstream_label_count(void);
const char *upstream_label_name(unsigned label);
const char *fetch_outcome_name(unsigned outcome);

#endif
