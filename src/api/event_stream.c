/* SPDX-License-Identifier: Apache-2.0 */
#include "api/event_stream.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/clock.h"
#include "core/strbuf.h"

#define EVENT_SIZE_MAX (64 * 1024 * 1024)

/* Lives until both its run has ended it and its reader is served or gone. */
struct event_stream {
    struct api *api;
    struct http_stream *stream; /* NULL: the reader has gone */
    struct event_stream *next, **link;
    uint64_t number;  /* of the last event */
    uint64_t sent_ms; /* when it had something last */
    bool ended;       /* by its run */
};

static void reader_gone(void *context, enum http_stream_end how)
{
    struct event_stream *stream = context;
    stream->stream = NULL;
    *stream->link = stream->next;
    if (stream->next)
        stream->next->link = stream->link;
    if (stream->ended)
        free(stream);
}

/* A line break inside would end the line early; JSON has them only between its parts. */
static void add_one_line(struct strbuf *out, const char *json)
{
    for (size_t length; *json; json += length) {
        length = strcspn(json, "\r\n");
        strbuf_add_bytes(out, json, length);
        while (json[length] == '\r' || json[length] == '\n')
            length++;
    }
}

static struct http_chunk *event_chunk(uint64_t number, const char *event, const char *json)
{
    struct strbuf text = strbuf_init(EVENT_SIZE_MAX);
    strbuf_printf(&text, "id: %llu\ndata: {\"event\":\"%s\",\"data\":", (unsigned long long)number,
                  event);
    add_one_line(&text, json);
    strbuf_add(&text, "}\n\n");
    struct http_chunk *chunk = http_chunk_new(strbuf_str(&text));
    strbuf_clear(&text);
    return chunk;
}

struct event_stream *event_stream_open(struct api_request *request, const char *event,
                                       const char *json)
{
    struct api *api = request->api;
    struct event_stream *stream = xcalloc(1, sizeof(*stream));
    stream->api = api;
    stream->number = 1;
    stream->sent_ms = clock_monotonic_ms();
    stream->next = api->streams;
    stream->link = &api->streams;
    if (stream->next)
        stream->next->link = &stream->next;
    api->streams = stream;

    struct http_header headers[API_HEADERS_MAX + 3];
    size_t count = api_common_headers(request, headers);
    headers[count++] = (struct http_header){str_from("content-type"),
                                            str_from("text/event-stream; charset=utf-8")};
    headers[count++] = (struct http_header){str_from("cache-control"),
                                            str_from("no-cache, no-transform")};
    headers[count++] = (struct http_header){str_from("x-accel-buffering"), str_from("no")};
    struct http_chunk *first = event_chunk(1, event, json);
    stream->stream =
        http_stream_open(request->exchange, 200, headers, count, first, reader_gone, stream);
    http_chunk_unref(first);
    return stream;
}

void event_stream_send(struct event_stream *stream, const char *event, const char *json)
{
    stream->number++;
    if (!stream->stream)
        return;
    struct http_chunk *chunk = event_chunk(stream->number, event, json);
    http_stream_write(stream->stream, chunk);
    http_chunk_unref(chunk);
    stream->sent_ms = clock_monotonic_ms();
}

void event_stream_end(struct event_stream *stream)
{
    stream->ended = true;
    if (stream->stream)
        http_stream_end(stream->stream); /* reader_gone() frees it */
    else
        free(stream);
}

static void comment(struct api *api, const char *text, uint64_t idle_since_ms)
{
    struct strbuf line = strbuf_init(1024);
    strbuf_printf(&line, ": %s\n\n", text);
    struct http_chunk *chunk = http_chunk_new(strbuf_str(&line));
    strbuf_clear(&line);
    uint64_t now_ms = clock_monotonic_ms();
    for (struct event_stream *stream = api->streams; stream; stream = stream->next)
        if (stream->sent_ms <= idle_since_ms && !stream->ended) {
            http_stream_write(stream->stream, chunk);
            stream->sent_ms = now_ms;
        }
    http_chunk_unref(chunk);
}

void event_streams_comment(struct api *api, const char *text)
{
    comment(api, text, UINT64_MAX);
}

void event_streams_beat(struct api *api)
{
    comment(api, "ping", clock_monotonic_ms() - EVENT_STREAM_BEAT_S * 1000);
}
