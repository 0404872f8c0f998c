/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `querent doctor` says of a server of embeddings: one question about its models, which shows
 * whether it is there and whether the clocks agree, then one text to embed, which decides: not every
 * server can be asked about its models.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/clock.h"
#include "embed/openai_priv.h"
#include "net/curl_api.h"

#define SKEW_MAX_S 60
#define MODELS_SIZE_MAX (1024 * 1024)
#define DEPLOYMENTS "/openai/deployments/"

struct checking {
    struct embed_server *server;
    struct arena *arena;
    struct embed_check *checks;
    size_t count;
};

static void add(struct checking *checking, const char *what, bool ok, const char *words)
{
    if (checking->count < EMBED_CHECKS_MAX)
        checking->checks[checking->count++] = (struct embed_check){what, ok, words};
}

static void check_clock(struct checking *checking, const struct fetch_response *response)
{
    const char *date = fetch_response_header(response, "date");
    int64_t theirs_s = *date && !curl_api_load() ? (int64_t)curl.getdate(date, NULL) : -1;
    if (theirs_s < 0)
        return;
    int64_t ahead_s = clock_real_ms() / 1000 - theirs_s;
    bool ok = ahead_s >= -SKEW_MAX_S && ahead_s <= SKEW_MAX_S;
    add(checking, "clock", ok,
        ok ? "agrees with the server's"
           : arena_printf(checking->arena,
                          "this machine's clock is %" PRId64 " s %s the server's; set it (with "
                          "NTP): certificates depend on it",
                          ahead_s < 0 ? -ahead_s : ahead_s, ahead_s < 0 ? "behind" : "ahead of"));
}

static const char *models_url(const struct embed_server *server, struct arena *arena)
{
    struct str base = str_from(server->endpoint.base_url);
    if (!server->api_version)
        return arena_printf(arena, "%.*s/models", STR_ARGS(base));
    ptrdiff_t deployments = str_find(base, STR(DEPLOYMENTS));
    if (deployments >= 0)
        base.length = (size_t)deployments;
    return arena_printf(arena, "%.*s/openai/models?api-version=%s", STR_ARGS(base),
                        endpoint_escape(server->api_version, arena));
}

/* Whether there is any use in asking more. */
TASK_WAITS static bool check_reached(struct checking *checking)
{
    struct embed_server *server = checking->server;
    struct error err = {0};
    const struct fetch_request request = {
        .upstream = server->upstream,
        .method = "GET",
        .url = models_url(server, checking->arena),
        .headers = server->endpoint.headers,
        .header_count = server->endpoint.header_count,
        .idle_ms = server->idle_ms,
        .body_max = MODELS_SIZE_MAX,
        .repeatable = true,
        .failure = ERROR_MODEL,
    };
    struct fetch_response response = {0};
    uint64_t start_us = clock_monotonic_us();
    if (!http_fetch(&request, checking->arena, &response, &err)) {
        add(checking, "reached", false,
            arena_printf(checking->arena, "%s; check the network and %s", err.message,
                         server->url_setting));
        return false;
    }
    add(checking, "reached", true,
        arena_printf(checking->arena, "%s, in %" PRIu64 " ms", server->endpoint.host,
                     (clock_monotonic_us() - start_us) / 1000));
    check_clock(checking, &response);
    if (response.status != 401)
        return true;
    struct embed_problem problem =
        embed_read_problem(server, response.status, response.body, checking->arena);
    embed_explain(server, &problem, response.tries, &err);
    add(checking, "key", false, arena_strdup(checking->arena, err.message));
    return false;
}

TASK_WAITS static void check_call(struct checking *checking)
{
    struct embed_server *server = checking->server;
    const struct str text = STR("total revenue by region");
    struct embed_usage usage = {0};
    struct error err = {0};
    float *vector = xcalloc(server->dimensions, sizeof(*vector));
    uint64_t start_us = clock_monotonic_us();
    bool ok = embed_openai_texts(server, &text, 1, vector, &usage, &err);
    free(vector);
    if (!ok) {
        add(checking, strstr(err.message, "QUERENT_EMBED_DIMENSIONS") ? "dimensions" : "model",
            false, arena_strdup(checking->arena, err.message));
        return;
    }
    add(checking, "key", true, server->has_key ? "taken" : "none needed");
    add(checking, "model", true,
        arena_printf(checking->arena, "'%s' is there; %" PRId64 " tokens in %" PRIu64 " ms",
                     server->model, usage.tokens, (clock_monotonic_us() - start_us) / 1000));
    add(checking, "dimensions", true,
        arena_printf(checking->arena, "%zu, as asked for", server->dimensions));
}

TASK_WAITS size_t embed_check_server(void *state, struct arena *arena,
                                     struct embed_check checks[EMBED_CHECKS_MAX])
{
    struct checking checking = {state, arena, checks, 0};
    if (check_reached(&checking))
        check_call(&checking);
    return checking.count;
}
