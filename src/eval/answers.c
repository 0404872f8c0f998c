/* SPDX-License-Identifier: Apache-2.0 */
/* Answers as WikiTableQuestions judges them: what people write in several ways is the same. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "eval/match.h"

#define RELATIVE 1e-6
#define ABSOLUTE 1e-6
#define UNKNOWN_PART (-1)
#define ANSWER_BYTES_MAX 65536 /* longer texts are no answers, and compared as they are */

enum answer_kind { ANSWER_TEXT, ANSWER_NUMBER, ANSWER_DATE };

struct answer {
    enum answer_kind kind;
    struct str text;
    double number;
    int parts[3]; /* year, month, day; UNKNOWN_PART */
};

struct answers {
    struct answer *items;
    size_t count;
};

/* Dashes and quotes of all kinds as those of ASCII. */
static utf8proc_int32_t plain(utf8proc_int32_t code)
{
    if (code == 0x2018 || code == 0x2019 || code == 0xb4 || code == '`')
        return '\'';
    if (code == 0x201c || code == 0x201d)
        return '"';
    return (code >= 0x2010 && code <= 0x2015) || code == 0x2212 ? '-' : code;
}

/* Decomposed, without accents, dashes and quotes made plain. */
static struct str decomposed(struct str text, struct arena *arena)
{
    if (text.length > ANSWER_BYTES_MAX)
        return text;
    size_t room = text.length * 20 + 32;
    utf8proc_int32_t *codes = arena_array(arena, room, sizeof(*codes));
    utf8proc_ssize_t count =
        utf8proc_decompose((const utf8proc_uint8_t *)text.bytes, (utf8proc_ssize_t)text.length,
                           codes, (utf8proc_ssize_t)room, UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT);
    if (count < 0 || (size_t)count > room)
        return text; /* no UTF-8 */
    utf8proc_uint8_t *out = arena_alloc(arena, (size_t)count * 4 + 1);
    size_t length = 0;
    for (utf8proc_ssize_t i = 0; i < count; i++)
        if (utf8proc_get_property(codes[i])->combining_class == 0)
            length += (size_t)utf8proc_encode_char(plain(codes[i]), out + length);
    return (struct str){(const char *)out, length};
}

/* Without "[...]" or "(...)" groups at the end, as long as something is before them. */
static struct str without_groups(struct str text, char open, char close)
{
    while (text.length >= 3 && text.bytes[text.length - 1] == close) {
        /* The group begins behind the one that was closed before it. */
        const char *before = memrchr(text.bytes, close, text.length - 1);
        size_t from = before ? (size_t)(before - text.bytes) + 1 : 0;
        const char *begin = memchr(text.bytes + from, open, text.length - from);
        if (!begin || begin == text.bytes)
            break;
        text = str_slice(text, 0, (size_t)(begin - text.bytes));
        while (text.length > 0 && strchr(" \t\n\r\f\v", text.bytes[text.length - 1]))
            text.length--;
    }
    return text;
}

static struct str lower_with_single_blanks(struct str text, struct arena *arena)
{
    utf8proc_uint8_t *out = arena_alloc(arena, text.length * 2 + 8);
    size_t length = 0;
    bool blank = false;
    while (text.length > 0) {
        utf8proc_int32_t code;
        utf8proc_ssize_t size = utf8proc_iterate((const utf8proc_uint8_t *)text.bytes,
                                                 (utf8proc_ssize_t)text.length, &code);
        if (size <= 0)
            break;
        text = str_slice(text, (size_t)size, text.length);
        if (code == ' ' || (code >= 9 && code <= 13)) {
            blank = length > 0;
            continue;
        }
        if (blank)
            out[length++] = ' ';
        blank = false;
        length += (size_t)utf8proc_encode_char(utf8proc_tolower(code), out + length);
    }
    out[length] = '\0';
    return (struct str){(const char *)out, length};
}

/* A number, or a part that is not known ("xx"). */
static bool read_part(struct str part, size_t digits_min, size_t digits_max, int *out)
{
    *out = UNKNOWN_PART;
    if (str_equal(part, STR("xx")) || (digits_min == 4 && str_equal(part, STR("xxxx"))))
        return true;
    if (part.length < digits_min || part.length > digits_max)
        return false;
    *out = 0;
    for (size_t i = 0; i < part.length; i++) {
        if (!char_is_digit(part.bytes[i]))
            return false;
        *out = *out * 10 + (part.bytes[i] - '0');
    }
    return true;
}

static bool read_date(struct str text, struct answer *out)
{
    struct str part;
    for (int i = 0; i < 3; i++)
        if (!str_split(&text, '-', &part) ||
            !read_part(part, i == 0 ? 4 : 1, i == 0 ? 4 : 2, &out->parts[i]))
            return false;
    return text.length == 0;
}

static struct answer answer_of(const struct eval_value *value, struct arena *arena)
{
    if (value->type == EVAL_NULL)
        return (struct answer){.kind = ANSWER_TEXT, .text = STR("")};
    if (value->type == EVAL_NUMBER)
        return (struct answer){.kind = ANSWER_NUMBER, .number = value->number};
    struct str text = str_trim(decomposed(value->text, arena));
    text = str_trim(without_groups(text, '[', ']'));
    text = str_trim(without_groups(text, '(', ')'));
    if (text.length >= 2 && text.bytes[0] == '"' && text.bytes[text.length - 1] == '"')
        text = str_slice(text, 1, text.length - 1);
    if (str_ends(text, STR(".")))
        text.length--;
    text = lower_with_single_blanks(text, arena);
    char *digits = arena_alloc(arena, text.length + 1);
    size_t length = 0;
    for (size_t i = 0; i < text.length; i++)
        if (text.bytes[i] != ',')
            digits[length++] = text.bytes[i];
    digits[length] = '\0';
    if (eval_is_number((struct str){digits, length}))
        return (struct answer){.kind = ANSWER_NUMBER, .number = strtod(digits, NULL)};
    struct answer date = {.kind = ANSWER_DATE};
    if (!read_date(text, &date))
        return (struct answer){.kind = ANSWER_TEXT, .text = text};
    if (date.parts[0] != UNKNOWN_PART && date.parts[1] == UNKNOWN_PART &&
        date.parts[2] == UNKNOWN_PART)
        return (struct answer){.kind = ANSWER_NUMBER, .number = date.parts[0]};
    return date;
}

static bool numbers_agree(double gold, double other, double tolerance)
{
    if (gold == other)
        return true;
    if (isinf(gold) || isinf(other))
        return false;
    double difference = fabs(gold - other);
    if (tolerance >= 0)
        return difference <= fmax(tolerance, RELATIVE * fabs(other));
    return difference <= fmax(RELATIVE * fmax(fabs(gold), fabs(other)), ABSOLUTE);
}

static bool answers_agree(const struct answer *gold, const struct answer *other, double tolerance)
{
    if (gold->kind != other->kind)
        return false;
    if (gold->kind == ANSWER_NUMBER)
        return numbers_agree(gold->number, other->number, tolerance);
    if (gold->kind == ANSWER_DATE)
        return memcmp(gold->parts, other->parts, sizeof(gold->parts)) == 0;
    return str_equal(gold->text, other->text);
}

static bool each_is_among(const struct answers *some, const struct answers *all, double tolerance,
                          bool gold_is_all)
{
    for (size_t i = 0; i < some->count; i++) {
        bool found = false;
        for (size_t j = 0; j < all->count && !found; j++)
            found = gold_is_all ? answers_agree(&all->items[j], &some->items[i], tolerance)
                                : answers_agree(&some->items[i], &all->items[j], tolerance);
        if (!found)
            return false;
    }
    return true;
}

static bool all_told(const struct answers *gold, const struct answers *told, double tolerance)
{
    return (told->count > 0 || gold->count == 0) && each_is_among(gold, told, tolerance, false) &&
           each_is_among(told, gold, tolerance, true);
}

/* All values, or those of one column. */
static struct answers answers_of(const struct eval_result *result, const size_t *column,
                                 struct arena *arena)
{
    struct answers answers = {0};
    size_t capacity = 0;
    for (size_t i = 0; i < result->row_count; i++)
        for (size_t j = column ? *column : 0;
             j < result->rows[i].count && (!column || j == *column); j++) {
            answers.items =
                arena_grow(arena, answers.items, answers.count, &capacity, sizeof(*answers.items));
            answers.items[answers.count++] = answer_of(&result->rows[i].values[j], arena);
        }
    return answers;
}

void eval_match_answers(const struct eval_result *gold, const struct eval_result *result,
                        double tolerance, struct arena *arena, bool *exact, bool *lenient)
{
    struct answers wanted = answers_of(gold, NULL, arena);
    size_t width = 0, first = 0;
    *exact = *lenient = wanted.count == 0;
    if (result->row_count == 0)
        return;
    for (size_t i = 0; i < result->row_count; i++)
        width = result->rows[i].count > width ? result->rows[i].count : width;
    struct answers told = answers_of(result, width == 1 ? &first : NULL, arena);
    *exact = (width == 1 || result->row_count == 1) && all_told(&wanted, &told, tolerance);
    *lenient = *exact;
    for (size_t column = 0; column < width && !*lenient; column++) {
        told = answers_of(result, &column, arena);
        *lenient = all_told(&wanted, &told, tolerance);
    }
}
