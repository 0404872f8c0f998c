/* SPDX-License-Identifier: Apache-2.0 */
/* What the engine and the firewall say of a model's statement, without what the model may say by it. */
#include <string.h>

#include "agent/claim.h"
#include "agent/prose_filter.h"
#include "agent/wording.h"
#include "sql/tokenizer.h"

#define SMALL_MAX 100 /* lines, columns, counts */

static bool is_small(const struct claim *claim)
{
    bool small = false;
    for (size_t i = 0; i < claim->reading_count; i++) {
        if (claim->readings[i].kind == CLAIM_PERCENT)
            return false;
        small |= claim->readings[i].value <= SMALL_MAX;
    }
    return small;
}

static bool names_part(const struct dataset *dataset, struct str text)
{
    if (str_equal_nocase(text, str_from(dataset->table_name)) || str_equal_text(text, dataset->id))
        return true;
    for (size_t i = 0; i < dataset->column_count; i++)
        if (str_equal_nocase(text, str_from(dataset->columns[i].name)))
            return true;
    for (size_t i = 0; i < dataset->metric_count; i++)
        if (str_equal_nocase(text, str_from(dataset->metrics[i].name)))
            return true;
    return false;
}

/* Of the data, or what this program says itself. */
static bool is_known_name(const struct run *run, struct str text)
{
    const struct plan_request *plan = &run->request.plan;
    if (str_equal_text(text, "...") || str_equal_text(text, llm_name(run->agent->llm)))
        return true;
    for (size_t i = 0; i < plan->dataset_count; i++)
        if (names_part(plan->datasets[i].dataset, text))
            return true;
    for (size_t i = 0; i < plan->joinable_count; i++)
        if (names_part(plan->joinable[i].dataset, text))
            return true;
    return false;
}

/* Where the first quoted text begins that is no name of the data; the length where there is none. */
static size_t find_made_name(const struct run *run, struct str text)
{
    for (size_t i = 0; i < text.length; i++) {
        char quote = text.bytes[i];
        bool opens = i == 0 || !char_is_alnum(text.bytes[i - 1]); /* else an apostrophe */
        if (!opens || (quote != '"' && quote != '\''))
            continue;
        size_t end = i + 1;
        while (end < text.length && text.bytes[end] != quote)
            end++;
        if (!is_known_name(run, str_slice(text, i + 1, end)))
            return i;
        i = end;
    }
    return text.length;
}

static struct str replace_all(const struct run *run, struct str text, struct str what)
{
    struct strbuf out = strbuf_init(4 * ERROR_MESSAGE_MAX);
    for (ptrdiff_t at; (at = str_find(text, what)) >= 0; text = str_slice(text, (size_t)at + what.length, text.length))
        strbuf_printf(&out, "%.*s...", (int)at, text.bytes);
    strbuf_add_str(&out, text);
    struct str replaced = arena_str(run->arena, strbuf_str(&out));
    strbuf_clear(&out);
    return replaced;
}

#define TOLD_TEXT_MIN 3 /* bytes: shorter ones say nothing */

/* Texts of the statements, which some messages repeat without quotes. */
static struct str without_texts(const struct run *run, struct str text)
{
    for (size_t s = 0; s < run->statement_count; s++) {
        struct token_list tokens;
        struct token fault;
        enum refusal refusal;
        if (!tokenize(str_from(run->statements[s]->sql), run->arena, &tokens, &refusal, &fault))
            continue;
        for (size_t i = 0; i < tokens.count; i++) {
            const struct token *token = &tokens.items[i];
            if ((token->kind == TOKEN_STRING || token->kind == TOKEN_QUOTED) &&
                token->value.length >= TOLD_TEXT_MIN && !is_known_name(run, token->value) &&
                str_find(text, token->value) >= 0)
                text = replace_all(run, text, token->value);
        }
    }
    return text;
}

static struct str without_offers(struct str text)
{
    static const char *const offers[] = {" Candidate", " Did you mean"};
    for (size_t i = 0; i < sizeof(offers) / sizeof(offers[0]); i++) {
        ptrdiff_t at = str_find(text, str_from(offers[i]));
        text = at >= 0 ? str_slice(text, 0, (size_t)at) : text;
    }
    return text;
}

/* Names that are made up may be sentences. What they are may have quotes in it: up to the last one. */
static struct str without_made_names(const struct run *run, struct str text)
{
    if (find_made_name(run, text) < text.length)
        text = without_offers(text);
    size_t begin = find_made_name(run, text), end = text.length;
    if (begin == text.length)
        return text;
    while (end > begin + 1 && text.bytes[end - 1] != text.bytes[begin])
        end--;
    if (end == begin + 1) /* it was cut */
        end = text.length;
    struct str rest = without_made_names(run, str_slice(text, end, text.length));
    char quote = text.bytes[begin];
    return str_from(arena_printf(run->arena, "%.*s%c...%c%.*s", (int)begin, text.bytes, quote, quote, STR_ARGS(rest)));
}

const char *wording_failure(const struct run *run, const struct error *err)
{
    bool of_statement = err->code == ERROR_SQL_FAILED || err->code == ERROR_SQL_REFUSED;
    if (!of_statement || !run_is_models(run))
        return err->message;
    bool links = strstr(err->message, "//"); /* else what is emphasis to the filter is an operator's sign */
    struct str text = str_from(links ? prose_filter_text(err->message, ERROR_MESSAGE_MAX, run->arena)
                                     : arena_strdup(run->arena, err->message));
    text = without_made_names(run, without_texts(run, text));
    struct strbuf out = strbuf_init(4 * ERROR_MESSAGE_MAX);
    struct claim claim;
    size_t told = 0;
    for (size_t at = 0; claim_next(text, at, &claim); at = claim.end) {
        if (is_small(&claim))
            continue;
        strbuf_add_str(&out, str_slice(text, told, claim.begin));
        strbuf_add(&out, "...");
        told = claim.end;
    }
    strbuf_add_str(&out, str_slice(text, told, text.length));
    const char *kept = arena_strdup(run->arena, strbuf_text(&out));
    strbuf_clear(&out);
    return kept;
}
