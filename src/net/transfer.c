/* SPDX-License-Identifier: Apache-2.0 */
#include "net/transfer.h"

#include <assert.h>
#include <errno.h>
#include <openssl/x509_vfy.h>
#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

#include "core/clock.h"
#include "net/upstream.h"
#include "net/wire.h"

#define LINGER_MS 500 /* how long a complete reply may take to end */

/* ---- orders ---- */

static void give_order(struct transfer *transfer, enum fetch_order order)
{
    transfer->order = order;
    wire_order(transfer);
}

/* Until curl has let go of it: from then on no callback touches it. */
static void drop(struct transfer *transfer)
{
    if (!transfer->done)
        give_order(transfer, ORDER_DROP);
    while (!transfer->done)
        task_event_wait_always(&transfer->event);
}

/* ---- the wait ---- */

static bool is_over(const struct transfer *transfer)
{
    return transfer->request->over && *transfer->request->over;
}

static uint64_t allowed_ms(const struct transfer *transfer)
{
    const struct fetch_request *request = transfer->request;
    if (is_over(transfer))
        return LINGER_MS;
    if (transfer->connected)
        return request->idle_ms > 0 ? request->idle_ms : FETCH_IDLE_MS_DEFAULT;
    return request->connect_ms > 0 ? request->connect_ms : FETCH_CONNECT_MS_DEFAULT;
}

/* How long the server may say nothing from now on; UINT64_MAX: it is us who make it wait. */
static uint64_t patience_ms(const struct transfer *transfer)
{
    uint64_t silent_ms = clock_monotonic_ms() - transfer->heard_ms;
    if (transfer->paused)
        return UINT64_MAX;
    return allowed_ms(transfer) > silent_ms ? allowed_ms(transfer) - silent_ms : 0;
}

static enum transfer_end say_silent(struct transfer *transfer)
{
    snprintf(transfer->problem, sizeof(transfer->problem),
             transfer->connected ? "nothing came for %llu ms" : "no connection within %llu ms",
             (unsigned long long)allowed_ms(transfer));
    return transfer->connected ? TRANSFER_BROKEN : TRANSFER_UNREACHABLE;
}

/* True when something is to be done; else *end says why not. */
static bool wait_for_bytes(struct transfer *transfer, enum transfer_end *end, struct error *err)
{
    for (;;) {
        uint64_t left_ms = patience_ms(transfer);
        if (left_ms == 0) {
            drop(transfer);
            *end = is_over(transfer) ? TRANSFER_REPLIED : say_silent(transfer);
            return false;
        }
        if (task_event_wait(&transfer->event, left_ms == UINT64_MAX ? 0 : left_ms, err))
            return true;
        if (task_check(err)) /* it was the wait's own time that passed */
            continue;
        transfer->silent_ms = clock_monotonic_ms() - transfer->heard_ms;
        drop(transfer);
        *end = TRANSFER_STOPPED;
        return false;
    }
}

/* Hands what has come to on_body, which may wait; more may come meanwhile. */
static bool hand_over(struct transfer *transfer, struct strbuf *spare, struct error *err)
{
    struct strbuf piece = transfer->body;
    transfer->body = *spare;
    if (!transfer->taken)
        upstream_hear(transfer->pass);
    transfer->taken = true;
    bool ok = transfer->request->on_body(transfer->request->context, strbuf_str(&piece), err);
    if (is_over(transfer))
        transfer->heard_ms = clock_monotonic_ms(); /* it lingers from now on */
    strbuf_reset(&piece);
    *spare = piece;
    if (transfer->paused && !transfer->done) {
        transfer->paused = false;
        transfer->heard_ms = clock_monotonic_ms();
        give_order(transfer, ORDER_READ_ON);
    }
    return ok;
}

static bool is_streamed(const struct transfer *transfer)
{
    return transfer->request->on_body && transfer->status >= 200 && transfer->status < 300;
}

/* ---- the end ---- */

static const struct {
    CURLcode code;
    bool unreachable, final;
    const char *words;
} problems[] = {
    {CURLE_UNSUPPORTED_PROTOCOL, true, true, "its URL is neither http nor https"},
    {CURLE_URL_MALFORMAT, true, true, "its URL has a wrong form"},
    {CURLE_COULDNT_RESOLVE_PROXY, true, false, "the proxy's name can't be resolved"},
    {CURLE_COULDNT_RESOLVE_HOST, true, false, "its name can't be resolved"},
    {CURLE_COULDNT_CONNECT, true, false, "no connection"},
    {CURLE_SSL_CONNECT_ERROR, true, false, "no TLS connection could be agreed on"},
    {CURLE_PEER_FAILED_VERIFICATION, true, true, "its certificate is not trusted"},
    {CURLE_SSL_CACERT_BADFILE, true, true,
     "the file of trusted certificates can't be read; see QUERENT_CA_FILE"},
    {CURLE_PROXY, true, false, "the proxy made no connection"},
    {CURLE_GOT_NOTHING, false, false, "it closed the connection without a reply"},
    {CURLE_SEND_ERROR, false, false, "the connection broke while the request was sent"},
    {CURLE_RECV_ERROR, false, false, "the connection broke"},
    {CURLE_PARTIAL_FILE, false, false, "its reply was cut off"},
    {CURLE_HTTP2, false, false, "its HTTP/2 connection broke"},
    {CURLE_HTTP2_STREAM, false, false, "its HTTP/2 stream was ended"},
    {CURLE_WEIRD_SERVER_REPLY, false, false, "its reply is no HTTP"},
    /* What curl says of a line over its limit, too. */
    {CURLE_OUT_OF_MEMORY, false, true, "its reply has too long a header, or memory ran out"},
};

/* "no connection: connection refused"; "its certificate is not trusted: self-signed certificate" */
static void add_detail(struct transfer *transfer)
{
    size_t length = strlen(transfer->problem), room = sizeof(transfer->problem) - length;
    char text[128] = "";
    bool found =
        transfer->verify_result != X509_V_OK &&
        transfer->verify_result != X509_V_ERR_UNSPECIFIED; /* else it was curl, afterwards */
    if (transfer->result == CURLE_PEER_FAILED_VERIFICATION)
        snprintf(text, sizeof(text), "%s",
                 found ? X509_verify_cert_error_string(transfer->verify_result)
                       : "it is for another name");
    else if (transfer->result == CURLE_COULDNT_CONNECT && transfer->socket_errno != 0)
        uv_strerror_r(-transfer->socket_errno, text, sizeof(text));
    if (text[0])
        snprintf(transfer->problem + length, room, ": %s", text);
}

static enum transfer_end say_result(struct transfer *transfer)
{
    if (transfer->problem[0]) /* a callback said what it was */
        return TRANSFER_BROKEN;
    if (transfer->result == CURLE_OPERATION_TIMEDOUT)
        return say_silent(transfer);
    if (transfer->result == CURLE_UNSUPPORTED_PROTOCOL && transfer->connected)
        transfer->result = CURLE_WEIRD_SERVER_REPLY; /* it takes it for HTTP/0.9 */
    size_t count = sizeof(problems) / sizeof(problems[0]), i = 0;
    while (i < count && problems[i].code != transfer->result)
        i++;
    bool known = i < count;
    snprintf(transfer->problem, sizeof(transfer->problem), "%s",
             known ? problems[i].words : curl.easy_strerror(transfer->result));
    transfer->final = known && problems[i].final;
    add_detail(transfer);
    return known && problems[i].unreachable ? TRANSFER_UNREACHABLE : TRANSFER_BROKEN;
}

enum transfer_end transfer_run(struct transfer *transfer, struct error *err)
{
    struct strbuf spare = strbuf_init(SIZE_MAX / 2);
    enum transfer_end end = TRANSFER_STOPPED;
    if (!task_check(err))
        return TRANSFER_STOPPED;
    transfer->head = strbuf_init(TRANSFER_HEAD_MAX);
    transfer->body = strbuf_init(SIZE_MAX / 2); /* body_size is bounded */
    transfer->heard_ms = clock_monotonic_ms();
    give_order(transfer, ORDER_START);
    bool ok = true;
    while (ok && (!transfer->done || (is_streamed(transfer) && transfer->body.length > 0))) {
        if (is_streamed(transfer) && transfer->body.length > 0) {
            ok = hand_over(transfer, &spare, err);
            if (!ok)
                drop(transfer);
        } else {
            ok = wait_for_bytes(transfer, &end, err);
        }
    }
    strbuf_clear(&spare);
    if (!ok)
        return end;
    bool whole = transfer->result == CURLE_OK || is_over(transfer);
    return whole ? TRANSFER_REPLIED : say_result(transfer);
}

void transfer_clear(struct transfer *transfer)
{
    assert(!transfer->easy);
    strbuf_clear(&transfer->head);
    strbuf_clear(&transfer->body);
}
