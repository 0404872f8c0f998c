/* SPDX-License-Identifier: Apache-2.0 */
/* querent verified: the queue of candidates, and the verified queries. */
#include "cli/commands.h"

#include <string.h>

#include "agent/verified_admin.h"
#include "cli/admin.h"
#include "cli/session.h"
#include "cli/terminal.h"
#include "core/json.h"

#define LIST_SIZE_MAX (256 * 1024 * 1024)

static const struct option_row options[] = {
    SESSION_OPTIONS,
    {"state", 0, OPTION_VALUE, "STATE", "list: only candidate, approved, parked or retired"},
    {"question", 0, OPTION_VALUE, "TEXT", "add, edit: the question, with {name} for each slot"},
    {"variant", 0, OPTION_LIST, "TEXT", "add, edit: another way to ask it (in place of all others)"},
    {"sql", 0, OPTION_VALUE, "SQL", "add, edit: with {name}, or {name.from} and {name.to}"},
    {"slot", 0, OPTION_LIST, "NAME=KIND", "add, edit: text [COLUMN], number, date or period"},
    {"no-slots", 0, OPTION_FLAG, NULL, "edit: it has no slots"},
    {"dataset", 0, OPTION_VALUE, "ID", "add, edit: what it is about"},
    {"owner", 0, OPTION_VALUE, "NAME", "add, edit, approve: who answers for it"},
    {"json", 0, OPTION_FLAG, NULL, "print as JSON"},
};

/* ------------------------------------------------------------------ printing */

static void print_json(const struct strbuf *json)
{
    puts(strbuf_text(json));
}

static void print_field(const char *name, const char *text)
{
    if (text && *text)
        terminal_print_line(stdout, "  %-10s %s", name, text);
}

static void print_record(const struct verified_record *record, bool from_document)
{
    fputs(terminal_style(stdout, STYLE_BOLD), stdout);
    terminal_print_line(stdout, "%s  %s%s", record->id, verified_state_name(record->state),
                        from_document ? " (of a metadata document)" : "");
    fputs(terminal_style(stdout, STYLE_NONE), stdout);
    print_field("question", record->question);
    print_field("variants", strcmp(record->variants, "[]") == 0 ? NULL : record->variants);
    print_field("dataset", record->dataset_id);
    print_field("slots", strcmp(record->slots, "[]") == 0 ? NULL : record->slots);
    print_field("owner", record->owner);
    print_field("proposed", record->proposed_by);
    print_field("approved", record->approved_at);
    print_field("reason", record->reason);
    if (record->turn > 1)
        terminal_print_line(stdout,
                            "  note       it was asked as number %lld of a conversation, and may "
                            "lean on what was said before",
                            (long long)record->turn);
    terminal_print_line(stdout, "  SQL        %s", record->sql);
}

static void show_record(const struct session *session, const struct verified_record *record,
                        bool from_document)
{
    struct strbuf json = strbuf_init(LIST_SIZE_MAX);
    if (arguments_flag(session->arguments, "json")) {
        verified_record_json(record, from_document, &json);
        print_json(&json);
    } else {
        print_record(record, from_document);
    }
    strbuf_clear(&json);
}

static struct cell text_cell(const char *text)
{
    return (struct cell){.type = CELL_TEXT, .text = str_from(text ? text : "")};
}

struct listing {
    struct verified_record *items;
    bool *from_document;
    size_t count, capacity;
};

static void print_table(const struct listing *list, struct arena *arena)
{
    static struct result_column headers[] = {
        {"id", "VARCHAR", VALUE_TEXT},      {"state", "VARCHAR", VALUE_TEXT},
        {"dataset", "VARCHAR", VALUE_TEXT}, {"owner", "VARCHAR", VALUE_TEXT},
        {"question", "VARCHAR", VALUE_TEXT}};
    enum { COUNT = sizeof(headers) / sizeof(headers[0]) };
    struct rows rows = {headers, COUNT, NULL, list->count, false};
    rows.cells = arena_array(arena, COUNT * list->count, sizeof(struct cell));
    for (size_t i = 0; i < list->count; i++) {
        const struct verified_record *record = &list->items[i];
        const char *const texts[COUNT] = {record->id, verified_state_name(record->state),
                                          record->dataset_id, record->owner, record->question};
        for (size_t j = 0; j < COUNT; j++)
            rows.cells[i * COUNT + j] = text_cell(texts[j]);
    }
    terminal_print_rows(stdout, &rows, list->count);
}

static void print_list_json(const struct listing *list)
{
    struct strbuf json = strbuf_init(LIST_SIZE_MAX);
    strbuf_add_char(&json, '[');
    for (size_t i = 0; i < list->count; i++) {
        json_add_separator(&json);
        verified_record_json(&list->items[i], list->from_document[i], &json);
    }
    strbuf_add_char(&json, ']');
    print_json(&json);
    strbuf_clear(&json);
}

/* ------------------------------------------------------------------ the actions */

static struct arena *arena_of(const struct session *session)
{
    return arguments_arena(session->arguments);
}

static void add_record(struct listing *list, struct arena *arena,
                       const struct verified_record *record, bool from_document)
{
    size_t capacity = list->capacity;
    list->items =
        arena_grow(arena, list->items, list->count, &list->capacity, sizeof(*list->items));
    list->from_document = arena_grow(arena, list->from_document, list->count, &capacity,
                                     sizeof(*list->from_document));
    list->items[list->count] = *record;
    list->from_document[list->count++] = from_document;
}

TASK_WAITS static bool list_all(struct session *session, struct error *err)
{
    const char *name = arguments_value(session->arguments, "state"), *cursor = NULL;
    enum verified_state state;
    struct arena *arena = arena_of(session);
    struct listing list = {0};
    struct verified_record *records;
    size_t count;
    if (name && !verified_state_from(name, &state))
        return error_set(err, ERROR_USAGE,
                         "--state '%s' is none of candidate, approved, parked, retired", name);
    do {
        if (!store_verified_list(session->agent->store, name ? &state : NULL, STORE_PAGE_MAX,
                                 cursor, arena, &records, &count, &cursor, err))
            return false;
        for (size_t i = 0; i < count; i++)
            add_record(&list, arena, &records[i], false);
    } while (cursor);
    if (!verified_admin_documents(session->agent, arena, &records, &count, err))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!name || records[i].state == state)
            add_record(&list, arena, &records[i], true);
    if (arguments_flag(session->arguments, "json"))
        print_list_json(&list);
    else if (list.count == 0)
        printf("There are no verified queries%s%s.\n", name ? " that are " : "", name ? name : "");
    else
        print_table(&list, arena);
    return true;
}

TASK_WAITS static bool audit(struct session *session, const char *action, const char *id,
                             struct error *err)
{
    struct admin admin = {.arguments = session->arguments,
                          .store = session->agent->store,
                          .arena = arena_of(session)};
    struct audit_act act = admin_act_of_user(&admin, action);
    act.target = id;
    return store_audit_add(session->agent->store, &act, err);
}

static const char *id_of(const struct session *session, struct error *err)
{
    size_t count;
    const char *const *rest = arguments_rest(session->arguments, &count);
    if (count < 2)
        error_set(err, ERROR_USAGE, "'verified %s' needs an ID; 'querent verified list' has them",
                  rest[0]);
    return count < 2 ? NULL : rest[1];
}

TASK_WAITS static bool show(struct session *session, struct error *err)
{
    struct verified_record record;
    bool from_document;
    const char *id = id_of(session, err);
    if (!id || !verified_admin_get(session->agent, id, arena_of(session), &record, &from_document,
                                   err))
        return false;
    show_record(session, &record, from_document);
    return true;
}

static const char *variants_of(const struct session *session)
{
    size_t count;
    const char *const *given = arguments_list(session->arguments, "variant", &count);
    struct strbuf json = strbuf_init(LIST_SIZE_MAX);
    strbuf_add_char(&json, '[');
    for (size_t i = 0; i < count; i++) {
        json_add_separator(&json);
        json_add_text(&json, given[i]);
    }
    strbuf_add_char(&json, ']');
    const char *text = count > 0 ? arena_strdup(arena_of(session), strbuf_text(&json)) : NULL;
    strbuf_clear(&json);
    return text;
}

/* --slot region="text Ship Region" */
static bool read_slots(const struct session *session, const char **out, struct error *err)
{
    size_t count;
    const char *const *given = arguments_list(session->arguments, "slot", &count);
    struct strbuf json = strbuf_init(LIST_SIZE_MAX);
    bool ok = true;
    strbuf_add_char(&json, '{');
    for (size_t i = 0; i < count && ok; i++) {
        const char *equals = strchr(given[i], '=');
        ok = equals || error_set(err, ERROR_USAGE, "'--slot' takes NAME=KIND, such as region=text");
        if (!ok)
            break;
        json_add_key(&json, arena_strndup(arena_of(session), given[i],
                                          (size_t)(equals - given[i])));
        json_add_text(&json, equals + 1);
    }
    strbuf_add_char(&json, '}');
    *out = count > 0 ? arena_strdup(arena_of(session), strbuf_text(&json))
           : arguments_flag(session->arguments, "no-slots") ? "[]"
                                                            : NULL;
    strbuf_clear(&json);
    return ok;
}

static bool read_change(const struct session *session, struct verified_change *out,
                        struct error *err)
{
    const struct arguments *arguments = session->arguments;
    *out = (struct verified_change){
        .question = arguments_value(arguments, "question"),
        .variants = variants_of(session),
        .dataset_id = arguments_value(arguments, "dataset"),
        .sql = arguments_value(arguments, "sql"),
        .owner = arguments_value(arguments, "owner"),
    };
    return read_slots(session, &out->slots, err);
}

TASK_WAITS static bool add(struct session *session, struct error *err)
{
    struct verified_change change;
    struct verified_record record;
    if (!read_change(session, &change, err))
        return false;
    if (!change.question || !change.sql || !change.dataset_id)
        return error_set(err, ERROR_USAGE, "'verified add' needs --question, --sql and --dataset");
    if (!verified_admin_add(session->agent, &change, arena_of(session), &record, err) ||
        !audit(session, "verified.add", record.id, err))
        return false;
    show_record(session, &record, false);
    return true;
}

TASK_WAITS static bool edit(struct session *session, struct error *err)
{
    struct verified_change change;
    struct verified_record record;
    const char *id = id_of(session, err);
    if (!id || !read_change(session, &change, err) ||
        !verified_admin_edit(session->agent, id, &change, arena_of(session), &record, err) ||
        !audit(session, "verified.edit", id, err))
        return false;
    show_record(session, &record, false);
    return true;
}

TASK_WAITS static bool approve(struct session *session, struct error *err)
{
    struct verified_record record;
    const char *id = id_of(session, err), *owner = arguments_value(session->arguments, "owner");
    if (!id ||
        !verified_admin_approve(session->agent, id, owner, arena_of(session), &record, err) ||
        !audit(session, "verified.approve", id, err))
        return false;
    show_record(session, &record, false);
    return true;
}

TASK_WAITS static bool retire(struct session *session, struct error *err)
{
    struct verified_record record;
    const char *id = id_of(session, err);
    if (!id || !verified_admin_retire(session->agent, id, arena_of(session), &record, err) ||
        !audit(session, "verified.retire", id, err))
        return false;
    show_record(session, &record, false);
    return true;
}

TASK_WAITS static bool check(struct session *session, struct error *err)
{
    struct verified_outcome *outcomes;
    size_t count, broken = 0;
    if (!verified_admin_check(session->agent, arena_of(session), &outcomes, &count, err))
        return false;
    struct strbuf json = strbuf_init(LIST_SIZE_MAX);
    strbuf_add_char(&json, '[');
    for (size_t i = 0; i < count; i++) {
        broken += !outcomes[i].works;
        json_add_separator(&json);
        verified_outcome_json(&outcomes[i], &json);
        if (!arguments_flag(session->arguments, "json") && !outcomes[i].works)
            terminal_print_line(stdout, "%s  %s: %s: %s", outcomes[i].id, outcomes[i].question,
                                error_name(outcomes[i].error.code), outcomes[i].error.message);
    }
    strbuf_add_char(&json, ']');
    if (arguments_flag(session->arguments, "json"))
        print_json(&json);
    else
        printf("%zu of %zu verified %s\n", count - broken, count,
               plural(count, "query works", "queries work"));
    strbuf_clear(&json);
    return broken == 0 || error_set(err, ERROR_SQL_FAILED, "%zu verified %s", broken,
                                    plural(broken, "query does not work", "queries do not work"));
}

static const struct action {
    const char *name;
    TASK_WAITS bool (*run)(struct session *session, struct error *err);
    bool needs_data;
} actions[] = {
    {"list", list_all, false}, {"show", show, false},      {"add", add, true},
    {"edit", edit, false},     {"approve", approve, true}, {"retire", retire, false},
    {"check", check, true},
};

TASK_WAITS static bool act(struct session *session, const struct action *action, struct error *err)
{
    if (action->needs_data && session->agent->knowledge->catalog->dataset_count == 0)
        return error_set(err, ERROR_USAGE,
                         "'verified %s' tries the SQL on the data, and there is none: name it with "
                         "--data, as for 'querent serve'",
                         action->name);
    return action->run(session, err);
}

TASK_WAITS static int verified(struct session *session)
{
    size_t count;
    const char *name = arguments_rest(session->arguments, &count)[0];
    struct error err = {0};
    for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
        if (strcmp(actions[i].name, name) == 0)
            return act(session, &actions[i], &err) ? EXIT_DONE
                                                   : arguments_fail(session->arguments, &err);
    error_set(&err, ERROR_USAGE,
              "'verified %s' is not known; there is: list, show, add, edit, approve, retire, check",
              name);
    return arguments_fail(session->arguments, &err);
}

static int run_verified(const struct arguments *arguments)
{
    return session_run(arguments, verified);
}

const struct command verified_command = {
    .name = "verified",
    .summary = "questions whose SQL somebody has approved",
    .usage = "[OPTION]... list|show|add|edit|approve|retire|check [ID]",
    .details = "Examples:\n"
               "  querent verified list --state candidate\n"
               "  querent verified add --dataset orders --question \"Sales in {region}?\" \\\n"
               "    --sql \"SELECT sum(revenue) FROM orders WHERE region = {region}\" \\\n"
               "    --slot region=text --data shop/\n"
               "  querent verified approve verified_0123456789abcdef --owner ana --data shop/",
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .rest_min = 1,
    .rest_max = 2,
    .run = run_verified,
};
