/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time zones: how far a zone is from UTC at a moment. Names are "UTC", an offset ("+02:00"), or a
 * zone of the system's database ("Europe/Lisbon"; TZDIR, else /usr/share/zoneinfo). The C library
 * knows only one zone a process, and datasets have their own.
 */
#ifndef QUERENT_CORE_ZONE_H
#define QUERENT_CORE_ZONE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/error.h"
#include "core/str.h"

/* Minutes east of UTC. ERROR_INVALID for a name that is no zone or that the system doesn't know.
 * Reads one small file. */
bool zone_offset(const char *name, int64_t time_ms, int *out_minutes, struct error *err);

#define ZONE_FILE_SIZE_MAX ((size_t)64 * 1024)
/* The same in seconds from the bytes of a zone file (TZif, RFC 8536); false when they are none. */
bool zone_file_offset(struct str file, int64_t time_s, int *out_seconds);

#endif
