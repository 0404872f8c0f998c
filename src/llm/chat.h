/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Language models as a service: instructions and messages in, text out, whole or as it is written.
 * The providers (llm/anthropic.c, llm/openai.c) are drivers behind chat_complete(), one row each in
 * llm/chat.c.
 *
 * What is the same from call to call comes first and is marked, so that a provider that caches
 * prefixes can: `system` is the same for all questions, `context` for all questions about the same
 * data.
 */
#ifndef QUERENT_LLM_CHAT_H
#define QUERENT_LLM_CHAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/error.h"
#include "core/str.h"
#include "core/strbuf.h"
#include "net/server_check.h"
#include "task/task.h"

#define CHAT_MODEL_ID_MAX 256
#define CHAT_OUTPUT_TOKENS_DEFAULT 4096
#define CHAT_REPLY_SIZE_MAX (1024 * 1024) /* bytes of text */

struct chat_model; /* an opened provider; shared by all tasks of all loops */

enum chat_role { CHAT_USER, CHAT_ASSISTANT };

struct chat_message {
    enum chat_role role;
    struct str text;
};

struct upstream_pass;

struct chat_request {
    struct arena *arena; /* the run's: replies live there */
    struct upstream_pass *place; /* from chat_enter(), for the first try; NULL or none */
    const char *model;   /* NULL: the one of the settings. Allowed ones are the caller's to check */
    struct str system;   /* instructions */
    struct str context;  /* what is known about the data; may be empty */
    const struct chat_message *messages; /* alternating, the user's first and last */
    size_t message_count;
    /* A JSON schema that the reply's text must obey, in the subset that all providers take (all
     * properties required, no others, no limits on lengths and numbers); NULL: free text. A
     * provider or server that can't force it is asked in words; the caller checks the reply all the
     * same. */
    const char *schema;
    const char *schema_name;
    unsigned output_tokens_max; /* 0: the default */
    double temperature; /* for models that take one; beyond what the provider takes: the nearest that it does */
    /* Takes the text as it is written, in the calling task. False with an error drops the call.
     * NULL: whole. */
    TASK_WAITS bool (*on_text)(void *context, struct str piece, struct error *err);
    void *on_text_context;
};

/* Tokens; a kind that the provider does not tell is 0. */
struct chat_usage {
    int64_t input;  /* read at the full price */
    int64_t cached; /* read from the provider's cache */
    int64_t cache_written;
    int64_t output;
    int64_t cost_nano; /* US dollars / 10^9, of the calls whose price is known */
    bool priced;       /* that of all is */
    unsigned calls;
    unsigned unpriced; /* of a sum: calls whose price is not known */
};
void chat_usage_add(struct chat_usage *sum, const struct chat_usage *more);

enum chat_stop {
    CHAT_STOPPED, /* the model had said all */
    CHAT_CUT,     /* at output_tokens_max: the text is not whole */
    CHAT_REFUSED, /* the model or its provider declined; `text` says why, if anything does */
    CHAT_STOPS
};

/* Why there is no reply, in classes that anybody may be told: an error's sentence is for who runs the program. */
enum chat_cause {
    CHAT_CAUSE_OTHER,
    CHAT_CAUSE_KEY,     /* refused */
    CHAT_CAUSE_NO_KEY,  /* it wants one */
    CHAT_CAUSE_RIGHT,   /* the key may not use the model */
    CHAT_CAUSE_MODEL,   /* unknown or retired */
    CHAT_CAUSE_MONEY,   /* none left, or a limit is reached */
    CHAT_CAUSE_LONG,    /* the prompt is too long for it */
    CHAT_CAUSE_BUSY,    /* it asks for fewer calls */
    CHAT_CAUSE_FAILING, /* overloaded or broken */
    CHAT_CAUSE_AWAY,    /* its server does not answer */
    CHAT_CAUSES
};

struct chat_reply {
    enum chat_cause cause; /* of a failure */
    struct str text;
    enum chat_stop stop;
    const char *model;      /* as the provider names what answered */
    const char *request_id; /* the provider's, for support; "" */
    struct chat_usage usage;
    unsigned tries;
    uint64_t first_text_us; /* from the call to the first text, 0 when there was none */
};

/* `name` is "anthropic" or "openai". Reads the settings (key, base URL, model, ...). ERROR_CONFIG
 * when something is missing; opens no connection. */
struct chat_model *chat_open(const char *name, struct error *err);
void chat_close(struct chat_model *model);                 /* NULL is allowed */
const char *chat_provider(const struct chat_model *model); /* "anthropic" */
/* Of the settings, or the provider's default. */
const char *chat_model_id(const struct chat_model *model);
/* A sentence when that model is about to be retired, or is unknown to our table; NULL: nothing to
 * say. */
const char *chat_model_warning(const struct chat_model *model, const char *id, const char *today,
                               struct arena *arena);

/* A place among the calls that may be out (QUERENT_MODEL_CALLS_MAX), before the prompt is made: one that is free
 * now, or one that is waited for (net/fetch.h). */
bool chat_try_enter(struct chat_model *model, struct upstream_pass *place);
TASK_WAITS bool chat_enter(struct chat_model *model, struct upstream_pass *place, struct error *err);

/* False with ERROR_MODEL (the upstream failed after all tries, or answered out of its protocol: the
 * sentence says what to mend), ERROR_DEADLINE, ERROR_CANCELLED or on_text's own error; out->cause
 * is set. A refusal or a cut reply is true. */
TASK_WAITS bool chat_complete(struct chat_model *model, const struct chat_request *request,
                              struct chat_reply *out, struct error *err);
void chat_last_state(struct chat_model *model, struct server_state *out);
/* Bytes of the request body as chat_complete() would send it, without key: for `--explain` and
 * tests. */
struct str chat_print_request(const struct chat_model *model, const struct chat_request *request);
/* How many tokens the request has, by its length: nobody is asked. */
int64_t chat_estimate_tokens(const struct chat_model *model, const struct chat_request *request);
/* "reached", "clock", "key", "model", "answer"; makes one small call. */
TASK_WAITS size_t chat_check(struct chat_model *model, struct arena *arena,
                             struct server_check checks[SERVER_CHECKS_MAX]);

#endif
