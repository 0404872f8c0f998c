/* SPDX-License-Identifier: Apache-2.0 */
/* querent migrate: the store brought up to date, without anything else of the program. */
#include <stdio.h>

#include "agent/agent.h"
#include "agent/retention.h"
#include "cli/commands.h"
#include "cli/session.h"
#include "core/json.h"
#include "core/strbuf.h"

static const struct option_row options[] = {
    {"sweep", 0, OPTION_FLAG, NULL, "remove conversations that are no longer to be kept, for good"},
    {"home", 0, OPTION_VALUE, "DIR", "where the store and what is derived from data are kept"},
    {"json", 0, OPTION_FLAG, NULL, "what was done, as JSON"},
};

struct migrating {
    const struct arguments *arguments;
    int version;
    struct store_sweep swept;
};

TASK_WAITS static bool migrate(void *arg, struct error *err)
{
    struct migrating *migrating = arg;
    struct store *store = agent_open_store(err);
    if (!store)
        return false;
    migrating->version = store_schema_version(store);
    bool ok = !arguments_flag(migrating->arguments, "sweep") ||
              retention_sweep(store, &migrating->swept, err);
    store_close(store);
    return ok;
}

static void print_text(const struct migrating *migrating)
{
    const struct store_sweep *swept = &migrating->swept;
    printf("The store has schema version %d.\n", migrating->version);
    if (arguments_flag(migrating->arguments, "sweep"))
        printf("Removed for good: %lld conversations with %lld messages.\n",
               (long long)swept->conversations, (long long)swept->messages);
}

static void print_json(const struct migrating *migrating)
{
    struct strbuf json = strbuf_init(4096);
    strbuf_add_char(&json, '{');
    json_add_key(&json, "schema_version");
    json_add_integer(&json, migrating->version);
    json_add_key(&json, "conversations_removed");
    json_add_integer(&json, migrating->swept.conversations);
    json_add_key(&json, "messages_removed");
    json_add_integer(&json, migrating->swept.messages);
    strbuf_add_char(&json, '}');
    puts(strbuf_text(&json));
    strbuf_clear(&json);
}

static int run_migrate(const struct arguments *arguments)
{
    struct migrating migrating = {.arguments = arguments};
    struct task_options task = {.name = "migrate"};
    struct error err = {0};
    if (!session_apply_options(arguments, &err) || !task_run_main(&task, migrate, &migrating, &err))
        return arguments_fail(arguments, &err);
    if (arguments_flag(arguments, "json"))
        print_json(&migrating);
    else
        print_text(&migrating);
    return EXIT_DONE;
}

const struct command migrate_command = {
    .name = "migrate",
    .summary = "bring the store up to date, and remove what is no longer to be kept",
    .usage = "[OPTION]...",
    .details = "Every start of the program brings the store to the newest version; this does only that, "
               "before new servers start or after a backup was restored. With --sweep it then removes "
               "conversations as QUERENT_RETENTION_DAYS and QUERENT_DELETED_DAYS say, as a server "
               "does every hour.",
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .run = run_migrate,
};
