/* SPDX-License-Identifier: Apache-2.0 */
/* The front of the store for removing conversations for good. */
#include "store/store.h"

#include "store/check.h"

static void print_before(int64_t before_ms, char out[TIMESTAMP_SIZE])
{
    out[0] = '\0';
    if (before_ms != STORE_SWEEP_NONE)
        clock_print_utc(before_ms, out);
}

TASK_WAITS bool store_sweep(struct store *store, struct store_sweep *sweep, struct error *err)
{
    struct arena *arena = arena_new();
    struct store_sweep found = *sweep;
    struct call_sweep call = {.sweep = &found, .arena = arena};
    print_before(sweep->deleted_before_ms, call.deleted);
    print_before(sweep->quiet_before_ms, call.quiet);
    bool ok = call_driver(store, STORE_SWEEP_FIND, &call, err) &&
              (!call.id || call_driver(store, STORE_SWEEP_BITE, &call, err));
    if (ok) {
        found.messages += call.messages;
        found.conversations += call.gone;
        if (call.id && !call.gone && !call.skipped)
            found.place--; /* the rest of it with the next call */
        *sweep = found;
    }
    arena_free(arena);
    return ok;
}
