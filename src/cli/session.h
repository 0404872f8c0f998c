/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What commands that use the agent share: start it with progress on the terminal, stop it at
 * Ctrl-C, show a run as it goes.
 */
#ifndef QUERENT_CLI_SESSION_H
#define QUERENT_CLI_SESSION_H

#include "agent/agent.h"
#include "agent/run.h"
#include "cli/answer_view.h"
#include "cli/command.h"

/* The options that session_run() reads, for a command's table. */
#define SESSION_OPTIONS                                                                            \
    {"data", 'd', OPTION_LIST, "PATH",                                                             \
     "a data file (CSV, TSV, Parquet, JSON, SQLite) or a folder of them"},                         \
    {"home", 0, OPTION_VALUE, "DIR", "where the store and what is derived from data are kept"},    \
    {"metadata", 0, OPTION_VALUE, "DIR", "a folder of metadata documents (YAML)"}

struct session {
    const struct arguments *arguments;
    struct loop *loop;
    struct agent *agent;
    struct run *run; /* the one that Ctrl-C cancels; NULL */
    struct task *task;
    /* Instead of drawing steps: gets every event of the runs. NULL: steps are drawn. */
    void (*listener)(void *context, const struct run_event *event);
    bool quiet; /* no steps, no notes */
    bool live; /* on a terminal, the answer is printed as it is written; session_print_answer() ends it */
    struct answer_view view;
    const struct step_record *later; /* a step that ended while the answer stood open; NULL */
    bool interrupted;
};

/*
 * Opens the agent in a task, runs work(session) there and closes everything. `work` returns an
 * exit code and prints its own errors; so does this.
 */
int session_run(const struct arguments *arguments, TASK_WAITS int (*work)(struct session *));

/* Makes settings of the options that are settings too: --home, --metadata. */
bool session_apply_options(const struct arguments *arguments, struct error *err);

/* Takes one question through the workflow, showing its steps unless session->quiet, and on a terminal a
 * language model's answer as it is written, where session->live. The caller frees the run. NULL with an
 * error when it could not begin; run->error when it failed. */
TASK_WAITS struct run *session_ask(struct session *session, const struct question *question,
                                   struct error *err);

/* Prints the answer, or what is not shown of it yet, rows, on a terminal what it took, SQL and
 * suggestions, as a person reads them. */
void session_print_answer(struct session *session, const struct run *run, bool with_sql);
/* The exit code for a run that ended. */
int session_exit_code(const struct run *run);

#endif
