/* SPDX-License-Identifier: Apache-2.0 */
/* querent cache: what is in the store's cache, and clearing it. */
#include <stdio.h>
#include <string.h>

#include "agent/clear_cache.h"
#include "cli/admin.h"
#include "cli/commands.h"

static const struct option_row options[] = {
    {"type", 't', OPTION_VALUE, "TYPE",
     "clear only sql_result, dataset_selection, sql_generation, metadata, response or embedding"},
    {"dataset", 0, OPTION_VALUE, "ID", "clear only what belongs to this dataset"},
    {"expired", 0, OPTION_FLAG, NULL, "clear only what has expired"},
    {"home", 0, OPTION_VALUE, "DIR", "where the store and what is derived from data are kept"},
    {"json", 0, OPTION_FLAG, NULL, "the outcome as JSON"},
};

TASK_WAITS static bool show_stats(struct admin *admin, struct cache *cache, struct error *err)
{
    struct cache_report report;
    static const char *const of_clear[] = {"type", "dataset", "expired"};
    for (size_t i = 0; i < sizeof(of_clear) / sizeof(of_clear[0]); i++)
        if (arguments_value(admin->arguments, of_clear[i]))
            return error_set(err, ERROR_USAGE, "--%s goes with clear", of_clear[i]);
    if (!cache_report(cache, &report, err))
        return false;
    if (arguments_flag(admin->arguments, "json")) {
        struct strbuf json = strbuf_init(64 * 1024);
        cache_report_json(&report, false, &json);
        puts(strbuf_text(&json));
        strbuf_clear(&json);
        return true;
    }
    printf("%-18s %10s %10s %14s %10s\n", "type", "entries", "hits", "bytes", "lives");
    for (enum cache_type type = 0; type < CACHE_TYPES; type++)
        printf("%-18s %10lld %10lld %14lld %8lld h\n", cache_type_name(type),
               (long long)report.types[type].entries, (long long)report.types[type].hits,
               (long long)report.types[type].bytes, (long long)(cache_type_ttl_s(type) / 3600));
    printf("%-18s %10lld %10lld   (%.2f hits an entry)\n", "all", (long long)report.entries,
           (long long)report.hits, cache_report_rate(&report));
    return true;
}

TASK_WAITS static bool clear(struct admin *admin, struct cache *cache, struct error *err)
{
    const struct arguments *arguments = admin->arguments;
    struct clear_cache what = {
        .type = arguments_value(arguments, "type"),
        .dataset_id = arguments_value(arguments, "dataset"),
        .expired_only = arguments_flag(arguments, "expired"),
        .act = admin_act_of_user(admin, "cache.clear"),
    };
    int64_t removed;
    if (!clear_cache(admin->store, cache, &what, &removed, err)) {
        if (err->code == ERROR_INVALID)
            err->code = ERROR_USAGE;
        return false;
    }
    if (arguments_flag(arguments, "json"))
        printf("{\"status\":\"cleared\",\"removed\":%lld}\n", (long long)removed);
    else
        printf("Removed: %lld %s.\n", (long long)removed, removed == 1 ? "entry" : "entries");
    return true;
}

static const struct action {
    const char *name;
    TASK_WAITS bool (*run)(struct admin *admin, struct cache *cache, struct error *err);
} actions[] = {{"stats", show_stats}, {"clear", clear}};

static const struct action *find_action(const struct arguments *arguments, struct error *err)
{
    size_t count;
    const char *name = arguments_rest(arguments, &count)[0];
    for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
        if (strcmp(actions[i].name, name) == 0)
            return &actions[i];
    error_set(err, ERROR_USAGE, "'%s' is nothing that can be done with the cache; stats and clear are",
              name);
    return NULL;
}

TASK_WAITS static bool act(struct admin *admin, struct error *err)
{
    const struct action *action = find_action(admin->arguments, err);
    struct cache *cache = cache_open(admin->store, 0);
    bool ok = action && action->run(admin, cache, err);
    cache_close(cache);
    return ok;
}

static int run_cache(const struct arguments *arguments)
{
    struct error err = {0};
    if (!find_action(arguments, &err)) /* before there is a store */
        return arguments_fail(arguments, &err);
    return admin_run(arguments, act);
}

const struct command cache_command = {
    .name = "cache",
    .summary = "show what is cached, or clear it",
    .usage = "[OPTION]... stats|clear",
    .details = "What was read, decided, run and answered before is kept for a time, as long as nothing that "
               "it depends on has changed. Clearing is safe at any time, also while servers run: they forget "
               "it too, within some seconds.\n\n"
               "Examples:\n  querent cache stats\n  querent cache clear --type sql_result --dataset sales",
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .rest_min = 1,
    .rest_max = 1,
    .run = run_cache,
};
