/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a text is one JSON value, so that it may be pasted into a document. */
#ifndef QUERENT_ENGINE_JSON_CHECK_H
#define QUERENT_ENGINE_JSON_CHECK_H

#include <stdbool.h>

#include "core/str.h"

#define JSON_DEPTH_MAX 64

/* True for one complete JSON value in UTF-8, at most JSON_DEPTH_MAX deep. Uses no recursion, so
 * it may run on a task's small stack. */
bool json_is_valid(struct str text);

#endif
