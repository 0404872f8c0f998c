/* SPDX-License-Identifier: Apache-2.0 */
#include "planner/rules/cue_spelling.h"

#include <string.h>

#include "core/strbuf.h"

#define WORD_LENGTH_MIN 4

/* Long enough, and far enough from other words, that one wrong letter leaves no doubt. */
static const char *const cue_words[] = {
    "average", "total", "highest", "lowest", "maximum", "minimum", "largest", "smallest",
    "biggest", "number", "percentage", "between", "different", "compare", "monthly", "quarterly",
};

/* Words of their own, though one letter away. */
static const char *const others[] = {"numbers", "tonal", "lumber", "umber", "totals", "totaled",
                                     "averages", "averaged", "compared", "compares", "coverage",
                                     "overage", "slowest", "lowes", "largess", "percentages"};

static bool holds(const char *text, const char *word)
{
    return text && strcasestr(text, word) != NULL;
}

static bool is_in_dataset(const struct dataset *dataset, const char *word)
{
    bool found = holds(dataset->table_name, word) || holds(dataset->title, word);
    for (size_t c = 0; c < dataset->column_count && !found; c++) {
        const struct column *column = &dataset->columns[c];
        found = holds(column->name, word);
        for (size_t i = 0; i < column->synonyms.count; i++)
            found |= holds(column->synonyms.items[i], word);
        for (size_t i = 0; i < column->profile.value_count && !found; i++)
            found = holds(column->profile.values[i].text, word);
    }
    return found;
}

static bool is_in_data(const struct plan_request *request, const char *word)
{
    for (size_t i = 0; i < request->dataset_count; i++)
        if (is_in_dataset(request->datasets[i].dataset, word))
            return true;
    for (size_t i = 0; i < request->joinable_count; i++)
        if (is_in_dataset(request->joinable[i].dataset, word))
            return true;
    return false;
}

/* The cue word that is meant; NULL: none. */
static const char *cue_meant(const struct plan_request *request, struct str word,
                             struct arena *arena)
{
    char *text = arena_strndup(arena, word.bytes, word.length);
    for (char *c = text; *c; c++)
        *c = char_lower(*c);
    const char *meant = NULL;
    char first = text[0], last = text[word.length - 1];
    for (size_t i = 0; i < sizeof(cue_words) / sizeof(cue_words[0]); i++) {
        struct str cue = str_from(cue_words[i]);
        if (cue.bytes[0] != first && cue.bytes[cue.length - 1] != last)
            continue; /* one slip leaves one end as it is */
        unsigned distance = str_distance((struct str){text, word.length}, cue, 1);
        if (distance == 0)
            return NULL;
        if (distance == 1)
            meant = cue_words[i];
    }
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        if (strcmp(text, others[i]) == 0)
            return NULL;
    return meant && !is_in_data(request, text) ? meant : NULL;
}

struct str cue_spelling_restore(const struct plan_request *request, struct arena *arena)
{
    struct str question = request->question;
    struct strbuf out = strbuf_init(question.length * 2 + 64);
    bool changed = false, quoted = false;
    for (size_t i = 0; i < question.length;) {
        size_t end = i;
        while (end < question.length && char_is_alpha(question.bytes[end]))
            end++;
        struct str word = str_slice(question, i, end);
        bool whole = (i == 0 || question.bytes[i - 1] == ' ') &&
                     (end == question.length || strchr(" ,.?!", question.bytes[end]));
        const char *meant = !quoted && whole && word.length >= WORD_LENGTH_MIN
                                ? cue_meant(request, word, arena)
                                : NULL;
        if (meant)
            strbuf_add(&out, meant);
        else
            strbuf_add_str(&out, word);
        changed |= meant != NULL;
        if (end < question.length) {
            quoted ^= question.bytes[end] == '"';
            strbuf_add_char(&out, question.bytes[end]);
        }
        i = end + 1;
    }
    struct str restored = changed ? arena_str(arena, strbuf_str(&out)) : question;
    strbuf_clear(&out);
    return restored;
}
