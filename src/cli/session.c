/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/session.h"

#include <string.h>
#include <uv.h>

#include "agent/verified.h"
#include "agent/workflow.h"
#include "cli/terminal.h"
#include "core/log.h"
#include "core/settings.h"

#define ROWS_SHOWN 20   /* of a longer result */
#define ROWS_WHOLE_MAX 40 /* a result that is shown whole: three years of months */

struct start {
    struct session *session;
    TASK_WAITS int (*work)(struct session *session);
    int code;
};

bool session_apply_options(const struct arguments *arguments, struct error *err)
{
    static const struct {
        const char *option, *setting;
    } rows[] = {{"home", "QUERENT_HOME"}, {"metadata", "QUERENT_METADATA_DIR"}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *value = arguments_value(arguments, rows[i].option);
        if (value && !settings_set(rows[i].setting, value, err))
            return false;
    }
    return true;
}

static void show_progress(void *context, size_t done, size_t total, const char *name)
{
    const struct session *session = context;
    if (!session->quiet)
        terminal_progress(stderr, "reading", done, total, name);
}

static void show_problem(const struct problem *problem)
{
    struct strbuf line = strbuf_init(8192);
    problem_print(&line, problem);
    fputs(terminal_style(stderr, problem->severity == PROBLEM_ERROR ? STYLE_BAD : STYLE_DIM), stderr);
    terminal_print_text(stderr, strbuf_text(&line));
    fprintf(stderr, "%s\n", terminal_style(stderr, STYLE_NONE));
    strbuf_clear(&line);
}

/* Problems of single datasets and their verified queries: said once, and the rest goes on. */
static void show_problems(const struct session *session)
{
    const struct catalog *catalog = session->agent->knowledge->catalog;
    const struct problem_list *verified = &session->agent->verified->problems;
    for (size_t i = 0; i < catalog->problem_count; i++)
        show_problem(&catalog->problems[i]);
    for (size_t i = 0; i < verified->count; i++)
        show_problem(&verified->items[i]);
}

/* Runs that a crash or kill cut off: marked in the store, and said here. */
TASK_WAITS static void show_cut_runs(const struct session *session)
{
    struct arena *arena = arena_new();
    struct stored_run *runs = NULL;
    size_t count = 0;
    struct error err = {0};
    if (!store_mark_cut_runs(session->agent->store, arena, &runs, &count, &err))
        log_warn("looking for interrupted questions: %s", err.message);
    for (size_t i = 0; i < count; i++)
        terminal_print_line(stderr,
                            "note: the question \"%s\" of %s was interrupted and has no answer; ask "
                            "it again",
                            runs[i].question, runs[i].started_at);
    arena_free(arena);
}

static bool work_in_task(void *arg, struct error *err)
{
    struct start *start = arg;
    struct session *session = start->session;
    session->task = task_current();
    session->loop = task_loop(session->task);
    struct agent_options options = {.progress = show_progress, .progress_context = session};
    options.data_paths = arguments_list(session->arguments, "data", &options.data_path_count);
    session->agent = agent_open(session->loop, &options, err);
    terminal_progress_end(stderr);
    if (!session->agent)
        return false;
    show_cut_runs(session);
    if (!session->quiet || session->agent->knowledge->catalog->dataset_count == 0)
        show_problems(session); /* quiet or not: why there is nothing to ask about */
    start->code = start->work(session);
    agent_close(session->agent);
    return true;
}

int session_run(const struct arguments *arguments, TASK_WAITS int (*work)(struct session *))
{
    struct error err = {0};
    struct session session = {.arguments = arguments, .quiet = arguments_flag(arguments, "json")};
    struct start start = {&session, work, EXIT_DONE};
    struct task_options options = {.name = arguments_command(arguments)->name};
    if (!session_apply_options(arguments, &err) || !task_run_main(&options, work_in_task, &start, &err))
        return arguments_fail(arguments, &err);
    return start.code;
}

/* ------------------------------------------------------------------ one question */

static void show_step(void *context, const struct run_event *event)
{
    const struct session *session = context;
    if (event->kind != EVENT_STEP_UPDATE || !event->step || session->quiet)
        return;
    bool ok = event->step->status == STEP_DONE;
    struct strbuf line = strbuf_init(4096), words = strbuf_init(64 * 1024);
    strbuf_add(&words, event->step->words ? event->step->words : "");
    text_add_cut(&line, strbuf_str(&words), terminal_width(stderr) - 22);
    fprintf(stderr, "%s%s%s %s%-18s%s%s\n",
            terminal_style(stderr, ok ? STYLE_GOOD : STYLE_BAD), ok ? "\xE2\x9C\x93" : "\xE2\x9C\x97",
            terminal_style(stderr, STYLE_NONE), terminal_style(stderr, STYLE_DIM),
            run_step_name(event->step->step), strbuf_text(&line),
            terminal_style(stderr, STYLE_NONE));
    strbuf_clear(&line);
    strbuf_clear(&words);
}

static void cancel_run(uv_signal_t *handle, int signal_number)
{
    struct session *session = handle->data;
    session->interrupted = true;
    task_cancel(session->task);
}

static void closed(uv_handle_t *handle)
{
    task_event_signal(handle->data);
}

struct asking {
    struct run *run;
    struct error *err;
    struct task_event done;
    uv_signal_t interrupt;
};

/* Each question has a task of its own: Ctrl-C cancels that one and not the session. */
static void ask_in_task(void *arg)
{
    struct asking *asking = arg;
    (void)workflow_run(asking->run, asking->err); /* run->error keeps it */
    task_event_signal(&asking->done);
}

TASK_WAITS struct run *session_ask(struct session *session, const struct question *question,
                                   struct error *err)
{
    struct run *run = run_new(session->agent, question, err);
    if (!run)
        return NULL;
    run->listener = session->listener ? session->listener : show_step;
    run->listener_context = session;
    struct task_options options = {
        .name = "run",
        .deadline_ms = (uint64_t)settings_integer("QUERENT_DEADLINE_S") * 1000,
    };
    struct error ignored = {0};
    struct asking asking = {.run = run, .err = &run->error};
    struct task *parent = session->task;
    session->task = task_start(session->loop, &options, ask_in_task, &asking, err);
    if (!session->task) {
        session->task = parent;
        run_free(run);
        return NULL;
    }
    task_ref(session->task); /* Ctrl-C may come when it has just ended */
    session->run = run;
    session->interrupted = false;
    uv_signal_init(loop_uv(session->loop), &asking.interrupt);
    asking.interrupt.data = session;
    uv_signal_start_oneshot(&asking.interrupt, cancel_run, SIGINT);
    (void)task_event_wait(&asking.done, 0, &ignored); /* the parent is never cancelled */
    struct task_event signal_closed = {0};
    asking.interrupt.data = &signal_closed;
    uv_close((uv_handle_t *)&asking.interrupt, closed);
    (void)task_event_wait(&signal_closed, 0, &ignored);
    task_unref(session->task);
    session->task = parent;
    session->run = NULL;
    return run;
}

void session_print_answer(const struct run *run, bool with_sql)
{
    const struct rows *rows = run->statement ? run->statement->rows : NULL;
    fflush(stderr);
    fputs(terminal_style(stdout, run->status == RUN_ANSWERED ? STYLE_BOLD : STYLE_ASK), stdout);
    terminal_print_wrapped(stdout, run->answer, 0);
    fputs(terminal_style(stdout, STYLE_NONE), stdout);
    if (rows && rows->row_count > 0 && (rows->row_count > 1 || rows->column_count > 1)) {
        putchar('\n');
        terminal_print_rows(stdout, rows,
                            rows->row_count <= ROWS_WHOLE_MAX ? ROWS_WHOLE_MAX : ROWS_SHOWN);
    }
    if (run->verified) {
        fputs(terminal_style(stdout, STYLE_GOOD), stdout);
        putchar('\n');
        terminal_print_wrapped(stdout, verified_line(run->verified, run->arena), 0);
        fputs(terminal_style(stdout, STYLE_NONE), stdout);
    }
    if (with_sql && run->statement) {
        fputs(terminal_style(stdout, STYLE_DIM), stdout);
        printf("\nSQL: ");
        terminal_print_sql(stdout, run->statement->sql);
        fputs(terminal_style(stdout, STYLE_NONE), stdout);
    }
    fputs(terminal_style(stdout, STYLE_DIM), stdout);
    if (run->suggestion_count > 0)
        printf("\n%s%s", terminal_style(stdout, STYLE_DIM),
               run->status == RUN_NEEDS_CLARIFICATION ? "Ask one of these, or in other words:\n"
                                                      : "You could ask next:\n");
    for (size_t i = 0; i < run->suggestion_count; i++) {
        printf("  %zu  ", i + 1);
        terminal_print_wrapped(stdout, run->suggestions[i], 5);
    }
    fputs(terminal_style(stdout, STYLE_NONE), stdout);
    fflush(stdout);
}

int session_exit_code(const struct run *run)
{
    static const int codes[RUN_STATUSES] = {
        [RUN_ANSWERED] = EXIT_DONE,
        [RUN_NEEDS_CLARIFICATION] = EXIT_ASKS_BACK,
        [RUN_NO_ANSWER] = EXIT_NO_ANSWER,
    };
    return run->error.code != ERROR_NONE ? error_exit_code(run->error.code) : codes[run->status];
}
