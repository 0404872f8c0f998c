/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Texts that a statement brings along: 'under 100' is a label, 'down ninety percent' would be told as if the
 * data said so.
 */
#include <math.h>
#include <string.h>

#include "agent/claim.h"
#include "agent/own_numbers_priv.h"
#include "agent/prose_filter.h"
#include "agent/told_name.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define TEXT_LENGTH_MAX 60 /* bytes of a label; a longer one could be counted */
#define LABEL_WORDS_MAX 8
#define NUMBER_WORDS_MAX 12 /* number words up to here may be in labels */

/* ------------------------------------------------------------------ what is compared */

/* Where the CASE that a token is in begins; `i` itself outside of any. */
static size_t case_begin(const struct checker *checker, size_t i)
{
    int depth = 0;
    for (size_t at = i; at-- > 0;) {
        depth += is_word(&checker->tokens[at], "end") ? 1 : is_word(&checker->tokens[at], "case") ? -1 : 0;
        if (depth < 0)
            return at;
    }
    return i;
}

static bool is_label_of(double compared, double value)
{
    /* "250-749" of "< 750", "10 %" of "< 0.1" */
    return value == compared || fabs(value - compared) == 1 || fabs(value - 100 * compared) < 1e-6;
}

static bool has_value(const struct token *token, double value)
{
    double number;
    if (token->kind == TOKEN_NUMBER)
        return str_to_double(token->text, &number) && is_label_of(number, value);
    struct claim claim;
    for (size_t at = 0; claim_next(token->value, at, &claim); at = claim.end)
        for (size_t i = 0; i < claim.reading_count; i++)
            if (claim.readings[i].value == value)
                return true;
    return false;
}

/* CASE WHEN a < 500 THEN 'under 500' */
static bool is_compared_value(const struct checker *checker, size_t i, double value)
{
    int depth = 1;
    for (size_t at = case_begin(checker, i) + 1; at < checker->count && depth > 0; at++) {
        const struct token *token = &checker->tokens[at];
        depth += is_word(token, "case") ? 1 : is_word(token, "end") ? -1 : 0;
        if (at != i && is_literal(token) && own_is_compared(checker, at) && has_value(token, value))
            return true;
    }
    return false;
}

static bool may_be_told(const struct checker *checker, size_t i, double value)
{
    return own_is_given(checker, value) ||
           (case_begin(checker, i) < i && is_compared_value(checker, i, value));
}

/* ------------------------------------------------------------------ numbers in texts */

/* ",234" */
static bool is_thousands(struct str text, size_t at)
{
    if (at + 3 >= text.length || text.bytes[at] != ',')
        return false;
    for (size_t i = 1; i <= 3; i++)
        if (!char_is_digit(text.bytes[at + i]))
            return false;
    return at + 4 == text.length || !char_is_digit(text.bytes[at + 4]);
}

static bool are_digits_harmless(const struct checker *checker, size_t i)
{
    struct str text = checker->tokens[i].value;
    for (size_t at = 0; at < text.length;) {
        size_t end = at;
        double value = 0;
        for (; end < text.length && (char_is_digit(text.bytes[end]) || (end > at && is_thousands(text, end))); end++)
            if (char_is_digit(text.bytes[end]))
                value = value * 10 + (text.bytes[end] - '0');
        if (end > at + 2 && !own_is_year(value) && !may_be_told(checker, i, value))
            return false;
        at = end > at ? end : at + 1;
    }
    return true;
}

/* "90 %" and "ninety percent", not "first half". */
static bool says_percent(struct str words)
{
    static const char *const signs[] = {"%", "cent", "pct", "prozent"};
    for (size_t at = 0; at < words.length; at++)
        for (size_t i = 0; i < COUNT(signs); i++)
            if (str_equal_nocase(str_slice(words, at, at + strlen(signs[i])), str_from(signs[i])))
                return true;
    return false;
}

/* Number words, digits that are not 0 to 9, and percentages. */
static bool are_claims_harmless(const struct checker *checker, size_t i)
{
    struct str text = checker->tokens[i].value;
    struct claim claim;
    for (size_t at = 0; claim_next(text, at, &claim); at = claim.end) {
        bool percent = says_percent(str_slice(text, claim.begin, claim.end)), harmless = false;
        for (size_t r = 0; r < claim.reading_count; r++) {
            double value = claim.readings[r].value;
            harmless |= (!percent && value <= NUMBER_WORDS_MAX) || may_be_told(checker, i, value);
        }
        if (!harmless && (percent || !char_is_digit(text.bytes[claim.begin])))
            return false;
    }
    return true;
}

/* ------------------------------------------------------------------ labels */

static bool is_label_character(char c)
{
    return char_is_alnum(c) || (unsigned char)c >= 0x80 || (c && strchr(" -%()<>=+/&.,:'_#$|*;\n", c));
}

/* "evil.example", "a@b" */
static bool is_address(struct str word)
{
    static const char *const parts[] = {"http", "www", "//", "@"};
    for (size_t at = 0; at < word.length; at++) {
        for (size_t i = 0; i < COUNT(parts); i++)
            if (str_equal_nocase(str_slice(word, at, at + strlen(parts[i])), str_from(parts[i])))
                return true;
        if (word.bytes[at] == '.' && at > 1 && char_is_alpha(word.bytes[at - 1]) && at + 2 < word.length &&
            char_is_alpha(word.bytes[at + 1]) && char_is_alpha(word.bytes[at + 2]))
            return true;
    }
    return false;
}

static bool has_label_form(struct str text)
{
    size_t words = 0;
    for (size_t at = 0; at < text.length;) {
        size_t end = at;
        for (; end < text.length && text.bytes[end] != ' '; end++)
            if (!is_label_character(text.bytes[end]))
                return false;
        struct str word = str_slice(text, at, end);
        if (is_address(word) || (words > 0 && told_name_is_sentence_word(word)))
            return false;
        words += word.length > 0;
        at = end + 1;
    }
    return words <= LABEL_WORDS_MAX;
}

static bool is_plain(const struct checker *checker, struct str text)
{
    text = str_trim(text);
    const char *words = arena_strndup(checker->arena, text.bytes, text.length);
    return strcmp(prose_filter_text(words, 2 * TEXT_LENGTH_MAX, checker->arena), words) == 0;
}

const struct token *own_function_of(const struct checker *checker, size_t i, size_t *argument)
{
    int depth = 0;
    *argument = 0;
    for (size_t at = i; at-- > 1;) {
        depth += is_sign(&checker->tokens[at], ")") ? 1 : is_sign(&checker->tokens[at], "(") ? -1 : 0;
        if (depth < 0)
            return &checker->tokens[at - 1];
        *argument += depth == 0 && is_sign(&checker->tokens[at], ",");
    }
    return NULL;
}

/* Patterns and names of parts, which come out of nothing, and names of columns, which are looked at elsewhere. */
static bool stays_inside(const struct checker *checker, size_t i)
{
    static const char *const searching[] = {
        "regexp_matches", "regexp_full_match", "regexp_extract", "regexp_extract_all", "regexp_split_to_array",
        "contains",       "starts_with",       "ends_with",      "prefix",             "suffix",
        "split_part",     "string_split",      "str_split",      "instr",              "strpos",
        "strptime",       "try_strptime",      "json_extract",   "json_extract_string", "trim",
        "ltrim",          "rtrim"};
    static const char *const replacing[] = {"replace", "regexp_replace", "translate"};
    size_t argument;
    const struct token *function = own_function_of(checker, i, &argument);
    return (i > 0 && is_word(&checker->tokens[i - 1], "as")) ||
           (function && argument >= 1 && is_one_of(function, searching, COUNT(searching))) ||
           (function && argument == 1 && is_one_of(function, replacing, COUNT(replacing)));
}

bool own_text_check(const struct checker *checker, size_t i)
{
    const struct token *token = &checker->tokens[i];
    bool short_enough = token->value.length <= TEXT_LENGTH_MAX;
    if (short_enough && (!are_digits_harmless(checker, i) || !are_claims_harmless(checker, i)))
        return own_refuse(checker, token);
    if (short_enough &&
        (stays_inside(checker, i) || (has_label_form(token->value) && is_plain(checker, token->value))))
        return true;
    /* people read this, so it doesn't repeat the text */
    return error_set(checker->err, ERROR_SQL_REFUSED,
                     "the statement has a text of its own that is no label; a label may be a few plain words");
}
