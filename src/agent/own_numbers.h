/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers that a statement brings along in place of reading them: SELECT 987654 AS revenue. They would come
 * out as rows, and rows are what answers are held against. For statements of language models, whose prompts
 * hold texts that others wrote.
 */
#ifndef QUERENT_AGENT_OWN_NUMBERS_H
#define QUERENT_AGENT_OWN_NUMBERS_H

#include "core/error.h"
#include "sql/tokenizer.h"

/*
 * Looks through all select lists of a statement. A number may be there when it is compared with something,
 * when it is a usual one (100 for percent, 2 for rounding), or when one of `texts` has it (the question, the
 * metadata's metrics; NULLs are allowed); but a column must be something of the data. Numbers that are made of
 * harmless parts are looked for, too: digits strung together, chains of sums and products, functions of
 * nothing but literals, what is taken from itself. False with the reason: ERROR_SQL_REFUSED.
 */
bool own_numbers_check(struct str sql, const char *const *texts, size_t text_count,
                       struct arena *arena, struct error *err);

#endif
