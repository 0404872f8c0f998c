/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads a Server-Sent Events stream, however it is cut into pieces (WHATWG HTML, "Server-sent
 * events", parsing an event stream): LF, CR and CRLF, comments, `data` over several lines, a byte
 * order mark at the start.
 *
 *     struct event_reader reader = event_reader_init(max);
 *     while (piece) event_reader_add(&reader, piece, on_event, context, err)
 *     event_reader_clear(&reader);
 */
#ifndef QUERENT_NET_EVENT_READER_H
#define QUERENT_NET_EVENT_READER_H

#include <stdbool.h>
#include <stddef.h>

#include "core/error.h"
#include "core/str.h"
#include "core/strbuf.h"

#define EVENT_SIZE_MAX_DEFAULT (4 * 1024 * 1024)

struct server_event {
    struct str name; /* empty: "message" */
    struct str data;
    struct str id;
};

struct event_reader {
    struct strbuf line, data, name, id;
    size_t event_size_max;
    bool after_cr, started;
};

/* 0: the default for the bytes of one event. */
struct event_reader event_reader_init(size_t event_size_max);
/* Calls on_event for each event that is complete; its texts are valid during the call. False with
 * its error, or ERROR_TOO_LARGE for an event over the limit. An event that the end of the stream
 * cuts is dropped, as the standard says: whether a stream was whole is for its protocol to tell. */
bool event_reader_add(struct event_reader *reader, struct str piece,
                      bool (*on_event)(void *context, const struct server_event *event,
                                       struct error *err),
                      void *context, struct error *err);
void event_reader_clear(struct event_reader *reader);

#endif
