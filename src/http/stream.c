/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An open stream is a connection and this small struct. What a reader does not take at once waits
 * in a queue of shared chunks, which is there only as long as anything waits.
 */
#include <assert.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/metrics.h"
#include "http/http_priv.h"

struct http_chunk {
    atomic_uint references;
    uint32_t prefix; /* bytes before and behind those that HTTP/1.0 readers get */
    uint32_t suffix;
    size_t length; /* with prefix and suffix */
    char bytes[];
};

struct queue {
    uv_write_t write;
    struct http_stream *stream; /* NULL: it has gone, what is written now is the last */
    struct http_chunk **chunks;
    size_t count, capacity;
    size_t writing; /* how many are being written */
    size_t offset;  /* of the first that was sent */
    size_t bytes;
};

/* ---- chunks ---- */

static struct http_chunk *new_chunk(struct str prefix, struct str bytes, struct str suffix)
{
    size_t length = prefix.length + bytes.length + suffix.length;
    struct http_chunk *chunk = xcalloc(1, sizeof(*chunk) + length);
    atomic_init(&chunk->references, 1);
    chunk->prefix = (uint32_t)prefix.length;
    chunk->suffix = (uint32_t)suffix.length;
    chunk->length = length;
    memcpy(chunk->bytes, prefix.bytes, prefix.length);
    if (bytes.length > 0)
        memcpy(chunk->bytes + prefix.length, bytes.bytes, bytes.length);
    memcpy(chunk->bytes + length - suffix.length, suffix.bytes, suffix.length);
    return chunk;
}

struct http_chunk *http_chunk_new(struct str bytes)
{
    char size[24];
    int length = snprintf(size, sizeof(size), "%zx\r\n", bytes.length);
    if (bytes.length == 0) /* would be the end of the body */
        return new_chunk(STR(""), STR(""), STR(""));
    return new_chunk((struct str){size, (size_t)length}, bytes, STR("\r\n"));
}

struct http_chunk *http_chunk_ref(struct http_chunk *chunk)
{
    atomic_fetch_add_explicit(&chunk->references, 1, memory_order_relaxed);
    return chunk;
}

void http_chunk_unref(struct http_chunk *chunk)
{
    if (chunk && atomic_fetch_sub_explicit(&chunk->references, 1, memory_order_acq_rel) == 1)
        free(chunk);
}

struct str http_chunk_content(const struct http_chunk *chunk)
{
    return (struct str){chunk->bytes + chunk->prefix,
                        chunk->length - chunk->prefix - chunk->suffix};
}

static struct str chunk_bytes(const struct http_stream *stream, const struct http_chunk *chunk)
{
    if (stream->chunked)
        return (struct str){chunk->bytes, chunk->length};
    return http_chunk_content(chunk);
}

/* ---- queues ---- */

static void queue_free(struct queue *queue)
{
    for (size_t i = 0; i < queue->count; i++)
        http_chunk_unref(queue->chunks[i]);
    free(queue->chunks);
    free(queue);
}

static void queue_add(struct http_stream *stream, struct http_chunk *chunk)
{
    struct queue *queue = stream->queue;
    if (queue->count == queue->capacity) {
        queue->capacity = queue->capacity > 0 ? queue->capacity * 2 : 4;
        queue->chunks = xrealloc(queue->chunks, queue->capacity * sizeof(struct http_chunk *));
    }
    queue->chunks[queue->count++] = http_chunk_ref(chunk);
    queue->bytes += chunk_bytes(stream, chunk).length;
}

static void finish(struct http_stream *stream);
static void write_queue(struct http_stream *stream);

static void queue_written(uv_write_t *write, int status)
{
    struct queue *queue = write->data;
    struct http_stream *stream = queue->stream;
    if (!stream) {
        queue_free(queue);
        return;
    }
    for (size_t i = 0; i < queue->writing; i++) {
        queue->bytes -= chunk_bytes(stream, queue->chunks[i]).length;
        http_chunk_unref(queue->chunks[i]);
    }
    queue->bytes += queue->offset;
    queue->offset = 0;
    queue->count -= queue->writing;
    memmove(queue->chunks, queue->chunks + queue->writing, queue->count * sizeof(queue->chunks[0]));
    queue->writing = 0;
    if (status < 0)
        connection_close(stream->connection, false);
    else
        write_queue(stream);
}

/* Writes the next chunks, or notes that all is written. */
static void write_queue(struct http_stream *stream)
{
    struct queue *queue = stream->queue;
    struct connection *connection = stream->connection;
    uv_buf_t bufs[CHUNKS_PER_WRITE];
    if (queue->count == 0) {
        stream->queue = NULL;
        queue_free(queue);
        timeout_set(connection, TIMEOUT_NONE);
        if (stream->finishing)
            finish(stream);
        return;
    }
    queue->writing = queue->count < CHUNKS_PER_WRITE ? queue->count : CHUNKS_PER_WRITE;
    for (size_t i = 0; i < queue->writing; i++) {
        struct str bytes = chunk_bytes(stream, queue->chunks[i]);
        bytes = str_slice(bytes, i == 0 ? queue->offset : 0, bytes.length);
        bufs[i] = (uv_buf_t){(char *)(uintptr_t)bytes.bytes, bytes.length};
    }
    queue->write.data = queue;
    int status = uv_write(&queue->write, (uv_stream_t *)&connection->tcp, bufs,
                          (unsigned)queue->writing, queue_written);
    if (status < 0) {
        queue->writing = 0;
        connection_close(connection, false);
        return;
    }
    connection->queued_before = uv_stream_get_write_queue_size((uv_stream_t *)&connection->tcp);
    timeout_set(connection, TIMEOUT_WRITE);
}

/* Begins a queue with a chunk of which `offset` bytes are sent. */
static void queue_begin(struct http_stream *stream, struct http_chunk *chunk, size_t offset)
{
    stream->queue = xcalloc(1, sizeof(*stream->queue));
    stream->queue->stream = stream;
    queue_add(stream, chunk);
    stream->queue->offset = offset;
    stream->queue->bytes -= offset;
}

/* ---- streams ---- */

/* Takes it from its connection; `ended` is called at the next turn. */
void stream_detach(struct http_stream *stream, enum http_stream_end how)
{
    struct queue *queue = stream->queue;
    stream->connection->stream = NULL;
    stream->connection = NULL;
    stream->queue = NULL;
    stream->how = how;
    if (queue && queue->writing > 0)
        queue->stream = NULL;
    else if (queue)
        queue_free(queue);
    TAILQ_INSERT_TAIL(&stream->server->ended, stream, next);
    server_turn_needed(stream->server);
}

void stream_tell_end(struct http_stream *stream)
{
    const struct http_options *options = &stream->server->options;
    metrics_add(METRIC_HTTP_STREAMS, 0, 0, -1);
    if (stream->how == STREAM_READER_SLOW)
        metrics_add(METRIC_HTTP_STREAMS_DROPPED, 0, 0, 1);
    if (options->stream_ended)
        options->stream_ended(options->context, stream->note, stream->how, stream->bytes);
    if (stream->ended)
        stream->ended(stream->context, stream->how);
    free(stream);
}

static void finish(struct http_stream *stream)
{
    struct connection *connection = stream->connection;
    stream_detach(stream, STREAM_FINISHED);
    connection_reply_done(connection);
}

static struct http_stream *new_stream(struct request *request, int status,
                                      void (*ended)(void *context, enum http_stream_end how),
                                      void *context)
{
    struct http_stream *stream = xcalloc(1, sizeof(*stream));
    stream->server = request->server;
    stream->connection = request->exchange.connection;
    stream->ended = ended;
    stream->context = context;
    stream->silent =
        str_equal(request->exchange.method, STR("HEAD")) || status == 204 || status == 304;
    stream->chunked = request->exchange.version_minor > 0;
    const struct http_options *options = &stream->server->options;
    if (options->stream_opened)
        stream->note = options->stream_opened(options->context, &request->exchange, status);
    metrics_add(METRIC_HTTP_STREAMS, 0, 0, 1);
    return stream;
}

/* Writes the head in server->out and the first chunk; what is not taken begins the queue. */
static void write_first(struct http_stream *stream, struct http_chunk *first)
{
    struct connection *connection = stream->connection;
    struct str head = strbuf_str(&stream->server->out);
    struct str bytes = first && !stream->silent ? chunk_bytes(stream, first) : STR("");
    stream->bytes += bytes.length;
    uv_buf_t bufs[] = {{(char *)(uintptr_t)head.bytes, head.length},
                       {(char *)(uintptr_t)bytes.bytes, bytes.length}};
    int written = uv_try_write((uv_stream_t *)&connection->tcp, bufs, bytes.length > 0 ? 2 : 1);
    if (written < 0 && written != UV_EAGAIN) {
        connection_close(connection, false);
        return;
    }
    size_t done = written > 0 ? (size_t)written : 0;
    if (done == head.length + bytes.length)
        return;
    if (done >= head.length) {
        queue_begin(stream, first, done - head.length);
    } else {
        struct http_chunk *rest = new_chunk(STR(""), str_slice(head, done, head.length), STR(""));
        queue_begin(stream, rest, 0);
        http_chunk_unref(rest);
        if (bytes.length > 0)
            queue_add(stream, first);
    }
    write_queue(stream);
}

struct http_stream *http_stream_open(struct http_exchange *exchange, int status,
                                     const struct http_header *headers, size_t header_count,
                                     struct http_chunk *first,
                                     void (*ended)(void *context, enum http_stream_end how),
                                     void *context)
{
    struct request *request = (struct request *)exchange;
    struct connection *connection = exchange->connection;
    struct http_stream *stream = new_stream(request, status, ended, context);
    bool gone = exchange->gone;
    if (!connection) {
        stream->how = STREAM_READER_GONE;
        TAILQ_INSERT_TAIL(&stream->server->ended, stream, next);
        server_turn_needed(stream->server);
        request_free(request);
        return stream;
    }
    assert(connection->state == HANDLING && connection->request == request);
    connection->finish |=
        !request->head.keep_alive || connection->server->draining || !stream->chunked;
    connection->request = NULL;
    connection->stream = stream;
    connection_set_state(connection, STREAMING);
    struct strbuf *out = &connection->server->out;
    reply_head(connection, exchange->version_minor, status, headers, header_count);
    if (stream->chunked && !stream->silent)
        strbuf_add(out, "transfer-encoding: chunked\r\n");
    strbuf_add(out, "\r\n");
    request_free(request);
    write_first(stream, first);
    if (gone)
        connection_close(connection, false);
    return stream;
}

/* Whether a chunk may wait behind what waits already. The first of a queue is on its way and does
 * not count: an event that is larger than the limit is no fault of the reader. */
static bool may_wait(const struct http_stream *stream, size_t length)
{
    const struct queue *queue = stream->queue;
    size_t limit = stream->server->options.limits.stream_bytes;
    if (!queue)
        return true;
    size_t behind = queue->bytes + queue->offset - chunk_bytes(stream, queue->chunks[0]).length;
    return stream->finishing || (length <= limit && behind <= limit - length);
}

/* The socket takes nothing now, or there is a queue already. */
static void write_later(struct http_stream *stream, struct http_chunk *chunk, size_t offset)
{
    struct connection *connection = stream->connection;
    if (!may_wait(stream, chunk_bytes(stream, chunk).length)) {
        stream_detach(stream, STREAM_READER_SLOW);
        connection_close(connection, true);
    } else if (stream->queue) {
        queue_add(stream, chunk);
    } else {
        queue_begin(stream, chunk, offset);
        write_queue(stream);
    }
}

static void write_chunk(struct http_stream *stream, struct http_chunk *chunk)
{
    struct str bytes = chunk_bytes(stream, chunk);
    size_t done = 0;
    if (bytes.length == 0)
        return;
    stream->bytes += bytes.length;
    if (!stream->queue) {
        uv_buf_t buf = {(char *)(uintptr_t)bytes.bytes, bytes.length};
        int written = uv_try_write((uv_stream_t *)&stream->connection->tcp, &buf, 1);
        if (written < 0 && written != UV_EAGAIN) {
            connection_close(stream->connection, false);
            return;
        }
        done = written > 0 ? (size_t)written : 0;
        if (done == bytes.length)
            return;
    }
    write_later(stream, chunk, done);
}

void http_stream_write(struct http_stream *stream, struct http_chunk *chunk)
{
    if (stream->connection && !stream->finishing && !stream->silent)
        write_chunk(stream, chunk);
}

void http_stream_end(struct http_stream *stream)
{
    if (!stream->connection || stream->finishing)
        return;
    stream->finishing = true;
    if (stream->chunked && !stream->silent) {
        struct http_chunk *last = new_chunk(STR(""), STR("0\r\n\r\n"), STR(""));
        write_chunk(stream, last);
        http_chunk_unref(last);
    }
    if (stream->connection && !stream->queue)
        finish(stream);
}
