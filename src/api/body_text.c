/* SPDX-License-Identifier: Apache-2.0 */
#include "api/body_text.h"

#include <string.h>

/* A code point of UTF-16 or UTF-32: `unit` is 2 or 4 bytes. */
struct wide {
    size_t unit;
    bool big_endian;
};

static bool starts(struct str bytes, const char *prefix, size_t length)
{
    return bytes.length >= length && memcmp(bytes.bytes, prefix, length) == 0;
}

/* RFC 4627 section 3: the first two characters of a JSON text are ASCII, so the zeros tell. */
static struct wide guess_by_zeros(struct str bytes)
{
    const char *b = bytes.bytes;
    if (bytes.length >= 4) {
        if (b[0] == 0)
            return (struct wide){b[1] ? 2 : 4, true};
        if (b[1] == 0)
            return (struct wide){b[2] || b[3] ? 2 : 4, false};
    } else if (bytes.length == 2) {
        if (b[0] == 0)
            return (struct wide){2, true};
        if (b[1] == 0)
            return (struct wide){2, false};
    }
    return (struct wide){1, false};
}

static struct wide find_encoding(struct str bytes, size_t *mark)
{
    static const struct {
        const char *mark;
        size_t length;
        struct wide wide;
    } marks[] = {
        {"\x00\x00\xFE\xFF", 4, {4, true}}, {"\xFF\xFE\x00\x00", 4, {4, false}},
        {"\xFE\xFF", 2, {2, true}},         {"\xFF\xFE", 2, {2, false}},
        {"\xEF\xBB\xBF", 3, {1, false}},
    };
    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
        if (starts(bytes, marks[i].mark, marks[i].length)) {
            *mark = marks[i].length;
            return marks[i].wide;
        }
    *mark = 0;
    return guess_by_zeros(bytes);
}

static uint32_t wide_unit(const char *bytes, struct wide wide)
{
    uint32_t value = 0;
    for (size_t i = 0; i < wide.unit; i++)
        value = value << 8 | (unsigned char)bytes[wide.big_endian ? i : wide.unit - 1 - i];
    return value;
}

static bool is_high(uint32_t unit)
{
    return unit >= 0xD800 && unit <= 0xDBFF;
}

static bool is_low(uint32_t unit)
{
    return unit >= 0xDC00 && unit <= 0xDFFF;
}

static bool decode_wide(struct arena *arena, struct str bytes, struct wide wide, struct str *text)
{
    if (bytes.length % wide.unit != 0)
        return false;
    char *out = arena_alloc(arena, bytes.length / wide.unit * 4 + 1), *start = out;
    for (size_t i = 0; i < bytes.length; i += wide.unit) {
        uint32_t point = wide_unit(bytes.bytes + i, wide);
        if (wide.unit == 2 && is_high(point) && i + 2 < bytes.length) {
            uint32_t low = wide_unit(bytes.bytes + i + 2, wide);
            if (is_low(low)) {
                point = 0x10000 + ((point - 0xD800) << 10) + (low - 0xDC00);
                i += 2;
            }
        }
        if (point > 0x10FFFF)
            return false;
        out = body_text_put(out, point);
    }
    *text = (struct str){start, (size_t)(out - start)};
    return true;
}

/* The first surrogate written as three bytes, or NULL. 0xED is never a byte inside a character. */
static const char *find_surrogate(struct str text)
{
    const char *at = text.bytes, *end = text.bytes + text.length;
    while (at < end && (at = memchr(at, 0xED, (size_t)(end - at)))) {
        if (end - at >= 3 && (unsigned char)at[1] >= 0xA0 && (unsigned char)at[1] <= 0xBF &&
            ((unsigned char)at[2] & 0xC0) == 0x80)
            return at;
        at++;
    }
    return NULL;
}

static bool is_utf8_with_surrogates(struct str text)
{
    const char *surrogate;
    while ((surrogate = find_surrogate(text))) {
        size_t before = (size_t)(surrogate - text.bytes);
        if (!str_is_utf8(str_slice(text, 0, before)))
            return false;
        text = str_slice(text, before + 3, text.length);
    }
    return str_is_utf8(text);
}

bool body_text_decode(struct arena *arena, struct str bytes, struct str *text)
{
    size_t mark;
    struct wide wide = find_encoding(bytes, &mark);
    struct str rest = str_slice(bytes, mark, bytes.length);
    if (wide.unit > 1)
        return decode_wide(arena, rest, wide, text);
    *text = rest;
    return is_utf8_with_surrogates(rest);
}

char *body_text_put(char *out, uint32_t point)
{
    if (point < 0x80) {
        *out++ = (char)point;
    } else if (point < 0x800) {
        *out++ = (char)(0xC0 | point >> 6);
        *out++ = (char)(0x80 | (point & 0x3F));
    } else if (point < 0x10000) {
        *out++ = (char)(0xE0 | point >> 12);
        *out++ = (char)(0x80 | (point >> 6 & 0x3F));
        *out++ = (char)(0x80 | (point & 0x3F));
    } else {
        *out++ = (char)(0xF0 | point >> 18);
        *out++ = (char)(0x80 | (point >> 12 & 0x3F));
        *out++ = (char)(0x80 | (point >> 6 & 0x3F));
        *out++ = (char)(0x80 | (point & 0x3F));
    }
    return out;
}

bool body_text_has_surrogate(struct str text)
{
    return text.length > 0 && find_surrogate(text) != NULL;
}

size_t body_text_count(const char *from, const char *to)
{
    return str_count_utf8((struct str){from, (size_t)(to - from)});
}
