/* SPDX-License-Identifier: Apache-2.0 */
/* For drivers: what an open engine is. */
#ifndef QUERENT_ENGINE_ENGINE_PRIV_H
#define QUERENT_ENGINE_ENGINE_PRIV_H

#include "engine/engine.h"

struct engine {
    const struct engine_driver *driver;
    struct loop *loop;
    unsigned loop_count; /* engines that divide what the settings allow */
    void *state; /* the driver's */
};

extern const struct engine_driver duckdb_driver;
extern const struct engine_driver fake_driver;

#endif
