/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line: a table of commands (cli/commands.c), each with a table of options, one file
 * per command. Parsing, --help and "did you mean" come from the tables.
 */
#ifndef QUERENT_CLI_COMMAND_H
#define QUERENT_CLI_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "core/arena.h"
#include "core/error.h"

/* Exit codes of every command (spec section 10). */
enum exit_code {
    EXIT_DONE = 0,      /* answered, or done */
    EXIT_FAILED = 1,    /* it was tried and failed */
    EXIT_USAGE = 2,     /* wrong usage or configuration */
    EXIT_ASKS_BACK = 3, /* needs clarification */
    EXIT_NO_ANSWER = 4
};

enum option_kind { OPTION_FLAG, OPTION_VALUE, OPTION_LIST };

struct option_row {
    const char *name; /* "data" for --data */
    char letter;      /* 'd' for -d; 0: none */
    enum option_kind kind;
    const char *value_name; /* "PATH"; NULL for flags */
    const char *help;
};

struct arguments;

struct command {
    const char *name;
    const char *summary; /* one line, for the list of commands */
    const char *usage;   /* what follows the name: "[OPTION]... QUESTION" */
    const char *details; /* paragraphs for --help, with examples */
    const struct option_row *options;
    size_t option_count;
    size_t rest_min, rest_max; /* how many plain arguments it takes */
    /* Returns an exit code. Prints its own errors with command_fail(). */
    int (*run)(const struct arguments *arguments);
};

/* The value of --name, or NULL. For a flag: non-NULL when given. */
const char *arguments_value(const struct arguments *arguments, const char *name);
bool arguments_flag(const struct arguments *arguments, const char *name);
/* All values of a list option. */
const char *const *arguments_list(const struct arguments *arguments, const char *name,
                                  size_t *count);
const char *const *arguments_rest(const struct arguments *arguments, size_t *count);
/* Lives as long as the command runs. */
struct arena *arguments_arena(const struct arguments *arguments);
const struct command *arguments_command(const struct arguments *arguments);

/* Runs the program: finds the command, parses, runs it. `argv` as main() got it. */
int command_main(int argc, char **argv);

/* Prints "querent: sentence" on stderr and returns the error's exit code. */
int command_fail(const struct error *err);
/* The same; with --json, a program that reads stdout gets {"error": sentence, "code": name} too. */
int arguments_fail(const struct arguments *arguments, const struct error *err);

extern const struct command *const commands[];
extern const size_t command_count;

#endif
