/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of an upstream, for fetch.c: who may ask it now.
 *
 *             failures_max in a row                open_ms later, one call as the probe
 *     CLOSED ───────────────────────► OPEN ─────────────────────────────► HALF_OPEN
 *        ▲                             ▲ └─────── probe without a verdict ──────┘ │
 *        │                             └────────────── probe failed ──────────────┤
 *        └──────────────────────────────────────────── probe went well ───────────┘
 *
 * While it is OPEN or HALF_OPEN, calls fail at once, those that wait for a place too. A call that
 * began before the last change of state has no say any more. A probe that streams its reply closes
 * the breaker with the first byte, for others to be let in, and opens it again if it fails after
 * all. Calls that fail together, as when the connection that they share breaks, are one failure.
 */
#ifndef QUERENT_NET_UPSTREAM_H
#define QUERENT_NET_UPSTREAM_H

#include "net/fetch.h"

/* What a try says about the server. A refusal (4xx) is WELL: it works. A 429 says that it works and
 * has enough: it ends a probe well, and else says nothing. */
enum upstream_verdict { UPSTREAM_WELL, UPSTREAM_BUSY, UPSTREAM_FAILED, UPSTREAM_UNKNOWN };

enum fetch_outcome {
    FETCH_OK,
    FETCH_REFUSED,
    FETCH_OVERLOADED,
    FETCH_FAILED,
    FETCH_UNREACHABLE,
    FETCH_BROKEN,
    FETCH_STOPPED, /* cancelled, late, or its reader failed */
    FETCH_NOT_ASKED,
    FETCH_OUTCOMES
};

/* Has the breaker changed since? Then the call has no say, and may be one too many. */
bool upstream_is_stale(const struct upstream_pass *pass);
/* The first byte of a good reply is there. */
void upstream_hear(struct upstream_pass *pass);
/* Gives the place to the next one. `why`, without a secret, tells of a failure. */
void upstream_leave(struct upstream_pass *pass, enum upstream_verdict verdict, const char *why);
/* Would a call fail at once now? */
bool upstream_refuses(struct upstream *upstream);
/* It has asked to be left alone for so long with calls whose limit has that name (fetch_request.limit;
 * NULL is one, too), which wait (fetch.c). Of more than 16 such pauses the one that ends first is
 * forgotten. */
void upstream_hold(struct upstream *upstream, const char *limit, uint64_t ms);
/* For how long yet; 0: not. */
uint64_t upstream_held_ms(struct upstream *upstream, const char *limit);
/* What it has spoken last: HTTP/1, with a connection for each call, or calls on one connection together. Until it has
 * spoken it may be either. */
void upstream_note_streams(struct upstream *upstream, bool many);
bool upstream_has_single_streams(struct upstream *upstream);
const char *upstream_name(const struct upstream *upstream);
unsigned upstream_label(const struct upstream *upstream);

#endif
