/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of http/ share.
 *
 *             first byte      head whole      body whole         http_reply()
 *     IDLE ──────────► HEAD ───────► BODY ───────► HANDLING ──────────► WRITING ──► IDLE ...
 *       │                │             │              │ http_stream_open()  │
 *       │                │ refused     │ refused      └──► STREAMING ───────┤
 *       │                └──────┬──────┘                                    │ close
 *       ▼                       ▼                                           ▼
 *     CLOSED ◄───────────── LINGERING (our side is shut; what still comes is dropped) ◄──┘
 *
 * What always holds:
 * 1. A connection is in at most one list of time-outs: state_timeouts in connection.c says which.
 * 2. connection->request is set in HEAD, BODY and HANDLING only; connection->stream in STREAMING.
 * 3. Bytes that come while a request is handled wait in connection->pending, at most
 *    PIPELINE_BYTES_MAX; then nothing more is read.
 * 4. Handlers and `ended` are called from the read callback or from the server's turn, never from
 *    within a call of theirs into this layer.
 */
#ifndef QUERENT_HTTP_HTTP_PRIV_H
#define QUERENT_HTTP_HTTP_PRIV_H

#include <netinet/in.h>
#include <sys/queue.h>
#include <time.h>
#include <uv.h>

#include "core/strbuf.h"
#include "http/parser.h"
#include "http/server.h"

#define READ_BYTES 65536         /* of a loop's read buffer */
#define PIPELINE_BYTES_MAX 16384 /* read ahead while a request is handled */
#define PIPELINE_TURN_MAX 16     /* requests of one connection before others get their turn */
#define LINGER_MS 2000
#define LINGERING_MAX 64 /* connections over the limit that may wait for their end */
#define CHUNKS_PER_WRITE 32

enum connection_state { IDLE, HEAD, BODY, HANDLING, WRITING, STREAMING, LINGERING, CLOSED };

enum timeout { TIMEOUT_IDLE, TIMEOUT_HEADER, TIMEOUT_BODY, TIMEOUT_WRITE, TIMEOUT_LINGER, TIMEOUTS };
#define TIMEOUT_NONE TIMEOUTS

TAILQ_HEAD(connections, connection);
TAILQ_HEAD(streams, http_stream);

struct http_stream {
    struct http_server *server;
    struct connection *connection; /* NULL: over, `ended` is to be called */
    struct queue *queue;           /* NULL: all is written */
    void (*ended)(void *context, enum http_stream_end how);
    void *context;
    void *note;     /* of options.stream_opened() */
    uint64_t bytes; /* written into it */
    TAILQ_ENTRY(http_stream) next; /* in server->ended */
    uint8_t how;
    bool chunked;
    bool silent; /* a reply without a body */
    bool finishing;
};

/* A request from its first byte to its reply. Lives in exchange.arena. */
struct request {
    struct http_exchange exchange; /* first: handlers have a pointer to it */
    struct http_server *server;
    struct head_scan scan;
    struct head head;
    struct chunked chunked;
    struct strbuf head_bytes; /* of a head that came in pieces */
    struct strbuf body_bytes; /* of a body that did */
};

struct connection {
    uv_tcp_t tcp;
    struct http_server *server;
    struct request *request;
    struct http_stream *stream;
    TAILQ_ENTRY(connection) all, timed, ready;
    uint64_t timeout_at;  /* of the loop's clock, ms */
    size_t queued_before; /* when the write time began */
    size_t unsent;        /* bytes of a reply that are kept: all until the last is taken */
    struct strbuf pending;
    uint8_t state;
    uint8_t timeout;
    bool taking : 1;   /* in take_bytes(): a reply does not begin the next request */
    bool is_ready : 1; /* in server->ready */
    bool finish : 1;   /* close when the reply is written */
    bool ended : 1;    /* the client sends no more */
    bool paused : 1;   /* not reading */
    char peer[INET6_ADDRSTRLEN];
};

struct http_server {
    struct loop *loop;
    struct http_options options;
    int port;
    int listener_fd;
    int descriptor_max; /* from this number on, descriptors are for other uses */
    int reserve_fd; /* given up to accept one more when no descriptor is left */
    uv_poll_t listener;
    uv_timer_t pause; /* in accepting */
    uv_timer_t timer;
    uv_idle_t turn;
    unsigned open_handles;
    uint64_t timer_at; /* UINT64_MAX: not running */
    uint64_t timeout_ms[TIMEOUTS];
    struct connections timeouts[TIMEOUTS]; /* each in the order of timeout_at */
    struct connections all;
    struct connections ready; /* with something to do at the next turn */
    struct streams ended;     /* whose `ended` is to be called */
    size_t connections;
    size_t buffered; /* bytes of requests that came in pieces */
    size_t unsent;   /* bytes of replies that are kept */
    bool draining, closing;
    void (*drained)(void *context);
    void *drained_context;
    void (*closed)(void *context);
    void *closed_context;
    struct strbuf out; /* the head of the reply that is being written */
    time_t date_at;
    char date[40];
    char read_buffer[READ_BYTES];
    TAILQ_ENTRY(http_server) listening; /* listener.c */
};

/* server.c */
void server_take_turn(uv_idle_t *turn);
void server_turn_needed(struct http_server *server);
/* A connection's memory is gone. */
void server_connection_gone(struct http_server *server);
/* Counts bytes kept for requests; false when that is too much. */
bool server_hold(struct http_server *server, size_t bytes);

/* listener.c */
/* Opens server->listener_fd and says the port. */
bool listener_open(struct http_server *server, struct error *err);
/* After this the port is not ours, as far as this server goes. The descriptor is open still. */
void listener_forget(struct http_server *server);
/* Raises the soft limit of descriptors; returns it. */
size_t descriptors_raise(void);
/* How many of so many connections must leave to others. */
size_t descriptors_reserved(size_t limit);

/* timeout.c */
void timeout_set(struct connection *connection, enum timeout timeout);
/* Calls connection_timed_out() for those that are late. */
void timeouts_run(uv_timer_t *timer);

/* connection.c */
/* Takes over the descriptor and reads. NULL when that can't be; the descriptor is the caller's
 * then. */
struct connection *connection_new(struct http_server *server, int fd,
                                  const struct sockaddr_storage *peer);
void connection_timed_out(struct connection *connection);
/* At the server's turn: goes on with what is pending. */
void connection_go_on(struct connection *connection);
/* At once; `reset` drops also what the kernel has not sent. What it held is gone. */
void connection_close(struct connection *connection, bool reset);
/* No more requests: closes now when idle. */
void connection_drain(struct connection *connection);
/* A reply is written: next request, or the end. */
void connection_reply_done(struct connection *connection);
void connection_set_state(struct connection *connection, enum connection_state state);
void request_free(struct request *request);

/* reply.c */
/* Begins the head of a reply in server->out: all but how long it is and the empty line. */
void reply_head(struct connection *connection, int version_minor, int status,
                const struct http_header *headers, size_t header_count);
/* Writes, keeping what the socket does not take. Then connection_reply_done(). */
void reply_write(struct connection *connection, struct str head, struct str body);
/* What is kept of a reply counts no longer. */
void reply_forget_rest(struct connection *connection);
/* Replies with an error of this layer and ends the connection. */
void reply_refuse(struct connection *connection, const struct refusal *why);

/* stream.c */
/* The connection is going away. */
void stream_detach(struct http_stream *stream, enum http_stream_end how);
/* Frees it after its `ended`. */
void stream_tell_end(struct http_stream *stream);

#endif
