/* SPDX-License-Identifier: Apache-2.0 */
/* Conversations and their messages, with the plan's fields. */
#include <stdlib.h>
#include <string.h>

#include "api/models.h"
#include "api/routes.h"
#include "core/json.h"

#define PAGE_DEFAULT 100
#define LIST_SIZE_MAX (64 * 1024 * 1024)
#define MESSAGES_SIZE_MAX (256 * 1024 * 1024)

/* While callers are not identified, a conversation's id is what opens it. */
#define ANY_USER NULL

static struct arena *arena_of(const struct api_request *request)
{
    return request->exchange->arena;
}

TASK_WAITS static void create(struct api_request *request)
{
    struct conversation made;
    struct error err = {0};
    const char *user = json_string_value(json_object_get(request->body, "user_id"));
    const char *title = json_string_value(json_object_get(request->body, "title"));
    if (!store_conversation_create(request->api->agent->store, user, title, arena_of(request),
                                   &made, &err)) {
        api_reply_error(request, &err);
        return;
    }
    struct strbuf json = strbuf_init(4096);
    strbuf_add_char(&json, '{');
    json_add_key(&json, "conversation_id");
    json_add_text(&json, made.id);
    json_add_key(&json, "created_at");
    json_add_text(&json, made.created_at);
    strbuf_add_char(&json, '}');
    api_reply_json(request, 200, strbuf_str(&json));
    strbuf_clear(&json);
}

static void add_conversation(struct strbuf *json, const struct conversation *conversation)
{
    json_add_separator(json);
    strbuf_add_char(json, '{');
    json_add_key(json, "conversation_id");
    json_add_text(json, conversation->id);
    json_add_key(json, "user_id");
    json_add_text(json, conversation->user_id);
    json_add_key(json, "title");
    json_add_text(json, conversation->title[0] ? conversation->title : NULL);
    json_add_key(json, "created_at");
    json_add_text(json, conversation->created_at);
    json_add_key(json, "updated_at");
    json_add_text(json, conversation->updated_at);
    json_add_key(json, "message_count");
    json_add_integer(json, conversation->message_count);
    strbuf_add_char(json, '}');
}

enum { LIST_USER, LIST_LIMIT, LIST_CURSOR };

TASK_WAITS static void list(struct api_request *request)
{
    struct conversation *found;
    size_t count;
    const char *next;
    struct error err = {0};
    if (!store_conversation_list(request->api->agent->store, api_parameter_text(request, LIST_USER),
                                 (size_t)api_parameter_integer(request, LIST_LIMIT, PAGE_DEFAULT),
                                 api_parameter_text(request, LIST_CURSOR), arena_of(request), &found,
                                 &count, &next, &err)) {
        api_reply_error(request, &err);
        return;
    }
    struct strbuf json = strbuf_init(LIST_SIZE_MAX);
    strbuf_add(&json, "{\"conversations\":[");
    for (size_t i = 0; i < count; i++)
        add_conversation(&json, &found[i]);
    strbuf_add_char(&json, ']');
    json_add_key(&json, "next_cursor");
    json_add_text(&json, next);
    strbuf_add_char(&json, '}');
    api_reply_json(request, 200, strbuf_str(&json));
    strbuf_clear(&json);
}

/* What the run kept with its answer, completed to the plan's fields. */
static void add_message_metadata(struct strbuf *json, const struct message *message)
{
    json_t *kept = message->metadata ? json_loads(message->metadata, 0, NULL) : NULL;
    const char *dataset = json_string_value(json_object_get(kept, "dataset_id"));
    const char *status = json_string_value(json_object_get(kept, "status"));
    json_t *duration = json_object_get(kept, "execution_time_ms");
    strbuf_add_char(json, '{');
    json_add_key(json, "sql_query");
    json_add_text(json, message->sql);
    json_add_key(json, "datasets_used");
    strbuf_add_char(json, '[');
    if (dataset)
        json_add_text(json, dataset);
    strbuf_add_char(json, ']');
    json_add_key(json, "steps");
    strbuf_add(json, message->steps ? message->steps : "null");
    json_add_key(json, "query_id");
    json_add_text(json, message->run_id);
    json_add_key(json, "status");
    json_add_text(json, status);
    char *verified = json_dumps(json_object_get(kept, "verified"), JSON_COMPACT);
    json_add_key(json, "verified");
    strbuf_add(json, verified ? verified : "null");
    free(verified);
    json_add_key(json, "tokens_used");
    json_add_integer(json, json_integer_value(json_object_get(kept, "tokens_used")));
    json_add_key(json, "execution_time_ms");
    if (json_is_number(duration))
        json_add_double(json, json_number_value(duration));
    else
        strbuf_add(json, "null");
    strbuf_add_char(json, '}');
    json_decref(kept);
}

static void add_message(struct strbuf *json, const struct message *message)
{
    bool answer = message->role == MESSAGE_ASSISTANT;
    json_add_separator(json);
    strbuf_add_char(json, '{');
    json_add_key(json, "message_id");
    json_add_text(json, message->id);
    json_add_key(json, "role");
    json_add_text(json, answer ? "assistant" : "user");
    json_add_key(json, "content");
    json_add_text(json, message->content);
    json_add_key(json, "timestamp");
    json_add_text(json, message->created_at);
    json_add_key(json, "metadata");
    if (answer)
        add_message_metadata(json, message);
    else
        strbuf_add(json, "null");
    strbuf_add_char(json, '}');
}

struct messages_work {
    const char *conversation_id;
    const struct message *messages;
    size_t count;
    const char *next;
    struct strbuf json;
};

/* Reads JSON, which nests: on a thread's stack. */
static void write_messages(void *arg)
{
    struct messages_work *work = arg;
    strbuf_add_char(&work->json, '{');
    json_add_key(&work->json, "conversation_id");
    json_add_text(&work->json, work->conversation_id);
    json_add_key(&work->json, "messages");
    strbuf_add_char(&work->json, '[');
    for (size_t i = 0; i < work->count; i++)
        add_message(&work->json, &work->messages[i]);
    strbuf_add_char(&work->json, ']');
    json_add_key(&work->json, "next_cursor");
    json_add_text(&work->json, work->next);
    strbuf_add_char(&work->json, '}');
}

enum { MESSAGES_CONVERSATION, MESSAGES_LIMIT, MESSAGES_CURSOR };

TASK_WAITS static void messages(struct api_request *request)
{
    struct messages_work work = {
        .conversation_id = api_parameter_text(request, MESSAGES_CONVERSATION),
        .json = strbuf_init(MESSAGES_SIZE_MAX),
    };
    struct message *found;
    struct error err = {0};
    if (store_messages_page(request->api->agent->store, work.conversation_id,
                            (size_t)api_parameter_integer(request, MESSAGES_LIMIT, STORE_PAGE_MAX),
                            api_parameter_text(request, MESSAGES_CURSOR), arena_of(request), &found,
                            &work.count, &work.next, &err)) {
        work.messages = found;
        if (task_offload(write_messages, &work, &err)) {
            api_reply_json(request, 200, strbuf_str(&work.json));
            request = NULL;
        }
    }
    if (request)
        api_reply_error(request, &err);
    strbuf_clear(&work.json);
}

TASK_WAITS static void delete_one(struct api_request *request)
{
    const char *id = api_parameter_text(request, 0);
    struct error err = {0};
    if (!store_conversation_delete(request->api->agent->store, ANY_USER, id, &err)) {
        api_reply_error(request, &err);
        return;
    }
    live_runs_forget(request->api->shared->runs, id);
    struct strbuf json = strbuf_init(4096);
    strbuf_add(&json, "{\"status\":\"deleted\"");
    json_add_key(&json, "conversation_id");
    json_add_text(&json, id);
    strbuf_add_char(&json, '}');
    api_reply_json(request, 200, strbuf_str(&json));
    strbuf_clear(&json);
}

static const struct field list_parameters[] = {
    {.name = "user_id", .kind = FIELD_STRING, .required = true,
     .description = "Whose conversations"},
    {.name = "limit", .kind = FIELD_INTEGER, .fallback = "100", .bounded = true, .minimum = 1,
     .maximum = STORE_PAGE_MAX, .description = "How many at most"},
    {.name = "cursor", .kind = FIELD_STRING, .nullable = true,
     .description = "next_cursor of the page before"},
};

static const struct field messages_parameters[] = {
    {.name = "conversation_id", .kind = FIELD_STRING, .required = true,
     .description = "Which conversation"},
    {.name = "limit", .kind = FIELD_INTEGER, .fallback = "1000", .bounded = true, .minimum = 1,
     .maximum = STORE_PAGE_MAX,
     .description = "The last so many messages; with a cursor, those before its page"},
    {.name = "cursor", .kind = FIELD_STRING, .nullable = true,
     .description = "next_cursor of the page of later messages"},
};

const struct route conversation_create_route = {
    .method = "POST", .path = "/api/v1/conversations", .name = "create_conversation",
    .tag = "conversations", .summary = "Begin a conversation", .mode = ROUTE_IN_TASK,
    .handle = create, .body = &model_create_conversation_request,
    .reply = &model_conversation_created,
    .links = {{&conversation_messages_route, 0, "conversation_id"},
              {&conversation_delete_route, 0, "conversation_id"}},
};

const struct route conversation_list_route = {
    .method = "GET", .path = "/api/v1/conversations/{user_id}", .name = "get_user_conversations",
    .tag = "conversations", .summary = "A user's conversations, the latest first",
    .mode = ROUTE_IN_TASK, .handle = list, .parameters = list_parameters,
    .path_parameter_count = 1, .parameter_count = 3, .reply = &model_conversation_list,
    .errors = {422},
    .links = {{&conversation_messages_route, 0, "conversations/0/conversation_id"}},
};

const struct route conversation_messages_route = {
    .method = "GET", .path = "/api/v1/conversations/{conversation_id}/messages",
    .name = "get_conversation_messages", .tag = "conversations",
    .summary = "A conversation's messages, oldest first", .mode = ROUTE_IN_TASK,
    .handle = messages, .parameters = messages_parameters, .path_parameter_count = 1,
    .parameter_count = 3, .reply = &model_message_list, .errors = {404, 422},
};

const struct route conversation_delete_route = {
    .method = "DELETE", .path = "/api/v1/conversations/{conversation_id}",
    .name = "delete_conversation", .tag = "conversations", .summary = "Delete a conversation",
    .mode = ROUTE_IN_TASK, .handle = delete_one, .parameters = messages_parameters,
    .path_parameter_count = 1, .parameter_count = 1, .reply = &model_conversation_deleted,
    .errors = {404},
};
