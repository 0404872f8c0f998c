/* SPDX-License-Identifier: Apache-2.0 */
/* querent chat: a conversation, typed at a terminal or fed by a script. */
#include "cli/commands.h"

#include <stdlib.h>
#include <string.h>

#include "cli/line_reader.h"
#include "cli/session.h"
#include "cli/terminal.h"
#include "core/settings.h"

#define CHOICE_MAX 9 /* a greater number is a part of a question */

static const struct option_row options[] = {
    SESSION_OPTIONS,
    {"conversation", 'c', OPTION_VALUE, "ID", "go on with this conversation"},
    {"user", 0, OPTION_VALUE, "ID", "who asks (\"local\")"},
    {"quiet", 'q', OPTION_FLAG, NULL, "answers only, without the steps"},
};

struct chat {
    struct session *session;
    struct arena *arena;
    const char *conversation_id; /* NULL before the first question */
    struct run *last;
    struct run *answered; /* the last with a statement: may be the same; NULL */
    struct catalog_watch *watch; /* NULL: there is nothing to watch */
    bool changed;                /* something may have, since the agent read it */
    bool interactive;
    bool ended;
};

/* ------------------------------------------------------------------ commands of the chat */

typedef void (*chat_fn)(struct chat *chat);

/* Of the last answer that had one, which is said where a question came after it; NULL. */
static const struct statement *last_statement(const struct chat *chat)
{
    if (chat->answered && chat->answered != chat->last)
        terminal_print_line(stdout, "Of the last answer from the data, to \"%s\":",
                            chat->answered->question.text);
    return chat->answered ? chat->answered->statement : NULL;
}

static void show_sql(struct chat *chat)
{
    const struct statement *statement = last_statement(chat);
    if (statement)
        terminal_print_sql(stdout, statement->sql);
    else
        puts("There was no statement yet.");
}

static void show_rows(struct chat *chat)
{
    const struct statement *statement = last_statement(chat);
    if (statement)
        terminal_print_rows(stdout, statement->rows, 1000);
    else
        puts("There are no rows yet.");
}

static void show_datasets(struct chat *chat)
{
    const struct catalog *catalog = chat->session->agent->knowledge->catalog;
    for (size_t i = 0; i < catalog->dataset_count; i++)
        terminal_print_line(stdout, "  %-24s %s", catalog->datasets[i].id,
                            dataset_title(&catalog->datasets[i]));
}

static void begin_anew(struct chat *chat)
{
    chat->conversation_id = NULL;
    puts("A new conversation.");
}

static void end_chat(struct chat *chat)
{
    chat->ended = true;
}

static void show_help(struct chat *chat);

static const struct chat_command {
    const char *name;
    chat_fn run;
    const char *help;
} chat_commands[] = {
    {"/sql", show_sql, "the SQL of the last answer from the data"},
    {"/rows", show_rows, "all its rows"},
    {"/datasets", show_datasets, "what can be asked about"},
    {"/new", begin_anew, "forget what was said, begin anew"},
    {"/help", show_help, "this list"},
    {"/quit", end_chat, "end (or Ctrl-D)"},
};

static void show_help(struct chat *chat)
{
    puts("Ask a question, then go on: \"and by region?\", \"only 2024\". A number picks one of the\n"
         "suggestions. And:");
    for (size_t i = 0; i < sizeof(chat_commands) / sizeof(chat_commands[0]); i++)
        printf("  %-10s %s\n", chat_commands[i].name, chat_commands[i].help);
}

static void run_chat_command(struct chat *chat, const char *text)
{
    for (size_t i = 0; i < sizeof(chat_commands) / sizeof(chat_commands[0]); i++)
        if (strcmp(chat_commands[i].name, text) == 0) {
            chat_commands[i].run(chat);
            return;
        }
    terminal_print_line(stdout, "There is no '%s'; /help lists what there is.", text);
}

/* ------------------------------------------------------------------ questions */

/* "2" after a question back or suggestions means the second of them. */
static const char *resolve_choice(const struct chat *chat, const char *text)
{
    int64_t number;
    if (!chat->last || !str_to_i64(str_trim(str_from(text)), &number) || number < 1 ||
        (size_t)number > chat->last->suggestion_count)
        return text;
    return arena_strdup(chat->arena, chat->last->suggestions[number - 1]);
}

/* "1" where there is nothing to choose is no question, unless it answers one back; "2024" may be one. */
static bool names_no_choice(const struct chat *chat, const char *text)
{
    int64_t number;
    bool asked_back = chat->last ? chat->last->status == RUN_NEEDS_CLARIFICATION
                                 : chat->conversation_id != NULL;
    return !asked_back && str_to_i64(str_trim(str_from(text)), &number) && number >= 0 &&
           number <= CHOICE_MAX &&
           (!chat->last || number < 1 || (size_t)number > chat->last->suggestion_count);
}

/* In place of the run before, which stays while it is the last with a statement. */
static void keep(struct chat *chat, struct run *run)
{
    if (chat->last != chat->answered)
        run_free(chat->last);
    chat->last = run;
    if (run->statement) {
        run_free(chat->answered);
        chat->answered = run;
    }
}

TASK_WAITS static void ask(struct chat *chat, const char *text)
{
    struct question question = {
        .text = resolve_choice(chat, text),
        .user_id = arguments_value(chat->session->arguments, "user"),
        .conversation_id = chat->conversation_id,
        .use_cache = true,
    };
    struct error err = {0};
    struct run *run = session_ask(chat->session, &question, &err);
    if (!run) {
        command_fail(&err);
        return;
    }
    if (run->error.code != ERROR_NONE)
        command_fail(&run->error);
    else
        session_print_answer(chat->session, run, false);
    if (run->conversation_id[0])
        chat->conversation_id = arena_strdup(chat->arena, run->conversation_id);
    keep(chat, run);
}

static void data_changed(void *context)
{
    struct chat *chat = context;
    chat->changed = true;
}

/* Anew each time: a file that was replaced by another is no longer what was watched. */
static void watch_data(struct chat *chat)
{
    struct error ignored = {0}; /* what can't be watched is as it was read */
    catalog_watch_stop(chat->watch);
    chat->watch =
        catalog_watch_start(&chat->session->agent->catalog_options, data_changed, chat, &ignored);
}

/* Before a question: the data as it is now. Answers given stay with what they were made from. */
TASK_WAITS static void refresh(struct chat *chat)
{
    struct error err = {0};
    if (!chat->changed)
        return;
    chat->changed = false;
    watch_data(chat);
    const struct knowledge *before = chat->session->agent->knowledge;
    if (!agent_refresh(chat->session->agent, &err))
        command_fail(&err);
    else if (chat->session->agent->knowledge != before && !chat->session->quiet)
        fputs("note: the data has changed and was read again\n", stderr);
}

/* As a shell takes it for one word. */
static const char *quoted(struct arena *arena, const char *text)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:@%+,=-";
    if (*text && text[strspn(text, plain)] == '\0')
        return text;
    struct strbuf out = strbuf_init(strlen(text) * 4 + 3);
    strbuf_add_char(&out, '\'');
    for (; *text; text++)
        if (*text == '\'')
            strbuf_add(&out, "'\\''");
        else
            strbuf_add_char(&out, *text);
    strbuf_add_char(&out, '\'');
    const char *copy = arena_strdup(arena, strbuf_text(&out));
    strbuf_clear(&out);
    return copy;
}

/* The same command again: the data is not in the conversation. */
static void show_how_to_go_on(const struct chat *chat)
{
    static const char *const repeated[] = {"home", "metadata", "user"};
    const struct arguments *arguments = chat->session->arguments;
    size_t count;
    const char *const *data = arguments_list(arguments, "data", &count);
    struct strbuf line = strbuf_init(1 << 20);
    strbuf_printf(&line, "querent chat --conversation %s", chat->conversation_id);
    for (size_t i = 0; i < count; i++)
        strbuf_printf(&line, " --data %s", quoted(chat->arena, data[i]));
    for (size_t i = 0; i < sizeof(repeated) / sizeof(repeated[0]); i++) {
        const char *value = arguments_value(arguments, repeated[i]);
        if (value)
            strbuf_printf(&line, " --%s %s", repeated[i], quoted(chat->arena, value));
    }
    terminal_print_line(stdout, "Go on later with: %s", strbuf_text(&line));
    strbuf_clear(&line);
}

TASK_WAITS static int chat(struct session *session)
{
    session->quiet = arguments_flag(session->arguments, "quiet");
    session->live = true;
    struct error err = {0};
    if (!catalog_require_datasets(session->agent->knowledge->catalog, &err))
        return command_fail(&err);
    struct chat chat = {
        .session = session,
        .arena = arena_new(),
        .conversation_id = arguments_value(session->arguments, "conversation"),
        .interactive = terminal_is(stdin) && terminal_is(stdout),
    };
    struct line_reader line = {.interactive = chat.interactive};
    if (chat.interactive)
        line.history_path = arena_printf(chat.arena, "%s/chat_history", settings_home());
    (void)task_offload(line_reader_open, &line, &err); /* if it can't be, nor can the reading */
    watch_data(&chat);
    if (chat.interactive)
        printf("Ask about %zu %s. /help for help, Ctrl-D to end.\n",
               session->agent->knowledge->catalog->dataset_count,
               plural(session->agent->knowledge->catalog->dataset_count, "dataset", "datasets"));
    while (!chat.ended) {
        if (!task_offload(line_reader_read, &line, &err) || !line.text)
            break;
        struct str text = str_trim(str_from(line.text));
        const char *copy = arena_strndup(chat.arena, text.bytes, text.length);
        free(line.text);
        if (!*copy)
            continue;
        if (!chat.interactive) {
            putchar('\n');
            terminal_print_line(stdout, "you> %s", copy);
        }
        refresh(&chat);
        if (*copy == '/')
            run_chat_command(&chat, copy);
        else if (names_no_choice(&chat, copy))
            terminal_print_line(stdout, "There is no suggestion %s.", copy);
        else
            ask(&chat, copy);
        fflush(stdout);
    }
    catalog_watch_stop(chat.watch);
    if (chat.interactive)
        putchar('\n');
    if (chat.conversation_id)
        show_how_to_go_on(&chat);
    if (chat.answered != chat.last)
        run_free(chat.answered);
    run_free(chat.last);
    arena_free(chat.arena);
    return err.code == ERROR_NONE ? EXIT_DONE : command_fail(&err);
}

static int run_chat(const struct arguments *arguments)
{
    return session_run(arguments, chat);
}

const struct command chat_command = {
    .name = "chat",
    .summary = "a conversation with follow-ups",
    .usage = "[OPTION]...",
    .details = "Example:\n  querent chat --data shop/",
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .run = run_chat,
};
