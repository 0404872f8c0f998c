/* SPDX-License-Identifier: Apache-2.0 */
/* JSON of models and their servers, which now and then is cut within a character. */
#ifndef QUERENT_LLM_JSON_MEND_H
#define QUERENT_LLM_JSON_MEND_H

#include <jansson.h>

#include "core/arena.h"
#include "core/str.h"

/* With U+FFFD in place of what no text has: halves of surrogate pairs, \u0000, bytes that are not UTF-8. The text
 * itself where there is nothing to mend. */
struct str json_mend(struct str text, struct arena *arena);
/* json_loadb(), of the mended text where the text can't be read as it is. */
json_t *json_load_mended(struct str text, size_t flags, struct arena *arena, json_error_t *error);

#endif
