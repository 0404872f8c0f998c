/* SPDX-License-Identifier: Apache-2.0 */
/* Folders that the program makes for itself: for this user alone. */
#ifndef QUERENT_CORE_DIRECTORY_H
#define QUERENT_CORE_DIRECTORY_H

#include <stdbool.h>

#include "core/error.h"

/* Makes the folder and those above it that are missing, with mode 0700; one that is there stays as
 * it is. ERROR_IO names the first that can't be made. */
bool directory_make(const char *path, struct error *err);

#endif
