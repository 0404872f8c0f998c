/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A source: one document or one data file, read into a dataset. Catalogs share sources that did
 * not change; a source is counted, and read-only once it is complete.
 */
#ifndef QUERENT_CATALOG_SOURCE_H
#define QUERENT_CATALOG_SOURCE_H

#include <stdatomic.h>
#include <stdbool.h>

#include "catalog/catalog.h"
#include "core/hash.h"
#include "metadata/metadata.h"

struct source {
    atomic_int references;
    struct arena *arena; /* holds all that follows */
    const char *path;
    const char *signature;      /* of the document or file when it was listed */
    const char *data_signature; /* of the file that a document describes; NULL */
    const char *root; /* the folder that the document and its file must lie below; NULL: anywhere */
    bool is_document;
    bool is_trusted; /* a document of the operator's own folder, not one beside the data */
    bool usable;     /* the dataset may be asked about */
    bool profiled;   /* its file was not kept from an earlier time */
    bool again;      /* it failed for a reason that may pass: not kept for the next catalog */
    struct dataset dataset;
    char document_hash[SHA256_HEX_SIZE]; /* "" without a document */
    char content_hash[SHA256_HEX_SIZE];  /* "" without a file */
    struct problem_list problems;
};

/* With one reference: of a document, or of a data file and, when it holds several, one table. */
struct source *source_new_document(const struct metadata_entry *entry, bool is_trusted);
struct source *source_new_file(const struct metadata_entry *entry, const char *file,
                               const char *table);
/* What stands for a file in a map of signatures: its own and the table's name. NULL when the file
 * can't be looked at. */
const char *source_signature(const char *file, const char *table, struct arena *arena);
struct source *source_ref(struct source *source);
void source_unref(struct source *source); /* NULL is allowed */

/* Whether the source still stands for the entry: neither it nor its data file changed. Looks at
 * the disk. */
bool source_is_current(const struct source *source, const struct metadata_entry *entry);

/* Reads and parses the document. Faults become problems of the source; false only when the task
 * must stop (cancel, deadline). */
TASK_WAITS bool source_read(struct source *source, const struct metadata_driver *driver,
                            struct error *err);

/* Whether there is a file to be loaded. */
bool source_has_file(const struct source *source);

/* Loads the file with options->load and completes the dataset by it. As above. */
TASK_WAITS bool source_load(struct source *source, const struct catalog_options *options,
                            struct error *err);

/* What is left to do once columns are known: checks and inference. Quick, does not wait. */
void source_finish(struct source *source);

#endif
