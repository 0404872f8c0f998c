/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/embedding.h"

#include <stdlib.h>
#include <string.h>

#include "agent/cached_parts.h"
#include "core/alloc.h"
#include "core/clock.h"
#include "core/log.h"
#include "core/metrics.h"
#include "core/settings.h"
#include "llm/models.h"
#include "net/endpoint.h"
#include "task/bound.h"

#define WARN_MS 60000
#define PAUSE_FIRST_MS 15000
#define PAUSE_MAX_MS 600000
/* A question on the command line has this many made itself; of more it says that they are missing. */
#define FILL_MAX 512
#define FILL_TIME_MS 20000
#define FILL_PAUSE_MS 60000 /* after a failure; further questions do not wait for another one */
#define FILL_ROUND_MS (10 * 60 * 1000) /* of the keeper, before it looks whether there is newer data */
#define COST_NANO_MAX ((int64_t)1 << 53)

/* ------------------------------------------------------------------ which one */

static bool is_own_server(const char *url)
{
    return !url || endpoint_is_openai(str_from(url));
}

static bool is_chosen_by_itself(void)
{
    const char *value = settings_text("QUERENT_EMBED");
    return !value || strcmp(value, "auto") == 0;
}

const char *embedding_chosen(void)
{
    if (!is_chosen_by_itself())
        return settings_text("QUERENT_EMBED");
    bool named = settings_text("QUERENT_EMBED_MODEL");
    if (settings_text("QUERENT_EMBED_BASE_URL"))
        return named ? "openai" : "builtin";
    bool key = settings_secret("QUERENT_EMBED_API_KEY") || settings_secret("OPENAI_API_KEY");
    bool cloud = strcmp(llm_chosen(), "planner") != 0;
    return key && cloud && (named || is_own_server(settings_text("OPENAI_BASE_URL"))) ? "openai"
                                                                                    : "builtin";
}

bool embedding_open(struct agent *agent, struct error *err)
{
    const char *prices = settings_text("QUERENT_MODEL_PRICES"), *name = embedding_chosen();
    agent->embedder = embedder_open("builtin", err);
    if (!agent->embedder || (prices && !model_prices_check(prices, err)))
        return false;
    if (strcmp(name, "builtin") == 0)
        return true;
    struct error failure = {0};
    bool asked_for = !is_chosen_by_itself();
    agent->server_embedder = embedder_open(name, asked_for ? err : &failure);
    if (agent->server_embedder || asked_for)
        return agent->server_embedder;
    log_warn("embeddings: %s; datasets are found by keywords and the built-in embeddings", failure.message);
    return true;
}

/* ------------------------------------------------------------------ the store's vectors */

static bool is_made_anew(const struct anew *anew, const char *id)
{
    for (size_t i = 0; i < anew->id_count; i++)
        if (strcmp(anew->ids[i], id) == 0)
            return true;
    return anew->all;
}

static bool load(void *context, const struct dataset *dataset, const char *version,
                 const char *model_id, float *vector, size_t dimensions)
{
    const struct vector_store *vectors = context;
    bool found = false;
    struct error err = {0};
    if (is_made_anew(vectors->anew, dataset->id))
        return false;
    if (!store_embedding_get(vectors->store, dataset->id, version, model_id, vector, dimensions,
                             &found, &err))
        log_warn("embedding of '%s': %s", dataset->id, err.message);
    return found;
}

static void save(void *context, const struct dataset *dataset, const char *version,
                 const char *model_id, const float *vector, size_t dimensions)
{
    struct vector_store *vectors = context;
    struct error err = {0};
    vectors->made++;
    if (!store_embedding_put(vectors->store, dataset->id, version, model_id, vector, dimensions,
                             &err))
        log_warn("embedding of '%s': %s", dataset->id, err.message);
}

static bool load_by_data(void *context, const struct dataset *dataset, const char *model_id,
                         float *vector, size_t dimensions)
{
    return load(context, dataset, dataset->version, model_id, vector, dimensions);
}

static void save_by_data(void *context, const struct dataset *dataset, const char *model_id,
                         const float *vector, size_t dimensions)
{
    save(context, dataset, dataset->version, model_id, vector, dimensions);
}

struct vector_cache embedding_cache(struct vector_store *vectors)
{
    return (struct vector_cache){vectors, load_by_data, save_by_data};
}

/* ------------------------------------------------------------------ what it costs */

static void price(const struct agent *agent, const struct embed_usage *used, struct usage *out)
{
    const struct model_name name = {embedder_name(agent->server_embedder),
                                    embedder_model(agent->server_embedder), ""};
    struct chat_usage priced = {.input = used->tokens, .calls = (unsigned)used->calls};
    model_price_usage(&name, settings_text("QUERENT_MODEL_PRICES"), &priced);
    int64_t cost = priced.priced ? priced.cost_nano : 0;
    *out = (struct usage){
        .provider = name.provider,
        .model = name.asked,
        .calls = used->calls,
        .input = used->tokens,
        .cost_nano = cost < COST_NANO_MAX ? cost : COST_NANO_MAX,
        .unpriced = priced.priced ? used->untold : used->calls,
    };
}

static void count_usage(const struct usage *usage)
{
    metrics_add(METRIC_EMBEDDING_CALLS, 0, 0, usage->calls);
    metrics_add(METRIC_EMBEDDING_TOKENS, 0, 0, usage->input);
    metrics_add(METRIC_EMBEDDING_COST, 0, 0, usage->cost_nano / 1000);
}

bool embedding_usage(const struct run *run, struct usage *out)
{
    if (run->embedded.calls == 0)
        return false;
    price(run->agent, &run->embedded, out);
    return true;
}

void embedding_count(const struct run *run)
{
    struct usage usage;
    if (embedding_usage(run, &usage))
        count_usage(&usage);
}

TASK_WAITS static void save_usage(struct agent *agent, const struct embed_usage *used)
{
    struct usage usage;
    struct error err = {0};
    if (used->calls == 0)
        return;
    price(agent, used, &usage);
    count_usage(&usage);
    if (!store_usage_add(agent->store, EMBEDDING_INDEX_USER, &usage, &err))
        log_warn("what embeddings have used can't be saved: %s", err.message);
}

/* ------------------------------------------------------------------ datasets */

bool embedding_is_wanted(const struct agent *agent, const struct knowledge *knowledge)
{
    return agent->server_embedder && knowledge->catalog->dataset_count > 1;
}

size_t embedding_made(const struct agent *agent, const struct knowledge *knowledge)
{
    return embedding_is_wanted(agent, knowledge) ? retrieval_server_vectors_made(knowledge->retrieval)
                                                 : knowledge->embeddings_made;
}

static void show_progress(void *context, size_t done, size_t total)
{
    const struct refresh_request *request = context;
    request->progress(request->progress_context, done, total, "embeddings");
}

TASK_WAITS bool embedding_fill(struct agent *agent, struct knowledge *knowledge,
                               const struct embedding_work *work, struct error *err)
{
    if (!embedding_is_wanted(agent, knowledge))
        return true;
    bool shown = work->request && work->request->progress;
    struct embed_usage used = {0};
    struct vector_store vectors = {.store = agent->store, .anew = &knowledge->anew};
    const struct server_vector_cache cache = {&vectors, load, save};
    struct server_vectors_request request = {
        .embedder = agent->server_embedder,
        .cache = &cache,
        .load_only = work->time_max_ms == 0,
        .progress = shown ? show_progress : NULL,
        .progress_context = (void *)(uintptr_t)work->request,
        .usage = &used,
    };
    bool bounded = work->time_max_ms > 0 && task_current();
    struct task_bound bounds = {0};
    if (bounded)
        bounds = task_bound_begin(work->time_max_ms);
    bool ok = retrieval_make_server_vectors(knowledge->retrieval, &request, err);
    if (bounded)
        task_bound_end(&bounds);
    save_usage(agent, &used);
    metrics_set(METRIC_EMBEDDINGS_MISSING, 0, 0,
                (int64_t)retrieval_server_vectors_missing(knowledge->retrieval));
    return ok && retrieval_server_vectors_missing(knowledge->retrieval) == 0;
}

/* ------------------------------------------------------------------ in the background */

struct embedding_keeper {
    struct agent *agent;
    struct task *task;
    struct task_event wake;
    bool stopping;
};

/* Whether nothing is left to do; or some was done at least. */
TASK_WAITS static bool keep_once(struct embedding_keeper *keeper, bool *some)
{
    struct agent *agent = keeper->agent;
    struct knowledge *knowledge = agent_take_knowledge(agent);
    const struct embedding_work work = {.time_max_ms = FILL_ROUND_MS};
    struct error err = {0};
    size_t missing = retrieval_server_vectors_missing(knowledge->retrieval);
    bool done = !embedding_is_wanted(agent, knowledge) || missing == 0;
    if (!done) {
        log_info("embeddings of %zu datasets are made with %s", missing,
                 embedder_model(agent->server_embedder));
        done = embedding_fill(agent, knowledge, &work, &err);
        if (done)
            log_info("all datasets have embeddings of %s", embedder_model(agent->server_embedder));
        else if (err.code != ERROR_CANCELLED)
            log_warn("embeddings of datasets: %s; they are made later, and datasets are found by "
                     "keywords and the built-in embeddings until then",
                     err.message);
    }
    *some = retrieval_server_vectors_missing(knowledge->retrieval) < missing;
    knowledge_unref(knowledge);
    return done;
}

static void keep(void *arg)
{
    struct embedding_keeper *keeper = arg;
    uint64_t pause_ms = 0;
    while (!keeper->stopping) {
        bool some = false;
        if (keep_once(keeper, &some))
            pause_ms = 0;
        else
            pause_ms = pause_ms == 0 || some               ? PAUSE_FIRST_MS
                       : pause_ms > PAUSE_MAX_MS / 2 ? PAUSE_MAX_MS
                                                   : 2 * pause_ms;
        if (!keeper->stopping)
            (void)task_event_wait(&keeper->wake, pause_ms, NULL);
    }
}

bool embedding_keeper_start(struct agent *agent, struct error *err)
{
    static const struct task_options options = {.name = "embeddings"};
    if (!agent->server_embedder)
        return true;
    struct embedding_keeper *keeper = xcalloc(1, sizeof(*keeper));
    keeper->agent = agent;
    keeper->task = task_start(agent->loop, &options, keep, keeper, err);
    if (!keeper->task) {
        free(keeper);
        return false;
    }
    task_ref(keeper->task);
    agent->keeper = keeper;
    return true;
}

TASK_WAITS void embedding_keeper_stop(struct agent *agent)
{
    struct embedding_keeper *keeper = agent->keeper;
    if (!keeper)
        return;
    keeper->stopping = true;
    task_cancel(keeper->task);
    /* Its end is sure to come soon: all its waits fail now. */
    task_shield_begin(UINT32_MAX);
    (void)task_join(keeper->task, NULL);
    task_shield_end();
    task_unref(keeper->task);
    agent->keeper = NULL;
    free(keeper);
}

void embedding_keeper_wake(struct agent *agent)
{
    if (agent->keeper)
        task_event_signal(&agent->keeper->wake);
}

/* ------------------------------------------------------------------ a question */

static struct agent *primary_of(struct agent *agent)
{
    return agent->primary ? agent->primary : agent;
}

/* Each question would say the same while a server is away. */
static void warn(struct agent *agent, const struct error *err)
{
    struct agent *primary = primary_of(agent);
    unsigned long long now = clock_monotonic_ms(), last = atomic_load(&primary->embedding_warned_ms);
    if ((last == 0 || now - last >= WARN_MS) &&
        atomic_compare_exchange_strong(&primary->embedding_warned_ms, &last, now))
        log_warn("the embedding model can't be asked: %s", err->message);
}

#define GOES_ON "datasets were found by keywords and the built-in embeddings."

/* On the command line, where nobody works in the background. */
TASK_WAITS static bool fill_now(struct run *run, struct error *err)
{
    struct agent *agent = run->agent;
    const struct embedding_work work = {.time_max_ms = FILL_TIME_MS};
    if (agent->primary || agent->serves || clock_monotonic_ms() < agent->fill_after_ms ||
        retrieval_server_vectors_missing(run->knowledge->retrieval) > FILL_MAX)
        return true;
    struct error failure = {0};
    bool ok = embedding_fill(agent, run->knowledge, &work, &failure);
    if (!task_check(err))
        return false;
    if (!ok) {
        agent->fill_after_ms = clock_monotonic_ms() + FILL_PAUSE_MS;
        warn(agent, &failure);
    }
    return true;
}

static struct cache_key question_key(struct run *run, struct str text)
{
    struct cache_parts parts = {.arena = run->arena};
    cache_parts_add_text(&parts, embedder_model_id(run->agent->server_embedder));
    cache_parts_add(&parts, text);
    return cache_parts_key(&parts, CACHE_EMBEDDING);
}

TASK_WAITS static const float *from_cache(struct run *run, const struct cache_key *key)
{
    struct str value = {0};
    size_t size = embedder_dimensions(run->agent->server_embedder) * sizeof(float);
    if (!run->question.use_cache)
        return NULL;
    enum cache_level level = cache_get(run->agent->cache, CACHE_EMBEDDING, key, run->arena, &value);
    if (level == CACHE_MISS || value.length != size)
        return NULL;
    run->cache_hits[CACHE_EMBEDDING] = level;
    return arena_memdup(run->arena, value.bytes, size); /* floats have to be aligned */
}

TASK_WAITS static const float *ask(struct run *run, struct str text, struct error *err)
{
    struct agent *agent = run->agent;
    size_t dimensions = embedder_dimensions(agent->server_embedder);
    float *vector = arena_array(run->arena, dimensions, sizeof(*vector));
    uint64_t wait_ms = (uint64_t)settings_integer("QUERENT_EMBED_WAIT_S") * 1000;
    struct task_bound bounds = task_bound_begin(wait_ms);
    struct embed_usage used = {0};
    bool ok = embedder_embed_counted(agent->server_embedder, &text, 1, vector, &used, err);
    task_bound_end(&bounds);
    run->embedded.calls += used.calls;
    run->embedded.tokens += used.tokens;
    run->embedded.untold += used.untold;
    return ok ? vector : NULL;
}

TASK_WAITS bool embedding_of_question(struct run *run, struct str text, const float **out,
                                      struct error *err)
{
    struct agent *agent = run->agent;
    struct error failure = {0};
    *out = NULL;
    if (!embedding_is_wanted(agent, run->knowledge) || run->question.dry ||
        run->question.dataset_filter_count == 1)
        return true;
    if (retrieval_server_vectors_missing(run->knowledge->retrieval) > 0 && !fill_now(run, err))
        return false;
    if (retrieval_server_vectors_missing(run->knowledge->retrieval) > 0) {
        run->retrieval_notice = "The embedding model's vectors are not all there yet; " GOES_ON;
        return true;
    }
    struct cache_key key = question_key(run, text);
    *out = from_cache(run, &key);
    if (*out)
        return true;
    *out = ask(run, text, &failure);
    if (!task_check(err))
        return false;
    if (*out && run->question.use_cache)
        cache_put(agent->cache, CACHE_EMBEDDING, &key,
                  (struct str){(const char *)*out,
                               embedder_dimensions(agent->server_embedder) * sizeof(float)},
                  NULL);
    if (!*out) {
        warn(agent, &failure);
        run->retrieval_notice = "The embedding model could not be asked; " GOES_ON;
    }
    return true;
}
