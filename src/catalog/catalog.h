/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The catalog: everything that can be asked about at one moment.
 *
 * It is made from metadata documents (metadata/) and data files (engine/load.h): documents that
 * describe a file are completed with what the file holds, files that nobody described become
 * datasets by their profile alone. What is wrong with one document or file is a problem in the
 * catalog's list and spoils no other.
 *
 * A catalog never changes after it was opened; it is counted and may be read by any thread.
 * catalog_refresh() makes a new one, which shares all that is unchanged with the old.
 */
#ifndef QUERENT_CATALOG_CATALOG_H
#define QUERENT_CATALOG_CATALOG_H

#include <stdbool.h>
#include <stddef.h>

#include "core/error.h"
#include "engine/load.h"
#include "metadata/dataset.h"
#include "metadata/problem.h"
#include "task/task.h"

#define CATALOG_DATASETS_MAX 100000
#define CATALOG_DATA_FILES_MAX 2000 /* files without a document, of all --data folders together */

struct catalog_options {
    struct loop *loop; /* where files are loaded; NULL only with a `load` that needs none */
    const char *metadata_driver; /* metadata/metadata.h; NULL: "folder" */
    /* Folders (or containers) of documents. One that does not exist is noted and else ignored. */
    const char *const *metadata_places;
    size_t metadata_place_count;
    /* Data files and folders of them (--data). YAML documents in these folders count as well. One
     * that does not exist is an error, because somebody just named it. */
    const char *const *data_paths;
    size_t data_path_count;
    size_t load_max; /* files loaded at the same time; 0: 2 */
    /* Of a refresh: documents and files of other datasets stay as they are, if they changed or not;
     * what is new is read all the same. NULL: all are looked at. */
    const char *const *only;
    size_t only_count;
    bool anew; /* of a refresh: read again what has not changed, too */
    /* Called on the loop's thread as datasets are read; what has not changed is done from the start.
     * NULL: nobody looks. */
    void (*progress)(void *context, size_t done, size_t total, const char *name);
    void *progress_context;
    size_t settled; /* the catalog's own: what is done before files are loaded */
    /* Loads a file; NULL: load_data(). */
    TASK_WAITS bool (*load)(struct loop *loop, const struct load_request *request,
                            struct arena *arena, struct load_result *out, struct error *err);
};

struct catalog {
    struct dataset *datasets; /* sorted by id */
    size_t dataset_count;
    struct problem *problems; /* metadata/problem.h */
    size_t problem_count;
    size_t error_count;
    char version[65]; /* changes whenever a dataset does */
    /* What it took to make it, all that an older one gave apart. */
    struct catalog_work {
        size_t documents_read, files_loaded;
        size_t files_profiled; /* of these: not kept from an earlier time */
    } work;
};

/* In a task of options->loop. The options are borrowed for the call. NULL when nothing can be
 * opened at all: a --data path that does not exist, an unknown driver, cancel or deadline. */
TASK_WAITS struct catalog *catalog_open(const struct catalog_options *options, struct error *err);

/* The same places again; reads only what has changed since `old`. When nothing did, this is `old`
 * with one more reference. `old` stays as it is, and the caller still has to unref it. */
TASK_WAITS struct catalog *
catalog_refresh(struct catalog *old, const struct catalog_options *options, struct error *err);

struct catalog *catalog_ref(struct catalog *catalog);
void catalog_unref(struct catalog *catalog); /* NULL is allowed */

/* The dataset with that id, or NULL. */
const struct dataset *catalog_find(const struct catalog *catalog, const char *id);

/* ERROR_CONFIG with a sentence on what to do when there is nothing to ask about. */
bool catalog_require_datasets(const struct catalog *catalog, struct error *err);

/*
 * Watches the folders of the options and calls changed(context) on the loop's thread soon after
 * something in them changed: bursts give one call. The watch keeps no loop alive. Folders made
 * later are seen after catalog_watch_stop() and a new start. NULL when the system refuses.
 */
struct catalog_watch;
struct catalog_watch *catalog_watch_start(const struct catalog_options *options,
                                          void (*changed)(void *context), void *context,
                                          struct error *err);
void catalog_watch_stop(struct catalog_watch *watch); /* NULL is allowed */

#endif
