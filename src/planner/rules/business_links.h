/* SPDX-License-Identifier: Apache-2.0 */
/* What the files that link a business question to the data share. */
#ifndef QUERENT_PLANNER_RULES_BUSINESS_LINKS_H
#define QUERENT_PLANNER_RULES_BUSINESS_LINKS_H

#include "planner/rules/business_priv.h"

#define STEMMED_VALUES_MAX 60 /* columns with more values match them by their letters only */

struct sb_stemmer;

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

/* The stem of a word in lower case; lives in the ask's arena. */
const char *linker_stem(struct linker *linker, const char *word);
/* Fills in the words of the question. */
void linker_read_words(struct linker *linker);

/* ---- matches (business_links.c); too many are left out */

void linker_add(struct linker *linker, struct mention mention);

/* ---- names (business_names.c); `scope` is the table's index, `weight` what its matches count */

/* Finds the words of a name, in order and next to each other, anywhere in the question. */
void linker_find_name(struct linker *linker, const char *name, struct mention mention);
void linker_find_table(struct linker *linker, int scope, double weight);
void linker_find_columns(struct linker *linker, int scope, double weight);
/* Metrics and named filters. */
void linker_find_declared(struct linker *linker, int scope, double weight);
/* Names and values one letter away from a word that means nothing else. */
void linker_find_misspelled(struct linker *linker);

/* ---- stored values (business_values.c) */

void linker_find_values(struct linker *linker, int scope, double weight);

/* ---- tables in reach (business_scope.c) */

/* Fills in the scope: the main table, and those of the request that hang on it. */
void ask_find_scope(struct ask *ask, const struct dataset *main,
                    const struct plan_request *request);

#endif
