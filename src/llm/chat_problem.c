/* SPDX-License-Identifier: Apache-2.0 */
/* What a provider says when it does not answer, and the sentence that tells what to mend: what
 * net/server_problem.c does not know of all servers. */
#include "llm/chat_priv.h"

#include <string.h>

struct server_problem chat_read_problem(const struct chat_model *model, int status, struct str body,
                                        struct arena *arena)
{
    return server_problem_read(&model->endpoint, status, chat_read_json(body, arena), arena);
}

static bool is_one_of(const char *word, const char *const words[])
{
    for (size_t i = 0; words[i]; i++)
        if (strcmp(word, words[i]) == 0)
            return true;
    return false;
}

static bool is_too_long(const struct server_problem *problem)
{
    static const char *const codes[] = {"context_length_exceeded", "request_too_large",
                                        "exceed_context_size_error", NULL};
    return problem->status == 413 || is_one_of(problem->code, codes) ||
           is_one_of(problem->type, codes) || strstr(problem->message, "context length") ||
           strstr(problem->message, "context size") ||
           strstr(problem->message, "prompt is too long");
}

bool chat_problem_is_filtered(const struct server_problem *problem)
{
    return problem->status == 400 && strcmp(problem->code, "content_filter") == 0;
}

bool chat_problem_is_lasting(const struct server_problem *problem)
{
    return is_too_long(problem) || server_problem_is_spent(problem) ||
           chat_problem_is_filtered(problem) || strcmp(problem->code, "model_not_found") == 0;
}

bool chat_problem_is_final(const struct fetch_response *response)
{
    static const struct chat_model nobody;
    struct arena *arena = arena_new();
    struct server_problem problem =
        chat_read_problem(&nobody, response->status, response->body, arena);
    bool final = server_problem_is_spent(&problem);
    arena_free(arena);
    return final;
}

enum chat_cause chat_problem_cause(const struct chat_model *model,
                                   const struct server_problem *problem)
{
    int status = problem->status;
    if (status == 401)
        return model->has_key ? CHAT_CAUSE_KEY : CHAT_CAUSE_NO_KEY;
    if (server_problem_is_spent(problem))
        return CHAT_CAUSE_MONEY;
    if (status == 403)
        return CHAT_CAUSE_RIGHT;
    if (status == 404)
        return CHAT_CAUSE_MODEL;
    if (is_too_long(problem))
        return CHAT_CAUSE_LONG;
    if (status == 429)
        return CHAT_CAUSE_BUSY;
    return server_problem_is_failing(problem) ? CHAT_CAUSE_FAILING : CHAT_CAUSE_OTHER;
}

static bool explain_unknown(const struct chat_model *model, const char *model_id,
                            const struct server_problem *problem, struct error *err)
{
    struct arena *arena = arena_new();
    if (model->own_host || model->driver->own_models_only)
        error_set(err, ERROR_MODEL,
                  "%s does not know the model '%s', or has retired it (404); set QUERENT_MODEL to "
                  "another, such as %s",
                  model->title, model_id,
                  model_print_choices(model->driver->name, model_id, arena));
    else
        error_set(err, ERROR_MODEL,
                  "the server %s has no model '%s', or nothing at this path (404)%s%s; set "
                  "QUERENT_MODEL to one that it serves, and check %s",
                  model->endpoint.host, model_id, *problem->message ? ": " : "", problem->message,
                  model->driver->url_setting);
    arena_free(arena);
    return false;
}

bool chat_explain(const struct chat_model *model, const char *model_id,
                  const struct server_problem *problem, unsigned tries, struct error *err)
{
    const struct server_names names = {model->title, model_id, model->driver->key_setting,
                                       "refuses the request"};
    int status = problem->status;
    if (status == 401)
        return error_set(err, ERROR_MODEL, "%s %s (401); set %s to a valid key", model->title,
                         model->has_key ? "refuses the key" : "wants a key",
                         model->driver->key_setting);
    if (server_problem_is_spent(problem) || status == 403)
        return server_problem_explain(problem, &names, tries, err);
    if (status == 404)
        return explain_unknown(model, model_id, problem, err);
    if (is_too_long(problem))
        return error_set(err, ERROR_MODEL,
                         "the question and what is known about the data are too long for '%s' "
                         "(%d); set QUERENT_MODEL to a model that reads more, or give the server a "
                         "larger context",
                         model_id, status);
    if (status >= 300 && status < 400)
        return error_set(err, ERROR_MODEL,
                         "%s at %s sends elsewhere (%d), which is not followed with a key; set %s "
                         "to the final address",
                         model->title, model->endpoint.host, status, model->driver->url_setting);
    return server_problem_explain(problem, &names, tries, err);
}
