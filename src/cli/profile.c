/* SPDX-License-Identifier: Apache-2.0 */
/* querent profile: a first metadata document for data files, fit to be edited. */
#include "cli/commands.h"

#include <errno.h>
#include <string.h>

#include "catalog/catalog.h"
#include "metadata/yaml_write.h"
#include "cli/session.h"
#include "cli/terminal.h"
#include "core/settings.h"

#define YAML_SIZE_MAX (16 * 1024 * 1024)

static const struct option_row options[] = {
    {"home", 0, OPTION_VALUE, "DIR", "where what is derived from data is kept"},
    {"output", 'o', OPTION_VALUE, "FILE", "write there instead of on the terminal"},
};

static bool write_text(const char *path, const struct strbuf *yaml, struct error *err)
{
    FILE *file = path ? fopen(path, "wx") : stdout;
    if (!file)
        return error_set(err, ERROR_IO, "'%s' can't be written: %s", path,
                         errno == EEXIST ? "it exists; remove it first or name another"
                                         : strerror(errno));
    bool ok = fwrite(yaml->bytes, 1, yaml->length, file) == yaml->length && fflush(file) == 0;
    if (path && fclose(file) != 0)
        ok = false;
    return ok || error_set(err, ERROR_IO, "'%s' can't be written: %s", path ? path : "output",
                           strerror(errno));
}

TASK_WAITS static bool profile(void *arg, struct error *err)
{
    const struct arguments *arguments = arg;
    size_t count;
    struct catalog_options catalog_options = {.loop = task_loop(task_current())};
    catalog_options.data_paths = arguments_rest(arguments, &count);
    catalog_options.data_path_count = count;
    struct catalog *catalog = catalog_open(&catalog_options, err);
    if (!catalog)
        return false;
    struct strbuf yaml = strbuf_init(YAML_SIZE_MAX);
    for (size_t i = 0; i < catalog->problem_count; i++) {
        struct strbuf line = strbuf_init(8192);
        problem_print(&line, &catalog->problems[i]);
        terminal_print_line(stderr, "%s", strbuf_text(&line));
        strbuf_clear(&line);
    }
    for (size_t i = 0; i < catalog->dataset_count; i++) {
        if (i > 0)
            strbuf_add(&yaml, "---\n");
        profile_print(&catalog->datasets[i], &yaml);
    }
    bool ok = write_text(arguments_value(arguments, "output"), &yaml, err);
    if (ok && catalog->error_count > 0)
        ok = error_set(err, ERROR_DATA, "%zu of the files could not be read as %s (see above)",
                       catalog->error_count, plural(catalog->error_count, "a table", "tables"));
    strbuf_clear(&yaml);
    catalog_unref(catalog);
    return ok;
}

static int run_profile(const struct arguments *arguments)
{
    struct error err = {0};
    struct task_options task = {.name = "profile"};
    const char *home = arguments_value(arguments, "home");
    union {
        const struct arguments *constant;
        void *plain;
    } arg = {.constant = arguments}; /* the task only reads it */
    if ((home && !settings_set("QUERENT_HOME", home, &err)) ||
        !task_run_main(&task, profile, arg.plain, &err))
        return command_fail(&err);
    return EXIT_DONE;
}

const struct command profile_command = {
    .name = "profile",
    .summary = "describe data files: a metadata document to start from",
    .usage = "[OPTION]... FILE...",
    .details = "Example:\n  querent profile sales.csv --output metadata/sales.yaml",
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .rest_min = 1,
    .rest_max = 1000,
    .run = run_profile,
};
