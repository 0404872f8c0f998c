/* SPDX-License-Identifier: Apache-2.0 */
#include "planner/span_link.h"

#include <math.h>
#include <string.h>

#include "core/hash.h"
#include "core/json.h"
#include "planner/plan.h"
#include "planner/read/dataset_index.h"
#include "planner/read/token.h"

#define EXACT_MAX 9007199254740992.0 /* whole numbers below it are doubles without loss */

const char *span_value(const struct dataset_index *index, const struct column *column,
                       struct str words)
{
    char key[VALUE_KEY_SIZE];
    size_t length = words_key(words, key, sizeof(key)), count = 0;
    size_t number = (size_t)(column - index->dataset->columns);
    if (length == 0 || number >= index->column_count)
        return NULL;
    const struct hash_entry *entries =
        hash_index_find(&index->exact, hash64(key, length, 0), &count);
    const char *found = NULL;
    for (size_t i = 0; i < count; i++) {
        if (entries[i].first != number)
            continue;
        const char *value = dataset_index_value(index, entries[i].first, entries[i].second);
        if (str_equal(words, str_from(value)))
            return value;
        if (found)
            return NULL;
        found = value;
    }
    return found;
}

const char *span_number(const struct planner *planner, struct str words, struct arena *arena)
{
    struct stemmer *stemmer = stemmer_new();
    struct token_list tokens;
    token_read(planner->lexicon, stemmer, words, arena, &tokens);
    stemmer_free(stemmer);
    /* A sign before it is a token of its own, or part of the number. */
    if (tokens.count != 1 || !tokens.items[0].has_number || tokens.items[0].date ||
        tokens.items[0].begin != 0 || tokens.items[0].end != words.length)
        return NULL;
    double number = tokens.items[0].number;
    if (!isfinite(number) || fabs(number) >= EXACT_MAX)
        return NULL;
    char text[32];
    double_print(number, text);
    return strpbrk(text, "eE") ? NULL : arena_strdup(arena, text);
}

/* Takes words off the front that only say that a period comes. */
static struct str without_lead(struct str words)
{
    static const char *const leads[] = {"in ", "during ", "for ", "over ", "within ", "the "};
    words = str_trim(words);
    for (size_t i = 0; i < sizeof(leads) / sizeof(leads[0]); i++) {
        struct str lead = str_from(leads[i]);
        if (words.length <= lead.length || !str_equal_nocase(str_slice(words, 0, lead.length), lead))
            continue;
        struct str rest = str_trim(str_slice(words, lead.length, words.length));
        /* "over 2024" may be more than so many. */
        if (!str_equal_text(lead, "over ") || !char_is_digit(rest.bytes[0]))
            words = rest;
    }
    return words;
}

bool span_period(struct str words, const struct period_calendar *calendar, struct arena *arena,
                 struct period *out)
{
    /* With "in" before it a bare year or month is surely one. */
    struct str bare = without_lead(words);
    const char *text = arena_printf(arena, "in %.*s", STR_ARGS(bare));
    struct period_list list;
    period_find(str_from(text), calendar, arena, &list);
    if (list.count != 1 || list.group_by != UNIT_NONE || list.group_unspecified)
        return false;
    *out = list.items[0];
    return !out->comparison && !out->ambiguous && out->from && out->to &&
           out->begin == strlen("in ") && out->end == strlen(text);
}
