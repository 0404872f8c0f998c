/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers in digits, in all ways in which they can be read. */
#include "agent/claim_priv.h"

#include <math.h>

static bool is_group(struct str text, size_t at)
{
    return is_digit_at(text, at) && is_digit_at(text, at + 1) && is_digit_at(text, at + 2) &&
           !is_digit_at(text, at + 3);
}

/* Digits in groups of three behind a first one of at most three; false when they are in none. */
static bool read_grouped(struct str text, size_t at, char separator, struct number *out)
{
    size_t i = at, first = 0;
    double value = 0;
    for (; is_digit_at(text, i); i++, first++)
        value = value * 10 + (text.bytes[i] - '0');
    if (first > 3 || first == 0)
        return false;
    size_t groups = 0;
    for (; i < text.length && text.bytes[i] == separator && is_group(text, i + 1); i += 4, groups++)
        for (size_t j = 1; j <= 3; j++)
            value = value * 10 + (text.bytes[i + j] - '0');
    *out = (struct number){value, 1, i};
    return groups > 0;
}

static void read_fraction(struct str text, char point, struct number *number)
{
    size_t i = number->end;
    if (i >= text.length || text.bytes[i] != point || !is_digit_at(text, i + 1))
        return;
    for (i++; is_digit_at(text, i); i++) {
        number->unit /= 10;
        number->value += (text.bytes[i] - '0') * number->unit;
    }
    number->end = i;
}

static void read_exponent(struct str text, struct number *number)
{
    size_t i = number->end;
    if (i >= text.length || (text.bytes[i] != 'e' && text.bytes[i] != 'E'))
        return;
    i++;
    bool negative = i < text.length && text.bytes[i] == '-';
    if (i < text.length && (text.bytes[i] == '-' || text.bytes[i] == '+'))
        i++;
    int exponent = 0;
    if (!is_digit_at(text, i))
        return;
    for (; is_digit_at(text, i); i++)
        exponent = exponent < 400 ? exponent * 10 + (text.bytes[i] - '0') : exponent;
    double factor = pow(10, negative ? -exponent : exponent);
    number->value *= factor;
    number->unit *= factor;
    number->end = i;
}

struct number claim_read_plain(struct str text, size_t at)
{
    struct number number = {0, 1, at};
    for (; is_digit_at(text, number.end); number.end++)
        number.value = number.value * 10 + (text.bytes[number.end] - '0');
    return number;
}

size_t claim_read_digits(struct str text, size_t at, struct number out[CLAIM_READINGS_MAX])
{
    size_t count = 0;
    static const struct {
        char separator, point;
    } styles[] = {{',', '.'}, {'.', ','}, {'\'', '.'}, {' ', '.'}};
    for (size_t i = 0; i < COUNT(styles); i++)
        if (read_grouped(text, at, styles[i].separator, &out[count])) {
            read_fraction(text, styles[i].point, &out[count]);
            count++;
        }
    struct number plain = claim_read_plain(text, at);
    size_t length = 0;
    double part = plain.end < text.length
                      ? claim_fraction_of(claim_character_at(text, plain.end, &length))
                      : 0;
    if (part > 0) { /* "2½" */
        out[count++] = (struct number){plain.value + part, 0.01, plain.end + length};
        return count;
    }
    struct number decimal = plain, comma = plain;
    read_fraction(text, '.', &decimal);
    read_exponent(text, &decimal);
    read_fraction(text, ',', &comma);
    /* "1,234" is no decimal, and "1.234" may be one; "1,23" is one. */
    if (count == 0 || decimal.end > plain.end || out[0].end == plain.end + 4)
        if (count == 0 || text.bytes[plain.end] != ',')
            out[count++] = decimal;
    if (comma.end > plain.end && comma.end != plain.end + 4)
        out[count++] = comma;
    return count;
}
