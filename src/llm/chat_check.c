/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `querent doctor` says of a provider: one question about the model, then one small call like
 * those that questions make. The call decides: not every server can be asked about its models, and
 * a key that may list models may still have no money.
 */
#include "llm/chat_priv.h"

#include <inttypes.h>
#include <string.h>

#include "core/clock.h"

#define CHECK_TOKENS 64

struct checking {
    struct chat_model *model;
    struct server_checks found;
};

static void add(struct checking *checking, const char *what, bool ok, const char *words)
{
    server_check_add(&checking->found, what, ok, words);
}

static void check_model(struct checking *checking, const struct fetch_response *response)
{
    const struct chat_model *model = checking->model;
    struct arena *arena = checking->found.arena;
    json_t *body = response->status == 200 ? chat_read_json(response->body, arena) : NULL;
    const char *words = body ? model->driver->describe(model, body, arena) : NULL;
    char today[DATE_SIZE];
    date_print(date_from_days(clock_real_ms() / (24 * 3600 * 1000)), today);
    const char *warning = chat_model_warning(model, model->model_id, today, arena);
    if (warning && words)
        words = arena_printf(arena, "%s; %s", words, warning);
    else if (warning)
        words = warning;
    if (!words)
        return;
    add(checking, "model", true, words);
    checking->found.rows[checking->found.count - 1].odd = warning;
}

/* Whether it is reached and takes the key. False: there is no use in asking more. */
TASK_WAITS static bool check_server(struct checking *checking)
{
    struct chat_model *model = checking->model;
    struct error err = {0};
    const struct fetch_request request = {
        .upstream = model->upstream,
        .method = "GET",
        .url = model->driver->check_url(model, checking->found.arena),
        .headers = model->endpoint.headers,
        .header_count = model->endpoint.header_count,
        .idle_ms = model->idle_ms,
        .repeatable = true,
        .failure = ERROR_MODEL,
    };
    struct fetch_response response = {0};
    if (!server_check_reach(&checking->found, &request, model->endpoint.host,
                            model->driver->url_setting, &response))
        return false;
    if (response.status == 401) {
        struct server_problem problem =
            chat_read_problem(model, response.status, response.body, checking->found.arena);
        chat_explain(model, model->model_id, &problem, response.tries, &err);
        add(checking, "key", false, arena_strdup(checking->found.arena, err.message));
        return false;
    }
    check_model(checking, &response);
    return true;
}

static const char *form_words(const struct chat_model *model, unsigned refused)
{
    struct chat_request request = {.schema = "{}"};
    unsigned fields = model->driver->choose_fields(model, &request, refused);
    if (fields & CHAT_SCHEMA)
        return "answers in the form of a JSON schema";
    if (fields & CHAT_SCHEMA_SECOND)
        return "answers in JSON, but can't be held to a schema by it: replies are checked here, "
               "and "
               "some are asked for twice";
    return "answers, but takes no form for its replies: they are asked for in words and checked "
           "here, and some are asked for twice";
}

TASK_WAITS static void check_call(struct checking *checking)
{
    struct chat_model *model = checking->model;
    const struct chat_message message = {CHAT_USER, STR("Is one less than two?")};
    const struct chat_request request = {
        .arena = checking->found.arena,
        .system = STR("You check that a connection works."),
        .messages = &message,
        .message_count = 1,
        .schema = "{\"type\":\"object\",\"properties\":{\"yes\":{\"type\":\"boolean\"}},"
                  "\"required\":[\"yes\"],\"additionalProperties\":false}",
        .schema_name = "check",
        .output_tokens_max = CHECK_TOKENS,
    };
    struct chat_reply reply;
    struct error err = {0};
    if (!chat_complete(model, &request, &reply, &err)) {
        add(checking, "answer", false, arena_strdup(checking->found.arena, err.message));
        return;
    }
    add(checking, "key", true, model->has_key ? "taken" : "none needed");
    unsigned refused = chat_known_refusals(model, model->model_id);
    add(checking, "answer", true,
        arena_printf(checking->found.arena, "%s; '%s', %" PRId64 " + %" PRId64 " tokens",
                     form_words(model, refused), reply.model,
                     reply.usage.input + reply.usage.cached + reply.usage.cache_written,
                     reply.usage.output));
}

TASK_WAITS size_t chat_check(struct chat_model *model, struct arena *arena,
                             struct server_check checks[SERVER_CHECKS_MAX])
{
    struct checking checking = {model, {.arena = arena, .rows = checks}};
    if (check_server(&checking))
        check_call(&checking);
    return checking.found.count;
}
