/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/admin.h"

#include <pwd.h>
#include <unistd.h>

#include "agent/agent.h"
#include "cli/session.h"

struct opening {
    struct admin *admin;
    TASK_WAITS bool (*work)(struct admin *admin, struct error *err);
};

TASK_WAITS static bool with_store(void *arg, struct error *err)
{
    struct opening *opening = arg;
    struct admin *admin = opening->admin;
    admin->store = agent_open_store(err);
    if (!admin->store)
        return false;
    bool ok = opening->work(admin, err);
    store_close(admin->store);
    return ok;
}

int admin_run(const struct arguments *arguments,
              TASK_WAITS bool (*work)(struct admin *admin, struct error *err))
{
    struct admin admin = {.arguments = arguments, .arena = arguments_arena(arguments)};
    struct opening opening = {&admin, work};
    struct task_options task = {.name = arguments_command(arguments)->name};
    struct error err = {0};
    if (!session_apply_options(arguments, &err) || !task_run_main(&task, with_store, &opening, &err))
        return arguments_fail(arguments, &err);
    return admin.code;
}

struct audit_act admin_act_of_user(const struct admin *admin, const char *action)
{
    const struct passwd *user = getpwuid(geteuid());
    const char *name =
        user ? user->pw_name : arena_printf(admin->arena, "uid %lu", (unsigned long)geteuid());
    return (struct audit_act){
        .user_id = arena_strdup(admin->arena, name), .via = "cli", .action = action};
}
