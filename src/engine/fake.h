/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine named "fake": answers statements from a script. For tests of the layers above.
 *
 *     struct engine *engine = engine_open(loop, "fake", 1, &err);
 *     engine_fake_answer(engine, &(struct engine_fake_answer){.sql = "SELECT 1", .rows = &rows});
 */
#ifndef QUERENT_ENGINE_FAKE_H
#define QUERENT_ENGINE_FAKE_H

#include "engine/engine.h"

struct engine_fake_answer {
    const char *sql;         /* the whole text; NULL answers every statement without its own */
    const struct rows *rows; /* borrowed for the engine's life; NULL: `error` */
    enum error_code error;
    const char *message;
    uint64_t delay_ms;
};

/* Adds an answer, copied but for its rows; a later one for the same text replaces it. */
void engine_fake_answer(struct engine *engine, const struct engine_fake_answer *answer);
/* How many statements were run, and the last one's text (NULL before; borrowed until the next). */
size_t engine_fake_count(const struct engine *engine);
const char *engine_fake_last(const struct engine *engine);

#endif
