/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One request on the wire and what came back, without a thought of repeating it: fetch.c's tool.
 *
 * curl is never called on a task's stack, which is small: a task leaves an order with its loop
 * (start, go on reading, drop) and waits. The orders are carried out in the same turn, before the
 * loop waits.
 */
#ifndef QUERENT_NET_TRANSFER_H
#define QUERENT_NET_TRANSFER_H

#include "core/strbuf.h"
#include "net/curl_api.h"
#include "net/fetch.h"

#define TRANSFER_HEAD_MAX 65536  /* bytes of a response's headers */
#define TRANSFER_HEADERS_MAX 256 /* of a response */
#define TRANSFER_BUFFER_MAX \
    65536 /* bytes that on_body has not taken yet; then an HTTP/1 server has to wait */
#define TRANSFER_PROBLEM_MAX 192

enum transfer_end {
    TRANSFER_REPLIED,     /* a whole response */
    TRANSFER_UNREACHABLE, /* no connection: `problem` */
    TRANSFER_BROKEN,      /* no whole response, or one that can't be used: `problem` */
    TRANSFER_STOPPED,     /* cancelled, late, or on_body failed: the error that was set */
};

struct wire;
struct upstream_pass;

struct transfer {
    const struct fetch_request *request;
    struct upstream_pass *pass;
    enum fetch_order { ORDER_NONE, ORDER_START, ORDER_READ_ON, ORDER_DROP } order;
    bool in_line; /* with its order */
    struct transfer *order_next;
    struct task_event event; /* something came, or all is done */

    int status;
    struct strbuf head; /* "name\0value\0" of each header, names in lower case */
    size_t header_count;
    struct strbuf body;     /* gathered, or what on_body has not taken yet */
    size_t body_size;       /* in all */
    uint64_t first_byte_us; /* clock_monotonic_us(); 0: no byte yet */
    bool taken;             /* on_body has had some */

    char problem[TRANSFER_PROBLEM_MAX]; /* words without a secret */
    bool final;                         /* to try again won't mend it */
    unsigned connections;               /* opened for it */
    uint64_t silent_ms;                 /* when STOPPED: how long the server had said nothing */

    struct wire *wire;
    CURL *easy;
    struct curl_slist *headers;
    CURLcode result;
    int socket_errno;   /* why there was no connection; 0: unknown */
    long verify_result; /* X509_V_... */
    uint64_t heard_ms;  /* clock_monotonic_ms(): connected, or the last byte */
    bool connected, head_done, many_streams, paused, done;
};

/* In a task. `transfer` has its request and pass and is else zeroed; clear it in any case. */
TASK_WAITS enum transfer_end transfer_run(struct transfer *transfer, struct error *err);
void transfer_clear(struct transfer *transfer);

#endif
