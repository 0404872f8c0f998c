/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/commands.h"

const struct command *const commands[] = {
    &ask_command,    &chat_command,    &datasets_command, &profile_command,
    &index_command,  &doctor_command,  &config_command, &serve_command,
    &migrate_command, &keys_command,   &audit_command,
    &usage_command,
    &cache_command,  &verified_command, &eval_command,
};
const size_t command_count = sizeof(commands) / sizeof(commands[0]);
