/* SPDX-License-Identifier: Apache-2.0 */
/* GET /metrics: what the process has counted (core/metrics.h), and what can only be looked up when
 * somebody asks. On the loop: nothing here waits. */
#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "agent/run.h"
#include "api/routes.h"
#include "api/traffic.h"
#include "core/clock.h"
#include "core/metrics.h"
#include "net/fetch.h"
#include "version.h"

#define TEXT_BYTES_MAX (8 * 1024 * 1024)

_Static_assert((int)CACHE_TYPES == METRIC_CACHE_MAX, "core/metrics.h says how many");
_Static_assert(CACHE_HIT_SHARED + 1 == METRIC_LEVEL_MAX, "core/metrics.h says how many");
_Static_assert((int)SQL_DIALECTS == METRIC_ENGINE_MAX, "core/metrics.h says how many");

/* ---- names of labels ---- */

static void print_endpoint(void *context, unsigned index, struct strbuf *out)
{
    traffic_print_endpoint(index, out);
}

static void print_status(void *context, unsigned index, struct strbuf *out)
{
    static const char *const names[METRIC_STATUS_MAX] = {"other", "1xx", "2xx",
                                                         "3xx",   "4xx", "5xx"};
    metrics_add_label(out, "status", names[index]);
}

static void print_outcome(void *context, unsigned index, struct strbuf *out)
{
    static const char *const names[] = {
        [OUTCOME_ANSWERED] = "answered",
        [OUTCOME_NEEDS_CLARIFICATION] = "needs_clarification",
        [OUTCOME_NO_ANSWER] = "no_answer",
        [OUTCOME_CANCELLED] = "cancelled",
        [OUTCOME_CUT] = "cut",
        [OUTCOME_FAILED] = "failed",
    };
    bool failed = index >= OUTCOME_FAILED;
    metrics_add_label(out, "outcome", names[failed ? OUTCOME_FAILED : index]);
    metrics_add_label(out, "code", failed ? error_name(index - OUTCOME_FAILED) : "");
}

static void print_reply(void *context, unsigned index, struct strbuf *out)
{
    metrics_add_label(out, "reply", index == 0 ? "new" : "cached");
}

static void print_step(void *context, unsigned index, struct strbuf *out)
{
    metrics_add_label(out, "step", run_step_name(index));
}

static void print_engine(void *context, unsigned index, struct strbuf *out)
{
    static const char *const names[SQL_DIALECTS] = {
        [DIALECT_DUCKDB] = "duckdb", [DIALECT_SQLITE] = "sqlite", [DIALECT_POSTGRES] = "postgres",
        [DIALECT_TRINO] = "trino",   [DIALECT_DOMO] = "domo",
    };
    metrics_add_label(out, "engine", names[index]);
}

static void print_code(void *context, unsigned index, struct strbuf *out)
{
    metrics_add_label(out, "code", error_name(index));
}

static void print_worker_end(void *context, unsigned index, struct strbuf *out)
{
    static const char *const names[METRIC_WORKER_END_MAX] = {"stopped", "killed", "died"};
    metrics_add_label(out, "how", names[index]);
}

static void print_cache(void *context, unsigned index, struct strbuf *out)
{
    metrics_add_label(out, "type", cache_type_name(index));
}

static void print_level(void *context, unsigned index, struct strbuf *out)
{
    metrics_add_label(out, "level", index == CACHE_MISS ? "miss" : cache_level_name(index));
}

static void print_upstream(void *context, unsigned index, struct strbuf *out)
{
    metrics_add_label(out, "upstream", upstream_label_name(index));
}

static void print_fetch(void *context, unsigned index, struct strbuf *out)
{
    metrics_add_label(out, "outcome", fetch_outcome_name(index));
}

static void print_provider(void *context, unsigned index, struct strbuf *out)
{
    static const char *const names[METRIC_PROVIDER_MAX] = {"anthropic", "openai", "other"};
    metrics_add_label(out, "provider", names[index]);
}

static void print_tokens(void *context, unsigned index, struct strbuf *out)
{
    static const char *const names[METRIC_TOKENS_MAX] = {"input", "cached", "cache_written",
                                                         "output"};
    metrics_add_label(out, "kind", names[index]);
}

static void print_version(void *context, unsigned index, struct strbuf *out)
{
    metrics_add_label(out, "version", QUERENT_VERSION);
}

/* ---- what is looked up ---- */

static int64_t microseconds(const struct timespec *time)
{
    return (int64_t)time->tv_sec * 1000000 + time->tv_nsec / 1000;
}

/* The second number of /proc/self/statm: pages in memory. */
static int64_t resident_bytes(void)
{
    char text[128];
    long long size = 0, pages = 0;
    int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
    if (fd >= 0)
        close(fd);
    if (length <= 0)
        return 0;
    text[length] = '\0';
    return sscanf(text, "%lld %lld", &size, &pages) == 2 ? pages * sysconf(_SC_PAGESIZE) : 0;
}

static void look_at_process(const struct api_shared *shared)
{
    struct timespec cpu;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
    metrics_set(METRIC_MEMORY, 0, 0, resident_bytes());
    metrics_set(METRIC_CPU, 0, 0, microseconds(&cpu));
    metrics_set(METRIC_START_TIME, 0, 0, shared->started_us);
    metrics_set(METRIC_BUILD, 0, 0, 1);
}

static void look_at_queues(struct api_shared *shared)
{
    unsigned waiting, running;
    task_offload_counts(&waiting, &running);
    metrics_set(METRIC_OFFLOAD_WAITING, 0, 0, waiting);
    metrics_set(METRIC_OFFLOAD_RUNNING, 0, 0, running);
    metrics_set(METRIC_RUNS_RUNNING, 0, 0, (int64_t)run_queue_running(shared->queue));
    metrics_set(METRIC_RUNS_WAITING, 0, 0, (int64_t)run_queue_waiting(shared->queue));
}

static void look_at_agent(struct agent *agent)
{
    struct cache_stats stats;
    cache_stats(agent->cache, &stats);
    for (unsigned i = 0; i < CACHE_TYPES; i++)
        metrics_set(METRIC_CACHE_ENTRIES, i, 0, stats.types[i].entries);
    metrics_set(METRIC_CACHE_BYTES, 0, 0, (int64_t)stats.memory_bytes);
    metrics_set(METRIC_CACHE_DROPPED, 0, 0, stats.dropped);
    struct knowledge *knowledge = agent_take_knowledge(agent);
    metrics_set(METRIC_DATASETS, 0, 0, (int64_t)knowledge->catalog->dataset_count);
    knowledge_unref(knowledge);
}

static void metrics(struct api_request *request)
{
    const struct metric_label_names names[METRIC_LABEL_KINDS] = {
        [METRIC_LABEL_ENDPOINT] = {traffic_endpoint_count(), print_endpoint},
        [METRIC_LABEL_STATUS] = {METRIC_STATUS_MAX, print_status},
        [METRIC_LABEL_OUTCOME] = {METRIC_OUTCOME_MAX, print_outcome},
        [METRIC_LABEL_REPLY] = {METRIC_REPLY_MAX, print_reply},
        [METRIC_LABEL_STEP] = {METRIC_STEP_MAX, print_step},
        [METRIC_LABEL_ENGINE] = {METRIC_ENGINE_MAX, print_engine},
        [METRIC_LABEL_CODE] = {METRIC_CODE_MAX, print_code},
        [METRIC_LABEL_WORKER_END] = {METRIC_WORKER_END_MAX, print_worker_end},
        [METRIC_LABEL_CACHE] = {METRIC_CACHE_MAX, print_cache},
        [METRIC_LABEL_LEVEL] = {METRIC_LEVEL_MAX, print_level},
        [METRIC_LABEL_UPSTREAM] = {upstream_label_count(), print_upstream},
        [METRIC_LABEL_FETCH] = {METRIC_FETCH_MAX, print_fetch},
        [METRIC_LABEL_PROVIDER] = {METRIC_PROVIDER_MAX, print_provider},
        [METRIC_LABEL_TOKENS] = {METRIC_TOKENS_MAX, print_tokens},
        [METRIC_LABEL_VERSION] = {METRIC_VERSION_MAX, print_version},
    };
    struct api *api = request->api;
    look_at_process(api->shared);
    look_at_queues(api->shared);
    look_at_agent(api->shared->agent);
    struct strbuf text = strbuf_init(TEXT_BYTES_MAX);
    metrics_print(&text, names, NULL);
    struct http_header header = {STR("cache-control"), STR("no-store")};
    api_reply(request, 200, "text/plain; version=0.0.4; charset=utf-8", &header, 1,
              strbuf_str(&text));
    strbuf_clear(&text);
}

const struct route metrics_route = {
    .method = "GET",
    .path = "/metrics",
    .name = "metrics",
    .tag = "health",
    .summary = "What the server has counted, for Prometheus",
    .handle = metrics,
    .quiet = true,
    .reply_type = "text/plain",
};
