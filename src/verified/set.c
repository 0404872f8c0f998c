/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All verified queries, found by the words around their slots.
 *
 * A pattern's words before its first slot and after its last one are hashed together; of a
 * question, the hashes of all its beginnings and ends are made once, and looked up for each shape
 * (so many words before, so many after) that some pattern has. What is found is compared word for
 * word.
 */
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/hash.h"
#include "planner/read/hash_index.h"
#include "verified/verified.h"

#define WHOLE VERIFIED_WORDS_MAX /* `after` of a pattern without slots */
#define TRIES_MAX 4000           /* spans of one question that are looked at */

struct shape {
    size_t before, after;
};

struct verified_index {
    struct hash_index hashes; /* first: query, second: which of its questions */
    struct hash_index rivals; /* the same by all words, whatever the slots are called */
    struct shape *shapes;
    size_t shape_count, shape_capacity;
};

static uint64_t word_hash(const struct verified_word *word)
{
    return word->slot ? 1 : hash64_str(word->text, hash_seed());
}

/* out[i]: of the first i words; or, from the end, of the last i. */
static uint64_t *hashes_of(const struct verified_words *words, bool from_end, struct arena *arena)
{
    uint64_t *out = arena_array(arena, words->count + 1, sizeof(*out));
    for (size_t i = 0; i < words->count; i++) {
        size_t at = from_end ? words->count - 1 - i : i;
        out[i + 1] = hash64_combine(out[i], word_hash(&words->items[at]));
    }
    return out;
}

static uint64_t shape_hash(const struct shape *shape, uint64_t before, uint64_t after)
{
    return hash64_combine(hash64_combine(before, after),
                          shape->before * (VERIFIED_WORDS_MAX + 1) + shape->after + 1);
}

static struct shape shape_of(const struct verified_words *words)
{
    struct shape shape = {0};
    while (shape.before < words->count && !words->items[shape.before].slot)
        shape.before++;
    if (shape.before == words->count)
        return (struct shape){words->count, WHOLE};
    while (!words->items[words->count - 1 - shape.after].slot)
        shape.after++;
    return shape;
}

static void add_shape(struct verified_index *index, struct shape shape)
{
    for (size_t i = 0; i < index->shape_count; i++)
        if (index->shapes[i].before == shape.before && index->shapes[i].after == shape.after)
            return;
    if (index->shape_count == index->shape_capacity) {
        index->shape_capacity = index->shape_capacity > 0 ? 2 * index->shape_capacity : 16;
        index->shapes =
            xrealloc(index->shapes, index->shape_capacity * sizeof(*index->shapes));
    }
    index->shapes[index->shape_count++] = shape;
}

static void add_pattern(struct verified_set *set, size_t query, size_t question)
{
    const struct verified_words *words = &set->queries[query].patterns[question];
    struct arena_mark mark = arena_mark(set->arena);
    struct shape shape = shape_of(words);
    const uint64_t *before = hashes_of(words, false, set->arena);
    const uint64_t *after = hashes_of(words, true, set->arena);
    uint64_t hash =
        shape_hash(&shape, before[shape.before], shape.after == WHOLE ? 0 : after[shape.after]);
    hash_index_add(&set->index->hashes, hash, (uint32_t)query, (uint32_t)question);
    hash_index_add(&set->index->rivals, before[words->count], (uint32_t)query,
                   (uint32_t)question);
    arena_rollback(set->arena, mark);
    add_shape(set->index, shape);
}

static void add_documents(struct verified_set *set, const struct dataset *dataset)
{
    for (size_t i = 0; i < dataset->verified_query_count; i++) {
        struct error err = {0};
        struct verified_entry *query = &set->queries[set->query_count];
        if (verified_parse_document(dataset, i, set->arena, query, &err) &&
            verified_check_slots(query, dataset, &err)) {
            set->query_count++;
        } else {
            struct problem place = {.path = dataset->document,
                                    .line = dataset->verified_queries[i].line,
                                    .severity = PROBLEM_WARNING};
            problem_add(&set->problems, &place, "the verified query is not used: %s", err.message);
        }
    }
}

struct verified_set *verified_set_new(const struct verified_record *records, size_t count,
                                      int64_t version, const struct catalog *catalog)
{
    struct verified_set *set = xcalloc(1, sizeof(*set));
    set->arena = arena_new();
    set->index = xcalloc(1, sizeof(*set->index));
    set->version = version;
    set->problems.arena = set->arena;
    memcpy(set->catalog_version, catalog->version, sizeof(set->catalog_version));
    atomic_init(&set->references, 1);
    size_t most = count;
    for (size_t i = 0; i < catalog->dataset_count; i++)
        most += catalog->datasets[i].verified_query_count;
    set->queries = arena_array(set->arena, most, sizeof(*set->queries));
    for (size_t i = 0; i < count; i++) {
        struct error ignored = {0}; /* it was checked when it was approved */
        set->query_count +=
            verified_parse(&records[i], set->arena, &set->queries[set->query_count], &ignored);
    }
    for (size_t i = 0; i < catalog->dataset_count; i++)
        add_documents(set, &catalog->datasets[i]);
    for (size_t i = 0; i < set->query_count; i++)
        for (size_t k = 0; k < set->queries[i].question_count; k++)
            add_pattern(set, i, k);
    hash_index_sort(&set->index->hashes);
    hash_index_sort(&set->index->rivals);
    return set;
}

struct verified_set *verified_set_ref(struct verified_set *set)
{
    atomic_fetch_add(&set->references, 1);
    return set;
}

void verified_set_unref(struct verified_set *set)
{
    if (!set || atomic_fetch_sub(&set->references, 1) > 1)
        return;
    hash_index_clear(&set->index->hashes);
    hash_index_clear(&set->index->rivals);
    free(set->index->shapes);
    free(set->index);
    arena_free(set->arena);
    free(set);
}

struct verified_entry *verified_set_find(const struct verified_set *set, const char *id)
{
    for (size_t i = 0; i < set->query_count; i++)
        if (strcmp(set->queries[i].id, id) == 0)
            return &set->queries[i];
    return NULL;
}

/* The same words, slots at the same places. */
static bool patterns_alike(const struct verified_words *a, const struct verified_words *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (a->items[i].slot != b->items[i].slot ||
            (!a->items[i].slot && !str_equal(a->items[i].text, b->items[i].text)))
            return false;
    return true;
}

const struct verified_entry *verified_set_rival(const struct verified_set *set,
                                                const struct verified_entry *query)
{
    const struct verified_entry *found = NULL;
    if (!query->dataset_id)
        return NULL;
    struct arena *arena = arena_new();
    for (size_t q = 0; q < query->question_count && !found; q++) {
        const struct verified_words *words = &query->patterns[q];
        size_t count = 0;
        const struct hash_entry *entries = hash_index_find(
            &set->index->rivals, hashes_of(words, false, arena)[words->count], &count);
        for (size_t i = 0; i < count && !found; i++) {
            const struct verified_entry *other = &set->queries[entries[i].first];
            if ((!query->id || strcmp(other->id, query->id) != 0) &&
                strcmp(other->dataset_id, query->dataset_id) == 0 &&
                patterns_alike(&other->patterns[entries[i].second], words))
                found = other;
        }
    }
    arena_free(arena);
    return found;
}

/* ------------------------------------------------------------------ finding */

typedef bool (*found_fn)(void *context, uint32_t query, uint32_t question);

/* Calls found() with each pattern whose ends are those of the question, until it says true. */
static bool look_up(const struct verified_set *set, const struct verified_words *words,
                    struct arena *arena, found_fn found, void *context)
{
    const uint64_t *before = hashes_of(words, false, arena);
    const uint64_t *after = hashes_of(words, true, arena);
    for (size_t s = 0; s < set->index->shape_count; s++) {
        const struct shape *shape = &set->index->shapes[s];
        bool whole = shape->after == WHOLE;
        if (whole ? shape->before != words->count : shape->before + shape->after >= words->count)
            continue;
        size_t count = 0;
        uint64_t hash = shape_hash(shape, before[shape->before], whole ? 0 : after[shape->after]);
        const struct hash_entry *entries = hash_index_find(&set->index->hashes, hash, &count);
        for (size_t i = 0; i < count; i++)
            if (found(context, entries[i].first, entries[i].second))
                return true;
    }
    return false;
}

static bool any(void *context, uint32_t query, uint32_t question)
{
    return true;
}

static bool read_question(struct str question, struct arena *arena, struct verified_words *out)
{
    if (question.length > 4 * VERIFIED_QUESTION_MAX)
        return false;
    verified_words_read(question, false, arena, out);
    return !out->too_many && out->count > 0;
}

bool verified_set_may_match(const struct verified_set *set, struct str question,
                            struct arena *arena)
{
    struct verified_words words;
    return set->query_count > 0 && read_question(question, arena, &words) &&
           look_up(set, &words, arena, any, NULL);
}

/* ------------------------------------------------------------------ matching */

struct matcher {
    const struct verified_set *set;
    const struct verified_request *request;
    const struct verified_words *words;
    struct arena *arena;
    size_t tries;
    /* The pattern that is tried. */
    struct verified_entry *query;
    const struct verified_words *pattern;
    struct verified_place place;
    struct verified_value values[VERIFIED_SLOTS_MAX];
    /* What fits. */
    struct verified_match match;
    bool ambiguous;
};

static bool same_value(const struct verified_value *a, const struct verified_value *b)
{
    if (a->text || b->text)
        return a->text && b->text && strcmp(a->text, b->text) == 0;
    return strcmp(a->period.from, b->period.from) == 0 && strcmp(a->period.to, b->period.to) == 0;
}

/* All of the pattern is in the question. Another way to read it makes it ambiguous. */
static void keep(struct matcher *m)
{
    if (!m->match.query) {
        m->match = (struct verified_match){
            .query = m->query,
            .place = m->place,
            .values = arena_memdup(m->arena, m->values, sizeof(m->values)),
        };
        return;
    }
    m->ambiguous |= m->match.query != m->query;
    for (size_t i = 0; i < m->query->slot_count && !m->ambiguous; i++)
        m->ambiguous = !same_value(&m->match.values[i], &m->values[i]);
}

static const struct verified_slot *slot_of(const struct verified_entry *query,
                                           const struct verified_word *word, size_t *number)
{
    for (*number = 0; *number < query->slot_count; ++*number)
        if (str_equal_text(word->text, query->slots[*number].name))
            return &query->slots[*number];
    return NULL;
}

/* Marks at the end of a question say nothing, unless some value is written with them: "Acme Inc." is
 * not "Acme Inc" where both are stored. */
static bool is_value_with_marks(struct matcher *m, const struct verified_slot *slot, size_t begin,
                                const struct verified_value *value)
{
    struct str rest = str_slice(m->request->question, begin, m->request->question.length);
    while (rest.length > 0 && strchr("?\"' ", rest.bytes[rest.length - 1]))
        rest.length--;
    struct verified_value other;
    return verified_read_value(slot, rest, m->request->planner, &m->place, m->arena, &other) &&
           !same_value(&other, value);
}

/* Do the pattern's words from `p` on fit the question's from `w` on? Each slot takes one word or
 * more; the depth is that of the slots. */
static void align(struct matcher *m, size_t p, size_t w)
{
    const struct verified_words *pattern = m->pattern, *words = m->words;
    while (p < pattern->count && !pattern->items[p].slot) {
        if (w == words->count || !verified_word_equal(&pattern->items[p], &words->items[w]))
            return;
        p++;
        w++;
    }
    if (p == pattern->count) {
        if (w == words->count)
            keep(m);
        return;
    }
    size_t number;
    const struct verified_slot *slot = slot_of(m->query, &pattern->items[p], &number);
    bool last = p + 1 == pattern->count;
    size_t end_max = w + VERIFIED_SPAN_WORDS_MAX < words->count ? w + VERIFIED_SPAN_WORDS_MAX
                                                                : words->count;
    for (size_t end = w + 1; slot && end <= end_max && !m->ambiguous; end++) {
        const struct verified_word *next = end < words->count ? &words->items[end] : NULL;
        if (last ? next != NULL
                 : !next || (!pattern->items[p + 1].slot &&
                             !verified_word_equal(&pattern->items[p + 1], next)))
            continue;
        if (++m->tries > TRIES_MAX) {
            m->ambiguous = true;
            return;
        }
        struct str span = str_slice(m->request->question, words->items[w].begin,
                                    words->items[end - 1].end);
        if (verified_read_value(slot, span, m->request->planner, &m->place, m->arena,
                                &m->values[number]) &&
            !(last && slot->kind == SLOT_TEXT &&
              is_value_with_marks(m, slot, words->items[w].begin, &m->values[number])))
            align(m, p + 1, end);
    }
}

static bool try_pattern(void *context, uint32_t query, uint32_t question)
{
    struct matcher *m = context;
    m->query = &m->set->queries[query];
    m->pattern = &m->query->patterns[question];
    if (atomic_load(&m->query->trial) == VERIFIED_BROKEN)
        return false;
    m->place = m->request->place(m->request->context, m->query->dataset_id);
    if (m->place.dataset)
        align(m, 0, 0);
    return m->ambiguous;
}

void verified_set_match(const struct verified_set *set, const struct verified_request *request,
                        struct arena *arena, struct verified_match *out)
{
    struct verified_words words;
    *out = (struct verified_match){0};
    if (set->query_count == 0 || !read_question(request->question, arena, &words))
        return;
    struct matcher *matcher = arena_alloc(arena, sizeof(*matcher));
    *matcher = (struct matcher){
        .set = set, .request = request, .words = &words, .arena = arena};
    (void)look_up(set, &words, arena, try_pattern, matcher);
    if (!matcher->ambiguous)
        *out = matcher->match;
}
