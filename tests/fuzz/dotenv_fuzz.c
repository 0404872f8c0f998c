/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "core/dotenv.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct arena *arena = arena_new();
    struct dotenv dotenv = {0};
    struct error err = {0};
    struct str text = {(const char *)bytes, size};
    bool ok = dotenv_parse(text, arena, &dotenv, &err);
    if (!ok && err.code == ERROR_NONE)
        abort();
    for (size_t i = 0; ok && i < dotenv.count; i++) {
        const struct dotenv_entry *entry = &dotenv.entries[i];
        /* Each entry has a value or a problem, and a good one is found by its name. */
        if (!entry->value == !entry->problem ||
            (entry->value && !dotenv_find(&dotenv, entry->name)))
            abort();
    }
    arena_free(arena);
    return 0;
}
