/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An HTTP/1.1 server on one loop; a process has one per loop, all on the same port (SO_REUSEPORT).
 *
 *     bytes ──► connection.c ──► parser (http-parser, strict checks on top) ──► struct http_exchange
 *                                                                                  │ handle()
 *     socket ◄── written at once, the rest queued ◄── http_reply() or http_stream_open() ◄──┘
 *
 * Requests of one connection are handled one after the other, in their order (pipelining). What a
 * client may cost is bounded by struct http_limits; what passes a limit gets a clear status and the
 * connection is closed where its next byte can't be trusted. An idle connection or stream holds a
 * small struct and no buffer. All functions are called on the server's loop.
 */
#ifndef QUERENT_HTTP_SERVER_H
#define QUERENT_HTTP_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/error.h"
#include "core/str.h"
#include "core/strbuf.h"
#include "task/task.h"

struct http_server;
struct http_stream;

struct http_header {
    struct str name; /* as it came; compare with str_equal_nocase() */
    struct str value;
};

/* Zero: the default, in brackets. */
struct http_limits {
    size_t header_bytes;     /* of the request line and all headers [16 KiB]: 431 */
    size_t header_count;     /* [100]: 431 */
    size_t target_bytes;     /* [8 KiB]: 414 */
    size_t body_bytes;       /* [1 MiB], chunked or not: 413 */
    size_t buffered_bytes;   /* of a loop's requests that are not whole yet [64 MiB]: 503 */
    size_t connections;      /* of the process [from the descriptor limit]: 503 with Retry-After */
    uint64_t header_time_ms; /* from the first byte to the last header [10 s]: 408 */
    uint64_t body_time_ms;   /* from the headers to the last byte [30 s]: 408 */
    uint64_t idle_time_ms;   /* between requests [75 s]: closed */
    uint64_t write_time_ms;  /* a reply of which the client takes nothing [30 s]: dropped */
    size_t write_bytes;      /* or less than this in that time, not being a stream [16 KiB] */
    size_t unsent_bytes;     /* of a loop's replies that clients are slow to take [64 MiB]: the one
                              * that is going out for longest is dropped */
    size_t stream_bytes;     /* queued behind what a slow reader is getting [256 KiB]: dropped */
};

/*
 * One request and the place for its reply. It lives until http_reply() or http_stream_open() is
 * called, which must happen exactly once, now or later (from a task of this loop): also when the
 * client has gone away meanwhile, in which case what is replied goes nowhere.
 */
struct http_exchange {
    struct arena *arena; /* goes with the exchange */
    struct str method;   /* "POST": any token; unknown ones are the router's business */
    struct str target;   /* as it came: "/a%20b?x=1" */
    struct str path;     /* before '?', not decoded */
    struct str query;    /* after '?', not decoded; empty */
    const struct http_header *headers;
    size_t header_count;
    struct str body;         /* chunks joined */
    int version_minor;       /* 0 or 1 */
    const char *peer;        /* "127.0.0.1": the socket's, not what a header says */
    uint64_t started_us;     /* clock_monotonic_us() at the first byte */
    bool gone;               /* the client closed before the reply */
    void *context;           /* the handler's own */
    struct connection *connection; /* private */
};
/* The value of the first header of that name; bytes is NULL when there is none. */
struct str http_header_find(const struct http_exchange *exchange, const char *name);

enum http_stream_end { STREAM_FINISHED, STREAM_READER_GONE, STREAM_READER_SLOW };

struct http_options {
    const char *host; /* an address or name, such as "127.0.0.1", "::1", "0.0.0.0" */
    int port;         /* 0: any free one; see http_server_port() */
    struct http_limits limits;
    /* Called for each whole request, on the loop and outside of any task. */
    void (*handle)(void *context, struct http_exchange *exchange);
    void *context;
    /* What the connection layer itself must answer (bad syntax, too large, too slow, full): the
     * body and content type for that status; `message` says what was wrong. Appends to *body. NULL:
     * plain text. */
    const char *(*refusal)(void *context, int status, const char *message, struct strbuf *body);
    /*
     * For logs and metrics; NULL: nobody asks. `replied`: a reply with so many bytes of body was
     * written or goes nowhere, and its exchange is about to end; of one that the connection layer
     * answered itself, method, target and headers may be empty.
     * `stream_opened` in its place for a stream: what it returns is given to `stream_ended` when the
     * stream has ended, with the bytes that were written into it.
     */
    void (*replied)(void *context, const struct http_exchange *exchange, int status,
                    size_t body_bytes);
    void *(*stream_opened)(void *context, const struct http_exchange *exchange, int status);
    void (*stream_ended)(void *context, void *note, enum http_stream_end how, uint64_t bytes);
};

/* Binds and listens. ERROR_CONFIG says what failed with which address and port, and what to do. */
struct http_server *http_server_new(struct loop *loop, const struct http_options *options,
                                    struct error *err);
int http_server_port(const struct http_server *server);
/* Connections open now, streams among them. */
size_t http_server_connections(const struct http_server *server);
/*
 * Graceful stop: no new connections; idle ones are closed; replies from now on carry "Connection:
 * close"; open streams are the caller's to end. Calls `drained` when the last connection is gone:
 * the server is to be closed then, as it keeps its loop running no longer.
 */
void http_server_drain(struct http_server *server, void (*drained)(void *context), void *context);
/* Closes what is left at once, then calls `closed`, after which the server is gone. No exchange may
 * be without a reply. */
void http_server_close(struct http_server *server, void (*closed)(void *context), void *context);

/*
 * Replies and frees the exchange. `headers` are added to those that the server writes itself
 * (Date, Content-Length, Connection); values with CR, LF or NUL are a fault of the program. The
 * body is copied if the socket does not take it at once. 204 and 304 have no body, a reply to HEAD
 * none either.
 */
void http_reply(struct http_exchange *exchange, int status, const struct http_header *headers,
                size_t header_count, struct str body);

/*
 * Bytes that many streams share: encoded as a chunk once, counted (atomically: streams of several
 * loops may hold it). The caller has one reference.
 */
struct http_chunk;
struct http_chunk *http_chunk_new(struct str bytes);
struct http_chunk *http_chunk_ref(struct http_chunk *chunk);
void http_chunk_unref(struct http_chunk *chunk); /* NULL is allowed */
/* The bytes that it was made of; they live as long as it does. */
struct str http_chunk_content(const struct http_chunk *chunk);

/*
 * Starts a streamed reply and frees the exchange: the stream holds a small struct and no arena.
 * `first` (NULL: none) leaves with the headers in one packet. `ended` (or NULL) is called once, when
 * the reader has gone, was dropped for slowness, or all was written after http_stream_end(); the
 * stream is gone then. Never called from within http_stream_open() or http_stream_write().
 * HTTP/1.0 readers get the bytes without chunks and a close at the end.
 */
struct http_stream *http_stream_open(struct http_exchange *exchange, int status,
                                     const struct http_header *headers, size_t header_count,
                                     struct http_chunk *first,
                                     void (*ended)(void *context, enum http_stream_end how),
                                     void *context);
/* Takes a reference of its own. What can't be written now is queued up to limits.stream_bytes; past
 * that the reader is dropped. After the end it does nothing. */
void http_stream_write(struct http_stream *stream, struct http_chunk *chunk);
/* No more writes; the connection may be used again for the next request. */
void http_stream_end(struct http_stream *stream);

/* "Not Found" for 404; "Unknown" for what has no phrase. */
const char *http_status_phrase(int status);

#endif
