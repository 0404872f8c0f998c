/* SPDX-License-Identifier: Apache-2.0 */
/* Turns finished sources into the datasets of a catalog: names made unique, relationships resolved
 * and found, versions. Takes CPU time and does not wait: for task_offload(). */
#ifndef QUERENT_CATALOG_ASSEMBLE_H
#define QUERENT_CATALOG_ASSEMBLE_H

#include "catalog/catalog.h"
#include "catalog/source.h"

/* Fills datasets and version of *catalog, in *arena. Problems of the sources and of their being
 * together go to *problems. */
void assemble_catalog(struct catalog *catalog, struct source *const *sources, size_t count,
                      struct arena *arena, struct problem_list *problems);

#endif
