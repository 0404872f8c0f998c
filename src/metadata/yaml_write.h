/* SPDX-License-Identifier: Apache-2.0 */
/* Writes a dataset as a YAML document that a person would like to edit. */
#ifndef QUERENT_METADATA_YAML_WRITE_H
#define QUERENT_METADATA_YAML_WRITE_H

#include "core/strbuf.h"
#include "metadata/dataset.h"

/* metadata_parse() of what was written gives the same dataset; what was found in the data (profile,
 * found relationships) is not part of it. */
void yaml_write_dataset(struct strbuf *out, const struct dataset *dataset);

/* The same for `querent profile`: with comments that say what the data holds (ranges, distinct
 * values, nulls), sample values, and the relationships that were found. */
void profile_print(const struct dataset *dataset, struct strbuf *out);

/* One scalar, quoted so that it reads back as exactly this text. */
void yaml_add_scalar(struct strbuf *out, struct str text);

#endif
