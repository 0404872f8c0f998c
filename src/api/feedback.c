/* SPDX-License-Identifier: Apache-2.0 */
/* Votes on answers. A good or corrected one becomes a candidate for a verified query. */
#include <string.h>

#include "agent/verified.h"
#include "api/routes.h"
#include "api/verified_models.h"
#include "core/json.h"

static const char *text_of(const struct api_request *request, const char *key)
{
    const char *text = json_string_value(json_object_get(request->body, key));
    return text && *text ? text : NULL;
}

static void reply(struct api_request *request, const struct feedback *feedback,
                  const char *candidate_id)
{
    struct strbuf json = strbuf_init(4096);
    strbuf_add(&json, "{\"status\":\"stored\"");
    json_add_key(&json, "message_id");
    json_add_text(&json, feedback->answer->message_id);
    json_add_key(&json, "query_id");
    json_add_text(&json, feedback->answer->run_id);
    json_add_key(&json, "rating");
    json_add_text(&json, feedback->up ? "up" : "down");
    json_add_key(&json, "candidate_id");
    json_add_text(&json, candidate_id);
    strbuf_add_char(&json, '}');
    api_reply_json(request, 200, strbuf_str(&json));
    strbuf_clear(&json);
}

TASK_WAITS static void feedback(struct api_request *request)
{
    struct agent *agent = request->api->agent;
    struct arena *arena = request->exchange->arena;
    struct answered answer;
    struct verified_record candidate;
    const char *candidate_id;
    struct error err = {0};
    struct feedback vote = {
        .user_id = text_of(request, "user_id"),
        .answer = &answer,
        .up = strcmp(text_of(request, "rating"), "up") == 0,
        .corrected_sql = text_of(request, "corrected_sql"),
        .comment = text_of(request, "comment"),
    };
    if (!store_answer_find(agent->store, vote.user_id, text_of(request, "query_id"),
                           text_of(request, "message_id"), text_of(request, "conversation_id"),
                           arena, &answer, &err)) {
        api_reply_error(request, &err);
        return;
    }
    bool proposes = (vote.up || vote.corrected_sql) &&
                    candidate_from_answer(agent, &answer, vote.corrected_sql, vote.user_id, arena,
                                          &candidate);
    if (store_feedback_put(agent->store, &vote, proposes ? &candidate : NULL, arena, &candidate_id,
                           &err))
        reply(request, &vote, candidate_id);
    else
        api_reply_error(request, &err);
}

const struct route feedback_route = {
    .method = "POST", .path = "/api/v1/feedback", .name = "send_feedback", .tag = "feedback",
    .summary = "Vote on an answer",
    .description = "One vote for each user and answer: a later one takes the place of the earlier. An "
                   "up-vote, or a corrected SQL, proposes a verified query to the administrators.",
    .mode = ROUTE_IN_TASK, .handle = feedback, .body = &model_feedback_request,
    .reply = &model_feedback_response, .errors = {404, 413, 422},
};
