/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Metadata in a folder: every *.yaml and *.yml file in it and below. Also walks folders for data
 * files, with the same care: bounded in number and depth, no loops through links, no device files.
 */
#ifndef QUERENT_METADATA_FOLDER_H
#define QUERENT_METADATA_FOLDER_H

#include "metadata/metadata.h"

#define FOLDER_DEPTH_MAX 16
#define FOLDERS_MAX 10000         /* entered in one walk */
#define FOLDER_ENTRIES_MAX 200000 /* directory entries looked at in one walk */

extern const struct metadata_driver folder_driver;

/* Whether a file belongs into the list, by its name. */
typedef bool (*folder_wanted_fn)(const char *name);

/*
 * Adds the regular files below `place` that `wanted` wants, sorted by path, hidden ones left out;
 * a place that is itself a file is added whatever its name. QUERENT_HOME is not entered from
 * above. A link may lead to somewhere else below the place, which may itself be a link; one that
 * leads out of it is left out with a warning. Blocks; no task needed.
 */
bool folder_walk(const char *place, folder_wanted_fn wanted, struct arena *arena,
                 struct metadata_entries *out, struct problem_list *problems, struct error *err);

bool folder_is_document(const char *name); /* *.yaml, *.yml */

/* Signature of one file by its size, times and inode; NULL when it can't be looked at. */
const char *folder_signature(const char *path, struct arena *arena);

/* Reads a whole regular file of at most size_max bytes, which must lie below `root`
 * (core/beneath.h; NULL: anywhere); never waits on a pipe or device. */
bool folder_read_file(const char *path, const char *root, size_t size_max, struct arena *arena,
                      struct str *out, struct error *err);

#endif
