/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Embedding models: text in, unit vector out. "builtin" is a static table mapped from a file
 * (embed/builtin.c, no network); "openai" is a server that speaks OpenAI's API (embed/openai.c);
 * others come as drivers (embed/embed_priv.h).
 *
 * An embedder may be used by tasks of all loops at a time.
 */
#ifndef QUERENT_EMBED_EMBED_H
#define QUERENT_EMBED_EMBED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/error.h"
#include "core/str.h"
#include "net/server_check.h"
#include "task/task.h"

#define EMBED_TEXTS_MAX 2048 /* texts of one call */
/* Bytes of one text; a model may read only the beginning. */
#define EMBED_TEXT_SIZE_MAX (1024 * 1024)

struct embedder;

/* NULL with an error when the model is unknown, its file is missing or damaged, or a setting that it
 * needs is; opens no connection. */
struct embedder *embedder_open(const char *name, struct error *err);
void embedder_close(struct embedder *embedder); /* NULL is allowed */
/* As embedder_open() took it: "openai". */
const char *embedder_name(const struct embedder *embedder);
/* What the server is asked for: "text-embedding-3-small"; of a local one its model id. */
const char *embedder_model(const struct embedder *embedder);
/* Whether a server is asked, which costs time and perhaps money, may be away, and is told the texts. */
bool embedder_is_remote(const struct embedder *embedder);
/* Changes when vectors of the one don't fit the other (server, model, dimensions); stored beside
 * vectors. */
const char *embedder_model_id(const struct embedder *embedder);
size_t embedder_dimensions(const struct embedder *embedder);
/* Writes embedder_dimensions() floats for each text: a unit vector, or all zeros for a text that
 * has none (empty, unknown script). */
TASK_WAITS bool embedder_embed(struct embedder *embedder, const struct str *texts, size_t count,
                               float *out, struct error *err);

/* What calls of a server have used; a local model uses nothing. */
struct embed_usage {
    int64_t calls, tokens;
    int64_t untold; /* calls of which the server did not say how many tokens they were */
    /* Of the last call, where it failed: the texts, or how many they were, may be why, so that others or
     * fewer may work. False for a wrong key, an unknown model, a server that can't be reached. */
    bool by_texts;
};
/* The same, adding to *usage, also when it fails. */
TASK_WAITS bool embedder_embed_counted(struct embedder *embedder, const struct str *texts,
                                       size_t count, float *out, struct embed_usage *usage,
                                       struct error *err);

/* Nothing called, for a local model. */
void embedder_last_state(struct embedder *embedder, struct server_state *out);

/* "reached", "clock", "key", "model", "dimensions"; makes one small call. 0 for a local model. */
TASK_WAITS size_t embedder_check(struct embedder *embedder, struct arena *arena,
                                 struct server_check checks[SERVER_CHECKS_MAX]);

#endif
