/* SPDX-License-Identifier: Apache-2.0 */
/* What the files that link a business question to the data share. */
#ifndef QUERENT_PLANNER_RULES_BUSINESS_LINKS_H
#define QUERENT_PLANNER_RULES_BUSINESS_LINKS_H

#include "planner/rules/name_table.h"

struct linker {
    struct ask *ask;
    struct sb_stemmer *stemmer;
    size_t word_max;       /* that the question may have */
    struct mention *found; /* all matches so far; they may overlap */
    size_t count, capacity;
};

/* Can it be part of a word? Any byte beyond ASCII can. */
static inline bool is_letter(char c)
{
    return char_is_alnum(c) || (unsigned char)c >= 0x80;
}

/* ---- words (business_words.c) */

/* Fills in the words of the question. */
void linker_read_words(struct linker *linker);

/* ---- matches (business_links.c); too many are left out */

void linker_add(struct linker *linker, struct mention mention);

/* ---- names (business_names.c) */

/* All names of the scope's table that the question says. */
void linker_find_names(struct linker *linker, int scope);
/* Names and values one letter away from a word that means nothing else. */
void linker_find_misspelled(struct linker *linker);

/* ---- stored values of the mention's column (business_values.c) */

void linker_find_values(struct linker *linker, struct mention mention);
void linker_find_part_of_value(struct linker *linker, struct mention mention);

/* ---- tables in reach (business_scope.c) */

/* Fills in the scope: the main table, and those of the request that hang on it; with their names. */
void ask_find_scope(struct ask *ask, const struct dataset *main,
                    const struct plan_request *request);

#endif
