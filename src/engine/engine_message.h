/* SPDX-License-Identifier: Apache-2.0 */
/* Engines' error texts made fit for users. */
#ifndef QUERENT_ENGINE_ENGINE_MESSAGE_H
#define QUERENT_ENGINE_ENGINE_MESSAGE_H

#include "core/error.h"

/* Keeps the first line and the lines that name candidates, takes out paths, hints on settings and
 * pictures of the statement, on one line. Any UTF-8 text may come in. */
void engine_message_clean(const char *raw, char out[ERROR_MESSAGE_MAX]);

#endif
