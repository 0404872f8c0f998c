/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every reply leaves behind: counts for /metrics, and a line of the access log
 * (QUERENT_ACCESS_LOG). The first three are for struct http_options, with the struct api as
 * context.
 *
 * A line holds the path but not what is behind its '?', and nothing of a body but user_id; all of
 * it is cut to a length and escaped.
 */
#ifndef QUERENT_API_TRAFFIC_H
#define QUERENT_API_TRAFFIC_H

#include "core/strbuf.h"
#include "http/server.h"

void traffic_replied(void *context, const struct http_exchange *exchange, int status,
                     size_t body_bytes);
void *traffic_stream_opened(void *context, const struct http_exchange *exchange, int status);
void traffic_stream_ended(void *context, void *note, enum http_stream_end how, uint64_t bytes);

/* Values of the metrics' label ENDPOINT: how many there are, and one as `route="...",method="..."`.
 */
unsigned traffic_endpoint_count(void);
void traffic_print_endpoint(unsigned endpoint, struct strbuf *out);

#endif
