/* SPDX-License-Identifier: Apache-2.0 */
#include "core/str.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

bool str_equal_nocase(struct str a, struct str b)
{
    if (a.length != b.length)
        return false;
    for (size_t i = 0; i < a.length; i++)
        if (char_lower(a.bytes[i]) != char_lower(b.bytes[i]))
            return false;
    return true;
}

int str_compare(struct str a, struct str b)
{
    size_t shorter = a.length < b.length ? a.length : b.length;
    int order = shorter > 0 ? memcmp(a.bytes, b.bytes, shorter) : 0;
    if (order != 0)
        return order;
    return (a.length > b.length) - (a.length < b.length);
}

bool str_starts(struct str s, struct str prefix)
{
    return s.length >= prefix.length && str_equal(str_slice(s, 0, prefix.length), prefix);
}

bool str_ends(struct str s, struct str suffix)
{
    return s.length >= suffix.length &&
           str_equal(str_slice(s, s.length - suffix.length, s.length), suffix);
}

ptrdiff_t str_find(struct str s, struct str needle)
{
    if (needle.length == 0)
        return 0;
    const char *found =
        s.length >= needle.length ? memmem(s.bytes, s.length, needle.bytes, needle.length) : NULL;
    return found ? found - s.bytes : -1;
}

struct str str_trim(struct str s)
{
    while (s.length > 0 && char_is_space(s.bytes[0])) {
        s.bytes++;
        s.length--;
    }
    while (s.length > 0 && char_is_space(s.bytes[s.length - 1]))
        s.length--;
    return s;
}

bool str_split(struct str *rest, char separator, struct str *part)
{
    if (!rest->bytes)
        return false;
    const char *end = rest->length > 0 ? memchr(rest->bytes, separator, rest->length) : NULL;
    if (!end) {
        *part = *rest;
        *rest = (struct str){NULL, 0};
        return true;
    }
    size_t length = (size_t)(end - rest->bytes);
    *part = (struct str){rest->bytes, length};
    *rest = (struct str){end + 1, rest->length - length - 1};
    return true;
}

bool str_list_has(const char *list, char separator, const char *item)
{
    size_t length = strlen(item);
    if (length == 0 || strchr(item, separator))
        return false;
    for (const char *at = list; (at = strstr(at, item)); at++)
        if ((at == list || at[-1] == separator) && (at[length] == separator || at[length] == '\0'))
            return true;
    return false;
}

bool str_to_i64(struct str s, int64_t *out)
{
    size_t i = 0;
    bool negative = s.length > 0 && s.bytes[0] == '-';
    if (s.length > 0 && (s.bytes[0] == '-' || s.bytes[0] == '+'))
        i = 1;
    if (i == s.length)
        return false;
    int64_t value = 0;
    for (; i < s.length; i++) {
        if (!char_is_digit(s.bytes[i]))
            return false;
        int digit = s.bytes[i] - '0';
        if (__builtin_mul_overflow(value, (int64_t)10, &value) ||
            __builtin_add_overflow(value, (int64_t)(negative ? -digit : digit), &value))
            return false;
    }
    *out = value;
    return true;
}

bool str_to_double(struct str s, double *out)
{
    char text[64]; /* longer numbers are refused: no honest one needs more */
    if (s.length == 0 || s.length >= sizeof(text))
        return false;
    for (size_t i = 0; i < s.length; i++)
        if (!char_is_digit(s.bytes[i]) && !memchr("+-.eE", s.bytes[i], 5))
            return false; /* keeps out "inf", "nan", hex and blanks, which strtod() takes */
    memcpy(text, s.bytes, s.length);
    text[s.length] = '\0';
    char *end = NULL;
    errno = 0;
    double value = strtod(text, &end);
    if (end != text + s.length || (errno == ERANGE && (value > 1 || value < -1)))
        return false;
    *out = value;
    return true;
}

/* Length in bytes of the valid character at s[at], or 0. RFC 3629 section 4. */
static size_t utf8_length(struct str s, size_t at)
{
    const unsigned char *p = (const unsigned char *)s.bytes + at;
    size_t left = s.length - at;
    if (p[0] < 0x80)
        return 1;
    size_t length = p[0] >= 0xC2 && p[0] <= 0xDF ? 2 : p[0] >= 0xE0 && p[0] <= 0xEF ? 3
                                                   : p[0] >= 0xF0 && p[0] <= 0xF4   ? 4
                                                                                    : 0;
    if (length == 0 || left < length)
        return 0;
    for (size_t i = 1; i < length; i++)
        if ((p[i] & 0xC0) != 0x80)
            return 0;
    bool overlong = (p[0] == 0xE0 && p[1] < 0xA0) || (p[0] == 0xF0 && p[1] < 0x90);
    bool outside = (p[0] == 0xED && p[1] > 0x9F) || (p[0] == 0xF4 && p[1] > 0x8F);
    return overlong || outside ? 0 : length;
}

/* How many bytes from here on come in whole words of ASCII. */
static size_t ascii_words(struct str s, size_t from)
{
    uint64_t word;
    size_t i = from;
    for (; s.length - i >= sizeof(word); i += sizeof(word)) {
        memcpy(&word, s.bytes + i, sizeof(word));
        if (word & UINT64_C(0x8080808080808080))
            break;
    }
    return i - from;
}

bool str_is_utf8(struct str s)
{
    for (size_t i = 0; i < s.length;) {
        i += ascii_words(s, i);
        if (i == s.length)
            break;
        size_t length = utf8_length(s, i);
        if (length == 0)
            return false;
        i += length;
    }
    return true;
}

struct str str_cut_utf8(struct str s, size_t length_max)
{
    if (s.length <= length_max)
        return s;
    size_t length = length_max;
    while (length > 0 && ((unsigned char)s.bytes[length] & 0xC0) == 0x80)
        length--;
    return (struct str){s.bytes, length};
}

size_t str_count_utf8(struct str s)
{
    size_t count = 0;
    for (size_t i = 0; i < s.length; i++)
        if (((unsigned char)s.bytes[i] & 0xC0) != 0x80)
            count++;
    return count;
}

unsigned str_distance(struct str a, struct str b, unsigned distance_max)
{
    enum { LENGTH_MAX = 64 };
    size_t longer = a.length > b.length ? a.length - b.length : b.length - a.length;
    if (a.length > LENGTH_MAX || b.length > LENGTH_MAX || longer > distance_max)
        return distance_max + 1;
    /* Optimal string alignment (Damerau 1964, Wagner and Fischer 1974), three rows at a time. */
    unsigned rows[3][LENGTH_MAX + 1];
    for (size_t j = 0; j <= b.length; j++)
        rows[0][j] = (unsigned)j;
    for (size_t i = 1; i <= a.length; i++) {
        unsigned *row = rows[i % 3], *above = rows[(i + 2) % 3], *above2 = rows[(i + 1) % 3];
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= b.length; j++) {
            unsigned best = above[j - 1] + (a.bytes[i - 1] != b.bytes[j - 1]);
            if (above[j] + 1 < best)
                best = above[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            if (i > 1 && j > 1 && a.bytes[i - 1] == b.bytes[j - 2] &&
                a.bytes[i - 2] == b.bytes[j - 1] && above2[j - 2] + 1 < best)
                best = above2[j - 2] + 1;
            row[j] = best;
        }
    }
    unsigned distance = rows[a.length % 3][b.length];
    return distance <= distance_max ? distance : distance_max + 1;
}

const char *plural(uint64_t count, const char *one, const char *many)
{
    return count == 1 ? one : many;
}
