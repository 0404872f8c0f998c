/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Metadata: where documents come from (drivers) and what they say (a struct dataset).
 *
 * A driver lists the documents of a place with a signature each, and reads one; the catalog reads
 * again only what has another signature. metadata_parse() needs no driver: it turns the bytes of
 * one document into a dataset.
 */
#ifndef QUERENT_METADATA_METADATA_H
#define QUERENT_METADATA_METADATA_H

#include <stdbool.h>
#include <stddef.h>

#include "core/arena.h"
#include "core/error.h"
#include "core/str.h"
#include "metadata/dataset.h"
#include "metadata/problem.h"
#include "task/task.h"

#define DATASET_COLUMNS_MAX 2000

/*
 * Parses one document (spec section 4). `path` is kept as dataset.document and stands in every
 * problem; a relative source.file is resolved against its folder.
 *
 * False when the document can't be used: *problems has the errors, all that were found, and *err
 * the first of them as one sentence with its place. Warnings do not fail. Everything made lives in
 * *arena. row_count is -1, version is empty, source.database NULL: the catalog sets them.
 */
bool metadata_parse(struct str bytes, const char *path, struct arena *arena, struct dataset *out,
                    struct problem_list *problems, struct error *err);

/* Checks names that refer to columns (access rules, relationships), once the columns are complete:
 * with those of the data file when the document lists none. Relationships of unknown columns are
 * taken out with a warning; a wrong name in the access rules is an error, because it would leave
 * a column open that was meant to be closed. */
bool metadata_check_columns(struct dataset *dataset, struct problem_list *problems);

struct metadata_entry {
    const char *path;      /* names the document to people and to read() */
    const char *signature; /* changes when the content does: size, time and inode; an ETag */
    const char *root;      /* the folder it must lie below (core/beneath.h); NULL: anywhere */
};

struct metadata_entries {
    struct metadata_entry *items;
    size_t count, capacity;
};

struct metadata_driver {
    const char *name; /* as in QUERENT_METADATA */
    /* Lists a place's documents, in a stable order. What can't be listed is a problem; false only
     * when nothing of the place can. */
    TASK_WAITS bool (*list)(const char *place, struct arena *arena, struct metadata_entries *out,
                            struct problem_list *problems, struct error *err);
    TASK_WAITS bool (*read)(const struct metadata_entry *entry, struct arena *arena,
                            struct str *out, struct error *err);
};

/* ERROR_CONFIG with the known names when there is none of that name. */
const struct metadata_driver *metadata_driver_find(const char *name, struct error *err);

TASK_WAITS bool metadata_list(const struct metadata_driver *driver, const char *place,
                              struct arena *arena, struct metadata_entries *out,
                              struct problem_list *problems, struct error *err);
TASK_WAITS bool metadata_read(const struct metadata_driver *driver,
                              const struct metadata_entry *entry, struct arena *arena,
                              struct str *out, struct error *err);

#endif
