/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by openai.c (opening, calling), openai_reply.c, openai_problem.c and openai_check.c. */
#ifndef QUERENT_EMBED_OPENAI_PRIV_H
#define QUERENT_EMBED_OPENAI_PRIV_H

#include <jansson.h>
#include <pthread.h>
#include <stdatomic.h>

#include "embed/embed_priv.h"
#include "net/endpoint.h"
#include "net/server_problem.h"

/* Parts of a request that not every server takes. */
enum embed_field {
    EMBED_BASE64 = 1 << 0,     /* encoding_format: a quarter of the bytes */
    EMBED_DIMENSIONS = 1 << 1, /* dimensions: a shorter vector than the model's own */
};

struct embed_server {
    struct arena *arena; /* of what is opened */
    struct endpoint endpoint;
    struct upstream *upstream;
    const char *title; /* for sentences: "OpenAI", "the server 127.0.0.1:8080" */
    const char *model, *model_id, *url;
    const char *api_version;               /* of Azure's API by deployments; NULL: another API */
    const char *key_setting, *url_setting; /* what to mend */
    size_t dimensions;
    bool own_host; /* OpenAI's */
    bool has_key;
    unsigned fields;     /* enum embed_field: what is sent as long as it is not refused */
    atomic_uint refused; /* of them; remembered once a call without has worked */
    atomic_size_t text_max; /* bytes; less once the server found a text too long */
    uint64_t idle_ms;

    pthread_mutex_t lock; /* of the state; never held across a wait */
    struct server_state state;
};

struct server_problem embed_read_problem(const struct embed_server *server, int status,
                                         struct str body, struct arena *arena);
/* The field that it refuses, of those sent; 0: none. */
unsigned embed_refused_field(const struct server_problem *problem, unsigned sent);
/* Too many tokens, in one text or in all. */
bool embed_is_too_long(const struct server_problem *problem);
/* It says so in words, so that one text alone may be cut: a 413 of a proxy may have any reason. */
bool embed_tells_length(const struct server_problem *problem);
/* One text, or how many they are, may be why: see embed_usage. */
bool embed_is_by_texts(const struct server_problem *problem);
/* The sentence, with what to mend; false. */
bool embed_explain(const struct embed_server *server, const struct server_problem *problem,
                   unsigned tries, struct error *err);
/* fetch_request.is_final: no money left, or too long, which waiting does not mend. */
bool embed_problem_is_final(const struct fetch_response *response);

/* The vectors of a body, each put where its text's belongs. */
struct embed_reading {
    struct str body;
    size_t count, dimensions;
    float *const *rows; /* of each text, `dimensions` floats */
    bool ok;
    int64_t tokens;      /* -1: not told */
    size_t dimensions_given; /* of a vector of another length; 0: none */
    char problem[128];   /* "3 vectors for 4 texts" */
};
/* On the pool. */
void embed_read_vectors(void *reading);
/* Exactly `count` floats, little-endian, in standard base64 with padding. */
bool embed_decode_base64(struct str text, float *out, size_t count);

TASK_WAITS size_t embed_check_server(void *state, struct arena *arena,
                                     struct server_check checks[SERVER_CHECKS_MAX]);
bool embed_openai_texts(void *state, const struct str *texts, size_t count, float *out,
                        struct embed_usage *usage, struct error *err);
/* The beginning of a text that has too many tokens: see openai.c. */
struct str embed_cut(struct str text);

#endif
