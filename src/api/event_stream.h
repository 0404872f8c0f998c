/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A run's events as Server-Sent Events: "id: N" and one "data:" line with
 * {"event": name, "data": {...}}. A comment every 15 seconds keeps proxies from closing. A reader
 * who has gone or is too slow is forgotten; the run goes on.
 */
#ifndef QUERENT_API_EVENT_STREAM_H
#define QUERENT_API_EVENT_STREAM_H

#include "api/api.h"

#define EVENT_STREAM_BEAT_S 15

/*
 * A stream of the run's events after the one of that number: those that are there, then each as it
 * happens, to the end. Replies and frees the request: also with 204 when there will be no more (a
 * browser's EventSource stops at that) and 503 when too many read. `own`: the run's first reader.
 */
void event_stream_attach(struct api_request *request, struct live_run *run, uint64_t after,
                         bool own);

/* A stream of an answer that was there already, told by the caller. Starts the reply with the first
 * event and frees the request. The caller ends it with event_stream_end(). */
struct event_stream *event_stream_open(struct api_request *request, const char *event,
                                       const char *json);
/* Events are numbered from 1. */
void event_stream_send(struct event_stream *stream, const char *event, const char *json);
/* No more events; the stream frees itself. */
void event_stream_end(struct event_stream *stream);

/* To all open streams of the loop. */
void event_streams_comment(struct api *api, const char *text);
/* A timer's turn: comments to those that had nothing for EVENT_STREAM_BEAT_S. */
void event_streams_beat(struct api *api);
/* Ends those that follow runs of other processes, which go on without this one; they are told so. */
void event_streams_end_distant(struct api *api, const char *text);

#endif
