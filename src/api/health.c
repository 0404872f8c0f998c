/* SPDX-License-Identifier: Apache-2.0 */
/* Whether the server lives and is ready; and what is at the root. */
#include <stdlib.h>

#include "agent/embedding.h"
#include "api/routes.h"
#include "core/alloc.h"
#include "core/clock.h"
#include "core/json.h"
#include "version.h"

#define STORE_TIME_MAX_MS 1000

static void root(struct api_request *request)
{
    api_reply_json(request, 200,
                   str_from("{\"message\":\"AI Data Agent API\",\"docs\":\"/docs\","
                            "\"health\":\"/health\"}"));
}

static void reply_uncached(struct api_request *request, int status, const struct strbuf *json)
{
    struct http_header headers[] = {{str_from("cache-control"), str_from("no-store")}};
    api_reply(request, status, "application/json", headers, 1, strbuf_str(json));
}

static void health(struct api_request *request)
{
    struct strbuf json = strbuf_init(1024);
    strbuf_add(&json, "{\"status\":\"healthy\"");
    json_add_key(&json, "environment");
    json_add_text(&json, request->api->shared->environment);
    json_add_key(&json, "version");
    json_add_text(&json, QUERENT_VERSION);
    strbuf_add_char(&json, '}');
    reply_uncached(request, 200, &json);
    strbuf_clear(&json);
}

static void add_check(struct strbuf *json, const char *name, bool ok, const char *message)
{
    json_add_key(json, name);
    strbuf_add_char(json, '{');
    json_add_key(json, "status");
    json_add_text(json, ok ? "ok" : "failed");
    if (message) {
        json_add_key(json, "message");
        json_add_text(json, message);
    }
    strbuf_add_char(json, '}');
}

/* Asks the store in a task of its own: one that another process keeps locked answers only when its
 * patience is over, and who asks for readiness does not wait for that. */
struct probe {
    struct store *store;
    struct task_event answered;
    unsigned users;
    bool ok;
    struct error error;
};

static void leave_probe(struct probe *probe)
{
    if (--probe->users == 0)
        free(probe);
}

TASK_WAITS static void ask_store(void *arg)
{
    struct probe *probe = arg;
    probe->ok = store_health(probe->store, &probe->error);
    task_event_signal(&probe->answered);
    leave_probe(probe);
}

TASK_WAITS static bool check_store(struct api *api, struct error *err)
{
    const struct task_options options = {.name = "store_health"};
    struct probe *probe = xcalloc(1, sizeof(*probe));
    *probe = (struct probe){.store = api->agent->store, .users = 1};
    bool started = api_start_task(api, &options, ask_store, probe, err), ok = false;
    probe->users += started;
    if (started && task_event_wait(&probe->answered, STORE_TIME_MAX_MS, err)) {
        ok = probe->ok;
        *err = probe->error;
    } else if (started && err->code == ERROR_DEADLINE) {
        error_set(err, ERROR_STORE, "the store has not answered within %d ms", STORE_TIME_MAX_MS);
    }
    leave_probe(probe);
    return ok;
}

/* How the last call of a model's server ended. It is not called for this: each look would cost, and
 * a server that is away for a while is no reason to send questions elsewhere, since many are
 * answered without it. */
static void add_last_call(struct strbuf *words, const char *name, const struct server_state *last)
{
    strbuf_printf(words, "%s: ", name);
    if (last->called)
        strbuf_printf(words, "%s %lld s ago%s%s", last->ok ? "answered" : "failed",
                      (long long)((clock_real_ms() - last->at_ms) / 1000), last->ok ? "" : ": ",
                      last->message);
    else
        strbuf_add(words, "not called yet");
}

static void add_model_check(struct strbuf *json, const struct llm *llm)
{
    struct server_state last;
    if (!llm_last_state(llm, &last))
        return;
    struct strbuf words = strbuf_init(2 * ERROR_MESSAGE_MAX);
    add_last_call(&words, llm_name(llm), &last);
    add_check(json, "model", !last.called || last.ok, strbuf_text(&words));
    strbuf_clear(&words);
}

/* Of the server of embeddings also how far the vectors of datasets are. */
static void add_embedding_check(struct strbuf *json, const struct agent *agent,
                                const struct knowledge *knowledge)
{
    struct server_state last;
    if (!agent->server_embedder)
        return;
    embedder_last_state(agent->server_embedder, &last);
    struct strbuf words = strbuf_init(2 * ERROR_MESSAGE_MAX);
    add_last_call(&words, embedder_model(agent->server_embedder), &last);
    size_t missing = retrieval_server_vectors_missing(knowledge->retrieval);
    bool waits = embedding_is_wanted(agent, knowledge) && missing > 0;
    if (waits)
        strbuf_printf(&words, "; %zu of %zu datasets have no vector yet", missing,
                      knowledge->catalog->dataset_count);
    add_check(json, "embeddings", (!last.called || last.ok) && !waits, strbuf_text(&words));
    strbuf_clear(&words);
}

/* Each part that an answer needs, asked now; and how the language model did. */
TASK_WAITS static void ready(struct api_request *request)
{
    struct api *api = request->api;
    struct error store_error = {0}, engine_error = {0};
    bool accepting = !atomic_load(&api->shared->stopping);
    bool store_ok = check_store(api, &store_error);
    struct engine_health engine_state = {0};
    struct engine *engine = agent_engine(api->agent, NULL, &engine_error);
    if (engine)
        engine_check_health(engine, &engine_state);
    struct knowledge *knowledge = agent_take_knowledge(api->agent);
    size_t datasets = knowledge->catalog->dataset_count;

    bool all = accepting && store_ok && engine_state.ok && datasets > 0;
    struct strbuf json = strbuf_init(16 * 1024);
    strbuf_printf(&json, "{\"status\":\"%s\",\"checks\":{", all ? "ready" : "not_ready");
    add_check(&json, "server", accepting, accepting ? NULL : "stopping");
    add_check(&json, "store", store_ok, store_ok ? NULL : store_error.message);
    add_check(&json, "engine", engine_state.ok,
              engine ? engine_state.message : engine_error.message);
    add_check(&json, "datasets", datasets > 0,
              datasets > 0 ? NULL : "there is nothing to ask about");
    add_model_check(&json, api->agent->llm);
    add_embedding_check(&json, api->agent, knowledge);
    knowledge_unref(knowledge);
    strbuf_printf(&json, "},\"datasets\":%zu}", datasets);
    reply_uncached(request, all ? 200 : 503, &json);
    strbuf_clear(&json);
}

static const struct field root_fields[] = {
    {"message", FIELD_STRING, .required = true},
    {"docs", FIELD_STRING, .required = true},
    {"health", FIELD_STRING, .required = true},
};
static MODEL(model_root, "Root", root_fields, "What this is, and where to go on.");

static const struct field health_fields[] = {
    {"status", FIELD_STRING, .required = true},
    {"environment", FIELD_STRING, .required = true},
    {"version", FIELD_STRING, .required = true},
};
static MODEL(model_health, "Health", health_fields, "A server that answers.");

static const char *const check_states[] = {"ok", "failed", NULL};
static const struct field check_fields[] = {
    {"status", FIELD_STRING, .required = true, .choices = check_states},
    {"message", FIELD_STRING, .nullable = true},
};
static MODEL(model_check, "ReadinessCheck", check_fields, "One part that answers need.");

static const struct field checks_fields[] = {
    {"server", FIELD_MODEL, .required = true, .model = &model_check},
    {"store", FIELD_MODEL, .required = true, .model = &model_check},
    {"engine", FIELD_MODEL, .required = true, .model = &model_check},
    {"datasets", FIELD_MODEL, .required = true, .model = &model_check},
    {"model", FIELD_MODEL, .model = &model_check,
     .description = "How the last call of the language model ended, if one is used; does not count"},
    {"embeddings", FIELD_MODEL, .model = &model_check,
     .description = "The same of a server of embeddings, and whether all datasets have a vector; does not "
                    "count"},
};
static MODEL(model_checks, "ReadinessChecks", checks_fields, "Each part that answers need.");

static const char *const ready_states[] = {"ready", "not_ready", NULL};
static const struct field readiness_fields[] = {
    {"status", FIELD_STRING, .required = true, .choices = ready_states},
    {"checks", FIELD_MODEL, .required = true, .model = &model_checks},
    {"datasets", FIELD_INTEGER, .required = true, .description = "How many can be asked about"},
};
static MODEL(model_readiness, "Readiness", readiness_fields, "Whether questions can be answered.");

static const struct route_response not_ready[] = {
    {503, "Not ready, or the server is full", &model_readiness},
};

const struct route root_route = {
    .method = "GET",
    .path = "/",
    .name = "root",
    .tag = "health",
    .summary = "What this is",
    .handle = root,
    .reply = &model_root,
};

const struct route health_route = {
    .method = "GET",
    .path = "/health",
    .name = "health_check",
    .tag = "health",
    .summary = "Whether the server answers",
    .handle = health,
    .quiet = true,
    .reply = &model_health,
};

const struct route live_route = {
    .method = "GET",
    .path = "/health/live",
    .name = "health_live",
    .tag = "health",
    .summary = "Whether the server answers",
    .handle = health,
    .quiet = true,
    .reply = &model_health,
};

const struct route ready_route = {
    .method = "GET",
    .path = "/health/ready",
    .name = "health_ready",
    .tag = "health",
    .summary = "Whether questions can be answered now, and what is missing",
    .mode = ROUTE_IN_TASK,
    .handle = ready,
    .quiet = true,
    .reply = &model_readiness,
    .reply_description = "All is ready",
    .responses = not_ready,
    .response_count = 1,
};
