/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers that come out because the statement chooses so: a fallback of coalesce(), a row counted out with
 * LIMIT or OFFSET, a date that no row has.
 */
#include "agent/own_numbers_priv.h"
#include "core/clock.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define ROWS_MAX 10 /* of a LIMIT that nobody asked for */

static bool is_choosing(const struct token *token)
{
    static const char *const functions[] = {"coalesce", "ifnull", "greatest", "least"};
    return is_one_of(token, functions, COUNT(functions));
}

static bool ends_argument(const struct token *token)
{
    return is_sign(token, ",") || is_sign(token, ")");
}

/* coalesce(a, 365); not least(a, 100). */
static bool is_made_fallback(const struct checker *checker, size_t i)
{
    const struct token *token = &checker->tokens[i];
    double value;
    size_t argument;
    const struct token *function = own_function_of(checker, i, &argument);
    return token->kind == TOKEN_NUMBER && function && is_choosing(function) &&
           (is_sign(token - 1, ",") || is_sign(token - 1, "(")) && ends_argument(token + 1) &&
           str_to_double(token->text, &value) && value != 0 && value != 1 && value != 100 &&
           !own_follows_from_given(checker, value);
}

/* nullif(x, x) is nothing. */
static bool is_nothing(const struct checker *checker, size_t i, size_t end)
{
    if (!is_word(&checker->tokens[i], "nullif") || i + 2 >= end)
        return false;
    int depth = 0;
    size_t comma = i + 2;
    for (; comma < end && !(depth == 0 && is_sign(&checker->tokens[comma], ",")); comma++)
        depth += is_sign(&checker->tokens[comma], "(") ? 1 : is_sign(&checker->tokens[comma], ")") ? -1 : 0;
    size_t length = comma - (i + 2);
    if (length == 0 || comma + 1 + length >= end || !is_sign(&checker->tokens[comma + 1 + length], ")"))
        return false;
    for (size_t j = 0; j < length; j++)
        if (!str_equal_nocase(checker->tokens[i + 2 + j].text, checker->tokens[comma + 1 + j].text))
            return false;
    return true;
}

/* DATE '2024-05-01' that is compared with nothing. */
static bool is_date(const struct checker *checker, size_t i)
{
    static const char *const types[] = {"date", "timestamp", "cast"};
    const struct token *token = &checker->tokens[i];
    struct date date;
    if (token->kind != TOKEN_STRING || !date_parse(str_slice(token->value, 0, 10), &date))
        return false;
    while (i > 1 && (is_one_of(&checker->tokens[i - 1], types, COUNT(types)) ||
                     (is_sign(&checker->tokens[i - 1], "(") && is_word(&checker->tokens[i - 2], "cast"))))
        i--;
    return !own_is_compared(checker, i);
}

/* date_diff('day', DATE '1950-01-01', greatest(max(day), DATE '2077-03-04')): the second date may come out. */
static const struct token *made_difference(const struct checker *checker, size_t begin, size_t end)
{
    static const char *const differences[] = {"date_diff", "datediff", "date_sub", "datesub", "age"};
    bool subtracts = false, chooses = false;
    size_t dates = 0;
    const struct token *last = NULL;
    for (size_t i = begin; i < end; i++) {
        const struct token *token = &checker->tokens[i];
        subtracts |= is_sign(token, "-") || (is_one_of(token, differences, COUNT(differences)) && is_sign(token + 1, "("));
        chooses |= is_choosing(token) || is_word(token, "then");
        if (is_date(checker, i)) {
            dates++;
            last = token;
        }
    }
    return subtracts && chooses && dates > 1 ? last : NULL;
}

bool made_choices_check(const struct checker *checker, size_t begin, size_t end)
{
    for (size_t i = begin; i < end; i++)
        if (is_made_fallback(checker, i) || is_nothing(checker, i, end))
            return own_refuse(checker, &checker->tokens[i]);
    const struct token *date = made_difference(checker, begin, end);
    return !date || own_refuse(checker, date);
}

/* SELECT count(*) FROM (SELECT id FROM sales LIMIT 47), row_number() ... OFFSET 36 */
bool made_choices_check_rows(const struct checker *checker)
{
    static const char *const bounds[] = {"limit", "offset"};
    static const char *const numbering[] = {"row_number", "rank", "dense_rank", "ntile"};
    bool numbers_rows = false;
    int depth = 0;
    for (size_t i = 0; i + 1 < checker->count; i++) {
        const struct token *token = &checker->tokens[i], *next = token + 1;
        double value;
        depth += is_sign(token, "(") ? 1 : is_sign(token, ")") ? -1 : 0;
        numbers_rows |= is_one_of(token, numbering, COUNT(numbering)) && is_sign(next, "(");
        bool inside = depth > 0 || (numbers_rows && is_word(token, "offset"));
        if (inside && is_one_of(token, bounds, COUNT(bounds)) && next->kind == TOKEN_NUMBER &&
            str_to_double(next->text, &value) && value > ROWS_MAX && value != 100 &&
            !own_follows_from_given(checker, value))
            return own_refuse(checker, next);
    }
    return true;
}
