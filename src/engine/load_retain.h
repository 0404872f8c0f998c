/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long the databases made of data files are kept. A file's content makes a database once, and
 * a changed file makes another: without an end HOME/data would only grow.
 *
 * Each process that uses the folder holds a shared lock on its file "lock" (an open file's lock:
 * the kernel drops it when the process ends, however it ends). Whoever gets the lock for itself
 * alone knows that nobody else has a database in use, and has none in use yet itself: it removes
 * the databases that were not used for longest until the rest is within the limit. What is removed
 * can always be made again from the file.
 */
#ifndef QUERENT_ENGINE_LOAD_RETAIN_H
#define QUERENT_ENGINE_LOAD_RETAIN_H

#include <stdint.h>

#include "core/arena.h"

/* A database used this lately is never removed: that of data larger than the limit would be made
 * again at every start. */
#define RETAIN_SECONDS (24 * 60 * 60)

/* Cleans up if nobody else uses the folder, then holds it until the process ends or holds another
 * one. Any thread; blocks while another process cleans up. Where no lock can be made, nothing is
 * removed either. */
void retain_hold(const char *folder, uint64_t bytes_max, struct arena *arena);

/* Notes that the database is used now. */
void retain_touch(const char *database);

#endif
