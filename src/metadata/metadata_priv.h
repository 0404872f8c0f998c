/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of the metadata document: they read it (metadata.c) and write it (yaml_write.c). */
#ifndef QUERENT_METADATA_METADATA_PRIV_H
#define QUERENT_METADATA_METADATA_PRIV_H

#include "metadata/record.h"

extern const struct record metadata_dataset_record;
extern const struct record metadata_column_record;

#endif
