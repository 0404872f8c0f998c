/* SPDX-License-Identifier: Apache-2.0 */
/* The built-in static table: no network, a few microseconds a text. */
#include "embed/embed_priv.h"
#include "embed/word_table.h"

static void *builtin_open(struct error *err)
{
    return word_table_open(err);
}

static void builtin_close(void *state)
{
    word_table_close(state);
}

static const char *builtin_model_id(const void *state)
{
    return word_table_id(state);
}

static size_t builtin_dimensions(const void *state)
{
    return word_table_dimensions(state);
}

static bool builtin_embed(void *state, const struct str *texts, size_t count, float *out,
                          struct embed_usage *usage, struct error *err)
{
    for (size_t i = 0; i < count; i++)
        (void)word_table_vector(state, texts[i], out + i * word_table_dimensions(state));
    return true;
}

const struct embedder_driver embedder_builtin = {
    .name = "builtin",
    .open = builtin_open,
    .close = builtin_close,
    .model_id = builtin_model_id,
    .dimensions = builtin_dimensions,
    .embed = builtin_embed,
};
