/* SPDX-License-Identifier: Apache-2.0 */
/* What is in the cache and how much it is used, as the plan's get_stats tells it and more. */
#include "cache/cache_priv.h"
#include "core/json.h"

static void add_store(struct cache_report *report, const struct cache_type_stats *stats)
{
    enum cache_type type = cache_type_find(stats->type);
    if (type == CACHE_TYPES)
        return; /* of another version of the program */
    report->types[type].entries = stats->entries;
    report->types[type].hits = stats->hits;
    report->types[type].bytes = stats->bytes;
}

/* Entries on their way to the store, or that it did not take, are in memory only. */
static void add_memory(struct cache_report *report, bool has_store)
{
    for (enum cache_type type = 0; type < CACHE_TYPES; type++) {
        report->types[type].hits += report->memory.types[type].unsaved_hits;
        if (report->memory.types[type].entries > report->types[type].entries)
            report->types[type].entries = report->memory.types[type].entries;
        if (!has_store)
            report->types[type].bytes = report->memory.types[type].bytes;
        report->entries += report->types[type].entries;
        report->hits += report->types[type].hits;
    }
}

TASK_WAITS bool cache_report(struct cache *cache, struct cache_report *out, struct error *err)
{
    struct cache_report report = {0};
    struct cache_type_stats *stats = NULL;
    size_t count = 0;
    struct arena *arena = arena_new();
    bool ok = !cache->store || store_cache_stats(cache->store, arena, &stats, &count, err);
    for (size_t i = 0; ok && i < count; i++)
        add_store(&report, &stats[i]);
    arena_free(arena);
    cache_stats(cache, &report.memory);
    add_memory(&report, cache->store != NULL);
    if (ok)
        *out = report;
    return ok;
}

double cache_report_rate(const struct cache_report *report)
{
    return report->entries > 0 ? (double)report->hits / (double)report->entries : 0;
}

static void add_types(struct strbuf *json, const struct cache_report *report)
{
    json_add_key(json, "by_type");
    strbuf_add_char(json, '{');
    for (enum cache_type type = 0; type < CACHE_TYPES; type++)
        if (report->types[type].entries > 0) {
            json_add_key(json, cache_type_name(type));
            json_add_integer(json, report->types[type].entries);
        }
    strbuf_add(json, "},\"types\":[");
    for (enum cache_type type = 0; type < CACHE_TYPES; type++) {
        json_add_separator(json);
        strbuf_add_char(json, '{');
        json_add_key(json, "type");
        json_add_text(json, cache_type_name(type));
        json_add_key(json, "ttl_s");
        json_add_integer(json, cache_type_ttl_s(type));
        json_add_key(json, "entries");
        json_add_integer(json, report->types[type].entries);
        json_add_key(json, "hits");
        json_add_integer(json, report->types[type].hits);
        json_add_key(json, "bytes");
        json_add_integer(json, report->types[type].bytes);
        strbuf_add_char(json, '}');
    }
    strbuf_add_char(json, ']');
}

static void add_process(struct strbuf *json, const struct cache_stats *memory)
{
    int64_t entries = 0, hits = 0, misses = 0;
    for (enum cache_type type = 0; type < CACHE_TYPES; type++) {
        entries += memory->types[type].entries;
        hits += memory->types[type].hits;
        misses += memory->types[type].misses;
    }
    json_add_key(json, "process");
    strbuf_add_char(json, '{');
    json_add_key(json, "memory_entries");
    json_add_integer(json, entries);
    json_add_key(json, "memory_bytes");
    json_add_integer(json, (int64_t)memory->memory_bytes);
    json_add_key(json, "memory_bytes_max");
    json_add_integer(json, (int64_t)memory->memory_bytes_max);
    json_add_key(json, "hits");
    json_add_integer(json, hits);
    json_add_key(json, "misses");
    json_add_integer(json, misses);
    json_add_key(json, "dropped");
    json_add_integer(json, memory->dropped);
    strbuf_add_char(json, '}');
}

void cache_report_json(const struct cache_report *report, bool with_process, struct strbuf *json)
{
    strbuf_add_char(json, '{');
    json_add_key(json, "total_entries");
    json_add_integer(json, report->entries);
    json_add_key(json, "total_hits");
    json_add_integer(json, report->hits);
    json_add_key(json, "avg_hit_rate");
    json_add_double(json, cache_report_rate(report));
    add_types(json, report);
    if (with_process)
        add_process(json, &report->memory);
    strbuf_add_char(json, '}');
}
