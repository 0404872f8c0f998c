/* SPDX-License-Identifier: Apache-2.0 */
#include "core/json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Bytes of the valid character at the front, or 0. */
static size_t character_length(struct str text)
{
    for (size_t length = 1; length <= 4 && length <= text.length; length++)
        if (str_is_utf8(str_slice(text, 0, length)))
            return length;
    return 0;
}

static void add_escape(struct strbuf *out, unsigned char c)
{
    switch (c) {
    case '"':
        strbuf_add(out, "\\\"");
        break;
    case '\\':
        strbuf_add(out, "\\\\");
        break;
    case '\n':
        strbuf_add(out, "\\n");
        break;
    case '\r':
        strbuf_add(out, "\\r");
        break;
    case '\t':
        strbuf_add(out, "\\t");
        break;
    default:
        strbuf_printf(out, "\\u%04x", c);
    }
}

void json_add_string(struct strbuf *out, struct str text)
{
    strbuf_add_char(out, '"');
    size_t plain = 0; /* bytes from here on are copied as they are, in one go */
    for (size_t i = 0; i < text.length;) {
        unsigned char c = (unsigned char)text.bytes[i];
        if (c >= 0x20 && c < 0x80 && c != '"' && c != '\\' && c != 0x7F) {
            i++;
            continue;
        }
        size_t length = c < 0x80 ? 0 : character_length(str_slice(text, i, text.length));
        if (length > 0) {
            i += length;
            continue;
        }
        strbuf_add_bytes(out, text.bytes + plain, i - plain);
        if (c < 0x80)
            add_escape(out, c);
        else
            strbuf_add(out, "\xEF\xBF\xBD");
        plain = ++i;
    }
    strbuf_add_bytes(out, text.bytes + plain, text.length - plain);
    strbuf_add_char(out, '"');
}

void json_add_text(struct strbuf *out, const char *text)
{
    if (text)
        json_add_string(out, str_from(text));
    else
        strbuf_add(out, "null");
}

void json_add_double(struct strbuf *out, double number)
{
    char text[32];
    if (!isfinite(number)) {
        strbuf_add(out, "null");
        return;
    }
    double_print(number, text);
    strbuf_add(out, text);
}

void json_add_integer(struct strbuf *out, int64_t number)
{
    char digits[20];
    size_t at = sizeof(digits);
    uint64_t rest = number < 0 ? -(uint64_t)number : (uint64_t)number;
    do
        digits[--at] = (char)('0' + rest % 10);
    while ((rest /= 10) > 0);
    if (number < 0)
        strbuf_add_char(out, '-');
    strbuf_add_bytes(out, digits + at, sizeof(digits) - at);
}

void json_add_separator(struct strbuf *out)
{
    char last = out->length > 0 ? out->bytes[out->length - 1] : '{';
    if (last != '{' && last != '[' && last != ':' && last != ',')
        strbuf_add_char(out, ',');
}

void json_add_key(struct strbuf *out, const char *key)
{
    json_add_separator(out);
    json_add_string(out, str_from(key));
    strbuf_add_char(out, ':');
}

void double_print(double number, char out[32])
{
    if (number == 0) {
        memcpy(out, "0", 2); /* also for -0, which people take for a mistake */
        return;
    }
    int precision = 15; /* 17 digits always read back; most numbers need fewer */
    for (; precision < 17; precision++) {
        snprintf(out, 32, "%.*g", precision, number);
        if (strtod(out, NULL) == number)
            break;
    }
    if (precision == 17)
        snprintf(out, 32, "%.17g", number);
    if (strchr(out, 'e') && fabs(number) >= 1e-5 && fabs(number) < 1e21) {
        for (int digits = 0; digits <= 21; digits++) {
            char plain[64];
            int length = snprintf(plain, sizeof(plain), "%.*f", digits, number);
            if (length > 0 && length < 32 && strtod(plain, NULL) == number) {
                memcpy(out, plain, (size_t)length + 1);
                return;
            }
        }
    }
}
