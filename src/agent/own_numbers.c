/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/own_numbers.h"

#include <math.h>

#include "agent/claim.h"
#include "agent/own_numbers_priv.h"

#define HINT_LENGTH_MAX 12
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool is_usual(double value)
{
    static const double numbers[] = {
        12,   15,   20,   24,  25,  30,  32,  48,  50,  52,   60,   90,   100,  168,  200,  250,   360,  365, 365.25,
        366,  500,  1000, 1024, 1440, 3600, 10080, 86400, 1e4, 1e5,  1e6,  1e9, 1048576, 1073741824,
        0.01, 0.05, 0.1,  0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7,  0.75, 0.8,  0.85, 0.9,  0.95, 0.99,
        /* degrees, miles, inches, feet, pounds */
        1.8, 273.15, 1.609, 1.60934, 1.609344, 0.621371, 0.6214, 2.54, 0.3048, 3.28084, 0.453592, 2.20462};
    if (value >= 0 && value <= 10 && value == floor(value))
        return true;
    for (size_t i = 0; i < COUNT(numbers); i++)
        if (fabs(numbers[i] - value) < 1e-9)
            return true;
    return false;
}

bool own_is_year(double value)
{
    return value >= 1900 && value <= 2100 && value == floor(value);
}

static bool is_near(double a, double b)
{
    return fabs(a - b) < 1e-9 * (1 + fabs(b));
}

static bool is_itself(double given, double value)
{
    return is_near(given, value);
}

/* 19 as "19 % of" and "with 19 % more", and a rate the other way round. */
static bool is_of_percents(double given, double value)
{
    return is_near(given, value) || is_near(given / 100, value) || is_near(1 + given / 100, value) ||
           is_near(1 - given / 100, value) || (given != 0 && is_near(1 / given, value));
}

static bool digits_agree(struct str text, double value, bool agree(double given, double value))
{
    for (size_t at = 0; at < text.length;) {
        size_t end = at;
        while (end < text.length && (char_is_digit(text.bytes[end]) || text.bytes[end] == '.' ||
                                     text.bytes[end] == ','))
            end++;
        struct str digits = str_slice(text, at, end);
        while (digits.length > 0 && !char_is_digit(digits.bytes[digits.length - 1]))
            digits.length--;
        char plain[64];
        size_t length = 0;
        for (size_t j = 0; j < digits.length && length + 1 < sizeof(plain); j++)
            if (digits.bytes[j] != ',')
                plain[length++] = digits.bytes[j];
        double number;
        if (length > 0 && str_to_double((struct str){plain, length}, &number) && agree(number, value))
            return true;
        at = end > at ? end : at + 1;
    }
    return false;
}

bool own_is_given(const struct checker *checker, double value)
{
    for (size_t i = 0; i < checker->text_count; i++)
        if (digits_agree(str_from(checker->texts[i]), value, is_itself))
            return true;
    return false;
}

/* "five percent", "2.5 million", "3,5 %" */
static bool words_agree(struct str text, double value)
{
    struct claim claim;
    for (size_t at = 0; claim_next(text, at, &claim); at = claim.end)
        for (size_t i = 0; i < claim.reading_count; i++)
            if (claim.readings[i].kind <= CLAIM_PERCENT && is_of_percents(claim.readings[i].value, value))
                return true;
    return false;
}

bool own_follows_from_given(const struct checker *checker, double value)
{
    for (size_t i = 0; i < checker->text_count; i++) {
        struct str text = str_from(checker->texts[i]);
        if (digits_agree(text, value, is_of_percents) || words_agree(text, value))
            return true;
    }
    return false;
}

bool own_is_compared(const struct checker *checker, size_t i)
{
    static const char *const signs[] = {"=", "<", ">", "<=", ">=", "<>", "!="};
    static const char *const words[] = {"between", "and", "in", "limit", "offset", "when",
                                        "like", "ilike"};
    const struct token *before = &checker->tokens[i - 1], *behind = &checker->tokens[i + 1];
    if (is_sign_of(before, signs, COUNT(signs)) || is_sign_of(behind, signs, COUNT(signs)) ||
        is_one_of(before, words, COUNT(words)))
        return true;
    /* IN (1, 2) */
    for (size_t at = i; at > 1; at--) {
        const struct token *token = &checker->tokens[at - 1];
        if (is_sign(token, "("))
            return is_word(&checker->tokens[at - 2], "in");
        if (!is_sign(token, ",") && token->kind != TOKEN_NUMBER && token->kind != TOKEN_STRING)
            break;
    }
    return false;
}

/* DECIMAL(18, 2), VARCHAR(255): the size of a type that something is cast to. */
static bool is_type_size(const struct checker *checker, size_t i)
{
    static const char *const words[] = {"decimal", "numeric", "varchar", "char"};
    if (i > 3 && is_sign(&checker->tokens[i - 1], ",") &&
        checker->tokens[i - 2].kind == TOKEN_NUMBER)
        i -= 2;
    const struct token *tokens = checker->tokens;
    return i > 3 && is_sign(&tokens[i - 1], "(") && is_one_of(&tokens[i - 2], words, COUNT(words)) &&
           (is_word(&tokens[i - 3], "as") || is_sign(&tokens[i - 3], "::"));
}

static bool has_digit(const struct token *token)
{
    for (size_t i = 0; i < token->text.length; i++)
        if (char_is_digit(token->text.bytes[i]))
            return true;
    return false;
}

/* 1 + 0.15, 100 - 15 */
static bool is_change_by_percents(const struct checker *checker, const struct token *left)
{
    double whole, part;
    return (is_sign(left + 1, "+") || is_sign(left + 1, "-")) && str_to_double(left->text, &whole) &&
           (whole == 1 || whole == 100) && str_to_double(left[2].text, &part) &&
           own_follows_from_given(checker, part);
}

/* floor(a / 50) * 50 + 49: the end of a band. */
static bool is_end_of_band(const struct token *left)
{
    double width, last;
    return is_sign(left - 1, "*") && is_sign(left + 1, "+") && str_to_double(left->text, &width) &&
           str_to_double(left[2].text, &last) && last == width - 1;
}

/* 1 - 2 * sum(a) / sum(b), (b / a) ^ (1.0 / 5), a / (60 * 60), a * 9 / 5 + 32 */
static bool is_part_of_formula(const struct checker *checker, const struct token *left)
{
    static const char *const products[] = {"*", "/"};
    const struct token *sign = left + 1, *right = left + 2;
    double value, other;
    if (!str_to_double(left->text, &value) || !str_to_double(right->text, &other))
        return false;
    bool factor = right + 2 < checker->tokens + checker->count &&
                  is_sign_of(right + 1, products, COUNT(products)) && !is_literal(right + 2);
    return (value == 1 && is_sign(sign, "/")) || (is_sign(sign, "-") && (value == 1 || value == 100) && factor) ||
           (is_sign(sign, "*") && left >= checker->tokens + 2 && is_sign(left - 1, "(") && is_sign(left - 2, "/")) ||
           (is_sign(sign, "+") && is_sign_of(left - 1, products, COUNT(products)) && (other == 32 || other == 273.15));
}

/* '98' || '7654', 900 + 87: together they are what neither is alone. Of several factors of something
 * of the data, as in "minutes / 60 / 24", each stands for itself. */
static bool is_put_together(const struct checker *checker, size_t i)
{
    static const char *const sums[] = {"+", "-", "||", "^", "**"};
    static const char *const products[] = {"*", "/", "//", "%"};
    const struct token *before = &checker->tokens[i - 1], *next = &checker->tokens[i + 1];
    if (i + 2 >= checker->count || !is_literal(next + 1) ||
        !(has_digit(next - 1) || has_digit(next + 1)) ||
        is_change_by_percents(checker, next - 1) || is_end_of_band(next - 1) ||
        is_part_of_formula(checker, next - 1))
        return false;
    if (is_sign(next, "||") && !(has_digit(next - 1) && has_digit(next + 1)))
        return false; /* "floor(a / 10) * 10 || '-'" */
    return is_sign_of(next, sums, COUNT(sums)) ||
           (is_sign_of(next, products, COUNT(products)) &&
            !is_sign_of(before, products, COUNT(products)));
}

/* The first number of the question, to show how one may be used. */
static struct str number_of_question(const struct checker *checker)
{
    struct str text = str_from(checker->text_count > 0 ? checker->texts[0] : NULL);
    size_t begin = 0;
    while (begin < text.length && !char_is_digit(text.bytes[begin]))
        begin++;
    size_t end = begin;
    while (end < text.length && (char_is_digit(text.bytes[end]) ||
                                 (text.bytes[end] == '.' && end + 1 < text.length &&
                                  char_is_digit(text.bytes[end + 1]))))
        end++;
    return str_slice(text, begin, end - begin <= HINT_LENGTH_MAX ? end : begin);
}

bool own_refuse(const struct checker *checker, const struct token *token)
{
    char shown[64] = "in a text"; /* which people would read here */
    if (token->kind != TOKEN_STRING)
        token_show(token->text, shown, sizeof(shown));
    struct str given = number_of_question(checker);
    if (given.length > 0)
        return error_set(checker->err, ERROR_SQL_REFUSED,
                         "the statement has a number of its own, %s; select what is in the data, or use the "
                         "question's %.*s: as * %.*s / 100, if it is percent",
                         shown, (int)given.length, given.bytes, (int)given.length, given.bytes);
    return error_set(checker->err, ERROR_SQL_REFUSED,
                     "the statement has a number of its own, %s; select what is in the data, or use numbers that "
                     "the question has",
                     shown);
}

static bool check_literal(const struct checker *checker, size_t i)
{
    const struct token *token = &checker->tokens[i];
    double value;
    if (is_put_together(checker, i))
        return own_refuse(checker, token);
    if (token->kind == TOKEN_STRING)
        return own_is_compared(checker, i) || own_text_check(checker, i);
    if (!str_to_double(token->text, &value))
        return own_refuse(checker, token);
    return is_usual(value) || own_is_year(value) || (i > 3 && is_end_of_band(token - 2)) || own_is_compared(checker, i) ||
           is_type_size(checker, i) || own_follows_from_given(checker, value) || own_refuse(checker, token);
}

bool own_is_reference(const struct checker *checker, size_t i)
{
    static const char *const words[] = {
        "as",      "case",   "when",    "then",    "else",   "end",       "and",     "or",
        "not",     "null",   "true",    "false",   "is",     "in",        "between", "like",
        "distinct", "all",   "interval", "cast",   "int",    "integer",   "bigint",  "smallint",
        "double",  "real",   "float",   "decimal", "numeric", "varchar",  "text",    "date",
        "timestamp", "boolean", "precision", "select", "from", "asc",     "desc"};
    const struct token *token = &checker->tokens[i];
    if (is_sign(token, "*"))
        return is_sign(&checker->tokens[i - 1], "(") || is_sign(&checker->tokens[i - 1], ".") ||
               is_word(&checker->tokens[i - 1], "select");
    if (token->kind != TOKEN_WORD && token->kind != TOKEN_QUOTED)
        return false;
    return !is_word(&checker->tokens[i - 1], "as") && !is_sign(&checker->tokens[i + 1], "(") &&
           !(token->kind == TOKEN_WORD && is_one_of(token, words, COUNT(words)));
}

/* A text, a date: not put together of several. */
static bool is_one_constant(const struct checker *checker, size_t begin, size_t end)
{
    static const char *const signs[] = {"+", "-", "*", "/", "//", "%", "||", "^", "**"};
    for (size_t i = begin; i < end; i++)
        if (is_sign_of(&checker->tokens[i], signs, COUNT(signs)))
            return false;
    return true;
}

/* One column of a select list. EXISTS (SELECT 1 ...), count(1) and labels may be without the data. */
static bool check_item(struct checker *checker, size_t begin, size_t end)
{
    bool refers = false;
    const struct token *number = NULL;
    for (size_t i = begin; i < end; i++) {
        const struct token *token = &checker->tokens[i];
        refers |= own_is_reference(checker, i);
        if (token->kind != TOKEN_NUMBER && token->kind != TOKEN_STRING)
            continue;
        if (!check_literal(checker, i))
            return false;
        bool one = token->kind == TOKEN_NUMBER && str_equal(token->text, STR("1"));
        if (token->kind == TOKEN_NUMBER ? !one : has_digit(token) && !is_one_constant(checker, begin, end))
            number = token;
    }
    if (!refers && number)
        return own_refuse(checker, number);
    return made_numbers_check(checker, begin, end) && made_choices_check(checker, begin, end);
}

/* The select list that begins at a place; its nested ones are looked at by themselves, too. */
static bool check_list(struct checker *checker, size_t begin)
{
    int depth = 0;
    size_t item = begin;
    for (size_t i = begin; i <= checker->count; i++) {
        const struct token *token = &checker->tokens[i];
        depth += is_sign(token, "(");
        bool closes = is_sign(token, ")") && depth == 0;
        depth -= is_sign(token, ")");
        bool ends = i == checker->count || closes || (depth == 0 && is_word(token, "from"));
        if (!ends && !(depth == 0 && is_sign(token, ",")))
            continue;
        if (!check_item(checker, item, i))
            return false;
        item = i + 1;
        if (ends)
            return true;
    }
    return true;
}

bool own_numbers_check(struct str sql, const char *const *texts, size_t text_count,
                       struct arena *arena, struct error *err)
{
    struct token_list tokens;
    struct token fault;
    enum refusal refusal;
    if (!tokenize(sql, arena, &tokens, &refusal, &fault))
        return true; /* the firewall says what is wrong with it */
    struct checker checker = {
        .tokens = tokens.items,
        .count = tokens.count,
        .texts = texts,
        .text_count = text_count,
        .arena = arena,
        .err = err,
    };
    for (size_t i = 0; i < tokens.count; i++) {
        if (is_word(&tokens.items[i], "values"))
            return error_set(err, ERROR_SQL_REFUSED, "the statement has values of its own; select what is in the data");
        if (is_word(&tokens.items[i], "select") && !check_list(&checker, i + 1))
            return false;
    }
    return made_numbers_check_strings(&checker) && made_choices_check_rows(&checker);
}
