/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The worker process: this program, re-executed, with DuckDB's library in it, one socket, limits
 * on memory and CPU, and nothing else. SQL from users and models runs here and nowhere else.
 *
 * Every program that opens an engine or loads files (querent itself, unit tests) starts with:
 *
 *     if (engine_worker_requested(argc, argv))
 *         return engine_worker_main(argc, argv);
 */
#ifndef QUERENT_ENGINE_WORKER_H
#define QUERENT_ENGINE_WORKER_H

#include <stdbool.h>

#define WORKER_ARGUMENT "__worker"

/* ASan's reports should be seen; what a library prints in a release should not, nor what TSan makes
 * of a library that was not compiled with it. */
#if defined(__SANITIZE_ADDRESS__)
#define WORKER_SANITIZED 1
#define WORKER_INHERITS_STDERR 1
#elif defined(__SANITIZE_THREAD__)
#define WORKER_SANITIZED 1
#define WORKER_INHERITS_STDERR 0
#else
#define WORKER_SANITIZED 0
#define WORKER_INHERITS_STDERR 0
#endif

bool engine_worker_requested(int argc, char **argv);
int engine_worker_main(int argc, char **argv);

#endif
