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
#include "net/curl_api.h"

#define SKEW_MAX_S 60
#define CHECK_TOKENS 64

struct checking {
    struct chat_model *model;
    struct arena *arena;
    struct chat_check *checks;
    size_t count;
};

static void add(struct checking *checking, const char *what, bool ok, const char *words)
{
    if (checking->count < CHAT_CHECKS_MAX)
        checking->checks[checking->count++] = (struct chat_check){what, ok, false, words};
}

static void check_clock(struct checking *checking, const struct fetch_response *response)
{
    const char *date = fetch_response_header(response, "date");
    int64_t theirs_s = *date && !curl_api_load() ? (int64_t)curl.getdate(date, NULL) : -1;
    if (theirs_s < 0)
        return;
    int64_t ahead_s = clock_real_ms() / 1000 - theirs_s;
    bool ok = ahead_s >= -SKEW_MAX_S && ahead_s <= SKEW_MAX_S;
    add(checking, "clock", ok,
        ok ? "agrees with the server's"
           : arena_printf(checking->arena,
                          "this machine's clock is %" PRId64
                          " s %s the server's; set it (with NTP): "
                          "certificates and \"last month\" depend on it",
                          ahead_s < 0 ? -ahead_s : ahead_s, ahead_s < 0 ? "behind" : "ahead of"));
}

static void check_model(struct checking *checking, const struct fetch_response *response)
{
    const struct chat_model *model = checking->model;
    json_t *body = response->status == 200 ? chat_read_json(response->body, checking->arena) : NULL;
    const char *words = body ? model->driver->describe(model, body, checking->arena) : NULL;
    char today[DATE_SIZE];
    date_print(date_from_days(clock_real_ms() / (24 * 3600 * 1000)), today);
    const char *warning = chat_model_warning(model, model->model_id, today, checking->arena);
    if (warning && words)
        words = arena_printf(checking->arena, "%s; %s", words, warning);
    else if (warning)
        words = warning;
    if (!words)
        return;
    add(checking, "model", true, words);
    checking->checks[checking->count - 1].odd = warning;
}

/* Whether it is reached and takes the key. False: there is no use in asking more. */
TASK_WAITS static bool check_server(struct checking *checking)
{
    struct chat_model *model = checking->model;
    struct error err = {0};
    const struct fetch_request request = {
        .upstream = model->upstream,
        .method = "GET",
        .url = model->driver->check_url(model, checking->arena),
        .headers = model->endpoint.headers,
        .header_count = model->endpoint.header_count,
        .idle_ms = model->idle_ms,
        .repeatable = true,
        .failure = ERROR_MODEL,
    };
    struct fetch_response response = {0};
    uint64_t start_us = clock_monotonic_us();
    if (!http_fetch(&request, checking->arena, &response, &err)) {
        add(checking, "reached", false,
            arena_printf(checking->arena, "%s; check the network and %s", err.message,
                         model->driver->url_setting));
        return false;
    }
    add(checking, "reached", true,
        arena_printf(checking->arena, "%s, in %" PRIu64 " ms", model->endpoint.host,
                     (clock_monotonic_us() - start_us) / 1000));
    check_clock(checking, &response);
    if (response.status == 401) {
        struct chat_problem problem =
            chat_read_problem(model, response.status, response.body, checking->arena);
        chat_explain(model, model->model_id, &problem, response.tries, &err);
        add(checking, "key", false, arena_strdup(checking->arena, err.message));
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
        .arena = checking->arena,
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
        add(checking, "answer", false, arena_strdup(checking->arena, err.message));
        return;
    }
    add(checking, "key", true, model->has_key ? "taken" : "none needed");
    unsigned refused = chat_known_refusals(model, model->model_id);
    add(checking, "answer", true,
        arena_printf(checking->arena, "%s; '%s', %" PRId64 " + %" PRId64 " tokens",
                     form_words(model, refused), reply.model,
                     reply.usage.input + reply.usage.cached + reply.usage.cache_written,
                     reply.usage.output));
}

TASK_WAITS size_t chat_check(struct chat_model *model, struct arena *arena,
                             struct chat_check checks[CHAT_CHECKS_MAX])
{
    struct checking checking = {model, arena, checks, 0};
    if (check_server(&checking))
        check_call(&checking);
    return checking.count;
}
