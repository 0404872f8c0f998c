/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/command.h"

#include <errno.h>
#include <string.h>

#include "cli/terminal.h"
#include "core/json.h"
#include "core/log.h"
#include "core/settings.h"
#include "core/str.h"
#include "core/strbuf.h"
#include "task/task.h"
#include "version.h"

#define OPTIONS_MAX 32
#define VALUES_MAX 1000 /* of one list option */

struct values {
    const char **items;
    size_t count, capacity;
};

struct arguments {
    struct arena *arena;
    const struct command *command;
    const struct option_row *options[OPTIONS_MAX]; /* the command's, then the common ones */
    struct values values[OPTIONS_MAX];
    size_t option_count;
    struct values rest;
};

/* Options that every command takes. */
static const struct option_row common_options[] = {
    {"help", 'h', OPTION_FLAG, NULL, "show this help"},
    {"set", 0, OPTION_LIST, "NAME=VALUE", "a setting for this call ('querent config' lists them)"},
};
#define COMMON_COUNT (sizeof(common_options) / sizeof(common_options[0]))

static ptrdiff_t find_option(const struct arguments *arguments, struct str name)
{
    for (size_t i = 0; i < arguments->option_count; i++)
        if (str_equal_text(name, arguments->options[i]->name))
            return (ptrdiff_t)i;
    return -1;
}

static const struct values *values_of(const struct arguments *arguments, const char *name)
{
    ptrdiff_t i = find_option(arguments, str_from(name));
    static const struct values none;
    return i < 0 ? &none : &arguments->values[i];
}

const char *arguments_value(const struct arguments *arguments, const char *name)
{
    const struct values *values = values_of(arguments, name);
    return values->count > 0 ? values->items[values->count - 1] : NULL;
}

bool arguments_flag(const struct arguments *arguments, const char *name)
{
    return arguments_value(arguments, name) != NULL;
}

const char *const *arguments_list(const struct arguments *arguments, const char *name,
                                  size_t *count)
{
    const struct values *values = values_of(arguments, name);
    *count = values->count;
    return values->items;
}

const char *const *arguments_rest(const struct arguments *arguments, size_t *count)
{
    *count = arguments->rest.count;
    return arguments->rest.items;
}

struct arena *arguments_arena(const struct arguments *arguments)
{
    return arguments->arena;
}

const struct command *arguments_command(const struct arguments *arguments)
{
    return arguments->command;
}

int command_fail(const struct error *err)
{
    fflush(stdout);
    fprintf(stderr, "%squerent:%s ", terminal_style(stderr, STYLE_BAD),
            terminal_style(stderr, STYLE_NONE));
    terminal_print_line(stderr, "%s", err->message);
    return error_exit_code(err->code);
}

int arguments_fail(const struct arguments *arguments, const struct error *err)
{
    if (arguments_flag(arguments, "json")) {
        struct strbuf json = strbuf_init(16 * ERROR_MESSAGE_MAX);
        strbuf_add_char(&json, '{');
        json_add_key(&json, "error");
        json_add_text(&json, err->message);
        json_add_key(&json, "code");
        json_add_text(&json, error_name(err->code));
        strbuf_add_char(&json, '}');
        puts(strbuf_text(&json));
        strbuf_clear(&json);
    }
    return command_fail(err);
}

/* ------------------------------------------------------------------ help */

static void print_option(const struct option_row *option)
{
    struct strbuf left = strbuf_init(200);
    if (option->letter)
        strbuf_printf(&left, "  -%c, ", option->letter);
    else
        strbuf_add(&left, "      ");
    strbuf_printf(&left, "--%s", option->name);
    if (option->value_name)
        strbuf_printf(&left, " %s", option->value_name);
    printf("%-28s %s\n", strbuf_text(&left), option->help);
    strbuf_clear(&left);
}

static void print_command_help(const struct command *command)
{
    printf("Usage: querent %s %s\n\n%s\n", command->name, command->usage, command->summary);
    if (command->details)
        printf("\n%s\n", command->details);
    printf("\nOptions:\n");
    for (size_t i = 0; i < command->option_count; i++)
        print_option(&command->options[i]);
    for (size_t i = 0; i < COMMON_COUNT; i++)
        print_option(&common_options[i]);
}

static void print_help(void)
{
    printf("Usage: querent COMMAND [OPTION]...\n\n"
           "Ask questions about data in plain language.\n\nCommands:\n");
    for (size_t i = 0; i < command_count; i++)
        printf("  %-10s %s\n", commands[i]->name, commands[i]->summary);
    printf("\nThe shortest way to an answer:\n"
           "  querent ask --data sales.csv \"revenue by region\"\n\n"
           "'querent COMMAND --help' tells more about one. Exit codes: 0 answered or done,\n"
           "1 failed, 2 wrong usage or configuration, 3 asks back, 4 no answer.\n");
}

/* ------------------------------------------------------------------ parsing */

static bool unknown_option(const struct arguments *arguments, struct str name, struct error *err)
{
    const char *nearest = NULL;
    unsigned best = 3;
    for (size_t i = 0; i < arguments->option_count; i++) {
        unsigned distance = str_distance(name, str_from(arguments->options[i]->name), 2);
        if (distance < best) {
            best = distance;
            nearest = arguments->options[i]->name;
        }
    }
    if (nearest)
        return error_set(err, ERROR_USAGE, "'%s' has no option '--%.*s'; did you mean '--%s'?",
                         arguments->command->name, STR_ARGS(name), nearest);
    return error_set(err, ERROR_USAGE,
                     "'%s' has no option '--%.*s'; see 'querent %s --help'",
                     arguments->command->name, STR_ARGS(name), arguments->command->name);
}

static bool add_value(struct arguments *arguments, struct values *values, const char *value,
                      struct error *err)
{
    if (values->count >= VALUES_MAX)
        return error_set(err, ERROR_USAGE, "more than %d arguments of one kind", VALUES_MAX);
    values->items = arena_grow(arguments->arena, values->items, values->count, &values->capacity,
                               sizeof(*values->items));
    values->items[values->count++] = value;
    return true;
}

/* Takes one option; *next is the argument after it, used up when the option needs a value. */
static bool take_option(struct arguments *arguments, size_t i, const char *inline_value,
                        char **argv, int *at, struct error *err)
{
    const struct option_row *option = arguments->options[i];
    const char *value = "1";
    if (option->kind == OPTION_FLAG && inline_value)
        return error_set(err, ERROR_USAGE, "option '--%s' takes no value", option->name);
    if (option->kind != OPTION_FLAG) {
        value = inline_value ? inline_value : argv[*at + 1];
        if (!value)
            return error_set(err, ERROR_USAGE, "option '--%s' needs a value: --%s %s",
                             option->name, option->name, option->value_name);
        if (!inline_value)
            (*at)++;
    }
    if (option->kind == OPTION_VALUE && arguments->values[i].count > 0)
        return error_set(err, ERROR_USAGE, "option '--%s' is given twice", option->name);
    return add_value(arguments, &arguments->values[i], value, err);
}

static bool take_long(struct arguments *arguments, char **argv, int *at, struct error *err)
{
    struct str text = str_from(argv[*at] + 2);
    const char *equals = strchr(text.bytes, '=');
    struct str name = equals ? str_slice(text, 0, (size_t)(equals - text.bytes)) : text;
    ptrdiff_t i = find_option(arguments, name);
    if (i < 0)
        return unknown_option(arguments, name, err);
    return take_option(arguments, (size_t)i, equals ? equals + 1 : NULL, argv, at, err);
}

static bool take_short(struct arguments *arguments, char **argv, int *at, struct error *err)
{
    const char *text = argv[*at] + 1;
    for (size_t i = 0; i < arguments->option_count; i++) {
        if (arguments->options[i]->letter != text[0])
            continue;
        return take_option(arguments, i, text[1] ? text + 1 : NULL, argv, at, err);
    }
    return error_set(err, ERROR_USAGE, "'%s' has no option '-%c'; see 'querent %s --help'",
                     arguments->command->name, text[0], arguments->command->name);
}

static bool check_rest(const struct arguments *arguments, struct error *err)
{
    const struct command *command = arguments->command;
    size_t count = arguments->rest.count;
    if (count >= command->rest_min && count <= command->rest_max)
        return true;
    return error_set(err, ERROR_USAGE, "%s; usage: querent %s %s",
                     count < command->rest_min ? "an argument is missing" : "too many arguments",
                     command->name, command->usage);
}

static bool parse(struct arguments *arguments, int argc, char **argv, struct error *err)
{
    const struct command *command = arguments->command;
    for (size_t i = 0; i < command->option_count; i++)
        arguments->options[arguments->option_count++] = &command->options[i];
    for (size_t i = 0; i < COMMON_COUNT; i++)
        arguments->options[arguments->option_count++] = &common_options[i];
    bool options_end = false;
    for (int at = 2; at < argc; at++) {
        const char *text = argv[at];
        bool ok;
        if (!options_end && strcmp(text, "--") == 0) {
            options_end = true;
            continue;
        }
        if (!options_end && strncmp(text, "--", 2) == 0)
            ok = take_long(arguments, argv, &at, err);
        else if (!options_end && text[0] == '-' && text[1])
            ok = take_short(arguments, argv, &at, err);
        else
            ok = add_value(arguments, &arguments->rest, text, err);
        if (!ok)
            return false;
    }
    return arguments_flag(arguments, "help") || check_rest(arguments, err);
}

static const struct command *find_command(const char *name, struct error *err)
{
    const char *nearest = NULL;
    unsigned best = 3;
    for (size_t i = 0; i < command_count; i++) {
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
        unsigned distance = str_distance(str_from(name), str_from(commands[i]->name), 2);
        if (distance < best) {
            best = distance;
            nearest = commands[i]->name;
        }
    }
    if (nearest)
        error_set(err, ERROR_USAGE, "there is no command '%s'; did you mean '%s'?", name, nearest);
    else
        error_set(err, ERROR_USAGE, "there is no command '%s'; 'querent --help' lists them", name);
    return NULL;
}

/* Settings from all places, checked; log, clock and pool as they say. */
static bool load_settings(const struct arguments *arguments, struct error *err)
{
    size_t count;
    const char *const *sets = arguments_list(arguments, "set", &count);
    for (size_t i = 0; i < count; i++)
        if (!settings_override(sets[i], err))
            return false;
    if (!settings_load(err))
        return false;
    for (size_t i = 0; i < settings_warning_count(); i++)
        log_warn("%s", settings_warning(i));
    task_offload_limits((unsigned)settings_integer("QUERENT_OFFLOAD_THREADS"),
                        OFFLOAD_QUEUE_DEFAULT);
    return true;
}

static int run_command(struct arguments *arguments, int argc, char **argv)
{
    struct error err = {0};
    if (!parse(arguments, argc, argv, &err))
        return arguments_fail(arguments, &err);
    if (arguments_flag(arguments, "help")) {
        print_command_help(arguments->command);
        return EXIT_DONE;
    }
    if (!load_settings(arguments, &err))
        return arguments_fail(arguments, &err);
    return arguments->command->run(arguments);
}

/* An answer that did not reach its reader is no success. Whoever closed the pipe knows that. */
static int finish_output(int code)
{
    bool failed = ferror(stdout) != 0;
    errno = 0;
    failed |= fflush(stdout) != 0;
    if (!failed)
        return code;
    if (errno == EPIPE)
        return EXIT_FAILED;
    struct error err = {0};
    (void)error_set(&err, ERROR_IO, "the output can't be written%s%s", errno ? ": " : "",
                    errno ? strerror(errno) : "");
    return command_fail(&err);
}

static int run_named(int argc, char **argv)
{
    struct error err = {0};
    const char *name = argc > 1 ? argv[1] : "--help";
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) {
        print_help();
        return argc > 1 ? EXIT_DONE : EXIT_USAGE;
    }
    if (strcmp(name, "--version") == 0) {
        puts("querent " QUERENT_VERSION);
        return EXIT_DONE;
    }
    const struct command *command = find_command(name, &err);
    if (!command)
        return command_fail(&err);
    struct arguments arguments = {.arena = arena_new(), .command = command};
    int code = run_command(&arguments, argc, argv);
    arena_free(arguments.arena);
    return code;
}

int command_main(int argc, char **argv)
{
    return finish_output(run_named(argc, argv));
}
