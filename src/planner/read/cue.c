/* SPDX-License-Identifier: Apache-2.0 */
#include "planner/read/cue.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/arena.h"
#include "core/hash.h"
#include "core/strbuf.h"

#define PHRASE_WORDS_MAX 8
#define DIMENSION_WORDS_MAX 12

struct dimension {
    uint64_t concepts[DIMENSION_WORDS_MAX];
    size_t count;
};

struct lexicon {
    struct arena *arena;
    struct hash_index phrases; /* first: enum cue */
    size_t phrase_words_max;
    struct hash_index stop, frequent, signs;
    struct hash_index numbers;       /* first: the value */
    struct hash_index abbreviations; /* first: index of long_forms */
    const char **long_forms;
    size_t long_form_count, long_form_capacity;
    struct hash_index dimension_words; /* first: index of dimensions */
    struct dimension *dimensions;
    size_t dimension_count, dimension_capacity;
};

static const char *const cue_names[CUES] = {
    "",
#define X(symbol, name) name,
    CUE_CLASSES(X)
#undef X
};

struct symbol cue_symbol(enum cue cue)
{
    return symbol_from(cue_names[cue]);
}

static uint64_t hash_word(struct str word)
{
    return hash64_str(word, 0);
}

/* Phrases are hashed word by word, so that a question's tokens can be tried in place. */
static uint64_t phrase_hash(struct str phrase, size_t *words)
{
    uint64_t hash = 0;
    struct str rest = phrase, word;
    *words = 0;
    while (str_split(&rest, ' ', &word))
        if (word.length > 0) {
            hash = hash64_combine(hash, hash_word(word));
            (*words)++;
        }
    return hash;
}

static bool read_cues(struct lexicon *lexicon, struct str head, struct str body, struct error *err)
{
    uint32_t cue = CUE_NONE + 1;
    while (cue < CUES && !str_equal_text(head, cue_names[cue]))
        cue++;
    if (cue == CUES)
        return error_set(err, ERROR_INVALID, "'%.*s' is no cue class", STR_ARGS(head));
    struct str phrase;
    while (str_split(&body, ',', &phrase)) {
        size_t words;
        uint64_t hash = phrase_hash(str_trim(phrase), &words);
        if (words == 0 || words > PHRASE_WORDS_MAX)
            return error_set(err, ERROR_INVALID, "cue '%.*s' has no or too many words",
                             STR_ARGS(phrase));
        hash_index_add(&lexicon->phrases, hash, cue, 0);
        if (words > lexicon->phrase_words_max)
            lexicon->phrase_words_max = words;
    }
    return true;
}

static bool read_dimension(struct lexicon *lexicon, struct str head, struct str body,
                           struct error *err)
{
    lexicon->dimensions =
        arena_grow(lexicon->arena, lexicon->dimensions, lexicon->dimension_count,
                   &lexicon->dimension_capacity, sizeof(*lexicon->dimensions));
    struct dimension *dimension = &lexicon->dimensions[lexicon->dimension_count];
    *dimension = (struct dimension){0};
    struct str word;
    while (str_split(&body, ',', &word)) {
        if (dimension->count == DIMENSION_WORDS_MAX)
            return error_set(err, ERROR_INVALID, "dimension '%.*s' has too many column words",
                             STR_ARGS(head));
        dimension->concepts[dimension->count++] = hash_word(str_trim(word));
    }
    while (str_split(&head, ',', &word))
        hash_index_add(&lexicon->dimension_words, hash_word(str_trim(word)),
                       (uint32_t)lexicon->dimension_count, 0);
    lexicon->dimension_count++;
    return true;
}

static bool read_abbreviation(struct lexicon *lexicon, struct str head, struct str body,
                              struct error *err)
{
    lexicon->long_forms =
        arena_grow(lexicon->arena, lexicon->long_forms, lexicon->long_form_count,
                   &lexicon->long_form_capacity, sizeof(*lexicon->long_forms));
    hash_index_add(&lexicon->abbreviations, hash_word(head), (uint32_t)lexicon->long_form_count,
                   0);
    lexicon->long_forms[lexicon->long_form_count++] =
        arena_strndup(lexicon->arena, body.bytes, body.length);
    return true;
}

static bool read_number(struct lexicon *lexicon, struct str head, struct str body,
                        struct error *err)
{
    int64_t value;
    if (!str_to_i64(body, &value) || value < 0 || value > UINT32_MAX)
        return error_set(err, ERROR_INVALID, "number word '%.*s' has a wrong value",
                         STR_ARGS(head));
    hash_index_add(&lexicon->numbers, hash_word(head), (uint32_t)value, 0);
    return true;
}

static bool read_words(struct hash_index *index, struct str body)
{
    struct str word;
    while (str_split(&body, ',', &word))
        hash_index_add(index, hash_word(str_trim(word)), 0, 0);
    return true;
}

static bool read_stop(struct lexicon *lexicon, struct str head, struct str body, struct error *err)
{
    return read_words(&lexicon->stop, body);
}

static bool read_frequent(struct lexicon *lexicon, struct str head, struct str body,
                          struct error *err)
{
    return read_words(&lexicon->frequent, body);
}

static bool read_signs(struct lexicon *lexicon, struct str head, struct str body,
                       struct error *err)
{
    return read_words(&lexicon->signs, body);
}

static const struct section {
    const char *name;
    bool (*read)(struct lexicon *lexicon, struct str head, struct str body, struct error *err);
} sections[] = {
    {"[cues]", read_cues},       {"[dimensions]", read_dimension},
    {"[stop]", read_stop},       {"[abbreviations]", read_abbreviation},
    {"[numbers]", read_number},  {"[frequent]", read_frequent},
    {"[signs]", read_signs},
};

static const struct section *find_section(struct str name)
{
    for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++)
        if (str_equal_text(name, sections[i].name))
            return &sections[i];
    return NULL;
}

/* One entry, its continuation lines joined: "head: body". */
static bool read_entry(struct lexicon *lexicon, const struct section *section, struct str entry,
                       struct error *err)
{
    ptrdiff_t colon = str_find(entry, STR(":"));
    if (!section || colon <= 0)
        return error_set(err, ERROR_INVALID, "lexicon entry '%.*s' is not 'name: words'",
                         (int)(entry.length < 60 ? entry.length : 60), entry.bytes);
    return section->read(lexicon, str_trim(str_slice(entry, 0, (size_t)colon)),
                         str_trim(str_slice(entry, (size_t)colon + 1, entry.length)), err);
}

static bool read_lines(struct lexicon *lexicon, struct str text, struct error *err)
{
    const struct section *section = NULL;
    struct strbuf entry = strbuf_init(text.length + 1);
    bool ok = true;
    struct str line;
    while (ok && str_split(&text, '\n', &line)) {
        bool continued = line.length > 0 && line.bytes[0] == ' ';
        line = str_trim(line);
        if (!continued && entry.length > 0) {
            ok = read_entry(lexicon, section, strbuf_str(&entry), err);
            strbuf_reset(&entry);
        }
        if (!ok || line.length == 0 || line.bytes[0] == '#')
            continue;
        if (line.bytes[0] == '[') {
            section = find_section(line);
            if (!section)
                ok = error_set(err, ERROR_INVALID, "lexicon section '%.*s' is not known",
                               STR_ARGS(line));
            continue;
        }
        if (continued)
            strbuf_add_char(&entry, ' ');
        strbuf_add_str(&entry, line);
    }
    if (ok && entry.length > 0)
        ok = read_entry(lexicon, section, strbuf_str(&entry), err);
    strbuf_clear(&entry);
    return ok;
}

struct lexicon *lexicon_parse(struct str text, struct error *err)
{
    struct lexicon *lexicon = xcalloc(1, sizeof(*lexicon));
    lexicon->arena = arena_new();
    if (!read_lines(lexicon, text, err)) {
        lexicon_free(lexicon);
        return NULL;
    }
    hash_index_sort(&lexicon->phrases);
    hash_index_sort(&lexicon->stop);
    hash_index_sort(&lexicon->frequent);
    hash_index_sort(&lexicon->signs);
    hash_index_sort(&lexicon->numbers);
    hash_index_sort(&lexicon->abbreviations);
    hash_index_sort(&lexicon->dimension_words);
    return lexicon;
}

void lexicon_free(struct lexicon *lexicon)
{
    if (!lexicon)
        return;
    hash_index_clear(&lexicon->phrases);
    hash_index_clear(&lexicon->stop);
    hash_index_clear(&lexicon->frequent);
    hash_index_clear(&lexicon->signs);
    hash_index_clear(&lexicon->numbers);
    hash_index_clear(&lexicon->abbreviations);
    hash_index_clear(&lexicon->dimension_words);
    arena_free(lexicon->arena);
    free(lexicon);
}

static bool contains(const struct hash_index *index, uint64_t word)
{
    size_t count;
    return hash_index_find(index, word, &count) != NULL;
}

bool lexicon_is_stop(const struct lexicon *lexicon, uint64_t word)
{
    return contains(&lexicon->stop, word);
}

bool lexicon_is_frequent(const struct lexicon *lexicon, uint64_t word)
{
    return contains(&lexicon->frequent, word);
}

bool lexicon_is_sign(const struct lexicon *lexicon, uint64_t word)
{
    return contains(&lexicon->signs, word);
}

bool lexicon_number(const struct lexicon *lexicon, uint64_t word, double *out)
{
    size_t count;
    const struct hash_entry *entry = hash_index_find(&lexicon->numbers, word, &count);
    if (entry)
        *out = (double)entry->first;
    return entry != NULL;
}

const char *lexicon_long_form(const struct lexicon *lexicon, uint64_t word)
{
    size_t count;
    const struct hash_entry *entry = hash_index_find(&lexicon->abbreviations, word, &count);
    return entry ? lexicon->long_forms[entry->first] : NULL;
}

size_t lexicon_dimension(const struct lexicon *lexicon, uint64_t word, const uint64_t **concepts)
{
    size_t count;
    const struct hash_entry *entry = hash_index_find(&lexicon->dimension_words, word, &count);
    if (!entry)
        return 0;
    /* The last entry of a word wins: later lines refine earlier ones. */
    const struct dimension *dimension = &lexicon->dimensions[entry[count - 1].first];
    *concepts = dimension->concepts;
    return dimension->count;
}

/* How many tokens from `from` on make the longest phrase, 0 when none; its class in *cue. */
static size_t longest_phrase(const struct lexicon *lexicon, const struct token_list *tokens,
                             size_t from, enum cue *cue)
{
    uint64_t hash = 0;
    size_t best = 0;
    for (size_t n = 0; n < lexicon->phrase_words_max && from + n < tokens->count; n++) {
        const struct token *token = &tokens->items[from + n];
        if (token->quote)
            break;
        hash = hash64_combine(hash, token->lower.hash);
        size_t count;
        const struct hash_entry *entry = hash_index_find(&lexicon->phrases, hash, &count);
        if (entry) {
            best = n + 1;
            *cue = (enum cue)entry[count - 1].first;
        }
    }
    return best;
}

void cue_mark(const struct lexicon *lexicon, const struct token_list *tokens, struct arena *arena,
              struct cue_marks *out)
{
    out->cue = arena_array(arena, tokens->count + 1, sizeof(*out->cue));
    out->id = arena_array(arena, tokens->count + 1, sizeof(*out->id));
    uint16_t id = 0;
    for (size_t i = 0; i < tokens->count;) {
        enum cue cue = CUE_NONE;
        size_t length = longest_phrase(lexicon, tokens, i, &cue);
        if (length == 0) {
            i++;
            continue;
        }
        id++;
        for (size_t end = i + length; i < end; i++) {
            out->cue[i] = (uint8_t)cue;
            out->id[i] = id;
        }
    }
}
