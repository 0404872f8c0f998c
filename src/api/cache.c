/* SPDX-License-Identifier: Apache-2.0 */
/* What the caches hold, and clearing them. */
#include "agent/clear_cache.h"
#include "api/admin.h"
#include "core/json.h"

#define STATS_SIZE_MAX (64 * 1024)
#define DATASET_LENGTH_MAX 256 /* characters */

TASK_WAITS static void stats(struct api_request *request)
{
    struct cache_report report;
    struct error err = {0};
    if (!cache_report(request->api->agent->cache, &report, &err)) {
        api_reply_error(request, &err);
        return;
    }
    struct strbuf json = strbuf_init(STATS_SIZE_MAX);
    cache_report_json(&report, true, &json);
    api_reply_json(request, 200, strbuf_str(&json));
    strbuf_clear(&json);
}

enum { CLEAR_TYPE, CLEAR_DATASET, CLEAR_EXPIRED };

TASK_WAITS static void clear(struct api_request *request)
{
    struct agent *agent = request->api->agent;
    struct clear_cache what = {
        .type = api_parameter_text(request, CLEAR_TYPE),
        .dataset_id = api_parameter_text(request, CLEAR_DATASET),
        .expired_only = json_is_true(request->parameters[CLEAR_EXPIRED]),
        .act = admin_act(request, "cache.clear"),
    };
    int64_t removed;
    struct error err = {0};
    if (!clear_cache(agent->store, agent->cache, &what, &removed, &err)) {
        api_reply_error(request, &err);
        return;
    }
    struct strbuf json = strbuf_init(256);
    strbuf_printf(&json, "{\"status\":\"cleared\",\"removed\":%lld}", (long long)removed);
    api_reply_json(request, 200, strbuf_str(&json));
    strbuf_clear(&json);
}

static const char *const type_names[] = {"sql_result", "dataset_selection", "sql_generation",
                                         "metadata",   "response",          "embedding", NULL};
_Static_assert(sizeof(type_names) / sizeof(type_names[0]) == CACHE_TYPES + 1, "all types of cache.c");

static const struct field type_fields[] = {
    {"type", FIELD_STRING, .required = true, .choices = type_names},
    {"ttl_s", FIELD_INTEGER, .required = true, .description = "How long an entry lives, in seconds"},
    {"entries", FIELD_INTEGER, .required = true},
    {"hits", FIELD_INTEGER, .required = true},
    {"bytes", FIELD_INTEGER, .required = true},
};
static MODEL(model_type, "CacheTypeStats", type_fields, "The entries of one type.");

static const struct field process_fields[] = {
    {"memory_entries", FIELD_INTEGER, .required = true},
    {"memory_bytes", FIELD_INTEGER, .required = true},
    {"memory_bytes_max", FIELD_INTEGER, .required = true, .description = "QUERENT_CACHE_MB in bytes"},
    {"hits", FIELD_INTEGER, .required = true, .description = "Since the start, in memory or store"},
    {"misses", FIELD_INTEGER, .required = true},
    {"dropped", FIELD_INTEGER, .required = true,
     .description = "Not kept in the store, because too much waited for it"},
};
static MODEL(model_process, "CacheProcessStats", process_fields, "The memory of this server.");

static const struct field stats_fields[] = {
    {"total_entries", FIELD_INTEGER, .required = true},
    {"total_hits", FIELD_INTEGER, .required = true, .description = "Of the entries that there are"},
    {"avg_hit_rate", FIELD_NUMBER, .required = true, .description = "Hits an entry"},
    {"by_type", FIELD_OBJECT, .required = true,
     .description = "How many entries of each type that has any",
     .example = "{\"sql_result\": 12, \"response\": 7}"},
    {"types", FIELD_LIST, .required = true, .item = FIELD_MODEL, .model = &model_type},
    {"process", FIELD_MODEL, .required = true, .model = &model_process},
};
static MODEL(model_stats, "CacheStats", stats_fields, "What is cached, and how often it was of use.");

static const char *const cleared[] = {"cleared", NULL};

static const struct field cleared_fields[] = {
    {"status", FIELD_STRING, .required = true, .choices = cleared},
    {"removed", FIELD_INTEGER, .required = true, .description = "How many entries"},
};
static MODEL(model_cleared, "CacheCleared", cleared_fields, "What was removed.");

static const struct field clear_parameters[] = {
    {.name = "type", .kind = FIELD_STRING, .nullable = true, .choices = type_names,
     .description = "Only entries of this type"},
    {.name = "dataset_id", .kind = FIELD_STRING, .nullable = true, .length_min = 1,
     .length_max = DATASET_LENGTH_MAX, .description = "Only entries that belong to this dataset"},
    {.name = "expired_only", .kind = FIELD_BOOLEAN, .fallback = "false",
     .description = "Only entries whose time is over"},
};

const struct route cache_stats_route = {
    .method = "GET", .path = "/api/v1/admin/cache/stats", .name = "get_cache_stats", .tag = "admin",
    .summary = "What is cached, and how often it was of use", .mode = ROUTE_IN_TASK, .handle = stats,
    .reply = &model_stats, .admin = true,
};

const struct route cache_clear_route = {
    .method = "DELETE", .path = "/api/v1/admin/cache", .name = "clear_cache", .tag = "admin",
    .summary = "Clear the caches, or a part of them", .mode = ROUTE_IN_TASK, .handle = clear,
    .description = "Without parameters, all of it. What was cleared is worked out anew. Other servers on the "
                   "same store forget it within some seconds.",
    .parameters = clear_parameters, .parameter_count = 3, .reply = &model_cleared, .admin = true,
};
