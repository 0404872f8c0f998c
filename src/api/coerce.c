/* SPDX-License-Identifier: Apache-2.0 */
#include "api/coerce.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "core/alloc.h"

/* Unicode's White_Space. */
static bool is_blank(utf8proc_int32_t point)
{
    if (point < 0x80)
        return point == ' ' || (point >= '\t' && point <= '\r');
    utf8proc_category_t category = utf8proc_category(point);
    return point == 0x85 || category == UTF8PROC_CATEGORY_ZS || category == UTF8PROC_CATEGORY_ZL ||
           category == UTF8PROC_CATEGORY_ZP;
}

/* Length of the blank character at `at`, or 0. */
static size_t blank_at(struct str text, size_t at)
{
    utf8proc_int32_t point;
    utf8proc_ssize_t length = utf8proc_iterate((const utf8proc_uint8_t *)text.bytes + at,
                                               (utf8proc_ssize_t)(text.length - at), &point);
    return length > 0 && is_blank(point) ? (size_t)length : 0;
}

static struct str trim_blanks(struct str text)
{
    size_t length;
    while (text.length > 0 && (length = blank_at(text, 0)) > 0)
        text = str_slice(text, length, text.length);
    for (;;) {
        size_t last = text.length;
        while (last > 0 && ((unsigned char)text.bytes[last - 1] & 0xC0) == 0x80)
            last--;
        if (last == 0 || blank_at(text, last - 1) == 0)
            return text;
        text.length = last - 1;
    }
}

/* One underscore between digits is allowed, as in Python. */
static bool digits_are_well_formed(struct str digits)
{
    for (size_t i = 0; i < digits.length; i++) {
        if (char_is_digit(digits.bytes[i]))
            continue;
        bool between = i > 0 && i + 1 < digits.length && char_is_digit(digits.bytes[i - 1]) &&
                       char_is_digit(digits.bytes[i + 1]);
        if (digits.bytes[i] != '_' || !between)
            return false;
    }
    return digits.length > 0;
}

/* Without a fraction of zeros: "7.00" is 7, "7." is not. */
static struct str cut_zero_fraction(struct str text)
{
    const char *point = text.length > 0 ? memchr(text.bytes, '.', text.length) : NULL;
    if (!point || point + 1 == text.bytes + text.length)
        return text;
    for (const char *at = point + 1; at < text.bytes + text.length; at++)
        if (*at != '0')
            return text;
    return str_slice(text, 0, (size_t)(point - text.bytes));
}

static enum coerce_result whole_from_text(struct str text, struct whole *out)
{
    text = cut_zero_fraction(trim_blanks(text));
    bool negative = text.length > 0 && text.bytes[0] == '-';
    bool is_signed = negative || (text.length > 0 && text.bytes[0] == '+');
    struct str digits = str_slice(text, is_signed, text.length);
    if (!digits_are_well_formed(digits))
        return COERCE_UNPARSABLE;
    if (digits.length > BODY_DIGITS_MAX)
        return COERCE_TOO_BIG;
    *out = (struct whole){0};
    for (size_t i = 0; i < digits.length; i++) {
        int64_t digit = digits.bytes[i] - '0';
        if (digits.bytes[i] == '_')
            continue;
        if (__builtin_mul_overflow(out->value, (int64_t)10, &out->value) ||
            __builtin_add_overflow(out->value, negative ? -digit : digit, &out->value)) {
            out->beyond = negative ? -1 : 1;
            break;
        }
    }
    return COERCE_OK;
}

static enum coerce_result whole_from_number(double number, struct whole *out)
{
    if (!isfinite(number))
        return COERCE_NOT_FINITE;
    if (number != trunc(number))
        return COERCE_FRACTION;
    if (number < -0x1p63 || number >= 0x1p63)
        return COERCE_TOO_BIG;
    *out = (struct whole){(int64_t)number, 0};
    return COERCE_OK;
}

enum coerce_result coerce_integer(const struct body_value *value, struct whole *out)
{
    switch (value->kind) {
    case BODY_BOOLEAN:
        *out = (struct whole){value->truth, 0};
        return COERCE_OK;
    case BODY_INTEGER:
    case BODY_STRING:
        return whole_from_text(value->text, out);
    case BODY_NUMBER:
        return whole_from_number(value->number, out);
    default:
        return COERCE_WRONG_KIND;
    }
}

/* Decimal notation, or a word for what is no number: hex and the like are no numbers. */
static bool is_number_text(struct str text)
{
    static const char *const words[] = {"nan", "inf", "infinity"};
    size_t is_signed = text.length > 0 && (text.bytes[0] == '-' || text.bytes[0] == '+');
    struct str rest = str_slice(text, is_signed, text.length);
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (str_equal_nocase(rest, str_from(words[i])))
            return true;
    for (size_t i = 0; i < rest.length; i++)
        if (!char_is_digit(rest.bytes[i]) && !memchr("+-.eE", rest.bytes[i], 5))
            return false;
    return rest.length > 0 && rest.bytes[0] != '-' && rest.bytes[0] != '+';
}

/* The text without underscores, which stand alone and not at an end; NULL when they don't. */
static char *without_underscores(struct str text)
{
    char *copy = xcalloc(text.length + 1, 1), *out = copy;
    for (size_t i = 0; i < text.length; i++) {
        if (text.bytes[i] != '_') {
            *out++ = text.bytes[i];
        } else if (i == 0 || i + 1 == text.length || text.bytes[i + 1] == '_') {
            free(copy);
            return NULL;
        }
    }
    return copy;
}

static enum coerce_result number_from_text(struct str text, double *out)
{
    text = trim_blanks(text);
    char *copy = without_underscores(text);
    if (!copy)
        return COERCE_UNPARSABLE;
    char *end = copy;
    bool ok = is_number_text(str_from(copy)) && !memchr(text.bytes, '\0', text.length);
    if (ok)
        *out = strtod(copy, &end);
    ok = ok && end != copy && *end == '\0';
    free(copy);
    return ok ? COERCE_OK : COERCE_UNPARSABLE;
}

static double integer_as_double(struct str digits)
{
    char *copy = xstrndup(digits.bytes, digits.length);
    double number = strtod(copy, NULL);
    free(copy);
    return number;
}

enum coerce_result coerce_number(const struct body_value *value, double *out)
{
    switch (value->kind) {
    case BODY_BOOLEAN:
        *out = value->truth;
        return COERCE_OK;
    case BODY_INTEGER:
        *out = integer_as_double(value->text);
        /* As in Python, where a whole number that no double can hold is no number. */
        return isfinite(*out) ? COERCE_OK : COERCE_WRONG_KIND;
    case BODY_NUMBER:
        *out = value->number;
        return COERCE_OK;
    case BODY_STRING:
        return number_from_text(value->text, out);
    default:
        return COERCE_WRONG_KIND;
    }
}

static enum coerce_result truth_from_text(struct str text, bool *out)
{
    static const struct {
        const char *word;
        bool truth;
    } words[] = {
        {"0", false}, {"off", false}, {"f", false}, {"false", false}, {"n", false}, {"no", false},
        {"1", true},  {"on", true},   {"t", true},  {"true", true},   {"y", true},  {"yes", true},
    };
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (str_equal_nocase(text, str_from(words[i].word))) {
            *out = words[i].truth;
            return COERCE_OK;
        }
    return COERCE_UNPARSABLE;
}

enum coerce_result coerce_boolean(const struct body_value *value, bool *out)
{
    struct whole whole;
    switch (value->kind) {
    case BODY_BOOLEAN:
        *out = value->truth;
        return COERCE_OK;
    case BODY_STRING:
        return truth_from_text(value->text, out);
    case BODY_INTEGER:
    case BODY_NUMBER:
        /* A fraction, or more than 64 bits hold, is of the wrong kind; other numbers are wrong
         * values. */
        if (coerce_integer(value, &whole) != COERCE_OK || whole.beyond != 0)
            return COERCE_WRONG_KIND;
        *out = whole.value != 0;
        return whole.value == 0 || whole.value == 1 ? COERCE_OK : COERCE_UNPARSABLE;
    default:
        return COERCE_WRONG_KIND;
    }
}
