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

#define MODELS_SIZE_MAX (1024 * 1024)
#define DEPLOYMENTS "/openai/deployments/"

struct checking {
    struct embed_server *server;
    struct server_checks found;
};

static void add(struct checking *checking, const char *what, bool ok, const char *words)
{
    server_check_add(&checking->found, what, ok, words);
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
        .url = models_url(server, checking->found.arena),
        .headers = server->endpoint.headers,
        .header_count = server->endpoint.header_count,
        .idle_ms = server->idle_ms,
        .body_max = MODELS_SIZE_MAX,
        .repeatable = true,
        .failure = ERROR_MODEL,
    };
    struct fetch_response response = {0};
    if (!server_check_reach(&checking->found, &request, server->endpoint.host, server->url_setting,
                            &response))
        return false;
    if (response.status != 401)
        return true;
    struct server_problem problem =
        embed_read_problem(server, response.status, response.body, checking->found.arena);
    embed_explain(server, &problem, response.tries, &err);
    add(checking, "key", false, arena_strdup(checking->found.arena, err.message));
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
            false, arena_strdup(checking->found.arena, err.message));
        return;
    }
    add(checking, "key", true, server->has_key ? "taken" : "none needed");
    add(checking, "model", true,
        arena_printf(checking->found.arena, "'%s' is there; %" PRId64 " tokens in %" PRIu64 " ms",
                     server->model, usage.tokens, (clock_monotonic_us() - start_us) / 1000));
    add(checking, "dimensions", true,
        arena_printf(checking->found.arena, "%zu, as asked for", server->dimensions));
}

TASK_WAITS size_t embed_check_server(void *state, struct arena *arena,
                                     struct server_check checks[SERVER_CHECKS_MAX])
{
    struct checking checking = {state, {.arena = arena, .rows = checks}};
    if (check_reached(&checking))
        check_call(&checking);
    return checking.found.count;
}
