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

/* A driver that is opened instead of the one with its name, or of none; NULL: no longer. For test
 * programs (engine/fake.h), before there are threads that open engines. */
void engine_stand_in(const struct engine_driver *driver);

#endif
