/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An engine that answers from a script: fixed rows, a failure, a delay. For test programs and
 * benchmarks of the layers above; nothing in `querent` refers to it, so no setting and no document
 * can choose it.
 *
 *     engine_fake_start("duckdb");
 *     engine_fake_answer(&(struct engine_fake_answer){.rows = &rows, .delay_ms = 50});
 *     ... agents and loops as usual: the engines that they open by that name are fake ...
 *     engine_fake_stop();
 *
 * The script is one for the process: engines of all loops and threads answer from it.
 */
#ifndef QUERENT_ENGINE_FAKE_H
#define QUERENT_ENGINE_FAKE_H

#include "engine/engine.h"

struct engine_fake_answer {
    const char *sql;         /* the whole text; NULL answers every statement without its own */
    const struct rows *rows; /* borrowed until engine_fake_stop(); NULL: it fails */
    enum error_code error;   /* 0: ERROR_SQL_FAILED */
    const char *message;     /* NULL: "it failed" */
    /* Waited for by the task, not the thread; a statement's time limit, deadline and cancel cut it
     * short with their errors. */
    uint64_t delay_ms;
};

/* From here to engine_fake_stop() engine_open() of that name opens a fake one with an empty script,
 * in which every statement fails. Not while such engines are open, and not twice. */
void engine_fake_start(const char *name);
/* After the last such engine was closed. */
void engine_fake_stop(void);

/* Adds an answer, copied but for its rows; a later one for the same text replaces it. */
void engine_fake_answer(const struct engine_fake_answer *answer);

/* How many statements were run since the start, and how many of them at most at the same time. */
size_t engine_fake_count(void);
size_t engine_fake_most_at_once(void);
/* The text of the last one, in the arena; NULL before the first. */
const char *engine_fake_last(struct arena *arena);

#endif
