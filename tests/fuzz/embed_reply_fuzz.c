/* SPDX-License-Identifier: Apache-2.0 */
/* Replies of servers of embeddings, good and bad: bounded, and no vector is believed that is not finite and
 * of the length that was asked for. The first byte says how many texts there were. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "embed/openai_priv.h"

#define DIMENSIONS 3
#define TEXTS_MAX 8

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const struct embed_server nobody;
    float vectors[TEXTS_MAX][DIMENSIONS] = {0}, *rows[TEXTS_MAX];
    if (size == 0)
        return 0;
    for (size_t i = 0; i < TEXTS_MAX; i++)
        rows[i] = vectors[i];
    struct str body = {(const char *)bytes + 1, size - 1};
    struct embed_reading reading = {
        .body = body, .count = bytes[0] % TEXTS_MAX + 1, .dimensions = DIMENSIONS, .rows = rows};
    embed_read_vectors(&reading);
    for (size_t i = 0; reading.ok && i < reading.count; i++)
        for (size_t k = 0; k < DIMENSIONS; k++)
            if (!isfinite(vectors[i][k]))
                abort();
    if (!reading.ok && !*reading.problem)
        abort();
    struct arena *arena = arena_new();
    struct server_problem problem = embed_read_problem(&nobody, 400, body, arena);
    (void)embed_refused_field(&problem, EMBED_BASE64 | EMBED_DIMENSIONS);
    (void)embed_is_too_long(&problem);
    arena_free(arena);
    return 0;
}
