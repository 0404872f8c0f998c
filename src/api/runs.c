/* SPDX-License-Identifier: Apache-2.0 */
/* Questions found again by their id: how they stand, their events, and an end to them. */
#include <string.h>

#include "agent/answer_delta.h"
#include "api/event_stream.h"
#include "api/live_runs.h"
#include "api/models.h"
#include "api/routes.h"
#include "api/run_keeper.h"
#include "api/stored_runs.h"
#include "core/json.h"

#define RUN_SIZE_MAX (64 * 1024 * 1024)
#define EVENT_NUMBER_MAX 1000000000

static const char *run_id(const struct api_request *request)
{
    return api_parameter_text(request, 0);
}

/* ---- how it stands ---- */

static const char step_begin[] = "{\"event\":\"step_start\",\"data\":",
                  step_end[] = "{\"event\":\"step_update\",\"data\":",
                  delta_begin[] = "{\"event\":\"" ANSWER_DELTA_NAME "\",\"data\":";

/* The data of an event of that kind; no bytes when it is of another. */
static struct str data_of(const struct stored_event *event, const char *begin)
{
    struct str json = str_from(event->json), prefix = str_from(begin);
    if (!str_starts(json, prefix))
        return (struct str){0};
    return str_slice(json, prefix.length, json.length - 1);
}

/* Those that ended, and the one that goes on. */
static void add_steps(struct strbuf *json, const struct stored_event *events, size_t count)
{
    while (count > 0 && data_of(&events[count - 1], delta_begin).bytes)
        count--;
    json_add_key(json, "steps");
    strbuf_add_char(json, '[');
    for (size_t i = 0; i < count; i++) {
        struct str step = data_of(&events[i], step_end);
        if (!step.bytes && i + 1 == count)
            step = data_of(&events[i], step_begin);
        if (!step.bytes)
            continue;
        json_add_separator(json);
        strbuf_add_str(json, step);
    }
    strbuf_add_char(json, ']');
}

static void add_raw(struct strbuf *json, const char *key, const char *value)
{
    json_add_key(json, key);
    strbuf_add(json, value ? value : "null");
}

static void add_text(struct strbuf *json, const char *key, const char *value)
{
    json_add_key(json, key);
    json_add_text(json, value);
}

TASK_WAITS static void get(struct api_request *request)
{
    struct arena *arena = request->exchange->arena;
    struct loaded_run loaded;
    struct error err = {0};
    if (!stored_run_load(request->api->agent->store, run_id(request), 0, arena, &loaded, &err)) {
        api_reply_error(request, &err);
        return;
    }
    const struct stored_run *run = &loaded.run;
    struct live_run *live = live_runs_find(request->api->shared->runs, run->id);
    if (live && run->state == RUN_ACTIVE) /* it knows more */
        loaded.count = live_run_events(live, arena, &loaded.events);
    if (live)
        live_run_unref(live);
    struct strbuf json = strbuf_init(RUN_SIZE_MAX);
    strbuf_add_char(&json, '{');
    add_text(&json, "query_id", run->id);
    add_text(&json, "conversation_id", run->conversation_id);
    add_text(&json, "user_id", run->user_id);
    add_text(&json, "question", run->question);
    add_text(&json, "state", store_run_state_name(run->state));
    add_text(&json, "started_at", run->started_at);
    add_text(&json, "ended_at", run->ended_at);
    add_steps(&json, loaded.events, loaded.count);
    add_raw(&json, "result", run->state == RUN_COMPLETE ? run->result : NULL);
    add_raw(&json, "error", loaded.error);
    strbuf_add_char(&json, '}');
    api_reply_json(request, 200, strbuf_str(&json));
    strbuf_clear(&json);
}

/* ---- its events ---- */

static const struct field event_headers[] = {
    {.name = "Last-Event-ID", .kind = FIELD_INTEGER, .bounded = true, .minimum = 0,
     .maximum = EVENT_NUMBER_MAX,
     .description = "The number of the last event that was received: only later ones are sent"},
};

/* False when the reply was sent. Without the header, or with an empty one: from the beginning. */
static bool read_last_event_id(struct api_request *request, uint64_t *after)
{
    struct str text = http_header_find(request->exchange, event_headers[0].name);
    *after = 0;
    if (text.length == 0)
        return true;
    struct schema_errors errors = schema_errors_init();
    json_t *number = schema_read_parameter(&event_headers[0], "header", text, &errors);
    if (json_is_integer(number))
        *after = (uint64_t)json_integer_value(number);
    bool ok = errors.count == 0;
    if (!ok)
        api_reply_invalid(request, &errors);
    json_decref(number);
    schema_errors_clear(&errors);
    return ok;
}

/* Whether the store has the run, and its events if they are here. */
TASK_WAITS static bool find_ended(struct api_request *request, struct live_run **run,
                                  struct error *err)
{
    struct stored_run stored;
    *run = NULL;
    if (!store_run_get(request->api->agent->store, run_id(request), request->exchange->arena,
                       &stored, err))
        return false;
    *run = live_runs_find(request->api->shared->runs, run_id(request));
    return true;
}

/* A run that is not here: the store knows. One that has ended may have been deleted meanwhile, by
 * another process too. */
TASK_WAITS static void recall(void *arg)
{
    struct api_request *request = arg;
    struct api *api = request->api;
    struct error err = {0};
    bool gone = false;
    uint64_t after;
    struct live_run *run;
    if (find_ended(request, &run, &err) && !run)
        run = run_keeper_recall(api->shared->runs, api->agent->store, api->loop, run_id(request),
                                &gone, &err);
    if (!run && gone)
        api_reply_detail(request, 410, err.message);
    else if (!run)
        api_reply_error(request, &err);
    else if (read_last_event_id(request, &after))
        event_stream_attach(request, run, after, false);
    if (run)
        live_run_unref(run);
}

static void events(struct api_request *request)
{
    struct api *api = request->api;
    static const struct task_options options = {.name = "query_events", .deadline_ms = 30000};
    struct error err = {0};
    uint64_t after;
    if (!read_last_event_id(request, &after))
        return;
    struct live_run *run = live_runs_find(api->shared->runs, run_id(request));
    if (run && live_run_has_more(run, UINT64_MAX)) /* it goes on */
        event_stream_attach(request, run, after, false);
    else if (!api_start_task(api, &options, recall, request, &err))
        api_reply_error(request, &err);
    if (run)
        live_run_unref(run);
}

/* ---- its end ---- */

static void reply_state(struct api_request *request, int status, const char *state)
{
    struct strbuf json = strbuf_init(4096);
    strbuf_add_char(&json, '{');
    add_text(&json, "query_id", run_id(request));
    add_text(&json, "state", state);
    strbuf_add_char(&json, '}');
    api_reply_json(request, status, strbuf_str(&json));
    strbuf_clear(&json);
}

/* One of another process, or one that has ended. */
TASK_WAITS static void cancel_stored(void *arg)
{
    struct api_request *request = arg;
    struct store *store = request->api->agent->store;
    struct stored_run run;
    struct error err = {0};
    if (!store_run_get(store, run_id(request), request->exchange->arena, &run, &err) ||
        (run.state == RUN_ACTIVE && !store_run_ask_cancel(store, run.id, &err))) {
        api_reply_error(request, &err);
    } else if (run.state == RUN_ACTIVE) {
        reply_state(request, 202, "cancelling");
    } else if (run.state == RUN_CANCELLED) {
        reply_state(request, 200, store_run_state_name(run.state));
    } else {
        (void)error_set(&err, ERROR_CONFLICT, "question '%s' has ended already (%s)", run.id,
                        store_run_state_name(run.state));
        api_reply_error(request, &err);
    }
}

static void cancel(struct api_request *request)
{
    struct api *api = request->api;
    static const struct task_options options = {.name = "cancel_query", .deadline_ms = 30000};
    struct error err = {0};
    struct live_run *run = live_runs_find(api->shared->runs, run_id(request));
    bool cancelled = run && live_run_cancel(run);
    if (run)
        live_run_unref(run);
    if (cancelled)
        reply_state(request, 202, "cancelling");
    else if (!api_start_task(api, &options, cancel_stored, request, &err))
        api_reply_error(request, &err);
}

/* ---- routes ---- */

static const char *const states[] = {"active", "complete", "failed", "cut", "cancelled", NULL};

static const struct field error_fields[] = {
    {"query_id", FIELD_STRING, .required = true},
    {"conversation_id", FIELD_STRING, .required = true},
    {"error", FIELD_STRING, .required = true, .description = "What failed, in a sentence"},
    {"code", FIELD_STRING, .required = true, .description = "The same, for programs"},
};
static MODEL(model_query_error, "QueryError", error_fields, "Why a question has no answer.");

static const struct field run_fields[] = {
    {"query_id", FIELD_STRING, .required = true},
    {"conversation_id", FIELD_STRING, .required = true},
    {"user_id", FIELD_STRING, .required = true},
    {"question", FIELD_STRING, .required = true},
    {"state", FIELD_STRING, .required = true, .choices = states,
     .description = "cut: the program stopped before it was answered"},
    {"started_at", FIELD_STRING, .required = true},
    {"ended_at", FIELD_STRING, .required = true, .nullable = true},
    {"steps", FIELD_LIST, .required = true, .item = FIELD_MODEL, .model = &model_step,
     .description = "Those taken so far, and the one that goes on"},
    {"result", FIELD_MODEL, .required = true, .nullable = true, .model = &model_query_response,
     .description = "When it is complete"},
    {"error", FIELD_MODEL, .required = true, .nullable = true, .model = &model_query_error,
     .description = "When it failed, was cancelled or cut"},
};
static MODEL(model_query_run, "QueryRun", run_fields, "How a question stands.");

static const char *const cancel_states[] = {"cancelling", "cancelled", NULL};
static const struct field cancel_fields[] = {
    {"query_id", FIELD_STRING, .required = true},
    {"state", FIELD_STRING, .required = true, .choices = cancel_states},
};
static MODEL(model_query_cancel, "QueryCancel", cancel_fields, "A question that is to end.");

static const struct field parameters[] = {
    {.name = "query_id", .kind = FIELD_STRING, .required = true,
     .description = "As `run_start` and the response tell it"},
};

const struct route run_route = {
    .method = "GET", .path = "/api/v1/query/{query_id}", .name = "get_query", .tag = "query",
    .summary = "How a question stands, and its result", .mode = ROUTE_IN_TASK, .handle = get,
    .parameters = parameters, .path_parameter_count = 1, .parameter_count = 1,
    .reply = &model_query_run, .errors = {404},
};

static const struct route_response event_responses[] = {
    {204, "Nothing comes after Last-Event-ID", NULL, NULL},
    {410, "It ended too long ago", NULL, NULL},
};

const struct route run_events_route = {
    .method = "GET", .path = "/api/v1/query/{query_id}/events", .name = "query_events",
    .tag = "query", .summary = "The events of a question, from the beginning or where one left off",
    .handle = events, .parameters = parameters, .path_parameter_count = 1, .parameter_count = 1,
    .headers = event_headers, .header_count = 1,
    .description = "The same stream as of `POST /api/v1/query/stream`: what has happened, then each "
                   "event as it happens, to the end; also for some minutes after it.",
    .reply_description = "The question's events", .reply_type = "text/event-stream",
    .reply = &model_run_event,
    .reply_example = "id: 1\ndata: {\"event\":\"run_start\",\"data\":{\"query_id\":"
                     "\"query_0123456789abcdef\",\"conversation_id\":\"conv_0123456789abcdef\"}}\n\n",
    .errors = {404, 422}, .responses = event_responses, .response_count = 2,
};

static const struct route_response cancel_responses[] = {
    {202, "It is being cancelled", &model_query_cancel, NULL},
};

const struct route run_cancel_route = {
    .method = "DELETE", .path = "/api/v1/query/{query_id}", .name = "cancel_query", .tag = "query",
    .summary = "Cancel a question", .handle = cancel, .parameters = parameters,
    .path_parameter_count = 1, .parameter_count = 1, .reply = &model_query_cancel,
    .description = "Stops its statement and all else that is done for it; its stream ends with "
                   "`error` \"cancelled\". 202 while that goes on, 200 when it was cancelled before, "
                   "409 when it had ended otherwise.",
    .reply_description = "It was cancelled", .errors = {404, 409},
    .responses = cancel_responses, .response_count = 1,
};
