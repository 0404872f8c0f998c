/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the kernel takes from a worker process before hostile bytes reach it: system calls (seccomp)
 * and files (Landlock). A worker with a fault that can be exploited then still has no network, no
 * other program and no file but its own. docs/internals/worker-sandbox.md has the design.
 *
 * Each layer works alone, and what the kernel lacks is left out: the worker reports which layers
 * hold, and `querent doctor` says so.
 */
#ifndef QUERENT_ENGINE_WORKER_SANDBOX_H
#define QUERENT_ENGINE_WORKER_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/strbuf.h"

enum sandbox_layer {
    SANDBOX_NO_PRIVILEGES = 1, /* none can be gained by running a program */
    SANDBOX_SYSTEM_CALLS = 2,  /* no sockets, programs, processes, tracing, changes of the system */
    SANDBOX_FILES = 4,         /* only the named files can be opened */
    SANDBOX_NO_OPENING = 8,    /* no file at all can be opened any more */
    SANDBOX_LAYERS_ALL = 15,
};

struct sandbox_path {
    const char *path;
    bool writable; /* and what lies below it, when it is a folder; else it can be read */
};

/* The first two layers, for all threads. Returns the ones that hold. */
uint32_t sandbox_start(void);

/* SANDBOX_FILES for this thread and those it starts, or 0. A path that does not exist is left out.
 */
uint32_t sandbox_limit_files(const struct sandbox_path *paths, size_t count);

/* SANDBOX_NO_OPENING for all threads, or 0. What is open stays open. */
uint32_t sandbox_forbid_opening(void);

/* The layers in words: those that hold, then those that do not. */
void sandbox_describe(uint32_t layers, struct strbuf *out);

#endif
