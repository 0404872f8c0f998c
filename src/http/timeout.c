/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time-outs of one kind have the same length, so that each kind is a queue in the order of its
 * ends: setting one is a few pointers. One timer serves them all; it is never put off when a
 * time-out goes away, it fires, finds nothing late and looks at what is next.
 */
#include "http/http_priv.h"

static void arm(struct http_server *server, uint64_t at)
{
    uint64_t now = uv_now(loop_uv(server->loop));
    server->timer_at = at;
    uv_timer_start(&server->timer, timeouts_run, at > now ? at - now : 0, 0);
}

void timeout_set(struct connection *connection, enum timeout timeout)
{
    struct http_server *server = connection->server;
    if (connection->timeout != TIMEOUT_NONE)
        TAILQ_REMOVE(&server->timeouts[connection->timeout], connection, timed);
    connection->timeout = timeout;
    if (timeout == TIMEOUT_NONE)
        return;
    /* The loop's clock stands still while a handler runs; a reader must not pay for that. */
    if (timeout == TIMEOUT_WRITE)
        uv_update_time(loop_uv(server->loop));
    connection->timeout_at = uv_now(loop_uv(server->loop)) + server->timeout_ms[timeout];
    TAILQ_INSERT_TAIL(&server->timeouts[timeout], connection, timed);
    if (connection->timeout_at < server->timer_at)
        arm(server, connection->timeout_at);
}

void timeouts_run(uv_timer_t *timer)
{
    struct http_server *server = timer->data;
    uint64_t now = uv_now(loop_uv(server->loop)), next = UINT64_MAX;
    server->timer_at = 0; /* armed once, below */
    for (unsigned i = 0; i < TIMEOUTS; i++) {
        struct connection *connection;
        while ((connection = TAILQ_FIRST(&server->timeouts[i])) && connection->timeout_at <= now) {
            timeout_set(connection, TIMEOUT_NONE);
            connection_timed_out(connection);
        }
    }
    for (unsigned i = 0; i < TIMEOUTS; i++) {
        struct connection *connection = TAILQ_FIRST(&server->timeouts[i]);
        if (connection && connection->timeout_at < next)
            next = connection->timeout_at;
    }
    server->timer_at = UINT64_MAX;
    if (next != UINT64_MAX)
        arm(server, next);
}
