/* SPDX-License-Identifier: Apache-2.0 */
/* The texts as they were built in (tools/prompts/embed_prompts.py). */
#ifndef QUERENT_PROMPT_PROMPT_PRIV_H
#define QUERENT_PROMPT_PROMPT_PRIV_H

#include "prompt/prompt.h"

extern const struct str prompt_texts[PROMPTS];

#endif
