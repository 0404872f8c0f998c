/* SPDX-License-Identifier: Apache-2.0 */
/* For tests: every lower-cased word adds one to a dimension chosen by its hash, so that texts with
 * the same words are alike. The text "fail" fails, as a model that can't be reached does; one with
 * "unlucky" in it fails all texts that are sent with it. */
#include <string.h>

#include "core/hash.h"
#include "embed/embed_priv.h"

#define FAKE_DIMENSIONS 32

static int fake_state; /* it has none; its address stands for "open" */

static void *fake_open(struct error *err)
{
    return &fake_state;
}

static void fake_close(void *state)
{
}

static const char *fake_model_id(const void *state)
{
    return "fake-32";
}

static size_t fake_dimensions(const void *state)
{
    return FAKE_DIMENSIONS;
}

static void embed_one(struct str text, float *out)
{
    uint64_t hash = 0;
    for (size_t i = 0; i <= text.length; i++) {
        char c = i < text.length ? char_lower(text.bytes[i]) : ' ';
        if (char_is_alnum(c)) {
            hash = hash64(&c, 1, hash);
        } else if (hash != 0) {
            out[hash % FAKE_DIMENSIONS] += 1;
            hash = 0;
        }
    }
}

static bool fake_embed(void *state, const struct str *texts, size_t count, float *out,
                       struct embed_usage *usage, struct error *err)
{
    memset(out, 0, count * FAKE_DIMENSIONS * sizeof(*out));
    usage->calls++;
    for (size_t i = 0; i < count; i++) {
        usage->by_texts = str_find(texts[i], STR("unlucky")) >= 0;
        if (usage->by_texts || str_equal(texts[i], STR("fail")))
            return error_set(err, ERROR_MODEL, "the fake model was told to fail");
        embed_one(texts[i], out + i * FAKE_DIMENSIONS);
    }
    return true;
}

const struct embedder_driver embedder_fake = {
    .name = "fake",
    .open = fake_open,
    .close = fake_close,
    .model_id = fake_model_id,
    .dimensions = fake_dimensions,
    .embed = fake_embed,
};
