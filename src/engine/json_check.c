/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/json_check.h"

struct scanner {
    struct str text;
    size_t at;
    uint64_t objects; /* bit n: the nth open bracket is a brace */
    unsigned depth;
};

static char peek(const struct scanner *s)
{
    return s->at < s->text.length ? s->text.bytes[s->at] : '\0';
}

static bool take(struct scanner *s, char c)
{
    if (s->at >= s->text.length || s->text.bytes[s->at] != c)
        return false;
    s->at++;
    return true;
}

static void skip_blanks(struct scanner *s)
{
    while (peek(s) == ' ' || peek(s) == '\t' || peek(s) == '\n' || peek(s) == '\r')
        s->at++;
}

static bool is_hex(char c)
{
    return char_is_digit(c) || (char_lower(c) >= 'a' && char_lower(c) <= 'f');
}

static bool scan_escape(struct scanner *s)
{
    char c = peek(s);
    s->at++;
    if (c != 'u')
        return c == '"' || c == '\\' || c == '/' || c == 'b' || c == 'f' || c == 'n' || c == 'r' ||
               c == 't';
    for (int i = 0; i < 4; i++, s->at++)
        if (!is_hex(peek(s)))
            return false;
    return true;
}

static bool scan_string(struct scanner *s)
{
    if (!take(s, '"'))
        return false;
    while (s->at < s->text.length) {
        unsigned char c = (unsigned char)s->text.bytes[s->at++];
        if (c == '"')
            return true;
        if (c < 0x20 || (c == '\\' && !scan_escape(s)))
            return false;
    }
    return false;
}

static bool scan_digits(struct scanner *s)
{
    size_t start = s->at;
    while (char_is_digit(peek(s)))
        s->at++;
    return s->at > start;
}

static bool scan_number(struct scanner *s)
{
    take(s, '-');
    if (!take(s, '0') && !scan_digits(s))
        return false;
    if (take(s, '.') && !scan_digits(s))
        return false;
    if (!take(s, 'e') && !take(s, 'E'))
        return true;
    if (!take(s, '+'))
        take(s, '-');
    return scan_digits(s);
}

static bool scan_word(struct scanner *s, struct str word)
{
    if (!str_starts(str_slice(s->text, s->at, s->text.length), word))
        return false;
    s->at += word.length;
    return true;
}

static bool scan_scalar(struct scanner *s)
{
    switch (peek(s)) {
    case '"':
        return scan_string(s);
    case 't':
        return scan_word(s, STR("true"));
    case 'f':
        return scan_word(s, STR("false"));
    case 'n':
        return scan_word(s, STR("null"));
    default:
        return scan_number(s);
    }
}

static bool in_object(const struct scanner *s)
{
    return s->depth > 0 && (s->objects >> (s->depth - 1) & 1);
}

static bool scan_key(struct scanner *s)
{
    skip_blanks(s);
    if (!scan_string(s))
        return false;
    skip_blanks(s);
    return take(s, ':');
}

/* Opens brackets until a value is complete: a scalar or an empty container. */
static bool scan_down(struct scanner *s)
{
    for (;;) {
        skip_blanks(s);
        char open = peek(s);
        if (open != '[' && open != '{')
            return scan_scalar(s);
        if (s->depth == JSON_DEPTH_MAX)
            return false;
        s->at++;
        skip_blanks(s);
        if (take(s, open == '[' ? ']' : '}'))
            return true;
        uint64_t bit = UINT64_C(1) << s->depth++;
        s->objects = open == '{' ? s->objects | bit : s->objects & ~bit;
        if (open == '{' && !scan_key(s))
            return false;
    }
}

/* After a value: closes brackets as far as they close; true in *more when a comma follows. */
static bool scan_up(struct scanner *s, bool *more)
{
    for (;;) {
        skip_blanks(s);
        *more = false;
        if (s->depth == 0)
            return s->at == s->text.length;
        if (take(s, ',')) {
            *more = true;
            return !in_object(s) || scan_key(s);
        }
        if (!take(s, in_object(s) ? '}' : ']'))
            return false;
        s->depth--;
    }
}

bool json_is_valid(struct str text)
{
    if (!str_is_utf8(text))
        return false;
    struct scanner s = {.text = text};
    bool more = true;
    while (more)
        if (!scan_down(&s) || !scan_up(&s, &more))
            return false;
    return true;
}
