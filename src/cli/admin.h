/* SPDX-License-Identifier: Apache-2.0 */
/* What commands for administrators share: the store alone, and who they are. */
#ifndef QUERENT_CLI_ADMIN_H
#define QUERENT_CLI_ADMIN_H

#include "cli/command.h"
#include "store/admin.h"

/* The command with the store open, in a task. */
struct admin {
    const struct arguments *arguments;
    struct store *store;
    struct arena *arena;
    int code; /* to exit with */
};
/* Opens the store, calls work(admin, err) and closes it. Returns the exit code; prints errors. */
int admin_run(const struct arguments *arguments,
              TASK_WAITS bool (*work)(struct admin *admin, struct error *err));

/* An act of the user of this machine who runs the program. */
struct audit_act admin_act_of_user(const struct admin *admin, const char *action);

#endif
