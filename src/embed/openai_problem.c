/* SPDX-License-Identifier: Apache-2.0 */
/* What a server says when it gives no vectors, and the sentence that tells what to mend: what
 * net/server_problem.c does not know of all servers. */
#include <string.h>
#include <strings.h>

#include "embed/openai_priv.h"

#define BODY_READ_MAX 65536
#define DEPTH_MAX 32 /* brackets within brackets: a task's stack is small */

/* Brackets in texts count too: no such message is worth more. */
static bool is_flat(struct str body)
{
    long depth = 0;
    if (body.length > BODY_READ_MAX) /* looked at on the loop: not read at all */
        return false;
    for (size_t i = 0; i < body.length; i++) {
        char c = body.bytes[i];
        depth += (c == '{' || c == '[') - (c == '}' || c == ']');
        if (depth > DEPTH_MAX)
            return false;
    }
    return true;
}

struct server_problem embed_read_problem(const struct embed_server *server, int status,
                                         struct str body, struct arena *arena)
{
    json_error_t ignored;
    json_t *document = is_flat(body) ? json_loadb(body.bytes, body.length, 0, &ignored) : NULL;
    struct server_problem problem = server_problem_read(&server->endpoint, status, document, arena);
    json_decref(document);
    return problem;
}

static bool says(const struct server_problem *problem, const char *word)
{
    return strcasestr(problem->message, word) || strcasestr(problem->param, word) ||
           strcasestr(problem->code, word) || strcasestr(problem->type, word);
}

static bool is_form_refusal(const struct server_problem *problem)
{
    return problem->status == 400 || problem->status == 422;
}

unsigned embed_refused_field(const struct server_problem *problem, unsigned sent)
{
    static const struct {
        const char *word;
        unsigned field;
    } rows[] = {{"dimension", EMBED_DIMENSIONS},
                {"matryoshka", EMBED_DIMENSIONS},
                {"encoding_format", EMBED_BASE64},
                {"base64", EMBED_BASE64}};
    for (size_t i = 0; is_form_refusal(problem) && i < sizeof(rows) / sizeof(rows[0]); i++)
        if ((sent & rows[i].field) && says(problem, rows[i].word))
            return rows[i].field;
    return 0;
}

bool embed_tells_length(const struct server_problem *problem)
{
    static const char *const words[] = {
        "context length",    "context size",     "input is too long",    "input too long",
        "text is too long",  "text too long",    "prompt is too long",   "string too long",
        "sequence too long", "too many tokens",  "too large to process", "input is too large",
        "maximum input",     "tokens per request",   "max_tokens",
        "maximum number of tokens",   "must have less than", "physical batch size"};
    /* llama.cpp: a 500 with "input is too large to process" */
    bool may_tell = is_form_refusal(problem) || problem->status == 413 || problem->status == 500;
    for (size_t i = 0; may_tell && i < sizeof(words) / sizeof(words[0]); i++)
        if (says(problem, words[i]))
            return true;
    return false;
}

bool embed_is_too_long(const struct server_problem *problem)
{
    return problem->status == 413 || embed_tells_length(problem);
}

bool embed_is_by_texts(const struct server_problem *problem)
{
    int status = problem->status;
    return is_form_refusal(problem) || status == 408 || status == 413 || status == 500 || status == 504;
}

bool embed_problem_is_final(const struct fetch_response *response)
{
    static const struct embed_server nobody;
    if (response->status != 429 && response->status != 500)
        return false;
    struct arena *arena = arena_new();
    struct server_problem problem =
        embed_read_problem(&nobody, response->status, response->body, arena);
    bool final = server_problem_is_spent(&problem) || embed_is_too_long(&problem);
    arena_free(arena);
    return final;
}

static bool explain_unknown(const struct embed_server *server, const struct server_problem *problem,
                            struct error *err)
{
    if (server->own_host)
        return error_set(err, ERROR_MODEL,
                         "OpenAI has no embedding model '%s' for this key (404); set "
                         "QUERENT_EMBED_MODEL to another, such as text-embedding-3-small",
                         server->model);
    return error_set(err, ERROR_MODEL,
                     "%s has no embedding model '%s', or nothing at this path (404)%s%s; set "
                     "QUERENT_EMBED_MODEL to one that it serves, and check %s",
                     server->title, server->model, *problem->message ? ": " : "", problem->message,
                     server->url_setting);
}

bool embed_explain(const struct embed_server *server, const struct server_problem *problem,
                   unsigned tries, struct error *err)
{
    const struct server_names names = {server->title, server->model, server->key_setting,
                                       "gives no embeddings"};
    int status = problem->status;
    if (status == 401)
        return error_set(err, ERROR_MODEL, "%s %s (401); set %s to a valid key", server->title,
                         server->has_key ? "refuses the key for embeddings"
                                         : "wants a key for embeddings",
                         server->key_setting);
    if (!server_problem_is_spent(problem) && status == 404)
        return explain_unknown(server, problem, err);
    if (!server_problem_is_spent(problem) && status >= 300 && status < 400)
        return error_set(err, ERROR_MODEL,
                         "%s sends elsewhere (%d), which is not followed with a key; set %s to the "
                         "final address",
                         server->title, status, server->url_setting);
    return server_problem_explain(problem, &names, tries, err);
}
