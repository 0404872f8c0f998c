/* SPDX-License-Identifier: Apache-2.0 */
/* Datasets as JSON objects, for the API and for programs that read the command line. */
#ifndef QUERENT_METADATA_DATASET_JSON_H
#define QUERENT_METADATA_DATASET_JSON_H

#include "core/strbuf.h"
#include "metadata/dataset.h"

/* Id, table, title, description, rows, version, and how many columns. Appends to *out. */
void dataset_summary_json(const struct dataset *dataset, struct strbuf *out);
/* The same with every column: type, role, meaning, and what its profile says. */
void dataset_json(const struct dataset *dataset, struct strbuf *out);

#endif
