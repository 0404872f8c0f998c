/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether an open file lies in or below a folder, whatever links and ".." led to it. It is asked of
 * the descriptor, which can't be exchanged for another file between the check and the use as a path
 * can. The kernel's own path of a descriptor has no links in it: /proc must be there.
 */
#ifndef QUERENT_CORE_BENEATH_H
#define QUERENT_CORE_BENEATH_H

#include <stdbool.h>

#include "core/arena.h"

/* The path of an open file or folder with all links resolved; NULL when it has none. */
const char *beneath_path(int fd, struct arena *arena);

/* The same of a folder that is not open yet, for the calls below. */
const char *beneath_root(const char *folder, struct arena *arena);

/* The folder itself counts as well. `root` as one of the two above gave it. A NULL root stands for
 * no bound: true. */
bool beneath(int fd, const char *root);

#endif
