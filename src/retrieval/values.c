/* SPDX-License-Identifier: Apache-2.0 */
#include "retrieval/values.h"

#include <assert.h>
#include <stdlib.h>

#include "core/alloc.h"
#include "retrieval/postings.h"

/* What words and whole phrases weigh beside BM25: fitted on the public sets. */
#define WORD_WEIGHT 0.4
#define PHRASE_WEIGHT 0.7
/* A word that names columns ("country") says less by being a value somewhere. */
#define NAME_WORD_FACTOR 0.3
#define NAME_PHRASE_FACTOR 0.2 /* for phrases of that one word */

#define PLACE_MAX 65535u /* columns and values beyond it are not indexed */

struct value_builder {
    struct postings_builder *words;
    struct postings_builder *phrases;
    size_t document_count;
    size_t added;
    uint64_t seed;
};

/* Both with places: column << 16 | number of the value within it. */
struct value_index {
    struct postings *words;
    struct postings *phrases;
    size_t document_count;
};

struct value_builder *value_builder_new(size_t document_count, uint64_t seed)
{
    struct value_builder *builder = xcalloc(1, sizeof(*builder));
    builder->words = postings_builder_new();
    builder->phrases = postings_builder_new();
    builder->document_count = document_count;
    builder->seed = seed;
    return builder;
}

static void add_value(struct value_builder *builder, const char *value, uint32_t place,
                      struct term_reader *reader)
{
    uint64_t phrase = 0;
    size_t word_count = 0;
    struct term term;
    term_reader_start(reader, str_cut_utf8(str_from(value), PROFILE_VALUE_LENGTH_MAX), TERM_PLAIN);
    while (term_reader_next(reader, &term)) {
        uint64_t key = term_key(&term, builder->seed);
        phrase = phrase_key(phrase, key);
        word_count++;
        if (!term.stop)
            postings_add_place(builder->words, (uint32_t)builder->added, key, place);
    }
    if (word_count > 0 && word_count <= VALUE_PHRASE_WORDS_MAX)
        postings_add_place(builder->phrases, (uint32_t)builder->added, phrase, place);
}

/* Measures and times are asked for by bounds, not by one of their values. */
static bool kind_is_searched(enum value_kind kind)
{
    return kind == VALUE_TEXT || kind == VALUE_INTEGER || kind == VALUE_UNKNOWN;
}

static size_t profile_value_count(const struct column *column)
{
    size_t count = column->profile.value_count;
    return count < PROFILE_VALUES_MAX ? count : PROFILE_VALUES_MAX;
}

/* A column's values are numbered through: those of the profile, then the document's samples. */
static const char *value_at(const struct column *column, size_t number)
{
    size_t profiled = profile_value_count(column);
    if (number < profiled)
        return column->profile.values[number].text;
    number -= profiled;
    return number < column->sample_values.count ? column->sample_values.items[number] : NULL;
}

void value_builder_add(struct value_builder *builder, const struct dataset *dataset,
                       struct term_reader *reader)
{
    assert(builder->added < builder->document_count);
    for (size_t i = 0; i < dataset->column_count && i <= PLACE_MAX; i++) {
        const struct column *column = &dataset->columns[i];
        if (!kind_is_searched(column->kind))
            continue;
        const char *value;
        for (size_t k = 0; k <= PLACE_MAX && (value = value_at(column, k)); k++)
            add_value(builder, value, (uint32_t)(i << 16 | k), reader);
    }
    builder->added++;
}

struct value_index *value_finish_take(struct value_builder *builder)
{
    assert(builder->added == builder->document_count);
    struct value_index *index = xcalloc(1, sizeof(*index));
    index->words = postings_finish_take(builder->words);
    index->phrases = postings_finish_take(builder->phrases);
    index->document_count = builder->document_count;
    free(builder);
    return index;
}

void value_index_free(struct value_index *index)
{
    if (!index)
        return;
    postings_free(index->words);
    postings_free(index->phrases);
    free(index);
}

size_t value_index_size(const struct value_index *index)
{
    return postings_size(index->words) + postings_size(index->phrases);
}

static void add_to_all(struct posting_list list, double amount, float *scores)
{
    for (size_t i = 0; i < list.count; i++)
        scores[list.items[i].document] += (float)amount;
}

/* The longest run of terms from `first` on that is a whole value of any dataset; 0 when none is. */
static size_t longest_phrase(const struct value_index *index, const struct question *question,
                             size_t first, struct posting_list *out)
{
    uint64_t key = 0;
    size_t longest = 0;
    for (size_t i = first; i < question->count && i < first + VALUE_PHRASE_WORDS_MAX; i++) {
        key = phrase_key(key, question->terms[i].key);
        if (i == first && question->terms[i].stop)
            continue; /* "The Who" may be a value, "the" is not */
        struct posting_list list = postings_find(index->phrases, key);
        if (list.count > 0) {
            *out = list;
            longest = i - first + 1;
        }
    }
    return longest;
}

static double word_weight(const struct question_term *term)
{
    return term->is_name ? NAME_WORD_FACTOR * WORD_WEIGHT : WORD_WEIGHT;
}

static double phrase_weight(const struct question_term *first, size_t length)
{
    double weight = PHRASE_WEIGHT * (double)length;
    return length == 1 && first->is_name ? NAME_PHRASE_FACTOR * weight : weight;
}

void value_score(const struct value_index *index, const struct question *question, float *scores)
{
    struct posting_list list;
    for (size_t i = 0; i < question->count; i++) {
        if (question->terms[i].stop || question->terms[i].repeated)
            continue;
        list = postings_find(index->words, question->terms[i].key);
        if (list.count > 0)
            add_to_all(list,
                       word_weight(&question->terms[i]) *
                           postings_rarity(index->document_count, list.count),
                       scores);
    }
    for (size_t i = 0; i < question->count;) {
        size_t length = longest_phrase(index, question, i, &list);
        if (length > 0)
            add_to_all(list,
                       phrase_weight(&question->terms[i], length) *
                           postings_rarity(index->document_count, list.count),
                       scores);
        i += length > 0 ? length : 1;
    }
}

static void fill_match(struct value_match *match, const struct posting *posting,
                       const struct dataset *dataset)
{
    match->column = posting->place >> 16;
    assert(match->column < dataset->column_count);
    match->value = value_at(&dataset->columns[match->column], posting->place & PLACE_MAX);
}

static bool is_among(const struct value_match *match, const struct value_match *matches,
                     size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (matches[i].column == match->column && matches[i].value == match->value)
            return true;
    return false;
}

size_t value_matches(const struct value_index *index, const struct question *question,
                     uint32_t document, const struct dataset *dataset, struct value_match *out,
                     size_t match_max)
{
    size_t count = 0;
    for (size_t i = 0; i < question->count && count < match_max;) {
        struct value_match match = {.first_term = i, .term_count = 1};
        struct posting_list list = {NULL, 0};
        size_t length = longest_phrase(index, question, i, &list);
        const struct posting *posting = posting_list_find(list, document);
        if (posting) {
            match.term_count = length;
            match.whole = true;
        } else if (!question->terms[i].stop) {
            posting =
                posting_list_find(postings_find(index->words, question->terms[i].key), document);
        }
        if (posting) {
            fill_match(&match, posting, dataset);
            if (!is_among(&match, out, count))
                out[count++] = match;
        }
        i += match.term_count;
    }
    return count;
}
