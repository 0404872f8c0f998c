/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a model's server says when it does not do what it was asked, in the shapes that servers have
 * for it, and the sentences that tell what to mend. Nothing of a key is repeated.
 */
#ifndef QUERENT_NET_SERVER_PROBLEM_H
#define QUERENT_NET_SERVER_PROBLEM_H

#include <jansson.h>

#include "core/arena.h"
#include "core/error.h"
#include "net/endpoint.h"

/* What a refused request's body says, fit to be told: short, in one line, without keys. */
struct server_problem {
    int status;
    const char *type, *code, *message, *param; /* "" where not given */
};

/* For sentences. */
struct server_names {
    const char *title;       /* "OpenAI", "the server 127.0.0.1:8080" */
    const char *model;       /* as it was asked for */
    const char *key_setting; /* "OPENAI_API_KEY" */
    const char *refusal;     /* what it does where nothing else is known: "refuses the request" */
};

/* `document` is its body, or NULL where that can't be read. The texts are in the arena. */
struct server_problem server_problem_read(const struct endpoint *endpoint, int status,
                                          const json_t *document, struct arena *arena);
/* No money left, or a limit on spending reached: nothing that waiting mends. */
bool server_problem_is_spent(const struct server_problem *problem);
/* It does not serve now: overloaded, failing, or out of time. */
bool server_problem_is_failing(const struct server_problem *problem);
/* The sentence about money, the key's right, too many calls, a server that fails, and what is left,
 * as ERROR_MODEL; what needs other words is its caller's. False. */
bool server_problem_explain(const struct server_problem *problem, const struct server_names *names,
                            unsigned tries, struct error *err);

#endif
