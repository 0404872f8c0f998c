/* SPDX-License-Identifier: Apache-2.0 */
/*
 * struct str: a borrowed run of bytes (pointer and length), not NUL-ended. It owns nothing: it is
 * valid as long as what it points into. Copy it with arena_str() to keep it.
 */
#ifndef QUERENT_CORE_STR_H
#define QUERENT_CORE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct str {
    const char *bytes;
    size_t length;
};

/* For printf: printf("%.*s", STR_ARGS(s)). */
#define STR_ARGS(s) (int)(s).length, (s).bytes

/* A string literal as a struct str. */
#define STR(literal) ((struct str){"" literal, sizeof(literal) - 1})

/* The whole of a NUL-ended text; NULL becomes the empty string. */
static inline struct str str_from(const char *text)
{
    return text ? (struct str){text, strlen(text)} : (struct str){"", 0};
}

static inline bool str_equal(struct str a, struct str b)
{
    return a.length == b.length && (a.length == 0 || memcmp(a.bytes, b.bytes, a.length) == 0);
}

static inline bool str_equal_text(struct str a, const char *text)
{
    return str_equal(a, str_from(text));
}

/* ASCII letters compare without case; other bytes must be equal. */
bool str_equal_nocase(struct str a, struct str b);
int str_compare(struct str a, struct str b); /* bytewise; <0, 0, >0 */

bool str_starts(struct str s, struct str prefix);
bool str_ends(struct str s, struct str suffix);
/* The first place of `needle`, or -1. An empty needle is found at 0. */
ptrdiff_t str_find(struct str s, struct str needle);
/* Without ASCII blanks at both ends. */
struct str str_trim(struct str s);
/* Bytes [from, to), cut to what there is. */
static inline struct str str_slice(struct str s, size_t from, size_t to)
{
    if (to > s.length)
        to = s.length;
    if (from > to)
        from = to;
    return (struct str){s.bytes + from, to - from};
}

/* Takes the part before the next `separator` off the front of *rest; false when *rest is at its
 * end. "a,,b" gives "a", "", "b"; the empty string gives one empty part. Start with a copy of the
 * text; *rest has bytes == NULL when all is taken. */
bool str_split(struct str *rest, char separator, struct str *part);
/* Is it one of the parts of a list? An empty item, or one with the separator in it, is not. */
bool str_list_has(const char *list, char separator, const char *item);

/* Whole-string conversions: false when anything is left over or out of range. */
bool str_to_i64(struct str s, int64_t *out);
bool str_to_double(struct str s, double *out); /* C locale; no inf, nan or hex */

/* Valid UTF-8 (no overlong forms, no surrogates, at most U+10FFFF). */
bool str_is_utf8(struct str s);
/* The longest prefix of at most `length_max` bytes that does not split a character. */
struct str str_cut_utf8(struct str s, size_t length_max);
/* Number of characters (code points) of valid UTF-8. */
size_t str_count_utf8(struct str s);

/* ASCII only, independent of the locale. */
static inline bool char_is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static inline bool char_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static inline bool char_is_alpha(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static inline bool char_is_alnum(char c)
{
    return char_is_alpha(c) || char_is_digit(c);
}

static inline char char_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static inline char char_upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - ('a' - 'A')) : c;
}

/* How many single-letter edits (insert, delete, replace, swap neighbours) turn a into b, or
 * distance_max + 1 when more. For "did you mean". Strings over 64 bytes count as far apart. */
unsigned str_distance(struct str a, struct str b, unsigned distance_max);

/* The form of the words that goes with a number: "1 row", "2 rows", "0 rows". */
const char *plural(uint64_t count, const char *one, const char *many);

#endif
