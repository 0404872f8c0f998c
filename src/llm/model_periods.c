/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bounds of the question's periods in a model's statement. A period ends before a day ("before '2024-04-01'"), and
 * smaller models write BETWEEN its two dates, which takes that day in, or <= its last day, which leaves out what is later
 * that day: numbers that look right and are not.
 */
#include <string.h>

#include "core/clock.h"
#include "llm/model_priv.h"
#include "sql/firewall.h"
#include "sql/tokenizer.h"

struct bounding {
    const struct decision *decision;
    const char *sql;
    struct token_list tokens;
    struct strbuf out;
    const char *done; /* so far the statement is in `out` */
};

static bool is_sign(const struct token *token, const char *sign)
{
    return token->kind == TOKEN_OPERATOR && str_equal_text(token->text, sign);
}

static bool is_word(const struct token *token, const char *word)
{
    return token->kind == TOKEN_WORD && str_equal_nocase(token->text, str_from(word));
}

/* The text at `at`, or after the word DATE there; NULL: something else. */
static const struct token *date_at(const struct bounding *bounding, size_t at)
{
    const struct token_list *tokens = &bounding->tokens;
    if (at < tokens->count && is_word(&tokens->items[at], "date"))
        at++;
    return at < tokens->count && tokens->items[at].kind == TOKEN_STRING ? &tokens->items[at] : NULL;
}

/* The day that it ends before, or its last one. */
static bool is_end(const char *to, struct str text)
{
    struct date date;
    char last[DATE_SIZE];
    if (strlen(to) != DATE_SIZE - 1 || !date_parse(str_from(to), &date))
        return false;
    date_print(date_from_days(date_to_days(date) - 1), last);
    return str_equal_text(text, to) || str_equal_text(text, last);
}

/* The period that ends there, and begins so; `from` NULL: whose beginning is in the statement. */
static const struct period *find_period(const struct bounding *bounding, const struct token *from,
                                        const struct token *to)
{
    const struct period_list *periods = &bounding->decision->periods;
    for (size_t i = 0; i < periods->count; i++) {
        const struct period *period = &periods->items[i];
        if (period->ambiguous || !period->to || !is_end(period->to, to->value))
            continue;
        if (from ? period->from && str_equal_text(from->value, period->from)
                 : !period->from || strstr(bounding->sql, period->from))
            return period;
    }
    return NULL;
}

static void add_until(struct bounding *bounding, const char *end)
{
    strbuf_add_bytes(&bounding->out, bounding->done, (size_t)(end - bounding->done));
    bounding->done = end;
}

static const char *end_of(const struct token *token)
{
    return token->text.bytes + token->text.length;
}

/* Some dialects compare dates with such literals alone. */
static const char *typed(const struct token *date)
{
    return is_word(date - 1, "date") ? "DATE " : "";
}

/* Whether a condition begins behind it, so that what follows is all of what is compared: not "a - b" or
 * "day::date". */
static bool begins_condition(const struct token *token)
{
    static const char *const words[] = {"where", "and", "or", "on", "when", "having"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (is_word(token, words[i]))
            return true;
    return is_sign(token, "(");
}

/* column BETWEEN 'from' AND 'to', `at` being BETWEEN. */
static void bound_between(struct bounding *bounding, size_t at)
{
    const struct token *items = bounding->tokens.items, *from = date_at(bounding, at + 1);
    if (!from || at == 0 || !is_word(from + 1, "and"))
        return;
    const struct token *to = date_at(bounding, (size_t)(from - items) + 2);
    const struct token *column = &items[at - 1];
    if (at >= 3 && is_sign(column - 1, "."))
        column -= 2;
    const struct period *period = to ? find_period(bounding, from, to) : NULL;
    if (!period || is_sign(&items[at - 1], ")") || is_word(&items[at - 1], "not") ||
        column->text.bytes < bounding->done || column == items || !begins_condition(column - 1))
        return;
    add_until(bounding, column->text.bytes);
    struct str name = {column->text.bytes, (size_t)(end_of(&items[at - 1]) - column->text.bytes)};
    strbuf_printf(&bounding->out, "(%.*s >= %s'%s' AND %.*s < %s'%s')", STR_ARGS(name), typed(from),
                  period->from, STR_ARGS(name), typed(to), period->to);
    bounding->done = end_of(to);
}

/* column <= 'to', `at` being the sign. */
static void bound_end(struct bounding *bounding, size_t at)
{
    const struct token *sign = &bounding->tokens.items[at], *to = date_at(bounding, at + 1);
    const struct period *period = to ? find_period(bounding, NULL, to) : NULL;
    if (!period || sign->text.bytes < bounding->done)
        return;
    add_until(bounding, sign->text.bytes);
    strbuf_printf(&bounding->out, "< %s'%s'", typed(to), period->to);
    bounding->done = end_of(to);
}

const char *model_bound_periods(const struct decision *decision, const char *sql)
{
    struct bounding bounding = {.decision = decision, .sql = sql, .done = sql};
    enum refusal refusal;
    struct token fault;
    if (decision->periods.count == 0 || strlen(sql) > SQL_SIZE_MAX ||
        !tokenize(str_from(sql), decision->arena, &bounding.tokens, &refusal, &fault))
        return sql;
    bounding.out = strbuf_init(SQL_SIZE_MAX);
    for (size_t i = 0; i < bounding.tokens.count; i++)
        if (is_word(&bounding.tokens.items[i], "between"))
            bound_between(&bounding, i);
        else if (is_sign(&bounding.tokens.items[i], "<="))
            bound_end(&bounding, i);
    strbuf_add(&bounding.out, bounding.done);
    if (strbuf_ok(&bounding.out) && bounding.done != sql)
        sql = arena_str(decision->arena, strbuf_str(&bounding.out)).bytes;
    strbuf_clear(&bounding.out);
    return sql;
}
