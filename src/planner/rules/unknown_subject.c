/* SPDX-License-Identifier: Apache-2.0 */
#include "planner/rules/unknown_subject.h"

#include <string.h>

#include "planner/read/dataset_index.h"
#include "planner/read/words.h"
#include "planner/rules/business.h"

#define SUBJECT_WORDS_MAX 3
#define NEAR_IN_MEANING 0.4 /* cosine of word vectors */
#define VECTOR_MAX 512

struct openings {
    size_t count;
    const char *words[5];
};

/* Words that ask for a number of what follows them, and those that rank it. */
static const struct openings counting = {4, {"how many", "number of", "count of", "amount of"}};
static const struct openings ranking = {5, {"top", "best", "worst", "bottom", "leading"}};

/* Skipped before the subject. */
static const char *const fillers[] = {"the",  "different", "distinct", "unique", "all", "total",
                                      "of",   "our",       "my",       "a",      "an",  "new",
                                      "more", "such",      "other",    "these",  "those"};

/* Where the subject ends: what comes after is said about it. */
static const char *const enders[] = {
    "are",  "is",   "were", "was",  "do",   "does", "did",     "have",   "has",  "had",  "per",
    "by",   "in",   "on",   "at",   "from", "for",  "with",    "there",  "that", "who",  "which",
    "to",   "each", "and",  "or",   "than", "we",   "i",       "you",    "they", "can",  "will",
    "last", "this", "next", "over", "when", "whose", "without", "between", "not", "made"};

/* Names for rows, people, time and numbers that fit any data. */
static const char *const general[] = {
    "row",    "rows",   "record", "records", "entry",  "entries", "item",   "items",  "people",
    "person", "persons", "time",  "times",   "day",    "days",    "week",   "weeks",  "month",
    "months", "year",   "years",  "hour",    "hours",  "minute",  "minutes", "value", "values",
    "reading", "readings", "measurement", "measurements",
    "column", "columns", "table", "tables",  "dataset", "datasets", "thing", "things", "case",
    "cases",  "number", "numbers", "kind",   "kinds",  "type",    "types",  "observation",
    "observations", "ones", "sort", "sorts"};

#define HOLDS(list, word) holds_word(list, sizeof(list) / sizeof((list)[0]), word)

static bool holds_word(const char *const *list, size_t count, const char *word)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(list[i], word) == 0)
            return true;
    return false;
}

struct lookup {
    struct arena *arena;
    struct stemmer *stemmer;
    const char *word; /* folded */
    const char *stem;
};

static bool is_named_in(const struct lookup *lookup, const char *text)
{
    if (!text)
        return false;
    struct word_list words;
    words_split(lookup->arena, str_from(text), &words);
    for (size_t i = 0; i < words.count; i++)
        if (str_equal_text(stemmer_stem(lookup->stemmer, str_from(words.items[i])), lookup->stem))
            return true;
    return false;
}

static bool is_in_list(const struct lookup *lookup, const struct text_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        if (is_named_in(lookup, list->items[i]))
            return true;
    return false;
}

static bool names_column(const struct lookup *lookup, const struct column *column)
{
    if (is_named_in(lookup, column->name) || is_named_in(lookup, column->label) ||
        is_named_in(lookup, column->description) || is_in_list(lookup, &column->synonyms))
        return true;
    if (column->kind != VALUE_TEXT && column->kind != VALUE_BOOLEAN)
        return false;
    for (size_t i = 0; i < column->profile.value_count; i++)
        if (is_named_in(lookup, column->profile.values[i].text))
            return true;
    return false;
}

static bool names_dataset(const struct lookup *lookup, const struct dataset *dataset)
{
    if (is_named_in(lookup, dataset->table_name) || is_named_in(lookup, dataset->title) ||
        is_named_in(lookup, dataset->grain) || is_named_in(lookup, dataset->description) ||
        is_in_list(lookup, &dataset->synonyms))
        return true;
    for (size_t i = 0; i < dataset->metric_count; i++)
        if (is_named_in(lookup, dataset->metrics[i].name) ||
            is_in_list(lookup, &dataset->metrics[i].synonyms))
            return true;
    for (size_t i = 0; i < dataset->filter_count; i++)
        if (is_named_in(lookup, dataset->filters[i].name) ||
            is_in_list(lookup, &dataset->filters[i].synonyms))
            return true;
    for (size_t i = 0; i < dataset->column_count; i++)
        if (names_column(lookup, &dataset->columns[i]))
            return true;
    return false;
}

static bool is_near(const struct lookup *lookup, const struct dataset_index *index)
{
    float vector[VECTOR_MAX];
    if (!index || !index->table || word_table_dimensions(index->table) > VECTOR_MAX ||
        !word_table_vector(index->table, str_from(lookup->word), vector))
        return false;
    size_t width = word_table_dimensions(index->table);
    for (size_t i = 0; index->vectors && i < index->word_count; i++)
        if (word_table_cosine(index->table, vector, index->vectors + i * width) > NEAR_IN_MEANING)
            return true;
    for (size_t i = 0; index->table_vectors && i < index->table_word_count; i++)
        if (word_table_cosine(index->table, vector, index->table_vectors + i * width) >
            NEAR_IN_MEANING)
            return true;
    return false;
}

static bool is_known(struct lookup *lookup, const struct plan_request *request)
{
    lookup->stem = arena_str(lookup->arena,
                             stemmer_stem(lookup->stemmer, str_from(lookup->word))).bytes;
    const struct plan_dataset *const lists[] = {request->datasets, request->joinable};
    const size_t counts[] = {request->dataset_count, request->joinable_count};
    for (size_t l = 0; l < 2; l++)
        for (size_t i = 0; i < counts[l]; i++)
            if (names_dataset(lookup, lists[l][i].dataset) || is_near(lookup, lists[l][i].index))
                return true;
    return false;
}

/* The folded words of the subject; 0 when the question counts, or ranks, nothing. */
static size_t find_subject(struct str question, const struct openings *openings,
                           struct arena *arena, const char *subject[SUBJECT_WORDS_MAX])
{
    const char *folded = word_fold(arena, question);
    const char *start = NULL;
    for (size_t i = 0; !start && i < openings->count; i++) {
        const char *found = strstr(folded, openings->words[i]);
        if (found && (found == folded || found[-1] == ' '))
            start = found + strlen(openings->words[i]);
    }
    if (!start || (*start && *start != ' '))
        return 0;
    size_t count = 0;
    struct str rest = str_from(start), word;
    while (count < SUBJECT_WORDS_MAX && str_split(&rest, ' ', &word)) {
        while (word.length > 0 && strchr("?!.,;:\"'", word.bytes[word.length - 1]))
            word.length--;
        const char *text = arena_str(arena, word).bytes;
        bool number = word.length > 0 && char_is_digit(word.bytes[0]); /* "top 5 customers" */
        if (word.length == 0 || (count == 0 && (HOLDS(fillers, text) || number)))
            continue;
        bool plain = true;
        for (size_t i = 0; i < word.length; i++)
            plain &= char_is_alpha(word.bytes[i]);
        if (!plain || HOLDS(enders, text))
            break;
        subject[count++] = text;
    }
    return count;
}

const char *unknown_subject(const struct plan_request *request, struct arena *arena)
{
    const char *subject[SUBJECT_WORDS_MAX];
    size_t count = find_subject(request->question, &counting, arena, subject);
    if (count == 0)
        return NULL;
    struct lookup lookup = {.arena = arena, .stemmer = stemmer_new()};
    bool known = false;
    for (size_t i = 0; i < count && !known; i++) {
        lookup.word = subject[i];
        known = HOLDS(general, subject[i]) || is_known(&lookup, request);
    }
    stemmer_free(lookup.stemmer);
    return known ? NULL : subject[0];
}

/* The dataset that goes by the word alone, if it is just one. */
static const struct dataset *dataset_called(const struct lookup *lookup,
                                            const struct plan_request *request)
{
    const struct plan_dataset *const lists[] = {request->datasets, request->joinable};
    const size_t counts[] = {request->dataset_count, request->joinable_count};
    const struct dataset *found = NULL;
    for (size_t l = 0; l < 2; l++)
        for (size_t i = 0; i < counts[l]; i++) {
            const struct dataset *dataset = lists[l][i].dataset;
            struct word_list words;
            words_split(lookup->arena, str_from(dataset->table_name), &words);
            if (words.count != 1 || dataset == found ||
                !str_equal_text(stemmer_stem(lookup->stemmer, str_from(words.items[0])),
                                lookup->stem))
                continue;
            if (found)
                return NULL;
            found = dataset;
        }
    return found;
}

/* Is it a key of the dataset, kept in another table? */
static bool points_to(const struct query *query, const struct expression *key,
                      const struct dataset *dataset)
{
    const struct dataset *own = query->tables[key->table].dataset;
    for (size_t i = 0; i < own->relationship_count; i++)
        if (own->relationships[i].dataset_id && own->relationships[i].column &&
            strcmp(own->relationships[i].dataset_id, dataset->id) == 0 &&
            strcmp(own->relationships[i].column, key->column->name) == 0)
            return true;
    return false;
}

/* "Customer cards" are counted in a table of that name, where there are customers, too. */
static bool names_table(const struct lookup *lookup, const struct query *query)
{
    for (size_t i = 0; i < query->table_count; i++)
        if (is_named_in(lookup, query->tables[i].dataset->table_name))
            return true;
    return false;
}

static bool counts_it(const struct lookup *lookup, const struct query *query,
                      const struct dataset *dataset)
{
    const struct expression *e = query->select[0].expression;
    if (names_table(lookup, query))
        return true;
    bool counts = e->kind == EXPRESSION_AGGREGATE && (e->aggregate == AGGREGATE_COUNT ||
                                                      e->aggregate == AGGREGATE_COUNT_DISTINCT);
    if (counts && e->left && e->left->column && points_to(query, e->left, dataset))
        return true;
    return !counts || (e->left && e->left->column && is_named_in(lookup, e->left->column->name));
}

/* Does it show which of the dataset's things are ranked: their names, keys or whole rows? */
static bool shows_it(const struct lookup *lookup, const struct query *query,
                     const struct dataset *dataset)
{
    for (size_t i = 0; i < query->select_count; i++) {
        const struct expression *e = query->select[i].expression;
        if (e->kind == EXPRESSION_STAR || e->kind == EXPRESSION_BUCKET)
            return true;
        if (e->kind != EXPRESSION_COLUMN)
            continue;
        bool names = e->column->unique || e->column->role == ROLE_KEY ||
                     e->column == dataset_name_column(query->tables[e->table].dataset) ||
                     is_named_in(lookup, e->column->name);
        if (names || query->tables[e->table].dataset != dataset)
            return true;
    }
    return false;
}

typedef bool (*is_about_fn)(const struct lookup *lookup, const struct query *query,
                            const struct dataset *dataset);

static bool misses_dataset(const struct plan_request *request, const struct query *query,
                           const struct openings *openings, is_about_fn is_about,
                           struct arena *arena)
{
    const char *subject[SUBJECT_WORDS_MAX];
    size_t count = find_subject(request->question, openings, arena, subject);
    if (count == 0)
        return false;
    struct lookup lookup = {.arena = arena, .stemmer = stemmer_new()};
    bool another = false;
    for (size_t i = 0; i < count && !another; i++) {
        lookup.word = subject[i];
        lookup.stem = arena_str(arena, stemmer_stem(lookup.stemmer, str_from(subject[i]))).bytes;
        const struct dataset *dataset = dataset_called(&lookup, request);
        if (!dataset && names_table(&lookup, query))
            break; /* the word is a part of the table's longer name, or names several */
        another = dataset && !is_about(&lookup, query, dataset);
    }
    stemmer_free(lookup.stemmer);
    return another;
}

void subjects_asked_for(struct str question, struct arena *arena, bool *counted, bool *ranked)
{
    const char *subject[SUBJECT_WORDS_MAX];
    *counted = find_subject(question, &counting, arena, subject) > 0;
    *ranked = find_subject(question, &ranking, arena, subject) > 0;
}

bool counts_another_table(const struct plan_request *request, const struct query *query,
                          struct arena *arena)
{
    return misses_dataset(request, query, &counting, counts_it, arena);
}

bool ranks_something_else(const struct plan_request *request, const struct query *query,
                          struct arena *arena)
{
    return misses_dataset(request, query, &ranking, shows_it, arena);
}
