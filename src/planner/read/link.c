/* SPDX-License-Identifier: Apache-2.0 */
#include "planner/read/link.h"

#include <math.h>
#include <string.h>
#include <strings.h>

#include "core/hash.h"

#define FOUND_MAX 96       /* windows of one column that are weighed against each other */
#define SPAN_WORDS_MAX 8   /* of a stored value */
#define PART_HITS_MAX 3    /* a part of more values than this says nothing */
#define TABLE_ALIKE_MIN 0.5 /* cosine of a word and the table's name */
#define ALIKE_MIN 0.25      /* cosine of a word and a column's name, of the last resort */
#define POSTINGS_MAX 150   /* values with a word that are looked through */

struct linker {
    const struct lexicon *lexicon;
    const struct dataset_index *index;
    struct arena *arena;
    struct links *links;
    const struct token *tokens;
    size_t count;
    bool *live;    /* may name a column or value */
    float *alike;  /* token x distinct word of the columns */
    float *vectors; /* of the tokens; NULL without a word table */
    size_t dimensions;
    uint64_t small_words[4]; /* when, where, no: stop words that may be whole column names */
};

struct symbol value_link_symbol(enum value_link_kind kind)
{
    static const char *const names[VALUE_LINK_KINDS] = {
        [VALUE_LINK_EXACT] = "exact",   [VALUE_LINK_STEM] = "stem",
        [VALUE_LINK_PART] = "part",     [VALUE_LINK_PARTS] = "part2",
        [VALUE_LINK_NUMBER] = "num",    [VALUE_LINK_INITIAL] = "init",
        [VALUE_LINK_SHORT] = "abbr",    [VALUE_LINK_ALIKE] = "emb",
        [VALUE_LINK_SPELLED] = "spell",
    };
    return symbol_from(names[kind]);
}

static bool is_mark(const struct token *token, const char *mark)
{
    return strcmp(token->lower.text, mark) == 0;
}

static void make_live(struct linker *l)
{
    l->live = arena_array(l->arena, l->count + 1, sizeof(bool));
    for (size_t i = 0; i < l->count; i++)
        l->live[i] = !l->tokens[i].stop && !l->tokens[i].quote &&
                     (l->tokens[i].is_word || is_mark(&l->tokens[i], "%"));
}

static void make_vectors(struct linker *l)
{
    if (!l->index->table)
        return;
    l->dimensions = word_table_dimensions(l->index->table);
    l->vectors = arena_array(l->arena, l->count + 1, l->dimensions * sizeof(float));
    for (size_t i = 0; i < l->count; i++)
        if (l->live[i] && strlen(l->tokens[i].lower.text) > 2)
            word_table_vector(l->index->table, str_from(l->tokens[i].lower.text),
                              l->vectors + i * l->dimensions);
}

static float token_likeness(const struct linker *l, size_t i, const struct index_word *word)
{
    const struct token *token = &l->tokens[i];
    return word_likeness(&token->lower, strlen(token->lower.text), &token->stem,
                         strlen(token->stem.text), word);
}

/* By letters; then by meaning, which counts less than any likeness of letters. */
static float likeness(const struct linker *l, size_t i, size_t w)
{
    float letters = token_likeness(l, i, &l->index->words[w]);
    if (letters > 0 || !l->vectors || strlen(l->tokens[i].lower.text) <= 2)
        return letters;
    double cosine = word_table_cosine(l->index->table, l->vectors + i * l->dimensions,
                                      l->index->vectors + w * l->dimensions);
    return cosine > 0.5 ? (float)(0.3 + (cosine - 0.5)) : 0.0F;
}

static void compare_words(struct linker *l)
{
    size_t words = l->index->word_count;
    l->alike = arena_array(l->arena, (l->count + 1) * (words + 1), sizeof(float));
    for (size_t i = 0; i < l->count; i++)
        for (size_t w = 0; w < words && !l->tokens[i].identifier; w++)
            if (l->live[i])
                l->alike[i * words + w] = likeness(l, i, w);
            else if (!l->tokens[i].quote && l->tokens[i].is_word && !l->tokens[i].digits)
                l->alike[i * words + w] =
                    l->tokens[i].lower.hash == l->index->words[w].stem.hash ? 1.0F : 0.0F;
}

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
static bool score_window(const struct linker *l, const struct column_name *name, size_t a,
                         size_t b, struct mention *out)
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
    float score = weighted - 0.06F * (float)(live > used ? live - used : 0) -
                  0.03F * (float)(length - used);
    if (split) {
        /* "first and last name": the words before "and" share the head after it. */
        if (weakest < 0.75F || fit(l, name, a, 0) < 0.75F ||
            fit(l, name, b, name->count - 1U) < 0.75F)
            return false;
        score = weighted - 0.05F;
    }
    *out = (struct mention){score, raw / (float)name->count, weakest, (uint16_t)a,
                            (uint16_t)(b + 1)};
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
        size_t count =
            l->tokens[i].quote
                ? 0
                : lexicon_dimension(l->lexicon, l->tokens[i].lower.hash, &concepts);
        int place = count > 0 ? concept_place(l, name, concepts, count) : -1;
        if (place < 0)
            continue;
        bool covered = false;
        for (size_t f = 0; f < found->count; f++)
            covered |= found->items[f].score > 0.5F && found->items[f].begin <= i &&
                       i < found->items[f].end;
        struct mention mention = {
            0.5F - 0.03F * (float)place - 0.02F * (float)(name->count - 1), 0.45F, 0.45F,
            (uint16_t)i, (uint16_t)(i + 1)};
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

static void link_columns(struct linker *l)
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
                links->own[i] = fmaxf(links->own[i],
                                      m->score * (1 + 0.1F * (float)(m->end - m->begin)));
        }
    }
}

static void link_table(struct linker *l)
{
    for (size_t i = 0; i < l->count; i++)
        for (size_t w = 0; w < l->index->table_word_count && l->live[i]; w++)
            l->links->table_word[i] |= token_likeness(l, i, &l->index->table_words[w]) >= 0.75F;
}

/* A word that nothing else explains and that means about what the table's name does: "vocalists"
 * for a table of singers. */
static void link_table_alike(struct linker *l)
{
    const struct dataset_index *index = l->index;
    for (size_t i = 0; l->vectors && i < l->count; i++) {
        bool open = l->live[i] && !l->tokens[i].has_number && l->links->own[i] < 0.5F &&
                    l->links->value_score[i] <= 0 && l->links->cues.cue[i] == CUE_NONE &&
                    strlen(l->tokens[i].lower.text) > 2;
        for (size_t w = 0; open && w < index->table_word_count; w++)
            l->links->table_word[i] |=
                word_table_cosine(index->table, l->vectors + i * l->dimensions,
                                  index->table_vectors + w * l->dimensions) >= TABLE_ALIKE_MIN;
    }
}

static void add_value(struct linker *l, const struct value_link *link)
{
    if (l->links->value_count < VALUE_LINKS_MAX)
        l->links->values[l->links->value_count++] = *link;
}

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
    size_t added = size > length + gap ? words_key(str_from(word), key + length + gap,
                                                   size - length - gap)
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
        struct value_link link = {(uint16_t)a, (uint16_t)b, entry[i].first, entry[i].second,
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
    const struct hash_entry *entry =
        hash_index_find(&l->index->parts, token->lower.hash, &count);
    if (count > PART_HITS_MAX ||
        !(token->capital || token->quote > 0 || l->links->own[a] < 0.6F))
        return;
    for (size_t i = 0; i < count; i++) {
        struct value_link link = {(uint16_t)a, (uint16_t)(a + 1), entry[i].first,
                                  entry[i].second, VALUE_LINK_PART, 0.4F};
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
            struct value_link link = {(uint16_t)a, (uint16_t)b, kept[k].first, kept[k].second,
                                      VALUE_LINK_PARTS, 0.6F};
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

static void link_values(struct linker *l)
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

/* How near a token's meaning is to a column's name: the best word, less when the name has more. */
static float column_meaning(const struct linker *l, size_t i, const struct column_info *info)
{
    float best = 0;
    for (size_t n = 0; n < info->name_count; n++) {
        const struct column_name *name = &info->names[n];
        for (size_t j = 0; j < name->count; j++) {
            double cosine =
                word_table_cosine(l->index->table, l->vectors + i * l->dimensions,
                                  l->index->vectors + name->words[j] * l->dimensions);
            float share = name->weights[j] / (name->weight_sum > 0 ? name->weight_sum : 1);
            best = fmaxf(best, (float)cosine * (0.5F + 0.5F * share));
        }
    }
    return best;
}

/* The last resort for a word that nothing explains: the two columns nearest in meaning, as very
 * weak mentions. */
static void link_alike_columns(struct linker *l)
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
                mentions->items[mentions->count++] = (struct mention){
                    score, best, best, (uint16_t)i, (uint16_t)(i + 1)};
            links->own[i] = fmaxf(links->own[i], score);
        }
    }
}

struct links *link_question(const struct lexicon *lexicon, const struct dataset_index *index,
                            const struct token_list *tokens, const struct cue_marks *cues,
                            struct arena *arena)
{
    struct links *links = arena_alloc(arena, sizeof(*links));
    size_t n = tokens->count + 1;
    *links = (struct links){
        .index = index,
        .tokens = tokens,
        .cues = *cues,
        .table_word = arena_array(arena, n, sizeof(bool)),
        .own = arena_array(arena, n, sizeof(float)),
        .value_score = arena_array(arena, n, sizeof(float)),
        .columns = arena_array(arena, index->column_count + 1, sizeof(struct column_links)),
        .values = arena_array(arena, VALUE_LINKS_MAX, sizeof(struct value_link)),
    };
    struct linker l = {.lexicon = lexicon,
                       .index = index,
                       .arena = arena,
                       .links = links,
                       .tokens = tokens->items,
                       .count = tokens->count};
    static const char *const small[] = {"when", "where", "no"};
    for (size_t k = 0; k < 3; k++)
        l.small_words[k] = symbol_from(small[k]).hash;
    make_live(&l);
    make_vectors(&l);
    compare_words(&l);
    link_table(&l);
    link_columns(&l);
    link_values(&l);
    link_table_alike(&l);
    link_alike_columns(&l);
    return links;
}
