/* SPDX-License-Identifier: Apache-2.0 */
#include "api/target.h"

#include <string.h>

static int hex_digit(char c)
{
    if (char_is_digit(c))
        return c - '0';
    c = char_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Bytes at the front that begin a character of UTF-8, whole or cut; *whole says which. Unicode's
 * advice is one U+FFFD for each longest such beginning, and Python's decoder follows it. */
static size_t character_length(struct str text, bool *whole)
{
    unsigned char c = (unsigned char)text.bytes[0];
    size_t length = c < 0x80 ? 1 : c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : 2;
    *whole = length <= text.length && str_is_utf8(str_slice(text, 0, length));
    if (*whole)
        return length;
    /* A beginning is right when some ending makes it whole: try the least and the greatest. */
    for (size_t taken = length - 1; taken > 1; taken--) {
        char low[4] = {0}, high[4] = {0};
        if (taken > text.length)
            continue;
        memset(low, 0x80, sizeof(low));
        memset(high, 0xBF, sizeof(high));
        memcpy(low, text.bytes, taken);
        memcpy(high, text.bytes, taken);
        if (str_is_utf8((struct str){low, length}) || str_is_utf8((struct str){high, length}))
            return taken;
    }
    return 1;
}

static struct str replace_invalid(struct arena *arena, struct str text)
{
    char *copy = arena_alloc(arena, text.length * 3 + 1), *out = copy;
    while (text.length > 0) {
        bool whole;
        size_t length = character_length(text, &whole);
        const char *from = whole ? text.bytes : "\xEF\xBF\xBD";
        size_t written = whole ? length : 3;
        memcpy(out, from, written);
        out += written;
        text = str_slice(text, length, text.length);
    }
    return (struct str){copy, (size_t)(out - copy)};
}

struct str target_decode(struct arena *arena, struct str text, bool plus_is_blank)
{
    char *copy = arena_alloc(arena, text.length + 1), *out = copy;
    for (size_t i = 0; i < text.length; i++) {
        char c = text.bytes[i];
        if (c == '%' && text.length - i > 2 && hex_digit(text.bytes[i + 1]) >= 0 &&
            hex_digit(text.bytes[i + 2]) >= 0) {
            c = (char)(hex_digit(text.bytes[i + 1]) * 16 + hex_digit(text.bytes[i + 2]));
            i += 2;
        } else if (c == '+' && plus_is_blank) {
            c = ' ';
        }
        *out++ = c;
    }
    struct str decoded = {copy, (size_t)(out - copy)};
    return str_is_utf8(decoded) ? decoded : replace_invalid(arena, decoded);
}

bool target_match(const char *template, struct str path, struct str *values, size_t values_max)
{
    struct str wanted = str_from(template), part, pattern;
    size_t count = 0;
    while (str_split(&wanted, '/', &pattern)) {
        if (!str_split(&path, '/', &part))
            return false;
        if (pattern.length == 0 || pattern.bytes[0] != '{') {
            if (!str_equal(pattern, part))
                return false;
        } else if (part.length == 0 || count == values_max) {
            return false;
        } else {
            values[count++] = part;
        }
    }
    return path.bytes == NULL;
}

struct str target_parameter(struct arena *arena, struct str query, const char *name)
{
    struct str found = {NULL, 0}, pair;
    while (str_split(&query, '&', &pair)) {
        struct str key, rest = pair;
        str_split(&rest, '=', &key);
        if (str_equal_text(target_decode(arena, key, true), name))
            found = target_decode(arena, rest.bytes ? rest : (struct str){"", 0}, true);
    }
    return found;
}

void target_quote(struct strbuf *out, struct str text, bool is_query)
{
    const char *plain = is_query ? "_.-~:/?=@[]!$&'()*+,;%" : "_.-~:/=@[]!$&'()*+,;";
    for (size_t i = 0; i < text.length; i++) {
        char c = text.bytes[i];
        if (char_is_alnum(c) || (c && strchr(plain, c)))
            strbuf_add_char(out, c);
        else
            strbuf_printf(out, "%%%02X", (unsigned char)c);
    }
}
