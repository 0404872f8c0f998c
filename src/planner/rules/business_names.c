/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names in a question (name_table.h says which there are). Words match by their stems; parts of
 * names, everyday words for them, and misspellings match less surely.
 */
#include <string.h>

#include "planner/read/words.h"
#include "planner/rules/business_links.h"

/* "Return the top one": says what to do, and speaks of no returns. */
static bool is_command(const struct ask *ask, size_t i)
{
    return i == 0 && ask_word_in(ask, i, "return") &&
           ask_word_in(ask, i + 1, "the only just me a all top first their those them");
}

/* Where the name ends that begins at word i; 0: it doesn't. */
static size_t name_end(const struct ask *ask, size_t i, const struct table_name *name)
{
    size_t k = 0, at = i;
    while (k < name->stem_count && at < ask->word_count &&
           strcmp(ask->words[at].stem, name->stems[k]) == 0) {
        k++;
        at++;
        bool dash = k < name->stem_count && at < ask->word_count && ask->words[at].mark &&
                    ask->words[at].text[0] == '-';
        at += dash; /* "check-ups" */
    }
    return k == name->stem_count ? at : 0;
}

static void find_words(struct linker *l, const struct table_name *name, struct mention mention)
{
    const struct ask *ask = l->ask;
    for (size_t i = 0; i + name->stem_count <= ask->word_count; i++) {
        if (ask->words[i].stem_hash != name->first_stem)
            continue;
        size_t end = name_end(ask, i, name);
        if (end == 0 || is_command(ask, i))
            continue;
        mention.first = i;
        mention.last = end;
        linker_add(l, mention);
    }
}

/* "temp_2", "CO2PPM": typed as the column is named. */
static void find_identifier(struct linker *l, struct mention mention)
{
    for (size_t i = 0; i < l->ask->word_count; i++) {
        struct ask_word *word = &l->ask->words[i];
        if (word->quoted || !is_identifier(str_from(word->text)) ||
            !same_identifier(str_from(word->text), str_from(mention.column->name)))
            continue;
        word->number = NULL;
        mention.first = i;
        mention.last = i + 1;
        linker_add(l, mention);
    }
}

static bool types_identifier(const struct ask *ask)
{
    for (size_t i = 0; i < ask->word_count; i++)
        if (is_identifier(str_from(ask->words[i].text)))
            return true;
    return false;
}

/* A bit for each stem of the question: most names have none of them. */
static uint64_t stem_bits(const struct ask *ask)
{
    uint64_t bits = 0;
    for (size_t i = 0; i < ask->word_count; i++)
        bits |= (uint64_t)1 << ask->words[i].stem_hash % 64;
    return bits;
}

void linker_find_names(struct linker *l, int scope)
{
    const struct name_table *table = l->ask->scope[scope].names;
    uint64_t bits = stem_bits(l->ask);
    bool typed = types_identifier(l->ask);
    for (size_t i = 0; i < table->name_count; i++) {
        const struct table_name *name = &table->names[i];
        bool said = name->kind != NAME_WORDS || (bits >> name->first_stem % 64 & 1);
        if (!said || (name->main_only && scope > 0) || (name->kind == NAME_IDENTIFIER && !typed))
            continue;
        struct mention mention = name->mention;
        mention.scope = scope;
        mention.score = scope > 0 ? name->score_beside : mention.score;
        if (name->kind == NAME_WORDS)
            find_words(l, name, mention);
        else if (name->kind == NAME_IDENTIFIER)
            find_identifier(l, mention);
        else if (name->kind == NAME_VALUES)
            linker_find_values(l, mention);
        else
            linker_find_part_of_value(l, mention);
    }
}

/* ---- misspelled names */

#define MISSPELLED_SCORE 0.7

static bool may_be_misspelled(const struct ask_word *word)
{
    return word->mention < 0 && word->cue == CUE_NONE && !word->in_period &&
           !word->number /* 60000 is not 60900 misspelled */ && strlen(word->text) >= 5;
}

static bool is_misspelled(struct str text, struct str name)
{
    return str_distance(text, name, 1) <= 1 ||
           (str_ends(text, STR("s")) &&
            str_distance(str_slice(text, 0, text.length - 1), name, 1) <= 1);
}

void linker_find_misspelled(struct linker *l)
{
    size_t places[ASK_WORDS_MAX], count = 0;
    for (size_t i = 0; i < l->ask->word_count; i++)
        if (may_be_misspelled(&l->ask->words[i]))
            places[count++] = i;
    for (size_t s = 0; count > 0 && s < l->ask->scope_count; s++) {
        const struct name_table *table = l->ask->scope[s].names;
        for (size_t n = 0; n < table->plain_count; n++)
            for (size_t i = 0; i < count; i++) {
                struct mention mention = table->plain[n].mention;
                if (!is_misspelled(str_from(l->ask->words[places[i]].text), table->plain[n].word))
                    continue;
                mention.scope = (int)s;
                mention.first = places[i];
                mention.last = places[i] + 1;
                mention.score = MISSPELLED_SCORE;
                linker_add(l, mention);
            }
    }
}
