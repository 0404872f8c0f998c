/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the program's own files are: tables and weights under data/, the libraries it loads at run
 * time under deps/. A name is a path below that folder ("embeddings/q256.bin",
 * "duckdb/libduckdb.so"), the same before and after installation.
 *
 * Looked for in this order:
 *   1. the path that a setting names, if one does: then nothing else counts;
 *   2. the source tree, when the program runs from a build folder inside it (a build.ninja beside
 *      the program or up to three folders above it; an installed program never has one there);
 *   3. beside the program's own folder, as `make install` lays it out: the installed tree may be
 *      moved as a whole (DESTDIR, an archive);
 *   4. below the prefix that the program was built for.
 */
#ifndef QUERENT_CORE_DATAFILE_H
#define QUERENT_CORE_DATAFILE_H

#include "core/arena.h"
#include "core/error.h"

enum datafile_kind {
    DATAFILE_DATA,    /* data/ in the source tree */
    DATAFILE_LIBRARY, /* deps/ in the source tree */
    DATAFILE_KINDS
};

/* The path of a readable regular file, in the arena; or NULL with ERROR_CONFIG, whose message says
 * where it was looked for. `setting` is the value of the setting that names the file, NULL or ""
 * when it is not set. */
const char *datafile_find(struct arena *arena, enum datafile_kind kind, const char *name,
                          const char *setting, struct error *err);

#endif
