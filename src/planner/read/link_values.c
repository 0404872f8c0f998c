/* SPDX-License-Identifier: Apache-2.0 */
/* Which spans are stored values: by the value index, by parts of values, and in short lists. */
#include "planner/read/linker.h"

#include <math.h>
#include <string.h>
#include <strings.h>

#include "core/hash.h"

#define SPAN_WORDS_MAX 8 /* of a stored value */
#define PART_HITS_MAX 3  /* a part of more values than this says nothing */
#define POSTINGS_MAX 150 /* values with a word that are looked through */

static void add_value(struct linker *l, const struct value_link *link)
{
    if (l->links->value_count < VALUE_LINKS_MAX)
        l->links->values[l->links->value_count++] = *link;
}

/* ---- whole values and parts */

static bool has_value(const struct linker *l, size_t from, uint32_t column, uint32_t value)
{
    for (size_t i = from; i < l->links->value_count; i++)
        if (l->links->values[i].column == column && l->links->values[i].value == value)
            return true;
    return false;
}

/* Appends the key of one token's word or stem. */
static size_t append_key(char *key, size_t length, size_t size, const char *word)
{
    size_t gap = length > 0;
    size_t added = size > length + gap
                       ? words_key(str_from(word), key + length + gap, size - length - gap)
                       : 0;
    if (added == 0)
        return length;
    if (gap)
        key[length] = ' ';
    return length + gap + added;
}

static void link_whole(struct linker *l, size_t a, size_t b, const char *key, size_t length,
                       const struct hash_index *where, bool stems)
{
    size_t from = l->links->value_count;
    while (from > 0 && l->links->values[from - 1].begin == a && l->links->values[from - 1].end == b)
        from--;
    size_t count;
    const struct hash_entry *entry = hash_index_find(where, hash64(key, length, 0), &count);
    for (size_t i = 0; i < count; i++) {
        bool number = l->index->columns[entry[i].first].number;
        if (stems && has_value(l, from, entry[i].first, entry[i].second))
            continue;
        struct value_link link = {(uint16_t)a,
                                  (uint16_t)b,
                                  entry[i].first,
                                  entry[i].second,
                                  number  ? VALUE_LINK_NUMBER
                                  : stems ? VALUE_LINK_STEM
                                          : VALUE_LINK_EXACT,
                                  number  ? 0.5F
                                  : stems ? 0.8F
                                          : 1.0F};
        add_value(l, &link);
    }
}

/* One word that is part of a few longer values. */
static void link_part(struct linker *l, size_t a)
{
    const struct token *token = &l->tokens[a];
    size_t count;
    const struct hash_entry *entry = hash_index_find(&l->index->parts, token->lower.hash, &count);
    if (count > PART_HITS_MAX || !(token->capital || token->quote > 0 || l->links->own[a] < 0.6F))
        return;
    for (size_t i = 0; i < count; i++) {
        struct value_link link = {(uint16_t)a,     (uint16_t)(a + 1), entry[i].first,
                                  entry[i].second, VALUE_LINK_PART,   0.4F};
        add_value(l, &link);
    }
}

static bool in_postings(const struct hash_entry *entries, size_t count,
                        const struct hash_entry *what)
{
    for (size_t i = 0; i < count; i++)
        if (entries[i].first == what->first && entries[i].second == what->second)
            return true;
    return false;
}

/* Several words that only a few longer values have together. */
static void link_parts(struct linker *l, size_t a, size_t b, size_t from)
{
    struct hash_entry kept[POSTINGS_MAX];
    size_t kept_count = 0;
    bool first = true;
    for (size_t i = a; i < b; i++) {
        if (!l->tokens[i].is_word || l->tokens[i].stop)
            continue;
        size_t count;
        const struct hash_entry *entry =
            hash_index_find(&l->index->parts, l->tokens[i].lower.hash, &count);
        if (count == 0 || count > POSTINGS_MAX)
            return;
        size_t left = 0;
        if (first) {
            memcpy(kept, entry, count * sizeof(*entry));
            left = count;
        }
        for (size_t k = 0; !first && k < kept_count; k++)
            if (in_postings(entry, count, &kept[k]))
                kept[left++] = kept[k];
        first = false;
        kept_count = left;
        if (kept_count == 0)
            return;
    }
    if (kept_count > PART_HITS_MAX)
        return;
    for (size_t k = 0; k < kept_count; k++)
        if (!has_value(l, from, kept[k].first, kept[k].second)) {
            struct value_link link = {(uint16_t)a,    (uint16_t)b,      kept[k].first,
                                      kept[k].second, VALUE_LINK_PARTS, 0.6F};
            add_value(l, &link);
        }
}

/* Looks the span of tokens a .. b - 1 up among the stored values. */
static void link_span(struct linker *l, size_t a, size_t b)
{
    char key[VALUE_KEY_SIZE], stems[VALUE_KEY_SIZE * 2];
    size_t key_length = 0, stems_length = 0, words = 0;
    bool all_stop = true;
    for (size_t i = a; i < b; i++) {
        if (!l->tokens[i].is_word)
            continue;
        key_length = append_key(key, key_length, sizeof(key), l->tokens[i].lower.text);
        stems_length = append_key(stems, stems_length, sizeof(stems), l->tokens[i].stem.text);
        all_stop &= l->tokens[i].stop;
        words++;
    }
    if (words == 0 || key_length == 0 || (all_stop && !l->tokens[a].quote))
        return;
    if (words == 1 && l->tokens[a].has_number && !l->tokens[a].digits)
        return;
    size_t from = l->links->value_count;
    link_whole(l, a, b, key, key_length, &l->index->exact, false);
    link_whole(l, a, b, stems, stems_length, &l->index->stems, true);
    if (words == 1 && b == a + 1 && strlen(l->tokens[a].lower.text) > 2)
        link_part(l, a);
    if (words > 1 && !l->tokens[a].stop && !l->tokens[b - 1].stop)
        link_parts(l, a, b, from);
}

/* ---- columns with few values */

/* Words that a one-letter value may stand for. */
static bool is_initial_word(const struct token *token)
{
    static const char *const words[] = {"female", "male", "females", "males", "yes",  "no",
                                        "man",    "men",  "woman",   "women", "true", "false"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (strcmp(token->lower.text, words[i]) == 0)
            return true;
    return false;
}

static bool all_capitals(struct str text)
{
    for (size_t i = 0; i < text.length; i++)
        if (text.bytes[i] < 'A' || text.bytes[i] > 'Z')
            return false;
    return true;
}

/* Likeness in meaning of a token to a short value: over 0.6 counts. */
static double value_meaning(const struct linker *l, size_t i, uint32_t column, uint32_t v)
{
    const float *vectors = l->index->columns[column].value_vectors;
    if (!l->vectors || !vectors)
        return 0;
    return word_table_cosine(l->index->table, l->vectors + i * l->dimensions,
                             vectors + v * l->dimensions);
}

/* One token against one value of a column with few of them. */
static void link_small(struct linker *l, size_t i, uint32_t column, uint32_t v)
{
    const struct token *token = &l->tokens[i];
    struct str value = str_from(dataset_index_value(l->index, column, v));
    size_t length = strlen(token->lower.text);
    struct value_link link = {(uint16_t)i, (uint16_t)(i + 1), column, v, VALUE_LINK_KINDS, 0};
    if (value.length == 1 && char_is_alpha(value.bytes[0])) {
        if (token->lower.text[0] == char_lower(value.bytes[0]) &&
            l->index->columns[column].distinct <= 3 && is_initial_word(token)) {
            link.kind = VALUE_LINK_INITIAL;
            link.score = 0.7F;
        }
    } else if (value.length >= 2 && value.length <= 4 && all_capitals(value) &&
               length > value.length && token->word.bytes[0] >= 'A' &&
               token->word.bytes[0] <= 'Z' &&
               strncasecmp(token->lower.text, value.bytes, value.length) == 0) {
        link.kind = VALUE_LINK_SHORT;
        link.score = 0.5F;
    } else if (l->links->own[i] < 0.7F && value.length > 2 && !l->links->table_word[i]) {
        char key[VALUE_KEY_SIZE];
        size_t key_length = words_key(value, key, sizeof(key));
        if (key_length == 0 || strcmp(key, token->lower.text) == 0)
            return;
        const char *blank = strchr(key, ' ');
        double meaning = value_meaning(l, i, column, v);
        if (meaning > 0.6) {
            link.kind = VALUE_LINK_ALIKE;
            link.score = (float)meaning * 0.6F;
        } else if (!blank && length > 4 && word_near(token->lower.text, length, key, key_length)) {
            link.kind = VALUE_LINK_SPELLED;
            link.score = 0.6F;
        }
    }
    if (link.kind != VALUE_LINK_KINDS)
        add_value(l, &link);
}

static void link_small_columns(struct linker *l)
{
    for (size_t c = 0; c < l->index->column_count; c++) {
        const struct column_info *info = &l->index->columns[c];
        if (info->number || !info->small)
            continue;
        size_t count = l->index->dataset->columns[c].profile.value_count;
        for (size_t v = 0; v < count; v++)
            for (size_t i = 0; i < l->count; i++)
                if (l->live[i] && strlen(l->tokens[i].lower.text) >= 3)
                    link_small(l, i, (uint32_t)c, (uint32_t)v);
    }
}

/* ---- abbreviations */

/* Is it stored in just these letters? */
static bool is_stored(const struct dataset_index *index, struct str word)
{
    char key[VALUE_KEY_SIZE];
    size_t count, length = words_key(word, key, sizeof(key));
    const struct hash_entry *entry = hash_index_find(&index->exact, hash64(key, length, 0), &count);
    for (size_t i = 0; length > 0 && i < count; i++)
        if (str_equal_text(word, dataset_index_value(index, entry[i].first, entry[i].second)))
            return true;
    return false;
}

void link_keep_abbreviations(const struct dataset_index *index, struct token_list *tokens)
{
    for (size_t i = 0; i < tokens->count; i++) {
        struct token *token = &tokens->items[i];
        if (token->stop && token->word.length > 1 && all_capitals(token->word) &&
            is_stored(index, token->word))
            token->stop = false;
    }
}

/* ---- the whole */

/* A link inside a longer one of the same column that is as good goes. */
static void drop_covered(struct links *links)
{
    size_t kept = 0;
    bool drop[VALUE_LINKS_MAX];
    for (size_t i = 0; i < links->value_count; i++) {
        const struct value_link *x = &links->values[i];
        drop[i] = false;
        for (size_t k = 0; k < links->value_count && !drop[i]; k++) {
            const struct value_link *y = &links->values[k];
            drop[i] = y->column == x->column && y->begin <= x->begin && y->end >= x->end &&
                      y->end - y->begin > x->end - x->begin && y->score >= x->score;
        }
    }
    for (size_t i = 0; i < links->value_count; i++)
        if (!drop[i])
            links->values[kept++] = links->values[i];
    links->value_count = kept;
}

void linker_link_values(struct linker *l)
{
    struct links *links = l->links;
    for (size_t a = 0; a < l->count; a++)
        for (size_t b = a + 1; b <= l->count && b <= a + SPAN_WORDS_MAX; b++)
            if (l->tokens[a].is_word && l->tokens[b - 1].is_word)
                link_span(l, a, b);
    link_small_columns(l);
    drop_covered(links);
    for (size_t v = 0; v < links->value_count; v++) {
        const struct value_link *link = &links->values[v];
        if (link->kind == VALUE_LINK_EXACT || link->kind == VALUE_LINK_STEM ||
            link->kind == VALUE_LINK_PARTS)
            for (size_t i = link->begin; i < link->end; i++)
                links->value_score[i] = fmaxf(links->value_score[i], link->score);
    }
}
