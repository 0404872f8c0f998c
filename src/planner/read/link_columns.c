/* SPDX-License-Identifier: Apache-2.0 */
/* Where columns are mentioned: windows of words against the words of their names. */
#include "planner/read/linker.h"

#include <math.h>
#include <string.h>

#include "core/hash.h"

#define FOUND_MAX 96   /* windows of one column that are weighed against each other */
#define ALIKE_MIN 0.25 /* cosine of a word and a column's name, of the last resort */

/* ---- windows of words */

/* Likeness of token i to word j of the name; stop words count inside longer names, and a few of
 * them as whole names. */
static float fit(const struct linker *l, const struct column_name *name, size_t i, size_t j)
{
    float value = l->alike[i * l->index->word_count + name->words[j]];
    if (l->live[i] || value <= 0 || name->count > 1)
        return value;
    for (size_t k = 0; k < 3; k++)
        if (l->tokens[i].lower.hash == l->small_words[k])
            return value;
    return 0;
}

/* What stands between a and b: a list mark splits a name unless the name holds one. */
static bool is_split(const struct linker *l, const struct column_name *name, size_t a, size_t b,
                     bool *full_stop)
{
    bool split = false;
    *full_stop = false;
    for (size_t i = a; i <= b; i++) {
        const struct token *token = &l->tokens[i];
        bool stop = is_mark(token, ".") || is_mark(token, "?");
        *full_stop |= stop;
        split |= stop || is_mark(token, ",") || is_mark(token, "and") || is_mark(token, "or");
    }
    return split && !name->has_joining_word;
}

/* Scores the window of tokens a..b (both inside) as a mention; false when it is none. */
static bool score_window(const struct linker *l, const struct column_name *name, size_t a, size_t b,
                         struct mention *out)
{
    bool full_stop;
    bool split = is_split(l, name, a, b, &full_stop);
    if (split && (name->count < 2 || b - a > 4 || full_stop))
        return false;
    float weighted = 0, raw = 0, weakest = 1;
    for (size_t j = 0; j < name->count; j++) {
        float best = 0;
        for (size_t i = a; i <= b; i++)
            best = fmaxf(best, fit(l, name, i, j));
        weighted += name->weights[j] * best;
        raw += best;
        weakest = fminf(weakest, best);
    }
    weighted /= name->weight_sum > 0 ? name->weight_sum : 1;
    int used = 0, live = 0, length = (int)(b - a + 1);
    for (size_t i = a; i <= b; i++) {
        float best = 0;
        for (size_t j = 0; j < name->count; j++)
            best = fmaxf(best, fit(l, name, i, j));
        used += best >= 0.4F;
        live += l->live[i];
    }
    float score =
        weighted - 0.06F * (float)(live > used ? live - used : 0) - 0.03F * (float)(length - used);
    if (split) {
        /* "first and last name": the words before "and" share the head after it. */
        if (weakest < 0.75F || fit(l, name, a, 0) < 0.75F ||
            fit(l, name, b, name->count - 1U) < 0.75F)
            return false;
        score = weighted - 0.05F;
    }
    *out =
        (struct mention){score, raw / (float)name->count, weakest, (uint16_t)a, (uint16_t)(b + 1)};
    return score > 0.25F;
}

struct found {
    struct mention items[FOUND_MAX];
    size_t count;
};

static void add_found(struct found *found, const struct mention *mention)
{
    if (found->count < FOUND_MAX)
        found->items[found->count++] = *mention;
}

static void find_windows(const struct linker *l, const struct column_name *name,
                         struct found *found)
{
    bool hit[TOKENS_MAX] = {false};
    for (size_t i = 0; i < l->count; i++)
        for (size_t j = 0; j < name->count; j++)
            hit[i] |= fit(l, name, i, j) > 0;
    for (size_t a = 0; a < l->count; a++) {
        if (!hit[a])
            continue;
        for (size_t b = a; b < l->count && b - a <= name->count + 3U; b++) {
            struct mention mention;
            if (hit[b] && score_window(l, name, a, b, &mention))
                add_found(found, &mention);
        }
    }
}

/* ---- other ways to say a name */

/* The place of the first concept that the column's name holds, or -1. */
static int concept_place(const struct linker *l, const struct column_name *name,
                         const uint64_t *concepts, size_t count)
{
    for (size_t k = 0; k < count; k++)
        for (size_t j = 0; j < name->count; j++) {
            const struct index_word *word = &l->index->words[name->words[j]];
            if (word->lower.hash == concepts[k] || word->stem.hash == concepts[k])
                return (int)k;
        }
    return -1;
}

/* "old" speaks of the age: a weak link, never as strong as the name itself. */
static void find_dimensions(const struct linker *l, const struct column_name *name,
                            struct found *found)
{
    for (size_t i = 0; i < l->count; i++) {
        const uint64_t *concepts;
        size_t count = l->tokens[i].quote
                           ? 0
                           : lexicon_dimension(l->lexicon, l->tokens[i].lower.hash, &concepts);
        int place = count > 0 ? concept_place(l, name, concepts, count) : -1;
        if (place < 0)
            continue;
        bool covered = false;
        for (size_t f = 0; f < found->count; f++)
            covered |= found->items[f].score > 0.5F && found->items[f].begin <= i &&
                       i < found->items[f].end;
        struct mention mention = {0.5F - 0.03F * (float)place - 0.02F * (float)(name->count - 1),
                                  0.45F, 0.45F, (uint16_t)i, (uint16_t)(i + 1)};
        if (!covered)
            add_found(found, &mention);
    }
}

/* "full name" speaks of the first and the last name. */
static void find_full_name(const struct linker *l, const struct column_info *info,
                           struct found *found)
{
    unsigned both = COLUMN_HAS_NAME | COLUMN_HAS_PERSON_PART;
    if ((info->flags & both) != both)
        return;
    for (size_t i = 0; i + 1 < l->count; i++)
        if ((is_mark(&l->tokens[i], "full") || is_mark(&l->tokens[i], "whole") ||
             is_mark(&l->tokens[i], "complete")) &&
            strcmp(l->tokens[i + 1].stem.text, "name") == 0) {
            struct mention mention = {0.85F, 0.85F, 0.85F, (uint16_t)i, (uint16_t)(i + 2)};
            add_found(found, &mention);
        }
}

/* "miles per gallon" is what mpg is short for. */
static void find_acronym(const struct linker *l, const struct column_name *name,
                         struct found *found)
{
    if (name->count != 1)
        return;
    const struct index_word *word = &l->index->words[name->words[0]];
    size_t length = word->lower_length;
    for (size_t a = 0; length >= 3 && length <= 6 && a + length <= l->count; a++) {
        bool spelled = true;
        for (size_t k = 0; k < length; k++)
            spelled &= l->tokens[a + k].is_word && !l->tokens[a + k].quote &&
                       l->tokens[a + k].lower.text[0] == word->lower.text[k] &&
                       l->tokens[a + k].lower.text[1] != '\0';
        if (spelled) {
            struct mention mention = {0.85F, 0.85F, 0.85F, (uint16_t)a, (uint16_t)(a + length)};
            add_found(found, &mention);
        }
    }
}

/* "temp_2", typed as the column is named. */
static void find_identifier(const struct linker *l, const char *name, struct found *found)
{
    for (size_t i = 0; i < l->count; i++)
        if (l->tokens[i].identifier && same_identifier(l->tokens[i].word, str_from(name))) {
            struct mention mention = {1, 1, 1, (uint16_t)i, (uint16_t)(i + 1)};
            add_found(found, &mention);
        }
}

/* ---- choosing */

static bool before(const struct mention *a, const struct mention *b)
{
    if (a->score != b->score)
        return a->score > b->score;
    return a->end - a->begin < b->end - b->begin;
}

/* The best few that don't overlap. */
static void keep_best(struct found *found, struct column_links *out)
{
    while (out->count < MENTIONS_MAX) {
        const struct mention *best = NULL;
        for (size_t f = 0; f < found->count; f++) {
            const struct mention *item = &found->items[f];
            bool free = true;
            for (size_t k = 0; k < out->count; k++)
                free &= item->end <= out->items[k].begin || item->begin >= out->items[k].end;
            if (free && (!best || before(item, best)))
                best = item;
        }
        if (!best)
            return;
        out->items[out->count++] = *best;
    }
}

void linker_link_columns(struct linker *l)
{
    struct links *links = l->links;
    struct found *found = arena_alloc(l->arena, sizeof(*found));
    for (size_t c = 0; c < l->index->column_count; c++) {
        const struct column_info *info = &l->index->columns[c];
        found->count = 0;
        find_identifier(l, l->index->dataset->columns[c].name, found);
        for (size_t n = 0; n < info->name_count; n++)
            find_windows(l, &info->names[n], found);
        if (info->name_count > 0)
            find_dimensions(l, &info->names[0], found);
        for (size_t n = 0; n < info->name_count; n++)
            find_acronym(l, &info->names[n], found);
        find_full_name(l, info, found);
        keep_best(found, &links->columns[c]);
        for (size_t k = 0; k < links->columns[c].count; k++) {
            const struct mention *m = &links->columns[c].items[k];
            for (size_t i = m->begin; i < m->end; i++)
                links->own[i] =
                    fmaxf(links->own[i], m->score * (1 + 0.1F * (float)(m->end - m->begin)));
        }
    }
}

/* ---- the last resort */

/* How near a token's meaning is to a column's name: the best word, less when the name has more. */
static float column_meaning(const struct linker *l, size_t i, const struct column_info *info)
{
    float best = 0;
    for (size_t n = 0; n < info->name_count; n++) {
        const struct column_name *name = &info->names[n];
        for (size_t j = 0; j < name->count; j++) {
            double cosine = word_table_cosine(l->index->table, l->vectors + i * l->dimensions,
                                              l->index->vectors + name->words[j] * l->dimensions);
            float share = name->weights[j] / (name->weight_sum > 0 ? name->weight_sum : 1);
            best = fmaxf(best, (float)cosine * (0.5F + 0.5F * share));
        }
    }
    return best;
}

void linker_link_alike_columns(struct linker *l)
{
    struct links *links = l->links;
    for (size_t i = 0; l->vectors && i < l->count; i++) {
        const struct token *token = &l->tokens[i];
        bool open = l->live[i] && !token->has_number && !links->table_word[i] &&
                    links->own[i] < 0.4F && links->value_score[i] <= 0 &&
                    links->cues.cue[i] == CUE_NONE && strlen(token->lower.text) > 2 &&
                    !lexicon_is_frequent(l->lexicon, token->lower.hash);
        float taken = 2;
        for (int rank = 0; open && rank < 2; rank++) {
            float best = ALIKE_MIN;
            size_t column = SIZE_MAX;
            for (size_t c = 0; c < l->index->column_count; c++) {
                float meaning = column_meaning(l, i, &l->index->columns[c]);
                if (meaning > best && meaning < taken) {
                    best = meaning;
                    column = c;
                }
            }
            if (column == SIZE_MAX)
                break;
            taken = best;
            float score = 0.26F + 0.4F * (best - ALIKE_MIN);
            struct column_links *mentions = &links->columns[column];
            if (mentions->count < MENTIONS_MAX)
                mentions->items[mentions->count++] =
                    (struct mention){score, best, best, (uint16_t)i, (uint16_t)(i + 1)};
            links->own[i] = fmaxf(links->own[i], score);
        }
    }
}
