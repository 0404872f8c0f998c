/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A language model by script, in the place of llm/chat.c: a program that includes it is linked with these
 * functions and not with those. Replies come in their order, the last one for all further calls; what was
 * sent is kept.
 */
#ifndef QUERENT_TESTS_UNIT_CHAT_DOUBLE_H
#define QUERENT_TESTS_UNIT_CHAT_DOUBLE_H

#include <stdio.h>
#include <string.h>

#include "llm/chat.h"
#include "net/fetch.h"

#define CHAT_DOUBLE_CALLS_MAX 32

struct chat_double_reply {
    const char *text;
    enum chat_stop stop;
    enum error_code error; /* other than 0: the call fails with it */
    uint64_t delay_ms;
    enum chat_cause cause; /* of the error */
};

static struct {
    const struct chat_double_reply *replies;
    size_t reply_count, calls;
    /* Others have all places; how many have waited for one, and what the wait ends with, 0: a place. */
    bool full;
    size_t entered;
    enum error_code enter_error;
    /* Where there is one, its places are what is given out; a call uses them up or leaves them. */
    struct upstream *upstream;
    bool leaves_place;
    struct chat_request requests[CHAT_DOUBLE_CALLS_MAX]; /* as long as their run */
    struct strbuf sent; /* every byte of all of them */
} chat_double = {.sent = {.length_max = 64 * 1024 * 1024}};

static void chat_double_script(const struct chat_double_reply *replies, size_t count)
{
    chat_double.replies = replies;
    chat_double.reply_count = count;
    chat_double.calls = chat_double.entered = 0;
    strbuf_clear(&chat_double.sent);
    chat_double.sent = strbuf_init(64 * 1024 * 1024);
}

static inline struct str chat_double_message(size_t call)
{
    const struct chat_request *request = &chat_double.requests[call];
    return request->messages[request->message_count - 1].text;
}

void chat_usage_add(struct chat_usage *sum, const struct chat_usage *more)
{
    sum->input += more->input;
    sum->output += more->output;
    sum->calls += more->calls;
}

struct chat_model {
    char provider[16];
};

struct chat_model *chat_open(const char *name, struct error *err)
{
    static struct chat_model model;
    snprintf(model.provider, sizeof(model.provider), "%s", name);
    return &model;
}

void chat_close(struct chat_model *model)
{
}

const char *chat_provider(const struct chat_model *model)
{
    return model->provider;
}

const char *chat_model_id(const struct chat_model *model)
{
    return "double-1";
}

const char *chat_model_warning(const struct chat_model *model, const char *id, const char *today,
                               struct arena *run_arena)
{
    return NULL;
}

void chat_last_state(struct chat_model *model, struct server_state *out)
{
    *out = (struct server_state){0};
}

bool chat_try_enter(struct chat_model *model, struct upstream_pass *place)
{
    return !chat_double.full &&
           (!chat_double.upstream || upstream_try_enter(chat_double.upstream, place));
}

TASK_WAITS bool chat_enter(struct chat_model *model, struct upstream_pass *place, struct error *err)
{
    chat_double.entered++;
    if (chat_double.enter_error != ERROR_NONE)
        return error_set(err, chat_double.enter_error, "the double has no place");
    return !chat_double.upstream || upstream_enter(chat_double.upstream, ERROR_MODEL, place, err);
}

TASK_WAITS bool chat_complete(struct chat_model *model, const struct chat_request *request,
                              struct chat_reply *out, struct error *err)
{
    size_t call = chat_double.calls++;
    size_t last = chat_double.reply_count - 1;
    if (request->place && !chat_double.leaves_place)
        upstream_give_back(request->place);
    const struct chat_double_reply *reply = &chat_double.replies[call < last ? call : last];
    if (call < CHAT_DOUBLE_CALLS_MAX) {
        struct chat_request *kept = &chat_double.requests[call];
        *kept = *request;
        kept->messages = arena_memdup(request->arena, request->messages,
                                      request->message_count * sizeof(*request->messages));
    }
    strbuf_add_str(&chat_double.sent, request->system);
    strbuf_add_str(&chat_double.sent, request->context);
    for (size_t i = 0; i < request->message_count; i++)
        strbuf_add_str(&chat_double.sent, request->messages[i].text);
    if (reply->delay_ms > 0 && !task_sleep(reply->delay_ms, err))
        return false;
    *out = (struct chat_reply){.cause = reply->cause};
    if (reply->error != ERROR_NONE)
        return error_set(err, reply->error, "the double was told to fail");
    *out = (struct chat_reply){
        .text = arena_str(request->arena, str_from(reply->text)),
        .stop = reply->stop,
        .model = "double-1",
        .request_id = "",
        .usage = {.input = 100, .output = 10, .calls = 1},
        .tries = 1,
    };
    return !request->on_text || request->on_text(request->on_text_context, out->text, err);
}

struct str chat_print_request(const struct chat_model *model, const struct chat_request *request)
{
    return request->system;
}

int64_t chat_estimate_tokens(const struct chat_model *model, const struct chat_request *request)
{
    return (int64_t)(request->system.length + request->context.length) / 4;
}

TASK_WAITS size_t chat_check(struct chat_model *model, struct arena *run_arena,
                             struct server_check checks[SERVER_CHECKS_MAX])
{
    return 0;
}

#endif
