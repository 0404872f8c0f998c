/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a provider says when it does not answer, in the shapes that servers have for it, and the
 * sentence that tells what to mend. Nothing of a refused key is repeated: some servers quote a part
 * of it.
 */
#include "llm/chat_priv.h"

#include <string.h>

static const char *text_member(const struct chat_model *model, const json_t *object,
                               const char *name, struct arena *arena)
{
    const json_t *value = json_object_get(object, name);
    if (json_is_integer(value))
        return arena_printf(arena, "%lld", (long long)json_integer_value(value));
    return endpoint_clean(&model->endpoint, chat_text_of(object, name), arena);
}

static const char *first_of(const char *a, const char *b)
{
    return *a ? a : b;
}

struct chat_problem chat_read_problem(const struct chat_model *model, int status, struct str body,
                                      struct arena *arena)
{
    struct chat_problem problem = {status, "", "", "", ""};
    const json_t *document = chat_read_json(body, arena);
    if (!json_is_object(document))
        return problem;
    const json_t *error = json_object_get(document, "error");
    if (json_is_string(error))
        problem.message = endpoint_clean(&model->endpoint, str_from(json_string_value(error)), arena);
    if (!json_is_object(error))
        error = document; /* gateways have it at the top */
    const json_t *details = json_object_get(error, "details");
    problem.type = text_member(model, error, "type", arena);
    problem.code = first_of(text_member(model, details, "error_code", arena),
                            text_member(model, error, "code", arena));
    problem.param = text_member(model, error, "param", arena);
    problem.message =
        first_of(problem.message, first_of(text_member(model, error, "message", arena),
                                           text_member(model, error, "detail", arena)));
    return problem;
}

static bool is_one_of(const char *word, const char *const words[])
{
    for (size_t i = 0; words[i]; i++)
        if (strcmp(word, words[i]) == 0)
            return true;
    return false;
}

static bool is_too_long(const struct chat_problem *problem)
{
    static const char *const codes[] = {"context_length_exceeded", "request_too_large",
                                        "exceed_context_size_error", NULL};
    return problem->status == 413 || is_one_of(problem->code, codes) ||
           is_one_of(problem->type, codes) || strstr(problem->message, "context length") ||
           strstr(problem->message, "context size") ||
           strstr(problem->message, "prompt is too long");
}

static bool is_spent(const struct chat_problem *problem)
{
    static const char *const words[] = {
        "insufficient_quota",
        "credit_balance_exhausted",
        "organization_spend_limit_exceeded",
        "project_spend_limit_exceeded",
        "organization_usage_limit_exceeded",
        "enforced_spend_limit_reached",
        "contract_spend_limit_reached",
        "billing_error",
        NULL,
    };
    return problem->status == 402 || is_one_of(problem->code, words) ||
           is_one_of(problem->type, words);
}

bool chat_problem_is_filtered(const struct chat_problem *problem)
{
    return problem->status == 400 && strcmp(problem->code, "content_filter") == 0;
}

bool chat_problem_is_lasting(const struct chat_problem *problem)
{
    return is_too_long(problem) || is_spent(problem) || chat_problem_is_filtered(problem) ||
           strcmp(problem->code, "model_not_found") == 0;
}

bool chat_problem_is_final(const struct fetch_response *response)
{
    static const struct chat_model nobody;
    struct arena *arena = arena_new();
    struct chat_problem problem =
        chat_read_problem(&nobody, response->status, response->body, arena);
    bool final = is_spent(&problem);
    arena_free(arena);
    return final;
}

enum chat_cause chat_problem_cause(const struct chat_model *model,
                                   const struct chat_problem *problem)
{
    int status = problem->status;
    if (status == 401)
        return model->has_key ? CHAT_CAUSE_KEY : CHAT_CAUSE_NO_KEY;
    if (is_spent(problem))
        return CHAT_CAUSE_MONEY;
    if (status == 403)
        return CHAT_CAUSE_RIGHT;
    if (status == 404)
        return CHAT_CAUSE_MODEL;
    if (is_too_long(problem))
        return CHAT_CAUSE_LONG;
    if (status == 429)
        return CHAT_CAUSE_BUSY;
    return status >= 500 || status == 408 || status == 409 ? CHAT_CAUSE_FAILING : CHAT_CAUSE_OTHER;
}

static bool explain_unknown(const struct chat_model *model, const char *model_id,
                            const struct chat_problem *problem, struct error *err)
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
                  const struct chat_problem *problem, unsigned tries, struct error *err)
{
    const char *title = model->title;
    int status = problem->status;
    const char *colon = *problem->message ? ": " : "";
    if (status == 401)
        return error_set(err, ERROR_MODEL, "%s %s (401); set %s to a valid key", title,
                         model->has_key ? "refuses the key" : "wants a key",
                         model->driver->key_setting);
    if (is_spent(problem))
        return error_set(err, ERROR_MODEL,
                         "%s says that there is no money left or that a spending limit is reached "
                         "(%d); raise it there, or use another key",
                         title, status);
    if (status == 403)
        return error_set(err, ERROR_MODEL,
                         "%s does not let this key use '%s' (403); give the key the right to it, "
                         "or set %s to another",
                         title, model_id, model->driver->key_setting);
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
                         title, model->endpoint.host, status, model->driver->url_setting);
    if (status == 429)
        return error_set(err, ERROR_MODEL,
                         "%s asks for fewer calls (429), also at try %u; try again later, or have "
                         "the limit raised",
                         title, tries);
    if (status >= 500 || status == 408 || status == 409)
        return error_set(err, ERROR_MODEL, "%s is overloaded or failing (%d), also at try %u%s%s",
                         title, status, tries, colon, problem->message);
    return error_set(err, ERROR_MODEL, "%s refuses the request (%d)%s%s", title, status, colon,
                     problem->message);
}
