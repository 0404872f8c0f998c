/* SPDX-License-Identifier: Apache-2.0 */
/* querent serve: the HTTP API. */
#include "cli/commands.h"

#include <arpa/inet.h>
#include <string.h>

#include "api/api.h"
#include "cli/session.h"
#include "cli/terminal.h"
#include "core/settings.h"
#include "core/str.h"

#define RUNS_DEFAULT 32 /* of QUERENT_RUNS_MAX, where no model is waited for */

static const struct option_row options[] = {
    SESSION_OPTIONS,
    {"host", 0, OPTION_VALUE, "ADDRESS", "address to listen on (API_HOST; 127.0.0.1)"},
    {"port", 'p', OPTION_VALUE, "N", "port to listen on (API_PORT; 8000); 0: any free one"},
};

static void tell_ready(void *context, const char *host, int port)
{
    const struct session *session = context;
    size_t datasets = session->agent->knowledge->catalog->dataset_count;
    bool bracket = strchr(host, ':') != NULL;
    terminal_print_line(stderr, "%zu dataset%s ready at http://%s%s%s:%d (Ctrl-C stops)", datasets,
                        datasets == 1 ? "" : "s", bracket ? "[" : "", host, bracket ? "]" : "", port);
}

static bool is_loopback(const char *host)
{
    struct in_addr four;
    return strcmp(host, "localhost") == 0 || strcmp(host, "::1") == 0 ||
           (inet_pton(AF_INET, host, &four) == 1 && (ntohl(four.s_addr) >> 24) == 127);
}

/* Nobody is asked who they are: then only this machine may ask. */
static bool check_access(const char *host, struct error *err)
{
    const char *auth = settings_text("QUERENT_AUTH");
    if (strcmp(auth, "none") != 0)
        return error_set(err, ERROR_CONFIG,
                         "QUERENT_AUTH is '%s', which this version does not have; use 'none' and a "
                         "loopback address",
                         auth);
    return is_loopback(host) ||
           error_set(err, ERROR_CONFIG,
                     "callers are not identified (QUERENT_AUTH is 'none'), so the server listens "
                     "only on a loopback address such as 127.0.0.1, not on '%s'; put a proxy that "
                     "checks callers before it",
                     host);
}

static size_t runs_max(const struct agent *agent)
{
    int64_t wanted = settings_integer("QUERENT_RUNS_MAX"), calls = settings_integer("QUERENT_MODEL_CALLS_MAX");
    if (wanted == 0)
        wanted = llm_writes_answers(agent->llm) && calls > RUNS_DEFAULT ? calls : RUNS_DEFAULT;
    return (size_t)wanted;
}

TASK_WAITS static int serve(struct session *session)
{
    struct error err = {0};
    struct api_options api = {
        .host = settings_text("API_HOST"),
        .port = (int)settings_integer("API_PORT"),
        .loops = (unsigned)settings_integer("QUERENT_LOOPS"),
        .runs_max = runs_max(session->agent),
        .queue_max = (size_t)settings_integer("QUERENT_QUEUE_MAX"),
        .workers_max = (size_t)settings_integer("QUERENT_WORKERS"),
        .reattach_ms = (uint64_t)settings_integer("QUERENT_REATTACH_S") * 1000,
        .index_every_s = (uint64_t)settings_integer("QUERENT_INDEX_EVERY"),
        .stop_grace_ms = (uint64_t)settings_integer("QUERENT_STOP_GRACE_S") * 1000,
        .ready = tell_ready,
        .ready_context = session,
    };
    if (!check_access(api.host, &err) || !api_serve(session->agent, &api, &err))
        return command_fail(&err);
    return EXIT_DONE;
}

static int run_serve(const struct arguments *arguments)
{
    static const char *const rows[][2] = {{"host", "API_HOST"}, {"port", "API_PORT"}};
    struct error err = {0};
    for (size_t i = 0; i < 2; i++) {
        const char *value = arguments_value(arguments, rows[i][0]);
        if (value && !settings_set(rows[i][1], value, &err))
            return command_fail(&err);
    }
    return session_run(arguments, serve);
}

const struct command serve_command = {
    .name = "serve",
    .summary = "answer questions over HTTP",
    .usage = "[OPTION]...",
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .run = run_serve,
};
