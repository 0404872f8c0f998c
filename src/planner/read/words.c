/* SPDX-License-Identifier: Apache-2.0 */
#include "planner/read/words.h"

#include <libstemmer.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>


struct stemmer *stemmer_new(void)
{
    struct sb_stemmer *stemmer = sb_stemmer_new("english", "UTF_8");
    if (!stemmer)
        abort(); /* only without memory: the language is compiled into the library */
    return (struct stemmer *)stemmer;
}

void stemmer_free(struct stemmer *stemmer)
{
    if (stemmer)
        sb_stemmer_delete((struct sb_stemmer *)stemmer);
}

struct str stemmer_stem(struct stemmer *stemmer, struct str word)
{
    struct sb_stemmer *english = (struct sb_stemmer *)stemmer;
    const sb_symbol *stem =
        sb_stemmer_stem(english, (const sb_symbol *)word.bytes, (int)word.length);
    if (!stem)
        return word;
    return (struct str){(const char *)stem, (size_t)sb_stemmer_length(english)};
}

#define FOLD_POINTS_MAX 18 /* of one character, the longest Unicode has */

/* The next character of *text, folded to at most `max` characters; the number written. Bytes that
 * are not UTF-8 fold to '?'. */
static size_t fold_next(struct str *text, utf8proc_int32_t *out, size_t max)
{
    unsigned char byte = (unsigned char)text->bytes[0];
    if (byte < 0x80) {
        out[0] = char_lower((char)byte);
        *text = str_slice(*text, 1, text->length);
        return 1;
    }
    utf8proc_int32_t point;
    utf8proc_ssize_t size = utf8proc_iterate((const utf8proc_uint8_t *)text->bytes,
                                             (utf8proc_ssize_t)text->length, &point);
    if (size <= 0) {
        out[0] = '?';
        *text = str_slice(*text, 1, text->length);
        return 1;
    }
    *text = str_slice(*text, (size_t)size, text->length);
    int boundary = 0;
    utf8proc_ssize_t count = utf8proc_decompose_char(
        point, out, (utf8proc_ssize_t)max,
        UTF8PROC_CASEFOLD | UTF8PROC_STRIPMARK | UTF8PROC_COMPAT | UTF8PROC_DECOMPOSE |
            UTF8PROC_IGNORE,
        &boundary);
    return count < 0 || (size_t)count > max ? 0 : (size_t)count;
}

const char *word_fold(struct arena *arena, struct str word)
{
    /* A character of two bytes or more folds to at most 18 of four bytes each. */
    char *out = arena_alloc(arena, word.length * FOLD_POINTS_MAX * 2 + 1);
    size_t length = 0;
    while (word.length > 0) {
        utf8proc_int32_t points[FOLD_POINTS_MAX];
        size_t count = fold_next(&word, points, FOLD_POINTS_MAX);
        for (size_t i = 0; i < count; i++)
            length += (size_t)utf8proc_encode_char(points[i], (utf8proc_uint8_t *)out + length);
    }
    out[length] = '\0';
    return out;
}

enum letter_class { LETTER_NONE, LETTER_LOWER, LETTER_UPPER, LETTER_DIGIT, LETTER_PERCENT };

/* What stands at the front of `text`, and how many bytes it takes. */
static enum letter_class classify(struct str text, size_t *size)
{
    unsigned char byte = (unsigned char)text.bytes[0];
    *size = 1;
    if (byte < 0x80) {
        char c = (char)byte;
        return char_is_digit(c)                      ? LETTER_DIGIT
               : c == '%'                            ? LETTER_PERCENT
               : !char_is_alpha(c)                   ? LETTER_NONE
               : char_lower(c) == c                  ? LETTER_LOWER
                                                     : LETTER_UPPER;
    }
    utf8proc_int32_t point;
    utf8proc_ssize_t length = utf8proc_iterate((const utf8proc_uint8_t *)text.bytes,
                                               (utf8proc_ssize_t)text.length, &point);
    if (length <= 0)
        return LETTER_NONE;
    *size = (size_t)length;
    utf8proc_category_t category = utf8proc_category(point);
    if (category == UTF8PROC_CATEGORY_LU || category == UTF8PROC_CATEGORY_LT)
        return LETTER_UPPER;
    if (category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_MC)
        return LETTER_LOWER;
    return category == UTF8PROC_CATEGORY_ND ? LETTER_DIGIT : LETTER_NONE;
}

/* Where the word that begins at `from` ends: camelCase and letters next to digits are split,
 * "HTTPServer" as http, server. */
static size_t word_end(struct str text, size_t from)
{
    enum letter_class previous = LETTER_NONE;
    size_t at = from, last = from;
    for (size_t count = 0; at < text.length; count++) {
        size_t size;
        enum letter_class class = classify(str_slice(text, at, text.length), &size);
        if (class == LETTER_NONE)
            return at;
        if (count > 0) {
            bool digits = (class == LETTER_DIGIT) != (previous == LETTER_DIGIT);
            if (digits || class == LETTER_PERCENT || previous == LETTER_PERCENT ||
                (previous == LETTER_LOWER && class == LETTER_UPPER))
                return at;
            if (previous == LETTER_UPPER && class == LETTER_LOWER && count > 1)
                return last;
        }
        previous = class;
        last = at;
        at += size;
    }
    return at;
}

void words_split(struct arena *arena, struct str text, struct word_list *out)
{
    *out = (struct word_list){0};
    size_t limit = sizeof(out->items) / sizeof(out->items[0]);
    for (size_t at = 0; at < text.length && out->count < limit;) {
        size_t size;
        if (classify(str_slice(text, at, text.length), &size) == LETTER_NONE) {
            at += size;
            continue;
        }
        size_t end = word_end(text, at);
        out->items[out->count++] = word_fold(arena, str_slice(text, at, end));
        at = end;
    }
}

size_t words_key(struct str text, char *out, size_t size)
{
    size_t length = 0;
    bool gap = false;
    while (text.length > 0) {
        utf8proc_int32_t points[FOLD_POINTS_MAX];
        size_t step;
        enum letter_class class = classify(text, &step);
        if (class == LETTER_NONE || class == LETTER_PERCENT) {
            text = str_slice(text, step, text.length);
            gap = length > 0;
            continue;
        }
        size_t count = fold_next(&text, points, FOLD_POINTS_MAX);
        if (length + gap + 4 * count + 1 > size)
            return 0;
        if (gap)
            out[length++] = ' ';
        gap = false;
        for (size_t i = 0; i < count; i++)
            length += (size_t)utf8proc_encode_char(points[i], (utf8proc_uint8_t *)out + length);
    }
    if (length > 0)
        out[length] = '\0';
    return length;
}

bool word_near(const char *a, size_t a_length, const char *b, size_t b_length)
{
    if (a_length < b_length)
        return word_near(b, b_length, a, a_length);
    if (a_length - b_length > 1)
        return false;
    size_t same = 0;
    while (same < b_length && a[same] == b[same])
        same++;
    if (same == a_length)
        return false; /* equal is not near */
    if (a_length > b_length)
        return memcmp(a + same + 1, b + same, b_length - same) == 0;
    if (memcmp(a + same + 1, b + same + 1, a_length - same - 1) == 0)
        return true;
    return same + 1 < a_length && a[same] == b[same + 1] && a[same + 1] == b[same] &&
           memcmp(a + same + 2, b + same + 2, a_length - same - 2) == 0;
}

bool is_identifier(struct str text)
{
    bool letter = false, other = false;
    for (size_t i = 0; i < text.length; i++) {
        letter |= char_is_alpha(text.bytes[i]);
        other |= char_is_digit(text.bytes[i]) || text.bytes[i] == '_';
    }
    return letter && other;
}

static size_t next_telling(struct str text, size_t at)
{
    while (at < text.length && !char_is_alnum(text.bytes[at]) && !(text.bytes[at] & 0x80))
        at++;
    return at;
}

bool same_identifier(struct str a, struct str b)
{
    size_t i = next_telling(a, 0), k = next_telling(b, 0);
    while (i < a.length && k < b.length && char_lower(a.bytes[i]) == char_lower(b.bytes[k])) {
        i = next_telling(a, i + 1);
        k = next_telling(b, k + 1);
    }
    return i == a.length && k == b.length;
}

bool word_is_no_pronoun(struct str word, struct str question)
{
    bool lower = false;
    for (size_t i = 0; i < question.length && !lower; i++)
        lower = question.bytes[i] >= 'a' && question.bytes[i] <= 'z';
    return lower && (str_equal_text(word, "US") || str_equal_text(word, "IT") ||
                     str_equal_text(word, "WHO"));
}
