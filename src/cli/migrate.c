/* SPDX-License-Identifier: Apache-2.0 */
/* querent migrate: the store brought up to date, without anything else of the program. */
#include <stdio.h>

#include "agent/retention.h"
#include "cli/admin.h"
#include "cli/commands.h"

static const struct option_row options[] = {
    {"sweep", 0, OPTION_FLAG, NULL, "remove conversations that are no longer to be kept, for good"},
    {"home", 0, OPTION_VALUE, "DIR", "where the store and what is derived from data are kept"},
    {"json", 0, OPTION_FLAG, NULL, "what was done, as JSON"},
};

static void print_text(bool swept, const struct store_sweep *sweep, int version)
{
    printf("The store has schema version %d.\n", version);
    if (swept)
        printf("Removed for good: %lld conversations with %lld messages.\n",
               (long long)sweep->conversations, (long long)sweep->messages);
}

TASK_WAITS static bool migrate(struct admin *admin, struct error *err)
{
    struct store_sweep sweep = {0};
    bool swept = arguments_flag(admin->arguments, "sweep");
    int version = store_schema_version(admin->store); /* opening it has brought it there */
    if (swept && !retention_sweep(admin->store, &sweep, err))
        return false;
    if (arguments_flag(admin->arguments, "json"))
        printf("{\"schema_version\":%d,\"conversations_removed\":%lld,\"messages_removed\":%lld}\n",
               version, (long long)sweep.conversations, (long long)sweep.messages);
    else
        print_text(swept, &sweep, version);
    return true;
}

static int run_migrate(const struct arguments *arguments)
{
    return admin_run(arguments, migrate);
}

const struct command migrate_command = {
    .name = "migrate",
    .summary = "bring the store up to date, and remove what is no longer to be kept",
    .usage = "[OPTION]...",
    .details =
        "Every start of the program brings the store to the newest version; this does only that,\n"
        "before new servers start or after a backup was restored. With --sweep it then removes\n"
        "conversations as QUERENT_RETENTION_DAYS and QUERENT_DELETED_DAYS say, as a server does\n"
        "every hour.",
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .run = run_migrate,
};
