/* SPDX-License-Identifier: Apache-2.0 */
/* Questions: the whole reply at once, or its events as they happen. */
#include <string.h>

#include "agent/workflow.h"
#include "api/event_stream.h"
#include "api/live_runs.h"
#include "api/models.h"
#include "api/routes.h"
#include "core/alloc.h"
#include "core/settings.h"

static const char *text_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

/* The texts are borrowed from the body; run_new() copies them. */
static struct question question_from(const struct api_request *request)
{
    const json_t *body = request->body, *config = json_object_get(body, "agent_config");
    const json_t *filter = json_object_get(config, "dataset_filter");
    struct question question = {
        .text = text_of(body, "query"),
        .user_id = text_of(body, "user_id"),
        .conversation_id = text_of(body, "conversation_id"),
        .model = text_of(config, "model"),
        .temperature = json_number_value(json_object_get(config, "temperature")),
        .use_cache = !json_is_false(json_object_get(config, "use_cache")),
        .reply_suffices = true,
        .sample_rows = (size_t)json_integer_value(json_object_get(config, "sample_rows")),
    };
    const char **ids = arena_array(request->exchange->arena, json_array_size(filter), sizeof(*ids));
    for (size_t i = 0; i < json_array_size(filter); i++)
        ids[i] = json_string_value(json_array_get(filter, i));
    question.dataset_filter = ids;
    question.dataset_filter_count = json_array_size(filter);
    return question;
}

TASK_WAITS static bool wait_for_place(void *context, struct error *err)
{
    return run_queue_wait(context, err);
}

static bool join(struct api *api, const struct question *question, struct run_place *place,
                 struct error *err)
{
    if (atomic_load(&api->shared->stopping))
        return error_set(err, ERROR_FULL, "the server is stopping; ask again in a moment");
    return run_queue_join(api->shared->queue, place, api->loop, question->user_id, err);
}

/* Who is told of a run's events: first the request itself. Then, of an answer that was there
 * already, the stream that it became; else all who read the live run, that stream among them. */
struct reader {
    struct api *api;
    struct api_request *request; /* NULL once replied to */
    struct event_stream *stream;
    struct live_run *live;
    bool streams;
    struct run *run;
};

static bool is_end(const struct run_event *event)
{
    return event->kind == EVENT_COMPLETE || event->kind == EVENT_ERROR;
}

static void tell_request(struct reader *reader, const struct run_event *event)
{
    struct api_request *request = reader->request;
    reader->request = NULL;
    if (event->kind == EVENT_ERROR) /* also where a stream would have begun */
        api_reply_error(request, &reader->run->error);
    else if (reader->live && reader->streams)
        event_stream_attach(request, reader->live, 0, true);
    else if (reader->streams)
        reader->stream = event_stream_open(request, run_event_name(event->kind), event->json);
    else if (event->kind == EVENT_COMPLETE)
        api_reply_json(request, 200, str_from(event->json));
    else
        reader->request = request;
}

static void tell(void *context, const struct run_event *event)
{
    struct reader *reader = context;
    const char *name = run_event_name(event->kind);
    if (event->kind == EVENT_RUN_START && !run_is_recalled(reader->run))
        reader->live = live_run_begin(reader->api->shared->runs, reader->run->id, reader->api->loop,
                                      task_current());
    if (reader->live)
        live_run_tell(reader->live, name, event->json, is_end(event));
    if (reader->stream)
        event_stream_send(reader->stream, name, event->json);
    else if (reader->request)
        tell_request(reader, event);
}

/*
 * The run goes on when its reader leaves. Its first event comes when the question is saved, its
 * last one when the outcome is: a reply or stream acknowledges nothing that could be lost.
 */
TASK_WAITS static void answer(struct api_request *request, bool streams)
{
    struct api *api = request->api;
    struct question question = question_from(request);
    struct run_place place;
    struct error err = {0};
    if (!join(api, &question, &place, &err)) {
        api_reply_error(request, &err);
        return;
    }
    api->questions++;
    task_set_caller(question.user_id);
    struct run *run = run_new(api->agent, &question, &err);
    if (run) {
        request->run_id = arena_strdup(request->exchange->arena, run->id);
        struct reader reader = {.api = api, .request = request, .streams = streams, .run = run};
        run->listener = tell;
        run->listener_context = &reader;
        run->admit = wait_for_place;
        run->admit_context = &place;
        (void)workflow_run(run, &err); /* the last event has told the outcome */
        if (reader.stream)
            event_stream_end(reader.stream);
        if (reader.live)
            live_run_leave(reader.live);
        run_free(run);
    } else {
        api_reply_error(request, &err);
    }
    run_queue_leave(&place);
    api->questions--;
}

TASK_WAITS static void query_data(struct api_request *request)
{
    answer(request, false);
}

TASK_WAITS static void query_stream(struct api_request *request)
{
    answer(request, true);
}

#define QUESTION_STEPS                                                                          \
    "Finds the dataset, makes one read-only SQL statement, executes it and says in words what " \
    "the rows say. What is ambiguous or not about the data ends as `needs_clarification` or "   \
    "`no_answer`, with suggestions."
/* The conversation, the result, the question; what fails on the way. */
#define QUESTION_ERRORS         \
    {                           \
        404, 413, 422, 499, 502 \
    }

const struct route query_route = {
    .method = "POST",
    .path = "/api/v1/query",
    .name = "query_data",
    .tag = "query",
    .summary = "Answer a question about the data",
    .mode = ROUTE_IN_TASK,
    .handle = query_data,
    .body = &model_query_request,
    .reply = &model_query_response,
    .description = QUESTION_STEPS,
    .errors = QUESTION_ERRORS,
    .links = {{&conversation_messages_route, 0, "conversation_id"},
              {&run_route, 0, "query_id"},
              {&run_events_route, 0, "query_id"}},
};

const struct route query_stream_route = {
    .method = "POST",
    .path = "/api/v1/query/stream",
    .name = "query_stream",
    .tag = "query",
    .summary = "Answer a question, each step as a Server-Sent Event",
    .mode = ROUTE_IN_TASK,
    .handle = query_stream,
    .body = &model_query_request,
    .description = QUESTION_STEPS
    "\n\nEvery event is `id: N` and one `data:` line with `{\"event\": name, \"data\": {...}}`: "
    "`run_start` (query_id, conversation_id), `step_start` and `step_update` (a Step), `answer_delta` "
    "while a language model writes the answer (`{\"text\": more}`; with `\"replace\": true` the text takes "
    "the place of all that was told before), then "
    "`complete` (a QueryResponse) or `error`. A comment line comes every 15 seconds. What fails "
    "before `run_start` is a reply with its status.",
    .reply_description = "The run's events",
    .reply_type = "text/event-stream",
    .reply = &model_run_event,
    .reply_example =
        "id: 1\ndata: {\"event\":\"run_start\",\"data\":{\"query_id\":"
        "\"query_0123456789abcdef\",\"conversation_id\":\"conv_0123456789abcdef\"}}\n\n",
    .errors = QUESTION_ERRORS,
};
