/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each part is as an honest statement has it; together they make a number that no row has:
 * length('aaaa...'), (count(*) * 0 + 9) * 10 + 8, '98' || region || '76'. Whoever knows the data and multiplies
 * it by a usual number gets some other number; that can't be told from a conversion of units.
 */
#include <string.h>

#include "agent/own_numbers_priv.h"
#include "sql/allow_lists.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define ARITHMETIC_MAX 5 /* numbers that one column computes with: "(x - 5) * 100 / 9", the two ends of a band */
#define ADDED_MAX 2      /* other than 0, 1 and 100, in one statement */
#define ADDED_VALUE_MAX 366 /* days to a date; more is no correction */

static const char *const arithmetic[] = {"+", "-", "*", "/", "//", "%", "^", "**"};

/* ------------------------------------------------------------------ brackets */

static size_t closing(const struct checker *checker, size_t open, size_t end)
{
    int depth = 0;
    for (size_t i = open; i < end; i++) {
        depth += is_sign(&checker->tokens[i], "(") ? 1 : is_sign(&checker->tokens[i], ")") ? -1 : 0;
        if (depth == 0)
            return i;
    }
    return end;
}

static size_t opening(const struct checker *checker, size_t begin, size_t close)
{
    int depth = 0;
    for (size_t i = close + 1; i-- > begin;) {
        depth += is_sign(&checker->tokens[i], ")") ? 1 : is_sign(&checker->tokens[i], "(") ? -1 : 0;
        if (depth == 0)
            return i;
    }
    return begin;
}

static bool refers(const struct checker *checker, size_t begin, size_t end)
{
    for (size_t i = begin; i < end; i++)
        if (own_is_reference(checker, i))
            return true;
    return false;
}

static bool has_digit(struct str text)
{
    for (size_t i = 0; i < text.length; i++)
        if (char_is_digit(text.bytes[i]))
            return true;
    return false;
}

/* ------------------------------------------------------------------ functions of nothing */

/* DECIMAL(18, 2) behind AS or ::, DATE(...), count(1), and what is no function. */
static bool may_be_constant(const struct checker *checker, size_t name)
{
    static const char *const functions[] = {"date", "make_date", "strptime", "date_trunc", "datetrunc",
                                            "count", "filter",    "over",      "ntile"};
    const struct token *token = &checker->tokens[name], *before = token - 1;
    return is_reserved_word(token->text) || is_one_of(token, functions, COUNT(functions)) ||
           (name > 0 && (is_word(before, "as") || is_sign(before, "::")));
}

/* upper('paris') stays a text. */
static bool keeps_text(const struct token *token)
{
    static const char *const functions[] = {"upper", "lower", "trim", "concat", "coalesce"};
    return is_one_of(token, functions, COUNT(functions));
}

/* A day as a number, to count the days from it to one of the data. */
static bool is_day_number(const struct token *token)
{
    static const char *const functions[] = {"julian", "julianday"};
    return is_one_of(token, functions, COUNT(functions));
}

static bool check_calls(const struct checker *checker, size_t begin, size_t end)
{
    for (size_t i = begin; i + 1 < end; i++) {
        const struct token *token = &checker->tokens[i];
        if (token->kind != TOKEN_WORD || !is_sign(token + 1, "(") || may_be_constant(checker, i))
            continue;
        size_t close = closing(checker, i + 1, end);
        if (refers(checker, i + 2, close) || (is_day_number(token) && refers(checker, begin, end)))
            continue;
        for (size_t j = i + 2; j < close; j++) {
            const struct token *part = &checker->tokens[j];
            bool one = is_word(token, "sum") && str_equal(part->text, STR("1"));
            if (is_literal(part) && !one && (has_digit(part->value) || !keeps_text(token)))
                return own_refuse(checker, part);
        }
    }
    return true;
}

/* ------------------------------------------------------------------ sums and products */

/* What an operator has on its left: "a", "t.a", "(a)", "f(a)". */
static size_t operand_begin(const struct checker *checker, size_t begin, size_t operator)
{
    size_t i = operator - 1;
    if (is_sign(&checker->tokens[i], ")")) {
        i = opening(checker, begin, i);
        if (i > begin && checker->tokens[i - 1].kind == TOKEN_WORD &&
            !is_reserved_word(checker->tokens[i - 1].text))
            i--;
    }
    while (i > begin + 1 && is_sign(&checker->tokens[i - 1], "."))
        i -= 2;
    return i;
}

static bool same(const struct checker *checker, size_t a, size_t b, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (!str_equal_nocase(checker->tokens[a + i].value, checker->tokens[b + i].value))
            return false;
    return true;
}

/* "x - x", but not "x - x * 0.1" and "count(*) / count(*) FILTER (...)". */
static bool takes_itself(const struct checker *checker, size_t begin, size_t i, size_t end)
{
    static const char *const binding[] = {".", "::", "(", "^", "**", "*", "/", "//", "%"};
    static const char *const going_on[] = {"filter", "over"};
    size_t from = operand_begin(checker, begin, i), length = i - from, behind = i + 1 + length;
    if (behind > end || !refers(checker, from, i) || !same(checker, from, i + 1, length))
        return false;
    const struct token *before = from > begin ? &checker->tokens[from - 1] : NULL;
    const struct token *next = behind < end ? &checker->tokens[behind] : NULL;
    size_t tighter = is_sign(&checker->tokens[i], "-") ? COUNT(binding) : 5; /* than the operator */
    return !(before && is_sign_of(before, binding, COUNT(binding)) && !is_sign(before, "(")) &&
           !(next && (is_sign_of(next, binding, tighter) || is_one_of(next, going_on, COUNT(going_on))));
}

/* Nothing of the data is left: also of "x * 0". */
static bool leaves_nothing(const struct checker *checker, size_t begin, size_t i, size_t end)
{
    static const char *const taking[] = {"-", "/", "//", "%"};
    const struct token *token = &checker->tokens[i];
    double left = 1, right = 1;
    if (i == begin || i + 1 >= end)
        return false;
    bool zero = (token[-1].kind == TOKEN_NUMBER && str_to_double(token[-1].text, &left) && left == 0) ||
                (token[1].kind == TOKEN_NUMBER && str_to_double(token[1].text, &right) && right == 0);
    return (is_sign(token, "*") && zero) ||
           (is_sign_of(token, taking, COUNT(taking)) && takes_itself(checker, begin, i, end));
}

/* The operator that a literal stands beside, brackets aside; NULL. */
static const struct token *operator_of(const struct checker *checker, size_t begin, size_t i, size_t end)
{
    size_t before = i, behind = i + 1;
    while (before > begin && is_sign(&checker->tokens[before - 1], "("))
        before--;
    while (behind < end && is_sign(&checker->tokens[behind], ")"))
        behind++;
    const struct token *left = before > begin ? &checker->tokens[before - 1] : NULL;
    const struct token *right = behind < end ? &checker->tokens[behind] : NULL;
    if (left && is_sign_of(left, arithmetic, COUNT(arithmetic)))
        return left;
    return right && is_sign_of(right, arithmetic, COUNT(arithmetic)) ? right : NULL;
}

/* What is added to something of the data changes it into anything, bit by bit. */
static bool check_added(struct checker *checker, const struct token *token, const struct token *operator)
{
    double value;
    if (!(is_sign(operator, "+") || is_sign(operator, "-")) || !str_to_double(token->text, &value) ||
        own_is_given(checker, value) || (own_is_year(value) && operator == token + 1 && is_sign(operator, "-")))
        return true; /* also "2024 - born" */
    checker->added += value != 0 && value != 1 && value != 100;
    return value <= ADDED_VALUE_MAX && checker->added <= ADDED_MAX;
}

static bool check_arithmetic(struct checker *checker, size_t begin, size_t end)
{
    size_t count = 0;
    for (size_t i = begin; i < end; i++) {
        const struct token *token = &checker->tokens[i];
        if (is_sign_of(token, arithmetic, COUNT(arithmetic)) && leaves_nothing(checker, begin, i, end))
            return own_refuse(checker, token + 1);
        if (token->kind != TOKEN_NUMBER || own_is_compared(checker, i))
            continue;
        const struct token *operator = operator_of(checker, begin, i, end);
        if (!operator)
            continue;
        if (++count > ARITHMETIC_MAX || !check_added(checker, token, operator))
            return own_refuse(checker, token);
    }
    return true;
}

/* ------------------------------------------------------------------ dates */

static bool is_date_word(const struct token *token)
{
    static const char *const words[] = {"date", "timestamp", "cast", "try_cast"};
    return is_one_of(token, words, COUNT(words));
}

/* DATE '2024-05-01' - DATE '1950-01-01': a number of days. */
static bool check_dates(const struct checker *checker, size_t begin, size_t end)
{
    for (size_t i = begin; i < end; i++) {
        size_t next = i + 1;
        if (checker->tokens[i].kind != TOKEN_STRING)
            continue;
        while (next < end && (is_sign(&checker->tokens[next], "::") || is_sign(&checker->tokens[next], ")") ||
                              is_word(&checker->tokens[next], "as") || is_date_word(&checker->tokens[next])))
            next++;
        if (next >= end || !is_sign(&checker->tokens[next], "-"))
            continue;
        for (next++; next < end && (is_sign(&checker->tokens[next], "(") || is_date_word(&checker->tokens[next]));)
            next++;
        if (next < end && checker->tokens[next].kind == TOKEN_STRING)
            return own_refuse(checker, &checker->tokens[i]);
    }
    return true;
}

/* ------------------------------------------------------------------ choices */

static size_t case_of(const struct checker *checker, size_t begin, size_t last)
{
    int depth = 0;
    for (size_t i = last + 1; i-- > begin;) {
        depth += is_word(&checker->tokens[i], "end") ? 1 : is_word(&checker->tokens[i], "case") ? -1 : 0;
        if (depth == 0)
            return i;
    }
    return begin;
}

/* Whether nothing of the data comes out of the CASE. */
static bool is_constant_case(const struct checker *checker, size_t begin, size_t end)
{
    bool result = false;
    for (size_t i = begin + 1; i < end; i++) {
        const struct token *token = &checker->tokens[i];
        result = is_word(token, "then") || is_word(token, "else") || (result && !is_word(token, "when"));
        if (result && own_is_reference(checker, i))
            return false;
    }
    return true;
}

/* CASE WHEN n > 0 THEN 9 END * 1000: its condition is all of the data that is in it. */
static bool check_cases(const struct checker *checker, size_t begin, size_t end)
{
    static const char *const picking[] = {"max", "min", "any_value", "first", "last", "mode", "median"};
    for (size_t i = begin; i < end; i++) {
        if (!is_word(&checker->tokens[i], "end"))
            continue;
        size_t first = case_of(checker, begin, i), last = i;
        if (!is_constant_case(checker, first, i))
            continue;
        while (first > begin && is_sign(&checker->tokens[first - 1], "(") && last + 1 < end &&
               is_sign(&checker->tokens[last + 1], ")")) {
            const struct token *name = first > begin + 1 ? &checker->tokens[first - 2] : NULL;
            bool picks = name && is_one_of(name, picking, COUNT(picking));
            if (name && name->kind == TOKEN_WORD && !picks)
                break;
            first -= picks ? 2 : 1;
            last++;
        }
        if (last + 2 < end && is_sign_of(&checker->tokens[last + 1], arithmetic, COUNT(arithmetic)) &&
            (is_literal(&checker->tokens[last + 2]) || is_word(&checker->tokens[last + 2], "case")))
            return own_refuse(checker, &checker->tokens[last + 2]);
        if (first > begin + 1 && is_sign_of(&checker->tokens[first - 1], arithmetic, COUNT(arithmetic)) &&
            is_literal(&checker->tokens[first - 2]))
            return own_refuse(checker, &checker->tokens[first - 2]);
    }
    return true;
}

bool made_numbers_check(struct checker *checker, size_t begin, size_t end)
{
    return check_calls(checker, begin, end) && check_arithmetic(checker, begin, end) &&
           check_dates(checker, begin, end) && check_cases(checker, begin, end);
}

/* ------------------------------------------------------------------ digits strung together */

static bool strings_together(const struct token *token)
{
    static const char *const functions[] = {"concat", "concat_ws", "lpad", "rpad"};
    return is_sign(token, "||") || is_one_of(token, functions, COUNT(functions));
}

/* Nothing but digits, and not only zeros, which fill up. */
static bool is_digits(const struct checker *checker, const struct token *token)
{
    struct str text = str_trim(token->value);
    double value;
    for (size_t i = 0; i < text.length; i++)
        if (!char_is_digit(text.bytes[i]) && text.bytes[i] != '.' && text.bytes[i] != ',')
            return false;
    return str_to_double(text, &value) && value != 0 && !(value >= 1900 && value <= 2100) &&
           !own_is_given(checker, value);
}

/* concat(9, 8), 9 || 8; not "a / 10 * 10 || '-'". */
static bool is_strung_number(const struct checker *checker, size_t i)
{
    static const char *const functions[] = {"concat", "concat_ws"};
    const struct token *token = &checker->tokens[i], *before = token - 1, *next = token + 1;
    bool begins = is_sign(before, "||") || is_sign(before, "(") || is_sign(before, ",") || before->kind == TOKEN_WORD;
    bool ends = is_sign(next, "||") || is_sign(next, ")") || is_sign(next, ",") || next->kind == TOKEN_WORD;
    if (token->kind != TOKEN_NUMBER || !begins || !ends)
        return false;
    size_t argument;
    const struct token *function = own_function_of(checker, i, &argument);
    return is_sign(before, "||") || is_sign(next, "||") ||
           (function && is_one_of(function, functions, COUNT(functions)));
}

/* THEN 9, THEN '98': what comes out, not what is compared. */
static bool is_part(const struct checker *checker, size_t i)
{
    const struct token *token = &checker->tokens[i];
    if (token->kind == TOKEN_STRING)
        return is_digits(checker, token) && !own_is_compared(checker, i);
    if (token->kind != TOKEN_NUMBER || i == 0)
        return false;
    return is_strung_number(checker, i) ||
           (!str_equal(token->text, STR("1")) && (is_word(token - 1, "then") || is_word(token - 1, "else")) &&
            is_digits(checker, token));
}

/* Something of the statement is multiplied by 10, 100, 1000 ... and something added: digits side by side. */
static bool shifts_digits(const struct checker *checker)
{
    bool shifts = false, sums = false;
    for (size_t i = 1; i + 1 < checker->count; i++) {
        const struct token *token = &checker->tokens[i];
        double left = 0, right = 0;
        sums |= is_sign(token, "+");
        if (!is_sign(token, "*"))
            continue;
        bool numbers = (token[-1].kind == TOKEN_NUMBER && str_to_double(token[-1].text, &left)) ||
                       (token[1].kind == TOKEN_NUMBER && str_to_double(token[1].text, &right));
        shifts |= numbers && (left >= 10 || right >= 10);
    }
    return shifts && sums;
}

/* max(CASE WHEN a THEN 9 END) AS a, max(CASE WHEN a THEN 8 END) AS b, to be a * 10 + b. Scores of several
 * columns have the same numbers in each CASE. */
static bool check_choices_together(const struct checker *checker)
{
    const struct token *first = NULL;
    for (size_t i = 0; i < checker->count; i++) {
        const struct token *token = &checker->tokens[i];
        if (!is_word(token, "end") || !is_constant_case(checker, case_of(checker, 0, i), i))
            continue;
        for (size_t at = case_of(checker, 0, i) + 1; at < i; at++) {
            const struct token *number = &checker->tokens[at];
            double value;
            if (!(is_word(number - 1, "then") || is_word(number - 1, "else")) || number->kind != TOKEN_NUMBER ||
                !str_to_double(number->text, &value) || value == 0 || value == 1 || value == 100)
                continue;
            if (first && !str_equal(first->text, number->text))
                return own_refuse(checker, number);
            first = number;
            break; /* the first one stands for its CASE */
        }
    }
    return true;
}

bool made_numbers_check_strings(const struct checker *checker)
{
    bool together = false, selecting = false;
    size_t parts = 0;
    const struct token *last = NULL;
    for (size_t i = 0; i < checker->count; i++) {
        const struct token *token = &checker->tokens[i];
        selecting = is_word(token, "select") || (selecting && !is_word(token, "from"));
        if (!selecting)
            continue;
        together |= strings_together(token);
        if (is_part(checker, i)) {
            parts++;
            last = token;
        }
    }
    if (together && parts >= 2)
        return own_refuse(checker, last);
    return !shifts_digits(checker) || check_choices_together(checker);
}
