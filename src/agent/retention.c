/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/retention.h"

#include "core/clock.h"
#include "core/settings.h"

#define DAY_MS (INT64_C(24) * 3600 * 1000)
#define PAUSE_MS 5 /* for whoever waits to save something */

/* A reference date in the future (QUERENT_NOW) must not make all that is there look old. */
static int64_t earlier_now_ms(void)
{
    int64_t now_ms = clock_now_ms(), real_ms = clock_real_ms();
    return now_ms < real_ms ? now_ms : real_ms;
}

TASK_WAITS bool retention_sweep(struct store *store, struct store_sweep *out, struct error *err)
{
    int64_t now_ms = earlier_now_ms(), days = settings_integer("QUERENT_RETENTION_DAYS");
    *out = (struct store_sweep){
        .deleted_before_ms = now_ms - settings_integer("QUERENT_DELETED_DAYS") * DAY_MS,
        .quiet_before_ms = days > 0 ? now_ms - days * DAY_MS : STORE_SWEEP_NONE,
    };
    while (!out->ended) {
        int64_t before = out->messages + out->conversations;
        if (!store_sweep(store, out, err))
            return false;
        bool worked = out->messages + out->conversations > before;
        if (worked && task_current() && !task_sleep(PAUSE_MS, err))
            return false;
    }
    return true;
}
