/* SPDX-License-Identifier: Apache-2.0 */
/* querent datasets: what can be asked about; with an id, all that is known about one. */
#include "cli/commands.h"

#include <string.h>

#include "cli/session.h"
#include "cli/terminal.h"
#include "core/json.h"
#include "metadata/dataset_json.h"

#define SAMPLES_SHOWN 3

static const struct option_row options[] = {
    SESSION_OPTIONS,
    {"json", 0, OPTION_FLAG, NULL, "print as JSON"},
};

/* "3 of 12: North, South, East" or "1.5 to 99" */
static const char *facts_of(const struct column *column, struct arena *arena)
{
    const struct column_profile *profile = &column->profile;
    if (!profile->known)
        return "";
    if ((value_kind_is_number(column->kind) || value_kind_is_time(column->kind)) && profile->min)
        return arena_printf(arena, "%s to %s", profile->min, profile->max);
    struct strbuf text = strbuf_init(4096);
    strbuf_printf(&text, "%lld %s", (long long)profile->distinct_count,
                  plural((uint64_t)profile->distinct_count, "value", "values"));
    for (size_t i = 0; i < profile->value_count && i < SAMPLES_SHOWN; i++)
        strbuf_printf(&text, "%s%s", i == 0 ? ": " : ", ", profile->values[i].text);
    if (profile->value_count > SAMPLES_SHOWN)
        strbuf_add(&text, ", ...");
    const char *copy = arena_strdup(arena, strbuf_text(&text));
    strbuf_clear(&text);
    return copy;
}

static struct cell text_cell(const char *text)
{
    return (struct cell){.type = CELL_TEXT, .text = str_from(text ? text : "")};
}

static void print_columns(const struct dataset *dataset, struct arena *arena)
{
    static struct result_column headers[] = {
        {"column", "VARCHAR", VALUE_TEXT}, {"type", "VARCHAR", VALUE_TEXT},
        {"role", "VARCHAR", VALUE_TEXT},   {"holds", "VARCHAR", VALUE_TEXT},
        {"meaning", "VARCHAR", VALUE_TEXT}};
    enum { COUNT = sizeof(headers) / sizeof(headers[0]) };
    struct rows rows = {headers, COUNT, NULL, dataset->column_count, false};
    rows.cells = arena_array(arena, COUNT * dataset->column_count, sizeof(struct cell));
    for (size_t i = 0; i < dataset->column_count; i++) {
        const struct column *column = &dataset->columns[i];
        struct cell *cells = &rows.cells[i * COUNT];
        cells[0] = text_cell(column->name);
        cells[1] = text_cell(value_kind_name(column->kind));
        cells[2] = text_cell(column->role == ROLE_UNKNOWN ? "" : column_role_name(column->role));
        cells[3] = text_cell(facts_of(column, arena));
        cells[4] = text_cell(column->description ? column->description : column->label);
    }
    terminal_print_rows(stdout, &rows, dataset->column_count);
}

static void print_dataset(const struct dataset *dataset, struct arena *arena)
{
    fputs(terminal_style(stdout, STYLE_BOLD), stdout);
    terminal_print_text(stdout, dataset->id);
    fputs(terminal_style(stdout, STYLE_NONE), stdout);
    terminal_print_line(stdout, "  %s", dataset_title(dataset));
    if (dataset->description)
        terminal_print_wrapped(stdout, dataset->description, 0);
    if (dataset->row_count >= 0)
        terminal_print_line(stdout, "%lld %s%s%s", (long long)dataset->row_count,
                            plural((uint64_t)dataset->row_count, "row", "rows"),
                            dataset->grain ? "; a row is " : "",
                            dataset->grain ? dataset->grain : "");
    putchar('\n');
    print_columns(dataset, arena);
    size_t extras = dataset->metric_count + dataset->filter_count + dataset->relationship_count;
    fputs(extras > 0 ? "\n" : "", stdout);
    for (size_t i = 0; i < dataset->metric_count; i++)
        terminal_print_line(stdout, "metric %s = %s", dataset->metrics[i].name,
                            dataset->metrics[i].expression);
    for (size_t i = 0; i < dataset->filter_count; i++)
        terminal_print_line(stdout, "filter %s: %s", dataset->filters[i].name,
                            dataset->filters[i].expression);
    for (size_t i = 0; i < dataset->relationship_count; i++) {
        const struct relationship *join = &dataset->relationships[i];
        terminal_print_line(stdout, "joins %s on %s = %s%s", join->dataset_id, join->column,
                            join->other_column, join->found ? " (found in the data)" : "");
    }
}

static void print_list(const struct catalog *catalog, struct arena *arena)
{
    static struct result_column headers[] = {{"dataset", "VARCHAR", VALUE_TEXT},
                                             {"rows", "BIGINT", VALUE_INTEGER},
                                             {"columns", "BIGINT", VALUE_INTEGER},
                                             {"about", "VARCHAR", VALUE_TEXT}};
    enum { COUNT = sizeof(headers) / sizeof(headers[0]) };
    struct rows rows = {headers, COUNT, NULL, catalog->dataset_count, false};
    rows.cells = arena_array(arena, COUNT * catalog->dataset_count, sizeof(struct cell));
    for (size_t i = 0; i < catalog->dataset_count; i++) {
        const struct dataset *dataset = &catalog->datasets[i];
        struct cell *cells = &rows.cells[i * COUNT];
        cells[0] = text_cell(dataset->id);
        cells[1] = (struct cell){.type = dataset->row_count < 0 ? CELL_NULL : CELL_INTEGER,
                                 .integer = dataset->row_count};
        cells[2] = (struct cell){.type = CELL_INTEGER, .integer = (int64_t)dataset->column_count};
        cells[3] = text_cell(dataset->description ? dataset->description : dataset_title(dataset));
    }
    terminal_print_rows(stdout, &rows, catalog->dataset_count);
}

static void print_all_json(const struct catalog *catalog)
{
    struct strbuf json = strbuf_init(256 * 1024 * 1024);
    strbuf_add_char(&json, '[');
    for (size_t i = 0; i < catalog->dataset_count; i++)
        {
        json_add_separator(&json);
        dataset_json(&catalog->datasets[i], &json);
    }
    strbuf_add_char(&json, ']');
    puts(strbuf_text(&json));
    strbuf_clear(&json);
}

static int show_one(const struct session *session, const char *id)
{
    const struct catalog *catalog = session->agent->knowledge->catalog;
    const struct dataset *dataset = catalog_find(catalog, id);
    struct error err = {0};
    if (!dataset) {
        error_set(&err, ERROR_NOT_FOUND, "dataset '%s' does not exist; 'querent datasets' lists "
                                         "what does", id);
        return arguments_fail(session->arguments, &err);
    }
    if (arguments_flag(session->arguments, "json")) {
        struct strbuf json = strbuf_init(16 * 1024 * 1024);
        dataset_json(dataset, &json);
        puts(strbuf_text(&json));
        strbuf_clear(&json);
    } else {
        print_dataset(dataset, arguments_arena(session->arguments));
    }
    return EXIT_DONE;
}

TASK_WAITS static int datasets(struct session *session)
{
    const struct catalog *catalog = session->agent->knowledge->catalog;
    size_t count;
    const char *const *rest = arguments_rest(session->arguments, &count);
    struct error err = {0};
    if (count > 0)
        return show_one(session, rest[0]);
    if (arguments_flag(session->arguments, "json"))
        print_all_json(catalog);
    else if (!catalog_require_datasets(catalog, &err))
        return arguments_fail(session->arguments, &err);
    else
        print_list(catalog, arguments_arena(session->arguments));
    return EXIT_DONE;
}

static int run_datasets(const struct arguments *arguments)
{
    return session_run(arguments, datasets);
}

const struct command datasets_command = {
    .name = "datasets",
    .summary = "list what can be asked about, or show one dataset",
    .usage = "[OPTION]... [ID]",
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .rest_max = 1,
    .run = run_datasets,
};
