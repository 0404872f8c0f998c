/* SPDX-License-Identifier: Apache-2.0 */
#include "api/event_stream.h"

#include <stdlib.h>
#include <string.h>

#include "api/live_runs.h"
#include "core/alloc.h"
#include "core/clock.h"
#include "core/strbuf.h"

#define BATCH 64                     /* events taken at once */
#define JOINED_MAX ((size_t)1 << 14) /* bytes of events that leave with the headers, in one write \
                                      */

/* Lives until its reader is served or gone and its caller, if it has one, has ended it. */
struct event_stream {
    struct live_reader
        reader; /* of a run; reader.run is NULL when there is none, or no more to come */
    struct api *api;
    struct http_stream *stream; /* NULL: the reader has gone */
    struct event_stream *next, **link;
    uint64_t number;  /* of the last event, told by a caller */
    uint64_t sent_ms; /* when it had something last */
    bool held;        /* by its caller */
};

static struct event_stream *new_stream(struct api *api)
{
    struct event_stream *stream = xcalloc(1, sizeof(*stream));
    stream->api = api;
    stream->sent_ms = clock_monotonic_ms();
    stream->next = api->streams;
    stream->link = &api->streams;
    if (stream->next)
        stream->next->link = &stream->next;
    api->streams = stream;
    return stream;
}

static void leave_run(struct event_stream *stream)
{
    struct api *api = stream->api;
    if (!stream->reader.run)
        return;
    live_reader_close(&stream->reader);
    if (--api->readers == 0 && atomic_load(&api->shared->stopping))
        task_event_signal(&api->idle);
}

static void reader_gone(void *context, enum http_stream_end how)
{
    struct event_stream *stream = context;
    stream->stream = NULL;
    *stream->link = stream->next;
    if (stream->next)
        stream->next->link = stream->link;
    leave_run(stream);
    if (!stream->held)
        free(stream);
}

/* Frees the request. */
static void start_reply(struct event_stream *stream, struct api_request *request,
                        struct http_chunk *first)
{
    struct http_header headers[API_HEADERS_MAX + 3];
    size_t count = api_common_headers(request, headers);
    headers[count++] = (struct http_header){str_from("content-type"),
                                            str_from("text/event-stream; charset=utf-8")};
    headers[count++] =
        (struct http_header){str_from("cache-control"), str_from("no-cache, no-transform")};
    headers[count++] = (struct http_header){str_from("x-accel-buffering"), str_from("no")};
    stream->stream =
        http_stream_open(request->exchange, 200, headers, count, first, reader_gone, stream);
}

/* ---- streams of runs ---- */

static void end_reading(struct event_stream *stream)
{
    leave_run(stream);
    http_stream_end(stream->stream); /* reader_gone() frees it */
}

/* Writes what there is; the reader's turn, or the first one. */
static void write_events(struct live_reader *reader)
{
    struct event_stream *stream = (struct event_stream *)reader; /* its first member */
    struct http_chunk *chunks[BATCH];
    bool ended;
    size_t count;
    do {
        count = live_reader_take(reader, chunks, BATCH, &ended);
        for (size_t i = 0; i < count; i++) {
            http_stream_write(stream->stream, chunks[i]);
            http_chunk_unref(chunks[i]);
        }
    } while (count == BATCH);
    stream->sent_ms = clock_monotonic_ms();
    if (ended)
        end_reading(stream);
}

/* As many as fit into one packet or two, so that coming back costs one write; takes their
 * references. */
static struct http_chunk *join(struct http_chunk **chunks, size_t count, size_t *joined)
{
    size_t length = 0;
    for (*joined = 0; *joined < count; (*joined)++) {
        size_t more = http_chunk_content(chunks[*joined]).length;
        if (*joined > 0 && length + more > JOINED_MAX)
            break;
        length += more;
    }
    if (*joined < 2)
        return *joined > 0 ? chunks[0] : NULL;
    struct strbuf text = strbuf_init(JOINED_MAX);
    for (size_t i = 0; i < *joined; i++) {
        strbuf_add_str(&text, http_chunk_content(chunks[i]));
        http_chunk_unref(chunks[i]);
    }
    struct http_chunk *chunk = http_chunk_new(strbuf_str(&text));
    strbuf_clear(&text);
    return chunk;
}

void event_stream_attach(struct api_request *request, struct live_run *run, uint64_t after,
                         bool own)
{
    struct api *api = request->api;
    struct error err = {0};
    struct http_chunk *chunks[BATCH];
    bool ended;
    size_t joined;
    if (!live_run_has_more(run, after)) {
        api_reply(request, 204, NULL, NULL, 0, STR(""));
        return;
    }
    struct event_stream *stream = new_stream(api);
    stream->reader = (struct live_reader){.after = after, .tell = write_events};
    if (!live_reader_open(&stream->reader, run, api->loop, own, &err)) {
        api_reply_error(request, &err);
        *stream->link = stream->next;
        if (stream->next)
            stream->next->link = stream->link;
        free(stream);
        return;
    }
    api->readers++;
    size_t count = live_reader_take(&stream->reader, chunks, BATCH, &ended);
    struct http_chunk *first = join(chunks, count, &joined);
    start_reply(stream, request, first);
    http_chunk_unref(first);
    for (size_t i = joined; i < count; i++) {
        http_stream_write(stream->stream, chunks[i]);
        http_chunk_unref(chunks[i]);
    }
    if (count == BATCH)
        write_events(&stream->reader);
    else if (ended)
        end_reading(stream);
}

/* ---- streams of answers that were there ---- */

struct event_stream *event_stream_open(struct api_request *request, const char *event,
                                       const char *json)
{
    struct event_stream *stream = new_stream(request->api);
    stream->held = true;
    stream->number = 1;
    struct http_chunk *first = live_event_chunk(1, event, json);
    start_reply(stream, request, first);
    http_chunk_unref(first);
    return stream;
}

void event_stream_send(struct event_stream *stream, const char *event, const char *json)
{
    stream->number++;
    if (!stream->stream)
        return;
    struct http_chunk *chunk = live_event_chunk(stream->number, event, json);
    http_stream_write(stream->stream, chunk);
    http_chunk_unref(chunk);
    stream->sent_ms = clock_monotonic_ms();
}

void event_stream_end(struct event_stream *stream)
{
    stream->held = false;
    if (stream->stream)
        http_stream_end(stream->stream); /* reader_gone() frees it */
    else
        free(stream);
}

/* ---- all streams of a loop ---- */

static struct http_chunk *comment_chunk(const char *text)
{
    struct strbuf line = strbuf_init(1024);
    strbuf_printf(&line, ": %s\n\n", text);
    struct http_chunk *chunk = http_chunk_new(strbuf_str(&line));
    strbuf_clear(&line);
    return chunk;
}

static void comment(struct api *api, const char *text, uint64_t idle_since_ms)
{
    struct http_chunk *chunk = comment_chunk(text);
    uint64_t now_ms = clock_monotonic_ms();
    for (struct event_stream *stream = api->streams; stream; stream = stream->next)
        if (stream->sent_ms <= idle_since_ms) {
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

void event_streams_end_distant(struct api *api, const char *text)
{
    struct http_chunk *chunk = comment_chunk(text);
    for (struct event_stream *stream = api->streams; stream; stream = stream->next)
        if (stream->reader.run && live_run_is_distant(stream->reader.run)) {
            http_stream_write(stream->stream, chunk);
            end_reading(stream);
        }
    http_chunk_unref(chunk);
}
