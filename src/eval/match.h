/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether two results agree. Rows are a multiset, or a list where their order matters; columns may
 * come in any order. Numbers agree within 1e-6 of the larger one; text must be equal as stored, and
 * null is equal to null only.
 */
#ifndef QUERENT_EVAL_MATCH_H
#define QUERENT_EVAL_MATCH_H

#include "eval/result.h"

#define EVAL_COLUMNS_MAX 200 /* results of more columns agree only in the same order */

/* `extra_columns`: the result may have columns that the gold one lacks. The arena is scratch. */
bool eval_match(const struct eval_result *gold, const struct eval_result *result, bool ordered,
                bool extra_columns, struct arena *arena);

/* As the lenient judgement sees values: text that is a number is one; case and blanks do not
 * matter. */
struct eval_result eval_lenient(const struct eval_result *result, struct arena *arena);

/* Whether all of the text is a number: "-1.5e3", ".5", "2." */
bool eval_is_number(struct str text);

/* For sets whose gold is a list of answers: every one is told, and nothing else, in the only column
 * or the only row; leniently, in some column. Numbers, dates, case, accents, quotes and footnotes
 * are read as people do. tolerance < 0: numbers agree within 1e-6. */
void eval_match_answers(const struct eval_result *gold, const struct eval_result *result,
                        double tolerance, struct arena *arena, bool *exact, bool *lenient);

#endif
