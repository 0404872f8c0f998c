/* SPDX-License-Identifier: Apache-2.0 */
#include "net/wire.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include "core/alloc.h"
#include "core/clock.h"
#include "net/upstream.h"

#define CONNECTIONS_KEPT 16384L
#define EASY_KEPT 256 /* handles without work, about 6 KB each */

/* One for each descriptor that curl has waited for. Those of connections stay until these are
 * closed: an idle one is only no longer listened to. */
struct watcher {
    uv_poll_t poll;
    struct wire *wire;
    curl_socket_t fd;
    bool is_connection;
};

/*
 * For each transfer curl walks through the connections to its host, which with thousands of HTTP/1
 * ones is most of its work: they are spread over several curl_multis. One is filled before the next
 * is used, so that few calls find each other's connections. HTTP/2 has few connections, and is
 * better off with one.
 */
#define LANES 16
#define LANE_TRANSFERS 64 /* then the next lane; when all have so many, the one with the fewest */

struct wires {
    struct wire *lanes[LANES];
    CURL *easy[EASY_KEPT];
    size_t easy_count;
};

struct wire {
    struct wires *wires;
    size_t transfers; /* from their start to their end */
    CURLM *multi;
    const char *problem; /* why there is none */
    uv_timer_t timer;    /* curl's */
    uv_prepare_t turn;   /* active while there are orders: before the loop waits */
    unsigned handles;    /* of the two, until they are closed */
    struct transfer *order_first, *order_last;
    struct watcher **watchers; /* by descriptor */
    size_t watcher_count;
};

/* ---- the end of a transfer ---- */

static void end(struct transfer *transfer, CURLcode result)
{
    transfer->wire->transfers--;
    transfer->result = result;
    transfer->done = true;
    task_event_signal(&transfer->event);
}

static void finish(struct transfer *transfer, CURLcode result)
{
    struct wire *wire = transfer->wire;
    struct wires *wires = wire->wires;
    CURL *easy = transfer->easy;
    long connections = 0, verify_result = 0, socket_errno = 0;
    curl.easy_getinfo(easy, CURLINFO_NUM_CONNECTS, &connections);
    curl.easy_getinfo(easy, CURLINFO_SSL_VERIFYRESULT, &verify_result);
    curl.easy_getinfo(easy, CURLINFO_OS_ERRNO, &socket_errno);
    transfer->connections = (unsigned)connections;
    transfer->verify_result = verify_result;
    if (transfer->status > 0)
        upstream_note_streams(transfer->pass->upstream, transfer->many_streams);
    if (transfer->socket_errno == 0)
        transfer->socket_errno = (int)socket_errno;
    curl.multi_remove_handle(wire->multi, easy);
    curl.easy_reset(easy); /* it has the address of the key */
    curl.slist_free_all(transfer->headers);
    if (wires->easy_count < EASY_KEPT)
        wires->easy[wires->easy_count++] = easy;
    else
        curl.easy_cleanup(easy);
    transfer->easy = NULL;
    transfer->headers = NULL;
    end(transfer, result);
}

static void take_finished(struct wire *wire)
{
    int left;
    CURLMsg *message;
    while ((message = curl.multi_info_read(wire->multi, &left)) != NULL) {
        if (message->msg != CURLMSG_DONE)
            continue;
        CURLcode result = message->data.result; /* the message goes with the handle */
        struct transfer *transfer = NULL;
        curl.easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&transfer);
        finish(transfer, result);
    }
}

static void act(struct wire *wire, curl_socket_t fd, int events)
{
    int running;
    curl.multi_socket_action(wire->multi, fd, events, &running);
    take_finished(wire);
}

/* ---- sockets and time ---- */

static void watcher_closed(uv_handle_t *poll)
{
    free(poll->data);
}

static void close_watcher(struct wire *wire, struct watcher *watcher)
{
    wire->watchers[watcher->fd] = NULL;
    uv_close((uv_handle_t *)&watcher->poll, watcher_closed);
}

static void socket_is_ready(uv_poll_t *poll, int status, int events)
{
    struct watcher *watcher = poll->data;
    int flags = 0;
    if (status < 0)
        flags = CURL_CSELECT_ERR;
    if (events & UV_READABLE)
        flags |= CURL_CSELECT_IN;
    if (events & UV_WRITABLE)
        flags |= CURL_CSELECT_OUT;
    act(watcher->wire, watcher->fd, flags);
}

static struct watcher *find_watcher(struct wire *wire, curl_socket_t fd)
{
    return (size_t)fd < wire->watcher_count ? wire->watchers[fd] : NULL;
}

static struct watcher *add_watcher(struct wire *wire, curl_socket_t fd)
{
    if ((size_t)fd >= wire->watcher_count) {
        size_t count = (size_t)fd * 2 + 64;
        wire->watchers = xrealloc(wire->watchers, count * sizeof(*wire->watchers));
        memset(wire->watchers + wire->watcher_count, 0,
               (count - wire->watcher_count) * sizeof(*wire->watchers));
        wire->watcher_count = count;
    }
    struct watcher *watcher = xcalloc(1, sizeof(*watcher));
    if (uv_poll_init(wire->timer.loop, &watcher->poll, fd) != 0) {
        free(watcher);
        return NULL;
    }
    watcher->poll.data = watcher;
    watcher->wire = wire;
    watcher->fd = fd;
    uv_unref((uv_handle_t *)&watcher->poll); /* a task waits for it: that keeps the loop running */
    wire->watchers[fd] = watcher;
    return watcher;
}

static int watch(CURL *easy, curl_socket_t fd, int what, void *context, void *socket_context)
{
    struct wire *wire = context;
    struct watcher *watcher = find_watcher(wire, fd);
    if (what == CURL_POLL_REMOVE) {
        if (watcher && watcher->is_connection)
            uv_poll_stop(&watcher->poll);
        else if (watcher)
            close_watcher(wire, watcher);
        return 0;
    }
    if (!watcher)
        watcher = add_watcher(wire, fd);
    if (!watcher)
        return -1; /* curl ends its transfers */
    int events = (what & CURL_POLL_IN ? UV_READABLE : 0) | (what & CURL_POLL_OUT ? UV_WRITABLE : 0);
    return uv_poll_start(&watcher->poll, events, socket_is_ready);
}

curl_socket_t wire_open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct transfer *transfer = context;
    curl_socket_t fd = socket(address->family, address->socktype | SOCK_CLOEXEC | SOCK_NONBLOCK,
                              address->protocol);
    struct watcher *watcher = fd >= 0 ? add_watcher(transfer->wire, fd) : NULL;
    if (watcher) {
        watcher->is_connection = true;
        return fd;
    }
    transfer->socket_errno = errno;
    if (fd >= 0)
        close(fd);
    return CURL_SOCKET_BAD;
}

int wire_close_socket(void *context, curl_socket_t fd)
{
    struct wire *wire = context;
    struct watcher *watcher = find_watcher(wire, fd);
    if (watcher)
        close_watcher(wire, watcher);
    return close(fd);
}

static void timer_fired(uv_timer_t *timer)
{
    act(timer->data, CURL_SOCKET_TIMEOUT, 0);
}

static int set_timer(CURLM *multi, long timeout_ms, void *context)
{
    struct wire *wire = context;
    if (timeout_ms < 0)
        return uv_timer_stop(&wire->timer);
    uv_update_time(wire->timer.loop);
    return uv_timer_start(&wire->timer, timer_fired, (uint64_t)timeout_ms, 0);
}

/* ---- curl itself, with the first order ---- */

static void make_multi(struct wire *wire)
{
    const char *problem = curl_api_load();
    wire->problem = problem ? problem : "memory ran out";
    wire->multi = problem ? NULL : curl.multi_init();
    if (!wire->multi)
        return;
    curl.multi_setopt(wire->multi, CURLMOPT_SOCKETFUNCTION, watch);
    curl.multi_setopt(wire->multi, CURLMOPT_SOCKETDATA, wire);
    curl.multi_setopt(wire->multi, CURLMOPT_TIMERFUNCTION, set_timer);
    curl.multi_setopt(wire->multi, CURLMOPT_TIMERDATA, wire);
    curl.multi_setopt(wire->multi, CURLMOPT_MAXCONNECTS, CONNECTIONS_KEPT);
}

/* ---- orders ---- */

static CURL *take_easy(struct wires *wires)
{
    return wires->easy_count > 0 ? wires->easy[--wires->easy_count] : curl.easy_init();
}

static void start(struct wire *wire, struct transfer *transfer)
{
    if (wire->multi)
        transfer->easy = take_easy(wire->wires);
    if (!transfer->easy) {
        snprintf(transfer->problem, sizeof(transfer->problem), "%s", wire->problem);
        transfer->final = true;
        end(transfer, CURLE_FAILED_INIT);
    } else if (!easy_prepare(transfer) ||
               curl.multi_add_handle(wire->multi, transfer->easy) != CURLM_OK)
        finish(transfer, CURLE_OUT_OF_MEMORY);
}

/* What came while it was paused is taken in here, which may fail. */
static void read_on(struct transfer *transfer)
{
    CURLcode result = curl.easy_pause(transfer->easy, CURLPAUSE_CONT);
    if (result != CURLE_OK && result != CURLE_BAD_FUNCTION_ARGUMENT) /* that: it has just ended */
        finish(transfer, result);
}

static void carry_out(struct wire *wire, struct transfer *transfer)
{
    enum fetch_order order = transfer->order;
    transfer->order = ORDER_NONE;
    if (transfer->done)
        return;
    if (order == ORDER_START)
        start(wire, transfer);
    else if (order == ORDER_READ_ON)
        read_on(transfer);
    else if (order == ORDER_DROP && !transfer->easy)
        end(transfer, CURLE_ABORTED_BY_CALLBACK);
    else if (order == ORDER_DROP)
        finish(transfer, CURLE_ABORTED_BY_CALLBACK);
}

static void turn_comes(uv_prepare_t *turn)
{
    struct wire *wire = turn->data;
    uv_prepare_stop(turn);
    if (!wire->multi)
        make_multi(wire);
    struct transfer *transfer = wire->order_first;
    wire->order_first = wire->order_last = NULL;
    while (transfer) {
        struct transfer *next = transfer->order_next;
        transfer->in_line = false;
        carry_out(wire, transfer);
        transfer = next;
    }
    if (wire->multi)
        act(wire, CURL_SOCKET_TIMEOUT, 0);
}

/* ---- made for a loop, freed with it ---- */

static void handle_closed(uv_handle_t *handle)
{
    struct wire *wire = handle->data;
    if (--wire->handles > 0)
        return;
    free(wire->watchers);
    free(wire);
}

static void close_wire(struct wire *wire)
{
    if (wire->multi)
        curl.multi_cleanup(wire->multi);
    for (size_t i = 0; i < wire->watcher_count; i++)
        if (wire->watchers[i])
            close_watcher(wire, wire->watchers[i]);
    uv_close((uv_handle_t *)&wire->timer, handle_closed);
    uv_close((uv_handle_t *)&wire->turn, handle_closed);
}

static void release(void *object)
{
    struct wires *wires = object;
    while (wires->easy_count > 0)
        curl.easy_cleanup(wires->easy[--wires->easy_count]);
    for (size_t i = 0; i < LANES && wires->lanes[i]; i++)
        close_wire(wires->lanes[i]);
    free(wires);
}

static struct wires *wires_of_loop(struct loop *loop)
{
    struct wires *wires = loop_attached(loop, release);
    if (!wires) {
        wires = xcalloc(1, sizeof(*wires));
        loop_attach(loop, release, wires);
    }
    return wires;
}

static struct wire *open_lane(struct wires *wires, uv_loop_t *loop)
{
    struct wire *wire = xcalloc(1, sizeof(*wire));
    wire->wires = wires;
    uv_timer_init(loop, &wire->timer);
    uv_prepare_init(loop, &wire->turn);
    wire->timer.data = wire->turn.data = wire;
    wire->handles = 2;
    uv_unref((uv_handle_t *)&wire->timer);
    uv_unref((uv_handle_t *)&wire->turn);
    return wire;
}

/* A server behind TLS is taken to speak HTTP/2 until it has answered otherwise. */
static bool needs_lanes(const struct transfer *transfer)
{
    return strncasecmp(transfer->request->url, "http:", 5) == 0 ||
           upstream_has_single_streams(transfer->pass->upstream);
}

static struct wire *choose_lane(struct loop *loop, const struct transfer *transfer)
{
    struct wires *wires = wires_of_loop(loop);
    size_t lanes = needs_lanes(transfer) ? LANES : 1, best = 0;
    for (size_t i = 0; i < lanes; i++) {
        if (!wires->lanes[i])
            wires->lanes[i] = open_lane(wires, loop_uv(loop));
        if (wires->lanes[i]->transfers < wires->lanes[best]->transfers)
            best = i;
        if (wires->lanes[i]->transfers < LANE_TRANSFERS)
            return wires->lanes[i];
    }
    return wires->lanes[best];
}

void wire_order(struct transfer *transfer)
{
    if (!transfer->wire) {
        transfer->wire = choose_lane(task_loop(task_current()), transfer);
        transfer->wire->transfers++;
    }
    if (transfer->in_line)
        return;
    struct wire *wire = transfer->wire;
    transfer->in_line = true;
    transfer->order_next = NULL;
    if (wire->order_last)
        wire->order_last->order_next = transfer;
    else
        wire->order_first = transfer;
    wire->order_last = transfer;
    uv_prepare_start(&wire->turn, turn_comes);
}
