/* SPDX-License-Identifier: Apache-2.0 */
/* querent ask: one question, one answer. */
#include "cli/command.h"
#include "cli/commands.h"
#include "cli/session.h"
#include "cli/terminal.h"
#include "core/str.h"

#include <string.h>

static const struct option_row options[] = {
    SESSION_OPTIONS,
    {"json", 0, OPTION_FLAG, NULL, "print the whole reply as JSON (the API's QueryResponse), or the error"},
    {"sql", 0, OPTION_FLAG, NULL, "print only the SQL"},
    {"stream", 0, OPTION_FLAG, NULL, "print each event as a line of JSON, as it happens"},
    {"conversation", 'c', OPTION_VALUE, "ID", "go on with this conversation"},
    {"dataset", 0, OPTION_LIST, "ID", "look only at this dataset"},
    {"rows", 0, OPTION_VALUE, "N", "rows in the reply (10; at most 1000)"},
    {"user", 0, OPTION_VALUE, "ID", "who asks (\"local\")"},
    {"explain", 0, OPTION_FLAG, NULL, "say how the question was read, and what a language model was sent"},
    {"dry", 0, OPTION_FLAG, NULL, "ask no language model, only print what it would be sent"},
    {"quiet", 'q', OPTION_FLAG, NULL, "the answer only, without the steps"},
};

static void print_event(void *context, const struct run_event *event)
{
    printf("{\"event\":\"%s\",\"data\":%s}\n", run_event_name(event->kind), event->json);
    fflush(stdout);
}

static bool read_question(const struct arguments *arguments, struct question *out,
                          struct error *err)
{
    size_t count;
    *out = (struct question){
        .text = arguments_rest(arguments, &count)[0],
        .user_id = arguments_value(arguments, "user"),
        .conversation_id = arguments_value(arguments, "conversation"),
        .dry = arguments_flag(arguments, "dry"),
        .explain = arguments_flag(arguments, "explain") || arguments_flag(arguments, "dry"),
        .use_cache = true,
    };
    out->dataset_filter = arguments_list(arguments, "dataset", &out->dataset_filter_count);
    const char *rows = arguments_value(arguments, "rows");
    int64_t number = 0;
    if (rows && (!str_to_i64(str_from(rows), &number) || number < 1 || number > SAMPLE_ROWS_MAX))
        return error_set(err, ERROR_USAGE, "--rows '%s' is not a number from 1 to %d", rows,
                         SAMPLE_ROWS_MAX);
    out->sample_rows = (size_t)number;
    return true;
}

/* For a file or a program as it is, byte for byte. */
static void print_prompt(const char *text)
{
    if (terminal_is(stdout))
        terminal_print_wrapped(stdout, text, 0);
    else
        puts(text);
}

static void print_explanation(const struct run *run)
{
    const struct llm_proposal *proposal = &run->proposal;
    printf("\nHow the question was read\n");
    if (proposal->reading)
        terminal_print_line(stdout, "  reading:   %s", proposal->reading);
    printf("  sureness:  %.2f\n", proposal->sureness);
    for (size_t i = 0; i < proposal->period_count; i++)
        terminal_print_line(stdout, "  period:    \"%s\" is %s up to, not including, %s",
                            proposal->periods[i].words,
                            proposal->periods[i].from ? proposal->periods[i].from : "the beginning",
                            proposal->periods[i].to ? proposal->periods[i].to : "the end");
    for (size_t i = 0; i < proposal->assumption_count; i++)
        terminal_print_line(stdout, "  assumed:   %s", proposal->assumptions[i]);
    if (proposal->explanation)
        print_prompt(proposal->explanation);
}

static void print_dry(const struct run *run)
{
    if (run->proposal.explanation)
        print_prompt(run->proposal.explanation);
    else
        puts("Nothing: this question is answered without a language model.");
}

static void print_run(struct session *session, const struct run *run)
{
    const struct arguments *arguments = session->arguments;
    bool streamed = arguments_flag(arguments, "stream"), json = arguments_flag(arguments, "json");
    bool failed = run->error.code != ERROR_NONE;
    if (json && !streamed)
        puts(run->events[run->event_count - 1].json); /* the end: the response, or the error */
    if (failed)
        command_fail(&run->error);
    if (failed || json || streamed)
        return;
    if (arguments_flag(arguments, "dry")) {
        print_dry(run);
        return;
    }
    if (arguments_flag(arguments, "sql")) {
        puts(run->statement ? run->statement->sql : run->answer);
        return;
    }
    session_print_answer(session, run, !arguments_flag(arguments, "quiet"));
    if (arguments_flag(arguments, "explain"))
        print_explanation(run);
}

TASK_WAITS static int ask(struct session *session)
{
    const struct arguments *arguments = session->arguments;
    struct error err = {0};
    struct question question;
    if (!read_question(arguments, &question, &err) ||
        !catalog_require_datasets(session->agent->knowledge->catalog, &err))
        return arguments_fail(arguments, &err);
    if (question.dry && !llm_writes_answers(session->agent->llm)) {
        error_set(&err, ERROR_USAGE, "--dry: no language model is in use; QUERENT_LLM chooses one");
        return arguments_fail(arguments, &err);
    }
    session->quiet |= arguments_flag(arguments, "dry") || arguments_flag(arguments, "quiet") || arguments_flag(arguments, "sql");
    session->live = !arguments_flag(arguments, "json") && !arguments_flag(arguments, "sql");
    if (arguments_flag(arguments, "stream"))
        session->listener = print_event;
    struct run *run = session_ask(session, &question, &err);
    if (!run)
        return arguments_fail(arguments, &err);
    int code = session_exit_code(run);
    print_run(session, run);
    run_free(run);
    return code;
}

static int run_ask(const struct arguments *arguments)
{
    return session_run(arguments, ask);
}

const struct command ask_command = {
    .name = "ask",
    .summary = "ask one question",
    .usage = "[OPTION]... QUESTION",
    .details = "Examples:\n"
               "  querent ask --data sales.csv \"revenue by region\"\n"
               "  querent ask --data shop/ \"top 5 customers this quarter\" --json\n"
               "  querent ask --conversation conv_0123456789abcdef \"and by month?\"",
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .rest_min = 1,
    .rest_max = 1,
    .run = run_ask,
};
