/* SPDX-License-Identifier: Apache-2.0 */
#include "retrieval/text.h"

#include <assert.h>
#include <libstemmer.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "core/alloc.h"

#define DECOMPOSED_MAX 24 /* one character never becomes more */

/* Both lists are sorted for bsearch(); a test checks it. */
static const char *const stop_words[] = {
    "a",      "about",  "all",   "also",  "an",    "and",  "any",  "are",   "as",   "at",
    "be",     "been",   "by",    "can",   "could", "did",  "do",   "does",  "each", "every",
    "find",   "for",    "from",  "get",   "give",  "had",  "has",  "have",  "her",  "his",
    "how",    "i",      "in",    "into",  "is",    "it",   "its",  "list",  "many", "me",
    "much",   "my",     "no",    "not",   "of",    "on",   "or",   "our",   "per",  "please",
    "return", "should", "show",  "tell",  "than",  "that", "the",  "their", "then", "there",
    "these",  "this",   "those", "to",    "was",   "we",   "were", "what",  "when", "where",
    "which",  "who",    "whom",  "whose", "why",   "will", "with", "would", "you",  "your",
};
static const char *const asking_words[] = {
    "average",  "between", "biggest",   "bottom",      "change",   "changed",   "column",
    "columns",  "compare", "compared",  "count",       "daily",    "data",      "dataset",
    "datasets", "day",     "days",      "describe",    "details",  "different", "example",
    "examples", "explain", "fewest",    "field",       "fields",   "first",     "greatest",
    "group",    "grouped", "highest",   "information", "it",       "largest",   "last",
    "latest",   "least",   "less",      "lowest",      "max",      "maximum",   "mean",
    "median",   "min",     "minimum",   "month",       "monthly",  "months",    "more",
    "most",     "newest",  "number",    "only",        "over",     "overall",   "overview",
    "past",     "quarter", "quarterly", "record",      "records",  "row",       "rows",
    "sample",   "samples", "share",     "since",       "smallest", "sort",      "sorted",
    "sum",      "summary", "table",     "tables",      "ten",      "them",      "they",
    "this",     "time",    "today",     "top",         "total",    "trend",     "under",
    "until",    "value",   "values",    "week",        "weekly",   "weeks",     "year",
    "yearly",   "years",   "yesterday",
};

struct term_reader {
    struct sb_stemmer *stemmer;
    struct str rest;
    enum term_flags flags;
    char previous; /* the byte before `rest` when ASCII, else NUL */
    char word[TERM_SIZE_MAX];
    size_t length;
};

struct term_reader *term_reader_new(void)
{
    struct term_reader *reader = xcalloc(1, sizeof(*reader));
    reader->stemmer = sb_stemmer_new("english", "UTF_8");
    if (!reader->stemmer)
        abort(); /* out of memory, or a library built without English */
    return reader;
}

void term_reader_free(struct term_reader *reader)
{
    if (!reader)
        return;
    sb_stemmer_delete(reader->stemmer);
    free(reader);
}

void term_reader_start(struct term_reader *reader, struct str text, enum term_flags flags)
{
    reader->rest = text;
    reader->flags = flags;
    reader->previous = '\0';
}

static int compare_word(const void *key, const void *row)
{
    const struct str *word = key;
    return str_compare(*word, str_from(*(const char *const *)row));
}

static bool is_in(struct str word, const char *const *list, size_t count)
{
    return bsearch(&word, list, count, sizeof(*list), compare_word) != NULL;
}

enum letter_class { LETTER_NONE, LETTER_MARK, LETTER_WORD, LETTER_IDEOGRAPH };

static enum letter_class class_of(int32_t c)
{
    const utf8proc_property_t *property = utf8proc_get_property(c);
    switch (property->category) {
    case UTF8PROC_CATEGORY_LO:
        return (c >= 0x3400 && c <= 0x9FFF) || (c >= 0xF900 && c <= 0xFAFF) ||
                       (c >= 0x20000 && c <= 0x3FFFF)
                   ? LETTER_IDEOGRAPH
                   : LETTER_WORD;
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO:
    case UTF8PROC_CATEGORY_MC:
        return LETTER_WORD;
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_CF:
        return LETTER_MARK; /* accents and joiners are part of a word, and dropped */
    default:
        return LETTER_NONE;
    }
}

static void append(struct term_reader *reader, const void *bytes, size_t size)
{
    if (reader->length + size > TERM_SIZE_MAX)
        return;
    memcpy(reader->word + reader->length, bytes, size);
    reader->length += size;
}

/* Adds a character's base letters, lower-cased, without its accents. */
static void append_folded(struct term_reader *reader, int32_t c)
{
    int32_t parts[DECOMPOSED_MAX];
    int boundary = 0;
    utf8proc_ssize_t count = utf8proc_decompose_char(utf8proc_tolower(c), parts, DECOMPOSED_MAX,
                                                     UTF8PROC_DECOMPOSE, &boundary);
    for (utf8proc_ssize_t i = 0; i < count && i < DECOMPOSED_MAX; i++) {
        utf8proc_uint8_t bytes[4];
        enum letter_class class = class_of(parts[i]);
        if (class == LETTER_WORD || class == LETTER_IDEOGRAPH)
            append(reader, bytes, (size_t)utf8proc_encode_char(parts[i], bytes));
    }
}

static bool is_seam(char before, char after)
{
    bool upper = after >= 'A' && after <= 'Z';
    if (upper)
        return (before >= 'a' && before <= 'z') || char_is_digit(before);
    return char_is_digit(after) && char_is_alpha(before);
}

/* Takes one ASCII byte off the text. Returns false when it ends the word that is being read. */
static bool read_ascii(struct term_reader *reader)
{
    char c = reader->rest.bytes[0];
    bool ends = !char_is_alnum(c);
    if (!ends && reader->length > 0 && (reader->flags & TERM_SPLIT_IDENTIFIERS) &&
        is_seam(reader->previous, c)) {
        reader->previous = '\0'; /* the byte stays and begins the next word */
        return false;
    }
    reader->previous = c;
    reader->rest = str_slice(reader->rest, 1, reader->rest.length);
    char lower = char_lower(c);
    if (!ends)
        append(reader, &lower, 1);
    return !ends;
}

static bool read_wide(struct term_reader *reader)
{
    int32_t c;
    utf8proc_ssize_t size = utf8proc_iterate((const utf8proc_uint8_t *)reader->rest.bytes,
                                             (utf8proc_ssize_t)reader->rest.length, &c);
    enum letter_class class = size > 0 ? class_of(c) : LETTER_NONE;
    if (class == LETTER_IDEOGRAPH && reader->length > 0)
        return false; /* it stays and is the next word */
    reader->previous = '\0';
    reader->rest = str_slice(reader->rest, size > 0 ? (size_t)size : 1, reader->rest.length);
    if (class == LETTER_WORD || class == LETTER_IDEOGRAPH)
        append_folded(reader, c);
    return class == LETTER_WORD || class == LETTER_MARK;
}

bool term_reader_next(struct term_reader *reader, struct term *out)
{
    reader->length = 0;
    while (reader->rest.length > 0) {
        bool goes_on =
            (unsigned char)reader->rest.bytes[0] < 0x80 ? read_ascii(reader) : read_wide(reader);
        if (!goes_on && reader->length > 0)
            break;
    }
    if (reader->length == 0)
        return false;
    out->word = (struct str){reader->word, reader->length};
    out->stop = is_in(out->word, stop_words, sizeof(stop_words) / sizeof(stop_words[0]));
    out->asking = is_in(out->word, asking_words, sizeof(asking_words) / sizeof(asking_words[0]));
    const sb_symbol *stem =
        sb_stemmer_stem(reader->stemmer, (const sb_symbol *)reader->word, (int)reader->length);
    if (!stem)
        abort(); /* out of memory */
    out->stem = (struct str){(const char *)stem, (size_t)sb_stemmer_length(reader->stemmer)};
    return true;
}

void text_add_plain_name(struct strbuf *out, struct str name)
{
    for (size_t i = 0; i < name.length; i++) {
        if (i > 0 && is_seam(name.bytes[i - 1], name.bytes[i]))
            strbuf_add_char(out, ' ');
        strbuf_add_char(out, name.bytes[i] == '_' ? ' ' : name.bytes[i]);
    }
}
