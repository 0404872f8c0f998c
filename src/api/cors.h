/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CORS as Starlette's middleware does it with credentials, all methods and all headers allowed.
 * Which origins may call is QUERENT_CORS_ORIGINS' to say.
 */
#ifndef QUERENT_API_CORS_H
#define QUERENT_API_CORS_H

#include "http/server.h"

#define CORS_HEADERS_MAX 6

/* Whether it is an OPTIONS request that a browser sends before another, and CORS is on. */
bool cors_is_preflight(const struct http_exchange *exchange);
/* Status, headers (CORS_HEADERS_MAX) and body ("OK", or what is not allowed) of the reply to it. */
int cors_preflight(const struct http_exchange *exchange, struct http_header *headers,
                   size_t *header_count, struct str *body);
/* Headers of any other reply; returns how many, at most CORS_HEADERS_MAX. */
size_t cors_headers(const struct http_exchange *exchange, struct http_header *headers);

#endif
