/* SPDX-License-Identifier: Apache-2.0 */
/* querent index: reads all documents and data files, so that the first question need not. */
#include "cli/commands.h"

#include <string.h>

#include "agent/embedding.h"
#include "cli/session.h"
#include "cli/terminal.h"
#include "core/json.h"

static const struct option_row options[] = {
    SESSION_OPTIONS,
    {"json", 0, OPTION_FLAG, NULL, "print the outcome as JSON"},
    {"anew", 0, OPTION_FLAG, NULL,
     "read what has not changed again, too, and have all embeddings made again, as when a server has another "
     "model under the same name"},
};

/* Opening the agent is the work, and then the vectors; this says what came of it. */
static void print_json(const struct agent *agent)
{
    const struct catalog *catalog = agent->knowledge->catalog;
    struct strbuf json = strbuf_init(64 * 1024 * 1024);
    strbuf_add_char(&json, '{');
    json_add_key(&json, "datasets");
    json_add_integer(&json, (int64_t)catalog->dataset_count);
    json_add_key(&json, "errors");
    json_add_integer(&json, (int64_t)catalog->error_count);
    json_add_key(&json, "embeddings_made");
    json_add_integer(&json, (int64_t)retrieval_server_vectors_made(agent->knowledge->retrieval));
    json_add_key(&json, "version");
    json_add_text(&json, catalog->version);
    json_add_key(&json, "problems");
    strbuf_add_char(&json, '[');
    for (size_t i = 0; i < catalog->problem_count; i++) {
        const struct problem *problem = &catalog->problems[i];
        json_add_separator(&json);
        strbuf_add_char(&json, '{');
        json_add_key(&json, "path");
        json_add_text(&json, problem->path);
        json_add_key(&json, "line");
        json_add_integer(&json, problem->line);
        json_add_key(&json, "column");
        json_add_integer(&json, problem->column);
        json_add_key(&json, "severity");
        json_add_text(&json, problem_severity_name(problem->severity));
        json_add_key(&json, "message");
        json_add_text(&json, problem->message);
        strbuf_add_char(&json, '}');
    }
    strbuf_add(&json, "]}");
    puts(strbuf_text(&json));
    strbuf_clear(&json);
}

static void show_progress(void *context, size_t done, size_t total, const char *name)
{
    const struct session *session = context;
    if (!session->quiet)
        terminal_progress(stderr, strcmp(name, "embeddings") == 0 ? "making" : "reading", done, total,
                          name);
}

/* Questions' embeddings of earlier times go as well: they are of the model that there was. */
TASK_WAITS static bool read_anew(struct agent *agent, const struct refresh_request *request,
                                 struct error *err)
{
    struct knowledge *before, *after;
    int64_t removed;
    if (!cache_clear(agent->cache, CACHE_EMBEDDING, NULL, false, &removed, err) ||
        !agent_refresh_as(agent, request, &before, &after, err))
        return false;
    knowledge_unref(before);
    knowledge_unref(after);
    return true;
}

/* The vectors of a server, where one is set; without them questions are answered all the same. */
TASK_WAITS static bool make_vectors(struct session *session, struct error *err)
{
    const struct refresh_request request = {
        .anew = arguments_flag(session->arguments, "anew"),
        .progress = show_progress,
        .progress_context = session,
    };
    bool ok = (!request.anew || read_anew(session->agent, &request, err)) &&
              agent_make_vectors(session->agent, &request, err);
    terminal_progress_end(stderr);
    return ok || error_wrap(err, "embeddings of datasets");
}

TASK_WAITS static int report(struct session *session)
{
    struct error err = {0};
    bool embedded = make_vectors(session, &err);
    const struct knowledge *knowledge = session->agent->knowledge;
    const struct catalog *catalog = knowledge->catalog;
    if (!embedded)
        terminal_print_line(stderr, "%s; datasets are found by keywords and the built-in embeddings",
                            err.message);
    if (arguments_flag(session->arguments, "json")) {
        print_json(session->agent);
        return catalog->error_count > 0 || !embedded ? EXIT_FAILED : EXIT_DONE;
    }
    int64_t rows = 0;
    for (size_t i = 0; i < catalog->dataset_count; i++)
        rows += catalog->datasets[i].row_count > 0 ? catalog->datasets[i].row_count : 0;
    printf("%zu %s ready, %lld %s", catalog->dataset_count,
           plural(catalog->dataset_count, "dataset", "datasets"), (long long)rows,
           plural((uint64_t)rows, "row", "rows"));
    if (embedding_is_wanted(session->agent, knowledge))
        printf(", %zu embedded with %s", retrieval_server_vectors_made(knowledge->retrieval),
               embedder_model(session->agent->server_embedder));
    if (catalog->error_count > 0)
        printf("; %zu could not be used (see above)", catalog->error_count);
    putchar('\n');
    if (catalog->error_count > 0 || !embedded)
        return EXIT_FAILED;
    return catalog_require_datasets(catalog, &err) ? EXIT_DONE : command_fail(&err);
}

static int run_index(const struct arguments *arguments)
{
    return session_run(arguments, report);
}

const struct command index_command = {
    .name = "index",
    .summary = "read metadata and data files now; what has not changed costs nothing",
    .usage = "[OPTION]...",
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .run = run_index,
};
