/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Embedding models: text in, unit vector out. "builtin" is a static table mapped from a file
 * (embed/builtin.c, no network); others come as drivers (embed/embed_priv.h).
 *
 * An embedder may be used by many tasks at a time.
 */
#ifndef QUERENT_EMBED_EMBED_H
#define QUERENT_EMBED_EMBED_H

#include <stddef.h>

#include "core/error.h"
#include "core/str.h"
#include "task/task.h"

#define EMBED_TEXTS_MAX 2048 /* texts of one call */
/* Bytes of one text; a model may read only the beginning. */
#define EMBED_TEXT_SIZE_MAX (1024 * 1024)

struct embedder;

/* NULL with an error when the model is unknown or its file is missing or damaged. */
struct embedder *embedder_open(const char *name, struct error *err);
void embedder_close(struct embedder *embedder); /* NULL is allowed */
/* Changes when vectors of the one don't fit the other; stored beside vectors. */
const char *embedder_model_id(const struct embedder *embedder);
size_t embedder_dimensions(const struct embedder *embedder);
/* Writes embedder_dimensions() floats for each text: a unit vector, or all zeros for a text that
 * has none (empty, unknown script). */
TASK_WAITS bool embedder_embed(struct embedder *embedder, const struct str *texts, size_t count,
                               float *out, struct error *err);

#endif
