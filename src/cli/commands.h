/* SPDX-License-Identifier: Apache-2.0 */
/* One file per command; cli/commands.c lists them. */
#ifndef QUERENT_CLI_COMMANDS_H
#define QUERENT_CLI_COMMANDS_H

#include "cli/command.h"

extern const struct command ask_command;
extern const struct command audit_command;
extern const struct command usage_command;
extern const struct command cache_command;
extern const struct command chat_command;
extern const struct command config_command;
extern const struct command datasets_command;
extern const struct command doctor_command;
extern const struct command eval_command;
extern const struct command index_command;
extern const struct command migrate_command;
extern const struct command keys_command;
extern const struct command profile_command;
extern const struct command serve_command;
extern const struct command verified_command;

#endif
