/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A call is tries, each with a place at the upstream (upstream.c) and a transfer (transfer.c), with
 * waits between them (retry.c) in which it has no place.
 */
#include "net/fetch.h"

#include <assert.h>
#include <string.h>

#include "core/clock.h"
#include "core/metrics.h"
#include "core/random.h"
#include "net/retry.h"
#include "net/transfer.h"
#include "net/upstream.h"

struct call {
    const struct fetch_request *request;
    struct arena *arena;
    struct fetch_response *out;
    struct str host;
    uint64_t started_us;
    unsigned tries;
    struct upstream_pass pass; /* of the last try, as is */
    struct transfer transfer;  /* of the last try */
    enum transfer_end end;
};

const char *fetch_response_header(const struct fetch_response *response, const char *name)
{
    for (size_t i = 0; i < response->header_count; i++)
        if (strcmp(response->headers[i].name, name) == 0)
            return response->headers[i].value;
    return "";
}

/* Of a URL, with its port and without a user and password. */
static struct str host_of(const char *url)
{
    struct str text = str_from(url);
    ptrdiff_t scheme = str_find(text, STR("://"));
    if (scheme >= 0)
        text = str_slice(text, (size_t)scheme + 3, text.length);
    size_t length = strcspn(text.bytes, "/?#\\");
    const char *user_end = memrchr(text.bytes, '@', length);
    size_t from = user_end ? (size_t)(user_end - text.bytes) + 1 : 0;
    return str_slice(text, from, length);
}

static bool fail(const struct call *call, const char *problem, const char *consequence,
                 struct error *err)
{
    const struct fetch_request *request = call->request;
    char tries[32] = "";
    if (call->tries > 1)
        snprintf(tries, sizeof(tries), "; tried %u times", call->tries);
    return error_set(err, request->failure, "%s at %.*s: %s%s%s", upstream_name(request->upstream),
                     STR_ARGS(call->host), problem, tries, consequence);
}

/* Nothing of it may end a line: what comes after would be a header of its own. */
static bool check_request(const struct call *call, struct error *err)
{
    const struct fetch_request *request = call->request;
    if (request->header_count > FETCH_HEADERS_MAX)
        return fail(call, "the request has too many headers", "", err);
    for (size_t i = 0; i < request->header_count; i++) {
        const struct fetch_header *header = &request->headers[i];
        if (!strpbrk(header->name, "\r\n: ") && !strpbrk(header->value, "\r\n"))
            continue;
        return fail(call, "a header's name or value has a line break in it; see the key's setting",
                    "", err);
    }
    return true;
}

/* ---- one try ---- */

/* What a server that says nothing until the deadline is worth: late is its fault only after a
 * while. */
static enum upstream_verdict verdict_of(const struct call *call)
{
    const struct transfer *transfer = &call->transfer;
    uint64_t idle_ms = call->request->idle_ms > 0 ? call->request->idle_ms : FETCH_IDLE_MS_DEFAULT;
    if (call->end == TRANSFER_STOPPED)
        return transfer->silent_ms >= idle_ms / 2 ? UPSTREAM_FAILED : UPSTREAM_UNKNOWN;
    if (call->end != TRANSFER_REPLIED)
        return UPSTREAM_FAILED;
    if (transfer->status == 429)
        return UPSTREAM_BUSY;
    return transfer->status >= 500 ? UPSTREAM_FAILED : UPSTREAM_WELL;
}

static enum fetch_outcome outcome_of(const struct call *call)
{
    static const enum fetch_outcome outcomes[] = {
        [TRANSFER_REPLIED] = FETCH_OK,
        [TRANSFER_UNREACHABLE] = FETCH_UNREACHABLE,
        [TRANSFER_BROKEN] = FETCH_BROKEN,
        [TRANSFER_STOPPED] = FETCH_STOPPED,
    };
    int status = call->transfer.status;
    if (call->end != TRANSFER_REPLIED || status < 400)
        return outcomes[call->end];
    if (status == 429 || status == 529)
        return FETCH_OVERLOADED;
    return status < 500 ? FETCH_REFUSED : FETCH_FAILED;
}

TASK_WAITS static bool try_once(struct call *call, struct error *err)
{
    const struct fetch_request *request = call->request;
    if (request->place && request->place->upstream && upstream_is_stale(request->place))
        upstream_give_back(request->place);
    if (request->place && request->place->upstream) {
        call->pass = *request->place;
        *request->place = (struct upstream_pass){0};
    } else if (!upstream_enter(request->upstream, request->failure, &call->pass, err)) {
        call->end = TRANSFER_STOPPED;
        return false;
    }
    uint64_t started_us = clock_monotonic_us();
    unsigned label = upstream_label(request->upstream);
    call->transfer = (struct transfer){.request = request, .pass = &call->pass};
    call->tries++;
    call->end = transfer_run(&call->transfer, err);
    char why[TRANSFER_PROBLEM_MAX];
    if (call->end == TRANSFER_REPLIED)
        snprintf(why, sizeof(why), "status %d", call->transfer.status);
    else
        snprintf(why, sizeof(why), "%s",
                 call->end == TRANSFER_STOPPED ? "no reply in time" : call->transfer.problem);
    upstream_leave(&call->pass, verdict_of(call), why);
    metrics_add(METRIC_UPSTREAM_REQUESTS, label, outcome_of(call), 1);
    metrics_add(METRIC_UPSTREAM_CONNECTIONS, label, 0, call->transfer.connections);
    metrics_observe(METRIC_UPSTREAM_DURATION, label, clock_monotonic_us() - started_us);
    return call->end != TRANSFER_STOPPED;
}

/* ---- after it ---- */

static void fill_response(struct call *call)
{
    const struct transfer *transfer = &call->transfer;
    struct fetch_header *headers =
        arena_array(call->arena, transfer->header_count, sizeof(*headers));
    struct str head = arena_str(call->arena, strbuf_str(&transfer->head));
    const char *at = head.bytes;
    for (size_t i = 0; i < transfer->header_count; i++) {
        headers[i].name = at;
        headers[i].value = at + strlen(at) + 1;
        at = headers[i].value + strlen(headers[i].value) + 1;
    }
    bool streamed = transfer->taken;
    *call->out = (struct fetch_response){
        .status = transfer->status,
        .headers = headers,
        .header_count = transfer->header_count,
        .body = streamed ? STR("") : arena_str(call->arena, strbuf_str(&transfer->body)),
        .tries = call->tries,
        .first_byte_us =
            transfer->first_byte_us > 0 ? transfer->first_byte_us - call->started_us : 0,
    };
}

static bool may_repeat(const struct call *call)
{
    const struct fetch_request *request = call->request;
    unsigned tries_max = request->tries_max > 0 ? request->tries_max : FETCH_TRIES_DEFAULT;
    if (!request->repeatable || call->transfer.taken || call->tries >= tries_max)
        return false;
    if (call->end != TRANSFER_REPLIED)
        return !call->transfer.final;
    return retry_is_invited(call->out) && !(request->is_final && request->is_final(call->out));
}

static double random_chance(void)
{
    uint32_t bits;
    random_bytes(&bits, sizeof(bits));
    return (double)bits / UINT32_MAX;
}

/* The end of the call when there is no time or sense to try again. */
static bool end_with_last(struct call *call, const char *consequence, uint64_t retry_after_ms,
                          struct error *err)
{
    if (call->end != TRANSFER_REPLIED)
        return fail(call, call->transfer.problem, consequence, err);
    call->out->retry_after_ms = retry_after_ms;
    return true;
}

#define HOLD_SPREAD_MAX_MS 250 /* so that not all of those who waited come at once */

/* "Too many requests" is said to all that share the limit, not to the one that heard it. */
static void note_hold(const struct call *call)
{
    const struct fetch_request *request = call->request;
    if (call->out->status == 429 && retry_is_invited(call->out) &&
        !(request->is_final && request->is_final(call->out)))
        upstream_hold(request->upstream, request->limit,
                      retry_asked_ms(call->out, clock_real_ms()));
}

TASK_WAITS static bool wait_for_hold(const struct call *call, struct error *err)
{
    struct upstream *upstream = call->request->upstream;
    uint64_t held_ms;
    while ((held_ms = upstream_held_ms(upstream, call->request->limit)) > 0) {
        if (call->request->place)
            upstream_give_back(call->request->place);
        uint64_t left_ms = task_time_left_ms();
        uint64_t spread_ms = held_ms / 4 < HOLD_SPREAD_MAX_MS ? held_ms / 4 : HOLD_SPREAD_MAX_MS;
        if (held_ms >= left_ms) {
            char problem[80];
            snprintf(problem, sizeof(problem), "it has too many requests and asks for a pause of another %llu s",
                     (unsigned long long)(held_ms + 999) / 1000);
            metrics_add(METRIC_UPSTREAM_REQUESTS, upstream_label(upstream), FETCH_NOT_ASKED, 1);
            return fail(call, problem, "", err);
        }
        if (spread_ms >= left_ms - held_ms)
            spread_ms = 0;
        if (!task_sleep(held_ms + (uint64_t)((double)spread_ms * random_chance()), err))
            return false;
    }
    return true;
}

/* Tries until it is settled. */
TASK_WAITS static bool run_call(struct call *call, struct error *err)
{
    for (;;) {
        if (!wait_for_hold(call, err) || !try_once(call, err))
            return false;
        struct arena_mark mark =
            arena_mark(call->arena); /* nobody else allocates before the roll back */
        bool replied = call->end == TRANSFER_REPLIED;
        if (replied) {
            fill_response(call);
            note_hold(call);
        }
        if (!may_repeat(call))
            return end_with_last(call, "", 0, err);
        uint64_t wait_ms = retry_wait_ms(replied ? call->out : NULL, call->tries, clock_real_ms(),
                                         random_chance());
        if (wait_ms >= task_time_left_ms())
            return end_with_last(call, "; no time is left to try again", wait_ms, err);
        if (upstream_refuses(call->request->upstream))
            return end_with_last(call, "", 0, err);
        *call->out = (struct fetch_response){.body = STR("")};
        arena_rollback(call->arena, mark);
        transfer_clear(&call->transfer);
        if (!task_sleep(wait_ms, err))
            return false;
    }
}

static bool fetch_in_task(const struct fetch_request *request, struct arena *arena,
                          struct fetch_response *out, struct error *err)
{
    struct call call = {
        .request = request,
        .arena = arena,
        .out = out,
        .host = host_of(request->url),
        .started_us = clock_monotonic_us(),
    };
    if (!check_request(&call, err))
        return false;
    bool ok = run_call(&call, err);
    out->tries = call.tries;
    if (!ok && err && err->code == ERROR_DEADLINE)
        error_wrap(err, "%s at %.*s", upstream_name(request->upstream), STR_ARGS(call.host));
    transfer_clear(&call.transfer);
    return ok;
}

/* ---- outside of a task ---- */

struct blocking_call {
    const struct fetch_request *request;
    struct arena *arena;
    struct fetch_response *out;
};

static bool run_blocking(void *arg, struct error *err)
{
    struct blocking_call *call = arg;
    return fetch_in_task(call->request, call->arena, call->out, err);
}

bool http_fetch(const struct fetch_request *request, struct arena *arena,
                struct fetch_response *out, struct error *err)
{
    assert(request->upstream && request->method && request->url && request->failure != ERROR_NONE);
    *out = (struct fetch_response){.body = STR("")};
    if (task_current())
        return fetch_in_task(request, arena, out, err);
    struct blocking_call call = {request, arena, out};
    return task_run_main(NULL, run_blocking, &call, err);
}
