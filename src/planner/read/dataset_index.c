/* SPDX-License-Identifier: Apache-2.0 */
#include "planner/read/dataset_index.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/hash.h"
#include "planner/read/dataset_names.h"

struct builder {
    struct dataset_index *index;
    const struct lexicon *lexicon;
    struct stemmer *stemmer;
    size_t values_left;
};

/* Words of names that tell what a column holds. */
static const struct {
    const char *word;
    unsigned flags;
} telling_words[] = {
    {"name", COLUMN_HAS_NAME},
    {"title", COLUMN_HAS_TITLE},
    {"date", COLUMN_HAS_DATE | COLUMN_IS_OLDER_LESS | COLUMN_HAS_MOMENT},
    {"time", COLUMN_HAS_DATE | COLUMN_HAS_MOMENT},
    {"datetime", COLUMN_HAS_DATE | COLUMN_HAS_MOMENT},
    {"day", COLUMN_HAS_MOMENT},
    {"from", COLUMN_HAS_MOMENT},
    {"to", COLUMN_HAS_MOMENT},
    {"start", COLUMN_HAS_MOMENT},
    {"end", COLUMN_HAS_MOMENT},
    {"year", COLUMN_HAS_YEAR | COLUMN_IS_OLDER_LESS},
    {"birth", COLUMN_IS_OLDER_LESS | COLUMN_HAS_MOMENT},
    {"birthday", COLUMN_IS_OLDER_LESS | COLUMN_HAS_MOMENT},
    {"dob", COLUMN_IS_OLDER_LESS | COLUMN_HAS_MOMENT},
    {"founded", COLUMN_IS_OLDER_LESS},
    {"born", COLUMN_IS_OLDER_LESS},
    {"first", COLUMN_HAS_PERSON_PART},
    {"last", COLUMN_HAS_PERSON_PART},
    {"given", COLUMN_HAS_PERSON_PART},
    {"family", COLUMN_HAS_PERSON_PART},
};

static const char *const telling_last_words[] = {"id",   "name",   "code",  "date",
                                                 "year", "number", "title", "type"};

static struct index_word make_word(struct builder *b, const char *lower)
{
    struct arena *arena = b->index->arena;
    struct str stem = stemmer_stem(b->stemmer, str_from(lower));
    return (struct index_word){.lower = symbol_from(lower),
                               .stem = symbol_from(arena_strndup(arena, stem.bytes, stem.length)),
                               .lower_length = (uint16_t)strlen(lower),
                               .stem_length = (uint16_t)stem.length};
}

/* The index of a word among the distinct ones, which it joins when new. */
static uint32_t intern_word(struct builder *b, const char *lower)
{
    struct dataset_index *index = b->index;
    uint64_t hash = hash64(lower, strlen(lower), 0);
    for (size_t i = 0; i < index->word_count; i++)
        if (index->words[i].lower.hash == hash)
            return (uint32_t)i;
    index->words = arena_grow(index->arena, index->words, index->word_count,
                              &index->word_capacity, sizeof(*index->words));
    index->words[index->word_count] = make_word(b, lower);
    return (uint32_t)index->word_count++;
}

/* Splits a name, spells its abbreviations out. */
static void name_words(struct builder *b, const char *text, struct word_list *out)
{
    struct arena *arena = b->index->arena;
    struct word_list raw;
    words_split(arena, str_from(text), &raw);
    *out = (struct word_list){0};
    for (size_t i = 0; i < raw.count && out->count < COLUMN_WORDS_MAX; i++) {
        const char *long_form =
            lexicon_long_form(b->lexicon, hash64(raw.items[i], strlen(raw.items[i]), 0));
        struct str rest = str_from(long_form ? long_form : raw.items[i]), word;
        while (str_split(&rest, ' ', &word))
            if (out->count < COLUMN_WORDS_MAX)
                out->items[out->count++] = arena_strndup(arena, word.bytes, word.length);
    }
}

static bool same_words(const struct column_name *a, const struct column_name *b)
{
    return a->count == b->count && memcmp(a->words, b->words, a->count * sizeof(a->words[0])) == 0;
}

static void add_name(struct builder *b, struct column_info *info, const char *text)
{
    if (!text || info->name_count == COLUMN_NAMES_MAX)
        return;
    struct word_list words;
    name_words(b, text, &words);
    if (words.count == 0)
        return;
    struct column_name *name = &info->names[info->name_count];
    *name = (struct column_name){.count = (uint8_t)words.count};
    for (size_t i = 0; i < words.count; i++) {
        name->words[i] = intern_word(b, words.items[i]);
        name->has_joining_word |=
            strcmp(words.items[i], "and") == 0 || strcmp(words.items[i], "or") == 0;
    }
    for (size_t i = 0; i < info->name_count; i++)
        if (same_words(&info->names[i], name))
            return;
    info->name_count++;
}

static void set_flags(const struct dataset_index *index, struct column_info *info)
{
    for (size_t n = 0; n < info->name_count; n++)
        for (size_t i = 0; i < info->names[n].count; i++) {
            const char *word = index->words[info->names[n].words[i]].lower.text;
            for (size_t k = 0; k < sizeof(telling_words) / sizeof(telling_words[0]); k++)
                if (strcmp(word, telling_words[k].word) == 0)
                    info->flags |= telling_words[k].flags;
        }
    if (info->name_count == 0)
        return;
    const struct column_name *name = &info->names[0];
    const char *last = index->words[name->words[name->count - 1]].lower.text;
    for (size_t k = 0; k < sizeof(telling_last_words) / sizeof(telling_last_words[0]); k++)
        if (strcmp(last, telling_last_words[k]) == 0)
            info->last_word = symbol_from(telling_last_words[k]);
    if (strcmp(last, "id") == 0)
        info->flags |= COLUMN_LAST_ID;
}

static void set_profile(const struct dataset_index *index, const struct column *column,
                        struct column_info *info)
{
    const struct column_profile *profile = &column->profile;
    info->number = value_kind_is_number(column->kind);
    if (value_kind_is_time(column->kind))
        info->flags |= COLUMN_HAS_DATE | COLUMN_IS_OLDER_LESS | COLUMN_HAS_MOMENT;
    info->distinct = profile->distinct_count;
    info->unique = column->unique || (profile->known && profile->row_count > 1 &&
                                      (double)profile->distinct_count >=
                                          0.98 * (double)profile->row_count);
    info->key = column->role == ROLE_KEY && info->unique;
    info->empty = profile->known && profile->distinct_count == 0;
    info->wordy = !info->number && profile->value_count > 0;
    for (size_t v = 0; v < profile->value_count && info->wordy; v++)
        info->wordy = !char_is_digit(profile->values[v].text[0]);
    info->small = profile->values_complete && profile->value_count <= SMALL_COLUMN_VALUES;
    info->has_range = profile->min && profile->max &&
                      str_to_double(str_from(profile->min), &info->low) &&
                      str_to_double(str_from(profile->max), &info->high);
    for (size_t i = 0; i < index->dataset->relationship_count; i++)
        if (strcmp(index->dataset->relationships[i].column, column->name) == 0)
            info->foreign = true;
}

/* A word that many columns share, or that the table's name has, says less of each. */
static void set_weights(struct dataset_index *index)
{
    uint16_t *shared = xcalloc(index->word_count + 1, sizeof(*shared));
    for (size_t c = 0; c < index->column_count; c++) {
        if (index->columns[c].name_count == 0)
            continue;
        const struct column_name *name = &index->columns[c].names[0];
        for (size_t i = 0; i < name->count; i++)
            shared[name->words[i]]++;
    }
    for (size_t c = 0; c < index->column_count; c++)
        for (size_t n = 0; n < index->columns[c].name_count; n++) {
            struct column_name *name = &index->columns[c].names[n];
            for (size_t i = 0; i < name->count; i++) {
                const struct index_word *word = &index->words[name->words[i]];
                bool of_table = false;
                for (size_t t = 0; t < index->table_word_count; t++)
                    of_table |= index->table_words[t].stem.hash == word->stem.hash;
                int others = shared[name->words[i]] > 1 ? shared[name->words[i]] - 1 : 0;
                name->weights[i] =
                    (of_table && name->count > 1 ? 0.25F : 1.0F) / (1 + 0.25F * (float)others);
                name->weight_sum += name->weights[i];
            }
        }
    free(shared);
}

static void add_table_words(struct builder *b, const char *text, size_t words_max)
{
    struct dataset_index *index = b->index;
    struct word_list words;
    if (!text)
        return;
    words_split(index->arena, str_from(text), &words);
    if (words.count > words_max)
        return;
    for (size_t i = 0; i < words.count && index->table_word_count < 16; i++)
        if (strlen(words.items[i]) > 1 && !char_is_digit(words.items[i][0]))
            index->table_words[index->table_word_count++] = make_word(b, words.items[i]);
}

static void add_key(struct hash_index *index, const char *key, size_t length, uint32_t column,
                    uint32_t value)
{
    hash_index_add(index, hash64(key, length, 0), column, value);
}

/* The stems of a key's words, and the words as parts of the value. */
static void add_value_words(struct builder *b, struct str key, uint32_t column, uint32_t value)
{
    char stems[VALUE_KEY_SIZE * 2];
    size_t length = 0, words = 0;
    struct str rest = key, word;
    while (str_split(&rest, ' ', &word)) {
        struct str stem = stemmer_stem(b->stemmer, word);
        if (length + stem.length + 2 > sizeof(stems))
            return;
        if (length > 0)
            stems[length++] = ' ';
        memcpy(stems + length, stem.bytes, stem.length);
        length += stem.length;
        words++;
    }
    add_key(&b->index->stems, stems, length, column, value);
    if (words < 2 || words > 8)
        return;
    rest = key;
    while (str_split(&rest, ' ', &word))
        if (word.length > 2 && !lexicon_is_stop(b->lexicon, hash64_str(word, 0)))
            add_key(&b->index->parts, word.bytes, word.length, column, value);
}

static void add_values(struct builder *b, const struct column *column, uint32_t c)
{
    bool number = b->index->columns[c].number;
    for (size_t v = 0; v < column->profile.value_count && b->values_left > 0; v++) {
        char key[VALUE_KEY_SIZE];
        size_t length = words_key(str_from(column->profile.values[v].text), key, sizeof(key));
        if (length == 0)
            continue;
        b->values_left--;
        add_key(&b->index->exact, key, length, c, (uint32_t)v);
        if (!number)
            add_value_words(b, (struct str){key, length}, c, (uint32_t)v);
    }
}

/* Which column names a row: called name or title, or like the table itself; text, not a number. */
static size_t find_name_column(const struct dataset_index *index)
{
    double best = -1;
    size_t best_column = 0;
    for (size_t c = 0; c < index->column_count; c++) {
        const struct column_info *info = &index->columns[c];
        double score = 0;
        if (!info->number && info->name_count > 0) {
            const struct column_name *name = &info->names[0];
            score = 1 - 0.01 * (double)c;
            score += info->flags & COLUMN_HAS_NAME ? 3 : 0;
            score += info->flags & COLUMN_HAS_TITLE ? 2.5 : 0;
            bool all = true;
            for (size_t i = 0; i < name->count; i++) {
                bool of_table = false;
                for (size_t t = 0; t < index->table_word_count; t++)
                    of_table |= index->table_words[t].stem.hash ==
                                index->words[name->words[i]].stem.hash;
                all &= of_table;
            }
            score += all ? 2 : 0;
            score -= name->count > 2 ? 0.5 : 0;
            score += info->unique ? 0.5 : 0;
        }
        if (score > best) {
            best = score;
            best_column = c;
        }
    }
    return best_column;
}

/* Vectors of the values of a small text column, as far as they are one or two words long. */
static size_t make_value_vectors(struct dataset_index *index, const struct word_table *table,
                                 size_t c, size_t left)
{
    struct column_info *info = &index->columns[c];
    const struct column_profile *profile = &index->dataset->columns[c].profile;
    if (info->number || !info->small || profile->value_count > left)
        return 0;
    size_t dimensions = word_table_dimensions(table);
    float *vectors = arena_array(index->arena, profile->value_count + 1,
                                 dimensions * sizeof(float));
    for (size_t v = 0; v < profile->value_count; v++) {
        char key[VALUE_KEY_SIZE];
        size_t length = words_key(str_from(profile->values[v].text), key, sizeof(key));
        const char *blank = length > 2 ? strchr(key, ' ') : NULL;
        if (length > 2 && !(blank && strchr(blank + 1, ' ')))
            word_table_vector(table, (struct str){key, length}, vectors + v * dimensions);
    }
    info->value_vectors = vectors;
    return profile->value_count;
}

static void make_vectors(struct dataset_index *index, const struct word_table *table)
{
    size_t dimensions = word_table_dimensions(table);
    float *vectors = arena_array(index->arena, index->word_count + 1, dimensions * sizeof(float));
    for (size_t i = 0; i < index->word_count; i++)
        word_table_vector(table, str_from(index->words[i].lower.text), vectors + i * dimensions);
    float *table_vectors =
        arena_array(index->arena, index->table_word_count + 1, dimensions * sizeof(float));
    for (size_t i = 0; i < index->table_word_count; i++)
        word_table_vector(table, str_from(index->table_words[i].lower.text),
                          table_vectors + i * dimensions);
    index->vectors = vectors;
    index->table_vectors = table_vectors;
    index->table = table;
    size_t left = INDEX_VECTORS_MAX;
    for (size_t c = 0; c < index->column_count; c++)
        left -= make_value_vectors(index, table, c, left);
}

struct dataset_index *dataset_index_build(const struct lexicon *lexicon,
                                      const struct word_table *table,
                                      const struct dataset *dataset)
{
    struct dataset_index *index = xcalloc(1, sizeof(*index));
    struct builder b = {index, lexicon, stemmer_new(), INDEX_VALUES_MAX};
    index->arena = arena_new();
    index->dataset = dataset;
    index->column_count = dataset->column_count < PLANNER_COLUMNS_MAX ? dataset->column_count
                                                                      : PLANNER_COLUMNS_MAX;
    index->columns = arena_array(index->arena, index->column_count + 1, sizeof(*index->columns));
    index->table_words = arena_array(index->arena, 16, sizeof(*index->table_words));
    add_table_words(&b, dataset->table_name, 8);
    add_table_words(&b, dataset->title, 3);
    for (size_t i = 0; i < dataset->synonyms.count; i++)
        add_table_words(&b, dataset->synonyms.items[i], 3);
    for (size_t c = 0; c < index->column_count; c++) {
        const struct column *column = &dataset->columns[c];
        struct column_info *info = &index->columns[c];
        add_name(&b, info, column->name);
        add_name(&b, info, column->label);
        for (size_t i = 0; i < column->synonyms.count; i++)
            add_name(&b, info, column->synonyms.items[i]);
        set_flags(index, info);
        set_profile(index, column, info);
        add_values(&b, column, (uint32_t)c);
    }
    set_weights(index);
    index->name_column = find_name_column(index);
    if (table)
        make_vectors(index, table);
    hash_index_sort(&index->exact);
    hash_index_sort(&index->stems);
    hash_index_sort(&index->parts);
    stemmer_free(b.stemmer);
    return index;
}

const struct name_table *dataset_index_names(const struct dataset_index *index,
                                             const struct dataset *dataset)
{
    return index && index->dataset == dataset ? index->names : NULL;
}

void dataset_index_free(struct dataset_index *index)
{
    if (!index)
        return;
    hash_index_clear(&index->exact);
    hash_index_clear(&index->stems);
    hash_index_clear(&index->parts);
    arena_free(index->arena);
    free(index);
}

const char *dataset_index_value(const struct dataset_index *index, uint32_t column, uint32_t value)
{
    return index->dataset->columns[column].profile.values[value].text;
}

static bool starts(const char *a, size_t a_length, const char *b, size_t b_length)
{
    return a_length >= b_length && memcmp(a, b, b_length) == 0;
}

static bool ends(const char *a, size_t a_length, const char *b, size_t b_length)
{
    return a_length >= b_length && memcmp(a + a_length - b_length, b, b_length) == 0;
}

float word_likeness(const struct symbol *lower, size_t lower_length, const struct symbol *stem,
                    size_t stem_length, const struct index_word *word)
{
    if (stem->hash == word->stem.hash || lower->hash == word->lower.hash)
        return 1.0F;
    size_t shorter = lower_length < word->lower_length ? lower_length : word->lower_length;
    if (shorter >= 3 &&
        (starts(lower->text, lower_length, word->lower.text, word->lower_length) ||
         starts(word->lower.text, word->lower_length, lower->text, lower_length)))
        return shorter >= 4 ? 0.75F : 0.6F;
    if (shorter >= 5 && (ends(lower->text, lower_length, word->lower.text, word->lower_length) ||
                         ends(word->lower.text, word->lower_length, lower->text, lower_length)))
        return 0.7F; /* power, horsepower */
    if (stem_length >= 5 && word->stem_length >= 5 &&
        memcmp(stem->text, word->stem.text, 5) == 0)
        return 0.7F;
    if (shorter >= 5 && word_near(lower->text, lower_length, word->lower.text, word->lower_length))
        return 0.85F;
    return 0;
}
