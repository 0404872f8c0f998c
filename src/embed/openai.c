/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Embeddings of a server that speaks OpenAI's API: OpenAI, Azure OpenAI, vLLM, Ollama, llama.cpp and
 * gateways. Texts go in batches; a part of the request that is refused is left out, a batch that is
 * too long is halved, and a text that is too long alone is cut. Retries, limits and the breaker are
 * http_fetch()'s; a reply that breaks the rules (openai_reply.c) is asked for once more.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/clock.h"
#include "core/json.h"
#include "core/log.h"
#include "core/settings.h"
#include "embed/openai_priv.h"

#define OWN_URL "https://api.openai.com"
#define OWN_MODEL "text-embedding-3-small"
#define DEPLOYMENTS "/openai/deployments/"

#define BATCH_TEXTS 96 /* OpenAI takes 2,048; the reply of these is a few MB */
/* A token is at least a byte, so this is never over the 300,000 tokens that OpenAI takes at once. */
#define BATCH_BYTES (256 * 1024)
#define TEXT_TOKENS_MAX 8000    /* OpenAI takes 8,192 of a text */
/* Bytes of a reply: each number as text, and what else there may be. */
#define NUMBER_SIZE_MAX 32
#define REPLY_REST_MAX (1024 * 1024)
#define REQUEST_SIZE_MAX (4 * 1024 * 1024)
#define TRIES_BROKEN_MAX 2 /* of a reply that breaks the rules */
#define CHANGES_MAX 4      /* of the request's form */
#define TEXT_SIZE_MIN 256  /* bytes; a server that takes less is of no use */

/* -- opening -- */

/* What is known of OpenAI's own models. */
static const struct {
    const char *id;
    size_t dimensions;
    bool shortens;
} models[] = {
    {"text-embedding-3-small", 1536, true},
    {"text-embedding-3-large", 3072, true},
    {"text-embedding-ada-002", 1536, false},
};

/* A server of its own gets nothing that is meant for another one. */
static bool set_address(struct embed_server *server, struct error *err)
{
    const char *own = settings_text("QUERENT_EMBED_BASE_URL");
    const char *shared = settings_text("OPENAI_BASE_URL");
    const char *url = own ? own : shared ? shared : OWN_URL;
    const char *version =
        settings_text(own ? "QUERENT_EMBED_API_VERSION" : "OPENAI_API_VERSION");
    server->url_setting = own ? "QUERENT_EMBED_BASE_URL" : "OPENAI_BASE_URL";
    server->api_version = version ? arena_strdup(server->arena, version) : NULL;
    struct endpoint *endpoint = &server->endpoint;
    if (!endpoint_set_url(endpoint, server->url_setting, str_from(url), STR("/embeddings"), err))
        return false;
    /* The chat side takes an address that ends so; here it is the same server. */
    if (!endpoint_set_url(endpoint, server->url_setting, str_from(endpoint->base_url),
                          STR("/chat/completions"), err))
        return false;
    if (endpoint_is_bare(endpoint) && !server->api_version)
        endpoint->base_url = arena_printf(server->arena, "%s/v1", endpoint->base_url);
    server->own_host = endpoint_is_openai(str_from(endpoint->base_url));
    server->title = server->own_host
                        ? "OpenAI"
                        : arena_printf(server->arena, "the server %s", endpoint->host);
    return true;
}

static bool set_keys(struct embed_server *server, struct error *err)
{
    bool own = settings_text("QUERENT_EMBED_BASE_URL");
    const char *key = settings_secret("QUERENT_EMBED_API_KEY");
    server->key_setting = own || key ? "QUERENT_EMBED_API_KEY" : "OPENAI_API_KEY";
    if (!key && !own)
        key = settings_secret("OPENAI_API_KEY");
    if (!key && server->own_host)
        return error_set(err, ERROR_CONFIG,
                         "OpenAI's embeddings need a key; set %s, or QUERENT_EMBED to builtin",
                         server->key_setting);
    server->has_key = key;
    struct endpoint *endpoint = &server->endpoint;
    endpoint_add_header(endpoint, "content-type", "application/json");
    if (key && server->api_version)
        endpoint_add_secret_header(endpoint, "api-key", "", key);
    else if (key)
        endpoint_add_secret_header(endpoint, "authorization", "Bearer ", key);
    const char *setting = own ? "QUERENT_EMBED_HEADERS" : "QUERENT_OPENAI_HEADERS";
    const char *headers = settings_secret(setting);
    return !headers || endpoint_add_secret_headers(endpoint, setting, headers, err);
}

static bool set_model(struct embed_server *server, struct error *err)
{
    const char *model = settings_text("QUERENT_EMBED_MODEL");
    if (!model && !server->own_host)
        return error_set(err, ERROR_CONFIG,
                         "%s is set, but no embedding model; set QUERENT_EMBED_MODEL to one that "
                         "%s serves, or QUERENT_EMBED to builtin",
                         server->url_setting, server->endpoint.host);
    server->model = arena_strdup(server->arena, model ? model : OWN_MODEL);
    server->dimensions = (size_t)settings_integer("QUERENT_EMBED_DIMENSIONS");
    server->fields = EMBED_BASE64 | EMBED_DIMENSIONS;
    for (size_t i = 0; i < sizeof(models) / sizeof(models[0]); i++) {
        if (strcmp(models[i].id, server->model) != 0)
            continue;
        size_t most = models[i].dimensions, least = models[i].shortens ? 1 : most;
        if (server->dimensions > most || server->dimensions < least)
            return error_set(err, ERROR_CONFIG,
                             "QUERENT_EMBED_DIMENSIONS is %zu, but %s gives %s%zu; set it to %zu",
                             server->dimensions, server->model, least < most ? "at most " : "",
                             most, most);
        if (server->dimensions == most)
            server->fields &= ~(unsigned)EMBED_DIMENSIONS;
    }
    return true;
}

static void set_url(struct embed_server *server)
{
    const char *base = server->endpoint.base_url;
    struct arena *arena = server->arena;
    const char *version =
        server->api_version ? endpoint_escape(server->api_version, arena) : NULL;
    if (!version)
        server->url = arena_printf(arena, "%s/embeddings", base);
    else if (strstr(base, DEPLOYMENTS))
        server->url = arena_printf(arena, "%s/embeddings?api-version=%s", base, version);
    else
        server->url = arena_printf(arena, "%s" DEPLOYMENTS "%s/embeddings?api-version=%s", base,
                                   endpoint_escape(server->model, arena), version);
    /* Two servers may have different models of one name. */
    const char *place = arena_printf(arena, "%s%s", server->endpoint.host,
                                     endpoint_path(&server->endpoint));
    server->model_id = arena_printf(arena, "openai:%s/%zu@%.*s", server->model, server->dimensions,
                                    STR_ARGS(str_cut_utf8(str_from(place), 512)));
}

static void close_server(void *state)
{
    struct embed_server *server = state;
    upstream_close(server->upstream);
    endpoint_wipe(&server->endpoint);
    pthread_mutex_destroy(&server->lock);
    arena_free(server->arena);
    free(server);
}

static void *open_server(struct error *err)
{
    struct embed_server *server = xcalloc(1, sizeof(*server));
    server->arena = arena_new();
    server->endpoint.arena = server->arena;
    server->idle_ms = (uint64_t)settings_integer("QUERENT_MODEL_IDLE_S") * 1000;
    pthread_mutex_init(&server->lock, NULL);
    atomic_init(&server->text_max, SIZE_MAX);
    if (!set_address(server, err) || !set_keys(server, err) || !set_model(server, err)) {
        close_server(server);
        return NULL;
    }
    set_url(server);
    const struct upstream_options options = {
        .name = server->own_host ? "OpenAI embeddings" : "Embedding server",
        .concurrent_max = (unsigned)settings_integer("QUERENT_MODEL_CALLS_MAX"),
    };
    server->upstream = upstream_open(&options);
    return server;
}

static const char *model_id(const void *state)
{
    return ((const struct embed_server *)state)->model_id;
}

static const char *model(const void *state)
{
    return ((const struct embed_server *)state)->model;
}

static size_t dimensions(const void *state)
{
    return ((const struct embed_server *)state)->dimensions;
}

/* -- texts -- */

/* By a rule that needs no tokenizer: two letters or digits of ASCII are a token at most (four in
 * English), any other byte is one. What is over is cut; a server that takes less says so. */
struct str embed_cut(struct str text)
{
    size_t halves = 0;
    for (size_t i = 0; i < text.length; i++) {
        halves += char_is_alnum(text.bytes[i]) || text.bytes[i] == ' ' ? 1 : 2;
        if (halves > 2 * TEXT_TOKENS_MAX)
            return str_cut_utf8(text, i);
    }
    return text;
}

static bool has_something(struct str text)
{
    for (size_t i = 0; i < text.length; i++)
        if ((unsigned char)text.bytes[i] > ' ')
            return true;
    return false;
}

/* The texts that are sent: those that are empty have no vector, and are refused by servers. */
struct job {
    struct embed_server *server;
    struct arena *arena;
    struct str *texts;
    float **rows;
    size_t count;
    size_t batch_max; /* texts; less once the server found them too long */
    size_t text_max;  /* bytes of what is cut because of the server */
    struct embed_usage *usage;
};

static void job_start(struct job *job, const struct str *texts, size_t count, float *out)
{
    size_t dimensions = job->server->dimensions, text_max = atomic_load(&job->server->text_max);
    memset(out, 0, count * dimensions * sizeof(*out));
    job->texts = arena_array(job->arena, count, sizeof(*job->texts));
    job->rows = arena_array(job->arena, count, sizeof(*job->rows));
    job->batch_max = BATCH_TEXTS;
    job->text_max = text_max;
    for (size_t i = 0; i < count; i++) {
        struct str text = str_cut_utf8(embed_cut(texts[i]), text_max);
        if (!has_something(text))
            continue;
        job->texts[job->count] = text;
        job->rows[job->count++] = out + i * dimensions;
    }
}

static size_t batch_from(const struct job *job, size_t at)
{
    size_t count = 0, bytes = 0;
    while (at + count < job->count && count < job->batch_max) {
        bytes += job->texts[at + count].length;
        if (count > 0 && bytes > BATCH_BYTES)
            break;
        count++;
    }
    return count;
}

/* -- one request -- */

struct batch {
    struct job *job;
    size_t at, count;
    unsigned refused, fields; /* enum embed_field */
    unsigned tries, changes, broken;
    struct fetch_response response;
};

static void write_body(const struct batch *batch, struct strbuf *out)
{
    const struct embed_server *server = batch->job->server;
    strbuf_add_char(out, '{');
    json_add_key(out, "model");
    json_add_text(out, server->model);
    json_add_key(out, "input");
    strbuf_add_char(out, '[');
    for (size_t i = 0; i < batch->count; i++) {
        json_add_separator(out);
        json_add_string(out, batch->job->texts[batch->at + i]);
    }
    strbuf_add_char(out, ']');
    if (batch->fields & EMBED_DIMENSIONS) {
        json_add_key(out, "dimensions");
        json_add_integer(out, (int64_t)server->dimensions);
    }
    if (batch->fields & EMBED_BASE64) {
        json_add_key(out, "encoding_format");
        json_add_text(out, "base64");
    }
    strbuf_add_char(out, '}');
}

/* True when there was a response, whatever it says. */
TASK_WAITS static bool fetch(struct batch *batch, struct error *err)
{
    struct embed_server *server = batch->job->server;
    struct strbuf body = strbuf_init(REQUEST_SIZE_MAX);
    batch->fields = server->fields & ~batch->refused;
    write_body(batch, &body);
    uint64_t left_ms = task_current() ? task_time_left_ms() : UINT64_MAX;
    const struct fetch_request request = {
        .upstream = server->upstream,
        .method = "POST",
        .url = server->url,
        .headers = server->endpoint.headers,
        .header_count = server->endpoint.header_count,
        .body = strbuf_str(&body),
        /* One that is silent for as long as it is waited for at all has failed. */
        .idle_ms = left_ms < server->idle_ms ? left_ms + 1 : server->idle_ms,
        .body_max = REPLY_REST_MAX + batch->count * server->dimensions * NUMBER_SIZE_MAX,
        .repeatable = true,
        .is_final = embed_problem_is_final,
        .failure = ERROR_MODEL,
    };
    batch->response = (struct fetch_response){0};
    bool ok = strbuf_ok(&body) || error_set(err, ERROR_TOO_LARGE, "the texts are too long");
    uint64_t began_ms = clock_monotonic_ms();
    ok = ok && http_fetch(&request, batch->job->arena, &batch->response, err);
    /* Fewer texts may take less time. */
    batch->job->usage->by_texts = !ok && (err->code == ERROR_DEADLINE ||
                                          clock_monotonic_ms() - began_ms >= request.idle_ms);
    batch->tries += batch->response.tries;
    strbuf_clear(&body);
    return ok;
}

enum outcome { OUTCOME_DONE, OUTCOME_FAILED, OUTCOME_AGAIN, OUTCOME_TOO_LONG };

static void count_usage(struct embed_usage *usage, int64_t tokens)
{
    usage->calls++;
    usage->tokens += tokens > 0 ? tokens : 0;
    usage->untold += tokens < 0;
}

static bool explain_broken(const struct embed_server *server, const struct embed_reading *reading,
                           struct error *err)
{
    if (reading->dimensions_given > 0)
        return error_set(err, ERROR_MODEL,
                         "%s gave a vector of %zu numbers for '%s' where %zu were asked for; set "
                         "QUERENT_EMBED_DIMENSIONS to %zu, or another QUERENT_EMBED_MODEL",
                         server->title, reading->dimensions_given, server->model,
                         reading->dimensions, reading->dimensions_given);
    return error_set(err, ERROR_MODEL, "%s gave %s; check %s", server->title, reading->problem,
                     server->url_setting);
}

TASK_WAITS static enum outcome read_reply(struct batch *batch, struct error *err)
{
    struct embed_server *server = batch->job->server;
    struct embed_reading reading = {
        .body = batch->response.body,
        .count = batch->count,
        .dimensions = server->dimensions,
        .rows = batch->job->rows + batch->at,
    };
    if (!task_offload(embed_read_vectors, &reading, err))
        return OUTCOME_FAILED;
    count_usage(batch->job->usage, reading.tokens);
    if (reading.ok)
        return OUTCOME_DONE;
    explain_broken(server, &reading, err);
    /* A model's length does not change by itself. */
    batch->job->usage->by_texts = reading.dimensions_given == 0;
    if (reading.dimensions_given > 0 || ++batch->broken >= TRIES_BROKEN_MAX)
        return OUTCOME_FAILED;
    log_info("embeddings are asked for again: %s", err->message);
    error_clear(err);
    return OUTCOME_AGAIN;
}

static enum outcome after_refusal(struct batch *batch, struct error *err)
{
    struct embed_server *server = batch->job->server;
    struct server_problem problem =
        embed_read_problem(server, batch->response.status, batch->response.body, batch->job->arena);
    unsigned field = embed_refused_field(&problem, batch->fields);
    if (field != 0 && batch->changes++ < CHANGES_MAX) {
        batch->refused |= field;
        return OUTCOME_AGAIN;
    }
    embed_explain(server, &problem, batch->tries, err);
    batch->job->usage->by_texts = embed_is_by_texts(&problem);
    bool shorter = batch->count > 1 ? embed_is_too_long(&problem) : embed_tells_length(&problem);
    return shorter ? OUTCOME_TOO_LONG : OUTCOME_FAILED;
}

TASK_WAITS static enum outcome run_batch(struct batch *batch, struct error *err)
{
    enum outcome outcome = OUTCOME_AGAIN;
    batch->refused = atomic_load(&batch->job->server->refused);
    while (outcome == OUTCOME_AGAIN) {
        struct arena_mark mark = arena_mark(batch->job->arena);
        if (!fetch(batch, err))
            outcome = OUTCOME_FAILED;
        else if (batch->response.status == 200)
            outcome = read_reply(batch, err);
        else
            outcome = after_refusal(batch, err);
        arena_rollback(batch->job->arena, mark);
    }
    if (outcome == OUTCOME_DONE)
        atomic_fetch_or(&batch->job->server->refused, batch->refused);
    return outcome;
}

/* -- all of them -- */

/* Fewer texts at once, or less of the one: then of all that come after it as well, since a model that
 * reads little would refuse them too; later calls know it once that has worked. False when nothing is left to leave out. */
static bool make_shorter(struct job *job, size_t at, size_t count)
{
    if (count > 1) {
        job->batch_max = count / 2;
        return true;
    }
    struct str *text = &job->texts[at];
    if (text->length <= TEXT_SIZE_MIN)
        return false;
    size_t text_max = text->length / 2;
    for (size_t i = at; i < job->count; i++)
        job->texts[i] = str_cut_utf8(job->texts[i], text_max);
    job->text_max = text_max;
    return true;
}

/* A call for one text may be a question, which somebody else has written: it changes nothing for others. */
static void keep_text_max(const struct job *job)
{
    if (job->count > 1 && job->text_max < atomic_load(&job->server->text_max))
        atomic_store(&job->server->text_max, job->text_max);
}

TASK_WAITS static bool run_job(struct job *job, struct error *err)
{
    for (size_t at = 0; at < job->count;) {
        struct batch batch = {.job = job, .at = at, .count = batch_from(job, at)};
        enum outcome outcome = run_batch(&batch, err);
        if (outcome == OUTCOME_DONE) {
            at += batch.count;
            keep_text_max(job);
            job->batch_max = job->batch_max > BATCH_TEXTS / 2 ? BATCH_TEXTS : 2 * job->batch_max;
        } else if (outcome != OUTCOME_TOO_LONG || !make_shorter(job, at, batch.count)) {
            return false;
        } else {
            error_clear(err);
        }
    }
    return true;
}

/* What /health/ready tells. A call that was given up because its question was says nothing. */
static void keep_state(struct embed_server *server, bool ok, const struct error *err)
{
    if (!ok && err->code == ERROR_CANCELLED)
        return;
    pthread_mutex_lock(&server->lock);
    server->state.called = true;
    server->state.ok = ok;
    server->state.at_ms = clock_real_ms();
    snprintf(server->state.message, sizeof(server->state.message), "%s", ok ? "" : err->message);
    pthread_mutex_unlock(&server->lock);
}

static void last_state(void *state, struct server_state *out)
{
    struct embed_server *server = state;
    pthread_mutex_lock(&server->lock);
    *out = server->state;
    pthread_mutex_unlock(&server->lock);
}

TASK_WAITS bool embed_openai_texts(void *state, const struct str *texts, size_t count, float *out,
                                   struct embed_usage *usage, struct error *err)
{
    struct embed_server *server = state;
    struct job job = {.server = server, .arena = arena_new(), .usage = usage};
    struct error failure = {0};
    usage->by_texts = false;
    job_start(&job, texts, count, out);
    bool ok = run_job(&job, &failure);
    if (job.count > 0)
        keep_state(server, ok, &failure);
    if (!ok && err)
        *err = failure;
    arena_free(job.arena);
    return ok;
}

const struct embedder_driver embedder_openai = {
    .name = "openai",
    .open = open_server,
    .close = close_server,
    .model_id = model_id,
    .dimensions = dimensions,
    .embed = embed_openai_texts,
    .model = model,
    .last_state = last_state,
    .check = embed_check_server,
};
