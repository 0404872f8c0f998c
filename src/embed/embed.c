/* SPDX-License-Identifier: Apache-2.0 */
#include "embed/embed.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "embed/embed_priv.h"

static const struct embedder_driver *const drivers[] = {&embedder_builtin, &embedder_openai,
                                                       &embedder_fake};

#define UNIT_ERROR_MAX 1e-3 /* of a squared length */
#define DRIVER_COUNT (sizeof(drivers) / sizeof(drivers[0]))

struct embedder {
    const struct embedder_driver *driver;
    void *state;
};

static const struct embedder_driver *driver_named(const char *name)
{
    for (size_t i = 0; i < DRIVER_COUNT; i++)
        if (strcmp(drivers[i]->name, name) == 0)
            return drivers[i];
    return NULL;
}

struct embedder *embedder_open(const char *name, struct error *err)
{
    const struct embedder_driver *driver = driver_named(name);
    if (!driver) {
        error_set(err, ERROR_CONFIG, "embedding model '%s' is unknown", name);
        return NULL;
    }
    void *state = driver->open(err);
    if (!state)
        return NULL;
    struct embedder *embedder = xcalloc(1, sizeof(*embedder));
    embedder->driver = driver;
    embedder->state = state;
    return embedder;
}

void embedder_close(struct embedder *embedder)
{
    if (!embedder)
        return;
    embedder->driver->close(embedder->state);
    free(embedder);
}

const char *embedder_name(const struct embedder *embedder)
{
    return embedder->driver->name;
}

bool embedder_is_remote(const struct embedder *embedder)
{
    return embedder->driver->model != NULL;
}

const char *embedder_model(const struct embedder *embedder)
{
    return embedder_is_remote(embedder) ? embedder->driver->model(embedder->state)
                                        : embedder_model_id(embedder);
}

const char *embedder_model_id(const struct embedder *embedder)
{
    return embedder->driver->model_id(embedder->state);
}

size_t embedder_dimensions(const struct embedder *embedder)
{
    return embedder->driver->dimensions(embedder->state);
}

static double square_of(const float *vector, size_t dimensions)
{
    double square = 0;
    for (size_t i = 0; i < dimensions; i++)
        square += (double)vector[i] * vector[i];
    return square;
}

/* Rows are unit vectors or zeros, whatever the model sent. False when a number is none. Divided in
 * double: of tiny numbers the length's reciprocal is more than a float holds. */
static bool make_unit(float *vector, size_t dimensions)
{
    double square = square_of(vector, dimensions), length = sqrt(square);
    if (!isfinite(square))
        return false;
    if (square == 0 || fabs(square - 1) < 1e-6)
        return true;
    for (size_t i = 0; i < dimensions; i++)
        vector[i] = (float)(vector[i] / length);
    return fabs(square_of(vector, dimensions) - 1) < UNIT_ERROR_MAX;
}

bool embedder_embed(struct embedder *embedder, const struct str *texts, size_t count, float *out,
                    struct error *err)
{
    struct embed_usage ignored = {0};
    return embedder_embed_counted(embedder, texts, count, out, &ignored, err);
}

bool embedder_embed_counted(struct embedder *embedder, const struct str *texts, size_t count,
                            float *out, struct embed_usage *usage, struct error *err)
{
    size_t dimensions = embedder_dimensions(embedder);
    if (count > EMBED_TEXTS_MAX)
        return error_set(err, ERROR_TOO_LARGE, "embeddings: %zu texts in one call, at most %d",
                         count, EMBED_TEXTS_MAX);
    for (size_t i = 0; i < count; i++)
        if (texts[i].length > EMBED_TEXT_SIZE_MAX)
            return error_set(err, ERROR_TOO_LARGE, "embeddings: a text of %zu bytes, at most %d",
                             texts[i].length, EMBED_TEXT_SIZE_MAX);
    if (!embedder->driver->embed(embedder->state, texts, count, out, usage, err))
        return error_wrap(err, "embeddings '%s'", embedder->driver->name);
    for (size_t i = 0; i < count; i++)
        if (!make_unit(out + i * dimensions, dimensions))
            return error_set(err, ERROR_MODEL, "embeddings '%s': a vector is out of range",
                             embedder->driver->name);
    return true;
}

void embedder_last_state(struct embedder *embedder, struct server_state *out)
{
    *out = (struct server_state){0};
    if (embedder->driver->last_state)
        embedder->driver->last_state(embedder->state, out);
}

TASK_WAITS size_t embedder_check(struct embedder *embedder, struct arena *arena,
                                 struct server_check checks[SERVER_CHECKS_MAX])
{
    return embedder->driver->check ? embedder->driver->check(embedder->state, arena, checks) : 0;
}
