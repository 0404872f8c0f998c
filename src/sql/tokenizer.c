/* SPDX-License-Identifier: Apache-2.0 */
#include "sql/tokenizer.h"

#include <stdio.h>
#include <string.h>
#include <utf8proc.h>

#include "sql/firewall.h"

static const struct {
    const char *code, *what, *said;
} refusals[] = {
    {NULL, "", ""},
#define REFUSAL(symbol, code, what, said) {code, what, said},
#include "sql/refusals.h"
#undef REFUSAL
};

const char *refusal_code(enum refusal refusal)
{
    return refusals[refusal].code;
}

const char *refusal_what(enum refusal refusal)
{
    return refusals[refusal].what;
}

const char *refusal_said(enum refusal refusal)
{
    return refusals[refusal].said;
}

struct reader {
    struct str sql;
    size_t at;
    int line, column;
    struct arena *arena;
    struct token_list *out;
    size_t capacity;
    enum refusal *refusal;
    struct token *fault;
};

/* Longest first, so that the first match is the longest. */
static const char *const operators[] = {
    "::", "||", "//", "**", "<=", ">=", "<>", "!=", "==", "+", "-", "*",
    "/",  "%",  "^",  "=",  "<",  ">",  "(",  ")",  ",",  ".", ";"};

static char peek(const struct reader *reader, size_t ahead)
{
    size_t at = reader->at + ahead;
    return at < reader->sql.length ? reader->sql.bytes[at] : '\0';
}

/* Moves over `length` bytes, keeping line and column. The text is valid UTF-8 by now. */
static void skip(struct reader *reader, size_t length)
{
    for (size_t end = reader->at + length; reader->at < end; reader->at++) {
        unsigned char c = (unsigned char)reader->sql.bytes[reader->at];
        if (c == '\n') {
            reader->line++;
            reader->column = 1;
        } else if ((c & 0xC0) != 0x80) {
            reader->column++;
        }
    }
}

static bool refuse(struct reader *reader, enum refusal refusal, size_t length)
{
    *reader->refusal = refusal;
    *reader->fault = (struct token){
        .text = str_slice(reader->sql, reader->at, reader->at + length),
        .line = reader->line,
        .column = reader->column,
    };
    return false;
}

static bool add(struct reader *reader, enum token_kind kind, size_t length, struct str value,
                bool odd)
{
    struct token_list *out = reader->out;
    if (kind != TOKEN_END && out->count >= SQL_TOKENS_MAX)
        return refuse(reader, REFUSAL_TOO_MANY_TOKENS, length);
    out->items =
        arena_grow(reader->arena, out->items, out->count, &reader->capacity, sizeof *out->items);
    out->items[out->count] = (struct token){
        .kind = kind,
        .text = str_slice(reader->sql, reader->at, reader->at + length),
        .value = value,
        .line = reader->line,
        .column = reader->column,
        .odd = odd,
    };
    out->count += kind != TOKEN_END;
    skip(reader, length);
    return true;
}

/* The code point at `at` and its length in bytes. */
static size_t decode(struct str text, size_t at, utf8proc_int32_t *point)
{
    utf8proc_ssize_t length = utf8proc_iterate((const utf8proc_uint8_t *)text.bytes + at,
                                               (utf8proc_ssize_t)(text.length - at), point);
    return length > 0 ? (size_t)length : 1;
}

static bool is_letter_category(utf8proc_category_t category)
{
    return (category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_MC) ||
           category == UTF8PROC_CATEGORY_ND;
}

/* Full-width and other compatibility forms turn into something else when normalised. */
static bool is_compatibility_form(utf8proc_int32_t point)
{
    utf8proc_int32_t parts[8];
    int class = 0;
    utf8proc_ssize_t count =
        utf8proc_decompose_char(point, parts, 8, UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT, &class);
    if (count < 1)
        return true;
    utf8proc_int32_t canonical[8];
    utf8proc_ssize_t plain =
        utf8proc_decompose_char(point, canonical, 8, UTF8PROC_DECOMPOSE, &class);
    return plain != count || memcmp(parts, canonical, (size_t)count * sizeof *parts) != 0;
}

/* Letters that look like quotes and other marks. */
static bool is_mark_like(utf8proc_int32_t point)
{
    return (point >= 0x2B0 && point <= 0x2FF) || (point >= 0xA700 && point <= 0xA72F) ||
           point == 0x5F3 || point == 0x5F4;
}

/* Alphabets with letters that look like Latin ones. */
static bool is_confusable_alphabet(utf8proc_int32_t point)
{
    return (point >= 0x370 && point <= 0x52F) || (point >= 0x530 && point <= 0x58F) ||
           (point >= 0x13A0 && point <= 0x13FF) || (point >= 0x1F00 && point <= 0x1FFF) ||
           (point >= 0x2C80 && point <= 0x2CFF) || (point >= 0xA640 && point <= 0xA69F) ||
           (point >= 0xAB70 && point <= 0xABBF);
}

static bool is_name_start(char c)
{
    return char_is_alpha(c) || c == '_' || (c & 0x80);
}

/* A word: ASCII letters, digits, _, and letters of other scripts as long as they can't be taken
 * for ASCII: no compatibility forms, and no Latin mixed with Greek, Cyrillic and the like. */
static bool read_word(struct reader *reader)
{
    size_t length = 0;
    bool latin = false, confusable = false;
    for (char c = peek(reader, 0); is_name_start(c) || char_is_digit(c); c = peek(reader, length)) {
        if (!(c & 0x80)) {
            latin = latin || char_is_alpha(c);
            length++;
            continue;
        }
        utf8proc_int32_t point;
        size_t bytes = decode(reader->sql, reader->at + length, &point);
        if (!is_letter_category(utf8proc_category(point)) || is_compatibility_form(point) ||
            is_mark_like(point)) {
            skip(reader, length);
            return refuse(reader, REFUSAL_LOOK_ALIKE, bytes);
        }
        confusable = confusable || is_confusable_alphabet(point);
        length += bytes;
    }
    if (latin && confusable)
        return refuse(reader, REFUSAL_LOOK_ALIKE, length);
    if (length > SQL_NAME_MAX)
        return refuse(reader, REFUSAL_IDENTIFIER_WRONG, length);
    /* E'', B'', X'', N'', U&'', _utf8'': escapes and other readings of the same characters. */
    bool prefix = length <= 2 || peek(reader, 0) == '_';
    if ((prefix && peek(reader, length) == '\'') ||
        (length == 1 && peek(reader, 1) == '&' &&
         (peek(reader, 2) == '\'' || peek(reader, 2) == '"')))
        return refuse(reader, REFUSAL_STRING_PREFIX, length + 1);
    return add(reader, TOKEN_WORD, length, str_slice(reader->sql, reader->at, reader->at + length),
               false);
}

/* Invisible, or steering how the text around is shown. */
static bool is_hidden(utf8proc_int32_t point)
{
    utf8proc_category_t category = utf8proc_category(point);
    return category == UTF8PROC_CATEGORY_CC || category == UTF8PROC_CATEGORY_CF ||
           category == UTF8PROC_CATEGORY_ZS || category == UTF8PROC_CATEGORY_ZL ||
           category == UTF8PROC_CATEGORY_ZP || category == UTF8PROC_CATEGORY_CN ||
           category == UTF8PROC_CATEGORY_CO;
}

void token_show(struct str text, char *out, size_t size)
{
    size_t length = 0, bytes;
    if (!str_is_utf8(text))
        text.length = 0;
    for (size_t at = 0; at < text.length && length + 10 < size; at += bytes) {
        utf8proc_int32_t point;
        bytes = decode(text, at, &point);
        if (point < ' ')
            out[length++] = ' ';
        else if (point > '~' && is_hidden(point))
            length += (size_t)snprintf(out + length, size - length, "U+%04X", (unsigned)point);
        else
            for (size_t i = 0; i < bytes; i++)
                out[length++] = text.bytes[at + i];
    }
    out[length] = '\0';
}

static bool has_odd_characters(struct str text)
{
    utf8proc_int32_t point;
    for (size_t at = 0; at < text.length; at += decode(text, at, &point)) {
        if (!(text.bytes[at] & 0x80))
            continue;
        decode(text, at, &point);
        if (is_hidden(point) || is_compatibility_form(point))
            return true;
    }
    return false;
}

/* The text between quotes; a doubled quote stands for one. */
static struct str unquote(struct reader *reader, struct str inner, char quote)
{
    if (!memchr(inner.bytes, quote, inner.length))
        return inner;
    char *copy = arena_alloc(reader->arena, inner.length + 1);
    size_t length = 0;
    for (size_t i = 0; i < inner.length; i++) {
        copy[length++] = inner.bytes[i];
        if (inner.bytes[i] == quote)
            i++;
    }
    return (struct str){copy, length};
}

/* 'text' or "name", with the quote doubled inside. */
static bool read_quoted(struct reader *reader, char quote)
{
    size_t end = 1;
    for (;; end++) {
        if (reader->at + end >= reader->sql.length)
            return refuse(reader, quote == '"' ? REFUSAL_IDENTIFIER_WRONG : REFUSAL_STRING_OPEN, 1);
        if (peek(reader, end) != quote)
            continue;
        if (peek(reader, end + 1) != quote)
            break;
        end++;
    }
    struct str inner = str_slice(reader->sql, reader->at + 1, reader->at + end);
    if (quote == '\'')
        return add(reader, TOKEN_STRING, end + 1, unquote(reader, inner, quote), false);
    if (inner.length == 0 || inner.length > SQL_NAME_MAX)
        return refuse(reader, REFUSAL_IDENTIFIER_WRONG, end + 1);
    return add(reader, TOKEN_QUOTED, end + 1, unquote(reader, inner, quote),
               has_odd_characters(inner));
}

static size_t count_digits(const struct reader *reader, size_t from)
{
    size_t count = 0;
    while (char_is_digit(peek(reader, from + count)))
        count++;
    return count;
}

/* Plain decimals only: 0x1F, 1_000 and 12abc are read differently by different engines. */
static bool read_number(struct reader *reader)
{
    size_t length = count_digits(reader, 0);
    if (peek(reader, length) == '.')
        length += 1 + count_digits(reader, length + 1);
    if (char_lower(peek(reader, length)) == 'e') {
        size_t sign = peek(reader, length + 1) == '+' || peek(reader, length + 1) == '-';
        size_t digits = count_digits(reader, length + 1 + sign);
        if (digits == 0)
            return refuse(reader, REFUSAL_NUMBER_WRONG, length + 1);
        length += 1 + sign + digits;
    }
    char next = peek(reader, length);
    if (is_name_start(next) || char_is_digit(next) || next == '.' || next == '\'' ||
        length > SQL_DIGITS_MAX)
        return refuse(reader, REFUSAL_NUMBER_WRONG, length + 1);
    return add(reader, TOKEN_NUMBER, length,
               str_slice(reader->sql, reader->at, reader->at + length), false);
}

/* ?, $1, :name, @x, @@x: a value that comes from elsewhere. */
static bool is_parameter(const struct reader *reader)
{
    char c = peek(reader, 0), next = peek(reader, 1);
    return c == '?' || c == '@' || (c == '$' && next != '$') || (c == ':' && is_name_start(next));
}

static bool read_operator(struct reader *reader)
{
    char c = peek(reader, 0), next = peek(reader, 1);
    if ((c == '-' && next == '-') || (c == '/' && next == '*') || c == '#')
        return refuse(reader, REFUSAL_COMMENT, 2);
    struct str rest = str_slice(reader->sql, reader->at, reader->sql.length);
    if (str_starts(rest, STR("->")) || str_starts(rest, STR("=>")) || str_starts(rest, STR(":=")))
        return refuse(reader, REFUSAL_OPERATOR, 2);
    for (size_t i = 0; i < sizeof operators / sizeof *operators; i++) {
        struct str known = str_from(operators[i]);
        if (str_starts(rest, known))
            return add(reader, TOKEN_OPERATOR, known.length, str_slice(rest, 0, known.length),
                       false);
    }
    if (is_parameter(reader)) {
        size_t length = 1;
        while (length < SQL_NAME_MAX &&
               (char_is_alnum(peek(reader, length)) || peek(reader, length) == '_' ||
                peek(reader, length) == '@'))
            length++;
        return refuse(reader, REFUSAL_PARAMETER, length);
    }
    if (c == '$')
        return refuse(reader, REFUSAL_STRING_PREFIX, 2);
    return refuse(reader, c && strchr("!&|~:", c) ? REFUSAL_OPERATOR : REFUSAL_CHARACTER, 1);
}

/* Control characters are wrong everywhere, in strings and names as well. */
static bool check_bytes(struct reader *reader)
{
    if (reader->sql.length > SQL_SIZE_MAX)
        return refuse(reader, REFUSAL_TOO_LONG, 0);
    if (!str_is_utf8(reader->sql)) {
        utf8proc_int32_t point = 0;
        size_t valid = 0;
        for (size_t at = 0; point >= 0; at += decode(reader->sql, at, &point))
            valid = at;
        skip(reader, valid);
        return refuse(reader, REFUSAL_NOT_UTF8, 0);
    }
    for (size_t at = 0; at < reader->sql.length; at++) {
        unsigned char c = (unsigned char)reader->sql.bytes[at];
        if ((c < ' ' && c != '\t' && c != '\n' && c != '\r') || c == 0x7F) {
            skip(reader, at);
            return refuse(reader, REFUSAL_CONTROL_CHARACTER, 0);
        }
    }
    return true;
}

static bool read_token(struct reader *reader)
{
    char c = peek(reader, 0);
    if (char_is_digit(c) || (c == '.' && char_is_digit(peek(reader, 1))))
        return read_number(reader);
    if (is_name_start(c))
        return read_word(reader);
    if (c == '\'' || c == '"')
        return read_quoted(reader, c);
    return read_operator(reader);
}

bool tokenize(struct str sql, struct arena *arena, struct token_list *out, enum refusal *refusal,
              struct token *fault)
{
    struct reader reader = {.sql = sql,
                            .line = 1,
                            .column = 1,
                            .arena = arena,
                            .out = out,
                            .refusal = refusal,
                            .fault = fault};
    *out = (struct token_list){0};
    *refusal = REFUSAL_NONE;
    if (!check_bytes(&reader))
        return false;
    while (reader.at < sql.length) {
        char c = peek(&reader, 0);
        if (c == ' ' || c == '\t' || c == '\n' || c == '\r')
            skip(&reader, 1);
        else if (!read_token(&reader))
            return false;
    }
    return add(&reader, TOKEN_END, 0, STR(""), false);
}
