/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/told_name.h"

#include <math.h>
#include <string.h>
#include <strings.h>

#include "agent/claim.h"
#include "agent/prose_filter.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define GLUED_MAX 99 /* "q1", "p95" */
#define SMALL_MAX 100
#define WORD_LENGTH_MAX 31
#define VERB_WORDS_MAX 3 /* "is_active" */

/* ------------------------------------------------------------------ words */

/* "total_revenue" -> "total revenue" */
static const char *in_words(struct str name, struct arena *arena)
{
    char *words = arena_strndup(arena, name.bytes, name.length);
    for (char *p = words; *p; p++)
        if (*p == '_')
            *p = ' ';
    return words;
}

bool told_name_is_sentence_word(struct str word)
{
    static const char *const words[] = {
        "is",     "are",    "was",   "were",  "be",     "been",  "am",      "has",   "have",   "had",
        "does",   "did",    "will",  "would", "should", "must",  "equals",  "means", "says",   "say",
        "ignore", "please", "you",   "your",  "we",     "our",   "they",    "i",     "he",     "she",
        "this",   "these",  "those", "because", "however", "therefore", "never", "always"};
    for (size_t i = 0; i < COUNT(words); i++)
        if (str_equal_nocase(word, str_from(words[i])))
            return true;
    return false;
}

static bool is_label_character(char c)
{
    return char_is_alnum(c) || (unsigned char)c >= 0x80 || (c && strchr(" -%()", c));
}

/* A few words with nothing between them that a sentence would have. */
static bool has_label_form(struct str words)
{
    size_t count = 0;
    bool verb_first = false;
    for (size_t at = 0; at < words.length;) {
        size_t end = at;
        for (; end < words.length && words.bytes[end] != ' '; end++)
            if (!is_label_character(words.bytes[end]) || (words.bytes[end] == '(' && end > at))
                return false; /* "sum(a)" is no label, "revenue (EUR)" is one */
        struct str word = str_slice(words, at, end);
        bool verb = told_name_is_sentence_word(word);
        if (word.length > WORD_LENGTH_MAX || (count > 0 && verb))
            return false;
        verb_first |= verb;
        count += word.length > 0;
        at = end + 1;
    }
    return count > 0 && count <= (verb_first ? VERB_WORDS_MAX : TOLD_NAME_WORDS_MAX);
}

/* ------------------------------------------------------------------ numbers */

static bool is_near(double a, double b)
{
    return fabs(a - b) <= 1e-9 * (1 + fabs(b));
}

static bool in_text(const char *text, double value)
{
    struct str words = str_from(text);
    struct claim claim;
    for (size_t at = 0; claim_next(words, at, &claim); at = claim.end)
        for (size_t i = 0; i < claim.reading_count; i++)
            if (is_near(claim.readings[i].value, value))
                return true;
    return false;
}

/* Among the values that the statement compares and computes with; new names are none. */
static bool in_statement(const struct told_names *names, double value)
{
    for (size_t i = 0; i < names->tokens.count; i++) {
        const struct token *token = &names->tokens.items[i];
        double number;
        bool new_name = i > 0 && str_equal_nocase(names->tokens.items[i - 1].text, STR("as"));
        if (token->kind == TOKEN_NUMBER && str_to_double(token->text, &number) && is_near(number, value))
            return true;
        if (token->kind == TOKEN_STRING && !new_name &&
            in_text(arena_str(names->arena, token->value).bytes, value))
            return true;
    }
    return false;
}

static bool is_small(double value)
{
    return value == floor(value) &&
           ((value >= 0 && value <= SMALL_MAX) || (value >= 1900 && value <= 2100));
}

/* "revenue 2024" of a statement that reads that year, "revenue in thousands" of one that divides by them. */
static bool is_held(const struct told_names *names, const struct claim *claim)
{
    for (size_t i = 0; i < claim->reading_count; i++) {
        double value = claim->readings[i].value;
        bool read = in_statement(names, value), asked = in_text(names->question, value);
        if ((read && asked) || (is_small(value) && (read || asked)) ||
            (read && claim->readings[i].kind == CLAIM_MAGNITUDE))
            return true;
    }
    return false;
}

static bool are_numbers_held(const struct told_names *names, struct str words)
{
    struct claim claim;
    bool glued = false;
    for (size_t at = 0; claim_next(words, at, &claim); at = claim.end) {
        bool part = claim.glued && !glued && claim.plain && claim.reading_count > 0 &&
                    claim.readings[0].value <= GLUED_MAX;
        glued |= part;
        if (!part && !is_held(names, &claim))
            return false;
    }
    return true;
}

/* ------------------------------------------------------------------ names */

static const struct column *column_named(const struct dataset *dataset, struct str name)
{
    for (size_t i = 0; dataset && i < dataset->column_count; i++)
        if (str_equal_nocase(str_from(dataset->columns[i].name), name))
            return &dataset->columns[i];
    return NULL;
}

static bool is_label(const struct told_names *names, struct str name)
{
    if (name.length == 0 || name.length > TOLD_NAME_LENGTH_MAX)
        return false;
    const char *words = in_words(name, names->arena);
    return has_label_form(str_from(words)) && are_numbers_held(names, str_from(words)) &&
           strcmp(prose_filter_text(words, TOLD_NAME_LENGTH_MAX, names->arena), words) == 0;
}

/* The column that was read, in the words of the data; NULL: none that may be told. */
static const char *source_words(const struct told_names *names, struct str source)
{
    const struct column *column = column_named(names->dataset, source);
    if (column)
        return column->label ? column->label : in_words(str_from(column->name), names->arena);
    return is_label(names, source) ? in_words(source, names->arena) : NULL;
}

static const char *function_words(struct str function, bool distinct)
{
    static const struct {
        const char *function, *words;
    } rows[] = {{"sum", "total"},    {"avg", "average"},  {"mean", "average"},  {"median", "median"},
                {"min", "lowest"},   {"max", "highest"},  {"count", "number of"}};
    for (size_t i = 0; i < COUNT(rows); i++)
        if (str_equal_nocase(function, str_from(rows[i].function)))
            return distinct && i == COUNT(rows) - 1 ? "number of different" : rows[i].words;
    return NULL;
}

static const char *neutral_name(const struct result_column *column)
{
    return value_kind_is_number(column->kind) ? "value"
           : value_kind_is_time(column->kind) ? "time"
                                              : "name";
}

static const char *name_of_source(const struct told_names *names, const struct select_column *item)
{
    if (item->source.length == 0)
        return str_equal_nocase(item->function, STR("count")) ? "number of rows" : NULL;
    const char *source = source_words(names, item->source);
    if (!source || item->function.length == 0)
        return source;
    const char *function = function_words(item->function, item->distinct);
    return function ? arena_printf(names->arena, "%s %s", function, source) : NULL;
}

/* "growth_rate", "winrate"; not "duration". */
static bool says_share(const char *name)
{
    static const char *const words[] = {"share", "shares", "rate", "rates", "ratio", "ratios"};
    for (const char *at = name; at && *at; at++) {
        if (*at == '%' || strncasecmp(at, "percent", 7) == 0 || strncasecmp(at, "pct", 3) == 0)
            return true;
        for (size_t i = 0; i < COUNT(words); i++)
            if (strncasecmp(at, words[i], strlen(words[i])) == 0 && !char_is_alpha(at[strlen(words[i])]))
                return true;
    }
    return false;
}

/* Yes or no, also as 0 and 1: its average is a share. */
static bool is_flag(const struct column *column)
{
    const struct column_profile *profile = &column->profile;
    return column->kind == VALUE_BOOLEAN || (profile->min && profile->max && strcmp(profile->min, "0") == 0 &&
                                             strcmp(profile->max, "1") == 0);
}

/* Whether the statement has something that makes shares: a quotient, "* 100", the average of a choice. */
static bool makes_shares(const struct told_names *names)
{
    static const char *const functions[] = {"case", "filter", "percent_rank", "cume_dist", "corr", "regr_slope"};
    for (size_t i = 0; i < names->tokens.count; i++) {
        const struct token *token = &names->tokens.items[i];
        bool word = false;
        for (size_t f = 0; f < COUNT(functions) && token->kind == TOKEN_WORD && !word; f++)
            word = str_equal_nocase(token->text, str_from(functions[f]));
        double number;
        if (word || (token->kind == TOKEN_OPERATOR && str_equal_text(token->text, "/")) ||
            (token->kind == TOKEN_NUMBER && str_to_double(token->text, &number) && number == 100))
            return true;
    }
    return false;
}

/* "percent" for a count would make 45 customers 45 %, for an average age 45 years. */
static bool is_false_share(const struct told_names *names, const char *name, const struct select_column *item)
{
    if (!says_share(name))
        return false;
    if (!item || item->source.length == 0)
        return (item && item->adds) || !makes_shares(names);
    const struct column *column = column_named(names->dataset, item->source);
    bool flag = column && is_flag(column) && !item->adds;
    if (column)
        return !flag && !says_share(column->name) && !says_share(column->label) && !says_share(column->unit);
    return item->adds || !says_share(arena_str(names->arena, item->source).bytes) || !makes_shares(names);
}

const char *told_name(const struct told_names *names, const struct result_column *column,
                      const struct select_column *item)
{
    struct str name = str_from(column->name);
    if (column_named(names->dataset, name) || (is_label(names, name) && !is_false_share(names, column->name, item)))
        return column->name;
    const char *words = item ? name_of_source(names, item) : NULL;
    return words ? words : neutral_name(column);
}
