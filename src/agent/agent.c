/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/agent.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "agent/cached_parts.h"
#include "agent/embedding.h"
#include "core/alloc.h"
#include "core/clock.h"
#include "core/directory.h"
#include "core/log.h"
#include "core/settings.h"

#define VECTORS_NEW_MS 30000
#define VECTORS_ANEW_MS 60000

/* ------------------------------------------------------------------ knowledge */

struct knowledge *knowledge_ref(struct knowledge *knowledge)
{
    atomic_fetch_add(&knowledge->references, 1);
    return knowledge;
}

void knowledge_unref(struct knowledge *knowledge)
{
    if (!knowledge || atomic_fetch_sub(&knowledge->references, 1) > 1)
        return;
    retrieval_index_free(knowledge->retrieval);
    for (size_t i = 0; knowledge->indexes && i < knowledge->catalog->dataset_count; i++)
        dataset_index_free(knowledge->indexes[i]);
    free(knowledge->indexes);
    for (size_t i = 0; i < knowledge->anew.id_count; i++)
        free(knowledge->anew.ids[i]);
    free(knowledge->anew.ids);
    catalog_unref(knowledge->catalog);
    free(knowledge);
}

const struct dataset_index *knowledge_index(const struct knowledge *knowledge,
                                            const struct dataset *dataset)
{
    size_t i = (size_t)(dataset - knowledge->catalog->datasets);
    assert(i < knowledge->catalog->dataset_count);
    return knowledge->indexes[i];
}

struct index_work {
    const struct planner *planner;
    struct knowledge *knowledge;
};

static void make_indexes(void *arg)
{
    struct index_work *work = arg;
    const struct catalog *catalog = work->knowledge->catalog;
    for (size_t i = 0; i < catalog->dataset_count; i++)
        work->knowledge->indexes[i] = dataset_index_new(work->planner, &catalog->datasets[i]);
}

static void keep_anew(struct anew *anew, const struct refresh_request *request)
{
    if (!request || !request->anew)
        return;
    anew->all = !request->only;
    anew->id_count = request->only ? request->only_count : 0;
    anew->ids = xcalloc(anew->id_count + 1, sizeof(*anew->ids));
    for (size_t i = 0; i < anew->id_count; i++)
        anew->ids[i] = xstrdup(request->only[i]);
}

/* Takes over the reference to the catalog, also when it fails. */
TASK_WAITS static struct knowledge *knowledge_new_take(struct agent *agent,
                                                       struct catalog *catalog,
                                                       const struct refresh_request *request,
                                                       uint64_t vectors_time_ms, struct error *err)
{
    struct knowledge *knowledge = xcalloc(1, sizeof(*knowledge));
    atomic_init(&knowledge->references, 1);
    knowledge->catalog = catalog;
    keep_anew(&knowledge->anew, request);
    for (size_t i = 0; i < catalog->dataset_count; i++) {
        knowledge->restricted |= cache_parts_restricted(&catalog->datasets[i].access);
        knowledge->own_zones |= catalog->datasets[i].calendar.time_zone != NULL;
    }
    knowledge->indexes = xcalloc(catalog->dataset_count, sizeof(*knowledge->indexes));
    struct vector_store vectors = {.store = agent->store, .anew = &knowledge->anew};
    struct vector_cache cache = embedding_cache(&vectors);
    struct index_work work = {agent->planner, knowledge};
    knowledge->retrieval = retrieval_index_new(catalog->datasets, catalog->dataset_count,
                                               agent->embedder, &cache, err);
    if (!knowledge->retrieval || !task_offload(make_indexes, &work, err)) {
        knowledge_unref(knowledge);
        return NULL;
    }
    knowledge->embeddings_made = vectors.made;
    const struct embedding_work embedding = {vectors_time_ms, request};
    struct error late = {0};
    if (!embedding_fill(agent, knowledge, &embedding, &late) && vectors_time_ms > 0)
        log_warn("embeddings of datasets: %s; they are made later", late.message);
    knowledge->embeddings_made = embedding_made(agent, knowledge);
    if (!task_check(err)) {
        knowledge_unref(knowledge);
        return NULL;
    }
    return knowledge;
}

/* ------------------------------------------------------------------ verified queries */

struct verified_work {
    const struct verified_record *records;
    size_t count;
    int64_t version;
    const struct catalog *catalog;
    struct verified_set *set;
};

static void make_verified(void *arg)
{
    struct verified_work *work = arg;
    work->set = verified_set_new(work->records, work->count, work->version, work->catalog);
}

static bool is_newest(const struct verified_set *set, int64_t version,
                      const struct catalog *catalog)
{
    return set && set->version >= version && strcmp(set->catalog_version, catalog->version) == 0;
}

/* Puts the set in its place, unless a newer one is there or the catalog is another by now. */
static void put_verified(struct agent *agent, struct verified_set *fresh,
                         const struct knowledge *knowledge)
{
    struct verified_set *old = fresh;
    pthread_mutex_lock(&agent->knowledge_lock);
    if (agent->knowledge == knowledge &&
        !is_newest(agent->verified, fresh->version, knowledge->catalog)) {
        old = agent->verified;
        agent->verified = fresh;
    }
    pthread_mutex_unlock(&agent->knowledge_lock);
    verified_set_unref(old);
}

TASK_WAITS bool agent_reload_verified(struct agent *agent, struct error *err)
{
    if (agent->primary)
        agent = agent->primary;
    struct knowledge *knowledge = agent_take_knowledge(agent);
    struct arena *arena = arena_new();
    struct verified_work work = {.catalog = knowledge->catalog};
    struct verified_record *records = NULL;
    int64_t version = 0;
    pthread_mutex_lock(&agent->knowledge_lock);
    struct verified_set *known = agent->verified ? verified_set_ref(agent->verified) : NULL;
    pthread_mutex_unlock(&agent->knowledge_lock);
    bool ok = store_verified_version(agent->store, &version, err);
    if (ok && !is_newest(known, version, knowledge->catalog)) {
        ok = store_verified_load(agent->store, arena, &records, &work.count, &work.version, err);
        work.records = records;
        ok = ok && task_offload(make_verified, &work, err);
        if (ok)
            put_verified(agent, work.set, knowledge);
    }
    verified_set_unref(known);
    arena_free(arena);
    knowledge_unref(knowledge);
    return ok;
}

TASK_WAITS struct verified_set *agent_take_verified(struct agent *agent)
{
    if (agent->primary)
        agent = agent->primary;
    unsigned long long now = clock_monotonic_ms(), looked = atomic_load(&agent->verified_looked_ms);
    struct error err = {0};
    /* Who wins the exchange looks; the others take what there is. */
    if (now - looked >= VERIFIED_LOOK_MS &&
        atomic_compare_exchange_strong(&agent->verified_looked_ms, &looked, now) &&
        !agent_reload_verified(agent, &err) && err.code != ERROR_CANCELLED)
        log_warn("verified queries: %s", err.message);
    pthread_mutex_lock(&agent->knowledge_lock);
    struct verified_set *set = agent->verified ? verified_set_ref(agent->verified) : NULL;
    pthread_mutex_unlock(&agent->knowledge_lock);
    return set;
}

/* ------------------------------------------------------------------ opening */

struct store *agent_open_store(struct error *err)
{
    char *url = settings_text("DATABASE_URL") ? xstrdup(settings_text("DATABASE_URL")) : NULL;
    if (!url) {
        struct strbuf path = strbuf_init(PATH_MAX + 64);
        strbuf_printf(&path, "sqlite:%s/store.sqlite", settings_home());
        url = xstrdup(strbuf_text(&path));
        strbuf_clear(&path);
    }
    struct store *store = store_open(url, err);
    free(url);
    return store;
}

static bool open_store(struct agent *agent, struct error *err)
{
    agent->store = agent_open_store(err);
    if (agent->store)
        agent->cache =
            cache_open(agent->store, (size_t)settings_integer("QUERENT_CACHE_MB") << 20);
    return agent->store != NULL;
}

/* "auto" is what this build has without keys. */
static const char *chosen(const char *setting, const char *automatic)
{
    const char *value = settings_text(setting);
    return !value || strcmp(value, "auto") == 0 ? automatic : value;
}

static bool open_parts(struct agent *agent, struct error *err)
{
    if (!directory_make(settings_home(), err))
        return error_wrap(err, "QUERENT_HOME");
    if (!open_store(agent, err))
        return false;
    if (!embedding_open(agent, err))
        return false;
    agent->planner = planner_open(settings_text("QUERENT_WEIGHTS"),
                                  settings_text("QUERENT_EMBEDDINGS"), err);
    if (!agent->planner)
        return false;
    agent->llm = llm_open(llm_chosen(), agent->planner, err);
    return agent->llm != NULL;
}

/* The folder that is set, else HOME/metadata if there is one. The caller frees it. */
static char *metadata_folder(void)
{
    if (settings_text("QUERENT_METADATA_DIR"))
        return xstrdup(settings_text("QUERENT_METADATA_DIR"));
    struct strbuf path = strbuf_init(PATH_MAX + 64);
    strbuf_printf(&path, "%s/metadata", settings_home());
    struct stat status;
    bool exists = stat(strbuf_text(&path), &status) == 0 && S_ISDIR(status.st_mode);
    char *folder = exists ? xstrdup(strbuf_text(&path)) : NULL;
    strbuf_clear(&path);
    return folder;
}

static void set_catalog_options(struct agent *agent, const struct agent_options *options)
{
    struct catalog_options *catalog = &agent->catalog_options;
    /* Files that somebody names are asked about alone, unless a folder was named as well. */
    if (options->data_path_count == 0 ||
        settings_source("QUERENT_METADATA_DIR") != SETTING_FROM_DEFAULT)
        agent->metadata_place = metadata_folder();
    *catalog = (struct catalog_options){
        .loop = agent->loop,
        .metadata_driver = chosen("QUERENT_METADATA", "folder"),
        .metadata_places = (const char *const *)&agent->metadata_place,
        .metadata_place_count = agent->metadata_place ? 1 : 0,
        .data_paths = options->data_paths,
        .data_path_count = options->data_path_count,
        .progress = options->progress,
        .progress_context = options->progress_context,
    };
}

TASK_WAITS struct agent *agent_open(struct loop *loop, const struct agent_options *options,
                                    struct error *err)
{
    struct agent *agent = xcalloc(1, sizeof(*agent));
    agent->loop = loop;
    agent->loop_count = 1;
    pthread_mutex_init(&agent->knowledge_lock, NULL);
    set_catalog_options(agent, options);
    struct catalog *catalog = NULL;
    if (open_parts(agent, err) && (catalog = catalog_open(&agent->catalog_options, err)))
        agent->knowledge = knowledge_new_take(agent, catalog, NULL, 0, err);
    if (!agent->knowledge || !agent_reload_verified(agent, err)) {
        agent_close(agent);
        return NULL;
    }
    atomic_store(&agent->verified_looked_ms, clock_monotonic_ms());
    return agent;
}

TASK_WAITS void agent_close(struct agent *agent)
{
    if (!agent)
        return;
    for (size_t i = 0; i < agent->engine_count; i++)
        engine_close(agent->engines[i]);
    if (agent->primary) {
        free(agent);
        return;
    }
    embedding_keeper_stop(agent);
    knowledge_unref(agent->knowledge);
    verified_set_unref(agent->verified);
    llm_close(agent->llm);
    planner_close(agent->planner);
    embedder_close(agent->embedder);
    embedder_close(agent->server_embedder);
    cache_close(agent->cache);
    store_close(agent->store);
    pthread_mutex_destroy(&agent->knowledge_lock);
    free(agent->metadata_place);
    free(agent);
}

struct agent *agent_share(struct agent *primary, struct loop *loop, unsigned loop_count)
{
    struct agent *agent = xcalloc(1, sizeof(*agent));
    agent->loop = loop;
    agent->primary = primary;
    agent->loop_count = loop_count;
    agent->store = primary->store;
    agent->cache = primary->cache;
    agent->embedder = primary->embedder;
    agent->server_embedder = primary->server_embedder;
    agent->planner = primary->planner;
    agent->llm = primary->llm;
    return agent;
}

struct knowledge *agent_take_knowledge(struct agent *agent)
{
    if (agent->primary)
        agent = agent->primary;
    pthread_mutex_lock(&agent->knowledge_lock);
    struct knowledge *knowledge = knowledge_ref(agent->knowledge);
    pthread_mutex_unlock(&agent->knowledge_lock);
    return knowledge;
}

static void put_knowledge(struct agent *agent, struct knowledge *fresh)
{
    pthread_mutex_lock(&agent->knowledge_lock);
    struct knowledge *old = agent->knowledge;
    agent->knowledge = fresh;
    pthread_mutex_unlock(&agent->knowledge_lock);
    knowledge_unref(old);
}

/* How long newer data waits for the vectors of what is new in it: the old data answers meanwhile, and
 * searches with the server's vectors, if it has them all. Where all are made anew it does not wait. */
static uint64_t vectors_time_ms(const struct agent *agent, const struct knowledge *old,
                                const struct refresh_request *request)
{
    bool whole = retrieval_server_vectors_missing(old->retrieval) == 0;
    return agent->server_embedder && whole && !request->anew ? VECTORS_NEW_MS : 0;
}

/* The data is in place; only who asked for it waits, so that what fails is seen. The keeper makes the rest. */
TASK_WAITS static void make_anew(struct agent *agent, struct knowledge *fresh,
                                 const struct refresh_request *request)
{
    const struct embedding_work work = {VECTORS_ANEW_MS, request};
    struct error late = {0};
    if (!embedding_fill(agent, fresh, &work, &late) && late.code != ERROR_CANCELLED)
        log_warn("embeddings of datasets: %s; they are made later", late.message);
    fresh->embeddings_made = embedding_made(agent, fresh);
}

TASK_WAITS bool agent_refresh_as(struct agent *agent, const struct refresh_request *request,
                                 struct knowledge **before, struct knowledge **after,
                                 struct error *err)
{
    /* Held, because another task may refresh and drop it while this one waits. */
    struct knowledge *old = agent_take_knowledge(agent), *fresh = NULL;
    struct catalog_options options = agent->catalog_options;
    options.only = request->only;
    options.only_count = request->only_count;
    options.anew = request->anew;
    if (request->progress) {
        options.progress = request->progress;
        options.progress_context = request->progress_context;
    }
    struct catalog *catalog = catalog_refresh(old->catalog, &options, err);
    if (catalog == old->catalog) {
        catalog_unref(catalog);
        fresh = knowledge_ref(old);
    } else if (catalog && (fresh = knowledge_new_take(agent, catalog, request,
                                                          vectors_time_ms(agent, old, request),
                                                          err))) {
        put_knowledge(agent, knowledge_ref(fresh));
    }
    if (!fresh || (fresh != old && !agent_reload_verified(agent, err))) {
        knowledge_unref(fresh);
        knowledge_unref(old);
        return false;
    }
    if (request->anew && fresh != old)
        make_anew(agent, fresh, request);
    embedding_keeper_wake(agent);
    *before = old;
    *after = fresh;
    return true;
}

TASK_WAITS bool agent_refresh(struct agent *agent, struct error *err)
{
    struct knowledge *before, *after;
    if (!agent_refresh_as(agent, &(struct refresh_request){0}, &before, &after, err))
        return false;
    knowledge_unref(before);
    knowledge_unref(after);
    return true;
}

TASK_WAITS bool agent_make_vectors(struct agent *agent, const struct refresh_request *request,
                                   struct error *err)
{
    const struct embedding_work work = {UINT32_MAX, request};
    return embedding_fill(agent, agent->knowledge, &work, err);
}

struct engine *agent_engine(struct agent *agent, const char *name, struct error *err)
{
    if (!name)
        name = chosen("QUERENT_ENGINE", "duckdb");
    for (size_t i = 0; i < agent->engine_count; i++)
        if (strcmp(engine_name(agent->engines[i]), name) == 0)
            return agent->engines[i];
    assert(agent->engine_count < SQL_DIALECTS);
    struct engine *engine = engine_open(agent->loop, name, agent->loop_count, err);
    if (engine)
        agent->engines[agent->engine_count++] = engine;
    return engine;
}
