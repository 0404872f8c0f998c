/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which names a request may call this server by, and which pages are this machine's own. While
 * callers are not identified, listening on a loopback address is what protects the data: any web
 * page open in a browser here could otherwise use that browser to read it, directly or through a
 * name of its own that it points at this machine (DNS rebinding).
 */
#ifndef QUERENT_API_ACCESS_H
#define QUERENT_API_ACCESS_H

#include <stdbool.h>

#include "core/str.h"
#include "http/server.h"

/* Whether a Host header names this server: an IP address, "localhost" or a name below it, or
 * API_HOST; with a port or without. A page can't make these mean another machine's name. */
bool access_host_is_own(struct str host);

/* Whether an Origin header is http or https on "localhost", 127.x.x.x or [::1], with any port. */
bool access_origin_is_loopback(struct str origin);

/* Whether the address that a request came from is this machine's. */
bool access_peer_is_own(const char *peer);

/*
 * Whether a request may use admin routes while callers are not identified: it comes from this
 * machine, no header tells of a proxy between (a proxy here makes every caller look like one of this
 * machine; what such a header says is not trusted, only that it is there), and no page of another
 * site sent it (one may send what needs no preflight, and does not care for the answer).
 */
bool access_may_administer(const struct http_exchange *exchange);

#endif
