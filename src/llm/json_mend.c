/* SPDX-License-Identifier: Apache-2.0 */
#include "llm/json_mend.h"

#include <utf8proc.h>

#include "core/strbuf.h"

#define ESCAPE_LENGTH 6 /* \uXXXX */
#define REPLACEMENT "\xEF\xBF\xBD"

/* The value of "\uXXXX" at a place; -1: it is none. */
static int escape_at(struct str text, size_t at)
{
    int value = 0;
    if (at + ESCAPE_LENGTH > text.length || text.bytes[at] != '\\' || text.bytes[at + 1] != 'u')
        return -1;
    for (size_t i = at + 2; i < at + ESCAPE_LENGTH; i++) {
        char c = char_lower(text.bytes[i]);
        if (!char_is_digit(c) && !(c >= 'a' && c <= 'f'))
            return -1;
        value = value * 16 + (char_is_digit(c) ? c - '0' : c - 'a' + 10);
    }
    return value;
}

static bool is_high(int value)
{
    return value >= 0xD800 && value <= 0xDBFF;
}

static bool is_low(int value)
{
    return value >= 0xDC00 && value <= 0xDFFF;
}

/* What is at a place: its length, and whether it may stay. */
static size_t piece_at(struct str text, size_t at, bool *fine)
{
    *fine = true;
    if (text.bytes[at] == '\\') {
        int value = escape_at(text, at);
        if (value < 0)
            return at + 1 < text.length && !(text.bytes[at + 1] & 0x80) ? 2 : 1;
        if (is_high(value) && is_low(escape_at(text, at + ESCAPE_LENGTH)))
            return 2 * ESCAPE_LENGTH;
        *fine = value != 0 && !is_high(value) && !is_low(value);
        return ESCAPE_LENGTH;
    }
    utf8proc_int32_t point;
    utf8proc_ssize_t length =
        utf8proc_iterate((const utf8proc_uint8_t *)text.bytes + at,
                         (utf8proc_ssize_t)(text.length - at), &point);
    *fine = length > 0;
    return length > 0 ? (size_t)length : 1;
}

struct str json_mend(struct str text, struct arena *arena)
{
    struct strbuf out = strbuf_init(3 * text.length + 1); /* a byte becomes three at most */
    size_t kept = 0, length;
    for (size_t at = 0; at < text.length; at += length) {
        bool fine;
        length = piece_at(text, at, &fine);
        if (fine)
            continue;
        strbuf_add_str(&out, str_slice(text, kept, at));
        strbuf_add(&out, REPLACEMENT);
        kept = at + length;
    }
    if (kept == 0)
        return text;
    strbuf_add_str(&out, str_slice(text, kept, text.length));
    struct str mended = arena_str(arena, strbuf_str(&out));
    strbuf_clear(&out);
    return mended;
}

json_t *json_load_mended(struct str text, size_t flags, struct arena *arena, json_error_t *error)
{
    json_t *value = json_loadb(text.bytes, text.length, flags, error);
    if (value)
        return value;
    struct str mended = json_mend(text, arena);
    return mended.bytes == text.bytes ? NULL : json_loadb(mended.bytes, mended.length, flags, error);
}
