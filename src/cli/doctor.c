/* SPDX-License-Identifier: Apache-2.0 */
/*
 * querent doctor: checks each part of the set-up and says what to mend. One row a check; a check
 * that fails does not keep the others from being made.
 */
#include "cli/commands.h"

#include <errno.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "agent/embedding.h"
#include "cli/session.h"
#include "cli/terminal.h"
#include "core/json.h"
#include "core/settings.h"
#include "llm/llm.h"
#include "version.h"

#define FREE_SPACE_MIN_MB 200
#define PROBLEMS_SHOWN 5
#define PROBLEMS_SIZE_MAX 32768
#define MODEL_CHECK_MS 90000 /* for a provider, in all */

static const struct option_row options[] = {
    SESSION_OPTIONS,
    {"json", 0, OPTION_FLAG, NULL, "print the outcome as JSON"},
};

enum finding { FINDING_GOOD, FINDING_ODD, FINDING_BAD };

struct doctor {
    const struct arguments *arguments;
    struct loop *loop;
    struct arena *arena;
    struct strbuf json;
    bool bad, odd; /* something is broken; something works, and is to be seen to */
};

struct outcome {
    enum finding finding;
    const char *words;
};

static struct outcome good(const char *words)
{
    return (struct outcome){FINDING_GOOD, words};
}

static struct outcome bad(struct doctor *doctor, const struct error *err)
{
    return (struct outcome){FINDING_BAD, arena_strdup(doctor->arena, err->message)};
}

static struct outcome check_settings(struct doctor *doctor)
{
    size_t count = settings_warning_count();
    doctor->odd |= count > 0;
    if (count > 0)
        return (struct outcome){FINDING_ODD, settings_warning(0)};
    size_t changed = 0;
    const char *unread = "";
    for (size_t i = 0; i < settings_count; i++) {
        const struct setting *setting = &settings_table[i];
        bool set = settings_source(setting->name) != SETTING_FROM_DEFAULT;
        changed += set;
        if (set && setting->unread)
            unread = arena_printf(doctor->arena, "%s%s%s", unread,
                                  *unread ? ", " : "; not used by this version: ", setting->name);
    }
    return good(arena_printf(doctor->arena, "all valid; %zu not at the default%s", changed,
                             unread));
}

static struct outcome check_home(struct doctor *doctor)
{
    const char *home = settings_home();
    struct statvfs space;
    if (access(home, F_OK) != 0)
        return (struct outcome){FINDING_ODD, arena_printf(doctor->arena,
                                                          "%s does not exist yet; it is made at "
                                                          "the first question", home)};
    if (access(home, W_OK | X_OK) != 0)
        return (struct outcome){FINDING_BAD,
                                arena_printf(doctor->arena, "%s can't be written: %s; set "
                                                            "QUERENT_HOME to a folder that can",
                                             home, strerror(errno))};
    if (statvfs(home, &space) != 0)
        return good(home);
    unsigned long long free_mb =
        (unsigned long long)space.f_bavail * space.f_frsize / (1024 * 1024);
    const char *words = arena_printf(doctor->arena, "%s, %llu MB free", home, free_mb);
    return (struct outcome){free_mb < FREE_SPACE_MIN_MB ? FINDING_ODD : FINDING_GOOD, words};
}

static struct outcome check_store(struct doctor *doctor)
{
    struct error err = {0};
    const char *url = settings_text("DATABASE_URL");
    if (!url) {
        const char *path = arena_printf(doctor->arena, "%s/store.sqlite", settings_home());
        if (access(path, F_OK) != 0)
            return (struct outcome){FINDING_ODD,
                                    "there is none yet; it is made at the first question"};
        url = arena_printf(doctor->arena, "sqlite:%s", path);
    }
    struct store *store = store_open(url, &err);
    bool ok = store && store_health(store, &err);
    const char *words = ok ? arena_printf(doctor->arena, "answers; schema version %d",
                                          store_schema_version(store))
                           : NULL;
    store_close(store);
    return ok ? good(words) : bad(doctor, &err);
}

static struct outcome check_engine(struct doctor *doctor)
{
    struct error err = {0};
    struct engine *engine = engine_open(doctor->loop, "duckdb", 1, &err);
    if (!engine)
        return bad(doctor, &err);
    struct engine_health health = {0};
    engine_check_health(engine, &health);
    engine_close(engine);
    const char *words = arena_printf(doctor->arena, "duckdb %s: %s", health.version,
                                     health.message);
    return (struct outcome){health.ok ? FINDING_GOOD : FINDING_BAD, words};
}

static struct outcome check_embeddings(struct doctor *doctor)
{
    struct error err = {0};
    struct embedder *embedder = embedder_open("builtin", &err);
    if (!embedder)
        return bad(doctor, &err);
    const char *words = arena_printf(doctor->arena, "%s, %zu dimensions",
                                     embedder_model_id(embedder), embedder_dimensions(embedder));
    embedder_close(embedder);
    return good(words);
}

static struct outcome check_planner(struct doctor *doctor)
{
    struct error err = {0};
    struct planner *planner = planner_open(settings_text("QUERENT_WEIGHTS"),
                                           settings_text("QUERENT_EMBEDDINGS"), &err);
    if (!planner)
        return bad(doctor, &err);
    const char *words = arena_strdup(doctor->arena, planner_version(planner));
    planner_close(planner);
    return good(words);
}

/* Opens all that a question needs, which reads every document and data file. */
TASK_WAITS static struct outcome check_datasets(struct doctor *doctor)
{
    struct error err = {0};
    struct agent_options agent_options = {0};
    agent_options.data_paths =
        arguments_list(doctor->arguments, "data", &agent_options.data_path_count);
    struct agent *agent = agent_open(doctor->loop, &agent_options, &err);
    if (!agent)
        return bad(doctor, &err);
    const struct catalog *catalog = agent->knowledge->catalog;
    struct strbuf words = strbuf_init(PROBLEMS_SIZE_MAX);
    strbuf_printf(&words, "%zu ready, %zu with problems", catalog->dataset_count,
                  catalog->error_count);
    struct outcome outcome = {FINDING_GOOD, NULL};
    if (!catalog_require_datasets(catalog, &err))
        outcome = (struct outcome){FINDING_ODD, arena_strdup(doctor->arena, err.message)};
    size_t errors = 0;
    for (size_t i = 0; i < catalog->problem_count; i++) {
        if (catalog->problems[i].severity != PROBLEM_ERROR)
            continue;
        outcome.finding = FINDING_BAD;
        if (errors++ == PROBLEMS_SHOWN)
            break;
        strbuf_add(&words, errors == 1 ? ": " : "; ");
        problem_print(&words, &catalog->problems[i]);
    }
    if (errors > PROBLEMS_SHOWN)
        strbuf_add(&words, "; and more, which 'querent index' lists");
    if (outcome.finding != FINDING_ODD)
        outcome.words = arena_strdup(doctor->arena, strbuf_text(&words));
    strbuf_clear(&words);
    agent_close(agent);
    return outcome;
}

static const struct check {
    const char *name;
    TASK_WAITS struct outcome (*run)(struct doctor *doctor);
} checks[] = {
    {"settings", check_settings},     {"home folder", check_home}, {"store", check_store},
    {"engine", check_engine},         {"embeddings", check_embeddings},
    {"planner", check_planner},       {"datasets", check_datasets},
};

static void report(struct doctor *doctor, const char *name, const struct outcome *outcome)
{
    static const struct {
        const char *name, *mark;
        enum style style;
    } findings[] = {[FINDING_GOOD] = {"ok", "\xE2\x9C\x93", STYLE_GOOD},
                    [FINDING_ODD] = {"note", "-", STYLE_ASK},
                    [FINDING_BAD] = {"mend", "\xE2\x9C\x97", STYLE_BAD}};
    doctor->bad |= outcome->finding == FINDING_BAD;
    if (arguments_flag(doctor->arguments, "json")) {
        json_add_separator(&doctor->json);
        strbuf_add_char(&doctor->json, '{');
        json_add_key(&doctor->json, "check");
        json_add_text(&doctor->json, name);
        json_add_key(&doctor->json, "finding");
        json_add_text(&doctor->json, findings[outcome->finding].name);
        json_add_key(&doctor->json, "message");
        json_add_text(&doctor->json, outcome->words);
        strbuf_add_char(&doctor->json, '}');
        return;
    }
    printf("%s%s%s %-12s ", terminal_style(stdout, findings[outcome->finding].style),
           findings[outcome->finding].mark, terminal_style(stdout, STYLE_NONE), name);
    terminal_print_wrapped(stdout, outcome->words, 15);
}

/* What the checks of a server are called here. */
enum server { LANGUAGE_MODEL, EMBEDDINGS, SERVERS };

static const struct {
    const char *what, *names[SERVERS];
} server_checks[] = {
    {"reached", {"model server", "embed server"}},
    {"clock", {"model clock", "embed clock"}},
    {"key", {"model key", "embed key"}},
    {"model", {"model", "embed model"}},
    {"answer", {"model answer", NULL}},
    {"dimensions", {NULL, "embed size"}},
};

static const char *server_check_name(const char *what, enum server server)
{
    for (size_t i = 0; i < sizeof(server_checks) / sizeof(server_checks[0]); i++)
        if (strcmp(server_checks[i].what, what) == 0 && server_checks[i].names[server])
            return server_checks[i].names[server];
    return what;
}

static void report_server(struct doctor *doctor, enum server server,
                          const struct server_check *found, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct outcome outcome = {
            !found[i].ok ? FINDING_BAD : found[i].odd ? FINDING_ODD : FINDING_GOOD,
            found[i].words,
        };
        doctor->odd |= outcome.finding == FINDING_ODD;
        report(doctor, server_check_name(found[i].what, server), &outcome);
    }
}

/* Calls the provider of the language model, if one is set: a row for each of its checks. */
TASK_WAITS static void examine_language_model(struct doctor *doctor)
{
    struct error err = {0};
    const char *provider = llm_chosen();
    bool none = strcmp(provider, "planner") == 0;
    struct chat_model *model = none ? NULL : chat_open(provider, &err);
    if (!model) {
        struct outcome outcome =
            none ? good("none is set: the built-in planner answers") : bad(doctor, &err);
        report(doctor, "model", &outcome);
        return;
    }
    struct server_check found[SERVER_CHECKS_MAX];
    task_set_deadline(MODEL_CHECK_MS);
    report_server(doctor, LANGUAGE_MODEL, found, chat_check(model, doctor->arena, found));
    chat_close(model);
}

/* Calls the server of embeddings, if one is set: a row for each of its checks. */
TASK_WAITS static void examine_embedding_server(struct doctor *doctor)
{
    struct error err = {0};
    if (strcmp(embedding_chosen(), "builtin") == 0)
        return;
    struct embedder *embedder = embedder_open(embedding_chosen(), &err);
    if (!embedder) {
        struct outcome outcome = bad(doctor, &err);
        report(doctor, "embed model", &outcome);
        return;
    }
    struct server_check found[SERVER_CHECKS_MAX];
    task_set_deadline(MODEL_CHECK_MS);
    report_server(doctor, EMBEDDINGS, found, embedder_check(embedder, doctor->arena, found));
    embedder_close(embedder);
}

TASK_WAITS static bool examine(void *arg, struct error *err)
{
    struct doctor *doctor = arg;
    doctor->loop = task_loop(task_current());
    for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
        struct outcome outcome = checks[i].run(doctor);
        report(doctor, checks[i].name, &outcome);
    }
    examine_language_model(doctor);
    examine_embedding_server(doctor);
    return true;
}

static int run_doctor(const struct arguments *arguments)
{
    struct error err = {0};
    struct doctor doctor = {
        .arguments = arguments,
        .arena = arguments_arena(arguments),
        .json = strbuf_init(1 << 20),
    };
    struct task_options task = {.name = "doctor"};
    bool json = arguments_flag(arguments, "json");
    if (!json)
        printf("querent %s\n", QUERENT_VERSION);
    strbuf_add_char(&doctor.json, '[');
    if (!session_apply_options(arguments, &err) || !task_run_main(&task, examine, &doctor, &err))
        return arguments_fail(arguments, &err);
    strbuf_add_char(&doctor.json, ']');
    if (json)
        puts(strbuf_text(&doctor.json));
    else
        puts(doctor.bad   ? "Something needs mending: see the lines marked \xE2\x9C\x97."
             : doctor.odd ? "All works; see to the lines marked -."
                          : "All is well.");
    strbuf_clear(&doctor.json);
    return doctor.bad ? EXIT_FAILED : EXIT_DONE;
}

const struct command doctor_command = {
    .name = "doctor",
    .summary = "check the set-up and say what to mend",
    .usage = "[OPTION]...",
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .run = run_doctor,
};
