/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the columns of a language model's statement are called where people read it: in sentences, facts and
 * pictures. A name that the model made up may say anything ("the revenue is 987654"), and nothing of the data
 * stands behind it: only what is plainly a label is told. In place of others the column that was read is
 * named, or a word that says nothing.
 */
#ifndef QUERENT_AGENT_TOLD_NAME_H
#define QUERENT_AGENT_TOLD_NAME_H

#include "core/arena.h"
#include "engine/rows.h"
#include "metadata/dataset.h"
#include "sql/select_list.h"
#include "sql/tokenizer.h"

#define TOLD_NAME_LENGTH_MAX 60 /* bytes of a label */
#define TOLD_NAME_WORDS_MAX 6

struct told_names {
    const char *question;
    const struct dataset *dataset; /* that it is about; NULL: its columns are not known */
    struct token_list tokens;      /* of the statement; none where it could not be read */
    struct arena *arena;
};

/* Lives in the arena, or is the result's own name. `item`: what of the select list it is; NULL: not known. */
const char *told_name(const struct told_names *names, const struct result_column *column,
                      const struct select_column *item);
/* Words that make sentences, not labels. */
bool told_name_is_sentence_word(struct str word);

#endif
