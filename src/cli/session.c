/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/session.h"

#include <string.h>
#include <uv.h>

#include "agent/answer_delta.h"
#include "agent/number.h"
#include "agent/verified.h"
#include "agent/workflow.h"
#include "cli/terminal.h"
#include "core/log.h"
#include "core/settings.h"

#define STEP_NAME_WIDTH 22 /* columns of a step's line before its words, and some air */
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

static void print_step(const struct step_record *step)
{
    bool ok = step->status == STEP_DONE;
    size_t width = terminal_width(stderr), room = width > STEP_NAME_WIDTH ? width - STEP_NAME_WIDTH : 0;
    struct strbuf line = strbuf_init(4096);
    text_add_cut(&line, str_from(step->words ? step->words : ""), room);
    fprintf(stderr, "%s%s%s %s%-18s%s%s\n",
            terminal_style(stderr, ok ? STYLE_GOOD : STYLE_BAD), ok ? "\xE2\x9C\x93" : "\xE2\x9C\x97",
            terminal_style(stderr, STYLE_NONE), terminal_style(stderr, STYLE_DIM),
            run_step_name(step->step), strbuf_text(&line), terminal_style(stderr, STYLE_NONE));
    strbuf_clear(&line);
}

/* From the first word of an answer to its end, and while a line says what is waited for, nothing may come
 * between: what is logged then is written after it. */
static void hold_log(void)
{
    if (terminal_is(stderr))
        log_hold();
}

/* What is waited for, until there is something to say: a language model may take seconds. Whoever wants to
 * see all that is logged sees it as it comes. */
static void show_waiting(const struct step_record *step)
{
    if (!terminal_can_redraw(stderr) || log_enabled(LOG_INFO))
        return;
    hold_log();
    fprintf(stderr, "%s\xE2\x80\xA6 %s%s", terminal_style(stderr, STYLE_DIM),
            run_step_name(step->step), terminal_style(stderr, STYLE_NONE));
}

static void wipe_waiting(void)
{
    if (terminal_can_redraw(stderr) && !log_enabled(LOG_INFO))
        fputs("\r\033[K", stderr);
    log_release();
}

/* NULL: there is no answer. */
static void end_view(struct session *session, const char *answer)
{
    answer_view_end(&session->view, answer);
    log_release();
}

/* The line that says what is waited for, or what was told of an answer. What was logged meanwhile comes after. */
static void clear_view(struct session *session)
{
    if (session->view.open)
        end_view(session, NULL);
    else if (!session->quiet)
        wipe_waiting();
}

static void show_step(struct session *session, const struct step_record *step)
{
    if (session->view.open && step->status == STEP_DONE) {
        session->later = step;
        return;
    }
    clear_view(session);
    if (!session->quiet)
        print_step(step);
}

static void show_words(struct session *session, const struct run_event *event)
{
    struct str text;
    bool replaces;
    if (!session->live || !answer_view_works(stdout) ||
        !answer_delta_read(event->json, session->run->arena, &text, &replaces))
        return;
    if (!session->view.open) {
        if (!session->quiet)
            wipe_waiting();
        hold_log();
        session->view = (struct answer_view){.stream = stdout, .style = STYLE_BOLD};
    }
    answer_view_tell(&session->view, text, replaces);
}

static void show_event(void *context, const struct run_event *event)
{
    struct session *session = context;
    if (event->kind == EVENT_STEP_START && event->step && !session->quiet && !session->view.open)
        show_waiting(event->step);
    else if (event->kind == EVENT_STEP_UPDATE && event->step)
        show_step(session, event->step);
    else if (event->kind == EVENT_ANSWER_DELTA)
        show_words(session, event);
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
    run->listener = session->listener ? session->listener : show_event;
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
    session->later = NULL;
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
    if (run->error.code != ERROR_NONE)
        clear_view(session);
    return run;
}

/* ------------------------------------------------------------------ the answer */

static void print_rows(const struct run *run)
{
    const struct rows *rows = run->statement ? run->statement->rows : NULL;
    if (!rows || rows->row_count == 0 || (rows->row_count == 1 && rows->column_count == 1))
        return;
    putchar('\n');
    terminal_print_rows(stdout, rows,
                        rows->row_count <= ROWS_WHOLE_MAX ? ROWS_WHOLE_MAX : ROWS_SHOWN);
}

static const char *cost_words(const struct usage *usage, struct arena *arena)
{
    double cost = (double)usage->cost_nano / 1e9;
    if (usage->unpriced > 0 && usage->unpriced >= usage->calls)
        return "no price known";
    if (usage->unpriced > 0)
        return arena_printf(arena, "at least $%.4f", cost);
    return usage->cost_nano > 0 && cost < 0.0001 ? "under $0.0001" : arena_printf(arena, "$%.4f", cost);
}

static const char *time_words(uint64_t duration_us, struct arena *arena)
{
    return duration_us < 1000000 ? arena_printf(arena, "%llu ms", (unsigned long long)duration_us / 1000)
                                 : arena_printf(arena, "%.1f s", (double)duration_us / 1e6);
}

/* "claude-sonnet-5: 2 calls, 3,412 tokens in, 2,900 from its cache, 88 out, $0.0042, 2.1 s" */
static void print_usage(const struct run *run)
{
    struct usage usage;
    if (!run_usage(run, &usage))
        return;
    struct arena *arena = run->arena;
    const char *cached = usage.cached > 0
                             ? arena_printf(arena, " and %s from its cache",
                                            number_print((double)usage.cached, arena))
                             : "";
    const char *words =
        arena_printf(arena, "%s: %lld %s, %s tokens in%s, %s out, %s, %s", usage.model,
                     (long long)usage.calls, plural((size_t)usage.calls, "call", "calls"),
                     number_print((double)(usage.input + usage.cache_written), arena), cached,
                     number_print((double)usage.output, arena), cost_words(&usage, arena),
                     time_words(run->duration_us, arena));
    fputs(terminal_style(stdout, STYLE_DIM), stdout);
    terminal_print_wrapped(stdout, words, 0);
    fputs(terminal_style(stdout, STYLE_NONE), stdout);
}

/* For who sits before it: how the answer came about, and what it took. */
static void print_notes(const struct session *session, const struct run *run)
{
    struct usage usage;
    if (session->quiet || !terminal_is(stdout) || !(session->later || run_usage(run, &usage)))
        return;
    putchar('\n');
    fflush(stdout);
    if (session->later)
        print_step(session->later);
    print_usage(run);
}

/* That the tables were found with less than there should be. */
static void print_retrieval_notice(const struct run *run)
{
    if (!run->retrieval_notice)
        return;
    printf("\n%s", terminal_style(stdout, STYLE_DIM));
    terminal_print_wrapped(stdout, run->retrieval_notice, 0);
    fputs(terminal_style(stdout, STYLE_NONE), stdout);
}

static void print_suggestions(const struct run *run)
{
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
}

void session_print_answer(struct session *session, const struct run *run, bool with_sql)
{
    fflush(stderr);
    if (session->view.open) {
        end_view(session, run->answer);
    } else {
        fputs(terminal_style(stdout, run->status == RUN_ANSWERED ? STYLE_BOLD : STYLE_ASK), stdout);
        terminal_print_wrapped(stdout, run->answer, 0);
        fputs(terminal_style(stdout, STYLE_NONE), stdout);
    }
    print_rows(run);
    if (run->verified) {
        fputs(terminal_style(stdout, STYLE_GOOD), stdout);
        putchar('\n');
        terminal_print_wrapped(stdout, verified_line(run->verified, run->arena), 0);
        fputs(terminal_style(stdout, STYLE_NONE), stdout);
    }
    print_retrieval_notice(run);
    print_notes(session, run);
    if (with_sql && run->statement) {
        fputs(terminal_style(stdout, STYLE_DIM), stdout);
        printf("\nSQL: ");
        terminal_print_sql(stdout, run->statement->sql);
        fputs(terminal_style(stdout, STYLE_NONE), stdout);
    }
    print_suggestions(run);
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
