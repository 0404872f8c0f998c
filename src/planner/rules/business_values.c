/* SPDX-License-Identifier: Apache-2.0 */
/* Stored values in a question: by their letters, or by a part that no other value has. */
#include <string.h>
#include <strings.h>

#include "planner/print/describe.h"
#include "planner/rules/business_links.h"

#define VALUE_LENGTH_MIN 2

static const char common_values[] =
    "a an the all no yes other others none any of in on to by and or is are was were be been "
    "has have had do does did can could would should not it its i me my we our us you your per for "
    "at as from with about into what which who whose how when where why that this these those "
    "there then than also each every much many please show list give find tell top one first last";

/* The number of words from i on that spell the value, or 0. */
static size_t value_words(const struct ask *ask, size_t i, const char *value, size_t length)
{
    size_t begin = ask->words[i].begin;
    if (begin + length > ask->question.length ||
        strncasecmp(ask->question.bytes + begin, value, length) != 0)
        return 0;
    for (size_t k = i; k < ask->word_count; k++) {
        if (ask->words[k].end == begin + length)
            return k + 1 - i;
        bool possessive = ask->words[k].end == begin + length + 2 &&
                          strncmp(ask->question.bytes + begin + length, "'s", 2) == 0;
        if (possessive)
            return k + 1 - i;
        if (ask->words[k].end > begin + length)
            return 0;
    }
    return 0;
}

/* "IT", "US": in the very capitals in which they are stored. */
static bool is_abbreviation(const struct ask *ask, size_t i, const char *value)
{
    size_t length = strlen(value);
    for (size_t k = 0; k < length; k++)
        if (value[k] < 'A' || value[k] > 'Z')
            return false;
    return length > 1 && strncmp(ask->question.bytes + ask->words[i].begin, value, length) == 0;
}

static bool value_is_weak(const struct ask *ask, size_t i, size_t used, const char *value)
{
    const struct ask_word *word = &ask->words[i];
    if (used > 1 || word->quoted || is_abbreviation(ask, i, value))
        return false;
    return ask_word_in(ask, i, common_values) || word->number || strlen(value) < VALUE_LENGTH_MIN;
}

/* "How many people" asks for rows, though a department may be called People. */
static bool value_is_a_plain_noun(const struct linker *l, size_t i, size_t used,
                                  const struct mention *mention)
{
    const struct ask *ask = l->ask;
    if (used > 1 || ask->words[i].quoted || ask->words[i].capital ||
        !ask_word_in(ask, i, "people person persons"))
        return false;
    const char *name = name_words(mention->column->name, ask->arena);
    const char *after = i + 1 < ask->word_count ? ask->words[i + 1].text : "";
    const char *before = i > 0 ? ask->words[i - 1].text : "";
    return !(*after && strstr(name, after)) && !(*before && strstr(name, before));
}

static void link_value(struct linker *l, const char *value, struct mention mention)
{
    size_t length = strlen(value);
    if (length == 0)
        return;
    char first = char_lower(value[0]);
    for (size_t i = 0; i < l->ask->word_count; i++) {
        if (l->ask->words[i].text[0] != first)
            continue;
        size_t used = value_words(l->ask, i, value, length);
        if (used == 0 || value_is_weak(l->ask, i, used, value) ||
            value_is_a_plain_noun(l, i, used, &mention))
            continue;
        mention.value = value;
        mention.first = i;
        mention.last = i + used;
        linker_add(l, mention);
    }
}

/* "Sousa" for "Ana Sousa", when no other value of the column has that word. */
void linker_find_part_of_value(struct linker *l, struct mention mention)
{
    const struct column *column = mention.column;
    for (size_t i = 0; i < l->ask->word_count; i++) {
        const struct ask_word *word = &l->ask->words[i];
        if (!word->capital || i == 0 || strlen(word->text) < 3 || word->number)
            continue;
        const char *only = NULL;
        int hits = 0;
        size_t length = strlen(word->text);
        for (size_t k = 0; k < column->profile.value_count && hits < 2; k++) {
            const char *value = column->profile.values[k].text;
            const char *at = strcasestr(value, word->text);
            if (!at || (at > value && is_letter(at[-1])) || is_letter(at[length]))
                continue;
            hits++;
            only = value;
        }
        if (hits != 1 || strlen(only) == length)
            continue;
        mention.value = only;
        mention.first = i;
        mention.last = i + 1;
        mention.score = 0.6;
        linker_add(l, mention);
    }
}

void linker_find_values(struct linker *l, struct mention mention)
{
    const struct column *column = mention.column;
    for (size_t k = 0; k < column->profile.value_count; k++)
        link_value(l, column->profile.values[k].text, mention);
    for (size_t k = 0; k < column->sample_values.count; k++)
        link_value(l, column->sample_values.items[k], mention);
}
