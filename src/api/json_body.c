/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A reader by recursive descent, bounded by BODY_DEPTH_MAX. The places at which errors are reported
 * are those of CPython 3.11's C scanner, which differ here and there from its documented twin in
 * Python; tests/e2e compares the two on thousands of broken texts.
 */
#include "api/json_body.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "api/body_text.h"
#include "core/hash.h"

struct reader {
    struct arena *arena;
    const char *start, *at, *end;
    unsigned depth;
    struct body_problem *problem;
};

static struct body_value *read_value(struct reader *reader);

static bool fail(struct reader *reader, const char *message, const char *place)
{
    reader->problem->message = message;
    reader->problem->offset = body_text_count(reader->start, place);
    return false;
}

/* What Python answers to with another exception than that of bad JSON. */
static bool fail_unreadable(struct reader *reader)
{
    *reader->problem = (struct body_problem){NULL, 0};
    return false;
}

static void skip_blanks(struct reader *reader)
{
    while (reader->at < reader->end && (*reader->at == ' ' || *reader->at == '\t' ||
                                        *reader->at == '\n' || *reader->at == '\r'))
        reader->at++;
}

static bool is_next(const struct reader *reader, char c)
{
    return reader->at < reader->end && *reader->at == c;
}

static struct body_value *value_new(struct reader *reader, enum body_kind kind)
{
    struct body_value *value = arena_alloc(reader->arena, sizeof(*value));
    value->kind = kind;
    return value;
}

static void append(struct body_value *parent, struct body_value *child)
{
    if (parent->last)
        parent->last->next = child;
    else
        parent->first = child;
    parent->last = child;
    parent->count++;
}

/* Strings. */

static int hex_digit(char c)
{
    if (char_is_digit(c))
        return c - '0';
    c = char_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Four digits at `at` (after "\u"), with at least one character behind them. */
static bool read_hex(struct reader *reader, const char *at, uint32_t *unit)
{
    if (reader->end - at <= 4)
        return fail(reader, "Invalid \\uXXXX escape", at - 1);
    *unit = 0;
    for (int i = 0; i < 4; i++) {
        int digit = hex_digit(at[i]);
        if (digit < 0)
            return fail(reader, "Invalid \\uXXXX escape", at - 1);
        *unit = *unit << 4 | (uint32_t)digit;
    }
    return true;
}

/* At the 'u' of an escape; a pair of surrogates is one character. */
static bool read_unicode_escape(struct reader *reader, char **out)
{
    uint32_t point, low;
    if (!read_hex(reader, reader->at + 1, &point))
        return false;
    reader->at += 5;
    if (point >= 0xD800 && point <= 0xDBFF && reader->end - reader->at > 6 &&
        reader->at[0] == '\\' && reader->at[1] == 'u') {
        if (!read_hex(reader, reader->at + 2, &low))
            return false;
        if (low >= 0xDC00 && low <= 0xDFFF) {
            point = 0x10000 + ((point - 0xD800) << 10) + (low - 0xDC00);
            reader->at += 6;
        }
    }
    *out = body_text_put(*out, point);
    return true;
}

/* At the character after a backslash. */
static bool read_escape(struct reader *reader, const char *quote, char **out)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    if (reader->at == reader->end)
        return fail(reader, "Unterminated string starting at", quote);
    if (*reader->at == 'u')
        return read_unicode_escape(reader, out);
    const char *found = *reader->at ? strchr(from, *reader->at) : NULL;
    if (!found)
        return fail(reader, "Invalid \\escape", reader->at - 1);
    *(*out)++ = to[found - from];
    reader->at++;
    return true;
}

/* Up to the closing quote or the next backslash. */
static bool skip_plain(struct reader *reader, const char *quote)
{
    const char *at = reader->at;
    while (at < reader->end && *at != '"' && *at != '\\' && (unsigned char)*at > 0x1F)
        at++;
    reader->at = at;
    if (at == reader->end)
        return fail(reader, "Unterminated string starting at", quote);
    return (unsigned char)*at > 0x1F || fail(reader, "Invalid control character at", at);
}

/* The rest of a string that has escapes: no escape is shorter than what it stands for. */
static bool read_escaped(struct reader *reader, const char *quote, struct str *text)
{
    const char *closing = reader->at;
    while (closing < reader->end && *closing != '"')
        closing += *closing == '\\' && closing + 1 < reader->end ? 2 : 1;
    char *start = arena_alloc(reader->arena, (size_t)(closing - quote)), *out = start;
    const char *plain = quote + 1;
    for (;;) {
        memcpy(out, plain, (size_t)(reader->at - plain));
        out += reader->at - plain;
        if (*reader->at++ == '"')
            break;
        if (!read_escape(reader, quote, &out))
            return false;
        plain = reader->at;
        if (!skip_plain(reader, quote))
            return false;
    }
    *text = (struct str){start, (size_t)(out - start)};
    return true;
}

/* At the opening quote. */
static bool read_string(struct reader *reader, struct str *text)
{
    const char *quote = reader->at++;
    if (!skip_plain(reader, quote))
        return false;
    if (*reader->at == '\\')
        return read_escaped(reader, quote, text);
    *text = (struct str){quote + 1, (size_t)(reader->at - quote - 1)};
    reader->at++;
    return true;
}

/* Numbers and words. */

static size_t skip_digits(struct reader *reader)
{
    const char *from = reader->at;
    while (reader->at < reader->end && char_is_digit(*reader->at))
        reader->at++;
    return (size_t)(reader->at - from);
}

/* Takes ".5" and "e+7" if they are whole: "1.", "1e" end before them. */
static bool skip_fraction(struct reader *reader)
{
    bool is_real = false;
    if (reader->end - reader->at >= 2 && reader->at[0] == '.' && char_is_digit(reader->at[1])) {
        reader->at++;
        skip_digits(reader);
        is_real = true;
    }
    const char *exponent = reader->at;
    if (is_next(reader, 'e') || is_next(reader, 'E')) {
        reader->at++;
        if (is_next(reader, '+') || is_next(reader, '-'))
            reader->at++;
        if (skip_digits(reader) > 0)
            return true;
        reader->at = exponent;
    }
    return is_real;
}

static struct body_value *read_number(struct reader *reader)
{
    const char *from = reader->at;
    if (is_next(reader, '-'))
        reader->at++;
    size_t digits = 1;
    if (is_next(reader, '0'))
        reader->at++;
    else
        digits = skip_digits(reader);
    if (digits == 0) {
        fail(reader, "Expecting value", from);
        return NULL;
    }
    bool is_real = skip_fraction(reader);
    struct body_value *value = value_new(reader, is_real ? BODY_NUMBER : BODY_INTEGER);
    value->text = (struct str){from, (size_t)(reader->at - from)};
    if (!is_real && digits > BODY_DIGITS_MAX) {
        fail_unreadable(reader);
        return NULL;
    }
    if (is_real) /* copied, because the body does not end with a NUL */
        value->number = strtod(arena_strndup(reader->arena, from, value->text.length), NULL);
    return value;
}

static struct body_value *read_word_or_number(struct reader *reader)
{
    static const struct {
        struct str word;
        enum body_kind kind;
        bool truth;
        double number;
    } words[] = {
        {STR("null"), BODY_NULL, false, 0},
        {STR("true"), BODY_BOOLEAN, true, 0},
        {STR("false"), BODY_BOOLEAN, false, 0},
        {STR("NaN"), BODY_NUMBER, false, NAN},
        {STR("Infinity"), BODY_NUMBER, false, INFINITY},
        {STR("-Infinity"), BODY_NUMBER, false, -INFINITY},
    };
    struct str rest = {reader->at, (size_t)(reader->end - reader->at)};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (rest.length > 0 && rest.bytes[0] == words[i].word.bytes[0] &&
            str_starts(rest, words[i].word)) {
            reader->at += words[i].word.length;
            struct body_value *value = value_new(reader, words[i].kind);
            value->truth = words[i].truth;
            value->number = words[i].number;
            value->text = words[i].word;
            return value;
        }
    return read_number(reader);
}

/* Lists and objects. */

static struct body_value *read_list(struct reader *reader)
{
    struct body_value *list = value_new(reader, BODY_LIST);
    reader->at++;
    skip_blanks(reader);
    while (!is_next(reader, ']') || list->count > 0) {
        struct body_value *item = read_value(reader);
        if (!item)
            return NULL;
        append(list, item);
        skip_blanks(reader);
        if (is_next(reader, ']'))
            break;
        if (!is_next(reader, ',')) {
            fail(reader, "Expecting ',' delimiter", reader->at);
            return NULL;
        }
        reader->at++;
        skip_blanks(reader);
    }
    reader->at++;
    return list;
}

/* Keys of an object seen so far, once there are many; seeded, because clients choose the keys. */
struct key_table {
    struct body_value **slots;
    size_t size; /* a power of two, at least twice the number of keys; 0: not yet in use */
};
#define KEYS_COMPARED_MAX 16

static struct body_value **key_slot(const struct key_table *table, struct str key)
{
    size_t at = hash64_str(key, hash_seed()) & (table->size - 1);
    while (table->slots[at] && !str_equal(table->slots[at]->key, key))
        at = (at + 1) & (table->size - 1);
    return &table->slots[at];
}

static void grow_table(struct arena *arena, struct key_table *table, struct body_value *object)
{
    table->size = table->size == 0 ? KEYS_COMPARED_MAX * 4 : table->size * 2;
    table->slots = arena_array(arena, table->size, sizeof(*table->slots));
    for (struct body_value *member = object->first; member; member = member->next)
        *key_slot(table, member->key) = member;
}

static struct body_value *find_member(struct body_value *object, const struct key_table *table,
                                      struct str key)
{
    if (table->size > 0)
        return *key_slot(table, key);
    for (struct body_value *member = object->first; member; member = member->next)
        if (str_equal(member->key, key))
            return member;
    return NULL;
}

/* The last value of a key wins, at the place of the first. */
static void put_member(struct reader *reader, struct body_value *object, struct key_table *table,
                       struct body_value *value)
{
    struct body_value *same = find_member(object, table, value->key);
    if (same) {
        struct body_value *next = same->next;
        *same = *value;
        same->next = next;
        return;
    }
    append(object, value);
    if (table->size > 0)
        *key_slot(table, value->key) = value;
    if (object->count * 2 > (table->size > 0 ? table->size : (size_t)KEYS_COMPARED_MAX * 2))
        grow_table(reader->arena, table, object);
}

/* `"key": value` and the blanks after it. */
static struct body_value *read_member(struct reader *reader)
{
    struct str key;
    if (!is_next(reader, '"')) {
        fail(reader, "Expecting property name enclosed in double quotes", reader->at);
        return NULL;
    }
    if (!read_string(reader, &key))
        return NULL;
    skip_blanks(reader);
    if (!is_next(reader, ':')) {
        fail(reader, "Expecting ':' delimiter", reader->at);
        return NULL;
    }
    reader->at++;
    skip_blanks(reader);
    struct body_value *value = read_value(reader);
    if (value) {
        value->key = key;
        skip_blanks(reader);
    }
    return value;
}

static struct body_value *read_object(struct reader *reader)
{
    struct body_value *object = value_new(reader, BODY_OBJECT);
    struct key_table table = {0};
    reader->at++;
    skip_blanks(reader);
    while (!is_next(reader, '}') || object->count > 0) {
        struct body_value *value = read_member(reader);
        if (!value)
            return NULL;
        put_member(reader, object, &table, value);
        if (is_next(reader, '}'))
            break;
        if (!is_next(reader, ',')) {
            fail(reader, "Expecting ',' delimiter", reader->at);
            return NULL;
        }
        reader->at++;
        skip_blanks(reader);
    }
    reader->at++;
    return object;
}

static struct body_value *read_nested(struct reader *reader)
{
    if (reader->depth == BODY_DEPTH_MAX) {
        fail_unreadable(reader);
        return NULL;
    }
    reader->depth++;
    struct body_value *value = *reader->at == '{' ? read_object(reader) : read_list(reader);
    reader->depth--;
    return value;
}

static struct body_value *read_value(struct reader *reader)
{
    if (is_next(reader, '{') || is_next(reader, '['))
        return read_nested(reader);
    if (!is_next(reader, '"'))
        return read_word_or_number(reader);
    struct str text;
    if (!read_string(reader, &text))
        return NULL;
    struct body_value *value = value_new(reader, BODY_STRING);
    value->text = text;
    return value;
}

struct body_value *body_decode(struct arena *arena, struct str bytes, struct body_problem *problem)
{
    *problem = (struct body_problem){NULL, 0};
    struct str text;
    if (!body_text_decode(arena, bytes, &text))
        return NULL;
    struct reader reader = {arena, text.bytes, text.bytes, text.bytes + text.length, 0, problem};
    skip_blanks(&reader);
    struct body_value *value = read_value(&reader);
    skip_blanks(&reader);
    if (value && reader.at < reader.end) {
        fail(&reader, "Extra data", reader.at);
        return NULL;
    }
    return value;
}

const struct body_value *body_member(const struct body_value *object, const char *name)
{
    for (const struct body_value *member = object->first; member; member = member->next)
        if (str_equal_text(member->key, name))
            return member;
    return NULL;
}
