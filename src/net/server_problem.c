/* SPDX-License-Identifier: Apache-2.0 */
#include "net/server_problem.h"

#include <string.h>

static const char *text_member(const struct endpoint *endpoint, const json_t *object,
                               const char *name, struct arena *arena)
{
    const json_t *value = json_object_get(object, name);
    if (json_is_integer(value))
        return arena_printf(arena, "%lld", (long long)json_integer_value(value));
    if (!json_is_string(value))
        return "";
    return endpoint_clean(endpoint,
                          (struct str){json_string_value(value), json_string_length(value)}, arena);
}

static const char *first_of(const char *a, const char *b)
{
    return *a ? a : b;
}

struct server_problem server_problem_read(const struct endpoint *endpoint, int status,
                                          const json_t *document, struct arena *arena)
{
    struct server_problem problem = {status, "", "", "", ""};
    const json_t *error = json_object_get(document, "error");
    if (json_is_string(error))
        problem.message = text_member(endpoint, document, "error", arena);
    if (!json_is_object(error))
        error = document; /* gateways have it at the top */
    const json_t *details = json_object_get(error, "details");
    problem.type = text_member(endpoint, error, "type", arena);
    problem.code = first_of(text_member(endpoint, details, "error_code", arena),
                            text_member(endpoint, error, "code", arena));
    problem.param = text_member(endpoint, error, "param", arena);
    problem.message =
        first_of(problem.message, first_of(text_member(endpoint, error, "message", arena),
                                           text_member(endpoint, error, "detail", arena)));
    return problem;
}

bool server_problem_is_spent(const struct server_problem *problem)
{
    /* Parts of codes: an organization's, a project's, a contract's limit. */
    static const char *const words[] = {"insufficient_quota", "credit_balance_exhausted",
                                        "spend_limit", "usage_limit_exceeded", "billing_error"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (strstr(problem->code, words[i]) || strstr(problem->type, words[i]))
            return true;
    return problem->status == 402;
}

bool server_problem_is_failing(const struct server_problem *problem)
{
    return problem->status >= 500 || problem->status == 408 || problem->status == 409;
}

bool server_problem_explain(const struct server_problem *problem, const struct server_names *names,
                            unsigned tries, struct error *err)
{
    int status = problem->status;
    const char *title = names->title, *colon = *problem->message ? ": " : "";
    if (server_problem_is_spent(problem))
        return error_set(err, ERROR_MODEL,
                         "%s says that there is no money left or that a spending limit is reached "
                         "(%d); raise it there, or use another key",
                         title, status);
    if (status == 403)
        return error_set(err, ERROR_MODEL,
                         "%s does not let this key use '%s' (403); give the key the right to it, "
                         "or set %s to another",
                         title, names->model, names->key_setting);
    if (status == 429)
        return error_set(err, ERROR_MODEL,
                         "%s asks for fewer calls (429), also at try %u; try again later, or have "
                         "the limit raised",
                         title, tries);
    if (server_problem_is_failing(problem))
        return error_set(err, ERROR_MODEL, "%s is overloaded or failing (%d), also at try %u%s%s",
                         title, status, tries, colon, problem->message);
    return error_set(err, ERROR_MODEL, "%s %s (%d)%s%s", title, names->refusal, status, colon,
                     problem->message);
}
