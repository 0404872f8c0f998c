/* SPDX-License-Identifier: Apache-2.0 */
/*
 * querent eval: a set of questions with known answers, asked as `querent ask` would, and how many
 * are right. What is saved meanwhile goes into a store of its own, which is removed at the end;
 * what is made of data files stays in QUERENT_HOME, as ever.
 */
#include "cli/commands.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "cli/session.h"
#include "cli/terminal.h"
#include "core/clock.h"
#include "core/json.h"
#include "core/log.h"
#include "core/settings.h"
#include "engine/process.h"
#include "eval/report.h"
#include "version.h"

#define REPORT_BYTES_MAX ((size_t)256 * 1024 * 1024)
#define PREDICTION_BYTES_MAX ((size_t)64 * 1024 * 1024)
#define LIMIT_MAX EVAL_QUESTIONS_MAX

static const struct option_row options[] = {
    {"predictions", 0, OPTION_VALUE, "FILE",
     "judge these predictions; a FILE that is not there is written with the answers instead"},
    {"limit", 'n', OPTION_VALUE, "N", "only the first N questions"},
    {"all-databases", 0, OPTION_FLAG, NULL,
     "ask over all databases of the set at once, not each question over its own"},
    {"tables-given", 0, OPTION_FLAG, NULL,
     "ask each question over the tables that the right statement reads"},
    {"hints", 0, OPTION_FLAG, NULL, "add a question's own \"instructions\" to it"},
    {"no-wording", 0, OPTION_FLAG, NULL,
     "leave out the call that has a language model word the answer, which is not judged"},
    {"without", 0, OPTION_VALUE, "PART",
     "leave PART out of what a language model is told: values, examples or periods, or several "
     "with commas between them"},
    {"report", 0, OPTION_VALUE, "FILE", "write the report as JSON, each question's verdict in it"},
    {"compare", 0, OPTION_VALUE, "FILE", "a report written earlier, to show beside this one"},
    {"json", 0, OPTION_FLAG, NULL, "print the report as JSON"},
    {"home", 0, OPTION_VALUE, "DIR", "where what is derived from data is kept"},
    {"metadata", 0, OPTION_VALUE, "DIR",
     "a folder of metadata documents (YAML) that describe the databases' tables"},
};

/* One evaluation, from the first question to the report. */
struct evaluation {
    const struct arguments *arguments;
    struct eval_set set;
    struct eval_databases databases;
    struct eval_item *items; /* of the set's questions, in their order */
    bool *done;              /* asked or judged */
    size_t done_count;
    FILE *predictions; /* to be written; NULL */
    bool quiet, all_databases, tables_given, hints, no_wording, stopped;
    unsigned without; /* enum llm_part */
    struct eval_outcome outcome;
    /* While questions are asked. */
    struct session session;
    uv_signal_t interrupt;
};

/* ---- judging, off the loop ---- */

struct judgement {
    struct evaluation *evaluation;
    size_t index;
    const struct eval_answer *answer;
    bool ok;
    struct error error;
};

static void judge(void *arg)
{
    struct judgement *judgement = arg;
    struct evaluation *evaluation = judgement->evaluation;
    struct eval_item *item = &evaluation->items[judgement->index];
    judgement->ok = eval_judge(&evaluation->set, &evaluation->databases, item->question,
                               judgement->answer, &item->verdict, &judgement->error);
}

TASK_WAITS static bool judge_one(struct evaluation *evaluation, size_t index,
                                 const struct eval_answer *answer, struct error *err)
{
    struct judgement judgement = {.evaluation = evaluation, .index = index, .answer = answer};
    if (!task_offload(judge, &judgement, err))
        return false;
    if (!judgement.ok) { /* the set's own fault, which spoils no other question */
        terminal_progress_end(stderr);
        terminal_print_line(stderr, "not judged: %s", judgement.error.message);
        evaluation->outcome.not_judged++;
        return true;
    }
    evaluation->done[index] = true;
    evaluation->done_count++;
    return true;
}

static void show_progress(const struct evaluation *evaluation, const char *what)
{
    if (!evaluation->quiet)
        terminal_progress(stderr, "question", evaluation->done_count,
                          evaluation->set.question_count, what);
}

/* ---- a file of predictions ---- */

static bool judge_predictions(struct evaluation *evaluation, const char *path, struct error *err)
{
    json_t *predictions = eval_predictions_read(path, err);
    bool ok = predictions != NULL;
    for (size_t i = 0; ok && i < evaluation->set.question_count; i++) {
        struct arena *arena = arena_new();
        struct eval_result result;
        const struct eval_question *question = &evaluation->set.questions[i];
        struct eval_answer answer =
            eval_answer_of_prediction(json_object_get(predictions, question->id), arena, &result);
        ok = judge_one(evaluation, i, &answer, err);
        arena_free(arena);
        show_progress(evaluation, question->id);
    }
    json_decref(predictions);
    return ok;
}

/* ---- asking ---- */

/* "db.table" of a dataset of the set, as its tables.jsonl names it. */
static const char *table_of(const struct dataset *dataset, struct arena *arena)
{
    const char *file = dataset->source.file ? strrchr(dataset->source.file, '/') : NULL;
    struct str name = str_from(file ? file + 1 : dataset->id);
    if (str_ends(name, STR(".sqlite")))
        name.length -= strlen(".sqlite");
    return arena_printf(arena, "%.*s.%s", STR_ARGS(name),
                        dataset->source.file_table ? dataset->source.file_table
                                                   : dataset->table_name);
}

static struct eval_answer answer_of(const struct run *run, struct eval_result *result)
{
    const struct rows *rows = run->statement ? run->statement->rows : NULL;
    const char *id = run->reply.dataset_id;
    const struct dataset *dataset = id ? catalog_find(run->knowledge->catalog, id) : NULL;
    struct eval_answer answer = {
        .answered = run->error.code == ERROR_NONE && run->status == RUN_ANSWERED && rows,
        .no_dataset = run->error.code == ERROR_NONE && run->status == RUN_NO_ANSWER && !dataset,
        .table = dataset ? table_of(dataset, run->arena) : NULL,
        .error = run->error,
    };
    if (answer.answered) {
        *result = eval_result_of_rows(rows, run->arena);
        answer.result = result;
    }
    return answer;
}

/* As FORMAT's predictions: rows, and the ranks of the datasets. */
static void write_prediction(struct evaluation *evaluation, const struct run *run,
                             const struct eval_question *question, const struct eval_answer *answer)
{
    struct strbuf line = strbuf_init(PREDICTION_BYTES_MAX);
    strbuf_add(&line, "{\"id\":");
    json_add_text(&line, question->id);
    if (answer->answered) {
        strbuf_add(&line, ",\"rows\":");
        eval_result_json(answer->result, &line);
    }
    strbuf_add(&line, ",\"ranked_dataset_ids\":[");
    for (size_t i = 0; i < run->retrieved.hit_count; i++) {
        json_add_separator(&line);
        json_add_text(&line, table_of(run->retrieved.hits[i].dataset, run->arena));
    }
    strbuf_add(&line, "]}\n");
    if (strbuf_ok(&line))
        fwrite(line.bytes, 1, line.length, evaluation->predictions);
    fflush(evaluation->predictions);
    strbuf_clear(&line);
}

static void count_costs(struct eval_outcome *outcome, const struct run *run)
{
    json_t *reply = json_loads(run->events[run->event_count - 1].json, 0, NULL);
    const json_t *metadata = json_object_get(reply, "metadata");
    const json_t *tokens = json_object_get(metadata, "tokens");
    outcome->tokens_in += json_integer_value(json_object_get(tokens, "input"));
    outcome->tokens_out += json_integer_value(json_object_get(tokens, "output"));
    outcome->cost += json_number_value(json_object_get(metadata, "cost"));
    json_decref(reply);
}

TASK_WAITS static bool take_run(struct evaluation *evaluation, size_t index, const struct run *run,
                                struct error *err)
{
    struct eval_item *item = &evaluation->items[index];
    struct eval_result result;
    struct eval_answer answer = answer_of(run, &result);
    item->duration_us = run->duration_us > 0 ? run->duration_us : 1;
    count_costs(&evaluation->outcome, run);
    if (evaluation->predictions)
        write_prediction(evaluation, run, item->question, &answer);
    return judge_one(evaluation, index, &answer, err);
}

/* What the turns of a conversation go on from. */
struct talk {
    const char *name; /* the set's; NULL: none yet */
    char id[STORE_ID_SIZE];
};

/* The datasets of the question's "gold_tables"; all that it may be asked over when it names none. */
static struct text_list tables_given(const struct catalog *catalog,
                                     const struct eval_question *question,
                                     const struct text_list *datasets, struct arena *arena)
{
    const json_t *tables = json_object_get(question->json, "gold_tables"), *table;
    struct text_list ids = {arena_array(arena, catalog->dataset_count + 1, sizeof(*ids.items)), 0};
    size_t i;
    for (size_t d = 0; d < catalog->dataset_count; d++) {
        const char *name = table_of(&catalog->datasets[d], arena);
        json_array_foreach(tables, i, table)
        {
            const char *text = json_string_value(table);
            if (text && strcmp(text, name) == 0)
                ids.items[ids.count++] = catalog->datasets[d].id;
        }
    }
    return ids.count > 0 ? ids : *datasets;
}

static const char *with_hint(const struct eval_question *question, struct arena *arena)
{
    const char *hint = json_string_value(json_object_get(question->json, "instructions"));
    return hint && *hint ? arena_printf(arena, "%s\n%s", question->text, hint) : question->text;
}

/* As the options have it. */
static struct question question_of(const struct evaluation *evaluation,
                                   const struct eval_question *asked,
                                   const struct text_list *datasets, struct arena *arena)
{
    const struct catalog *catalog = evaluation->session.agent->knowledge->catalog;
    struct text_list over =
        evaluation->tables_given ? tables_given(catalog, asked, datasets, arena) : *datasets;
    return (struct question){
        .text = evaluation->hints ? with_hint(asked, arena) : asked->text,
        .user_id = "eval",
        .dataset_filter = over.items,
        .dataset_filter_count = over.count,
        .rows_suffice = evaluation->no_wording,
        .without = evaluation->without,
    };
}

TASK_WAITS static bool ask_one(struct evaluation *evaluation, size_t index,
                               const struct text_list *datasets, struct talk *talk,
                               struct error *err)
{
    const struct eval_question *asked = evaluation->items[index].question;
    bool goes_on =
        asked->conversation && talk->name && strcmp(asked->conversation, talk->name) == 0;
    struct arena *arena = arena_new();
    struct question question = question_of(evaluation, asked, datasets, arena);
    question.conversation_id = goes_on ? talk->id : NULL;
    struct run *run = session_ask(&evaluation->session, &question, err);
    if (!run) { /* a question that the program does not take, such as one that is too long */
        const struct eval_answer refused = {.error = *err};
        error_clear(err);
        arena_free(arena);
        return judge_one(evaluation, index, &refused, err);
    }
    bool ok = evaluation->stopped || take_run(evaluation, index, run, err);
    talk->name = asked->conversation;
    memcpy(talk->id, run->conversation_id, sizeof(talk->id));
    run_free(run);
    arena_free(arena);
    return ok;
}

/* The ids of a database's tables; of all, if path is NULL: then none need be named. */
static struct text_list datasets_of(const struct catalog *catalog, const char *path,
                                    struct arena *arena)
{
    struct text_list ids = {arena_array(arena, catalog->dataset_count + 1, sizeof(*ids.items)), 0};
    char *real = path ? realpath(path, NULL) : NULL;
    for (size_t i = 0; path && i < catalog->dataset_count; i++) {
        const char *file = catalog->datasets[i].source.file;
        if (file && (strcmp(file, path) == 0 || (real && strcmp(file, real) == 0)))
            ids.items[ids.count++] = catalog->datasets[i].id;
    }
    free(real);
    return ids;
}

static void show_loading(void *context, size_t done, size_t total, const char *name)
{
    const struct evaluation *evaluation = context;
    if (!evaluation->quiet)
        terminal_progress(stderr, "reading", done, total, name);
}

/* What could not be read can't be asked about. */
static void show_errors(const struct catalog *catalog)
{
    struct strbuf line = strbuf_init(8192);
    if (catalog->error_count > 0)
        terminal_progress_end(stderr);
    for (size_t i = 0; i < catalog->problem_count; i++) {
        if (catalog->problems[i].severity != PROBLEM_ERROR)
            continue;
        strbuf_reset(&line);
        problem_print(&line, &catalog->problems[i]);
        terminal_print_line(stderr, "%s", strbuf_text(&line));
    }
    strbuf_clear(&line);
}

/* Opens the agent over these files and asks the questions of the database, or all. */
TASK_WAITS static bool ask_over(struct evaluation *evaluation, const char *const *paths,
                                size_t path_count, const char *db_id, struct error *err)
{
    const struct agent_options agent_options = {.data_paths = paths,
                                                .data_path_count = path_count,
                                                .progress = show_loading,
                                                .progress_context = evaluation};
    struct session *session = &evaluation->session;
    struct talk talk = {0};
    session->agent = agent_open(session->loop, &agent_options, err);
    if (!session->agent)
        return false;
    evaluation->outcome.source =
        arena_strdup(evaluation->set.arena, llm_model_id(session->agent->llm));
    show_errors(session->agent->knowledge->catalog);
    struct error late = {0};
    if (!agent_make_vectors(session->agent, NULL, &late))
        log_warn("embeddings of datasets: %s", late.message);
    struct arena *arena = arena_new();
    struct text_list ids =
        datasets_of(session->agent->knowledge->catalog, db_id ? paths[0] : NULL, arena);
    bool ok = true;
    for (size_t i = 0; ok && !evaluation->stopped && i < evaluation->set.question_count; i++) {
        const struct eval_question *question = evaluation->items[i].question;
        if (db_id && strcmp(question->db_id, db_id) != 0)
            continue;
        show_progress(evaluation, question->id);
        ok = ask_one(evaluation, i, &ids, &talk, err);
    }
    arena_free(arena);
    agent_close(session->agent);
    return ok;
}

/* The databases of the questions, each once. */
static struct text_list databases_of(const struct eval_set *set, struct arena *arena)
{
    struct text_list ids = {arena_array(arena, set->question_count, sizeof(*ids.items)), 0};
    for (size_t i = 0; i < set->question_count; i++) {
        size_t known = 0;
        while (known < ids.count && strcmp(ids.items[known], set->questions[i].db_id) != 0)
            known++;
        if (known == ids.count)
            ids.items[ids.count++] = set->questions[i].db_id;
    }
    return ids;
}

TASK_WAITS static bool ask_everything(struct evaluation *evaluation, struct arena *arena,
                                      struct error *err)
{
    struct text_list ids = databases_of(&evaluation->set, arena);
    const char **paths = arena_array(arena, ids.count, sizeof(*paths));
    bool ok = true;
    for (size_t i = 0; i < ids.count; i++)
        paths[i] = eval_database_path(&evaluation->databases, ids.items[i], arena);
    if (evaluation->all_databases)
        return ask_over(evaluation, paths, ids.count, NULL, err);
    for (size_t i = 0; ok && !evaluation->stopped && i < ids.count; i++)
        ok = ask_over(evaluation, &paths[i], 1, ids.items[i], err);
    return ok;
}

static void interrupted(uv_signal_t *handle, int number)
{
    struct evaluation *evaluation = handle->data;
    evaluation->stopped = true;
}

static void interrupt_closed(uv_handle_t *handle)
{
    task_event_signal(handle->data);
}

/* In the main task. Ctrl-C ends the question under way and all that would follow. */
TASK_WAITS static bool ask_in_task(void *arg, struct error *err)
{
    struct evaluation *evaluation = arg;
    struct session *session = &evaluation->session;
    struct task_event closed = {0};
    struct arena *arena = arena_new();
    session->task = task_current();
    session->loop = task_loop(session->task);
    uv_signal_init(loop_uv(session->loop), &evaluation->interrupt);
    evaluation->interrupt.data = evaluation;
    uv_signal_start(&evaluation->interrupt, interrupted, SIGINT);
    bool ok = ask_everything(evaluation, arena, err);
    evaluation->interrupt.data = &closed;
    uv_close((uv_handle_t *)&evaluation->interrupt, interrupt_closed);
    task_event_wait_always(&closed);
    arena_free(arena);
    return ok;
}

/* The clock took its setting when settings were loaded, which is over. */
static bool fix_today(const char *as_of, struct error *err)
{
    return settings_set("QUERENT_NOW", as_of, err) && clock_set_now(settings_text("QUERENT_NOW"));
}

/* A store of its own, and none of the user's documents unless they are named. */
static bool set_apart(struct evaluation *evaluation, const char *folder, struct error *err)
{
    const char *url = arena_printf(evaluation->set.arena, "sqlite:%s/store.db", folder);
    return settings_set("DATABASE_URL", url, err) &&
           (arguments_value(evaluation->arguments, "metadata") ||
            settings_set("QUERENT_METADATA_DIR", folder, err)) &&
           (!evaluation->set.as_of || fix_today(evaluation->set.as_of, err));
}

static bool ask_apart(struct evaluation *evaluation, struct error *err)
{
    static const struct task_options task = {.name = "eval"};
    const char *parent = getenv("TMPDIR");
    char *folder = arena_printf(evaluation->set.arena, "%s/querent-eval-XXXXXX",
                                parent && *parent ? parent : "/tmp");
    if (!mkdtemp(folder))
        return error_set(err, ERROR_IO, "a folder like '%s' can't be made: %s", folder,
                         strerror(errno));
    evaluation->session = (struct session){.arguments = evaluation->arguments, .quiet = true};
    bool ok =
        set_apart(evaluation, folder, err) && task_run_main(&task, ask_in_task, evaluation, err);
    process_remove_folder(folder);
    return ok;
}

/* ---- the command ---- */

static bool read_without(const struct arguments *arguments, unsigned *out, struct error *err)
{
    static const char *const names[] = {"values", "examples", "periods"}; /* of enum llm_part's bits */
    struct str rest = str_from(arguments_value(arguments, "without")), name;
    while (rest.length > 0 && str_split(&rest, ',', &name)) {
        size_t i = 0;
        while (i < 3 && !str_equal_text(name, names[i]))
            i++;
        if (i == 3)
            return error_set(err, ERROR_USAGE,
                             "--without '%.*s' is not known; allowed is values, examples, periods",
                             STR_ARGS(str_cut_utf8(name, 80)));
        *out |= 1u << i;
    }
    return true;
}

static bool read_limit(const struct arguments *arguments, size_t *out, struct error *err)
{
    const char *text = arguments_value(arguments, "limit");
    int64_t number = 0;
    if (text && (!str_to_i64(str_from(text), &number) || number < 1 || number > LIMIT_MAX))
        return error_set(err, ERROR_USAGE, "--limit '%s' is not a number from 1 to %d", text,
                         LIMIT_MAX);
    *out = (size_t)number;
    return true;
}

static bool read_earlier(const struct arguments *arguments, json_t **out, struct error *err)
{
    const char *path = arguments_value(arguments, "compare");
    json_error_t problem;
    *out = path ? json_load_file(path, 0, &problem) : NULL;
    if (path && !json_is_object(json_object_get(*out, "all"))) {
        error_set(err, ERROR_INVALID, "'%s' is no report of this command: %s", path,
                  *out ? "it has no \"all\"" : problem.text);
        json_decref(*out);
        return false;
    }
    return true;
}

static bool work(struct evaluation *evaluation, struct error *err)
{
    const char *path = arguments_value(evaluation->arguments, "predictions");
    if (path && access(path, F_OK) == 0) {
        terminal_print_line(stderr, "judging the predictions of '%s'", path);
        evaluation->outcome.source = "predictions";
        return judge_predictions(evaluation, path, err);
    }
    evaluation->predictions = path ? fopen(path, "wxe") : NULL;
    if (path && !evaluation->predictions)
        return error_set(err, ERROR_IO, "'%s' can't be written: %s", path, strerror(errno));
    evaluation->outcome.source = "planner";
    evaluation->outcome.scope = evaluation->all_databases ? "all" : "database";
    bool ok = ask_apart(evaluation, err);
    if (evaluation->predictions && fclose(evaluation->predictions) != 0 && ok)
        ok = error_set(err, ERROR_IO, "'%s' can't be written: %s", path, strerror(errno));
    return ok;
}

/* Those that were asked, together. */
static void gather(struct evaluation *evaluation)
{
    size_t kept = 0;
    for (size_t i = 0; i < evaluation->set.question_count; i++)
        if (evaluation->done[i])
            evaluation->items[kept++] = evaluation->items[i];
    evaluation->outcome.set = &evaluation->set;
    evaluation->outcome.items = evaluation->items;
    evaluation->outcome.count = kept;
    evaluation->outcome.stopped = evaluation->stopped;
}

static bool write_report(const char *path, const json_t *report, struct error *err)
{
    return !path || json_dump_file(report, path, JSON_INDENT(1) | JSON_REAL_PRECISION(10)) == 0 ||
           error_set(err, ERROR_IO, "'%s' can't be written: %s", path, strerror(errno));
}

static void print_report(const json_t *report, const json_t *earlier)
{
    struct strbuf text = strbuf_init(REPORT_BYTES_MAX);
    eval_report_print(report, earlier, &text);
    struct str rest = strbuf_str(&text), line;
    while (str_split(&rest, '\n', &line) && (line.length > 0 || rest.length > 0))
        terminal_print_line(stdout, "%.*s", STR_ARGS(line));
    strbuf_clear(&text);
}

static bool tell(struct evaluation *evaluation, const json_t *earlier, struct error *err)
{
    const struct arguments *arguments = evaluation->arguments;
    gather(evaluation);
    json_t *report = eval_report(&evaluation->outcome, QUERENT_VERSION);
    if (arguments_flag(arguments, "json")) {
        json_dumpf(report, stdout, JSON_COMPACT | JSON_REAL_PRECISION(10));
        putchar('\n');
    } else {
        print_report(report, earlier);
    }
    bool ok = write_report(arguments_value(arguments, "report"), report, err);
    json_decref(report);
    return ok;
}

static bool evaluate(struct evaluation *evaluation, const json_t *earlier, struct error *err)
{
    struct eval_set *set = &evaluation->set;
    evaluation->databases.folder = set->databases;
    evaluation->items = arena_array(set->arena, set->question_count, sizeof(*evaluation->items));
    evaluation->done = arena_array(set->arena, set->question_count, sizeof(*evaluation->done));
    for (size_t i = 0; i < set->question_count; i++)
        evaluation->items[i].question = &set->questions[i];
    bool ok = work(evaluation, err);
    terminal_progress_end(stderr);
    eval_databases_close(&evaluation->databases);
    if (ok && evaluation->stopped)
        terminal_print_line(stderr, "stopped after %zu of %zu questions", evaluation->done_count,
                            set->question_count);
    return ok && tell(evaluation, earlier, err);
}

static int run_eval(const struct arguments *arguments)
{
    size_t count, limit;
    struct error err = {0};
    struct evaluation evaluation = {
        .arguments = arguments,
        .quiet = arguments_flag(arguments, "json"),
        .all_databases = arguments_flag(arguments, "all-databases"),
        .tables_given = arguments_flag(arguments, "tables-given"),
        .hints = arguments_flag(arguments, "hints"),
        .no_wording = arguments_flag(arguments, "no-wording"),
    };
    json_t *earlier = NULL;
    bool ok = session_apply_options(arguments, &err) && read_limit(arguments, &limit, &err) &&
              read_without(arguments, &evaluation.without, &err) &&
              read_earlier(arguments, &earlier, &err) &&
              eval_set_read(arguments_rest(arguments, &count)[0], limit, &evaluation.set, &err);
    if (ok) {
        ok = evaluate(&evaluation, earlier, &err);
        eval_set_clear(&evaluation.set);
    }
    json_decref(earlier);
    if (!ok)
        return arguments_fail(arguments, &err);
    return evaluation.stopped ? EXIT_FAILED : EXIT_DONE;
}

const struct command eval_command = {
    .name = "eval",
    .summary = "ask a set of questions whose answers are known",
    .usage = "[OPTION]... DIR",
    .details =
        "DIR has set.json, questions.jsonl and SQLite databases (docs/eval.md). Each question is\n"
        "asked as `querent ask` would ask it; the report says how many are right, by difficulty\n"
        "and tag, how many of those that were answered, why the others are not, and how long it\n"
        "took. Ctrl-C stops and reports what there is.\n"
        "\n"
        "Examples:\n"
        "  querent eval sets/sales --limit 300 --report before.json\n"
        "  querent eval sets/sales --limit 300 --compare before.json\n"
        "  querent eval sets/sales --predictions answers.jsonl",
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .rest_min = 1,
    .rest_max = 1,
    .run = run_eval,
};
