/* SPDX-License-Identifier: Apache-2.0 */
/* querent config: every setting, its value and where that came from. */
#include "cli/commands.h"

#include <string.h>

#include "cli/terminal.h"
#include "core/json.h"
#include "core/settings.h"

static const struct option_row options[] = {
    {"json", 0, OPTION_FLAG, NULL, "print as JSON"},
    {"changed", 0, OPTION_FLAG, NULL, "only what differs from the default"},
    {"markdown", 0, OPTION_FLAG, NULL, "print the reference page of all settings"},
};

static void add_source(const char *name, struct strbuf *out)
{
    strbuf_add(out, settings_source_name(settings_source(name)));
    if (settings_source_detail(name))
        strbuf_printf(out, " %s", settings_source_detail(name));
}

static void print_json(const char *only, bool changed)
{
    struct strbuf out = strbuf_init(1 << 20);
    strbuf_add_char(&out, '[');
    for (size_t i = 0; i < settings_count; i++) {
        const struct setting *setting = &settings_table[i];
        if ((only && strcmp(only, setting->name) != 0) ||
            (changed && settings_source(setting->name) == SETTING_FROM_DEFAULT))
            continue;
        struct strbuf value = strbuf_init(1 << 16), source = strbuf_init(8192);
        settings_print_value(setting->name, &value);
        add_source(setting->name, &source);
        json_add_separator(&out);
        strbuf_add_char(&out, '{');
        json_add_key(&out, "name");
        json_add_text(&out, setting->name);
        json_add_key(&out, "value");
        json_add_text(&out, settings_is_set(setting->name) ? strbuf_text(&value) : NULL);
        json_add_key(&out, "source");
        json_add_text(&out, strbuf_text(&source));
        json_add_key(&out, "help");
        json_add_text(&out, setting->help);
        strbuf_add_char(&out, '}');
        strbuf_clear(&value);
        strbuf_clear(&source);
    }
    strbuf_add_char(&out, ']');
    puts(strbuf_text(&out));
    strbuf_clear(&out);
}

static void print_one(const struct setting *setting)
{
    struct strbuf value = strbuf_init(1 << 16), allowed = strbuf_init(8192);
    struct strbuf source = strbuf_init(8192);
    settings_print_value(setting->name, &value);
    settings_print_allowed(setting, &allowed);
    add_source(setting->name, &source);
    printf("%s = %s\n  from:    %s\n  allowed: %s\n  default: %s\n", setting->name,
           settings_is_set(setting->name) ? strbuf_text(&value) : "(not set)", strbuf_text(&source),
           strbuf_text(&allowed), setting->fallback ? setting->fallback : "(none)");
    printf("  ");
    terminal_print_wrapped(stdout, setting->help, 2);
    if (setting->unread)
        puts("  Not used by this version.");
    strbuf_clear(&value);
    strbuf_clear(&allowed);
    strbuf_clear(&source);
}

static void print_list(bool changed)
{
    const char *group = "";
    for (size_t i = 0; i < settings_count; i++) {
        const struct setting *setting = &settings_table[i];
        enum setting_source source = settings_source(setting->name);
        if (changed && source == SETTING_FROM_DEFAULT)
            continue;
        if (strcmp(group, setting->group) != 0)
            printf("%s%s%s%s\n", *group ? "\n" : "", terminal_style(stdout, STYLE_BOLD),
                   setting->group, terminal_style(stdout, STYLE_NONE));
        group = setting->group;
        struct strbuf value = strbuf_init(1 << 16);
        settings_print_value(setting->name, &value);
        printf("  %-28s %s", setting->name,
               settings_is_set(setting->name) ? strbuf_text(&value) : "(not set)");
        if (source != SETTING_FROM_DEFAULT)
            printf("  %s(%s)%s", terminal_style(stdout, STYLE_DIM), settings_source_name(source),
                   terminal_style(stdout, STYLE_NONE));
        putchar('\n');
        strbuf_clear(&value);
    }
}

static int run_config(const struct arguments *arguments)
{
    size_t count;
    const char *const *rest = arguments_rest(arguments, &count);
    const struct setting *setting = count > 0 ? settings_find(rest[0]) : NULL;
    if (count > 0 && !setting) {
        struct error err = {0};
        const char *nearest = settings_nearest(rest[0]);
        error_set(&err, ERROR_USAGE, "there is no setting '%s'%s%s%s", rest[0],
                  nearest ? "; did you mean '" : "; 'querent config' lists them",
                  nearest ? nearest : "", nearest ? "'?" : "");
        return arguments_fail(arguments, &err);
    }
    bool changed = arguments_flag(arguments, "changed");
    if (arguments_flag(arguments, "markdown")) {
        struct strbuf page = strbuf_init(1 << 20);
        settings_print_markdown(&page);
        fputs(strbuf_text(&page), stdout);
        strbuf_clear(&page);
    } else if (arguments_flag(arguments, "json")) {
        print_json(setting ? setting->name : NULL, changed);
    } else if (setting) {
        print_one(setting);
    } else {
        print_list(changed);
    }
    return EXIT_DONE;
}

const struct command config_command = {
    .name = "config",
    .summary = "show the settings and where their values come from",
    .usage = "[OPTION]... [NAME]",
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .rest_max = 1,
    .run = run_config,
};
