/* SPDX-License-Identifier: Apache-2.0 */
/* For the drivers of embed/: what an embedding model must bring. */
#ifndef QUERENT_EMBED_EMBED_PRIV_H
#define QUERENT_EMBED_EMBED_PRIV_H

#include "embed/embed.h"

struct embedder_driver {
    const char *name; /* as embedder_open() takes it */
    /* Returns the driver's own state, or NULL with an error. */
    void *(*open)(struct error *err);
    void (*close)(void *state);
    const char *(*model_id)(const void *state);
    size_t (*dimensions)(const void *state);
    /* Texts are within the limits of embed.h; `out` has room for count * dimensions floats. What it
     * uses is added to *usage. */
    TASK_WAITS bool (*embed)(void *state, const struct str *texts, size_t count, float *out,
                             struct embed_usage *usage, struct error *err);
    /* Of a server; NULL for a local model. */
    const char *(*model)(const void *state);
    void (*last_state)(void *state, struct server_state *out);
    TASK_WAITS size_t (*check)(void *state, struct arena *arena,
                               struct server_check checks[SERVER_CHECKS_MAX]);
};

extern const struct embedder_driver embedder_builtin;
extern const struct embedder_driver embedder_openai;
extern const struct embedder_driver embedder_fake; /* for tests: words hashed to 32 dimensions */

#endif
